"""A desk that runs as it does on a server: the daemon in a process of its own, a relay that remembers, mail clients."""

from __future__ import annotations

import contextlib
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner

from maild.cli import main
from maild.control import ask
from maild.mail import Envelope, MessageId, Outgoing
from maild.store import verify
from maild.store.engine import Store
from tests import databases
from tests.stories.house import Letter
from tests.wire.relay import ScriptedRelay, _Talk

PATIENCE = 60.0
MAILBOX = """
[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "support"
password_file = "{folder}/password"
after = "move:Filed"
address = "support@desk.example"
"""
"""A mailbox of a desk, on a Python IMAP server of its own."""
SUPPORT = "support@desk.example"
ANN, BEN, OPS = "ann@agents.example", "ben@agents.example", "ops@desk.example"
LOOK_AGAIN = 0.02

Seen = TypeVar("Seen")


def until(look: Callable[[], Seen], instead: Callable[[], str] = str) -> Seen:
    """Look again and again until there is something to see, and give it; or say what there is `instead`."""
    last = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not (seen := look()):
        assert time.monotonic() < last, f"it never happened {instead()}"
        pause.wait(LOOK_AGAIN)
    return seen


class Sink(ScriptedRelay):
    """A relay whose mail can be waited for; with a port it opens there, as a relay that comes back does."""

    def __init__(self, *arguments: Any, port: int = 0, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.changed = threading.Condition()
        self._sorted: list[tuple[str, str, Letter]] = []
        self._looked = 0
        if port:
            self._listener.close()
            self._listener = socket.create_server(("127.0.0.1", port))
            self.port = port

    def _take(self, talk: _Talk) -> None:
        super()._take(talk)
        with self.changed:
            fresh, self._looked = self.taken[self._looked :], len(self.taken)
            for taken in fresh:
                for recipient in taken.recipients:
                    letter = Letter(Outgoing(MessageId(""), Envelope(taken.sender, recipient), taken.content))
                    self._sorted.append((recipient, letter.notice, letter))
            self.changed.notify_all()

    @property
    def letters(self) -> list[Letter]:
        """Each mail taken, in order, once for each recipient."""
        with self.changed:
            return [letter for _, _, letter in self._sorted]

    def to(self, address: str, notice: str | None = None) -> list[Letter]:
        """What somebody got, of one notice where it is named."""
        with self.changed:
            return [letter for to, of, letter in self._sorted if to == address and notice in {None, of}]

    def waits_for(self, address: str, notice: str, words: str = "", patience: float = PATIENCE) -> Letter:
        """The first mail of a notice to somebody, with these words in its subject, as soon as it is here."""

        def look() -> Letter | None:
            return next((letter for letter in self.to(address, notice) if words in letter["Subject"]), None)

        with self.changed:
            came = self.changed.wait_for(look, patience)
        assert came, f"no {notice} for {address}: {[(one.to, one.notice) for one in self.letters]}"
        return came


def configuration(
    folder: Path, relay: str, *, desk: str = "", listen: str = "", limits: str = "", tables: str = ""
) -> str:
    """The text of an operator's file for a desk in this folder; the last four are more lines and more tables."""
    return f"""\
[desk]
name = "Example Support"
address = "{SUPPORT}"
admins = ["{OPS}"]
{desk}

[store]
url = "{databases.url_of(folder / "var")}"
folder = "{folder}/var"
secret_file = "{folder}/var/secret"

[listen]
smtp = "127.0.0.1:0"
{listen}

[trust]
authserv_id = ["mx.desk.example"]

[relay]
url = "{relay}"

[notices]
settle = "1s"

[limits]
connections_address = 50
{limits or 'free_disk = "1MB"'}

[[agent]]
id = "ann"
name = "Ann Lee"
email = "{ANN}"

[[agent]]
id = "ben"
name = "Ben Ode"
email = "{BEN}"

[[team]]
id = "support"
name = "Support"
members = ["ann"]
public_name = "our support team"
{tables}
"""


@dataclass
class Site:
    """A folder with an operator's file and a store, and the daemon that runs on it, or did."""

    folder: Path
    port: int = 0
    doors: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def file(self) -> Path:
        return self.folder / "maild.toml"

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def database(self) -> Path:
        """The folder whose database it is."""
        return self.var

    @property
    def log(self) -> str:
        """All that the daemons of this folder have said on stderr."""
        path = self.folder / "stderr"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "maild", "-c", str(self.file), *words]

    def does(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command typed beside the daemon; its output and exit code. All but `run` need no process of their own."""
        command = self.command(*words)
        if words[0] == "run":
            return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        done = CliRunner().invoke(main, ["-c", str(self.file), *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(command, done.exit_code, done.stdout, done.stderr)

    def launch(self) -> None:
        """Begin a daemon, and do not wait until it serves."""
        with (self.folder / "stderr").open("ab") as said:
            self.process = subprocess.Popen(
                self.command("run"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True
            )

    def serves(self) -> bool:
        """Wait until the daemon says that it serves; False where it ended instead."""
        assert self.process is not None
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if words[:2] != ["maild", "ready"]:
            return False
        told = (word.partition("=") for word in words[2:])
        self.doors = {kind: int(place.rpartition(":")[2]) for kind, _, place in told if kind != "imap"}
        self.port = self.doors.get("smtp", 0)
        return True

    def start(self) -> None:
        """Run the daemon, and come back when it serves."""
        self.launch()
        assert self.serves(), self.log[-4000:]

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self, patience: float = PATIENCE) -> int:
        """Wait for the daemon's end; its exit code."""
        assert self.process is not None
        with self.process as process:
            code = process.wait(patience)
        self.process = None
        return code

    def stop(self, patience: float = PATIENCE) -> int:
        """End the daemon as an operator does."""
        self.signal(signal.SIGTERM)
        return self.ended(patience)

    def kill(self) -> int:
        """End the daemon as a power cut does."""
        self.signal(signal.SIGKILL)
        return self.ended()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds; read beside the daemon, as an operator could."""
        return databases.rows(databases.url_of(self.database), query, values)

    def drained(self) -> bool:
        """Whether every mail is decided, and everything that can be said is said."""
        (waiting,) = self.rows("select count(*) from inbox where state = 'waiting'")[0]
        (unsent,) = self.rows("select count(*) from outbox where state not in ('sent', 'refused', 'held')")[0]
        timers = self.rows("select count(*) from timer where timer = 'tell'")[0][0]
        return not (waiting or unsent or timers)

    def faults(self) -> list[str]:
        """What `maild verify` finds."""
        store = Store(databases.url_of(self.database), self.var)
        try:
            with store.read() as tx:
                return [finding.words for finding in verify.findings(tx)]
        finally:
            store.close()

    def post(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Hand a mail to the desk as a mail program does, in a connection of its own."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE) as line:
            line.sendmail(sender, list(recipients), raw)


@contextlib.contextmanager
def site(folder: Path, text: str, kind: type[Site] = Site) -> Iterator[Site]:
    """A desk's folder with this operator's file; whatever still runs there at the end is killed."""
    made = kind(folder)
    made.file.write_text(text, "utf-8")
    try:
        yield made
    finally:
        if made.process is not None:
            made.kill()


@contextlib.contextmanager
def running(folder: Path, text: str) -> Iterator[Site]:
    """A desk that serves; at the end it is stopped, and must end well."""
    with site(folder, text) as made:
        made.start()
        yield made
        if made.process is not None:
            assert made.stop() == 0, made.log[-4000:]


def hurried(desk: Site) -> bool:
    """Ask for what waits to be sent now; whether nothing is left that could be asked for."""
    late = desk.rows("select id from outbox where state in ('waiting', 'uncertain')")
    for (row,) in late:
        ask(desk.var, {"do": "outbox-retry", "row": row})
    return not late and desk.drained()
