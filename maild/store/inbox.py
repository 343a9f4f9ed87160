"""The journal of arrivals: every mail is a row here before anybody reads it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, and_, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.mail import Arrival
from maild.store.engine import Tx
from maild.store.statement import Statement, given
from maild.store.tables import table
from maild.values import dataclass

INLINE = 128 * 1024
"""Bytes; a bigger mail goes to a file of its own, which is faster from there on."""

_inbox = table("inbox")
_raw = table("raw")


def _kept_once(dialect: Dialect) -> Any:
    new = (insert_sqlite if dialect.name == "sqlite" else insert_postgresql)(_inbox)
    return new.on_conflict_do_nothing(index_elements=["source"]).returning(_inbox.c.id)


_KEEP = Statement(
    _kept_once,
    ("received_at", "source", "sender", "recipients", "peer", "mailbox", "sha256", "size", "state", "because"),
)
_KEEP_RAW = Statement(insert(_raw), ("inbox", "file", "content"))
_BYTES = Statement(select(_raw.c.file, _raw.c.content).where(_raw.c.inbox == given("row")))
_WAITING = select(_inbox).where(_inbox.c.state == "waiting").order_by(_inbox.c.id).limit(given("most"))
_WAITING_ALL = Statement(_WAITING)
_WAITING_SOME = Statement(_WAITING.where(_inbox.c.starts < given("below")))
_SETTLE = Statement(
    update(_inbox).where(_inbox.c.id == given("row")),
    ("state", "because", "decided_at", "ticket", "duplicate_of", "message_id", "fingerprint", "author"),
)
_SAME_MAIL = (
    select(_inbox.c.id)
    .where(_inbox.c.fingerprint == given("print"), _inbox.c.id != given("row"))
    .where(_inbox.c.state.in_(["ticket", "done"]))
    .order_by(_inbox.c.id)
    .limit(1)
)
_SAME_ID = (
    select(_inbox.c.ticket)
    .where(_inbox.c.message_id == given("name"), _inbox.c.id != given("row"), _inbox.c.ticket.is_not(None))
    .order_by(_inbox.c.id)
    .limit(1)
)
_BY_AUTHOR = select(_inbox.c.id).where(_inbox.c.author == given("who"), _inbox.c.id < given("row")).limit(1)
_BEFORE = Statement(
    select(
        _SAME_MAIL.scalar_subquery().label("same_mail"),
        _SAME_ID.scalar_subquery().label("ticket_of_id"),
        _BY_AUTHOR.scalar_subquery().label("wrote"),
    )
)
_WROTE = Statement(_BY_AUTHOR)
_START = Statement(update(_inbox).where(_inbox.c.id == given("row")).values(starts=_inbox.c.starts + given("more")))


@dataclass(frozen=True, slots=True)
class Kept:
    """One inbox row. `state` is waiting, ticket, duplicate, done or quarantine."""

    id: int
    received_at: datetime
    source: str
    sender: str
    recipients: tuple[str, ...]
    peer: str
    mailbox: str
    message_id: str
    sha256: str
    size: int
    state: str
    ticket: int | None
    tries: int
    starts: int
    released: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a mail from those that came before it.

    `same_mail` is the first with its fingerprint that became something, `ticket_of_id` where an earlier mail with its
    Message-ID ended; `wrote` says whether its author has written to the desk before.
    """

    same_mail: Kept | None
    ticket_of_id: int | None
    wrote: bool


def store_big(folder: Path | None, raw: bytes) -> str:
    """Write a mail that is too big for a row to a file, durably; its name is its hash. Done before the commit.

    Without a folder every mail is a row, and the name is "".
    """
    if folder is None or len(raw) <= INLINE:
        return ""
    name = hashlib.sha256(raw).hexdigest()
    place = folder / name[:2]
    place.mkdir(parents=True, exist_ok=True)
    path = place / name
    if path.exists() and path.stat().st_size == len(raw):
        return name
    temporary = place / f".{name}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    for parent in (place, folder):
        sync(parent)
    return name


def keep(tx: Tx, arrival: Arrival, file: str = "") -> int | None:
    """Put one mail into the inbox; None where its source is there already. `file` is what `store_big` answered."""
    row = _KEEP.scalar(
        tx,
        received_at=arrival.received_at,
        source=arrival.source,
        sender=arrival.sender,
        recipients=list(arrival.recipients),
        peer=arrival.peer,
        mailbox=arrival.mailbox,
        sha256=hashlib.sha256(arrival.raw).hexdigest(),
        size=len(arrival.raw),
        state="waiting",
        because=[],
    )
    if row is not None:
        _KEEP_RAW.run(tx, inbox=row, file=file, content=None if file else arrival.raw)
    return None if row is None else int(row)


def known(tx: Tx, sources: Iterable[str]) -> set[str]:
    """Which of these sources are in the inbox already."""
    found: set[str] = set()
    wanted = list(sources)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found.update(tx.connection.execute(select(_inbox.c.source).where(_inbox.c.source.in_(part))).scalars())
    return found


def bytes_of(tx: Tx, inbox: int) -> bytes:
    """The mail as it came, byte for byte."""
    row = _BYTES.one(tx, row=inbox)
    assert row is not None
    return path_of(tx, row.file).read_bytes() if row.file else bytes(row.content or b"")


def path_of(tx: Tx, file: str) -> Path:
    """Where the file of a big mail lies; FileNotFoundError where this store has no place for such files."""
    if tx.folder is None:
        raise FileNotFoundError(f"{file}: this store keeps no mails in files")
    return tx.folder / file[:2] / file


def missing(tx: Tx) -> list[tuple[int, Path]]:
    """The mails whose bytes should lie in a file of their own, which is not there."""
    named = tx.connection.execute(select(_raw.c.inbox, _raw.c.file).where(_raw.c.file != "").order_by(_raw.c.inbox))
    places = [(int(row.inbox), path_of(tx, row.file)) for row in named]
    return [(number, path) for number, path in places if not path.is_file()]


def original(tx: Tx, inbox: int, *, most: int) -> bytes | None:
    """The mail as it came, None where it is not kept any more, or has more than so many octets."""
    row = _BYTES.one(tx, row=inbox)
    if row is None:
        return None
    if not row.file:
        return bytes(row.content) if row.content and len(row.content) <= most else None
    with suppress(FileNotFoundError):
        path = path_of(tx, row.file)
        if path.stat().st_size <= most:
            content: bytes = path.read_bytes()
            return content
    return None


def get(tx: Tx, inbox: int) -> Kept | None:
    row = tx.connection.execute(select(_inbox).where(_inbox.c.id == inbox)).one_or_none()
    return None if row is None else _kept(row)


def listing(tx: Tx, states: Sequence[str] = ()) -> list[Kept]:
    """All rows, oldest first, or those in one of the states."""
    query = select(_inbox).order_by(_inbox.c.id)
    if states:
        query = query.where(_inbox.c.state.in_(list(states)))
    return [_kept(row) for row in tx.connection.execute(query)]


def since(tx: Tx, moment: datetime, after: int, most: int, states: Sequence[str]) -> list[Kept]:
    """The next rows in one of these states that came at this moment or later, beyond the one called `after`."""
    query = select(_inbox).where(_inbox.c.id > after, _inbox.c.received_at >= moment, _inbox.c.state.in_(list(states)))
    return [_kept(row) for row in tx.connection.execute(query.order_by(_inbox.c.id).limit(most))]


def named(tx: Tx, name: str) -> list[Kept]:
    """The rows that a person means by a number, a Message-ID (with or without brackets), a hash or a source."""
    wanted = name.strip().strip("<>")
    condition = (_inbox.c.message_id == wanted) | (_inbox.c.sha256 == wanted) | (_inbox.c.source == wanted)
    if wanted.isdecimal():
        condition |= _inbox.c.id == int(wanted)
    return [_kept(row) for row in tx.connection.execute(select(_inbox).where(condition).order_by(_inbox.c.id))]


def waiting(tx: Tx, most: int, starts_below: int | None = None) -> list[Kept]:
    """The oldest undecided mails, in order of arrival; `starts_below` leaves out those that keep killing the daemon."""
    if starts_below is None:
        return [_kept(row) for row in _WAITING_ALL.rows(tx, most=most)]
    return [_kept(row) for row in _WAITING_SOME.rows(tx, most=most, below=starts_below)]


def settle(
    tx: Tx,
    inbox: int,
    state: str,
    because: Sequence[str],
    now: datetime,
    *,
    ticket: int | None = None,
    duplicate_of: int | None = None,
    message_id: str = "",
    fingerprint: str = "",
    author: str = "",
) -> None:
    """Write where a mail ended, in the transaction that carries out its decision."""
    _SETTLE.run(
        tx,
        row=inbox,
        state=state,
        because=list(because),
        decided_at=now,
        ticket=ticket,
        duplicate_of=duplicate_of,
        message_id=message_id,
        fingerprint=fingerprint,
        author=author,
    )


def before(tx: Tx, inbox: int, fingerprint: str, message_id: str, author: str) -> Before:
    """What the other mails in the inbox say about this one, in one look."""
    found = _BEFORE.one(tx, row=inbox, print=fingerprint, name=message_id, who=author)
    assert found is not None
    return Before(
        same_mail=None if found.same_mail is None else get(tx, found.same_mail),
        ticket_of_id=found.ticket_of_id if message_id else None,
        wrote=bool(author) and found.wrote is not None,
    )


def wrote_before(tx: Tx, inbox: int, author: str) -> bool:
    """Whether this address has written to the desk before."""
    return bool(author) and _WROTE.one(tx, who=author, row=inbox) is not None


def count_start(tx: Tx, ids: Sequence[int], by: int) -> None:
    """Note that work on these mails starts (+1) or has ended with the daemon alive (-1)."""
    _START.each(tx, [{"row": row, "more": by} for row in ids])


def count_try(tx: Tx, inbox: int) -> int:
    """Note that a living daemon saw this mail fail; how often now."""
    query = update(_inbox).where(_inbox.c.id == inbox).values(tries=_inbox.c.tries + 1).returning(_inbox.c.tries)
    return int(tx.connection.execute(query).scalar_one())


def release(tx: Tx, inbox: int, waived: Sequence[str]) -> bool:
    """Send a mail in quarantine back to be decided, with these checks set aside; False where it is not there."""
    query = (
        update(_inbox)
        .where(_inbox.c.id == inbox, _inbox.c.state == "quarantine")
        .values(state="waiting", released=" ".join(waived) or "operator", tries=0, starts=0, because=[])
    )
    return tx.connection.execute(query).rowcount == 1


def confirm(tx: Tx, inbox: int, waived: Sequence[str]) -> bool:
    """Send a mail back to be decided because its writer said yes to our question; False where that was done before.

    A mail that was refused stands on its ticket, all others are in quarantine.
    """
    row = tx.connection.execute(select(_inbox.c.state, _inbox.c.released).where(_inbox.c.id == inbox)).one_or_none()
    if row is None or row.state not in {"quarantine", "ticket"} or set(waived) <= set(row.released.split()):
        return False
    changed = {"state": "waiting", "released": " ".join(waived), "tries": 0, "starts": 0, "ticket": None}
    tx.connection.execute(update(_inbox).where(_inbox.c.id == inbox).values(**changed))
    return True


def expire(tx: Tx, before: datetime, quarantined_before: datetime) -> list[str]:
    """Take away the bytes of mails that were decided before these times; the files that may go with them.

    The rows stay, with hash and outcome. A file that another row still names is not among the answer.
    """
    old = or_(
        and_(_inbox.c.state.in_(["ticket", "duplicate", "done"]), _inbox.c.decided_at < before),
        and_(_inbox.c.state == "quarantine", _inbox.c.decided_at < quarantined_before),
    )
    kept = or_(_raw.c.content.is_not(None), _raw.c.file != "")
    query = select(_raw.c.inbox, _raw.c.file).join(_inbox, _inbox.c.id == _raw.c.inbox).where(old, kept).limit(500)
    rows = tx.connection.execute(query).all()
    if not rows:
        return []
    gone = [row.inbox for row in rows]
    tx.connection.execute(update(_raw).where(_raw.c.inbox.in_(gone)).values(content=None, file=""))
    files = {row.file for row in rows if row.file}
    used = set(tx.connection.execute(select(_raw.c.file).where(_raw.c.file.in_(files))).scalars())
    return sorted(files - used)


def mark(tx: Tx, inbox: int, because: str) -> bool:
    """Say more of a mail in quarantine, which stays there; False where it is not there."""
    kept = get(tx, inbox)
    if kept is None or kept.state != "quarantine":
        return False
    tx.connection.execute(update(_inbox).where(_inbox.c.id == inbox).values(because=[because, *kept.because]))
    return True


def last_received(tx: Tx) -> datetime | None:
    """When the newest mail came in."""
    found: datetime | None = tx.connection.execute(select(func.max(_inbox.c.received_at))).scalar_one()
    return found


def counts(tx: Tx) -> dict[str, int]:
    """How many mails are in each state."""
    rows = tx.connection.execute(select(_inbox.c.state, func.count()).group_by(_inbox.c.state))
    return {str(state): int(number) for state, number in rows}


def _kept(row: Any) -> Kept:
    return Kept(
        id=row.id,
        received_at=row.received_at,
        source=row.source,
        sender=row.sender,
        recipients=tuple(row.recipients),
        peer=row.peer,
        mailbox=row.mailbox,
        message_id=row.message_id,
        sha256=row.sha256,
        size=row.size,
        state=row.state,
        ticket=row.ticket,
        tries=row.tries,
        starts=row.starts,
        released=tuple(row.released.split()),
        because=tuple(row.because),
    )


def sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
