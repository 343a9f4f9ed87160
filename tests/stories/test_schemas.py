"""A store that an earlier maild made is brought into shape, whatever happens meanwhile; one of a later maild is not."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, inspect

from maild.store import schema, verify
from maild.store.engine import Store
from maild.store.fault import SchemaError
from maild.ticket import Status
from tests.stories.house import MORNING, House, keep_secret
from tests.stories.shell import enter, say, shell

pytestmark = pytest.mark.sqlite
SHAPES = Path(__file__).parent / "schemas"
EARLIER = sorted(int(path.stem) for path in SHAPES.glob("*.sql"))


class PowerCutError(Exception):
    """The machine has stopped."""


def earlier(shape: int, folder: Path) -> Path:
    """A database as the maild of this schema left it: two conversations of 2026-11-21, no number of a schema."""
    folder.mkdir(exist_ok=True)
    keep_secret(folder)
    file = folder / "maild.db"
    with contextlib.closing(sqlite3.connect(file)) as line:
        line.executescript((SHAPES / f"{shape}.sql").read_text("utf-8"))
    return file


def opened(file: Path) -> Store:
    return Store(f"sqlite:///{file}")


@dataclass(frozen=True)
class Shape:
    """What the tables are like: columns with type and whether they may be empty, keys, and indexes."""

    columns: dict[str, set[tuple[str, str, bool]]]
    keys: dict[str, list[str]]
    indexes: dict[str, set[tuple[str, tuple[str | None, ...], bool]]]
    ties: dict[str, set[tuple[str, str]]]


def shape_of(store: Store) -> Shape:
    with store._engine.connect() as connection:
        look = inspect(connection)
        names = look.get_table_names()
        return Shape(
            {n: {(c["name"], str(c["type"]), bool(c["nullable"])) for c in look.get_columns(n)} for n in names},
            {n: look.get_pk_constraint(n)["constrained_columns"] for n in names},
            {
                n: {(str(i["name"]), tuple(i["column_names"]), bool(i["unique"])) for i in look.get_indexes(n)}
                for n in names
            },
            {n: {(f["constrained_columns"][0], f["referred_table"]) for f in look.get_foreign_keys(n)} for n in names},
        )


def check(store: Store, wanted: Shape) -> None:
    """The tables are as a fresh store has them, and no word of the conversations is lost."""
    assert store.schema() == schema.NEWEST
    assert shape_of(store) == wanted
    with store.read() as tx:
        assert verify.findings(tx) == []


@pytest.fixture
def fresh(tmp_path: Path) -> Shape:
    (tmp_path / "fresh").mkdir()
    store = opened(tmp_path / "fresh" / "maild.db")
    store.create()
    assert store.schema() == schema.NEWEST
    found = shape_of(store)
    store.close()
    return found


def test_every_schema_that_ever_was_is_tried() -> None:
    assert list(range(schema.FIRST, schema.NEWEST + 1)) == EARLIER
    assert [step.number for step in schema.STEPS] == EARLIER[1:]


@pytest.mark.parametrize("shape", EARLIER)
def test_a_store_of_an_earlier_maild_is_upgraded_and_its_desk_goes_on(tmp_path: Path, fresh: Shape, shape: int) -> None:
    file = earlier(shape, tmp_path / "desk")
    store = opened(file)
    assert store.schema() == shape
    store.create()
    check(store, fresh)
    store.close()
    house = House(tmp_path / "desk", url=f"sqlite:///{file}", now=MORNING + timedelta(days=4))
    house.counter = count(100)
    assert [(ticket.number, ticket.subject) for ticket in house.tickets] == [(1, "Invoice 77 wrong"), (2, "Printer")]
    assert [entry.author for entry in house.entries(1)] == ["luc@customer.example", "ann@agents.example"]
    assert {"opened", "entry", "told"} <= {event.event for event in house.history(1)}
    house.takes_roll()
    before = [("In-Reply-To", "<m1@client.example>")]
    house.receives("Here is the contract.", headers=before, subject="Invoice 77 wrong")
    assert [entry.text for entry in house.entries(1)][-1] == "Here is the contract."
    owner = house.desk.agent(house.ticket(1).owner)
    assert owner is not None
    house.agent_replies("#solved\nIt is done.", house.last(owner.email, "customer-replied"), agent=owner)
    assert house.ticket(1).status is Status.SOLVED
    assert house.faults() == []
    house.close()


@pytest.mark.parametrize("shape", [None, *EARLIER[:-1]])
def test_an_upgrade_that_is_cut_off_anywhere_is_whole_after_the_next_start(
    tmp_path: Path, fresh: Shape, shape: int | None
) -> None:
    tmp_path.joinpath("desk").mkdir()
    before = tmp_path / "before.db"
    if shape is not None:
        earlier(shape, tmp_path / "made").rename(before)
    cuts = 0
    while True:
        file = tmp_path / "desk" / f"{cuts}.db"
        if shape is not None:
            shutil.copy(before, file)
        if not cut(file, cuts):
            break
        store = opened(file)
        found = store.schema()
        assert found is None if shape is None else found in range(shape, schema.NEWEST)
        store.create()
        check(store, fresh)
        store.close()
        cuts += 1
    assert cuts > 3


def cut(file: Path, after: int) -> bool:
    """Start an upgrade, and cut the power after so many statements that write; whether it came to that."""
    store, done = opened(file), 0

    def runs(_connection: object, _cursor: object, words: str, *_: object) -> None:
        nonlocal done
        done += not words.startswith(("PRAGMA", "SELECT", "BEGIN"))
        if done > after:
            raise PowerCutError

    event.listen(store._engine, "before_cursor_execute", runs)
    try:
        store.create()
    except PowerCutError:
        return True
    finally:
        store.close()
    return False


def test_a_store_of_a_later_maild_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(tmp_path)
    house.receives("Hello")
    house.close()
    file = tmp_path / "maild.db"
    with contextlib.closing(sqlite3.connect(file)) as line, line:
        line.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(schema.NEWEST + 1),))
    store = opened(file)
    with pytest.raises(SchemaError, match=f"has schema {schema.NEWEST + 1}.*run the newer maild"):
        store.create()
    store.close()
    enter(tmp_path, monkeypatch)
    for words in (["tickets"], ["verify"], ["check"], ["outbox", "retry", "1"]):
        answer = say(*words)
        assert answer.exit_code == 1, words
        assert len(answer.stderr.splitlines()) == 1
        assert f"has schema {schema.NEWEST + 1}" in answer.stderr
    ran = shell("run")
    assert ran.returncode == 1
    assert ran.stderr.decode().count("\n") == 1
    assert b"run the newer maild that made it" in ran.stderr


def test_commands_without_a_daemon_say_that_a_start_upgrades_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier(3, tmp_path)
    enter(tmp_path, monkeypatch)
    answer = say("tickets")
    assert (answer.exit_code, len(answer.stderr.splitlines())) == (1, 1)
    assert "has schema 3 of an earlier maild; start maild run, which upgrades it first" in answer.stderr
    assert f"schema 3; maild run makes it schema {schema.NEWEST}" in say("check").stdout
    assert say("outbox", "retry", "1").exit_code == 1
    assert say("tickets").exit_code == 0
