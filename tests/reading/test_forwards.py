"""Mail that a person passes on: who wrote it, its subject, date and words; and what is no such mail."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild import inspection
from maild.ingest import reading
from maild.ingest.forward_signs import Way, bare_subject, way_of
from maild.ingest.forwards import in_text
from maild.ingest.quote import new_words
from maild.ingest.quote_labels import LABELS
from maild.mail import Address, Forwarded, Kind

MARTA = Address("marta@mill.example", "Marta Oak")
WORDS = "The second oven stays cold.\n\nCan somebody come on Friday?"


def block(*lines: str) -> str:
    return "\n".join(lines)


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


FROM_FIRST = block(
    "From: Marta Oak <marta@mill.example>",
    "Date: Tue, 3 Mar 2026 at 08:15",
    "Subject: The second oven",
    "To: Bo Reed <bo@mill.example>",
)
OUTLOOK = block(
    "From: Marta Oak <marta@mill.example>",
    "Sent: Tuesday, 3 March 2026 08:15",
    "To: Bo Reed <bo@mill.example>; Ida <ida@mill.example>",
    "Subject: The second oven",
)
TABLE = block(
    "Subject: \tThe second oven",
    "Date: \tTue, 3 Mar 2026 08:15:00 +0100",
    "From: \tMarta Oak <marta@mill.example>",
    "To: \tbo@mill.example",
)

# What stands above the words in each program, with the subject that the program gives the mail.
PROGRAMS = {
    "gmail": ("Fwd: The second oven", f"---------- Forwarded message ---------\n{FROM_FIRST}\n\n\n{WORDS}"),
    "gmail without a subject": ("", f"See below\n\n---------- Forwarded message ---------\n{FROM_FIRST}\n\n{WORDS}"),
    "apple": ("Fwd: The second oven", (f"See below\n\n{quoted(f'Begin forwarded message:{chr(10) * 2}{OUTLOOK}')}\n>\n"
              f"{quoted(WORDS)}")),
    "apple, heading outside": ("", f"Begin forwarded message:\n\n{quoted(OUTLOOK)}\n>\n{quoted(WORDS)}"),
    "thunderbird": ("Fwd: The second oven", f"-------- Forwarded Message --------\n{TABLE}\n\n\n\n{WORDS}\n"),
    "outlook": ("FW: The second oven", f"Bo\n\n-----Original Message-----\n{OUTLOOK}\n\n{WORDS}"),
    "outlook on the web": ("Fw: The second oven", f"Bo\n\n{'_' * 32}\n{OUTLOOK}\n\n{WORDS}"),
    "outlook without a line": ("TR: The second oven", f"Bo\n\n{OUTLOOK}\n\n{WORDS}"),
    "outlook, bold": ("WG: The second oven", ("*Von:* Marta Oak <marta@mill.example>\n*Gesendet:* Dienstag, 3. März"
                      f" 2026 08:15\n*An:* Bo\n*Betreff:* The second oven\n\n{WORDS}")),
    "outlook 2013": ("FW: The second oven", ("From: Marta Oak [mailto:marta@mill.example]\nSent: 3 March 2026 08:15\n"
                     f"To: Bo\nSubject: The second oven\n\n{WORDS}")),
    "outlook on a mac": ("FW: The second oven", 'Bo\n\n\ufeffOn 03/03/2026 08:15, "Marta Oak" <marta@mill.example> '
                         "wrote:\n\n" + "\n".join(f"    {line}".rstrip() for line in WORDS.split("\n"))),
    "yahoo, glued": ("", ("  ----- Forwarded Message ----- From: Marta Oak <marta@mill.example>To: \"bo@mill.example\" "
                     f"<bo@mill.example>Sent: Tuesday, March 3, 2026, 08:15:00 CETSubject: The second oven\n {WORDS}")),
    "open-xchange": ("", (f"---------- Original Message ----------\nFrom: Marta Oak <marta@mill.example>\nTo: bo@mill."
                     f"example\nDate: 03/03/2026 8:15 AM CET\nSubject: The second oven\n\n{WORDS}")),
    "mutt": ("The second oven (fwd)", ("----- Forwarded message from Marta Oak <marta@mill.example> -----\n\n"
             f"Date: Tue, 3 Mar 2026 08:15:00 +0100\nSubject: The second oven\n\n{WORDS}\n\n"
             "----- End forwarded message -----\nBo")),
    "notes": ("Fw: The second oven", ("----- Forwarded by Bo Reed/Mill on 03/03/2026 09:00 AM -----\n\n"
              "Marta Oak <marta@mill.example>\nDate: 03/03/2026 08:15 AM\nTo: bo\nSubject: The second oven\n\n"
              f"{WORDS}")),
    "entourage": ("FW: The second oven", (f"------ Forwarded Message\n{FROM_FIRST}\n\n{WORDS}\n------ End of Forwarded "
                  "Message\n")),
    "a reply's subject": ("Re: The second oven", f"---------- Forwarded message ---------\n{FROM_FIRST}\n\n{WORDS}"),
    "a mailing list's tag": ("[bakers] Fwd: The second oven", f"{OUTLOOK}\n\n{WORDS}"),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_mail_that_is_passed_on_tells_who_wrote_it_and_what(program: str) -> None:
    found = in_text(*PROGRAMS[program])
    assert found
    assert (found.from_, found.subject, found.text) == (MARTA, "The second oven", WORDS)
    assert "2026" in found.date
    assert "8:15" in found.date


def test_the_raw_header_lines_that_eudora_passes_on_are_read_as_a_forward() -> None:
    head = (
        "Date: Mon, 23 Nov 2026 10:00:00 +0100\nTo: Users <users@lists.example>\nSender: users-bounces@lists.example\n"
    )
    text = f"--- begin forwarded text\n\n\n{head}From: Ann Lee <ann@example.org>\nSubject: [x] An idea\n"
    told = in_text("An idea", f"{text}Precedence: list\n\nHello all,\n\n--- end forwarded text\n\n\n-- \nBob\n")
    assert told == Forwarded(
        Address("ann@example.org", "Ann Lee"), "[x] An idea", "Mon, 23 Nov 2026 10:00:00 +0100", "Hello all,"
    )
    assert new_words(f"Look at this:\n\n{text}\nHello all,") == f"Look at this:\n\n{text}\nHello all,"


@pytest.mark.parametrize("language", LABELS)
def test_its_header_lines_are_read_in_every_language(language: str) -> None:
    from_, date, to, subject, _ = (words.split("|")[0].capitalize() for words in LABELS[language])
    lines = f"{from_}: Marta Oak <marta@mill.example>\n{date}: 3.3.2026 08:15\n{to}: bo@mill.example\n"
    found = in_text("Fwd: The oven", f"Bo\n\n{lines}{subject}: The second oven\n\n{WORDS}")
    assert found == Forwarded(MARTA, "The second oven", "3.3.2026 08:15", WORDS)


@pytest.mark.parametrize(
    "heading",
    [
        *("---------- Weitergeleitete Nachricht ---------", "-------- Message transféré --------"),
        *(
            "----- Mensaje reenviado -----",
            "-------- Messaggio Inoltrato --------",
            "-------- Doorgestuurd bericht ---",
        ),
        *("-------- Пересылаемое сообщение --------", "Начало переадресованного сообщения:", "----- 轉寄郵件 -----"),
        *("-------- Vidarebefordrat meddelande --------", "-------- Videresendt meddelelse --------"),
        *("Välitetty viesti alkaa:", "Start på videresendt besked:", "Début du message réexpédié\u00a0:"),
        *(
            "--- Treść przekazanej wiadomości ---",
            "Začátek přeposílané zprávy:",
            "-------- Proslijeđena poruka --------",
        ),
        *("Továbbított levél kezdete:", "-------- Preposlaná správa --- Forwarded Message --------"),
        *("---------- Edastatud kiri ----------", "----- İletilmiş Mesaj -----", "-------- Προωθημένο μήνυμα --------"),
        *("Început mesaj redirecționat:", "---------- 転送メッセージ ---------", "----- 전달된 메시지 -----"),
    ],
)
def test_the_line_above_it_is_proof_in_many_languages(heading: str) -> None:
    found = in_text("An oven", f"Bo\n\n{heading}\n{OUTLOOK}\n\n{WORDS}")
    assert found
    assert found.from_ == MARTA


def test_a_sender_without_an_address_is_told_by_name() -> None:
    found = in_text(
        "FW: The second oven", "-----Original Message-----\nFrom: Marta Oak\nSent: 3 March 2026\nTo: Bo\n\nHi"
    )
    assert found == Forwarded(Address("", "Marta Oak"), "The second oven", "3 March 2026", "Hi")


def test_labels_of_no_known_language_are_read_by_their_addresses() -> None:
    lines = "Xuv: Marta Oak <marta@mill.example>\nQim: 3.3.2026 08:15\nYoz: bo@mill.example\nWub: The second oven"
    found = in_text("Fwd: The second oven", f"{lines}\n\n{WORDS}")
    assert found
    assert (found.from_, found.subject, found.text) == (MARTA, "The second oven", WORDS)


def test_of_several_in_one_another_the_outermost_is_told() -> None:
    inner = f"---------- Forwarded message ---------\n{FROM_FIRST.replace('marta', 'zoe')}\n\n{WORDS}"
    found = in_text("Fwd: Fwd: The second oven", f"---------- Forwarded message ---------\n{FROM_FIRST}\n\n{inner}")
    assert found
    assert found.from_ == MARTA
    assert found.text == inner


INTRODUCTION = "On Tue, 3 Mar 2026 at 08:15, Marta Oak <marta@mill.example> wrote:"
REPLIES = {
    "top": f"Yes.\n\n{INTRODUCTION}\n{quoted(WORDS)}",
    "outlook": f"Yes.\n\n-----Original Message-----\n{OUTLOOK}\n\n{WORDS}",
    "outlook on the web": f"Yes.\n\n{'_' * 32}\n{OUTLOOK}\n\n{WORDS}",
    "quotes a forward": f"Yes.\n\n{INTRODUCTION}\n{quoted(PROGRAMS['gmail'][1])}",
    "quotes a forward, wrapped": f"Yes.\n\n{INTRODUCTION.replace(' <', chr(10) + '<')}\n{quoted(PROGRAMS['gmail'][1])}",
    "quotes a forward bare": f"Yes.\n\n{OUTLOOK}\n\n{PROGRAMS['gmail'][1]}",
    "answers between the lines": f"> Hello\nYes.\n{quoted(PROGRAMS['apple'][1])}",
    "words alone": "I forwarded message 12 to you.\n--- forwarded message ---\nwas all it said.",
    "a form": "From: Paris\nTo: London\nWhen: on Friday\n\nA ticket, please.",
}


@pytest.mark.parametrize("subject", ["Re: The second oven", "The second oven", "", "AW: WG: The oven", "Re: Fwd: Oven"])
@pytest.mark.parametrize("reply", REPLIES)
def test_a_reply_that_quotes_what_it_answers_passes_nothing_on(subject: str, reply: str) -> None:
    assert in_text(subject, REPLIES[reply]) is None


def test_a_reply_that_quotes_a_forward_without_an_introduction_passes_nothing_on() -> None:
    assert in_text("Re: Fwd: The second oven", f"Yes.\n\n{quoted(PROGRAMS['gmail'][1])}") is None


def test_vs_is_a_reply_in_finnish_and_a_forward_in_danish() -> None:
    finnish = "Lähettäjä: Marta <marta@mill.example>\nLähetetty: 3.3.2026 8:15\nVastaanottaja: Bo\nAihe: Uuni\n\nHei"
    danish = "Fra: Marta <marta@mill.example>\nSendt: 3.3.2026 8:15\nTil: Bo\nEmne: Ovn\n\nHej"
    assert in_text("VS: Uuni", finnish) is None
    assert in_text("VL: Uuni", finnish)
    assert in_text("VS: Ovn", danish)


@pytest.mark.parametrize(
    ("subject", "way", "bare"),
    [
        ("Fwd: Oven", Way.FORWARD, "Oven"),
        ("[EXTERNAL] FW: RE: Oven", Way.FORWARD, "Oven"),
        ("[Fwd: Oven]", Way.FORWARD, "Oven"),
        ("Oven (fwd)", Way.FORWARD, "Oven"),
        ("Re[2]: Fwd: Oven", Way.REPLY, "Oven"),
        ("İLT: Oven", Way.FORWARD, "Oven"),
        ("ΣΧΕΤ: Oven", Way.REPLY, "Oven"),
        ("转发：Oven", Way.FORWARD, "Oven"),
        ("Oven: cold", Way.NEITHER, "Oven: cold"),
        ("[#12] Oven", Way.NEITHER, "Oven"),
    ],
)
def test_the_outermost_sign_of_a_subject_counts(subject: str, way: Way, bare: str) -> None:
    assert way_of(subject) is way
    assert bare_subject(subject) == bare


INNER = """From: Marta Oak <marta@mill.example>
Subject: The second oven
Date: Tue, 3 Mar 2026 08:15:00 +0100
Message-ID: <oven@mill.example>
Content-Type: text/plain; charset=utf-8

The second oven stays cold."""


def with_attached(subject: str, more: str = "", type_: str = "message/rfc822") -> bytes:
    return (
        f"From: Bo Reed <bo@mill.example>\nTo: support@example.com\nSubject: {subject}\n{more}"
        "Date: Tue, 3 Mar 2026 09:00:00 +0100\nContent-Type: multipart/mixed; boundary=b\n\n"
        f'--b\n\nPlease see.\n--b\nContent-Type: {type_}; name="oven.eml"\n\n{INNER}\n--b--\n'
    ).encode()


@pytest.mark.parametrize("type_", ["message/rfc822", "application/octet-stream"])
def test_an_attached_mail_is_passed_on_and_inspect_tells_it(type_: str) -> None:
    mail = reading.read(with_attached("A cold oven", type_=type_), sender=None)
    assert inspection.tell("x", mail)["forwarded"] == {"from": "marta@mill.example", "subject": "The second oven"}
    assert mail.forwarded is not None
    assert mail.forwarded.from_.name == "Marta Oak"
    assert mail.forwarded.date == "Tue, 3 Mar 2026 08:15:00 +0100"
    assert mail.forwarded.text == "The second oven stays cold."


def test_a_reply_that_attaches_the_mail_it_answers_passes_nothing_on() -> None:
    answers = "In-Reply-To: <oven@mill.example>\n"
    assert reading.read(with_attached("Re: The second oven", answers), sender=None).forwarded is None
    assert reading.read(with_attached("Re: The second oven"), sender=None).forwarded is None
    assert reading.read(with_attached("Re: Another matter"), sender=None).forwarded


def test_what_a_machine_sends_back_is_not_passed_on() -> None:
    head = b"Auto-Submitted: auto-replied\nFrom: a@b.example\nSubject: Fwd: x\n\n"
    mail = reading.read(head + PROGRAMS["gmail"][1].encode(), sender=None)
    assert mail.kind is Kind.AUTO_REPLY
    assert mail.forwarded is None


PIECES = st.sampled_from(
    [
        *(
            "From: ",
            "a@b.example",
            "\n",
            "> ",
            "---------- Forwarded message ---------",
            "Subject: x",
            "wrote:",
            "\x00",
        ),
        *(
            "On 10:00 2026 ",
            "--",
            ":",
            " ",
            "<",
            ">",
            "\r\n",
            "\ufeff",
            "Betreff",
            "：",
            "-----Original Message-----",
            "*",
        ),
    ]
)


@given(subject=st.text(max_size=40), text=st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)))
def test_any_text_has_an_answer(subject: str, text: str) -> None:
    for sign in (subject, f"FW: {subject}", f"VS: {subject}"):
        found = in_text(sign, text)
        assert found is None or isinstance(found.from_, Address)


@pytest.mark.parametrize(
    "piece",
    [
        ">",
        "-",
        "- ",
        "From: a\n",
        "From: a@b\nDate: x\n",
        "---Forwarded message---\n",
        "On 10:00 2026 a@b wrote\n",
        "a:\n",
        "--- Forwarded message --- From: ",
        "[",
        "Re: ",
        "-- x" + " " * 400 + "\n",
        "*" * 500 + "\n",
        "To: b@c,\n",
    ],
)
def test_a_megabyte_of_anything_is_read_soon(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.perf_counter()
    for subject in ("FW: x", text):
        in_text(subject, text)
        in_text(subject, f"--- Forwarded message ---\nFrom: a@b\n\n{text}")
    assert time.perf_counter() - began < 8


def test_a_mail_passed_on_as_html_alone_is_read_from_the_text_that_it_shows() -> None:
    html = (
        "From: bo@mill.example\nSubject: The oven\nContent-Type: text/html; charset=utf-8\n\n<p>Bo</p><div>-------- "
        "Forwarded Message --------<table><tr><th>Subject: </th><td>The second oven</td></tr><tr><th>Date: </th><td>3 "
        "March 2026</td></tr><tr><th>From: </th><td>Marta Oak &lt;marta@mill.example&gt;</td></tr></table><br><br>"
        "<p>It stays cold.</p></div>"
    )
    found = reading.read(html.encode(), sender=None).forwarded
    assert found == Forwarded(MARTA, "The second oven", "3 March 2026", "It stays cold.")
