"""What every door shares: whose mail we take, and how it is kept."""

from __future__ import annotations

import asyncio
import errno
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from maild.ingest.rush import Rush
from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Store, Tx
from maild.threading.tags import split_token

log = logging.getLogger("maild.doors")


@dataclass(frozen=True, slots=True)
class _Group:
    """Mails that one job of the writer keeps, each with who waits for it."""

    members: list[tuple[Arrival, str, asyncio.Future[None]]]
    rows: list[int | None] = field(default_factory=list)


class Journal:
    """Keeps arrivals durably; `woken` is called after each commit, so that nobody has to wait for a tick.

    Where the disk has no room left by `has_room`, what is fetched stays where it is and is taken later.
    """

    def __init__(self, store: Store, woken: Callable[[], None], has_room: Callable[[], bool]) -> None:
        self._store = store
        self._woken = woken
        self._has_room = has_room
        self._lock = threading.Lock()
        self._open: _Group | None = None
        self.rush = Rush()

    def kept(self, sources: Sequence[str]) -> set[str]:
        """Which of these sources are in the inbox already."""
        with self._store.read() as tx:
            return inbox.known(tx, sources)

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Keep these mails, in one commit; raises where it could not be done."""
        if not self._has_room():
            raise OSError(errno.ENOSPC, "the disk has too little room left")
        files = [inbox.store_big(self._store.folder, arrival.raw) for arrival in arrivals]

        def all_of_them(tx: Tx) -> list[int | None]:
            return [inbox.keep(tx, arrival, file) for arrival, file in zip(arrivals, files, strict=True)]

        _tell_kept(arrivals, self._store.write(all_of_them))
        self._woken()

    async def keep_one(self, arrival: Arrival) -> None:
        """Keep one mail from the event loop; concurrent ones share a commit, and one word that it is done."""
        file = ""
        if len(arrival.raw) > inbox.INLINE:
            file = await asyncio.to_thread(inbox.store_big, self._store.folder, arrival.raw)
        self.rush.come()
        try:
            await self._keep_with_others(arrival, file)
        finally:
            self.rush.kept()

    async def _keep_with_others(self, arrival: Arrival, file: str) -> None:
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group = self._join(arrival, file, kept)
        try:
            await kept
        except Exception:
            if len(group.members) == 1:
                raise
            # it may be the fault of another mail, so this one tries once more, by itself
            row = await asyncio.wrap_future(self._store.submit(lambda tx: inbox.keep(tx, arrival, file)))
            _tell_kept([arrival], [row])
            self._woken()

    def _join(self, arrival: Arrival, file: str, kept: asyncio.Future[None]) -> _Group:
        """Hand a mail to the writer, with those that wait for it already: one hand-over for all of them."""
        with self._lock:
            group = self._open
            if group is not None:
                group.members.append((arrival, file, kept))
                return group
            group = self._open = _Group([(arrival, file, kept)])
        done = self._store.submit(partial(self._keep_group, group))
        loop = kept.get_loop()
        done.add_done_callback(lambda done: loop.call_soon_threadsafe(self._tell, group, done.exception()))
        return group

    def _close(self, group: _Group) -> None:
        """Let nobody join any more."""
        with self._lock:
            if self._open is group:
                self._open = None

    def _keep_group(self, group: _Group, tx: Tx) -> None:
        self._close(group)
        group.rows[:] = [inbox.keep(tx, arrival, file) for arrival, file, _ in group.members]

    def _tell(self, group: _Group, fault: BaseException | None) -> None:
        self._close(group)  # where the transaction could not even begin
        for _, _, kept in group.members:
            if kept.done():  # whoever waited has left
                continue
            if fault is None:
                kept.set_result(None)
            else:
                kept.set_exception(fault)
        if fault is None:
            self._woken()
            _tell_kept([arrival for arrival, _, _ in group.members], group.rows)


def _tell_kept(arrivals: Sequence[Arrival], rows: Sequence[int | None]) -> None:
    """Say by which number a mail goes from here on; what was here already is no news."""
    for arrival, row in zip(arrivals, rows, strict=True):
        if row is not None:
            door = arrival.source.partition(":")[0]
            whence = arrival.mailbox or arrival.peer or "this machine"
            log.info("inbox mail %d: kept, by %s from %s", row, door, whence, extra={"mail": row})


def is_ours(recipient: str, addresses: frozenset[str]) -> bool:
    """Whether we take mail for this recipient: our addresses, their signed forms, and postmaster (RFC 5321 4.5.1)."""
    key = recipient.lower()
    if key in addresses or key == "postmaster":
        return True
    plain, _ = split_token(key)
    if plain in addresses:
        return True
    local, _, domain = key.rpartition("@")
    return local == "postmaster" and any(spec.endswith(f"@{domain}") for spec in addresses)
