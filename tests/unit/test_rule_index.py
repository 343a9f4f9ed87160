"""The rules are found by what they need: the same verdict as if each were tried, at a cost of those that can match."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from maild.mail import Address, Kind, Mail, MessageId, Proof
from maild.rules.index import Index
from maild.rules.load import Known, load
from maild.rules.match import Condition, Look, RuleBook, match
from maild.rules.model import Facts, On

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KNOWN = Known(frozenset({"ann"}), frozenset({"support", "billing"}), organisations=frozenset({"Big Corp", "Acme"}))


def facts(subject: str, body: str = "", author: str = "luc@customer.example", **changes: Any) -> Facts:
    mail = Mail(
        kind=Kind.PERSON,
        message_id=MessageId("1@customer.example"),
        in_reply_to=(),
        references=(),
        authors=(Address(author, "Luc Petit"),),
        reply_to=(),
        to=(Address("support@example.com"),),
        cc=(),
        delivered_to=(),
        subject=subject,
        date=NOW,
        text=body,
        new_text=body,
        html="",
        attachments=(),
        headers=(("X-Spam", body),),
        fingerprint="",
        sha256="",
        size=len(body),
        proof=Proof(),
    )
    return Facts(mail=mail, recipients=(), on=On.NEW, now=NOW, **changes)


def book(*whens: dict[str, object]) -> RuleBook:
    tables: list[object] = [
        {"name": f"rule {place}", "when": when, "then": {"tags": [f"t{place}"]}} for place, when in enumerate(whens)
    ]
    found = load(tables, KNOWN)
    assert isinstance(found, RuleBook), found
    return found


def tried_one_by_one(rules: RuleBook) -> RuleBook:
    """The same rules, of which nobody knows beforehand what they need."""
    bare = (replace(one, conditions=tuple(replace(c, needs=()) for c in one.conditions)) for one in rules.rules)
    return replace(rules, rules=tuple(bare))


def counted(rules: RuleBook) -> tuple[RuleBook, list[str]]:
    """The same rules, and a list that grows by one with each condition that is tried."""
    tried: list[str] = []

    def noted(condition: Condition) -> Condition:
        def holds(look: Look) -> str | None:
            tried.append(condition.words)
            return condition.holds(look)

        return replace(condition, holds=holds)

    watched = (replace(rule, conditions=tuple(map(noted, rule.conditions))) for rule in rules.rules)
    return replace(rules, rules=tuple(watched)), tried


def test_of_ten_thousand_rules_only_those_that_can_match_are_tried() -> None:
    whens: list[dict[str, object]] = [{"subject": f"order-{number:05}"} for number in range(2_500)]
    whens += [{"from": f"jo{number}@customer.example"} for number in range(2_500)]
    whens += [{"from": f"*@customer{number}.example", "status": "open"} for number in range(2_500)]
    whens += [{"to": "support@*", "any": [{"body": f"part {number:05} broke"}]} for number in range(2_500)]
    rules, tried = counted(book(*whens))
    assert match(rules, facts("Nothing of the sort", "The printer is on fire.")).hits == ()
    assert tried == []
    verdict = match(rules, facts("About order-00077", "My part 00012 broke.", "jo33@customer.example"))
    assert verdict.tags == ("t77", "t2533", "t7512")
    assert len(tried) == 4  # one condition of two of them, both of the third


def test_a_rule_that_nobody_can_look_up_is_always_tried() -> None:
    rules, tried = counted(
        book(
            {"subject": {"regex": "x+"}},
            {"not": {"subject": "a"}},
            {"size": ">1kB"},
            {"from": "*"},
            {"team": "billing"},
        )
    )
    assert match(rules, facts("q")).tags == ("t1", "t3")
    assert len(tried) == 4


def test_a_rule_is_looked_up_by_what_the_fewest_rules_ask() -> None:
    whens: list[dict[str, object]] = [{"to": "support@example.com", "subject": f"word{n}x"} for n in range(50)]
    rules, tried = counted(book(*whens))
    match(rules, facts("word7x"))
    assert len(tried) == 2


def test_an_index_of_no_rules_finds_none() -> None:
    assert Index([]).possible(None) == []


words = st.text("aàbcß *?.@1İ", max_size=6)
texts = st.lists(words.filter(bool), min_size=1, max_size=3)
simple = st.fixed_dictionaries(
    {},
    optional={
        "subject": texts,
        "body": texts,
        "from_name": texts,
        "from": texts,
        "header.X-Spam": texts,
        "organisation": st.lists(st.sampled_from(["Big Corp", "Acme"]), min_size=1),
        "team": st.sampled_from(["support", "billing"]),
        "tags": st.sampled_from(["vip", "old"]),
        "has_attachment": st.booleans(),
    },
)
whens = st.builds(
    lambda plain, either, never: plain | ({"any": either} if either else {}) | ({"not": never} if never else {}),
    simple,
    st.lists(simple.filter(bool), max_size=2),
    st.lists(simple.filter(bool), max_size=1),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(whens, min_size=1, max_size=8),
    st.lists(words, min_size=1, max_size=4).map(" ".join),
    st.lists(words, max_size=6).map("\t".join),
    words,
    st.sampled_from(["", "big corp", "Acme"]),
    st.sampled_from([(), ("VIP",), ("old", "vip")]),
)
def test_the_verdict_is_that_of_trying_every_rule(
    asked: list[dict[str, object]], subject: str, body: str, author: str, organisation: str, tags: tuple[str, ...]
) -> None:
    named = [{"name": f"r{place}", "when": when, "then": {"tags": [f"t{place}"]}} for place, when in enumerate(asked)]
    found = load(list(named), KNOWN)
    if isinstance(found, RuleBook):
        seen = facts(subject, body, author, team="support", organisation=organisation, tags=tags)
        assert match(found, seen) == match(tried_one_by_one(found), seen)
