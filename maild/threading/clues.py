"""What a mail says about the ticket that it belongs to, strongest first (DESIGN 3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from maild.mail import Mail, MessageId
from maild.threading.tags import BOUNCE_LENGTH, TOKEN_LENGTH, Keyring, OurId, Token, split_token
from maild.ticket import Use
from maild.values import dataclass

_SUBJECT_MOST = 2000
_SUBJECT_TAG = re.compile(r"\[#([0-9]{1,12})\]")
_PREFIX = re.compile(
    r"\s*(?:\[#[0-9]{1,12}\]|(?:re|aw|antw|sv|vs|vá|odp|ref|rif|r|tr|fw|fwd|wg|i|rv|enc|doorst|vl|pd|ответ|отв|на|"
    r"回复|答复|转发)(?:\[[0-9]+\]|\([0-9]+\))?\s*[:：])\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clues:
    """Everything in a mail that points to a ticket.

    `tokens` come from the envelope, then To/Cc and Delivered-To, each once; `expired` are true but too old; `bad`
    counts what looks like a token and is none. `own` are Message-IDs of ours, In-Reply-To first, then References newest
    first; `foreign` are all other ids in the same order; `tag` is the number in the subject; `returned` are our ids in
    the mail that a bounce brings back; `replies` tells that the mail says itself that it answers something.
    """

    tokens: tuple[Token, ...] = ()
    expired: tuple[Token, ...] = ()
    bad: int = 0
    own: tuple[OurId, ...] = ()
    foreign: tuple[MessageId, ...] = ()
    tag: int | None = None
    returned: tuple[OurId, ...] = ()
    replies: bool = False

    def token(self, *uses: Use) -> Token | None:
        return next((token for token in self.tokens if token.use in uses), None)


def clues(mail: Mail, recipients: Iterable[str], keyring: Keyring, bases: frozenset[str], now: datetime) -> Clues:
    """Read the clues of a mail; `bases` are our plain addresses, in lower case."""
    tokens: dict[Token, None] = {}
    expired: dict[Token, None] = {}
    bad: set[str] = set()
    addressed = (*recipients, *(a.spec for a in (*mail.to, *mail.cc)), *mail.delivered_to)
    for address in addressed:
        base, detail = split_token(address)
        if base.lower() not in bases or not detail:
            continue
        token = keyring.read(detail)
        if token is None:
            if len(detail) in {TOKEN_LENGTH, BOUNCE_LENGTH}:
                bad.add(detail.lower())
        elif token.expired(now):
            expired[token] = None
        else:
            tokens[token] = None
    own: dict[OurId, None] = {}
    foreign: dict[MessageId, None] = {}
    for message_id in (*mail.in_reply_to, *reversed(mail.references)):
        ours = keyring.read_id(message_id)
        if ours is not None:
            own[ours] = None
        else:
            foreign[message_id] = None
    found = _SUBJECT_TAG.search(mail.subject)
    return Clues(
        tokens=tuple(tokens),
        expired=tuple(expired),
        bad=len(bad),
        own=tuple(own),
        foreign=tuple(foreign),
        tag=int(found[1]) if found else None,
        returned=tuple(ours for ours in map(keyring.read_id, mail.returned_ids) if ours is not None),
        replies=bool(mail.in_reply_to or mail.references or found),
    )


def bare_subject(subject: str) -> str:
    """The subject's own words: without our tag and without the reply and forward prefixes of common languages."""
    subject, start = subject[:_SUBJECT_MOST], 0
    while found := _PREFIX.match(subject, start):
        start = found.end()
    return " ".join(subject[start:].split())


def own_words(subject: str) -> str:
    """The subject under which a ticket is kept: its own words, 300 characters at most, never empty."""
    return bare_subject(subject)[:300].strip() or "(no subject)"


def same_words(one: str, other: str) -> bool:
    """Whether two subjects say the same, prefixes and tags aside."""
    return own_words(one).casefold() == own_words(other).casefold()
