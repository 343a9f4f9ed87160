"""How each language writes days, moments, ranges and zones, held against what people there write."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest

from maild.decision import Notice
from maild.desk import LANGUAGES
from maild.lines import Value, line
from maild.templates.facts import Row
from maild.templates.render import Templates
from maild.templates.samples import samples

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 28, 0, 5, tzinfo=UTC)  # 1:05 in Paris
FIRST = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)

WRITTEN = {
    "en": (
        *("Monday 23 November, 12:00", "Saturday 28 November, 01:05", "Monday 1 March 2027, 09:30"),
        *("Monday 7 December", "Friday 1 January 2027", "Mon 23 Nov 12:00", "Mon 1 Mar 2027 09:30"),
    ),
    "fr": (
        *("lundi 23 novembre à 12:00", "samedi 28 novembre à 01:05", "lundi 1er mars 2027 à 09:30"),
        *("lundi 7 décembre", "vendredi 1er janvier 2027", "lun. 23 nov. 12:00", "lun. 1er mars 2027 09:30"),
    ),
    "es": (
        "lunes 23 de noviembre a las 12:00",
        "sábado 28 de noviembre a la 01:05",
        "lunes 1 de marzo de 2027 a las 09:30",
        *("lunes 7 de diciembre", "viernes 1 de enero de 2027", "lun 23 nov 12:00", "lun 1 mar 2027 09:30"),
    ),
    "ru": (
        *("понедельник, 23 ноября, 12:00", "суббота, 28 ноября, 01:05", "понедельник, 1 марта 2027 года, 09:30"),
        *("понедельник, 7 декабря", "пятница, 1 января 2027 года", "пн, 23 нояб., 12:00", "пн, 1 мар. 2027, 09:30"),
    ),
    "de": (
        *("Montag, 23. November, 12:00 Uhr", "Samstag, 28. November, 01:05 Uhr", "Montag, 1. März 2027, 09:30 Uhr"),
        *("Montag, 7. Dezember", "Freitag, 1. Januar 2027", "Mo 23.11. 12:00", "Mo 01.03.2027 09:30"),
    ),
    "pt": (
        "segunda-feira, 23 de novembro, às 12:00",
        "sábado, 28 de novembro, à 01:05",
        "segunda-feira, 1 de março de 2027, às 09:30",
        *("segunda-feira, 7 de dezembro", "sexta-feira, 1 de janeiro de 2027"),
        *("segunda, 23 nov., 12:00", "segunda, 1 mar. 2027, 09:30"),
    ),
}
"""A moment, one at one o'clock, one of another year that is the first of a month; a day, one of another year; the short
form of a moment, and of one of another year."""

ONE = (date(2026, 12, 5), date(2026, 12, 5))
WEEK = (date(2026, 12, 1), date(2026, 12, 7))
YEARS = (date(2026, 12, 29), date(2027, 1, 4))
OPEN = (date(2026, 12, 1), None)

RANGES = {
    "en": (
        "Ann is away on Saturday 5 December.",
        "Ann is away from Tuesday 1 December to Monday 7 December.",
        "Ann is away from Tuesday 29 December to Monday 4 January 2027.",
        "Ann is away from Tuesday 1 December on, nobody knows until when.",
    ),
    "fr": (
        "Ann n'est pas disponible le samedi 5 décembre.",
        "Ann n'est pas disponible du mardi 1er décembre au lundi 7 décembre.",
        "Ann n'est pas disponible du mardi 29 décembre au lundi 4 janvier 2027.",
        "Ann n'est pas disponible à partir du mardi 1er décembre, sans date de retour connue.",
    ),
    "es": (
        "Ann está ausente el sábado 5 de diciembre.",
        "Ann está ausente del martes 1 de diciembre al lunes 7 de diciembre.",
        "Ann está ausente del martes 29 de diciembre al lunes 4 de enero de 2027.",
        "Ann está ausente a partir del martes 1 de diciembre, sin fecha de regreso.",
    ),
    "ru": (
        "Ann отсутствует в субботу, 5 декабря.",
        "Ann отсутствует со вторника, 1 декабря, по понедельник, 7 декабря.",
        "Ann отсутствует со вторника, 29 декабря, по понедельник, 4 января 2027 года.",
        "Ann отсутствует со вторника, 1 декабря, и пока неизвестно, до какого дня.",
    ),
    "de": (
        "Ann ist am Samstag, 5. Dezember, abwesend.",
        "Ann ist von Dienstag, 1. Dezember, bis Montag, 7. Dezember, abwesend.",
        "Ann ist von Dienstag, 29. Dezember, bis Montag, 4. Januar 2027, abwesend.",
        "Ann ist ab Dienstag, 1. Dezember, auf unbestimmte Zeit abwesend.",
    ),
    "pt": (
        "Ann está ausente no sábado, 5 de dezembro.",
        "Ann está ausente de terça-feira, 1 de dezembro, até segunda-feira, 7 de dezembro.",
        "Ann está ausente de terça-feira, 29 de dezembro, até segunda-feira, 4 de janeiro de 2027.",
        "Ann está ausente a partir de terça-feira, 1 de dezembro, sem data de regresso.",
    ),
}

CITIES = ("Europe/Paris", "Europe/Lisbon", "Europe/London", "Europe/Vienna", "Europe/Moscow", "Europe/Kyiv")
MORE = ("America/New_York", "America/Argentina/Buenos_Aires", "UTC")
ZONES = {
    "en": "Paris; Lisbon; London; Vienna; Moscow; Kyiv; New York; Buenos Aires; UTC",
    "fr": "Paris; Lisbonne; Londres; Vienne; Moscou; Kiev; New York; Buenos Aires; UTC",
    "es": "París; Lisboa; Londres; Viena; Moscú; Kiev; Nueva York; Buenos Aires; UTC",
    "ru": "Париж; Лиссабон; Лондон; Вена; Москва; Киев; Нью-Йорк; Буэнос-Айрес; UTC",
    "de": "Paris; Lissabon; London; Wien; Moskau; Kiew; New York; Buenos Aires; UTC",
    "pt": "Paris; Lisboa; Londres; Viena; Moscovo; Kiev; Nova Iorque; Buenos Aires; UTC",
}


@lru_cache(maxsize=1)
def templates() -> Templates:
    return Templates()


def said(language: str, name: str, **values: Value) -> str:
    return templates().say(line(name, **values), language, PARIS, NOW)


def stamp(language: str, at: datetime) -> str:
    """A moment as lists and histories write it."""
    listing = next(each for each in samples() if each.notice is Notice.LIST)
    row = Row(7, "x", "open", "Ann", "|", at)
    text = templates().render(listing._replace(language=language, zone=PARIS, now=NOW, rows=(row,))).text
    return text.partition("|")[2].partition("\n")[0].lstrip("\u202f\xa0; ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_days_and_moments_are_written_as_people_there_write_them(language: str) -> None:
    moments = (said(language, "moment_told", at=at) for at in (NOON, NIGHT, FIRST))
    days = (said(language, "moment_told", at=day) for day in (date(2026, 12, 7), date(2027, 1, 1)))
    assert (*moments, *days, stamp(language, NOON), stamp(language, FIRST)) == WRITTEN[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_ranges_of_days_are_written_as_people_there_write_them(language: str) -> None:
    told = (said(language, "roll_away", who="Ann", first=first, last=last) for first, last in (ONE, WEEK, YEARS, OPEN))
    assert tuple(told) == RANGES[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_zone_is_called_by_its_city_as_people_there_call_it(language: str) -> None:
    solved = next(each for each in samples() if each.notice is Notice.SOLVED and each.close_at)
    told = []
    for key in (*CITIES, *MORE):
        plain = key.rpartition("/")[2].replace("_", " ")
        mail = templates().render(solved._replace(language=language, zone=ZoneInfo(key), zone_name=plain)).text
        told.append(mail.partition(" (")[2].partition(")")[0])
    assert "; ".join(told) == ZONES[language]


COUNTED = {
    "en": ("One open ticket goes to Ann.", "2 open tickets go to Ann.", "21 open tickets go to Ann."),
    "fr": ("Un ticket ouvert passe à Ann.", "2 tickets ouverts passent à Ann.", "21 tickets ouverts passent à Ann."),
    "es": (
        *("Un ticket abierto pasa a Ann.", "2 tickets abiertos pasan a Ann."),
        "21 tickets abiertos pasan a Ann.",
    ),
    "ru": (
        *("Ann принимает одно открытое обращение.", "Ann принимает 2 открытых обращения."),
        "Ann принимает 21 открытое обращение.",
    ),
    "de": ("Ein offenes Ticket geht an Ann.", "2 offene Tickets gehen an Ann.", "21 offene Tickets gehen an Ann."),
    "pt": (
        *("Um ticket aberto passa para Ann.", "2 tickets abertos passam para Ann."),
        "21 tickets abertos passam para Ann.",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_agree_with_what_they_count(language: str) -> None:
    told = tuple(said(language, "goes_to", number=number, who="Ann") for number in (1, 2, 21))
    assert told == COUNTED[language]


def test_every_language_stands_in_every_table() -> None:
    for table in (WRITTEN, RANGES, ZONES, COUNTED):
        assert tuple(table) == LANGUAGES
