"""`maild agents`: who answers, who is away and who covers; and an admin's word about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from maild.cli import place, screen
from maild.cli.absent import span, state
from maild.cli.choice import DAY, Failure, load, wants_json, with_config, with_json
from maild.cli.snapshot import is_there, snapshot, who_asks, write
from maild.cli.verbs import Verbs
from maild.dates import Unread, read

if TYPE_CHECKING:
    from maild.absence import Absence
    from maild.config import Config
    from maild.decision import Loads
    from maild.desk import Agent, Desk
    from maild.store.engine import Tx


@dataclass(frozen=True, slots=True)
class Standing:
    """One agent as things stand. `here` is False for who has left; `cover` is who would get the work now: an agent,
    a whole team as in `team:billing`, or "" where nobody is there."""

    agent: Agent
    teams: tuple[str, ...]
    open_tickets: int
    here: bool
    away: Absence | None
    coming: tuple[Absence, ...]
    cover: str


@click.group(cls=Verbs, invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def agents(ctx: click.Context) -> None:
    """List the agents, or say who is away, back or gone."""
    if ctx.invoked_subcommand is None:
        _list()


@agents.command("list")
@with_config
@with_json
def list_agents() -> None:
    """List the agents: who is there, who is away, and who covers."""
    _list()


@agents.command("away")
@with_config
@click.argument("agent")
@click.argument("days", nargs=-1, required=True, metavar="FROM..TO")
@click.option("--backup", metavar="WHO", default="", help="Who covers this time; else the usual backup.")
@click.option("--because", metavar="TEXT", default="", help="For colleagues only; customers read that one is away.")
def away(agent: str, days: tuple[str, ...], backup: str, because: str) -> None:
    """Say that an agent is away; open tickets move at its start.

    FROM..TO are days like 2026-12-01..2026-12-07 or 1 dec..7 dec, both away; one day alone; or 2026-12-01.. where
    nobody knows the end. An absence that these days touch is replaced; what it has moved stays moved.
    """
    written = " ".join(days)
    match read(written):
        case Unread.TWO_WAYS:
            raise click.UsageError(f"{written[:40]!r} can be read in two ways; write it like 2026-12-01..2026-12-07")
        case Unread.UNCLEAR:
            raise click.UsageError(f"{written[:40]!r} are no days; write them like 2026-12-01..2026-12-07")
        case _:
            reason = " ".join(because.split())[:500]
            _say("agent-away", agent, {"days": written, "backup": backup, "because": reason})


@agents.command("back")
@with_config
@click.option("--planned", is_flag=True, help="Take back what is planned, too.")
@click.argument("agent")
def back(agent: str, planned: bool) -> None:
    """Say that an agent is back; absence.on_return tells what comes back."""
    _say("agent-back", agent, {"planned": planned})


@agents.command("left")
@with_config
@click.argument("agent")
@click.argument("day", type=DAY, required=False, metavar="[DATE]")
def left(agent: str, day: date | None) -> None:
    """Say an agent's last day, today if left out; tickets move after it.

    For somebody who is gone already, give an earlier day: the tickets then move at once. Take the agent out of the
    file, too, so that their mail counts as a stranger's.
    """
    _say("agent-left", agent, {"last": day.isoformat() if day else None})


def _say(verb: str, agent: str, request: Mapping[str, Any]) -> None:
    config = load()
    if not is_there(config):
        folder = place.folder(config.store.url, config.store.folder)
        raise Failure(f"{folder}: maild has not run here yet; write it into the file instead")
    write(config, {"do": verb, "agent": agent, "by": who_asks(), **request})


def _list() -> None:
    config = load()
    now = datetime.now(UTC)
    with snapshot(config) as tx:
        standings = list(_standings(tx, config, now))
    if wants_json():
        screen.tell_json([_shape(one) for one in standings])
        return
    screen.table(("Agent", "Open", "Now", "Cover", "Next"), (_work(one, config.desk) for one in standings))
    screen.line()
    screen.table(("Agent", "Name", "Teams", "Address"), (_person(one) for one in standings))


def _standings(tx: Tx | None, config: Config, now: datetime) -> Iterator[Standing]:
    """Every agent of the file, and whoever is out of it and still has tickets."""
    from maild.decision import Loads

    if tx is None:
        desk = replace(config.desk, absences=_from_file(config.desk, now))
        yield from (_standing(agent, desk, Loads(), now) for agent in desk.agents)
        return
    from maild.store import absences, tickets

    desk = absences.with_absences(tx, config.desk)
    loads = Loads(tickets.open_counts(tx), tickets.last_owners(tx))
    people = (*desk.agents, *_out_of_file(tx, desk, loads))
    yield from (_standing(agent, desk, loads, now) for agent in people)


def _from_file(desk: Desk, now: datetime) -> tuple[Absence, ...]:
    """What the file says of absences, where no store knows better."""
    from maild.decide.absence import NO_FACTS
    from maild.decide.roll import on_roll

    return on_roll(desk, (), (), (), NO_FACTS, now).absences


def _out_of_file(tx: Tx, desk: Desk, loads: Loads) -> Iterator[Agent]:
    from maild.desk import Agent, AgentId
    from maild.store import absences

    known = absences.agents(tx)
    for name in sorted(loads.open.keys() - {str(agent.id) for agent in desk.agents}):
        one = known.get(name)
        yield Agent(AgentId(name), one.name if one else name, one.email if one else "")


def _standing(agent: Agent, desk: Desk, loads: Loads, now: datetime) -> Standing:
    from maild.decide.cover import cover_of

    teams = tuple(str(team.id) for team in desk.teams if agent.id in team.members)
    mine = sorted((one for one in desk.absences if one.agent == agent.id), key=lambda one: one.since)
    away = desk.away(agent, now)
    cover = cover_of(desk, next(iter(teams), desk.team), agent.addresses, agent.id, away, loads, now)
    team = f"team:{next(iter(teams), desk.team)}"
    return Standing(
        agent=agent,
        teams=teams,
        open_tickets=loads.open.get(agent.id, 0),
        here=desk.agent(agent.id) is not None and desk.works(agent, now),
        away=away,
        coming=tuple(one for one in mine if one.since > now),
        cover=str(cover.owner.id) if cover.owner else "" if cover.nobody else team,
    )


def _work(one: Standing, desk: Desk) -> tuple[object, ...]:
    """What somebody carries, and who carries it in absence; a whole team stands in brackets."""
    now = state(one.away, desk) if one.away else "there" if one.here else "left"
    cover = f"({one.cover.removeprefix('team:')})" if one.cover.startswith("team:") else one.cover or "nobody"
    coming = ", ".join(span(absence, desk) for absence in one.coming[:3])
    return one.agent.id, one.open_tickets, now, cover, coming or "-"


def _person(one: Standing) -> tuple[object, ...]:
    agent = one.agent
    name = f"{agent.name}, admin" if agent.admin else agent.name
    return agent.id, name, " ".join(one.teams) or "-", agent.email or "-"


def _shape(one: Standing) -> dict[str, Any]:
    from maild import show

    agent = one.agent
    return {
        "id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "teams": list(one.teams),
        "admin": agent.admin,
        "open_tickets": one.open_tickets,
        "present": one.here and one.away is None,
        "left": not one.here,
        "away": show.absence(one.away) if one.away else None,
        "cover": one.cover or None,
        "next": [show.absence(absence) for absence in one.coming],
    }
