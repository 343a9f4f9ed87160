"""A customer's mail: a new ticket, a reply, a stranger at the door."""

from __future__ import annotations

from datetime import timedelta

from maild.decide.answer import RETRY, Answer, Silence, Wait, may_answer, suspect
from maild.decide.assign import people_of
from maild.decide.authority import SPOKEN, own_token
from maild.decide.moves import cover_if_away
from maild.decide.promises import keep_time, tell_new_date
from maild.decide.routing import (
    addressed,
    answering,
    change_fields,
    facts,
    invite,
    notify,
    reply_of,
    settle_fields,
    team_of,
    tell_successor,
)
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Notice, Post, SetAside, SetTimer, TimerName
from maild.desk import Team
from maild.lines import Line, line
from maild.mail import UNREADABLE, Address, Kind, Mail
from maild.rules.match import match
from maild.rules.model import Facts, On, Verdict
from maild.threading.clues import own_words
from maild.threading.tags import split_token
from maild.ticket import Entry, Event, Party, Role, Status, Ticket, Use, Voice, fresh
from maild.values import replace
from maild.wishes import mere_thanks

_MOST_LINKS = 50


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
    before = follows or (linked if stranger else None)
    teams = addressed(situation)
    team = team_of(situation, before, teams)
    verdict = match(situation.rules, facts(situation, On.NEW, team.id, None))
    if verdict.quarantine and not situation.vouched:
        rule = next(hit.rule for hit in verdict.hits if hit.then.quarantine)
        return SetAside((*because, f'rule "{rule}" puts it in quarantine'))
    turn = Turn(_blank(situation, team), desk, situation.now, _speaker(situation), opened=True)
    turn.because.extend((*because, *_unread(mail)))
    settle_fields(turn, situation, verdict, team, before)
    _admit(turn, situation)
    invite(turn, verdict)
    _link_all(turn, situation, (linked, follows))
    turn.say(_entry(situation))
    turn.met = (mail.message_id, *mail.in_reply_to, *mail.references)
    _brief(turn, situation, linked if stranger else None, follows)
    if tell_owner and linked is not None:
        _tell_of_link(turn, situation, linked)
    also_teams(turn, situation, tuple(team for team in teams[1:] if team.id != turn.ticket.team))
    notify(turn, verdict, mail.author.key, mail.attachments)
    keep_time(turn, heard=_person(situation))
    rule = answering(verdict)
    words = reply_of(turn, rule, verdict.reply)
    _acknowledge(turn, situation, Notice.FOLLOW_UP if follows else Notice.RECEIVED, rule, words)
    return turn.post()


def append(situation: Situation, ticket: Ticket, party: Party, because: tuple[str, ...]) -> Post | SetAside:
    """A participant's reply joins its ticket; a solved one is reopened unless the mail is a mere thanks."""
    mail = situation.mail
    turn = Turn(ticket, situation.desk, situation.now, party.name or party.address)
    turn.because.extend((*because, *_unread(mail)))
    verdict = match(situation.rules, facts(situation, On.REPLY, ticket.team, ticket))
    if verdict.quarantine and not situation.vouched:
        rule = next(hit.rule for hit in verdict.hits if hit.then.quarantine)
        return SetAside((*because, f'rule "{rule}" puts it in quarantine'))
    heard = _person(situation) and not suspect(mail, situation.answers)
    turn.join(replace(party, proven=party.proven or mail.proof.proven, machine=party.machine and not heard))
    reopened = hear(turn, situation, party, verdict)
    keep_time(turn, heard=_wants_answer(situation))
    rule = answering(verdict)
    words = reply_of(turn, rule, verdict.reply)
    if reopened and turn.ticket.status.active:
        _acknowledge(turn, situation, Notice.REOPENED, rule, words)
    elif words is not None:
        _acknowledge(turn, situation, Notice.RECEIVED, rule, words)
    tell_new_date(turn)
    return turn.post()


def hear(turn: Turn, situation: Situation, party: Party, verdict: Verdict | None = None) -> bool:
    """Let a participant's words join the conversation, and pass them on; whether they opened the ticket again."""
    mail, ticket = situation.mail, turn.ticket
    if verdict is None:
        verdict = match(situation.rules, facts(situation, On.REPLY, ticket.team, ticket))
    # a person's words stay a person's when a list passes them on; a notification changes nothing
    speaks = mail.kind in {Kind.PERSON, Kind.LIST}
    for address in (*mail.to, *mail.cc) if _person(situation) else ():
        _copy_in(turn, situation, address)
    invite(turn, verdict)
    _link_all(turn, situation, _also_named(situation, ticket))
    turn.say(_entry(situation) if speaks else replace(_entry(situation), voice=Voice.MACHINE))
    turn.met = (mail.message_id, *mail.in_reply_to, *mail.references)
    reopened = speaks and _wake(turn, situation)
    if not speaks:
        turn.because.append(f"filed, changes nothing: {mail.kind.value}")
    change_fields(turn, situation.loads, verdict)
    cover_if_away(turn, situation.loads)
    solved = (line("opened_again" if reopened else "only_thanks"),) if speaks and ticket.status is Status.SOLVED else ()
    _pass_on(turn, situation, party, solved)
    tell_successor(turn, ticket)
    notify(turn, verdict, mail.author.key, mail.attachments)
    return reopened


def _person(situation: Situation) -> bool:
    return situation.mail.kind is Kind.PERSON


def _wants_answer(situation: Situation) -> bool:
    """Whether the words start a clock: a person's, and more than thanks."""
    mail = situation.mail
    thanks = not mail.attachments and mere_thanks(mail.new_text, mail.author.name or mail.author.local)
    return _person(situation) and not thanks


def also_teams(turn: Turn, situation: Situation, teams: tuple[Team, ...]) -> None:
    """Add teams that the same mail was sent to: one ticket, whose first team leads, and the others are told."""
    for team in teams:
        turn.happened("also-team", after=team.id)
        turn.because.append(f"also sent to {team.name}")
        leads = situation.desk.contact(turn.ticket.owner, turn.ticket.team)
        told = line("also_went_to", team=team.name, leads=leads)
        for agent in people_of(situation.desk, None, team.id, situation.now):
            if situation.mail.author.key not in agent.addresses:
                turn.tell_agent(agent, Notice.NOTE, Use.NOTE, entry=turn.entry, lines=(told,))


def _wake(turn: Turn, situation: Situation) -> bool:
    """Set the status that a customer's words ask for; True where a solved ticket was reopened."""
    mail = situation.mail
    match turn.ticket.status:
        case Status.PENDING | Status.HOLD:
            turn.status(Status.OPEN, "the customer wrote")
            return False
        case Status.SOLVED if mail.attachments or not mere_thanks(mail.new_text, mail.author.name or mail.author.local):
            turn.status(Status.OPEN, "the customer wrote again")
            return True
        case Status.SOLVED:
            turn.because.append("a mere thanks does not reopen")
            return False
        case _:
            return False


def _pass_on(turn: Turn, situation: Situation, party: Party, lines: tuple[Line, ...]) -> None:
    """Tell the owner or the team, with `lines`; in a flood they get the first mails, and one summary of the rest
    (DESIGN 3.9)."""
    limits = situation.desk.answers
    if situation.recent >= limits.summary_mails:
        span = timedelta(minutes=limits.summary_minutes)
        turn.because.append(f"more than {limits.summary_mails} mails in {limits.summary_minutes} minutes: told in one")
        turn.timers[TimerName.SUMMARY] = SetTimer(TimerName.SUMMARY, situation.now + span, first=True)
        return
    attachments = situation.mail.attachments
    for agent in people_of(situation.desk, turn.ticket.owner, turn.ticket.team, situation.now):
        if party.key not in agent.addresses:
            turn.tell_agent(
                agent,
                Notice.CUSTOMER_REPLIED,
                Use.REPLY,
                entry=turn.entry,
                attachments=attachments,
                lines=(*lines, *_warned(situation.mail)),
            )


def _unread(mail: Mail) -> tuple[str, ...]:
    """What of the mail was not read, for the operator; an agent gets the whole of it as a file."""
    return (f"not read whole: {mail.error}",) if mail.error else ()


def _warned(mail: Mail) -> tuple[Line, ...]:
    """What an agent is told of a mail that bears its own original, because not all of it could be read."""
    torn = mail.text != UNREADABLE and any(one.sha256 == mail.sha256 for one in mail.attachments)
    return (line("not_read_whole"),) if torn else ()


def _also_named(situation: Situation, ticket: Ticket) -> tuple[Ticket, ...]:
    """Other tickets of the author's, asked or answered, whose signed addresses the same mail bears."""
    key, others = situation.mail.author.key, dict[int, Ticket]()
    for token in situation.clues.tokens:
        other = situation.tickets.get(token.ticket) if token.use in SPOKEN else None
        if other is None or other.number == ticket.number:
            continue
        if other.participant_at(key) or own_token(situation, token):
            others[other.number] = other
    return tuple(others.values())[:5]


def _link_all(turn: Turn, situation: Situation, others: tuple[Ticket | None, ...]) -> None:
    """Link both ways; what strangers link to a ticket does not make it grow for ever."""
    mine = turn.ticket.number
    for other in others:
        if other is None or other.number == mine or mine in other.links or len(other.links) >= _MOST_LINKS:
            continue
        turn.link(other.number)
        event = Event(situation.now, "linked", turn.who, after=str(mine))
        turn.elsewhere.append((replace(other, links=(*other.links, mine)), (event,)))


def _address_of(situation: Situation) -> str:
    """The plain address of ours that the customer wrote to: To first, then the envelope, where a server says that it
    delivered it, else the desk's."""
    ours = situation.desk.addresses
    mail = situation.mail
    for spec in (*(a.spec for a in (*mail.to, *mail.cc)), *situation.recipients, *mail.delivered_to):
        plain = split_token(spec)[0].lower()
        if plain in ours:
            return plain
    return situation.desk.address


def _blank(situation: Situation, team: Team) -> Ticket:
    subject, language = own_words(situation.mail.subject), situation.desk.language
    return fresh(situation.number, subject, team.id, _address_of(situation), language, situation.now)


def _admit(turn: Turn, situation: Situation) -> None:
    """The author asks; who is copied takes part without being sent anything."""
    mail = situation.mail
    author = mail.author if mail.author.spec else Address(situation.sender, "")
    doubted = suspect(mail, situation.answers)
    machine = mail.kind is not Kind.PERSON or not mail.answerable or doubted
    name = author.name if author.spec else "unknown sender"
    turn.join(Party(0, author.spec, name, Role.REQUESTER, proven=mail.proof.proven, kept=True, machine=machine))
    # a machine's To may hold anybody; only a person brings people along
    for address in (*mail.to, *mail.cc) if mail.kind is Kind.PERSON else ():
        _copy_in(turn, situation, address)


def _copy_in(turn: Turn, situation: Situation, address: Address) -> None:
    plain = split_token(address.spec)[0].lower()
    desk = situation.desk
    if (
        not address.domain
        or plain in desk.addresses
        or desk.agent_at(address.spec)
        or turn.ticket.party_at(address.spec)
    ):
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


def _brief(turn: Turn, situation: Situation, knock: Ticket | None, follows: Ticket | None) -> None:
    """Tell the owner, or the whole team where nobody owns it; a stranger at a ticket's door is told as linked.

    The brief of a follow-up holds what was said on the ticket that it follows.
    """
    author = situation.mail.author.key
    lines = _warned(situation.mail)
    if suspect(situation.mail, situation.answers):
        lines = (
            *lines,
            line("taken_for_spam", who=situation.mail.author.spec or situation.sender),
        )
    if knock is not None:
        lines = (
            *lines,
            line("wrote_without_a_part", who=situation.mail.author.spec, number=knock.number),
            line("nothing_was_shown", number=knock.number, fresh=situation.number),
        )
    for agent in people_of(situation.desk, turn.ticket.owner, turn.ticket.team, situation.now):
        if author not in agent.addresses:
            turn.tell_agent(
                agent,
                Notice.LINKED if knock is not None else Notice.ASSIGNED,
                Use.NOTE if knock is not None else Use.REPLY,
                entry=turn.entry,
                attachments=situation.mail.attachments,
                lines=lines,
                about=follows.number if follows is not None else None,
            )


def _tell_of_link(turn: Turn, situation: Situation, linked: Ticket) -> None:
    told = line("names_a_ticket", who=situation.mail.author.spec, number=linked.number)
    for agent in people_of(situation.desk, linked.owner, linked.team, situation.now):
        if situation.mail.author.key in agent.addresses:
            continue
        turn.tell_agent(agent, Notice.LINKED, Use.NOTE, entry=turn.entry, lines=(told,))


def _acknowledge(turn: Turn, situation: Situation, notice: Notice, rule: str, words: Entry | None) -> None:
    """Answer the customer's mail, with a rule's words where it has some, if it may be answered and the limits leave
    room (DESIGN 3.9)."""
    desk, now = situation.desk, situation.now
    also = frozenset({Notice.SOLVED}) if turn.opened and not turn.ticket.status.active else frozenset()
    match may_answer(situation.mail, desk, situation.answers, situation.received_at, now):
        case Answer():
            turn.tell_customers(notice, auto=True, answers=True, said=words, also=also)
        case Wait(because):
            turn.set_timer(TimerName.ANSWER, now + RETRY, f"{notice.value} {now.isoformat()} {rule}".strip())
            turn.explain(because, "the answer waits: ")
        case Silence() as silence:
            pause(turn, silence)


def pause(turn: Turn, silence: Silence) -> None:
    """No answer leaves, and the ticket says why; too many of them, and its people hear that none will for a day."""
    turn.explain(silence.because, "no answer: ")
    turn.happened_because("unanswered", silence.because)
    if silence.told:
        turn.set_timer(TimerName.QUIET, turn.now + turn.desk.answers.ticket_pause)
        told = line("answers_pause", why=(silence.because,))
        for agent in people_of(turn.desk, turn.ticket.owner, turn.ticket.team, turn.now):
            turn.tell_agent(agent, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))


def facts_of_new(situation: Situation) -> Facts:
    """What the rules would see of this mail as a new ticket; for `maild rules test`."""
    return facts(situation, On.NEW, team_of(situation, None, addressed(situation)).id, None)


def _speaker(situation: Situation) -> str:
    author = situation.mail.author
    return author.name or author.spec or situation.sender or "unknown sender"
