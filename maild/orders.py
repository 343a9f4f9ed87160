"""What may be asked of the desk by its operator, and carrying it out: in the daemon, or under its lock."""

from __future__ import annotations

import logging
from datetime import date, datetime
from pathlib import Path
from typing import assert_never

from maild import dates
from maild.act import publish
from maild.control import Answer, Request, lock, said
from maild.dates import Span
from maild.decide.admin import Amiss, Away, Back, Left, Word, on_word
from maild.decide.preview import told_of_word
from maild.decision import Bulletin
from maild.gather import outlook_of
from maild.office import Office
from maild.store import absences, inbox, outbox
from maild.store.engine import Tx

log = logging.getLogger("maild.orders")


def offline(folder: Path, office: Office, request: Request, now: datetime) -> Answer:
    """Do it ourselves where no daemon runs, under its lock; LockedError where one has just started."""
    with lock(folder):
        office.store.create()
        return office.store.write(lambda tx: execute(tx, office, request, now))


def execute(tx: Tx, office: Office, request: Request, now: datetime) -> Answer:
    """Carry out one writing request; the words say what became of it."""
    match request:
        case {"do": "outbox-retry", "row": int(row)}:
            done = outbox.retry(tx, row, now)
            return said(done, f"outbox mail {row} is sent again now", f"outbox mail {row} is not waiting for anything")
        case {"do": "inbox-retry" | "quarantine-release", "mail": int(mail)}:
            done = inbox.release(tx, mail, ("operator", "proof", "difference", "stale", "leak"))
            return said(done, f"inbox mail {mail} is decided again", f"inbox mail {mail} is not in quarantine")
        case {"do": "quarantine-spam", "mail": int(mail)}:
            done = inbox.mark(tx, mail, "spam, says the operator")
            return said(done, f"inbox mail {mail} is marked as spam", f"inbox mail {mail} is not in quarantine")
        case {"do": "agent-away", "agent": str(agent), "days": str(days), "by": str(by)}:
            span = dates.read(days)
            if not isinstance(span, Span):
                return said(False, "", "these are no days; write them like 2026-12-01..2026-12-07")
            backup, because = _word(request, "backup"), _word(request, "because")
            return _tell(tx, office, Away(agent, span, backup, because, by), now)
        case {"do": "agent-back", "agent": str(agent), "planned": bool(planned), "by": str(by)}:
            return _tell(tx, office, Back(agent, planned, by), now)
        case {"do": "agent-left", "agent": str(agent), "by": str(by)}:
            last = _word(request, "last")
            return _tell(tx, office, Left(agent, date.fromisoformat(last) if last else None, by), now)
        case _:
            return said(False, "", "this maild does not know that request")


def _word(request: Request, name: str) -> str:
    """A word that may be left out; ValueError where it is something else."""
    word = request.get(name) or ""
    if not isinstance(word, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004  the asker's value is wrong, not our call
    return word


def _tell(tx: Tx, office: Office, word: Word, now: datetime) -> Answer:
    """Do what an admin says of an agent; the answer says what follows from it."""
    desk = absences.with_absences(tx, office.press.desk)
    match on_word(word, desk, absences.living(tx), absences.next_id(tx), now):
        case Amiss(words):
            return said(False, "", words)
        case Bulletin() as bulletin:
            lines = told_of_word(outlook_of(tx, bulletin.absences, desk, now), desk)
            publish(tx, office, bulletin, now)
            log.info("%s", "; ".join(bulletin.because))
            told = (office.press.templates.say(one, "en", desk.timezone, now) for one in lines)
            return said(True, " ".join(told), "")
        case unexpected:
            assert_never(unexpected)
