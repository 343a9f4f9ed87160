"""What `maild inspect` says of a mail."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from maild import inspection
from maild.ingest.kind import Ours

OURS = Ours(frozenset({"support@example.com"}))
KEYS = [
    *("path", "kind", "message_id", "references", "from", "from_name", "to", "subject", "date", "language", "text"),
    *("new_text", "html", "attachments", "bounce", "forwarded", "answerable", "why", "error"),
]

REPLY = b"""From: "Lee, Ann" <ann@example.org>\r
To: Support <support@example.com>, bob@example.org\r
Subject: =?utf-8?q?Re:_caf=C3=A9?=\r
Date: Mon, 2 Mar 2026 10:00:00 +0100\r
Message-ID: <c@example.org>\r
In-Reply-To: <b@example.org>\r
References: <a@example.org>\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
Yes, please.\r
\r
On Mon, 2 Mar 2026 at 09:00, Support <support@example.com> wrote:\r
> Shall we?\r
--b\r
Content-Type: text/csv\r
Content-Disposition: attachment; filename=list.csv\r
\r
1,2\r
--b--\r
"""


BOUNCE = b"""From: MAILER-DAEMON@mx.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx

Final-Recipient: rfc822; x@y.example
Action: failed
Status: 5.1.1
--b--
"""


def test_a_reply_is_told_in_one_object(tmp_path: Path) -> None:
    path = tmp_path / "reply.eml"
    path.write_bytes(REPLY)
    told = inspection.inspect(path, OURS)
    assert list(told) == KEYS
    assert "\n" not in json.dumps(told)
    text = told.pop("text")
    assert text.startswith("Yes, please.\n\nOn Mon")
    assert told["attachments"][0].pop("sha256") == hashlib.sha256(b"1,2").hexdigest()
    assert told == {
        "path": str(path),
        "kind": "person",
        "message_id": "c@example.org",
        "references": ["a@example.org", "b@example.org"],
        "from": "ann@example.org",
        "from_name": "Lee, Ann",
        "to": ["support@example.com", "bob@example.org"],
        "subject": "Re: café",
        "date": "2026-03-02T09:00:00+00:00",
        "language": "",
        "new_text": "Yes, please.",
        "html": "",
        "attachments": [{"name": "list.csv", "type": "text/csv", "size": 3}],
        "bounce": None,
        "forwarded": None,
        "answerable": True,
        "why": ["no mark of a machine"],
        "error": None,
    }


def test_a_bounce_tells_whom_it_is_about(tmp_path: Path) -> None:
    path = tmp_path / "bounce.eml"
    path.write_bytes(BOUNCE)
    told = inspection.inspect(path, OURS)
    assert told["kind"] == "bounce"
    assert told["bounce"] == [{"recipient": "x@y.example", "class": "permanent", "status": "5.1.1"}]
    assert told["date"] is None
    assert not told["answerable"]


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    told = inspection.inspect(tmp_path / "nowhere.eml", OURS)
    assert list(told) == KEYS
    assert "cannot open the file" in told["error"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"Moderator <postbox>", "postbox"),
        (b"postbox", ""),
        (b"a@x.example <postbox>", ""),
        (b"Ann <ann@x.example>", "ann@x.example"),
    ],
)
def test_a_name_without_a_domain_is_shown_and_is_nobody_to_answer(tmp_path: Path, line: bytes, shown: str) -> None:
    path = tmp_path / "odd.eml"
    path.write_bytes(b"From: " + line + b"\nSubject: A question\n\nWhere is it?\n")
    told = inspection.inspect(path, OURS)
    assert told["from"] == shown
    assert told["answerable"] is ("@" in shown)
