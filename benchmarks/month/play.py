"""A whole month, from nothing but its numbers: people, mishaps, and what is left of it all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.month import agents, customers, record, roster
from benchmarks.month.record import Record
from benchmarks.month.relay import Relay
from benchmarks.month.roster import FOREVER, Roster
from benchmarks.month.street import Kill, Street

_MEMORY = Path("/dev/shm")
_DOWN = (20, 20, 90, 400, 3600, 9 * 3600)
"""Seconds until somebody, or systemd, starts a daemon that was killed."""
_DEAD = 0.004
"""The share of customers whose address takes no mail."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a month is made of; `agents` are 8 or 20."""

    seed: int = 1
    tickets: int = 2000
    days: int = 30
    agents: int = 20
    kills: int = 24


USUAL = Numbers()
SMALL = Numbers(tickets=120, days=10, agents=8, kills=6)


def place() -> Path | None:
    """Where the store best stands: in memory that outlives a process, where there is any, since a killed process loses
    nothing there either; on a disk each of some 50,000 commits waits for it."""
    return _MEMORY if _MEMORY.is_dir() else None


def play(folder: Path, numbers: Numbers) -> Record:
    """Play the month in this folder; the same for the same numbers."""
    house = roster.make(numbers.seed, numbers.days, numbers.agents)
    chance = random.Random(f"{numbers.seed} mishaps")
    relay = Relay(numbers.seed, list(_troubles(house, chance)))
    street = Street(numbers.seed, house, folder, relay)
    crowd = customers.move_in(street, house, numbers.tickets, numbers.seed)
    relay.dead = {person.spec: (house.start, FOREVER) for person in crowd if chance.random() < _DEAD}
    relay.dead |= {house.agent(one.agent).email: (one.since, one.back) for one in house.deaf}
    agents.move_in(street, house, numbers.seed)
    street.runs(list(_kills(house, numbers.kills, chance)))
    return record.read(street)


def _troubles(house: Roster, chance: random.Random) -> Iterator[tuple[datetime, datetime]]:
    """Now and then the relay takes nothing for some minutes."""
    for _ in range(max(1, house.days // 6)):
        since = house.start + timedelta(hours=chance.uniform(0, house.days * 24))
        yield since, since + timedelta(minutes=chance.uniform(3, 50))


def _kills(house: Roster, count: int, chance: random.Random) -> Iterator[Kill]:
    """Half of them at any time of the day, the others when an absence begins, so that its moves are cut in two."""
    begins = sorted({span.since for span in house.by_file() if house.start < span.since < house.end})
    for number in range(count):
        at_midnight = number % 2 == 1
        at = house.start + timedelta(hours=chance.uniform(6, house.days * 24 - 6))
        if at_midnight:
            at = chance.choice(begins) - timedelta(seconds=1)
        yield Kill(
            at,
            count=chance.randint(1, 60 if at_midnight else 25),
            hand_over=number % 3 == 2,
            before=chance.random() < 0.5,
            down=timedelta(seconds=chance.choice(_DOWN) * chance.uniform(0.7, 1.3)),
            again=chance.randint(1, 8) if chance.random() < 0.25 else 0,
        )
