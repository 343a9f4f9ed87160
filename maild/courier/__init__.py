"""Hand finished mail to the relay, or to a Maildir, and say what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maild.courier.maildir import MaildirCourier
from maild.courier.outcome import LONGEST_ANSWER, Courier, Deferred, Outcome, Refused, Sent, Uncertain
from maild.courier.relay import USUAL, Relay, Timeouts, Tls

__all__ = [
    "LONGEST_ANSWER",
    "Courier",
    "Deferred",
    "MaildirCourier",
    "Outcome",
    "Refused",
    "Relay",
    "Sent",
    "Timeouts",
    "Tls",
    "Uncertain",
    "courier_of",
]


def courier_of(
    url: str,
    user: str = "",
    password: Callable[[], str] | None = None,
    tls: Tls = "starttls",
    timeouts: Timeouts = USUAL,
    *,
    name: str = "[127.0.0.1]",
    token: Callable[[], str] | None = None,
) -> Courier:
    """The courier for a relay's url: smtp://HOST[:PORT], smtps://HOST[:PORT] or maildir:PATH.

    `name` is what we call ourselves in EHLO; `token` gives what XOAUTH2 wants in place of a password. Raises
    ValueError, in plain words, for any other url.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "maildir" and rest:
        return MaildirCourier(Path(rest))
    return Relay(url, user, password, tls, timeouts, name=name, token=token)
