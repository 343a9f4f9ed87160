"""Mails that come in at the same time are kept together, and each of them hears how that ended."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.ingest.doors import Journal
from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Store, Tx

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NO_TEXT = "smtp:\udcff"  # a lone surrogate, which no database takes


@dataclass
class House:
    """A store, and a journal that doors keep mail with."""

    store: Store
    woken: list[str] = field(default_factory=list)

    def takes(self, *sources: str) -> list[BaseException | None]:
        """Mails come in while the writer is busy with something else; what each of their doors hears."""
        return asyncio.run(self._take(sources))

    async def _take(self, sources: tuple[str, ...]) -> list[BaseException | None]:
        journal = Journal(self.store, lambda: self.woken.append("woken"), lambda: True)
        arrivals = (Arrival(source, b"Subject: x\r\n\r\n", "", ("support@desk.example",), NOW) for source in sources)
        all_here = threading.Event()

        def something_else(_: Tx) -> None:
            assert all_here.wait(30)

        busy = self.store.submit(something_else)
        doors = [asyncio.ensure_future(journal.keep_one(arrival)) for arrival in arrivals]
        # doors that were begun before this one have handed over when it comes to its turn
        asyncio.get_running_loop().call_soon(all_here.set)
        heard = await asyncio.gather(*doors, return_exceptions=True)
        await asyncio.wait([asyncio.wrap_future(busy)])
        return heard

    @property
    def kept(self) -> set[str]:
        with self.store.read() as tx:
            return {one.source for one in inbox.listing(tx)}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = Store(f"sqlite:///{tmp_path}/maild.db")
    store.create()
    yield House(store)
    store.close()


def test_mails_that_wait_together_are_kept_together(house: House) -> None:
    assert house.takes("smtp:1", "smtp:2", "smtp:3") == [None, None, None]
    assert house.kept == {"smtp:1", "smtp:2", "smtp:3"}
    assert house.woken == ["woken"]


def test_a_mail_that_cannot_be_kept_takes_no_other_along(house: House) -> None:
    first, bad, last = house.takes("smtp:1", NO_TEXT, "smtp:2")
    assert (first, last) == (None, None)
    assert isinstance(bad, UnicodeEncodeError)
    assert house.kept == {"smtp:1", "smtp:2"}
    assert house.woken


def test_mail_is_kept_again_after_the_database_was_locked(house: House, tmp_path: Path) -> None:
    house.store.write(lambda tx: tx.driver.execute("PRAGMA busy_timeout=0"))
    with contextlib.closing(sqlite3.connect(tmp_path / "maild.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        heard = house.takes("smtp:1", "smtp:2")
        assert all(isinstance(one, sqlite3.OperationalError) for one in heard)
        assert house.woken == []
    assert house.takes("smtp:1", "smtp:2") == [None, None]
    assert house.kept == {"smtp:1", "smtp:2"}
