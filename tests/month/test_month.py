"""A small month is played, and holds every bar; then each bar is shown to be one that can be missed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.month.bars import Verdict, judge
from benchmarks.month.play import SMALL, place, play
from benchmarks.month.record import Event, Record, faults
from benchmarks.month.told import MOVES


@pytest.mark.timeout(240)
def test_a_small_month_holds_every_bar_and_every_bar_can_be_missed() -> None:
    with TemporaryDirectory(prefix="maild-month-", dir=place()) as folder:
        record = play(Path(folder), SMALL)
        cut = cut_out(Path(folder) / "maild.db")
    verdict = judge(record)
    assert missed(verdict) == {}
    check_much_happened(record, verdict)
    for name, spoil in SPOILS.items():
        spoilt = deepcopy(record)
        spoil(spoilt)
        assert name in missed(judge(spoilt)), f"nothing is said where this is so: {name}"
    assert "history is broken" in " ".join(cut)


def cut_out(file: Path) -> list[str]:
    """What verify finds where moves were taken out of the histories."""
    with sqlite3.connect(file) as store:
        store.execute("delete from history where event = 'owner'")
    store.close()
    return faults(file)


def missed(verdict: Verdict) -> dict[str, tuple[str, ...]]:
    return {bar.name: bar.found for bar in verdict.bars if not bar.held}


def check_much_happened(record: Record, verdict: Verdict) -> None:
    """The month was one in which something could have gone wrong."""
    moves = [event for events in record.history.values() for event in events if event.event == "owner"]
    codes = {event.code for event in moves}
    assert {"absence.planned", "absence.unplanned", "left", "return", "routing", "other"} <= codes
    assert {source for source, _, _ in record.absences} >= {"file", "admin", "command", "reply"}
    assert {one.outcome for one in record.tries} >= {"sent", "deferred", "uncertain"}
    assert record.kills >= SMALL.kills
    assert len(record.history) >= SMALL.tickets
    assert len(verdict.deferred) > 0


# --- how each bar is missed -----------------------------------------------------------------------------------------


def nobody_moves(record: Record) -> None:
    """What absences moved stays where it was."""
    for ticket, events in record.history.items():
        record.history[ticket] = [event for event in events if not event.code.startswith("absence.")]


def no_reason(record: Record) -> None:
    change(record, moved(record), text="")


def not_told(record: Record) -> None:
    for ticket, events in record.history.items():
        record.history[ticket] = [event for event in events if event.event != "told" or event.text not in MOVES]


def told_late(record: Record) -> None:
    telling = {row.id for row in record.rows.values() if row.notice == "owner-changed"}
    letters = record.letters
    letters[:] = [replace(one, at=one.at + timedelta(hours=2)) if one.row in telling else one for one in letters]
    record.tries = [one for one in record.tries if one.row not in telling]
    record.troubles = []


def told_twice(record: Record) -> None:
    event = next(event for event in events_of(record, "told") if event.text == "owner-changed")
    events = record.history[event.ticket]
    events.insert(events.index(event), event)


def another_owner(record: Record) -> None:
    letter = next(one for one in record.letters if one.notice == "owner-changed")
    letter.headers["x-maild-owner"] = "Somebody Else"


def no_brief(record: Record) -> None:
    briefs = {row.id for row in record.rows.values() if row.notice == "assigned"}
    record.letters = [letter for letter in record.letters if letter.row not in briefs]


def two_mails(record: Record) -> None:
    row = next(row for row in record.rows.values() if row.notice == "received")
    record.rows[10**6] = replace(row, id=10**6, message_id="another")


def left_twice(record: Record) -> None:
    record.letters.append(next(one for one in record.letters if record.rows[one.row].uncertain == 0))


def not_decided(record: Record) -> None:
    record.inbox[0] = (record.inbox[0][0], "waiting", "[]")


def lost(record: Record) -> None:
    record.inbox.pop(0)


def moved(record: Record) -> Event:
    return next(event for event in events_of(record, "owner") if event.code == "absence.planned")


def events_of(record: Record, name: str) -> list[Event]:
    return [event for events in record.history.values() for event in events if event.event == name]


def change(record: Record, event: Event, **fields: str) -> None:
    events = record.history[event.ticket]
    events[events.index(event)] = replace(event, **fields)  # type: ignore[arg-type]  # fields of Event


SPOILS: dict[str, Callable[[Record], None]] = {
    "minutes without a reachable owner or team": nobody_moves,
    "owner or team changes without a reason": no_reason,
    "changes of the contact that were not told": not_told,
    "changes told after settle + 5 minutes": told_late,
    "mails that tell of a contact told before": told_twice,
    "mails that name another owner than the store": another_owner,
    "customers told before the successor's brief": no_brief,
    "customers with two mails for one cause": two_mails,
    "mails that left twice without being uncertain": left_twice,
    "mails in without a stated outcome": not_decided,
    "acknowledged mails that are lost": lost,
}
