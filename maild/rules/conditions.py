"""What a rule can ask, each made once from the file and then only tried."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Sequence

from maild.rules.index import Need, Needs, piece_of
from maild.rules.match import ADDRESS_CAP, Bound, Condition, Look, Regex, fold
from maild.rules.model import Anchor, Facts, Wait

Wanted = Sequence[str | Regex]
_ANCHORS = frozenset(Anchor)


def text_condition(key: str, wanted: Wanted) -> Condition:
    """Ask a text for words that it contains, or for a regex that it matches."""
    plain = [(_folded_words(word), f"{key} contains {_quoted(word)}") for word in wanted if isinstance(word, str)]
    patterns = [(one, f"{key} matches /{one.source}/") for one in wanted if isinstance(one, Regex)]

    def holds(look: Look) -> str | None:
        if plain:
            for text in look.folded(key):
                for word, words in plain:
                    if word in text:
                        return words
        return _search(look, patterns, look.raw(key)) if patterns else None

    needs = _all_or_none(Need(key, piece_of(word), True, lambda look: look.folded(key)) for word, _ in plain)
    return Condition(_told(key, "contains", wanted), holds, 2 if patterns else 1, () if patterns else needs)


def address_condition(key: str, wanted: Wanted) -> Condition:
    """Ask the addresses of a field for one that a glob or a regex fits."""
    return _glob_condition(key, wanted, lambda look: look.addresses(key))


def name_condition(key: str, wanted: Wanted, found: Callable[[Facts], Iterable[str]]) -> Condition:
    """Ask names (a list's id, attachments) for one that a glob or a regex fits."""
    return _glob_condition(
        key, wanted, lambda look: tuple(name[:1000].lower() for name in found(look.facts))[:ADDRESS_CAP]
    )


def value_condition(
    key: str, wanted: Sequence[str], found: Callable[[Facts], Iterable[str]], *, lasts: bool = True
) -> Condition:
    """Ask for one of some exact values, without regard to case; one that does not last changes with the time alone."""
    exact = {word.lower(): f"{key} is {word}" for word in wanted}

    def holds(look: Look) -> str | None:
        for value in found(look.facts):
            words = exact.get(value.lower())
            if words is not None:
                return words
        return None

    def seen(look: Look) -> Iterable[str]:
        return (value.lower() for value in found(look.facts))

    told = _told(key, "is", wanted, quoted=False)
    if not lasts:
        return Condition(told, holds, hours=frozenset(wanted))
    return Condition(told, holds, needs=tuple(Need(key, value, False, seen) for value in exact))


def truth_condition(key: str, wanted: bool, found: Callable[[Facts], bool]) -> Condition:
    """Ask for yes or no."""
    words = f"{key} is {'true' if wanted else 'false'}"
    return Condition(words, lambda look: words if found(look.facts) is wanted else None)


def number_condition(key: str, bounds: Sequence[Bound], found: Callable[[Facts], float]) -> Condition:
    """Ask a number to be over or under; one of the bounds is enough."""

    def holds(look: Look) -> str | None:
        number = found(look.facts)
        return next((f"{key} is {bound.words}" for bound in bounds if bound.holds(number)), None)

    waits = tuple(Wait(Anchor(key), bound.value) for bound in bounds) if key in _ANCHORS else ()
    return Condition(f"{key} is " + " or ".join(bound.words for bound in bounds), holds, waits=waits)


def all_of(conditions: tuple[Condition, ...]) -> Condition:
    """Ask for all of some conditions."""

    def holds(look: Look) -> str | None:
        found = [condition.holds(look) for condition in conditions]
        return None if None in found else " and ".join(filter(None, found))

    needs = min((one.needs for one in conditions if one.needs), key=len, default=())
    words = " and ".join(one.words for one in conditions)
    return Condition(words, holds, max(one.cost for one in conditions), needs, *_times(conditions))


def any_of(conditions: tuple[Condition, ...]) -> Condition:
    """Ask for one of some conditions."""

    def holds(look: Look) -> str | None:
        return next((found for condition in conditions if (found := condition.holds(look)) is not None), None)

    words = " or ".join(one.words for one in conditions)
    needs = tuple(need for one in conditions for need in one.needs) if all(one.needs for one in conditions) else ()
    return Condition(f"({words})", holds, max(one.cost for one in conditions), needs, *_times(conditions))


def none_of(condition: Condition) -> Condition:
    """Ask that a condition does not hold."""
    words = f"not ({condition.words})"

    def holds(look: Look) -> str | None:
        return words if condition.holds(look) is None else None

    return Condition(words, holds, condition.cost, waits=condition.waits, hours=condition.hours)


def _times(conditions: Sequence[Condition]) -> tuple[tuple[Wait, ...], frozenset[str]]:
    waits = tuple(wait for one in conditions for wait in one.waits)
    return waits, frozenset().union(*(one.hours for one in conditions))


def _glob_condition(key: str, wanted: Wanted, found: Callable[[Look], tuple[str, ...]]) -> Condition:
    globs = [(_glob(one), f"{key} is {one}") for one in wanted if isinstance(one, str)]
    patterns = [(one, f"{key} matches /{one.source}/") for one in wanted if isinstance(one, Regex)]

    def holds(look: Look) -> str | None:
        names = found(look)
        for fits, words in globs:
            for name in names:
                if fits(name):
                    return words
        return _search(look, patterns, names) if patterns else None

    needs = _all_or_none(_glob_need(key, one, found) for one in wanted if isinstance(one, str))
    told = _told(key, "is", wanted, quoted=False)
    return Condition(told, holds, 2 if patterns else 0, () if patterns else needs)


def _glob_need(key: str, pattern: str, found: Callable[[Look], tuple[str, ...]]) -> Need:
    """A glob without a wild character is a value; of any other its longest fixed piece must be there."""
    word = pattern.lower()
    wild = "?" in word or "*" in word
    return Need(key, piece_of(word, "*?") if wild else word, wild, found)


def _all_or_none(needs: Iterable[Need]) -> Needs:
    """The needs of all words, one of which is enough; nothing where one of them fits anything."""
    known = tuple(needs)
    return known if all(one.value for one in known) else ()


def _search(look: Look, patterns: Sequence[tuple[Regex, str]], texts: tuple[str, ...]) -> str | None:
    return next((words for one, words in patterns for text in texts if look.search(one, text)), None)


def _glob(pattern: str) -> Callable[[str], bool]:
    """A glob as a test: * stands for anything, ? for one character, and nothing else is special."""
    word = pattern.lower()
    if "?" not in word and "*" not in word:
        return lambda name: name == word
    if "?" not in word and word.count("*") == 1:
        head, _, tail = word.partition("*")
        least = len(head) + len(tail)
        return lambda name: len(name) >= least and name.startswith(head) and name.endswith(tail)
    # fnmatch writes atomic groups, so that many stars cost no more than one pass each.
    compiled = re.compile(fnmatch.translate(word.replace("[", "[[]")))
    return lambda name: compiled.match(name) is not None


def _folded_words(word: str) -> str:
    """A word to be contained, folded; a space at its ends asks for the border of a word."""
    lead = " " if word[:1].isspace() else ""
    tail = " " if word[-1:].isspace() else ""
    return f"{lead}{fold(word)}{tail}"


def _told(key: str, verb: str, wanted: Wanted, *, quoted: bool = True) -> str:
    plain = [_quoted(one) if quoted else one for one in wanted if isinstance(one, str)]
    patterns = [f"/{one.source}/" for one in wanted if isinstance(one, Regex)]
    parts = [f"{verb} {' or '.join(plain)}"] if plain else []
    parts += [f"matches {' or '.join(patterns)}"] if patterns else []
    return f"{key} {' or '.join(parts)}"


def _quoted(word: str) -> str:
    return f'"{word}"'
