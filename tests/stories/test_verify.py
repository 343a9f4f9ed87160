"""Whatever single row of what happened is taken out by hand or by a fault, `maild verify` finds that it is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import and_, delete, select

from maild.desk import Agent
from maild.orders import execute
from maild.store import archive, verify
from maild.store.engine import Tx
from maild.store.tables import table
from maild.ticket import Status
from tests.stories.house import ANN, BEN, House
from tests.stories.promised import KEEPS_TIME, LUC, THURSDAY, asks, played


class TakenBackError(Exception):
    """What was tried is not to stay."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A desk on which every kind of row is: a promise kept, an absence that moved a ticket, one still to come."""
    desk = House(tmp_path, desk=replace(KEEPS_TIME, settle=timedelta(0)), now=THURSDAY)
    brief = asks(desk)
    desk.receives("The printer hums.", author="Eva <eva@other.example>", subject="Printer")
    desk.agent_replies("Here is the credit note.", brief)
    goes_away(desk, ANN, "2026-11-19..2026-11-20")
    goes_away(desk, ANN, "2026-12-24")
    assert {ticket.owner for ticket in desk.tickets} == {BEN.id}
    desk.agent_replies("#solved\nIt is done.", desk.last(BEN.email, "assigned"), agent=BEN)
    assert Status.SOLVED in {ticket.status for ticket in desk.tickets}
    yield from played(desk)


def goes_away(house: House, agent: Agent, days: str) -> None:
    order = {"do": "agent-away", "agent": agent.id, "days": days, "by": "the operator"}
    assert house.store.write(lambda tx: execute(tx, house.office, order, house.now))["ok"]
    house.works()


def without(house: House, name: str, row: Mapping[str, Any]) -> list[str]:
    """What verify finds in a store that is as it was, but for this row."""
    rows = table(name)
    found: list[str] = []

    def look(tx: Tx) -> None:
        same = and_(*(column == row[column.key] for column in rows.primary_key.columns))
        assert tx.connection.execute(delete(rows).where(same)).rowcount == 1
        found.extend(finding.words for finding in verify.findings(tx))
        raise TakenBackError

    with pytest.raises(TakenBackError):
        house.store.write(look)
    return found


def rows_of(house: House, name: str) -> list[Mapping[str, Any]]:
    with house.store.read() as tx:
        return [dict(row) for row in tx.connection.execute(select(table(name))).mappings()]


@pytest.mark.parametrize("name", ["outbox", "party", "promise", "entry", "history", "raw"])
def test_verify_finds_any_row_that_is_gone(house: House, name: str) -> None:
    rows = rows_of(house, name)
    assert len(rows) >= 2
    unseen = [row for row in rows if not without(house, name, row)]
    assert unseen == ([rows[-1]] if name == "outbox" else []), "of the newest receipt nothing tells"
    assert house.faults() == []


def test_verify_finds_an_absence_that_is_gone(house: House) -> None:
    moved, coming = rows_of(house, "absence")
    assert without(house, "absence", moved) == ["absence 1: ticket 1 tells of it, and its row is gone"]
    assert without(house, "absence", coming) == [], "nothing has come of it, and nothing has followed it"
    goes_away(house, BEN, "2026-12-27")
    assert without(house, "absence", coming) == ["absence 2: its row is gone"]


def test_verify_finds_that_nothing_will_close_a_solved_ticket(house: House) -> None:
    [timer] = [row for row in rows_of(house, "timer") if row["timer"] == "close"]
    assert without(house, "timer", timer) == ["ticket 1: it is solved, and no timer closes it"]


def test_a_row_that_is_gone_is_found_beside_the_numbers_that_a_restore_leaves_out(house: House, tmp_path: Path) -> None:
    """A restore leaves out many numbers, which is no fault; a single one that is missing is."""
    file = tmp_path / "backup"
    house.receives("And this?", author=LUC, subject="Invoice 78")
    for _ in range(2):
        with house.store.read() as tx:
            archive.write(tx, file, house.now)
        house.store.write(lambda tx: archive.read(tx, file, force=True))
        house.works()
        house.receives("And this?", author=LUC, subject="Invoice 79")
    numbers = [row["id"] for row in rows_of(house, "outbox")]
    assert numbers[-1] > 2 * archive.GAP
    assert house.faults() == []
    unseen = [row for row in rows_of(house, "outbox") if not without(house, "outbox", row)]
    assert unseen == []
