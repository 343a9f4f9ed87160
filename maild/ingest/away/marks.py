"""Where dates stand in a folded text, and what each says, in one language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from babel import Locale

from maild.ingest.away.dates import Reading, Said, day_of_month, is_day, month, unit
from maild.ingest.away.folding import fold, loose, pattern
from maild.ingest.away.tongue import Tongue

SIGN = "[\ue000-\uefff]\uf000*"
"""Stands in a marked text for one date, and is as long as the date was: a place is the same in every language."""

_FIRST = 0xE000
_PAD = "\uf000"


@dataclass(frozen=True, slots=True)
class Marked:
    """A folded text of at most 4,096 characters with a sign in place of each date."""

    text: str
    said: tuple[Said, ...]

    def at(self, sign: str) -> Said:
        """The date that a sign stands for."""
        return self.said[ord(sign[0]) - _FIRST]


def mark(text: str, tongue: Tongue, today: date) -> Marked:
    """Find the dates; hours are blanked out, and the text keeps its length."""
    known = _patterns(tongue)
    marker = _Marker(known.clock.sub(lambda found: " " * len(found[0]), text), known, tongue, today)
    for wanted in (known.iso, known.spaced, known.dotted):
        marker.put(wanted, marker.numbers)
    marker.put(known.slashed, marker.slashed)
    marker.put(known.named, marker.named)
    marker.put(known.month_first, marker.month_first)
    marker.put(known.to_the_right, marker.to_the_right)
    marker.name_days()
    marker.put(known.to_the_left, marker.to_the_left)
    marker.name_days()
    marker.put(known.relative, marker.relative)
    marker.put(known.month_end, marker.month_end)
    marker.put(known.month_alone, marker.month_alone)
    marker.swallow(known.beside)
    marker.put(known.weekday, marker.weekday)
    marker.put(known.lone, marker.lone)
    return Marked(marker.text, tuple(marker.said))


def day_names(tongue: Tongue) -> str:
    """The long names of the days as alternatives, for the table's `{days}`."""
    return _either(name for name in _names(tongue, "days") if len(name) > 3)


# --- the patterns of one language -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Patterns whose group `date` is what a sign takes the place of, or all of it where there is no such group."""

    months: dict[str, int]
    days: dict[str, int]
    clock: re.Pattern[str]
    iso: re.Pattern[str]
    dotted: re.Pattern[str]
    spaced: re.Pattern[str]
    slashed: re.Pattern[str]
    named: re.Pattern[str]
    month_first: re.Pattern[str]
    to_the_right: re.Pattern[str]
    to_the_left: re.Pattern[str]
    named_day: re.Pattern[str]
    relative: re.Pattern[str]
    month_end: re.Pattern[str]
    month_alone: re.Pattern[str]
    beside: re.Pattern[str]
    weekday: re.Pattern[str]
    lone: re.Pattern[str]


_ZONE = r"cet|cest|gmt|utc|bst|ist|e[sd]?t|c[sd]t|m[sd]t|p[sd]?t|мск|mez|mesz"
_HOUR = (
    r"(?:(?<!\w)(?:at|um|a las?|a|в|gegen|om|alle(?: ore)?|ore|as|o?\s?godz(?:inie|iny|\.))\s*(?=\d))?"
    r"(?<![\d.,/])"
    r"(?:\d{1,2}[:hu]\d{2}(?!\d)(?::\d\d)?(?:\s?(?:am|pm|a\.m\.?|p\.m\.?|uhr|uur|u|horas|hrs?|h|ч\.?)(?!\w))?"
    r"|\d{1,2}\.\d{2}\s?u(?!\w)"
    r"|\d{1,2}(?:[.:]\d{2})?\s?(?:am|pm|a\.m\.?|p\.m\.?|uhr|uur|horas|hrs|heures|h|час\w*|ч\.)(?!\w))"
    rf"(?:\s?\(?(?:{_ZONE})(?!\w)\)?(?:[+-]\d{{1,2}})?)?"
)
_ARTICLE = r"(?:(?:the|le|el|den|dem|der|del|au|du|dia|de|il|dnia)\s+)?"
_YEAR = r"(?P<year>20\d\d)(?!\d)"
_DOT = r"(?:(?<!\w{5})\.(?=\s))?"  # of a short form; after a long name it ends the sentence


@cache
def _patterns(tongue: Tongue) -> _Patterns:
    months, days = _names(tongue, "months"), _names(tongue, "days")
    of = rf"(?:(?:{loose(tongue.of)})\s+)?" if tongue.of else ""
    year = rf"(?:\.?,?\s*{of}{_YEAR})?"
    named = rf"(?P<month>{_either(months)})(?!\w)"
    return _Patterns(
        months,
        days,
        clock=re.compile(rf"{_HOUR}|{pattern(tongue.clock)}"),
        **_numeric(tongue),
        **_written(tongue, of, named),
        **_weekdays(tongue, days),
        relative=re.compile("|".join(f"({pattern(words)})" for words, _, _ in tongue.relative)),
        month_end=re.compile(rf"(?<!\w)(?:{loose(tongue.end_of)})\s*{named}{year}(?!\s?\d)"),
        month_alone=re.compile(rf"(?<!\w)(?:{loose(tongue.in_month)})\s+(?P<date>{named}{year})(?!\s?\d)"),
        lone=_lone(*tongue.lone_day),
    )


def _numeric(tongue: Tongue) -> dict[str, re.Pattern[str]]:
    """2026-12-07, 7.12.2026 and 7.12., 7. 12., 7/12/2026 and 7/12 (which may be July's twelfth), 7-12-2026."""
    start, day = r"(?<![\w.,/:+])", r"(?P<day>\d{1,2})"
    after = _after_year(tongue)
    return {
        "iso": re.compile(r"(?<![\d./-])(?P<year>20\d\d)([-./])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?![\d/-]|\.\d)"),
        "spaced": re.compile(rf"{start}{day}\.\s(?P<month>\d{{1,2}})\.(?:\s?{_YEAR})?(?![\d/])"),
        "dotted": re.compile(
            rf"{start}{day}\.(?P<month>\d{{1,2}})(?:\.\s?{_YEAR}|\.(?P<yy>\d\d)(?![\d:])|\.)?{after}(?![\d/]|[.,:]\d)"
        ),
        "slashed": re.compile(
            rf"{start}(?!24/7)(?P<a>\d{{1,2}})(?:/(?P<b>\d{{1,2}})(?:/(?P<year>20\d\d)|/(?P<yy>\d\d))?"
            r"|-(?P<c>\d{1,2})-(?P<long>20\d\d))(?![\d/]|-\d{1,2}-|\.\d)"
        ),
    }


def _written(tongue: Tongue, of: str, named: str) -> dict[str, re.Pattern[str]]:
    """7 December 2026, December 7, and the other number of 1-7 December and December 1-7."""
    ordinal = rf"(?:{fold(tongue.ordinal)})?" if tongue.ordinal else ""
    to = rf"\s*(?:{pattern(tongue.to)}|{pattern(tongue.until)}|{pattern(tongue.both)}|[-/&+])\s*"
    year = rf"(?:(?:[\s,.\-/]*{of}{_YEAR}|[-/'](?P<yy>\d\d)(?![\d:])){_after_year(tongue)})?"
    day = r"(?P<day>\d{1,2})"
    later = rf"{day}{ordinal}(?![\d:%\w]|[.,/]\d)(?:,?\s*{of}{_YEAR})?"
    return {
        "named": re.compile(rf"(?<![\w./,:]){day}{ordinal}(?:[.\-/]|\.?\s+)?{of}{named}{year}{_DOT}"),
        "month_first": re.compile(rf"(?<!\w){named}\.?\s+{_ARTICLE}{later}"),
        "to_the_right": re.compile(rf"(?P<sign>{SIGN}){to}{_ARTICLE}(?P<date>{later})"),
        "to_the_left": re.compile(
            rf"(?<![\w./,:+-])(?P<date>{day}{ordinal}){to}(?:{pattern(tongue.fill)}\s+){{0,2}}(?P<sign>{SIGN})"
        ),
    }


def _weekdays(tongue: Tongue, days: dict[str, int]) -> dict[str, re.Pattern[str]]:
    """A weekday before a date, in brackets behind it, and by itself."""
    words = tongue.day_words.split()
    alone = _either(name for name in days if (len(name) > 2 or not name.isascii()) and name not in words)
    grown = rf"(?:{fold(tongue.day_ends)})?" if tongue.day_ends else ""
    day = rf"(?P<day>{_either(days)}){grown}"
    return {
        "named_day": re.compile(rf"(?<!\w){day}\.?,?\s+{_ARTICLE}(?P<sign>{SIGN})"),
        "beside": re.compile(rf"(?P<sign>{SIGN})\s?\({day}\.?\)"),
        "weekday": re.compile(rf"(?<!\w)(?P<day>{alone}){grown}(?!\w){_DOT}"),
    }


def _lone(before: str, after: str) -> re.Pattern[str]:
    """The number of "until the 7th"."""
    words = rf"{pattern(before)}\s+" if before else r"(?<![\w.,/:+-])"
    return re.compile(rf"{words}(?P<date>(?P<day>\d{{1,2}})(?:{loose(after)}))(?!\w)")


def _after_year(tongue: Tongue) -> str:
    return rf"(?:\s?(?:{fold(tongue.after_year)})(?!\w))?" if tongue.after_year else ""


def _names(tongue: Tongue, what: str) -> dict[str, int]:
    """Names of months (from 1) or days (from 0), folded and without a dot: CLDR's, and the table's additions."""
    locale = Locale.parse(tongue.language)
    tables, lines = (locale.months, tongue.more_months) if what == "months" else (locale.days, tongue.more_days)
    found: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in tables[context][width].items():
                found.setdefault(fold(name).rstrip("."), int(number))
    for line in lines:
        for number, name in enumerate(line.split(), 1 if what == "months" else 0):
            found.setdefault(fold(name), number)
    return found


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


# --- finding them ---------------------------------------------------------------------------------------------------


class _Marker:
    """The text while its dates are being found, one pattern after the other."""

    __slots__ = ("known", "said", "text", "today", "tongue")

    def __init__(self, text: str, known: _Patterns, tongue: Tongue, today: date) -> None:
        self.text = text
        self.known = known
        self.tongue = tongue
        self.today = today
        self.said: list[Said] = []

    def put(self, wanted: re.Pattern[str], make: Callable[[re.Match[str]], Said | None]) -> None:
        """Put a sign for each match that `make` takes for a date."""

        def sign(found: re.Match[str]) -> str:
            said = make(found)
            if said is None:
                return found[0]
            self.said.append(said)
            start, end = (at - found.start() for at in found.span("date" if "date" in wanted.groupindex else 0))
            return found[0][:start] + self._sign(len(self.said) - 1, end - start) + found[0][end:]

        self.text = wanted.sub(sign, self.text)

    def name_days(self) -> None:
        """Let a sign take in the weekday before it."""

        def join(found: re.Match[str]) -> str:
            number = ord(found["sign"][0]) - _FIRST
            if not self.said[number].readings:
                return found[0]
            self.said[number] = replace(self.said[number], weekday=self.known.days[found["day"]])
            return self._sign(number, len(found[0]))

        self.text = self.known.named_day.sub(join, self.text)

    def swallow(self, wanted: re.Pattern[str]) -> None:
        """Let a sign take in what is said of its date once more."""
        self.text = wanted.sub(lambda found: self._sign(ord(found["sign"][0]) - _FIRST, len(found[0])), self.text)

    def _sign(self, number: int, length: int) -> str:
        return chr(_FIRST + number) + _PAD * (length - 1)

    def numbers(self, found: re.Match[str]) -> Said | None:
        return _said([Reading(_year(found), int(found["month"]), int(found["day"]))])

    def slashed(self, found: re.Match[str]) -> Said | None:
        first, second = int(found["a"]), int(found["b"] or found["c"])
        year = int(found["long"]) if found["long"] else _year(found)
        both = [Reading(year, second, first, "day"), Reading(year, first, second, "month")]
        valid = [one for one in both if is_day(one)]
        return _said(valid if self.tongue.month_first else valid[:1])

    def named(self, found: re.Match[str]) -> Said | None:
        return _said([Reading(_year(found), self.known.months[found["month"]], int(found["day"]))])

    def month_first(self, found: re.Match[str]) -> Said | None:
        said = self.named(found)
        return said and replace(said, goes_on=not found["year"])

    def to_the_right(self, found: re.Match[str]) -> Said | None:
        """The second number of "December 1-7, 2026"."""
        before = self.said[ord(found["sign"][0]) - _FIRST]
        return (
            _said([replace(before.readings[0], day=int(found["day"]), year=_year(found))]) if before.goes_on else None
        )

    def to_the_left(self, found: re.Match[str]) -> Said | None:
        """The first number of "1-7 December", "1.-7.12." and "du 1er au 7 décembre"."""
        after = self.said[ord(found["sign"][0]) - _FIRST]
        return _said([_earlier(reading, int(found["day"])) for reading in after.readings])

    def month_alone(self, found: re.Match[str]) -> Said:
        number = self.known.months[found["month"]]
        return Said(days=month(_year(found) or self.today.year + (number < self.today.month), number))

    def month_end(self, found: re.Match[str]) -> Said:
        days = self.month_alone(found).days
        return Said(days=days and (days[1], days[1]))

    def relative(self, found: re.Match[str]) -> Said:
        _, kind, ahead = self.tongue.relative[(found.lastindex or 1) - 1]
        return Said(days=unit(kind, ahead, self.today))

    def weekday(self, found: re.Match[str]) -> Said:
        return Said(weekday=self.known.days[found["day"]])

    def lone(self, found: re.Match[str]) -> Said | None:
        """A number without a month: "until the 7th"."""
        day = day_of_month(int(found["day"]), self.today)
        return Said(days=(day, day)) if day else None


def _said(readings: Sequence[Reading]) -> Said | None:
    valid = tuple(reading for reading in readings if is_day(reading))
    return Said(valid) if valid else None


def _year(found: re.Match[str]) -> int | None:
    groups = found.groupdict()
    if groups.get("year"):
        return int(groups["year"])
    return 2000 + int(groups["yy"]) if groups.get("yy") else None


def _earlier(reading: Reading, day: int) -> Reading:
    """The day before a range's end: in the same month, or in the one before if its number is greater."""
    if day <= reading.day:
        return replace(reading, day=day)
    year = reading.year - 1 if reading.year and reading.month == 1 else reading.year
    return replace(reading, year=year, month=(reading.month - 2) % 12 + 1, day=day)
