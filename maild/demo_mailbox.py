"""A small IMAP server in memory, on loopback, for the demo (pymap)."""

from __future__ import annotations

import asyncio
import threading
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from proxyprotocol.result import ProxyResultLocal
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash


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
        config, login = await _configure(user, password, pool)
        answer = IMAPServer(login, config)
        talks: set[asyncio.Task[None]] = set()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            try:
                await answer(reader, writer, SocketInfo.get(writer, ProxyResultLocal(), unique_id=b""))
            except (OSError, EOFError, asyncio.CancelledError):
                writer.transport.abort()
            finally:
                talks.discard(task)

        listener = await asyncio.start_server(talk, "127.0.0.1", 0)
        ports.append(listener.sockets[0].getsockname()[1])
        ready.set()
        await asyncio.to_thread(over.wait)
        listener.close()
        for task in tuple(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
    finally:
        ready.set()
        pool.shutdown()


async def _configure(user: str, password: str, pool: ThreadPoolExecutor) -> tuple[Config, Login]:
    args = Namespace(
        host="", port=0, debug=False, cert=None, key=None, tls=False, proxy_protocol=None, passlib_cfg=None
    )
    config = Config(
        args,
        host=None,
        port=0,
        tls_enabled=False,
        demo_data=False,
        demo_user="",
        demo_password="",
        hash_context=BuiltinHash(rounds=1),
        cpu_subsystem=Subsystem.for_threading(pool),
        invalid_user_sleep=0.0,
    )
    config.apply_context()
    login = Login(config)
    hashed = await Passwords(config).hash_password(password)
    await Identity(user, login, None, frozenset()).set(UserMetadata(config, user, password=hashed))
    return config, login
