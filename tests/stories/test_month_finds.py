"""What a played month has found: each thing as a story of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from maild.desk import Assign, Ladder
from tests.stories.house import ANN, BEN, BILLING, CLEO, House
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    TEAM,
    THURSDAY,
    asks,
    at,
    left_at,
    notices,
    row,
    runs,
    runs_until,
    standing,
)


def test_what_is_promised_for_just_after_the_opening_is_looked_at_when_people_are_there(tmp_path: Path) -> None:
    # the daemon is down over the date; Ann's mail and Luc's come while nobody is at work
    house = House(tmp_path, desk=KEEPS_TIME, now=THURSDAY)
    brief = asks(house)
    assert house.ticket().promised_at == at(19, "14:00")
    house.now = at(19, "20:00")
    house.agent_replies("#pending", brief)
    house.now = at(19, "22:00")
    house.receives("Number 77.", answers=house.last(LUC, "waiting"))
    assert house.ticket().promised_at == at(20, "09:01")
    runs_until(house, at(20, "12:00"))
    assert at(20, "09:00") <= left_at(house.last(LUC, "delayed")) < at(20, "09:01")
    assert left_at(house.last(ANN.email, "warning")) >= at(20, "09:00")
    assert house.faults() == []
    house.close()


def test_a_new_date_is_never_the_one_whose_place_it_takes(tmp_path: Path) -> None:
    # a Saturday that Ann gave is looked at on Friday; the team above works day and night
    nights = replace(BILLING, members=(CLEO.id,))
    desk = replace(KEEPS_TIME, teams=(TEAM, nights), ladders=(Ladder(TEAM.id, ("team:billing",)),))
    house = House(tmp_path, desk=desk, now=THURSDAY)
    house.agent_replies("#delay saturday 17:00 because the part comes then", asks(house))
    assert house.ticket().promised_at == at(21, "17:00")
    runs_until(house, at(20, "17:30"))
    told = house.last(LUC, "owner-changed")
    promised = house.ticket().promised_at
    assert promised is not None
    assert promised > at(21, "17:00")
    assert row(told, "Next").endswith("by Sunday 22 November, 17:00 (Paris)")
    assert "Saturday 21 November, 17:00" in " ".join(told.text.split()), "the one whose place it takes"
    house.close()


def test_who_wants_no_automatic_mail_still_hears_who_took_it_up(tmp_path: Path) -> None:
    house = House(tmp_path, desk=replace(KEEPS_TIME, teams=(replace(TEAM, assign=Assign.NONE), BILLING)), now=THURSDAY)
    brief = asks(house)
    house.receives("STOP", answers=house.last(LUC, "received"))
    house.agent_replies("#take", brief)
    runs(house, minutes=2)
    assert notices(house) == ["received", "status", "owner-set"]
    assert house.last(LUC)["X-Maild-Owner"] == ANN.name
    house.close()


def test_a_snooze_that_a_stopped_daemon_missed_waits_for_the_hours_of_the_team(tmp_path: Path) -> None:
    house = House(tmp_path, desk=KEEPS_TIME, now=THURSDAY)
    house.agent_replies("I look into it.\n", asks(house))
    house.agent_replies("#snooze friday 15:00 because the part comes then", house.last(ANN.email, "assigned"))
    house.now = at(21, "05:00")
    house.works()
    assert "warning" not in notices(house, ANN.email)
    runs_until(house, at(23, "09:00"))
    assert left_at(house.last(ANN.email, "warning")) == at(23, "09:00")
    house.close()


def test_a_reminder_and_a_delay_of_one_moment_are_one_mail(tmp_path: Path) -> None:
    # the daemon is down over both: a date that was given while we wait for the customer, and the reminder
    house = House(tmp_path, desk=KEEPS_TIME, now=THURSDAY)
    house.agent_replies("#delay monday 12:00 because the bank is slow\n#pending\nWhich invoice?", asks(house))
    house.now = at(24, "10:00")
    house.works()
    assert notices(house)[2:] == ["delayed"]
    runs_until(house, at(30, "18:00"))
    assert "waiting" in notices(house)[3:]
    house.close()


def test_a_move_and_a_delay_of_one_moment_are_one_mail(tmp_path: Path) -> None:
    # the daemon is down from the move until the date is over
    house = House(tmp_path, desk=KEEPS_TIME, now=THURSDAY)
    house.agent_replies("#assign ben because Ben knows it", asks(house))
    house.now = at(19, "15:00")
    house.works()
    assert notices(house) == ["received", "owner-changed"]
    told = house.last(LUC)
    assert told["X-Maild-Owner"] == BEN.name
    assert "Thursday 19 November, 14:00" in " ".join(told.text.split()), "the date that is not kept"
    runs(house, minutes=10)
    assert len(notices(house)) == 2
    house.close()


def test_a_late_ticket_that_changes_its_team_at_night_gets_a_new_date_with_the_move(tmp_path: Path) -> None:
    # the daemon is down over the date; in the evening Ann gives the ticket away
    other = replace(BILLING, hours="office", members=(BEN.id,))
    house = House(tmp_path, desk=replace(KEEPS_TIME, teams=(replace(TEAM, members=(ANN.id,)), other)), now=THURSDAY)
    brief = asks(house)
    house.now = at(19, "20:00")
    house.agent_replies("#team billing because it is theirs", brief)
    runs_until(house, at(20, "12:00"))
    assert notices(house) == ["received", "owner-changed"]
    told = house.last(LUC)
    assert left_at(told) == at(19, "20:00")
    assert "We will not keep the time that we gave you, Thursday 19 November, 14:00" in " ".join(told.text.split())
    assert row(told, "Next") == "Ben Ode answers by Monday 23 November, 09:00 (Paris)"
    assert ("first-reply", "broken") in standing(house)
    house.close()
