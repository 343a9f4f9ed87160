"""An automatic reply: who wrote it is away, since when and until when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import assert_never

from maild.ingest.away import TONGUES, cues
from maild.ingest.away.cues import Found, Phrase, Role, Sheet
from maild.ingest.away.dates import Said, best, rank, spans, spans_before
from maild.ingest.away.folding import fold
from maild.ingest.away.tongue import AWAY, LEFT
from maild.ingest.forward_signs import is_passed_on
from maild.ingest.quote import divide
from maild.ingest.quote_signs import CLOCK, WROTE, YEAR, has_address, is_original
from maild.mail import Vacation

MOST_CHARACTERS = 2_000
_MOST_READ = 8_000  # characters in which the own words are looked for, quotes among them
_DAY = timedelta(1)


def read_vacation(text: str, subject: str, sent_at: datetime, zone: tzinfo) -> Vacation | None:
    """Read the absence out of an automatic reply, or None where it tells of none; never raises, linear in the text.

    `until` is the last day of absence: "until 7 December", "until Monday" and "through 7 December" name it, "back on
    8 December", "not back until 8 December" and "returning Monday" name the day after it; so does "until next week",
    as a week or month that has not begun ends the absence before it begins. Weeks begin on Monday. A weekday is the
    next one after `sent_at`. A year that is missing puts the date on or after the day of `sent_at` in `zone`, up to 11
    months ahead; a date that is written with its year is kept, also if it is past. Where 12/7 can be read both ways
    (English), a weekday beside it, the order of the range and the nearest day to come decide, which is the earlier.

    Of several dates the first wins, whatever its language; a return on the very day that the absence is said to last
    until makes it end the day before. Quoted mail and signatures are not read, nor what stands after "Automatic reply:"
    in the subject, as that is the subject of the mail that is answered. An office that is closed, and an absence that
    comes back every week, are no absence.
    """
    today = sent_at.astimezone(zone).date()
    page = _page(subject, text)
    sheets = [cues.sheet(page, tongue, today) for tongue in TONGUES]
    phrases = sorted((phrase for one in sheets for phrase in cues.phrases(one)), key=lambda phrase: phrase.start)
    spoken = {phrase.language for phrase in phrases}
    absences = [absence for one in sheets for absence in _absences(one, phrases, today)]
    if absences:
        first = min(absences, key=lambda one: (one.start, one.language not in spoken))
        own = [phrase for phrase in phrases if phrase.language == first.language] or phrases
        says, language = (own[0].says, own[0].language) if own else (AWAY, first.language)
        return Vacation(first.since, first.until, says, language)
    if gone := [one.tongue.language for one in sheets if cues.left(one)]:
        return Vacation(None, None, LEFT, gone[0], left=True)
    if not phrases:
        return None
    since = next((day for one in sheets if (day := _begin(one, phrases, None, today))), None)
    return Vacation(since, None, phrases[0].says, phrases[0].language)


# --- what is read ---------------------------------------------------------------------------------------------------


def _page(subject: str, text: str) -> str:
    """What is read, folded: the subject and then the words; a blank line ends a thought as a full stop does."""
    paragraphs = [_own_subject(subject), *re.split(r"\n\s*\n", _beginning(_own_words(text)))]
    return _beginning(".\n\n".join(fold(paragraph) for paragraph in paragraphs))


def _beginning(text: str) -> str:
    """As much of a text as is read, whole words only: half a date would be another one."""
    return text if len(text) <= MOST_CHARACTERS else re.sub(r"\S{1,60}$", "", text[:MOST_CHARACTERS])


def _own_subject(subject: str) -> str:
    """What the responder itself put into the subject: before a colon, and before our tag."""
    own, tagged, _ = subject[:300].partition("[#")
    head, colon, _ = own.replace("：", ":").partition(":")
    return head if colon or not tagged else ""


def _own_words(text: str) -> str:
    """The newest words, also where `divide` keeps a quote because words may stand under it."""
    lines: list[str] = []
    for line in divide(text[:_MOST_READ]).words.split("\n"):
        if is_original(line) or is_passed_on(line[:200]) or _introduces(line):
            break
        if not line.lstrip().startswith((">", "|")):
            lines.append(line)
    return "\n".join(lines)


def _introduces(line: str) -> bool:
    line = line.strip()
    if len(line) > 400 or not line.endswith((":", "：")) or not WROTE.search(line):
        return False
    return has_address(line) or bool(CLOCK.search(line) or YEAR.search(line))


# --- first and last day ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Absence:
    """A last day that the page tells of, and where."""

    start: int
    since: date | None
    until: date
    language: str
    returns: bool


def _absences(sheet: Sheet, phrases: Sequence[Phrase], today: date) -> list[_Absence]:
    """Every last day that one language finds on the page; one that tells of no absence itself needs more than 7/12."""
    speaks = not phrases or any(phrase.language == sheet.tongue.language for phrase in phrases)
    found = [
        one
        for one in sheet.found
        if (cues.counts(sheet, one, phrases) if phrases else cues.is_return(sheet, one))
        and (speaks or cues.worded(sheet, one))
    ]
    absences = [absence for one in found if (absence := _absence(sheet, one, phrases, today))]
    if not absences:
        own = [phrase for phrase in phrases if phrase.language == sheet.tongue.language]
        days = [day for phrase in own if (day := cues.days_of_absence(sheet, phrase))]
        absences = [absence for one in days if (absence := _absence(sheet, one, phrases, today))]
    eves = {absence.until for absence in absences if absence.returns}
    return [_before_return(absence, eves) for absence in absences]


def _before_return(absence: _Absence, eves: AbstractSet[date]) -> _Absence:
    """An absence that lasts "until" the very day on which somebody is back ends the day before."""
    eve = absence.until - _DAY
    if absence.returns or eve not in eves or (absence.since and absence.since > eve):
        return absence
    return replace(absence, until=eve)


def _absence(sheet: Sheet, found: Found, phrases: Sequence[Phrase], today: date) -> _Absence | None:
    dates = [sheet.marked.at(sign) for sign in found.signs]
    since: date | None = None
    until: date | None = None
    match found.role:
        case Role.RANGE | Role.BETWEEN:
            since, until = _range(dates[0], dates[1], today) or (None, None)
        case Role.ON:
            days = [span for said in dates if (span := best(spans(said, today), today))]
            since, until = (days[0].first, days[-1].last) if days else (None, None)
        case Role.UNTIL | Role.AFTER | Role.BACK | Role.NOT_BEFORE | Role.ANSWER:
            until = _last_day(dates[0], today, returns=found.role.returns)
            since = _begin(sheet, phrases, until, today) if until else None
        case Role.SINCE:
            return None
        case _:
            assert_never(found.role)
    if until is None:
        return None
    since = since if since and since <= until else None
    return _Absence(found.start, since, until, sheet.tongue.language, found.role.returns)


def _last_day(said: Said, today: date, *, returns: bool) -> date | None:
    """The day itself, or the one before: of a return, and of a week or month that has not begun."""
    span = best(spans(said, today), today)
    if span is None:
        return None
    return span.first - _DAY if returns or today < span.first < span.last else span.last


def _range(first: Said, second: Said, today: date) -> tuple[date, date] | None:
    """Both ends of a range: read in the same order, the first no later than the second."""
    begun = [span.first for span in spans(first, today) if any(reading.year for reading in first.readings)]
    pairs = [
        (since, until)
        for until in spans(second, max([today, *begun]))
        for since in spans_before(first, until.last, today)
        if since.order == until.order or not (since.order and until.order)
    ]
    if not pairs:
        return None
    since, until = min(pairs, key=lambda pair: (pair[0].first > pair[1].last, not pair[0].fits, rank(pair[1], today)))
    return since.first, until.last


def _begin(sheet: Sheet, phrases: Sequence[Phrase], until: date | None, today: date) -> date | None:
    """The first day, where a date of its own tells it."""
    for found in sheet.found:
        if found.role is not Role.SINCE or not cues.counts(sheet, found, phrases):
            continue
        said = sheet.marked.at(found.signs[0])
        if until is not None:
            span = best(spans_before(said, until, today), today)
        else:
            both = [*spans(said, today), *spans_before(said, today, today)]
            span = min(both, key=lambda one: (not one.fits, abs(one.first - today)), default=None)
        if span is not None and (until is None or span.first <= until):
            return span.first
    return None
