"""A short story is told again for each of its commits, and that commit fails: the end is the same every time."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from maild import remind
from maild.mail import Arrival
from maild.store import inbox, outbox
from maild.ticket import Event
from tests.stories.house import ANN, BEN, RELAY, House

pytestmark = pytest.mark.sqlite
LUC = "luc@customer.example"


class BrokenDiskError(Exception):
    """The commit did not come to its end, or nobody heard that it had."""


class Line(sqlite3.Connection):
    """A connection to the database that lies on a disk."""

    disk: Disk
    moment: str

    def execute(self, words: str, /, *values: Any) -> sqlite3.Cursor:
        breaks = words == "COMMIT" and self.disk.breaks()
        if breaks and self.moment == "before":
            raise BrokenDiskError
        answer = super().execute(words, *values)
        if breaks:
            raise BrokenDiskError
        return answer


@dataclass
class Disk:
    """A disk that fails at one commit: before it is written, or just after."""

    breaks_at: int = 0
    commits: int = 0

    def breaks(self) -> bool:
        self.commits += 1
        return self.commits == self.breaks_at

    def attach(self, house: House, moment: str) -> None:
        """Lay the house's database on this disk; connections that it has open are opened anew."""

        def connect(_dialect: Any, _record: Any, _words: Any, parameters: dict[str, Any]) -> None:
            line = type("Line", (Line,), {"disk": self, "moment": moment})
            parameters["factory"] = line

        house.store.close()
        event.listen(house.store._engine, "do_connect", connect)


@dataclass
class Stumbling(House):
    """A house that goes on after its disk has failed, as the daemon does; people send again what was not taken."""

    arrivals: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def takes(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> int:
        kept = None
        while kept is None:
            source = f"smtp:{next(self.arrivals)}"
            arrival = Arrival(source, raw, sender, recipients, self.now, peer=RELAY)
            with contextlib.suppress(BrokenDiskError):
                kept = self.store.write(partial(inbox.keep, arrival=arrival))
        self.works()
        return kept

    def works(self) -> None:
        while True:
            try:
                while self.clerk.step(self.now) or remind.step(self.office, self.now) or self.delivery.step(self.now):
                    pass
            except BrokenDiskError:
                # What was being sent is sent again once its lease is over; the clock of a story need not go there.
                with contextlib.suppress(BrokenDiskError):
                    self.store.write(lambda tx: outbox.recover(tx, self.now, alone=True))
                continue
            return


def tell(house: House) -> None:
    """A customer asks, Ann answers, Ben takes over and solves it."""
    house.receives("Invoice 77 shows two licences, but we ordered one.")
    house.agent_replies("We look into it.\n\nAnn", house.last(ANN.email, "assigned"))
    house.receives("Here is the contract.", answers=house.last(LUC, "reply"))
    house.agent_replies("#assign ben because Ben knows the contracts", house.last(ANN.email, "customer-replied"))
    house.passes(seconds=61)
    house.agent_replies("#solved\nIt is corrected.", house.last(BEN.email, "assigned"), agent=BEN)
    house.receives("Thanks!", answers=house.last(LUC, "solved"))


def end_of(house: House) -> dict[str, Any]:
    """All that people can see in the end: tickets, conversations, histories, and every mail of ours, byte for byte."""
    with house.store.read() as tx:
        mails = [(one.id, one.recipient, one.notice, outbox.bytes_of(tx, one.id)) for one in outbox.listing(tx)]
    numbers = [ticket.number for ticket in house.tickets]
    said = [[(e.at, e.author, e.voice, e.text) for e in house.entries(number)] for number in numbers]
    return {
        "tickets": house.tickets,
        "entries": said,
        "history": [[told(event) for event in house.history(number)] for number in numbers],
        "mails": mails,
        "states": {one.state for one in house.outbox},
    }


def told(event: Event) -> Event:
    """An event without the number of the mail that made it: one that was sent again has another."""
    return replace(event, origin=replace(event.origin, mail=None)) if event.origin else event


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_story_ends_the_same_whichever_commit_fails(tmp_path: Path, moment: str) -> None:
    disk, house = play(tmp_path / "whole", moment, 0)
    wanted, commits = end_of(house), disk.commits
    house.close()
    assert wanted["states"] == {"sent"}
    assert commits > 20
    for place in range(1, commits + 1):
        disk, house = play(tmp_path / str(place), moment, place)
        try:
            assert disk.commits >= place
            assert end_of(house) == wanted, f"commit {place} of {commits}"
            assert house.faults() == []
            check_copies(house)
        finally:
            house.close()


def play(folder: Path, moment: str, breaks_at: int) -> tuple[Disk, House]:
    folder.mkdir()
    house, disk = Stumbling(folder), Disk(breaks_at)
    disk.attach(house, moment)
    tell(house)
    house.now += timedelta(hours=1)
    house.works()
    return disk, house


def check_copies(house: House) -> None:
    """A mail that left twice left as the same bytes, and each acknowledged mail stands on the ticket once."""
    copies: dict[str, set[bytes]] = {}
    for letter in house.sent:
        copies.setdefault(letter["Message-ID"], set()).add(letter.outgoing.content)
    assert {len(contents) for contents in copies.values()} == {1}
    with house.store.read() as tx:
        assert {kept.state for kept in inbox.listing(tx)} <= {"ticket", "duplicate"}
