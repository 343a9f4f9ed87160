"""Threads: which mails belong together by the ids that are read of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.score import imports
from benchmarks.score.bars import Bar, Miss, Outcome, Topic, Unit, right_of, share_of, wrong_of
from benchmarks.score.corpus import Corpus, Sample
from benchmarks.score.reading import Reading

BARS = (
    Bar("thread-ids", "mails in the right thread by the ids of inspect", 99.9, "90.5 %", unit=Unit.PERCENT),
    Bar("thread-strangers", "mails with strangers by these ids", 0, "876", ceiling=True),
    Bar("thread-traps", "of them those of the traps that are right", 26),
    Bar("import-date", "right thread after `import`, by date", 99.9, "90.5 %", unit=Unit.PERCENT),
    Bar("import-shuffled", "right thread after `import`, three orders", 99.9, "53.9 %", unit=Unit.PERCENT),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    yield from (corpus.mail(row["path"]) for row in _rows(corpus))


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    rows = _rows(corpus)
    scored = {row["path"]: row for row in rows if not row.get("ambiguous")}
    misses = _misses(scored, _groups(rows, readings))
    strangers = [miss for miss in misses if set(miss.read.splitlines()) - set(miss.expected.splitlines())]
    traps = {name for name, row in scored.items() if not row["notmuch_agrees"]}
    return {
        "thread-ids": share_of(len(scored), misses),
        "thread-strangers": wrong_of(len(scored), strangers),
        "thread-traps": right_of(len(traps), [miss for miss in misses if miss.path in traps]),
        "import-date": share_of(len(scored), _misses(scored, _by_date(corpus, rows, readings))),
        "import-shuffled": _shuffled(corpus, rows, scored),
    }


TOPIC = Topic(BARS, samples, judge)


def _misses(scored: Mapping[str, dict[str, Any]], found: Mapping[str, set[str]]) -> list[Miss]:
    """The mails whose thread does not hold exactly the labelled mails of their source."""
    expected: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, row in scored.items():
        expected[_thread(row)].add(name)
    misses: list[Miss] = []
    for name, row in scored.items():
        right = expected[_thread(row)]
        read = {one for one in found[name] if one in scored and scored[one]["corpus"] == row["corpus"]}
        if right != read:
            misses.append(Miss(name, "\n".join(sorted(right)), "\n".join(sorted(read))))
    return misses


def _by_date(corpus: Corpus, rows: list[dict[str, Any]], readings: Mapping[str, Reading]) -> dict[str, set[str]]:
    paths = sorted((row["path"] for row in rows), key=lambda path: readings[path].told["date"] or "")
    return imports.conversations(corpus, paths)


def _shuffled(corpus: Corpus, rows: list[dict[str, Any]], scored: Mapping[str, dict[str, Any]]) -> Outcome:
    """The worst of three shuffled orders, each in several runs of the command."""
    paths = [row["path"] for row in rows]
    orders = (imports.shuffled(paths, seed) for seed in imports.SEEDS)
    found = [_misses(scored, imports.conversations(corpus, order, imports.RUNS)) for order in orders]
    return share_of(len(scored), max(found, key=len))


def _rows(corpus: Corpus) -> list[dict[str, Any]]:
    """The labels of files that are one mail; inspect does not open an mbox."""
    return [row for row in corpus.rows("threading") if "mbox_index" not in row]


def _thread(row: dict[str, Any]) -> tuple[str, str]:
    return row["corpus"], row["thread"]


def _groups(rows: list[dict[str, Any]], readings: Mapping[str, Reading]) -> dict[str, set[str]]:
    """The mails that stand with each mail: joined by an id that one bears or names, known or not, within a source."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (above := parent.setdefault(node, node)) != node:
            parent[node] = parent[above]
            node = above
        return node

    nodes: dict[str, tuple[str, str]] = {}
    for row in rows:
        told, source = readings[row["path"]].told, row["corpus"]
        nodes[row["path"]] = node = (source, f"<{told['message_id'] or row['path']}>")
        for named in told["references"]:
            parent[root(node)] = root((source, f"<{named}>"))
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, node in nodes.items():
        groups[root(node)].add(name)
    return {name: groups[root(node)] for name, node in nodes.items()}
