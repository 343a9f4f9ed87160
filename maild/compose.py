"""A letter to bytes: the one place that writes headers; what it wrote is read back and compared."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import format_datetime, getaddresses
from functools import lru_cache
from hashlib import sha256
from itertools import compress
from operator import not_
from urllib.parse import quote

import idna

from maild.mail import Address, Attachment, Envelope, MessageId, Outgoing

LONGEST_VALUE = 1000
"""Characters of one header value as it is given; the rest is left out."""
LONGEST_REFERENCES = 2000
"""Octets of the References field; the first id and the last ones are kept."""
LONGEST_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 section 2.1.1)."""

_FOLD_AT = 76  # RFC 2047 section 2 for lines with encoded-words; RFC 5322 would take 78
_WORD = 63  # what an encoded-word of 75 characters holds between "=?utf-8?q?" and "?="
_LONGEST_ID = 200
_LONGEST_PARAMETER = 60  # characters of a file name in one parameter
_BOUNDARY_TRIES = 8

_SPACE = re.compile(r"[ \t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINES = re.compile(rb"(?:[^\n]{0,999}+\n)*+[^\n]{0,998}")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_ATEXT = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
_ID = re.compile(rf"{_ATEXT}@(?:{_ATEXT}|\[[A-Za-z0-9.:]+\])")
_NAMED = re.compile(rf"((?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+ )+)<({_ATEXT}@{_ATEXT})>")
_CONTENT_ID = re.compile(r"[!#-;=?-~]+")
_LOCAL = re.compile(rf'{_ATEXT}|"(?:[ !#-\[\]-~]|\\[ -~])*"')
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[A-Za-z0-9.:]+\]")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_TYPE = re.compile(r"(?!(?:multipart|message)/)[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_PLAIN_FILE_NAME = re.compile(rf"(?!.*=\?)[ !#-:<-\[\]-~]{{1,{_LONGEST_PARAMETER}}}")
_NOT_IN_FALLBACK = re.compile(r"[^A-Za-z0-9._ -]+")
_Q = {code: f"={code:02X}" for code in range(256) if not re.match(r"[A-Za-z0-9!*+/-]", chr(code))} | {32: "_"}

_NONE = MessageId("")
_OURS = re.compile(
    "from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-type"
    "|content-transfer-encoding|content-disposition|content-id|return-path|received|delivered-to|resent-.*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one mail shall say, to whom, and under which names; nothing in it is written for a wire yet.

    `extra` are further header fields in order; `sender` and `recipient` are the envelope ("" is the null sender).
    """

    message_id: MessageId
    date: datetime
    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    reply_to: str = ""
    subject: str
    in_reply_to: MessageId = _NONE
    references: tuple[MessageId, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """A letter that must not leave, and why, in plain words."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part without parts: its type, its bytes, and what its Content-Disposition and Content-ID say."""

    type: str
    content: bytes
    disposition: str = ""
    name: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part as it is written: fields, and a body that is ready for the wire."""

    fields: tuple[tuple[str, str], ...]
    body: bytes


_Value = str | tuple[Address, ...]


def compose(letter: Letter) -> Outgoing | Unfit:
    """The letter as final bytes (RFC 5322, 2045-2047, 2231; 7-bit, CRLF), or Unfit where it cannot be said safely.

    The same letter always gives the same bytes. Names, subject and other values are cleaned (one line of 1000
    characters at most, NFC, no controls, no bidirectional marks); texts lose control characters and end with a line
    end. Domains are written as A-labels; an address whose local part is not ASCII is unfit, because that needs SMTPUTF8
    all the way (RFC 6531). In-Reply-To and References repeat only ids of dot-atom characters (or with a literal
    domain), 200 octets at most. A message/rfc822 that is not 7-bit with CRLF leaves as a file (RFC 2046 section 5.2.1).
    """
    if fault := _fault(letter):
        return Unfit(fault)
    leaves = _leaves_of(letter)
    parts = [_written(leaf) for leaf in leaves]
    boundary = _boundary(letter.message_id, parts)
    if not boundary:
        return Unfit("the parts contain every boundary that the Message-ID gives")
    whole = _assembled(leaves, parts, boundary, with_html=bool(letter.html))
    head = (*_head(letter), ("MIME-Version", "1.0"))
    lines = [_line(name, value) for name, value in head]
    lines.extend(_parameter_line(name, value) for name, value in whole.fields)
    content = b"".join(("\r\n".join(lines).encode("ascii", "replace"), b"\r\n\r\n", whole.body))
    if difference := _difference(content, (*head, *whole.fields), leaves):
        return Unfit(difference)
    return Outgoing(letter.message_id, Envelope(_spec(letter.sender), _spec(letter.recipient)), content)


def _fault(letter: Letter) -> str:
    """Why the letter cannot be written at all, or nothing."""
    if not (letter.to and letter.recipient):
        return "the letter has no recipient"
    if not _is_id(letter.message_id):
        return f"the Message-ID {letter.message_id[:80]!r} is not of the form name@domain, 200 characters at most"
    specs = [letter.from_.spec, *(address.spec for address in letter.to + letter.cc), letter.recipient]
    specs += [spec for spec in (letter.reply_to, letter.sender) if spec]
    if wrong := next((spec for spec in specs if not _spec(spec)), None):
        return f"the address {wrong[:80]!r} cannot be written in a mail without SMTPUTF8, or is none"
    if "" in specs:
        return "an address of the letter is empty"
    for name, _ in letter.extra:
        if not _NAME.fullmatch(name) or _OURS.fullmatch(name):
            return f"the header field {name[:80]!r} is not for others to write"
    return ""


# Cleaning


def _clean(value: str) -> str:
    """The value on one line of bounded length: white space joined, nothing unseen, NFC."""
    value = value[:LONGEST_VALUE]
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip(" ")
    seen = _UNSEEN.sub("", _SPACE.sub(" ", value))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", seen)).strip(" ")


def _clean_text(text: str) -> str:
    if _NOT_TEXT.search(text):
        text = _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if text.endswith("\n") else text + "\n"


@lru_cache(maxsize=4096)
def _spec(spec: str) -> str:
    """The address with its domain in A-labels (RFC 5890), or nothing where it cannot be written in ASCII."""
    local, _, domain = spec.rpartition("@")
    if not domain.isascii() and len(domain) <= 253:
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return ""
    fits = len(local) <= _LONGEST_ID and len(domain) <= 255 and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    return f"{local}@{domain}" if fits else ""


def _is_id(message_id: str) -> bool:
    return len(message_id) <= _LONGEST_ID and bool(_ID.fullmatch(message_id)) and "=?" not in message_id


def _ids(ids: Iterable[MessageId]) -> str:
    """The ids as one value, each once, the first and the last ones where they are too long together."""
    known = [f"<{one}>" for one in dict.fromkeys(ids) if _is_id(one)]
    room = LONGEST_REFERENCES - len("References: ") - sum(len(one) + 3 for one in known[:1])
    last: list[str] = []
    for one in reversed(known[1:]):
        room -= len(one) + 3
        if room < 0:
            break
        last.append(one)
    return " ".join([*known[:1], *reversed(last)])


# The header


def _head(letter: Letter) -> Iterator[tuple[str, _Value]]:
    """The fields of the letter in their order, with the values that a reader shall find."""
    yield "From", _named((letter.from_,))
    yield "To", _named(letter.to)
    if letter.cc:
        yield "Cc", _named(letter.cc)
    if letter.reply_to:
        yield "Reply-To", _named((Address(letter.reply_to),))
    yield "Subject", _clean(letter.subject)
    yield "Date", format_datetime(letter.date.astimezone(UTC))
    yield "Message-ID", f"<{letter.message_id}>"
    if answered := _ids((letter.in_reply_to,)):
        yield "In-Reply-To", answered
    if thread := _ids(letter.references):
        yield "References", thread
    for name, value in letter.extra:
        yield name, _clean(value)


def _named(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(Address(_spec(address.spec), _clean(address.name)) for address in addresses)


def _line(name: str, value: _Value) -> str:
    if isinstance(value, str):
        return _folded(name, value.split(" ") if _is_plain(value) else _encoded(value, _room_beside(name)))
    pieces: list[str] = []
    for address in value:
        phrase = _phrase(address.name, _room_beside(name))
        pieces += [*phrase, f"<{address.spec}>," if phrase else f"{address.spec},"]
    pieces[-1] = pieces[-1][:-1]
    return _folded(name, pieces)


def _parameter_line(name: str, value: str) -> str:
    return _folded(name, value.replace("; ", ";\0").split("\0"))


def _folded(name: str, pieces: Sequence[str]) -> str:
    """One field, broken between pieces (RFC 5322 section 2.2.3), but not before the first: no line is left empty."""
    lines: list[str] = []
    line = f"{name}: {' '.join(pieces)}"
    if len(line) <= _FOLD_AT:
        return line.rstrip(" ")
    line = f"{name}: {pieces[0]}"
    for piece in pieces[1:]:
        if len(line) + len(piece) >= _FOLD_AT:
            lines.append(line)
            line = ""
        line = f"{line} {piece}"
    lines.append(line)
    return "\r\n".join(lines)


def _is_plain(value: str) -> bool:
    """Whether the value may be written as it is: ASCII, nothing like an encoded-word, words that fit a line."""
    short = len(value) < LONGEST_LINE // 2 or max(map(len, value.split(" "))) < LONGEST_LINE // 2
    return short and value.isascii() and "=?" not in value


def _phrase(name: str, room: int) -> list[str]:
    """A display name as words (RFC 5322 section 3.2.5): atoms, a quoted string, or encoded-words."""
    if not name:
        return []
    if not _is_plain(name) or len(name) > room:
        return _encoded(name, room)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _room_beside(name: str) -> int:
    """How much the first encoded-word of a field may hold."""
    return _FOLD_AT - len(f"{name}: =?utf-8?q??=")


def _encoded(text: str, room: int) -> list[str]:
    """The text as encoded-words (RFC 2047), B or Q, whichever is shorter; the first holds `room` at most."""
    raw = text.encode()
    quoted = raw.decode("latin-1").translate(_Q)
    if len(quoted) * 3 <= len(raw) * 4:
        return [f"=?utf-8?q?{piece}?=" for piece in _cut_quoted(quoted, room)]
    return [f"=?utf-8?b?{piece}?=" for piece in _cut_base64(raw, room)]


def _cut_quoted(quoted: str, room: int) -> Iterator[str]:
    """Pieces that end on the border of a character: before no continuation octet, and inside no escape."""
    start = 0
    while len(quoted) - start > room:
        end = start + room
        while "=" in quoted[end - 2 : end] or (quoted[end] == "=" and quoted[end + 1] in "89AB"):
            end -= 1
        yield quoted[start:end]
        start, room = end, _WORD
    yield quoted[start:]


def _cut_base64(raw: bytes, room: int) -> Iterator[str]:
    """Pieces that end on the border of a character."""
    start = 0
    while len(raw) - start > room // 4 * 3:
        end = start + room // 4 * 3
        while raw[end] & 0xC0 == 0x80:
            end -= 1
        yield binascii.b2a_base64(raw[start:end], newline=False).decode("ascii")
        start, room = end, _WORD
    yield binascii.b2a_base64(raw[start:], newline=False).decode("ascii")


# The parts


def _leaves_of(letter: Letter) -> list[_Leaf]:
    """The parts of the letter in the order in which they are written: text, HTML, its images, the rest."""
    texts = [("plain", letter.text)] + ([("html", letter.html)] if letter.html else [])
    leaves = [
        _Leaf(f"text/{kind}; charset=utf-8", _clean_text(text).replace("\n", "\r\n").encode()) for kind, text in texts
    ]
    inline = [bool(letter.html) and _belongs_to_html(one) for one in letter.attachments]
    leaves += [_attached(one, "inline", one.content_id) for one in compress(letter.attachments, inline)]
    leaves += [_attached(one, "attachment", "") for one in compress(letter.attachments, map(not_, inline))]
    return leaves


def _belongs_to_html(attachment: Attachment) -> bool:
    cid = attachment.content_id
    return attachment.inline and len(cid) <= _LONGEST_ID and bool(_CONTENT_ID.fullmatch(cid)) and "=?" not in cid


def _attached(attachment: Attachment, disposition: str, content_id: str) -> _Leaf:
    type_ = attachment.type.lower()
    name = _clean(attachment.name).strip()
    if type_ == "message/rfc822":
        if disposition == "attachment" and _is_seven_bit(attachment.content):
            return _Leaf(type_, attachment.content, disposition, name)
        name = name if name.lower().endswith(".eml") else f"{name or 'message'}.eml"
    if not _TYPE.fullmatch(type_):
        type_ = "application/octet-stream"
    return _Leaf(type_, attachment.content, disposition, name, content_id)


def _written(leaf: _Leaf) -> _Part:
    encoding, body = _transferred(leaf)
    type_ = leaf.type
    fields = [("Content-Transfer-Encoding", encoding)]
    if leaf.disposition and leaf.name:
        if not _PLAIN_FILE_NAME.fullmatch(leaf.name):
            type_ = f'{leaf.type}; name="{_fallback(leaf.name)}"'
        fields.append(("Content-Disposition", f"{leaf.disposition}; {_file_name(leaf.name)}"))
    elif leaf.disposition:
        fields.append(("Content-Disposition", leaf.disposition))
    if leaf.content_id:
        fields.append(("Content-ID", f"<{leaf.content_id}>"))
    return _Part((("Content-Type", type_), *fields), body)


def _transferred(leaf: _Leaf) -> tuple[str, bytes]:
    """The bytes as 7bit, quoted-printable or base64 (RFC 2045 section 6), and which of them."""
    content = leaf.content
    if not leaf.disposition or leaf.type == "message/rfc822":
        if _is_seven_bit(content):
            return "7bit", content
        escapes = content.count(b"=") + len(content.translate(None, bytes(range(128))))
        if escapes * 6 <= len(content):
            lines = binascii.b2a_qp(content.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
            return "quoted-printable", lines
    packed = binascii.b2a_base64(content, newline=False)
    return "base64", b"\r\n".join([packed[at : at + 76] for at in range(0, len(packed), 76)]) + b"\r\n"


def _is_seven_bit(content: bytes) -> bool:
    return content.isascii() and b"\0" not in content and _has_good_lines(content)


def _has_good_lines(content: bytes) -> bool:
    """Whether lines end with CRLF and nothing else, and none is too long."""
    ends = content.count(b"\r\n")
    return content.count(b"\r") == ends == content.count(b"\n") and bool(_LINES.fullmatch(content))


def _file_name(name: str) -> str:
    """The filename parameter: plain, or in the form of RFC 2231, in several pieces where it is long."""
    if _PLAIN_FILE_NAME.fullmatch(name):
        return f'filename="{name}"'
    pieces = [""]
    for character in name:
        escaped = quote(character, safe="")
        if len(pieces[-1]) + len(escaped) > _LONGEST_PARAMETER:
            pieces.append("")
        pieces[-1] += escaped
    if len(pieces) == 1:
        return f"filename*=utf-8''{pieces[0]}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return "; ".join(f"filename*{at}*={piece}" for at, piece in enumerate(pieces))


def _fallback(name: str) -> str:
    """The name in ASCII, for a reader that does not know RFC 2231."""
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return _NOT_IN_FALLBACK.sub("_", ascii_)[-_LONGEST_PARAMETER:]


def _boundary(message_id: MessageId, parts: Sequence[_Part]) -> str:
    """A line that occurs in no part, derived from the Message-ID, or nothing where all of a few do."""
    for attempt in range(_BOUNDARY_TRIES):
        candidate = "=_" + sha256(f"{attempt}.{message_id}".encode()).hexdigest()[:24]
        if not any(candidate.encode() in part.body for part in parts):
            return candidate
    return ""


def _assembled(leaves: Sequence[_Leaf], parts: Sequence[_Part], boundary: str, *, with_html: bool) -> _Part:
    """mixed(alternative(text, related(html, images)), files), without the levels that hold one part only."""
    images = [part for leaf, part in zip(leaves, parts, strict=True) if leaf.disposition == "inline"]
    files = [part for leaf, part in zip(leaves, parts, strict=True) if leaf.disposition == "attachment"]
    whole = parts[0]
    if with_html:
        html = _multipart("related", f"{boundary}r", [parts[1], *images]) if images else parts[1]
        whole = _multipart("alternative", f"{boundary}a", [whole, html])
    return _multipart("mixed", f"{boundary}m", [whole, *files]) if files else whole


def _multipart(kind: str, boundary: str, parts: Sequence[_Part]) -> _Part:
    pieces: list[bytes] = []
    for part in parts:
        head = "\r\n".join(_parameter_line(name, value) for name, value in part.fields)
        pieces += [f"--{boundary}\r\n{head}\r\n\r\n".encode("ascii", "replace"), part.body, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    kind = f'multipart/{kind}; type="text/html"' if kind == "related" else f"multipart/{kind}"
    return _Part((("Content-Type", f'{kind}; boundary="{boundary}"'),), b"".join(pieces))


# Reading back


def _difference(content: bytes, head: Sequence[tuple[str, _Value]], leaves: Sequence[_Leaf]) -> str:
    """In what the bytes say something else than what was meant, or nothing."""
    if not (content.isascii() and _has_good_lines(content)):
        return "a line of the finished mail is too long, not ASCII, or ends without CRLF"
    block, _, body = content.partition(b"\r\n\r\n")
    fields = _fields(block)
    if [name for name, _ in fields] != [name for name, _ in head]:
        return "the finished mail has other header fields than were meant"
    for (name, written), (_, meant) in zip(fields, head, strict=True):
        if not _says(written, meant):
            return f"the header field {name} would be read as something else than was meant"
    if list(_read_leaves(dict(fields), body)) != list(leaves):
        return "a part of the finished mail would be read as something else than was meant"
    return ""


def _fields(block: bytes) -> list[tuple[str, str]]:
    lines = block.decode("ascii", "replace").replace("\r\n ", " ").split("\r\n")
    return [(name, value.removeprefix(" ")) for name, _, value in (line.partition(":") for line in lines)]


def _says(written: str, meant: _Value) -> bool:
    if isinstance(meant, str):
        return _decoded(written) == meant
    if _ID.fullmatch(written):  # an address alone; the parser below takes 30 times as long to say so
        return meant == (Address(written),)
    if (found := _NAMED.fullmatch(written)) and "=?" not in written:
        return meant == (Address(found[2], found[1].removesuffix(" ")),)
    return tuple(Address(spec, _decoded(name)) for name, spec in getaddresses([written])) == meant


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return "".join(
            piece.decode(charset or "ascii") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(value)
        )
    except (HeaderParseError, ValueError, LookupError):
        return value


def _read_leaves(fields: dict[str, str], body: bytes) -> Iterator[_Leaf]:
    """The leaves that a reader finds, by boundaries alone (RFC 2046 section 5.1.1)."""
    kind, _, boundary = fields["Content-Type"].partition('; boundary="')
    if not kind.startswith("multipart/"):
        yield _read_leaf(fields, body)
        return
    delimiter = b"--" + boundary.removesuffix('"').encode()
    for piece in body.removeprefix(delimiter).split(b"\r\n" + delimiter)[:-1]:
        block, _, inner = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield from _read_leaves(dict(_fields(block)), inner)


def _read_leaf(fields: dict[str, str], body: bytes) -> _Leaf:
    match fields["Content-Transfer-Encoding"]:
        case "base64":
            body = binascii.a2b_base64(body)
        case "quoted-printable":
            body = binascii.a2b_qp(body)
    type_ = fields["Content-Type"].partition("; name=")[0]
    if "Content-Disposition" not in fields:
        return _Leaf(type_, body)
    part = Message()
    part["Content-Disposition"] = fields["Content-Disposition"]
    cid = fields.get("Content-ID", "")[1:-1]
    return _Leaf(type_, body, part.get_content_disposition() or "", part.get_filename("") or "", cid)
