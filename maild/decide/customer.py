"""A customer's mail: a new ticket, a reply, a stranger at the door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from maild.decide.answer import Answer, Silence, Wait, may_answer
from maild.decide.assign import choose, named, people_of
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Notice, Post, SetAside, TimerName
from maild.desk import Team
from maild.mail import Address, Kind
from maild.rules.match import match
from maild.rules.model import Facts, On, Verdict
from maild.threading.clues import bare_subject
from maild.threading.tags import split_token
from maild.ticket import (
    Code,
    Entry,
    Event,
    Party,
    Priority,
    Reason,
    Role,
    Status,
    Ticket,
    Use,
    Voice,
)

_THANKS = re.compile(
    r"(?:ok(?:ay)?|great|perfect|super|wonderful|all good|works(?: now)?|thank you(?: (?:so|very) much)?"
    r"|(?:many )?thanks(?: (?:so|very) much| a lot)?|thx|cheers|merci(?: beaucoup| bien)?|(?:muchas )?gracias"
    r"|danke(?: sch[oö]n| sehr)?|vielen dank|спасибо(?: большое)?|благодарю)(?:[\s,.!☺:)\-]+|\Z)",
    re.IGNORECASE,
)


def open_ticket(
    situation: Situation,
    *,
    because: tuple[str, ...],
    linked: Ticket | None = None,
    follows: Ticket | None = None,
    stranger: bool = False,
    tell_owner: bool = False,
) -> Post | SetAside:
    """A new ticket for this mail; `linked` is one that a clue names, `follows` a closed one that goes on here.

    A `stranger` holds a true token of `linked`: its owner gets the new ticket too. `tell_owner` only tells that owner.
    """
    mail, desk = situation.mail, situation.desk
    team = _team_of(situation, follows or (linked if stranger else None))
    verdict = match(situation.rules, _facts(situation, On.NEW, team.id, None))
    if verdict.quarantine:
        rule = next(hit.rule for hit in verdict.hits if hit.then.quarantine)
        return SetAside((*because, f'rule "{rule}" puts it in quarantine'))
    turn = Turn(_blank(situation, team), desk, situation.now, _speaker(situation), opened=True)
    turn.because.extend(because)
    _settle_fields(turn, situation, verdict, team, follows or (linked if stranger else None))
    _admit(turn, situation)
    for other in (linked, follows):
        if other is not None:
            turn.link(other.number)
            event = Event(situation.now, "linked", turn.who, after=str(situation.number))
            turn.elsewhere.append((replace(other, links=(*other.links, situation.number)), (event,)))
    turn.say(_entry(situation))
    turn.met = (mail.message_id, *mail.in_reply_to, *mail.references)
    _brief(turn, situation, linked if stranger else None)
    if tell_owner and linked is not None:
        _tell_of_link(turn, situation, linked)
    also_teams(turn, situation, other_teams(situation, turn.ticket.team, frozenset()))
    _acknowledge(turn, situation, Notice.FOLLOW_UP if follows else Notice.RECEIVED)
    return turn.post()


def append(situation: Situation, ticket: Ticket, party: Party, because: tuple[str, ...]) -> Post | SetAside:
    """A participant's reply joins its ticket; a solved one is reopened unless the mail is a mere thanks."""
    mail = situation.mail
    turn = Turn(ticket, situation.desk, situation.now, party.name or party.address)
    turn.because.extend(because)
    verdict = match(situation.rules, _facts(situation, On.REPLY, ticket.team, ticket))
    if verdict.quarantine:
        rule = next(hit.rule for hit in verdict.hits if hit.then.quarantine)
        return SetAside((*because, f'rule "{rule}" puts it in quarantine'))
    person = mail.kind is Kind.PERSON
    turn.join(replace(party, proven=party.proven or mail.proof.proven, machine=party.machine and not person))
    for address in (*mail.to, *mail.cc) if person else ():
        _copy_in(turn, situation, address)
    turn.say(_entry(situation) if person else replace(_entry(situation), voice=Voice.MACHINE))
    turn.met = (mail.message_id, *mail.in_reply_to, *mail.references)
    if not person:
        turn.because.append(f"filed, changes nothing: {mail.kind.value}")
        return turn.post()
    _reply_rules(turn, verdict)
    reopened = _wake(turn, mail.new_text, mail.attachments != ())
    for agent in people_of(situation.desk, turn.ticket.owner, turn.ticket.team):
        if party.key not in agent.addresses:
            turn.tell_agent(agent, Notice.CUSTOMER_REPLIED, Use.REPLY, entry=turn.entry, attachments=mail.attachments)
    if reopened:
        _acknowledge(turn, situation, Notice.REOPENED)
    return turn.post()


def other_teams(situation: Situation, lead: str, known: frozenset[str]) -> tuple[Team, ...]:
    """The teams that this mail was sent to besides the one that leads; `known` are addresses that it reached before."""
    specs = (*(a.spec for a in (*situation.mail.to, *situation.mail.cc)), *situation.recipients)
    plain = dict.fromkeys(split_token(spec)[0].lower() for spec in specs)
    teams = (situation.desk.team_at(spec) for spec in plain if spec not in known)
    return tuple(team for team in teams if team is not None and team.id != lead)


def also_teams(turn: Turn, situation: Situation, teams: tuple[Team, ...]) -> None:
    """Add teams that the same mail was sent to: one ticket, whose first team leads, and the others are told."""
    for team in teams:
        turn.happened("also-team", after=team.id)
        turn.because.append(f"also sent to {team.name}")
        line = (
            f"The same mail went to {team.name}. {situation.desk.contact(turn.ticket.owner, turn.ticket.team)} leads."
        )
        for agent in people_of(situation.desk, None, team.id):
            if situation.mail.author.key not in agent.addresses:
                turn.tell_agent(agent, Notice.NOTE, Use.NOTE, entry=turn.entry, lines=(line,))


def mere_thanks(text: str) -> bool:
    """Whether the words say thanks and nothing else, so that a solved ticket stays solved."""
    rest = " ".join(text.split())
    if not rest or len(rest) > 120:
        return False
    while found := _THANKS.match(rest):
        rest = rest[found.end() :]
        if not rest:
            return True
    # a name under the thanks is no new question
    return rest != " ".join(text.split()) and "?" not in rest and len(rest.split()) <= 3


def _wake(turn: Turn, words: str, attached: bool) -> bool:
    """Set the status that a customer's words ask for; True where a solved ticket was reopened."""
    match turn.ticket.status:
        case Status.PENDING | Status.HOLD:
            turn.status(Status.OPEN, "the customer wrote")
            return False
        case Status.SOLVED if attached or not mere_thanks(words):
            turn.status(Status.OPEN, "the customer wrote again")
            return True
        case Status.SOLVED:
            turn.because.append("a mere thanks does not reopen")
            return False
        case _:
            return False


def _team_of(situation: Situation, before: Ticket | None) -> Team:
    desk = situation.desk
    if before is not None and (kept := desk.team_of(before.team)):
        return kept
    headers = [address.key for address in (*situation.mail.to, *situation.mail.cc)]
    envelope = [recipient.lower() for recipient in situation.recipients]
    for key in (*headers, *envelope):
        local, _, domain = key.rpartition("@")
        team = desk.team_at(f"{local.partition('+')[0]}@{domain}")
        if team is not None and (not envelope or key in headers or key in envelope):
            return team
    found = desk.team_of(desk.team)
    if found is None:
        raise AssertionError("the configuration names a team that it does not define")
    return found


def _address_of(situation: Situation) -> str:
    """The plain address of ours that the customer wrote to: To first, then the envelope, else the desk's."""
    ours = situation.desk.addresses
    mail = situation.mail
    for spec in (*(a.spec for a in (*mail.to, *mail.cc)), *situation.recipients):
        local, _, domain = spec.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}".lower()
        if plain in ours:
            return plain
    return situation.desk.address


def _blank(situation: Situation, team: Team) -> Ticket:
    mail, now = situation.mail, situation.now
    subject = bare_subject(mail.subject)[:300] or "(no subject)"
    return Ticket(
        number=situation.number,
        subject=subject,
        shown="",
        status=Status.OPEN,
        owner=None,
        team=team.id,
        priority=Priority.NORMAL,
        level=1,
        address=_address_of(situation),
        language=situation.desk.language,
        created_at=now,
        updated_at=now,
    )


def _settle_fields(turn: Turn, situation: Situation, verdict: Verdict, team: Team, before: Ticket | None) -> None:
    """Subject, team, owner, priority, status and tags of a new ticket, each with its reason."""
    desk = situation.desk
    turn.happened("opened", text="; ".join(turn.because), after=situation.mail.author.spec)
    turn.subject(turn.ticket.subject)
    chosen = desk.team_of(verdict.team) or team
    words = _said(verdict.team_reason, desk.language)
    how = f"Messages to {turn.ticket.address} go to {chosen.public_name or desk.name}."
    turn.team(chosen.id, Reason(Code.ROUTING, words or how))
    not_to = frozenset({situation.mail.author.key})
    owner, reason = None, None
    if before is not None and before.owner and (kept := desk.agent(before.owner)):
        owner, reason = kept, Reason(Code.ROUTING, f"{kept.short} looks after #{before.number} too.")
    if verdict.owner is not None:
        owner, against = named(desk, verdict.owner, chosen, situation.loads, not_to)
        reason = Reason(Code.ROUTING, _said(verdict.owner_reason, desk.language))
        if against:
            turn.because.append(against)
    elif owner is None:
        owner, reason = choose(desk, chosen, chosen.assign, situation.loads, not_to)
        if words and reason is not None:
            reason = Reason(Code.ROUTING, words)
    if owner is not None and reason is not None:
        turn.owner(owner.id, reason)
    elif not words:
        # an unowned ticket in the usual team has not moved: there is nothing to explain to the customer
        turn.ticket = replace(turn.ticket, why=None)
    turn.status(Status(verdict.status) if verdict.status else Status.OPEN)
    turn.priority(Priority(verdict.priority) if verdict.priority else Priority.NORMAL)
    turn.tags(verdict.tags)
    if verdict.level is not None:
        turn.level(verdict.level)
    if verdict.language:
        turn.ticket = replace(turn.ticket, language=verdict.language)
    turn.because.extend(f'rule "{hit.rule}": {hit.because}' for hit in verdict.hits)
    turn.because.extend(f'rule "{rule}" ran over its time' for rule in verdict.slow)


def _reply_rules(turn: Turn, verdict: Verdict) -> None:
    if verdict.priority:
        turn.priority(Priority(verdict.priority))
    if verdict.tags:
        turn.tags((*turn.ticket.tags, *verdict.tags))
    if verdict.level is not None:
        turn.level(verdict.level)
    if verdict.team and verdict.team != turn.ticket.team:
        turn.team(verdict.team, Reason(Code.ROUTING, _said(verdict.team_reason, turn.desk.language)))
        turn.later_tell_move()
    if verdict.owner and (agent := turn.desk.agent(verdict.owner)) and agent.id != turn.ticket.owner:
        turn.owner(agent.id, Reason(Code.ROUTING, _said(verdict.owner_reason, turn.desk.language)))
        turn.tell_agent(agent, Notice.ASSIGNED, Use.REPLY)
        turn.later_tell_move()
    turn.because.extend(f'rule "{hit.rule}": {hit.because}' for hit in verdict.hits)


def _admit(turn: Turn, situation: Situation) -> None:
    """The author asks; who is copied takes part without being sent anything."""
    mail = situation.mail
    author = mail.author if mail.author.spec else Address(situation.sender, "")
    machine = mail.kind is not Kind.PERSON or not mail.answerable
    turn.join(Party(0, author.spec, author.name, Role.REQUESTER, proven=mail.proof.proven, kept=True, machine=machine))
    for address in (*mail.to, *mail.cc):
        _copy_in(turn, situation, address)


def _copy_in(turn: Turn, situation: Situation, address: Address) -> None:
    local, _, domain = address.spec.rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}".lower()
    desk = situation.desk
    if not domain or plain in desk.addresses or desk.agent_at(address.spec) or turn.ticket.party_at(address.spec):
        return
    if len(turn.ticket.parties) < 50:  # a mail to hundreds is no reason to carry hundreds along for ever
        turn.join(Party(0, address.spec, address.name, Role.CC))


def _entry(situation: Situation) -> Entry:
    mail = situation.mail
    author = mail.author if mail.author.spec else Address(situation.sender, "")
    return Entry(
        at=situation.received_at,
        author=author.spec,
        name=author.name,
        voice=Voice.PUBLIC,
        text=mail.new_text or mail.text,
        message_id=mail.message_id,
        attachments=mail.attachments,
        inbox=situation.inbox,
        whole=mail.text if mail.text != mail.new_text else "",
    )


def _brief(turn: Turn, situation: Situation, knock: Ticket | None) -> None:
    """Tell the owner, or the whole team where nobody owns it; a stranger at a ticket's door is told as linked."""
    author = situation.mail.author.key
    lines: tuple[str, ...] = ()
    if knock is not None:
        lines = (
            f"{situation.mail.author.spec or 'Somebody'} wrote to #{knock.number} without being part of it.",
            f"Nothing of #{knock.number} was shown. This is ticket #{situation.number}, linked with it.",
        )
    for agent in people_of(situation.desk, turn.ticket.owner, turn.ticket.team):
        if author not in agent.addresses:
            turn.tell_agent(
                agent,
                Notice.LINKED if knock is not None else Notice.ASSIGNED,
                Use.REPLY,
                entry=turn.entry,
                attachments=situation.mail.attachments,
                lines=lines,
                about=knock.number if knock is not None else None,
            )


def _tell_of_link(turn: Turn, situation: Situation, linked: Ticket) -> None:
    line = f"{situation.mail.author.spec} wrote a new ticket that names #{linked.number}; they are linked."
    for agent in people_of(situation.desk, linked.owner, linked.team):
        turn.tell_agent(agent, Notice.LINKED, Use.REPLY, entry=turn.entry, lines=(line,), about=linked.number)


def _acknowledge(turn: Turn, situation: Situation, notice: Notice) -> None:
    """Answer the customer's mail, if it may be answered and the limits leave room (DESIGN 3.9)."""
    desk, answers = situation.desk, situation.answers
    match may_answer(situation.mail, desk, answers, situation.received_at, situation.now):
        case Answer():
            turn.tell_customers(notice, auto=True, answers=True)
        case Wait(because):
            turn.set_timer(TimerName.ANSWER, situation.now.replace(microsecond=0), notice.value)
            turn.because.append(because)
        case Silence(because, told):
            turn.because.append(because)
            turn.happened("unanswered", text=because)
            if told:
                turn.set_timer(TimerName.QUIET, situation.now + desk.answers.wait)


def _facts(situation: Situation, on: On, team: str, ticket: Ticket | None) -> Facts:
    mail, now = situation.mail, situation.now
    return Facts(
        mail=mail,
        recipients=situation.recipients,
        on=on,
        now=now,
        team=team,
        owner=ticket.owner if ticket else None,
        status=ticket.status.value if ticket else "open",
        priority=ticket.priority.value if ticket else "normal",
        level=ticket.level if ticket else 1,
        tags=ticket.tags if ticket else (),
        language=ticket.language if ticket else mail.language,
        first_time=situation.first_time,
        silent_for=(now - ticket.updated_at).total_seconds() if ticket else 0.0,
        age=(now - ticket.created_at).total_seconds() if ticket else 0.0,
    )


def facts_of_new(situation: Situation) -> Facts:
    """What the rules would see of this mail as a new ticket; for `maild rules test`."""
    return _facts(situation, On.NEW, _team_of(situation, None).id, None)


def _said(reason: Mapping[str, str], language: str) -> str:
    """A rule's reason in this language, else as it is written."""
    return reason.get(language) or next(iter(reason.values()), "")


def _speaker(situation: Situation) -> str:
    author = situation.mail.author
    return author.name or author.spec or situation.sender or "unknown sender"
