"""Rules that act as time goes by, each once for each state of a ticket, and never by looking at all of them."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from maild import remind
from maild.hours import Calendar
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from maild.store import timers
from maild.ticket import Event, Priority, Status
from tests.stories.house import BEN, BILLING, CLEO, DESK, House

LUC = "luc@customer.example"
OFFICE = Calendar("office", ZoneInfo("UTC"), (((9 * 60, 17 * 60),),) * 5 + ((), ()))
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def follow(house: House, text: str) -> None:
    """The operator writes these rules, and the daemon reloads."""
    known = Known(
        agents=frozenset(str(one.id) for one in house.desk.agents),
        teams=frozenset(str(one.id) for one in house.desk.teams),
        hours=frozenset(one.name for one in house.desk.calendars),
        slas=frozenset(one.name for one in house.desk.slas),
    )
    book = load(tomllib.loads(text)["rule"] if text else [], known)
    assert isinstance(book, RuleBook), book
    house.rules = book
    house.open()
    house.store.write(lambda tx: remind.heed(tx, house.office, house.now))
    house.works()


def rule(when: str, then: str, name: str = "quiet") -> str:
    return f'[[rule]]\nname = "{name}"\non = "timer"\nwhen = {{ {when} }}\nthen = {{ {then} }}\n'


def acted(house: House, number: int = 1) -> list[Event]:
    return [event for event in house.history(number) if event.event == "rule"]


def wakes(house: House) -> datetime | None:
    with house.store.read() as tx:
        return timers.next_due(tx)


def test_a_ticket_on_which_nothing_is_said_for_two_days_is_raised_once(house: House) -> None:
    follow(house, rule('silent_for = "2d", status = "open"', 'priority = "high", notify = "cleo"'))
    house.receives("The printer is on fire.")
    house.passes(hours=47, minutes=59)
    assert acted(house) == []
    house.passes(minutes=1)
    assert house.ticket().priority is Priority.HIGH
    assert house.last("cleo@agents.example").notice == "note"
    told = len(house.sent)
    for _ in range(5):
        house.passes(days=1)
    assert len(acted(house)) == 1
    assert len(house.sent) == told


def test_a_new_silence_is_a_new_state(house: House) -> None:
    follow(house, rule('silent_for = "2d", status = "open"', 'notify = "cleo"'))
    house.receives("The printer is on fire.")
    house.passes(days=3)
    house.receives("It still is.", answers=house.last(LUC))
    house.passes(days=1)
    assert len(acted(house)) == 1
    house.passes(days=2)
    assert len(acted(house)) == 2


def test_nothing_looks_at_a_ticket_before_its_time_comes(house: House) -> None:
    follow(house, rule('silent_for = "2d", status = "open"', 'priority = "high"'))
    house.receives("The printer is on fire.")
    assert wakes(house) == house.now + timedelta(days=2)
    assert not remind.step(house.office, house.now + timedelta(hours=40))
    house.passes(days=2)
    assert wakes(house) is None, "what has acted in this state is not looked at again"


def test_a_rule_of_another_status_waits_for_that_status(house: House) -> None:
    follow(house, rule('age = "1d", status = "pending"', 'tags = "slow"'))
    house.receives("The printer is on fire.")
    house.passes(days=2)
    assert acted(house) == []
    house.agent_replies("#pending\n\nIs it plugged in?", house.last("ann@agents.example"))
    assert house.ticket().status is Status.PENDING
    assert house.ticket().tags == ("slow",)
    assert len(acted(house)) == 1


def test_whoever_solves_it_is_named_and_a_rule_is_nobody(house: House) -> None:
    follow(house, rule('age = "1d", status = "open"', 'notify = "cleo"'))
    house.receives("The printer is on fire.")
    house.agent_replies("#take\n\nIs it plugged in?", house.last("ann@agents.example"))
    house.passes(days=2)
    house.agent_replies("#solved", house.last("cleo@agents.example"), CLEO)
    assert house.last(LUC).text.startswith("Cleo Roy marked your request, ticket #1, as solved.")
    assert "Your contact  Ann Lee" in house.last(LUC).text
    follow(house, rule('age = "1d", status = "open"', 'status = "solved"'))
    house.receives("The lamp is out.", author="Eva <eva@elsewhere.example>")
    house.passes(days=2)
    assert house.last("eva@elsewhere.example").text.startswith("Your request, ticket #2, is marked as solved.")


def test_a_move_by_the_clock_is_told_as_any_move_is(house: House) -> None:
    reason = "Nobody had time in support, so our accounts team takes it."
    follow(house, rule('silent_for = "1d"', f'team = "billing", owner = "ben", reason = "{reason}"'))
    house.receives("Invoice 77 is wrong.")
    house.agent_replies("#take", house.last("ann@agents.example"))
    house.passes(days=1)
    assert house.ticket().owner == BEN.id
    assert house.last(BEN.email).notice == "assigned"
    house.passes(minutes=2)
    letter = house.last(LUC, "owner-changed")
    assert reason in letter.text
    assert "Ben Ode" in letter.text
    moved = next(event for event in house.history() if event.event == "owner" and event.after == BEN.id)
    assert moved.origin is not None
    assert (moved.origin.rule, moved.origin.timer) == ("quiet", "rules")
    assert house.faults() == []


def test_a_rule_that_solves_a_ticket_tells_the_customer(house: House) -> None:
    follow(house, rule('silent_for = "5d", status = "hold"', 'status = "solved"'))
    house.receives("The printer is on fire.")
    house.agent_replies("#hold\n\nWe wait for the fire brigade.", house.last("ann@agents.example"))
    house.passes(days=5)
    assert house.ticket().status is Status.SOLVED
    assert house.last(LUC).notice == "solved"


def test_after_a_night_without_a_daemon_it_acts_once(house: House) -> None:
    follow(house, rule('silent_for = "1h"', 'notify = "cleo"') + rule('age = "2h"', 'tags = "old"', "old"))
    house.receives("The printer is on fire.")
    house.now += timedelta(days=3)  # nobody runs
    house.open()
    house.works()
    assert [event.after for event in acted(house)] == ["quiet", "old"]
    assert len([one for one in house.sent_to("cleo@agents.example") if one.notice == "note"]) == 1


@pytest.mark.parametrize(
    ("hours", "at"),
    [("office", MONDAY.replace(day=24, hour=9)), ("outside:office", MONDAY.replace(hour=18))],
)
def test_a_rule_acts_in_the_hours_that_it_names(house: House, hours: str, at: datetime) -> None:
    house.now = MONDAY
    house.desk = replace(DESK, calendars=(OFFICE,))
    follow(house, rule(f'silent_for = "8h", hours = "{hours}"', 'tags = "late"'))
    house.receives("The printer is on fire.")
    assert wakes(house) == at
    house.passes(hours=8)
    assert (acted(house) != []) is (hours == "outside:office")
    house.passes(hours=15)
    assert len(acted(house)) == 1
    house.passes(days=3)
    assert len(acted(house)) == 1


def test_a_rule_knows_the_date_that_the_customer_was_told(house: House) -> None:
    follow(house, rule('promised_in = "2h", status = "open"', 'priority = "urgent"'))
    house.receives("The printer is on fire.")
    house.agent_replies("#delay 2026-11-25 because the part is on its way", house.last("ann@agents.example"))
    due = house.ticket().promised_at
    assert due is not None
    house.now = due - timedelta(hours=2, minutes=1)
    house.works()
    assert acted(house) == []
    house.passes(minutes=1)
    assert house.ticket().priority is Priority.URGENT


def test_a_rule_that_stops_lets_none_after_it_act(house: House) -> None:
    follow(
        house,
        rule('silent_for = "1d"', 'tags = "first", stop = true', "first")
        + rule('silent_for = "2d"', 'tags = "second"', "b"),
    )
    house.receives("The printer is on fire.")
    house.passes(days=4)
    assert house.ticket().tags == ("first",)
    assert wakes(house) is None


def test_a_new_rule_looks_at_the_tickets_that_are_there(house: House) -> None:
    house.receives("The printer is on fire.")
    house.receives("The other one is, too.", author="Eva <eva@elsewhere.example>", subject="Fire")
    house.passes(days=3)
    follow(house, rule('age = "2d"', 'tags = "old"'))
    assert [one.tags for one in house.tickets] == [("old",), ("old",)]
    follow(house, rule('age = "2d"', 'tags = "old"'))
    assert len(acted(house)) == 1
    follow(house, "")
    house.passes(days=3)
    assert len(acted(house)) == 1


def test_a_closed_ticket_is_left_alone(house: House) -> None:
    house.desk = replace(DESK, tickets=replace(DESK.tickets, close_after=timedelta(days=1)))
    follow(house, rule('age = "30d"', 'notify = "cleo"'))
    house.receives("The printer is on fire.")
    house.agent_replies("#solved\n\nIt is out.", house.last("ann@agents.example"))
    house.passes(days=2)
    assert house.ticket().status is Status.CLOSED
    assert wakes(house) is None
    house.passes(days=40)
    assert acted(house) == []


def test_the_team_is_known_by_its_name(house: House) -> None:
    follow(house, rule('age = "1h", team = "billing"', 'tags = "money"'))
    house.receives("Invoice 77 is wrong.", to=BILLING.address)
    house.receives("The printer is on fire.", author="Eva <eva@elsewhere.example>", subject="Fire")
    house.passes(hours=1)
    assert [one.tags for one in house.tickets] == [("money",), ()]
