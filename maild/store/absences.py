"""Absences of agents: rows, so that a restart forgets none; and the agents whom the desk has known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from maild.absence import Absence, Leave, Source, Stage
from maild.desk import Agent, Desk
from maild.store.engine import Tx
from maild.store.statement import Statement
from maild.store.tables import BY_ABSENCE, table
from maild.ticket import TicketNo
from maild.values import replace

_absence = table("absence")
_agent = table("agent")
_history = table("history")
_ticket = table("ticket")

_STANDS = tuple(stage.value for stage in Stage if stage.stands)
_LIVES = (*_STANDS, Stage.ASKED.value, Stage.DOUBTED.value)
_STANDING = Statement(select(_absence).where(_absence.c.stage.in_(_STANDS)).order_by(_absence.c.id))
_OVER = (Stage.ENDED.value, Stage.WITHDRAWN.value)


@dataclass(frozen=True, slots=True)
class Known:
    """An agent as the desk knew them last: `number` is what their personal address carries, `gone_at` when they left
    the file."""

    id: str
    number: int
    name: str
    email: str
    gone_at: datetime | None = None


def with_absences(tx: Tx, desk: Desk) -> Desk:
    """The desk with the absences that stand: what every decision looks at."""
    if "absences" not in tx.known:
        tx.known["absences"] = tuple(map(_read, _STANDING.rows(tx)))
    standing: tuple[Absence, ...] = tx.known["absences"]
    return replace(desk, absences=standing) if standing else desk


def living(tx: Tx, agent: str | None = None) -> tuple[Absence, ...]:
    """Absences that are not over, those asked for and doubted too; of one agent where `agent` is given."""
    query = select(_absence).where(_absence.c.stage.in_(_LIVES)).order_by(_absence.c.since, _absence.c.id)
    if agent is not None:
        query = query.where(_absence.c.agent == agent)
    return tuple(_read(row) for row in tx.connection.execute(query))


def get(tx: Tx, number: int) -> Absence | None:
    row = tx.connection.execute(select(_absence).where(_absence.c.id == number)).one_or_none()
    return None if row is None else _read(row)


def over(tx: Tx, agent: str, learnt_since: datetime, today: date) -> tuple[Absence, ...]:
    """Absences of this agent that are over and still count: learnt since then, or called off before their last day."""
    query = select(_absence).where(_absence.c.agent == agent, _absence.c.stage.in_(_OVER)).order_by(_absence.c.id)
    counts = or_(_absence.c.learnt_at >= learnt_since, _absence.c.last_day >= today.isoformat())
    return tuple(_read(row) for row in tx.connection.execute(query.where(counts)))


def from_file(tx: Tx) -> tuple[Absence, ...]:
    """All absences that an operator's file has named, whatever became of them."""
    query = select(_absence).where(_absence.c.source == Source.FILE.value).order_by(_absence.c.id)
    return tuple(_read(row) for row in tx.connection.execute(query))


def next_id(tx: Tx) -> int:
    """The number of the next absence; rows are never taken away, so none comes twice."""
    return int(tx.connection.execute(select(func.coalesce(func.max(_absence.c.id), 0))).scalar_one()) + 1


def save(tx: Tx, absence: Absence, now: datetime) -> None:
    """Write an absence in its new state; one that is not there yet is new."""
    tx.known.pop("absences", None)
    changed = tx.connection.execute(update(_absence).where(_absence.c.id == absence.id).values(**_values(absence)))
    if not changed.rowcount:
        tx.connection.execute(insert(_absence).values(id=absence.id, created_at=now, **_values(absence)))


def due(tx: Tx, now: datetime) -> Absence | None:
    """The absence that the clock has to look at, the one that has waited for longest."""
    query = select(_absence).where(_absence.c.look_at <= now, _absence.c.stage.in_(_LIVES))
    row = tx.connection.execute(query.order_by(_absence.c.look_at, _absence.c.id).limit(1)).one_or_none()
    return None if row is None else _read(row)


def gone_since(tx: Tx, absence: Absence) -> datetime:
    """When the agent went: at the start of this absence, or of those that it follows without a day between them."""
    stages = (Stage.BEGUN.value, Stage.ENDED.value)
    query = select(_absence.c.since, _absence.c.until).where(
        _absence.c.agent == absence.agent, _absence.c.stage.in_(stages), _absence.c.since < absence.since
    )
    went = absence.since
    for row in tx.connection.execute(query.order_by(_absence.c.since.desc())):
        if row.until is not None and row.until >= went:
            went = row.since
    return went


def taken_from(tx: Tx, agent: str, since: datetime) -> tuple[TicketNo, ...]:
    """The active tickets that an absence has taken from this agent since then."""
    query = (
        select(_history.c.ticket)
        .join(_ticket, _ticket.c.number == _history.c.ticket)
        .where(_history.c.event == "owner", _history.c.before == agent, _history.c.at >= since)
        .where(BY_ABSENCE, _ticket.c.status.in_(("open", "pending", "hold")))
    )
    return tuple(sorted({TicketNo(number) for number in tx.connection.execute(query).scalars()}))


def of_mail(tx: Tx, inbox: int) -> tuple[Absence, ...]:
    """The absences that a mail told of."""
    rows = tx.connection.execute(select(_absence).where(_absence.c.key == f"mail:{inbox}").order_by(_absence.c.id))
    return tuple(_read(row) for row in rows)


def moved_by(tx: Tx, absence: Absence) -> tuple[TicketNo, ...]:
    """The tickets that this absence took from its agent, whatever became of them."""
    query = select(_history.c.ticket, _history.c.origin).where(
        _history.c.event == "owner", _history.c.before == absence.agent, _history.c.at >= absence.since, BY_ABSENCE
    )
    rows = tx.connection.execute(query)
    return tuple(sorted({TicketNo(row.ticket) for row in rows if (row.origin or {}).get("absence") == absence.id}))


def agents(tx: Tx) -> dict[str, Known]:
    """Every agent whom the desk has known, by id."""
    return {row.id: Known(row.id, row.number, row.name, row.email, row.gone_at) for row in _all_agents(tx)}


def agent_of(tx: Tx, number: int) -> str | None:
    """The agent whose personal address carries this number."""
    found: str | None = tx.connection.execute(select(_agent.c.id).where(_agent.c.number == number)).scalar_one_or_none()
    return found


def know(tx: Tx, agent: Agent) -> Known:
    """Remember an agent of the file; a new one, and one who comes back, gets the next number."""
    known = agents(tx).get(agent.id)
    if known is None:
        number = _next_number(tx)
        fresh = Known(agent.id, number, agent.name, agent.email)
        tx.connection.execute(insert(_agent).values(id=agent.id, number=number, name=agent.name, email=agent.email))
        return fresh
    number = known.number if known.gone_at is None else _next_number(tx)
    values = {"name": agent.name, "email": agent.email, "gone_at": None, "number": number}
    tx.connection.execute(update(_agent).where(_agent.c.id == agent.id).values(**values))
    return Known(agent.id, number, agent.name, agent.email)


def renumber(tx: Tx, agent: str) -> int:
    """Give an agent whose personal address was seen in other hands a new number, so that the old one is void."""
    number = _next_number(tx)
    tx.connection.execute(update(_agent).where(_agent.c.id == agent).values(number=number))
    return number


def let_go(tx: Tx, agent: str, now: datetime) -> None:
    """Remember that an agent is no longer in the file."""
    tx.connection.execute(update(_agent).where(_agent.c.id == agent).values(gone_at=now))


def owners(tx: Tx) -> dict[str, int]:
    """How many active tickets each owner has, those out of the file too."""
    query = select(_ticket.c.owner, func.count()).where(_ticket.c.status.in_(("open", "pending", "hold")))
    rows = tx.connection.execute(query.where(_ticket.c.owner.is_not(None)).group_by(_ticket.c.owner))
    return {str(owner): int(count) for owner, count in rows}


def _next_number(tx: Tx) -> int:
    return int(tx.connection.execute(select(func.coalesce(func.max(_agent.c.number), 0))).scalar_one()) + 1


def _all_agents(tx: Tx) -> list[Any]:
    return list(tx.connection.execute(select(_agent).order_by(_agent.c.number)))


def _values(absence: Absence) -> dict[str, Any]:
    return {
        "agent": absence.agent,
        "leave": absence.leave.value,
        "since": absence.since,
        "until": absence.until,
        "last_day": "" if absence.last_day is None else absence.last_day.isoformat(),
        "source": absence.source.value,
        "stage": absence.stage.value,
        "backup": absence.backup,
        "because": absence.because,
        "by": absence.by,
        "told": absence.told,
        "key": absence.key,
        "look_at": absence.look_at,
        "learnt_at": absence.learnt_at,
    }


def _read(row: Any) -> Absence:
    return Absence(
        id=row.id,
        agent=row.agent,
        leave=Leave(row.leave),
        since=row.since,
        until=row.until,
        source=Source(row.source),
        stage=Stage(row.stage),
        last_day=date.fromisoformat(row.last_day) if row.last_day else None,
        backup=row.backup,
        because=row.because,
        by=row.by,
        told=row.told,
        key=row.key,
        look_at=row.look_at,
        learnt_at=row.learnt_at,
    )
