"""Who gets the work."""

from __future__ import annotations

from maild.decision import Loads
from maild.desk import Agent, Assign, Desk, Team
from maild.ticket import Code, Reason


def choose(
    desk: Desk, team: Team, how: Assign, loads: Loads, not_to: frozenset[str]
) -> tuple[Agent | None, Reason | None]:
    """One member of the team, and why this one; nobody where the policy is none or no member is left.

    `not_to` are addresses that must not be given the work: nobody is assigned a ticket of their own.
    """
    members = [agent for agent in map(desk.agent, team.members) if agent and not agent.addresses & not_to]
    if not members:
        return None, None
    match how:
        case Assign.NONE:
            return None, None
        case Assign.LEAST_BUSY:
            agent = min(members, key=lambda member: (loads.open.get(member.id, 0), members.index(member)))
            return agent, Reason(Code.ROUTING, f"{agent.short} has the fewest open requests now.")
        case Assign.ROUND_ROBIN:
            agent = _next(members, loads.last.get(team.id))
            return agent, Reason(Code.ROUTING, f"It is {agent.short}'s turn to take a new request.")


def named(desk: Desk, owner: str, team: Team, loads: Loads, not_to: frozenset[str]) -> tuple[Agent | None, str]:
    """The agent whom a rule names, by id or by policy, and what stood against it ("" where nothing did)."""
    try:
        how = Assign(owner)
    except ValueError:
        agent = desk.agent(owner)
        if agent is None or agent.addresses & not_to:
            return None, f"rule names {owner}, who cannot take it"
        return agent, ""
    return choose(desk, team, how, loads, not_to)[0], ""


def people_of(desk: Desk, owner: str | None, team: str) -> tuple[Agent, ...]:
    """Who is told of a ticket's mail: its owner, else the team, else its lead, else every agent who is an admin."""
    agent = desk.agent(owner)
    if agent:
        return (agent,)
    found = desk.team_of(team)
    members = tuple(agent for agent in map(desk.agent, found.members if found else ()) if agent)
    return members or tuple(agent for agent in desk.agents if agent.admin) or desk.agents


def _next(members: list[Agent], last: str | None) -> Agent:
    ids = [str(member.id) for member in members]
    place = ids.index(last) + 1 if last in ids else 0
    return members[place % len(members)]
