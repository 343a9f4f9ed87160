"""What a courier is, what it must not carry, and what may become of a mail that is handed to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from maild.mail import Outgoing

LONGEST_ANSWER = 500
_LONGEST_PATH = 320
_PATH = re.compile(r"[ -;=?-~]*")


@dataclass(frozen=True, slots=True)
class Sent:
    """The relay has taken the mail on; `answer` is its last word."""

    answer: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. `relay` tells that the relay, or our standing with it, is at fault: no other mail need be tried."""

    answer: str
    relay: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Never: this mail to this recipient will not be taken."""

    answer: str


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The whole mail was handed over and no verdict came: it may have been sent (RFC 1047)."""

    answer: str


Outcome = Sent | Deferred | Refused | Uncertain


class Courier(Protocol):
    """Who carries mail out; one for each thread."""

    def send(self, mail: Outgoing, row: int) -> Outcome:
        """Hand over one mail, unaltered; `row` is its outbox row. Never raises for what a relay or a disk does."""
        ...

    def close(self) -> None:
        """Part from the relay in good order; the next send begins anew."""
        ...


def unsendable(mail: Outgoing) -> str:
    """Why no courier may take this mail: it would end or begin a command, or another mail (SMTP smuggling)."""
    for path in (mail.envelope.sender, mail.envelope.recipient):
        if len(path) > _LONGEST_PATH or not _PATH.fullmatch(path):
            return f"the envelope address {path[:80]!r} cannot be said in SMTP"
    if not mail.envelope.recipient:
        return "the envelope has no recipient"
    # to count the line ends takes five times as long
    paired = mail.content.replace(b"\r", b"").replace(b"\n", b"\r\n") == mail.content
    if not (paired and mail.content.endswith(b"\r\n")):
        return "the mail has a line that does not end with CRLF"
    return ""


def told(code: int, text: bytes) -> str:
    """An answer on one short line, with nothing in it that a terminal or a header would take amiss."""
    said = text[: 4 * LONGEST_ANSWER].decode("utf-8", "replace")
    plain = said if said.isprintable() else "".join(one if one.isprintable() else " " for one in said)
    words = plain.split()
    return " ".join([str(code), *words] if code else words)[:LONGEST_ANSWER].rstrip()
