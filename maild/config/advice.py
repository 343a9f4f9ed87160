"""What is not wrong in the file, and may go wrong one day: told by `maild check`, and no reason to refuse it."""

from __future__ import annotations

from collections.abc import Iterator

from maild.config.check import Sheet, is_loopback
from maild.config.tables import AgentTable, LadderTable, ListenTable, TeamTable
from maild.typed import Fault, quote


def advise(sheet: Sheet) -> Iterator[Fault]:
    """Tell of what may go wrong one day; the sheet has no fault."""
    yield from _advise_on_cover(sheet)
    yield from _advise_on_promises(sheet)
    yield from _advise_on_figures(sheet)


def _advise_on_cover(sheet: Sheet) -> Iterator[Fault]:
    """Tell of each agent whose tickets nobody would take over."""
    agents = sheet.all(AgentTable)
    teams = [team for _, team in sheet.all(TeamTable)]
    for path, agent in agents:
        others = [other for _, other in agents if other.id != agent.id and other.left is None]
        if not _is_covered(agent, others, teams):
            what = (
                f"nobody covers {agent.name} in absence: there is no backup, no colleague in a team, no lead, no admin"
            )
            yield Fault(path, what, "name a backup, or let another agent be an admin: admin = true")


def _advise_on_promises(sheet: Sheet) -> Iterator[Fault]:
    """Tell of each team that promises more than its hours or its ladder can keep."""
    ladders = {ladder.team for _, ladder in sheet.all(LadderTable)}
    for path, team in sheet.all(TeamTable):
        if not team.sla:
            continue
        if not team.hours:
            what = f"the promises of {team.name} run day and night, for it has no hours"
            yield Fault((*path, "sla"), what, 'give it hours = "NAME"; leave it so if people are there at any hour')
        if not team.lead and team.id not in ladders:
            what = f"nobody gets what {team.name} does not keep: it has neither a ladder nor a lead"
            yield Fault((*path, "sla"), what, f"add a [[ladder]] with team = {quote(team.id)}, or name a lead")


def _is_covered(agent: AgentTable, others: list[AgentTable], teams: list[TeamTable]) -> bool:
    """Whether somebody would take the agent's tickets, as far as the file can tell (DESIGN part 1, promise 4)."""
    if any(other.admin or other.id == agent.backup for other in others):
        return True
    colleagues = {other.id for other in others}
    if not teams:
        return bool(colleagues)  # without a team in the file everybody is in one
    mine = [team for team in teams if agent.id in team.members or agent.id == team.lead]
    return any(not colleagues.isdisjoint({*team.members, team.lead}) for team in mine)


def _advise_on_figures(sheet: Sheet) -> Iterator[Fault]:
    """Tell that the figures leave this machine; they name no person, and still say how busy the desk is."""
    listen = sheet.one(ListenTable)
    if listen is not None and listen.metrics is not None and not is_loopback(listen.metrics[0]):
        what = f"everybody who reaches {listen.metrics[0]} can read the figures, for no password is asked"
        yield Fault(("listen", "metrics"), what, "listen on 127.0.0.1, or let a firewall choose who may ask")
