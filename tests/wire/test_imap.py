"""Stories of the IMAP door, told against pymap, and against Dovecot where it is installed."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from maild.ingest import imap, imap_session
from maild.ingest.imap import run
from maild.ingest.mailbox import Health, Mailbox, portions, return_path, spans
from maild.mail import Arrival
from tests.wire.imap_server import (
    DOVECOT,
    DovecotServer,
    PymapServer,
    dovecot_server,
    make_certificate,
    pymap_server,
)

USERS = {"support": "secret", "sales": "silver"}
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATIENCE = 20.0

needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
AnyServer = PymapServer | DovecotServer


def letter(words: str, *, size: int = 0) -> bytes:
    head = f"Return-Path: <ann@example.org>\r\nFrom: ann@example.org\r\nSubject: {words}\r\n\r\n{words}\r\n"
    return head.encode() + b"x" * size


class Inbox:
    """An inbox in memory that can be told to fail, and to call somebody just before it answers."""

    def __init__(self) -> None:
        self.mails: dict[str, Arrival] = {}
        self.order: list[Arrival] = []
        self.refuses: Callable[[Sequence[Arrival]], bool] = lambda _arrivals: False
        self.before_keep: Callable[[], object] = lambda: None
        self.before_kept: Callable[[], object] = lambda: None
        self.after_commit: Callable[[], object] = lambda: None
        self.changed = threading.Condition()

    def kept(self, sources: Sequence[str]) -> set[str]:
        self.before_kept()
        return {source for source in sources if source in self.mails}

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        self.before_keep()
        if self.refuses(arrivals):
            raise OSError("no space left on device")
        with self.changed:
            for arrival in arrivals:
                assert arrival.source not in self.mails, "a mail was kept twice"
                self.mails[arrival.source] = arrival
                self.order.append(arrival)
            self.changed.notify_all()
        self.after_commit()

    def has(self, count: int, within: float = PATIENCE) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: len(self.mails) >= count, within)

    @property
    def raws(self) -> list[bytes]:
        return [arrival.raw for arrival in self.order]


class Watch:
    """Hears every Health of a worker, and can wait for one."""

    def __init__(self) -> None:
        self.heard: list[Health] = []
        self.changed = threading.Condition()

    def __call__(self, health: Health) -> None:
        with self.changed:
            self.heard.append(health)
            self.changed.notify_all()

    def until(self, wanted: Callable[[Health], bool], *, after: int = 0) -> Health:
        """The first Health like that, of those heard after so many others."""
        with self.changed:
            found = self.changed.wait_for(lambda: any(map(wanted, self.heard[after:])), PATIENCE)
            assert found, f"never told; the last was {self.heard[-1:]}"
            return next(health for health in self.heard[after:] if wanted(health))

    def until_next(self, wanted: Callable[[Health], bool] = lambda health: health.connected) -> Health:
        return self.until(wanted, after=len(self.heard))


@contextmanager
def serving(mailbox: Mailbox, inbox: Inbox, now: Callable[[], datetime] = lambda: NOON) -> Iterator[Watch]:
    """A worker in its thread; it must end as soon as it is told to."""
    watch, stop = Watch(), threading.Event()
    thread = threading.Thread(target=run, args=(mailbox, inbox, now, stop, watch), name=mailbox.name)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the worker does not stop"


def mailbox_at(server: AnyServer, **changes: Any) -> Mailbox:
    usual: dict[str, Any] = {
        "name": "support",
        "host": server.host,
        "port": server.port,
        "tls": "none",
        "user": "support",
        "password": lambda: "secret",
        "after": "move:Filed",
        "address": "support@example.com",
        "reconnect_first": 0.05,
        "reconnect_most": 0.2,
        "read": 10.0,
    }
    return Mailbox(**(usual | changes))


@pytest.fixture(params=["pymap", pytest.param("dovecot", marks=needs_dovecot)])
def server(request: pytest.FixtureRequest) -> Iterator[AnyServer]:
    with (pymap_server if request.param == "pymap" else dovecot_server)(USERS) as running:
        yield running


@pytest.fixture
def pymap() -> Iterator[PymapServer]:
    with pymap_server(USERS) as running:
        yield running


def test_a_new_mail_is_told_by_idle_and_kept(server: AnyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "FIRST_WAIT", 600.0)  # so that nothing but IDLE can tell of it
    inbox = Inbox()
    with serving(mailbox_at(server, idle=600.0), inbox) as watch:
        watch.until(lambda health: health.connected)
        # The first mail may come before the server hears IDLE; a later one cannot.
        for count in range(1, 6):
            server.append("support", letter(f"printer {count}"))
            if inbox.has(count, within=2.0):
                break
        assert inbox.raws == [letter(f"printer {one}") for one in range(1, count + 1)]
        health = watch.until(lambda health: health.last_mail is not None)
    assert (health.connected, health.reason, health.failing_since) == (True, "", None)


def test_a_mail_carries_its_envelope_and_its_source(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    now = datetime.now(UTC) + timedelta(hours=1)
    with serving(mailbox_at(server), inbox, lambda: now):
        assert inbox.has(1)
    (mail,) = inbox.order
    assert mail.source.startswith("imap:support:")
    assert (mail.sender, mail.recipients, mail.mailbox) == ("ann@example.org", ("support@example.com",), "support")
    assert now - timedelta(hours=2) < mail.received_at < now
    assert mail.received_at.tzinfo is UTC


def test_a_mail_is_moved_only_after_it_is_kept(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    places: list[tuple[int, int]] = []
    inbox.before_keep = lambda: places.append((len(server.folder("support")), len(server.folder("support", "Filed"))))
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        assert places == [(1, 0)]
        assert server.folder("support") == []
        assert server.folder("support", "Filed") == [letter("printer")]
        assert server.seen("support", "Filed") == [False]


def test_a_mail_that_cannot_be_kept_stays_and_is_tried_again(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    inbox.refuses = lambda _arrivals: True
    with serving(mailbox_at(server), inbox) as watch:
        failing = watch.until(lambda health: "could not be kept" in health.reason)
        assert failing.failing_since == NOON
        assert server.folder("support") == [letter("printer")]
        inbox.refuses = lambda _arrivals: False
        watch.until(lambda health: health.last_mail is not None and not health.reason)
        assert server.folder("support") == []


def test_one_mail_that_cannot_be_kept_does_not_hold_up_the_others(server: AnyServer) -> None:
    for words in ("one", "poison", "three"):
        server.append("support", letter(words))
    inbox = Inbox()
    inbox.refuses = lambda arrivals: any(b"poison" in arrival.raw for arrival in arrivals)
    with serving(mailbox_at(server), inbox) as watch:
        health = watch.until(lambda health: bool(health.left))
        assert "could not be kept" in health.left[0]
        assert server.folder("support") == [letter("poison")]
    assert inbox.raws == [letter("one"), letter("three")]


def test_a_crash_between_the_commit_and_the_move_doubles_nothing(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    stop = threading.Event()

    def crash() -> None:
        stop.set()
        raise RuntimeError("the power is gone")

    inbox.after_commit = crash
    run(mailbox_at(server), inbox, lambda: NOON, stop, Watch())
    assert server.folder("support") == [letter("printer")]
    inbox.after_commit = lambda: None
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.connected)
        assert server.folder("support") == []
        assert server.folder("support", "Filed") == [letter("printer")]
    assert len(inbox.order) == 1


def test_after_a_crash_a_kept_mail_is_still_marked_as_seen(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    with serving(mailbox_at(server, after="keep"), inbox):
        assert inbox.has(1)
    with serving(mailbox_at(server, after="seen"), inbox) as watch:
        watch.until(lambda health: health.connected)
        assert server.seen("support") == [True]
    assert len(inbox.order) == 1


def test_a_new_uidvalidity_fetches_everything_again(server: AnyServer) -> None:
    server.append("support", letter("printer"))
    inbox = Inbox()
    with serving(mailbox_at(server, after="keep"), inbox):
        assert inbox.has(1)
        server.renumber("support")
        server.cut()
        assert inbox.has(2)
    first, second = (arrival.source.split(":") for arrival in inbox.order)
    assert first[2] != second[2]
    assert inbox.raws == [letter("printer")] * 2


def test_a_server_that_dies_while_we_idle_is_found_again(server: AnyServer, caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox()
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.connected)
        server.cut()
        watch.until(lambda health: not health.connected)
        server.append("support", letter("printer"))
        assert inbox.has(1)
        assert watch.until_next().failing_since is None


def test_seen_mode_marks_and_forgets_no_mail_that_somebody_has_read(server: AnyServer) -> None:
    for words in ("one", "two"):
        server.append("support", letter(words))
    with server.client("support") as person:
        person.uid("STORE", str(server.uids("support")[0]), "+FLAGS", r"(\Seen)")
    inbox = Inbox()
    with serving(mailbox_at(server, after="seen"), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        assert server.seen("support") == [True, True]
    assert inbox.raws == [letter("one"), letter("two")]


def test_a_mark_that_a_person_takes_away_is_left_alone(server: AnyServer) -> None:
    server.append("support", letter("one"))
    inbox = Inbox()
    with serving(mailbox_at(server, after="seen"), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        with server.client("support") as person:
            person.uid("STORE", str(server.uids("support")[0]), "-FLAGS", r"(\Seen)")
        server.cut()
        watch.until(lambda health: not health.connected)
        watch.until_next()
        assert server.seen("support") == [False]


def test_keep_mode_changes_nothing_and_remembers_across_starts(server: AnyServer) -> None:
    server.append("support", letter("one"))
    inbox = Inbox()
    with serving(mailbox_at(server, after="keep"), inbox):
        assert inbox.has(1)
    server.append("support", letter("two"))
    with serving(mailbox_at(server, after="keep"), inbox) as watch:
        assert inbox.has(2)
        watch.until(lambda health: health.last_mail is not None)
        server.append("support", letter("three"))
        assert inbox.has(3)
    assert inbox.raws == server.folder("support") == [letter("one"), letter("two"), letter("three")]
    assert server.seen("support") == [False] * 3


def test_a_mail_over_the_limit_stays_is_told_and_does_not_hold_up_the_others(
    server: AnyServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.append("support", letter("big", size=5000))
    server.append("support", letter("small"))
    inbox = Inbox()
    with serving(mailbox_at(server, size=2000), inbox) as watch:
        health = watch.until(lambda health: health.last_mail is not None)
        server.cut()
        watch.until(lambda health: not health.connected)
        assert watch.until_next().left == health.left
    assert inbox.raws == [letter("small")]
    assert server.folder("support") == [letter("big", size=5000)]
    assert "the limit is 2000" in health.left[0]
    assert caplog.text.count("the limit is 2000") == 1


def test_a_large_mail_within_the_limit_comes_whole(server: AnyServer) -> None:
    raw = letter("photo", size=6_000_000)
    server.append("support", raw)
    inbox = Inbox()
    with serving(mailbox_at(server), inbox):
        assert inbox.has(1)
    assert inbox.raws == [raw]


def test_a_mail_that_vanishes_while_we_look_is_no_trouble(server: AnyServer) -> None:
    for words in ("one", "two", "three"):
        server.append("support", letter(words))
    second = server.uids("support")[1]
    inbox = Inbox()

    def vanish() -> None:
        inbox.before_kept = lambda: None
        server.remove("support", second)

    inbox.before_kept = vanish
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        assert all(health.connected for health in watch.heard)
        server.append("support", letter("four"))
        assert inbox.has(3)
    assert inbox.raws == [letter("one"), letter("three"), letter("four")]


def test_a_backlog_is_taken_in_order_and_in_portions(server: AnyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_session, "WINDOW", 40)
    monkeypatch.setattr(imap, "CHUNK", 30)
    mails = [letter(f"mail {number}") for number in range(90)]
    with server.client("support") as person:
        for mail in mails:
            person.append("INBOX", "", "", mail)
    inbox = Inbox()
    with serving(mailbox_at(server), inbox) as watch:
        assert inbox.has(90)
        watch.until_next()
        assert server.folder("support") == []
    assert inbox.raws == mails


def test_a_refused_login_is_told_and_tried_again_with_the_password_of_that_hour(server: AnyServer) -> None:
    passwords = iter(["old", "old", "secret"])
    server.append("support", letter("printer"))
    inbox = Inbox()
    with serving(mailbox_at(server, password=lambda: next(passwords)), inbox) as watch:
        failing = watch.until(lambda health: not health.connected)
        assert "refuses the login of support" in failing.reason
        assert "old" not in failing.reason
        assert inbox.has(1)
        assert watch.until(lambda health: health.connected).reason == ""


def test_a_password_that_cannot_be_read_is_told(pymap: PymapServer, tmp_path: Path) -> None:
    with serving(mailbox_at(pymap, password=(tmp_path / "nothing").read_text), Inbox()) as watch:
        reason = watch.until(lambda health: not health.connected).reason
    assert "the password of support could not be read" in reason


@pytest.mark.parametrize("password", ["pässwörd", 'with "quotes" and \\'])
@pytest.mark.parametrize("run_server", [pymap_server, pytest.param(dovecot_server, marks=needs_dovecot)])
def test_any_password_can_log_in(run_server: Callable[..., Any], password: str) -> None:
    with (
        run_server({"support": password}) as server,
        serving(mailbox_at(server, password=lambda: password), Inbox()) as watch,
    ):
        watch.until(lambda health: health.connected)


def test_a_mailbox_that_fails_leaves_the_others_alone(server: AnyServer) -> None:
    server.append("sales", letter("order"))
    inbox = Inbox()
    with (
        serving(mailbox_at(server, password=lambda: "wrong"), Inbox()) as failing,
        serving(mailbox_at(server, name="sales", user="sales", password=lambda: "silver"), inbox) as well,
    ):
        failing.until(lambda health: not health.connected)
        assert inbox.has(1)
        assert well.until(lambda health: health.last_mail is not None).mailbox == "sales"


def test_a_server_without_move_copies_and_takes_away_exactly_those(pymap: PymapServer) -> None:
    pymap.lacks(b"MOVE")
    pymap.append("support", letter("big", size=5000))
    with pymap.client("support") as person:
        person.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
    pymap.append("support", letter("printer"))
    inbox = Inbox()
    with serving(mailbox_at(pymap, size=2000), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
    assert pymap.folder("support") == [letter("big", size=5000)]
    assert pymap.folder("support", "Filed") == [letter("printer")]


def test_a_server_that_can_only_copy_copies_once(pymap: PymapServer) -> None:
    pymap.lacks(b"MOVE", b"UIDPLUS")
    pymap.append("support", letter("printer"))
    inbox = Inbox()
    with serving(mailbox_at(pymap), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        pymap.cut()
        watch.until(lambda health: not health.connected)
        watch.until_next()
    assert pymap.folder("support") == [letter("printer")]
    assert pymap.folder("support", "Filed") == [letter("printer")]
    assert len(inbox.order) == 1


def test_a_server_without_idle_is_asked_from_time_to_time(pymap: PymapServer) -> None:
    pymap.lacks(b"IDLE")
    inbox = Inbox()
    with serving(mailbox_at(pymap, idle=0.1), inbox) as watch:
        watch.until(lambda health: health.connected)
        pymap.append("support", letter("printer"))
        assert inbox.has(1)


def test_a_folder_that_vanished_is_made_again_and_the_kept_mail_moved(server: AnyServer) -> None:
    inbox = Inbox()
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.connected)

        def unmake() -> None:
            with server.client("support") as person:
                person.delete("Filed")

        inbox.before_keep = unmake
        server.append("support", letter("printer"))
        trouble = watch.until(lambda health: "does not let us do move:Filed" in health.reason)
        assert trouble.connected
        watch.until(lambda health: health.last_mail is not None and not health.reason)
        assert server.folder("support", "Filed") == [letter("printer")]
    assert len(inbox.order) == 1


def test_every_quarter_of_an_hour_the_whole_folder_is_compared(server: AnyServer) -> None:
    server.append("support", letter("one"))
    inbox = Inbox()
    clock = [NOON]
    with serving(mailbox_at(server, after="keep", idle=0.25), inbox, lambda: clock[0]) as watch:
        assert inbox.has(1)
        inbox.mails.clear()
        watch.until_next()
        assert not inbox.mails
        clock[0] = NOON + timedelta(minutes=15)
        assert inbox.has(1)


def test_a_certificate_that_nobody_trusts_is_refused_and_one_that_is_trusted_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    with pymap_server(USERS, certificate=certificate) as server:
        asked: list[str] = []

        def password() -> str:
            asked.append("asked")
            return "secret"

        mailbox = mailbox_at(server, host="localhost", tls="implicit", password=password)
        inbox = Inbox()
        with serving(mailbox, inbox) as watch:
            assert "is not trusted" in watch.until(lambda health: not health.connected).reason
            assert not asked
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            watch.until(lambda health: health.connected)


@needs_dovecot
def test_starttls_is_spoken_where_it_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with dovecot_server(USERS, certificate=certificate) as server:
        server.append("support", letter("printer"))
        inbox = Inbox()
        with serving(mailbox_at(server, host="localhost", tls="starttls"), inbox) as watch:
            assert inbox.has(1)
            watch.until(lambda health: health.last_mail is not None)
            server.append("support", letter("again"))
            assert inbox.has(2)


def test_where_starttls_is_not_offered_no_password_is_sent(pymap: PymapServer) -> None:
    with serving(mailbox_at(pymap, tls="starttls", password=lambda: pytest.fail("asked")), Inbox()) as watch:
        assert "STARTTLS" in watch.until(lambda health: not health.connected).reason


def test_a_long_wait_ends_as_soon_as_we_stop(pymap: PymapServer) -> None:
    with serving(mailbox_at(pymap, password=lambda: "wrong", reconnect_first=600.0), Inbox()) as watch:
        watch.until(lambda health: not health.connected)
    with serving(mailbox_at(pymap, idle=600.0), Inbox()) as watch:
        watch.until(lambda health: health.connected)


def test_nobody_at_home_is_told_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pymap_server({}) as server, serving(replace(mailbox_at(server), port=port), Inbox()) as watch:
        assert watch.until(lambda health: not health.connected).reason == f"nobody listens at 127.0.0.1:{port}"


def test_no_log_at_any_level_shows_the_words_of_a_mail(server: AnyServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.append("support", letter("confidential"))
    inbox = Inbox()
    with serving(mailbox_at(server), inbox) as watch:
        watch.until(lambda health: health.last_mail is not None)
        server.cut()
        watch.until(lambda health: not health.connected)
    ours = [record for record in caplog.records if record.name.startswith(("maild", "imapclient"))]
    assert ours
    assert not any("confidential" in record.getMessage() or "secret" in record.getMessage() for record in ours)


class Liar:
    """A server of a few lines that says what no honest one would."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.port = self.listener.getsockname()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _serve(self) -> None:
        while True:
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            with wire, wire.makefile("rwb") as talk:
                try:
                    self._talk(talk)
                except OSError:
                    continue

    def _talk(self, talk: Any) -> None:
        talk.write(b"* OK hello\r\n")
        talk.flush()
        while line := talk.readline().decode():
            tag, _, command = line.strip().partition(" ")
            for start, answer in self.answers.items():
                if command.startswith(start):
                    talk.write(answer.replace(b"TAG", tag.encode()))
                    break
            else:
                talk.write(f"{tag} OK done\r\n".encode())
            talk.flush()


SCRIPT = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE MOVE\r\nTAG OK done\r\n",
    "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 6] x\r\nTAG OK done\r\n",
    "UID SEARCH": b"* SEARCH 5\r\nTAG OK done\r\n",
    "UID FETCH 5 (RFC822.SIZE)": b"* 1 FETCH (UID 5 RFC822.SIZE 10)\r\nTAG OK done\r\n",
}


@pytest.mark.parametrize(
    "lie",
    [
        b"* 1 FETCH (UID 5 BODY[] {9999999999}\r\nxxx",
        b"* 1 FETCH (UID 5 BODY[] " + b"x" * 2_000_000 + b")\r\nTAG OK done\r\n",
        b"* 1 FETCH (UID 5 BODY[] (((((\r\nTAG OK done\r\n",
        b"* BYE going\r\n",
        b"\x00\xff\r\n",
        b'* 1 FETCH (UID 5 INTERNALDATE "99-Foo-0000 77:00:00 +9999" BODY[] {2}\r\nhi)\r\nTAG OK done\r\n',
    ],
)
def test_a_server_that_lies_costs_little_and_does_not_end_the_worker(lie: bytes) -> None:
    inbox = Inbox()
    with Liar({**SCRIPT, "UID FETCH 5 (BODY": lie}) as server:
        mailbox = Mailbox(
            "liar", server.host, server.port, "none", "u", lambda: "p", reconnect_first=0.01, reconnect_most=0.05
        )
        with serving(mailbox, inbox) as watch:
            watch.until(lambda health: bool(health.reason) or bool(health.left) or health.last_mail is not None)
            honest = dict(server.answers)
            honest["UID FETCH 5 (BODY"] = b"* 1 FETCH (UID 5 BODY[] {2}\r\nhi)\r\nTAG OK done\r\n"
            honest["UID FETCH"] = b"TAG OK done\r\n"
            server.answers = honest
            watch.until_next(lambda health: bool(health.reason) or health.connected)
    assert len(inbox.order) <= 1


def test_a_server_that_goes_instead_of_waiting_is_told_in_its_words() -> None:
    nothing = {"UID SEARCH": b"* SEARCH\r\nTAG OK done\r\n", "IDLE": b"* BYE back in an hour\r\nTAG OK done\r\n"}
    with Liar(SCRIPT | nothing) as server:
        mailbox = Mailbox("liar", server.host, server.port, "none", "u", lambda: "p")
        with serving(mailbox, Inbox()) as watch:
            reason = watch.until(lambda health: bool(health.reason)).reason
    assert reason == f"{server.host}:{server.port} closed the connection: back in an hour"


def test_a_mail_that_always_breaks_the_connection_is_stepped_over(caplog: pytest.LogCaptureFixture) -> None:
    good = b"* 2 FETCH (UID 6 BODY[] {2}\r\nhi)\r\nTAG OK done\r\n"
    sizes = b"* 1 FETCH (UID 5 RFC822.SIZE 10)\r\n* 2 FETCH (UID 6 RFC822.SIZE 2)\r\nTAG OK done\r\n"
    script = SCRIPT | {
        "UID SEARCH": b"* SEARCH 5 6\r\nTAG OK done\r\n",
        "UID FETCH 5,6 (RFC822.SIZE)": sizes,
        "UID FETCH 6 (RFC822.SIZE)": b"* 2 FETCH (UID 6 RFC822.SIZE 2)\r\nTAG OK done\r\n",
        "UID FETCH 5,6 (BODY": b"* BYE\r\n",
        "UID FETCH 5 (BODY": b"* BYE\r\n",
        "UID FETCH 6 (BODY": good,
    }
    inbox = Inbox()
    with Liar(script) as server:
        mailbox = Mailbox(
            "liar", server.host, server.port, "none", "u", lambda: "p", reconnect_first=0.01, reconnect_most=0.05
        )
        with serving(mailbox, inbox) as watch:
            health = watch.until(lambda health: bool(health.left))
    assert inbox.raws == [b"hi"]
    assert "the connection broke 3 times" in health.left[0]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"tls": "maybe"}, "write implicit, starttls or none"),
        ({"tls": "none", "host": "imap.example.com"}, "for this machine only"),
        ({"after": "burn"}, "write move:FOLDER, seen or keep"),
        ({"after": "move:"}, "write move:FOLDER, seen or keep"),
        ({"after": "move:INBOX", "folder": "inbox"}, "cannot be moved to the folder it is in"),
    ],
)
def test_a_mailbox_that_cannot_be_meant_is_refused(changes: dict[str, str], fault: str) -> None:
    usual = {"name": "support", "host": "localhost", "port": 993, "tls": "implicit", "user": "u"}
    with pytest.raises(ValueError, match=fault):
        Mailbox(**{**usual, "password": lambda: "", **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        (b"Return-Path: <ann@example.org>\r\nSubject: x\r\n\r\n", "ann@example.org"),
        (b"Received: x\r\nreturn-path:\r\n <ann@example.org>\r\n\r\n", "ann@example.org"),
        (b"Return-Path: <>\r\nReturn-Path: <forged@example.org>\r\n\r\n", ""),
        (b"Return-Path: <a b>\r\nReturn-Path: <forged@example.org>\r\n\r\n", ""),
        (b"Subject: x\r\n\r\nReturn-Path: <body@example.org>\r\n", ""),
        (b"Subject: x\r\n Return-Path: <folded@example.org>\r\n\r\n", ""),
        ("Return-Path: <анна@example.org>\r\n\r\n".encode(), "анна@example.org"),
        (b"Return-Path: <ann\xff@example.org>\r\n\r\n", ""),
        (b"Return-Path:" + b"\r\n " * 1_000_000, ""),
        (b"", ""),
    ],
)
def test_the_sender_is_the_topmost_return_path(raw: bytes, sender: str) -> None:
    assert return_path(raw) == sender


def test_what_is_fetched_at_once_is_bounded_by_count_and_by_octets() -> None:
    small = [(uid, 10) for uid in range(120)]
    assert [len(portion) for portion in portions(small, 0)] == [50, 50, 20]
    assert [len(portion) for portion in portions(small[:4], 2)] == [1, 1, 2]
    assert portions([(1, 3_000_000), (2, 3_000_000), (3, 30_000_000), (4, 1), (5, 1)], 0) == [[1], [2], [3], [4, 5]]
    assert portions([], 3) == []


def test_uids_are_named_in_few_words_and_none_that_was_not_given() -> None:
    assert spans([5, 4, 6, 9, 11, 12]) == ["4:6", "9", "11:12"]
    assert spans([]) == []
