"""What time does, and what a fault in it must not do."""

from __future__ import annotations

from datetime import timedelta

from maild.decision import SetTimer, TimerName
from maild.store import timers
from tests.stories.house import House

LUC = "luc@customer.example"


def test_a_solved_ticket_closes_when_it_has_been_quiet_for_long_enough(house: House) -> None:
    house.receives("Help.")
    house.agent_replies("#solved\nDone.", house.last("ann@agents.example"))
    house.passes(days=29)
    assert house.ticket().status == "solved"
    house.passes(days=1, seconds=1)
    assert house.ticket().status == "closed"


def test_a_timer_that_cannot_be_carried_out_does_not_stop_those_behind_it(house: House) -> None:
    house.receives("Help.")
    house.agent_replies("#solved\nDone.", house.last("ann@agents.example"))
    broken = SetTimer(TimerName.ANSWER, house.now + timedelta(days=1), "no such notice")
    house.store.write(lambda tx: timers.change(tx, 1, broken))
    house.passes(days=31)
    assert house.ticket().status == "closed"
    with house.store.read() as tx:
        assert timers.set_for(tx, 1, TimerName.ANSWER), "it is tried again, not forgotten"
