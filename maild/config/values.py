"""What the file says, as values that the rest of the house can hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from maild.desk import Desk
from maild.oauth import Grant
from maild.rules.match import RuleBook
from maild.typed import Pace

Secret = Callable[[], str]
"""Gives a password at the moment of its use, so that a changed one counts at once."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where everything is kept, and the file of the key that signs our addresses.

    `folder` holds spool, lock and socket where the database is not a file; beside a file they lie with it.
    """

    url: str
    secret_file: Path
    folder: Path = Path("var")


@dataclass(frozen=True, slots=True)
class Door:
    """A host and a port to listen on; port 0 lets the system choose."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Listen:
    """Where mail comes in; `max_size` in bytes."""

    smtp: Door | None
    smtps: Door | None
    lmtp: Door | None
    tls_cert: Path | None
    tls_key: Path | None
    max_size: int
    metrics: Door | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word we take: `relays` are IP addresses and networks, `by_mailbox` the ids of single mailboxes."""

    relays: tuple[str, ...]
    authserv_ids: tuple[str, ...]
    by_mailbox: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def ids_for(self, mailbox: str) -> tuple[str, ...]:
        """The authserv-ids that count for mail from a mailbox ("" for other doors; RFC 8601 section 2.5)."""
        return self.by_mailbox.get(mailbox) or self.authserv_ids


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An IMAP mailbox; `tls` is implicit, starttls or none; it has a `password` or a `grant`."""

    name: str
    host: str
    port: int
    tls: str
    user: str
    password: Secret | None = field(repr=False)
    grant: Grant | None = None
    folder: str = "INBOX"
    after: str = "move:Filed"
    address: str = ""
    authserv_ids: tuple[str, ...] = ()
    through: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relay:
    """How mail goes out: by SMTP to `host` and `port`, or, where `maildir` is set, into that folder.

    `tls` is implicit, starttls or none; `grant` is set where a token is used. `pace` is None where mail may go as fast
    as it can.
    """

    url: str
    host: str = ""
    port: int = 0
    tls: str = "none"
    user: str = ""
    password: Secret | None = field(default=None, repr=False)
    grant: Grant | None = None
    maildir: Path | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """How long originals stay."""

    raw: timedelta
    quarantine: timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of DESIGN 3.9 that are not the desk's: sizes in bytes, the rest as its key in [limits] says."""

    message: int
    headers: int
    header: int
    header_count: int
    mime_depth: int
    mime_parts: int
    attachments: int
    authors: int
    recipients: int
    received: int
    references: int
    rcpt: int
    connections: int
    connections_address: int
    smtp_idle: timedelta
    smtp_data: timedelta
    read_cpu: timedelta
    read_time: timedelta
    read_memory: int
    rule: timedelta
    imap_connect: timedelta
    imap_read: timedelta
    imap_idle: timedelta
    imap_retry_first: timedelta
    imap_retry_most: timedelta
    relay_connect: timedelta
    relay_verb: timedelta
    relay_dot: timedelta
    retry_first: timedelta
    retry_most: timedelta
    retry_for: timedelta
    retry_told: timedelta
    free_disk: int


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a canned answer, and where in the file a rule answers with it; line and column from 1."""

    canned: str
    file: str
    line: int
    column: int
    key: str


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file.

    `advice` tells, in sentences, of what is not wrong and may go wrong one day; `named` are the rules' canned answers.
    """

    path: Path | None
    desk: Desk
    rules: RuleBook
    store: Store
    listen: Listen
    trust: Trust
    mailboxes: tuple[Mailbox, ...]
    relay: Relay
    keep: Keep
    limits: Limits
    templates: Path | None
    advice: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in the file; line and column from 1, or 0 where the file as a whole is meant."""

    file: str
    line: int
    column: int
    key: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        said = f"{self.key}: {self.what}" if self.key else self.what
        return f"{place}: {said}; {self.remedy}" if self.remedy else f"{place}: {said}"


class ConfigError(Exception):
    """The file cannot be used; `problems` are all that was found, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def secret(password_file: str | None, password_env: str | None) -> Secret:
    """Make the way to a password: the first line of a file, or a variable; OSError at its use where there is none."""

    def from_file() -> str:
        # A password is bytes to a server; what is not UTF-8 goes out as it came in.
        word = Path(password_file or "").read_bytes().decode("utf-8", "surrogateescape").partition("\n")[0].rstrip("\r")
        if not word:
            raise OSError(f"the password file {password_file} is empty")
        return word

    def from_variable() -> str:
        word = os.environ.get(password_env or "", "")
        if not word:
            raise OSError(f"the environment variable {password_env} holds no password")
        return word

    return from_file if password_file else from_variable
