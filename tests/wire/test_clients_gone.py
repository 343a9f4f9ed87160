"""Clients that vanish in the middle of a mail, by the hundred: each place is free again in time, nothing is kept."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from maild.ingest.smtp import Limits
from tests.wire.between import deafen
from tests.wire.running import until
from tests.wire.test_smtp import LIMITS, MAIL, TO_US, Desk, Peer, anonymous_tls, desk_with

IDLE = 2.0
FULL = "421 4.3.2 Too many connections; please come back later"
SERVER, CLIENT = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT


@contextmanager
def vanished(desk: Desk, host: str, words: bytes, *, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """A client that says these words and is gone: it acknowledges nothing more, and nobody says so."""
    with ExitStack() as stack:
        wire = stack.enter_context(socket.create_connection(desk.address, 30, source_address=(host, 0)))
        line = stack.enter_context(tls.wrap_socket(wire, do_handshake_on_connect=bool(words))) if tls else wire
        if words:
            line.recv(1000)
            line.sendall(b"EHLO client.example.org\r\n" + words)
        deafen(line)
        yield


def lets_in(desk: Desk, tls: ssl.SSLContext | None = None) -> bool:
    """Whether somebody else has a place, and can hand in a mail."""
    with Peer(desk) as peer:
        if tls is not None:
            peer.socket = tls.wrap_socket(peer.socket)
            peer.lines = peer.socket.makefile("rb")
        if not peer.hear().startswith("220"):
            return False
        peer.ask(b"EHLO other.example.org")
        return peer.send(MAIL) == "250 2.0.0 Kept"


@pytest.mark.parametrize("words", [b"NOOP\r\n", TO_US, TO_US + MAIL], ids=["idle", "at DATA", "amid the mail"])
def test_a_hundred_clients_that_vanish_shut_the_door_no_longer_than_the_time_out_says(words: bytes) -> None:
    limits = replace(LIMITS, idle=IDLE)
    assert limits.connections == Limits().connections == 100
    with desk_with(limits) as desk, ExitStack() as gone:
        for number in range(limits.connections):
            gone.enter_context(vanished(desk, f"127.0.1.{number + 1}", words))
        since = time.monotonic()
        assert not lets_in(desk), "a hundred is what the door holds"
        until(lambda: lets_in(desk))
        assert time.monotonic() - since < 2 * IDLE + 1
        until(lambda: not desk.door.sessions)
        assert [arrival.raw for arrival in desk.kept] == [MAIL]
        assert desk.door.memory.free == limits.memory


@pytest.mark.parametrize("words", [b"", TO_US + MAIL], ids=["in the handshake", "amid the mail"])
def test_clients_that_vanish_behind_tls_are_let_go_of_as_well(words: bytes) -> None:
    limits = replace(LIMITS, idle=IDLE, connections=3)
    client = anonymous_tls(CLIENT)
    with desk_with(limits, tls=anonymous_tls(SERVER), sealed=True) as desk, ExitStack() as gone:
        for number in range(limits.connections):
            gone.enter_context(vanished(desk, f"127.0.1.{number + 1}", words, tls=client))
        until(lambda: len(desk.door.sessions) == limits.connections)
        until(lambda: not desk.door.sessions)
        assert lets_in(desk, client)
        assert [arrival.raw for arrival in desk.kept] == [MAIL]


def test_a_peer_that_vanishes_while_its_mail_is_kept_is_no_matter_to_the_mail() -> None:
    with desk_with(replace(LIMITS, idle=IDLE)) as desk, vanished(desk, "127.0.1.1", TO_US + MAIL + b".\r\n"):
        assert desk.finished.wait(30)
        until(lambda: not desk.door.sessions)
        assert [arrival.raw for arrival in desk.kept] == [MAIL]


def test_one_address_whose_clients_vanish_shuts_out_itself_alone() -> None:
    limits = replace(LIMITS, idle=30.0)
    with desk_with(limits) as desk, ExitStack() as gone:
        for _ in range(limits.per_address):
            gone.enter_context(vanished(desk, "127.0.1.1", TO_US))
        with socket.create_connection(desk.address, 30, source_address=("127.0.1.1", 0)) as wire:
            assert wire.recv(100).startswith(b"421 4.7.0 Too many connections from your address")
        assert lets_in(desk)


@pytest.mark.parametrize(("lmtp", "replies"), [(False, 1), (True, 2)], ids=["smtp", "lmtp"])
def test_a_mail_that_cannot_be_kept_in_time_is_answered_451_and_no_word_of_ours_is_lost(
    lmtp: bool, replies: int
) -> None:
    with desk_with(replace(LIMITS, whole=IDLE), lmtp=lmtp) as desk, Peer(desk) as peer:
        desk.may_commit.clear()  # the store holds the line and says nothing
        peer.greet(b"LHLO client.example.org" if lmtp else b"EHLO client.example.org")
        peer.say(TO_US.replace(b"DATA", b"RCPT TO:<postmaster>\r\nDATA"))
        assert [peer.hear()[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        peer.say(MAIL + b".\r\n")
        *said, last = [peer.hear() for _ in range(replies + 1)]
        assert [one[:9] for one in said] == ["451 4.3.0"] * replies
        assert last == "", "and then the line is free"
        desk.may_commit.set()
        assert desk.finished.wait(30), "what was begun is kept all the same; the same mail again will be a duplicate"


def test_with_the_usual_limits_a_client_that_vanished_holds_its_place_for_a_minute() -> None:
    assert Limits().idle == 60
    assert Limits().whole == 300
