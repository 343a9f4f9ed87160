"""The children that read: each mail within its share, and none of them waits for another."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maild.abreast import abreast
from maild.ingest.kind import Ours
from maild.ingest.parse import Limits
from maild.ingest.proof import Trust
from maild.ingest.reading import NO_TRUST, read, reading
from maild.readers import _SAMPLE, Outcome, Read, Readers, Share, Unread

OURS = Ours(frozenset({"support@example.com"}))
# Slow by itself: the limit that keeps HTML short is lifted for it.
SLOW = b"Content-Type: text/html\r\n\r\n<table>" + b"<tr><td>x<td>y" * 300_000
SLOW_LIMITS = Limits(html=10_000_000)


def small(n: int) -> bytes:
    return b"From: ann@example.org\r\nSubject: mail %d\r\n\r\nwords\r\n" % n


def submit(readers: Readers, key: int, raw: bytes) -> None:
    readers.submit(key, raw, sender="ann@example.org", ours=OURS, trust=NO_TRUST)


def all_of(readers: Readers) -> dict[int, Outcome]:
    finished: dict[int, Outcome] = {}
    while readers.pending:
        finished.update(readers.wait(60))
    return finished


@pytest.fixture(scope="module")
def readers() -> Iterator[Readers]:
    with Readers(2, Share(cpu=60, wall=60, mails=20)) as pool:
        yield pool


def test_every_mail_comes_back_with_its_key(readers: Readers) -> None:
    for n in range(100):
        submit(readers, n, small(n))
    finished = all_of(readers)
    assert sorted(finished) == list(range(100))
    for n, outcome in finished.items():
        assert isinstance(outcome, Read)
        assert outcome.mail.subject == f"mail {n}"


def test_a_mail_comes_back_as_it_was_read_on_the_terms_of_the_moment(readers: Readers) -> None:
    raw = (
        b"Received: from mail.example.org\r\nAuthentication-Results: mx; dmarc=pass header.from=example.org\r\n"
        b"From: Ann <ann@example.org>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n"
        b"--b\r\nContent-Type: image/png; name=a.png\r\n\r\npixels\r\n--b--"
    )
    trust = Trust(relays=("192.0.2.1",), authserv_ids=("mx",), peer="192.0.2.1", mailbox="")
    terms = {1: (OURS, NO_TRUST), 2: (OURS, trust), 3: (Ours(frozenset({"ann@example.org"})), trust)}
    for key, (ours, believed) in terms.items():
        readers.submit(key, raw, sender="ann@example.org", ours=ours, trust=believed)
    finished = all_of(readers)
    for key, (ours, believed) in terms.items():
        assert finished[key] == Read(read(raw, sender="ann@example.org", ours=ours, trust=believed))
    assert len({repr(outcome) for outcome in finished.values()}) == 3


def test_the_mail_that_warms_a_child_up_has_words_in_a_language_and_an_absence() -> None:
    mail = read(_SAMPLE, sender="")
    assert mail.language == "en", "the model of languages is loaded"
    assert mail.vacation is not None, "the words of absence are compiled"


def test_children_are_replaced_after_their_share_of_mails_and_nothing_is_lost(readers: Readers) -> None:
    for n in range(130):
        submit(readers, n, small(n))
    assert all(isinstance(outcome, Read) for outcome in all_of(readers).values())


def test_large_mail_goes_through_as_well(readers: Readers) -> None:
    for n in range(6):
        submit(readers, n, small(n) + b"line of words\r\n" * (200_000 if n % 2 else 1))
    finished = all_of(readers)
    assert len(finished) == 6
    assert all(isinstance(outcome, Read) for outcome in finished.values())


def test_a_wait_for_nothing_ends_at_once(readers: Readers) -> None:
    assert readers.wait(600) == []
    assert readers.poll() == []


@pytest.mark.parametrize(
    ("share", "reason"),
    [
        (Share(cpu=1, wall=60), "more than 1 seconds of processor time"),
        (Share(cpu=60, wall=1), "more than 1 seconds"),
    ],
)
def test_a_mail_that_takes_more_than_its_share_comes_back_unread_and_the_others_are_read(
    share: Share, reason: str
) -> None:
    with Readers(1, share, SLOW_LIMITS) as pool:
        submit(pool, 0, small(0))
        submit(pool, 1, SLOW)
        for n in range(2, 12):
            submit(pool, n, small(n))
        finished = all_of(pool)
    slow = finished.pop(1)
    assert isinstance(slow, Unread)
    assert slow.reason.endswith(reason)
    assert sorted(finished) == [0, *range(2, 12)]
    assert all(isinstance(outcome, Read) for outcome in finished.values())


def test_a_reader_that_is_killed_costs_at_most_the_mail_that_it_read() -> None:
    with Readers(1, Share(cpu=60, wall=60), SLOW_LIMITS) as pool:
        submit(pool, 0, small(0))
        assert [key for key, _ in pool.wait(60)] == [0]
        submit(pool, 1, SLOW)
        submit(pool, 2, small(2))
        assert pool.poll() == [], "both are handed over"
        os.killpg(pool._children[0].process.pid, signal.SIGKILL)
        finished = all_of(pool)
    assert isinstance(finished[1], Unread)
    assert isinstance(finished[2], Read)


class Deadly(frozenset[str]):
    """Addresses on which a reader dies as soon as it takes them off the line."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return os._exit, (7,)


class Endless(frozenset[str]):
    """Addresses that take longer than any mail may."""

    def __reduce__(self) -> tuple[Callable[[float], object], tuple[float]]:
        return time.sleep, (60,)


class Lengthy(frozenset[str]):
    """Addresses that take a reader a third of a second."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return eval, (f"__import__('time').sleep(1 / 3) or {frozenset(self)!r}",)


class Unspeakable(Ours):
    """Addresses that nobody can ask for one."""

    def holds(self, spec: str) -> bool:
        raise ValueError(spec)


@pytest.mark.parametrize(
    ("addresses", "reason"),
    [(Deadly, "the reader died (exit code 1)"), (Endless, "reading it took more than 1 seconds")],
)
def test_of_a_bundle_on_which_a_child_dies_only_the_mail_that_killed_it_comes_back_unread(
    addresses: type[frozenset[str]], reason: str
) -> None:
    with Readers(1, Share(wall=1)) as pool:
        for n in range(16):
            ours = Ours(addresses({addresses.__name__})) if n == 5 else OURS
            pool.submit(n, small(n), sender="ann@example.org", ours=ours, trust=NO_TRUST)
        finished = all_of(pool)
    assert finished.pop(5) == Unread(reason)
    assert sorted(finished) == [*range(5), *range(6, 16)]
    assert all(isinstance(outcome, Read) for outcome in finished.values())


def test_a_bundle_has_the_time_of_one_mail_and_mails_that_need_it_each_are_read_one_by_one() -> None:
    with Readers(1, Share(wall=1)) as pool:
        first = pool._children[0]
        for n in range(5):
            ours = Ours(Lengthy({f"desk{n}@example.com"}))
            pool.submit(n, small(n), sender="ann@example.org", ours=ours, trust=NO_TRUST)
        finished = all_of(pool)
        assert pool._children[0] is not first, "it ended over the bundle"
    assert sorted(finished) == [*range(5)]
    assert all(isinstance(outcome, Read) and not outcome.mail.error for outcome in finished.values())


def test_mails_read_abreast_come_to_what_each_comes_to_alone_and_one_that_fails_is_no_harm_to_the_others() -> None:
    terms: list[tuple[bytes, Ours]] = [
        (raw, OURS) for raw in (small(1), small(2), _SAMPLE, b"", b"Content-Type: multipart/mixed")
    ]
    terms.insert(2, (small(3), Unspeakable()))
    together = abreast([reading(raw, sender="", ours=ours) for raw, ours in terms])
    assert together == [read(raw, sender="", ours=ours) for raw, ours in terms]
    faults = [mail.error for mail in together]
    assert faults == ["", "", "the parts could not be read (ValueError)", "", "", ""]


def test_small_mail_is_shared_out_among_the_children_in_bundles(readers: Readers) -> None:
    while not all(child.ready for child in readers._children):
        submit(readers, 20, small(20))
        assert len(all_of(readers)) == 1
    children = [child.process.pid for child in readers._children]
    for child in children:
        os.killpg(child, signal.SIGSTOP)  # so that none has read its bundle before we look
    try:
        for n in range(20):
            submit(readers, n, small(n))
        assert readers.poll() == []
        handed = [list(map(len, child.bundles)) for child in readers._children]
    finally:
        for child in children:
            os.killpg(child, signal.SIGCONT)
    assert sorted(handed) == [[8], [8, 4]]
    assert len(all_of(readers)) == 20


def test_a_mail_that_needs_more_memory_than_its_share_does_not_stop_the_next() -> None:
    with Readers(1, Share(memory=8 * 1024 * 1024)) as pool:
        submit(pool, 1, small(1) + b"line of words\r\n" * 1_000_000)
        submit(pool, 2, small(2))
        finished = all_of(pool)
    first = finished[1]
    assert isinstance(first, Unread) or first.mail.error
    assert isinstance(finished[2], Read)


def test_a_reader_holds_none_of_our_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        os.set_inheritable(door.fileno(), True)
        with Readers(1) as pool:
            submit(pool, 1, small(1))
            all_of(pool)
            held = Path(f"/proc/{pool._children[0].process.pid}/fd")
            if not held.exists():
                pytest.skip("this system does not show what a process holds open")
            sockets = [os.readlink(one) for one in held.iterdir() if "socket:" in os.readlink(one)]
    assert len(sockets) == 1


def test_readers_that_are_closed_leave_no_process_behind() -> None:
    pool = Readers(2)
    children = [child.process for child in pool._children]
    pool.close()
    assert all(child.poll() is not None for child in children)
    pool.close()
