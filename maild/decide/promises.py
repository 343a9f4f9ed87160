"""What a customer is promised, by which clock, and whether it is kept (DESIGN part 1, promise 5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from maild.decide.routing import DESK
from maild.decide.turn import Turn
from maild.decision import Notice
from maild.desk import Desk, Times
from maild.hours import Calendar, Work, after, before, between, opening
from maild.promise import Clock, Promise, Standing
from maild.ticket import Status, Ticket, Use
from maild.values import replace

_NOTHING = Times()
_MARGIN = timedelta(minutes=30)
_MINUTE = timedelta(minutes=1)
_MOST_DAYS = 5
USUAL = Work(days=1)
"""What is promised anew where an agent's date was missed, and no clock says how long."""


def terms(desk: Desk, ticket: Ticket) -> Times:
    """The times that hold for a ticket: those that a rule set, else its organisation's, else its team's.

    An organisation's count only for an address that is proven.
    """
    requester, team = ticket.requester, desk.team_of(ticket.team)
    organisation = desk.organisation_at(requester.address) if requester.proven else None
    name = ticket.sla or (organisation.sla if organisation else "") or (team.sla if team else "")
    sla = desk.sla(name)
    return sla.at(ticket.priority.value) if sla else _NOTHING


def keep_time(turn: Turn, *, heard: bool = False, answered: bool = False) -> None:
    """Let the clocks follow what this turn did: `heard` a customer's words that want an answer, `answered` them.

    Call it once in a turn, after everything that changes the ticket.
    """
    times = terms(turn.desk, turn.ticket)
    nobody = turn.ticket.requester.machine and not heard
    if not turn.ticket.promises and (times == _NOTHING or nobody):
        return
    match turn.ticket.status:
        case Status.SOLVED | Status.CLOSED:
            _finish(turn)
        case Status.PENDING:
            _keep_word(turn, answered=answered)
            _pause(turn)
            _look_in_hours(turn)
        case Status.OPEN | Status.HOLD:
            _resume(turn)
            _keep_word(turn, answered=answered)
            _look_in_hours(turn)
            _run(turn, times, heard=heard)


def make(turn: Turn, clock: Clock, due_at: datetime, *, by: str = "", text: str = "", missed: int = 0) -> Promise:
    """Promise something by a moment; the owner is warned, and the guard looks, within the hours of the team."""
    warn_at, guard_at = _looks(turn, turn.now, due_at)
    promise = Promise(clock, turn.now, due_at, warn_at, guard_at, by=by, text=text, missed=missed)
    with turn.by(by or DESK):
        turn.promise(promise)
    return promise


def renew(turn: Turn, broken: Promise) -> Promise:
    """Promise anew what was not kept: as long again, and twice as long each time that it is missed again."""
    return _promise_anew(turn, broken, broken.missed + 1)


def tell_new_date(turn: Turn) -> None:
    """Whoever is told of a move that cost a date hears of both in one mail, and now: a date is told before it passes.

    Call it after everything else that this turn tells.
    """
    if turn.late is None:
        return
    told = frozenset(one.to.key for one in turn.drafts if one.reply_use is Use.CUSTOMER)
    turn.drafts = [
        replace(one, tells=one.tells | {Notice.DELAYED}, late=one.late or turn.late) if one.to.key in told else one
        for one in turn.drafts
    ]
    turn.tell_customers(Notice.DELAYED, auto=True, skip=told, after_brief=True, late=turn.late)


def word_of(ticket: Ticket) -> Promise | None:
    """The promise that an agent's words keep."""
    return next((one for one in ticket.promises if one.clock.word), None)


def of_clock(ticket: Ticket, clock: Clock) -> Promise | None:
    return next((one for one in ticket.promises if one.clock is clock), None)


def _finish(turn: Turn) -> None:
    """A solved ticket has kept what it promised; one that is closed without that owes nothing more."""
    solved = turn.ticket.status is Status.SOLVED
    for promise in turn.ticket.promises:
        kept = solved and promise.clock is not Clock.SNOOZE
        turn.end(promise, Standing.KEPT if kept else Standing.DROPPED)


def _keep_word(turn: Turn, *, answered: bool) -> None:
    word = word_of(turn.ticket)
    if answered and word is not None and word not in _made_now(turn):
        turn.end(word, Standing.KEPT)


def _promise_anew(turn: Turn, former: Promise, missed: int) -> Promise:
    """The same, by a later date; `missed` is how often in a row it was missed by then."""
    work = _of(former.clock, terms(turn.desk, turn.ticket)) or USUAL
    times = 2 ** max(missed - 1, 0)
    longer = Work(min(work.days * times, max(work.days, _MOST_DAYS)), work.time * times)
    if longer.time > timedelta(days=1):
        longer = Work(_MOST_DAYS)
    due_at = _due(turn, longer)
    if due_at <= former.due_at:
        # an agent's date can lie days behind the hours in which it was looked at
        due_at = _due(turn, longer, former.due_at)
    return make(turn, former.clock, due_at, missed=missed)


def _made_now(turn: Turn) -> tuple[Promise, ...]:
    """What this very turn promised: the words that go with it do not keep it yet."""
    return tuple(one for one in turn.ticket.promises if not one.number)


def _look_in_hours(turn: Turn) -> None:
    """Where another team has it now, what was promised stands, and is looked at while that team is at work.

    A team that is shut until then, or goes home in a moment, cannot keep it: the customer gets a new date, in the mail
    that tells of the move.
    """
    if turn.ticket.team == turn.first.team:
        return
    calendar = turn.desk.hours_of(turn.ticket.team)
    soon = turn.now + _MINUTE
    shut = opening(calendar, soon) > soon
    for promise in turn.ticket.promises:
        if promise.standing is not Standing.OPEN or promise in _made_now(turn):
            continue
        left = between(calendar, turn.now, promise.due_at)
        late = left < _MINUTE if shut else left < _MARGIN / 10 and not _falls_in(calendar, promise.due_at)
        if promise.clock is not Clock.SNOOZE and late:
            standing = Standing.MOVED if promise.due_at > turn.now else Standing.BROKEN
            turn.end(promise, standing, "the team is shut until then")
            _promise_anew(turn, promise, promise.missed)
            turn.late = min((turn.late or promise, promise), key=lambda one: one.due_at)
        else:
            warn_at, guard_at = _looks(turn, turn.now, promise.due_at)
            if promise.due_at <= turn.now:
                warn_at = guard_at = opening(calendar, turn.now)
            turn.resume(promise, replace(promise, warn_at=warn_at, guard_at=guard_at))


def _pause(turn: Turn) -> None:
    """While we wait for the customer, clocks stand still: what is left of their time is kept."""
    calendar = turn.desk.hours_of(turn.first.team)
    for promise in turn.ticket.promises:
        if promise.clock.pauses and promise.standing is Standing.OPEN:
            left = between(calendar, turn.now, promise.due_at)
            turn.resume(promise, replace(promise, standing=Standing.PAUSED, left=left))


def _resume(turn: Turn) -> None:
    """The clocks run on, with the time that was left; a date never comes nearer by that."""
    for promise in turn.ticket.promises:
        if promise.standing is Standing.PAUSED:
            due = max(_due(turn, Work(time=max(promise.left or _MINUTE, _MINUTE))), promise.due_at)
            warn_at, guard_at = _looks(turn, turn.now, due)
            warned = promise.warned and due == promise.due_at
            runs = replace(promise, standing=Standing.OPEN, due_at=due, left=None, warned=warned)
            turn.resume(promise, replace(runs, warn_at=warn_at, guard_at=guard_at))


def _run(turn: Turn, times: Times, *, heard: bool) -> None:
    """Start the clocks that should run and do not."""
    word = word_of(turn.ticket)
    fresh = turn.opened or not turn.first.status.active
    if heard:
        clock, work = Clock.NEXT_REPLY, times.next_reply
        if turn.opened:
            clock, work = Clock.FIRST_REPLY, times.first_reply
        if work is not None and (word is None or word.clock is Clock.UPDATE):
            due_at = _due(turn, work)
            if word is not None:
                turn.end(word, Standing.DROPPED, "the customer wrote")
                # the customer has read that date: writing does not make it later
                due_at = min(due_at, word.due_at) if word.due_at > turn.now else due_at
            word = make(turn, clock, due_at)
    if word is None and times.update_every is not None and (heard or not turn.opened):
        make(turn, Clock.UPDATE, _due(turn, times.update_every))
    if fresh and (heard or not turn.opened) and times.solve is not None and of_clock(turn.ticket, Clock.SOLVE) is None:
        make(turn, Clock.SOLVE, _due(turn, times.solve))


def _due(turn: Turn, work: Work, start: datetime | None = None) -> datetime:
    """The full minute that a customer reads: by then so much working time has passed."""
    due = after(turn.desk.hours_of(turn.ticket.team), start or turn.now, work)
    whole = due.replace(second=0, microsecond=0)
    return whole if whole == due else whole + _MINUTE


def _looks(turn: Turn, start: datetime, due_at: datetime) -> tuple[datetime, datetime]:
    """When the owner is warned, with a quarter of the time left, and when the customer must hear: within the hours."""
    calendar = turn.desk.hours_of(turn.ticket.team)
    span = between(calendar, start, due_at)
    if span < _MARGIN / 10 and not _falls_in(calendar, due_at):
        # a date that an agent gave outside the hours of the team: the clock on the wall counts
        calendar, span = None, due_at - start
    margin = min(_MARGIN, max(span / 8, _MINUTE))
    warn_at, guard_at = (before(calendar, due_at, left) for left in (span / 4, margin))
    return max(warn_at, start), max(guard_at, start)


def _falls_in(calendar: Calendar | None, due_at: datetime) -> bool:
    """Whether the date lies in the hours, or where they end."""
    return bool(between(calendar, due_at - _MINUTE, due_at))


def _of(clock: Clock, times: Times) -> Work | None:
    match clock:
        case Clock.FIRST_REPLY:
            return times.first_reply
        case Clock.UPDATE:
            return times.update_every
        case Clock.SOLVE:
            return times.solve
        case Clock.NEXT_REPLY | Clock.DELAY | Clock.SNOOZE:
            return times.next_reply
