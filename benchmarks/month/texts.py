"""What stands in a mail to a customer, read from its words: dates, in any language, and how the ticket stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from benchmarks.month.letters import Letter
from benchmarks.month.roster import FIRST, ZONE

_MONTHS = {
    name: number
    for number, names in ((10, "oct okt out окт"), (11, "nov ноя"), (12, "dec déc dic dez дек"))
    for name in names.split()
}
_WHEN = re.compile(
    r"(?<!\d)(\d{1,2})(?:er|\.)?\s+(?:de\s+)?([^\W\d_]{3,10})\.?,?\s+(?:(?:às?|a\s+las?|um)\s+)?(\d{1,2}):(\d{2})"
)


def wall(moment: datetime) -> datetime:
    """The minute that a clock shows where the desk is: what customers read."""
    return moment.astimezone(ZONE).replace(tzinfo=None, second=0, microsecond=0)


def dates(text: str) -> Iterator[datetime]:
    """Every day with a time of the text, as a clock where the desk is shows it."""
    for day, month, hour, minute in _WHEN.findall(" ".join(text.split())):
        number = _MONTHS.get(month[:3].lower())
        if number is not None:
            yield datetime(FIRST.year, number, int(day), int(hour), int(minute))  # noqa: DTZ001  on a wall


def block(letter: Letter) -> list[str]:
    """The rows of the block that tells how the ticket stands; empty where there is none."""
    lines = letter.text.split("\n")
    begins = [place for place, line in enumerate(lines) if re.match(rf"  \S.* #{letter.ticket}$", line)]
    rows: list[str] = []
    for line in lines[begins[-1] :] if begins else []:
        if not line.strip():
            break
        if line.startswith("   ") and rows:
            rows[-1] += f" {line.strip()}"
        else:
            rows.append(line.strip())
    return rows


def promised(letter: Letter) -> list[datetime]:
    """The dates of the last row, which says what comes next: one, or none."""
    rows = block(letter)
    return list(dates(rows[-1])) if rows else []
