"""What must hold in the store at any moment: no promise that stands without a timer, no date but the ledger's."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

_LOOKS = "case when p.clock = 'snooze' then p.due_at when p.warned then p.guard_at else min(p.warn_at, p.guard_at) end"
_NO_TIMER = f"""
select p.ticket, p.clock from promise p left join timer t on t.ticket = p.ticket and t.timer = 'promise'
where p.standing = 'open' and (t.due_at is null or ({_LOOKS} > :now and t.due_at > {_LOOKS}))
"""
_ANOTHER_DATE = """
select k.number, k.promised_at from ticket k where k.promised_at is not
(select min(p.due_at) from promise p where p.ticket = k.number and p.standing = 'open' and p.clock <> 'snooze')
"""
_ASLEEP = """
select p.ticket, p.clock from promise p join ticket k on k.number = p.ticket
where p.standing = 'paused' and k.status <> 'pending'
"""
_NO_REMINDER = """
select k.number from ticket k where k.status = 'pending' and k.merged_into is null
and not exists (select 1 from timer t where t.ticket = k.number and t.timer = 'remind')
"""
_OVER = """
select p.ticket, p.clock from promise p join ticket k on k.number = p.ticket
where p.standing in ('open', 'paused') and k.status in ('solved', 'closed')
"""
_AMISS = (
    ("stands, and no timer looks at it", _NO_TIMER),
    ("is what the ticket promises, and its ledger says another date", _ANOTHER_DATE),
    ("is paused, and nobody waits for the customer", _ASLEEP),
    ("waits for the customer without a reminder", _NO_REMINDER),
    ("stands on a ticket that is done", _OVER),
)


def loose(file: Path, now: datetime) -> list[str]:
    """What is amiss in the store at this moment; the desk rests meanwhile, or is dead."""
    moment = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    store = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        rows = [(what, row) for what, words in _AMISS for row in store.execute(words.replace(":now", f"'{moment}'"))]
    finally:
        store.close()
    return [f"#{ticket}: {' '.join(str(one) for one in rest)} {what}" for what, (ticket, *rest) in rows]
