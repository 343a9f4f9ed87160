"""Rows that are written together are the rows that are read, however many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from maild.store.engine import Store, Tx
from maild.store.statement import Statement, given
from maild.store.tables import table

_timer = table("timer")
_meta = table("meta")
SET = Statement(insert(_timer), ("ticket", "timer", "due_at", "detail"))
ALL = Statement(select(_timer).order_by(_timer.c.ticket))
SAID = Statement(select(_meta.c.value).where(_meta.c.key == given("name")))
NOON = datetime(2026, 11, 21, 12, 0, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 40])
def test_many_rows_are_written_as_one_by_one(store: Store, count: int) -> None:
    rows = [(n, "close", NOON + timedelta(n), str(n)) for n in range(count)]
    store.write(lambda tx: SET.add(tx, rows))
    with store.read() as tx:
        assert [(row.ticket, row.timer, row.due_at, row.detail) for row in ALL.rows(tx)] == rows


def test_a_moment_is_kept_as_sqlalchemy_keeps_it(store: Store) -> None:
    paris = timezone(timedelta(hours=1))
    moments = [NOON, NOON.replace(microsecond=0), NOON.astimezone(paris), datetime(1999, 1, 2, 3, 4, 5, 60, tzinfo=UTC)]

    def write(tx: Tx) -> None:
        for n, moment in enumerate(moments):
            tx.connection.execute(insert(_timer).values(ticket=n, timer="a", due_at=moment, detail=""))
            SET.run(tx, ticket=n, timer="b", due_at=moment, detail="")

    store.write(write)
    with store.read() as tx:
        kept = tx.driver.execute("SELECT timer, group_concat(due_at, ';') FROM timer GROUP BY timer").fetchall()
        assert kept[0][1] == kept[1][1]
        slowly = [row.due_at for row in tx.connection.execute(select(_timer).order_by(_timer.c.ticket, _timer.c.timer))]
    assert slowly == [moment for moment in moments for _ in range(2)]


def test_a_time_without_a_zone_is_not_kept(store: Store) -> None:
    with pytest.raises(ValueError, match="zone"):
        store.write(lambda tx: SET.run(tx, ticket=1, timer="a", due_at=NOON.replace(tzinfo=None), detail=""))


@pytest.mark.parametrize("wrong", [{}, {"name": "a", "more": "b"}])
def test_a_value_too_many_or_too_few_is_a_bug(store: Store, wrong: dict[str, str]) -> None:
    with store.read() as tx, pytest.raises(KeyError):
        SAID.rows(tx, **wrong)
