"""Two daemons on one PostgreSQL, and one of them is killed again and again: nothing is lost, doubled or torn apart."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import databases
from tests.crash.test_kill import CLIENTS_AT_ONCE, SEED, Street, check_mails_in, check_mails_out
from tests.wire.clients import new_mail
from tests.wire.imap_server import pymap_server
from tests.wire.running import MAILBOX, SUPPORT, Sink, Site, configuration, site, until

pytestmark = pytest.mark.postgresql
KILLS = 8
TAKEOVER = 60.0


def of_two(folder: Path, name: str, relay: str, tables: str = "") -> str:
    """The file of one of two daemons: folders of its own, and one database and one secret for both."""
    text = configuration(folder / name, relay, tables=tables)
    mine, both = databases.url_of(folder / name / "var"), databases.url_of(folder)
    return text.replace(mine, both).replace(f'secret_file = "{folder / name}/var', f'secret_file = "{folder}')


class Twin(Site):
    """One of two daemons; what it has in its database is that of both."""

    @property
    def database(self) -> Path:
        return self.folder.parent


@contextmanager
def twins(folder: Path, relay: str, tables: str = "") -> Iterator[list[Site]]:
    with ExitStack() as stack:
        found: list[Site] = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            found.append(stack.enter_context(site(folder / name, of_two(folder, name, relay, tables), Twin)))
        yield found


def decides(desk: Site) -> bool:
    return "this daemon decides" in desk.log


def test_when_the_daemon_that_decides_is_killed_the_other_one_takes_over_within_a_minute(tmp_path: Path) -> None:
    author = "Luc <luc@customer.example>"
    with Sink() as sink, twins(tmp_path, sink.url) as (one, other):
        one.start()
        until(lambda: decides(one))
        other.start()
        for number, desk in enumerate((one, other), 1):
            desk.post(new_mail(author, f"Question {number}.", "?", to=SUPPORT), "luc@customer.example", [SUPPORT])
        until(lambda: len(sink.to("luc@customer.example", "received")) == 2)
        assert not decides(other)
        assert "beside the one that decides" in other.does("status").stdout
        one.kill()
        other.post(new_mail(author, "Question 3.", "?", to=SUPPORT), "luc@customer.example", [SUPPORT])
        sink.waits_for("luc@customer.example", "received", "Question 3.", patience=TAKEOVER)
        assert decides(other)
        until(other.drained)
        assert other.faults() == []
        assert other.stop() == 0


@pytest.mark.timeout(400)
def test_two_daemons_of_which_one_is_killed_every_few_seconds_lose_double_and_split_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    (tmp_path / "password").write_text("secret\n")
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        imap = stack.enter_context(pymap_server({"support": "secret"}))
        tables = MAILBOX.format(port=imap.port, folder=tmp_path)
        desks = stack.enter_context(twins(tmp_path, sink.url, tables))
        people = stack.enter_context(ThreadPoolExecutor(CLIENTS_AT_ONCE))
        streets = [Street(desk, sink, imap) for desk in desks]
        streets[1].ledger, streets[1].over = streets[0].ledger, streets[0].over
        lanes = [people.submit(streets[lane % 2].keeps_writing, lane) for lane in range(CLIENTS_AT_ONCE)]
        try:
            for around in streets:
                around.desk.start()
                around.opens()
            for _ in range(KILLS):
                threading.Event().wait(chance.uniform(1.0, 3.0))
                around = chance.choice(streets)
                around.closes()
                around.desk.kill()
                threading.Event().wait(chance.uniform(0.0, 2.0))
                around.desk.start()
                around.opens()
        finally:
            streets[0].over.set()
            for around in streets:
                around.opens()
        for lane in lanes:
            lane.result()
        until(lambda: not imap.folder("support"))
        until(desks[0].drained)
        check_mails_in(streets[0])
        check_mails_out(streets[0])
        assert desks[0].faults() == []
        assert [desk.stop() for desk in desks] == [0, 0]
