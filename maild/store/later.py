"""What an agent is told later, gathered into one mail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select

from maild.decision import Asked, Notice
from maild.lines import Line, Value
from maild.store import meta
from maild.store.engine import Tx
from maild.store.tables import table

_meta = table("meta")
_PREFIX = "later:"
_END = "later;"  # the next string after all that start with the prefix
_MOST = 500


@dataclass(frozen=True, slots=True)
class Later:
    """One telling that waits: to which agent, of which notice, on which ticket, and what it says."""

    agent: str
    notice: Notice
    ticket: int
    lines: tuple[str | Line, ...]
    at: datetime
    due_at: datetime
    inbox: int
    question: Asked | None = None
    fresh: bool = False


def keep(tx: Tx, later: Later) -> None:
    """Keep a telling until it is due; the same telling of the same mail is kept once."""
    question = later.question
    asked = None if question is None else [question.inbox, question.agent, list(question.waives)]
    whole = {
        "agent": later.agent,
        "notice": later.notice.value,
        "ticket": later.ticket,
        "lines": [_put(one) for one in later.lines],
        "at": later.at.isoformat(),
        "due_at": later.due_at.isoformat(),
        "inbox": later.inbox,
        "question": asked,
        "fresh": later.fresh,
    }
    meta.put(tx, _key(later), json.dumps(whole))


def any_due(tx: Tx, now: datetime) -> bool:
    query = select(_meta.c.key).where(_meta.c.key >= _PREFIX, _meta.c.key <= f"{_PREFIX}{_stamp(now)};")
    return tx.connection.execute(query.limit(1)).first() is not None


def waiting(tx: Tx, agent: str, notice: Notice) -> datetime | None:
    """When the oldest telling of this kind to this agent is due, None where none waits."""
    return next((later.due_at for later in _all(tx) if later.agent == agent and later.notice is notice), None)


def take(tx: Tx, now: datetime) -> list[Later]:
    """Take away what has been due for longest, with all else of the same kind for the same agent, oldest first."""
    found = _all(tx)
    if not found or found[0].due_at > now:
        return []
    first = found[0]
    taken = [later for later in found if (later.agent, later.notice) == (first.agent, first.notice)]
    for later in taken:
        tx.connection.execute(delete(_meta).where(_meta.c.key == _key(later)))
    return taken


def _all(tx: Tx) -> list[Later]:
    query = select(_meta.c.value).where(_meta.c.key >= _PREFIX, _meta.c.key < _END).order_by(_meta.c.key)
    return [_read(value) for value in tx.connection.execute(query.limit(_MOST)).scalars()]


def _key(later: Later) -> str:
    return f"{_PREFIX}{_stamp(later.due_at)}:{later.inbox:012d}:{later.notice.value}:{later.ticket}:{later.agent}"


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H-%M-%S.%f")


def _read(value: str) -> Later:
    kept = json.loads(value)
    asked = kept["question"]
    return Later(
        agent=kept["agent"],
        notice=Notice(kept["notice"]),
        ticket=kept["ticket"],
        lines=tuple(_take(one) for one in kept["lines"]),
        at=datetime.fromisoformat(kept["at"]),
        due_at=datetime.fromisoformat(kept["due_at"]),
        inbox=kept["inbox"],
        question=None if asked is None else Asked(asked[0], asked[1], tuple(asked[2])),
        fresh=kept["fresh"],
    )


def _put(one: str | Line) -> Any:
    if isinstance(one, str):
        return one
    return [one.name, {key: _plain(value) for key, value in one.values}]


def _plain(value: Value) -> Any:
    if isinstance(value, date):
        return {"at": value.isoformat()}
    return [_put(each) for each in value] if isinstance(value, tuple) else value


def _take(kept: Any) -> str | Line:
    if isinstance(kept, str):
        return kept
    name, values = kept
    return Line(name, tuple((key, _value(value)) for key, value in values.items()))


def _value(kept: Any) -> Value:
    if isinstance(kept, dict):
        return _moment(kept["at"])
    return tuple(map(_take, kept)) if isinstance(kept, list) else kept


def _moment(written: str) -> date:
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
