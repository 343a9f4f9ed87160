"""What every door shares: whose mail we take, and how it is kept."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Store, Tx
from maild.threading.tags import split_token


class Journal:
    """Keeps arrivals durably; `woken` is called after each commit, so that nobody has to wait for a tick.

    Where the disk has no room left by `has_room`, what is fetched stays where it is and is taken later.
    """

    def __init__(self, store: Store, woken: Callable[[], None], has_room: Callable[[], bool]) -> None:
        self._store = store
        self._woken = woken
        self._has_room = has_room

    def kept(self, sources: Sequence[str]) -> set[str]:
        """Which of these sources are in the inbox already."""
        with self._store.read() as tx:
            return inbox.known(tx, sources)

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        """Keep these mails, in one commit; raises where it could not be done."""
        if not self._has_room():
            raise OSError(errno.ENOSPC, "the disk has too little room left")
        files = [inbox.store_big(self._store.folder, arrival.raw) for arrival in arrivals]

        def all_of_them(tx: Tx) -> None:
            for arrival, file in zip(arrivals, files, strict=True):
                inbox.keep(tx, arrival, file)

        self._store.write(all_of_them)
        self._woken()

    async def keep_one(self, arrival: Arrival) -> None:
        """Keep one mail from the event loop; concurrent ones share a commit."""
        file = ""
        if len(arrival.raw) > inbox.INLINE:
            file = await asyncio.to_thread(inbox.store_big, self._store.folder, arrival.raw)
        done: Future[int | None] = self._store.submit(lambda tx: inbox.keep(tx, arrival, file))
        await asyncio.wrap_future(done)
        self._woken()


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
