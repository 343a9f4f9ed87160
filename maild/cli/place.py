"""Where a store lies, said without opening it."""

from __future__ import annotations

from pathlib import Path

_SQLITE = "sqlite:///"


def database(url: str) -> Path | None:
    """The file of an SQLite store; None for another database."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None


def folder(url: str, home: Path) -> Path:
    """The folder that holds the spool, the daemon's lock and its socket: beside a file, else the `home` of the desk."""
    file = database(url)
    return file.parent if file else home


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that there is."""
    return next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), Path("/"))


def spool(url: str, home: Path) -> Path:
    """Where `maild accept` puts mail for the daemon."""
    return folder(url, home) / "spool"
