"""An agent's words to the desk: the lines at the top of a mail that are commands, and the rest."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from maild import dates, moments
from maild.dates import Span, Unread
from maild.lines import Line
from maild.lines import line as say
from maild.moments import Moment
from maild.vocabulary import BACKUP, BECAUSE, KNOWN, LEVELS, LISTS, RUNG, Known, Takes

MOST_COMMANDS = 10
_LONGEST_LINE = 2_000


class Name(StrEnum):
    """The commands that this version carries out."""

    REPLY = "reply"
    NOTE = "note"
    OPEN = "open"
    PENDING = "pending"
    HOLD = "hold"
    SOLVED = "solved"
    REOPEN = "reopen"
    ASSIGN = "assign"
    TAKE = "take"
    RELEASE = "release"
    TEAM = "team"
    ESCALATE = "escalate"
    DELAY = "delay"
    SNOOZE = "snooze"
    PRIORITY = "priority"
    TAG = "tag"
    UNTAG = "untag"
    SUBJECT = "subject"
    ACCEPT = "accept"
    TEMPLATE = "template"
    SHOW = "show"
    HISTORY = "history"
    LIST = "list"
    AWAY = "away"
    BACK = "back"
    HELP = "help"
    YES = "yes"


class Fault(StrEnum):
    """Why a line was not taken, for whoever puts it into another language."""

    UNKNOWN = "unknown"
    LATER = "later"
    REASON = "reason"
    WORDS = "words"
    DATES = "dates"
    TWO_WAYS = "two-ways"
    ALONE = "alone"
    CONFLICT = "conflict"
    HIDDEN = "hidden"
    TOO_MANY = "too-many"
    TOO_LONG = "too-long"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `who` is an agent or team as written, `words` a level, tags or the name of a text, `text` free.

    `number` is a ticket, of ESCALATE a level. `span` and `moment` are days as they were written: which ones they are
    depends on the day on which they are read.
    """

    name: Name
    who: str = ""
    words: tuple[str, ...] = ()
    text: str = ""
    because: str = ""
    number: int | None = None
    span: Span | None = None
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that looks like a command and cannot be carried out: what it says, and the nearest known form, or ""."""

    line: str
    word: str
    fault: Fault
    nearest: str
    reason: Line


@dataclass(frozen=True, slots=True)
class Words:
    """What an agent wrote: commands, the text after them (a suffix of what was read), and what was wrong."""

    commands: tuple[Command, ...]
    rest: str
    wrong: tuple[Wrong, ...]


_BY_WORD = {word: known for known in KNOWN for word in (known.name, *known.aliases)}

_STATUSES = frozenset({Name.OPEN, Name.PENDING, Name.HOLD, Name.SOLVED, Name.REOPEN})
_GROUPS = (
    _STATUSES,
    frozenset({Name.REPLY, Name.NOTE}),
    frozenset({Name.ASSIGN, Name.TAKE, Name.RELEASE, Name.ESCALATE}),
    frozenset({Name.AWAY, Name.BACK}),
    frozenset({Name.SOLVED, Name.DELAY}),
    frozenset({Name.SOLVED, Name.SNOOZE}),
    *(frozenset({name}) for name in (Name.TEAM, Name.DELAY, Name.SNOOZE, Name.PRIORITY, Name.SUBJECT)),
)
"""Of each group one mail may hold one command."""

_WHICH = ((), *((which,) for which in LISTS))
_BLANK = re.compile(r"[ \t\r\n]*+")
_ENDINGS = ".,:;!?…"
_TORN = range(60, 81)  # the widths at which mail programs break lines
_WRAP = 72
_FREE = frozenset(
    {
        *(Takes.TEXT, Takes.NEEDED_TEXT, Takes.WHO_BECAUSE, Takes.BECAUSE, Takes.MAYBE_BECAUSE, Takes.SPAN),
        *(Takes.RUNG_BECAUSE, Takes.MOMENT_BECAUSE, Takes.MOMENT_MAYBE_BECAUSE),
    }
)


def read(text: str) -> Words:
    """Read the block of command lines at the top of an agent's newest words.

    Never raises. Where anything is `wrong` nothing may be carried out and nothing sent: that is for the caller.
    """
    commands: list[Command] = []
    wrong: list[Wrong] = []
    start = 0
    for count, (line, end) in enumerate(_block(text), 1):
        start = end
        if count > MOST_COMMANDS:
            wrong.append(_wrong(line, "", Fault.TOO_MANY, say("too_many_commands", most=MOST_COMMANDS)))
            break
        outcome = _command(line)
        if isinstance(outcome, Command):
            outcome = _clash(line, outcome, commands) or outcome
        if isinstance(outcome, Wrong):
            wrong.append(outcome)
        elif outcome not in commands:
            commands.append(outcome)
    return Words(tuple(commands), text[start:].lstrip("\r\n") if start else text, tuple(wrong))


def nearest(word: str) -> str:
    """Return the known command nearest to a word, by its own name; "" where none is near."""
    plain = unicodedata.normalize("NFKC", word[:40]).casefold()
    if plain in _BY_WORD:
        return _BY_WORD[plain].name
    near = difflib.get_close_matches(plain, list(_BY_WORD), n=1, cutoff=0.6)
    return _BY_WORD[near[0]].name if near else ""


# The block


def _block(text: str) -> Iterator[tuple[str, int]]:
    """The command lines at the top, blank lines stepped over, each with the offset where what follows it begins."""
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        line, at = _line(text, blank.end() if blank else at)
        if not line:
            continue
        parts = _parts(_visible(line))
        if parts is None:
            return
        line, at = _whole(line, parts[0], text, at)
        yield line, at


def _whole(line: str, word: str, text: str, at: int) -> tuple[str, int]:
    """The line with what a mail program tore off it: only of free words, and only where it was full to the brim."""
    known = _BY_WORD.get(word.casefold())
    last = line
    while known and known.takes in _FREE and len(last) in _TORN and len(line) <= _LONGEST_LINE:
        more, after = _line(text, at)
        if not more or len(last) + 1 + len(more.split(maxsplit=1)[0]) <= _WRAP or _parts(_visible(more)):
            break
        line, last, at = f"{line} {more}", more, after
    return line, at


def _line(text: str, at: int) -> tuple[str, int]:
    """The line at an offset, its spaces plain, and the offset of the next."""
    end = text.find("\n", at)
    line = text[at:] if end < 0 else text[at:end]
    plain = "".join(" " if one in "\t\r" or unicodedata.category(one) == "Zs" else one for one in line)
    return plain.strip(), at + len(line) + 1


def _hides(character: str) -> bool:
    """Whether a reader does not see the character: controls, marks of direction, characters without width."""
    return unicodedata.category(character) in ("Cf", "Cc", "Zl", "Zp", "Cs")


def _visible(line: str) -> str:
    """The line as a reader sees it: without hidden characters, and a wide sign in its plain form."""
    plain = "".join(character for character in line[:_LONGEST_LINE] if not _hides(character)).strip()
    sign = unicodedata.normalize("NFKC", plain[:1])
    return sign + plain[1:] if sign in ("#", "@", "/") else plain


def _parts(line: str) -> tuple[str, str] | None:
    """The command word of a line and what follows; None where the line is text."""
    head, _, rest = line.partition(" ")
    if head == "#":
        head, _, rest = rest.strip().partition(" ")
        head = f"@{head}"
    if len(head) < 2 or head[0] not in "#@/" or not head[1].isalpha():
        return None
    word = head[1:].rstrip(_ENDINGS)
    if head[0] != "#" and word.casefold() not in _BY_WORD:
        return None
    return word, rest.strip()


# One line


def _command(line: str) -> Command | Wrong:
    word, rest = _parts(_visible(line)) or ("", "")
    if len(line) > _LONGEST_LINE:
        return _wrong(line, word, Fault.TOO_LONG, say("command_too_long", most=_LONGEST_LINE))
    if _visible(line) != line:
        return _wrong(line, word, Fault.HIDDEN, say("hidden_character"))
    known = _BY_WORD.get(word.casefold())
    if known is None:
        return _wrong(line, word, Fault.UNKNOWN, say("not_a_command", word=word[:40]))
    if known.later:
        return _wrong(line, word, Fault.LATER, say("not_in_this_version", word=known.name))
    if word.casefold() in LEVELS:
        level = Command(Name.PRIORITY, words=(word.casefold(),))
        return _wrong(line, word, Fault.ALONE, _alone(word)) if rest else level
    return _taking(known, line, rest)


def _taking(known: Known, line: str, rest: str) -> Command | Wrong:
    """The command with its words, by what it takes."""
    match known.takes:
        case Takes.NOTHING:
            alone = not rest.strip(_ENDINGS)
            return Command(Name(known.name)) if alone else _wrong(line, known.name, Fault.ALONE, _alone(known.name))
        case Takes.TEXT:
            return Command(Name(known.name), text=rest)
        case Takes.NEEDED_TEXT:
            return Command(Name(known.name), text=rest) if rest else _short(known, line)
        case Takes.WHO_BECAUSE:
            return _who(known, line, rest)
        case Takes.BECAUSE | Takes.MAYBE_BECAUSE:
            return _because(known, line, rest)
        case Takes.LEVEL:
            level = rest.casefold().rstrip(_ENDINGS)
            return Command(Name.PRIORITY, words=(level,)) if level in LEVELS else _short(known, line)
        case Takes.TAGS:
            return _tags(known, line, rest)
        case Takes.NUMBER:
            return _number(known, line, rest.removeprefix("#").rstrip(_ENDINGS))
        case Takes.NAME:
            named = rest.casefold().rstrip(_ENDINGS)
            return Command(Name(known.name), words=(named,)) if len(named.split()) == 1 else _short(known, line)
        case Takes.WHICH:
            which = tuple(rest.casefold().rstrip(_ENDINGS).split())
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
    who = named.strip(f" {_ENDINGS}").removeprefix("@")
    if not who or len(who.split()) > 5:
        return _short(known, line)
    return Command(Name(known.name), who=who, because=because) if because else _unreasoned(known, line)


def _because(known: Known, line: str, rest: str) -> Command | Wrong:
    found = BECAUSE.match(rest)
    because = rest[found.end() :].strip() if found else ""
    if because:
        return Command(Name(known.name), because=because)
    if known.takes is Takes.MAYBE_BECAUSE and not rest.strip(_ENDINGS):
        return Command(Name(known.name))
    return _unreasoned(known, line)


def _span(known: Known, line: str, rest: str) -> Command | Wrong:
    written, word, because = _split(rest)
    if word and not because:
        return _wrong(line, known.name, Fault.REASON, say("reason_missing_behind", word=word))
    named = BACKUP.search(written)
    who = written[named.end() :].strip(f" {_ENDINGS}").removeprefix("@") if named else ""
    if named and (not who or len(who.split()) > 5):
        return _short(known, line)
    span = dates.read(written[: named.start()] if named else written)
    match span:
        case Span():
            return Command(Name(known.name), who=who, because=because, span=span)
        case Unread.UNCLEAR:
            return _wrong(line, known.name, Fault.DATES, say("wrong_dates", written=line[:200], word=known.name))
        case Unread.TWO_WAYS:
            return _wrong(line, known.name, Fault.TWO_WAYS, say("wrong_two_ways", written=line[:200], word=known.name))
        case _:
            assert_never(span)


def _rung(known: Known, line: str, rest: str) -> Command | Wrong:
    written, _, because = _split(rest)
    level = written.strip(f" {_ENDINGS}")
    found = RUNG.fullmatch(level)
    if level and not found:
        return _short(known, line)
    number = int(found[1]) if found else None
    return Command(Name(known.name), because=because, number=number) if because else _unreasoned(known, line)


def _moment(known: Known, line: str, rest: str) -> Command | Wrong:
    written, word, because = _split(rest)
    if not written.strip(f" {_ENDINGS}"):
        return _short(known, line)
    if not because and known.takes is Takes.MOMENT_BECAUSE:
        return _unreasoned(known, line)
    if not because and word:
        return _wrong(line, known.name, Fault.REASON, say("reason_missing_behind", word=word))
    moment = moments.read(written)
    match moment:
        case Moment():
            return Command(Name(known.name), because=because, moment=moment)
        case Unread.UNCLEAR:
            return _wrong(line, known.name, Fault.DATES, say("wrong_moment", written=line[:200]))
        case Unread.TWO_WAYS:
            return _wrong(line, known.name, Fault.TWO_WAYS, say("moment_two_ways", written=line[:200]))
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
    status = _BY_WORD.get(word.casefold().rstrip(_ENDINGS))
    if status is None or status.name not in _STATUSES:
        return _short(known, line)
    return _taking(status, line, cause.strip())


# What is wrong


def _wrong(line: str, word: str, fault: Fault, reason: Line) -> Wrong:
    return Wrong(line[:200], word[:40], fault, nearest(word), reason)


def _alone(word: str) -> Line:
    return say("stands_alone", word=word)


def _short(known: Known, line: str) -> Wrong:
    return _wrong(line, known.name, Fault.WORDS, say("is_written", form=known.form))


def _unreasoned(known: Known, line: str) -> Wrong:
    form = known.form.replace("[", "").replace("]", "")
    return _wrong(line, known.name, Fault.REASON, say("reason_missing", form=form))


def _clash(line: str, command: Command, before: Sequence[Command]) -> Wrong | None:
    """Why the command cannot stand beside an earlier one: of each group only one may be meant."""
    for group in _GROUPS:
        for other in before:
            if command.name in group and other.name in group and command != other:
                both = say("contradict", one=other.name.value, other=command.name.value)
                return _wrong(line, command.name, Fault.CONFLICT, both)
    return None
