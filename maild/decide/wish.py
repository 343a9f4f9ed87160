"""The customer's words to the desk: answered at once, to whoever takes part and asked (DESIGN 3.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_never

from maild import reasons, wishes
from maild.decide.answer import Answer, Silence, Wait, within
from maild.decide.assign import people_of
from maild.decide.customer import hear, pause
from maild.decide.ladder import climb, next_rung
from maild.decide.moves import cover_if_away
from maild.decide.promises import keep_time, tell_new_date
from maild.decide.routing import tell_successor
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Draft, Notice, Post, TimerName
from maild.lines import Line, line
from maild.mail import Kind
from maild.ticket import Party, Role, Status, Ticket, Use
from maild.values import replace
from maild.wishes import Asking, Wish

AGAIN = timedelta(hours=24)
"""How long one ESCALATE of a customer's stands before another takes the ticket further up."""


def asked(situation: Situation, ticket: Ticket, party: Party, *, door: bool) -> Asking | None:
    """The word that this mail brings, None where it is to be read as a message.

    Only a person's reply to a mail of ours, by whoever is sent our mails; on a closed ticket words that ask for more
    than an answer are a message, which goes on in a new ticket.
    """
    mail = situation.mail
    if mail.kind is not Kind.PERSON or not mail.answerable or not door or not situation.clues.replies:
        return None
    if not (party.kept or party.role is Role.REQUESTER):
        return None
    asking = wishes.read(mail.new_text, name=mail.author.name or mail.author.local)
    if asking is None:
        return None
    only_asks = asking.wish in {Wish.STATUS, Wish.WHO, Wish.HISTORY, Wish.HELP, Wish.STOP}
    return asking if ticket.status is not Status.CLOSED or (only_asks and not asking.rest) else None


def grant(situation: Situation, ticket: Ticket, party: Party, asking: Asking, because: tuple[str, ...]) -> Post:
    """Do what the word asks, and answer; what was written below it joins the conversation."""
    turn = Turn(ticket, situation.desk, situation.now, party.name or party.address)
    turn.because.extend((*because, f"the customer's word {asking.wish.value.upper()}"))
    mail = situation.mail
    turn.join(replace(party, proven=party.proven or mail.proof.proven, machine=False))
    turn.met = (mail.message_id, *mail.in_reply_to, *mail.references)
    turn.happened("asked", text=asking.wish.value)
    reopened = hear(turn, situation, party) if asking.rest else False
    also = frozenset({Notice.REOPENED}) if reopened else frozenset()
    heard = _do(turn, situation, asking.wish, also)
    keep_time(turn, heard=heard or bool(asking.rest))
    tell_new_date(turn)
    asker = _asker(turn, situation).number
    turn.drafts = [replace(one, language=asking.language) if one.to.number == asker else one for one in turn.drafts]
    return turn.post()


def _do(turn: Turn, situation: Situation, wish: Wish, also: frozenset[Notice]) -> bool:
    """Carry out one word; whether it wants somebody to act on it."""
    match wish:
        case Wish.STATUS | Wish.WHO:
            _answer(turn, situation, Notice.STATUS, wish, also)
        case Wish.HISTORY:
            _answer(turn, situation, Notice.HISTORY, wish, also)
        case Wish.HELP:
            _answer(turn, situation, Notice.HELP, wish, also)
        case Wish.STOP:
            party = _asker(turn, situation)
            _answer(turn, situation, Notice.STATUS, wish, also)
            turn.join(replace(party, stopped=True))
        case Wish.CLOSE:
            _close(turn, situation, also)
        case Wish.REOPEN:
            return _reopen(turn, situation, also)
        case Wish.ESCALATE:
            return _escalate(turn, situation, also)
        case _:
            assert_never(wish)
    return False


def _close(turn: Turn, situation: Situation, also: frozenset[Notice]) -> None:
    if not turn.ticket.status.active:
        _answer(turn, situation, Notice.STATUS, Wish.CLOSE, also)
        return
    turn.status(Status.SOLVED, "the customer closed it")
    _tell_owner(turn, situation, line("customer_closed", who=_name(turn, situation)))
    _tell_all(turn, situation, Notice.SOLVED, Wish.CLOSE)


def _reopen(turn: Turn, situation: Situation, also: frozenset[Notice]) -> bool:
    if turn.ticket.status is not Status.SOLVED:
        _answer(turn, situation, Notice.STATUS, Wish.REOPEN, also)
        return False
    turn.status(Status.OPEN, "the customer opened it again")
    if not cover_if_away(turn, situation.loads):
        _tell_owner(turn, situation, line("customer_reopened", who=_name(turn, situation)))
    _tell_all(turn, situation, Notice.REOPENED, Wish.REOPEN)
    return True


def _escalate(turn: Turn, situation: Situation, also: frozenset[Notice]) -> bool:
    """The next rung has it from now on; once a day, and where nobody stands higher, those who have it hear of it."""
    before = turn.ticket
    rung = next_rung(turn, situation.loads) if before.status.active and not situation.escalated else None
    if rung is None:
        if before.status.active:
            _tell_owner(turn, situation, line("customer_escalates", who=_name(turn, situation)))
        _answer(turn, situation, Notice.STATUS, Wish.ESCALATE, also)
        return before.status.active
    if before.status is Status.PENDING:
        turn.status(Status.OPEN, "the customer asks for more")
    climb(turn, rung, reasons.asked())
    turn.set_timer(TimerName.ESCALATED, turn.now + AGAIN)
    tell_successor(turn, before)
    _tell_all(turn, situation, Notice.ESCALATED, Wish.ESCALATE)
    return True


def _tell_all(turn: Turn, situation: Situation, notice: Notice, wish: Wish) -> None:
    """Everybody on the customer's side hears what the word did; the limits hold for whoever asked."""
    asker = _asker(turn, situation)
    skip = frozenset() if _room(turn, situation) else frozenset({asker.key})
    moved = turn.moved()
    turn.tell_customers(notice, auto=True, answers=True, skip=skip, wish=wish.value)
    if asker.stopped and not skip and not moved:
        _draft(turn, asker, frozenset({notice}), wish, moved=moved)


def _answer(turn: Turn, situation: Situation, notice: Notice, wish: Wish, also: frozenset[Notice]) -> None:
    """One mail to whoever asked, at the address that we know."""
    if _room(turn, situation):
        moved = turn.moved() if len(_readers(turn)) == 1 else frozenset()
        free = turn.ticket.status.active and not situation.escalated
        above = next_rung(turn, situation.loads) if free else None
        _draft(
            turn,
            _asker(turn, situation),
            frozenset({notice}) | also,
            wish,
            moved=moved,
            above=above.name if above else "",
        )


def _draft(
    turn: Turn, asker: Party, tells: frozenset[Notice], wish: Wish, *, moved: frozenset[Notice], above: str = ""
) -> None:
    if moved:
        turn.tell_move_now()
    turn.drafts.append(
        Draft(
            to=asker,
            tells=tells | moved,
            reply_use=Use.CUSTOMER,
            auto=True,
            answers=True,
            proven=asker.proven,
            wish=wish.value,
            above=above,
        )
    )


def _room(turn: Turn, situation: Situation) -> bool:
    """Whether the limits leave room for an answer.

    Who answers a mail of ours has had it: the limits on strangers, who may have lent their name, do not hold here.
    """
    match within(situation.answers, turn.desk.answers, proven=True):
        case Answer():
            return True
        case Wait(because):
            turn.explain(because, "no answer: ")
            turn.happened_because("unanswered", because)
            return False
        case Silence() as silence:
            pause(turn, silence)
            return False


def _asker(turn: Turn, situation: Situation) -> Party:
    found = turn.ticket.participant_at(situation.mail.author.spec)
    assert found is not None
    return found


def _readers(turn: Turn) -> tuple[Party, ...]:
    return tuple(one for one in turn.ticket.participants if one.kept or one.role is Role.REQUESTER)


def _name(turn: Turn, situation: Situation) -> str:
    asker = _asker(turn, situation)
    return asker.name or asker.address


def _tell_owner(turn: Turn, situation: Situation, told: Line) -> None:
    asker = _asker(turn, situation)
    for agent in people_of(turn.desk, turn.ticket.owner, turn.ticket.team, situation.now):
        if asker.key not in agent.addresses:
            turn.tell_agent(agent, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))
