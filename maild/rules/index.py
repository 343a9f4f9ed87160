"""Which rules can match at all: found by exact values first, then by pieces of words, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SIZES = (6, 4, 3, 2, 1)
"""Characters of a piece by which it is looked up at first; the longest that fits."""
_MOST_KEPT = 50_000
_LONGEST_KEPT = 40

Seen = Callable[[Any], Iterable[str]]
"""What stands in a field of the mail under the eyes of the rules."""


@dataclass(frozen=True, slots=True)
class Need:
    """What must stand in a field for a condition to hold: a whole value, or a piece that lies within one word."""

    key: str
    value: str
    piece: bool
    seen: Seen = field(compare=False, repr=False)


Needs = tuple[Need, ...]
"""One of these must be there; none at all means that nobody can say beforehand."""


def piece_of(text: str, wild: str = "") -> str:
    """The longest piece of a text in which neither white space nor a wild character stands; "" where there is none."""
    for sign in wild:
        text = text.replace(sign, " ")
    return max(text.split(), key=len, default="")


class Index:
    """The rules of one event by what they need; each is found by that of its conditions which the fewest share."""

    __slots__ = ("_always", "_exact", "_pieces")

    def __init__(self, rules: Sequence[Sequence[Needs]]) -> None:
        uses = Counter(need for asked in rules for needs in asked for need in needs)
        always: list[int] = []
        places: dict[Need, list[int]] = {}
        for place, asked in enumerate(rules):
            known = [needs for needs in asked if needs]
            if not known:
                always.append(place)
                continue
            best = min(known, key=lambda needs: (sum(uses[one] for one in needs), any(one.piece for one in needs)))
            for need in dict.fromkeys(best):
                places.setdefault(need, []).append(place)
        self._always = always
        self._exact = _by_key(places, piece=False)
        self._pieces = [(seen, _Pieces(found)) for seen, found in _by_key(places, piece=True)]

    def possible(self, look: Any) -> list[int]:
        """The places of the rules that can match what is looked at, in their order."""
        found = set(self._always)
        for seen, values in self._exact:
            for value in seen(look):
                found.update(values.get(value, ()))
        for seen, pieces in self._pieces:
            pieces.find(seen(look), found)
        return sorted(found)


def _by_key(places: Mapping[Need, list[int]], *, piece: bool) -> list[tuple[Seen, dict[str, list[int]]]]:
    """The places of rules by the value that they need, for each field."""
    fields: dict[str, tuple[Seen, dict[str, list[int]]]] = {}
    for need, found in places.items():
        if need.piece is piece:
            fields.setdefault(need.key, (need.seen, {}))[1][need.value] = found
    return list(fields.values())


class _Pieces:
    """Many pieces, looked for in the different words of a text; what a word holds is kept, for words come again.

    A piece is looked up by its mark, that cut of it which the fewest pieces share.
    """

    __slots__ = ("_known", "_marked", "_sizes")

    def __init__(self, places: Mapping[str, Sequence[int]]) -> None:
        cuts = {piece: _cuts(piece, next(size for size in _SIZES if size <= len(piece))) for piece in places}
        uses = Counter(cut for cut_out in cuts.values() for cut in cut_out)
        self._marked: dict[str, list[tuple[str, Sequence[int]]]] = {}
        for piece, cut_out in cuts.items():
            mark = min(cut_out, key=lambda cut: (uses[cut], cut))
            self._marked.setdefault(mark, []).append((piece, places[piece]))
        self._sizes = tuple(sorted({len(mark) for mark in self._marked}))
        self._known: dict[str, tuple[int, ...]] = {}

    def find(self, texts: Iterable[str], found: set[int]) -> None:
        """Add the places of all pieces that stand in a word of these texts."""
        known = self._known
        for word in {word for text in texts for word in text.split()}:
            places = known.get(word)
            if places is None:
                places = self._in_word(word)
                if len(word) <= _LONGEST_KEPT:
                    if len(known) >= _MOST_KEPT:
                        known.clear()
                    known[word] = places
            if places:
                found.update(places)

    def _in_word(self, word: str) -> tuple[int, ...]:
        marks = {cut for size in self._sizes for cut in _cuts(word, size) if cut in self._marked}
        held = (places for mark in marks for piece, places in self._marked[mark] if piece in word)
        return tuple(dict.fromkeys(place for places in held for place in places))


def _cuts(piece: str, size: int) -> frozenset[str]:
    return frozenset(piece[start : start + size] for start in range(len(piece) - size + 1))
