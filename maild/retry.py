"""When to try again: a minute at first, then ever more patience, and an end to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

_JITTER = 0.2
_DOUBLINGS = 32  # a bound for the arithmetic; any sensible longest pause is reached before


@dataclass(frozen=True, slots=True)
class Patience:
    """The first pause and the longest, and the times after which a mail is given up, and is told as late."""

    first: timedelta = timedelta(minutes=1)
    most: timedelta = timedelta(minutes=66)
    total: timedelta = timedelta(days=5)
    told: timedelta = timedelta(hours=4)


USUAL = Patience()


def next_try(tries: int, queued_at: datetime, now: datetime, row: int, patience: Patience = USUAL) -> datetime | None:
    """The moment of the next try after `tries` failed ones, or None when the mail is to be given up.

    Pauses are 1, 2, 4 ... 64 and then 66 minutes, each longer or shorter by up to a fifth. By how much is told by the
    row and the try, so that rows which failed together do not come back together, and the same question has the same
    answer. The last try falls five days after `queued_at` (RFC 5321 section 4.5.4.1: at least 4-5 days). Times are UTC.
    """
    end = queued_at + patience.total
    if now >= end:
        return None
    doublings = min(max(tries, 1) - 1, _DOUBLINGS)
    pause = min(patience.first * (1 << doublings), patience.most)
    return min(now + pause * _stretch(row, tries), end)


def _stretch(row: int, tries: int) -> float:
    drawn = int.from_bytes(blake2b(f"{row}.{tries}".encode(), digest_size=4).digest())
    return 1 - _JITTER + 2 * _JITTER * drawn / 0xFFFFFFFF
