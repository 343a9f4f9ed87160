"""Every command that an agent can write, and what becomes of wrong ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maild.desk import Assign, Receipts, Team, TeamId
from tests.stories import clients
from tests.stories.house import ANN, BEN, BILLING, CLEO, SUPPORT, House, Letter

LUC = "luc@customer.example"


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("#open", "open"),
        ("#active", "open"),
        ("#pending", "pending"),
        ("#status pending", "pending"),
        ("#hold", "hold"),
        ("#status hold", "hold"),
        ("#solved", "solved"),
        ("#solved it was the wrong year", "solved"),
        *((word, "solved") for word in ("#close", "#closed", "#done", "#resolve", "#resolved", "#status solved")),
        ("@solved", "solved"),
        ("/solved", "solved"),
        ("# solved", "solved"),
        ("#SOLVED", "solved"),
    ],
)
def test_a_status_has_many_words(house: House, words: str, status: str) -> None:
    house.agent_replies(words, asks(house))
    assert house.ticket().status == status
    assert house.last(ANN.email).notice == "receipt"
    assert len(house.entries()) == 1


def test_a_status_that_concerns_the_customer_is_told_by_itself(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#pending", brief)
    assert house.last(LUC).notice == "waiting"
    house.agent_replies("#hold", brief)
    assert house.last(LUC).notice == "waiting"
    house.agent_replies("#solved", brief)
    assert house.last(LUC).notice == "solved"
    house.agent_replies("#reopen", brief)
    assert house.last(LUC).notice == "reopened"
    assert house.ticket().status == "open"
    assert house.last(LUC)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(("word", "notice"), [("#solved", "solved"), ("#pending", "waiting")])
def test_a_customer_in_copy_of_the_agents_mail_hears_of_its_status_from_us(
    house: House, word: str, notice: str
) -> None:
    house.agent_replies(f"{word}\n\nYour new invoice is 78.", asks(house), headers=[("Cc", LUC)])
    told = [letter for letter in house.sent_to(LUC) if letter.notice != "received"]
    assert [letter.notice for letter in told] == [notice]
    assert "Your new invoice is 78." not in told[0].text, "Luc has these words from Ann"
    assert told[0]["Auto-Submitted"] == "auto-generated"


def test_reopen_of_an_open_ticket_is_refused(house: House) -> None:
    house.agent_replies("#reopen", asks(house))
    assert house.last(ANN.email).notice == "refused"


@pytest.mark.parametrize("word", ["assign", "assignee", "agent", "owner"])
@pytest.mark.parametrize("who", ["ben", "Ben", "Ben Ode", "ben@agents.example", "@ben"])
def test_assign_takes_an_id_a_name_or_an_address(house: House, word: str, who: str) -> None:
    house.agent_replies(f"#{word} {who} because Ben knows the contracts", asks(house))
    assert house.ticket().owner == "ben"
    assert house.last(BEN.email).notice == "assigned"


@pytest.mark.parametrize("because", ["because", "parce que", "porque", "weil", "потому что"])
def test_because_has_its_word_in_each_language(house: House, because: str) -> None:
    house.agent_replies(f"#assign ben {because} Ben knows", asks(house))
    assert house.ticket().owner == "ben"


@pytest.mark.parametrize(
    "words",
    ["#assign ben", "#release", "#team billing", "#assign nobody because x", "#team nowhere because x", "#show 99"],
)
def test_a_command_that_cannot_be_carried_out_is_refused_and_nothing_runs(house: House, words: str) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies(f"#urgent\n{words}\nDear Luc,\nit is done.", brief)
    refused = house.last(ANN.email)
    assert refused.notice == "refused"
    assert house.ticket().priority == "normal"
    assert house.ticket().owner == "ann"
    assert len(house.sent_to(LUC)) == before
    assert "it is done." in refused.text
    assert len(house.entries()) == 1


def test_a_misspelt_command_names_the_nearest(house: House) -> None:
    house.agent_replies("#asign ben because he knows\nHello.", asks(house))
    assert '"#assign"' in house.last(ANN.email, "refused").text


def test_a_refused_text_can_be_sent_without_its_commands_exactly_once(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#asign ben\nDear Luc,\nit is done.", brief, attach=("proof.txt", b"done"))
    refused = house.last(ANN.email, "refused")
    clients.follows(house, refused, "#yes")
    reply = house.last(LUC)
    assert "it is done." in reply.text
    assert "#asign" not in reply.text
    assert [part.get_filename() for part in reply.message.iter_attachments()] == ["proof.txt"]
    before = len(house.sent)
    clients.follows(house, refused, "#yes")
    assert len(house.sent) == before


def test_a_refused_note_goes_out_as_a_note(house: House) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies("#note\n#asign ben\nOnly for us.", brief)
    clients.follows(house, house.last(ANN.email, "refused"), "#yes")
    assert house.entries()[-1].voice == "note"
    assert len(house.sent_to(LUC)) == before


def test_a_refusal_of_commands_alone_offers_nothing_to_send(house: House) -> None:
    house.agent_replies("#asign ben", asks(house))
    assert [link for link in clients.links(house.last(ANN.email, "refused")) if link.body.startswith("#yes")] == []


def test_take_of_an_owned_ticket_needs_a_reason(house: House) -> None:
    asks(house)
    tag = "Re: [#1] Invoice 77 wrong"
    house.receives("#take", author=f"Cleo <{CLEO.email}>", subject=tag)
    assert house.last(CLEO.email).notice == "refused"
    house.receives("#take because Ann is ill served", author=f"Cleo <{CLEO.email}>", subject=tag)
    assert house.ticket().owner == "cleo"
    assert house.last(ANN.email).notice == "note"
    assert "Ann is ill served" in house.last(ANN.email).text


@pytest.mark.parametrize("word", ["take", "mine", "me"])
def test_take_of_an_unowned_ticket_needs_none(house: House, word: str) -> None:
    house.changes(teams=(replace(SUPPORT, assign=Assign.NONE), BILLING))
    house.agent_replies(f"#{word}", asks(house))
    assert house.ticket().owner == "ann"


@pytest.mark.parametrize("word", ["release", "unassign"])
def test_release_gives_the_ticket_back_to_the_team(house: House, word: str) -> None:
    house.agent_replies(f"#{word} because I am no expert", asks(house))
    assert house.ticket().owner is None
    house.passes(seconds=61)
    moved = house.last(LUC)
    assert moved.notice == "owner-changed"
    assert "Our support team" in moved.text
    assert "I am no expert" in moved.text


@pytest.mark.parametrize("word", ["team", "group", "queue", "department"])
def test_team_moves_the_ticket_and_the_team_chooses_an_owner(house: House, word: str) -> None:
    house.agent_replies(f"#{word} billing because it is about money", asks(house))
    assert house.ticket().team == "billing"
    assert house.ticket().owner == "ben"
    assert house.last(BEN.email).notice == "assigned"


def test_an_owner_named_beside_a_team_stands_whatever_the_order(house: House) -> None:
    house.agent_replies("#assign cleo because she leads\n#team billing because it is about money", asks(house))
    assert house.ticket().team == "billing"
    assert house.ticket().owner == "cleo"


def test_a_team_that_assigns_nobody_hears_of_it_as_a_whole(house: House) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, assign=Assign.NONE, members=(BEN.id, CLEO.id))))
    house.agent_replies("#team billing because it is about money", asks(house))
    assert house.ticket().owner is None
    assert house.last(BEN.email).notice == house.last(CLEO.email).notice == "assigned"


def test_round_robin_and_least_busy_choose_as_they_say(house: House) -> None:
    house.changes(teams=(SUPPORT, replace(BILLING, assign=Assign.ROUND_ROBIN, members=(BEN.id, CLEO.id))))
    owners = []
    for number in range(1, 5):
        house.receives(f"Question {number}", to="billing@desk.example", subject=f"Question {number}")
        owners.append(house.ticket(number).owner)
    assert owners == ["ben", "cleo", "ben", "cleo"]
    house.changes(teams=(SUPPORT, replace(BILLING, members=(BEN.id, CLEO.id))))
    house.agent_replies("#solved", house.last(CLEO.email, "assigned"), agent=CLEO)
    house.receives("Question 5", to="billing@desk.example", subject="Question 5")
    assert house.ticket(5).owner == "cleo"


@pytest.mark.parametrize("words", ["#priority urgent", "#urgent", "#Priority URGENT"])
def test_priority_has_a_short_form(house: House, words: str) -> None:
    before = len(house.sent_to(LUC))
    house.agent_replies(words, asks(house))
    assert house.ticket().priority == "urgent"
    assert len(house.sent_to(LUC)) == before + 1  # the acknowledgement alone


def test_tags_are_added_and_taken_away(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#tag money licence", brief)
    house.agent_replies("#label vip", brief)
    house.agent_replies("#untag licence", brief)
    assert house.ticket().tags == ("money", "vip")


def test_subject_changes_what_agents_see_only(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#subject Two licences\nWe look.", brief)
    assert house.last(LUC)["Subject"] == "[#1] Invoice 77 wrong"
    assert house.last(ANN.email)["Subject"] == "[#1] Two licences"


@pytest.mark.parametrize("words", ["#note for us", "#internal\nfor us", "#private\nfor us"])
def test_note_has_many_words(house: House, words: str) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies(words, brief)
    assert house.entries()[-1].voice == "note"
    assert house.entries()[-1].text == "for us"
    assert len(house.sent_to(LUC)) == before


def test_public_is_reply(house: House) -> None:
    house.agent_replies("#public\nHello Luc.", asks(house))
    assert "Hello Luc." in house.last(LUC).text


def test_show_history_list_and_help_are_answered_at_once(house: House) -> None:
    brief = asks(house)
    for word in ("show", "history", "list", "help"):
        house.agent_replies(f"#{word}", brief)
        assert house.last(ANN.email).notice == word
    house.agent_replies("#show 1\n#tag seen", brief)
    assert {house.sent[-1].notice, house.sent[-2].notice} == {"show", "receipt"}
    assert house.ticket().tags == ("seen",)
    assert len(house.sent_to(LUC)) == 1


def test_list_and_a_change_in_one_mail_lose_neither(house: House) -> None:
    house.agent_replies("#tag money\n#list", asks(house))
    assert {letter.notice for letter in house.sent_to(ANN.email)} == {"assigned", "list", "receipt"}
    assert "#1" in house.last(ANN.email, "list").text


def test_private_teams_are_shown_to_their_own_people_only(house: House) -> None:
    secret = Team(TeamId("legal"), "Legal", (BEN.id,), private=True, address="legal@desk.example")
    house.changes(teams=(SUPPORT, BILLING, secret))
    house.receives("Our contract is void.", to="legal@desk.example", subject="Contract")
    house.receives("Invoice 77 shows two licences.")
    brief = house.last(ANN.email)
    for words in ("#show 1", "#history 1"):
        house.agent_replies(words, brief)
        assert house.last(ANN.email).notice == "refused"
        assert "void" not in house.last(ANN.email).text
    house.receives("#show", author=f"Ann <{ANN.email}>", subject="Re: [#1] Contract")
    assert all("void" not in letter.text for letter in house.sent_to(ANN.email))
    house.agent_replies("#show 1", house.last(BEN.email), agent=BEN)
    assert "void" in house.last(BEN.email, "show").text
    house.receives("#show 1", author=f"Cleo <{CLEO.email}>", subject="Re: [#1] Contract")
    assert "void" in house.last(CLEO.email, "show").text


def test_an_outsider_who_was_given_a_private_ticket_does_not_get_the_teams_list(house: House) -> None:
    secret = Team(TeamId("legal"), "Legal", (BEN.id,), private=True, address="legal@desk.example")
    house.changes(teams=(SUPPORT, BILLING, secret))
    house.receives("Our contract is void.", to="legal@desk.example", subject="Contract")
    house.receives("We sue you.", to="legal@desk.example", subject="Lawsuit")
    house.agent_replies("#assign ann because she knows", house.last(BEN.email), agent=BEN)
    house.agent_replies("#list team", house.last(ANN.email))
    listed = house.last(ANN.email, "list").text
    assert "Lawsuit" in listed
    assert "Contract" not in listed


def test_commands_stand_at_the_top_only(house: House) -> None:
    house.agent_replies("Hello Luc,\n#solved\nis what I would say.", asks(house))
    assert house.ticket().status == "open"
    assert "#solved" in house.last(LUC).text


def test_commands_in_quotes_and_subject_do_nothing(house: House) -> None:
    brief = asks(house, "#solved\nThat is my invoice.")
    house.agent_replies("Thank you.", brief, headers=[])
    house.receives("Hello.", author=f"Ann <{ANN.email}>", to=brief["Reply-To"], subject="#solved [#1]")
    assert house.ticket().status == "open"


def test_two_commands_that_contradict_each_other_are_refused(house: House) -> None:
    house.agent_replies("#solved\n#pending\nHm.", asks(house))
    assert house.last(ANN.email).notice == "refused"
    assert house.ticket().status == "open"


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (Receipts.ALWAYS, ["receipt", "receipt", "refused"]),
        (Receipts.COMMANDS, ["receipt", "refused"]),
        (Receipts.ERRORS, ["refused"]),
        (Receipts.NEVER, ["refused"]),
    ],
)
def test_receipts_follow_the_policy_and_refusals_are_always_told(
    house: House, policy: Receipts, told: list[str]
) -> None:
    house.changes(receipts=policy)
    brief = asks(house)
    house.agent_replies("#tag money", brief)
    house.agent_replies("We look into it.", brief)
    house.agent_replies("#nonsense\nHello.", brief)
    assert [letter.notice for letter in house.sent_to(ANN.email)][1:] == told


def test_after_the_tenth_in_an_hour_receipts_come_in_one_mail_and_refusals_at_once(house: House) -> None:
    brief = asks(house)
    for number in range(13):
        house.agent_replies(f"#tag number{number}", brief)
        house.passes(minutes=1)
    assert len([m for m in house.sent_to(ANN.email) if m.notice == "receipt"]) == 10
    house.agent_replies("#nonsense", brief)
    assert house.last(ANN.email).notice == "refused"
    house.passes(hours=1)
    receipts = [m for m in house.sent_to(ANN.email) if m.notice == "receipt"]
    assert len(receipts) == 11
    assert all(f"number{number}" in receipts[-1].text for number in (10, 11, 12))
    house.passes(hours=3)
    assert len([m for m in house.sent_to(ANN.email) if m.notice == "receipt"]) == 11
    house.agent_replies("#tag later", brief)
    assert "later" in house.last(ANN.email, "receipt").text


def test_accept_lets_the_stranger_take_part_and_refuses_where_nobody_waits(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#accept", brief)
    assert house.last(ANN.email).notice == "refused"
    house.receives("I know more.", author="Dana Kim <dana@partner.example>", answers=house.last(LUC))
    knock = house.last(ANN.email, "linked")
    clients.follows(house, knock, "#accept")
    assert house.ticket(2).merged_into == 1
    assert house.ticket(1).participant_at("dana@partner.example") is not None
    house.receives(
        "One thing more.", author="Dana Kim <dana@partner.example>", answers=house.last("dana@partner.example")
    )
    assert house.entries(1)[-1].text == "One thing more."


def test_the_links_of_a_brief_do_what_they_say(house: House) -> None:
    brief = asks(house)
    clients.follows(house, brief, "#solved", text="Done.")
    assert house.ticket().status == "solved"
    assert "Done." in house.last(LUC).text


def test_commands_are_read_from_html_only_where_there_is_no_plain_text(house: House) -> None:
    brief = asks(house)
    raw = (
        f"Authentication-Results: mx.desk.example; dmarc=pass header.from=agents.example\r\n"
        f"From: Ann Lee <{ANN.email}>\r\nTo: {brief['Reply-To']}\r\nSubject: Re: {brief['Subject']}\r\n"
        f"Message-ID: <html1@client.example>\r\nIn-Reply-To: {brief['Message-ID']}\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=utf-8\r\n\r\n<div>#solved</div><div>It is done.</div>\r\n"
    )
    house.takes(raw.encode(), ANN.email, (brief["Reply-To"],))
    assert house.ticket().status == "solved"
    assert "It is done." in house.last(LUC).text
