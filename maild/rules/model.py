"""Rules as values: what a rule asks of a mail, and what it then does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from maild.mail import Mail
from maild.values import dataclass


class On(StrEnum):
    NEW = "new"
    REPLY = "reply"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class Reply:
    """With what a rule answers: the canned answer of this name, else words of its own by language."""

    canned: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule does. None and empty leave the field alone; `reason` is by language."""

    team: str | None = None
    owner: str | None = None
    priority: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    sla: str | None = None
    language: str | None = None
    level: int | None = None
    cc: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    reply: Reply | None = None
    quarantine: bool = False
    stop: bool = False
    reason: Mapping[str, str] = field(default_factory=dict)


class Anchor(StrEnum):
    """What a rule on a timer counts from, under the name of its key."""

    SILENT_FOR = "silent_for"  # the last word on the ticket
    AGE = "age"  # its opening
    PROMISED_IN = "promised_in"  # back from the date that the customer was told


@dataclass(frozen=True, slots=True)
class Wait:
    """A length of time that a condition asks for: so many seconds from its anchor."""

    anchor: Anchor
    seconds: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may look at: the mail, and the ticket as it stands (or would be opened).

    `recipients` are the envelope's; `silent_for`, `age` and `promised_in` are seconds, the last one not a number where
    nothing is promised; `hours` names the calendars that are open at `now`; `language` is the ticket's, "" where the
    mail's own language is to count.
    """

    mail: Mail
    recipients: tuple[str, ...]
    on: On
    now: datetime
    team: str = ""
    owner: str | None = None
    status: str = "open"
    priority: str = "normal"
    level: int = 1
    tags: tuple[str, ...] = ()
    organisation: str = ""
    language: str = ""
    first_time: bool = True
    silent_for: float = 0.0
    age: float = 0.0
    promised_in: float = math.nan
    hours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that matched, and the conditions that made it match, in words."""

    rule: str
    then: Then
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say together: the first rule to set a field wins, tags add up, every hit keeps its reason.

    `slow` names the rules that had a regex run out of its time; such a rule counts as one that did not match.
    """

    hits: tuple[Hit, ...] = ()
    team: str | None = None
    team_reason: Mapping[str, str] = field(default_factory=dict)
    owner: str | None = None
    owner_reason: Mapping[str, str] = field(default_factory=dict)
    priority: str | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    level: int | None = None
    sla: str | None = None
    cc: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    reply: Reply | None = None
    quarantine: bool = False
    slow: tuple[str, ...] = ()
