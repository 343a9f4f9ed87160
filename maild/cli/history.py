"""`maild import`: history from elsewhere, handed to the daemon in bundles, or taken in by ourselves where none runs."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maild.cli import place, screen
from maild.cli.choice import Failure, load, wants_json, with_config, with_json
from maild.cli.words import clean
from maild.disk import told

Ask = Callable[[Mapping[str, Any]], dict[str, Any]]

if TYPE_CHECKING:
    from maild.config import Config
    from maild.ingest.archive import Archive, Place
    from maild.ingest.bundle import Letter

_PATIENCE = 600.0
"""Seconds for one bundle, whose mails may each take all the time that reading is given."""
_SHOWN = 20


@dataclass(slots=True)
class _Tally:
    """What has become of the mails so far, and what was left out and why."""

    mails: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    @property
    def words(self) -> str:
        ended, left = self.ended, len(self.unreadable)
        return (
            f"{self.mails} mails: {ended['opened']} opened a ticket, {ended['joined']} joined one, "
            f"{ended['duplicate']} were here already, {ended['apart']} of machines stand apart; "
            f"{left or 'none'} could not be read"
        )

    @property
    def shape(self) -> dict[str, Any]:
        ended = self.ended
        return {
            "mails": self.mails,
            "opened": ended["opened"],
            "joined": ended["joined"],
            "duplicates": ended["duplicate"],
            "apart": ended["apart"],
            "unreadable": [{"path": path, "reason": reason} for path, reason in self.unreadable],
        }


@click.command("import")
@with_config
@with_json
@click.argument("paths", nargs=-1, required=True)
def bring(paths: tuple[str, ...]) -> None:
    """Bring in old mail: its conversations become tickets, solved or closed.

    PATHS are mbox files, Maildirs, mails in files, folders of any of these, and @list.txt with a path a line. Nothing
    is sent. What is here already is passed over, so that an import that was broken off is simply run again.
    """
    config = load()
    archive = _look(paths, config)
    tally = _Tally()
    with _asking(config) as ask, screen.Progress("Bringing in") as progress:
        _hand_over(archive, place.spool(config.store.url, config.store.folder), ask, tally, progress)
        _look_again(ask, tally)
    tally.unreadable[:0] = [(str(one.path), one.because) for one in archive.unreadable]
    if wants_json():
        screen.tell_json(tally.shape)
    else:
        screen.line(tally.words)
    for path, reason in tally.unreadable[:_SHOWN]:
        click.echo(clean(f"{path}: {reason}"), err=True)
    if tally.unreadable:
        more = f"; the first {_SHOWN} are named" if len(tally.unreadable) > _SHOWN and not wants_json() else ""
        raise Failure(f"{len(tally.unreadable)} could not be read, all others were brought in{more}")


def _look(paths: tuple[str, ...], config: Config) -> Archive:
    """Find every mail by its headers alone, so that whole conversations can be brought in in their order."""
    from maild import terms
    from maild.cli.reading import files_in
    from maild.ingest.archive import Archive, mail_files

    try:
        files = files_in(paths, mail_files)
    except OSError as fault:
        raise Failure(f"{fault.filename}: the list cannot be read: {fault.strerror}") from None
    with screen.Progress("Looking at mails") as progress:
        archive = Archive(terms.reading_limits(config), datetime.now(UTC), lambda found: progress.at(found, 0))
        for path in files:
            archive.add(path)
    return archive


@contextlib.contextmanager
def _asking(config: Config) -> Iterator[Ask]:
    """How bundles are handed over: to the running daemon, or to the same code under its lock where none runs."""
    from maild import control, keys
    from maild.furnishing import open_historian, open_office
    from maild.store.engine import Store
    from maild.store.fault import StoreError

    folder = place.folder(config.store.url, config.store.folder)

    def ask_daemon(request: Mapping[str, Any]) -> dict[str, Any]:
        answer = control.ask(folder, request, _PATIENCE)
        if answer is None:
            raise Failure("the daemon has stopped; start it, or not, and run the import again: nothing is lost")
        return answer

    try:
        if control.ask(folder, {"do": "status"}) is not None:
            yield ask_daemon
            return
        with control.lock(folder), contextlib.closing(Store(config.store.url, config.store.folder)) as store:
            store.create()
            if not store.stand():
                raise Failure("another daemon decides on this store: run the import where it runs")

            def has_room() -> bool:
                return shutil.disk_usage(folder).free > config.limits.free_disk

            office, clock = open_office(config, store), partial(datetime.now, UTC)
            with contextlib.closing(open_historian(config, office, clock, has_room)) as historian:
                yield historian.answer
    except (control.LockedError, keys.SecretError, StoreError, ValueError) as fault:
        raise Failure(f"the import stopped: {fault}; then run it again") from fault
    except OSError as fault:
        raise Failure(f"{folder}: the import stopped: {told(fault)}; run it again") from fault


def _hand_over(
    archive: Archive,
    spool: Path,
    ask: Ask,
    tally: _Tally,
    progress: screen.Progress,
) -> None:
    from maild.ingest import bundle

    for portion in _portions(archive, tally):
        name = f"import-{os.getpid()}.{secrets.token_hex(8)}"
        path = bundle.place(spool, name)
        try:
            bundle.write(path, (letter for _, letter in portion))
            answer = ask({"do": "import", "bundle": name})
        finally:
            path.unlink(missing_ok=True)
        if not answer["ok"]:
            raise Failure(f"the import stopped: {answer['words']}")
        for (found, _), ended in zip(portion, answer["ended"], strict=True):
            tally.mails += 1
            if ended == "failed":
                tally.unreadable.append((str(found.path), "it could not be decided; the log says why"))
            else:
                tally.ended[ended] += 1
        progress.at(tally.mails, len(archive), f"{tally.ended['opened']} tickets")


def _portions(archive: Archive, tally: _Tally) -> Iterator[list[tuple[Place, Letter]]]:
    """The mails with their bytes, so many and so big at once as one commit may hold."""
    from maild.history import TOGETHER, TOGETHER_BYTES
    from maild.ingest.bundle import Letter

    portion: list[tuple[Place, Letter]] = []
    weight = 0
    for found in archive.threads():
        try:
            raw = found.content()
        except OSError as fault:
            tally.unreadable.append((str(found.path), f"cannot open the file: {fault.strerror}"))
            continue
        if portion and (len(portion) == TOGETHER or weight + len(raw) > TOGETHER_BYTES):
            yield portion
            portion, weight = [], 0
        portion.append((found, Letter(raw, found.filed)))
        weight += len(raw)
    if portion:
        yield portion


def _look_again(ask: Ask, tally: _Tally) -> None:
    """Machines' mail that came before what it answers joins it now."""
    after, joined = 0, 0
    while True:
        answer = ask({"do": "import-again", "after": after})
        if not answer["ok"]:
            raise Failure(f"the import stopped: {answer['words']}")
        after, joined = answer["last"], joined + answer["joined"]
        if after == 0:
            break
    tally.ended["joined"] += joined
    tally.ended["apart"] -= min(joined, tally.ended["apart"])
