"""What can be wrong with a store as a whole."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}
_SQLITE = {
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
    *(sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM),
}
_POSTGRESQL = ("53", "57P", "58")
"""Classes of SQLSTATE: no resources (a full disk among them), an operator's word, a fault of the system."""


class StoreError(Exception):
    """The store cannot be used; the words say why, and what to do."""


class LostError(StoreError):
    """The database does not answer now; nothing is known of a write that it was given last."""


class SchemaError(StoreError):
    """The tables have another shape than this maild can work with."""


def of_machine(fault: BaseException) -> bool:
    """Whether disk or database failed, whatever they were given: no room, no right to write, a lock of another's.

    What a single mail may cause (an unreadable file, too little memory) is not among it: that mail would hold up all.
    """
    return any(_is_machines(one) for one in _behind(fault))


def _behind(fault: BaseException | None) -> Iterator[BaseException]:
    """A fault, and those that it came of."""
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def _is_machines(fault: BaseException) -> bool:
    match fault:
        case StoreError():
            return True
        case OSError(errno=number):
            return number in _NO_ROOM
        case sqlite3.Error():
            return getattr(fault, "sqlite_errorcode", 0) & 0xFF in _SQLITE
        case _:
            return str(getattr(fault, "sqlstate", None) or "").startswith(_POSTGRESQL)
