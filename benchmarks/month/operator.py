"""The operator's file as it stands at a moment of the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.month.hours import GOLD, KNOWN, SLAS
from benchmarks.month.roster import Agent, Roster

SUPPORT = "support@desk.example"
OPS = "ops@elsewhere.example"
TRUSTED = "mx.desk.example"
PEER = "127.0.0.1"
CLOSE_AFTER = timedelta(days=7)
REMIND_AFTER = timedelta(hours=36)
REMINDERS = 2

_HEAD = """\
[desk]
name = "Example Support"
address = "{support}"
timezone = "Europe/Paris"
admins = ["{ops}"]
[store]
url = "sqlite:///{folder}/maild.db"
secret_file = "{folder}/secret"
[relay]
url = "maildir:{folder}/unused"
[trust]
relays = ["{peer}"]
authserv_id = ["{trusted}"]
[tickets]
close_after = "{close_after}"
remind_after = "{remind_after}"
reminders = {reminders}
[[rule]]
name = "invoices"
on = ["new"]
when = {{ subject = ["invoice"] }}
then = {{ team = "{money}", tags = ["money"], reason = "Billing questions are answered by our accounts team." }}
[[rule]]
name = "contracts"
on = ["new"]
when = {{ subject = ["contract"] }}
then = {{ sla = "gold" }}
[[rule]]
name = "urgent words in a reply"
on = ["reply"]
when = {{ body = "lawyer" }}
then = {{ owner = "{senior}", priority = "urgent", reason = "{name} looks after urgent requests." }}
"""


def write(path: Path, roster: Roster, now: datetime) -> None:
    """Put the file in its place, whole."""
    money = "billing" if any(team.id == "billing" for team in roster.teams) else "support"
    senior = roster.agent(roster.teams[0].lead)
    head = _HEAD.format(
        support=SUPPORT,
        ops=OPS,
        folder=path.parent,
        peer=PEER,
        trusted=TRUSTED,
        close_after=f"{CLOSE_AFTER.days}d",
        remind_after=f"{REMIND_AFTER // timedelta(hours=1)}h",
        reminders=REMINDERS,
        money=money,
        senior=senior.id,
        name=senior.name.split()[0],
    )
    text = "\n".join((head, *_agents(roster, now), *_teams(roster, now), SLAS, *_hours(), *_organisation()))
    fresh = path.with_suffix(".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(path)


def _agents(roster: Roster, now: datetime) -> Iterator[str]:
    here = {agent.id for agent in roster.agents if roster.listed(agent, now)}
    for agent in roster.agents:
        if agent.id in here:
            yield "[[agent]]"
            yield from _agent(agent, roster, now, here)


def _agent(agent: Agent, roster: Roster, now: datetime, here: set[str]) -> Iterator[str]:
    yield f'id = "{agent.id}"\nname = "{agent.name}"\nemail = "{agent.email}"\ntimezone = "{agent.zone.key}"'
    if agent.backup in here:
        yield f'backup = "{agent.backup}"'
    if agent.admin:
        yield "admin = true"
    lines = [line for line in roster.lines if line.agent == agent.id and line.stands <= now < line.gone]
    if lines:
        days = ", ".join(f'"{line.first}..{line.last}"' for line in lines)
        yield f"away = [{days}]"
    if agent.id in roster.left:
        yield f"left = {roster.left[agent.id]}"


def _teams(roster: Roster, now: datetime) -> Iterator[str]:
    here = {agent.id for agent in roster.agents if roster.listed(agent, now)}
    for team in roster.teams:
        members = ", ".join(f'"{member}"' for member in team.members if member in here)
        yield f'[[team]]\nid = "{team.id}"\nname = "{team.id.title()}"\npublic_name = "{team.public_name}"'
        yield f'assign = "{team.assign}"\nlead = "{team.lead}"\nmembers = [{members}]'
        if team.address != SUPPORT:
            yield f'address = "{team.address}"'
        yield f'sla = "{"standard" if team.hours else "always"}"'
        if team.hours:
            yield f'hours = "{team.hours.name}"'
        if team.rungs:
            rungs = ", ".join(f'"{rung}"' for rung in team.rungs)
            yield f'[[ladder]]\nteam = "{team.id}"\nrungs = [{rungs}]'


def _hours() -> Iterator[str]:
    for hours in KNOWN:
        closed = ", ".join(f'"{day}"' for day in hours.closed)
        yield f'[hours.{hours.name}]\nmon-fri = "{hours.opens:%H:%M}-{hours.closes:%H:%M}"'
        yield f'timezone = "{hours.zone.key}"\nholidays = "{hours.holidays}"\nclosed = [{closed}]'


def _organisation() -> Iterator[str]:
    domains = ", ".join(f'"{domain}"' for domain in GOLD)
    yield f'[[organisation]]\nname = "Big Corp"\ndomains = [{domains}]\nsla = "gold"'
