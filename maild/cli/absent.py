"""Absences in the words of the command line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from maild.absence import Absence, Source
    from maild.desk import Desk


def span(one: Absence, desk: Desk) -> str:
    """The days of an absence, both ends within it, as the file writes them; of somebody who has left, the last day."""
    from maild.absence import Leave
    from maild.decide.absence import zone_of

    first = one.since.astimezone(zone_of(desk.agent(one.agent), desk)).date()
    if one.leave is Leave.LEFT:
        return f"left {first - timedelta(days=1)}"
    if one.last_day is None:
        return f"{first}.."
    return str(first) if first >= one.last_day else f"{first}..{one.last_day}"


def state(one: Absence, desk: Desk) -> str:
    """What it means for now: `away 2026-12-01..2026-12-07`, `left 2026-12-31`."""
    said = span(one, desk)
    return said if said.startswith("left") else f"away {said}"


def known_from(one: Absence) -> str:
    """How we know of it."""
    words = _source(one.source)
    return f"{words} ({one.by})" if one.by else words


def _source(source: Source) -> str:
    from maild.absence import Source

    match source:
        case Source.COMMAND:
            return "by #away"
        case Source.ADMIN:
            return "by maild agents"
        case Source.FILE:
            return "from the file"
        case Source.REPLY:
            return "from a vacation reply"
        case Source.BOUNCE:
            return "from refused mail"
        case _:
            assert_never(source)
