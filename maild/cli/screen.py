"""How answers look to people: few lines, few colours; and to programs: JSON. The one door to rich."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Self

import click

from maild.cli.words import clean, clean_lines, clip

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as RichProgress

_PIPE_WIDTH = 160
_NARROW = 8
"""Letters that a column must have at least, where its words may be cut or folded."""
_NOW_AND_THEN, _OFTEN = 10.0, 0.1
"""Seconds between two lines about something long, and between two looks of a bar."""
_ADDRESSES = frozenset({"Requester", "Sender", "Recipient"})
_STYLES = {
    **dict.fromkeys(("open", "waiting", "sending", "new"), "cyan"),
    **dict.fromkeys(("solved", "closed", "sent", "done"), "green"),
    **dict.fromkeys(("pending", "hold", "uncertain", "quarantine", "duplicate"), "yellow"),
    **dict.fromkeys(("refused", "held"), "red"),
}


def tell_json(value: object) -> None:
    """One JSON value, in ASCII: nothing in it can steer a terminal."""
    click.echo(json.dumps(value, indent=2))


def tell_json_line(value: object) -> None:
    click.echo(json.dumps(value))


def moment(at: datetime | None, zone: tzinfo) -> str:
    """A moment in the desk's own time; "-" for none."""
    return "-" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under headings; addresses give way first, then the last column. A terminal too narrow for them has one
    row below the other instead."""
    from rich.table import Table
    from rich.text import Text

    told = [[clip(clean(str(cell)), 120) for cell in row] for row in rows]
    if sys.stdout.isatty() and _least(columns, told) > _console().width:
        for words in told:
            fields(zip(columns, words, strict=True))
            line()
        return
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns[:-1]:
        if column in _ADDRESSES:
            grid.add_column(column, overflow="ellipsis", max_width=32)
        else:
            grid.add_column(column, no_wrap=True, overflow="ellipsis")
    grid.add_column(columns[-1], overflow="fold")
    for words in told:
        grid.add_row(*(Text(word, _STYLES.get(word, "")) for word in words))
    _show(grid)


def _least(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The letters across that a table needs to be read."""
    shrink = [name in _ADDRESSES or name == columns[-1] for name in columns]
    widest = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    return sum(min(width, _NARROW) if less else width for width, less in zip(widest, shrink, strict=True)) + 2 * (
        len(columns) - 1
    )


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and what they hold, side by side; what is empty is left out, a list has a line each."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        told = value if isinstance(value, list | tuple) else [value]
        for place, one in enumerate(told):
            word = clean(str(one if one is not None else ""))
            if word:
                grid.add_row(Text("" if place else f"  {name}"), Text(word, _STYLES.get(word, "")))
    _show(grid)


def heading(words: str) -> None:
    from rich.text import Text

    _show(Text(clean(words), "bold"))


def line(words: str = "") -> None:
    click.echo(clean(words))


def page(text: str) -> None:
    """A text of ours with its line breaks."""
    click.echo(clean_lines(text))


def lines(text: str) -> None:
    """A text of many lines, set in."""
    for one in clean_lines(text).rstrip("\n").split("\n"):
        click.echo(f"    {one}".rstrip())


def passage(text: str, most: int) -> None:
    """The words of somebody, set in and folded at the width: `most` lines of them, and how many there are more."""
    from rich.padding import Padding
    from rich.text import Text

    written = clean_lines(text).strip("\n").split("\n")
    _show(Padding(Text("\n".join(written[:most]), overflow="fold"), (0, 0, 0, 4)))
    if len(written) > most:
        line(f"    … {len(written) - most:,} more lines")


class Progress:
    """How far something long has come, on stderr: a bar for people, a line now and then otherwise."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._begun = self._said = time.monotonic()
        self._bar: RichProgress | None = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn())
            rest = (progress.TextColumn("{task.fields[more]}", markup=False), progress.TimeRemainingColumn())
            self._bar = progress.Progress(*columns, *rest, console=Console(stderr=True, markup=False), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self._words, total=None, more="")
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def at(self, done: int, total: int, more: str = "") -> None:
        """So much of so much is done; 0 in all is not known yet."""
        now = time.monotonic()
        if now - self._said < (_OFTEN if self._bar is not None else _NOW_AND_THEN):
            return
        self._said = now
        told = f"{more}, {done / max(now - self._begun, 0.001):.0f} a second".removeprefix(", ")
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None, more=told)
        else:
            click.echo(clean(f"{self._words}: {done}{f' of {total}' if total else ''}, {told}"), err=True)


def _console() -> Console:
    from rich.console import Console

    options: dict[str, Any] = {} if sys.stdout.isatty() else {"width": _PIPE_WIDTH, "color_system": None}
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False, **options)


def _show(shape: RenderableType) -> None:
    to_people = sys.stdout.isatty()
    console = _console()
    with console.capture() as captured:
        console.print(shape)
    for one in captured.get().splitlines():
        click.echo(one.rstrip(), color=to_people)
