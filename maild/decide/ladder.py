"""Whom a ticket climbs to when it is urgent, or late (DESIGN 3.2, `[[ladder]]`)."""

from __future__ import annotations

from dataclasses import dataclass

from maild.decide.assign import choose
from maild.decide.turn import Turn
from maild.decision import Loads
from maild.desk import Agent, AgentId, Assign, Desk, Team
from maild.ticket import Reason, Ticket
from maild.values import replace


@dataclass(frozen=True, slots=True)
class Rung:
    """Who is next: an agent, or a team where nobody of it is chosen; `level` is what the ticket has then."""

    level: int
    owner: Agent | None
    team: Team

    @property
    def name(self) -> str:
        """As customers read it."""
        return self.owner.name if self.owner else self.team.public_name or self.team.name


def rungs_of(desk: Desk, ticket: Ticket) -> tuple[str, ...]:
    """The ladder of the ticket's team; without one its lead, then the admins."""
    team = ticket.ladder or ticket.team
    found = desk.ladder(team)
    if found:
        return found
    lead = desk.lead_of(team)
    admins = (agent.id for agent in desk.agents if agent.admin)
    return tuple(dict.fromkeys((*((lead.id,) if lead else ()), *admins)))


def next_rung(turn: Turn, loads: Loads, level: int | None = None) -> Rung | None:
    """The next one up who is there and does not have it yet; with `level`, the one at this level or above it.

    It never leads down. The first rung is level 2: below it is whoever the desk gave the ticket to.
    """
    ticket = turn.ticket
    start = max(level or 2, ticket.level + 1) - 2
    for place, spec in enumerate(rungs_of(turn.desk, ticket)):
        if place < start:
            continue
        rung = _rung(turn, loads, place + 2, spec)
        if rung is not None and (rung.owner.id if rung.owner else None, rung.team.id) != (ticket.owner, ticket.team):
            return rung
    return None


def climb(turn: Turn, rung: Rung, reason: Reason) -> None:
    """Give the ticket to a rung; it goes on climbing the ladder that it began to climb."""
    ladder = turn.ticket.ladder or turn.ticket.team
    turn.level(rung.level)
    if rung.team.id != turn.ticket.team:
        turn.team(rung.team.id, reason)
    turn.owner(rung.owner.id if rung.owner else None, reason)
    turn.ticket = replace(turn.ticket, ladder=ladder, why=reason)
    turn.because.append(f"level {rung.level}: {rung.owner.id if rung.owner else rung.team.id}")


def _rung(turn: Turn, loads: Loads, level: int, spec: str) -> Rung | None:
    """The rung as it can be stepped on now; None where nobody of it is there, or who asked would be given it."""
    desk, ticket = turn.desk, turn.ticket
    asks = frozenset({ticket.requester.key})
    kind, _, named = spec.rpartition(":")
    if kind == "team":
        team = desk.team_of(named)
        there = [one for one in map(desk.agent, team.members if team else ()) if one and desk.there(one, turn.now)]
        if team is None or not any(one.addresses.isdisjoint(asks) for one in there):
            return None
        chosen = choose(desk, team, team.assign, loads, asks, turn.now)[0] if team.assign is not Assign.NONE else None
        return Rung(level, chosen, team)
    agent, team = desk.agent(AgentId(named)), desk.team_of(ticket.team)
    if agent is None or team is None or not desk.there(agent, turn.now) or not agent.addresses.isdisjoint(asks):
        return None
    return Rung(level, agent, team)
