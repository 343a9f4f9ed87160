"""Canned answers: `#template NAME` puts the desk's own text into a reply, in the language of who reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maild.canned import FACTS, Canned, fill
from maild.config.canned import BIGGEST, read_canned
from tests.stories.absent import says_yes
from tests.stories.house import ANN, House, Letter

REFUND = Canned("refund", "en", "Hello {{ requester }},\n\nyour money for {{ number }} comes within a week.")
RETOUR = Canned("refund", "fr", "Bonjour {{ requester }},\n\nvous serez remboursé sous huit jours ({{ number }}).")
VPN = Canned("vpn-reset", "en", "Please switch the VPN off and on again. {{ agent_short }} from {{ team }}, {{ desk }}")


@pytest.fixture
def prepared(house: House) -> House:
    """A desk with three canned answers."""
    house.changes(canned=(REFUND, RETOUR, VPN))
    return house


LUC = "luc@client.example"
PETIT = f"Luc Petit <{LUC}>"


def shown(letter: Letter) -> str:
    return letter.text.replace("\r\n", "\n")


def asks(house: House, text: str = "Where is my money for invoice 77? I paid it twice.") -> None:
    house.receives(text, author=PETIT, subject="Invoice 77")
    house.passes(seconds=1)


def test_a_canned_answer_goes_out_as_the_agents_words_above_what_the_agent_wrote(prepared: House) -> None:
    asks(prepared)
    prepared.agent_replies("#template refund\n\nTell me if it does not.\n\nAnn", prepared.last(ANN.email, "assigned"))
    told = prepared.last(LUC, "reply")
    words = "Hello Luc Petit,\n\nyour money for #1 comes within a week.\n\nTell me if it does not.\n\nAnn"
    assert words in shown(told)
    assert "template" not in told.text
    assert "{" not in told.text
    assert told["From"].startswith('"Ann Lee')
    assert told["Auto-Submitted"] == ""
    assert prepared.entries(1)[-1].text == words
    assert 'The prepared text "refund" went in (en).' in prepared.last(ANN.email, "receipt").text


def test_a_canned_answer_alone_is_an_answer(prepared: House) -> None:
    asks(prepared)
    prepared.agent_replies("#solved\n#canned VPN-Reset", prepared.last(ANN.email, "assigned"))
    assert (
        "Please switch the VPN off and on again. Ann from our support team, Example Support" in prepared.last(LUC).text
    )
    assert prepared.ticket().status == "solved"
    assert prepared.ticket().owner == ANN.id


def test_a_canned_answer_speaks_the_language_of_the_ticket_and_else_the_desks(prepared: House) -> None:
    asks(prepared, "Bonjour, la facture 77 a été payée deux fois, pouvez-vous me rembourser ?")
    prepared.agent_replies("#template refund\n#template vpn-reset", prepared.last(ANN.email, "assigned"))
    told = shown(prepared.last(LUC))
    assert "Bonjour Luc Petit,\n\nvous serez remboursé sous huit jours (#1).\n\nPlease switch the VPN" in told
    receipt = prepared.last(ANN.email, "receipt").text
    assert '"refund" went in (fr)' in receipt
    assert '"vpn-reset" went in (en)' in receipt


def test_a_name_that_is_not_known_is_refused_with_the_nearest_and_nothing_is_sent(prepared: House) -> None:
    asks(prepared)
    before = len(prepared.sent_to(LUC))
    prepared.agent_replies("#solved\n#template refunds\n\nHello Luc", prepared.last(ANN.email, "assigned"))
    refused = prepared.last(ANN.email, "refused").text
    assert 'There is no prepared text "refunds". Did you mean refund?' in refused
    assert "Hello Luc" in refused
    assert len(prepared.sent_to(LUC)) == before
    assert prepared.ticket().status == "open"
    prepared.agent_replies("#template xyz", prepared.last(ANN.email, "assigned"))
    assert "Known: refund, vpn-reset." in prepared.last(ANN.email, "refused").text
    prepared.changes(canned=())
    prepared.agent_replies("#template refund", prepared.last(ANN.email, "assigned"))
    assert "The desk has none yet." in prepared.last(ANN.email, "refused").text


def test_a_text_that_the_customer_could_not_read_is_not_sent(prepared: House) -> None:
    prepared.changes(canned=(RETOUR,))
    asks(prepared)
    before = len(prepared.sent_to(LUC))
    prepared.agent_replies("#template refund", prepared.last(ANN.email, "assigned"))
    told = prepared.last(ANN.email, "refused").text
    assert (
        'The prepared text "refund" is neither in the language of the ticket nor in that of the desk, only in: fr.'
        in told
    )
    assert len(prepared.sent_to(LUC)) == before


def test_a_name_is_needed(prepared: House) -> None:
    asks(prepared)
    for line in ("#template", "#template refund please"):
        prepared.agent_replies(line, prepared.last(ANN.email, "assigned"))
        assert 'it is written "#template NAME"' in prepared.last(ANN.email, "refused").text


def test_a_canned_answer_below_note_stays_among_colleagues(prepared: House) -> None:
    asks(prepared)
    before = len(prepared.sent_to(LUC))
    prepared.agent_replies("#note is this the right one?\n#template refund", prepared.last(ANN.email, "assigned"))
    assert len(prepared.sent_to(LUC)) == before
    assert prepared.entries(1)[-1].text.startswith("is this the right one?\n\nHello Luc Petit,")


def test_a_canned_answer_that_comes_too_late_is_held_and_goes_out_with_yes(prepared: House) -> None:
    asks(prepared)
    brief = prepared.last(ANN.email, "assigned")
    prepared.passes(minutes=5)
    prepared.receives("It has come!", author=PETIT, answers=prepared.last(LUC))
    before = len(prepared.sent_to(LUC))
    prepared.agent_replies("#template refund", brief)
    assert prepared.last(ANN.email).notice == "held"
    assert len(prepared.sent_to(LUC)) == before
    says_yes(prepared, prepared.last(ANN.email, "held"), ANN)
    assert "your money for #1 comes within a week." in prepared.last(LUC, "reply").text


def test_the_help_names_the_canned_answers_where_there_are_any(prepared: House) -> None:
    asks(prepared)
    prepared.agent_replies("#help", prepared.last(ANN.email, "assigned"))
    listed = prepared.last(ANN.email, "help").text
    assert "#template NAME" in listed
    assert "a prepared text: refund, vpn-reset" in listed
    prepared.changes(canned=())
    prepared.passes(minutes=5)
    prepared.agent_replies("#help", prepared.last(ANN.email, "assigned"))
    assert "#template" not in prepared.last(ANN.email, "help").text


def test_a_fact_that_is_not_known_leaves_no_hole() -> None:
    facts = dict.fromkeys(FACTS, "") | {"number": "#7"}
    assert fill("Hello {{ requester }},\n\n{{number}} is {{ team }} done.", facts) == "Hello,\n\n#7 is done."
    assert fill("Hello {{ requester }},", facts | {"requester": "{{ number }} \\1"}) == "Hello {{ number }} \\1,"


# --- the files ------------------------------------------------------------------------------------------------------


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / "canned" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_the_files_of_a_folder_are_the_canned_answers(tmp_path: Path) -> None:
    put(tmp_path / "own", "refund.en.txt", "\ufeffHello {{ requester }},\r\n\r\nit comes.\r\n")
    put(tmp_path / "own", "refund.pt.txt", "Bom dia, {{ requester }}.\n")
    put(tmp_path / "own", ".refund.en.txt.swp", "an editor's own")
    english, portuguese = "Hello {{ requester }},\n\nit comes.", "Bom dia, {{ requester }}."
    assert read_canned(tmp_path / "own") == ((Canned("refund", "en", english), Canned("refund", "pt", portuguese)), ())


def test_a_desk_without_the_folder_has_none(tmp_path: Path) -> None:
    assert read_canned(None) == read_canned(tmp_path / "nowhere") == ((), ())


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "refund.en.txt",
            "Hello\n\n{{ requestor }},",
            ":3:1: no fact has the name 'requestor'; did you mean requester?",
        ),
        ("refund.en.txt", "{{ zzz }}", ":1:1: no fact has the name 'zzz'; there are requester, number"),
        ("refund.en.txt", "Hi\n{{ requester }", ":2:1: {{ holds no fact"),
        ("refund.en.txt", "{% if requester %}", ":1:1: {% holds no fact"),
        ("refund.en.txt", "{{ requester | upper }}", ":1:1: {{ holds no fact"),
        ("refund.en.txt", " \n", ":1:1: says nothing"),
        ("refund.en.txt", b"one\n\xff\xfe", ":2:1: is not UTF-8 here"),
        ("refund.en.txt", "x" * (BIGGEST + 1), ": is bigger than 64 KB"),
        ("refund.txt", "Hello", ": is no canned answer; name it like refund.en.txt"),
        ("refund.it.txt", "Ciao", ": is no canned answer"),
        ("Refund It.en.txt", "Hello", ": is no canned answer"),
        ("refund.en.j2", "Hello", ": is no canned answer"),
    ],
)
def test_a_fault_is_told_with_file_and_line_and_the_others_stand(
    tmp_path: Path, name: str, text: str | bytes, told: str
) -> None:
    path = put(tmp_path / "own", name, text)
    put(tmp_path / "own", "sound.en.txt", "This one is sound.")
    (sound,), (problem,) = read_canned(tmp_path / "own")
    assert sound.name == "sound"
    assert str(problem).startswith(f"{path}{told}")


def test_every_fact_that_the_file_may_name_has_a_value(prepared: House) -> None:
    text = " ".join(f"{name}={{{{ {name} }}}}" for name in FACTS)
    prepared.changes(canned=(replace(REFUND, text=text),))
    asks(prepared)
    prepared.agent_replies("#template refund", prepared.last(ANN.email, "assigned"))
    said = prepared.entries(1)[-1].text
    assert said == (
        "requester=Luc Petit number=#1 subject=Invoice 77 agent=Ann Lee agent_short=Ann team=our support team"
        " desk=Example Support"
    )
