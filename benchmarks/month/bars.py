"""What a month must show, and whether it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.month import reach, told
from benchmarks.month.record import Record

_ENDS = frozenset({"ticket", "duplicate", "done", "quarantine"})


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that must be nothing: how much there is of it, and what exactly."""

    name: str
    amount: float
    found: tuple[str, ...]

    @property
    def held(self) -> bool:
        return not self.found


@dataclass(frozen=True, slots=True)
class Verdict:
    """The bars, what there was, and the briefs that the relay put off for longer than the customer waited."""

    bars: tuple[Bar, ...]
    figures: tuple[tuple[str, str], ...]
    deferred: tuple[str, ...]

    @property
    def held(self) -> bool:
        return all(bar.held for bar in self.bars)


def judge(record: Record) -> Verdict:
    """Look at everything that the month left behind."""
    reached, heard = reach.judge(record), told.judge(record)
    gaps = [f"#{gap.ticket}: {gap.minutes:.1f} min from {gap.since:%d %b %H:%M:%S}: {gap.why}" for gap in reached.gaps]
    bars = (
        Bar("minutes without a reachable owner or team", sum(gap.minutes for gap in reached.gaps), tuple(gaps)),
        _bar("owner or team changes without a reason", heard.unreasoned),
        _bar("changes of the contact that were not told", heard.untold),
        _bar("changes told after settle + 5 minutes", heard.late),
        _bar("mails that tell of a contact told before", heard.twice),
        _bar("mails that name another owner than the store", heard.stale),
        _bar("customers told before the successor's brief", heard.unbriefed),
        _bar("customers with two mails for one cause", list(told.causes(record))),
        _bar("mails that left twice without being uncertain", list(told.copies(record))),
        _bar("mails in without a stated outcome", list(_undecided(record))),
        _bar("acknowledged mails that are lost", list(_lost(record))),
        _bar("findings of verify", record.faults),
    )
    return Verdict(bars, tuple(_figures(record, reached, heard)), tuple(heard.deferred))


def _bar(name: str, found: Sequence[str]) -> Bar:
    return Bar(name, len(found), tuple(found))


def _undecided(record: Record) -> Iterator[str]:
    for number, (_, state, because) in enumerate(record.inbox, 1):
        if state not in _ENDS or because in {"", "[]"}:
            yield f"inbox mail {number}: {state}, {because}"
        elif "could not be decided" in because:
            yield f"inbox mail {number}: {because}"


def _lost(record: Record) -> Iterator[str]:
    kept = {sha256 for sha256, _, _ in record.inbox}
    for digest, acknowledged in record.handed.items():
        if digest not in kept:
            yield f"{digest}: {'answered 250, and' if acknowledged else 'handed in, and'} not there"


def _figures(record: Record, reached: reach.Reach, heard: told.Told) -> Iterator[tuple[str, str]]:
    states = Counter(state for _, state, _ in record.inbox)
    notices = Counter(row.notice for row in record.rows.values())
    outcomes = Counter(one.outcome for one in record.tries)
    absences = Counter(source for source, _, _ in record.absences)
    waits = sorted(heard.waits)
    down = sum((until - since for since, until in record.down()), timedelta())
    yield "agents, tickets", f"{len(record.roster.agents)}, {len(record.history)}"
    yield "mails in", _listed(len(record.inbox), states)
    yield "mails out", _listed(len(record.letters), Counter(dict(notices.most_common(9))))
    yield "absences, by how the desk knew", _listed(absences.total(), absences)
    yield "owner changes after the opening", _listed(heard.changes, heard.codes)
    yield "windows told", str(heard.windows)
    yield "windows in which nothing changed in the end", str(heard.nothing)
    if waits:
        yield (
            "seconds from a move to the customer's mail",
            f"{waits[len(waits) // 2]:.0f} in the middle, {waits[-1]:.0f} at most",
        )
    yield "of them held up by the relay", str(len(heard.held_up))
    yield "briefs that the relay refused for good", str(len(heard.refused))
    yield "the relay's answers", _listed(outcomes.total(), outcomes)
    yield "minutes of short absences, not counted", f"{reached.short_minutes:.0f}"
    yield "kills, and hours without the daemon", f"{record.kills}, {down / timedelta(hours=1):.1f}"


def _listed(total: int, parts: Counter[str]) -> str:
    return f"{total} ({', '.join(f'{count} {name}' for name, count in parts.most_common())})"
