"""When the teams of the month are at work, and what they promise: three zones, free days, and one that never shuts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of work from Monday to Friday; `free` are the days that the public holidays of `holidays` are, written
    down here so that the calendar of the desk is not judged by itself, and `closed` those that the operator adds."""

    name: str
    zone: ZoneInfo
    opens: time
    closes: time
    holidays: str
    free: frozenset[date]
    closed: tuple[date, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether people are at work; `now` aware, in any zone."""
        local = now.astimezone(self.zone)
        day = local.date()
        if day.weekday() > 4 or day in self.free or day in self.closed:
            return False
        return self.opens <= local.time() < self.closes


OFFICE = Hours(
    "office",
    ZoneInfo("Europe/Paris"),
    time(9),
    time(17, 30),
    "FR",
    frozenset({date(2026, 11, 1), date(2026, 11, 11), date(2026, 12, 25)}),
    (date(2026, 10, 9),),
)
HARBOUR = Hours(
    "harbour",
    ZoneInfo("America/New_York"),
    time(8, 30),
    time(17),
    "US",
    frozenset({date(2026, 10, 12), date(2026, 11, 11), date(2026, 11, 26), date(2026, 12, 25)}),
)
ATHENS = Hours(
    "athens",
    ZoneInfo("Europe/Athens"),
    time(9),
    time(17),
    "GR",
    frozenset({date(2026, 10, 28), date(2026, 12, 25), date(2026, 12, 26)}),
)
KNOWN = (OFFICE, HARBOUR, ATHENS)

_BY_DAY = time(8), time(18)


def by_day(zone: ZoneInfo, now: datetime) -> bool:
    """Whether people who keep no hours may be reminded of something: by day, on any day."""
    return _BY_DAY[0] <= now.astimezone(zone).time() < _BY_DAY[1]


SLAS = """\
[sla.standard]
first_reply = "8h"
next_reply = "10h"
update_every = "2d"
solve = "6d"
urgent = { first_reply = "2h", next_reply = "4h" }
[sla.gold]
first_reply = "5h"
next_reply = "8h"
update_every = "2d"
solve = "4d"
[sla.always]
first_reply = "18h"
next_reply = "24h"
update_every = "3d"
solve = "8d"
urgent = { first_reply = "8h", next_reply = "8h" }
"""
"""`always` is for the team without hours: it runs at night too. Organisations and one rule ask for `gold`."""
GOLD = tuple(f"customer{number}.example" for number in (3, 11, 17, 23, 31, 36))
"""The domains of the organisation with an SLA of its own."""
