"""`maild explain`: where a mail ended, why, and what was sent because of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from maild.cli import screen
from maild.cli.absent import state
from maild.cli.choice import Failure, load, wants_json, with_config, with_json
from maild.cli.moves import Trail, shapes_of, tell, trail_of
from maild.cli.snapshot import NOTHING, snapshot

if TYPE_CHECKING:
    from maild.absence import Absence
    from maild.desk import Desk
    from maild.store.engine import Tx
    from maild.store.inbox import Kept
    from maild.store.outbox import Queued

_OUT = re.compile(r"out:#?([0-9]{1,18})", re.IGNORECASE)
_OUR_ID = re.compile(r"<?m\.[a-z2-7]{40}\.([0-9]{1,12})@[^>]*>?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a mail: the mails that it caused, the absences that it told of, and the moves of either."""

    kept: Kept
    sent: list[Queued]
    absences: tuple[Absence, ...]
    trails: tuple[Trail, ...]


@click.command()
@with_config
@with_json
@click.argument("message")
def explain(message: str) -> None:
    """Tell where a mail ended, and why.

    MESSAGE is an inbox number, a Message-ID, a SHA-256, or out:N for a mail of ours.
    """
    config = load()
    zone = config.desk.timezone
    with snapshot(config) as tx:
        if tx is None:
            raise Failure(f"no mail is called {message[:100]}: {NOTHING}")
        row = _row_of(message)
        sent = outgoing_mail(tx, row) if row is not None else None
        kept = _caused(tx, sent) if sent else _named(tx, message)
        if not kept and sent is None:
            raise Failure(f"no mail is called {message[:100]}; maild inbox and maild outbox list them")
        told = [_outcome(tx, one) for one in kept]
        spoken = _moves_told(tx, sent) if sent is not None else ()
    if wants_json():
        from maild import show

        shapes = [show.explained(one.kept, one.sent, one.absences, _all_shapes(one.trails)) for one in told]
        if sent is not None and not told:
            shapes = [show.explained_outgoing(sent, _all_shapes(spoken))]
        screen.tell_json(shapes)
        return
    if sent is not None:
        _tell_sent(sent, zone)
        _tell_moves("It tells of this move:", spoken, config.desk)
    for one in told:
        _tell_kept(one, config.desk)
        _tell_moves("What it moved, and who heard of it:", one.trails, config.desk)


def outgoing_mail(tx: Tx, row: int) -> Queued | None:
    """One row of the outbox, without its bytes."""
    from maild.store import outbox

    found = outbox.find(tx, [row]).get(row)
    if found is None:
        return None
    rows = outbox.listing(tx) if found.ticket is None else outbox.of_ticket(tx, found.ticket)
    return next((queued for queued in rows if queued.id == row), None)


def _row_of(message: str) -> int | None:
    """The outbox row that is meant: `out:N`, or a Message-ID of ours, which holds it."""
    found = _OUT.fullmatch(message.strip()) or _OUR_ID.fullmatch(message.strip())
    return int(found[1]) if found else None


def _named(tx: Tx, message: str) -> list[Kept]:
    from maild.store import inbox

    wanted = message.strip().removeprefix("#")
    # A number that no row can have would be too big for the database.
    return [] if wanted.isdecimal() and 18 < len(wanted) != 64 else inbox.named(tx, wanted)


def _caused(tx: Tx, sent: Queued) -> list[Kept]:
    from maild.store import inbox

    cause = inbox.get(tx, sent.inbox) if sent.inbox is not None else None
    return [] if cause is None else [cause]


def _outcome(tx: Tx, kept: Kept) -> Outcome:
    from maild.store import absences, outbox

    told = absences.of_mail(tx, kept.id)
    numbers: set[int] = {ticket for one in told for ticket in absences.moved_by(tx, one)}
    if kept.ticket is not None:
        numbers.add(kept.ticket)
    behind = {one.id for one in told}
    trails = tuple(
        trail_of(tx, number, lambda one: one.origin.mail == kept.id or one.origin.absence in behind)
        for number in sorted(numbers)
    )
    return Outcome(kept, outbox.of_inbox(tx, kept.id), told, trails)


def _moves_told(tx: Tx, sent: Queued) -> tuple[Trail, ...]:
    """The moves that a mail of ours told of, or briefed somebody for."""
    if sent.ticket is None:
        return ()
    return (trail_of(tx, sent.ticket, lambda one: sent.id in {*one.briefed, *one.told}),)


def _all_shapes(trails: Sequence[Trail]) -> list[dict[str, Any]]:
    return [{"ticket": trail.ticket, **shape} for trail in trails for shape in shapes_of(trail)]


def _tell_moves(heading: str, trails: Sequence[Trail], desk: Desk) -> None:
    moved = [trail for trail in trails if trail.moves]
    if not moved:
        return
    screen.line(heading)
    for trail in moved:
        tell(trail, desk, named=True)
    screen.line()


def _tell_sent(sent: Queued, zone: tzinfo) -> None:
    screen.heading(f"Outbox mail {sent.id}: {sent.notice} to {sent.recipient}")
    screen.fields(
        (
            ("State", sent.state),
            ("Sent", screen.moment(sent.sent_at, zone) if sent.sent_at else ""),
            ("Next try", screen.moment(sent.next_at, zone) if sent.next_at else ""),
            ("Tries", sent.tries),
            ("Answer", sent.answer),
            ("Ticket", f"#{sent.ticket}" if sent.ticket else ""),
            ("Message-ID", sent.message_id),
            ("Written", screen.moment(sent.created_at, zone)),
            ("Cause", f"inbox mail {sent.inbox}" if sent.inbox else "no mail: the clock, or the desk itself"),
        )
    )
    screen.line()


def _tell_kept(told: Outcome, desk: Desk) -> None:
    kept, zone = told.kept, desk.timezone
    ended = kept.state if kept.ticket is None else f"{kept.state} #{kept.ticket}"
    screen.heading(f"Inbox mail {kept.id}: {ended}")
    screen.fields(
        (
            ("Came", f"{screen.moment(kept.received_at, zone)}, {kept.source}"),
            ("From", kept.sender or "<> (the null sender)"),
            ("To", kept.recipients),
            ("Message-ID", kept.message_id),
            ("SHA-256", kept.sha256),
            ("Size", f"{kept.size} bytes"),
            ("Tries", kept.tries or ""),
            ("Released", " ".join(kept.released)),
            ("Because", kept.because),
            ("Next", _next(kept)),
            ("Absence", [f"{one.agent} {state(one, desk)}: {one.stage}" for one in told.absences]),
            ("Sent", [_told(one, zone) for one in told.sent] or "nothing"),
        )
    )
    screen.line()


def _next(kept: Kept) -> str:
    match kept.state:
        case "waiting":
            return "it is not decided yet; maild status says whether the daemon runs"
        case "quarantine":
            return f"maild quarantine show {kept.id}, then release {kept.id} or spam {kept.id}"
        case _:
            return ""


def _told(one: Queued, zone: tzinfo) -> str:
    when = f" {screen.moment(one.sent_at, zone)}" if one.sent_at else ""
    answer = f", answer: {one.answer}" if one.answer else ""
    return f"{one.notice} to {one.recipient}: {one.state}{when}{answer} (out:{one.id})"
