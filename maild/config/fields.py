"""The values of the file that are more than text: what they look like, and what is wrong with them."""

from __future__ import annotations

import ipaddress
import re
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from maild.hours import Work
from maild.public_holidays import is_known, nearest_codes
from maild.typed import Shown, duration, quote, text, wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 5
"""Working days."""
_MOST_DAYS, _MOST_TIME = 260, timedelta(hours=2000)
"""A year of work, the most that can be promised."""


def _zone(value: object) -> ZoneInfo:
    name = text(value)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise wrong(f"{quote(name)} is no time zone", 'write its name as in "Europe/Paris" or "UTC"') from None


def _door(value: object) -> tuple[str, int] | None:
    """Where to listen, `host:port`; "" for nowhere; an IPv6 address stands in brackets."""
    if value == "":
        return None
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", value) if isinstance(value, str) else None
    if not found or int(found[2]) > 65535:
        raise wrong(f"{quote(value)} is not a host and a port", 'write them like "127.0.0.1:2525" or "[::1]:2525"')
    return found[1].strip("[]"), int(found[2])


def _store_url(value: object) -> str:
    url = text(value)
    if url.startswith("sqlite:///") and len(url) > 10 and ":memory:" not in url:
        return url
    if re.fullmatch(r"postgresql\+psycopg://\S+", url):
        return url
    what = "is not the address of a store that maild knows"
    raise wrong(what, 'write "sqlite:///var/maild.db" or "postgresql+psycopg://maild@db/maild"')


def _relay_url(value: object) -> str:
    url = text(value)
    if url.startswith("maildir:") and url.removeprefix("maildir:").strip("/ "):
        return url
    found = re.fullmatch(r"smtps?://([^/@\s]+@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?/?", url)
    if found and found[1]:
        raise wrong("holds a user or a password", "give them in user and password_file")
    if not found or not 0 < int(found[3] or 25) < 65536:
        remedy = 'write "smtp://host:587", "smtps://host:465" or "maildir:PATH"'
        raise wrong(f"{quote(url)} is not the address of a relay", remedy)
    return url


def _token_url(value: object) -> str:
    url = text(value)
    found = re.fullmatch(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?/\S*", url)
    if not found or (found[1] == "http" and found[2] not in {"127.0.0.1", "[::1]", "localhost"}):
        raise wrong(f"{quote(url)} is not where tokens can be had", 'write it like "https://login.example.com/token"')
    return url


def _network(value: object) -> str:
    name = text(value)
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        raise wrong(f"{quote(name)} is not an IP address", 'write it like "127.0.0.1" or "10.0.0.0/8"') from None
    return name


def _host(value: object) -> str:
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", name) and not _is_ipv6(name):
        raise wrong(f"{quote(name)} is not a host", 'write its name alone, like "imap.example.com"')
    return name


def _is_ipv6(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).version == 6
    except ValueError:
        return False


def _after(value: object) -> str:
    word = text(value)
    if word not in {"seen", "keep"} and not re.fullmatch(r"move:[^\r\n\0]+", word):
        raise wrong(f"{quote(word)} is nothing that can be done after", 'write "move:FOLDER", "seen" or "keep"')
    return word


def _accent(value: object) -> str:
    colour = text(value)
    if not re.fullmatch(r"#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", colour):
        raise wrong(f"{quote(colour)} is not a colour", 'write it like "#0a5" or "#00aa55"')
    return colour


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise wrong(f"{quote(value)} is not a date", 'write it like "2026-12-24"') from None


def _days(value: object) -> tuple[date, date]:
    """A range of days, both ends within it, or a single day."""
    first, dots, last = value.partition("..") if isinstance(value, str) else (value, "", "")
    start = _day(first.strip() if isinstance(first, str) else first)
    end = _day(last.strip()) if dots else start
    if end < start:
        raise wrong(f"{quote(value)} ends before it begins", "put the earlier day first")
    return start, end


def _rung(value: object) -> str:
    word = text(value)
    if word.startswith("ask:"):
        what = f"{quote(word)} asks somebody outside the desk, and that comes with side threads"
        raise wrong(what, 'until then write an agent\'s id or "team:ID"')
    if not re.fullmatch(r"(?:team:)?[A-Za-z0-9][A-Za-z0-9._-]*", word):
        raise wrong(f"{quote(word)} is no rung", 'write an agent\'s id or "team:ID"')
    return word


def _work(value: object) -> Work:
    """Working time: a whole number and one of m and h, which pass within the hours, d, a working day, and w, five."""
    length, unit = duration(value), str(value)[-1]
    if not length:
        raise wrong("must be longer than nothing", 'write "30m" or more; what is left out is not promised')
    if unit == "s":
        raise wrong(f"{quote(value)} is too fine for a promise", 'write minutes or more, like "30m", "4h" or "2d"')
    days = length.days * _WEEK // 7 if unit == "w" else length.days if unit == "d" else 0
    time = timedelta(0) if days else length
    if days > _MOST_DAYS or time > _MOST_TIME:
        raise wrong(f"{quote(value)} is more than a year of work", 'choose a shorter time, "52w" or "2000h" at most')
    return Work(days, time)


def _holidays(value: object) -> str:
    code = text(value)
    if code and not is_known(code):
        near = [quote(word) for word in nearest_codes(code)]
        remedy = f"did you mean {', '.join(near[:-1])}{' or ' if near[:-1] else ''}{near[-1]}?" if near else _CODES
        raise wrong(f"{quote(code)} is no code of a country's holidays", remedy)
    return code


def _path(value: object) -> str:
    name = text(value)
    if not name or "\0" in name:
        raise wrong("is not a path", 'write it like "var/secret"')
    return name


_CODES = 'write the two letters of a country, like "FR", or a part of one, like "DE-BY" or "US-CA"'

Zone = Annotated[ZoneInfo, BeforeValidator(_zone), Shown("time zone")]
Door = Annotated[tuple[str, int] | None, BeforeValidator(_door), Shown("host:port")]
StoreUrl = Annotated[str, BeforeValidator(_store_url), Shown("URL")]
RelayUrl = Annotated[str, BeforeValidator(_relay_url), Shown("URL")]
Network = Annotated[str, BeforeValidator(_network), Shown("IP address or network")]
Host = Annotated[str, BeforeValidator(_host), Shown("host")]
After = Annotated[str, BeforeValidator(_after), Shown("move:FOLDER, seen, keep")]
Accent = Annotated[str, BeforeValidator(_accent), Shown("colour")]
Day = Annotated[date, BeforeValidator(_day), Shown("date")]
Days = Annotated[tuple[date, date], BeforeValidator(_days), Shown("date..date")]
Rung = Annotated[str, BeforeValidator(_rung), Shown("agent, team:ID")]
WorkingTime = Annotated[Work, BeforeValidator(_work), Shown("working time")]
Holidays = Annotated[str, BeforeValidator(_holidays), Shown("country, or part of one")]
PathText = Annotated[str, BeforeValidator(_path), Shown("path")]
TokenUrl = Annotated[str, BeforeValidator(_token_url), Shown("URL")]


def days_of(word: str) -> tuple[int, ...] | None:
    """The days that a key of `[hours.NAME]` speaks of, from 0 for Monday; None for no such key."""
    first, dash, last = word.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        return None
    start, end = DAYS.index(first), DAYS.index(last or first)
    return tuple(day % 7 for day in range(start, end + 1 if end >= start else end + 8))


def spans_of(value: object) -> tuple[tuple[int, int], ...] | None:
    """Spans of one day like "09:00-12:30" (one, or a list), in minutes since midnight; None where one is wrong."""
    spans = []
    for item in value if isinstance(value, list) else [value]:
        found = (
            re.fullmatch(r"([0-9][0-9]):([0-5][0-9])-([0-9][0-9]):([0-5][0-9])", item)
            if isinstance(item, str)
            else None
        )
        if not found:
            return None
        start, end = (int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4]))
        if not 0 <= start < end <= 1440:
            return None
        spans.append((start, end))
    return tuple(spans)
