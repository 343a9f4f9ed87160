"""Conversations through a real Postfix, in front and behind, while each part of it stops and starts again."""

from __future__ import annotations

import os
import re
import smtplib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import free_port
from tests.wire.postfix_server import POSTFIX, PostfixServer, postfix_server
from tests.wire.running import ANN, SUPPORT, Sink, Site, configuration, hurried, site, until
from tests.wire.test_postfix import ANN_LEE, pasted

pytestmark = [
    pytest.mark.skipif(POSTFIX is None, reason="Postfix is not installed (apt-get install postfix)"),
    pytest.mark.skipif(os.getuid() != 0, reason="Postfix starts as root only"),
    pytest.mark.timeout(240),
]
LIMITS = 'free_disk = "1MB"\nretry_first = "1s"\nretry_most = "2s"'
PEOPLE = 4
LATE = 10_000
QUEUED = re.compile(r"\(Postfix\) with E?SMTP id (\w+)")
BUSY = "check_client_access static:{450 4.3.2 busy, come back later}"


def customer(number: int) -> tuple[str, str, str]:
    """Whoever asks under this number, their address, and the subject."""
    spec = f"c{number}@customer{number}.example"
    return f"Customer {number} <{spec}>", spec, f"Question {number}."


@dataclass
class Street:
    """People who write by way of Postfix, again and again where it does not take their mail, and the desk behind it."""

    postfix: PostfixServer
    desk: Site
    lmtp: int
    world: Sink
    over: threading.Event = field(default_factory=threading.Event)
    done: list[int] = field(default_factory=list)

    @property
    def queue(self) -> str:
        """What Postfix has still to send, as its own program lists it."""
        return self.postfix.does("postqueue", "-j")

    def hands_in(self, raw: bytes, sender: str, recipient: str) -> None:
        def taken() -> bool:
            try:
                with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=10) as line:
                    return line.sendmail(sender, [recipient], raw) == {}
            except (OSError, smtplib.SMTPException):
                return False

        until(taken)

    def asks_past_postfix(self, number: int) -> None:
        """A question that is on its way to the desk when Postfix stops, so that there is something to be sent."""
        author, spec, subject = customer(number)
        with smtplib.LMTP("127.0.0.1", self.lmtp) as line:
            line.sendmail(spec, [SUPPORT], new_mail(author, subject, f"What about {number}?", to=SUPPORT))

    def converses(self, number: int) -> None:
        """One conversation: a question, an answer to what the desk says, and Ann's words about it."""
        author, spec, subject = customer(number)
        self.hands_in(new_mail(author, subject, f"What about {number}?", to=SUPPORT), spec, SUPPORT)
        self.continues(number)

    def continues(self, number: int) -> None:
        author, spec, subject = customer(number)
        received = self.world.waits_for(spec, "received")
        self.hands_in(gmail(author, "More.", received), spec, received["Reply-To"])
        told = self.world.waits_for(ANN, "customer-replied", f"] {subject}")
        self.hands_in(gmail(ANN_LEE, f"We look into {number}.", told), ANN, told["Reply-To"])
        self.world.waits_for(spec, "reply")
        self.done.append(number)

    def keeps_writing(self, lane: int) -> None:
        number = lane
        while not self.over.is_set():
            self.converses(number)
            number += PEOPLE

    def waits(self, look: Callable[[], object]) -> None:
        """Wait for something, and look after the relay: found failing, it would be left alone for a minute or more."""

        def seen() -> object:
            hurried(self.desk)
            return look()

        until(seen)

    def goes_on(self, conversations: int = 2) -> None:
        """Wait until so many more conversations have come to their end."""
        enough = len(self.done) + conversations
        self.waits(lambda: len(self.done) >= enough)


@contextmanager
def street(folder: Path) -> Iterator[Street]:
    lmtp = free_port()
    with Sink() as world, postfix_server(lmtp, world.port, *pasted()) as postfix:
        text = configuration(folder, postfix.url, listen=f'lmtp = "127.0.0.1:{lmtp}"', limits=LIMITS)
        text = text.replace('smtp = "127.0.0.1:0"', 'smtp = ""')
        with site(folder, text) as desk:
            yield Street(postfix, desk, lmtp, world)


def test_conversations_through_a_postfix_and_a_desk_that_stop_and_start_lose_and_double_nothing(tmp_path: Path) -> None:
    with street(tmp_path) as around, ThreadPoolExecutor(PEOPLE + 1) as people:
        postfix, desk, world = around.postfix, around.desk, around.world
        lanes = [people.submit(around.keeps_writing, lane) for lane in range(PEOPLE)]
        try:
            desk.start()
            around.goes_on()
            postfix.stop()
            around.asks_past_postfix(LATE)
            until(lambda: "the relay takes no mail" in desk.log)
            postfix.start()
            lanes.append(people.submit(around.continues, LATE))
            around.goes_on()
            for _ in range(2):
                desk.kill()
                until(lambda: "status=deferred (conn" in postfix.log or "lost connection" in postfix.log)
                desk.start()
                around.goes_on()
            before = postfix.log.count("450 4.3.2")
            postfix.is_set("smtpd_recipient_restrictions", BUSY)
            around.waits(lambda: postfix.log.count("450 4.3.2") > before + PEOPLE)
            postfix.is_set("smtpd_recipient_restrictions", "")
            around.goes_on()
            world._script["RCPT"] = [b"451 4.7.1 greylisted\r\n"] * 10
            around.waits(lambda: not world._script["RCPT"])
            around.goes_on()
        finally:
            around.over.set()
        until(lambda: hurried(desk) and all(lane.done() for lane in lanes))
        for lane in lanes:
            lane.result()
        check(around)
        assert desk.faults() == []
        assert desk.stop() == 0


def check(around: Street) -> None:
    """One ticket a conversation with all its mails, and in each mailbox each mail once, or twice where we say so."""
    desk = around.desk
    until(lambda: around.queue == "", lambda: around.queue + around.postfix.log)
    many = len(around.done)
    assert desk.rows("select count(*) from ticket") == [(many,)]
    assert desk.rows("select count(*) from inbox where state = 'ticket'") == [(3 * many,)]
    assert desk.rows("select count(*) from inbox where state not in ('ticket', 'duplicate')") == [(0,)]
    assert "status=bounced" not in around.postfix.log
    # each mail that the desk handed over has a name in Postfix's queue; what Postfix sends twice has one
    taken = {
        (letter["Message-ID"].strip("<>"), QUEUED.findall(letter["Received"])[0]) for letter in around.world.letters
    }
    copies = Counter(name for name, _ in taken)
    unsure = dict(desk.rows("select message_id, uncertain from outbox"))
    assert copies.keys() == unsure.keys()
    assert {name: many for name, many in copies.items() if many > 1 + unsure[name]} == {}
    for number in around.done:
        notices = Counter(letter.notice for letter in around.world.to(f"c{number}@customer{number}.example"))
        assert notices.keys() == {"received", "reply"}, number
