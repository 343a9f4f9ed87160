"""From a due timer to a decision."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from maild.act import carry_out, publish
from maild.decide.absence import on_due
from maild.decide.gathered import Waiting, tell_gathered, tell_gathered_apart
from maild.decide.ripe import FIRED
from maild.decide.timer import Seen, on_timer
from maild.decide.trail import OF_DATES
from maild.decision import Loads, SetTimer, TimerName
from maild.gather import facts_of
from maild.office import NO_CAUSE, Cause, Office
from maild.rules.match import describe
from maild.rules.model import On
from maild.store import absences, later, meta, outbox, tickets, timers
from maild.store.engine import Tx
from maild.ticket import Ticket
from maild.values import replace

PUT_OFF = timedelta(minutes=10)
"""When a timer whose decision failed is tried again."""

_TIMER_RULES = "timer-rules"

log = logging.getLogger("maild.remind")


def step(office: Office, now: datetime) -> bool:
    """Carry out the timer that has been due for longest; True where there was one."""
    with office.store.read() as tx:
        waited, absence, due = later.any_due(tx, now), absences.due(tx, now), timers.next_due(tx)
    if waited:
        return office.store.write(lambda tx: _tell_gathered(tx, office, now))
    if absence is not None and absence.look_at is not None and (due is None or absence.look_at <= due):
        return office.store.write(lambda tx: _look(tx, office, now))
    return due is not None and due <= now and office.store.write(lambda tx: _fire(tx, office, now))


def heed(tx: Tx, office: Office, now: datetime) -> None:
    """Where the rules on timers are others than before, let the clock look at every ticket that stands."""
    told = "\n".join(describe(rule) for rule in office.rules.by_event[On.TIMER])
    mark = hashlib.sha256(told.encode()).hexdigest() if told else ""
    if meta.starting(tx, _TIMER_RULES).get("", "") == mark:
        return
    meta.put(tx, _TIMER_RULES, mark)
    if told:
        timers.wake_all(tx, TimerName.RULES, now)


def _look(tx: Tx, office: Office, now: datetime) -> bool:
    tx.must_decide()
    absence = absences.due(tx, now)
    if absence is None:
        return False
    try:
        with tx.apart():
            desk = absences.with_absences(tx, office.press.desk)
            bulletin = on_due(absence, desk, facts_of(tx, absence.agent, absence), now)
            publish(tx, office, bulletin, now)
            log.info("%s", "; ".join(bulletin.because))
    except Exception:
        if tx.over:
            raise
        log.exception("absence %d could not be carried out; it is tried again", absence.id)
        absences.save(tx, replace(absence, look_at=now + PUT_OFF), now)
    return True


def _tell_gathered(tx: Tx, office: Office, now: datetime) -> bool:
    tx.must_decide()
    waited = later.take(tx, now)
    try:
        with tx.apart():
            _tell(tx, office, waited, now)
    except Exception:
        if tx.over:
            raise
        log.exception("what was gathered for an agent could not be told; it is tried again")
        for one in waited:
            later.keep(tx, replace(one, due_at=now + PUT_OFF))
    return bool(waited)


def _tell(tx: Tx, office: Office, waited: Sequence[later.Later], now: datetime) -> None:
    if not waited:
        return
    desk, first = office.press.desk, waited[0]
    known = {one.ticket: ticket for one in waited if (ticket := tickets.get(tx, one.ticket, follow=False))}
    agent = desk.agent(first.agent)
    if agent is None:
        log.warning("%d tellings to %s have nobody to hear them", len(waited), first.agent)
        return
    waiting = [Waiting(one.ticket, one.lines, one.at, one.question, one.fresh) for one in waited]
    if not known:
        facts = facts_of(tx, "", None)
        publish(tx, office, tell_gathered_apart(agent, first.notice, waiting, facts), now)
        return
    post = tell_gathered(agent, first.notice, waiting, known, desk, now)
    carry_out(tx, office, post, NO_CAUSE, known, now)
    log.info("ticket %d: %s", post.ticket.number, "; ".join(post.because), extra={"ticket": post.ticket.number})


def _fire(tx: Tx, office: Office, now: datetime) -> bool:
    tx.must_decide()
    due = timers.take(tx, now)
    if due is None:
        return False
    try:
        with tx.apart():
            _decide(tx, office, due, now)
    except Exception:
        if tx.over:
            raise
        # it must not stand before all other timers for ever
        log.exception("timer %s of ticket %d could not be carried out; it is tried again", due.timer, due.ticket)
        timers.change(tx, due.ticket, SetTimer(due.timer, now + PUT_OFF, due.detail))
    return True


def _decide(tx: Tx, office: Office, due: timers.Due, now: datetime) -> None:
    ticket = tickets.get(tx, due.ticket, follow=False)
    if ticket is None:
        log.warning("timer %s of ticket %d: there is no such ticket", due.timer, due.ticket)
        return
    quiet = timers.quiet(tx, ticket)
    answers = outbox.answers(tx, ticket.requester.address, ticket.number, quiet, now)
    seen = Seen(answers)
    if due.timer in {TimerName.MOVE, TimerName.RETURN}:
        seen = _about_move(tx, ticket, due)
    if due.timer is TimerName.ANSWER:
        seen = replace(seen, rules=office.rules)
    if due.timer is TimerName.RULES:
        fired = tickets.history(tx, ticket.number, (FIRED,))
        seen = replace(seen, rules=office.rules, history=fired)
    if due.timer in {TimerName.PROMISE, TimerName.RULES}:
        seen = replace(seen, loads=Loads(tickets.open_counts(tx), tickets.last_owners(tx)))
    if due.timer is TimerName.PROMISE:
        seen = replace(seen, history=tickets.history(tx, ticket.number, OF_DATES))
    desk = absences.with_absences(tx, office.press.desk)
    post = on_timer(due.timer, due.detail, ticket, seen, desk, due.due_at, now)
    carry_out(tx, office, post, Cause(timer=due.timer.value), {ticket.number: ticket}, now)
    log.info("ticket %d: %s", ticket.number, "; ".join(post.because), extra={"ticket": ticket.number})


def _about_move(tx: Tx, ticket: Ticket, due: timers.Due) -> Seen:
    absence = absences.get(tx, int(due.detail)) if due.timer is TimerName.MOVE else None
    return Seen(
        loads=Loads(tickets.open_counts(tx), tickets.last_owners(tx)),
        absence=absence,
        history=tickets.history(tx, ticket.number, ("owner",)),
        entries=tickets.entries(tx, ticket.number),
    )
