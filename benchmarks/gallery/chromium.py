"""A headless Chromium, spoken to over a pipe (the DevTools protocol), with nothing but the standard library."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60.0
_CHUNK = 1 << 20
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-extensions", "--hide-scrollbars"),
    *("--disable-dev-shm-usage", "--disable-lcd-text", "--font-render-hinting=none", "--force-color-profile=srgb"),
    *("--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"),
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match><edit name="family" mode="prepend" binding="strong"><string>Liberation Sans</string></edit></match>
</fontconfig>
"""


class BrowserError(Exception):
    """The browser did not do what it was asked, or is gone."""


def found() -> str | None:
    """Where Chromium is, None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of a running browser; every call waits for its answer, `_PATIENCE` seconds at most."""

    def __init__(self, pid: int, out: int, back: int) -> None:
        self.pid = pid
        self._out = out
        self._back = back
        self._left = b""
        self._count = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    def open(self) -> None:
        """Make the one page, and have it tell what it loads."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for one thing and return its result; what the page tells meanwhile is kept in `events`."""
        self._count += 1
        asked: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        self._send(json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + _PATIENCE
        while True:
            told = self._next(until)
            if told.get("id") == self._count:
                if "error" in told:
                    raise BrowserError(f"{method}: {told['error'].get('message')}")
                result: dict[str, Any] = told["result"]
                return result
            self.events.append(told)

    def run(self, script: str) -> Any:
        """The value of a script in the page; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(str(result["exceptionDetails"].get("exception", {}).get("description")))
        return result["result"].get("value")

    def show(self, page: Path) -> list[str]:
        """Load a page, and return the addresses that it asked for beside its own."""
        self.events.clear()
        address = page.as_uri()
        if fault := self.call("Page.navigate", url=address).get("errorText"):
            raise BrowserError(f"{page}: {fault}")
        until = time.monotonic() + _PATIENCE
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(until))
        asked = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in asked if one["request"]["url"] != address]

    def _send(self, message: bytes) -> None:
        try:
            while message:
                message = message[os.write(self._out, message) :]
        except BrokenPipeError as gone:
            raise BrowserError("Chromium is gone") from gone

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._back], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise BrowserError(f"Chromium did not answer within {_PATIENCE:.0f} s")
            chunk = os.read(self._back, _CHUNK)
            if not chunk:
                raise BrowserError("Chromium is gone")
            self._left += chunk
        message, _, self._left = self._left.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        return told


@contextmanager
def browser(path: str, folder: Path) -> Iterator[Browser]:
    """A browser with an empty profile in `folder`, and none of it left afterwards."""
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTS, "utf-8")
    profile = folder / "profile"
    asks, out = map(_high, os.pipe())
    back, answers = map(_high, os.pipe())
    log = _high(os.open(folder / "chromium.log", os.O_WRONLY | os.O_CREAT, 0o600))
    pid = os.posix_spawn(
        path,
        [path, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        {**os.environ, "FONTCONFIG_FILE": str(fonts), "HOME": str(folder)},
        file_actions=[
            *((os.POSIX_SPAWN_DUP2, log, fd) for fd in (1, 2)),  # the protocol wants the descriptors 3 and 4
            *((os.POSIX_SPAWN_DUP2, fd, to) for fd, to in ((asks, 3), (answers, 4))),
        ],
        setpgroup=0,
    )
    for fd in (asks, answers, log):
        os.close(fd)
    page = Browser(pid, out, back)
    try:
        page.open()
        yield page
    finally:
        for fd in (out, back):
            os.close(fd)
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _high(fd: int) -> int:
    """The same descriptor under a number that no other one is given over."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return high
