"""Mailboxes and relays that take tokens: a provider on loopback, a real Dovecot, a relay, and what goes wrong."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from maild.alarm import PATIENCE, Alarm
from maild.config import parse
from maild.courier import courier_of
from maild.courier.outcome import Deferred, Sent
from maild.daemon import Daemon
from maild.ingest.mailbox import Health, Mailbox
from maild.mail import Envelope, MessageId, Outgoing
from maild.oauth import Grant, TokenError, Tokens, replace_durably
from maild.store import outbox
from maild.store.engine import Store
from tests.wire.clients import new_mail
from tests.wire.imap_server import DOVECOT, dovecot_server
from tests.wire.provider import Provider
from tests.wire.relay import ScriptedRelay
from tests.wire.running import OPS, SUPPORT, Sink, configuration, running, until
from tests.wire.test_imap import Inbox, Liar, mailbox_at, serving

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
MAIL = Outgoing(MessageId("m@desk.example"), Envelope(SUPPORT, LUC_AT), b"Subject: Hello\r\n\r\nWords.\r\n")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider("support") as one:
        yield one


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "refresh.token"
    path.write_text("refresh-1\n")
    path.chmod(0o600)
    return path


def grant_at(provider: Provider, file: Path | None) -> Grant:
    return Grant(provider.url, "client-1", lambda: "client secret", file, "mail")


# --- asking for a token ---


def test_a_token_is_asked_anew_each_time_with_all_that_the_provider_wants(provider: Provider, file: Path) -> None:
    tokens = Tokens(grant_at(provider, file))
    assert [tokens(), tokens()] == ["access-1", "access-2"]
    assert provider.asked[0] == {
        "grant_type": "refresh_token",
        "client_id": "client-1",
        "client_secret": "client secret",
        "scope": "mail",
        "refresh_token": "refresh-1",
    }
    assert file.read_text() == "refresh-1\n"


def test_an_application_of_its_own_asks_without_a_refresh_token(provider: Provider) -> None:
    assert Tokens(grant_at(provider, None))() == "access-1"
    assert provider.asked[0]["grant_type"] == "client_credentials"
    assert "refresh_token" not in provider.asked[0]


def test_a_refresh_token_that_changes_is_kept_in_its_file_for_its_owner_alone(provider: Provider, file: Path) -> None:
    provider.moves = True
    file.chmod(0o640)
    tokens = Tokens(grant_at(provider, file))
    assert [tokens(), tokens(), tokens()] == ["access-1", "access-2", "access-3"]
    assert file.read_text().strip() == provider.refresh
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert Tokens(grant_at(provider, file))() == "access-4", "as after a start"


def test_those_who_share_a_refresh_token_do_not_void_each_others(provider: Provider, file: Path) -> None:
    provider.moves = True
    workers = [Tokens(grant_at(provider, file)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda number: workers[number % 4](), range(40)))
    assert len(set(got)) == 40
    assert file.read_text().strip() == provider.refresh


def test_a_refresh_token_that_cannot_be_written_serves_as_long_as_maild_runs(
    provider: Provider, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    provider.moves = True
    tokens = Tokens(grant_at(provider, file))
    (file.parent / f".{file.name}.new").mkdir()
    assert [tokens(), tokens()] == ["access-1", "access-2"]
    assert "lost when maild stops" in caplog.text
    assert "refresh-" not in caplog.text


def test_a_crash_amid_the_writing_leaves_the_old_token_or_the_new_one(file: Path) -> None:
    (file.parent / f".{file.name}.new").write_text("half")
    replace_durably(file, "refresh-2")
    assert file.read_text() == "refresh-2\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, b'{"error": "invalid_grant", "error_description": "Revoked."}'), "the consent is gone or too old"),
        ((401, b'{"error": "invalid_client"}'), "check client_id and the client secret"),
        ((500, b"<html>oops</html>"), "refuses a token (500)"),
        ((302, b""), "refuses a token (302)"),
        ((200, b"<html>welcome to our Wi-Fi</html>"), "did not answer in JSON"),
        ((200, b'["access_token"]'), "did not answer in JSON"),
        ((200, b'{"expires_in": 3599}'), "without an access token"),
        ((200, b'{"access_token": "a\\u0001b"}'), "without an access token"),
        ((200, b"[" * 60_000), "did not answer in JSON"),
    ],
)
def test_why_there_is_no_token_is_said_in_plain_words_and_without_a_secret(
    provider: Provider, file: Path, answer: tuple[int, bytes], words: str
) -> None:
    elsewhere = {"Location": provider.judge} if answer[0] == 302 else {}
    provider.answer = (*answer, elsewhere)
    with pytest.raises(TokenError, match=r"^[ -~]+$") as fault:
        Tokens(grant_at(provider, file))()
    assert words in str(fault.value)
    assert "client secret " not in str(fault.value).replace("the client secret", "")
    assert "refresh-1" not in str(fault.value)
    assert len(provider.asked) == 1, "nobody is followed elsewhere"


def test_what_is_missing_on_our_side_is_said_too(provider: Provider, file: Path) -> None:
    file.write_text("\n")
    with pytest.raises(TokenError, match="is empty"):
        Tokens(grant_at(provider, file))()
    file.unlink()
    with pytest.raises(TokenError, match="cannot be read"):
        Tokens(grant_at(provider, file))()
    with pytest.raises(TokenError, match="cannot be asked"):
        Tokens(Grant("http://127.0.0.1:1/token", "client-1"))()


# --- a mailbox ---


@needs_dovecot
def test_a_mailbox_is_read_with_a_fresh_token_at_each_login(provider: Provider, file: Path) -> None:
    provider.moves = True
    with dovecot_server({"support": "secret"}, judge=provider.judge) as server:
        server.append("support", new_mail(LUC, "One", "1", to=SUPPORT))
        mailbox = mailbox_at(server, password=lambda: pytest.fail("asked"), token=Tokens(grant_at(provider, file)))
        inbox = Inbox()
        with serving(mailbox, inbox) as watch:
            assert inbox.has(1)
            server.cut()
            watch.until_next()
            server.append("support", new_mail(LUC, "Two", "2", to=SUPPORT))
            assert inbox.has(2)
    assert len(provider.asked) >= 2
    assert file.read_text().strip() == provider.refresh


@needs_dovecot
def test_a_consent_that_is_gone_is_told_and_a_new_one_counts_at_once(provider: Provider, file: Path) -> None:
    with dovecot_server({"support": "secret"}, judge=provider.judge) as server:
        file.write_text("an old one")
        mailbox = mailbox_at(server, token=Tokens(grant_at(provider, file)))
        with serving(mailbox, Inbox()) as watch:
            told = watch.until(lambda health: bool(health.reason)).reason
            assert "no token for support" in told
            assert "Token has been expired or revoked" in told
            assert "an old one" not in told
            replace_durably(file, "refresh-1")
            watch.until(lambda health: health.connected)


class Refusing(Liar):
    """An IMAP server that takes no token, and says why before it says no, as Google's does."""

    def __init__(self) -> None:
        super().__init__({})
        self.heard: list[bytes] = []

    def _talk(self, talk: BinaryIO) -> None:
        def say(words: bytes) -> None:
            talk.write(words + b"\r\n")
            talk.flush()

        say(b"* OK hello")
        tag = b""
        while line := talk.readline():
            self.heard.append(line)
            match line.split():
                case [first, b"CAPABILITY"]:
                    say(b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n" + first + b" OK done")
                case [first, b"AUTHENTICATE", b"XOAUTH2"]:
                    tag = first
                    say(b"+ ")
                case []:
                    say(tag + b" NO [AUTHENTICATIONFAILED] Invalid credentials")
                case [_]:
                    say(b"+ eyJzdGF0dXMiOiI0MDAifQ==")
                case _:
                    return


def test_a_server_that_refuses_a_token_is_answered_as_it_wants_and_told(provider: Provider, file: Path) -> None:
    with Refusing() as server:
        mailbox = Mailbox(
            "support",
            server.host,
            server.port,
            "none",
            "support",
            str,
            token=Tokens(grant_at(provider, file)),
            reconnect_first=0.05,
        )
        with serving(mailbox, Inbox()) as watch:
            told = watch.until(lambda health: bool(health.reason)).reason
    assert "refuses the token of support" in told
    assert "Invalid credentials" in told
    assert b"\r\n" in server.heard, "the reason for the refusal is answered with an empty line"


# --- the relay ---


def test_a_relay_is_given_a_fresh_token(provider: Provider, file: Path) -> None:
    with ScriptedRelay(logins=provider.good, mechanisms="PLAIN XOAUTH2") as relay:
        courier = courier_of(relay.url, "support", None, "none", token=Tokens(grant_at(provider, file)))
        assert isinstance(courier.send(MAIL, 1), Sent)
        courier.close()
        assert isinstance(courier.send(MAIL, 2), Sent)
        courier.close()
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-1"] * 2


def test_a_token_that_fails_at_the_relay_blames_no_mail(provider: Provider, file: Path) -> None:
    with ScriptedRelay(logins={"support": "another"}, mechanisms="XOAUTH2") as relay:
        courier = courier_of(relay.url, "support", None, "none", token=Tokens(grant_at(provider, file)))
        refused = courier.send(MAIL, 1)
        assert isinstance(refused, Deferred)
        assert refused.relay
        assert "535" in refused.answer
        file.write_text("an old one")
        missing = courier.send(MAIL, 1)
        assert isinstance(missing, Deferred)
        assert missing.relay
        assert "no token for support" in missing.answer
        courier.close()


# --- who is told ---


def test_a_mailbox_that_fails_for_five_minutes_is_told_once_and_so_is_its_end() -> None:
    alarm = Alarm()
    failing = Health("support", failing_since=NOON, reason="no token for support: invalid_grant")
    well = Health("support", connected=True)
    assert alarm.look([failing], NOON + timedelta(minutes=4)) == ()
    assert alarm.look([failing], NOON + PATIENCE) == (
        "Mailbox support is not read since 21 November 12:00 UTC: no token for support: invalid_grant",
    )
    assert alarm.look([failing], NOON + timedelta(hours=9)) == ()
    assert alarm.look([well], NOON + timedelta(hours=10)) == ("Mailbox support is read again.",)
    assert alarm.look([well], NOON + timedelta(hours=11)) == ()


def test_the_daemon_mails_its_admins_of_a_mailbox_that_fails(tmp_path: Path) -> None:
    config = parse(configuration(tmp_path, f"maildir:{tmp_path}/sent"), None)
    store = Store(config.store.url)
    try:
        store.create()
        daemon = Daemon(config, store)
        since = datetime.now(UTC) - timedelta(minutes=6)
        daemon.health["support"] = Health("support", failing_since=since, reason="no token for support: invalid_grant")
        daemon._look_at_mailboxes()
        daemon._look_at_mailboxes()
        with store.read() as tx:
            told = [(one.recipient, one.notice) for one in outbox.listing(tx)]
        assert told == [(OPS, "warning")]
        assert "invalid_grant" in str(daemon.status()["words"])
    finally:
        store.close()


@needs_dovecot
def test_a_desk_reads_a_mailbox_by_tokens_and_status_tells_when_it_cannot(
    tmp_path: Path, provider: Provider, file: Path
) -> None:
    with dovecot_server({"support": "secret"}, judge=provider.judge) as imap, Sink() as sink:
        tables = f"""
[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {imap.port}
tls = "none"
user = "support"
address = "{SUPPORT}"
[mailbox.oauth2]
token_url = "{provider.url}"
client_id = "client-1"
refresh_token_file = "{file}"
"""
        with running(tmp_path, configuration(tmp_path, sink.url, tables=tables)) as desk:
            imap.append("support", new_mail(LUC, "By token", "Hello.", to=SUPPORT))
            sink.waits_for(LUC_AT, "received")
            file.write_text("revoked")
            imap.cut()
            # for a moment it is the broken connection that is told
            until(lambda: "no token for support" in (status := desk.does("status")).stdout and status.returncode)
            file.write_text("refresh-1")
            until(lambda: desk.does("status").returncode == 0)
            assert "refresh-1" not in desk.log
            assert "access-" not in desk.log
        assert sink.to(OPS, "warning") == [], "it was over within five minutes"
