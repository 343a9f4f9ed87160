"""What customers were told of their contact: each change once, within its window, after the successor's brief."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month.letters import Letter
from benchmarks.month.record import Event, Record, Row

SETTLE = timedelta(seconds=60)
BRIEF_FIRST = timedelta(minutes=5)
TICK = timedelta(seconds=1)
PAUSE = timedelta(minutes=30)
"""How long the desk leaves a relay alone, at most, that took nothing (docs/states.md)."""
MOVES = frozenset({"owner-changed", "owner-set"})
"""The notices of mails that tell of a contact and of nothing else."""
_ACTIVE = frozenset({"open", "pending", "hold"})


@dataclass
class Told:
    """What was found. Each list names what is wrong, but for three that name what the relay did: `deferred` and
    `refused` are briefs that it put off or would not take, `held_up` customers' mails that it put off."""

    unreasoned: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    unbriefed: list[str] = field(default_factory=list)
    deferred: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    held_up: list[str] = field(default_factory=list)
    changes: int = 0
    windows: int = 0
    nothing: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)


@dataclass
class _Walk:
    """One ticket's history from its first event on. `told` is the contact that the customer was told last."""

    owner: str = ""
    team: str = ""
    status: str = ""
    told: tuple[str, str] | None = None
    waits: Event | None = None
    last_move: Event | None = None

    @property
    def contact(self) -> tuple[str, str]:
        """An owner, or a team where there is none: what a customer can see."""
        return (self.owner, "") if self.owner else ("", self.team)


@dataclass
class Sent:
    """What the relay knows: the first time that it took each row, when each was handed over, and when it put it off."""

    taken: dict[int, Letter]
    put_off: dict[int, list[datetime]]
    tried: dict[int, list[datetime]]


def judge(record: Record) -> Told:
    """Walk through every ticket."""
    found = Told()
    sent = sent_of(record)
    for ticket, events in record.history.items():
        _ticket(record, found, sent, ticket, events)
    return found


def _ticket(record: Record, found: Told, sent: Sent, ticket: int, events: Sequence[Event]) -> None:
    walk = _Walk()
    address, machine = record.requesters[ticket]
    opened = events[0].at
    for event in events:
        if event.event in {"owner", "team"}:
            _reasons(found, event)
        match event.event:
            case "owner":
                found.changes += event.at > opened
                found.codes[event.code] += event.at > opened
                walk.owner, walk.last_move = event.after, event
            case "team":
                walk.team = event.after
            case "status":
                walk.status = event.after
            case "told" if event.after.lower() == address:
                _tells(record, found, sent, walk, record.rows[int(event.before)])
            case _:
                pass
        if event.event in {"owner", "team", "status"} and event.at > opened:
            _watch(found, walk, event)
    if walk.waits is not None and not machine:
        due = _due(record, walk.waits.at)
        if due < record.end:
            found.untold.append(f"#{ticket}: {_move(walk.waits)} at {walk.waits.at:%d %b %H:%M:%S}")


def _watch(found: Told, walk: _Walk, event: Event) -> None:
    """Begin a window with the first move of an open ticket; one that leads back ends it, and nothing is to tell."""
    same = walk.told is None or walk.told == walk.contact
    if walk.status not in _ACTIVE or (same and walk.waits is not None):
        found.nothing += same and walk.waits is not None
        walk.waits = None
    elif not same and walk.waits is None:
        walk.waits = event


def _tells(record: Record, found: Told, sent: Sent, walk: _Walk, row: Row) -> None:
    """One mail to the customer: whether it names the right contact, in time, once, and after the brief."""
    letter = sent.taken.get(row.id)
    name = _named(record, walk, row.created_at)
    where = f"#{row.ticket}: mail {row.id} ({row.notice})"
    if letter is not None and letter.owner != name:
        found.stale.append(f"{where} names {letter.owner or 'the team'}, and {name or 'the team'} has it")
    moves = row.notice in MOVES or (letter is not None and bool(letter["x-maild-previous-owner"]))
    if moves and walk.told == walk.contact:
        found.twice.append(f"{where}: {name or walk.team} was told before")
    if walk.waits is not None:
        found.windows += 1
        _in_time(record, found, sent, walk.waits, row, letter)
    if letter is not None and moves and walk.owner:
        _briefed(record, found, sent, walk, row, letter)
    walk.told, walk.waits = walk.contact, None


def _named(record: Record, walk: _Walk, at: datetime) -> str:
    """The name that a mail of this moment has to bear, "" for the team; nobody is told of an owner of before who is out
    of the file when a mail on a ticket that is done leaves: there is no contact until it is opened again."""
    gone = walk.owner in record.roster.removed and record.roster.removed[walk.owner] <= at
    return "" if gone and walk.status not in _ACTIVE else record.names.get(walk.owner, "")


def _in_time(record: Record, found: Told, sent: Sent, move: Event, row: Row, letter: Letter | None) -> None:
    if letter is None:
        if row.state != "refused":
            found.untold.append(f"#{row.ticket}: mail {row.id} never left ({row.state})")
        return
    due = _due(record, move.at)
    down = sum((overlap(time, (move.at, letter.at)) for time in record.down()), timedelta())
    found.waits.append((letter.at - move.at - down).total_seconds())
    if letter.at <= due:
        return
    words = f"#{row.ticket}: {_move(move)} at {move.at:%d %b %H:%M:%S}, told at {letter.at:%d %b %H:%M:%S}"
    put_off = [at for at in sent.put_off[row.id] if at <= due] or in_trouble(record, move.at, letter.at)
    (found.held_up if put_off else found.late).append(words)


def _briefed(record: Record, found: Told, sent: Sent, walk: _Walk, row: Row, letter: Letter) -> None:
    """The successor's brief left before; who took the ticket needs none."""
    move = walk.last_move
    if move is None or move.who == record.names.get(walk.owner):
        return
    briefs = [
        one
        for one in record.rows.values()
        if one.ticket == row.ticket
        and one.notice == "assigned"
        and one.agent == walk.owner
        and one.created_at >= move.at
    ]
    left = [sent.taken[one.id] for one in briefs if one.id in sent.taken]
    if any(one.order < letter.order for one in left):
        return
    words = (
        f"#{row.ticket}: {walk.owner} has it since {move.at:%d %b %H:%M:%S}, the customer heard at {letter.at:%H:%M:%S}"
    )
    if any(one.state == "refused" for one in briefs):
        found.refused.append(words)
        return
    put_off = any(sent.put_off[one.id] for one in briefs) or in_trouble(record, move.at, letter.at)
    waited = put_off and letter.at - row.created_at >= BRIEF_FIRST - TICK
    (found.deferred if waited else found.unbriefed).append(words)


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    """How long two times have in common."""
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())


def _due(record: Record, since: datetime) -> datetime:
    """When a move is told at the latest: the settle window and the brief's five minutes of a desk that runs."""
    due = since + SETTLE + BRIEF_FIRST + TICK
    for stopped, began in record.down():
        if stopped < due and began > since:
            due += began - max(stopped, since)
    return due


def sent_of(record: Record) -> Sent:
    taken: dict[int, Letter] = {}
    for letter in record.letters:
        taken.setdefault(letter.row, letter)
    put_off: dict[int, list[datetime]] = defaultdict(list)
    tried: dict[int, list[datetime]] = defaultdict(list)
    for one in record.tries:
        tried[one.row].append(one.at)
        if one.outcome != "sent":
            put_off[one.row].append(one.at)
    return Sent(taken, put_off, tried)


def in_trouble(record: Record, since: datetime, until: datetime) -> bool:
    """Whether the relay took nothing at all meanwhile, or had not long before, so that all mail was still waiting."""
    return any(began < until and ended + PAUSE > since for began, ended in record.troubles)


def _reasons(found: Told, event: Event) -> None:
    if not event.code or not event.text.strip():
        found.unreasoned.append(f"#{event.ticket}: {_move(event)} at {event.at:%d %b %H:%M:%S} by {event.who}")


def _move(event: Event) -> str:
    return f"{event.event} {event.before or 'nobody'} to {event.after or 'nobody'}"


def causes(record: Record) -> Iterator[str]:
    """Customers who got more than one mail for one mail, or for one moment of the clock, on one ticket."""
    by_mail: Counter[tuple[int, str]] = Counter()
    by_clock: Counter[tuple[int, datetime, str]] = Counter()
    for row in record.rows.values():
        if record.ours(row.recipient):
            continue
        if row.inbox is not None:
            by_mail[row.inbox, row.recipient] += 1
        else:
            by_clock[row.ticket, row.created_at, row.recipient] += 1
    yield from (f"inbox mail {inbox} sent {to} {count} mails" for (inbox, to), count in by_mail.items() if count > 1)
    for (ticket, at, to), count in by_clock.items():
        if count > 1:
            yield f"#{ticket}: at {at:%d %b %H:%M:%S} {to} got {count} mails"


def copies(record: Record) -> Iterator[str]:
    """Mails that left more often than the outbox admits, with other bytes, under another's id, or never."""
    by_id: dict[str, list[Letter]] = defaultdict(list)
    for letter in record.letters:
        by_id[letter.message_id].append(letter)
    for row in record.rows.values():
        taken = by_id.pop(row.message_id, [])
        if len(taken) > 1 + row.uncertain:
            yield f"mail {row.id} left {len(taken)} times, and the outbox was uncertain {row.uncertain} times"
        if len({letter.digest for letter in taken}) > 1:
            yield f"mail {row.id} left with different bytes"
        if not taken and row.state == "sent":
            yield f"mail {row.id} never reached the relay, and the outbox says that it was sent"
    yield from (f"{name}: the outbox does not know this mail" for name in by_id)
