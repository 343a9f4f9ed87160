"""Bytes to parts and words: the one place that knows MIME, and the only user of mail-parser. Total and bounded."""

from __future__ import annotations

import binascii
import codecs
import email.utils
import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message

import cchardet
import mailparser

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


@dataclass(frozen=True, slots=True)
class Field:
    """One header line: its name in lower case and its raw value, unfolded."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail: its type, its place (`start` to `end` in the original), and the parts within."""

    type: str
    params: dict[str, str]
    fields: tuple[Field, ...]
    start: int
    end: int
    children: tuple[Part, ...] = ()
    disposition: str = ""
    filename: str = ""

    @property
    def content_id(self) -> str:
        return first(self.fields, "content-id").decode("ascii", "ignore").strip(" <>")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the header block says, in words."""

    fields: tuple[Field, ...]
    headers: tuple[tuple[str, str], ...]
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
        return tuple(value for key, value in self.headers if key == name)


# --- bytes to words -------------------------------------------------------------------------------------------------

# Names that mail uses for a charset, and the codec that reads what is really in such mail.
_ALIASES = {
    name: codec
    for codec, names in {
        "ascii": "us-ascii ascii",
        "utf-8": "uft-8 utf8",
        "utf-7": "unicode-1-1-utf-7",
        "cp1252": "iso-8859-1 latin1 latin-1 ansi_x3.110-1983",
        "cp1254": "iso-8859-9",
        "cp850": "cp-850",
        "cp874": "windows-874 x-windows-874 tis-620 iso-8859-11",
        "cp932": "x-sjis shift_jis shift-jis",
        "cp949": "ks_c_5601-1987 euc-kr x-windows-949",
        "gb18030": "gb2312 gbk x-gbk",
        "iso-8859-8": "iso-8859-8-i iso-8859-8-e",
        "iso2022_jp_ext": "iso-2022-jp",
        "mac-cyrillic": "x-mac-cyrillic",
        "mac-roman": "macintosh",
    }.items()
    for name in names.split()
}
# Slow on long input, or not a charset of mail at all.
_NO_CHARSET = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"})
_SAMPLE = 16_384


def _codec(name: str) -> str:
    """The codec for a declared charset, "" where there is none that we use."""
    plain = name.strip(" \t\r\n\"'").lower()
    plain = _ALIASES.get(plain, plain)
    if not plain or len(plain) > 40 or plain.replace("-", "_") in _NO_CHARSET:
        return ""
    try:
        found = codecs.lookup(plain).name
        b"a".decode(found)
    except (LookupError, ValueError, UnicodeError):
        return "utf-16" if plain in {"utf-16", "utf16"} else ""
    return found


def decode(content: bytes, charset: str = "") -> str:
    """Bytes to words: the declared charset, UTF-8, a guess, Windows-1252; never raises."""
    declared = _codec(charset)
    if content.isascii() and declared in {"", "ascii", "utf-8", "cp1252"}:
        if b"\x1b$" in content:
            return content.decode("iso2022_jp_ext", "replace")
        return content.decode("ascii")
    for codec in _ladder(content, declared):
        try:
            return content.decode(codec)
        except (UnicodeError, LookupError, ValueError):
            continue
    return content.decode(declared if declared not in {"", "ascii"} else "cp1252", "replace")


def _ladder(content: bytes, declared: str) -> Iterator[str]:
    # Western text that happens to be valid UTF-8 with letters beyond ASCII is UTF-8, whatever it claims to be.
    if declared in {"", "ascii", "cp1252"}:
        yield "utf-8"
    if declared not in {"", "ascii"}:
        yield declared
    yield "utf-8"
    if declared != "cp1252":
        yield _guess(content)
    yield "cp1252"


def _guess(content: bytes) -> str:
    try:
        found = cchardet.detect(content[:_SAMPLE])
    except (ValueError, UnicodeError):
        return "cp1252"
    return _codec(found.get("encoding") or "") or "cp1252"


def _ranges(points: Iterator[int]) -> str:
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)


# Putting marks in order is quadratic in their number: nobody's writing has more than a few on one letter.
_MARKS = _ranges(point for point in range(0x300, 0x1F000) if unicodedata.combining(chr(point)))
_PILE = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
_CONTROLS = dict.fromkeys([*range(32), *range(0x7F, 0xA0)])
for _kept in (9, 10):
    _CONTROLS.pop(_kept)
_CONTROLS[12] = 10
_LINE_CONTROLS = {**_CONTROLS, 9: 32, 10: 32, 12: 32, 11: 32, 13: 32, 0x85: 32, 0x2028: 32, 0x2029: 32}
_BIDI = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_LINE_CONTROLS |= _BIDI


def clean(text: str) -> str:
    """A text that databases, JSON and people can take: NFC, no NUL, no other control, no lone surrogate, `\\n` ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return _composed(text)


def clean_line(text: str) -> str:
    """The same for one line: no line break, no bidi control, white space as single spaces."""
    return _composed(" ".join(text.translate(_LINE_CONTROLS).split()))


def _composed(text: str) -> str:
    if text.isascii():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", _PILE.sub(r"\1", text))


# --- header lines ---------------------------------------------------------------------------------------------------

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_ENVELOPE_LINE = re.compile(rb">?From [^\n]*\n")
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ENCODED_WORDS = 200
# These have a grammar of their own; an encoded word in them is somebody's trick, not somebody's words.
_STRUCTURED = re.compile(
    r"authentication-results|arc-|dkim-|received|return-path|delivered-to|message-id|references|in-reply-to|content-|mime-"
)
_ADDRESSED = ("to", "cc", "reply-to")


def fields_of(raw: bytes, start: int, end: int, limits: Limits) -> tuple[tuple[Field, ...], int, tuple[str, ...]]:
    """The header lines from `start`, where the body begins, and which limit was reached (RFC 5322 section 2.2)."""
    found: list[Field] = []
    faults: list[str] = []
    position = start
    block_end = min(end, start + limits.header_block)
    while position < block_end:
        envelope = _ENVELOPE_LINE.match(raw, position, block_end)
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
        found.append(Field(line[1].decode("ascii").lower(), value.replace(b"\n", b"").replace(b"\r", b"").strip()))
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


def first(fields: Sequence[Field], name: str) -> bytes:
    """The raw value of the first header of that name, or nothing."""
    return next((line.raw for line in fields if line.name == name), b"")


def words(raw: bytes, charset: str = "") -> str:
    """A header's words, encoded words read (RFC 2047), raw 8-bit kept by the charset ladder; not yet cleaned."""
    return _unwrap(decode(raw, charset))


def _unwrap(text: str) -> str:
    if "=?" not in text:
        return text
    pieces: list[str] = []
    waiting, waiting_charset, position = b"", "", 0
    text = _GAP.sub(r"\1", text)
    for count, word in enumerate(_WORD.finditer(text)):
        if count == _ENCODED_WORDS:
            break
        content = _unworded(word[2], word[3])
        if content is None:
            continue
        # One letter may be split over two words: they are joined before they are read.
        if waiting and (word.start() != position or word[1].lower() != waiting_charset):
            pieces.append(decode(waiting, waiting_charset))
            waiting = b""
        pieces.append(text[position : word.start()])
        waiting, waiting_charset, position = waiting + content, word[1].lower(), word.end()
    if waiting:
        pieces.append(decode(waiting, waiting_charset))
    pieces.append(text[position:])
    return "".join(pieces)


def _unworded(encoding: str, text: str) -> bytes | None:
    try:
        octets = text.encode("ascii") if text.isascii() else text.encode("utf-8", "replace")
        if encoding in "bB":
            return _base64(octets)
        return binascii.a2b_qp(octets.replace(b"_", b" ").replace(b"\n", b""), header=False)
    except (ValueError, binascii.Error):
        return None


def sheet(raw: bytes, limits: Limits, *, plainly: bool = False) -> Sheet:
    """Read the header block; `plainly` leaves mail-parser out. Never raises for any bytes, save for bugs."""
    fields, body, faults = fields_of(raw, 0, len(raw), limits)
    fields = tuple(line for line in fields if not line.name.startswith("x-maild-"))
    charset = content_type(fields)[1].get("charset", "")
    headers = tuple((line.name, _value(line, charset)) for line in fields)
    people, date = _people(fields, charset, plainly=plainly)
    if len(people["to"]) + len(people["cc"]) > limits.recipients:
        faults += (f"more than {limits.recipients} recipients: the rest is not read",)
    if sum(line.name == "received" for line in fields) > limits.received:
        faults += (f"more than {limits.received} Received lines: this mail goes in a circle",)
    room = max(0, limits.recipients - len(people["to"]))
    return Sheet(
        fields=fields,
        headers=headers,
        body=body,
        message_id=message_id(first(fields, "message-id")),
        in_reply_to=ids(_joined(fields, "in-reply-to"))[-limits.references :],
        references=ids(_joined(fields, "references"))[-limits.references :],
        authors=authors(tuple(decode(line.raw, charset) for line in fields if line.name == "from")),
        reply_to=people["reply-to"][: limits.recipients],
        to=people["to"][: limits.recipients],
        cc=people["cc"][:room],
        delivered_to=_delivered_to(fields),
        subject=clean_line(words(first(fields, "subject"), charset)),
        date=date,
        list_id=_list_id(clean_line(words(first(fields, "list-id"), charset))),
        faults=faults,
    )


def _value(line: Field, charset: str) -> str:
    if _STRUCTURED.match(line.name):
        return clean_line(decode(line.raw, charset))
    return clean_line(words(line.raw, charset))


def _joined(fields: Sequence[Field], name: str) -> str:
    return " ".join(decode(line.raw) for line in fields if line.name == name)


def _list_id(value: str) -> str:
    inside = re.search(r"<([^<>]*)>", value)
    return (inside[1] if inside else value).strip().lower()


def _delivered_to(fields: Sequence[Field]) -> tuple[str, ...]:
    names = {"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"}
    values = (decode(line.raw).strip(" <>\t") for line in fields if line.name in names)
    return tuple(dict.fromkeys(value for value in values if _SPEC.fullmatch(value)))[:50]


# --- Message-IDs ----------------------------------------------------------------------------------------------------

_ID = re.compile(r"<([^<>]*)>")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LONGEST_ID = 998


def message_id(raw: bytes) -> MessageId:
    """The mail's own id without brackets, "" where there is none (RFC 5322 section 3.6.4)."""
    text = clean_line(decode(raw))
    inside = _ID.search(text)
    found = "".join((inside[1] if inside else text.strip("<>")).split())
    return MessageId(found if len(found) <= _LONGEST_ID else "")


def ids(text: str) -> tuple[MessageId, ...]:
    """The ids in a References or In-Reply-To, oldest first; addresses in a phrase around them are no ids."""
    found: list[tuple[bool, str]] = []
    position = 0
    for match in _ID.finditer(text):
        found.append((bool(_LETTERS.search(text, position, match.start())), match[1]))
        position = match.end()
    kept = [inside for after_words, inside in found if not after_words]
    # "Message from X <x@y> of today <id>": only what ends the phrase can be the id.
    if not kept and found and not _LETTERS.search(text, position):
        kept = [found[-1][1]]
    tidy = (clean_line("".join(inside.split())) for inside in kept)
    good = [one for one in tidy if "@" in one.strip("@") and len(one) <= _LONGEST_ID and " " not in one]
    return tuple(MessageId(one) for one in dict.fromkeys(good))


# --- people ---------------------------------------------------------------------------------------------------------

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_LABEL = r"[A-Za-z0-9_\-\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]{{2,45}}\]|\[IPv6:[0-9A-Fa-f:.]{{2,45}}\])"
_SPEC = re.compile(rf'(?!=\?)(?:(?:{_ATEXT}|\.)+|"(?:{_ATEXT}|[. ])+")@{_DOMAIN}')
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*"'
_NAMED = re.compile(
    rf'\s*({_QUOTED}|[^<>"\x00-\x08\x0e-\x1f]*?)\s*<\s*([^<>\s"]+|"[^"<>\\]*"@[^<>\s"]+)\s*>\s*(\([^()<>@]*\))?\s*'
)
_BARE = re.compile(r"\s*([^\s<>()\",;:]+)\s*(?:\(([^()<>@]*)\))?\s*")
_LONGEST_SPEC = 320
_LONGEST_FROM = 4_000


def authors(values: Sequence[str]) -> tuple[Address, ...]:
    """The addresses of all From lines by a strict grammar: a plain address is one, a trick is none or several.

    What a checking server could read otherwise than we do is not one author (RFC 5322 section 3.6.2).
    """
    found: list[Address] = []
    for value in values[:20]:
        value = " ".join(value.split())
        one = _strict(value) if len(value) < _LONGEST_FROM else None
        found.extend([one] if one else _loose(value))
    return tuple(found)[:20]


def _strict(value: str) -> Address | None:
    if named := _NAMED.fullmatch(value):
        name, spec = named[1], named[2]
        if not name.startswith('"') and _ambiguous(name, spec):
            return None
    elif bare := _BARE.fullmatch(value):
        name, spec = bare[2] or "", bare[1]
    else:
        return None
    if len(spec) > _LONGEST_SPEC or not _SPEC.fullmatch(spec):
        return None
    return Address(_composed(spec), _name(name))


def _ambiguous(name: str, spec: str) -> bool:
    """Whether a name outside quotes could be read as an address of its own."""
    bare = name.strip(" '")
    if bare.lower() == spec.lower():
        return False
    return any(mark in name for mark in "@,;:\\") or name.count("(") != name.count(")")


def _name(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    return clean_line(_unwrap(text)).strip("\"' ")[:200]


def _loose(value: str) -> list[Address]:
    """Every address that any reader might see in a From line that is not plain: two or more, else none."""
    specs = [match[0] for match in re.finditer(r"[^\s<>()\",;:\\\[\]]{1,200}@[^\s<>()\",;:\\\[\]]{1,200}", value)]
    good = dict.fromkeys(_composed(spec) for spec in specs if _SPEC.fullmatch(spec))
    return [Address(spec) for spec in good] if len(good) > 1 else []


def _people(
    fields: Sequence[Field], charset: str, *, plainly: bool
) -> tuple[dict[str, tuple[Address, ...]], datetime | None]:
    """Recipients and date, as mail-parser reads them from a block of nothing else; where it fails, the standard way."""
    block = Message()
    for name in _ADDRESSED:
        values = [decode(line.raw, charset) for line in fields if line.name == name]
        if values:
            block[name] = _bounded(", ".join(values))
    block["date"] = clean_line(decode(first(fields, "date")))[:200]
    pairs, date = ({}, None) if plainly else _by_mail_parser(block)
    people = {
        name: _addresses(pairs.get(name, [])) or _addresses(_pairs(str(block[name] or ""))) for name in _ADDRESSED
    }
    return people, (date if date is not None else _date(str(block["date"])))


def _by_mail_parser(block: Message) -> tuple[dict[str, list[tuple[str, str]]], datetime | None]:
    try:
        seen = mailparser.MailParser(block)
        return {name: list(getattr(seen, name.replace("-", "_")) or []) for name in _ADDRESSED}, seen.date
    except Exception:  # noqa: BLE001  it has raised what it never declared; one such mail must not stop the reading
        return {}, None


def _bounded(value: str, most: int = 64 * 1024) -> str:
    return clean_line(value if len(value) <= most else value[:most].rpartition(",")[0])


def _pairs(value: str) -> list[tuple[str, str]]:
    if "@" not in value or value.count("(") > 10:
        return []
    try:
        return email.utils.getaddresses([value])
    except (ValueError, IndexError, RecursionError, TypeError):
        return []


def _addresses(pairs: Sequence[tuple[str, str]]) -> tuple[Address, ...]:
    found: dict[str, Address] = {}
    for name, spec in pairs:
        if len(spec) <= _LONGEST_SPEC and _SPEC.fullmatch(spec):
            found.setdefault(spec.lower(), Address(_composed(spec), _name(str(name))))
    return tuple(found.values())


def _date(value: str) -> datetime | None:
    """A date that mail-parser did not take, by the more patient standard library; aware, UTC."""
    try:
        parsed = email.utils.parsedate_to_datetime(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


# --- parts ----------------------------------------------------------------------------------------------------------

_TYPE = re.compile(r"\s*([a-z0-9!#$&^_.+\-]+)\s*/\s*([a-z0-9!#$&^_.+\-]+)", re.IGNORECASE)
_PARAM = re.compile(r';\s*([^=;\s"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_PARAMS = 100


def content_type(fields: Sequence[Field], default: str = "text/plain") -> tuple[str, dict[str, str]]:
    """A part's type and parameters; what cannot be read counts as `default` (RFC 2045 section 5.2)."""
    value = decode(first(fields, "content-type"))
    named = _TYPE.match(value)
    return (f"{named[1]}/{named[2]}".lower() if named else default), params(value)


def params(value: str) -> dict[str, str]:
    """The parameters of a MIME header, continuations joined and charsets read (RFC 2231), encoded words too."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, match in enumerate(_PARAM.finditer(value)):
        if count == _PARAMS:
            break
        name, text = match[1].lower(), _unquoted(match[2].strip())
        stem, star, rest = name.partition("*")
        if not star:
            plain.setdefault(name, clean_line(_unwrap(text)))
            continue
        number = rest.rstrip("*")
        if number == "" or (number.isascii() and number.isdigit() and len(number) < 4):
            pieces.setdefault(stem, {})[int(number or 0)] = (rest.endswith("*") or rest == "", text)
    for stem, numbered in pieces.items():
        plain[stem] = clean_line(_continued([numbered[number] for number in sorted(numbered)]))
    return plain


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        # Old Windows clients write paths without doubling the backslash: only quotes and backslashes are escaped.
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return text.strip('"')


def _continued(pieces: Sequence[tuple[bool, str]]) -> str:
    charset, octets = "", b""
    for number, (encoded, text) in enumerate(pieces):
        if number == 0 and encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += _percent(text) if encoded else text.encode("utf-8", "replace")
    return _unwrap(decode(octets, charset))


def _percent(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda hexed: bytes([int(hexed[1], 16)]), octets)


class _Walk:
    """One pass over one mail: it counts the parts and notes what it did not read."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self.raw = raw
        self.limits = limits
        self.parts = 0
        self.faults: list[str] = []

    def part(self, start: int, end: int, depth: int, default: str) -> Part:
        fields, body, _ = fields_of(self.raw, start, end, replace(self.limits, header_block=64 * 1024, headers=100))
        return self.dressed(fields, body, end, depth, default)

    def dressed(self, fields: tuple[Field, ...], body: int, end: int, depth: int, default: str) -> Part:
        self.parts += 1
        type_, params_ = content_type(fields, default)
        disposition = decode(first(fields, "content-disposition"))
        children: tuple[Part, ...] = ()
        if type_.startswith("multipart/"):
            if depth < self.limits.depth:
                children = self.children(params_.get("boundary", ""), body, end, depth, type_)
            else:
                self.note(f"parts nested deeper than {self.limits.depth}: what lies deeper is not read")
        if type_.startswith("multipart/") and not children:
            # A multipart without parts is somebody's broken text: better seen than lost.
            type_ = "text/plain" if depth < self.limits.depth else "application/octet-stream"
        given = params(disposition)
        return Part(
            type=type_,
            params=params_,
            fields=fields,
            start=body,
            end=end,
            children=children,
            disposition=disposition.partition(";")[0].strip().lower(),
            filename=given.get("filename") or params_.get("name", ""),
        )

    def children(self, boundary: str, start: int, end: int, depth: int, type_: str) -> tuple[Part, ...]:
        default = "message/rfc822" if type_ == "multipart/digest" else "text/plain"
        spans = self.spans(boundary, start, end) or self.spans(self.likely_boundary(start, end), start, end)
        found: list[Part] = []
        for low, high in spans:
            if self.parts >= self.limits.parts:
                self.note(f"more than {self.limits.parts} parts: the rest is not read")
                break
            found.append(self.part(low, high, depth + 1, default))
        return tuple(found)

    def spans(self, boundary: str, start: int, end: int) -> list[tuple[int, int]]:
        """Where the parts lie between their boundary lines (RFC 2046 section 5.1.1); one without its end runs on."""
        if not boundary or len(boundary) > 200:
            return []
        line = re.compile(rb"--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*\r?(?:\n|\Z)")
        found: list[tuple[int, int]] = []
        opened: int | None = None
        for match in line.finditer(self.raw, start, end):
            if match.start() > start and self.raw[match.start() - 1] != 10:
                continue
            if opened is not None:
                found.append((opened, max(opened, self.before(match.start()))))
            opened = None if match[1] else match.end()
            if match[1] or len(found) > self.limits.parts:
                return found
        if opened is not None:
            found.append((opened, end))
        return found

    def before(self, position: int) -> int:
        """The end of the text before a boundary line: the line end belongs to the boundary."""
        if self.raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1

    def likely_boundary(self, start: int, end: int) -> str:
        """The boundary of a multipart that does not name it, or names another: the first line that could be one."""
        match = re.compile(rb"(?<![^\n])--([!-~]{4,70})[ \t]*\r?\n[!-9;-~]+:").search(
            self.raw, start, min(end, start + 65_536)
        )
        return match[1].decode("ascii").removesuffix("--") if match else ""

    def note(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)


def payload(raw: bytes, part: Part) -> bytes:
    """A part's bytes with the transfer encoding undone (RFC 2045 section 6); never raises."""
    content = raw[part.start : part.end]
    encoding = (
        first(part.fields, "content-transfer-encoding").decode("ascii", "ignore").partition(";")[0].strip().lower()
    )
    if encoding == "base64":
        return _base64(content)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uuencoded(content)
    return content


def _base64(content: bytes) -> bytes:
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        whole = len(letters) // 4 * 4
        rest = letters[whole:] + b"==" if len(letters) - whole > 1 else b""
        return binascii.a2b_base64(letters[:whole]) + binascii.a2b_base64(rest + b"=" * (-len(rest) % 4))


def _uuencoded(content: bytes) -> bytes:
    lines: list[bytes] = []
    begun = False
    for line in content.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
            continue
        if line.strip() in {b"end", b"`"}:
            break
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(lines) if begun else content


def tree(raw: bytes, top: Sheet, limits: Limits) -> tuple[Part, tuple[str, ...]]:
    """The parts of a mail whose header block has been read, and the limits reached; nested mail stays closed."""
    walk = _Walk(raw, limits)
    root = walk.dressed(top.fields, top.body, len(raw), 0, "text/plain")
    return root, tuple(walk.faults)


def leaves(part: Part) -> Iterator[Part]:
    """The parts that hold something, in order."""
    if not part.children:
        yield part
    for child in part.children:
        yield from leaves(child)


def unwound(raw: bytes) -> bytes:
    """The mail without a byte order mark, and with line ends that can be read where it has those of old Macintoshes."""
    raw = raw.removeprefix(codecs.BOM_UTF8)
    return raw if b"\n" in raw[:65_536] else raw.replace(b"\r", b"\n")


def fingerprint(raw: bytes, top: Sheet) -> str:
    """Equal for two deliveries of one mail: Message-ID, From, Date, Subject and body, whatever the line ends."""
    digest = hashlib.sha256()
    for name in ("message-id", "from", "date", "subject"):
        for value in (b" ".join(line.raw.split()) for line in top.fields if line.name == name):
            digest.update(b"%s:%d:%s\n" % (name.encode(), len(value), value))
        digest.update(b"\n")
    digest.update(raw[top.body :].replace(b"\r\n", b"\n").rstrip())
    return digest.hexdigest()
