"""Whether the clock spoke by day, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month import told
from benchmarks.month.hours import Hours, by_day
from benchmarks.month.operator import OPS, REMIND_AFTER, REMINDERS
from benchmarks.month.promised import Case
from benchmarks.month.record import Row
from benchmarks.month.roster import ZONE, Team

_NEWS = frozenset({"delayed", "escalated", "waiting", "solved", "warning"})
"""The notices that a clock may cause, and that nobody is to get at night."""
_REMINDERS = frozenset({"waiting", "solved"})
_DAY = timedelta(days=1)


@dataclass
class Spoke:
    """What was found. Each list names what is wrong, but for `by_hand`: what was told outside the hours, as a date
    that an agent gave was there."""

    at_night: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    mails: int = 0
    reminders: int = 0


def judge(cases: Sequence[Case]) -> Spoke:
    """Look at every mail that a clock caused."""
    found = Spoke()
    for case in cases:
        _nights(case, found)
        found.again.extend(_broke_again(case))
        found.again.extend(_warned_again(case))
        found.again.extend(_reminded_again(case, found))
    return found


def _nights(case: Case, found: Spoke) -> None:
    """Mails that a clock caused while nobody of the team was at work."""
    teams = [event for event in case.events if event.event == "team"]
    broke = {event.at for event in case.events if event.event == "promise-broken"}
    for row in case.rows:
        at = row.created_at
        moves = row.notice in told.MOVES and at in broke
        if row.inbox is not None or row.recipient == OPS or not (row.notice in _NEWS or moves):
            continue
        found.mails += 1
        # the clock speaks for the team that had the ticket before it went up the ladder
        moved = next((one for one in reversed(teams) if one.at < at or (one.at == at and one.who != "clock")), teams[0])
        team = case.record.roster.team(moved.after)
        if _may_speak(team, row):
            continue
        words = f"#{case.ticket}: {row.notice} to {row.recipient} at {at:%a %d %b %H:%M:%S} UTC ({team.id})"
        listed = found.by_hand if _by_hand(case, team.hours, at) else found.at_night
        listed.append(words)


def _may_speak(team: Team, row: Row) -> bool:
    """Within the hours of the team; one without any has an SLA that runs at night, and reminds by day all the same."""
    if team.hours is not None:
        return team.hours.is_open(row.created_at)
    return row.notice not in _REMINDERS or by_day(ZONE, row.created_at)


def _by_hand(case: Case, hours: Hours | None, at: datetime) -> bool:
    """Whether an agent's own date, for an hour at which the team does not work, made the desk speak at this moment."""
    given = (one for one in case.ledger if one.by and one.made_at <= at <= (one.ended_at or at))
    free = (one for one in given if hours is None or not (hours.is_open(one.guard_at) and hours.is_open(one.due_at)))
    return any(one.ended_at == at or one.guard_at - _DAY <= at <= one.due_at for one in free)


def _broke_again(case: Case) -> Iterator[str]:
    broken = Counter((event.text, event.before) for event in case.events if event.event == "promise-broken")
    for (clock, due), count in broken.items():
        if count > 1:
            yield f"#{case.ticket}: {clock} of {due} broke {count} times"


def _warned_again(case: Case) -> Iterator[str]:
    letters = (case.sent.taken.get(row.id) for row in case.rows if row.notice == "warning" and row.recipient != OPS)
    told_so = Counter((one.to, " ".join(one.text.partition("\n--")[0].split())) for one in letters if one is not None)
    for (to, words), count in told_so.items():
        if count > 1:
            yield f"#{case.ticket}: {to} was warned {count} times: {words}"


def _reminded_again(case: Case, found: Spoke) -> Iterator[str]:
    """A reminder too many, or too soon after the question or the reminder before."""
    moments = [(event.at, False) for event in case.events if event.event == "status"]
    moments += [(row.created_at, True) for row in case.rows if row.notice == "waiting" and row.inbox is None]
    since, number = case.events[0].at, 0
    for at, reminds in sorted(moments):
        number = number + 1 if reminds else 0
        found.reminders += reminds
        if reminds and (at - since < REMIND_AFTER or number > REMINDERS):
            yield f"#{case.ticket}: reminder {number} at {at:%d %b %H:%M}, {at - since} after what was before"
        since = at
