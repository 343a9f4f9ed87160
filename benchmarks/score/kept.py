"""The figures of the last time, kept as a table in a page for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "understanding.md"
_HEAD = "| bar | what | figure | needed | best library | met |"
_RULE = "|---|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """One bar as it was kept: all in words, and whether it was met."""

    bar: str
    what: str
    figure: str
    needed: str
    best: str
    met: bool


def kept(page: Path) -> dict[str, Row]:
    """The rows of the table by bar; none where there is no page or no table."""
    if not page.is_file():
        return {}
    rows: dict[str, Row] = {}
    for line in _parted(page.read_text("utf-8"))[1]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == _RULE.count("---") and cells[0] != "bar" and line != _RULE:
            bar, what, figure, needed, best, met = cells
            rows[bar] = Row(bar, what, figure, needed, best, met == "yes")
    return rows


def keep(page: Path, rows: list[Row]) -> None:
    """Write the table into its place in the page, or at the end where it has none."""
    before, _, after = _parted(page.read_text("utf-8") if page.is_file() else "")
    table = [_HEAD, _RULE, *map(_line, rows)]
    page.write_text("\n".join((*before, *table, *after)).rstrip("\n") + "\n", encoding="utf-8")


def _line(row: Row) -> str:
    return f"| {' | '.join((row.bar, row.what, row.figure, row.needed, row.best, 'yes' if row.met else 'no'))} |"


def _parted(text: str) -> tuple[list[str], list[str], list[str]]:
    """The lines before the table, its own, and those after it."""
    lines = text.splitlines()
    if _HEAD not in lines:
        return [*lines, ""] if lines else [], [], []
    first = lines.index(_HEAD)
    last = first
    while last < len(lines) and lines[last].startswith("|"):
        last += 1
    return lines[:first], lines[first:last], lines[last:]
