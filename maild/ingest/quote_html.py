"""HTML as text in which quoted mail bears ">" marks, as a plain-text mail would."""

from __future__ import annotations

from collections.abc import Sequence

from maild.ingest.html_tags import Told
from maild.ingest.html_text import Page
from maild.ingest.quote_heads import WIDEST, begins_head, ends_head, plain
from maild.ingest.quote_labels import KIND
from maild.ingest.quote_signs import CLOCK, HEADER, has_address

OWN = "\0"
"""Stands before each line of a blockquote that is its author's own: no sign in it counts."""
INFERRED = "\1> "
"""Stands before each line that is quoted as its introduction tells, though no tag does so.

Neither sign is a character of HTML (HTML 5, section 13.2.3.5).
"""

_MOST_BLOCKS = 200
_AROUND = 20  # lines beside a blockquote that are looked at: no head of a quote is longer


_Line = tuple[str, int, int]
"""The words of a line, how deep in quotes it is, and in which undecided blockquote."""


def marked_text(found: Page) -> str:
    """Return the words of a page, a line a block; "> ", INFERRED and OWN stand before words in quotes."""
    lines: Sequence[_Line] = found.lines
    if found.addresses:
        lines = [_addressed(line, found.addresses.get(n, "")) for n, line in enumerate(lines)]
    quoted, own = _decided(lines, found.blocks) if found.blocks else (set(), set())
    return "\n".join(
        [_marked((words, quotes, block), quoted, own) if quotes or block else words for words, quotes, block in lines]
    )


def _marked(line: _Line, quoted: set[int], own: set[int]) -> str:
    words, quotes, block = line
    if quotes:
        return f"> {words}".rstrip()
    if block in quoted:
        return f"{INFERRED}{words}"
    return f"{OWN}{words}" if block in own and words else words


def _addressed(line: _Line, address: str) -> _Line:
    """A header line that names a person bears the address that stands in its link alone."""
    words, quotes, block = line
    named = HEADER.match(words) if address and "@" not in words and len(words) < 300 else None
    if named and KIND.get(named[1].strip().casefold()) in ("from", "to"):
        return f"{words} <{address}>", quotes, block
    return line


# Whose a blockquote is


def _decided(lines: Sequence[_Line], told: dict[int, Told]) -> tuple[set[int], set[int]]:
    """Of the undecided blockquotes those that a client quotes, and those that are surely the author's own."""
    ends: dict[int, tuple[int, int]] = {}
    mixed: set[int] = set()
    for n, (words, quotes, block) in enumerate(lines):
        if block and words:
            ends[block] = (ends.get(block, (n, n))[0], n)
            if quotes:
                mixed.add(block)
    quoted: set[int] = set()
    own: set[int] = set()
    for block, (first, last) in ends.items():
        if len(quoted) + len(own) >= _MOST_BLOCKS:
            break
        if told[block] is Told.HEAD:
            quoted |= {block} if _quote_follows(lines, last) else set()
        elif not _is_own(lines, first, last, quoted, button=told[block] is Told.BUTTON):
            quoted.add(block)
        elif block not in mixed:
            own.add(block)
    return quoted, own


def _quote_follows(lines: Sequence[_Line], last: int) -> bool:
    following = next((quotes for words, quotes, _ in lines[last + 1 : last + _AROUND] if words), 0)
    return following > 0


def _is_own(lines: Sequence[_Line], first: int, last: int, quoted: set[int], *, button: bool) -> bool:
    """Whether a blockquote is its author's own: no head of a quote stands over it or begins it.

    One as Gmail sets it is so only under words of the author, and where nothing looks a little like a head.
    """
    within = [plain(line[0][:WIDEST]) for line in lines[first : min(last + 1, first + _AROUND)]]
    above = [
        plain(_marked(line, quoted, set())[:WIDEST].lstrip(INFERRED[0]))
        for line in lines[max(0, first - _AROUND) : first]
    ]
    while above and not above[-1]:
        above.pop()
    if begins_head(within, 0) or (above and ends_head(above, len(above) - 1)):
        return False
    if not button:
        return True
    return bool(above) and not any(_like_a_head(line) for line in (above[-1], within[0]))


def _like_a_head(line: str) -> bool:
    return line.startswith(">") or line.endswith((":", "：")) or has_address(line) or bool(CLOCK.search(line))
