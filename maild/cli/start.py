"""`maild init`, `check`, `run`, `demo`: from an empty folder to a desk that serves."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli import place, screen
from maild.cli.choice import USUAL, Failure, Misconfigured, chosen_file, load, with_config

if TYPE_CHECKING:
    from maild.config import Config, Secret
    from maild.desk import Desk
    from maild.oauth import Grant

_EXAMPLE = "config.example.toml"
_FIRST_MAIL = """\
This is the built-in desk. Write it a first mail from another terminal, in this folder:

  printf 'From: you@example.org\\nTo: support@example.com\\nSubject: Hello\\n\\nDoes it work?\\n' |
    .venv/bin/maild accept --from you@example.org

Its answers are in var/sent/new a moment later. Ctrl-C stops it."""
_TRUST = {
    "strict": "strict: an agent's mail must prove its address (DMARC or DKIM, told by your mail server)",
    "confirm": "confirm: an agent's mail that proves nothing is held until the agent answers a question",
    "token": "token: the signed address and the right sender are enough",
}


@click.command()
@with_config
def init() -> None:
    """Write a commented config.toml, and make the desk's secret."""
    from maild import config as configuration
    from maild import keys

    path = chosen_file() or USUAL
    try:
        with path.open("xb") as file:
            file.write(_example())
    except FileExistsError:
        raise Failure(f"{path}: it is there already and stays as it is; remove it, or name another: -c FILE") from None
    except OSError as fault:
        raise Failure(f"{path}: it cannot be written: {fault.strerror}") from None
    config = configuration.load(path)
    secret = config.store.secret_file
    try:
        keys.load_or_make(secret, config.desk.domain, secrets.token_bytes(keys.SECRET_BYTES))
    except (keys.SecretError, OSError) as fault:
        raise Failure(f"{secret}: the secret cannot be made: {fault}") from None
    screen.line(f"{path}: written. Every key stands in it, with its default.")
    screen.line(f"{secret}: the secret of our signed addresses. Keep it in your backup.")
    option = "" if path == USUAL else f" -c {path}"
    screen.line(f"Next: set name, address and agents in {path}, then: maild check{option}")


@click.command()
@with_config
@click.option(
    "--connect", is_flag=True, help="Try relay, mailboxes, listeners, disk and clock, with a mail to ourselves."
)
@click.option("--wait", default=60.0, metavar="SECONDS", show_default=True, help="How long that mail may take.")
def check(connect: bool, wait: float) -> None:
    """Say what is wrong with the configuration, or who we are and what it changes."""
    config = load()
    troubles = list(_troubles(config))
    if troubles:
        raise Misconfigured(troubles)
    if connect:
        from maild.cli.connect import try_all

        try_all(config, wait)
        return
    screen.line(f"{config.path}: all is well." if config.path else "There is no config.toml: the built-in example.")
    _introduce(config)
    _foresee(config)
    if advice := (*config.advice, *_left_behind(config)):
        screen.line("Worth a look:")
        for words in advice:
            screen.line(f"  {words}")
    screen.line("Next: maild run" if config.path else "Next: maild init")


@click.command()
@with_config
def run() -> None:
    """Serve, in the foreground, until SIGTERM; logs go to stderr."""
    config = load()
    from maild import daemon

    hint = "" if config.path else _FIRST_MAIL
    raise click.exceptions.Exit(daemon.run(config, log_json=not sys.stderr.isatty(), hint=hint))


@click.command()
@with_config
def demo() -> None:
    """Play a support day through a real desk, in var/demo; it brings its own configuration."""
    from maild import demo as story

    raise click.exceptions.Exit(story.play(screen.page))


def _example() -> bytes:
    """The commented file: in the installed package, or at the root of its sources."""
    shipped = resources.files("maild") / _EXAMPLE
    if shipped.is_file():
        return shipped.read_bytes()
    return (Path(__file__).parents[2] / _EXAMPLE).read_bytes()


def _troubles(config: Config) -> Iterator[str]:
    """What the file names and this machine does not have, each with its remedy."""
    yield from _secret_troubles(config)
    for mailbox in config.mailboxes:
        if mailbox.password is not None:
            yield from _password_troubles(f"mailbox {mailbox.name}", mailbox.password)
    if config.relay.password is not None:
        yield from _password_troubles("relay", config.relay.password)
    for what, grant in (
        ("relay", config.relay.grant),
        *((f"mailbox {box.name}", box.grant) for box in config.mailboxes),
    ):
        if grant is not None:
            yield from _grant_troubles(what, grant)
    yield from _certificate_troubles(config)
    key = "store.url" if place.database(config.store.url) else "store.folder"
    folders = {key: place.folder(config.store.url, config.store.folder)}
    if config.relay.maildir is not None:
        folders["relay.url"] = config.relay.maildir
    for key, folder in folders.items():
        if not _is_writable(folder):
            yield f"{folder}: {key} needs this folder, and you may not write there; change its rights, or the key"
    if config.templates is not None:
        from maild.templates.render import Templates

        yield from Templates(config.templates).check()
    if config.templates is not None or config.named:
        from maild.config import check_canned

        yield from map(str, check_canned(config))


def _certificate_troubles(config: Config) -> Iterator[str]:
    if config.listen.tls_cert is None:
        return
    from maild import terms

    try:
        terms.tls(config)
    except terms.CertificateError as fault:
        yield str(fault)


def _grant_troubles(what: str, grant: Grant) -> Iterator[str]:
    if grant.secret is not None:
        yield from _password_troubles(f"{what}, oauth2", grant.secret)
    file = grant.refresh_file
    if file is not None and not os.access(file, os.R_OK):
        yield f"{file}: {what}, oauth2.refresh_token_file cannot be read; check the path and the rights"
    elif file is not None and not _is_writable(file.parent):
        yield f"{file.parent}: a provider may change the refresh token, and you may not write there; change the rights"


def _lost(config: Config) -> str:
    """What is wrong with a secret that is not there."""
    from maild.cli.snapshot import is_there, opened
    from maild.furnishing import lost_secret

    if not is_there(config):
        return ""
    with opened(config) as store:
        return lost_secret(config, store)


def _secret_troubles(config: Config) -> Iterator[str]:
    from maild import keys

    secret = config.store.secret_file
    if secret.exists():
        try:
            keys.load(secret, config.desk.domain)
        except keys.SecretError as fault:
            yield str(fault)
    elif lost := _lost(config):
        yield lost
    elif not _is_writable(secret.parent):
        yield f"{secret}: store.secret_file cannot be made there; change the rights of its folder, or the key"


def _password_troubles(whose: str, password: Secret) -> Iterator[str]:
    try:
        password()
    except OSError as fault:
        words = f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)
        yield f"{whose}: its password cannot be had: {words}; check password_file or password_env"


def _is_writable(folder: Path) -> bool:
    """Whether files can be made there; a folder that is not there yet is made in the nearest one above it."""
    nearest = next((one for one in (folder, *folder.absolute().parents) if one.exists()), Path("/"))
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _introduce(config: Config) -> None:
    desk = config.desk
    names = {agent.id: agent.name for agent in desk.agents}
    screen.fields(
        (
            ("Desk", f"{desk.name} <{desk.address}>"),
            ("Also", sorted(desk.addresses - {desk.address.lower()})),
            ("Agents", [f"{agent.name} ({agent.id}) <{agent.email}>" for agent in desk.agents]),
            ("Teams", [f"{team.name}: {', '.join(names[one] for one in team.members)}" for team in desk.teams]),
            ("Rules", len(config.rules.rules)),
            ("Mail in", list(_ways_in(config))),
            ("Mail out", _way_out(config)),
            ("Store", _store(config)),
            ("Secret", f"{config.store.secret_file}{_yet(config.store.secret_file)}"),
            ("Agents' mail", _trust(desk)),
        )
    )


def _foresee(config: Config) -> None:
    """What the desk will do with its people once it takes this file, and what is planned; only where it has run."""
    from maild.cli.snapshot import is_there, snapshot, waits_for_upgrade

    now = datetime.now(UTC)
    if not is_there(config) or waits_for_upgrade(config):
        return
    with snapshot(config) as tx:
        if tx is None:
            return
        from maild import roll
        from maild.templates.render import Templates

        changes, planned = roll.foresee(tx, config.desk, now)
        zone, words = config.desk.timezone, Templates(config.templates)
    fields = {"Changes": changes, "To come": planned}
    told = [(name, list(roll.in_english(lines, words, zone, now))) for name, lines in fields.items() if lines]
    if told:
        screen.line("With this file, and the open tickets of now:")
        screen.fields(told)


def _left_behind(config: Config) -> Iterator[str]:
    """Open tickets that hang on an address or a team that the file no longer has."""
    from maild.cli.snapshot import is_there, snapshot, waits_for_upgrade

    if not is_there(config) or waits_for_upgrade(config):
        return
    with snapshot(config) as tx:
        if tx is None:
            return
        from maild.store import figures

        left = figures.left_behind(tx, config.desk.addresses, {team.id for team in config.desk.teams})
    for address, number in left.addresses.items():
        yield (
            f"{address} is no address of yours in this file, and answers to {_open_tickets(number)} go there: "
            "they are refused; add it to desk.aliases"
        )
    for team, number in left.teams.items():
        yield f'team "{team}" is not in this file and still has {_open_tickets(number)}; #team moves one elsewhere'


def _open_tickets(number: int) -> str:
    return f"{number} open ticket{'s' if number != 1 else ''}"


def _store(config: Config) -> str:
    """The store, and what the next start makes of it."""
    from maild.cli.snapshot import is_there, waits_for_upgrade
    from maild.store.line import shown

    database = place.database(config.store.url)
    where = str(database or shown(config.store.url))
    if not is_there(config):
        return f"{where}, made by the first run"
    upgrade = waits_for_upgrade(config)
    return f"{where} ({upgrade})" if upgrade else where


def _ways_in(config: Config) -> Iterator[str]:
    from maild import terms

    listen = config.listen
    offer = ", STARTTLS offered" if listen.tls_cert else ""
    doors = (
        ("SMTP", listen.smtp, offer),
        ("SMTP", listen.smtps, ", TLS from the first word"),
        ("LMTP", listen.lmtp, offer),
    )
    for kind, door, tls in doors:
        if door is not None:
            yield f"{kind} on {door.host}:{door.port}{tls}"
    for mailbox in config.mailboxes:
        junk = ", taken as mail that a filter took for spam" if terms.is_junk(mailbox.folder) else ""
        groups = f", through {', '.join(mailbox.through)}" if mailbox.through else ""
        yield f"IMAP {mailbox.user} at {mailbox.host}:{mailbox.port}, {mailbox.folder}{junk}{groups}"
    yield "maild accept"
    if config.desk.forms:
        yield f"web forms: {', '.join(config.desk.forms)}"


def _way_out(config: Config) -> str:
    relay = config.relay
    if relay.maildir is not None:
        return f"nowhere yet: into the folder {relay.maildir}"
    return f"{relay.host}:{relay.port}, TLS: {relay.tls}"


def _yet(path: Path | None) -> str:
    return " (made by the first run)" if path is not None and not path.exists() else ""


def _trust(desk: Desk) -> str:
    """What an agent's mail must prove, in words."""
    chosen = desk.trust_agents.value
    if chosen != "auto":
        return _TRUST[chosen]
    if desk.authserv:
        return f"auto means {_TRUST['strict']}"
    if desk.subaddress == "":
        return f"auto means {_TRUST['confirm']}; set trust.authserv_id to have it proven"
    return f"auto means {_TRUST['token']}, until an agent's mail bears proof; set trust.authserv_id to ask for it"
