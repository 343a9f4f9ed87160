"""One run: bare server, the desk's door, end to end, in turns; medians as a table and as JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import gauge
from benchmarks.desk import BenchError, Running, desk, load, module
from benchmarks.mails import Size

CONNECTIONS = 16
BARS = {"door_of_bare": ("accepted", 0.60), "end_to_end_of_bare": ("end to end", 0.25)}
"""What the desk has to reach of the bare server, for short text."""
_PATIENCE = 120.0
_COUNTS = {Size.TEXT: 400, Size.HTML: 200, Size.ATTACHED: 24}
_QUICK = {Size.TEXT: 200, Size.HTML: 60, Size.ATTACHED: 8}
_BARE = {Size.TEXT: 5, Size.HTML: 4, Size.ATTACHED: 1}  # times as many, so that a turn of either takes about as long
_EACH = 2  # mails that the desk sends for one that comes: the acknowledgement, and the brief to the agent


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one kind of mail: mails a second, and seconds of processor time a mail."""

    bare: float
    door: float
    end_to_end: float
    bare_cpu: float
    cpu: float
    door_of_bare: float
    end_to_end_of_bare: float


@dataclass(frozen=True, slots=True)
class Syncs:
    """What one mail cost in commits and in fsyncs, counted in a turn of its own."""

    commits: float
    fsyncs: float


@dataclass(slots=True)
class Bench:
    """The processes of a run, and how many mails were handed to them."""

    bare: Running
    desk: Running
    sink: Running
    seed: int
    handed: int = 0

    def turn(self, size: Size, count: int) -> Turn:
        """Mails to the bare server, then so many to the desk, until all it sends is with the sink."""
        before = gauge.cpu(self.bare.pid)
        many = count * _BARE[size]
        loaded = load(self.bare.port, size, many, self._next(many), CONNECTIONS, self.seed)
        bare, bare_cpu = many / (loaded["ended"] - loaded["began"]), (gauge.cpu(self.bare.pid) - before) / many
        before = gauge.cpu(self.desk.pid)
        loaded, came = self.to_the_end(size, count)
        door, end = (count / (at - loaded["began"]) for at in (loaded["ended"], came["acknowledged_at"]))
        cpu = gauge.cpu(self.desk.pid) - before
        return Turn(bare, door, end, bare_cpu, cpu / count, door / bare, end / bare)

    def to_the_end(self, size: Size, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Hand mails to the desk and wait for all that it sends: what the load and the sink saw."""
        self.sink.ask(f"{count} {count * _EACH}")
        self.sink.hear(_PATIENCE)
        loaded = load(self.desk.port, size, count, self._next(count), CONNECTIONS, self.seed)
        came: dict[str, Any] = json.loads(self.sink.hear(_PATIENCE))
        if came["came"].get("received") != count:
            raise BenchError(f"{count} mails were to be acknowledged, and the desk sent {came['came']}")
        return loaded, came

    def _next(self, count: int) -> int:
        first, self.handed = self.handed, self.handed + count
        return first


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, report; 1 where the desk did not do its work, or is slower than the bar."""
    asked = _asked(arguments)
    try:
        report = measure(asked)
    except BenchError as fault:
        print(f"bench: {fault}", file=sys.stderr)
        return 1
    print(_table(report))
    if asked.json is not None:
        asked.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    missed = list(_missed(report))
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def _missed(report: dict[str, Any]) -> Iterator[str]:
    """The bars that were not reached, where short text was measured."""
    kind = report["kinds"].get(Size.TEXT)
    for name, (what, bar) in BARS.items():
        if kind is not None and kind[name] < bar:
            yield f"{what} is {kind[name]:.2f} of bare for {Size.TEXT}; the bar is {bar:.2f}"


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """The whole run: a turn of each kind that does not count, the rounds, and a turn in which fsyncs are counted."""
    counts = _QUICK if asked.quick else _COUNTS
    turns: dict[Size, list[Turn]] = defaultdict(list)
    with module("sink") as sink:
        with module("bare") as bare, desk(sink.port, asked.folder) as house, gauge.Peak(house.pid) as peak:
            bench = Bench(bare, house, sink, asked.seed)
            for size in asked.kinds:
                bench.turn(size, max(4, counts[size] // 4))
            for _ in range(asked.rounds or (2 if asked.quick else 5)):
                for size in asked.kinds:
                    turns[size].append(bench.turn(size, counts[size]))
            mails = bench.handed
        syncs = _count_syncs(asked, sink, counts)
    kinds = {size: _medians(turns[size], syncs.get(size)) for size in asked.kinds}
    return {"kinds": kinds, "peak_rss": peak.octets, "mails": mails, "connections": CONNECTIONS, "seed": asked.seed}


def _count_syncs(asked: argparse.Namespace, sink: Running, counts: dict[Size, int]) -> dict[Size, Syncs]:
    """Fsyncs by kind, or nothing where strace is not installed or may not trace."""
    if shutil.which("strace") is None:
        return {}
    found: dict[Size, Syncs] = {}
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        with desk(sink.port, asked.folder, trace) as house:
            bench = Bench(house, house, sink, asked.seed)
            for size in asked.kinds:
                before = gauge.fsyncs(trace)
                bench.to_the_end(size, counts[size])
                made = gauge.fsyncs(trace) - before
                found[size] = Syncs(made["wal"] / counts[size], made.total() / counts[size])
    return found


def _medians(turns: list[Turn], syncs: Syncs | None) -> dict[str, float]:
    rows = [asdict(turn) for turn in turns]
    middle = {name: median(row[name] for row in rows) for name in rows[0]}
    return middle | (asdict(syncs) if syncs else {})


def _table(report: dict[str, Any]) -> str:
    head = f"{'mails a second':16}{'bare':>8}{'door':>8}{'end':>8}{'door/bare':>11}{'end/bare':>10}"
    lines = [head + f"{'CPU ms':>8}{'of bare':>9}{'commits':>9}{'fsyncs':>8}"]
    for size, kind in report["kinds"].items():
        rates = f"{size:16}{kind['bare']:8.0f}{kind['door']:8.0f}{kind['end_to_end']:8.0f}"
        ratios = f"{kind['door_of_bare']:11.2f}{kind['end_to_end_of_bare']:10.2f}"
        cost = f"{kind['cpu'] * 1000:8.2f}{kind['cpu'] / max(kind['bare_cpu'], 1e-6):9.1f}"
        syncs = f"{kind['commits']:9.2f}{kind['fsyncs']:8.2f}" if "fsyncs" in kind else f"{'-':>9}{'-':>8}"
        lines.append(rates + ratios + cost + syncs)
    peak = report["peak_rss"] / 2**20
    lines.append(f"\npeak memory of the desk and its readers together: {peak:.0f} MB; {report['mails']} mails, medians")
    return "\n".join(lines)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute, and rougher")
    parser.add_argument("--rounds", type=int, default=0, help="how many rounds (5; quick: 2)")
    parser.add_argument("--kinds", nargs="+", type=Size, default=list(Size), choices=list(Size))
    parser.add_argument("--folder", type=Path, help="where the desk keeps its mail; default: the temporary folder")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
