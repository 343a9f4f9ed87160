"""The pipe's door: `maild accept` writes a mail into the spool folder, and the daemon takes it in."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from maild.disk import sync_folder
from maild.ingest.journal import MOST_BYTES, MOST_MAILS, Journal
from maild.mail import Arrival

log = logging.getLogger(__name__)

HEAD: Final = 65_536
"""Octets that the envelope line may have: 100 recipients fit several times."""
PATH: Final = 1_000
"""Characters that an address may have; RFC 5321 section 4.5.3.1.3 allows 256."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came out of the spool: how many mails were kept, and which files were set aside and why."""

    kept: int = 0
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file of the spool that is no mail of ours, and why."""

    because: str


def write(
    spool: Path, raw: bytes, sender: str, recipients: Sequence[str], received_at: datetime, new_name: str
) -> Path:
    """Write a mail into the spool so that it survives a power cut, and give its path.

    `new_name` must be new. ValueError: the envelope or the name cannot be written (answer 65); OSError: it could not
    be stored (answer 75).
    """
    if not new_name or new_name.startswith(".") or "/" in new_name or not new_name.isprintable():
        raise ValueError(f"{new_name!r} is no name for a file of the spool")
    content = _head(raw, sender, recipients, received_at) + raw
    for folder in (spool, spool / "tmp", spool / "new"):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
    begun, done = spool / "tmp" / new_name, spool / "new" / new_name
    with os.fdopen(os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # Unlike a rename, a link never takes the place of a mail that has this name already.
            os.link(begun, done)
        finally:
            begun.unlink()
    sync_folder(done.parent)
    return done


def take(spool: Path, journal: Journal, *, size: int = 25_000_000, most: int = 1_000) -> Taken:
    """Take in at most `most` mails of the spool, oldest first, each removed only after it is kept.

    A file that is damaged, or whose mail has more than `size` octets, is moved to the folder `bad` and named. What
    the journal raises is passed on: the files stay, and the next call takes them.
    """
    kept, bad = 0, []
    portion: list[tuple[Path, Arrival]] = []
    for path in _waiting(spool)[:most]:
        match _read(path, size):
            case Arrival() as arrival:
                if portion and sum(len(mail.raw) for _, mail in portion) + len(arrival.raw) > MOST_BYTES:
                    kept += _take_in(portion, journal)
                    portion = []
                portion.append((path, arrival))
                if len(portion) == MOST_MAILS:
                    kept += _take_in(portion, journal)
                    portion = []
            case Damaged(because):
                bad.append(f"{path.name}: {because}")
                _set_aside(path, spool / "bad", because)
    return Taken(kept + _take_in(portion, journal), tuple(bad))


def sweep(spool: Path, before: datetime) -> int:
    """Remove what a crash left half written in `tmp` before this time; nobody was told that those mails were kept."""
    swept = 0
    for path in _files(spool / "tmp"):
        if path.lstat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            swept += 1
    return swept


def _head(raw: bytes, sender: str, recipients: Sequence[str], received_at: datetime) -> bytes:
    envelope = {
        "sender": sender,
        "recipients": list(recipients),
        "received_at": received_at.astimezone(UTC).isoformat(),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    fault = _fault(envelope)
    line = json.dumps(envelope).encode() + b"\n"
    if fault or len(line) > HEAD:
        raise ValueError(fault or f"the envelope has more than {HEAD} octets; give fewer recipients")
    return line


def _fault(envelope: dict[str, Any]) -> str:
    """What is wrong with the addresses of an envelope, "" for nothing."""
    recipients = envelope["recipients"]
    addresses = [envelope["sender"], *(recipients if isinstance(recipients, list) else [None])]
    for address in addresses:
        if not isinstance(address, str) or len(address) > PATH or not (address.isprintable()):
            return f"{str(address)[:100]!r} is no address; write it without control characters"
    return ""


def _waiting(spool: Path) -> list[Path]:
    """The files to take, oldest first; two of one instant by name."""
    return sorted(_files(spool / "new"), key=lambda path: (path.lstat().st_mtime_ns, path.name))


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if not path.name.startswith("."))


def _read(path: Path, size: int) -> Arrival | Damaged:
    """Read a file of the spool; it is a mail only if it is whole."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return Damaged("it is no plain file")
    try:
        with path.open("rb") as file:
            head, raw = file.readline(HEAD), file.read(size + 1)
    except PermissionError:
        return Damaged("we may not read it; let `maild accept` run in our group")
    if len(raw) > size:
        return Damaged(f"its mail has more than {size} octets")
    try:
        envelope = json.loads(head)
        received_at = datetime.fromisoformat(envelope["received_at"]).astimezone(UTC)
        sender, recipients, sha256 = envelope["sender"], envelope["recipients"], envelope["sha256"]
        fault = _fault(envelope)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return Damaged("its first line is no envelope")
    if fault or sha256 != hashlib.sha256(raw).hexdigest():
        return Damaged(fault or "its mail is not the one that was written")
    return Arrival(f"pipe:{path.name}", raw, sender, tuple(recipients), received_at)


def _take_in(portion: Sequence[tuple[Path, Arrival]], journal: Journal) -> int:
    """Have these kept, those that are not yet, then remove their files; the number newly kept."""
    if not portion:
        return 0
    known = journal.kept([arrival.source for _, arrival in portion])
    fresh = [arrival for _, arrival in portion if arrival.source not in known]
    if fresh:
        journal.keep(fresh)
    for path, _ in portion:
        path.unlink(missing_ok=True)
    return len(fresh)


def _set_aside(path: Path, bad: Path, because: str) -> None:
    bad.mkdir(exist_ok=True)
    log.error("spool file %s is set aside in %s: %s", path.name, bad, because)
    path.rename(bad / path.name)
    sync_folder(bad)
