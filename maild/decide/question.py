"""A question of ours to a person, and what the answer does: exactly what was asked, once (DESIGN 3.6)."""

from __future__ import annotations

from datetime import timedelta

from maild.commands import Name, read
from maild.decide.absence import draft_to, on_answer
from maild.decide.holds import kept_of
from maild.decide.people import active
from maild.decide.situation import Situation
from maild.decide.trust import speaks
from maild.decision import Asked, Bulletin, Decision, Done, Notice, Sent, SetAside
from maild.desk import Agent
from maild.lines import line
from maild.mail import Kind
from maild.ticket import Use
from maild.values import replace

_KEPT = 4_000


def question_of(situation: Situation) -> Sent | None:
    """The question that the mail answers: by its signed address, an old one too, or by a plain reply with `#yes`."""
    clues = situation.clues
    token = clues.token(Use.CONFIRM) or next((old for old in clues.expired if old.use is Use.CONFIRM), None)
    if token is not None:
        return situation.sent.get(token.ticket)
    asked = next((row for ours in clues.own if (row := situation.sent.get(ours.row))), None)
    return asked if asked is not None and asked.question is not None and _says_yes(situation) else None


def on_yes(situation: Situation) -> Decision:
    """Decide an answer to a question of ours."""
    question = question_of(situation)
    asked = question.question if question else None
    if question is None or asked is None:
        return SetAside(("held: a confirmation that answers no question of ours",))
    agent = situation.desk.agent(asked.agent)
    known = agent.addresses if agent is not None else frozenset({asked.agent} if "@" in asked.agent else ())
    if situation.mail.author.key not in known:
        return _from_another(situation, question, agent)
    if not _says_yes(situation):
        return _without_yes(situation, question, asked)
    if situation.received_at - question.created_at > asked.lasts:
        return _too_late(situation, question, asked)
    if asked.deed:
        bulletin = on_answer(asked.deed, situation.absence, situation.desk, situation.absence_facts, situation.now)
        because = (f"#yes of {asked.agent} to outbox mail {question.row}", *bulletin.because)
        return Done(because, bulletin=bulletin)
    mails = ", ".join(str(inbox) for inbox, _ in asked.releases)
    return Done((f"#yes of {asked.agent} to outbox mail {question.row}: inbox mail {mails} goes on",), release=asked)


def _from_another(situation: Situation, question: Sent, asked: Agent | None) -> SetAside:
    """Nothing is done; the agent who was asked hears of it, and who wrote does not (DESIGN 3.6)."""
    because = (f"held: the question of outbox mail {question.row} was put to somebody else",)
    mail = situation.mail
    if mail.kind is not Kind.PERSON or asked is None or not active(asked, situation.desk, situation.now):
        return SetAside(because)
    told = line("another_answered", who=mail.author.spec)
    return SetAside(
        because, bulletin=Bulletin(because, drafts=(draft_to(asked, situation.absence_facts, Notice.HELD, (told,)),))
    )


def _without_yes(situation: Situation, question: Sent, asked: Asked) -> SetAside:
    """Nothing is done; a person who answered in other words hears what was missing, a machine does not."""
    because = (f"held: no #yes stands on the first line; the question was outbox mail {question.row}",)
    if situation.mail.kind is not Kind.PERSON:
        return SetAside(because)
    to = situation.desk.agent(asked.agent) or question.recipient
    draft = draft_to(to, situation.absence_facts, Notice.REFUSED, (line("yes_missing"),))
    draft = replace(draft, kept_text=kept_of(situation.mail)[:_KEPT])
    return SetAside(because, bulletin=Bulletin(because, drafts=(draft,)))


def _too_late(situation: Situation, question: Sent, asked: Asked) -> Done:
    """Nothing is done, and who said yes hears of it."""
    because = (
        f"#yes of {asked.agent} to outbox mail {question.row} came more than {asked.lasts} after it: nothing is done"
    )
    days, minutes = asked.lasts.days, asked.lasts // timedelta(minutes=1)
    words = (line("too_late", at=question.created_at, days=days, minutes=0 if days else minutes), line("ask_again"))
    to = situation.desk.agent(asked.agent) or question.recipient
    draft = draft_to(to, situation.absence_facts, Notice.REFUSED, words)
    return Done((because,), bulletin=Bulletin((because,), drafts=(draft,)))


def _says_yes(situation: Situation) -> bool:
    mail = situation.mail
    return speaks(mail) and any(command.name is Name.YES for command in read(mail.new_text).commands)
