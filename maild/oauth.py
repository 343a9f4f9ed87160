"""Access tokens for mailboxes and relays that take no password: asked for anew before every login (RFC 6749)."""

from __future__ import annotations

import json
import logging
import os
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from maild.disk import sync_folder

log = logging.getLogger(__name__)

WAIT: Final = 15.0
"""Seconds that the provider has for each step of its answer."""
MOST: Final = 64 * 1024
"""Octets of an answer that are read."""


class TokenError(Exception):
    """There is no token to be had; the message says why in plain words, and never a secret."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What the provider wants to hear for a token.

    `secret` is read at each use. With a `refresh_file` the token speaks for the user who gave consent (RFC 6749 section
    6), without for the application itself (section 4.4).
    """

    url: str
    client_id: str
    secret: Callable[[], str] | None = field(default=None, repr=False)
    refresh_file: Path | None = None
    scope: str = ""


@dataclass(slots=True)
class Tokens:
    """Gives a fresh access token at each call, and keeps none; a refresh token that changed goes into its file."""

    grant: Grant
    _newest: str = field(default="", repr=False)

    def __call__(self) -> str:
        """Ask the provider for a token; TokenError where it gives none."""
        with _lock_of(self.grant.refresh_file):
            refresh = self._refresh_token()
            answer = _post(self.grant.url, _form(self.grant, refresh))
            access, renewed = answer.get("access_token"), answer.get("refresh_token")
            if not isinstance(access, str) or not access.isascii() or not access.isprintable():
                raise TokenError(f"{self.grant.url} answered without an access token")
            if isinstance(renewed, str) and renewed not in {"", refresh} and self.grant.refresh_file:
                self._keep(self.grant.refresh_file, renewed)
            return access

    def _refresh_token(self) -> str:
        file = self.grant.refresh_file
        if file is None or self._newest:
            return self._newest
        try:
            token = file.read_text("ascii").strip()
        except (OSError, ValueError) as fault:
            raise TokenError(f"the refresh token cannot be read: {fault}") from None
        if not token:
            raise TokenError(f"the refresh token file {file} is empty")
        return token

    def _keep(self, file: Path, token: str) -> None:
        """Put the new refresh token in the old one's place: the old one may be void from now on."""
        try:
            replace_durably(file, token)
            self._newest = ""
        except OSError:
            self._newest = token
            log.exception("%s: the new refresh token cannot be written; it is lost when maild stops", file)


def replace_durably(file: Path, text: str) -> None:
    """Put a new content in a file's place, readable by its owner alone; a crash leaves the old one or the new one."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as written:
        written.write(text + "\n")
        written.flush()
        os.fsync(written.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


_locks: dict[Path | None, threading.Lock] = {}
_locks_lock = threading.Lock()


def _lock_of(file: Path | None) -> threading.Lock:
    """One lock for all who share a refresh token: two who renew it at a time would void each other's."""
    with _locks_lock:
        return _locks.setdefault(file.absolute() if file else None, threading.Lock())


def _form(grant: Grant, refresh: str) -> Mapping[str, str]:
    try:
        secret = grant.secret() if grant.secret else ""
    except OSError as fault:
        raise TokenError(f"the client secret cannot be read: {fault}") from None
    form = {"client_id": grant.client_id, "client_secret": secret, "scope": grant.scope, "refresh_token": refresh}
    kind = "refresh_token" if grant.refresh_file else "client_credentials"
    return {"grant_type": kind, **{name: value for name, value in form.items() if value}}


def _post(url: str, form: Mapping[str, str]) -> Mapping[str, object]:
    # Loaded here, for most desks have passwords and never need it.
    import urllib.error
    import urllib.request

    class Unmoved(urllib.request.HTTPRedirectHandler):
        """Follows nobody elsewhere with a secret in hand."""

        def redirect_request(self, *_: object) -> None:
            return None

    opener = urllib.request.build_opener(Unmoved, urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    asked = urllib.request.Request(url, urlencode(form).encode(), {"Accept": "application/json"})  # noqa: S310  checked in the file
    try:
        with opener.open(asked, timeout=WAIT) as answer:
            return _read(url, answer.read(MOST))
    except urllib.error.HTTPError as fault:
        with fault:
            raise TokenError(_refusal(url, fault.code, fault.read(MOST))) from None
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "reason", fault)
        raise TokenError(f"{url} cannot be asked: {_line(str(reason))}") from None


def _read(url: str, content: bytes) -> Mapping[str, object]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise TokenError(f"{url} did not answer in JSON")
    return answer


def _refusal(url: str, code: int, content: bytes) -> str:
    """Why the provider gives no token, in its own words and with what to do (RFC 6749 section 5.2)."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = {}
    told = answer if isinstance(answer, dict) else {}
    error, more = str(told.get("error", "")), str(told.get("error_description", ""))
    remedy = {
        "invalid_grant": "; the consent is gone or too old: give it anew, and put the new refresh token into its file",
        "invalid_client": "; check client_id and the client secret, which may have run out",
    }.get(error, "")
    return f"{url} refuses a token ({code}): {_line(f'{error} {more}')}{remedy}"


def _line(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))[:300].strip()
