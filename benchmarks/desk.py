"""The processes of a run: the desk itself, and those that stand around it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.gauge import family
from benchmarks.mails import DESK, TRUSTED, Size

_START = 30.0
_SCRIPT = (
    "import sys; from pathlib import Path; from maild import config, daemon; "
    "sys.exit(daemon.run(config.load(Path(sys.argv[1])), log_json=True))"
)
_CONFIG = """
[desk]
name = "Example Support"
address = "{desk}"
[store]
url = "sqlite:///{folder}/maild.db"
secret_file = "{folder}/secret"
[listen]
smtp = "127.0.0.1:0"
[trust]
relays = ["127.0.0.1"]
authserv_id = ["{trusted}"]
[relay]
url = "smtp://127.0.0.1:{relay}"
[limits]
connections = 200
connections_address = 200
answers_proven_day = 1000000
answers_unproven_hour = 1000000
answers_unproven_domain_hour = 1000000
[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@agents.example"
[[agent]]
id = "ben"
name = "Ben Ode"
email = "ben@agents.example"
[[team]]
id = "support"
name = "Support"
members = ["ann", "ben"]
[[rule]]
name = "invoices"
on = ["new"]
when = {{ subject = ["invoice", "facture"] }}
then = {{ priority = "high", tags = ["money"] }}
"""


class BenchError(Exception):
    """Something that was measured did not do its work, so that its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process of this run: where it listens, and the pipes to it."""

    process: subprocess.Popen[str]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def hear(self, patience: float) -> str:
        """The next line of the process; BenchError where none comes in so many seconds."""
        return _line(self.process, patience)


@contextlib.contextmanager
def module(name: str) -> Iterator[Running]:
    """A module of this package as a process that prints its port."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with _ended(process):
        yield Running(process, int(_line(process, _START)))


@contextlib.contextmanager
def desk(relay: int, parent: Path | None, trace: Path | None = None) -> Iterator[Running]:
    """The daemon on a new folder on disk; with `trace`, strace writes the daemon's fsyncs there."""
    folder = Path(tempfile.mkdtemp(prefix="maild-bench-", dir=parent))
    try:
        path = folder / "config.toml"
        path.write_text(_CONFIG.format(desk=DESK, trusted=TRUSTED, folder=folder, relay=relay), encoding="utf-8")
        with (folder / "log").open("wb") as log:
            command = [*_traced(trace), *_command(path)]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
            with _ended(process):
                ready = _line(process, _START)
                found = re.search(r"smtp=\S+:(\d+)", ready)
                if found is None:
                    raise BenchError(f"the desk did not open its door: {ready}{(folder / 'log').read_text('utf-8')}")
                yield Running(process, int(found[1]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load(port: int, size: Size, count: int, first: int, connections: int, seed: int) -> dict[str, Any]:
    """Hand so many mails over, and return when that began and ended."""
    words = [port, size, count, first, connections, seed]
    command = [sys.executable, "-m", "benchmarks.load", *map(str, words)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=300).stdout
    load: dict[str, Any] = json.loads(told)
    if load["taken"] != count:
        raise BenchError(f"{load['taken']} of {count} mails were taken; refusals: {load['refusals']}")
    return load


def _command(path: Path) -> list[str]:
    if importlib.util.find_spec("maild.cli") is not None and importlib.util.find_spec("maild.__main__") is not None:
        return [sys.executable, "-m", "maild", "-c", str(path), "run"]
    return [sys.executable, "-c", _SCRIPT, str(path)]


def _traced(trace: Path | None) -> list[str]:
    if trace is None:
        return []
    calls = "trace=fsync,fdatasync"
    return ["strace", "-f", "-y", "--seccomp-bpf", "-qq", "-e", calls, "-e", "signal=none", "-o", str(trace)]


def _line(process: subprocess.Popen[str], patience: float) -> str:
    assert process.stdout is not None
    until = time.monotonic() + patience
    while not select.select([process.stdout], [], [], 0.5)[0]:
        if process.poll() is not None or time.monotonic() > until:
            raise BenchError(f"{process.args!r} said nothing for {patience:.0f} s (exit code {process.returncode})")
    return process.stdout.readline()


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        for pid in tuple(family(process.pid)):  # a tracer that is ended lets go of the daemon, which lives on
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
