"""An agent's words to the desk: the lines at the top of a mail that are commands, and the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from maild.commands.forms import BY_WORD, ENDINGS, STATUSES, nearest, stands_alone, taking, wrong
from maild.commands.model import Command, Fault, Name, Words, Wrong
from maild.lines import line as say
from maild.vocabulary import LEVELS, Takes

__all__ = ["MOST_COMMANDS", "Command", "Fault", "Name", "Words", "Wrong", "nearest", "read"]

MOST_COMMANDS = 10
_LONGEST_LINE = 2_000

_GROUPS = (
    STATUSES,
    frozenset({Name.REPLY, Name.NOTE}),
    frozenset({Name.ASSIGN, Name.TAKE, Name.RELEASE, Name.ESCALATE}),
    frozenset({Name.AWAY, Name.BACK}),
    frozenset({Name.SOLVED, Name.DELAY}),
    frozenset({Name.SOLVED, Name.SNOOZE}),
    *(frozenset({name}) for name in (Name.TEAM, Name.DELAY, Name.SNOOZE, Name.PRIORITY, Name.SUBJECT)),
)
"""Of each group one mail may hold one command."""

_BLANK = re.compile(r"[ \t\r\n]*+")
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
    faults: list[Wrong] = []
    start = 0
    for count, (line, end) in enumerate(_block(text), 1):
        start = end
        if count > MOST_COMMANDS:
            faults.append(wrong(line, "", Fault.TOO_MANY, say("too_many_commands", most=MOST_COMMANDS)))
            break
        outcome = _command(line)
        if isinstance(outcome, Command):
            outcome = _clash(line, outcome, commands) or outcome
        if isinstance(outcome, Wrong):
            faults.append(outcome)
        elif outcome not in commands:
            commands.append(outcome)
    return Words(tuple(commands), text[start:].lstrip("\r\n") if start else text, tuple(faults))


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
    known = BY_WORD.get(word.casefold())
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
    word = head[1:].rstrip(ENDINGS)
    if head[0] != "#" and word.casefold() not in BY_WORD:
        return None
    return word, rest.strip()


# One line


def _command(line: str) -> Command | Wrong:
    word, rest = _parts(_visible(line)) or ("", "")
    if len(line) > _LONGEST_LINE:
        return wrong(line, word, Fault.TOO_LONG, say("command_too_long", most=_LONGEST_LINE))
    if _visible(line) != line:
        return wrong(line, word, Fault.HIDDEN, say("hidden_character"))
    known = BY_WORD.get(word.casefold())
    if known is None:
        return wrong(line, word, Fault.UNKNOWN, say("not_a_command", word=word[:40]))
    if known.later:
        return wrong(line, word, Fault.LATER, say("not_in_this_version", word=known.name))
    if word.casefold() in LEVELS:
        level = Command(Name.PRIORITY, words=(word.casefold(),))
        return wrong(line, word, Fault.ALONE, stands_alone(word)) if rest else level
    return taking(known, line, rest)


def _clash(line: str, command: Command, before: Sequence[Command]) -> Wrong | None:
    """Why the command cannot stand beside an earlier one: of each group only one may be meant."""
    for group in _GROUPS:
        for other in before:
            if command.name in group and other.name in group and command != other:
                both = say("contradict", one=other.name.value, other=command.name.value)
                return wrong(line, command.name, Fault.CONFLICT, both)
    return None
