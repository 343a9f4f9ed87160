"""What an agent is told in one mail instead of many (DESIGN 3.6, 3.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.decide.absence import Facts, draft_to
from maild.decide.turn import Turn
from maild.decision import Asked, Bulletin, Draft, Fresh, Notice, Post
from maild.desk import Agent, Desk
from maild.lines import Line, line
from maild.ticket import Role, Ticket, Use
from maild.values import replace

_SHOWN = 50
_GIST = 100
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many mails of one notice an agent gets within a span, before the rest is gathered into one."""

    most: int
    span: timedelta = _HOUR


@dataclass(frozen=True, slots=True)
class Waiting:
    """One telling that waited; `fresh` says that the agent needs a new address on its ticket."""

    ticket: int
    lines: tuple[str | Line, ...]
    at: datetime
    question: Asked | None = None
    fresh: bool = False


def limit_of(draft: Draft, desk: Desk) -> Limit | None:
    """The limit that a mail to an agent falls under, None where it is always told at once.

    What fails to prove its sender is told in one mail an hour; a hold that asks the agent something is told at once.
    """
    if draft.to.agent is None or draft.gathered:
        return None
    match draft.notice:
        case Notice.RECEIPT | Notice.CONFIRM:
            return Limit(desk.answers.receipts_hour)
        case Notice.HELD if draft.question is None:
            return Limit(1)
        case _:
            return None


def lines_of(draft: Draft) -> tuple[str | Line, ...]:
    """What a mail that is put off will say of itself: its lines, and how the text begins that it is about."""
    gist = " ".join(draft.kept_text.split())
    if len(gist) > _GIST:
        gist = f"{gist[:_GIST].rstrip()}…"
    return (*draft.lines, line("begins", words=gist)) if gist else draft.lines


def tell_gathered(
    agent: Agent, notice: Notice, waited: Sequence[Waiting], tickets: Mapping[int, Ticket], desk: Desk, now: datetime
) -> Post:
    """One mail for all that waited; it stands on the newest ticket of them."""
    newest = next(tickets[one.ticket] for one in reversed(waited) if one.ticket in tickets)
    turn = Turn(newest, desk, now, "clock")
    turn.because.append(f"{len(waited)} tellings ({notice.value}) to {agent.id} in one mail")
    turn.tell_agent(
        agent,
        notice,
        Use.NOTE,
        auto=True,
        lines=_all_lines(waited),
        question=_joined([one.question for one in waited if one.question is not None]),
        fresh=tuple(dict.fromkeys(_fresh(waited, tickets, agent)))[:_SHOWN],
        gathered=True,
    )
    return turn.post()


def tell_gathered_apart(agent: Agent, notice: Notice, waited: Sequence[Waiting], facts: Facts) -> Bulletin:
    """One mail for all that waited, where none of it is about a ticket; it comes from the personal address."""
    question = _joined([one.question for one in waited if one.question is not None])
    draft = draft_to(agent, facts, notice, _all_lines(waited), question)
    renewed = frozenset({Notice.WELCOME}) if any(one.fresh for one in waited) else frozenset()
    because = f"{len(waited)} tellings ({notice.value}) to {agent.id} in one mail"
    return Bulletin((because,), drafts=(replace(draft, tells=draft.tells | renewed, gathered=True),))


def _all_lines(waited: Sequence[Waiting]) -> tuple[str | Line, ...]:
    lines = (line("told_at", at=one.at, number=one.ticket, words=one.lines) for one in waited[-_SHOWN:])
    return (*((line("newest_of", number=len(waited)),) if len(waited) > _SHOWN else ()), *lines)


def _joined(questions: Sequence[Asked]) -> Asked | None:
    if not questions:
        return None
    first, *others = questions
    return Asked(first.inbox, first.agent, first.waives, tuple((one.inbox, one.waives) for one in others))


def _fresh(waited: Sequence[Waiting], tickets: Mapping[int, Ticket], agent: Agent) -> list[Fresh]:
    found: list[Fresh] = []
    for one in waited:
        ticket = tickets.get(one.ticket)
        if not one.fresh or ticket is None:
            continue
        party = next((p for p in ticket.parties if p.agent == agent.id and p.role is Role.AGENT), None)
        if party is not None:
            found.append(Fresh(ticket.number, party.number, ticket.address, ticket.subject))
    return found
