"""Dates that agents give: `#delay`, which the customer hears of, and `#snooze`, which stays among us (DESIGN 3.7)."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import assert_never

from maild import dates, moments
from maild.commands import Command, Name
from maild.dates import Fault
from maild.decide.absence import zone_of
from maild.decide.promises import make, of_clock, word_of
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.desk import Agent, Desk
from maild.hours import ends
from maild.lines import Line, line
from maild.promise import Clock, Promise, Standing
from maild.threading.masks import for_customers
from maild.ticket import Ticket


def against(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> Line | None:
    """Why this date cannot be given, None where it can."""
    if not ticket.status.active:
        return line("no_date_for_solved", number=ticket.number, word=command.name.value)
    found = _date_of(situation, ticket, agent, command)
    if not isinstance(found, Fault):
        return None
    match found:
        case Fault.NO_SUCH_DAY:
            return line("away_no_such_day")
        case Fault.WEEKDAY:
            return line("away_weekday")
        case Fault.PAST | Fault.BACKWARDS:
            return line("date_past")
        case Fault.TOO_FAR | Fault.TOO_LONG:
            return line("date_too_far", days=dates.LONGEST.days)
        case _:
            assert_never(found)


def put_off(turn: Turn, situation: Situation, agent: Agent, command: Command) -> tuple[Line, Promise | None]:
    """Promise the date in place of the one that stood, which is returned; what the receipt says of it."""
    due_at = _date_of(situation, turn.ticket, agent, command)
    assert isinstance(due_at, datetime), "the date was judged before"
    customer = turn.ticket.requester.name or turn.ticket.requester.address
    if command.name is Name.SNOOZE:
        before = of_clock(turn.ticket, Clock.SNOOZE)
        if before is not None:
            turn.end(before, Standing.MOVED)
        make(turn, Clock.SNOOZE, due_at, by=agent.name, text=command.because)
        return line("snoozed", until=due_at, who=customer, due=turn.ticket.promised_at), None
    word = word_of(turn.ticket)
    if word is not None:
        turn.end(word, Standing.MOVED, f"{agent.id} gave another date")
    solve = of_clock(turn.ticket, Clock.SOLVE)
    if solve is not None and solve.due_at <= due_at:
        # or the customer would still be promised that all is done by then
        turn.end(solve, Standing.MOVED, f"{agent.id} gave a later date")
    text = for_customers(command.because, turn.desk, turn.ticket.address)
    make(turn, Clock.DELAY, due_at, by=agent.name, text=text)
    return line("promised", who=customer, due=due_at), word


def as_it_stands(said: Line, promised_at: datetime | None) -> Line:
    """The receipt of a reminder names the date that the customer waits for once all commands have run."""
    return line(said.name, **(dict(said.values) | {"due": promised_at})) if said.name == "snoozed" else said


def _date_of(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> datetime | Fault:
    """The moment that was meant when the mail came, in the agent's zone; a day without a time ends with its hours."""
    if command.moment is None:
        raise AssertionError("a date is read with its command")
    desk: Desk = situation.desk
    calendar = desk.hours_of(ticket.team)
    whole_day = command.moment.at is None and command.moment.span is None
    zone = calendar.timezone if calendar is not None and whole_day else zone_of(agent, desk)
    found = moments.moment(command.moment, situation.received_at, zone, partial(ends, calendar))
    return Fault.PAST if isinstance(found, datetime) and found <= situation.now else found
