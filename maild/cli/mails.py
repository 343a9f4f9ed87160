"""`maild inbox`, `maild outbox`, `maild quarantine`: every mail in and out, and what may be done about it."""

from __future__ import annotations

import sys
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import click

from maild.cli import screen
from maild.cli.choice import NUMBER, Failure, load, wants_json, with_config, with_json
from maild.cli.snapshot import NOTHING, snapshot, who_asks, write
from maild.cli.verbs import Verbs

if TYPE_CHECKING:
    from maild.config import Config
    from maild.store.inbox import Kept
    from maild.store.outbox import Queued

_raw = click.option("--raw", is_flag=True, help="The mail itself, byte for byte; only into a file or a pipe.")


@click.group(cls=Verbs, invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def inbox(ctx: click.Context) -> None:
    """List the mails that came in, and where each ended."""
    if ctx.invoked_subcommand is None:
        _list_arrivals(())


@inbox.command("retry")
@with_config
@click.argument("number", type=NUMBER)
def retry_arrival(number: int) -> None:
    """Decide a mail again that was set aside."""
    write(load(), {"do": "inbox-retry", "mail": number})


@click.group(cls=Verbs, invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def outbox(ctx: click.Context) -> None:
    """List the mails that go out, and what the relay said."""
    if ctx.invoked_subcommand is not None:
        return
    config = load()
    with snapshot(config) as tx:
        found: list[Queued] = []
        if tx is not None:
            from maild.store import outbox as store

            found = store.listing(tx)
    if wants_json():
        from maild import show

        screen.tell_json([show.outgoing(one) for one in found])
    elif not found:
        screen.line(NOTHING)
    else:
        columns = ("No", "State", "Ticket", "Notice", "Recipient", "Tries", "Next", "Answer")
        screen.table(columns, (_outgoing_row(one, config.desk.timezone) for one in found))


@outbox.command("retry")
@with_config
@click.argument("number", type=NUMBER)
def retry_outgoing(number: int) -> None:
    """Send a mail again that is late, refused or held; its bytes stay the same."""
    write(load(), {"do": "outbox-retry", "row": number})


@outbox.command("show")
@with_config
@with_json
@_raw
@click.argument("number", type=NUMBER)
def show_outgoing(number: int, raw: bool) -> None:
    """Show a mail that goes out, as its reader has it."""
    config = load()
    with snapshot(config) as tx:
        content: bytes | None = None
        queued: Queued | None = None
        if tx is not None:
            from maild.cli.explanation import outgoing_mail
            from maild.store import outbox as store

            queued, content = outgoing_mail(tx, number), store.bytes_of(tx, number)
    if queued is None or content is None:
        raise Failure(f"there is no outbox mail {number}; maild outbox lists them")
    if raw:
        _put_out(content)
    elif wants_json():
        from maild import show

        screen.tell_json(show.outgoing(queued))
    else:
        _tell_mail(content, config)


@click.group(cls=Verbs, invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def quarantine(ctx: click.Context) -> None:
    """List the mails that were set aside, and why."""
    if ctx.invoked_subcommand is None:
        _list_arrivals(("quarantine",))


@quarantine.command("release")
@with_config
@click.argument("number", type=NUMBER)
def release(number: int) -> None:
    """Let a mail through: it is decided again, without the checks that held it."""
    write(load(), {"do": "quarantine-release", "mail": number, "by": who_asks()})


@quarantine.command("spam")
@with_config
@click.argument("number", type=NUMBER)
def spam(number: int) -> None:
    """Mark a mail as spam; it stays set aside."""
    write(load(), {"do": "quarantine-spam", "mail": number})


@quarantine.command("show")
@with_config
@with_json
@_raw
@click.argument("number", type=NUMBER)
def show_arrival(number: int, raw: bool) -> None:
    """Show a mail that came in, as the desk reads it."""
    config = load()
    with snapshot(config) as tx:
        kept: Kept | None = None
        content = b""
        if tx is not None:
            from maild.store import inbox as store

            kept = store.get(tx, number)
            content = store.bytes_of(tx, number) if kept else b""
    if kept is None:
        raise Failure(f"there is no inbox mail {number}; maild inbox lists them")
    if raw:
        _put_out(content)
    elif wants_json():
        from maild import show

        screen.tell_json(show.arrival(kept))
    else:
        state = kept.state if kept.ticket is None else f"{kept.state} #{kept.ticket}"
        screen.heading(f"Inbox mail {kept.id}: {state}")
        screen.fields((("Because", kept.because),))
        _tell_mail(content, config)


def _list_arrivals(states: tuple[str, ...]) -> None:
    config = load()
    with snapshot(config) as tx:
        found: list[Kept] = []
        if tx is not None:
            from maild.store import inbox as store

            found = store.listing(tx, states)
    if wants_json():
        from maild import show

        screen.tell_json([show.arrival(one) for one in found])
    elif not found:
        screen.line("nothing was set aside" if states and tx is not None else NOTHING)
    else:
        columns = ("No", "State", "Ticket", "Came", "Sender", "Because")
        screen.table(columns, (_arrival_row(one, config.desk.timezone) for one in found))


def _arrival_row(one: Kept, zone: tzinfo) -> tuple[object, ...]:
    came = screen.moment(one.received_at, zone)
    return one.id, one.state, one.ticket or "-", came, one.sender or "-", "; ".join(one.because)


def _outgoing_row(one: Queued, zone: tzinfo) -> tuple[object, ...]:
    next_at = screen.moment(one.next_at, zone)
    return one.id, one.state, one.ticket or "-", one.notice, one.recipient, one.tries, next_at, one.answer


def _tell_mail(content: bytes, config: Config) -> None:
    from maild.cli.reading import read_one
    from maild.inspection import tell

    told: dict[str, Any] = tell("", read_one(content, config))
    screen.fields(
        (
            ("From", f"{told['from_name']} <{told['from']}>" if told["from_name"] else told["from"]),
            ("To", told["to"]),
            ("Subject", told["subject"]),
            ("Message-ID", told["message_id"]),
            ("Date", told["date"]),
            ("Attached", [f"{one['name']} ({one['type']}, {one['size']} bytes)" for one in told["attachments"]]),
            ("Fault", told["error"]),
        )
    )
    screen.line()
    screen.lines(told["text"])


def _put_out(content: bytes) -> None:
    if sys.stdout.isatty():
        raise Failure("a raw mail could steer your terminal; write it to a file: --raw > mail.eml")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
