"""The customers of the month: they write, wait, answer, ask again, go on holiday, and some of them never reply."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month.letters import Letter, write
from benchmarks.month.operator import SUPPORT
from benchmarks.month.roster import FIRST, ZONE, Roster
from benchmarks.month.street import Asked, Street
from benchmarks.month.words import FIRST as FIRST_WORDS
from benchmarks.month.words import LANGUAGES, OFTEN, WISHES

_SUBJECTS = (
    *("Invoice {} shows two licences", "Order {} has not arrived", "The printer of room {} stops", "Question on {}"),
    *("Login {} does not work", "A word on article {}", "Contract {} ends soon", "Delivery {} is broken"),
)
_MORE = ("Here is the number that you asked for: {}.", "I have tried that, and it is still the same.", "Yes, please.")
_NUDGE = (
    "Is there any news?",
    "I have not heard from you. Shall I call our lawyer?",
    "Could you tell me how it stands?",
)
_AWAY = "I am out of the office and read my mail when I am back. For urgent matters please call."
_ASKS = 0.06
"""The share of the desk's mails that somebody answers with a word that the desk answers itself."""
_SILENT = 0.12
"""The share of customers who answer no question."""


@dataclass
class Customer:
    """One person with an address; `holidays` are the times in which a vacation responder answers in their place."""

    number: int
    street: Street
    proven: bool
    chance: random.Random
    silent: bool = False
    holidays: list[tuple[datetime, datetime]] = field(default_factory=list)
    newest: dict[int, Letter] = field(default_factory=dict)
    wrote: int = 0

    @property
    def house(self) -> str:
        return f"customer{self.number % 211}.example"

    @property
    def spec(self) -> str:
        return f"person{self.number}@{self.house}"

    @property
    def author(self) -> str:
        return f"Person {self.number} <{self.spec}>"

    @property
    def language(self) -> str:
        """English for three in eight; each of the others for one in eight."""
        return {0: "fr", 1: "es", 2: "de", 3: "ru", 4: "pt"}.get(self.number % 8, "en")

    def asks(self, to: str) -> None:
        """A first mail about something; now and then it looks like a word to the desk, or somebody gets a copy."""
        subject = self.chance.choice(_SUBJECTS).format(1000 + self.chance.randrange(9000))
        text = self.chance.choice(FIRST_WORDS[self.language])
        what = self.chance.random()
        if what < 0.01:
            self._writes("STATUS", to, subject=subject, asked=Asked("status", self.spec, "first"))
        elif what < 0.02:
            self._writes(text, to, subject="Help", asked=Asked("help", self.spec, "first"))
        elif what < 0.05:
            self._writes(text, to, subject=subject, copy=f"Colleague <colleague{self.number}@{self.house}>")
        else:
            self._writes(text, to, subject=subject)

    def reads(self, letter: Letter) -> None:
        """A mail of the desk has come."""
        now = self.street.now
        self.newest[letter.ticket] = letter
        if any(since <= now < until for since, until in self.holidays):
            self._responds(letter)
            return
        if self.chance.random() < _ASKS:
            self.street.later(self._in_hours(8, nights=True), lambda: self._wishes(letter.ticket))
        if self.chance.random() < 0.01:
            self.street.later(self._in_hours(3), lambda: self._is_overheard(letter))
        match letter.notice:
            case "received" | "follow-up":
                self._perhaps(0.06, 1, letter, "I forgot to say: it is number 77.")
                self.street.later(self._in_hours(60), lambda: self._nudges(letter))
            case "waiting":
                share = 0 if self.silent else 0.75
                self._perhaps(share, 9, letter, self.chance.choice(_MORE).format(self.chance.randrange(99)))
            case "reply":
                share = 0 if self.silent else 0.35
                self._perhaps(share, 7, letter, self.chance.choice(_MORE).format(self.chance.randrange(99)))
            case "solved":
                thanks = self.chance.random() < 0.8
                self._perhaps(0.35, 5, letter, "Thanks!" if thanks else "It is still wrong, I am afraid.")
                self._perhaps(0.04, 24 * 9, letter, "It has come back. Can you look at it again?")
            case "owner-changed" | "owner-set":
                self._perhaps(0.05, 4, letter, "Good to know. Is there anything new?")
            case _:
                pass

    def _perhaps(self, share: float, hours: float, letter: Letter, text: str) -> None:
        """Answer a mail after a while, or never; who has newer news by then answers that."""
        if self.chance.random() < share:
            self.street.later(self._in_hours(hours), lambda: self._answers(letter.ticket, text))

    def _answers(self, ticket: int, text: str) -> None:
        self._writes(text, self.newest[ticket]["reply-to"], answers=self.newest[ticket])

    def _wishes(self, ticket: int) -> None:
        """Answer the newest mail with a word to the desk: in one's own language, or in another one."""
        letter = self.newest[ticket]
        done = letter.status in {"solved", "closed"} and self.chance.random() < 0.4
        wish = "reopen" if done else self.chance.choice(OFTEN)
        language = self.language if self.chance.random() < 0.8 else self.chance.choice(LANGUAGES)
        asked = Asked(wish, self.spec, "word", letter.ticket)
        self._writes(WISHES[wish][language], letter["reply-to"], answers=letter, asked=asked)

    def _is_overheard(self, letter: Letter) -> None:
        """Somebody else has the mail before them, and asks the desk: a stranger, or a colleague who was copied."""
        copied = self.chance.random() < 0.5
        spec = f"colleague{self.number}@{self.house}" if copied else f"nosy@elsewhere{self.number}.example"
        wish = self.chance.choice(("status", "history"))
        asked = Asked(wish, spec, "stranger", letter.ticket)
        self._writes(WISHES[wish][self.language], letter["reply-to"], letter, author=f"Somebody <{spec}>", asked=asked)

    def _nudges(self, letter: Letter) -> None:
        """Ask for news where nobody has answered."""
        if self.newest[letter.ticket].notice not in {"reply", "waiting", "solved"}:
            self._answers(letter.ticket, self.chance.choice(_NUDGE))

    def _responds(self, letter: Letter) -> None:
        """The vacation responder answers to the envelope sender, unless the mail says that a machine wrote it; some
        answer in a word that the desk would answer, if it came from a person."""
        if letter.marked or not letter.sender:
            return
        odd = self.chance.random() < 0.3
        asked = Asked("status", self.spec, "robot", letter.ticket) if odd else None
        text = "STATUS" if odd else _AWAY
        at = self.street.now + timedelta(seconds=4)
        self.street.later(at, lambda: self._writes(text, letter.sender, letter, machine=True, asked=asked))

    def _writes(
        self,
        text: str,
        to: str,
        answers: Letter | None = None,
        *,
        subject: str = "",
        machine: bool = False,
        author: str = "",
        copy: str = "",
        asked: Asked | None = None,
    ) -> None:
        self.wrote += 1
        post = write(
            author or self.author,
            to,
            text,
            self.street.now,
            f"{self.wrote}.{self.number}@{self.house}",
            subject=subject,
            answers=answers,
            proven=self.proven,
            machine=machine,
            copy=copy,
        )
        if asked is not None:
            self.street.asked[post.digest] = asked
        self.street.posts_mail(post)

    def _in_hours(self, usual: float, *, nights: bool = False) -> datetime:
        """After a while, most often in about so many hours, and not at night."""
        at = self.street.now + timedelta(hours=self.chance.lognormvariate(0, 0.8) * usual)
        local = at.astimezone(ZONE)
        return at + timedelta(hours=8) if local.hour < 7 and not nights else at


def move_in(street: Street, roster: Roster, tickets: int, seed: int) -> list[Customer]:
    """So many tickets' worth of customers, each of whom writes at a time of the month that its seed knows."""
    chance = random.Random(f"{seed} customers")
    people = [_somebody(number, street, roster, seed) for number in range(max(1, tickets * 2 // 5))]
    addresses = [SUPPORT, SUPPORT, *(team.address for team in roster.teams if team.address != SUPPORT)]
    for person in people:
        street.readers[person.spec] = person.reads
    for _ in range(tickets):
        person, to = chance.choice(people), chance.choice(addresses)
        street.later(_moment(chance, roster), lambda person=person, to=to: person.asks(to))  # type: ignore[misc]  # bound now
    return people


def _somebody(number: int, street: Street, roster: Roster, seed: int) -> Customer:
    chance = random.Random(f"{seed} customer {number}")
    person = Customer(number, street, chance.random() < 0.93, chance)
    if chance.random() < 0.25:
        since = roster.start + timedelta(days=chance.uniform(0, roster.days))
        person.holidays.append((since, since + timedelta(days=chance.randint(2, 10))))
    person.silent = chance.random() < _SILENT
    return person


def _moment(chance: random.Random, roster: Roster) -> datetime:
    """When somebody writes first: by day rather than at night, on Sundays seldom."""
    while True:
        day = chance.randrange(max(1, roster.days - 1))
        if (FIRST + timedelta(days=day)).weekday() < 5 or chance.random() < 0.2:
            break
    return roster.start + timedelta(days=day, hours=chance.triangular(5, 23, 11))
