"""Public holidays of countries and their parts, by the library of that name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from functools import cache, lru_cache

# The library is imported where it is asked for the first time: it reads all its countries (0.1 s, 15 MB), and a desk
# whose hours name no holidays never needs it.

_MOST = 8
"""Codes that are offered for a wrong one."""


@lru_cache(maxsize=256)
def in_year(code: str, year: int) -> frozenset[date]:
    """The days off of a country ("FR") or a part of one ("DE-BY") in a year; "" and unknown codes have none.

    A holiday that the law moves off a weekend counts on both days.
    """
    if not code or not is_known(code):
        return frozenset()
    import holidays

    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year, expand=False))


def is_known(code: str) -> bool:
    """Whether this is a code of ISO 3166-1 (two letters), or one of ISO 3166-2 with its country before a dash."""
    country, dash, part = code.partition("-")
    countries = _countries()
    return country in countries and (not dash or part in countries[country])


def nearest_codes(word: str) -> tuple[str, ...]:
    """The codes that were probably meant by a wrong one, or by a name; those of a country's parts where it is right."""
    country, dash, part = word.strip().partition("-")
    code = _names().get(_plain(country))
    if code is None:
        close = get_close_matches(_plain(country), _names(), n=_MOST, cutoff=0.8)
        return tuple(dict.fromkeys(_names()[name] for name in close))
    parts = dict(_parts(code)) if dash else {}
    near = [_plain(part)] if _plain(part) in parts else get_close_matches(_plain(part), parts, n=_MOST, cutoff=0.6)
    return tuple(dict.fromkeys(f"{code}-{parts[name]}" for name in near or list(parts)[:_MOST])) or (code,)


@cache
def _countries() -> dict[str, list[str]]:
    """Every country by its two letters, with the codes of its parts."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


@cache
def _names() -> dict[str, str]:
    """The code of each country by the words that speak of it: the code, three letters of it, its English name."""
    from holidays.registry import COUNTRIES

    known = ((name, words[1], words[2:]) for name, words in COUNTRIES.items() if words[1] in _countries())
    return {_plain(word): code for name, code, others in known for word in (name, code, *others)}


def _parts(country: str) -> Iterator[tuple[str, str]]:
    """The code of each part of a country by the words that speak of it, codes first."""
    import holidays

    yield from ((_plain(part), part) for part in _countries()[country])
    aliases: dict[str, str] = getattr(holidays, country).subdivisions_aliases
    yield from ((_plain(name), part) for name, part in aliases.items())


def _plain(word: str) -> str:
    return "".join(char for char in word.upper() if char.isalnum())
