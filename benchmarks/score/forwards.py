"""Forwards: who wrote the mail that was passed on, and which replies are taken for a forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.score import replies
from benchmarks.score.bars import Bar, Miss, Outcome, Topic, Unmeasured, right_of, wrong_of
from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading

BARS = (
    Bar("forward-sender", "forwards with the original sender", 90, "60"),
    Bar("forward-false", "replies taken for forwards", 0, ceiling=True),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    for row in corpus.rows("forward"):
        subject = corpus.text(row["subject_path"]).strip() if "subject_path" in row else ""
        yield corpus.dressed(_name(row), row["path"], "text", subject)
    yield from (replies.sample(corpus, row) for row in _replies(corpus))


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    rows = corpus.rows("forward")
    told = {_name(row): readings[_name(row)].told["forwarded"] for row in rows}
    if rows and not any(told.values()):
        return {bar.name: Unmeasured("inspect tells of no forward in any mail") for bar in BARS}
    forwards = [row for row in rows if row["forwarded"]]
    others = [_name(row) for row in rows if not row["forwarded"]]
    others += [replies.sample(corpus, row).name for row in _replies(corpus)]
    strangers = [
        Miss(_name(row), row.get("from_address", ""), _sender(told[_name(row)]))
        for row in forwards
        if told[_name(row)] is None or told[_name(row)]["from"].lower() != row.get("from_address", "").lower()
    ]
    passed_on = [(name, readings[name].told["forwarded"]) for name in others]
    wrong = [Miss(name, "no forward", _sender(one)) for name, one in passed_on if one]
    return {
        "forward-sender": right_of(len(forwards), strangers),
        "forward-false": wrong_of(len(others), wrong),
    }


TOPIC = Topic(BARS, samples, judge)


def _replies(corpus: Corpus) -> list[dict[str, Any]]:
    return [row for row in corpus.rows("reply") if row["kind"] == "reply"]


def _name(row: dict[str, Any]) -> str:
    return f"{row['path']} with {row['subject_path']}" if "subject_path" in row else f"{row['path']} alone"


def _sender(forwarded: dict[str, Any] | None) -> str:
    return f"by {forwarded['from'] or 'nobody'}: {forwarded['subject']}" if forwarded else "no forward"
