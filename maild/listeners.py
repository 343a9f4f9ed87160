"""The listeners: sockets for SMTP and LMTP in one event loop of their own thread, and the certificate they show."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from maild import config as configuration
from maild import terms
from maild.config import Config
from maild.ingest import smtp
from maild.mail import Arrival

GRACE: Final = 10.0
"""Seconds that mails under way have to finish when we stop."""


@dataclass(frozen=True, slots=True)
class Hall:
    """What every listener asks of the house."""

    is_ours: Callable[[str], bool]
    keep: Callable[[Arrival], Awaitable[None]]
    has_room: Callable[[], bool]
    now: Callable[[], datetime]


class Listeners:
    """The doors that are open."""

    def __init__(self) -> None:
        self._doors: list[tuple[str, smtp.Door]] = []

    @property
    def names(self) -> list[str]:
        """Each socket as `smtp=host:port`, as really bound."""
        return [
            f"{kind}=[{host}]:{port}" if ":" in host else f"{kind}={host}:{port}"
            for kind, door in self._doors
            for host, port in door.addresses
        ]

    def show(self, tls: ssl.SSLContext | None) -> None:
        """Show this certificate from the next session on; those that wear the old one keep it."""
        for _, door in self._doors:
            if door.tls is not None and tls is not None:
                door.tls = tls

    async def open(self, config: Config, hall: Hall) -> None:
        """Open what the file names; OSError where an address cannot be had, CertificateError for a bad certificate."""
        listen, tls = config.listen, terms.tls(config)
        wanted = (("smtp", listen.smtp), ("smtps", listen.smtps), ("lmtp", listen.lmtp))
        for kind, where in wanted:
            if where is not None:
                self._doors.append((kind, await _open(kind, where, config, hall, tls)))

    async def close(self) -> None:
        await asyncio.gather(*(door.close(GRACE) for _, door in self._doors))


async def _open(
    kind: str, where: configuration.Door, config: Config, hall: Hall, tls: ssl.SSLContext | None
) -> smtp.Door:
    return await smtp.open_door(
        where.host,
        where.port,
        hostname=config.desk.domain,
        limits=terms.door_limits(config),
        is_ours=hall.is_ours,
        keep=hall.keep,
        has_room=hall.has_room,
        now=hall.now,
        new_source=lambda: f"{kind}:{secrets.token_hex(12)}",
        log=logging.getLogger("maild.smtp"),
        tls=tls,
        sealed=kind == "smtps",
        lmtp=kind == "lmtp",
    )


@contextlib.contextmanager
def listening(config: Config, hall: Hall) -> Iterator[Listeners]:
    """Listen while the block runs; afterwards mails under way finish, and the loop ends."""
    listeners = Listeners()
    if not (config.listen.smtp or config.listen.smtps or config.listen.lmtp):
        yield listeners
        return
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="listeners", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(listeners.open(config, hall), loop).result()
        yield listeners
        asyncio.run_coroutine_threadsafe(listeners.close(), loop).result(GRACE * 2)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(GRACE)
        loop.close()
