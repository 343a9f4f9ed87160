"""What a command is, and what is wrong with a line that is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from maild.dates import Span
from maild.lines import Line
from maild.moments import Moment


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
