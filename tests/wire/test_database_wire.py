"""The database goes away under a daemon that serves, and comes back: nothing is lost, and nobody has to do anything."""

from __future__ import annotations

import smtplib
from pathlib import Path

import pytest

from tests import databases
from tests.wire.clients import new_mail
from tests.wire.running import SUPPORT, Sink, Site, configuration, running, until

pytestmark = pytest.mark.postgresql
LUC = "luc@customer.example"


def mail(number: int) -> bytes:
    name = f"<{number}@customer.example>"
    return new_mail(f"Luc <{LUC}>", f"Question {number}.", f"What about {number}?", to=SUPPORT, message_id=name)


def posts(desk: Site, number: int) -> bool:
    """Hand in a mail; whether the desk took it."""
    try:
        desk.post(mail(number), LUC, [SUPPORT])
    except smtplib.SMTPDataError as fault:
        if fault.smtp_code != 451:
            raise
        return False
    return True


def test_a_database_that_stops_and_starts_again_delays_mail_and_loses_none(tmp_path: Path) -> None:
    server = databases.chosen.server
    assert server is not None
    with Sink() as sink, running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        assert posts(desk, 1)
        sink.waits_for(LUC, "received")
        server.stop()
        try:
            assert not posts(desk, 2)
            assert not posts(desk, 2)
            said = desk.does("status")
            assert said.returncode == 1
            assert "check store.url and that the database runs" in said.stderr
        finally:
            server.start()
        until(lambda: posts(desk, 2))
        until(desk.drained)
        assert desk.rows("SELECT count(*) FROM ticket") == [(2,)]
        assert len(sink.to(LUC, "received")) == 2
        assert desk.faults() == []
        assert "the database answers again" in desk.log
        assert "Traceback" not in desk.log
        assert len([one for one in desk.log.splitlines() if "stays with its sender for now: " in one]) >= 2
        assert desk.does("status").returncode == 0


def test_connections_that_the_server_ends_again_and_again_cost_no_mail(tmp_path: Path) -> None:
    with Sink() as sink, running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        for number in range(1, 13):
            until(lambda number=number: posts(desk, number))  # type: ignore[misc]
            ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
            desk.rows(f"{ended} AND pid <> pg_backend_pid()")
        until(desk.drained)
        assert desk.rows("SELECT count(*) FROM ticket") == [(12,)]
        assert len({letter["Subject"] for letter in sink.to(LUC, "received")}) == 12
        assert desk.faults() == []
