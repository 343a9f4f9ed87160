"""What the score counts as right and as wrong, on a corpus made here: each measure has one mail of each sort."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.score import __main__ as score
from benchmarks.score import forwards, speed, threads
from benchmarks.score.bars import Figure, Outcome, Unmeasured, met
from benchmarks.score.bodies import inherent, says_something
from benchmarks.score.corpus import Corpus
from benchmarks.score.kept import Row, keep, kept
from benchmarks.score.reading import read

HUMAN = b"""From: Ann <ann@customer.example>
To: support@example.com
Subject: [issue7] The printer
Message-ID: <one@customer.example>

It prints nothing.
"""
ANSWER = b"""From: Ann <ann@customer.example>
Subject: Re: The printer
Message-ID: <two@customer.example>
In-Reply-To: <one@customer.example>

Now it does.
"""
STRANGER = b"""From: Bob <bob@other.example>
Subject: The printer
Message-ID: <three@other.example>

Ours is broken too.
"""
BOUNCE = b"""From: MAILER-DAEMON@mx.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; gone@customer.example
Action: failed
Status: 5.1.1
--b--
"""
VACATION = b"""From: Ann <ann@customer.example>
Subject: Out of office
Auto-Submitted: auto-replied

I am away.
"""
GARBLED = b"""From: Ann <ann@customer.example>
Content-Type: text/plain; charset=utf-8

Gr\xef\xbf\xbd\xef\xbf\xbde
"""
REPLY = b"It works.\n\nOn Mon, 2 Mar 2026 at 09:00, Desk <desk@example.com> wrote:\n> Does it work?\n"
REPLY_HTML = b"<p>It works.</p><blockquote type=cite><p>Does it work?</p></blockquote>"
FILES = {
    "human.eml": HUMAN,
    "answer.eml": ANSWER,
    "stranger.eml": STRANGER,
    "bounce.eml": BOUNCE,
    "vacation.eml": VACATION,
    "spam-1/bounce.eml": BOUNCE,
    "garbled.eml": GARBLED,
}
BODIES = {"reply.txt": REPLY, "reply.html": REPLY_HTML}

LABELS: dict[str, list[dict[str, Any]]] = {
    "mime": [
        {"path": "human.eml", "subject": "[issue7] The printer", "from": ["ann@customer.example"]},
        {"path": "answer.eml", "text": "Now it does.", "charset_problem": False},
        {"path": "stranger.eml", "subject": "Another subject", "text": "no measure", "charset_problem": True},
    ],
    "reply": [
        {"path": "reply.txt", "format": "text", "kind": "reply", "expected": "It  works."},
        {"path": "reply.txt", "format": "text", "kind": "reply", "expected": "It works.\nDoes it work?"},
        {"path": "answer.eml", "format": "eml-plain", "kind": "reply", "expected": "Now it"},
        {"path": "reply.html", "format": "html", "kind": "reply", "expected_html": "<p>It <b>works</b>.</p>"},
        {"path": "reply.html", "format": "html", "kind": "reply", "expected": "Does it?"},
        {
            "path": "reply.txt",
            "format": "text",
            "kind": "reply",
            "must_contain": ["works"],
            "must_not_contain": ["Does"],
        },
        {
            "path": "reply.txt",
            "format": "text",
            "kind": "reply",
            "must_contain": [],
            "must_not_contain": ["It\nworks"],
        },
    ],
    "bounce": [
        {"path": "bounce.eml", "recipients": ["Gone@customer.example"], "cls": "permanent"},
        {"path": "bounce.eml", "recipients": ["gone@customer.example"], "cls": "transient"},
        {"path": "bounce.eml", "recipients": ["gone@customer.example", "also@customer.example"], "cls": "permanent"},
        {"path": "human.eml", "recipients": ["gone@customer.example"], "cls": "permanent"},
    ],
    "autoreply": [
        {"path": "bounce.eml", "label": "bounce"},
        {"path": "vacation.eml", "label": "auto"},
        {"path": "human.eml", "label": "human"},
        {"path": "vacation.eml", "label": "human"},
        {"path": "stranger.eml", "label": "list"},
        {"path": "bounce.eml", "label": "notification"},
    ],
    "forward": [{"path": "reply.txt", "forwarded": True, "from_address": "ann@customer.example"}],
    "threading": [
        {"path": "human.eml", "corpus": "c", "thread": "t1", "notmuch_agrees": True},
        {"path": "answer.eml", "corpus": "c", "thread": "t1", "notmuch_agrees": False},
        {"path": "stranger.eml", "corpus": "c", "thread": "t2", "notmuch_agrees": True},
        {"path": "garbled.eml", "corpus": "c", "thread": "t2", "notmuch_agrees": True},
        {"path": "box.mbox", "mbox_index": 1, "corpus": "c", "thread": "t3", "notmuch_agrees": True},
    ],
    "tickettag": [
        {"path": "human.eml", "subject": "[issue7] The printer", "subject_tag": "issue7"},
        {"path": "answer.eml", "subject": "Re: The printer", "subject_tag": "issue7"},
    ],
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus")
    for path, content in {**FILES, **BODIES}.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(content)
    (root / "messages.txt").write_text("".join(f"{path}\n" for path in FILES))
    for name, rows in LABELS.items():
        (root / f"labels-{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Corpus(root)


measured = cache(score.measure)
"""What was measured of a corpus stays so: stories about what is made of it need not measure again."""


@pytest.fixture(scope="module", autouse=True)
def _few_rounds() -> Iterator[None]:
    """How fast a reading is, is measured in as few turns as will do: no story here is about that figure."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "_ROUNDS", 2)
        yield


@pytest.fixture(scope="module")
def outcomes(made: Corpus) -> dict[str, Outcome]:
    return measured(made, score.TOPICS)


def counted(outcomes: dict[str, Outcome], bar: str) -> tuple[float, int | None, list[str]]:
    """Amount, total and the mails that count against the bar."""
    outcome = outcomes[bar]
    assert isinstance(outcome, Figure), outcome
    return outcome.amount, outcome.of, [miss.path for miss in outcome.misses]


# --- the measures ---------------------------------------------------------------------------------------------------


def test_every_bar_has_an_outcome_and_every_outcome_a_bar(outcomes: dict[str, Outcome]) -> None:
    assert set(outcomes) == {bar.name for bar in score.BARS}
    assert len(score.BARS) == len(outcomes)


def test_mails_are_read_and_shown_and_what_they_garble_themselves_is_theirs(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "read") == (7, 7, [])
    assert counted(outcomes, "blank") == (0, 7, [])
    assert counted(outcomes, "mojibake") == (0, 7, [])
    assert inherent(GARBLED)
    assert not inherent(HUMAN)
    assert says_something(HUMAN)
    assert not says_something(HUMAN.partition(b"\n\n")[0] + b"\n\n")


def test_a_label_that_is_read_otherwise_is_a_wrong_check(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "mime") == (1, 4, ["stranger.eml"])


def test_a_reply_is_exact_without_white_space_and_lost_words_are_counted_apart(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "reply-text") == (1, 3, ["reply.txt", "answer.eml"])
    assert counted(outcomes, "reply-kept") == (2, 3, ["reply.txt"])
    assert counted(outcomes, "reply-html") == (1, 2, ["reply.html"])
    assert counted(outcomes, "reply-html-kept") == (1, 2, ["reply.html"])
    assert counted(outcomes, "reply-contains") == (1, 2, ["reply.txt"])


def test_a_bounce_names_all_its_recipients_and_the_class_of_those_that_are_found(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "bounce-recipients") == (2, 4, ["bounce.eml", "human.eml"])
    share, found, misses = counted(outcomes, "bounce-class")
    assert (round(share), found, misses) == (67, 3, ["bounce.eml"])
    assert counted(outcomes, "bounce-false") == (1, 5, ["bounce.eml"])
    assert counted(outcomes, "bounce-spam") == (1, 1, ["spam-1/bounce.eml"])


def test_people_are_answered_and_machines_are_not(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "answer-bounce") == (0, 1, [])
    assert counted(outcomes, "answer-auto") == (0, 1, [])
    assert counted(outcomes, "answer-list") == (1, 1, ["stranger.eml"])
    assert counted(outcomes, "answer-human") == (1, 2, ["vacation.eml"])


def test_mails_stand_together_by_their_ids_alone(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "thread-ids") == (50, 4, ["stranger.eml", "garbled.eml"])
    assert counted(outcomes, "thread-strangers") == (0, 4, [])
    assert counted(outcomes, "thread-traps") == (1, 1, [])


def test_old_mail_stands_together_as_labelled_and_all_of_it_is_kept(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "import-date") == (50, 4, ["stranger.eml", "garbled.eml"])
    assert counted(outcomes, "import-shuffled") == (50, 4, ["stranger.eml", "garbled.eml"])
    assert counted(outcomes, "kept") == (7, 7, [])
    assert counted(outcomes, "tags-forged") == (0, 4, [])


def test_a_tag_is_the_one_in_the_subject(outcomes: dict[str, Outcome]) -> None:
    assert counted(outcomes, "tags") == (1, 2, ["answer.eml"])


def test_strangers_in_a_thread_are_named(made: Corpus, tmp_path: Path) -> None:
    rows = [dict(row, thread=f"t{n}") for n, row in enumerate(LABELS["threading"])]
    for path in ("human.eml", "answer.eml", "stranger.eml", "garbled.eml"):
        (tmp_path / path).write_bytes(made.content(path))
    (tmp_path / "labels-threading.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = score.measure(Corpus(tmp_path), [threads.TOPIC])
    assert counted(found, "thread-strangers") == (2, 4, ["human.eml", "answer.eml"])


def test_the_forwards_that_inspect_tells_are_judged_and_silence_is_not_a_figure(made: Corpus) -> None:
    topic = forwards.TOPIC
    readings = read(topic.samples(made))
    for one in readings.values():
        one.told["forwarded"] = None
    assert isinstance(topic.judge(made, readings)["forward-sender"], Unmeasured)
    readings["reply.txt alone"].told["forwarded"] = {"from": "Ann@customer.example", "subject": "The printer"}
    assert counted(dict(topic.judge(made, readings)), "forward-sender") == (1, 1, [])
    readings["reply.txt alone"].told["forwarded"] = {"from": "bob@other.example", "subject": "The printer"}
    readings["answer.eml"].told["forwarded"] = {"from": "ann@customer.example", "subject": "The printer"}
    found = dict(topic.judge(made, readings))
    assert counted(found, "forward-sender") == (0, 1, ["reply.txt alone"])
    assert counted(found, "forward-false") == (1, 7, ["answer.eml"])


def test_what_a_corpus_does_not_hold_is_not_measured(tmp_path: Path) -> None:
    (tmp_path / "messages.txt").write_text("")
    found = score.measure(Corpus(tmp_path), [topic for topic in score.TOPICS if topic is not speed.TOPIC])
    assert [name for name, outcome in found.items() if not isinstance(outcome, Unmeasured)] == []


def test_what_is_not_measured_is_never_met() -> None:
    bars = {bar.name: bar for bar in score.BARS}
    assert not met(bars["forward-false"], Unmeasured("not built"))
    assert met(bars["forward-false"], Figure(0, 226))
    assert not met(bars["forward-false"], Figure(1, 226))
    assert met(bars["reply-text"], Figure(110, 144))
    assert not met(bars["reply-text"], Figure(109, 144))


# --- the table and the days -----------------------------------------------------------------------------------------


def test_the_page_keeps_the_figures_and_all_other_words(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Before\n\nwords\n")
    keep(page, [Row("read", "mails read", "1 of 2", ">= 2", "1", met=False)])
    page.write_text(page.read_text() + "\n## After\n")
    keep(page, [Row("read", "mails read", "2 of 2", ">= 2", "1", met=True)])
    assert kept(page) == {"read": Row("read", "mails read", "2 of 2", ">= 2", "1", met=True)}
    assert page.read_text().startswith("# Before\n\nwords\n")
    assert page.read_text().endswith("\n\n## After\n")


def test_a_bar_that_was_met_and_is_not_met_now_fails_the_run(
    made: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAILD_CORPUS", str(made.root))
    monkeypatch.setattr(score, "measure", measured)
    page = ["--page", str(tmp_path / "page.md")]
    assert score.main([*page, "--keep"]) == 0
    before = kept(tmp_path / "page.md")
    assert before["slowest"].met
    # how fast this machine is just now is no matter of this story
    keep(tmp_path / "page.md", [one for name, one in before.items() if not name.startswith("speed")])
    assert score.main(page) == 0
    said = capsys.readouterr().out
    assert "1 of 3" in said
    assert "not measured: the corpus holds no such mail" in said
    keep(tmp_path / "page.md", [Row("reply-text", "", "144 of 144", ">= 110", "", met=True)])
    assert score.main(page) == 1
    assert "reply-text" in capsys.readouterr().err


def test_the_mails_that_miss_a_bar_are_named_with_what_was_read(
    made: Corpus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAILD_CORPUS", str(made.root))
    assert score.main(["--list", "reply-text"]) == 0
    said = capsys.readouterr().out
    assert "reply.txt\n  expected\n    | It works.\n    | Does it work?\n  read      It works.\n" in said
    assert score.main(["--list", "kept"]) == 0
    assert "7 of 7" in capsys.readouterr().out


def test_without_a_corpus_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAILD_CORPUS", str(tmp_path))
    assert score.main([]) == 0
    assert capsys.readouterr().out.count("\n") == 1
