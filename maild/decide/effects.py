"""What an agent's words do, once they have been judged: carried out as a whole (DESIGN 3.7)."""

from __future__ import annotations

from typing import assert_never

from maild import reasons
from maild.commands import Command, Name, Words
from maild.decide import away, delay
from maild.decide.assign import choose, people_of
from maild.decide.ladder import climb, next_rung
from maild.decide.moves import cover_if_away, tell_new_owner
from maild.decide.people import group, person, visible
from maild.decide.plan import door, public, says, text_of
from maild.decide.promises import keep_time
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Bulletin, Fresh, Notice, Post, leading
from maild.desk import Agent, Receipts
from maild.lines import Line, line
from maild.mail import Mail
from maild.promise import Clock
from maild.threading.masks import for_customers
from maild.ticket import Code, Entry, Priority, Reason, Role, Status, Ticket, Use, Voice
from maild.values import replace


def carry_out(
    turn: Turn, situation: Situation, agent: Agent, words: Words, *, note: bool, fresh: tuple[Fresh, ...] = ()
) -> Post:
    """Run every command in order, then say the text, then tell everybody what concerns them.

    `fresh` is the agent's new address where the one that this mail used is void.
    """
    mail = situation.mail
    to_all = public(words, note=note)
    spoke = says(words, mail)
    before = turn.ticket
    turn.party_of(agent)
    if to_all and spoke and turn.ticket.owner is None and _may_own(turn, agent):
        turn.owner(agent.id, reasons.took_up(agent))
    lines: list[Line] = []
    for command in sorted(words.commands, key=_order):
        lines.extend(_run(turn, situation, agent, command))
    if spoke:
        turn.say(_entry(situation, agent, turn, words, public=to_all))
    else:
        turn.ticket = replace(turn.ticket, updated_at=situation.now)
    if turn.ticket.status.active and not before.status.active and turn.ticket.owner == before.owner:
        cover_if_away(turn, situation.loads)  # it was quiet when the owner went, and is work again
    keep_time(turn, answered=spoke and to_all)
    # the successor's brief stands before the customer's mail, which waits for it
    _tell_owners(turn, before, agent)
    if spoke and to_all:
        _send(turn, before, mail, agent)
    else:
        _tell_effects(turn, before, agent)
    if spoke and not to_all:
        _tell_colleagues(turn, situation, agent)
    lines = [delay.as_it_stands(one, turn.ticket.promised_at) for one in lines]
    _receipt(turn, agent, lines, spoke=spoke, public=to_all, fresh=fresh)
    return turn.post()


def _order(command: Command) -> int:
    """A team brings an owner of its own choice, and one that is named beside it stands; absences see what is left."""
    return 0 if command.name is Name.TEAM else 2 if command.name is Name.AWAY else 1


def _run(turn: Turn, situation: Situation, agent: Agent, command: Command) -> tuple[Line, ...]:
    """Carry out one command that was judged; what the receipt says of it."""
    match command.name:
        case Name.AWAY:
            return _leave(turn, situation, agent, command)
        case Name.BACK:
            return _return(turn, situation, agent)
        case _:
            said = _change(turn, situation, agent, command)
            return (said,) if said is not None else ()


def _leave(turn: Turn, situation: Situation, agent: Agent, command: Command) -> tuple[Line, ...]:
    """Declare the agent's absence; this ticket counts as it is after the other commands."""
    others = (one for one in situation.absence_facts.owned if one.number != turn.ticket.number)
    mine = (turn.ticket,) if turn.ticket.owner == agent.id and turn.ticket.status.active else ()
    told = away.leave(situation, agent, command, (*others, *mine))
    turn.because.extend(told.because)
    turn.absences.extend(told.absences)
    return told.lines


def _return(turn: Turn, situation: Situation, agent: Agent) -> tuple[Line, ...]:
    """End the agent's absence; where the operator wants the agent to be asked about the tickets, this mail asks."""
    told = away.come_back(situation, agent)
    turn.because.extend(told.because)
    turn.absences.extend(told.absences)
    turn.bulletin = Bulletin((), timers=told.timers) if told.timers else None
    turn.question = told.question
    return told.lines


def _change(turn: Turn, situation: Situation, agent: Agent, command: Command) -> Line | None:
    """Carry out a command that is about this ticket, or answer one; what the receipt says of it."""
    match command.name:
        case Name.REPLY | Name.NOTE | Name.YES | Name.AWAY | Name.BACK:
            return None
        case Name.OPEN | Name.REOPEN:
            return _set_status(turn, Status.OPEN)
        case Name.PENDING:
            return _set_status(turn, Status.PENDING)
        case Name.HOLD:
            return _set_status(turn, Status.HOLD)
        case Name.SOLVED:
            return _set_status(turn, Status.SOLVED, command.text)
        case Name.ASSIGN | Name.TAKE | Name.RELEASE | Name.TEAM:
            return _move(turn, situation, agent, command)
        case Name.PRIORITY:
            turn.priority(Priority(command.words[0]))
            return line("priority_now", priority=command.words[0])
        case Name.TAG:
            turn.tags((*turn.ticket.tags, *command.words))
            return line("tags_now", tags=" ".join(turn.ticket.tags))
        case Name.UNTAG:
            turn.tags(tuple(tag for tag in turn.ticket.tags if tag not in command.words))
            return line("tags_now", tags=" ".join(turn.ticket.tags))
        case Name.SUBJECT:
            turn.subject(command.text[:300])
            return line("subject_now", subject=turn.ticket.subject)
        case Name.ACCEPT:
            return _accept(turn, situation)
        case Name.TEMPLATE:
            put = text_of(situation, turn.ticket, agent, command)
            return line("template_put", name=put.name, language=put.language) if put is not None else None
        case Name.DELAY | Name.SNOOZE:
            said, late = delay.put_off(turn, situation, agent, command)
            turn.late = late or turn.late
            rung = next_rung(turn, situation.loads)
            turn.above = rung.name if rung is not None and not situation.escalated else ""
            return said
        case Name.ESCALATE:
            return _escalate(turn, situation, agent, command)
        case Name.SHOW | Name.HISTORY | Name.LIST | Name.HELP:
            _show(turn, agent, command)
            return None
        case _:
            assert_never(command.name)


def _set_status(turn: Turn, status: Status, text: str = "") -> Line:
    turn.status(status, text)
    return line("status_now", status=status.value)


def _move(turn: Turn, situation: Situation, agent: Agent, command: Command) -> Line | None:
    """A new owner or team; the reason is told as a quotation of whoever gave it."""
    desk = situation.desk
    reason = Reason(Code.OTHER, for_customers(command.because, desk, turn.ticket.address), agent.name)
    match command.name:
        case Name.ASSIGN:
            found = person(desk, command.who)
            if found is not None:
                turn.owner(found.id, reason)
                return line("owns_now", who=found.name, number=turn.ticket.number)
            return None
        case Name.TAKE:
            taken = reason if command.because else reasons.took_up(agent)
            turn.owner(agent.id, taken)
            return line("yours_now", number=turn.ticket.number)
        case Name.RELEASE:
            turn.owner(None, reason)
            return line("back_with_team", number=turn.ticket.number)
        case _:
            team = group(desk, command.who)
            if team is None:
                return None
            if team.id == turn.ticket.team:
                return line("team_has_already", team=team.name, number=turn.ticket.number)
            turn.team(team.id, reason)
            turn.level(1)
            turn.change(ladder="")
            not_to = frozenset({turn.ticket.requester.key})
            chosen, _ = choose(desk, team, team.assign, situation.loads, not_to, situation.now)
            turn.owner(chosen.id if chosen else None, reason)
            if not turn.stays():
                turn.ticket = replace(turn.ticket, why=reason)
            who = chosen.name if chosen else ""
            return line("team_has_now", team=team.name, number=turn.ticket.number, who=who)


def _escalate(turn: Turn, situation: Situation, agent: Agent, command: Command) -> Line | None:
    rung = next_rung(turn, situation.loads, command.number)
    if rung is None:
        return None
    text = for_customers(command.because, situation.desk, turn.ticket.address)
    climb(turn, rung, Reason(Code.ESCALATION_LEVEL, text, agent.name))
    return line("owns_now", who=rung.name, number=turn.ticket.number)


def _accept(turn: Turn, situation: Situation) -> Line | None:
    """The stranger behind a linked ticket joins the one that they knocked at, and the linked one leads there."""
    old = door(situation, turn.ticket)
    if old is None:
        return None
    guest = turn.ticket.requester
    inner = Turn(old, turn.desk, turn.now, turn.who)
    inner.join(replace(guest, number=0, role=Role.CC, kept=True))
    turn.elsewhere.append((inner.ticket, tuple(inner.events)))
    turn.happened("merged", after=str(old.number))
    turn.status(Status.CLOSED, f"part of #{old.number}")
    turn.ticket = replace(turn.ticket, merged_into=old.number)
    return line("takes_part", who=guest.address, number=old.number)


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


def _send(turn: Turn, before: Ticket, mail: Mail, agent: Agent) -> None:
    """The agent's words to everybody on the customer's side, with what changed beside them, in one mail."""
    also = _changed(turn.ticket.status, before.status)
    also |= _dated(turn, before)
    moved = turn.moved()
    # an agent who takes part as a customer wrote these words, and needs no copy of them
    copied = agent.addresses | frozenset(address.key for address in (*mail.to, *mail.cc))
    turn.tell_customers(
        Notice.REPLY,
        auto=False,
        attachments=mail.attachments,
        skip=copied,
        also=frozenset(also),
        late=turn.late,
        above=turn.above,
    )
    if also:
        # whoever is in copy has the agent's words, and of what they change at most the line of the command
        others = frozenset(party.key for party in turn.ticket.participants) - copied
        skip, news = others | agent.addresses, frozenset(also) | moved
        turn.tell_customers(leading(news), auto=True, skip=skip, also=news, late=turn.late, above=turn.above)


def _changed(status: Status, was: Status) -> set[Notice]:
    """What is told of a status that concerns the customer."""
    if status is Status.SOLVED and was is not Status.SOLVED:
        return {Notice.SOLVED}
    if status is Status.PENDING and was is not Status.PENDING:
        return {Notice.WAITING}
    return {Notice.REOPENED} if status.active and not was.active else set()


def _dated(turn: Turn, before: Ticket) -> set[Notice]:
    """What is told beside everything else: a new date that an agent gave, and a step up the ladder."""
    found = set()
    if turn.late or any(one.clock is Clock.DELAY and not one.number for one in turn.ticket.promises):
        found.add(Notice.DELAYED)
    if turn.ticket.level > before.level and (turn.ticket.owner, turn.ticket.team) != (before.owner, before.team):
        found.add(Notice.ESCALATED)
    return found


def _tell_effects(turn: Turn, before: Ticket, agent: Agent) -> None:
    """What commands alone cause: the customer hears of a status that concerns them; a move waits for its window."""
    status, was = turn.ticket.status, before.status
    if turn.ticket.merged_into is not None:
        return
    news = frozenset(_dated(turn, before) | _changed(status, was))
    if news:
        mine = agent.addresses
        turn.tell_customers(leading(news), auto=True, skip=mine, also=news, late=turn.late, above=turn.above)
    elif turn.ticket.owner != before.owner or turn.ticket.team != before.team:
        turn.later_tell_move()


def _tell_colleagues(turn: Turn, situation: Situation, agent: Agent) -> None:
    """An internal word goes to the owner and to those who wrote notes before; where that is nobody, to the team."""
    desk, ticket = turn.desk, turn.ticket
    wrote = [entry.agent for entry in situation.entries.get(ticket.number, ()) if entry.voice is Voice.NOTE]
    named = [desk.agent(known_as) for known_as in dict.fromkeys((ticket.owner, *wrote)) if known_as != agent.id]
    people = [one for one in named if one and visible(desk, ticket, one)]
    for colleague in people or people_of(desk, None, ticket.team, turn.now):
        if colleague.id != agent.id and not _asks(ticket, colleague):
            turn.tell_agent(colleague, Notice.NOTE, Use.NOTE, entry=turn.entry, attachments=situation.mail.attachments)


def _asks(ticket: Ticket, agent: Agent) -> bool:
    """Whether this agent takes part as a customer: then nothing internal goes to them."""
    return any(party.key in agent.addresses for party in ticket.participants)


def _tell_owners(turn: Turn, before: Ticket, agent: Agent) -> None:
    """The new owner gets the work with all that was said; the one before hears that it moved."""
    if turn.ticket.owner == before.owner and turn.ticket.team == before.team:
        return
    people = people_of(turn.desk, turn.ticket.owner, turn.ticket.team, turn.now)
    for new in people:
        if new.id != agent.id and not _asks(turn.ticket, new):
            tell_new_owner(turn, new)
    old = turn.desk.agent(before.owner)
    if old is not None and old.id not in {agent.id, *(new.id for new in people)}:
        contact = turn.desk.contact(turn.ticket.owner, turn.ticket.team)
        why = reasons.words(turn.ticket.why) if turn.ticket.why else ""
        told = line("moved_on", who=contact, number=turn.ticket.number, why=(why,))
        turn.tell_agent(old, Notice.NOTE, Use.NOTE, lines=(told,))


def _receipt(
    turn: Turn, agent: Agent, lines: list[Line], *, spoke: bool, public: bool, fresh: tuple[Fresh, ...]
) -> None:
    asks = turn.question is not None
    answered = any(draft.to.agent == agent.id and draft.scope for draft in turn.drafts)
    match turn.desk.receipts:
        case Receipts.NEVER | Receipts.ERRORS:
            wanted = False
        case Receipts.COMMANDS:
            wanted = bool(lines)
        case Receipts.ALWAYS:
            wanted = bool(lines) or spoke or not answered
        case _:
            assert_never(turn.desk.receipts)
    if not wanted and not fresh and not asks:
        return
    if spoke and wanted:
        customer = turn.ticket.requester.name or turn.ticket.requester.address
        lines = [*lines, line("text_went_to", who=customer) if public else line("note_went_to_colleagues")]
    if fresh:
        lines = [*lines, line("own_address_void", number=turn.ticket.number)]
    notice = Notice.ABSENCE if asks else Notice.RECEIPT
    turn.tell_agent(agent, notice, Use.NOTE, auto=True, lines=tuple(lines), fresh=fresh, question=turn.question)


def _entry(situation: Situation, agent: Agent, turn: Turn, words: Words, *, public: bool) -> Entry:
    noted = "\n".join(c.text for c in words.commands if c.name is Name.NOTE and c.text)
    put = [text_of(situation, turn.ticket, agent, c) for c in words.commands if c.name is Name.TEMPLATE]
    parts = (noted if not public else "", *(one.text for one in put if one is not None), words.rest.strip())
    text = "\n\n".join(part for part in parts if part)
    mail = situation.mail
    return Entry(
        at=situation.received_at,
        author=agent.email,
        name=agent.name,
        voice=Voice.PUBLIC if public else Voice.NOTE,
        text=for_customers(text, situation.desk, turn.ticket.address) if public else text,
        message_id=mail.message_id,
        agent=agent.id,
        attachments=mail.attachments,
        inbox=situation.inbox,
    )


def _may_own(turn: Turn, agent: Agent) -> bool:
    """Whether a public reply makes this agent the owner: a member of the team, there, and no ticket of their own."""
    team = turn.desk.team_of(turn.ticket.team)
    if team is None or agent.id not in team.members or not turn.desk.there(agent, turn.now):
        return False
    return not agent.addresses & {turn.ticket.requester.key}
