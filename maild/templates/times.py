"""Days, moments, the cities of zones and the names of languages, as the readers of one language write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from babel import Locale
from babel.core import get_global
from babel.dates import DateTimePattern, parse_pattern

_FINER = re.compile(r"%\([sSAzZOvVXx]")  # fields of a pattern that tell more of a moment than its minute (UTS 35)


@dataclass(frozen=True, slots=True)
class Usage:
    """How one language writes times and names; `patterns` are those of its fixed words, by name."""

    locale: Locale
    patterns: Mapping[str, Callable[[date], str]]

    def write(self, pattern: str, at: date, this_year: int) -> str:
        """Return a day or a moment as the language writes it; the year is told where it is another one."""
        name = pattern if at.year == this_year else f"{pattern}_year"
        if at.day == 1:  # some languages write the first of a month another way
            return self.patterns.get(f"{name}_first", self.patterns[name])(at)
        return self.patterns[name](at)

    def city(self, zone: str) -> str:
        """Return the city of a time zone (its key), "" where CLDR writes it as the key does."""
        return _city(zone, self.locale)

    def language(self, code: str) -> str:
        """Return a language as readers of this one call it; the code where nobody knows it."""
        try:
            return Locale.parse(code, sep="-").get_display_name(self.locale) or code
        except (ValueError, LookupError):
            return code


def usage_of(language: str, patterns: Mapping[str, str]) -> Usage:
    """Return how a language (RFC 5646) writes, with its patterns of dates (UTS 35)."""
    locale = Locale.parse(language, sep="-")
    return Usage(locale, {key: _clock(parse_pattern(pattern), locale) for key, pattern in patterns.items()})


def _clock(pattern: DateTimePattern, locale: Locale) -> Callable[[date], str]:
    """How a language writes a day or a moment; a minute is written again and again, so what was written is kept."""

    def write(at: date) -> str:
        return str(pattern.apply(at, locale))

    if _FINER.search(str(pattern.format)):
        return write
    kept = lru_cache(maxsize=256)(write)

    def look_up(at: date) -> str:
        # without its zone: moments of two zones can be equal, and be written in two ways
        return kept(at.replace(second=0, microsecond=0, tzinfo=None) if isinstance(at, datetime) else at)

    return look_up


@lru_cache(maxsize=256)
def _city(zone: str, locale: Locale) -> str:
    """CLDR names some zones by older keys: it knows Kyiv as Kiev."""
    names = (zone, *(old for old, new in get_global("zone_aliases").items() if new == zone))
    return next((city for name in names if (city := locale.time_zones.get(name, {}).get("city"))), "")
