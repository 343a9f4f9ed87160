"""An agent's mail: whether it may speak, and what its words do (DESIGN 3.4, 3.6, 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from maild.commands import Fault, Name, Words, Wrong, read
from maild.decide import effects, learn, robots
from maild.decide.absence import draft_to
from maild.decide.holds import Hold, kept_of, torn
from maild.decide.people import active, is_own, visible
from maild.decide.plan import Ready, Refused, plan, says, without_commands
from maild.decide.question import on_yes, question_of
from maild.decide.situation import Situation
from maild.decide.trust import Unproven, lacks_strict, needs_strict, unproven
from maild.decide.turn import Turn
from maild.decide.void import revoke, turn_away
from maild.decision import STRICT, Asked, Bulletin, Decision, Fresh, Notice, Post, SetAside
from maild.desk import Agent
from maild.ingest.quote import divide
from maild.lines import Line, line, plain
from maild.mail import Kind, Mail
from maild.threading.tags import TOKEN_LENGTH, Token, split_token
from maild.ticket import Event, Party, Role, Ticket, Use
from maild.values import replace

_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Authority:
    """The agent may act on this ticket; `note` tells that the mail is for colleagues unless it says otherwise."""

    agent: Agent
    ticket: Ticket
    note: bool
    because: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The mail claims an agent's place and does not prove it: it is held, and the registered address is told."""

    agent: Agent
    ticket: Ticket
    because: Line
    waives: str = ""
    confirm: bool = False
    fresh: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Leaked:
    """A token of this agent came from another address: it is void from now on, and the agent gets a fresh one."""

    party: Party
    agent: Agent
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Gone:
    """A token of somebody who is no longer an agent here."""

    name: str
    ticket: Ticket


def on_agent_mail(situation: Situation) -> Decision | None:
    """Decide a mail that speaks as an agent; None where nothing in it does, so that it is a customer's."""
    if question_of(situation) is not None and not situation.waived:
        return on_yes(situation)
    match authority(situation):
        case None:
            return None
        case Leaked(party=party, agent=agent, ticket=ticket):
            return revoke(situation, party, agent, ticket)
        case Gone(name=name, ticket=ticket):
            return turn_away(situation, name, ticket)
        case Authority() as granted if situation.mail.kind is not Kind.PERSON:
            return robots.file_machine(situation, granted.ticket, granted.because)
        case Denied() as denied if situation.mail.kind is not Kind.PERSON:
            return robots.file_machine(situation, denied.ticket, plain(denied.because))
        case Authority(agent=agent, ticket=ticket) | Denied(agent=agent, ticket=ticket) if _is_shut(
            situation, ticket, agent
        ):
            return _shut_out(situation, ticket, agent)
        case Denied() as denied:
            return _hold(situation, denied)
        case Authority() as granted:
            return learn.on_word(granted.agent, situation, _speak(situation, granted))
        case unexpected:
            assert_never(unexpected)


def _is_shut(situation: Situation, ticket: Ticket, agent: Agent) -> bool:
    """Whether the ticket has come to a private team of others, whatever addresses of it the agent still has."""
    return not visible(situation.desk, ticket, agent) and "operator" not in situation.waived


def _shut_out(situation: Situation, ticket: Ticket, agent: Agent) -> SetAside:
    """Nothing is done, and the agent hears so in a mail that shows nothing of the ticket."""
    because = (f"held: {agent.id} may not see #{ticket.number}",)
    draft = draft_to(agent, situation.absence_facts, Notice.REFUSED, (line("no_ticket", number=ticket.number),))
    draft = replace(draft, kept_text=kept_of(situation.mail)[:_KEPT])
    return SetAside(because, bulletin=Bulletin(because, drafts=(draft,)))


def authority(situation: Situation) -> Authority | Denied | Leaked | Gone | None:
    """What the mail may do as an agent's, from what it proves and never from what it claims."""
    signed = [one for one in situation.clues.tokens if one.use in _SPOKEN and one.ticket in situation.tickets]
    if signed and signed[0].use is Use.CUSTOMER and _is_own(situation, signed[0]):
        return None
    spoken = [one for one in signed if one.use is not Use.CUSTOMER]
    if spoken:
        return _by_token(situation, _leading(situation, spoken), situation.tickets[spoken[0].ticket])
    agent = situation.agent
    if agent is None or not active(agent, situation.desk, situation.now):
        return None
    expired = next((old for old in situation.clues.expired if old.use in {Use.REPLY, Use.NOTE}), None)
    old = situation.tickets.get(expired.ticket) if expired is not None else None
    if expired is not None and old is not None and visible(situation.desk, old, agent):
        if situation.waived:
            return Authority(agent, old, expired.use is Use.NOTE, f"signed address of {agent.id} for #{old.number}")
        return Denied(agent, old, line("address_too_old"), fresh=True)
    if situation.desk.subaddress == "":
        return _by_message_id(situation, agent)
    return _by_tag(situation, agent)


_SPOKEN = frozenset({Use.CUSTOMER, Use.REPLY, Use.NOTE})


def _is_own(situation: Situation, token: Token) -> bool:
    ticket = situation.tickets.get(token.ticket)
    return ticket is not None and is_own(token, ticket, situation.desk, situation.mail.author.key)


def _leading(situation: Situation, spoken: list[Token]) -> Token:
    """The first ticket leads (DESIGN 3.4); a colleague's address for it beside the author's own changes nothing."""
    same = (one for one in spoken if one.ticket == spoken[0].ticket)
    return next((one for one in same if _is_own(situation, one)), spoken[0])


def _by_token(situation: Situation, token: Token, ticket: Ticket) -> Authority | Denied | Leaked | Gone | None:
    desk, author = situation.desk, situation.mail.author
    note = any(one.use is Use.NOTE and one.ticket == token.ticket for one in situation.clues.tokens)
    if ticket.number != token.ticket:
        return _by_merged_token(situation, ticket, note=note)
    party = ticket.party(token.party)
    if party is None or party.role is not Role.AGENT:
        return _by_void_token(situation, ticket, note=note)
    holder = desk.agent(party.agent)
    if holder is None or not active(holder, desk, situation.now):
        return None if ticket.participant_at(author.spec) else Gone(party.name, ticket)
    if author.key not in holder.addresses:
        return None if _as_customer(situation, ticket) else Leaked(party, holder, ticket)
    denied = _unproven(situation, holder, ticket)
    return denied or Authority(holder, ticket, note, f"signed address of {holder.id} for #{ticket.number}")


def _as_customer(situation: Situation, ticket: Ticket) -> bool:
    """Whether somebody who writes to another's address speaks as a customer all the same: as one of the ticket, or
    because a customer's address stands first."""
    spec = situation.mail.author.spec
    if spec and ticket.participant_at(spec) is not None:
        return True
    first = situation.clues.token(Use.CUSTOMER, Use.REPLY, Use.NOTE)
    customers = first is not None and first.use is Use.CUSTOMER and first.ticket in situation.tickets
    return customers and situation.agent is None


def _by_merged_token(situation: Situation, ticket: Ticket, *, note: bool) -> Authority | Denied | None:
    """The address is of a ticket that went into this one, where other people have its numbers: only proof counts."""
    agent = situation.agent
    if agent is None or not active(agent, situation.desk, situation.now):
        return None
    if not visible(situation.desk, ticket, agent):
        return None
    if situation.mail.proof.proven or situation.waived:
        return Authority(agent, ticket, note, f"signed address of a ticket that is part of #{ticket.number} now")
    return Denied(agent, ticket, line("of_a_merged_ticket", number=ticket.number), fresh=True)


def _by_void_token(situation: Situation, ticket: Ticket, *, note: bool) -> Authority | Denied | None:
    """The number was taken away after the token had been seen in other hands; a `#yes` to our question stands."""
    agent = situation.agent
    if agent is None or not active(agent, situation.desk, situation.now):
        return None
    if situation.waived:
        return Authority(agent, ticket, note, f"signed address of {agent.id} for #{ticket.number}, void since")
    if not any(one.agent == agent.id for one in ticket.parties) and not visible(situation.desk, ticket, agent):
        return None
    return Denied(agent, ticket, line("address_no_longer_valid"), fresh=True)


def _by_message_id(situation: Situation, agent: Agent) -> Authority | Denied | None:
    """Without sub-addresses our Message-ID stands for the role of the notice that bore it; the root means a note."""
    for ours in situation.clues.own:
        ticket = situation.tickets.get(ours.token.ticket)
        if ticket is None:
            continue
        notice = situation.sent.get(ours.row)
        if notice is not None and notice.agent != agent.id:
            continue
        if notice is None and not visible(situation.desk, ticket, agent):
            continue
        note = notice is None or notice.notice not in {Notice.ASSIGNED, Notice.CUSTOMER_REPLIED}
        denied = _unproven(situation, agent, ticket)
        return denied or Authority(agent, ticket, note, f"our Message-ID to {agent.id} for #{ticket.number}")
    return None


def _by_tag(situation: Situation, agent: Agent) -> Authority | Denied | None:
    """Without a token an agent needs strict proof and the subject tag; a ticket's own participant is a customer."""
    clues, tickets = situation.clues, situation.tickets
    number = next((ours.token.ticket for ours in clues.own if ours.token.ticket in tickets), clues.tag)
    ticket = tickets.get(number) if number is not None else None
    if ticket is None or ticket.participant_at(situation.mail.author.spec):
        return None
    if not visible(situation.desk, ticket, agent):
        return None
    if clues.tag == ticket.number and situation.mail.proof.proven:
        return Authority(agent, ticket, False, f"subject tag of #{ticket.number}, address proven")
    return Denied(agent, ticket, line("not_to_the_signed_address"), fresh=True)


def _unproven(situation: Situation, agent: Agent, ticket: Ticket) -> Denied | None:
    because = line("nothing_proves", why=situation.mail.proof.because)
    match unproven(situation, agent):
        case None:
            return None
        case Unproven.HELD:
            return Denied(agent, ticket, because)
        case Unproven.ASKED:
            return Denied(agent, ticket, because, waives="proof", confirm=True)


def _begin(situation: Situation, ticket: Ticket, agent: Agent) -> tuple[Turn, tuple[Fresh, ...]]:
    """The turn of an agent's mail; a signed address that stands beside a customer's is void from now on."""
    turn = Turn(ticket, situation.desk, situation.now, agent.name)
    mail = situation.mail
    seen = [address.spec for address in (*mail.to, *mail.cc)]
    party = next((p for p in ticket.parties if p.agent == agent.id and p.role is Role.AGENT), None)
    signed = any(len(split_token(spec)[1]) == TOKEN_LENGTH for spec in seen)
    if party is None or not signed or not any(ticket.participant_at(spec) for spec in seen):
        return turn, ()
    if situation.clues.token(Use.REPLY, Use.NOTE) is None or situation.waived:
        return turn, ()
    fresh = turn.renumber(party)
    return turn, (Fresh(ticket.number, fresh.number, ticket.address, ticket.subject),)


def _speak(situation: Situation, granted: Authority) -> Decision:
    mail, agent = situation.mail, granted.agent
    if (unread := torn(mail)) is not None:
        return _hold_torn(situation, granted, unread)
    if mail.ambiguous and situation.waived.isdisjoint({"difference", "operator"}):
        return _hold(situation, Denied(agent, granted.ticket, line("begins_differently"), waives="difference"))
    words = read(_written(mail))
    turn, fresh = _begin(situation, granted.ticket, agent)
    turn.because.append(granted.because)
    turn.proved = agent.id if mail.proof.proven else None
    turn.met = (mail.message_id,)
    if "commands" in situation.waived:
        words = without_commands(words)
    elif words.wrong:
        return refuse(turn, situation, agent, tuple(map(amiss, words.wrong)), words, fresh)
    _link_others(turn, situation)
    if not says(words, mail) and not _does(words):
        return refuse(turn, situation, agent, (line("no_new_words"),), words, fresh)
    match plan(situation, granted.ticket, agent, words, note=granted.note):
        case Refused(reasons):
            return refuse(turn, situation, agent, reasons, words, fresh)
        case Hold(because, waives, since):
            return _hold(situation, Denied(agent, granted.ticket, because, waives=waives, since=since))
        case Ready() if lacks_strict(situation, words):
            away_unproven = line("away_unproven", who=agent.name)
            return _hold(situation, Denied(agent, granted.ticket, away_unproven, waives=STRICT, confirm=True))
        case Ready():
            return effects.carry_out(turn, situation, agent, words, note=granted.note, fresh=fresh)
        case unexpected:
            assert_never(unexpected)


def _does(words: Words) -> bool:
    """Whether any command does something by itself; who is to read a text does nothing without one."""
    return any(command.name not in {Name.REPLY, Name.NOTE} for command in words.commands)


def _written(mail: Mail) -> str:
    """The newest words with their closing: what an agent signs with goes out, though the reading leaves it aside."""
    if not mail.plain:
        return mail.new_text
    words = divide(mail.text, closing=True).words
    return words if words.startswith(mail.new_text.rstrip()) else mail.new_text


def _link_others(turn: Turn, situation: Situation) -> None:
    """Further tickets whose addresses of this agent's the mail bears as well, as a colleague's or as a customer's."""
    mine = turn.ticket.number
    own = (one.ticket for one in situation.clues.tokens if one.use in _SPOKEN and _is_own(situation, one))
    for number in dict.fromkeys(own):
        other = situation.tickets[number]
        if other.number == mine or mine in other.links:
            continue
        turn.link(other.number)
        event = Event(situation.now, "linked", turn.who, after=str(mine))
        turn.elsewhere.append((replace(other, links=(*other.links, mine)), (event,)))


def amiss(wrong: Wrong) -> Line:
    """What was wrong with one line, as the refusal says it."""
    if wrong.fault in {Fault.DATES, Fault.TWO_WAYS}:
        return wrong.reason  # it quotes the line itself
    nearest = wrong.nearest if wrong.fault is Fault.UNKNOWN else ""
    return line("wrong_line", written=wrong.line, why=(wrong.reason,), nearest=nearest)


def refuse(
    turn: Turn,
    situation: Situation,
    agent: Agent,
    reasons: tuple[Line, ...],
    words: Words,
    fresh: tuple[Fresh, ...],
) -> Post:
    """Nothing runs and nothing goes to the customer; the agent hears why, and can send the text without commands."""
    turn.because.extend(f"refused: {plain(reason)}" for reason in reasons)
    turn.happened_because("refused", line("joined", words=reasons))
    question = None
    if says(without_commands(words), situation.mail):
        question = Asked(situation.inbox, agent.id, tuple(sorted(situation.waived | {"commands"})))
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.tell_agent(
        agent,
        Notice.REFUSED,
        Use.NOTE,
        auto=True,
        lines=(*reasons, *seen),
        kept_text=words.rest.strip(),
        question=question,
        fresh=fresh,
    )
    return turn.post()


def _hold(situation: Situation, denied: Denied) -> SetAside:
    """Keep the mail back, and tell the registered address, never the one that the mail claims to come from."""
    agent, unread = denied.agent, torn(situation.mail)
    if unread is not None:
        denied = replace(denied, waives="", confirm=False)  # nobody can say yes to what was not read
    turn, fresh = _begin(situation, denied.ticket, agent)
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.happened_because("held", denied.because)
    question = None
    if denied.waives:
        # who vouches for a mail that needs strict proof as well is not asked twice
        strict = {STRICT} if denied.confirm and needs_strict(read(situation.mail.new_text)) else set()
        question = Asked(situation.inbox, agent.id, tuple(sorted(situation.waived | {denied.waives} | strict)))
    if denied.fresh and not fresh:
        party = turn.party_of(agent)
        fresh = (Fresh(turn.ticket.number, party.number, turn.ticket.address, turn.ticket.subject),)
    turn.tell_agent(
        agent,
        Notice.CONFIRM if denied.confirm else Notice.HELD,
        Use.NOTE,
        auto=True,
        lines=(denied.because, *((unread,) if unread is not None else ()), *seen),
        kept_text=kept_of(situation.mail)[:_KEPT],
        question=question,
        since=denied.since,
        fresh=fresh,
    )
    return SetAside((f"held: {plain(denied.because)}",), turn.post())


def _hold_torn(situation: Situation, granted: Authority, unread: Line) -> SetAside:
    """Keep back a mail that was not read whole: no `#yes` sends what nobody has seen, so its writer sends it again."""
    because = (f"held: {plain(unread)}",)
    if situation.vouched:
        return SetAside(because)  # its writer has been told
    turn, fresh = _begin(situation, granted.ticket, granted.agent)
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.happened_because("held", unread)
    turn.tell_agent(granted.agent, Notice.REFUSED, Use.NOTE, auto=True, lines=(unread, *seen), fresh=fresh)
    return SetAside(because, turn.post())
