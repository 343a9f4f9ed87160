"""Which ticket a mail belongs to, strongest clue first, and what a weak clue may not do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.store import tickets
from maild.threading.tags import with_token
from maild.ticket import TicketNo, Use
from tests.stories.house import ANN, BEN, CLEO, House, Letter

LUC = "luc@customer.example"
EVE = "Eve Stranger <eve@elsewhere.example>"
MAX = "Max Petit <max@customer.example>"


def opened(house: House) -> Letter:
    """A ticket of Luc's, and what he was told of it."""
    house.receives("Invoice 77 shows two licences, but we ordered one.", message_id="<first@customer.example>")
    return house.last(LUC)


def solved(house: House) -> Letter:
    opened(house)
    house.agent_replies("#solved\nIt is corrected.", house.last(ANN.email))
    return house.last(LUC, "solved")


def closed(house: House) -> Letter:
    told = solved(house)
    house.passes(days=31)
    assert house.ticket().status == "closed"
    return told


# --- 1. a token ---


def test_a_token_in_the_envelope_finds_the_ticket_without_any_header(house: House) -> None:
    ack = opened(house)
    house.receives("More.", to="support@desk.example", rcpt=[ack["Reply-To"]], subject="other words")
    assert [entry.text.strip() for entry in house.entries()][1] == "More."


def test_a_token_in_to_finds_the_ticket_where_the_envelope_lost_it(house: House) -> None:
    ack = opened(house)
    house.receives("More.", to=ack["Reply-To"], rcpt=["support@desk.example"], subject="other words")
    assert len(house.entries()) == 2


def test_a_token_in_delivered_to_finds_the_ticket(house: House) -> None:
    ack = opened(house)
    headers = [("Delivered-To", ack["Reply-To"])]
    house.receives("More.", rcpt=["support@desk.example"], subject="other words", headers=headers)
    assert len(house.entries()) == 2


def test_a_token_counts_without_regard_to_case(house: House) -> None:
    ack = opened(house)
    house.receives("More.", to=ack["Reply-To"].upper(), subject="other words")
    assert len(house.entries()) == 2


def test_a_token_is_stronger_than_a_message_id_of_another_ticket(house: House) -> None:
    first = opened(house)
    house.receives("Another matter.", subject="Printer")
    second = house.last(LUC)
    house.receives("For the first.", answers=second, rcpt=[first["Reply-To"]])
    assert len(house.entries(1)) == 2
    assert len(house.entries(2)) == 1


def test_of_two_tickets_tokens_the_first_in_the_envelope_counts_and_the_other_is_linked(house: House) -> None:
    first = opened(house)
    house.receives("Another matter.", subject="Printer")
    second = house.last(LUC)
    house.receives("For both.", to="support@desk.example", rcpt=[second["Reply-To"], first["Reply-To"]])
    assert len(house.entries(2)) == 2
    assert house.ticket(2).links == (1,)
    assert house.ticket(1).links == (2,)


def test_a_forged_token_counts_as_the_plain_address_and_is_counted(house: House) -> None:
    ack = opened(house)
    local, _, domain = ack["Reply-To"].partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    kept = house.receives("In.", author=EVE, to=forged, subject="Hello")
    assert house.mail(kept).ticket == 2
    assert any("no key of ours" in because for because in house.mail(kept).because)
    assert house.ticket(2).links == ()


def test_a_letter_that_only_looks_like_one_of_the_alphabet_makes_no_signed_address(house: House) -> None:
    # without regard to case KELVIN SIGN is k and LATIN SMALL LETTER LONG S is s, in Unicode
    for detail in ("k" * 39 + "\u212a", "s" * 23 + "\u017f"):
        kept = house.receives("Hello", rcpt=(f"support+{detail}@desk.example",), to="support@desk.example")
        assert house.mail(kept).state == "ticket"
    assert len(house.tickets) == 2


def test_a_reply_to_an_expired_token_is_found_by_its_headers(house: House) -> None:
    ack = opened(house)
    house.passes(days=402)
    house.receives("Still there?", answers=ack)
    assert len(house.entries()) == 2


def test_a_mail_to_an_expired_token_alone_opens_a_linked_ticket(house: House) -> None:
    ack = opened(house)
    house.passes(days=402)
    house.receives("Still there?", to=ack["Reply-To"], subject="Hello")
    assert house.ticket(2).links == (1,)
    assert house.ticket(2).participant_at(LUC)


def test_mail_to_the_envelope_address_of_our_mail_finds_its_ticket(house: House) -> None:
    ack = opened(house)
    house.receives("More.", to=ack.outgoing.envelope.sender, subject="other words")
    assert len(house.entries()) == 2


@pytest.mark.parametrize("status", ["pending", "hold"])
def test_a_mail_to_a_token_that_answers_nothing_joins_a_ticket_on_which_work_is_expected(
    house: House, status: str
) -> None:
    ack = opened(house)
    house.agent_replies(f"#{status}\nWhich contract?", house.last(ANN.email))
    house.receives("This one.", to=ack["Reply-To"], subject="Contract")
    assert len(house.entries()) == 3
    assert house.ticket().status == "open"


def test_a_mail_to_a_token_that_answers_nothing_opens_a_linked_ticket_once_it_is_solved(house: House) -> None:
    told = solved(house)
    house.receives("A new matter, from my address book.", to=told["Reply-To"], subject="Printer")
    assert house.ticket(1).status == "solved"
    assert house.ticket(2).links == (1,)
    assert house.last(LUC).notice == "received"


def test_our_tag_in_the_subject_makes_a_mail_to_a_token_a_reply(house: House) -> None:
    told = solved(house)
    house.receives("It is still wrong.", to=told["Reply-To"], subject="[#1] Invoice 77 wrong")
    assert house.ticket().status == "open"


# --- 2. our own Message-ID ---


def test_a_reply_to_the_plain_address_is_found_by_our_message_id(house: House) -> None:
    ack = opened(house)
    house.receives("More.", answers=ack, to="support@desk.example", subject="ignored")
    assert len(house.entries()) == 2


def test_the_newest_reference_of_ours_counts_where_in_reply_to_is_foreign(house: House) -> None:
    first = opened(house)
    house.receives("Another matter.", subject="Printer")
    second = house.last(LUC)
    references = f"{first['Message-ID']} {second['Message-ID']} <x@y.example>"
    headers = [("In-Reply-To", "<x@y.example>"), ("References", references)]
    house.receives("For the second.", subject="changed", headers=headers)
    assert len(house.entries(2)) == 2


def test_a_message_id_of_ours_with_a_changed_token_is_nobodys(house: House) -> None:
    ack = opened(house)
    forged = ack["Message-ID"].replace("m.", "m.a", 1)
    house.receives("In.", author=EVE, subject="Hello", headers=[("In-Reply-To", forged)])
    assert house.ticket(2).links == ()


# --- 3. a Message-ID seen before ---


def test_a_participant_who_answers_their_own_first_mail_joins_the_ticket(house: House) -> None:
    opened(house)
    headers = [("In-Reply-To", "<first@customer.example>")]
    house.receives("I forgot the attachment.", subject="Re: Invoice 77 wrong", headers=headers)
    assert len(house.entries()) == 2


def test_a_copied_colleague_who_answers_the_customers_mail_joins_and_is_sent_nothing(house: House) -> None:
    house.receives("Invoice 77 is wrong.", message_id="<first@customer.example>", headers=[("Cc", MAX)])
    headers = [("In-Reply-To", "<first@customer.example>")]
    house.receives("I have the order here.", author=MAX, subject="RE: Invoice 77 wrong", headers=headers)
    assert len(house.entries()) == 2
    house.agent_replies("Thank you both.", house.last(ANN.email))
    assert house.sent_to("max@customer.example") == []


def test_the_customers_words_count_after_an_agent_changed_the_subject(house: House) -> None:
    opened(house)
    house.agent_replies("#subject Licences of Petit SARL", house.last(ANN.email))
    headers = [("In-Reply-To", "<first@customer.example>")]
    house.receives("More.", subject="Re: Invoice 77 wrong", headers=headers)
    assert len(house.entries()) == 2


def test_a_message_id_seen_before_under_another_subject_opens_a_linked_ticket(house: House) -> None:
    opened(house)
    headers = [("In-Reply-To", "<first@customer.example>")]
    house.receives("By the way, the printer.", subject="Printer", headers=headers)
    assert house.ticket(2).links == (1,)


def test_a_stranger_who_knows_a_message_id_opens_a_linked_ticket_and_the_owner_is_told(house: House) -> None:
    opened(house)
    headers = [("In-Reply-To", "<first@customer.example>")]
    house.receives("Me too.", author=EVE, subject="Re: Invoice 77 wrong", headers=headers)
    assert len(house.entries(1)) == 1
    assert house.ticket(2).links == (1,)
    assert house.last(ANN.email).notice == "assigned"
    assert "#1" in house.last(ANN.email).text


def test_a_long_subject_is_the_same_on_the_way_back(house: House) -> None:
    subject = "word " * 100
    house.receives("Long.", subject=subject, message_id="<first@customer.example>")
    house.receives("More.", subject=f"Re: {subject}", headers=[("In-Reply-To", "<first@customer.example>")])
    assert len(house.entries()) == 2


# --- 4. the subject tag ---


def test_a_proven_participant_is_found_by_the_subject_tag(house: House) -> None:
    opened(house)
    house.receives("More.", subject="[#1] something")
    assert len(house.entries()) == 2


def test_the_subject_tag_proves_nothing_for_an_unproven_address(house: House) -> None:
    opened(house)
    house.receives("More.", subject="[#1] something", proven=False)
    assert len(house.entries()) == 1
    assert house.ticket(2).links == (1,)


def test_a_strangers_subject_tag_opens_a_linked_ticket_and_shows_nothing(house: House) -> None:
    opened(house)
    house.receives("Let me in.", author=EVE, subject="Re: [#1] Invoice 77 wrong")
    assert house.ticket(2).links == (1,)
    told = house.last("eve@elsewhere.example")
    assert "licences" not in told.text
    assert "#1" not in told.text.replace("#1]", "")
    assert "Luc" not in told.text


def test_the_brief_of_a_strangers_ticket_asks_the_strangers_question_and_says_nothing_twice(house: House) -> None:
    opened(house)
    house.receives("Let me in.", author=EVE, subject="Re: [#1] Invoice 77 wrong")
    brief = house.last(ANN.email, "assigned")
    assert "#2" in brief.text
    assert "licences" not in brief.text, "these are Luc's words, and a reply goes to Eve"
    assert list(brief.message.iter_attachments()) == []
    assert brief.text.count("wrote a new ticket that names #1") == 1


def test_a_tag_of_no_ticket_is_no_clue(house: House) -> None:
    house.receives("Hello.", subject="[#999999999999] hello")
    assert house.ticket(1).links == ()


# --- strangers at the door ---


def test_a_stranger_with_a_token_gets_a_linked_ticket_and_the_owner_is_told(house: House) -> None:
    ack = opened(house)
    house.receives("Luc forwarded me this.", author=EVE, answers=ack)
    assert len(house.entries(1)) == 1
    assert house.ticket(2).owner == "ann"
    knock = house.last(ANN.email)
    assert knock.notice == "linked"
    assert "#accept" in knock.text
    told = house.last("eve@elsewhere.example")
    assert "licences" not in told.text + told.html
    assert "Luc" not in told.text + told.html


def test_a_customers_reply_through_a_list_that_writes_itself_into_from_comes_to_the_owner_with_accept(
    house: House,
) -> None:
    house.receives("Invoice 77 shows two licences.")
    house.agent_replies("Which one is wrong?", house.last(ANN.email))
    row = house.receives(
        "The second one.",
        author='"Luc Petit via Team" <team@lists.example>',
        answers=house.last(LUC),
        headers=[("List-Id", "<team.lists.example>"), ("List-Post", "<mailto:team@lists.example>")],
    )
    assert house.mail(row).ticket == 2
    told = house.last(ANN.email)
    assert told.notice == "linked"
    assert "The second one." in told.text
    assert "#accept" in told.text
    assert house.sent_to("team@lists.example") == []
    house.agent_replies("#accept", told)
    assert "team@lists.example" in {party.address for party in house.ticket().participants}


def test_a_stranger_with_a_token_is_no_participant_afterwards(house: House) -> None:
    ack = opened(house)
    house.receives("Luc forwarded me this.", author=EVE, answers=ack)
    house.receives("Again.", author=EVE, answers=ack)
    assert len(house.entries(1)) == 1
    assert house.ticket(1).participant_at("eve@elsewhere.example") is None


def test_links_of_strangers_do_not_make_a_ticket_grow_for_ever(house: House) -> None:
    opened(house)
    for number in range(60):
        house.receives(f"{number}", author=f"e{number}@elsewhere.example", subject="[#1] x")
    assert len(house.ticket(1).links) == 50


def test_a_person_copied_on_a_reply_may_write_and_is_never_sent_what_was_said_before(house: House) -> None:
    ack = opened(house)
    house.receives("Max knows more.", answers=ack, headers=[("Cc", MAX)])
    house.receives("I do.", author=MAX, to=ack["Reply-To"], subject="Re: Invoice", headers=[("In-Reply-To", "<q@x>")])
    assert len(house.entries()) == 3
    assert house.sent_to("max@customer.example") == []


# --- what time and status do ---


def test_a_reply_to_a_solved_ticket_reopens_it_and_both_sides_are_told(house: House) -> None:
    told = solved(house)
    house.receives("It is still wrong.", answers=told)
    assert house.ticket().status == "open"
    assert house.last(LUC).notice == "reopened"
    assert house.last(LUC)["X-Maild-Status"] == "open"
    assert house.last(ANN.email).notice == "customer-replied"
    house.passes(days=40)
    assert house.ticket().status == "open"


@pytest.mark.parametrize(
    "words", ["Thanks!", "Thank you very much, it works now.\n\nLuc", "Merci beaucoup !", "Great, thanks.\nLuc Petit"]
)
def test_a_mere_thanks_does_not_reopen(house: House, words: str) -> None:
    told = solved(house)
    house.receives(words, answers=told)
    assert house.ticket().status == "solved"
    assert house.last(LUC).notice == "solved"


@pytest.mark.parametrize(
    "words", ["Thanks, but no.", "Thanks, still broken", "Thank you. When?", "Thanks\nStill Wrong"]
)
def test_thanks_with_more_behind_it_reopens(house: House, words: str) -> None:
    told = solved(house)
    house.receives(words, answers=told)
    assert house.ticket().status == "open"


def test_thanks_with_an_attachment_reopens(house: House) -> None:
    told = solved(house)
    house.receives("Thanks.", answers=told, attach=("again.pdf", b"%PDF-1.4"))
    assert house.ticket().status == "open"


def test_a_customer_who_replies_to_a_closed_ticket_gets_a_follow_up_with_owner_and_brief(house: House) -> None:
    opened(house)
    brief = house.last(ANN.email)
    house.agent_replies("#assign ben because Ben knows the contracts", brief)
    house.agent_replies("#solved\nThe contract says one licence.", house.last(BEN.email), agent=BEN)
    told = house.last(LUC)
    house.passes(days=31)
    house.receives("It is wrong again.", answers=told)
    follow_up = house.ticket(2)
    assert follow_up.owner == "ben"
    assert follow_up.links == (1,)
    assert house.last(LUC).notice == "follow-up"
    assert house.last(LUC)["Subject"] == "[#2] Invoice 77 wrong"
    assert house.last(BEN.email).notice == "assigned"
    assert "The contract says one licence." in house.last(BEN.email).text
    assert "two licences" in house.last(BEN.email).text


def test_a_follow_up_is_continued_on_itself(house: House) -> None:
    told = closed(house)
    house.receives("It is wrong again.", answers=told)
    house.receives("More.", answers=house.last(LUC))
    assert len(house.entries(2)) == 2


def test_a_follow_up_goes_to_the_team_where_its_owner_is_gone(house: House) -> None:
    told = closed(house)
    teams = tuple(replace(team, members=(BEN.id,)) for team in house.desk.teams)
    house.changes(agents=(BEN, CLEO), teams=teams)
    house.receives("It is wrong again.", answers=told)
    assert house.ticket(2).owner == "ben"


def test_mail_for_a_merged_ticket_goes_where_it_went_and_a_circle_ends(house: House) -> None:
    first = opened(house)
    house.receives("Another matter.", subject="Printer")
    second = house.last(LUC)
    _merge(house, 2, 1)
    house.receives("For the printer.", answers=second)
    assert house.entries(1)[-1].text.strip() == "For the printer."
    _merge(house, 1, 2)
    house.receives("Round and round.", answers=first)
    assert len(house.entries(1)) + len(house.entries(2)) == 4


def _merge(house: House, source: int, target: int) -> None:
    before = house.ticket(source)
    merged = replace(before, merged_into=TicketNo(target))
    house.store.write(lambda tx: tickets.save(tx, merged, before))


def test_a_token_of_one_desk_means_nothing_to_another_key(house: House) -> None:
    opened(house)
    foreign = type(house.keyring)(house.desk.domain, ((1, b"another secret of 32 bytes......"),))
    address = with_token("support@desk.example", foreign.make(Use.CUSTOMER, 1, 1, house.now))
    house.receives("In.", author=EVE, to=address, subject="Hello")
    assert house.ticket(2).links == ()


def test_everybodys_mail_has_the_same_root_and_names_only_its_readers_ids(house: House) -> None:
    ack = opened(house)
    for number in range(12):
        house.receives(f"More {number}.", answers=ack)
        house.agent_replies(f"Answer {number}.", house.last(ANN.email))
        house.passes(minutes=20)
    roots = {letter["References"].split()[0] for letter in house.sent}
    assert len(roots) == 1
    newest = house.last(LUC)
    assert newest["In-Reply-To"]
    assert len(newest["References"]) < 2000


def test_without_sub_addresses_a_customers_reply_is_found_by_our_message_id(house: House) -> None:
    house.changes(subaddress="")
    ack = opened(house)
    assert ack["Reply-To"] in {"", "support@desk.example"}
    house.receives("More.", answers=ack, to="support@desk.example")
    assert len(house.entries()) == 2
