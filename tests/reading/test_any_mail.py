"""Mail that nobody would write: whatever chance makes, it is read, and what is understood of it holds together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import pieces, slow, truths
from maild.ingest import reading

SIZE = 200_000
"""A fifth of what `make fuzz ARGS=--slow` times: what is quadratic shows here too."""
SLOW = dict(slow.mails(SIZE))
TEXTS = dict(slow.texts(SIZE))


@given(st.binary(max_size=1500))
@settings(max_examples=300, deadline=None)
def test_whatever_mail_chance_makes_is_read_twice_the_same_and_nothing_in_it_contradicts(chosen: bytes) -> None:
    truths.judge(pieces.mail_of(chosen))


@given(st.binary(max_size=600))
@settings(max_examples=200, deadline=None)
def test_bytes_that_are_no_mail_at_all_are_a_mail_too(raw: bytes) -> None:
    truths.judge(raw)


@given(st.lists(st.sampled_from(slow.PLAIN) | st.text(max_size=12), max_size=40).map("".join), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_words_are_read_as_commands_wishes_and_dates(text: str, subject: str) -> None:
    truths.speak(text, subject)


@given(st.lists(st.sampled_from(slow.HTML) | st.text(max_size=12), max_size=60).map("".join))
@settings(max_examples=200, deadline=None)
def test_any_page_is_read(html: str) -> None:
    truths.page(html)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", SLOW)
def test_very_much_of_one_thing_is_read_in_bounded_time(name: str) -> None:
    assert reading.read(SLOW[name], sender=None).why


@pytest.mark.timeout(10)
@pytest.mark.parametrize("name", TEXTS)
def test_very_many_words_are_read_in_bounded_time(name: str) -> None:
    truths.speak(TEXTS[name], TEXTS[name][:2000])


def test_an_id_that_is_not_closed_holds_no_bracket() -> None:
    mail = reading.read(b"From: a@b.example\nMessage-ID: luc@client.example <4@a.example\n\nwords", sender=None)
    assert mail.message_id == "4@a.example"


def test_what_must_hold_is_looked_at() -> None:
    mail = reading.read(b"From: a@b.example\n\nwords", sender=None)
    with pytest.raises(truths.UntrueError, match="the verdict has no reason"):
        truths.sound(replace(mail, why=()))
