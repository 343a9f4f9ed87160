"""What an agent's words do: checked as a whole first, then carried out as a whole (DESIGN 3.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import assert_never

from maild.commands import Command, Name, Words
from maild.decide.assign import choose, people_of
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Notice, Post
from maild.desk import Agent, Desk, Receipts, Team
from maild.mail import Attachment, Mail
from maild.ticket import Code, Entry, Priority, Reason, Role, Status, Ticket, Use, Voice

_TOKEN_ADDRESS = re.compile(r"\+[a-z2-7]{24}(?:[a-z2-7]{16})?@", re.IGNORECASE)
_TOKEN_BYTES = re.compile(rb"\+[a-z2-7]{40}@", re.IGNORECASE)
_QUOTED_AT_LEAST = 40


@dataclass(frozen=True, slots=True)
class Refused:
    """One command cannot be carried out, so none is."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """The mail would do harm as it is: a person looks first; `waives` is what their `#yes` sets aside."""

    because: str
    waives: str


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything may run."""


def plan(situation: Situation, ticket: Ticket, agent: Agent, words: Words, *, note: bool) -> Ready | Refused | Hold:
    """Judge all commands and the text before anything happens."""
    reasons = [reason for command in words.commands if (reason := _against(situation, ticket, agent, command))]
    if reasons:
        return Refused(tuple(reasons))
    if not _public(words, note=note) or not _says(words, situation.mail):
        return Ready()
    stale = _stale(situation, ticket, agent)
    if stale and "stale" not in situation.waived:
        return Hold(stale, "stale")
    leak = _leak(situation, ticket, words)
    if leak and "leak" not in situation.waived:
        return Hold(leak, "leak")
    return Ready()


def carry_out(turn: Turn, situation: Situation, agent: Agent, words: Words, *, note: bool) -> Post:
    """Run every command in order, then say the text, then tell everybody what concerns them."""
    mail, desk = situation.mail, situation.desk
    public = _public(words, note=note)
    says = _says(words, mail)
    before = turn.ticket
    turn.party_of(agent)
    if public and says and turn.ticket.owner is None and _member(desk, turn.ticket.team, agent):
        turn.owner(agent.id, Reason(Code.ROUTING, f"{agent.short} took up your request."))
    lines = [_run(turn, situation, agent, command) for command in words.commands]
    if says:
        turn.say(_entry(situation, agent, turn, words, public=public))
    else:
        turn.ticket = replace(turn.ticket, updated_at=situation.now)
    if says and public:
        _send(turn, before, mail)
    else:
        _tell_effects(turn, before)
    if says and not public:
        _tell_colleagues(turn, agent, mail)
    _tell_owners(turn, before, agent)
    _receipt(turn, agent, [line for line in lines if line], says=says, public=public)
    return turn.post()


def _public(words: Words, *, note: bool) -> bool:
    names = {command.name for command in words.commands}
    return Name.REPLY in names or (Name.NOTE not in names and not note)


def _says(words: Words, mail: Mail) -> bool:
    noted = any(command.name is Name.NOTE and command.text for command in words.commands)
    return bool(words.rest.strip() or noted or any(not one.inline for one in mail.attachments))


def _against(situation: Situation, ticket: Ticket, agent: Agent, command: Command) -> str:
    """Why this command cannot run, "" where it can."""
    desk = situation.desk
    match command.name:
        case Name.ASSIGN:
            found = person(desk, command.who)
            if found is None:
                return _unknown("agent", command.who, [one.id for one in desk.agents])
            if found.addresses & {ticket.requester.key}:
                return f"{found.name} asked in #{ticket.number}: nobody is assigned a ticket of their own."
        case Name.TAKE:
            if agent.addresses & {ticket.requester.key}:
                return f"You asked in #{ticket.number}: nobody is assigned a ticket of their own."
            if ticket.owner not in {None, agent.id} and not command.because:
                owner = desk.contact(ticket.owner, ticket.team)
                return f'{owner} owns #{ticket.number}: say why you take it, as in "#take because …".'
        case Name.TEAM:
            if group(desk, command.who) is None:
                return _unknown("team", command.who, [one.id for one in desk.teams])
        case Name.SHOW | Name.HISTORY:
            number = command.number or ticket.number
            seen = situation.tickets.get(number)
            if seen is None or not visible(desk, seen, agent):
                return f"There is no ticket #{number} that you may see."
        case Name.ACCEPT:
            if not _door(situation, ticket):
                return f"Nobody waits to join through #{ticket.number}."
        case Name.REOPEN:
            if ticket.status.active:
                return f"#{ticket.number} is {ticket.status}: there is nothing to open again."
        case Name.YES:
            return "There is no question that this #yes could answer."
        case _:
            pass
    return ""


def _run(turn: Turn, situation: Situation, agent: Agent, command: Command) -> str:
    """Carry out one command that was judged; what the receipt says of it, "" where nothing."""
    match command.name:
        case Name.REPLY | Name.NOTE | Name.YES:
            return ""
        case Name.OPEN | Name.REOPEN:
            turn.status(Status.OPEN)
            return "Status: open."
        case Name.PENDING:
            turn.status(Status.PENDING)
            return "Status: waiting for the customer."
        case Name.HOLD:
            turn.status(Status.HOLD)
            return "Status: on hold."
        case Name.SOLVED:
            turn.status(Status.SOLVED, command.text)
            return "Status: solved."
        case Name.ASSIGN | Name.TAKE | Name.RELEASE | Name.TEAM:
            return _move(turn, situation, agent, command)
        case Name.PRIORITY:
            turn.priority(Priority(command.words[0]))
            return f"Priority: {command.words[0]}."
        case Name.TAG:
            turn.tags((*turn.ticket.tags, *command.words))
            return f"Tags: {' '.join(turn.ticket.tags)}."
        case Name.UNTAG:
            turn.tags(tuple(tag for tag in turn.ticket.tags if tag not in command.words))
            return f"Tags: {' '.join(turn.ticket.tags) or 'none'}."
        case Name.SUBJECT:
            turn.subject(command.text[:300])
            return f"Subject, for colleagues: {turn.ticket.subject}."
        case Name.ACCEPT:
            return _accept(turn, situation)
        case Name.SHOW | Name.HISTORY | Name.LIST | Name.HELP:
            _show(turn, agent, command)
            return ""
        case _:
            assert_never(command.name)


def _move(turn: Turn, situation: Situation, agent: Agent, command: Command) -> str:
    """A new owner or team; the reason is told as a quotation of whoever gave it."""
    desk = situation.desk
    reason = Reason(Code.OTHER, command.because, agent.name)
    match command.name:
        case Name.ASSIGN:
            found = person(desk, command.who)
            if found is not None:
                turn.owner(found.id, reason)
                return f"{found.name} owns #{turn.ticket.number} now."
            return ""
        case Name.TAKE:
            taken = reason if command.because else Reason(Code.ROUTING, f"{agent.short} took up your request.")
            turn.owner(agent.id, taken)
            return f"#{turn.ticket.number} is yours."
        case Name.RELEASE:
            turn.owner(None, reason)
            return f"#{turn.ticket.number} is back with the team."
        case _:
            team = group(desk, command.who)
            if team is None:
                return ""
            turn.team(team.id, reason)
            not_to = frozenset({turn.ticket.requester.key})
            chosen, _ = choose(desk, team, team.assign, situation.loads, not_to)
            turn.owner(chosen.id if chosen else None, reason)
            turn.ticket = replace(turn.ticket, why=reason)
            return f"{team.name} has #{turn.ticket.number} now" + (f", with {chosen.name}." if chosen else ".")


def _accept(turn: Turn, situation: Situation) -> str:
    """The stranger behind a linked ticket joins the one that they knocked at, and the linked one leads there."""
    old = _door(situation, turn.ticket)
    if old is None:
        return ""
    guest = turn.ticket.requester
    inner = Turn(old, turn.desk, turn.now, turn.who)
    inner.join(replace(guest, number=0, role=Role.CC, kept=True))
    turn.elsewhere.append((inner.ticket, tuple(inner.events)))
    turn.happened("merged", after=str(old.number))
    turn.status(Status.CLOSED, f"part of #{old.number}")
    turn.ticket = replace(turn.ticket, merged_into=old.number)
    return f"{guest.address} takes part in #{old.number} from now on."


def _door(situation: Situation, ticket: Ticket) -> Ticket | None:
    """The ticket at whose door a stranger's ticket stands."""
    if ticket.merged_into is not None or len(ticket.links) != 1:
        return None
    other = situation.tickets.get(ticket.links[0])
    if other is None or other.number >= ticket.number or other.participant_at(ticket.requester.address):
        return None
    return other


def _show(turn: Turn, agent: Agent, command: Command) -> None:
    match command.name:
        case Name.LIST:
            which = command.words[0] if command.words else "mine"
            scope = f"team:{turn.ticket.team}" if which == "team" else f"{which}:{agent.id}"
            turn.tell_agent(agent, Notice.LIST, Use.NOTE, auto=True, scope=scope)
        case Name.HELP:
            turn.tell_agent(agent, Notice.HELP, Use.NOTE, auto=True, scope="help")
        case _:
            notice = Notice.SHOW if command.name is Name.SHOW else Notice.HISTORY
            number = command.number or turn.ticket.number
            turn.tell_agent(agent, notice, Use.NOTE, auto=True, about=number, scope=notice.value)


def _send(turn: Turn, before: Ticket, mail: Mail) -> None:
    """The agent's words to everybody on the customer's side, with what changed beside them, in one mail."""
    also = set()
    status = turn.ticket.status
    if status is Status.SOLVED and before.status is not Status.SOLVED:
        also.add(Notice.SOLVED)
    elif status is Status.PENDING and before.status is not Status.PENDING:
        also.add(Notice.WAITING)
    elif status.active and not before.status.active:
        also.add(Notice.REOPENED)
    copied = frozenset(address.key for address in (*mail.to, *mail.cc))
    turn.tell_customers(Notice.REPLY, auto=False, attachments=mail.attachments, skip=copied, also=frozenset(also))


def _tell_effects(turn: Turn, before: Ticket) -> None:
    """What commands alone cause: the customer hears of a status that concerns them; a move waits for its window."""
    status, was = turn.ticket.status, before.status
    if turn.ticket.merged_into is not None:
        return
    if status is Status.SOLVED and was is not Status.SOLVED:
        turn.tell_customers(Notice.SOLVED, auto=True)
    elif status is Status.PENDING and was is not Status.PENDING:
        turn.tell_customers(Notice.WAITING, auto=True)
    elif status.active and not was.active:
        turn.tell_customers(Notice.REOPENED, auto=True)
    elif turn.ticket.owner != before.owner or turn.ticket.team != before.team:
        turn.later_tell_move()


def _tell_colleagues(turn: Turn, agent: Agent, mail: Mail) -> None:
    """An internal word goes to the owner, and to the team where the owner wrote it or there is none."""
    owner = turn.desk.agent(turn.ticket.owner)
    people = [owner] if owner and owner.id != agent.id else list(people_of(turn.desk, None, turn.ticket.team))
    for person_ in people:
        if person_.id != agent.id:
            turn.tell_agent(person_, Notice.NOTE, Use.NOTE, entry=turn.entry, attachments=mail.attachments)


def _tell_owners(turn: Turn, before: Ticket, agent: Agent) -> None:
    """The new owner gets the work with all that was said; the one before hears that it moved."""
    if turn.ticket.owner == before.owner and turn.ticket.team == before.team:
        return
    people = people_of(turn.desk, turn.ticket.owner, turn.ticket.team)
    for new in people:
        if new.id != agent.id:
            turn.tell_agent(new, Notice.ASSIGNED, Use.REPLY)
    old = turn.desk.agent(before.owner)
    if old is not None and old.id not in {agent.id, *(new.id for new in people)}:
        contact = turn.desk.contact(turn.ticket.owner, turn.ticket.team)
        why = turn.ticket.why.text if turn.ticket.why else ""
        turn.tell_agent(
            old, Notice.NOTE, Use.NOTE, auto=True, lines=(f"{contact} has #{turn.ticket.number} now: {why}",)
        )


def _receipt(turn: Turn, agent: Agent, lines: list[str], *, says: bool, public: bool) -> None:
    answered = any(draft.to.agent == agent.id and draft.scope for draft in turn.drafts)
    match turn.desk.receipts:
        case Receipts.NEVER | Receipts.ERRORS:
            return
        case Receipts.COMMANDS:
            wanted = bool(lines)
        case Receipts.ALWAYS:
            wanted = bool(lines) or says or not answered
        case _:
            assert_never(turn.desk.receipts)
    if not wanted:
        return
    if says:
        customer = turn.ticket.requester.name or turn.ticket.requester.address
        lines = [*lines, f"Your text went to {customer}." if public else "Your note went to colleagues only."]
    turn.tell_agent(agent, Notice.RECEIPT, Use.NOTE, auto=True, lines=tuple(lines))


def _entry(situation: Situation, agent: Agent, turn: Turn, words: Words, *, public: bool) -> Entry:
    noted = "\n".join(c.text for c in words.commands if c.name is Name.NOTE and c.text)
    text = "\n\n".join(part for part in (noted if not public else "", words.rest.strip()) if part)
    mail = situation.mail
    return Entry(
        at=situation.received_at,
        author=agent.email,
        name=agent.name,
        voice=Voice.PUBLIC if public else Voice.NOTE,
        text=mask(text, situation.desk, turn.ticket.address) if public else text,
        message_id=mail.message_id,
        agent=agent.id,
        attachments=mail.attachments,
        inbox=situation.inbox,
    )


def mask(text: str, desk: Desk, address: str) -> str:
    """Public words without an agent's own address and without a signed one: the desk's address stands in for them."""
    text = _TOKEN_ADDRESS.sub("@", text)
    for agent in desk.agents:
        for spec in agent.addresses:
            if spec in text.lower():
                text = re.sub(re.escape(spec), address, text, flags=re.IGNORECASE)
    return text


def _stale(situation: Situation, ticket: Ticket, agent: Agent) -> str:
    """What happened since the notice that this reply answers, "" where nothing that matters did."""
    rows = [situation.sent[ours.row] for ours in situation.clues.own if ours.row in situation.sent]
    answered = next((row for row in rows if row.ticket == ticket.number), None)
    if answered is None:
        return ""
    since = answered.created_at
    for entry in situation.entries.get(ticket.number, ()):
        if entry.at > since and entry.voice is Voice.PUBLIC and entry.agent != agent.id:
            return f"{entry.name or entry.author} wrote since the mail that you answered."
    for event in situation.history.get(ticket.number, ()):
        if (
            event.event == "owner"
            and event.at > since
            and event.after not in {"", agent.id}
            and event.who != agent.name
        ):
            return (
                f"{situation.desk.contact(event.after, ticket.team)} took the ticket since the mail that you answered."
            )
    return ""


def _leak(situation: Situation, ticket: Ticket, words: Words) -> str:
    """What of the mail is not for a customer's eyes, as far as it can be told."""
    text = " ".join(words.rest.split()).lower()
    for entry in situation.entries.get(ticket.number, ()):
        if entry.voice is not Voice.NOTE:
            continue
        for line in entry.text.splitlines():
            said = " ".join(line.split()).lower()
            if len(said) >= _QUOTED_AT_LEAST and said in text:
                return f"It quotes an internal note of {entry.name}."
    for attachment in situation.mail.attachments:
        if _holds_token(attachment):
            return f'The attachment "{attachment.name}" holds a signed address that is not for customers.'
    return ""


def _holds_token(attachment: Attachment) -> bool:
    return bool(_TOKEN_BYTES.search(attachment.content))


def _member(desk: Desk, team: str, agent: Agent) -> bool:
    found = desk.team_of(team)
    return found is not None and agent.id in found.members


def person(desk: Desk, who: str) -> Agent | None:
    """The agent whom somebody means by an id, a name or an address, each whole; a first name where only one has it."""
    key = who.casefold().strip().lstrip("@")
    for agent in desk.agents:
        if key in {agent.id.casefold(), agent.name.casefold(), *agent.addresses}:
            return agent
    short = [agent for agent in desk.agents if key in {agent.short.casefold(), agent.name.casefold().split()[0]}]
    return short[0] if len(short) == 1 else None


def group(desk: Desk, which: str) -> Team | None:
    """The team that somebody means by its id or its name."""
    key = which.casefold().strip()
    return next((team for team in desk.teams if key in {team.id.casefold(), team.name.casefold()}), None)


def visible(desk: Desk, ticket: Ticket, agent: Agent) -> bool:
    """Whether an agent may see a ticket: those of private teams only their members, their lead and admins."""
    team = desk.team_of(ticket.team)
    if team is None or not team.private:
        return True
    return agent.admin or agent.id in {*team.members, team.lead} or ticket.owner == agent.id


def _unknown(what: str, name: str, known: list[str]) -> str:
    close = get_close_matches(name.lower(), [one.lower() for one in known], n=1, cutoff=0.5)
    hint = f' Did you mean "{close[0]}"?' if close else f" Known: {', '.join(known)}."
    return f'There is no {what} "{name}".{hint}'
