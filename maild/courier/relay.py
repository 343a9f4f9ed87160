"""The courier that speaks SMTP with a relay: each step of a mail, and what an answer means for it."""

from __future__ import annotations

import errno
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from maild.courier.outcome import Deferred, Outcome, Refused, Sent, Uncertain, told, unsendable
from maild.courier.session import Session
from maild.mail import Outgoing

_PARTING = 2.0  # seconds that a QUIT may take
_NEEDS_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954 section 6: what is wrong is our login, whatever the verb
_TOO_BIG = 552  # RFC 1870 section 6.1: at MAIL it speaks of this mail, not of the sender
_CLOSING = 421
Tls = Literal["starttls", "implicit", "none"]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds that are waited for a connection, for the answer to a verb, and for the mail with its verdict.

    A machine that does not even acknowledge what it gets for the time of a verb is gone, whatever is waited for.
    """

    connect: float = 15
    verb: float = 60
    dot: float = 600
    idle: float = 60


USUAL = Timeouts()


class _Stage(IntEnum):
    """How far a mail has come; what goes wrong up to MAIL concerns the relay, from RCPT on the mail."""

    CONNECT = 1
    GREETING = 2
    EHLO = 3
    STARTTLS = 4
    AUTH = 5
    MAIL = 6
    RCPT = 7
    DATA = 8
    CONTENT = 9
    DOT = 10


_WHERE: Mapping[_Stage, str] = {
    _Stage.CONNECT: "connecting",
    _Stage.GREETING: "the greeting",
    _Stage.CONTENT: "the text of the mail",
    _Stage.DOT: "the end of the mail",
}


class Relay:
    """A courier that speaks SMTP with one relay, over a connection that it keeps open (RFC 5321, 2920, 1870)."""

    def __init__(
        self,
        url: str,
        user: str = "",
        password: Callable[[], str] | None = None,
        tls: Tls = "starttls",
        timeouts: Timeouts = USUAL,
        *,
        name: str = "[127.0.0.1]",
        token: Callable[[], str] | None = None,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        secure, self._host, port = _place(url)
        if tls not in {"starttls", "implicit", "none"}:
            raise ValueError(f"relay.tls {tls!r} is none of starttls, implicit, none")
        self._tls: Tls = "implicit" if secure else tls
        self._port = port or {"starttls": 587, "implicit": 465, "none": 25}[self._tls]
        self._user, self._password, self._token = user, password, token
        self._timeouts, self._name, self._context, self._clock = timeouts, name, context, clock
        self._session: Session | None = None
        self._stage = _Stage.CONNECT
        self._used = 0.0

    def send(self, mail: Outgoing, row: int) -> Outcome:  # noqa: ARG002  (the Maildir needs the row)
        """Hand over one mail, unaltered but for the dots of RFC 5321 section 4.5.2."""
        if fault := unsendable(mail):
            return Refused(fault)
        if self._session and (self._session.babbles or self._clock() - self._used > self._timeouts.idle):
            self.close()
        reused = self._session is not None
        outcome = self._try(mail)
        # A kept connection that proves stale before the text was given is the connection's fault: once more, afresh.
        if reused and self._session is None and self._stage is _Stage.MAIL and isinstance(outcome, Deferred):
            outcome = self._try(mail)
        self._used = self._clock()
        return outcome

    def greet(self) -> Outcome:
        """Get ready for a mail and part without one: Sent tells what was used, another outcome what is wrong."""

        def ready() -> Outcome:
            self._open()
            tls = {"starttls": ("STARTTLS",), "implicit": ("TLS",), "none": ()}[self._tls]
            return Sent(", ".join((*tls, "EHLO", *(("AUTH",) if self._user and self._password else ()))))

        self.close()
        outcome = self._guard(ready)
        self.close()
        return outcome

    def close(self) -> None:
        """Say QUIT where there is a connection, wait for two seconds at most, and close it."""
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.say(b"QUIT\r\n", _PARTING)
            session.getreply()
        except (OSError, smtplib.SMTPException):
            pass  # whoever leaves does not mind that the other one is gone
        finally:
            session.close()

    def _try(self, mail: Outgoing) -> Outcome:
        return self._guard(lambda: self._transact(self._session or self._open(), mail))

    def _guard(self, work: Callable[[], Outcome]) -> Outcome:
        try:
            return work()
        except smtplib.SMTPResponseException as fault:
            self._drop()
            error = fault.smtp_error
            return _verdict(self._stage, fault.smtp_code, error if isinstance(error, bytes) else error.encode())
        except (OSError, smtplib.SMTPException, ValueError) as fault:
            self._drop()
            return _lost(self._stage, self._timeouts, fault)

    def _open(self) -> Session:
        """A session that is ready for MAIL; raises what smtplib, ssl and socket raise."""
        self._stage = _Stage.CONNECT
        session = self._session = Session(self._name)
        session.patience = self._timeouts.verb
        session.reach(self._host, self._port, self._timeouts.connect, self._timeouts.verb)
        if self._tls == "implicit":
            session.secure(self._tls_context(), self._host)
        self._stage = _Stage.GREETING
        code, text = session.getreply()
        _demand(code == 220, code, text)
        self._greet(session)
        if self._tls == "starttls":
            self._secure(session)
        if self._user and self._token:
            self._show_token(session, self._user, self._token)
        elif self._user and self._password:
            self._log_in(session, self._user, self._password)
        return session

    def _greet(self, session: Session) -> None:
        self._stage = _Stage.EHLO
        code, text = session.ehlo()
        if 500 <= code < 600:
            code, text = session.helo()
        _demand(code == 250, code, text)

    def _secure(self, session: Session) -> None:
        self._stage = _Stage.STARTTLS
        if not session.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError('the relay offers no STARTTLS, which relay.tls = "starttls" asks for')
        code, text = session.docmd("STARTTLS")
        _demand(code == 220, code, text)
        session.secure(self._tls_context(), self._host)
        self._greet(session)

    def _log_in(self, session: Session, user: str, password_of: Callable[[], str]) -> None:
        self._begin_login(session)
        password = password_of()
        if not f"{user}{password}".isascii():
            raise smtplib.SMTPNotSupportedError("relay.user and the password must be ASCII")
        session.login(user, password)

    def _show_token(self, session: Session, user: str, token_of: Callable[[], str]) -> None:
        """Log in by XOAUTH2, as Google and Microsoft have it: one answer, and an empty one to why it is refused."""
        self._begin_login(session)
        try:
            token = token_of()
        except Exception as fault:
            raise smtplib.SMTPNotSupportedError(f"no token for {user}: {fault}") from fault
        answers = iter((f"user={user}\1auth=Bearer {token}\1\1",))
        session.auth("XOAUTH2", lambda _=None: next(answers, ""))

    def _begin_login(self, session: Session) -> None:
        self._stage = _Stage.AUTH
        if self._tls == "none" and not _is_here(session):
            raise smtplib.SMTPNotSupportedError("a password is not sent to another machine without TLS: set relay.tls")

    def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _transact(self, session: Session, mail: Outgoing) -> Outcome:
        limit = session.esmtp_features.get("size", "")
        if limit.isascii() and limit.isdigit() and 0 < int(limit[:18]) < len(mail.content):
            return Refused(f"the mail has {len(mail.content)} octets, the relay takes {int(limit[:18])} at most")
        if failure := self._address(session, mail):
            return failure
        self._stage = _Stage.CONTENT
        self._tell(session, _stuffed(mail.content) + b".\r\n")
        self._stage = _Stage.DOT
        code, text = session.getreply()
        if code == _CLOSING:
            self._drop()
        return Sent(told(code, text)) if code // 100 == 2 else _verdict(_Stage.DOT, code, text)

    def _tell(self, session: Session, content: bytes) -> None:
        """Say the text of a mail and its final dot in one; where the relay hangs up amid it, its last word counts.

        What could not be said to its end has come without the dot, and so was not taken.
        """
        try:
            session.say(content, self._timeouts.dot)
        except OSError as fault:
            session.patience = _PARTING
            try:
                code, text = session.getreply()
            except (OSError, smtplib.SMTPException):
                raise fault from None
            _demand(False, code, text)

    def _address(self, session: Session, mail: Outgoing) -> Outcome | None:
        """Say MAIL, RCPT and DATA, in one packet where the relay reads ahead; what failed first, or None at a 354."""
        size = f" SIZE={len(mail.content)}" if "size" in session.esmtp_features else ""
        verbs = (
            (_Stage.MAIL, f"MAIL FROM:<{mail.envelope.sender}>{size}\r\n".encode("ascii")),
            (_Stage.RCPT, f"RCPT TO:<{mail.envelope.recipient}>\r\n".encode("ascii")),
            (_Stage.DATA, b"DATA\r\n"),
        )
        ahead = "pipelining" in session.esmtp_features
        self._stage = _Stage.MAIL
        if ahead:
            session.say(b"".join([words for _, words in verbs]), self._timeouts.verb)
        for stage, words in verbs:
            self._stage = stage
            if not ahead:
                session.say(words, self._timeouts.verb)
            code, text = session.getreply()
            if not (code == 354 if stage is _Stage.DATA else code // 100 == 2):
                self._start_over(session, code, unread=_Stage.DATA - stage if ahead else 0)
                return _verdict(stage, code, text)
        return None

    def _start_over(self, session: Session, code: int, unread: int) -> None:
        """Make the connection fit for another mail after a failed verb, or drop it."""
        try:
            if code == _CLOSING:
                raise smtplib.SMTPServerDisconnected("the relay is closing")
            for _ in range(unread):
                code, _text = session.getreply()
            if code == 354:  # RFC 2920 section 3.1: it has no recipient, and yet asks for the text
                session.say(b".\r\n", self._timeouts.verb)
                session.getreply()
            session.say(b"RSET\r\n", self._timeouts.verb)
            code, text = session.getreply()
            _demand(code // 100 == 2, code, text)
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def _place(url: str) -> tuple[bool, str, int]:
    """Whether a relay's url asks for TLS from the start, its host, and its port or 0; ValueError where it is none."""
    try:
        parts = urlsplit(url)
        if parts.scheme in {"smtp", "smtps"} and parts.hostname and not parts.username and not parts.path.strip("/"):
            return parts.scheme == "smtps", parts.hostname, parts.port or 0
    except ValueError:
        pass  # a port that is no number, or brackets that hold no address
    raise ValueError(f"relay.url {url!r} is none of smtp://HOST:PORT, smtps://HOST:PORT, maildir:PATH")


_DOTTED = re.compile(rb"\r\n\.")  # to search is faster than to replace, and few mails have such a line


def _stuffed(content: bytes) -> bytes:
    """The mail with a second dot before each line that starts with one (RFC 5321 section 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..") if _DOTTED.search(content) else content
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _verdict(stage: _Stage, code: int, text: bytes) -> Outcome:
    """What an answer that is no success means (RFC 5321 section 4.2.1)."""
    answer = told(code, text)
    if code == _CLOSING or code in _NEEDS_LOGIN:
        return Deferred(answer, relay=True)
    if code // 100 == 5 and (stage >= _Stage.RCPT or (stage is _Stage.MAIL and code == _TOO_BIG)):
        return Refused(answer)
    if code // 100 in (4, 5):
        return Deferred(answer, relay=stage < _Stage.MAIL or code // 100 == 5)
    if stage is _Stage.DOT:
        return Uncertain(answer)
    return Deferred(answer, relay=stage <= _Stage.MAIL)


def _lost(stage: _Stage, patience: Timeouts, fault: Exception) -> Outcome:
    """What a connection that failed without an answer means: unknown after the final dot, else not now."""
    where = _WHERE.get(stage, stage.name)
    answer = told(0, f"at {where}: {_cause(stage, patience, fault)}".encode(errors="replace"))
    if stage is _Stage.DOT:
        return Uncertain(answer)
    return Deferred(answer, relay=stage <= _Stage.MAIL)


def _cause(stage: _Stage, patience: Timeouts, fault: Exception) -> str:
    match fault:
        case ssl.SSLCertVerificationError():
            return f"the relay's certificate does not hold: {fault.verify_message}"
        case TimeoutError(errno=errno.ETIMEDOUT) if stage > _Stage.CONNECT:
            return f"its machine is gone: it acknowledged nothing for {patience.verb:g} s"
        case TimeoutError():
            slow = {_Stage.CONNECT: patience.connect, _Stage.CONTENT: patience.dot, _Stage.DOT: patience.dot}
            return f"no answer within {slow.get(stage, patience.verb):g} s"
        case OSError(strerror=str(text)) if text:
            return text
        case _:
            return str(fault) or type(fault).__name__


def _demand(holds: bool, code: int, text: bytes) -> None:
    if not holds:
        raise smtplib.SMTPResponseException(code, text)


def _is_here(session: Session) -> bool:
    """Whether the other end is this machine."""
    peer = session.sock.getpeername()[0] if session.sock else ""
    return ip_address(str(peer).partition("%")[0]).is_loopback
