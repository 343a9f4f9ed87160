"""Automatic answers have limits, and over them nothing is lost and somebody knows."""

from __future__ import annotations

import email.policy
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from maild.mail import Arrival
from maild.store import inbox
from tests.stories.house import ANN, BEN, House

LUC = "luc@customer.example"
CANARY = "Zanzibar"


def limited(house: House, **limits: object) -> None:
    house.changes(answers=replace(house.desk.answers, **limits))  # type: ignore[arg-type]  # fields of AnswerLimits


def acks(house: House, address: str = LUC) -> int:
    return len([letter for letter in house.sent_to(address) if letter.notice == "received"])


# --- proven senders ---


def test_a_proven_sender_gets_one_acknowledgement_a_ticket(house: House) -> None:
    house.receives("One.")
    ack = house.last(LUC)
    house.receives("Two.", answers=ack)
    house.receives("Three.", answers=ack)
    assert len(house.sent_to(LUC)) == 1


def test_a_proven_sender_gets_twenty_a_day_and_the_rest_wait_for_room(house: House) -> None:
    for number in range(22):
        house.receives(f"Matter {number}.", subject=f"Matter {number}")
    assert len(house.tickets) == 22
    assert acks(house) == 20
    house.passes(hours=23)
    assert acks(house) == 20
    house.passes(hours=1, minutes=1)
    assert acks(house) == 22


# --- unproven senders ---


def test_an_unproven_sender_gets_one_answer_a_ticket(house: House) -> None:
    house.receives("One.", proven=False)
    house.agent_replies("#solved", house.last(ANN.email))
    house.receives("It is not.", proven=False, answers=house.last(LUC, "solved"))
    assert house.ticket().status == "open"
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received", "solved"]


def test_an_unproven_sender_gets_three_answers_a_week_then_none_and_the_team_is_told(house: House) -> None:
    for number in range(4):
        house.receives(f"Matter {number}.", subject=f"Matter {number}", proven=False)
    assert len(house.tickets) == 4
    assert acks(house) == 3
    house.passes(hours=25)
    assert acks(house) == 3
    told = house.last(ANN.email)
    assert told.notice == "note"
    assert "No acknowledgement went to luc@customer.example" in told.text
    assert any(event.event == "unanswered" for event in house.history(4))


def test_room_within_the_day_lets_a_waiting_answer_leave(house: House) -> None:
    limited(house, unproven_domain_hour=2)
    for name in ("a", "b", "c"):
        house.receives("Hello.", author=f"{name}@crowd.example", proven=False)
    assert acks(house, "c@crowd.example") == 0
    house.passes(minutes=61)
    assert acks(house, "c@crowd.example") == 1


def test_a_domain_of_unproven_senders_gets_thirty_an_hour(house: House) -> None:
    for number in range(32):
        house.receives("Hello.", author=f"p{number}@crowd.example", proven=False)
    house.receives("Hello.", author="p@elsewhere.example", proven=False)
    assert sum(letter.to.endswith("@crowd.example") for letter in house.sent) == 30
    assert acks(house, "p@elsewhere.example") == 1


def test_all_unproven_senders_together_have_a_limit(house: House) -> None:
    limited(house, unproven_hour=3)
    for number in range(5):
        house.receives("Hello.", author=f"p@d{number}.example", proven=False)
    assert sum(letter.notice == "received" for letter in house.sent) == 3
    house.receives("Hello.", author="known@proven.example")
    assert acks(house, "known@proven.example") == 1


def test_whom_an_agent_has_answered_counts_as_proven(house: House) -> None:
    house.receives("One.", proven=False)
    house.agent_replies("We look into it.", house.last(ANN.email))
    for number in range(5):
        house.receives(f"Matter {number}.", subject=f"Matter {number}", proven=False)
    assert acks(house) == 6


def test_an_answer_that_waits_is_not_sent_once_an_agent_has_written(house: House) -> None:
    limited(house, unproven_hour=0)
    house.receives("One.", proven=False)
    house.agent_replies("We look into it.", house.last(ANN.email))
    limited(house, unproven_hour=300)
    house.passes(hours=1)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["reply"]


def test_news_that_an_agent_caused_are_never_counted(house: House) -> None:
    limited(house, unproven_hour=0, unproven_address_week=0)
    house.receives("One.", proven=False)
    assert house.sent_to(LUC) == []
    house.agent_replies("#pending", house.last(ANN.email))
    house.agent_replies("#assign ben because Ben knows the contracts", house.last(ANN.email))
    house.passes(minutes=2)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["waiting", "owner-changed"]


def test_nothing_of_an_unproven_sender_is_echoed_in_any_notice(house: House) -> None:
    author = f"{CANARY} Name <victim@customer.example>"
    house.receives(f"{CANARY} text https://evil.example/{CANARY}", author=author, subject=f"{CANARY}", proven=False)
    ack = house.last("victim@customer.example")
    assert ack["Subject"] == "[#1] Your message of 21 November"
    house.agent_replies("#pending", house.last(ANN.email))
    house.agent_replies("#assign ben because Ben knows the contracts", house.last(ANN.email))
    house.passes(minutes=2)
    house.agent_replies("#solved", house.last(BEN.email), agent=BEN)
    house.receives(f"{CANARY} again", author=author, proven=False, answers=house.last("victim@customer.example"))
    notices = {letter.notice for letter in house.sent_to("victim@customer.example")}
    assert {"received", "waiting", "owner-changed", "solved"} <= notices
    for letter in house.sent_to("victim@customer.example"):
        assert CANARY.lower() not in letter.outgoing.content.decode("ascii").lower(), letter.notice
        assert CANARY.lower() not in (letter.text + letter.html).lower(), letter.notice


@pytest.mark.parametrize("odd", ['<"q"@x.example>', f"<{'a' * 200}@x.example>", "<<x>@y>", "no id"])
def test_an_odd_message_id_is_not_repeated(house: House, odd: str) -> None:
    message = EmailMessage()
    message["From"] = LUC
    message["To"] = "support@desk.example"
    message["Subject"] = "Hello"
    message.set_content("Hello.")
    house.takes(f"Message-ID: {odd}\r\n".encode() + message.as_bytes(), LUC, ("support@desk.example",))
    ack = house.last(LUC)
    assert ack["In-Reply-To"] == ""
    assert len(ack["References"].split()) == 1


def test_an_id_of_ours_that_is_another_readers_is_not_repeated(house: House) -> None:
    house.receives("One.")
    stolen = house.last(LUC)["Message-ID"]
    house.receives("Two.", author="eve@elsewhere.example", message_id=stolen)
    assert stolen not in house.last("eve@elsewhere.example")["References"]


# --- one ticket, one address ---


def test_after_five_automatic_answers_in_an_hour_there_is_a_day_of_silence_and_the_owner_is_told(house: House) -> None:
    limited(house, ticket_hour=2)
    house.receives("One.")
    for number in range(4):
        house.agent_replies("#solved", house.last(ANN.email))
        house.passes(minutes=1)
        house.receives(f"Not yet {number}.", answers=house.last(LUC, "solved"))
    answered = [letter.notice for letter in house.sent_to(LUC) if letter.notice != "solved"]
    assert answered == ["received", "reopened"]
    told = [letter for letter in house.sent_to(ANN.email) if "No more automatic answers" in letter.text]
    assert len(told) == 1
    house.passes(days=1, minutes=5)
    house.agent_replies("#solved", house.last(ANN.email))
    house.receives("Not yet.", answers=house.last(LUC, "solved"))
    assert house.last(LUC).notice == "reopened"


def test_a_flood_on_one_ticket_is_one_summary_for_the_owner(house: House) -> None:
    house.receives("One.")
    ack = house.last(LUC)
    for number in range(25):
        house.receives(f"And {number}.", answers=ack)
    assert len(house.entries()) == 26
    before = len(house.sent_to(ANN.email))
    assert before == 10
    house.passes(minutes=11)
    assert len(house.sent_to(ANN.email)) == 11
    summary = house.last(ANN.email)
    assert summary.notice == "customer-replied"
    assert "More than 10 messages came within 10 minutes." in summary.text
    assert "And 24." in summary.text
    house.receives("And then.", answers=ack)
    assert len(house.sent_to(ANN.email)) == 12


# --- backlog ---


def comes_late(house: House) -> None:
    """A mail that has lain in its mailbox for 60 hours is fetched."""
    date = house.now - timedelta(hours=60)
    message = EmailMessage()
    message["Authentication-Results"] = "mx.desk.example; dmarc=pass header.from=customer.example"
    message["From"], message["To"], message["Subject"] = LUC, "support@desk.example", "Old"
    message["Message-ID"] = "<old@customer.example>"
    message["Date"] = date
    message.set_content("Old words.")
    late = Arrival("imap:1", message.as_bytes(), LUC, ("support@desk.example",), date, peer="127.0.0.1")
    house.store.write(lambda tx: inbox.keep(tx, late))
    house.works()


def test_a_backlog_opens_its_tickets_without_an_answer(house: House) -> None:
    comes_late(house)
    assert len(house.tickets) == 1
    assert house.sent_to(LUC) == []
    assert house.last(ANN.email).notice == "assigned"


def test_a_customer_of_the_backlog_hears_who_has_the_case_once_it_is_given_to_somebody(house: House) -> None:
    comes_late(house)
    house.agent_replies("#assign ben because Ben works through what is old", house.last(ANN.email))
    house.passes(seconds=61)
    told = house.last(LUC)
    assert told.notice == "owner-set"
    assert "Ben works through what is old" in told.text


def test_an_old_date_alone_is_no_backlog(house: House) -> None:
    house.receives("My clock is wrong.", date=house.now - timedelta(days=400))
    assert house.last(LUC).notice == "received"


# --- what does not fit ---


def test_a_mail_that_went_through_fifty_servers_is_a_loop(house: House) -> None:
    headers = [
        ("Received", f"from a{number}.example by b.example; Sat, 21 Nov 2026 09:00:00 +0000") for number in range(50)
    ]
    kept = house.receives("Round.", headers=headers)
    assert house.mail(kept).state == "quarantine"
    assert "loop" in house.mail(kept).because[0]
    assert house.sent == []


def test_hundreds_of_people_in_to_are_not_carried_along(house: House) -> None:
    crowd = ", ".join(f"p{number}@crowd.example" for number in range(300))
    house.receives("Hello all.", headers=[("Cc", crowd)])
    assert len(house.ticket().parties) <= 51
    house.agent_replies("Hello.", house.last(ANN.email))
    assert {letter.to for letter in house.sent} == {LUC, ANN.email}


def test_hundreds_of_references_are_read_within_bounds(house: House) -> None:
    chain = " ".join(f"<r{number}@x.example>" for number in range(600))
    house.receives("Deep.", headers=[("References", chain)])
    assert len(house.tickets) == 1


def test_a_mail_that_is_over_a_limit_of_the_reading_reaches_its_owner_whole(house: House) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"Luc Petit <{LUC}>", "support@desk.example", "Sixty pages"
    message["Date"], message["Message-ID"] = house.now, "<sixty@customer.example>"
    message.set_content("Here they are.")
    for page in range(60):
        message.add_attachment(b"%d" % page, maintype="application", subtype="pdf", filename=f"{page}.pdf")
    raw = message.as_bytes(policy=email.policy.SMTP)
    kept = house.takes(raw, LUC, ("support@desk.example",))
    assert any("more than 50 attachments" in reason for reason in house.mail(kept).because)
    brief = house.last(ANN.email, "assigned")
    assert "Not all of this mail could be read here; the original is kept." in " ".join(brief.text.split())
    names = [part.get_filename() for part in brief.message.iter_attachments()]
    assert len(names) == 51
    assert names[-1] == "original.eml"
    assert "could be read" not in house.last(LUC).text


def test_a_mail_within_the_limits_bears_no_original(house: House) -> None:
    house.receives("Here it is.", attach=("1.pdf", b"1"))
    brief = house.last(ANN.email, "assigned")
    assert [part.get_filename() for part in brief.message.iter_attachments()] == ["1.pdf"]
    assert "could be read" not in brief.text
