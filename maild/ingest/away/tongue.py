"""What a language needs, so that an absence can be read in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

AWAY = "is away"
"""What may be said of anybody, and all that is said of somebody who is ill."""

OFFICE = "is out of the office"
HOLIDAY = "is on holiday"
LEAVE = "is on leave"
TRAVEL = "is travelling"
LEFT = "has left"


class Unit(StrEnum):
    """What a word such as "tomorrow" or "next week" counts in; an end is the last day of the week, month or year."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WEEK_END = "week-end"
    MONTH_END = "month-end"
    YEAR_END = "year-end"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language: patterns in small letters that match whole words.

    A line end stands for "or", a space for any white space, `{days}` for the names of the days; in `absent` and `weak`
    `{date}` for any date and `{begin}` for the beginning of a clause. Accents may be left out by whoever writes, "ü"
    may be "ue". Names of months and days are CLDR's; `more_months` and `more_days` add forms that it lacks, January
    and Monday first.
    """

    language: str

    # dates
    month_first: bool = False  # 12/7 may be the seventh of December
    more_months: tuple[str, ...] = ()
    more_days: tuple[str, ...] = ()
    day_words: str = ""  # short names of days that mean something else too: they count beside a date alone
    day_ends: str = ""  # what may grow at the end of a day's name
    ordinal: str = ""  # what stands after the number of a day
    lone_day: tuple[str, str] = ("", "")  # before and after the number of a day without its month
    of: str = ""  # between day, month and year
    after_year: str = ""
    in_month: str = ""  # before a month that stands for all of it
    end_of: str = ""  # before a month, for its last day
    relative: tuple[tuple[str, Unit, int], ...] = ()  # longest first
    clock: str = ""  # a part of a day, which is ignored

    # absence
    absent: tuple[tuple[str, str], ...] = ()  # what is said of it, and how it is written
    weak: str = ""  # absence if a person says it, and not an office of itself
    past: str = ""  # right before a phrase: it is over
    left: str = ""  # somebody does not work there any more
    closed: str = ""  # an office is shut
    we: str = ""  # an office speaks, or something is asked for
    me: str = ""  # a person speaks
    habit: str = ""  # what comes back every week
    related: str = ""  # a sentence beside the phrase that has one of these words is about the absence too

    # what a date is for
    fill: str = ""  # words that may stand between such a word and its date
    until: str = ""
    after: str = ""
    since: str = ""
    start: str = ""  # begins a range, and nothing else
    to: str = ""
    between: str = ""
    both: str = ""  # "and"
    on: str = ""
    back: str = ""  # ... DATE
    back_after: str = ""  # on DATE ...
    back_on: str = ""  # what must stand before that date
    answer: str = ""  # ... from DATE; tells of the end, and not by itself of an absence
    not_before: str = ""  # ... DATE
    no: str = ""  # turns the meaning of `back` and `answer`
    stop: str = ""  # ends the way from a word to its date
    clause: str = ""  # begins a new thought in the same sentence
