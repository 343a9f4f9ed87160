"""Take the roll at a start and at a reload: what the file says of people becomes absences and welcome mails."""

from __future__ import annotations

import logging
from datetime import datetime

from maild.act import Office, publish
from maild.decide.absence import Facts
from maild.decide.roll import Gone, on_roll
from maild.store import absences
from maild.store.engine import Tx

log = logging.getLogger("maild.roll")


def take(tx: Tx, office: Office, now: datetime) -> None:
    """Compare the file with the agents whom the desk has known, and carry out what follows."""
    desk = office.press.desk
    before = absences.agents(tx)
    here = {str(agent.id) for agent in desk.agents}
    known = {one.id for one in before.values() if one.gone_at is None}
    new = tuple(
        agent for agent in desk.agents if agent.id not in known or before[agent.id].email.lower() != agent.email.lower()
    )
    for agent in desk.agents:
        absences.know(tx, agent)
    names = {one.id: one.name for one in before.values()}
    left = sorted((known | absences.owners(tx).keys()) - here)
    for agent_id in left:
        absences.let_go(tx, agent_id, now)
    numbers = tuple((one.id, one.number) for one in absences.agents(tx).values())
    facts = Facts(numbers=numbers, fresh=absences.next_id(tx))
    gone = tuple(Gone(one, names.get(one, "")) for one in left)
    bulletin = on_roll(desk, new, gone, absences.from_file(tx), facts, now)
    publish(tx, office, bulletin, now)
    for because in bulletin.because:
        log.info("%s", because)
