"""An agent's address that takes no mail tells the desk of an absence, once it is sure; what is forged moves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.absence import Leave, Source, Stage
from maild.courier import Outcome, Refused
from maild.courier import Sent as Accepted
from maild.desk import OnReturn
from maild.mail import Outgoing
from tests.stories.absent import LUC, asks, checked, moves, opened, standing, told
from tests.stories.house import ANN, CLEO, House, Letter
from tests.stories.test_robots import bounce

OPS = "ops@desk.example"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with checked(opened(tmp_path)) as built:
        yield built


def fails(house: House, about: Letter, status: str = "5.1.1", *, signed: bool = True) -> int:
    """A report of failure comes in about a mail of ours."""
    to = about.outgoing.envelope.sender if signed else "support@desk.example"
    return house.takes(bounce(about, to=to, status=status), "", (to,))


def dead(address: str, answer: str) -> object:
    def answers(mail: Outgoing) -> Outcome:
        return Refused(answer) if mail.envelope.recipient == address else Accepted("250 ok")

    return answers


def test_an_address_that_refuses_a_mail_and_an_hour_later_the_probe_means_that_nobody_is_there(house: House) -> None:
    house.letterbox.answer = dead(ANN.email, "550 5.1.1 <ann@agents.example>: user unknown")  # type: ignore[assignment]
    house.receives("Invoice 77 shows two licences.")
    assert house.ticket().owner == "ann"
    assert [one.stage for one in standing(house)] == [Stage.DOUBTED]
    assert (house.last(CLEO.email).notice, house.last(OPS).notice) == ("undeliverable", "undeliverable")
    house.passes(minutes=59)
    assert house.ticket().owner == "ann"
    house.passes(minutes=2)
    (absence,) = standing(house)
    assert (absence.stage, absence.leave, absence.source) == (Stage.BEGUN, Leave.UNPLANNED, Source.BOUNCE)
    assert absence.until is None
    assert house.ticket().owner == "ben"
    assert (
        "Ann Lee is away, nobody knows until when: the address took no mail twice." in told(house, CLEO.email)[-1].text
    )
    house.passes(minutes=2)
    assert moves(house)[0]["X-Maild-Reason"] == "absence.unplanned; Ann Lee is away."
    house.passes(days=3)
    assert (len(moves(house)), len(told(house, CLEO.email))) == (1, 1)


def test_two_reports_to_our_signed_addresses_an_hour_apart_mean_the_same(house: House) -> None:
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first)
    house.passes(minutes=61)
    fails(house, second, "5.2.1")
    assert {house.ticket(1).owner, house.ticket(2).owner} == {"ben"}


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.0.0", "4.2.1", ""])
def test_a_failure_that_says_nothing_of_the_address_moves_nothing(house: House, status: str) -> None:
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first, status)
    house.passes(minutes=61)
    fails(house, second, status)
    house.passes(hours=2)
    assert standing(house) == []
    assert house.ticket().owner == "ann"


@pytest.mark.parametrize("answer", ["550 5.7.1 rejected as spam", "550 user unknown", "554 no 5.1.1 here"])
def test_a_refusal_that_says_nothing_of_the_address_moves_nothing(house: House, answer: str) -> None:
    house.letterbox.answer = dead(ANN.email, answer)  # type: ignore[assignment]
    house.receives("Invoice 77 shows two licences.")
    house.passes(hours=2)
    assert standing(house) == []
    assert house.last(CLEO.email).notice == "undeliverable"


def test_a_forged_report_without_our_signed_address_moves_nothing(house: House) -> None:
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first, signed=False)
    house.passes(minutes=61)
    fails(house, second, signed=False)
    assert standing(house) == []
    assert house.sent_to(OPS) == []


def test_a_report_about_a_customers_mail_says_nothing_of_an_agent(house: House) -> None:
    asks(house)
    fails(house, house.last(LUC))
    assert standing(house) == []


def test_one_failure_alone_is_forgotten_after_a_day(house: House) -> None:
    fails(house, asks(house))
    house.passes(hours=1)
    (probe,) = told(house, ANN.email)
    assert "your mail address refused a mail of ours" in probe.text
    house.passes(days=1)
    assert standing(house) == []
    fails(house, asks(house, subject="Another thing"))
    assert [one.stage for one in standing(house)] == [Stage.DOUBTED], "it begins anew"


def test_two_failures_within_a_minute_and_the_same_mail_an_hour_later_are_one_doubt(house: House) -> None:
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first)
    house.passes(seconds=40)
    fails(house, second)
    assert [one.stage for one in standing(house)] == [Stage.DOUBTED]
    house.passes(minutes=61)
    fails(house, first, "5.1.10")
    assert [one.stage for one in standing(house)] == [Stage.DOUBTED]
    assert house.ticket().owner == "ann"


def test_a_mail_of_the_agents_ends_the_doubt(house: House) -> None:
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first)
    house.passes(minutes=30)
    house.agent_replies("I ask the bank.", second)
    assert standing(house) == []
    house.passes(minutes=40)
    fails(house, second)
    assert [one.stage for one in standing(house)] == [Stage.DOUBTED]


@pytest.mark.parametrize("policy", [OnReturn.HAND_BACK, OnReturn.KEEP])
def test_a_mail_of_the_agents_ends_an_absence_that_refusals_told_of(tmp_path: Path, policy: OnReturn) -> None:
    house = opened(tmp_path, on_return=policy)
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first)
    house.passes(minutes=61)
    fails(house, second)
    assert house.ticket().owner == "ben"
    house.passes(hours=5)
    house.agent_replies("#note My mailbox was full; here I am.", first)
    assert standing(house) == []
    assert house.ticket(2).owner == ("ann" if policy is OnReturn.HAND_BACK else "ben")


def test_without_sub_addresses_a_report_is_tied_by_our_message_id(tmp_path: Path) -> None:
    house = opened(tmp_path, subaddress="")
    first, second = asks(house), asks(house, subject="Another thing")
    fails(house, first)
    house.passes(minutes=61)
    fails(house, second)
    assert house.ticket().owner == "ben"
