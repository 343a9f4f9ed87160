"""Whether the desk answered the words of those who take part, at once, and nobody else's."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month import told
from benchmarks.month.record import Kept, Record, Row
from benchmarks.month.street import Asked

_AT_ONCE = timedelta(seconds=60)
_ANSWERS = frozenset({"status", "history", "help"})
"""The notices that only an answer to a word can have."""


@dataclass
class Answered:
    """What was found: words that were not answered, or late, and answers to somebody else. `limited` are those that the
    limits on answers stood against, `held_up` those whose answer the relay or a daemon that was down held up."""

    unanswered: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    limited: list[str] = field(default_factory=list)
    held_up: list[str] = field(default_factory=list)
    wishes: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)


def judge(record: Record) -> Answered:
    """Look at every word to the desk, and at every mail that answers one."""
    found = Answered()
    sent = told.sent_of(record)
    caused: dict[int, list[Row]] = defaultdict(list)
    for row in record.rows.values():
        if row.inbox is not None and not record.ours(row.recipient):
            caused[row.inbox].append(row)
    asked: dict[int, str] = {}
    for kept in record.inbox:
        question = record.asked.get(kept.digest)
        if question is None or kept.state == "duplicate":
            continue
        if question.how == "word":
            asked[kept.id] = question.author
            found.wishes[question.wish] += 1
            _one(record, found, sent, question, kept, caused[kept.id])
        else:
            found.others[question.how] += 1
            _nobody(record, found, question, kept)
    for row in record.rows.values():
        answers = row.notice in _ANSWERS and not record.ours(row.recipient)
        if answers and asked.get(row.inbox or 0) != row.recipient.lower():
            found.strangers.append(f"#{row.ticket}: mail {row.id} ({row.notice}) to {row.recipient}, who did not ask")
    return found


def _one(record: Record, found: Answered, sent: told.Sent, question: Asked, kept: Kept, rows: list[Row]) -> None:
    """A participant's word: an answer to them, and to nobody else, that was on its way within the minute."""
    where = f"#{kept.ticket}: {question.wish} of {question.author} at {kept.received_at:%d %b %H:%M:%S}"
    mine = [row for row in rows if row.recipient.lower() == question.author]
    if not mine:
        events = record.history.get(kept.ticket, ())
        limited = any(event.event == "unanswered" and event.at == kept.decided_at for event in events)
        (found.limited if limited else found.unanswered).append(f"{where}: {kept.state}, {kept.because}")
        return
    tried = min((at for row in mine for at in sent.tried[row.id]), default=None)
    due = _due(record, kept.received_at)
    if tried is not None and tried <= due:
        return
    # whoever takes the ticket up has the brief first
    briefs = (row for row in record.rows.values() if row.inbox == kept.id and row.notice == "assigned")
    trouble = told.in_trouble(record, kept.received_at, tried or record.end) or any(
        sent.put_off[brief.id] for brief in briefs
    )
    words = f"{where} was answered at {tried or mine[0].created_at:%d %b %H:%M:%S}"
    (found.held_up if trouble else found.unanswered).append(words)


def _due(record: Record, since: datetime) -> datetime:
    """Until when an answer is on its way: a minute of a desk that runs."""
    due = since + _AT_ONCE
    for stopped, began in record.down():
        if stopped <= due and began > since:
            due += began - max(stopped, since)
    return due


def _nobody(record: Record, found: Answered, question: Asked, kept: Kept) -> None:
    """A word that is no question to the desk: a first mail of that kind opens a ticket like any other."""
    if question.how != "first":
        return
    events = record.history.get(kept.ticket, ())
    if not events or events[0].at != kept.decided_at:
        found.unanswered.append(f"inbox mail {kept.id}: {question.wish} as a first mail opened no ticket")
