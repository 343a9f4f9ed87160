"""All that is left of a month to judge it by: the store's rows, the mails that the relay took, and what people know.

The store is read from its file with SQL alone, so that nothing of the desk judges itself.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.month.letters import Letter
from benchmarks.month.operator import OPS
from benchmarks.month.relay import Try
from benchmarks.month.roster import Roster
from benchmarks.month.street import Asked, Known, Street
from maild.store import verify
from maild.store.engine import Store

_HISTORY = "select ticket, at, event, who, code, text, before, after from history order by ticket, seq"
_OUTBOX = (
    "select id, ticket, agent, recipient, notice, message_id, state, inbox, created_at, uncertain "
    "from outbox order by id"
)
_PROMISES = (
    "select ticket, number, clock, made_at, due_at, guard_at, standing, by, missed, ended_at from promise "
    "order by ticket, number"
)
_INBOX = "select id, sha256, state, because, received_at, decided_at, ticket from inbox order by id"
_ENTRIES = "select ticket, at, author, agent, voice from entry order by id"


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a ticket's history."""

    ticket: int
    at: datetime
    event: str
    who: str
    code: str
    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One mail of the outbox; `uncertain` counts how often nobody knew whether it had left."""

    id: int
    ticket: int
    agent: str
    recipient: str
    notice: str
    message_id: str
    state: str
    inbox: int | None
    created_at: datetime
    uncertain: int


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of a ticket's ledger; `by` is the agent who gave the date, "" for a clock."""

    ticket: int
    number: int
    clock: str
    made_at: datetime
    due_at: datetime
    guard_at: datetime
    standing: str
    by: str
    missed: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that the desk has kept: which, when it came, and what became of it."""

    id: int
    digest: str
    state: str
    because: str
    received_at: datetime
    decided_at: datetime | None
    ticket: int


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of a conversation; `agent` is "" where somebody from the customer's side spoke."""

    ticket: int
    at: datetime
    author: str
    agent: str
    voice: str


@dataclass
class Record:
    """A month that is over. `lives` are the times in which the desk ran; `stopped` are the customers who want no
    automatic mail, by ticket, and since when; `looks` counts how often the store was looked at from outside, and
    `loose` is what was amiss in it then."""

    roster: Roster
    history: dict[int, list[Event]]
    rows: dict[int, Row]
    said: dict[int, list[Said]]
    promises: list[Promise]
    asked: dict[str, Asked]
    stopped: dict[int, datetime]
    inbox: list[Kept]
    requesters: dict[int, tuple[str, bool]]
    letters: list[Letter]
    tries: list[Try]
    lives: list[tuple[datetime, datetime]]
    known: list[Known]
    handed: dict[str, bool]
    faults: list[str]
    end: datetime
    troubles: list[tuple[datetime, datetime]]
    absences: list[tuple[str, str, str]]
    kills: int
    looks: int
    loose: list[str]

    @property
    def names(self) -> dict[str, str]:
        """Agents' names by id."""
        return {agent.id: agent.name for agent in self.roster.agents}

    def email(self, agent: str) -> str:
        return self.roster.agent(agent).email

    def ours(self, address: str) -> bool:
        """Whether a mail went to somebody of the house."""
        return address == OPS or any(agent.email == address for agent in self.roster.agents)

    def down(self) -> list[tuple[datetime, datetime]]:
        """When the desk did not run."""
        return [(a[1], b[0]) for a, b in zip(self.lives, self.lives[1:], strict=False)]


def read(street: Street) -> Record:
    """The record of a month that has been played."""
    file = street.folder / "maild.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        history: dict[int, list[Event]] = defaultdict(list)
        for ticket, at, *rest in store.execute(_HISTORY):
            history[ticket].append(Event(ticket, _utc(at), *rest))
        rows = {row[0]: _row(row) for row in store.execute(_OUTBOX)}
        said: dict[int, list[Said]] = defaultdict(list)
        for ticket, at, author, agent, voice in store.execute(_ENTRIES):
            said[ticket].append(Said(ticket, _utc(at), author.lower(), agent or "", voice))
        people = store.execute("select ticket, address, machine from party where role = 'requester'")
        requesters = {ticket: (address.lower(), bool(machine)) for ticket, address, machine in people}
        inbox = [_kept(row) for row in store.execute(_INBOX)]
        promises = [_promise(row) for row in store.execute(_PROMISES)]
        absences = list(store.execute("select source, stage, agent from absence order by id"))
    store.close()
    return Record(
        roster=street.roster,
        history=dict(history),
        rows=rows,
        said=dict(said),
        promises=promises,
        asked=street.asked,
        stopped=_stopped(history, requesters),
        inbox=inbox,
        requesters=requesters,
        letters=street.relay.letters,
        tries=street.relay.tries,
        lives=[(since, until) for since, until in street.lives],
        known=street.known,
        handed=street.handed,
        faults=faults(file),
        end=street.now,
        troubles=street.relay.troubles,
        absences=absences,
        kills=street.kills,
        looks=street.looks,
        loose=street.loose,
    )


def _kept(found: tuple[object, ...]) -> Kept:
    number, digest, state, because, received, decided, ticket = found
    at = None if decided is None else _utc(str(decided))
    return Kept(int(str(number)), str(digest), str(state), str(because), _utc(str(received)), at, int(str(ticket or 0)))


def _promise(found: tuple[object, ...]) -> Promise:
    ticket, number, clock, made, due, guard, standing, by, missed, ended = found
    return Promise(
        int(str(ticket)),
        int(str(number)),
        str(clock),
        _utc(str(made)),
        _utc(str(due)),
        _utc(str(guard)),
        str(standing),
        str(by),
        int(str(missed)),
        None if ended is None else _utc(str(ended)),
    )


def _stopped(history: dict[int, list[Event]], requesters: dict[int, tuple[str, bool]]) -> dict[int, datetime]:
    """When who asked a ticket said STOP on it."""
    return {
        ticket: event.at
        for ticket in requesters
        for event in reversed(history[ticket])
        if (event.event, event.text) == ("asked", "stop")
    }


def _row(found: tuple[object, ...]) -> Row:
    number, ticket, agent, recipient, notice, message_id, state, inbox, created, uncertain = found
    return Row(
        int(str(number)),
        int(str(ticket or 0)),
        str(agent or ""),
        str(recipient),
        str(notice),
        str(message_id),
        str(state),
        None if inbox is None else int(str(inbox)),
        _utc(str(created)),
        int(str(uncertain)),
    )


def faults(file: Path) -> list[str]:
    """What `maild verify` finds."""
    store = Store(f"sqlite:///{file}")
    try:
        with store.read() as tx:
            return [finding.words for finding in verify.findings(tx)]
    finally:
        store.close()


def _utc(found: str) -> datetime:
    return datetime.fromisoformat(found).replace(tzinfo=UTC)
