"""HTML as text in which quoted mail bears ">" marks, as a plain-text mail would."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

MOST_CHARACTERS = 4_000_000

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


def marked_text(source: str) -> str:
    """Return the words of HTML, a line a block, with "> " before what a client's own tags say is quoted.

    One pass, linear in the HTML; "" for one of over four million characters, which nobody typed.
    """
    if len(source) > MOST_CHARACTERS:
        return ""
    lines: list[str] = []
    words: list[str] = []
    depth = 0

    def end_line() -> None:
        line = " ".join(html.unescape("".join(words)).split())
        words.clear()
        lines.append(f"> {line}".rstrip() if depth else line)

    for piece in _pieces(_uncommented(source)):
        match piece:
            case str():
                words.append(piece)
            case (name, quotes):
                if words or name == "br":
                    end_line()
                if name in _PARAGRAPHS and lines and lines[-1] not in ("", ">"):
                    end_line()
                depth = quotes
    end_line()
    return "\n".join(lines)


def _pieces(source: str) -> Iterator[str | tuple[str, int]]:
    """The words, and for each tag that ends a line its name and how deep in quotes we are after it."""
    open_tags: list[tuple[str, bool]] = []
    counts = dict.fromkeys(_NESTING, 0)
    quotes = at = 0
    lowered = source.lower()
    for tag in _TAG.finditer(source):
        if tag.start() < at:
            continue
        yield from _said(source[at : tag.start()], quotes, kept=bool(counts["pre"]))
        at = tag.end()
        name = (tag[2] or "").lower()
        if name in _UNSEEN and not tag[1]:
            end = lowered.find(f"</{name}", at)
            at = len(source) if end < 0 else end
            continue
        if name in _NESTING:
            quotes += _nest(open_tags, counts, name, tag)
        if name in _LINES:
            yield name, quotes
        elif name in ("td", "th"):
            yield " "
    yield from _said(source[at:], quotes, kept=bool(counts["pre"]))


def _said(words: str, quotes: int, *, kept: bool) -> Iterator[str | tuple[str, int]]:
    """Words between two tags; in preformatted text their line ends are kept."""
    if not kept:
        if words:
            yield words
        return
    first, *others = words.split("\n")
    yield first
    for line in others:
        yield "br", quotes
        yield line


def _nest(open_tags: list[tuple[str, bool]], counts: dict[str, int], name: str, tag: re.Match[str]) -> int:
    """Open or close one tag, and those in it that were never closed; return by how much the depth of quotes changes."""
    if not tag[1]:
        cites = name == "blockquote" and bool(_CITE.search(tag[3][:1_000]))
        cites = cites or (name == "div" and "yahoo_quoted" in tag[3][:1_000])
        open_tags.append((name, cites))
        counts[name] += 1
        return int(cites)
    change = 0
    while counts[name]:
        inner, cites = open_tags.pop()
        counts[inner] -= 1
        change -= int(cites)
        if inner == name:
            break
    return change


def _uncommented(source: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := source.find("<!--", at)) >= 0:
        kept.append(source[at:start])
        end = source.find("-->", start)
        at = len(source) if end < 0 else end + 3
    return "".join((*kept, source[at:]))
