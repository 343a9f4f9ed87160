"""The daemon is killed twenty times in the middle of its work: nothing that was acknowledged is lost or doubled."""

from __future__ import annotations

import hashlib
import os
import random
import smtplib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.wire.clients import CLIENTS, new_mail
from tests.wire.imap_server import PymapServer, pymap_server
from tests.wire.running import ANN, MAILBOX, SUPPORT, Sink, Site, configuration, site, until

SEED = int(os.environ.get("MAILD_KILL_SEED", "1042"))
KILLS = 20
PATIENCE = 240.0
CLIENTS_AT_ONCE = 6


@dataclass
class Ledger:
    """What the customers and agents know: each mail that was answered 250, its bytes, its conversation."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    offered: dict[str, set[str]] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)


@dataclass
class Street:
    """The people around one desk, and the desk that keeps dying under them."""

    desk: Site
    sink: Sink
    imap: PymapServer
    ledger: Ledger = field(default_factory=Ledger)
    over: threading.Event = field(default_factory=threading.Event)
    lives: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def opens(self) -> None:
        """Everybody may hand in mail again."""
        with self.lives:
            self.port = self.desk.port
            self.lives.notify_all()

    def closes(self) -> None:
        with self.lives:
            self.port = 0

    def waits_for_another(self, port: int) -> None:
        """Wait until the desk has moved, or a moment where it was only the connection that broke."""
        with self.lives:
            self.lives.wait_for(lambda: self.port != port, 1)

    def hands_in(self, raw: bytes, message_id: str, sender: str, recipient: str) -> None:
        """Send a mail, the same again and again, until it is answered 250."""
        digest = hashlib.sha256(raw).hexdigest()
        self.ledger.offered.setdefault(message_id, set()).add(digest)
        while True:
            with self.lives:
                assert self.lives.wait_for(lambda: self.port, PATIENCE), "the desk never came back"
                port = self.port
            try:
                with smtplib.SMTP("127.0.0.1", port, timeout=20) as line:
                    refused = line.sendmail(sender, [recipient], raw)
                assert refused == {}
            except (OSError, smtplib.SMTPException):
                self.ledger.again.append(message_id)
                self.waits_for_another(port)
                continue
            self.ledger.acknowledged[message_id] = digest
            return

    def converses(self, number: int, chance: random.Random) -> None:
        """One conversation: a first mail, and answers to what the desk sends, as far as it sends it."""
        spec = f"c{number}@customer{number}.example"
        author, name = f"Customer {number} <{spec}>", f"{number}.first@customer{number}.example"
        first = new_mail(author, f"Question {number}.", f"What about {number}?", to=SUPPORT, message_id=f"<{name}>")
        if number % 5 == 4:
            self.ledger.offered.setdefault(name, set()).add(hashlib.sha256(first).hexdigest())
            self.imap.append("support", first)
        else:
            self.hands_in(first, name, spec, SUPPORT)
        acknowledgement = self.sink.waits_for(spec, "received", patience=PATIENCE)
        client = chance.choice(CLIENTS)
        more = f"{number}.more@customer{number}.example"
        reply = client(author, f"More on {number}.", acknowledgement, f"<{more}>")
        self.hands_in(reply, more, spec, acknowledgement["Reply-To"])
        told = self.sink.waits_for(ANN, "customer-replied", f"] Question {number}.", patience=PATIENCE)
        text = chance.choice(("We look into it.", "#solved\nIt is done.", "#assign ben because Ben knows it"))
        words = f"{number}.ann@agents.example"
        self.hands_in(client(f"Ann Lee <{ANN}>", text, told, f"<{words}>"), words, ANN, told["Reply-To"])

    def keeps_writing(self, lane: int) -> None:
        """One person after the other, until it is over."""
        chance = random.Random(f"{SEED} {lane}")
        number = lane
        while not self.over.is_set():
            self.converses(number, chance)
            number += CLIENTS_AT_ONCE


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    (folder / "password").write_text("secret\n")
    with Sink() as sink, pymap_server({"support": "secret"}) as imap:
        tables = MAILBOX.format(port=imap.port, folder=folder)
        with site(folder, configuration(folder, sink.url, tables=tables)) as desk:
            yield Street(desk, sink, imap)


def lives_and_dies(around: Street, chance: random.Random, *, early: bool) -> None:
    """One life of the daemon, ended at a random moment; an early end comes before it may serve."""
    moment = threading.Event()
    if early:
        around.desk.launch()
        moment.wait(chance.uniform(0.2, 1.5))
    else:
        around.desk.start()
        around.opens()
        moment.wait(chance.uniform(0.05, 1.2))
    around.closes()
    around.desk.kill()


@pytest.mark.timeout(400)
def test_twenty_kills_in_the_middle_of_conversations_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with street(tmp_path) as around, ThreadPoolExecutor(CLIENTS_AT_ONCE) as people:
        lanes = [people.submit(around.keeps_writing, lane) for lane in range(CLIENTS_AT_ONCE)]
        try:
            for kill in range(KILLS):
                lives_and_dies(around, chance, early=kill % 4 == 3)
            around.desk.start()
        finally:
            around.over.set()
            around.opens()
        for lane in lanes:
            lane.result()
        until(lambda: not around.imap.folder("support"))
        until(around.desk.drained)
        check_mails_in(around)
        check_mails_out(around)
        assert around.desk.faults() == []
        assert around.desk.stop() == 0


def check_mails_in(around: Street) -> None:
    """Each acknowledged mail is kept, and decided once; nobody else's is there; a conversation is one ticket."""
    ledger = around.ledger
    states: dict[str, list[str]] = {}
    for message_id, digest, state in around.desk.rows("select message_id, sha256, state from inbox"):
        assert digest in ledger.offered[message_id], f"{message_id} was changed"
        states.setdefault(message_id, []).append(state)
    assert ledger.acknowledged.keys() - states.keys() == set()
    assert ledger.offered.keys() - states.keys() == set()
    for message_id, became in states.items():
        assert Counter(became) == Counter(["ticket", *["duplicate"] * (len(became) - 1)]), message_id
    subjects = Counter(subject for (subject,) in around.desk.rows("select subject from ticket"))
    assert set(subjects.values()) == {1}
    assert len(subjects) == sum(".first@" in message_id for message_id in ledger.offered)


def check_mails_out(around: Street) -> None:
    """Each finished mail reached the relay; twice only where the outbox says why, and then as the same bytes."""
    arrived: dict[str, list[bytes]] = {}
    for letter in around.sink.letters:
        arrived.setdefault(letter["Message-ID"].strip("<>"), []).append(letter.outgoing.content)
    rows = around.desk.rows("select message_id, state, uncertain, content from outbox")
    assert {state for _, state, _, _ in rows} == {"sent"}
    assert arrived.keys() == {message_id for message_id, _, _, _ in rows}
    for message_id, _, uncertain, content in rows:
        copies = arrived[message_id]
        assert set(copies) == {bytes(content)}
        assert len(copies) <= 1 + uncertain
    received = around.desk.rows("select ticket, count(*) from outbox where notice = 'received' group by ticket")
    assert {count for _, count in received} == {1}
    assert len(received) == len(around.desk.rows("select 1 from ticket"))
