"""The parts of a letter as they are written: transfer encodings, file names, boundaries."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from maild.headers import LONGEST_LINE, parameter_line
from maild.mail import MessageId

_LONGEST_PARAMETER = 60  # characters of a file name in one parameter
_BOUNDARY_TRIES = 8
_PLAIN_FILE_NAME = re.compile(rf"(?!.*=\?)[ !#-:<-\[\]-~]{{1,{_LONGEST_PARAMETER}}}")
_NOT_IN_FALLBACK = re.compile(r"[^A-Za-z0-9._ -]+")


class Leaf(NamedTuple):
    """A part without parts: its type, its bytes, and what its Content-Disposition and Content-ID say."""

    type: str
    content: bytes
    disposition: str = ""
    name: str = ""
    content_id: str = ""


class Part(NamedTuple):
    """A part as it is written: fields, and a body that is ready for the wire."""

    fields: tuple[tuple[str, str], ...]
    body: bytes


def written(leaf: Leaf) -> Part:
    """A leaf with its fields, and its bytes in a transfer encoding."""
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
    return Part((("Content-Type", type_), *fields), body)


def _transferred(leaf: Leaf) -> tuple[str, bytes]:
    """The bytes as 7bit, quoted-printable or base64 (RFC 2045 section 6), and which of them."""
    content = leaf.content
    if not leaf.disposition or leaf.type == "message/rfc822":
        if is_seven_bit(content):
            return "7bit", content
        escapes = content.count(b"=") + len(content.translate(None, bytes(range(128))))
        if escapes * 6 <= len(content):
            lines = binascii.b2a_qp(content.replace(b"\r", b""))  # a CR stands in no text but before LF
            return "quoted-printable", lines.replace(b"\n", b"\r\n")
    packed = binascii.b2a_base64(content, newline=False)
    return "base64", b"\r\n".join([packed[at : at + 76] for at in range(0, len(packed), 76)]) + b"\r\n"


def is_seven_bit(content: bytes) -> bool:
    """Whether the bytes may be written as they are (RFC 2045 section 2.7)."""
    return content.isascii() and b"\0" not in content and has_good_lines(content)


def has_good_lines(content: bytes) -> bool:
    """Whether lines end with CRLF and nothing else, and none is too long."""
    if content.replace(b"\r", b"").replace(b"\n", b"\r\n") != content:
        return False
    at = 0
    while len(content) - at > LONGEST_LINE:  # from line to line, as far as one that is not too long could reach
        at = content.rfind(b"\n", at, at + LONGEST_LINE + 2) + 1
        if not at:
            return False
    return True


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


def boundary_of(message_id: MessageId, parts: Sequence[Part]) -> str:
    """A line that occurs in no part, derived from the Message-ID, or nothing where all of a few do."""
    for attempt in range(_BOUNDARY_TRIES):
        candidate = "=_" + sha256(f"{attempt}.{message_id}".encode()).hexdigest()[:24]
        if not any(candidate.encode() in part.body for part in parts):
            return candidate
    return ""


def assembled(leaves: Sequence[Leaf], parts: Sequence[Part], boundary: str, *, with_html: bool) -> Part:
    """mixed(alternative(text, related(html, images)), files), without the levels that hold one part only."""
    images = [part for leaf, part in zip(leaves, parts, strict=True) if leaf.disposition == "inline"]
    files = [part for leaf, part in zip(leaves, parts, strict=True) if leaf.disposition == "attachment"]
    whole = parts[0]
    if with_html:
        html = _multipart("related", f"{boundary}r", [parts[1], *images]) if images else parts[1]
        whole = _multipart("alternative", f"{boundary}a", [whole, html])
    return _multipart("mixed", f"{boundary}m", [whole, *files]) if files else whole


def _multipart(kind: str, boundary: str, parts: Sequence[Part]) -> Part:
    pieces: list[bytes] = []
    for part in parts:
        head = "\r\n".join(parameter_line(name, value) for name, value in part.fields)
        pieces += [f"--{boundary}\r\n{head}\r\n\r\n".encode("ascii", "replace"), part.body, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    kind = f'multipart/{kind}; type="text/html"' if kind == "related" else f"multipart/{kind}"
    return Part((("Content-Type", f'{kind}; boundary="{boundary}"'),), b"".join(pieces))
