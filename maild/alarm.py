"""Which mailboxes fail for so long that the admins are told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from maild.ingest.mailbox import Health

PATIENCE: Final = timedelta(minutes=5)
"""Failures that are over sooner are told to nobody: servers restart, and networks blink."""


@dataclass(slots=True)
class Alarm:
    """Remembers what was told, so that one failure is one mail, and its end another."""

    told: set[str] = field(default_factory=set)

    def look(self, healths: Iterable[Health], now: datetime) -> tuple[str, ...]:
        """Tell what the admins must hear now, a line a mailbox."""
        lines: list[str] = []
        for health in healths:
            since = health.failing_since
            if since is None and health.mailbox in self.told:
                self.told.discard(health.mailbox)
                lines.append(f"Mailbox {health.mailbox} is read again.")
            elif since is not None and health.mailbox not in self.told and now - since >= PATIENCE:
                self.told.add(health.mailbox)
                at = f"{since:%d %B %H:%M} UTC"
                lines.append(f"Mailbox {health.mailbox} is not read since {at}: {health.reason}")
        return tuple(lines)
