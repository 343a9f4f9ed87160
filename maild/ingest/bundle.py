"""Old mail on its way into the desk: a file with many mails, each behind a line that tells its size and its time."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_NAME = re.compile(r"import-[0-9a-z.]{1,100}\Z")
_HEAD = 1_000


@dataclass(frozen=True, slots=True)
class Letter:
    """An old mail: its bytes, and when it was put where it was found."""

    raw: bytes
    filed: datetime


def place(spool: Path, name: str) -> Path:
    """Where a bundle of this name lies; ValueError for what is no name of ours."""
    if not _NAME.match(name):
        raise ValueError(f"{name[:100]!r} is no name of a bundle")
    return spool / "tmp" / name


def write(path: Path, letters: Iterable[Letter]) -> None:
    """Write a bundle. It need not outlive a power cut: the mails lie where they were found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as file:
        for letter in letters:
            head = {"size": len(letter.raw), "filed": letter.filed.astimezone(UTC).isoformat()}
            file.write(json.dumps(head).encode() + b"\n" + letter.raw)


def read(path: Path) -> Iterator[Letter]:
    """The mails of a bundle, in order; OSError where it cannot be read, ValueError where it is not whole."""
    with path.open("rb") as file:
        while line := file.readline(_HEAD):
            head = json.loads(line)
            size, filed = int(head["size"]), datetime.fromisoformat(head["filed"])
            raw = file.read(size)
            if len(raw) != size:
                raise ValueError(f"{path.name} is not whole")
            yield Letter(raw, filed)
