from __future__ import annotations

import email
import email.policy
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.quote import MARKER, MARKERS, divide, new_words

WORDS = "The invoice is still wrong.\n\nPlease look at line 3 again."

NOTICE = """Ann Lee has your message and will answer by Monday 23 November, 12:00 (Paris).
You don't need to do anything.

  Ticket        #1042
  Status        Open, we are working on it
  Your contact  Ann Lee
  Next          Ann answers by Monday 23 November, 12:00

Reply STATUS at any time and we tell you where it stands."""

DESK = "support@example.com"
ANN = f"Ann Lee <{DESK}>"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


# Each introduction with the form of the quote below it: ">" marks, or nothing (Outlook and its kin).
MARKED = {
    "gmail on the web": f"On Mon, Mar 2, 2026 at 10:00 AM Ann Lee (Example Support) <\n{DESK}> wrote:\n",
    "gmail in russian": f"пн, 2 мар. 2026\u202fг. в 10:00, Ann Lee (Example Support) <{DESK}>:\n",
    "gmail in french": f"Le lun. 2 mars 2026 à 10:00, Ann Lee (Example Support) <{DESK}> a\nécrit :\n",
    "gmail in spanish": f"El lun, 2 mar 2026 a las 10:00, Ann Lee (<{DESK}>) escribió:\n",
    "gmail in german": f"Am Mo., 2. März 2026 um 10:00 Uhr schrieb Ann Lee (Example Support) <\n{DESK}>:\n",
    "gmail on a telephone": f"On Mon, 2 Mar 2026, 10:00 Ann Lee (Example Support), <{DESK}> wrote:\n",
    "apple mail": f"> On 2 Mar 2026, at 10:00, Ann Lee (Example Support) <{DESK}> wrote:\n>",
    "apple mail in russian": f"> 2 марта 2026 г., в 10:00, Ann Lee <{DESK}> написал(а):\n>",
    "ios": f"On Mar 2, 2026, at 10:00\u202fAM, Ann Lee (Example Support) <{DESK}> wrote:\n\n\ufeff",
    "ios in german": f"Am 02.03.2026 um 10:00 schrieb Ann Lee (Example Support) <{DESK}>:\n\n\ufeff",
    "thunderbird": "On 3/2/26 10:00, Ann Lee (Example Support) wrote:",
    "thunderbird in french": "Le 02/03/2026 à 10:00, Ann Lee (Example Support) a écrit\xa0:",
    "thunderbird in russian": "02.03.2026 10:00, Ann Lee (Example Support) пишет:",
    "thunderbird in spanish": "El 2/3/26 a las 10:00, Ann Lee (Example Support) escribió:",
    "thunderbird in german": "Am 02.03.26 um 10:00 schrieb Ann Lee (Example Support):",
    "mutt": "On Mon, Mar 02, 2026 at 10:00:00AM +0100, Ann Lee (Example Support) wrote:",
    "horde": f"Quoting {ANN}:\n",
    "horde in german": f"Zitat von {ANN}:\n",
    "yandex": f"----------------\nКому: Luc (luc@example.org);\nТема: Re: [#1042] Invoice 77;\n"
    f'02.03.2026, 10:00, "Ann Lee (Example Support)" <{DESK}>:',
    "no introduction": "",
}

RULE = "________________________________"

BARE = {
    "outlook on the desktop": f"From: Ann Lee (Example Support) <{DESK}>\nSent: Monday, March 2, 2026 10:00 AM\n"
    "To: Luc Petit <luc@example.org>\nSubject: Re: [#1042] Invoice 77\n",
    "outlook on the web": f"{RULE}\nFrom: Ann Lee (Example Support) <{DESK}>\nSent: 02 March 2026 10:00\n"
    "To: Luc Petit <luc@example.org>\nSubject: Re: [#1042] Invoice 77\n",
    "outlook on a telephone": f"Get Outlook for iOS<https://aka.ms/o>\n{RULE}\nFrom: {ANN}\n"
    "Sent: Monday, March 2, 2026 10:00:00 AM\nTo: Luc Petit <luc@example.org>\nSubject: Re: Invoice 77\n",
    "outlook mobile in french": f"Télécharger Outlook pour iOS<https://aka.ms/o>\n{RULE}\nDe : {ANN}\n"
    "Envoyé : lundi 2 mars 2026 10:00:00\nÀ : Luc Petit <luc@example.org>\nObjet : Re: Facture 77\n",
    "outlook in french": f"De : {ANN}\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : Luc\nObjet : Re: Facture 77\n",
    "outlook in german": f"Von: {ANN}\nGesendet: Montag, 2. März 2026 10:00\nAn: Luc\nBetreff: AW: Rechnung\n",
    "outlook in spanish": f"De: {ANN}\nEnviado el: lunes, 2 de marzo de 2026 10:00\nPara: Luc Petit\n"
    "Asunto: RE: Factura 77\n",
    "outlook in russian": f"От: {ANN}\nОтправлено: 2 марта 2026 г. 10:00\nКому: Luc Petit\nТема: RE: Счёт 77\n",
    "outlook as it was": f"-----Original Message-----\nFrom: Ann [mailto:{DESK}]\nSent: Monday, March 2, 2026 10:00\n"
    "To: Luc Petit\nSubject: Re: Invoice 77\n",
    "outlook with bold names": f"*From:* {ANN}\n*Sent:* Monday, March 2, 2026 10:00 AM\n*To:* Luc Petit\n"
    "*Subject:* Re: Invoice 77\n",
    "yahoo": f"On Monday, March 2, 2026 at 10:00:00 AM GMT+1, Ann Lee (Example Support) <{DESK}> wrote:\n",
    "samsung": f"-------- Original message --------\nFrom: {ANN}\nDate: 02/03/2026  10:00  (GMT+01:00)\n"
    "To: Luc Petit <luc@example.org>\nSubject: Re: Invoice 77\n",
    "zoho": f"---- On Mon, 02 Mar 2026 10:00:00 +0100 {DESK} wrote ----\n",
    "groupwise": f">>> {ANN} 3/2/26 10:00 AM >>>",
    "groupwise in german": ">>> Ann Lee 02.03.2026 10:00 >>>",
    "lotus notes": "-----Ann Lee/Example wrote: -----\nTo: luc@example.org\nFrom: Ann Lee/Example\n"
    "Date: 03/02/2026 10:00AM\nSubject: Re: [#1042] Invoice 77\n",
}


FOOTERS = (
    *("Sent from my iPad", "Get Outlook for Android", "Von meinem iPhone gesendet", "Envoyé de mon iPhone"),
    *("Enviado desde mi iPhone", "Enviado do meu iPhone", "Inviato da iPhone", "Verstuurd vanaf mijn iPhone"),
    *("Skickat från min iPhone", "Sendt fra min iPhone", "Lähetetty iPhonesta", "Wysłane z iPhone’a"),
    *("Odesláno z iPhonu", "Odoslané z iPhonu", "Elküldve az iPhone-omról", "Trimis de pe iPhone-ul meu"),
    *("iPhone'umdan gönderildi", "Στάλθηκε από το iPhone μου", "Надіслано з iPhone", "Изпратено от моя iPhone"),
    *("Poslano s mog iPhonea", "Poslano iz iPhona", "Saadetud minu iPhone'ist", "Išsiųsta iš mano „iPhone“"),
    *("Nosūtīts no mana iPhone", "Enviat des del meu iPhone", "נשלח מה-iPhone שלי", "أُرسلت من الـ iPhone"),
    *("ส่งจาก iPhone ของฉัน", "Đã gửi từ iPhone của tôi", "Dikirim dari iPhone saya", "iPhoneから送信"),
    *("나의 iPhone에서 보냄", "发自我的 iPhone", "發自我的iPhone", "從我的 iPhone 傳送"),
    *("Von meinem/meiner Galaxy gesendet", "Sent via Superhuman <https://superhuman.com>", "Sent with Tuta"),
)


@pytest.mark.parametrize("client", MARKED)
@pytest.mark.parametrize("notice", [f"{MARKER}\n\n{NOTICE}", NOTICE], ids=["ours", "without our marker"])
def test_a_reply_over_a_marked_quote_gives_its_own_words(client: str, notice: str) -> None:
    reply = divide(f"{WORDS}\n\n{MARKED[client]}\n{quoted(notice)}\n")
    assert reply.words == WORDS
    assert not reply.quotes_kept


@pytest.mark.parametrize("client", BARE)
@pytest.mark.parametrize("notice", [f"{MARKER}\n\n{NOTICE}", NOTICE], ids=["ours", "without our marker"])
def test_a_reply_over_an_unmarked_quote_gives_its_own_words(client: str, notice: str) -> None:
    reply = divide(f"{WORDS}\n\n{BARE[client]}\n{notice}\n")
    assert reply.words == WORDS
    assert not reply.quotes_kept


@pytest.mark.parametrize("language", MARKERS)
def test_our_marker_cuts_in_each_language_though_the_client_speaks_one_that_we_do_not_know(language: str) -> None:
    introduction = f"2026ko martxoaren 2a, 10:00, Ann Lee igorleak hau idatzi du ({DESK}):"
    assert new_words(f"{WORDS}\n\n{introduction}\n\n{quoted(MARKERS[language])}\n{quoted(NOTICE)}") == WORDS


def test_our_marker_cuts_under_header_lines_of_a_language_that_we_do_not_know() -> None:
    block = f"Nork: Ann Lee <{DESK}>\nBidalia: astelehena, 2026(e)ko martxoaren 2a 10:00\nNori: Luc\nGaia: Faktura"
    assert new_words(f"{WORDS}\n\n{block}\n\n{MARKER}\n{NOTICE}") == WORDS


@pytest.mark.parametrize(
    "marker",
    [
        MARKER,
        f"    {MARKER}",
        f"> {MARKER}",
        f">> > {MARKER}",
        f"*{MARKER}*",
        MARKER.replace("---", "—"),
        MARKER.upper(),
        MARKER.replace(" this", "\nthis"),
        f"> {MARKER.replace(' this', chr(10) + '> this')}",
        MARKER.replace(" ", "\xa0"),
    ],
)
def test_our_marker_is_known_however_a_client_bends_it(marker: str) -> None:
    assert new_words(f"{WORDS}\n\n{marker}\n\n{NOTICE if marker[0] != '>' else quoted(NOTICE)}") == WORDS


def test_a_reply_to_a_strangers_reply_to_us_is_cut_at_the_first_of_both() -> None:
    between = f"From: Luc Petit <luc@example.org>\nSent: Monday, March 2, 2026 11:00\nTo: {ANN}\nSubject: x\n\nI see."
    assert divide(f"{WORDS}\n\n{between}\n\n{BARE['outlook in german']}\n{MARKER}\n{NOTICE}").words == WORDS
    marked = f"On 3/2/26 11:00, Luc Petit wrote:\n> I see.\n>\n> On 3/2/26 10:00, Ann Lee wrote:\n>> {MARKER}\n>> Hello"
    assert divide(f"{WORDS}\n\n{marked}").words == WORDS


def test_an_authors_own_line_over_our_marker_is_kept() -> None:
    for line in ("This is what you sent me:", "2 invoices of 2024 are missing:"):
        assert new_words(f"{WORDS}\n{line}\n{quoted(MARKER)}\n{quoted(NOTICE)}") == f"{WORDS}\n{line}"


def test_words_that_only_speak_of_the_marker_are_no_marker() -> None:
    text = "You wrote: Please reply above this line.\nI did, and it did not work."
    assert new_words(text) == text


def test_a_reply_written_under_the_quote_keeps_everything() -> None:
    text = f"On 3/2/26 10:00, Ann Lee wrote:\n{quoted(NOTICE)}\n\n{WORDS}"
    reply = divide(text)
    assert reply.words == text
    assert reply.quotes_kept


def test_a_reply_written_between_the_quotes_keeps_everything() -> None:
    text = f"Hello,\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{quoted(MARKER)}\n> Which one?\n\nThat of March.\n\n> Thanks"
    reply = divide(text)
    assert reply.words == text
    assert reply.quotes_kept


@pytest.mark.parametrize(
    "text",
    [
        f"On 3/2/26 10:00, Luc Petit wrote:\n> #close\n\n{WORDS}",
        "> #close",
        f"{BARE['outlook on the desktop']}\n#close",
        f"{MARKER}\n#close",
        f"{WORDS}\n\nOn 3/2/26 10:00, Luc Petit wrote:\n> please do what I asked you last month and\n#close",
    ],
)
def test_a_command_in_a_quote_never_comes_to_the_top(text: str) -> None:
    assert not new_words(text).startswith("#")


def test_a_mail_that_was_passed_on_keeps_everything() -> None:
    text = f"Help?\n\n---------- Forwarded message ---------\nFrom: Bo <bo@example.org>\nSubject: x\n\n{WORDS}"
    assert new_words(text) == text


def test_a_quote_that_the_client_wrapped_is_not_taken_for_words_between_quotes() -> None:
    torn = "> we asked the bank for the record of your payment and expect their answer\nwithin three days\n> Ann"
    assert new_words(f"{WORDS}\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{torn}") == WORDS


def test_a_signature_is_left_out_above_the_quote_and_below() -> None:
    below = f"{WORDS}\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{quoted(NOTICE)}\n\n-- \nLuc Petit\nBig Corp\n"
    above = f"{WORDS}\n\n-- \nLuc Petit\nBig Corp\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{quoted(NOTICE)}\n"
    assert new_words(below) == WORDS
    assert new_words(above) == WORDS


def test_a_telephones_greeting_is_left_out_and_an_authors_sentence_is_not() -> None:
    assert new_words(f"{WORDS}\n\nSent from my iPhone") == WORDS
    assert new_words(f"{WORDS}\n\nОтправлено с iPhone") == WORDS
    for footer in FOOTERS:
        assert new_words(f"{WORDS}\n\n{footer}") == WORDS, footer
    for words in ("Sent by mail yesterday.", "Get the mail from my phone", "Sent via phone"):
        assert new_words(f"{WORDS}\n\n{words}") == f"{WORDS}\n\n{words}"
    kept = "I am at home.\n\nSent from my desk, which is much easier than the phone that you know."
    assert new_words(kept) == kept


def test_a_long_text_under_two_dashes_is_no_signature() -> None:
    text = "Two matters.\n--\n" + "\n".join(f"Line {n} of the second matter" for n in range(30))
    assert new_words(text) == text


@pytest.mark.parametrize(
    "closing",
    [
        "Best regards,\nLuc",
        "Kind regards\n\nLuc Petit",
        "Mit freundlichen Grüßen\nLuc Petit",
        "Cordialement,\nLuc",
        "Un saludo,\nLuc",
        "С уважением,\nЛюк",
        "Med venlig hilsen\nLuc Petit",
        "Mvh\nLuc",
        "Pozdrawiam,\nLuc",
        "Met vriendelijke groet,\nLuc",
        "/Luc",
    ],
)
def test_a_closing_formula_over_a_name_is_left_out_with_the_signature(closing: str) -> None:
    assert new_words(f"{WORDS}\n\n{closing}\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{quoted(NOTICE)}") == WORDS
    assert new_words(f"{WORDS}\n\n{closing}\n") == WORDS
    assert divide(f"{WORDS}\n\n{closing}\n", closing=True).words.endswith(closing)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks,\nLuc",
        f"{WORDS}\n\nThanks,\nLuc",
        f"{WORDS}\n\nBest regards,\nLuc\n+33 1 23 45 67 89",
        f"{WORDS}\n\nLuc",
        f"{WORDS}\n\n-Luc",
        f"{WORDS}\n\nKind regards",
        "Kind regards,\nLuc",
        "You asked for the folder. It is:\n\n/Library",
        "You asked for the folder.\n\n/usr",
        "Print this on the card:\n\nBest wishes,\nLuc",
    ],
)
def test_a_name_that_may_be_the_answer_is_kept(text: str) -> None:
    assert new_words(text) == text


@pytest.mark.parametrize(
    "head",
    [
        f"From: {ANN} Date: Mon, 2 Mar 2026 10:00:00 +0100",
        f"Von: {ANN} Gesendet: Montag, 2. März 2026 10:00",
        f"Дата: 2 марта 2026 г. 10:00 От: {ANN}",
    ],
)
def test_header_lines_that_a_client_put_on_one_line_are_a_quotes_head(head: str) -> None:
    assert new_words(f"{WORDS}\n\n{head}\n\n{NOTICE}") == WORDS


def test_a_line_of_a_log_is_no_quotes_head() -> None:
    log = f"From: {DESK} Date: 2026-03-02 10:00:00 Status: bounced"
    for line in (log, log.lower(), "From: Paris Date: 2 March 2026 10:00"):
        text = f"The log says:\n\n{line}\n\nWhat does it mean?"
        assert new_words(text) == text


def test_a_reply_without_new_words_is_empty() -> None:
    assert new_words(f"\n\nOn 3/2/26 10:00, Ann Lee wrote:\n{quoted(NOTICE)}") == ""
    assert new_words("") == ""
    assert new_words("Sent from my iPhone") == ""


def test_words_that_may_stand_under_an_unmarked_quote_are_kept_with_it() -> None:
    reply = divide(f"{BARE['outlook on the desktop']}\n{NOTICE}\n\n{WORDS}")
    assert WORDS in reply.words
    assert reply.quotes_kept


@pytest.mark.parametrize(
    "text",
    [
        "On Monday he wrote:\n\nthe router is dead",
        "On your website you wrote:\n> free returns\n\nIs that so?",
        "On 3 May 2024 at 10:00 the router wrote:\n\nE42 no carrier\n\nWhat now?",
        "2026-03-02 10:00:00 packet sent:\n00 01 02\n\nIs that right?",
        "From: Paris\nTo: Lyon\nDate: 2 March\n\nWhat does this ticket cost?",
        "Here is my order:\n\nName: Luc\nFrom: France\nTo: Spain\n\nWhen does it arrive?",
        "Please send it to luc@example.org:\n\nthree invoices",
        "See >>> http://example.org <<<\nand tell me",
        ">>> 10:00 of 2.3.2026 in the log <<<\nWhat is it?",
        "I am quoting Ann <ann@example.org>:\n\nit works",
        "____\nTotal: 5 EUR",
        "Versions:\n---\n1.2\n---\n1.3",
    ],
)
def test_words_that_look_a_little_like_a_quote_are_kept(text: str) -> None:
    assert new_words(text) == text


def test_a_reply_on_the_line_of_the_introduction_is_kept() -> None:
    assert new_words("Yes On Mon, Mar 2, 2026 at 10:00 AM, support@example.com wrote:\n> Is it right?") == "Yes"


DATED = "2026/3/2 Ann Lee <support@example.com>\nPlease try it again."


def test_a_quote_that_only_a_date_and_an_address_show_is_cut() -> None:
    assert new_words(f"Thanks, that helped.\n\n{DATED}") == "Thanks, that helped."


def test_where_a_rule_could_be_a_quote_before_it_nothing_is_cut() -> None:
    text = f"{'_' * 32}\nOur offer stands.\n\n{DATED}"
    assert new_words(text) == text


@given(st.text(st.sampled_from("> |-_\n:@a1.\u202f") | st.characters(), max_size=400))
def test_any_text_is_read(text: str) -> None:
    words = new_words(text)
    assert len(words) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "a@" * 200_000,
        "From: a b c d e f g h i j k l m n o p q r s t u v w x@\n" * 50_000,
        ("Am " + "schrieb " * 70 + "\n") * 20_000,
        "> a\nOn 1.1.2020 10:00 he wrote:\nab cd:\n" * 50_000,
        ("--" + "a-" * 250 + "\n") * 2_000,
        "> x\n" * 300_000,
        ("2011/1/1 " + "<@" * 250 + ">x\n") * 5_000,
        ("-" * 300 + " wrote" + "-" * 290 + "\n") * 5_000,
        "_" * 32 + "\n" + "2011/1/1 x <a@b.c> y\n2011/1/1 <a@b.c>\n" * 5_000,
    ],
)
@pytest.mark.timeout(20)
def test_a_hostile_text_is_read_in_bounded_time(text: str) -> None:
    assert isinstance(new_words(text), str)


# The corpus of labelled replies: measured, so that a change for one client does not lose another.

CORPUS = Path(os.environ.get("MAILD_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
EXACT, WHOLE = 120, 142
"""Of 144: what is kept beside are signatures, closing lines and quotes with words under them, all on purpose."""


def labelled() -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in (CORPUS / "labels-reply.jsonl").read_text("utf-8").splitlines()]
    return [(text_of(row), row["expected"]) for row in rows if row["format"] != "html" and "expected" in row]


def text_of(row: dict[str, str]) -> str:
    raw = (CORPUS / row["path"]).read_bytes()
    if row["format"] == "text":
        return raw.decode("utf-8", "replace")
    part = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def bare(text: str) -> str:
    return "".join(text.split())


@pytest.mark.skipif(not (CORPUS / "labels-reply.jsonl").exists(), reason="the corpus of labelled replies is not here")
def test_the_labelled_replies_lose_no_words_and_most_are_exact() -> None:
    rows = labelled()
    exact = sum(bare(new_words(text)) == bare(expected) for text, expected in rows)
    whole = sum(all(bare(line) in bare(new_words(text)) for line in expected.split("\n")) for text, expected in rows)
    assert len(rows) == 144
    assert exact >= EXACT
    assert whole >= WHOLE
