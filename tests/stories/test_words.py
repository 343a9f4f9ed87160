"""Mails as their readers read them: each sentence is true when it is sent, and nothing that matters is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stories.house import ANN, BEN, House
from tests.stories.promised import LUC, THURSDAY, WITH_LADDER, asks, played, row, runs


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=WITH_LADDER, now=THURSDAY))


# --- the last action ---


def test_the_last_action_of_a_solved_ticket_is_who_solved_it_and_when(house: House) -> None:
    brief = asks(house)
    runs(house, minutes=20)
    house.agent_replies("One licence was counted twice.", brief)
    runs(house, minutes=20)
    house.agent_replies("#solved", brief)
    assert row(house.last(LUC, "solved"), "Last action") == "Ann Lee marked it as solved, Thursday 19 November, 10:40"
    runs(house, hours=2)
    house.receives("STATUS", answers=house.last(LUC))
    assert row(house.last(LUC, "status"), "Last action") == "Ann Lee marked it as solved, Thursday 19 November, 10:40"
    house.receives("thanks", answers=house.last(LUC))
    house.receives("STATUS", answers=house.last(LUC))
    assert row(house.last(LUC, "status"), "Last action") == "We received your message, Thursday 19 November, 12:40"


def test_where_no_agent_solved_it_the_last_action_names_nobody(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#pending\nWhich licence do you use?", brief)
    runs(house, days=20)
    assert row(house.last(LUC, "solved"), "Last action") == "The request was marked as solved, Monday 30 November, 09:00"
    house.receives("REOPEN", answers=house.last(LUC))
    assert row(house.last(LUC, "reopened"), "Last action").startswith("Ann Lee wrote to you")
    runs(house, hours=1)
    house.receives("CLOSE", answers=house.last(LUC))
    assert row(house.last(LUC, "solved"), "Last action") == "The request was marked as solved, Wednesday 9 December, 11:00"
