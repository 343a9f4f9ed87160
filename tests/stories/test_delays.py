"""Dates that agents give: `#delay` is a promise that the customer reads, `#snooze` one that nobody else hears of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.desk import Times
from maild.hours import Work
from maild.promise import Clock, Standing
from tests.stories.house import ANN, BEN, CLEO, House
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    NEW_YORK,
    THURSDAY,
    WITH_LADDER,
    asks,
    at,
    broken_ones,
    due,
    hours,
    ledger,
    left_at,
    notices,
    played,
    row,
    ruled,
    runs_until,
    standing,
    with_sla,
)

BANK = "because the bank has not answered"
EVA = "eva@elsewhere.example"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=KEEPS_TIME, now=THURSDAY))


def test_a_delay_is_kept_by_the_agents_words_and_the_next_clock_runs(house: House) -> None:
    brief = asks(house)
    house.agent_replies(f"#delay monday 12:00 {BANK}", brief)
    runs_until(house, at(23, "11:00"))
    assert "Monday 23 November, 12:00" in house.last(ANN.email, "warning").text
    house.agent_replies("The bank says yes.", brief)
    assert standing(house) == [("first-reply", "moved"), ("solve", "open"), ("delay", "kept"), ("update", "open")]
    assert notices(house) == ["received", "delayed", "reply"]


def test_a_date_that_is_moved_twice_is_told_each_time_with_the_one_before(house: House) -> None:
    brief = asks(house)
    for date in ("monday 12:00", "tuesday 15:30"):
        house.agent_replies(f"#delay {date} {BANK}", brief)
    assert standing(house) == [("first-reply", "moved"), ("solve", "open"), ("delay", "moved"), ("delay", "open")]
    first, second = (letter for letter in house.sent_to(LUC) if letter.notice == "delayed")
    assert "Before, we had said Thursday 19 November, 14:00." in first.text
    assert "Before, we had said Monday 23 November, 12:00." in second.text
    assert row(second, "Next") == "Ann Lee writes to you by Tuesday 24 November, 15:30 (Paris)"
    runs_until(house, at(24, "12:00"))
    assert notices(house) == ["received", "delayed", "delayed"], "nothing is due at the dates that were moved"


def test_a_delay_that_is_not_kept_either_is_told_before_its_date_and_the_next_rung_has_the_ticket(house: House) -> None:
    house.changes(ladders=WITH_LADDER.ladders)
    house.agent_replies(f"#delay monday 12:00 {BANK}", asks(house))
    runs_until(house, at(23, "12:00"))
    told = house.last(LUC, "owner-changed")
    assert left_at(told) < at(23, "12:00")
    assert "Monday 23 November, 12:00" in told.text
    assert "bank" not in told.text, "the words went with the date that was not kept"
    assert house.ticket().owner == CLEO.id
    assert standing(house)[2:] == [("delay", "broken"), ("delay", "open")]
    assert due(house, Clock.DELAY) == at(24, "11:00"), "as long as a next reply takes"


def test_a_delay_with_words_is_one_mail_to_the_customer_and_the_words_do_not_keep_it(house: House) -> None:
    house.agent_replies(f"#delay monday 12:00 {BANK}\n\nI asked the bank today.", asks(house))
    assert notices(house) == ["received", "delayed"]
    told = house.last(LUC, "delayed")
    assert "I asked the bank today." in told.text
    assert told["From"] == '"Ann Lee (Example Support)" <support@desk.example>'
    assert standing(house) == [("first-reply", "moved"), ("solve", "open"), ("delay", "open")]


def test_a_delay_beyond_the_day_of_the_solution_moves_that_too(house: House) -> None:
    house.agent_replies(f"#delay 30 november 12:00 {BANK}", asks(house))
    assert standing(house) == [("first-reply", "moved"), ("solve", "moved"), ("delay", "open")]
    told = house.last(LUC, "delayed")
    assert "you hear from Ann by Monday 30 November, 12:00" in told.text
    assert "the bank has not answered" in told.text
    assert house.ticket().promised_at == at(30, "12:00")
    runs_until(house, at(27, "17:30"))
    assert notices(house) == ["received", "delayed"]


def test_a_day_without_a_time_ends_when_work_ends_on_it(house: House) -> None:
    house.agent_replies(f"#delay monday {BANK}", asks(house))
    assert house.ticket().promised_at == at(23, "17:30")


def test_a_time_is_meant_as_the_agents_own_clock_shows_it_and_told_as_the_desks_does(house: House) -> None:
    overseas = (replace(ANN, timezone=NEW_YORK), *house.desk.agents[1:])
    house.changes(agents=overseas)
    house.agent_replies(f"#delay monday 10:00 {BANK}", asks(house))
    assert house.ticket().promised_at == at(23, "10:00", zone=NEW_YORK)
    assert row(house.last(LUC, "delayed"), "Next") == "Ann Lee writes to you by Monday 23 November, 16:00 (Paris)"
    assert "Monday 23 November, 10:00" in house.last(ANN.email, "receipt").text


def test_a_date_on_a_weekend_is_told_of_before_it_and_while_people_are_at_work(house: House) -> None:
    house.agent_replies(f"#delay saturday 12:00 {BANK}", asks(house))
    assert row(house.last(LUC, "delayed"), "Next") == "Ann Lee writes to you by Saturday 21 November, 12:00 (Paris)"
    runs_until(house, at(23, "09:00"))
    assert [left_at(letter) for letter in house.sent_to(LUC)[2:]] == [at(20, "17:00")]
    assert house.ticket().promised_at == at(23, "16:30")


def test_a_date_that_is_given_on_a_saturday_for_the_sunday_is_watched_by_the_clock_on_the_wall(house: House) -> None:
    brief = asks(house)
    house.now = at(20, "17:45")
    house.agent_replies(f"#delay tomorrow 10:00 {BANK}", brief)
    house.agent_replies(f"#delay sunday 10:00 {BANK}", brief)
    runs_until(house, at(22, "10:00"))
    assert left_at(house.sent_to(LUC)[-1]) == at(22, "09:30")


def test_a_date_on_a_weekend_is_watched_also_where_something_else_waits_for_monday(house: House) -> None:
    house.changes(slas=with_sla(Times(first_reply=hours(4), solve=Work(days=2, time=timedelta(hours=1)))))
    brief = asks(house)
    house.now = at(20, "17:45")
    house.agent_replies(f"#delay sunday 10:00 {BANK}", brief)
    house.now = at(21, "11:00")
    assert due(house, Clock.SOLVE) == at(23, "11:00")
    house.works()  # the daemon was down when the owner should have been warned of the solve date
    assert notices(house) == ["received", "delayed"]
    runs_until(house, at(22, "10:00"))
    assert left_at(house.sent_to(LUC)[-1]) == at(22, "09:30")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("#delay 2 november 2026 because the bank is slow", "is past"),
        ("#delay today 9:00 because the bank is slow", "is past"),
        ("#delay monday 12:00", "because"),
        ("#delay 31 february because the bank is slow", "no such day"),
        ("#delay 03/04 because the bank is slow", "03/04"),
        ("#snooze 2 november 2026", "is past"),
    ],
)
def test_a_date_that_cannot_be_is_refused_and_nothing_goes_to_the_customer(house: House, words: str, why: str) -> None:
    brief = asks(house)
    before = ledger(house)
    house.agent_replies(f"{words}\n\nI asked the bank.", brief)
    refused = house.last(ANN.email, "refused")
    assert why in refused.text
    assert "I asked the bank." in refused.text
    assert ledger(house) == before
    assert notices(house) == ["received"]


def test_a_solved_ticket_takes_no_date(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#solved\n\nDone.", brief)
    house.agent_replies(f"#delay monday 12:00 {BANK}", brief)
    assert notices(house, ANN.email)[-1] == "refused"
    assert house.ticket().promised_at is None


def test_a_delay_holds_while_we_wait_for_the_customer(house: House) -> None:
    house.agent_replies(f"#pending\n#delay monday 12:00 {BANK}\n\nWhich invoice?", asks(house))
    assert house.ticket().promised_at == at(23, "12:00")
    assert row(house.sent_to(LUC)[-1], "Next") == (
        "You answer Ann Lee, who writes to you by Monday 23 November, 12:00 (Paris)"
    )
    runs_until(house, at(23, "12:00"))
    assert [one.clock for one in broken_ones(house)] == [Clock.DELAY]


def test_what_the_customer_writes_before_the_date_does_not_bring_it_nearer(house: House) -> None:
    house.agent_replies(f"#delay monday 12:00 {BANK}", asks(house))
    house.receives("And 78.", answers=house.last(LUC, "delayed"))
    assert house.ticket().promised_at == at(23, "12:00")
    assert standing(house)[-1] == ("delay", "open")


# --- snoozes ---


def test_a_snooze_is_between_the_agent_and_the_desk(house: House) -> None:
    brief = asks(house)
    house.agent_replies("I look into it.", brief)
    promised = house.ticket().promised_at
    house.agent_replies("#snooze tomorrow 12:00 because the bank calls back", brief)
    assert house.ticket().promised_at == promised
    runs_until(house, at(20, "11:59"))
    assert notices(house, ANN.email) == ["assigned", "receipt"]
    runs_until(house, at(20, "12:00"))
    told = house.last(ANN.email, "warning")
    assert "the bank calls back" in told.text
    assert notices(house) == ["received", "reply"]
    assert ("snooze", "kept") in standing(house)
    house.receives("STATUS", answers=house.last(LUC, "reply"))
    house.receives("HISTORY", answers=house.last(LUC, "reply"))
    assert not any("bank calls" in letter.text or "20 November, 12:00" in letter.text for letter in house.sent_to(LUC))


def test_a_second_snooze_takes_the_place_of_the_first_and_does_not_shift_what_is_promised(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#snooze tomorrow 12:00", brief)
    house.agent_replies("#snooze monday 12:00", brief)
    assert [one.standing for one in ledger(house) if one.clock is Clock.SNOOZE] == [Standing.MOVED, Standing.OPEN]
    runs_until(house, at(19, "14:00"))
    assert [one.clock for one in broken_ones(house)] == [Clock.FIRST_REPLY]
    assert row(house.last(LUC, "delayed"), "Next").endswith("Thursday 19 November, 17:30 (Paris)")


def test_a_snooze_goes_with_the_ticket_to_its_new_owner_and_ends_with_it(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#snooze monday 12:00", brief)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("I look into it.", house.last(BEN.email, "assigned"), agent=BEN)
    runs_until(house, at(23, "12:00"))
    assert notices(house, BEN.email)[-1] == "warning"
    assert "warning" not in notices(house, ANN.email)
    house.agent_replies("#snooze wednesday 12:00", house.last(BEN.email, "assigned"), agent=BEN)
    house.agent_replies("#solved\n\nDone.", house.last(BEN.email, "assigned"), agent=BEN)
    assert standing(house)[-1][1] in {"dropped", "kept"}
    count = len(house.sent)
    runs_until(house, at(25, "12:01"))
    assert len(house.sent) == count


def test_a_desk_without_slas_keeps_a_date_that_an_agent_gives(house: House) -> None:
    house.changes(teams=tuple(replace(team, sla="", hours="") for team in house.desk.teams))
    brief = asks(house)
    assert ledger(house) == ()
    house.agent_replies(f"#delay monday 12:00 {BANK}", brief)
    runs_until(house, at(23, "12:00"))
    assert [letter.notice for letter in house.sent_to(LUC)] == ["received", "delayed", "delayed"]
    assert left_at(house.sent_to(LUC)[-1]) == at(23, "11:30")
    assert due(house, Clock.DELAY) == at(24, "11:30"), "a day more"


def test_a_date_beside_solved_is_refused_for_they_contradict(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("#solved\n#delay monday 12:00 because of the bank\n\nDone.", house.last(ANN.email, "assigned"))
    assert '"#solved" and "#delay" contradict' in house.last(ANN.email, "refused").text
    assert house.ticket().status.value == "open"


# --- the customer is in copy of the agent's mail ---


def test_a_customer_in_copy_of_the_agents_mail_hears_the_date_from_us_and_the_words_once(house: House) -> None:
    brief = asks(house)
    house.agent_replies(f"#delay monday 12:00 {BANK}\n\nI asked the bank today.", brief, headers=[("Cc", LUC)])
    assert notices(house) == ["received", "delayed"]
    told = house.last(LUC, "delayed")
    assert row(told, "Next") == "Ann Lee writes to you by Monday 23 November, 12:00 (Paris)"
    assert "Before, we had said Thursday 19 November, 14:00." in told.text
    assert "the bank has not answered" in told.text
    assert "I asked the bank today." not in told.text, "Luc has these words from Ann"
    assert told["Auto-Submitted"] == "auto-generated"
    assert [one.event for one in house.history()].count("delayed") == 1


def test_who_is_in_copy_hears_the_date_and_who_is_not_hears_it_with_the_words(house: House) -> None:
    ruled(house, {"then": {"cc": [EVA]}})
    brief = asks(house)
    house.agent_replies(f"#delay monday 12:00 {BANK}\n\nI asked the bank today.", brief, headers=[("Cc", EVA)])
    luc, eva = house.last(LUC, "delayed"), house.last(EVA, "delayed")
    assert "I asked the bank today." in luc.text
    assert luc["From"] == '"Ann Lee (Example Support)" <support@desk.example>'
    assert "I asked the bank today." not in eva.text
    assert row(eva, "Next") == row(luc, "Next") == "Ann Lee writes to you by Monday 23 November, 12:00 (Paris)"
    assert [notices(house, who).count("delayed") for who in (LUC, EVA)] == [1, 1]
    assert [one.event for one in house.history()].count("delayed") == 1


def test_a_customer_in_copy_hears_of_a_move_and_its_date_in_one_mail(house: House) -> None:
    text = f"#assign ben because Ben knows the bank\n#delay monday 12:00 {BANK}\n\nBen takes it up."
    house.agent_replies(text, asks(house), headers=[("Cc", LUC)])
    house.passes(minutes=10)
    assert notices(house) == ["received", "owner-changed"]
    told = house.last(LUC, "owner-changed")
    assert "Ben knows the bank" in told.text
    assert row(told, "Next") == "Ben Ode writes to you by Monday 23 November, 12:00 (Paris)"


def test_words_without_a_date_are_not_told_to_who_is_in_copy(house: House) -> None:
    house.agent_replies("I asked the bank today.", asks(house), headers=[("Cc", LUC)])
    assert notices(house) == ["received"]


def test_a_date_that_no_mail_gave_the_customer_is_not_taken_back(house: House) -> None:
    # Luc read "by Monday, 10:00" in Ann's answer; his own reply set a nearer date, which nobody told him
    house.receives("The invoice is wrong.")
    house.agent_replies("Which one?", house.last(ANN.email, "assigned"))
    house.receives("Number 77.", answers=house.last(LUC, "reply"))
    house.passes(hours=8)
    house.passes(hours=15)
    told = house.last(LUC)
    assert told.notice == "delayed"
    assert "needs more time" not in told.text, "Luc reads the first date for his words"
    assert "the time that we gave you" not in told.text
    given = house.ticket().promised_at
    assert given is not None
    house.now = given
    house.works()
    assert house.last(LUC) is not told
    assert "the time that we gave you" in house.last(LUC).text, "this date was told"


def test_who_had_no_acknowledgement_was_promised_nothing(house: House) -> None:
    # the fourth mail of a week from an address that is not proven: its answer waits for room
    for number in range(4):
        house.receives("It is broken.", subject=f"Printer {number}", proven=False)
    assert "was promised a word from us" in house.last(ANN.email, "assigned").text
    assert house.last(BEN.email, "assigned")["X-Maild-Ticket"] == "4"
    assert "was promised" not in house.last(BEN.email, "assigned").text
    house.passes(hours=4)
    told = house.last(LUC)
    assert (told.notice, told["X-Maild-Ticket"]) == ("delayed", "4")
    assert "the time that we gave you" not in told.text


def test_a_date_before_the_one_that_was_read_last_is_no_longer_time(house: House) -> None:
    # Luc read Monday in Ann's answer; his reply set a nearer date that nobody told him, and this date comes after that
    house.receives("The invoice is wrong.")
    house.agent_replies("Which one?", house.last(ANN.email, "assigned"))
    read = house.ticket().promised_at
    house.receives("Number 77.", answers=house.last(LUC, "reply"))
    runs_until(house, at(20, "09:30"))
    told, date = house.last(LUC, "delayed"), house.ticket().promised_at
    assert read is not None
    assert date is not None
    assert date < read
    assert "more time" not in told.text
    assert told.text.splitlines()[0].startswith("Ann Lee writes to you by ")


def test_agents_read_of_a_date_that_no_mail_gave_that_no_mail_gave_it(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("Which one?", house.last(ANN.email, "assigned"))
    house.receives("Number 77.", answers=house.last(LUC, "reply"))
    runs_until(house, at(20, "09:30"))
    soon, broken = (one.text for one in house.sent_to(ANN.email) if one.notice == "warning")
    assert "was promised" not in soon
    assert "; no mail has named that date." in soon
    assert "was told that" not in broken
    assert "which no mail had named, is not kept" in broken
    runs_until(house, at(23, "09:30"))
    soon, broken = [one.text for one in house.sent_to(ANN.email) if one.notice == "warning"][2:4]
    assert "was promised a word from us" in soon
    assert "was told that the date" in broken


def test_a_colleague_who_gets_the_ticket_reads_no_promise_that_no_mail_made(house: House) -> None:
    house.receives("The invoice is wrong.")
    brief = house.last(ANN.email, "assigned")
    house.agent_replies("Which one?", brief)
    house.receives("Number 77.", answers=house.last(LUC, "reply"))
    house.agent_replies("#assign ben because of the bank", brief)
    assert "was promised" not in house.last(BEN.email, "assigned").text
    house.passes(minutes=10)
    assert "Ben writes to you by Friday 20 November, 09:30" in house.last(LUC, "owner-changed").text
