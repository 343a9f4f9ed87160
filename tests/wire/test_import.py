"""`maild import` as an operator types it: into a running daemon, without one, and when either dies in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.wire.clients import new_mail
from tests.wire.running import ANN, SUPPORT, Sink, Site, configuration, running, site, until

LUC = "Luc Petit <luc@customer.example>"
CONVERSATIONS = 40


def old(number: int, part: str, text: str) -> bytes:
    """A mail of one of many conversations: part "a" asks, "b" is Ann's answer, "c" thanks her."""
    message = EmailMessage()
    asks = f"Luc Petit <luc{number}@customer.example>"
    message["From"], message["To"] = (f"Ann Lee <{ANN}>", asks) if part == "b" else (asks, SUPPORT)
    message["Subject"] = f"{'' if part == 'a' else 'Re: '}Question {number}"
    message["Date"] = f"Tue, 2 Mar 2021 {'abc'.index(part) + 10}:{number % 60:02}:00 +0000"
    message["Message-ID"] = f"<{number}{part}@elsewhere.example>"
    if part > "a":
        message["References"] = " ".join(f"<{number}{one}@elsewhere.example>" for one in "ab" if one < part)
    message.set_content(f"{text}\nFrom me, number {number}.\n")
    return message.as_bytes()


def fill(folder: Path) -> list[str]:
    """An mbox with the questions and the thanks, and a Maildir with the answers; the paths to name."""
    box = folder / "old.mbox"
    lines = []
    for part in "ca":
        for number in range(CONVERSATIONS):
            raw = old(number, part, "How?").replace(b"\nFrom me", b"\n>From me")
            lines.append(b"From luc@customer.example Tue Mar  2 10:00:00 2021\n" + raw + b"\n")
    box.write_bytes(b"".join(lines))
    maildir = folder / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number in range(CONVERSATIONS):
        (maildir / ("cur" if number % 2 else "new") / f"{number}:2,S").write_bytes(old(number, "b", "So."))
    return [str(box), str(maildir)]


def told(desk: Site, *paths: str) -> Any:
    """What the command answers in JSON."""
    said = desk.does("import", "--json", *paths)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def sent(desk: Site) -> int:
    """How many mails the desk has written, save for the agents' welcome at its first start."""
    [(count,)] = desk.rows("select count(*) from outbox where notice != 'welcome'")
    return int(count)


def whole(desk: Site) -> None:
    """Every conversation is one closed ticket of three mails in their order, and nobody was told anything."""
    assert desk.rows("select count(*), sum(status = 'closed'), sum(owner = 'ann') from ticket") == [
        (CONVERSATIONS, CONVERSATIONS, CONVERSATIONS)
    ]
    said: dict[int, str] = {}
    for ticket, name in desk.rows("select ticket, message_id from entry order by ticket, seq"):
        said[ticket] = said.get(ticket, "") + name.partition("@")[0][-1]
    assert set(said.values()) == {"abc"}
    assert desk.rows("select count(*), count(distinct sha256) from inbox where state = 'ticket'") == [
        (3 * CONVERSATIONS, 3 * CONVERSATIONS)
    ]
    assert sent(desk) == 0
    assert desk.rows("select count(*) from timer") == [(0,)]
    assert desk.faults() == []
    assert not list((desk.var / "spool" / "tmp").iterdir())


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


def test_old_mail_goes_into_a_running_desk_that_answers_meanwhile(tmp_path: Path, sink: Sink) -> None:
    paths = fill(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        shape = told(desk, *paths)
        assert shape == {
            "mails": 3 * CONVERSATIONS,
            "opened": CONVERSATIONS,
            "joined": 2 * CONVERSATIONS,
            "duplicates": 0,
            "apart": 0,
            "unreadable": [],
        }
        whole(desk)
        again = told(desk, *paths)
        assert (again["opened"], again["joined"], again["duplicates"]) == (0, 0, 3 * CONVERSATIONS)
        whole(desk)
        # the first customer comes back, years later
        answer = new_mail("Luc Petit <luc0@customer.example>", "Re: Question 0", "Once more, please.", to=SUPPORT)
        answer = b"References: <0a@elsewhere.example> <0b@elsewhere.example>\r\n" + answer
        desk.post(answer, "luc0@customer.example", [SUPPORT])
        assert "#41" in sink.waits_for("luc0@customer.example", "follow-up").text
        until(desk.drained)
        assert desk.rows("select links from ticket where number = 41") == [("[1]",)]


def test_old_mail_goes_into_a_desk_that_does_not_run_and_can_be_shown(tmp_path: Path) -> None:
    paths = fill(tmp_path)
    with site(tmp_path, configuration(tmp_path, "maildir:sent")) as desk:
        said = desk.does("import", *paths)
        assert said.returncode == 0
        assert said.stdout.startswith("120 mails: 40 opened a ticket, 80 joined one, 0 were here already, ")
        assert said.stderr == ""
        whole(desk)
        shown = desk.does("ticket", "1").stdout
        assert "Question 0" in shown
        assert "From me, number 0." in shown
        assert "history from elsewhere" in shown
        assert "imported: its ids lead to #1" in desk.does("explain", "0c@elsewhere.example").stdout
        assert "all is well" in desk.does("verify").stdout


def test_a_daemon_that_is_killed_in_the_middle_loses_nothing_and_the_next_run_goes_on(
    tmp_path: Path, sink: Sink
) -> None:
    paths = fill(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        command = subprocess.Popen(
            desk.command("import", *paths), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        until(lambda: desk.rows("select count(*) from inbox")[0][0])
        desk.kill()
        _, words = command.communicate(timeout=60)
        part = desk.rows("select count(*) from inbox")[0][0]
        assert desk.faults() == []
        if part < 3 * CONVERSATIONS:
            assert command.returncode == 1
            assert words.startswith("maild: ")
            assert "run " in words
            assert len(words.splitlines()) == 1
        desk.start()
        assert told(desk, *paths)["duplicates"] == part
        whole(desk)


def test_a_command_that_is_killed_in_the_middle_is_run_again(tmp_path: Path) -> None:
    paths = fill(tmp_path)
    with site(tmp_path, configuration(tmp_path, "maildir:sent")) as desk:
        desk.does("verify")
        with subprocess.Popen(desk.command("import", *paths), stderr=subprocess.DEVNULL) as command:
            until(
                lambda: (
                    (desk.var / "maild.db").exists() and desk.rows("select 1 from sqlite_master where name = 'absence'")
                )
            )
            until(lambda: desk.rows("select count(*) from inbox")[0][0])
            command.send_signal(signal.SIGKILL)
        part = desk.rows("select count(*) from inbox")[0][0]
        assert told(desk, *paths)["duplicates"] == part
        for left in (desk.var / "spool" / "tmp").iterdir():
            left.unlink()  # the daemon sweeps it an hour later
        whole(desk)


def test_what_cannot_be_read_is_named_and_the_rest_is_brought_in(tmp_path: Path) -> None:
    with site(tmp_path, configuration(tmp_path, "maildir:sent")) as desk:
        (tmp_path / "a.eml").write_bytes(old(1, "a", "How?"))
        (tmp_path / "list.txt").write_text(f"{tmp_path}/a.eml\n{tmp_path}/gone.eml\n")
        (tmp_path / "cat.gif").write_bytes(b"GIF89a")
        said = desk.does("import", "--json", f"@{tmp_path}/list.txt", str(tmp_path / "cat.gif"))
        assert said.returncode == 1
        shape = json.loads(said.stdout)
        assert shape["opened"] == 1
        assert [(Path(one["path"]).name, one["reason"]) for one in shape["unreadable"]] == [
            ("gone.eml", "cannot open the file: No such file or directory"),
            ("cat.gif", "it does not begin as a mail does"),
        ]
        assert said.stderr.splitlines()[-1] == "maild: 2 could not be read, all others were brought in"
        assert desk.does("import").returncode == 2
        nothing = desk.does("import", f"@{tmp_path}/no-list")
        assert (nothing.returncode, len(nothing.stderr.splitlines())) == (1, 1)


def test_two_imports_at_once_wait_for_each_other(tmp_path: Path, sink: Sink) -> None:
    paths = fill(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        commands = [subprocess.Popen(desk.command("import", path), stdout=subprocess.PIPE, text=True) for path in paths]
        for command in commands:
            command.communicate(timeout=60)
        assert [command.returncode for command in commands] == [0, 0]
        assert desk.faults() == []
        merged = desk.rows("select count(*) from ticket where merged_into is null")
        assert merged == [(CONVERSATIONS,)]
        assert sent(desk) == 0
