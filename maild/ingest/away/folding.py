"""Texts and patterns without what writers leave out: capitals, accents, typographic signs."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "–": "-", "—": "-", "‑": "-", "−": "-", "‐": "-", "…": ".", "\r": "\n"}
)
_STROKED = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})  # no accent parts from these by itself
_TWO_WAYS = str.maketrans({"ä": "(?:a|ae)", "ö": "(?:o|oe)", "ü": "(?:u|ue)"})
_DROPPED = {"Mn", "Cf", "Co", "Cs"}  # accents, invisible characters, and those that stand for our own signs


def fold(text: str) -> str:
    """Small letters without accents, plain dashes and apostrophes, white space as one space or one line end."""
    letters = unicodedata.normalize("NFKD", text.translate(_PLAIN)).casefold().translate(_PLAIN)
    plain = "".join(letter for letter in letters if unicodedata.category(letter) not in _DROPPED).translate(_STROKED)
    return re.sub(r" ?\n ?", "\n", re.sub(r"[^\S\n]+", " ", plain)).strip()


def pattern(words: str) -> str:
    """The words of a table as a pattern for folded text: whole words, one of the lines, any white space for a space.

    An umlaut may be written out ("buero").
    """
    inner = loose(words)
    return rf"(?<!\w)(?:{inner})(?!\w)" if inner else r"(?!)"


def loose(words: str) -> str:
    """The same without a look at what stands around it; "" for no words."""
    joined = "|".join(re.sub(r"\s+", " ", line.strip()) for line in words.splitlines() if line.strip())
    spaced = re.sub(r" (?=([?*]?))", lambda gap: r"\s" if gap[1] else r"\s+", joined.translate(_TWO_WAYS))
    letters = unicodedata.normalize("NFKD", spaced.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).translate(_STROKED)
