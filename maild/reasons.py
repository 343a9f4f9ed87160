"""Why a ticket moves, in words of our own: phrases that every language has, with their English for the history."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from maild.absence import Absence, Leave
from maild.desk import Agent
from maild.lines import Line, line
from maild.ticket import Code, Reason

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Phrase(StrEnum):
    """What a reason of ours says: `why_...` in each language's lines; health is never told, only that one is away."""

    FEWEST_OPEN = "fewest_open"
    TURN = "turn"
    STANDS_IN = "stands_in"
    TOOK_UP = "took_up"
    KNOWS_EARLIER = "knows_earlier"
    ADDRESS = "address"
    AWAY = "away"
    AWAY_UNTIL = "away_until"
    LEFT = "left"
    BACK = "back"
    WAITED = "waited"
    ASKED = "asked"


def fewest_open(agent: Agent) -> Reason:
    """For new work that goes to who carries least."""
    return _ours(Code.ROUTING, Phrase.FEWEST_OPEN, agent.short, f"{agent.short} has the fewest open requests now.")


def turn(agent: Agent) -> Reason:
    """For new work that goes round."""
    return _ours(Code.ROUTING, Phrase.TURN, agent.short, f"It is {agent.short}'s turn to take a new request.")


def stands_in(agent: Agent) -> Reason:
    """For new work whose team is away altogether."""
    text = f"{agent.short} looks after new requests while the team is away."
    return _ours(Code.ROUTING, Phrase.STANDS_IN, agent.short, text)


def took_up(agent: Agent) -> Reason:
    """For a ticket that an agent made theirs."""
    return _ours(Code.ROUTING, Phrase.TOOK_UP, agent.short, f"{agent.short} took up your request.")


def knows_earlier(agent: Agent) -> Reason:
    """For a follow-up that stays with its owner of before."""
    return _ours(Code.ROUTING, Phrase.KNOWS_EARLIER, agent.short, f"{agent.short} knows your earlier request.")


def address(plain: str, public_name: str) -> Reason:
    """For mail that went to the address of one team; `plain` is that address."""
    text = f"Messages to {plain} go to {public_name}."
    return Reason(Code.ROUTING, text, phrase=Phrase.ADDRESS.value, who=f"{plain}\t{public_name}")


def absent(name: str, absence: Absence) -> Reason:
    """Why the tickets of somebody who is away go to a cover; `name` is the name that the customer knows."""
    if absence.leave is Leave.LEFT:
        return left(name)
    code = Code.ABSENCE_PLANNED if absence.leave is Leave.PLANNED else Code.ABSENCE_UNPLANNED
    if absence.last_day is None:
        return _ours(code, Phrase.AWAY, name, f"{name} is away.")
    text = f"{name} is away until {day(absence.last_day)}."
    return Reason(code, text, phrase=Phrase.AWAY_UNTIL.value, who=name, until=absence.last_day)


def left(name: str) -> Reason:
    """For the tickets of somebody who no longer works here."""
    return _ours(Code.LEFT, Phrase.LEFT, name, f"{name} has left our desk.")


def back(name: str) -> Reason:
    """For what goes back to an owner who was away."""
    return _ours(Code.RETURN, Phrase.BACK, name, f"{name} is back.")


def waited() -> Reason:
    """For a ticket that the clock takes up the ladder."""
    return _ours(Code.ESCALATION_CLOCK, Phrase.WAITED, "", "It would have waited longer than we promised.")


def asked() -> Reason:
    """For a ticket that goes up the ladder because the customer wishes it."""
    return _ours(Code.CUSTOMER_REQUEST, Phrase.ASKED, "", "This was asked for in a reply.")


def words(reason: Reason, *, dated: bool = True) -> str | Line:
    """What a reason says to whoever reads it: our own phrases, else a rule's text by language, else as written.

    Where it is not `dated`, the day on which an absence ends is left out.
    """
    match reason:
        case Reason(phrase=Phrase.ADDRESS):
            plain, _, team = reason.who.partition("\t")
            return line("why_address", plain=plain, team=team)
        case Reason(phrase=Phrase.AWAY_UNTIL) if not dated:
            return line(f"why_{Phrase.AWAY}", who=reason.who)
        case Reason(phrase=Phrase.AWAY_UNTIL):
            return line("why_away_until", who=reason.who, until=reason.until)
        case Reason(phrase=str() as phrase) if phrase:
            return line(f"why_{phrase}", who=reason.who)
        case Reason(texts=texts) if texts:
            return line("rule_says", text=reason.text, **dict(texts))
        case _:
            return reason.text


def day(when: date) -> str:
    """A day in English, as the history and the log say it."""
    return f"{_DAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def _ours(code: Code, phrase: Phrase, who: str, text: str) -> Reason:
    return Reason(code, text, phrase=phrase.value, who=who)
