"""Days as people write them in a command, in six languages, and which days they mean."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from maild import dates
from maild.dates import LONGEST, Ahead, Day, Fault, Span, Unread, Weekday, Written

TODAY = date(2026, 11, 21)  # a Saturday
LANGUAGES = ("en", "fr", "es", "ru", "de", "pt")
WEEK = (date(2026, 12, 1), date(2026, 12, 7))


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def means(text: str, today: date = TODAY) -> tuple[date, date | None] | Fault | Unread:
    span = dates.read(text)
    return span if isinstance(span, Unread) else dates.days(span, today)


@pytest.mark.parametrize(
    "text",
    [
        "1 dec..7 dec",
        "1..7 dec",
        "1-7 dec",
        "1 - 7 dec",
        "1–7 Dec.",
        "1 dec…7 dec",
        "1 dec ... 7 dec",
        "1 dec to 7 dec",
        "from 1 dec to 7 dec",
        "from the 1st to the 7th of December",
        "1st December until 7th December 2026",
        "1 DECEMBER 2026 .. 7 december",
        "dec 1 through 7",
        "Dec 1-7, 2026",
        "December 1..December 7",
        "Tuesday 1 Dec..Mon 7 Dec",
        "2026-12-01..2026-12-07",
        "2026-12-01 - 2026-12-07",
        "2026-12-01-2026-12-07",
        "2026/12/01..2026.12.07",
        "1.12..7.12",
        "1.12...7.12",
        "1.12.–7.12.",
        "01.12.2026-07.12.26",
        "1.-7.12.",
        "1. 12. - 7. 12. 2026",
        "1..7.12.2026",
        "du 1er au 7 décembre",
        "1 a 7 de dezembro",
        "de 1 até 7 dez.",
        "do dia 1 ao dia 7 de dezembro",
        "terça-feira, 1 de dezembro até segunda-feira, 7 de dezembro",
        "1er déc. à 7 déc.",
        "le 1er décembre jusqu'au 7 décembre 2026",
        "del 1 al 7 de diciembre",
        "desde el 1 de diciembre hasta el 7 de diciembre de 2026",
        "1 dic..7 dic",
        "с 1 по 7 декабря",
        "с 1 декабря до 7 декабря 2026 г.",
        "1-го дек – 7-го дек",
        "vom 1. bis 7. Dezember",
        "vom 1. Dez. bis zum 7. Dez. 2026",
        "von Dienstag, 1. Dezember, bis Montag, 7. Dezember",
    ],
)
def test_a_week_can_be_written_in_many_ways(text: str) -> None:
    assert means(text) == WEEK


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("3 dec", on(12, 3), on(12, 3)),
        ("7.12.", on(12, 7), on(12, 7)),
        ("25/12", on(12, 25), on(12, 25)),
        ("12/25/2026", on(12, 25), on(12, 25)),
        ("le 3 mai", on(5, 3, 2027), on(5, 3, 2027)),
        ("1er d'octobre", on(10, 1, 2027), on(10, 1, 2027)),
        ("el 3 de mayo", on(5, 3, 2027), on(5, 3, 2027)),
        ("3 мая", on(5, 3, 2027), on(5, 3, 2027)),
        ("3. März", on(3, 3, 2027), on(3, 3, 2027)),
        ("21 nov", TODAY, TODAY),
        ("20 nov", on(11, 20, 2027), on(11, 20, 2027)),
        ("15 nov..27 nov", on(11, 15), on(11, 27)),
        ("20 dec..7 jan", on(12, 20), on(1, 7, 2027)),
        ("20 dec..7 jan 2027", on(12, 20), on(1, 7, 2027)),
        ("28 feb..1 mar", on(2, 28, 2027), on(3, 1, 2027)),
        ("today", TODAY, TODAY),
        ("today..tomorrow", TODAY, on(11, 22)),
        ("today..fri", TODAY, on(11, 27)),
        ("saturday", TODAY, TODAY),
        ("mon..fri", on(11, 23), on(11, 27)),
        ("fri..mon", on(11, 27), on(11, 30)),
        ("mon..7 dec", on(11, 23), on(12, 7)),
        ("1 dec..fri", on(12, 1), on(12, 4)),
        ("until friday", TODAY, on(11, 27)),
        ("..7 dec", TODAY, on(12, 7)),
        ("demain", on(11, 22), on(11, 22)),
        ("aujourd’hui..demain", TODAY, on(11, 22)),
        ("du lundi au vendredi", on(11, 23), on(11, 27)),
        ("jusqu'à vendredi", TODAY, on(11, 27)),
        ("hoy..mañana", TODAY, on(11, 22)),
        ("hasta el miércoles", TODAY, on(11, 25)),
        ("сегодня..послезавтра", TODAY, on(11, 23)),
        ("с понедельника по пятницу", on(11, 23), on(11, 27)),
        ("до среды", TODAY, on(11, 25)),
        ("во вторник", on(11, 24), on(11, 24)),
        ("the day after tomorrow", on(11, 23), on(11, 23)),
        ("demain..après-demain", on(11, 22), on(11, 23)),
        ("hasta pasado mañana", TODAY, on(11, 23)),
        ("heute bis übermorgen", TODAY, on(11, 23)),
        ("bis Freitag", TODAY, on(11, 27)),
    ],
)
def test_days_relative_to_today_and_days_without_a_year_mean_what_is_next(text: str, first: date, last: date) -> None:
    assert means(text) == (first, last)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("today..", TODAY),
        ("today…", TODAY),
        ("1 dec..", on(12, 1)),
        ("1 dec -", on(12, 1)),
        ("from monday", on(11, 23)),
        ("2026-11-16..", on(11, 16)),
        ("à partir du 3 décembre", on(12, 3)),
        ("dès demain", on(11, 22)),
        ("à partir d'aujourd'hui", TODAY),
        ("a partir del 3 de diciembre", on(12, 3)),
        ("desde hoy", TODAY),
        ("с понедельника", on(11, 23)),
        ("ab heute", TODAY),
    ],
)
def test_an_end_may_be_left_open(text: str, first: date) -> None:
    assert means(text) == (first, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("31 feb", Fault.NO_SUCH_DAY),
        ("2026-02-29", Fault.NO_SUCH_DAY),
        ("29 feb", Fault.TOO_FAR),
        ("Tuesday 7 Dec", Fault.WEEKDAY),
        ("1 dec..Tuesday 7 Dec", Fault.WEEKDAY),
        ("from Tuesday 7 Dec", Fault.WEEKDAY),
        ("2026-11-20", Fault.PAST),
        ("2025-12-01..2026-01-07", Fault.PAST),
        ("2020-01-01..", Fault.PAST),
        ("7 dec 2026..1 dec 2026", Fault.BACKWARDS),
        ("10 dec..7 dec", Fault.BACKWARDS),
        ("10..7 dec", Fault.BACKWARDS),
        ("10 dec 2026..7 dec", Fault.BACKWARDS),
        ("tomorrow..today", Fault.BACKWARDS),
        ("2026-12-01..2027-12-02", Fault.TOO_LONG),
        ("1 nov 2026..30 dec 2027", Fault.TOO_LONG),
        ("2036-12-01..2036-12-07", Fault.TOO_FAR),
        ("2036-12-01..", Fault.TOO_FAR),
    ],
)
def test_days_that_cannot_be_are_refused_with_their_fault(text: str, why: Fault) -> None:
    assert means(text) is why


@pytest.mark.parametrize(
    "text",
    [
        *("", "..", "-", "to", "soon", "yesterday", "dec", "3", "1..7", "1..", "1 dec..7 dec..9 dec"),
        *("1 dec..7 dec see you", "32 dec", "0 dec", "7.13.", "2026", "1 2 3", "12-13", "1 dec 26", "next week"),
        *("1 dec 1999", "1 dec..7 dec " * 10, "١ dec", "1 dec\u200b..7 dec"),
    ],
)
def test_what_is_not_wholly_understood_is_no_span(text: str) -> None:
    assert dates.read(text) is Unread.UNCLEAR


@pytest.mark.parametrize("text", ["7/12", "7/12..9/12", "7/12/2026"])
def test_a_day_that_two_countries_read_differently_is_not_taken(text: str) -> None:
    assert dates.read(text) is Unread.TWO_WAYS


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("friday", Weekday(4)),
        ("on Friday,", Weekday(4)),
        ("в пятницу", Weekday(4)),
        ("tomorrow", Ahead(1)),
        ("après-demain", Ahead(2)),
        ("Thu 26 Nov", Day(26, 11, None, 3)),
        ("2026-11-26", Day(26, 11, 2026)),
        ("le 26 novembre", Day(26, 11)),
        ("", Unread.UNCLEAR),
        ("26", Unread.UNCLEAR),
        ("until friday", Unread.UNCLEAR),
        ("from friday", Unread.UNCLEAR),
        ("1 dec..7 dec", Unread.UNCLEAR),
        ("friday?", Unread.UNCLEAR),
        ("3/4", Unread.TWO_WAYS),
        ("friday " * 20, Unread.UNCLEAR),
    ],
)
def test_one_day_alone_is_read_without_a_range(text: str, written: Written | Unread) -> None:
    assert dates.day(text) == written


def test_a_span_of_exactly_the_longest_is_taken() -> None:
    last = TODAY + LONGEST - timedelta(days=1)
    assert means(f"{TODAY}..{last}") == (TODAY, last)
    assert means(f"{TODAY}..{TODAY + LONGEST}") is Fault.TOO_LONG


def test_what_was_written_is_kept_as_a_value() -> None:
    assert dates.read("1..7 dec") == Span(Day(1, 12), Day(7, 12))
    assert dates.read("today..") == Span(Ahead(0), None)
    assert dates.read("mon") == Span(Weekday(0), Weekday(0))
    assert dates.read("Mon 7 Dec 2026") == Span(Day(7, 12, 2026, 0), Day(7, 12, 2026, 0))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
@pytest.mark.parametrize("context", ["format", "stand-alone"])
def test_every_name_of_a_month_and_of_a_day_is_known(language: str, width: str, context: str) -> None:
    locale = Locale(language)
    for month, name in locale.months[context][width].items():
        assert dates.read(f"4 {name}") == Span(Day(4, month), Day(4, month)), name
    for weekday, name in locale.days[context][width].items():
        assert dates.read(name) == Span(Weekday(weekday), Weekday(weekday)), name


MONTHS = {language: Locale(language).months["format"]["wide"] for language in LANGUAGES}
FORMS = {
    "en": ("{0} {1}..{3} {4}", "{0}th {1} {2} to {3}th {4} {5}", "{1} {0} - {4} {3}", "from {0} {1} until {3} {4} {5}"),
    "fr": ("du {0} {1} au {3} {4}", "{0} {1} {2}..{3} {4} {5}", "{0} {1} à {3} {4}", "{0} {1} – {3} {4} {5}"),
    "es": ("del {0} de {1} al {3} de {4}", "{0} de {1} de {2} hasta el {3} de {4} de {5}", "{0} {1}..{3} {4}"),
    "ru": ("с {0} {1} по {3} {4}", "{0} {1} {2} г. – {3} {4} {5} г.", "{0} {1} до {3} {4}", "{0} {1}..{3} {4}"),
    "pt": (
        "de {0} de {1} a {3} de {4}",
        "{0} de {1} de {2} até {3} de {4} de {5}",
        "do dia {0} de {1} ao dia {3} de {4}",
    ),
    "de": ("vom {0}. {1} bis zum {3}. {4}", "{0}. {1} {2} - {3}. {4} {5}", "{0}. {1}..{3}. {4}"),
}
NUMBERS = ("{2}-{6:02}-{0:02}..{5}-{7:02}-{3:02}", "{0}.{6}.{2} – {3}.{7}.{5}", "{0}.{6}..{3}.{7}", "{0}.{6}.-{3}.{7}.")


@given(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.integers(0, 200),
    st.integers(0, 150),
    st.sampled_from([(language, form) for language in LANGUAGES for form in (*FORMS[language], *NUMBERS)]),
)
def test_what_is_written_is_what_is_meant(today: date, ahead: int, length: int, how: tuple[str, str]) -> None:
    language, form = how
    first = today + timedelta(days=ahead)
    last = first + timedelta(days=length)
    months = MONTHS[language]
    text = form.format(
        *(first.day, months[first.month], first.year, last.day, months[last.month], last.year, first.month, last.month)
    )
    assert means(text, today) == (first, last), text


PARTS = ["1", "31", "dec", "..", "-", "…", " ", ".", "/", "2026", "to", "today", "d'", "mon", "г.", "à partir d'", "12"]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=4)).map("".join), st.dates(date(2024, 1, 1)))
def test_any_text_is_read_and_every_span_resolves(text: str, today: date) -> None:
    span = dates.read(text)
    if isinstance(span, Span) and today.year < 9990:
        found = dates.days(span, today)
        assert isinstance(found, Fault) or found[1] is None or found[0] <= found[1]
