"""Who speaks, and whether it may be answered by a machine."""

from __future__ import annotations

import pytest

from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.mail import Kind, Mail, Undelivered

OURS = Ours(frozenset({"support@example.com"}))


def mail(*lines: str, body: str = "Hello", sender: str | None = "ann@example.org") -> Mail:
    head = ["From: Ann <ann@example.org>"] if not any(line.startswith("From:") for line in lines) else []
    return reading.read("\r\n".join([*head, *lines, "", body]).encode(), sender=sender, ours=OURS)


def report(kind: str, *parts: tuple[str, str], sender: str = "") -> Mail:
    body = "".join(f"--b\r\nContent-Type: {type_}\r\n\r\n{text}\r\n" for type_, text in parts) + "--b--"
    content_type = f"Content-Type: multipart/report; report-type={kind}; boundary=b"
    return mail(
        "From: MAILER-DAEMON@mx.example", "Auto-Submitted: auto-replied", content_type, body=body, sender=sender
    )


def status(action: str, code: str, recipient: str = "bob@example.org") -> str:
    return (
        f"Reporting-MTA: dns; mx.example\r\n\r\nOriginal-Recipient: rfc822;bob@example.org\r\n"
        f"Final-Recipient: rfc822;{recipient}\r\nAction: {action}\r\nStatus: {code}\r\n"
    )


RETURNED = ("message/rfc822", "Message-ID: <m.token.7@example.com>\r\nSubject: hi\r\n\r\nwords")


def test_a_person_may_be_answered() -> None:
    seen = mail("Subject: Please help")
    assert (seen.kind, seen.answerable, seen.why) == (Kind.PERSON, True, ("no mark of a machine",))


@pytest.mark.parametrize(
    "subject", ["Delivery problem with my order", "My account was rejected", "Undelivered parcel", "[support] help"]
)
def test_a_person_who_writes_of_deliveries_is_a_person(subject: str) -> None:
    seen = mail(f"Subject: {subject}", "To: support@example.com", body="It never came. Ask bob@example.org:")
    assert (seen.kind, seen.answerable) == (Kind.PERSON, True)


@pytest.mark.parametrize("subject", ["MAIL DELIVERY FAILED", "Non délivré", "НЕ ДОСТАВЛЕНО", "配信 エラー"])
def test_a_mail_system_that_says_so_in_its_subject_has_bounced_a_mail(subject: str) -> None:
    seen = mail(f"Subject: {subject}", "From: Mailer-Daemon@mx.example", body="It came back.", sender="")
    assert (seen.kind, seen.answerable) == (Kind.BOUNCE, False)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)", Kind.AUTO_REPLY),
        ("Auto-Submitted: auto-generated", Kind.NOTIFICATION),
        ("X-Autoreply: yes", Kind.AUTO_REPLY),
        ("X-Autoreply-From: ann@example.org", Kind.AUTO_REPLY),
        ("Precedence: auto_reply", Kind.AUTO_REPLY),
        ("Preference: auto_reply", Kind.AUTO_REPLY),
        ("Delivered-To: Autoresponder", Kind.AUTO_REPLY),
        ("X-POST-MessageClass: 9; Autoresponder", Kind.AUTO_REPLY),
        ("Precedence: bulk", Kind.LIST),
        ("List-Id: <users.example.org>", Kind.LIST),
        ("List-Unsubscribe: <mailto:x@example.org>", Kind.LIST),
        ("Feedback-ID: a:b", Kind.NOTIFICATION),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", Kind.NOTIFICATION),
        ("X-Auto-Response-Suppress: All", Kind.NOTIFICATION),
        ("X-Auto-Response-Suppress: OOF", Kind.NOTIFICATION),
        ("X-Auto-Response-Suppress: RN, AutoReply", Kind.NOTIFICATION),
        ("X-Loop: a", Kind.NOTIFICATION),
        ("From: no-reply@example.org", Kind.NOTIFICATION),
        ("From: DoNotReply@example.org", Kind.NOTIFICATION),
        ("From: postmaster@example.org", Kind.NOTIFICATION),
        ("From: users-bounces@example.org", Kind.LIST),
        ("From: users-request@example.org", Kind.LIST),
        ("From: owner-users@example.org", Kind.LIST),
        ("Return-Path: <bounces+12@example.org>", Kind.LIST),
        ("Subject: Automatic reply: hello", Kind.AUTO_REPLY),
        ("Subject: Réponse automatique : bonjour", Kind.AUTO_REPLY),
        ("Subject: Автоответ: привет", Kind.AUTO_REPLY),
        ("Subject: Abwesenheitsnotiz: Hallo", Kind.AUTO_REPLY),
        ("From: support@example.com", Kind.OWN),
        ("From: Support+abc@Example.com", Kind.OWN),
    ],
)
def test_a_machine_is_known_and_never_answered(line: str, kind: Kind) -> None:
    seen = mail(line)
    assert seen.kind is kind
    assert not seen.answerable
    assert seen.why


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: no",
        "Precedence: normal",
        "X-Auto-Response-Suppress: None",
        "X-Auto-Response-Suppress: DR, RN, NRN",
        "X-Auto-Response-Suppress: DR",
        "X-Auto-Response-Suppress: NDR, RN; NRN",
        "X-Autoreply: no",
        "Delivered-To: autoresponder@x.example",
    ],
)
def test_a_line_that_denies_the_machine_changes_nothing(line: str) -> None:
    assert mail(line).answerable


def test_a_mail_with_an_empty_envelope_sender_is_not_answered() -> None:
    assert not mail(sender="").answerable
    assert not mail("Return-Path: <>", sender=None).answerable
    assert mail("Return-Path: <ann@example.org>", sender=None).answerable


@pytest.mark.parametrize(
    ("lines", "answerable"),
    [
        (("To: ann@example.org",), False),
        (("To: Ann@Example.org", "Cc: ann@example.org"), False),
        (("To: ann@example.org", "Cc: support@example.com"), True),
        (("To: undisclosed-recipients:;",), True),
        ((), True),
    ],
)
def test_a_mail_that_names_its_author_alone_as_reader_is_not_answered(lines: tuple[str, ...], answerable: bool) -> None:
    seen = mail("Subject: Please help", *lines)
    assert (seen.kind, seen.answerable) == (Kind.PERSON, answerable)


def test_a_bounce_names_whom_it_could_not_reach_and_what_came_back() -> None:
    seen = report(
        "delivery-status", ("text/plain", "sorry"), ("message/delivery-status", status("failed", "5.1.1")), RETURNED
    )
    assert seen.kind is Kind.BOUNCE
    assert seen.bounced == (Undelivered("bob@example.org", "permanent", "5.1.1"),)
    assert seen.returned_ids == ("m.token.7@example.com",)
    assert not seen.answerable


def test_a_bounce_that_may_pass_says_so() -> None:
    seen = report("delivery-status", ("message/delivery-status", status("failed", "4.4.7")))
    assert (seen.kind, seen.bounced[0].cls) == (Kind.BOUNCE, "transient")


def test_a_delay_is_no_bounce() -> None:
    seen = report("delivery-status", ("message/delivery-status", status("delayed", "4.4.1")))
    assert (seen.kind, seen.bounced[0].cls) == (Kind.DELAY, "transient")


def test_a_notice_of_success_is_a_receipt() -> None:
    assert report("delivery-status", ("message/delivery-status", status("delivered", "2.0.0"))).kind is Kind.RECEIPT


def test_a_bounce_of_several_names_each_once() -> None:
    both = (
        status("failed", "5.1.1")
        + "\r\nFinal-Recipient: rfc822;eve@example.org\r\nAction: failed\r\nStatus: 5.2.2\r\n" * 2
    )
    seen = report("delivery-status", ("message/delivery-status", both))
    assert [one.recipient for one in seen.bounced] == ["bob@example.org", "eve@example.org"]


def test_an_old_mail_system_tells_its_bounce_in_words() -> None:
    body = (
        "Hi. This is the qmail-send program at x.example.\r\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\r\nThis is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        "<bob@example.org>:\r\n550 5.1.1 User unknown\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
        "Message-ID: <m.token.9@example.com>\r\nTo: bob@example.org\r\n"
    )
    seen = mail("From: MAILER-DAEMON@x.example", "Subject: failure notice", body=body, sender="")
    assert seen.kind is Kind.BOUNCE
    assert seen.bounced == (Undelivered("bob@example.org", "permanent"),)
    assert seen.returned_ids == ("m.token.9@example.com",)


def test_failed_recipients_in_the_header_make_a_bounce() -> None:
    seen = mail("X-Failed-Recipients: bob@example.org", "Subject: Mail delivery failed", sender="")
    assert (seen.kind, [one.recipient for one in seen.bounced]) == (Kind.BOUNCE, ["bob@example.org"])


def test_a_complaint_is_known() -> None:
    feedback = "Feedback-Type: abuse\r\nUser-Agent: x\r\nVersion: 1\r\n"
    seen = report("feedback-report", ("text/plain", "spam"), ("message/feedback-report", feedback), RETURNED)
    assert (seen.kind, seen.answerable, seen.returned_ids) == (Kind.COMPLAINT, False, ("m.token.7@example.com",))


def test_a_receipt_is_known() -> None:
    said = "Disposition: manual-action/MDN-sent-manually; displayed"
    assert report("disposition-notification", ("message/disposition-notification", said)).kind is Kind.RECEIPT


def test_a_bounce_bears_the_marks_of_an_automatic_reply_and_is_a_bounce() -> None:
    seen = report("delivery-status", ("message/delivery-status", status("failed", "5.1.1")))
    assert ("auto-submitted", "auto-replied") in seen.headers
    assert seen.kind is Kind.BOUNCE


def test_a_list_that_bears_no_list_header_is_known_by_its_tag() -> None:
    assert mail("Subject: Re: [users] hello", "To: users@lists.example").kind is Kind.LIST
    assert mail("Subject: [support] hello", "To: support@example.com").kind is Kind.PERSON


def test_a_bounce_that_a_person_passes_on_is_not_answered_by_a_machine() -> None:
    seen = mail("Subject: Fwd: Undelivered Mail Returned to Sender", body="What is this?")
    assert (seen.kind, seen.answerable) == (Kind.PERSON, False)


@pytest.mark.parametrize(
    "body", ["\n" * 300_000, "-" * 300_000, "a@" + "a." * 100_000, "a@b.example " * 20_000, "> " * 100_000]
)
def test_a_monstrous_bounce_is_judged_all_the_same(body: str) -> None:
    seen = mail("From: mailer-daemon@x.example", "Subject: failure notice", body=body, sender="")
    assert not seen.answerable
    assert len(seen.bounced) <= 100
