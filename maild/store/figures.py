"""What is in the store, counted: for whoever watches the desk from outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, select

from maild.store.engine import Tx
from maild.store.tables import table
from maild.ticket import Status

_inbox, _outbox, _ticket = table("inbox"), table("outbox"), table("ticket")
_promise, _timer = table("promise"), table("timer")
_DOORS = ("smtp", "lmtp", "imap", "pipe", "import")
_UNSENT = ("waiting", "sending", "uncertain")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts: `inbox` by door and state, `outbox` by notice and state, `promises` by clock and standing.

    The three moments are None where nothing waits; `timer_due` is when the first timer is or was due.
    """

    inbox: Mapping[tuple[str, str], int] = field(default_factory=dict)
    outbox: Mapping[tuple[str, str], int] = field(default_factory=dict)
    tickets: Mapping[str, int] = field(default_factory=dict)
    promises: Mapping[tuple[str, str], int] = field(default_factory=dict)
    timers: int = 0
    timers_late: int = 0
    undecided_since: datetime | None = None
    unsent_since: datetime | None = None
    timer_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """How many tickets on which work is expected hang on what an operator's file no longer has, by address and team."""

    addresses: Mapping[str, int]
    teams: Mapping[str, int]


def left_behind(tx: Tx, addresses: Collection[str], teams: Collection[str]) -> Left:
    """Count the tickets that were written to, or are in, none of these."""
    active = _ticket.c.status.in_([status.value for status in Status if status.active])

    def others(column: ColumnElement[str], known: Collection[str]) -> dict[str, int]:
        query = select(column, func.count()).where(active, column.not_in(list(known))).group_by(column)
        return {str(one): int(number) for one, number in tx.connection.execute(query.order_by(column))}

    return Left(others(func.lower(_ticket.c.address), addresses), others(_ticket.c.team, teams))


def count(tx: Tx, now: datetime) -> Figures:
    """Count everything; the cost grows with the number of mails (a second for a million or so)."""
    door = case(*((_inbox.c.source.like(f"{word}:%"), word) for word in _DOORS), else_="other")
    undecided = select(func.min(_inbox.c.received_at)).where(_inbox.c.state == "waiting")
    unsent = select(func.min(_outbox.c.created_at)).where(_outbox.c.state.in_(_UNSENT))
    late = func.count(case((_timer.c.due_at <= now, 1)))
    timers = tx.connection.execute(select(func.count(), late, func.min(_timer.c.due_at)).select_from(_timer)).one()
    by_status = select(_ticket.c.status, func.count()).group_by(_ticket.c.status)
    return Figures(
        inbox=_pairs(tx, door, _inbox.c.state),
        outbox=_pairs(tx, _outbox.c.notice, _outbox.c.state),
        tickets={str(status): int(number) for status, number in tx.connection.execute(by_status)},
        promises=_pairs(tx, _promise.c.clock, _promise.c.standing),
        timers=int(timers[0]),
        timers_late=int(timers[1]),
        undecided_since=tx.connection.execute(undecided).scalar_one(),
        unsent_since=tx.connection.execute(unsent).scalar_one(),
        timer_due=timers[2],
    )


def _pairs(tx: Tx, one: ColumnElement[str], other: ColumnElement[str]) -> dict[tuple[str, str], int]:
    first, second = one.label("one"), other.label("other")
    query = select(first, second, func.count()).group_by(first, second)
    return {(str(left), str(right)): int(number) for left, right, number in tx.connection.execute(query)}
