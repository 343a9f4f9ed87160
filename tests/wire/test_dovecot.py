"""A desk on a real Dovecot that is renumbered, and killed again and again: nothing lost, nothing doubled."""

from __future__ import annotations

import imaplib
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.clients import new_mail
from tests.wire.imap_server import DOVECOT, DovecotServer, dovecot_server, free_port
from tests.wire.running import PATIENCE, SUPPORT, Sink, Site, configuration, running, until

pytestmark = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
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
    port = free_port()
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
