"""What an absence does when it is declared, when it begins and when it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from maild.absence import Absence, Leave, Source, Stage
from maild.decide.moves import due_within, is_short
from maild.decision import Asked, Bulletin, Draft, Notice, SetTimer, TimerName
from maild.desk import Agent, Desk, OnReturn, Team
from maild.lines import Line, line
from maild.ticket import Party, Role, Ticket, TicketNo, Use
from maild.values import replace

ANSWER_WITHIN = timedelta(days=7)
"""How long a question about an absence waits for its answer."""
PROBE_AFTER = timedelta(hours=1)
"""When an agent whose address refused a mail is written to again (DESIGN 3.6)."""
DOUBT_FOR = timedelta(days=1)
"""How long a refused mail is remembered as a sign that nobody is there."""
REMOVED = "removed"
"""The key of the absence of somebody who was taken out of the file."""
RELOAD = "reload"
"""Who made an absence (`by`) that began when the file was taken: the admins hear of all of these in one mail."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when the clock looks at an absence: the agent's tickets, and those that it took away.

    `numbers` are what the agents' personal addresses carry; `fresh` is what a new absence will be called.
    """

    owned: tuple[Ticket, ...] = ()
    taken: tuple[TicketNo, ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()
    fresh: int = 0

    def number(self, agent: str) -> int:
        return dict(self.numbers).get(agent, 0)


NO_FACTS = Facts()


def declare(
    number: int,
    agent: Agent,
    desk: Desk,
    *,
    first: datetime,
    last_day: date | None,
    leave: Leave,
    source: Source,
    backup: str | None = None,
    because: str = "",
    by: str = "",
    key: str = "",
    asked_at: datetime | None = None,
) -> Absence:
    """A new absence, from `first` until the end of its last day in the agent's zone (None: until the agent is back).

    With `asked_at` it is not believed yet: it waits from then on for somebody's word.
    """
    until = None if last_day is None else start_of(last_day + timedelta(days=1), zone_of(agent, desk))
    stage = Stage.SET if asked_at is None else Stage.ASKED
    look_at = first if asked_at is None else asked_at + ANSWER_WITHIN
    return Absence(
        id=number,
        agent=agent.id,
        leave=leave,
        since=first,
        until=until,
        source=source,
        stage=stage,
        last_day=last_day,
        backup=backup,
        because=because,
        by=by,
        told=agent.name,
        key=key,
        look_at=look_at,
    )


def replacing(declared: Absence, mine: Sequence[Absence], now: datetime) -> tuple[Absence, ...]:
    """A new absence, and behind it those that it takes the place of, closed; `mine` are the agent's.

    What one under way has moved stays moved and belongs to the new one, so that it comes back at its end.
    """
    replaced = [one for one in mine if _overlap(one, declared) and not _comes_later(one, declared, now)]
    under_way = [one for one in replaced if one.stage is Stage.BEGUN]
    if under_way:
        since = min(one.since for one in under_way)
        declared = replace(declared, since=since, leave=under_way[0].leave, look_at=now)
    return (declared, *(_closed(one, now) for one in replaced))


def call_off(one: Absence, now: datetime) -> Absence:
    """An absence that ends here; the clock ends one that has begun, so that its tickets come back as the operator
    wants."""
    if one.stage is Stage.BEGUN:
        return replace(one, until=now, look_at=now)
    return replace(one, stage=Stage.WITHDRAWN, look_at=None)


def _overlap(one: Absence, declared: Absence) -> bool:
    """Whether they have a moment in common; who has left stays so, and what is only doubted is left to the clock."""
    if one.leave is Leave.LEFT or one.stage in {Stage.DOUBTED, Stage.ENDED, Stage.WITHDRAWN}:
        return False
    begins_before_its_end = declared.until is None or one.since < declared.until
    return begins_before_its_end and (one.until is None or declared.since < one.until)


def _comes_later(one: Absence, declared: Absence, now: datetime) -> bool:
    """Whether it is still to come and stands beside the new one: what the file says stays as the file has it, and who
    is away until nobody knows when may well be back before what is planned."""
    planned = one.stage is Stage.SET and one.since > now
    return planned and (one.source is Source.FILE or declared.until is None)


def _closed(one: Absence, now: datetime) -> Absence:
    """An absence in whose place another one stands: nobody is asked about what it has moved."""
    if one.stage is Stage.BEGUN:
        return replace(one, stage=Stage.ENDED, until=now, look_at=None)
    return replace(one, stage=Stage.WITHDRAWN, look_at=None)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day there."""
    return datetime.combine(day, time(), zone)


def zone_of(agent: Agent | None, desk: Desk) -> ZoneInfo:
    return (agent.timezone if agent else None) or desk.timezone


def on_due(absence: Absence, desk: Desk, facts: Facts, now: datetime) -> Bulletin:
    """Decide what the clock does with an absence that it has to look at."""
    match absence.stage:
        case Stage.DOUBTED:
            return _doubt(absence, desk, facts, now)
        case Stage.ASKED:
            because = f"absence {absence.id}: nobody answered the question about it"
            return Bulletin((because,), absences=(replace(absence, stage=Stage.WITHDRAWN, look_at=None),))
        case Stage.SET:
            return begin(absence, desk, facts, now)
        case Stage.BEGUN:
            return end(absence, desk, facts, now)
        case Stage.ENDED | Stage.WITHDRAWN:
            return Bulletin((f"absence {absence.id} is over: nothing to do",))
        case _:
            assert_never(absence.stage)


def begin(absence: Absence, desk: Desk, facts: Facts, now: datetime) -> Bulletin:
    """The start of an absence: its tickets move, each by a timer of its own; of a short one only what is due."""
    if absence.until is not None and absence.until <= now:
        over = replace(absence, stage=Stage.ENDED, look_at=None)
        return Bulletin((f"absence {absence.id} was over before it could begin",), absences=(over,))
    short = is_short(desk, absence)
    moving = [one for one in facts.owned if one.status.active and (not short or due_within(one, absence))]
    begun = replace(absence, stage=Stage.BEGUN, look_at=absence.until)
    how = "short: only what is due moves" if short else f"{len(moving)} tickets move"
    move = [(one.number, SetTimer(TimerName.MOVE, now, str(absence.id))) for one in moving]
    drafts = _tell_begun(absence, desk, facts, len(moving)) if absence.source is not Source.COMMAND else ()
    alone = _tell_alone(absence, desk, facts, now)
    because = f"absence {absence.id} of {absence.agent} begins: {how}"
    return Bulletin((because,), absences=(begun,), timers=tuple(move), drafts=(*drafts, *alone))


def end(absence: Absence, desk: Desk, facts: Facts, now: datetime) -> Bulletin:
    """The end of an absence: its tickets come back, stay, or the agent is asked, as the operator wants it."""
    ended = replace(absence, stage=Stage.ENDED, look_at=None, until=min(absence.until or now, now))
    agent = desk.agent(absence.agent)
    because = f"absence {absence.id} of {absence.agent} is over"
    still = replace(desk, absences=tuple(one for one in desk.absences if one.id != absence.id))
    if agent is None or not still.there(agent, now):
        return Bulletin((f"{because}, and {absence.agent} is not there yet",), absences=(ended,))
    policy = desk.absence.on_return
    match policy:
        case OnReturn.KEEP:
            return Bulletin((f"{because}: its tickets stay where they are",), absences=(ended,))
        case OnReturn.HAND_BACK:
            return Bulletin((f"{because}: its tickets go back",), absences=(ended,), timers=_back(agent, facts, now))
        case OnReturn.ASK:
            drafts = _ask_back(absence, agent, facts) if facts.taken else ()
            return Bulletin((f"{because}: {agent.id} is asked",), absences=(ended,), drafts=drafts)
        case _:
            assert_never(policy)


def on_answer(deed: str, absence: Absence | None, desk: Desk, facts: Facts, now: datetime) -> Bulletin:
    """Do what a question about an absence asked, once."""
    what, _, _ = deed.partition(":")
    done = Bulletin(("it was answered before: nothing is left to do",))
    if absence is None:
        return done
    agent = desk.agent(absence.agent)
    match what:
        case "apply" if absence.stage is Stage.ASKED:
            since = max(absence.since, now)
            believed = replace(absence, stage=Stage.SET, since=since, look_at=since, learnt_at=now)
            absences = replacing(believed, _shorter(believed, desk, now), now)
            return Bulletin((f"absence {absence.id} of {absence.agent} is believed",), absences=absences)
        case "undo" if absence.stage.stands and agent is not None:
            withdrawn = replace(absence, stage=Stage.WITHDRAWN, look_at=None)
            because = f"absence {absence.id} of {absence.agent} is taken back"
            return Bulletin((because,), absences=(withdrawn,), timers=_back(agent, facts, now))
        case "hand-back" if agent is not None and absence.stage is Stage.ENDED and facts.taken:
            return Bulletin((f"{agent.id} takes the tickets back",), timers=_back(agent, facts, now))
        case _:
            return done


def _shorter(believed: Absence, desk: Desk, now: datetime) -> list[Absence]:
    """The absences under way that this one goes on from; who leaves does not come back to what they have moved."""
    if believed.leave is Leave.LEFT:
        return []
    mine = [one for one in desk.absences if one.agent == believed.agent and one.until and one.covers(now)]
    return [one for one in mine if one.until and (believed.until is None or one.until <= believed.until)]


def learn(absence: Absence, desk: Desk, facts: Facts, why: Line, because: str) -> Bulletin:
    """Tell of an absence that was learnt and not believed: the lead, else the admins, can believe it with one word."""
    agent = desk.agent(absence.agent)
    name = agent.name if agent else absence.told
    words = (_learnt(absence, name), line("not_believed", why=(why,)))
    question = _deed("apply", absence)
    drafts = tuple(
        draft_to(to, facts, Notice.ABSENCE, words, replace(question, agent=who)) for who, to in seniors(desk, absence)
    )
    return Bulletin((because,), absences=(absence,), drafts=drafts)


def seniors(desk: Desk, absence: Absence) -> list[tuple[str, Agent | str]]:
    """Who answers for an agent: the leads of the agent's teams, else the admins, by agent or by address."""
    leads = [desk.lead_of(team.id) for team in desk.teams if absence.agent in team.members]
    people: dict[str, Agent | str] = {str(lead.id): lead for lead in leads if lead and lead.id != absence.agent}
    if not people:
        people = {str(one.id): one for one in desk.agents if one.admin and one.id != absence.agent}
    if not people:
        people = {spec.lower(): spec for spec in desk.admins}
    return list(people.items())


def _tell_begun(absence: Absence, desk: Desk, facts: Facts, moving: int) -> tuple[Draft, ...]:
    """The agent and the leads hear of an absence that nobody wrote here, and one reply undoes it."""
    agent = desk.agent(absence.agent)
    name = agent.name if agent else absence.told
    words = (_learnt(absence, name), line("moving", number=moving, who=name))
    people: list[tuple[str, Agent | str]] = seniors(desk, absence)
    if absence.by == RELOAD:
        people = [(who, to) for who, to in people if isinstance(to, Agent) and not to.admin]
    undo = None
    if agent is not None and absence.leave is not Leave.LEFT:
        undo = _deed("undo", absence)
        people.insert(0, (str(agent.id), agent))
    return tuple(
        draft_to(to, facts, Notice.ABSENCE, words, replace(undo, agent=who) if undo else None) for who, to in people
    )


def _tell_alone(absence: Absence, desk: Desk, facts: Facts, now: datetime) -> tuple[Draft, ...]:
    """The admins' addresses hear of each team that nobody looks after from now on, new mail and all that waits in it;
    where several go at the same moment, with the last of them."""
    teams = [team for team in desk.teams if _ends_with(team, absence, desk, now)]
    agents = frozenset(spec for agent in desk.agents for spec in agent.addresses)
    if not teams:
        return ()
    words = tuple(line("team_alone", team=team.name) for team in teams)
    return tuple(
        draft_to(spec, facts, Notice.WARNING, words, None) for spec in desk.admins if spec.lower() not in agents
    )


def _ends_with(team: Team, absence: Absence, desk: Desk, now: datetime) -> bool:
    """Whether this absence takes the last one who could answer for a team: a member, its lead, or an admin."""
    people = [one for one in desk.agents if one.id in {*team.members, team.lead} or one.admin]
    others = [one for one in desk.absences if one.id != absence.id and one.stage is Stage.BEGUN and one.covers(now)]
    gone = {one.agent for one in others} | {one.id for one in people if not desk.works(one, now)}
    return {one.id for one in people} - gone == {absence.agent}


def _learnt(absence: Absence, name: str) -> Line:
    if absence.leave is Leave.LEFT:
        return line("absence_left", who=name)
    if absence.last_day is None:
        return line("absence_open", who=name, source=absence.source.value)
    return line("absence_until", who=name, until=absence.last_day, source=absence.source.value)


def _ask_back(absence: Absence, agent: Agent, facts: Facts) -> tuple[Draft, ...]:
    taken = ", ".join(f"#{number}" for number in facts.taken[:20])
    words = (line("welcome_back", who=agent.short), line("taken_meanwhile", number=len(facts.taken), tickets=taken))
    return (draft_to(agent, facts, Notice.ABSENCE, words, replace(_deed("hand-back", absence), agent=agent.id)),)


def _doubt(absence: Absence, desk: Desk, facts: Facts, now: datetime) -> Bulletin:
    """An hour after a refused mail the agent is written to again; a day later the doubt is forgotten."""
    agent = desk.agent(absence.agent)
    if agent is None or now - absence.since >= DOUBT_FOR:
        gone = replace(absence, stage=Stage.WITHDRAWN, look_at=None)
        return Bulletin((f"{absence.agent} is no longer in doubt",), absences=(gone,))
    words = (line("could_not_reach", who=agent.short, at=absence.since),)
    probe = draft_to(agent, facts, Notice.ABSENCE, words, None)
    later = replace(absence, look_at=absence.since + DOUBT_FOR)
    return Bulletin((f"{agent.id} is written to again",), absences=(later,), drafts=(probe,))


def _back(agent: Agent, facts: Facts, now: datetime) -> tuple[tuple[TicketNo, SetTimer], ...]:
    return tuple((number, SetTimer(TimerName.RETURN, now, agent.id)) for number in facts.taken)


def _deed(what: str, absence: Absence) -> Asked:
    return Asked(0, absence.agent, (), deed=f"{what}:{absence.id}")


def draft_to(
    to: Agent | str, facts: Facts, notice: Notice, lines: Sequence[str | Line] = (), question: Asked | None = None
) -> Draft:
    """A mail to one person that belongs to no ticket; an agent answers it at the personal address."""
    if isinstance(to, Agent):
        party = Party(facts.number(to.id), to.email, to.name, Role.AGENT, proven=True, kept=True, agent=to.id)
    else:
        party = Party(0, to, role=Role.AGENT)
    tells = frozenset({notice})
    return Draft(party, tells, Use.PERSONAL, auto=True, lines=tuple(lines), question=question, proven=True)
