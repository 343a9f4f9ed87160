"""A line that we say to somebody, before it has a language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Union

Value = Union[str, int, date, datetime, None, tuple[Union[str, "Line"], ...]]  # noqa: UP007  it names itself


@dataclass(frozen=True, slots=True)
class Line:
    """The name of a wording that every language has (`lines.j2`), and what it speaks of."""

    name: str
    values: tuple[tuple[str, Value], ...] = ()


def line(name: str, /, **values: Value) -> Line:
    return Line(name, tuple(values.items()))
