"""A desk on a real Dovecot whose network and whose mailbox misbehave while mail comes: told, then mended."""

from __future__ import annotations

import imaplib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from maild.config import parse
from maild.config.values import Limits
from maild.control import ask
from tests.wire.between import Between, End, Side
from tests.wire.imap_server import DOVECOT, DovecotServer, dovecot_server
from tests.wire.running import Sink, Site, until
from tests.wire.test_dovecot import asks, desk_at, each_has_one_ticket_and_one_answer, lets_in

pytestmark = [pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed"), pytest.mark.timeout(240)]


@dataclass
class Street:
    """Customers, a mailbox on Dovecot, what lies between it and the desk, the desk, and where its answers go."""

    imap: DovecotServer
    between: Between
    desk: Site
    sink: Sink
    authors: list[str] = field(default_factory=list)
    refusal: Exception | None = None

    def writes(self, mails: int = 1) -> None:
        """So many customers write; their mail comes into the mailbox whatever lies between it and us.

        A mailbox that has just been struck may refuse it for a moment; who delivers tries again, as mail servers do.
        """
        for _ in range(mails):
            self.authors.append(until(self._delivered, lambda: str(self.refusal)))

    def _delivered(self) -> str:
        try:
            return asks(self.imap, len(self.authors))
        except (OSError, imaplib.IMAP4.error) as refusal:
            self.refusal = refusal
            return ""

    def troubles(self) -> list[str]:
        """What the daemon tells `maild status` of."""
        answer = ask(self.desk.var, {"do": "status"})
        assert answer is not None
        return list(answer["troubles"])

    def is_told(self, words: str) -> None:
        """Wait until `maild status` tells of trouble with the mailbox in these words."""
        until(lambda: any(words in trouble for trouble in self.troubles()))
        said = self.desk.does("status", "--brief")
        assert said.returncode == 1
        assert said.stdout.startswith("maild: mailbox support: "), said.stdout

    def is_well(self) -> None:
        """All that was written is a ticket and answered, once; the folder is empty, and nothing is amiss."""
        each_has_one_ticket_and_one_answer(self.desk, self.sink, self.authors)
        until(lambda: self.imap.folder("support") == [])
        until(lambda: not self.troubles())
        assert len(set(self.imap.folder("support", "Filed"))) == len(self.authors)


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    with (
        dovecot_server({"support": "secret"}) as imap,
        Between(imap.port) as between,
        Sink() as sink,
        desk_at(imap, folder, sink, "move:Filed", between.port) as desk,
    ):
        yield Street(imap, between, desk, sink)


def breaks_and_then(between: Between, octets: int, then: End) -> None:
    """The line breaks, and each new one comes so far and not further."""
    between.fails_after(octets, then)
    between.fails(End.RESET)


FAULTS: dict[str, tuple[Callable[[Between], object], str]] = {
    "the machine vanishes": (lambda between: between.fails(End.VANISH), "does not answer"),
    "nobody listens": (lambda between: between.refuses(), "nobody listens"),
    "lines fall silent amid a word": (lambda between: breaks_and_then(between, 500, End.SILENCE), "does not answer"),
    "lines break amid a word": (lambda between: breaks_and_then(between, 900, End.RESET), "cannot be reached"),
    "words come in drops": (lambda between: breaks_and_then(between, 10, End.DRIP), "does not answer"),
}


def test_whatever_happens_to_the_line_is_told_and_all_mail_comes_once_when_it_is_over(tmp_path: Path) -> None:
    with street(tmp_path) as around:
        around.writes(2)
        around.is_well()
        for fails, words in FAULTS.values():
            fails(around.between)
            around.writes(2)
            around.is_told(words)
            around.writes(1)
            around.between.heals()
        around.is_well()
        around.between.fails(End.SILENCE)
        around.writes(2)
        around.is_well()  # the line that idled is given up by itself, and a new one made


def forgets_numbers(imap: DovecotServer) -> None:
    """The files are gone in which Dovecot keeps which mail has which UID, as after a restore of the mails alone."""
    for path in (imap.home / "mail" / "support").glob("dovecot*"):
        path.unlink()


def kicks(imap: DovecotServer) -> None:
    imap._doveadm("kick", "support")


def kills(imap: DovecotServer) -> None:
    """The processes that speak with mail programs die."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            serves = (path / "comm").read_text().strip() == "imap"
            if serves and os.readlink(path / "cwd").startswith(str(imap.home)):
                os.kill(int(path.name), signal.SIGKILL)
        except OSError:
            continue


MOMENTS: tuple[tuple[bytes, Side], ...] = ((b"What about ", "server"), (b"UID MOVE", "client"))


@pytest.mark.parametrize(
    "strikes",
    [lambda imap: imap.renumber("support"), forgets_numbers, kicks, kills],
    ids=["renumbered", "numbers forgotten", "kicked", "killed"],
)
def test_a_mailbox_that_fails_amid_a_batch_and_before_the_move_loses_and_doubles_nothing(
    tmp_path: Path, strikes: Callable[[DovecotServer], object]
) -> None:
    with street(tmp_path) as around:
        for words, side in MOMENTS:
            around.between.refuses()
            around.writes(20)
            around.between.heals()
            around.between.fails_at(words, lambda: strikes(around.imap), side=side)
            until(lambda: around.between.struck)
            until(lambda: lets_in(around.imap))
            around.writes(2)
        around.is_well()
        states = dict(around.desk.rows("select state, count(*) from inbox group by state"))
        assert states.pop("ticket") == len(around.authors)
        assert states.keys() <= {"duplicate"}, "what has a new number is known by its content"


def worst(limits: Limits) -> timedelta:
    """How long a dead line may stay unnoticed: it dies as a wait begins, and then a word to it is not answered."""
    return limits.imap_idle + limits.imap_read


def test_with_the_usual_limits_trouble_is_in_the_status_within_two_minutes_and_so_is_its_end() -> None:
    example = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
    limits = parse(example, None).limits
    assert worst(limits) < timedelta(minutes=2)
    # while there is trouble each try ends in time, so that what ails it now is told, not what did an hour ago
    assert limits.imap_connect + limits.imap_read < timedelta(minutes=2)
    assert limits.imap_retry_most + limits.imap_connect + limits.imap_read < timedelta(minutes=2)
