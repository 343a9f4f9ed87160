"""Robots are kept, filed where they belong, and never answered."""

from __future__ import annotations

import email.policy
from collections.abc import Callable
from email.message import EmailMessage

import pytest

from maild.courier import Refused
from maild.courier import Sent as Accepted
from tests.stories.house import ANN, BEN, CLEO, House, Letter

LUC = "luc@customer.example"
DAEMON = "MAILER-DAEMON@customer.example"


def asked(house: House) -> Letter:
    house.receives("Invoice 77 is wrong.")
    return house.last(LUC)


def solved(house: House) -> Letter:
    asked(house)
    house.agent_replies("#solved\nIt is corrected.", house.last(ANN.email))
    return house.last(LUC, "solved")


def bounce(
    about: Letter, *, to: str = "", status: str = "5.1.1", action: str = "failed", returned: bool = True
) -> bytes:
    """A delivery status notification about a mail of ours (RFC 3464)."""
    told = [
        f"From: Mail Delivery System <{DAEMON}>",
        f"To: {to or about.outgoing.envelope.sender}",
        "Subject: Undelivered Mail Returned to Sender",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000",
        f"Message-ID: <{status}.{action}@customer.example>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "The mail could not be delivered: user unknown.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.customer.example",
        "",
        f"Final-Recipient: rfc822; {about.to}",
        f"Action: {action}",
        f"Status: {status}",
        "--b",
        "Content-Type: text/rfc822-headers",
        "",
        f"Message-ID: {about['Message-ID'] if returned else '<unknown@x.example>'}",
        "",
        "--b--",
        "",
    ]
    return "\r\n".join(told).encode()


ROBOTS = [
    [("Auto-Submitted", "auto-replied")],
    [("Auto-Submitted", "auto-generated")],
    [("Precedence", "bulk")],
    [("List-Id", "<news.shop.example>"), ("List-Unsubscribe", "<mailto:out@shop.example>")],
    [("X-Autoreply", "yes")],
    [("X-Auto-Response-Suppress", "All")],
]


@pytest.mark.parametrize("headers", ROBOTS, ids=lambda headers: headers[0][0] + headers[0][1][:12])
def test_a_robots_first_mail_opens_a_ticket_and_is_not_answered(house: House, headers: list[tuple[str, str]]) -> None:
    kept = house.receives("Your parcel is on its way.", author="shop@shop.example", headers=headers)
    assert house.mail(kept).state == "ticket"
    assert house.sent_to("shop@shop.example") == []
    assert house.last(ANN.email).notice == "assigned"


@pytest.mark.parametrize("author", ["noreply@shop.example", "no-reply@shop.example", "mailer-daemon@shop.example"])
def test_a_sender_who_reads_nothing_is_not_answered(house: House, author: str) -> None:
    house.receives("Your order.", author=author)
    assert house.sent_to(author) == []


def test_a_mail_with_a_null_sender_is_not_answered(house: House) -> None:
    house.receives("I am away.", sender="")
    assert house.sent_to(LUC) == []


def test_a_robot_never_hears_of_a_move_but_gets_a_persons_words(house: House) -> None:
    house.receives("Alarm.", author="alarm@shop.example", headers=[("Auto-Submitted", "auto-generated")])
    house.agent_replies("#assign ben because Ben knows alarms", house.last(ANN.email))
    house.passes(minutes=2)
    house.agent_replies("#solved", house.last(BEN.email), agent=BEN)
    assert house.sent_to("alarm@shop.example") == []
    house.agent_replies("#reopen\nWho turns it off?", house.last(BEN.email, "assigned"), agent=BEN)
    assert ["Who turns it off?" in letter.text for letter in house.sent_to("alarm@shop.example")] == [True]


@pytest.mark.parametrize("way", ["reply", "envelope", "nothing but the address"])
def test_a_vacation_reply_is_filed_changes_nothing_and_is_not_answered(house: House, way: str) -> None:
    told = solved(house)
    before = len(house.sent)
    headers = [("Auto-Submitted", "auto-replied")]
    to = told.outgoing.envelope.sender if way != "reply" else told["Reply-To"]
    answers = told if way != "nothing but the address" else None
    kept = house.receives("I am away.", answers=answers, to=to, headers=headers, sender="", subject="Away")
    assert house.mail(kept).ticket == 1
    assert house.entries()[-1].voice == "machine"
    assert house.ticket().status == "solved"
    assert len(house.sent) == before


def test_an_automatic_reply_of_an_agent_that_tells_of_no_absence_is_filed_and_nobody_is_written_to(
    house: House,
) -> None:
    asked(house)
    brief = house.last(ANN.email)
    before = len(house.sent)
    headers = [("Auto-Submitted", "auto-replied")]
    for to in (brief.outgoing.envelope.sender, brief["Reply-To"]):
        kept = house.receives("Thank you.", author=ANN.email, answers=brief, to=to, headers=headers, proven=False)
        assert house.mail(kept).ticket == 1
    assert house.entries()[-1].voice == "machine"
    assert len(house.sent) == before


def test_an_unmarked_vacation_reply_with_a_null_sender_from_an_agent_is_not_answered(house: House) -> None:
    asked(house)
    brief = house.last(ANN.email)
    before = len(house.sent)
    house.receives("I am away.", author=ANN.email, answers=brief, sender="", proven=False)
    assert len(house.sent) == before
    assert house.entries()[-1].voice == "machine"


def test_a_vacation_reply_from_an_unknown_address_opens_nothing_on_a_ticket(house: House) -> None:
    ack = asked(house)
    headers = [("Auto-Submitted", "auto-replied")]
    kept = house.receives("Away.", author="petit@other.example", answers=ack, headers=headers, sender="")
    assert house.mail(kept).ticket == 1
    assert house.entries()[-1].voice == "machine"
    assert house.ticket().participant_at("petit@other.example") is None


def test_an_automatic_reply_that_answers_nothing_of_ours_is_kept_and_not_answered(house: House) -> None:
    kept = house.receives("I am away.", headers=[("Auto-Submitted", "auto-replied")], subject="Away")
    assert house.mail(kept).state == "ticket"
    assert house.sent_to(LUC) == []


def test_two_robots_that_answer_each_other_stop_at_once(house: House) -> None:
    asked(house)
    for number in range(5):
        headers = [("Auto-Submitted", "auto-replied")]
        house.receives(f"Thank you {number}.", answers=house.last(LUC), headers=headers)
    assert len(house.sent_to(LUC)) == 1


def test_an_unmarked_robot_that_answers_everything_is_answered_once(house: House) -> None:
    asked(house)
    for number in range(5):
        house.receives(f"Your mail {number} is important to us.", answers=house.last(LUC))
    assert len(house.sent_to(LUC)) == 1


def test_a_notification_on_a_ticket_is_shown_to_the_owner_and_changes_nothing(house: House) -> None:
    told = solved(house)
    house.receives("The order was cancelled.", answers=told, headers=[("Auto-Submitted", "auto-generated")])
    assert house.ticket().status == "solved"
    assert house.last(ANN.email).notice == "customer-replied"
    assert house.last(LUC).notice == "solved"


def test_a_persons_words_through_a_list_reopen_and_are_not_answered(house: House) -> None:
    told = solved(house)
    house.receives("It is still wrong.", answers=told, headers=[("List-Id", "<team.customer.example>")])
    assert house.ticket().status == "open"
    assert house.last(ANN.email).notice == "customer-replied"
    assert house.last(LUC).notice == "solved"


# --- bounces ---


def test_a_lasting_bounce_to_our_envelope_address_is_an_event_and_the_owner_is_told(house: House) -> None:
    asked(house)
    house.agent_replies("We look into it.", house.last(ANN.email))
    reply = house.last(LUC)
    kept = house.takes(bounce(reply), "", (reply.outgoing.envelope.sender,))
    assert house.mail(kept).ticket == 1
    assert [event.after for event in house.history() if event.event == "undelivered"] == [LUC]
    news = house.last(ANN.email)
    assert news.notice == "undeliverable"
    assert LUC in news.text
    assert news.outgoing.envelope.sender == ""
    assert house.sent_to(DAEMON) == []


def test_a_second_bounce_of_the_same_mail_is_no_news(house: House) -> None:
    ack = asked(house)
    house.takes(bounce(ack), "", (ack.outgoing.envelope.sender,))
    house.takes(bounce(ack, status="5.7.1"), "", (ack.outgoing.envelope.sender,))
    assert [letter.notice for letter in house.sent_to(ANN.email)] == ["assigned", "undeliverable"]


def test_a_bounce_without_our_envelope_address_is_filed_as_evidence_only(house: House) -> None:
    ack = asked(house)
    kept = house.takes(bounce(ack, to="support@desk.example"), "", ("support@desk.example",))
    assert house.mail(kept).ticket == 1
    assert house.entries()[-1].voice == "machine"
    assert not any(event.event == "undelivered" for event in house.history())
    assert len(house.sent_to(ANN.email)) == 1


def test_a_bounce_of_a_mail_that_is_not_ours_waits_in_quarantine(house: House) -> None:
    ack = asked(house)
    kept = house.takes(bounce(ack, to="support@desk.example", returned=False), "", ("support@desk.example",))
    assert house.mail(kept).state == "quarantine"
    assert "belongs to no mail of ours" in house.mail(kept).because[0]
    assert len(house.tickets) == 1


def test_a_strangers_bounce_that_the_operator_releases_becomes_a_ticket_and_is_not_answered(house: House) -> None:
    ack = asked(house)
    kept = house.takes(bounce(ack, to="support@desk.example", returned=False), "", ("support@desk.example",))
    told = len(house.sent)
    house.releases(kept)
    assert house.mail(kept).state == "ticket"
    assert {letter.to for letter in house.sent[told:]} == {ANN.email}


def test_a_forged_envelope_address_makes_no_bounce(house: House) -> None:
    ack = asked(house)
    sender = ack.outgoing.envelope.sender.replace("+", "+a", 1)
    kept = house.takes(bounce(ack, to=sender, returned=False), "", (sender[:8] + "a" * 24 + "@desk.example",))
    assert house.mail(kept).state == "quarantine"
    assert len(house.sent_to(ANN.email)) == 1


@pytest.mark.parametrize(("status", "action"), [("4.4.1", "delayed"), ("4.2.2", "failed")])
def test_a_passing_failure_is_filed_and_nobody_is_told(house: House, status: str, action: str) -> None:
    ack = asked(house)
    house.takes(bounce(ack, status=status, action=action), "", (ack.outgoing.envelope.sender,))
    assert house.entries()[-1].voice == "machine"
    assert len(house.sent_to(ANN.email)) == 1


def test_a_bounce_of_an_agents_brief_goes_to_those_who_can_act(house: House) -> None:
    asked(house)
    brief = house.last(ANN.email)
    house.takes(bounce(brief), "", (brief.outgoing.envelope.sender,))
    assert house.last(CLEO.email).notice == "undeliverable"
    assert house.last("ops@desk.example").notice == "undeliverable"
    assert len(house.sent_to(ANN.email)) == 1


def test_a_refusal_by_the_relay_is_an_event_and_the_owner_is_told(house: House) -> None:
    refuse: Callable[[object], object] = lambda mail: (  # noqa: E731  one line says it
        Refused("550 5.1.1 user unknown") if mail.envelope.recipient == LUC else Accepted("250 ok")  # type: ignore[attr-defined]
    )
    house.letterbox.answer = refuse  # type: ignore[assignment]
    house.receives("Invoice 77 is wrong.")
    assert house.last(ANN.email).notice == "undeliverable"
    assert any(event.event == "undelivered" for event in house.history())


def test_news_of_a_failed_delivery_that_fails_itself_ends_there(house: House) -> None:
    house.letterbox.answer = lambda mail: Refused("550 5.1.1 user unknown")
    house.receives("Invoice 77 is wrong.")
    assert house.sent == []
    assert {row.state for row in house.outbox} == {"refused"}
    assert len(house.outbox) < 8


def test_without_sub_addresses_our_message_id_ties_a_bounce_to_its_mail(house: House) -> None:
    house.changes(subaddress="")
    ack = asked(house)
    assert ack.outgoing.envelope.sender == "support@desk.example"
    house.takes(bounce(ack), "", ("support@desk.example",))
    assert house.last(ANN.email).notice == "undeliverable"


# --- other reports ---


def report(kind: str, about: Letter, part: str) -> bytes:
    message = EmailMessage()
    message["From"] = LUC
    message["To"] = about["Reply-To"]
    message["Subject"] = "Read: [#1]"
    message["In-Reply-To"] = about["Message-ID"]
    message["Content-Type"] = f'multipart/report; report-type={kind}; boundary="b"'
    head = message.as_bytes(policy=email.policy.SMTP)
    words = "--b\r\nContent-Type: text/plain\r\n\r\nread\r\n"
    return head + f"{words}--b\r\nContent-Type: {part}\r\n\r\nReporting-UA: x\r\n--b--\r\n".encode()


def test_a_read_receipt_is_filed_and_changes_nothing(house: House) -> None:
    told = solved(house)
    before = len(house.sent)
    mail = report("disposition-notification", told, "message/disposition-notification")
    kept = house.takes(mail, LUC, (told["Reply-To"],))
    assert house.mail(kept).ticket == 1
    assert house.ticket().status == "solved"
    assert len(house.sent) == before


def test_a_complaint_that_names_no_mail_of_ours_waits_in_quarantine(house: House) -> None:
    ack = asked(house)
    mail = report("feedback-report", ack, "message/feedback-report").replace(b"In-Reply-To", b"X-Was")
    kept = house.takes(mail, "fbl@isp.example", ("support@desk.example",))
    assert house.mail(kept).state in {"quarantine", "ticket"}
    assert len(house.tickets) == 1
    assert house.sent_to("fbl@isp.example") == []


def test_a_mail_that_claims_to_come_from_the_desk_waits_in_quarantine(house: House) -> None:
    kept = house.receives("I am you.", author="Example Support <support@desk.example>")
    assert house.mail(kept).state == "quarantine"
    assert house.sent == []


def test_our_own_headers_on_a_mail_that_comes_in_mean_nothing(house: House) -> None:
    asked(house)
    headers = [("X-Maild-Ticket", "1"), ("X-Maild-Status", "solved"), ("X-Maild-Owner", "Eve")]
    house.receives("Hello.", author="eve@elsewhere.example", subject="Hello", headers=headers)
    assert len(house.tickets) == 2
    assert house.last("eve@elsewhere.example")["X-Maild-Ticket"] == "2"
    assert "Eve" not in house.last(ANN.email)["X-Maild-Owner"]
