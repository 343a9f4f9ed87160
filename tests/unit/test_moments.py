"""Moments as people write them in a command, in five languages, and which moments they mean."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import example, given
from hypothesis import strategies as st

from maild import moments
from maild.dates import LONGEST, Ahead, Day, Fault, Unread, Weekday, Written
from maild.moments import Moment

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)  # a Saturday, 10:30 in Paris
LANGUAGES = ("en", "fr", "es", "ru", "de", "pt")
THURSDAY = Day(26, 11, None, 3)
NOVEMBER = Day(26, 11)


def six(day: date) -> time:
    return time(18)


def means(text: str, now: datetime = NOW, zone: ZoneInfo = PARIS) -> datetime | Fault | Unread:
    written = moments.read(text)
    return written if isinstance(written, Unread) else moments.moment(written, now, zone, six)


def paris(month: int, day: int, hour: int = 18, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("friday", Weekday(4)),
        ("on Friday.", Weekday(4)),
        ("until friday", Weekday(4)),
        ("till friday", Weekday(4)),
        ("by friday", Weekday(4)),
        ("26 November", NOVEMBER),
        ("26 nov", NOVEMBER),
        ("Nov 26", NOVEMBER),
        ("by the 26th of November", NOVEMBER),
        ("2026-11-26", Day(26, 11, 2026)),
        ("26/11", NOVEMBER),
        ("10.12", Day(10, 12)),
        ("today", Ahead(0)),
        ("tomorrow", Ahead(1)),
        ("the day after tomorrow", Ahead(2)),
        ("jeudi 26 novembre", THURSDAY),
        ("quinta-feira, 26 de novembro", THURSDAY),
        ("até sexta-feira", Weekday(4)),
        ("na sexta", Weekday(4)),
        ("até ao dia 26 de novembro", NOVEMBER),
        ("amanhã", Ahead(1)),
        ("depois de amanhã", Ahead(2)),
        ("jusqu'à vendredi", Weekday(4)),
        ("jusqu’au 26 novembre", NOVEMBER),
        ("d'ici vendredi", Weekday(4)),
        ("au plus tard le 26 novembre", NOVEMBER),
        ("après-demain", Ahead(2)),
        ("el jueves 26 de noviembre", THURSDAY),
        ("hasta el viernes", Weekday(4)),
        ("para el viernes", Weekday(4)),
        ("pasado mañana", Ahead(2)),
        ("до пятницы", Weekday(4)),
        ("к пятнице", Weekday(4)),
        ("на пятницу", Weekday(4)),
        ("в четверг, 26 ноября", THURSDAY),
        ("послезавтра", Ahead(2)),
        ("bis Freitag", Weekday(4)),
        ("bis zum 26.11.", NOVEMBER),
        ("bis 10.12", Day(10, 12)),
        ("bis spätestens Freitag", Weekday(4)),
        ("Donnerstag, den 26. November", THURSDAY),
        ("übermorgen", Ahead(2)),
    ],
)
def test_a_day_without_a_time_is_read(text: str, day: Written) -> None:
    assert moments.read(text) == Moment(day)


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("tomorrow 17:00", Ahead(1), time(17)),
        ("tomorrow at 17", Ahead(1), time(17)),
        ("5pm tomorrow", Ahead(1), time(17)),
        ("friday 5 p.m.", Weekday(4), time(17)),
        ("by friday 9:30 am", Weekday(4), time(9, 30)),
        ("friday before 5pm", Weekday(4), time(17)),
        ("tomorrow noon", Ahead(1), time(12)),
        ("12pm tomorrow", Ahead(1), time(12)),
        ("26 November 12:00", NOVEMBER, time(12)),
        ("26 November, 12:00", NOVEMBER, time(12)),
        ("at 12:00 on 26 November", NOVEMBER, time(12)),
        ("2026-11-26 14:30", Day(26, 11, 2026), time(14, 30)),
        ("2026-11-26T14:30", Day(26, 11, 2026), time(14, 30)),
        ("jeudi 26 novembre à 12h", THURSDAY, time(12)),
        ("jeudi 26 novembre à 12h30", THURSDAY, time(12, 30)),
        ("jeudi 26 novembre à 12 h 30", THURSDAY, time(12, 30)),
        ("17h 26 novembre", NOVEMBER, time(17)),
        ("demain 17 heures", Ahead(1), time(17)),
        ("demain à midi", Ahead(1), time(12)),
        ("jusqu'à demain 9h", Ahead(1), time(9)),
        ("demain avant 17h", Ahead(1), time(17)),
        ("mañana a las 17:00", Ahead(1), time(17)),
        ("amanhã às 17:00", Ahead(1), time(17)),
        ("até sexta-feira às 17h", Weekday(4), time(17)),
        ("sexta às 5 da tarde", Weekday(4), time(17)),
        ("mañana a las 17", Ahead(1), time(17)),
        ("mañana a las 9 de la mañana", Ahead(1), time(9)),
        ("mañana a las 5 de la tarde", Ahead(1), time(17)),
        ("hasta el viernes a las 17:00", Weekday(4), time(17)),
        ("el viernes al mediodía", Weekday(4), time(12)),
        ("завтра в 17:00", Ahead(1), time(17)),
        ("завтра в 10", Ahead(1), time(10)),
        ("завтра до 18:00", Ahead(1), time(18)),
        ("завтра в 2 часа дня", Ahead(1), time(14)),
        ("завтра в 3 дня", Ahead(1), time(15)),
        ("завтра в 9 утра", Ahead(1), time(9)),
        ("в пятницу в полдень", Weekday(4), time(12)),
        ("26 ноября 2026 г. в 17:00", Day(26, 11, 2026), time(17)),
        ("26.11. 14 Uhr", NOVEMBER, time(14)),
        ("26.11., 14.30 Uhr", NOVEMBER, time(14, 30)),
        ("26.11. 14.30", NOVEMBER, time(14, 30)),
        ("bis 26.11. 14.30 Uhr", NOVEMBER, time(14, 30)),
        ("14 Uhr am 26.11.", NOVEMBER, time(14)),
        ("am Freitag um 14 Uhr 30", Weekday(4), time(14, 30)),
        ("morgen um 9", Ahead(1), time(9)),
        ("in 3 days at 17:00", Ahead(3), time(17)),
        ("in 3 Tagen um 14 Uhr", Ahead(3), time(14)),
        ("через 3 дня в 17:00", Ahead(3), time(17)),
        ("dans une semaine à 9h", Ahead(7), time(9)),
    ],
)
def test_a_day_with_a_time_is_read(text: str, day: Written, at: time) -> None:
    assert moments.read(text) == Moment(day, at)


@pytest.mark.parametrize(
    ("at", "texts"),
    [
        (time(17), "17:00; 5pm; 5 PM; @ 5pm; till 5pm; before 5pm; à 17h; jusqu'à 17h; avant 17h; a las 17; 17.00"),
        (time(17), "hasta las 17:00; antes de las 17:00; в 17:00; до 17:00; к 17:00; 17 Uhr; um 17; bis 17 Uhr"),
        (time(17), "bis spätestens 17 Uhr; vor 17 Uhr; no later than 5pm; au plus tard à 17h; не позднее 17:00"),
        (time(14, 30), "14:30; 14.30; 2:30pm; 14h30; à 14 h 30; a las 14:30; в 14:30; 14 Uhr 30; um 14.30"),
        (time(12), "12:00; 12pm; noon; midi; mediodía; полдень; Mittag"),
        (time(9), "9am; 9 a.m.; at 9; 9:00; 9 heures du matin; a las 9 de la mañana; 9 часов утра; 9 Uhr morgens"),
        (time(5, 30), "5:30; 5:30am; à 5h30; 5.30 Uhr"),
    ],
)
def test_a_time_alone_is_one_of_today(at: time, texts: str) -> None:
    for text in texts.split("; "):
        assert moments.read(text) == Moment(Ahead(0), at), text


@pytest.mark.parametrize(
    ("span", "texts"),
    [
        (timedelta(minutes=30), "30m; 30 min; in 30 minutes; dans 30 min.; en 30 minutos; 30 мин; in 30 Minuten"),
        (timedelta(hours=1), "1h; in an hour; dans une heure; en una hora; через час; in einer Stunde; 60m"),
        (timedelta(hours=4), "4h; 4 hours; 4 h; dans 4 heures; 4 horas; 4 часа; 4 Std.; für 4 Stunden"),
        (timedelta(hours=12), "in 12h; 12 hours; dans 12 heures; dentro de 12 horas; через 12 часов; 12 Stunden"),
        (timedelta(hours=2, minutes=30), "2h 30m; 2h30m; 2 hours and 30 minutes; 2 heures et 30 minutes"),
        (timedelta(days=1), "1d; 24h; in a day; in 1 day; sous 24 h; через день; 1 Tag"),
        (timedelta(days=3), "3d; 3 days; in 3 days; for 3 days; 3j; dans 3 jours; d'ici 3 jours; pour 3 jours"),
        (timedelta(days=3), "em 3 dias; dentro de 3 dias; daqui a 3 dias; por 3 dias"),
        (timedelta(days=3), "en 3 días; 3 дня; через 3 дня; на 3 дня; in 3 Tagen; 3 Tage; within 3 days"),
        (timedelta(days=7), "1w; in a week; une semaine; una semana; через неделю; in einer Woche; 7 days"),
        (timedelta(days=8, hours=12), "1w 1d 12h; 1 week, 1 day and 12 hours"),
    ],
)
def test_a_span_from_now_is_read(span: timedelta, texts: str) -> None:
    for text in texts.split("; "):
        assert moments.read(text) == Moment(span=span), text


@pytest.mark.parametrize(
    "text",
    [
        *("03/04", "3/4/2026", "03/04 12:00", "12h", "8h", "17 heures", "17 horas", "17 часов", "на 17 часов", "2h30"),
        *("until 17", "au 17", "bis 17", "до 17", "at 5", "tomorrow at 5", "a las 5", "um 5 Uhr", "в 2 часа"),
        *("12am", "12:00 am friday"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_taken(text: str) -> None:
    assert moments.read(text) is Unread.TWO_WAYS


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "soon", "later", "next week", "before friday", "from friday", "friday to monday", "1..7 dec"),
        *("friday 9", "26", "5", "25:00", "24:00", "17:60", "17:00:00", "13pm", "0pm", "5pm 6pm", "7.13.", "32 dec"),
        *("0h", "0d", "-2d", "2.5h", "in 2 hours at 17:00", "week", "a", "in", "until", "in 17:00", "one two three"),
        *("2026-11-26T14:30Z", "2026-11-26 14:30+01:00", "tomorrow 9:00 CET", "friday 17:00 please", "friday?"),
        *("26.11.14 Uhr", "il y a 2 jours", "mañana por la mañana", "١٧:٠٠", "12345d", "friday " * 20),
    ],
)
def test_what_is_not_wholly_understood_is_no_moment(text: str) -> None:
    assert moments.read(text) is Unread.UNCLEAR


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("macro", ["wrong_moment", "moment_two_ways"])
def test_the_examples_of_a_refusal_can_be_read(macro: str, language: str) -> None:
    lines = (Path(moments.__file__).parent / "templates" / language / "lines.j2").read_text("utf-8")
    said = re.search(rf"macro {macro}\(.*?\}}(.*?)\{{% endmacro", lines, re.DOTALL)
    assert said is not None
    without_line = re.sub(r'["«]\s*\{\{ written \}\}\s*["»]', "", said[1])
    examples = re.findall(r'["«]\s*([^"«»]+?)\s*["»]', without_line)
    assert len(examples) >= 2
    for example_of_it in examples:
        assert isinstance(moments.read(example_of_it), Moment), example_of_it


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("friday", paris(11, 27)),
        ("saturday", paris(11, 21)),
        ("saturday 11:00", paris(11, 21, 11)),
        ("saturday 10:30", paris(11, 28, 10, 30)),
        ("saturday 9:00", paris(11, 28, 9)),
        ("today", paris(11, 21)),
        ("17:00", paris(11, 21, 17)),
        ("tomorrow 17:00", paris(11, 22, 17)),
        ("26 November", paris(11, 26)),
        ("Thursday 26 November 12:00", paris(11, 26, 12)),
        ("21 november", paris(11, 21)),
        ("3 january", paris(1, 3, year=2027)),
        ("1 october", paris(10, 1, year=2027)),
        ("2026-12-24 14:30", paris(12, 24, 14, 30)),
        ("2h", NOW + timedelta(hours=2)),
        ("36h", NOW + timedelta(hours=36)),
        ("3d", NOW + timedelta(days=3)),
        ("in 3 days at 17:00", paris(11, 24, 17)),
    ],
)
def test_a_moment_is_the_next_that_lies_ahead(text: str, at: datetime) -> None:
    assert means(text) == at


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10:30", Fault.PAST),
        ("9:00", Fault.PAST),
        ("today 9:00", Fault.PAST),
        ("2026-11-20", Fault.PAST),
        ("2026-11-21 10:30", Fault.PAST),
        ("2020-01-01", Fault.PAST),
        ("20 november", Fault.PAST),
        ("21 november 9:00", Fault.PAST),
        ("21 october", Fault.PAST),
        ("31 february", Fault.NO_SUCH_DAY),
        ("2027-02-29", Fault.NO_SUCH_DAY),
        ("Friday 26 November", Fault.WEEKDAY),
        ("29 february", Fault.TOO_FAR),
        ("2036-12-01", Fault.TOO_FAR),
        ("400d", Fault.TOO_FAR),
        ("9999 weeks", Fault.TOO_FAR),
        ("in 400 days at 17:00", Fault.TOO_FAR),
    ],
)
def test_a_moment_that_cannot_be_has_its_fault(text: str, why: Fault) -> None:
    assert means(text) is why


def test_a_day_just_over_is_no_day_of_next_year_and_one_long_over_is() -> None:
    assert means("20 october") == paris(10, 20, year=2027)
    assert means("21 october") is Fault.PAST
    assert means("20 november 2027") == paris(11, 20, year=2027)


def test_a_day_ends_when_its_work_ends() -> None:
    def hours(day: date) -> time:
        return time(16) if day.weekday() == 4 else time(17, 30)

    friday, monday = moments.read("friday"), moments.read("monday")
    assert isinstance(friday, Moment)
    assert isinstance(monday, Moment)
    assert moments.moment(friday, NOW, PARIS, hours) == paris(11, 27, 16)
    assert moments.moment(monday, NOW, PARIS, hours) == paris(11, 23, 17, 30)


def test_today_is_over_when_its_work_is_and_the_day_of_the_week_is_the_next_one() -> None:
    evening = paris(11, 21, 18)
    assert means("today", evening) is Fault.PAST
    assert means("saturday", evening) == paris(11, 28)
    assert means("saturday", evening - timedelta(seconds=1)) == evening


def test_tomorrow_is_that_of_the_reader_and_not_of_utc() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert means("tomorrow 9:00", late) == paris(11, 23, 9)
    assert means("tomorrow 9:00", late, ZoneInfo("America/New_York")) == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    assert means("today 20:00", late, ZoneInfo("America/New_York")) == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)


def test_the_longest_span_is_taken_and_a_longer_one_is_not() -> None:
    today = NOW.astimezone(PARIS).date()
    assert means(f"{LONGEST.days}d") == NOW + LONGEST
    assert means(f"{LONGEST.days + 1}d") is Fault.TOO_FAR
    assert means(f"{today + LONGEST}") == paris(11, 22, year=2027)
    assert means(f"{today + LONGEST + timedelta(days=1)}") is Fault.TOO_FAR


def test_a_time_that_the_clocks_skip_moves_forward() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    assert means("tomorrow 2:30", before) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)  # 3:30 on the wall
    assert means("tomorrow 3:30", before) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_a_time_that_the_clocks_show_twice_is_the_first() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert means("tomorrow 2:30", before) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 2:45, for the first time
    assert means("today 2:30", between) is Fault.PAST


def test_whole_days_keep_the_time_of_day_and_hours_are_exact_when_the_clocks_change() -> None:
    before = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)  # 14:00 in Paris, and the night is an hour longer
    assert means("1d", before) == before + timedelta(hours=25)
    assert means("1w", before) == before + timedelta(days=7, hours=1)
    assert means("23h", before) is Unread.TWO_WAYS
    assert means("in 23h", before) == before + timedelta(hours=23)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2:30 for the second time
    assert means("1d", second) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


DAYS = {language: Locale(language).days["format"]["wide"] for language in LANGUAGES}
MONTHS = {language: Locale(language).months["format"]["wide"] for language in LANGUAGES}
FORMS = {
    "en": ("{day} {month} {h}:{m:02}", "by {weekday}, {month} {day}, {h12}:{m:02} {half}", "{h}:{m:02} on {iso}"),
    "fr": (
        "{weekday} {day} {month} à {h}h{m:02}",
        "jusqu'au {day} {month} {year} à {h} h {m:02}",
        "le {dots} {h}:{m:02}",
    ),
    "es": ("el {weekday} {day} de {month} a las {h}:{m:02}", "hasta el {day} de {month} de {year} a las {h}:{m:02}"),
    "ru": ("{weekday}, {day} {month} в {h}:{m:02}", "до {day} {month} {year} г. {h}:{m:02}", "{dots} в {h}:{m:02}"),
    "pt": (
        "{weekday}, {day} de {month}, às {h}:{m:02}",
        "até {day} de {month} de {year} às {h}h{m:02}",
        "{weekday}, {dots}, às {h}:{m:02}",
    ),
    "de": ("{weekday}, {day}. {month}, {h}:{m:02} Uhr", "bis {dots} um {h}.{m:02} Uhr", "am {day}.{n}. {h}:{m:02}"),
}


@given(
    st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: NOW - timedelta(days=3 * 365, minutes=minutes)),
    st.integers(1, 300 * 24 * 60),
    st.sampled_from([(language, form) for language in LANGUAGES for form in FORMS[language]]),
)
def test_what_is_written_is_what_is_meant(now: datetime, minutes: int, how: tuple[str, str]) -> None:
    language, form = how
    wall = (now + timedelta(minutes=minutes)).astimezone(PARIS).replace(second=0, microsecond=0, tzinfo=None)
    meant = wall.replace(tzinfo=PARIS).astimezone(UTC)
    text = form.format(
        day=wall.day,
        month=MONTHS[language][wall.month],
        weekday=DAYS[language][wall.weekday()],
        year=wall.year,
        n=wall.month,
        iso=wall.date(),
        dots=f"{wall.day}.{wall.month}.{wall.year}",
        h=wall.hour,
        h12=wall.hour % 12 or 12,
        half="pm" if wall.hour >= 12 else "am",
        m=wall.minute,
    )
    if meant <= now:  # the hour that comes twice, or the minute that has begun
        return
    if "12:" in text and text.endswith("am"):
        assert moments.read(text) is Unread.TWO_WAYS
    else:
        assert means(text, now) == meant, text


PARTS = [
    *("1", "12", "17", "31", "2026", ":", ".", "/", "-", " ", " ", " ", ",", "h", "d", "w", "m", "am", "pm", "Uhr"),
    *(
        "dec",
        "friday",
        "today",
        "tomorrow",
        "at",
        "in",
        "until",
        "a",
        "and",
        "à",
        "в",
        "дня",
        "часа",
        "de la tarde",
        "T",
    ),
]


@given(
    st.lists(st.sampled_from(PARTS) | st.text(max_size=4), max_size=30).map("".join),
    st.integers(0, 8_000).map(lambda days: NOW + timedelta(days=days)),
)
@example("a" * 100, NOW)
@example("a 1 " * 25, NOW)
@example("2026-11-26 " + "1h " * 29, NOW)
def test_any_text_is_read_and_every_moment_lies_within_the_year_to_come(text: str, now: datetime) -> None:
    written = moments.read(text)
    if isinstance(written, Moment):
        assert (written.day is None) != (written.span is None)
        found = moments.moment(written, now, PARIS, six)
        assert isinstance(found, Fault) or (now < found <= now + LONGEST + timedelta(days=1) and found.tzinfo is UTC)
