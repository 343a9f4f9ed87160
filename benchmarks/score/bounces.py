"""Bounces: whom they could not reach, for how long, and which mails are taken for one and are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.score.bars import Bar, Miss, Outcome, Topic, Unit, right_of, share_of, wrong_of
from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading

_NO_BOUNCES = frozenset({"list", "notification", "human", "report", "auto"})
_CLASSES = {
    "permanent": {"permanent"},
    "transient": {"transient"},
    "mixed": {"permanent", "transient"},
    "unknown": {"other"},
}

BARS = (
    Bar("bounce-recipients", "bounces with exactly the right recipients", 475, "427"),
    Bar("bounce-class", "class right, of those with a right recipient", 96, "91 %", unit=Unit.PERCENT),
    Bar("bounce-false", "other mails taken for bounces", 2, "11", ceiling=True),
    Bar("bounce-spam", "spam taken for bounces", 1, "3", ceiling=True),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    yield from (corpus.mail(row["path"]) for row in corpus.rows("bounce"))
    yield from map(corpus.mail, (*_others(corpus), *_spam(corpus)))


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    rows = corpus.rows("bounce")
    inexact: list[Miss] = []
    misclassed: list[Miss] = []
    found = 0
    for row in rows:
        expected = {one.lower() for one in row["recipients"]}
        told = readings[row["path"]].told["bounce"] or []
        if {one["recipient"].lower() for one in told} != expected:
            inexact.append(Miss(row["path"], ", ".join(sorted(expected)), _listed(told)))
        classes = {one["class"] for one in told if one["recipient"].lower() in expected}
        found += bool(classes)
        if classes and classes != _CLASSES[row["cls"]]:
            misclassed.append(Miss(row["path"], f"{row['cls']} {', '.join(row.get('status', ()))}", _listed(told)))
    return {
        "bounce-recipients": right_of(len(rows), inexact),
        "bounce-class": share_of(found, misclassed),
        "bounce-false": _alarms(_others(corpus), readings),
        "bounce-spam": _alarms(_spam(corpus), readings),
    }


TOPIC = Topic(BARS, samples, judge)


def _others(corpus: Corpus) -> list[str]:
    return [row["path"] for row in corpus.rows("autoreply") if row["label"] in _NO_BOUNCES]


def _spam(corpus: Corpus) -> list[str]:
    """Mail that its source keeps in a folder of spam."""
    return [path for path in corpus.messages if any(part.startswith("spam-") for part in path.split("/")[:-1])]


def _alarms(paths: list[str], readings: Mapping[str, Reading]) -> Outcome:
    told = [(path, readings[path].told) for path in paths]
    wrong = [(path, one) for path, one in told if one["bounce"] or one["kind"] in {"bounce", "delay"}]
    return wrong_of(len(paths), [Miss(path, "no bounce", _alarm(one)) for path, one in wrong])


def _alarm(told: dict[str, Any]) -> str:
    return f"{told['kind']} ({', '.join(told['why'])}): {_listed(told['bounce'] or [])}"


def _listed(told: list[dict[str, Any]]) -> str:
    return ", ".join(sorted(f"{one['recipient']} {one['class']} {one['status']}".strip() for one in told)) or "nobody"
