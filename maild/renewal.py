"""The operator's file, taken anew while the desk runs: all of it, or nothing."""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass
from datetime import datetime

from maild import config as configuration
from maild import keys, terms
from maild.config import Config, ConfigError
from maild.furnishing import open_office, take_in, wrong_words
from maild.office import Office
from maild.store.engine import Store
from maild.watch import vanished

_STAYS = "The configuration stays as it was"
_MOST = 20

log = logging.getLogger("maild.renewal")


@dataclass(frozen=True, slots=True)
class Renewed:
    """What holds from now on."""

    config: Config
    office: Office
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class Amiss:
    """Why nothing has changed, for the admins."""

    lines: tuple[str, ...]


def renew(before: Config, store: Store, now: datetime, *, asked: bool, deciding: bool) -> Renewed | Amiss:
    """Read the file, and take in what follows from it for people and tickets; nothing is written where it is amiss.

    Where somebody `asked` for it, what vanished from the file is meant; else it may be a file half written.
    """
    try:
        fresh, office = _read_anew(before, store)
        tls = terms.tls(fresh)
        gone = vanished(before, fresh)
        if gone and not asked:
            return Amiss((f"{_STAYS}: {', '.join(gone)} vanished from it; send SIGHUP to apply it.",))
        if problems := wrong_words(fresh):
            return _amiss(*problems)
        if deciding:
            store.write(lambda tx: take_in(tx, office, now))
    except ConfigError as fault:
        return _amiss(*map(str, fault.problems[:_MOST]))
    except (keys.SecretError, terms.CertificateError, OSError) as fault:
        return _amiss(str(fault))
    except Exception as fault:
        log.exception("the configuration could not be taken")
        return _amiss(f"It could not be taken ({type(fault).__name__}); the log says more.")
    return Renewed(fresh, office, tls)


def _amiss(*lines: str) -> Amiss:
    return Amiss((f"{_STAYS}.", *lines))


def _read_anew(before: Config, store: Store) -> tuple[Config, Office]:
    """What the file says now; it may be anything, and waiting for it to be written would stop the clock."""
    path = before.path
    if path is not None and path.exists() and not path.is_file():
        raise OSError(f"{path}: is no plain file")
    fresh = configuration.load(path)
    secret = fresh.store.secret_file
    if not secret.exists():
        # a new one would make every address void that customers hold
        raise keys.SecretError(f"{secret}: there is no such file; put it back from your copy")
    return fresh, open_office(fresh, store)
