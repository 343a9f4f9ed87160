"""A ticket leaves an owner who is away, and comes back (DESIGN part 1, promises 2 to 4)."""

from __future__ import annotations

from collections.abc import Sequence

from maild import reasons
from maild.absence import Absence, Leave
from maild.decide.assign import people_of
from maild.decide.cover import cover_of
from maild.decide.turn import Turn
from maild.decision import Draft, Loads, Notice
from maild.desk import Agent, Desk
from maild.lines import line
from maild.ticket import Code, Entry, Event, Origin, Party, Role, Status, Ticket, Use, Voice

AWAY = frozenset({Code.ABSENCE_PLANNED.value, Code.ABSENCE_UNPLANNED.value, Code.LEFT.value})
"""The codes of moves that an absence caused."""


def move(turn: Turn, absence: Absence | None, loads: Loads) -> None:
    """What an absence that has begun does to one ticket; nothing where the ticket has moved on meanwhile."""
    ticket = turn.ticket
    if absence is None or not absence.covers(turn.now):
        turn.because.append("the absence is over: nothing moves")
    elif ticket.owner != absence.agent:
        turn.because.append(f"{absence.agent} no longer owns it: nothing moves")
    elif not ticket.status.active:
        turn.because.append(f"it is {ticket.status}: it moves when somebody writes")
    else:
        hand_over(turn, absence, loads)


def hand_over(turn: Turn, absence: Absence, loads: Loads) -> None:
    """Give the ticket to the cover, brief the successor, and tell the customer once the settle window is over."""
    ticket, desk = turn.ticket, turn.desk
    gone = desk.agent(absence.agent)
    cover = cover_of(desk, ticket.team, frozenset({ticket.requester.key}), absence.agent, absence, loads, turn.now)
    name = (gone.name if gone else "") or absence.told or absence.agent
    turn.because.append(f"absence {absence.id} of {absence.agent}: {'; '.join(cover.because)}")
    reason = reasons.absent(name, absence)
    turn.owner(cover.owner.id if cover.owner else None, reason, Origin(absence=absence.id))
    brief(turn)
    if cover.nobody:
        _tell_admins(turn, name)
    turn.later_tell_move()


def cover_if_away(turn: Turn, loads: Loads) -> bool:
    """Where the owner is away, the ticket goes to the cover now: somebody has written on it."""
    desk = turn.desk
    owner = desk.agent(turn.ticket.owner)
    absence = desk.away(owner, turn.now) if owner is not None else None
    if absence is None:
        absence = next((one for one in desk.absences if one.agent == turn.ticket.owner and one.covers(turn.now)), None)
    if absence is None or not turn.ticket.status.active:
        return False
    hand_over(turn, absence, loads)
    return True


def brief(turn: Turn) -> None:
    """Brief whoever has the ticket now; the requester is never briefed on their own."""
    desk, ticket = turn.desk, turn.ticket
    for agent in people_of(desk, ticket.owner, ticket.team, turn.now):
        if ticket.requester.key not in agent.addresses:
            turn.tell_agent(agent, Notice.ASSIGNED, Use.REPLY)


def tell_new_owner(turn: Turn, agent: Agent) -> None:
    """Brief an agent who has the ticket now; an owner who keeps it hears which team has it, and why."""
    if not turn.stays():
        turn.tell_agent(agent, Notice.ASSIGNED, Use.REPLY)
        return
    why = next((reasons.words(one.why) for one in reversed(turn.events) if one.event == "team" and one.why), "")
    team = turn.desk.team_of(turn.ticket.team)
    name = team.name if team else turn.ticket.team
    told = line("team_moved", number=turn.ticket.number, team=name, why=(why,))
    turn.tell_agent(agent, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))


def come_back(turn: Turn, agent: Agent | None, history: Sequence[Event], entries: Sequence[Entry]) -> None:
    """Hand a ticket back to its owner of before, where the cover has not written on it."""
    ticket, desk = turn.ticket, turn.desk
    if agent is None or not desk.there(agent, turn.now):
        turn.because.append("its owner of before is not there: it stays")
        return
    against = against_return(ticket, agent.id, history, entries)
    if against:
        turn.because.append(f"it stays: {against}")
        return
    cover = desk.agent(ticket.owner)
    turn.because.append(f"{agent.id} is back")
    turn.owner(agent.id, reasons.back(agent.name), Origin(absence=_taken_by(agent.id, history)))
    turn.tell_agent(agent, Notice.ASSIGNED, Use.REPLY)
    if cover is not None:
        told = line("back_again", who=agent.name, number=ticket.number)
        turn.tell_agent(cover, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))
    turn.later_tell_move()


def against_return(ticket: Ticket, agent: str, history: Sequence[Event], entries: Sequence[Entry]) -> str:
    """Why the ticket is not handed back to this agent, "" where it is: only an untouched one goes back."""
    if ticket.status not in {Status.OPEN, Status.PENDING, Status.HOLD}:
        return f"it is {ticket.status}"
    moves = [event for event in history if event.event == "owner"]
    place = max((place for place, event in enumerate(moves) if event.before == agent), default=None)
    left = None if place is None else moves[place]
    if place is None or left is None or left.code not in AWAY:
        return f"no absence took it from {agent}"
    if ticket.owner == agent:
        return f"{agent} has it"
    if any(event.code not in AWAY for event in moves[place + 1 :]):
        return "it was given on by hand"
    if any(entry.agent and entry.voice is Voice.PUBLIC and entry.at >= left.at for entry in entries):
        return "its cover has written to the customer"
    return ""


def _taken_by(agent: str, history: Sequence[Event]) -> int | None:
    """The absence that took the ticket from this agent last."""
    taken = (event.origin for event in reversed(history) if event.event == "owner" and event.before == agent)
    return next((origin.absence for origin in taken if origin is not None), None)


def due_within(ticket: Ticket, absence: Absence) -> bool:
    """Whether even a short absence moves this ticket: something was promised for that time."""
    return ticket.promised_at is not None and (absence.until is None or ticket.promised_at < absence.until)


def is_short(desk: Desk, absence: Absence) -> bool:
    """Whether the absence is shorter than the operator lets move tickets; who has left or may not return is not."""
    if absence.leave is Leave.LEFT or absence.until is None:
        return False
    agent = desk.agent(absence.agent)
    zone = (agent.timezone if agent else None) or desk.timezone
    # by the clock on the wall: the day on which clocks go forward is a whole day, too
    first, last = (at.astimezone(zone).replace(tzinfo=None) for at in (absence.since, absence.until))
    return last - first < desk.absence.min


def _tell_admins(turn: Turn, name: str) -> None:
    """Nobody is there to take it: the addresses of the admins hear of it, as the last ones who can do something."""
    told = frozenset(spec for agent in turn.desk.agents for spec in agent.addresses)
    told_line = line("nobody_there", who=name, number=turn.ticket.number)
    for spec in turn.desk.admins:
        if spec.lower() not in told:
            turn.drafts.append(
                Draft(
                    Party(0, spec, role=Role.AGENT),
                    frozenset({Notice.WARNING}),
                    Use.NOTE,
                    auto=True,
                    lines=(told_line,),
                )
            )
