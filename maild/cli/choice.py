"""What a person chose: the file, the form of the answer; and how a command fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from maild.config import Config

Verb = TypeVar("Verb", bound=Callable[..., Any])
USUAL = Path("config.toml")
_FILE, _JSON = "maild.file", "maild.json"
_LARGEST = 2**63 - 1


class Failure(click.ClickException):
    """It failed: one line that says what was wrong, where, and what to do (exit code 1)."""

    exit_code = 1


class Misconfigured(click.ClickException):
    """The operator's file is wrong; a line for each problem (exit code 78)."""

    exit_code = 78

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


class _Number(click.ParamType[int]):
    """The number of a ticket or a mail, as a person writes it: `7` or `#7`."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        written = str(value).removeprefix("#")
        if not (written.isascii() and written.isdecimal() and 0 < int(written[:20]) <= _LARGEST):
            self.fail(f"{str(value)[:40]!r} is not a number; write it like 7", param, ctx)
        return int(written)


class _Day(click.ParamType[date]):
    """A day as a person writes it: `2026-12-24`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        written = str(value).strip()
        try:
            return date.fromisoformat(written if len(written) == 10 else "")
        except ValueError:
            self.fail(f"{written[:40]!r} is not a day; write it like 2026-12-24", param, ctx)


NUMBER = _Number()
DAY = _Day()


def with_config(verb: Verb) -> Verb:
    """Let the file be named here; what stands last on the line counts."""

    def keep(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.meta[_FILE] = Path(value)

    words = "The configuration; else $MAILD_CONFIG, else ./config.toml, else a built-in example."
    option = click.option("-c", "--config", metavar="FILE", expose_value=False, callback=keep, help=words)
    return option(verb)


def with_json(verb: Verb) -> Verb:
    """Let the answer be asked for as JSON here."""

    def keep(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001, RUF100  click calls it
        if value:
            ctx.meta[_JSON] = True

    words = "Answer in JSON, times in UTC."
    return click.option("--json", "_json", is_flag=True, expose_value=False, callback=keep, help=words)(verb)


def wants_json() -> bool:
    return bool(click.get_current_context().meta.get(_JSON))


def chosen_file() -> Path | None:
    """The configuration that was named, by the option or $MAILD_CONFIG; else ./config.toml, where there is one."""
    named: Path | None = click.get_current_context().meta.get(_FILE)
    if named is not None:
        return named
    variable = os.environ.get("MAILD_CONFIG", "")
    if variable:
        return Path(variable)
    return USUAL if os.path.lexists(USUAL) else None


def load() -> Config:
    """The configuration that was chosen."""
    return load_from(chosen_file())


def load_from(file: Path | None) -> Config:
    """The configuration in this file, or the built-in one."""
    from maild import config

    try:
        return config.load(file)
    except config.ConfigError as fault:
        raise Misconfigured([str(problem) for problem in fault.problems]) from None
