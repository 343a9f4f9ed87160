"""The conversation as files for whoever takes a ticket over: one mail each, with no signed address of anybody in it."""

from __future__ import annotations

import email
import email.errors
import email.policy
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from hashlib import sha256

from maild.mail import Attachment
from maild.mime import has_good_lines, is_seven_bit
from maild.threading.masks import bytes_without_tokens, holds_token, without_tokens
from maild.ticket import Entry, Voice

_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def originals(entries: Sequence[Entry], raws: Mapping[int, bytes]) -> tuple[Attachment, ...]:
    """Each entry as a mail of its own, oldest first: as it came where that can be shown, else written anew.

    `raws` are the bytes of inbox mails, by number; one that is not kept any more, or that hides a signed address in an
    encoded part, is written anew from what the ticket holds.
    """
    return tuple(_file(number, entry, raws) for number, entry in enumerate(entries, 1))


def _file(number: int, entry: Entry, raws: Mapping[int, bytes]) -> Attachment:
    raw = raws.get(entry.inbox) if entry.inbox is not None else None
    shown = _shown(raw) if raw is not None and entry.voice is not Voice.NOTE else None
    content = shown if shown is not None else _written(entry)
    # only seven-bit mail may travel as message/rfc822 (RFC 2046 section 5.2.1); a reader opens the other by its name
    kind = "message/rfc822" if is_seven_bit(content) else "application/octet-stream"
    name = f"{number:02}-{entry.at:%Y-%m-%d}-{_slug(entry.name or entry.author)}.eml"
    return Attachment(name, kind, len(content), sha256(content).hexdigest(), content)


def _shown(raw: bytes) -> bytes | None:
    """The mail as it came, tokens blotted out; None where one would be left in an encoded part, or nobody can tell."""
    clean = bytes_without_tokens(raw)
    try:
        if any(holds_token(part) for part in _leaves(clean)):
            return None
    except (RecursionError, ValueError, LookupError, email.errors.MessageError):
        # parts within parts within parts: no reason to keep a ticket from its new owner
        return None
    return (
        clean if has_good_lines(clean) else clean.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    )


def _leaves(raw: bytes) -> Iterator[bytes]:
    for part in email.message_from_bytes(raw).walk():
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            yield payload if isinstance(payload, bytes) else b""


def _written(entry: Entry) -> bytes:
    """What the ticket holds of an entry, as a mail."""
    message = EmailMessage(policy=email.policy.SMTP.clone(cte_type="7bit"))
    name = " ".join((entry.name or entry.author).split())
    message["From"] = _from(name, entry.author)
    message["Date"] = entry.at
    if entry.voice is Voice.NOTE:
        message["Subject"] = "Note for colleagues"
    message.set_content(without_tokens(entry.whole or entry.text) + "\n", cte="quoted-printable")
    return message.as_bytes()


def _from(name: str, spec: str) -> Mailbox:
    """The author as a header shows it; an address that no header can hold is left out."""
    try:
        return Mailbox(name, addr_spec=spec) if spec.isascii() else Mailbox(name)
    except (ValueError, LookupError, email.errors.MessageError):
        return Mailbox(name)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return _NOT_IN_NAMES.sub("-", plain).strip("-")[:40] or "somebody"
