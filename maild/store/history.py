"""What the store knows of old mail that was brought in: which of it is here, and how far a ticket is history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, func, select

from maild.store.engine import Tx
from maild.store.statement import Statement, given
from maild.store.tables import table

_inbox, _entry, _history, _seen = table("inbox"), table("entry"), table("history"), table("seen")
_ticket = table("ticket")

_BORN_BY = Statement(
    select(_inbox.c.author)
    .where(_inbox.c.message_id == given("name"), _inbox.c.id != given("row"))
    .where(_inbox.c.state != "waiting")
)
_IMPORTED = Statement(
    select(_history.c.seq).where(_history.c.ticket == given("which"), _history.c.event == "imported").limit(1)
)
_CHANGED = Statement(
    select(_history.c.seq)
    .where(_history.c.ticket == given("which"), _history.c.event != "entry")
    .where(_history.c.who.not_in([given("one"), given("other")]))
    .limit(1)
)
_HEARD = Statement(
    select(_entry.c.seq)
    .join(_inbox, _inbox.c.id == _entry.c.inbox, isouter=True)
    .where(_entry.c.ticket == given("which"))
    .where(_inbox.c.source.not_like(given("old")) | _inbox.c.source.is_(None))
    .limit(1)
)
_SPOKE = Statement(
    select(
        _entry.c.author,
        _entry.c.agent,
        func.min(_entry.c.at).label("first"),
        func.max(_entry.c.at).label("last"),
    )
    .where(_entry.c.ticket == given("which"), _entry.c.voice != "machine")
    .group_by(_entry.c.author, _entry.c.agent)
)


@dataclass(frozen=True, slots=True)
class Known:
    """A row of the inbox that these bytes have already: where it ended, and whether it may end elsewhere yet."""

    row: int
    state: str


@dataclass(frozen=True, slots=True)
class Told:
    """When customers first wrote on a ticket, and when an agent last did."""

    asked_at: datetime | None
    answered_at: datetime | None


def known(tx: Tx, sources: list[str]) -> dict[str, Known]:
    """Which of these sources the inbox has."""
    query = select(_inbox.c.source, _inbox.c.id, _inbox.c.state).where(_inbox.c.source.in_(sources))
    return {row.source: Known(row.id, row.state) for row in tx.connection.execute(query)}


def bearers(tx: Tx, message_id: str, inbox: int) -> set[str]:
    """The authors (in lower case) of other mails that bear this Message-ID."""
    return {row.author for row in _BORN_BY.rows(tx, name=message_id, row=inbox)} if message_id else set()


def imported(tx: Tx, ticket: int) -> bool:
    """Whether old mail opened this ticket."""
    return _IMPORTED.one(tx, which=ticket) is not None


def untouched(tx: Tx, ticket: int, who: str, prefix: str) -> bool:
    """Whether all that happened on it was done by `who` or the clock, and all that was said came from such sources."""
    changed = _CHANGED.one(tx, which=ticket, one=who, other="clock")
    return changed is None and _HEARD.one(tx, which=ticket, old=f"{prefix}%") is None


def told(tx: Tx, ticket: int, links: tuple[int, ...], ours: frozenset[str]) -> Told:
    """Who spoke when on a ticket, and on those of its links that lead to it; `ours` are addresses of the desk."""
    parts = [ticket]
    if links:
        query = select(_ticket.c.number).where(_ticket.c.number.in_(links), _ticket.c.merged_into == ticket)
        parts += tx.connection.execute(query).scalars()
    said = [row for part in parts for row in _SPOKE.rows(tx, which=part)]
    asked = [row.first for row in said if row.agent is None and row.author.lower() not in ours]
    answered = [row.last for row in said if row.agent is not None]
    return Told(min(asked, default=None), max(answered, default=None))


def apart(tx: Tx, prefix: str, why: str, after: int, most: int) -> list[int]:
    """Old mail of machines that stands apart and may have found its place meanwhile, by number, `after` one.

    It waits for a mail that was not there (`why` stands in its reason), or its own id is named on a ticket now.
    """
    named = select(_seen.c.message_id).where(_seen.c.message_id == _inbox.c.message_id).exists()
    query = (
        select(_inbox.c.id)
        .where(_inbox.c.state == "done", _inbox.c.id > after, _inbox.c.source.like(f"{prefix}%"))
        .where(_inbox.c.because.cast(Text).contains(why) | named)
    )
    return list(tx.connection.execute(query.order_by(_inbox.c.id).limit(most)).scalars())
