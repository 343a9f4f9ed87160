"""We wait for the customer: reminders while people are at work, then solved with a way back; and who is on holiday."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.promise import Clock
from maild.ticket import Status
from tests.stories.house import ANN, MORNING, House, Letter
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    PARIS,
    asks,
    at,
    due,
    left_at,
    notices,
    played,
    row,
    runs,
    runs_until,
    standing,
)

FRIDAY = at(20, "16:00")
AWAY = [("Auto-Submitted", "auto-replied (vacation)")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=KEEPS_TIME, now=FRIDAY))


def waits(house: House, words: str = "Which invoice?") -> Letter:
    """Ann asks Luc something; Luc's mail."""
    house.agent_replies(f"#pending\n\n{words}", asks(house))
    return house.last(LUC, "waiting")


def policy(house: House, **fields: object) -> None:
    house.changes(tickets=replace(house.desk.tickets, **fields))  # type: ignore[arg-type]  # fields of TicketPolicy


def told_at(house: House) -> list[tuple[str, str]]:
    """What Luc was told after the question, and when, as a clock in Paris shows it."""
    return [(letter.notice, f"{left_at(letter).astimezone(PARIS):%a %d %H:%M}") for letter in house.sent_to(LUC)[2:]]


def test_two_reminders_then_solved_with_how_to_open_it_again(house: House) -> None:
    waits(house)
    runs(house, days=20)
    assert told_at(house) == [("waiting", "Mon 23 16:00"), ("waiting", "Thu 26 16:00"), ("solved", "Mon 30 09:00")]
    first, last, solved = house.sent_to(LUC)[2:]
    assert "still waits for your answer" in first.text
    assert "mark your request as solved" not in first.text
    assert "by Monday 30 November, 09:00 (Paris), we mark your request as solved" in " ".join(last.text.split())
    assert row(last, "Next") == "You answer Ann Lee"
    assert "the ticket opens again" in " ".join(solved.text.split())
    assert house.ticket().status is Status.SOLVED
    house.receives("Number 77.", answers=solved)
    assert house.ticket().status is Status.OPEN
    assert notices(house)[-1] == "reopened"


def test_an_answer_ends_the_reminders_and_another_question_begins_anew(house: House) -> None:
    waits(house)
    runs_until(house, at(23, "17:00"))
    house.receives("Number 77.", answers=house.last(LUC, "waiting"))
    runs_until(house, at(24, "10:00"))
    house.agent_replies("#pending\n\nAnd which line of it?", house.last(ANN.email, "customer-replied"))
    runs_until(house, at(30, "09:00"))
    assert told_at(house) == [("waiting", "Mon 23 16:00"), ("waiting", "Tue 24 10:00"), ("waiting", "Fri 27 10:00")]
    assert house.ticket().status is Status.PENDING


@pytest.mark.parametrize("words", ["#open", "#hold", "#solved\n\nIt is done."])
def test_an_agent_who_changes_the_status_ends_the_reminders(house: House, words: str) -> None:
    waits(house)
    house.agent_replies(words, house.last(ANN.email, "assigned"))
    count = len(house.sent_to(LUC))
    house.changes(teams=tuple(replace(team, sla="") for team in house.desk.teams))
    runs(house, days=12)
    assert "waiting" not in [letter.notice for letter in house.sent_to(LUC)[count:]]


def test_a_reminder_waits_for_the_end_of_the_night_and_of_the_holiday(house: House) -> None:
    policy(house, remind_after=timedelta(days=1))
    house.now = at(23, "17:00", month=12)
    waits(house)
    runs(house, days=14)
    assert told_at(house)[:2] == [("waiting", "Thu 24 17:00"), ("waiting", "Mon 28 09:00")]


def test_who_keeps_no_hours_writes_by_day(tmp_path: Path) -> None:
    always = tuple(replace(team, hours="", sla="") for team in KEEPS_TIME.teams)
    house = House(tmp_path, desk=replace(KEEPS_TIME, teams=always), now=at(20, "23:00"))
    waits(house)
    runs(house, days=20)
    assert [when for _, when in told_at(house)] == ["Tue 24 08:00", "Fri 27 08:00", "Mon 30 08:00"]
    house.close()


def test_where_the_operator_wants_no_end_it_stays_open_after_the_reminders(house: House) -> None:
    policy(house, solve_after_reminders=False)
    waits(house)
    runs(house, days=60)
    assert told_at(house) == [("waiting", "Mon 23 16:00"), ("waiting", "Thu 26 16:00")]
    assert all("mark your request as solved" not in letter.text for letter in house.sent_to(LUC))
    assert house.ticket().status is Status.PENDING


def test_without_reminders_it_is_solved_when_the_time_is_over(house: House) -> None:
    policy(house, reminders=0)
    waits(house)
    runs(house, days=20)
    assert told_at(house) == [("solved", "Mon 23 16:00")]


def test_without_reminders_and_without_an_end_nothing_is_sent(house: House) -> None:
    policy(house, reminders=0, solve_after_reminders=False)
    waits(house)
    runs(house, days=60)
    assert told_at(house) == []
    assert house.ticket().status is Status.PENDING


def test_a_solve_clock_that_waited_until_nobody_answered_is_settled(house: House) -> None:
    waits(house)
    assert ("solve", "paused") in standing(house)
    runs(house, days=20)
    assert not {state for _, state in standing(house)} & {"open", "paused"}
    assert house.ticket().promised_at is None


def test_a_customers_own_vacation_reply_changes_nothing_and_the_owner_sees_until_when(house: House) -> None:
    asked = waits(house)
    before = house.ticket()
    house.receives(
        "I am on holiday until 7 December 2026.",
        answers=asked,
        headers=AWAY,
        subject="Automatic reply",
        to=asked.outgoing.envelope.sender,
        sender="",
    )
    assert house.entries()[-1].voice == "machine"
    assert (house.ticket().status, house.ticket().owner) == (before.status, before.owner)
    assert standing(house) == [("first-reply", "kept"), ("solve", "paused")]
    told = house.last(ANN.email, "note")
    assert "Luc Petit" in told.text
    assert "7 December" in told.text
    runs(house, days=20)
    assert [notice for notice, _ in told_at(house)] == ["waiting", "waiting", "solved"], "the reminders go on"


def test_a_vacation_reply_to_a_reminder_is_not_answered_and_ends_no_waiting(house: House) -> None:
    waits(house)
    runs_until(house, at(23, "16:00"))
    for _ in range(3):
        house.receives("I am away until 7 December 2026.", answers=house.sent_to(LUC)[-1], headers=AWAY, sender="")
    assert told_at(house) == [("waiting", "Mon 23 16:00")]
    assert house.ticket().status is Status.PENDING


def test_a_reminder_by_whom_nobody_proved_anything_says_nothing_of_theirs(tmp_path: Path) -> None:
    house = House(tmp_path, desk=KEEPS_TIME, now=MORNING)
    asks(house, "Zanzibar is on fire.", proven=False, subject="Zanzibar")
    house.agent_replies("#pending", house.last(ANN.email, "assigned"))
    runs(house, days=20)
    assert [notice for notice, _ in told_at(house)] == ["waiting", "waiting", "solved"]
    for letter in house.sent_to(LUC):
        assert "Zanzibar" not in letter.text + letter["Subject"]
    house.close()


def test_a_date_that_was_given_beside_the_question_is_kept_beside_the_reminders(house: House) -> None:
    house.agent_replies("#pending\n#delay 26 november 12:00 because the bank is slow\n\nWhich invoice?", asks(house))
    runs_until(house, at(27, "09:00"))
    assert told_at(house) == [("waiting", "Mon 23 16:00"), ("delayed", "Thu 26 11:30"), ("waiting", "Thu 26 16:00")]
    assert "Thursday 26 November, 12:00" in house.sent_to(LUC)[2].text
    assert due(house, Clock.DELAY) == at(27, "11:00")
