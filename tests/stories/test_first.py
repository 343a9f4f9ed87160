"""The main story: a customer asks, an agent answers, the ticket moves, it is solved."""

from __future__ import annotations

from tests.stories.house import ANN, BEN, House

LUC = "luc@customer.example"


def test_a_customer_asks_ann_answers_and_ben_takes_over(house: House) -> None:
    house.receives("Invoice 77 shows two licences, but we ordered one.")
    ack = house.last(LUC)
    assert ack.notice == "received"
    assert ack["Subject"] == "[#1] Invoice 77 wrong"
    brief = house.last(ANN.email)
    assert brief.notice == "assigned"
    house.agent_replies("We look into it.\n\nAnn", brief)
    reply = house.last(LUC)
    assert reply.notice == "reply"
    assert "We look into it." in reply.text
    house.receives("Here is the contract.", answers=reply)
    told = house.last(ANN.email)
    assert told.notice == "customer-replied"
    house.agent_replies("#assign ben because Ben knows the contracts", told)
    assert house.last(BEN.email).notice == "assigned"
    assert house.last(LUC).notice == "reply"
    house.passes(seconds=61)
    moved = house.last(LUC)
    assert moved.notice == "owner-changed"
    assert moved["X-Maild-Previous-Owner"] == "Ann Lee"
    assert "Ben knows the contracts" in moved.text
    house.agent_replies("#solved\nIt is corrected.", house.last(BEN.email), agent=BEN)
    assert house.last(LUC).notice == "solved"
    print("\n\n".join(m["To"] + "\n" + m.text for m in house.sent))
