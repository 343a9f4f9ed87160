"""Who stands at the door comes first, for a while."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from maild.ingest.rush import LONGEST, LULL, Rush


@dataclass
class Seconds:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def rush(seconds: Seconds) -> Rush:
    return Rush(seconds)


def test_nothing_is_waited_for_where_no_mail_came(rush: Rush) -> None:
    assert rush.left() == 0


def come_and_go(rush: Rush) -> None:
    rush.come()
    rush.kept()


def test_a_mail_that_comes_alone_is_decided_after_a_moment(rush: Rush, seconds: Seconds) -> None:
    come_and_go(rush)
    assert rush.left() == pytest.approx(LULL)
    seconds.now += LULL
    assert rush.left() == 0


def test_each_mail_that_follows_at_once_puts_deciding_off(rush: Rush, seconds: Seconds) -> None:
    for _ in range(10):
        come_and_go(rush)
        seconds.now += LULL / 2
        assert rush.left() == pytest.approx(LULL / 2)
    seconds.now += LULL / 2
    assert rush.left() == 0


def test_a_flood_without_an_end_is_answered_all_the_same(rush: Rush, seconds: Seconds) -> None:
    began = seconds.now
    while seconds.now < began + LONGEST - LULL:
        come_and_go(rush)
        assert rush.left() > 0
        seconds.now += LULL / 2
    while seconds.now < began + 3 * LONGEST:
        come_and_go(rush)
        seconds.now += LULL / 2
    assert rush.left() == 0


def test_deciding_waits_while_a_mail_is_being_kept_however_long_that_takes(rush: Rush, seconds: Seconds) -> None:
    rush.come()
    seconds.now += 10 * LULL
    assert rush.left() == pytest.approx(LULL)
    rush.kept()
    assert rush.left() == pytest.approx(LULL)
    seconds.now += LULL
    assert rush.left() == 0


def test_a_mail_that_cannot_be_kept_holds_nothing_up_for_good(rush: Rush, seconds: Seconds) -> None:
    rush.come()
    seconds.now += LONGEST
    assert rush.left() == 0


def test_a_gap_that_our_own_work_makes_does_not_begin_another_rush(rush: Rush, seconds: Seconds) -> None:
    come_and_go(rush)
    seconds.now += LONGEST
    come_and_go(rush)
    assert rush.left() == 0


def test_a_mail_that_comes_when_all_are_decided_begins_another_rush(rush: Rush, seconds: Seconds) -> None:
    come_and_go(rush)
    seconds.now += LONGEST
    rush.rested()
    come_and_go(rush)
    assert rush.left() == pytest.approx(LULL)
