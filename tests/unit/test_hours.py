"""Working time: what passes while people are at work, in any zone, over nights that change the clocks and days off."""

from __future__ import annotations

import random
import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from maild.hours import Calendar, Work, after, before, between, ends, opening
from maild.public_holidays import in_year, is_known, nearest_codes

PARIS, NEW_YORK, SYDNEY = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Sydney")

Day = tuple[tuple[int, int], ...]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE: Day = ((540, 1050),)  # 09:00-17:30
NOON: Day = ((540, 750), (810, 1050))  # 09:00-12:30, 13:30-17:30
ALL_DAY: Day = ((0, 1440),)
WEEK = (OFFICE,) * 5 + ((),) * 2
"""Monday to Friday."""


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    """A moment as a clock on the wall shows it, such as "2026-05-22 18:30"; with two such moments the first."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def wall(moment: datetime, zone: ZoneInfo = PARIS) -> str:
    assert moment.tzinfo is UTC
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}"


def hours(days: tuple[Day, ...] = WEEK, zone: ZoneInfo = PARIS, holidays: str = "", *closed: date) -> Calendar:
    return Calendar("hours", zone, days, closed, holidays)


def work(hours: float = 0, days: int = 0) -> Work:
    return Work(days, timedelta(hours=hours))


# --- hours and minutes ----------------------------------------------------------------------------------------------


def test_four_hours_from_friday_afternoon_end_on_monday_morning() -> None:
    assert wall(after(hours(), at("2026-11-20 16:00"), work(4))) == "Mon 2026-11-23 11:30"


def test_a_mail_of_the_night_starts_the_clock_in_the_morning() -> None:
    assert wall(after(hours(), at("2026-11-23 03:12"), work(1))) == "Mon 2026-11-23 10:00"


def test_a_promise_that_ends_as_work_ends_is_for_that_evening_and_not_for_the_next_morning() -> None:
    assert wall(after(hours(), at("2026-11-20 13:30"), work(4))) == "Fri 2026-11-20 17:30"


def test_the_break_at_noon_is_no_working_time() -> None:
    assert wall(after(hours((NOON,) * 7), at("2026-11-23 11:30"), work(2))) == "Mon 2026-11-23 14:30"
    assert wall(after(hours((NOON,) * 7), at("2026-11-23 11:30"), work(1))) == "Mon 2026-11-23 12:30"
    assert between(hours((NOON,) * 7), at("2026-11-23 00:00"), at("2026-11-24 00:00")) == timedelta(hours=7.5)


def test_without_hours_the_clock_runs_day_and_night() -> None:
    start = at("2026-11-20 22:00")
    assert after(None, start, work(4)) == start + 4 * HOUR
    assert after(None, start, work(1, days=2)) == start + timedelta(days=2, hours=1)
    assert before(None, start, 4 * HOUR) == start - 4 * HOUR
    assert between(None, start, start + DAY) == DAY
    assert opening(None, start) == start


def test_nothing_to_do_takes_no_time_even_at_night() -> None:
    night = at("2026-11-20 23:00")
    assert after(hours(), night, Work()) == night
    assert before(hours(), night, timedelta(0)) == night


# --- whole days -----------------------------------------------------------------------------------------------------


def test_two_working_days_lead_to_the_same_time_two_working_days_later() -> None:
    assert wall(after(hours(), at("2026-11-19 10:20"), work(days=2))) == "Mon 2026-11-23 10:20"


def test_five_working_days_are_a_week() -> None:
    assert wall(after(hours(), at("2026-11-18 15:00"), work(days=5))) == "Wed 2026-11-25 15:00"


def test_a_mail_on_saturday_counts_from_monday_morning() -> None:
    assert wall(after(hours(), at("2026-11-21 15:00"), work(days=1))) == "Tue 2026-11-24 09:00"


def test_a_day_that_ends_earlier_ends_the_promise_earlier() -> None:
    short_friday = (*(OFFICE,) * 4, ((540, 780),), (), ())
    assert wall(after(hours(short_friday), at("2026-11-19 16:00"), work(days=1))) == "Fri 2026-11-20 13:00"


def test_a_day_that_begins_later_keeps_the_promise_at_its_beginning() -> None:
    late_tuesday = (OFFICE, ((660, 1050),), *(OFFICE,) * 3, (), ())
    assert wall(after(hours(late_tuesday), at("2026-11-23 09:30"), work(days=1))) == "Tue 2026-11-24 11:00"


def test_a_time_that_falls_into_the_break_is_the_end_of_the_break_when_people_are_back() -> None:
    break_on_tuesday = (OFFICE, NOON, *(OFFICE,) * 3, (), ())
    assert wall(after(hours(break_on_tuesday), at("2026-11-23 12:45"), work(days=1))) == "Tue 2026-11-24 13:30"
    assert wall(after(hours(break_on_tuesday), at("2026-11-23 12:30"), work(days=1))) == "Tue 2026-11-24 12:30"


def test_hours_beside_days_pass_after_the_days() -> None:
    assert wall(after(hours(), at("2026-11-19 16:00"), work(3, days=1))) == "Mon 2026-11-23 10:30"


# --- days off -------------------------------------------------------------------------------------------------------


def test_a_mail_on_friday_evening_before_a_long_weekend_is_answered_on_tuesday_in_paris_and_in_new_york() -> None:
    friday_evening = datetime(2026, 5, 22, 20, 0, tzinfo=UTC)
    paris = hours(WEEK, PARIS, "FR")  # Whit Monday
    new_york = hours((((540, 1020),),) * 5 + ((),) * 2, NEW_YORK, "US")  # Memorial Day; it is 16:00 there
    assert wall(after(paris, friday_evening, work(4))) == "Tue 2026-05-26 13:00"
    assert wall(after(new_york, friday_evening, work(4)), NEW_YORK) == "Tue 2026-05-26 12:00"
    assert wall(after(paris, friday_evening, work(days=1))) == "Wed 2026-05-27 09:00"
    assert wall(after(new_york, friday_evening, work(days=1)), NEW_YORK) == "Tue 2026-05-26 16:00"
    assert not paris.is_open(at("2026-05-25 10:00"))
    assert hours().is_open(at("2026-05-25 10:00"))


def test_a_part_of_a_country_has_days_off_of_its_own() -> None:
    epiphany = at("2026-01-06 10:00")
    assert not hours(WEEK, PARIS, "DE-BY").is_open(epiphany)
    assert hours(WEEK, PARIS, "DE").is_open(epiphany)


def test_a_holiday_on_a_saturday_takes_nothing_from_the_week_but_where_the_law_moves_it() -> None:
    assert wall(after(hours(WEEK, PARIS, "FR"), at("2026-08-14 17:00"), work(1))) == "Mon 2026-08-17 09:30"
    independence_day = hours(WEEK, NEW_YORK, "US")  # 4 July 2026 is a Saturday, so Friday is free
    assert wall(opening(independence_day, at("2026-07-02 18:00", NEW_YORK)), NEW_YORK) == "Mon 2026-07-06 09:00"


def test_a_day_that_the_operator_closed_is_no_working_day() -> None:
    shut = hours(WEEK, PARIS, "FR", date(2026, 12, 24))
    assert wall(after(shut, at("2026-12-23 17:00"), work(1))) == "Mon 2026-12-28 09:30"


def test_a_code_that_nobody_knows_has_no_days_off() -> None:
    assert hours(WEEK, PARIS, "XX").is_open(at("2026-12-25 10:00"))
    assert in_year("", 2026) == frozenset()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *[("fr", "FR"), ("FRA", "FR"), ("France", "FR"), ("UK", "GB"), ("Germny", "DE"), ("us-ca", "US-CA")],
        *[("DE-Bayern", "DE-BY"), ("GB-England", "GB-ENG"), ("MC-1", "MC"), ("DE-XX", "DE-BB")],
    ],
)
def test_a_code_that_was_probably_meant_is_found(typed: str, meant: str) -> None:
    assert not is_known(typed)
    assert is_known(meant)
    assert nearest_codes(typed)[0] == meant


def test_a_code_that_resembles_none_is_not_guessed() -> None:
    assert nearest_codes("Q7") == ()


# --- nights that change the clocks ----------------------------------------------------------------------------------

NIGHT = (((0, 360),),) * 7  # 00:00-06:00


@pytest.mark.parametrize(
    ("zone", "night", "length"),
    [
        *[(PARIS, "2026-03-29", 5), (PARIS, "2026-10-25", 7)],
        *[(NEW_YORK, "2026-03-08", 5), (NEW_YORK, "2026-11-01", 7)],
        *[(SYDNEY, "2026-10-04", 5), (SYDNEY, "2026-04-05", 7)],
        (ZoneInfo("Australia/Lord_Howe"), "2026-10-04", 5.5),
        (ZoneInfo("Asia/Kolkata"), "2026-10-04", 6),
    ],
)
def test_a_night_shift_is_as_long_as_it_really_is(zone: ZoneInfo, night: str, length: float) -> None:
    shift = hours(NIGHT, zone)
    evening, morning = at(f"{night} 00:00", zone), at(f"{night} 06:00", zone)
    assert between(shift, evening, morning) == timedelta(hours=length)
    assert after(shift, evening, work(length)) == morning
    assert before(shift, morning, timedelta(hours=length)) == evening


@pytest.mark.parametrize(("zone", "sunday"), [(PARIS, "2026-03-29"), (NEW_YORK, "2026-11-01"), (SYDNEY, "2026-04-05")])
def test_a_working_day_keeps_the_time_of_day_over_a_change_of_the_clocks(zone: ZoneInfo, sunday: str) -> None:
    saturday = datetime.fromisoformat(f"{sunday} 10:15") - DAY
    due = after(hours((ALL_DAY,) * 7, zone), saturday.replace(tzinfo=zone).astimezone(UTC), work(days=1))
    assert wall(due, zone) == f"Sun {sunday} 10:15"


def test_a_time_that_the_clocks_skip_is_the_moment_at_which_they_do() -> None:
    always = hours((ALL_DAY,) * 7)
    assert wall(after(always, at("2026-03-28 02:30"), work(days=1))) == "Sun 2026-03-29 03:00"
    assert wall(opening(hours((((150, 480),),) * 7), at("2026-03-29 00:00"))) == "Sun 2026-03-29 03:00"
    assert not hours((((130, 170),),) * 7).is_open(at("2026-03-29 03:00")), "02:10 to 02:50 is no time that night"


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    first = at("2026-10-25 02:30")
    early = hours((((0, 150),),) * 7)
    assert early.is_open(first - timedelta(minutes=1))
    assert not early.is_open(first + HOUR - timedelta(minutes=1)), "02:29 for the second time"
    assert after(hours((ALL_DAY,) * 7), at("2026-10-24 02:30"), work(days=1)) == first


def test_a_day_that_a_country_skipped_is_no_working_day() -> None:
    apia = ZoneInfo("Pacific/Apia")  # no 30 December 2011 there
    thursday = at("2011-12-29 17:00", apia)
    assert wall(after(hours((OFFICE,) * 7, apia), thursday, work(1)), apia) == "Sat 2011-12-31 09:30"
    assert wall(after(hours((OFFICE,) * 7, apia), thursday, work(days=1)), apia) == "Sat 2011-12-31 17:00"


def test_a_midnight_that_does_not_exist_begins_the_day_an_hour_later() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    assert wall(opening(hours(NIGHT, beirut), at("2026-03-28 12:00", beirut)), beirut) == "Sun 2026-03-29 01:00"


# --- from midnight to midnight --------------------------------------------------------------------------------------


def test_hours_from_midnight_to_midnight_are_one_stretch_over_the_days() -> None:
    always = hours((ALL_DAY,) * 7)
    start = at("2026-11-20 22:00")
    assert after(always, start, work(50)) == start + 50 * HOUR
    assert before(always, start, 50 * HOUR) == start - 50 * HOUR
    assert between(always, start, start + 50 * HOUR) == 50 * HOUR
    assert always.is_open(at("2026-11-21 00:00"))


def test_a_shift_over_midnight_is_two_spans_that_join() -> None:
    shift = hours((((0, 120), (1320, 1440)),) * 7)  # 22:00 to 02:00
    assert wall(after(shift, at("2026-11-20 20:00"), work(3))) == "Sat 2026-11-21 01:00"
    assert wall(after(shift, at("2026-11-20 20:00"), work(2))) == "Sat 2026-11-21 00:00"
    assert wall(after(shift, at("2026-11-20 20:00"), work(5))) == "Sat 2026-11-21 23:00"


def test_spans_that_overlap_or_stand_in_no_order_count_once() -> None:
    jumbled = hours((((780, 1020), (540, 720), (660, 840), (600, 630)),) * 7)
    assert between(jumbled, at("2026-11-20 00:00"), at("2026-11-21 00:00")) == 8 * HOUR


# --- backwards ------------------------------------------------------------------------------------------------------


def test_an_hour_before_a_promise_of_monday_morning_is_on_friday() -> None:
    assert wall(before(hours(), at("2026-11-23 09:30"), HOUR)) == "Fri 2026-11-20 17:00"


def test_the_latest_moment_is_told_so_a_whole_morning_is_left_from_its_opening_on() -> None:
    assert wall(before(hours(), at("2026-11-23 11:00"), 2 * HOUR)) == "Mon 2026-11-23 09:00"


def test_a_promise_at_night_counts_back_from_the_end_of_work() -> None:
    assert wall(before(hours(), at("2026-11-23 23:00"), HOUR)) == "Mon 2026-11-23 16:30"


def test_no_time_passes_backwards() -> None:
    assert between(hours(), at("2026-11-23 12:00"), at("2026-11-23 11:00")) == timedelta(0)
    assert between(None, at("2026-11-23 12:00"), at("2026-11-23 11:00")) == timedelta(0)


# --- opening and end of a day ---------------------------------------------------------------------------------------


def test_the_next_opening_is_now_where_people_are_at_work() -> None:
    now = at("2026-11-23 11:17")
    assert opening(hours(), now) == now
    assert wall(opening(hours(), at("2026-11-20 17:30"))) == "Mon 2026-11-23 09:00"


def test_a_day_ends_when_its_last_hours_do() -> None:
    assert ends(hours((NOON,) * 7), date(2026, 11, 23)) == time(17, 30)
    assert ends(hours(), date(2026, 11, 22)) == time(18, 0), "a Sunday"
    assert ends(hours(WEEK, PARIS, "FR"), date(2026, 12, 25)) == time(18, 0)
    assert ends(None, date(2026, 11, 23)) == time(18, 0)
    assert ends(hours((ALL_DAY,) * 7), date(2026, 11, 23)) == time(23, 59), "24:00 is on the next day"


# --- never for ever -------------------------------------------------------------------------------------------------

YEAR = tuple(date(2026, 11, 20) + number * DAY for number in range(1000))


@pytest.mark.parametrize("calendar", [hours(((),) * 7), hours(((),) * 7, SYDNEY, "AU"), hours(WEEK, PARIS, "", *YEAR)])
def test_hours_that_never_open_count_as_around_the_clock(calendar: Calendar) -> None:
    start = at("2026-11-20 18:00")
    assert after(calendar, start, work(4)) == start + 4 * HOUR
    assert after(calendar, start, work(days=2)) == start + 2 * DAY
    assert between(calendar, start, start + 4 * HOUR) == 4 * HOUR
    assert opening(calendar, start) == start
    assert before(calendar, start + 900 * DAY, 4 * HOUR) == start + 900 * DAY - 4 * HOUR
    assert not calendar.is_open(start)


def test_more_work_than_two_years_hold_counts_as_around_the_clock() -> None:
    minute_a_week = hours((((540, 541),), *((),) * 6))
    start = at("2026-11-20 18:00")
    assert after(minute_a_week, start, work(80_000)) == start + 80_000 * HOUR
    assert after(minute_a_week, start, work(days=2_000)) == start + 2_000 * DAY
    assert before(minute_a_week, start, 9 * HOUR) == start - 9 * HOUR
    assert wall(after(minute_a_week, start, work(days=1))) == "Mon 2026-11-30 09:00"


# --- at random ------------------------------------------------------------------------------------------------------

ZONES = [
    ZoneInfo(name)
    for name in ("UTC", "Europe/Paris", "America/New_York", "Australia/Sydney", "Australia/Lord_Howe", "Asia/Kolkata",
                 "Pacific/Chatham", "America/St_Johns", "Asia/Beirut", "Pacific/Kiritimati", "America/Asuncion")
]  # fmt: skip


def a_calendar(chance: random.Random) -> Calendar:
    """Any hours, with breaks, days off and midnights; no bound falls between 00:00 and 04:00, where clocks change."""

    def a_day() -> Day:
        bounds = sorted(chance.sample([0, *range(240, 1441, 15)], 2 * chance.choice((0, 1, 1, 1, 2, 3))))
        return tuple(zip(bounds[::2], bounds[1::2], strict=True))

    closed = tuple(date(2026, 1, 1) + chance.randrange(400) * DAY for _ in range(chance.randrange(30)))
    days = chance.choice((tuple(a_day() for _ in range(7)), (ALL_DAY,) * 7, WEEK, (*(a_day(),) * 5, (), ())))
    return Calendar("any", chance.choice(ZONES), days, closed, chance.choice(("", "FR", "US", "AU-NSW", "PY")))


def a_moment(chance: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(390 * 1440))


def is_at_work(calendar: Calendar, moment: datetime) -> bool:
    """The clock on the wall, and nothing else."""
    local = moment.astimezone(calendar.timezone)
    free = local.date() in calendar.closed or local.date() in in_year(calendar.holidays, local.year)
    minute = local.hour * 60 + local.minute
    return not free and any(first <= minute < last for first, last in calendar.days[local.weekday()])


def test_working_time_is_the_sum_of_the_minutes_at_which_the_clock_on_the_wall_is_within_the_hours() -> None:
    chance = random.Random(11)
    for _ in range(60):
        calendar, start = a_calendar(chance), a_moment(chance)
        if not any(calendar.days):
            continue
        minutes = [start + timedelta(minutes=number) for number in range(chance.randrange(4 * 1440))]
        at_work = [is_at_work(calendar, moment) for moment in minutes]
        assert [calendar.is_open(moment) for moment in minutes[::7]] == at_work[::7]
        assert between(calendar, start, start + timedelta(minutes=len(minutes))) == timedelta(minutes=sum(at_work))


def test_after_and_before_undo_each_other() -> None:
    chance = random.Random(12)
    seen = 0
    for _ in range(2500):
        calendar, start = a_calendar(chance), a_moment(chance)
        span = timedelta(minutes=chance.randrange(1, 60 * 60))
        if not any(calendar.days):
            continue
        due = after(calendar, start, Work(time=span))
        assert between(calendar, start, due) == span
        assert before(calendar, due, span) == opening(calendar, start)
        back = before(calendar, start, span)
        assert between(calendar, back, start) == span
        assert opening(calendar, back) == back, "the latest such moment is one at which people are at work"
        assert after(calendar, back, Work(time=span)) <= start
        seen += 1
    assert seen > 2000


def test_a_later_start_or_more_work_never_ends_earlier() -> None:
    chance = random.Random(13)
    for _ in range(800):
        calendar, start = a_calendar(chance), a_moment(chance)
        if not any(calendar.days):
            continue
        later = start + timedelta(minutes=chance.randrange(5000))
        less = Work(chance.randrange(3), timedelta(minutes=chance.randrange(600)))
        more = Work(less.days, less.time + timedelta(minutes=chance.randrange(600)))
        assert start <= after(calendar, start, less) <= after(calendar, start, more)
        assert after(calendar, start, Work(less.days)) <= after(calendar, later, Work(less.days))
        assert after(calendar, start, Work(time=less.time)) <= after(calendar, later, Work(time=less.time))


def test_whole_days_end_within_the_hours_of_a_working_day() -> None:
    chance = random.Random(14)
    for _ in range(800):
        calendar, start = a_calendar(chance), a_moment(chance)
        days = chance.randrange(1, 8)
        if not any(calendar.days):
            continue
        due = after(calendar, start, Work(days))
        assert calendar.is_open(due) or calendar.is_open(due - timedelta(minutes=1)), "at work, or just going home"
        first, last = (moment.astimezone(calendar.timezone).date() for moment in (opening(calendar, start), due))
        between_them = [first + number * DAY for number in range(1, (last - first).days + 1)]
        assert sum(map(partial(_works, calendar), between_them)) == days


def _works(calendar: Calendar, day: date) -> bool:
    free = day in calendar.closed or day in in_year(calendar.holidays, day.year)
    return bool(calendar.days[day.weekday()]) and not free


def test_a_promise_costs_next_to_nothing() -> None:
    office = hours(WEEK, PARIS, "FR", date(2026, 12, 24))
    start = at("2026-11-20 16:00")
    after(office, start, work(1, days=5))
    begun = stopwatch.perf_counter()
    for number in range(1000):
        after(office, start + timedelta(minutes=number), work(1, days=5))
    assert stopwatch.perf_counter() - begun < 1, "a millisecond each would be slow"
