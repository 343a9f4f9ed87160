"""Due times: rows, so that a restart forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.decision import ClearTimer, SetTimer, TimerName
from maild.store.engine import Tx
from maild.store.tables import table
from maild.ticket import Ticket

_timer = table("timer")


@dataclass(frozen=True, slots=True)
class Due:
    ticket: int
    timer: TimerName
    due_at: datetime
    detail: str


def change(tx: Tx, ticket: int, timer: SetTimer | ClearTimer) -> None:
    """Set, move or take away one timer of a ticket."""
    if isinstance(timer, ClearTimer):
        where = (_timer.c.ticket == ticket) & (_timer.c.timer == timer.timer.value)
        tx.connection.execute(delete(_timer).where(where))
        return
    insert = insert_sqlite if tx.connection.dialect.name == "sqlite" else insert_postgresql
    values = {"ticket": ticket, "timer": timer.timer.value, "due_at": timer.due_at, "detail": timer.detail}
    query = insert(_timer).values(**values)
    key = ["ticket", "timer"]
    if timer.first:
        tx.connection.execute(query.on_conflict_do_nothing(index_elements=key))
    else:
        changed = {"due_at": timer.due_at, "detail": timer.detail}
        tx.connection.execute(query.on_conflict_do_update(index_elements=key, set_=changed))


def take(tx: Tx, now: datetime) -> Due | None:
    """Take away the timer that has been due for longest."""
    query = select(_timer).where(_timer.c.due_at <= now).order_by(_timer.c.due_at, _timer.c.ticket).limit(1)
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        return None
    due = Due(row.ticket, TimerName(row.timer), row.due_at, row.detail)
    change(tx, due.ticket, ClearTimer(due.timer))
    return due


def any_due(tx: Tx, now: datetime) -> bool:
    return tx.connection.execute(select(_timer.c.ticket).where(_timer.c.due_at <= now).limit(1)).first() is not None


def set_for(tx: Tx, ticket: int, timer: TimerName) -> bool:
    """Whether this timer of the ticket is set."""
    query = select(_timer.c.ticket).where(_timer.c.ticket == ticket, _timer.c.timer == timer.value)
    return tx.connection.execute(query).first() is not None


def quiet(tx: Tx, ticket: Ticket | None) -> bool:
    """Whether automatic answers on this ticket are stopped for now."""
    return ticket is not None and set_for(tx, ticket.number, TimerName.QUIET)
