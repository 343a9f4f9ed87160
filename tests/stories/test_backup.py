"""A desk is written into one file while it works, and made again of it: whole, and without saying things twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from maild.courier import Deferred
from maild.ingest.doors import Journal
from maild.mail import Arrival
from maild.store import archive, inbox, outbox, schema
from maild.store.engine import Store
from maild.store.fault import StoreError
from tests.stories.house import ANN, MORNING, RELAY, House
from tests.stories.shell import enter, say

LUC = "luc@customer.example"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "elsewhere").mkdir()
    built = House(tmp_path / "elsewhere", now=MORNING + timedelta(hours=1))
    yield built
    assert built.faults() == []
    built.close()


def written(house: House, file: Path) -> Path:
    with house.store.read() as tx:
        archive.write(tx, file, house.now)
    return file


def all_of(store: Store) -> list[str]:
    with store.read() as tx:
        return sorted(map(repr, archive._rows(tx)))


def lived(house: House) -> None:
    """A day: two conversations, a big mail, an absence, a promise."""
    house.receives("Invoice 77 shows two licences.", attach=("list.csv", b"1,2"))
    house.agent_replies("We look into it.\n\nAnn", house.last(ANN.email, "assigned"))
    house.receives("Here is the contract.", answers=house.last(LUC, "reply"))
    house.agent_replies("#assign ben because Ben knows it", house.last(ANN.email, "customer-replied"))
    house.receives("A second question.", author="Eva <eva@other.example>", subject="Printer")
    raw = b"From: Mia <mia@other.example>\r\nTo: support@desk.example\r\nSubject: Big\r\n\r\n" + b"word " * 60_000
    journal = Journal(house.store, lambda: None, lambda: True)
    journal.keep([Arrival("imap:1", raw, "mia@other.example", ("support@desk.example",), house.now, peer=RELAY)])
    house.works()


def test_a_store_comes_back_as_it_was_with_every_byte(house: House, elsewhere: House, tmp_path: Path) -> None:
    lived(house)
    file = written(house, tmp_path / "backup")
    assert file.stat().st_mode & 0o777 == 0o600
    restored = elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    assert (restored.mails, restored.tickets, restored.unsure) == (6, 3, 0)
    floors = [row for row in all_of(elsewhere.store) if "floor:" not in row]
    assert floors == all_of(house.store)
    with elsewhere.store.read() as tx, house.store.read() as before:
        for kept in inbox.listing(before):
            assert inbox.bytes_of(tx, kept.id) == inbox.bytes_of(before, kept.id)


def test_the_restored_desk_goes_on_and_gives_no_number_twice(house: House, elsewhere: House, tmp_path: Path) -> None:
    lived(house)
    last = house.last(LUC, "owner-changed") if house.sent_to(LUC)[-1].notice == "owner-changed" else house.last(LUC)
    file = written(house, tmp_path / "backup")
    house.receives("Written after the backup.", author="Zoe <zoe@other.example>", subject="Late")
    late = {letter["Message-ID"] for letter in house.sent}
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    elsewhere.receives("One more thing.", answers=last, message_id="<after@customer.example>")
    assert elsewhere.entries(1)[-1].text == "One more thing."
    elsewhere.receives("Another one.", author="Kim <kim@other.example>", subject="New")
    numbers = [ticket.number for ticket in elsewhere.tickets]
    assert numbers[:3] == [1, 2, 3]
    assert numbers[3] > 1000
    assert not late & {letter["Message-ID"] for letter in elsewhere.sent}


def numbers_told(house: House) -> set[int]:
    """The new tickets, of after the backup, that anybody outside has read of."""
    return {int(letter["X-Maild-Ticket"]) for letter in house.sent if letter["X-Maild-Ticket"]} - {1, 2, 3}


def test_a_backup_that_is_restored_again_gives_no_number_again_that_came_since(
    house: House, elsewhere: House, tmp_path: Path
) -> None:
    lived(house)
    file = written(house, tmp_path / "backup")
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    elsewhere.counter = count(100)
    elsewhere.receives("After the first.", author="Kim <kim@other.example>", subject="New")
    told, sent = numbers_told(elsewhere), {letter["Message-ID"] for letter in elsewhere.sent}
    elsewhere.letterbox.mails.clear()
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=True))
    elsewhere.receives("After the second.", author="Joe <joe@other.example>", subject="Newer")
    assert numbers_told(elsewhere)
    assert not numbers_told(elsewhere) & told
    assert not {letter["Message-ID"] for letter in elsewhere.sent} & sent


def test_a_backup_of_a_desk_that_was_just_restored_leaves_out_what_that_desk_gave_since(
    house: House, elsewhere: House, tmp_path: Path
) -> None:
    lived(house)
    first = written(house, tmp_path / "first")
    elsewhere.store.write(lambda tx: archive.read(tx, first, force=False))
    second = written(elsewhere, tmp_path / "second")
    elsewhere.counter = house.counter = count(100)
    elsewhere.receives("After the first.", author="Kim <kim@other.example>", subject="New")
    house.letterbox.mails.clear()
    house.store.write(lambda tx: archive.read(tx, second, force=True))
    house.receives("After the second.", author="Joe <joe@other.example>", subject="Newer")
    assert numbers_told(house)
    assert not numbers_told(house) & numbers_told(elsewhere)


def test_an_address_that_was_void_since_the_backup_is_valid_again_and_one_mail_makes_it_void(
    house: House, elsewhere: House, tmp_path: Path
) -> None:
    house.takes_roll()
    house.works()
    old = house.last(ANN.email, "welcome")
    file = written(house, tmp_path / "backup")
    house.receives("#list", author="Eve <eve@other.example>", to=old["Reply-To"], subject="Hello")
    fresh = house.last(ANN.email, "welcome")
    assert fresh["Reply-To"] != old["Reply-To"]
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    elsewhere.counter = house.counter  # what comes now has not come before
    elsewhere.agent_replies("#list", old)
    assert elsewhere.last(ANN.email).notice == "list", "what the page on restoring says"
    elsewhere.agent_replies("#list", fresh)
    assert elsewhere.last(ANN.email, "held")["Reply-To"]
    elsewhere.receives("Void.", author="Olga <ops@desk.example>", to=old["Reply-To"], subject="Void")
    assert "ops@desk.example" in elsewhere.last(ANN.email, "welcome").text
    held = elsewhere.agent_replies("#list", old)
    assert elsewhere.mail(held).state == "quarantine"


def test_answers_that_are_taken_in_again_after_a_restore_go_to_the_customer_again(
    house: House, elsewhere: House, tmp_path: Path
) -> None:
    house.receives("Hello")
    brief = house.last(ANN.email, "assigned")
    file = written(house, tmp_path / "backup")
    house.agent_replies("We look into it.\n\nAnn", brief)
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    elsewhere.counter = house.counter  # what comes now has not come before
    assert [entry.text for entry in elsewhere.entries(1)] == ["Hello"]
    elsewhere.agent_replies("We look into it.\n\nAnn", brief)
    again = elsewhere.last(LUC, "reply")
    assert "We look into it." in again.text
    assert again["Message-ID"] != house.last(LUC, "reply")["Message-ID"]


def test_what_waited_to_be_sent_waits_for_the_operator(house: House, elsewhere: House, tmp_path: Path) -> None:
    house.letterbox.answer = lambda _: Deferred("451 later")
    house.receives("Hello")
    file = written(house, tmp_path / "backup")
    house.letterbox.answer = type(house.letterbox)().answer
    house.passes(minutes=5)
    assert house.sent_to(LUC)
    restored = elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    assert restored.unsure == 2
    elsewhere.passes(days=1)
    assert not [letter for letter in elsewhere.sent if letter.notice in {"received", "assigned"}]
    [mine] = [row for row in elsewhere.outbox if row.recipient == LUC]
    assert (mine.state, mine.next_at) == ("uncertain", None)
    assert "may have left since" in mine.answer
    assert elsewhere.store.write(lambda tx: outbox.retry(tx, mine.id, elsewhere.now))
    elsewhere.works()
    assert elsewhere.last(LUC, "received")["Message-ID"] == house.last(LUC, "received")["Message-ID"]


def test_a_store_that_holds_mail_is_replaced_only_by_force(house: House, elsewhere: House, tmp_path: Path) -> None:
    house.receives("Hello")
    elsewhere.receives("Something else", subject="Other")
    file = written(house, tmp_path / "backup")
    with pytest.raises(StoreError, match="--force"):
        elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    assert elsewhere.ticket().subject == "Other"
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=True))
    assert elsewhere.ticket().subject == "Invoice 77 wrong"


@pytest.mark.parametrize("damage", ["cut", "no-end", "short", "other", "newer", "empty"])
def test_a_file_that_is_no_whole_backup_changes_nothing(
    house: House, elsewhere: House, tmp_path: Path, damage: str
) -> None:
    house.receives("Hello")
    file = written(house, tmp_path / "backup")
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    head = json.loads(lines[0])
    damaged = {
        "cut": file.read_bytes()[:-40],
        "no-end": gzip.compress(b"".join(lines[:-1])),
        "short": gzip.compress(b"".join([*lines[:3], *lines[4:]])),
        "other": gzip.compress(b'{"a": 1}\n'),
        "newer": gzip.compress(json.dumps({**head, "schema": schema.NEWEST + 1}).encode() + b"\n"),
        "empty": b"",
    }
    file.write_bytes(damaged[damage])
    elsewhere.receives("Mine", subject="Mine")
    with pytest.raises(StoreError):
        elsewhere.store.write(lambda tx: archive.read(tx, file, force=True))
    assert [ticket.subject for ticket in elsewhere.tickets] == ["Mine"]


def test_a_backup_of_an_earlier_schema_is_taken(house: House, elsewhere: House, tmp_path: Path) -> None:
    house.receives("Hello")
    file = written(house, tmp_path / "backup")
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    for line in lines:
        for name in ("holder", "sla", "ladder", "stopped"):
            line.get("row", {}).pop(name, None)
    lines[0]["schema"] = 4
    file.write_bytes(gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines)))
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    assert elsewhere.ticket().sla == ""
    assert elsewhere.entries()[0].text == "Hello"


@pytest.mark.postgresql
def test_a_desk_moves_from_a_file_to_postgresql_and_back(elsewhere: House, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    house = House(tmp_path / "file", url=f"sqlite:///{tmp_path}/file/maild.db")
    lived(house)
    file = written(house, tmp_path / "backup")
    elsewhere.store.write(lambda tx: archive.read(tx, file, force=False))
    back = written(elsewhere, tmp_path / "back")
    rows = all_of(house.store)
    house.store.write(lambda tx: archive.read(tx, back, force=True))
    assert [row for row in all_of(house.store) if "floor:" not in row] == rows
    assert house.faults() == []
    house.close()


def test_the_commands_say_what_is_in_the_file_and_what_is_left_to_do(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, monkeypatch)
    house.receives("Hello")
    said = say("backup", "desk.backup")
    assert said.exit_code == 0, said.output
    assert "var/secret" in said.stdout
    house.store.close()
    refused = say("restore", "desk.backup")
    assert refused.exit_code == 1
    assert "say --force" in refused.stderr
    house.store.close()
    done = say("restore", "--force", "desk.backup")
    assert done.exit_code == 0, done.output
    assert "1 mails, 1 tickets" in done.stdout
    assert "maild verify finds nothing wrong" in done.stdout
    assert say("restore", "nothing.backup").exit_code == 2
