"""What must not be read by the wrong person: signed addresses, and the addresses of agents."""

from __future__ import annotations

import re

from maild.desk import Desk

_SIGNED = re.compile(r"(?:\+|%2b)[a-z2-7]{24}(?:[a-z2-7]{16})?(?=@|%40)", re.IGNORECASE)
_SIGNED_ID = re.compile(r"\bm\.[a-z2-7]{40}(?=\.[0-9]{1,12}@)", re.IGNORECASE)
_SIGNED_BYTES = re.compile(
    rb"(?:\+|%2[bB])([a-zA-Z2-7]{24}(?:[a-zA-Z2-7]{16})?)(?=@|%40)|\bm\.([a-zA-Z2-7]{40})(?=\.[0-9]{1,12}@)"
)
_SHAPE = bytes(
    ord("a")
    if (chr(code).isalpha() and code < 128) or chr(code) in "234567"
    else code
    if chr(code) in "+%@"
    else ord(".")
    for code in range(256)
)
"""Every byte as what it is to a token: one of its letters, a sign beside it, or nothing."""
_OUTLINES = (
    *(b + b"a" * size + e for b in (b"+", b"%aa") for size in (24, 40) for e in (b"@", b"%a.")),
    b"a." + b"a" * 40 + b".",
)
_TOKENS = tuple(
    (mark[0], re.compile(rf"{re.escape(mark)}([a-z2-7]{{40}}|[a-z2-7]{{24}})(?=@|%40)", re.IGNORECASE))
    for mark in ("+", "%2b")
)
"""One for each mark before a token, with its first sign: it is found ten times as fast as one that knows all marks."""


def without_tokens(text: str) -> str:
    """The text with every signed address of ours as the plain one, and our Message-IDs without what signs them."""
    if "@" not in text and "%40" not in text:
        return text
    return _SIGNED_ID.sub("m", _SIGNED.sub("", text))


def for_customers(text: str, desk: Desk, address: str) -> str:
    """Words that a customer may read: the desk's plain address stands in for signed ones and for those of agents."""
    text = without_tokens(text)
    if "@" not in text:
        return text
    lower = text.lower()
    for agent in desk.agents:
        for spec in agent.addresses:
            if spec in lower:
                text = re.sub(rf"(?<![\w.+-]){re.escape(spec)}(?![\w-])", address, text, flags=re.IGNORECASE)
    return text


def holds_token(content: bytes) -> bool:
    """Whether signed addresses stand in these bytes, those that quoted-printable breaks over two lines included."""
    whole = _whole(content)
    return _may_hold(whole) and bool(_SIGNED_BYTES.search(whole))


def bytes_without_tokens(content: bytes) -> bytes:
    """The bytes with every token in them blotted out; where there is none, the same bytes."""
    whole = _whole(content)
    if not (_may_hold(whole) and _SIGNED_BYTES.search(whole)):
        return content
    return _SIGNED_BYTES.sub(lambda found: re.sub(rb"[a-zA-Z2-7]{24,40}", lambda t: b"x" * len(t[0]), found[0]), whole)


def tokens_in(text: str) -> frozenset[str]:
    """Everything in the text that has the form of a signed address's token, in lower case."""
    return frozenset([found.lower() for sign, pattern in _TOKENS if sign in text for found in pattern.findall(text)])


def _may_hold(content: bytes) -> bool:
    """A quick look, so that big files cost little: whether the outline of a token is anywhere."""
    shape = content.translate(_SHAPE)
    return any(outline in shape for outline in _OUTLINES)


def _whole(content: bytes) -> bytes:
    """The bytes with the lines joined that quoted-printable broke."""
    if b"=\n" in content or b"=\r\n" in content:
        return content.replace(b"=\r\n", b"").replace(b"=\n", b"")
    return content
