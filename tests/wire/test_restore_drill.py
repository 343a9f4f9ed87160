"""The drill: a desk is backed up in the middle of its work, its machine is lost, and it goes on from the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.wire.clients import gmail, new_mail
from tests.wire.running import ANN, SUPPORT, Sink, configuration, site, until


def test_a_desk_goes_on_from_its_backup_after_its_machine_is_lost(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    file = tmp_path / "desk.backup"
    people = [(f"Customer {n} <c{n}@customer.example>", f"c{n}@customer.example") for n in range(12)]
    with Sink() as sink, site(here, configuration(here, sink.url)) as desk:
        desk.start()
        for number, (author, spec) in enumerate(people):
            desk.post(new_mail(author, f"Question {number}.", "?", to=SUPPORT), spec, [SUPPORT])
            if number == 8:
                said = desk.does("backup", str(file))
                assert said.returncode == 0, said.stderr
        until(desk.drained)
        letter = sink.waits_for(people[0][1], "received")
        desk.kill()
        secret = here / "var" / "secret"
        (there / "var").mkdir()
        shutil.copy(secret, there / "var" / "secret")
    before = len(sink.letters)
    with Sink() as sink, site(there, configuration(there, sink.url)) as desk:
        said = desk.does("restore", str(file))
        assert said.returncode == 0, said.stderr
        kept = desk.rows("SELECT count(*) FROM inbox")[0][0]
        assert kept >= 9
        assert desk.does("verify").returncode == 0
        desk.start()
        assert "stop it first" in desk.does("restore", "--force", str(file)).stderr
        until(lambda: not desk.rows("SELECT 1 FROM inbox WHERE state = 'waiting'"))
        author, spec = people[0]
        desk.post(gmail(author, "One thing more.", letter, "<more@customer.example>"), spec, [letter["Reply-To"]])
        sink.waits_for(ANN, "customer-replied", "Question 0.")
        parked = "SELECT count(*) FROM outbox WHERE state = 'uncertain' AND next_at IS NULL"
        [(waited,)] = desk.rows(parked)
        assert len(sink.letters) < before
        told = [letter["Message-ID"] for letter in sink.letters]
        assert len(told) == len(set(told))
        assert ("may have left since" in said.stdout) == (waited > 0)
        assert desk.faults() == []
        assert desk.stop() == 0


@pytest.mark.sqlite
def test_a_backup_beside_no_store_says_so(tmp_path: Path) -> None:
    with site(tmp_path, configuration(tmp_path, "maildir:sent")) as desk:
        said = desk.does("backup", str(tmp_path / "file"))
    assert (said.returncode, len(said.stderr.splitlines())) == (1, 1)
    assert not (tmp_path / "file").exists()
