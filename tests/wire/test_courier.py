"""Stories of mail that is handed to a relay, good or bad, or put into a Maildir."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.compose import Letter, compose
from maild.courier import (
    Courier,
    Deferred,
    MaildirCourier,
    Outcome,
    Refused,
    Relay,
    Sent,
    Timeouts,
    Tls,
    Uncertain,
    courier_of,
)
from maild.mail import Address, Envelope, MessageId, Outgoing
from tests.wire.relay import Act, Drop, Endless, ScriptedRelay, Silence

LETTER = Letter(
    message_id=MessageId("m.token.17@example.com"),
    date=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    from_=Address("support@example.com", "Example Support"),
    to=(Address("bob@customer.example"),),
    subject="Grüße",
    text=".\n..\nDear Bob,\n.hidden\n\n.\n",
    sender="support+b@example.com",
    recipient="bob@customer.example",
)
_composed = compose(LETTER)
assert isinstance(_composed, Outgoing)
MAIL = _composed
BRIEF = Timeouts(connect=5, verb=0.2, dot=0.2)
PATIENT = Timeouts(connect=5, verb=30, dot=30)
AHEAD = ("PIPELINING", "SIZE 50000000")
EXTENSIONS = pytest.mark.parametrize("extensions", [(), AHEAD], ids=["one by one", "pipelined"])


def relay_to(
    relay: ScriptedRelay,
    timeouts: Timeouts = PATIENT,
    *,
    tls: Tls = "none",
    user: str = "",
    password: str = "",
    context: ssl.SSLContext | None = None,
) -> Relay:
    return Relay(relay.url, user, (lambda: password) if user else None, tls, timeouts, context=context)


def send_once(relay: ScriptedRelay, timeouts: Timeouts = PATIENT, mail: Outgoing = MAIL) -> Outcome:
    courier = relay_to(relay, timeouts)
    try:
        return courier.send(mail, 17)
    finally:
        courier.close()


# A relay that works


@EXTENSIONS
def test_the_bytes_that_arrive_are_the_bytes_that_were_composed(extensions: tuple[str, ...]) -> None:
    with ScriptedRelay(extensions=extensions) as relay:
        assert send_once(relay) == Sent("250 2.0.0 queued as 4711")
    [taken] = relay.taken
    assert taken.content == MAIL.content
    assert (taken.sender, taken.recipients) == ("support+b@example.com", ("bob@customer.example",))


def test_a_mail_that_starts_with_a_dot_keeps_it() -> None:
    mail = replace(MAIL, content=b".a: b\r\n\r\n..\r\n")
    with ScriptedRelay() as relay:
        assert isinstance(send_once(relay, mail=mail), Sent)
    assert relay.taken[0].content == mail.content


def test_the_null_sender_is_said_as_such() -> None:
    with ScriptedRelay() as relay:
        assert isinstance(send_once(relay, mail=replace(MAIL, envelope=Envelope("", "bob@x.example"))), Sent)
    assert relay.taken[0].sender == ""


@EXTENSIONS
def test_a_hundred_mails_go_over_one_connection(extensions: tuple[str, ...]) -> None:
    with ScriptedRelay(extensions=extensions) as relay:
        courier = relay_to(relay)
        assert all(isinstance(courier.send(MAIL, row), Sent) for row in range(100))
        courier.close()
    assert relay.connections == 1
    assert len(relay.taken) == 100
    assert relay.verbs[-1] == (1, "QUIT")


def test_a_relay_that_knows_no_ehlo_is_greeted_with_helo() -> None:
    with ScriptedRelay({"EHLO": [b"502 what\r\n"]}) as relay:
        assert isinstance(send_once(relay), Sent)


def test_answers_of_several_lines_are_read_to_their_end() -> None:
    with ScriptedRelay(
        {"MAIL": [b"250-one\r\n250-two\r\n250 three\r\n"], "DOT": [b"250-queued\r\n250 as 9\r\n"]}
    ) as relay:
        assert send_once(relay) == Sent("250 queued as 9")


# A relay that refuses


@EXTENSIONS
@pytest.mark.parametrize(
    ("verb", "words", "outcome"),
    [
        ("GREETING", b"554 5.7.1 go away\r\n", Deferred("554 5.7.1 go away", relay=True)),
        ("GREETING", b"421 busy\r\n", Deferred("421 busy", relay=True)),
        ("EHLO", b"450 not now\r\n", Deferred("450 not now", relay=True)),
        ("MAIL", b"451 4.3.0 later\r\n", Deferred("451 4.3.0 later")),
        ("MAIL", b"550 5.7.1 not you\r\n", Deferred("550 5.7.1 not you", relay=True)),
        ("MAIL", b"552 5.3.4 too big\r\n", Refused("552 5.3.4 too big")),
        ("RCPT", b"450 4.2.1 greylisted\r\n", Deferred("450 4.2.1 greylisted")),
        ("RCPT", b"550 5.1.1 no such user\r\n", Refused("550 5.1.1 no such user")),
        ("RCPT", b"530 5.7.0 log in first\r\n", Deferred("530 5.7.0 log in first", relay=True)),
        ("DATA", b"451 4.3.0 later\r\n", Deferred("451 4.3.0 later")),
        ("DATA", b"554 5.5.1 never\r\n", Refused("554 5.5.1 never")),
        ("DOT", b"452 4.3.1 disk full\r\n", Deferred("452 4.3.1 disk full")),
        ("DOT", b"554 5.7.1 spam\r\n", Refused("554 5.7.1 spam")),
        ("DOT", b"421 4.3.2 going down\r\n", Deferred("421 4.3.2 going down", relay=True)),
    ],
)
def test_each_refusal_has_its_meaning_and_the_next_mail_leaves(
    extensions: tuple[str, ...], verb: str, words: bytes, outcome: Outcome
) -> None:
    with ScriptedRelay({verb: [words]}, extensions) as relay:
        courier = relay_to(relay)
        assert courier.send(MAIL, 1) == outcome
        assert relay.taken == []
        assert isinstance(courier.send(MAIL, 2), Sent)
        courier.close()
    assert len(relay.taken) == 1


def test_a_refused_recipient_costs_no_connection() -> None:
    with ScriptedRelay({"RCPT": [b"550 no\r\n", b"451 later\r\n"]}, AHEAD) as relay:
        courier = relay_to(relay)
        assert [type(courier.send(MAIL, row)) for row in range(3)] == [Refused, Deferred, Sent]
        courier.close()
    assert relay.connections == 1


def test_a_relay_that_asks_for_a_text_without_recipients_gets_none() -> None:
    with ScriptedRelay(
        {"RCPT": [b"550 no\r\n"], "DATA": [b"354 and yet\r\n"], "DOT": [b"554 nobody\r\n"]}, AHEAD
    ) as relay:
        courier = relay_to(relay)
        assert courier.send(MAIL, 1) == Refused("550 no")
        assert isinstance(courier.send(MAIL, 2), Sent)
        courier.close()
    assert relay.connections == 1
    assert [taken.content for taken in relay.taken] == [MAIL.content]


def test_a_refusal_stands_though_the_relay_hangs_up_after_it() -> None:
    with ScriptedRelay({"RCPT": [Drop(b"550 5.1.1 no such user\r\n")]}, AHEAD) as relay:
        assert send_once(relay) == Refused("550 5.1.1 no such user")


def test_a_mail_too_big_for_the_relay_is_refused_before_it_is_offered() -> None:
    with ScriptedRelay(extensions=["SIZE 100"]) as relay:
        outcome = send_once(relay)
    assert outcome == Refused(f"the mail has {len(MAIL.content)} octets, the relay takes 100 at most")
    assert "MAIL" not in [verb for _, verb in relay.verbs]


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE many", "SIZE " + "9" * 5000])
def test_a_size_that_sets_no_limit_stops_nothing(size: str) -> None:
    with ScriptedRelay(extensions=[size]) as relay:
        assert isinstance(send_once(relay), Sent)


# A relay that breaks


@EXTENSIONS
@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "act",
    [
        Drop(),
        Drop(b"25"),
        Silence(),
        b"hello there\r\n",
        b"\x00\xff\r\n",
        Endless(b"250-more\r\n"),
        Endless(b"x" * 4096),
    ],
    ids=["drop", "half an answer", "silence", "garbage", "octets", "endless answer", "endless line"],
)
def test_a_relay_that_fails_before_the_text_only_defers_the_mail(
    extensions: tuple[str, ...], verb: str, act: Act
) -> None:
    with ScriptedRelay({verb: [act]}, extensions) as relay:
        outcome = send_once(relay, BRIEF)
        assert isinstance(outcome, Deferred)
        assert outcome.relay == (verb not in {"RCPT", "DATA"})
        assert len(outcome.answer) <= 500
        assert outcome.answer.isprintable()
    assert relay.taken == []


def test_a_connection_lost_amid_the_text_only_defers_the_mail() -> None:
    long = replace(MAIL, content=MAIL.content + b"one more line of a long mail\r\n" * 1_500_000)
    with ScriptedRelay({"CONTENT": [Drop()]}) as relay:
        outcome = send_once(relay, mail=long)
    assert isinstance(outcome, Deferred)
    assert not outcome.relay
    assert "the text of the mail" in outcome.answer


def test_a_relay_that_refuses_amid_the_text_and_hangs_up_is_heard() -> None:
    long = replace(MAIL, content=MAIL.content + b"one more line of a long mail\r\n" * 1_500_000)
    with ScriptedRelay({"CONTENT": [Drop(b"552 5.3.4 too big\r\n")]}) as relay:
        assert send_once(relay, mail=long) == Refused("552 5.3.4 too big")


def test_a_relay_that_says_more_than_it_was_asked_is_left() -> None:
    with ScriptedRelay({"DOT": [b"250 queued\r\n250 and more\r\n"]}) as relay:
        courier = relay_to(relay)
        assert [type(courier.send(MAIL, row)) for row in range(3)] == [Sent, Sent, Sent]
        courier.close()
    assert [taken.connection for taken in relay.taken] == [1, 2, 2]


@EXTENSIONS
@pytest.mark.parametrize(
    "act",
    [Drop(), Drop(b"250 o"), Silence(), b"what?\r\n", b"354 go on\r\n", Endless(b"250-more\r\n"), Endless(b"2" * 4096)],
    ids=["drop", "half an answer", "silence", "garbage", "wrong answer", "endless answer", "endless line"],
)
def test_a_relay_that_gives_no_verdict_on_the_mail_leaves_it_uncertain(extensions: tuple[str, ...], act: Act) -> None:
    with ScriptedRelay({"DOT": [act]}, extensions) as relay:
        courier = relay_to(relay, BRIEF)
        assert isinstance(courier.send(MAIL, 1), Uncertain)
        assert isinstance(courier.send(MAIL, 2), Sent | Uncertain | Deferred)
        courier.close()


def test_a_verdict_that_was_read_counts_though_the_relay_goes_away_after_it() -> None:
    with ScriptedRelay({"DOT": [Drop(b"250 queued\r\n")]}) as relay:
        assert send_once(relay) == Sent("250 queued")


@EXTENSIONS
@pytest.mark.parametrize("act", [Drop(), Drop(b"421 idle for too long\r\n")], ids=["closed", "421"])
def test_a_kept_connection_that_went_stale_is_opened_anew(extensions: tuple[str, ...], act: Act) -> None:
    with ScriptedRelay({"MAIL": [None, act]}, extensions) as relay:
        courier = relay_to(relay)
        assert [type(courier.send(MAIL, row)) for row in range(3)] == [Sent, Sent, Sent]
        courier.close()
    assert relay.connections == 2
    assert len(relay.taken) == 3


def test_a_kept_connection_is_not_used_after_a_long_rest() -> None:
    moments = iter([0.0, 30.0, 31.0, 100.0, 100.0])
    with ScriptedRelay() as relay:
        courier = Relay(relay.url, tls="none", timeouts=PATIENT, clock=lambda: next(moments))
        assert [type(courier.send(MAIL, row)) for row in range(3)] == [Sent, Sent, Sent]
        courier.close()
    assert [taken.connection for taken in relay.taken] == [1, 1, 2]
    assert (1, "QUIT") in relay.verbs


def test_a_relay_that_is_not_there_defers_the_mail() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    outcome = Relay(f"smtp://127.0.0.1:{port}", tls="none").send(MAIL, 1)
    assert outcome == Deferred("at connecting: Connection refused", relay=True)


def test_an_answer_is_told_on_one_short_clean_line() -> None:
    words = b"".join(b"550-\x1b[31mno\x07 \xc3\xa9 \xe2\x80\xae\xff" + b"y" * 300 + b"\r\n" for _ in range(20))
    with ScriptedRelay({"RCPT": [words + b"550 end\r\n"]}) as relay:
        outcome = send_once(relay)
    assert isinstance(outcome, Refused)
    assert len(outcome.answer) <= 500
    assert outcome.answer.startswith("550 [31mno é")
    assert outcome.answer.isprintable()


# What no courier says


@pytest.mark.parametrize(
    "mail",
    [
        replace(MAIL, envelope=Envelope("a@x.example", "b@x.example>\r\nRCPT TO:<victim@x.example")),
        replace(MAIL, envelope=Envelope("a@x.example\n", "b@x.example")),
        replace(MAIL, envelope=Envelope("a@x.example", "b@x.example> NOTIFY=NEVER")),
        replace(MAIL, envelope=Envelope("a@x.example", "")),
        replace(MAIL, envelope=Envelope("a@x.example", "jörg@x.example")),
        replace(MAIL, envelope=Envelope("a@x.example", "b" * 400 + "@x.example")),
        replace(MAIL, content=b"a: b\r\n\r\nx\n.\nMAIL FROM:<evil@x.example>\r\n"),
        replace(MAIL, content=b"a: b\r\n\r\nx\r.\rQUIT\r\n"),
        replace(MAIL, content=b"a: b\r\n\r\nno end"),
    ],
)
def test_a_mail_that_could_smuggle_another_is_refused_unsaid(mail: Outgoing, tmp_path: Path) -> None:
    with ScriptedRelay() as relay:
        assert isinstance(send_once(relay, mail=mail), Refused)
    assert relay.connections == 0
    assert isinstance(MaildirCourier(tmp_path / "sent").send(mail, 1), Refused)
    assert not (tmp_path / "sent").exists()


# Logins


@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN", "CRAM-MD5", "PLAIN LOGIN", "GSSAPI LOGIN"])
def test_a_user_logs_in_with_what_the_relay_offers(mechanisms: str) -> None:
    with ScriptedRelay(logins={"desk": "a:b c"}, mechanisms=mechanisms) as relay:
        courier = relay_to(relay, user="desk", password="a:b c")
        assert isinstance(courier.send(MAIL, 1), Sent)
        courier.close()


@pytest.mark.parametrize("password", ["sesame", "sésame"])
@pytest.mark.parametrize("mechanisms", ["PLAIN LOGIN", "CRAM-MD5", "GSSAPI"])
def test_a_wrong_password_fails_no_mail(password: str, mechanisms: str) -> None:
    with ScriptedRelay(logins={"desk": "right"}, mechanisms=mechanisms) as relay:
        courier = relay_to(relay, user="desk", password=password)
        outcome = courier.send(MAIL, 1)
        courier.close()
    assert isinstance(outcome, Deferred)
    assert outcome.relay
    assert password not in outcome.answer


@pytest.mark.parametrize(
    "act", [b"334 %%%\r\n", b"334 \xff\r\n", Drop(), Silence(), b"535 5.7.8 no\r\n", b"454 4.7.0 wait\r\n"]
)
def test_a_login_that_goes_wrong_fails_no_mail(act: Act) -> None:
    with ScriptedRelay({"AUTH": [act] * 3}, logins={"desk": "x"}, mechanisms="LOGIN") as relay:
        courier = relay_to(relay, BRIEF, user="desk", password="x")
        outcome = courier.send(MAIL, 1)
        courier.close()
    assert isinstance(outcome, Deferred)
    assert outcome.relay


def test_a_password_file_that_cannot_be_read_fails_no_mail() -> None:
    def password() -> str:
        raise FileNotFoundError(2, "No such file or directory", "var/password")

    with ScriptedRelay(logins={"desk": "x"}) as relay:
        courier = Relay(relay.url, "desk", password, "none", PATIENT)
        assert courier.send(MAIL, 1) == Deferred("at AUTH: No such file or directory", relay=True)
        courier.close()


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so no certificate can be made for this test")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def client_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@EXTENSIONS
def test_mail_goes_over_tls_from_the_first_octet(
    extensions: tuple[str, ...], server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    with ScriptedRelay(extensions=extensions, tls=server_tls, logins={"desk": "x"}) as relay:
        courier = relay_to(relay, user="desk", password="x", context=client_tls)
        assert [type(courier.send(MAIL, row)) for row in range(5)] == [Sent] * 5
        courier.close()
    assert relay.connections == 1
    assert relay.taken[4].content == MAIL.content


def test_mail_goes_over_starttls_and_what_was_said_before_is_forgotten(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    injected = b"220 go\r\n250-relay.example\r\n250 SIZE 1\r\n"
    with ScriptedRelay({"STARTTLS": [injected]}, starttls=server_tls, logins={"desk": "x"}) as relay:
        courier = relay_to(relay, tls="starttls", user="desk", password="x", context=client_tls)
        assert isinstance(courier.send(MAIL, 1), Sent)
        courier.close()
    assert [verb for _, verb in relay.verbs][:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


@pytest.mark.parametrize("act", [b"454 4.7.0 not now\r\n", b"501 never\r\n", b"huh\r\n", Drop()])
def test_mail_waits_where_starttls_fails(act: Act, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext) -> None:
    with ScriptedRelay({"STARTTLS": [act]}, starttls=server_tls) as relay:
        courier = relay_to(relay, tls="starttls", context=client_tls)
        outcome = courier.send(MAIL, 1)
        courier.close()
    assert isinstance(outcome, Deferred)
    assert outcome.relay
    assert relay.taken == []


def test_mail_waits_where_starttls_is_asked_for_and_not_offered() -> None:
    with ScriptedRelay(logins={"desk": "x"}) as relay:
        courier = relay_to(relay, tls="starttls", user="desk", password="x")
        outcome = courier.send(MAIL, 1)
        courier.close()
    assert isinstance(outcome, Deferred)
    assert outcome.relay
    assert "STARTTLS" in outcome.answer
    assert {verb for _, verb in relay.verbs} == {"EHLO"}


@pytest.mark.parametrize("implicit", [True, False])
def test_a_certificate_that_nobody_vouches_for_gets_no_mail(implicit: bool, server_tls: ssl.SSLContext) -> None:
    with ScriptedRelay(tls=server_tls if implicit else None, starttls=None if implicit else server_tls) as relay:
        courier = relay_to(relay, tls="starttls")
        outcome = courier.send(MAIL, 1)
        courier.close()
    assert isinstance(outcome, Deferred)
    assert outcome.relay
    assert "certificate" in outcome.answer
    assert "MAIL" not in [verb for _, verb in relay.verbs]


# A Maildir


def test_a_maildir_gets_the_mail_beneath_its_envelope(tmp_path: Path) -> None:
    courier = MaildirCourier(tmp_path / "sent")
    assert courier.send(MAIL, 17) == Sent("new/outbox-17.maild")
    top = b"Return-Path: <support+b@example.com>\r\nDelivered-To: bob@customer.example\r\n"
    assert (tmp_path / "sent/new/outbox-17.maild").read_bytes() == top + MAIL.content
    assert sorted(path.name for path in (tmp_path / "sent").iterdir()) == ["cur", "new", "tmp"]
    assert list((tmp_path / "sent/tmp").iterdir()) == []
    courier.close()


def test_a_second_delivery_of_a_row_replaces_the_first(tmp_path: Path) -> None:
    courier = MaildirCourier(tmp_path)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp/outbox-17.maild").write_bytes(b"what a crash left behind, longer than it should be" * 99)
    assert [type(courier.send(MAIL, row)) for row in (17, 17, 18)] == [Sent] * 3
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["outbox-17.maild", "outbox-18.maild"]
    assert (tmp_path / "new/outbox-17.maild").read_bytes().endswith(MAIL.content)


def test_a_maildir_that_cannot_be_written_defers_the_mail(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(b"a file, not a folder")
    outcome = MaildirCourier(tmp_path / "sent").send(MAIL, 1)
    assert isinstance(outcome, Deferred)
    assert outcome.relay


# Which courier


def test_the_url_tells_which_courier() -> None:
    couriers: list[Courier] = [
        courier_of("maildir:/tmp/sent"),
        courier_of("smtp://mail.example"),
        courier_of("smtps://[::1]:99"),
    ]
    assert [type(courier) for courier in couriers] == [MaildirCourier, Relay, Relay]


@pytest.mark.parametrize(
    "url", ["", "maildir:", "http://x.example", "smtp://", "smtp://u:p@x.example", "smtp://x:99999", "smtp:x"]
)
def test_a_url_that_names_no_relay_is_a_fault_in_plain_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"relay\.url"):
        courier_of(url)
