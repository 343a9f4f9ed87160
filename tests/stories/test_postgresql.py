"""What PostgreSQL does that a file does not: it hangs up, it comes back, and it refuses what no text may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from maild.ingest.doors import Journal
from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Store, Tx
from maild.store.fault import LostError, StoreError
from maild.store.tables import table
from tests import databases
from tests.stories.house import MORNING, RELAY, House

pytestmark = pytest.mark.postgresql
MAIL = b"From: Luc <luc@customer.example>\r\nTo: support@desk.example\r\nSubject: Invoice 77\r\n%b\r\n\r\nWrong.\r\n"
SOURCES = count(1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(databases.url_of(tmp_path), tmp_path)
    made.create()
    yield made
    made.close()


def arrival(raw: bytes = MAIL % b"Message-ID: <a@customer.example>") -> Arrival:
    """The mail as a sender hands it in once more: each time it is another delivery."""
    source = f"smtp:again-{next(SOURCES)}"
    return Arrival(source, raw, "luc@customer.example", ("support@desk.example",), MORNING, peer=RELAY)


def hang_up(tx: Tx, folder: Path) -> None:
    """Have the server end the connection that this transaction is on."""
    pid = tx.driver.info.backend_pid
    databases.rows(databases.url_of(folder), f"SELECT pg_terminate_backend({pid}, 5000)")


def test_what_is_not_committed_when_the_server_hangs_up_is_not_kept_and_its_sender_tries_again(house: House) -> None:
    def cut_off(tx: Tx) -> int | None:
        kept = inbox.keep(tx, arrival())
        hang_up(tx, house.folder)
        return kept

    with pytest.raises(LostError, match="terminating connection"):
        house.store.write(cut_off)
    assert house.store.lost_since is not None
    house.store.write(lambda tx: inbox.keep(tx, arrival()))
    assert house.store.lost_since is None
    house.works()
    assert len(house.tickets) == 1
    with house.store.read() as tx:
        assert [kept.state for kept in inbox.listing(tx)] == ["ticket"]


def test_a_commit_whose_answer_is_lost_counts_as_a_failure_and_the_second_copy_is_a_duplicate(
    house: House,
) -> None:
    def kept_but_nobody_heard(tx: Tx) -> None:
        inbox.keep(tx, arrival())
        tx.driver.execute("COMMIT")
        hang_up(tx, house.folder)

    with pytest.raises(LostError):
        house.store.write(kept_but_nobody_heard)
    house.store.write(lambda tx: inbox.keep(tx, arrival()))
    house.works()
    assert len(house.tickets) == len(house.entries()) == 1
    with house.store.read() as tx:
        assert sorted(kept.state for kept in inbox.listing(tx)) == ["duplicate", "ticket"]


def test_readers_that_were_hung_up_on_read_on(house: House) -> None:
    house.receives("Hello")

    def look() -> None:
        with house.store.read() as tx:
            hang_up(tx, house.folder)
            inbox.counts(tx)

    with pytest.raises(LostError):
        look()
    assert len(house.tickets) == 1
    house.receives("More", answers=house.last("luc@customer.example"))
    assert len(house.entries()) == 2


def test_a_job_that_swallows_a_fault_is_not_taken_for_kept(store: Store) -> None:
    def careless(tx: Tx) -> None:
        inbox.keep(tx, arrival())
        with suppress(Exception):
            tx.driver.execute("SELECT 1/0")

    with pytest.raises(StoreError, match="taken back"):
        store.write(careless)
    store.write(lambda tx: inbox.keep(tx, arrival()))
    with store.read() as tx:
        assert len(inbox.listing(tx)) == 1


def test_while_the_server_is_away_every_write_fails_at_once_and_the_desk_comes_back_with_it(tmp_path: Path) -> None:
    url = databases.url_of(tmp_path)
    away = Store(f"{url}-gone", tmp_path)
    for _ in range(3):
        with pytest.raises(LostError):
            away.write(lambda tx: inbox.keep(tx, arrival()))
    with pytest.raises(LostError):
        away.read().__enter__()
    with pytest.raises(StoreError, match=r"check store\.url"):
        away.create()
    away.close()


def test_a_big_mail_lies_in_the_database_where_every_daemon_can_read_it(store: Store) -> None:
    journal = Journal(store, lambda: None, lambda: True)
    raw = MAIL % b"" + b"x" * (3 * inbox.INLINE)
    journal.keep([arrival(raw)])
    with store.read() as tx:
        [row] = tx.connection.execute(select(table("raw")))
        assert (row.file, row.content) == ("", raw)
        assert inbox.bytes_of(tx, row.inbox) == raw
    assert not (store.home / "mail").exists()


@pytest.mark.parametrize(
    "head",
    [
        b"X-Nothing: \0",
        b"Subject: a\0b",
        b"Message-ID: <a\0b@customer.example>",
        b"References: <x\0y@customer.example>",
        b'From: "L\0uc" <luc\0@customer.example>',
        b"Subject: =?utf-8?q?a=00b?=",
        b'Content-Type: text/plain; name="a\0b.txt"',
    ],
)
def test_a_mail_with_nul_becomes_a_ticket_as_on_sqlite(house: House, head: bytes) -> None:
    raw = head + b"\r\nFrom: Luc <luc@customer.example>\r\nTo: support@desk.example\r\n\r\nOne\0two \xed\xa0\x80.\r\n"
    kept = house.takes(raw, "luc@customer.example", ("support@desk.example",))
    assert house.mail(kept).state == "ticket"
    assert "One" in house.entries()[0].text


def test_numbers_that_no_ticket_has_are_no_fault(house: House) -> None:
    house.receives("Hello", subject="[#99999999999] Invoice")
    assert [ticket.number for ticket in house.tickets] == [1]
    with house.store.read() as tx:
        assert inbox.named(tx, "99999999999") == []


def test_moments_come_back_in_utc_to_the_microsecond(house: House) -> None:
    house.now = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=UTC)
    house.receives("Hello")
    assert house.ticket().created_at == house.now
    assert house.ticket().created_at.tzinfo is UTC
