"""What each command takes behind its word, and what is said where that is amiss."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import assert_never

from maild import dates, moments
from maild.commands.model import Command, Fault, Name, Wrong
from maild.dates import Span, Unread
from maild.lines import Line
from maild.lines import line as say
from maild.moments import Moment
from maild.vocabulary import BACKUP, BECAUSE, KNOWN, LEVELS, LISTS, RUNG, Known, Takes

BY_WORD = {word: known for known in KNOWN for word in (known.name, *known.aliases)}
"""The commands by their names and aliases, in lower case."""

STATUSES = frozenset({Name.OPEN, Name.PENDING, Name.HOLD, Name.SOLVED, Name.REOPEN})
_WHICH = ((), *((which,) for which in LISTS))
ENDINGS = ".,:;!?…"


def nearest(word: str) -> str:
    """Return the known command nearest to a word, by its own name; "" where none is near."""
    plain = unicodedata.normalize("NFKC", word[:40]).casefold()
    if plain in BY_WORD:
        return BY_WORD[plain].name
    near = difflib.get_close_matches(plain, list(BY_WORD), n=1, cutoff=0.6)
    return BY_WORD[near[0]].name if near else ""


def taking(known: Known, line: str, rest: str) -> Command | Wrong:
    """The command with its words, by what it takes."""
    match known.takes:
        case Takes.NOTHING:
            alone = not rest.strip(ENDINGS)
            return (
                Command(Name(known.name)) if alone else wrong(line, known.name, Fault.ALONE, stands_alone(known.name))
            )
        case Takes.TEXT:
            return Command(Name(known.name), text=rest)
        case Takes.NEEDED_TEXT:
            return Command(Name(known.name), text=rest) if rest else _short(known, line)
        case Takes.WHO_BECAUSE:
            return _who(known, line, rest)
        case Takes.BECAUSE | Takes.MAYBE_BECAUSE:
            return _because(known, line, rest)
        case Takes.LEVEL:
            level = rest.casefold().rstrip(ENDINGS)
            return Command(Name.PRIORITY, words=(level,)) if level in LEVELS else _short(known, line)
        case Takes.TAGS:
            return _tags(known, line, rest)
        case Takes.NUMBER:
            return _number(known, line, rest.removeprefix("#").rstrip(ENDINGS))
        case Takes.NAME:
            named = rest.casefold().rstrip(ENDINGS)
            return Command(Name(known.name), words=(named,)) if len(named.split()) == 1 else _short(known, line)
        case Takes.WHICH:
            which = tuple(rest.casefold().rstrip(ENDINGS).split())
            return Command(Name.LIST, words=which) if which in _WHICH else _short(known, line)
        case Takes.SPAN:
            return _span(known, line, rest)
        case Takes.RUNG_BECAUSE:
            return _rung(known, line, rest)
        case Takes.MOMENT_BECAUSE | Takes.MOMENT_MAYBE_BECAUSE:
            return _moment(known, line, rest)
        case Takes.STATUS:
            return _status(known, line, rest)
        case _:
            assert_never(known.takes)


def _split(rest: str) -> tuple[str, str, str]:
    """What stands before the reason, the word that begins it ("" where there is none), and the reason."""
    found = BECAUSE.search(rest)
    return (rest[: found.start()], found[0].strip(), rest[found.end() :].strip()) if found else (rest, "", "")


def _who(known: Known, line: str, rest: str) -> Command | Wrong:
    named, _, because = _split(rest)
    who = named.strip(f" {ENDINGS}").removeprefix("@")
    if not who or len(who.split()) > 5:
        return _short(known, line)
    return Command(Name(known.name), who=who, because=because) if because else _unreasoned(known, line)


def _because(known: Known, line: str, rest: str) -> Command | Wrong:
    found = BECAUSE.match(rest)
    because = rest[found.end() :].strip() if found else ""
    if because:
        return Command(Name(known.name), because=because)
    if known.takes is Takes.MAYBE_BECAUSE and not rest.strip(ENDINGS):
        return Command(Name(known.name))
    return _unreasoned(known, line)


def _span(known: Known, line: str, rest: str) -> Command | Wrong:
    written, word, because = _split(rest)
    if word and not because:
        return wrong(line, known.name, Fault.REASON, say("reason_missing_behind", word=word))
    named = BACKUP.search(written)
    who = written[named.end() :].strip(f" {ENDINGS}").removeprefix("@") if named else ""
    if named and (not who or len(who.split()) > 5):
        return _short(known, line)
    span = dates.read(written[: named.start()] if named else written)
    match span:
        case Span():
            return Command(Name(known.name), who=who, because=because, span=span)
        case Unread.UNCLEAR:
            return wrong(line, known.name, Fault.DATES, say("wrong_dates", written=line[:200], word=known.name))
        case Unread.TWO_WAYS:
            return wrong(line, known.name, Fault.TWO_WAYS, say("wrong_two_ways", written=line[:200], word=known.name))
        case _:
            assert_never(span)


def _rung(known: Known, line: str, rest: str) -> Command | Wrong:
    written, _, because = _split(rest)
    level = written.strip(f" {ENDINGS}")
    found = RUNG.fullmatch(level)
    if level and not found:
        return _short(known, line)
    number = int(found[1]) if found else None
    return Command(Name(known.name), because=because, number=number) if because else _unreasoned(known, line)


def _moment(known: Known, line: str, rest: str) -> Command | Wrong:
    written, word, because = _split(rest)
    if not written.strip(f" {ENDINGS}"):
        return _short(known, line)
    if not because and known.takes is Takes.MOMENT_BECAUSE:
        return _unreasoned(known, line)
    if not because and word:
        return wrong(line, known.name, Fault.REASON, say("reason_missing_behind", word=word))
    moment = moments.read(written)
    match moment:
        case Moment():
            return Command(Name(known.name), because=because, moment=moment)
        case Unread.UNCLEAR:
            return wrong(line, known.name, Fault.DATES, say("wrong_moment", written=line[:200]))
        case Unread.TWO_WAYS:
            return wrong(line, known.name, Fault.TWO_WAYS, say("moment_two_ways", written=line[:200]))
        case _:
            assert_never(moment)


def _number(known: Known, line: str, rest: str) -> Command | Wrong:
    if not rest:
        return Command(Name(known.name))
    return Command(Name(known.name), number=int(rest)) if re.fullmatch("[0-9]{1,9}", rest) else _short(known, line)


def _tags(known: Known, line: str, rest: str) -> Command | Wrong:
    tags = tuple(dict.fromkeys(tag.lstrip("#").casefold() for tag in re.split(r"[\s,;]+", rest) if tag.lstrip("#")))
    sound = 0 < len(tags) <= 20 and all(len(tag) <= 50 for tag in tags)
    return Command(Name(known.name), words=tags) if sound else _short(known, line)


def _status(known: Known, line: str, rest: str) -> Command | Wrong:
    word, _, cause = rest.partition(" ")
    status = BY_WORD.get(word.casefold().rstrip(ENDINGS))
    if status is None or status.name not in STATUSES:
        return _short(known, line)
    return taking(status, line, cause.strip())


# What is wrong


def wrong(line: str, word: str, fault: Fault, reason: Line) -> Wrong:
    """The line as one that is not taken, with the nearest command."""
    return Wrong(line[:200], word[:40], fault, nearest(word), reason)


def stands_alone(word: str) -> Line:
    """Why a command that takes nothing is not carried out where something stands behind it."""
    return say("stands_alone", word=word)


def _short(known: Known, line: str) -> Wrong:
    return wrong(line, known.name, Fault.WORDS, say("is_written", form=known.form))


def _unreasoned(known: Known, line: str) -> Wrong:
    form = known.form.replace("[", "").replace("]", "")
    return wrong(line, known.name, Fault.REASON, say("reason_missing", form=form))
