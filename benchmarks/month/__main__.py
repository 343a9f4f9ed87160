"""Play a month and say whether its bars were held: `python -m benchmarks.month`; 1 where one was missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.month.bars import Verdict, judge
from benchmarks.month.play import SMALL, USUAL, Numbers, place, play

_SHOWN = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, judge, report."""
    asked = _asked(arguments)
    usual = SMALL if asked.small else USUAL
    given = {name: value for name, value in vars(asked).items() if hasattr(usual, name) and value is not None}
    numbers = replace(usual, **given)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="maild-month-", dir=asked.folder or place()) as folder:
        verdict = judge(play(Path(folder), numbers))
    print(_table(verdict, numbers, time.monotonic() - began))
    return 0 if verdict.held else 1


def _table(verdict: Verdict, numbers: Numbers, took: float) -> str:
    lines = [f"{'played':52}{numbers.days} days in {took:.0f} s, seed {numbers.seed}"]
    lines.extend(f"{name:52}{value}" for name, value in verdict.figures)
    for name, found in verdict.listed:
        lines.append(f"{name:52}{len(found)}")
        lines.extend(f"    {one}" for one in found)
    lines.append("")
    for bar in verdict.bars:
        lines.append(f"{bar.name:52}{bar.amount:<8.0f}{'held' if bar.held else 'MISSED'}")
        lines.extend(f"    {one}" for one in bar.found[:_SHOWN])
        if len(bar.found) > _SHOWN:
            lines.append(f"    and {len(bar.found) - _SHOWN} more")
    return "\n".join(lines)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="month", description=__doc__)
    parser.add_argument("--small", action="store_true", help="ten days of eight people, as the tests play it")
    parser.add_argument("--seed", type=int, help="another month (1)")
    parser.add_argument("--tickets", type=int, help="about so many (2000)")
    parser.add_argument("--days", type=int, help="how long it lasts (30; 8 at least)")
    parser.add_argument("--agents", type=int, choices=(8, 20), help="how many people answer (20)")
    parser.add_argument("--kills", type=int, help="how often the daemon is killed at work (24)")
    parser.add_argument("--folder", type=Path, help="where the desk keeps its mail (in memory, where it can)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
