"""Whether a mail may speak as an agent, and on which ticket: from what it proves (DESIGN 3.4, 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from maild.decide.people import active, visible
from maild.decide.situation import Situation
from maild.decide.trust import Unproven, unproven
from maild.decision import Notice
from maild.desk import Agent
from maild.lines import Line, line
from maild.threading.tags import Token
from maild.ticket import Party, Role, Ticket, Use


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


def authority(situation: Situation) -> Authority | Denied | Leaked | Gone | None:
    """What the mail may do as an agent's, from what it proves and never from what it claims."""
    signed = [one for one in situation.clues.tokens if one.use in SPOKEN and one.ticket in situation.tickets]
    if signed and signed[0].use is Use.CUSTOMER and own_token(situation, signed[0]):
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


SPOKEN = frozenset({Use.CUSTOMER, Use.REPLY, Use.NOTE})
"""The signed addresses that words for a ticket come to."""


def own_token(situation: Situation, token: Token) -> bool:
    """Whether a ticket's address is the author's own: of the agent who holds it, or of whoever takes part."""
    ticket, author = situation.tickets.get(token.ticket), situation.mail.author
    if ticket is None:
        return False
    if token.use is Use.CUSTOMER:
        return bool(author.key) and ticket.participant_at(author.key) is not None
    party = ticket.party(token.party) if ticket.number == token.ticket else None
    holder = situation.desk.agent(party.agent) if party is not None and party.role is Role.AGENT else None
    return holder is not None and author.key in holder.addresses


def _leading(situation: Situation, spoken: list[Token]) -> Token:
    """The first ticket leads (DESIGN 3.4); a colleague's address for it beside the author's own changes nothing."""
    same = (one for one in spoken if one.ticket == spoken[0].ticket)
    return next((one for one in same if own_token(situation, one)), spoken[0])


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
    if not situation.mail.proof.proven:
        return Denied(agent, ticket, line("not_to_the_signed_address"), fresh=True)
    if clues.tag == ticket.number:
        return Authority(agent, ticket, False, f"subject tag of #{ticket.number}, address proven")
    return Denied(agent, ticket, line("lacks_the_tag", number=ticket.number), fresh=True)


def _unproven(situation: Situation, agent: Agent, ticket: Ticket) -> Denied | None:
    because = line("nothing_proves", why=situation.mail.proof.because)
    match unproven(situation, agent):
        case None:
            return None
        case Unproven.HELD:
            return Denied(agent, ticket, because)
        case Unproven.ASKED:
            return Denied(agent, ticket, because, waives="proof", confirm=True)
