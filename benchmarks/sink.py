"""The relay of a run: takes what the desk sends, counts the notices, and says when all were there; a process."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

ACKNOWLEDGEMENT = "received"
_NOTICE = re.compile(rb"\r\nX-Maild-Notice: ([a-z-]+)\r\n")
_END = b"\r\n.\r\n"


@dataclass
class _Count:
    """What is waited for, and what came: `acknowledged` mails to customers, `whole` mails altogether."""

    acknowledged: int = 0
    whole: int = 0
    came: Counter[str] = field(default_factory=Counter)
    acknowledged_at: float = 0.0

    def add(self, head: bytes) -> None:
        found = _NOTICE.search(head)
        if found and found[1] == b"welcome":
            return  # to the agents of a new desk, whatever mail comes in
        self.came[found[1].decode() if found else "none"] += 1
        if found and self.came[ACKNOWLEDGEMENT] == self.acknowledged and not self.acknowledged_at:
            self.acknowledged_at = time.monotonic()
        if self.whole and self.came.total() == self.whole:
            told = {"acknowledged_at": self.acknowledged_at, "whole_at": time.monotonic(), "came": self.came}
            print(json.dumps(told), flush=True)


class _Taker(asyncio.Protocol):
    """One connection; knows just enough SMTP for a relay that is obeyed (RFC 5321)."""

    def __init__(self, count: _Count) -> None:
        self._count = count
        self._held = bytearray()
        self._looked = 0
        self._mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.example\r\n")

    def data_received(self, data: bytes) -> None:
        self._held += data
        while self._mail_ended() if self._mail else self._command_ended():
            pass

    def _mail_ended(self) -> bool:
        end = self._held.find(_END, max(0, self._looked - len(_END)))
        if end < 0:
            self._looked = len(self._held)
            return False
        self._count.add(bytes(self._held[: min(end, 8192)]))
        del self._held[: end + len(_END)]
        self._mail, self._looked = False, 0
        self._transport.write(b"250 kept\r\n")
        return True

    def _command_ended(self) -> bool:
        end = self._held.find(b"\r\n")
        if end < 0:
            return False
        verb = bytes(self._held[:4]).upper()
        del self._held[: end + 2]
        if verb == b"DATA":
            self._mail = True
            self._transport.write(b"354 go on\r\n")
        elif verb == b"EHLO":
            self._transport.write(b"250-sink.example\r\n250-PIPELINING\r\n250 SIZE 60000000\r\n")
        else:
            self._transport.write(b"250 ok\r\n")
        if verb == b"QUIT":
            self._transport.close()
        return True


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    count = _Count()
    server = await loop.create_server(lambda: _Taker(count), "127.0.0.1", 0)
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print(server.sockets[0].getsockname()[1], flush=True)
    while order := await orders.readline():
        count.acknowledged, count.whole = map(int, order.split())
        count.came, count.acknowledged_at = Counter(), 0.0
        print("counting", flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
