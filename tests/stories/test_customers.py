"""What a customer lives through: asking, waiting, being told, and what rules and organisations do for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from maild.courier import Deferred
from maild.courier import Sent as Accepted
from maild.desk import Assign, Organisation, TeamId
from maild.hours import Calendar
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from tests.stories.house import ANN, BEN, BILLING, CLEO, SUPPORT, House

LUC = "luc@customer.example"
BOSS = "boss@customer.example"


def ruled(house: House, *rules: dict[str, object]) -> None:
    """The operator writes rules, and the daemon reloads."""
    known = Known(
        frozenset(agent.id for agent in house.desk.agents),
        frozenset(team.id for team in house.desk.teams),
        hours=frozenset(calendar.name for calendar in house.desk.calendars),
        organisations=frozenset(organisation.name for organisation in house.desk.organisations),
        addresses=house.desk.addresses,
    )
    named = [{"name": f"rule {place}", **rule} for place, rule in enumerate(rules)]
    book = load(list(named), known)
    assert isinstance(book, RuleBook), book
    house.rules = book
    house.open()


# --- asking ---


def test_a_first_mail_is_answered_with_ticket_status_contact_and_what_is_next(house: House) -> None:
    house.receives("Invoice 77 shows two licences.")
    ack = house.last(LUC)
    assert ack["From"] == "Example Support <support@desk.example>"
    assert ack["To"] == "Luc Petit <luc@customer.example>"
    assert ack["Subject"] == "[#1] Invoice 77 wrong"
    assert ack["X-Maild-Ticket"] == "1"
    assert ack["X-Maild-Status"] == "open"
    assert ack["X-Maild-Owner"] == "Ann Lee"
    assert ack["X-Maild-Notice"] == "received"
    assert ack["Auto-Submitted"] == "auto-replied"
    assert ack["X-Auto-Response-Suppress"] == "All"
    for words in ("Ann Lee", "#1", "Open", "Your contact", "Next"):
        assert words in ack.text
    assert ack.outgoing.envelope.sender.startswith("support+")


def test_a_mail_to_a_teams_address_goes_to_that_team_and_comes_from_its_address(house: House) -> None:
    house.receives("Pay me.", to="billing@desk.example")
    assert house.ticket().team == "billing"
    assert house.last(LUC)["From"] == "Example Support <billing@desk.example>"
    house.agent_replies("#assign ann because Ann pays", house.last(BEN.email), agent=BEN)
    house.agent_replies("Paid.", house.last(ANN.email))
    assert house.last(LUC)["From"] == '"Ann Lee (Example Support)" <billing@desk.example>'


def test_a_blind_copy_is_known_by_the_envelope(house: House) -> None:
    house.receives("Pay me.", to="somebody@customer.example", rcpt=["billing@desk.example"])
    assert house.ticket().team == "billing"


def test_the_answer_to_the_customer_is_an_answer_to_their_own_mail(house: House) -> None:
    house.receives("Hello.", message_id="<first@customer.example>")
    ack = house.last(LUC)
    assert ack["In-Reply-To"] == "<first@customer.example>"
    assert ack["References"].split()[-1] == "<first@customer.example>"


def test_a_mail_without_a_subject_or_words_is_still_a_ticket(house: House) -> None:
    house.receives("", subject="")
    assert house.ticket().subject == "(no subject)"
    assert house.last(LUC)["Subject"].startswith("[#1] ")


@pytest.mark.parametrize("names", ["eve@x.example, luc@customer.example", "luc@customer.example, luc@customer.example"])
def test_a_mail_with_several_authors_is_kept_and_nobody_is_answered(house: House, names: str) -> None:
    raw = f"From: {names}\r\nTo: support@desk.example\r\nSubject: Two\r\nMessage-ID: <t@x>\r\n\r\nWe two.\r\n"
    kept = house.takes(raw.encode(), "list@x.example", ("support@desk.example",))
    assert house.mail(kept).state == "ticket"
    assert {letter.to for letter in house.sent} <= {ANN.email}


def test_a_second_from_field_does_not_lead_into_a_ticket(house: House) -> None:
    house.receives("Mine.")
    to = house.last(LUC)["Reply-To"]
    raw = f"From: eve@x.example\r\nFrom: {LUC}\r\nTo: {to}\r\nSubject: [#1]\r\nMessage-ID: <t@x>\r\n\r\nIn.\r\n"
    house.takes(raw.encode(), LUC, (to,))
    assert len(house.entries(1)) == 1


def test_a_mail_that_names_no_author_and_no_sender_is_kept(house: House) -> None:
    kept = house.takes(b"Subject: who am I\r\n\r\nNobody.\r\n", "", ("support@desk.example",))
    assert house.mail(kept).state == "ticket"
    brief = house.last(ANN.email)
    assert "unknown sender's ticket is yours now" in brief.text
    house.agent_replies("Who are you?", brief)
    assert house.last(ANN.email).notice == "undeliverable"
    assert [event.event for event in house.history()].count("undelivered") == 1
    assert {letter.to for letter in house.sent} == {ANN.email}


def test_an_agent_who_asks_as_a_customer_is_not_given_their_own_ticket(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, BEN.id)), BILLING))
    house.receives("My own invoice.", author=f"Ann Lee <{ANN.email}>")
    assert house.ticket().owner == "ben"
    assert house.last(ANN.email).notice == "received"


# --- moves ---


def test_moves_are_told_in_one_mail_after_the_first_of_them_has_settled(house: House) -> None:
    house.receives("Hello.")
    house.agent_replies("#assign ben because Ben knows it", house.last(ANN.email))
    house.passes(seconds=40)
    house.agent_replies("#assign cleo because Cleo knows it better", house.last(BEN.email), agent=BEN)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received"]
    house.passes(seconds=21)
    moved = house.last(LUC)
    assert moved.notice == "owner-changed"
    assert moved["X-Maild-Owner"] == "Cleo Roy"
    assert moved["Auto-Submitted"] == "auto-generated"
    house.passes(minutes=10)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received", "owner-changed"]


def test_the_customer_hears_of_a_move_once_the_brief_has_left_or_five_minutes_later(house: House) -> None:
    house.receives("Hello.")
    late = Deferred("451 4.3.0 later")
    house.letterbox.answer = lambda mail: late if mail.envelope.recipient == BEN.email else Accepted("250 ok")
    house.agent_replies("#assign ben because Ben knows it", house.last(ANN.email))
    house.passes(seconds=61)
    assert house.last(LUC).notice == "received"
    house.passes(minutes=5)
    assert house.last(LUC).notice == "owner-changed"


def test_a_move_there_and_back_is_not_told(house: House) -> None:
    house.receives("Hello.")
    house.agent_replies("#assign ben because Ben knows it", house.last(ANN.email))
    house.agent_replies("#assign ann because it was Ann's after all", house.last(BEN.email), agent=BEN)
    house.passes(minutes=10)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received"]


def test_a_reply_within_the_window_tells_of_the_move_and_no_second_mail_comes(house: House) -> None:
    house.receives("Hello.")
    house.agent_replies("#assign ben because Ben knows it", house.last(ANN.email))
    house.agent_replies("I am on it.", house.last(BEN.email), agent=BEN)
    reply = house.last(LUC)
    assert reply.notice == "owner-changed"
    assert "I am on it." in reply.text
    assert reply["X-Maild-Reason"].startswith("other; ")
    house.passes(minutes=10)
    assert len(house.sent_to(LUC)) == 2


def test_a_solved_ticket_closes_after_its_quiet_time_without_a_mail(house: House) -> None:
    house.receives("Hello.")
    house.agent_replies("#solved", house.last(ANN.email))
    house.passes(days=29)
    assert house.ticket().status == "solved"
    house.passes(days=1, minutes=1)
    assert house.ticket().status == "closed"
    assert house.last(LUC).notice == "solved"


def test_the_subject_of_an_unproven_sender_never_changes_once_it_was_neutral(house: House) -> None:
    house.receives("Hello.", proven=False)
    first = house.last(LUC)
    assert first["Subject"] == "[#1] Your message of 21 November"
    house.receives("It is really me.", answers=first)
    house.agent_replies("Good.", house.last(ANN.email))
    assert house.last(LUC)["Subject"] == first["Subject"]


def test_a_subject_with_an_address_and_a_link_is_cleaned_and_cut(house: House) -> None:
    house.receives("Hello.", subject=f"Pay https://evil.example/x or me@evil.example {'now ' * 60}")
    subject = house.last(LUC)["Subject"]
    assert "evil" not in subject
    assert len(subject) <= 105


# --- rules ---


def test_a_rule_routes_by_words_with_its_reason_told_to_the_customer(house: House) -> None:
    reason = "Billing questions are answered by our accounts team."
    ruled(house, {"when": {"subject": "invoice"}, "then": {"team": "billing", "tags": ["money"], "reason": reason}})
    house.receives("Two licences.")
    ticket = house.ticket()
    assert (ticket.team, ticket.owner, ticket.tags) == ("billing", "ben", ("money",))
    assert reason in house.last(LUC).text


def test_a_rule_knows_the_organisation_and_the_hours(house: House) -> None:
    office = Calendar("office", ZoneInfo("UTC"), (((540, 1020),),) * 7)
    house.changes(organisations=(Organisation("Petit", ("customer.example",)),), calendars=(office,))
    ruled(
        house,
        {"when": {"organisation": "Petit"}, "then": {"tags": ["petit"]}},
        {"when": {"hours": "office"}, "then": {"tags": ["day"]}},
    )
    house.receives("By day.")
    house.now = datetime(2026, 11, 21, 22, 0, tzinfo=ZoneInfo("UTC"))
    house.receives("By night.", author="eve@elsewhere.example")
    assert house.ticket(1).tags == ("day", "petit")
    assert house.ticket(2).tags == ()


def test_an_organisation_has_its_own_team_and_language(house: House) -> None:
    theirs = Organisation("Petit", ("customer.example",), language="fr", team=TeamId("billing"))
    house.changes(organisations=(theirs,))
    house.receives("Hello.")
    house.receives("Hello.", author="eve@elsewhere.example")
    assert (house.ticket(1).team, house.ticket(1).language) == ("billing", "fr")
    assert (house.ticket(2).team, house.ticket(2).language) == ("support", "en")


def test_a_rule_copies_people_in_and_they_are_sent_what_is_said(house: House) -> None:
    ruled(house, {"then": {"cc": [BOSS]}})
    house.receives("Hello.")
    assert house.last(BOSS).notice == "received"
    house.agent_replies("We look into it.", house.last(ANN.email))
    assert "We look into it." in house.last(BOSS).text
    house.receives("I pay for this.", author=BOSS, answers=house.last(BOSS))
    assert len(house.entries()) == 3


def test_a_rule_notifies_colleagues_and_others_once(house: House) -> None:
    ruled(house, {"then": {"notify": ["cleo", "night@watch.example", "ann"], "cc": ["ben"]}})
    house.receives("Fire.")
    assert [letter.notice for letter in house.sent_to(CLEO.email)] == ["note"]
    assert [letter.notice for letter in house.sent_to(BEN.email)] == ["note"]
    assert [letter.notice for letter in house.sent_to(ANN.email)] == ["assigned"]
    told = house.last("night@watch.example")
    assert "Fire." in told.text
    assert told["Reply-To"] == "support@desk.example"
    house.receives("More fire.", answers=house.last(LUC))
    assert len(house.sent_to(CLEO.email)) == 1


def test_rules_on_replies_set_every_field(house: House) -> None:
    then = {"priority": "urgent", "tags": ["hot"], "level": 2, "language": "fr", "status": "hold"}
    ruled(house, {"on": "reply", "when": {"body": "urgent"}, "then": then})
    house.receives("Hello, urgent.")
    assert house.ticket().priority == "normal"
    house.receives("It is urgent.", answers=house.last(LUC))
    ticket = house.ticket()
    assert (ticket.priority, ticket.tags, ticket.level, ticket.language) == ("urgent", ("hot",), 2, "fr")
    assert ticket.status == "hold"


@pytest.mark.parametrize("owner", ["ben", "least-busy"])
def test_a_rule_on_replies_moves_a_ticket_and_everybody_is_told_once(house: House, owner: str) -> None:
    then = {"team": "billing", "owner": owner, "reason": "Money is our accounts team's."}
    ruled(house, {"on": "reply", "when": {"body": "money"}, "then": then})
    house.receives("Hello.")
    house.receives("It is about money.", answers=house.last(LUC), attach=("bill.pdf", b"%PDF-1.4"))
    assert (house.ticket().team, house.ticket().owner) == ("billing", "ben")
    assert [letter.notice for letter in house.sent_to(BEN.email)] == ["assigned"]
    assert "It is about money." in house.last(BEN.email).text
    assert house.last(BEN.email).message.get_content_type() == "multipart/mixed"
    assert [letter.notice for letter in house.sent_to(ANN.email)] == ["assigned", "note"]
    house.passes(minutes=2)
    assert house.last(LUC).notice == "owner-changed"
    assert "Money is our accounts team's." in house.last(LUC).text


def test_a_rule_on_replies_takes_the_owner_away(house: House) -> None:
    ruled(house, {"on": "reply", "then": {"owner": "none", "reason": "Whoever is free takes it."}})
    house.receives("Hello.")
    house.receives("More.", answers=house.last(LUC))
    assert house.ticket().owner is None


def test_a_rule_whose_regex_is_slow_is_named_and_the_mail_goes_on(house: House) -> None:
    ruled(house, {"on": ["new", "reply"], "when": {"body": {"regex": "(a|aa)+$"}}, "then": {"tags": ["slow"]}})
    house.receives("a" * 5000 + "!")
    kept = house.receives("a" * 5000 + "!", answers=house.last(LUC))
    assert any("ran over its time" in because for because in house.mail(kept).because)
    assert len(house.entries()) == 2


def test_a_rule_puts_a_mail_in_quarantine_and_says_so(house: House) -> None:
    ruled(house, {"when": {"subject": "casino"}, "then": {"quarantine": True}})
    kept = house.receives("Win.", subject="Casino")
    assert house.mail(kept).state == "quarantine"
    assert "rule 0" in " ".join(house.mail(kept).because)
    assert house.sent == []


def test_a_mail_that_the_operator_releases_opens_its_ticket_and_is_answered(house: House) -> None:
    ruled(house, {"when": {"subject": "casino"}, "then": {"quarantine": True}})
    kept = house.receives("My casino night was cancelled.", subject="Casino")
    assert house.releases(kept)["ok"]
    assert (house.mail(kept).state, house.mail(kept).ticket) == ("ticket", 1)
    assert house.last(LUC).notice == "received"
    assert not house.releases(kept)["ok"], "it is released once"


def test_rules_do_not_take_a_follow_up_from_its_owner(house: House) -> None:
    house.receives("Hello.")
    house.agent_replies("#solved", house.last(ANN.email))
    told = house.last(LUC)
    house.passes(days=31)
    ruled(house, {"then": {"team": "billing", "owner": "ben", "reason": "All goes to Ben."}})
    house.receives("Again.", answers=told)
    assert (house.ticket(2).team, house.ticket(2).owner) == ("support", "ann")


def test_round_robin_takes_turns(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, BEN.id), assign=Assign.ROUND_ROBIN), BILLING))
    for number in range(4):
        house.receives(f"Hello {number}.", subject=f"Hello {number}")
    assert [ticket.owner for ticket in house.tickets] == ["ann", "ben", "ann", "ben"]


def test_an_unowned_ticket_tells_its_team_and_names_the_team_to_the_customer(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, BEN.id), assign=Assign.NONE), BILLING))
    house.receives("Hello.")
    assert "our support team" in house.last(LUC).text.lower()
    assert house.last(LUC)["X-Maild-Owner"] == ""
    assert house.last(ANN.email).notice == house.last(BEN.email).notice == "assigned"
