"""Every key of the file with its type, default and help, told from the tables themselves."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from maild.config.tables import MANY, NAMED, ONE, TimesTable
from maild.rules.tables import RuleTable, WhenTable
from maild.typed import Shown, models_in

_DAYS = ("mon-fri", "hours, or a list", "", 'when people work on these days, like "09:00-17:30"; also mon, tue, ...')


class Row(NamedTuple):
    """One key: `key` is its path as in `desk.name`, `agent[].id`, `hours.NAME.closed`."""

    key: str
    type: str
    default: str
    help: str


def describe() -> list[Row]:
    """Tell every key of the file, in the order of the handbook."""
    rows: list[Row] = []
    for name, model in ONE.items():
        rows += _rows(model, f"{name}.")
    for name, model in MANY.items():
        rows += _rows(model, f"{name}[].")
    for name, model in NAMED.items():
        rows += [Row(f"{name}.NAME.{_DAYS[0]}", *_DAYS[1:])] if name == "hours" else []
        rows += _rows(model, f"{name}.NAME.")
    return rows + list(_rows(RuleTable, "rule[]."))


def handbook() -> str:
    """Write docs/configuration.md."""
    lines = [_INTRODUCTION]
    section = ""
    for row in describe():
        name, _, word = row.key.rpartition(".")
        if name != section:
            section = name
            lines += ["", f"## {_title(name)}", "", "| key | type | default | what it is |", "|---|---|---|---|"]
        cells = (f"`{word}`", row.type, f"`{row.default}`" if row.default else "", row.help)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], before: str) -> Iterator[Row]:
    below: list[Row] = []
    for name, field in model.model_fields.items():
        word = field.alias or name
        inner = next(models_in(field.annotation), None)
        if inner in {None, WhenTable, TimesTable} and not (inner is WhenTable and model is RuleTable):
            yield Row(before + word, _type(field), _default(field), field.description or "")
        elif inner:
            below += _rows(inner, f"{before}{word}.")
    yield from below


def _type(field: FieldInfo) -> str:
    shown = [note.word for note in field.metadata if isinstance(note, Shown)]
    return shown[0] if shown else _word(field.annotation)


def _word(annotation: Any) -> str:
    """The name of a type in plain words."""
    notes = [note.word for note in getattr(annotation, "__metadata__", ()) if isinstance(note, Shown)]
    if notes:
        return str(notes[0])
    parts = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is list:
        return f"list of {_word(parts[0])}"
    if get_origin(annotation) is Literal:
        return ", ".join(part or '""' for part in parts)
    if parts:
        return _word(parts[0])
    return {bool: "true or false", int: "number", str: "text"}.get(annotation, "table")


def _default(field: FieldInfo) -> str:
    match field.default:
        case None | {} | []:
            return ""
        case bool() as yes:
            return str(yes).lower()
        case str() as text:
            return f'"{text}"'
        case list() as items:
            return "[" + ", ".join(f'"{item}"' for item in items) + "]"
        case _:
            return "must be given" if field.is_required() else str(field.default)


def _title(name: str) -> str:
    if name.startswith("rule[]"):
        return "[[rule]]" + (f", {name[7:]}" if len(name) > 6 else "")
    return f"[[{name[:-2]}]]" if name.endswith("[]") else f"[{name}]"


_INTRODUCTION = """\
# Every key of the configuration

One TOML file configures maild: the one given with `-c`, else `MAILD_CONFIG`, else `./config.toml`. Without a file,
maild starts with a small default: SQLite under `./var`, SMTP on 127.0.0.1:2525, outgoing mail into the Maildir
`./var/sent`, two example agents. `config.example.toml` shows every key in its place.

- Unknown keys are errors, and all errors are told at once, with line and column.
- Durations are a number and a unit: `30s` `15m` `4h` `2d` `1w` (and `50ms`). Sizes: `256kB` `25MB`; a kB is 1024 bytes.
- Times that an SLA promises are working time: `30m` and `4h` pass within the hours of the team, `2d` are working days,
  and `1w` is five of them. A team without hours works around the clock.
- Relative paths start where maild was started, not where the file lies.
- Passwords stand in files or environment variables, never in this file; they are read anew at each login.
- Without any `[[team]]`, one team `support` holds every agent.
- What is marked "not in this version" is read and checked, and does nothing yet; `maild check` names each such key.

Rules run top to bottom; every rule that matches acts; the first to set a field wins; tags, cc and notify add up.

- All keys of `when` must hold; a list means any of.
- A text is contained in what it is held against, ignoring case and accents. White space of any kind counts as one
  space; a space at the end of a text asks for the end of a word.
- Addresses, list ids and attachment names are globs: `*` is anything, `?` one character. Our own tokens are taken out
  of addresses first, so `to = "support@example.com"` also fits a reply.
- `{ regex = '...' }` is a regex without regard to case. A rule whose regexes run out of time counts as one that does
  not match.
- A header is asked for with `header.X-Spam = "yes"`.
- `hours = "office"` holds while those hours are open, `hours = "outside:office"` while they are not.

This page is made from the program's own tables (`maild.config.handbook()`); a test holds them together."""
