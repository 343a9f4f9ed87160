"""The IMAP door: one worker a mailbox fetches what is new, has it kept, and only then moves or marks it."""

from __future__ import annotations

import imaplib
import ipaddress
import logging
import re
import select
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from imapclient import SEEN, IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from maild.mail import Arrival

log = logging.getLogger(__name__)

# Below this level the library writes whole mails into the log.
logging.getLogger("imapclient").setLevel(logging.WARNING)

CHUNK: Final = 500
"""UIDs that are looked at together: one question to the inbox, one RFC822.SIZE, one MOVE (which is dear)."""
MOST_MAILS: Final = 50
MOST_BYTES: Final = 4_000_000
WINDOW: Final = 50_000
"""UIDs in one SEARCH: a line of its answer may not pass a million octets."""
RECONCILE: Final = timedelta(minutes=15)
TRIES: Final = 3
TICK: Final = 0.25
FIRST_WAIT: Final = 1.0
CALM: Final = 0.2


class Journal(Protocol):
    """The inbox, as a door sees it."""

    def kept(self, sources: Sequence[str]) -> set[str]:
        """Tell which of these sources are in the inbox already."""
        ...

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Keep all of these and return after the commit; raise where that failed."""
        ...


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox to fetch from; times in seconds, `size` in octets.

    `tls` is implicit, starttls or none (none to this machine only); `password` is asked at each login; `after` is
    `move:FOLDER`, seen or keep; `address` is whom its mail was for. ValueError tells what cannot be meant.
    """

    name: str
    host: str
    port: int
    tls: str
    user: str
    password: Callable[[], str] = field(repr=False)
    folder: str = "INBOX"
    after: str = "keep"
    address: str = ""
    connect: float = 15.0
    read: float = 30.0
    idle: float = 60.0
    reconnect_first: float = 1.0
    reconnect_most: float = 60.0
    size: int = 25_000_000

    def __post_init__(self) -> None:
        if self.tls not in {"implicit", "starttls", "none"}:
            raise ValueError(f'mailbox {self.name}: tls is "{self.tls}"; write implicit, starttls or none')
        if self.tls == "none" and not _is_loopback(self.host):
            raise ValueError(f'mailbox {self.name}: tls = "none" is for this machine only, not for {self.host}')
        if self.after not in {"seen", "keep"} and not self.target:
            raise ValueError(f'mailbox {self.name}: after is "{self.after}"; write move:FOLDER, seen or keep')
        if self.target in {self.folder, self.folder.upper()}:
            raise ValueError(f"mailbox {self.name}: mail cannot be moved to the folder it is in, {self.folder}")

    @property
    def target(self) -> str:
        """The folder that kept mail is moved to, "" where it stays."""
        return self.after.removeprefix("move:") if self.after.startswith("move:") else ""


@dataclass(frozen=True, slots=True)
class Health:
    """How a mailbox is: `reason` tells in plain words what is wrong, "" where nothing is.

    `last_seen` is when the server last answered, `last_mail` when a mail was last kept; `left` names mails that stay
    unread because they are too big or cannot be had (the first ten of them).
    """

    mailbox: str
    connected: bool = False
    last_seen: datetime | None = None
    last_mail: datetime | None = None
    failing_since: datetime | None = None
    reason: str = ""
    left: tuple[str, ...] = ()


class TroubleError(Exception):
    """A worker cannot go on for now; the message is for people."""


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
        client = _connect(self.mailbox)
        try:
            _log_in(client, self.mailbox)
            self._rounds(client)
        finally:
            _hang_up(client)

    def fail(self, reason: str) -> None:
        """Tell that this mailbox cannot be served for now."""
        if reason != self.health.reason:
            log.warning("mailbox %s: %s", self.mailbox.name, reason)
        since = self.health.failing_since or self.now()
        self._tell(replace(self.health, connected=False, failing_since=since, reason=reason))

    def _tell(self, health: Health) -> None:
        self.health = health
        self.state(health)

    def _rounds(self, client: IMAPClient) -> None:
        idles = client.has_capability("IDLE")
        wait, full_at = FIRST_WAIT / 2, None
        while not self.stop.is_set():
            due = full_at is not None and self.now() - full_at >= RECONCILE
            if due:
                self.tries.clear()
            full = due or full_at is None or bool(self.trouble)
            took = self._round(client, full)
            full_at = self.now() if full else full_at
            self._tell_round(took)
            # A server that told of a mail inside the answer to our SEARCH does not tell again: so the first waits
            # after a mail are short.
            wait = FIRST_WAIT if took else min(wait * 2, self.mailbox.idle)
            woken = _wait(client, idles, wait, self.stop)
            if woken and not took:
                self.stop.wait(CALM)

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

    def _round(self, client: IMAPClient, full: bool) -> int:
        """Take in what is new, or with `full` whatever the inbox does not have; the number of mails kept."""
        exists, next_uid = self._enter(client) if full else (0, 0)
        took = 0
        for found in _search(client, 1 if full else self.highest + 1, exists, next_uid):
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
        return took

    def _enter(self, client: IMAPClient) -> tuple[int, int]:
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
            self.told.clear()
        self.left, self.trouble = {}, ""
        return answer.get(b"EXISTS", 0), answer.get(b"UIDNEXT", 0)

    def _source(self, uid: int) -> str:
        return f"imap:{self.mailbox.name}:{self.uidvalidity}:{uid}"

    def _take(self, client: IMAPClient, uids: Sequence[int]) -> int:
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

    def _weigh(self, client: IMAPClient, uids: Sequence[int]) -> list[tuple[int, int]]:
        """The UIDs worth fetching, each with its size in octets."""
        for uid in uids:
            if self.tries[uid] >= TRIES:
                self._leave(uid, f"the connection broke {TRIES} times while it was fetched")
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

    def _take_portion(self, client: IMAPClient, uids: Sequence[int]) -> list[int]:
        """Fetch these and have them kept; the UIDs of those that are."""
        # Whichever mail breaks the connection, the next one must show which it was.
        alone, self.alone = self.alone, max(self.alone, len(uids))
        self.tries.update(uids if len(uids) == 1 else ())
        arrivals = self._fetch(client, uids)
        self.alone = max(0, alone - len(uids))
        for uid in uids:
            self.tries.pop(uid, None)
        return self._keep(arrivals)

    def _fetch(self, client: IMAPClient, uids: Sequence[int]) -> dict[int, Arrival]:
        """The mails of these UIDs; those that vanished, are too big, or that the server refuses are missing."""
        try:
            answers = client.fetch(uids, ["BODY.PEEK[]", "INTERNALDATE"])
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
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

    def _settle(self, client: IMAPClient, uids: Sequence[int]) -> None:
        """Move or mark mails that are kept; a refusal is told, and tried again at the next full round."""
        if not uids or self.mailbox.after == "keep":
            return
        try:
            if self.mailbox.target:
                _move(client, uids, self.mailbox.target)
            else:
                client.add_flags(spans(uids), [SEEN], silent=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            self.trouble = f"mail is kept, but the server does not let us do {self.mailbox.after}: {words(error)}"


def portions(sizes: Sequence[tuple[int, int]], alone: int) -> list[list[int]]:
    """Cut (UID, octets) into what is fetched at once: the first `alone` singly, the rest by count and by octets."""
    cut: list[list[int]] = []
    weight = 0
    for place, (uid, size) in enumerate(sizes):
        weight += size
        if place > alone and len(cut[-1]) < MOST_MAILS and weight <= MOST_BYTES:
            cut[-1].append(uid)
        else:
            cut.append([uid])
            weight = size
    return cut


def spans(uids: Sequence[int]) -> list[str]:
    """Name UIDs in few words, as `4:6`; only neighbours are joined, so nothing is named that was not given."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return [str(first) if first == last else f"{first}:{last}" for first, last in runs]


def return_path(raw: bytes) -> str:
    """The reverse path that the last server wrote on top, "" where there is none (RFC 5321 section 4.4)."""
    head = raw[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    topmost = re.search(rb"^return-path:(.*(?:\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE)
    path = re.fullmatch(rb"<([^<>\x00-\x20\x7f]{1,320})>", topmost[1].strip()) if topmost else None
    try:
        return path[1].decode() if path else ""
    except UnicodeDecodeError:
        return ""


def arrived(dated: object, now: datetime) -> datetime:
    """When the server took the mail in, in UTC; `now` where it does not say, or says what cannot be."""
    if not isinstance(dated, datetime) or dated.tzinfo is None:
        return now
    try:
        return min(dated.astimezone(UTC), now)
    except OverflowError:
        return now


def words(error: Exception) -> str:
    """What a server said, fit for one line: printable and at most 200 characters."""
    text = re.sub(r"\bb(['\"])(.*?)\1", r"\2", str(error)[:2000])
    return "".join(char for char in text if char.isprintable())[:200]


def plain(error: Exception, mailbox: Mailbox) -> str:
    """Why a mailbox cannot be served, in words for people and without any content of a mail."""
    place = f"{mailbox.host}:{mailbox.port}"
    match error:
        case TroubleError():
            return str(error)
        case LoginError():
            return f"{place} refuses the login of {mailbox.user}: {words(error)}; check the user and the password"
        case IMAPClientAbortError():
            return f"the connection to {place} broke, or the server answered out of turn"
        case ProtocolError():
            return f"an answer of {place} could not be understood"
        case IMAPClientError():
            return f"{place} said no: {words(error)}"
        case ssl.SSLCertVerificationError():
            return f"the certificate of {place} is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"no TLS with {place}: {error.reason or 'the handshake failed'}"
        case socket.gaierror():
            return f"the name {mailbox.host} is not known"
        case TimeoutError():
            return f"{place} does not answer"
        case ConnectionRefusedError():
            return f"nobody listens at {place}"
        case OSError():
            return f"{place} cannot be reached: {error.strerror or type(error).__name__}"
        case _:
            return f"an answer of {place} could not be handled ({type(error).__name__})"


def _unkept(error: Exception) -> str:
    return f"it could not be kept ({type(error).__name__}), so it stays in the mailbox"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Bounded(imaplib.IMAP4):
    """A connection that takes in at most `most` octets for one command, and never writes mail into the log."""

    most: int = 0
    taken: int = 0

    # The client sets level 5, at which the library formats every mail whether or not anybody logs.
    debug = property(lambda _self: 0, lambda _self, _level: None)

    def send(self, data: Any) -> None:
        self.taken = 0
        super().send(data)

    def read(self, size: int) -> bytes:
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, octets: int) -> None:
        self.taken += octets
        if self.most and self.taken > self.most:
            raise self.abort(f"an answer of more than {self.most} octets")


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]
    pass


class _Sealed(_Bounded, IMAP4_TLS):  # type: ignore[misc]
    pass


class _Client(IMAPClient):  # type: ignore[misc]
    """A client whose answers are bounded: a literal that a server announces must not cost all our memory."""

    def __init__(self, mailbox: Mailbox, context: ssl.SSLContext) -> None:
        # A server may be wrong about a size, so a mail that is too big may still be read, once, and measured.
        self._most = 2 * max(mailbox.size, MOST_BYTES)
        super().__init__(
            mailbox.host,
            mailbox.port,
            ssl=mailbox.tls == "implicit",
            ssl_context=context,
            timeout=SocketTimeout(connect=mailbox.connect, read=mailbox.read),
        )
        self.normalise_times = False

    def _create_IMAP4(self) -> _Bounded:  # noqa: N802
        kind: Any = _Sealed if self.ssl else _Plain
        seal = (self.ssl_context,) if self.ssl else ()
        wire: _Bounded = kind(self.host, self.port, *seal, self._timeout.connect)
        wire.most = self._most
        return wire


def _connect(mailbox: Mailbox) -> IMAPClient:
    """A connection with time-outs, and with TLS that checks the certificate (RFC 8314)."""
    context = ssl.create_default_context()
    client = _Client(mailbox, context)
    try:
        if mailbox.tls == "starttls":
            client.starttls(context)
    except BaseException:
        _hang_up(client)
        raise
    return client


def _log_in(client: IMAPClient, mailbox: Mailbox) -> None:
    try:
        password = mailbox.password()
    except Exception as error:
        raise TroubleError(f"the password of {mailbox.user} could not be read: {words(error)}") from error
    bare = re.fullmatch(r"[!#-'+-\[\]^-z|}~]+", mailbox.user) and re.fullmatch(r"[ -~]*", password)
    if client.has_capability("AUTH=PLAIN") and (not bare or client.has_capability("LOGINDISABLED")):
        client.plain_login(mailbox.user, password)
    else:
        client.login(mailbox.user, password)


def _hang_up(client: IMAPClient) -> None:
    # Without LOGOUT: a dead server would hold us up, and a living one loses nothing.
    try:
        client.shutdown()
    except OSError:
        log.debug("the connection was gone already")


def _search(client: IMAPClient, low: int, exists: int, next_uid: int) -> Iterator[list[int]]:
    """The UIDs from `low` on, ascending, in lists that fit in one answer."""
    spans = [f"{low}:*"]
    if exists > WINDOW and next_uid:
        spans = [f"{start}:{start + WINDOW - 1}" for start in range(low, next_uid, WINDOW)]
    for span in spans:
        # `n:*` names the last mail even where it is below n (RFC 9051 section 9, seq-range).
        yield sorted({uid for uid in client.search(["UID", span]) if uid >= low})


def _move(client: IMAPClient, uids: Sequence[int], target: str) -> None:
    """Move mails (RFC 6851), or copy and take away exactly these (RFC 4315); never a plain EXPUNGE."""
    if client.has_capability("MOVE"):
        client.move(spans(uids), target)
        return
    flags = client.get_flags(uids)
    here = [uid for uid in uids if uid in flags and b"\\Deleted" not in flags[uid]]
    if here:
        client.copy(spans(here), target)
        client.add_flags(spans(here), [b"\\Deleted"], silent=True)
    if flags and client.has_capability("UIDPLUS"):
        client.uid_expunge(spans(list(flags)))


def _wait(client: IMAPClient, idles: bool, seconds: float, stop: threading.Event) -> bool:
    """Wait until the server speaks (True), the time is over, or we are to stop; then the connection is proven."""
    if not idles:
        if not stop.wait(seconds):
            client.noop()
        return False
    client.idle()
    spoke = _hear(client.socket(), seconds, stop)
    if not stop.is_set():
        # Read to the end with the time-out on: a half line, a closed or a dead link shows here and nowhere else.
        client.idle_done()
    return spoke


def _hear(wire: socket.socket, seconds: float, stop: threading.Event) -> bool:
    if isinstance(wire, ssl.SSLSocket) and wire.pending():
        return True
    poll = select.poll()
    poll.register(wire.fileno(), select.POLLIN)
    for _ in range(max(1, round(seconds / TICK))):
        if stop.is_set():
            return False
        if poll.poll(TICK * 1000):
            return True
    return False
