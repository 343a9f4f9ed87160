"""A mail of ours that cannot arrive: an event on the ticket, and news for somebody who can act."""

from __future__ import annotations

from datetime import datetime

from maild.decide.assign import people_of
from maild.decide.turn import Turn
from maild.decision import Draft, Notice, Post, Sent
from maild.desk import Desk
from maild.lines import Line, line
from maild.ticket import Party, Role, Ticket, Use


def on_refusal(ticket: Ticket, row: Sent, answer: str, desk: Desk, now: datetime) -> Post:
    """Decide what follows when the relay refuses a mail for good, or its five days are over."""
    turn = Turn(ticket, desk, now, "mail system")
    turn.because.append(f"outbox mail {row.row} to {row.recipient} cannot be delivered")
    tell_undelivered(turn, row, answer)
    return turn.post()


def on_delay(ticket: Ticket, row: Sent, answer: str, desk: Desk, now: datetime) -> Post:
    """Decide what follows when a mail has waited for hours: its people are told once, and it is tried on."""
    turn = Turn(ticket, desk, now, "mail system")
    turn.because.append(f"outbox mail {row.row} to {row.recipient} is late")
    turn.happened("late", text=answer, after=row.recipient)
    if row.notice is not Notice.UNDELIVERABLE:
        _tell(turn, row, (line("late_and_tried_on"), answer))
    return turn.post()


def tell_undelivered(turn: Turn, row: Sent, answer: str) -> None:
    """Record it, and tell the owner; for an owner's own address the lead and the admins (DESIGN, issue of delivery)."""
    turn.happened("undelivered", text=answer, before=row.notice.value, after=row.recipient)
    # news of a failed delivery that fails itself ends here, or two dead addresses would tell each other for ever
    if row.notice is not Notice.UNDELIVERABLE:
        _tell(turn, row, (answer,))


def _tell(turn: Turn, row: Sent, lines: tuple[str | Line, ...]) -> None:
    """Tell who can act: of a customer's mail the owner or the team, of an agent's own the lead and the admins."""
    desk, ticket = turn.desk, turn.ticket
    lines = (line("which_mail", notice=row.notice.value), *lines)
    agent = desk.agent(row.agent) or desk.agent_at(row.recipient)
    if agent is None:
        people = people_of(desk, ticket.owner, ticket.team, turn.now)
    else:
        lead = desk.lead_of(ticket.team)
        people = (*((lead,) if lead else ()), *(colleague for colleague in desk.agents if colleague.admin))
        people = tuple(dict.fromkeys(person for person in people if person.id != agent.id))
        if not people and not desk.admins:
            people = tuple(one for one in people_of(desk, None, ticket.team, turn.now) if one.id != agent.id)
    for person in people:
        turn.tell_agent(
            person,
            Notice.UNDELIVERABLE,
            Use.NOTE,
            auto=True,
            lines=lines,
            recipient=row.recipient,
            null_sender=True,
        )
    if agent is not None:
        told = frozenset(spec for person in (*people, agent) for spec in person.addresses)
        for spec in desk.admins:
            if spec.lower() not in told:
                turn.drafts.append(_to_admin(spec, row, lines))


def _to_admin(spec: str, row: Sent, lines: tuple[str | Line, ...]) -> Draft:
    return Draft(
        to=Party(0, spec, role=Role.AGENT),
        tells=frozenset({Notice.UNDELIVERABLE}),
        reply_use=Use.NOTE,
        auto=True,
        lines=lines,
        recipient=row.recipient,
        null_sender=True,
    )
