"""The newest words of a reply: without the mail it answers, its header lines and its signature."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import quotequail

from maild.ingest.quote_html import marked_text
from maild.ingest.quote_signs import (
    CLOCK,
    END,
    ENDINGS,
    FORWARD,
    HEADER,
    KIND,
    LIST_FOOTER,
    MIDLINE,
    OPENER,
    RULE,
    RULES,
    SIGNATURE,
    SIGNED_INTRO,
    SPACE,
    SPACES,
    WROTE,
    YEAR,
    has_address,
    is_original,
    is_sent_from,
)

MARKERS = {
    "en": "--- Please reply above this line ---",
    "fr": "--- Merci de répondre au-dessus de cette ligne ---",
    "es": "--- Responda por encima de esta línea ---",
    "ru": "--- Пишите ответ выше этой строки ---",
    "de": "--- Bitte über dieser Zeile antworten ---",
}
"""The line that every mail of ours bears, by language: what stands below it is ours, however a client quotes it."""

MARKER = MARKERS["en"]

MOST_CHARACTERS = 200_000
MOST_LINES = 3_000
_WIDEST = 600  # characters of one line that are looked at: no sign of a quote is longer
_TALLEST = 4  # lines over which a client wraps "On ... wrote:"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reply says anew; `quotes_kept` tells that quoted mail is among the words, as a cut could lose some."""

    words: str
    quotes_kept: bool = False


def new_words(text: str) -> str:
    """Return the newest words of a plain-text reply; never raises, and is linear in the text."""
    return divide(text).words


def new_words_of_html(html: str) -> str:
    """Return the newest words of a reply that came as HTML only; "" where it holds none."""
    return divide(marked_text(html)).words


def divide(text: str) -> Reply:
    """Tell the newest words of a plain-text reply apart from what it quotes.

    Where words stand between or below the quotes, or a quote may hide them, the whole text is kept, quotes and all:
    to lose an author's words is worse than to show a quote. The same holds for a mail that was passed on.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    apart = _split_introductions(lines[:MOST_LINES]) + lines[MOST_LINES:]
    seen = _seen(apart)
    cut = _cut(seen)
    if cut is None:
        return Reply(_tidy(lines, seen if apart == lines else _seen(lines)))
    above = _tidy(apart[: cut.start], seen[: cut.start])
    lost = not above if cut.bare else _words_below(apart[: cut.end], seen, cut.start)
    if cut.passed_on or lost:
        return Reply(_tidy(lines, _seen(lines)), quotes_kept=True)
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
    seen: list[str] = []
    room = MOST_CHARACTERS
    for line in lines[:MOST_LINES]:
        if room <= 0:
            break
        room -= len(line)
        seen.append(_plain(line[:_WIDEST]))
    return seen


def _plain(line: str) -> str:
    return line.strip() if line.isascii() or not SPACE.search(line) else line.translate(SPACES).strip()


def _quoted(line: str) -> bool:
    """A quote line; `>:` and `> wrote:` are the torn end of an introduction."""
    return line.startswith((">", "|")) and not (len(line) < 30 and line.endswith(":") and _torn(line[1:].strip()))


def _torn(rest: str) -> bool:
    return rest == ":" or bool(WROTE.match(rest))


# Where the quote begins


def _split_introductions(lines: Sequence[str]) -> list[str]:
    """Put "On Mon, ... wrote:" on a line by itself where a client joined it to the words before it."""
    if not any("wrote:" in line for line in lines):
        return list(lines)
    apart: list[str] = []
    for line in lines:
        found = MIDLINE.search(line.rstrip()) if len(line) < _WIDEST and line.rstrip().endswith("wrote:") else None
        apart += [line[: found.start()], line[found.end() :]] if found and not line.startswith((">", "|")) else [line]
    return apart


def _cut(seen: Sequence[str]) -> _Cut | None:
    """Where the first quote is, None where nothing is quoted: what clients write, and surely our own marker."""
    marker = _marker(seen)
    if marker is None:
        return _first(seen, None)
    start = _climb(seen, _above_marker(seen, marker))
    bare = not seen[marker].startswith((">", "|"))
    earlier = _first(seen[:start], start if bare else None)
    return earlier or _Cut(start, bare)


def _first(seen: Sequence[str], end: int | None) -> _Cut | None:
    """The first quote that clients' own signs show; below `end` nothing is the author's."""
    asked = False
    for n, line in enumerate(seen):
        if not line:
            continue
        if FORWARD.match(line):
            return _Cut(n, bare=True, passed_on=True)
        cut = None
        if not asked and _dated(seen, n) and _found_by_quotequail(seen[n : n + 2]) == 0:
            cut, asked = _second_opinion(seen, n), True
        cut = cut or _beginning(seen, n)
        if cut is not None:
            return _Cut(_climb(seen, cut.start), cut.bare, end=end)
    return None


def _beginning(seen: Sequence[str], n: int) -> _Cut | None:
    if _quoted(seen[n]):
        return _Cut(n, bare=False)
    if is_original(seen[n]) or _header_block(seen, n):
        return _Cut(n, bare=True)
    start = _introduction(seen, n)
    return None if start is None else _Cut(start, bare=not _quote_follows(seen, n))


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
    if at >= 0 and _quoted(seen[at]):
        while at >= 0 and (_quoted(seen[at]) or not seen[at]):
            at -= 1
        marker = at + 1
        at = _back_over_blanks(seen, marker)
    block = _headers_upwards(seen, at)
    if block is not None:
        return block
    if at >= 0 and seen[at].endswith((":", "：")):
        for start in range(at, max(at - _TALLEST, -1), -1):
            joined = " ".join(part for part in seen[start : at + 1] if part)
            if OPENER.match(seen[start]) and (CLOCK.search(joined) or has_address(joined)):
                return start
    introduction = _introduction(seen, at) if at >= 0 else None
    return marker if introduction is None else introduction


def _headers_upwards(seen: Sequence[str], at: int) -> int | None:
    """The top of a block of lines "Word: value" that ends at `at`, in any language: three, one with an address."""
    start, count, address = None, 0, False
    for n in range(at, max(at - 15, -1), -1):
        if not seen[n]:
            continue
        found = HEADER.match(seen[n])
        address = address or has_address(seen[n])
        if found:
            start, count = n, count + 1
        elif not address or n == at:
            break
        if count >= 3 and address and n > 0 and not HEADER.match(seen[n - 1]):
            return start
    return start if count >= 3 and address else None


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


def _quote_follows(seen: Sequence[str], n: int) -> bool:
    for line in seen[n + 1 : n + 5]:
        if line:
            return line.startswith((">", "|"))
    return False


def _introduction(seen: Sequence[str], end: int) -> int | None:
    """Where an introduction ("On ... wrote:") begins that ends with line `end`, or None."""
    line = seen[end]
    # the pattern looks at each letter: a line that ends in no such way needs none of that
    if not (line.endswith(ENDINGS) or line[-5:].lower() == "wrote") or not END.search(line):
        return None
    quote = _quote_follows(seen, end)
    joined = ""
    for n in _upwards(seen, end):
        joined = f"{seen[n]}{'' if seen[n].endswith('<') else ' '}{joined}"
        if OPENER.match(seen[n]) and _introduces(joined, opened=True, quote=quote):
            return n - 1 if _opens_above(seen, n) else n
    return end if _introduces(seen[end], opened=False, quote=quote) else None


def _upwards(seen: Sequence[str], end: int) -> list[int]:
    """The lines over which an introduction may be wrapped, last first: never over two blank lines or a quote."""
    lines = [end]
    blank = False
    for n in range(end - 1, max(end - 2 * _TALLEST, -1), -1):
        if not seen[n]:
            if blank:
                break
            blank = True
        elif len(lines) == _TALLEST or _quoted(seen[n]) or seen[n].endswith((":", "!", "?")):
            break
        else:
            lines.append(n)
    return lines


def _opens_above(seen: Sequence[str], n: int) -> bool:
    """Whether the line above begins the same introduction: a date was wrapped."""
    return n > 0 and bool(re.match(r"(?:On|Am|Le|El|Em|Op|Il|Den|W dniu)\s.*\d", seen[n - 1])) and seen[n][:1].isdigit()


def _introduces(line: str, *, opened: bool, quote: bool) -> bool:
    """Whether the line is an introduction; without a quote under it, only one that a machine must have written."""
    line = line.strip()
    if len(line) > _WIDEST:
        return False
    wrote = WROTE.search(line[-160:])
    address, clock, year = has_address(line), bool(CLOCK.search(line)), bool(YEAR.search(line))
    if wrote and line[:2] in RULES and line[-2:] in RULES:
        return True
    if not line.endswith((":", "：", ":*")):
        return bool(wrote) and opened and address and clock
    if wrote and quote:
        return address or clock or year
    if opened and (clock or year) and SIGNED_INTRO.search(line):
        return True
    stamped = (address and (clock or year)) or (clock and year and line.count(",") >= 2)
    return bool(wrote) and opened and stamped


def _header_block(seen: Sequence[str], n: int) -> bool:
    """Whether a client's header lines ("From: ... Sent: ...") begin here, and not a form that somebody filled in."""
    if ":" not in seen[n] and "：" not in seen[n]:
        return False
    kinds: set[str] = set()
    address = clock = False
    loose = 0
    for line in seen[n : n + 16]:
        found = HEADER.match(line)
        kind = KIND.get(found[1].strip().casefold()) if found else None
        if kind is None:
            loose += 1
            if not kinds or loose > 2:
                break
            address = address or has_address(line)
            continue
        loose = 0
        kinds.add(kind)
        address = address or has_address(line)
        clock = clock or bool(kind == "date" and CLOCK.search(line) and YEAR.search(line))
    main = kinds - {"cc"}
    if not main or (len(main) < 3 and not (address and clock and len(main) == 2)):
        return False
    return bool(main & {"from", "date"}) and (address or "subject" in main)


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
    first = next((n for n in range(start, len(seen)) if _quoted(seen[n])), start)
    for n in range(first, len(lines)):
        line = seen[n] if n < len(seen) else _plain(lines[n][:_WIDEST])
        if not line:
            continue
        if SIGNATURE.match(line) or (LIST_FOOTER.match(line) and n + 8 > len(lines)):
            return False
        if _quoted(line):
            before = line
            continue
        if not (_continues(before, line) or RULE.match(line) or is_sent_from(line) or _introduces_here(seen, n)):
            return True
        before = ""
    return False


def _introduces_here(seen: Sequence[str], n: int) -> bool:
    """Whether line n belongs to an introduction (it may be wrapped over the lines after it)."""
    for end in range(n, min(n + _TALLEST, len(seen))):
        start = _introduction(seen, end)
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


def _tidy(lines: Sequence[str], seen: Sequence[str]) -> str:
    """The lines without a signature, a list's footer and a telephone's greeting at their end."""
    end = min(len(lines), len(seen))
    if len(lines) > len(seen):
        return "\n".join(lines).strip()
    end = _before_signature(seen, end)
    while end > 0 and (not seen[end - 1] or RULE.match(seen[end - 1]) or is_sent_from(seen[end - 1])):
        if seen[end - 1] and RULE.match(seen[end - 1]) and end == len(seen):
            break
        end -= 1
    return "\n".join(lines[:end]).strip()


def _before_signature(seen: Sequence[str], end: int) -> int:
    """Where the signature begins: RFC 3676 section 4.3, and short enough to be one."""
    for n in range(end - 1, max(end - 40, 0), -1):
        if not seen[n].startswith(("--", "__")):
            continue
        following = [line for line in seen[n + 1 : end] if line]
        if SIGNATURE.match(seen[n]) and len(following) <= 20:
            return n
        if LIST_FOOTER.match(seen[n]) and 0 < len(following) <= 6 and any("list" in line for line in following):
            return n
    return end
