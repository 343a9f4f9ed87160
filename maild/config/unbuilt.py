"""Keys that the file may hold and that do nothing in this version, so that nobody relies on them unknowing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from maild.typed import Path

# A None in a path stands for any item or name.
_KEYS: tuple[tuple[tuple[str | None, ...], str], ...] = (
    (("listen", "lmtp"), "LMTP is not in this version; use SMTP or maild accept"),
    (("mailbox", None, "oauth2"), "OAuth is not in this version; this mailbox is not fetched"),
    (("mailbox", None, "through"), "mail through lists is not in this version"),
    (("trust", "forms"), "web forms are not in this version; the sender of the form is the requester"),
)
_VALUES: tuple[tuple[tuple[str | None, ...], str], ...] = (
    (("store", "url"), "PostgreSQL is not in this version; use sqlite:///"),
)


def find_unbuilt(raw: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Tell the path of each key that is set for nothing, and why."""
    for pattern, why in _KEYS:
        yield from ((path, why) for path, value in _fits(raw, pattern, ()) if value not in ("", []))
    for pattern, why in _VALUES:
        yield from ((path, why) for path, value in _fits(raw, pattern, ()) if _matters(str(path[-1]), value))


def _matters(word: str, value: object) -> bool:
    match word:
        case "url":
            return str(value).startswith("postgresql")
        case _:
            return bool(value)


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
