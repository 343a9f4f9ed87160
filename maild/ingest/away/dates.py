"""The days that a written date can mean."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from maild.ingest.away.tongue import Unit

_FARTHEST = 335  # days ahead that a date without a year may lie: one that would be later was the one before


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a written date; `order` is set where day and month could be the other way round."""

    year: int | None
    month: int
    day: int
    order: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One date of a text: its readings, or the days that a word such as "tomorrow" means, or a day of the week.

    Beside readings, `weekday` (Monday is 0) is the day that was written with them. `goes_on` tells that a second
    number may follow ("December 1-7").
    """

    readings: tuple[Reading, ...] = ()
    days: tuple[date, date] | None = None
    weekday: int | None = None
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The first and last day that a date means, how its day and month were told apart, and whether its weekday fits."""

    first: date
    last: date
    order: str = ""
    fits: bool = True


def spans(said: Said, today: date) -> list[Span]:
    """Every reading as days: a year that is missing puts it on or after today, unless that is very far ahead."""
    if said.days:
        return [Span(*said.days)]
    if said.readings:
        found = [(reading, _coming(reading, today)) for reading in said.readings]
        return [_span(day, reading, said) for reading, day in found if day]
    if said.weekday is None:
        return []
    day = today + timedelta((said.weekday - today.weekday() - 1) % 7 + 1)
    return [Span(day, day)]


def spans_before(said: Said, last: date, today: date) -> list[Span]:
    """Every reading as days: a year or week that is missing is the latest that makes them no later than `last`."""
    if said.readings:
        found = [(reading, _gone(reading, last)) for reading in said.readings]
        return [_span(day, reading, said) for reading, day in found if day] or spans(said, today)
    if said.days or said.weekday is None:
        return spans(said, today)
    day = last - timedelta((last.weekday() - said.weekday) % 7)
    return [Span(day, day)]


def best(found: Iterable[Span], today: date) -> Span | None:
    """The likeliest span, None where there is none."""
    return min(found, key=lambda span: rank(span, today), default=None)


def rank(span: Span, today: date) -> tuple[bool, bool, int]:
    """Smaller is likelier: the weekday fits, it is not over, and then the nearest to today."""
    over = span.last < today - timedelta(1)
    return (not span.fits, over, -span.last.toordinal() if over else span.last.toordinal())


def is_day(reading: Reading) -> bool:
    """Whether the calendar has such a day, in some year where none is told."""
    return _date(reading.year or 2000, reading.month, reading.day) is not None


def unit(kind: Unit, ahead: int, today: date) -> tuple[date, date]:
    """The first and last day of a unit, counted from today's."""
    monday = today - timedelta(today.weekday()) + timedelta(7 * ahead)
    number = today.month - 1 + ahead
    first, last = month(today.year + number // 12, number % 12 + 1)
    match kind:
        case Unit.DAY:
            return today + timedelta(ahead), today + timedelta(ahead)
        case Unit.WEEK:
            return monday, monday + timedelta(6)
        case Unit.MONTH:
            return first, last
        case Unit.WEEK_END:
            return monday + timedelta(6), monday + timedelta(6)
        case Unit.MONTH_END:
            return last, last
        case Unit.YEAR_END:
            return date(today.year, 12, 31), date(today.year, 12, 31)


def month(year: int, number: int) -> tuple[date, date]:
    """The first and last day of a month."""
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def day_of_month(number: int, today: date) -> date | None:
    """The next day that has this number in its month."""
    for ahead in (0, 1, 2):
        first, last = unit(Unit.MONTH, ahead, today)
        day = first.replace(day=number) if 0 < number <= last.day else None
        if day and day >= today:
            return day
    return None


def _span(day: date, reading: Reading, said: Said) -> Span:
    return Span(day, day, reading.order, said.weekday in {None, day.weekday()})


def _coming(reading: Reading, today: date) -> date | None:
    if reading.year:
        return _date(reading.year, reading.month, reading.day)
    days = _yearly(reading, range(today.year - 4, today.year + 5))  # a 29 February may be four years away
    next_one = next((day for day in days if day >= today), None)
    if next_one is None or (next_one - today).days > _FARTHEST:
        return max((day for day in days if day < today), default=next_one)
    return next_one


def _gone(reading: Reading, last: date) -> date | None:
    if reading.year:
        return _date(reading.year, reading.month, reading.day)
    return max((day for day in _yearly(reading, range(last.year - 1, last.year + 1)) if day <= last), default=None)


def _yearly(reading: Reading, years: Iterable[int]) -> list[date]:
    return [day for year in years if (day := _date(year, reading.month, reading.day))]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
