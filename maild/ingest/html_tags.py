"""The tags of HTML: what each does to the lines of a page, and what it tells of the words in it."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache


class Act(Enum):
    """What the reading of a page does at a tag."""

    NOTHING = auto()
    BREAK = auto()  # a line ends
    MARGIN = auto()  # and a blank one follows
    NEWLINE = auto()  # a line ends, though it were empty
    NEST = auto()  # a line ends, and what is quoted, preformatted or a table may begin or end
    ROW = auto()
    CELL = auto()
    LIST = auto()
    ITEM = auto()
    ITEM_END = auto()
    LINK = auto()
    TARGET = auto()  # a link to a page, whose address stands behind the line
    MARK = auto()  # a quotation mark
    UNSEEN = auto()  # all up to its end is no text
    HIDDEN = auto()  # all up to its end is not shown
    SPACED = auto()  # all up to its end keeps its line ends
    WORDS = auto()  # no tag at all


class Told(Enum):
    """What a tag tells of the words in it."""

    NOTHING = auto()
    CITED = auto()
    PLAIN = auto()  # a blockquote of any kind: a client's or the author's
    BUTTON = auto()  # one that the client mostly sets itself
    HEAD = auto()  # an introduction, where a quote follows
    WRAPPER = auto()  # what a client sets round an introduction and its quote


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it is written, read once however often it stands in a page; `then` is what a special one is besides."""

    act: Act
    name: str = ""
    closing: bool = False
    attributes: str = ""
    address: str = ""
    number: int = 1
    then: Act = Act.NOTHING


_ACTS = {
    Act.BREAK: "article header footer section dt dd center form main nav aside figure figcaption address fieldset"
    " option legend caption tbody thead tfoot title body html",
    Act.MARGIN: "p h1 h2 h3 h4 h5 h6 dl hr",
    Act.NEWLINE: "br",
    Act.NEST: "div blockquote table section pre",
    Act.ROW: "tr",
    Act.CELL: "td th",
    Act.LIST: "ul ol",
    Act.ITEM: "li",
    Act.MARK: "q",
    Act.UNSEEN: "script style title template svg",
}
_BY_NAME = {name: act for act, names in _ACTS.items() for name in names.split()}
_CLOSING = {Act.CELL: Act.NOTHING, Act.ITEM: Act.ITEM_END, Act.ROW: Act.NOTHING}
_WHOLE = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
"""Tags that hold no words (HTML 5, section 13.1.2)."""
_SHOWN = _WHOLE | {"body", "html"}
ENDED_BY_NEXT = frozenset({"p", "li", "dt", "dd", "option"})
"""Tags whose end is often left out, as the next of their kind ends them (HTML 5, section 13.1.2.4)."""

WORDS = Tag(Act.WORDS)
IGNORED = Tag(Act.NOTHING)

NAME = re.compile(r"(/?)([A-Za-z][A-Za-z0-9:]*+)")
TORN = re.compile(r"<(?=/?[A-Za-z])")
TORN_TAG = re.compile(
    r"/?(?:a|b|i|p|br|div|font|form|hr|img|input|li|span|table|td|tr|u)"
    r"(?:\s+[a-z-]+=(?:\"[^\"]*\"|'[^']*'|[^\s\"']+))*+\s*+",
    re.IGNORECASE,
)
"""A tag that nothing ends before the next."""
_NO_TAG = re.compile(r"[^\s\"'=@]{1,64}@[^\s\"'=@]{1,255}$|(?:https?://|mailto:)\S*$")
_WEB = re.compile(r"""\bhref\s*=\s*["']?(https?://[^"'\s<>]{1,300})(?=["'\s]|$)""", re.IGNORECASE)
_MAILTO = re.compile(r"\bhref=[\"']?mailto:([^\s\"'<>?@]{1,64}@[^\s\"'<>?@]{1,255})", re.IGNORECASE)
_START = re.compile(r"\bstart=[\"']?(\d{1,6})\b", re.IGNORECASE)
_HIDDEN = re.compile(r"\bdisplay\s*:\s*none\b", re.IGNORECASE)
_SPACED = re.compile(r"\bwhite-space\s*:\s*pre\b(?!-line)", re.IGNORECASE)
_LIKE_A_QUOTE = re.compile(r"quote|cite|gmail_attr|uri=", re.IGNORECASE)
_LOOKED_AT = 1_000  # characters of a tag


def tag_of(written: str) -> Tag:
    """The tag that is written so between "<" and ">"; for what is none, WORDS and what it says as its name."""
    found = NAME.match(written)
    if found is None:
        return IGNORED if written[:1] in ("!", "?", "/") else Tag(Act.WORDS, written)
    if _NO_TAG.match(written):
        return Tag(Act.WORDS, written)
    name, closing = found[2].lower(), bool(found[1])
    act = _BY_NAME.get(name, Act.NOTHING)
    attributes = written[found.end() : _LOOKED_AT]
    if closing or not attributes:
        return _usual(name, closing=closing)
    if ":" in attributes and name not in _SHOWN and act not in (Act.UNSEEN, Act.LIST):
        if _HIDDEN.search(attributes):
            return Tag(Act.HIDDEN, name, then=act)
        if _SPACED.search(attributes):
            return Tag(Act.SPACED, name, attributes=attributes, then=act)
    if name == "a":
        return _link(attributes)
    number = int(start[1]) if act is Act.LIST and (start := _START.search(attributes)) else 1
    if act is Act.NEST and _LIKE_A_QUOTE.search(attributes):
        return Tag(act, name, attributes=attributes)
    return Tag(act, name, number=number) if number != 1 else _usual(name, closing=False)


@lru_cache(maxsize=512)
def _usual(name: str, *, closing: bool) -> Tag:
    act = _BY_NAME.get(name, Act.NOTHING)
    return Tag(_CLOSING.get(act, act) if closing else act, name, closing=closing)


def _link(attributes: str) -> Tag:
    if found := _MAILTO.search(attributes):
        return Tag(Act.LINK, "a", address=html.unescape(found[1]))
    page = _WEB.search(attributes)
    return Tag(Act.TARGET, "a", address=html.unescape(page[1])) if page else IGNORED


# --- what is quoted -------------------------------------------------------------------------------------------------

_NESTING = frozenset({"div", "blockquote", "table", "section", "pre"})
_CITE = re.compile(r"type=[\"']?cite|(?:class|id)=[\"']?[^\"'>]{0,100}quote|uri=", re.IGNORECASE)
_BUTTON = re.compile(r"\s*class=[\"']?gmail_quote[\"']?(?=\s|$)(?!.*type=[\"']?cite)", re.IGNORECASE | re.DOTALL)
"""What a client puts round the mail it answers, and round what its author quotes or indents by a button."""
_HEAD = re.compile(r"\bclass=[\"']?(?:gmail_attr|moz-cite-prefix)\b", re.IGNORECASE)
"""What Gmail and Thunderbird put round an introduction, in whatever language."""
_UNDECIDED = (Told.PLAIN, Told.BUTTON, Told.HEAD)


class Depth:
    """The tags that are open at one place of a page; `quotes` and `block` say how deep in quotes it is.

    `block` is the number of the undecided blockquote round it (0 for none), `blocks` what began each of them.
    """

    __slots__ = ("block", "blocks", "counts", "open", "quotes", "undecided", "wrapped")

    def __init__(self) -> None:
        self.open: list[tuple[str, Told]] = []
        self.counts = dict.fromkeys(_NESTING, 0)
        self.quotes = self.undecided = self.wrapped = self.block = 0
        self.blocks: dict[int, Told] = {}

    def enter(self, tag: Tag) -> None:
        """Go into a tag."""
        told = _told(tag.name, tag.attributes, wrapped=self.wrapped > 0) if tag.attributes else _bare(tag.name)
        if told is not Told.NOTHING:
            if told in _UNDECIDED and not self.undecided and not self.quotes:
                self.block = len(self.blocks) + 1
                self.blocks[self.block] = told
            self._count(told, 1)
        self.open.append((tag.name, told))
        self.counts[tag.name] += 1

    def leave(self, name: str) -> None:
        """Close a tag, and those in it that were never closed."""
        while self.counts[name]:
            inner, told = self.open.pop()
            self.counts[inner] -= 1
            if told is not Told.NOTHING:
                self._count(told, -1)
            if inner == name:
                break
        if not self.undecided:
            self.block = 0

    def _count(self, told: Told, step: int) -> None:
        if told is Told.CITED:
            self.quotes += step
        elif told is Told.WRAPPER:
            self.wrapped += step
        else:
            self.undecided += step


def _bare(name: str) -> Told:
    return Told.PLAIN if name == "blockquote" else Told.NOTHING


def _told(name: str, attributes: str, *, wrapped: bool) -> Told:
    if name == "blockquote":
        if not _CITE.search(attributes):
            return Told.PLAIN
        return Told.BUTTON if not wrapped and _BUTTON.match(attributes) else Told.CITED
    if name != "div":
        return Told.NOTHING
    if "yahoo_quoted" in attributes:
        return Told.CITED
    if _HEAD.search(attributes):
        return Told.HEAD
    return Told.WRAPPER if "gmail_quote" in attributes else Told.NOTHING
