"""The scribe: a child process that writes letters while the clerk goes on deciding."""

from __future__ import annotations

import copyreg
import gc
import io
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from enum import Enum
from multiprocessing.connection import Connection
from operator import attrgetter
from pathlib import Path
from typing import Any, assert_never

from maild.abreast import abreast
from maild.compose import Unfit
from maild.decision import Draft, Notice
from maild.letters import Names, writing
from maild.mail import Outgoing
from maild.telling import Material, Press
from maild.templates.samples import samples
from maild.ticket import Code, Entry, Event, Party, Priority, Reason, Role, Status, Ticket, Use, Voice
from maild.values import dataclass

_AHEAD_OCTETS = 48 * 1024  # what the socket takes without a reader: so a busy child never makes us wait
_PATIENCE = 15.0  # seconds for letters that went over the line together
_MOST_DEATHS = 5
_AT_ONCE = 16  # pages that go over the line together: the more are written abreast, the less each costs


@dataclass(frozen=True, slots=True)
class Page:
    """A letter to be written for one row of the outbox: what `letters.write` is given, beside the press."""

    row: int
    draft: Draft
    material: Material
    now: datetime
    names: Names


Written = bytes | Unfit
"""What became of a page: the bytes of its letter, or why it must not leave."""


_UNREAD = "whole"  # the last field of an entry, which no letter reads: half of what would go over the line


def _in_short(kind: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    if issubclass(kind, Enum):
        return {member: (kind, (member.value,)) for member in kind}.__getitem__
    if issubclass(kind, tuple):
        return lambda thing: (kind, (*thing,))
    values = attrgetter(*(field.name for field in fields(kind) if field.name != _UNREAD))
    return lambda thing: (kind, values(thing))


class _Packer(pickle.Pickler):
    """A pickler that hands over the values of what stands on a page; classes have a slow way of their own."""

    dispatch_table = {  # noqa: RUF012  as the library wants it
        **copyreg.dispatch_table,
        **{
            kind: _in_short(kind)
            for kind in (
                *(Page, Names, Draft, Material, Ticket, Party, Reason, Entry, Event),
                *(Notice, Use, Role, Voice, Status, Priority, Code),
            )
        },
    }


def _packed(pages: Sequence[Page]) -> bytes:
    packed = io.BytesIO()
    _Packer(packed, pickle.HIGHEST_PROTOCOL).dump(pages)
    return packed.getvalue()


class NotWrittenError(Exception):
    """A letter was not written here: what was decided on the strength of it must be taken back."""


class Scribe:
    """One child that writes letters in the order in which they are handed in; used from one thread.

    It is a help, never a need: where the child is not there, or fails, the same letters can be written without it.
    """

    def __init__(self) -> None:
        self._press: Press | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._ready = False
        self._deaths = 0
        self._pages: list[Page] = []  # what was handed in and has not been sent
        self._waiting: deque[int] = deque()  # octets of what was sent and has not come back
        self._written: dict[int, Written] = {}

    def begin(self, press: Press) -> bool:
        """Whether letters can be handed in now; a child that knows this press is started where there is none."""
        if self._press is not press:
            self.close()
            self._press, self._deaths = press, 0
        if self._line is None and self._deaths < _MOST_DEATHS:
            self._be_born(press)
        if self._line is not None and not self._ready:
            try:
                self._ready = self._line.poll(0) and self._line.recv() is None
            except (EOFError, OSError):
                self._die()
        return self._ready

    def wait(self, timeout: float) -> None:
        """Wait until the child has something to say, at most so many seconds."""
        if self._line is not None:
            self._line.poll(timeout)

    def hand_in(self, pages: Sequence[Page]) -> None:
        """Have these letters written; what is too big for the line is written here and now."""
        if self._line is None or not pages:
            return
        if any(page.draft.attachments for page in pages):
            self._write_here(pages)
            return
        self._pages += pages
        if len(self._pages) >= _AT_ONCE:
            self._send_all()

    def collect(self) -> dict[int, bytes]:
        """The bytes of all letters that were handed in, by row; NotWrittenError where one of them has none."""
        self._send_all()
        self._hear_all()
        written, self._written = self._written, {}
        if self._line is None:
            raise NotWrittenError("the scribe ended")
        self._deaths = 0
        contents: dict[int, bytes] = {}
        for row, letter in written.items():
            match letter:
                case bytes():
                    contents[row] = letter
                case Unfit(reason):
                    raise NotWrittenError(reason)
                case _:
                    assert_never(letter)
        return contents

    def forget(self) -> None:
        """Let go of what was handed in; the child stays."""
        self._pages.clear()
        self._hear_all()
        self._written.clear()

    def close(self) -> None:
        """Let go of the child, and of what was handed in."""
        process, line, self.process, self._line = self.process, self._line, None, None
        self._ready = False
        self._pages.clear()
        self._waiting.clear()
        self._written.clear()
        if line is not None:
            line.close()
        if process is not None:
            process.kill()
            process.wait()

    def _send_all(self) -> None:
        pages, self._pages = self._pages, []
        if pages:
            self._send(pages)

    def _send(self, pages: Sequence[Page]) -> None:
        if self._line is None:
            return
        packed = _packed(pages)
        if len(packed) > _AHEAD_OCTETS:
            half = len(pages) // 2
            if half:
                self._send(pages[:half])
                self._send(pages[half:])
            else:
                self._write_here(pages)
            return
        try:
            while sum(self._waiting) + len(packed) > _AHEAD_OCTETS:
                self._hear(self._line)
            self._line.send_bytes(packed)
            self._waiting.append(len(packed))
        except (EOFError, OSError):
            self._die()

    def _write_here(self, pages: Sequence[Page]) -> None:
        assert self._press is not None
        for page in pages:  # one by one: they may be big
            self._written.update(_all_written((page,), self._press))

    def _hear_all(self) -> None:
        try:
            while self._line is not None and self._waiting:
                self._hear(self._line)
        except (EOFError, OSError):
            self._die()

    def _hear(self, line: Connection) -> None:
        if not line.poll(_PATIENCE):
            raise TimeoutError("the scribe does not answer")
        self._written.update(line.recv())
        self._waiting.popleft()

    def _die(self) -> None:
        self.close()
        self._deaths += 1

    def _be_born(self, press: Press) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  our own interpreter and our own module
                [sys.executable, "-P", "-c", f"from maild.readers.scribe import serve; serve({theirs.fileno()})"],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={"PYTHONPATH": str(Path(__file__).parent.parent.parent), "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                start_new_session=True,
            )
        self._line = Connection(ours.detach())
        try:
            self._line.send(press)
        except OSError:
            self._die()


def _all_written(pages: Sequence[Page], press: Press) -> dict[int, Written]:
    mails = abreast([writing(one.draft, one.material, press, one.row, one.now, one.names) for one in pages])
    return {one.row: _content(mail) for one, mail in zip(pages, mails, strict=True)}


def _content(mail: Outgoing | Unfit) -> Written:
    return mail.content if isinstance(mail, Outgoing) else mail


# --- in the child ---------------------------------------------------------------------------------------------------


def serve(descriptor: int) -> None:
    """Run as the child: write what comes over the line until it closes. A letter that fails ends it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its memory holds the secret
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = Connection(descriptor)
    try:
        press: Press = line.recv()
        press.templates.render(samples()[0])  # what is compiled at first use is then compiled
        gc.collect()
        gc.freeze()  # the templates stay: no collection need look at them again
        gc.set_threshold(10_000)  # a letter leaves nothing that waits for one
        line.send(None)
        while True:
            line.send(_all_written(line.recv(), press))
    except (EOFError, OSError):
        return
