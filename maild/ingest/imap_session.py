"""One connection with an IMAP server, its answers bounded in size and in time; the only user of imapclient."""

from __future__ import annotations

import imaplib
import logging
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from maild.ingest.journal import MOST_BYTES
from maild.ingest.mailbox import Mailbox, TroubleError, spans, words

log = logging.getLogger(__name__)

# Below this level the library writes whole mails into the log.
logging.getLogger("imapclient").setLevel(logging.WARNING)

WINDOW: Final = 50_000
"""UIDs in one SEARCH: a line of its answer may not pass a million octets."""
TICK: Final = 0.25
_SLOWEST: Final = 1000
"""Octets that a living line brings in a second."""
_LONGEST_LINE: Final = 1_000_000
_BLOCK: Final = 65536
_BYE = re.compile(r"\* BYE\b(.*)")  # RFC 9051 section 7.1.5


class _Bounded(imaplib.IMAP4):
    """A connection that takes in at most `most` octets for one command, and never writes mail into the log.

    Each line and each literal must come whole within `patience` seconds, and one more for each 1,000 octets: what comes
    in drops is as dead as what does not come.
    """

    most: int = 0
    taken: int = 0
    patience: float = 0.0
    heard: bytearray
    """What has come and was not asked for yet."""

    # The client sets level 5, at which the library formats every mail whether or not anybody logs.
    debug = property(lambda _self: 0, lambda _self, _level: None)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.heard = bytearray()
        super().open(host, port, timeout)
        self._heard_on = self.sock
        self.patience = self.sock.gettimeout() or 0.0

    def send(self, data: Any) -> None:
        self.taken = 0
        if self.sock is not self._heard_on:
            # TLS has begun: what was said before it, anybody may have said.
            self._heard_on, self.heard = self.sock, bytearray()
        self.sock.settimeout(self.patience)
        super().send(data)

    def read(self, size: int) -> bytes:
        self._count(size)
        self._hear(lambda: len(self.heard) >= size)
        return self._give(size)

    def readline(self) -> bytes:
        looked = 0

        def is_whole() -> bool:
            nonlocal looked
            found, looked = self.heard.find(b"\n", looked) >= 0, len(self.heard)
            return found or looked > _LONGEST_LINE

        self._hear(is_whole)
        line = self._give(self.heard.find(b"\n") + 1 or len(self.heard))
        if len(line) > _LONGEST_LINE:
            raise self.error(f"a line of more than {_LONGEST_LINE} octets")
        self._count(len(line))
        return line

    def _hear(self, is_enough: Callable[[], bool]) -> None:
        """Gather what comes until it is enough, or the server has closed the connection; TimeoutError."""
        since, before = time.monotonic(), len(self.heard)
        while not is_enough():
            left = since + self.patience + (len(self.heard) - before) / _SLOWEST - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)
            words = self.sock.recv(_BLOCK)
            if not words:
                return
            self.heard += words

    def _give(self, size: int) -> bytes:
        given = bytes(memoryview(self.heard)[:size])
        del self.heard[:size]
        return given

    def _count(self, octets: int) -> None:
        self.taken += octets
        if self.most and self.taken > self.most:
            raise self.abort(f"an answer of more than {self.most} octets")


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]
    pass


class _Sealed(_Bounded, IMAP4_TLS):  # type: ignore[misc]
    pass


class Client(IMAPClient):  # type: ignore[misc]
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
        self.wire.patience = mailbox.read

    @property
    def wire(self) -> _Bounded:
        wire: _Bounded = self._imap
        return wire

    def _create_IMAP4(self) -> _Bounded:  # noqa: N802
        kind: Any = _Sealed if self.ssl else _Plain
        seal = (self.ssl_context,) if self.ssl else ()
        wire: _Bounded = kind(self.host, self.port, *seal, self._timeout.connect)
        wire.most = self._most
        return wire


def connect(mailbox: Mailbox) -> Client:
    """A connection with time-outs, and with TLS that checks the certificate (RFC 8314)."""
    context = ssl.create_default_context()
    client = Client(mailbox, context)
    try:
        if mailbox.tls == "starttls":
            client.starttls(context)
    except BaseException:
        hang_up(client)
        raise
    return client


def log_in(client: Client, mailbox: Mailbox) -> None:
    """Log in with a password or a token that is asked now; TroubleError where it cannot be had."""
    if mailbox.token is not None:
        _show_token(client, mailbox.user, mailbox.token)
        return
    try:
        password = mailbox.password()
    except Exception as error:
        raise TroubleError(f"the password of {mailbox.user} could not be read: {words(error)}") from error
    bare = re.fullmatch(r"[!#-'+-\[\]^-z|}~]+", mailbox.user) and re.fullmatch(r"[ -~]*", password)
    if client.has_capability("AUTH=PLAIN") and (not bare or client.has_capability("LOGINDISABLED")):
        client.plain_login(mailbox.user, password)
    else:
        client.login(mailbox.user, password)


def _show_token(client: Client, user: str, token_of: Callable[[], str]) -> None:
    """Log in by XOAUTH2, as Google and Microsoft have it: one answer, and an empty one to the reason for a refusal."""
    try:
        token = token_of()
    except Exception as error:
        raise TroubleError(f"no token for {user}: {str(error)[:400]}") from error
    answers = iter((f"user={user}\1auth=Bearer {token}\1\1",))
    try:
        client.sasl_login("XOAUTH2", lambda _: next(answers, ""))
    except IMAPClientAbortError:
        raise
    except IMAPClientError as error:
        remedy = "check that this account gave consent, and may use IMAP"
        raise TroubleError(f"the server refuses the token of {user}: {words(error)}; {remedy}") from error


def try_out(mailbox: Mailbox) -> tuple[str, str]:
    """Log in, open the folder, and see that mail can be moved on: what is wrong and what to do, "" where nothing is."""
    remedy = "check host, port and tls, and that a firewall lets us out"
    try:
        client = connect(mailbox)
        try:
            remedy = "check user and password; some providers want IMAP switched on, or a password made for programs"
            log_in(client, mailbox)
            remedy = "check folder and after"
            if not client.folder_exists(mailbox.folder):
                return f"there is no folder {mailbox.folder}", remedy
            client.select_folder(mailbox.folder, readonly=mailbox.after == "keep")
            if mailbox.target and not client.folder_exists(mailbox.target):
                client.create_folder(mailbox.target)
        finally:
            hang_up(client)
    except Exception as error:  # noqa: BLE001  whatever a server sends is told in words
        return plain(error, mailbox), remedy
    return "", ""


def look_for(mailbox: Mailbox, message_id: str) -> bytes | None:
    """The head of the mail with this Message-ID, in the folder that is fetched; None where there is none, or no way."""
    try:
        client = connect(mailbox)
        try:
            log_in(client, mailbox)
            client.select_folder(mailbox.folder, readonly=True)
            for uid in client.search(["HEADER", "Message-ID", message_id]):
                return bytes(client.fetch([uid], ["BODY.PEEK[HEADER]"])[uid][b"BODY[HEADER]"])
        finally:
            hang_up(client)
    except Exception:  # noqa: BLE001  what is wrong with it, `try_out` tells
        log.debug("the mailbox could not be looked into")
    return None


def hang_up(client: Client) -> None:
    """Close the connection, whatever state it is in."""
    # Without LOGOUT: a dead server would hold us up, and a living one loses nothing.
    try:
        client.shutdown()
    except OSError:
        log.debug("the connection was gone already")


def search(client: Client, low: int, exists: int, next_uid: int) -> Iterator[list[int]]:
    """The UIDs from `low` on, ascending, in lists that fit in one answer."""
    spans = [f"{low}:*"]
    if exists > WINDOW and next_uid:
        spans = [f"{start}:{start + WINDOW - 1}" for start in range(low, next_uid, WINDOW)]
    for span in spans:
        # `n:*` names the last mail even where it is below n (RFC 9051 section 9, seq-range).
        yield sorted({uid for uid in client.search(["UID", span]) if uid >= low})


def move(client: Client, uids: Sequence[int], target: str) -> None:
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


def wait_for_word(client: Client, idles: bool, seconds: float, stop: threading.Event) -> bool:
    """Wait until the server speaks (True), the time is over, or we are to stop; then the connection is proven."""
    if not idles:
        if not stop.wait(seconds):
            client.noop()
        return False
    client.idle()
    spoke = bool(client.wire.heard) or _hear(client.socket(), seconds, stop)
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
        case IMAPClientError() if bye := _BYE.search(words(error)):
            return f"{place} closed the connection: {bye[1].strip() or 'it did not say why'}"
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
