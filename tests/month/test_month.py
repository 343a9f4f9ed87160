"""A small month is played, and holds every bar; then each bar is shown to be one that can be missed."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.month.bars import Verdict, judge
from benchmarks.month.ledger import loose
from benchmarks.month.play import SMALL, place, play
from benchmarks.month.record import Event, Record, faults


@pytest.mark.timeout(240)
def test_a_small_month_holds_every_bar_and_every_bar_can_be_missed() -> None:
    with TemporaryDirectory(prefix="maild-month-", dir=place()) as folder:
        record = play(Path(folder), SMALL)
        amiss = asleep(Path(folder) / "maild.db", record)
        cut = cut_out(Path(folder) / "maild.db")
    verdict = judge(record)
    assert missed(verdict) == {}
    check_much_happened(record, verdict)
    for name, spoil in SPOILS:
        spoilt = copy_of(record)
        spoil(spoilt)
        assert name in missed(judge(spoilt)), f"nothing is said of {spoil.__name__}: {name}"
    assert {name for name, _ in SPOILS} == {bar.name for bar in verdict.bars} - {"findings of verify"}
    assert "history is broken" in " ".join(cut)
    assert "no timer looks at it" in " ".join(amiss)
    assert "its ledger says another date" in " ".join(amiss)


def copy_of(record: Record) -> Record:
    """The record with lists of its own, so that one of them can be spoilt."""
    return replace(
        record,
        history={ticket: list(events) for ticket, events in record.history.items()},
        rows=dict(record.rows),
        asked=dict(record.asked),
        inbox=list(record.inbox),
        letters=list(record.letters),
        tries=list(record.tries),
        loose=list(record.loose),
        troubles=list(record.troubles),
    )


def asleep(file: Path, record: Record) -> list[str]:
    """What is found amiss in the store where the clock forgot its promises, and a ticket its date."""
    with sqlite3.connect(file) as store:
        store.execute("delete from timer where timer = 'promise'")
        store.execute("update ticket set promised_at = null")
    store.close()
    return loose(file, record.end)


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
    assert record.kills >= SMALL.kills // 2
    assert len(record.history) >= SMALL.tickets
    assert codes >= {"escalation.clock", "escalation.level", "customer-request"}
    assert {one.standing for one in record.promises} >= {"kept", "broken", "moved", "open"}
    assert {one.clock for one in record.promises} >= {"first-reply", "next-reply", "update", "solve", "delay", "snooze"}
    assert {one.how for one in record.asked.values()} >= {"word", "stranger", "robot"}
    assert {one.wish for one in record.asked.values()} >= {"status", "history", "escalate", "reopen", "stop"}
    notices = {row.notice for row in record.rows.values()}
    assert notices >= {"delayed", "escalated", "warning", "status", "history"}
    assert any(row.notice == "waiting" and row.inbox is None for row in record.rows.values())
    assert record.looks > 4 * SMALL.days


# --- how each bar is missed -----------------------------------------------------------------------------------------


def nobody_moves(record: Record) -> None:
    """What absences moved stays where it was."""
    for ticket, events in record.history.items():
        record.history[ticket] = [event for event in events if not event.code.startswith("absence.")]


def no_reason(record: Record) -> None:
    change(record, moved(record), text="")


def not_told(record: Record) -> None:
    """Customers hear of nobody any more once they were told of the first contact."""
    for ticket, events in record.history.items():
        first = next((event for event in events if event.event == "told"), None)
        record.history[ticket] = [event for event in events if event.event != "told" or event is first]


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
    place, letter = next((n, one) for n, one in enumerate(record.letters) if one.notice == "owner-changed")
    record.letters[place] = replace(letter, headers=letter.headers | {"x-maild-owner": "Somebody Else"})


def no_brief(record: Record) -> None:
    briefs = {row.id for row in record.rows.values() if row.notice == "assigned"}
    record.letters = [letter for letter in record.letters if letter.row not in briefs]


def two_mails(record: Record) -> None:
    row = next(row for row in record.rows.values() if row.notice == "received")
    record.rows[10**6] = replace(row, id=10**6, message_id="another")


def left_twice(record: Record) -> None:
    record.letters.append(next(one for one in record.letters if record.rows[one.row].uncertain == 0))


def not_decided(record: Record) -> None:
    record.inbox[0] = replace(record.inbox[0], state="waiting", because="[]")


def lost(record: Record) -> None:
    record.inbox.pop(0)


def broken_unsaid(record: Record) -> None:
    moments = {(one.ticket, one.ended_at) for one in record.promises if one.standing == "broken"}
    telling = {row.id for row in record.rows.values() if (row.ticket, row.created_at) in moments}
    record.letters = [letter for letter in record.letters if letter.row not in telling]
    record.tries = [one for one in record.tries if one.row not in telling]
    record.troubles = []


def left_loose(record: Record) -> None:
    record.loose.append("#1: first-reply stands, and no timer looks at it")


def another_date(record: Record) -> None:
    spoil_text(record, "received", lambda text: text.replace(":", "."))


def two_dates(record: Record) -> None:
    spoil_text(record, "received", lambda text: f"You hear from us by Monday 30 November, 12:00.\n\n{text}")


def at_night(record: Record) -> None:
    for row in [row for row in record.rows.values() if row.notice == "warning" and row.ticket]:
        record.rows[row.id] = replace(row, created_at=row.created_at.replace(hour=3))


def broke_twice(record: Record) -> None:
    event = events_of(record, "promise-broken")[0]
    record.history[event.ticket].append(event)


def warned_twice(record: Record) -> None:
    row = next(row for row in record.rows.values() if row.notice == "warning" and row.ticket)
    letter = next(one for one in record.letters if one.row == row.id)
    record.rows[10**6] = replace(row, id=10**6)
    record.letters.append(replace(letter, row=10**6))


def not_answered(record: Record) -> None:
    for row in [row for row in record.rows.values() if row.notice == "status"]:
        record.rows[row.id] = replace(row, inbox=None)


def answered_late(record: Record) -> None:
    answers = {row.id for row in record.rows.values() if row.notice == "history"}
    record.tries = [replace(one, at=one.at + timedelta(hours=1)) if one.row in answers else one for one in record.tries]
    record.troubles = []


def stranger_answered(record: Record) -> None:
    record.asked = {digest: replace(asked, how="stranger") for digest, asked in record.asked.items()}


def other_contact(record: Record) -> None:
    names = record.names.values()
    spoil_text(record, "status", lambda text: re.sub("|".join(names), "Somebody Else", text))


def spoil_text(record: Record, notice: str, spoil: Callable[[str], str]) -> None:
    record.letters = [
        replace(letter, text=spoil(letter.text)) if letter.notice == notice else letter for letter in record.letters
    ]


def moved(record: Record) -> Event:
    return next(event for event in events_of(record, "owner") if event.code == "absence.planned")


def events_of(record: Record, name: str) -> list[Event]:
    return [event for events in record.history.values() for event in events if event.event == name]


def change(record: Record, event: Event, **fields: str) -> None:
    events = record.history[event.ticket]
    events[events.index(event)] = replace(event, **fields)  # type: ignore[arg-type]  # fields of Event


SPOILS: tuple[tuple[str, Callable[[Record], None]], ...] = (
    ("minutes without a reachable owner or team", nobody_moves),
    ("owner or team changes without a reason", no_reason),
    ("changes of the contact that were not told", not_told),
    ("changes told after settle + 5 minutes", told_late),
    ("mails that tell of a contact told before", told_twice),
    ("mails that name another owner than the store", another_owner),
    ("customers told before the successor's brief", no_brief),
    ("customers with two mails for one cause", two_mails),
    ("broken promises without a word before the date", broken_unsaid),
    ("promises without a timer, dates without a promise", left_loose),
    ("mails that tell another date than the ledger", another_date),
    ("mails that tell two dates", two_dates),
    ("mails of the clock while nobody is at work", at_night),
    ("clocks that spoke twice", broke_twice),
    ("clocks that spoke twice", warned_twice),
    ("words of customers not answered within the minute", not_answered),
    ("words of customers not answered within the minute", answered_late),
    ("answers to somebody who did not ask", stranger_answered),
    ("answers that name another contact or status", other_contact),
    ("mails that left twice without being uncertain", left_twice),
    ("mails in without a stated outcome", not_decided),
    ("acknowledged mails that are lost", lost),
)
