"""Every clock of a promise: whose it is, which hours it counts, when it stands still, and what the customer reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from maild.desk import Organisation, Sla, Times
from maild.hours import Calendar, Work
from maild.promise import Clock
from maild.store import timers
from tests.stories.house import ANN, BEN, BILLING, House, Letter
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    NEW_YORK,
    OFFICE,
    PARIS,
    TEAM,
    THURSDAY,
    WITH_LADDER,
    asks,
    at,
    broken_ones,
    due,
    hours,
    ledger,
    left_at,
    notices,
    played,
    row,
    ruled,
    runs,
    runs_until,
    standing,
    unkept,
    with_sla,
)

ONE_CLOCK = {
    Clock.FIRST_REPLY: Times(first_reply=hours(4)),
    Clock.NEXT_REPLY: Times(next_reply=hours(4)),
    Clock.UPDATE: Times(update_every=hours(4)),
    Clock.SOLVE: Times(solve=hours(4)),
}
QUICK = Times(first_reply=hours(1), next_reply=hours(1))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=KEEPS_TIME, now=THURSDAY))


def starts(house: House, clock: Clock) -> Letter:
    """The conversation goes on until this clock runs, at 10:00; Ann's newest mail to act on."""
    brief = asks(house)
    if clock is Clock.NEXT_REPLY:
        house.agent_replies("I look into it.", brief)
        assert ledger(house) == ()
        house.receives("And 78, too.", answers=house.last(LUC, "reply"))
        return house.last(ANN.email, "customer-replied")
    return brief


# --- the four clocks, and whose times they are ---


@pytest.mark.parametrize("clock", ONE_CLOCK)
def test_each_clock_is_told_with_its_date_warned_of_and_renewed_before_it_breaks(house: House, clock: Clock) -> None:
    house.changes(slas=with_sla(ONE_CLOCK[clock]))
    starts(house, clock)
    assert standing(house) == [(clock.value, "open")]
    assert due(house, clock) == house.ticket().promised_at == at(19, "14:00")
    runs_until(house, at(19, "12:59"))
    assert "warning" not in notices(house, ANN.email)
    runs_until(house, at(19, "13:01"))
    assert "Thursday 19 November, 14:00" in house.last(ANN.email, "warning").text
    runs_until(house, at(19, "13:29"))
    assert "delayed" not in notices(house)
    runs_until(house, at(19, "13:31"))
    told = house.last(LUC, "delayed")
    assert left_at(told) < at(19, "14:00")
    assert standing(house) == [(clock.value, "broken"), (clock.value, "open")]
    assert house.ticket().promised_at == due(house, clock) == at(19, "17:30")
    assert row(told, "Next").endswith("Thursday 19 November, 17:30 (Paris)")
    # no mail went to Luc after his second message: that date was never given, so it is not taken back
    assert ("Thursday 19 November, 14:00" in told.text) is (clock is not Clock.NEXT_REPLY)


@pytest.mark.parametrize("clock", [Clock.FIRST_REPLY, Clock.NEXT_REPLY, Clock.UPDATE])
def test_an_answer_keeps_each_clock_that_waits_for_words_and_nobody_hears_of_it_again(
    house: House, clock: Clock
) -> None:
    house.changes(slas=with_sla(ONE_CLOCK[clock]))
    house.agent_replies("It is corrected.", starts(house, clock))
    assert standing(house) == [(clock.value, "kept"), *([("update", "open")] if clock is Clock.UPDATE else [])]
    runs_until(house, at(19, "13:29" if clock is Clock.UPDATE else "17:29"))
    assert "delayed" not in notices(house)


def test_solving_keeps_the_solve_clock_and_opening_it_again_starts_a_new_one(house: House) -> None:
    house.changes(slas=with_sla(ONE_CLOCK[Clock.SOLVE]))
    house.agent_replies("#solved\n\nIt is corrected.", asks(house))
    assert standing(house) == [("solve", "kept")]
    assert house.ticket().promised_at is None
    house.receives("It is not.", answers=house.last(LUC, "solved"))
    assert standing(house) == [("solve", "kept"), ("solve", "open")]
    assert row(house.last(LUC, "reopened"), "Next") == "Ann Lee has it solved by Thursday 19 November, 14:00 (Paris)"


def test_a_note_to_colleagues_and_a_customers_thanks_neither_keep_nor_start_a_clock(house: House) -> None:
    house.changes(slas=with_sla(Times(first_reply=hours(4), next_reply=hours(4))))
    brief = asks(house)
    house.agent_replies("#note\n\nWho knows more?", brief)
    assert standing(house) == [("first-reply", "open")]
    house.agent_replies("It is corrected.", brief)
    house.receives("Thank you!", answers=house.last(LUC, "reply"))
    assert standing(house) == [("first-reply", "kept")]
    assert house.ticket().promised_at is None


def test_each_team_keeps_its_own_times(house: House) -> None:
    slas = (*house.desk.slas, Sla("quick", QUICK))
    house.changes(slas=slas, teams=(TEAM, replace(BILLING, hours="office", sla="quick")))
    asks(house)
    house.receives("Pay me.", author="mia@customer.example", to="billing@desk.example")
    assert (due(house, Clock.FIRST_REPLY), due(house, Clock.FIRST_REPLY, 2)) == (at(19, "14:00"), at(19, "11:00"))


def test_what_a_rule_calls_urgent_is_promised_sooner_and_what_becomes_urgent_is_from_the_next_word_on(
    house: House,
) -> None:
    house.changes(slas=with_sla(Times(hours(4), hours(8)), ("urgent", QUICK)))
    ruled(house, {"when": {"subject": "fire"}, "then": {"priority": "urgent"}})
    house.receives("Help.", subject="Fire in the server room")
    assert due(house, Clock.FIRST_REPLY) == at(19, "11:00")
    house.receives("The invoice is wrong.", author="mia@customer.example")
    brief = house.last(ANN.email, "assigned") if house.ticket(2).owner == "ann" else house.last(BEN.email, "assigned")
    owner = ANN if house.ticket(2).owner == "ann" else BEN
    house.agent_replies("#urgent\n\nI look into it.", brief, agent=owner)
    house.receives("And 78.", author="mia@customer.example", answers=house.last("mia@customer.example", "reply"))
    assert due(house, Clock.NEXT_REPLY, 2) == at(19, "11:00")


def test_an_organisations_sla_counts_for_an_address_that_is_proven_and_for_no_other(house: House) -> None:
    gold = Organisation("Big Corp", ("customer.example",), sla="gold")
    house.changes(slas=(*house.desk.slas, Sla("gold", QUICK)), organisations=(gold,))
    asks(house)
    asks(house, proven=False, author="mia@customer.example")
    assert (due(house, Clock.FIRST_REPLY), due(house, Clock.FIRST_REPLY, 2)) == (at(19, "11:00"), at(19, "14:00"))


def test_the_sla_of_a_rule_comes_before_the_organisations_and_the_teams(house: House) -> None:
    gold = Organisation("Big Corp", ("customer.example",), sla="gold")
    half = Sla("half", Times(first_reply=Work(time=timedelta(minutes=30))))
    house.changes(slas=(*house.desk.slas, Sla("gold", QUICK), half), organisations=(gold,))
    ruled(house, {"when": {"subject": "outage"}, "then": {"sla": "half"}})
    asks(house, subject="Outage of line 3")
    asks(house, subject="A question")
    assert (due(house, Clock.FIRST_REPLY), due(house, Clock.FIRST_REPLY, 2)) == (at(19, "10:30"), at(19, "11:00"))


# --- hours, holidays, closures, zones ---


@pytest.mark.parametrize(
    ("month", "friday", "paris", "new_york"),
    [
        (4, 3, "Tuesday 7 April, 13:00 (Paris)", "Monday 6 April, 19:00 (Paris)"),  # Easter Monday: France alone
        (5, 22, "Tuesday 26 May, 13:00 (Paris)", "Tuesday 26 May, 19:00 (Paris)"),  # Whit Monday, and Memorial Day
        (9, 4, "Monday 7 September, 13:00 (Paris)", "Tuesday 8 September, 19:00 (Paris)"),  # Labor Day: America alone
    ],
    ids=["Easter", "Whitsun", "Labor Day"],
)
def test_a_friday_evening_mail_before_a_public_holiday_waits_for_the_next_working_day_of_its_team(
    tmp_path: Path, month: int, friday: int, paris: str, new_york: str
) -> None:
    overseas = replace(BILLING, hours="new-york", sla="standard")
    late = at(friday, "23:45", month)  # 17:45 in New York
    house = House(tmp_path, desk=replace(KEEPS_TIME, teams=(TEAM, overseas)), now=late)
    asks(house)
    house.receives("Pay me.", author="mia@customer.example", to="billing@desk.example")
    assert f"by {paris}" in " ".join(house.last(LUC).text.split())
    assert f"by {new_york}" in " ".join(house.last("mia@customer.example").text.split())
    until = max(ticket.promised_at for ticket in house.tickets if ticket.promised_at)
    runs_until(house, until)
    for address, zone, of in ((LUC, PARIS, 1), ("mia@customer.example", NEW_YORK, 2)):
        told = next(letter for letter in house.sent_to(address) if letter.notice == "delayed")
        assert left_at(told) < broken_ones(house, of)[0].due_at
        assert left_at(told).astimezone(zone).hour == 12
    house.close()


def test_thanksgiving_is_a_day_off_in_new_york_and_none_in_paris(tmp_path: Path) -> None:
    overseas = replace(BILLING, hours="new-york", sla="standard")
    house = House(tmp_path, desk=replace(KEEPS_TIME, teams=(TEAM, overseas)), now=at(25, "23:45"))
    asks(house)
    house.receives("Pay me.", author="mia@customer.example", to="billing@desk.example")
    assert house.ticket(1).promised_at == at(26, "13:00")
    assert house.ticket(2).promised_at == at(27, "13:00", zone=NEW_YORK)
    house.close()


def test_days_on_which_the_desk_is_closed_do_not_count(house: House) -> None:
    closed = replace(OFFICE, closed=(at(19, "12:00").date(), at(20, "12:00").date()))
    house.changes(calendars=(closed,))
    asks(house)
    assert house.ticket().promised_at == at(23, "13:00")
    runs_until(house, at(23, "09:00"))
    assert notices(house) == ["received"]


@pytest.mark.parametrize(
    ("friday", "month", "utc"),
    [(27, 3, datetime.fromisoformat("2026-03-30T08:00Z")), (23, 10, datetime.fromisoformat("2026-10-26T09:00Z"))],
    ids=["spring", "autumn"],
)
def test_a_promise_over_the_night_that_changes_the_clocks_is_what_the_clock_on_the_wall_says(
    tmp_path: Path, friday: int, month: int, utc: datetime
) -> None:
    quick = with_sla(Times(first_reply=hours(2)))
    house = House(tmp_path, desk=replace(KEEPS_TIME, slas=quick), now=at(friday, "16:30", month))
    asks(house)
    assert house.ticket().promised_at == utc
    assert ", 10:00 (Paris)" in house.last(LUC).text
    runs_until(house, utc)
    assert [left_at(letter) for letter in house.sent_to(LUC) if letter.notice == "delayed"] == [
        utc - timedelta(minutes=15)
    ]
    house.close()


@pytest.mark.parametrize(("day", "month", "wall"), [(28, 3, "13:00"), (24, 10, "11:00")], ids=["spring", "autumn"])
def test_around_the_clock_a_day_has_24_hours_also_when_the_clocks_change(
    tmp_path: Path, day: int, month: int, wall: str
) -> None:
    always = replace(TEAM, hours="")
    desk = replace(KEEPS_TIME, teams=(always, BILLING), slas=with_sla(Times(first_reply=Work(days=1))))
    house = House(tmp_path, desk=desk, now=at(day, "12:00", month))
    asks(house)
    assert house.ticket().promised_at == house.now + timedelta(hours=24)
    assert f", {wall} (Paris)" in house.last(LUC).text
    house.close()


def test_a_night_shift_loses_an_hour_in_spring_and_promises_what_is_left(tmp_path: Path) -> None:
    nights = Calendar("office", PARIS, (((0, 360), (1320, 1440)),) * 7)
    desk = replace(KEEPS_TIME, calendars=(nights,), slas=with_sla(Times(first_reply=hours(3))))
    house = House(tmp_path, desk=desk, now=at(29, "00:30", 3))
    asks(house)
    assert house.ticket().promised_at == at(29, "04:30", 3)
    house.close()


def test_a_ticket_that_goes_to_a_team_in_another_zone_is_looked_at_in_that_teams_hours(house: House) -> None:
    # made in New York until 17:00 there, which is 23:00 in Paris, where it goes at noon
    overseas = replace(BILLING, hours="new-york", sla="standard", members=(BEN.id,))
    paris = replace(TEAM, members=(ANN.id,))
    times = Times(first_reply=hours(8), next_reply=hours(8))
    house.changes(teams=(paris, overseas), slas=with_sla(times))
    house.now = at(19, "15:00")
    house.receives("Pay me.", to="billing@desk.example")
    assert house.ticket().promised_at == at(19, "17:00", zone=NEW_YORK)
    house.agent_replies("#team support because it is theirs", house.last(BEN.email, "assigned"), agent=BEN)
    runs_until(house, at(20, "12:00"))
    told = house.last(LUC, "delayed")
    assert at(19, "16:00") < left_at(told) <= at(19, "17:30"), "within the hours of the team that has it"


# --- waiting for the customer ---


def test_while_we_wait_for_the_customer_the_clock_keeps_what_was_left(house: House) -> None:
    brief = asks(house)
    runs(house, hours=1)
    house.agent_replies("#pending", brief)
    assert standing(house) == [("first-reply", "paused"), ("solve", "paused")]
    assert house.ticket().promised_at is None
    assert row(house.last(LUC, "waiting"), "Next") == "You answer Ann Lee"
    runs(house, days=1)
    house.receives("Number 77.", answers=house.last(LUC, "waiting"))
    assert house.now == at(20, "11:00")
    assert due(house, Clock.FIRST_REPLY) == at(20, "14:00")
    runs_until(house, at(20, "14:00"))
    assert at(20, "13:30") <= left_at(house.last(LUC, "delayed")) < at(20, "14:00")


def test_opening_it_by_hand_lets_the_clock_run_on_too(house: House) -> None:
    brief = asks(house)
    runs(house, hours=1)
    house.agent_replies("#pending", brief)
    runs(house, hours=2)
    house.agent_replies("#open", brief)
    assert standing(house) == [("first-reply", "open"), ("solve", "open")]
    assert house.ticket().promised_at == at(19, "16:00")


def test_two_pauses_each_keep_what_was_left(house: House) -> None:
    brief = asks(house)
    for _ in range(2):
        runs(house, hours=1)
        house.agent_replies("#pending", brief)
        runs(house, days=1)
        house.receives("Here it is.", answers=house.last(LUC, "waiting"))
    assert house.now == at(21, "12:00"), "a Saturday"
    assert due(house, Clock.FIRST_REPLY) == at(23, "11:00")
    assert [one.clock for one in ledger(house)] == [Clock.FIRST_REPLY, Clock.SOLVE]


def test_a_question_answers_and_what_the_customer_says_then_is_promised_an_answer(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#pending\n\nWhich invoice?", brief)
    assert standing(house) == [("first-reply", "kept"), ("solve", "paused")]
    runs(house, days=4)
    house.receives("Number 77.", answers=house.last(LUC, "waiting"))
    assert standing(house) == [("first-reply", "kept"), ("solve", "open"), ("next-reply", "open")]
    assert due(house, Clock.NEXT_REPLY) == at(24, "09:30")
    assert due(house, Clock.SOLVE) > at(26, "10:00"), "the days of waiting do not count"


def test_a_ticket_on_hold_keeps_its_clocks_running(house: House) -> None:
    house.agent_replies("#hold", asks(house))
    assert standing(house) == [("first-reply", "open"), ("solve", "open")]
    runs_until(house, at(19, "13:30"))
    assert row(house.last(LUC, "delayed"), "Next").startswith("We hear from somebody else; Ann Lee writes to you by")


# --- when something goes wrong with time itself ---


def test_a_clock_set_back_by_two_hours_and_forward_again_tells_nothing_twice(house: House) -> None:
    house.changes(ladders=WITH_LADDER.ladders)
    asks(house)
    runs_until(house, at(19, "13:31"))
    before = [(letter.to, letter.notice) for letter in house.sent]
    assert ("warning" in notices(house, ANN.email), notices(house)[-1]) == (True, "owner-changed")
    house.now = at(19, "11:31")
    house.works()
    runs(house, hours=2)
    assert [(letter.to, letter.notice) for letter in house.sent] == before
    assert [one.clock for one in broken_ones(house)] == [Clock.FIRST_REPLY]
    asks(house, author="mia@customer.example")
    house.now = at(19, "11:31")
    house.receives("It is urgent.", answers=house.last(LUC))
    runs_until(house, at(20, "18:00"))
    assert len(house.sent_to(LUC)) == len({letter["Message-ID"] for letter in house.sent_to(LUC)})


def test_after_a_weekend_without_a_daemon_each_timer_fires_once_and_in_order(house: House) -> None:
    house.changes(slas=with_sla(Times(first_reply=hours(4), solve=hours(6))))
    house.now = at(20, "10:00")
    asks(house)
    house.now = at(20, "10:30")
    house.receives("Pay me.", author="mia@customer.example")
    with house.store.read() as tx:
        first = timers.next_due(tx)
    assert first == at(20, "13:00")
    sent = len(house.sent)
    house.now = at(23, "09:05")  # it was down from before the warnings until Monday morning
    house.works()
    told = [(letter.to, letter.notice) for letter in house.sent[sent:] if not letter.to.endswith("agents.example")]
    assert told == [(LUC, "delayed"), ("mia@customer.example", "delayed")]
    for number in (1, 2):
        assert [one.clock for one in broken_ones(house, number)] == [Clock.FIRST_REPLY, Clock.SOLVE]
        assert house.ticket(number).promised_at == at(23, "13:05")
    house.works()
    assert len([letter for letter in house.sent if letter.notice == "delayed"]) == 2


@pytest.mark.parametrize("pending", [False, True], ids=["late", "reminder"])
def test_a_daemon_that_comes_back_at_night_waits_for_the_morning_with_what_it_has_to_tell(
    house: House, *, pending: bool
) -> None:
    house.now = at(20, "10:00")
    brief = asks(house)
    if pending:
        house.changes(tickets=replace(house.desk.tickets, remind_after=timedelta(hours=1)))
        house.agent_replies("#pending\n\nWhich invoice?", brief)
    sent = len(house.sent)
    house.now = at(22, "03:00")  # a Sunday night
    house.works()
    assert len(house.sent) == sent
    assert unkept(house) == []
    runs_until(house, at(23, "09:00"))
    assert notices(house)[-1] == ("waiting" if pending else "delayed")
    assert left_at(house.sent_to(LUC)[-1]) == at(23, "09:00")
    assert len(house.sent_to(LUC)) == (3 if pending else 2)


def test_two_promises_that_are_due_at_one_moment_are_told_in_one_mail(house: House) -> None:
    house.changes(slas=with_sla(Times(first_reply=hours(4), solve=hours(4))))
    asks(house)
    runs_until(house, at(19, "14:00"))
    assert notices(house) == ["received", "delayed"]
    assert notices(house, ANN.email).count("warning") == 2, "one before, one when it was told"
    assert [(one.clock, one.due_at) for one in broken_ones(house)] == [
        (Clock.FIRST_REPLY, at(19, "14:00")),
        (Clock.SOLVE, at(19, "14:00")),
    ]


def test_a_promise_that_is_missed_again_and_again_is_renewed_for_longer_each_time(house: House) -> None:
    house.changes(slas=with_sla(Times(first_reply=hours(2))))
    asks(house)
    runs(house, days=60)
    missed = broken_ones(house)
    spans = [one.due_at - one.made_at for one in missed]
    assert [one.missed for one in missed] == list(range(len(missed)))
    assert len(missed) < 14
    assert spans[0] == timedelta(hours=2)
    assert max(spans) <= timedelta(days=10), "five working days at most, holidays and weekends beside them"
    told = [letter for letter in house.sent_to(LUC) if letter.notice == "delayed"]
    assert len(told) == len(missed)
    for letter, promise in zip(told, missed, strict=True):
        assert left_at(letter) < promise.due_at
