"""The shape of the tables: its number, and the steps that lead to it from every earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select, update
from sqlmodel import SQLModel

from maild.store.fault import SchemaError
from maild.store.tables import ALL, table

_meta = table("meta")
KEY = "schema"
_TYPES: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"moment": "DATETIME", "no": "0"},
    "postgresql": {"moment": "TIMESTAMP WITH TIME ZONE", "no": "false"},
}
"""What the databases call differently; a step writes {moment} and {no}."""


@dataclass(frozen=True, slots=True)
class Step:
    """From the shape before to shape `number`, in one transaction.

    `brings` is a table with a column or an index of it that the step makes: stores made before there were numbers are
    told apart by it.
    """

    number: int
    brings: tuple[str, str]
    statements: str


STEPS = (
    Step(2, ("inbox", "inbox_author"), "CREATE INDEX IF NOT EXISTS inbox_author ON inbox (author, id)"),
    Step(
        3,
        ("history", "why"),
        """
        ALTER TABLE history ADD COLUMN why JSON;
        CREATE INDEX IF NOT EXISTS history_absence ON history ("before", at)
            WHERE code IN ('absence.planned', 'absence.unplanned', 'left');
        CREATE TABLE IF NOT EXISTS agent (
            id VARCHAR NOT NULL PRIMARY KEY, number INTEGER NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL,
            gone_at {moment}
        );
        CREATE UNIQUE INDEX IF NOT EXISTS agent_number ON agent (number);
        CREATE TABLE IF NOT EXISTS absence (
            id INTEGER NOT NULL PRIMARY KEY, agent TEXT NOT NULL, leave TEXT NOT NULL, since {moment} NOT NULL,
            until {moment}, last_day TEXT NOT NULL, source TEXT NOT NULL, stage TEXT NOT NULL, backup VARCHAR,
            because TEXT NOT NULL, "by" TEXT NOT NULL, told TEXT NOT NULL, "key" TEXT NOT NULL, look_at {moment},
            created_at {moment} NOT NULL
        );
        CREATE INDEX IF NOT EXISTS absence_stage ON absence (stage, look_at);
        CREATE INDEX IF NOT EXISTS absence_agent ON absence (agent, created_at)
        """,
    ),
    Step(
        4,
        ("history", "origin"),
        """
        ALTER TABLE history ADD COLUMN origin JSON;
        ALTER TABLE absence ADD COLUMN learnt_at {moment}
        """,
    ),
    Step(
        5,
        ("ticket", "sla"),
        """
        ALTER TABLE ticket ADD COLUMN sla TEXT NOT NULL DEFAULT '';
        ALTER TABLE ticket ADD COLUMN ladder TEXT NOT NULL DEFAULT '';
        ALTER TABLE party ADD COLUMN stopped BOOLEAN NOT NULL DEFAULT {no};
        CREATE TABLE IF NOT EXISTS promise (
            ticket INTEGER NOT NULL REFERENCES ticket (number), number INTEGER NOT NULL, clock TEXT NOT NULL,
            made_at {moment} NOT NULL, due_at {moment} NOT NULL, warn_at {moment} NOT NULL, guard_at {moment} NOT NULL,
            standing TEXT NOT NULL, "by" TEXT NOT NULL, text TEXT NOT NULL, warned BOOLEAN NOT NULL, "left" INTEGER,
            missed INTEGER NOT NULL, ended_at {moment}, PRIMARY KEY (ticket, number)
        );
        CREATE INDEX IF NOT EXISTS promise_standing ON promise (standing, due_at)
        """,
    ),
    Step(6, ("outbox", "holder"), "ALTER TABLE outbox ADD COLUMN holder TEXT NOT NULL DEFAULT ''"),
)
FIRST, NEWEST = 1, STEPS[-1].number


def number(connection: Connection) -> int | None:
    """The number of the shape that the tables have; None where there are none yet."""
    look = inspect(connection)
    if not look.has_table("inbox"):
        return None
    kept = connection.execute(select(_meta.c.value).where(_meta.c.key == KEY)).scalar()
    if kept is not None:
        return int(kept)
    found = FIRST
    for step in STEPS:
        name, brought = step.brings
        names = {column["name"] for column in look.get_columns(name)} | {one["name"] for one in look.get_indexes(name)}
        if brought not in names:
            break
        found = step.number
    return found


def refuse_newer(found: int | None) -> None:
    """Raise SchemaError where the tables are of a later maild than this one."""
    if found is not None and found > NEWEST:
        raise SchemaError(
            f"the store has schema {found}, and this maild knows none after {NEWEST}; run the newer maild that made it"
        )


def refuse_other(found: int | None) -> None:
    """Raise SchemaError where the tables have another shape than this maild reads and writes."""
    refuse_newer(found)
    if found is not None and found < NEWEST:
        raise SchemaError(f"the store has schema {found} of an earlier maild; start maild run, which upgrades it first")


def advance(connection: Connection) -> bool:
    """Within the caller's transaction: make all tables, or go one step on; True where there is more to do.

    The number is written in the same transaction, so a transaction that does not come to its end changes nothing.
    """
    found = number(connection)
    refuse_newer(found)
    if found is None:
        SQLModel.metadata.create_all(connection, tables=list(ALL))
        _write(connection, NEWEST)
        return False
    step = next((one for one in STEPS if one.number == found + 1), None)
    if step is not None:
        words = _TYPES[connection.dialect.name]
        for statement in step.statements.split(";"):
            connection.exec_driver_sql(statement.format(**words))
    _write(connection, step.number if step else found)
    return found + 1 < NEWEST


def _write(connection: Connection, found: int) -> None:
    changed = connection.execute(update(_meta).where(_meta.c.key == KEY).values(value=str(found)))
    if not changed.rowcount:
        connection.execute(_meta.insert().values(key=KEY, value=str(found)))
