"""The operator's rules: what they ask of a mail, what they then do, and how they explain themselves."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from maild.mail import Address, Attachment, Kind, Mail, MessageId, Proof
from maild.rules.load import Known, load
from maild.rules.match import RuleBook, describe, fold, match, near_misses
from maild.rules.model import Facts, On, Reply, Verdict
from maild.typed import Fault

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KNOWN = Known(
    agents=frozenset({"ann", "ben"}),
    teams=frozenset({"support", "billing"}),
    slas=frozenset({"gold"}),
    hours=frozenset({"office"}),
    organisations=frozenset({"Big Corp"}),
    addresses=frozenset({"support@example.com", "billing@example.com"}),
)
TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"


def mail(**changes: Any) -> Mail:
    plain = Mail(
        kind=Kind.PERSON,
        message_id=MessageId("1@customer.example"),
        in_reply_to=(),
        references=(),
        authors=(Address("Jo@Customer.example", "Jo Müller"),),
        reply_to=(),
        to=(Address("support@example.com"),),
        cc=(),
        delivered_to=(),
        subject="Question about invoice 4711",
        date=NOW,
        text="Hello,\nthe printer is on fire.\n",
        new_text="Hello,\nthe printer is on fire.\n",
        html="",
        attachments=(),
        headers=(("Subject", "Question about invoice 4711"), ("X-Spam", "No, score=1")),
        fingerprint="f",
        sha256="s",
        size=2048,
        proof=Proof(),
        language="en",
    )
    return replace(plain, **changes)


def facts(*, on: On = On.NEW, recipients: tuple[str, ...] = (), **changes: Any) -> Facts:
    of_mail = {word: changes.pop(word) for word in list(changes) if word in Mail.__dataclass_fields__}
    return Facts(mail=mail(**of_mail), recipients=recipients, on=on, now=NOW, **changes)


def book(text: str) -> RuleBook:
    found = load(tomllib.loads(text)["rule"], KNOWN)
    assert isinstance(found, RuleBook), found
    return found


def rule(when: str, then: str = 'tags = ["hit"]', name: str = "one", on: str = '["new"]') -> str:
    return f'[[rule]]\nname = "{name}"\non = {on}\nwhen = {{ {when} }}\nthen = {{ {then} }}\n'


def faults(text: str) -> list[tuple[str, str]]:
    found = load(tomllib.loads(text)["rule"], KNOWN)
    assert not isinstance(found, RuleBook)
    return [(".".join(map(str, fault.path)), fault.what) for fault in found]


def hit(when: str, **changes: Any) -> bool:
    verdict = match(book(rule(when)), facts(**changes))
    return verdict.tags == ("hit",)


def test_every_rule_that_matches_acts_the_first_to_set_a_field_wins_and_tags_add_up() -> None:
    rules = book(
        rule('subject = "invoice"', 'priority = "high", tags = ["money"], team = "billing", reason = "Accounts."', "a")
        + rule('subject = "nothing"', 'priority = "urgent"', "b")
        + rule("", 'priority = "low", tags = ["money", "all"], owner = "least-busy", reason = "In turn."', "c")
    )
    verdict = match(rules, facts())
    assert [found.rule for found in verdict.hits] == ["a", "c"]
    assert (verdict.priority, verdict.tags) == ("high", ("money", "all"))
    assert (verdict.team, verdict.team_reason) == ("billing", {"en": "Accounts."})
    assert (verdict.owner, verdict.owner_reason) == ("least-busy", {"en": "In turn."})
    assert [found.because for found in verdict.hits] == ['subject contains "invoice"', "every mail"]


def test_a_rule_that_stops_lets_no_further_rule_act() -> None:
    rules = book(rule("", "stop = true, quarantine = true", "a") + rule("", 'priority = "low"', "b"))
    verdict = match(rules, facts())
    assert (verdict.quarantine, verdict.priority, len(verdict.hits)) == (True, None, 1)


def test_a_rule_looks_only_at_what_it_was_made_for() -> None:
    rules = book(rule("", on='"reply"'))
    assert match(rules, facts()) == Verdict()
    assert match(rules, facts(on=On.REPLY)).tags == ("hit",)


def test_all_effects_reach_the_verdict() -> None:
    effects = (
        'status = "hold", language = "fr", level = 2, cc = ["ann", "x@y.test"], notify = "ben", reply = "Thanks.", '
        'sla = "gold", owner = "none", reason = { en = "Shared.", fr = "Partagé." }'
    )
    verdict = match(book(rule("", effects)), facts())
    assert (verdict.status, verdict.language, verdict.level, verdict.sla) == ("hold", "fr", 2, "gold")
    assert (verdict.cc, verdict.notify, verdict.reply) == (
        ("ann", "x@y.test"),
        ("ben",),
        Reply(words={"en": "Thanks."}),
    )
    assert (verdict.owner, verdict.owner_reason) == ("none", {"en": "Shared.", "fr": "Partagé."})


@pytest.mark.parametrize(
    ("when", "subject"),
    [
        ('subject = "FACTURE"', "Votre facture"),
        ('subject = "ete"', "Cet ÉTÉ"),
        ('subject = "été"', "cet ete"),
        ('subject = "strasse"', "Große Straße"),
        ('subject = "елка"', "Наша ЁЛКА"),
        ('subject = "ﬁre"', "on fire"),
        ('subject = "on  fire"', "on\tfire"),
        ('subject = " art "', "modern art"),
        ('subject = ["x", "y", "fire"]', "on fire"),
        ("subject = { regex = '^re.*\\bпринтер\\b' }", "Re: Принтер горит"),
        ("subject = ['x', { regex = 'f.re' }]", "on FIRE"),
    ],
)
def test_words_are_found_whatever_their_case_and_accents(when: str, subject: str) -> None:
    assert hit(when, subject=subject)


def test_a_space_asks_for_the_border_of_a_word() -> None:
    assert not hit('subject = " art "', subject="a party")


def test_the_body_of_a_reply_is_what_was_newly_written() -> None:
    rules = book(rule('body = "refund"', on='["new", "reply"]'))
    quoted: dict[str, Any] = {"text": "Thanks!\n> a refund?", "new_text": "Thanks!"}
    assert match(rules, facts(**quoted)).tags == ("hit",)
    assert match(rules, facts(on=On.REPLY, **quoted)).tags == ()


@pytest.mark.parametrize(
    ("when", "yes"),
    [
        ('from = "jo@customer.example"', True),
        ('from = "*@CUSTOMER.example"', True),
        ('from = "jo@*"', True),
        ('from = "?o@c*r.ex*e"', True),
        ('from = "o@customer.example"', False),
        ('from = "*@mer.example"', False),
        ('from = "[j]o@*"', False),
        ("from = { regex = 'custom+er' }", True),
        ('to = "support@example.com"', True),
        ('cc = "support@example.com"', False),
        ('from_name = "muller"', True),
        ('header.x-spam = "score=1"', True),
        ('"header.X-SPAM" = "no"', True),
        ('header.X-Other = "no"', False),
    ],
)
def test_addresses_are_globs_and_headers_are_texts(when: str, yes: bool) -> None:
    assert hit(when) is yes


def test_to_means_every_place_where_our_address_can_stand() -> None:
    assert hit('to = "billing@*"', cc=(Address("Billing@example.com"),))
    assert hit('to = "billing@*"', recipients=("billing@example.com",))
    assert not hit('to = "billing@*"')


def test_a_token_is_no_part_of_an_address_of_ours() -> None:
    assert hit('to = "billing@example.com"', recipients=(f"Billing+{TOKEN.upper()}@example.com",))
    assert hit('to = "billing@example.com"', recipients=(f"billing+{TOKEN[:24]}@example.com",))
    assert not hit('to = "billing@example.com"', recipients=("billing+hello@example.com",))
    assert not hit('to = "other@example.com"', recipients=(f"other+{TOKEN}@example.com",))


PDF = Attachment("Invoice.PDF", "application/pdf", 3, "s", b"pdf")


@pytest.mark.parametrize(
    ("when", "changes"),
    [
        ('list = "*.lists.example"', {"list_id": "Users.Lists.example"}),
        ('language = ["de", "fr"]', {"language": "fr-CA"}),
        ('organisation = "Big Corp"', {"organisation": "Big Corp"}),
        ('team = "billing"', {"team": "billing"}),
        ('owner = "ann"', {"owner": "ann"}),
        ('owner = "none"', {"owner": None}),
        ('status = ["open", "hold"]', {"status": "hold"}),
        ('priority = "urgent"', {"priority": "urgent"}),
        ('tags = ["VIP"]', {"tags": ("money", "vip")}),
        ("level = 2", {"level": 2}),
        ('level = [1, ">=3"]', {"level": 4}),
        ("has_attachment = true", {"attachments": (PDF,)}),
        ('attachment = "*.pdf"', {"attachments": (PDF,)}),
        ('size = ">1MB"', {"size": 1024 * 1024 + 1}),
        ('size = "<=2kB"', {"size": 2048}),
        ('hours = "office"', {"hours": ("office",)}),
        ('hours = "outside:office"', {"hours": ()}),
        ("first_time = false", {"first_time": False}),
        ('silent_for = "3d"', {"silent_for": 3 * 86400.0}),
        ('age = ">1h"', {"age": 3601.0}),
        ('age = "<1h"', {"age": 3599.0}),
        ("proven = true", {"proof": Proof(proven=True)}),
        ('not = { subject = "fire" }', {"subject": "water"}),
        ('not = [{ subject = "fire" }, { subject = "ice" }]', {"subject": "water"}),
        ('any = [{ subject = "fire" }, { from = "*@customer.example", proven = false }]', {"subject": "water"}),
        ('not = { any = [{ subject = "fire" }, { not = { first_time = true } }] }', {"subject": "water"}),
    ],
)
def test_each_condition_holds_where_it_should(when: str, changes: dict[str, Any]) -> None:
    assert hit(when, **changes)


def test_the_tickets_language_goes_before_the_mails() -> None:
    rules = book(rule('language = "fr"'))
    assert match(rules, replace(facts(language="en"), language="fr")).tags == ("hit",)
    assert match(rules, replace(facts(language="fr"), language="de")).tags == ()


@pytest.mark.parametrize(
    ("when", "changes"),
    [
        ('list = "*"', {}),
        ('organisation = "Big Corp"', {}),
        ('tags = "vip"', {}),
        ("level = 2", {"level": 3}),
        ('level = "<2"', {"level": 2}),
        ("has_attachment = true", {}),
        ("has_attachment = false", {"attachments": (PDF,)}),
        ('attachment = "*.doc"', {"attachments": (PDF,)}),
        ('size = ">2kB"', {}),
        ('hours = "office"', {}),
        ('hours = "outside:office"', {"hours": ("office",)}),
        ('silent_for = "3d"', {"silent_for": 3 * 86400.0 - 1}),
        ("proven = true", {}),
        ('subject = "invoice", proven = true', {}),
        ('not = { subject = "invoice" }', {}),
        ('any = [{ subject = "fire" }, { from = "*@customer.example", proven = true }]', {}),
    ],
)
def test_each_condition_fails_where_it_should(when: str, changes: dict[str, Any]) -> None:
    assert not hit(when, **changes)


def test_a_hit_names_the_condition_that_was_found_in_the_order_of_the_handbook() -> None:
    rules = book(rule("subject = ['x', { regex = '\\d{4}' }], from = '*@customer.example', proven = false"))
    (found,) = match(rules, facts()).hits
    assert found.because == r"subject matches /\d{4}/ and from is *@customer.example and proven is false"


def test_a_rule_describes_itself_in_one_line() -> None:
    rules = book(
        rule('subject = ["a", "b"], size = ">1MB", not = { from = "*@x.test" }',
             'team = "billing", tags = ["t"], stop = true, reason = "Accounts."', "billing mail")
    )  # fmt: skip
    assert describe(rules.rules[0]) == (
        'billing mail (on new): if subject contains "a" or "b" and size is over 1MB and not (from is *@x.test), '
        'then team billing, tags t, stop, because "Accounts."'
    )


@pytest.mark.parametrize(
    ("typed", "reply"),
    [
        ("refund", Reply(canned="refund")),
        ("VPN-Reset", Reply(canned="vpn-reset")),
        ("2_days", Reply(canned="2_days")),
        ("Thanks.", Reply(words={"en": "Thanks."})),
        ("Of course", Reply(words={"en": "Of course"})),
        ("Спасибо", Reply(words={"en": "Спасибо"})),
        ("-", Reply(words={"en": "-"})),
        ("x" * 51, Reply(words={"en": "x" * 51})),
    ],
)
def test_one_word_is_the_name_of_a_canned_answer_and_all_else_is_sent_as_it_stands(typed: str, reply: Reply) -> None:
    assert match(book(rule("", f'reply = "{typed}"')), facts()).reply == reply


def test_a_rule_says_what_it_answers() -> None:
    named, worded = book(rule("", 'reply = "refund"', "a") + rule("", 'reply = "It takes a week."', "b")).rules
    assert describe(named) == 'a (on new): if any mail comes, then answer with the canned answer "refund"'
    assert describe(worded) == 'b (on new): if any mail comes, then answer "It takes a week."'


def test_near_misses_tell_which_condition_failed_first() -> None:
    rules = book(
        rule('subject = "invoice", from = "*@other.example"', name="a")
        + rule('subject = "invoice"', name="b")
        + rule("", name="c", on='"reply"')
    )
    assert [(miss.rule, miss.held, miss.failed) for miss in near_misses(rules, facts())] == [
        ("a", ('subject contains "invoice"',), "from is *@other.example"),
        ("b", ('subject contains "invoice"',), ""),
        ("c", (), "on is reply, not new"),
    ]


def test_a_regex_that_runs_out_of_time_matches_nothing_and_is_reported() -> None:
    evil = "subject = { regex = '^(a|aa|aaa)+$' }"
    rules = book(rule(evil, name="slow") + rule(f"not = {{ {evil} }}", name="slow too") + rule("", name="next"))
    hostile = facts(subject="a" * 5000 + "!")
    verdict = match(rules, hostile)
    assert verdict.slow == ("slow", "slow too")
    assert [found.rule for found in verdict.hits] == ["next"]
    assert "ran out of time" in near_misses(rules, hostile)[0].failed


def test_many_slow_rules_share_one_mails_time() -> None:
    # Each with its own 50 ms, they would take longer than any test may.
    rules = book("".join(rule("subject = { regex = '^(a|aa|aaa)+$' }", name=f"slow {n}") for n in range(3000)))
    assert len(match(rules, facts(subject="a" * 5000 + "!")).slow) == 3000


@pytest.mark.parametrize("mark", ["\u0301", "\ufdfa", "é", "\u200b", " \n", "ß"])
def test_a_hostile_text_is_looked_at_up_to_its_cap(mark: str) -> None:
    rules = book(rule('body = ["needle", "other"], subject = "invoice"'))
    long = mark * (2_000_000 // len(mark)) + "needle"
    assert match(rules, facts(text=long)).tags == ()


def test_a_glob_of_many_stars_is_no_trap() -> None:
    assert not hit(f'from = "{"a*" * 150}b@x"', authors=(Address("a" * 300 + "@customer.example"),))


def test_folding_twice_is_folding_once() -> None:
    for text in ("Ünï  CÖDE\n", "Straße", "İstanbul", "ﬃ", "Ё", "ΐ", "\u1e9e", "K"):
        assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (rule('subjct = "x"'), ("0.when.subjct", "unknown key")),
        (rule('subject = ""'), ("0.when.subject", "an empty text is in every mail")),
        (rule("subject = []"), ("0.when.subject", "must hold 1 to 1000 patterns")),
        (rule("subject = 5"), ("0.when.subject", "must be a text, not the number 5")),
        (rule("subject = { regx = 'x' }"), ("0.when.subject", "must be a text or { regex = '...' }")),
        (rule("subject = { regex = '(' }"),
         ("0.when.subject", 'the regex "(" does not work: missing ), at character 2')),
        (rule('from = "ann"'), ("0.when.from", '"ann" can fit no address')),
        (rule('size = "1MB"'), ("0.when.size", '"1MB" says neither over nor under')),
        (rule('size = ">big"'), ("0.when.size", '"big" is not a size')),
        (rule('silent_for = "long"'), ("0.when.silent_for", '"long" is not a duration')),
        (rule('level = "high"'), ("0.when.level", '"high" is no level')),
        (rule('proven = "yes"'), ("0.when.proven", "must be true or false")),
        (rule('language = "french"'), ("0.when.language", '"french" is no language')),
        (rule('status = "done"'),
         ("0.when.status", '"done" is not one of "open", "pending", "hold", "solved", "closed"')),
        (rule('team = "biling"'), ("0.when.team", '"biling" is not known')),
        (rule('owner = "cleo"'), ("0.when.owner", '"cleo" is not known')),
        (rule('organisation = "Small"'), ("0.when.organisation", '"Small" is not known')),
        (rule('hours = "outside:night"'), ("0.when.hours", '"night" is not known')),
        (rule("not = {}"), ("0.when.not", "is an empty table")),
        (rule("any = []"), ("0.when.any", "is empty")),
        (rule('any = [{ team = "x" }]'), ("0.when.any.0.team", '"x" is not known')),
        (rule("not = {not={not={not={not={not={not={not={not={proven=true}}}}}}}}}"),
         ("0.when." + "not." * 7 + "not", "is nested more than 8 deep")),
        (rule("", ""), ("0.then", "does nothing")),
        (rule("", 'reason = "x"'), ("0.then", "does nothing")),
        (rule("", 'team = "billing"'), ("0.then.reason", "is missing: a rule that sets team or owner must say why")),
        (rule("", 'owner = "ann", reason = ""'), ("0.then.reason", "is empty")),
        (rule("", 'owner = "ann", reason = { fr = "x" }'),
         ("0.then.reason", 'has no words in the desk\'s own language, "en"')),
        (rule("", 'owner = "ann", reason = { en = "x", it = "x" }'), ("0.then.reason", '"it" is not known')),
        (rule("", 'owner = "any", reason = "x"'), ("0.then.owner", '"any" is not known')),
        (rule("", 'team = "x", reason = "x"'), ("0.then.team", '"x" is not known')),
        (rule("", 'priority = "hi"'), ("0.then.priority", '"hi" is not one of "low", "normal", "high", "urgent"')),
        (rule("", 'status = "new"'),
         ("0.then.status", '"new" is not one of "open", "pending", "hold", "solved", "closed"')),
        (rule("", 'language = "it"'), ("0.then.language", '"it" is not one of "en", "fr", "es", "ru", "de", "pt"')),
        (rule("", "level = 0"), ("0.then.level", "must be at least 1, not 0")),
        (rule("", 'level = "2"'), ("0.then.level", "must be a whole number")),
        (rule("", 'cc = "a@"'), ("0.then.cc", '"a@" is not a mail address')),
        (rule("", 'cc = ["Support@Example.com"]'),
         ("0.then.cc", "holds an address of this desk, which would write to itself")),
        (rule("", 'notify = ["ann", "support@example.com"]'),
         ("0.then.notify", "holds an address of this desk, which would write to itself")),
        (rule("", 'notify = ["ann", "cleo"]'), ("0.then.notify", '"cleo" is not known')),
        (rule("", 'reply = " "'), ("0.then.reply", "is empty")),
        (rule("", 'reply = { fr = "Merci." }'), ("0.then.reply", "has no words in the desk's own language, \"en\"")),
        (rule("", 'reply = { en = "We are open.", fr = "horaires" }'),
         ("0.then.reply.fr", '"horaires" is one word, and so the name of a canned answer')),
        (rule("", 'reply = 3'), ("0.then.reply", "must be a text, not the number 3")),
        (rule('age = "2d"', "quarantine = true", on='"timer"'),
         ("0.then.quarantine", "a timer has no mail to set aside")),
        (rule('age = "2d", not = { to = "x@*" }', on='"timer"'),
         ("0.when.to", "asks for a mail, and a timer has none")),
        (rule('status = "open"', on='"timer"'), ("0.when", "does not say for what the timer waits")),
        (rule("", 'sla = "x"'), ("0.then.sla", '"x" is not known')),
        (rule("", 'tags = ["a b"]'), ("0.then.tags.0", '"a b" cannot be a tag')),
        (rule("", 'tags = ["a\\u0000"]'), ("0.then.tags.0", '"a\\u0000" cannot be a tag')),
        (rule("", on='"never"'), ("0.on", '"never" is not one of "new", "reply", "timer"')),
        ('[[rule]]\nthen = { stop = true }\n', ("0.name", "is missing")),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_refused_with_its_place(text: str, fault: tuple[str, str]) -> None:
    assert faults(text) == [fault]


def test_all_faults_of_a_rule_are_told_at_once() -> None:
    text = rule('team = "x", any = [{ owner = "y" }]', 'priority = "hi"', name="a") + rule("", 'team = "z"', name="a")
    assert [place for place, _ in faults(text)] == [
        "1.name", "0.then.priority", "0.when.team", "0.when.any.0.owner", "1.then.team", "1.then.reason",
    ]  # fmt: skip


def test_a_remedy_asks_for_the_nearest_word() -> None:
    found = load([{"name": "a", "when": {"team": "biling"}, "then": {"stop": True}}], KNOWN)
    assert found == (Fault((0, "when", "team"), '"biling" is not known', 'did you mean "billing"?'),)
