"""New words: what an author wrote is kept, and what was quoted is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.score.bars import Bar, Miss, Outcome, Topic, right_of
from benchmarks.score.corpus import Corpus, Sample, bare, words
from benchmarks.score.reading import Reading
from maild.ingest.html_text import text_of_html
from maild.ingest.reading import LIMITS

BARS = (
    Bar("reply-text", "replies in text, exact", 110, "100"),
    Bar("reply-html", "replies in HTML, exact", 41, "40"),
    Bar("reply-contains", "replies with words that must be there or not", 32, "28"),
    Bar("reply-kept", "the author's words kept, text", 143, "141"),
    Bar("reply-html-kept", "the author's words kept, HTML", 46, "45"),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    for row in corpus.rows("reply"):
        yield sample(corpus, row)


def sample(corpus: Corpus, row: dict[str, Any]) -> Sample:
    """The mail of a label: as it stands, or made of its body."""
    if row["format"].startswith("eml"):
        return corpus.mail(row["path"])
    return corpus.dressed(_name(row), row["path"], row["format"], "A question")


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    totals: dict[str, int] = dict.fromkeys((bar.name for bar in BARS), 0)
    misses: dict[str, list[Miss]] = {bar.name: [] for bar in BARS}
    for row in corpus.rows("reply"):
        read: str = readings[_name(row)].told["new_text"]
        for name, miss in _checks(corpus, row, read):
            totals[name] += 1
            misses[name] += [miss] if miss else []
    return {name: right_of(totals[name], misses[name]) for name in totals}


TOPIC = Topic(BARS, samples, judge)


def _name(row: dict[str, Any]) -> str:
    return str(row["path"]) if row["format"].startswith("eml") else f"{row['path']} as a body"


def _checks(corpus: Corpus, row: dict[str, Any], read: str) -> Iterator[tuple[str, Miss | None]]:
    """Each bar that a label counts for, and the miss where it is one."""
    path = row["path"]
    if "must_contain" in row:
        lacking = [f"lacks {one!r}" for one in row["must_contain"] if words(one) not in words(read)]
        left = [f"shows {one!r}" for one in row["must_not_contain"] if words(one) in words(read)]
        faults = "; ".join(lacking + left)
        yield "reply-contains", Miss(path, faults, read) if faults else None
        return
    html = row["format"] == "html"
    expected = _expected(corpus, row)
    exact = bare(expected) == bare(read)
    yield "reply-html" if html else "reply-text", None if exact else Miss(path, expected, read)
    lost = [line for line in expected.splitlines() if bare(line) not in bare(read)]
    yield "reply-html-kept" if html else "reply-kept", Miss(path, "\n".join(lost), read) if lost else None


def _expected(corpus: Corpus, row: dict[str, Any]) -> str:
    """The text that is expected; HTML as the text that it shows."""
    if "expected_html_path" in row:
        return _shown(corpus.text(row["expected_html_path"]))
    if "expected_html" in row:
        return _shown(row["expected_html"])
    expected: str = row["expected"]
    return _shown(expected) if row.get("compare", "").startswith("html") else expected


def _shown(html: str) -> str:
    return text_of_html(html, LIMITS.html)
