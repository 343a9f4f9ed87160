"""The customer's words to the desk: one word alone on the first line of a reply, and a mere thanks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from maild.dates import folded
from maild.ingest.quote_signs import RULE, SIGNATURE, SPACES, is_sent_from


class Wish(StrEnum):
    """What a customer can ask for with one word (DESIGN 3.7)."""

    STATUS = "status"
    HISTORY = "history"
    WHO = "who"
    CLOSE = "close"
    REOPEN = "reopen"
    ESCALATE = "escalate"
    STOP = "stop"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Asking:
    """A wish, and the words written below it: "" where there is nothing but thanks, regards and a signature.

    `language` is the one to answer in, where the word belongs to one language alone; "" for English and shared words,
    which people of any language write.
    """

    wish: Wish
    rest: str
    language: str = field(default="", compare=False)


# --- the words ------------------------------------------------------------------------------------------------------

_WORDS = {
    Wish.STATUS: {
        "en": "status",
        "fr": "statut état",
        "es": "estado estatus",
        "ru": "статус состояние",
        "de": "status stand sachstand",
        "pt": "estado situação",
    },
    Wish.HISTORY: {
        "en": "history",
        "fr": "historique",
        "es": "historial historia",
        "ru": "история",
        "de": "verlauf historie",
        "pt": "histórico",
    },
    Wish.WHO: {"en": "who", "fr": "qui", "es": "quién", "ru": "кто", "de": "wer", "pt": "quem"},
    Wish.CLOSE: {
        "en": "close",
        "fr": "fermer fermez clore clôturer clôturez",
        "es": "cerrar cierren",
        "ru": "закрыть закройте",
        "de": "schließen abschließen",
        "pt": "fechar fechem encerrar",
    },
    Wish.REOPEN: {
        "en": "reopen",
        "fr": "rouvrir rouvrez réouvrir",
        "es": "reabrir reabran",
        "ru": "возобновить возобновите переоткрыть переоткройте",
        "de": "öffnen wiederöffnen wiedereröffnen",
        "pt": "reabrir reabram",
    },
    Wish.ESCALATE: {
        "en": "escalate escalation",
        "fr": "escalader escalade",
        "es": "escalar escalen escalamiento",
        "ru": "эскалация эскалировать эскалируйте",
        "de": "eskalieren eskalation",
        "pt": "escalar escalem escalonar",
    },
    Wish.STOP: {
        "en": "stop unsubscribe",
        "fr": "stop arrêt désabonner",
        "es": "parar",
        "ru": "стоп отписаться",
        "de": "stopp abbestellen",
        "pt": "parar",
    },
    Wish.HELP: {"en": "help", "fr": "aide", "es": "ayuda", "ru": "помощь", "de": "hilfe", "pt": "ajuda"},
}
"""Of each language the word that we offer, and others for the same. A word that tells instead of asking (closed, done,
solved) is none: it is how people answer a question of ours. Nor is one that opens many replies (urgent, update)."""

_ASK_ONLY = frozenset({Wish.STATUS, Wish.HISTORY, Wish.WHO, Wish.HELP})
"""These change nothing, so that a question mark suits them; "Close?" is a question to a person."""
_CRIES = frozenset({Wish.STOP, Wish.HELP})
"""People cry these out before they tell what is wrong."""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SPOKEN = [
    (folded(form), wish, language)
    for wish, languages in _WORDS.items()
    for language, words in languages.items()
    for word in words.split()
    for form in {word, word.translate(_UMLAUTS)}
]
_BY_WORD = {form: wish for form, wish, _ in _SPOKEN}
_LANGUAGES = {form: {language for other, _, language in _SPOKEN if other == form} for form in _BY_WORD}

_BLANK = " \t\r\n" + "".join(map(chr, SPACES))
_MARKS = r"\s\"'“”„‟«»‹›‚*_`~"
_LONE = re.compile(rf"[{_MARKS}¡¿]*[#/]?(?P<word>[^\W\d_]{{2,20}})(?P<marks>[{_MARKS}.!?:]*)")
_WIDEST = 60  # characters of a line that holds one word

_THANKS = (
    r"ok(?:ay)?|great|perfect|super|wonderful|all good|(?:(?:it|that|everything) )?works(?: now| again| fine)?"
    r"|thank you(?: (?:so|very) much)?"
    r"|(?:many )?thanks(?: (?:so|very) much| a lot)?|thx|cheers|merci(?: beaucoup| bien)?|(?:muchas )?gracias"
    r"|(?:muito )?obrigad[oa]|danke(?: sch[oö]n| sehr)?|vielen dank|спасибо(?: большое)?|благодарю"
)
_REGARDS = (
    r"(?:(?:best|kind|warm|many) )?regards|best(?: wishes)?|yours(?: (?:sincerely|faithfully|truly))?|sincerely"
    r"|(?:bien |très )?cordialement|bien à vous|(?:cordiales |meilleures )?salutations|bonne journée"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|un abrazo"
    r"|(?:com os |os )?(?:melhores |meus )?cumprimentos|atenciosamente|(?:um )?abraço"
    r"|с уважением|всего доброго|с наилучшими пожеланиями"
    r"|(?:mit )?(?:freundlichen?|besten?|vielen?|lieben?|schönen?) gr(?:ü|ue)(?:ß|ss)en?|gru(?:ß|ss)|mfg|lg|vg"
)
_END = r"(?:[\s,.!☺:)\-]+|\Z)"
_THANK = re.compile(rf"(?:{_THANKS}){_END}", re.IGNORECASE)
_CLOSE = re.compile(rf"(?:{_THANKS}|{_REGARDS}){_END}", re.IGNORECASE)


# --- reading --------------------------------------------------------------------------------------------------------


def read(new_text: str, name: str = "") -> Asking | None:
    """Read the wish on the first line of a customer's newest words, in any shipped language; None where it is text.

    `name` is the writer's. The word stands alone: accents, case, quotation marks, emphasis, "#" or "/" before it and
    punctuation behind it aside. A question mark turns a word that changes something into a question. A colon makes a
    word the heading of what stands below it, and STOP or HELP above words is a cry: both are text for a person. A
    signature is no words. Never raises.
    """
    line, _, below = new_text.lstrip(_BLANK).partition("\n")
    found = _LONE.fullmatch(folded(line.translate(SPACES))) if len(line) <= _WIDEST else None
    wish = _BY_WORD.get(found["word"]) if found else None
    if found is None or wish is None:
        return None
    if "?" in found["marks"] and wish not in _ASK_ONLY:
        return None
    rest = _without_signature(below)
    if (":" in found["marks"] or wish in _CRIES) and not _signs_off(rest, name):
        return None
    (language, *more) = sorted(_LANGUAGES[found["word"]])
    alone = not more and language != "en"
    return Asking(wish, "" if _is_closing(rest, name) else rest, language if alone else "")


def word(wish: Wish, language: str) -> str:
    """The word to offer for a wish in a language (RFC 5646), in capitals; English where we do not speak it."""
    languages = _WORDS[wish]
    return languages.get(language.partition("-")[0].lower(), languages["en"]).split()[0].upper()


def mere_thanks(text: str, name: str = "") -> bool:
    """Whether the words say thanks and nothing else, so that a solved ticket stays solved.

    `name` is the writer's: it may stand below, with up to five more words that begin with a capital.
    """
    return _THANK.match(" ".join(text.split())) is not None and _is_closing(text, name)


def _is_closing(text: str, name: str) -> bool:
    """Whether nothing stands here but thanks, regards, and the writer's name as a signature."""
    rest = " ".join(text.split())
    if len(rest) > 120:
        return False
    while found := _CLOSE.match(rest):
        rest = rest[found.end() :]
    if not rest:
        return True
    signed = re.findall(r"[^\W\d_]+", rest)
    known = _parts(name)
    capital = all(word[0].isupper() or word.casefold() in known for word in signed)
    return capital and "?" not in rest and len(signed) <= 6 and any(word.casefold() in known for word in signed)


def _parts(name: str) -> frozenset[str]:
    return frozenset(part.casefold() for part in re.findall(r"[^\W\d_]+", name))


def _signs_off(text: str, name: str) -> bool:
    """Whether what is below begins as a signature does, however long it is: many mail programs do not mark it."""
    words = re.sub(r"\A[\W\d_]+", "", text)
    first = re.match(r"[^\W\d_]{2,}", words)
    return not words or _CLOSE.match(words) is not None or (first is not None and first[0].casefold() in _parts(name))


def _without_signature(below: str) -> str:
    """The words without what a mail program puts under them: a marked signature, a telephone's greeting."""
    lines = below.splitlines()
    marked = next((n for n, line in enumerate(lines) if SIGNATURE.match(line)), len(lines))
    return "\n".join(lines[: _end_of_words(lines[:marked])]).strip()


def _end_of_words(lines: Sequence[str]) -> int:
    end = len(lines)
    while end and (not lines[end - 1].strip() or RULE.match(lines[end - 1]) or is_sent_from(lines[end - 1])):
        end -= 1
    return end
