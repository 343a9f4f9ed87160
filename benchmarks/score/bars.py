"""What a bar is, what a measure found, and whether the bar is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading


class Unit(Enum):
    """What is counted, and how it is written."""

    MAILS = "{:.0f}"
    PERCENT = "{:.1f} %"
    TIMES = "{:.2f}x"
    SECONDS = "{:.1f} s"


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to reach: `needed` at least, or at most where `ceiling` is set; `best` is what a library reaches."""

    name: str
    what: str
    needed: float
    best: str = ""
    ceiling: bool = False
    unit: Unit = Unit.MAILS

    @property
    def sign(self) -> str:
        written = f"{self.needed:g}" + self.unit.value.partition("}")[2]
        return f"{'<=' if self.ceiling else '>='} {written}"


@dataclass(frozen=True, slots=True)
class Miss:
    """One mail that counts against a bar: what was expected of it, and what was read."""

    path: str
    expected: str
    read: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured: an amount, of how many where that says something, and what counts against it."""

    amount: float
    of: int | None = None
    misses: tuple[Miss, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """There is no figure, and why."""

    why: str


Outcome = Figure | Unmeasured


@dataclass(frozen=True, slots=True)
class Topic:
    """Bars that look at the same mails: which these are, and how they are judged."""

    bars: tuple[Bar, ...]
    samples: Callable[[Corpus], Iterable[Sample]]
    judge: Callable[[Corpus, Mapping[str, Reading]], Mapping[str, Outcome]]


def met(bar: Bar, outcome: Outcome) -> bool:
    """Whether a bar is met; what was not measured never is."""
    if isinstance(outcome, Unmeasured):
        return False
    return outcome.amount <= bar.needed if bar.ceiling else outcome.amount >= bar.needed


def written(bar: Bar, outcome: Outcome) -> str:
    """A figure in words: "112 of 144", "97.6 %"."""
    if isinstance(outcome, Unmeasured):
        return "-"
    amount = bar.unit.value.format(outcome.amount)
    return amount if outcome.of is None else f"{amount} of {outcome.of}"


def right_of(total: int, misses: Sequence[Miss]) -> Outcome:
    """How many of so many are right."""
    return Figure(total - len(misses), total, tuple(misses)) if total else _NONE


def share_of(total: int, misses: Sequence[Miss]) -> Outcome:
    """How many of a hundred are right."""
    return Figure(100 * (total - len(misses)) / total, total, tuple(misses)) if total else _NONE


def wrong_of(total: int, misses: Sequence[Miss]) -> Outcome:
    """How many of so many are wrong."""
    return Figure(len(misses), total, tuple(misses)) if total else _NONE


_NONE = Unmeasured("the corpus holds no such mail")
