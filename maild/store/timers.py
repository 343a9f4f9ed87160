"""Due times: rows, so that a restart forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect, delete, insert, literal, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.decision import ClearTimer, SetTimer, TimerName
from maild.store.engine import Tx
from maild.store.statement import Statement, given
from maild.store.tables import table
from maild.ticket import Status, Ticket

_timer = table("timer")
_ticket = table("ticket")
_KEY = ["ticket", "timer"]


def _new(dialect: Dialect) -> Any:
    return (insert_sqlite if dialect.name == "sqlite" else insert_postgresql)(_timer)


def _moved(dialect: Dialect) -> Any:
    new = _new(dialect)
    changed = {"due_at": new.excluded.due_at, "detail": new.excluded.detail}
    return new.on_conflict_do_update(index_elements=_KEY, set_=changed)


_COLUMNS = (*_KEY, "due_at", "detail")
_SET = Statement(_moved, _COLUMNS)
_SET_FIRST = Statement(lambda dialect: _new(dialect).on_conflict_do_nothing(index_elements=_KEY), _COLUMNS)
_this = (_timer.c.ticket == given("which"), _timer.c.timer == given("name"))
_CLEAR = Statement(delete(_timer).where(*_this))
_IS_SET = Statement(select(_timer.c.ticket).where(*_this))


@dataclass(frozen=True, slots=True)
class Due:
    ticket: int
    timer: TimerName
    due_at: datetime
    detail: str


def change(tx: Tx, ticket: int, timer: SetTimer | ClearTimer) -> None:
    """Set, move or take away one timer of a ticket."""
    if isinstance(timer, ClearTimer):
        _CLEAR.run(tx, which=ticket, name=timer.timer.value)
        return
    put = _SET_FIRST if timer.first else _SET
    put.run(tx, ticket=ticket, timer=timer.timer.value, due_at=timer.due_at, detail=timer.detail)


def take(tx: Tx, now: datetime) -> Due | None:
    """Take away the timer that has been due for longest."""
    query = select(_timer).where(_timer.c.due_at <= now).order_by(_timer.c.due_at, _timer.c.ticket).limit(1)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        return None
    due = Due(row.ticket, TimerName(row.timer), row.due_at, row.detail)
    change(tx, due.ticket, ClearTimer(due.timer))
    return due


def wake_all(tx: Tx, timer: TimerName, now: datetime) -> None:
    """Set this timer of every ticket that is neither closed nor merged, due now."""
    standing = select(_ticket.c.number, literal(timer.value), literal(now, _timer.c.due_at.type), literal("")).where(
        _ticket.c.status != Status.CLOSED.value, _ticket.c.merged_into.is_(None)
    )
    tx.connection.execute(delete(_timer).where(_timer.c.timer == timer.value))
    tx.connection.execute(insert(_timer).from_select([*_KEY, "due_at", "detail"], standing))


def next_due(tx: Tx) -> datetime | None:
    """When the next timer is due, None where none is set."""
    due: datetime | None = tx.connection.execute(select(_timer.c.due_at).order_by(_timer.c.due_at).limit(1)).scalar()
    return due


def set_for(tx: Tx, ticket: int, timer: TimerName) -> bool:
    """Whether this timer of the ticket is set."""
    return _IS_SET.one(tx, which=ticket, name=timer.value) is not None


def quiet(tx: Tx, ticket: Ticket | None) -> bool:
    """Whether automatic answers on this ticket are stopped for now."""
    return ticket is not None and set_for(tx, ticket.number, TimerName.QUIET)
