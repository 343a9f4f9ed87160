"""`maild explain`: where a mail ended, why, and what was sent because of it."""

from __future__ import annotations

import re
from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from maild.cli import screen
from maild.cli.choice import Failure, load, wants_json, with_config, with_json
from maild.cli.snapshot import NOTHING, snapshot

if TYPE_CHECKING:
    from maild.store.engine import Tx
    from maild.store.inbox import Kept
    from maild.store.outbox import Queued

_OUT = re.compile(r"out:#?([0-9]{1,18})", re.IGNORECASE)
_OUR_ID = re.compile(r"<?m\.[a-z2-7]{40}\.([0-9]{1,12})@[^>]*>?", re.IGNORECASE)


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
        told = [(one, _sent_for(tx, one)) for one in kept]
    if wants_json():
        from maild import show

        screen.tell_json([show.explained(one, caused) for one, caused in told])
        return
    if sent is not None:
        _tell_sent(sent, zone)
    for one, caused in told:
        _tell_kept(one, caused, zone)


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


def _sent_for(tx: Tx, kept: Kept) -> list[Queued]:
    from maild.store import outbox

    return outbox.of_inbox(tx, kept.id)


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


def _tell_kept(kept: Kept, caused: list[Queued], zone: tzinfo) -> None:
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
            ("Sent", [_told(one, zone) for one in caused] or "nothing"),
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
