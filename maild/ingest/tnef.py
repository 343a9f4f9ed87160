"""TNEF, the winmail.dat that Outlook sends: the files in it and its words. Total and bounded; source [MS-OXTNEF]."""

from __future__ import annotations

import struct
from base64 import b64encode, encodebytes
from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.ingest import rtf
from maild.ingest.charsets import clean_line, decode

_SIGNATURE = b"\x78\x9f\x3e\x22"
_LEVELS = {1, 2}  # of the message, of an attachment
_SUBJECT, _BODY, _CODEPAGE, _PROPERTIES = 0x00018004, 0x0002800C, 0x00069007, 0x00069003
_NEXT_FILE, _TITLE, _CONTENT, _FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_MOST_ATTRIBUTES = 20_000
_MOST_PROPERTIES = 2_000
_LONGEST_RTF = 2_000_000
_LONGEST_SUBJECT = 200
_WORD = 10  # characters in an encoded word, which has 75 at most (RFC 2047 section 2)

# Properties ([MS-OXPROPS]) and their types: octets of those of fixed length; the others tell theirs.
_TEXT, _RTF, _HTML, _INTERNET_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_DISPLAY_NAME, _BINARY, _SHORT_NAME, _LONG_NAME, _MIME, _CONTENT_ID = 0x3001, 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_FIXED = {0x02: 2, 0x0B: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_NARROW, _WIDE, _OBJECT, _OCTETS = 0x1E, 0x1F, 0x0D, 0x102
_OF_ANY_LENGTH = {_NARROW, _WIDE, _OBJECT, _OCTETS}
_MANY = 0x1000
_NAMED = 0x8000
_MESSAGE_WITHIN = bytes.fromhex("0703020000000000c000000000000046")  # IID_IMessage
_INTERFACE = 16

_Properties = Mapping[int, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class File:
    """A file in TNEF; its name, type and Content-ID are "" where none is written there."""

    name: str
    content: bytes = field(repr=False)
    type: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Winmail:
    """What a TNEF part holds: files, and words in up to three forms (`rtf` is compressed); `fault` says what is wrong.

    `html` is bytes in `charset`.
    """

    files: tuple[File, ...] = ()
    subject: str = ""
    text: str = ""
    html: bytes = b""
    rtf: bytes = field(default=b"", repr=False)
    charset: str = ""
    fault: str = ""


def opened(content: bytes, *, files: int, depth: int = 4) -> Winmail:
    """What the octets of a TNEF part hold: `files` at most, those of mails within it too; never raises."""
    if not content.startswith(_SIGNATURE):
        return Winmail(fault="it is no TNEF")
    message, attached, torn = _attributes(content)
    codepage = _charset(message.get(_CODEPAGE, b""))
    said, torn_too = _properties(message.get(_PROPERTIES, b""))
    faults = ["it ends too early"] if torn or torn_too else []
    found: list[File] = []
    for one in attached:
        within, fault = _files(one, codepage, files - len(found), depth)
        found += within[: files - len(found)]
        faults += [fault] if fault else []
        if len(found) == files and one is not attached[-1]:
            faults.append(f"it holds more than {files} files")
            break
    internet = _charset(said.get(_INTERNET_CODEPAGE, (0, b""))[1]) if _INTERNET_CODEPAGE in said else codepage
    return Winmail(
        files=tuple(found),
        subject=_narrow(message.get(_SUBJECT, b""), codepage),
        text=_words(said, _TEXT, codepage) or _narrow(message.get(_BODY, b""), codepage),
        html=_html(said),
        rtf=said.get(_RTF, (0, b""))[1],
        charset="utf-16-le" if said.get(_HTML, (0, b""))[0] == _WIDE else internet,
        fault="; ".join(dict.fromkeys(faults)),
    )


def _attributes(content: bytes) -> tuple[dict[int, bytes], list[dict[int, bytes]], bool]:
    """The attributes of the message and of each attachment, and whether the last of them is cut off.

    Each is a level, a kind, a length, so many octets, and their sum; what comes after them is padding.
    """
    message: dict[int, bytes] = {}
    attached: list[dict[int, bytes]] = []
    at = 6
    for _ in range(_MOST_ATTRIBUTES):
        if at >= len(content) or content[at] not in _LEVELS:
            return message, attached, False
        if at + 9 > len(content):
            return message, attached, True
        kind, length = struct.unpack_from("<II", content, at + 1)
        value = content[at + 9 : at + 9 + length]
        if kind == _NEXT_FILE:
            attached.append({})
        of = message if content[at] == 1 or not attached else attached[-1]
        of.setdefault(kind, value)
        if len(value) < length:
            return message, attached, True
        at += 9 + length + 2
    return message, attached, True


def _properties(value: bytes) -> tuple[_Properties, bool]:
    """The first value of each property, by its tag and with its type, and whether the list is cut off or odd."""
    found: dict[int, tuple[int, bytes]] = {}
    if not value:
        return found, False
    try:
        (count,) = struct.unpack_from("<I", value)
        at = 4
        for _ in range(min(count, _MOST_PROPERTIES)):
            type_, tag = struct.unpack_from("<HH", value, at)
            at = _after_name(value, at + 4) if tag >= _NAMED else at + 4
            many, type_ = bool(type_ & _MANY), type_ & ~_MANY
            first, at = _value(value, at, type_, many=many)
            found.setdefault(tag, (type_, first))
    except (struct.error, KeyError):
        return found, True
    return found, False


def _after_name(value: bytes, at: int) -> int:
    """Where a property goes on behind its name: a set, and a number or a text."""
    kind, length = struct.unpack_from("<II", value, at + 16)
    return at + 24 + (_padded(length) if kind else 0)


def _value(value: bytes, at: int, type_: int, *, many: bool) -> tuple[bytes, int]:
    """The first value of a property, and where the next property begins; several values stand one behind another."""
    count = 1
    if many or type_ in _OF_ANY_LENGTH:
        (count,) = struct.unpack_from("<I", value, at)
        at += 4
    if type_ not in _OF_ANY_LENGTH:
        length = _FIXED[type_]
        return value[at : at + length], at + _padded(length * count)
    first = b""
    for number in range(count):
        (length,) = struct.unpack_from("<I", value, at)
        first = first if number else value[at + 4 : at + 4 + length]
        at += 4 + _padded(length)
    return first, at


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4


# --- files ----------------------------------------------------------------------------------------------------------


def _files(attributes: Mapping[int, bytes], codepage: str, room: int, depth: int) -> tuple[list[File], str]:
    """The file that an attachment is, or what lies in a mail that it is; and what is wrong with it."""
    said, torn = _properties(attributes.get(_FILE_PROPERTIES, b""))
    title = _narrow(attributes.get(_TITLE, b""), codepage)
    name = next(filter(None, (_words(said, tag, codepage) for tag in (_LONG_NAME, _SHORT_NAME))), title)
    name = name or _words(said, _DISPLAY_NAME, codepage)
    type_, content = said.get(_BINARY, (0, attributes.get(_CONTENT, b"")))
    if type_ == _OBJECT:
        within, content = content[:_INTERFACE] == _MESSAGE_WITHIN, content[_INTERFACE:]
        if within and depth > 0:
            return _of_mail(opened(content, files=room, depth=depth - 1), name)
    content = content or attributes.get(_CONTENT, b"")
    if not content and (torn or not name):
        return [], "a file in it is cut off" if torn else ""
    mime, cid = _words(said, _MIME, codepage), _words(said, _CONTENT_ID, codepage)
    return [File(name, content, mime.strip().lower(), cid.strip(" <>"))], "it ends too early" if torn else ""


def _of_mail(within: Winmail, name: str) -> tuple[list[File], str]:
    """A mail within the mail: its words as a mail in a file, and its files."""
    subject = clean_line(within.subject or name)
    text, kind = within.text, "plain"
    if within.html:
        text, kind = decode(within.html, within.charset), "html"
    elif not text.strip() and within.rtf:
        told = rtf.text_of_rtf(rtf.unpacked(within.rtf, _LONGEST_RTF), _LONGEST_RTF)
        text, kind = told.text, "html" if told.html else "plain"
    if not text.strip():
        return list(within.files), within.fault
    pieces = (subject[at : at + _WORD] for at in range(0, min(len(subject), _LONGEST_SUBJECT), _WORD))
    words = "\r\n ".join(f"=?utf-8?b?{b64encode(one.encode()).decode()}?=" for one in pieces)
    head = f"Subject: {words}\r\nMIME-Version: 1.0\r\n"
    head += f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    lines = encodebytes(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return [
        File(f"{subject or 'mail'}.eml", head.encode("ascii") + lines, "message/rfc822"),
        *within.files,
    ], within.fault


# --- words ----------------------------------------------------------------------------------------------------------


def _charset(value: bytes) -> str:
    """The name of a code page; Windows-1252 where none is told."""
    number = int.from_bytes(value[:4], "little")
    named = {65001: "utf-8", 20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51932: "euc-jp"}
    named |= {28590 + part: f"iso-8859-{part}" for part in range(1, 16)}
    return named.get(number, f"cp{number}" if number else "cp1252")


def _narrow(value: bytes, codepage: str) -> str:
    return decode(value, codepage).rstrip("\0")


def _words(said: _Properties, tag: int, codepage: str) -> str:
    type_, value = said.get(tag, (0, b""))
    match type_:
        case 0x1F:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        case 0x1E:
            return _narrow(value, codepage)
        case _:
            return ""


def _html(said: _Properties) -> bytes:
    return said.get(_HTML, (0, b""))[1].rstrip(b"\0")
