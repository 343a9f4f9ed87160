"""The customers of the month: they write, wait, answer, ask again, go on holiday, and some of them never reply."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month.letters import Letter, write
from benchmarks.month.operator import SUPPORT
from benchmarks.month.roster import FIRST, ZONE, Roster
from benchmarks.month.street import Street

_SUBJECTS = (
    *("Invoice {} shows two licences", "Order {} has not arrived", "The printer of room {} stops", "Question on {}"),
    *("Login {} does not work", "A word on article {}", "Contract {} ends soon", "Delivery {} is broken"),
)
_ASKS = (
    "We ordered one and got two. Could you please look at it? Our accounts office needs it before the 30th.",
    "It worked until last week. Since then nothing happens when I press the button, whatever I try.",
    "I cannot find it in my account, and the page says that I should write to you.",
    "Nobody has told us anything since Monday. When can we expect it? The address is the same as before.",
)
_DEMANDE = (
    "Bonjour, la facture montre deux licences, mais nous n'en avons commandé qu'une. Pouvez-vous la corriger ? Merci.",
    "Bonjour, notre commande n'est pas encore arrivée. Quand pouvons-nous l'attendre ? Cordialement.",
)
_MORE = ("Here is the number that you asked for: {}.", "I have tried that, and it is still the same.", "Yes, please.")
_NUDGE = (
    "Is there any news?",
    "I have not heard from you. Shall I call our lawyer?",
    "Could you tell me how it stands?",
)
_AWAY = "I am out of the office and read my mail when I am back. For urgent matters please call."


@dataclass
class Customer:
    """One person with an address; `holidays` are the times in which a vacation responder answers in their place."""

    number: int
    street: Street
    proven: bool
    chance: random.Random
    holidays: list[tuple[datetime, datetime]] = field(default_factory=list)
    newest: dict[int, Letter] = field(default_factory=dict)
    wrote: int = 0

    @property
    def spec(self) -> str:
        return f"person{self.number}@customer{self.number % 211}.example"

    @property
    def author(self) -> str:
        return f"Person {self.number} <{self.spec}>"

    def asks(self, to: str) -> None:
        """A first mail about something."""
        subject = self.chance.choice(_SUBJECTS).format(1000 + self.chance.randrange(9000))
        self._writes(self.chance.choice(_DEMANDE if self.number % 7 == 0 else _ASKS), to, subject=subject)

    def reads(self, letter: Letter) -> None:
        """A mail of the desk has come."""
        now = self.street.now
        self.newest[letter.ticket] = letter
        if any(since <= now < until for since, until in self.holidays):
            self._responds(letter)
            return
        match letter.notice:
            case "received" | "follow-up":
                self._perhaps(0.06, 1, letter, "I forgot to say: it is number 77.")
                self.street.later(self._in_hours(60), lambda: self._nudges(letter))
            case "waiting":
                self._perhaps(0.75, 9, letter, self.chance.choice(_MORE).format(self.chance.randrange(99)))
            case "reply":
                self._perhaps(0.35, 7, letter, self.chance.choice(_MORE).format(self.chance.randrange(99)))
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

    def _nudges(self, letter: Letter) -> None:
        """Ask for news where nobody has answered."""
        if self.newest[letter.ticket].notice not in {"reply", "waiting", "solved"}:
            self._answers(letter.ticket, self.chance.choice(_NUDGE))

    def _responds(self, letter: Letter) -> None:
        """The vacation responder answers to the envelope sender, unless the mail says that a machine wrote it."""
        if not letter.marked and letter.sender:
            self.street.later(
                self.street.now + timedelta(seconds=4), lambda: self._writes(_AWAY, letter.sender, letter, machine=True)
            )

    def _writes(
        self, text: str, to: str, answers: Letter | None = None, *, subject: str = "", machine: bool = False
    ) -> None:
        self.wrote += 1
        message_id = f"{self.wrote}.{self.number}@customer{self.number % 211}.example"
        self.street.posts_mail(
            write(
                self.author,
                to,
                text,
                self.street.now,
                message_id,
                subject=subject,
                answers=answers,
                proven=self.proven,
                machine=machine,
            )
        )

    def _in_hours(self, usual: float) -> datetime:
        """After a while, most often in about so many hours, and not at night."""
        at = self.street.now + timedelta(hours=self.chance.lognormvariate(0, 0.8) * usual)
        local = at.astimezone(ZONE)
        return at + timedelta(hours=8) if local.hour < 7 else at


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
    return person


def _moment(chance: random.Random, roster: Roster) -> datetime:
    """When somebody writes first: by day rather than at night, on Sundays seldom."""
    while True:
        day = chance.randrange(max(1, roster.days - 1))
        if (FIRST + timedelta(days=day)).weekday() < 5 or chance.random() < 0.2:
            break
    return roster.start + timedelta(days=day, hours=chance.triangular(5, 23, 11))
