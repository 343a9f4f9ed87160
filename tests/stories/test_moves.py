"""When the contact changes: who is told what, when, and only once."""

from __future__ import annotations

from dataclasses import replace

from maild.courier import Deferred, Outcome, Sent
from maild.desk import Assign
from maild.mail import Outgoing
from tests.stories.house import ANN, BEN, BILLING, CLEO, SUPPORT, House, Letter

LUC = "luc@customer.example"
TAG = "Re: [#1] Invoice 77 wrong"


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


def moves(house: House) -> list[Letter]:
    return [letter for letter in house.sent_to(LUC) if letter.notice in {"owner-changed", "owner-set"}]


def test_a_move_is_told_once_after_the_settle_window(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.passes(seconds=30)
    assert moves(house) == []
    house.passes(seconds=31)
    assert len(moves(house)) == 1
    house.passes(hours=2)
    assert len(moves(house)) == 1


def test_moves_within_the_window_are_one_mail_that_names_whom_the_customer_knew(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.now += house.desk.settle / 3
    house.agent_replies("#assign cleo because Ben is busy", house.last(BEN.email), agent=BEN)
    house.passes(seconds=41)
    (told,) = moves(house)
    assert told["X-Maild-Previous-Owner"] == "Ann Lee"
    assert told["X-Maild-Owner"] == "Cleo Roy"
    assert "(before: Ann Lee)" in told.text
    assert "Ben is busy" in told.text
    assert "Ben is busy" in told["X-Maild-Reason"]


def test_a_net_change_of_nothing_is_not_told(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("#assign ann because I was wrong", house.last(BEN.email), agent=BEN)
    house.passes(minutes=5)
    assert moves(house) == []


def test_a_reply_within_the_window_tells_the_move_in_the_same_mail(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("I take over, Luc.", house.last(BEN.email), agent=BEN)
    (told,) = moves(house)
    assert "I take over, Luc." in told.text
    assert told["X-Maild-Previous-Owner"] == "Ann Lee"
    assert told["Auto-Submitted"] == ""
    house.passes(minutes=5)
    assert len(moves(house)) == 1


def test_a_move_and_a_status_in_one_mail_are_told_in_one_mail(house: House) -> None:
    house.agent_replies("#assign ben because Ben knows\n#pending", asks(house))
    told = house.last(LUC)
    assert told.notice == "owner-changed"
    assert told["X-Maild-Status"] == "pending"
    house.passes(minutes=5)
    assert house.last(LUC) == told


def test_a_ticket_that_was_solved_within_the_window_tells_the_contact_with_it(house: House) -> None:
    house.agent_replies("#assign ben because Ben knows", asks(house))
    house.agent_replies("#solved", house.last(BEN.email), agent=BEN)
    assert len(moves(house)) == 1
    house.passes(minutes=5)
    assert len(moves(house)) == 1


def test_the_successors_brief_leaves_before_the_customers_mail(house: House) -> None:
    late: list[str] = [BEN.email]

    def answer(mail: Outgoing) -> Outcome:
        return Deferred("451 later") if mail.envelope.recipient in late else Sent("250 ok")

    brief = asks(house)
    house.letterbox.answer = answer
    house.agent_replies("#assign ben because Ben knows", brief)
    house.passes(seconds=61)
    assert moves(house) == []
    house.passes(minutes=5, seconds=1)
    assert len(moves(house)) == 1
    late.clear()
    house.passes(hours=1)
    assert house.last(BEN.email).notice == "assigned"


def test_a_reply_that_tells_of_the_move_waits_for_the_brief_as_well(house: House) -> None:
    late: list[str] = [BEN.email]

    def answer(mail: Outgoing) -> Outcome:
        return Deferred("451 later") if mail.envelope.recipient in late else Sent("250 ok")

    brief = asks(house)
    house.letterbox.answer = answer
    house.agent_replies("#assign ben because Ben knows\nBen goes on, Luc.", brief)
    assert moves(house) == []
    late.clear()
    house.passes(minutes=2)
    assert [letter.to for letter in house.sent[-2:]] == [BEN.email, LUC]
    assert "Ben goes on, Luc." in house.last(LUC).text


def test_the_owner_before_hears_of_it_and_the_new_one_needs_to_ask_nothing(house: House) -> None:
    brief = asks(house)
    house.agent_replies("Which year?", brief)
    house.receives("It is 2026.", answers=house.last(LUC))
    house.receives("#assign ben because Ben knows", author=f"Cleo <{CLEO.email}>", subject=TAG)
    assert house.last(ANN.email).notice == "note"
    assert "Ben knows" in house.last(ANN.email).text
    told = house.last(BEN.email)
    for words in ("Invoice 77 shows two licences.", "Which year?", "It is 2026.", "Ben knows"):
        assert words in told.text


def test_a_team_without_an_owner_is_told_as_the_contact(house: House) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, assign=Assign.NONE)))
    house.agent_replies("#team billing because it is about money", asks(house))
    house.passes(seconds=61)
    (told,) = moves(house)
    assert "Our accounts team" in told.text
    assert told["X-Maild-Owner"] == ""
    assert told["X-Maild-Previous-Owner"] == "Ann Lee"
    assert "it is about money" in told.text


def test_an_owner_after_nobody_is_set_and_not_changed(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, assign=Assign.NONE), BILLING))
    house.agent_replies("#assign ben because Ben knows", asks(house))
    house.passes(seconds=61)
    (told,) = moves(house)
    assert told.notice == "owner-set"
    assert told["X-Maild-Previous-Owner"] == ""


def test_a_reason_that_names_an_agents_address_is_told_without_it(house: House) -> None:
    house.agent_replies("#assign ben because ben@agents.example is the one to ask", asks(house))
    house.passes(seconds=61)
    (told,) = moves(house)
    assert "is the one to ask" in told.text
    assert BEN.email not in told.outgoing.content.decode()


def test_a_move_of_a_solved_ticket_is_not_told_by_itself(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#solved", brief)
    house.agent_replies("#assign ben because Ben keeps the files", brief)
    house.passes(minutes=5)
    assert moves(house) == []


def test_the_history_says_who_moved_it_and_why(house: House) -> None:
    house.agent_replies("#assign ben because Ben knows", asks(house))
    moved = next(event for event in reversed(house.history()) if event.event == "owner")
    assert (moved.who, moved.before, moved.after, moved.text) == ("Ann Lee", "ann", "ben", "Ben knows")
