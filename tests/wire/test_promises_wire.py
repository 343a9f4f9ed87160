"""Promises and the customer's words as a server keeps them: the daemon, SMTP both ways, and a clock that is set."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.stories.house import Letter
from tests.wire.clients import CLIENTS, Client, gmail, mutt, new_mail, outlook, thunderbird
from tests.wire.running import ANN, BEN, SUPPORT, Sink, Site, configuration, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
MIA, MIA_AT = "Mia Wong <mia@client.example>", "mia@client.example"
ANN_LEE, BEN_ODE = f"Ann Lee <{ANN}>", f"Ben Ode <{BEN}>"
OVERSEAS = "overseas@desk.example"
PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
WITH_A_CLOCK = """
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from maild import daemon
ahead = Path(sys.argv.pop(1))
daemon.clock = lambda: datetime.now(timezone.utc) + timedelta(seconds=float(ahead.read_text()))
from maild.cli import main
main()
"""
"""The daemon as it is, but that its clock goes as far ahead as a file says."""

TABLES = """hours = "office"
sla = "standard"

[[team]]
id = "overseas"
name = "Overseas"
members = ["ben"]
address = "overseas@desk.example"
public_name = "our team in New York"
hours = "new-york"
sla = "standard"

[[ladder]]
team = "support"
rungs = ["ben"]

[hours.office]
mon-fri = "09:00-17:30"
timezone = "Europe/Paris"
holidays = "FR"

[hours.new-york]
mon-fri = "09:00-17:30"
timezone = "America/New_York"
holidays = "US"

[sla.standard]
first_reply = "4h"
next_reply = "8h"
update_every = "2d"
solve = "5d"

[tickets]
remind_after = "3d"
"""


class Clocked(Site):
    """A desk whose daemon has a clock that a story sets."""

    def command(self, *words: str) -> list[str]:
        if words == ("run",):
            return [sys.executable, "-c", WITH_A_CLOCK, str(self.folder / "ahead"), "-c", str(self.file), *words]
        return super().command(*words)

    def sets_clock(self, moment: datetime) -> None:
        """It is this time now, and time goes on."""
        fresh = self.folder / "ahead.new"
        fresh.write_text(str((moment - datetime.now(UTC)).total_seconds()))
        fresh.replace(self.folder / "ahead")

    def shows(self, number: int = 1) -> dict[str, Any]:
        """What `maild ticket N --json` says."""
        said: dict[str, Any] = json.loads(self.does("ticket", str(number), "--json").stdout)
        return said

    def promised(self, moment: datetime, number: int = 1) -> bool:
        """Whether this is promised; the clock goes on while a story is told, so that minutes may have passed."""
        promised = datetime.fromisoformat(self.shows(number)["promised_at"])
        return moment <= promised <= moment + timedelta(minutes=5)

    def says(self, client: Client, author: str, text: str, answers: Letter) -> None:
        """Somebody answers a mail of the desk from their own program, by SMTP."""
        self.post(client(author, text, answers), author.partition("<")[2].rstrip(">"), [answers["Reply-To"]])

    def asks(self, author: str = LUC, to: str = SUPPORT) -> None:
        spec = author.partition("<")[2].rstrip(">")
        self.post(new_mail(author, "Invoice 77 wrong", "It shows two licences.", to=to), spec, [to])

    def promises(self, number: int = 1) -> list[tuple[str, str]]:
        """The ledger: each clock, and how it stands."""
        query = "select clock, standing from promise where ticket = ? order by number"
        return [(clock, standing) for clock, standing in self.rows(query, number)]


@contextmanager
def clocked(folder: Path, sink: Sink, moment: datetime) -> Iterator[Clocked]:
    """A desk that serves since this moment; at the end nothing is broken."""
    desk = Clocked(folder)
    desk.file.write_text(configuration(folder, sink.url, desk='timezone = "Europe/Paris"', tables=TABLES), "utf-8")
    desk.sets_clock(moment)
    try:
        desk.start()
        yield desk
        until(desk.drained)
        assert desk.faults() == []
        assert desk.stop() == 0, desk.log[-4000:]
    finally:
        if desk.process is not None:
            desk.kill()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


def at(day: int, clock: str, month: int = 11, zone: ZoneInfo = PARIS) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def one_line(letter: Letter) -> str:
    return " ".join(letter.text.split())


def nth(sink: Sink, address: str, number: int) -> Letter:
    """The mail of this number that somebody gets, as soon as it is here."""
    return until(lambda: sink.to(address)[number - 1 :])[0]


def test_a_friday_evening_mail_before_a_public_holiday_in_two_zones(tmp_path: Path, sink: Sink) -> None:
    with clocked(tmp_path, sink, at(3, "23:45", 4)) as desk:  # before Easter Monday, a day of work in New York
        desk.asks()
        desk.asks(MIA, OVERSEAS)
        assert "answer by Tuesday 7 April, 13:00 (Paris)" in one_line(sink.waits_for(LUC_AT, "received"))
        assert "answer by Monday 6 April, 19:00 (Paris)" in one_line(sink.waits_for(MIA_AT, "received"))
        assert desk.promised(at(7, "13:00", 4))
        assert desk.promised(at(6, "19:00", 4), 2)
        desk.sets_clock(at(6, "18:29", 4))
        assert "Monday 6 April, 19:00" in sink.waits_for(BEN, "warning").text
        desk.sets_clock(at(6, "18:30", 4))
        assert "We will not keep the time that we gave you" in one_line(sink.waits_for(MIA_AT, "delayed"))
        assert desk.promised(at(6, "22:30", 4), 2)
        assert len(sink.to(LUC_AT)) == 1, "in Paris it is a holiday"
        desk.sets_clock(at(7, "12:30", 4))
        moved = sink.waits_for(LUC_AT, "owner-changed")
        assert "Ben Ode" in moved.text
        order = [(letter.to, letter.notice) for letter in sink.letters if letter["X-Maild-Ticket"] == "1"]
        assert order.index((BEN, "assigned")) < order.index((LUC_AT, "owner-changed"))
        assert desk.promises() == [("first-reply", "broken"), ("solve", "open"), ("first-reply", "open")]


def test_a_promise_is_paused_moved_by_hand_broken_and_kept(tmp_path: Path, sink: Sink) -> None:
    with clocked(tmp_path, sink, at(19, "10:00")) as desk:
        desk.asks()
        brief = sink.waits_for(ANN, "assigned")
        sink.waits_for(LUC_AT, "received")
        desk.says(gmail, ANN_LEE, "#pending\n\nWhich invoice?\n\nAnn", brief)
        asked = sink.waits_for(LUC_AT, "waiting")
        assert desk.shows()["promised_at"] is None
        assert desk.promises() == [("first-reply", "kept"), ("solve", "paused")]
        desk.sets_clock(at(20, "10:00"))
        desk.says(outlook, LUC, "Number 77.\n\nLuc", asked)
        replied = sink.waits_for(ANN, "customer-replied")
        assert desk.promised(at(23, "09:30")), "eight hours from ten"
        desk.says(mutt, ANN_LEE, "#delay tuesday 12:00 because the bank has not answered", replied)
        told = sink.waits_for(LUC_AT, "delayed")
        assert "you hear from Ann by Tuesday 24 November, 12:00 (Paris)." in one_line(told)
        assert desk.promised(at(24, "12:00"))
        desk.sets_clock(at(24, "11:31"))
        moved = sink.waits_for(LUC_AT, "owner-changed")
        assert "Tuesday 24 November, 12:00" in moved.text
        assert desk.shows()["owner"] == "ben"
        assert desk.promised(at(25, "11:01"))
        desk.says(thunderbird, BEN_ODE, "The bank says yes.\n\nBen", sink.waits_for(BEN, "assigned"))
        sink.waits_for(LUC_AT, "reply")
        ended = [("delay", "broken"), ("delay", "kept"), ("update", "open")]
        assert desk.promises() == [("first-reply", "kept"), ("solve", "open"), ("next-reply", "moved"), *ended]


def test_a_daemon_that_was_down_over_the_weekend_catches_up_once_and_in_order(tmp_path: Path, sink: Sink) -> None:
    with clocked(tmp_path, sink, at(20, "10:00")) as desk:
        desk.asks()
        sink.waits_for(LUC_AT, "received")
        desk.sets_clock(at(20, "10:20"))
        desk.asks(MIA)
        sink.waits_for(MIA_AT, "received")
        until(desk.drained)
        desk.kill()
        desk.sets_clock(at(22, "03:00"))
        desk.start()  # on Sunday night nobody is written to
        until(lambda: desk.rows("select 1 from timer where due_at >= '2026-11-23 08:00' and timer = 'promise'")[1:])
        assert desk.kill() != 0
        told = len(sink.letters)
        desk.sets_clock(at(23, "09:05"))
        desk.start()
        sink.waits_for(MIA_AT, "owner-changed")
        until(desk.drained)
        caught_up = [(one.to, one.notice) for one in sink.letters[told:] if one.to in {LUC_AT, MIA_AT}]
        assert caught_up == [(LUC_AT, "owner-changed"), (MIA_AT, "owner-changed")]
        desk.sets_clock(at(23, "07:05"))  # somebody sets the clock right, wrongly
        desk.says(gmail, LUC, "STATUS", sink.to(LUC_AT)[-1])
        stands = sink.waits_for(LUC_AT, "status")
        desk.sets_clock(at(23, "09:10"))
        desk.says(gmail, LUC, "WHO", stands)
        until(lambda: sink.to(LUC_AT, "status")[1:])
        assert [one.notice for one in sink.to(LUC_AT)] == ["received", "owner-changed", "status", "status"]
        assert [standing for _, standing in desk.promises()].count("broken") == 1


def test_who_does_not_answer_is_reminded_and_may_open_it_again_with_a_word(tmp_path: Path, sink: Sink) -> None:
    with clocked(tmp_path, sink, at(16, "10:00")) as desk:
        desk.asks()
        sink.waits_for(LUC_AT, "received")
        desk.says(gmail, ANN_LEE, "#pending\n\nWhich invoice?", sink.waits_for(ANN, "assigned"))
        sink.waits_for(LUC_AT, "waiting")
        for number, day in ((3, 19), (4, 23)):
            desk.sets_clock(at(day, "10:01"))
            assert nth(sink, LUC_AT, number).notice == "waiting"
        desk.sets_clock(at(26, "10:02"))
        solved = sink.waits_for(LUC_AT, "solved")
        desk.says(thunderbird, LUC, "Reopen\n\nIt was number 77.", solved)
        reopened = sink.waits_for(LUC_AT, "reopened")
        assert "answers by Friday 27 November, 09:3" in reopened.text
        assert "It was number 77." in sink.waits_for(ANN, "customer-replied").text


def test_a_word_is_understood_whatever_it_is_written_with_and_quoted_words_do_nothing(
    tmp_path: Path, sink: Sink
) -> None:
    with clocked(tmp_path, sink, at(19, "10:00")) as desk:
        desk.asks()
        newest = sink.waits_for(LUC_AT, "received")
        words = ("STATUS", "Statut ?", "HISTORIAL", "Кто?", "Hilfe")
        notices = ("status", "status", "history", "status", "help")
        numbers = count(2)
        for client, word, notice in zip(CLIENTS, words, notices, strict=True):
            desk.says(client, LUC, f"{word}\n\nLuc", newest)
            newest = nth(sink, LUC_AT, next(numbers))
            assert newest.notice == notice, (client, word)
            if notice == "history":
                desk.sets_clock(at(19, "11:30"))
        assert "CLOSE" in one_line(newest) or "SCHLIESSEN" in one_line(newest).upper()
        desk.says(gmail, LUC, "I found it myself, thanks to your mail.", newest)
        sink.waits_for(ANN, "customer-replied")
        desk.says(outlook, f"Eve <{MIA_AT}>", "STATUS", newest)
        assert sink.waits_for(MIA_AT, "received")["X-Maild-Ticket"] == "2"
        until(desk.drained)
        assert len(sink.to(LUC_AT)) == 6
        assert desk.shows()["status"] == "open"
        assert len(desk.rows("select 1 from entry where ticket = 1")) == 2


def test_the_customer_goes_up_the_ladder_and_closes_it_with_a_word(tmp_path: Path, sink: Sink) -> None:
    with clocked(tmp_path, sink, at(19, "10:00")) as desk:
        desk.asks()
        desk.says(gmail, LUC, "ESCALATE", sink.waits_for(LUC_AT, "received"))
        moved = sink.waits_for(LUC_AT, "owner-changed")
        assert (moved["X-Maild-Owner"], moved["X-Maild-Previous-Owner"]) == ("Ben Ode", "Ann Lee")
        assert moved["X-Maild-Reason"].startswith("customer-request; ")
        sink.waits_for(BEN, "assigned")
        desk.says(mutt, LUC, "close", moved)
        assert "solved" in sink.waits_for(LUC_AT, "solved").text
        assert desk.promises() == [("first-reply", "kept"), ("solve", "kept")]
        assert desk.shows()["promised_at"] is None
