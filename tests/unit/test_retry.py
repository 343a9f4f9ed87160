"""Stories of mail that must wait for another try."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maild.retry import Patience, next_try

QUEUED = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROWS = st.integers(min_value=1, max_value=2**40)


@settings(deadline=None)
@given(ROWS)
def test_the_pauses_double_from_one_minute_to_sixty_six(row: int) -> None:
    for tries, minutes in enumerate([1, 2, 4, 8, 16, 32, 64, 66, 66, 66], start=1):
        due = next_try(tries, QUEUED, QUEUED, row)
        assert due is not None
        assert timedelta(minutes=minutes * 0.8) <= due - QUEUED <= timedelta(minutes=minutes * 1.2)


def test_rows_that_failed_together_do_not_come_back_together() -> None:
    pauses = {next_try(5, QUEUED, QUEUED, row) for row in range(1, 201)}
    assert len(pauses) > 190
    assert None not in pauses
    spread = max(filter(None, pauses)) - min(filter(None, pauses))
    assert spread > timedelta(minutes=16 * 0.35)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**9), ROWS, st.timedeltas(timedelta(), timedelta(days=9)))
def test_the_same_question_has_the_same_answer_and_it_lies_ahead(tries: int, row: int, age: timedelta) -> None:
    now = QUEUED + age
    due = next_try(tries, QUEUED, now, row)
    assert due == next_try(tries, QUEUED, now, row)
    assert (due is None) == (age >= timedelta(days=5))
    if due is not None:
        assert now < due <= QUEUED + timedelta(days=5)


def test_a_mail_is_tried_one_last_time_after_five_days_and_then_given_up() -> None:
    now, tries, moments = QUEUED, 0, []
    while True:
        tries += 1
        due = next_try(tries, QUEUED, now, row=7)
        if due is None:
            break
        now = due
        moments.append(due)
    assert moments[-1] == QUEUED + timedelta(days=5)
    assert 100 < len(moments) < 150


def test_an_operator_may_be_less_patient() -> None:
    hasty = Patience(first=timedelta(seconds=10), most=timedelta(seconds=30), total=timedelta(hours=1))
    due = next_try(50, QUEUED, QUEUED, 1, hasty)
    assert due is not None
    assert timedelta(seconds=24) <= due - QUEUED <= timedelta(seconds=36)
    assert next_try(1, QUEUED, QUEUED + timedelta(hours=1), 1, hasty) is None


def test_a_clock_that_stepped_back_does_not_make_a_mail_wait_for_long() -> None:
    now = QUEUED - timedelta(days=1)
    due = next_try(3, QUEUED, now, row=1)
    assert due is not None
    assert due - now < timedelta(minutes=5)
