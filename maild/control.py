"""The daemon's socket: how the command line asks for something to be written."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Request = Mapping[str, Any]
Answer = dict[str, Any]

SOCKET = "control.sock"
LOCK = "maild.lock"
_LONGEST = 64 * 1024
_PATIENCE = 30.0
_HEARING = 5.0
"""Seconds within which a whole request must have come, and the answer must have been taken."""
_AT_ONCE = 32
_LAST_WORDS = 10.0

log = logging.getLogger("maild.control")


class LockedError(Exception):
    """The daemon's lock cannot be had: another process holds it, or its folder is shut; the words say what to do."""


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the daemon's lock on this store's folder; LockedError where another does, or we may not write."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / LOCK).open("a")
    except OSError as fault:
        raise LockedError(
            f"{folder}: maild must write in this folder, and cannot ({fault.strerror}): "
            "change its rights, or name another in [store]"
        ) from fault
    with held as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LockedError(f"another maild works on {folder}: stop it first, or let it do this") from None
        yield


def ask(folder: Path, request: Request, patience: float = _PATIENCE) -> Answer | None:
    """Ask the running daemon, and wait so many seconds for its answer; None where none runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(patience)
        try:
            line.connect(_path(folder))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        line.sendall(json.dumps(dict(request)).encode("utf-8") + b"\n")
        said = _read_line(line, time.monotonic() + patience)
        if not said:
            raise ConnectionResetError(errno.ECONNRESET, "the daemon has gone")
        answer: Answer = json.loads(said)
        return answer


class Service:
    """Answers on the socket, one line in, one line out; each in a thread of its own, for some take long.

    Only the user who runs the daemon may connect (mode 0600). Nothing that is secret can be asked for: a request writes
    or tells how the daemon is. One that cannot be read is answered in words, and whoever is silent is left.
    """

    def __init__(self, folder: Path, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self._path = _path(folder)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(self._path)
        finally:
            os.umask(before)
        self._socket.listen(64)
        self._talks: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        last = time.monotonic() + _LAST_WORDS
        for talk in self._talks:
            talk.join(max(0.0, last - time.monotonic()))
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError as fault:
                if fault.errno == errno.EMFILE:  # no more files for now: those who talk will leave some
                    time.sleep(0.1)
                    continue
                return
            self._talks = [one for one in self._talks if one.is_alive()]
            work = self._talk if len(self._talks) < _AT_ONCE else self._turn_away
            talk = threading.Thread(target=work, args=(line,), name="control-talk", daemon=True)
            self._talks.append(talk)
            talk.start()

    def _talk(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):  # whoever goes away in the middle has heard enough
            try:
                request = read_request(_read_line(line, time.monotonic() + _HEARING))
            except (OSError, ValueError) as fault:
                _say(line, said(False, "", f"that is no request: {fault}"))
                return
            _say(line, self._one(request))

    def _turn_away(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            _say(line, said(False, "", "too many ask at once; try again in a moment"))

    def _one(self, request: Request) -> Answer:
        try:
            return self._answer(request)
        except Exception:
            log.exception("a request failed")
            return said(False, "", "that failed; the daemon's log says why")


def read_request(line: str) -> Request:
    """One line as a request; ValueError says what it is not."""
    if not line:
        raise ValueError("nothing came, or only half a line")
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        raise ValueError('it has no "do"')  # noqa: TRY004  the asker's value is wrong, not our call
    return request


def _say(line: socket.socket, answer: Answer) -> None:
    line.settimeout(_HEARING)
    line.sendall(json.dumps(answer).encode("utf-8") + b"\n")


def _read_line(line: socket.socket, until: float) -> str:
    """The first line, without its end; "" where the other one left before; TimeoutError, ValueError where too long."""
    gathered = bytearray()
    while (end := gathered.find(b"\n")) < 0:
        if len(gathered) > _LONGEST:
            raise ValueError(f"a line of more than {_LONGEST} octets")
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no whole line came in time")
        line.settimeout(left)
        try:
            part = line.recv(4096)
        except TimeoutError:
            raise TimeoutError("no whole line came in time") from None
        if not part:
            return ""
        gathered += part
    try:
        return gathered[:end].decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _path(folder: Path) -> str:
    """The socket's path; a long one is said from the working directory, for a socket's name has 107 octets at most."""
    whole = str((folder / SOCKET).absolute())
    return whole if len(whole.encode()) <= 100 else os.path.relpath(whole)


def said(done: bool, yes: str, no: str) -> Answer:  # noqa: FBT001, RUF100  two words for two outcomes
    """An answer: whether it was done, and the words for that."""
    return {"ok": done, "words": yes if done else no}
