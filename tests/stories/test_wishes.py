"""The customer's words: answered at once to whoever takes part and asked, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maild import wishes
from maild.desk import LANGUAGES
from maild.ticket import Status
from maild.wishes import Wish
from tests.stories.house import ANN, BEN, CLEO, House, Letter
from tests.stories.promised import (
    LUC,
    THURSDAY,
    WITH_LADDER,
    asks,
    notices,
    played,
    row,
    ruled,
    runs,
    runs_until,
    standing,
)
from tests.stories.promises import broken

MIA = "mia@customer.example"
BOSS = "boss@customer.example"
SECRET = "The customer is difficult"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=WITH_LADDER, now=THURSDAY))


def says(house: House, word: str, **more: object) -> Letter:
    """Luc answers the newest mail with a word; the newest mail that Luc has then."""
    house.receives(word, answers=house.sent_to(LUC)[-1], **more)  # type: ignore[arg-type]  # as written
    return house.sent_to(LUC)[-1]


# --- each word, in each language ---


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_each_word_of_a_language_is_understood_whatever_the_language_of_the_ticket(tmp_path: Path, spoken: str) -> None:
    read = LANGUAGES[(LANGUAGES.index(spoken) + 1) % len(LANGUAGES)]
    house = House(tmp_path, desk=replace(WITH_LADDER, language=read), now=THURSDAY)
    house.receives("77", subject="77")
    expected = {
        Wish.STATUS: ("status", Status.OPEN),
        Wish.WHO: ("status", Status.OPEN),
        Wish.HISTORY: ("history", Status.OPEN),
        Wish.HELP: ("help", Status.OPEN),
        Wish.ESCALATE: ("owner-changed", Status.OPEN),
        Wish.CLOSE: ("solved", Status.SOLVED),
        Wish.REOPEN: ("reopened", Status.OPEN),
        Wish.STOP: ("status", Status.OPEN),
    }
    for number, (wish, (notice, status)) in enumerate(expected.items()):
        if number == 4:
            house.now = house.now.replace(hour=12)  # no more than five answers in an hour
        word = wishes.word(wish, spoken)
        before = len(house.sent_to(LUC))
        told = says(house, word if number % 2 else word.capitalize())
        assert (told.notice, house.ticket().status) == (notice, status), wish
        assert len(house.sent_to(LUC)) == before + 1
        # a word of one language alone is answered in it; what people of any language write, in the ticket's
        assert told["Content-Language"] in ({read} if spoken == "en" else {read, spoken})
        assert wish is not Wish.HISTORY or spoken == "en" or told["Content-Language"] == spoken
        assert told["Auto-Submitted"] == "auto-replied"
    assert len(house.entries()) == 1, "words to the desk are no part of the conversation"
    assert [event.text for event in house.history() if event.event == "asked"] == [wish.value for wish in expected]
    assert house.faults() == []
    assert broken(house) == []
    house.close()


def test_status_tells_ticket_status_contact_last_action_and_what_is_next(house: House) -> None:
    brief = asks(house)
    house.agent_replies("I look into it.", brief)
    told = says(house, "STATUS")
    assert row(told, "Ticket") == "#1"
    assert row(told, "Status") == "Open, we are working on it"
    assert row(told, "Your contact") == "Ann Lee"
    assert row(told, "Last action") == "Ann Lee wrote to you, Thursday 19 November, 10:00"
    assert row(told, "Next") == "Ann Lee writes to you by Monday 23 November, 10:00 (Paris)"
    assert notices(house, ANN.email) == ["assigned"], "nobody is disturbed by a question to the desk"
    assert standing(house)[-1] == ("update", "open")


def test_history_tells_what_happened_in_order_and_nothing_internal(house: House) -> None:
    internal = tuple(replace(team, name="Tier-1-Grunts") if team.id == "support" else team for team in house.desk.teams)
    house.changes(teams=internal)
    brief = asks(house)
    house.agent_replies(f"#note\n\n{SECRET}.", brief)
    house.agent_replies("#tag tiresome\n#snooze tomorrow 12:00 because they are slow", brief)
    runs(house, minutes=10)
    house.agent_replies("I asked the bank.", brief)
    runs(house, minutes=10)
    house.agent_replies("#delay monday 12:00 because the bank is slow", brief)
    runs(house, minutes=10)
    house.agent_replies("#assign ben because Ben knows the bank", brief)
    runs(house, minutes=10)
    told = says(house, "HISTORY")
    words = " ".join(told.text.split())
    steps = ("You wrote to us", "I asked the bank.", "A new date: Monday 23 November, 12:00", "It is with Ben Ode")
    places = [words.index(step) for step in steps]
    assert places == sorted(places)
    whole = told.text + told.html
    for internal_word in (SECRET, "Tier-1-Grunts", "tiresome", "they are slow", "snooze", "priority", ANN.email):
        assert internal_word not in whole


def test_help_names_all_eight_words(house: House) -> None:
    asks(house)
    told = says(house, "HELP")
    assert all(wishes.word(wish, "en") in told.text for wish in Wish)


# --- who may ask ---


def test_the_answer_goes_to_the_address_that_we_know_and_to_nobody_beside(house: House) -> None:
    asks(house, headers=[("Cc", MIA)])
    house.receives(
        "STATUS",
        author="Luc <LUC@Customer.example>",
        answers=house.last(LUC),
        headers=[("Reply-To", "thief@elsewhere.example"), ("Cc", BOSS)],
    )
    assert notices(house) == ["received", "status"]
    assert {letter.to for letter in house.sent} == {LUC, ANN.email}


def test_a_stranger_with_the_signed_address_learns_nothing(house: House) -> None:
    asks(house)
    house.receives("STATUS", author="Eve <eve@elsewhere.example>", answers=house.last(LUC))
    assert notices(house) == ["received"]
    assert notices(house, "eve@elsewhere.example") == ["received"], "of a ticket of their own"
    assert house.last("eve@elsewhere.example")["X-Maild-Ticket"] == "2"
    assert "Invoice 77" not in house.last("eve@elsewhere.example").text


def test_a_copied_person_whom_nobody_keeps_is_told_nothing_and_their_word_is_passed_on(house: House) -> None:
    asks(house, headers=[("Cc", MIA)])
    house.receives("STATUS", author=f"Mia <{MIA}>", answers=house.last(LUC))
    assert house.sent_to(MIA) == []
    assert notices(house, ANN.email)[-1] == "customer-replied"


def test_a_copied_person_who_is_kept_may_ask_and_close_and_everybody_on_their_side_hears_of_it(house: House) -> None:
    ruled(house, {"then": {"cc": [MIA]}})
    asks(house)
    mine = house.last(MIA, "received")
    house.receives("STATUS", author=f"Mia <{MIA}>", answers=mine)
    assert (notices(house, MIA), notices(house)) == (["received", "status"], ["received"])
    house.receives("CLOSE", author=f"Mia <{MIA}>", answers=mine)
    assert house.ticket().status is Status.SOLVED
    assert (notices(house, MIA)[-1], notices(house)[-1]) == ("solved", "solved")
    assert notices(house, ANN.email)[-1] == "note"


def test_an_agent_who_takes_part_as_a_customer_asks_as_one_and_is_told_nothing_internal(house: House) -> None:
    house.receives("My chair is broken.", author=f"Ben Ode <{BEN.email}>")
    house.agent_replies(f"#note\n\n{SECRET}.", house.last(ANN.email, "assigned"))
    house.receives("HISTORY", author=f"Ben Ode <{BEN.email}>", answers=house.last(BEN.email, "received"))
    told = house.last(BEN.email)
    assert told.notice == "history"
    assert "You wrote to us" in told.text
    assert SECRET not in told.text


def test_who_proved_nothing_is_answered_and_nothing_of_theirs_is_echoed(house: House) -> None:
    house.receives("Zanzibar is on fire.", proven=False, subject="Zanzibar")
    for word, notice in (("STATUS", "status"), ("HISTORY", "history")):
        told = says(house, word, proven=False)
        assert told.notice == notice
        assert "Zanzibar" not in told.text + told.html + told["Subject"]
        assert "Luc" not in told.text + told.html


def test_a_robot_that_says_status_is_not_answered(house: House) -> None:
    asks(house)
    for headers in ([("Auto-Submitted", "auto-replied")], [("Precedence", "bulk")], [("X-Autoreply", "yes")]):
        house.receives("STATUS", answers=house.last(LUC), headers=headers)
    house.receives("STATUS", answers=house.last(LUC), sender="")
    assert notices(house) == ["received"]
    assert house.ticket().status is Status.OPEN


# --- what is a word, and what is text ---


@pytest.mark.parametrize(("subject", "text"), [("Help", "It burns."), ("STATUS", "STATUS"), ("Invoice", "Help")])
def test_in_a_first_mail_the_words_are_text(house: House, subject: str, text: str) -> None:
    house.receives(text, subject=subject)
    assert notices(house) == ["received"]
    assert len(house.entries()) == 1
    assert house.ticket().subject == subject


def test_a_new_mail_to_a_signed_address_holds_text(house: House) -> None:
    asks(house)
    house.receives("CLOSE", to=house.last(LUC)["Reply-To"], subject="Another matter")
    assert house.ticket().status is Status.OPEN
    assert len(house.entries()) == 2


def test_the_mail_that_our_own_link_writes_is_a_reply(house: House) -> None:
    asks(house)
    house.receives("STATUS", to=house.last(LUC)["Reply-To"], subject=f"Re: {house.last(LUC)['Subject']}")
    assert notices(house) == ["received", "status"]


@pytest.mark.parametrize(
    "text",
    [
        "My new address is below.\n\n> CLOSE\n> STOP",
        "On Friday, support wrote:\n> STATUS",
        "Please close it.",
        "I wonder about the STATUS",
        "-- \nSTOP",
    ],
)
def test_quoted_words_and_words_within_words_do_nothing(house: House, text: str) -> None:
    asks(house)
    says(house, text)
    assert notices(house) == ["received"]
    assert house.ticket().status is Status.OPEN
    assert not house.ticket().requester.stopped


def test_a_question_below_the_word_is_passed_on_and_the_word_answered(house: House) -> None:
    house.agent_replies("I look into it.", asks(house))
    told = says(house, "STATUS\n\nAnd does the discount still hold?\n\nLuc")
    assert told.notice == "status"
    passed = house.last(ANN.email, "customer-replied")
    assert "does the discount still hold" in passed.text
    assert standing(house)[-1] == ("next-reply", "open"), "the question is promised an answer"
    assert row(told, "Next").startswith("Ann Lee answers by")


def test_a_signature_below_the_word_is_no_question(house: House) -> None:
    asks(house)
    says(house, "Status\n\nBest regards\nLuc Petit\n-- \nBig Corp, 12 Main Street")
    assert notices(house)[-1] == "status"
    assert len(house.entries()) == 1


# --- on what is over ---


def test_status_of_a_solved_and_of_a_closed_ticket_is_told_and_opens_neither(house: House) -> None:
    house.agent_replies("#solved\n\nIt is corrected.", asks(house))
    assert row(says(house, "STATUS"), "Next") == "Nothing, unless you reply: that opens it again"
    assert house.ticket().status is Status.SOLVED
    runs(house, days=31)
    assert house.ticket().status is Status.CLOSED
    told = says(house, "STATUS")
    assert row(told, "Next") == "Nothing, unless you write: that opens a new ticket which continues this one"
    assert says(house, "HISTORY").notice == "history"
    assert len(house.tickets) == 1


@pytest.mark.parametrize("word", ["REOPEN", "ESCALATE", "STATUS\n\nIt is wrong again."])
def test_on_a_closed_ticket_what_asks_for_more_than_an_answer_goes_on_in_a_new_one(house: House, word: str) -> None:
    house.agent_replies("#solved\n\nIt is corrected.", asks(house))
    runs(house, days=31)
    told = says(house, word)
    assert told.notice == "follow-up"
    assert [ticket.status for ticket in house.tickets] == [Status.CLOSED, Status.OPEN]


def test_a_word_that_has_nothing_to_do_is_answered_with_how_it_stands(house: House) -> None:
    asks(house)
    assert says(house, "REOPEN").notice == "status"
    assert says(house, "CLOSE").notice == "solved"
    assert says(house, "CLOSE").notice == "status"
    assert says(house, "ESCALATE").notice == "status"
    assert house.ticket().owner == "ann"


def test_closing_keeps_what_was_promised_and_opening_again_promises_anew(house: House) -> None:
    asks(house)
    says(house, "CLOSE")
    assert standing(house) == [("first-reply", "kept"), ("solve", "kept")]
    told = says(house, "REOPEN")
    assert standing(house)[2:] == [("next-reply", "open"), ("solve", "open")]
    assert row(told, "Next") == "Ann Lee answers by Friday 20 November, 09:30 (Paris)"
    assert notices(house, ANN.email) == ["assigned", "note", "note"]


def test_escalating_while_we_wait_for_the_customer_opens_it(house: House) -> None:
    house.agent_replies("#pending\n\nWhich invoice?", asks(house))
    told = says(house, "ESCALATE\n\nNumber 77, as I said.")
    assert house.ticket().status is Status.OPEN
    assert house.ticket().owner == CLEO.id
    assert row(told, "Next").startswith("Cleo Roy answers by")
    assert "Number 77" in house.last(CLEO.email, "assigned").text


# --- STOP, and too many words ---


def test_stop_ends_reminders_and_delays_and_lets_replies_and_a_new_contact_through(house: House) -> None:
    house.changes(ladders=())
    brief = asks(house)
    told = says(house, "STOP")
    assert told.notice == "status"
    runs_until(house, house.now.replace(hour=16))
    assert ("first-reply", "broken") in standing(house)
    house.agent_replies("#delay monday 12:00 because the bank is slow", brief)
    house.agent_replies("#pending", brief)
    runs(house, days=4)
    assert notices(house) == ["received", "status"]
    house.agent_replies("#open\n\nThe bank says yes.", brief)
    assert notices(house)[-1] == "reply"
    house.agent_replies("#assign ben because Ben knows the bank", brief)
    runs(house, minutes=2)
    assert notices(house)[-1] == "owner-changed"
    assert says(house, "STATUS").notice == "status", "who asks is answered"
    assert says(house, "CLOSE").notice == "solved"


def test_more_than_five_words_in_an_hour_are_not_answered_and_the_owner_hears_of_it(house: House) -> None:
    asks(house)
    for _ in range(7):
        says(house, "STATUS")
    assert notices(house).count("status") == 4, "the acknowledgement was the first of five answers"
    assert notices(house, ANN.email) == ["assigned", "note"]
    runs(house, hours=4)
    assert notices(house)[-1] == "owner-changed", "news that a clock has are no answers"
    runs(house, hours=21)
    assert says(house, "STATUS").notice == "status"


def test_too_many_words_do_what_they_ask_all_the_same(house: House) -> None:
    asks(house)
    for _ in range(6):
        says(house, "STATUS")
    count = len(house.sent_to(LUC))
    says(house, "CLOSE")
    assert house.ticket().status is Status.SOLVED
    assert len(house.sent_to(LUC)) == count
