"""Days on which everybody does anything: whatever happens, every mail is decided and every promise kept."""

from __future__ import annotations

import random

import pytest

from maild.store import inbox
from tests.stories.house import House

PEOPLE = (
    "Luc Petit <luc@customer.example>",
    "Max <max@customer.example>",
    "eve@elsewhere.example",
    "noreply@shop.example",
)
MARKS: tuple[list[tuple[str, str]], ...] = (
    [],
    [],
    [],
    [("Auto-Submitted", "auto-replied")],
    [("List-Id", "<team.customer.example>")],
    [("Precedence", "bulk")],
    [("Cc", "max@customer.example, billing@desk.example")],
)
WORDS = ("Hello.", "Thanks!", "It is wrong.", "", "#solved", "Write to support+aaaa@desk.example", "> old\n\nnew")
COMMANDS = (
    *("#solved\nDone.", "#pending\nWhich one?", "#hold", "#reopen", "#note hm", "Answer.", "#accept", "#list"),
    *("#assign ben because Ben knows", "#assign ann because Ann knows", "#release because it is late"),
    *("#team billing because it is money", "#show 1", "#history 2", "#tag a", "#nonsense"),
)
OURS = ("support@desk.example", "billing@desk.example", "support@desk.example, billing@desk.example", "x@y.example")
SPANS = (30, 61, 400, 4_000, 90_000, 3_000_000)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_every_mail_is_decided_and_every_promise_kept(house: House, seed: int) -> None:
    chance = random.Random(seed)
    if seed % 4 == 3:
        house.changes(subaddress="")
    for _ in range(30):
        act = chance.random()
        if act < 0.35 or not house.sent:
            _somebody_writes(house, chance)
        elif act < 0.6:
            _somebody_answers(house, chance)
        elif act < 0.9:
            _an_agent_answers(house, chance)
        else:
            house.passes(seconds=chance.choice(SPANS))
    with house.store.read() as tx:
        for kept in inbox.listing(tx):
            assert kept.state in {"ticket", "duplicate", "done", "quarantine"}
            assert "could not be decided" not in " ".join(kept.because)


def _somebody_writes(house: House, chance: random.Random) -> None:
    house.receives(
        chance.choice(WORDS),
        author=chance.choice(PEOPLE),
        proven=chance.random() < 0.7,
        headers=chance.choice(MARKS),
        to=chance.choice(OURS),
        rcpt=[chance.choice(OURS[:2])],
        subject=chance.choice(("A", "[#1] A", "Re: A", "[#2] b", "")),
        message_id=chance.choice(("", "<same@x.example>")),
        sender=chance.choice((None, None, "")),
    )


def _somebody_answers(house: House, chance: random.Random) -> None:
    answered = chance.choice(house.sent)
    house.receives(
        chance.choice(WORDS),
        author=chance.choice(PEOPLE),
        proven=chance.random() < 0.7,
        answers=answered,
        to=chance.choice((None, answered.outgoing.envelope.sender or None)),
        headers=chance.choice(MARKS),
        sender=chance.choice((None, None, "")),
    )


def _an_agent_answers(house: House, chance: random.Random) -> None:
    letters = [(letter, agent) for letter in house.sent if (agent := house.desk.agent_at(letter.to)) is not None]
    if letters:
        letter, agent = chance.choice(letters)
        house.agent_replies(chance.choice(COMMANDS), letter, agent=agent, proven=chance.random() < 0.9)
