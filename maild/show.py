"""The shapes that `--json` prints (DESIGN 3.1): values of the house as plain objects, times ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from maild.absence import Absence
from maild.decide.trail import Moved
from maild.mail import Attachment
from maild.promise import Promise
from maild.rules.match import NearMiss, Rule
from maild.rules.model import Then
from maild.store.inbox import Kept
from maild.store.outbox import Queued
from maild.store.verify import Finding
from maild.ticket import Entry, Event, Party, Ticket

Shape = dict[str, Any]


def time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def ticket(one: Ticket) -> Shape:
    """A row of `maild tickets`."""
    return {
        "number": one.number,
        "subject": one.subject,
        "status": one.status.value,
        "owner": one.owner,
        "team": one.team,
        "priority": one.priority.value,
        "level": one.level,
        "requester": one.requester.address,
        "participants": [_participant(party) for party in one.participants],
        "language": one.language,
        "tags": list(one.tags),
        "created_at": time(one.created_at),
        "updated_at": time(one.updated_at),
        "solved_at": time(one.solved_at),
        "promised_at": time(one.promised_at),
    }


def whole_ticket(
    one: Ticket,
    entries: Sequence[Entry],
    history: Sequence[Event],
    moves: Sequence[Shape],
    ledger: Sequence[Promise],
) -> Shape:
    """`maild ticket N`: the row, what was said, happened and promised, and each move with whoever heard of it."""
    return {
        **ticket(one),
        "entries": [_entry(entry) for entry in entries],
        "history": [_event(event) for event in history],
        "moves": list(moves),
        "promises": [promise(each) for each in ledger],
    }


def promise(one: Promise) -> Shape:
    """A line of the ledger; `state` is open, paused, kept, moved, broken or dropped, `by` whoever gave the date."""
    return {
        "clock": one.clock.value,
        "state": one.standing.value,
        "made_at": time(one.made_at),
        "due_at": time(one.due_at),
        "ended_at": time(one.ended_at),
        "by": one.by,
        "text": one.text,
    }


def moved(one: Moved, mails: Mapping[int, Queued], absences: Mapping[int, Absence]) -> Shape:
    """One move of a ticket: what made it, and by which mails the successor and the customers heard of it."""
    origin = one.origin
    behind = absences.get(origin.absence or 0)
    return {
        "at": time(one.at),
        "from": {"owner": one.before.owner or None, "team": one.before.team or None},
        "to": {"owner": one.after.owner or None, "team": one.after.team or None},
        "code": one.code,
        "reason": one.text,
        "by": one.by,
        "who": one.who,
        "cause": {
            "mail": origin.mail,
            "timer": origin.timer or None,
            "rule": origin.rule or None,
            "absence": absence(behind) if behind else None,
        },
        "briefed": [_telling(mails[row]) for row in one.briefed if row in mails],
        "told": [_telling(mails[row]) for row in one.told if row in mails],
        "undone": one.undone,
    }


def absence(one: Absence) -> Shape:
    """An absence: `last_day` is the last day away, null where nobody knows; `by` is whoever told us."""
    return {
        "id": one.id,
        "agent": one.agent,
        "leave": one.leave.value,
        "since": time(one.since),
        "until": time(one.until),
        "last_day": one.last_day.isoformat() if one.last_day else None,
        "source": one.source.value,
        "stage": one.stage.value,
        "backup": one.backup,
        "because": one.because,
        "by": one.by,
    }


def arrival(kept: Kept) -> Shape:
    """A row of `maild inbox` and `maild quarantine`; the reasons are one text, the first of them in front."""
    return {
        "id": kept.id,
        "received_at": time(kept.received_at),
        "source": kept.source,
        "sender": kept.sender,
        "recipients": list(kept.recipients),
        "message_id": kept.message_id,
        "sha256": kept.sha256,
        "state": kept.state,
        "ticket": kept.ticket,
        "tries": kept.tries,
        "because": "; ".join(kept.because),
    }


def outgoing(queued: Queued) -> Shape:
    """A row of `maild outbox`; `next_at` is null where nothing more will be tried."""
    return {
        "id": queued.id,
        "ticket": queued.ticket,
        "recipient": queued.recipient,
        "notice": queued.notice,
        "message_id": queued.message_id,
        "state": queued.state,
        "tries": queued.tries,
        "next_at": time(queued.next_at),
        "answer": queued.answer,
    }


def explained(kept: Kept, sent: Sequence[Queued], absences: Sequence[Absence], moves: Sequence[Shape]) -> Shape:
    """`maild explain`: where a mail ended, each reason of its own, what was sent, and which tickets it moved."""
    told = [outgoing(queued) | {"sent_at": time(queued.sent_at)} for queued in sent]
    because = list(kept.because)
    learnt = [absence(one) for one in absences]
    return arrival(kept) | {"because": because, "sent": told, "absences": learnt, "moves": list(moves)}


def explained_outgoing(queued: Queued, moves: Sequence[Shape]) -> Shape:
    """`maild explain out:N` for a mail of ours that no mail caused: the row, and the moves of which it tells."""
    return outgoing(queued) | {"sent_at": time(queued.sent_at), "moves": list(moves)}


def finding(one: Finding) -> Shape:
    return {"invariant": one.invariant, "where": one.where, "words": one.words}


def rule(one: Rule) -> Shape:
    """A row of `maild rules show`: what it looks at, what it asks, what it does."""
    return {
        "name": one.name,
        "on": sorted(on.value for on in one.on),
        "when": [condition.words for condition in one.conditions],
        "then": then(one.then),
    }


def then(effects: Then) -> Shape:
    """What a rule does: the fields that it sets, and no others."""
    named = {
        "team": effects.team,
        "owner": effects.owner,
        "priority": effects.priority,
        "status": effects.status,
        "tags": list(effects.tags),
        "sla": effects.sla,
        "language": effects.language,
        "level": effects.level,
        "cc": list(effects.cc),
        "notify": list(effects.notify),
        "canned": effects.reply.canned if effects.reply else "",
        "reply": dict(effects.reply.words) if effects.reply else {},
        "quarantine": effects.quarantine,
        "stop": effects.stop,
        "reason": dict(effects.reason),
    }
    return {name: value for name, value in named.items() if value not in (None, "", [], {}, False)}


def fared(miss: NearMiss) -> Shape:
    """How one rule fared with a mail: what held, and the first condition that did not, null where it matched."""
    matched = not miss.failed
    return {"rule": miss.rule, "matched": matched, "held": list(miss.held), "failed": miss.failed or None}


def _telling(queued: Queued) -> Shape:
    return {
        "outbox": queued.id,
        "recipient": queued.recipient,
        "agent": queued.agent,
        "notice": queued.notice,
        "message_id": queued.message_id,
        "state": queued.state,
        "sent_at": time(queued.sent_at),
    }


def _participant(party: Party) -> Shape:
    return {"address": party.address, "name": party.name, "role": party.role.value, "proven": party.proven}


def _entry(entry: Entry) -> Shape:
    return {
        "at": time(entry.at),
        "from": entry.author,
        "voice": entry.voice.value,
        "text": entry.text,
        "message_id": entry.message_id,
        "attachments": [_attachment(one) for one in entry.attachments],
    }


def _attachment(one: Attachment) -> Shape:
    return {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}


def _event(event: Event) -> Shape:
    return {
        "at": time(event.at),
        "event": event.event,
        "who": event.who,
        "code": event.code,
        "text": event.text,
        "from": event.before,
        "to": event.after,
    }
