"""`maild rules`: what the rules say, and what they would do with a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maild.cli import screen
from maild.cli.choice import Failure, load, load_from, wants_json, with_config, with_json
from maild.cli.verbs import Verbs

if TYPE_CHECKING:
    from maild.config import Config
    from maild.mail import Mail
    from maild.rules.match import NearMiss
    from maild.rules.model import Facts, Reply, Verdict


@click.group(cls=Verbs)
@with_config
@with_json
def rules() -> None:
    """Show the rules, or try them on mail."""


@rules.command("show")
@with_config
@with_json
def show_rules() -> None:
    """Tell each rule in words, in their order."""
    from maild import show
    from maild.rules.match import describe

    book = load().rules
    if wants_json():
        screen.tell_json([show.rule(rule) for rule in book.rules])
        return
    for number, rule in enumerate(book.rules, 1):
        screen.line(f"{number}. {describe(rule)}")
    if not book.rules:
        screen.line("there are no rules; every mail goes to the team of its address")


@rules.command("test")
@with_config
@with_json
@click.argument("files", nargs=-1, required=True)
def test_rules(files: tuple[str, ...]) -> None:
    """Tell what the rules would do with new mail, and why.

    Nothing is kept or sent. A mail is judged as if it had just come in by our relay, to the addresses in its header.
    """
    from maild.cli.reading import files_in, mails_in
    from maild.rules.match import match, near_misses

    config = load()
    try:
        paths = files_in(files)
    except OSError as fault:
        raise Failure(f"{fault.filename}: the list cannot be read: {fault.strerror}") from None
    told = []
    for path, mail in mails_in(paths, config):
        if not path.is_file():
            raise Failure(f"{path}: {mail.error}")
        facts = _facts(mail, config)
        told.append((path, match(config.rules, facts), near_misses(config.rules, facts)))
    if wants_json():
        screen.tell_json([_shape(*one) for one in told])
        return
    for one in told:
        _tell(*one, config)


@rules.command("replay")
@with_config
@with_json
@click.option("--since", default="30d", show_default=True, metavar="SPAN", help="How far back, like 12h, 30d or 4w.")
@click.option("--with", "other", type=click.Path(path_type=Path), metavar="FILE", help="Another configuration to try.")
def replay_rules(since: str, other: Path | None) -> None:
    """Decide kept mail anew, and tell what would come out otherwise.

    Without --with, what was decided then is compared with what the rules say now; with it, what the rules of the file
    say with those of the other one. Nothing is written or sent, and a running daemon is not disturbed.
    """
    from maild.cli.replay import replay, shape, tell
    from maild.typed import span

    length = span(since)
    if length is None:
        raise click.BadOptionUsage("since", f"{since!r} is no span of time; write it like 30d")
    config, begin = load(), datetime.now(UTC) - length
    tally = replay(config, load_from(other) if other is not None else None, begin)
    if wants_json():
        screen.tell_json(shape(tally, begin))
    else:
        tell(tally, begin, config, other=other is not None)


def _facts(mail: Mail, config: Config) -> Facts:
    """What the rules would see if this mail came now and opened a ticket."""
    from maild.decide.customer import facts_of_new
    from maild.decide.situation import Situation
    from maild.threading.clues import Clues
    from maild.ticket import TicketNo

    now = datetime.now(UTC)
    situation = Situation(
        inbox=0,
        mail=mail,
        sender="",
        recipients=mail.delivered_to,
        received_at=now,
        now=now,
        clues=Clues(),
        desk=config.desk,
        rules=config.rules,
        number=TicketNo(1),
        first_time=not _wrote_before(mail, config),
    )
    return facts_of_new(situation)


def _wrote_before(mail: Mail, config: Config) -> bool:
    from maild.cli.snapshot import snapshot

    with snapshot(config) as tx:
        if tx is None:
            return False
        from maild.store import inbox

        return inbox.wrote_before(tx, 2**62, mail.author.key)


def _shape(path: Path, verdict: Verdict, fared: tuple[NearMiss, ...]) -> dict[str, Any]:
    from maild import show

    return {
        "path": str(path),
        "rules": [show.fared(one) for one in fared],
        "then": [{"rule": hit.rule, "because": hit.because, **show.then(hit.then)} for hit in verdict.hits],
    }


def _tell(path: Path, verdict: Verdict, fared: tuple[NearMiss, ...], config: Config) -> None:
    screen.heading(str(path))
    acted = {hit.rule for hit in verdict.hits}
    for one in fared:
        if one.failed:
            screen.line(f"  no   {one.rule}: not so: {one.failed}")
        elif one.rule in acted:
            screen.line(f"  yes  {one.rule}: {' and '.join(one.held) or 'every mail'}")
        else:
            screen.line(f"  no   {one.rule}: it fits, but a rule before it stops")
    screen.fields(
        (
            ("Team", verdict.team),
            ("Owner", verdict.owner),
            ("Priority", verdict.priority),
            ("Status", verdict.status),
            ("Tags", " ".join(verdict.tags)),
            ("Language", verdict.language),
            ("Level", verdict.level),
            ("Takes part", verdict.cc),
            ("Told", verdict.notify),
            ("Answer", _answer(verdict.reply, config)),
            ("Set aside", "yes, in quarantine" if verdict.quarantine else ""),
            ("Why", " ".join([*verdict.team_reason.values(), *verdict.owner_reason.values()])),
            ("Too slow", verdict.slow),
        )
    )
    screen.line()


def _answer(reply: Reply | None, config: Config) -> list[str]:
    """The words, or the canned answer with its languages."""
    from maild.canned import languages_of
    from maild.config import read_canned

    if reply is None or not reply.canned:
        return list(reply.words.values()) if reply else []
    there = ", ".join(languages_of(read_canned(config.templates)[0], reply.canned))
    return [f'the canned answer "{reply.canned}" ({there or "there is none"})']
