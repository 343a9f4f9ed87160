"""Whether an automatic answer may leave, and what happens to one that may not (DESIGN 3.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.decision import Answers
from maild.desk import AnswerLimits, Desk
from maild.mail import Mail

RETRY = timedelta(minutes=30)
"""How often an answer that waits looks for room."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer may leave now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The limit is reached: the answer waits for room."""

    because: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, now or later; `told` says that the people of the ticket must know that none went."""

    because: str
    told: bool = False


def may_answer(
    mail: Mail, desk: Desk, answers: Answers, received_at: datetime, now: datetime
) -> Answer | Wait | Silence:
    """Judge the mail that would be answered, then the limits."""
    if not mail.answerable:
        return Silence("no answer: " + (", ".join(mail.why) or mail.kind.value))
    if not mail.author.spec or mail.author.key in desk.addresses:
        return Silence("no answer: no single author to answer")
    if mail.date is not None and now - mail.date > desk.answers.backlog and now - received_at > desk.answers.backlog:
        return Silence("no answer: the mail is more than 48 hours old")
    return within(answers, desk.answers, proven=mail.proof.proven or answers.answered_by_agent)


def within(answers: Answers, limits: AnswerLimits, *, proven: bool) -> Answer | Wait | Silence:
    """Judge the limits alone; the counts do not hold the answer in question."""
    if answers.quiet:
        return Silence("no answer: this ticket had too many automatic answers within an hour")
    if answers.ticket_hour >= limits.ticket_hour:
        return Silence(f"no answer: {limits.ticket_hour} automatic answers on this ticket within an hour", told=True)
    if proven:
        if answers.address_day >= limits.proven_day:
            return Wait(f"the answer waits: {limits.proven_day} a day to one address")
        return Answer()
    if answers.ticket_ever:
        return Silence("no answer: an unproven sender gets one automatic answer a ticket")
    if answers.address_week >= limits.unproven_address_week:
        return Wait(f"the answer waits: {limits.unproven_address_week} a week to an unproven address")
    if answers.unproven_domain_hour >= limits.unproven_domain_hour:
        return Wait(f"the answer waits: {limits.unproven_domain_hour} an hour to an unproven domain")
    if answers.unproven_hour >= limits.unproven_hour:
        return Wait(f"the answer waits: {limits.unproven_hour} an hour to unproven senders")
    return Answer()
