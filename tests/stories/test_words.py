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


def test_a_closed_ticket_is_not_offered_to_be_opened_again(house: House) -> None:
    house.agent_replies("#solved", asks(house))
    house.receives("STATUS", answers=house.last(LUC))
    assert 'with "REOPEN"' in house.last(LUC, "status").text
    runs(house, days=40)
    house.receives("STATUS", answers=house.last(LUC))
    told = house.last(LUC, "status").text
    assert "opens a new ticket which continues this one" in told
    assert "REOPEN" not in told


# --- what the agent hears of a solved ticket ---


def test_the_owner_hears_that_a_reply_opened_a_solved_ticket_again(house: House) -> None:
    house.agent_replies("#solved", asks(house))
    house.receives("It is still wrong.", answers=house.last(LUC))
    told = house.last(ANN.email, "customer-replied").text
    assert "The ticket was solved, and this opened it again." in told
    assert "thanks" not in told


def test_only_a_mere_thanks_is_called_one(house: House) -> None:
    brief = asks(house)
    house.receives("CLOSE\nThe bank has paid, please keep the second licence.", answers=house.last(LUC))
    told = house.last(ANN.email, "customer-replied").text
    assert "Luc Petit replied CLOSE: it is solved." in told
    assert "thanks" not in told
    house.receives("Thank you!", answers=house.last(LUC))
    assert "It says thanks and nothing else" in house.last(ANN.email, "customer-replied").text
    assert brief
