"""The command line: the verbs, and what becomes of each for the shell."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from maild import __version__
from maild.cli.agents import agents
from maild.cli.backup import backup, restore
from maild.cli.choice import Misconfigured, with_config
from maild.cli.door import accept
from maild.cli.explanation import explain
from maild.cli.health import status, verify
from maild.cli.history import bring
from maild.cli.inspection import inspect
from maild.cli.mails import inbox, outbox, quarantine
from maild.cli.rules import rules
from maild.cli.start import check, demo, init, run
from maild.cli.tickets import ticket, tickets
from maild.cli.verbs import Verbs
from maild.cli.words import clean

_INTERRUPTED = 130
_UNBUILT = frozenset({"report", "keys", "forget"})
_SECTIONS: Mapping[str, tuple[click.Command, ...]] = {
    "Set up and serve": (init, check, run, demo, accept, bring, backup, restore),
    "Look": (tickets, ticket, explain, status, verify),
    "Look, and set right": (agents, inbox, outbox, quarantine),
    "Try out": (rules, inspect),
}


class Desk(Verbs):
    """The root of all verbs; it alone decides exit codes, and says each failure in one line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        _fill_closed()
        # A terminal that lacks a letter shows a question mark; it is no reason to fail.
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        # What a verb loads makes thousands of things that stay: looking through them again and again is a tenth of it.
        gc.set_threshold(10_000)
        sys.exit(self._run(args))

    def _run(self, args: Sequence[str] | None) -> int:
        try:
            code = super().main(args, "maild", standalone_mode=False)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as fault:
            return _fail(fault.exit_code, *fault.format_message().split("\n"))
        except click.UsageError as fault:
            where = fault.ctx.command_path if fault.ctx else "maild"
            return _fail(fault.exit_code, f"{where}: {fault.format_message()} (see: {where} --help)")
        except Misconfigured as fault:
            return _fail(fault.exit_code, *fault.lines)
        except click.ClickException as fault:
            return _fail(fault.exit_code, f"maild: {fault.format_message()}")
        except (click.Abort, KeyboardInterrupt):
            return _fail(_INTERRUPTED, "maild: stopped")
        except BrokenPipeError:
            _let_go_of_stdout()
            return 1
        except OSError as fault:
            return _fail(
                1, f"maild: {fault.filename or 'the system'}: {fault.strerror or fault}; check path and rights"
            )
        return code if isinstance(code, int) else 0

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, verbs in _SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{verb.name:<10}", verb.get_short_help_str(64)) for verb in verbs])


def _fail(code: int, *lines: str) -> int:
    for line in lines:
        click.echo(clean(line), err=True)
    return code


def _fill_closed() -> None:
    """Give a standard stream that the caller closed (`>&-`) an empty one, before a file of ours gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  it stays open to the end


def _let_go_of_stdout() -> None:
    """Who read our output has gone; Python would complain of that once more at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _every(sections: Mapping[str, Sequence[click.Command]]) -> dict[str, click.Command]:
    return {verb.name or "": verb for verbs in sections.values() for verb in verbs}


@click.command(
    "maild",
    cls=Desk,
    commands=_every(_SECTIONS),
    unbuilt=_UNBUILT,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 it failed, 2 wrong use, 78 the configuration is wrong.",
)
@with_config
@click.version_option(__version__, prog_name="maild", message="%(prog)s %(version)s")
def main() -> None:
    """A helpdesk that lives in mail."""
