"""What is said around the dates of a page: words of absence, and what each date is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from maild.ingest.away.folding import pattern
from maild.ingest.away.marks import SIGN, Marked, day_names, mark
from maild.ingest.away.tongue import AWAY, Tongue

_WRAPPED = 45  # characters from which on the end of a line is the width of a page and not the end of a thought
_CLAUSE = 45  # characters before a word in which a "not" is looked for
_TERSE = 7  # words of a line that needs no "I" to tell when somebody is back
_NEAR = 25  # characters between "out of the office" and the day of it


_BEGIN = r"(?:^|(?<=[\n.!?:;,-])|(?<=[\n.!?:;,-]\s))"


class Role(StrEnum):
    """What a date is for; the first that fits takes it."""

    NOT_BEFORE = "not before"
    BETWEEN = "between"
    RANGE = "range"
    BACK = "back"
    UNTIL = "until"
    AFTER = "after"
    ANSWER = "answer"
    SINCE = "since"
    ON = "on"

    @property
    def returns(self) -> bool:
        """Whether the date is the first day after the absence."""
        return self in {Role.NOT_BEFORE, Role.BACK, Role.ANSWER}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words of absence: where they stand, what may be said of the person, and their language."""

    start: int
    end: int
    says: str
    language: str


@dataclass(frozen=True, slots=True)
class Found:
    """One or two dates, by their signs, and what they are for; `start` and `end` include the words that tell."""

    role: Role
    start: int
    end: int
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as one language reads it; a place is the same on the sheets of all languages."""

    page: str
    tongue: Tongue
    marked: Marked
    thoughts: tuple[tuple[int, int], ...]
    found: tuple[Found, ...]

    def thought(self, place: int) -> int:
        """The number of the thought that holds a place."""
        return next((n for n, (_, end) in enumerate(self.thoughts) if place < end), len(self.thoughts) - 1)

    def words(self, number: int) -> str:
        """The words of a thought."""
        start, end = self.thoughts[number]
        return self.page[start:end]


def sheet(page: str, tongue: Tongue, today: date) -> Sheet:
    """Read a folded page in one language."""
    marked = mark(page, tongue, today)
    found = sorted(_found(marked.text, tongue), key=lambda one: one.start)
    return Sheet(page, tongue, marked, tuple(_thoughts(marked.text)), tuple(found))


@dataclass(frozen=True, slots=True)
class _Cues:
    absent: tuple[tuple[str, re.Pattern[str]], ...]
    weak: re.Pattern[str]
    roles: tuple[tuple[Role, re.Pattern[str]], ...]
    on: re.Pattern[str]
    past: re.Pattern[str]
    left: re.Pattern[str]
    closed: re.Pattern[str]
    we: re.Pattern[str]
    me: re.Pattern[str]
    habit: re.Pattern[str]
    related: re.Pattern[str]
    no: re.Pattern[str]
    clause: re.Pattern[str]


@cache
def _cues(tongue: Tongue) -> _Cues:
    def ready(words: str) -> re.Pattern[str]:
        source = pattern(words.replace("{days}", day_names(tongue)))
        return re.compile(source.replace("{begin}", _BEGIN).replace("{date}", SIGN))

    return _Cues(
        absent=tuple((says, ready(words)) for says, words in tongue.absent),
        weak=ready(tongue.weak),
        roles=tuple((role, re.compile(source)) for role, source in _roles(tongue)),
        on=re.compile(
            rf"(?:(?P<on>{pattern(tongue.on)})\s+{_fill(tongue)})?(?P<day>{SIGN})"
            rf"(?:\s*(?:,|{pattern(tongue.both)}|&)\s*{_fill(tongue)}(?P<second>{SIGN}))?"
        ),
        past=re.compile(rf"{pattern(tongue.past)}\s+$"),
        left=ready(tongue.left),
        closed=ready(tongue.closed),
        we=ready(tongue.we),
        me=ready(tongue.me),
        habit=ready(tongue.habit),
        related=ready(tongue.related),
        no=ready(tongue.no),
        clause=re.compile(rf"[,;.!?()]|{pattern(tongue.clause)}"),
    )


def _fill(tongue: Tongue) -> str:
    return rf"(?:[\s:,(]*{pattern(tongue.fill)}){{0,4}}[\s:,(-]*"


def _roles(tongue: Tongue) -> Iterator[tuple[Role, str]]:
    """The patterns of each role, in the order in which they take their dates."""
    fill, day = _fill(tongue), f"({SIGN})"
    word = rf"[\s:(]+(?!{pattern(tongue.stop)})[\w'/&-]+"
    word_after = rf"[\s,)]+(?!{pattern(f'{tongue.stop}|{tongue.clause}')})[\w'/&-]+"
    back_on = rf"{pattern(tongue.back_on)}{fill}"
    to = rf"[\s,).]*(?:{pattern(tongue.fill)}[\s,]+){{0,2}}{pattern(tongue.to)}{fill}"
    yield Role.NOT_BEFORE, rf"{pattern(tongue.not_before)}{fill}{day}"
    yield Role.BETWEEN, rf"{pattern(tongue.between)}{fill}{day}\s*{pattern(tongue.both)}{fill}{day}"
    yield Role.RANGE, rf"(?:{pattern(f'{tongue.start}|{tongue.since}')}{fill})?{day}{to}{day}"
    yield Role.BACK, rf"{pattern(tongue.back)}(?:{word}){{0,7}}{fill}{day}"
    yield Role.BACK, rf"(?:{back_on}|^|[.!;\n]\s?){day}(?:{word_after}){{0,8}}?[\s,)]+{pattern(tongue.back_after)}"
    yield Role.UNTIL, rf"{pattern(tongue.until)}{fill}{day}"
    yield Role.AFTER, rf"{pattern(tongue.after)}{fill}{day}"
    yield Role.ANSWER, rf"{pattern(tongue.answer)}(?:{word}){{0,7}}?\s+{back_on}{day}"
    yield Role.ANSWER, rf"{back_on}{day}(?:{word_after}){{0,8}}?[\s,)]+{pattern(tongue.answer)}"
    yield Role.SINCE, rf"{pattern(tongue.since)}{fill}{day}"


# --- thoughts -------------------------------------------------------------------------------------------------------

_STOP = re.compile(rf"(?:(?<!\b\w)(?<!\b\w\w)\.+(?=\s+(?!{SIGN})|$)|[!?;]+(?=\s|$))|\n")


def _thoughts(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, and lines that are too short to have been wrapped."""
    start = line = 0
    for stop in _STOP.finditer(text):
        if stop[0] == "\n":
            wrapped = stop.start() - line >= _WRAPPED and text[stop.end() : stop.end() + 1] != "\n"
            line = stop.end()
            if wrapped:
                continue
        if text[start : stop.end()].strip():
            yield start, stop.end()
        start = stop.end()
    yield start, len(text) + 1


# --- dates and what they are for ------------------------------------------------------------------------------------


def _found(text: str, tongue: Tongue) -> Iterator[Found]:
    cues, taken = _cues(tongue), set[str]()
    for role, wanted in cues.roles:
        for match in wanted.finditer(text):
            signs = match.groups()
            if taken.intersection(signs) or (role in {Role.BACK, Role.ANSWER} and _denied(text, match, cues)):
                continue
            taken.update(signs)
            yield Found(role, match.start(), match.end(), signs)


def _denied(text: str, match: re.Match[str], cues: _Cues) -> bool:
    """Whether a "not" stands before the words in the same clause, or among them."""
    opens = match[0][0] in ".!;\n"  # it begins with the end of the thought before it
    before = "" if opens else text[max(match.start() - _CLAUSE, 0) : match.start()]
    clause = cues.clause.split(before)[-1]
    return bool(cues.no.search(clause) or cues.no.search(match[0]))


def days_of_absence(sheet: Sheet, phrase: Phrase) -> Found | None:
    """The one day, or two, of "out of the office on Friday": beside the phrase, and for nothing else."""
    number = sheet.thought(phrase.start)
    start, end = sheet.thoughts[number]
    text = sheet.marked.text
    taken = {sign for found in sheet.found for sign in found.signs}
    for match in _cues(sheet.tongue).on.finditer(text, start, min(end, len(text))):
        between = text[phrase.end : match.start()] if match.start() >= phrase.end else text[match.end() : phrase.start]
        days = tuple(sign for sign in (match["day"], match["second"]) if sign)
        named = match["on"] or sheet.marked.at(days[0]).days
        beside = len(between) <= _NEAR if named else not between.strip(" ,:(-\n")
        if beside and not taken.intersection(days):
            return Found(Role.ON, match.start(), match.end(), days)
    return None


# --- words of absence -----------------------------------------------------------------------------------------------


def phrases(sheet: Sheet) -> Iterator[Phrase]:
    """The words of absence on a page; not those of a closed office, of the past, or of every Friday."""
    cues = _cues(sheet.tongue)
    for says, wanted in (*cues.absent, (AWAY, cues.weak)):
        for match in wanted.finditer(sheet.marked.text):
            number = sheet.thought(match.start())
            mine = _weighs(sheet, number) if wanted is cues.weak else not _ours(sheet, number)
            over = cues.past.search(sheet.page, max(match.start() - 25, 0), match.start())
            if mine and not over and not _habit(sheet, number):
                yield Phrase(match.start(), match.end(), says, sheet.tongue.language)


def _ours(sheet: Sheet, number: int) -> bool:
    """Whether the thought is about a closed office and not about a person."""
    cues, words = _cues(sheet.tongue), sheet.words(number)
    return bool(cues.closed.search(words)) and not cues.me.search(words)


def _weighs(sheet: Sheet, number: int) -> bool:
    """Whether the thought is about a person: it says "I", or it is too short to be about something else."""
    cues, words = _cues(sheet.tongue), sheet.words(number)
    about_us = cues.closed.search(words) or cues.we.search(words) or len(words.split()) > _TERSE
    return bool(cues.me.search(words)) or not about_us


def _habit(sheet: Sheet, number: int) -> bool:
    """Whether the thought is about what comes back every week, and tells of no end."""
    start, end = sheet.thoughts[number]
    ends = any(start <= found.start < end and found.role is not Role.SINCE for found in sheet.found)
    return not ends and bool(_cues(sheet.tongue).habit.search(sheet.words(number)))


def left(sheet: Sheet) -> bool:
    """Whether the page says that somebody does not work there any more."""
    return bool(_cues(sheet.tongue).left.search(sheet.page))


# --- which dates count ----------------------------------------------------------------------------------------------


def is_return(sheet: Sheet, found: Found) -> bool:
    """Whether somebody says when to be back: that tells of an absence by itself."""
    if found.role not in {Role.BACK, Role.NOT_BEFORE}:
        return False
    return _weighs(sheet, sheet.thought(found.start))


def worded(sheet: Sheet, found: Found) -> bool:
    """Whether a date names its month or day, by which its language shows; 7/12 is written in many."""
    text = sheet.marked.text
    return any(map(str.isalpha, "".join(sheet.page[text.index(sign) :][: len(sign)] for sign in found.signs)))


def counts(sheet: Sheet, found: Found, known: Sequence[Phrase]) -> bool:
    """Whether a date belongs to the absence that the phrases tell of."""
    number = sheet.thought(found.start)
    if _ours(sheet, number):
        return False
    if any(sheet.thought(phrase.start) == number for phrase in known):
        return found.role is not Role.AFTER or _related(sheet, number)
    match found.role:
        case Role.BACK | Role.NOT_BEFORE | Role.ANSWER:
            return is_return(sheet, found) or not _cues(sheet.tongue).we.search(sheet.words(number))
        case Role.AFTER:
            return _related(sheet, number)
        case Role.SINCE:
            return _beside(sheet, found, number, known)
        case _:
            return _related(sheet, number) or _beside(sheet, found, number, known)


def _related(sheet: Sheet, number: int) -> bool:
    return bool(_cues(sheet.tongue).related.search(sheet.words(number)))


def _beside(sheet: Sheet, found: Found, number: int, known: Sequence[Phrase]) -> bool:
    """Whether the date opens the thought after a phrase, or closes the line before a phrase that opens the next."""
    start, end = sheet.thoughts[number]
    if not sheet.marked.text[start : found.start].strip(" \n-*:"):
        return any(sheet.thought(phrase.start) == number - 1 for phrase in known)
    open_line = sheet.marked.text[found.end : end].strip(" -") == "" and sheet.marked.text[end - 1 : end] == "\n"
    return open_line and any(phrase.start - end < 3 for phrase in known if phrase.start >= end)
