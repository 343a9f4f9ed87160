"""What is not wrong in the file, and may go wrong one day: told by `maild check`, and no reason to refuse it."""

from __future__ import annotations

from collections.abc import Iterator

from maild.config.check import Sheet
from maild.config.tables import AgentTable, TeamTable
from maild.typed import Fault


def advise(sheet: Sheet) -> Iterator[Fault]:
    """Tell of each agent whose tickets nobody would take over; the sheet has no fault."""
    agents = sheet.all(AgentTable)
    teams = [team for _, team in sheet.all(TeamTable)]
    for path, agent in agents:
        others = [other for _, other in agents if other.id != agent.id and other.left is None]
        if not _is_covered(agent, others, teams):
            what = (
                f"nobody covers {agent.name} in absence: there is no backup, no colleague in a team, no lead, no admin"
            )
            yield Fault(path, what, "name a backup, or let another agent be an admin: admin = true")


def _is_covered(agent: AgentTable, others: list[AgentTable], teams: list[TeamTable]) -> bool:
    """Whether somebody would take the agent's tickets, as far as the file can tell (DESIGN part 1, promise 4)."""
    if any(other.admin or other.id == agent.backup for other in others):
        return True
    colleagues = {other.id for other in others}
    if not teams:
        return bool(colleagues)  # without a team in the file everybody is in one
    mine = [team for team in teams if agent.id in team.members or agent.id == team.lead]
    return any(not colleagues.isdisjoint({*team.members, team.lead}) for team in mine)
