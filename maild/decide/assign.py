"""Who gets the work."""

from __future__ import annotations

from datetime import datetime

from maild import reasons
from maild.decision import Loads
from maild.desk import Agent, Assign, Desk, Team
from maild.ticket import Reason


def choose(
    desk: Desk, team: Team, how: Assign, loads: Loads, not_to: frozenset[str], now: datetime
) -> tuple[Agent | None, Reason | None]:
    """One member of the team who is there, and why this one; nobody where the policy is none.

    Where the whole team is away, its lead stands in, else an admin; nobody is left only where no agent is there.
    `not_to` are addresses that must not be given the work: nobody is assigned a ticket of their own.
    """
    if how is Assign.NONE:
        return None, None
    known = [agent for agent in map(desk.agent, team.members) if agent and not agent.addresses & not_to]
    members = [agent for agent in known if desk.there(agent, now)]
    if not members:
        standing = _stands_in(desk, team, not_to, now) if known else None
        return (standing, reasons.stands_in(standing)) if standing else (None, None)
    match how:
        case Assign.LEAST_BUSY:
            agent = min(members, key=lambda member: loads.open.get(member.id, 0))
            return agent, reasons.fewest_open(agent)
        case Assign.ROUND_ROBIN:
            agent = _next(known, members, loads.last.get(team.id))
            return agent, reasons.turn(agent)


def named(
    desk: Desk, owner: str, team: Team, loads: Loads, not_to: frozenset[str], now: datetime
) -> tuple[Agent | None, str]:
    """The agent whom a rule names, by id or by policy, and what stood against it ("" where nothing did)."""
    try:
        how = Assign(owner)
    except ValueError:
        agent = desk.agent(owner)
        if agent is None or agent.addresses & not_to:
            return None, f"rule names {owner}, who cannot take it"
        return agent, ""
    return choose(desk, team, how, loads, not_to, now)[0], ""


def people_of(desk: Desk, owner: str | None, team: str, now: datetime) -> tuple[Agent, ...]:
    """Who is told of a ticket's mail: its owner, else the team, else its lead, else every agent who is an admin.

    Who is away is passed over; where nobody is there, those are told who would be, so that it is in their mail.
    """
    agent = desk.agent(owner)
    if agent and desk.there(agent, now):
        return (agent,)
    found = desk.team_of(team)
    members = tuple(one for one in map(desk.agent, found.members if found else ()) if one)
    lead = desk.lead_of(team)
    admins = tuple(one for one in desk.agents if one.admin)
    for people in (members, (lead,) if lead else (), admins):
        there = tuple(one for one in people if desk.there(one, now))
        if there:
            return there
    return (agent,) if agent else members or admins or desk.agents


def reachable(desk: Desk, owner: str | None, team: str, now: datetime) -> bool:
    """Whether anybody is there who hears of this ticket's mail: its owner, its team, the team's lead, an admin."""
    return any(desk.there(agent, now) for agent in people_of(desk, owner, team, now))


def _stands_in(desk: Desk, team: Team, not_to: frozenset[str], now: datetime) -> Agent | None:
    lead = desk.lead_of(team.id)
    admins = (agent for agent in desk.agents if agent.admin)
    able = (one for one in ((lead,) if lead else ()) + tuple(admins) if not one.addresses & not_to)
    return next((one for one in able if desk.there(one, now)), None)


def _next(known: list[Agent], there: list[Agent], last: str | None) -> Agent:
    """Whose turn it is: the first after the last one, of those who are there; absence loses nobody their place."""
    ids = [str(member.id) for member in known]
    place = ids.index(last) + 1 if last in ids else 0
    return next(member for member in (*known[place:], *known) if member in there)
