"""Who takes over when somebody is not there: never nobody (DESIGN part 1, promise 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maild.absence import Absence
from maild.decide.assign import choose
from maild.decision import Loads
from maild.desk import Agent, AgentId, Assign, Desk


@dataclass(frozen=True, slots=True)
class Cover:
    """Who has a ticket while its owner is away: an agent, or the team where `owner` is None; `because` are the steps.

    `nobody` says that not one agent is there, so that the admins must hear of it.
    """

    owner: Agent | None
    because: tuple[str, ...]
    nobody: bool = False


def cover_of(
    desk: Desk, team_id: str, not_to: frozenset[str], absent: str, absence: Absence | None, loads: Loads, now: datetime
) -> Cover:
    """Backup, the backup's backup, the team, its lead, the admins; whoever is away is passed over.

    `not_to` are the addresses of who asked; `absent` is the id of the owner before, who may be out of the file;
    `absence` may name a backup of its own.
    """
    steps: list[str] = []
    named = _backup(desk, not_to, absent, absence, now, steps)
    if named is not None:
        return Cover(named, tuple(steps))
    team = desk.team_of(team_id)
    members = [one for one in map(desk.agent, team.members if team else ()) if _can(desk, one, not_to, now)]
    if team is not None and members and team.assign is Assign.NONE:
        return Cover(None, (*steps, f"team {team.id} has it"))
    if team is not None and members:
        chosen, _ = choose(desk, team, team.assign, loads, not_to, now)
        if chosen is not None:
            return Cover(chosen, (*steps, f"{chosen.id} of team {team.id}"))
    lead = desk.lead_of(team_id)
    if lead is not None and _can(desk, lead, not_to, now):
        return Cover(lead, (*steps, f"{lead.id} leads team {team_id}"))
    admin = next((one for one in desk.agents if one.admin and _can(desk, one, not_to, now)), None)
    if admin is not None:
        return Cover(admin, (*steps, f"{admin.id} is an admin"))
    return Cover(None, (*steps, "no agent is there: it waits for its team, and the admins are told"), nobody=True)


def _backup(
    desk: Desk, not_to: frozenset[str], absent: str, absence: Absence | None, now: datetime, steps: list[str]
) -> Agent | None:
    """Follow the chain of backups; one that leads in a circle ends."""
    owner = desk.agent(absent)
    following = (absence.backup if absence else None) or (owner.backup if owner else None)
    seen = {absent}
    while following is not None and following not in seen:
        seen.add(following)
        agent = desk.agent(AgentId(following))
        if agent is not None and _can(desk, agent, not_to, now):
            steps.append(f"{following} is the backup")
            return agent
        steps.append(f"{following} cannot take it")
        away = desk.away(agent, now)
        following = (away.backup if away else None) or (agent.backup if agent else None)
    return None


def _can(desk: Desk, agent: Agent | None, not_to: frozenset[str], now: datetime) -> bool:
    return agent is not None and desk.there(agent, now) and agent.addresses.isdisjoint(not_to)
