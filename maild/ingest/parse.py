"""The header block, from bytes to words: the only user of mail-parser. Total and bounded."""

from __future__ import annotations

import codecs
import email.utils
import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from functools import lru_cache
from typing import NamedTuple

import mailparser

from maild.abreast import Steps, alone
from maild.ingest.charsets import clean_line, decode, decode_line
from maild.ingest.encodings import params, unwrap
from maild.ingest.ids import ids, message_id
from maild.ingest.people import SPEC, addresses_of, authors, pairs_of
from maild.mail import Address, MessageId

# It writes what stands in a mail to its log.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one mail is read; sizes in octets, texts in characters. What lies beyond stays in the original."""

    message: int = 25 * 1024 * 1024
    header_block: int = 256 * 1024
    header: int = 32 * 1024
    headers: int = 500
    depth: int = 20
    parts: int = 200
    attachments: int = 50
    recipients: int = 200
    received: int = 50
    references: int = 50
    text: int = 1_000_000
    html: int = 500_000


class Field(NamedTuple):
    """One header line: its name in lower case and its raw value, unfolded.

    A tuple, because a mail has many of them, and a dataclass takes three times as long to make.
    """

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the header block says, in words; `named` holds the values of `headers` by name."""

    fields: tuple[Field, ...]
    headers: tuple[tuple[str, str], ...]
    named: Mapping[str, tuple[str, ...]] = field(repr=False)
    body: int
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
    list_id: str
    faults: tuple[str, ...]

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one header, in order; `name` in lower case."""
        return self.named.get(name, ())


# --- header lines ---------------------------------------------------------------------------------------------------

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_ENVELOPE_LINE = re.compile(rb">?From [^\n]*\n")
_ENVELOPE = (b"From ", b">From ")
# These have a grammar of their own; an encoded word in them is somebody's trick, not somebody's words.
_STRUCTURED = re.compile(
    r"authentication-results|arc-|dkim-|received|return-path|delivered-to|message-id|references|in-reply-to|content-|mime-"
)
_CHARSET = re.compile(rb"charset\*?=[\"' ]*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_ADDRESSED = ("to", "cc", "reply-to")
_TYPE = re.compile(r"\s*([a-z0-9!#$&^_.+\-]+)\s*/\s*([a-z0-9!#$&^_.+\-]+)", re.IGNORECASE)


def fields_of(raw: bytes, start: int, end: int, limits: Limits) -> tuple[tuple[Field, ...], int, tuple[str, ...]]:
    """The header lines from `start`, where the body begins, and which limit was reached (RFC 5322 section 2.2)."""
    found: list[Field] = []
    faults: list[str] = []
    position = start
    block_end = min(end, start + limits.header_block)
    while position < block_end:
        # most lines are spared the pattern
        envelope = _ENVELOPE_LINE.match(raw, position, block_end) if raw.startswith(_ENVELOPE, position) else None
        if envelope and (position == start or _FIELD.match(raw, envelope.end(), block_end)):
            position = envelope.end()
            continue
        line = _FIELD.match(raw, position, block_end)
        if line is None:
            break
        position = line.end()
        if len(found) == limits.headers:
            faults.append(f"more than {limits.headers} header lines: the rest is not read")
            break
        value = line[2]
        if len(value) > limits.header:
            faults.append(f"the header {line[1].decode('ascii')[:60]} is longer than {limits.header} octets: it is cut")
            value = value[: limits.header]
        found.append(Field(_named_by(line[1]), _unfolded(value)))
    if position == block_end < end:
        faults.append(f"the header block is longer than {limits.header_block} octets: the rest is not read")
    if faults:
        blank = re.compile(rb"\n\r?\n").search(raw, position, end)
        position = blank.end() if blank else end
    elif raw[position : position + 1] == b"\n":
        position += 1
    elif raw[position : position + 2] == b"\r\n":
        position += 2
    return tuple(found), position, tuple(faults)


@lru_cache(maxsize=512)
def _named_by(raw: bytes) -> str:
    """The name of a header line; the same few words throughout, and so packed once for many mails."""
    return raw.decode("ascii").lower()


_LF, _CR = b"\n\r"  # as numbers: to look for b"\n" takes ten times as long


def _unfolded(value: bytes) -> bytes:
    value = value.strip()
    return value.replace(b"\n", b"").replace(b"\r", b"").strip() if _LF in value or _CR in value else value


def first(fields: Sequence[Field], name: str) -> bytes:
    """The raw value of the first header of that name, or nothing."""
    for line in fields:
        if line.name == name:
            return line.raw
    return b""


def content_type(fields: Sequence[Field], default: str = "text/plain", charset: str = "") -> tuple[str, dict[str, str]]:
    """A part's type and parameters; what cannot be read counts as `default` (RFC 2045 section 5.2).

    `charset` is what raw octets in a name are likely to be in.
    """
    raw = first(fields, "content-type")
    type_, given = _typed(raw, "" if raw.isascii() else charset)
    return type_ or default, dict(given)


@lru_cache(maxsize=64)
def _typed(raw: bytes, charset: str) -> tuple[str, Mapping[str, str]]:
    """The same of one raw value, "" for a type that cannot be read; most parts say one of a few things."""
    value = decode_line(raw, charset)
    named = _TYPE.match(value)
    return (f"{named[1]}/{named[2]}".lower() if named else ""), params(value)


def sheet(raw: bytes, limits: Limits, *, plainly: bool = False) -> Sheet:
    """`filling` in one go."""
    return alone(filling(raw, limits, plainly=plainly))


def filling(raw: bytes, limits: Limits, *, plainly: bool = False) -> Steps[Sheet]:
    """Read the header block; `plainly` leaves mail-parser out. Never raises for any bytes, save for bugs."""
    fields, body, faults = fields_of(raw, 0, len(raw), limits)
    fields = tuple([line for line in fields if not line.name.startswith("x-maild-")])
    given = _given(fields)
    yield
    charset = content_type(fields)[1].get("charset", "") or charset_within(raw, body)
    headers = tuple([(line.name, _value(line, charset)) for line in fields])
    named = _named(headers)
    yield
    people, date = _people(given, charset, plainly=plainly)
    if len(people["to"]) + len(people["cc"]) > limits.recipients:
        faults += (f"more than {limits.recipients} recipients: the rest is not read",)
    if len(given.get("received", ())) > limits.received:
        faults += (f"more than {limits.received} Received lines: this mail goes in a circle",)
    room = max(0, limits.recipients - len(people["to"]))
    written_by = authors([decode_line(value, charset) for value in given.get("from", ())])
    yield
    known = frozenset([address.key for group in (written_by, *people.values()) for address in group])
    return Sheet(
        fields=fields,
        headers=headers,
        named=named,
        body=body,
        message_id=message_id(given.get("message-id", _NONE)[0]),
        in_reply_to=ids(_joined(given.get("in-reply-to", ())), known)[-limits.references :],
        references=ids(_joined(given.get("references", ())), known)[-limits.references :],
        authors=written_by,
        reply_to=people["reply-to"][: limits.recipients],
        to=people["to"][: limits.recipients],
        cc=people["cc"][:room],
        delivered_to=_delivered_to(fields),
        subject=named.get("subject", _NOTHING)[0],
        date=date,
        list_id=_list_id(named.get("list-id", _NOTHING)[0]),
        faults=faults,
    )


def charset_within(raw: bytes, body: int) -> str:
    """The first charset that a part names, where header lines have raw octets that only it can explain; else ""."""
    if raw[:body].isascii():
        return ""
    named = _CHARSET.search(raw, body, body + 65_536)
    return named[1].decode("ascii") if named else ""


_NONE = (b"",)
_NOTHING = ("",)


def _given(fields: Sequence[Field]) -> dict[str, list[bytes]]:
    """The raw values of the header lines by name, each name's in order."""
    given: dict[str, list[bytes]] = {}
    for name, raw in fields:
        given.setdefault(name, []).append(raw)
    return given


def _value(line: Field, charset: str) -> str:
    text = decode_line(line.raw, charset)
    return clean_line(unwrap(text) if "=?" in text and not _is_structured(line.name) else text)


@lru_cache(maxsize=256)
def _is_structured(name: str) -> bool:
    return _STRUCTURED.match(name) is not None


def _named(headers: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    named: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        named[name] = (*named.get(name, ()), value)
    return named


def _joined(values: Sequence[bytes]) -> str:
    return " ".join([decode(value) for value in values])


def _list_id(value: str) -> str:
    inside = re.search(r"<([^<>]*)>", value) if "<" in value else None
    return (inside[1] if inside else value).strip().lower()


_DELIVERED = frozenset({"delivered-to", "x-original-to", "x-forwarded-to", "envelope-to", "x-envelope-to", "x-rcpt-to"})


def _delivered_to(fields: Sequence[Field]) -> tuple[str, ...]:
    values = [decode(line.raw).strip(" <>\t") for line in fields if line.name in _DELIVERED]
    return tuple(dict.fromkeys([value for value in values if SPEC.fullmatch(value)]))[:50]


# --- recipients and date --------------------------------------------------------------------------------------------


def _people(
    given: Mapping[str, Sequence[bytes]], charset: str, *, plainly: bool
) -> tuple[dict[str, tuple[Address, ...]], datetime | None]:
    """Recipients and date, as mail-parser reads them; where it fails, the standard way."""
    values = {
        name: _bounded(", ".join([decode_line(value, charset) for value in given[name]])) if name in given else ""
        for name in _ADDRESSED
    }
    stamp = clean_line(decode(given.get("date", _NONE)[0]))[:200]
    found, date = ({}, None) if plainly else _by_mail_parser(values, stamp)
    people = {name: found.get(name) or addresses_of(pairs_of(value)) for name, value in values.items()}
    return people, (date if date is not None else _date(stamp))


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}
_USUAL_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(0?[1-9]|[12]\d|3[01])"
    rf" ({'|'.join(_MONTHS)}) ((?:19[789]|20\d)\d)"
    r" ((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d) ([+-](?:0\d|1[0-4])[0-5]\d)"
)
"""A date as RFC 5322 section 3.3 has it, and nearly every mail: what all read alike is read by the fastest."""


class _Lines(mailparser.MailParser):  # type: ignore[misc]  # it declares no types
    """mail-parser for header lines alone: it would go on to bodies and attachments, which a block of lines has not."""

    def parse(self) -> None:
        self._reset()  # this is where it reads the header lines


def _by_mail_parser(values: Mapping[str, str], stamp: str) -> tuple[dict[str, tuple[Address, ...]], datetime | None]:
    try:
        found = {name: _addresses(value) for name, value in values.items() if value}
        return found, _date(stamp) if _USUAL_DATE.fullmatch(stamp) else _line("date", stamp).date
    except Exception:  # noqa: BLE001  it has raised what it never declared; one such mail must not stop the reading
        return {}, None


def _addresses(value: str) -> tuple[Address, ...]:
    return _usual_addresses(value) if len(value) < _USUAL else addresses_of(_line("to", value).to)


_USUAL = 300  # characters: most mail is written to the same few addresses, and a long list is not worth the memory


@lru_cache(maxsize=256)
def _usual_addresses(value: str) -> tuple[Address, ...]:
    return addresses_of(_line("to", value).to)


def _line(name: str, value: str) -> _Lines:
    block = Message()
    block[name] = value
    return _Lines(block)


def _bounded(value: str, most: int = 64 * 1024) -> str:
    return clean_line(value if len(value) <= most else value[:most].rpartition(",")[0])


def _date(value: str) -> datetime | None:
    """A usual date, or one that mail-parser did not take, by the more patient standard library; aware, UTC."""
    usual = _USUAL_DATE.fullmatch(value)
    try:
        parsed = _in_order(*usual.groups()) if usual else email.utils.parsedate_to_datetime(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _in_order(day: str, month: str, year: str, clock: str, zone: str) -> datetime:
    return datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day:0>2}T{clock}{zone}")


# --- the whole mail -------------------------------------------------------------------------------------------------


def unwound(raw: bytes) -> bytes:
    """The mail without a byte order mark, and with line ends that can be read where it has those of old Macintoshes."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return raw if _LF in raw[:65_536] else raw.replace(b"\r", b"\n")


def fingerprint(raw: bytes, top: Sheet) -> str:
    """Equal for two deliveries of one mail: Message-ID, From, Date, Subject and body, whatever the line ends."""
    said: dict[str, list[bytes]] = {name: [] for name in ("message-id", "from", "date", "subject")}
    for line in top.fields:
        if line.name in said:
            said[line.name].append(b" ".join(line.raw.split()))
    digest = hashlib.sha256()
    for name, values in said.items():
        for value in values:
            digest.update(b"%s:%d:%s\n" % (name.encode(), len(value), value))
        digest.update(b"\n")
    body = raw[top.body :]
    digest.update((body.replace(b"\r\n", b"\n") if _CR in body else body).rstrip())
    return digest.hexdigest()
