"""How long a reading takes beside mail-parser alone, in one process and in turns."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import mailparser

from benchmarks.mails import Size, mails
from benchmarks.score.bars import Bar, Figure, Outcome, Topic, Unit
from benchmarks.score.corpus import Corpus, Sample, dress
from benchmarks.score.reading import Reading
from maild.ingest import reading

_ROUNDS = 40
_NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_SAID = {
    "en": (
        *(
            "the pump in the second hall has been leaking since Monday",
            "please send somebody before the weekend if you",
        ),
        *(
            "can",
            "we have ordered the spare part twice and nobody has answered",
            "the invoice shows one licence too many",
        ),
        *(
            "I have tried what you wrote",
            "it did not help",
            "thank you for looking into it so quickly",
            "as far as I know",
        ),
    ),
    "fr": (
        *("la pompe du deuxième hall fuit depuis lundi", "merci d'envoyer quelqu'un avant la fin de la semaine si"),
        *(
            "possible",
            "nous avons commandé la pièce deux fois et personne n'a répondu",
            "la facture compte une licence de",
        ),
        *("trop", "j'ai essayé ce que vous avez écrit", "cela n'a rien changé", "merci de vous en occuper si vite"),
    ),
    "es": (
        *(
            "la bomba de la segunda nave pierde agua desde el lunes",
            "envíen a alguien antes del fin de semana si pueden",
        ),
        *(
            "hemos pedido la pieza dos veces y nadie ha contestado",
            "la factura muestra una licencia de más",
            "he probado",
        ),
        *("lo que me escribieron", "no sirvió de nada", "gracias por ocuparse tan pronto", "por lo que sé"),
    ),
    "ru": (
        *(
            "насос во втором цехе течёт с понедельника",
            "пришлите кого-нибудь до выходных, если сможете",
            "мы дважды заказали",
        ),
        *("запасную часть, и никто не ответил", "в счёте на одну лицензию больше", "я попробовал то, что вы написали"),
        *("это не помогло", "спасибо, что так быстро занялись этим", "насколько я знаю"),
    ),
    "de": (
        *(
            "die Pumpe in der zweiten Halle ist seit Montag undicht",
            "bitte schicken Sie noch vor dem Wochenende jemanden",
        ),
        *(
            "wir haben das Ersatzteil zweimal bestellt und niemand hat geantwortet",
            "auf der Rechnung steht eine Lizenz",
        ),
        *(
            "zu viel",
            "ich habe versucht, was Sie geschrieben haben",
            "es hat nicht geholfen",
            "vielen Dank für die Mühe",
        ),
    ),
}

BARS = (
    Bar("speed-text", "time for a reply of 2 kB, of mail-parser's", 1.5, ceiling=True, unit=Unit.TIMES),
    Bar("speed-html", "time for 30 kB of text and HTML, of mail-parser's", 3, ceiling=True, unit=Unit.TIMES),
    Bar("speed-html-only", "time for 30 kB of HTML alone, of mail-parser's", 3, ceiling=True, unit=Unit.TIMES),
)


def samples(_corpus: Corpus) -> Iterator[Sample]:
    """The mails are made here: those of a corpus are of every size."""
    yield from ()


def judge(_corpus: Corpus, _readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    chance = random.Random(5)
    [(_, both)] = mails(Size.HTML, 1, 0, 5, _NOW)
    made = {
        "speed-text": [_reply(chance, language) for language in _SAID],
        "speed-html": [both],
        "speed-html-only": [_html(chance, language) for language in _SAID],
    }
    return {name: Figure(_times(raws)) for name, raws in made.items()}


TOPIC = Topic(BARS, samples, judge)


def _times(raws: Sequence[bytes]) -> float:
    """How many times as long as mail-parser the reading takes: of each the shortest, as a busy machine only adds."""
    ours, theirs = 0.0, 0.0
    for raw in raws:
        turns = [
            (_seconds(lambda: reading.read(raw, sender=None)), _seconds(lambda: mailparser.parse_from_bytes(raw)))  # noqa: B023  called at once
            for _ in range(_ROUNDS)
        ]
        ours += min(one for one, _ in turns)
        theirs += min(one for _, one in turns)
    return ours / theirs


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _reply(chance: random.Random, language: str) -> bytes:
    quoted = "\n".join(f"> {line}" for line in _lines(chance, language, 12))
    said = "\n".join(_lines(chance, language, 14))
    return dress(f"{said}\n\nOn Mon, 2 Mar 2026 at 09:00, Desk wrote:\n{quoted}\n".encode(), "text", "Re: A question")


def _html(chance: random.Random, language: str) -> bytes:
    """A mail of HTML alone, whose text is made of it."""
    rows = "".join(f'<tr><td style="padding: 4px">{line}</td></tr>\n' for line in _lines(chance, language, 150))
    said = "".join(f"<p>{line}</p>\n" for line in _lines(chance, language, 120))
    body = f"<html><body>{said}<table>{rows}</table><blockquote><p>Before</p></blockquote></body></html>"
    return dress(body.encode(), "html", "Re: A question")


def _lines(chance: random.Random, language: str, count: int) -> list[str]:
    """Lines of about 80 octets in a language."""
    said = ", ".join(chance.choice(_SAID[language]) for _ in range(count * 4)).encode()
    return [said[at : at + 80].decode("utf-8", "ignore").strip() for at in range(0, count * 80, 80)]
