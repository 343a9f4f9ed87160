"""Mail that comes by a detour: web forms, mailing groups, forwards, blind copies, and what a filter took for spam."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maild.desk import TrustAgents
from maild.ingest.proof import Trust
from maild.ticket import Voice
from tests.stories.house import ANN, BEN, RELAY, House

FORM = "form@website.example"
GROUP = "support.desk.example"
LUC = "luc@customer.example"
Open = Callable[..., House]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a desk whose mail comes as a story says."""
    houses: list[House] = []

    def open_with(*, forms: tuple[str, ...] = (), through: tuple[str, ...] = (), junk: bool = False) -> House:
        house = House(tmp_path)
        house.clerk.trust_of = lambda kept: Trust(
            (RELAY,),
            ("mx.desk.example",),
            kept.peer,
            kept.mailbox,
            forms=frozenset(forms),
            through=frozenset(through),
            junk=junk,
        )
        houses.append(house)
        return house

    yield open_with
    for house in houses:
        house.close()


# --- web forms ---

BY_FORM = (("Reply-To", "Luc Petit <luc@customer.example>"), ("Auto-Submitted", "auto-generated"))


def test_the_requester_of_a_web_form_is_the_address_in_reply_to_and_is_not_proven(opened: Open) -> None:
    house = opened(forms=(FORM,))
    house.receives("It broke.", author=f"Website <{FORM}>", sender="www-data@web1.example", headers=BY_FORM)
    requester = house.ticket().requester
    assert (requester.address, requester.name, requester.proven) == (LUC, "Luc Petit", False)
    received = house.last(LUC, "received")
    assert "It broke" not in received.text, "nothing of an unproven sender's is echoed"
    assert "Invoice 77" not in received["Subject"]
    assert house.sent_to(FORM) == []
    house.last(ANN.email, "assigned")
    house.receives("And again.", author=f"Luc Petit <{LUC}>", answers=received)
    assert [entry.author for entry in house.entries()] == [LUC, LUC]
    assert house.faults() == []


def test_the_name_that_was_typed_into_a_form_may_stand_in_from(opened: Open) -> None:
    house = opened(forms=(FORM,))
    house.receives("It broke.", author=f"Luc Petit <{FORM}>", headers=(("Reply-To", LUC),))
    assert house.ticket().requester.name == "Luc Petit"


@pytest.mark.parametrize(
    "reply_to", ["", "a@one.example, b@two.example", "support@desk.example", FORM, "support+x@desk.example"]
)
def test_a_form_that_names_nobody_or_ourselves_opens_a_ticket_and_is_not_answered(opened: Open, reply_to: str) -> None:
    house = opened(forms=(FORM,))
    headers = (("Reply-To", reply_to),) if reply_to else ()
    house.receives("It broke.", author=f"Website <{FORM}>", headers=headers)
    assert house.ticket().requester.address == FORM
    assert [letter.to for letter in house.sent] == [ANN.email]


def test_the_reply_to_of_anybody_else_redirects_nothing(opened: Open) -> None:
    house = opened(forms=(FORM,))
    house.receives("It broke.", headers=(("Reply-To", "mallory@elsewhere.example"),))
    assert house.ticket().requester.address == LUC
    assert house.sent_to("mallory@elsewhere.example") == []


def test_forms_do_not_mail_one_stranger_without_end(opened: Open) -> None:
    house = opened(forms=(FORM,))
    for number in range(8):
        house.receives(f"Number {number}.", author=f"Website <{FORM}>", headers=BY_FORM)
        house.passes(hours=2)
    assert len(house.tickets) == 8
    assert len(house.sent_to(LUC)) == house.desk.answers.unproven_address_week


def test_a_form_cannot_speak_as_an_agent_even_where_a_token_is_enough(opened: Open) -> None:
    house = opened(forms=(FORM,))
    house.changes(trust_agents=TrustAgents.TOKEN)
    trust = Trust((RELAY,), (), "", "", forms=frozenset({FORM}))
    house.clerk.trust_of = lambda kept: dataclasses.replace(trust, peer=kept.peer)
    house.receives("It broke.")
    brief = house.last(ANN.email, "assigned")
    by_form = (("Reply-To", ANN.email),)
    house.receives("#solved", author=f"Website <{FORM}>", answers=brief, headers=by_form)
    assert house.ticket().status.active
    assert "held" in house.mail(2).because[0]
    house.agent_replies("#solved", brief)
    assert not house.ticket().status.active


# --- mailing groups in front ---


def by_group(**more: str) -> tuple[tuple[str, str], ...]:
    """What Google Groups puts on every mail."""
    usual = {
        "Precedence": "list",
        "Mailing-list": "list support@desk.example; contact support+owners@desk.example",
        "List-ID": f"<{GROUP}>",
        "X-Google-Group-Id": "424242",
        "List-Post": "<https://groups.google.com/a/desk.example/group/support/post>, <mailto:support@desk.example>",
        "List-Unsubscribe": "<mailto:googlegroups-manage+424242+unsubscribe@googlegroups.com>",
    }
    return tuple({**usual, **more}.items())


def test_a_person_who_writes_through_a_group_is_answered_like_anybody(opened: Open) -> None:
    house = opened(through=(GROUP,))
    house.receives("It broke.", headers=by_group(), sender="support+bncBDX@desk.example")
    assert house.ticket().requester.address == LUC
    assert house.ticket().requester.proven, "From is Luc's own, and our server says that it is"
    received = house.last(LUC, "received")
    house.receives("And again.", answers=received)
    assert len(house.entries()) == 2


@pytest.mark.parametrize(
    "author", ["'Luc Petit' via Support <support@desk.example>", "Luc Petit via support <team@groups.example>"]
)
def test_the_author_whom_a_group_replaced_in_from_is_found_and_is_not_proven(opened: Open, author: str) -> None:
    house = opened(through=(GROUP,))
    headers = by_group(**{"X-Original-From": f"Luc Petit <{LUC}>", "Reply-To": f"Luc Petit <{LUC}>"})
    house.receives("It broke.", author=author, headers=headers, sender="support+bncBDX@desk.example")
    requester = house.ticket().requester
    assert (requester.address, requester.name, requester.proven) == (LUC, "Luc Petit", False)
    house.last(LUC, "received")
    assert house.entries()[0].voice is Voice.PUBLIC


@pytest.mark.parametrize(
    ("told", "whom"),
    [("X-Original-Sender", LUC), ("Reply-To", LUC), ("Reply-To", f"{LUC}, Support <support@desk.example>")],
)
def test_a_group_that_tells_the_author_elsewhere_is_understood(opened: Open, told: str, whom: str) -> None:
    house = opened(through=(GROUP,))
    author = "'Luc Petit' via Support <support@desk.example>"
    house.receives("It broke.", author=author, headers=by_group(**{told: whom}))
    assert (house.ticket().requester.address, house.ticket().requester.name) == (LUC, "Luc Petit")


def test_any_other_list_stays_a_list(opened: Open) -> None:
    house = opened(through=(GROUP,))
    house.receives("News!", headers=by_group(**{"List-ID": "<news.elsewhere.example>"}))
    assert house.sent_to(LUC) == []


@pytest.mark.parametrize(
    "more",
    [
        {"Auto-Submitted": "auto-replied"},
        {"X-Auto-Response-Suppress": "All"},
        {"Precedence": "junk"},
        {"X-Original-From": "noreply@shop.example", "Reply-To": "noreply@shop.example"},
    ],
)
def test_a_machine_that_writes_through_a_group_is_still_a_machine(opened: Open, more: dict[str, str]) -> None:
    house = opened(through=(GROUP,))
    house.receives("Beep.", headers=by_group(**more))
    assert [letter.to for letter in house.sent if letter.to not in {ANN.email, BEN.email}] == []


def test_another_list_behind_the_group_is_a_list(opened: Open) -> None:
    house = opened(through=(GROUP,))
    house.receives("News!", headers=(*by_group(), ("List-Unsubscribe", "<https://news.example/off>")))
    assert house.sent_to(LUC) == []


def test_our_own_mail_that_a_group_sends_back_opens_nothing(opened: Open) -> None:
    house = opened(through=(GROUP,))
    headers = by_group(**{"X-Original-Sender": "support@desk.example", "Reply-To": "support@desk.example"})
    kept = house.receives("Ours.", author="Example Support <support@desk.example>", headers=headers)
    assert house.tickets == []
    assert house.mail(kept).state == "quarantine"


# --- forwarded, and blind copies ---


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "X-Forwarded-To", "Envelope-To"])
def test_a_mail_whose_to_and_cc_do_not_name_us_opens_a_ticket_all_the_same(opened: Open, name: str) -> None:
    house = opened()
    headers = ((name, "billing@desk.example"),)
    house.receives("Look.", to="Somebody <somebody@else.example>", rcpt=(), headers=headers)
    ticket = house.ticket()
    assert ticket.address == "billing@desk.example"
    assert ticket.team == "billing"
    assert ticket.requester.address == LUC
    assert house.last(LUC, "received")["From"].endswith("<billing@desk.example>")
    assert house.sent_to("somebody@else.example") == []


def test_a_blind_copy_by_smtp_is_answered_to_its_author_alone(opened: Open) -> None:
    house = opened()
    house.receives("Look.", to="Boss <boss@customer.example>", rcpt=("billing@desk.example",))
    assert house.ticket().team == "billing"
    received = house.last(LUC, "received")
    assert received["To"].endswith("<luc@customer.example>")
    assert house.sent_to("boss@customer.example") == []
    house.receives("More.", answers=received)
    assert len(house.entries()) == 2


def test_where_to_names_us_what_servers_say_of_delivery_changes_no_team(opened: Open) -> None:
    house = opened()
    house.receives("Look.", headers=(("Delivered-To", "billing@desk.example"),))
    assert house.ticket().team == "support"


# --- the junk folder ---


def test_nothing_automatic_leaves_to_what_a_filter_took_for_spam(opened: Open) -> None:
    house = opened(junk=True)
    house.receives("Buy now.", author="Win <win@spam.example>", proven=False)
    assert "took this mail for spam" in house.last(ANN.email, "assigned").text
    house.passes(days=1)
    house.changes(agents=tuple(house.desk.agents))
    house.passes(days=40)
    assert house.sent_to("win@spam.example") == []
    assert house.faults() == []


def test_an_agents_own_words_reach_even_who_was_taken_for_a_spammer(opened: Open) -> None:
    house = opened(junk=True)
    house.receives("It broke.", proven=False)
    assert house.sent_to(LUC) == []
    brief = house.last(ANN.email, "assigned")
    house.agent_replies("We are sorry, the filter was wrong.", brief)
    reply = house.last(LUC, "reply")
    house.agent_replies("#solved", brief)
    house.receives("It broke again.", answers=reply, proven=False)
    assert house.ticket().status.active
    house.last(LUC, "reopened")


def test_a_brief_offers_no_word_that_is_refused_and_says_nobodys_address_twice(opened: Open) -> None:
    house = opened(junk=True)
    house.receives("It broke.", author=LUC, proven=False)
    brief = " ".join(house.last(ANN.email, "assigned").text.split())
    assert "took this mail for spam" in brief
    assert "#spam" not in brief
    assert f"WHO {LUC} (address not proven)" in brief


def test_who_proves_the_address_is_answered_from_the_junk_folder_too(opened: Open) -> None:
    house = opened(junk=True)
    house.receives("It broke.", proven=True)
    house.last(LUC, "received")


def test_a_participant_whose_reply_was_taken_for_spam_is_told_as_always(opened: Open) -> None:
    house = opened()
    house.receives("It broke.", proven=False)
    received = house.last(LUC, "received")
    house.agent_replies("#solved\nIt is mended.", house.last(ANN.email, "assigned"))
    house.clerk.trust_of = lambda kept: Trust((RELAY,), (), kept.peer, kept.mailbox, junk=True)
    house.receives("It broke again.", answers=received, proven=False)
    house.last(LUC, "reopened")
