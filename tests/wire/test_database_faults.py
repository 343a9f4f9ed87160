"""The machine of the database vanishes, or the daemon's does: noticed in time, and all goes on when it is back."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from maild.control import ask
from maild.store.engine import Store
from tests import databases
from tests.crash.test_two_daemons import TAKEOVER, Twin, decides, of_two
from tests.wire.between import Between, End
from tests.wire.running import Sink, Site, configuration, running, site, until
from tests.wire.test_database_wire import LUC, posts

pytestmark = pytest.mark.postgresql
CALL = "connect_timeout=2&keepalives_idle=1&keepalives_interval=1&keepalives_count=2&tcp_user_timeout=2000"
SESSION = {"tcp_keepalives_idle": 1, "tcp_keepalives_interval": 1, "tcp_keepalives_count": 2, "tcp_user_timeout": 2000}
"""The time-outs are maild's own, but for their length, which the URL may say."""


def server() -> databases.Server:
    assert databases.chosen.server is not None
    return databases.chosen.server


def through(between: Between, folder: Path) -> str:
    """The URL of a folder's database, by way of what lies between, with time-outs of a second or two."""
    database = databases.url_of(folder).partition("@/")[2].partition("?")[0]
    options = quote(" ".join(f"-c {name}={value}" for name, value in SESSION.items()))
    return f"postgresql+psycopg://maild@127.0.0.1:{between.port}/{database}?{CALL}&options={options}"


def troubles(desk: Site) -> list[str]:
    answer = ask(desk.var, {"do": "status"})
    assert answer is not None
    return list(answer["troubles"])


MOMENTS: dict[str, Callable[[Between], None]] = {
    "while it is answered": lambda between: between.fails_next(End.VANISH),
    "amid a transaction": lambda between: between.fails_at(b"INSERT INTO inbox", End.VANISH),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_database_whose_machine_vanishes_is_told_and_mail_is_put_off_until_it_is_back(
    tmp_path: Path, moment: str
) -> None:
    with Sink() as sink, Between(server().port) as between:
        text = configuration(tmp_path, sink.url)
        text = text.replace(databases.url_of(tmp_path / "var"), through(between, tmp_path / "var"))
        with running(tmp_path, text) as desk:
            assert posts(desk, 1)
            sink.waits_for(LUC, "received")
            MOMENTS[moment](between)
            since = time.monotonic()
            assert not posts(desk, 2), "451"
            assert not posts(desk, 2), "and at once, or nearly"
            until(lambda: any("the database does not answer" in one for one in troubles(desk)))
            assert time.monotonic() - since < TAKEOVER
            told = desk.does("status")
            assert told.returncode == 1
            assert "check store.url and that the database runs" in told.stderr
            between.heals()
            goes_on(desk, sink)


def goes_on(desk: Site, sink: Sink) -> None:
    """The mail that was put off is taken and answered, once, and all is well again."""
    until(lambda: posts(desk, 2))
    until(desk.drained)
    assert desk.rows("SELECT count(*) FROM ticket") == [(2,)]
    assert len(sink.to(LUC, "received")) == 2
    assert desk.faults() == []
    until(lambda: not troubles(desk))


@contextmanager
def two_desks(folder: Path, relay: str, between: Between) -> Iterator[list[Site]]:
    """Two daemons on one database, the first of which reaches it by a line that may fail."""
    with ExitStack() as stack:
        found: list[Site] = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            text = of_two(folder, name, relay)
            if name == "one":
                text = text.replace(databases.url_of(folder), through(between, folder))
            found.append(stack.enter_context(site(folder / name, text, Twin)))
        yield found


@pytest.mark.parametrize("moment", MOMENTS)
def test_when_the_machine_of_the_daemon_that_decides_vanishes_the_other_one_takes_over(
    tmp_path: Path, moment: str
) -> None:
    with Sink() as sink, Between(server().port) as between, two_desks(tmp_path, sink.url, between) as (one, other):
        one.start()
        until(lambda: decides(one))
        other.start()
        assert posts(one, 1)
        assert posts(other, 2)
        until(lambda: len(sink.to(LUC, "received")) == 2)
        MOMENTS[moment](between)
        since = time.monotonic()
        assert not posts(one, 3), "451"
        until(lambda: posts(other, 3))
        sink.waits_for(LUC, "received", "Question 3.")
        assert time.monotonic() - since < TAKEOVER
        assert decides(other)
        until(lambda: any("the database does not answer" in told for told in troubles(one)))
        assert not posts(one, 4)
        between.heals()
        until(lambda: posts(one, 4))
        sink.waits_for(LUC, "received", "Question 4.")
        until(other.drained)
        assert other.rows("SELECT count(*) FROM ticket") == [(4,)]
        assert other.faults() == []
        assert "beside the one that decides" in one.does("status").stdout
        assert [desk.stop() for desk in (one, other)] == [0, 0]


def test_a_database_that_holds_the_line_and_says_nothing_is_told_and_mail_is_put_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "6000000")  # a loop may be silent for three seconds
    with Sink() as sink, Between(server().port) as between:
        text = configuration(tmp_path, sink.url, limits='free_disk = "1MB"\nsmtp_data = "2s"')
        text = text.replace(databases.url_of(tmp_path / "var"), through(between, tmp_path / "var"))
        with running(tmp_path, text) as desk:
            assert posts(desk, 1)
            sink.waits_for(LUC, "received")
            between.fails(End.SILENCE)
            assert not posts(desk, 2), "451"
            until(lambda: any("the writer is stuck" in one for one in troubles(desk)))
            between.heals()
            goes_on(desk, sink)


ASKED = {
    "tcp_keepalives_idle": socket.TCP_KEEPIDLE,
    "tcp_keepalives_interval": socket.TCP_KEEPINTVL,
    "tcp_keepalives_count": socket.TCP_KEEPCNT,
    "tcp_user_timeout": socket.TCP_USER_TIMEOUT,
}


def test_each_end_of_a_line_gives_the_other_up_within_half_a_minute(tmp_path: Path) -> None:
    database = databases.url_of(tmp_path).partition("@/")[2].partition("?")[0]
    store = Store(f"postgresql+psycopg://maild@127.0.0.1:{server().port}/{database}")
    try:
        with store.read() as tx, socket.socket(fileno=os.dup(tx.driver.fileno())) as wire:
            told = dict(tx.driver.execute("SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp%'").fetchall())
            ours = [wire.getsockopt(socket.IPPROTO_TCP, kind) for kind in ASKED.values()]
        assert [int(told[name]) for name in ASKED] == ours
        idle, interval, count, unacknowledged = ours
        assert idle + interval * count <= 30
        assert unacknowledged == 30_000, "in milliseconds, and for what is on its way, for which no keep-alive is sent"
    finally:
        store.close()
