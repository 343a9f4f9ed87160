"""Everybody around the desk, and time: who does something next, and what the desk does of it."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.month import ledger, operator
from benchmarks.month.desk import Arrive, Ask, Die, Order, Reload
from benchmarks.month.letters import Letter, Post
from benchmarks.month.life import Life, Worked, born
from benchmarks.month.relay import Relay
from benchmarks.month.roster import FOREVER, How, Illness, Roster, Span

SECOND = timedelta(seconds=1)
SHORT = timedelta(days=1)
"""Absences shorter than this move only what is written to (the operator's `absence.min`)."""
LOOK_EVERY = timedelta(hours=3)
"""How often the ledger of promises and its timers are looked at from outside, beside each kill and each start."""
LAST_WORK = timedelta(hours=36)
"""How long the desk goes on when the month is over and nobody writes any more."""


@dataclass(frozen=True, slots=True)
class Kill:
    """The daemon dies in the middle of its work some time after `at`, and is started again after `down`.

    `hand_over` kills it while the relay takes a mail; else it dies at a commit, `before` or after it is written.
    """

    at: datetime
    count: int
    hand_over: bool
    before: bool
    down: timedelta
    again: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """An absence from when the desk could know of it; `short` says that it was told as less than a day."""

    span: Span
    how: How
    short: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A word to the desk in a mail, and who asks. `how` is "word" where it must be answered: a participant's reply;
    "first" in a first mail, "robot" from a machine, "stranger" from somebody who is sent nothing on this ticket."""

    wish: str
    author: str
    how: str
    ticket: int = 0


@dataclass
class Street:
    """The world of one month. `lives` are the times in which the desk ran; `handed` are the hashes of the mails that
    were handed in, and whether they were answered 250; `telling` is what a mail tells once it is kept, and `asked` what
    it asks the desk itself; `loose` is what was found amiss in the store while the month went on."""

    seed: int
    roster: Roster
    folder: Path
    relay: Relay
    now: datetime = field(init=False)
    life: Life | None = None
    kill: Kill | None = None
    wake: datetime | None = None
    lives: list[list[datetime]] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    handed: dict[str, bool] = field(default_factory=dict)
    readers: dict[str, Callable[[Letter], None]] = field(default_factory=dict)
    telling: dict[str, Callable[[datetime], None]] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)
    looks: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self.now = self.roster.start
        self.keys = itertools.count(1)
        self.turn = itertools.count()
        self.acts: list[tuple[datetime, int, Callable[[], None]]] = []
        self.posts: dict[int, Post] = {}
        self.orders: list[Order] = []
        self.look_at = self.now

    @property
    def path(self) -> Path:
        return self.folder / "config.toml"

    # --- what people do ---

    def later(self, at: datetime, act: Callable[[], None], *, anyway: bool = False) -> None:
        """Have something done at a moment, not before the next second; after the month only what happens anyway."""
        at = max(_whole(at), self.now + SECOND)
        if anyway or at < self.roster.end:
            heapq.heappush(self.acts, (at, next(self.turn), act))

    def posts_mail(self, post: Post) -> None:
        """A mail goes on its way, and is handed in until it is kept."""
        key = next(self.keys)
        self.posts[key] = post
        self.handed.setdefault(post.digest, False)
        self._hand_in(key)

    def _hand_in(self, key: int) -> None:
        post = self.posts[key]
        self.orders.append(Arrive(key, post.raw, post.sender, post.to, operator.PEER))

    def tells(self, agent: str, since: datetime, until: datetime, how: How) -> None:
        """The desk could know from now on that somebody is away; only a vacation responder names no first day."""
        short = how is How.REPLY and until - since < SHORT
        if since < until:
            self.known.append(Known(Span(agent, since, until), how, short))

    # --- what the operator does ---

    def edits(self) -> None:
        """Change the file, and send SIGHUP."""
        operator.write(self.path, self.roster, self.now)
        self.orders.append(Reload())

    def admin_tells(self, ill: Illness) -> None:
        """An admin says that an agent is not there; where the desk is down, as soon as it is up."""
        if self.life is None:
            self.later(self.now + timedelta(minutes=5), lambda: self.admin_tells(ill))
            return
        today = self.now.astimezone(self.roster.agent(ill.agent).zone).date()
        if ill.last_day is not None and ill.last_day < today:
            return
        days = f"{today}..{ill.last_day or ''}"
        self.orders.append(Ask({"do": "agent-away", "agent": ill.agent, "days": days, "by": "an admin"}))
        self.tells(ill.agent, self.now, ill.back, How.ADMIN)
        if ill.last_day is None:
            self.later(ill.back, lambda: self.admin_takes_back(ill.agent))

    def admin_takes_back(self, agent: str) -> None:
        if self.life is None:
            self.later(self.now + timedelta(minutes=5), lambda: self.admin_takes_back(agent))
        else:
            self.orders.append(Ask({"do": "agent-back", "agent": agent, "planned": False, "by": "an admin"}))

    # --- time ---

    def runs(self, kills: list[Kill]) -> None:
        """The whole month, and the desk's last hours after it."""
        operator.write(self.path, self.roster, self.now)
        for edit in self.roster.edits():
            self.later(edit, self.edits)
        for kill in kills:
            self.later(kill.at, lambda kill=kill: self.arms(kill))  # type: ignore[misc]  # bound now
        for lost in self.roster.deaf:
            self.later(lost.back, lambda lost=lost: self.admin_takes_back(lost.agent))  # type: ignore[misc]  # bound now
        for span in self.roster.by_file():
            self.tells(span.agent, span.since, span.until, How.FILE)
        self.starts()
        end = self.roster.end + LAST_WORK
        while (at := self._next()) is not None and at <= end:
            self.now = at
            while self.acts and self.acts[0][0] <= at:
                heapq.heappop(self.acts)[2]()
            self.works()
            if self.now >= self.look_at:
                self.look_at = self.now + LOOK_EVERY
                self._looks()
        self.now = end
        assert self.life is not None
        self.life.stops(end)
        self.lives[-1][1] = end

    def _next(self) -> datetime | None:
        moments = [self.acts[0][0]] if self.acts else []
        if self.life is not None and self.wake is not None:
            moments.append(max(_whole(self.wake), self.now + SECOND))
        return min(moments, default=None)

    def works(self) -> None:
        """Let the desk do what is due; while it is down, mail waits at its senders."""
        if self.life is None:
            for order in self.orders:
                if isinstance(order, Arrive):
                    self._again_later(order.key)
            self.orders = []
            return
        orders, self.orders = self.orders, []
        worked = self.life.gives(self.now, orders)
        self._settle(worked, [order for order in orders if isinstance(order, Arrive)])

    def _looks(self) -> None:
        """Look into the store from outside, while the desk rests or is dead."""
        self.looks += 1
        found = ledger.loose(self.folder / "maild.db", self.now)
        self.loose.extend(f"{self.now:%d %b %H:%M:%S}: {one}" for one in found)

    def starts(self, die: Die | None = None) -> None:
        """The daemon is started; it may be killed again in the middle of that."""
        if self.life is not None:
            return
        self.life = born(self.path, self.relay, self.now, die)
        self.lives.append([self.now, FOREVER])
        self._settle(self.life.hears(self.now), [])
        self._looks()

    def arms(self, kill: Kill) -> None:
        """From now on the daemon's next commits, or the next mails that it hands over, are counted."""
        self.kill = kill
        if self.life is not None and kill.hand_over:
            self.life.hand_overs = kill.count
        elif self.life is not None:
            self.orders.append(Die(kill.count, kill.before))

    def _settle(self, worked: Worked, arrived: list[Arrive]) -> None:
        assert self.life is not None
        letters, self.life.heard = self.life.heard, []
        self.wake = worked.wake
        if worked.died:
            self._dies()
        for mail in arrived:
            if mail.key in worked.kept:
                post = self.posts.pop(mail.key)
                self.handed[post.digest] = True
                tell = self.telling.pop(post.digest, None)
                if tell is not None:
                    tell(self.now)
            else:
                self._again_later(mail.key)
        for letter in letters:
            reader = self.readers.get(letter.to)
            if reader is not None and self.now < self.roster.end:
                reader(letter)

    def _dies(self) -> None:
        self.life = None
        self.lives[-1][1] = self.now
        self.kills += 1
        self._looks()
        kill, self.kill = self.kill, None
        down = kill.down if kill else timedelta(seconds=20)
        again = Die(kill.again, before=True) if kill and kill.again else None
        self.later(self.now + down, lambda: self.starts(again), anyway=True)

    def _again_later(self, key: int) -> None:
        """What was not answered 250 is handed in again, as the same bytes, when its sender's patience says so."""
        wait = timedelta(seconds=random.Random(f"{self.seed} again {key} {self.now}").randint(60, 900))
        self.later(self.now + wait, lambda: self._hand_in(key), anyway=True)


def _whole(at: datetime) -> datetime:
    """The next full second: the clock ticks once a second."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    return whole if whole == at else whole + SECOND
