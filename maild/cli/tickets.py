"""`maild tickets` and `maild ticket`: what is open, and the whole of one."""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING

import click

from maild.cli import screen
from maild.cli.choice import NUMBER, Failure, load, wants_json, with_config, with_json
from maild.cli.moves import shapes_of, tell, trail_of
from maild.cli.snapshot import NOTHING, snapshot

if TYPE_CHECKING:
    from maild.desk import Desk
    from maild.promise import Promise
    from maild.ticket import Entry, Event, Party, Ticket

_STATUSES = ("open", "pending", "hold", "solved", "closed")


@click.command()
@with_config
@with_json
@click.option("--status", type=click.Choice(_STATUSES), help="Only tickets with this status.")
def tickets(status: str | None) -> None:
    """List the tickets, oldest first."""
    config = load()
    with snapshot(config) as tx:
        found: list[Ticket] = []
        if tx is not None:
            from maild.store import tickets as store

            found = store.listing(tx, status)
    if wants_json():
        from maild import show

        screen.tell_json([show.ticket(one) for one in found])
    elif not found:
        screen.line(f"no ticket is {status}" if status and tx is not None else NOTHING)
    else:
        zone = config.desk.timezone
        columns = ("No", "Status", "Owner", "Changed", "Promised", "Requester", "Subject")
        screen.table(columns, (_row(one, zone) for one in found))


@click.command()
@with_config
@with_json
@click.argument("number", type=NUMBER)
def ticket(number: int) -> None:
    """Show one ticket: its state, what was said, what happened, and why it moved."""
    config = load()
    with snapshot(config) as tx:
        if tx is None:
            raise Failure(f"there is no ticket {number}: {NOTHING}")
        from maild.store import promises
        from maild.store import tickets as store

        found = store.get(tx, number, follow=False)
        if found is None:
            raise Failure(f"there is no ticket {number}; maild tickets lists them")
        ledger = promises.ledger(tx, number)
        entries, history, trail = store.entries(tx, number), store.history(tx, number), trail_of(tx, number)
    if wants_json():
        from maild import show

        screen.tell_json(show.whole_ticket(found, entries, history, shapes_of(trail), ledger))
        return
    _tell(found, config.desk)
    _tell_entries(entries, config.desk.timezone)
    _tell_history(history, config.desk.timezone)
    _tell_ledger(ledger, config.desk.timezone)
    screen.line()
    screen.line("How it moved, and who heard of it:")
    tell(trail, config.desk)


def _row(one: Ticket, zone: tzinfo) -> tuple[object, ...]:
    changed = screen.moment(one.updated_at, zone)
    # Where nobody has it yet, its whole team does.
    promised = screen.moment(one.promised_at, zone) if one.promised_at else ""
    return one.number, one.status, one.owner or f"({one.team})", changed, promised, one.requester.address, one.subject


def _tell(one: Ticket, desk: Desk) -> None:
    zone, agent, team = desk.timezone, desk.agent(one.owner), desk.team_of(one.team)
    screen.heading(f"#{one.number} {one.subject}")
    screen.fields(
        (
            ("Status", one.status),
            ("Merged into", f"#{one.merged_into}" if one.merged_into else ""),
            ("Owner", f"{agent.name} ({agent.id})" if agent else one.owner or "nobody"),
            ("Team", team.name if team else one.team),
            ("Why", f"{one.why.text} ({one.why.code})" if one.why else ""),
            ("Priority", f"{one.priority}, level {one.level}"),
            ("Requester", _person(one.requester)),
            ("Takes part", [_person(party) for party in one.participants if party != one.requester]),
            ("Written to", one.address),
            ("Tags", " ".join(one.tags)),
            ("Linked with", " ".join(f"#{number}" for number in one.links)),
            ("Opened", screen.moment(one.created_at, zone)),
            ("Changed", screen.moment(one.updated_at, zone)),
            ("Solved", screen.moment(one.solved_at, zone) if one.solved_at else ""),
            ("Promised", screen.moment(one.promised_at, zone) if one.promised_at else ""),
        )
    )


def _person(party: Party) -> str:
    told = f"{party.name} <{party.address}>" if party.name else party.address
    return f"{told}, address proven" if party.proven else told


def _tell_entries(entries: tuple[Entry, ...], zone: tzinfo) -> None:
    for entry in entries:
        screen.line()
        screen.heading(f"{screen.moment(entry.at, zone)}  {entry.name or entry.author}, {entry.voice}")
        screen.lines(entry.text)
        for one in entry.attachments:
            screen.line(f"    [{one.name}, {one.type}, {one.size} bytes]")


def _tell_history(history: tuple[Event, ...], zone: tzinfo) -> None:
    if history:
        screen.line()
        rows = ((screen.moment(one.at, zone), one.event, one.who, _change(one)) for one in history)
        screen.table(("When", "What", "Who", "Change"), rows)


def _tell_ledger(ledger: tuple[Promise, ...], zone: tzinfo) -> None:
    if ledger:
        screen.line()
        screen.line("What was promised:")
        rows = ((screen.moment(one.due_at, zone), one.clock, one.standing, _given(one, zone)) for one in ledger)
        screen.table(("By", "What", "State", "Given"), rows)


def _given(one: Promise, zone: tzinfo) -> str:
    given = f"{screen.moment(one.made_at, zone)}{f' by {one.by}' if one.by else ''}"
    return f"{given}: {one.text}" if one.text else given


def _change(event: Event) -> str:
    if event.event in {"told", "briefed"}:
        return f"{event.after}: {event.text} (out:{event.before})"
    moved = f"{event.before or '-'} -> {event.after}" if event.after or event.before else ""
    why = f"{event.text} ({event.code})" if event.code else event.text
    return f"{moved}: {why}" if moved and why else moved or why
