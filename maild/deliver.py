"""From the outbox to the network: lease, send with no transaction open, settle."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from maild.act import carry_out, publish
from maild.courier import Courier, Deferred, Outcome, Refused, Sent, Uncertain
from maild.decide.learn import on_failure, status_in
from maild.decide.undelivered import on_delay, on_refusal
from maild.decision import Bulletin
from maild.decision import Sent as Written
from maild.gather import facts_of
from maild.office import NO_CAUSE, Office
from maild.retry import USUAL, Patience, next_try
from maild.store import absences, outbox, tickets
from maild.store.engine import Tx
from maild.store.fault import LostError
from maild.typed import Pace

LEASE = timedelta(minutes=20)
"""Longer than one mail may take with the relay's own time-outs (15 s, 60 s a verb, 600 s for the dot)."""
BATCH = 16
SETTLE = timedelta(seconds=0.2)
"""Mails that left within this time are settled in one commit; a crash before it makes them uncertain."""
RELAY_PAUSE = timedelta(minutes=1)
SLOW = timedelta(seconds=90)
"""A relay that has had a mail for so long and has not said what becomes of it is worth a look."""

_CODE = re.compile(r"[2-5]\d\d(?: [245]\.\d{1,3}\.\d{1,3})?")

log = logging.getLogger("maild.deliver")


@dataclass(slots=True)
class Relayed:
    """What the delivering threads know of the relay as a whole: until when it is left alone, and why.

    `answers` counts what became of the mails that were handed to it, since the start; `asked` tells since when it has
    had the mail of each courier, None where it has answered.
    """

    paused_until: datetime | None = None
    trouble: str = ""
    failures: int = 0
    told_at: datetime | None = None
    """When a courier last found it failing, or an operator said that it should be tried."""
    answers: Counter[str] = field(default_factory=Counter)
    asked: dict[str, datetime | None] = field(default_factory=dict)

    def worry(self, now: datetime) -> str:
        """What is wrong with the relay, in plain words; "" where nothing is."""
        if self.trouble:
            until = self.paused_until
            again = f"; next try at {until:%H:%M:%S} UTC" if until is not None and until > now else ""
            return f"the relay takes no mail: {self.trouble}{again}"
        waits = max((now - since for since in list(self.asked.values()) if since is not None), default=timedelta())
        return f"the relay has had a mail for {waits.total_seconds():.0f} s without an answer" if waits > SLOW else ""

    def pause(self, answer: str, began: datetime, now: datetime) -> datetime:
        """Leave it alone for a minute, doubling to half an hour; when it is tried again.

        A try that `began` before somebody else found it failing, or asked for it, tells nothing newer than that.
        """
        self.trouble = answer
        if self.told_at is None or began >= self.told_at:
            self.failures, self.told_at = self.failures + 1, now
            self.paused_until = now + RELAY_PAUSE * min(2 ** (self.failures - 1), 30)
        return max(now, self.paused_until or now)

    def resume(self, now: datetime) -> None:
        """Try it now, all mail of it: an operator has looked after it."""
        self.paused_until, self.failures, self.told_at = None, 0, now


@dataclass(slots=True)
class Delivery:
    """Hands mail to one courier; each thread has its own."""

    office: Office
    courier: Courier
    clock: Callable[[], datetime]
    relay: Relayed = field(default_factory=Relayed)
    pace: Pace | None = None
    patience: Patience = USUAL
    holder: str = ""
    """Whose leases these are; no two couriers share a name."""
    carried: list[tuple[outbox.Leased, Outcome, datetime]] = field(default_factory=list)
    """What became of the mails of a step, until that is known to be written."""
    unsure: bool = False
    """The database was lost in the middle of a step, so nobody knows which of our leases it noted."""

    def step(self, now: datetime) -> bool:
        """Send what is due; True where something was sent or settled."""
        if self.relay.paused_until is not None and now < self.relay.paused_until:
            return False
        store = self.office.store
        if self.unsure:
            store.write(self._make_sure)
            self.carried, self.unsure = [], False
        with store.read() as tx:
            due = outbox.next_due(tx)
        if due is None or due > now:
            return False
        try:
            sent = self._carry(now)
        except LostError:
            self.unsure = True
            raise
        self.carried = []
        return sent

    def _make_sure(self, tx: Tx) -> None:
        """Write again what is known of our leases, and give back those that we never heard of."""
        self._settlement(self.carried)(tx)
        outbox.put_back(tx, self.holder, [one.id for one, _, _ in self.carried])

    def _carry(self, now: datetime) -> bool:
        """Lease, send, settle; True where there was something to send."""
        store = self.office.store
        most = 1 if self.pace else BATCH
        leased = store.write(lambda tx: outbox.lease(tx, now, now + LEASE, most, self.holder))
        if self.pace is not None and leased:
            self.relay.paused_until = now + timedelta(seconds=self.pace.seconds / self.pace.count)
        carried: list[tuple[outbox.Leased, Outcome, datetime]] = []
        settling: list[Future[None]] = []
        for place, one in enumerate(leased):
            self.relay.asked[self.holder] = self.clock()
            outcome = self.courier.send(one.mail, one.id)
            self.relay.asked[self.holder] = None
            became = type(outcome).__name__.lower()
            self.relay.answers[became] += 1
            cause = "" if one.inbox is None else f" for inbox mail {one.inbox}"
            about = {"outbox": one.id, "mail": one.inbox, "ticket": one.ticket}
            log.info("outbox mail %d%s: %s %s", one.id, cause, became, _in_short(outcome), extra=about)
            if isinstance(outcome, Deferred) and outcome.relay:
                self._pause(outcome.answer, leased[place:], began=now)
                break
            self.relay.failures, self.relay.trouble = 0, ""
            carried.append((one, outcome, self.clock()))
            self.carried.append(carried[-1])
            if carried[-1][2] - carried[0][2] >= SETTLE:
                settling.append(store.submit(self._settlement(carried)))
                carried = []
        if carried:
            settling.append(store.submit(self._settlement(carried)))
        for settled in settling:
            settled.result()
        return bool(leased)

    def _settlement(self, carried: list[tuple[outbox.Leased, Outcome, datetime]]) -> Callable[[Tx], None]:
        sent = [(one, outcome.answer, at) for one, outcome, at in carried if isinstance(outcome, Sent)]
        others = [one for one in carried if not isinstance(one[1], Sent)]

        def write(tx: Tx) -> None:
            left = carried
            with suppress(Exception), tx.apart():
                outbox.sent(tx, sent)
                left = others
            for one, outcome, at in left:
                try:
                    with tx.apart():
                        settle(tx, self.office, one, outcome, at, self.patience)
                except Exception:
                    # Its lease ends, and it counts as uncertain then.
                    log.exception(
                        "what became of outbox mail %d could not be written", one.id, extra={"outbox": one.id}
                    )

        return write

    def _pause(self, answer: str, left: list[outbox.Leased], *, began: datetime) -> None:
        """The relay refuses to work at all: no mail is to blame, all stay due, and somebody can see why."""
        now = self.clock()
        until = self.relay.pause(answer, began, now)
        log.error("the relay takes no mail: %s; next try at %s", answer, until.isoformat())

        def back(tx: Tx) -> None:
            for one in left:
                outbox.give_back(tx, one, answer, now)
                _tell_if_late(tx, self.office, one, answer, now, self.patience)

        self.office.store.write(back)


def _in_short(outcome: Outcome) -> str:
    """What the log tells of an answer: that of a refusal without its text, which may repeat what stands in the mail."""
    refusal = None if isinstance(outcome, Sent) else _CODE.match(outcome.answer)
    return f"{refusal[0]} (maild outbox has the words)" if refusal else outcome.answer


def settle(
    tx: Tx, office: Office, one: outbox.Leased, outcome: Outcome, now: datetime, patience: Patience = USUAL
) -> None:
    """Write what became of one mail, and what follows from it, in one transaction."""
    match outcome:
        case Sent(answer):
            outbox.sent(tx, [(one, answer, now)])
        case Refused(answer):
            _refuse(tx, office, one, answer, now)
        case Deferred(answer=answer):
            again = next_try(one.tries, one.created_at, now, one.id, patience)
            if again is None:
                _refuse(tx, office, one, f"given up after {patience.total.days} days: {answer}", now)
            else:
                if outbox.put_off(tx, one, answer, again, told_late=one.told_late):
                    _tell_if_late(tx, office, one, answer, now, patience)
        case Uncertain(answer):
            again = next_try(one.tries, one.created_at, now, one.id, patience)
            if again is None:
                _refuse(tx, office, one, f"given up after {patience.total.days} days: {answer}", now)
            else:
                outbox.uncertain(tx, one, answer, again)
        case _:
            assert_never(outcome)


def _refuse(tx: Tx, office: Office, one: outbox.Leased, answer: str, now: datetime) -> None:
    if not outbox.refused(tx, one, answer):
        return
    row = outbox.find(tx, [one.id])[one.id]
    ticket = tickets.get(tx, row.ticket, follow=False) if row.ticket is not None else None
    learnt = _learnt(tx, office, row, answer, now)
    if ticket is not None:
        post = replace(on_refusal(ticket, row, answer, office.press.desk, now), bulletin=learnt)
        carry_out(tx, office, post, NO_CAUSE, {ticket.number: ticket}, now)
    elif learnt is not None:
        publish(tx, office, learnt, now)


def _learnt(tx: Tx, office: Office, row: Written, answer: str, now: datetime) -> Bulletin | None:
    """What the relay's answer about a mail to an agent tells of the agent."""
    if row.agent is None:
        return None
    living, facts = absences.living(tx, row.agent), facts_of(tx, row.agent, None)
    learnt = on_failure(row, status_in(answer), living, office.press.desk, facts, now)
    if learnt is not None:
        log.info("outbox mail %d: %s", row.row, "; ".join(learnt.because), extra={"outbox": row.row})
    return learnt


def _tell_if_late(tx: Tx, office: Office, one: outbox.Leased, answer: str, now: datetime, patience: Patience) -> None:
    if one.told_late or now - one.created_at < patience.told:
        return
    outbox.mark_told_late(tx, one.id)
    row = outbox.find(tx, [one.id])[one.id]
    ticket = tickets.get(tx, row.ticket, follow=False) if row.ticket is not None else None
    if ticket is not None:
        post = on_delay(ticket, row, answer, office.press.desk, now)
        carry_out(tx, office, post, NO_CAUSE, {ticket.number: ticket}, now)
