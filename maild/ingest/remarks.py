"""What we say of a mail that says nothing by itself: that it is encrypted, or what its invitation is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maild.ingest.calendar import event_of
from maild.ingest.charsets import decode
from maild.ingest.parts import Part, payload

ENCRYPTED = "This mail is encrypted and cannot be read here; it is attached as it came."
IS_ENCRYPTED = "the mail is encrypted: its text and its files are not known"
_ARMOUR = "-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True, slots=True)
class Remark:
    """A line of ours, and the words of the writer that belong to it."""

    line: str = ""
    words: str = ""

    def __str__(self) -> str:
        return "\n\n".join(filter(None, (self.line, self.words)))


def remark(raw: bytes, parts: Sequence[Part], *, encrypted: bool) -> Remark:
    """What is to be said of a mail without words, from its parts; nothing where there is nothing to say."""
    if encrypted or any(part.type == "application/pgp-encrypted" for part in parts):
        return Remark(ENCRYPTED)
    for part in parts:
        if part.type == "text/calendar":
            said = event_of(
                decode(payload(raw, part), part.params.get("charset", "utf-8")), part.params.get("method", "")
            )
            if said:
                return Remark(said.line, said.words)
    return Remark()


def is_encrypted(text: str, parts: Sequence[Part]) -> bool:
    """Whether PGP hides what a mail says: as a part of its own (RFC 3156 section 4), or as its whole text."""
    return text.lstrip().startswith(_ARMOUR) or any(part.type == "application/pgp-encrypted" for part in parts)
