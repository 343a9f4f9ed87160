"""The moment that a person writes in a command, in the shipped languages: a day, a time, or a span from now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maild import dates
from maild.dates import LONGEST, Ahead, Day, Fault, Unread, Weekday, Written, folded

_MOST = 100  # characters
_DAY = timedelta(days=1)
_JUST_OVER = timedelta(days=31)
"""For so long a day without a year means the one that is over, and not the one of next year."""
_CLOCK_FROM, _CLOCK_TO = 7, 23
"""From 7h to 23h a French or Spanish hour of the day looks like an English span."""
_EARLY = 8
"""Before it, "at 5" may be an hour of the afternoon; "5h" and "5 Uhr" may be up to an hour before it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Either a day, perhaps with a time (None: as long as that day's work lasts), or a span from now."""

    day: Written | None = None
    at: time | None = None
    span: timedelta | None = None


# --- the words ------------------------------------------------------------------------------------------------------


def _either(*rows: str) -> str:
    """A pattern of all the words as they read when folded, the longest first; `_` stands for a space within one."""
    words = {folded(word).replace("_", " ") for row in rows for word in row.split()}
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


_UNTIL_WORDS = (
    "until till til by to no_later_than",
    "jusque jusqu'à jusqu'au d'ici d'ici_à d'ici_au au à pour au_plus_tard",
    "hasta para a al a_más_tardar",
    "até ao o_mais_tardar",
    "до к ко на не_позднее",
    "bis auf spätestens",
)
_UNTIL = _either(*_UNTIL_WORDS)
_WITHIN = _either("in within", "dans sous", "en dentro_de", "em daqui_a", "через в_течение", "in innerhalb_von binnen")
_FOR = _either("for", "pour d'ici d'ici_à", "por", "на", "für")
_ONE = _either("a an one", "un une", "un una", "um uma", "один одну", "ein eine einem einer")
_AND = _either("and et y e и und")
_UNITS = (
    (timedelta(minutes=1), "m min mins minute minutes minuto minutos мин минуту минуты минут minuten"),
    (timedelta(hours=1), "h hr hrs hour hours heure heures hora horas ч час часа часов std stunde stunden"),
    (_DAY, "d day days j jour jours día días dia dias д день дня дней tag tage tagen"),
    (7 * _DAY, "w wk week weeks sem semaine semaines semana semanas нед неделю недели недель woche wochen"),
)
_LENGTHS = {folded(word): length for length, words in _UNITS for word in words.split()}
_HOURS_OR_CLOCK = frozenset(map(folded, ("h", "heure", "heures", "hora", "horas", "ч", "час", "часа", "часов")))

_AT = _either(
    *_UNTIL_WORDS,
    "at before um gegen vor vers avant a_las a_la las la hasta_las antes_de antes_de_las antes_de_la в во",
    "às pelas até_às até_à antes_das antes_da",
)
_CLOCK = _either("h hs uhr heure heures hora horas ч час часа часов")
_NOON = _either("noon midi mediodía meio-dia полдень mittag")
_MORNING = _either("am a.m. a.m du_matin de_la_mañana da_manhã утра morgens vormittags")
_AFTERNOON = _either(
    "pm p.m. p.m du_soir de_l'après-midi de_la_tarde de_la_noche da_tarde da_noite дня вечера nachmittags abends",
)

_LETTER = r"[^\W\d_]"
_PIECE = (
    rf"(?:([0-9]{{1,4}})\s*|(?<!{_LETTER})(?:({_ONE})\s+)?)"
    rf"({_either(*(words for _, words in _UNITS))})(?!{_LETTER})\.?"
)
_SPAN = re.compile(
    rf"(?:(?P<within>(?:{_WITHIN})\s)|(?P<for>(?:{_FOR})\s))?\s*"
    rf"(?P<pieces>{_PIECE}(?:(?:\s*,)?\s*(?:(?:{_AND})\s+)?{_PIECE}){{0,2}})"
)
_LIMIT = re.compile(rf"(?:(?:{_UNTIL})\s+){{1,2}}")
_TIME = re.compile(
    rf"""
    (?<![\w.:/+-])
    (?: (?: (?P<at> {_AT} ) \s+ ){{1,2}} | @ \s* )?
    (?:
      (?P<noon> {_NOON} )
    | (?P<hour> [0-9]{{1,2}} )
      (?: (?P<sign> [:.] ) (?P<minute> [0-9]{{2}} ) )?
      (?: (?P<gap> \s? ) (?P<clock> {_CLOCK} ) (?!{_LETTER}) (?: (?P=gap) (?P<more> [0-9]{{2}} ) (?! [0-9.:/] ) )? )?
      (?: \s? (?: (?P<morning> {_MORNING} ) | (?P<afternoon> {_AFTERNOON} ) ) )?
    )
    (?! [\w:/+-] | \.[0-9] )
    """,
    re.VERBOSE,
)
_ISO_T = re.compile(r"(?<=[0-9])t(?=[0-9])")  # RFC 3339 section 5.6


# --- reading --------------------------------------------------------------------------------------------------------


def read(text: str) -> Moment | Unread:
    """Read a day, a day with a time, a time of today, or a span from now: `friday`, `26 nov 12:00`, `5pm`, `in 3 days`.

    Words of all shipped languages count. Never raises; what is not wholly understood is no moment, and what can mean
    two of them (03/04; 12h, which is noon or half a day; "at 5") is taken for neither.
    """
    if len(text) > _MOST:
        return Unread.UNCLEAR
    plain = " ".join(_ISO_T.sub(" ", folded(text)).split()).strip(" ,;!.")
    span = _span(plain)
    if span is not None:
        return Moment(span=span) if isinstance(span, timedelta) else span
    times = list(_times(plain))
    if not times:
        day = _day(plain)
        return day if isinstance(day, Unread) else Moment(day)
    if len(times) > 1:
        return Unread.UNCLEAR
    start, end, at = times[0]
    return at if isinstance(at, Unread) else _timed(f"{plain[:start]} {plain[end:]}".strip(" ,;."), at)


def _day(plain: str) -> Written | Unread:
    limit = _LIMIT.match(plain)
    return dates.day(plain[limit.end() :] if limit else plain)


def _span(plain: str) -> timedelta | Unread | None:
    """The span from now that the whole text says, None where it says something else."""
    found = _SPAN.fullmatch(plain)
    if found is None:
        return None
    pieces = re.findall(_PIECE, found["pieces"])
    alone = len(pieces) == 1
    if not all(number or one for number, one, _ in pieces) and not (alone and (found["within"] or found["for"])):
        return None
    counts = [(int(number or 1), unit) for number, _, unit in pieces]
    count, unit = counts[0]
    if alone and unit in _HOURS_OR_CLOCK and not found["within"] and _CLOCK_FROM <= count <= _CLOCK_TO:
        return Unread.TWO_WAYS
    whole = sum((count * _LENGTHS[unit] for count, unit in counts), timedelta(0))
    return whole or Unread.UNCLEAR


def _times(plain: str) -> Iterator[tuple[int, int, time | Unread]]:
    """Every time of day in the text: where it begins and ends, and which it is."""
    for found in _TIME.finditer(plain):
        at = _time_of(found)
        if at is not None:
            # "14 Uhr am 26.": here it is the German word for "on"
            german = found["morning"] == "am" and _hour(found) > 12
            yield found.start(), found.start("morning") if german else found.end(), at


def _time_of(found: re.Match[str]) -> time | Unread | None:
    """The time of day, None where the numbers are no time but part of a day."""
    if found["noon"]:
        return time(12)
    marked = found["clock"] or _half(found)
    if found["afternoon"] == folded("дня") and not (found["at"] or found["clock"]):
        return None  # three days
    hour, minute = _hour(found), int(found["minute"] or found["more"] or 0)
    if found["sign"] != ":" and not marked and not _is_bare_time(found, minute):
        return None
    if (found["minute"] and found["more"]) or minute > 59:
        return Unread.UNCLEAR
    if not found["sign"] and not _half(found) and _has_two_ways(found, hour):
        return Unread.TWO_WAYS
    if found["afternoon"]:
        hour = hour % 12 + 12 if 1 <= hour <= 12 else hour if hour > 12 and found["clock"] else 24
    elif found["morning"] and hour == 12:
        return Unread.TWO_WAYS  # midnight, noon, or "12 Uhr am Freitag"
    return time(hour, minute) if hour < 24 else Unread.UNCLEAR


def _hour(found: re.Match[str]) -> int:
    return int(found["hour"] or 12)


def _half(found: re.Match[str]) -> str:
    """The word that tells in which half of the day it is."""
    return found["morning"] or found["afternoon"] or ""


def _has_two_ways(found: re.Match[str], hour: int) -> bool:
    """Whether an hour without its minutes or its half of the day may be another one, a span, or a day of the month."""
    alone = found[0] == found.string
    if not found["clock"]:
        return hour < _EARLY or (alone and _is_limit(found))
    return hour < _EARLY - 1 and (not found["more"] or (alone and not found["at"]))


def _is_bare_time(found: re.Match[str], minute: int) -> bool:
    """Whether numbers without a word for hours are a time: "at 10.12"; "at 14" at the end; 14.30, which is no day."""
    if found["sign"]:
        return (bool(found["at"]) and not _is_limit(found)) or (minute % 5 == 0 and not 1 <= minute <= 12)
    return bool(found["at"]) and found.end() == len(found.string)


def _is_limit(found: re.Match[str]) -> bool:
    """Whether the word before it stands before days, too."""
    return re.fullmatch(_UNTIL, found["at"] or "") is not None


def _timed(around: str, at: time) -> Moment | Unread:
    """The moment that a time of day makes with what stands around it."""
    if not around:
        return Moment(Ahead(0), at)
    span = _span(around)
    if isinstance(span, timedelta):
        return Moment(Ahead(span.days), at) if not span % _DAY else Unread.UNCLEAR
    day = span or _day(around)
    return day if isinstance(day, Unread) else Moment(day, at)


# --- which moment it is ---------------------------------------------------------------------------------------------


def moment(written: Moment, now: datetime, zone: ZoneInfo, ends: Callable[[date], time]) -> datetime | Fault:
    """The moment in UTC that is meant at `now` (aware) in `zone`, or why there is none: it is to come, within a year.

    `ends` tells when a day without a time is over. A span of whole days keeps the time of day, any other is exact
    (as in RFC 5545 section 3.3.6). A day's name means today only while its time lies ahead.
    """
    if written.span is not None:
        return _from_now(written.span, now, zone)
    if written.day is None:
        raise AssertionError("a moment has a day or a span")
    today = now.astimezone(zone).date()
    days = dates.days_of(written.day, today, today)
    if isinstance(written.day, Weekday):
        days = [days[0], days[0] + 7 * _DAY]
    if not days:
        return Fault.NO_SUCH_DAY
    over = []
    for day in days:
        if day - today > LONGEST:
            return Fault.TOO_FAR
        at = _on_the_wall(day, written.at or ends(day), zone) if day >= today else None
        if at is None or at <= now:
            over.append(day)
            continue
        if _is_slip(written.day, over, today):
            break
        return at if dates.fits(written.day, day) else Fault.WEEKDAY
    return Fault.PAST


def _is_slip(written: Written, over: list[date], today: date) -> bool:
    """Whether the day of this year is only just over: who means next year's writes the year."""
    undated = isinstance(written, Day) and written.year is None
    return undated and bool(over) and today - over[-1] <= _JUST_OVER


def _from_now(span: timedelta, now: datetime, zone: ZoneInfo) -> datetime | Fault:
    if span > LONGEST:
        return Fault.TOO_FAR
    if span % _DAY:
        return now.astimezone(UTC) + span
    local = now.astimezone(zone)
    return _on_the_wall(local.date() + span, local.time(), zone)


def _on_the_wall(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which the clocks of the zone show this: the first where there are two.

    What they skip counts by the offset before the change, and so moves forward (PEP 495; RFC 5545 section 3.3.5).
    """
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)
