"""Real mail of twenty-nine sources: all of it is read, and what it says is checked against what others found in it.

The corpus lies beside the repository or where MAILD_CORPUS says; without it these tests are skipped.
"""

from __future__ import annotations

import email
import json
import os
import re
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from maild import inspection
from maild.ingest.kind import Ours
from maild.ingest.reading import NO_TRUST
from maild.readers import Read, Readers

CORPUS = Path(os.environ.get("MAILD_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
OURS = Ours(frozenset({"support@example.com"}))

pytestmark = pytest.mark.skipif(not (CORPUS / "messages.txt").exists(), reason=f"no corpus at {CORPUS}")


def labels(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / f"labels-{name}.jsonl").read_text("utf-8").splitlines()]


def messages() -> list[str]:
    return (CORPUS / "messages.txt").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Any]]:
    """What is understood of each mail, read by two children."""
    paths = sorted({*messages(), *(row["path"] for row in labels("mime"))})
    seen: dict[str, dict[str, Any]] = {}
    waiting = iter(enumerate(paths))
    with Readers(2) as readers:
        while True:
            while readers.pending < 16 and (following := next(waiting, None)):
                key, path = following
                readers.submit(key, (CORPUS / path).read_bytes(), sender=None, ours=OURS, trust=NO_TRUST)
            if not readers.pending:
                break
            for key, outcome in readers.wait(60):
                assert isinstance(outcome, Read), (paths[key], outcome)
                seen[paths[key]] = inspection.tell(paths[key], outcome.mail)
    return seen


def test_every_mail_is_read_without_a_fault_of_ours(told: dict[str, dict[str, Any]]) -> None:
    assert [path for path in messages() if path not in told] == []
    assert [path for path, seen in told.items() if "could not be read" in (seen["error"] or "")] == []


def says_something(part: Message) -> bool:
    """Whether a mail has words of its own to show; mail within it and attached files do not count."""
    if part.get_content_maintype() == "message" or part.get_content_disposition() == "attachment":
        return False
    if part.is_multipart():
        return any(says_something(one) for one in part.get_payload())  # type: ignore[arg-type]
    if part.get_content_type() not in {"text/plain", "text/html"} or part.get_filename():
        return False
    content = part.get_payload(decode=True)
    return isinstance(content, bytes) and bool(re.search(rb"\w", re.sub(rb"<[^>]*>", b"", content)))


def test_where_there_are_words_they_are_shown(told: dict[str, dict[str, Any]]) -> None:
    blank = [path for path, seen in told.items() if not seen["text"].strip()]
    lost = [path for path in blank if says_something(email.message_from_bytes((CORPUS / path).read_bytes()))]
    assert len(lost) <= 2, lost


def test_no_encoded_word_is_left_in_a_subject(told: dict[str, dict[str, Any]]) -> None:
    left = [
        path for path, seen in told.items() if re.search(r"=\?[\w-]+\?[bq]\?[^?]*\?=", seen["subject"], re.IGNORECASE)
    ]
    assert left == []


def bare(text: str) -> str:
    return "".join(text.split())


def test_subjects_authors_and_texts_are_what_another_reader_found(told: dict[str, dict[str, Any]]) -> None:
    rows = labels("mime")
    subjects = [row for row in rows if row.get("subject") is not None]
    authors = [row for row in rows if row.get("from")]
    texts = [row for row in rows if row.get("text") is not None and not row["charset_problem"]]
    assert sum(bare(told[row["path"]]["subject"]) == bare(row["subject"]) for row in subjects) == len(subjects) == 25
    assert sum(told[row["path"]]["from"] == ", ".join(row["from"]) for row in authors) == len(authors) == 21
    # Of 31: what differs is a heap of headers that only we read words in, and a NUL, which we drop.
    assert sum(bare(told[row["path"]]["text"]) == bare(row["text"]) for row in texts) >= 29


def of(told: dict[str, dict[str, Any]], *wanted: str) -> list[dict[str, Any]]:
    return [told[row["path"]] for row in labels("autoreply") if row["label"] in wanted and row["path"] in told]


def test_no_machine_is_answered_and_people_are(told: dict[str, dict[str, Any]]) -> None:
    assert [seen["path"] for seen in of(told, "bounce", "report", "auto", "list") if seen["answerable"]] == []
    refused = [seen["path"] for seen in of(told, "human") if not seen["answerable"]]
    assert len(refused) <= 1, refused


def test_people_and_lists_are_not_taken_for_bounces(told: dict[str, dict[str, Any]]) -> None:
    wrong = [seen["path"] for seen in of(told, "human", "list", "notification", "report", "auto") if seen["bounce"]]
    # Three mails of lists are bounces that came over the list.
    assert len(wrong) <= 3, wrong


def test_automatic_replies_reports_and_bounces_are_told_apart(told: dict[str, dict[str, Any]]) -> None:
    assert {seen["kind"] for seen in of(told, "auto")} == {"auto-reply"}
    bounces = of(told, "bounce")
    assert sum(seen["kind"] in {"bounce", "delay"} for seen in bounces) >= len(bounces) * 0.98


def test_bounces_name_whom_they_could_not_reach(told: dict[str, dict[str, Any]]) -> None:
    rows = [row for row in labels("bounce") if row["path"] in told]
    named = {row["path"]: {one["recipient"].lower() for one in told[row["path"]]["bounce"] or ()} for row in rows}
    exact = sum(named[row["path"]] == {one.lower() for one in row["recipients"]} for row in rows)
    assert exact >= 489, (exact, len(rows))
    found = [row for row in rows if named[row["path"]]]
    right = sum(row["cls"] in {one["class"] for one in told[row["path"]]["bounce"]} for row in found)
    assert right >= len(found) * 0.97, (right, len(found))
