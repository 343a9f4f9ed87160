"""How long a reading takes beside mail-parser alone, in one process and in turns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import mailparser

from benchmarks.mails import Size, mails
from benchmarks.score.bars import Bar, Figure, Outcome, Topic, Unit
from benchmarks.score.corpus import Corpus, Sample, dress
from benchmarks.score.reading import Reading
from maild.ingest import reading

_ROUNDS = 40
_NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_SYLLABLES = ("ba", "den", "for", "ka", "li", "mo", "ner", "or", "pa", "ti", "sel", "vo")

BARS = (
    Bar("speed-text", "time for a reply of 2 kB, of mail-parser's", 1.5, ceiling=True, unit=Unit.TIMES),
    Bar("speed-html", "time for 30 kB of text and HTML, of mail-parser's", 3, ceiling=True, unit=Unit.TIMES),
    Bar("speed-html-only", "time for 30 kB of HTML alone, of mail-parser's", 3, ceiling=True, unit=Unit.TIMES),
)


def samples(_corpus: Corpus) -> Iterator[Sample]:
    """The mails are made here: those of a corpus are of every size."""
    yield from ()


def judge(_corpus: Corpus, _readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    chance = random.Random(5)
    [(_, both)] = mails(Size.HTML, 1, 0, 5, _NOW)
    made = {"speed-text": _reply(chance), "speed-html": both, "speed-html-only": _html(chance)}
    return {name: Figure(_times(raw)) for name, raw in made.items()}


TOPIC = Topic(BARS, samples, judge)


def _times(raw: bytes) -> float:
    """How many times as long as mail-parser the reading takes: the shortest of each, as a busy machine only adds."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_ROUNDS):
        ours.append(_seconds(lambda: reading.read(raw, sender=None)))
        theirs.append(_seconds(lambda: mailparser.parse_from_bytes(raw)))
    return min(ours) / min(theirs)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _reply(chance: random.Random) -> bytes:
    quoted = "\n".join(f"> {line}" for line in _lines(chance, 12))
    said = "\n".join(_lines(chance, 14))
    return dress(f"{said}\n\nOn Mon, 2 Mar 2026 at 09:00, Desk wrote:\n{quoted}\n".encode(), "text", "Re: A question")


def _html(chance: random.Random) -> bytes:
    """A mail of HTML alone, whose text is made of it."""
    rows = "".join(f'<tr><td style="padding: 4px">{line}</td></tr>\n' for line in _lines(chance, 150))
    said = "".join(f"<p>{line}</p>\n" for line in _lines(chance, 120))
    body = f"<html><body>{said}<table>{rows}</table><blockquote><p>Before</p></blockquote></body></html>"
    return dress(body.encode(), "html", "Re: A question")


def _lines(chance: random.Random, count: int) -> list[str]:
    return [" ".join("".join(chance.choices(_SYLLABLES, k=2)) for _ in range(14)) for _ in range(count)]
