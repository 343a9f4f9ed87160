"""What an automatic reply tells of an absence, in nine languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.ingest.away import TONGUES
from maild.ingest.away.tongue import Tongue
from maild.ingest.vacation import read_vacation
from maild.mail import Vacation
from tests.reading import absences

PARIS = ZoneInfo("Europe/Paris")
SENT = datetime(2026, 11, 25, 9, tzinfo=UTC)
"""A Wednesday."""


def read(
    text: str, subject: str = "Automatic reply: [#1042] Invoice 77 wrong", sent: datetime = SENT
) -> Vacation | None:
    return read_vacation(text, subject, sent, PARIS)


def until(text: str, sent: datetime = SENT) -> date | None:
    found = read(text, sent=sent)
    assert found is not None, text
    return found.until


def day(written: str) -> date | None:
    """ "12-07" is a day of 2026, "" is no day."""
    return date.fromisoformat(written if len(written) > 5 else f"2026-{written}") if written else None


AWAY: dict[str, list[tuple[str, str, str]]] = {
    "en": [
        ("I am out of the office until 7 December and will answer when I am back.", "", "12-07"),
        (
            "Thanks for your mail. I'm on annual leave from 1 to 7 December 2026. Please write to Ben.",
            "12-01",
            "12-07",
        ),
        ("I will be out of the office starting 01.12.2026 and will not return until 08.12.2026.", "12-01", "12-07"),
        ("Hi, I'm on vacation and will be back on Tuesday, December 8th.", "", "12-07"),
        ("I'm currently away from my desk, returning Monday.", "", "11-29"),
        ("I am out of office until Monday with limited access to email.", "", "11-30"),
        ("I'm traveling with limited access to email through December 4th. Expect delays.", "", "12-04"),
        ("Out of office: December 1-7, 2026", "12-01", "12-07"),
        ("I am on parental leave until 1 March 2027.", "", "2027-03-01"),
        ("I'm OOO today and tomorrow, back Friday.", "", "11-26"),
        ("I will be on holiday between 28 November and 6 December inclusive.", "11-28", "12-06"),
        ("I'm out of the office this week.", "11-23", "11-29"),
        ("I am away until the end of next week. My colleague Cleo looks after my cases.", "", "12-06"),
        ("I'm off sick today and hope to be back tomorrow.", "", "11-25"),
        ("I am out of the office on Friday, 27 November.", "11-27", "11-27"),
        ("I'm currently out of the office with no access to email. I will return on 12/8/2026.", "", "12-07"),
        ("Thank you for your message. I am on leave from 11/23/2026 to 12/4/2026.", "11-23", "12-04"),
        ("I'm out from Monday 30 November to Friday 4 December, and will reply on my return.", "11-30", "12-04"),
        (
            "I will be out of the office beginning Thursday, November 26 and returning Monday, November 30.",
            "11-26",
            "11-29",
        ),
        ("I'm on maternity leave. Ben has taken over my cases.", "", ""),
        ("Currently on a business trip; I won't be able to reply before 3 December.", "", "12-02"),
        ("Away until 2026-12-07.", "", "12-07"),
        ("I am out of the office and will be returning on the 8th of December at 9:00 am.", "", "12-07"),
        ("I'm away at a conference until Thu 3 Dec 17:00 CET, replies will be slow.", "", "12-03"),
        ("I have left for the holidays! I'm on vacation until January 4.", "", "2027-01-04"),
        ("I shall be on leave w.e.f. 1 Dec 2026 till 7 Dec 2026.", "12-01", "12-07"),
        ("I will be away from the office from 24th November until 2nd December.", "11-24", "12-02"),
        ("Hello, I am out of the office until further notice. Contact Ben Ode.", "", ""),
        ("I'm out of the office until the end of the month.", "", "11-30"),
        ("I am out of the office starting Monday, 30 November.", "11-30", ""),
        ("I am on vacation.\nStart: 1 December 2026\nEnd: 7 December 2026\n", "12-01", "12-07"),
        ("Thank you for your mail of 20 November 2026. I am out of the office until 3 December.", "", "12-03"),
        ("I'll be back in the office on Wednesday, December 2nd, 2026.", "", "12-01"),
    ],
    "fr": [
        ("Je suis absent du bureau jusqu'au 7 décembre inclus.", "", "12-07"),
        ("Bonjour, je suis en congés du 1er au 7 décembre. En cas d'urgence, écrivez à Ben.", "12-01", "12-07"),
        ("Je serai absente du 01/12/2026 au 07/12/2026.", "12-01", "12-07"),
        ("Actuellement en vacances, je serai de retour le 8 décembre.", "", "12-07"),
        ("Je suis en congé, de retour lundi.", "", "11-29"),
        ("Absent jusqu'à lundi, je répondrai à mon retour.", "", "11-30"),
        (
            "Je suis en déplacement et n'aurai qu'un accès limité à ma messagerie jusqu'au vendredi 4 décembre.",
            "",
            "12-04",
        ),
        ("Je suis en congé maternité jusqu'au 1er mars 2027.", "", "2027-03-01"),
        ("Merci pour votre message. Je suis absente aujourd'hui.", "11-25", "11-25"),
        ("Je suis hors du bureau cette semaine.", "11-23", "11-29"),
        ("Je suis actuellement en arrêt maladie. Merci de contacter Ben Ode.", "", ""),
        (
            "Je suis absent(e) du bureau à partir du 01/12/2026 et ne serai de retour que le 08/12/2026.",
            "12-01",
            "12-07",
        ),
        ("Je ne suis pas au bureau et ne pourrai pas vous répondre avant le 8 décembre.", "", "12-07"),
        ("En congé entre le 28 novembre et le 6 décembre, je traiterai votre demande ensuite.", "11-28", "12-06"),
        ("Je suis en vacances jusqu'au dimanche 6 décembre à minuit.", "", "12-06"),
        ("Absente du bureau le vendredi 27 novembre.", "11-27", "11-27"),
        ("Je suis absent pour congés annuels. Retour prévu le mardi 8 décembre 2026.", "", "12-07"),
        (
            "En mon absence, merci de vous adresser à Ben. Je serai joignable à nouveau à compter du 8 décembre.",
            "",
            "12-07",
        ),
        ("Je suis en formation jusqu'à demain.", "", "11-26"),
        ("Je suis en congé jusqu'à la fin de la semaine prochaine.", "", "12-06"),
        ("Je reprends le travail le 8.12.2026, je suis en congé d'ici là.", "", "12-07"),
        ("Je suis indisponible du lundi 30 novembre au vendredi 4 décembre.", "11-30", "12-04"),
        ("Je suis absente jusqu'à la fin du mois.", "", "11-30"),
        ("Je suis en vacances depuis le 20 novembre et jusqu'au 4 décembre.", "11-20", "12-04"),
        ("Je prendrai connaissance de votre message à mon retour de vacances, le 8 décembre.", "", "12-07"),
        ("Je m'absente du 24/12 au 2/1.", "12-24", "2027-01-02"),
        ("Votre correspondant est absent jusqu'au 15 décembre 2026.", "", "12-15"),
    ],
    "es": [
        ("Estoy fuera de la oficina hasta el 7 de diciembre.", "", "12-07"),
        ("Estaré de vacaciones del 1 al 7 de diciembre de 2026. Para urgencias, escriba a Ben.", "12-01", "12-07"),
        ("Estaré ausente de la oficina desde el 01/12/2026 y no volveré hasta el 08/12/2026.", "12-01", "12-07"),
        ("Hola, estoy de vacaciones y volveré el martes 8 de diciembre.", "", "12-07"),
        ("Estoy ausente, regreso el lunes.", "", "11-29"),
        ("No estaré en la oficina hasta el lunes.", "", "11-30"),
        ("Estoy de viaje con acceso limitado al correo hasta el viernes 4 de diciembre.", "", "12-04"),
        ("Estoy de baja por maternidad hasta el 1 de marzo de 2027.", "", "2027-03-01"),
        ("Gracias por su mensaje. Hoy estoy fuera de la oficina.", "11-25", "11-25"),
        ("Estoy de vacaciones esta semana.", "11-23", "11-29"),
        ("Actualmente estoy de baja médica. Contacte con Ben Ode, por favor.", "", ""),
        ("No podré responder a su correo antes del 8 de diciembre porque estoy de vacaciones.", "", "12-07"),
        ("Estaré fuera entre el 28 de noviembre y el 6 de diciembre, ambos inclusive.", "11-28", "12-06"),
        ("Me encuentro de permiso hasta el domingo 6 de diciembre inclusive.", "", "12-06"),
        ("Estaré ausente el viernes 27 de noviembre.", "11-27", "11-27"),
        ("Estoy de vacaciones. Me reincorporo el 8 de diciembre y contestaré entonces.", "", "12-07"),
        ("Durante mi ausencia le atenderá Ben. Estaré de vuelta a partir del 8 de diciembre.", "", "12-07"),
        ("Estoy en un curso hasta mañana.", "", "11-26"),
        ("Estaré de vacaciones hasta finales de la próxima semana.", "", "12-06"),
        ("Estoy fuera de la oficina del lunes 30 de noviembre al viernes 4 de diciembre.", "11-30", "12-04"),
        ("Estaré de licencia hasta fin de mes.", "", "11-30"),
        ("Ausente del 24/12 al 2/1.", "12-24", "2027-01-02"),
        ("Responderé a su mensaje a mi regreso, el 8 de diciembre. Estoy de vacaciones.", "", "12-07"),
        ("Estoy disfrutando de mis vacaciones desde el 20 de noviembre hasta el 4 de diciembre.", "11-20", "12-04"),
        ("Fuera de la oficina: 01.12.2026 - 07.12.2026", "12-01", "12-07"),
        ("Ana López se encuentra de vacaciones hasta el 15 de diciembre de 2026.", "", "12-15"),
        ("Estoy de viaje de negocios y regresaré a la oficina el próximo jueves.", "", "11-25"),
    ],
    "ru": [
        ("Я в отпуске до 7 декабря.", "", "12-07"),
        (
            "Здравствуйте! Я нахожусь в отпуске с 1 по 7 декабря 2026 года. По срочным вопросам пишите Бену.",
            "12-01",
            "12-07",
        ),
        ("Я буду отсутствовать с 01.12.2026 по 07.12.2026.", "12-01", "12-07"),
        ("Сейчас я в отпуске, вернусь 8 декабря.", "", "12-07"),
        ("Меня нет на месте, вернусь в понедельник.", "", "11-29"),
        ("Я вне офиса до понедельника.", "", "11-30"),
        ("Я в командировке до пятницы, 4 декабря, доступ к почте ограничен.", "", "12-04"),
        ("Нахожусь в отпуске по уходу за ребёнком до 1 марта 2027 г.", "", "2027-03-01"),
        ("Сегодня меня нет в офисе.", "11-25", "11-25"),
        ("На этой неделе я в отпуске.", "11-23", "11-29"),
        ("Я на больничном. По всем вопросам обращайтесь к Бену.", "", ""),
        ("Я в отпуске и смогу ответить не раньше 8 декабря.", "", "12-07"),
        ("Отсутствую в период между 28 ноября и 6 декабря.", "11-28", "12-06"),
        ("Нахожусь в отпуске по 6 декабря включительно.", "", "12-06"),
        ("В пятницу, 27 ноября, меня не будет в офисе.", "11-27", "11-27"),
        ("Я отсутствую. Выйду на работу 8 декабря и отвечу на ваше письмо.", "", "12-07"),
        ("В моё отсутствие вам поможет Бен. С 8 декабря снова буду на связи.", "", "12-07"),
        ("Я на обучении до завтра.", "", "11-26"),
        ("Я в отпуске до конца следующей недели.", "", "12-06"),
        ("Меня не будет с понедельника 30 ноября по пятницу 4 декабря.", "11-30", "12-04"),
        ("Буду отсутствовать до конца месяца.", "", "11-30"),
        ("Отсутствую на рабочем месте с 24.12 по 02.01.", "12-24", "2027-01-02"),
        ("Отвечу на письмо после 7 декабря, сейчас я в отпуске.", "", "12-07"),
        ("Я в отпуске с 20 ноября до 4 декабря.", "11-20", "12-04"),
        ("Вне офиса: 1–7 декабря", "12-01", "12-07"),
        ("Анна Ли находится в командировке до 15 декабря 2026 г. включительно.", "", "12-15"),
        ("Добрый день! Я в отпуске. Буду на работе с 8.12.2026.", "", "12-07"),
    ],
    "de": [
        ("Ich bin bis 7. Dezember nicht im Büro.", "", "12-07"),
        (
            "Guten Tag, ich bin vom 1. bis 7. Dezember 2026 im Urlaub. In dringenden Fällen schreiben Sie bitte Ben.",
            "12-01",
            "12-07",
        ),
        ("Ich werde ab 01.12.2026 nicht im Büro sein. Ich kehre zurück am 08.12.2026.", "12-01", "12-07"),
        ("Ich bin im Urlaub und ab Dienstag, dem 8. Dezember, wieder für Sie da.", "", "12-07"),
        ("Ich bin außer Haus und am Montag wieder im Büro.", "", "11-29"),
        ("Bis Montag bin ich abwesend.", "", "11-30"),
        ("Ich bin bis einschließlich Freitag, 4.12., auf Dienstreise und nur eingeschränkt erreichbar.", "", "12-04"),
        ("Ich bin bis zum 1. März 2027 in Elternzeit.", "", "2027-03-01"),
        ("Heute bin ich nicht im Büro.", "11-25", "11-25"),
        ("Ich bin diese Woche im Urlaub.", "11-23", "11-29"),
        ("Ich bin derzeit krank. Bitte wenden Sie sich an Ben Ode.", "", ""),
        ("Ich bin im Urlaub und kann Ihre Mail nicht vor dem 8. Dezember beantworten.", "", "12-07"),
        ("Zwischen dem 28. November und dem 6. Dezember bin ich nicht erreichbar.", "11-28", "12-06"),
        ("Ich habe Urlaub bis und mit 6. Dezember.", "", "12-06"),
        ("Am Freitag, den 27. November, bin ich nicht im Haus.", "11-27", "11-27"),
        (
            "Vielen Dank für Ihre E-Mail. Ich bin derzeit nicht im Büro. Ab dem 8.12.2026 bin ich wieder erreichbar.",
            "",
            "12-07",
        ),
        (
            "Während meiner Abwesenheit hilft Ihnen Ben. Ihre Mail bearbeite ich nach meiner Rückkehr am 8. Dezember.",
            "",
            "12-07",
        ),
        ("Ich bin bis morgen auf einer Fortbildung.", "", "11-26"),
        ("Ich bin bis Ende nächster Woche im Urlaub.", "", "12-06"),
        ("Ich bin von Montag, 30. November, bis Freitag, 4. Dezember, abwesend.", "11-30", "12-04"),
        ("Ich bin bis Ende des Monats nicht im Dienst.", "", "11-30"),
        ("Abwesend 24.12.-2.1.", "12-24", "2027-01-02"),
        ("Ich bin vom 01.12.2026 bis 07.12.2026 nicht zu erreichen.", "12-01", "12-07"),
        ("Urlaub: 1.–7. Dezember 2026", "12-01", "12-07"),
        ("Ich bin erst am 8. Dezember wieder im Büro. Ihre E-Mail wird nicht weitergeleitet.", "", "12-07"),
        ("Ann Lee ist bis 15.12.2026 abwesend.", "", "12-15"),
        ("Ich bin seit 20. November und noch bis zum 4. Dezember im Urlaub.", "11-20", "12-04"),
        ("Mein Büro ist bis zum 7.12. nicht besetzt, da ich im Urlaub bin.", "", "12-07"),
    ],
    **absences.AWAY,
}
"""What agents write, the first day where it is told, and the last."""

NOBODY_IS_AWAY = [
    "We received your message. Your ticket is #1207. We will get back to you by Monday.",
    "Our office is closed on 25 December. We reopen on 28 December.",
    "I am out of the office every Friday.",
    "Your message to ann@example.com was read on 7 December 2026.",
    "Delivery to bob@example.com is delayed. We will try until 7 December.",
    "Nous avons bien reçu votre message. Votre demande porte le numéro 1207 et sera traitée avant le 7 décembre.",
    "Nos bureaux seront fermés le 25 décembre.",
    "Je suis absent tous les vendredis.",
    "Votre message a été lu le 7 décembre 2026.",
    "Hemos recibido su mensaje. Su solicitud es la número 1207 y la atenderemos antes del 7 de diciembre.",
    "Nuestra oficina estará cerrada el 25 de diciembre.",
    "Estoy fuera de la oficina todos los viernes.",
    "Su mensaje fue leído el 7 de diciembre de 2026.",
    "Мы получили ваше письмо. Номер вашего обращения 1207, ответим до 7 декабря.",
    "Наш офис закрыт 25 декабря.",
    "Меня нет в офисе каждую пятницу.",
    "Ваше сообщение прочитано 7 декабря 2026 г.",
    "Wir haben Ihre Nachricht erhalten. Ihre Anfrage hat die Nummer 1207, wir melden uns bis 7. Dezember.",
    "Unser Büro ist am 25. Dezember geschlossen.",
    "Ich bin jeden Freitag nicht im Büro.",
    "Ihre Nachricht wurde am 7. Dezember 2026 gelesen.",
    *(text for texts in absences.NOBODY_IS_AWAY.values() for text in texts),
]

LEFT = [
    ("en", "I am no longer with Example Ltd. Please contact Ben Ode."),
    ("fr", "Ann Lee ne travaille plus chez Example. Merci d'écrire à Ben."),
    ("es", "Ana López ya no trabaja en Example. Escriba a Ben, por favor."),
    ("ru", "Анна Ли больше не работает в компании. Пишите, пожалуйста, Бену."),
    ("de", "Ann Lee arbeitet nicht mehr bei Example. Bitte schreiben Sie Ben."),
    *absences.LEFT,
]


@pytest.mark.parametrize(
    ("language", "text", "since", "last"), [(language, *row) for language, rows in AWAY.items() for row in rows]
)
def test_an_absence_is_read_with_its_first_and_last_day(language: str, text: str, since: str, last: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.since, found.until, found.language, found.left) == (day(since), day(last), language, False)


@pytest.mark.parametrize("text", NOBODY_IS_AWAY)
def test_a_receipt_a_closed_office_and_every_friday_are_no_absence(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(("language", "text"), LEFT)
def test_somebody_who_does_not_work_there_any_more_has_left(language: str, text: str) -> None:
    assert read(text) == Vacation(None, None, "has left", language, left=True)


# --- what is said of the person -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I am out of the office until Monday.", "is out of the office"),
        ("Ich bin bis Montag im Urlaub.", "is on holiday"),
        ("Je suis en congé parental jusqu'à lundi.", "is on leave"),
        ("Я в командировке до понедельника.", "is travelling"),
        ("I am on sick leave until Monday.", "is away"),
        ("Ich bin noch bis Freitag krankgeschrieben.", "is away"),
        ("Je suis en arrêt maladie jusqu'à lundi.", "is away"),
        ("Estoy de baja médica hasta el lunes.", "is away"),
        ("Я на больничном до понедельника.", "is away"),
        *((text, "is away") for text in absences.ILL),
        ("Ik ben tot maandag op zakenreis.", "is travelling"),
        ("Sarò fuori ufficio fino a lunedì.", "is out of the office"),
        ("Estou fora do escritório até segunda-feira.", "is out of the office"),
        ("Jestem na urlopie do poniedziałku.", "is on holiday"),
    ],
)
def test_illness_is_never_told(text: str, says: str) -> None:
    found = read(text)
    assert found is not None
    assert found.phrase == says
    assert found.until is not None


# --- where it is looked for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "text", "last"),
    [
        ("Out of office until 7 December", "Thank you for your message.", "12-07"),
        ("Abwesend bis 7.12.", "", "12-07"),
        ("Abwesenheitsnotiz: [#1042] Rechnung 77", "Ab 8. Dezember beantworte ich Ihre E-Mail.", "12-07"),
        ("Вне офиса: [#1042] Счёт 77", "Вернусь 8 декабря.", "12-07"),
        ("Auto: [#1042] Invoice 77 wrong", "Back on 8 December.", "12-07"),
        ("Réponse automatique : [#1042] Facture", "De retour le 8 décembre", "12-07"),
        ("Respuesta automática: [#1042] Factura", "Vuelvo el 8 de diciembre.", "12-07"),
        ("Automatische Antwort: [#1042] Rechnung", "Wieder im Büro ab 8.12.", "12-07"),
        ("Автоматический ответ: [#1042] Счёт", "Буду на работе с 8 декабря.", "12-07"),
    ],
)
def test_the_responders_own_part_of_the_subject_is_read_too(subject: str, text: str, last: str) -> None:
    found = read(text, subject)
    assert found is not None
    assert found.until == day(last)


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Cleo Roy is away until 7 December",
        "Automatic reply: [#1042] Out of office until 7 December",
        "Re: [#1042] Cleo is on holiday until 7 December",
        "Cleo is on holiday [#1042] until 7 December",
    ],
)
def test_the_subject_of_the_mail_that_is_answered_tells_nothing(subject: str) -> None:
    assert read("Thank you for your message.", subject) is None


@pytest.mark.parametrize(
    "below",
    [
        "> Cleo is away until 9 December.",
        "On 3 Nov 2026 Ben wrote:\nCleo is away until 9 December.",
        "Am 03.11.2026 um 10:00 schrieb Ben <ben@example.org>:\n> Cleo ist bis 9. Dezember im Urlaub.",
        "-----Original Message-----\nFrom: Ben\nSent: 3 November\nSubject: x\n\nCleo is back on 9 December",
        "From: Ben <ben@example.org>\nSent: Tuesday, 3 November 2026 10:00\nTo: Ann\nSubject: x\n\nback on 9 December",
        "-- \nAnn Lee\nMeet us at the fair until 9 December",
        "Ann Lee\nTel +49 30 12.12.34\nVisit us at Expo, 3-5 March 2027",
    ],
)
def test_quotes_and_signatures_are_not_read(below: str) -> None:
    found = read(f"I am out of the office.\n\n{below}")
    assert found == Vacation(None, None, "is out of the office", "en")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Our office is closed from 24 December to 2 January. I am on holiday until 4 January.", "2027-01-04"),
        ("I'm out of the office. Register until 30 November for our conference.", ""),
        ("Our event is on 15 December. I am away until 6 December.", "12-06"),
        ("I am away until 6 December; see reference 2026-12-24.", "12-06"),
        ("On Fridays I do not work. I am out of the office until 6 December.", "12-06"),
        ("I am out until 4 December. If it is urgent, call +33 1 12 07 12 08.", "12-04"),
        ("I'm on leave, and Ben covers my cases until 7 December.", "12-07"),
        ("Ich bin im Urlaub. Bis 7. Dezember vertritt mich Ben.", "12-07"),
        ("Je suis en congés. Je répondrai à partir du 8 décembre.", "12-07"),
        ("I am away until 24/7 support takes over.", ""),
        ("I am out of the office until 31 February.", ""),
        *absences.ONLY_THE_ABSENCE,
    ],
)
def test_only_dates_of_the_absence_count(text: str, last: str) -> None:
    assert until(text) == day(last)


@pytest.mark.parametrize(
    "text",
    [
        "I was on vacation until 20 November and am catching up.",
        "I'm back from my holidays.",
        "Ich war im Urlaub und bin wieder da.",
        "Ann has left the office for the day.",
        "We'll be back on 2 January.",
        "Notre société est en congés du 24 décembre au 2 janvier.",
        "Unser Büro ist bis 2.1. geschlossen. Wir sind ab 3.1. wieder für Sie da.",
        "Nuestras oficinas permanecerán cerradas. Volveremos el 3 de enero.",
        "Sie erreichen uns derzeit nicht. Bitte rufen Sie ab Montag wieder an.",
        "Please return the form on 8 December.",
        "",
    ],
)
def test_an_absence_that_is_over_and_an_office_that_is_closed_are_none(text: str) -> None:
    assert read(text) is None


# --- which of two -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "last", "language"),
    [
        ("Ich bin bis 7. Dezember im Urlaub.\n\nI am on holiday until 8 December.", "12-07", "de"),
        ("I am out of the office.\n\nJe suis absente jusqu'au 7 décembre.", "12-07", "fr"),
        ("Estoy fuera de la oficina hasta el 7 de diciembre.\nI am out of the office until 9 December.", "12-07", "es"),
        ("Я сейчас out of office до 7 декабря.", "12-07", "en"),
        ("Ik ben op vakantie tot en met 7 december.\n\nI am on holiday until 9 December.", "12-07", "nl"),
        ("Jestem na urlopie do 7 grudnia.\n\nI am on holiday until 9 December.", "12-07", "pl"),
        ("Estou de férias do 01/12 até 07/12.", "12-07", "pt"),
    ],
)
def test_of_two_languages_the_first_that_gives_a_date_is_believed(text: str, last: str, language: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.until, found.language) == (day(last), language)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("I am out until 7 December, and back in the office on 9 December.", "12-07"),
        ("I am out until 8 December, when I return on 8 December.", "12-07"),
        ("I am out from 8 December until 8 December and back on 8 December.", "12-08"),
        ("I am out until next week.", "11-29"),
        ("I am on leave until January.", "12-31"),
        ("I am out until the end of next week.", "12-06"),
        ("I am on leave until the end of January.", "2027-01-31"),
        ("I am out until Wednesday.", "12-02"),
        ("I am out until the 3rd.", "12-03"),
    ],
)
def test_the_day_of_a_return_is_no_day_of_absence(text: str, last: str) -> None:
    assert until(text) == day(last)


@pytest.mark.parametrize(
    ("text", "since", "last"),
    [
        ("I am away until 12/07/2026.", "", "12-07"),
        ("I am away until 07/12/2026.", "", "12-07"),
        ("I am away until Monday 07/12/2026.", "", "12-07"),
        ("I am away from 01/12/2026 to 05/12/2026.", "12-01", "12-05"),
        ("I am away from 12/28/2026 to 1/4/2027.", "12-28", "2027-01-04"),
        ("OOO 12/7-12/11", "12-07", "12-11"),
        ("Je suis absent jusqu'au 05/12/2026.", "", "12-05"),
        ("Ich bin bis 5.12. abwesend.", "", "12-05"),
        ("Ik ben afwezig t/m 05-12-2026.", "", "12-05"),
        ("Sarò assente fino al 5/12.", "", "12-05"),
        ("Estarei ausente até 05/12.", "", "12-05"),
        ("Jestem nieobecna do 5.12.", "", "12-05"),
        ("Ich bin vom 01.-07.12.2026 abwesend.", "12-01", "12-07"),
        ("Ich bin vom 28.11.-2.12. abwesend.", "11-28", "12-02"),
    ],
)
def test_day_and_month_are_told_apart_by_language_weekday_and_range(text: str, since: str, last: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.since, found.until) == (day(since), day(last))


def test_of_two_plausible_days_the_earlier_is_taken() -> None:
    may = datetime(2026, 5, 1, 9, tzinfo=UTC)
    assert until("I am away until 05/12/2026.", may) == date(2026, 5, 12)


def test_a_year_that_is_missing_puts_the_day_ahead_up_to_eleven_months() -> None:
    assert until("I am away until 20 October.") == date(2027, 10, 20)
    assert until("I am away until 20 November.") == date(2026, 11, 20), (
        "five days ago: a reply that was left switched on"
    )
    assert until("I am away until 29 February.") == date(2024, 2, 29), "there is none in the next years"


def test_a_day_that_is_past_and_has_its_year_is_kept() -> None:
    assert until("I am out of the office until 7 December 2025.") == date(2025, 12, 7)


def test_the_zone_says_which_day_it_is() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    assert until("I am out of the office today.", late) == date(2026, 11, 26)


def test_words_written_without_accents_are_the_same_words() -> None:
    assert until("Je suis en conges jusqu’a la fin de l’annee.") == date(2026, 12, 31)
    assert until("Ich bin bis 7. Maerz 2027 nicht im Buero.") == date(2027, 3, 7)
    assert until("Estare de vacaciones hasta el miercoles.") == date(2026, 12, 2)
    assert until("ICH BIN BIS 7. DEZEMBER AUSSER HAUS.") == date(2026, 12, 7)
    assert until("Jestem na urlopie do 7 pazdziernika 2027 wlacznie.") == date(2027, 10, 7)
    assert until("Nieobecny do konca przyszlego tygodnia, jestem na urlopie.") == date(2026, 12, 6)
    assert until("Saro in ferie fino a giovedi.") == date(2026, 11, 26)
    assert until("Estou de ferias ate terca-feira.") == date(2026, 12, 1)


# --- any text ---------------------------------------------------------------------------------------------------------


def words_of(tongue: Tongue) -> list[str]:
    fields = (
        tongue.until,
        tongue.since,
        tongue.back,
        tongue.start,
        tongue.to,
        tongue.fill,
        tongue.not_before,
        tongue.me,
    )
    return [word for field in fields for word in field.split("|") if word.strip().isalpha()]


PIECES = [
    *(word for tongue in TONGUES for word in words_of(tongue)),
    *("7 December", "1er", "7.12.", "12/7/2026", "2026-12-07", "99.99.", "31.2.", "0/0", "Montag", "lundi", "mañana"),
    *(
        "im Urlaub",
        "on vacation",
        "en congés",
        "в отпуске",
        "fuera de la oficina",
        "no longer with",
        "next week",
        "9:00",
    ),
    *(".", ",", "\n", "\n\n", "-", ":", "(", ")", ">", "/", "\ue000", "\uf000", "\u0301", "ß", "İ", "½", "①", "٣"),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join)), st.text(max_size=80))
@settings(deadline=None, max_examples=300)
def test_no_text_is_too_strange_to_be_read(text: str, subject: str) -> None:
    found = read(text, subject)
    if found is not None and found.since is not None and found.until is not None:
        assert found.since <= found.until


@pytest.mark.parametrize(
    "text",
    ["until " * 40_000, "1/" * 100_000, "7. Dezember " * 20_000, "\n" * 200_000, "not back " * 30_000, "(" * 200_000],
)
def test_a_monstrous_reply_is_read_all_the_same(text: str) -> None:
    assert until(f"I am out of the office until 7 December.\n\n{text}") == day("12-07")


# --- every language of the table -------------------------------------------------------------------------------------

LAST_DAY = {
    "en": "I am out of the office until {}.",
    "fr": "Je suis absent jusqu'au {}.",
    "es": "Estaré ausente hasta el {}.",
    "ru": "Я в отпуске до {}",
    "de": "Ich bin bis {} nicht im Büro.",
    **absences.LAST_DAY,
}
RANGES = {
    "en": "I am on leave from {} to {}.",
    "fr": "Je suis en congé du {} au {}.",
    "es": "Estaré de vacaciones del {} al {}.",
    "ru": "Я в отпуске с {} по {}",
    "de": "Ich bin vom {} bis {} abwesend.",
    **absences.RANGES,
}
DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 30))


def test_every_language_of_the_table_is_tried_here() -> None:
    assert {tongue.language for tongue in TONGUES} == AWAY.keys() == LAST_DAY.keys() == RANGES.keys()
    assert all(len(rows) >= 24 for rows in AWAY.values())


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.language)
@given(last=DAYS, form=st.sampled_from(["full", "long", "medium"]))
@settings(deadline=None, max_examples=60)
def test_a_day_in_the_languages_own_form_is_read_back(tongue: Tongue, last: date, form: str) -> None:
    written = format_date(last, form, locale=tongue.language)
    assert until(LAST_DAY[tongue.language].format(written)) == last


@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.language)
@given(days=st.lists(DAYS, min_size=2, max_size=2).map(sorted), form=st.sampled_from(["full", "long", "medium"]))
@settings(deadline=None, max_examples=60)
def test_a_range_in_the_languages_own_form_is_read_back(tongue: Tongue, days: list[date], form: str) -> None:
    written = [format_date(one, form, locale=tongue.language) for one in days]
    found = read(RANGES[tongue.language].format(*written))
    assert found is not None
    assert [found.since, found.until] == days
