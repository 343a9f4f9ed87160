"""The operator's file: read it, tell everything that is wrong with it, or make the values of the house from it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath

from maild.config.advice import advise
from maild.config.build import build
from maild.config.canned import check_canned, read_canned
from maild.config.check import Sheet, check, read_sheet
from maild.config.handbook import Row, describe, handbook
from maild.config.lines import Lines
from maild.config.tables import DeskTable, LimitsTable
from maild.config.values import (
    Config,
    ConfigError,
    Door,
    Keep,
    Limits,
    Listen,
    Mailbox,
    Named,
    Problem,
    Relay,
    Secret,
    Store,
    Trust,
    secret,
)
from maild.rules.load import Known
from maild.rules.load import load as load_rules
from maild.rules.match import RuleBook
from maild.typed import Fault, Pace, Path

BIGGEST = 4 * 1024 * 1024
"""Bytes of the biggest file that is read."""

DEFAULT = """\
[desk]
name = "Example Support"
address = "support@example.com"

[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@example.com"

[[agent]]
id = "ben"
name = "Ben Ray"
email = "ben@example.com"

[[team]]
id = "support"
name = "Support"
members = ["ann", "ben"]
"""
"""What maild runs with where there is no file (DESIGN 3.1); all else is the defaults of the tables."""


def load(path: FilePath | None) -> Config:
    """Read the file, or the built-in default for None; ConfigError tells all that is wrong with it."""
    if path is None:
        return parse(DEFAULT, None)
    return parse(_read(path), path)


def parse(text: str, path: FilePath | None) -> Config:
    """Read the text of a file; `path` is what errors call it."""
    file = str(path) if path else "built-in default"
    raw = _toml(text, file)
    sheet, faults = read_sheet(raw)
    rules = _rules(raw, sheet)
    wrong = [*faults, *check(sheet), *(rules if isinstance(rules, tuple) else ())]
    lines = Lines(text)
    if wrong or isinstance(rules, tuple):
        raise ConfigError(_problems(wrong, lines, file))
    advice = _problems(advise(sheet), lines, file)
    return build(sheet, rules, path, tuple(map(str, advice)), tuple(_named(rules, lines, file)))


def name(path: Path) -> str:
    """A key as a person speaks of it: `desk.address`, `rule 2, when.subject`."""
    said = ""
    for before, part in zip((None, *path), path, strict=False):
        if isinstance(part, int):
            said += f" {part + 1}"
        elif before is None:
            said = part
        else:
            said += f", {part}" if isinstance(before, int) else f".{part}"
    return said


def _read(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(BIGGEST + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ConfigError((Problem(str(path), 0, 0, "", what, "check the path and the rights"),)) from None
    if len(content) > BIGGEST:
        what = "is bigger than 4 MB"
        raise ConfigError((Problem(str(path), 0, 0, "", what, "check that it is the right file"),))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        problem = Problem(str(path), line, column, "", "is not UTF-8 here", "save the file as UTF-8")
        raise ConfigError((problem,)) from None


def _toml(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
        rows = text.split("\n")
        line, column = (int(found[1]), int(found[2])) if found else (len(rows), len(rows[-1]) + 1)
        what = re.sub(r" \(at [^()]*\)$", "", str(error))
        remedy = "correct this line; texts stand in quotes, and a key stands only once in its table"
        raise ConfigError((Problem(file, line, column, "", f"is not TOML: {what}", remedy),)) from None
    except (RecursionError, ValueError) as error:
        what = f"cannot be read ({type(error).__name__}: {error})"
        raise ConfigError(
            (Problem(file, 0, 0, "", what, "look for a date that does not exist, or brackets without end"),)
        ) from None


def _rules(raw: Mapping[str, object], sheet: Sheet) -> RuleBook | tuple[Fault, ...]:
    tables = raw.get("rule", [])
    if not isinstance(tables, list):
        return (Fault(("rule",), "is a list of tables", "write [[rule]], in double brackets"),)
    desk, limits = sheet.one(DeskTable), sheet.one(LimitsTable)
    known = Known(
        agents=sheet.agents,
        teams=sheet.teams,
        language=desk.language if desk else "en",
        slas=sheet.slas,
        hours=sheet.hours,
        organisations=sheet.organisations,
        addresses=sheet.ours,
        rule_seconds=limits.rule.total_seconds() if limits else 0.05,
    )
    found = load_rules(tables, known)
    if isinstance(found, RuleBook):
        return found
    return tuple(Fault(("rule", *fault.path), fault.what, fault.remedy) for fault in found)


def _named(rules: RuleBook, lines: Lines, file: str) -> Iterable[Named]:
    """Every canned answer that a rule names, with its place."""
    for number, rule in enumerate(rules.rules):
        if rule.then.reply is not None and rule.then.reply.canned:
            path: Path = ("rule", number, "then", "reply")
            line, column = lines.find(path)
            yield Named(rule.then.reply.canned, file, line, column, name(path))


def _problems(faults: Iterable[Fault], lines: Lines, file: str) -> tuple[Problem, ...]:
    found = [(lines.find(fault.path), fault) for fault in faults]
    found.sort(key=lambda one: one[0])
    return tuple(
        dict.fromkeys(
            Problem(file, line, column, name(fault.path), fault.what, fault.remedy) for (line, column), fault in found
        )
    )


__all__ = [
    "Config",
    "ConfigError",
    "Door",
    "Keep",
    "Limits",
    "Listen",
    "Mailbox",
    "Named",
    "Pace",
    "Problem",
    "Relay",
    "Row",
    "Secret",
    "Store",
    "Trust",
    "check_canned",
    "describe",
    "handbook",
    "load",
    "name",
    "parse",
    "read_canned",
    "secret",
]
