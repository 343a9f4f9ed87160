"""`maild check --connect`: try everything that the file names, and say of each whether it works."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from maild.cli import place, screen
from maild.cli.choice import Failure

if TYPE_CHECKING:
    from maild.config import Config
    from maild.trial import Tried


def try_all(config: Config, seconds: float) -> None:
    """One line for each; Failure where something does not work. `seconds` is how long a mail to ourselves may take."""
    failed = 0
    for one in _tried(config, seconds):
        screen.line(
            f"{'FAIL' if one.remedy else 'ok  '}  {one.what}: {one.words}{f'; {one.remedy}' if one.remedy else ''}"
        )
        failed += bool(one.remedy)
    if failed:
        raise Failure(f"{failed} things do not work yet" if failed > 1 else "one thing does not work yet")
    screen.line("Everything works.")


def _tried(config: Config, seconds: float) -> Iterator[Tried]:
    from maild import control, trial

    folder = place.existing(place.folder(config.store.url, config.store.folder))
    running = None
    with contextlib.suppress(OSError, ValueError):
        running = control.ask(folder, {"do": "status"})
    serving = list(running["listeners"]) if running else []
    relay = trial.try_relay(config)
    yield relay
    yield from trial.try_mailboxes(config)
    yield from trial.try_listeners(config, serving)
    certificate = trial.try_certificate(config, datetime.now(UTC))
    if certificate is not None:
        yield certificate
    yield trial.try_disk(config, folder)
    if config.relay.maildir is None and not relay.remedy:
        yield from _way(config, bool(running), seconds)


def _way(config: Config, runs: bool, seconds: float) -> Iterator[Tried]:
    from maild import probe
    from maild.store.engine import Store

    sent, at = probe.probes(config), datetime.now(UTC)
    refused = probe.send(config, sent, at)
    expected = [one for one in sent if one not in refused]
    if runs:
        with contextlib.closing(Store(config.store.url)) as store:
            found = probe.wait_for(expected, [probe.in_store(store)], seconds)
    else:
        found = probe.wait_for(expected, probe.in_mailboxes(config), seconds)
    yield from probe.judged(sent, refused, found, seconds)
    clock = probe.of_clock(at, found)
    if clock is not None:
        yield clock
