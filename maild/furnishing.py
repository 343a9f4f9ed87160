"""What a desk works with, made from the operator's file."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from maild import config as configuration
from maild import courier, keys, remind, roll, terms
from maild.config import Config
from maild.history import Historian
from maild.oauth import Tokens
from maild.office import Office
from maild.readers import Readers
from maild.store import inbox, outbox
from maild.store.engine import Store, Tx
from maild.telling import Press
from maild.templates.render import Templates

READERS = 2


def open_office(config: Config, store: Store) -> Office:
    """Everything that deciding needs, from the operator's file; the secret is made on the first run, and SecretError
    says so where it is gone later.

    Own words with a fault are left out: `wrong_words` tells of them.
    """
    if lost := lost_secret(config, store):
        raise keys.SecretError(lost)
    keyring = keys.load_or_make(config.store.secret_file, config.desk.domain, secrets.token_bytes(keys.SECRET_BYTES))
    canned, _ = configuration.read_canned(config.templates)
    desk = replace(config.desk, canned=canned)
    return Office(store, Press(desk, keyring, Templates(config.templates)), config.rules)


def lost_secret(config: Config, store: Store) -> str:
    """What to say where the secret is gone, and mails were signed with it; "" where all is well, or nothing began yet.

    A new one would make every address void that customers and agents hold.
    """
    secret = config.store.secret_file
    if secret.exists() or store.schema() is None:
        return ""
    with store.read() as tx:
        begun = outbox.next_row(tx) > 1 or inbox.last_received(tx) is not None
    if not begun:
        return ""
    return (
        f"{secret}: there is no such file, and the store holds mail that was signed with it; restore it from your copy "
        "(where none is left: maild init in an empty folder makes another, and all addresses of before are void)"
    )


def wrong_words(config: Config) -> list[str]:
    """What is wrong with own templates, canned answers and rules that name one, each with its file and line; the first
    of it."""
    return [*Templates(config.templates).check(), *map(str, configuration.check_canned(config))][:20]


def take_in(tx: Tx, office: Office, now: datetime) -> None:
    """What follows from the file for people and for tickets that are there, in one transaction."""
    roll.take(tx, office, now)
    remind.heed(tx, office, now)


def open_courier(config: Config) -> courier.Courier:
    relay, patience = config.relay, terms.timeouts(config)
    if relay.maildir is not None:
        return courier.MaildirCourier(relay.maildir)
    tls: Any = relay.tls
    token = Tokens(relay.grant) if relay.grant else None
    return courier.courier_of(
        relay.url, relay.user, relay.password, tls, patience, name=config.desk.domain, token=token
    )


def open_historian(
    config: Config, office: Office, clock: Callable[[], datetime], has_room: Callable[[], bool]
) -> Historian:
    """Whoever takes old mail in, with the limits of the operator's file."""
    return Historian(office, terms.ours(config), partial(open_readers, config), clock, has_room)


def open_readers(config: Config) -> Readers:
    return Readers(READERS, terms.share(config), terms.reading_limits(config))
