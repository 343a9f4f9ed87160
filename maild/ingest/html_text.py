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
_UNSEEN = ("script", "style", "head", "title", "noscript", "template", "svg")
_BLOCKS = {"p", "div", "br", "tr", "li", "ul", "ol", "table", "blockquote", "hr", "pre", "center"}
_BREAKS = frozenset({*_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6"})
_WIDE_TAG = re.compile(r"<(/?[A-Za-z][A-Za-z0-9]*+)[^<>]{2000,}+>")
_DEEP = 200


def text_of_html(html: str, most: int) -> str:
    """HTML as text that keeps lists, tables and line ends; read more plainly where that would fail or be slow."""
    html = clean(html[:most])
    if not html.strip():
        return ""
    plainer = "".join(stripped(html))
    if _depth(html) > _DEEP:
        return _tidy(plainer)
    try:
        text = inscriptis.get_text(_WIDE_TAG.sub(r"<\1>", html))
    except Exception:  # noqa: BLE001  it meets HTML that no browser wrote; the plainer reading takes all
        text = ""
    return _tidy(text) if text.strip() else _tidy(plainer)


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _depth(html: str) -> int:
    deepest = depth = 0
    for tag in _TAG.finditer(html):
        if tag[2] and tag[2].lower() in {
            "div",
            "span",
            "table",
            "blockquote",
            "font",
            "b",
            "i",
            "em",
            "ul",
            "ol",
            "center",
        }:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def stripped(html: str) -> Iterator[str]:
    """The words between the tags, one pass, whatever the HTML is like."""
    position, hidden = 0, ""
    lowered = html.lower()
    ends = {name: lowered.rfind(f"</{name}") for name in _UNSEEN}
    while tag := _TAG.search(html, position):
        if not hidden:
            yield entities.unescape(re.sub(r"\s+", " ", html[position : tag.start()]))
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
        elif name in ends and not tag[1] and ends[name] >= position:
            hidden = name
        elif name in _BREAKS:
            yield "\n"
    if not hidden:
        yield entities.unescape(re.sub(r"\s+", " ", html[position:]))
