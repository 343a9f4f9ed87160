"""Mails that are decided abreast: what is written is what deciding them one after the other would have written."""

from __future__ import annotations

import email.policy
import random
from collections.abc import Iterator
from email.message import EmailMessage
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from maild.desk import Desk
from maild.mail import Arrival
from maild.readers.scribe import Scribe
from maild.store import inbox
from maild.values import replace
from tests.stories.house import ANN, BEN, DESK, RELAY, House

PEOPLE = tuple(f"{name}@customer{place}.example" for place, name in enumerate(("luc", "eva", "kim", "noa", "ida")))
Row = tuple[object, ...]
MOST = 16
TAKEN_BACK = "mails are decided one by one"
FEW_ANSWERS = replace(DESK, answers=replace(DESK.answers, unproven_domain_hour=1))


@pytest.fixture(scope="module")
def scribe() -> Iterator[Scribe]:
    scribe = Scribe()
    yield scribe
    scribe.close()


def mail_of(chance: random.Random, number: int, house: House) -> tuple[str, bytes]:
    """One mail as it may wait beside others: mostly a new question, now and then one with a tie to another."""
    author = chance.choice([*PEOPLE, *(f"new{number}@stranger{number}.example",) * 8, ANN.email, BEN.email])
    message = EmailMessage()
    if chance.random() < 0.3:
        author = f"new{number}@crowd.example"
    else:
        verdict = f"mx.desk.example; dmarc=pass header.from={author.rpartition('@')[2]}"
        message["Authentication-Results"] = verdict
    message["From"] = author
    message["To"] = house.desk.address
    if chance.random() < 0.2:
        message["Cc"] = chance.choice([*PEOPLE, ANN.email])
    message["Subject"] = chance.choice([f"Question {number}"] * 6 + [f"Re: [#{chance.randint(1, 9)}] Question"])
    message["Date"] = house.now
    message["Message-ID"] = f"<q{chance.choice([number] * 9 + [1])}@client.example>"
    if chance.random() < 0.2:
        message["In-Reply-To"] = f"<q{chance.randint(1, number)}@client.example>"
    message.set_content(chance.choice([f"What about {number}?", f"What about {number}?", "STATUS", "Thank you!"]))
    return author, message.as_bytes(policy=email.policy.SMTP)


def receives_together(house: House, chance: random.Random, first: int) -> None:
    """Sixteen mails wait when the clerk looks; one or two of them have come twice."""
    mails = [mail_of(chance, number, house) for number in range(first, first + MOST - 2)]
    mails += chance.choices(mails, k=2)
    for number, (author, raw) in enumerate(mails, first):
        arrival = Arrival(f"smtp:{number}", raw, author, (house.desk.address,), house.now, peer=RELAY)
        house.store.write(partial(inbox.keep, arrival=arrival))
    house.works()


def all_of(house: House) -> dict[str, list[Row]]:
    """Every row of every table."""
    with house.store.read() as tx:
        return {
            name: [tuple(row) for row in tx.connection.execute(select(table).order_by(*table.primary_key.columns))]
            for name, table in SQLModel.metadata.tables.items()
        }


def both_ways(folder: Path, scribe: Scribe, desk: Desk, seed: int) -> list[dict[str, list[Row]]]:
    """What the same mails leave behind: decided one after the other, and abreast."""
    written = []
    for name in ("alone", "abreast"):
        (folder / name).mkdir()
        house = House(folder / name, desk=desk)
        if name == "abreast":
            house.clerk.scribe = scribe
            while not scribe.begin(house.office.press):
                scribe.wait(1.0)
        chance = random.Random(seed)
        for batch in range(3):
            receives_together(house, chance, 1 + batch * MOST)
            house.passes(minutes=7)
        written.append(all_of(house))
        house.close()
    return written


def differing(alone: dict[str, list[Row]], abreast: dict[str, list[Row]]) -> list[tuple[str, Row | None, Row | None]]:
    """The rows that are not the same both ways, each with the name of its table."""
    return [
        (name, one, other)
        for name, rows in alone.items()
        for one, other in zip_longest(rows, abreast[name])
        if one != other
    ]


@pytest.mark.parametrize("seed", range(6))
def test_mails_that_are_decided_abreast_become_what_each_would_alone(
    tmp_path: Path, scribe: Scribe, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "maild.process")
    alone, abreast = both_ways(tmp_path, scribe, FEW_ANSWERS, seed)
    assert len(alone["ticket"]) > MOST
    assert differing(alone, abreast) == []
    assert TAKEN_BACK not in caplog.text


def test_where_a_letter_of_one_must_not_leave_all_are_taken_back_and_become_what_each_would_alone(
    tmp_path: Path, scribe: Scribe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "maild.process")
    nameless = replace(ANN, email="änn@agents.example")
    desk = replace(DESK, agents=tuple(nameless if one.id == ANN.id else one for one in DESK.agents))
    alone, abreast = both_ways(tmp_path, scribe, desk, seed=1)
    for rows in (alone, abreast):
        # PostgreSQL numbers these rows itself, and gives no number twice where a transaction was taken back
        rows["entry"] = [row[1:] for row in rows["entry"]]
    assert differing(alone, abreast) == []
    assert TAKEN_BACK in caplog.text
