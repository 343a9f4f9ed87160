"""The same mail more than once, and one mail to two teams: one ticket, nobody told twice."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage

from maild.rules.match import Rule, RuleBook
from maild.rules.model import On, Then
from tests.stories.house import ANN, BEN, MORNING, House

LUC = "luc@customer.example"
BOTH = "support@desk.example, billing@desk.example"


def raw(text: str = "Invoice 77 is wrong.", message_id: str = "<once@customer.example>", **fields: str) -> bytes:
    message = EmailMessage()
    message["Received"] = "from customer.example by mx.desk.example; Sat, 21 Nov 2026 09:00:00 +0000"
    message["Authentication-Results"] = "mx.desk.example; dmarc=pass header.from=customer.example"
    message["From"] = "Luc Petit <luc@customer.example>"
    message["To"] = fields.get("to", "support@desk.example")
    message["Subject"] = "Invoice 77 wrong"
    message["Date"] = MORNING
    if message_id:
        message["Message-ID"] = message_id
    for name, value in fields.items():
        if name != "to":
            message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes(policy=email.policy.SMTP)


def takes(house: House, mail: bytes, *recipients: str) -> int:
    return house.takes(mail, LUC, recipients or ("support@desk.example",))


def test_the_same_mail_twice_is_one_ticket_and_one_answer(house: House) -> None:
    first = takes(house, raw())
    second = takes(house, raw())
    assert len(house.tickets) == 1
    kept = house.mail(second)
    assert (kept.state, kept.ticket) == ("duplicate", 1)
    assert str(first) in kept.because[0]
    assert len(house.sent_to(LUC)) == 1
    assert len(house.sent_to(ANN.email)) == 1


def test_another_way_through_the_network_makes_no_other_mail(house: House) -> None:
    takes(house, raw())
    second = takes(house, raw(X_Spam_Score="1.2", DKIM_Signature="v=1; a=rsa-sha256", Delivered_To="support@x.example"))
    assert house.mail(second).state == "duplicate"


def test_the_same_mail_without_a_message_id_is_known_by_its_content(house: House) -> None:
    takes(house, raw(message_id=""))
    second = takes(house, raw(message_id=""))
    assert house.mail(second).state == "duplicate"


def test_the_same_words_at_another_time_are_another_mail(house: House) -> None:
    takes(house, raw(message_id=""))
    later = raw(message_id="").replace(b"Date: Sat, 21 Nov 2026 09:00:00", b"Date: Sat, 21 Nov 2026 10:00:00")
    assert later != raw(message_id="")
    takes(house, later)
    assert len(house.tickets) == 2


def test_the_same_message_id_with_other_words_joins_the_ticket_of_its_author(house: House) -> None:
    takes(house, raw())
    takes(house, raw("Invoice 77 is wrong.\n\n-- \nThis mail went through a list."))
    takes(house, raw("Something else."))
    assert len(house.tickets) == 1
    assert len(house.entries()) == 3


def test_the_same_message_id_from_a_stranger_is_a_new_ticket_linked(house: House) -> None:
    takes(house, raw())
    forged = raw("Pay here.").replace(b"luc@customer.example>", b"eve@elsewhere.example>")
    house.takes(forged, "eve@elsewhere.example", ("support@desk.example",))
    assert len(house.entries(1)) == 1
    assert house.ticket(2).links == (1,)


def test_a_mail_to_two_teams_is_one_ticket_and_the_first_in_to_leads(house: House) -> None:
    takes(house, raw(to=BOTH), "support@desk.example", "billing@desk.example")
    assert len(house.tickets) == 1
    assert house.ticket().team == "support"
    assert house.last(ANN.email).notice == "assigned"
    assert house.last(BEN.email).notice == "note"
    assert "The same mail went to Billing. Ann Lee leads." in house.last(BEN.email).text
    assert "Invoice 77 is wrong." in house.last(BEN.email).text


def test_the_first_in_to_leads_whichever_copy_comes_first(house: House) -> None:
    takes(house, raw(to=BOTH), "billing@desk.example")
    takes(house, raw(to=BOTH), "support@desk.example")
    assert house.ticket().team == "support"
    assert len(house.sent_to(ANN.email)) == 1
    assert len(house.sent_to(BEN.email)) == 1
    assert len(house.sent_to(LUC)) == 1


def test_billing_leads_where_it_stands_first_and_support_is_told(house: House) -> None:
    takes(house, raw(to="billing@desk.example, support@desk.example"))
    assert house.ticket().team == "billing"
    assert house.last(BEN.email).notice == "assigned"
    assert house.last(ANN.email).notice == "note"


def test_a_copy_that_newly_addresses_a_team_adds_and_tells_it_once(house: House) -> None:
    takes(house, raw())
    copy = takes(house, raw(), "billing@desk.example")
    again = takes(house, raw(), "billing@desk.example")
    assert [house.mail(number).state for number in (copy, again)] == ["duplicate", "duplicate"]
    assert [letter.notice for letter in house.sent_to(BEN.email)] == ["note"]
    assert "Ann Lee leads" in house.last(BEN.email).text
    assert "Invoice 77 is wrong." in house.last(BEN.email).text
    assert [event.after for event in house.history() if event.event == "also-team"] == ["billing"]
    assert len(house.sent_to(LUC)) == 1


def test_a_rule_that_moves_a_mail_does_not_make_its_address_a_second_team(house: House) -> None:
    house.rules = RuleBook((_everything(Then(team="billing", reason={"en": "Ben pays."})),))
    house.open()
    takes(house, raw())
    takes(house, raw())
    assert house.ticket().team == "billing"
    assert house.sent_to(ANN.email) == []


def _everything(then: Then) -> Rule:
    return Rule("everything", frozenset({On.NEW}), (), then)


def test_a_mail_that_answers_and_comes_twice_is_told_once(house: House) -> None:
    takes(house, raw())
    ack = house.last(LUC)
    again = raw("More.", "<two@customer.example>", to=ack["Reply-To"], In_Reply_To=ack["Message-ID"])
    takes(house, again, ack["Reply-To"])
    takes(house, again, ack["Reply-To"])
    assert len(house.entries()) == 2
    assert [letter.notice for letter in house.sent_to(ANN.email)] == ["assigned", "customer-replied"]


def test_twenty_copies_are_one_ticket(house: House) -> None:
    for _ in range(20):
        takes(house, raw())
    assert len(house.tickets) == 1
    assert len(house.sent) == 2
