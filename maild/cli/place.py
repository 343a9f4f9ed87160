"""Where a store lies, said without opening it."""

from __future__ import annotations

from pathlib import Path

_SQLITE = "sqlite:///"


def database(url: str) -> Path | None:
    """The file of an SQLite store; None for another database."""
    return Path(url.removeprefix(_SQLITE).partition("?")[0]) if url.startswith(_SQLITE) else None


def folder(url: str) -> Path:
    """The folder that holds the store, the spool, the daemon's lock and its socket."""
    file = database(url)
    return file.parent if file else Path("var")


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that there is."""
    return next((one for one in (folder, *folder.absolute().parents) if one.is_dir()), Path("/"))


def spool(url: str) -> Path:
    """Where `maild accept` puts mail for the daemon."""
    return folder(url) / "spool"
