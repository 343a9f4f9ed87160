"""What a customer was promised: a date, the clock behind it, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from maild.values import dataclass


class Clock(StrEnum):
    """What a promise is about; `delay` and `snooze` are dates of an agent's, and no customer hears of a snooze."""

    FIRST_REPLY = "first-reply"
    NEXT_REPLY = "next-reply"
    UPDATE = "update"
    SOLVE = "solve"
    DELAY = "delay"
    SNOOZE = "snooze"

    @property
    def word(self) -> bool:
        """Whether it is kept by an agent's words to the customer; a ticket has one such promise at a time."""
        return self not in {Clock.SOLVE, Clock.SNOOZE}

    @property
    def pauses(self) -> bool:
        """Whether it stands still while we wait for the customer; a date that an agent gave is a date."""
        return self not in {Clock.DELAY, Clock.SNOOZE}


class Standing(StrEnum):
    """How a promise stands. `paused` waits with the customer, `dropped` was overtaken before it was due."""

    OPEN = "open"
    PAUSED = "paused"
    KEPT = "kept"
    MOVED = "moved"
    BROKEN = "broken"
    DROPPED = "dropped"

    @property
    def stands(self) -> bool:
        return self in {Standing.OPEN, Standing.PAUSED}


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of a ticket's ledger; `number` is its place there, 0 before it is written.

    `by` names the agent who gave the date, and `text` is what that agent said of it; both are "" for a clock. The
    owner is warned at `warn_at`; at `guard_at`, shortly before `due_at`, the customer hears that it will not be kept.
    `left` is the working time that was left when it was paused, `missed` how many before it were broken in a row.
    """

    clock: Clock
    made_at: datetime
    due_at: datetime
    warn_at: datetime
    guard_at: datetime
    standing: Standing = Standing.OPEN
    number: int = 0
    by: str = ""
    text: str = ""
    warned: bool = False
    left: timedelta | None = None
    missed: int = 0
    ended_at: datetime | None = None

    @property
    def looks_at(self) -> datetime | None:
        """When the clock looks at it next, None while it stands still."""
        if self.standing is not Standing.OPEN:
            return None
        if self.clock is Clock.SNOOZE:
            return self.due_at  # nobody is warned of it: it is the reminder itself
        return self.guard_at if self.warned else min(self.warn_at, self.guard_at)


def promised_at(promises: tuple[Promise, ...]) -> datetime | None:
    """The date that the customer reads: the earliest of those that run."""
    return min((one.due_at for one in promises if shown(one)), default=None)


def shown(promise: Promise) -> bool:
    """Whether customers are told of it."""
    return promise.standing is Standing.OPEN and promise.clock is not Clock.SNOOZE


def told(promises: tuple[Promise, ...]) -> Promise | None:
    """The promise whose date the customer reads."""
    return min((one for one in promises if shown(one)), key=lambda one: one.due_at, default=None)
