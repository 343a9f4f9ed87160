"""What an agent's mail must prove, and what becomes of signed addresses in the wrong hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from maild.desk import TrustAgents
from tests.stories import clients
from tests.stories.house import ANN, BEN, BILLING, CLEO, SUPPORT, House, Letter

LUC = "luc@customer.example"
EVE = "Eve <eve@elsewhere.example>"


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


def because(house: House, row: int) -> str:
    return "; ".join(house.mail(row).because)


@pytest.mark.parametrize("trust", [TrustAgents.STRICT, TrustAgents.CONFIRM, TrustAgents.TOKEN, TrustAgents.AUTO])
def test_proven_mail_is_carried_out_under_every_policy(house: House, trust: TrustAgents) -> None:
    house.changes(trust_agents=trust)
    house.agent_replies("#solved", asks(house))
    assert house.ticket().status == "solved"


def test_strict_holds_what_is_not_proven_and_tells_the_registered_address_only(house: House) -> None:
    house.changes(trust_agents=TrustAgents.STRICT, agents=(replace(ANN, also=("ann@home.example",)), BEN, CLEO))
    brief = asks(house)
    row = house.receives("#solved", author="Ann <ann@home.example>", answers=brief, proven=False)
    assert house.ticket().status == "open"
    assert house.mail(row).state == "quarantine"
    assert because(house, row).startswith("held: ")
    assert house.last(ANN.email).notice == "held"
    assert house.sent_to("ann@home.example") == []
    assert [link.body for link in clients.links(house.last(ANN.email))] == []


def test_token_lets_the_address_suffice(house: House) -> None:
    house.changes(trust_agents=TrustAgents.TOKEN)
    house.agent_replies("#solved", asks(house), proven=False)
    assert house.ticket().status == "solved"


def test_auto_is_token_until_proof_was_seen_and_strict_from_then_on(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#tag first", brief, proven=False)
    assert house.ticket().tags == ("first",)
    house.agent_replies("#tag second", brief)
    house.agent_replies("#tag third", brief, proven=False)
    assert house.ticket().tags == ("first", "second")
    assert house.last(ANN.email).notice == "held"


def test_auto_is_strict_where_proof_can_be_had(house: House) -> None:
    house.changes(authserv=True)
    house.agent_replies("#solved", asks(house), proven=False)
    assert house.ticket().status == "open"


@pytest.mark.parametrize("way", ["link", "reply"])
def test_confirm_asks_once_and_a_yes_carries_it_out_once(house: House, way: str) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("#solved\nIt is done.", brief, proven=False)
    question = house.last(ANN.email)
    assert question.notice == "confirm"
    assert "It is done." in question.text
    assert len(house.sent_to(LUC)) == before
    for _ in range(2):
        if way == "link":
            clients.follows(house, question, "#yes", proven=False)
        else:
            house.agent_replies("#yes", question, proven=False)
        assert len(house.sent_to(LUC)) == before + 1
    assert "It is done." in house.last(LUC).text
    assert house.ticket().status == "solved"


def test_yes_from_somebody_else_releases_nothing(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", asks(house), proven=False)
    question = house.last(ANN.email)
    row = clients.follows(house, question, "#yes", agent=BEN)
    assert house.mail(row).state == "quarantine"
    assert house.ticket().status == "open"
    row = clients.follows(house, question, "#yes", agent=ANN)
    assert house.mail(row).state == "done"
    assert house.ticket().status == "solved"


@pytest.mark.parametrize("beside", [False, True])
def test_a_mail_from_somebody_else_to_the_address_of_a_question_is_told_to_the_agent_who_was_asked(
    house: House, *, beside: bool
) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", asks(house), proven=False)
    link = next(link for link in clients.links(house.last(ANN.email)) if link.body == "#yes")
    before = len(house.sent)
    if beside:
        words, author, to = "Is there any news?", "Luc Petit <luc@customer.example>", house.last(LUC)["Reply-To"]
        headers = [("Cc", link.to)]
    else:
        words, author, to, headers = "#yes", EVE, link.to, []
    rows = [
        house.receives(f"{words} {n}" if beside else words, author=author, to=to, subject=link.subject, headers=headers)
        for n in range(3)
    ]
    assert {house.mail(row).state for row in rows} == {"quarantine"}
    assert house.ticket().status == "open"
    (told,) = house.sent[before:]
    assert (told.to, told.notice) == (ANN.email, "held")
    words = " ".join(told.text.split())
    assert f"A mail from {'luc@customer.example' if beside else 'eve@elsewhere.example'} came to the address" in words
    assert "your own #yes" in words
    house.passes(minutes=61)
    (gathered,) = house.sent[before + 1 :]
    assert (gathered.to, gathered.notice) == (ANN.email, "held")
    clients.follows(house, house.last(ANN.email, "confirm"), "#yes")
    assert house.ticket().status == "solved"


def test_a_machine_that_answers_a_question_put_to_an_agent_is_not_told_to_anybody(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", asks(house), proven=False)
    link = next(link for link in clients.links(house.last(ANN.email)) if link.body == "#yes")
    before = len(house.sent)
    away = [("Auto-Submitted", "auto-replied")]
    house.receives("I am away.", author=EVE, to=link.to, subject=link.subject, headers=away)
    assert len(house.sent) == before


def test_a_confirmation_without_yes_or_too_late_releases_nothing(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", asks(house), proven=False)
    link = next(link for link in clients.links(house.last(ANN.email)) if link.body == "#yes")
    author = f"Ann <{ANN.email}>"
    house.receives("What is this?", author=author, to=link.to, subject=link.subject, proven=False)
    assert house.ticket().status == "open"
    house.now += 9 * (house.desk.settle * 1440)
    house.receives("#yes", author=author, to=link.to, subject=link.subject, proven=False)
    assert house.ticket().status == "open"


def test_who_answers_a_question_in_other_words_than_yes_hears_what_was_missing(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", asks(house), proven=False)
    link = next(link for link in clients.links(house.last(ANN.email)) if link.body == "#yes")
    row = house.receives("Yes, please.", author=f"Ann <{ANN.email}>", to=link.to, subject=link.subject, proven=False)
    assert house.mail(row).state == "quarantine"
    told = house.last(ANN.email, "refused")
    assert "no #yes on its first line" in told.text
    assert "Yes, please." in told.text
    count = len(house.sent)
    away = [("Auto-Submitted", "auto-replied")]
    house.receives("I am away.", author=f"Ann <{ANN.email}>", to=link.to, subject=link.subject, headers=away)
    assert len(house.sent) == count
    house.receives("#yes", author=f"Ann <{ANN.email}>", to=link.to, subject=link.subject, proven=False)
    assert house.ticket().status == "solved"


def test_held_mail_is_told_in_one_mail_an_hour_that_lists_all_of_it(house: House) -> None:
    house.changes(trust_agents=TrustAgents.STRICT)
    first, second = asks(house), asks(house, "My key is lost.", subject="Lost key", author="Mia <mia@other.example>")
    for number in range(5):
        house.agent_replies(f"#tag try{number}", first, proven=False)
        house.passes(minutes=2)
    house.agent_replies("#solved", second, proven=False)
    house.agent_replies("Fine.", first)
    held = [letter for letter in house.sent_to(ANN.email) if letter.notice == "held"]
    assert len(held) == 1
    house.passes(hours=1)
    held = [letter for letter in house.sent_to(ANN.email) if letter.notice == "held"]
    assert len(held) == 2
    assert held[1].text.count("#1: ") == 4
    assert "#2: " in held[1].text
    house.passes(hours=5)
    assert [letter for letter in house.sent_to(ANN.email) if letter.notice == "held"] == held


def test_what_waits_to_be_told_survives_a_restart(house: House) -> None:
    house.changes(trust_agents=TrustAgents.STRICT)
    brief = asks(house)
    house.agent_replies("#tag one", brief, proven=False)
    house.agent_replies("#tag two", brief, proven=False)
    house.open()
    house.passes(hours=1)
    assert len([letter for letter in house.sent_to(ANN.email) if letter.notice == "held"]) == 2


def test_many_questions_are_gathered_after_the_tenth_and_one_yes_answers_all_of_them(house: House) -> None:
    house.changes(trust_agents=TrustAgents.CONFIRM)
    brief = asks(house)
    for number in range(12):
        house.agent_replies(f"#tag t{number:02}", brief, proven=False)
        house.passes(minutes=1)
    assert len([letter for letter in house.sent_to(ANN.email) if letter.notice == "confirm"]) == 10
    house.passes(hours=1)
    questions = [letter for letter in house.sent_to(ANN.email) if letter.notice == "confirm"]
    assert len(questions) == 11
    clients.follows(house, questions[-1], "#yes", proven=False)
    assert house.ticket().tags == ("t10", "t11")


def test_an_agents_address_in_a_strangers_hands_is_void_and_a_fresh_one_works(house: House) -> None:
    brief = asks(house)
    row = house.receives("#solved", author=EVE, to=brief["Reply-To"])
    assert house.mail(row).state == "quarantine"
    assert house.ticket().status == "open"
    assert house.sent_to("eve@elsewhere.example") == []
    told = house.last(ANN.email)
    assert told.notice == "held"
    assert "eve@elsewhere.example" in told.text
    house.now += house.desk.settle
    house.receives("#solved", author=f"Ann <{ANN.email}>", to=brief["Reply-To"], subject="Hello")
    assert house.ticket().status == "open"
    fresh = next(link for link in clients.links(told) if link.to != told["Reply-To"])
    house.receives("Thank you, Luc.", author=f"Ann <{ANN.email}>", to=fresh.to, subject=fresh.subject)
    assert "Thank you, Luc." in house.last(LUC).text
    house.receives("Somebody has my address.", author=f"Ann <{ANN.email}>", to=told["Reply-To"], subject="x")
    assert house.entries()[-1].voice == "note"


def test_a_colleague_who_answers_another_ones_brief_is_told_and_gets_an_address(house: House) -> None:
    brief = asks(house)
    row = house.receives("I know this.", author=f"Ben <{BEN.email}>", answers=brief)
    assert house.mail(row).state == "quarantine"
    told = house.last(BEN.email)
    assert told.notice == "held"
    house.receives("#reply\nI know this.", author=f"Ben <{BEN.email}>", to=told["Reply-To"], subject="x")
    assert "I know this." in house.last(LUC).text


def test_a_customers_reply_to_an_agents_address_joins_the_ticket_and_voids_the_address(house: House) -> None:
    brief = asks(house)
    row = house.receives("I forgot the number: 4.", to=brief["Reply-To"], headers=[("In-Reply-To", "<a@b.example>")])
    assert house.mail(row).state == "ticket"
    assert house.entries()[-1].text == "I forgot the number: 4."
    told = house.last(ANN.email)
    assert told.notice == "customer-replied"
    assert "void" in told.text
    house.now += house.desk.settle
    house.agent_replies("#solved", brief)
    assert house.ticket().status == "open"
    house.agent_replies("#solved", told)
    assert house.ticket().status == "solved"


def test_two_agents_addresses_in_a_strangers_mail_are_both_void_and_both_are_told(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows the bank", brief)
    bens = house.last(BEN.email)
    addresses = [brief["Reply-To"], bens["Reply-To"]]
    house.receives("Hello!", author=EVE, to=", ".join(addresses), rcpt=addresses[:1])
    for agent in (ANN, BEN):
        assert "void" in house.last(agent.email).text
    house.agent_replies("#solved", brief)
    house.agent_replies("#solved", bens, agent=BEN)
    assert house.ticket().status == "open"
    fresh = next(link for link in clients.links(house.last(BEN.email)) if "#yes" not in link.body)
    house.receives("#solved", author=f"Ben <{BEN.email}>", to=fresh.to, subject=fresh.subject)
    assert house.ticket().status == "solved"


def test_a_colleagues_address_beside_an_agents_own_is_void_and_the_words_count(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows the bank", brief)
    bens = house.last(BEN.email)
    house.agent_replies("#note For you, Ben.", brief, headers=[("Cc", bens["Reply-To"])])
    told = house.last(BEN.email)
    assert told.notice == "note"
    assert "For you, Ben." in told.text
    assert "void" in told.text
    house.agent_replies("#solved", bens, agent=BEN)
    assert house.ticket().status == "open"
    house.agent_replies("#solved", told, agent=BEN)
    assert house.ticket().status == "solved"


def test_a_colleagues_address_before_an_agents_own_for_the_same_ticket_takes_nothing_away(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#note\nLook.\n", brief)
    house.agent_replies("#assign ben because he knows", brief)
    house.passes(minutes=5)
    both = (house.last(BEN.email)["Reply-To"], brief["Reply-To"])
    row = house.agent_replies("We look into it.", brief, to=", ".join(both), rcpt=both)
    assert house.mail(row).state == "ticket"
    assert "We look into it." in house.last(LUC).text
    assert "void" in because(house, row)
    assert house.last(BEN.email)["Reply-To"] != both[0]


def test_a_customers_address_of_the_agents_own_that_stands_first_leads_and_the_other_ticket_is_linked(
    house: House,
) -> None:
    brief = asks(house)
    house.receives("My laptop is slow.", author=f"Ann <{ANN.email}>", to=BILLING.address, subject="Laptop")
    ticket, heard = house.last(ANN.email, "received"), len(house.sent_to(LUC))
    both = (ticket["Reply-To"], brief["Reply-To"])
    for answered in (ticket, brief):
        house.agent_replies("It holds my pay slips.", answered, to=", ".join(both), rcpt=both)
        assert house.entries(2)[-1].text == "It holds my pay slips."
    assert len(house.sent_to(LUC)) == heard, "what she asks for herself goes to nobody else's customer"
    assert (house.ticket(1).links, house.ticket(2).links) == ((2,), (1,))


def test_an_agents_address_that_stands_before_one_of_her_own_request_leads_and_both_are_linked(house: House) -> None:
    brief = asks(house)
    house.receives("My laptop is slow.", author=f"Ann <{ANN.email}>", to=BILLING.address, subject="Laptop")
    both = (brief["Reply-To"], house.last(ANN.email, "received")["Reply-To"])
    house.agent_replies("We look into it.", brief, to=", ".join(both), rcpt=both)
    assert "We look into it." in house.last(LUC).text
    assert (house.ticket(1).links, house.ticket(2).links) == ((2,), (1,))


@pytest.mark.parametrize("proven", [True, False])
@pytest.mark.parametrize("words", ["Public words.", "#note\nWords.", "#take because I want it", "#nonsense", "#show 1"])
def test_the_address_of_a_ticket_that_came_to_a_private_team_opens_nothing(
    house: House, words: str, proven: bool
) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, private=True)), trust_agents=TrustAgents.CONFIRM)
    brief = asks(house)
    house.agent_replies("#team billing because it is about money", brief)
    house.receives("My salary is too low.", answers=house.last(LUC))
    owner, heard = house.ticket().owner, len(house.sent_to(LUC))
    row = house.agent_replies(words, brief, proven=proven)
    assert house.mail(row).state == "quarantine"
    told = house.last(ANN.email)
    assert told.notice == "refused"
    assert "no ticket #1 that you may see" in told.text
    assert words.splitlines()[-1] in told.text
    assert all("salary" not in letter.outgoing.content.decode() for letter in house.sent_to(ANN.email))
    assert house.ticket().owner == owner
    assert len(house.sent_to(LUC)) == heard


def test_a_team_that_the_customer_wrote_to_beside_a_private_one_may_speak(house: House) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, private=True)))
    both = (BILLING.address, house.desk.address)
    house.receives("My salary is too low.", to=", ".join(both), rcpt=both)
    told = house.last(ANN.email)
    assert told.notice == "note"
    house.agent_replies("I know this one.", told)
    assert house.entries()[-1].text == "I know this one."


def test_a_customers_own_address_counts_before_an_agents_of_another_ticket_that_is_void(house: House) -> None:
    asks(house)
    own = house.last(LUC)
    other = asks(house, "My key is lost.", subject="Lost key", author="Mia <mia@other.example>")
    addresses = [own["Reply-To"], other["Reply-To"]]
    row = house.receives("Any news?", to=", ".join(addresses), rcpt=addresses)
    assert (house.mail(row).state, house.mail(row).ticket) == ("ticket", 1)
    assert house.entries(1)[-1].text == "Any news?"
    assert len(house.entries(2)) == 1
    told = house.last(ANN.email)
    assert told.notice == "customer-replied"
    assert "void" in told.text
    house.agent_replies("#solved", other)
    assert house.ticket(2).status == "open"
    fresh = next(link for link in clients.links(told) if link.subject == other["Subject"])
    house.receives("#solved", author=f"Ann <{ANN.email}>", to=fresh.to, subject=fresh.subject)
    assert house.ticket(2).status == "solved"


def test_a_customers_reply_to_the_address_of_the_owner_before_is_not_told_as_held(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows the bank", brief)
    house.passes(minutes=2)
    house.receives("STATUS", to=brief["Reply-To"], headers=[("In-Reply-To", "<a@b.example>")])
    assert house.last(LUC).notice == "status"
    told = house.last(ANN.email)
    assert told.notice == "note"
    assert "void" in told.text
    assert "held" not in told.text


def test_an_agents_address_beside_a_customers_is_void_and_the_reply_still_counts(house: House) -> None:
    brief = asks(house)
    house.agent_replies("We look.", brief, headers=[("Cc", f"Luc Petit <{LUC}>")])
    assert house.entries()[-1].text == "We look."
    told = house.last(ANN.email)
    assert told.notice == "receipt"
    assert "void" in told.text
    house.now += house.desk.settle
    house.receives("Hello!", author=EVE, to=brief["Reply-To"])
    house.agent_replies("#solved", brief)
    assert house.ticket().status == "open"
    fresh = next(link for link in clients.links(told) if link.to != told["Reply-To"])
    house.receives("#solved", author=f"Ann <{ANN.email}>", to=fresh.to, subject=fresh.subject)
    assert house.ticket().status == "solved"


def test_a_customer_who_answers_all_with_a_void_address_is_heard(house: House) -> None:
    brief = asks(house)
    house.agent_replies("We look.", brief, headers=[("Cc", f"Luc Petit <{LUC}>")])
    house.receives("Thanks, and when?", to=f"{brief['Reply-To']}, {house.last(LUC)['Reply-To']}")
    assert house.entries()[-1].text == "Thanks, and when?"


def test_an_address_of_thirty_one_days_is_too_old_and_a_fresh_one_is_sent(house: House) -> None:
    brief = asks(house)
    house.passes(days=32)
    row = house.agent_replies("#solved", brief)
    assert house.mail(row).state == "quarantine"
    assert house.ticket().status == "open"
    told = house.last(ANN.email)
    assert told.notice == "held"
    fresh = next(link for link in clients.links(told) if link.to != told["Reply-To"])
    house.receives("#solved", author=f"Ann <{ANN.email}>", to=fresh.to, subject=fresh.subject)
    assert house.ticket().status == "solved"


def test_an_agents_mail_to_an_address_that_is_broken_is_held_and_opens_no_ticket(house: House) -> None:
    brief = asks(house)
    signed = brief["Reply-To"]
    broken = signed.replace("@", "a@")[:8] + signed[9:].replace("@", "a@")
    row = house.receives("The customer is a friend.", author=f"Ann <{ANN.email}>", to=broken, subject="For you alone")
    assert house.mail(row).state == "quarantine"
    assert len(house.tickets) == 1
    told = house.last(ANN.email)
    assert told.notice == "held"
    assert "no longer valid" in told.text
    assert "The customer is a friend." in told.text
    assert house.releases(row)["ok"]
    assert house.ticket(2).requester.address == ANN.email


def test_two_old_addresses_are_replaced_in_one_mail_where_the_agent_was_told_of_late(house: House) -> None:
    first, second = asks(house), asks(house, "My key is lost.", subject="Lost key", author="Mia <mia@other.example>")
    third = asks(house, "My lock is lost.", subject="Lost lock", author="Joe <joe@third.example>")
    house.passes(days=32)
    for brief in (first, second, third):
        house.agent_replies("#solved", brief)
    house.passes(hours=1)
    told = house.last(ANN.email)
    ways = [link for link in clients.links(told) if link.to != told["Reply-To"]]
    assert len(ways) == 2
    for link in ways:
        house.receives("#solved", author=f"Ann <{ANN.email}>", to=link.to, subject=link.subject)
    assert [house.ticket(number).status.value for number in (1, 2, 3)] == ["open", "solved", "solved"]


def test_a_forged_sender_with_a_tag_is_held_and_opens_no_ticket(house: House) -> None:
    asks(house)
    before = len(house.sent_to(LUC))
    row = house.receives("#solved", author=f"Ann <{ANN.email}>", subject="Re: [#1] Invoice 77 wrong", proven=False)
    assert house.mail(row).state == "quarantine"
    assert len(house.tickets) == 1
    assert len(house.sent_to(LUC)) == before


def test_without_a_signed_address_the_tag_and_strict_proof_suffice(house: House) -> None:
    asks(house)
    house.receives("#tag seen", author=f"Ann <{ANN.email}>", subject="Re: [#1] Invoice 77 wrong")
    assert house.ticket().tags == ("seen",)
    house.receives("#tag forged", author=f"Ann <{ANN.email}>", subject="Re: [#1] Invoice 77 wrong", proven=False)
    assert house.ticket().tags == ("seen",)


def test_a_proven_reply_with_neither_the_signed_address_nor_the_tag_is_held_and_says_what_was_missing(
    house: House,
) -> None:
    brief = asks(house)
    thread = [("In-Reply-To", brief["Message-ID"])]
    row = house.receives("#solved", author=f"Ann <{ANN.email}>", subject="Invoice 77 wrong", headers=thread)
    assert house.mail(row).state == "quarantine"
    told = house.last(ANN.email, "held").text
    assert "It did not come to the signed address, and [#1] is not in its subject." in told
    assert "proves" not in told


def test_a_reply_to_the_plain_address_without_proof_is_held(house: House) -> None:
    brief = asks(house)
    row = house.agent_replies("#solved", brief, to="support@desk.example", proven=False)
    assert house.mail(row).state == "quarantine"
    assert house.ticket().status == "open"
    assert house.last(ANN.email).notice == "held"


def test_a_removed_agents_address_does_nothing_and_those_in_charge_hear_of_it(house: House) -> None:
    asks(house)
    house.receives("My key is lost.", to="billing@desk.example", subject="Lost key")
    brief = house.last(BEN.email)
    house.changes(agents=(ANN, CLEO), teams=(SUPPORT, replace(BILLING, members=(CLEO.id,))))
    row = house.receives("#solved", author=f"Ben <{BEN.email}>", answers=brief)
    assert house.mail(row).state == "quarantine"
    assert house.ticket(2).status == "open"
    assert house.last(CLEO.email).notice == "held"
    assert house.sent_to(BEN.email)[-1].notice == "assigned"


def test_an_agent_who_has_left_may_do_nothing(house: House) -> None:
    brief = asks(house)
    house.changes(agents=(replace(ANN, left=date(2026, 11, 20)), BEN, CLEO))
    row = house.agent_replies("#solved", brief)
    assert house.mail(row).state == "quarantine"
    assert house.ticket().status == "open"


def test_two_authors_speak_for_nobody(house: House) -> None:
    brief = asks(house)
    house.receives("#solved", author=f"Ann <{ANN.email}>, {EVE}", to=brief["Reply-To"], subject="x", sender=ANN.email)
    assert house.ticket().status == "open"


def test_of_two_tickets_addresses_the_first_is_answered_and_the_other_linked(house: House) -> None:
    first, second = asks(house), asks(house, "My key is lost.", subject="Lost key", author="Mia <mia@other.example>")
    to = f"{first['Reply-To']}, {second['Reply-To']}"
    house.receives("It is the same key.", author=f"Ann <{ANN.email}>", to=to, rcpt=to.split(", "), subject="x")
    assert "It is the same key." in house.last(LUC).text
    assert house.last("mia@other.example").notice == "received"
    assert house.ticket(1).links == (2,)
    assert house.ticket(2).links == (1,)


def test_the_address_of_a_merged_ticket_counts_on_the_one_it_went_into(house: House) -> None:
    asks(house)
    house.receives("#note\nI watch.", author=f"Cleo <{CLEO.email}>", subject="Re: [#1] Invoice 77 wrong")
    house.receives("I know more.", author="Dana Kim <dana@partner.example>", answers=house.last(LUC))
    knock = house.last(ANN.email, "linked")
    house.agent_replies("#accept", knock)
    house.agent_replies("#tag merged", knock)
    assert house.ticket(1).tags == ("merged",)
    house.agent_replies("#tag forged", knock, proven=False)
    assert house.ticket(1).tags == ("merged",)


class TestWithoutSubaddresses:
    """A mailbox that has no addresses with a plus: our Message-IDs stand for the tokens."""

    @pytest.fixture
    def plain(self, house: House) -> House:
        house.changes(subaddress="")
        return house

    def test_a_brief_is_answered_to_the_customer_and_a_note_to_colleagues(self, plain: House) -> None:
        brief = asks(plain)
        assert brief["Reply-To"] == "support@desk.example"
        assert brief.outgoing.envelope.sender == "support@desk.example"
        plain.agent_replies("We look.", brief)
        assert "We look." in plain.last(LUC).text
        plain.agent_replies("#assign ben because he knows", brief)
        plain.agent_replies("#note\nBeware.", brief)
        before = len(plain.sent_to(LUC))
        plain.agent_replies("I do.", plain.last(BEN.email, "note"), agent=BEN)
        assert plain.entries()[-1].voice == "note"
        assert len(plain.sent_to(LUC)) == before

    def test_without_proof_the_agent_is_asked_and_a_yes_in_reply_carries_it_out(self, plain: House) -> None:
        brief = asks(plain)
        plain.agent_replies("#solved\nDone.", brief, proven=False)
        assert plain.ticket().status == "open"
        question = plain.last(ANN.email)
        assert question.notice == "confirm"
        plain.agent_replies("#yes", question, proven=False)
        assert plain.ticket().status == "solved"

    def test_strict_holds_without_a_question(self, plain: House) -> None:
        plain.changes(trust_agents=TrustAgents.STRICT)
        plain.agent_replies("#solved", asks(plain), proven=False)
        assert plain.last(ANN.email).notice == "held"

    def test_somebody_elses_message_id_gives_no_power(self, plain: House) -> None:
        brief = asks(plain)
        plain.receives("#solved", author=EVE, answers=brief)
        assert plain.ticket().status == "open"
        plain.agent_replies("#solved", plain.last(LUC), proven=False)
        assert plain.ticket().status == "open"
