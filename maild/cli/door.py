"""`maild accept`: the door for a mail server's pipe. It reads the file lightly, for it runs once a mail."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import click

from maild.cli import place
from maild.cli.choice import chosen_file, with_config
from maild.cli.words import clean
from maild.disk import told

KEPT, NEVER, AGAIN = 0, 65, 75
"""What a mail server's pipe understands: EX_OK, EX_DATAERR, EX_TEMPFAIL of sysexits.h."""

_PIPE = Path("-")
_SIZE = re.compile(r"([0-9]{1,9})\s?([kKmMgG]?)[bB]")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass(frozen=True, slots=True)
class Door:
    """All that `accept` needs of the configuration; sizes in bytes, addresses in lower case."""

    spool: Path
    address: str
    ours: frozenset[str]
    size: int
    free: int


@dataclass(frozen=True, slots=True)
class Turned:
    """A mail that was not kept: the exit code that says whether to try again, and why."""

    code: int
    because: str


@click.command()
@with_config
@click.option("--from", "sender", default="", metavar="A", help="The envelope sender; empty or <> for a bounce.")
@click.option("--to", "recipients", multiple=True, metavar="B", help="An envelope recipient; else the desk's address.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, readable=False))
def accept(sender: str, recipients: tuple[str, ...], files: tuple[Path, ...]) -> None:
    """Take mail in from a pipe, or from files (- is the pipe).

    For a mail server: the exit code is 0 once the mail is kept, 75 where it should try again, 65 where that is of no
    use. No daemon is needed; the next one that runs takes the mail in.
    """
    if not files and sys.stdin.isatty():
        raise click.UsageError("a mail is read from a pipe; name a FILE, or use: maild accept < mail.eml")
    codes = []
    for turned in _accept(sender, recipients, files):
        click.echo(f"maild: {clean(turned.because)}", err=True)
        codes.append(turned.code)
    if codes:
        raise click.exceptions.Exit(max(codes))


def read_door(path: Path | None) -> Door:
    """What the file says about this door, unchecked; ValueError or OSError where that cannot be told."""
    raw = tomllib.loads(path.read_text("utf-8-sig")) if path else {}
    desk, limits = _table(raw, "desk"), _table(raw, "limits")
    teams, store = raw.get("team", []), _table(raw, "store")
    address = str(desk.get("address", "support@example.com"))
    named = [address, *desk.get("aliases", []), *(team.get("address", "") for team in teams)]
    return Door(
        spool=place.spool(str(store.get("url", "sqlite:///var/maild.db")), Path(str(store.get("folder", "var")))),
        address=address,
        ours=frozenset(str(spec).lower() for spec in named if spec),
        size=_size(_table(raw, "listen").get("max_size") or limits.get("message", "25MB")),
        free=_size(limits.get("free_disk", "512MB")),
    )


def _accept(sender: str, recipients: Sequence[str], files: Sequence[Path]) -> Iterator[Turned]:
    """Keep what can be kept; tell of the rest. Whatever goes wrong here, the server must keep its mail."""
    try:
        door = read_door(chosen_file())
        _make_room(door)
    except Exception as fault:  # noqa: BLE001  a server would bounce the mail on any other answer than 75
        yield Turned(AGAIN, f"mail cannot be taken in now: {_said(fault)}; try: maild check")
        return
    envelope = (_bare(sender), _recipients(recipients, door))
    for named in files or (_PIPE,):
        file = None if named == _PIPE else named
        name = str(file or "standard input")
        turned: Turned | None
        try:
            raw = _read(file, door.size)
        except (FileNotFoundError, IsADirectoryError) as fault:
            turned = Turned(NEVER, f"{name}: {fault.strerror}; name a file that holds one mail")
        except OSError as fault:
            turned = Turned(AGAIN, f"{name}: it cannot be read: {fault.strerror}; change its rights")
        else:
            turned = _kept(raw, name, door, *envelope)
        if turned is not None:
            yield turned


def _kept(raw: bytes, name: str, door: Door, sender: str, recipients: Sequence[str]) -> Turned | None:
    try:
        return _keep(raw, name, door, sender, recipients)
    except OSError as fault:
        words = f"the folder {door.spool} takes no file ({fault.strerror}); change its rights"
    except Exception as fault:  # noqa: BLE001  a server would bounce the mail on any other answer than 75
        words = _said(fault)
    return Turned(AGAIN, f"{name}: it could not be kept: {words}")


def _keep(raw: bytes, name: str, door: Door, sender: str, recipients: Sequence[str]) -> Turned | None:
    from maild.ingest import pipe

    if not raw.strip():
        return Turned(NEVER, f"{name}: there is no mail in it")
    if len(raw) > door.size:
        return Turned(NEVER, f"{name}: the mail is bigger than the {door.size} bytes that are taken")
    # The time stands first, so that the daemon takes them in this order.
    new_name = f"{time.time_ns()}.{os.getpid()}.{secrets.token_hex(8)}"
    try:
        pipe.write(door.spool, raw, sender, recipients, datetime.now(UTC), new_name)
    except ValueError as fault:
        return Turned(NEVER, f"{name}: {fault}")
    return None


def _read(file: Path | None, most: int) -> bytes:
    if file is None:
        return sys.stdin.buffer.read(most + 1)
    with file.open("rb") as opened:
        return opened.read(most + 1)


def _recipients(named: Sequence[str], door: Door) -> tuple[str, ...]:
    """The recipients as the server gave them; the desk's address too where none of them is ours."""
    plain = tuple(_bare(spec) for spec in named)
    known = any(_plain(spec) in door.ours or spec.lower() in door.ours for spec in plain)
    return plain if known else (*plain, door.address)


def _bare(spec: str) -> str:
    """An address as SMTP would carry it: without its angle brackets, and without a name before them."""
    spec = spec.strip()
    return parseaddr(spec)[1] or spec if spec.endswith(">") and spec != "<>" else spec.removeprefix("<>")


def _plain(spec: str) -> str:
    local, _, domain = spec.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _make_room(door: Door) -> None:
    door.spool.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(door.spool.parent).free
    if free < door.free:
        raise OSError(f"the disk of {door.spool.parent} has only {free} bytes left")


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = raw.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"[{name}] is not a table")  # noqa: TRY004  the file's value is wrong, not our call
    return found


def _size(value: object) -> int:
    found = _SIZE.fullmatch(str(value))
    if found is None:
        raise ValueError(f"{str(value)[:40]!r} is not a size")
    return int(found[1]) * _UNITS[found[2].lower()]


def _said(fault: Exception) -> str:
    words = told(fault) if isinstance(fault, OSError) else str(fault)
    return " ".join(words.split()) or type(fault).__name__
