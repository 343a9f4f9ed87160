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
    from maild.store.engine import Tx

NOTHING = "nothing yet"


@contextlib.contextmanager
def snapshot(config: Config) -> Iterator[Tx | None]:
    """What the store holds at this moment; None where there is none yet. A running daemon is not disturbed."""
    if not is_there(config.store.url):
        yield None
        return
    from maild.store.engine import Store

    store = Store(config.store.url)
    try:
        with store.read() as tx:
            yield tx
    finally:
        store.close()


def is_there(url: str) -> bool:
    """Whether there is a store with our tables; Failure where something else is in its place."""
    file = place.database(url)
    if file is None:
        raise Failure(f"{url}: this version keeps its store in SQLite; set store.url to sqlite:///var/maild.db")
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
    from maild.store.engine import Store

    if not is_there(config.store.url):
        raise Failure(f"{place.folder(config.store.url)}: there is no mail yet")
    folder = place.folder(config.store.url)
    try:
        answer = control.ask(folder, request)
        if answer is None:
            from maild.daemon import open_office

            store = Store(config.store.url)
            with contextlib.closing(store):
                answer = control.offline(folder, open_office(config, store), request, datetime.now(UTC))
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
