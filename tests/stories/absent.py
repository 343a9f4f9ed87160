"""What the stories of absences that were learnt have in common: a desk with covers, and what can be seen of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from maild.absence import Absence
from maild.desk import AbsencePolicy, Agent
from maild.store import absences
from tests.stories.house import ANN, BEN, CLEO, DESK, House, Letter
from tests.stories.promises import broken

LUC = "luc@customer.example"
COVERED = replace(ANN, backup=BEN.id)
AGENTS = (COVERED, BEN, CLEO)


def opened(folder: Path, *, subaddress: str = "+", agents: tuple[Agent, ...] = AGENTS, **policy: object) -> House:
    wanted = AbsencePolicy(**policy)  # type: ignore[arg-type]  # fields of AbsencePolicy
    house = House(folder, desk=replace(DESK, agents=agents, absence=wanted, subaddress=subaddress))
    house.takes_roll()
    return house


@contextmanager
def checked(house: House) -> Iterator[House]:
    """A house whose promises are looked at in the end."""
    yield house
    assert house.faults() == []
    assert broken(house) == []
    house.close()


def asks(house: House, **more: object) -> Letter:
    house.receives("Invoice 77 shows two licences.", **more)  # type: ignore[arg-type]  # as written
    brief = house.last(ANN.email, "assigned")
    house.passes(seconds=1)
    return brief


def standing(house: House, agent: Agent = ANN) -> list[Absence]:
    with house.store.read() as tx:
        return list(absences.living(tx, agent.id))


def told(house: House, address: str) -> list[Letter]:
    """What somebody was told of absences."""
    return [letter for letter in house.sent_to(address) if letter.notice == "absence"]


def moves(house: House) -> list[Letter]:
    return [letter for letter in house.sent_to(LUC) if letter.notice in {"owner-changed", "owner-set"}]


def says_yes(house: House, letter: Letter, agent: Agent) -> int:
    """Somebody says yes to a question, at the address that it names for this."""
    address = next(word.rstrip(".,") for word in letter.text.split() if "+" in word and "@" in word)
    return house.agent_replies("#yes", letter, agent=agent, to=address)
