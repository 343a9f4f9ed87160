"""What PostgreSQL does that a file does not: it hangs up, it comes back, and it refuses what no text may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, select

from maild.courier import Deferred, Outcome
from maild.deliver import Delivery
from maild.ingest.doors import Journal
from maild.mail import Arrival
from maild.store import inbox, meta, outbox, schema
from maild.store.engine import Store, Tx
from maild.store.fault import LostError, StoreError
from maild.store.tables import table
from tests import databases
from tests.stories.house import MORNING, RELAY, House
from tests.stories.test_schemas import PowerCutError
from tests.wire.running import until

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
    away = Store(re.sub(r"port=\d+", "port=1", databases.url_of(tmp_path)), tmp_path)
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


@pytest.mark.parametrize("cut_at", ["ALTER", "UPDATE meta", "COMMIT", ""])
def test_a_store_of_an_earlier_schema_is_upgraded_even_after_a_cut(house: House, cut_at: str) -> None:
    house.receives("Hello")
    house.close()
    line = house.store
    line.write(lambda tx: tx.driver.execute("ALTER TABLE outbox DROP COLUMN holder"))
    line.write(lambda tx: tx.driver.execute("UPDATE meta SET value = '5' WHERE key = 'schema'"))

    def cut(_connection: object, _cursor: object, words: str, *_: object) -> None:
        if cut_at and words.startswith(cut_at):
            raise PowerCutError

    store = Store(databases.url_of(house.folder), house.folder)
    event.listen(store._engine, "before_cursor_execute", cut)
    with suppress(PowerCutError):
        store.create()
    assert store.schema() == (5 if cut_at else schema.NEWEST)
    store.close()
    line.create()
    assert line.schema() == schema.NEWEST
    assert line.stand()
    house.receives("More", answers=house.last("luc@customer.example"))
    assert len(house.entries()) == 2


def test_a_store_that_does_not_hold_the_lock_decides_nothing_until_the_other_one_has_gone(tmp_path: Path) -> None:
    one, other = (Store(databases.url_of(tmp_path), tmp_path) for _ in range(2))
    assert one.stand()
    assert not other.stand()
    with pytest.raises(LostError, match="another daemon decides"):
        other.write(lambda tx: tx.must_decide())
    one.write(lambda tx: tx.must_decide())
    other.write(lambda tx: inbox.keep(tx, arrival()))
    one.close()
    until(other.stand)
    other.write(lambda tx: tx.must_decide())
    other.close()


def test_leases_of_a_daemon_that_is_gone_are_taken_over_and_those_of_a_living_one_are_not(house: House) -> None:
    house.letterbox.answer = lambda _: Deferred("451 later")
    house.receives("Hello")
    house.now += timedelta(hours=1)
    other = Store(databases.url_of(house.folder), house.folder)
    end = house.now + timedelta(minutes=20)
    leased = other.write(lambda tx: outbox.lease(tx, house.now, end, 16, f"{other.number}/courier-1"))
    assert len(leased) == 2
    assert house.store.write(lambda tx: outbox.recover(tx, house.now)) == 0
    other.close()
    assert until(lambda: house.store.write(lambda tx: outbox.recover(tx, house.now))) == 2
    assert {row.state for row in house.outbox} == {"uncertain"}
    other.write(lambda tx: outbox.sent(tx, [(one, "250 too late", house.now) for one in leased]))
    assert {row.state for row in house.outbox} == {"uncertain"}
    other.close()


class Unheard(Delivery):
    """A courier that hears nothing of what the database has committed, once."""

    heard = False

    def _settlement(self, carried: list[tuple[outbox.Leased, Outcome, datetime]]) -> Callable[[Tx], None]:
        write = super()._settlement(carried)
        if self.heard:
            return write
        self.heard = True
        return partial(unheard, write)


def unheard(write: Callable[[Tx], object], tx: Tx) -> None:
    """The transaction is committed, and then the line is cut."""
    write(tx)
    tx.driver.execute("COMMIT")
    folder = Path(tx.driver.execute("SELECT value FROM meta WHERE key = 'test:folder'").fetchone()[0])
    hang_up(tx, folder)


@pytest.fixture
def lost(house: House) -> House:
    """A desk with two mails to send, whose courier has a name."""
    house.store.write(lambda tx: meta.put(tx, "test:folder", str(house.folder)))
    house.store.write(lambda tx: inbox.keep(tx, arrival()))
    while house.clerk.step(house.now):
        pass
    house.delivery = Unheard(house.office, house.letterbox, lambda: house.now, holder=f"{house.store.number}/courier-1")
    return house


def test_a_courier_that_does_not_hear_that_its_mails_are_settled_sends_none_twice(lost: House) -> None:
    with pytest.raises(LostError):
        lost.delivery.step(lost.now)
    lost.works()
    assert [row.state for row in lost.outbox] == ["sent", "sent"]
    assert len(lost.sent) == 2


def test_a_courier_that_does_not_hear_of_its_lease_sends_those_mails_all_the_same(lost: House) -> None:
    end = lost.now + timedelta(minutes=20)
    take = partial(outbox.lease, now=lost.now, until=end, most=16, holder=lost.delivery.holder)
    with pytest.raises(LostError):
        lost.store.write(partial(unheard, take))
    assert isinstance(lost.delivery, Unheard)
    lost.delivery.heard = lost.delivery.unsure = True
    lost.works()
    assert [(row.state, row.tries) for row in lost.outbox] == [("sent", 1), ("sent", 1)]
    assert len(lost.sent) == 2
