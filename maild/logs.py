"""What the daemon tells beside mail: its log, and its state for systemd."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import socket
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache

_ADDRESS = re.compile(r"([^\s@<>()\[\]{},;:\"'=+])[^\s@<>()\[\]{},;:\"=]*@(?=[^\s@<>()\[\]{},;:\"'=]+\.)")
_TOKEN = re.compile(r"\b(?:[A-Za-z2-7]{40}|[A-Za-z2-7]{24})\b")
_SHORTEST_TOKEN = 24
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_KEYS = ("mail", "outbox", "ticket")
_LONGEST = 2000
_MOST_CAUSES = 5
_OURS = ("maild.", "sqlite3", "sqlalchemy.", "psycopg", "ssl", "socket", "smtplib", "concurrent.")
"""Whose faults are told in words: those that speak of machines. What others say may repeat what stands in a mail."""


def log_to_stderr(*, log_json: bool) -> None:
    """Log to standard error, as text or as JSON lines; never what a mail says."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines() if log_json else Lines())
    logging.basicConfig(level=logging.INFO, handlers=[stream], force=True)
    logging.raiseExceptions = False  # a log that cannot be written is no reason to write more
    # no line of ours says them, so that nobody has to find them out for each
    logging._srcfile = None  # noqa: SLF001  the way that the library's own manual shows
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("imapclient", "imapclient.imaplib", "mail.log"):
        logging.getLogger(name).setLevel(logging.WARNING)


def masked(words: str) -> str:
    """Words fit for a log: one line, of an address the first letter and the domain, of a token nothing.

    The domain is what an admin needs to see whose mail has trouble; who it is, `maild inbox` and `outbox` tell by the
    number of the mail.
    """
    plain = words[:_LONGEST]
    if not plain.isprintable():
        plain = _CONTROL.sub(" ", plain)
    if max(map(len, plain.split(" "))) >= _SHORTEST_TOKEN:  # most lines are spared the search
        plain = _TOKEN.sub("TOKEN", plain)
    return _ADDRESS.sub(r"\1...@", plain) if "@" in plain else plain


def notify(state: str) -> None:
    """Tell systemd how we are, where it asked to be told (sdnotify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode("ascii", "replace"), address)


class Lines(logging.Formatter):
    """A record as one line of text, and beneath it where a fault came from."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_stamp(record.created, 3)} {record.levelname} {record.name}: {masked(record.getMessage())}"
        return f"{line}\n{_trace(record.exc_info[1])}" if record.exc_info and record.exc_info[1] else line


class JsonLines(logging.Formatter):
    """A record as one line of JSON; `mail`, `outbox` and `ticket` are numbers, where the line is about one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": _stamp(record.created, 6),
            "level": record.levelname.lower(),
            "logger": record.name,
            "words": masked(record.getMessage()),
        }
        told = record.__dict__
        for key in _KEYS:
            if told.get(key) is not None:
                line[key] = told[key]
        if record.exc_info and record.exc_info[1]:
            line["trace"] = _trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def _stamp(at: float, digits: int) -> str:
    """A moment (seconds since 1970) in UTC, with so many digits of its second."""
    return f"{_second(int(at))}.{int(at % 1 * 10**digits):0{digits}}+00:00"


@lru_cache(maxsize=1)
def _second(at: int) -> str:
    """The same for whole seconds, without the zone; a busy daemon writes hundreds of lines in each."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _trace(fault: BaseException) -> str:
    """Where a fault and its causes came from: file, line and function, and their words where they speak of machines."""
    told: list[str] = []
    one: BaseException | None = fault
    while one is not None and len(told) < _MOST_CAUSES:
        frames = traceback.extract_tb(one.__traceback__)
        where = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
        told.append("\n".join([*where, _named(one)]))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return "\n".join(["Traceback:", "\nthe cause of this:\n".join(told)])


def _named(fault: BaseException) -> str:
    kind = type(fault)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    speaks_of_machines = isinstance(fault, OSError) or name.startswith(_OURS)
    # a database may add lines with the values that it did not like
    return f"{name}: {masked(str(fault).partition(chr(10))[0])}" if speaks_of_machines else name
