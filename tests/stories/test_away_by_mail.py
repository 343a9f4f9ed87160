"""An agent says by mail when they are away and back, by a ticket's address or by the personal one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from maild.absence import Absence, Leave, Source, Stage
from maild.desk import AbsencePolicy, Desk, OnReturn, Receipts, Team, TeamId, TrustAgents
from maild.store import absences
from tests.stories import clients
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, SUPPORT, House, Letter
from tests.stories.promises import broken

LUC = "luc@customer.example"
MIA = "Mia Sol <mia@customer.example>"
EVE = "Eve <eve@elsewhere.example>"
HOME = replace(ANN, also=("ann@home.example",))


@pytest.fixture
def house(tmp_path: Path) -> House:
    built = House(tmp_path)
    built.takes_roll()
    return built


def kept_promises(house: House) -> None:
    assert house.faults() == []
    assert broken(house) == []


def with_desk(tmp_path: Path, desk: Desk) -> House:
    built = House(tmp_path, desk=desk)
    built.takes_roll()
    return built


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email, "assigned")


def welcome(house: House, address: str = ANN.email) -> Letter:
    return house.last(address, "welcome")


def standing(house: House, agent: str = "ann") -> list[Absence]:
    with house.store.read() as tx:
        return [one for one in absences.living(tx, agent) if one.stage.stands]


def because(house: House, row: int) -> str:
    return "; ".join(house.mail(row).because)


def moves(house: House, address: str = LUC) -> list[Letter]:
    return [letter for letter in house.sent_to(address) if letter.notice == "owner-changed"]


# --- away -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["ticket", "personal"])
def test_an_agent_goes_on_holiday_by_mail_and_the_work_moves_on_the_day(house: House, way: str) -> None:
    brief = asks(house)
    asks(house, "My key is lost.", author=MIA, subject="Lost key")
    mail = brief if way == "ticket" else welcome(house)
    house.agent_replies("#away 1 dec..7 dec backup ben because my sister marries", mail)
    receipt = house.last(ANN.email, "receipt").text
    assert "You are away from Tuesday 1 December to Monday 7 December." in receipt
    assert "2 open tickets go to Ben Ode." in receipt
    assert "reply with #back" in receipt
    (absence,) = standing(house)
    assert (absence.source, absence.leave, absence.stage) == (Source.COMMAND, Leave.PLANNED, Stage.SET)
    assert (absence.backup, absence.because, absence.by) == ("ben", "my sister marries", "ann")
    assert absence.last_day == date(2026, 12, 7)
    house.passes(days=1)
    assert house.ticket(1).owner == house.ticket(2).owner == "ann"
    house.now = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert house.ticket(1).owner == house.ticket(2).owner == "ben"
    house.passes(minutes=2)
    (told,) = moves(house)
    assert told["X-Maild-Reason"] == "absence.planned; Ann Lee is away until Monday 7 December."
    assert all("sister" not in letter.text for letter in house.sent if letter.to != ANN.email)
    kept_promises(house)


def test_an_absence_through_a_server_that_marks_all_mail_as_a_machines_is_asked_for_and_set(house: House) -> None:
    mark = [("Feedback-ID", "1:AmazonSES")]
    house.agent_replies("#away 1 dec..7 dec", welcome(house), headers=mark)
    assert standing(house) == []
    assert house.tickets == []
    held = house.last(ANN.email, "held")
    assert "feedback-id" in held.text
    [yes] = [link for link in clients.links(held) if link.body == "#yes"]
    house.agent_replies("#yes", held, to=yes.to, headers=mark)
    (absence,) = standing(house)
    assert absence.last_day == date(2026, 12, 7)
    kept_promises(house)


def test_who_is_away_from_today_is_covered_at_once(house: House) -> None:
    asks(house)
    house.agent_replies("#away today backup ben", welcome(house))
    assert "You are away on Saturday 21 November." in house.last(ANN.email, "receipt").text
    assert "One open ticket goes to Ben Ode." in house.last(ANN.email, "receipt").text
    assert house.ticket().owner == "ben"
    assert standing(house)[0].leave is Leave.UNPLANNED
    house.passes(minutes=2)
    assert moves(house)[0]["X-Maild-Reason"].startswith("absence.unplanned; Ann Lee is away until")
    house.now = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert standing(house) == []


def test_an_absence_without_an_end_lasts_until_back(house: House) -> None:
    asks(house)
    house.agent_replies("#away today..", welcome(house))
    assert "until you send #back" in house.last(ANN.email, "receipt").text
    assert house.ticket().owner == "cleo", "the lead stands in where there is no backup"
    house.passes(days=90)
    assert len(standing(house)) == 1
    house.agent_replies("#back", welcome(house))
    assert standing(house) == []
    asked = house.last(ANN.email, "absence")
    clients.follows(house, asked, "#yes")
    assert house.ticket().owner == "ann"


def test_days_are_those_of_the_agents_own_zone(tmp_path: Path) -> None:
    ann = replace(ANN, timezone=ZoneInfo("Asia/Tokyo"))
    house = with_desk(tmp_path, replace(DESK, agents=(ann, BEN, CLEO)))
    house.now = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    house.agent_replies("#away tomorrow", welcome(house))
    (absence,) = standing(house)
    assert absence.last_day == date(2026, 11, 23), "in Tokyo it is the 22nd already"
    assert absence.since == datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def test_a_backup_who_is_away_too_is_named_with_who_covers_meanwhile(house: House) -> None:
    asks(house)
    house.agent_replies("#away today..5 dec", welcome(house, BEN.email), agent=BEN)
    house.agent_replies("#away 1 dec..7 dec backup ben", welcome(house))
    receipt = house.last(ANN.email, "receipt").text
    assert "Ben Ode is away then, too, until Saturday 5 December" in receipt
    assert "One open ticket goes to Cleo Roy." in receipt


def test_an_absence_with_nothing_to_move_says_who_covers(house: House) -> None:
    house.agent_replies("#away 3 dec", welcome(house))
    assert "Your team covers for you." in house.last(ANN.email, "receipt").text
    house.changes(agents=(replace(ANN, backup=BEN.id), BEN, CLEO))
    house.agent_replies("#away 9 dec", welcome(house))
    assert "Your cover is Ben Ode." in house.last(ANN.email, "receipt").text


def test_a_short_absence_says_that_it_moves_only_what_is_due(tmp_path: Path) -> None:
    house = with_desk(tmp_path, replace(DESK, absence=AbsencePolicy(min=timedelta(days=3))))
    asks(house)
    house.agent_replies("#away tomorrow..24 nov", welcome(house))
    assert "2 open tickets" not in house.last(ANN.email, "receipt").text
    house.agent_replies("#away 1 dec..2 dec", welcome(house))
    assert "It is short" in house.last(ANN.email, "receipt").text
    house.now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    house.works()
    assert house.ticket().owner is not None


def test_a_new_absence_takes_the_place_of_one_that_it_overlaps(house: House) -> None:
    house.agent_replies("#away 1 dec..7 dec", welcome(house))
    house.agent_replies("#away 20 dec..31 dec", welcome(house))
    house.agent_replies("#away 5 dec..12 dec", welcome(house))
    assert "takes the place of your absence from Tuesday 1 December" in house.last(ANN.email, "receipt").text
    assert [one.last_day for one in standing(house)] == [date(2026, 12, 12), date(2026, 12, 31)]


def test_an_absence_that_is_made_longer_moves_nobody_twice_and_all_of_it_comes_back(tmp_path: Path) -> None:
    desk = replace(DESK, absence=AbsencePolicy(on_return=OnReturn.HAND_BACK))
    house = with_desk(tmp_path, desk)
    asks(house)
    house.agent_replies("#away today..25 nov backup ben", welcome(house))
    house.passes(days=2)
    house.agent_replies("#away today..30 nov backup ben", welcome(house))
    house.passes(minutes=2)
    assert house.ticket().owner == "ben"
    assert len(moves(house)) == 1
    (absence,) = standing(house)
    assert absence.last_day == date(2026, 11, 30)
    house.now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ben"
    house.now = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
    house.works()
    assert house.ticket().owner == "ann"


def test_text_beside_away_still_goes_to_the_customer(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#away 1 dec..7 dec\nHello Luc, it is sent.", brief)
    assert "it is sent." in house.last(LUC, "reply").text
    assert len(standing(house)) == 1
    assert house.last(ANN.email, "receipt").text.count("You are away from") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("#away soon", "I cannot read these days"),
        ("#away 7/12", "can be read in two ways"),
        ("#away 31 feb", "no such day"),
        ("#away 10 dec..7 dec", "The last day comes before the first"),
        ("#away 2026-11-20", "These days are over"),
        ("#away 2026-12-01..2028-12-01", "366 days at most"),
        ("#away 2036-12-01..2036-12-07", "within a year"),
        ("#away Tuesday 7 dec", "does not fit the date"),
        ("#away tomorrow backup dana", 'There is no colleague "dana"'),
        ("#away tomorrow backup ann", "You cannot be your own backup"),
        ("#back", "there is nothing to end"),
        ("#away today\n#back", "contradict each other"),
    ],
)
@pytest.mark.parametrize("way", ["ticket", "personal"])
def test_what_cannot_be_is_refused_kindly_and_nothing_runs(house: House, way: str, words: str, told: str) -> None:
    brief = asks(house)
    also = "#urgent\n" if way == "ticket" else ""
    house.agent_replies(f"{also}{words}", brief if way == "ticket" else welcome(house))
    assert told in " ".join(house.last(ANN.email, "refused").text.split())
    assert standing(house) == []
    assert house.ticket().priority == "normal"
    kept_promises(house)


def test_a_backup_who_has_left_is_refused(house: House) -> None:
    house.changes(agents=(ANN, replace(BEN, left=date(2026, 11, 20)), CLEO))
    house.agent_replies("#away tomorrow backup ben", welcome(house))
    assert "Ben Ode works here no longer" in house.last(ANN.email, "refused").text


# --- back -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", list(OnReturn))
@pytest.mark.parametrize("way", ["ticket", "personal"])
def test_back_ends_the_absence_now_by_the_operators_policy(tmp_path: Path, policy: OnReturn, way: str) -> None:
    house = with_desk(tmp_path, replace(DESK, absence=AbsencePolicy(on_return=policy)))
    brief = asks(house)
    house.agent_replies("#away today..7 dec backup ben", welcome(house))
    house.passes(hours=5)
    assert house.ticket().owner == "ben"
    before = len(house.sent_to(ANN.email))
    house.agent_replies("#back", brief if way == "ticket" else welcome(house))
    assert standing(house) == []
    told = house.sent_to(ANN.email)[before:]
    assert "Welcome back, Ann" in told[0].text
    match policy:
        case OnReturn.HAND_BACK:
            assert house.ticket().owner == "ann"
            assert [letter.notice for letter in told] == ["receipt", "assigned"]
        case OnReturn.KEEP:
            assert house.ticket().owner == "ben"
            assert "stay with the colleagues" in told[0].text
        case OnReturn.ASK:
            assert [letter.notice for letter in told] == ["absence"]
            assert house.ticket().owner == "ben"
            clients.follows(house, told[0], "#yes")
            assert house.ticket().owner == "ann"
    house.passes(minutes=2)
    kept_promises(house)


def test_back_where_nothing_moved_says_so(house: House) -> None:
    house.agent_replies("#away today..7 dec", welcome(house))
    house.agent_replies("#back", welcome(house))
    assert "no ticket had left you" in house.last(ANN.email, "receipt").text


def test_back_takes_the_next_planned_absence_back_and_tells_of_the_others(house: House) -> None:
    house.agent_replies("#away 1 dec..7 dec", welcome(house))
    house.agent_replies("#away 24 dec", welcome(house))
    house.agent_replies("#back", welcome(house))
    told = house.last(ANN.email, "receipt").text
    assert "Your absence from Tuesday 1 December to Monday 7 December is taken back." in told
    assert "Still planned: Thursday 24 December." in told
    assert [one.last_day for one in standing(house)] == [date(2026, 12, 24)]


def test_back_ends_an_absence_of_the_file_too_and_a_restart_does_not_bring_it_again(tmp_path: Path) -> None:
    ann = replace(ANN, away=((date(2026, 11, 20), date(2026, 12, 7)),), backup=BEN.id)
    house = with_desk(tmp_path, replace(DESK, agents=(ann, BEN, CLEO)))
    assert len(standing(house)) == 1
    house.agent_replies("#back", welcome(house))
    assert standing(house) == []
    house.open()
    house.takes_roll()
    assert standing(house) == []


# --- proof ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def trusting(house: House) -> House:
    house.changes(trust_agents=TrustAgents.TOKEN)
    return house


@pytest.mark.parametrize("way", ["ticket", "personal"])
def test_away_without_proof_waits_for_a_yes_and_all_of_its_mail_with_it(trusting: House, way: str) -> None:
    brief = asks(trusting)
    also = "#urgent\n" if way == "ticket" else "#list\n"
    row = trusting.agent_replies(
        f"{also}#away 1 dec..7 dec", brief if way == "ticket" else welcome(trusting), proven=False
    )
    assert trusting.mail(row).state == "quarantine"
    assert trusting.ticket().priority == "normal"
    question = trusting.last(ANN.email)
    assert question.notice == "confirm"
    assert "within 15 minutes" in question.text
    trusting.passes(minutes=14)
    clients.follows(trusting, question, "#yes", proven=False)
    assert [one.last_day for one in standing(trusting)] == [date(2026, 12, 7)]
    assert trusting.ticket().priority == ("urgent" if way == "ticket" else "normal")
    clients.follows(trusting, question, "#yes", proven=False)
    assert len(standing(trusting)) == 1
    kept_promises(trusting)


@pytest.mark.parametrize("way", ["ticket", "personal"])
def test_a_yes_after_fifteen_minutes_is_too_late_and_its_writer_hears_of_it(trusting: House, way: str) -> None:
    brief = asks(trusting)
    trusting.agent_replies("#away today", brief if way == "ticket" else welcome(trusting), proven=False)
    question = trusting.last(ANN.email, "confirm")
    trusting.passes(minutes=16)
    row = clients.follows(trusting, question, "#yes", proven=False)
    assert standing(trusting) == []
    assert trusting.ticket().owner == "ann"
    assert trusting.mail(row).state == "done"
    told = trusting.last(ANN.email)
    assert told.notice == "refused"
    assert "Your #yes came too late" in told.text
    assert "15 minutes" in told.text
    kept_promises(trusting)


def test_another_question_waits_seven_days_and_no_longer(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    brief = asks(house)
    house.agent_replies("#tag first", brief, proven=False)
    first = house.last(ANN.email, "confirm")
    house.agent_replies("#tag second", brief, proven=False)
    second = house.last(ANN.email, "confirm")
    house.passes(days=6, hours=23)
    clients.follows(house, first, "#yes", proven=False)
    assert house.ticket().tags == ("first",)
    house.passes(hours=2)
    clients.follows(house, second, "#yes", proven=False)
    assert house.ticket().tags == ("first",)
    assert "7 days" in house.last(ANN.email, "refused").text
    house.passes(days=30)
    clients.follows(house, second, "#yes", proven=False)
    assert house.ticket().tags == ("first",)
    assert len(house.tickets) == 1


def test_who_vouches_for_a_mail_is_not_asked_a_second_time_and_has_fifteen_minutes(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#away 1 dec..7 dec", asks(house), proven=False)
    questions = [letter for letter in house.sent_to(ANN.email) if letter.notice == "confirm"]
    assert len(questions) == 1
    assert "within 15 minutes" in questions[0].text
    clients.follows(house, questions[0], "#yes", proven=False)
    assert len(standing(house)) == 1
    assert len([letter for letter in house.sent_to(ANN.email) if letter.notice == "confirm"]) == 1


@pytest.mark.parametrize("words", ["#back", "#list", "#show 1", "#history 1", "#help"])
def test_other_words_of_the_personal_address_need_what_every_command_needs(trusting: House, words: str) -> None:
    asks(trusting)
    trusting.agent_replies("#away 1 dec..7 dec", welcome(trusting))
    trusting.agent_replies(words, welcome(trusting), proven=False)
    assert trusting.last(ANN.email).notice == {"#back": "receipt"}.get(words, words.split()[0].lstrip("#"))


def test_strict_trust_holds_what_is_not_proven_at_the_personal_address(house: House) -> None:
    house.changes(trust_agents=TrustAgents.STRICT, agents=(HOME, BEN, CLEO))
    asks(house)
    row = house.receives("#list", author="Ann <ann@home.example>", to=welcome(house)["Reply-To"], proven=False)
    assert because(house, row).startswith("held: ")
    assert house.last(ANN.email).notice == "held"
    assert house.sent_to("ann@home.example") == []


def test_what_is_held_at_the_personal_address_is_told_once_an_hour(house: House) -> None:
    house.changes(trust_agents=TrustAgents.STRICT)
    for number in range(5):
        house.agent_replies(f"#show {number}", welcome(house), proven=False)
        house.passes(minutes=2)
    assert len([letter for letter in house.sent_to(ANN.email) if letter.notice == "held"]) == 1
    house.passes(hours=1)
    held = [letter for letter in house.sent_to(ANN.email) if letter.notice == "held"]
    assert len(held) == 2
    assert held[1].text.count("Nothing proves its sender") == 4
    assert "#0" not in held[1].text
    kept_promises(house)


def test_proof_at_the_personal_address_is_remembered(house: House) -> None:
    house.agent_replies("#list", welcome(house))
    house.agent_replies("#tag forged", asks(house), proven=False)
    assert house.ticket().tags == ()
    assert house.last(ANN.email).notice == "held"


def test_without_subaddresses_away_is_asked_about_in_a_reply(tmp_path: Path) -> None:
    house = with_desk(tmp_path, replace(DESK, subaddress=""))
    assert [letter for letter in house.sent if letter.notice == "welcome"] == []
    house.agent_replies("#away 1 dec..7 dec", asks(house), proven=False)
    question = house.last(ANN.email, "confirm")
    house.agent_replies("#yes", question, proven=False)
    assert len(standing(house)) == 1


# --- forged ---------------------------------------------------------------------------------------------------------


def test_away_from_another_address_with_the_token_moves_nothing(house: House) -> None:
    brief = asks(house)
    house.receives("#away today", author=EVE, to=brief["Reply-To"])
    house.receives("#away today", author=EVE, to=welcome(house)["Reply-To"])
    house.receives("#away today", author=f"Ben <{BEN.email}>", to=welcome(house)["Reply-To"])
    assert standing(house) == []
    assert standing(house, "ben") == []
    assert house.ticket().owner == "ann"


def test_away_with_a_customers_token_moves_nothing(house: House) -> None:
    asks(house)
    stolen = house.last(LUC)["Reply-To"]
    house.receives("#away today", author=f"Ann <{ANN.email}>", to=stolen, proven=False)
    house.receives("#away today", to=stolen)
    house.receives("#away today", author=f"Ann <{ANN.email}>", to="support@desk.example")
    assert standing(house) == []


def test_a_yes_of_somebody_else_declares_nothing(trusting: House) -> None:
    asks(trusting)
    trusting.agent_replies("#away today", welcome(trusting), proven=False)
    question = trusting.last(ANN.email, "confirm")
    clients.follows(trusting, question, "#yes", agent=BEN)
    assert standing(trusting) == []


def test_fifty_forged_words_move_nothing_and_ask_ten_times_an_hour_at_most(trusting: House) -> None:
    asks(trusting)
    for _ in range(50):
        trusting.agent_replies("#away today", welcome(trusting), proven=False)
    assert standing(trusting) == []
    assert trusting.ticket().owner == "ann"
    assert len([letter for letter in trusting.sent_to(ANN.email) if letter.notice == "confirm"]) == 10


def test_an_automatic_mail_to_the_personal_address_carries_out_nothing(house: House) -> None:
    house.agent_replies("#away today", welcome(house), headers=[("Auto-Submitted", "auto-generated")])
    assert standing(house) == []


def test_two_authors_speak_for_nobody_at_the_personal_address(house: House) -> None:
    author = f"Ann <{ANN.email}>, {EVE}"
    house.receives("#away today", author=author, to=welcome(house)["Reply-To"], sender=ANN.email)
    assert standing(house) == []


# --- the personal address -------------------------------------------------------------------------------------------


def test_an_agent_sees_tickets_without_a_ticket(house: House) -> None:
    asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("#list\n#show 1\n#history 1\n#help", welcome(house))
    told = {letter.notice: letter for letter in house.sent_to(ANN.email)[-4:]}
    assert "#1" in told["list"].text
    assert "Invoice 77 shows two licences." in told["show"].text
    assert "Invoice 77 wrong" in told["show"].text
    assert "opened" in told["history"].text
    assert "#away FROM..TO" in told["help"].text
    for letter in told.values():
        assert letter["Reply-To"] == welcome(house)["Reply-To"]
        assert letter["X-Maild-Ticket"] == ""
        assert letter["In-Reply-To"]
    assert len(house.sent_to(LUC)) == before
    assert [event.event for event in house.history()].count("shown") == 0
    kept_promises(house)


def test_list_team_shows_the_tickets_of_all_the_agents_teams(house: House) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, members=(BEN.id, ANN.id))))
    asks(house)
    house.receives("My bill.", to="billing@desk.example", subject="Bill")
    house.agent_replies("#list team", welcome(house))
    listed = house.last(ANN.email, "list").text
    assert "Invoice 77 wrong" in listed
    assert "Bill" in listed


def test_private_tickets_are_not_shown_at_the_personal_address(house: House) -> None:
    secret = Team(TeamId("legal"), "Legal", (BEN.id,), private=True, address="legal@desk.example")
    house.changes(teams=(SUPPORT, BILLING, secret))
    house.receives("Our contract is void.", to="legal@desk.example", subject="Contract")
    for words in ("#show 1", "#history 1", "#show 99"):
        house.agent_replies(words, welcome(house))
        assert house.last(ANN.email).notice == "refused"
        assert "that you may see" in house.last(ANN.email).text
    assert all("void." not in letter.text for letter in house.sent_to(ANN.email))
    house.agent_replies("#show 1", welcome(house, BEN.email), agent=BEN)
    assert "Our contract is void." in house.last(BEN.email, "show").text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Dear Luc, it is sent.", "This address takes #away, #back, #list"),
        ("#solved\nIt is sent.", '"#solved" is about one ticket'),
        ("#note\nfor us", '"#note" is about one ticket'),
        ("#list\n#urgent", '"#priority" is about one ticket'),
        ("#show", 'as in "#show 1042"'),
        ("#yes", "no question that this #yes could answer"),
        ("#lsit", 'Did you mean "#list"'),
        ("", "This address takes #away, #back, #list"),
    ],
)
def test_other_words_are_refused_with_what_the_address_takes_and_the_text_comes_back(
    house: House, words: str, told: str
) -> None:
    asks(house)
    before = len(house.sent_to(LUC))
    row = house.agent_replies(words, welcome(house))
    refused = house.last(ANN.email)
    assert refused.notice == "refused"
    assert told in " ".join(refused.text.split())
    assert all(line in refused.text for line in words.splitlines())
    assert house.mail(row).state == "done"
    assert len(house.sent_to(LUC)) == before
    assert len(house.tickets) == 1
    assert house.ticket().status == "open"
    kept_promises(house)


def test_text_below_a_command_goes_to_nobody_and_comes_back(house: House) -> None:
    asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("#list\nDear Luc, it is sent.", welcome(house))
    assert house.sent_to(ANN.email)[-1].notice == "list"
    receipt = house.last(ANN.email, "receipt").text
    assert "went to nobody" in receipt
    assert "Dear Luc, it is sent." in receipt
    assert len(house.sent_to(LUC)) == before


def test_receipts_follow_the_policy_at_the_personal_address(house: House) -> None:
    house.changes(receipts=Receipts.NEVER)
    house.agent_replies("#away 1 dec..7 dec", welcome(house))
    assert len(standing(house)) == 1
    assert house.last(ANN.email).notice == "welcome"


def test_a_tickets_address_leads_where_a_mail_has_both(house: House) -> None:
    brief = asks(house)
    to = f"{welcome(house)['Reply-To']}, {brief['Reply-To']}"
    house.receives("We look.", author=f"Ann <{ANN.email}>", to=to, rcpt=to.split(", "), subject="x")
    assert "We look." in house.last(LUC, "reply").text


def test_a_personal_address_in_a_strangers_hands_is_void_and_a_fresh_one_works(house: House) -> None:
    asks(house)
    old = welcome(house)
    house.receives("#list", author=EVE, to=old["Reply-To"], subject="Hello")
    assert house.ticket(2).requester.address == "eve@elsewhere.example", "it counts as mail to the plain address"
    told = welcome(house)
    assert "eve@elsewhere.example" in told.text
    assert told["Reply-To"] != old["Reply-To"]
    assert all(letter.notice != "list" for letter in house.sent)
    house.now += house.desk.settle
    row = house.agent_replies("#list", old)
    assert because(house, row).startswith("held: ")
    held = house.last(ANN.email, "held")
    assert held["Reply-To"] == told["Reply-To"]
    house.agent_replies("#list", held)
    assert house.last(ANN.email).notice == "list"
    house.agent_replies("#list", told)
    assert len([letter for letter in house.sent_to(ANN.email) if letter.notice == "list"]) == 2
    kept_promises(house)


def test_a_customer_who_writes_to_a_personal_address_is_heard(house: House) -> None:
    asks(house)
    house.receives("I forgot the number: 4.", to=f"{house.last(LUC)['Reply-To']}, {welcome(house)['Reply-To']}")
    assert house.entries()[-1].text == "I forgot the number: 4."
    assert "came to your personal address" in welcome(house).text


def test_a_personal_address_beside_a_customers_is_void_and_the_words_still_count(house: House) -> None:
    asks(house)
    old = welcome(house)
    house.agent_replies("#list", old, headers=[("Cc", f"Luc Petit <{LUC}>")])
    assert house.last(ANN.email, "list")["Reply-To"] != old["Reply-To"]
    assert f"beside {LUC}" in welcome(house).text
    assert welcome(house)["Reply-To"] == house.last(ANN.email, "list")["Reply-To"]
    kept_promises(house)


def test_a_personal_address_beside_a_colleagues_stays(house: House) -> None:
    old = welcome(house)
    house.agent_replies("#away 1 dec..7 dec", old, headers=[("Cc", f"{BEN.email}, ops@desk.example")])
    assert house.last(ANN.email, "receipt")["Reply-To"] == old["Reply-To"]


def test_a_colleague_who_writes_to_somebody_elses_personal_address_gets_their_own(house: House) -> None:
    row = house.receives("#list", author=f"Ben <{BEN.email}>", to=welcome(house)["Reply-To"])
    assert because(house, row).startswith("held: ")
    held = house.last(BEN.email, "held")
    house.agent_replies("#list", held, agent=BEN)
    assert house.last(BEN.email).notice == "list"
    assert "ben@agents.example" in welcome(house).text


def test_a_personal_address_of_four_hundred_days_is_too_old_and_a_fresh_one_comes(house: House) -> None:
    asks(house)
    old = welcome(house)
    house.passes(days=402)
    row = house.agent_replies("#list", old)
    assert because(house, row).startswith("held: ")
    house.agent_replies("#list", house.last(ANN.email, "held"))
    assert house.last(ANN.email).notice == "list"


def test_an_agent_who_has_left_may_do_nothing_at_the_personal_address(house: House) -> None:
    asks(house)
    mail = welcome(house)
    house.changes(agents=(replace(ANN, left=date(2026, 11, 20)), BEN, CLEO))
    before = len(house.sent_to(ANN.email))
    house.agent_replies("#list", mail)
    assert all(letter.notice != "list" for letter in house.sent_to(ANN.email)[before:])


# --- new work by hand -----------------------------------------------------------------------------------------------


def test_nobody_is_assigned_to_who_is_away(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#away today..7 dec backup cleo", welcome(house, BEN.email), agent=BEN)
    house.agent_replies("#assign ben because Ben knows the contracts", brief)
    told = " ".join(house.last(ANN.email, "refused").text.split())
    assert "Ben Ode is away until Monday 7 December and gets no new tickets." in told
    assert '"#assign Cleo Roy because …"' in told
    assert house.ticket().owner == "ann"
    house.agent_replies("#assign Cleo Roy because Cleo covers", brief)
    assert house.ticket().owner == "cleo"


def test_who_is_away_takes_nothing_before_they_are_back(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#away today..7 dec backup ben", welcome(house))
    house.agent_replies("#take because I know it", brief)
    assert "write #back on the line above" in " ".join(house.last(ANN.email, "refused").text.split())
    assert house.ticket().owner == "ben"
    house.agent_replies("#back\n#take because I know it", brief)
    assert house.ticket().owner == "ann"
    assert standing(house) == []


def test_who_is_away_can_answer_and_does_not_become_the_owner(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, BEN.id)), BILLING))
    brief = asks(house)
    house.agent_replies("#away today..7 dec backup ben", welcome(house))
    house.agent_replies("#release because others can, too", house.last(BEN.email, "assigned"), agent=BEN)
    assert house.ticket().owner is None
    house.receives("I answer from the train.", author=f"Ann <{ANN.email}>", to=brief["Reply-To"], subject="x")
    assert "from the train" in house.last(LUC).text
    assert house.ticket().owner is None
