"""A group of verbs that knows those it does not have yet."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click


class Verbs(click.Group):
    """Commands under one name; `unbuilt` are planned ones, which are not listed and say so when they are typed."""

    def __init__(self, *args: Any, unbuilt: frozenset[str] = frozenset(), **more: Any) -> None:
        super().__init__(*args, **more)
        self.unbuilt = unbuilt

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if word in self.unbuilt:
            raise click.UsageError(f"{word} is not in this version yet", ctx)
        if word not in self.commands and not word.startswith("-"):
            near = get_close_matches(word[:40], self.commands, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(self.commands)}"
            raise click.UsageError(f"there is no verb {word[:40]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)
