"""Signed addresses and Message-IDs: what they carry, how long they last, and what no forger can make."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.threading.tags import Keyring, OurId, Token, derive, split_token, with_token
from maild.ticket import Use

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = (NOW - datetime(2020, 1, 1, tzinfo=UTC)).days
RING = Keyring("desk.example", ((1, b"a" * 32),))
LONG_USES = [use for use in Use if use is not Use.BOUNCE]


@pytest.mark.parametrize("use", LONG_USES)
def test_a_token_of_forty_characters_says_what_was_signed(use: Use) -> None:
    token = RING.make(use, 1042, 7, NOW)
    assert re.fullmatch(r"[a-z2-7]{40}", token)
    assert RING.read(token) == Token(use, 1042, 7, DAY)


def test_a_bounce_token_of_twenty_four_characters_names_a_row() -> None:
    token = RING.make_bounce(77)
    assert re.fullmatch(r"[a-z2-7]{24}", token)
    assert RING.read(token) == Token(Use.BOUNCE, 77)


def test_case_means_nothing() -> None:
    token = RING.make(Use.CUSTOMER, 1, 1, NOW)
    assert RING.read(token.upper()) == RING.read(token)
    assert RING.read(RING.make_bounce(5).upper()) == Token(Use.BOUNCE, 5)


@given(st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_any_character_changed_is_none(place: int, letter: str) -> None:
    token = RING.make(Use.REPLY, 1042, 7, NOW)
    changed = token[:place] + letter + token[place + 1 :]
    assert (RING.read(changed) is None) == (changed != token)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=40, max_size=40))
def test_guessed_tokens_are_none(guess: str) -> None:
    assert RING.read(guess) is None


@given(st.text(max_size=60))
def test_anything_can_be_read_and_is_nothing(text: str) -> None:
    assert RING.read(text) is None
    assert RING.read_id(text) is None
    assert RING.read_id(f"{text}@desk.example") is None


def test_one_use_never_verifies_as_another() -> None:
    from base64 import b32decode, b32encode

    payload = bytearray(b32decode(RING.make(Use.CUSTOMER, 1, 1, NOW).upper()))
    for use in Use:
        payload[1] = ord(use.value)
        forged = b32encode(bytes(payload)).decode().lower()
        assert (RING.read(forged) is None) == (use is not Use.CUSTOMER)


def test_another_desks_token_is_none_even_with_the_same_secret() -> None:
    other = Keyring("other.example", RING.keys)
    assert other.read(RING.make(Use.CUSTOMER, 1, 1, NOW)) is None
    assert other.read(RING.make_bounce(1)) is None


def test_the_newest_key_signs_and_the_last_three_verify() -> None:
    keys = tuple((number, bytes([number]) * 32) for number in range(1, 6))
    rings = [Keyring("desk.example", keys[:count]) for count in range(1, 6)]
    token = rings[0].make(Use.CUSTOMER, 1, 1, NOW)
    assert [ring.read(token) is not None for ring in rings] == [True, True, True, False, False]
    assert rings[4].read(rings[4].make(Use.CUSTOMER, 1, 1, NOW)) is not None


@pytest.mark.parametrize(
    ("use", "days"), [(Use.CUSTOMER, 400), (Use.PERSONAL, 400), (Use.REPLY, 30), (Use.NOTE, 30), (Use.SIDE, 30)]
)
def test_a_token_lasts_its_days_and_no_longer(use: Use, days: int) -> None:
    token = RING.read(RING.make(use, 1, 1, NOW))
    assert token is not None
    assert not token.expired(NOW + timedelta(days=days))
    assert token.expired(NOW + timedelta(days=days + 2))


@pytest.mark.parametrize("use", [Use.MESSAGE, Use.BOUNCE])
def test_message_ids_and_bounce_addresses_do_not_expire(use: Use) -> None:
    assert not Token(use, 1, 1, 0).expired(NOW + timedelta(days=20_000))


def test_our_message_id_says_whose_copy_it_was() -> None:
    ours = RING.message_id(1042, 3, 5120, NOW)
    assert RING.read_id(ours) == OurId(Token(Use.MESSAGE, 1042, 3, DAY), 5120)
    assert ours == RING.message_id(1042, 3, 5120, NOW)


@pytest.mark.parametrize("change", [("m.", "x."), ("@desk", "@disk"), (".5120", ".x"), (".5120", ".1234567890123")])
def test_a_message_id_of_another_form_is_somebody_elses(change: tuple[str, str]) -> None:
    assert RING.read_id(RING.message_id(1042, 3, 5120, NOW).replace(*change)) is None


def test_a_customers_token_in_a_message_id_is_no_message_id_of_ours() -> None:
    token = RING.make(Use.CUSTOMER, 1042, 3, NOW)
    assert RING.read_id(f"m.{token}.1@desk.example") is None


def test_keys_of_different_purposes_differ() -> None:
    assert derive(b"a" * 32, b"one") != derive(b"a" * 32, b"two")
    assert len(derive(b"a" * 32, b"one")) == 32


def test_the_secret_does_not_stand_in_the_keyrings_words() -> None:
    assert "aaaa" not in repr(RING)


def test_an_address_comes_apart_as_it_was_put_together() -> None:
    address = with_token("support@desk.example", "x" * 40)
    assert split_token(address) == ("support@desk.example", "x" * 40)
    assert split_token("support@desk.example") == ("support@desk.example", "")
    assert split_token("nothing") == ("@nothing", "")


def test_a_token_address_fits_the_local_part_of_any_server() -> None:
    base = f"{'a' * 23}@desk.example"
    assert len(with_token(base, RING.make(Use.CUSTOMER, 1, 1, NOW)).partition("@")[0]) == 64
