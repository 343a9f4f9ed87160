"""A backup: all tables of one snapshot in one file, and how a store is made of it again, on either database."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, LargeBinary, func, insert, select, update
from sqlmodel import SQLModel

from maild.store import inbox, meta
from maild.store.engine import Tx
from maild.store.fault import StoreError
from maild.store.schema import KEY, NEWEST
from maild.store.tables import ALL, Utc, table

_FORMAT = "maild backup 1"
_AT_ONCE = 50
GAP = 1000
"""So many numbers are left out by a restore, or as many as were given, for those may have been given since."""
_NUMBERED = (("ticket", "number"), ("outbox", "id"))
_COUNTED = ("inbox", "entry", "outbox")
"""Tables whose numbers PostgreSQL counts on its own."""

_outbox = table("outbox")
_ticket = table("ticket")


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: how many mails and tickets, from when, and the mails out that may have left since."""

    made_at: datetime
    mails: int
    tickets: int
    unsure: int


def write(tx: Tx, file: Path, now: datetime) -> int:
    """Write all that this snapshot holds; how many rows. The file is there whole, or as it was before.

    It is gzip over JSON lines: a head, a line a row, an end that counts them. Mails are in it byte for byte, those that
    lie in files of their own too; the key that signs our addresses is not.
    """
    rough = file.with_name(f".{file.name}.{os.getpid()}")
    count = 0
    try:
        with open(os.open(rough, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6) as packed:
                packed.write(_line({"format": _FORMAT, "schema": NEWEST, "made_at": now.isoformat()}))
                for row in _rows(tx):
                    packed.write(_line(row))
                    count += 1
                packed.write(_line({"rows": count}))
            raw.flush()
            os.fsync(raw.fileno())
        rough.rename(file)
        inbox.sync(file.absolute().parent)
    finally:
        rough.unlink(missing_ok=True)
    return count


def read(tx: Tx, file: Path, *, force: bool) -> Restored:
    """Put a backup in the place of what the store holds, in this one transaction.

    StoreError where the file is no whole backup, or is of a later maild, or where the store has mail and `force` is not
    said. What waited to be sent may have left since, so no such mail is sent before an operator says so; numbers of
    tickets and mails go on well behind those that may have been given since.
    """
    if not force and tx.connection.execute(select(func.count()).select_from(table("inbox"))).scalar_one():
        raise StoreError("this store has mail already; restore into an empty one, or say --force to replace it")
    given = _given(tx)
    for one in reversed(ALL):
        tx.connection.execute(one.delete())
    lines = _lines(file)
    head = next(lines, {})
    if head.get("format") != _FORMAT:
        raise StoreError(f"{file}: this is no backup of maild")
    if head["schema"] > NEWEST:
        raise StoreError(f"{file}: it has schema {head['schema']}, and this maild knows none after {NEWEST}")
    _fill(tx, file, lines)
    made_at = datetime.fromisoformat(head["made_at"])
    return _set_right(tx, made_at, given)


def _given(tx: Tx) -> dict[str, int]:
    """The last numbers that tickets and mails have been given here, or would go on behind."""
    found = {}
    for name, column in _NUMBERED:
        row = tx.connection.execute(meta.numbers(table(name).c[column])).one()
        found[name] = max(row.last or 0, int(row.floor or 0))
    return found


def _fill(tx: Tx, file: Path, lines: Iterator[dict[str, Any]]) -> None:
    name = ""
    gathered: list[dict[str, Any]] = []
    for count, line in enumerate(lines):
        if "rows" in line:
            _put(tx, name, gathered)
            if line["rows"] != count:
                raise StoreError(f"{file}: {line['rows']} rows were written, and {count} are there")
            return
        if line["table"] != name or len(gathered) >= _AT_ONCE:
            _put(tx, name, gathered)
            name, gathered = line["table"], []
        gathered.append(line["row"])
    raise StoreError(f"{file}: its end is missing; it was cut off while it was written or copied")


def _set_right(tx: Tx, made_at: datetime, replaced: Mapping[str, int]) -> Restored:
    """What the time since the backup asks for; no number comes again that the store that is replaced has given."""
    unsent = _outbox.c.state.in_(["waiting", "sending", "uncertain"])
    words = f"restored from a backup of {made_at:%Y-%m-%d %H:%M} UTC, so it may have left since; retry sends it"
    parked = {"state": "uncertain", "next_at": None, "leased_until": None, "answer": words}
    unsure = tx.connection.execute(update(_outbox).where(unsent).values(**parked)).rowcount
    for name, number in _given(tx).items():
        meta.put(tx, meta.floor_of(name), str(max(number + max(number, GAP), replaced[name])))
    if tx.connection.dialect.name == "postgresql":
        for name in _COUNTED:
            last = func.coalesce(func.max(table(name).c.id), 0)
            counted = func.pg_get_serial_sequence(name, "id")
            tx.connection.execute(select(func.setval(counted, last + 1, False)))  # noqa: FBT003, RUF100
    meta.put(tx, KEY, str(NEWEST))
    mails, cases = (
        tx.connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (table("inbox"), _ticket)
    )
    return Restored(made_at, mails, cases, unsure)


def _rows(tx: Tx) -> Iterator[dict[str, Any]]:
    for one in ALL:
        rows = tx.connection.execution_options(yield_per=_AT_ONCE).execute(select(one))
        for found in rows:
            row = {column.key: _plain(value) for column, value in zip(one.columns, found, strict=True)}
            if one.name == "raw" and row["file"]:
                row |= {"file": "", "content": _plain(_content(tx, str(row["file"])))}
            yield {"table": one.name, "row": row}


def _content(tx: Tx, file: str) -> bytes | None:
    """A big mail; None where it was let go of since the snapshot was taken, as one is that is too old."""
    try:
        return inbox.path_of(tx, file).read_bytes()
    except FileNotFoundError:
        return None


def _put(tx: Tx, name: str, rows: list[dict[str, Any]]) -> None:
    """Write rows of one table; a column that the backup does not know yet has what a new row has."""
    if not rows:
        return
    into = next((one for one in ALL if one.name == name), None)
    if into is None:
        raise StoreError(f"the backup holds a table {name!r}, which this maild does not know")
    usual = _usual(name)
    whole = [
        {column.key: _value(column, row.get(column.key, usual.get(column.key))) for column in into.columns}
        for row in rows
    ]
    if name == "raw":
        for row in whole:
            row["file"] = inbox.store_big(tx.folder, row["content"]) if row["content"] else ""
            row["content"] = None if row["file"] else row["content"]
    tx.connection.execute(insert(into), whole)


def _usual(name: str) -> Mapping[str, Any]:
    """What a new row of this table has where nothing is said."""
    model = next(one for one in SQLModel.__subclasses__() if getattr(one, "__tablename__", "") == name)
    fields = model.model_fields.items()
    return {key: field.get_default(call_default_factory=True) for key, field in fields if not field.is_required()}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case _:
            return value


def _value(column: Column[Any], kept: Any) -> Any:
    if kept is None or not isinstance(kept, str):
        return kept
    match column.type:
        case Utc():
            return datetime.fromisoformat(kept)
        case LargeBinary():
            return base64.b64decode(kept)
        case _:
            return kept


def _line(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rb") as packed:
            for line in packed:
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise StoreError(f"{file}: this is no backup of maild")
                yield found
    except (gzip.BadGzipFile, EOFError, ValueError) as fault:
        raise StoreError(f"{file}: this is no whole backup of maild ({fault})") from fault
