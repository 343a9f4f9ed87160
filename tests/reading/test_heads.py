"""Quotes and forwards in the languages of those who write: the client's line over them is known in each."""

from __future__ import annotations

import pytest

from maild.ingest.forwards import in_text
from maild.ingest.quote import divide, new_words
from maild.ingest.quote_labels import LABELS
from maild.ingest.vacation import read_vacation
from maild.mail import Address
from tests.reading.heads import FORWARDED, GMAIL, ORIGINAL, OUTLOOK
from tests.reading.test_vacation import PARIS, SENT

WORDS = "Thank you, that is it.\nIt works again: all three of them."
QUOTED = "> Good morning,\n>\n> does it work?"
BARE = "Good morning,\n\ndoes it work?"


def block(labels: tuple[str, str, str, str]) -> str:
    values = ("Ann Lee <ann@example.org>", "23.11.2026 10:00", "Support <support@example.com>", "Re: Invoice 77")
    return "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))


def test_more_than_twenty_languages_are_tried() -> None:
    assert len(GMAIL) >= 30
    assert len(OUTLOOK) >= 30
    assert OUTLOOK.keys() == FORWARDED.keys() == ORIGINAL.keys()
    assert {language.partition("-")[0] for language in OUTLOOK} <= LABELS.keys()


@pytest.mark.parametrize("line", GMAIL.values(), ids=GMAIL.keys())
def test_what_gmail_quotes_in_any_language_is_not_among_the_new_words(line: str) -> None:
    assert new_words(f"{WORDS}\n\n{line}\n\n{QUOTED}\n") == WORDS


@pytest.mark.parametrize("line", GMAIL.values(), ids=GMAIL.keys())
def test_the_same_line_wrapped_by_the_client_is_known_too(line: str) -> None:
    at = line.rfind(" ", 0, 64)
    wrapped = f"{line[:at]}\n{line[at + 1 :]}"
    assert new_words(f"{WORDS}\n\n{wrapped}\n\n{QUOTED}\n") == WORDS


@pytest.mark.parametrize("labels", OUTLOOK.values(), ids=OUTLOOK.keys())
def test_what_outlook_quotes_in_any_language_is_not_among_the_new_words(labels: tuple[str, str, str, str]) -> None:
    assert new_words(f"{WORDS}\n\n{block(labels)}\n\n{BARE}\n") == WORDS


@pytest.mark.parametrize("line", ORIGINAL.values(), ids=ORIGINAL.keys())
def test_what_stands_under_original_message_in_any_language_is_quoted(line: str) -> None:
    assert new_words(f"{WORDS}\n\n{line}\nAnn asked this:\n\n{BARE}\n") == WORDS


@pytest.mark.parametrize("labels", OUTLOOK.values(), ids=OUTLOOK.keys())
def test_the_same_lines_in_bold_under_a_rule_are_known_too(labels: tuple[str, str, str, str]) -> None:
    bold = "\n".join("*{}:* {}".format(*line.split(": ", 1)) for line in block(labels).split("\n"))
    assert new_words(f"{WORDS}\n\n________________________________\n{bold}\n\n{BARE}\n") == WORDS


@pytest.mark.parametrize("language", FORWARDED)
def test_a_forward_in_any_language_tells_who_wrote_first_and_is_kept_whole(language: str) -> None:
    text = f"Please have a look.\n\n{FORWARDED[language]}\n{block(OUTLOOK[language])}\n\n{BARE}"
    told = in_text("", text)
    assert told is not None
    assert told.from_ == Address("ann@example.org", "Ann Lee")
    assert (told.subject, told.date, told.text) == ("Re: Invoice 77", "23.11.2026 10:00", BARE)
    assert divide(text).words == text, "what a person passes on is what they want to show"


@pytest.mark.parametrize("language", FORWARDED)
def test_the_dates_of_a_mail_that_was_passed_on_are_nobodys_absence(language: str) -> None:
    below = f"{FORWARDED[language]}\n{block(OUTLOOK[language])}\n\nI am away until 9 December."
    text = f"I am out of the office.\n\n{below}"
    seen = read_vacation(text, "Automatic reply: Hi", SENT, PARIS)
    assert seen is not None
    assert seen.until is None


@pytest.mark.parametrize(
    "form",
    [
        "No: 12\nDate: 3 May 2026\nSubject: red shoes\nSize: 44",
        "At: 10:00\nDate: 23.11.2026\nSubject: meeting",
        "Per: Ann Lee\nData: 23.11.2026\nHal: 7\nFinal: yes",
        "La: 3\nSe: 4\nDe: 5\nDate: 6",
    ],
)
def test_a_form_that_somebody_filled_in_is_words(form: str) -> None:
    assert new_words(f"Here is what you asked for.\n\n{form}\n\nIs that enough?") == (
        f"Here is what you asked for.\n\n{form}\n\nIs that enough?"
    )
