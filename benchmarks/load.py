"""The load: a client with a few connections that it keeps open; run as a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.mails import DESK, Size, mails


class _Speaker(asyncio.Protocol):
    """One connection: says a mail step by step, and the next one after its answer."""

    def __init__(self, work: Iterator[tuple[str, bytes]], taken: list[float], refusals: Counter[str]) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._work, self._taken, self._refusals = work, taken, refusals
        self._heard = b""
        self._steps: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._greeted = self._said = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  asyncio's
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._heard += data
        while b"\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\n")
            if line[3:4] != b"-":
                self._answered(line.rstrip().decode("ascii", "replace"))

    def _answered(self, reply: str) -> None:
        assert self._transport is not None
        if not self._greeted:
            self._greeted = True
            self._transport.write(b"EHLO load.example\r\n")
            return
        if reply[:1] not in {"2", "3"}:
            self._refusals[reply] += 1
            self._transport.abort()
            return
        if self._steps:
            self._transport.write(self._steps.pop())
            self._said = not self._steps
            return
        if self._said:
            self._taken.append(time.monotonic())
        following = next(self._work, None)
        if following is None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
            return
        sender, mail = following
        self._steps = [mail + b".\r\n", b"DATA\r\n", f"RCPT TO:<{DESK}>\r\n".encode()]
        self._transport.write(f"MAIL FROM:<{sender}>\r\n".encode())


async def _hand_over(port: int, work: list[tuple[str, bytes]], connections: int) -> dict[str, object]:
    taken: list[float] = []
    refusals: Counter[str] = Counter()
    left = iter(work)
    loop = asyncio.get_running_loop()
    began = time.monotonic()
    speakers = []
    for _ in range(connections):
        _, speaker = await loop.create_connection(lambda: _Speaker(left, taken, refusals), "127.0.0.1", port)
        speakers.append(speaker)
    await asyncio.gather(*(speaker.gone for speaker in speakers))
    return {"began": began, "ended": max(taken, default=began), "taken": len(taken), "refusals": refusals}


def main() -> None:
    """Hand over the mails that the arguments name, then print when it began and ended (monotonic seconds)."""
    port, size, count, first, connections, seed = sys.argv[1:]
    work = list(mails(Size(size), int(count), int(first), int(seed), datetime.now(UTC)))
    print(json.dumps(asyncio.run(_hand_over(int(port), work, int(connections)))))


if __name__ == "__main__":
    main()
