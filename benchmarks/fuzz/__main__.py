"""Look for mail that breaks the reading: `python -m benchmarks.fuzz` (atheris; its own options follow `--`).

`--slow` reads a megabyte of each thing that is known to be slow, and fails where one takes over two seconds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

_FOUND = Path(__file__).parents[2] / "var" / "fuzz"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--slow", action="store_true", help="the slow texts instead of chance")
    parser.add_argument("--seconds", type=int, default=60, help="how long chance is tried (60)")
    parser.add_argument("options", nargs="*", help="options for libFuzzer, after --")
    asked = parser.parse_args(arguments)
    return _time_slow() if asked.slow else _fuzz(asked.seconds, asked.options)


def _time_slow() -> int:
    from benchmarks.fuzz import slow

    times = sorted(slow.took(), key=lambda one: one[1], reverse=True)
    for name, seconds in times[:12]:
        print(f"{seconds:6.2f} s  {name}")
    late = [name for name, seconds in times if seconds > slow.MOST]
    print(f"{len(times)} of a megabyte each, {len(late)} over {slow.MOST:g} s")
    return 1 if late else 0


def _fuzz(seconds: int, options: Sequence[str]) -> int:
    try:
        import atheris  # type: ignore[import-untyped]  # it brings no types
    except ImportError:
        print("atheris is not here: python -m pip install 'atheris>=3.0', or make fuzz")
        return 1
    # what was imported before is not watched: so nothing of maild is
    with atheris.instrument_imports(include=["maild"]):
        from benchmarks.fuzz import pieces, truths

    def one(raw: bytes) -> None:
        # the first byte tells whether chance writes a mail, or is one
        truths.judge(pieces.mail_of(raw[1:]) if raw[:1] < b"\xc0" else raw[1:])

    _FOUND.mkdir(parents=True, exist_ok=True)
    (_FOUND / "seeds").mkdir(exist_ok=True)
    given = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-len_control=0",
        "-timeout=20",
        f"-artifact_prefix={_FOUND}/",
        *options,
    ]
    atheris.Setup(["fuzz", *given, str(_FOUND / "seeds")], one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
