"""HTML as text in which quoted mail bears ">" marks, as a plain-text mail would."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from maild.ingest.quote_heads import WIDEST, begins_head, ends_head, plain
from maild.ingest.quote_labels import KIND
from maild.ingest.quote_signs import CLOCK, HEADER, has_address

MOST_CHARACTERS = 4_000_000

OWN = "\0"
"""Stands before each line of a blockquote that is its author's own: no sign in it counts."""
INFERRED = "\1> "
"""Stands before each line that is quoted as its introduction tells, though no tag does so.

Neither sign is a character of HTML (HTML 5, section 13.2.3.5).
"""

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]*+)([^<>]*+)>|<[!?/][^<>]*+>")
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "svg"})
_LINES = frozenset(
    {
        *("div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "pre", "center", "section", "dt", "dd"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "article", "header", "footer"),
    }
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})
_NESTING = frozenset({"div", "blockquote", "table", "section", "pre"})
_CITE = re.compile(r"type=[\"']?cite|(?:class|id)=[\"']?[^\"'>]{0,100}quote|uri=", re.IGNORECASE)
_BUTTON = re.compile(r"\s*class=[\"']?gmail_quote[\"']?(?=\s|$)(?!.*type=[\"']?cite)", re.IGNORECASE | re.DOTALL)
"""What a client puts round the mail it answers, and round what its author quotes or indents by a button."""
_HEAD = re.compile(r"\bclass=[\"']?(?:gmail_attr|moz-cite-prefix)\b", re.IGNORECASE)
"""What Gmail and Thunderbird put round an introduction, in whatever language."""
_MAILTO = re.compile(r"\bhref=[\"']?mailto:([^\s\"'<>?@]{1,64}@[^\s\"'<>?@]{1,255})", re.IGNORECASE)
_MOST_BLOCKS = 200
_AROUND = 20  # lines beside a blockquote that are looked at: no head of a quote is longer


class _Told(Enum):
    """What a tag tells of the words in it."""

    NOTHING = auto()
    CITED = auto()
    PLAIN = auto()  # a blockquote of any kind: a client's or the author's
    BUTTON = auto()  # one that the client mostly sets itself
    HEAD = auto()  # an introduction, where a quote follows
    WRAPPER = auto()  # what a client sets round an introduction and its quote


_UNDECIDED = (_Told.PLAIN, _Told.BUTTON, _Told.HEAD)


@dataclass(slots=True)
class _Line:
    words: str
    quotes: int
    block: int


@dataclass(frozen=True, slots=True)
class _Break:
    """A tag that ends a line: how deep in quotes and in which undecided blockquote (0 for none) we are after it."""

    name: str
    quotes: int
    block: int


class _Depth:
    """The tags that are open at one place of a page."""

    def __init__(self) -> None:
        self.open: list[tuple[str, _Told]] = []
        self.counts = dict.fromkeys(_NESTING, 0)
        self.told = dict.fromkeys(_Told, 0)
        self.block = 0
        self.told_by_block: dict[int, _Told] = {}

    def enter(self, name: str, attributes: str) -> None:
        told = _told(name, attributes, wrapped=bool(self.told[_Told.WRAPPER]))
        if told in _UNDECIDED and not self._undecided() and not self.told[_Told.CITED]:
            self.block = len(self.told_by_block) + 1
            self.told_by_block[self.block] = told
        self.open.append((name, told))
        self.counts[name] += 1
        self.told[told] += 1

    def leave(self, name: str) -> None:
        """Close a tag, and those in it that were never closed."""
        while self.counts[name]:
            inner, told = self.open.pop()
            self.counts[inner] -= 1
            self.told[told] -= 1
            if inner == name:
                break
        if not self._undecided():
            self.block = 0

    def _undecided(self) -> int:
        return sum(self.told[one] for one in _UNDECIDED)


def _told(name: str, attributes: str, *, wrapped: bool) -> _Told:
    attributes = attributes[:1_000]
    if name == "blockquote":
        if not _CITE.search(attributes):
            return _Told.PLAIN
        return _Told.BUTTON if not wrapped and _BUTTON.match(attributes) else _Told.CITED
    if name == "div" and "yahoo_quoted" in attributes:
        return _Told.CITED
    if name == "div" and _HEAD.search(attributes):
        return _Told.HEAD
    return _Told.WRAPPER if name == "div" and "gmail_quote" in attributes else _Told.NOTHING


def marked_text(source: str) -> str:
    """Return the words of HTML, a line a block; "> ", INFERRED and OWN stand before words in quotes.

    One pass, linear in the HTML; "" for one of over four million characters, which nobody typed.
    """
    if len(source) > MOST_CHARACTERS:
        return ""
    depth = _Depth()
    lines = _lines(_uncommented(source.replace(OWN, "").replace(INFERRED[0], "")), depth)
    quoted, own = _decided(lines, depth.told_by_block) if depth.told_by_block else (set(), set())
    return "\n".join(_marked(line, quoted, own) for line in lines)


def _marked(line: _Line, quoted: set[int], own: set[int]) -> str:
    if line.quotes:
        return f"> {line.words}".rstrip()
    if line.block in quoted:
        return f"{INFERRED}{line.words}"
    return f"{OWN}{line.words}" if line.block in own and line.words else line.words


def _lines(source: str, depth: _Depth) -> list[_Line]:
    lines: list[_Line] = []
    words: list[str] = []
    at = _Break("", 0, 0)
    address = ""
    for piece in _pieces(source, depth):
        match piece:
            case str():
                words.append(piece)
            case re.Match():
                address = address or piece[1]
            case _Break():
                if words or piece.name == "br":
                    lines.append(_line(words, address, at))
                    words, address = [], ""
                if piece.name in _PARAGRAPHS and lines and lines[-1].words:
                    lines.append(_line([], "", at))
                at = piece
    lines.append(_line(words, address, at))
    return lines


def _line(words: Sequence[str], address: str, at: _Break) -> _Line:
    """A line; a header line that names a person bears the address that stands in its link alone."""
    line = " ".join(html.unescape("".join(words)).split())
    named = HEADER.match(line) if address and "@" not in line and len(line) < 300 else None
    if named and KIND.get(named[1].strip().casefold()) in ("from", "to"):
        line = f"{line} <{address}>"
    return _Line(line, at.quotes, at.block)


def _pieces(source: str, depth: _Depth) -> Iterator[str | re.Match[str] | _Break]:
    """The words, the addresses of links, and each tag that ends a line."""
    at = 0
    lowered = source.lower()
    for tag in _TAG.finditer(source):
        if tag.start() < at:
            continue
        yield from _said(source[at : tag.start()], depth)
        at = tag.end()
        name = (tag[2] or "").lower()
        if name in _UNSEEN and not tag[1]:
            end = lowered.find(f"</{name}", at)
            at = len(source) if end < 0 else end
            continue
        if name in _NESTING:
            depth.leave(name) if tag[1] else depth.enter(name, tag[3])
        if name in _LINES:
            yield _Break(name, depth.told[_Told.CITED], depth.block)
        elif name in ("td", "th"):
            yield " "
        elif name == "a" and (link := _MAILTO.search(tag[3][:1_000])):
            yield link
    yield from _said(source[at:], depth)


def _said(words: str, depth: _Depth) -> Iterator[str | _Break]:
    """Words between two tags; in preformatted text their line ends are kept."""
    if not depth.counts["pre"]:
        if words:
            yield words
        return
    first, *others = words.split("\n")
    yield first
    for line in others:
        yield _Break("br", depth.told[_Told.CITED], depth.block)
        yield line


# Whose a blockquote is


def _decided(lines: Sequence[_Line], told: dict[int, _Told]) -> tuple[set[int], set[int]]:
    """Of the undecided blockquotes those that a client quotes, and those that are surely the author's own."""
    ends: dict[int, tuple[int, int]] = {}
    mixed: set[int] = set()
    for n, line in enumerate(lines):
        if line.block and line.words:
            ends[line.block] = (ends.get(line.block, (n, n))[0], n)
            if line.quotes:
                mixed.add(line.block)
    quoted: set[int] = set()
    own: set[int] = set()
    for block, (first, last) in ends.items():
        if len(quoted) + len(own) >= _MOST_BLOCKS:
            break
        if told[block] is _Told.HEAD:
            quoted |= {block} if _quote_follows(lines, last) else set()
        elif not _is_own(lines, first, last, quoted, button=told[block] is _Told.BUTTON):
            quoted.add(block)
        elif block not in mixed:
            own.add(block)
    return quoted, own


def _quote_follows(lines: Sequence[_Line], last: int) -> bool:
    following = next((line for line in lines[last + 1 : last + _AROUND] if line.words), None)
    return following is not None and following.quotes > 0


def _is_own(lines: Sequence[_Line], first: int, last: int, quoted: set[int], *, button: bool) -> bool:
    """Whether a blockquote is its author's own: no head of a quote stands over it or begins it.

    One as Gmail sets it is so only under words of the author, and where nothing looks a little like a head.
    """
    within = [plain(line.words[:WIDEST]) for line in lines[first : min(last + 1, first + _AROUND)]]
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


def _uncommented(source: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := source.find("<!--", at)) >= 0:
        kept.append(source[at:start])
        end = source.find("-->", start)
        at = len(source) if end < 0 else end + 3
    return "".join((*kept, source[at:]))
