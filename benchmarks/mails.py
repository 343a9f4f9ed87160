"""The mails of a run: three kinds, each mail from another sender, the same for the same seed."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime
from enum import StrEnum
from functools import lru_cache

DESK = "support@desk.example"
TRUSTED = "mx.desk.example"

_VOCABULARY = (
    "invoice licence order account please could the we our team month since server printer contract question answer "
    "error screen shows two three before after update version customer number delivery address payment report open "
    "with from that this again never always when where which because thanks regards hello dear morning"
)
_WORDS = _VOCABULARY.split(" ")


class Size(StrEnum):
    """What a mail is like: 2 kB of text, 30 kB with HTML, 1.5 MB with an attachment."""

    TEXT = "text2k"
    HTML = "html30k"
    ATTACHED = "att1m5"


def mails(size: Size, count: int, first: int, seed: int, now: datetime) -> Iterator[tuple[str, bytes]]:
    """Senders and mails, numbered from `first`; every sender is proven by a trusted relay (RFC 8601)."""
    for number in range(first, first + count):
        chance = random.Random(f"{seed}/{size}/{number}")
        sender = f"person{number}@customer{number % 97}.example"
        yield sender, _head(sender, number, chance, now) + _body(size, chance)


def _head(sender: str, number: int, chance: random.Random, now: datetime) -> bytes:
    domain = sender.partition("@")[2]
    stamp = format_datetime(now)
    lines = (
        f"Return-Path: <{sender}>",
        f"Received: from mail.{domain} (mail.{domain} [192.0.2.{number % 250}])",
        f"\tby {TRUSTED} (Postfix) with ESMTPS id {chance.getrandbits(40):010X}",
        f"\tfor <{DESK}>; {stamp}",
        f"Authentication-Results: {TRUSTED};",
        f"\tdkim=pass header.d={domain}; dmarc=pass header.from={domain}",
        f"From: Person {_words(chance, 1).title()} <{sender}>",
        f"To: Example Support <{DESK}>",
        f"Subject: {_words(chance, 5).capitalize()}",
        f"Date: {stamp}",
        f"Message-ID: <{chance.getrandbits(80):x}.{number}@{domain}>",
        "User-Agent: Mail 1.0",
        "MIME-Version: 1.0",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _body(size: Size, chance: random.Random) -> bytes:
    match size:
        case Size.TEXT:
            return b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _paragraphs(chance, 1350)
        case Size.HTML:
            return _multipart("alternative", _text(chance, 4000), _html(chance, 24000))
        case Size.ATTACHED:
            return _multipart("mixed", _text(chance, 1200), _attachment())


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(_WORDS, k=count))


def _paragraphs(chance: random.Random, octets: int) -> bytes:
    text = ""
    while len(text) < octets:
        lines = (_words(chance, 10).capitalize() + "." for _ in range(4))
        text += "\r\n".join(lines) + "\r\n\r\n"
    return text.encode("ascii")


def _text(chance: random.Random, octets: int) -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + _paragraphs(chance, octets)


def _html(chance: random.Random, octets: int) -> bytes:
    rows = "<html><head><style>p { margin: 0 0 1em; }</style></head><body>\r\n"
    while len(rows) < octets:
        words = _words(chance, 12)
        rows += f'<div class="row"><p style="font: 14px sans-serif">{words}</p><b>{words[:9]}</b><br></div>\r\n'
    return f"Content-Type: text/html; charset=utf-8\r\n\r\n{rows}</body></html>\r\n".encode("ascii")


@lru_cache(maxsize=1)
def _attachment() -> bytes:
    content = b"%PDF-1.7\n" + random.Random(1).randbytes(1_085_000)
    head = 'Content-Type: application/pdf; name="scan.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
    head += 'Content-Disposition: attachment; filename="scan.pdf"\r\n\r\n'
    return head.encode("ascii") + base64.encodebytes(content).replace(b"\n", b"\r\n")


def _multipart(kind: str, *parts: bytes) -> bytes:
    edge = b"=_edge_of_a_part"
    head = f'Content-Type: multipart/{kind}; boundary="{edge.decode()}"\r\n\r\n'.encode("ascii")
    return head + b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + edge + b"--\r\n"
