"""An agent's own word about an absence: `#away` and `#back` (DESIGN 3.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never

from maild import dates
from maild.absence import Absence, Leave, Source, Stage
from maild.commands import Command, Name
from maild.dates import Fault
from maild.decide.absence import call_off, declare, end, replacing, start_of, zone_of
from maild.decide.people import active, person
from maild.decide.preview import preview, where_to
from maild.decide.situation import Situation
from maild.decision import Asked, SetTimer
from maild.desk import Agent, Desk, OnReturn
from maild.lines import Line, line
from maild.ticket import Ticket, TicketNo
from maild.values import replace


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of an agent's absences, and what the agent hears of it; `question` is what the agent is asked."""

    because: tuple[str, ...]
    absences: tuple[Absence, ...]
    lines: tuple[Line, ...]
    timers: tuple[tuple[TicketNo, SetTimer], ...] = ()
    question: Asked | None = None


def against(situation: Situation, agent: Agent, command: Command) -> Line | None:
    """Why the absence cannot be declared or ended, None where it can."""
    if command.name is Name.BACK:
        over = _present(situation) or _planned(situation)
        return None if over else line("not_away")
    found = _days(situation, agent, command)
    if isinstance(found, Fault):
        return _no_days(found)
    return _no_backup(situation, agent, command.who) if command.who else None


def leave(situation: Situation, agent: Agent, command: Command, owned: Sequence[Ticket]) -> Told:
    """Declare the absence that a judged `#away` tells of; the clock begins it. `owned` are the agent's open tickets."""
    desk, found = situation.desk, _days(situation, agent, command)
    assert not isinstance(found, Fault), "the days were judged before"
    (first, last), today = found, _today(situation, agent)
    backup = person(desk, command.who) if command.who else None
    declared = declare(
        situation.absence_facts.fresh,
        agent,
        desk,
        first=start_of(max(first, today), zone_of(agent, desk)),
        last_day=last,
        leave=Leave.PLANNED if first > today else Leave.UNPLANNED,
        source=Source.COMMAND,
        backup=backup.id if backup is not None else None,
        because=command.because,
        by=agent.id,
        key=f"mail:{situation.inbox}",
    )
    absence, *replaced = replacing(declared, situation.living, situation.now)
    told = (
        _from_to(first, last),
        *(_in_place_of(one, desk, agent) for one in desk.absences if one.id in {old.id for old in replaced}),
        *_covered(situation, agent, (absence, *replaced), owned),
        line("away_undo"),
    )
    because = f"{agent.id} is away from {first} to {last or 'an unknown day'}"
    return Told((because,), (absence, *replaced), told)


def come_back(situation: Situation, agent: Agent) -> Told:
    """End the absence that stands now, by the operator's policy; where none does, take back the next one."""
    desk, now = situation.desk, situation.now
    asked = tuple(call_off(one, now) for one in situation.living if one.stage is Stage.ASKED)
    present = _present(situation)
    if not present:
        first, *others = _planned(situation)
        rest = [call_off(one, now) for one in others if one.stage is Stage.ASKED]
        told = line("back_withdrawn", first=_day_of(first.since, agent, desk), last=first.last_day)
        still = tuple(_still(one, agent, desk) for one in others if one.stage is Stage.SET)
        because = f"absence {first.id} of {agent.id} is taken back"
        return Told((because,), (call_off(first, now), *rest), (told, *still))
    here = replace(desk, absences=tuple(one for one in desk.absences if one not in present))
    longest, *others = sorted(present, key=lambda one: one.since)
    ended = end(longest, here, situation.absence_facts, now)
    absences = (*ended.absences, *(replace(one, stage=Stage.ENDED, until=now, look_at=None) for one in others), *asked)
    question = ended.drafts[0].question if ended.drafts else None
    lines = _welcome(situation, agent, question)
    timers = tuple((number, timer) for number, timer in ended.timers if isinstance(timer, SetTimer))
    return Told(ended.because, absences, lines, timers, question)


# --- which days -----------------------------------------------------------------------------------------------------


def _days(situation: Situation, agent: Agent, command: Command) -> tuple[date, date | None] | Fault:
    if command.span is None:
        raise AssertionError("#away is read with its days")
    return dates.days(command.span, _today(situation, agent))


def _today(situation: Situation, agent: Agent) -> date:
    """The agent's day when the mail came: what "tomorrow" was written on."""
    return _day_of(situation.received_at, agent, situation.desk)


def _day_of(at: datetime, agent: Agent, desk: Desk) -> date:
    return at.astimezone(zone_of(agent, desk)).date()


def _no_days(fault: Fault) -> Line:
    match fault:
        case Fault.NO_SUCH_DAY:
            return line("away_no_such_day")
        case Fault.WEEKDAY:
            return line("away_weekday")
        case Fault.PAST:
            return line("away_past")
        case Fault.BACKWARDS:
            return line("away_backwards")
        case Fault.TOO_LONG:
            return line("away_too_long", days=dates.LONGEST.days)
        case Fault.TOO_FAR:
            return line("away_too_far")
        case _:
            assert_never(fault)


def _no_backup(situation: Situation, agent: Agent, who: str) -> Line | None:
    """Why this person cannot stand in; one who is away can, and is passed over until the return."""
    desk = situation.desk
    found = person(desk, who)
    if found is None:
        known = ", ".join(one.id for one in desk.agents if one.id != agent.id and active(one, desk, situation.now))
        return line("backup_unknown", who=who, known=known)
    if found.id == agent.id:
        return line("backup_oneself")
    return None if active(found, desk, situation.now) else line("backup_left", who=found.name)


# --- what the agent hears -------------------------------------------------------------------------------------------


def _from_to(first: date, last: date | None) -> Line:
    if last is None:
        return line("away_open", first=first)
    return line("away_on", day=first) if first == last else line("away_from_to", first=first, last=last)


def _in_place_of(one: Absence, desk: Desk, agent: Agent) -> Line:
    return line("away_in_place_of", first=_day_of(one.since, agent, desk), last=one.last_day)


def _still(one: Absence, agent: Agent, desk: Desk) -> Line:
    return line("back_still_away", first=_day_of(one.since, agent, desk), last=one.last_day)


def _covered(
    situation: Situation, agent: Agent, absences: Sequence[Absence], owned: Sequence[Ticket]
) -> Iterator[Line]:
    """Who takes over and how many tickets go there, as things stand when the mail is decided."""
    now, absence = situation.now, absences[0]
    outcomes = preview(absences, situation.desk, situation.desk.absences, owned, situation.loads, now)
    outcome = next(one for one in outcomes if one.absence.id == absence.id)
    named = situation.desk.agent(absence.backup) or situation.desk.agent(agent.backup)
    late = situation.desk.away(named, outcome.at)
    if named is not None and late is not None:
        yield line("away_backup_away", who=named.name, until=late.last_day)
    yield from where_to(outcome)
    if outcome.moving:
        yield line("away_customers", number=outcome.moving)
    elif named is not None and late is None:
        yield line("away_cover", who=named.name)
    else:
        yield line("away_cover_team")


def _welcome(situation: Situation, agent: Agent, question: Asked | None) -> tuple[Line, ...]:
    """What the agent who is back hears of the tickets that colleagues looked after."""
    taken = situation.absence_facts.taken
    if not taken:
        return (line("back_nothing_moved", who=agent.short),)
    numbers = ", ".join(f"#{number}" for number in taken[:20])
    after = () if question or situation.desk.absence.on_return is OnReturn.ASK else (_after(situation.desk),)
    return (
        line("welcome_back", who=agent.short),
        line("taken_meanwhile", number=len(taken), tickets=numbers),
        *after,
    )


def _after(desk: Desk) -> Line:
    return line("back_handed" if desk.absence.on_return is OnReturn.HAND_BACK else "back_kept")


def _present(situation: Situation) -> tuple[Absence, ...]:
    """The absences that keep the agent away now."""
    return tuple(one for one in situation.living if one.leave is not Leave.LEFT and one.covers(situation.now))


def _planned(situation: Situation) -> list[Absence]:
    """What is still to come, or not believed yet, the nearest first."""
    waiting = {Stage.SET, Stage.ASKED}
    known = (one for one in situation.living if one.stage in waiting and one.leave is not Leave.LEFT)
    return sorted(known, key=lambda one: (one.since, one.id))
