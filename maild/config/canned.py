"""The operator's canned answers: `canned/NAME.LANGUAGE.txt` in the folder of own templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from maild.canned import NAME, Canned, choose, languages_of, nearest, wrong
from maild.config.values import Config, Named, Problem
from maild.typed import LANGUAGES, quote

FOLDER = "canned"
BIGGEST = 64 * 1024
"""Bytes of the biggest text that is read."""

_NAMED = f"name it like refund.en.txt: small letters, digits, - and _, then one of {', '.join(LANGUAGES)}"


def read_canned(templates: Path | None) -> tuple[tuple[Canned, ...], tuple[Problem, ...]]:
    """Return those that are sound, in the order of their names, and every fault of the others with file and line."""
    if templates is None or not (templates / FOLDER).is_dir():
        return (), ()
    read = [_read(path) for path in sorted((templates / FOLDER).glob("[!.]*")) if not path.name.endswith("~")]
    sound = tuple(one for one in read if isinstance(one, Canned))
    return sound, tuple(problem for one in read if not isinstance(one, Canned) for problem in one)


def check_canned(config: Config) -> tuple[Problem, ...]:
    """Tell every fault of the canned answers, and each rule that names one which there is not."""
    sound, faults = read_canned(config.templates)
    faulty = {Path(fault.file).name.partition(".")[0] for fault in faults}
    missing = (_missing(one, config, sound) for one in config.named if one.canned not in faulty)
    return (*faults, *(problem for problem in missing if problem is not None))


def _missing(named: Named, config: Config, sound: tuple[Canned, ...]) -> Problem | None:
    """What is wrong with a rule's name of a canned answer: every customer must get a text, whatever the language."""
    own = config.desk.language
    if choose(sound, named.canned, (own,)) is not None:
        return None
    file = (config.templates or Path("FOLDER")) / FOLDER / f"{named.canned}.{own}.txt"
    if elsewhere := languages_of(sound, named.canned):
        what = f"{quote(named.canned)} is a canned answer in {', '.join(elsewhere)} alone"
        remedy = f"write {file}, which is sent where a language is missing"
    else:
        what = f"{quote(named.canned)} is one word, and no canned answer has this name"
        near = " or ".join(map(quote, nearest(sound, named.canned)))
        folder = "" if config.templates else ", name the FOLDER as desk.templates"
        remedy = f"{f'did you mean {near}? Else ' if near else ''}write {file}{folder}, or answer in a whole sentence"
    return Problem(named.file, named.line, named.column, named.key, what, remedy)


def _read(path: Path) -> Canned | tuple[Problem, ...]:
    name, _, language = path.name.removesuffix(".txt").partition(".")
    if path.suffix != ".txt" or not NAME.fullmatch(name) or language not in LANGUAGES:
        return (Problem(str(path), 0, 0, "", "is no canned answer", _NAMED),)
    try:
        with path.open("rb") as file:
            content = file.read(BIGGEST + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return (Problem(str(path), line, 1, "", "is not UTF-8 here", "save the file as UTF-8"),)
    except OSError as error:
        return (Problem(str(path), 0, 0, "", f"cannot be read: {error.strerror or error}", "check its rights"),)
    text = text.replace("\r\n", "\n")
    return tuple(_problems(path, text, len(content))) or Canned(name, language, text.strip())


def _problems(path: Path, text: str, size: int) -> Iterator[Problem]:
    if size > BIGGEST:
        yield Problem(str(path), 0, 0, "", "is bigger than 64 KB", "put what is long into an attachment")
    elif not text.strip():
        yield Problem(str(path), 1, 1, "", "says nothing", "write the answer, or remove the file")
    for line, what in wrong(text):
        yield Problem(str(path), line, 1, "", what)
