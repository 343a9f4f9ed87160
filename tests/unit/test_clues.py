"""What a mail says about its ticket, as it was read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.mail import Address, Kind, Mail, MessageId, Proof
from maild.threading.clues import Clues, bare_subject, clues, own_words, same_words
from maild.threading.tags import Keyring, with_token
from maild.ticket import Use
from maild.wishes import mere_thanks

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RING = Keyring("desk.example", ((1, b"a" * 32),))
BASES = frozenset({"support@desk.example", "billing@desk.example"})


def mail(**fields: Any) -> Mail:
    common: dict[str, Any] = {
        "kind": Kind.PERSON,
        "message_id": MessageId("a@b"),
        "in_reply_to": (),
        "references": (),
        "authors": (Address("luc@customer.example"),),
        "reply_to": (),
        "to": (),
        "cc": (),
        "delivered_to": (),
        "subject": "",
        "date": None,
        "text": "",
        "new_text": "",
        "html": "",
        "attachments": (),
        "headers": (),
        "fingerprint": "",
        "sha256": "",
        "size": 0,
        "proof": Proof(),
    }
    return Mail(**common | fields)


def read(recipients: tuple[str, ...] = (), **fields: Any) -> Clues:
    return clues(mail(**fields), recipients, RING, BASES, NOW)


def address(ticket: int, use: Use = Use.CUSTOMER, base: str = "support@desk.example", at: datetime = NOW) -> str:
    return with_token(base, RING.make(use, ticket, 1, at))


def test_tokens_come_from_the_envelope_first_then_to_cc_and_delivered_to() -> None:
    found = read((address(1),), to=(Address(address(2)),), cc=(Address(address(3)),), delivered_to=(address(4),))
    assert [token.ticket for token in found.tokens] == [1, 2, 3, 4]


def test_a_token_that_stands_twice_counts_once() -> None:
    assert len(read((address(1),), to=(Address(address(1)),)).tokens) == 1


def test_a_token_counts_at_every_address_of_ours_and_nowhere_else() -> None:
    found = read((address(1, base="billing@desk.example"), address(2, base="other@desk.example")))
    assert [token.ticket for token in found.tokens] == [1]


def test_an_expired_token_is_told_apart_from_a_false_one() -> None:
    old = address(1, Use.REPLY, at=NOW - timedelta(days=40))
    found = read((old, f"support+{'a' * 40}@desk.example", f"support+{'b' * 24}@desk.example"))
    assert found.tokens == ()
    assert [token.ticket for token in found.expired] == [1]
    assert found.bad == 2


def test_an_ordinary_detail_is_no_false_token() -> None:
    assert read(("support+sales@desk.example",)).bad == 0


def test_in_reply_to_comes_before_references_and_the_newest_reference_first() -> None:
    ids = [RING.message_id(number, 1, number, NOW) for number in (1, 2, 3)]
    found = read(in_reply_to=(ids[1],), references=(ids[0], ids[1], ids[2]))
    assert [ours.row for ours in found.own] == [2, 3, 1]
    foreign = read(references=(MessageId("x@y"), ids[0], MessageId("z@y")))
    assert foreign.foreign == ("z@y", "x@y")


@pytest.mark.parametrize(
    ("subject", "tag"),
    [("[#1042] x", 1042), ("Re: AW: [#7]", 7), ("#1042", None), ("[#]", None), ("[#1234567890123]", None)],
)
def test_the_subject_tag(subject: str, tag: int | None) -> None:
    assert read(subject=subject).tag == tag


def test_a_mail_replies_by_its_headers_or_our_tag_and_not_by_re() -> None:
    assert not read(subject="Re: hello").replies
    assert read(subject="[#1] hello").replies
    assert read(references=(MessageId("x@y"),)).replies


@pytest.mark.parametrize(
    "subject",
    [
        "Invoice",
        "Re: Invoice",
        "AW: Re: WG: Invoice",
        "RE[2]: Invoice",
        "[#1] Re:  Invoice ",
        "Отв: invoice",
        "回复：Invoice",
    ],
)
def test_subjects_of_the_same_words(subject: str) -> None:
    assert same_words(subject, "Invoice")


@pytest.mark.parametrize("subject", ["Invoice 2", "Regarding Invoice", "Invoice re: me", ""])
def test_subjects_of_other_words(subject: str) -> None:
    assert not same_words(subject, "Invoice")


def test_a_subject_of_nothing_but_prefixes_is_as_good_as_none() -> None:
    assert own_words("Re: Fwd: [#1]") == own_words("") == "(no subject)"
    assert same_words("Re:", "(no subject)")


@given(st.text(max_size=300))
def test_bare_words_are_bare_already(subject: str) -> None:
    bare = bare_subject(subject)
    assert bare_subject(bare) == bare


def test_a_subject_of_ten_thousand_prefixes_is_cut_and_not_chewed() -> None:
    assert len(bare_subject("re:" * 10_000 + "x" * 30_000)) <= 2000


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Thanks!", ""),
        ("thank you very much :)", ""),
        ("Merci beaucoup !", ""),
        ("Vielen Dank\n\nLuc Petit", "Luc Petit"),
        ("Спасибо большое!", ""),
        ("Great, it works now, thanks\nluc", "Luc Petit"),
        ("Thanks\n\nLuc Petit\nPetit SARL", "Luc Petit"),
    ],
)
def test_mere_thanks(text: str, name: str) -> None:
    assert mere_thanks(text, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Hello",
        "Thanks, but it fails",
        "Thanks. Why?",
        "Thanks\nStill Wrong",
        "thanks " * 40,
        "No thanks",
        "Thanksgiving",
    ],
)
def test_more_or_less_than_thanks(text: str) -> None:
    assert not mere_thanks(text, "Luc Petit")
