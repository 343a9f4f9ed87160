"""Work that goes from step to step, and several pieces of it abreast."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from itertools import zip_longest
from typing import TypeVar

T = TypeVar("T")

Steps = Generator[None, None, T]
"""Work that comes to a T; each `yield` ends a step."""


def alone(work: Steps[T]) -> T:
    """Do all steps of one piece of work."""
    return abreast((work,))[0]


def abreast(works: Sequence[Steps[T]]) -> list[T]:
    """Do each step of all pieces before the next one, and return what they come to; what one raises ends all.

    A step that is done again and again finds its code in the processor's cache, which holds little more than one.
    """
    done: dict[int, T] = {}
    deque(zip_longest(*[_noted(work, number, done) for number, work in enumerate(works)]), maxlen=0)
    return [done[number] for number in range(len(works))]


def _noted(work: Steps[T], number: int, done: dict[int, T]) -> Steps[None]:
    done[number] = yield from work
