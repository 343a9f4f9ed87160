"""Which things belong together by the names that they share: a union-find."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


class Kin:
    """Groups that grow together; `join` tells of names that belong together, `group` names the group of one of them.

    Names are numbered as they come, and a group is known by a number: memory is one entry for a name.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._above: list[int] = []

    def join(self, names: Sequence[Hashable]) -> int:
        """Put these names into one group, with all that is there already; the number of one of them, for `group`."""
        first = self._root(self._number(names[0]))
        for name in names[1:]:
            other = self._root(self._number(name))
            if other != first:
                self._above[max(first, other)] = first = min(first, other)
        return first

    def group(self, number: int) -> int:
        """The group that this number has ended in."""
        return self._root(number)

    def _number(self, name: Hashable) -> int:
        number = self._numbers.setdefault(name, len(self._above))
        if number == len(self._above):
            self._above.append(number)
        return number

    def _root(self, number: int) -> int:
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number
