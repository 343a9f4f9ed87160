"""What the log of a busy day says: each mail's number through all its lines, and nothing that people wrote."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maild.logs import JsonLines, Lines, masked
from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import pymap_server
from tests.wire.running import ANN, BEN, OPS, SUPPORT, Sink, configuration, running, until

LUC_AT, EVE_AT = "luc.petit@customer.example", "eve.noir@stranger.example"
LUC, EVE, ANN_LEE = f"Luc Petit <{LUC_AT}>", f"Eve Noir <{EVE_AT}>", f"Ann Lee <{ANN}>"
PASSWORD, KEPT_SECRET = "correct-horse-battery", "mailbox-staple-9"
CANARIES = ("zebra", "okapi", "quagga", "wombat", "numbat", "dugong", "kakapo", "tapir", PASSWORD, KEPT_SECRET)
TOKEN = re.compile(r"\b[a-z2-7]{40}\b|\b[a-z2-7]{24}\b", re.IGNORECASE)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A relay that asks for a password, and repeats an address where it refuses one."""
    refuse = f"550 5.1.1 <{ANN}> zebra: no such user here\r\n".encode()
    with Sink({"RCPT": [refuse]}, logins={"desk": PASSWORD}) as relay:
        yield relay


def a_busy_day(tmp_path: Path, sink: Sink) -> list[dict[str, Any]]:
    """The log of a desk that had all sorts of mail, line by line."""
    (tmp_path / "relay.password").write_text(PASSWORD)
    (tmp_path / "box.password").write_text(KEPT_SECRET)
    with pymap_server({"desk": KEPT_SECRET}) as server:
        text = configuration(
            tmp_path,
            f'{sink.url}"\nuser = "desk"\npassword_file = "{tmp_path}/relay.password',
            tables=f"""
[[mailbox]]
name = "box"
host = "127.0.0.1"
port = {server.port}
tls = "none"
user = "desk"
password_file = "{tmp_path}/box.password"
after = "keep"
address = "{SUPPORT}"
""",
        )
        with running(tmp_path, text) as desk:
            desk.post(new_mail(LUC, "My zebra is late", "The okapi came first.", to=SUPPORT), LUC_AT, [SUPPORT])
            brief = sink.waits_for(ANN, "assigned")
            desk.post(gmail(ANN_LEE, "#priority high\n\nA quagga is on its way.", brief), ANN, [brief["Reply-To"]])
            answer = sink.waits_for(LUC_AT, "reply")
            desk.post(gmail(LUC, "STATUS wombat", answer), LUC_AT, [answer["Reply-To"]])
            desk.post(gmail(EVE, "Let me in, numbat!", answer), EVE_AT, [answer["Reply-To"]])
            desk.post(gmail(f"Ann Lee <{EVE_AT}>", "#solved numbat", brief), EVE_AT, [brief["Reply-To"]])
            wrong = gmail(ANN_LEE, "#dugong\n\nText", brief)
            desk.post(wrong.replace(b"dmarc=pass", b"dmarc=fail"), ANN, [brief["Reply-To"]])
            desk.post(b"Subject: kakapo\r\nContent-Type: multipart/mixed\r\nkakapo\r\n\xff\xfe", LUC_AT, [SUPPORT])
            server.append("desk", new_mail(LUC, "A tapir by IMAP", "tapir", to=SUPPORT))
            month = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
            assert desk.does("agents", "away", "ann", month, "--because", "dugong").returncode == 0
            until(lambda: desk.rows("select id from inbox where source like 'imap:%' and state <> 'waiting'"))
            until(desk.drained)
    return [json.loads(line) for line in desk.log.splitlines()]


def test_a_busy_days_log_leads_from_door_to_outbox_and_tells_nothing_that_people_wrote(
    tmp_path: Path, sink: Sink
) -> None:
    lines = a_busy_day(tmp_path, sink)
    whole = "\n".join(json.dumps(line) for line in lines).lower()
    assert not [word for word in CANARIES if word in whole], whole
    assert not [spec for spec in (LUC_AT, EVE_AT, ANN, BEN, OPS) if spec in whole], whole
    assert "petit" not in whole
    assert not TOKEN.search(whole)
    assert any("refused 550 5.1.1 " in line["words"] for line in lines)
    # every mail of that day has its number in each line about it: at the door, at its decision, at what it caused
    of_first = [line["words"] for line in lines if line.get("mail") == 1]
    assert of_first[0] == "inbox mail 1: kept, by smtp from 127.0.0.1"
    assert of_first[1].startswith("inbox mail 1: ")
    assert any(re.fullmatch(r"outbox mail \d+ for inbox mail 1: sent 250 .*", words) for words in of_first), of_first
    kept = {line["mail"] for line in lines if ": kept, by " in line["words"]}
    decided = {line["mail"] for line in lines if line["logger"] == "maild.process"}
    assert kept == decided == set(range(1, 9))
    assert any(line["words"].endswith("kept, by imap from box") for line in lines)


def record(words: str, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("maild.test", logging.ERROR, "", 0, words, None, None)
    made.__dict__.update(more)
    return made


def fault(raised: Exception, cause: Exception | None = None) -> dict[str, Any]:
    try:
        raise raised from cause  # noqa: TRY301  the place of the fault is what is told
    except Exception:
        return {"exc_info": sys.exc_info()}


def test_what_a_line_must_not_say_is_masked() -> None:
    assert masked("550 <bob.o'neil+x@mail.example> unknown") == "550 <b...@mail.example> unknown"
    assert masked("to bob@mail.example, ann@a.example") == "to b...@mail.example, a...@a.example"
    assert masked("to support+" + "a2" * 20 + "@desk.example") == "to s...@desk.example"
    assert masked("key " + "b3" * 20) == "key TOKEN"
    assert masked("one\r\ntwo\x1b[31m\u2028three") == "one two [31m three"
    assert masked("inbox mail 7: kept") == "inbox mail 7: kept"


def test_a_fault_is_told_by_its_place_and_not_by_what_it_repeats() -> None:
    told = json.loads(JsonLines().format(record("it failed", **fault(ValueError("invalid: 'zebra'")))))
    assert told["trace"].endswith("in fault\nValueError")
    assert "zebra" not in json.dumps(told)
    deeper = Lines().format(record("it failed", **fault(KeyError("zebra"), OSError(28, "No space left"))))
    assert "zebra" not in deeper
    assert deeper.endswith("OSError: [Errno 28] No space left")
    locked = Lines().format(record("it failed", **fault(sqlite3.OperationalError("database is locked"))))
    assert locked.endswith("sqlite3.OperationalError: database is locked")


def test_a_line_of_text_says_when_how_bad_where_and_what() -> None:
    line = Lines().format(record("inbox mail 7: kept", created=0.0, mail=7))
    assert line == "1970-01-01T00:00:00.000+00:00 ERROR maild.test: inbox mail 7: kept"
    assert json.loads(JsonLines().format(record("inbox mail 7: kept", mail=7)))["mail"] == 7


@pytest.mark.parametrize(
    ("at", "stamp"),
    [
        (1_772_442_000.25, "2026-03-02T09:00:00.250000+00:00"),
        (1_772_442_000.999_999, "2026-03-02T09:00:00.999999+00:00"),
        (1_772_442_001.0, "2026-03-02T09:00:01.000000+00:00"),
    ],
)
def test_a_line_bears_its_moment_in_utc(at: float, stamp: str) -> None:
    record = logging.makeLogRecord({"name": "maild.process", "levelname": "INFO", "msg": "kept", "created": at})
    assert json.loads(JsonLines().format(record))["at"] == stamp
    assert Lines().format(record) == f"{stamp[:23]}+00:00 INFO maild.process: kept"
