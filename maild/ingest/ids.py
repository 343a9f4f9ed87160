"""The Message-IDs that a mail bears and names."""

from __future__ import annotations

import re

from maild.ingest.charsets import clean_line, decode
from maild.mail import MessageId

_ID = re.compile(r"<([^<>]*)>")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LONGEST_ID = 998


def message_id(raw: bytes) -> MessageId:
    """The mail's own id without brackets, "" where there is none (RFC 5322 section 3.6.4)."""
    text = clean_line(decode(raw))
    inside = _ID.search(text)
    found = "".join((inside[1] if inside else text.strip("<>")).split())
    return MessageId(found if len(found) <= _LONGEST_ID else "")


def ids(text: str) -> tuple[MessageId, ...]:
    """The ids in a References or In-Reply-To, oldest first; addresses in a phrase around them are no ids."""
    if "<" not in text:
        return ()
    found: list[tuple[bool, str]] = []
    position = 0
    for match in _ID.finditer(text):
        found.append((bool(_LETTERS.search(text, position, match.start())), match[1]))
        position = match.end()
    kept = [inside for after_words, inside in found if not after_words]
    # "Message from X <x@y> of today <id>": only what ends the phrase can be the id.
    if not kept and found and not _LETTERS.search(text, position):
        kept = [found[-1][1]]
    tidy = (clean_line("".join(inside.split())) for inside in kept)
    good = [one for one in tidy if "@" in one.strip("@") and len(one) <= _LONGEST_ID and " " not in one]
    return tuple(MessageId(one) for one in dict.fromkeys(good))
