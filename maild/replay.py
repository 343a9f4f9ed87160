"""The rules held against mail that came before: what they, or others, would have decided otherwise."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from maild.config import Config
from maild.decide.customer import facts_of_new
from maild.decide.routing import facts
from maild.decide.situation import Situation
from maild.mail import Mail
from maild.rules.match import RuleBook, match, sum_up
from maild.rules.model import Facts, Hit, On, Then, Verdict
from maild.store import inbox, tickets
from maild.store.engine import Tx
from maild.threading.clues import Clues
from maild.ticket import Event, Priority, Status, Ticket, TicketNo

MOST_SHOWN = 200
"""Mails that are shown one by one; the rest is counted."""

_RULE = re.compile(r'rule "(.+)": ')
_SET_ASIDE = re.compile(r'rule "(.+)" puts it in quarantine')


@dataclass(frozen=True, slots=True)
class Past:
    """A kept mail on which rules were asked: its row, its bytes, and the ticket as it stood before it, if it did."""

    kept: inbox.Kept
    raw: bytes = field(repr=False)
    before: Ticket | None
    first_time: bool


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One mail that would be decided otherwise: what was, and what would be, by field; an empty field is left out."""

    kept: inbox.Kept
    subject: str
    author: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> tuple[str, ...]:
        names = dict.fromkeys((*self.before, *self.after))
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))


@dataclass(slots=True)
class Tally:
    """What a replay found: mails, those that could not be read again, and how often each rule acted before and now."""

    mails: int = 0
    lost: int = 0
    otherwise: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    shown: list[Otherwise] = field(default_factory=list)

    def count(self, one: Otherwise) -> None:
        """Add what one mail gave."""
        self.mails += 1
        self.before.update(one.before.get("rules", ()))
        self.after.update(one.after.get("rules", ()))
        if one.changed:
            self.otherwise += 1
            if len(self.shown) < MOST_SHOWN:
                self.shown.append(one)


def recall(tx: Tx, kept: inbox.Kept, most: int) -> Past | None:
    """The mail with what rules saw beside it; None where no rule was asked, or the mail is not kept any more."""
    ticket = tickets.get(tx, kept.ticket, follow=False) if kept.ticket is not None else None
    if ticket is None and not any(map(_SET_ASIDE.fullmatch, kept.because)):
        return None
    entries = tickets.entries(tx, ticket.number) if ticket is not None else ()
    entry = next((one for one in entries if one.inbox == kept.id), None)
    if ticket is not None and (entry is None or entry.agent is not None):
        return None
    raw = inbox.original(tx, kept.id, most=most)
    opened = ticket is None or entry is entries[0]
    before = None if opened or ticket is None else _as_it_stood(ticket, tickets.history(tx, ticket.number), kept)
    return Past(kept, raw or b"", before, first_time=True)


def compare(past: Past, mail: Mail, now: Config, other: Config | None) -> Otherwise:
    """What was decided, or with another file what this one decides, beside what would be decided instead."""
    if other is None:
        acted, would = _recorded(past.kept, now.rules), _decide(past, mail, now)
    else:
        acted, would = _decide(past, mail, now), _decide(past, mail, other)
    author = mail.author.spec or past.kept.sender
    return Otherwise(past.kept, mail.subject, author, _outcome(acted), _outcome(would))


def _decide(past: Past, mail: Mail, config: Config) -> Verdict:
    return match(config.rules, _facts(past, mail, config))


def _facts(past: Past, mail: Mail, config: Config) -> Facts:
    kept = past.kept
    situation = Situation(
        inbox=kept.id,
        mail=mail,
        sender=kept.sender,
        recipients=kept.recipients,
        received_at=kept.received_at,
        now=kept.received_at,
        clues=Clues(),
        desk=config.desk,
        rules=config.rules,
        number=TicketNo(1),
        first_time=past.first_time,
    )
    if past.before is None:
        return facts_of_new(situation)
    return facts(situation, On.REPLY, past.before.team, past.before)


def _recorded(kept: inbox.Kept, rules: RuleBook) -> Verdict:
    """What the rules decided then, by their names; one that is in the file no more had effects that nobody knows."""
    known = {rule.name: rule.then for rule in rules.rules}
    found = (_RULE.match(line) or _SET_ASIDE.fullmatch(line) for line in kept.because)
    names = dict.fromkeys(one[1] for one in found if one is not None)
    return sum_up(tuple(Hit(name, known.get(name, Then()), "") for name in names), ())


def _outcome(verdict: Verdict) -> dict[str, Any]:
    if verdict.quarantine:  # nothing else happens to such a mail
        return {"rules": [next(hit.rule for hit in verdict.hits if hit.then.quarantine)], "quarantine": True}
    told = {
        "rules": [hit.rule for hit in verdict.hits],
        "team": verdict.team,
        "owner": verdict.owner,
        "reason": dict(verdict.team_reason or verdict.owner_reason),
        "priority": verdict.priority,
        "status": verdict.status,
        "tags": list(verdict.tags),
        "sla": verdict.sla,
        "language": verdict.language,
        "level": verdict.level,
        "cc": list(verdict.cc),
        "notify": list(verdict.notify),
        "canned": verdict.reply.canned if verdict.reply else "",
        "reply": dict(verdict.reply.words) if verdict.reply else {},
    }
    return {name: value for name, value in told.items() if value not in (None, "", [], {})}


def _as_it_stood(ticket: Ticket, history: Sequence[Event], kept: inbox.Kept) -> Ticket:
    """The ticket as its history had made it when the mail came; what was promised then is not looked up."""
    said = ticket.created_at
    stood: dict[str, str] = {}
    for event in history:
        if event.at >= kept.received_at:
            break
        stood[event.event] = event.after
        said = event.at if event.event == "entry" else said
    return replace(
        ticket,
        status=Status(stood.get("status") or Status.OPEN),
        owner=stood.get("owner") or None,
        team=stood.get("team") or ticket.team,
        priority=Priority(stood.get("priority") or Priority.NORMAL),
        level=int(stood.get("level") or 1),
        tags=tuple(stood.get("tags", "").split()),
        updated_at=said,
        promised_at=None,
    )


def since(tx: Tx, moment: datetime, after: int, most: int) -> list[inbox.Kept]:
    """The next mails that were decided as a ticket or set aside, oldest first."""
    return inbox.since(tx, moment, after, most, ("ticket", "quarantine"))
