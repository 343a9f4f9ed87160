"""Bytes to words that people and databases can take: charsets, normal forms, no controls; the only user of cchardet."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

import cchardet

# Names that mail uses for a charset, and the codec that reads what is really in such mail.
_ALIASES = {
    name: codec
    for codec, names in {
        "ascii": "us-ascii ascii",
        "utf-8": "uft-8 utf8",
        "utf-7": "unicode-1-1-utf-7",
        "cp1252": "iso-8859-1 latin1 latin-1 ansi_x3.110-1983",
        "cp1254": "iso-8859-9",
        "cp850": "cp-850",
        "cp874": "windows-874 x-windows-874 tis-620 iso-8859-11",
        "cp932": "x-sjis shift_jis shift-jis",
        "cp949": "ks_c_5601-1987 euc-kr x-windows-949",
        "gb18030": "gb2312 gbk x-gbk",
        "iso-8859-8": "iso-8859-8-i iso-8859-8-e",
        "iso2022_jp_ext": "iso-2022-jp",
        "mac-cyrillic": "x-mac-cyrillic",
        "mac-roman": "macintosh",
    }.items()
    for name in names.split()
}
# Slow on long input, or not a charset of mail at all.
_NO_CHARSET = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "unicode-escape"})
_NAME_END = re.compile(r"[\s;(]")
_SAMPLE = 16_384
# What the guesser says of a few letters of Japanese, and of a few Western ones: no mail is written in these.
_UNLIKELY = {"IBM855": "cp932", "IBM862": "cp932", "ISO-8859-4": "cp1252"}
_WESTERN = frozenset({"", "ascii", "utf-8", "cp1252", "iso8859-2", "iso8859-15", "cp1250", "cp1254"})
_HIGH = bytes(range(128, 256))
_NO_ASCII_LETTER = bytes(one for one in range(128) if not chr(one).isalpha())
_FEW = 6
_ISO_2022_JP = "iso2022_jp_ext"
_TWO_OCTETS = re.compile(rb"\x1b\$[@B]([^\x1b\r\n]*)")
_ESCAPE = re.compile(rb"\x1b[(][BIJ]")
_ESC = 0x1B  # a number: to look for b"\x1b" takes ten times as long, and for two signs longer still
_UP = bytes(one | 0x80 for one in range(256))


@lru_cache(maxsize=64)
def _codec(name: str) -> str:
    """The codec for a declared charset, "" where there is none that we use."""
    plain = _NAME_END.split(name.strip(" \t\r\n\"'").lower(), 1)[0]
    plain = _ALIASES.get(plain, plain)
    if not plain or len(plain) > 40 or plain.replace("-", "_") in _NO_CHARSET:
        return ""
    try:
        found = codecs.lookup(plain).name
        b"a".decode(found)
    except (LookupError, ValueError, UnicodeError):
        return "utf-16" if plain in {"utf-16", "utf16"} else ""
    return found


def decode(content: bytes, charset: str = "") -> str:
    """Bytes to words: the declared charset, UTF-8, a guess, Windows-1252; never raises."""
    declared = _codec(charset)
    if content.isascii() and declared in {"", "ascii", "utf-8", "cp1252"}:
        if _ESC not in content or b"\x1b$" not in content:
            return content.decode("ascii")
        declared = _ISO_2022_JP
    if declared == _ISO_2022_JP and _ESC in content:
        return _japanese(content)
    for codec in _ladder(content, declared):
        try:
            return content.decode(codec)
        except (UnicodeError, LookupError, ValueError):
            continue
    return content.decode(declared if declared not in {"", "ascii"} else "cp1252", "replace")


def decode_line(content: bytes, charset: str = "") -> str:
    """A header's raw octets to words: UTF-8 where it is that (RFC 6532 section 3.2), else as `decode` does it.

    `charset` is what the text beside it declares.
    """
    if content.isascii():
        return content.decode("ascii") if _ESC not in content else decode(content, charset)
    with suppress(UnicodeError):
        return content.decode("utf-8")
    return decode(content, charset)


def _japanese(content: bytes) -> str:
    """ISO-2022-JP, with the characters that Japanese computers have and the standard has not (RFC 1468)."""
    with suppress(UnicodeError):
        return content.decode(_ISO_2022_JP)
    wide = _TWO_OCTETS.sub(lambda found: found[1].translate(_UP), content)
    return _ESCAPE.sub(b"", wide).decode("euc_jis_2004", "replace")


def _ladder(content: bytes, declared: str) -> Iterator[str]:
    # Western text that happens to be valid UTF-8 with letters beyond ASCII is UTF-8, whatever it claims to be.
    if declared in {"", "ascii", "cp1252"}:
        yield "utf-8"
    if declared == "cp1252" and _is_hardly_western(content):
        guess = _guess(content)
        yield "cp1252" if guess in _WESTERN else guess
    if declared not in {"", "ascii"}:
        yield declared
    yield "utf-8"
    if declared != "cp1252":
        yield _guess(content)
    yield "cp1252"


def _guess(content: bytes) -> str:
    try:
        found = cchardet.detect(content[:_SAMPLE])
    except (ValueError, UnicodeError):
        return "cp1252"
    named = found.get("encoding") or ""
    return _codec(_UNLIKELY.get(named, named)) or "cp1252"


def _is_hardly_western(content: bytes) -> bool:
    """Whether most letters are beyond ASCII, as in no Western language: then the label is only its program's."""
    letters = content[:_SAMPLE].translate(None, _NO_ASCII_LETTER)
    beyond = len(letters) - len(letters.translate(None, _HIGH))
    return beyond >= _FEW and beyond * 2 > len(letters)


def _ranges(points: Iterator[int]) -> str:
    spans: list[list[int]] = []
    for point in points:
        if spans and spans[-1][1] == point - 1:
            spans[-1][1] = point
        else:
            spans.append([point, point])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in spans)


# Putting marks in order is quadratic in their number: nobody's writing has more than a few on one letter.
_COMBINING = [point for point in range(0x300, 0x1F000) if unicodedata.combining(chr(point))]
_MARKS = _ranges(iter(_COMBINING))
_PILE = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")
# To look for all marks at once is slow, as they lie far apart; to look whether there is any is fast in two parts.
_NEAR_MARK = re.compile(f"[{_ranges(point for point in _COMBINING if point < 0x10000)}]")
_MAYBE_FAR_MARK = re.compile("[\U00010000-\U0001efff]")
_CONTROLS = dict.fromkeys([*range(32), *range(0x7F, 0xA0)])
for _kept in (9, 10):
    _CONTROLS.pop(_kept)
_CONTROLS[12] = 10
_LINE_CONTROLS = {**_CONTROLS, 9: 32, 10: 32, 12: 32, 11: 32, 13: 32, 0x85: 32, 0x2028: 32, 0x2029: 32}
_BIDI = dict.fromkeys([0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_LINE_CONTROLS |= _BIDI
_ASCII_CONTROLS = bytes(point for point in _CONTROLS if point < 128)
_WHOLE_LETTERS = ("ascii", "cp1252", "cp1251")
"""Code pages without marks that are put upon letters, and without controls but those of ASCII; the fastest first."""
# To translate letters beyond ASCII is slow, and mostly there is nothing to translate among them.
_CONTROL = re.compile(f"[{_ranges(iter(sorted(_CONTROLS)))}]")
_LINE_CONTROL = re.compile(f"[{_ranges(iter(sorted(_LINE_CONTROLS)))}]")


def clean(text: str) -> str:
    """A text that databases, JSON and people can take: NFC, no NUL, no other control, no lone surrogate, `\\n` ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_clean(text):
        return text
    if text.isascii() or _CONTROL.search(text):
        text = text.translate(_CONTROLS)
    return composed(text)


def _is_clean(text: str) -> bool:
    """Whether nothing is to be done, so far as is soon told: a code page of whole letters holds every sign of it."""
    for page in _WHOLE_LETTERS:
        try:
            raw = text.encode(page)
        except UnicodeError:
            continue
        return len(raw) == len(raw.translate(None, _ASCII_CONTROLS))
    return False


def clean_line(text: str) -> str:
    """The same for one line: no line break, no bidi control, white space as single spaces."""
    if text.isascii():
        text = text.replace("\t", " ")  # by far the most frequent, and by itself no reason to look at each character
        if not text.isprintable():
            text = text.translate(_LINE_CONTROLS)
        return text.strip() if "  " not in text else " ".join(text.split())
    text = text.replace("\t", " ")
    if _LINE_CONTROL.search(text):
        text = text.translate(_LINE_CONTROLS)
    return composed(" ".join(text.split()))


def composed(text: str) -> str:
    """The text in NFC, without lone surrogates, and with at most 30 marks on one letter."""
    if text.isascii():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    if _NEAR_MARK.search(text) or _MAYBE_FAR_MARK.search(text):
        text = _PILE.sub(r"\1", text)
    return unicodedata.normalize("NFC", text)
