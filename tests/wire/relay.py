"""Relays on loopback that do what a script says: refuse, hang, drop, babble, or simply take mail."""

from __future__ import annotations

import base64
import hmac
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self


@dataclass(frozen=True, slots=True)
class Drop:
    """Say `words`, then close the connection."""

    words: bytes = b""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing until the client goes away."""


@dataclass(frozen=True, slots=True)
class Endless:
    """Say `words` again and again until the client goes away."""

    words: bytes


Act = bytes | Drop | Silence | Endless | None
"""What happens at one verb: these very octets, a fault, or (None) what an honest relay does."""

Script = Mapping[str, Sequence[Act]]
"""By verb (GREETING EHLO HELO STARTTLS AUTH MAIL RCPT DATA CONTENT DOT RSET QUIT): what happens the first time that it
comes, the second time ...; afterwards the relay is honest. CONTENT happens after the first line of a mail."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the relay answered with a success."""

    connection: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class _Talk:
    """What one connection has said so far."""

    number: int
    wire: socket.socket
    file: BinaryIO
    secure: bool
    begun: bool = False
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    open: bool = True

    def say(self, words: bytes) -> None:
        self.wire.sendall(words)

    def hear(self) -> bytes:
        return self.file.readline(1_000_000)


class ScriptedRelay:
    """An SMTP server on 127.0.0.1 and a free port, for the length of a `with`.

    `tls` speaks TLS from the first octet, `starttls` after STARTTLS. `logins` makes AUTH required. `verbs` lists what
    was heard, as (connection, verb); `taken` what was accepted; `connections` counts.
    """

    def __init__(
        self,
        script: Script | None = None,
        extensions: Sequence[str] = ("SIZE 50000000",),
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        logins: Mapping[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN",
    ) -> None:
        self._script = {verb: list(acts) for verb, acts in (script or {}).items()}
        self._extensions = list(extensions)
        self._tls, self._starttls, self._logins, self._mechanisms = tls, starttls, logins or {}, mechanisms
        self.connections = 0
        self.verbs: list[tuple[int, str]] = []
        self.taken: list[Taken] = []
        self._wires: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for wire in self._wires:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    @property
    def url(self) -> str:
        return f"{'smtps' if self._tls else 'smtp'}://127.0.0.1:{self.port}"

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                wire, _ = self._listener.accept()
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self._wires.append(wire)
                self._start(self._serve, wire, self.connections)

    def _serve(self, wire: socket.socket, number: int) -> None:
        with suppress(OSError, ValueError):
            if self._tls:
                wire = self._tls.wrap_socket(wire, server_side=True)
            talk = _Talk(number, wire, wire.makefile("rb"), secure=self._tls is not None)
            try:
                self._converse(talk)
            finally:
                talk.file.close()
                with suppress(OSError):
                    talk.wire.shutdown(socket.SHUT_RDWR)
                talk.wire.close()
        wire.close()

    def _converse(self, talk: _Talk) -> None:
        self._act(talk, "GREETING", b"220 relay.example ready\r\n")
        while talk.open and (line := talk.hear()):
            verb, _, rest = line.decode("latin-1").rstrip("\r\n").partition(" ")
            verb = verb.upper()
            self.verbs.append((talk.number, verb))
            match verb:
                case "EHLO":
                    self._act(talk, verb, self._offers(talk))
                case "STARTTLS":
                    self._secure(talk)
                case "AUTH":
                    if not self._act(talk, verb, None) and talk.open:
                        self._log_in(talk, rest)
                case "MAIL":
                    talk.sender, talk.recipients = rest.partition("<")[2].partition(">")[0], []
                    talk.begun = self._act(talk, verb, b"250 2.1.0 sender ok\r\n").startswith(b"2")
                case "RCPT":
                    honest = b"250 2.1.5 recipient ok\r\n" if talk.begun else b"503 5.5.1 MAIL first\r\n"
                    if self._act(talk, verb, honest).startswith(b"2"):
                        talk.recipients.append(rest.partition("<")[2].partition(">")[0])
                case "DATA":
                    self._take(talk)
                case "QUIT":
                    self._act(talk, verb, b"221 bye\r\n")
                    return
                case _:
                    self._act(talk, verb, b"250 ok\r\n")

    def _offers(self, talk: _Talk) -> bytes:
        offers = [*self._extensions]
        if self._starttls and not talk.secure:
            offers.append("STARTTLS")
        if self._logins:
            offers.append(f"AUTH {self._mechanisms}")
        return "".join(f"250-{offer}\r\n" for offer in ["relay.example", *offers]).encode() + b"250 HELP\r\n"

    def _act(self, talk: _Talk, verb: str, honest: bytes | None) -> bytes:
        """Do what the script says at a verb, else say what is honest; what was said."""
        words = self._chosen(talk, verb, honest)
        talk.say(words)
        return words

    def _chosen(self, talk: _Talk, verb: str, honest: bytes | None) -> bytes:
        """What is to be said at a verb."""
        acts = self._script.get(verb, [])
        act = acts.pop(0) if acts else None
        match act:
            case None:
                words = honest or b""
            case bytes():
                words = act
            case Drop():
                words, talk.open = act.words, False
            case Silence():
                words, talk.open = b"", False
                talk.file.read()
            case Endless():
                while True:
                    talk.say(act.words)
        return words

    def _secure(self, talk: _Talk) -> None:
        if self._starttls and self._act(talk, "STARTTLS", b"220 go ahead\r\n").startswith(b"220"):
            talk.file.close()
            talk.wire = self._starttls.wrap_socket(talk.wire, server_side=True)
            talk.file, talk.secure = talk.wire.makefile("rb"), True

    def _log_in(self, talk: _Talk, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        match mechanism:
            case "PLAIN":
                _, user, password = base64.b64decode(first).decode().split("\0")
                good = self._logins.get(user) == password
            case "LOGIN":
                user = base64.b64decode(first).decode() if first else self._ask(talk, b"Username:")
                good = self._logins.get(user) == self._ask(talk, b"Password:")
            case "XOAUTH2":
                user, token = base64.b64decode(first).decode().rstrip("\1").split("\1")
                good = self._logins.get(user.removeprefix("user=")) == token.removeprefix("auth=Bearer ")
                if not good:
                    assert self._ask(talk, b'{"status":"401"}') == "", "the reason is answered with nothing"
            case _:
                user, _, digest = self._ask(talk, b"<1@relay.example>").partition(" ")
                key = self._logins.get(user, "\0").encode()
                good = hmac.compare_digest(hmac.new(key, b"<1@relay.example>", "md5").hexdigest(), digest)
        talk.say(b"235 2.7.0 welcome\r\n" if good else b"535 5.7.8 wrong user or password\r\n")

    def _ask(self, talk: _Talk, question: bytes) -> str:
        talk.say(b"334 " + base64.b64encode(question) + b"\r\n")
        return base64.b64decode(talk.hear()).decode()

    def _take(self, talk: _Talk) -> None:
        honest = b"354 go on\r\n" if talk.recipients else b"554 5.5.1 no valid recipients\r\n"
        if not self._act(talk, "DATA", honest).startswith(b"354"):
            return
        lines: list[bytes] = []
        while (line := talk.hear()) and line != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
            if len(lines) == 1:
                self._act(talk, "CONTENT", b"")
                if not talk.open:
                    return
        if not line:
            return
        words = self._chosen(talk, "DOT", b"250 2.0.0 queued as 4711\r\n")
        if words.startswith(b"2"):  # noted before it is said: whoever hears it may look at once
            self.taken.append(Taken(talk.number, talk.sender, tuple(talk.recipients), b"".join(lines)))
        talk.say(words)
