"""Sample facts for every notice: what templates are tried with before a mail depends on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from maild.decision import Notice
from maild.templates.facts import Action, Command, Happened, Picture, Promised, Row, Said, Step, Telling

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
REPLY_TO = "support+sample@example.com"

_CUSTOMER = Telling(
    notice=Notice.RECEIVED,
    tells=frozenset(),
    language="en",
    zone=ZoneInfo("Europe/Paris"),
    zone_name="Paris",
    now=NOW,
    desk="Example Support",
    accent="#0b6bcb",
    to_name="Luc Petit",
    number=1042,
    subject="Invoice 77 shows two licences",
    own_subject="[#1042] Invoice 77 shows two licences",
    owned=True,
    contact="Cleo Roy",
    contact_short="Cleo",
    last_at=NOW,
    last_event="received",
    reply_to=REPLY_TO,
)
_ANSWER = (
    "Hello Luc,\n\nyou are right: one licence was counted twice. The corrected invoice is attached, and the wrong one "
    "is cancelled.\n\nHow it was counted: https://example.com/licences?year=2026.\n\nCleo"
)
_QUESTION = (
    "Invoice 77 shows two licences, but we ordered one. Could you please correct it before the end of the month?"
)
_LAST = "Thank you for the quick word.\n\nThe accounts office needs the corrected invoice before the 30th.\n\nLuc"
_TEXT = "#asign ben\nHello Luc,\n\nthe corrected invoice comes on Monday.\n\nCleo"


def _ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def _act(label: str, body: str, to: str = REPLY_TO) -> Action:
    return Action(label, to, "Re: [#1042] Invoice 77 shows two licences", body)


_SAID = (
    Said(_ago(days=3), "Luc Petit", note=False, text=_QUESTION),
    Said(
        _ago(days=2, hours=5), "Cleo Roy", note=False, text="Hello Luc,\n\nthe contract names one licence. I ask now."
    ),
    Said(_ago(days=2, hours=4), "Cleo Roy", note=True, text="Asked the bank for the payment record. No answer yet."),
    Said(_ago(days=1, hours=6), "Luc Petit", note=False, text=_LAST),
)
_AGENT = _CUSTOMER._replace(
    to_agent=True,
    to_name="Ben Ode",
    contact="Ben Ode",
    contact_short="Ben",
    owner="Ben Ode",
    customer="Luc Petit",
    customer_address="luc@example.org",
    customer_proven=True,
    team="Billing",
    tags=("invoice", "licence"),
    role="owner",
    last_at=_ago(days=1),
)
_YES = (_act("Take them back", "#yes", "support+confirm@example.com"),)
_APART: dict[str, Any] = {"number": 0, "customer": "", "customer_address": ""}
_RENEWED = frozenset({Notice.HELD.value, Notice.WELCOME.value})
_PASS_ON = (_act("Pass it on", "#assign WHO because "), _act("Mark it as solved", "#solved"))
_MOVE: dict[str, Any] = {
    "contact": "Ben Ode",
    "contact_short": "Ben",
    "previous": "Cleo Roy",
    "previous_short": "Cleo",
    "previous_wrote": True,
    "why": "Cleo Roy is away until Monday 7 December",
    "why_code": "absence.planned",
    "last_at": _ago(days=1),
    "last_who": "Cleo Roy",
    "last_event": "wrote",
}
_TEAM: dict[str, Any] = {"owned": False, "contact": "our accounts team", "contact_short": ""}
_RULE = "Billing questions are answered by our accounts team"
_WROTE: dict[str, Any] = {"words": _ANSWER, "words_by": "Cleo Roy", "last_who": "Cleo Roy", "last_event": "wrote"}


def _in(**time: float) -> datetime:
    return NOW + timedelta(**time)


_NOON = NOW.replace(day=23, hour=11, minute=0)
_DATED: dict[str, Any] = {"promised_at": _NOON, "promised": "first-reply"}
_LATE: dict[str, Any] = {"promised_at": _NOON, "promised": "next-reply", "late_at": _in(minutes=30)}
_BY_CLOCK: dict[str, Any] = {"why": "It would have waited longer than we promised.", "why_code": "escalation.clock"}
_BY_HAND: dict[str, Any] = {
    "promised": "delay",
    "promised_by": "Cleo Roy",
    "promised_words": "the bank has not answered yet",
}
_PROMISES = (
    Promised(_NOON, "delay", "Cleo Roy", "corrected invoice once the bank has answered"),
    Promised(_NOON + timedelta(days=4), "solve"),
)


def _steps() -> tuple[Step, ...]:
    return (
        Step(_ago(days=3), "received", "", _QUESTION),
        Step(_ago(days=3), "contact", "Ann Lee", _RULE),
        Step(_ago(days=2, hours=5), "answered", "Ann Lee", "Hello Luc,\n\nthe contract names one licence. I ask now."),
        Step(_ago(days=2, hours=4), "waiting"),
        Step(_ago(days=1, hours=6), "wrote", "", _LAST),
        Step(_ago(days=1, hours=5), "wrote", "Dana Kim", ""),
        Step(_ago(hours=20), "contact", "Cleo Roy", "Ann Lee is away until Monday 7 December."),
        Step(_ago(hours=19), "contact", "Dana Kim", "the bank wants a signature", by="Cleo Roy"),
        Step(_ago(hours=18), "delayed", "Cleo Roy", "the bank has not answered yet", _NOON),
        Step(_ago(hours=4), "solved"),
        Step(_ago(hours=3), "reopened"),
        Step(_ago(hours=2), "delayed", "", "", _NOON),
        Step(_ago(hours=1), "closed"),
    )


@lru_cache(maxsize=1)
def samples() -> tuple[Telling, ...]:
    """Return sample facts: every notice, with and without an owner, words, a reason, and a known sender."""
    return (*_to_customers(), *_to_agents(), *(each._replace(known=False) for each in _to_customers()))


def _customer(*tells: Notice, **facts: Any) -> Telling:
    return _CUSTOMER._replace(notice=tells[0], tells=frozenset(each.value for each in tells), **facts)


def _agent(notice: Notice, **facts: Any) -> Telling:
    return _AGENT._replace(notice=notice, tells=frozenset({notice.value}), **facts)


def _to_customers() -> tuple[Telling, ...]:
    by_clock = {"status": "solved", "close_at": NOW + timedelta(days=30), "last_at": NOW, "last_event": "solved"}
    solved = {**by_clock, "done_by": "Cleo Roy", "last_who": "Cleo Roy"}
    asked = {**_WROTE, "status": "pending", "words": "Hello Luc,\n\nwhich of the two licences do you use?\n\nCleo"}
    moved = Notice.OWNER_CHANGED
    return (
        _customer(Notice.RECEIVED, why=_RULE),
        _customer(Notice.RECEIVED),
        _customer(Notice.RECEIVED, why=_RULE, **_TEAM),
        _customer(Notice.RECEIVED, **{**_TEAM, "contact": "Example Support"}),
        _customer(Notice.RECEIVED, Notice.OWNER_SET, why=_RULE),
        _customer(Notice.OWNER_SET, why="the VPN is what Cleo knows best", why_by="Ann Lee"),
        _customer(moved, **_MOVE),
        _customer(moved, **{**_MOVE, **_TEAM, "why": "Cleo works on another matter.", "why_by": "Cleo Roy"}),
        _customer(moved, **{**_MOVE, "why": "", "previous": "", "previous_wrote": False, "status": "pending"}),
        _customer(moved, Notice.REPLY, **{**_MOVE, "words": _ANSWER, "words_by": "Ben Ode", "last_who": "Ben Ode"}),
        _customer(moved, Notice.REOPENED, Notice.WAITING, **{**_MOVE, "status": "pending"}),
        _customer(Notice.WAITING, status="pending", last_who="Cleo Roy", last_event="wrote"),
        _customer(Notice.WAITING, Notice.REPLY, **asked),
        _customer(Notice.REPLY, **_WROTE, attachments=("invoice-77-corrected.pdf",), left_out=("scans.zip",)),
        _customer(Notice.REPLY, **_WROTE, status="hold", pictures=(Picture("seal@example.com", "seal.png"),)),
        _customer(Notice.SOLVED, **solved),
        _customer(Notice.SOLVED, Notice.REPLY, **{**_WROTE, **solved}),
        _customer(Notice.SOLVED, status="closed", **_TEAM),
        _customer(Notice.SOLVED, Notice.RECEIVED, status="solved", why=_RULE),
        _customer(Notice.REOPENED),
        _customer(Notice.REOPENED, last_event="message", last_who="Mia Sol"),
        _customer(Notice.REOPENED, last_event="message"),
        _customer(Notice.RECEIVED, last_event="message", why=_RULE, **_DATED),
        _customer(Notice.RECEIVED, last_event="message", status="pending"),
        _customer(Notice.REOPENED, Notice.OWNER_SET, why=_RULE, **_TEAM),
        _customer(Notice.RECEIVED, why=_RULE, **_DATED),
        _customer(Notice.RECEIVED, why=_RULE, **_DATED, **_TEAM),
        _customer(moved, **_MOVE, **{**_DATED, "promised": "next-reply"}),
        _customer(moved, Notice.DELAYED, **_LATE, **_MOVE),
        _customer(moved, Notice.ESCALATED, Notice.DELAYED, **_LATE, **{**_MOVE, **_BY_CLOCK}),
        _customer(Notice.ESCALATED, Notice.DELAYED, **_LATE, **_BY_CLOCK, **_TEAM),
        _customer(Notice.ESCALATED, why="", why_code="customer-request", wish="escalate"),
        _customer(Notice.DELAYED, **_LATE, above="Dana Kim"),
        _customer(Notice.DELAYED, **{**_LATE, **_TEAM, "promised": "solve"}),
        _customer(Notice.DELAYED, **{**_LATE, **_BY_HAND}),
        _customer(Notice.DELAYED, Notice.REPLY, **{**_LATE, **_BY_HAND, "late_at": None}, **_WROTE),
        _customer(Notice.WAITING, status="pending", reminder=1, last_who="Cleo Roy", last_event="wrote"),
        _customer(Notice.WAITING, status="pending", reminder=2, until=_in(days=3), **_TEAM),
        _customer(Notice.SOLVED, reminder=2, **by_clock),
        _customer(Notice.SOLVED, wish="close", **by_clock),
        _customer(Notice.STATUS, wish="status", **_DATED, above="Dana Kim"),
        _customer(Notice.STATUS, wish="status", **{**_DATED, "promised": "solve"}),
        _customer(Notice.STATUS, wish="who", why=_RULE),
        _customer(Notice.STATUS, wish="stop"),
        _customer(Notice.STATUS, wish="escalate", **_TEAM),
        _customer(Notice.STATUS, wish="reopen", status="hold", **_DATED),
        _customer(Notice.STATUS, wish="close", **by_clock),
        _customer(Notice.HISTORY, wish="history", steps=_steps(), **_DATED),
        _customer(Notice.HELP, wish="help"),
        _customer(Notice.FOLLOW_UP, number=1057, links=(1042,), **_DATED),
        _customer(Notice.FOLLOW_UP, number=1057, links=(1042,)),
        _customer(Notice.FOLLOW_UP, Notice.RECEIVED, Notice.OWNER_SET, number=1057, links=(1042,), **_TEAM),
    )


def _to_agents() -> tuple[Telling, ...]:
    nobody = {"owner": "", "role": "team", "owned": False}
    wrote = {"words": _LAST, "words_by": "Luc Petit"}
    stranger = _act("Let Dana Kim take part", "#accept")
    return (
        _agent(Notice.ASSIGNED, **_MOVE, said=_SAID, actions=_PASS_ON),
        _agent(Notice.ASSIGNED, **_MOVE, **_DATED, promises=_PROMISES, said=_SAID, actions=_PASS_ON),
        _agent(Notice.ASSIGNED, said=_SAID[:1], actions=_PASS_ON, customer_proven=False),
        _agent(Notice.ASSIGNED, **nobody, words=_QUESTION, words_by="Luc Petit", actions=(_act("Take it", "#take"),)),
        _agent(Notice.ASSIGNED, role="colleague", subject="", customer="", said=_SAID * 4),
        _agent(Notice.CUSTOMER_REPLIED, **wrote, said=_SAID, actions=_PASS_ON),
        _agent(Notice.CUSTOMER_REPLIED, **wrote, **nobody, lines=("The ticket was solved, and this opened it again.",)),
        _agent(Notice.CUSTOMER_REPLIED, **wrote, role="colleague", attachments=("scan.pdf",)),
        _agent(Notice.NOTE, words="The bank has answered: paid on the 3rd.", words_by="Ann Lee", said=_SAID[-2:]),
        _agent(Notice.LINKED, words="I pay this invoice.", words_by="Dana Kim", links=(1057,), actions=(stranger,)),
        _agent(Notice.LINKED, links=(1057,), lines=("A message that names ticket #1042 came from dana@example.net.",)),
        _agent(Notice.RECEIPT, lines=("Owner: Ben Ode, before: Cleo Roy.", "Luc Petit is told of it.")),
        _agent(Notice.RECEIPT, number=0, customer="", customer_address="", lines=("Nothing was left to do.",)),
        _refused(),
        _agent(Notice.REFUSED, number=0, customer="", customer_address="", lines=("#show needs a number.",)),
        _held(),
        _agent(Notice.HELD, customer="", customer_address="", lines=("Nothing proves that the mail is yours.",)),
        _confirm(),
        _confirm()._replace(**_APART, minutes=15, kept_text="#away 1 dec..7 dec"),
        _agent(
            Notice.REFUSED, **_APART, lines=("The name of the day does not fit the date.",), kept_text="#away mon 1 dec"
        ),
        _agent(Notice.HELD, **_APART, lines=("The address is no longer valid.",))._replace(tells=_RENEWED),
        _agent(Notice.HELD, **_APART, lines=("Its two parts differ.",), kept_text="#list", actions=_YES),
        _agent(Notice.UNDELIVERABLE, recipient="luc@example.org", lines=("550 5.1.1 there is no such mailbox",)),
        _agent(Notice.UNDELIVERABLE, recipient="dana@example.net", number=0),
        _agent(Notice.WELCOME, **_APART, to_name="Ben Ode"),
        _agent(Notice.WELCOME, **_APART, lines=("A mail from eve@example.net came to it.",)),
        _agent(Notice.ABSENCE, number=0, lines=("Cleo Roy is away until Monday 7 December.", "One ticket moves.")),
        _agent(
            Notice.ABSENCE,
            number=0,
            lines=("Welcome back, Cleo: your absence is over, and this is how things stand.",),
            actions=_YES,
        ),
        _agent(Notice.WARNING, number=0, lines=("The configuration stays as it was: config.toml:3:1: unknown key.",)),
        _agent(Notice.WARNING, **_DATED, lines=("Luc Petit was promised a word from us by noon.",), actions=_PASS_ON),
        _agent(Notice.SHOW, said=_SAID, actions=_PASS_ON),
        _agent(Notice.SHOW, said=_SAID * 30, status="pending", **nobody),
        _agent(Notice.HISTORY, happened=_happened()),
        _agent(Notice.LIST, number=0, rows=_rows()),
        _agent(Notice.LIST, number=0, rows=_rows()[:1]),
        _agent(Notice.LIST, number=0),
        _agent(Notice.HELP, number=0, commands=_commands()),
    )


def _refused() -> Telling:
    as_it_is = _act("Send it to Luc Petit as it is", _TEXT.partition("\n")[2], "support+reply@example.com")
    mended = _act('Send it with "#assign ben"', _TEXT.replace("#asign ben", "#assign ben because "), as_it_is.to)
    line = '"#asign ben" is no command. Did you mean "#assign ben because ..."?'
    return _agent(Notice.REFUSED, lines=(line,), kept_text=_TEXT, actions=(as_it_is, mended))


def _held() -> Telling:
    send = _act("Send it as it is", "#yes", "support+yes@example.com")
    line = "Cleo Roy answered Luc Petit after the mail that you answered."
    return _agent(Notice.HELD, lines=(line,), kept_text=_TEXT, said=_SAID[1:2], actions=(send,))


def _confirm() -> Telling:
    yes = _act("Yes, this was me", "#yes", "support+yes@example.com")
    line = "A mail from your address, without proof, marks ticket #1042 as solved."
    return _agent(Notice.CONFIRM, lines=(line,), kept_text="#solved\n\nAll done.", actions=(yes,))


def _happened() -> tuple[Happened, ...]:
    return (
        Happened(_ago(days=3), "opened", "Luc Petit", "", "", ""),
        Happened(_ago(days=3), "owner", "", _RULE, "", "Cleo Roy"),
        Happened(_ago(days=1), "owner", "Cleo Roy", "away until 7 December", "Cleo Roy", "Ben Ode"),
        Happened(_ago(hours=1), "tag", "Ben Ode", "", "urgent-today", ""),
    )


def _rows() -> tuple[Row, ...]:
    return (
        Row(1042, "Invoice 77 shows two licences", "open", "Ben Ode", "Luc Petit", _ago(days=1)),
        Row(1047, "", "pending", "", "dana@example.net", _ago(days=400)),
        Row(1049, "A second licence", "open", "Ben Ode", "Luc Petit", _ago(days=1), _NOON),
    )


def _commands() -> tuple[Command, ...]:
    return (
        Command("#note", "keep this mail among colleagues"),
        Command("#assign WHO because ...", "give the ticket to WHO, and tell why"),
        Command("#solved", "mark the ticket as solved"),
        Command("#list [mine|team]", "get the list of tickets"),
    )
