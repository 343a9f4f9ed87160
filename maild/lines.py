"""A line that we say to somebody, before it has a language."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, Union

Value = Union[str, int, date, datetime, None, tuple[Union[str, "Line"], ...]]  # noqa: UP007  it names itself


class Line(NamedTuple):
    """The name of a wording that every language has (`lines.j2`), and what it speaks of."""

    name: str
    values: tuple[tuple[str, Value], ...] = ()


def line(name: str, /, **values: Value) -> Line:
    return Line(name, tuple(values.items()))


def plain(said: str | Line) -> str:
    """A line for the log and the history: its name as words, with what it speaks of."""
    if isinstance(said, str):
        return said
    values = ", ".join(f"{key} {_whole(value)}" for key, value in said.values if value not in {"", None})
    return f"{said.name.replace('_', ' ')}{f' ({values})' if values else ''}"


def _whole(value: Value) -> str:
    return " ".join(map(plain, value)) if isinstance(value, tuple) else str(value)
