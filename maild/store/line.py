"""How each database is spoken to: what opens a connection, and what begins a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from maild.store.fault import StoreError

_WRITING = 0x6D61696C64
"""The advisory lock that whoever writes holds until the end of the transaction: what BEGIN IMMEDIATE is to SQLite."""
BEGIN_WRITE: Mapping[str, str] = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": f"BEGIN; SELECT pg_advisory_xact_lock({_WRITING})",
}
BEGIN_READ: Mapping[str, str] = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_DECIDING = _WRITING + 1
_DAEMONS = 24929
TAKE_TURN = f"SELECT pg_try_advisory_lock({_DECIDING})"
"""Answers whether this connection decides from now on, for as long as it lasts: one does, of all daemons."""


def announce(number: int) -> str:
    """The statement that says, for as long as its connection lasts, that the daemon of this number lives."""
    return f"SELECT pg_try_advisory_lock({_DAEMONS}, {number})"


LIVING = """
SELECT DISTINCT objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid = 24929
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
"""The numbers of all daemons that live."""
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "busy_timeout=5000",
    "mmap_size=0",
    "wal_autocheckpoint=4000",  # pages, 16 MB: what is written again and again goes over to the database once
)
WRITER = "PRAGMA temp_store=MEMORY"
"""For SQLite's writer alone: what a savepoint may have to put back would be written into a file, page by page. Whoever
sorts much, as an upgrade does, would need as much memory."""
_SESSION: Mapping[str, str] = {
    "timezone": "UTC",
    "synchronous_commit": "on",
    # what a machine held that is gone is let go of within half a minute; the last is for an answer on its way to it:
    # then no keep-alive is sent, and the system would try for a quarter of an hour
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "idle_in_transaction_session_timeout": "120s",
}
_CALL: Mapping[str, str | int] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "maild",
}
"""libpq's own words, so that a server that is gone is noticed within half a minute; the URL may say otherwise."""


def engine_of(url: str) -> Engine:
    """The engine behind a store's URL; StoreError where the library for it is missing."""
    parsed = make_url(url)
    try:
        return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    except ModuleNotFoundError as missing:
        raise StoreError(f"{missing.name} is not installed; install maild[postgres]") from None


def shown(url: str) -> str:
    """The URL as it may stand in a log: without a password."""
    return make_url(url).render_as_string(hide_password=True)


def is_lost(connection: Connection) -> bool:
    """Whether the database has hung up on this connection."""
    if connection.closed or connection.invalidated:
        return True
    return bool(getattr(connection.connection.dbapi_connection, "closed", False))


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    said = {name: value for name, value in _CALL.items() if name not in url.query}
    session = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    options = f"{session} {url.query.get('options', '')}".strip()
    return create_engine(
        url, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args={**said, "options": options}
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
