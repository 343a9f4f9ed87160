"""The heads of quoted mail: how a mail program introduces what it quotes, in a sentence or in header lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from maild.ingest.quote_labels import KIND, of_one_language
from maild.ingest.quote_signs import (
    CLOCK,
    END,
    ENDINGS,
    HEADER,
    HEADERS_IN_ONE,
    LABEL,
    LABEL_ENDS,
    OPENER,
    QUOTING,
    RULE,
    RULES,
    SIGNED_INTRO,
    SPACE,
    SPACES,
    WROTE,
    YEAR,
    has_address,
    is_original,
)

WIDEST = 600
"""The characters of one line that are looked at: no sign of a quote is longer."""
TALLEST = 4
"""The lines over which a client wraps "On ... wrote:"."""


def plain(line: str) -> str:
    """A line as it is looked at: stripped, with plain spaces and without signs that nobody sees."""
    # but for one, none of those signs is printable, which is soon told
    plainly = line.isascii() or (line.isprintable() and "\u2019" not in line) or not SPACE.search(line)
    return line.strip() if plainly else line.translate(SPACES).strip()


def is_quoted(line: str) -> bool:
    """A quote line; `>:` and `> wrote:` are the torn end of an introduction."""
    return line.startswith((">", "|")) and not (len(line) < 30 and line.endswith(":") and _torn(line[1:].strip()))


def _torn(rest: str) -> bool:
    return rest == ":" or bool(WROTE.match(rest))


def quote_follows(seen: Sequence[str], n: int) -> bool:
    """Whether the next words under line n are quoted."""
    for line in seen[n + 1 : n + 5]:
        if line:
            return line.startswith((">", "|"))
    return False


def introduction(seen: Sequence[str], end: int) -> int | None:
    """Where an introduction ("On ... wrote:") begins that ends with line `end`, or None."""
    line = seen[end]
    # the pattern looks at each letter: a line that ends in no such way needs none of that
    if not (line.endswith(ENDINGS) or line[-5:].lower() == "wrote") or not END.search(line):
        return None
    quote = quote_follows(seen, end)
    joined = ""
    for n in _upwards(seen, end):
        joined = f"{seen[n]}{'' if seen[n].endswith('<') else ' '}{joined}"
        if OPENER.match(seen[n]) and _introduces(joined, opened=True, quote=quote):
            return n - 1 if _opens_above(seen, n) else n
    return end if _introduces(seen[end], opened=False, quote=quote) else None


def headed(seen: Sequence[str], start: int) -> int:
    """Where the lines begin that Yandex writes over an introduction: a rule, whom the mail went to, its subject."""
    top = start
    while top > max(start - 5, 0) and seen[top - 1].endswith(";"):
        found = HEADER.match(seen[top - 1])
        if found is None or found[1].strip().casefold() not in KIND:
            break
        top -= 1
    return top if 0 < top < start and RULE.match(seen[top - 1]) else start


def _upwards(seen: Sequence[str], end: int) -> list[int]:
    """The lines over which an introduction may be wrapped, last first: never over two blank lines or a quote."""
    lines = [end]
    blank = False
    for n in range(end - 1, max(end - 2 * TALLEST, -1), -1):
        if not seen[n]:
            if blank:
                break
            blank = True
        elif len(lines) == TALLEST or is_quoted(seen[n]) or seen[n].endswith((":", "!", "?")):
            break
        else:
            lines.append(n)
    return lines


def _opens_above(seen: Sequence[str], n: int) -> bool:
    """Whether the line above begins the same introduction: a date was wrapped."""
    return n > 0 and bool(re.match(r"(?:On|Am|Le|El|Em|Op|Il|Den|W dniu)\s.*\d", seen[n - 1])) and seen[n][:1].isdigit()


def _headers_in_one(line: str) -> bool:
    """Whether a client put its header lines on one: an address, a whole date, and no word with a colon that is none."""
    if not has_address(line) or not HEADERS_IN_ONE.match(line) or line.lstrip(" *_>").islower():
        return False
    labels = all(word.casefold() in LABEL_ENDS for word in LABEL.findall(line))
    return labels and bool(CLOCK.search(line) and YEAR.search(line))


def begins_head(seen: Sequence[str], n: int) -> bool:
    """Whether a quote's head begins at line n, if what stands under it is quoted."""
    if is_original(seen[n]) or header_block(seen, n):
        return True
    marked, mark, _ = seen[n].partition(" >")  # the marks of a text whose line ends were lost on its way into HTML
    if mark and introduction([marked, ">"], 0) == 0:
        return True
    return any(introduction([*seen[n : end + 1], ">"], end - n) == 0 for end in range(n, min(n + TALLEST, len(seen))))


def ends_head(seen: Sequence[str], n: int) -> bool:
    """Whether a quote's head ends at line n, if what stands under it is quoted."""
    above = [*seen[max(0, n - 15) : n + 1], ">"]
    last = len(above) - 2
    if is_original(seen[n]) or introduction(above, last) is not None:
        return True
    return any(header_block(above, at) for at in range(max(0, last - 5), last + 1) if HEADER.match(above[last]))


def _introduces(line: str, *, opened: bool, quote: bool) -> bool:
    """Whether the line is an introduction; without a quote under it, only one that a machine must have written."""
    line = line.strip()
    if len(line) > WIDEST:
        return False
    wrote = WROTE.search(line[-160:])
    address, clock, year = has_address(line), bool(CLOCK.search(line)), bool(YEAR.search(line))
    if wrote and line[:2] in RULES and line[-2:] in RULES:
        return True
    if not line.endswith((":", "：", ":*")):
        return bool(wrote) and opened and address and clock
    if wrote and quote:
        return address or clock or year
    if quote and address and QUOTING.match(line):
        return True
    if opened and (clock or year) and SIGNED_INTRO.search(line):
        return True
    stamped = (address and (clock or year)) or (clock and year and line.count(",") >= 2)
    return bool(wrote) and opened and stamped


def header_block(seen: Sequence[str], n: int) -> bool:
    """Whether a client's header lines ("From: ... Sent: ...") begin here, and not a form that somebody filled in."""
    if ":" not in seen[n] and "：" not in seen[n]:
        return False
    if (n == 0 or not seen[n - 1] or RULE.match(seen[n - 1])) and _headers_in_one(seen[n]):
        return True
    kinds: dict[str, str] = {}  # by the word that names each
    address = clock = False
    loose = 0
    for line in seen[n : n + 16]:
        found = HEADER.match(line)
        word = found[1].strip().casefold() if found else ""
        kind = KIND.get(word)
        if kind is None:
            loose += 1
            if not kinds or loose > 2:
                break
            address = address or has_address(line)
            continue
        loose = 0
        kinds[word] = kind
        address = address or has_address(line)
        clock = clock or bool(kind == "date" and CLOCK.search(line) and YEAR.search(line))
    if not kinds:
        return False
    labels = [word for word, kind in kinds.items() if kind != "cc"]
    main = {kinds[word] for word in labels}
    if not main or (len(main) < 3 and not (address and clock and len(main) == 2)):
        return False
    return bool(main & {"from", "date"}) and (address or "subject" in main) and of_one_language(labels)


def headers_upwards(seen: Sequence[str], at: int) -> int | None:
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
