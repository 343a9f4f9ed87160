"""A ticket comes to a team that is shut until what was promised: the customer gets a new date with the move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.desk import Ladder, TeamId
from tests.stories.house import ANN, BEN, BILLING, House, Letter
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    TEAM,
    THURSDAY,
    asks,
    at,
    left_at,
    notices,
    played,
    row,
    ruled,
    runs_until,
    standing,
)

OVERSEAS = replace(BILLING, hours="new-york", sla="standard", members=(BEN.id,))
"""At work from 15:00 in Paris; what Luc is promised in the morning is due at 14:00."""
WORLD = replace(
    KEEPS_TIME,
    teams=(replace(TEAM, members=(ANN.id,), lead=None), OVERSEAS),
    ladders=(Ladder(TeamId("support"), ("team:billing",)),),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=WORLD, now=THURSDAY))


def gives_it_away(house: House, brief: Letter) -> None:
    house.agent_replies("#team billing because it is theirs", brief)


def gives_it_away_with_words(house: House, brief: Letter) -> None:
    house.agent_replies("#team billing because it is theirs\n#note\n\nPlease look at this.", brief)


def writes_of_money(house: House, brief: Letter) -> None:
    then = {"team": "billing", "reason": "Invoices are theirs."}
    ruled(house, {"when": {"subject": "invoice"}, "then": then, "on": "reply"})
    house.receives("Where is my money?", answers=house.last(LUC))


def cannot_wait(house: House, brief: Letter) -> None:
    house.receives("ESCALATE", answers=house.last(LUC))


def cannot_wait_and_asks(house: House, brief: Letter) -> None:
    house.receives("ESCALATE\n\nWhere is my money?", answers=house.last(LUC))


@pytest.mark.parametrize(
    "move", [gives_it_away, gives_it_away_with_words, writes_of_money, cannot_wait, cannot_wait_and_asks]
)
def test_whoever_moves_it_the_customer_reads_the_new_date_at_once_in_the_mail_of_the_move(
    house: House, move: Callable[[House, Letter], None]
) -> None:
    brief = asks(house)
    assert row(house.last(LUC), "Next") == "Ann Lee answers by Thursday 19 November, 14:00 (Paris)"
    house.now = at(19, "10:30")
    move(house, brief)
    runs_until(house, at(19, "17:00"))
    assert len(notices(house)) == 2, "one mail tells it all, and nothing is told before New York is at work"
    told = house.last(LUC)
    assert left_at(told) == at(19, "10:30")
    assert "We will not keep the time that we gave you, Thursday 19 November, 14:00" in " ".join(told.text.split())
    assert row(told, "Next") == "Ben Ode answers by Thursday 19 November, 19:00 (Paris)"
    assert ("first-reply", "moved") in standing(house)
    runs_until(house, at(19, "18:31"))
    assert left_at(house.last(LUC, "delayed")) == at(19, "18:30"), "and that date is watched in New York's hours"


def test_a_clock_that_sends_it_up_to_a_team_that_is_shut_gives_every_date_anew_in_its_one_mail(house: House) -> None:
    asks(house)
    runs_until(house, at(19, "14:30"))
    assert notices(house) == ["received", "owner-changed"]
    assert row(house.last(LUC), "Next") == "Ben Ode answers by Thursday 19 November, 19:00 (Paris)"


def test_a_date_of_the_agents_own_moves_too(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#delay 3h because the bank is slow", brief)
    gives_it_away(house, brief)
    told = house.last(LUC)
    assert "We will not keep the time that we gave you, Thursday 19 November, 13:00" in " ".join(told.text.split())
    assert ("delay", "moved") in standing(house)


def test_an_agent_of_both_teams_keeps_it_and_the_customer_hears_of_the_date_alone(tmp_path: Path) -> None:
    both = replace(OVERSEAS, members=(ANN.id,))
    house = House(tmp_path, desk=replace(WORLD, teams=(WORLD.teams[0], both)), now=THURSDAY)
    gives_it_away(house, asks(house))
    assert notices(house) == ["received", "delayed"]
    assert row(house.last(LUC), "Next") == "Ann Lee answers by Thursday 19 November, 19:00 (Paris)"
    house.close()


@pytest.mark.parametrize("word", ["#solved", "#pending"])
def test_what_is_solved_or_waits_for_the_customer_needs_no_new_date(house: House, word: str) -> None:
    house.agent_replies(f"{word}\n#team billing because it is theirs", asks(house))
    assert "delayed" not in house.last(LUC).text
    assert "will not keep" not in house.last(LUC).text


def test_what_was_left_when_we_began_to_wait_is_left_when_the_other_team_goes_on(house: House) -> None:
    house.agent_replies("#pending\n#team billing because it is theirs", asks(house))
    house.now = at(19, "16:00")
    house.receives("Number 77.", answers=house.last(LUC))
    assert house.ticket().promised_at == at(19, "20:00"), "four hours were left"


def test_an_answer_with_the_move_keeps_what_was_promised(house: House) -> None:
    house.agent_replies("It is with the bank.\n\n#team billing because it is theirs", asks(house))
    assert standing(house)[0] == ("first-reply", "kept")
    assert "will not keep" not in house.last(LUC).text


def test_a_team_that_opens_before_the_date_keeps_it(house: House) -> None:
    house.now = at(19, "12:30")
    brief = asks(house)
    gives_it_away(house, brief)
    assert row(house.last(LUC), "Next") == "Ann Lee answers by Thursday 19 November, 16:30 (Paris)"
    runs_until(house, at(19, "13:00"))
    assert row(house.last(LUC), "Next") == "Ben Ode answers by Thursday 19 November, 16:30 (Paris)"


def test_a_team_that_goes_home_in_a_moment_does_not_take_on_a_date_of_before_it_is_back(house: House) -> None:
    house.now = at(18, "20:00")
    brief = asks(house)
    assert row(house.last(LUC), "Next") == "Ann Lee answers by Thursday 19 November, 13:00 (Paris)"
    house.now = at(18, "23:28") + timedelta(seconds=30)
    gives_it_away(house, brief)
    runs_until(house, at(19, "14:30"))
    assert row(house.last(LUC, "owner-changed"), "Next").startswith("Ben Ode answers by Thursday 19 November, 18:59")
    assert notices(house) == ["received", "owner-changed"]
    assert not [letter for letter in house.sent if letter.notice == "warning"], "nobody is woken"
