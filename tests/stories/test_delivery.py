"""Mails that left together, what is written of each of them, and a relay that is down."""

from __future__ import annotations

from datetime import timedelta

from maild import orders
from maild.courier import Deferred, Outcome, Sent
from maild.deliver import RELAY_PAUSE, Delivery
from maild.mail import Outgoing
from tests.stories.house import ANN, House

LUC = "luc@customer.example"
UNWRITABLE = "250 \udcff"  # a lone surrogate, which no database takes


def test_what_became_of_a_mail_is_written_though_that_of_another_cannot_be(house: House) -> None:
    house.letterbox.answer = lambda mail: Sent(UNWRITABLE if mail.envelope.recipient == ANN.email else "250 ok")
    house.receives("Invoice 77 shows two licences, but we ordered one.")
    states = {one.recipient: (one.state, one.answer) for one in house.outbox}
    assert states == {LUC: ("sent", "250 ok"), ANN.email: ("sending", "")}


# --- a relay that is down ---


def is_down(_: Outgoing) -> Outcome:
    return Deferred("at connecting: Connection refused", relay=True)


def comes_back(house: House) -> None:
    house.letterbox.answer = lambda _: Sent("250 ok")


def has_retried(house: House) -> None:
    """The operator has looked after the relay, and says `outbox retry` of a single mail."""
    request = {"do": "outbox-retry", "row": house.outbox[0].id}
    assert house.store.write(lambda tx: orders.execute(tx, house.office, request, house.now))["ok"]
    house.delivery.relay.resume(house.now)
    house.works()


def test_all_that_waited_for_the_relay_leaves_when_the_operator_says_retry_of_one_mail(house: House) -> None:
    house.letterbox.answer = is_down
    for number in range(20):
        house.receives(f"Question {number}.", author=f"c{number}@customer{number}.example")
    assert {(one.state, one.tries) for one in house.outbox} == {("waiting", 0)}
    comes_back(house)
    house.works()
    assert house.sent == [], "the relay is left alone for a minute"
    has_retried(house)
    assert {one.state for one in house.outbox} == {"sent"}, "and no time has gone by"


def test_mail_that_waited_for_the_relay_leaves_at_its_next_try_whether_it_was_tried_before_or_not(house: House) -> None:
    house.letterbox.answer = is_down
    house.receives("It broke.")
    house.passes(seconds=61)
    house.passes(seconds=30)
    house.receives("It broke, too.", author="mia@elsewhere.example")
    comes_back(house)
    house.passes(seconds=89)
    assert house.sent == [], "after a second failure it is left alone for two minutes"
    house.passes(seconds=1)
    assert {one.state for one in house.outbox} == {"sent"}


def test_two_couriers_who_find_the_relay_down_at_once_leave_it_alone_for_one_minute(house: House) -> None:
    relay = house.delivery.relay
    began = house.now
    first = relay.pause("no answer", began, began + timedelta(seconds=15))
    second = relay.pause("no answer", began, began + timedelta(seconds=16))
    assert first == second == relay.paused_until == began + timedelta(seconds=15) + RELAY_PAUSE
    assert relay.pause("no answer", first, first) == first + 2 * RELAY_PAUSE


def test_a_try_that_began_before_the_operator_said_retry_pauses_nothing_when_it_fails(house: House) -> None:
    moment = [house.now]

    def fails_slowly(mail: Outgoing) -> Outcome:
        moment[0] += timedelta(seconds=10)
        house.delivery.relay.resume(moment[0])
        comes_back(house)
        moment[0] += timedelta(seconds=5)
        return is_down(mail)

    house.delivery = Delivery(house.office, house.letterbox, lambda: moment[0])
    house.letterbox.answer = fails_slowly
    house.receives("It broke.")
    assert house.sent == [], "by the clock of the story that mail is due when the slow try is over"
    house.passes(seconds=15)
    assert {one.state for one in house.outbox} == {"sent"}
