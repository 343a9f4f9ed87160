"""The IMAP door: one worker a mailbox fetches what is new, has it kept, and only then moves or marks it."""

from __future__ import annotations

import imaplib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from maild.ingest.imap_session import Client, connect, hang_up, log_in, move, plain, search, wait_for_word
from maild.ingest.journal import Journal
from maild.ingest.mailbox import Health, Mailbox, TroubleError, arrived, portions, return_path, spans, words
from maild.mail import Arrival

log = logging.getLogger(__name__)

CHUNK: Final = 500
"""UIDs that are looked at together: one question to the inbox, one RFC822.SIZE, one MOVE (which is dear)."""
RECONCILE: Final = timedelta(minutes=15)
TRIES: Final = 3
AGAIN: Final = timedelta(minutes=1)
"""When a mail over which the connection broke so often is tried once more; each time later, `RECONCILE` at most."""
FIRST_WAIT: Final = 1.0
CALM: Final = 0.2


def run(
    mailbox: Mailbox,
    journal: Journal,
    now: Callable[[], datetime],
    stop: threading.Event,
    state: Callable[[Health], None],
) -> None:
    """Serve one mailbox until `stop` is set; `state` is told after each round and each failure.

    Runs in the caller's thread, and shares nothing with other workers. No failure ends it: it connects again after
    `reconnect_first` seconds, doubling up to `reconnect_most`.
    """
    worker = _Worker(mailbox, journal, now, stop, state)
    while not stop.is_set():
        try:
            worker.serve()
        except Exception as error:  # noqa: BLE001  # whatever a server sends, the next try must still come
            worker.fail(plain(error, mailbox))
        stop.wait(worker.back_off())


@dataclass(slots=True)
class _Worker:
    """What one worker knows of its folder; the inbox knows the rest, so all of this may be lost."""

    mailbox: Mailbox
    journal: Journal
    now: Callable[[], datetime]
    stop: threading.Event
    state: Callable[[Health], None]
    health: Health = field(init=False)
    uidvalidity: int = 0
    highest: int = 0
    pause: float = 0.0
    alone: int = 0
    owed: bool = True
    trouble: str = ""
    tries: Counter[int] = field(default_factory=Counter)
    again: dict[int, datetime] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)
    told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.health = Health(self.mailbox.name)

    def back_off(self) -> float:
        """How long to wait before the next try, in seconds; each call doubles the next."""
        pause = self.pause or self.mailbox.reconnect_first
        self.pause = min(pause * 2, self.mailbox.reconnect_most)
        return pause

    def serve(self) -> None:
        """Work on one connection, round after round, until it breaks or we are to stop."""
        client = connect(self.mailbox)
        try:
            log_in(client, self.mailbox)
            self._rounds(client)
        finally:
            hang_up(client)

    def fail(self, reason: str) -> None:
        """Tell that this mailbox cannot be served for now."""
        if reason != self.health.reason:
            log.warning("mailbox %s: %s", self.mailbox.name, reason)
        since = self.health.failing_since or self.now()
        self._tell(replace(self.health, connected=False, failing_since=since, reason=reason))

    def _tell(self, health: Health) -> None:
        self.health = health
        self.state(health)

    def _rounds(self, client: Client) -> None:
        idles = client.has_capability("IDLE")
        wait, full_at = FIRST_WAIT / 2, None
        while not self.stop.is_set():
            full = full_at is None or bool(self.trouble) or self._is_due(full_at)
            took = self._round(client, full)
            full_at = self.now() if full else full_at
            self._tell_round(took)
            # A server that told of a mail inside the answer to our SEARCH does not tell again: so the first waits
            # after a mail are short.
            wait = FIRST_WAIT if took else min(wait * 2, self.mailbox.idle)
            woken = wait_for_word(client, idles, wait, self.stop)
            if woken and not took:
                self.stop.wait(CALM)

    def _is_due(self, full_at: datetime) -> bool:
        """Whether the whole folder is to be compared, or a mail that was left is to be tried once more."""
        now = self.now()
        return now - full_at >= RECONCILE or any(at <= now for at in self.again.values())

    def _tell_round(self, took: int) -> None:
        at = self.now()
        if self.health.reason and not self.trouble:
            log.info("mailbox %s: all is well again", self.mailbox.name)
        self.pause = 0.0
        self._tell(
            Health(
                self.mailbox.name,
                connected=True,
                last_seen=at,
                last_mail=at if took else self.health.last_mail,
                failing_since=(self.health.failing_since or at) if self.trouble else None,
                reason=self.trouble,
                left=tuple(self.left.values())[:10],
            )
        )

    def _round(self, client: Client, full: bool) -> int:
        """Take in what is new, or with `full` whatever the inbox does not have; the number of mails kept."""
        exists, next_uid = self._enter(client) if full else (0, 0)
        took = 0
        for found in search(client, 1 if full else self.highest + 1, exists, next_uid):
            for start in range(0, len(found), CHUNK):
                if self.stop.is_set():
                    return took
                chunk = found[start : start + CHUNK]
                took += self._take(client, chunk)
                self.highest = max(self.highest, chunk[-1])
                if start + CHUNK < len(found):
                    at = self.now()
                    last_mail = at if took else self.health.last_mail
                    self._tell(replace(self.health, connected=True, last_seen=at, last_mail=last_mail))
        if full:
            self.owed = False
            self.told = set(self.left)
            self.again = {uid: at for uid, at in self.again.items() if uid in self.left}
        return took

    def _enter(self, client: Client) -> tuple[int, int]:
        """Select the folder anew; how many mails it holds, and the next UID (0 where the server does not tell)."""
        target = self.mailbox.target
        if target and not client.folder_exists(target):
            client.create_folder(target)
        answer = client.select_folder(self.mailbox.folder, readonly=self.mailbox.after == "keep")
        uidvalidity = answer.get(b"UIDVALIDITY", 0)
        if not uidvalidity:
            raise TroubleError(
                f"the folder {self.mailbox.folder} has no UIDVALIDITY, so its mails cannot be told apart"
            )
        if uidvalidity != self.uidvalidity:
            self.uidvalidity, self.highest = uidvalidity, 0
            self.tries.clear()
            self.again.clear()
            self.told.clear()
        self.left, self.trouble = {}, ""
        return answer.get(b"EXISTS", 0), answer.get(b"UIDNEXT", 0)

    def _source(self, uid: int) -> str:
        return f"imap:{self.mailbox.name}:{self.uidvalidity}:{uid}"

    def _take(self, client: Client, uids: Sequence[int]) -> int:
        """Take in these mails, except those that the inbox has; the number of mails kept."""
        sources = self.journal.kept([self._source(uid) for uid in uids])
        known = [uid for uid in uids if self._source(uid) in sources]
        unknown = [uid for uid in uids if self._source(uid) not in sources]
        owed, self.owed = self.owed, True
        kept: list[int] = []
        for portion in portions(self._weigh(client, unknown), self.alone):
            if self.stop.is_set():
                break
            kept += self._take_portion(client, portion)
        self._settle(client, [*known, *kept] if owed or self.mailbox.target else kept)
        self.owed = owed
        return len(kept)

    def _weigh(self, client: Client, uids: Sequence[int]) -> list[tuple[int, int]]:
        """The UIDs worth fetching, each with its size in octets."""
        now = self.now()
        for uid in uids:
            if uid in self.again and now < self.again[uid]:
                self._leave(uid, f"the connection broke {self.tries[uid]} times while it was fetched")
        wanted = [uid for uid in uids if uid not in self.left]
        answers = client.fetch(wanted, ["RFC822.SIZE"])
        sizes = [(uid, answers[uid].get(b"RFC822.SIZE") or 0) for uid in wanted if uid in answers]
        for uid, size in sizes:
            if size > self.mailbox.size:
                self._leave_big(uid, size)
        return [(uid, size) for uid, size in sizes if uid not in self.left]

    def _leave_big(self, uid: int, size: int) -> None:
        self._leave(uid, f"it has {size} octets, the limit is {self.mailbox.size}; read it by hand or raise the limit")

    def _leave(self, uid: int, why: str) -> None:
        text = f"mail {uid} stays in {self.mailbox.folder}: {why}"
        if uid not in self.told:
            log.warning("mailbox %s: %s", self.mailbox.name, text)
            self.told.add(uid)
        self.left[uid] = text

    def _take_portion(self, client: Client, uids: Sequence[int]) -> list[int]:
        """Fetch these and have them kept; the UIDs of those that are."""
        # Whichever mail breaks the connection, the next one must show which it was.
        alone, self.alone = self.alone, max(self.alone, len(uids))
        if len(uids) == 1:
            self._note_try(uids[0])
        arrivals = self._fetch(client, uids)
        self.alone = max(0, alone - len(uids))
        for uid in uids:
            self.tries.pop(uid, None)
            self.again.pop(uid, None)
        return self._keep(arrivals)

    def _note_try(self, uid: int) -> None:
        """Should the connection break now, it was over this mail; another time it may be the line that was bad."""
        self.tries[uid] += 1
        over = self.tries[uid] - TRIES
        if over >= 0:
            self.again[uid] = self.now() + min(AGAIN * 2 ** min(over, 10), RECONCILE)

    def _fetch(self, client: Client, uids: Sequence[int]) -> dict[int, Arrival]:
        """The mails of these UIDs; those that vanished, are too big, or that the server refuses are missing."""
        try:
            answers = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"])
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if len(uids) > 1:
                return {uid: mail for one in uids for uid, mail in self._fetch(client, [one]).items()}
            self._leave(uids[0], f"the server does not give it: {words(error)}")
            return {}
        arrivals = {}
        for uid in uids:
            answer = answers.get(uid, {})
            raw = answer.get(b"BODY[]")
            if raw is None:
                continue
            if len(raw) > self.mailbox.size:
                self._leave_big(uid, len(raw))
                continue
            arrivals[uid] = self._arrival(uid, raw, answer.get(b"INTERNALDATE"))
        return arrivals

    def _arrival(self, uid: int, raw: bytes, dated: object) -> Arrival:
        return Arrival(
            source=self._source(uid),
            raw=raw,
            sender=return_path(raw),
            recipients=(self.mailbox.address,) if self.mailbox.address else (),
            received_at=arrived(dated, self.now()),
            mailbox=self.mailbox.name,
        )

    def _keep(self, arrivals: Mapping[int, Arrival]) -> list[int]:
        """Have these kept, and the UIDs of those that are; one that cannot be kept does not hold up the others."""
        if not arrivals:
            return []
        try:
            self.journal.keep(list(arrivals.values()))
        except Exception as error:  # whatever the store raises, the mail stays where it is
            if len(arrivals) == 1:
                raise TroubleError(_unkept(error)) from error
            log.warning("mailbox %s: %s", self.mailbox.name, _unkept(error))
            return self._keep_singly(arrivals)
        return list(arrivals)

    def _keep_singly(self, arrivals: Mapping[int, Arrival]) -> list[int]:
        kept: list[int] = []
        refused: dict[int, str] = {}
        for uid, arrival in arrivals.items():
            try:
                if not self.journal.kept([arrival.source]):
                    self.journal.keep([arrival])
            except Exception as error:
                refused[uid] = _unkept(error)
                if len(refused) >= TRIES and not kept:
                    raise TroubleError(refused[uid]) from error
            else:
                kept.append(uid)
        if refused and not kept:
            raise TroubleError(next(iter(refused.values())))
        for uid, why in refused.items():
            self._leave(uid, why)
        return kept

    def _settle(self, client: Client, uids: Sequence[int]) -> None:
        """Move or mark mails that are kept; a refusal is told, and tried again at the next full round."""
        if not uids or self.mailbox.after == "keep":
            return
        try:
            if self.mailbox.target:
                move(client, uids, self.mailbox.target)
            else:
                client.add_flags(spans(uids), [b"\\Seen"], silent=True)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            self.trouble = f"mail is kept, but the server does not let us do {self.mailbox.after}: {words(error)}"


def _unkept(error: Exception) -> str:
    return f"it could not be kept ({type(error).__name__}), so it stays in the mailbox"
