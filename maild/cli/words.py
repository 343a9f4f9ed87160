"""What may reach a terminal: the words of strangers, without what would steer it."""

from __future__ import annotations

_KEPT_BREAK = 10
_BIDI = (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_BREAKS = (9, 10, 11, 12, 13, 0x85, 0x2028, 0x2029)
_GONE: dict[int, str | None] = dict.fromkeys([*range(32), *range(0x7F, 0xA0), *_BIDI])
_LINE = _GONE | dict.fromkeys(_BREAKS, " ")
_LINES = _LINE | {_KEPT_BREAK: "\n", 0x2028: "\n", 0x2029: "\n", 9: "    "}


def clean(text: str) -> str:
    """One line that is safe to show: no C0, C1 or bidi control, no lone surrogate; line breaks become spaces."""
    return _whole(text).translate(_LINE)


def clean_lines(text: str) -> str:
    """The same for a text of many lines, whose line breaks stay."""
    return _whole(text.replace("\r\n", "\n").replace("\r", "\n")).translate(_LINES)


def clip(text: str, most: int) -> str:
    """A line of at most `most` characters, its end marked where something was cut off."""
    return text if len(text) <= most else text[: most - 1] + "…"


def are(count: int, what: str) -> str:
    """How many there are, as the beginning of a sentence: "1 mail is", "2 mails are"."""
    return f"1 {what} is" if count == 1 else f"{count} {what}s are"


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
