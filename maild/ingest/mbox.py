"""The mails in an mbox: where each begins and ends, and its words as they were before they were filed (RFC 4155)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maild.ingest.trace import moment

# A line "From ", at the top or after an empty line, that says who and when, or who alone, and before a header line:
# people begin sentences with that word, too. Some programs leave the empty line out; then all of it must be there.
_ENVELOPE = re.compile(
    rb"(?:(?:\A\s*|\n\r?\n)"
    rb"(From (?:[^\n]{0,300}?\b\d\d?:\d\d\b[^\n]{0,60}?\b\d{4}\b[^\n]{0,100}|\S{1,64}@\S{1,255}[ \t\r]*)\n)"
    rb"|\n(From \S{1,320} +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d(?::\d\d)?"
    rb"(?: [A-Z]{1,5}| [+-]\d{4})? \d{4}(?: [+-]\d{4})?[ \t\r]*\n))"
    rb"(?=>?From [^\n]*\n|[!-9;-~]+[ \t]*:)"
)
# A patch by git begins so, attached to a mail or in the file of many that git itself has written.
_PATCH = re.compile(rb"From [0-9a-f]{40,64} Mon Sep 17 00:00:00 2001[ \t\r]*\n")
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
    patches = False
    for found in _ENVELOPE.finditer(content):
        patch = bool(_PATCH.match(_line(found)))
        if last is None and found.start() > 0:
            return
        if last is None:
            patches = patch
        elif patch and not patches:
            continue
        else:
            yield Part(last.end(), found.start() + 1, _filed(last))
        last = found
    if last is not None:
        yield Part(last.end(), len(content) - _blank(content[-3:]), _filed(last))


def restored(content: bytes) -> bytes:
    """The mail as it was: a ">" is taken from each line that was given one so that it is no envelope line.

    Mboxrd gave one to all lines of ">"s and "From ", mboxo to "From " alone: there ">From " may have been written so.
    """
    return _ESCAPED.sub(b"", content) if b">From " in content else content


def _blank(tail: bytes) -> int:
    """The octets of the empty line that the last mail has behind it."""
    return 2 if tail == b"\n\r\n" else 1 if tail.endswith(b"\n\n") else 0


def _line(envelope: re.Match[bytes]) -> bytes:
    return envelope[1] or envelope[2]


def _filed(envelope: re.Match[bytes]) -> datetime | None:
    words = _line(envelope)[:_MOST].decode("ascii", "replace").split(None, 2)
    return moment(words[2]) if len(words) == 3 else None
