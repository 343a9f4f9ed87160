"""Weeks at a desk that chance plays: the customer hears before the date, and what is promised is what is said."""

from __future__ import annotations

import email
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from maild.desk import Ladder, TeamId, Times
from maild.promise import Clock, Standing
from maild.ticket import Ticket
from tests.stories.house import ANN, BEN, BILLING, CLEO, House, Letter
from tests.stories.promised import (
    KEEPS_TIME,
    NEW_YORK_OFFICE,
    OFFICE,
    PARIS,
    STANDARD,
    TEAM,
    THURSDAY,
    hours,
    ledger,
    runs,
    unkept,
)
from tests.stories.promises import broken

SEEDS = range(3)
STEPS = 60
OVERSEAS = replace(BILLING, hours="new-york", sla="standard")
WORLD = replace(
    KEEPS_TIME,
    teams=(replace(TEAM, lead=None), OVERSEAS),
    slas=(replace(STANDARD, urgencies=(("urgent", Times(hours(1), hours(2), hours(4), hours(9))),)),),
    ladders=(Ladder(TeamId("support"), (BEN.id, "team:billing", CLEO.id)),),
)
TELLS_OF_DELAY = {"delayed", "escalated", "owner-changed"}
BY_CLOCK = {"delayed", "escalated", "waiting", "solved", "warning"}
AGENTS_SAY = (
    *("I look into it.", "We are nearly there.", "#pending\n\nWhich invoice?", "#pending", "#hold", "#open"),
    *("#note\n\nWho knows more?", "#delay 2d because the bank is slow", "#delay 5h because I wait\n\nSoon.", "#urgent"),
    *("#snooze 1d", "#escalate because it burns", "#solved\n\nIt is done.", "#team billing because it is theirs"),
    *("#team support because it is theirs", "#release because I am busy"),
)
CUSTOMERS_SAY = (
    *("Here is more.", "And?", "Thank you!", "STATUS", "WHO", "HISTORY", "ESCALATE", "Escalate\n\nIt burns.", "CLOSE"),
    *("REOPEN", "HELP"),
)


@dataclass(frozen=True)
class Heard:
    """A mail that somebody got, read once."""

    letter: Letter
    to: str
    ticket: int
    notice: str
    at: datetime
    text: str


@dataclass
class Weeks:
    """A desk for some weeks, what chance has people do there, and what they hear."""

    house: House
    chance: random.Random
    faults: list[str] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def play(self) -> None:
        for _ in range(STEPS):
            self.hear()
            runs(self.house, minutes=self.chance.choice((7, 40, 95, 260, 610, 1500)))
            self.look_at_clocks(self.hear())
            self.somebody_acts()
            self.hear()
            self.faults += unkept(self.house)
            self.look_at_dates()

    def hear(self) -> list[Heard]:
        """What was sent since the last time."""
        fresh = [_read(Letter(mail)) for mail in self.house.letterbox.mails[len(self.heard) :]]
        self.heard += fresh
        return fresh

    def of(self, ticket: Ticket, address: str) -> list[Heard]:
        return [one for one in self.heard if (one.to, one.ticket) == (address, ticket.number)]

    def somebody_acts(self) -> None:
        tickets = [one for one in self.house.tickets if one.status.value != "closed"]
        what = self.chance.random()
        if not tickets or what < 0.18:
            number = len(self.house.tickets) + 1
            to = self.chance.choice(("support@desk.example", "billing@desk.example"))
            self.house.receives("Help.", author=f"Mia <mia{number}@client.example>", to=to, subject=f"Matter {number}")
            return
        ticket = self.chance.choice(tickets)
        if what < 0.62:
            self.agent_writes(ticket)
        else:
            self.customer_writes(ticket)

    def agent_writes(self, ticket: Ticket) -> None:
        agent = self.house.desk.agent(ticket.owner) or ANN
        mails = [one for one in self.of(ticket, agent.email) if one.notice in {"assigned", "customer-replied"}]
        if mails:
            self.house.agent_replies(self.chance.choice(AGENTS_SAY), mails[-1].letter, agent=agent)

    def customer_writes(self, ticket: Ticket) -> None:
        mails = self.of(ticket, ticket.requester.address)
        if mails:
            author = f"Mia <{ticket.requester.address}>"
            self.house.receives(self.chance.choice(CUSTOMERS_SAY), author=author, answers=mails[-1].letter)

    def look_at_clocks(self, mails: list[Heard]) -> None:
        """What only a clock had sent left while one of the teams was at work, but for dates that agents gave."""
        for one in mails:
            if one.notice not in BY_CLOCK or any(hours.is_open(one.at) for hours in (OFFICE, NEW_YORK_OFFICE)):
                continue
            if all(promise.clock not in {Clock.DELAY, Clock.SNOOZE} for promise in ledger(self.house, one.ticket)):
                self.faults.append(f"{one.notice} to {one.to} at {one.at}")

    def look_at_dates(self) -> None:
        """The newest mail to each customer tells the date that stands, unless it is older than that date."""
        for ticket in self.house.tickets:
            mails = self.of(ticket, ticket.requester.address)
            if not mails or ticket.promised_at is None:
                continue
            changed = max(one.at for one in self.house.history(ticket.number) if one.event.startswith("promise"))
            if mails[-1].at >= changed.replace(microsecond=0) and _said(ticket) not in mails[-1].text:
                self.faults.append(f"#{ticket.number}: {_said(ticket)} is not in {mails[-1].text}")

    def look_at_ledgers(self) -> int:
        """Each broken promise was told of before its date, in one mail; how many there were."""
        count = 0
        for ticket in self.house.tickets:
            mails = self.of(ticket, ticket.requester.address)
            for one in ledger(self.house, ticket.number):
                if one.standing is not Standing.BROKEN or one.ended_at is None:
                    continue
                count += 1
                at = one.ended_at.replace(microsecond=0)
                told = [mail for mail in mails if mail.at == at and mail.notice in TELLS_OF_DELAY]
                if one.ended_at >= one.due_at or len(told) != 1:
                    self.faults.append(f"#{ticket.number}: {one} was told {[each.text for each in told]}")
        return count


def _read(letter: Letter) -> Heard:
    message = email.message_from_bytes(letter.outgoing.content)
    part = next(part for part in message.walk() if part.get_content_type() == "text/plain")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    at = parsedate_to_datetime(message["Date"])
    number = int(message["X-Maild-Ticket"] or 0)
    return Heard(letter, letter.to, number, message["X-Maild-Notice"], at, content.decode())


def _said(ticket: Ticket) -> str:
    assert ticket.promised_at is not None
    local = ticket.promised_at.astimezone(PARIS)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"


@pytest.fixture(params=SEEDS)
def weeks(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Weeks]:
    house = House(tmp_path, desk=WORLD, now=THURSDAY - timedelta(weeks=4))
    yield Weeks(house, random.Random(request.param))
    assert house.faults() == []
    assert broken(house) == []
    house.close()


def test_in_any_weeks_the_customer_hears_before_the_date_and_each_mail_says_what_is_promised(weeks: Weeks) -> None:
    weeks.play()
    runs(weeks.house, days=10)
    weeks.hear()
    count = weeks.look_at_ledgers()
    assert weeks.faults == []
    assert count > 5, "the weeks were too good to show anything"
