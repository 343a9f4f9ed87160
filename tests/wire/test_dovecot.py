"""A desk on a real Dovecot that is renumbered, killed, and cut off without a word: nothing lost, nothing doubled."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from maild.config import parse
from tests.wire.clients import new_mail
from tests.wire.imap_server import DOVECOT, DovecotServer, _free_port, dovecot_server
from tests.wire.running import PATIENCE, SUPPORT, Sink, Site, configuration, running, until

pytestmark = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
NOTICED_WITHIN = timedelta(minutes=2)
QUICK = 'free_disk = "1MB"\nimap_idle = "2s"\nimap_read = "2s"\nimap_connect = "2s"\nimap_retry_most = "1s"'


@contextmanager
def desk_at(imap: DovecotServer, folder: Path, sink: Sink, after: str, port: int = 0) -> Iterator[Site]:
    """A desk that reads the mailbox of this Dovecot, by another port where one stands between."""
    (folder / "password").write_text("secret\n")
    tables = f"""
[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {port or imap.port}
tls = "none"
user = "support"
password_file = "{folder}/password"
after = "{after}"
address = "{SUPPORT}"
"""
    with running(folder, configuration(folder, sink.url, limits=QUICK, tables=tables)) as desk:
        yield desk


def asks(imap: DovecotServer, number: int) -> str:
    """A customer of a domain of their own writes; their address."""
    author = f"c{number}@customer{number}.example"
    imap.append("support", new_mail(author, f"Question {number}", f"What about {number}?", to=SUPPORT))
    return author


def lets_in(imap: DovecotServer) -> bool:
    """Whether a mail program can look into the mailbox: a server that was just started may take a moment."""
    try:
        imap.uids("support")
    except (OSError, imaplib.IMAP4.error):
        return False
    return True


def each_has_one_ticket_and_one_answer(desk: Site, sink: Sink, authors: list[str]) -> None:
    until(lambda: desk.rows("select count(*) from ticket") == [(len(authors),)])
    until(desk.drained)
    for author in authors:
        sink.waits_for(author, "received")
        assert len(sink.to(author)) == 1
    assert desk.rows("select count(*) from inbox where state not in ('ticket', 'duplicate')") == [(0,)]
    assert desk.faults() == []


def test_signed_addresses_come_into_the_mailbox_with_the_lines_of_the_page(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "install" / "dovecot.md").read_text("utf-8")
    pasted = page.partition("## Dovecot")[2].split("```")[1].strip()
    port = _free_port() + 1
    with (
        dovecot_server({"support": "secret"}, lmtp=(port, pasted)) as imap,
        Sink() as sink,
        desk_at(imap, tmp_path, sink, "move:Filed") as desk,
    ):
        author = asks(imap, 0)
        received = sink.waits_for(author, "received")
        reply = new_mail(author, "Unlike the first", "More.", to="somebody@else.example")
        with smtplib.LMTP("127.0.0.1", port, timeout=PATIENCE) as line:
            assert line.sendmail(author, [received["Reply-To"]], reply) == {}
        until(lambda: desk.rows("select count(*) from inbox where state = 'ticket'") == [(2,)])
        until(desk.drained)
        joined = desk.rows("select count(*) from entry where ticket = 1")
        assert joined == [(2,)], "Delivered-To alone bears the signed address, and that is enough"
        assert len(imap.folder("support", "Filed")) == 2


class Between:
    """What stands between a desk and its server, and can swallow all that is said, as a firewall that forgot does."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lines: list[tuple[socket.socket, socket.socket]] = []
        self._mute: set[int] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def swallow(self) -> None:
        """From now on nothing of what is said on the connections that there are arrives, nor is anybody told."""
        self._mute = {id(line) for line in self._lines}

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for line in self._lines:
            for wire in line:
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        for line in self._lines:
            for wire in line:
                wire.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                desk, _ = self._listener.accept()
                line = (desk, socket.create_connection(("127.0.0.1", self._to)))
                self._lines.append(line)
                for source, target in (line, line[::-1]):
                    self._threads.append(threading.Thread(target=self._carry, args=(line, source, target)))
                    self._threads[-1].start()

    def _carry(self, line: tuple[socket.socket, socket.socket], source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while words := source.recv(65536):
                if id(line) not in self._mute:
                    target.sendall(words)
        if id(line) not in self._mute:
            for wire in line:
                with suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)


def test_a_mailbox_that_is_renumbered_brings_no_ticket_and_no_answer_twice(tmp_path: Path) -> None:
    with dovecot_server({"support": "secret"}) as imap, Sink() as sink, desk_at(imap, tmp_path, sink, "keep") as desk:
        authors = [asks(imap, number) for number in range(5)]
        each_has_one_ticket_and_one_answer(desk, sink, authors)
        imap.renumber("support")
        imap.cut()
        until(lambda: desk.rows("select count(*) from inbox where state = 'duplicate'") == [(5,)])
        authors.append(asks(imap, 5))
        each_has_one_ticket_and_one_answer(desk, sink, authors)


def test_a_server_that_is_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    authors: list[str] = []
    with (
        dovecot_server({"support": "secret"}) as imap,
        Sink() as sink,
        desk_at(imap, tmp_path, sink, "move:Filed") as desk,
    ):
        for kill in range(4):
            authors += [asks(imap, 10 * kill + number) for number in range(6)]
            until(lambda: desk.rows("select count(*) > ? from inbox", 6 * kill) == [(1,)])  # noqa: B023
            imap.cut()
            until(lambda: lets_in(imap))
        each_has_one_ticket_and_one_answer(desk, sink, authors)
        until(lambda: imap.folder("support") == [])
        # a server that is killed amid a MOVE may have the copy and the original: moved again, there are two copies
        assert len(set(imap.folder("support", "Filed"))) == len(authors)
        assert desk.rows("select count(*) from inbox") == [(len(authors),)], "a move that was torn is no second mail"


def test_a_line_that_went_dead_while_we_idle_is_noticed_and_the_mail_comes(tmp_path: Path) -> None:
    with dovecot_server({"support": "secret"}) as imap, Sink() as sink:
        between = Between(imap.port)
        try:
            with desk_at(imap, tmp_path, sink, "move:Filed", between.port) as desk:
                authors = [asks(imap, 0)]
                each_has_one_ticket_and_one_answer(desk, sink, authors)
                between.swallow()
                since = time.monotonic()
                authors.append(asks(imap, 1))
                each_has_one_ticket_and_one_answer(desk, sink, authors)
                assert time.monotonic() - since < 30
                assert "does not answer" in desk.log
        finally:
            between.close()


def test_with_the_usual_limits_a_dead_line_is_noticed_within_two_minutes() -> None:
    example = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
    limits = parse(example, None).limits
    # At worst it dies as a wait begins, and the next connection must first be made.
    worst = limits.imap_idle + limits.imap_read + limits.imap_retry_first + limits.imap_connect
    assert worst < NOTICED_WITHIN
