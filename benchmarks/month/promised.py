"""Whether promises were kept, or told of before they broke; and whether customers read what was promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month import told
from benchmarks.month.letters import Letter
from benchmarks.month.operator import CLOSE_AFTER, REMIND_AFTER
from benchmarks.month.record import Event, Promise, Record, Row
from benchmarks.month.texts import block, dates, promised, wall

_ACTIVE = frozenset({"open", "pending", "hold"})
_DAY = timedelta(days=1)
_MARGIN = timedelta(minutes=30)
_ANSWERS = frozenset({"status", "history", "help"})


@dataclass
class Kept:
    """What was found. Each list names what is wrong, but for three: `excused` are promises that broke and whose
    customers could not be told before, `overtaken` dates that were put off as the customer wrote, and `over` those that
    a mail named when they were over, as the daemon had been down."""

    unwarned: list[str] = field(default_factory=list)
    excused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    other_date: list[str] = field(default_factory=list)
    two_dates: list[str] = field(default_factory=list)
    other_contact: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    standings: Counter[str] = field(default_factory=Counter)
    clocks: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Case:
    """All that there is of one ticket."""

    record: Record
    sent: told.Sent
    ticket: int
    events: Sequence[Event]
    rows: Sequence[Row]
    ledger: Sequence[Promise]

    @property
    def address(self) -> str:
        return self.record.requesters[self.ticket][0]

    def told(self, at: datetime) -> list[Row]:
        """The mails to the customer that were written at this moment."""
        return [row for row in self.rows if row.created_at == at and row.recipient.lower() == self.address]


def cases(record: Record) -> Iterator[Case]:
    """Every ticket with its mails and its ledger."""
    sent = told.sent_of(record)
    rows: dict[int, list[Row]] = defaultdict(list)
    ledger: dict[int, list[Promise]] = defaultdict(list)
    for row in record.rows.values():
        rows[row.ticket].append(row)
    for promise in record.promises:
        ledger[promise.ticket].append(promise)
    for ticket, events in record.history.items():
        yield Case(record, sent, ticket, events, rows[ticket], ledger[ticket])


@dataclass
class _Walk:
    """One ticket on its way through its history: `runs` are the dates of the clocks, None for one that is paused."""

    owner: str = ""
    team: str = ""
    status: str = ""
    runs: dict[str, datetime | None] = field(default_factory=dict)
    given: set[datetime] = field(default_factory=set)

    @property
    def promised_at(self) -> datetime | None:
        dues = (due for clock, due in self.runs.items() if due is not None and clock != "snooze")
        return min(dues, default=None)


def judge(all_cases: Sequence[Case]) -> Kept:
    """Look at every ledger, and walk through every ticket's history."""
    found = Kept()
    for case in all_cases:
        for promise in case.ledger:
            _promise(case, found, promise)
        _walk(case, found)
    return found


# --- the ledger ---


def _promise(case: Case, found: Kept, promise: Promise) -> None:
    if promise.clock == "snooze":
        return
    found.standings[promise.standing] += 1
    if promise.standing != "broken" or promise.ended_at is None:
        return
    found.clocks[promise.clock] += 1
    fresh = [one.due_at for one in case.ledger if one.clock == promise.clock and one.made_at == promise.ended_at]
    if any(due <= promise.due_at for due in fresh):
        found.two_dates.append(
            f"#{case.ticket}: {promise.due_at:%d %b %H:%M} is not kept, and the new date is no later"
        )
    telling = case.told(promise.ended_at)
    left = [case.sent.taken[row.id] for row in telling if row.id in case.sent.taken]
    if any(letter.at < promise.due_at and _says(case, letter, promise) for letter in left):
        return
    ended = promise.ended_at
    words = f"#{case.ticket}: {promise.clock} of {promise.due_at:%d %b %H:%M}, broken at {ended:%d %b %H:%M:%S}"
    excuse = _excuse(case, telling, promise, ended)
    if excuse:
        found.excused[excuse].append(words)
    else:
        found.unwarned.append(f"{words}: {', '.join(row.notice for row in telling) or 'no mail'}")


def _says(case: Case, letter: Letter, promise: Promise) -> bool:
    """Whether the mail tells of the date that will not be kept; of several at once it is the first.

    A date that no mail has named is not taken back: to hear of another one before it is enough.
    """
    together = [one for one in case.ledger if (one.standing, one.ended_at) == ("broken", promise.ended_at)]
    first = min(together, key=lambda one: one.due_at)
    return wall(first.due_at) in dates(letter.text) or not _was_named(case, first)


def _was_named(case: Case, promise: Promise) -> bool:
    """Whether a mail to the customer named the date while the promise ran."""
    ended = promise.ended_at or case.record.end
    return any(
        row.recipient.lower() == case.address
        and promise.made_at <= row.created_at < ended
        and row.id in case.sent.taken
        and wall(promise.due_at) in dates(case.sent.taken[row.id].text)
        for row in case.rows
    )


def _excuse(case: Case, telling: Sequence[Row], promise: Promise, ended: datetime) -> str:
    """Why the customer could not hear before the date; "" where there is no reason but the desk's own."""
    record = case.record
    stopped = record.stopped.get(case.ticket)
    if record.requesters[case.ticket][1]:
        return "a machine asks, and is not written to"
    if stopped is not None and stopped <= ended and not telling:
        return "the customer wants no automatic mail"
    if _was_down(record, min(promise.guard_at, promise.due_at - _MARGIN), promise.due_at):
        return "the daemon was down when it was to be told"
    if any(row.state == "refused" for row in telling):
        return "the customer's address takes no mail"
    put_off = any(at < promise.due_at for row in telling for at in case.sent.put_off[row.id])
    late = ended < promise.due_at and (put_off or told.in_trouble(record, ended, promise.due_at))
    return "the relay put the mail off" if telling and late else ""


def _was_down(record: Record, since: datetime, until: datetime) -> bool:
    return any(stopped < until and began > since for stopped, began in record.down())


# --- what customers read ---


def _walk(case: Case, found: Kept) -> None:
    walk = _Walk()
    for event in case.events:
        match event.event:
            case "owner":
                walk.owner = event.after
            case "team":
                walk.team = event.after
            case "status":
                walk.status = event.after
            case "promised" | "promise-resumed":
                walk.runs[event.text] = datetime.fromisoformat(event.after)
                walk.given.add(datetime.fromisoformat(event.after))
            case "promise-paused":
                walk.runs[event.text] = None
            case "promise-kept" | "promise-moved" | "promise-broken" | "promise-dropped":
                walk.runs.pop(event.text.partition(":")[0], None)
            case "told" if event.after.lower() == case.address:
                _reads(case, found, walk, case.record.rows[int(event.before)])
            case _:
                pass
        if event.event == "promise-dropped" and event.text.endswith("the customer wrote"):
            found.overtaken.extend(_put_off(case, event))


def _put_off(case: Case, event: Event) -> Iterator[str]:
    """A later date in the place of one that the customer has read, because the customer wrote."""
    fresh = (one.after for one in case.events if one.at == event.at and one.event == "promised")
    if (after := next(fresh, None)) is not None and datetime.fromisoformat(after) > datetime.fromisoformat(
        event.before
    ):
        yield f"#{case.ticket}: at {event.at:%d %b %H:%M} {event.before} became {after}"


def _reads(case: Case, found: Kept, walk: _Walk, row: Row) -> None:
    """One mail to the customer: the date in its block is the ledger's, and no other one is to come."""
    letter = case.sent.taken.get(row.id)
    if letter is None:
        return
    where = f"#{row.ticket}: mail {row.id} ({row.notice}, {row.created_at:%d %b %H:%M})"
    due = walk.promised_at
    owed = [] if due is None or walk.status not in _ACTIVE else [wall(due)]
    read = promised(letter)
    if not block(letter):
        found.other_date.append(f"{where}: it does not tell how the ticket stands")
    elif walk.status in _ACTIVE and read != owed:
        said, promised_at = (", ".join(f"{one:%d %b %H:%M}" for one in some) or "none" for some in (read, owed))
        found.other_date.append(f"{where} says {said}, promised is {promised_at}")
    if any(one <= wall(row.created_at) for one in read) and walk.status in _ACTIVE and due is not None:
        down = _was_down(case.record, due - _DAY, due)
        (found.over if down else found.other_date).append(f"{where} names {wall(due):%d %b %H:%M}, which is over")
    may = {*owed, *_may_tell(case, walk, row)}
    reminder = wall(row.created_at + REMIND_AFTER)
    # a reminder can tell of a new owner beside its deadline, and then bears that name
    reminds = row.notice == "waiting" or (walk.status == "pending" and row.notice in told.MOVES and row.inbox is None)
    for date in dates(letter.text):
        deadline = reminds and date >= reminder
        if date > wall(row.created_at) and date not in may and not deadline:
            found.two_dates.append(f"{where} tells {date:%d %b %H:%M}, too")
    if row.notice in _ANSWERS:
        _names(case, found, walk, where, letter)


def _may_tell(case: Case, walk: _Walk, row: Row) -> Iterator[datetime]:
    """What a mail may name beside the promise: the date whose place it takes, and when a solved ticket is closed; the
    history names every date that was given."""
    for event in case.events:
        if event.at == row.created_at and event.event in {"promise-broken", "promise-moved"}:
            yield wall(datetime.fromisoformat(event.before))
        if event.event == "status" and event.after == "solved":
            yield wall(event.at + CLOSE_AFTER)
    if row.notice == "history":
        yield from map(wall, walk.given)


def _names(case: Case, found: Kept, walk: _Walk, where: str, letter: Letter) -> None:
    """What an answer to a customer's question says of who has it, and of how it stands."""
    record = case.record
    contact = record.names.get(walk.owner) or record.roster.team(walk.team).public_name
    gone = walk.owner in record.roster.removed and walk.status not in _ACTIVE
    if contact.lower() not in " ".join(block(letter)).lower() and not gone:
        found.other_contact.append(f"{where} does not name {contact}")
    if letter.status != walk.status:
        found.other_contact.append(f"{where} says {letter.status}, and it is {walk.status}")
