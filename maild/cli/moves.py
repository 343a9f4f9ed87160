"""How a ticket moved: what made it move, and who heard of it, by which mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from maild.cli import screen
from maild.cli.absent import known_from, span

if TYPE_CHECKING:
    from maild.absence import Absence
    from maild.decide.trail import Contact, Moved
    from maild.desk import Desk
    from maild.store.engine import Tx
    from maild.store.outbox import Queued


@dataclass(frozen=True, slots=True)
class Trail:
    """Moves of one ticket, with the mails and the absences that they name."""

    ticket: int
    moves: tuple[Moved, ...]
    mails: Mapping[int, Queued] = field(default_factory=dict)
    absences: Mapping[int, Absence] = field(default_factory=dict)


def trail_of(tx: Tx, ticket: int, wanted: Callable[[Moved], bool] = lambda _: True) -> Trail:
    """The moves of a ticket, or those of them that are wanted."""
    from maild.decide.trail import trail
    from maild.store import absences, outbox, tickets

    moves = tuple(one for one in trail(tickets.history(tx, ticket)) if wanted(one))
    mails = {queued.id: queued for queued in outbox.of_ticket(tx, ticket)} if moves else {}
    behind = dict.fromkeys(one.origin.absence for one in moves if one.origin.absence is not None)
    found = (absences.get(tx, number) for number in behind)
    return Trail(ticket, moves, mails, {one.id: one for one in found if one is not None})


def shapes_of(trail: Trail) -> list[dict[str, Any]]:
    from maild import show

    return [show.moved(one, trail.mails, trail.absences) for one in trail.moves]


def tell(trail: Trail, desk: Desk, *, named: bool = False) -> None:
    """Show each move; `named` puts the ticket's number before it."""
    for one in trail.moves:
        before, after = _contacts(one)
        number = f"#{trail.ticket}  " if named else ""
        screen.heading(f"{number}{screen.moment(one.at, desk.timezone)}  {before} -> {after}")
        screen.fields(
            (
                ("Why", f"{one.text} ({one.code})" if one.text else one.code),
                ("Cause", list(_causes(one, trail, desk))),
                ("Briefed", _mails(one.briefed, trail, desk.timezone) or "nobody"),
                ("Told", _mails(one.told, trail, desk.timezone) or _untold(one)),
            )
        )


def _contacts(one: Moved) -> tuple[str, str]:
    """Who had it and who has it: an agent, or a whole team in brackets; the team too where it is another one."""
    if not one.before.team:
        return "new", _contact(one.after, team=False)
    team = one.before.team != one.after.team
    return _contact(one.before, team=team), _contact(one.after, team=team)


def _contact(contact: Contact, *, team: bool) -> str:
    if not contact.owner:
        return f"({contact.team})"
    return f"{contact.owner} ({contact.team})" if team else contact.owner


def _causes(one: Moved, trail: Trail, desk: Desk) -> Iterable[str]:
    origin = one.origin
    spoke = one.who not in {"desk", "clock"}
    if origin.mail is not None:
        yield f"inbox mail {origin.mail}" + (f", the words of {one.who}" if spoke and one.before.team else "")
    elif origin.timer:
        yield f"the clock ({origin.timer})"
    if origin.rule:
        yield f'rule "{origin.rule}"'
    absence = trail.absences.get(origin.absence or 0)
    if absence is not None:
        yield f"absence {absence.id} of {absence.agent}: {span(absence, desk)}, {known_from(absence)}"


def _mails(rows: Iterable[int], trail: Trail, zone: tzinfo) -> list[str]:
    return [_mail(trail.mails[row], zone) for row in rows if row in trail.mails]


def _mail(queued: Queued, zone: tzinfo) -> str:
    when = f" {screen.moment(queued.sent_at, zone)}" if queued.sent_at else ""
    return f"{queued.agent or queued.recipient}: {queued.notice}, {queued.state}{when} (out:{queued.id})"


def _untold(one: Moved) -> str:
    return "nobody: it was moved back before" if one.undone else "nobody yet"
