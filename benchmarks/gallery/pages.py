"""The folder of pictures: what stands in it, and how a file of it is written so that a second run changes none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.gallery.looks import DRAWN
from benchmarks.gallery.mails import Sight
from benchmarks.gallery.spam import AMONG_US, SET_ASIDE, Score
from maild.desk import LANGUAGES

_RULER = "=" * 72
_INDEX = """# Every mail that the desk writes

What customers and agents read, as it leaves the desk. All of this page and folder is made by `make mails`; edit the
templates, not the pictures.

- **Texts**: all samples of a notice (`maild/templates/samples.py`) as plain text, in every language that ships.
  What people wrote, reasons and labels of actions are sample facts, and stay in English.
- **Pictures**: the first sample of each notice in English, drawn by Chromium at 360 and 800 px in light and in dark, in
  Liberation Sans where it is installed, and brought down to sixteen colours.
- **Real mails**: the headers, the signed addresses and the parts are those of `maild.letters.write`; facts, key and
  clock are fixed, so a second run changes no file. Where Chromium is missing the texts are written, and the pictures
  stay as they are. Another version of it, or other fonts, may draw other pixels.

## What is checked

`make mails` ends with 1 and says each fault in one line. All samples in all languages, each at 360 and 800 px in light
and in dark, at 200 % zoom of both, and without the style sheet, which some mail clients take away:

- every text has a contrast of 4.5 to 1 at least, 14 px at least, and can be seen;
- nothing is wider than its window;
- the page names its language and its title, layout tables say that they are, every other row has a header of its own,
  links are underlined, images have a name;
- nothing is loaded that the mail does not bear; links lead to `mailto:`, or to the web address that they say.

What a spam filter thinks of each mail is in [scores.md](scores.md).
"""
_SCORES = """# What SpamAssassin holds against our mails

What every mail of `make mails` gets from SpamAssassin, with its own rules, without network and without learning. The
mails are as they leave, with the lines that a relay and the reader's server put above them. More than 0 is a fault.

{table}

The number is the highest of all samples of the notice. Left out of the sum, and why:

{aside}
"""


class Folder:
    """A folder whose files are written only where they differ; `written` and `kept` count them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = 0
        self._made: set[Path] = set()

    def put(self, name: str, content: bytes) -> None:
        file = self.path / name
        self._made.add(file)
        if not file.exists() or file.read_bytes() != content:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            self.written += 1

    def clear(self, *patterns: str) -> None:
        """Take away what earlier runs made under such names and this one did not."""
        for file in sorted(file for pattern in patterns for file in self.path.glob(pattern)):
            if file not in self._made:
                file.unlink()
                self.written += 1


def put_texts(folder: Folder, sights: Iterable[Sight]) -> None:
    """One file a notice and language, with all its samples."""
    files: dict[str, list[Sight]] = defaultdict(list)
    for sight in sights:
        files[f"{sight.language}/{sight.notice}.txt"].append(sight)
    for name, ones in files.items():
        pages = (f"{_RULER}\n{place} of {len(ones)}\n{_RULER}\n{_text(one)}" for place, one in enumerate(ones, 1))
        folder.put(name, "\n".join(pages).encode())
    folder.clear(*(f"{language}/*.txt" for language in LANGUAGES))


def put_pictures(folder: Folder, pictures: Iterable[tuple[str, bytes]]) -> None:
    """One file a notice and view."""
    for name, content in pictures:
        folder.put(f"{name}.png", content)
    folder.clear(*(f"*-{view.name}.png" for view in DRAWN))


def put_index(folder: Folder, sights: Sequence[Sight]) -> None:
    """The page that shows all pictures there are."""
    languages = tuple(dict.fromkeys(sight.language for sight in sights))
    first = [sight for sight in sights if sight.language == languages[0] and sight.number == 1]
    parts = [_INDEX]
    for heading, theirs in (("To customers", True), ("To agents and admins", False)):
        parts.append(f"## {heading}\n")
        parts += [_entry(folder.path, sight, languages) for sight in first if sight.to_customer is theirs]
    folder.put("README.md", "\n".join(parts).encode())


def put_scores(folder: Folder, scored: Iterable[tuple[Sight, Score]]) -> None:
    """The table of what the spam filter said."""
    cells: dict[str, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for sight, score in scored:
        cells[sight.notice][sight.language].append(score)
    languages = tuple(dict.fromkeys(language for row in cells.values() for language in row))
    lines = [f"| notice | {' | '.join(languages)} | rules that spoke |", "|---" * (len(languages) + 2) + "|"]
    lines += [_row(notice, row, languages) for notice, row in cells.items()]
    aside = "\n".join(
        (
            *(f"- `{name}` {reason}." for name, reason in SET_ASIDE.items()),
            *(f"- `{name}`, of mails to agents alone, {reason}." for name, reason in AMONG_US.items()),
        )
    )
    folder.put("scores.md", _SCORES.format(table="\n".join(lines), aside=aside).encode())


def _row(notice: str, row: Mapping[str, Sequence[Score]], languages: Sequence[str]) -> str:
    points = [f"{max((score.points for score in row[language]), default=0):g}" for language in languages]
    rules = sorted({f"{name} {given:g}" for scores in row.values() for score in scores for name, given in score.rules})
    return f"| {notice} | {' | '.join(points)} | {', '.join(rules)} |"


def _text(sight: Sight) -> str:
    head = "\n".join(f"{name}: {value}" for name, value in sight.head)
    return f"{head}\n\n{sight.text}"


def _entry(path: Path, sight: Sight, languages: Sequence[str]) -> str:
    texts = ", ".join(f"[{language}]({language}/{sight.notice}.txt)" for language in languages)
    drawn = [view for view in DRAWN if (path / f"{sight.notice}-{view.name}.png").exists()]
    lines = [f"### {sight.notice}\n", f"{sight.text.partition(chr(10))[0]} ({texts})\n"]
    if drawn:
        lines.append(f"| {' | '.join(view.name.replace('-', ' px, ') for view in drawn)} |")
        lines.append("|---" * len(drawn) + "|")
        pictures = (f"![{sight.notice}, {view.name}]({sight.notice}-{view.name}.png)" for view in drawn)
        lines.append(f"| {' | '.join(pictures)} |\n")
    return "\n".join(lines)
