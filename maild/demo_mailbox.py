"""A small IMAP server in memory, on loopback, for the demo (pymap)."""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

Settings = TypeVar("Settings", bound=Config)


@contextmanager
def mailbox(user: str, password: str) -> Iterator[int]:
    """Serve one user's mailbox while the block runs; the port."""
    ports: list[int] = []
    ready, over = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(user, password, ports, ready, over)), name="imap")
    thread.start()
    ready.wait()
    try:
        if not ports:
            raise OSError("the demo's IMAP server did not start")
        yield ports[0]
    finally:
        over.set()
        thread.join()


async def _serve(user: str, password: str, ports: list[int], ready: threading.Event, over: threading.Event) -> None:
    pool = ThreadPoolExecutor(1)
    try:
        config, login = await configure({user: password}, pool, Config)
        talks = Talks(IMAPServer(login, config))
        listener = await asyncio.start_server(talks.talk, "127.0.0.1", 0)
        ports.append(listener.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.to_thread(over.wait)
        listener.close()
        await talks.end()
    finally:
        ready.set()
        pool.shutdown()


class Talks:
    """The connections that a server is answering."""

    def __init__(self, answer: IMAPServer) -> None:
        self._answer = answer
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        try:
            await self._answer(reader, writer, SocketInfo.get(writer, ProxyResultLocal(), unique_id=b""))
        except (OSError, EOFError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            del self._open[task]

    def cut(self) -> None:
        """Cut every connection, as a restart or a firewall would."""
        for writer in tuple(self._open.values()):
            writer.transport.abort()

    async def end(self) -> None:
        """Cut every connection, and wait until none is left."""
        talks = tuple(self._open)
        self.cut()
        await asyncio.gather(*talks, return_exceptions=True)


async def configure(users: Mapping[str, str], pool: ThreadPoolExecutor, kind: type[Settings]) -> tuple[Settings, Login]:
    """A server's settings, and the mailboxes of these users (name to password), which are empty."""
    args = Namespace(
        host="", port=0, debug=False, cert=None, key=None, tls=False, proxy_protocol=None, passlib_cfg=None
    )
    config = kind(
        args,
        host=None,
        port=0,
        tls_enabled=False,
        demo_data=False,
        demo_user="",
        demo_password="",
        # These passwords guard nothing, and half a million rounds would cost each login a third of a second.
        hash_context=BuiltinHash(rounds=1),
        cpu_subsystem=Subsystem.for_threading(pool),
        invalid_user_sleep=0.0,
    )
    config.apply_context()
    login = Login(config)
    for user, password in users.items():
        hashed = await Passwords(config).hash_password(password)
        await Identity(user, login, None, frozenset()).set(UserMetadata(config, user, password=hashed))
    return config, login
