"""One way in: a single writer that gathers waiting work into one commit, and readers on snapshots."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlmodel import SQLModel

from maild.store import tables

Result = TypeVar("Result")
_GROUP = 64


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. Only maild.store looks inside; to hold one is the right to read or write."""

    connection: Connection
    folder: Path
    driver: Any
    """The driver's own connection, for statements that run too often to go the long way."""

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """What is written inside is taken back where it raises; the rest of the transaction goes on."""
        self.driver.execute("SAVEPOINT apart")
        try:
            yield
        except BaseException:
            self.driver.execute("ROLLBACK TO SAVEPOINT apart")
            self.driver.execute("RELEASE SAVEPOINT apart")
            raise
        self.driver.execute("RELEASE SAVEPOINT apart")


@dataclass(slots=True)
class _Work:
    job: Callable[[Tx], Any]
    done: Future[Any] = field(default_factory=Future)


class Store:
    """The database behind `url`, and the folder beside it for big mails.

    Writes go through one thread and one connection (SQLite: WAL, synchronous=FULL, BEGIN IMMEDIATE). Jobs that wait at
    the same time share one commit, each in a savepoint of its own; a job's future is done only after that commit.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        self.file = Path(parsed.database) if self.sqlite and parsed.database else None
        self.folder = (self.file.parent if self.file else Path("var")) / "mail"
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        self._engine = _engine(url)
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()

    def create(self) -> None:
        """Make the tables that are missing."""
        with self._engine.connect() as connection:
            SQLModel.metadata.create_all(connection, tables=_all_tables())

    def submit(self, job: Callable[[Tx], Result]) -> Future[Result]:
        """Run `job` in the writer; the future is done once the commit is on disk, or the job failed."""
        work = _Work(job)
        work.done.set_running_or_notify_cancel()  # a caller who goes away cannot take back what is being written
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._serve, name="writer", daemon=True)
                self._writer.start()
            self._waiting.put(work)
        return work.done

    def write(self, job: Callable[[Tx], Result]) -> Result:
        """Run `job` and wait for its commit."""
        return self.submit(job).result()

    @contextlib.contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot to read from; it is not moved by what is written meanwhile."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield Tx(connection, self.folder, connection.connection.dbapi_connection)
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def close(self) -> None:
        """Finish what waits, then let go of the files."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                self._waiting.put(None)
        if writer is not None:
            writer.join()
        self._engine.dispose()

    def _serve(self) -> None:
        with self._engine.connect() as connection:
            while True:
                group = self._gather()
                if group:
                    self._commit(connection, [work for work in group if work is not None])
                if None in group:
                    return

    def _gather(self) -> list[_Work | None]:
        group = [self._waiting.get()]
        with contextlib.suppress(queue.Empty):
            while group[-1] is not None and len(group) < _GROUP:
                group.append(self._waiting.get_nowait())
        return group

    def _commit(self, connection: Connection, group: list[_Work]) -> None:
        tx = Tx(connection, self.folder, connection.connection.dbapi_connection)
        finished: list[Callable[[], None]] = []
        try:
            tx.driver.execute("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")
            finished.extend(self._run(tx, work, alone=len(group) == 1) for work in group)
            tx.driver.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001  every waiting caller must hear of it
            with contextlib.suppress(Exception):
                connection.exec_driver_sql("ROLLBACK")
            for work in group:
                work.done.set_exception(error)
            return
        for finish in finished:
            finish()

    def _run(self, tx: Tx, work: _Work, *, alone: bool) -> Callable[[], None]:
        if alone:
            result = work.job(tx)
            return lambda: work.done.set_result(result)
        try:
            with tx.apart():
                result = work.job(tx)
        except BaseException as error:  # noqa: BLE001  its own caller hears of it, the others go on
            failure = error
            return lambda: work.done.set_exception(failure)
        return lambda: work.done.set_result(result)


def _all_tables() -> list[Any]:
    return [
        SQLModel.metadata.tables[str(row.__tablename__)]
        for row in (
            tables.MetaRow,
            tables.InboxRow,
            tables.RawRow,
            tables.TicketRow,
            tables.PromiseRow,
            tables.PartyRow,
            tables.EntryRow,
            tables.HistoryRow,
            tables.SeenRow,
            tables.OutboxRow,
            tables.TimerRow,
            tables.AgentRow,
            tables.AbsenceRow,
        )
    ]


def _engine(url: str) -> Engine:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", "mmap_size=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
