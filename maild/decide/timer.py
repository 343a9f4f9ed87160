"""What the clock asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from maild.absence import Absence
from maild.decide.answer import RETRY, Answer, Silence, Wait, within
from maild.decide.assign import people_of
from maild.decide.guard import late_now, look, remind
from maild.decide.moves import come_back, move
from maild.decide.promises import keep_time, tell_new_date
from maild.decide.ripe import act_now, look_ahead
from maild.decide.routing import reply_of
from maild.decide.trail import dates_read
from maild.decide.turn import Turn
from maild.decision import NO_ANSWERS, NO_LOADS, Answers, Loads, Notice, Post, TimerName
from maild.desk import AgentId, Desk
from maild.lines import line
from maild.rules.match import RuleBook
from maild.ticket import Entry, Event, Status, Ticket, Use

NO_RULES = RuleBook()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known when a timer is due; `absence`, `history` and `entries` only where the timer is about a move.

    Where it is about rules, `history` holds those that acted by themselves; where about promises, what tells of dates.
    """

    answers: Answers = NO_ANSWERS
    loads: Loads = NO_LOADS
    absence: Absence | None = None
    history: tuple[Event, ...] = ()
    entries: tuple[Entry, ...] = ()
    rules: RuleBook = NO_RULES


def on_timer(
    timer: TimerName, detail: str, ticket: Ticket, seen: Seen, desk: Desk, due_at: datetime, now: datetime
) -> Post:
    """Decide what a due timer does; it was taken away already, and is set again only here."""
    turn = Turn(ticket, desk, now, "clock")
    turn.because.append(f"timer {timer.value} of {due_at:%Y-%m-%d %H:%M:%S} UTC")
    match timer:
        case TimerName.MOVE:
            move(turn, seen.absence, seen.loads)
        case TimerName.RETURN:
            come_back(turn, desk.agent(AgentId(detail)), seen.history, seen.entries)
        case TimerName.TELL:
            _tell_move(turn)
        case TimerName.CLOSE:
            if ticket.status is Status.SOLVED:
                turn.status(Status.CLOSED, "quiet since it was solved")
            else:
                turn.because.append("no longer solved: nothing to close")
        case TimerName.ANSWER:
            _answer(turn, detail, seen)
        case TimerName.ESCALATED:
            turn.because.append("the customer may have it escalated again")
        case TimerName.QUIET:
            turn.because.append("automatic answers may leave again")
        case TimerName.SUMMARY:
            _sum_up(turn)
        case TimerName.PROMISE:
            look(turn, seen.loads, dates_read(seen.history, ticket.requester.address))
        case TimerName.RULES:
            act_now(turn, seen.rules, seen.loads, seen.history, seen.answers)
        case TimerName.REMIND:
            remind(turn, int(detail or 0))
        case _:
            assert_never(timer)
    keep_time(turn)
    tell_new_date(turn)
    if timer is TimerName.RULES:
        acted = (*seen.history, *turn.events)
        turn.timers[timer] = look_ahead(turn.ticket, seen.rules, turn.desk, now, acted)
    return turn.post()


def _tell_move(turn: Turn) -> None:
    moved = turn.news()
    if not moved:
        turn.because.append("the contact is the one that was told: nothing to tell")
        return
    if not turn.ticket.status.active:
        turn.because.append("the ticket is no longer open: nothing to tell")
        return
    if late_now(turn):
        turn.because.append("the mail that tells of a delay now tells of it, too")
        return
    turn.tell_customers(next(iter(moved)), auto=True, after_brief=True)


def _answer(turn: Turn, detail: str, seen: Seen) -> None:
    """Send the answer that has waited, if there is room now and it still says something.

    The detail is its notice, since when it waits, and the rule whose words it bears.
    """
    ticket, limits, answers = turn.ticket, turn.desk.answers, seen.answers
    named, _, more = detail.partition(" ")
    waited, _, rule = more.partition(" ")
    notice, since = Notice(named), datetime.fromisoformat(waited) if waited else ticket.created_at
    reply = next((one.then.reply for one in seen.rules.rules if one.name == rule), None)
    words = reply_of(turn, rule, reply)
    if not ticket.status.active or (notice not in {Notice.REOPENED, Notice.REPLY} and ticket.told_team and not words):
        turn.because.append("the customer has heard from us meanwhile: no answer is needed")
        return
    proven = ticket.requester.proven or answers.answered_by_agent
    match within(answers, limits, proven=proven):
        case Answer():
            turn.tell_customers(notice, auto=True, answers=True, said=words)
        case Wait(because) if turn.now - since < limits.wait:
            waits = f"{notice.value} {since.isoformat()} {rule}".strip()
            turn.set_timer(TimerName.ANSWER, min(turn.now + RETRY, since + limits.wait), waits)
            turn.explain(because, "the answer waits: ")
        case Wait(because) | Silence(because):
            turn.happened_because("unanswered", because)
            turn.explain(because, "no answer: ")
            lines = (line("no_acknowledgement", who=ticket.requester.address, why=(because,)),)
            for agent in people_of(turn.desk, ticket.owner, ticket.team, turn.now):
                turn.tell_agent(agent, Notice.NOTE, Use.NOTE, auto=True, lines=lines)


def _sum_up(turn: Turn) -> None:
    """One mail to the owner, or the team, for all that customers wrote since they were last told."""
    limits = turn.desk.answers
    told = line("many_messages", number=limits.summary_mails, minutes=limits.summary_minutes)
    for agent in people_of(turn.desk, turn.ticket.owner, turn.ticket.team, turn.now):
        turn.tell_agent(agent, Notice.CUSTOMER_REPLIED, Use.REPLY, auto=True, lines=(told,))
