"""What mail is: values that say what arrived, what it tells, and what we send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, NewType

from maild.values import dataclass

MessageId = NewType("MessageId", str)
"""A Message-ID without its angle brackets, white space removed (RFC 5322 section 3.6.4)."""


class _Handed:
    """What a reader hands over: pickled as its fields in order, which is faster than what dataclasses do by default."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        of: Any = type(self)
        return of, _values(of)(self)


@cache
def _values(of: Any) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*(one.name for one in fields(of)))


@dataclass(frozen=True, slots=True)
class Address(_Handed):
    """One mailbox: an addr-spec as it was written, and the name beside it (RFC 5322 section 3.4)."""

    spec: str
    name: str = ""

    @property
    def key(self) -> str:
        """The form in which two spellings of one mailbox are equal: lower case throughout."""
        return self.spec.lower()

    @property
    def local(self) -> str:
        return self.spec.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.spec.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as a door hands it over: bytes and envelope, unread.

    `source` is unique for one delivery (`imap:<box>:<uidvalidity>:<uid>`, `smtp:<id>`, `pipe:<file>`);
    `sender` is the reverse path, "" for the null one; `peer` is the IP address that handed the mail to us, "" where
    there was none; `mailbox` names the configured mailbox it was fetched from.
    """

    source: str
    raw: bytes
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    peer: str = ""
    mailbox: str = ""


class Kind(StrEnum):
    """Who speaks: a person, or which sort of machine."""

    PERSON = "person"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    COMPLAINT = "complaint"
    RECEIPT = "receipt"
    LIST = "list"
    NOTIFICATION = "notification"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text: its bytes, decoded, and a name that is safe to show and to write in a header.

    `content_id` is set (without brackets) where the HTML refers to it; `inline` where it belongs in the text.
    """

    name: str
    type: str
    size: int
    sha256: str
    content: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One recipient that a bounce or a delay speaks of; `cls` is permanent, transient or other (RFC 3464, 3463)."""

    recipient: str
    cls: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that a person passed on: who wrote it, its subject, its date as it was written there, and its words."""

    from_: Address
    subject: str
    date: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proof(_Handed):
    """What is known of the author's address: proven by DMARC or an aligned DKIM pass, or not, and why.

    `seen` says whether a trusted Authentication-Results header was there at all (RFC 8601).
    """

    proven: bool = False
    seen: bool = False
    because: str = "no trusted Authentication-Results"


@dataclass(frozen=True, slots=True)
class Vacation(_Handed):
    """An absence that an automatic reply tells of: its first and last day, both inclusive, None where not told.

    `phrase` is what may be said of the person ("is on holiday"; of illness only "is away"), `language` that of the
    words by which it was known; `left` tells that the person does not come back.
    """

    since: date | None
    until: date | None
    phrase: str
    language: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class Mail(_Handed):
    """What a mail says, read once. Every field is there for any bytes: what is unknown is empty.

    Texts are clean: NFC, no NUL, no lone surrogates, `\\n` line ends. `authors` are the addresses of all From fields,
    so that two are seen as two. `new_text` is `text` without what was quoted; `plain` tells that it came from a
    text/plain part, `ambiguous` that the plain and the HTML part start with different words.
    `fingerprint` is equal for two deliveries of the same mail (Message-ID, From, Date, Subject and body).
    `language` is that of the new words ("" where nobody can say), `vacation` what an automatic reply tells. `via` is
    the web form or mailing group that stands in From in the author's place; `junk`, that a filter took it for spam.
    """

    kind: Kind
    message_id: MessageId
    in_reply_to: tuple[MessageId, ...]
    references: tuple[MessageId, ...]
    authors: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    subject: str
    date: datetime | None
    text: str
    new_text: str
    html: str
    attachments: tuple[Attachment, ...]
    headers: tuple[tuple[str, str], ...]
    fingerprint: str
    sha256: str
    size: int
    proof: Proof
    language: str = ""
    list_id: str = ""
    plain: bool = True
    ambiguous: bool = False
    answerable: bool = True
    bounced: tuple[Undelivered, ...] = ()
    returned_ids: tuple[MessageId, ...] = ()
    forwarded: Forwarded | None = None
    vacation: Vacation | None = None
    why: tuple[str, ...] = ()
    error: str = ""
    via: str = ""
    junk: bool = False

    @property
    def author(self) -> Address:
        """The one author, or an empty address where there is none or more than one."""
        return self.authors[0] if len(self.authors) == 1 else Address("")


UNREADABLE = "This mail could not be read; the original is kept."
"""The text of a mail of which nothing but the header lines was read."""
NOTHING_SAID = Mail(
    kind=Kind.PERSON,
    message_id=MessageId(""),
    in_reply_to=(),
    references=(),
    authors=(),
    reply_to=(),
    to=(),
    cc=(),
    delivered_to=(),
    subject="",
    date=None,
    text="",
    new_text="",
    html="",
    attachments=(),
    headers=(),
    fingerprint="",
    sha256="",
    size=0,
    proof=Proof(),
)
"""A mail of which nothing is known, to begin with."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where an outgoing mail goes, and where its bounces come back to ("" is the null sender; RFC 5321 4.5.5)."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A finished mail: its bytes never change, so a second try cannot say something else."""

    message_id: MessageId
    envelope: Envelope
    content: bytes = field(repr=False)
