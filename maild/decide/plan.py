"""Judge an agent's commands and text as a whole, before anything happens (DESIGN 3.7)."""

from __future__ import annotations

from dataclasses import dataclass

from maild.canned import Canned
from maild.commands import Command, Name, Words
from maild.decide import away, delay, prepared
from maild.decide.cover import cover_of
from maild.decide.holds import Hold, leak, stale
from maild.decide.ladder import next_rung, rungs_of
from maild.decide.people import active, group, person, unknown_agent, unknown_canned, unknown_team, visible
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.desk import Agent
from maild.lines import Line, line
from maild.mail import Mail
from maild.ticket import Ticket
from maild.values import replace


@dataclass(frozen=True, slots=True)
class Refused:
    """One command cannot be carried out, so none is."""

    reasons: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything may run."""


def plan(situation: Situation, ticket: Ticket, agent: Agent, words: Words, *, note: bool) -> Ready | Refused | Hold:
    """Judge all commands and the text before anything happens."""
    returns = any(command.name is Name.BACK for command in words.commands)
    reasons = [
        reason
        for command in words.commands
        if (
            reason := _against(situation, ticket, agent, command)
            or _absent(situation, ticket, agent, command, returns=returns)
        )
    ]
    if reasons:
        return Refused(tuple(reasons))
    if not public(words, note=note) or not says(words, situation.mail):
        return Ready()
    overtaken = stale(situation, ticket, agent) if "stale" not in situation.waived else None
    internal = leak(situation, ticket, words) if "leak" not in situation.waived else None
    return overtaken or internal or Ready()


def without_commands(words: Words) -> Words:
    """The text alone; of the commands only those stand that say whether it is for the customer."""
    voice = tuple(replace(c, text="") for c in words.commands if c.name in {Name.REPLY, Name.NOTE})
    return Words(voice, words.rest, ())


def public(words: Words, *, note: bool) -> bool:
    """Whether the text is for the customer."""
    names = {command.name for command in words.commands}
    return Name.REPLY in names or (Name.NOTE not in names and not note)


def says(words: Words, mail: Mail) -> bool:
    """Whether there is any text, or a file, beside the commands; a canned answer is text."""
    noted = any(
        command.name is Name.TEMPLATE or (command.name is Name.NOTE and command.text) for command in words.commands
    )
    return bool(words.rest.strip() or noted or any(not one.inline for one in mail.attachments))


def _against(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> Line | None:
    """Why this command cannot run, None where it can."""
    desk = situation.desk
    match command.name:
        case Name.ASSIGN:
            found = person(desk, command.who)
            if found is None:
                return unknown_agent(desk, command.who)
            if not active(found, desk, situation.now):
                return line("works_here_no_longer", who=found.name)
            if found.addresses & {ticket.requester.key}:
                return line("asked_it", who=found.name, number=ticket.number)
        case Name.TAKE:
            if agent.addresses & {ticket.requester.key}:
                return line("you_asked_it", number=ticket.number)
            if ticket.owner not in {None, agent.id} and not command.because:
                owner = desk.contact(ticket.owner, ticket.team)
                return line("owned_say_why", who=owner, number=ticket.number)
        case Name.TEAM:
            if group(desk, command.who) is None:
                return unknown_team(desk, command.who)
        case Name.TEMPLATE:
            if text_of(situation, ticket, agent, command) is None:
                return unknown_canned(desk, command.words[0])
        case Name.SHOW | Name.HISTORY:
            number = command.number or ticket.number
            seen = situation.tickets.get(number)
            if seen is None or not visible(desk, seen, agent):
                return line("no_ticket", number=number)
        case Name.ACCEPT:
            if not door(situation, ticket):
                return line("nobody_waits_to_join", number=ticket.number)
        case Name.REOPEN:
            if ticket.status.active:
                return line("nothing_to_reopen", number=ticket.number, status=ticket.status.value)
        case Name.AWAY | Name.BACK:
            return away.against(situation, agent, command)
        case Name.DELAY | Name.SNOOZE:
            return delay.against(situation, ticket, agent, command)
        case Name.ESCALATE:
            return _no_rung(situation, ticket, agent, command)
        case Name.YES:
            return line("no_question")
        case _:
            pass
    return None


def text_of(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> Canned | None:
    """The canned answer that a command names, in the ticket's language where there is one, with its facts filled in."""
    return prepared.of_agent(situation.desk, ticket, command.words[0], agent)


def _no_rung(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> Line | None:
    if not ticket.status.active:
        return line("no_date_for_solved", number=ticket.number, word=command.name.value)
    turn = Turn(ticket, situation.desk, situation.now, agent.name)
    if next_rung(turn, situation.loads, command.number) is not None:
        return None
    known = ", ".join(rungs_of(situation.desk, ticket))
    return line("no_rung", number=ticket.number, level=command.number or 0, known=known)


def _absent(situation: Situation, ticket: Ticket, agent: Agent, command: Command, *, returns: bool) -> Line | None:
    """Why the new owner that the command names cannot have the ticket now: somebody who is away gets no new work."""
    desk, now = situation.desk, situation.now
    named = agent if command.name is Name.TAKE else person(desk, command.who) if command.name is Name.ASSIGN else None
    absence = desk.away(named, now)
    if named is None or absence is None or named.id == ticket.owner:
        return None
    if named.id == agent.id:
        return None if returns else line("take_away", until=absence.last_day)
    cover = cover_of(
        desk, ticket.team, frozenset({ticket.requester.key}), named.id, absence, situation.loads, now
    ).owner
    covers = cover.name if cover is not None else ""
    owned = int(cover is not None and cover.id == ticket.owner)
    return line("assign_away", who=named.name, until=absence.last_day, cover=covers, owned=owned)


def door(situation: Situation, ticket: Ticket) -> Ticket | None:
    """The ticket at whose door a stranger's ticket stands."""
    if ticket.merged_into is not None or len(ticket.links) != 1:
        return None
    other = situation.tickets.get(ticket.links[0])
    if other is None or other.number >= ticket.number or other.participant_at(ticket.requester.address):
        return None
    return other
