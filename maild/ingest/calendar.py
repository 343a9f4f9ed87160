"""Invitations and answers to them in one plain line (RFC 5545, 5546). Total and bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from maild.ingest.charsets import clean, clean_line

_READ = 200_000  # characters
_LINES = 4_000
_LONGEST = 200
_LONGEST_WORDS = 20_000
_LINE = re.compile(r"([A-Za-z0-9-]{1,60})((?:;[^:;=\"]{1,60}=(?:\"[^\"]*\"|[^:;\"]*))*):(.*)")
_PARAMETER = re.compile(r";([^:;=\"]{1,60})=(?:\"([^\"]*)\"|([^:;\"]*))")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_MONTHS = [
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
]
_ANSWERS = {
    "ACCEPTED": "Accepted",
    "DECLINED": "Declined",
    "TENTATIVE": "Accepted provisionally",
    "DELEGATED": "Passed on to somebody else",
}
_EVENT = ["VCALENDAR", "VEVENT"]
_METHODS = {
    "REQUEST": "Invitation",
    "PUBLISH": "Event",
    "ADD": "Invitation",
    "CANCEL": "Cancelled",
    "COUNTER": "Another time proposed",
    "DECLINECOUNTER": "Other time declined",
    "REFRESH": "Newest invitation asked for",
    "REPLY": "Answer to an invitation",
}


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar part says: `line` in our words, `words` in those of its writer."""

    line: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    parameters: dict[str, str]
    value: str


def event_of(text: str, method: str = "") -> Event | None:
    """The first event of a calendar text, or None where it holds none; `method` is that of its part."""
    within: list[str] = []
    said: dict[str, _Property] = {}
    for one in _properties(text[:_READ]):
        if one.name == "BEGIN":
            within.append(one.value.strip().upper())
        elif one.name == "END":
            if within == _EVENT:
                return _event(said, method)
            within = within[:-1]
        elif one.name == "METHOD":
            method = one.value
        elif within == _EVENT:
            said.setdefault(one.name, one)
    return _event(said, method) if said else None


def _properties(text: str) -> Iterator[_Property]:
    """The content lines of a calendar text, unfolded (RFC 5545 section 3.1)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    for line in unfolded.splitlines()[:_LINES]:
        if found := _LINE.fullmatch(line):
            parameters = {one[1].upper(): one[2] or one[3] or "" for one in _PARAMETER.finditer(found[2])}
            yield _Property(found[1].upper(), parameters, found[3])


def _event(said: dict[str, _Property], method: str) -> Event:
    method = method.strip().upper()
    title = _short(said, "SUMMARY") or "an event without a title"
    answer = said.get("ATTENDEE") if method == "REPLY" else None
    what = _METHODS.get(method, "Event")
    if answer:
        what = _ANSWERS.get(answer.parameters.get("PARTSTAT", "").upper(), what)
    elif _short(said, "STATUS").upper() == "CANCELLED":
        what = _METHODS["CANCEL"]
    who = _person(answer or said.get("ORGANIZER"))
    told = filter(None, (title, _span(said), "" if answer else _short(said, "LOCATION"), f"from {who}" if who else ""))
    words = said.get("COMMENT" if answer else "DESCRIPTION")
    return Event(f"{what}: {', '.join(told)}", clean(_unescaped(words.value))[:_LONGEST_WORDS].strip() if words else "")


def _short(said: dict[str, _Property], name: str) -> str:
    return clean_line(_unescaped(said[name].value))[:_LONGEST] if name in said else ""


def _unescaped(value: str) -> str:
    """A text value as it is meant (RFC 5545 section 3.3.11)."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def _person(one: _Property | None) -> str:
    if one is None:
        return ""
    address = re.sub(r"(?i)^\s*mailto:", "", one.value)
    return clean_line(one.parameters.get("CN", "") or address)[:_LONGEST]


def _span(said: dict[str, _Property]) -> str:
    """From when to when, as it is written there, with the zone that it names."""
    start, end = _moment(said.get("DTSTART")), _moment(said.get("DTEND"))
    if start is None:
        return ""
    day, hour, zone = start
    if end is None:
        return f"{_day(day)}{hour and f', {hour}'}{zone and f' ({zone})'}"
    last, until, other = end
    if not hour and not until:  # a day is named by the next one where it ends (RFC 5545 section 3.6.1)
        last = max(day, last - timedelta(days=1)) if last > day else day
    same = last == day
    rest = until if same else f"{_day(last)}{until and f', {until}'}"
    zones = "" if not zone else f" ({zone})" if other in {zone, ""} else f" ({zone}; {other})"
    return f"{_day(day)}{hour and f', {hour}'}{rest and f' to {rest}'}{zones}"


def _moment(one: _Property | None) -> tuple[date, str, str] | None:
    """A day, the hour and minute in it if any, and the name of the zone."""
    found = _MOMENT.match(one.value.strip()) if one else None
    if one is None or found is None:
        return None
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    hour = f"{found[4]}:{found[5]}" if found[4] else ""
    zone = "UTC" if found[6] else clean_line(one.parameters.get("TZID", ""))[:60]
    return day, hour, zone if hour else ""


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
