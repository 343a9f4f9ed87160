"""An agent's mail: whether it may speak, and what its words do (DESIGN 3.4, 3.6, 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from maild.commands import Name, Words, read
from maild.decide import effects, robots
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Asked, Decision, Done, Notice, Post, SetAside
from maild.desk import Agent, TrustAgents
from maild.mail import Kind
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
    because: str
    waives: str = ""
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Leaked:
    """A token of this agent came from another address: it is void from now on, and the agent gets a fresh one."""

    party: Party
    agent: Agent
    ticket: Ticket


def on_agent_mail(situation: Situation) -> Decision | None:
    """Decide a mail that speaks as an agent; None where nothing in it does, so that it is a customer's."""
    match authority(situation):
        case None:
            return None
        case Leaked(party=party, agent=agent, ticket=ticket):
            return _revoke(situation, party, agent, ticket)
        case Denied() as denied:
            return _hold(situation, denied)
        case Authority() as granted if situation.mail.kind is not Kind.PERSON:
            return robots.file_machine(situation, granted.ticket, granted.because)
        case Authority() as granted:
            return _speak(situation, granted)
        case unexpected:
            assert_never(unexpected)


def authority(situation: Situation) -> Authority | Denied | Leaked | None:
    """What the mail may do as an agent's, from what it proves and never from what it claims."""
    token = situation.clues.token(Use.NOTE) or situation.clues.token(Use.REPLY)
    ticket = situation.tickets.get(token.ticket) if token else None
    if token is not None and ticket is not None:
        return _by_token(situation, token, ticket)
    agent = situation.agent
    if agent is None:
        return None
    expired = next((old for old in situation.clues.expired if old.use in {Use.REPLY, Use.NOTE}), None)
    if expired is not None and expired.ticket in situation.tickets:
        return Denied(agent, situation.tickets[expired.ticket], "its address is more than 30 days old")
    if situation.desk.subaddress == "":
        return _by_message_id(situation, agent)
    return _by_tag(situation, agent)


def _by_token(situation: Situation, token: Token, ticket: Ticket) -> Authority | Denied | Leaked | None:
    party = ticket.party(token.party)
    if party is None or party.role is not Role.AGENT:
        # the number was taken away after the token had been seen in other hands
        agent = situation.agent
        return Denied(agent, ticket, "its address is no longer valid") if agent else None
    holder = situation.desk.agent(party.agent)
    if holder is None:
        return None
    if situation.mail.author.key not in holder.addresses:
        return Leaked(party, holder, ticket)
    denied = _unproven(situation, holder, ticket)
    note = situation.clues.token(Use.NOTE) is not None
    return denied or Authority(holder, ticket, note, f"signed address of {holder.id} for #{ticket.number}")


def _by_message_id(situation: Situation, agent: Agent) -> Authority | Denied | None:
    """Without sub-addresses our Message-ID stands for the role of the notice that bore it; the root means a note."""
    for ours in situation.clues.own:
        ticket = situation.tickets.get(ours.token.ticket)
        if ticket is None:
            continue
        notice = situation.sent.get(ours.row)
        if notice is not None and notice.agent != agent.id:
            continue
        note = notice is None or notice.notice not in {Notice.ASSIGNED, Notice.CUSTOMER_REPLIED, Notice.LINKED}
        if situation.mail.proof.proven or "proof" in situation.waived:
            return Authority(agent, ticket, note, f"our Message-ID to {agent.id}, address proven")
        return Denied(agent, ticket, "nothing proves its sender", waives="proof", confirm=True)
    return None


def _by_tag(situation: Situation, agent: Agent) -> Authority | Denied | None:
    """Without a token an agent needs strict proof and the subject tag; a ticket's own participant is a customer."""
    clues, tickets = situation.clues, situation.tickets
    number = next((ours.token.ticket for ours in clues.own if ours.token.ticket in tickets), clues.tag)
    ticket = tickets.get(number) if number is not None else None
    if ticket is None or ticket.participant_at(situation.mail.author.spec):
        return None
    if clues.tag == ticket.number and situation.mail.proof.proven:
        return Authority(agent, ticket, False, f"subject tag of #{ticket.number}, address proven")
    if not clues.own:
        return None
    return Denied(agent, ticket, "it did not come to the signed address")


def _unproven(situation: Situation, agent: Agent, ticket: Ticket) -> Denied | None:
    desk, proof = situation.desk, situation.mail.proof
    if proof.proven or "proof" in situation.waived:
        return None
    because = f"nothing proves its sender ({proof.because})"
    match desk.trust_agents:
        case TrustAgents.TOKEN:
            return None
        case TrustAgents.STRICT:
            return Denied(agent, ticket, because)
        case TrustAgents.CONFIRM:
            return Denied(agent, ticket, because, waives="proof", confirm=True)
        case TrustAgents.AUTO:
            can_be_had = desk.authserv or agent.id in situation.proved
            return Denied(agent, ticket, because) if can_be_had else None
        case _:
            assert_never(desk.trust_agents)


def on_yes(situation: Situation) -> Decision:
    """A `#yes` to a question of ours: it does exactly what that mail asked, once."""
    token = situation.clues.token(Use.CONFIRM)
    question = situation.sent.get(token.ticket) if token else None
    asked = question.question if question else None
    if question is None or asked is None:
        return SetAside(("held: a confirmation that answers no question of ours",))
    agent = situation.desk.agent(asked.agent)
    if agent is None or situation.mail.author.key not in agent.addresses:
        return SetAside((f"held: the question of outbox mail {question.row} was put to somebody else",))
    words = read(situation.mail.new_text)
    if not any(command.name is Name.YES for command in words.commands):
        return SetAside((f"held: no #yes stands on the first line; the question was outbox mail {question.row}",))
    return Done((f"#yes of {agent.id} to outbox mail {question.row}: inbox mail {asked.inbox} goes on",), release=asked)


def _speak(situation: Situation, granted: Authority) -> Decision:
    mail = situation.mail
    if mail.ambiguous and "difference" not in situation.waived:
        because = "its plain text and its HTML begin with different words"
        return _hold(situation, Denied(granted.agent, granted.ticket, because, waives="difference"))
    words = read(mail.new_text)
    turn = Turn(granted.ticket, situation.desk, situation.now, granted.agent.name)
    turn.because.append(granted.because)
    turn.proved = granted.agent.id if mail.proof.proven else None
    turn.met = (mail.message_id,)
    if words.wrong:
        return refuse(turn, granted.agent, tuple(wrong.reason for wrong in words.wrong), words)
    plan = effects.plan(situation, granted.ticket, granted.agent, words, note=granted.note)
    match plan:
        case effects.Refused(reasons):
            return refuse(turn, granted.agent, reasons, words)
        case effects.Hold(because, waives) if waives not in situation.waived:
            return _hold(situation, Denied(granted.agent, granted.ticket, because, waives=waives))
        case _:
            return effects.carry_out(turn, situation, granted.agent, words, note=granted.note)


def refuse(turn: Turn, agent: Agent, reasons: tuple[str, ...], words: Words) -> Post:
    """Nothing runs and nothing goes to the customer; the agent hears why, and the text is kept."""
    turn.because.extend(f"refused: {reason}" for reason in reasons)
    turn.happened("refused", text="; ".join(reasons))
    turn.tell_agent(agent, Notice.REFUSED, Use.NOTE, auto=True, lines=reasons, kept_text=words.rest.strip())
    return turn.post()


def _hold(situation: Situation, denied: Denied) -> SetAside:
    """Keep the mail back, and tell the registered address, never the one that the mail claims to come from."""
    turn = Turn(denied.ticket, situation.desk, situation.now, denied.agent.name)
    turn.happened("held", text=denied.because)
    question = None
    if denied.waives:
        waives = tuple(sorted(situation.waived | {denied.waives}))
        question = Asked(situation.inbox, denied.agent.id, waives)
    turn.tell_agent(
        denied.agent,
        Notice.CONFIRM if denied.confirm else Notice.HELD,
        Use.NOTE,
        auto=True,
        lines=(denied.because,),
        kept_text=situation.mail.new_text if not denied.confirm else "",
        question=question,
    )
    return SetAside((f"held: {denied.because}",), turn.post())


def _revoke(situation: Situation, party: Party, agent: Agent, ticket: Ticket) -> SetAside:
    turn = Turn(ticket, situation.desk, situation.now, "desk")
    turn.renumber(party)
    author = situation.mail.author.spec or "an unknown sender"
    line = f"A mail from {author} came to your own address for #{ticket.number}. It is void now; this is a new one."
    turn.tell_agent(agent, Notice.HELD, Use.REPLY, auto=True, lines=(line,))
    return SetAside((f"held: it came from {author} to the address of {agent.id} for #{ticket.number}",), turn.post())
