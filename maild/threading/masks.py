"""What must not be read by the wrong person: signed addresses, and the addresses of agents."""

from __future__ import annotations

import binascii
import re
from email.header import Header
from itertools import islice

from maild.desk import Desk

_SIGNED = re.compile(r"(?:\+|%2b)[a-z2-7]{24}(?:[a-z2-7]{16})?(?=@|%40)", re.IGNORECASE)
_SIGNED_ID = re.compile(r"\bm\.[a-z2-7]{40}(?=\.[0-9]{1,12}@)", re.IGNORECASE)
_SIGNED_BYTES = re.compile(
    rb"(?:\+|[%=]2[bB])([a-zA-Z2-7]{24}(?:[a-zA-Z2-7]{16})?)(?=@|[%=]40)|\bm\.([a-zA-Z2-7]{40})(?=\.[0-9]{1,12}(?:@|=40))"
)
_BASE64_BEGINS = re.compile(rb"base64", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LETTERS = re.compile(rb"[A-Za-z0-9+/=]+")
_NO_LETTERS = bytes(code for code in range(256) if not _LETTERS.match(bytes((code,))))
_WORD = rb"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]{0,1000})\?="
_ENCODED_WORD = re.compile(_WORD)
_ENCODED_WORDS = re.compile(rb"%s(?:\r?\n?[ \t]+%s)*" % ((_WORD.replace(b"(", b"(?:"),) * 2))
_MOST_WORDS = 5000  # encoded-words in one file; more is no person's mail
_SOFT_BREAK = re.compile(rb"(?<!\?)=\r?\n")  # "?=" is the end of an encoded-word
_SIGNS = {"+": "+", "@": "@", "%": "%", "=": "%"}
_SHAPE = bytes(
    ord("a") if (chr(code).isalpha() and code < 128) or chr(code) in "234567" else ord(_SIGNS.get(chr(code), "."))
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


def without_token(text: str, token: str) -> str:
    """The text with every address that bears this one token as the plain one."""
    return re.sub(rf"(?:\+|%2b){token}(?=@|%40)", "", text, flags=re.IGNORECASE)


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
    """Whether signed addresses stand in these bytes, also where a mail's encodings hide them (RFC 2045, 2047)."""
    return bytes_without_tokens(content) is not content


def bytes_without_tokens(content: bytes) -> bytes:
    """The bytes with every token in them blotted out; where there is none, the same bytes.

    In a mail also those in base64, in encoded-words, and those that quoted-printable breaks over two lines.
    """
    whole = _whole(content)
    clean = _blotted(whole)
    if 0 < clean.count(b"=?") <= _MOST_WORDS:
        clean = _ENCODED_WORDS.sub(_clean_words, clean)
    clean = _clean_base64(clean)
    return content if clean == whole else clean


def _blotted(content: bytes) -> bytes:
    if not (_may_hold(content) and _SIGNED_BYTES.search(content)):
        return content
    return _SIGNED_BYTES.sub(
        lambda found: re.sub(rb"[a-zA-Z2-7]{24,40}", lambda t: b"x" * len(t[0]), found[0]), content
    )


def _clean_base64(content: bytes) -> bytes:
    """The bytes with what parts in base64 hold blotted out: laid out as they were, and as long."""
    pieces, at = list[bytes](), 0
    while begins := _BASE64_BEGINS.search(content, at):
        blank = _BLANK_LINE.search(content, begins.end())
        if blank is None:
            break
        end = content.find(b"\n--", blank.end())
        end = len(content) if end < 0 else end
        pieces += [content[at : blank.end()], _clean_part(content[blank.end() : end])]
        at = max(end, blank.end())
    return b"".join((*pieces, content[at:])) if pieces else content


def _clean_part(part: bytes) -> bytes:
    letters = part.translate(None, _NO_LETTERS)
    letters = letters[: len(letters) // 4 * 4]
    try:
        held = binascii.a2b_base64(letters)
    except binascii.Error:
        return part
    clean = _blotted(held)
    if clean is held:
        return part
    packed = binascii.b2a_base64(clean, newline=False)
    left = iter(packed + part.translate(None, _NO_LETTERS)[len(packed) :])
    return _LETTERS.sub(lambda found: bytes(islice(left, len(found[0]))), part)


def _clean_words(found: re.Match[bytes]) -> bytes:
    """Encoded-words that stand together, which may share an address: as they were, or written anew without tokens."""
    words = _ENCODED_WORD.findall(found[0])
    try:
        held = b"".join(
            binascii.a2b_base64(text + b"==") if form in b"bB" else binascii.a2b_qp(text, header=True)
            for _, form, text in words
        )
        clean = _blotted(held)
        if clean is held:
            return found[0]
        text = clean.decode(words[0][0].decode("ascii"), "replace")
    except (ValueError, LookupError):
        return found[0]
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="\r\n").encode("ascii")


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
        return _SOFT_BREAK.sub(b"", content)
    return content
