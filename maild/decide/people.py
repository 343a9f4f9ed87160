"""Whom an agent's words mean, and who may see what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from maild import canned
from maild.desk import Agent, Desk, Team
from maild.lines import Line, line
from maild.ticket import Ticket


def person(desk: Desk, who: str) -> Agent | None:
    """The agent whom somebody means by an id, a name or an address, each whole; a first name where only one has it."""
    key = who.casefold().strip().lstrip("@")
    for agent in desk.agents:
        if key in {agent.id.casefold(), agent.name.casefold(), *agent.addresses}:
            return agent
    short = [agent for agent in desk.agents if key in {agent.short.casefold(), agent.name.casefold().split()[0]}]
    return short[0] if len(short) == 1 else None


def group(desk: Desk, which: str) -> Team | None:
    """The team that somebody means by its id or its name."""
    key = which.casefold().strip()
    return next((team for team in desk.teams if key in {team.id.casefold(), team.name.casefold()}), None)


def active(agent: Agent, desk: Desk, now: datetime) -> bool:
    """Whether the agent still works here; the day of leaving is the last one."""
    return desk.works(agent, now)


def visible(desk: Desk, ticket: Ticket, agent: Agent) -> bool:
    """Whether an agent may see a ticket: those of private teams only their members, their lead and admins."""
    team = desk.team_of(ticket.team)
    if team is None or not team.private:
        return True
    return agent.admin or agent.id in {*team.members, team.lead} or ticket.owner == agent.id


def unknown_agent(desk: Desk, who: str) -> Line:
    """That nobody has this name, and who may have been meant."""
    known = [one.id for one in desk.agents]
    return line("unknown_agent", who=who, near=_nearest(who, known), known=", ".join(known))


def unknown_team(desk: Desk, which: str) -> Line:
    """That no team has this name, and which may have been meant."""
    known = [one.id for one in desk.teams]
    return line("unknown_team", who=which, near=_nearest(which, known), known=", ".join(known))


def unknown_canned(desk: Desk, name: str) -> Line:
    """That no canned answer has this name, and which may have been meant; or that it is in other languages alone."""
    if elsewhere := canned.languages_of(desk.canned, name):
        return line("template_elsewhere", name=name, languages=", ".join(elsewhere))
    near = ", ".join(canned.nearest(desk.canned, name))
    return line("unknown_template", name=name[:60], near=near, known=", ".join(canned.names(desk.canned)[:30]))


def _nearest(name: str, known: Sequence[str]) -> str:
    return next(iter(get_close_matches(name.lower(), [one.lower() for one in known], n=1, cutoff=0.5)), "")
