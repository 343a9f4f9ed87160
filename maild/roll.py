"""Take the roll at a start and at a reload: what the file says of people becomes absences and welcome mails."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maild.act import publish
from maild.decide.absence import Facts
from maild.decide.preview import Change, Outlook, tell_admins, told
from maild.decide.roll import Gone, on_roll
from maild.desk import Agent, Desk
from maild.gather import outlook_of
from maild.lines import Line
from maild.office import Office
from maild.store import absences
from maild.store.engine import Tx
from maild.templates.render import Templates

AHEAD = timedelta(days=30)
"""How far ahead a preview tells of absences that were planned before."""

log = logging.getLogger("maild.roll")


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is in the file: `new` are those whom the desk does not know, or knows at another address (`moved_house`)."""

    new: tuple[Agent, ...]
    moved_house: tuple[Agent, ...]
    gone: tuple[Gone, ...]

    @property
    def welcome(self) -> tuple[Agent, ...]:
        return (*self.new, *self.moved_house)


def call(tx: Tx, desk: Desk) -> Roll:
    """Compare the people of the file with those whom the desk has known; reads only."""
    before = absences.agents(tx)
    here = {str(agent.id) for agent in desk.agents}
    known = {one.id: one for one in before.values() if one.gone_at is None}
    moved = tuple(a for a in desk.agents if a.id in known and known[a.id].email.lower() != a.email.lower())
    left = sorted((known.keys() | absences.owners(tx).keys()) - here)
    names = {one.id: one.name for one in before.values()}
    return Roll(
        tuple(agent for agent in desk.agents if agent.id not in known),
        moved,
        tuple(Gone(one, names.get(one, "")) for one in left),
    )


def take(tx: Tx, office: Office, now: datetime) -> None:
    """Compare the file with the agents whom the desk has known, carry out what follows, and tell the admins."""
    desk, roll = office.press.desk, call(tx, office.press.desk)
    for agent in desk.agents:
        absences.know(tx, agent)
    for gone in roll.gone:
        absences.let_go(tx, gone.id, now)
    numbers = tuple((one.id, one.number) for one in absences.agents(tx).values())
    facts = Facts(numbers=numbers, fresh=absences.next_id(tx))
    bulletin = on_roll(desk, roll.welcome, roll.gone, absences.from_file(tx), facts, now)
    outcomes = outlook_of(tx, bulletin.absences, desk, now) if bulletin.absences else ()
    outlook = Outlook(roll.new, roll.moved_house, outcomes, now)
    publish(tx, office, replace(bulletin, drafts=(*bulletin.drafts, *tell_admins(outlook, desk))), now)
    for words in in_english(told(outlook, desk), office.press.templates, desk.timezone, now):
        log.info("%s", words)


def foresee(tx: Tx, desk: Desk, now: datetime) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """What a start or a reload would make of the file, and what was planned before for the next days; reads only."""
    roll = call(tx, desk)
    facts = Facts(fresh=absences.next_id(tx))
    bulletin = on_roll(desk, roll.welcome, roll.gone, absences.from_file(tx), facts, now)
    outcomes = outlook_of(tx, bulletin.absences, desk, now, now + AHEAD)
    fresh = tuple(one for one in outcomes if one.change is not Change.PLANNED)
    planned = tuple(one for one in outcomes if one.change is Change.PLANNED)
    return told(Outlook(roll.new, roll.moved_house, fresh, now), desk), told(Outlook(outcomes=planned), desk)


def in_english(lines: Iterable[Line], templates: Templates, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    """Lines as the log and the command line say them."""
    return tuple(templates.say(one, "en", zone, now) for one in lines)
