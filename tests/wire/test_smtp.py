"""The SMTP door, heard over real sockets: what it keeps, what it refuses, and in which words."""

from __future__ import annotations

import asyncio
import logging
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, pairwise
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.smtp import Door, Limits, open_door
from maild.ingest.smtp_session import (
    BUSY,
    LONG_FIELD,
    LONG_HEADER,
    MANY_FIELDS,
    TOO_BIG,
    Body,
    Memory,
    fault_in,
    neighbourhood,
    read_parameters,
    read_plain_path,
)
from maild.mail import Arrival

LIMITS = Limits()
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MAIL = b"From: ann@example.org\r\nTo: support@example.com\r\nSubject: Printer\r\n\r\nIt is on fire.\r\n"
TO_US = b"MAIL FROM:<ann@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"


class Desk:
    """A door in a loop of its own, and what came through it."""

    def __init__(self) -> None:
        self.kept: list[Arrival] = []
        self.asked: list[str] = []
        self.ours = {"support@example.com", "postmaster", "dürer@example.com"}
        self.room = True
        self.fails: Exception | None = None
        self.reached = threading.Event()
        self.finished = threading.Event()
        self.may_commit = threading.Event()
        self.may_commit.set()
        self.loop = asyncio.new_event_loop()
        self.door: Door

    async def keep(self, arrival: Arrival) -> None:
        self.reached.set()
        if not self.may_commit.is_set():
            await asyncio.to_thread(self.may_commit.wait, 60)
        if self.fails:
            raise self.fails
        self.kept.append(arrival)
        self.finished.set()

    def is_ours(self, address: str) -> bool:
        self.asked.append(address)
        return address.lower() in self.ours

    @property
    def address(self) -> tuple[str, int]:
        return self.door.addresses[0]

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def everybody_gone(self) -> None:
        async def wait() -> None:
            await asyncio.gather(*(session.gone for session in tuple(self.door.sessions)))

        self.call(wait())


@contextmanager
def desk_with(limits: Limits = LIMITS, **options: Any) -> Iterator[Desk]:
    desk, numbers = Desk(), count(1)
    thread = threading.Thread(target=desk.loop.run_forever)
    thread.start()
    opening = open_door(
        "127.0.0.1",
        0,
        hostname="mx.example.com",
        limits=limits,
        is_ours=desk.is_ours,
        keep=desk.keep,
        has_room=lambda: desk.room,
        now=lambda: NOON,
        new_source=lambda: f"smtp:{next(numbers)}",
        log=logging.getLogger("maild.test"),
        **options,
    )
    try:
        desk.door = desk.call(opening)
        yield desk
    finally:
        desk.may_commit.set()
        desk.call(desk.door.close(5))
        desk.call(desk.loop.shutdown_default_executor())
        desk.loop.call_soon_threadsafe(desk.loop.stop)
        thread.join(30)
        desk.loop.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    with desk_with() as one:
        yield one


class Peer:
    """A client that says exactly the octets it is told to say."""

    def __init__(self, desk: Desk) -> None:
        self.socket = socket.create_connection(desk.address, 30)
        self.lines = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lines.close()
        self.socket.close()

    def say(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def hear(self) -> str:
        """One reply, all its lines; "" where the other side has closed."""
        reply = ""
        while line := self.lines.readline().decode():
            reply += line
            if line[3:4] != "-":
                break
        return reply.removesuffix("\r\n")

    def ask(self, octets: bytes) -> str:
        self.say(octets + b"\r\n")
        return self.hear()

    def greet(self, word: bytes = b"EHLO client.example.org") -> str:
        self.hear()
        return self.ask(word)

    def announce(self) -> None:
        self.say(TO_US)
        assert [self.hear()[:3] for _ in range(3)] == ["250", "250", "354"]

    def send(self, mail: bytes) -> str:
        self.announce()
        self.say(mail + b".\r\n")
        return self.hear()


@contextmanager
def peer_of(desk: Desk) -> Iterator[Peer]:
    with Peer(desk) as peer:
        peer.greet()
        yield peer


@contextmanager
def peer_kept_waiting(desk: Desk) -> Iterator[Peer]:
    """A peer that has said the final dot of a mail, whose commit waits for `may_commit`."""
    desk.may_commit.clear()
    with peer_of(desk) as peer:
        peer.announce()
        peer.say(MAIL + b".\r\n")
        assert desk.reached.wait(30)
        yield peer


# What is kept


def test_a_mail_is_kept_with_its_envelope_and_not_one_octet_added(desk: Desk) -> None:
    with peer_of(desk) as peer:
        assert peer.send(MAIL) == "250 2.0.0 Kept"
    assert desk.kept == [Arrival("smtp:1", MAIL, "ann@example.org", ("support@example.com",), NOON, "127.0.0.1")]


def test_an_ordinary_client_sends_two_mails_in_one_session(desk: Desk) -> None:
    with smtplib.SMTP(*desk.address) as client:
        for word in ("one", "two"):
            client.sendmail("ann@example.org", ["support@example.com"], f"Subject: {word}\r\n\r\n.dot\r\n..\r\n")
    assert [arrival.raw for arrival in desk.kept] == [
        b"Subject: one\r\n\r\n.dot\r\n..\r\n",
        b"Subject: two\r\n\r\n.dot\r\n..\r\n",
    ]


def test_a_bounce_arrives_with_an_empty_sender(desk: Desk) -> None:
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:<>") == "250 2.1.0 OK"
        peer.ask(b"RCPT TO:<support@example.com>")
        peer.ask(b"DATA")
        assert peer.ask(MAIL + b".")[:3] == "250"
    assert desk.kept[0].sender == ""


def test_the_peer_hears_250_only_after_the_mail_is_kept(desk: Desk) -> None:
    with peer_kept_waiting(desk) as peer:
        peer.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.socket.recv(1)
        peer.socket.settimeout(30)
        desk.may_commit.set()
        assert peer.hear() == "250 2.0.0 Kept"


def test_a_mail_that_we_fail_to_keep_is_asked_for_again_and_the_cause_stays_with_us(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.fails = ValueError("disk sdb1 of user secret is full")
    with peer_of(desk) as peer:
        reply = peer.send(MAIL)
        desk.fails = None
        again = peer.send(MAIL)
    assert reply == "451 4.3.0 Something went wrong on our side; please send it again later"
    assert "disk sdb1" in caplog.text
    assert again == "250 2.0.0 Kept"
    assert len(desk.kept) == 1


def test_a_failure_of_ours_at_any_command_is_temporary_and_untold(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "ours", None)
    with peer_of(desk) as peer:
        peer.ask(b"MAIL FROM:<ann@example.org>")
        reply = peer.ask(b"RCPT TO:<support@example.com>")
    assert reply.startswith("451 4.3.0 ")
    assert "NoneType" not in reply
    assert "NoneType" in caplog.text


def test_a_peer_that_leaves_after_the_dot_does_not_tear_the_commit(desk: Desk) -> None:
    with peer_kept_waiting(desk):
        pass
    desk.everybody_gone()
    assert desk.kept == []
    desk.may_commit.set()
    assert desk.finished.wait(30)
    assert [arrival.raw for arrival in desk.kept] == [MAIL]


def test_a_commit_that_fails_after_the_peer_has_left_is_still_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.fails = OSError("no space left")
    with peer_kept_waiting(desk):
        pass
    desk.everybody_gone()
    desk.may_commit.set()
    desk.call(desk.door.close(30))
    assert "no space left" in caplog.text


def test_a_mail_whose_peer_leaves_before_the_dot_is_not_kept_and_gives_its_memory_back() -> None:
    with desk_with(Limits(size=10**6, memory=10**6)) as desk:
        with peer_of(desk) as peer:
            peer.announce()
            peer.say(b"x" * 500_000)
        desk.everybody_gone()
        assert desk.kept == []
        assert desk.door.memory.free == 10**6


def test_eight_sessions_at_once_keep_each_mail_once(desk: Desk) -> None:
    def send_ten(number: int) -> None:
        with smtplib.SMTP(*desk.address) as client:
            for turn in range(10):
                client.sendmail(f"c{number}@example.org", ["support@example.com"], f"Subject: {number}.{turn}\r\n\r\n")

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(send_ten, range(8)))
    subjects = [arrival.raw for arrival in desk.kept]
    assert sorted(subjects) == sorted(f"Subject: {n}.{t}\r\n\r\n".encode() for n in range(8) for t in range(10))
    assert all(arrival.raw.startswith(f"Subject: {arrival.sender[1]}.".encode()) for arrival in desk.kept)
    assert len({arrival.source for arrival in desk.kept}) == 80


def test_commands_sent_in_one_go_are_answered_in_order_also_behind_a_mail(desk: Desk) -> None:
    with peer_of(desk) as peer:
        peer.say(TO_US + MAIL + b".\r\nNOOP\r\n" + TO_US + b".\r\nQUIT\r\n")
        replies = [peer.hear()[:3] for _ in range(10)]
    assert replies == ["250", "250", "354", "250", "250", "250", "250", "354", "250", "221"]
    assert [arrival.raw for arrival in desk.kept] == [MAIL, b""]


def test_lmtp_answers_once_for_each_recipient() -> None:
    with desk_with(lmtp=True) as desk, Peer(desk) as peer:
        assert peer.hear() == "220 mx.example.com LMTP"
        assert peer.ask(b"EHLO client")[:3] == "500"
        assert peer.ask(b"LHLO client")[:3] == "250"
        peer.say(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nRCPT TO:<no@example.com>\r\n")
        peer.say(b"RCPT TO:<postmaster>\r\nDATA\r\n")
        assert [peer.hear()[:3] for _ in range(5)] == ["250", "250", "550", "250", "354"]
        peer.say(MAIL + b".\r\n")
        assert [peer.hear() for _ in range(2)] == ["250 2.0.0 Kept"] * 2
        assert peer.ask(b"NOOP") == "250 2.0.0 OK"
    assert desk.kept[0].recipients == ("support@example.com", "postmaster")


def test_lmtp_answers_451_for_each_recipient_where_the_mail_could_not_be_kept() -> None:
    with desk_with(lmtp=True) as desk, Peer(desk) as peer:
        desk.fails = OSError("the disk is gone")
        peer.hear()
        peer.ask(b"LHLO client")
        for expected in ("451 4.3.0 ", "250 2.0.0 "):
            peer.say(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nRCPT TO:<postmaster>\r\nDATA\r\n")
            assert [peer.hear()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
            peer.say(MAIL + b".\r\n")
            assert [peer.hear()[:10] for _ in range(2)] == [expected] * 2
            desk.fails = None
    assert len(desk.kept) == 1


# Where a mail ends


@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n\0.\r\n"],
    ids=["LF.LF", "LF.CRLF", "CRLF.LF", "CR.CR", "CR.CRLF", "CRLF.CR", "CRLF NUL.CRLF"],
)
def test_no_other_end_than_crlf_dot_crlf_smuggles_a_second_mail_in(desk: Desk, end: bytes) -> None:
    smuggled = b"MAIL FROM:<boss@example.com>\r\nRCPT TO:<support@example.com>\r\nDATA\r\nSubject: pay\r\n"
    with peer_of(desk) as peer:
        peer.announce()
        peer.say(MAIL + b"x" + end + smuggled + b"\r\n.\r\n")
        reply = peer.hear()
        assert peer.ask(b"NOOP") == "250 2.0.0 OK"
    if b"\0" in end:  # line ends are right, so this is one mail with a NUL in it, and kept as it is
        assert reply == "250 2.0.0 Kept"
        assert [arrival.raw for arrival in desk.kept] == [MAIL + b"x\r\n\0.\r\n" + smuggled + b"\r\n"]
    else:
        assert reply.startswith("550 5.6.0 ")
        assert desk.kept == []


@pytest.mark.parametrize("bare", [b"\n", b"\r", b"\r\r\n", b"\n\r"])
def test_a_line_end_that_is_not_crlf_is_refused_after_the_dot(desk: Desk, bare: bytes) -> None:
    with peer_of(desk) as peer:
        assert peer.send(b"Subject: x\r\n\r\none" + bare + b"two\r\n").startswith("550 5.6.0 Lines of a mail must end")
        assert peer.send(MAIL) == "250 2.0.0 Kept"


lines = st.lists(
    st.sampled_from([b"", b".", b"..", b"a", b".a", b"a.", b"Subject: x", b"\0", b"\xff" * 9]), max_size=12
)
cuts = st.lists(st.integers(0, 120), max_size=12)


def cut(octets: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(at), len(octets)]
    return [octets[start:stop] for start, stop in pairwise(edges)]


@given(lines, cuts, st.sampled_from([b"", b"QUIT\r\n", b".\r\n", b"\r\n.\r\n"]))
def test_dots_come_out_as_they_went_in_wherever_the_blocks_are_cut(
    sent: list[bytes], at: list[int], after: bytes
) -> None:
    mail = b"".join(line + b"\r\n" for line in sent)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in sent)
    body = Body(10**6, Memory(10**6))
    rest: bytes | None = None
    for block in cut(stuffed + b".\r\n" + after, at):
        if rest is None:
            rest = body.take(block)
        else:
            rest += block
    assert rest == after
    assert not body.bare
    assert body.raw() == mail


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"\r\n..", b"\r\n.a"]), max_size=20), cuts)
def test_a_bare_cr_or_lf_is_seen_wherever_the_blocks_are_cut(pieces: list[bytes], at: list[int]) -> None:
    text = b"".join(pieces)
    body = Body(10**6, Memory(10**6))
    for block in cut(text + b"x\r\n.\r\n", at):
        body.take(block)
    assert body.bare == (re.search(rb"(?<!\r)\n|\r(?!\n)", text) is not None)


@given(st.integers(0, 40), st.integers(0, 12), cuts)
def test_the_size_is_counted_without_the_dots_of_transparency(size: int, dots: int, at: list[int]) -> None:
    mail = b".\r\n" * dots
    body = Body(size, Memory(10**6))
    for block in cut(b"..\r\n" * dots + b".\r\n", at):
        body.take(block)
    fault = body.fault or fault_in(body.raw(), Limits(size=size))
    assert (fault == TOO_BIG) == (len(mail) > size)


# What is too much


def test_a_mail_announced_as_too_big_is_refused_before_it_is_sent(desk: Desk) -> None:
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:<a@example.org> SIZE=26214401").startswith("552 5.3.4 ")
        assert peer.ask(b"MAIL FROM:<a@example.org> SIZE=26214400") == "250 2.1.0 OK"


def test_a_mail_of_exactly_the_size_is_kept_and_one_octet_more_is_refused() -> None:
    with desk_with(Limits(size=200_000)) as desk, peer_of(desk) as peer:
        full = b"Subject: x\r\n\r\n" + b"z" * 199_984 + b"\r\n"
        assert peer.send(full) == "250 2.0.0 Kept"
        assert peer.send(b"y" + full) == TOO_BIG
        assert peer.send(MAIL) == "250 2.0.0 Kept"
    assert [len(arrival.raw) for arrival in desk.kept] == [200_000, len(MAIL)]


def test_lines_may_be_as_long_as_the_mail(desk: Desk) -> None:
    mail = b"Subject: x\r\n\r\n" + b"long " * 400_000 + b"\r\n"
    with peer_of(desk) as peer:
        assert peer.send(mail) == "250 2.0.0 Kept"
    assert desk.kept[0].raw == mail


def test_data_without_line_ends_does_not_grow_over_the_limit() -> None:
    body = Body(100_000, Memory(10**6))
    for _ in range(500):
        assert body.take(b"a" * 10_000) is None
        assert body.held <= 110_000
    assert body.fault == TOO_BIG
    assert body.endless
    assert body.take(b"\r\n.\r\nQUIT\r\n") == b"QUIT\r\n"
    assert body.held < 10


def test_a_peer_that_never_ends_is_cut_off() -> None:
    with desk_with(Limits(size=10_000)) as desk:
        with peer_of(desk) as peer, suppress(ConnectionError):
            peer.announce()
            while True:
                peer.say(b"RCPT TO:<support@example.com>\r\n" * 1000)
        desk.everybody_gone()
        assert len(desk.asked) == 1
        with peer_of(desk) as peer:
            assert peer.send(MAIL) == "250 2.0.0 Kept"


def test_when_big_mails_have_taken_the_memory_the_next_one_waits_and_small_ones_pass() -> None:
    with desk_with(Limits(size=400_000, memory=400_000)) as desk, peer_of(desk) as first, peer_of(desk) as second:
        first.announce()
        first.say(MAIL + b"x" * 300_000)
        while desk.door.memory.free > 200_000:
            assert second.ask(b"RSET") == "250 2.0.0 OK"
        assert second.send(MAIL + b"y" * 350_000 + b"\r\n") == BUSY
        assert second.send(MAIL) == "250 2.0.0 Kept"
        first.say(b"\r\n.\r\n")
        assert first.hear() == "250 2.0.0 Kept"
        assert second.send(MAIL + b"y" * 350_000 + b"\r\n") == "250 2.0.0 Kept"
        assert desk.door.memory.free == 400_000


def test_of_many_big_mails_at_once_some_get_through() -> None:
    memory = Memory(500_000)
    bodies = [Body(300_000, memory) for _ in range(4)]
    for _ in range(15):
        for body in bodies:
            body.take(b"x" * 20_000)
    assert sorted(body.fault for body in bodies) == ["", "", BUSY, BUSY]
    for body in bodies:
        body.let_go()
    assert memory.free == 500_000


@pytest.mark.parametrize(
    ("header", "reply"),
    [
        (b"X: y\r\n" * 500, "250 2.0.0 "),
        (b"X: y\r\n" * 501, "550 5.6.0 The header of this mail has too many fields"),
        (b"X:" + b"y" * 32_766 + b"\r\n", "250 2.0.0 "),
        (b"X:" + b"y" * 32_767 + b"\r\n", "550 5.6.0 A header field of this mail is too long"),
        (b"X:" + b" y\r\n" * 9_000, "550 5.6.0 A header field of this mail is too long"),
        ((b"X:" + b"y" * 29_998 + b"\r\n") * 9, "550 5.6.0 The header of this mail is too long"),
        (b"Received: from a\r\n by b\r\n" * 50, "250 2.0.0 "),
        (b"RECEIVED : from a\r\n by b\r\n" * 51, "554 5.4.6 "),
    ],
    ids=["500", "501", "32kB", "32kB+1", "folded", "256kB", "50 hops", "51 hops"],
)
def test_a_header_over_its_limits_is_refused_with_a_plain_reason(desk: Desk, header: bytes, reply: str) -> None:
    with peer_of(desk) as peer:
        assert peer.send(header + b"\r\nText\r\n").startswith(reply)


def test_the_text_of_a_mail_is_no_header_however_it_looks() -> None:
    limits = replace(Limits(), headers=2, received=0)
    assert fault_in(b"Subject: x\r\n\r\n" + b"Received: y\r\n" * 9, limits) == ""
    assert fault_in(b"Dear desk,\r\nReceived: y\r\n" + b"A: b\r\n" * 9, limits) == ""
    assert fault_in(b"\r\nReceived: y\r\n", limits) == ""
    assert fault_in(b"", limits) == ""


REPLIES = {"", TOO_BIG, MANY_FIELDS, LONG_FIELD, LONG_HEADER}


@given(st.binary(max_size=300))
def test_any_octets_at_all_can_be_judged(raw: bytes) -> None:
    assert fault_in(raw, Limits(size=200, headers=3, header=20, header_block=50)) in REPLIES


# Who may send what to whom


def test_only_our_own_addresses_are_taken(desk: Desk) -> None:
    with peer_of(desk) as peer:
        peer.ask(b"MAIL FROM:<ann@example.org>")
        assert peer.ask(b"RCPT TO:<someone@elsewhere.example>") == "550 5.1.1 We have no such address here"
        assert peer.ask(b"RCPT TO:<>") == "550 5.1.1 We have no such address here"
        assert peer.ask(b"DATA") == "503 5.5.1 There is no recipient that we know"
        assert peer.ask(b"RCPT TO:<Support@Example.com>") == "250 2.1.5 OK"
        assert peer.ask(b"RCPT TO:<Postmaster>") == "250 2.1.5 OK"
    assert desk.asked == ["someone@elsewhere.example", "Support@Example.com", "Postmaster"]


def test_without_room_on_the_disk_mail_is_put_off_before_it_is_sent(desk: Desk) -> None:
    desk.room = False
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:<ann@example.org>").startswith("452 4.3.1 ")
        desk.room = True
        assert peer.ask(b"MAIL FROM:<ann@example.org>") == "250 2.1.0 OK"


def test_the_recipients_of_one_mail_are_counted() -> None:
    with desk_with(Limits(recipients=3)) as desk, peer_of(desk) as peer:
        peer.ask(b"MAIL FROM:<ann@example.org>")
        replies = [peer.ask(b"RCPT TO:<support@example.com>")[:9] for _ in range(4)]
        assert replies == ["250 2.1.5"] * 3 + ["452 4.5.3"]
        peer.ask(b"DATA")
        assert peer.ask(MAIL + b".") == "250 2.0.0 Kept"
    assert len(desk.kept[0].recipients) == 3


@pytest.mark.parametrize(
    ("parameters", "reply"),
    [
        (b" SIZE=1000 BODY=8BITMIME", "250 2.1.0"),
        (b" body=7bit size=0", "250 2.1.0"),
        (b" RET=HDRS ENVID=QQ314159 AUTH=<>", "250 2.1.0"),
        (b" SMTPUTF8", "250 2.1.0"),
        (b" SMTPUTF8=yes", "501 5.5.4"),
        (b" BODY=BINARYMIME", "501 5.5.4"),
        (b" SIZE=many", "501 5.5.4"),
        (b" SIZE=" + b"9" * 400, "501 5.5.4"),
        (b" COLOUR=red", "555 5.5.4"),
    ],
)
def test_the_parameters_that_real_relays_send_are_understood(desk: Desk, parameters: bytes, reply: str) -> None:
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:<ann@example.org>" + parameters)[:9] == reply


def test_delivery_notices_may_be_asked_for(desk: Desk) -> None:
    with peer_of(desk) as peer:
        peer.ask(b"MAIL FROM:<ann@example.org>")
        wish = b"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;support@example.com"
        assert peer.ask(b"RCPT TO:<support@example.com> " + wish) == "250 2.1.5 OK"
        assert peer.ask(b"RCPT TO:<support@example.com> COLOUR=red")[:9] == "555 5.5.4"


@pytest.mark.parametrize(
    ("path", "sender"),
    [
        (b"<ann@example.org>", "ann@example.org"),
        (b" <ann@example.org>", "ann@example.org"),
        (b"<SRS0=x=y=example.net=ann@example.org>", "SRS0=x=y=example.net=ann@example.org"),
        (b'<"ann lee"@example.org>', '"ann lee"@example.org'),
        (b"<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
        (b"ann@example.org", "ann@example.org"),
        (b"<@relay.example.net:ann@example.org>", "ann@example.org"),
    ],
)
def test_addresses_in_all_their_forms_are_read(desk: Desk, path: bytes, sender: str) -> None:
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:" + path) == "250 2.1.0 OK"
        peer.ask(b"RCPT TO:<support@example.com>")
        peer.ask(b"DATA")
        peer.ask(MAIL + b".")
    assert desk.kept[0].sender == sender


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"MAIL FROM:<ann@example.org", "553 5.1.3"),
        (b"MAIL FROM:<<>>", "553 5.1.3"),
        (b"MAIL FROM:<a@[>", "553 5.1.3"),
        (b"MAIL FROM:<" + b"(" * 1500 + b"@x>", "553 5.1.3"),
        (b"MAIL FROM:" + b"<" * 1500, "553 5.1.3"),
        (b"MAIL FROM:<an\rn@example.org>", "501 5.5.2"),
        (b"MAIL FROM:<an\0n@example.org>", "501 5.5.2"),
        (b"MAIL FROM:<\xe9ric@example.org> SMTPUTF8", "501 5.5.2"),
        (b"MAIL TO:<ann@example.org>", "501 5.5.4"),
        (b"MAIL", "501 5.5.4"),
        (b"MAIL FROM:<" + b"a" * 3000 + b"@x>", "500 5.5.2"),
        (b"RCPT TO:<support@example.com>", "503 5.5.1"),
        (b"DATA", "503 5.5.1"),
        (b"AUTH PLAIN AGEAYg==", "500 5.5.2"),
        (b"STARTTLS", "500 5.5.2"),
        (b"\x1b[2J", "500 5.5.2"),
        (b"", "500 5.5.2"),
        (b"RSET now", "501 5.5.4"),
        (b"VRFY support", "252 2.5.0"),
        (b"NOOP", "250 2.0.0"),
        (b"QUIT", "221 2.0.0"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_code_and_without_an_echo(
    desk: Desk, command: bytes, reply: str, caplog: pytest.LogCaptureFixture
) -> None:
    with peer_of(desk) as peer:
        answer = peer.ask(command)
    assert answer[:9] == reply
    assert answer.isprintable()
    assert "failed" not in caplog.text


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.text(max_size=60))
def test_any_path_is_read_or_left_to_the_library(text: str, rest: str) -> None:
    path = read_plain_path(text)
    assert path is None or text.startswith(f"<{path[0]}>")
    assert read_parameters(rest).keys() == {word.partition("=")[0].upper() for word in rest.split()}


def test_addresses_beyond_ascii_need_smtputf8(desk: Desk) -> None:
    with peer_of(desk) as peer:
        assert peer.ask("MAIL FROM:<анна@пример.example>".encode())[:9] == "553 5.6.7"
        assert peer.ask("MAIL FROM:<анна@пример.example> SMTPUTF8".encode()) == "250 2.1.0 OK"
        assert peer.ask("RCPT TO:<dürer@example.com>".encode()) == "250 2.1.5 OK"
        peer.ask(b"RSET")
        peer.ask(b"MAIL FROM:<ann@example.org>")
        assert peer.ask("RCPT TO:<dürer@example.com>".encode())[:9] == "553 5.6.7"


def test_a_second_mail_command_is_refused_also_after_the_null_sender(desk: Desk) -> None:
    with peer_of(desk) as peer:
        assert peer.ask(b"MAIL FROM:<>") == "250 2.1.0 OK"
        assert peer.ask(b"MAIL FROM:<>")[:9] == "503 5.5.1"


def test_mail_before_the_greeting_is_refused(desk: Desk) -> None:
    with Peer(desk) as peer:
        peer.hear()
        assert peer.ask(b"MAIL FROM:<ann@example.org>")[:9] == "503 5.5.1"
        assert peer.ask(b"HELO") == "501 5.5.4 This command is not complete, or has too much"
        assert peer.ask(b"HELO client") == "250 mx.example.com"
        assert peer.send(MAIL) == "250 2.0.0 Kept"


# The dialogue itself


def test_the_greeting_tells_what_we_can_do_and_not_what_we_are_made_of(desk: Desk) -> None:
    with Peer(desk) as peer:
        assert peer.hear() == "220 mx.example.com ESMTP"
        offers = peer.ask(b"EHLO client.example.org").replace("250-", "").replace("250 ", "").split("\r\n")
    assert offers == ["mx.example.com", "SIZE 26214400", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES"]


def test_a_flood_of_commands_without_a_mail_ends_the_session() -> None:
    with desk_with(Limits(commands=20, recipients=5)) as desk, peer_of(desk) as peer:
        peer.say(b"NOOP\r\n" * 100)
        replies = []
        with suppress(ConnectionError):
            while reply := peer.hear():
                replies.append(reply[:9])
        assert replies == ["250 2.0.0"] * 23 + ["421 4.7.0"]


def test_nothing_is_obeyed_that_stands_behind_the_command_too_many() -> None:
    with desk_with(Limits(commands=20, recipients=5)) as desk:
        with peer_of(desk) as peer, suppress(ConnectionError):
            peer.say(b"NOOP\r\n" * 24 + TO_US + MAIL + b".\r\n")
            while peer.hear():
                pass
        desk.everybody_gone()
        assert desk.asked == []
        assert desk.kept == []


def test_a_session_that_brings_mail_may_go_on() -> None:
    with desk_with(Limits(commands=5, recipients=1)) as desk, peer_of(desk) as peer:
        assert [peer.send(MAIL) for _ in range(20)] == ["250 2.0.0 Kept"] * 20


def test_strange_words_end_the_session(desk: Desk) -> None:
    with peer_of(desk) as peer:
        peer.say(b"GET / HTTP/1.1\r\nHost: x\r\nAccept: y\r\nUser-Agent: z\r\nCookie: k\r\n" + TO_US + MAIL + b".\r\n")
        with suppress(ConnectionError):
            while reply := peer.hear():
                assert reply[:1] == "5"
    desk.everybody_gone()
    assert desk.kept == []


def test_connections_are_counted_in_all() -> None:
    with desk_with(Limits(connections=2)) as desk, peer_of(desk):
        with peer_of(desk), Peer(desk) as third:
            assert third.hear() == "421 4.3.2 Too many connections; please come back later"
            assert third.hear() == ""
        while len(desk.door.sessions) > 1:
            desk.call(asyncio.sleep(0))
        with peer_of(desk) as fourth:
            assert fourth.ask(b"NOOP") == "250 2.0.0 OK"


def test_connections_are_counted_for_each_address() -> None:
    with desk_with(Limits(per_address=1)) as desk, peer_of(desk), Peer(desk) as second:
        assert second.hear().startswith("421 4.7.0 Too many connections from your address")


def test_one_ipv6_host_counts_once_whatever_address_it_takes() -> None:
    assert neighbourhood("2001:db8:1:2::7") == neighbourhood("2001:db8:1:2:ffff::1")
    assert neighbourhood("2001:db8:1:2::7") != neighbourhood("2001:db8:1:3::7")
    assert neighbourhood("::ffff:192.0.2.1") == neighbourhood("192.0.2.1") == "192.0.2.1"
    assert neighbourhood("") == ""


@pytest.mark.parametrize("words", [b"", TO_US, TO_US + b"Subject: x\r\n"], ids=["silent", "at DATA", "in the mail"])
def test_a_silent_peer_is_told_and_left(words: bytes) -> None:
    with desk_with(Limits(idle=1.0)) as desk, peer_of(desk) as peer:
        peer.say(words)
        *_, last = iter(peer.hear, "")
        assert last.startswith("421 4.4.2 ")
        desk.call(desk.door.close(5))
        assert desk.kept == []


def test_a_peer_who_speaks_in_time_is_heard_on_and_left_once_silent() -> None:
    with desk_with(Limits(idle=0.5, commands=1_000_000)) as desk, peer_of(desk) as peer:
        began = spoke = time.monotonic()
        while spoke - began < 1.2:
            spoke = time.monotonic()
            assert peer.ask(b"NOOP") == "250 2.0.0 OK"
        assert peer.hear().startswith("421 4.4.2 ")
        assert peer.hear() == ""
        assert time.monotonic() - spoke >= 0.5


def test_one_mail_may_not_take_for_ever() -> None:
    with desk_with(Limits(idle=30, whole=0.2)) as desk, peer_of(desk) as peer:
        peer.announce()
        peer.say(b"NOOP\r\n")
        assert peer.hear().startswith("421 4.4.2 ")
        assert peer.hear() == ""
        desk.call(desk.door.close(5))
        assert desk.kept == []


# Encryption


def anonymous_tls(side: int) -> ssl.SSLContext:
    """Encryption without a certificate, so that no key has to lie beside the tests."""
    context = ssl.SSLContext(side)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    return context


@pytest.fixture
def safe_desk() -> Iterator[Desk]:
    with desk_with(tls=anonymous_tls(ssl.PROTOCOL_TLS_SERVER)) as one:
        yield one


def test_a_mail_comes_in_after_starttls(safe_desk: Desk) -> None:
    with smtplib.SMTP(*safe_desk.address) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        client.starttls(context=anonymous_tls(ssl.PROTOCOL_TLS_CLIENT))
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("ann@example.org", ["support@example.com"], MAIL * 2000)
    assert safe_desk.kept[0].raw == MAIL * 2000


def test_what_was_said_before_starttls_is_forgotten(safe_desk: Desk) -> None:
    with peer_of(safe_desk) as peer:
        peer.ask(b"MAIL FROM:<ann@example.org>")
        peer.say(b"STARTTLS\r\nMAIL FROM:<mallory@example.org>\r\n")
        assert peer.hear() == "220 2.0.0 Ready to start TLS"
        context = anonymous_tls(ssl.PROTOCOL_TLS_CLIENT)
        with context.wrap_socket(peer.socket) as secure, secure.makefile("rb") as replies:
            for command in (b"RCPT TO:<support@example.com>", b"MAIL FROM:<ann@example.org>", b"EHLO client"):
                secure.sendall(command + b"\r\n")
            assert [replies.readline()[:9] for _ in range(2)] == [b"503 5.5.1"] * 2
            assert replies.readline() == b"250-mx.example.com\r\n"


def test_a_peer_that_fails_at_tls_is_left_without_noise(safe_desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with peer_of(safe_desk) as peer:
        assert peer.ask(b"STARTTLS")[:3] == "220"
        peer.say(b"this is no handshake\r\n" * 10)
        with suppress(ConnectionError):
            while peer.socket.recv(1000):
                pass
    safe_desk.everybody_gone()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_many_come_through_a_sealed_door_at_a_time_and_none_is_lost() -> None:
    client_tls = anonymous_tls(ssl.PROTOCOL_TLS_CLIENT)
    limits = replace(LIMITS, per_address=50)

    def bring(number: int) -> bytes:
        # all of it in one breath, before the greeting
        words = b"EHLO client\r\n" + TO_US + MAIL + b"X: %d\r\n.\r\nQUIT\r\n" % number
        with socket.create_connection(one.address, 30) as wire, client_tls.wrap_socket(wire) as secure:
            secure.sendall(words)
            with secure.makefile("rb") as replies:
                return replies.read()

    with (
        desk_with(limits, tls=anonymous_tls(ssl.PROTOCOL_TLS_SERVER), sealed=True) as one,
        ThreadPoolExecutor(8) as pool,
    ):
        said = list(pool.map(bring, range(200)))
        one.everybody_gone()
    assert all(b"250 2.0.0 Kept\r\n221 2.0.0 Bye" in words for words in said)
    assert len({arrival.raw for arrival in one.kept}) == 200
    assert one.door.sessions == set()


def test_a_sealed_door_counts_who_has_not_said_a_word() -> None:
    limits = replace(LIMITS, per_address=2, idle=30)
    with desk_with(limits, tls=anonymous_tls(ssl.PROTOCOL_TLS_SERVER), sealed=True) as one:
        mute = [socket.create_connection(one.address, 30) for _ in range(2)]
        with socket.create_connection(one.address, 30) as third:
            assert third.recv(1000) == b"", "no words, for nobody who expects TLS could read them"
        for wire in mute:
            wire.close()
        one.everybody_gone()
        client_tls = anonymous_tls(ssl.PROTOCOL_TLS_CLIENT)
        with socket.create_connection(one.address, 30) as wire, client_tls.wrap_socket(wire) as secure:
            assert secure.recv(1000).startswith(b"220 ")


# Closing


def test_a_closing_door_lets_the_mail_under_way_finish_and_sends_idle_peers_home(desk: Desk) -> None:
    with peer_of(desk) as busy, peer_of(desk) as idle, ThreadPoolExecutor(1) as operator:
        busy.announce()
        closing = operator.submit(desk.call, desk.door.close(20))
        assert idle.hear().startswith("421 4.3.2 ")
        assert idle.hear() == ""
        busy.say(MAIL + b".\r\n")
        assert busy.hear() == "250 2.0.0 Kept"
        assert busy.hear().startswith("421 4.3.2 ")
        assert busy.hear() == ""
        closing.result(30)
    assert [arrival.raw for arrival in desk.kept] == [MAIL]


def test_a_closed_door_takes_nobody(desk: Desk) -> None:
    address = desk.address
    desk.call(desk.door.close(0))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, 30)


def test_a_mail_that_does_not_come_to_its_end_in_time_is_left_behind(desk: Desk) -> None:
    with peer_of(desk) as peer:
        peer.announce()
        peer.say(b"Subject: x\r\n")
        desk.call(desk.door.close(0))
        assert peer.hear().startswith("421 4.3.2 ")
    assert desk.kept == []
    assert desk.door.sessions == set()


def test_closing_waits_for_a_commit_even_if_its_peer_has_left(desk: Desk) -> None:
    with peer_kept_waiting(desk):
        pass
    desk.everybody_gone()
    with ThreadPoolExecutor(1) as operator:
        closing = operator.submit(desk.call, desk.door.close(20))
        desk.may_commit.set()
        closing.result(30)
    assert len(desk.kept) == 1
