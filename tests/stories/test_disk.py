"""What a disk does at night: a file that somebody took away, and no room left in the middle of the work."""

from __future__ import annotations

import hashlib
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Tx
from tests.stories.house import RELAY, House
from tests.stories.shell import enter, say

LUC = "luc@customer.example"
LONG = "It shows two licences.\r\n" * 60_000
"""More than fits a row."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    desk = House(tmp_path)
    if desk.store.folder is None:
        pytest.skip("here all mails are rows, and the disk is another machine's")
    yield desk
    desk.close()


def comes_in(house: House, words: str = LONG) -> tuple[int, Path]:
    """A mail is kept and not yet decided; its number, and where its file lies if it has one."""
    raw = f"From: {LUC}\r\nTo: support@desk.example\r\nSubject: Logs\r\nMessage-ID: <1@x>\r\n\r\n{words}".encode()
    folder = house.store.folder
    assert folder is not None
    file = inbox.store_big(folder, raw)
    arrival = Arrival("smtp:big", raw, LUC, ("support@desk.example",), house.now, peer=RELAY)
    kept = house.store.write(lambda tx: inbox.keep(tx, arrival, file))
    assert kept is not None
    name = hashlib.sha256(raw).hexdigest()
    return kept, folder / name[:2] / name


def test_a_waiting_mail_whose_file_is_gone_is_set_aside_and_keeps_nobody_waiting(house: House) -> None:
    big, file = comes_in(house)
    away = file.rename(house.folder / "somewhere else")

    other = house.receives("The invoice is wrong.")

    assert house.mail(other).state == "ticket"
    assert house.mail(big).state == "quarantine"
    assert str(file) in house.mail(big).because[0]
    (found,) = house.faults()
    assert str(file) in found, "verify says which file it misses"

    away.rename(file)
    assert house.releases(big)["ok"]
    assert house.mail(big).state == "ticket"
    assert house.faults() == []


def test_a_disk_that_is_full_while_a_mail_is_decided_is_not_held_against_the_mail(house: House) -> None:
    kept, _ = comes_in(house, "The invoice is wrong.\r\n" * 10_000)
    house.store.write(fills_up)

    for _ in range(3):
        with pytest.raises(Exception, match=r"full"):
            house.works()
        assert (house.mail(kept).state, house.mail(kept).tries) == ("waiting", 0)

    house.store.write(has_room)
    house.works()
    assert house.mail(kept).state == "ticket"
    assert house.faults() == []


def test_a_backup_that_lacks_the_bytes_of_a_mail_says_so_and_which_file_it_is(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, monkeypatch)
    _, file = comes_in(house)
    house.works()
    assert say("backup", "whole.backup").exit_code == 0

    file.unlink()

    said = say("backup", "desk.backup")
    assert said.exit_code == 1, "cron is to tell somebody"
    assert "1 mail is in it without" in said.stderr
    assert file.name in said.stderr
    assert (tmp_path / "desk.backup").exists(), "all else is in it"
    broken = say("verify")
    assert broken.stderr.startswith("maild: 1 thing is broken")
    assert file.name in broken.stdout


def test_a_backup_that_finds_no_room_leaves_the_old_one_and_names_its_file(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, monkeypatch)
    house.receives("The invoice is wrong.")
    assert say("backup", "desk.backup").exit_code == 0
    before = (tmp_path / "desk.backup").read_bytes()
    limits, heeded = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
        said = say("backup", "desk.backup")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, heeded)
    assert said.exit_code == 1
    assert said.stderr.startswith("maild: desk.backup: File too large: the backup could not be written")
    assert (tmp_path / "desk.backup").read_bytes() == before
    assert list(tmp_path.glob(".desk.backup*")) == []


def fills_up(tx: Tx) -> None:
    (pages,) = tx.driver.execute("PRAGMA page_count").fetchone()
    tx.driver.execute(f"PRAGMA max_page_count = {pages}")


def has_room(tx: Tx) -> None:
    tx.driver.execute("PRAGMA max_page_count = 1000000")
