"""RTF as Outlook packs it: unpacked, and read as text, or as the HTML that it wraps. Total and bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from maild.ingest.charsets import decode

# What every packed text may refer back to from its first octet on ([MS-OXRTFCP] section 2.1.2.1).
_PRESET = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab"
    rb"\tx"
)
_WINDOW = 4096
_PACKED, _PLAIN = b"LZFu", b"MELA"


def unpacked(content: bytes, most: int) -> bytes:
    """Compressed RTF as RTF, `most` octets of it; what is neither comes back as it is ([MS-OXRTFCP] section 3)."""
    kind = content[8:12]
    if kind == _PLAIN:
        return content[16 : 16 + most]
    if kind != _PACKED:
        return content[:most]
    told = bytearray(_PRESET)
    at, end, whole = 16, len(content), most + len(_PRESET)
    while at < end and len(told) < whole:
        flags = content[at]
        at += 1
        for bit in range(8):
            if not flags >> bit & 1:
                told += content[at : at + 1]
                at += 1
                continue
            pair = int.from_bytes(content[at : at + 2], "big")
            at += 2
            back = (len(told) - (pair >> 4)) % _WINDOW
            if back == 0 or at > end:  # a reference to the place where it stands is the end
                return bytes(told[len(_PRESET) :])
            for _ in range((pair & 15) + 2):
                told.append(told[-back] if back <= len(told) else 32)
    return bytes(told[len(_PRESET) : whole])


# --- to text --------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?[0-9]{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata header footer headerl headerr footerl footerr themedata "
    b"datastore listtable listoverridetable generator xmlnstbl latentstyles rsidtbl filetbl fldinst mmathPr".split()
)
_MARKS = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": "\t", b"cell": "\t",
    b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"bullet": "•", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_CODEPAGES = {
    0: "cp1252", 77: "mac-roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip
_MOST_TOKENS = 500_000
_DEEPEST = 500


@dataclass(frozen=True, slots=True)
class Told:
    """The words of RTF; `html` tells that they are the HTML which it wraps ([MS-OXRTFEX])."""

    text: str
    html: bool = False


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds within a pair of braces."""

    silent: bool = False
    font: int = 0
    after_unicode: int = 1  # octets for old readers that follow a \u
    tag: bool = False  # of the HTML that is wrapped
    rtf_only: bool = False  # what a reader of the HTML is not meant to see


@dataclass(slots=True)
class _State:
    wraps_html: bool
    group: _Group = _Group()
    outer: list[_Group] = field(default_factory=list)
    codepage: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    named: int = 0
    skip: int = 0
    told: list[str] = field(default_factory=list)
    octets: bytearray = field(default_factory=bytearray)


def text_of_rtf(content: bytes, most: int) -> Told:
    """The words of an RTF text, `most` octets of it read; never raises."""
    content = content[:most]
    state = _State(wraps_html=b"\\fromhtml1" in content[:2_000])
    for count, token in enumerate(_TOKEN.finditer(content)):
        if count == _MOST_TOKENS:
            break
        _take(state, token)
    _flush(state)
    words = "".join(state.told).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")  # pairs are joined
    return Told(words, state.wraps_html)


def _take(state: _State, token: re.Match[bytes]) -> None:
    word, number, octet, sign, brace, text = token.groups()
    if brace == b"{":
        _flush(state)
        if len(state.outer) < _DEEPEST:
            state.outer.append(state.group)
    elif brace:
        _flush(state)
        state.group = state.outer.pop() if state.outer else state.group
        state.skip = 0
    elif word:
        _obey(state, word, int(number) if number else None)
    elif octet:
        _say_octets(state, bytes([int(octet, 16)]))
    elif sign == b"*":
        _flush(state)
        state.group = replace(state.group, silent=True)
    elif sign in {b"~", b"_", b"\n", b"\r", b"\\", b"{", b"}"}:
        _say(state, {b"~": " ", b"_": "-", b"\n": "\n", b"\r": "\n"}.get(sign, sign.decode()))
    elif text:
        _say_octets(state, text)


def _obey(state: _State, word: bytes, number: int | None) -> None:
    group = state.group
    match word:
        case b"u" if number is not None:
            _say(state, chr(number % 65_536))
            state.skip = group.after_unicode
            return
        case b"uc" if number is not None:
            state.group = replace(group, after_unicode=max(0, min(number, 20)))
        case b"ansicpg" if number:
            state.codepage = f"cp{number}"
        case b"f" if number is not None:
            _flush(state)
            state.named = number
            state.group = replace(group, font=number)
        case b"fcharset" if number is not None:
            if number in _CODEPAGES:
                state.fonts.setdefault(state.named, "" if number == 0 else _CODEPAGES[number])
        case b"plain":
            _flush(state)
            state.group = replace(group, font=0)
        case b"htmltag" if state.wraps_html:
            state.group = replace(group, silent=False, tag=True)
        case b"htmlrtf" if state.wraps_html:
            _flush(state)
            state.group = replace(group, rtf_only=number != 0)
        case _ if word in _SILENT:
            _flush(state)
            state.group = replace(group, silent=True)
        case _ if word in _MARKS:
            _say(state, _MARKS[word])
    state.skip = 0


def _say(state: _State, words: str) -> None:
    if not state.group.silent and not state.group.rtf_only:
        _flush(state)
        state.told.append(words)


def _say_octets(state: _State, octets: bytes) -> None:
    skipped, state.skip = min(state.skip, len(octets)), max(0, state.skip - len(octets))
    if not state.group.silent and not state.group.rtf_only:
        state.octets += octets[skipped:]


def _flush(state: _State) -> None:
    """The octets gathered so far, in the code page of their font: two of them may be one letter."""
    if state.octets:
        state.told.append(decode(bytes(state.octets), state.fonts.get(state.group.font) or state.codepage))
        state.octets.clear()
