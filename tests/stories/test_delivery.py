"""Mails that left together, and what is written of each of them."""

from __future__ import annotations

from maild.courier import Sent
from tests.stories.house import ANN, House

LUC = "luc@customer.example"
UNWRITABLE = "250 \udcff"  # a lone surrogate, which no database takes


def test_what_became_of_a_mail_is_written_though_that_of_another_cannot_be(house: House) -> None:
    house.letterbox.answer = lambda mail: Sent(UNWRITABLE if mail.envelope.recipient == ANN.email else "250 ok")
    house.receives("Invoice 77 shows two licences, but we ordered one.")
    states = {one.recipient: (one.state, one.answer) for one in house.outbox}
    assert states == {LUC: ("sent", "250 ok"), ANN.email: ("sending", "")}
