"""An agent's vacation responder tells the desk of an absence; what is forged moves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maild.absence import Leave, Source, Stage
from maild.desk import Learn, OnReturn
from tests.stories.absent import COVERED, LUC, asks, checked, moves, opened, says_yes, standing, told
from tests.stories.house import ANN, BEN, CLEO, House, Letter

LAST = date(2026, 12, 7)
"""A Monday; every reply of these stories names it, or the day after as the return."""


@dataclass(frozen=True)
class Responder:
    """How a program answers for somebody who is away: its headers, its subject, and whether it writes to Reply-To."""

    name: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    to_reply_to: bool = False
    null_sender: bool = True


EXCHANGE = (("X-Auto-Response-Suppress", "All"), ("Auto-Submitted", "auto-generated"))
GMAIL = (("Auto-Submitted", "auto-replied"), ("Precedence", "bulk"), ("X-Autoreply", "yes"))
SIEVE = (("Auto-Submitted", "auto-replied (vacation)"), ("Precedence", "bulk"), ("X-Sieve", "Pigeonhole Sieve 0.5.19"))
REPLIES = [
    (Responder("exchange", EXCHANGE, "Automatic reply: {}"), "I am out of the office until 7 December."),
    (Responder("exchange", EXCHANGE, "Réponse automatique : {}"), "Je suis en congés jusqu'au 7 décembre inclus."),
    (Responder("exchange", EXCHANGE, "Respuesta automática: {}"), "Estoy de vacaciones hasta el 7 de diciembre."),
    (Responder("exchange", EXCHANGE, "Автоматический ответ: {}"), "Я в отпуске до 7 декабря включительно."),
    (Responder("exchange", EXCHANGE, "Automatische Antwort: {}"), "Ich bin bis zum 7. Dezember im Urlaub."),
    (
        Responder("gmail", GMAIL, "Away Re: {}", to_reply_to=True, null_sender=False),
        "I am on holiday until 7 December.",
    ),
    (Responder("gmail", GMAIL, "Absence Re: {}", to_reply_to=True), "Je serai de retour le 8 décembre."),
    (Responder("gmail", GMAIL, "Fuera Re: {}", to_reply_to=True), "Estoy fuera de la oficina hasta el 7/12/2026."),
    (Responder("gmail", GMAIL, "Отпуск Re: {}", to_reply_to=True), "Я в отпуске по 07.12.2026."),
    (
        Responder("gmail", GMAIL, "Urlaub Re: {}", to_reply_to=True),
        "Ich bin im Urlaub und am 8.12. wieder im Büro.",
    ),
    (Responder("sieve", SIEVE, "Auto: {}"), "I am away until Monday 7 December and will answer then."),
    (Responder("sieve", SIEVE, "Auto: {}"), "Je suis absent jusqu'au lundi 7 décembre 2026."),
    (Responder("sieve", SIEVE, "Auto: {}"), "Estaré ausente hasta el 7 de diciembre de 2026."),
    (Responder("sieve", SIEVE, "Auto: {}"), "Меня не будет в офисе до 7 декабря 2026 г. включительно."),
    (Responder("sieve", SIEVE, "Auto: {}"), "Ich bin bis einschließlich 07.12.2026 nicht im Büro."),
]
PLAIN = Responder("sieve", SIEVE, "Auto: {}")
UNTIL_MONDAY = "I am away until 7 December."


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with checked(opened(tmp_path)) as built:
        yield built


def responds(
    house: House,
    about: Letter,
    text: str = UNTIL_MONDAY,
    by: Responder = PLAIN,
    *,
    author: str = ANN.email,
    to: str = "",
    proven: bool = False,
    names: bool = True,
) -> int:
    """A responder answers a mail of ours; `names` says whether it names the mail that it answers."""
    ids = (("In-Reply-To", about["Message-ID"]), ("References", about["Message-ID"])) if names else ()
    return house.receives(
        text,
        author=f"Ann Lee <{author}>",
        to=to or (about["Reply-To"] if by.to_reply_to else about.outgoing.envelope.sender),
        subject=by.subject.format(about["Subject"]),
        headers=(*by.headers, *ids),
        sender="" if by.null_sender else author,
        proven=proven,
    )


# --- a vacation reply that is believed ---


@pytest.mark.parametrize(("by", "text"), REPLIES, ids=[f"{by.name}: {text[:24]}" for by, text in REPLIES])
def test_a_vacation_reply_to_a_mail_of_ours_moves_the_work_to_a_cover_and_the_customer_hears_until_when(
    house: House, by: Responder, text: str
) -> None:
    brief = asks(house)
    kept = responds(house, brief, text, by)
    assert house.mail(kept).ticket == 1
    assert house.entries()[-1].voice == "machine"
    (absence,) = standing(house)
    assert (absence.stage, absence.source, absence.leave) == (Stage.BEGUN, Source.REPLY, Leave.UNPLANNED)
    assert absence.last_day == LAST
    assert house.ticket().owner == "ben"
    assert "Ann Lee is away until Monday 7 December" in house.last(BEN.email, "assigned").text
    house.passes(seconds=61)
    (heard,) = moves(house)
    assert heard["X-Maild-Reason"] == "absence.unplanned; Ann Lee is away until Monday 7 December."
    house.passes(days=2)
    assert len(moves(house)) == 1


def test_the_agent_and_the_lead_hear_of_it_once_and_the_responder_is_not_answered(house: House) -> None:
    brief = asks(house)
    before = len(house.sent_to(ANN.email))
    responds(house, brief)
    for address in (ANN.email, CLEO.email):
        (letter,) = told(house, address)
        assert "Ann Lee is away until Monday 7 December, says an automatic reply." in letter.text
        assert "One open ticket goes to the cover now." in letter.text
        assert letter["Auto-Submitted"] == "auto-generated"
    for text in (UNTIL_MONDAY, UNTIL_MONDAY, "I am away."):
        responds(house, told(house, ANN.email)[0], text)
    assert len(house.sent_to(ANN.email)) == before + 1
    assert len(house.tickets) == 1, "a responder opens no ticket"


def test_one_reply_of_the_agent_undoes_it_and_the_responder_does_not_bring_it_back(house: House) -> None:
    brief = asks(house)
    responds(house, brief)
    house.passes(minutes=5)
    says_yes(house, told(house, ANN.email)[0], ANN)
    assert standing(house) == []
    assert house.ticket().owner == "ann"
    kept = responds(house, house.last(ANN.email, "assigned"), proven=True)
    assert standing(house) == []
    assert "was called off" in " ".join(house.mail(kept).because)
    assert len(told(house, CLEO.email)) == 1
    responds(house, house.last(ANN.email, "assigned"), "I am ill, and away until 24 November.", proven=True)
    assert house.ticket().owner == "ben", "another day is another absence"


def test_an_absence_that_begins_later_is_planned_and_moves_nothing_before(house: House) -> None:
    brief = asks(house)
    responds(house, brief, "I am on holiday from 1 December to 7 December.")
    (absence,) = standing(house)
    assert (absence.stage, absence.leave) == (Stage.SET, Leave.PLANNED)
    assert absence.since == datetime(2026, 12, 1, tzinfo=UTC)
    assert house.ticket().owner == "ann"
    assert told(house, ANN.email) == []
    house.now = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ben"
    assert "absence.planned" in house.last(BEN.email, "assigned")["X-Maild-Reason"]
    assert len(told(house, ANN.email)) == 1


def test_with_strict_proof_a_reply_counts_long_after_the_mail_that_it_answers(house: House) -> None:
    brief = asks(house)
    house.passes(days=10)
    responds(house, brief, proven=True)
    assert house.ticket().owner == "ben"


def test_a_reply_to_the_personal_address_opens_no_ticket_and_counts_with_proof(house: House) -> None:
    asks(house)
    welcome = house.last(ANN.email, "welcome")
    kept = responds(house, welcome, to=welcome["Reply-To"], names=False, proven=True)
    assert house.mail(kept).state == "done"
    assert len(house.tickets) == 1
    assert house.ticket().owner == "ben"


def test_without_sub_addresses_our_message_id_ties_the_reply_to_its_agent(tmp_path: Path) -> None:
    house = opened(tmp_path, subaddress="")
    brief = asks(house)
    assert brief.outgoing.envelope.sender == "support@desk.example"
    responds(house, brief, names=False)
    assert standing(house) == []
    responds(house, brief)
    assert house.ticket().owner == "ben"


def test_an_agent_who_is_away_already_is_not_away_twice(house: House) -> None:
    brief = asks(house)
    responds(house, brief)
    for text in (UNTIL_MONDAY, "I am away until 3 December.", "I am away."):
        kept = responds(house, brief, text, proven=True)
        assert "away already" in " ".join(house.mail(kept).because)
    assert [one.last_day for one in standing(house)] == [LAST]
    assert len(told(house, CLEO.email)) == 1


def test_a_later_last_day_makes_the_same_absence_last_longer_and_the_customer_hears_nothing_new(house: House) -> None:
    brief = asks(house)
    responds(house, brief)
    house.passes(minutes=2)
    (before,) = standing(house)
    responds(house, brief, "I am away until 14 December.", proven=True)
    (after,) = standing(house)
    assert (after.id, after.since, after.last_day) == (before.id, before.since, date(2026, 12, 14))
    assert "until Monday 14 December" in told(house, ANN.email)[-1].text
    house.now = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ben"
    assert len(moves(house)) == 1
    house.now = datetime(2026, 12, 15, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert standing(house) == []
    assert "Welcome back, Ann" in house.last(ANN.email, "absence").text


def test_a_longer_absence_takes_the_place_of_one_of_the_file_and_brings_back_what_that_one_took(tmp_path: Path) -> None:
    planned = replace(COVERED, away=((date(2026, 11, 20), date(2026, 11, 30)),))
    house = opened(tmp_path, on_return=OnReturn.HAND_BACK)
    brief = asks(house)
    house.changes(agents=(planned, BEN, CLEO))
    house.takes_roll()
    assert house.ticket().owner == "ben"
    house.passes(hours=3)
    responds(house, brief, proven=True)
    house.takes_roll()
    assert [(one.source, one.last_day) for one in standing(house)] == [(Source.REPLY, LAST)]
    house.now = datetime(2026, 12, 2, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ben"
    house.now = datetime(2026, 12, 8, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ann"
    assert len(moves(house)) == 1


def test_a_longer_absence_that_the_lead_says_yes_to_brings_back_what_the_shorter_one_took(tmp_path: Path) -> None:
    house = opened(tmp_path, on_return=OnReturn.HAND_BACK)
    brief = asks(house)
    responds(house, brief)
    house.passes(days=1)
    responds(house, brief, "I am away until 14 December.")
    assert [one.last_day for one in standing(house) if one.stage.stands] == [LAST]
    says_yes(house, told(house, CLEO.email)[-1], CLEO)
    assert [(one.stage, one.last_day) for one in standing(house)] == [(Stage.BEGUN, date(2026, 12, 14))]
    house.now = datetime(2026, 12, 15, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ann"


def test_an_agent_who_is_away_and_still_writes_stays_away(house: House) -> None:
    brief = asks(house)
    responds(house, brief)
    house.passes(minutes=2)
    house.agent_replies("#note The bank wrote to me.", brief)
    assert [one.stage for one in standing(house)] == [Stage.BEGUN]
    assert len(told(house, ANN.email)) == 1


def test_the_operator_can_have_every_reply_asked_about(tmp_path: Path) -> None:
    house = opened(tmp_path, learn=Learn.ASK)
    responds(house, asks(house), proven=True)
    assert house.ticket().owner == "ann"
    (question,) = told(house, CLEO.email)
    assert "somebody has to agree first" in question.text
    says_yes(house, question, CLEO)
    assert house.ticket().owner == "ben"


def test_the_operator_can_have_no_reply_read(tmp_path: Path) -> None:
    house = opened(tmp_path, learn=Learn.OFF)
    kept = responds(house, asks(house), proven=True)
    assert house.mail(kept).ticket == 1
    assert (standing(house), told(house, CLEO.email)) == ([], [])


# --- what the lead is asked about ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I am away.", "the reply does not say until when"),
        ("I am away until 7 December 2025.", "which is past"),
        ("I am away until 7 December 2036.", "more than 92 days ahead"),
        ("I no longer work here.", "only an automatic reply says so"),
    ],
    ids=["no day", "past", "ten years off", "left"],
)
@pytest.mark.parametrize("proven", [True, False])
def test_what_no_reply_alone_can_tell_moves_nothing_until_the_lead_says_yes(
    house: House, text: str, words: str, proven: bool
) -> None:
    brief = asks(house)
    for _ in range(3):
        responds(house, brief, text, proven=proven)
    assert house.ticket().owner == "ann"
    assert told(house, ANN.email) == []
    (question,) = told(house, CLEO.email)
    assert words in question.text
    assert "Nothing has moved yet" in question.text
    says_yes(house, question, CLEO)
    assert house.ticket().owner == "ben"
    (absence,) = standing(house)
    assert absence.last_day == (date(2036, 12, 7) if "2036" in text else None)
    assert absence.leave is (Leave.LEFT if "longer" in text else Leave.UNPLANNED)


def test_a_question_that_nobody_answers_is_forgotten_after_a_week_and_then_asked_again(house: House) -> None:
    brief = asks(house)
    responds(house, brief, "I am away.")
    house.passes(days=8)
    assert standing(house) == []
    responds(house, brief, "I am away.")
    assert len(told(house, CLEO.email)) == 2


def test_a_reply_that_is_believed_answers_the_open_question_as_well(house: House) -> None:
    brief = asks(house)
    responds(house, brief, "I am away.")
    (question,) = told(house, CLEO.email)
    responds(house, brief, proven=True)
    assert [(one.stage, one.last_day) for one in standing(house)] == [(Stage.BEGUN, LAST)]
    says_yes(house, question, CLEO)
    assert [(one.stage, one.last_day) for one in standing(house)] == [(Stage.BEGUN, LAST)]


def test_an_unproven_reply_to_an_old_mail_is_asked_about(house: House) -> None:
    brief = asks(house)
    house.passes(days=3, hours=1)
    responds(house, brief)
    assert house.ticket().owner == "ann"
    assert "nothing proves who sent the reply" in told(house, CLEO.email)[-1].text


def test_a_reply_that_lay_in_the_inbox_while_the_daemon_was_down_counts_from_when_it_came(house: House) -> None:
    brief = asks(house)
    house.passes(days=2)
    house.works = lambda: None  # type: ignore[method-assign]  # mail is kept, and nobody works
    responds(house, brief)
    house.now += timedelta(days=2)
    del house.works
    house.works()
    assert house.ticket().owner == "ben"


def test_without_proof_one_absence_in_a_week_is_believed_and_no_more(house: House) -> None:
    brief = asks(house)
    responds(house, brief, "I am away until 23 November.")
    house.passes(days=3)
    assert standing(house) == []
    again = asks(house, subject="Another thing")
    responds(house, again)
    assert house.ticket(2).owner == "ann"
    assert "another one was believed within the last week" in told(house, CLEO.email)[-1].text
    house.passes(days=5)
    third = asks(house, subject="A third thing")
    responds(house, third)
    assert house.ticket(3).owner == "ben"


# --- forged ---


def test_a_reply_from_another_address_moves_nothing_and_asks_nobody(house: House) -> None:
    brief = asks(house)
    before = len(house.sent)
    for author in ("mallory@elsewhere.example", BEN.email, "ann@agents.example.net"):
        for to in (brief.outgoing.envelope.sender, brief["Reply-To"]):
            kept = responds(house, brief, author=author, to=to, proven=True)
            assert house.mail(kept).ticket == 1
    assert house.ticket().owner == "ann"
    assert (standing(house), standing(house, BEN), len(house.sent)) == ([], [], before)


def test_a_customers_stolen_address_moves_nothing_and_asks_nobody(house: House) -> None:
    asks(house)
    received = house.last(LUC)
    before = len(house.sent)
    for to in (received["Reply-To"], received.outgoing.envelope.sender):
        for names in (True, False):
            responds(house, received, to=to, names=names, proven=True)
    assert (standing(house), len(house.sent)) == ([], before)


def test_a_colleagues_stolen_address_moves_nothing(house: House) -> None:
    house.receives("Printer on fire.", to="billing@desk.example")
    of_ben = house.last(BEN.email, "assigned")
    before = len(house.sent)
    for to in (of_ben["Reply-To"], of_ben.outgoing.envelope.sender, house.last(BEN.email, "welcome")["Reply-To"]):
        responds(house, of_ben, to=to, proven=True)
    assert (standing(house), standing(house, BEN)) == ([], [])
    assert [letter.notice for letter in house.sent[before:] if letter.to in {ANN.email, CLEO.email}] == []


def test_words_of_absence_that_a_person_wrote_are_words(house: House) -> None:
    brief = asks(house)
    house.agent_replies(UNTIL_MONDAY, brief)
    assert standing(house) == []
    assert "I am away until 7 December." in house.last(LUC).text


def test_fifty_forged_replies_to_a_stolen_address_ask_the_lead_once_and_move_nothing(house: House) -> None:
    brief = asks(house)
    for day in range(50):
        text = f"I am away until {date(2026, 11, 25) + timedelta(days=day):%d %B %Y}."
        responds(house, brief, text, to=brief["Reply-To"], names=False)
        house.passes(minutes=10)
    assert house.ticket().owner == "ann"
    assert (len(told(house, CLEO.email)), told(house, ANN.email)) == (1, [])


def test_of_fifty_forged_replies_that_name_a_mail_of_ours_one_is_believed_and_undone_by_one_word(house: House) -> None:
    brief = asks(house)
    for day in range(50):
        responds(house, brief, f"I am away until {date(2026, 11, 25) + timedelta(days=day):%d %B %Y}.")
    (absence,) = [one for one in standing(house) if one.stage.stands]
    assert absence.last_day == date(2026, 11, 25)
    assert (len(told(house, CLEO.email)), len(told(house, ANN.email))) == (2, 1)
    says_yes(house, told(house, ANN.email)[0], ANN)
    assert house.ticket().owner == "ann"
    assert not any(one.stage.stands for one in standing(house))
