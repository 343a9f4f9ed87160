"""Mail of every kind, as the usual systems write it: who speaks, about whom, and why it is taken so."""

from __future__ import annotations

import pytest

from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.mail import Kind, Mail
from tests.reading.dialects import AUTO_REPLIES, AUTO_SUBJECTS, BOB, BOUNCES, DELAYS, OTHERS, PEOPLE, Sample

OURS = Ours(frozenset({"support@example.com"}))
ALL = {
    **{f"a bounce of {name}": one for name, one in BOUNCES.items()},
    **{f"a delay of {name}": one for name, one in DELAYS.items()},
    **OTHERS,
}


def read(head: str, body: str, sender: str | None) -> Mail:
    raw = f"Date: Wed, 25 Nov 2026 09:00:00 +0000\nMessage-ID: <a@mx.example>\n{head}\n{body}"
    return reading.read(raw.replace("\n", "\r\n").encode(), sender=sender, ours=OURS)


@pytest.mark.parametrize("sample", ALL.values(), ids=ALL.keys())
def test_every_kind_is_known_as_its_system_writes_it_and_says_why(sample: Sample) -> None:
    seen = read(sample.head, sample.body, sample.sender)
    assert seen.kind is sample.kind
    assert any(sample.why in why for why in seen.why), seen.why
    assert tuple((one.recipient, one.cls) for one in seen.bounced) == sample.named
    assert ("m.token.7@example.com" in seen.returned_ids) is sample.returned
    assert seen.answerable is (sample.kind is Kind.PERSON)


@pytest.mark.parametrize("sample", BOUNCES.values(), ids=BOUNCES.keys())
def test_a_bounce_is_a_bounce_also_where_its_envelope_is_not_known(sample: Sample) -> None:
    assert read(sample.head, sample.body, None).kind is Kind.BOUNCE


@pytest.mark.parametrize("sample", [*BOUNCES.values(), *DELAYS.values()])
def test_a_bounce_is_looked_for_before_an_automatic_reply(sample: Sample) -> None:
    marked = f"Auto-Submitted: auto-replied\nX-Autoreply: yes\nPrecedence: auto_reply\n{sample.head}"
    assert read(marked, sample.body, "").kind is sample.kind


@pytest.mark.parametrize(
    "subject", [subject for subjects, _ in AUTO_REPLIES.values() for subject in subjects] + [*AUTO_SUBJECTS]
)
def test_an_automatic_reply_is_known_by_its_subject_alone(subject: str) -> None:
    seen = read(f"From: Bob <{BOB}>\nTo: support@example.com\nSubject: {subject}\n", "Thank you.", BOB)
    assert (seen.kind, seen.answerable) == (Kind.AUTO_REPLY, False)
    assert seen.why == ("the subject of an automatic reply",)


@pytest.mark.parametrize("words", [words for _, bodies in AUTO_REPLIES.values() for words in bodies])
def test_an_automatic_reply_is_known_by_what_it_says_of_itself(words: str) -> None:
    seen = read(f"From: Bob <{BOB}>\nTo: support@example.com\nSubject: Re: Hi\n", words, BOB)
    assert (seen.kind, seen.answerable) == (Kind.AUTO_REPLY, False)
    assert seen.why == ("it says that it is an automatic reply",)


@pytest.mark.parametrize("subject", PEOPLE)
def test_a_person_who_writes_of_absence_is_a_person(subject: str) -> None:
    words = f"{subject}: your system sent me an automatic reply. This is an automatic reply that nobody needs."
    seen = read(f"From: Bob <{BOB}>\nTo: support@example.com\nSubject: {subject}\n", words, BOB)
    assert (seen.kind, seen.answerable) == (Kind.PERSON, True), seen.why
