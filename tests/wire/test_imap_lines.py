"""Stories of the IMAP door on lines that fail in every way that a line can: told, and mended by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from maild.ingest.imap import AGAIN, RECONCILE
from tests.wire.between import Between, End
from tests.wire.imap_server import PymapServer, pymap_server
from tests.wire.test_imap import NOON, USERS, Inbox, letter, mailbox_at, serving


@pytest.fixture
def imap() -> Iterator[PymapServer]:
    with pymap_server(USERS) as running:
        yield running


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


FAULTS: dict[str, tuple[Callable[[Between], object], str]] = {
    "silent": (lambda between: between.fails_after(0, End.SILENCE), "does not answer"),
    "gone": (lambda between: between.fails(End.VANISH), "does not answer"),
    "refused": (lambda between: between.refuses(), "nobody listens"),
    "half a line": (lambda between: between.fails_after(30, End.SILENCE), "does not answer"),
    "drop by drop": (lambda between: between.fails_after(0, End.DRIP), "does not answer"),
    "reset at once": (lambda between: between.fails_after(0, End.RESET), "cannot be reached"),
    "reset after a while": (lambda between: between.fails_after(400, End.RESET), "cannot be reached"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_line_that_fails_is_told_and_all_mail_comes_once_it_is_mended(imap: PymapServer, fault: str) -> None:
    inbox = Inbox()
    fails, words = FAULTS[fault]
    with Between(imap.port) as between:
        mailbox = mailbox_at(imap, port=between.port, idle=0.5, read=1.0, connect=1.0)
        with serving(mailbox, inbox) as watch:
            imap.append("support", letter("before"))
            assert inbox.has(1)
            fails(between)
            between.fails(End.RESET if fault != "gone" else End.VANISH)
            imap.append("support", letter("meanwhile"))
            told = watch.until(lambda health: words in health.reason)
            assert (told.connected, told.failing_since) == (False, NOON)
            between.heals()
            assert inbox.has(2)
            watch.until_next(lambda health: health.connected and not health.reason)
        assert inbox.raws == [letter("before"), letter("meanwhile")]
        assert imap.folder("support") == []


def test_a_line_that_falls_silent_while_we_idle_is_noticed_by_itself(imap: PymapServer) -> None:
    inbox = Inbox()
    with (
        Between(imap.port) as between,
        serving(mailbox_at(imap, port=between.port, idle=0.5, read=1.0), inbox) as watch,
    ):
        watch.until(lambda health: health.connected)
        between.fails(End.SILENCE)
        imap.append("support", letter("unheard"))
        watch.until(lambda health: "does not answer" in health.reason)
        assert inbox.has(1), "a new line is made, and finds what was missed"


def test_a_mail_over_which_the_line_broke_three_times_is_tried_again_later_and_then_ever_more_seldom(
    imap: PymapServer,
) -> None:
    inbox, clock = Inbox(), Clock()
    for words in ("one", "poison", "three"):
        imap.append("support", letter(words))
    with Between(imap.port) as between:
        between.fails_at(b"poison", End.RESET, side="server", always=True)
        with serving(mailbox_at(imap, port=between.port, idle=0.2), inbox, clock) as watch:
            left = watch.until(lambda health: bool(health.left))
            assert "the connection broke 3 times while it was fetched" in left.left[0]
            assert inbox.raws == [letter("one"), letter("three")], "others do not wait for it"
            clock.now += AGAIN
            watch.until_next(lambda health: bool(health.left) and "broke 4 times" in health.left[0])
            between.heals()
            clock.now += AGAIN
            heard = len(watch.heard)
            watch.until(lambda health: bool(health.left) and "broke 4 times" in health.left[0], after=heard)
            assert len(inbox.order) == 2, "it waits twice as long now"
            clock.now += AGAIN
            assert inbox.has(3)
            watch.until_next(lambda health: not health.left)


def test_a_mail_that_the_line_broke_over_is_never_left_longer_than_a_quarter_of_an_hour(imap: PymapServer) -> None:
    inbox, clock = Inbox(), Clock()
    imap.append("support", letter("poison"))
    with Between(imap.port) as between:
        between.fails_at(b"poison", End.RESET, side="server", always=True)
        with serving(mailbox_at(imap, port=between.port, idle=0.2), inbox, clock) as watch:
            watch.until(lambda health: bool(health.left))
            for tries in range(4, 9):
                clock.now += RECONCILE
                watch.until_next(lambda health: bool(health.left) and f"broke {tries} times" in health.left[0])  # noqa: B023
            between.heals()
            imap.cut()  # a connection that does not live for so long itself changes nothing of that
            clock.now += RECONCILE - timedelta(seconds=1)
            watch.until_next(lambda health: bool(health.left))
            clock.now += timedelta(seconds=1)
            assert inbox.has(1)
