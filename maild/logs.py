"""What the daemon tells beside mail: its log, and its state for systemd."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sys
from datetime import UTC, datetime


def log_to_stderr(*, log_json: bool) -> None:
    """Log to standard error, as text or as JSON lines; never what a mail says."""
    stream = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    stream.setFormatter(_JsonLines() if log_json else plain)
    logging.basicConfig(level=logging.INFO, handlers=[stream], force=True)
    # no line of ours says them, so that nobody has to find them out for each
    logging._srcfile = None  # noqa: SLF001  the way that the library's own manual shows
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in ("imapclient", "imapclient.imaplib", "mail.log"):
        logging.getLogger(name).setLevel(logging.WARNING)


def notify(state: str) -> None:
    """Tell systemd how we are, where it asked to be told (sdnotify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode("ascii"), address)


class _JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "words": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)
