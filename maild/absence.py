"""What an absence is: who is away, from when to when, how we know, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Leave(StrEnum):
    """Why somebody is not there; the customer is never told more than this."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"
    LEFT = "left"


class Source(StrEnum):
    """How we know of an absence."""

    COMMAND = "command"  # the agent's own #away
    ADMIN = "admin"  # maild agents away
    FILE = "file"  # away, left, or a removed agent in the operator's file
    REPLY = "reply"  # the agent's vacation responder
    BOUNCE = "bounce"  # the agent's address takes no mail


class Stage(StrEnum):
    """How far an absence has come; docs/states.md tells who moves it."""

    DOUBTED = "doubted"  # the agent's address refused one mail; a second one tells
    ASKED = "asked"  # learnt, and not believed without a person's word
    SET = "set"  # believed; its start is still to come, or just about to be carried out
    BEGUN = "begun"  # its start has been carried out
    ENDED = "ended"
    WITHDRAWN = "withdrawn"

    @property
    def stands(self) -> bool:
        """Whether it counts for who is there and who is not."""
        return self in {Stage.SET, Stage.BEGUN}


@dataclass(frozen=True, slots=True)
class Absence:
    """One absence of one agent, from `since` until `until`, which is no longer part of it (None: nobody knows).

    `last_day` is what people are told, in the agent's zone. `backup` is the cover for this absence alone; `because`
    are the agent's own words, for colleagues only; `told` is the agent's full name, which stays known when the agent
    is taken out of the file. `key` ties it to the line of the file, the mail or the row that it was learnt from.
    `look_at` is when the clock looks at it next: its start, its end, or when a doubt or a question has had its time.
    `learnt_at` is when a mail that nobody wrote was last believed to tell of it, None where that never was so.
    """

    id: int
    agent: str
    leave: Leave
    since: datetime
    until: datetime | None
    source: Source
    stage: Stage
    last_day: date | None = None
    backup: str | None = None
    because: str = ""
    by: str = ""
    told: str = ""
    key: str = ""
    look_at: datetime | None = None
    learnt_at: datetime | None = None

    def covers(self, now: datetime) -> bool:
        """Whether the agent is away at this moment, as far as it is believed."""
        return self.stage.stands and self.since <= now and (self.until is None or now < self.until)
