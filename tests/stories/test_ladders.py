"""Ladders: whom a ticket climbs to when it is late or urgent, who is passed over, and who hears what, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from maild.desk import Agent, AgentId, Assign, Ladder, Team, TeamId
from maild.promise import Clock
from tests.stories.house import ANN, BEN, CLEO, DESK, House, Letter
from tests.stories.promised import (
    KEEPS_TIME,
    LUC,
    TEAM,
    THURSDAY,
    asks,
    at,
    broken_ones,
    due,
    left_at,
    notices,
    played,
    row,
    runs,
    runs_until,
    standing,
)

DANA = Agent(AgentId("dana"), "Dana Kim", "dana@agents.example")
EVE = Agent(AgentId("eve"), "Eve Sol", "eve@agents.example")
EXPERTS = Team(TeamId("experts"), "Experts", (DANA.id, EVE.id), "our experts", hours="office", sla="standard")
RUNGS = (BEN.id, "team:experts", CLEO.id)
TALL = replace(
    KEEPS_TIME,
    agents=(ANN, BEN, CLEO, DANA, EVE),
    teams=(replace(TEAM, members=(ANN.id,)), EXPERTS, *DESK.teams[1:]),
    ladders=(Ladder(TeamId("support"), RUNGS), Ladder(TeamId("experts"), (CLEO.id,))),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from played(House(tmp_path, desk=TALL, now=THURSDAY))


def climbs(house: House, text: str = "#escalate because it burns") -> None:
    """Whoever has the ticket sends it up."""
    owner = house.desk.agent(house.ticket().owner) or DANA
    house.agent_replies(text, house.last(owner.email, "assigned"), agent=owner)
    house.passes(minutes=1)


def stands(house: House) -> tuple[str | None, str, int]:
    ticket = house.ticket()
    return ticket.owner, ticket.team, ticket.level


def absent(house: House, *agents: Agent) -> None:
    """The operator's file says that these are away."""
    away = ((date(2026, 11, 1), date(2026, 11, 30)),)
    gone = {agent.id for agent in agents}
    house.changes(agents=tuple(replace(one, away=away) if one.id in gone else one for one in house.desk.agents))
    house.takes_roll()


# --- the rungs ---


def test_each_miss_takes_the_ticket_one_rung_up_and_the_customer_hears_each_time_who_has_it(house: House) -> None:
    asks(house)
    rungs = []
    for _ in range(4):
        promised = house.ticket().promised_at
        assert promised is not None
        runs_until(house, promised)
        rungs.append(stands(house))
        assert left_at(house.sent_to(LUC)[-1]) < promised
    assert rungs == [
        ("ben", "support", 2),
        ("dana", "experts", 3),
        ("cleo", "experts", 4),
        ("cleo", "experts", 4),
    ]
    assert notices(house) == ["received", "owner-changed", "owner-changed", "owner-changed", "delayed"]
    told = house.sent_to(LUC)[1:]
    for letter, name in zip(told, ("Ben Ode", "Dana Kim", "Cleo Roy", "Cleo Roy"), strict=True):
        assert row(letter, "Your contact").startswith(name)
        assert letter["X-Maild-Owner"] == name
        if letter.notice == "owner-changed":
            assert letter["X-Maild-Reason"].startswith("escalation.clock; ")


def test_a_team_that_gives_work_to_nobody_has_the_rung_as_a_team(house: House) -> None:
    house.changes(teams=tuple(replace(team, assign=Assign.NONE) for team in house.desk.teams))
    house.receives("The invoice is wrong.")
    assert house.ticket().owner is None
    house.agent_replies("#escalate 3 because it burns", house.last(ANN.email, "assigned"))
    assert stands(house) == (None, "experts", 3)
    for agent in (DANA, EVE):
        assert notices(house, agent.email) == ["assigned"]
    assert row(house.last(LUC, "escalated"), "Your contact") == "Our experts"


def test_the_least_busy_of_a_team_has_the_rung(house: House) -> None:
    house.receives("Help.", to="support@desk.example", author="mia@customer.example")
    house.agent_replies("#assign dana because Dana knows", house.last(ANN.email, "assigned"))
    house.receives("The invoice is wrong.")
    house.agent_replies("#escalate 3 because it burns", house.last(ANN.email, "assigned"))
    assert house.ticket(2).owner == "eve"


def test_who_is_away_is_passed_over_be_it_an_agent_or_a_whole_team(house: House) -> None:
    brief = asks(house)
    absent(house, BEN)
    house.agent_replies("#escalate because it burns", brief)
    assert stands(house) == ("dana", "experts", 3)


def test_a_team_of_which_nobody_is_there_is_passed_over(house: House) -> None:
    brief = asks(house)
    absent(house, BEN, DANA, EVE)
    house.agent_replies("#escalate because it burns", brief)
    assert stands(house) == ("cleo", "support", 4)


def test_who_asked_is_never_given_the_ticket(house: House) -> None:
    house.receives("My own chair is broken.", author=f"Ben Ode <{BEN.email}>")
    house.agent_replies("#escalate because it burns", house.last(ANN.email, "assigned"))
    assert stands(house) == ("dana", "experts", 3)
    assert not {"assigned", "warning", "note"} & set(notices(house, BEN.email))


def test_at_the_top_a_late_ticket_stays_and_its_people_hear_of_it(house: House) -> None:
    house.changes(ladders=(Ladder(TeamId("support"), (BEN.id,)),))
    asks(house)
    climbs(house)
    runs_until(house, due(house, Clock.FIRST_REPLY))
    assert stands(house) == ("ben", "support", 2)
    assert notices(house)[-1] == "delayed"
    assert "ESCALATE" not in house.last(LUC, "delayed").text.partition("Ticket")[0]
    assert notices(house, BEN.email) == ["assigned", "warning", "warning"]


# --- an agent's word ---


def test_an_agent_sends_it_up_with_a_reason_that_the_customer_reads(house: House) -> None:
    house.agent_replies("#escalate because it needs a key that only Ben has", asks(house))
    assert stands(house) == ("ben", "support", 2)
    told = house.last(LUC, "owner-changed")
    assert 'Ann Lee writes: "it needs a key that only Ben has."' in told.text
    assert told["X-Maild-Reason"].startswith("escalation.level; ")
    assert due(house, Clock.FIRST_REPLY) == at(19, "14:00"), "the date stands"


def test_a_level_that_is_named_is_gone_to_at_once_and_one_that_is_not_there_is_refused(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#escalate 9 because it burns", brief)
    refused = house.last(ANN.email, "refused")
    assert "ben, team:experts, cleo" in refused.text
    assert stands(house) == ("ann", "support", 1)
    house.agent_replies("#escalate 4 because it burns", brief)
    assert stands(house) == ("cleo", "support", 4)


def test_a_level_that_lies_below_is_no_way_up(house: House) -> None:
    house.agent_replies("#escalate 4 because it burns", asks(house))
    house.agent_replies("#escalate 2 because it still burns", house.last(CLEO.email, "assigned"), agent=CLEO)
    assert notices(house, CLEO.email)[-1] == "refused"
    assert stands(house) == ("cleo", "support", 4)


def test_without_a_reason_nothing_goes_up(house: House) -> None:
    house.agent_replies("#escalate", asks(house))
    assert notices(house, ANN.email)[-1] == "refused"
    assert stands(house) == ("ann", "support", 1)


def test_words_to_the_customer_and_the_way_up_are_one_mail(house: House) -> None:
    house.agent_replies("#escalate because it burns\n\nBen writes to you soon.", asks(house))
    told = house.last(LUC)
    assert notices(house) == ["received", "owner-changed"]
    assert "Ben writes to you soon." in told.text
    assert row(told, "Your contact") == "Ben Ode (before: Ann Lee)"


# --- the customer's word ---


def escalates(house: House) -> Letter:
    house.receives("ESCALATE", answers=house.sent_to(LUC)[-1])
    return house.sent_to(LUC)[-1]


def test_a_customer_goes_up_once_a_day_and_hears_who_takes_it_up(house: House) -> None:
    house.changes(teams=tuple(replace(team, sla="") for team in house.desk.teams))
    asks(house)
    assert row(escalates(house), "Your contact").startswith("Ben Ode")
    told = escalates(house)
    assert told.notice == "status"
    assert stands(house) == ("ben", "support", 2)
    assert "urgent" in told.text
    assert notices(house, BEN.email)[-1] == "note", "who has it hears that the customer asks for more"
    runs(house, hours=25)
    assert escalates(house).notice == "owner-changed"


def test_without_a_ladder_it_goes_to_the_lead_and_then_to_an_admin_and_then_to_nobody(house: House) -> None:
    lead = replace(TEAM, members=(ANN.id,), lead=BEN.id, sla="")
    house.changes(ladders=(), teams=(lead, *house.desk.teams[1:]))
    asks(house)
    assert row(escalates(house), "Your contact").startswith("Ben Ode")
    runs(house, hours=25)
    assert row(escalates(house), "Your contact").startswith("Cleo Roy")
    runs(house, hours=25)
    told = escalates(house)
    assert told.notice == "status"
    assert stands(house) == ("cleo", "support", 3)
    assert notices(house, CLEO.email)[-1] == "note"


def test_where_nobody_is_above_the_mail_offers_no_escalation(house: House) -> None:
    nobody = tuple(replace(agent, admin=False) for agent in house.desk.agents)
    house.changes(ladders=(), agents=nobody, teams=(replace(TEAM, members=(ANN.id,), lead=None), EXPERTS))
    asks(house)
    runs_until(house, due(house, Clock.FIRST_REPLY))
    assert notices(house) == ["received", "delayed"]
    assert "ESCALATE" not in house.last(LUC).text
    told = escalates(house)
    assert told.notice == "status"
    assert stands(house) == ("ann", "support", 1)
    assert "was told now that it is urgent for you" in told.text


# --- on the way ---


def test_climbing_goes_on_on_the_ladder_that_it_began_on(house: House) -> None:
    asks(house)
    climbs(house)
    climbs(house)
    assert stands(house) == ("dana", "experts", 3), "the experts have a ladder of their own, on which cleo is level 2"
    climbs(house)
    assert stands(house) == ("cleo", "experts", 4)


def test_another_team_begins_at_the_foot_of_its_own_ladder(house: House) -> None:
    asks(house)
    climbs(house)
    climbs(house, "#team experts because they built it")
    assert stands(house) == ("dana", "experts", 1)
    climbs(house)
    assert stands(house) == ("cleo", "experts", 2)


def test_the_successor_is_briefed_before_the_customers_mail_leaves_and_the_owner_before_is_told(house: House) -> None:
    asks(house)
    runs_until(house, due(house, Clock.FIRST_REPLY))
    order = [(letter.to, letter.notice) for letter in house.sent]
    brief, customer = order.index((BEN.email, "assigned")), order.index((LUC, "owner-changed"))
    assert brief < customer
    assert notices(house, ANN.email) == ["assigned", "warning", "note"]
    assert "Ben Ode has #1 now" in house.last(ANN.email, "note").text
    assert "The invoice is wrong." in house.last(BEN.email, "assigned").text
    assert [one.clock for one in broken_ones(house)] == [Clock.FIRST_REPLY]


def test_a_warning_says_what_happens_when_and_to_whom_it_goes(house: House) -> None:
    asks(house)
    runs_until(house, at(19, "13:10"))
    told = house.last(ANN.email, "warning").text
    assert "Thursday 19 November, 14:00" in told
    assert "13:30" in told
    assert "Ben Ode" in told
    house.agent_replies("I look into it.", house.last(ANN.email, "assigned"))
    assert standing(house)[0] == ("first-reply", "kept")
    runs_until(house, at(19, "17:30"))
    assert stands(house) == ("ann", "support", 1)


def test_an_owner_who_is_away_when_it_gets_late_is_not_asked_and_the_rung_has_it(house: House) -> None:
    asks(house)
    absent(house, ANN)
    house.passes(minutes=2)
    assert house.ticket().owner != "ann"
    runs_until(house, at(19, "14:00"))
    assert stands(house)[0] in {"ben", "dana"}
    assert "warning" not in notices(house, ANN.email)
