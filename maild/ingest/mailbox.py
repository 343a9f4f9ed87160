"""A mailbox to fetch from and how it is, and what can be said of its mails without a server."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from maild.ingest.journal import MOST_BYTES, MOST_MAILS


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox to fetch from; times in seconds, `size` in octets.

    `tls` is implicit, starttls or none (none to this machine only); `password`, or `token` in its place, is asked at
    each login; `after` is `move:FOLDER`, seen or keep; `address` is whom its mail was for. ValueError tells what cannot
    be meant.
    """

    name: str
    host: str
    port: int
    tls: str
    user: str
    password: Callable[[], str] = field(repr=False)
    folder: str = "INBOX"
    after: str = "keep"
    address: str = ""
    connect: float = 15.0
    read: float = 30.0
    idle: float = 60.0
    reconnect_first: float = 1.0
    reconnect_most: float = 60.0
    size: int = 25_000_000
    token: Callable[[], str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.tls not in {"implicit", "starttls", "none"}:
            raise ValueError(f'mailbox {self.name}: tls is "{self.tls}"; write implicit, starttls or none')
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(f'mailbox {self.name}: tls = "none" is for this machine only, not for {self.host}')
        if self.after not in {"seen", "keep"} and not self.target:
            raise ValueError(f'mailbox {self.name}: after is "{self.after}"; write move:FOLDER, seen or keep')
        if self.target in {self.folder, self.folder.upper()}:
            raise ValueError(f"mailbox {self.name}: mail cannot be moved to the folder it is in, {self.folder}")

    @property
    def target(self) -> str:
        """The folder that kept mail is moved to, "" where it stays."""
        return self.after.removeprefix("move:") if self.after.startswith("move:") else ""


@dataclass(frozen=True, slots=True)
class Health:
    """How a mailbox is: `reason` tells in plain words what is wrong, "" where nothing is.

    `last_seen` is when the server last answered, `last_mail` when a mail was last kept; `left` names mails that stay
    unread because they are too big or cannot be had (the first ten of them).
    """

    mailbox: str
    connected: bool = False
    last_seen: datetime | None = None
    last_mail: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    left: tuple[str, ...] = ()


class TroubleError(Exception):
    """A worker cannot go on for now; the message is for people."""


def portions(sizes: Sequence[tuple[int, int]], alone: int) -> list[list[int]]:
    """Cut (UID, octets) into what is fetched at once: the first `alone` singly, the rest by count and by octets."""
    cut: list[list[int]] = []
    weight = 0
    for place, (uid, size) in enumerate(sizes):
        weight += size
        if place > alone and len(cut[-1]) < MOST_MAILS and weight <= MOST_BYTES:
            cut[-1].append(uid)
        else:
            cut.append([uid])
            weight = size
    return cut


def spans(uids: Sequence[int]) -> list[str]:
    """Name UIDs in few words, as `4:6`; only neighbours are joined, so nothing is named that was not given."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return [str(first) if first == last else f"{first}:{last}" for first, last in runs]


def return_path(raw: bytes) -> str:
    """The reverse path that the last server wrote on top, "" where there is none (RFC 5321 section 4.4)."""
    head = raw[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    topmost = re.search(rb"^return-path:(.*(?:\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE)
    path = re.fullmatch(rb"<([^<>\x00-\x20\x7f]{1,320})>", topmost[1].strip()) if topmost else None
    try:
        return path[1].decode() if path else ""
    except UnicodeDecodeError:
        return ""


def arrived(dated: object, now: datetime) -> datetime:
    """When the server took the mail in, in UTC; `now` where it does not say, or says what cannot be."""
    if not isinstance(dated, datetime) or dated.tzinfo is None:
        return now
    try:
        return min(dated.astimezone(UTC), now)
    except OverflowError:
        return now


def words(error: Exception) -> str:
    """What a server said, fit for one line: printable and at most 200 characters."""
    text = re.sub(r"\bb(['\"])(.*?)\1", r"\2", str(error)[:2000])
    return "".join(char for char in text if char.isprintable())[:200]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
