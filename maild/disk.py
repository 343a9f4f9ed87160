"""What the disk must not forget."""

from __future__ import annotations

import os
from pathlib import Path


def told(fault: OSError) -> str:
    """What the disk refused, for people: where, and why; without the number of the error."""
    words = fault.strerror or str(fault)
    return f"{os.fsdecode(fault.filename)}: {words}" if isinstance(fault.filename, str | bytes) else words


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut; raises OSError where the disk fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
