"""The courier that puts mail into a Maildir."""

from __future__ import annotations

import os
from pathlib import Path

from maild.courier.outcome import Deferred, Outcome, Refused, Sent, told, unsendable
from maild.disk import sync_folder
from maild.mail import Outgoing


class MaildirCourier:
    """A courier that puts each mail into a Maildir, under a name that its outbox row fixes.

    So a second delivery replaces the first, while nobody has moved it out of new/.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, mail: Outgoing, row: int) -> Outcome:
        """Write the mail beneath Return-Path and Delivered-To (RFC 5321 section 4.4); a full disk defers it."""
        if fault := unsendable(mail):
            return Refused(fault)
        envelope = mail.envelope
        top = f"Return-Path: <{envelope.sender}>\r\nDelivered-To: {envelope.recipient}\r\n".encode("ascii")
        name = f"outbox-{row}.maild"
        try:
            for folder in ("cur", "new", "tmp"):
                (self._path / folder).mkdir(parents=True, exist_ok=True)
            _write(self._path / "tmp" / name, top + mail.content)
            os.replace(self._path / "tmp" / name, self._path / "new" / name)
            sync_folder(self._path / "new")
        except OSError as broken:
            return Deferred(told(0, f"{self._path}: {broken.strerror or broken}".encode()), relay=True)
        return Sent(f"new/{name}")

    def close(self) -> None:
        """Nothing is kept open."""


def _write(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
