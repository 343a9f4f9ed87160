"""Header fields as they are written: values made clean, encoded words, folded lines; the only user of idna."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import idna

from maild.mail import Address, MessageId

LONGEST_VALUE = 1000
"""Characters of one header value as it is given; the rest is left out."""
LONGEST_REFERENCES = 2000
"""Octets of the References field; the first id and the last ones are kept."""
LONGEST_LINE = 998
"""Octets of a line without its CRLF (RFC 5322 section 2.1.1)."""
LONGEST_ID = 200
"""Characters of a Message-ID, a Content-ID or the local part of an address."""
_FOLD_AT = 76  # RFC 2047 section 2 for lines with encoded-words; RFC 5322 would take 78
_WORD = 63  # what an encoded-word of 75 characters holds between "=?utf-8?q?" and "?="
_SPACE = re.compile(r"[ \t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]+")
_ATEXT = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+"
ID = re.compile(rf"{_ATEXT}@(?:{_ATEXT}|\[[A-Za-z0-9.:]+\])")
"""A Message-ID without its brackets, or a plain address."""
NAMED = re.compile(rf"(?:((?:[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+ )+)|\"([ !#-\[\]-~]+)\" )<({_ATEXT}@{_ATEXT})>")
"""A plain address after a name of atoms, or after one in quotes that escapes nothing."""
_LOCAL = re.compile(rf'{_ATEXT}|"(?:[ !#-\[\]-~]|\\[ -~])*"')
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[A-Za-z0-9.:]+\]")
_Q = {code: f"={code:02X}" for code in range(256) if not re.match(r"[A-Za-z0-9!*+/-]", chr(code))} | {32: "_"}
Value = str | tuple[Address, ...]
"""What a field says: words, or people."""


# --- cleaning -------------------------------------------------------------------------------------------------------


def clean(value: str) -> str:
    """The value on one line of bounded length: white space joined, nothing unseen, NFC."""
    value = value[:LONGEST_VALUE]
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip(" ")
    seen = _UNSEEN.sub("", _SPACE.sub(" ", value))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", seen)).strip(" ")


@lru_cache(maxsize=4096)
def spec_of(spec: str) -> str:
    """The address with its domain in A-labels (RFC 5890), or nothing where it cannot be written in ASCII."""
    local, _, domain = spec.rpartition("@")
    if not domain.isascii() and len(domain) <= 253:
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return ""
    fits = len(local) <= LONGEST_ID and len(domain) <= 255 and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    return f"{local}@{domain}" if fits else ""


def is_id(message_id: str) -> bool:
    """Whether this may be written as a Message-ID: dot-atoms around an @, 200 characters at most."""
    return len(message_id) <= LONGEST_ID and bool(ID.fullmatch(message_id)) and "=?" not in message_id


def ids_of(ids: Iterable[MessageId]) -> str:
    """The ids as one value, each once, the first and the last ones where they are too long together."""
    known = [f"<{one}>" for one in dict.fromkeys(ids) if is_id(one)]
    if len(known) < 2:
        return "".join(known)
    room = LONGEST_REFERENCES - len("References: ") - len(known[0]) - 3
    last: list[str] = []
    for one in reversed(known[1:]):
        room -= len(one) + 3
        if room < 0:
            break
        last.append(one)
    return " ".join([known[0], *reversed(last)])


# --- writing --------------------------------------------------------------------------------------------------------


def line_of(name: str, value: Value) -> str:
    """A field with its value in ASCII, folded."""
    if isinstance(value, str):
        line = f"{name}: {value}"
        if len(line) <= _FOLD_AT and line.isascii() and "=?" not in line:  # as nearly all are
            return line.rstrip(" ")
        return _folded(name, value.split(" ") if _is_plain(value) else _encoded(value, _room_beside(name)))
    pieces: list[str] = []
    for address in value:
        phrase = _phrase(address.name, _room_beside(name))
        pieces += [*phrase, f"<{address.spec}>," if phrase else f"{address.spec},"]
    pieces[-1] = pieces[-1][:-1]
    return _folded(name, pieces)


def parameter_line(name: str, value: str) -> str:
    """A MIME field, broken between its parameters."""
    line = f"{name}: {value}"
    return line if len(line) <= _FOLD_AT else _folded(name, value.replace("; ", ";\0").split("\0"))


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
