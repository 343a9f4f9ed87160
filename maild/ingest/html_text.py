"""HTML as text: with its lists and tables, or plainly, whatever it is like; the only user of inscriptis."""

from __future__ import annotations

import html as entities
import logging
import re
from collections.abc import Iterator

import inscriptis

from maild.ingest.charsets import clean

logging.getLogger("inscriptis").setLevel(logging.CRITICAL)

_TAG = re.compile(r"<!--|<(/?)([A-Za-z][A-Za-z0-9]*+)([^<>]*+)>|<[!?][^<>]*+>")
_UNSEEN = frozenset({"script", "style", "head", "title", "noscript", "template", "svg"})
_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "pre", "center"}
_BREAKS = frozenset({*_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6"})
_NESTING = re.compile(
    r"<(/?)(?:div|span|table|blockquote|font|b|i|em|ul|ol|center)(?![A-Za-z0-9])[^<>]*+>", re.ASCII | re.IGNORECASE
)
_SPACES = re.compile(r"\s+")
_WIDE_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]*+)[^<>]{2000,}+>")
_DEEP = 200


def text_of_html(html: str, most: int) -> str:
    """HTML as text that keeps lists, tables and line ends; read more plainly where that would fail or be slow."""
    html = clean(html[:most])
    if not html.strip():
        return ""
    if _depth(html) > _DEEP:
        return _tidy("".join(stripped(html)))
    try:
        text = inscriptis.get_text(_WIDE_TAG.sub(r"<\1>", html))
    except Exception:  # noqa: BLE001  it meets HTML that no browser wrote; the plainer reading takes all
        text = ""
    return _tidy(text if text.strip() else "".join(stripped(html)))


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _depth(html: str) -> int:
    deepest = depth = 0
    for closing in _NESTING.findall(html):
        if closing:
            depth -= depth > 0
        else:
            depth += 1
            if depth > deepest:
                deepest = depth
    return deepest


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
