"""The mails in an mbox: where each begins and ends, and its words as they were before they were filed (RFC 4155)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maild.ingest.trace import moment

# A line "From ", at the top or after an empty line, that says who and when, or who alone, and before a header line:
# people begin sentences with that word, too.
_ENVELOPE = re.compile(
    rb"(?:\A\s*|\n\r?\n)"
    rb"(From (?:[^\n]{0,300}?\b\d\d?:\d\d\b[^\n]{0,60}?\b\d{4}\b[^\n]{0,100}|\S{1,64}@\S{1,255}[ \t\r]*)\n)"
    rb"(?=>?From [^\n]*\n|[!-9;-~]+[ \t]*:)"
)
_TOP = re.compile(rb"\s*From ")
_ESCAPED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """One mail of an mbox: its place in octets without the envelope line and the empty line after it, and the time
    that the envelope line names."""

    start: int
    end: int
    filed: datetime | None


def parts(content: bytes) -> Iterator[Part]:
    """The mails, in order; none where the content does not begin as an mbox does. It may be a mapped file."""
    if not _TOP.match(content):
        return
    last: re.Match[bytes] | None = None
    for found in _ENVELOPE.finditer(content):
        if last is None and found.start() > 0:
            return
        if last is not None:
            yield Part(last.end(), found.start() + 1, _filed(last[1]))
        last = found
    if last is not None:
        yield Part(last.end(), len(content) - _blank(content[-3:]), _filed(last[1]))


def restored(content: bytes) -> bytes:
    """The mail as it was: a ">" is taken from each line that was given one so that it is no envelope line.

    Mboxrd gave one to all lines of ">"s and "From ", mboxo to "From " alone: there ">From " may have been written so.
    """
    return _ESCAPED.sub(b"", content) if b">From " in content else content


def _blank(tail: bytes) -> int:
    """The octets of the empty line that the last mail has behind it."""
    return 2 if tail == b"\n\r\n" else 1 if tail.endswith(b"\n\n") else 0


def _filed(line: bytes) -> datetime | None:
    words = line[:_MOST].decode("ascii", "replace").split(None, 2)
    return moment(words[2]) if len(words) == 3 else None
