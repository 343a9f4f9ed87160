"""Score the desk's reading of real mail: `python -m benchmarks.score`; 1 where a bar was met before and is not now."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.score import answers, bodies, bounces, forwards, replies, speed, tags, threads
from benchmarks.score.bars import Bar, Figure, Outcome, Topic, Unmeasured, met, written
from benchmarks.score.corpus import Corpus, corpus
from benchmarks.score.kept import PAGE, Row, keep, kept
from benchmarks.score.reading import read

TOPICS = (
    bodies.TOPIC,
    replies.TOPIC,
    bounces.TOPIC,
    answers.TOPIC,
    forwards.TOPIC,
    threads.TOPIC,
    tags.TOPIC,
    speed.TOPIC,
)
BARS = tuple(bar for topic in TOPICS for bar in topic.bars)
_FORM = "{:18}{:50}{:>14}{:>10}{:>10}{:>16}  {}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, measure, report."""
    asked = _asked(arguments)
    found = corpus()
    if not found.there:
        print(f"score: no corpus at {found.root}; MAILD_CORPUS names another place")
        return 0
    if asked.list:
        return _list(asked.list, found)
    outcomes = measure(found, TOPICS)
    before = kept(asked.page)
    print(_table(outcomes, before))
    lost = [
        bar.name for bar in BARS if bar.name in before and before[bar.name].met and not met(bar, outcomes[bar.name])
    ]
    if asked.keep:
        keep(asked.page, [row(bar, outcomes[bar.name]) for bar in BARS])
    if lost:
        print(f"score: met before and not now: {', '.join(lost)}", file=sys.stderr)
    return 1 if lost else 0


def measure(found: Corpus, topics: Iterable[Topic]) -> dict[str, Outcome]:
    """What there is to say of each bar, by name; every mail is read once."""
    wanted = tuple(topics)
    readings = read(sample for topic in wanted for sample in topic.samples(found))
    return {name: outcome for topic in wanted for name, outcome in topic.judge(found, readings).items()}


def row(bar: Bar, outcome: Outcome) -> Row:
    """A bar in words, as it is kept."""
    figure = f"not measured: {outcome.why}" if isinstance(outcome, Unmeasured) else written(bar, outcome)
    return Row(bar.name, bar.what, figure, bar.sign, bar.best, met=met(bar, outcome))


def _table(outcomes: dict[str, Outcome], before: dict[str, Row]) -> str:
    lines = [_FORM.format("bar", "", "now", "needed", "library", "yesterday", "met")]
    for bar in BARS:
        outcome = outcomes[bar.name]
        last = before[bar.name].figure.partition(":")[0] if bar.name in before else ""
        verdict = f"not measured: {outcome.why}" if isinstance(outcome, Unmeasured) else _verdict(met(bar, outcome))
        lines.append(_FORM.format(bar.name, bar.what, written(bar, outcome), bar.sign, bar.best, last, verdict))
    reached = sum(met(bar, outcomes[bar.name]) for bar in BARS)
    silent = sum(isinstance(outcome, Unmeasured) for outcome in outcomes.values())
    lines.append(f"{reached} of {len(BARS)} bars met, {len(BARS) - reached - silent} missed, {silent} not measured")
    return "\n".join(lines)


def _verdict(reached: bool) -> str:
    return "yes" if reached else "NO"


def _list(name: str, found: Corpus) -> int:
    topic = next(topic for topic in TOPICS if name in {bar.name for bar in topic.bars})
    bar = next(bar for bar in topic.bars if bar.name == name)
    match measure(found, [topic])[name]:
        case Unmeasured(why):
            print(f"{name}: not measured: {why}")
        case Figure(misses=misses) as figure:
            for miss in misses:
                print(f"{miss.path}\n{_block('expected', miss.expected)}\n{_block('read', miss.read)}\n")
            print(f"{name}: {bar.what}: {written(bar, figure)} ({bar.sign})")
    return 0


def _block(title: str, text: str) -> str:
    """A short text behind its title, a long one line by line below it."""
    lines = text.splitlines()
    if len(lines) < 2:
        return f"  {title:9} {text}"
    return "\n".join((f"  {title}", *(f"    | {line}" for line in lines)))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="score", description=__doc__)
    parser.add_argument("--list", choices=[bar.name for bar in BARS], metavar="BAR", help="name the mails that miss it")
    parser.add_argument("--keep", action="store_true", help="write the figures into the page, for tomorrow")
    parser.add_argument("--page", type=Path, default=PAGE, help=f"the page that keeps them ({PAGE.name})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
