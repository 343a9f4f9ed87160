"""S/MIME that wraps a mail in one part: what it is, and the mail within where it is only signed. Total."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field, replace

from maild.ingest.parse import Limits, Sheet, fields_of, sheet
from maild.ingest.parts import Part, leaves, payload, tree

# ContentInfo types (RFC 5652 sections 4, 5.1, 6.1; RFC 5083), as they stand in DER.
_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = {bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117")}
_SEQUENCE, _SET, _WRAPPED, _NUMBER, _NAME, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0x31, 0xA0, 0x02, 0x06, 0x04, 0x24
_ARMOUR = re.compile(rb"\s*-----BEGIN [A-Z0-9 ]+-----(.*?)-----END ", re.DOTALL)
_PKCS7 = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_DEEPEST = 3
_CONTENT_LINES = re.compile(rb"^content-[!-9;-~]{1,60}[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What an application/pkcs7-mime part is: `signed` holds the MIME entity within (RFC 8551 section 3.5.2)."""

    signed: bytes = field(default=b"", repr=False)
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A mail whose signed parts lie open: its bytes, header lines and parts as they then are.

    `seal` is the part that was opened, in the bytes `sealed`: with it alone somebody can check who signed.
    """

    content: bytes = field(repr=False)
    top: Sheet
    root: Part
    faults: tuple[str, ...]
    sealed: bytes = field(default=b"", repr=False)
    seal: Part | None = None
    encrypted: bool = False


def unsealed(content: bytes, top: Sheet, limits: Limits) -> Unsealed:
    """The parts of a mail, those within what is only signed too; what its header says stays as it was."""
    root, faults = tree(content, top, limits)
    mail = Unsealed(content, top, root, faults)
    for _ in range(_DEEPEST):
        part = next(filter(_is_seal, leaves(mail.root)), None)
        wrapped = unwrapped(payload(mail.content, part)) if part else Wrapped()
        if part is None or not wrapped.signed:
            return replace(mail, encrypted=True) if wrapped.encrypted else mail
        content = spliced(mail.content, part.head, part.start, part.end, wrapped.signed)
        fresh = sheet(content, limits, plainly=True)
        top = replace(top, fields=fresh.fields, body=fresh.body)
        root, faults = tree(content, top, limits)
        sealed, seal = (mail.sealed, mail.seal) if mail.seal else (mail.content, part)
        mail = Unsealed(content, top, root, faults, sealed, seal)
    return mail


def _is_seal(part: Part) -> bool:
    """Whether a part calls itself S/MIME, by its type or, where its program knew no better one, by its name."""
    return part.type in _PKCS7 or (part.type == "application/octet-stream" and part.filename.lower().endswith(".p7m"))


def unwrapped(content: bytes) -> Wrapped:
    """What the octets of a part wrap; nothing, where they cannot be read. No signature is checked."""
    armoured = _ARMOUR.match(content)
    if armoured or content[:3] == b"MII":
        try:
            content = binascii.a2b_base64(armoured[1] if armoured else content)
        except binascii.Error:
            return Wrapped()
    try:
        at, _ = _inside(content, 0, _SEQUENCE)
        kind, at = _whole(content, at, _NAME)
        if kind in _ENCRYPTED:
            return Wrapped(encrypted=True)
        return Wrapped(signed=_signed(content, at)) if kind == _SIGNED else Wrapped()
    except (IndexError, ValueError):
        return Wrapped()


def _signed(content: bytes, at: int) -> bytes:
    """The content of SignedData, whose fields before it are a version and the digests (RFC 5652 section 5.1)."""
    at, _ = _inside(content, at, _WRAPPED)
    at, _ = _inside(content, at, _SEQUENCE)
    _, at = _whole(content, at, _NUMBER)
    _, at = _whole(content, at, _SET)
    at, _ = _inside(content, at, _SEQUENCE)
    _, at = _whole(content, at, _NAME)
    at, _ = _inside(content, at, _WRAPPED)
    if content[at] == _OCTETS:
        return _whole(content, at, _OCTETS)[0]
    at, end = _inside(content, at, _OCTETS_IN_PIECES)
    pieces: list[bytes] = []
    while at < end and content[at] == _OCTETS:
        piece, at = _whole(content, at, _OCTETS)
        pieces.append(piece)
    return b"".join(pieces)


def _inside(content: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the value of an element begins, and where it ends: at the end of all, where it does not say."""
    if content[at] != tag:
        raise ValueError
    length = content[at + 1]
    if length < 0x80:
        return at + 2, at + 2 + length
    octets = length & 0x7F
    start = at + 2 + octets
    if octets == 0:
        return start, len(content)
    return start, start + int.from_bytes(content[at + 2 : start], "big")


def _whole(content: bytes, at: int, tag: int) -> tuple[bytes, int]:
    """The value of an element that says its length, and where the next one begins."""
    start, end = _inside(content, at, tag)
    if content[at + 1] == 0x80 or end > len(content):
        raise ValueError
    return content[start:end], end


def spliced(raw: bytes, head: int, start: int, end: int, within: bytes) -> bytes:
    """A mail with a wrapped part (header lines from `head`, bytes from `start` to `end`) replaced by the one within.

    Of the header lines within only those on content count: nobody signs a second author into a mail.
    """
    fields, body, _ = fields_of(within, 0, len(within), Limits())
    inner = b"".join(_CONTENT_LINES.findall(within[:body])) if fields else b""
    outer = _CONTENT_LINES.sub(b"", raw[head:start]).rstrip(b"\r\n")
    outer += b"\r\n" if outer else b""
    return b"".join((raw[:head], outer, inner, b"\r\n", within[body:], raw[end:]))
