"""What absences in their new state will do to open tickets: told before the file is taken, and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from maild.absence import Absence, Leave, Stage
from maild.decide.absence import REMOVED, zone_of
from maild.decide.cover import cover_of
from maild.decide.moves import due_within, is_short
from maild.decision import Draft, Loads, Notice
from maild.desk import Agent, Desk
from maild.lines import Line, line
from maild.ticket import Party, Role, Ticket, Use
from maild.values import replace


class Change(StrEnum):
    """What becomes of an absence."""

    NEW = "new"
    CHANGED = "changed"
    OVER = "over"
    WITHDRAWN = "withdrawn"
    PLANNED = "planned"  # nothing new: its start is still to come


@dataclass(frozen=True, slots=True)
class Outcome:
    """One absence, what becomes of it, and how many open tickets go to whom at its start: names and numbers.

    `waiting` are those for which nobody is there; `short` says that it moves only what is due; `at` is when they move.
    """

    absence: Absence
    change: Change
    at: datetime
    moves: tuple[tuple[str, int], ...] = ()
    waiting: int = 0
    short: bool = False

    @property
    def moving(self) -> int:
        return self.waiting + sum(number for _, number in self.moves)

    @property
    def leaves(self) -> bool:
        """Whether somebody leaves with it."""
        return self.absence.leave is Leave.LEFT and self.absence.stage is Stage.SET


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who is new, whose address is another one, and what becomes of each absence, in the order of their starts."""

    new: tuple[Agent, ...] = ()
    moved_house: tuple[Agent, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    now: datetime | None = None

    @property
    def moves_now(self) -> bool:
        """Whether somebody has left, or tickets move, at this very moment."""
        return any(one.at == self.now and (one.moving or one.leaves) for one in self.outcomes)


@dataclass(slots=True)
class _Board:
    """Who has which ticket while the absences begin one after the other, and how much everybody carries."""

    desk: Desk
    tickets: Sequence[Ticket]
    owners: dict[int, str]
    open: dict[str, int]
    last: Mapping[str, str]
    names: dict[str, str] = field(default_factory=dict)


def preview(
    fresh: Sequence[Absence],
    desk: Desk,
    living: Sequence[Absence],
    tickets: Sequence[Ticket],
    loads: Loads,
    now: datetime,
    *,
    until: datetime | None = None,
) -> tuple[Outcome, ...]:
    """What follows from absences in their new state; `living` are those that were not over before.

    `tickets` are the active ones that have an owner. With `until`, what was planned before and begins by then is told
    too. Tickets are counted as they stand: who writes or answers meanwhile changes the numbers.
    """
    before = {one.id: one for one in living}
    after = before | {one.id: one for one in fresh}
    stands = tuple(one for one in after.values() if one.stage.stands)
    board = _Board(
        replace(desk, absences=stands),
        sorted(tickets, key=lambda one: one.number),
        {one.number: one.owner for one in tickets if one.owner},
        dict(loads.open),
        loads.last,
    )
    outcomes: list[Outcome] = []
    for one in sorted(after.values(), key=lambda one: (one.look_at or one.since, one.id)):
        change = _change(one, before.get(one.id), now)
        begins = one.stage is Stage.SET
        if change is Change.PLANNED and (not begins or until is None or one.since > until):
            change = None
        outcome = _begin(board, one, change or Change.PLANNED, now) if begins else None
        if change is not None:
            outcomes.append(outcome or Outcome(one, change, now))
    return tuple(outcomes)


def _change(one: Absence, before: Absence | None, now: datetime) -> Change | None:
    """What becomes of an absence, None where nothing does."""
    if before is None:
        return Change.NEW
    if one == before:
        return Change.PLANNED
    if one.stage is Stage.WITHDRAWN:
        return Change.WITHDRAWN
    return Change.CHANGED if one.covers(now) or one.since > now else Change.OVER


def _begin(board: _Board, one: Absence, change: Change, now: datetime) -> Outcome:
    """The start of an absence, played on the board: each ticket goes to its cover, and counts for that one."""
    at = max(one.since, now)
    if one.until is not None and one.until <= at:
        return Outcome(one, change, at)
    short = is_short(board.desk, one)
    given: dict[str, int] = {}
    waiting = 0
    for ticket in board.tickets:
        if board.owners.get(ticket.number) != one.agent or (short and not due_within(ticket, one)):
            continue
        loads, not_to = Loads(board.open, dict(board.last)), frozenset({ticket.requester.key})
        cover = cover_of(board.desk, ticket.team, not_to, one.agent, one, loads, at)
        board.open[one.agent] = board.open.get(one.agent, 1) - 1
        if cover.owner is None:
            del board.owners[ticket.number]
        else:
            board.owners[ticket.number] = cover.owner.id
            board.open[cover.owner.id] = board.open.get(cover.owner.id, 0) + 1
        waiting += cover.nobody
        if not cover.nobody:
            team = board.desk.team_of(ticket.team)
            name = cover.owner.name if cover.owner else team.name if team else ticket.team
            given[name] = given.get(name, 0) + 1
    return Outcome(one, change, at, tuple(given.items()), waiting, short)


# --- in words -------------------------------------------------------------------------------------------------------


def told(outlook: Outlook, desk: Desk) -> tuple[Line, ...]:
    """The same in lines, one for each person or absence."""
    welcome = "yes" if desk.subaddress else ""
    return (
        *(line("roll_new", who=one.name, welcome=welcome) for one in outlook.new),
        *(line("roll_address", who=one.name, address=one.email) for one in outlook.moved_house),
        *(told_of(one, desk) for one in outlook.outcomes if not _ends_for_good(one, outlook.outcomes)),
    )


def _ends_for_good(outcome: Outcome, outcomes: Sequence[Outcome]) -> bool:
    """Whether an absence ends or falls away because its agent was taken out of the file: nobody comes back by it."""
    over = outcome.change in {Change.OVER, Change.WITHDRAWN}
    removed = {one.absence.agent for one in outcomes if one.leaves and one.absence.key == REMOVED}
    return over and outcome.absence.agent in removed


def told_of(outcome: Outcome, desk: Desk) -> Line:
    """What becomes of one absence, and where its tickets go."""
    return line("joined", words=(_absence(outcome, desk), *where_to(outcome)))


def told_of_word(outcomes: Sequence[Outcome], desk: Desk) -> tuple[Line, ...]:
    """What an admin's word does, for the admin: what is new and what it replaces, or what is over."""
    changed = [one for one in outcomes if one.change is not Change.PLANNED]
    new = [one for one in changed if one.change is Change.NEW]
    if not new:
        return tuple(told_of(one, desk) for one in changed)
    replaced = [
        _replaced(one.absence, desk) for one in changed if one not in new and one.absence.leave is not Leave.LEFT
    ]
    return (*(told_of(one, desk) for one in new), *replaced)


def _replaced(one: Absence, desk: Desk) -> Line:
    first = one.since.astimezone(zone_of(desk.agent(one.agent), desk)).date()
    return line("roll_replaced", first=first, last=one.last_day)


def _absence(outcome: Outcome, desk: Desk) -> Line:
    one = outcome.absence
    agent = desk.agent(one.agent)
    name = (agent.name if agent else "") or one.told or one.agent
    first = one.since.astimezone(zone_of(agent, desk)).date()
    match outcome.change:
        case Change.OVER:
            return line("roll_over", who=name)
        case Change.WITHDRAWN if one.leave is Leave.LEFT:
            return line("roll_stays", who=name)
        case Change.WITHDRAWN:
            return line("roll_withdrawn", who=name, first=first, last=one.last_day)
        case _ if one.key == REMOVED:
            return line("roll_gone", who=name)
        case _ if one.leave is Leave.LEFT:
            return line("roll_left", who=name, last=first - timedelta(days=1))
        case _:
            return line("roll_away", who=name, first=first, last=one.last_day)


def where_to(outcome: Outcome) -> Iterator[Line]:
    """Where the tickets of an absence that is still to begin go."""
    if outcome.absence.stage is not Stage.SET:
        return
    for name, number in outcome.moves:
        yield line("goes_to", number=number, who=name)
    if outcome.waiting:
        yield line("waits_for_team", number=outcome.waiting)
    if outcome.short:
        yield line("short_absence")
    elif not outcome.moving:
        yield line("moving", number=0, who="")


def tell_admins(outlook: Outlook, desk: Desk) -> tuple[Draft, ...]:
    """One mail to each admin after a change of the file that moved people: what moved, and to whom."""
    if not outlook.moves_now:
        return ()
    lines = (line("roll_taken"), *told(outlook, desk))
    agents = (agent.email for agent in desk.agents if agent.admin)
    return tuple(
        Draft(Party(0, spec, role=Role.AGENT), frozenset({Notice.ABSENCE}), Use.NOTE, auto=True, lines=lines)
        for spec in dict.fromkeys((*desk.admins, *agents))
    )
