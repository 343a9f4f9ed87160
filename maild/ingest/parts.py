"""The parts of a mail: where each lies in the original, what it calls itself, and its bytes. Total and bounded."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from maild.ingest.charsets import decode_line
from maild.ingest.encodings import base64, params, uuencoded
from maild.ingest.parse import Field, Limits, Sheet, content_type, fields_of, first


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail: its type, its place in the original, and the parts within.

    Its header lines begin at `head`, its bytes lie from `start` to `end`.
    """

    type: str
    params: dict[str, str]
    fields: tuple[Field, ...]
    start: int
    end: int
    head: int
    children: tuple[Part, ...] = ()
    disposition: str = ""
    filename: str = ""

    @property
    def content_id(self) -> str:
        return first(self.fields, "content-id").decode("ascii", "ignore").strip(" <>")


def tree(raw: bytes, top: Sheet, limits: Limits) -> tuple[Part, tuple[str, ...]]:
    """The parts of a mail whose header block has been read, and the limits reached; nested mail stays closed."""
    walk = _Walk(raw, limits)
    root = walk.dressed(top.fields, 0, top.body, len(raw), 0, "text/plain")
    return root, tuple(walk.faults)


def leaves(part: Part) -> Iterator[Part]:
    """The parts that hold something, in order."""
    if not part.children:
        yield part
    for child in part.children:
        yield from leaves(child)


def payload(raw: bytes, part: Part) -> bytes:
    """A part's bytes with the transfer encoding undone (RFC 2045 section 6); never raises."""
    content = raw[part.start : part.end]
    encoding = (
        first(part.fields, "content-transfer-encoding").decode("ascii", "ignore").partition(";")[0].strip().lower()
    )
    if encoding == "base64":
        return base64(content)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return uuencoded(content)
    return content


_BOUNDARY_END = re.compile(rb"(--)?[ \t]*\r?(?:\n|\Z)")
_PREAMBLE_FOR_OLD_PROGRAMS = re.compile(rb"\bmime\b|multi-?part", re.IGNORECASE)
_LIKELY_BOUNDARY = re.compile(rb"(?<![^\n])--([!-~]{4,70})[ \t]*\r?\n[!-9;-~]+:")


class _Walk:
    """One pass over one mail: it counts the parts and notes what it did not read."""

    def __init__(self, raw: bytes, limits: Limits) -> None:
        self.raw = raw
        self.limits = limits
        self.parts = 0
        self.charset = ""
        self.faults: list[str] = []

    def part(self, start: int, end: int, depth: int, default: str, within: Limits) -> Part:
        fields, body, _ = fields_of(self.raw, start, end, within)
        return self.dressed(fields, start, body, end, depth, default)

    def dressed(self, fields: tuple[Field, ...], head: int, body: int, end: int, depth: int, default: str) -> Part:
        self.parts += 1
        fields, also = self.settled(fields, body, end)
        type_, params_ = content_type(fields, default, self.charset)
        self.charset = self.charset or params_.get("charset", "")
        disposition = decode_line(first(fields, "content-disposition"), self.charset)
        children: tuple[Part, ...] = ()
        if type_.startswith("multipart/"):
            if depth < self.limits.depth:
                children = self.children(params_.get("boundary", ""), body, end, depth, type_)
                children = (*self.torn(also, body, children, depth), *children)
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
            head=head,
            children=children,
            disposition=disposition.partition(";")[0].strip().lower(),
            filename=given.get("filename") or params_.get("name", ""),
        )

    def settled(self, fields: tuple[Field, ...], start: int, end: int) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        """The header lines with one Content-Type: of several that of a multipart that is there whole, else of none.

        Where another contradicts the multipart, the lines as the other reads them come along.
        """
        given = [line for line in fields if line.name == "content-type"]
        if len(given) < 2:
            return fields, ()
        many = [line for line in given if content_type([line])[0].startswith("multipart/")]
        if not many:
            return fields, ()
        single = [line for line in given if line not in many]
        opened = [line for line in many if self.is_closed(content_type([line])[1].get("boundary", ""), start, end)]
        chosen = (opened or single or many)[0]
        rest = tuple(line for line in fields if line.name != "content-type")
        return (chosen, *rest), (single[0], *rest) if opened and single else ()

    def is_closed(self, boundary: str, start: int, end: int) -> bool:
        """Whether a boundary opens a part and closes the last one."""
        mark = b"--" + boundary.encode("utf-8", "replace")
        opened = self.raw.find(mark, start, end)
        return bool(boundary) and opened >= 0 and self.raw.find(mark + b"--", opened + len(mark), end) >= 0

    def torn(self, fields: tuple[Field, ...], start: int, children: tuple[Part, ...], depth: int) -> Iterator[Part]:
        """The first part, where its header ran into that of the multipart and no boundary stands before its words."""
        if not fields or not children:
            return
        end = max(start, self.before(self.raw.rfind(b"\n", start, children[0].head - 1) + 1))
        words = self.raw[start:end]
        if words.strip() and not _PREAMBLE_FOR_OLD_PROGRAMS.search(words[:500]):
            yield self.dressed(fields, start, start, end, depth + 1, "text/plain")

    def children(self, boundary: str, start: int, end: int, depth: int, type_: str) -> tuple[Part, ...]:
        default = "message/rfc822" if type_ == "multipart/digest" else "text/plain"
        spans = self.spans(boundary, start, end) or self.spans(self.likely_boundary(start, end), start, end)
        within = replace(self.limits, header_block=64 * 1024, headers=100)
        found: list[Part] = []
        for low, high in spans:
            if self.parts >= self.limits.parts:
                self.note(f"more than {self.limits.parts} parts: the rest is not read")
                break
            found.append(self.part(low, high, depth + 1, default, within))
        return tuple(found)

    def spans(self, boundary: str, start: int, end: int) -> list[tuple[int, int]]:
        """Where the parts lie between their boundary lines (RFC 2046 section 5.1.1); one without its end runs on."""
        if not boundary or len(boundary) > 200:
            return []
        # a pattern would have to be compiled for each mail: no two have the same boundary
        mark = b"--" + boundary.encode("utf-8", "replace")
        found: list[tuple[int, int]] = []
        opened: int | None = None
        at = self.raw.find(mark, start, end)
        while at >= 0:
            rest = _BOUNDARY_END.match(self.raw, at + len(mark), end)
            if rest and (at == start or self.raw[at - 1] == 10) and not (rest[1] and self.is_inner(mark, opened, at)):
                if opened is not None:
                    found.append((opened, max(opened, self.before(at))))
                opened = None if rest[1] else rest.end()
                if rest[1] or len(found) > self.limits.parts:
                    return found
            at = self.raw.find(mark, rest.end() if rest else at + 1, end)
        if opened is not None:
            found.append((opened, self.unclosed(mark, opened, end)))
        return found

    def is_inner(self, mark: bytes, opened: int | None, at: int) -> bool:
        """Whether what looks like the end of a boundary opens one within, whose name is the same and two dashes."""
        name = mark[2:] + b"--"
        named = self.raw.find(name, opened, at) if opened is not None else -1
        return named >= 0 and self.raw[max(0, named - 20) : named].rstrip(b'"').endswith(b"boundary=")

    def unclosed(self, mark: bytes, opened: int, end: int) -> int:
        """Where the last part ends that no line closes; some programs write the end behind its last word."""
        last = self.raw[max(opened, end - 400) : end].rstrip()
        if not last.endswith(mark + b"--"):
            return end
        return max(opened, max(opened, end - 400) + len(last) - len(mark) - 2)

    def before(self, position: int) -> int:
        """The end of the text before a boundary line: the line end belongs to the boundary."""
        if self.raw[position - 2 : position] == b"\r\n":
            return position - 2
        return position - 1

    def likely_boundary(self, start: int, end: int) -> str:
        """The boundary of a multipart that does not name it, or names another: the first line that could be one."""
        match = _LIKELY_BOUNDARY.search(self.raw, start, min(end, start + 65_536))
        return match[1].decode("ascii").removesuffix("--") if match else ""

    def note(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)
