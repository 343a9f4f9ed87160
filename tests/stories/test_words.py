"""Mails as their readers read them: each sentence is true when it is sent, and nothing that matters is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from maild.desk import LANGUAGES, Assign
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, SUPPORT, House
from tests.stories.promised import LUC, THURSDAY, WITH_LADDER, asks, left_at, played, row, ruled, runs


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=WITH_LADDER, now=THURSDAY))


# --- the last action ---


def test_the_last_action_of_a_solved_ticket_is_who_solved_it_and_when(house: House) -> None:
    brief = asks(house)
    runs(house, minutes=20)
    house.agent_replies("One licence was counted twice.", brief)
    runs(house, minutes=20)
    house.agent_replies("#solved", brief)
    assert row(house.last(LUC, "solved"), "Last action") == "Ann Lee marked it as solved, Thursday 19 November, 10:40"
    runs(house, hours=2)
    house.receives("STATUS", answers=house.last(LUC))
    assert row(house.last(LUC, "status"), "Last action") == "Ann Lee marked it as solved, Thursday 19 November, 10:40"
    house.receives("thanks", answers=house.last(LUC))
    house.receives("STATUS", answers=house.last(LUC))
    assert row(house.last(LUC, "status"), "Last action") == "We received your message, Thursday 19 November, 12:40"


def test_where_no_agent_solved_it_the_last_action_names_nobody(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#pending\nWhich licence do you use?", brief)
    runs(house, days=20)
    solved = "The request was marked as solved"
    assert row(house.last(LUC, "solved"), "Last action") == f"{solved}, Monday 30 November, 09:00"
    house.receives("REOPEN", answers=house.last(LUC))
    assert row(house.last(LUC, "reopened"), "Last action").startswith("Ann Lee wrote to you")
    runs(house, hours=1)
    house.receives("CLOSE", answers=house.last(LUC))
    assert row(house.last(LUC, "solved"), "Last action") == f"{solved}, Wednesday 9 December, 11:00"


def test_who_is_in_copy_does_not_read_of_a_message_of_theirs_that_they_never_wrote(house: House) -> None:
    ruled(house, {"on": "new", "when": {"subject": "invoice"}, "then": {"cc": ["mia@customer.example"]}})
    asks(house)
    mia = "mia@customer.example"
    assert row(house.last(LUC), "Last action").startswith("We received your message, ")
    assert row(house.last(mia), "Last action").startswith("We received a message, ")
    assert house.last(mia).text.startswith("Ann Lee has this request and will answer by")
    house.receives("I have the contract here.", author=f"Mia Sol <{mia}>", answers=house.last(mia))
    house.receives("STATUS", answers=house.last(LUC))
    assert row(house.last(LUC, "status"), "Last action").startswith("Mia Sol wrote to us, ")


def test_a_closed_ticket_is_not_offered_to_be_opened_again(house: House) -> None:
    house.agent_replies("#solved", asks(house))
    house.receives("STATUS", answers=house.last(LUC))
    assert 'with "REOPEN"' in house.last(LUC, "status").text
    runs(house, days=40)
    house.receives("STATUS", answers=house.last(LUC))
    told = house.last(LUC, "status").text
    assert "opens a new ticket which continues this one" in told
    assert "REOPEN" not in told


# --- what the agent hears of a solved ticket ---


def test_the_owner_hears_that_a_reply_opened_a_solved_ticket_again(house: House) -> None:
    house.agent_replies("#solved", asks(house))
    house.receives("It is still wrong.", answers=house.last(LUC))
    told = house.last(ANN.email, "customer-replied").text
    assert "The ticket was solved, and this opened it again." in told
    assert "thanks" not in told


def test_only_a_mere_thanks_is_called_one(house: House) -> None:
    asks(house)
    house.receives("CLOSE\nThe bank has paid, please keep the second licence.", answers=house.last(LUC))
    told = house.last(ANN.email, "customer-replied").text
    assert "Luc Petit replied CLOSE: it is solved." in told
    assert "thanks" not in told
    house.receives("Thank you!", answers=house.last(LUC))
    assert "It says thanks and nothing else" in house.last(ANN.email, "customer-replied").text


# --- where the clock on the wall hangs ---


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_that_is_promised_names_its_zone_in_every_mail(tmp_path: Path, language: str) -> None:
    house = House(tmp_path, desk=replace(WITH_LADDER, language=language), now=THURSDAY)
    brief = asks(house, "77", subject="77")
    house.agent_replies("77!", brief)
    house.receives("STATUS", answers=house.last(LUC))
    house.agent_replies("#delay 27 nov 16:00 because 77", brief)
    runs(house, days=1)
    told = house.sent_to(LUC)
    assert [one.notice for one in told] == ["received", "reply", "status", "delayed"]
    zone = {"es": "París", "ru": "Париж"}.get(language, "Paris")
    for letter in told:
        state = letter.text[letter.text.rindex(" #1\r\n") :]
        assert f"({zone})" in state, letter.text
    first = told[-1].text.partition("\r\n")[0]
    assert "16:00" in first
    assert len(first) <= 90
    house.close()


# --- what moved, and why ---


def test_the_reason_of_another_team_is_not_told_as_that_of_the_contact(house: House) -> None:
    house.agent_replies("#assign ben because Ben knows the contracts", asks(house))
    runs(house, minutes=10)
    house.agent_replies("#team billing because it is about an invoice", house.last(BEN.email, "assigned"), agent=BEN)
    runs(house, minutes=10)
    house.receives("STATUS", answers=house.last(LUC))
    told = house.last(LUC, "status")
    assert row(told, "Your contact") == "Ben Ode (before: Ann Lee)"
    assert row(told, "Why it moved") == 'Ann Lee writes: "Ben knows the contracts."'
    assert [one.notice for one in house.sent_to(LUC)] == ["received", "owner-changed", "status"]


def test_an_owner_whose_ticket_goes_to_another_team_hears_that_it_stays_theirs(house: House) -> None:
    house.agent_replies("#assign ben because Ben knows the contracts", asks(house))
    runs(house, minutes=10)
    to_billing = {"team": "billing", "reason": "Invoices go there"}
    ruled(house, {"on": "reply", "when": {"body": "invoice"}, "then": to_billing})
    house.receives("Which invoice is right?", answers=house.last(LUC))
    told = house.last(BEN.email).text
    assert "- #1 is with Billing now and stays yours: Invoices go there" in told
    assert "is yours now" not in told
    assert house.ticket().owner == BEN.id


def test_whoever_takes_a_ticket_by_answering_is_said_to_have_answered(tmp_path: Path) -> None:
    team = replace(SUPPORT, assign=Assign.NONE, members=(ANN.id, BEN.id))
    house = House(tmp_path, desk=replace(DESK, teams=(team, BILLING)))
    brief = asks(house)
    runs(house, minutes=5)
    house.agent_replies("Hello Luc, one licence was counted twice.", brief)
    told = house.last(LUC, "owner-set").text
    assert told.startswith("Ann Lee looks after your request now and has answered you.")
    house.close()


def test_the_history_of_a_request_says_who_wrote_the_reason_of_a_move(house: House) -> None:
    brief = asks(house)
    runs(house, minutes=10)
    house.agent_replies("#assign ben because Ben knows the contracts", brief)
    runs(house, minutes=10)
    house.agent_replies("#release because I wait for the bank", house.last(BEN.email, "assigned"), agent=BEN)
    runs(house, minutes=10)
    house.receives("HISTORY", answers=house.last(LUC))
    told = " ".join(house.last(LUC, "history").text.split())
    assert "It is with Ann Lee (Ann has the fewest open requests now)" in told
    assert 'It is with Ben Ode (Ann Lee: "Ben knows the contracts")' in told
    assert 'It is with our support team (Ben Ode: "I wait for the bank")' in told


# --- what agents are told that is not about dates, or that nobody did ---


def test_a_ticket_that_nobody_can_take_is_no_matter_of_dates(tmp_path: Path) -> None:
    away = ((date(2026, 11, 18), date(2026, 11, 24)),)
    house = House(tmp_path, desk=DESK)
    asks(house)
    runs(house, minutes=5)
    house.changes(agents=tuple(replace(one, away=away) for one in DESK.agents))
    house.takes_roll()
    told = next(one for one in house.sent_to("ops@desk.example") if one["X-Maild-Ticket"] == "1").text
    assert told.startswith("Luc Petit's ticket #1 needs you, and this is why.")
    assert "Ann Lee is away, and so is everybody else who could take #1." in told
    runs(house, days=7)
    back = house.last(ANN.email, "absence").text
    assert "One ticket of yours moved while you were away: #1." in back
    house.close()


# --- what the operator reads ---


def because(house: House, kept: int) -> str:
    return "; ".join(house.mail(kept).because)


def test_an_operator_reads_sentences_where_an_answer_waits_or_does_not_leave(tmp_path: Path) -> None:
    house = House(tmp_path)
    kept = [house.receives("Help!", proven=False, subject=f"Help {number}") for number in range(4)]
    assert because(house, kept[-1]).endswith(
        "the answer waits: an unproven address gets 3 automatic answers a week at most"
    )
    runs(house, hours=25)
    told = house.last(ANN.email, "note").text
    assert "No acknowledgement went to luc@customer.example: an unproven address gets 3 automatic answers" in told
    assert "waits" not in told
    house.close()


def test_an_operator_reads_why_an_agents_mail_was_refused_or_held(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.takes_roll()
    refused = house.agent_replies("#asign ben because x", asks(house))
    assert because(house, refused).endswith('"#asign" is not a command I know. Did you mean "#assign"?')
    apart = house.agent_replies("#merge 2", house.last(ANN.email, "welcome"))
    assert because(house, apart).startswith("refused at the personal address of ann: ")
    held = house.receives(
        "#list", author="Eve <eve@elsewhere.example>", to=house.last(ANN.email, "welcome")["Reply-To"]
    )
    assert "the personal address of ann is void: it came from eve@elsewhere.example" in because(house, held)
    for kept in (refused, apart, held):
        assert not re.search(r"_|\((?:who|written|words|number|why|most) ", because(house, kept)), because(house, kept)
    house.close()


def test_one_signed_address_that_is_not_ours_is_one(tmp_path: Path) -> None:
    house = House(tmp_path)
    kept = house.receives("Hello.", to=f"support+{'a' * 40}@desk.example")
    assert because(house, kept).startswith("a signed address that no key of ours made")
    house.close()


# --- what a brief says of the customer ---


def test_the_brief_of_a_ticket_that_climbs_says_that_the_customer_hears_next_who_has_it(house: House) -> None:
    asks(house)
    house.receives("ESCALATE", answers=house.last(LUC))
    brief = house.last(CLEO.email, "assigned")
    assert "Luc Petit hears next that you have the ticket." in brief.text
    told = house.last(LUC, "owner-changed")
    assert house.sent.index(brief) < house.sent.index(told)
    assert left_at(brief) <= left_at(told)


def test_the_first_line_of_news_of_a_colleague_names_the_desk_where_it_is_short(house: House) -> None:
    house.takes_roll()
    asks(house)
    agents = house.desk.agents
    house.changes(agents=tuple(replace(one, left=date(2026, 11, 19)) if one == ANN else one for one in agents))
    house.takes_roll()
    runs(house, days=1)
    told = house.last(CLEO.email, "absence").text
    assert told.startswith("Example Support: Ann Lee no longer works at this desk.")


# --- nothing is said twice, and nothing that the same mail makes untrue ---


def test_a_cover_hears_once_that_a_reply_opened_the_ticket_again(tmp_path: Path) -> None:
    covered = replace(ANN, backup=BEN.id, away=((date(2026, 11, 20), date(2026, 11, 21)),))
    house = House(tmp_path, desk=replace(WITH_LADDER, agents=(covered, BEN, CLEO)), now=THURSDAY)
    house.takes_roll()
    house.agent_replies("#solved", asks(house))
    runs(house, days=1)
    house.receives("It is still wrong.", answers=house.last(LUC))
    brief = house.last(BEN.email, "assigned").text
    assert brief.count("The ticket was solved, and this opened it again.") == 1
    house.close()


def test_the_receipt_of_a_reminder_names_no_date_that_its_own_mail_ended(house: House) -> None:
    house.agent_replies("#snooze monday 10:00\n#pending\nWhich licence do you use?", asks(house))
    told = house.last(ANN.email, "receipt").text
    assert "You are reminded on Monday 23 November, 10:00. Luc Petit hears nothing of it." in " ".join(told.split())
    assert "expects" not in told


def test_who_opens_a_ticket_again_with_words_is_not_said_to_answer_later(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#solved", brief)
    runs(house, minutes=10)
    house.agent_replies("#reopen\nOne more question: which number?", brief)
    told = house.last(LUC, "reopened").text
    assert told.startswith("Your request is open again, and Ann Lee has written to you.")
    assert "The answer comes by" not in told


def test_a_teams_ticket_that_climbs_names_its_contact_once(tmp_path: Path) -> None:
    team = replace(WITH_LADDER.teams[0], assign=Assign.NONE)
    house = House(tmp_path, desk=replace(WITH_LADDER, teams=(team, BILLING)), now=THURSDAY)
    asks(house)
    runs(house, hours=5)
    told = house.last(LUC, "escalated").text
    assert told.startswith("Cleo Roy takes up your request from now on: it went one step up.")
    assert "looks after your request" not in told
    assert told.count("It would have waited longer than we promised.") == 1
    house.close()
