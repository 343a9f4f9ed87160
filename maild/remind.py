"""From a due timer to a decision."""

from __future__ import annotations

import logging
from datetime import datetime

from maild.act import NO_CAUSE, Office, carry_out
from maild.decide.timer import on_timer
from maild.store import outbox, tickets, timers
from maild.store.engine import Tx

log = logging.getLogger("maild.remind")


def step(office: Office, now: datetime) -> bool:
    """Carry out the timer that has been due for longest; True where there was one."""
    with office.store.read() as tx:
        if not timers.any_due(tx, now):
            return False
    return office.store.write(lambda tx: _fire(tx, office, now))


def _fire(tx: Tx, office: Office, now: datetime) -> bool:
    due = timers.take(tx, now)
    if due is None:
        return False
    ticket = tickets.get(tx, due.ticket, follow=False)
    if ticket is None:
        log.warning("timer %s of ticket %d: there is no such ticket", due.timer, due.ticket)
        return True
    quiet = timers.quiet(tx, ticket)
    answers = outbox.answers(tx, ticket.requester.address, ticket.number, quiet, now)
    post = on_timer(due.timer, due.detail, ticket, answers, office.press.desk, due.due_at, now)
    carry_out(tx, office, post, NO_CAUSE, {ticket.number: ticket}, now)
    log.info("ticket %d: %s", ticket.number, "; ".join(post.because))
    return True
