"""History from elsewhere: old mail becomes tickets, whole conversations in any order, and nobody hears of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.history import Ended, Historian
from maild.ingest.bundle import Letter
from maild.ingest.kind import Ours
from maild.readers import Unread
from maild.store import inbox
from maild.ticket import Role, Status, Ticket, Voice
from tests.stories.house import ANN, BEN, DESK, MORNING, House, InlineReaders

LUC, MIA = "Luc Petit <luc@customer.example>", "Mia Roth <mia@customer.example>"
LUC_AT, MIA_AT = "luc@customer.example", "mia@customer.example"
ANN_LEE, BEN_ODE = f"{ANN.name} <{ANN.email}>", f"{BEN.name} <{BEN.email}>"
US = DESK.address
YEARS_AGO = datetime(2021, 3, 2, 10, 0, tzinfo=UTC)
LAST_WEEK = MORNING - timedelta(days=7)


def old(
    name: str,
    text: str = "It prints nothing.",
    *,
    author: str = LUC,
    to: str = US,
    subject: str = "The printer",
    answers: Sequence[str] = (),
    at: datetime | None = YEARS_AGO,
    headers: Sequence[tuple[str, str]] = (),
) -> Letter:
    """A mail of the years before; `name` is its Message-ID, "" for none."""
    message = EmailMessage()
    for field, value in headers:
        message[field] = value
    if author:
        message["From"] = author
    message["To"] = to
    message["Subject"] = subject
    if at is not None:
        message["Date"] = at
    if name:
        message["Message-ID"] = f"<{name}@elsewhere.example>"
    if answers:
        message["In-Reply-To"] = f"<{answers[-1]}@elsewhere.example>"
        message["References"] = " ".join(f"<{one}@elsewhere.example>" for one in answers)
    message.set_content(text + "\n")
    return Letter(message.as_bytes(), YEARS_AGO)


class Desk(House):
    """A desk that brings old mail in as `maild import` does."""

    def brings(self, *letters: Letter) -> list[Ended]:
        """One run of the command over these mails, in the order given; then all that is due is done."""
        ours = Ours(self.desk.addresses)
        historian = Historian(self.office, ours, InlineReaders, lambda: self.now, lambda: True)  # type: ignore[arg-type]  # the same verbs, in this process
        ended = [one for letter in letters for one in historian.take([letter])]
        after = 0
        while True:
            after, _ = historian.again(after)
            if not after:
                break
        historian.close()
        self.works()
        return ended

    def ends(self, name: str) -> tuple[str, int | None]:
        """Where the mail of this name ended: its state and its ticket, merges followed."""
        with self.store.read() as tx:
            [kept] = [one for one in inbox.listing(tx) if one.message_id == f"{name}@elsewhere.example"]
        ticket = self.ticket(kept.ticket) if kept.ticket else None
        return kept.state, ticket.merged_into or ticket.number if ticket else None

    @property
    def whole(self) -> list[Ticket]:
        """The tickets that lead to no other one."""
        return [one for one in self.tickets if one.merged_into is None]

    def names(self, number: int = 1) -> list[str]:
        return [entry.message_id.partition("@")[0] for entry in self.entries(number)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    assert made.faults() == []
    made.close()


def conversation(at: datetime) -> list[Letter]:
    """Luc asks, Ann answers, Luc thanks her."""
    return [
        old("ask", at=at),
        old("answer", "Is it on?", author=ANN_LEE, to=LUC, answers=["ask"], at=at + timedelta(hours=1)),
        old("thanks", "It was not.", answers=["ask", "answer"], at=at + timedelta(hours=2)),
    ]


# --- one conversation ---


def test_an_old_conversation_becomes_one_closed_ticket_and_nobody_hears_of_it(desk: Desk) -> None:
    assert desk.brings(*conversation(YEARS_AGO)) == [Ended.OPENED, Ended.JOINED, Ended.JOINED]
    ticket = desk.ticket()
    assert (ticket.status, ticket.owner, ticket.subject) == (Status.CLOSED, "ann", "The printer")
    assert (ticket.requester.address, ticket.requester.proven) == (LUC_AT, False)
    assert (ticket.created_at, ticket.updated_at) == (YEARS_AGO, YEARS_AGO + timedelta(hours=2))
    assert ticket.solved_at == ticket.updated_at
    assert [(one.at, one.name, one.voice) for one in desk.entries()] == [
        (YEARS_AGO, "Luc Petit", Voice.PUBLIC),
        (YEARS_AGO + timedelta(hours=1), "Ann Lee", Voice.PUBLIC),
        (YEARS_AGO + timedelta(hours=2), "Luc Petit", Voice.PUBLIC),
    ]
    assert "imported" in {event.event for event in desk.history()}
    assert desk.outbox == []
    desk.passes(days=400)
    assert desk.outbox == []


def test_a_young_one_is_solved_and_closes_when_it_would_have(desk: Desk) -> None:
    desk.brings(*conversation(LAST_WEEK))
    assert desk.ticket().status is Status.SOLVED
    desk.passes(days=22)
    assert desk.ticket().status is Status.SOLVED
    desk.passes(days=2)
    assert desk.ticket().status is Status.CLOSED
    assert desk.outbox == []


def test_a_customer_who_answers_a_solved_one_reopens_it_and_its_agent_hears_of_it(desk: Desk) -> None:
    desk.brings(*conversation(LAST_WEEK))
    answer = [("In-Reply-To", "<answer@elsewhere.example>")]
    desk.receives("It is broken again.", author=LUC, subject="Re: The printer", headers=answer)
    assert desk.ticket().status is Status.OPEN
    assert "It is broken again." in desk.last(ANN.email, "customer-replied").text
    assert "#1" in desk.last(LUC_AT, "reopened").text
    assert "thanks" in desk.names()


def test_a_customer_who_asks_for_the_history_reads_what_was_said_and_no_note(desk: Desk) -> None:
    inside = old("inside", "He never pays.", author=ANN_LEE, to=BEN_ODE, answers=["ask"], at=LAST_WEEK)
    desk.brings(*conversation(LAST_WEEK), inside)
    answer = [("In-Reply-To", "<answer@elsewhere.example>")]
    desk.receives("It is broken again.", author=LUC, subject="Re: The printer", headers=answer)
    desk.receives("HISTORY", author=LUC, answers=desk.last(LUC_AT, "reopened"))
    told = desk.last(LUC_AT, "history").text
    assert "Is it on?" in told
    assert "It prints nothing." in told
    assert "never pays" not in told


def test_a_customer_who_answers_a_closed_one_gets_a_follow_up(desk: Desk) -> None:
    desk.brings(*conversation(YEARS_AGO))
    answer = [("References", "<ask@elsewhere.example> <answer@elsewhere.example>")]
    desk.receives("It is broken again.", author=LUC, subject="Re: The printer", headers=answer)
    assert desk.ticket(1).status is Status.CLOSED
    assert desk.ticket(2).links == (1,)
    assert "#2" in desk.last(LUC_AT, "follow-up").text
    assert "Is it on?" in desk.last(ANN.email, "assigned").text


def test_every_author_takes_part_and_the_first_customer_is_the_one_who_asks(desk: Desk) -> None:
    day = timedelta(days=1)
    desk.brings(
        old("offer", "May we help?", author=ANN_LEE, to=LUC, at=YEARS_AGO),
        old("yes", "Please.", author=MIA, answers=["offer"], at=YEARS_AGO + 2 * day),
        old("also", "Me too.", answers=["offer"], at=YEARS_AGO + day),
    )
    ticket = desk.ticket()
    assert ticket.requester.address == LUC_AT
    assert [one.address for one in ticket.participants if one.role is Role.CC] == [MIA_AT]
    assert [one.agent for one in ticket.parties if one.role is Role.AGENT] == ["ann"]


def test_where_only_agents_wrote_the_first_recipient_stands_for_the_customer(desk: Desk) -> None:
    desk.brings(old("offer", "May we help?", author=ANN_LEE, to=f"{US}, {MIA}"))
    assert desk.ticket().requester.address == MIA_AT
    desk.brings(old("inside", "Who takes it?", author=ANN_LEE, to=BEN_ODE))
    assert desk.ticket(2).requester.address == ANN.email
    assert desk.ticket(2).owner is None


def test_what_agents_wrote_to_colleagues_alone_is_a_note(desk: Desk) -> None:
    desk.brings(
        old("ask"),
        old("note", "He never pays.", author=ANN_LEE, to=f"{BEN_ODE}, {US}", answers=["ask"]),
        old("told", "We look.", author=f"Example Support <{US}>", to=LUC, answers=["ask"]),
        old("inside", "A new mail from Luc.", author=f"Example Support <{US}>", to=ANN_LEE, answers=["ask"]),
    )
    assert [one.voice for one in desk.entries()] == [Voice.PUBLIC, Voice.NOTE, Voice.PUBLIC, Voice.NOTE]


def test_the_last_agent_who_still_works_here_has_it(desk: Desk) -> None:
    hour = timedelta(hours=1)
    mails = [
        old("ask"),
        old("late", "By Ben.", author=BEN_ODE, to=LUC, answers=["ask"], at=YEARS_AGO + 3 * hour),
        old("soon", "By Ann.", author=ANN_LEE, to=LUC, answers=["ask"], at=YEARS_AGO + hour),
    ]
    desk.brings(*mails)
    assert desk.ticket().owner == "ben"


def test_the_name_beside_the_desk_s_own_address_tells_which_agent_wrote(desk: Desk) -> None:
    desk.brings(
        old("ask"),
        old("told", "We look.", author=f"Ben Ode via Support <{US}>", to=LUC, answers=["ask"]),
        old("also", "We look.", author=f"Ben Odent <{US}>", to=LUC, answers=["ask"]),
    )
    assert [entry.agent for entry in desk.entries()] == [None, "ben", None]
    assert desk.ticket().owner == "ben"


def test_an_agent_who_has_left_has_nothing(desk: Desk) -> None:
    gone = replace(ANN, left=date(2022, 1, 1))
    desk.changes(agents=(gone, *(one for one in DESK.agents if one.id != "ann")))
    desk.brings(*conversation(YEARS_AGO))
    assert desk.ticket().owner is None
    assert desk.ticket().participant_at(ANN.email) is None


def test_the_team_is_the_one_that_was_written_to(desk: Desk) -> None:
    desk.brings(old("money", to="billing@desk.example"), old("other", to="old-desk@elsewhere.example"))
    assert [one.team for one in desk.tickets] == ["billing", "support"]
    assert desk.ticket(1).address == "billing@desk.example"


def test_the_language_is_that_of_the_customer(desk: Desk) -> None:
    text = "Bonjour, l'imprimante ne marche plus depuis hier matin, et nous ne pouvons plus travailler. Merci bien."
    desk.brings(old("ask", text), old("mumble", "?"))
    assert [one.language for one in desk.tickets] == ["fr", "en"]


@pytest.mark.parametrize(
    ("written", "trace", "told"),
    [
        (None, None, YEARS_AGO),
        (MORNING + timedelta(days=9), None, YEARS_AGO),
        (datetime(1970, 1, 1, tzinfo=UTC), None, YEARS_AGO),
        (None, "Tue, 5 May 2020 10:00:00 +0200", datetime(2020, 5, 5, 8, 0, tzinfo=UTC)),
        (None, "Tue, 5 May 2099 10:00:00 +0200", YEARS_AGO),
    ],
)
def test_a_date_that_cannot_be_is_taken_from_the_trace_then_from_the_file(
    desk: Desk, written: datetime | None, trace: str | None, told: datetime
) -> None:
    headers = [("Received", f"from a by b; {trace}")] if trace else []
    desk.brings(old("ask", at=written, headers=headers))
    assert desk.ticket().created_at == told


def test_a_mail_of_nobody_with_no_subject_and_no_id_is_kept_like_any(desk: Desk) -> None:
    assert desk.brings(old("", author="", subject="")) == [Ended.OPENED]
    assert desk.ticket().requester.name == "unknown sender"


def test_a_mail_that_its_reader_dies_of_is_known_by_its_headers(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(readers: InlineReaders, key: int, raw: bytes, **terms: object) -> None:
        readers.finished.append((key, Unread("the child died")))

    monkeypatch.setattr(InlineReaders, "submit", dies)
    assert desk.brings(*conversation(YEARS_AGO)) == [Ended.OPENED, Ended.JOINED, Ended.JOINED]
    assert desk.ticket().requester.address == LUC_AT
    assert "the original is kept" in desk.entries()[0].text


# --- what belongs together ---

# Three conversations: one whose first mail is missing, one that only its last mail ties together, and a stranger.
TANGLE = (
    old("a1", answers=["gone"], at=YEARS_AGO),
    old("a2", author=MIA, answers=["gone"], at=YEARS_AGO + timedelta(days=1)),
    old("a3", author=ANN_LEE, to=LUC, answers=["gone", "a1"], at=YEARS_AGO + timedelta(days=2)),
    old("b1", author=MIA, at=YEARS_AGO + timedelta(days=3)),
    old("b2", at=YEARS_AGO + timedelta(days=4)),
    old("b3", author=ANN_LEE, to=MIA, answers=["b1", "b2"], at=YEARS_AGO + timedelta(days=5)),
    old("away", author=MIA, answers=["b3"], headers=[("Auto-Submitted", "auto-replied")], at=YEARS_AGO),
    old("alone", subject="Re: The printer", at=YEARS_AGO + timedelta(days=6)),
)
TOGETHER = [{"a1", "a2", "a3"}, {"alone"}, {"away", "b1", "b2", "b3"}]


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(TANGLE), cut=st.integers(0, len(TANGLE)))
def test_the_same_conversations_come_of_any_order_and_any_number_of_runs(order: list[Letter], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for run in (order[:cut], order[cut:]):
            desk.brings(*run)
        names = [name for group in TOGETHER for name in group]
        found: dict[int | None, set[str]] = {}
        for name in names:
            found.setdefault(desk.ends(name)[1], set()).add(name)
        assert sorted(found.values(), key=sorted) == TOGETHER
        assert len(desk.whole) == 3
        first = min(desk.whole, key=lambda one: one.created_at)
        assert (first.created_at, first.requester.address, first.owner) == (YEARS_AGO, LUC_AT, "ann")
        assert desk.outbox == []
        assert desk.faults() == []
        assert set(desk.brings(*order)) == {Ended.DUPLICATE}
        desk.close()


def test_the_younger_ticket_leads_to_the_older_one_and_both_say_so(desk: Desk) -> None:
    desk.brings(TANGLE[4], TANGLE[3])
    desk.brings(TANGLE[5])
    assert (desk.ticket(1).merged_into, desk.ticket(2).merged_into) == (2, None)
    assert desk.ticket(2).links == (1,)
    assert {one.address for one in desk.ticket(2).participants} == {MIA_AT, LUC_AT}
    assert "merged" in {event.event for event in desk.history(1)}


def test_subjects_tags_and_forged_addresses_join_nothing(desk: Desk) -> None:
    desk.brings(*conversation(YEARS_AGO))
    live = desk.receives("A question.", author=MIA)
    number = desk.mail(live).ticket
    forged = f"support+{'a' * 40}@desk.example"
    desk.brings(
        old("same", author=MIA),
        old("tag", subject="Re: [#1] The printer"),
        old("tag2", subject=f"[#{number}] The printer"),
        old("token", to=forged),
    )
    assert [desk.ends(name)[1] for name in ("same", "tag", "tag2", "token")] == [3, 4, 5, 6]
    assert all(not one.links for one in desk.tickets)


def test_an_id_that_mails_of_two_authors_bear_ties_no_strangers_together(desk: Desk) -> None:
    desk.brings(old("form", author=LUC), old("form", "Something else.", author=MIA))
    desk.brings(old("re", author=ANN_LEE, to=LUC, answers=["form"]))
    assert [one.requester.address for one in desk.tickets] == [LUC_AT, MIA_AT]
    assert desk.names(1) == ["form", "re"]


def test_the_same_id_by_the_same_author_is_one_conversation(desk: Desk) -> None:
    assert desk.brings(old("ask"), old("ask", "It prints nothing.\n-- \nof the list")) == [Ended.OPENED, Ended.JOINED]


def test_an_address_for_an_id_a_word_for_an_id_and_a_loop_do_no_harm(desk: Desk) -> None:
    desk.brings(
        old("a", headers=[("In-Reply-To", f"message from <{US}> of Monday")]),
        old("b", author=MIA, headers=[("In-Reply-To", f"message from <{US}> of Tuesday")]),
        old("c", headers=[("References", "<yes>")]),
        old("d", author=MIA, headers=[("References", "<yes>")]),
        old("e", answers=["f"]),
        old("f", answers=["e"]),
        old("g", answers=["g"]),
    )
    groups = [desk.ends(name)[1] for name in "abcdefg"]
    assert groups == [1, 2, 3, 4, 5, 5, 6]


def test_ten_thousand_references_do_no_harm(desk: Desk) -> None:
    many = " ".join(f"<r{n}@elsewhere.example>" for n in range(10_000))
    assert desk.brings(old("a", headers=[("References", many)])) == [Ended.OPENED]


# --- what lives already ---


def test_an_old_mail_that_names_a_living_ticket_is_a_ticket_of_its_own_and_only_linked(desk: Desk) -> None:
    live = [("References", "<ask@elsewhere.example>")]
    desk.receives("It is broken.", author=LUC, subject="Re: The printer", headers=live)
    before, sent = desk.ticket(1), len(desk.outbox)
    desk.brings(*conversation(LAST_WEEK))
    assert desk.ticket(2).links == (1,)
    after = desk.ticket(1)
    assert (after.status, after.owner, after.updated_at, after.parties) == (
        before.status,
        before.owner,
        before.updated_at,
        before.parties,
    )
    assert after.links == (2,)
    assert len(desk.entries(1)) == 1
    assert len(desk.outbox) == sent


def test_a_ticket_that_lives_again_takes_in_old_mail_and_stays_as_it_is(desk: Desk) -> None:
    first, *others = conversation(LAST_WEEK)
    desk.brings(first)
    answer = [("In-Reply-To", "<ask@elsewhere.example>")]
    desk.receives("It is broken again.", author=LUC, subject="Re: The printer", headers=answer)
    before, sent = desk.ticket(1), len(desk.outbox)
    desk.brings(*others)
    after = desk.ticket(1)
    assert (after.status, after.owner, after.updated_at) == (before.status, before.owner, before.updated_at)
    assert [name for name in desk.names() if not name.startswith("m")] == ["ask", "answer", "thanks"]
    assert len(desk.names()) == 4
    assert len(desk.outbox) == sent


def test_a_mail_that_came_by_a_door_is_not_taken_twice_nor_the_other_way_round(desk: Desk) -> None:
    letter = old("ask", at=LAST_WEEK)
    desk.takes(letter.raw, LUC_AT, (US,))
    assert desk.brings(letter) == [Ended.DUPLICATE]
    other = old("other", at=LAST_WEEK)
    desk.brings(other)
    kept = desk.takes(other.raw, LUC_AT, (US,))
    assert desk.mail(kept).state == "duplicate"
    assert len(desk.tickets) == 2


def test_what_the_desk_sent_itself_and_what_it_heard_are_no_history(desk: Desk) -> None:
    desk.receives("A question.", author=LUC)
    acknowledgement = desk.last(LUC_AT, "received").outgoing.content
    assert desk.brings(Letter(acknowledgement, YEARS_AGO)) == [Ended.APART]
    assert len(desk.tickets) == 1


def test_the_same_message_with_another_trace_is_a_duplicate_and_a_second_run_adds_nothing(desk: Desk) -> None:
    letter = old("ask")
    traced = Letter(b"Received: from a by b; Tue, 5 May 2020 10:00:00 +0200\r\n" + letter.raw, YEARS_AGO)
    assert desk.brings(letter, letter, traced) == [Ended.OPENED, Ended.DUPLICATE, Ended.DUPLICATE]
    assert desk.brings(letter, traced) == [Ended.DUPLICATE, Ended.DUPLICATE]
    with desk.store.read() as tx:
        assert [one.state for one in inbox.listing(tx)] == ["ticket", "duplicate"]


# --- machines ---


def test_a_machine_s_mail_stands_in_the_conversation_that_it_answers_and_changes_nothing_there(desk: Desk) -> None:
    away = old("away", answers=["answer"], headers=[("Auto-Submitted", "auto-replied")], at=LAST_WEEK)
    desk.brings(*conversation(YEARS_AGO))
    before = desk.ticket()
    assert desk.brings(away) == [Ended.JOINED]
    assert desk.ticket() == before
    assert desk.entries()[-1].voice is Voice.MACHINE


def test_a_machine_s_mail_that_answers_nothing_is_kept_apart_until_somebody_answers_it(desk: Desk) -> None:
    order = old("order", "Order 7", author="shop@shop.example", headers=[("Auto-Submitted", "auto-generated")])
    assert desk.brings(order) == [Ended.APART]
    assert desk.ends("order") == ("done", None)
    assert desk.tickets == []
    desk.brings(old("why", "What is this?", answers=["order"], at=LAST_WEEK))
    assert desk.ends("order") == ("ticket", 1)
    assert [one.voice for one in desk.entries()] == [Voice.PUBLIC, Voice.MACHINE]


def test_a_list_s_mail_opens_a_ticket(desk: Desk) -> None:
    assert desk.brings(old("post", headers=[("List-Id", "<talk.lists.example>")])) == [Ended.OPENED]


def test_words_and_commands_in_old_mail_do_nothing(desk: Desk) -> None:
    desk.brings(
        old("ask", "STATUS\n\nHow is it?", at=LAST_WEEK),
        old(
            "do", "#solved\n#away 2026-12-01..2026-12-09\nDone.", author=ANN_LEE, to=LUC, answers=["ask"], at=LAST_WEEK
        ),
    )
    assert desk.ticket().status is Status.SOLVED
    assert "STATUS" in desk.entries()[0].text
    assert desk.outbox == []
