"""How long an open ticket had nobody whom its customer's words could reach."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.month.operator import OPS
from benchmarks.month.record import Event, Record
from benchmarks.month.roster import FOREVER

Time = tuple[datetime, datetime]

TICK = timedelta(seconds=1)
"""What the clock of the daemon may need to see that something has begun."""
RESENT = timedelta(minutes=15)
"""A mail that was kept by a daemon which died before it could answer 250 is known to the desk before its sender knows
it: so long, at most, until it was handed in again."""
PROBE = timedelta(hours=1)
"""An agent's address that refused a mail is believed to take none when it refuses another one, so much later."""
_ACTIVE = frozenset({"open", "pending", "hold"})


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in which a ticket was open with one owner ("" for the team alone) and one team."""

    ticket: int
    owner: str
    team: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a ticket could reach nobody, and why."""

    ticket: int
    since: datetime
    until: datetime
    why: str

    @property
    def minutes(self) -> float:
        return (self.until - self.since).total_seconds() / 60


@dataclass
class Reach:
    """The gaps, and the minutes that were not counted because an absence was short and nobody wrote."""

    gaps: list[Gap]
    short_minutes: float


def judge(record: Record) -> Reach:
    """Every gap of the month, as long as the desk ran and could know."""
    gaps: list[Gap] = []
    short = 0.0
    down = record.down()
    absent = _absent(record)
    nobody = _nobody(record, absent)
    for stay in stays(record):
        if stay.owner:
            for time, brief in _clipped(absent[stay.owner], stay):
                counted = _exempt(record, stay, time) if brief else time
                if brief:
                    short += _minutes([time]) - _minutes([counted] if counted else [])
                why = f"{stay.owner} owns it, who is away"
                gaps.extend(_gaps(stay, [counted] if counted else [], down, why))
        else:
            times = list(_untold(record, stay, nobody[stay.team]))
            gaps.extend(_gaps(stay, times, down, f"nobody of {stay.team} is there, nor lead, nor admin"))
    return Reach(gaps, short)


def stays(record: Record) -> Iterator[Stay]:
    """What each ticket's history says of owner, team and status, as times."""
    for ticket, events in record.history.items():
        state = {"owner": "", "team": "", "status": ""}
        since = events[0].at
        for at, changes in _by_moment(events):
            if at > since and state["status"] in _ACTIVE:
                yield Stay(ticket, state["owner"], state["team"], since, at)
            state |= changes
            since = at
        if state["status"] in _ACTIVE:
            yield Stay(ticket, state["owner"], state["team"], since, record.end)


def _by_moment(events: Sequence[Event]) -> Iterator[tuple[datetime, dict[str, str]]]:
    moments: dict[datetime, dict[str, str]] = defaultdict(dict)
    for event in events:
        if event.event in {"owner", "team", "status"}:
            moments[event.at][event.event] = event.after
    yield from moments.items()


def _absent(record: Record) -> dict[str, list[tuple[Time, bool]]]:
    """The times without each agent, from when the desk could know; whether the absence was a short one."""
    absent: dict[str, list[tuple[Time, bool]]] = defaultdict(list)
    for known in record.known:
        span = known.span
        absent[span.agent].append(((span.since, span.until), known.short))
    for lost in record.roster.deaf:
        refused = [one.at for one in record.tries if one.outcome == "refused" and one.to == record.email(lost.agent)]
        second = next((at for at in refused if at - refused[0] >= PROBE), lost.back)
        absent[lost.agent].append(((second, lost.back), False))
    for agent, at in record.roster.hired.items():
        absent[agent].append(((datetime.min.replace(tzinfo=at.tzinfo), at), False))
    return absent


def _nobody(record: Record, absent: dict[str, list[tuple[Time, bool]]]) -> dict[str, list[Time]]:
    """When not one member of a team is there, nor its lead, nor an agent who is an admin."""
    admins = [agent.id for agent in record.roster.agents if agent.admin]
    found: dict[str, list[Time]] = {}
    for team in record.roster.teams:
        people = dict.fromkeys((*team.members, team.lead, *admins))
        alone: list[Time] = [(record.roster.start, FOREVER)]
        for person in people:
            alone = _both(alone, [time for time, _ in absent[person]])
        found[team.id] = alone
    return found


def _untold(record: Record, stay: Stay, nobody: Sequence[Time]) -> Iterator[Time]:
    """The parts of a stay with the team in which nobody was there and no admin's address knew."""
    for alone in nobody:
        for (since, until), _ in _clipped([(alone, False)], stay):
            told = _told_admins(record, stay, alone[0])
            if since < told:
                yield since, min(until, told)


def _told_admins(record: Record, stay: Stay, since: datetime) -> datetime:
    """When the admins' addresses were first told of the ticket, or that from then on nobody of its team is there."""
    about = re.compile(rf"#{stay.ticket}\b|\b{stay.team.title()}\b")
    told = (record.rows[one.row].created_at for one in record.letters if one.to == OPS and about.search(one.text))
    return min((at for at in told if at >= since - RESENT), default=FOREVER)


def _exempt(record: Record, stay: Stay, time: Time) -> Time | None:
    """What counts of a short absence: from when the customer wrote in it."""
    wrote = [said.at for said in record.said.get(stay.ticket, ()) if not said.agent and said.voice == "public"]
    first = next((at for at in sorted(wrote) if time[0] <= at < time[1]), None)
    return None if first is None else (first, time[1])


def _clipped(times: Sequence[tuple[Time, bool]], stay: Stay) -> Iterator[tuple[Time, bool]]:
    for (since, until), short in times:
        if max(since, stay.since) < min(until, stay.until):
            yield (max(since, stay.since), min(until, stay.until)), short


def _gaps(stay: Stay, times: Sequence[Time], down: Sequence[Time], why: str) -> Iterator[Gap]:
    for since, until in _without(times, down):
        if until - since > TICK:
            yield Gap(stay.ticket, since, until, why)


def _both(some: Sequence[Time], others: Sequence[Time]) -> list[Time]:
    return [(max(a, c), min(b, d)) for a, b in some for c, d in _joined(others) if max(a, c) < min(b, d)]


def _joined(times: Sequence[Time]) -> list[Time]:
    joined: list[Time] = []
    for since, until in sorted(times):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def _without(times: Sequence[Time], taken: Sequence[Time]) -> list[Time]:
    left = list(times)
    for since, until in taken:
        left = [part for a, b in left for part in ((a, min(b, since)), (max(a, until), b)) if part[0] < part[1]]
    return left


def _minutes(times: Sequence[Time]) -> float:
    return sum((until - since).total_seconds() for since, until in times) / 60
