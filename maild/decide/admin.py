"""What an admin says of an agent at the command line: away, back, left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import assert_never

from maild import dates
from maild.absence import Absence, Leave, Source, Stage
from maild.dates import Fault, Span
from maild.decide.absence import call_off, declare, replacing, start_of, zone_of
from maild.decide.people import person
from maild.decision import Bulletin
from maild.desk import Agent, Desk
from maild.typed import nearest, quote

FURTHEST = timedelta(days=366)
"""How far off a last day may lie, in the past too; what is further is a slip of the pen in the year."""


@dataclass(frozen=True, slots=True)
class Away:
    """An agent is away on these days; `by` is who says so, `because` is for colleagues only."""

    agent: str
    days: Span
    backup: str = ""
    because: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Back:
    """An agent is here again; with `planned`, what was still to come is taken back too."""

    agent: str
    planned: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """An agent's last day here; None stands for today."""

    agent: str
    last: date | None = None
    by: str = ""


Word = Away | Back | Left


@dataclass(frozen=True, slots=True)
class Amiss:
    """Nothing was done, and why, in a sentence that says what to do instead."""

    words: str


def on_word(word: Word, desk: Desk, living: Sequence[Absence], fresh: int, now: datetime) -> Bulletin | Amiss:
    """Decide what an admin's word does; the clock then begins or ends what it declares.

    `living` are the absences that are not over, of whomever; `fresh` is what a new one will be called.
    """
    agent = person(desk, word.agent)
    if agent is None:
        return Amiss(f"there is no agent {quote(word.agent)}; {nearest(word.agent, (str(a.id) for a in desk.agents))}")
    mine = [one for one in living if one.agent == agent.id]
    match word:
        case Away():
            return _away(word, agent, desk, mine, fresh, now)
        case Back():
            return _back(word, agent, desk, mine, now)
        case Left():
            return _left(word, agent, desk, mine, fresh, now)
        case _:
            assert_never(word)


def _away(word: Away, agent: Agent, desk: Desk, mine: Sequence[Absence], fresh: int, now: datetime) -> Bulletin | Amiss:
    zone = zone_of(agent, desk)
    today = now.astimezone(zone).date()
    backup = person(desk, word.backup) if word.backup else None
    against = _against(word, agent, backup, desk, now)
    found = dates.days(word.days, today)
    if against or isinstance(found, Fault):
        return Amiss(against or _no_days(found, today))
    first, last = max(found[0], today), found[1]
    declared = declare(
        fresh,
        agent,
        desk,
        first=start_of(first, zone),
        last_day=last,
        leave=Leave.PLANNED if first > today else Leave.UNPLANNED,
        source=Source.ADMIN,
        backup=str(backup.id) if backup else None,
        because=word.because,
        by=word.by,
        key=f"admin:{first}..{last or ''}",
    )
    because = f"{word.by}: {agent.id} is away, {declared.key}"
    return Bulletin((because,), absences=replacing(declared, mine, now))


def _no_days(found: Fault | tuple[date, date | None], today: date) -> str:
    match found:
        case Fault.NO_SUCH_DAY:
            return "the calendar has no such day; check day and month"
        case Fault.WEEKDAY:
            return "the name of the day does not fit its date; check both"
        case Fault.PAST:
            return f"the absence is over already: today is {today}"
        case Fault.BACKWARDS:
            return "the absence ends before it begins; put the earlier day first"
        case Fault.TOO_LONG:
            return "the absence is longer than a year; leave its end open, as in 2026-12-01.."
        case Fault.TOO_FAR:
            return "the absence begins in more than a year; check the year"
        case _:
            return ""


def _against(word: Away, agent: Agent, backup: Agent | None, desk: Desk, now: datetime) -> str:
    """Why these people cannot be away and stand in, "" where they can."""
    if not desk.works(agent, now):
        return f"{agent.name} has left; if that is wrong: maild agents back {agent.id}"
    if word.backup and backup is None:
        known = (str(one.id) for one in desk.agents if one.id != agent.id)
        return f"there is no agent {quote(word.backup)} to be the backup; {nearest(word.backup, known)}"
    if backup is not None and backup.id == agent.id:
        return f"{agent.name} cannot be the backup of {agent.name}; name somebody else"
    if backup is not None and not desk.works(backup, now):
        return f"{backup.name} has left and cannot be the backup; name somebody else"
    return ""


def _back(word: Back, agent: Agent, desk: Desk, mine: Sequence[Absence], now: datetime) -> Bulletin | Amiss:
    if agent.left is not None and now.astimezone(zone_of(agent, desk)).date() > agent.left:
        return Amiss(f"the file says that {agent.name} left on {agent.left}; take `left` out of it and reload")
    present = [one for one in mine if one.covers(now) or (one.stage is Stage.ASKED and one.since <= now)]
    planned = [one for one in mine if one.stage.stands and one.since > now and not _in_file(one)]
    if not present and not (word.planned and planned):
        more = f"; to take back what is planned: maild agents back {agent.id} --planned" if planned else ""
        return Amiss(f"{agent.name} is not away{more}")
    over = [*present, *(planned if word.planned else ())]
    because = f"{word.by}: {agent.id} is back"
    return Bulletin((because,), absences=tuple(call_off(one, now) for one in over))


def _in_file(one: Absence) -> bool:
    """Whether only the file can take it back: the last day of an agent stands there."""
    return one.leave is Leave.LEFT and one.source is Source.FILE


def _left(word: Left, agent: Agent, desk: Desk, mine: Sequence[Absence], fresh: int, now: datetime) -> Bulletin | Amiss:
    zone = zone_of(agent, desk)
    today = now.astimezone(zone).date()
    if not desk.works(agent, now):
        return Amiss(f"{agent.name} has left already")
    last = word.last or today
    if not -FURTHEST < last - today < FURTHEST:
        return Amiss(f"{last} is too far off; check the year")
    declared = declare(
        fresh,
        agent,
        desk,
        first=start_of(last + timedelta(days=1), zone),
        last_day=None,
        leave=Leave.LEFT,
        source=Source.ADMIN,
        by=word.by,
        key=f"admin:left:{last}",
    )
    # what is under way goes on until then; what would begin later has no sense any more
    replaced = [one for one in mine if one.leave is Leave.LEFT or one.since >= declared.since]
    because = f"{word.by}: the last day of {agent.id} is {last}"
    return Bulletin((because,), absences=(declared, *(call_off(one, now) for one in replaced)))
