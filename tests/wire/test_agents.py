"""The operator beside a running desk: a word typed at the shell moves the work, over the daemon's socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP

import pytest

from tests.wire.clients import new_mail
from tests.wire.running import ANN, BEN, OPS, SUPPORT, Sink, Site, configuration, running, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


def asks(desk: Site, sink: Sink) -> None:
    """Luc writes, and Ann has his ticket."""
    desk.post(new_mail(LUC, "Invoice 77", "It shows two licences.", to=SUPPORT), LUC_AT, [SUPPORT])
    sink.waits_for(ANN, "assigned")
    sink.waits_for(LUC_AT, "received")


def owner(desk: Site) -> str:
    return str(desk.rows("select owner from ticket where number = 1")[0][0])


def test_an_absence_typed_beside_the_daemon_moves_the_work_briefs_the_cover_and_tells_the_customer(
    tmp_path: Path, sink: Sink
) -> None:
    text = configuration(tmp_path, sink.url, tables='[absence]\non_return = "hand-back"\n')
    with running(tmp_path, text) as desk:
        asks(desk, sink)
        refused = desk.does("agents", "away", "anne", "today..", "--backup", "ben")
        assert refused.returncode == 1
        assert 'there is no agent "anne"; did you mean "ann"?' in refused.stderr
        away = desk.does("agents", "away", "ann", "today..", "--backup", "ben")
        assert away.returncode == 0, away.stderr
        assert "One open ticket goes to Ben Ode." in away.stdout
        assert "Ann Lee is away" in sink.waits_for(BEN, "assigned").text
        heard = sink.waits_for(LUC_AT, "owner-changed")
        assert heard["X-Maild-Reason"] == "absence.unplanned; Ann Lee is away."
        assert owner(desk) == "ben"
        ann = json.loads(desk.does("agents", "list", "--json").stdout)[0]
        assert (ann["present"], ann["away"]["source"], ann["away"]["backup"]) == (False, "admin", "ben")
        assert desk.does("agents", "back", "ann").returncode == 0
        until(lambda: owner(desk) == "ann")
        until(lambda: len(sink.to(LUC_AT, "owner-changed")) == 2)
        until(desk.drained)
        assert desk.faults() == []


def test_an_agent_who_is_taken_out_of_the_file_leaves_with_the_next_reload_and_the_admins_hear_what_moved(
    tmp_path: Path, sink: Sink
) -> None:
    text = configuration(tmp_path, sink.url)
    with running(tmp_path, text) as desk:
        asks(desk, sink)
        before, _, after = text.partition('[[agent]]\nid = "ann"')
        without = before + after.partition("\n\n")[2].replace('members = ["ann"]', 'members = ["ben"]')
        desk.file.write_text(without, "utf-8")
        checked = desk.does("check")
        assert checked.returncode == 0, checked.stderr
        assert "One open ticket goes to Ben Ode." in " ".join(checked.stdout.split())
        assert owner(desk) == "ann"
        desk.signal(SIGHUP)
        sink.waits_for(BEN, "assigned")
        told = sink.waits_for(OPS, "absence").text
        assert "Ann Lee is no longer in the configuration and counts as left." in told
        assert "One open ticket goes to Ben Ode." in told
        assert sink.waits_for(LUC_AT, "owner-changed")["X-Maild-Reason"] == "left; Ann Lee has left our desk."
        until(desk.drained)
        assert len(sink.to(OPS, "absence")) == 1
        assert desk.faults() == []
