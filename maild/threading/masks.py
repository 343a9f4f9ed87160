"""What must not be read by the wrong person: signed addresses, and the addresses of agents."""

from __future__ import annotations

import re

from maild.desk import Desk

_SIGNED = re.compile(r"(?:\+|%2b)[a-z2-7]{24}(?:[a-z2-7]{16})?(?=@|%40)", re.IGNORECASE)
_SIGNED_ID = re.compile(r"\bm\.[a-z2-7]{40}(?=\.[0-9]{1,12}@)", re.IGNORECASE)
_SIGNED_BYTES = re.compile(
    rb"(?:\+|%2[bB])([a-zA-Z2-7]{24}(?:[a-zA-Z2-7]{16})?)(?=@|%40)|\bm\.([a-zA-Z2-7]{40})(?=\.[0-9]{1,12}@)"
)
_SOFT_BREAK = re.compile(rb"=\r?\n")
_TOKENS = re.compile(r"(?:\+|%2b)([a-z2-7]{40}|[a-z2-7]{24})(?=@|%40)", re.IGNORECASE)


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
    for agent in desk.agents:
        for spec in agent.addresses:
            if spec in text.lower():
                text = re.sub(rf"(?<![\w.+-]){re.escape(spec)}(?![\w-])", address, text, flags=re.IGNORECASE)
    return text


def holds_token(content: bytes) -> bool:
    """Whether signed addresses stand in these bytes, those that quoted-printable breaks over two lines included."""
    return bool(_SIGNED_BYTES.search(_whole(content)))


def bytes_without_tokens(content: bytes) -> bytes:
    """The bytes with every token in them blotted out; where there is none, the same bytes."""
    whole = _whole(content)
    if not _SIGNED_BYTES.search(whole):
        return content
    return _SIGNED_BYTES.sub(lambda found: re.sub(rb"[a-zA-Z2-7]{24,40}", lambda t: b"x" * len(t[0]), found[0]), whole)


def tokens_in(text: str) -> frozenset[str]:
    """Everything in the text that has the form of a signed address's token, in lower case."""
    return frozenset(found.lower() for found in _TOKENS.findall(text))


def _whole(content: bytes) -> bytes:
    return _SOFT_BREAK.sub(b"", content) if b"=" in content and _SOFT_BREAK.search(content) else content
