"""The desk's reading of real mail, scored: `python -m benchmarks.score`."""
