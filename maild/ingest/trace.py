"""When a mail was written, where its Date can be believed, and else by its trace."""

from __future__ import annotations

import email.utils
from collections.abc import Iterable
from datetime import UTC, datetime

_FIRST = datetime(1982, 8, 13, tzinfo=UTC)
"""When the form of mail was written down; none is older."""
_HOPS = 20


def written_at(
    date: datetime | None, headers: Iterable[tuple[str, str]], filed: datetime | None, now: datetime
) -> datetime:
    """The mail's Date; else when a server took it, the last one first; else when it was filed; else now.

    What lies after `now` or before there was mail is passed over. `headers` are names in lower case and their values;
    a trace ends in a semicolon and its time (RFC 5322 section 3.6.7).
    """
    if date is not None and _FIRST <= date <= now:
        return date
    for hop, (_, value) in enumerate(pair for pair in headers if pair[0] == "received"):
        at = moment(value.rpartition(";")[2]) if hop < _HOPS else None
        if at is not None and _FIRST <= at <= now:
            return at
    return filed if filed is not None and _FIRST <= filed <= now else now


def moment(text: str) -> datetime | None:
    """The time that a trace or the envelope line of an mbox names, in UTC where it names no zone; None for none."""
    try:
        parsed = email.utils.parsedate_to_datetime(text.strip()[:200])
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
