"""The databases that stories are played on: files of SQLite, or databases on a PostgreSQL server of our own."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from maild.store.engine import Store

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_FILE = 'url = "sqlite:///maild.db"'
_TEMPLATE = "fresh"
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",  # a machine that stops takes the tests with it
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


class NoServerError(Exception):
    """There is no PostgreSQL on this machine that could be started."""


@dataclass
class Server:
    """A PostgreSQL server that speaks through a socket in its own folder, and on this machine by its port."""

    folder: Path
    port: int
    control: Callable[..., None]
    """What pg_ctl does with it."""
    made: dict[Path, str] = field(default_factory=dict)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://maild@/{database}?host={self.folder}&port={self.port}"

    def does(self, words: str) -> None:
        """Run a statement about whole databases."""
        import psycopg

        with psycopg.connect(
            f"host={self.folder} port={self.port} user=maild dbname=postgres", autocommit=True
        ) as line:
            line.execute(words.encode())

    def database_of(self, folder: Path) -> str:
        """The URL of the database of a desk in this folder, which is made when it is first asked for."""
        place = folder.resolve()
        if place not in self.made:
            self.made[place] = f"desk{len(self.made) + 1}"
            self.does(f"CREATE DATABASE {self.made[place]} TEMPLATE {_TEMPLATE}")
        return self.url(self.made[place])

    def stop(self) -> None:
        """Take the server away, as a machine does that stops."""
        self.control("-m", "immediate", "stop")

    def start(self) -> None:
        self.control("-l", str(self.folder / "log"), "start")

    def drop(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            self.does(f"DROP DATABASE IF EXISTS {self.made[folder]} WITH (FORCE)")


@dataclass
class Choice:
    """Which database this run of the tests is about, and the server where it needs one."""

    kind: str = SQLITE
    server: Server | None = None


chosen = Choice()


def url_of(folder: Path | str) -> str:
    """The URL of the store of a desk in this folder: the same as often as it is asked for."""
    if chosen.server is None:
        return f"sqlite:///{folder}/maild.db"
    return chosen.server.database_of(Path(folder))


def worded(text: str, folder: Path) -> str:
    """An operator's file that names a database file, with the store that these tests are about."""
    if chosen.server is None:
        return text
    return text.replace(_FILE, f'url = "{url_of(folder)}"\nfolder = "."')


def rows(url: str, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """What a database holds; read beside the daemon, as an operator could. Places for values are written as ?."""
    if url.startswith("sqlite:///"):
        file = url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
            return opened.execute(query, values).fetchall()
    import psycopg

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as line:
        return line.execute(query.replace("?", "%s").encode(), values or None).fetchall()


@contextlib.contextmanager
def serving() -> Iterator[None]:
    """A server for as long as tests run; NoServerError where none can be had."""
    folder = Path(tempfile.mkdtemp(prefix="maild-pg-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    from tests.wire.imap_server import free_port

    port = free_port()
    try:
        with _running(folder, port) as control:
            chosen.server = Server(folder, port, control)
            chosen.server.does(f"CREATE DATABASE {_TEMPLATE}")
            fresh = Store(chosen.server.url(_TEMPLATE))
            fresh.create()
            fresh.close()
            yield
    finally:
        chosen.server = None
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """The folder of the machine's initdb and pg_ctl, the newest where there are several."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    if _DEBIAN.is_dir():
        found += sorted(_DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    raise NoServerError(
        "PostgreSQL is not on this machine: there is no initdb; with Debian: apt-get install postgresql"
    )


def _someone() -> dict[str, Any]:
    """As whom the server runs: it refuses to be root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoServerError("root may not run PostgreSQL, and there is nobody else on this machine")


@contextlib.contextmanager
def _running(folder: Path, port: int) -> Iterator[Callable[..., None]]:
    binaries, someone = _binaries(), _someone()
    if someone:
        os.chown(folder, someone["user"], someone["group"])
    cluster, said = folder / "cluster", " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())

    def run(*words: str) -> None:
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, **someone)
        if done.returncode:
            raise NoServerError(f"{words[0]}: {done.stderr.strip()[-500:]}")

    made = (
        str(binaries / "initdb"),
        "--no-locale",
        "-D",
        str(cluster),
        "-U",
        "maild",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "-N",
    )
    # a collation that puts words in order as people do, so that nothing of ours may lean on the order of bytes
    try:
        run(*made, "--locale-provider=icu", "--icu-locale=en-US")
    except NoServerError:  # before PostgreSQL 15 there was no such choice
        run(*made)
    control = partial(
        run, str(binaries / "pg_ctl"), "-D", str(cluster), "-s", "-w", "-o", f"-k {folder} -p {port} {said}"
    )
    control("-l", str(folder / "log"), "start")
    try:
        yield control
    finally:
        control("-m", "immediate", "stop")
