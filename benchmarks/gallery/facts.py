"""Sample facts in the reader's own letters: a Russian desk has Russian names, and its customers write Russian."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

_RUSSIAN = {
    "Hello Luc,\n\nyou are right: one licence was counted twice. The corrected invoice is attached, and the wrong one "
    "is cancelled.\n\nHow it was counted: ": "Здравствуйте, Лев!\n\nВы правы: одна лицензия посчитана дважды. "
    "Исправленный счёт приложен, а неверный аннулирован.\n\nКак считали: ",
    "Invoice 77 shows two licences, but we ordered one. Could you please correct it before the end of the month?": (
        "В счёте 77 две лицензии, а мы заказали одну. Исправьте его, пожалуйста, до конца месяца."
    ),
    "Thank you for the quick word.\n\nThe accounts office needs the corrected invoice before the 30th.": (
        "Спасибо за быстрый ответ.\n\nБухгалтерии нужен исправленный счёт до 30-го числа."
    ),
    "Hello Luc,\n\nthe corrected invoice comes on Monday.": (
        "Здравствуйте, Лев!\n\nИсправленный счёт придёт в понедельник."
    ),
    "Hello Luc,\n\nthe contract names one licence. I ask now.": (
        "Здравствуйте, Лев!\n\nВ договоре указана одна лицензия. Сейчас уточню."
    ),
    "Hello Luc,\n\nwhich of the two licences do you use?": (
        "Здравствуйте, Лев!\n\nКакой из двух лицензий вы пользуетесь?"
    ),
    "Asked the bank for the payment record. No answer yet.": "Запросили у банка данные о платеже. Ответа пока нет.",
    "Welcome back, Cleo: your absence is over, and this is how things stand.": (
        "С возвращением, Клара! Ваше отсутствие закончилось, и вот как обстоят дела."
    ),
    "A mail from your address, without proof, marks ticket #1042 as solved.": (
        "Письмо с вашего адреса, без подтверждения, отмечает обращение №1042 как решённое."
    ),
    "The configuration stays as it was: config.toml:3:1: unknown key.": (
        "Настройки остаются прежними: config.toml:3:1: неизвестный ключ."
    ),
    '"#asign ben" is no command. Did you mean "#assign ben because ..."?': (
        "«#asign ben» не команда. Может быть, «#assign ben because ...»?"
    ),
    "A message that names ticket #1042 came from ": "Письмо, в котором назван номер 1042, пришло с адреса ",
    "Cleo Roy answered Luc Petit after the mail that you answered.": (
        "Клара Рогова ответила Льву Петрову после письма, на которое отвечаете вы."
    ),
    "Billing questions are answered by our accounts team": "На вопросы об оплате отвечает наша бухгалтерия",
    "Luc Petit was promised a word from us by noon.": "Льву Петрову обещан ответ до полудня.",
    "corrected invoice once the bank has answered": "исправленный счёт, когда ответит банк",
    "The name of the day does not fit the date.": "День недели не подходит к дате.",
    "Cleo Roy is away until Monday 7 December": "Клара Рогова отсутствует до понедельника, 7 декабря",
    "Ann Lee is away until Monday 7 December": "Анна Лисина отсутствует до понедельника, 7 декабря",
    "It would have waited longer than we promised.": "Иначе ответ пришёл бы позже обещанного.",
    "The bank has answered: paid on the 3rd.": "Банк ответил: оплачено 3-го числа.",
    "Nothing proves that the mail is yours.": "Ничто не подтверждает, что письмо от вас.",
    "give the ticket to WHO, and tell why": "передать обращение сотруднику WHO и сказать почему",
    "550 5.1.1 there is no such mailbox": "550 5.1.1 нет такого почтового ящика",
    "the VPN is what Cleo knows best": "в VPN лучше всех разбирается Клара",
    "Cleo works on another matter.": "Клара занята другим делом.",
    "the bank has not answered yet": "банк ещё не ответил",
    "keep this mail among colleagues": "оставить письмо среди коллег",
    "Invoice 77 shows two licences": "В счёте 77 две лицензии",
    "The address is no longer valid.": "Адрес больше не действует.",
    "Owner: Ben Ode, before: Cleo Roy.": "Ответственный: Борис Одинцов, прежде: Клара Рогова.",
    "Send it to Luc Petit as it is": "Отправить Льву Петрову как есть",
    "Luc Petit is told of it.": "Лев Петров узнает об этом.",
    "Let Dana Kim take part": "Включить Дану Ким в переписку",
    "Nothing was left to do.": "Делать больше нечего.",
    "mark the ticket as solved": "отметить обращение как решённое",
    "get the list of tickets": "получить список обращений",
    "away until 7 December": "отсутствует до 7 декабря",
    "#show needs a number.": "#show требует номера.",
    "Its two parts differ.": "Две его части различаются.",
    "I pay this invoice.": "Этот счёт оплачиваю я.",
    "our accounts team": "наша бухгалтерия",
    "Mark it as solved": "Отметить как решённое",
    "One ticket moves.": "Переходит одно обращение.",
    "Yes, this was me": "Да, это я",
    "Send it as it is": "Отправить как есть",
    "Example Support": "Служба поддержки",
    "A second licence": "Вторая лицензия",
    "A mail from ": "Пришло письмо с адреса ",
    " came to it.": ".",
    "Send it with ": "Отправить с ",
    "Take them back": "Забрать обратно",
    "Pass it on": "Передать",
    "Take it": "Взять себе",
    "All done.": "Всё готово.",
    "Cleo Roy": "Клара Рогова",
    "Luc Petit": "Лев Петров",
    "Ann Lee": "Анна Лисина",
    "Ben Ode": "Борис Одинцов",
    "Dana Kim": "Дана Ким",
    "Billing": "Бухгалтерия",
    "invoice-77-corrected": "счёт-77-исправлен",
    "urgent-today": "срочно-сегодня",
    "invoice": "счёт",
    "licence": "лицензия",
    "Cleo": "Клара",
    "Ben": "Борис",
    "Luc": "Лев",
    "Paris": "Париж",
}
_IN = {"ru": _RUSSIAN}
"""Longer phrases stand before those that are a part of them."""

T = TypeVar("T")


def spoken(value: T, language: str) -> T:
    """The same facts in the words of this language, where its letters are others than those of the samples."""
    table = _IN.get(language)
    return _told(value, table) if table else value


def _told(value: Any, table: dict[str, str]) -> Any:
    if isinstance(value, str) and not isinstance(value, Enum):
        for english, other in table.items():
            value = value.replace(english, other)
        return value
    if isinstance(value, (tuple, frozenset)):
        made = getattr(type(value), "_make", type(value))  # how tuples with names are made of their values
        return made(_told(each, table) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: _told(getattr(value, one.name), table) for one in fields(value) if one.init}
        return replace(value, **changed)
    return value
