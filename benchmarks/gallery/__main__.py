"""Draw and judge every notice: `python -m benchmarks.gallery`; 1 where a reader would stumble over one."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.gallery import chromium, looks, pages, spam
from benchmarks.gallery.chromium import BrowserError
from benchmarks.gallery.mails import Sight, UnfitError, sights
from benchmarks.gallery.spam import FilterError, Score
from maild.desk import LANGUAGES
from maild.templates.render import Templates

_PLACE = Path(__file__).parents[2] / "docs" / "mails"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the texts, the pictures and the scores; print each fault in a line."""
    asked = _asked(arguments)
    try:
        faults = _made(pages.Folder(asked.folder))
    except (UnfitError, BrowserError, FilterError) as fault:
        faults = [str(fault)]
    for each in faults:
        print(each)
    return 1 if faults else 0


def _made(folder: pages.Folder) -> list[str]:
    """Make all of it, and return what is wrong."""
    began = time.monotonic()
    templates = Templates()
    shown = [sight for language in LANGUAGES for sight in sights(language, templates)]
    pages.put_texts(folder, shown)
    scratch = tempfile.TemporaryDirectory(prefix="maild-mails-", ignore_cleanup_errors=True)
    with scratch as place, ThreadPoolExecutor(1) as beside:
        weighing = beside.submit(_weighed, shown, Path(place))
        faults = _looked_at(shown, folder, Path(place))
        if scored := weighing.result():
            pages.put_scores(folder, scored)
    faults += [fault for sight, score in scored if (fault := spam.against(sight, score))]
    pages.put_index(folder, shown)
    print(f"{len(shown)} mails, {folder.written} files changed, in {time.monotonic() - began:.0f} s: {folder.path}")
    return faults


def _looked_at(shown: Sequence[Sight], folder: pages.Folder, place: Path) -> list[str]:
    """Measure all mails and draw the first of each notice; nothing where there is no browser."""
    path = chromium.found()
    if path is None:
        print("There is no Chromium here: the texts are written, the pictures stay as they are, nothing is measured.")
        return []
    faults: list[str] = []
    least, smallest = 21.0, 100.0
    with chromium.browser(path, place) as browser:
        for sight in shown:
            seen = looks.look(sight, browser, place)
            faults += seen.faults
            least, smallest = min(least, seen.contrast), min(smallest, seen.letters)
        first = [sight for sight in shown if sight.language == LANGUAGES[0] and sight.number == 1]
        pages.put_pictures(folder, (picture for sight in first for picture in looks.draw(sight, browser, place)))
    print(f"least contrast {least:.2f} to 1, smallest letters {smallest:g} px")
    return faults


def _weighed(shown: Sequence[Sight], place: Path) -> list[tuple[Sight, Score]]:
    """Have all mails judged as spam or not; nothing where there is no filter."""
    path = spam.found()
    if path is None:
        print("There is no SpamAssassin here: scores.md stays as it is.")
        return []
    return list(zip(shown, spam.weigh(path, shown, place), strict=True))


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gallery", description=__doc__)
    parser.add_argument("--folder", type=Path, default=_PLACE, help="where all of it goes (docs/mails)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
