"""The agent's day: replies, notes, who gets what, and the programs that people write with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage

import pytest

from maild.desk import Assign
from tests.stories import clients
from tests.stories.clients import PIXEL, PROGRAMS, Reply
from tests.stories.house import ANN, BEN, BILLING, CLEO, SUPPORT, House, Letter

LUC = "luc@customer.example"
LUC_PETIT = "Luc Petit <luc@customer.example>"


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


def written(program: Callable[[Reply], EmailMessage]) -> str:
    return program.__name__


@pytest.mark.parametrize("program", PROGRAMS, ids=written)
def test_a_conversation_reads_well_whatever_program_both_sides_write_with(
    house: House, program: Callable[[Reply], EmailMessage]
) -> None:
    brief = asks(house)
    ann = f"{ANN.name} <{ANN.email}>"
    clients.posts(house, program(Reply(ann, brief, "#pending\nDear Luc,\nwhich year is it?\n\nAnn", house.now)))
    reply = house.last(LUC)
    assert reply.notice == "waiting"
    said = house.entries()[-1].text
    assert [line for line in said.splitlines() if line] == ["Dear Luc,", "which year is it?", "Ann"]
    assert "#pending" not in reply.text
    assert "Priority" not in reply.text
    house.now += house.desk.settle
    clients.posts(house, program(Reply(LUC_PETIT, reply, "It is 2026.", house.now, picture=True)))
    heard = house.last(ANN.email)
    assert heard.notice == "customer-replied"
    assert house.ticket().status == "open"
    assert house.entries()[-1].text.splitlines()[0] == "It is 2026."
    assert "which year" not in house.entries()[-1].text
    pictures = [part for part in heard.message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_payload(decode=True) for part in pictures] == [PIXEL]
    clients.posts(house, program(Reply(ann, heard, "#solved\nHere it is.", house.now, picture=True)))
    done = house.last(LUC)
    assert done.notice == "solved"
    assert [part for part in done.message.walk() if part.get_content_type() == "image/png"]
    assert "Luc Petit wrote" not in done.text


def test_a_reply_goes_from_the_desks_address_under_the_agents_name(house: House) -> None:
    house.agent_replies("We look into it.\n\nAnn", asks(house), attach=("form.pdf", b"%PDF-1.7 form"))
    reply = house.last(LUC)
    assert reply.message["From"].addresses[0].addr_spec == "support@desk.example"
    assert reply.message["From"].addresses[0].display_name == "Ann Lee (Example Support)"
    assert [part.get_filename() for part in reply.message.iter_attachments()] == ["form.pdf"]
    assert ANN.email not in reply.outgoing.content.decode()
    assert reply["Auto-Submitted"] == ""
    assert reply["X-Auto-Response-Suppress"] == ""


def test_machine_text_and_a_persons_words_are_marked_as_what_they_are(house: House) -> None:
    brief = asks(house)
    ack = house.last(LUC)
    assert ack["Auto-Submitted"] == "auto-replied"
    assert ack["X-Auto-Response-Suppress"] == "All"
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("#note Luc is in a hurry", house.last(BEN.email), agent=BEN)
    house.agent_replies("#note\nAsk him.", house.last(BEN.email), agent=CLEO)
    house.passes(seconds=61)
    moved = house.last(LUC)
    assert moved["Auto-Submitted"] == "auto-generated"
    assert moved["X-Auto-Response-Suppress"] == "All"
    for letter in house.sent:
        assert letter["Precedence"] == ""
        if letter.notice in {"assigned", "note", "customer-replied"}:
            assert letter["Auto-Submitted"] == ""
            assert letter["X-Auto-Response-Suppress"] == "DR, RN, NRN"
        if letter.notice in {"receipt", "refused", "held"}:
            assert letter["Auto-Submitted"] == "auto-generated"


def test_every_mail_has_a_signed_envelope_sender_but_news_of_failed_delivery(house: House) -> None:
    house.agent_replies("#solved\nDone.", asks(house))
    assert all(letter.outgoing.envelope.sender.startswith("support+") for letter in house.sent)


def test_a_note_goes_to_colleagues_only(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    before = len(house.sent_to(LUC))
    house.agent_replies("#note\nLuc pays late, be careful.", house.last(BEN.email), agent=BEN)
    house.agent_replies("#note\nI saw that, too.", brief)
    told = house.last(BEN.email)
    assert told.notice == "note"
    assert "I saw that, too." in told.text
    assert len(house.sent_to(LUC)) == before
    assert [entry.voice.value for entry in house.entries()] == ["public", "note", "note"]


def test_a_reply_to_a_note_stays_a_note_and_reaches_who_wrote_it(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("#note\nShall we refund it?", brief)
    note = house.last(BEN.email, "note")
    before = len(house.sent_to(LUC))
    house.agent_replies("Yes, refund it.", note, agent=BEN)
    assert house.entries()[-1].voice == "note"
    assert "Yes, refund it." in house.last(ANN.email, "note").text
    assert len(house.sent_to(LUC)) == before


def test_reply_in_answer_to_a_note_goes_to_the_customer(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows", brief)
    house.agent_replies("#note\nShall we refund it?", brief)
    house.agent_replies("#reply\nWe refund it, Luc.", house.last(BEN.email, "note"), agent=BEN)
    assert "We refund it, Luc." in house.last(LUC).text
    assert "Shall we" not in house.last(LUC).text


def test_a_note_keeps_the_quotes_out(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#note Only for us.", brief)
    assert house.entries()[-1].text == "Only for us."


def test_a_note_travels_with_the_ticket_to_its_new_owner_in_one_mail(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows\n#note\nHe is angry.", brief, attach=("log.txt", b"lines"))
    told = house.sent_to(BEN.email)
    assert [letter.notice for letter in told] == ["assigned"]
    assert "He is angry." in told[0].text
    names = [part.get_filename() for part in told[0].message.iter_attachments()]
    assert names == ["log.txt", "01-2026-11-21-luc-petit.eml"], "what was said before comes as files"


def test_a_members_public_reply_to_an_unowned_ticket_makes_that_member_its_owner(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, assign=Assign.NONE), BILLING))
    brief = asks(house)
    assert house.ticket().owner is None
    house.agent_replies("#note I look at it", brief)
    assert house.ticket().owner is None
    house.agent_replies("We look into it.", brief)
    assert house.ticket().owner == "ann"
    reply = house.last(LUC)
    assert reply.notice == "owner-set"
    assert "We look into it." in reply.text
    house.passes(minutes=2)
    assert house.last(LUC) == reply


def test_a_colleague_of_another_team_who_replies_does_not_become_the_owner(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, assign=Assign.NONE), BILLING))
    asks(house)
    house.receives("I can tell you.", author=f"Cleo <{CLEO.email}>", subject="Re: [#1] Invoice 77 wrong")
    assert "I can tell you." in house.last(LUC).text
    assert house.ticket().owner is None


def test_nobody_is_assigned_a_ticket_of_their_own(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, CLEO.id), assign=Assign.NONE), BILLING))
    house.receives("My chair is broken.", author=f"Ann Lee <{ANN.email}>")
    assert house.ticket().owner is None
    assert house.ticket().requester.address == ANN.email
    told = house.last(CLEO.email)
    house.agent_replies("#assign ann because she knows chairs", told, agent=CLEO)
    assert house.last(CLEO.email).notice == "refused"
    assert house.ticket().owner is None


def test_an_agent_who_asks_is_answered_as_a_customer(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, CLEO.id)), BILLING))
    house.receives("My chair is broken.", author=f"Ann Lee <{ANN.email}>")
    ack = house.last(ANN.email)
    assert ack.notice == "received"
    house.agent_replies("Which chair do you mean?", house.last(CLEO.email), agent=CLEO)
    house.agent_replies("#note the red one", house.last(ANN.email, "reply"))
    assert house.entries()[-1].voice == "public"
    assert house.ticket().owner == "cleo"
    assert house.last(CLEO.email).notice == "customer-replied"


def test_a_customer_in_the_mails_own_cc_gets_no_second_copy(house: House) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("We look into it.", brief, headers=[("Cc", LUC_PETIT)])
    assert len(house.sent_to(LUC)) == before
    assert house.entries()[-1].text == "We look into it."


def test_a_move_in_a_mail_that_the_customer_has_already_is_still_told(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben knows\nBen goes on.", brief, headers=[("Cc", LUC_PETIT)])
    house.passes(seconds=61)
    assert house.last(LUC).notice == "owner-changed"
    assert house.last(LUC)["X-Maild-Previous-Owner"] == "Ann Lee"


def test_an_automatic_mail_with_an_agents_address_does_nothing(house: House) -> None:
    brief = asks(house)
    before = len(house.sent)
    house.agent_replies("#solved\nThank you.", brief, headers=[("Auto-Submitted", "auto-replied")], sender="")
    assert house.ticket().status == "open"
    assert len(house.sent) == before
    house.agent_replies("#solved", brief, headers=[("Auto-Submitted", "auto-replied")], proven=False)
    assert len(house.sent) == before


@pytest.mark.parametrize("way", ["link", "reply"])
@pytest.mark.parametrize(
    "mark", [("Feedback-ID", "1:AmazonSES"), ("X-SG-EID", "abc"), ("List-Unsubscribe", "<mailto:x@y.z>")]
)
def test_an_agent_whose_server_marks_all_mail_as_a_machines_is_asked_and_heard(
    house: House, mark: tuple[str, str], way: str
) -> None:
    brief = asks(house)
    heard = len(house.sent_to(LUC))
    row = house.agent_replies("#solved\nThe invoice is right now.", brief, headers=[mark])
    assert house.mail(row).state == "quarantine"
    assert len(house.sent_to(LUC)) == heard
    held = house.last(ANN.email)
    assert held.notice == "held"
    assert mark[0].lower() in held.text
    if way == "link":
        [yes] = [link for link in clients.links(held) if link.body == "#yes"]
        house.agent_replies(yes.body, held, to=yes.to, headers=[mark])
    else:
        house.agent_replies("#yes", held, headers=[mark])
    assert house.ticket().status == "solved"
    assert "The invoice is right now." in house.last(LUC).text


def test_an_agent_with_a_name_as_a_machine_has_is_asked_and_heard(house: House) -> None:
    house.changes(agents=(replace(ANN, email="it-admin@agents.example"), BEN, CLEO))
    house.receives("Invoice 77 shows two licences.")
    ann = house.desk.agents[0]
    house.agent_replies("We look into it.", house.last(ann.email), agent=ann)
    clients.follows(house, house.last(ann.email, "held"), "#yes", agent=ann)
    assert "We look into it." in house.last(LUC).text


@pytest.mark.parametrize("mark", [("Precedence", "bulk"), ("X-Loop", "vacation"), ("Auto-Submitted", "auto-generated")])
def test_a_machine_with_an_agents_address_is_filed_and_nobody_is_asked(house: House, mark: tuple[str, str]) -> None:
    brief = asks(house)
    before = len(house.sent)
    for more in ([mark], [mark, ("Feedback-ID", "1")]):
        house.agent_replies("#solved\nI am at the beach.", brief, headers=more)
    assert len(house.sent) == before
    assert house.ticket().status == "open"


def test_commands_alone_send_the_customer_nothing_even_with_a_signature_below(house: House) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("#tag money\n\n-- \nAnn Lee\nExample Support", brief)
    assert house.ticket().tags == ("money",)
    assert len(house.sent_to(LUC)) == before
    assert len(house.entries()) == 1


def test_everybody_who_takes_part_is_sent_the_reply_with_an_address_of_their_own(house: House) -> None:
    brief = asks(house)
    house.receives("I know more.", author="Dana Kim <dana@partner.example>", answers=house.last(LUC))
    house.agent_replies("#accept", house.last(ANN.email, "linked"))
    house.now += house.desk.settle
    house.agent_replies("To both of you.", brief)
    dana, luc = house.last("dana@partner.example"), house.last(LUC)
    assert dana.notice == luc.notice == "reply"
    assert dana["Reply-To"] != luc["Reply-To"]
    assert LUC not in dana.outgoing.content.decode()
    house.receives("Thank you from Dana. When?", author="Dana Kim <dana@partner.example>", answers=dana)
    assert house.entries()[-1].name == "Dana Kim"


def test_an_accepted_stranger_is_not_shown_what_was_said_before(house: House) -> None:
    brief = asks(house)
    house.agent_replies("The secret number is 4711.", brief)
    house.receives("I know more.", author="Dana Kim <dana@partner.example>", answers=house.last(LUC))
    house.agent_replies("#accept", house.last(ANN.email, "linked"))
    assert house.last(ANN.email).notice == "receipt"
    assert all("4711" not in letter.text for letter in house.sent_to("dana@partner.example"))


def test_an_accepted_strangers_history_begins_where_the_stranger_came_in(house: House) -> None:
    brief = asks(house, "My secret is blue.")
    house.agent_replies("#assign ben because he knows", brief)
    house.agent_replies("The secret number is 4711.", house.last(BEN.email), agent=BEN)
    dana = "Dana Kim <dana@partner.example>"
    house.receives("I know more.", author=dana, answers=house.last(LUC))
    house.agent_replies("#accept", house.last(BEN.email, "linked"), agent=BEN)
    house.passes(hours=1)
    house.receives("HISTORY", author=dana, answers=house.last("dana@partner.example"))
    told = house.last("dana@partner.example", "history")
    assert "It is with Ben Ode" in told.text
    house.receives("It is number 5.", author=dana, answers=told)
    house.agent_replies("Number 5 it is.", house.last(BEN.email), agent=BEN)
    house.receives("HISTORY", author=dana, answers=house.last("dana@partner.example"))
    told = house.last("dana@partner.example", "history")
    assert "It is number 5." in told.text
    assert "Number 5 it is." in told.text
    for letter in house.sent_to("dana@partner.example"):
        assert not {word for word in ("4711", "blue") if word in letter.text + letter.html}
    house.receives("HISTORY", answers=house.last(LUC))
    assert all(word in house.last(LUC, "history").text for word in ("blue", "4711", "Number 5 it is."))


def test_an_agent_who_asks_is_told_nothing_internal_of_their_own_ticket(house: House) -> None:
    house.changes(teams=(replace(SUPPORT, members=(ANN.id, CLEO.id)), BILLING))
    house.receives("My chair is broken.", author=f"Ann Lee <{ANN.email}>")
    house.agent_replies("#note\nAnn breaks every chair.", house.last(CLEO.email), agent=CLEO)
    house.agent_replies("#release because I am away", house.last(CLEO.email), agent=CLEO)
    house.passes(seconds=61)
    assert [letter.notice for letter in house.sent_to(ANN.email)] == ["received", "owner-changed"]
    assert all("every chair" not in letter.text for letter in house.sent_to(ANN.email))


def test_the_closing_of_an_agent_goes_to_the_customer(house: House) -> None:
    house.receives("The invoice is wrong.")
    house.agent_replies("I look into it.\n\nKind regards,\nAnn", house.last(ANN.email, "assigned"))
    told = house.last("luc@customer.example", "reply").text
    assert "I look into it.\r\n\r\nKind regards,\r\nAnn" in told or "I look into it.\n\nKind regards,\nAnn" in told
