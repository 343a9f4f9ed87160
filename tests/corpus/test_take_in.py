"""Real mail of many sources goes through the whole desk: all of it is kept, decided with a cause, and told apart.

The corpus lies beside the repository or where MAILD_CORPUS says; without it these tests are skipped. Every message is
taken in, twice; MAILD_CORPUS_SAMPLE=500 takes a seeded sample of so many, for a quick look.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.desk import AnswerLimits
from maild.ingest import pipe
from maild.ingest.doors import Journal
from maild.ingest.kind import Ours
from maild.ingest.proof import Trust
from maild.office import Office
from maild.process import Clerk
from maild.readers import Readers
from maild.rules.match import RuleBook
from maild.store import inbox, verify
from maild.store.engine import Store
from maild.telling import Press
from maild.templates.render import Templates
from maild.threading.tags import Keyring
from tests.stories.house import DESK

CORPUS = Path(os.environ.get("MAILD_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
SAMPLE = int(os.environ.get("MAILD_CORPUS_SAMPLE", "0"))
AGAIN = "again-"
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROBOTS = frozenset({"bounce", "report", "auto", "list"})
# Labelled by the folder that it lay in: a person's note to himself, without a word of the list in it.
MISLABELLED = frozenset({"notmuch/default/cur/53_2_"})
# The limits on answers would hide an answer to a robot behind hundreds of others.
TALKATIVE = replace(
    DESK,
    answers=AnswerLimits(
        unproven_hour=10**6,
        unproven_domain_hour=10**6,
        unproven_address_week=10**6,
        proven_day=10**6,
        ticket_hour=10**6,
        summary_mails=10**6,
    ),
)

pytestmark = [
    pytest.mark.skipif(not (CORPUS / "messages.txt").exists(), reason=f"no corpus at {CORPUS}"),
    pytest.mark.timeout(900),
]


def messages() -> list[str]:
    every = (CORPUS / "messages.txt").read_text("utf-8").splitlines()
    return sorted(random.Random(1042).sample(every, SAMPLE)) if 0 < SAMPLE < len(every) else every


class Troubles(logging.Handler):
    """Remembers every record that tells of an exception."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(f"{record.getMessage()} {record.exc_info}")


@dataclass
class Desk:
    """A desk whose spool is fed."""

    folder: Path
    store: Store
    clerk: Clerk
    troubles: list[str]

    def accepts(self, paths: list[str], second: str = "") -> None:
        """Write each mail into the spool as `maild accept` does, and take the spool in."""
        for place, path in enumerate(paths):
            raw = (CORPUS / path).read_bytes()
            pipe.write(self.folder / "spool", raw, "", (DESK.address,), NOW, f"{second}{place:05}")
        journal = Journal(self.store, lambda: None, lambda: True)
        taken = pipe.take(self.folder / "spool", journal, most=len(paths))
        assert taken.bad == ()

    def decides(self) -> None:
        """Decide all that waits."""
        while self.waiting:
            self.clerk.step(NOW, wait=1.0)

    @property
    def waiting(self) -> bool:
        with self.store.read() as tx:
            return bool(inbox.waiting(tx, 1))

    @property
    def mails(self) -> list[inbox.Kept]:
        with self.store.read() as tx:
            return inbox.listing(tx)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.folder / "maild.db")) as line, line:
            return line.execute(query).fetchall()

    def faults(self) -> list[str]:
        with self.store.read() as tx:
            return [finding.words for finding in verify.findings(tx)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The desk after every mail came twice."""
    folder = tmp_path_factory.mktemp("desk")
    store = Store(f"sqlite:///{folder}/maild.db")
    store.create()
    keyring = Keyring(DESK.domain, ((1, bytes(range(32))),))
    office = Office(store, Press(TALKATIVE, keyring, Templates()), RuleBook())
    clerk = Clerk(office, Readers(2), Ours(DESK.addresses), lambda kept: Trust((), (), kept.peer, kept.mailbox))
    troubles = Troubles()
    logging.getLogger("maild").addHandler(troubles)
    made = Desk(folder, store, clerk, troubles.told)
    try:
        for second in ("", AGAIN):
            made.accepts(messages(), second)
            made.decides()
        yield made
    finally:
        logging.getLogger("maild").removeHandler(troubles)
        clerk.close()
        store.close()


def first(desk: Desk) -> list[tuple[str, inbox.Kept]]:
    """Each path with the row of its first coming."""
    return _rows(desk, "")


def again(desk: Desk) -> list[tuple[str, inbox.Kept]]:
    """Each path with the row of its second coming."""
    return _rows(desk, AGAIN)


def _rows(desk: Desk, second: str) -> list[tuple[str, inbox.Kept]]:
    by_source = {kept.source: kept for kept in desk.mails}
    return [(path, by_source[f"pipe:{second}{place:05}"]) for place, path in enumerate(messages())]


def test_every_mail_is_decided_with_a_cause_and_without_an_exception(desk: Desk) -> None:
    assert desk.troubles == []
    assert [path for path, kept in first(desk) if kept.state not in {"ticket", "duplicate", "done", "quarantine"}] == []
    assert [path for path, kept in first(desk) if not kept.because] == []


def test_every_mail_is_kept_byte_for_byte(desk: Desk) -> None:
    for path, kept in first(desk):
        raw = (CORPUS / path).read_bytes()
        assert kept.sha256 == hashlib.sha256(raw).hexdigest(), path
        with desk.store.read() as tx:
            assert inbox.bytes_of(tx, kept.id) == raw, path


def test_the_same_mails_once_more_open_no_ticket(desk: Desk) -> None:
    odd = [
        (path, one.state, two.state, two.because)
        for (path, one), (_, two) in zip(first(desk), again(desk), strict=True)
        if two.state not in ({"quarantine"} if one.state == "quarantine" else {"duplicate", "done"})
    ]
    assert odd == []
    opened = {kept.ticket for _, kept in first(desk)} - {None}
    assert {number for (number,) in desk.rows("select number from ticket")} == opened


def test_no_robot_gets_an_automatic_answer(desk: Desk) -> None:
    label = {
        row["path"]: row["label"]
        for row in map(json.loads, (CORPUS / "labels-autoreply.jsonl").read_text("utf-8").splitlines())
    }
    answered = {row[0] for row in desk.rows("select inbox from outbox where auto and agent is null and party > 0")}
    assert answered, "nobody was answered at all"
    wrong = {path for path, kept in first(desk) if label.get(path) in ROBOTS and kept.id in answered}
    assert wrong - MISLABELLED == set()


def test_verify_finds_nothing_until_an_entry_is_taken_away_by_hand(desk: Desk) -> None:
    assert desk.faults() == []
    desk.rows("delete from entry where rowid = (select rowid from entry order by ticket desc limit 1)")
    assert desk.faults() != []
