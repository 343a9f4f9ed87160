"""The newest words of a reply: without the mail it answers, its header lines and its signature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import quotequail

from maild.ingest.forward_signs import is_passed_on
from maild.ingest.html_text import Page, page
from maild.ingest.quote_end import tidy
from maild.ingest.quote_heads import (
    TALLEST,
    WIDEST,
    begins_head,
    headed,
    header_block,
    headers_upwards,
    introduction,
    is_quoted,
    plain,
    quote_follows,
)
from maild.ingest.quote_html import INFERRED, OWN, marked_text
from maild.ingest.quote_signs import (
    CLOCK,
    LIST_FOOTER,
    MIDLINE,
    OPENER,
    RULE,
    SIGNATURE,
    YEAR,
    has_address,
    is_between_chevrons,
    is_original,
    is_sent_from,
)

MARKERS = {
    "en": "--- Please reply above this line ---",
    "fr": "--- Merci de répondre au-dessus de cette ligne ---",
    "es": "--- Responda por encima de esta línea ---",
    "ru": "--- Пишите ответ выше этой строки ---",
    "de": "--- Bitte über dieser Zeile antworten ---",
    "pt": "--- Por favor, responda acima desta linha ---",
}
"""The line that every mail of ours bears, by language: what stands below it is ours, however a client quotes it."""

MARKER = MARKERS["en"]

MOST_CHARACTERS = 200_000
MOST_HTML = 4_000_000
MOST_LINES = 3_000
_MARKED = "\2"
"""Below this stand the lines that begin with one of the two signs."""
_SHORT = 60
_SIGNS = "-–—:：>|@*_=~"
"""One of these stands in everything that begins a quote, save for a line that ends in "wrote"."""
_PROSE = b" ,.'!?()\""
_PROSE_BEYOND = _PROSE + bytes(range(0x80, 0x100))
_NO_SIGNS = str.maketrans("", "", f"{OWN}{INFERRED[0]}")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reply says anew; `quotes_kept` tells that quoted mail is among the words, as a cut could lose some."""

    words: str
    quotes_kept: bool = False


def new_words(text: str) -> str:
    """Return the newest words of a plain-text reply; never raises, and is linear in the text."""
    return divide(text).words


def new_words_of_html(html: str) -> str | None:
    """Return the newest words of a reply that came as HTML only; None for one of more characters than anybody types."""
    return None if len(html) > MOST_HTML else new_words_of_page(page(html.translate(_NO_SIGNS)))


def new_words_of_page(found: Page) -> str | None:
    """Return the newest words of a reply whose HTML was read; None where no words can be told in it.

    "" is an answer too: nothing stands over the quote. A page that is all quoted, though nothing introduces a quote,
    is kept whole: it may be what its author wants to show.
    """
    marked = marked_text(found)
    if not marked.strip():
        return None
    words = divide(marked, closing=True).words
    if not words and _only_cited(_seen(marked.split("\n"))):
        words = marked
    words = words.replace(OWN, "")
    return (words.replace(INFERRED, "") if INFERRED[0] in words else words).strip()


def _only_cited(seen: Sequence[str]) -> bool:
    """Whether a page begins with a quote that nothing introduces, neither a client nor a notice of ours."""
    first = next((n for n, line in enumerate(seen) if line), None)
    if first is None or not is_quoted(seen[first]) or _marker(seen) is not None:
        return False
    bare = [line.lstrip(">| ") for line in seen[first : first + 20]]
    said = next((n for n, line in enumerate(bare) if line), 0)
    return not begins_head(bare, said)


def divide(text: str, *, closing: bool = False) -> Reply:
    """Tell the newest words of a plain-text reply apart from what it quotes.

    Where words stand between or below the quotes, or a quote may hide them, the whole text is kept, quotes and all:
    to lose an author's words is worse than to show a quote. The same holds for a mail that was passed on. "Kind
    regards, Ann" is left out with the signature, unless a `closing` is to be kept.
    """
    lines = (text.replace("\r\n", "\n") if "\r" in text else text).split("\n")
    apart = _split_introductions(lines[:MOST_LINES]) + lines[MOST_LINES:] if ":" in text else lines
    seen = _seen(apart)
    cut = _cut(seen) if _may_quote(text) else None
    if cut is None:
        return Reply(tidy(lines, seen if apart == lines else _seen(lines), closing=closing))
    above = tidy(apart[: cut.start], seen[: cut.start], closing=closing)
    lost = not above if cut.bare else _words_below(apart[: cut.end], seen, cut.start)
    if cut.passed_on or lost:
        return Reply(tidy(lines, _seen(lines), closing=closing), quotes_kept=True)
    return Reply(above)


@dataclass(frozen=True, slots=True)
class _Cut:
    """The quote's first line; bare (no ">": all below may be quoted), or passed on; `end` is where our mail begins."""

    start: int
    bare: bool
    passed_on: bool = False
    end: int | None = None


def _seen(lines: Sequence[str]) -> list[str]:
    """The part of each line that is looked at: stripped, not too wide, and not too many of them."""
    lines = lines[:MOST_LINES]
    if sum(map(len, lines)) <= MOST_CHARACTERS:
        # most lines are plain, and bear no sign of ours
        return [
            line[:WIDEST].strip() if not line or (line > _MARKED and line.isascii()) else _looked_at(line)
            for line in lines
        ]
    seen: list[str] = []
    room = MOST_CHARACTERS
    for line in lines[:MOST_LINES]:
        if room <= 0:
            break
        room -= len(line)
        seen.append(_looked_at(line))
    return seen


def _looked_at(line: str) -> str:
    return _opaque(line) if line.startswith(OWN) else plain(line[:WIDEST].removeprefix(INFERRED[0]))


def _opaque(line: str) -> str:
    """A line of an author's own blockquote: no sign in it counts but our marker."""
    return line[1:WIDEST] if _core(line[1:WIDEST]) in _MARKS else "·"


# Where the quote begins


def _may_quote(text: str) -> bool:
    """Whether a text needs a closer look at its lines; what somebody writes first often does not."""
    return any(sign in text for sign in _SIGNS) or "wrote" in text.lower()


def _split_introductions(lines: Sequence[str]) -> list[str]:
    """Put "On Mon, ... wrote:" on a line by itself where a client joined it to the words before it."""
    if not any("wrote:" in line for line in lines):
        return list(lines)
    apart: list[str] = []
    for line in lines:
        joined = "wrote:" in line and len(line) < WIDEST and not line.startswith((">", "|", OWN))
        joined = joined and line.rstrip().endswith("wrote:")
        found = MIDLINE.search(line.rstrip()) if joined else None
        apart += [line[: found.start()], line[found.end() :]] if found else [line]
    return apart


def _cut(seen: Sequence[str]) -> _Cut | None:
    """Where the first quote is, None where nothing is quoted: what clients write, and surely our own marker."""
    marker = _marker(seen)
    if marker is None:
        return _first(seen, None)
    start = _climb(seen, headed(seen, _above_marker(seen, marker)))
    bare = not seen[marker].startswith((">", "|"))
    earlier = _first(seen[:start], start if bare else None)
    return earlier or _Cut(start, bare)


def _first(seen: Sequence[str], end: int | None) -> _Cut | None:
    """The first quote that clients' own signs show; below `end` nothing is the author's."""
    asked = False
    for n, line in enumerate(seen):
        if not line:
            continue
        # a line of some length with no digit, no colon and no other mark begins no quote
        if len(line) > _SHORT and _is_prose(line):
            continue
        if is_passed_on(line):
            return _Cut(n, bare=True, passed_on=True)
        cut = None
        if not asked and _dated(seen, n) and _found_by_quotequail(seen[n : n + 2]) == 0:
            cut, asked = _second_opinion(seen, n), True
        cut = cut or _beginning(seen, n)
        if cut is not None:
            return _Cut(_climb(seen, cut.start), cut.bare, end=end)
    return None


def _is_prose(line: str) -> bool:
    """Whether a line is letters and the marks between words, and nothing else."""
    if line.isascii():
        return line.encode().translate(None, _PROSE).isalpha()
    bare = line.encode("utf-8", "replace").translate(None, _PROSE_BEYOND)
    return (not bare or bare.isalpha()) and "：" not in line


def _beginning(seen: Sequence[str], n: int) -> _Cut | None:
    if is_quoted(seen[n]):
        return _Cut(n, bare=is_between_chevrons(seen[n]))
    if is_original(seen[n]) or header_block(seen, n):
        return _Cut(n, bare=True)
    start = introduction(seen, n)
    return None if start is None else _Cut(headed(seen, start), bare=not quote_follows(seen, n))


def _marker(seen: Sequence[str]) -> int | None:
    """The index of our marker line, also quoted, indented or wrapped."""
    for n, line in enumerate(seen):
        if "-" not in line and "—" not in line and "–" not in line:
            continue
        both = f"{line} {seen[n + 1].lstrip('>| ')}" if n + 1 < len(seen) else line
        if _core(line) in _MARKS or _core(both) in _MARKS:
            return n
    return None


def _core(line: str) -> str:
    """A marker line's words, or "" where it does not begin and end with a dash."""
    bare = line.lstrip(">|* \t").rstrip("* \t")
    if len(bare) > 120 or not bare.startswith(("--", "—", "–")) or not bare.endswith(("--", "—", "–")):
        return ""
    return " ".join(bare.strip("-—– ").casefold().split())


_MARKS = frozenset(_core(line) for line in MARKERS.values())


def _above_marker(seen: Sequence[str], marker: int) -> int:
    """Where the introduction or header block begins that a client put over our mail: below it all is certain."""
    at = _back_over_blanks(seen, marker)
    if at >= 0 and is_quoted(seen[at]):
        while at >= 0 and (is_quoted(seen[at]) or not seen[at]):
            at -= 1
        marker = at + 1
        at = _back_over_blanks(seen, marker)
    block = headers_upwards(seen, at)
    if block is not None:
        return block
    if at >= 0 and seen[at].endswith((":", "：")):
        for start in range(at, max(at - TALLEST, -1), -1):
            joined = " ".join(part for part in seen[start : at + 1] if part)
            if OPENER.match(seen[start]) and (CLOCK.search(joined) or has_address(joined)):
                return start
    introduced = introduction(seen, at) if at >= 0 else None
    return marker if introduced is None else introduced


def _climb(seen: Sequence[str], start: int) -> int:
    """From the quote's first line, up over blank lines and rules that a client drew."""
    while start > 0 and (not seen[start - 1] or RULE.match(seen[start - 1]) or is_original(seen[start - 1])):
        start -= 1
    return start


def _back_over_blanks(seen: Sequence[str], n: int) -> int:
    n -= 1
    while n >= 0 and not seen[n]:
        n -= 1
    return n


def _second_opinion(seen: Sequence[str], n: int) -> _Cut | None:
    """What quotequail finds beyond our own signs, where nothing before line n tells it of a quote.

    It is slow on long texts, and what it finds counts only beside a date and an address. It looks at two lines at a
    time and takes the first: so those two are shown to it alone, and all that is before them once, if at all.
    """
    if _found_by_quotequail(seen[: n + 2]) != n:
        return None
    return _Cut(n, bare=not any(line.startswith((">", "|")) for line in seen[n + 1 : n + 5]))


def _found_by_quotequail(lines: Sequence[str]) -> int | None:
    parts = quotequail.quote("\n".join(lines), limit=MOST_LINES + 1, quote_intro_line=True)
    return len(lines) - 1 - parts[1][1].count("\n") if len(parts) == 2 else None


def _dated(seen: Sequence[str], n: int) -> bool:
    following = seen[n + 1] if n + 1 < len(seen) else ""
    return (has_address(seen[n]) or has_address(following)) and bool(YEAR.search(seen[n]))


# What remains


def _words_below(lines: Sequence[str], seen: Sequence[str], start: int) -> bool:
    """Whether words stand under the quote's beginning: not quoted, no introduction, no torn quote and no signature."""
    before = ""
    first = next((n for n in range(start, len(seen)) if is_quoted(seen[n])), start)
    for n in range(first, len(lines)):
        line = seen[n] if n < len(seen) else plain(lines[n][:WIDEST])
        if not line:
            continue
        if SIGNATURE.match(line) or (LIST_FOOTER.match(line) and n + 8 > len(lines)):
            return False
        if is_quoted(line):
            before = line
            continue
        if not (_continues(before, line) or RULE.match(line) or is_sent_from(line) or _introduces_here(seen, n)):
            return True
        before = ""
    return False


def _introduces_here(seen: Sequence[str], n: int) -> bool:
    """Whether line n belongs to an introduction (it may be wrapped over the lines after it)."""
    for end in range(n, min(n + TALLEST, len(seen))):
        start = introduction(seen, end)
        if start is not None:
            return start <= n
    return False


def _continues(before: str, line: str) -> bool:
    """Whether a client tore `line` off the quoted line before it: that was full, or left a bracket open."""
    if not before or before.endswith((".", "!", "?", ":")):
        return False
    first = line.split(maxsplit=1)[0]
    full = len(before) + 1 + len(first) > 72 and line[:1].islower()
    return full or (before.count("(") > before.count(")") and ")" in line and len(line) < 80)
