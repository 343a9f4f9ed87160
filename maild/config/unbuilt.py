"""Keys that the file may hold and that do nothing in this version, so that nobody relies on them unknowing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from maild.typed import Path

# A None in a path stands for any item or name.
_KEYS: tuple[tuple[tuple[str | None, ...], str], ...] = (
    (("rule", None, "then", "reply"), "answers by a rule are not in this version; the usual notices are sent"),
)
_VALUES: tuple[tuple[tuple[str | None, ...], str], ...] = (
    (("rule", None, "on"), "rules on timers are not in this version; they never act"),
)


def find_unbuilt(raw: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Tell the path of each key that is set for nothing, and why."""
    for pattern, why in _KEYS:
        yield from ((path, why) for path, value in _fits(raw, pattern, ()) if value not in ("", []))
    for pattern, why in _VALUES:
        yield from ((path, why) for path, value in _fits(raw, pattern, ()) if _acts_on_timer(value))


def _acts_on_timer(value: object) -> bool:
    return value == "timer" or (isinstance(value, list) and "timer" in value)


def _fits(table: object, pattern: tuple[str | None, ...], path: Path) -> Iterator[tuple[Path, object]]:
    if not pattern:
        yield path, table
        return
    first, *rest = pattern
    items: list[tuple[str | int, object]] = []
    if isinstance(table, dict):
        items = [(word, value) for word, value in table.items() if first in (word, None)]
    elif isinstance(table, list) and first is None:
        items = list(enumerate(table))
    for word, value in items:
        yield from _fits(value, tuple(rest), (*path, word))
