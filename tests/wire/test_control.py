"""The control socket of a running desk: what an operator asks, and what nobody should."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild import control
from tests.wire.clients import new_mail
from tests.wire.running import ANN, SUPPORT, Sink, Site, configuration, running, site, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink({"RCPT": [b"550 5.1.1 unknown\r\n"]}) as relay:
        yield relay


@contextlib.contextmanager
def line_to(desk: Site) -> Iterator[socket.socket]:
    """A connection to the socket, with patience for its answer."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        line.connect(str(desk.var / control.SOCKET))
        yield line


def heard(line: socket.socket) -> bytes:
    """All that the daemon says until it hangs up; "" where it hung up on what we did not finish saying."""
    said = b""
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while part := line.recv(65536):
            said += part
    return said


def answer(desk: Site, words: bytes, *, ends: bool = True) -> dict[str, object]:
    with line_to(desk) as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(words)
            if ends:
                line.shutdown(socket.SHUT_WR)
        said = heard(line)
    assert said.endswith(b"\n"), said
    assert said.count(b"\n") == 1
    told: dict[str, object] = json.loads(said)
    return told


def well(desk: Site) -> bool:
    told = control.ask(desk.var, {"do": "status"})
    return told is not None and bool(told["ok"])


GARBAGE: tuple[bytes, ...] = (
    b"",
    b"\n",
    b"half a line",
    b'{"do": "status"}',
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff\xfe\x00\n",
    b"[" * 60_000 + b"\n",
    b'"status"\n',
    b"[1, 2]\n",
    b"null\n",
    b'{"do": 7}\n',
    b'{"do": "read-secret"}\n',
    b'{"do": "outbox-retry"}\n',
    b'{"do": "outbox-retry", "row": "1"}\n',
    b'{"do": "outbox-retry", "row": 99999999999999999999999999}\n',
    b'{"do": "outbox-retry", "row": true}\n',
    b'{"do": "inbox-retry", "mail": -1}\n',
    b'{"do": "agent-left", "agent": "ann", "by": "me", "last": "never"}\n',
    b'{"do": "agent-left", "agent": "ann", "by": "me", "last": [1]}\n',
    b'{"do": "agent-away", "agent": "ann", "by": "me", "days": "today", "backup": {"a": 1}}\n',
    b'{"do": "agent-away", "agent": "\\ud800", "by": "\\u0000", "days": "1..0"}\n',
    b'{"do": "import", "bundle": "../../secret"}\n',
    b'{"do": "import", "bundle": "/etc/passwd"}\n',
    b'{"do": "import-again", "after": 1e999}\n',
    b'{"do": "import-again", "after": 99999999999999999999999999}\n',
)
PYTHON = re.compile("codec|isoformat|Python|timed out|True|Error|None|that failed")
"""What a person who asks has no use for."""


def test_what_is_no_request_is_answered_in_words_and_changes_nothing(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        secret = (desk.var / "secret").read_text("ascii").split()
        until(desk.drained)
        before = desk.rows("select id, state, tries from outbox")
        for words in GARBAGE:
            told = answer(desk, words)
            assert told["ok"] is False, words
            assert told["words"], words
            assert not PYTHON.search(str(told["words"])), (words, told["words"])
            assert not [one for one in secret if one in json.dumps(told)], words
        assert desk.rows("select id, state, tries from outbox") == before
        with line_to(desk) as line, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"x" * 10_000_000)
        assert well(desk)


def test_many_at_once_and_those_who_never_finish_or_never_read_keep_nobody_waiting(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk, contextlib.ExitStack() as lines:
        for _ in range(20):
            lines.enter_context(line_to(desk)).sendall(b'{"do": "sta')  # and never says more
            lines.enter_context(line_to(desk)).sendall(b'{"do": "status"}\n' * 500)  # and never reads
        begun = time.monotonic()
        with ThreadPoolExecutor(10) as people:
            told = list(people.map(lambda _: control.ask(desk.var, {"do": "status"}), range(60)))
        assert all(one is not None and ("listeners" in one or "too many" in one["words"]) for one in told)
        until(lambda: well(desk))
        assert time.monotonic() - begun < 30
        # one who drips an octet at a time is left after a while, too
        slow = lines.enter_context(line_to(desk))
        over = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not over.wait(0.2):
                    slow.sendall(b" ")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert b"that is no request" in heard(slow)
        finally:
            over.set()
            dripping.join()
        assert stat.S_IMODE((desk.var / control.SOCKET).stat().st_mode) == 0o600


@pytest.mark.parametrize("runs", [True, False], ids=["beside the daemon", "without a daemon"])
def test_every_writing_verb_works_beside_a_daemon_and_without_one(tmp_path: Path, sink: Sink, runs: bool) -> None:
    with site(tmp_path, configuration(tmp_path, sink.url)) as desk:
        desk.start()
        # Ann's address without a token and without proof: held, and asked for
        desk.post(b"X: y\r\n" + new_mail(f"Ann <{ANN}>", "Re: [#9] x", "#solved", to=SUPPORT), ANN, [SUPPORT])
        desk.post(
            b"From: MAILER-DAEMON@x.example\r\nTo: support@desk.example\r\nSubject: Undelivered\r\n"
            b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nno\r\n--b\r\n"
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.example\r\n\r\n"
            b"Final-Recipient: rfc822; y@z.example\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n",
            "",
            [SUPPORT],
        )
        until(desk.drained)
        (refused,) = until(lambda: desk.rows("select id from outbox where state = 'refused'"))[0]
        (held,) = until(lambda: desk.rows("select id from inbox where state = 'quarantine'"))[0]
        if not runs:
            assert desk.stop() == 0
        month = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
        letter = tmp_path / "old.eml"
        letter.write_bytes(new_mail(LUC, "An old question", "From last year.", to=SUPPORT))
        for words in (
            ("outbox", "retry", str(refused)),
            ("quarantine", "spam", str(held)),
            ("inbox", "retry", str(held)),
            ("agents", "away", "ann", f"{month}..{month}"),
            ("agents", "back", "ann", "--planned"),
            ("import", str(letter)),
        ):
            done = desk.does(*words)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            assert done.stdout.strip(), words
        again = desk.does("outbox", "retry", "9999")
        assert again.returncode == 1
        assert again.stderr == "maild: outbox mail 9999 is not waiting for anything\n"
        if not runs:
            desk.start()
        until(lambda: desk.rows("select id from outbox where id = ? and state = 'sent'", refused))
        until(lambda: desk.rows("select id from inbox where id = ? and state <> 'waiting' and released <> ''", held))
        assert desk.rows("select count(*) from ticket where subject like '%old question%'") == [(1,)]
        assert desk.faults() == []
