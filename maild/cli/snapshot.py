"""The store as a command reads it, and how a command asks for something to be written."""

from __future__ import annotations

import contextlib
import getpass
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from maild.cli import place
from maild.cli.choice import Failure
from maild.cli.words import clean

if TYPE_CHECKING:
    from maild.config import Config
    from maild.store.engine import Store, Tx

NOTHING = "nothing yet"


@contextlib.contextmanager
def snapshot(config: Config) -> Iterator[Tx | None]:
    """What the store holds at this moment; None where there is none yet. A running daemon is not disturbed."""
    if not is_there(config):
        yield None
        return
    with opened(config) as store:
        store.require()
        with store.read() as tx:
            yield tx


@contextlib.contextmanager
def opened(config: Config) -> Iterator[Store]:
    """The store of this configuration; Failure where it cannot be used."""
    from maild.store.engine import Store
    from maild.store.fault import StoreError

    try:
        with contextlib.closing(Store(config.store.url, config.store.folder)) as store:
            yield store
    except StoreError as fault:
        raise Failure(str(fault)) from fault


def waits_for_upgrade(config: Config) -> str:
    """What the next start does to the tables of an earlier maild, "" where they are as they must be."""
    from maild.store.schema import NEWEST, refuse_newer

    with opened(config) as store:
        found = store.schema()
        refuse_newer(found)
    return "" if found in {None, NEWEST} else f"schema {found}; maild run makes it schema {NEWEST}"


def is_there(config: Config) -> bool:
    """Whether there is a store with our tables; Failure where something else is in its place."""
    file = place.database(config.store.url)
    if file is None:
        with opened(config) as store:
            return store.schema() is not None
    if not file.exists():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as fault:
        raise Failure(f"{file}: the store cannot be read ({fault}); check store.url and your rights there") from None
    return "timer" in names


def write(config: Config, request: Mapping[str, Any]) -> None:
    """Have the running daemon write it, or do it under its lock where none runs; say what came of it."""
    from maild import control, keys

    folder = place.folder(config.store.url, config.store.folder)
    if not is_there(config):
        raise Failure(f"{folder}: there is no mail yet")
    try:
        answer = control.ask(folder, request)
        if answer is None:
            from maild import orders
            from maild.furnishing import open_office

            with opened(config) as store:
                answer = orders.offline(folder, open_office(config, store), request, datetime.now(UTC))
    except (control.LockedError, keys.SecretError, OSError, ValueError) as fault:
        raise Failure(f"{folder}: it could not be asked for: {fault}") from fault
    if not answer["ok"]:
        raise Failure(str(answer["words"]))
    click.echo(clean(str(answer["words"])))


def who_asks() -> str:
    """The name that this person goes by on this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
