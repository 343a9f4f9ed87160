"""Hours of work, and the time that passes within them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from maild.public_holidays import in_year

LOOK_AHEAD = 731
"""Days that are searched for an opening; hours that stay shut for longer count as around the clock."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NOTHING = timedelta(0)
_MIDNIGHT = 24 * 60
_USUAL_END = time(18, 0)
_LAST_MINUTE = time(23, 59)

Span = tuple[datetime, datetime]
"""From the first moment to the one just after the last, in UTC."""


@dataclass(frozen=True, slots=True)
class Work:
    """An amount of working time: whole working days, and hours and minutes beside them."""

    days: int = 0
    time: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours of work under a name: for each day from Monday, spans in minutes since midnight, and the days off.

    A span that ends at 1440 joins one that begins at 0 on the next day. `holidays` is a code for
    `public_holidays.in_year`, or "".
    """

    name: str
    timezone: ZoneInfo
    days: tuple[tuple[tuple[int, int], ...], ...]
    closed: tuple[date, ...] = ()
    holidays: str = ""

    def is_open(self, now: datetime) -> bool:
        """Whether people are at work at this moment (`now` aware)."""
        return any(start <= now < end for start, end in _spans(self, _day_of(self, now)))


def after(calendar: Calendar | None, start: datetime, work: Work) -> datetime:
    """The moment when so much working time has passed since `start`; both aware UTC.

    A whole day leads to the same time of day on the next working day. Where that is in a break, it is the break's end,
    when people are back; where that day begins later or ends earlier, its beginning or its end. Hours and minutes then
    pass on a real clock, also in a night that changes it. What ends just as work ends stays there, and does not wait
    for the next opening. Around the clock a day is 24 hours, and so counts what two years of this calendar cannot hold.
    """
    reached = _reach(calendar, start, work) if calendar else None
    return reached or start + work.days * _DAY + work.time


def before(calendar: Calendar | None, end: datetime, span: timedelta) -> datetime:
    """The latest moment from which so much working time is left until `end`; both aware UTC."""
    if not calendar or span <= _NOTHING:
        return end - span
    left = span
    for first, last in _back(calendar, end):
        if left <= last - first:
            return last - left
        left -= last - first
    return end - span


def between(calendar: Calendar | None, start: datetime, end: datetime) -> timedelta:
    """The working time from `start` to `end`, both aware UTC; nothing where `end` does not come later."""
    if end <= start:
        return _NOTHING
    if not calendar or _next_opening(calendar, start) is None:
        return end - start
    days = (_day_of(calendar, end) - _day_of(calendar, start)).days
    return sum((min(last, end) - first for first, last in _ahead(calendar, start, days) if first < end), _NOTHING)


def opening(calendar: Calendar | None, now: datetime) -> datetime:
    """This moment where people are at work, else the next at which they are; both aware UTC."""
    return (_next_opening(calendar, now) if calendar else None) or now


def closing(calendar: Calendar, now: datetime) -> datetime:
    """The next moment at which people go who are at work now or next; `now` where nobody ever comes (aware UTC)."""
    end = now
    for first, last in _ahead(calendar, now):
        if end > now and first > end:
            break
        end = last
    return end


def ends(calendar: Calendar | None, day: date) -> time:
    """The time at which work ends on a day, on the wall of the calendar; 18:00 where the day is free or has no hours.

    Midnight, which is on the next day, is told as 23:59.
    """
    minutes = _minutes(calendar, day) if calendar else ()
    if not minutes:
        return _USUAL_END
    last = minutes[-1][1]
    return time(last // 60, last % 60) if last < _MIDNIGHT else _LAST_MINUTE


def _reach(calendar: Calendar, start: datetime, work: Work) -> datetime | None:
    """Where so much work leads to; None if two years of the calendar cannot hold it."""
    at = _same_time(calendar, start, work.days) if work.days > 0 else start
    left = work.time
    if at is None or left <= _NOTHING:
        return at
    for first, last in _ahead(calendar, at):
        if left <= last - first:
            return first + left
        left -= last - first
    return None


def _same_time(calendar: Calendar, start: datetime, days: int) -> datetime | None:
    """The time of day of `start`, or of the opening after it, so many working days later."""
    begun = _next_opening(calendar, start)
    if begun is None:
        return None
    wall = begun.astimezone(calendar.timezone)
    for ahead in range(1, LOOK_AHEAD + 1):
        day = wall.date() + ahead * _DAY
        spans = _spans(calendar, day)
        days -= bool(spans)
        if not days:
            wished = _moment(datetime.combine(day, wall.time()), calendar.timezone)
            return next((max(first, wished) for first, last in spans if wished <= last), spans[-1][1])
    return None


def _next_opening(calendar: Calendar, now: datetime) -> datetime | None:
    """`now` where the calendar is open, else its next opening within two years."""
    return next((first for first, _ in _ahead(calendar, now)), None)


def _ahead(calendar: Calendar, start: datetime, days: int = LOOK_AHEAD) -> Iterator[Span]:
    """The open spans after `start`, the first without what lies before it, up to so many days after its own."""
    today = _day_of(calendar, start)
    for ahead in range(days + 1):
        for first, last in _spans(calendar, today + ahead * _DAY):
            if last > start:
                yield max(first, start), last


def _back(calendar: Calendar, end: datetime) -> Iterator[Span]:
    """The open spans before `end`, the latest first and without what lies after it."""
    today = _day_of(calendar, end)
    for past in range(LOOK_AHEAD + 1):
        for first, last in reversed(_spans(calendar, today - past * _DAY)):
            if first < end:
                yield first, min(last, end)


def _day_of(calendar: Calendar, moment: datetime) -> date:
    return moment.astimezone(calendar.timezone).date()


@lru_cache(maxsize=8192)
def _spans(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """When people are at work on a day of the calendar's own zone, in order; what the clocks skip is left out."""
    midnight = datetime.combine(day, time())
    walls = ((midnight + timedelta(minutes=a), midnight + timedelta(minutes=b)) for a, b in _minutes(calendar, day))
    spans = ((_moment(a, calendar.timezone), _moment(b, calendar.timezone)) for a, b in walls)
    return tuple((first, last) for first, last in spans if first < last)


def _minutes(calendar: Calendar, day: date) -> tuple[tuple[int, int], ...]:
    """The hours of one day in minutes since midnight, in order; those that overlap are one."""
    if day in calendar.closed or day in in_year(calendar.holidays, day.year):
        return ()
    joined: list[tuple[int, int]] = []
    for first, last in sorted(calendar.days[day.weekday()]):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which a clock on the wall shows this: the first of two; the change itself where it is skipped.

    `fold` is that of PEP 495: of a time that is skipped, 0 counts by the offset before the change, 1 by the one after.
    """
    local = wall.replace(tzinfo=zone, fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    before_it, after_it = local.replace(fold=1).astimezone(UTC), moment
    offset = before_it.astimezone(zone).utcoffset()
    while after_it - before_it > _SECOND:
        middle = before_it + (after_it - before_it) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before_it = middle
        else:
            after_it = middle
    return after_it.replace(microsecond=0)
