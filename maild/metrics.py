"""What a monitoring system may know of the desk: counts and ages in Prometheus' words, and nothing of any mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.ingest.mailbox import Health
from maild.store.figures import Figures

Labels = tuple[tuple[str, str], ...]
TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Life:
    """What only the running daemon knows: `answers` of the relay by outcome since the start, seconds of `silences`
    by loop, free octets of the disk, files in the spool, and when it started (seconds since 1970)."""

    version: str
    started: float
    answers: Mapping[str, int] = field(default_factory=dict)
    relay_works: bool = True
    mailboxes: tuple[Health, ...] = ()
    silences: Mapping[str, float] = field(default_factory=dict)
    threads_ended: int = 0
    children: int = 0
    free: int = 0
    spooled: int = 0
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with all its samples; `kind` is counter or gauge."""

    name: str
    kind: str
    help: str
    samples: tuple[tuple[Labels, float], ...]


def families(figures: Figures, life: Life, now: datetime) -> Iterator[Family]:
    """Everything that is told, in a fixed order; labels come from lists of ours, never from a mail."""
    yield _one("maild_info", "The version that runs.", 1, (("version", life.version),))
    yield _one("process_start_time_seconds", "When the daemon started, in seconds since 1970.", life.started)
    yield _many(
        "maild_inbox_mails", "Mails that came in, by door and what became of them.", ("door", "state"), figures.inbox
    )
    yield _one(
        "maild_inbox_oldest_seconds",
        "How long the oldest undecided mail has waited.",
        _age(figures.undecided_since, now),
    )
    yield _many("maild_outbox_mails", "Mails to people, by notice and state.", ("notice", "state"), figures.outbox)
    yield _one(
        "maild_outbox_oldest_seconds", "How long the oldest unsent mail has waited.", _age(figures.unsent_since, now)
    )
    yield _each(
        "maild_relay_answers_total",
        "What became of mails handed to the relay, since the start.",
        "outcome",
        life.answers,
        "counter",
    )
    yield _one("maild_relay_works", "1 unless the relay takes no mail, or gives no answer.", life.relay_works)
    yield _each("maild_tickets", "Tickets by status.", "status", figures.tickets)
    yield _many("maild_promises", "Promises by clock and standing.", ("clock", "standing"), figures.promises)
    yield _one("maild_timers", "Timers that are set.", figures.timers)
    yield _one("maild_timers_late", "Timers that are due and not carried out.", figures.timers_late)
    yield _one(
        "maild_timers_late_seconds", "For how long the first of them has been due.", _age(figures.timer_due, now)
    )
    boxes = {one.mailbox: one for one in life.mailboxes}
    works = {name: float(one.failing_since is None) for name, one in boxes.items()}
    yield _each("maild_mailbox_works", "1 unless the mailbox cannot be fetched.", "mailbox", works)
    silent = {name: _age(one.last_seen, now) for name, one in boxes.items() if one.last_seen}
    yield _each("maild_mailbox_silent_seconds", "How long ago the server last answered.", "mailbox", silent)
    yield _each("maild_loop_silent_seconds", "How long ago each loop gave a sign of life.", "loop", life.silences)
    yield _one("maild_threads_ended", "Threads that have ended and should not.", life.threads_ended)
    yield _one("maild_children", "Child processes, which read and write mail.", life.children)
    yield _one("maild_disk_free_bytes", "Room on the disk of the store.", life.free)
    yield _one("maild_spool_files", "Mails from a pipe that wait to be taken in.", life.spooled)
    yield _one("maild_spool_bad_files", "Files from a pipe that could not be read.", life.unreadable)


def render(told: Iterable[Family]) -> str:
    """The text form 0.0.4 of Prometheus; a metric without samples is left out."""
    return "".join(_text(one) for one in told if one.samples)


def _text(family: Family) -> str:
    lines = [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
    for labels, value in family.samples:
        inner = ",".join(f'{name}="{_escaped(word)}"' for name, word in labels)
        lines.append(f"{family.name}{{{inner}}} {value:.17g}" if inner else f"{family.name} {value:.17g}")
    return "\n".join(lines) + "\n"


def _escaped(word: str) -> str:
    return word.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _one(name: str, words: str, value: float, labels: Labels = ()) -> Family:
    return Family(name, "gauge", words, ((labels, value),))


def _each(name: str, words: str, label: str, values: Mapping[str, float], kind: str = "gauge") -> Family:
    return Family(name, kind, words, tuple((((label, word),), value) for word, value in sorted(values.items())))


def _many(name: str, words: str, labels: tuple[str, str], values: Mapping[tuple[str, str], int]) -> Family:
    first, second = labels
    samples = (((((first, one), (second, other))), float(value)) for (one, other), value in sorted(values.items()))
    return Family(name, "gauge", words, tuple(samples))


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
