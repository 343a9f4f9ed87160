"""Canned answers with their facts filled in: as an agent sends one, and as a rule does."""

from __future__ import annotations

from maild import canned
from maild.canned import Canned
from maild.desk import Agent, Desk
from maild.ticket import Ticket
from maild.values import replace


def of_agent(desk: Desk, ticket: Ticket, name: str, agent: Agent) -> Canned | None:
    """The canned answer of this name that an agent puts into a reply; None where there is none to be read here."""
    facts = _facts(desk, ticket, ticket.requester.name, ticket.subject)
    return _filled(desk, ticket, name, {**facts, "agent": agent.name, "agent_short": agent.short})


def of_rule(desk: Desk, ticket: Ticket, name: str) -> Canned | None:
    """The canned answer of this name that a rule sends: the desk speaks, so that no person's name is put under it.

    Of a requester who proved nothing it repeats nothing (DESIGN 3.9), and of the subject only what customers are shown.
    """
    proven = ticket.requester.proven
    shown = ticket.shown.removeprefix(f"[#{ticket.number}]")
    facts = _facts(desk, ticket, ticket.requester.name if proven else "", shown or (ticket.subject if proven else ""))
    return _filled(desk, ticket, name, {**facts, "agent": desk.name, "agent_short": desk.name})


def _facts(desk: Desk, ticket: Ticket, requester: str, subject: str) -> dict[str, str]:
    team = desk.team_of(ticket.team)
    return {
        "requester": requester,
        "number": f"#{ticket.number}",
        "subject": subject,
        "team": (team.public_name or team.name) if team else desk.name,
        "desk": desk.name,
    }


def _filled(desk: Desk, ticket: Ticket, name: str, facts: dict[str, str]) -> Canned | None:
    """The text in the ticket's language, or in the desk's own."""
    found = canned.choose(desk.canned, name, (ticket.language, desk.language))
    if found is None:
        return None
    return replace(found, text=canned.fill(found.text, {fact: " ".join(said.split()) for fact, said in facts.items()}))
