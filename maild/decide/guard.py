"""The silence guard: who is warned before a promise breaks, and what the customer hears first (DESIGN part 1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from maild import reasons
from maild.decide.assign import people_of
from maild.decide.ladder import Rung, climb, next_rung
from maild.decide.promises import renew
from maild.decide.routing import tell_successor
from maild.decide.turn import Turn
from maild.decision import Loads, Notice, TimerName
from maild.hours import Calendar, opening
from maild.lines import Line, line
from maild.promise import Clock, Promise, Standing
from maild.ticket import Status, Ticket, Use
from maild.values import replace

_JUST_NOW = timedelta(hours=1)


def look(turn: Turn, loads: Loads, read: Sequence[datetime]) -> None:
    """Look at the ledger of a ticket, as its clock asked for: remind, warn, or tell the customer before it is late.

    `read` are the dates that mails gave the requester.
    """
    calendar = turn.desk.hours_of(turn.ticket.team)
    opens = opening(calendar, turn.now)
    running = _running(turn, calendar, opens)
    for snoozed in [one for one in running if one.clock is Clock.SNOOZE and one.due_at <= turn.now]:
        turn.end(snoozed, Standing.KEPT)
        _warn_people(turn, (line("snooze_over", number=turn.ticket.number, why=snoozed.text),))
    late = late_now(turn)
    told = [one for one in running if one.clock is not Clock.SNOOZE]
    soon = [one for one in told if one not in late and not one.warned and one.warn_at <= turn.now]
    if late:
        _break(turn, late, loads, read)
    elif soon:
        _warn(turn, soon, loads, read)
    else:
        # what it was set for has changed meanwhile: look again when the next one is due
        turn.because.append("nothing is due")
        _look_again(turn, calendar, opens)


def late_now(turn: Turn) -> tuple[Promise, ...]:
    """The promises that the customer has to hear of now, because they will not be kept; the earliest date first."""
    calendar = turn.desk.hours_of(turn.ticket.team)
    running = _running(turn, calendar, opening(calendar, turn.now))
    late = (one for one in running if one.clock is not Clock.SNOOZE and one.guard_at <= turn.now)
    return tuple(sorted(late, key=lambda one: one.due_at))


def _running(turn: Turn, calendar: Calendar | None, opens: datetime) -> list[Promise]:
    """The promises that the clock may act on now."""
    running = [one for one in turn.ticket.promises if one.standing is Standing.OPEN]
    if opens <= turn.now:
        return running
    # a clock that was late itself, as after a night without a daemon, waits until people are there
    return [one for one in running if not _by_day(calendar, one)]


def _look_again(turn: Turn, calendar: Calendar | None, opens: datetime) -> None:
    """Have the clock look at the ledger again; what belongs to the hours of the team not before those."""
    wanted = [(one, one.looks_at) for one in turn.ticket.promises]
    looks = [max(at, opens) if _by_day(calendar, one) else at for one, at in wanted if at is not None]
    if looks:
        turn.set_timer(TimerName.PROMISE, min(looks))


def _by_day(calendar: Calendar | None, promise: Promise) -> bool:
    """Whether its moments lie within the hours of the team; a date that an agent gave may lie outside."""
    if calendar is None:
        return False
    moment = promise.due_at if promise.clock is Clock.SNOOZE else promise.guard_at
    return opening(calendar, moment) == moment


def _warn(turn: Turn, soon: Sequence[Promise], loads: Loads, read: Sequence[datetime]) -> None:
    """The owner hears in time what was promised, and what happens otherwise."""
    first = min(soon, key=lambda one: one.due_at)
    for promise in soon:
        turn.resume(promise, replace(promise, warned=True))
    turn.because.append(f"warned: {first.clock.value} is due at {first.due_at:%Y-%m-%d %H:%M} UTC")
    rung = _next(turn, loads)
    customer = turn.ticket.requester.name or turn.ticket.requester.address
    solve = int(first.clock is Clock.SOLVE)
    given = int(first.due_at in read)
    lines = [line("promise_due", who=customer, due=first.due_at, solve=solve, given=given)]
    lines.append(line("promise_then", due=first.guard_at, rung=rung.name if rung else ""))
    _warn_people(turn, tuple(lines))


def _break(turn: Turn, late: Sequence[Promise], loads: Loads, read: Sequence[datetime]) -> None:
    """It will not be kept: the customer hears it first, with a new date and a name, and the next rung gets it."""
    before = turn.ticket
    for promise in late:
        turn.end(promise, Standing.BROKEN)
    rung = _next(turn, loads)
    if rung is not None:
        climb(turn, rung, reasons.waited())
    for promise in late:
        renew(turn, promise)
    turn.because.append(
        f"not kept: {', '.join(one.clock.value for one in late)}; the customer hears it before the date"
    )
    moved = (turn.ticket.owner, turn.ticket.team) != (before.owner, before.team)
    if moved:
        tell_successor(turn, before)
    else:
        _tell_of_break(turn, late[0], given=late[0].due_at in read)
    also = frozenset({Notice.ESCALATED}) if moved else frozenset()
    above = next_rung(turn, loads)
    turn.tell_customers(
        Notice.DELAYED, auto=True, also=also, after_brief=moved, late=late[0], above=above.name if above else ""
    )


def _next(turn: Turn, loads: Loads) -> Rung | None:
    """The rung that a late ticket goes to; without a ladder it stays, and the customer may ask for more."""
    has = turn.desk.ladder(turn.ticket.ladder or turn.ticket.team)
    return next_rung(turn, loads) if has else None


def _tell_of_break(turn: Turn, broken: Promise, *, given: bool) -> None:
    """Whoever has it, and the lead, hear that the customer was told of a delay."""
    desk, ticket = turn.desk, turn.ticket
    customer = ticket.requester.name or ticket.requester.address
    dates = {"was": broken.due_at, "due": ticket.promised_at}
    told: tuple[Line, ...] = (line("promise_broken", who=customer, **dates, given=int(given)),)
    _warn_people(turn, told)
    lead = desk.lead_of(ticket.team)
    people = people_of(desk, ticket.owner, ticket.team, turn.now)
    if lead is not None and lead not in people and desk.there(lead, turn.now) and not _asks(ticket, lead.addresses):
        turn.tell_agent(lead, Notice.WARNING, Use.NOTE, auto=True, lines=told)


def _warn_people(turn: Turn, lines: tuple[Line, ...]) -> None:
    for agent in people_of(turn.desk, turn.ticket.owner, turn.ticket.team, turn.now):
        if not _asks(turn.ticket, agent.addresses):
            turn.tell_agent(agent, Notice.WARNING, Use.NOTE, auto=True, lines=lines)


def _asks(ticket: Ticket, addresses: frozenset[str]) -> bool:
    return ticket.requester.key in addresses


def remind(turn: Turn, count: int) -> None:
    """We wait for the customer: remind, and in the end mark it as solved, with how to open it again."""
    policy = turn.desk.tickets
    if turn.ticket.status is not Status.PENDING:
        turn.because.append("we no longer wait for the customer")
        return
    opens = opening(turn.desk.hours_of(turn.ticket.team) or turn.desk.daytime, turn.now)
    if opens > turn.now:
        turn.because.append("nobody is written to at night: later")
        turn.set_timer(TimerName.REMIND, opens, str(count))
        return
    if count < policy.reminders and _hears_of_delay(turn):
        turn.remind_again(count)
        turn.because.append("the customer hears of a delay: no reminder beside it")
        return
    if count < policy.reminders:
        due_at = turn.remind_again(count + 1)
        last = count + 1 >= policy.reminders and policy.solve_after_reminders
        turn.because.append(f"reminder {count + 1} of {policy.reminders}")
        turn.tell_customers(Notice.WAITING, auto=True, reminder=count + 1, until=due_at if last else None)
        return
    if not policy.solve_after_reminders:
        turn.because.append("reminded often enough")
        return
    turn.status(Status.SOLVED, "no answer came")
    turn.tell_customers(Notice.SOLVED, auto=True, reminder=max(count, 1))


def _hears_of_delay(turn: Turn) -> bool:
    """Whether the clock tells the customer now of a date that is not kept, or did so a moment ago."""
    fresh = (one for one in turn.ticket.promises if one.missed and one.clock is not Clock.SNOOZE)
    return bool(late_now(turn)) or any(turn.now - one.made_at < _JUST_NOW for one in fresh)
