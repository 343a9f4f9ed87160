"""What a customer may ask in reply to a mail of ours, and the story of a request as its customer may read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.decision import Draft, Notice
from maild.desk import Desk
from maild.ticket import Entry, Event, Reason, Status, Ticket, Voice
from maild.values import replace
from maild.wishes import Wish

_TOLD_MOST = 60
_GIST = 400
_MOVE = frozenset({"owner", "team"})
_STATUSES = {"pending": "waiting", "solved": "solved", "closed": "closed"}


def wishes_for(draft: Draft, ticket: Ticket | None) -> tuple[Wish, ...]:
    """The words that this mail offers: few, and such as have something to do; none beside a person's words."""
    if ticket is None or not draft.auto:
        return ()
    active = ticket.status.active
    match draft.notice:
        case Notice.SOLVED:
            return (Wish.REOPEN,) if ticket.status is Status.SOLVED else ()
        case Notice.STATUS:
            more = (Wish.ESCALATE,) if draft.above else ()
            again = (Wish.REOPEN,) if ticket.status is Status.SOLVED else ()  # nothing opens a closed one again
            return (Wish.HISTORY, *((Wish.CLOSE, *more) if active else again))
        case Notice.HISTORY | Notice.HELP:
            return (Wish.STATUS,)
        case Notice.DELAYED | Notice.ESCALATED | Notice.OWNER_CHANGED:
            more = (Wish.ESCALATE,) if draft.above else ()
            return (Wish.STATUS, *more) if active else (Wish.STATUS,)
        case _:
            return (Wish.STATUS, Wish.CLOSE) if active else (Wish.STATUS,)


@dataclass(frozen=True, slots=True)
class Passed:
    """One step before it has words: `kind` and `who` as `templates.facts.Step` has them, `why` the reason of a move."""

    at: datetime
    kind: str
    who: str = ""
    text: str = ""
    why: Reason | None = None
    due_at: datetime | None = None


def steps_of(
    entries: Sequence[Entry], history: Sequence[Event], reader: str, desk: Desk, *, proven: bool
) -> tuple[Passed, ...]:
    """What happened on a request, oldest first, as one of its customers may read it.

    `reader` is that customer's address in lower case. Notes and machine text are left out; of moves that were told in
    one mail the last one stands. Who proved nothing reads nothing of what customers wrote, and who joined later nothing
    of what was before (DESIGN 3.5).
    """
    entries, history = _since_joining(entries, history, reader)
    steps = [*_said(entries, reader, desk, proven=proven), *_happened(history, desk)]
    return tuple(sorted(steps, key=_place))[-_TOLD_MOST:]


def _since_joining(
    entries: Sequence[Entry], history: Sequence[Event], reader: str
) -> tuple[Sequence[Entry], Sequence[Event]]:
    """What was said and happened since the reader takes part, and who had it then without why.

    Each entry has its event, in the same order.
    """
    came = next((n for n, one in enumerate(history) if one.event == "joined" and one.after.lower() == reader), 0)
    if not any(one.event == "entry" for one in history[:came]):
        return entries, history
    heard = sum(one.event == "entry" for one in history[came:])
    had = [next((one for one in reversed(history[:came]) if one.event == kind), None) for kind in ("team", "owner")]
    known = [replace(one, at=history[came].at, why=None, text="") for one in had if one is not None]
    return entries[max(len(entries) - heard, 0) :], (*known, *history[came:])


def _place(step: Passed) -> tuple[datetime, int]:
    """In order of time; in one moment what was said comes first, then who has it, then the rest."""
    return step.at, 1 if step.kind == "contact" else 2 if step.kind in {
        *_STATUSES.values(),
        "reopened",
        "delayed",
    } else 0


def _said(entries: Iterable[Entry], reader: str, desk: Desk, *, proven: bool) -> Iterator[Passed]:
    first = True
    for entry in entries:
        if entry.voice is not Voice.PUBLIC:
            continue
        agent = desk.agent(entry.agent)
        mine = entry.author.lower() == reader
        text = entry.text[:_GIST] if agent or proven else ""
        if agent is not None:
            yield Passed(entry.at, "answered", agent.name, text)
        elif mine:
            yield Passed(entry.at, "received" if first else "wrote", "", text)
        elif proven:
            yield Passed(entry.at, "wrote", entry.name or entry.author, text)
        first = False


def _happened(history: Sequence[Event], desk: Desk) -> Iterator[Passed]:
    owner, team = "", ""
    moves: list[Passed] = []
    status = ""
    for event in history:
        match event.event:
            case "owner" | "team":
                owner, team = (event.after, team) if event.event == "owner" else (owner, event.after)
                name = desk.contact(owner or None, team)
                step = Passed(event.at, "contact", name, why=event.why)
                if moves and event.at - moves[-1].at <= max(desk.settle, timedelta(0)):
                    moves.pop()
                if not moves or moves[-1].who != name:
                    moves.append(step)
            case "status":
                kind = _STATUSES.get(event.after) or ("reopened" if status in {"solved", "closed"} else "")
                status = event.after
                if kind:
                    yield Passed(event.at, kind)
            case "delayed":
                yield Passed(event.at, "delayed", event.who, event.text, due_at=datetime.fromisoformat(event.after))
            case _:
                continue
    yield from moves
