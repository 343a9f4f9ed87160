"""HTML as lines of text that keep its lists, tables and line ends: one pass, whatever the HTML is like."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from maild.ingest.charsets import clean
from maild.ingest.html_tags import ENDED_BY_NEXT, NAME, TORN, TORN_TAG, WORDS, Act, Depth, Tag, Told, tag_of

_TAG = re.compile(r"<!--|<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)>|<[!?][^<>]*+>")
_UNSEEN = frozenset({"script", "style", "head", "title", "noscript", "template", "svg"})
_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "pre", "center"}
_BREAKS = frozenset({*_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6"})
_SPACES = re.compile(r"\s+")
_VALUES = re.compile(
    r"<[A-Za-z][^<>=]*+(?:=\s*+(?:\"[^\"]{0,2000}+\"|'[^']{0,2000}+'|[^\s\"'<>][^\s<>]*+)?+[^<>=]*+){1,50}+>"
)
_TAGS = re.compile(r"(<[^<>]*+>(?:[ \t\n\r\f]*+<[^<>]*+>)*+)")
"""Tags between which nothing but white space stands: in most pages the same ones come again and again."""
_NO_BRACKETS = str.maketrans("<>", "  ")
_WIDEST = 110
"""The characters of a line of a table whose columns stand below each other."""
_MOST_LISTS = 20
_MOST_CELLS = 50
_MOST_TARGETS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a page.

    A line is its words, how deep in quotes it stands, and in which undecided blockquote (0 for none); `blocks` says
    what began each of those. `addresses` are the first that is linked to on a line, by its number.
    """

    lines: tuple[tuple[str, int, int], ...]
    blocks: dict[int, Told]
    addresses: dict[int, str]


def text_of_html(html: str, most: int) -> str:
    """The first `most` characters of HTML as text; what is hidden is shown where nothing else is to be seen."""
    html = clean(html[:most])
    if not html.strip():
        return ""
    text = text_of_page(page(html))
    return text if text.strip() else _tidy("".join(stripped(html)))


def text_of_page(page: Page) -> str:
    """What a reader sees of a page, whoever said it first."""
    return "\n".join([words for words, _, _ in page.lines]).strip("\n")


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def page(html: str) -> Page:
    """The lines of HTML; never raises, and is linear in it."""
    if "!" in html and "<!--" in html:  # to look for one sign is much faster than for four
        html = _uncommented(html)
    html = html.strip()
    try:
        return _Reading().read(html)
    except _Torn:
        html = _VALUES.sub(lambda tag: f"<{tag[0][1:-1].translate(_NO_BRACKETS)}>", html)
    try:
        return _Reading(patient=True).read(html)
    except _Torn:
        return _Reading(patient=True, showing=True).read(html)


def _uncommented(html: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        kept.append(html[at:start])
        end = html.find("-->", start)
        at = len(html) if end < 0 else end + 3
    return "".join((*kept, html[at:]))


class _Torn(Exception):  # noqa: N818  it is no error
    """A value that holds "<" or ">", or something hidden that has no end: the page is to be read with more care."""


class _Reading:
    """One reading of a page: the lines so far, and the one that is being written."""

    def __init__(self, *, patient: bool = False, showing: bool = False) -> None:
        self.patient, self.showing = patient, showing
        self.lines: list[tuple[str, int, int]] = []
        self.addresses: dict[int, str] = {}
        self.depth = Depth()
        self.words: list[str] = []
        self.cells: list[str] = []
        self.said = False  # there are words on the line, were they but a space that a browser shows
        self.lead = self.address = ""
        self.targets: list[str] = []  # the pages that the line links to
        self.quotes = self.block = 0
        self.ended = True  # the next words begin a line
        self.blank = False  # and stand under a blank one
        self.broken = False  # a line was ended by <br>, and nothing stands after it
        self.prefix = ""  # what the next line of a list begins with
        self.lists: list[int] = []  # the number of the next item of each, -1 where they bear none
        self.rows: list[tuple[int, int]] = []
        self.row = self.cell = 0  # the first line of a table's row, and the cells in it so far
        self.columns = False
        self.spaces = 0  # how many of the open tags keep spaces and line ends
        self.spaced, self.styled = "", 0
        self.opened = False
        self.unseen: Tag | None = None  # what is not shown up to its end
        self.within = 0
        self.slowly = False  # each tag is to be looked at, and each space
        self.known: dict[str, _Step] = _KNOWN.copy()

    def read(self, html: str) -> Page:
        """Read a page: words, and the tags that stand between them, in turns."""
        known: dict[str, tuple[Sequence[_Step] | None, int]] = {"": ((), 2)}
        words = self.words
        pieces = _TAGS.split(html)
        pieces.append("")
        for said, tags in zip(pieces[::2], pieces[1::2], strict=True):
            found = known.get(tags)
            if found is None:
                found = known[tags] = self._steps(tags)
            steps, ending = found
            if said:
                if self.slowly or "<" in said:
                    self._say_slowly(said)
                elif ending > (self.cell > 0) and self.ended and not (self.cells or self.lists or self.prefix):
                    self._say_line(said)
                else:
                    if self.ended:
                        self._begin()
                    words.append(said)
                    self.said = True
            if steps is None or self.slowly:
                self._go_slowly(tags)
            else:
                for does, tag in steps:
                    does(self, tag)
        if self.unseen is not None:
            if not self.showing:
                raise _Torn
            self._see()
        self._end()
        return Page(tuple(_aligned(self.lines) if self.columns else self.lines), self.depth.blocks, self.addresses)

    def _steps(self, tags: str) -> tuple[Sequence[_Step] | None, int]:
        """What is done at some tags, and whether they end a line (1), or one of a table too (2).

        None where each tag is to be looked at.
        """
        steps: list[_Step] = []
        for piece in tags.split("<")[1:]:
            written, _, space = piece.partition(">")
            does, tag = self.known.get(written) or self._met(written)
            if does is _looks or tag.name == "pre":
                return None, 0
            if does is not _passes:
                if does not in _INLINE and steps and steps[-1][0] in (_spaces, does if does in _ENDINGS else _spaces):
                    steps.pop()
                steps.append((does, tag))
            if space and (not steps or steps[-1][0] in _INLINE):
                steps.append((_spaces, tag))
        ending = steps[0][0] if steps else None
        return steps, 2 if ending is _Reading.next_row else int(ending in _ENDINGS)

    def _met(self, written: str) -> _Step:
        """A tag that was not met before in this page, and what is done at it."""
        if not self.patient and (written.count('"') & 1 or written.count("'") & 1) and NAME.match(written):
            raise _Torn
        tag = tag_of(written)
        step = _DOES.get(tag.act, _passes), tag
        self.known[written] = step
        return step

    def _go_slowly(self, tags: str) -> None:
        for piece in tags.split("<")[1:]:
            written, _, space = piece.partition(">")
            if self.unseen is not None:
                self._look_for_end(written)
                if self.slowly and not self.spaces:
                    continue
            else:
                does, tag = self.known.get(written) or self._met(written)
                does(self, tag)
                if self.spaced and tag.name == self.spaced:
                    self._count_styled(-1 if tag.closing else 1)
            if space and self.spaces:
                self._say_spaced(space)
            elif space and not self.ended:
                self.words.append(" ")

    def _say_slowly(self, said: str) -> None:
        if self.unseen is not None:
            return
        if self.spaces:
            self._say_spaced(said)
            return
        first, *others = TORN.split(said)
        if others and not self.patient:
            raise _Torn
        if first:
            self._say(first)
        for piece in others:
            if TORN_TAG.fullmatch(piece):
                does, tag = self.known.get(piece) or self._met(piece)
                does(self, tag)
            else:
                self._say(f"<{piece}")

    # words and lines

    def _say(self, said: str) -> None:
        if self.ended:
            self._begin()
        self.words.append(said)
        self.said = True

    def _say_spaced(self, said: str) -> None:
        """Words in preformatted text, whose line ends are kept, but for one right behind the tag (HTML 5, 13.1.2.5)."""
        first, *others = (said.removeprefix("\n") if self.opened else said).expandtabs().split("\n")
        self.opened = False
        for n, line in enumerate((first, *others)):
            if n:
                self.newline()
            if line:
                if self.ended:
                    self._begin()
                self.words.append(line)
                self.said = True

    def _say_line(self, said: str) -> None:
        """Words that are a line by themselves, as most are; in the shortest way."""
        if self.said:
            self._end()
        if self.blank:
            self._space()
        depth = self.depth
        self.quotes, self.block = depth.quotes, depth.block
        said = said.strip() if "&" not in said and said.isprintable() and "  " not in said else _plain(said)
        if said or not self.lines or self.lines[-1][0]:
            self.lines.append((said, depth.quotes, depth.block))
        self.broken = False

    def _begin(self) -> None:
        """Begin a line, as words come, and end the one before it; a cell goes on with its row's."""
        if self.cells and not self.said:
            self.words.clear()
            self.ended = False
            return
        if self.said:
            self._end()
        elif self.words:
            self.words.clear()
        if self.blank:
            self._space()
        self.quotes, self.block = self.depth.quotes, self.depth.block
        self.lead = self.prefix or ("    " * min(len(self.lists), _MOST_LISTS) if self.lists else "")
        self.ended, self.prefix = False, ""

    def _space(self) -> None:
        """A blank line between two paragraphs."""
        self.blank = False
        if self.lines and self.lines[-1][0]:
            self.lines.append(("", min(self.quotes, self.depth.quotes), self.depth.block))

    def _end(self) -> None:
        """End the line; one on which nothing was said is none."""
        words = self._joined()
        if self.cells:
            words = "\t".join((*self.cells, words)).rstrip()
            self.cells.clear()
            self.columns = True
            self.said = words != ""
        if self.said and (words or not self.lines or self.lines[-1][0]):
            if self.targets and words:
                words = _with_targets(words, self.targets)
            if self.address:
                self.addresses[len(self.lines)] = self.address
            self.lines.append((words, self.quotes, self.block))
        self.address = ""
        self.targets.clear()
        self.said = self.broken = False
        self.ended = True

    def _joined(self) -> str:
        """The words since the line, or its last cell, began."""
        words = "".join(self.words)
        self.words.clear()
        words = entities.unescape(words).rstrip() if self.spaces else _plain(words)
        if self.lead:
            words = f"{self.lead}{words}" if words else ""
            self.lead = ""
        return words

    def newline(self, _: Tag = WORDS) -> None:
        if self.ended:
            if self.prefix:
                return
            self._begin()
        lead = "    " * min(len(self.lists), _MOST_LISTS)
        self.said = True
        self._end()
        self.ended, self.broken, self.lead = False, True, lead

    # tags

    def nest(self, tag: Tag) -> None:
        self.ended = True
        if tag.closing:
            self.depth.leave(tag.name)
        else:
            self.depth.enter(tag)
        if tag.name == "table":
            self._table(closing=tag.closing)
        elif tag.name == "pre":
            self._end()
            self._keep_spaces()
            self.opened = not tag.closing

    def _table(self, *, closing: bool) -> None:
        if not closing:
            self.rows.append((self.row, self.cell))
            self.cell = 0
        elif self.rows:
            self.blank = self.blank and not self.cell
            self.row, self.cell = self.rows.pop()
            if self.cells and not self.rows:
                self._end()

    def next_row(self, _: Tag) -> None:
        if self.said or self.cells:
            self._end()
        if self.cell:
            self.blank = False
        elif self.blank:
            self._space()
        self.ended, self.cell, self.row = True, 0, len(self.lines)

    def begins_inside(self) -> bool:
        """Whether nothing was said yet in an item or a cell."""
        return self.prefix != "" or (not self.words and len(self.lines) == self.row)

    def next_cell(self, _: Tag) -> None:
        """Go on behind the cell before, on its line where that is the only one; else below it."""
        self.cell += 1
        if self.cell == 1:
            return
        if self.cell > _MOST_CELLS:
            self.ended = True
            return
        self.blank = False
        if len(self.lines) == self.row + 1 and self.broken and not self.said:
            words, self.quotes, self.block = self.lines.pop()
            self.address = self.addresses.pop(len(self.lines), "")
            self.words.clear()
            self.cells = words.split("\t")
        elif len(self.lines) > self.row:
            self.ended = True
            return
        else:
            if self.ended and not (self.said or self.cells):
                self._begin()
            self.cells.append(self._joined())
        self.ended = self.said = False

    def enlist(self, tag: Tag) -> None:
        self.ended = True
        if tag.closing:
            self.lists = self.lists[:-1]
            self.prefix = ""
        if not self.lists:
            self.blank = True
        if not tag.closing:
            self.lists.append(tag.number if tag.name == "ol" else -1)

    def item(self, _: Tag) -> None:
        self.ended = True
        number = self.lists[-1] if self.lists else -1
        sign = "*" if number < 0 else f"{number}."
        if number >= 0:
            self.lists[-1] += 1
        self.prefix = f"{'    ' * min(len(self.lists) - 1, _MOST_LISTS)}{sign:>3} "

    def end_item(self, _: Tag) -> None:
        self.ended, self.blank = True, False

    def link(self, tag: Tag) -> None:
        if self.ended:
            self._begin()
        self.address = self.address or tag.address

    def target(self, tag: Tag) -> None:
        if self.ended:
            self._begin()
        if len(self.targets) < _MOST_TARGETS and tag.address not in self.targets:
            self.targets.append(tag.address)

    def mark(self, _: Tag) -> None:
        self._say('"')

    # what is not shown, and what is shown as it is written

    def look(self, tag: Tag) -> None:
        """Heed what is not to be shown, or as it is written, or no tag at all."""
        if tag.act is Act.WORDS:
            self._say(f"<{tag.name}>")
        if tag.act is Act.WORDS or tag.closing:
            return
        if tag.act is Act.SPACED:
            self.spaced = self.spaced or tag.name
        elif not self.showing or tag.act is Act.UNSEEN:
            self.ended = self.ended or tag.then is not Act.NOTHING
            self.blank = self.blank or tag.then is Act.MARGIN
            self.unseen, self.within, self.slowly = tag, 1, True
            return
        if does := _DOES.get(tag.then):
            does(self, tag)

    def _look_for_end(self, written: str) -> None:
        """Look for the end of what is not shown; where that may be left out, the next tag of its kind ends it."""
        found, tag = NAME.match(written), self.unseen
        if tag is None:
            return
        if self.showing:
            self._see()
        elif found and found[2].lower() == tag.name:
            ended_by_next = tag.name in ENDED_BY_NEXT
            nests = tag.act is Act.HIDDEN and not ended_by_next
            self.within += -1 if found[1] else nests
            if not self.within or (ended_by_next and self._is_shown(written)):
                self._see()

    def _is_shown(self, written: str) -> bool:
        _, tag = self.known.get(written) or self._met(written)
        return tag.act is not Act.HIDDEN

    def _see(self) -> None:
        self.unseen, self.slowly = None, self.spaces > 0

    def _count_styled(self, step: int) -> None:
        self.styled += step
        if self.styled <= 0:
            self.spaced, self.styled = "", 0
        self._end()
        self._keep_spaces()

    def _keep_spaces(self) -> None:
        self.spaces = self.depth.counts["pre"] + self.styled
        self.slowly = self.spaces > 0 or self.unseen is not None


def _plain(words: str) -> str:
    """Words without entities, and with single spaces for all white space; to ask is faster than to split."""
    if "&" in words:
        words = entities.unescape(words)
    return words.strip() if words.isprintable() and "  " not in words else " ".join(words.split())


def _ends(page: _Reading, _: Tag) -> None:
    page.ended = True


def _parts(page: _Reading, _: Tag) -> None:
    page.ended = True
    if not (page.prefix or page.cell) or not page.begins_inside():
        page.blank = True


def _spaces(page: _Reading, _: Tag) -> None:
    if not page.ended:
        page.words.append(" ")


def _passes(_page: _Reading, _: Tag) -> None:
    pass


_looks = _Reading.look
_Step = tuple[Callable[[_Reading, Tag], None], Tag]
_DOES: dict[Act, Callable[[_Reading, Tag], None]] = {
    Act.BREAK: _ends,
    Act.MARGIN: _parts,
    Act.NEWLINE: _Reading.newline,
    Act.NEST: _Reading.nest,
    Act.ROW: _Reading.next_row,
    Act.CELL: _Reading.next_cell,
    Act.LIST: _Reading.enlist,
    Act.ITEM: _Reading.item,
    Act.ITEM_END: _Reading.end_item,
    Act.LINK: _Reading.link,
    Act.TARGET: _Reading.target,
    Act.MARK: _Reading.mark,
    **dict.fromkeys((Act.UNSEEN, Act.HIDDEN, Act.SPACED, Act.WORDS), _looks),
}
_ENDINGS = (_ends, _parts, _Reading.next_row)
_INLINE = (_Reading.link, _Reading.target, _Reading.mark, _spaces)
_KNOWN: dict[str, _Step] = {
    written: (_DOES.get(tag.act, _passes), tag)
    for name in ("a", "b", "i", "p", "div", "span", "br", "br/", "br /", "table", "tr", "td", "li", "ul")
    for written in (name, f"/{name}")
    for tag in (tag_of(written),)
}


def _with_targets(words: str, targets: Sequence[str]) -> str:
    """A line with the addresses of the pages that it links to, where they are not what it says anyway."""
    unsaid = [one for one in targets if one.partition("://")[2].rstrip("/") not in words]
    return " ".join((words, *(f"<{one}>" for one in unsaid)))


def _aligned(lines: Sequence[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """The lines, with the columns of a table below each other where it is not too wide for that."""
    for in_table, rows in groupby(lines, key=lambda line: "\t" in line[0]):
        if not in_table:
            yield from rows
            continue
        said, quotes, blocks = zip(*rows, strict=True)
        yield from zip(_table([words.split("\t") for words in said]), quotes, blocks, strict=True)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    wide = sum(widths) + 2 * len(widths) > _WIDEST
    for row in rows:
        cells = [cell if wide else cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        yield "  ".join(cell for cell in cells if cell).rstrip()


def stripped(html: str) -> Iterator[str]:
    """The words between the tags, one pass, whatever the HTML is like."""
    position, hidden = 0, ""
    whole, ends = html, dict[str, int]()
    while tag := _TAG.search(html, position):
        if not hidden:
            yield entities.unescape(_SPACES.sub(" ", html[position : tag.start()]))
        position = tag.end()
        if tag[0] == "<!--":
            closing = html.find("-->", position)
            position = closing + 3 if closing >= 0 else position
            if closing < 0:
                html = html[:position] + html[position:].replace("<!--", "")
            continue
        name = (tag[2] or "").lower()
        if hidden:
            hidden = "" if tag[1] and name == hidden else hidden
        elif name in _UNSEEN and not tag[1]:
            if name not in ends:
                ends[name] = whole.lower().rfind(f"</{name}")
            hidden = name if ends[name] >= position else ""
        elif name in _BREAKS:
            yield "\n"
    if not hidden:
        yield entities.unescape(_SPACES.sub(" ", html[position:]))
