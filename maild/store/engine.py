"""One way in: a single writer that gathers waiting work into one commit, and readers on snapshots."""

from __future__ import annotations

import contextlib
import logging
import queue
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from maild.store import schema
from maild.store.fault import LostError, SchemaError, StoreError, of_machine
from maild.store.line import BEGIN_READ, BEGIN_WRITE, LIVING, TAKE_TURN, WRITER, announce, engine_of, is_lost, shown

Result = TypeVar("Result")
_GROUP = 64
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PAUSE = 0.1
_LONGEST_PAUSE = 5.0

log = logging.getLogger("maild.store")


@dataclass(frozen=True, slots=True)
class Tx:
    """An open transaction. Only maild.store looks inside; to hold one is the right to read or write."""

    connection: Connection
    folder: Path | None
    """Where big mails are files of their own; None where they lie in the database."""
    driver: Any
    """The driver's own connection, for statements that run too often to go the long way."""
    decides: bool = True
    """Whether this store may decide now: of all daemons on one database, one does."""
    known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was read in this transaction and holds until it writes something else; nobody else writes meanwhile."""

    def must_decide(self) -> None:
        """Raise LostError where another daemon decides now, since our connection was lost."""
        if not self.decides:
            raise LostError("another daemon decides now")

    def living(self) -> frozenset[str] | None:
        """The numbers of the daemons that live; None where there is never more than one."""
        if self.connection.dialect.name == "sqlite":
            return None
        return frozenset(str(number) for (number,) in self.driver.execute(LIVING).fetchall())

    @property
    def over(self) -> bool:
        """Whether the database took all of it back by itself, as SQLite does where the disk is full."""
        return self.connection.dialect.name == "sqlite" and not self.driver.in_transaction

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """What is written inside is taken back where it raises; the rest of the transaction goes on."""
        self.driver.execute("SAVEPOINT apart")
        try:
            yield
        except BaseException:
            self.known.clear()
            if not self.over:
                self.driver.execute("ROLLBACK TO SAVEPOINT apart")
                self.driver.execute("RELEASE SAVEPOINT apart")
            raise
        self.driver.execute("RELEASE SAVEPOINT apart")


@dataclass(slots=True)
class _Work:
    job: Callable[[Tx], Any]
    done: Future[Any] = field(default_factory=Future)


class Store:
    """The database behind `url`; with SQLite the folder beside it holds big mails.

    Writes go through one thread and one connection, one transaction at a time: BEGIN IMMEDIATE on SQLite, an advisory
    lock on PostgreSQL, which all daemons of that database heed. Jobs that wait at the same time share one commit, each
    in a savepoint of its own; a job's future is done only after that commit. `home` is where a PostgreSQL desk has its
    spool, lock and socket; with SQLite they lie beside the database. StoreError where the database cannot be used,
    LostError while it does not answer.
    """

    def __init__(self, url: str, home: Path | None = None) -> None:
        self.shown = shown(url)
        self._engine = engine_of(url)
        self._dialect = self._engine.dialect.name
        self.sqlite = self._dialect == "sqlite"
        database = make_url(url).database
        self.file = Path(database) if self.sqlite and database else None
        self.home = self.file.parent if self.file else home or Path("var")
        self.folder = self.home / "mail" if self.sqlite else None
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        self.lost_since: float | None = None
        """When the database stopped answering, by time.monotonic; None while all is well."""
        self.refuses = ""
        """Why disk or database took nothing when something was last to be written; "" while all is well."""
        self.number = secrets.randbelow(2**31 - 1) + 1
        """What a daemon on this store is called among those on the same database."""
        self.decides = self.sqlite
        """Whether this one decides; on SQLite whoever has the store does."""
        self._again_at = 0.0
        self._pause = _PAUSE
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()

    def create(self) -> None:
        """Make the tables, or bring those of an earlier maild into shape; SchemaError where they are of a later one."""
        try:
            with self._engine.connect() as connection:
                more = True
                while more:
                    connection.exec_driver_sql(BEGIN_WRITE[self._dialect])
                    try:
                        more = schema.advance(connection)
                        connection.exec_driver_sql("COMMIT")
                    except BaseException:
                        with contextlib.suppress(Exception):
                            connection.exec_driver_sql("ROLLBACK")
                        raise
        except DBAPIError as fault:
            self._refuse_damaged(fault)
            raise StoreError(f"{self.shown}: {_said(fault)}; check store.url and that the database runs") from fault
        except StoreError as fault:
            raise type(fault)(f"{self.shown}: {fault}") from None

    def schema(self) -> int | None:
        """The number of the shape that the tables have; None where there are none yet."""
        try:
            with self._engine.connect() as connection:
                return schema.number(connection)
        except DBAPIError as fault:
            self._refuse_damaged(fault)
            raise StoreError(f"{self.shown}: {_said(fault)}; check store.url and that the database runs") from fault

    def require(self) -> None:
        """Raise SchemaError where the tables are not those that this maild reads and writes."""
        try:
            schema.refuse_other(self.schema())
        except SchemaError as fault:
            raise SchemaError(f"{self.shown}: {fault}") from None

    def stand(self) -> bool:
        """Begin to decide where no other daemon does; whether this one decides. It lasts as long as the connection."""
        return self.decides or self.write(self._take_turn)

    def _take_turn(self, tx: Tx) -> bool:
        ((self.decides,),) = tx.driver.execute(TAKE_TURN).fetchall()
        return self.decides

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
        try:
            return self.submit(job).result()
        except Exception as fault:
            self._refuse_damaged(fault)
            raise

    def _refuse_damaged(self, fault: Exception) -> None:
        """Raise StoreError where this fault tells that the database file is damaged."""
        driver = fault.orig if isinstance(fault, DBAPIError) else fault
        if isinstance(driver, sqlite3.DatabaseError) and getattr(driver, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
            raise StoreError(
                f"{self.shown}: the database is damaged ({_said(fault)}); stop maild, move the file and its "
                "-wal and -shm away, and bring the newest backup back: maild restore FILE"
            ) from fault

    @contextlib.contextmanager
    def read(self) -> Iterator[Tx]:
        """A snapshot to read from; it is not moved by what is written meanwhile."""
        connection = self._begin_read()
        try:
            yield Tx(connection, self.folder, connection.connection.dbapi_connection)
        except Exception as fault:
            if is_lost(connection):
                raise LostError(f"{self.shown}: {_said(fault)}") from fault
            self._refuse_damaged(fault)
            raise
        finally:
            with contextlib.suppress(SQLAlchemyError):
                connection.exec_driver_sql("ROLLBACK")
            connection.close()

    def _begin_read(self) -> Connection:
        """A connection on a snapshot; one that the database has hung up on since it was last used is opened anew."""
        for patience in (1, 0):
            connection = None
            try:
                connection = self._engine.connect()
                connection.exec_driver_sql(BEGIN_READ[self._dialect])
            except DBAPIError as fault:
                if connection is not None:
                    connection.close()
                if self.sqlite:
                    raise
                if connection is None or not patience:
                    raise LostError(f"{self.shown}: {_said(fault)}") from fault
            else:
                return connection
        raise AssertionError("the second try ends in one way or the other")

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
        connection: Connection | None = None
        while True:
            group = self._gather()
            works = [work for work in group if work is not None]
            if works:
                try:
                    connection = self._begin_write(connection)
                except BaseException as error:  # noqa: BLE001  every waiting caller must hear of it
                    self._note_refused(error)
                    for work in works:
                        work.done.set_exception(error)
                else:
                    self._commit(connection, works)
            if None in group:
                if connection is not None:
                    connection.close()
                return

    def _begin_write(self, held: Connection | None) -> Connection:
        """The writer's connection in a transaction; one that was lost while nothing was written is opened anew."""
        for again in (True, False):
            connection = self._connected(held)
            try:
                driver: Any = connection.connection.dbapi_connection
                driver.execute(BEGIN_WRITE[self._dialect])
            except Exception as fault:
                if not is_lost(connection):
                    raise
                if not again:
                    self._note_lost(fault)
                    raise LostError(f"{self.shown}: {_said(fault)}") from fault
                held = connection
            else:
                return connection
        raise AssertionError("the second try ends in one way or the other")

    def _connected(self, held: Connection | None) -> Connection:
        """The writer's connection, opened anew where it was lost; LostError at once while it is too early to try."""
        if held is not None:
            if not is_lost(held):
                return held
            if not held.closed:
                held.invalidate()
                held.close()
        if time.monotonic() < self._again_at:
            raise LostError(f"{self.shown}: the database does not answer; maild tries again")
        try:
            connection = self._open()
        except DBAPIError as fault:
            self._note_lost(fault)
            self._again_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
            raise LostError(f"{self.shown}: {_said(fault)}") from fault
        if self.lost_since is not None:
            log.warning("%s: the database answers again", self.shown)
        self.lost_since, self._again_at, self._pause = None, 0.0, _PAUSE
        self.decides = self.sqlite
        return connection

    def _open(self) -> Connection:
        """A connection that says which daemon it is of; one from the pool may have been hung up on long ago."""
        connection = self._engine.connect()
        if self.sqlite:
            connection.exec_driver_sql(WRITER)
            return connection
        try:
            connection.exec_driver_sql(announce(self.number))
        except DBAPIError:
            connection.close()
            connection = self._engine.connect()
            connection.exec_driver_sql(announce(self.number))
        return connection

    def _note_lost(self, fault: BaseException) -> None:
        self.decides = self.sqlite
        if self.lost_since is None:
            self.lost_since = time.monotonic()
            log.error("%s: the database does not answer: %s; maild tries again", self.shown, _said(fault))

    def _note_refused(self, fault: BaseException) -> None:
        if of_machine(fault) and not isinstance(fault, StoreError):
            self.refuses = _said(fault)

    def _gather(self) -> list[_Work | None]:
        group = [self._waiting.get()]
        with contextlib.suppress(queue.Empty):
            while group[-1] is not None and len(group) < _GROUP:
                group.append(self._waiting.get_nowait())
        return group

    def _commit(self, connection: Connection, group: list[_Work]) -> None:
        tx = Tx(connection, self.folder, connection.connection.dbapi_connection, self.decides)
        finished: list[Callable[[], None]] = []
        try:
            finished.extend(self._run(tx, work, alone=len(group) == 1) for work in group)
            end = tx.driver.execute("COMMIT")
            _check_committed(end)
        except BaseException as error:  # noqa: BLE001  every waiting caller must hear of it
            fault = error
            if is_lost(connection):
                self._note_lost(error)
                fault = LostError(f"{self.shown}: {_said(error)}")
                fault.__cause__ = error
            else:
                self._note_refused(error)
                with contextlib.suppress(Exception):
                    connection.exec_driver_sql("ROLLBACK")
            for work in group:
                work.done.set_exception(fault)
            return
        self.refuses = ""
        for finish in finished:
            finish()

    def _run(self, tx: Tx, work: _Work, *, alone: bool) -> Callable[[], None]:
        if alone:
            result = work.job(tx)
            return lambda: work.done.set_result(result)
        try:
            with tx.apart():
                result = work.job(tx)
        except BaseException as error:
            if tx.over:
                raise
            failure = error  # its own caller hears of it, the others go on
            return lambda: work.done.set_exception(failure)
        return lambda: work.done.set_result(result)


def _check_committed(end: Any) -> None:
    """PostgreSQL answers COMMIT with a roll-back, and no fault, where a statement failed and nobody minded."""
    if getattr(end, "statusmessage", "COMMIT") != "COMMIT":
        raise StoreError("a statement failed, so the transaction was taken back")


def _said(fault: BaseException) -> str:
    """What a driver says of a fault, in one line."""
    said = str(fault.orig if isinstance(fault, DBAPIError) else fault)
    return " ".join(said.split()) or type(fault).__name__
