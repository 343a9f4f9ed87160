"""What customers ask for with one word, in six languages, and what is no wish."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.wishes import _WORDS, Asking, Wish, mere_thanks, read, word

LANGUAGES = ("en", "fr", "es", "ru", "de", "pt")
WORDS = [
    (wish, language, one)
    for wish, languages in _WORDS.items()
    for language, words in languages.items()
    for one in words.split()
]


def test_every_wish_has_its_word_in_every_language() -> None:
    assert set(_WORDS) == set(Wish)
    assert all(tuple(languages) == LANGUAGES for languages in _WORDS.values())


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "STATUS HISTORY WHO CLOSE REOPEN ESCALATE STOP HELP"),
        ("fr", "STATUT HISTORIQUE QUI FERMER ROUVRIR ESCALADER STOP AIDE"),
        ("es", "ESTADO HISTORIAL QUIÉN CERRAR REABRIR ESCALAR PARAR AYUDA"),
        ("ru", "СТАТУС ИСТОРИЯ КТО ЗАКРЫТЬ ВОЗОБНОВИТЬ ЭСКАЛАЦИЯ СТОП ПОМОЩЬ"),
        ("de", "STATUS VERLAUF WER SCHLIESSEN ÖFFNEN ESKALIEREN STOPP HILFE"),
        ("pt", "ESTADO HISTÓRICO QUEM FECHAR REABRIR ESCALAR PARAR AJUDA"),
    ],
)
def test_the_word_that_is_offered_is_understood(language: str, words: str) -> None:
    assert " ".join(word(wish, language) for wish in Wish) == words
    for wish in Wish:
        assert read(word(wish, language)) == Asking(wish, "")


def test_a_language_is_known_by_its_first_part_and_any_other_gets_english() -> None:
    assert word(Wish.HELP, "de-AT") == "HILFE"
    assert word(Wish.HELP, "FR") == "AIDE"
    assert word(Wish.HELP, "") == word(Wish.HELP, "it") == "HELP"


def test_no_word_means_two_wishes() -> None:
    meant: dict[str, set[Wish]] = {}
    for wish, _, one in WORDS:
        meant.setdefault(without_marks(one), set()).add(wish)
    assert [one for one, wishes in meant.items() if len(wishes) > 1] == []


def without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


DRESSES = (
    *("{}", " {} ", "{}.", "{}!", "{}!!!", "{} !", "{}:", "{} :", "{}...", "{}…", "\n\n{}\n", "\r\n{}\r\n", "\u200b{}"),
    *("*{}*", "**{}**.", "_{}_", "`{}`", '"{}"', "“{}”", "«\xa0{}\xa0»", "„{}“", "'{}'", "‘{}’", "¡{}!", "#{}", "/{}"),
)


@pytest.mark.parametrize(("wish", "language", "one"), WORDS)
def test_a_word_is_understood_in_any_case_and_dress(wish: Wish, language: str, one: str) -> None:
    spellings = {one, one.upper(), one.title(), without_marks(one), unicodedata.normalize("NFD", one)}
    for spelling, dress in product(spellings, DRESSES):
        assert read(dress.format(spelling)) == Asking(wish, ""), dress.format(spelling)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("Status?", Wish.STATUS),
        ("¿Estado?", Wish.STATUS),
        ("Situacao?", Wish.STATUS),
        ("historico", Wish.HISTORY),
        ("Quem?", Wish.WHO),
        ("etat", Wish.STATUS),
        ("ÉTAT ?", Wish.STATUS),
        ("Qui\u202f?", Wish.WHO),
        ("¿Quién?", Wish.WHO),
        ("quien", Wish.WHO),
        ("Who?!", Wish.WHO),
        ("Help?", Wish.HELP),
        ("SCHLIEßEN", Wish.CLOSE),
        ("schliessen", Wish.CLOSE),
        ("oeffnen", Wish.REOPEN),
        ("Wiedereroeffnen", Wish.REOPEN),
        ("offnen", Wish.REOPEN),
        ("réouvrir", Wish.REOPEN),
        ("arret", Wish.STOP),
        ("desabonner", Wish.STOP),
        ("ＳＴＯＰ", Wish.STOP),
    ],
)
def test_other_spellings_are_understood(text: str, wish: Wish) -> None:
    assert read(text) == Asking(wish, "")


NOT_ALONE = (
    *("", " \n ", "-", "?", "Hello", "Hello,\nSTATUS", "STATUS please", "What is the status?", "> STATUS"),
    *("STATUS HELP", "STATUS, please", "Re: STATUS", "STATUS 1042", "- STATUS", "##status", "@status", "status/help"),
    *("statuses", "stоp", "non-stop", "stop-loss", "STATUS" * 20, "status" + "!" * 100),
)


@pytest.mark.parametrize("text", NOT_ALONE)
def test_a_word_that_does_not_stand_alone_is_text(text: str) -> None:
    assert read(text) is None


ANSWERS = """
Yes. No. OK Same None Luc Thanks! Merci Danke Gracias Спасибо Bonjour Hallo Hola Привет Oui Nein
Done. Fait. Hecho. Erledigt. Готово. Closed. Fermé. Cerrado. Закрыто. Geschlossen.
Solved! Résolu! Resuelto! Решено! Gelöst! Open. Ouvert. Abierto. Открыто. Offen.
Urgent! Dringend! Urgente! Срочно! Update: Log Alta Baja Alto Low Halt Socorro! Помогите!
Why? When? Quoi? Qué? Was? Что?
"""


@pytest.mark.parametrize("text", ANSWERS.split())
def test_a_word_that_people_begin_or_answer_with_is_text(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize("text", ["Close?", "Reopen?", "Stop ?", "¿Cerrar?", "Закрыть?", "Fermer ?!"])
def test_a_question_changes_nothing(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "wish", "rest"),
    [
        ("STATUS\nDid you get my photos?", Wish.STATUS, "Did you get my photos?"),
        ("Who?\n\nI do not know a Ben.\n\nLuc", Wish.WHO, "I do not know a Ben.\n\nLuc"),
        ("CLOSE\nIt was the cable.", Wish.CLOSE, "It was the cable."),
        ("reopen\r\n\r\nIt fails again.\r\nLuc Petit", Wish.REOPEN, "It fails again.\nLuc Petit"),
        ("ESCALATE\nWe lose money\n-- \nLuc Petit\nBig Corp", Wish.ESCALATE, "We lose money"),
        ("Status\nIs it sent?\n\nSent from my iPhone", Wish.STATUS, "Is it sent?"),
        ("STATUS\nLuc Petit is ill, write to Zoé", Wish.STATUS, "Luc Petit is ill, write to Zoé"),
        ("STATUS\nThanks, but is it sent?", Wish.STATUS, "Thanks, but is it sent?"),
        ("STATUS\nLuc?", Wish.STATUS, "Luc?"),
    ],
)
def test_words_below_are_kept_to_be_passed_on(text: str, wish: Wish, rest: str) -> None:
    assert read(text, name="Luc Petit") == Asking(wish, rest)


SIGNATURES = (
    *("", "\n\n", "Luc", "\n\nLuc Petit", "luc", "— Luc", "____\nLuc", "\n--\nBig Corp", "-- \nLuc\nDoes this work?"),
    *("Sent from my iPhone", "Envoyé de mon iPhone", "Luc\n\nSent from my Samsung Galaxy", "Luc Petit\nBig Corp SARL"),
    *("Luc Petit\n+33 1 23 45 67 89", "Thanks", "Thanks,\nLuc", "Merci beaucoup !\nLuc Petit", "Bien cordialement"),
    *("Best regards,\nLuc Petit", "Kind regards\nLuc", "Cordialement,\n\nLuc Petit", "Un saludo,\nLuc", "MfG\nLuc"),
    *("С уважением,\nLuc", "Mit freundlichen Grüßen\nLuc Petit", "Viele Gruesse\nLuc"),
)


@pytest.mark.parametrize("below", SIGNATURES)
@pytest.mark.parametrize("first", ["STATUS", "CLOSE", "STOP", "HELP", "STATUS:"])
def test_a_signature_is_no_words(first: str, below: str) -> None:
    asking = read(f"{first}\n{below}", name="Luc Petit")
    assert asking is not None
    assert asking.rest == ""


@pytest.mark.parametrize(
    "text",
    [
        "Help!\nNothing works any more.",
        "HELP\n\nthe server is down\n\nLuc Petit",
        "Hilfe!\nDer Server steht.",
        "Stop!\nDo not restart it.",
        "Stop\nsending me these mails",
        "Помощь\nничего не работает",
        "Stop\nA restart breaks it",
    ],
)
def test_a_cry_above_words_is_for_a_person(text: str) -> None:
    assert read(text, name="Luc A. Petit") is None


@pytest.mark.parametrize(
    "text", ["Status:\nthe router blinks", "Historique :\nle 3 mai, une panne", "Verlauf:\n1. Neustart"]
)
def test_a_heading_of_what_stands_below_is_text(text: str) -> None:
    assert read(text, name="Luc Petit") is None


def test_stop_counts_above_a_long_signature_that_no_line_marks_and_the_lines_are_kept() -> None:
    signature = "Luc Petit | directeur des achats\nBig Corp, 1 rue de la Paix, 75001 Paris\nThink before you print."
    assert read(f"STOP\n\n{signature}", name="Luc Petit") == Asking(Wish.STOP, signature)
    assert read(f"STOP\n\nBest regards\n{signature}", name="") == Asking(Wish.STOP, f"Best regards\n{signature}")


def test_without_a_name_no_line_is_taken_for_one() -> None:
    assert read("STATUS\nLuc Petit") == Asking(Wish.STATUS, "Luc Petit")


@pytest.mark.parametrize(
    "text", ["Thanks!\n\nBest regards,\nLuc Petit", "Danke\nMit freundlichen Grüßen\nLuc", "Thank\nyou\nvery much"]
)
def test_regards_below_thanks_are_thanks(text: str) -> None:
    assert mere_thanks(text, "Luc Petit")


@pytest.mark.parametrize("text", ["Best regards\nLuc", "Luc Petit", "Thanks\nBest solution?", "Thanks\nBest tell Zoé"])
def test_regards_alone_are_no_thanks(text: str) -> None:
    assert not mere_thanks(text, "Luc Petit")


PARTS = ["STATUS", "stop", "Помощь", "é", "\n", "\r\n", " ", "?", ":", "*", "#", "-- \n", "Luc", "Thanks"]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=8)).map("".join), st.text(max_size=8))
def test_any_text_is_read_and_the_rest_is_written_in_it(text: str, name: str) -> None:
    asking = read(text, name)
    if asking is not None:
        assert "".join(asking.rest.split()) in "".join(text.split())


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "\n" * 10**6 + "STATUS",
        "STATUS\n" + "\n" * 10**6,
        "STATUS\n" + "thanks " * 10**5,
        "STOP\n" + "ok. " * 10**5 + "x",
        "*" * 10**6,
        "STATUS\n" + "Luc " * 10**5,
    ],
)
def test_a_hostile_text_is_read_in_bounded_time(text: str) -> None:
    asking = read(text, "Luc")
    assert asking is None or asking.wish in {Wish.STATUS, Wish.STOP}
