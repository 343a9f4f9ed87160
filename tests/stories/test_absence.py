"""An agent is not there: the work moves to a cover who is briefed, and the customer is told who and why, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from maild import orders
from maild.absence import Absence, Leave, Source, Stage
from maild.desk import AbsencePolicy, Agent, Assign, Desk, OnReturn
from maild.store import absences
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, SUPPORT, House, Letter

LUC = "luc@customer.example"
COVERED = replace(ANN, backup=BEN.id)
AWAY = ((date(2026, 12, 1), date(2026, 12, 7)),)


def with_agents(*agents: Agent, **fields: object) -> Desk:
    return replace(DESK, agents=agents, **fields)  # type: ignore[arg-type]  # fields of Desk


@pytest.fixture
def desk() -> Desk:
    return with_agents(replace(COVERED, away=AWAY), BEN, CLEO)


@pytest.fixture
def house(tmp_path: Path, desk: Desk) -> House:
    built = House(tmp_path, desk=desk)
    built.takes_roll()
    return built


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


def moves(house: House, address: str = LUC) -> list[Letter]:
    return [letter for letter in house.sent_to(address) if letter.notice in {"owner-changed", "owner-set"}]


def until(house: House, moment: datetime) -> None:
    house.now = moment
    house.works()


def says(house: House, request: dict[str, object]) -> None:
    """An admin types `maild agents ...`."""
    answer = house.store.write(lambda tx: orders.execute(tx, house.office, request, house.now))
    assert answer["ok"], answer
    house.works()


def standing(house: House) -> list[Absence]:
    with house.store.read() as tx:
        return list(absences.living(tx))


def test_a_quiet_ticket_moves_when_its_owner_goes_on_holiday_and_the_customer_hears_why_once(house: House) -> None:
    brief = asks(house)
    house.agent_replies("I ask the bank.", brief)
    until(house, datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC))
    assert house.ticket().owner == "ben"
    told = house.last(BEN.email, "assigned")
    assert "is yours now" in told.text
    assert "Ann Lee is away until Monday 7 December" in told.text
    assert "I ask the bank." in told.text
    assert moves(house) == []
    house.passes(seconds=61)
    (heard,) = moves(house)
    assert heard["X-Maild-Reason"] == "absence.planned; Ann Lee is away until Monday 7 December."
    assert heard["X-Maild-Previous-Owner"] == "Ann Lee"
    assert "Ben Ode looks after your request from now on" in heard.text
    assert "don't need to explain anything again" in heard.text
    house.passes(days=3)
    assert len(moves(house)) == 1


def test_a_last_day_that_customers_are_not_told_stands_in_the_covers_brief_and_nowhere_in_their_mails(
    tmp_path: Path,
) -> None:
    desk = with_agents(replace(COVERED, away=AWAY), BEN, CLEO, absence=AbsencePolicy(tell_date=False))
    house = House(tmp_path, desk=desk)
    house.takes_roll()
    asks(house)
    until(house, datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    house.passes(minutes=10)
    house.receives("HISTORY", answers=house.last(LUC))
    assert "Ann Lee is away until Monday 7 December" in house.last(BEN.email, "assigned").text
    assert moves(house)[-1]["X-Maild-Reason"] == "absence.planned; Ann Lee is away."
    for letter in house.sent_to(LUC):
        assert "7 December" not in letter.text + letter.html + str(letter.message)


def test_new_work_skips_who_is_away(tmp_path: Path) -> None:
    team = replace(SUPPORT, members=(ANN.id, BEN.id))
    house = House(tmp_path, desk=with_agents(replace(ANN, away=AWAY), BEN, CLEO, teams=(team, BILLING)))
    house.takes_roll()
    until(house, datetime(2026, 12, 2, tzinfo=UTC))
    house.receives("Where is my order?")
    assert house.ticket().owner == "ben"


def test_a_cover_who_is_away_too_is_passed_over_and_a_circle_of_backups_ends(tmp_path: Path) -> None:
    ben = replace(BEN, backup=ANN.id, away=AWAY)
    house = House(tmp_path, desk=with_agents(replace(COVERED, away=AWAY), ben, CLEO))
    house.takes_roll()
    asks(house)
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    assert house.ticket().owner == "cleo", "the lead of the team stands in"


def test_a_team_that_is_away_altogether_leaves_its_work_to_its_lead_then_the_admins_and_says_so(
    tmp_path: Path,
) -> None:
    agents = (replace(COVERED, away=AWAY), replace(BEN, away=AWAY), replace(CLEO, away=AWAY))
    house = House(tmp_path, desk=with_agents(*agents))
    house.takes_roll()
    asks(house)
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    ticket = house.ticket()
    assert (ticket.owner, ticket.team) == (None, "support")
    assert "so is everybody else" in house.last("ops@desk.example", "warning").text
    house.passes(minutes=2)
    assert "our support team" in moves(house)[0].text.lower()


def test_a_short_absence_moves_a_ticket_only_when_its_customer_writes(tmp_path: Path) -> None:
    day = ((date(2026, 12, 1), date(2026, 12, 1)),)
    policy = AbsencePolicy(min=timedelta(days=2))
    house = House(tmp_path, desk=with_agents(replace(COVERED, away=day), BEN, CLEO, absence=policy))
    house.takes_roll()
    asks(house)
    received = house.last(LUC)
    until(house, datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    assert house.ticket().owner == "ann"
    house.receives("Any news?", answers=received)
    assert house.ticket().owner == "ben"
    told = house.sent_to(BEN.email)
    assert [letter.notice for letter in told if letter.notice != "welcome"] == ["assigned"]
    assert "Any news?" in told[-1].text


@pytest.mark.parametrize("policy", list(OnReturn))
def test_on_return_untouched_tickets_go_back_stay_or_are_asked_about(tmp_path: Path, policy: OnReturn) -> None:
    desk = with_agents(replace(COVERED, away=AWAY), BEN, CLEO, absence=AbsencePolicy(on_return=policy))
    house = House(tmp_path, desk=desk)
    house.takes_roll()
    asks(house)
    asks(house, author="Mia Sol <mia@customer.example>", subject="Another thing")
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    house.passes(minutes=2)
    house.agent_replies("I have looked into it.", house.last(BEN.email, "assigned"), agent=BEN)
    touched = house.ticket(2)
    assert touched.owner == "ben"
    until(house, datetime(2026, 12, 8, 0, 0, 1, tzinfo=UTC))
    house.passes(minutes=2)
    assert house.ticket(2).owner == "ben", "its cover has written on it"
    match policy:
        case OnReturn.KEEP:
            assert house.ticket(1).owner == "ben"
        case OnReturn.HAND_BACK:
            assert house.ticket(1).owner == "ann"
            assert moves(house)[-1]["X-Maild-Reason"] == "return; Ann Lee is back."
        case OnReturn.ASK:
            assert house.ticket(1).owner == "ben"
            asked = house.last(ANN.email, "absence")
            assert "Welcome back, Ann" in asked.text
            confirm = next(word.rstrip(".,") for word in asked.text.split() if "+" in word and "@" in word)
            house.agent_replies("#yes", asked, to=confirm)
            assert house.ticket(1).owner == "ann"
            house.agent_replies("#yes", asked, to=confirm)
    house.passes(minutes=2)
    assert len(moves(house)) <= 2


def test_a_daemon_that_was_down_at_midnight_catches_up_in_order_and_tells_nobody_twice(house: House) -> None:
    asks(house)
    house.now = datetime(2026, 12, 5, 10, 0, tzinfo=UTC)
    house.open()
    house.takes_roll()
    assert house.ticket().owner == "ben"
    house.open()
    house.takes_roll()
    house.passes(minutes=2)
    assert len(moves(house)) == 1
    assert len([letter for letter in house.sent_to(BEN.email) if letter.notice == "assigned"]) == 1


def test_an_absence_that_passed_while_the_daemon_was_down_moves_nothing(house: House) -> None:
    asks(house)
    until(house, datetime(2026, 12, 9, tzinfo=UTC))
    assert house.ticket().owner == "ann"
    assert standing(house) == []


def test_who_is_taken_out_of_the_file_has_left_and_the_customer_is_told(house: House) -> None:
    asks(house)
    house.changes(agents=(BEN, CLEO), teams=(replace(SUPPORT, members=(BEN.id,)), BILLING))
    house.takes_roll()
    house.passes(minutes=2)
    assert house.ticket().owner == "ben"
    (told,) = moves(house)
    assert told["X-Maild-Reason"] == "left; Ann Lee has left our desk."
    assert [one.leave for one in standing(house)] == [Leave.LEFT]


@pytest.mark.parametrize(
    "line",
    [{"left": date(2026, 11, 20)}, {"left": date(2026, 12, 20)}, {"away": ((date(2026, 11, 20), date(2026, 12, 20)),)}],
    ids=["left", "leaves", "away"],
)
def test_nobody_hears_that_who_is_taken_out_of_the_file_is_back(tmp_path: Path, line: dict[str, object]) -> None:
    house = House(tmp_path, desk=with_agents(COVERED, BEN, CLEO))
    house.takes_roll()
    house.changes(agents=(replace(COVERED, **line), BEN, CLEO))  # type: ignore[arg-type]  # fields of Agent
    house.takes_roll()
    house.passes(hours=2)
    house.changes(agents=(BEN, CLEO), teams=(replace(SUPPORT, members=(BEN.id,)), BILLING))
    house.takes_roll()
    told = house.last("ops@desk.example", "absence").text
    assert "Ann Lee is no longer in the configuration and counts as left." in told
    assert "back" not in told
    assert "after all" not in told
    house.passes(minutes=2)
    assert [one.leave for one in standing(house)] == [Leave.LEFT]


def test_an_absence_of_the_file_that_grows_moves_nothing_twice_and_ends_on_its_new_day(house: House) -> None:
    asks(house)
    until(house, datetime(2026, 12, 2, tzinfo=UTC))
    house.passes(minutes=2)
    longer = replace(COVERED, away=((date(2026, 12, 1), date(2026, 12, 10)),))
    house.changes(agents=(longer, BEN, CLEO))
    house.takes_roll()
    (absence,) = standing(house)
    assert (absence.stage, absence.source, absence.last_day) == (Stage.BEGUN, Source.FILE, date(2026, 12, 10))
    until(house, datetime(2026, 12, 8, 12, 0, tzinfo=UTC))
    assert house.ticket().owner == "ben"
    assert len(moves(house)) == 1


def test_an_absence_that_is_taken_out_of_the_file_before_it_begins_never_begins(house: House) -> None:
    asks(house)
    house.changes(agents=(COVERED, BEN, CLEO))
    house.takes_roll()
    until(house, datetime(2026, 12, 2, tzinfo=UTC))
    assert house.ticket().owner == "ann"


def test_every_agent_is_welcomed_once_with_an_address_of_their_own(house: House) -> None:
    welcome = house.last(ANN.email, "welcome")
    assert "+" in welcome["Reply-To"]
    house.open()
    house.takes_roll()
    assert len([letter for letter in house.sent if letter.notice == "welcome"]) == 3


def test_a_ticket_without_an_owner_policy_goes_back_to_its_team(tmp_path: Path) -> None:
    team = replace(SUPPORT, members=(ANN.id, CLEO.id), assign=Assign.NONE)
    house = House(tmp_path, desk=with_agents(replace(ANN, away=AWAY), BEN, CLEO, teams=(team, BILLING)))
    house.takes_roll()
    house.receives("Where is my order?")
    house.agent_replies("I look for it.", house.last(ANN.email, "assigned"))
    assert house.ticket().owner == "ann"
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    assert house.ticket().owner is None
    assert "waits for an owner" in house.last(CLEO.email, "assigned").text


def test_the_admins_hear_once_of_a_team_that_nobody_looks_after(tmp_path: Path) -> None:
    agents = (replace(ANN, away=AWAY), BEN, replace(CLEO, away=AWAY))
    house = House(tmp_path, desk=with_agents(*agents))
    house.takes_roll()
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    (told,) = [letter for letter in house.sent_to("ops@desk.example") if letter.notice == "warning"]
    assert "Nobody of Support is there now" in told.text
    assert "Billing" not in told.text, "Ben is there"
    house.receives("Where is my order?")
    assert (house.ticket().owner, house.ticket().team) == (None, "support")


def test_an_absence_without_an_end_leaves_those_that_are_planned_for_later(tmp_path: Path) -> None:
    house = House(tmp_path, desk=with_agents(replace(COVERED, away=AWAY), BEN, CLEO))
    house.takes_roll()
    asks(house)
    says(house, {"do": "agent-away", "agent": "ann", "days": "2026-11-21..", "by": "an admin"})
    house.passes(minutes=2)
    assert house.ticket().owner == "ben"
    until(house, datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
    says(house, {"do": "agent-back", "agent": "ann", "planned": False, "by": "an admin"})
    asks(house, author="Mia Sol <mia@customer.example>", subject="Another thing")
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    assert house.ticket(2).owner == "ben", "what the file says of December stands"


def test_the_day_on_which_clocks_go_forward_is_a_whole_day_of_absence(tmp_path: Path) -> None:
    day = ((date(2027, 3, 28), date(2027, 3, 28)),)
    ann = replace(COVERED, away=day, timezone=ZoneInfo("Europe/Paris"))
    house = House(tmp_path, desk=with_agents(ann, BEN, CLEO), now=datetime(2027, 3, 27, 9, 0, tzinfo=UTC))
    house.takes_roll()
    asks(house)
    until(house, datetime(2027, 3, 27, 23, 0, 1, tzinfo=UTC))
    assert house.ticket().owner == "ben"


def test_a_short_absence_that_grows_in_the_file_moves_what_it_had_left_alone(tmp_path: Path) -> None:
    policy = AbsencePolicy(min=timedelta(days=2))
    short = replace(COVERED, away=((date(2026, 12, 1), date(2026, 12, 1)),))
    house = House(tmp_path, desk=with_agents(short, BEN, CLEO, absence=policy))
    house.takes_roll()
    asks(house)
    until(house, datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    assert house.ticket().owner == "ann"
    house.changes(agents=(replace(COVERED, away=AWAY), BEN, CLEO))
    house.takes_roll()
    assert house.ticket().owner == "ben"
    house.passes(minutes=2)
    assert len(moves(house)) == 1


def test_a_colleague_who_opens_a_solved_ticket_again_does_not_leave_it_with_an_owner_who_is_away(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#solved\nIt is done.", brief)
    until(house, datetime(2026, 12, 2, 9, 0, tzinfo=UTC))
    assert house.ticket().owner == "ann", "a solved ticket needs nobody"
    house.receives(
        "#pending\nDid the refund arrive?",
        author="Cleo Roy <cleo@agents.example>",
        subject="Re: [#1] Invoice 77 wrong",
    )
    ticket = house.ticket()
    assert (ticket.status.value, ticket.owner) == ("pending", "ben")
    house.passes(minutes=6)
    told = house.last(LUC)
    assert told["X-Maild-Owner"] == "Ben Ode"
    assert "Ann Lee is away until Monday 7 December" in told.text
    assert "is yours now" in house.last(BEN.email, "assigned").text


def test_a_mail_of_parts_within_parts_does_not_keep_its_ticket_from_the_cover(house: House) -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(2000)
    )
    head = (
        b"From: Luc Petit <luc@customer.example>\r\nTo: support@desk.example\r\nSubject: Deep\r\nMIME-Version: 1.0\r\n"
    )
    house.takes(head + nested, LUC, ("support@desk.example",))
    assert house.ticket().owner == "ann"
    until(house, datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC))
    assert house.ticket().owner == "ben"
    files = [part.get_filename() for part in house.last(BEN.email, "assigned").message.iter_attachments()]
    assert len(files) == 1, "what the ticket holds of it is written anew"


def test_absences_that_overlap_are_one_time_away_when_the_agent_is_asked(tmp_path: Path) -> None:
    ranges = ((date(2026, 12, 1), date(2026, 12, 7)), (date(2026, 12, 5), date(2026, 12, 10)))
    house = House(tmp_path, desk=with_agents(replace(COVERED, away=ranges), BEN, CLEO))
    house.takes_roll()
    asks(house)
    until(house, datetime(2026, 12, 1, 0, 1, tzinfo=UTC))
    assert house.ticket().owner == "ben"
    until(house, datetime(2026, 12, 5, 0, 1, tzinfo=UTC))
    until(house, datetime(2026, 12, 8, 9, 0, tzinfo=UTC))
    assert not [one for one in house.sent_to(ANN.email) if "Welcome back" in one.text], "the second one goes on"
    until(house, datetime(2026, 12, 11, 0, 1, tzinfo=UTC))
    assert "#1" in house.last(ANN.email, "absence").text
