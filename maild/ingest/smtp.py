"""Mail comes in by SMTP or LMTP: answered 250 only once it is kept (RFC 5321, RFC 2033)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from aiosmtpd.smtp import SMTP, TLSSetupException

from maild.ingest.smtp_session import (
    BARE,
    BUSY,
    TOO_BIG,
    Body,
    Limits,
    Memory,
    Transaction,
    fault_in,
    fault_in_mail_parameters,
    fault_in_rcpt_parameters,
    neighbourhood,
    read_parameters,
    read_plain_path,
    with_status,
)
from maild.mail import Arrival
from maild.store.fault import LostError

__all__ = ["Door", "Limits", "open_door"]

_KEPT = "250 2.0.0 Kept"
_FAILED = "451 4.3.0 Something went wrong on our side; please send it again later"
_LATE = "451 4.3.0 It takes us too long to keep this mail; please send it again later"
_CLOSING = "421 4.3.2 We are closing for a moment; please come back later"
_SILENT = "421 4.4.2 We waited too long for you; please connect again"
_RESTLESS = "421 4.7.0 Too many commands without a mail; please connect again later"
_BEYOND_ASCII = "553 5.6.7 An address beyond ASCII needs SMTPUTF8"
_MALFORMED = "553 5.1.3 This address is not well formed"
_COMMAND = 2048  # octets; what RFC 3461 and RFC 6531 add to the 512 of RFC 5321, rounded up
_BLOCK = 1 << 30  # whatever has come: the stream itself holds little more than twice its limit
_LINGER = 5.0


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a door was opened with."""

    hostname: str
    limits: Limits
    is_ours: Callable[[str], bool]
    keep: Callable[[Arrival], Awaitable[None]]
    has_room: Callable[[], bool]
    now: Callable[[], datetime]
    new_source: Callable[[], str]
    sealed: bool
    lmtp: bool
    log: logging.Logger


class Door:
    """Listening sockets and the sessions that came through them."""

    def __init__(self, terms: _Terms, tls: ssl.SSLContext | None) -> None:
        self.terms = terms
        self.tls = tls  # taken by each new session, so that a renewed certificate counts at once
        self.memory = Memory(max(terms.limits.memory, terms.limits.size))
        self.sessions: set[_Session] = set()
        self.closing = False
        self._settling: set[asyncio.Task[str]] = set()
        self._sealing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Threshold(self), host or None, port)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each socket, as really bound."""
        sockets = self._server.sockets if self._server else ()
        return [listener.getsockname()[:2] for listener in sockets]

    def refusal(self, peer: str) -> str:
        """The reply to a peer for whom there is no place, or ""."""
        limits, neighbours = self.terms.limits, neighbourhood(peer)
        if len(self.sessions) >= limits.connections:
            return "421 4.3.2 Too many connections; please come back later"
        if sum(session.neighbours == neighbours for session in self.sessions) >= limits.per_address:
            return "421 4.7.0 Too many connections from your address; please come back later"
        return ""

    def settle(self, settling: Coroutine[Any, Any, str]) -> asyncio.Future[str]:
        """Run to its end what must not be torn, whatever becomes of the session that waits for it."""
        task = asyncio.create_task(settling)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return asyncio.shield(task)

    def seal(self, transport: asyncio.Transport, session: _Session) -> None:
        """Start TLS before the first word (RFC 8314 section 3.3); the session has its place from now on."""
        task = asyncio.create_task(session.begin_sealed(transport))
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)

    async def close(self, grace: float) -> None:
        """Accept nobody more, let mails under way finish for `grace` seconds, then close what is left.

        A `keep` that is still running then goes on: it is torn only if the loop itself stops.
        """
        self.closing = True
        if self._server is not None:
            self._server.close()
        for session in tuple(self.sessions):
            session.leave_if_idle()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while under_way := self._under_way():
                    await asyncio.wait(under_way)
        left = tuple(self.sessions)
        for session in left:
            session.leave(_CLOSING)
            session.cut()
        await asyncio.gather(*(session.gone for session in left))

    def _under_way(self) -> set[asyncio.Future[Any]]:
        settling = {task for task in self._settling if not task.done()}
        return settling | {session.gone for session in self.sessions}


async def open_door(
    host: str,
    port: int,
    *,
    hostname: str,
    limits: Limits,
    is_ours: Callable[[str], bool],
    keep: Callable[[Arrival], Awaitable[None]],
    has_room: Callable[[], bool],
    now: Callable[[], datetime],
    new_source: Callable[[], str],
    log: logging.Logger,
    tls: ssl.SSLContext | None = None,
    sealed: bool = False,
    lmtp: bool = False,
) -> Door:
    """Listen on `host` (all addresses where it is "") and `port` (any free one where it is 0) in the running loop.

    With `tls` STARTTLS is offered, or, where the door is `sealed`, TLS comes before the first word.

    `keep` has made the mail durable when it returns; whatever it raises is logged and answered 451. `is_ours` is asked
    with each recipient as given, also a bare `postmaster`. OSError where the address cannot be had.
    """
    # The library writes commands and mail to this logger, below the level of a warning.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    if sealed and tls is None:
        raise ValueError("a sealed door needs a certificate")
    door = Door(_Terms(hostname, limits, is_ours, keep, has_room, now, new_source, sealed, lmtp, log), tls)
    await door.listen(host, port)
    return door


class _Threshold(asyncio.Protocol):
    """Where a peer stands before it is let in: a session is made only for those who have a place."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        name = transport.get_extra_info("peername")
        peer = name[0].partition("%")[0] if isinstance(name, tuple) else ""
        if reply := _CLOSING if self._door.closing else self._door.refusal(peer):
            self._door.terms.log.info("turned away %s: %s", peer, reply)
            if not self._door.terms.sealed:  # nobody who expects TLS could read it
                transport.write(reply.encode() + b"\r\n")
            transport.close()
            return
        session = _Session(self._door, peer)
        if self._door.terms.sealed:
            self._door.seal(transport, session)
            return
        transport.set_protocol(session)
        session.connection_made(transport)


class _Session(SMTP):
    """One dialogue: the library reads commands and does STARTTLS, the words about mail are ours."""

    # The library takes this for the limit of its stream; bodies are read past it.
    line_length_limit = 64 * 1024

    def __init__(self, door: Door, peer: str) -> None:
        terms = door.terms
        self._door, self._terms, self._limits, self._peer = door, terms, terms.limits, peer
        self._mail = Transaction()
        self._patience = self._full_patience = terms.limits.commands + terms.limits.recipients
        self._deadline = 0.0
        self._owed = 0  # replies to a mail that has come whole
        super().__init__(
            None,
            enable_SMTPUTF8=True,
            hostname=terms.hostname,
            ident="LMTP" if terms.lmtp else "ESMTP",
            tls_context=None if terms.sealed else door.tls,
            timeout=terms.limits.idle,
            loop=asyncio.get_running_loop(),
        )
        self._smtp_methods = self._verbs()
        # The library's own is shared by all sessions and allows too little for RFC 3461 and RFC 6531.
        self.command_size_limits = defaultdict(lambda: _COMMAND)
        self.neighbours = neighbourhood(peer)
        self.gone: asyncio.Future[None] = self.loop.create_future()
        door.sessions.add(self)

    def _verbs(self) -> dict[str, Any]:
        greetings = {"LHLO": self._on_ehlo}  # RFC 2033 section 4.1
        if not self._terms.lmtp:
            greetings = {"EHLO": self._on_ehlo, "HELO": self.smtp_HELO}
        plain = {"NOOP": self.smtp_NOOP, "RSET": self.smtp_RSET, "QUIT": self.smtp_QUIT, "VRFY": self._on_vrfy}
        mail = {"MAIL": self._on_mail, "RCPT": self._on_rcpt, "DATA": self._on_data}
        return {**greetings, **plain, **mail, **({"STARTTLS": self.smtp_STARTTLS} if self.tls_context else {})}

    # Coming and going

    async def begin_sealed(self, transport: asyncio.Transport) -> None:
        """Do the handshake, then the dialogue; a peer that fails at it is gone."""
        assert self._door.tls is not None
        self._original_transport = transport  # so that `cut` finds it
        try:
            secure = await self.loop.start_tls(
                transport, self, self._door.tls, server_side=True, ssl_handshake_timeout=self._limits.idle
            )
            if secure is None or secure.is_closing():
                raise ConnectionResetError
        except (OSError, asyncio.CancelledError) as error:
            self._terms.log.info("no TLS with %s: %r", self._peer, error)
            transport.abort()
            self.connection_lost(None)
            return
        self.connection_made(secure)
        assert self.session is not None
        self.session.ssl = secure.get_extra_info("ssl_object")

    async def _handle_client(self) -> None:
        with suppress(ConnectionError):
            await super()._handle_client()

    def connection_lost(self, error: Exception | None) -> None:
        if self.gone.done():  # after a failed STARTTLS the library tells us twice
            return
        if self.session is not None:  # else it did not even come to a greeting
            super().connection_lost(error)
        self._door.sessions.discard(self)
        self.gone.set_result(None)

    def leave(self, reply: str) -> None:
        """Say goodbye; a peer that does not take the words is cut off after a while."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(reply.encode() + b"\r\n")
            self.transport.close()
            self._reset_timeout(_LINGER)

    def leave_if_idle(self) -> None:
        if self.session is None:
            self.cut()
        elif self._mail.sender is None:
            self.leave(_CLOSING)

    def cut(self) -> None:
        # Under STARTTLS the socket below is cut as well: a handshake that never ends has no transport of its own.
        for transport in (self.transport, self._original_transport):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()

    def _hang_up(self, reply: str) -> NoReturn:
        self.leave(reply)
        # Ends the session's task at once: what is still in the stream must not be read as commands.
        raise asyncio.CancelledError

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Put off the end of our patience. The library makes a timer each time, and the loop is slow with thousands of
        them: ours stays where it comes early enough, and is set anew when it has gone off."""
        now = self.loop.time()
        self._deadline = now + (self._limits.idle if duration is None else duration)
        timer = self._timeout_handle
        if timer is None or timer.cancelled() or not now < timer.when() <= self._deadline:
            if timer is not None:
                timer.cancel()
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)
        elif self.transport is None or self.transport.is_closing():
            self.cut()
        else:
            self.leave("\r\n".join([_LATE] * self._owed) or _SILENT)

    def _set_post_data_state(self) -> None:
        self._mail = Transaction()

    async def handle_exception(self, error: Exception) -> str:
        if isinstance(error, TLSSetupException):
            self._terms.log.info("no TLS with %s: %r", self._peer, error.__cause__)
            return "454 4.7.0 TLS could not be started"
        self._terms.log.error("a command of %s failed", self._peer, exc_info=error)
        return _FAILED

    async def push(self, status: str | bytes) -> None:
        self._patience -= 1
        if self._patience < 0 or self.transport is None or self.transport.is_closing():
            self._hang_up(_RESTLESS)
        reply = with_status(status if isinstance(status, str) else status.decode())
        self._writer.write(reply.encode() + b"\r\n")
        await self._writer.drain()

    # The words about mail

    async def _on_ehlo(self, hostname: str | None) -> None:
        if not hostname:
            await self.push("501")
            return
        assert self.session is not None
        self._set_post_data_state()
        self.session.extended_smtp = True
        self.session.host_name = hostname
        lines = [self.hostname, f"SIZE {self._limits.size}", "8BITMIME", "SMTPUTF8", "PIPELINING"]
        if self.tls_context and self._tls_protocol is None:
            lines.append("STARTTLS")
        await self.push("".join(f"250-{line}\r\n" for line in lines) + "250 ENHANCEDSTATUSCODES")

    async def _on_vrfy(self, arg: str | None) -> None:
        await self.push("252 2.5.0 We do not tell who is here; send your mail and see" if arg else "501")

    async def _on_mail(self, arg: str | None) -> None:
        if self._door.closing:
            self._hang_up(_CLOSING)
        await self.push(self._begin(arg or ""))

    def _begin(self, arg: str) -> str:
        """The reply to MAIL; with 250 a transaction has begun."""
        if not (self.session and self.session.host_name) or self._mail.sender is not None:
            return "503"
        path = self._read_path("FROM:", arg)
        if isinstance(path, str):
            return path
        address, parameters = path
        if fault := fault_in_mail_parameters(parameters, self._limits.size):
            return fault
        smtp_utf8 = "SMTPUTF8" in parameters
        if not (smtp_utf8 or address.isascii()):
            return _BEYOND_ASCII
        if not self._terms.has_room():
            return BUSY
        self._mail = Transaction(address, smtp_utf8)
        return "250 2.1.0 OK"

    async def _on_rcpt(self, arg: str | None) -> None:
        await self.push(self._add(arg or ""))

    def _add(self, arg: str) -> str:
        """The reply to RCPT; with 250 the mail has one recipient more."""
        mail = self._mail
        if mail.sender is None:
            return "503"
        path = self._read_path("TO:", arg)
        if isinstance(path, str):
            return path
        address, parameters = path
        if fault := fault_in_rcpt_parameters(parameters):
            return fault
        if not (mail.smtp_utf8 or address.isascii()):
            return _BEYOND_ASCII
        if len(mail.recipients) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients for one mail; please send the rest apart"
        if not address or not self._terms.is_ours(address):
            return "550 5.1.1 We have no such address here"
        mail.recipients.append(address)
        return "250 2.1.5 OK"

    def _read_path(self, keyword: str, arg: str) -> tuple[str, dict[str, str]] | str:
        """The address and its parameters, or the reply that refuses them (RFC 5321 section 4.1.2)."""
        if arg[: len(keyword)].upper() != keyword:
            return "501"
        text = arg[len(keyword) :].strip()
        if not text.isprintable():  # control characters, and octets that are not UTF-8
            return "501 5.5.2 An address is written in ASCII or UTF-8, without control characters"
        if plain := read_plain_path(text):
            return plain[0], read_parameters(plain[1])
        if text.startswith("<") != (">" in text):  # the library would close the bracket itself
            return _MALFORMED
        try:
            address, rest = self._getaddr(text)
        except (AttributeError, IndexError, RecursionError, ValueError):  # bugs of its parser, found by fuzzing
            address = rest = None
        return (address, read_parameters(rest or "")) if address else _MALFORMED

    # The mail itself

    async def _on_data(self, arg: str | None) -> None:
        mail = self._mail
        if mail.sender is None or not mail.recipients or arg:
            await self.push("501" if arg else "503 5.5.1 There is no recipient that we know")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        body = Body(self._limits.size, self._door.memory)
        await self._receive(body)
        self._reset_timeout(self._limits.whole)
        self._owed = len(mail.recipients) if self._terms.lmtp else 1  # RFC 2033 section 4.2
        reply = await self._door.settle(self._settle(body, mail.sender, tuple(mail.recipients)))
        self._reset_timeout()
        self._set_post_data_state()
        if reply == _KEPT:
            self._patience = self._full_patience
        while self._owed:
            self._owed -= 1
            await self.push(reply)
        if self._door.closing:
            self._hang_up(_CLOSING)

    async def _receive(self, body: Body) -> None:
        """Read to the final dot and give back what follows it; else the session ends here, never in mid-mail."""
        rest: bytes | None = None
        until = self.loop.time() + self._limits.whole
        try:
            while rest is None:
                self._reset_timeout(min(self._limits.idle, until - self.loop.time()))
                rest = body.take(await self._reader.read(_BLOCK))
                if rest is None and body.endless:
                    self._hang_up(TOO_BIG)
                if rest is None and self._reader.at_eof():
                    self._hang_up(_SILENT)
        except ConnectionError:
            self._hang_up(_SILENT)
        except Exception:
            self._terms.log.exception("the mail of %s could not be received", self._peer)
            self._hang_up(_CLOSING)
        finally:
            if rest is None:
                body.let_go()
        if rest:
            # The stream is empty here: nothing was awaited since all of it was read.
            self._reader.feed_data(rest)

    async def _settle(self, body: Body, sender: str, recipients: tuple[str, ...]) -> str:
        """Keep the mail, or not; the reply that tells which."""
        try:
            if body.fault or body.bare:
                return body.fault or BARE
            raw = body.raw()
            if fault := fault_in(raw, self._limits):
                return fault
            terms = self._terms
            await terms.keep(Arrival(terms.new_source(), raw, sender, recipients, terms.now(), self._peer))
            return _KEPT
        except LostError as fault:
            # the store tells the operator why; what is left to say is where the mail is
            self._terms.log.warning("a mail of %s stays with its sender for now: %s", self._peer, fault)
            return _FAILED
        except Exception:
            self._terms.log.exception("a mail of %s could not be kept", self._peer)
            return _FAILED
        finally:
            body.let_go()
