"""What a month must show, and whether it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.month import answered, clockwork, promised, reach, told
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
    """The bars, what there was, and what is listed by name because a bar does not count it."""

    bars: tuple[Bar, ...]
    figures: tuple[tuple[str, str], ...]
    listed: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def held(self) -> bool:
        return all(bar.held for bar in self.bars)


def judge(record: Record) -> Verdict:
    """Look at everything that the month left behind."""
    reached, heard, words = reach.judge(record), told.judge(record), answered.judge(record)
    cases = list(promised.cases(record))
    kept, spoke = promised.judge(cases), clockwork.judge(cases)
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
        _bar("broken promises without a word before the date", kept.unwarned),
        _bar("promises without a timer, dates without a promise", record.loose),
        _bar("mails that tell another date than the ledger", kept.other_date),
        _bar("mails that tell two dates", kept.two_dates),
        _bar("mails of the clock while nobody is at work", spoke.at_night),
        _bar("clocks that spoke twice", spoke.again),
        _bar("words of customers not answered within the minute", words.unanswered),
        _bar("answers to somebody who did not ask", words.strangers),
        _bar("answers that name another contact or status", kept.other_contact),
        _bar("mails that left twice without being uncertain", list(told.copies(record))),
        _bar("mails in without a stated outcome", list(_undecided(record))),
        _bar("acknowledged mails that are lost", list(_lost(record))),
        _bar("findings of verify", record.faults),
    )
    figures = (*_figures(record, reached, heard), *_promises(record, kept, spoke), *_words(words))
    lists = {
        "briefs that the relay put off for too long": heard.deferred,
        **{f"broken, and not told before: {why}": found for why, found in sorted(kept.excused.items())},
        "dates that were put off as the customer wrote": kept.overtaken,
        "dates that were over when a mail named them, after the daemon was down": kept.over,
        "told at night, as an agent gave the date": spoke.by_hand,
        "words that the limits left unanswered": words.limited,
    }
    return Verdict(bars, figures, tuple((name, tuple(found)) for name, found in lists.items()))


def _bar(name: str, found: Sequence[str]) -> Bar:
    return Bar(name, len(found), tuple(found))


def _undecided(record: Record) -> Iterator[str]:
    for kept in record.inbox:
        if kept.state not in _ENDS or kept.because in {"", "[]"}:
            yield f"inbox mail {kept.id}: {kept.state}, {kept.because}"
        elif "could not be decided" in kept.because:
            yield f"inbox mail {kept.id}: {kept.because}"


def _lost(record: Record) -> Iterator[str]:
    kept = {one.digest for one in record.inbox}
    for digest, acknowledged in record.handed.items():
        if digest not in kept:
            yield f"{digest}: {'answered 250, and' if acknowledged else 'handed in, and'} not there"


def _figures(record: Record, reached: reach.Reach, heard: told.Told) -> Iterator[tuple[str, str]]:
    states = Counter(one.state for one in record.inbox)
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


def _promises(record: Record, kept: promised.Kept, spoke: clockwork.Spoke) -> Iterator[tuple[str, str]]:
    total = kept.standings.total()
    share = 100 * kept.standings["broken"] / total if total else 0
    yield "promises, and what became of them", _listed(total, kept.standings)
    yield "broken promises, by clock", f"{share:.1f} %: {_listed(kept.clocks.total(), kept.clocks)}"
    yield "mails that a clock caused, reminders among them", f"{spoke.mails}, {spoke.reminders}"
    yield "looks into the store from outside", str(record.looks)


def _words(words: answered.Answered) -> Iterator[tuple[str, str]]:
    yield "customers' words to the desk", _listed(words.wishes.total(), words.wishes)
    yield "such words that ask for nothing, by whose they are", _listed(words.others.total(), words.others)
    yield "answers that the relay held up", str(len(words.held_up))


def _listed(total: int, parts: Counter[str]) -> str:
    return f"{total} ({', '.join(f'{count} {name}' for name, count in parts.most_common())})"
