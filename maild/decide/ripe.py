"""Rules that act as time goes by: when the next one can match a ticket, and what those do that match now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from maild.decide.answer import RETRY, Answer, Silence, Wait, within
from maild.decide.moves import cover_if_away
from maild.decide.routing import answering, change_fields, invite, left, notify, reply_of, tell_successor
from maild.decide.turn import Turn
from maild.decision import Answers, ClearTimer, Loads, Notice, SetTimer, TimerName
from maild.desk import Desk
from maild.hours import closing, opening
from maild.mail import NOTHING_SAID, Address, Mail, Proof
from maild.rules.match import Rule, RuleBook, match, possible
from maild.rules.model import Anchor, Facts, On
from maild.ticket import Entry, Event, Status, Ticket
from maild.values import replace

FIRED = "rule"
"""The event of a rule that acted by itself: its name, and as text the state of the ticket in which it does so once."""

_JUST_AFTER = timedelta(seconds=1)
_MOST_EDGES = 2


def look_ahead(
    ticket: Ticket, rules: RuleBook, desk: Desk, now: datetime, fired: Sequence[Event] = ()
) -> SetTimer | ClearTimer:
    """The timer of the earliest moment from now on at which a rule acts, if nothing but time passes.

    A rule that acted in this state of the ticket does not act again; a closed or merged ticket is left alone.
    """
    moments: set[datetime] = set()
    if _stands(ticket) and rules.by_event[On.TIMER]:
        able = possible(rules, facts_of(ticket, desk, now))
        done = _done(able, ticket, fired)
        moments = {at for rule in able if rule.name not in done for at in _moments(rule, ticket, desk, now)}
        for at in sorted(moments):
            if match(rules, facts_of(ticket, desk, at), done).hits:
                return SetTimer(TimerName.RULES, at)
    return ClearTimer(TimerName.RULES)


def act_now(turn: Turn, rules: RuleBook, loads: Loads, fired: Sequence[Event], answers: Answers) -> None:
    """Let the rules act that match now and have not done so in this state of the ticket."""
    before = turn.ticket
    facts = facts_of(before, turn.desk, turn.now)
    done = _done(rules.by_event[On.TIMER], before, fired)
    verdict = match(rules, facts, done)
    if not _stands(before) or not verdict.hits:
        turn.because.append("no rule asks for anything now")
        return
    for hit in verdict.hits:
        rule = next(one for one in rules.by_event[On.TIMER] if one.name == hit.rule)
        turn.happened(FIRED, text=_state(rule, before), after=hit.rule)
    change_fields(turn, loads, verdict)
    invite(turn, verdict)
    if (turn.ticket.owner, turn.ticket.team) == (before.owner, before.team):
        cover_if_away(turn, loads)
    tell_successor(turn, before)
    notify(turn, verdict)
    words = reply_of(turn, answering(verdict), verdict.reply)
    if turn.ticket.status is Status.SOLVED and before.status is not Status.SOLVED:
        turn.tell_customers(Notice.SOLVED, auto=True, said=words)
    elif words is not None:
        _answer(turn, answering(verdict), words, answers)


def _answer(turn: Turn, rule: str, words: Entry, answers: Answers) -> None:
    """Answer by the rule's words, as far as automatic answers may leave (DESIGN 3.9)."""
    match within(answers, turn.desk.answers, proven=turn.ticket.requester.proven or answers.answered_by_agent):
        case Answer():
            turn.tell_customers(Notice.REPLY, auto=True, answers=True, said=words)
        case Wait(because):
            turn.set_timer(TimerName.ANSWER, turn.now + RETRY, f"{Notice.REPLY.value} {turn.now.isoformat()} {rule}")
            turn.explain(because, "the answer waits: ")
        case Silence(because):
            turn.explain(because, "no answer: ")
            turn.happened_because("unanswered", because)


def facts_of(ticket: Ticket, desk: Desk, now: datetime) -> Facts:
    """What rules see of a ticket while nobody writes: its subject, and its requester as the one who wrote it."""
    requester = ticket.requester
    organisation = desk.organisation_at(requester.address)
    return Facts(
        mail=_as_mail(ticket),
        recipients=(),
        on=On.TIMER,
        now=now,
        team=ticket.team,
        owner=ticket.owner,
        status=ticket.status.value,
        priority=ticket.priority.value,
        level=ticket.level,
        tags=ticket.tags,
        organisation=organisation.name if organisation else "",
        language=ticket.language,
        first_time=False,
        silent_for=(now - ticket.updated_at).total_seconds(),
        age=(now - ticket.created_at).total_seconds(),
        promised_in=left(ticket, now),
        hours=desk.open_hours(now),
    )


def _stands(ticket: Ticket) -> bool:
    return ticket.status is not Status.CLOSED and ticket.merged_into is None


def _done(rules: Sequence[Rule], ticket: Ticket, fired: Sequence[Event]) -> frozenset[str]:
    """The rules that acted before in the state in which the ticket is."""
    acted = {(event.after, event.text) for event in fired if event.event == FIRED}
    return frozenset(rule.name for rule in rules if (rule.name, _state(rule, ticket)) in acted)


def _state(rule: Rule, ticket: Ticket) -> str:
    """From what the rule counts: a new word begins a new silence, a new date is another promise."""
    anchors = {wait.anchor for condition in rule.conditions for wait in condition.waits}
    return " ".join(
        f"{one.value} since {at.isoformat()}" for one in Anchor if one in anchors and (at := _since(one, ticket))
    )


def _since(anchor: Anchor, ticket: Ticket) -> datetime | None:
    match anchor:
        case Anchor.SILENT_FOR:
            return ticket.updated_at
        case Anchor.AGE:
            return ticket.created_at
        case Anchor.PROMISED_IN:
            return ticket.promised_at


def _moments(rule: Rule, ticket: Ticket, desk: Desk, now: datetime) -> Iterator[datetime]:
    """Now, and every later moment at which one of the conditions may change by time alone."""
    reached = {now}
    for condition in rule.conditions:
        for wait in condition.waits:
            since = _since(wait.anchor, ticket)
            if since is not None:
                span = timedelta(seconds=wait.seconds)
                at = since - span if wait.anchor is Anchor.PROMISED_IN else since + span
                reached |= {at, at + _JUST_AFTER}
    names = {name.removeprefix("outside:") for condition in rule.conditions for name in condition.hours}
    calendars = [calendar for calendar in desk.calendars if calendar.name in names]
    for _ in range(_MOST_EDGES if calendars else 0):
        known = {at for at in reached if at >= now}
        reached |= {edge(calendar, at) for calendar in calendars for at in known for edge in (opening, closing)}
    return (at for at in reached if at >= now)


def _as_mail(ticket: Ticket) -> Mail:
    asker = ticket.requester
    return replace(
        NOTHING_SAID,
        authors=(Address(asker.address, asker.name),),
        subject=ticket.subject,
        proof=Proof(proven=asker.proven),
        language=ticket.language,
    )
