"""The agents of the month: they answer after a while, pass things on, are away, and come back."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.month.letters import Letter, write
from benchmarks.month.roster import Agent, How, Illness, Roster, Span
from benchmarks.month.street import Street

_WORK = frozenset({"assigned", "customer-replied"})
_YES = {"absence": 0.7, "held": 0.5, "confirm": 0.9}
"""How often an agent says yes to a question of the desk."""
_SOLVES = "#solved\nIt is corrected now. Please tell us if anything is left."
_ASKS = "#pending\nCould you tell us the number that stands on the back?"
_RESPONSES = 3
_SLOW = 0.12
"""How often something slips an agent's mind."""
_HEEDS = 0.6
"""How often an agent turns to a ticket at once because of a warning."""
_ANSWERS = ("We look into it and write to you.", "I have asked our supplier, and you hear from me.")


@dataclass
class Worker:
    """One agent at a mail program; `room` are the tickets that somebody in the same room has taken up."""

    agent: Agent
    street: Street
    roster: Roster
    chance: random.Random
    room: dict[int, str]
    away: list[Span]
    illnesses: list[Illness]
    newest: dict[int, Letter] = field(default_factory=dict)
    work: dict[int, Letter] = field(default_factory=dict)
    planned: set[int] = field(default_factory=set)
    responded: Counter[Illness] = field(default_factory=Counter)
    personal: Letter | None = None
    wrote: int = 0

    def is_away(self, at: datetime) -> bool:
        return any(span.since <= at < span.until for span in self.away)

    def reads(self, letter: Letter) -> None:
        """A mail of the desk has come."""
        if letter.ticket:
            self.newest[letter.ticket] = letter
        if letter.notice == "welcome":
            self.personal = letter
        away = self.is_away(self.street.now)
        if away:
            self._responds(letter)
        if letter.notice in _WORK:
            self.work[letter.ticket] = letter
            if letter.notice == "assigned":
                self.planned.discard(letter.ticket)
            if letter.status == "open":
                self._plans(letter.ticket, 1.2)
        elif letter.notice == "warning":
            if letter.ticket in self.work and self.chance.random() < _HEEDS:
                self.planned.discard(letter.ticket)
                self._plans(letter.ticket, 0.3, soon=True)
        elif letter.question and not away and self.chance.random() < _YES.get(letter.notice, 0):
            self.street.later(self._at_work(0.4), lambda: self._writes("#yes", letter, to=letter.question))

    def says_away(self, ill: Illness) -> None:
        """Tell the desk by mail to the personal address that one is not there."""
        if self.personal is None or ill.last_day is None:
            return
        today = self.street.now.astimezone(self.agent.zone).date()
        self._writes(f"#away {today}..{ill.last_day}", self.personal, tell=self._knows(ill, How.COMMAND))

    def _plans(self, ticket: int, hours: float, *, soon: bool = False) -> None:
        """Mean to look after it in about so many hours; now and then it slips somebody's mind for some days."""
        if ticket not in self.planned:
            self.planned.add(ticket)
            slow = not soon and self.chance.random() < _SLOW
            self.street.later(self._at_work(30 if slow else hours), lambda: self._turns_to(ticket))

    def _turns_to(self, ticket: int) -> None:
        """Do something about a ticket, if it still seems to be one's own."""
        self.planned.discard(ticket)
        if self.is_away(self.street.now):
            return
        seen = self.newest[ticket]
        if seen.status != "open" or seen.owner not in {"", self.agent.name}:
            return
        taken = not seen.owner and self.room.get(ticket, self.agent.id) != self.agent.id
        if taken and self.chance.random() < 0.9:
            return
        self.room[ticket] = self.agent.id
        self._does(ticket, self.work[ticket])

    def _does(self, ticket: int, letter: Letter) -> None:
        what = self.chance.random()
        if what < 0.50:
            self._writes(_SOLVES, letter)
        elif what < 0.69:
            self._writes(_ASKS if self.chance.random() < 0.85 else "#pending", letter)
            if self.chance.random() < 0.4:
                self.street.later(self._at_work(72), lambda: self._closes(ticket))
        elif what < 0.78:
            self._writes(self.chance.choice(_ANSWERS), letter)
            self._plans(ticket, 12)
        elif what < 0.86:
            self._gives_a_date(ticket, letter)
        elif what < 0.88:
            self._writes("#escalate because it needs somebody who may decide this", letter)
            self.room.pop(ticket, None)
        elif what < 0.93:
            self._passes_on(ticket, letter)
        elif what < 0.945:
            self._writes("#note\nThe contract is in the cupboard.", letter)
            self._plans(ticket, 2)
        elif what < 0.96 and letter.owner == self.agent.name:
            self.room.pop(ticket, None)
            self._writes("#release because I do not know this machine", letter)
        else:
            team = self.chance.choice(self.roster.teams)
            self.room.pop(ticket, None)
            self._writes(f"#team {team.id} because it is a matter for {team.public_name}", letter)

    def _gives_a_date(self, ticket: int, letter: Letter) -> None:
        """Promise a date, most often for an hour of work, with words to the customer or without; or be reminded."""
        there = self.street.now.astimezone(self.agent.zone)
        day = there.date() + timedelta(days=self.chance.choice((1, 1, 2, 3, 4)))
        hour = self.chance.randint(9, 16)
        at = datetime(day.year, day.month, day.day, hour, tzinfo=self.agent.zone)
        written = f"{day:%-d %B}" + (f" {hour}:00" if self.chance.random() < 0.7 else "")
        what = self.chance.random()
        if what < 0.25:
            self._writes(f"#snooze {written} because the spare part comes then", letter)
        else:
            words = f"\n{self.chance.choice(_ANSWERS)}" if what < 0.6 else ""
            self._writes(f"#delay {written} because the spare part has not come yet{words}", letter)
        before = (at - self.street.now) / timedelta(hours=1) * self.chance.uniform(0.3, 0.95)
        self.street.later(self._at_work(before, exactly=True), lambda: self._turns_to(ticket))

    def _passes_on(self, ticket: int, letter: Letter) -> None:
        """Give it to a colleague; who is away is not always known in the room."""
        here = [one for one in self.roster.agents if self.roster.listed(one, self.street.now) and one != self.agent]
        there = [
            one for one in here if not any(s.since <= self.street.now < s.until for s in self.roster.truly(one.id))
        ]
        colleague = self.chance.choice(there if there and self.chance.random() < 0.85 else here)
        self._assigns(ticket, letter, colleague)
        if self.chance.random() < 0.3:
            # a second thought, while the customer has not heard of the first one
            second = self.agent if self.chance.random() < 0.6 else self.chance.choice(there or here)
            at = self.street.now + timedelta(seconds=self.chance.randint(15, 50))
            self.street.later(at, lambda: self._assigns(ticket, letter, second))

    def _assigns(self, ticket: int, letter: Letter, colleague: Agent) -> None:
        self.room[ticket] = colleague.id
        first = colleague.name.split()[0]
        self._writes(f"#assign {colleague.id} because {first} knows the machines of this customer", letter)
        if colleague == self.agent:
            self._plans(ticket, 4)

    def _closes(self, ticket: int) -> None:
        """What was asked and never answered is solved at last."""
        seen = self.newest[ticket]
        if seen.status == "pending" and seen.owner == self.agent.name and not self.is_away(self.street.now):
            self._writes("#solved\nAs we have not heard from you, we take it that all is well.", self.work[ticket])

    def comes_back(self) -> None:
        """After an absence, look through what has come meanwhile; some of it seems to be waiting still."""
        for ticket in sorted(self.work):
            if ticket not in self.planned and self.newest[ticket].status == "open" and self.chance.random() < 0.3:
                self._plans(ticket, 3)

    def _responds(self, letter: Letter) -> None:
        """The vacation responder answers to the envelope sender, unless a machine wrote (RFC 3834). Each mail of the
        desk has another one, so one that remembers senders (RFC 5230 section 4.2) answers each; this one tires."""
        now = self.street.now
        replying = (one for one in self.illnesses if one.how is How.REPLY and one.since <= now < one.back)
        ill = next(replying, None)
        if ill is None or ill.last_day is None or letter.marked or not letter.sender:
            return
        self.responded[ill] += 1
        if self.responded[ill] > _RESPONSES:
            return
        text = f"I am out of the office until {ill.last_day:%-d %B %Y} and have no access to my mail."
        tell = self._knows(ill, How.REPLY)
        at = self.street.now + timedelta(seconds=self.chance.randint(2, 50))
        self.street.later(at, lambda: self._writes(text, letter, to=letter.sender, machine=True, tell=tell))

    def _knows(self, ill: Illness, how: How) -> Callable[[datetime], None]:
        return lambda now: self.street.tells(ill.agent, now, ill.back, how)

    def _writes(
        self,
        text: str,
        answers: Letter,
        *,
        to: str = "",
        machine: bool = False,
        tell: Callable[[datetime], None] | None = None,
    ) -> None:
        self.wrote += 1
        message_id = f"{self.wrote}.{self.agent.id}@agents.example"
        author = f"{self.agent.name} <{self.agent.email}>"
        now = self.street.now
        post = write(author, to or answers["reply-to"], text, now, message_id, answers=answers, machine=machine)
        if tell is not None:
            self.street.telling[post.digest] = tell
        self.street.posts_mail(post)

    def _at_work(self, usual: float, *, exactly: bool = False) -> datetime:
        """After a while, most often in about so many hours, when the agent is at work."""
        spread = 1 if exactly else self.chance.lognormvariate(0, 0.7)
        at = self.street.now + timedelta(hours=spread * usual)
        while True:
            if self._works(at) and not self.is_away(at):
                return at
            away = next((span for span in self.away if span.since <= at < span.until), None)
            step = timedelta(hours=1, minutes=self.chance.randint(0, 40))
            at = max(away.until, at + step) if away else at + step

    def _works(self, at: datetime) -> bool:
        """Whether it is an hour of work: that of the own team, or by day on any day where it keeps none."""
        hours = self.roster.hours_of(self.agent.id)
        return hours.is_open(at) if hours else 7 <= at.astimezone(self.agent.zone).hour < 21


def move_in(street: Street, roster: Roster, seed: int) -> list[Worker]:
    """Everybody at their desk, with their absences before them."""
    workers = []
    room: dict[int, str] = {}
    for agent in roster.agents:
        ills = [one for one in roster.illnesses if one.agent == agent.id]
        chance = random.Random(f"{seed} agent {agent.id}")
        worker = Worker(agent, street, roster, chance, room, roster.truly(agent.id), ills)
        workers.append(worker)
        street.readers[agent.email] = worker.reads
        for span in worker.away:
            if span.until < roster.end:
                street.later(span.until, worker.comes_back)
        for ill in ills:
            tell = street.admin_tells if ill.how is How.ADMIN else worker.says_away
            if ill.told_at is not None:
                street.later(ill.told_at, lambda tell=tell, ill=ill: tell(ill))  # type: ignore[misc]  # bound now
    return workers
