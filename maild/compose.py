"""A letter to bytes, which are read back and compared with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from itertools import compress
from operator import not_

from maild.abreast import Steps, alone
from maild.headers import LONGEST_ID, Value, clean, ids_of, is_id, line_of, parameter_line, spec_of
from maild.mail import Address, Attachment, Envelope, MessageId, Outgoing
from maild.mime import Leaf, assembled, boundary_of, is_seven_bit, written
from maild.readback import difference_in

_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN = b"\t\n" + bytes(range(32, 127))
_CONTENT_ID = re.compile(r"[!#-;=?-~]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
_TYPE = re.compile(r"(?!(?:multipart|message)/)[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}")
_NONE = MessageId("")
_OURS = re.compile(
    "from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version|content-type"
    "|content-transfer-encoding|content-disposition|content-id|return-path|received|delivered-to|resent-.*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one mail shall say, to whom, and under which names; nothing in it is written for a wire yet.

    `extra` are further header fields in order; `sender` and `recipient` are the envelope ("" is the null sender).
    """

    message_id: MessageId
    date: datetime
    from_: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    reply_to: str = ""
    subject: str
    in_reply_to: MessageId = _NONE
    references: tuple[MessageId, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    text: str
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """A letter that must not leave, and why, in plain words."""

    reason: str


def compose(letter: Letter) -> Outgoing | Unfit:
    """`composing` in one go."""
    return alone(composing(letter))


def composing(letter: Letter) -> Steps[Outgoing | Unfit]:
    """The letter as final bytes (RFC 5322, 2045-2047, 2231; 7-bit, CRLF), or Unfit where it cannot be said safely.

    The same letter always gives the same bytes. Names, subject and other values are cleaned (one line of 1000
    characters at most, NFC, no controls, no bidirectional marks); texts lose control characters and end with a line
    end. Domains are written as A-labels; an address whose local part is not ASCII is unfit, because that needs SMTPUTF8
    all the way (RFC 6531). In-Reply-To and References repeat only ids of dot-atom characters (or with a literal
    domain), 200 octets at most. A message/rfc822 that is not 7-bit with CRLF leaves as a file (RFC 2046 section 5.2.1).
    """
    if fault := _fault(letter):
        return Unfit(fault)
    leaves = _leaves_of(letter)
    yield
    parts = [written(leaf) for leaf in leaves]
    yield
    boundary = boundary_of(letter.message_id, parts)
    if not boundary:
        return Unfit("the parts contain every boundary that the Message-ID gives")
    whole = assembled(leaves, parts, boundary, with_html=bool(letter.html))
    yield
    head = (*_head(letter), ("MIME-Version", "1.0"))
    lines = [line_of(name, value) for name, value in head]
    lines.extend(parameter_line(name, value) for name, value in whole.fields)
    content = b"".join(("\r\n".join(lines).encode("ascii", "replace"), b"\r\n\r\n", whole.body))
    yield
    if difference := difference_in(content, (*head, *whole.fields), leaves):
        return Unfit(difference)
    return Outgoing(letter.message_id, Envelope(spec_of(letter.sender), spec_of(letter.recipient)), content)


def _fault(letter: Letter) -> str:
    """Why the letter cannot be written at all, or nothing."""
    if not (letter.to and letter.recipient):
        return "the letter has no recipient"
    if not is_id(letter.message_id):
        return f"the Message-ID {letter.message_id[:80]!r} is not of the form name@domain, 200 characters at most"
    specs = [letter.from_.spec, *(address.spec for address in letter.to + letter.cc), letter.recipient]
    specs += [spec for spec in (letter.reply_to, letter.sender) if spec]
    if wrong := next((spec for spec in specs if not spec_of(spec)), None):
        return f"the address {wrong[:80]!r} cannot be written in a mail without SMTPUTF8, or is none"
    if "" in specs:
        return "an address of the letter is empty"
    for name, _ in letter.extra:
        if not _is_for_others(name):
            return f"the header field {name[:80]!r} is not for others to write"
    return ""


@lru_cache(maxsize=256)
def _is_for_others(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not _OURS.fullmatch(name)


def _clean_text(text: str) -> bytes:
    """The text in UTF-8 with CRLF, without control characters, and with a line end at its end."""
    content = text.encode("utf-8", "surrogatepass")
    odd = content.translate(None, _PLAIN)  # the few characters that need a look: the pattern takes its time
    if odd and _NOT_TEXT.search(odd.decode("utf-8", "surrogatepass")):
        content = _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).encode()
    return (content if content.endswith(b"\n") else content + b"\n").replace(b"\n", b"\r\n")


def _head(letter: Letter) -> Iterator[tuple[str, Value]]:
    """The fields of the letter in their order, with the values that a reader shall find."""
    yield "From", _named((letter.from_,))
    yield "To", _named(letter.to)
    if letter.cc:
        yield "Cc", _named(letter.cc)
    if letter.reply_to:
        yield "Reply-To", (Address(spec_of(letter.reply_to)),)
    yield "Subject", clean(letter.subject)
    yield "Date", _date(letter.date.replace(microsecond=0))
    yield "Message-ID", f"<{letter.message_id}>"
    if answered := ids_of((letter.in_reply_to,)):
        yield "In-Reply-To", answered
    if thread := ids_of(letter.references):
        yield "References", thread
    for name, value in letter.extra:
        yield name, clean(value)


@lru_cache(maxsize=16)
def _date(second: datetime) -> str:
    return format_datetime(second.astimezone(UTC))


def _named(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple([Address(spec_of(address.spec), clean(address.name)) for address in addresses])


def _leaves_of(letter: Letter) -> list[Leaf]:
    """The parts of the letter in the order in which they are written: text, HTML, its images, the rest."""
    texts = [("plain", letter.text)] + ([("html", letter.html)] if letter.html else [])
    leaves = [Leaf(f"text/{kind}; charset=utf-8", _clean_text(text)) for kind, text in texts]
    inline = [bool(letter.html) and _belongs_to_html(one) for one in letter.attachments]
    leaves += [_attached(one, "inline", one.content_id) for one in compress(letter.attachments, inline)]
    leaves += [_attached(one, "attachment", "") for one in compress(letter.attachments, map(not_, inline))]
    return leaves


def _belongs_to_html(attachment: Attachment) -> bool:
    cid = attachment.content_id
    return attachment.inline and len(cid) <= LONGEST_ID and bool(_CONTENT_ID.fullmatch(cid)) and "=?" not in cid


def _attached(attachment: Attachment, disposition: str, content_id: str) -> Leaf:
    type_ = attachment.type.lower()
    name = clean(attachment.name).strip()
    if type_ == "message/rfc822":
        if disposition == "attachment" and is_seven_bit(attachment.content):
            return Leaf(type_, attachment.content, disposition, name)
        name = name if name.lower().endswith(".eml") else f"{name or 'message'}.eml"
    if not _TYPE.fullmatch(type_):
        type_ = "application/octet-stream"
    return Leaf(type_, attachment.content, disposition, name, content_id)
