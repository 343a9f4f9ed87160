"""Each move of a ticket as its history tells it: from whom, to whom, why, what made it, and who heard of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from maild.promise import Clock, Standing
from maild.ticket import Event, Origin
from maild.values import replace

_MOVES = frozenset({"owner", "team"})
_SETS = frozenset({"promised", "promise-resumed"})
_ENDS = frozenset(f"promise-{standing.value}" for standing in Standing if standing is not Standing.OPEN)
OF_DATES = (*sorted(_SETS | _ENDS), "told")
"""What tells of the dates that customers were given."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who has a ticket: an agent's id, "" where the whole team does, and the team's id ("" before it was opened)."""

    owner: str = ""
    team: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """One move. `briefed` and `told` are rows of the outbox: the successor's briefs and the customers' mails.

    `undone` says that it was moved back before any customer was told, so that none is. `by` is the name of whoever
    wrote the reason, "" for a rule or the desk.
    """

    at: datetime
    who: str
    before: Contact
    after: Contact
    code: str
    text: str
    by: str = ""
    origin: Origin = field(default_factory=Origin)
    briefed: tuple[int, ...] = ()
    told: tuple[int, ...] = ()
    undone: bool = False


@dataclass(slots=True)
class _Reading:
    """How far it is read: who has the ticket, whom customers were told of, and the places of the moves that wait."""

    moves: list[Moved] = field(default_factory=list)
    contact: Contact = field(default_factory=Contact)
    heard: Contact = field(default_factory=Contact)
    waiting: list[int] = field(default_factory=list)
    telling: list[int] = field(default_factory=list)
    told_at: datetime | None = None


def trail(history: Iterable[Event]) -> tuple[Moved, ...]:
    """The moves of one ticket, oldest first; `history` is the whole of it, in its order."""
    reading = _Reading()
    before: Event | None = None
    for event in history:
        match event.event:
            case "owner" | "team":
                joins = before is not None and before.event in _MOVES and before.at == event.at
                _move(reading, event, joins=joins)
            case "briefed" if reading.moves and reading.moves[-1].at == event.at:
                last = reading.moves[-1]
                reading.moves[-1] = replace(last, briefed=(*last.briefed, int(event.before)))
            case "told":
                _tell(reading, event)
            case _:
                pass
        before = event
    return tuple(reading.moves)


def dates_read(history: Iterable[Event], address: str) -> tuple[datetime, ...]:
    """The date that each mail to a customer gave, oldest first: the earliest of those that ran as it was written.

    A clock whose date no mail gave promised nobody anything. `history` holds at least the events of `OF_DATES`.
    """
    running: dict[str, datetime] = {}
    read: list[datetime] = []
    for event in history:
        clock = event.text.partition(":")[0]
        if event.event in _SETS and clock != Clock.SNOOZE.value:
            running[clock] = datetime.fromisoformat(event.after)
        elif event.event in _ENDS:
            running.pop(clock, None)
        elif event.event == "told" and event.after.lower() == address.lower() and running:
            read.append(min(running.values()))
    return tuple(read)


def _move(reading: _Reading, event: Event, *, joins: bool) -> None:
    """A new owner or team; what one decision changes of both is one move, whose last reason is the one that is told."""
    contact = reading.contact
    after = replace(contact, **{event.event: event.after})
    if joins:
        first = reading.moves.pop()
        reading.waiting.remove(len(reading.moves))
        contact = first.before
    origin = event.origin or Origin()
    if joins and first.origin != origin:
        origin = replace(origin, rule=origin.rule or first.origin.rule, absence=origin.absence or first.origin.absence)
    by = event.why.by if event.why else ""
    reading.moves.append(Moved(event.at, event.who, contact, after, event.code, event.text, by, origin))
    reading.waiting.append(len(reading.moves) - 1)
    reading.contact, reading.told_at = after, None


def _tell(reading: _Reading, event: Event) -> None:
    """A customer was told: of the moves since the last telling, unless they came to nothing."""
    if reading.told_at != event.at:
        moved = reading.contact != reading.heard
        for place in () if moved else reading.waiting:
            reading.moves[place] = replace(reading.moves[place], undone=True)
        reading.telling = reading.waiting if moved else []
        reading.waiting, reading.heard, reading.told_at = [], reading.contact, event.at
    for place in reading.telling:
        told = reading.moves[place]
        reading.moves[place] = replace(told, told=(*told.told, int(event.before)))
