"""Letters that a child process writes, while the clerk goes on deciding: the same ones, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from maild.desk import Desk
from maild.mail import Arrival
from maild.readers.scribe import Scribe
from maild.store import inbox, outbox
from tests.stories.house import ANN, BEN, CLEO, DESK, RELAY, House

PLAIN = ("luc@customer.example", "eva@other.example", "kim@third.example")
ANN_WHOM_NO_MAIL_CAN_NAME = replace(ANN, email="änn@agents.example")


@pytest.fixture
def scribe() -> Iterator[Scribe]:
    scribe = Scribe()
    yield scribe
    scribe.close()


def house_in(folder: Path, desk: Desk = DESK) -> House:
    folder.mkdir()
    return House(folder, desk=desk)


def ready(scribe: Scribe, house: House) -> None:
    """The child has begun, and knows what letters are made with."""
    house.clerk.scribe = scribe
    while not scribe.begin(house.office.press):
        scribe.wait(1.0)


def receive_together(house: House, authors: tuple[str, ...], attached: bytes = b"", more: str = "") -> None:
    """Mails that wait when the clerk looks, so that they are decided in one commit."""
    for number, author in enumerate(authors):
        message = EmailMessage()
        message["From"] = author
        message["To"] = house.desk.address
        message["Subject"] = f"Question {number}"
        message["Date"] = house.now
        message["Message-ID"] = f"<q{number}@client.example>"
        message.set_content(f"What about {number}?\n\n{more}Grüße")
        if attached:
            message.add_attachment(attached, maintype="application", subtype="octet-stream", filename="a.bin")
        arrival = Arrival(f"smtp:{number}", message.as_bytes(), author, (house.desk.address,), house.now, peer=RELAY)
        house.store.write(partial(inbox.keep, arrival=arrival))
    house.works()


def what_left(house: House) -> list[tuple[str, str, str, str, bytes | None]]:
    with house.store.read() as tx:
        rows = outbox.listing(tx)
        return [(r.recipient, r.notice, r.state, r.answer, outbox.bytes_of(tx, r.id)) for r in rows]


@pytest.mark.parametrize("attached", [b"", b"a few bytes", bytes(200_000)])
def test_a_scribe_writes_what_the_clerk_would_have_written(tmp_path: Path, scribe: Scribe, attached: bytes) -> None:
    alone, helped = house_in(tmp_path / "alone"), house_in(tmp_path / "helped")
    ready(scribe, helped)
    for house in (alone, helped):
        receive_together(house, PLAIN, attached)
    assert what_left(helped) == what_left(alone)
    assert len(what_left(helped)) >= 2 * len(PLAIN)
    assert all(content for *_, content in what_left(helped))
    alone.close()
    helped.close()


@pytest.mark.parametrize("octets", [10_000, 20_000, 60_000])
def test_a_scribe_writes_what_is_too_long_for_one_message_or_for_any(
    tmp_path: Path, scribe: Scribe, octets: int
) -> None:
    alone, helped = house_in(tmp_path / "alone"), house_in(tmp_path / "helped")
    ready(scribe, helped)
    for house in (alone, helped):
        receive_together(house, PLAIN, more="All of it, and more.\n" * (octets // 21))
    assert what_left(helped) == what_left(alone)
    assert any(len(content or b"") > octets for *_, content in what_left(helped))
    alone.close()
    helped.close()


def test_a_letter_that_must_not_leave_is_held_and_told_of_as_without_a_scribe(tmp_path: Path, scribe: Scribe) -> None:
    desk = replace(DESK, agents=(ANN_WHOM_NO_MAIL_CAN_NAME, BEN, CLEO))
    alone, helped = house_in(tmp_path / "alone", desk), house_in(tmp_path / "helped", desk)
    ready(scribe, helped)
    for house in (alone, helped):
        receive_together(house, PLAIN)
    assert what_left(helped) == what_left(alone)
    assert any(state == "held" for _, _, state, _, _ in what_left(helped))
    alone.close()
    helped.close()


def test_where_the_scribe_dies_the_clerk_writes_and_a_new_one_helps_later(tmp_path: Path, scribe: Scribe) -> None:
    alone, helped = house_in(tmp_path / "alone"), house_in(tmp_path / "helped")
    ready(scribe, helped)
    assert scribe.process is not None
    scribe.process.kill()
    scribe.process.wait()
    for house in (alone, helped):
        receive_together(house, PLAIN)
    assert what_left(helped) == what_left(alone)
    ready(scribe, helped)
    alone.close()
    helped.close()


def test_a_scribe_learns_of_a_new_desk(tmp_path: Path, scribe: Scribe) -> None:
    house = house_in(tmp_path / "house")
    ready(scribe, house)
    house.open()
    ready(scribe, house)
    receive_together(house, PLAIN)
    assert all(content for *_, content in what_left(house))
    house.close()
