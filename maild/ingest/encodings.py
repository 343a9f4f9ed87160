"""What mail wraps words and octets in: encoded words, parameters in pieces, base64 and uuencode."""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence

from maild.ingest.charsets import clean_line, decode, decode_line

_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ENCODED_WORDS = 200
_PARAM = re.compile(r';\s*([^=;\s"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_PARAMS = 100


def words(raw: bytes, charset: str = "") -> str:
    """A header's words, encoded words read (RFC 2047), raw 8-bit kept by the charset ladder; not yet cleaned."""
    return unwrap(decode_line(raw, charset))


def unwrap(text: str) -> str:
    """A text with its encoded words read, 200 at most; what is none stays as it is (RFC 2047)."""
    if "=?" not in text:
        return text
    pieces: list[str] = []
    waiting, waiting_charset, position = b"", "", 0
    text = _GAP.sub(r"\1", text)
    for count, word in enumerate(_WORD.finditer(text)):
        if count == _ENCODED_WORDS:
            break
        content = _unworded(word[2], word[3])
        if content is None:
            continue
        # One letter may be split over two words: they are joined before they are read.
        if waiting and (word.start() != position or word[1].lower() != waiting_charset):
            pieces.append(decode(waiting, waiting_charset))
            waiting = b""
        pieces.append(text[position : word.start()])
        waiting, waiting_charset, position = waiting + content, word[1].lower(), word.end()
    if waiting:
        pieces.append(decode(waiting, waiting_charset))
    pieces.append(text[position:])
    return "".join(pieces)


def _unworded(encoding: str, text: str) -> bytes | None:
    try:
        octets = text.encode("ascii") if text.isascii() else text.encode("utf-8", "replace")
        if encoding in "bB":
            return base64(octets)
        return binascii.a2b_qp(octets.replace(b"_", b" ").replace(b"\n", b""), header=False)
    except (ValueError, binascii.Error):
        return None


def params(value: str) -> dict[str, str]:
    """The parameters of a MIME header, continuations joined and charsets read (RFC 2231), encoded words too."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, match in enumerate(_PARAM.finditer(value)):
        if count == _PARAMS:
            break
        name, text = match[1].lower(), _unquoted(match[2].strip())
        stem, star, rest = name.partition("*")
        if not star:
            plain.setdefault(name, clean_line(unwrap(text)))
            continue
        number = rest.rstrip("*")
        if number == "" or (number.isascii() and number.isdigit() and len(number) < 4):
            pieces.setdefault(stem, {})[int(number or 0)] = (rest.endswith("*") or rest == "", text)
    for stem, numbered in pieces.items():
        plain[stem] = clean_line(_continued([numbered[number] for number in sorted(numbered)]))
    return plain


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        # Old Windows clients write paths without doubling the backslash: only quotes and backslashes are escaped.
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return text.strip('"')


def _continued(pieces: Sequence[tuple[bool, str]]) -> str:
    charset, octets = "", b""
    for number, (encoded, text) in enumerate(pieces):
        if number == 0 and encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets += _percent(text) if encoded else text.encode("utf-8", "replace")
    return unwrap(decode(octets, charset))


def _percent(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda hexed: bytes([int(hexed[1], 16)]), octets)


def base64(content: bytes) -> bytes:
    """The octets of a base64 text, as many as can be had; never raises (RFC 2045 section 6.8)."""
    try:
        return binascii.a2b_base64(content)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        whole = len(letters) // 4 * 4
        rest = letters[whole:] + b"==" if len(letters) - whole > 1 else b""
        return binascii.a2b_base64(letters[:whole]) + binascii.a2b_base64(rest + b"=" * (-len(rest) % 4))


def uuencoded(content: bytes) -> bytes:
    """The octets of a uuencoded text; the text itself where it is none."""
    lines: list[bytes] = []
    begun = False
    for line in content.splitlines():
        if not begun:
            begun = line.startswith(b"begin ")
            continue
        if line.strip() in {b"end", b"`"}:
            break
        try:
            lines.append(_uu_octets(line))
        except binascii.Error:
            continue
    return b"".join(lines) if begun else content


def _uu_octets(line: bytes) -> bytes:
    """The octets of one line; what some programs write behind them, to fill it up, is left out."""
    return binascii.a2b_uu(line[: ((line[0] - 32 & 63) * 4 + 5) // 3]) if line else b""


_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200}?)[ \t]*\r?\n", re.MULTILINE)
_UU_FILES = 50


def uu_files(content: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A text without the uuencoded files in it, and their names and octets; what is not whole stays in the text."""
    found: list[tuple[bytes, bytes]] = []
    text: list[bytes] = []
    position = at = 0
    while len(found) < _UU_FILES and (begin := _UU_BEGIN.search(content, at)):
        octets, at = _uu_lines(content, begin.end())
        if octets is not None:
            text.append(content[position : begin.start()])
            found.append((begin[1], octets))
            position = at
    return b"".join((*text, content[position:])), found


def _uu_lines(content: bytes, at: int) -> tuple[bytes | None, int]:
    """The octets of the lines up to "end", and where the text goes on; None where another line stands between."""
    octets: list[bytes] = []
    while at < len(content):
        stop = content.find(b"\n", at) + 1 or len(content)
        line = content[at:stop].rstrip(b"\r\n")
        if line.rstrip() == b"end":
            return b"".join(octets) or None, stop
        length = (line[0] - 32) & 63 if line.strip() else 0
        if line.strip() and not (32 <= line[0] <= 96 and len(line) <= 1 + (length + 2) // 3 * 4 + 4):
            return None, at
        try:
            octets.append(_uu_octets(line) if length else b"")
        except binascii.Error:
            return None, at
        at = stop
    return None, at
