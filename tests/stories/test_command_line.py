"""The operator at the shell: every verb, its answer for people and for programs, and its exit code."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from maild import config as configuration
from maild.cli.health import Condition, worries_of
from maild.cli.words import clean, clean_lines
from maild.courier import Refused
from maild.mail import Arrival
from maild.store import inbox
from maild.store.engine import Tx
from tests.stories.house import ANN, BEN, MORNING, House
from tests.stories.shell import MAIL, enter, on_terminal, say, shell, told

EVIL = "\x1b]0;evil\x07\x1b[31m\x9b31m\u202eabc\u2066\x00\x7f\x85\u2028 [bold]x[/bold] :smile:"

TICKET = [
    *("number", "subject", "status", "owner", "team", "priority", "level", "requester", "participants", "language"),
    *("tags", "created_at", "updated_at", "solved_at", "promised_at"),
]
ENTRY = ["at", "from", "voice", "text", "message_id", "attachments"]
EVENT = ["at", "event", "who", "code", "text", "from", "to"]
ARRIVAL = [
    *("id", "received_at", "source", "sender", "recipients", "message_id", "sha256", "state", "ticket", "tries"),
    "because",
]
OUTGOING = ["id", "ticket", "recipient", "notice", "message_id", "state", "tries", "next_at", "answer"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(tmp_path, monkeypatch)


# --- what is answered ---


def test_a_narrow_terminal_has_one_row_below_the_other(house: House) -> None:
    house.receives("It is wrong.", subject="The invoice of November")
    wide, narrow = on_terminal(80, "tickets"), on_terminal(40, "tickets")
    assert wide.startswith("No  Status  Owner")
    assert "  Subject    The invoice of November" in narrow
    assert "  Requester  luc@customer.example" in narrow
    assert max(map(len, on_terminal(40, "inbox").splitlines())) <= 40


def test_a_list_of_tickets_has_exactly_the_agreed_keys_in_their_order(house: House) -> None:
    house.receives("It is wrong.")
    house.passes(hours=1)
    house.receives("Second.", author="Mia <mia@other.example>", subject="Hello")
    first, second = told("tickets")
    assert list(first) == TICKET
    assert (first["number"], second["number"]) == (1, 2)
    assert first["requester"] == "luc@customer.example"
    assert first["participants"] == [
        {"address": "luc@customer.example", "name": "Luc Petit", "role": "requester", "proven": True}
    ]
    assert datetime.fromisoformat(first["created_at"]) == MORNING
    assert first["created_at"].endswith("+00:00")
    assert first["solved_at"] is None


def test_tickets_can_be_asked_for_by_status(house: House) -> None:
    house.receives("It is wrong.")
    house.agent_replies("#solved\nDone.", house.last(ANN.email))
    house.receives("Second.", author="Mia <mia@other.example>", subject="Hello")
    assert [one["number"] for one in told("tickets", "--status", "solved")] == [1]
    assert [one["number"] for one in told("tickets", "--status", "open")] == [2]
    assert say("tickets", "--status", "lost").exit_code == 2


def test_one_ticket_tells_what_was_said_and_what_happened(house: House) -> None:
    house.receives("It is wrong.", attach=("list.csv", b"1,2"))
    house.agent_replies("#note He is right.", house.last(ANN.email))
    ticket = told("ticket", "1")
    assert list(ticket) == [*TICKET, "entries", "history", "moves", "promises"]
    asked, noted = ticket["entries"]
    assert list(asked) == ENTRY
    assert asked["from"] == "luc@customer.example"
    assert asked["attachments"][0]["name"] == "list.csv"
    assert noted["voice"] == "note"
    assert all(list(event) == EVENT for event in ticket["history"])
    assert ticket["history"][0]["event"] == "opened"
    shown = say("ticket", "#1").stdout
    assert "It is wrong." in shown
    assert "Ann Lee" in shown


def test_every_mail_in_and_out_is_listed(house: House) -> None:
    house.receives("It is wrong.")
    [came] = told("inbox")
    assert list(came) == ARRIVAL
    assert (came["state"], came["ticket"], came["because"]) == ("ticket", 1, "no clue: a new ticket")
    out = told("outbox")
    assert all(list(one) == OUTGOING for one in out)
    assert {one["notice"] for one in out} == {"assigned", "received"}
    assert "luc@customer.example" in say("outbox").stdout
    assert "no clue: a new ticket" in say("inbox").stdout


def test_a_mail_is_explained_by_its_number_its_id_its_hash_and_by_what_it_caused(house: House) -> None:
    house.receives("It is wrong.", message_id="<why@client.example>")
    [came] = told("inbox")
    ack = next(one for one in told("outbox") if one["notice"] == "received")
    names = ("1", "#1", "<why@client.example>", "why@client.example", came["sha256"], f"out:{ack['id']}")
    for name in (*names, ack["message_id"]):
        [explained] = told("explain", name)
        assert explained["id"] == 1
        assert explained["because"] == ["no clue: a new ticket"]
        assert {one["recipient"] for one in explained["sent"]} == {"luc@customer.example", ANN.email}
    for name in names:
        assert "no clue: a new ticket" in say("explain", name).stdout
    assert "250 ok" in say("explain", f"out:{ack['id']}").stdout


def test_a_mail_that_nobody_knows_is_not_explained(house: House) -> None:
    house.receives("It is wrong.")
    for name in ("99", "out:99", "nobody@client.example", "9" * 30, "f" * 64):
        result = say("explain", name)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1


@pytest.mark.sqlite
def test_reading_verbs_answer_before_there_is_a_store(folder: Path) -> None:
    for verb in ("tickets", "inbox", "outbox", "quarantine", "verify"):
        assert told(verb) == []
        assert "nothing yet" in say(verb).stdout
    for words in (("ticket", "1"), ("explain", "1"), ("outbox", "show", "1"), ("outbox", "retry", "1")):
        assert say(*words).exit_code == 1
    assert not (folder / "maild.db").exists()


@pytest.mark.sqlite
def test_what_is_no_store_is_named_and_left_alone(folder: Path) -> None:
    (folder / "maild.db").write_text("these are my notes, and no store at all" * 100)
    result = say("tickets")
    assert result.exit_code == 1
    assert "maild.db: the store cannot be read" in result.stderr
    assert (folder / "maild.db").read_text().startswith("these are my notes")


def test_a_store_that_is_whole_is_verified_and_a_broken_one_is_told(house: House) -> None:
    house.receives("It is wrong.")
    assert say("verify").exit_code == 0
    assert told("verify") == []
    house.store.write(lambda tx: tx.connection.exec_driver_sql("UPDATE ticket SET status = 'solved'"))
    result = say("verify")
    assert result.exit_code == 1
    assert "I5" in result.stdout
    found = json.loads(say("verify", "--json").stdout)
    assert list(found[0]) == ["invariant", "where", "words"]
    house.store.write(lambda tx: tx.connection.exec_driver_sql("UPDATE ticket SET status = 'open'"))


# --- words of strangers ---


@pytest.mark.sqlite
def test_nothing_of_a_mail_steers_the_terminal(folder: Path) -> None:
    house = House(folder)
    house.receives("x", subject="Invoice")
    # The reading cleans too; here the store itself holds what it should not.
    for query, values in (
        ("UPDATE ticket SET subject = ?, team = ?, tags = ?", (EVIL, EVIL, json.dumps([EVIL]))),
        ("UPDATE entry SET text = ?, name = ?, author = ?", (f"{EVIL}\nnext", EVIL, EVIL)),
        ("UPDATE party SET name = ?, address = ?", (EVIL, EVIL)),
        ("UPDATE history SET text = ?, who = ?", (EVIL, EVIL)),
        ("UPDATE inbox SET sender = ?, message_id = 'known', because = ?", (EVIL, json.dumps([EVIL]))),
        ("UPDATE outbox SET answer = ?, recipient = ?", (EVIL, EVIL)),
    ):
        house.store.write(partial(_tamper, query, values))
    house.close()
    head = f"Subject: {EVIL}\n".replace("\x85", "").encode()
    (folder / "evil.eml").write_bytes(b"From: a@b.example\n" + head + b"\n" + EVIL.encode() + b"\n")
    for verb in ("tickets", "ticket 1", "inbox", "outbox", "explain known", "explain out:1", "inspect evil.eml"):
        for result in (say(*verb.split()), say(*verb.split(), "--json")):
            assert result.exit_code == 0, verb
            steering = {char for char in result.stdout if clean_lines(char) != char}
            assert not steering, (verb, steering)
        assert "[bold]x[/bold] :smile:" in say(*verb.split()).stdout


def _tamper(query: str, values: tuple[str, ...], tx: Tx) -> None:
    tx.connection.exec_driver_sql(query, values)


def test_words_are_cleaned_of_every_control() -> None:
    every = "".join(map(chr, range(0x3000))) + "\ud800\ufeff"
    kept = clean(every)
    assert not [char for char in kept if ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or 0x2028 <= ord(char) <= 0x202E]
    assert kept.isprintable() or clean(kept) == kept
    assert clean("a\tb\r\nc") == "a b  c"
    assert clean_lines("a\r\nb\rc\td") == "a\nb\nc    d"


# --- what is set right ---


def test_an_operator_releases_a_held_mail_and_marks_another_as_spam(house: House) -> None:
    house.receives("It is wrong.")
    brief = house.last(ANN.email)
    house.agent_replies("hello", brief, agent=BEN)
    house.agent_replies("hello again", brief, agent=BEN)
    held = told("quarantine")
    assert [one["because"].startswith("held: ") for one in held] == [True, True]
    assert "hello" in say("quarantine", "show", str(held[0]["id"])).stdout
    assert say("quarantine", "release", str(held[0]["id"])).exit_code == 0
    assert told("inbox")[held[0]["id"] - 1]["state"] == "waiting"
    assert say("quarantine", "spam", str(held[1]["id"])).exit_code == 0
    assert "spam" in told("quarantine")[0]["because"]
    assert say("quarantine", "release", "1").exit_code == 1
    house.works()


def test_a_refused_mail_is_sent_again_with_the_same_bytes(house: House) -> None:
    house.letterbox.answer = lambda _: Refused("550 no such user")
    house.receives("It is wrong.")
    [ack] = [one for one in told("outbox") if one["notice"] == "received"]
    assert (ack["state"], ack["answer"]) == ("refused", "550 no such user")
    before = say("outbox", "show", str(ack["id"]), "--raw").stdout_bytes
    assert before.startswith(b"From: ") or b"\nFrom: " in before
    assert say("outbox", "retry", str(ack["id"])).exit_code == 0
    assert say("outbox", "show", str(ack["id"]), "--raw").stdout_bytes == before
    assert say("outbox", "retry", "4711").exit_code == 1


# --- how the desk is ---


def test_status_without_a_daemon_says_so_and_is_not_healthy(house: House) -> None:
    house.receives("It is wrong.")
    result = say("status")
    assert result.exit_code == 1
    assert "maild run" in result.stdout
    status = json.loads(say("status", "--json").stdout)
    assert (status["healthy"], status["daemon"]) == (False, False)
    assert status["inbox"] == {"waiting": 0, "ticket": 1, "duplicate": 0, "done": 0, "quarantine": 0}
    assert datetime.fromisoformat(status["last_mail_at"]) == MORNING


def test_what_waits_too_long_and_a_full_disk_are_worries(house: House) -> None:
    arrival = Arrival("smtp:x", MAIL, "luc@customer.example", ("support@desk.example",), MORNING)
    house.store.write(lambda tx: inbox.keep(tx, arrival))
    with house.store.read() as tx:
        [waiting] = inbox.waiting(tx, 1)
    config = configuration.load(Path("config.toml"))
    well = Condition({"ok": True}, 0, 0, config.limits.free_disk, undecided=waiting)
    assert list(worries_of(well, config, MORNING + timedelta(minutes=4))) == []
    assert len(list(worries_of(well, config, MORNING + timedelta(minutes=6)))) == 1
    ill = Condition({"ok": False, "troubles": ["the relay takes no mail"]}, 0, 3, 0)
    assert len(list(worries_of(ill, config, MORNING))) == 3
    slow = Condition({"ok": True}, 0, 0, config.limits.free_disk, timer_due=MORNING)
    assert list(worries_of(slow, config, MORNING + timedelta(minutes=4))) == []
    assert ["a timer is due since" in words for words in worries_of(slow, config, MORNING + timedelta(minutes=6))] == [
        True
    ]
    house.works()


@pytest.fixture
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "maild", "run"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"maild ready smtp=127.0.0.1:")
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_every_verb_works_beside_a_running_daemon(daemon: subprocess.Popen[bytes]) -> None:
    assert say("accept", stdin=MAIL).exit_code == 0
    status = say("status", "--json")
    assert json.loads(status.stdout)["daemon"] is True, status.output
    assert status.exit_code == 0
    for verb in ("tickets", "inbox", "outbox", "quarantine", "verify"):
        assert isinstance(told(verb), list)
    asked = say("quarantine", "release", "4711")
    assert asked.exit_code == 1
    assert "4711" in asked.stderr
    second = shell("run")
    assert second.returncode == 1
    assert b"another maild" in second.stderr


# --- wrong use ---


def test_wrong_use_ends_in_2_with_one_line() -> None:
    for words in (
        "tickts",
        "tickets --jsn",
        "ticket",
        "ticket x",
        "ticket 0",
        "ticket 99999999999999999999",
        "rules",
        "",
    ):
        result = shell(*words.split())
        assert result.returncode == 2, words
        assert b"Traceback" not in result.stderr
        assert (result.stderr.count(b"\n") == 1) == (words not in {"", "rules"}), words
    assert b"did you mean tickets?" in shell("tickts").stderr


def test_verbs_that_are_planned_say_that_this_version_lacks_them() -> None:
    listed = say("--help").stdout
    for verb in ("report", "keys", "forget"):
        result = say(verb, "--json", "x")
        assert result.exit_code == 2
        assert "not in this version" in result.stderr
        assert result.stderr.count("\n") == 1
        assert f"\n  {verb} " not in listed


def test_a_reader_who_goes_away_early_is_no_failure_to_shout_about(house: House) -> None:
    house.receives("It is wrong.")
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "maild", "inbox"], stdout=ours.fileno(), stderr=subprocess.PIPE, timeout=60
        )
    assert done.stderr == b""
    assert done.returncode == 1


def test_times_are_shown_in_the_zone_of_the_desk(house: House) -> None:
    house.receives("It is wrong.")
    assert "2026-11-21 10:00" in say("inbox").stdout
