"""`maild rules replay`: kept mail decided anew, and what would have come out otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from maild.cli import screen
from maild.cli.reading import read_kept
from maild.cli.snapshot import snapshot

if TYPE_CHECKING:
    from maild.config import Config
    from maild.replay import Otherwise, Past, Tally

_PAGE = 50
_PAGE_OCTETS = 32 * 1024 * 1024


def replay(config: Config, other: Config | None, since: datetime) -> Tally:
    """Decide kept mail anew, page by page, so that neither the memory nor the store is held for long."""
    from maild.replay import Tally, compare

    tally = Tally()
    for page in _pages(config, since):
        there = [past for past in page if past.raw]
        tally.lost += len(page) - len(there)
        mails = dict(read_kept([(past.kept, past.raw) for past in there], config))
        for past in there:
            mail = mails[past.kept.id]
            tally.count(compare(_met(past, mail.author.key, config), mail, config, other))
    return tally


def tell(tally: Tally, since: datetime, config: Config, *, other: bool) -> None:
    """Tell it for people: the rules with their counts, then mail by mail what differs."""
    zone = config.desk.timezone
    lost = f"; {tally.lost} are not kept any more" if tally.lost else ""
    screen.line(
        f"{tally.mails} mails since {screen.moment(since, zone)}: {tally.otherwise} would be decided otherwise{lost}"
    )
    names = sorted({*tally.before, *tally.after})
    for name in names:
        before, after = tally.before[name], tally.after[name]
        mark = f" ({after - before:+})" if before != after else ""
        screen.line(f'  rule "{name}": {before} -> {after}{mark}')
    for one in tally.shown:
        screen.line()
        screen.line(f"mail {one.kept.id}, {screen.moment(one.kept.received_at, zone)}, {one.author}: {one.subject}")
        screen.fields(
            [(name, f"{_words(one.before.get(name))} -> {_words(one.after.get(name))}") for name in one.changed]
        )
    if tally.otherwise > len(tally.shown):
        screen.line()
        screen.line(f"... and {tally.otherwise - len(tally.shown)} more")
    if not tally.mails and not other:
        screen.line("there is nothing to compare with")


def shape(tally: Tally, since: datetime) -> dict[str, Any]:
    """The same as JSON."""
    from maild.show import time

    names = sorted({*tally.before, *tally.after})
    return {
        "since": time(since),
        "mails": tally.mails,
        "lost": tally.lost,
        "otherwise": tally.otherwise,
        "rules": [{"name": name, "before": tally.before[name], "after": tally.after[name]} for name in names],
        "differences": [_difference(one) for one in tally.shown],
    }


def _difference(one: Otherwise) -> dict[str, Any]:
    changed = {name: {"from": one.before.get(name), "to": one.after.get(name)} for name in one.changed}
    return {
        "id": one.kept.id,
        "ticket": one.kept.ticket,
        "from": one.author,
        "subject": one.subject,
        "changed": changed,
    }


def _pages(config: Config, since: datetime) -> Iterator[list[Past]]:
    from maild import replay

    after, done = 0, False
    while not done:
        page: list[Past] = []
        octets = 0
        with snapshot(config) as tx:
            rows = replay.since(tx, since, after, _PAGE) if tx is not None else []
            for kept in rows if tx is not None else ():
                assert tx is not None
                after = kept.id
                past = replay.recall(tx, kept, config.limits.message)
                if past is not None:
                    page.append(past)
                    octets += len(past.raw)
                if octets > _PAGE_OCTETS:
                    break
        done = not rows
        yield page


def _met(past: Past, author: str, config: Config) -> Past:
    """The mail with the knowledge whether its author had written before."""
    from dataclasses import replace

    from maild.store import inbox

    with snapshot(config) as tx:
        wrote = tx is not None and inbox.wrote_before(tx, past.kept.id, author)
    return replace(past, first_time=not wrote)


def _words(value: Any) -> str:
    match value:
        case None | [] | {}:
            return "(nothing)"
        case True:
            return "yes"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return " / ".join(" ".join(str(words).split())[:80] for words in value.values())
        case _:
            return str(value)
