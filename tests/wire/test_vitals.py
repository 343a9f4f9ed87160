"""How a running desk says how it is: to systemd, to a monitoring system, and to whoever asks for its status."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import sqlite3
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild import config as configuration_of
from maild.daemon import Daemon
from maild.ingest.doors import Journal
from maild.ingest.proof import Trust
from maild.mail import Arrival
from maild.store.engine import Store, Tx
from maild.store.inbox import Kept
from tests.wire.clients import new_mail
from tests.wire.running import ANN, SUPPORT, Sink, configuration, running, site, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*)\})? ([0-9.e+-]+)')


class Systemd:
    """systemd's end of the notification socket, as sd_notify(3) describes it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(self.path))

    def hears(self, word: str, patience: float = 30.0) -> str:
        """The next datagram that starts with this word."""
        self.line.settimeout(patience)
        while not (said := self.line.recv(4096).decode("ascii")).startswith(word):
            pass
        return said

    def hears_nothing(self, word: str, seconds: float) -> bool:
        """Whether nothing that starts with this word comes for so long."""
        with contextlib.suppress(TimeoutError):
            self.hears(word, seconds)
            return False
        return True

    def forgets(self) -> None:
        """Leave behind what was said before now."""
        self.line.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                self.line.recv(4096)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    monkeypatch.chdir(tmp_path)  # a socket's name has 107 octets at most
    one = Systemd(Path())
    monkeypatch.setenv("NOTIFY_SOCKET", "notify")
    monkeypatch.setenv("WATCHDOG_USEC", "4000000")
    yield one
    one.line.close()


@contextlib.contextmanager
def served(folder: Path, text: str) -> Iterator[Daemon]:
    """A daemon in threads of this process, so that its loops can be held up."""
    (folder / "maild.toml").write_text(text, "utf-8")
    config = configuration_of.load(folder / "maild.toml")
    daemon = Daemon(config, Store(config.store.url))
    ready = threading.Event()
    thread = threading.Thread(target=daemon.run, args=(lambda _: ready.set(),))
    thread.start()
    assert ready.wait(30)
    try:
        yield daemon
    finally:
        daemon.stop.set()
        thread.join()


def fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return str(answer.read().decode("utf-8"))


def samples(page: str) -> dict[str, float]:
    """A page in the text form 0.0.4, each sample by its name with its labels."""
    found = {}
    for line in page.splitlines():
        if not line.startswith("# "):
            read = SAMPLE.fullmatch(line)
            assert read, line
            found[f"{read[1]}{{{read[2] or ''}}}"] = float(read[3])
    return found


# --- systemd ---


def test_systemd_hears_that_it_serves_that_it_lives_and_that_it_stops(
    tmp_path: Path, sink: Sink, systemd: Systemd
) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        assert systemd.hears("") == "READY=1"
        assert systemd.hears("") == "WATCHDOG=1"
        systemd.hears("WATCHDOG=1")
        assert desk.stop() == 0
        assert systemd.hears("STOPPING=1")


def test_a_socket_of_systemd_that_is_gone_stops_nobody(tmp_path: Path, sink: Sink, systemd: Systemd) -> None:
    systemd.path.unlink()
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        desk.post(new_mail(LUC, "Hello", "Is it there?", to=SUPPORT), LUC_AT, [SUPPORT])
        sink.waits_for(LUC_AT, "received")


def test_a_stuck_writer_ends_the_watchdog_and_the_status_names_it(tmp_path: Path, sink: Sink, systemd: Systemd) -> None:
    go_on = threading.Event()
    with served(tmp_path, configuration(tmp_path, sink.url)) as daemon:
        systemd.hears("WATCHDOG=1")

        def stuck(_: Tx) -> None:
            go_on.wait(60)

        daemon.store.submit(stuck)
        try:
            assert "writer" in systemd.hears("STATUS=")
            systemd.forgets()
            assert systemd.hears_nothing("WATCHDOG=1", 3.0)
            assert any("the writer is stuck" in words for words in daemon.status()["troubles"])
        finally:
            go_on.set()
        systemd.hears("WATCHDOG=1")
        until(lambda: daemon.status()["ok"])


def test_a_database_that_another_program_holds_is_told_until_it_is_let_go(tmp_path: Path, sink: Sink) -> None:
    with served(tmp_path, configuration(tmp_path, sink.url)) as daemon:
        daemon.store.write(lambda tx: tx.driver.execute("PRAGMA busy_timeout = 50") and None)
        assert daemon.store.file is not None
        with contextlib.closing(sqlite3.connect(daemon.store.file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            told = until(lambda: daemon.status()["troubles"])
            assert "the database takes nothing (database is locked)" in told[0]
            other.execute("ROLLBACK")
        until(lambda: daemon.status()["ok"])


def test_a_stuck_decider_ends_the_watchdog_though_the_writer_works(
    tmp_path: Path, sink: Sink, systemd: Systemd
) -> None:
    go_on = threading.Event()
    with served(tmp_path, configuration(tmp_path, sink.url)) as daemon:
        systemd.hears("WATCHDOG=1")
        clerk = until(lambda: daemon.clerk)
        assert clerk is not None
        judge = clerk.trust_of

        def stuck(kept: Kept) -> Trust:
            go_on.wait(60)
            return judge(kept)

        clerk.trust_of = stuck
        raw = new_mail(LUC, "Hello", "Is it there?", to=SUPPORT)
        Journal(daemon.store, daemon.arrived.set, lambda: True).keep(
            [Arrival("smtp:1", raw, LUC_AT, (SUPPORT,), datetime.now(UTC))]
        )
        try:
            assert systemd.hears("STATUS=").endswith("from: decider")
            systemd.forgets()
            assert systemd.hears_nothing("WATCHDOG=1", 3.0)
        finally:
            go_on.set()
        systemd.hears("WATCHDOG=1")
        sink.waits_for(LUC_AT, "received")


# --- maild status ---


def test_status_ends_in_0_or_1_and_says_in_one_line_what_needs_somebody(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(contextlib.ExitStack())
        url = relay.enter_context(Sink()).url
        with site(tmp_path, configuration(tmp_path, url)) as desk:
            desk.start()
            until(desk.drained)
            well = desk.does("status", "--brief")
            assert (well.returncode, well.stdout) == (0, "maild: all is well\n")
            told = json.loads(desk.does("status", "--json").stdout)
            assert (told["healthy"], told["worries"], told["unreadable"]) == (True, [], 0)
            assert told["free_disk"] > 0
            relay.close()  # the relay is gone
            desk.post(new_mail(LUC, "Hello", "Is it there?", to=SUPPORT), LUC_AT, [SUPPORT])
            until(lambda: "the relay takes no mail" in desk.log)
            ill = desk.does("status", "--brief")
            assert ill.returncode == 1
            assert ill.stdout.startswith("maild: the relay takes no mail: at ")
            assert len(ill.stdout.splitlines()) == 1
            desk.signal(signal.SIGSTOP)
            try:
                stopped = desk.does("status", "--brief")
            finally:
                desk.signal(signal.SIGCONT)
            assert stopped.returncode == 1
            assert "the daemon does not answer" in stopped.stdout
            assert desk.stop() == 0
            gone = desk.does("status", "--brief")
            assert gone.returncode == 1
            assert gone.stdout.startswith("maild: the daemon does not run; start it: maild run")


# --- a monitoring system ---


def test_the_figures_tell_what_came_and_went_and_nothing_of_any_mail(tmp_path: Path, sink: Sink) -> None:
    text = configuration(tmp_path, sink.url, listen='metrics = "127.0.0.1:0"')
    with running(tmp_path, text) as desk:
        for number in (1, 2):
            desk.post(new_mail(LUC, f"Zebra {number}", "A secret word: okapi.", to=SUPPORT), LUC_AT, [SUPPORT])
        sink.waits_for(LUC_AT, "received", "Zebra 2")
        until(desk.drained)
        status = json.loads(desk.does("status", "--json").stdout)
        place = next(word for word in status["listeners"] if word.startswith("metrics=")).partition("=")[2]
        page = fetched(f"http://{place}/metrics")
        told = samples(page)
        assert told['maild_inbox_mails{door="smtp",state="ticket"}'] == 2
        assert told['maild_outbox_mails{notice="received",state="sent"}'] == 2
        assert told['maild_outbox_mails{notice="assigned",state="sent"}'] == 2
        assert told['maild_relay_answers_total{outcome="sent"}'] == len(sink.letters)
        assert told['maild_tickets{status="open"}'] == 2
        assert told["maild_inbox_oldest_seconds{}"] == told["maild_outbox_oldest_seconds{}"] == 0
        assert told["maild_timers_late{}"] == 0
        assert told["maild_children{}"] >= 2
        assert told["maild_relay_works{}"] == 1
        assert {'maild_loop_silent_seconds{loop="decider"}', 'maild_loop_silent_seconds{loop="writer"}'} <= told.keys()
        for word in ("zebra", "okapi", "luc", "petit", "@", ANN, "desk.example", str(tmp_path)):
            assert word not in page.lower()


def test_what_waits_shows_in_the_figures(tmp_path: Path) -> None:
    text = configuration(tmp_path, "smtp://127.0.0.1:9", listen='metrics = "127.0.0.1:0"')
    with running(tmp_path, text) as desk:
        desk.post(new_mail(LUC, "Hello", "Is it there?", to=SUPPORT), LUC_AT, [SUPPORT])
        place = next(
            word.partition("=")[2]
            for word in json.loads(desk.does("status", "--json").stdout)["listeners"]
            if word.startswith("metrics=")
        )

        def late() -> dict[str, float]:
            told = samples(fetched(f"http://{place}/metrics"))
            waits = told.get('maild_outbox_mails{notice="received",state="waiting"}') == 1
            return told if waits and told["maild_outbox_oldest_seconds{}"] > 0 else {}

        told = until(late)
        assert told['maild_relay_answers_total{outcome="deferred"}'] >= 1
        assert told["maild_relay_works{}"] == 0


def test_whoever_asks_the_figures_badly_harms_nobody(tmp_path: Path, sink: Sink) -> None:
    text = configuration(tmp_path, sink.url, listen='metrics = "127.0.0.1:0"')
    with served(tmp_path, text) as daemon:
        place = daemon.listeners[-1].partition("=")[2]
        host, _, port = place.rpartition(":")
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(f"http://{place}/../../etc/passwd")
        assert refused.value.code == 404
        refused.value.close()
        with contextlib.ExitStack() as lines:
            silent = [lines.enter_context(socket.create_connection((host, int(port)))) for _ in range(40)]
            silent[0].sendall(b"\0\xff garbage\r\n\r\n")
            silent[1].sendall(b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n")
            silent[2].sendall(b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)

            def answered() -> str | None:
                with contextlib.suppress(OSError):
                    return fetched(f"http://{place}/metrics")
                return None

            assert until(answered)


def test_a_place_for_figures_that_is_taken_is_named(tmp_path: Path, sink: Sink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with site(tmp_path, configuration(tmp_path, sink.url, listen=f'metrics = "127.0.0.1:{port}"')) as desk:
            refused = desk.does("run")
    assert refused.returncode == 1
    assert f"listen.metrics: 127.0.0.1:{port} cannot be listened at" in refused.stderr.splitlines()[-1]


def test_check_tells_that_figures_leave_the_machine(tmp_path: Path, sink: Sink) -> None:
    with site(tmp_path, configuration(tmp_path, sink.url, listen='metrics = "0.0.0.0:9525"')) as desk:
        told = desk.does("check")
    assert told.returncode == 0
    assert "no password is asked" in told.stdout
