"""Ticket tags: the subject is read so that another tracker's tag is found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from benchmarks.score import imports
from benchmarks.score.bars import Bar, Miss, Outcome, Topic, right_of
from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading

_TAG = re.compile(r"\[([a-z]+[0-9]+)\]")

BARS = (
    Bar("tags", "ticket tags found in the subject as labelled", 51),
    Bar("tags-forged", "forged tags never join", 0, ceiling=True),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    yield from (corpus.mail(row["path"]) for row in corpus.rows("tickettag"))


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    rows = corpus.rows("tickettag")
    read = {row["path"]: _tag(readings[row["path"]].told["subject"]) for row in rows}
    wrong = [
        Miss(row["path"], row["subject_tag"] or "no tag", f"{read[row['path']] or 'no tag'}: {row['subject']}")
        for row in rows
        if read[row["path"]] != (row["subject_tag"] or "")
    ]
    return {
        "tags": right_of(len(rows), wrong),
        "tags-forged": imports.forged(corpus, {row["path"]: row["subject"] for row in rows}),
    }


TOPIC = Topic(BARS, samples, judge)


def _tag(subject: str) -> str:
    found = _TAG.search(subject)
    return found[1] if found else ""
