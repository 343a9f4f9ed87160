"""Who works at the desk of the month, and who is not there when: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from benchmarks.month.hours import ATHENS, HARBOUR, OFFICE, Hours

ZONE = ZoneInfo("Europe/Paris")
FIRST = date(2026, 10, 5)
"""A Monday; in its third week the clocks of Europe go back an hour."""

_NAMES = (
    *("Ann Lee", "Ben Ode", "Cleo Roy", "Dana Kim", "Emil Voss", "Faye Orr", "Gus Hart", "Hana Sato", "Ivo Petrov"),
    *("Jana Reed", "Karl Moe", "Lena Fox", "Milo Grant", "Nora Quinn", "Otto Lind", "Pia Marsh", "Quentin Bell"),
    *("Rosa Diaz", "Sven Holt", "Tara West"),
)
_DAYS_TRIED = 2
"""How many days are thought of on which somebody may fall ill; where the agent is away then, it does not happen."""
_ELSEWHERE = {3: ZoneInfo("Europe/London"), 9: ZoneInfo("America/Toronto"), 12: ZoneInfo("Europe/Athens")}


_HOURS = {"support": OFFICE, "billing": OFFICE, "shipping": ATHENS, "repairs": None, "press": HARBOUR}


class How(StrEnum):
    """How the desk hears that somebody is not there."""

    FILE = "file"
    ADMIN = "admin"
    COMMAND = "command"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers; `backup` is an agent's id."""

    id: str
    name: str
    zone: ZoneInfo
    backup: str
    admin: bool = False

    @property
    def email(self) -> str:
        return f"{self.id}@agents.example"


@dataclass(frozen=True, slots=True)
class Team:
    """People who share work, as the operator's file has them; `hours` None is day and night, `rungs` its ladder."""

    id: str
    public_name: str
    assign: str
    lead: str
    members: tuple[str, ...]
    hours: Hours | None
    rungs: tuple[str, ...]

    @property
    def address(self) -> str:
        return f"{self.id}@desk.example"


@dataclass(frozen=True, slots=True)
class Line:
    """Days of absence (both inclusive) that stand in the file from one moment to another."""

    agent: str
    first: date
    last: date
    stands: datetime
    gone: datetime


@dataclass(frozen=True, slots=True)
class Illness:
    """An absence that nobody planned; `told_at` is None where only the agent's vacation responder tells of it.

    `last_day` is the day that is told, None where nobody knows; then somebody says when the agent is back.
    """

    agent: str
    since: datetime
    back: datetime
    last_day: date | None
    how: How
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Deaf:
    """Somebody whose address takes no mail for a while, and who tells nobody; then an admin says that all is well."""

    agent: str
    since: datetime
    back: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """A time without an agent; `until` is no longer part of it."""

    agent: str
    since: datetime
    until: datetime


@dataclass
class Roster:
    """The people of the month, and all their absences."""

    days: int
    agents: tuple[Agent, ...]
    teams: tuple[Team, ...]
    lines: list[Line] = field(default_factory=list)
    illnesses: list[Illness] = field(default_factory=list)
    deaf: list[Deaf] = field(default_factory=list)
    hired: dict[str, datetime] = field(default_factory=dict)
    removed: dict[str, datetime] = field(default_factory=dict)
    left: dict[str, date] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        return midnight(FIRST, ZONE)

    @property
    def end(self) -> datetime:
        return midnight(FIRST + timedelta(days=self.days), ZONE)

    def agent(self, known_as: str) -> Agent:
        return next(one for one in self.agents if one.id == known_as)

    def team(self, known_as: str) -> Team:
        return next(one for one in self.teams if one.id == known_as)

    def hours_of(self, agent: str) -> Hours | None:
        """The hours of the agent's own team; None where it keeps none, or there is no team."""
        return next((team.hours for team in self.teams if agent in team.members), None)

    def listed(self, agent: Agent, now: datetime) -> bool:
        """Whether the agent stands in the file."""
        return self.hired.get(agent.id, self.start) <= now < self.removed.get(agent.id, FOREVER)

    def edits(self) -> list[datetime]:
        """When the operator changes the file."""
        moments = {moment for line in self.lines for moment in (line.stands, line.gone)}
        moments |= {*self.hired.values(), *self.removed.values()}
        return sorted(moment for moment in moments if self.start < moment < self.end)

    def by_file(self) -> Iterator[Span]:
        """The absences that the file tells, each from when it begins and stands there."""
        for line in self.lines:
            zone = self.agent(line.agent).zone
            since = max(midnight(line.first, zone), line.stands)
            until = min(midnight(line.last + timedelta(days=1), zone), line.gone)
            if since < until:
                yield Span(line.agent, since, until)
        yield from (Span(agent, moment, FOREVER) for agent, moment in self.removed.items())
        for agent, day in self.left.items():
            yield Span(agent, midnight(day + timedelta(days=1), self.agent(agent).zone), FOREVER)

    def truly(self, agent: str) -> list[Span]:
        """When the agent is not there, whatever the desk knows of it."""
        ill = (Span(one.agent, one.since, one.back) for one in self.illnesses)
        hired = self.hired.get(agent)
        before = [Span(agent, self.start - timedelta(days=1), hired)] if hired else []
        lost = (Span(one.agent, one.since, one.back) for one in self.deaf)
        return [*before, *(span for span in (*self.by_file(), *ill, *lost) if span.agent == agent)]


FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day there, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def make(seed: int, days: int, agents: int) -> Roster:
    """A desk of so many agents (8 or 20), with its month of absences."""
    chance = random.Random(f"{seed} roster")
    roster = _people(days, large=agents >= 20)
    _set_pieces(roster, large=agents >= 20)
    busy = {line.agent for line in roster.lines} | {one.agent for one in roster.deaf}
    for agent in roster.agents:
        if agent.id not in busy and agent.id not in roster.removed and chance.random() < 0.7:
            _holiday(roster, agent, chance)
    hows = list(How)[1:]
    for place, agent in enumerate(chance.sample(roster.agents, len(roster.agents))):
        how = hows[place % len(hows)]
        while not any(_falls_ill(roster, agent, how, chance) for _ in range(_DAYS_TRIED)) and not _is_told(roster, how):
            agent = chance.choice(roster.agents)
    return roster


def _people(days: int, *, large: bool) -> Roster:
    """Five teams of 20 people, or three of 8: one that takes its work itself, and one that is very small."""
    sizes: tuple[tuple[str, str, int], ...] = (("support", "least-busy", 3), ("repairs", "none", 2))
    if large:
        more = (("billing", "round-robin", 4), ("shipping", "least-busy", 3))
        sizes = (("support", "least-busy", 7), *more, ("repairs", "none", 3))
    ids = [name.split()[0].lower() for name in _NAMES]
    agents: list[Agent] = []
    teams: list[Team] = []
    for team, assign, size in (*sizes, ("press", "least-busy", 2)):
        first = len(agents)
        members = tuple(ids[first : first + size])
        # the small team is led by somebody of another one
        lead = members[0] if team != "press" else ids[first - 1]
        hours = _HOURS[team]
        teams.append(Team(team, f"our {team} team", assign, lead, members, hours, _rungs(team, lead)))
        for place in range(first, first + size):
            backup = members[(place - first + 1) % size]
            zone = _ELSEWHERE.get(place, hours.zone if hours else ZONE)
            agents.append(Agent(ids[place], _NAMES[place], zone, backup))
    place = len(agents)
    agents.append(Agent(ids[place], _NAMES[place], ZONE, agents[0].id, admin=True))
    return Roster(days, tuple(agents), tuple(teams))


def _rungs(team: str, lead: str) -> tuple[str, ...]:
    """Whom a team's tickets climb to: its lead, then another team; two teams have no ladder."""
    match team:
        case "support" | "billing":
            return (lead, "team:repairs")
        case "repairs":
            return ("team:support", lead)
        case _:
            return ()


def _set_pieces(roster: Roster, *, large: bool) -> None:
    """What must happen in every month, whatever the chance: each tells in its line what it is there for."""
    team = {one.id: one.members for one in roster.teams}
    press, lead, admin = team["press"], roster.teams[-1].lead, roster.agents[-1].id
    _plan(roster, team["support"][1], 0.15, 0.25)  # the cover of the next one is away too
    _plan(roster, team["support"][0], 0.17, 0.25)
    for one in press:
        _plan(roster, one, 0.40, 0.47)  # a whole team; its lead is there
    for one in (*press, lead, admin):
        _plan(roster, one, 0.65, 0.69)  # a whole team, its lead, and every admin
    grown = team["repairs"][0]
    longer = _moment(roster, 0.34, 11)
    _plan(roster, grown, 0.30, 0.38, gone=longer)  # a holiday that grows while it lasts
    _plan(roster, grown, 0.30, 0.45, stands=longer)
    roster.removed[team["support"][2]] = _moment(roster, 0.50, 15)
    if large:
        gone = team["support"][4]
        roster.deaf.append(Deaf(gone, _moment(roster, 0.57, 8), _moment(roster, 0.64, 10)))
        _plan(roster, team["shipping"][1], 0.25, 0.40, gone=_moment(roster, 0.33, 10))  # who comes back early
        _plan(roster, team["billing"][1], 0.70, 0.80, gone=_moment(roster, 0.55, 10))  # who stays after all
        _plan(roster, team["billing"][2], 0.75, 0.82, stands=_moment(roster, 0.73, 12))  # told late
        roster.left[team["billing"][3]] = FIRST + timedelta(days=round(0.55 * roster.days))
        roster.hired[team["support"][3]] = _moment(roster, 0.45, 9)


def _plan(
    roster: Roster, agent: str, since: float, until: float, stands: datetime | None = None, gone: datetime = FOREVER
) -> None:
    """A line of the file, from one share of the month to another."""
    first, last = (FIRST + timedelta(days=int(share * roster.days)) for share in (since, until))
    roster.lines.append(Line(agent, first, max(first, last), stands or roster.start, gone))


def _moment(roster: Roster, share: float, hour: int) -> datetime:
    day = FIRST + timedelta(days=int(share * roster.days))
    return datetime.combine(day, time(hour), ZONE).astimezone(UTC)


def _holiday(roster: Roster, agent: Agent, chance: random.Random) -> None:
    """One to nine days; in the file from the beginning, or written there some days before."""
    length = min(chance.randint(1, 9), roster.days // 3)
    first = FIRST + timedelta(days=chance.randint(1, max(1, roster.days - length - 1)))
    stands = roster.start
    if chance.random() < 0.5:
        stands = max(roster.start, midnight(first - timedelta(days=2), ZONE) + timedelta(hours=chance.randint(9, 16)))
    line = Line(agent.id, first, first + timedelta(days=length - 1), stands, FOREVER)
    if agent.id not in roster.left or line.last < roster.left[agent.id]:
        roster.lines.append(line)


def _is_told(roster: Roster, how: How) -> bool:
    """Whether somebody's illness is told in this way."""
    return any(one.how is how for one in roster.illnesses)


def _falls_ill(roster: Roster, agent: Agent, how: How, chance: random.Random) -> bool:
    """Ill from one morning on, for today or some days, where the agent would be there otherwise; False where not."""
    day = FIRST + timedelta(days=chance.randint(1, max(1, roster.days - 3)))
    day -= timedelta(days=max(0, day.weekday() - 4))
    since = datetime.combine(day, time(7, chance.randint(0, 59)), agent.zone).astimezone(UTC)
    last = day + timedelta(days=chance.choice((0, 1, 1, 2, 3, 4)))
    back = midnight(last + timedelta(days=1), agent.zone)
    room = timedelta(days=1)
    if any(span.since - room < back and since < span.until + room for span in roster.truly(agent.id)):
        return False
    told = None if how is How.REPLY else since + timedelta(minutes=chance.randint(5, 90))
    if how is How.ADMIN and chance.random() < 0.4:
        roster.illnesses.append(Illness(agent.id, since, back + timedelta(hours=9), None, how, told))
    else:
        roster.illnesses.append(Illness(agent.id, since, back, last, how, told))
    return True
