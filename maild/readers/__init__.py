"""The readers: child processes that read mail ahead, each mail within its share of time and memory."""

from __future__ import annotations

import gc
import os
import pickle
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from maild.abreast import Steps, abreast
from maild.ingest.kind import Ours
from maild.ingest.parse import Limits
from maild.ingest.proof import Trust
from maild.mail import Mail


@dataclass(frozen=True, slots=True)
class Read:
    """The mail was read."""

    mail: Mail


@dataclass(frozen=True, slots=True)
class Unread:
    """The child that read it died or ran out of its share; `reason` says which."""

    reason: str


Outcome = Read | Unread


@dataclass(frozen=True, slots=True)
class Share:
    """What one mail may use: seconds of processor time, seconds, octets of memory; and when a child is replaced."""

    cpu: int = 10
    wall: float = 15
    memory: int = 512 * 1024 * 1024
    mails: int = 1000


@dataclass(frozen=True, slots=True)
class _Task:
    """A mail to be read; one that was in a bundle on which a child died is handed over `alone`."""

    key: int
    raw: bytes
    sender: str | None
    terms: bytes
    alone: bool = False


@dataclass(slots=True)
class _Child:
    """A process of ours, and the bundles handed to it, oldest first; `since` is when it began the oldest (monotonic).

    A bundle is answered whole.
    """

    process: subprocess.Popen[bytes]
    line: Connection
    born: float
    ready: bool = False
    since: float = 0.0
    bundles: deque[list[_Task]] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        return sum(map(len, self.bundles))

    @property
    def waiting_octets(self) -> int:
        return sum(len(task.raw) for bundle in self.bundles for task in bundle)


_BUNDLE = 8  # mails: handed over one by one, each costs a fifth more
_AHEAD = 2 * _BUNDLE
_AHEAD_OCTETS = 48 * 1024  # what the socket takes without a reader: so a busy child never makes us wait
_BIRTH = 30.0  # seconds a child has to start
_STILLBIRTHS = 5


class Readers:
    """A pool of children that read mail; used from one thread.

    `submit` never waits and never fails for a mail's sake; `wait` hands over what was submitted, in bundles, and gives
    what is finished, in any order. A mail on which a child dies, or takes more than its share, comes back as `Unread`;
    the others go on elsewhere.
    """

    def __init__(self, count: int, share: Share | None = None, limits: Limits | None = None) -> None:
        self._share = share or Share()
        self._limits = limits or Limits()
        self._queue: deque[_Task] = deque()
        self._finished: list[tuple[int, Outcome]] = []
        self._stillbirths = 0
        self._closed = False
        self._selector = selectors.DefaultSelector()
        self._children = [self._born() for _ in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pending(self) -> int:
        """How many mails were handed in and have not come back."""
        return len(self._queue) + len(self._finished) + sum(child.waiting for child in self._children)

    def submit(self, key: int, raw: bytes, *, sender: str | None, ours: Ours, trust: Trust) -> None:
        """Hand in a mail; `key` is yours and comes back with its outcome."""
        self._queue.append(_Task(key, raw, sender, _packed(ours, trust, self._limits)))

    def poll(self) -> list[tuple[int, Outcome]]:
        """What is finished by now."""
        return self.wait(0)

    def wait(self, timeout: float) -> list[tuple[int, Outcome]]:
        """What is finished; waits until something is, at most `timeout` seconds, and not at all where nothing pends."""
        until = time.monotonic() + timeout
        self._feed()
        while not self._finished and self.pending:
            left = until - time.monotonic()
            self._gather(max(0.0, min(left, 1.0)))
            self._end_overdue()
            self._feed()
            if left <= 0:
                break
        finished, self._finished = self._finished, []
        return finished

    def close(self) -> None:
        """Let go of the children; what pends is forgotten."""
        self._closed = True
        for child in self._children:
            self._end(child)
        self._children = []
        self._selector.close()

    # --- between us and the children ---

    def _born(self) -> _Child:
        ours, theirs = socket.socketpair()
        try:
            share = self._share
            numbers = (theirs.fileno(), share.cpu, share.wall, share.memory, share.mails)
            process = subprocess.Popen(  # noqa: S603  our own interpreter and our own module
                [sys.executable, "-P", "-c", f"from maild.readers import serve; serve{numbers}"],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": str(Path(__file__).parent.parent.parent), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        finally:
            theirs.close()
        child = _Child(process, Connection(ours.detach()), time.monotonic())
        self._selector.register(child.line, selectors.EVENT_READ, child)
        return child

    def _feed(self) -> None:
        """Hand over what waits, shared out evenly among the children that have room."""
        ready = sum(child.ready for child in self._children)
        most = min(_BUNDLE, -(-len(self._queue) // max(ready, 1)))
        while self._queue:
            child = min((one for one in self._children if one.ready), key=lambda one: one.waiting, default=None)
            bundle = self._bundle(child, most) if child is not None else []
            if child is None or not bundle:
                return
            child.since = child.since if child.bundles else time.monotonic()
            child.bundles.append(bundle)
            try:
                child.line.send([(task.raw, task.sender, task.terms) for task in bundle])
            except OSError:
                # A small bundle would have fitted into the line of a living child: this one never saw it.
                if sum(len(task.raw) for task in bundle) < _AHEAD_OCTETS:
                    self._queue.extendleft(reversed(child.bundles.pop()))
                self._bury(child)

    def _bundle(self, child: _Child, most: int) -> list[_Task]:
        """What the child takes next off the queue; an idle one takes any mail, a busy one what the line holds."""
        bundle: list[_Task] = []
        room = min(most, _AHEAD - child.waiting)
        octets = _AHEAD_OCTETS - child.waiting_octets
        while self._queue and len(bundle) < room:
            task = self._queue[0]
            octets -= len(task.raw)
            fits = octets >= 0 or not (bundle or child.bundles)
            if not fits or (bundle and task.alone):
                break
            bundle.append(self._queue.popleft())
            if task.alone:
                break
        return bundle

    def _gather(self, timeout: float) -> None:
        while ready := self._selector.select(timeout):
            for key, _ in ready:
                self._hear(key.data)
            timeout = 0

    def _hear(self, child: _Child) -> None:
        try:
            mails = child.line.recv()
        except Exception:  # noqa: BLE001  a line that broke off, in whatever way: the child is gone or will be
            self._bury(child)
            return
        if mails is None:
            child.ready, self._stillbirths = True, 0
            return
        self._finished += [(task.key, Read(mail)) for task, mail in zip(child.bundles.popleft(), mails, strict=True)]
        child.since = time.monotonic()

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for child in list(self._children):
            # The child's own alarm comes first; this one is for a child that cannot hear it.
            late = child.bundles and now - child.since > self._share.wall * 1.5 + 1
            if late or (not child.ready and now - child.born > _BIRTH):
                self._bury(child)

    def _bury(self, child: _Child) -> None:
        """Replace a child; the mail that it was reading comes back unread, those behind it go to another.

        Which of a bundle it was shows when each is read alone.
        """
        self._end(child)
        if child not in self._children:
            return
        self._children.remove(child)
        bundle = child.bundles.popleft() if child.bundles else []
        for behind in reversed(child.bundles):
            self._queue.extendleft(reversed(behind))
        if len(bundle) == 1:
            self._finished.append((bundle[0].key, Unread(_reason(child.process.returncode, self._share))))
        else:
            self._queue.extendleft(replace(task, alone=True) for task in reversed(bundle))
        self._stillbirths += not child.ready
        if self._stillbirths >= _STILLBIRTHS:
            self._finished += [(task.key, Unread("no reader can be started")) for task in self._queue]
            self._queue.clear()
        if not self._closed:
            self._children.append(self._born())

    def _end(self, child: _Child) -> None:
        if child.line.closed:
            return
        self._selector.unregister(child.line)
        child.line.close()
        try:
            # A child that has died says how; one that hangs is given a moment, then ended with all that it began.
            child.process.wait(0.2)
        except subprocess.TimeoutExpired:
            try:
                os.killpg(child.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                child.process.kill()
            child.process.wait()


# The terms on which mail is read are the same for nearly every mail: they are packed once, and unpacked once.


@lru_cache(maxsize=64)
def _packed(ours: Ours, trust: Trust, limits: Limits) -> bytes:
    return pickle.dumps((ours, trust, limits), pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=64)
def _unpacked(terms: bytes) -> tuple[Ours, Trust, Limits]:
    told: tuple[Ours, Trust, Limits] = pickle.loads(terms)  # noqa: S301  from our own parent
    return told


_BY_SIGNAL = 100


def _reason(code: int, share: Share) -> str:
    if code == _BY_SIGNAL + signal.SIGXCPU:
        return f"reading it took more than {share.cpu} seconds of processor time"
    if code in {_BY_SIGNAL + signal.SIGALRM, -signal.SIGKILL}:
        return f"reading it took more than {share.wall} seconds"
    if code > _BY_SIGNAL:
        return f"the reader died (signal {code - _BY_SIGNAL})"
    return f"the reader died (exit code {code})"


# --- in the child ---------------------------------------------------------------------------------------------------

_SAMPLE = (
    b"Received: from a.example by mx.example; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"Authentication-Results: mx.example; dmarc=pass header.from=a.example\r\n"
    b"From: A <a@a.example>\r\nTo: B <b@b.example>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    b"Subject: Automatic reply\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    b"<p>I am away until Monday, and answer then.</p>\r\n"
)
_RECYCLED = 0
_DISMISSED = 3


def serve(descriptor: int, cpu: int, wall: float, memory: int, mails: int) -> None:
    """Run as a child: read what comes over the line until it closes.

    This process never reads mail itself. It loads what reading needs and forks; the fork reads so many mails, and
    another takes its place on the same line. If a fork dies, so does this process, and its exit code says how.
    """
    from maild.ingest import reading  # only children need it, and only once

    # what is compiled or loaded at first use is then there for every fork: patterns, words, the model of languages
    reading.read(_SAMPLE, sender="", trust=Trust(("::1",), ("mx.example",), "::1", ""))
    line = Connection(descriptor)
    try:
        line.send(None)
    except OSError:
        return  # whoever wanted us has ended meanwhile
    gc.collect()
    gc.freeze()
    while True:
        fork = os.fork()
        if fork == 0:
            code = 1
            try:
                code = _work(line, Share(cpu, wall, memory, mails))
            finally:
                os._exit(code)
        _, status = os.waitpid(fork, 0)
        if os.WIFSIGNALED(status):
            sys.exit(_BY_SIGNAL + os.WTERMSIG(status))
        if os.WEXITSTATUS(status) != _RECYCLED:
            sys.exit(0 if os.WEXITSTATUS(status) == _DISMISSED else 1)


def _work(line: Connection, share: Share) -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    before = _memory_now()
    resource.setrlimit(resource.RLIMIT_AS, (before + share.memory, resource.RLIM_INFINITY))
    left = share.mails
    while True:
        try:
            tasks = line.recv()
        except (EOFError, OSError):
            return _DISMISSED
        _arm(share)
        mails = abreast([_reading(*task) for task in tasks])
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            line.send(mails)
        except OSError:
            return _DISMISSED
        left -= len(mails)
        # a fork that has grown would leave later mails less than their share
        if left <= 0 or _memory_now() - before > share.memory // 8:
            return _RECYCLED


def _reading(raw: bytes, sender: str | None, terms: bytes) -> Steps[Mail]:
    from maild.ingest import reading

    ours, trust, limits = _unpacked(terms)
    return reading.reading(raw, sender=sender, ours=ours, trust=trust, limits=limits)


def _arm(share: Share) -> None:
    """Let the kernel end us when what is read now has had one mail's share of time.

    That goes for a bundle too: a single one of its mails has as much when it is read alone.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + share.cpu + 1, resource.RLIM_INFINITY)
    )
    signal.setitimer(signal.ITIMER_REAL, share.wall)


def _memory_now() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        return pages * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 512 * 1024 * 1024
