"""What may be asked of the desk by its operator, and carrying it out: in the daemon, or under its lock."""

from __future__ import annotations

import logging
import re
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

_NUMBERS = frozenset({"row", "mail"})
_WORDS = frozenset({"backup", "because", "last"})
_BEYOND = 2**63
"""No database counts so far."""
_UNWRITTEN = re.compile("[\0\ud800-\udfff]")
"""What a database cannot keep: NUL, and the halves of letters that bytes which are no UTF-8 are read as."""


def offline(folder: Path, office: Office, request: Request, now: datetime) -> Answer:
    """Do it ourselves where no daemon runs, under its lock; LockedError where one has just started."""
    with lock(folder):
        office.store.create()
        return office.store.write(lambda tx: execute(tx, office, request, now))


def execute(tx: Tx, office: Office, request: Request, now: datetime) -> Answer:
    """Carry out one writing request; the words say what became of it, or why it is none."""
    wrong = _unfit(request)
    if wrong:
        return said(False, "", wrong)
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
            try:
                last = date.fromisoformat(_word(request, "last")) if _word(request, "last") else None
            except ValueError:
                return said(False, "", "this is no day; write it like 2027-01-31")
            return _tell(tx, office, Left(agent, last, by), now)
        case _:
            return said(False, "", "this maild does not know that request")


def _unfit(request: Request) -> str:
    """What in a request can be no word, or no number of a row, whatever is asked for; "" where all is well."""
    for name, value in request.items():
        if name in _NUMBERS and not (type(value) is int and 0 < value < _BEYOND):
            return f"{name} is no number of a mail; write it like 7"
        if name in _WORDS and value is not None and not isinstance(value, str):
            return f"{name} is no text"
        if isinstance(value, str) and _UNWRITTEN.search(value):
            return f"{name} holds what is no letter of any script; write it anew"
    return ""


def _word(request: Request, name: str) -> str:
    """A word that may be left out."""
    return request.get(name) or ""


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
