"""`maild backup` and `maild restore`: all that the desk keeps, in one file, and back."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from maild.cli import place, screen
from maild.cli.choice import Failure, load, with_config
from maild.cli.snapshot import opened, snapshot
from maild.cli.words import are


@click.command()
@with_config
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write all that the desk keeps into FILE.

    The daemon may run meanwhile: the file holds one moment, whole. The secret is not in it; keep that apart.
    """
    config = load()
    with snapshot(config) as tx:
        if tx is None:
            raise Failure("there is no store yet, so there is nothing to back up")
        from maild.store import archive, inbox

        if not os.access(file.parent, os.W_OK | os.X_OK):
            words = (
                "you may not write there; change its rights"
                if file.parent.is_dir()
                else "there is no such folder; make it"
            )
            raise Failure(f"{file.parent}: {words}, or name FILE in another folder")
        try:
            rows = archive.write(tx, file, datetime.now(UTC))
        except OSError as fault:
            words = "the backup could not be written, and what was there is as it was; name FILE in another folder"
            raise Failure(f"{file}: {fault.strerror}: {words}") from fault
    with snapshot(config) as tx:
        gone = inbox.missing(tx) if tx is not None else []
    screen.line(f"{file}: {rows} rows, {file.stat().st_size} bytes.")
    screen.line(f"Not in it: {config.store.secret_file}. Keep a copy of it in another place, once.")
    if gone:
        number, path = gone[0]
        raise Failure(
            f"{are(len(gone), 'mail')} in it without the bytes, the first is inbox mail {number}: "
            f"there is no file {path}; put it back from an older copy, and make the backup again"
        )


@click.command()
@with_config
@click.option("--force", is_flag=True, help="Replace what the store holds now.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path, *, force: bool) -> None:
    """Put the backup in FILE into an empty store.

    No daemon may run. It comes back whole or not at all. What waited to be sent is not sent before you say so.
    """
    from maild import control
    from maild.store import archive, verify

    config = load()
    folder = place.folder(config.store.url, config.store.folder)
    try:
        with control.lock(folder), opened(config) as store:
            store.create()
            if not store.stand():
                raise Failure("a daemon works on this database: stop it first")
            restored = store.write(lambda tx: archive.read(tx, file, force=force))
            with store.read() as tx:
                found = verify.findings(tx)
    except control.LockedError as fault:
        raise Failure(str(fault)) from None
    made = screen.moment(restored.made_at, config.desk.timezone)
    screen.line(f"Restored as of {made}: {restored.mails} mails, {restored.tickets} tickets.")
    if restored.unsure:
        screen.line(f"{restored.unsure} mails waited to be sent then, and may have left since: see maild outbox.")
        screen.line("None of them is sent before you say: maild outbox retry N")
    if found:
        raise Failure(f"{are(len(found), 'thing')} broken in it, the first: {found[0].words}; see maild verify")
    screen.line("maild verify finds nothing wrong. Next: maild run")
