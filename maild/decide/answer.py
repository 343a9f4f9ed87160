"""Whether an automatic answer may leave, and what happens to one that may not (DESIGN 3.9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from maild.decision import Answers
from maild.desk import AnswerLimits, Desk
from maild.lines import Line, line
from maild.mail import Mail
from maild.values import dataclass

RETRY = timedelta(minutes=30)
"""How often an answer that waits looks for room."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer may leave now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The limit is reached: the answer waits for room."""

    because: Line


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer, now or later; `told` says that the people of the ticket must know that none went."""

    because: str | Line
    told: bool = False


def suspect(mail: Mail, answers: Answers) -> bool:
    """Whether nothing automatic may go to the author: a filter took the mail for spam, nothing proves its sender, and
    no agent has ever answered there."""
    return mail.junk and not mail.proof.proven and not answers.answered_by_agent


def may_answer(
    mail: Mail, desk: Desk, answers: Answers, received_at: datetime, now: datetime
) -> Answer | Wait | Silence:
    """Judge the mail that would be answered, then the limits."""
    if suspect(mail, answers):
        return Silence("no answer: a filter took it for spam, and nothing proves its sender")
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
        return Silence(line("no_answer_while_the_ticket_pauses"))
    if answers.ticket_hour >= limits.ticket_hour:
        return Silence(line("no_answer_too_many_within_an_hour", most=limits.ticket_hour), told=True)
    if proven:
        if answers.address_day >= limits.proven_day:
            return Wait(line("the_answer_waits_so_many_a_day", most=limits.proven_day))
        return Answer()
    if answers.ticket_ever:
        return Silence(line("no_answer_one_to_an_unproven_sender"))
    if answers.address_week >= limits.unproven_address_week:
        return Wait(line("the_answer_waits_so_many_a_week", most=limits.unproven_address_week))
    if answers.unproven_domain_hour >= limits.unproven_domain_hour:
        return Wait(line("the_answer_waits_so_many_an_hour_to_a_domain", most=limits.unproven_domain_hour))
    if answers.unproven_hour >= limits.unproven_hour:
        return Wait(line("the_answer_waits_so_many_an_hour", most=limits.unproven_hour))
    return Answer()
