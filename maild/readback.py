"""Finished mail, read back and compared with what was meant."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Sequence
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from maild.headers import ID, NAMED, Value
from maild.ingest.people import pairs_of
from maild.mime import Leaf, has_good_lines

_OTHER_FIELDS = "the finished mail has other header fields than were meant"


def difference_in(content: bytes, head: Sequence[tuple[str, Value]], leaves: Sequence[Leaf]) -> str:
    """In what the bytes say something else than what was meant, or nothing."""
    if not (content.isascii() and has_good_lines(content)):
        return "a line of the finished mail is too long, not ASCII, or ends without CRLF"
    block, _, body = content.partition(b"\r\n\r\n")
    lines = _lines(block)
    if len(lines) != len(head):
        return _OTHER_FIELDS
    for line, (name, meant) in zip(lines, head, strict=True):
        if isinstance(meant, str) and line == f"{name}: {meant}" and "=?" not in line:  # as nearly all are
            continue
        found, written = _field(line)
        if found != name:
            return _OTHER_FIELDS
        if not _says(written, meant):
            return f"the header field {name} would be read as something else than was meant"
    if list(_read_leaves(_about_content(lines), body)) != list(leaves):
        return "a part of the finished mail would be read as something else than was meant"
    return ""


def _lines(block: bytes) -> list[str]:
    """The fields of a header, each on one line."""
    return block.decode("ascii", "replace").replace("\r\n ", " ").split("\r\n")


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


def _about_content(lines: list[str]) -> dict[str, str]:
    return dict([_field(line) for line in lines if line.startswith("Content-")])


def _says(written: str, meant: Value) -> bool:
    if isinstance(meant, str):
        return _decoded(written) == meant
    return _people(written) == [(one.name, one.spec) for one in meant]


def _people(written: str) -> list[tuple[str, str]]:
    """Names and addresses, in their order."""
    if ID.fullmatch(written):  # an address alone; the parser below takes 30 times as long to say so
        return [("", written)]
    if (found := NAMED.fullmatch(written)) and "=?" not in written:
        return [(found[2] or found[1].removesuffix(" "), found[3])]
    return [(_decoded(name), spec) for name, spec in pairs_of(written)]


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


def _read_leaves(fields: dict[str, str], body: bytes) -> Iterator[Leaf]:
    """The leaves that a reader finds, by boundaries alone (RFC 2046 section 5.1.1)."""
    kind, _, boundary = fields["Content-Type"].partition('; boundary="')
    if not kind.startswith("multipart/"):
        yield _read_leaf(fields, body)
        return
    delimiter = b"--" + boundary.removesuffix('"').encode()
    for piece in body.removeprefix(delimiter).split(b"\r\n" + delimiter)[:-1]:
        block, _, inner = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield from _read_leaves(_about_content(_lines(block)), inner)


def _read_leaf(fields: dict[str, str], body: bytes) -> Leaf:
    match fields["Content-Transfer-Encoding"]:
        case "base64":
            body = binascii.a2b_base64(body)
        case "quoted-printable":
            body = binascii.a2b_qp(body)
    type_ = fields["Content-Type"].partition("; name=")[0]
    if "Content-Disposition" not in fields:
        return Leaf(type_, body)
    part = Message()
    part["Content-Disposition"] = fields["Content-Disposition"]
    cid = fields.get("Content-ID", "")[1:-1]
    return Leaf(type_, body, part.get_content_disposition() or "", part.get_filename("") or "", cid)
