"""The relay of the month: takes what the desk hands over, keeps a log of it, and is not always well."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month.letters import Letter, read
from maild.courier import Deferred, Outcome, Refused, Sent, Uncertain

GREY = 0.02
"""The share of mails that are not taken at first ("come again later")."""
SILENT = 0.003
"""The share of mails after whose last dot the line breaks, so that nobody knows."""


@dataclass(frozen=True, slots=True)
class Try:
    """One mail that was handed over, and what was answered: the name of the outcome."""

    at: datetime
    row: int
    message_id: str
    to: str
    outcome: str


@dataclass
class Relay:
    """Answers as its seed wants it; `troubles` are times in which it takes nothing, `dead` those of addresses."""

    seed: int
    troubles: list[tuple[datetime, datetime]] = field(default_factory=list)
    dead: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    tries: list[Try] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    grey: dict[str, datetime] = field(default_factory=dict)

    def takes(
        self, now: datetime, row: int, message_id: str, sender: str, to: str, content: bytes
    ) -> tuple[Outcome, Letter | None]:
        """The answer to one mail, and the mail where it was taken on."""
        outcome, taken = self._judge(now, row, message_id, to)
        self.tries.append(Try(now, row, message_id, to, type(outcome).__name__.lower()))
        if not taken:
            return outcome, None
        letter = read(content, len(self.letters), now, row, sender, to)
        self.letters.append(letter)
        return outcome, letter

    def _judge(self, now: datetime, row: int, message_id: str, to: str) -> tuple[Outcome, bool]:
        if any(since <= now < until for since, until in self.troubles):
            return Deferred("421 4.3.2 closing for work", relay=True), False
        since, until = self.dead.get(to, (now, now))
        if since <= now < until:
            return Refused("550 5.1.1 no such user"), False
        if message_id not in self.grey:
            chance = random.Random(f"{self.seed} relay {row}")
            wait = timedelta(seconds=chance.randint(60, 2400) if chance.random() < GREY else 0)
            self.grey[message_id] = now + wait
            silent = chance.random()
            if not wait and silent < SILENT:
                return Uncertain("no answer after the final dot"), silent < SILENT / 2
        if now < self.grey[message_id]:
            return Deferred("451 4.7.1 greylisted, come again later"), False
        return Sent("250 2.0.0 taken"), True
