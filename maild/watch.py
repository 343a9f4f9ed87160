"""The operator's file while the desk runs: when it has changed, and what is gone from it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from maild.config import Config

STILL = timedelta(seconds=2)
"""How long a file must have been still before it is read; an editor may write it in pieces."""


@dataclass(slots=True)
class Watch:
    """The operator's file: what it was when it was last taken, and since when it has been still."""

    path: Path | None
    taken: tuple[int, int] = (0, 0)
    seen: tuple[int, int] = (0, 0)
    since: datetime | None = None

    def changed(self, now: datetime) -> bool:
        """Whether the file is another one than the one taken, and has been still for two seconds."""
        if self.path is None:
            return False
        with contextlib.suppress(OSError):
            state = self.path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            if stamp != self.seen:
                self.seen, self.since = stamp, now
            elif stamp != self.taken and self.since is not None and now - self.since >= STILL:
                self.taken = stamp
                return True
        return False


def vanished(before: Config, after: Config) -> list[str]:
    """Agents, teams and addresses that the new file no longer has."""
    old, new = before.desk, after.desk
    agents = {agent.id for agent in old.agents} - {agent.id for agent in new.agents}
    teams = {team.id for team in old.teams} - {team.id for team in new.teams}
    return [
        *(f"agent {name}" for name in sorted(agents)),
        *(f"team {name}" for name in sorted(teams)),
        *(f"address {name}" for name in sorted(old.addresses - new.addresses)),
    ]
