"""Who may get an automatic answer: people, and no machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.score.bars import Bar, Miss, Outcome, Topic, right_of, wrong_of
from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading

_MACHINES = {"bounce": "bounces", "report": "reports", "auto": "auto-replies", "list": "list mails"}
_BEST = {"bounce": "13", "report": "8", "auto": "3", "list": "44"}
_PEOPLE = "human"

BARS = (
    *(Bar(f"answer-{name}", f"{what} answered", 0, _BEST[name], ceiling=True) for name, what in _MACHINES.items()),
    Bar("answer-human", "people answered", 192, "193"),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    for row in corpus.rows("autoreply"):
        if row["label"] in {*_MACHINES, _PEOPLE}:
            yield corpus.mail(row["path"])


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    paths: dict[str, list[str]] = {label: [] for label in (*_MACHINES, _PEOPLE)}
    for row in corpus.rows("autoreply"):
        paths.setdefault(row["label"], []).append(row["path"])
    outcomes: dict[str, Outcome] = {}
    for label in _MACHINES:
        outcomes[f"answer-{label}"] = wrong_of(len(paths[label]), _misses(paths[label], readings, wanted=False))
    outcomes["answer-human"] = right_of(len(paths[_PEOPLE]), _misses(paths[_PEOPLE], readings, wanted=True))
    return outcomes


TOPIC = Topic(BARS, samples, judge)


def _misses(paths: list[str], readings: Mapping[str, Reading], *, wanted: bool) -> list[Miss]:
    told = [(path, readings[path].told) for path in paths]
    return [
        Miss(path, _said(wanted), f"{_said(not wanted)}: {one['kind']} ({', '.join(one['why'])})")
        for path, one in told
        if one["answerable"] is not wanted
    ]


def _said(answerable: bool) -> str:
    return "an answer" if answerable else "no answer"
