"""`maild status` and `maild verify`: is the desk well, and is its store whole?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maild.cli import place, screen
from maild.cli.absent import span
from maild.cli.choice import Failure, load, wants_json, with_config, with_json
from maild.cli.snapshot import NOTHING, snapshot
from maild.cli.words import are

if TYPE_CHECKING:
    from maild.absence import Absence
    from maild.config import Config
    from maild.store.inbox import Kept
    from maild.store.outbox import Queued

UNDECIDED = timedelta(minutes=5)
"""A mail that waits longer for its decision shows that something is wrong."""
LATE = timedelta(minutes=5)
"""So does a timer that is carried out later than this."""
PATIENCE = 10.0
"""Seconds that the daemon may take to say how it is; it looks at nothing but itself for that."""

_INBOX = ("waiting", "ticket", "duplicate", "done", "quarantine")
_TICKETS = ("open", "pending", "hold", "solved", "closed")
_OUTBOX = ("waiting", "sending", "sent", "uncertain", "refused", "held")


@dataclass(frozen=True, slots=True)
class Condition:
    """How the desk is: counts by state, the oldest of what waits, and what the daemon says (None: none runs).

    `timer_due` is when the next timer is or was due; `certificate` says what is wrong with that of the listeners.
    `away` are the absences of those who will be back; `unreached` the open tickets that reach nobody who is there.
    """

    daemon: Mapping[str, Any] | None
    spooled: int
    unreadable: int
    free: int
    inbox: Mapping[str, int] = field(default_factory=dict)
    tickets: Mapping[str, int] = field(default_factory=dict)
    outbox: Mapping[str, int] = field(default_factory=dict)
    undecided: Kept | None = None
    unsent: Queued | None = None
    last_mail_at: datetime | None = None
    timer_due: datetime | None = None
    certificate: str = ""
    away: tuple[Absence, ...] = ()
    unreached: tuple[int, ...] = ()


@click.command()
@with_config
@with_json
@click.option("--brief", is_flag=True, help="One line, for a monitoring system.")
def status(brief: bool) -> None:
    """Tell how the desk is; exit 1 where something needs you."""
    config = load()
    condition = _look(config)
    worries = list(worries_of(condition, config, datetime.now(UTC)))
    if wants_json():
        screen.tell_json(_shape(condition, worries))
    elif brief:
        screen.line(f"maild: {'; '.join(worries) or 'all is well'}")
    else:
        _tell(condition, config, worries)
    if worries:
        raise click.exceptions.Exit(1)


@click.command()
@with_config
@with_json
def verify() -> None:
    """Check the store; exit 1 with everything that is broken.

    It reads one snapshot, so the daemon may run meanwhile.
    """
    config = load()
    with snapshot(config) as tx:
        if tx is None:
            screen.tell_json([]) if wants_json() else screen.line(NOTHING)
            return
        from maild.store import inbox, tickets
        from maild.store import verify as store

        found = store.findings(tx)
        mails, cases = sum(inbox.counts(tx).values()), sum(tickets.counts(tx).values())
    if wants_json():
        from maild import show

        screen.tell_json([show.finding(one) for one in found])
    else:
        for one in found:
            screen.line(f"{one.invariant}  {one.words}")
    if found:
        raise Failure(f"{are(len(found), 'thing')} broken; keep a copy of the store, and restore from a backup")
    if not wants_json():
        screen.line(f"all is well; inbox mails: {mails}, tickets: {cases}")


def worries_of(condition: Condition, config: Config, now: datetime) -> Iterator[str]:
    """What needs somebody, each in one sentence with what to do."""
    daemon, undecided, unsent = condition.daemon, condition.undecided, condition.unsent
    if daemon is None:
        yield "the daemon does not run; start it: maild run"
    elif not daemon.get("ok"):
        yield from daemon.get("troubles") or [str(daemon.get("words") or "the daemon is not well")]
    if undecided is not None and now - undecided.received_at > UNDECIDED:
        since = screen.moment(undecided.received_at, config.desk.timezone)
        yield f"inbox mail {undecided.id} waits for a decision since {since}; the daemon's log says why"
    if unsent is not None and now - unsent.created_at > config.limits.retry_told:
        since = screen.moment(unsent.created_at, config.desk.timezone)
        yield f"outbox mail {unsent.id} to {unsent.recipient} waits since {since}: {unsent.answer or 'no answer yet'}"
    if condition.timer_due is not None and now - condition.timer_due > LATE:
        since = screen.moment(condition.timer_due, config.desk.timezone)
        yield f"a timer is due since {since}, so reminders and promises are late; the daemon's log says why"
    if condition.certificate:
        yield condition.certificate
    if condition.unreached:
        some = ", ".join(f"#{number}" for number in condition.unreached[:10])
        more = f" and {len(condition.unreached) - 10} more" if len(condition.unreached) > 10 else ""
        yield f"everybody is away who could look after {some}{more}; maild agents says until when"
    if condition.unreadable:
        bad = place.spool(config.store.url, config.store.folder) / "bad"
        yield f"{condition.unreadable} files in {bad} could not be read; look at them"
    if condition.free < config.limits.free_disk:
        yield f"the disk has {condition.free // 2**20} MB left; no mail is taken before there is more room"


def _look(config: Config) -> Condition:
    folder = place.folder(config.store.url, config.store.folder)
    spool = place.spool(config.store.url, config.store.folder)
    free = shutil.disk_usage(place.existing(folder)).free
    outside = Condition(
        _ask(folder), _count(spool / "new"), _count(spool / "bad"), free, certificate=_certificate(config)
    )
    with snapshot(config) as tx:
        if tx is None:
            return outside
        from maild.absence import Leave
        from maild.decide.assign import reachable
        from maild.store import absences, inbox, outbox, tickets, timers

        desk, now = absences.with_absences(tx, config.desk), datetime.now(UTC)
        away = (desk.away(agent, now) for agent in desk.agents)

        undecided = inbox.waiting(tx, 1)
        unsent = outbox.listing(tx, ("waiting", "sending", "uncertain"))
        return replace(
            outside,
            inbox=inbox.counts(tx),
            tickets=tickets.counts(tx),
            outbox=outbox.counts(tx),
            undecided=undecided[0] if undecided else None,
            unsent=unsent[0] if unsent else None,
            last_mail_at=inbox.last_received(tx),
            timer_due=timers.next_due(tx),
            away=tuple(one for one in away if one is not None and one.leave is not Leave.LEFT),
            unreached=tuple(no for no, owner, team in tickets.contacts(tx) if not reachable(desk, owner, team, now)),
        )


def _ask(folder: Path) -> Mapping[str, Any] | None:
    from maild import control

    try:
        return control.ask(folder, {"do": "status"}, PATIENCE)
    except (OSError, ValueError) as fault:
        return {"ok": False, "words": f"the daemon does not answer: {fault}"}


def _certificate(config: Config) -> str:
    """What is wrong with the certificate of the listeners, "" where nothing is."""
    if config.listen.tls_cert is None:
        return ""
    from maild.trial import try_certificate

    tried = try_certificate(config, datetime.now(UTC))
    return f"{tried.what}: {tried.words}; {tried.remedy}" if tried is not None and tried.remedy else ""


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _shape(condition: Condition, worries: list[str]) -> dict[str, Any]:
    from maild.show import absence, time

    daemon, undecided, unsent = condition.daemon, condition.undecided, condition.unsent
    return {
        "healthy": not worries,
        "daemon": daemon is not None,
        "listeners": list(daemon.get("listeners", ())) if daemon else [],
        "inbox": {state: condition.inbox.get(state, 0) for state in _INBOX},
        "tickets": {state: condition.tickets.get(state, 0) for state in _TICKETS},
        "outbox": {state: condition.outbox.get(state, 0) for state in _OUTBOX},
        "spooled": condition.spooled,
        "oldest_waiting_at": time(undecided.received_at if undecided else None),
        "oldest_unsent_at": time(unsent.created_at if unsent else None),
        "last_mail_at": time(condition.last_mail_at),
        "next_timer_at": time(condition.timer_due),
        "unreadable": condition.unreadable,
        "free_disk": condition.free,
        "away": [absence(one) for one in condition.away],
        "unreached": list(condition.unreached),
        "worries": worries,
    }


def _tell(condition: Condition, config: Config, worries: list[str]) -> None:
    zone = config.desk.timezone
    daemon, undecided, unsent = condition.daemon, condition.undecided, condition.unsent
    running = "runs" if daemon else "does not run"
    if daemon and not daemon.get("decides", True):
        running = "runs beside the one that decides,"
    listeners = " ".join(daemon.get("listeners", ())) if daemon else ""
    screen.heading(f"{config.desk.name} <{config.desk.address}>")
    screen.fields(
        (
            ("Daemon", f"{running} {listeners}".strip()),
            ("Inbox", _counted(condition.inbox, _INBOX)),
            ("Tickets", _counted(condition.tickets, _TICKETS)),
            ("Outbox", _counted(condition.outbox, _OUTBOX)),
            ("Spool", f"{condition.spooled} mails to take in" if condition.spooled else ""),
            ("Last mail", screen.moment(condition.last_mail_at, zone)),
            ("Away", [f"{one.told or one.agent}, {span(one, config.desk)}" for one in condition.away]),
            ("Waits longest", screen.moment(undecided.received_at, zone) if undecided else ""),
            ("Unsent since", screen.moment(unsent.created_at, zone) if unsent else ""),
        )
    )
    for worry in worries:
        screen.line(f"! {worry}")
    if not worries:
        screen.line("All is well.")


def _counted(counts: Mapping[str, int], states: tuple[str, ...]) -> str:
    return ", ".join(f"{counts[state]} {state}" for state in states if counts.get(state)) or NOTHING
