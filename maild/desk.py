"""Who we are: the desk, its agents and teams, and the policies that the operator chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from zoneinfo import ZoneInfo

from maild.absence import Absence, Leave
from maild.canned import Canned
from maild.hours import Calendar, Work

_DAY_BEGINS, _DAY_ENDS = 8 * 60, 18 * 60
"""Minutes since midnight."""

AgentId = NewType("AgentId", str)
TeamId = NewType("TeamId", str)


LANGUAGES = ("en", "fr", "es", "ru", "de", "pt")
"""The languages that the shipped templates speak."""


class Receipts(StrEnum):
    """When an agent's mail is answered with a receipt; refusals are always told."""

    ALWAYS = "always"
    COMMANDS = "commands"
    ERRORS = "errors"
    NEVER = "never"


class TrustAgents(StrEnum):
    """What an agent's mail must prove before its words count (DESIGN 3.6)."""

    AUTO = "auto"
    STRICT = "strict"
    CONFIRM = "confirm"
    TOKEN = "token"  # noqa: S105  a policy's name, no secret


class OnReturn(StrEnum):
    """Who has an agent's tickets when the agent is back."""

    HAND_BACK = "hand-back"
    KEEP = "keep"
    ASK = "ask"


class Learn(StrEnum):
    """What a vacation reply of an agent's does."""

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


class Assign(StrEnum):
    """How a team gives new work to its members."""

    LEAST_BUSY = "least-busy"
    ROUND_ROBIN = "round-robin"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who answers. `shown_as` is the short name used in running sentences; headers and tables show `name`."""

    id: AgentId
    name: str
    email: str
    also: tuple[str, ...] = ()
    shown_as: str = ""
    backup: AgentId | None = None
    level: int = 1
    admin: bool = False
    language: str = ""
    timezone: ZoneInfo | None = None
    away: tuple[tuple[date, date], ...] = ()
    left: date | None = None
    addresses: frozenset[str] = field(init=False, repr=False, compare=False)
    """The agent's own addresses, in lower case; made once, for every mail asks for them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "addresses", frozenset(spec.lower() for spec in (self.email, *self.also)))

    @property
    def short(self) -> str:
        return self.shown_as or self.name.split()[0]


@dataclass(frozen=True, slots=True)
class Team:
    """People who share work. `public_name` is what customers may read; "" stands for the desk's own name."""

    id: TeamId
    name: str
    members: tuple[AgentId, ...]
    public_name: str = ""
    address: str = ""
    assign: Assign = Assign.LEAST_BUSY
    lead: AgentId | None = None
    hours: str = ""
    sla: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class TicketPolicy:
    """What time does to a ticket."""

    close_after: timedelta = timedelta(days=30)
    remind_after: timedelta = timedelta(days=3)
    reminders: int = 2
    solve_after_reminders: bool = True


@dataclass(frozen=True, slots=True)
class AbsencePolicy:
    """What an absence does; one shorter than `min` moves only what is due or written to."""

    min: timedelta = timedelta(days=1)
    on_return: OnReturn = OnReturn.ASK
    tell_date: bool = True
    learn: Learn = Learn.AUTO


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """How many automatic answers to mail may leave (DESIGN 3.9); never counted for news that a decision caused."""

    unproven_hour: int = 300
    unproven_domain_hour: int = 30
    unproven_address_week: int = 3
    proven_day: int = 20
    ticket_hour: int = 5
    wait: timedelta = timedelta(hours=24)
    backlog: timedelta = timedelta(hours=48)
    summary_mails: int = 10
    summary_minutes: int = 10
    receipts_hour: int = 10
    ticket_pause: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Times:
    """What is promised, as working time of the team's hours; None is promised nothing."""

    first_reply: Work | None = None
    next_reply: Work | None = None
    update_every: Work | None = None
    solve: Work | None = None


@dataclass(frozen=True, slots=True)
class Sla:
    """Times under a name; `urgencies` are other times for some priorities, whole: what they leave out is inherited."""

    name: str
    times: Times = Times()
    urgencies: tuple[tuple[str, Times], ...] = ()

    def at(self, priority: str) -> Times:
        """The times for a ticket of this priority."""
        return dict(self.urgencies).get(priority, self.times)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Whom a team's tickets climb to, one after the other: ids of agents, and `team:ID`."""

    team: TeamId
    rungs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer's house, known by its domains (in lower case); empty fields mean no wish of its own."""

    name: str
    domains: tuple[str, ...]
    language: str = ""
    team: TeamId | None = None
    sla: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """The whole house as the judgement sees it.

    `subaddress` is "+" or "" (DESIGN 3.4); `authserv` says whether proof can be had at all (an authserv_id is set).
    `languages` are those that the desk can write in. `absences` are those that stand, now or later, as the store knows
    them; the file alone gives none.
    """

    name: str
    address: str
    agents: tuple[Agent, ...]
    teams: tuple[Team, ...]
    team: TeamId
    aliases: tuple[str, ...] = ()
    language: str = "en"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    subaddress: str = "+"
    admins: tuple[str, ...] = ()
    receipts: Receipts = Receipts.COMMANDS
    accent: str = "#0b6bcb"
    trust_agents: TrustAgents = TrustAgents.AUTO
    authserv: bool = False
    forms: tuple[str, ...] = ()
    tickets: TicketPolicy = TicketPolicy()
    settle: timedelta = timedelta(seconds=60)
    answers: AnswerLimits = AnswerLimits()
    max_attachments: int = 50
    calendars: tuple[Calendar, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    slas: tuple[Sla, ...] = ()
    ladders: tuple[Ladder, ...] = ()
    languages: tuple[str, ...] = LANGUAGES
    absence: AbsencePolicy = AbsencePolicy()
    absences: tuple[Absence, ...] = ()
    canned: tuple[Canned, ...] = ()
    addresses: frozenset[str] = field(init=False, repr=False, compare=False)
    """Every plain address that is ours, in lower case; made once, for every mail asks for them."""
    _by_id: dict[str | None, Agent] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        team_addresses = (team.address for team in self.teams if team.address)
        ours = frozenset(spec.lower() for spec in (self.address, *self.aliases, *team_addresses))
        object.__setattr__(self, "addresses", ours)
        object.__setattr__(self, "_by_id", {agent.id: agent for agent in reversed(self.agents)})

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    def agent(self, known_as: str | None) -> Agent | None:
        return self._by_id.get(known_as)

    def agent_at(self, spec: str) -> Agent | None:
        """The agent who owns this address."""
        key = spec.lower()
        return next((agent for agent in self.agents if key in agent.addresses), None)

    def away(self, agent: Agent | None, now: datetime) -> Absence | None:
        """The absence that keeps this agent away now; one who has left comes first, then who is away for longest."""
        if agent is None:
            return None
        mine = [one for one in self.absences if one.agent == agent.id and one.covers(now)]
        if not mine:
            return None
        return next((one for one in mine if one.leave is Leave.LEFT or one.until is None), None) or max(
            mine, key=lambda one: one.until or now
        )

    def works(self, agent: Agent, now: datetime) -> bool:
        """Whether the agent still works here; the day of leaving is the last one."""
        gone = agent.left is not None and now.astimezone(agent.timezone or self.timezone).date() > agent.left
        return not gone and not any(
            one.agent == agent.id and one.leave is Leave.LEFT and one.covers(now) for one in self.absences
        )

    def there(self, agent: Agent | None, now: datetime) -> bool:
        """Whether work can be given to this agent now."""
        return agent is not None and self.works(agent, now) and self.away(agent, now) is None

    def team_of(self, known_as: str | None) -> Team | None:
        return next((team for team in self.teams if team.id == known_as), None)

    def team_at(self, spec: str) -> Team | None:
        """The team that customers reach at this address."""
        key = spec.lower()
        return next((team for team in self.teams if team.address.lower() == key), None)

    def organisation_at(self, spec: str) -> Organisation | None:
        """The organisation that this address belongs to, by its domain."""
        domain = spec.rpartition("@")[2].lower()
        return next((found for found in self.organisations if domain in found.domains), None)

    def open_hours(self, now: datetime) -> tuple[str, ...]:
        """The names of the hours that are open now (`Facts.hours`)."""
        return tuple(calendar.name for calendar in self.calendars if calendar.is_open(now))

    def sla(self, name: str) -> Sla | None:
        return next((sla for sla in self.slas if sla.name == name), None)

    def ladder(self, team: str) -> tuple[str, ...]:
        """The rungs that this team's tickets climb to."""
        return next((ladder.rungs for ladder in self.ladders if ladder.team == team), ())

    def hours_of(self, team: str | None) -> Calendar | None:
        """When this team is at work; None is at any hour."""
        found = self.team_of(team)
        name = found.hours if found else ""
        return next((calendar for calendar in self.calendars if calendar.name == name), None)

    @property
    def daytime(self) -> Calendar:
        """The hours at which people who keep none are written to by a clock."""
        return Calendar("", self.timezone, (((_DAY_BEGINS, _DAY_ENDS),),) * 7)

    def lead_of(self, team: str | None) -> Agent | None:
        found = self.team_of(team)
        return self.agent(found.lead) if found else None

    def contact(self, owner: str | None, team: str | None) -> str:
        """The name of the present contact, as a customer may read it."""
        agent = self.agent(owner)
        if agent:
            return agent.name
        found = self.team_of(team)
        return (found.public_name if found else "") or self.name
