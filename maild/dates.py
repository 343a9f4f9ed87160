"""The days that a person writes in a command, in the shipped languages, and which days they mean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

LONGEST = timedelta(days=366)
"""The most days that a span may have, and how far ahead it may begin."""
_NO_WRAP = timedelta(days=183)
_MOST = 100  # characters


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; a month or year that was left out is None.

    `weekday` (Monday is 0) is the name of a day that was written beside it.
    """

    day: int
    month: int | None = None
    year: int | None = None
    weekday: int | None = None


@dataclass(frozen=True, slots=True)
class Weekday:
    """The next day of that name; Monday is 0."""

    number: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """So many days from today."""

    days: int


Written = Day | Weekday | Ahead


@dataclass(frozen=True, slots=True)
class Span:
    """From one written day to another, both within it; `last` is None where no end was given."""

    first: Written
    last: Written | None


class Fault(StrEnum):
    """Why written days mean no days that can be used."""

    NO_SUCH_DAY = "no-such-day"
    WEEKDAY = "weekday"  # the name of the day does not fit
    PAST = "past"
    BACKWARDS = "backwards"
    TOO_LONG = "too-long"
    TOO_FAR = "too-far"


class Unread(StrEnum):
    """Why a text is no span of days."""

    UNCLEAR = "unclear"
    TWO_WAYS = "two-ways"  # 7/12 is the 7th of December or the 12th of July


# --- the words ------------------------------------------------------------------------------------------------------

_MONTH_WORDS = (
    "jan january janv janvier ene enero янв января январь jan januar janner janeiro",
    "feb february fev fevr fevrier feb febr febrero фев февр февраля февраль februar feber fevereiro",
    "mar march mars marzo мар март марта marz maerz mrz marco",
    "apr april avr avril abr abril апр апрель апреля",
    "may mai mayo май мая maio",
    "jun june juin junio июн июнь июня juni junho",
    "jul july juil juillet julio июл июль июля juli julho",
    "aug august aou aout ago agosto авг август августа",
    "sep sept september septembre septiembre setiembre set сен сент сентябрь сентября setembro",
    "oct october octobre octubre окт октябрь октября okt oktober out outubro",
    "nov november novembre noviembre ноя нояб ноябрь ноября novembro",
    "dec december decembre dic diciembre дек декабрь декабря dez dezember dezembro",
)
_WEEKDAY_WORDS = (
    "mon monday lun lundi lunes mo montag пн понедельник понедельника понедельнику seg segunda",
    "tue tues tuesday mar mardi martes di dienstag вт вторник вторника вторнику ter terca",
    "wed wednesday mer mercredi mie miercoles mi mittwoch ср среда среды среду среде qua quarta",
    "thu thur thurs thursday jeu jeudi jue jueves do donnerstag чт четверг четверга четвергу qui quinta",
    "fri friday ven vendredi vie viernes fr freitag пт пятница пятницы пятницу пятнице sex sexta",
    "sat saturday sam samedi sab sabado sa samstag sonnabend сб суббота субботы субботу субботе",
    "sun sunday dim dimanche dom domingo so sonntag вс воскресенье воскресенья воскресенью",
)
_AHEAD_WORDS = (
    "today aujourd'hui hoy сегодня heute hoje",
    "tomorrow demain manana завтра morgen amanha",
    "послезавтра ubermorgen uebermorgen",
)
_TO = "to until till til through thru a au jusque jusqu'a jusqu'au al hasta по до bis ate ao"
_FROM = "from starting du de des depuis del desde с со начиная von vom ab"
_FILLERS = "the on of in le la el den der am dem zum de d' del г года год en um в во dia o no na"
_FROM_ON = re.compile(r"\ba partir d(?:u\b|el?\b|[oa]\b|')")  # one word in French, Spanish and Portuguese to us
_AFTER_TOMORROW = re.compile(r"\b(?:(?:the )?day after tomorrow|apres[- ]demain|pasado manana|depois de amanha)\b")
_ELIDED = re.compile(r"\bd'(?=\w)|\bdo(?= dia\b)")  # "do" alone is the German Thursday
_FEIRA = re.compile(r"\b(segunda|terca|quarta|quinta|sexta)[- ]feira\b")


def folded(text: str) -> str:
    """Small letters without accents, and one kind of dash and apostrophe."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(one for one in apart if unicodedata.category(one) != "Mn")


_SIGNS = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "’": "'", "‘": "'", "`": "'"})


def _table(rows: Sequence[str]) -> dict[str, int]:
    """Each word, as it reads when folded, with the number of its row."""
    return {folded(word): number for number, words in enumerate(rows) for word in words.split()}


_MONTHS = _table(_MONTH_WORDS)
_WEEKDAYS = _table(_WEEKDAY_WORDS)
_AHEAD = _table(_AHEAD_WORDS)
_TO_WORDS = frozenset(map(folded, _TO.split()))
_FROM_WORDS = frozenset(map(folded, _FROM.split()))
_FILLER_WORDS = frozenset(map(folded, _FILLERS.split()))

_TOKEN = re.compile(
    r"""
      (?P<iso>   (?<![0-9]) [0-9]{4} ([-/.]) [0-9]{1,2} \2 [0-9]{1,2} (?![0-9]) )
    | (?P<dotted> [0-9]{1,2} \. [0-9]{1,2} (?: \. (?:[0-9]{4}|[0-9]{2}) (?![0-9]) | \. (?!\.|[0-9]) )? (?![0-9]) )
    | (?P<slashed> [0-9]{1,2} / [0-9]{1,2} (?: / (?:[0-9]{4}|[0-9]{2}) )? (?![0-9]) )
    | (?P<number> [0-9]{1,4} (?![0-9]) (?: (?:st|nd|rd|th|ere?|o|a|-?(?:го|ое|е)) \b | \. (?!\.) )? )
    | (?P<word>  [^\W\d_]+ (?: ' [^\W\d_]* )* )
    | (?P<to>    \.{2,3} | - )
    | (?P<blank> [\s,]+ | \. )
    """,
    re.VERBOSE,
)


# --- reading --------------------------------------------------------------------------------------------------------


def read(text: str) -> Span | Unread:
    """Read one day or a range of days: `1 dec..7 dec`, `1-7 December`, `2026-12-01 to 2026-12-07`, `7.12.`, `today..`.

    Words of all shipped languages count. Never raises; what is not wholly understood is no span.
    """
    tokens = _parts(text)
    if isinstance(tokens, Unread):
        return tokens
    begins = bool(tokens) and tokens[0][0] == "word" and tokens[0][1] in _FROM_WORDS
    places = [place for place, (kind, _) in enumerate(tokens) if kind == "to"]
    if len(places) > 1:
        return Unread.UNCLEAR
    if places:
        return _range(_side(tokens[: places[0]]), _side(tokens[places[0] + 1 :])) or Unread.UNCLEAR
    day = _day(_side(tokens))
    if day is None or (isinstance(day, Day) and day.month is None):
        return Unread.UNCLEAR
    return Span(day, None if begins else day)


def day(text: str) -> Written | Unread:
    """Read one day alone, as in `on friday`, `7 December`, `tomorrow`: no range, and nothing before or behind it.

    Never raises; what is not wholly understood is no day.
    """
    tokens = _parts(text)
    if isinstance(tokens, Unread):
        return tokens
    found = _day(_bare(tokens))
    return Unread.UNCLEAR if found is None or (isinstance(found, Day) and found.month is None) else found


def _parts(text: str) -> list[tuple[str, str]] | Unread:
    """The parts of the text by kind, or why it says no days."""
    if len(text) > _MOST:
        return Unread.UNCLEAR
    plain = _AFTER_TOMORROW.sub("ubermorgen", _FROM_ON.sub("from ", folded(text)))
    tokens = list(_tokens(_FEIRA.sub(r"\1", _ELIDED.sub("", plain))))
    if any(kind == "odd" for kind, _ in tokens):
        return Unread.UNCLEAR
    return Unread.TWO_WAYS if any(_two_ways(kind, word) for kind, word in tokens) else tokens


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """The parts of the text by kind; "odd" is what is no part of a date."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            yield "odd", text[at]
            return
        at = found.end()
        word = found[0]
        if found.lastgroup == "word" and word in _TO_WORDS:
            yield "to", word
        elif found.lastgroup != "blank":
            yield found.lastgroup, word


def _side(tokens: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is said of one day of a range: without the words between its parts, and without the one that begins it."""
    kept = _bare(tokens)
    return kept[1:] if kept and kept[0][0] == "word" and kept[0][1] in _FROM_WORDS else kept


def _bare(tokens: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(kind, word) for kind, word in tokens if kind != "word" or word not in _FILLER_WORDS]


def _range(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> Span | None:
    """A range; a month that only one end has is the month of both, and a first day that is missing is today."""
    first, last = _day(left), _day(right)
    if (left and first is None) or (right and last is None) or not (left or right):
        return None
    if isinstance(first, Day) and first.month is None:
        if not isinstance(last, Day) or last.month is None:
            return None
        first = replace(first, month=last.month, year=first.year or last.year)
    if isinstance(last, Day) and last.month is None:
        if not isinstance(first, Day):
            return None
        last = replace(last, month=first.month, year=last.year or first.year)
    return Span(first if first is not None else Ahead(0), last)


def _day(tokens: list[tuple[str, str]]) -> Written | None:
    """The one day that these parts say, None where they say none."""
    match tokens:
        case [("word", name)] if name in _AHEAD:
            return Ahead(_AHEAD[name])
        case [("word", name)] if name in _WEEKDAYS:
            return Weekday(_WEEKDAYS[name])
        case [("iso", written)]:
            year, month, day_of = map(int, re.split("[-/.]", written))
            return _sound(day_of, month, year)
        case [("dotted" | "slashed", written)]:
            return _numbers([int(part) for part in re.split("[./]", written) if part], american="/" in written)
        case [("number", number), ("word", name), *rest] | [("word", name), ("number", number), *rest] if (
            name in _MONTHS
        ):
            return _with_year(number, _MONTHS[name] + 1, rest)
        case [("number", number), ("number", month), *rest] if number.endswith(".") and len(month) < 4:
            return _with_year(number, _number(month), rest)
        case [("number", number), *rest]:
            return _with_year(number, None, rest)
        case [("word", name), *rest] if name in _WEEKDAYS:
            day = _day(rest)
            return replace(day, weekday=_WEEKDAYS[name]) if isinstance(day, Day) and day.weekday is None else None
        case _:
            return None


def _with_year(number: str, month: int | None, rest: list[tuple[str, str]]) -> Day | None:
    """A day of a month, with the year of four figures that may stand behind it."""
    match rest:
        case []:
            return _sound(_number(number), month, None)
        case [("number", year)] if len(year.rstrip(".")) == 4:
            return _sound(_number(number), month, _number(year))
        case _:
            return None


def _number(written: str) -> int:
    found = re.match("[0-9]+", written)
    return int(found[0]) if found else 0


def _numbers(parts: list[int], *, american: bool) -> Day | None:
    """Day, month and perhaps year; with slashes the month may stand first, where it can be told."""
    first, second, *more = parts
    if american and second > 12:
        first, second = second, first
    year = more[0] if more else None
    return _sound(first, second, 2000 + year if year is not None and year < 100 else year)


def _two_ways(kind: str, written: str) -> bool:
    if kind != "slashed":
        return False
    first, second = (int(part) for part in written.split("/")[:2])
    return first <= 12 and second <= 12 and first != second


def _sound(day: int, month: int | None, year: int | None) -> Day | None:
    if not 1 <= day <= 31 or (month is not None and not 1 <= month <= 12):
        return None
    return Day(day, month, year) if year is None or 2000 <= year <= 2200 else None


# --- which days they are --------------------------------------------------------------------------------------------


def days(span: Span, today: date) -> tuple[date, date | None] | Fault:
    """The first and last day that are meant, or why there are none; a year that is missing makes it the next span that
    is not past. It may have begun already, has 366 days at most, and begins within a year."""
    if span.last is None:
        found = _first_on(span.first, today)
        return found if isinstance(found, Fault) else (_not_far(found, today) or (found, None))
    pairs = [
        (first, last)
        for first in days_of(span.first, today, today)
        for last in ([first] if span.last == span.first else days_of(span.last, today, max(first, today)))
    ]
    if not pairs:
        return Fault.NO_SUCH_DAY
    in_order = [(first, last) for first, last in pairs if first <= last]
    if not in_order:
        return Fault.BACKWARDS
    coming = [(first, last) for first, last in in_order if last >= today]
    if not coming:
        return Fault.PAST
    meant = [(first, last) for first, last in coming if not _by_slip(span, first, last)]
    if not meant:
        return Fault.BACKWARDS
    first, last = min(meant, key=lambda pair: (pair[1], -pair[0].toordinal()))
    return _amiss(span, first, last, today) or (first, last)


def _first_on(written: Written, today: date) -> date | Fault:
    """The day on which something without an end begins; one with its year written may have begun."""
    found = days_of(written, today, today)
    if not found:
        return Fault.NO_SUCH_DAY
    dated = isinstance(written, Day) and written.year is not None
    day = next((day for day in found if dated or day >= today), found[-1])
    return day if fits(written, day) else Fault.WEEKDAY


def _by_slip(span: Span, first: date, last: date) -> bool:
    """Whether nobody means this: "10 dec..7 dec" is most of a year, which people write with the years."""
    undated = any(isinstance(written, Day) and written.year is None for written in (span.first, span.last))
    turns = first.year != last.year or not isinstance(span.last, Day)
    return undated and turns and last - first > _NO_WRAP


def _amiss(span: Span, first: date, last: date, today: date) -> Fault | None:
    if not fits(span.first, first) or (span.last is not None and not fits(span.last, last)):
        return Fault.WEEKDAY
    if last - first >= LONGEST:
        return Fault.TOO_LONG
    return _not_far(first, today)


def _not_far(first: date, today: date) -> Fault | None:
    if first - today > LONGEST:
        return Fault.TOO_FAR
    return Fault.PAST if today - first > LONGEST else None


def fits(written: Written, day: date) -> bool:
    """Whether the name of a day that was written beside the date is this day's."""
    return not isinstance(written, Day) or written.weekday in {None, day.weekday()}


def days_of(written: Written, today: date, since: date) -> list[date]:
    """Every day that can be meant, in order; the day of a week is the next one from `since` on."""
    match written:
        case Ahead(days=ahead):
            return [today + timedelta(days=ahead)]
        case Weekday(number=number):
            return [since + timedelta(days=(number - since.weekday()) % 7)]
        case Day():
            years = range(today.year - 1, today.year + 5) if written.year is None else (written.year,)
            return [day for year in years if (day := _date(year, written.month or 1, written.day)) is not None]
        case _:
            assert_never(written)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
