"""What stands between two machines on a network, and does to them what networks do."""

from __future__ import annotations

import ctypes
import selectors
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal, Self

from tests.wire.imap_server import free_port

Side = Literal["client", "server"]
_DRIP = 0.2
_BLOCK = 65536
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python does not name it
_NOTHING_PASSES = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF_RET | BPF_K, 0 octets


class End(Enum):
    """What becomes of a line."""

    RESET = "both hear at once that it is broken (RST)"
    SILENCE = "it stays, and nothing that is said on it arrives any more"
    VANISH = "the other machine is gone: not even its kernel answers, and nobody says so"
    DRIP = "what the server says arrives octet by octet, a few in a second"


@dataclass(eq=False)
class _Line:
    client: socket.socket
    server: socket.socket
    ended: bool = False
    mute: bool = False
    drips: bool = False
    held: bytearray = field(default_factory=bytearray)
    said: dict[Side, int] = field(default_factory=lambda: {"client": 0, "server": 0})
    lately: dict[Side, bytes] = field(default_factory=lambda: {"client": b"", "server": b""})

    @property
    def wires(self) -> tuple[socket.socket, socket.socket]:
        return self.client, self.server


@dataclass(frozen=True)
class _Fault:
    """A fault that waits: for a word of one side, for so many octets of it on a line, or (-1) for whatever it says."""

    side: Side
    octets: int
    word: bytes
    then: End | Callable[[], object]
    always: bool = False

    def strikes(self, line: _Line, words: bytes) -> int | None:
        """How many of these words still arrive before it; None where it is not yet time."""
        if self.octets < 0:
            return len(words)
        if self.word:
            before = line.lately[self.side]
            at = (before + words).find(self.word, max(0, len(before) - len(self.word) + 1))
            return None if at < 0 else at + len(self.word) - len(before)
        if line.drips:
            return None
        left = self.octets - line.said[self.side]
        return max(0, left) if left <= len(words) else None


class Between:
    """A way to `to` (a port on loopback, or a socket's path) with a port of its own, for the length of a `with`.

    A fault counts for the lines that are there and for those to come, until `heals`.
    """

    def __init__(self, to: int | Path) -> None:
        self._to = to
        self.port = free_port()
        self._fault: _Fault | None = None
        self._lines: list[_Line] = []
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._waker, self._wakened = socket.socketpair()
        self._selector.register(self._wakened, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._serve, name="between")

    def __enter__(self) -> Self:
        self._listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waker.close()
        self._thread.join()
        self.heals()
        for line in self._lines:
            self._end(line)
        if self._listener is not None:
            self._listener.close()
        self._wakened.close()
        self._selector.close()

    # --- what networks do ---

    def fails(self, then: End) -> None:
        """Every line that is there ends so; a machine that vanished takes no new ones either."""
        with self._lock:
            for line in tuple(self._lines):
                self._strike(line, then)
            if then is End.VANISH and self._listener is not None:
                deafen(self._listener)

    def fails_after(self, octets: int, then: End, *, side: Side = "server") -> None:
        """Each line ends so once one side has said so many octets on it."""
        with self._lock:
            self._fault = _Fault(side, octets, b"", then)

    def fails_next(self, then: End, *, side: Side = "client") -> None:
        """The next words that one side says still arrive, all of them, and then that line ends so."""
        with self._lock:
            self._fault = _Fault(side, -1, b"", then)

    def fails_at(
        self, word: bytes, then: End | Callable[[], object], *, side: Side = "client", always: bool = False
    ) -> None:
        """The line on which one side says this word ends so, or this is done, before more comes: once, or always."""
        with self._lock:
            self._fault = _Fault(side, 0, word, then, always)

    def refuses(self) -> None:
        """Nobody listens any more, and whoever had a line hears that it broke."""
        with self._lock:
            self.fails(End.RESET)
            self._close_door()

    def heals(self) -> None:
        """All is as it should be; lines that had suffered are broken, as after a restart."""
        with self._lock:
            self._fault = None
            for line in [one for one in self._lines if one.mute or one.drips]:
                self._end(line)
            self._close_door()
            self._listen()

    @property
    def struck(self) -> bool:
        """Whether the fault that waited has come."""
        with self._lock:
            return self._fault is None

    # --- how ---

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._selector.register(self._listener, selectors.EVENT_READ, None)

    def _close_door(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None

    def _serve(self) -> None:
        while True:
            ready = self._selector.select(_DRIP if any(line.held for line in self._lines) else None)
            with self._lock:
                for line in [one for one in self._lines if one.held]:
                    self._pass(line, line.client, bytes([line.held.pop(0)]))
                for key, _ in ready:
                    if key.fileobj is self._wakened:
                        return
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.data is not None and not key.data.ended:
                        self._carry(key.data, "client" if key.fileobj is key.data.client else "server")

    def _accept(self) -> None:
        assert self._listener is not None
        client, _ = self._listener.accept()
        try:
            server = self._reach()
        except OSError:
            client.close()
            return
        line = _Line(client, server)
        self._lines.append(line)
        for wire in line.wires:
            wire.settimeout(5)
            if wire.family == socket.AF_INET:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(wire, selectors.EVENT_READ, line)

    def _reach(self) -> socket.socket:
        if isinstance(self._to, int):
            return socket.create_connection(("127.0.0.1", self._to), 5)
        wire = socket.socket(socket.AF_UNIX)
        wire.connect(str(self._to))
        return wire

    def _carry(self, line: _Line, side: Side) -> None:
        source, target = line.wires if side == "client" else line.wires[::-1]
        try:
            words = source.recv(_BLOCK)
        except OSError:
            words = b""
        if line.mute:
            if not words:
                self._selector.unregister(source)
            return
        if not words:
            self._end(line, politely=True)
            return
        self._say(line, side, target, words)

    def _say(self, line: _Line, side: Side, target: socket.socket, words: bytes) -> None:
        fault = self._fault
        strikes = fault.strikes(line, words) if fault is not None and fault.side == side else None
        now, rest = (words, b"") if strikes is None else (words[:strikes], words[strikes:])
        if strikes is not None and fault is not None and fault.then is End.VANISH:
            deafen(line.server)  # what it answers to these last words is not even acknowledged
        line.said[side] += len(words)
        line.lately[side] = (line.lately[side] + words)[-100:]
        if line.drips and side == "server":
            line.held += now
        else:
            self._pass(line, target, now)
        if fault is None or strikes is None:
            return
        if (fault.word or fault.octets < 0) and not fault.always:
            self._fault = None
        if fault.then is End.VANISH:
            self.fails(End.VANISH)  # a machine vanishes with all its lines
        elif isinstance(fault.then, End):
            self._strike(line, fault.then)
        else:
            fault.then()
        if rest and not (line.mute or line.ended):
            self._say(line, side, target, rest)

    def _pass(self, line: _Line, target: socket.socket, words: bytes) -> None:
        try:
            target.sendall(words)
        except OSError:
            self._end(line)

    def _strike(self, line: _Line, then: End) -> None:
        match then:
            case End.RESET:
                self._end(line)
            case End.SILENCE:
                line.mute = True
            case End.VANISH:
                line.mute = True
                for wire in line.wires:
                    deafen(wire)
            case End.DRIP:
                line.drips = True

    def _end(self, line: _Line, *, politely: bool = False) -> None:
        if line.ended:
            return
        line.ended, line.held = True, bytearray()
        if line in self._lines:
            self._lines.remove(line)
        for wire in line.wires:
            with suppress(KeyError):
                self._selector.unregister(wire)
            if not politely:
                with suppress(OSError):
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()


def deafen(wire: socket.socket) -> None:
    """Let the kernel drop whatever comes for this socket, as if nobody were there: no answer, no refusal."""
    if wire.family != socket.AF_INET:
        return
    program = struct.pack("HL", 1, ctypes.addressof(_NOTHING_PASSES))
    wire.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
