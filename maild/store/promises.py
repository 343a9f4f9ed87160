"""The ledger of promises: one row each, from its making to what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from maild.promise import Clock, Promise, Standing
from maild.store.engine import Tx
from maild.store.statement import Statement, given
from maild.store.tables import table
from maild.ticket import TicketNo

_promise = table("promise")
_STANDS = tuple(standing.value for standing in Standing if standing.stands)
_STATE = (
    *("clock", "made_at", "due_at", "warn_at", "guard_at", "standing", "by", "text", "warned", "left", "missed"),
    "ended_at",
)
_STANDING = Statement(
    select(_promise)
    .where(_promise.c.ticket == given("which"), _promise.c.standing.in_(_STANDS))
    .order_by(_promise.c.number)
)
_LAST = Statement(select(func.coalesce(func.max(_promise.c.number), 0)).where(_promise.c.ticket == given("which")))
_MAKE = Statement(insert(_promise), ("ticket", "number", *_STATE))
_this = (_promise.c.ticket == given("which"), _promise.c.number == given("place"))
_CHANGE = Statement(update(_promise).where(*_this), _STATE)


def standing_of(tx: Tx, ticket: int) -> tuple[Promise, ...]:
    """The promises of a ticket that stand, in the order in which they were made."""
    return tuple(_read(row) for row in _STANDING.rows(tx, which=ticket))


def standing(tx: Tx) -> dict[int, tuple[Promise, ...]]:
    """All promises that stand, by ticket."""
    query = select(_promise).where(_promise.c.standing.in_(_STANDS)).order_by(_promise.c.ticket, _promise.c.number)
    found: dict[int, tuple[Promise, ...]] = {}
    for row in tx.connection.execute(query):
        found[row.ticket] = (*found.get(row.ticket, ()), _read(row))
    return found


def ledger(tx: Tx, ticket: int) -> tuple[Promise, ...]:
    """Everything that was promised on a ticket, the oldest first."""
    query = select(_promise).where(_promise.c.ticket == ticket).order_by(_promise.c.number)
    return tuple(_read(row) for row in tx.connection.execute(query))


def save(tx: Tx, ticket: TicketNo, promises: Sequence[Promise]) -> None:
    """Write lines of a ticket's ledger; one without a number is new."""
    if not promises:
        return
    last = int(_LAST.scalar(tx, which=ticket)) if any(not one.number for one in promises) else 0
    for one in promises:
        if one.number:
            _CHANGE.run(tx, which=ticket, place=one.number, **_values(one))
        else:
            last += 1
            _MAKE.run(tx, ticket=ticket, number=last, **_values(one))


def _values(one: Promise) -> dict[str, Any]:
    return {
        "clock": one.clock.value,
        "made_at": one.made_at,
        "due_at": one.due_at,
        "warn_at": one.warn_at,
        "guard_at": one.guard_at,
        "standing": one.standing.value,
        "by": one.by,
        "text": one.text,
        "warned": one.warned,
        "left": None if one.left is None else int(one.left.total_seconds()),
        "missed": one.missed,
        "ended_at": one.ended_at,
    }


def _read(row: Any) -> Promise:
    return Promise(
        clock=Clock(row.clock),
        made_at=row.made_at,
        due_at=row.due_at,
        warn_at=row.warn_at,
        guard_at=row.guard_at,
        standing=Standing(row.standing),
        number=row.number,
        by=row.by,
        text=row.text,
        warned=row.warned,
        left=None if row.left is None else timedelta(seconds=row.left),
        missed=row.missed,
        ended_at=row.ended_at,
    )
