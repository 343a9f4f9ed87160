"""The Message-IDs that a mail bears and names."""

from __future__ import annotations

import re

from maild.ingest.charsets import clean_line, decode
from maild.mail import MessageId

_ID = re.compile(r"<([^<>]*)>")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LONGEST_ID = 998
# "Message from X <x@y> of Mon, 5 Jan 2026 10:00 PST <id>", "message-id <id> of Mon": a date or its name announces an
# id, as the name of somebody announces an address (RFC 5322 section 4.5.4 lets both stand there).
_ANNOUNCED = re.compile(
    r"(?:\b(?:message|msg|mail)[-_ ]?id|\b\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?: ?(?:[ap]\.?m\b\.?|uhr|h))?(?: ?[+-]\d{4})?"
    r"(?: ?\(?(?-i:[A-Z]{1,5})\)?)?|\b(?:19|20)\d\d|\b\d{1,2}\.? [^\W\d_]{3,9})[\s\"'“”».,;:=)]*\Z",
    re.IGNORECASE,
)
_LOOKED_BACK = 60
# What people are called; made ids hold digits and letters in turn, or more of them than a name has.
_MAILBOX = re.compile(r"[^\W\d_]+(?:[._+-][^\W\d_]+)*[._+-]?\d{0,8}@.*|\d{1,12}@.*", re.DOTALL)


def message_id(raw: bytes) -> MessageId:
    """The mail's own id without brackets, "" where there is none (RFC 5322 section 3.6.4)."""
    text = clean_line(decode(raw))
    inside = _ID.search(text)
    # one that is not closed is all that follows its bracket
    found = "".join((inside[1] if inside else text.strip("<>").rpartition("<")[2].replace(">", "")).split())
    return MessageId(found if len(found) <= _LONGEST_ID else "")


def ids(text: str, addresses: frozenset[str] = frozenset()) -> tuple[MessageId, ...]:
    """The ids in a References or In-Reply-To, oldest first; addresses in a phrase around them are no ids.

    `addresses` are those of the mail itself, in lower case: what is one of them is no id, wherever it stands.
    """
    if "<" not in text:
        return ()
    sure: list[str] = []
    doubtful: list[str] = []
    position = 0
    for match in _ID.finditer(text):
        words = text[position : match.start()]
        after_words = _LETTERS.search(words) and not _ANNOUNCED.search(words[-_LOOKED_BACK:])
        (doubtful if after_words else sure).append("".join(match[1].split()))
        position = match.end()
    kept = sure or [one for one in doubtful if not _MAILBOX.fullmatch(one)][-1:]
    good = (one for one in map(clean_line, kept) if _is_id(one) and one.lower() not in addresses)
    return tuple(MessageId(one) for one in dict.fromkeys(good))


def _is_id(text: str) -> bool:
    return "@" in text.strip("@") and len(text) <= _LONGEST_ID and " " not in text
