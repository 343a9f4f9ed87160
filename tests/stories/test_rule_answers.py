"""What a rule answers by itself, within the limits of every automatic answer, and what admins hear of a slow one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from maild.canned import Canned
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from tests.stories.house import DESK, House

LUC = "luc@customer.example"
EVA = "eva@elsewhere.example"
REFUND = Canned(
    "refund",
    "en",
    "Hello {{ requester }},\n\n{{ number }}, {{ subject }}: the money comes within a week.\n\n{{ agent }}, {{ team }}",
)
RETOUR = Canned("refund", "fr", "Bonjour {{ requester }},\n\nvous serez remboursé sous huit jours ({{ number }}).")
OPENING = "We are open from 9 to 5.\n\nThe keys are at the porter's."


def ruled(house: House, *rules: dict[str, object], seconds: float = 0.05) -> None:
    """The operator writes rules, and the daemon reloads."""
    known = Known(frozenset({"ann", "ben", "cleo"}), frozenset({"support", "billing"}), rule_seconds=seconds)
    book = load([{"name": f"rule {place}", **rule} for place, rule in enumerate(rules)], known)
    assert isinstance(book, RuleBook), book
    house.rules = book
    house.open()


def test_a_rule_answers_within_the_acknowledgement(house: House) -> None:
    ruled(house, {"when": {"subject": "hours"}, "then": {"reply": OPENING}})
    house.receives("When are you open?", subject="Your hours?")
    (letter,) = house.sent_to(LUC)
    assert letter.notice == "received"
    assert "We are open from 9 to 5." in letter.text
    assert "We are open from 9 to 5." in letter.html
    assert letter["Auto-Submitted"] == "auto-replied"
    assert house.history()[0].text != ""
    house.receives("Where are you?", author=f"Eva <{EVA}>", subject="Way")
    assert "9 to 5" not in house.last(EVA).text


def test_a_rule_that_solves_new_mail_says_so_and_promises_no_answer(house: House) -> None:
    ruled(house, {"then": {"status": "solved", "reply": OPENING}})
    house.receives("When are you open?")
    (letter,) = house.sent_to(LUC)
    assert letter.notice == "solved"
    assert letter.text.startswith("Your request, ticket #1, is marked as solved.")
    assert OPENING.splitlines()[0] in letter.text
    assert "will answer" not in letter.text
    ruled(house, {"then": {"status": "closed"}})
    house.receives("And on Sunday?", author=f"Eva <{EVA}>")
    assert house.last(EVA).notice == "solved"
    assert "just reply to this mail: that opens a new ticket" in house.last(EVA).text


def test_a_rule_answers_in_the_customers_language(house: House) -> None:
    words = {"en": "We are open from 9 to 5.", "fr": "Nous sommes ouverts de 9 h à 17 h."}
    ruled(house, {"then": {"reply": words, "language": "fr"}})
    house.receives("Bonjour, quand ouvrez-vous ?")
    assert "Nous sommes ouverts" in house.last(LUC).text
    assert "9 to 5" not in house.last(LUC).text
    ruled(house, {"then": {"reply": words, "language": "de"}})
    house.receives("Wann?", author=f"Eva <{EVA}>")
    assert "9 to 5" in house.last(EVA).text


def test_a_rule_answers_a_reply(house: House) -> None:
    ruled(house, {"on": ["reply"], "when": {"body": "opening hours"}, "then": {"reply": OPENING}})
    house.receives("The printer is on fire.")
    house.receives("What are your opening hours?", answers=house.last(LUC))
    assert "9 to 5" in house.last(LUC).text
    assert len(house.sent_to(LUC)) == 2
    house.receives("Thanks, I will come.", answers=house.last(LUC))
    assert len(house.sent_to(LUC)) == 2


def test_a_rule_never_answers_a_machine(house: House) -> None:
    ruled(house, {"on": ["new", "reply"], "then": {"reply": OPENING}})
    house.receives("I am away.", headers=[("Auto-Submitted", "auto-replied")], subject="Out of office")
    assert house.sent_to(LUC) == []


def test_the_limits_on_answers_hold_for_those_of_rules(house: House) -> None:
    house.desk = replace(DESK, answers=replace(DESK.answers, proven_day=1))
    ruled(house, {"then": {"reply": OPENING}})
    house.receives("One.")
    house.receives("Two.", subject="Another matter")
    assert len(house.sent_to(LUC)) == 1
    house.passes(days=1, hours=1)
    letters = house.sent_to(LUC)
    assert len(letters) == 2, "it waited for room"
    assert "9 to 5" in letters[1].text


def test_a_rule_answers_when_its_time_comes_and_does_so_once(house: House) -> None:
    ruled(house, {"on": "timer", "when": {"silent_for": "1d"}, "then": {"reply": "We have not forgotten you."}})
    house.receives("The printer is on fire.")
    house.passes(days=1)
    letter = house.last(LUC)
    assert (letter.notice, letter["Auto-Submitted"]) == ("reply", "auto-replied")
    assert "We have not forgotten you." in letter.text
    count = len(house.sent)
    house.passes(days=3)
    assert len(house.sent) == count


def test_nobody_who_proved_nothing_is_answered_twice_by_a_rule(house: House) -> None:
    ruled(house, {"on": "timer", "when": {"silent_for": "1d"}, "then": {"reply": "We have not forgotten you."}})
    house.receives("The printer is on fire.", proven=False)
    house.passes(days=2)
    assert len(house.sent_to(LUC)) == 1
    assert any(event.event == "unanswered" for event in house.history())


def test_admins_hear_once_a_day_of_a_rule_whose_regex_takes_too_long(house: House) -> None:
    ruled(house, {"when": {"body": {"regex": "^(a|aa|aaa)+$"}}, "then": {"tags": "x"}}, seconds=0.005)
    house.receives("a" * 900 + "!")
    letter = house.last("ops@desk.example", "warning")
    assert 'Rule "rule 0" ran over its time on ticket #1' in letter.text
    assert 'rule "rule 0" ran over its time' in house.mail(1).because
    house.receives("a" * 900 + "!", subject="Again")
    assert len(house.sent_to("ops@desk.example")) == 1
    house.now += timedelta(days=1)
    house.receives("a" * 900 + "!", subject="Once more")
    assert len(house.sent_to("ops@desk.example")) == 2


# --- by a canned answer ---


def prepared(house: House, *answers: Canned) -> None:
    """The operator's folder holds these canned answers, and the daemon reloads."""
    house.changes(canned=answers)


def test_a_rule_answers_with_a_canned_answer_and_the_facts_of_the_ticket(house: House) -> None:
    ruled(house, {"when": {"subject": "refund"}, "then": {"reply": "refund"}})
    prepared(house, REFUND)
    house.receives("Where is my money?", subject="A refund?")
    letter = house.last(LUC)
    assert "Hello Luc Petit," in letter.text
    assert "#1, A refund?: the money comes within a week." in letter.text
    assert "Example Support, our support team" in letter.text, "no person wrote it, so that none signs it"
    assert (letter.notice, letter["Auto-Submitted"]) == ("received", "auto-replied")
    assert 'rule "rule 0" answers with the canned answer "refund" (en)' in house.mail(1).because


def test_a_canned_answer_of_a_rule_speaks_the_customers_language_and_else_the_desks(house: House) -> None:
    ruled(
        house,
        {"when": {"subject": "argent"}, "then": {"reply": "Refund", "language": "fr"}},
        {"when": {"subject": "Geld"}, "then": {"reply": "refund", "language": "de"}},
    )
    prepared(house, REFUND, RETOUR)
    house.receives("Bonjour, où est mon argent ?", subject="Mon argent")
    assert "vous serez remboursé sous huit jours (#1)" in house.last(LUC).text
    house.receives("Wo bleibt mein Geld?", author=f"Eva <{EVA}>", subject="Mein Geld")
    assert "the money comes within a week" in house.last(EVA).text


def test_a_canned_answer_repeats_nothing_of_somebody_who_proved_nothing(house: House) -> None:
    ruled(house, {"then": {"reply": "refund"}})
    prepared(house, REFUND)
    house.receives("Hi.", author=f"Buy at shop.example <{EVA}>", subject="Cheap watches", proven=False)
    told = house.last(EVA)
    assert "Hello,\r\n\r\n#1,: the money comes" in told.text or "Hello,\n\n#1,: the money comes" in told.text
    for words in ("Buy at", "Cheap watches"):
        assert words not in told.text + told.html + told["Subject"]


def test_a_canned_answer_shows_no_subject_that_colleagues_gave_the_ticket(house: House) -> None:
    ruled(house, {"on": ["reply"], "then": {"reply": "refund"}})
    prepared(house, REFUND)
    house.receives("Where is my money?", subject="A refund?")
    house.agent_replies("#subject fraud suspected", house.last("ann@agents.example", "assigned"))
    house.receives("Anything new?", answers=house.last(LUC))
    assert "#1, A refund?: the money comes" in house.last(LUC).text


def test_a_rule_whose_canned_answer_is_gone_never_sends_its_name(house: House) -> None:
    ruled(house, {"on": ["new", "reply"], "then": {"reply": "refund"}})
    house.receives("Where is my money?", subject="Money")
    letter = house.last(LUC)
    assert letter.notice == "received"
    assert "refund" not in letter.text
    why = 'rule "rule 0" does not answer: there is no canned answer "refund" to send'
    assert why in house.mail(1).because
    house.receives("What are you doing?", answers=letter)
    assert len(house.sent_to(LUC)) == 1
    assert why in house.mail(2).because
    prepared(house, RETOUR)
    house.receives("Hello?", answers=letter)
    assert len(house.sent_to(LUC)) == 1, "it is there in a language that neither the ticket nor the desk speaks"


def test_a_canned_answer_that_waits_for_room_is_sent_as_it_is_then(house: House) -> None:
    house.desk = replace(DESK, answers=replace(DESK.answers, proven_day=1))
    ruled(house, {"then": {"reply": "refund"}})
    prepared(house, REFUND)
    house.receives("One.")
    house.receives("Two.", subject="Another matter")
    prepared(house, replace(REFUND, text="The money for {{ number }} is there tomorrow."))
    house.passes(days=1, hours=1)
    assert "The money for #2 is there tomorrow." in house.sent_to(LUC)[1].text


def test_a_rule_sends_a_canned_answer_when_its_time_comes(house: House) -> None:
    ruled(house, {"on": "timer", "when": {"silent_for": "1d"}, "then": {"reply": "refund"}})
    prepared(house, REFUND)
    house.receives("Where is my money?", subject="A refund?")
    house.passes(days=1)
    letter = house.last(LUC)
    assert (letter.notice, letter["Auto-Submitted"]) == ("reply", "auto-replied")
    assert "#1, A refund?: the money comes within a week." in letter.text
