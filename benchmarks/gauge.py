"""What a process and its children use: processor time and memory from /proc, fsyncs from a trace."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EACH = 0.1


def family(pid: int) -> Iterator[int]:
    """A process and all that descend from it, as far as they live."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                yield from family(int(child))


def cpu(pid: int) -> float:
    """Seconds of processor time that the family has used, children that ended included (proc(5), stat)."""
    return sum(_ticks(one) for one in family(pid)) / _TICKS


def _ticks(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return sum(int(field) for field in fields[11:15])
    return 0


def resident(pid: int) -> int:
    """Octets of memory that the family holds; what its processes share is counted for each."""
    return sum(_resident(one) for one in family(pid))


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    return 0


class Peak:
    """Watches a family's memory ten times a second; `octets` is the most that was seen."""

    def __init__(self, pid: int) -> None:
        self.octets = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_EACH):
            self.octets = max(self.octets, resident(self._pid))


def fsyncs(trace: Path) -> Counter[str]:
    """How often each sort of file was synchronised: wal (a commit), database (a checkpoint), mail (a big mail)."""
    found: Counter[str] = Counter()
    for line in trace.read_text("utf-8", "replace").splitlines():
        if "fdatasync(" in line or "fsync(" in line:
            found["wal" if "-wal>" in line else "database" if ".db>" in line else "mail"] += 1
    return found
