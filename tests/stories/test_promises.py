"""Promises: a date in a mail is made by a clock, stands in a ledger, and is kept or renewed before it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from maild.desk import Ladder, Sla, TeamId, Times
from maild.hours import Calendar, Work
from maild.promise import Promise, Standing
from maild.store import promises
from tests.stories.house import ANN, BEN, CLEO, DESK, SUPPORT, House
from tests.stories.promises import broken

LUC = "luc@customer.example"
PARIS = ZoneInfo("Europe/Paris")
OFFICE = Calendar("office", PARIS, (((540, 1050),),) * 5 + ((),) * 2)
STANDARD = Sla(
    "standard",
    Times(Work(time=timedelta(hours=4)), Work(time=timedelta(hours=8)), Work(days=2), Work(days=5)),
)
TEAM = replace(SUPPORT, hours="office", sla="standard", members=(ANN.id, BEN.id))
KEEPS_TIME = replace(
    DESK,
    timezone=PARIS,
    teams=(TEAM, *DESK.teams[1:]),
    calendars=(OFFICE,),
    slas=(STANDARD,),
    ladders=(Ladder(TeamId("support"), ("cleo",)),),
)
THURSDAY = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path, desk=KEEPS_TIME, now=THURSDAY)
    yield built
    assert built.faults() == []
    assert broken(built) == []
    built.close()


def ledger(house: House, number: int = 1) -> tuple[Promise, ...]:
    with house.store.read() as tx:
        return promises.ledger(tx, number)


def standing(house: House) -> list[tuple[str, str]]:
    return [(one.clock.value, one.standing.value) for one in ledger(house)]


def test_a_first_mail_is_told_by_when_it_is_answered_and_the_ledger_says_the_same(house: House) -> None:
    house.receives("The invoice is wrong.")
    told = house.last(LUC, "received")
    assert "will answer by Thursday 19 November, 14:00 (Paris)" in " ".join(told.text.split())
    assert "answers by Thursday 19 November, 14:00" in told.text
    assert house.ticket().promised_at == datetime(2026, 11, 19, 13, 0, tzinfo=UTC)
    assert standing(house) == [("first-reply", "open"), ("solve", "open")]


def test_the_owner_is_warned_then_the_customer_hears_before_the_date_and_the_next_rung_has_it(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.passes(hours=3, minutes=1)
    warned = house.last(ANN.email, "warning")
    assert "Thursday 19 November, 14:00" in warned.text
    house.passes(minutes=30)
    told = house.last(LUC, "owner-changed")
    assert house.now < datetime(2026, 11, 19, 13, 0, tzinfo=UTC)
    assert "Cleo Roy" in told.text
    assert "Friday 20 November, 09:" in told.text
    assert house.ticket().owner == CLEO.id
    assert house.ticket().level == 2
    assert standing(house) == [("first-reply", "broken"), ("solve", "open"), ("first-reply", "open")]
    assert "Luc Petit" in house.last(CLEO.email, "assigned").text


def test_an_answer_keeps_the_promise_and_the_next_word_is_promised(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("I look into it.", house.last(ANN.email, "assigned"))
    assert [one.standing for one in ledger(house)] == [Standing.KEPT, Standing.OPEN, Standing.OPEN]
    assert "Ann Lee writes to you by Monday 23 November, 10:00" in house.last(LUC, "reply").text


def test_a_clock_stands_still_while_we_wait_for_the_customer(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("#pending\n\nWhich invoice?", house.last(ANN.email, "assigned"))
    assert house.ticket().promised_at is None
    assert ("solve", "paused") in standing(house)
    house.passes(days=1)
    house.receives("Number 77.", answers=house.sent_to(LUC)[-1])
    assert ("solve", "open") in standing(house)
    assert ("next-reply", "open") in standing(house)


def test_a_delay_is_told_with_its_reason_and_moves_the_promise(house: House) -> None:
    house.receives("The invoice is wrong.")
    brief = house.last(ANN.email, "assigned")
    house.agent_replies("#delay monday 12:00 because the bank has not answered yet", brief)
    told = house.last(LUC, "delayed")
    assert "you hear from Ann by Monday 23 November, 12:00 (Paris)." in told.text
    assert 'Ann Lee writes: "the bank has not answered yet."' in told.text
    assert standing(house) == [("first-reply", "moved"), ("solve", "open"), ("delay", "open")]
    assert house.ticket().promised_at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def test_a_customer_asks_where_it_stands_and_is_answered_at_once(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.receives("STATUS", answers=house.last(LUC, "received"))
    told = house.last(LUC, "status")
    assert "answers by Thursday 19 November, 14:00" in told.text
    assert len(house.entries()) == 1
    assert house.sent_to(ANN.email)[1:] == []
    house.receives("History", answers=told)
    assert "You wrote to us" in house.last(LUC, "history").text
    house.receives("help", answers=told)
    assert "ESCALATE" in house.last(LUC, "help").text


def test_a_customer_escalates_and_hears_who_takes_it_up(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.receives("Escalate", answers=house.last(LUC, "received"))
    assert house.ticket().owner == CLEO.id
    assert house.last(LUC)["X-Maild-Notice"] == "owner-changed"
    house.receives("CLOSE", answers=house.last(LUC))
    assert house.ticket().status.value == "solved"
    house.receives("reopen", answers=house.last(LUC))
    assert house.ticket().status.value == "open"


def test_who_is_asked_and_does_not_answer_is_reminded_then_it_is_solved(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("#pending\n\nWhich invoice?", house.last(ANN.email, "assigned"))
    for _ in range(24 * 15):
        house.passes(hours=1)
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received", "waiting", "waiting", "waiting", "solved"]
    assert house.ticket().status.value == "solved"


def test_a_snooze_reminds_the_agent_and_the_customer_hears_nothing(house: House) -> None:
    house.receives("The invoice is wrong.")
    brief = house.last(ANN.email, "assigned")
    house.agent_replies("#snooze 2h because the bank opens then", brief)
    assert "still expects a word" in house.last(ANN.email, "receipt").text
    house.passes(hours=2)
    assert "the bank opens then" in house.last(ANN.email, "warning").text
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received"]
    assert ("snooze", "kept") in standing(house)


def test_after_a_night_without_a_daemon_nobody_is_written_to_before_the_morning(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.now = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    house.works()
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received"]
    house.passes(hours=7)
    assert house.last(LUC)["X-Maild-Notice"] == "owner-changed"


@pytest.mark.parametrize(
    ("said", "language"),
    [
        *(("СТАТУС", "ru"), ("statut", "fr"), ("Estatus.", "es"), ("Situação?", "pt"), ("Sachstand", "de")),
        ("Status", "en"),
        ("Estado.", "en"),  # Spanish and Portuguese: the language of the request stays
    ],
)
def test_a_word_is_answered_in_its_own_language(house: House, said: str, language: str) -> None:
    house.receives("The invoice is wrong.")
    house.receives(said, answers=house.last(LUC, "received"))
    told = house.last(LUC, "status")
    assert told["Content-Language"] == language
    assert f'lang="{language}"' in told.html


def test_a_customer_who_writes_again_does_not_make_the_date_later_that_was_told(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("I look into it.", house.last(ANN.email, "assigned"))
    told = house.last(LUC, "reply")
    assert "Ann Lee writes to you by Monday 23 November, 10:00" in told.text
    house.now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    house.receives("Is there any news?", answers=told)
    assert house.ticket().promised_at == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert standing(house)[-1] == ("next-reply", "open")


def test_who_was_warned_of_a_date_is_warned_of_the_later_one_too(house: House) -> None:
    house.receives("The invoice is wrong.")
    brief = house.last(ANN.email, "assigned")
    house.passes(hours=3, minutes=5)
    house.agent_replies("#pending", brief)
    house.passes(days=4)
    house.receives("Number 77.", answers=house.last(LUC, "waiting"))
    before = len(house.sent_to(ANN.email))
    house.passes(minutes=42)
    assert [letter.notice for letter in house.sent_to(ANN.email)[before:]] == ["warning"]


def test_another_team_after_an_escalation_is_told_as_a_move_and_not_as_a_step_up(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("#escalate because it is about the contract", house.last(ANN.email, "assigned"))
    assert house.ticket().level == 2
    house.agent_replies("#team billing because it is about money", house.last(CLEO.email, "assigned"), CLEO)
    house.passes(minutes=2)
    told = house.last(LUC)
    assert told.notice == "owner-changed"
    assert "one step up" not in told.text
    assert house.ticket().level == 1
