"""Small facts of the desk that belong to no table of their own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from maild.store.engine import Tx
from maild.store.tables import table

_meta = table("meta")


def put(tx: Tx, key: str, value: str) -> None:
    insert = insert_sqlite if tx.connection.dialect.name == "sqlite" else insert_postgresql
    query = insert(_meta).values(key=key, value=value)
    tx.connection.execute(query.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def starting(tx: Tx, prefix: str) -> dict[str, str]:
    """Every fact whose key starts so, the prefix taken off."""
    rows = tx.connection.execute(select(_meta.c.key, _meta.c.value).where(_meta.c.key.startswith(prefix)))
    return {str(key).removeprefix(prefix): str(value) for key, value in rows}
