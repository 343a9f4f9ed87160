"""Small facts of the desk that belong to no table of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Select, func, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.store.engine import Tx
from maild.store.statement import Statement
from maild.store.tables import table

_meta = table("meta")


def put(tx: Tx, key: str, value: str) -> None:
    insert = insert_sqlite if tx.connection.dialect.name == "sqlite" else insert_postgresql
    query = insert(_meta).values(key=key, value=value)
    tx.connection.execute(query.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def floor_of(name: str) -> str:
    """The key of the number that new rows of this table go on behind, after a backup was restored."""
    return f"floor:{name}"


def numbers(column: Column[int]) -> Select[Any]:
    """The last number of a table, and the one that a restored backup says to go on behind."""
    floor = select(_meta.c.value).where(_meta.c.key == floor_of(column.table.name)).scalar_subquery()
    return select(func.max(column).label("last"), floor.label("floor"))


def next_of(tx: Tx, name: str, given: Statement) -> int:
    """The next number of a table, asked for once in a transaction; what `given` finds, a statement of `numbers`, is
    given already."""
    if name not in tx.known:
        row: Any = given.one(tx)
        tx.known[name] = max(row.last or 0, int(row.floor or 0)) + 1
    return int(tx.known[name])


def give(tx: Tx, name: str, number: int) -> None:
    """Note that a row of a table has this number from now on."""
    if name in tx.known:
        tx.known[name] = max(tx.known[name], number + 1)


def starting(tx: Tx, prefix: str) -> dict[str, str]:
    """Every fact whose key starts so, the prefix taken off."""
    rows = tx.connection.execute(select(_meta.c.key, _meta.c.value).where(_meta.c.key.startswith(prefix)))
    return {str(key).removeprefix(prefix): str(value) for key, value in rows}
