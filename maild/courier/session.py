"""One connection with a relay: what is said, and answers that are read with bounds in size and in time."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

_LONGEST_LINE = 8192
_MOST_LINES = 100
_MOMENT = 0.01  # seconds that make no difference
_ANSWER = re.compile(rb"[2-5]\d\d(?:[ -].*)?", re.DOTALL)


class GarbledError(smtplib.SMTPException):
    """The relay said something that is no answer (RFC 5321 section 4.2)."""


class Session(smtplib.SMTP):
    """One connection, whose answers are read with bounds in size and in time."""

    patience: float = 60

    def __init__(self, name: str) -> None:
        super().__init__(local_hostname=name)
        self._heard = b""

    def reach(self, host: str, port: int, patience: float, silence: float) -> None:
        """Connect within `patience` seconds; a machine that is gone for `silence` seconds ends the connection.

        Small packets go at once: the final dot is one, and must not wait for those before it.
        """
        self.sock = socket.create_connection((host, port), patience)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _feel_the_pulse(self.sock, silence)

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, and forget what was heard before and not read: anybody may have said it."""
        self._heard = b""
        self.sock = context.wrap_socket(self._wire(), server_hostname=host)

    def say(self, words: bytes, patience: float) -> None:
        """Send the words as they are; afterwards `patience` seconds are had for each answer."""
        self.patience = patience
        self.send(words)

    def send(self, s: Buffer | str) -> None:
        """What smtplib itself sends through as well."""
        self._wire(self.patience).sendall(s.encode("ascii") if isinstance(s, str) else s)

    def getreply(self) -> tuple[int, bytes]:
        """The next answer: its code and its text (RFC 5321 section 4.2.1), 100 lines of 8 kB at most."""
        until = time.monotonic() + self.patience
        texts: list[bytes] = []
        while len(texts) < _MOST_LINES:
            line = self._hear(until)
            if not _ANSWER.fullmatch(line):
                raise GarbledError(f"an answer that is none: {line[:80]!r}")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)
        raise GarbledError(f"an answer of more than {_MOST_LINES} lines")

    @property
    def babbles(self) -> bool:
        """Whether the relay has said more than it was asked, so that the next answer would be taken for another."""
        return bool(self._heard)

    def _hear(self, until: float) -> bytes:
        line, ended, rest = self._heard.partition(b"\n")
        while not ended:
            if len(line) > _LONGEST_LINE:
                raise GarbledError(f"a line of more than {_LONGEST_LINE} octets")
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            heard = self._wire(left).recv(_LONGEST_LINE)
            if not heard:
                raise smtplib.SMTPServerDisconnected("the relay closed the connection")
            self._heard += heard
            line, ended, rest = self._heard.partition(b"\n")
        self._heard = rest
        return line.rstrip(b"\r")

    def _wire(self, patience: float | None = None) -> socket.socket:
        """The connection, which waits for so many seconds; to tell it anew takes a system call."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        if patience is not None:
            waits = self.sock.gettimeout()
            if waits is None or abs(waits - patience) > _MOMENT:
                self.sock.settimeout(patience)
        return self.sock


def _feel_the_pulse(wire: socket.socket, patience: float) -> None:
    """Have the connection end where the other machine has been gone for so many seconds: no answer comes from there.

    What was sent must be acknowledged in that time (RFC 5482), and where nothing is sent keep-alives are.
    """
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    kinds = {
        "TCP_USER_TIMEOUT": patience * 1000,
        "TCP_KEEPIDLE": patience / 2,
        "TCP_KEEPINTVL": patience / 6,
        "TCP_KEEPCNT": 3,
    }
    for name, value in kinds.items():
        if hasattr(socket, name):  # not every system has all of them
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), max(1, round(value)))
