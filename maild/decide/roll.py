"""What the operator's file says of people, compared with what the desk knew: who is new, away, or gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.absence import Absence, Leave, Source, Stage
from maild.decide.absence import RELOAD, REMOVED, Facts, declare, start_of, zone_of
from maild.decision import Bulletin, Draft, Notice
from maild.desk import Agent, AgentId, Desk
from maild.ticket import Party, Role, Use
from maild.values import replace


@dataclass(frozen=True, slots=True)
class Gone:
    """An agent who is no longer in the file, or an owner whom no file has named: the id, and the name if known."""

    id: str
    name: str


def on_roll(
    desk: Desk, new: Sequence[Agent], gone: Sequence[Gone], written: Sequence[Absence], facts: Facts, now: datetime
) -> Bulletin:
    """Decide what a start or a reload makes of the file: absences begin, change or end, and new agents are welcomed.

    `written` are all absences that came from a file, those that are over too, so that none is declared twice.
    """
    lines = tuple(line for agent in desk.agents for line in _lines(agent, desk))
    known = {(one.agent, one.key): one for one in written}
    fresh = [one for one in lines if (one.agent, one.key) not in known and (one.until is None or one.until > now)]
    kept = {(one.agent, one.key) for one in lines} | {(one.id, REMOVED) for one in gone}
    kept |= {(one.agent, REMOVED) for one in written if desk.agent(AgentId(one.agent)) is None}
    stale = [one for one in written if one.stage.stands and (one.agent, one.key) not in kept]
    absences = [*_changed(stale, fresh, now), *_left(gone, written, now)]
    replaced = {(one.agent, one.key) for one in absences}
    absences.extend(one for one in fresh if (one.agent, one.key) not in replaced)
    numbered = tuple(_at_reload(one, now) for one in _numbered(absences, facts.fresh))
    because = tuple(f"{one.agent}: {one.leave.value}, {one.stage.value}, {one.key}" for one in numbered)
    welcome = tuple(_welcome(agent, facts) for agent in new) if desk.subaddress else ()
    return Bulletin(because, absences=numbered, drafts=welcome)


def _lines(agent: Agent, desk: Desk) -> Iterator[Absence]:
    """Every absence that the file names for an agent."""
    zone = zone_of(agent, desk)
    for first, last in agent.away:
        yield declare(
            0,
            agent,
            desk,
            first=start_of(first, zone),
            last_day=last,
            leave=Leave.PLANNED,
            source=Source.FILE,
            key=f"away:{first}..{last}",
        )
    if agent.left is not None:
        yield declare(
            0,
            agent,
            desk,
            first=start_of(agent.left + timedelta(days=1), zone),
            last_day=None,
            leave=Leave.LEFT,
            source=Source.FILE,
            key=f"left:{agent.left}",
        )


def _changed(stale: Sequence[Absence], fresh: Sequence[Absence], now: datetime) -> Iterator[Absence]:
    """What becomes of an absence whose line changed or went: one that has begun takes the new dates, or ends."""
    taken: set[str] = set()
    for old in stale:
        follows = next((one for one in fresh if one.agent == old.agent and one.since <= now), None)
        if old.stage is Stage.SET:
            yield replace(old, stage=Stage.WITHDRAWN, look_at=None)
        elif follows is not None and follows.key not in taken:
            taken.add(follows.key)
            # it begins once more, because what was too short to move tickets may be long enough now
            yield replace(follows, id=old.id, stage=Stage.SET, since=old.since, look_at=now)
        else:
            yield replace(old, until=now, look_at=now)


def _left(gone: Sequence[Gone], written: Sequence[Absence], now: datetime) -> Iterator[Absence]:
    for one in gone:
        if any(old.agent == one.id and old.key == REMOVED and old.stage.stands for old in written):
            continue
        yield Absence(
            id=0,
            agent=one.id,
            leave=Leave.LEFT,
            since=now,
            until=None,
            source=Source.FILE,
            stage=Stage.SET,
            told=one.name,
            key=REMOVED,
            look_at=now,
        )


def _at_reload(one: Absence, now: datetime) -> Absence:
    """The absence with a note of what made it, where it begins at once."""
    return replace(one, by=RELOAD) if one.stage is Stage.SET and one.since <= now else one


def _numbered(absences: Sequence[Absence], first: int) -> tuple[Absence, ...]:
    numbered: list[Absence] = []
    for one in absences:
        numbered.append(one if one.id else replace(one, id=first))
        first += 0 if one.id else 1
    return tuple(numbered)


def _welcome(agent: Agent, facts: Facts) -> Draft:
    party = Party(facts.number(agent.id), agent.email, agent.name, Role.AGENT, proven=True, kept=True, agent=agent.id)
    return Draft(party, frozenset({Notice.WELCOME}), Use.PERSONAL, auto=True, proven=True)
