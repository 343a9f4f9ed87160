"""Hold a mail against the rules: what each rule looks at, and what all of them say together."""

from __future__ import annotations

import operator
import re
import time
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import regex

from maild.rules.index import Index, Needs
from maild.rules.model import Facts, Hit, On, Reply, Then, Verdict, Wait

TEXT_CAP = 200_000
"""How many characters of one text a rule looks at."""
_LONGEST_SHOWN = 60
ADDRESS_CAP = 1_000
"""How many addresses of one field a rule looks at."""
PATTERN_CAP = 1_000
"""How long a regex may be."""

_MARKS = regex.compile(r"[^\p{ccc=0}]+")
_USUAL_MARKS = "\u0301\u0300\u0302\u0308\u0327\u0303\u0306\u030a\u030c"
_TOKEN = re.compile(r"\+(?:[a-z2-7]{40}|[a-z2-7]{24})$")
_SIGNS = {"=": operator.eq, ">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}
_SIGN_WORDS = {"=": "exactly", ">": "over", "<": "under", ">=": "at least", "<=": "at most"}
_MAIL_BUDGET = 10.0
"""All rules together may spend this many times the limit of one rule on one mail."""


@dataclass(frozen=True, slots=True)
class BadRegex:
    """A regex that does not compile, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern, searched without regard to case."""

    source: str
    pattern: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A number to be over or under; `shown` is how the file wrote it."""

    sign: str
    value: float
    shown: str

    def holds(self, found: float) -> bool:
        return bool(_SIGNS[self.sign](found, self.value))

    @property
    def words(self) -> str:
        return f"{_SIGN_WORDS[self.sign]} {self.shown}"


Holds = Callable[["Look"], str | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a rule asks: `words` say all of it, `holds` says what of it was found, or None.

    `cost` orders the conditions of a rule: 0 for a comparison, 1 for the folded text, 2 for a regex. `needs` are what
    it cannot hold without, one of which is enough, `waits` the lengths of time and `hours` the hours that it asks for.
    """

    words: str
    holds: Holds = field(repr=False)
    cost: int = 0
    needs: Needs = ()
    waits: tuple[Wait, ...] = ()
    hours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule. `conditions` stand as the file has them, `cheap_first` as they are tried."""

    name: str
    on: frozenset[On]
    conditions: tuple[Condition, ...]
    then: Then
    cheap_first: tuple[tuple[int, Condition], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = sorted(enumerate(self.conditions), key=lambda asked: asked[1].cost)
        object.__setattr__(self, "cheap_first", tuple(order))


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules in their order.

    `ours` are our plain addresses in lower case; `rule_seconds` bounds the regexes of one rule on one mail.
    """

    rules: tuple[Rule, ...] = ()
    ours: frozenset[str] = frozenset()
    rule_seconds: float = 0.05
    by_event: dict[On, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    indexes: dict[On, Index] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_event = {on: tuple(rule for rule in self.rules if on in rule.on) for on in On}
        indexes = {on: Index([[one.needs for one in rule.conditions] for rule in by_event[on]]) for on in On}
        object.__setattr__(self, "by_event", by_event)
        object.__setattr__(self, "indexes", indexes)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """How one rule fared: what held, and the first condition that did not ("" where the rule matched)."""

    rule: str
    held: tuple[str, ...]
    failed: str


def match(book: RuleBook, facts: Facts, done: frozenset[str] = frozenset()) -> Verdict:
    """Say what the rules make of a mail: top to bottom, every rule that matches acts (DESIGN 3.2).

    Only those are tried whose exact values and words are there; so the cost follows the rules that can match.
    What is `done` has acted before and does not act again; but where it matches and stops, it still stops.
    """
    look = Look(facts, book.ours, book.rule_seconds)
    hits: list[Hit] = []
    rules = book.by_event[facts.on]
    for place in book.indexes[facts.on].possible(look):
        rule = rules[place]
        because = _because(rule, look)
        if because is not None:
            if rule.name not in done:
                hits.append(Hit(rule.name, rule.then, because))
            if rule.then.stop:
                break
    return sum_up(tuple(hits), tuple(look.slow))


def near_misses(book: RuleBook, facts: Facts) -> tuple[NearMiss, ...]:
    """Tell for each rule, in order, which of its conditions failed first; `stop` is not obeyed here."""
    look = Look(facts, book.ours, book.rule_seconds)
    return tuple(_near_miss(rule, look) for rule in book.rules)


def possible(book: RuleBook, facts: Facts) -> tuple[Rule, ...]:
    """The rules of this event that can match now or, if nothing but time passes, later."""
    rules = book.by_event[facts.on]
    return tuple(rules[place] for place in book.indexes[facts.on].possible(Look(facts, book.ours, book.rule_seconds)))


def describe(rule: Rule) -> str:
    """Tell a rule in one line of words."""
    asked = " and ".join(condition.words for condition in rule.conditions) or "any mail comes"
    events = " or ".join(on.value for on in On if on in rule.on)
    return f"{rule.name} (on {events}): if {asked}, then {_effects(rule.then)}"


def compile_regex(source: str) -> Regex | BadRegex:
    """Compile a regex of the operator's, or say why it cannot be."""
    if len(source) > PATTERN_CAP:
        return BadRegex(f"is longer than {PATTERN_CAP} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Regex(source, regex.compile(source, regex.IGNORECASE))
    except regex.error as error:
        return BadRegex(f"{error.msg}, at character {(error.pos or 0) + 1}")
    except (RecursionError, OverflowError, MemoryError, ValueError) as error:
        return BadRegex(f"is too complex ({type(error).__name__})")


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no accents, one space for any white space."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text)
    # Measured: taking the usual accents out one by one first is a third faster than the regex for all of them.
    for mark in _USUAL_MARKS:
        plain = plain.replace(mark, "")
    if _MARKS.search(plain):
        plain = _MARKS.sub("", plain)
    return " ".join(plain.casefold().split())


class Look:
    """One mail under the eyes of many rules: what is costly to see is seen once, and time is kept."""

    __slots__ = (
        "_addresses",
        "_folded",
        "_left",
        "_ours",
        "_raw",
        "_rule_left",
        "_rule_seconds",
        "facts",
        "slow",
        "timed_out",
    )

    def __init__(self, facts: Facts, ours: frozenset[str], rule_seconds: float) -> None:
        self.facts = facts
        self.slow: list[str] = []
        self.timed_out = False
        self._ours = ours
        self._rule_seconds = rule_seconds
        self._rule_left = rule_seconds
        self._left = rule_seconds * _MAIL_BUDGET
        self._raw: dict[str, tuple[str, ...]] = {}
        self._folded: dict[str, tuple[str, ...]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}

    def begin(self) -> None:
        """Start the next rule with its own time."""
        self.timed_out = False
        self._rule_left = min(self._rule_seconds, self._left)

    def raw(self, key: str) -> tuple[str, ...]:
        """The texts under a key, as they were written."""
        if key not in self._raw:
            self._raw[key] = tuple(text[:TEXT_CAP] for text in _texts(self.facts, key))
        return self._raw[key]

    def folded(self, key: str) -> tuple[str, ...]:
        """The texts under a key, ready to compare; a space stands at each end, so that it can be asked for."""
        if key not in self._folded:
            self._folded[key] = tuple(f" {fold(text)} " for text in self.raw(key))
        return self._folded[key]

    def addresses(self, key: str) -> tuple[str, ...]:
        """The addresses under `from`, `to` or `cc`, in lower case, without the token of ours."""
        if key not in self._addresses:
            found = _specs(self.facts, key)[:ADDRESS_CAP]
            self._addresses[key] = tuple(dict.fromkeys(self._plain(spec[:320].lower()) for spec in found))
        return self._addresses[key]

    def search(self, wanted: Regex, text: str) -> bool:
        """Search a text within what is left of the rule's time; a time-out is no match, and is remembered."""
        if self.timed_out:
            return False
        if self._rule_left <= 0:
            self.timed_out = True
            return False
        start = time.perf_counter()
        try:
            return wanted.pattern.search(text, timeout=self._rule_left) is not None
        except TimeoutError:
            self.timed_out = True
            return False
        finally:
            spent = time.perf_counter() - start
            self._rule_left -= spent
            self._left -= spent

    def _plain(self, spec: str) -> str:
        local, _, domain = spec.rpartition("@")
        plain = f"{_TOKEN.sub('', local)}@{domain}"
        return plain if plain in self._ours else spec


def _because(rule: Rule, look: Look) -> str | None:
    look.begin()
    found: list[tuple[int, str]] = []
    for place, condition in rule.cheap_first:
        words = condition.holds(look)
        if look.timed_out:
            look.slow.append(rule.name)
            return None
        if words is None:
            return None
        found.append((place, words))
    return " and ".join(words for _, words in sorted(found)) or "every mail"


def _near_miss(rule: Rule, look: Look) -> NearMiss:
    look.begin()
    if look.facts.on not in rule.on:
        return NearMiss(rule.name, (), f"on is {' or '.join(sorted(rule.on))}, not {look.facts.on}")
    held: list[str] = []
    for condition in rule.conditions:
        found = condition.holds(look)
        if look.timed_out:
            return NearMiss(rule.name, tuple(held), f"{condition.words} (its regex ran out of time)")
        if found is None:
            return NearMiss(rule.name, tuple(held), condition.words)
        held.append(found)
    return NearMiss(rule.name, tuple(held), "")


def sum_up(hits: tuple[Hit, ...], slow: tuple[str, ...]) -> Verdict:
    """What rules that matched say together: the first to set a field wins, what adds up adds up."""
    if not hits:
        return Verdict(slow=slow)
    effects = [hit.then for hit in hits]
    team = next((then for then in effects if then.team is not None), Then())
    owner = next((then for then in effects if then.owner is not None), Then())
    return Verdict(
        hits=hits,
        team=team.team,
        team_reason=team.reason,
        owner=owner.owner,
        owner_reason=owner.reason,
        priority=next((then.priority for then in effects if then.priority is not None), None),
        status=next((then.status for then in effects if then.status is not None), None),
        tags=_added_up(then.tags for then in effects),
        language=next((then.language for then in effects if then.language is not None), None),
        level=next((then.level for then in effects if then.level is not None), None),
        sla=next((then.sla for then in effects if then.sla is not None), None),
        cc=_added_up(then.cc for then in effects),
        notify=_added_up(then.notify for then in effects),
        reply=next((then.reply for then in effects if then.reply is not None), None),
        quarantine=any(then.quarantine for then in effects),
        slow=slow,
    )


def _added_up(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for part in parts for word in part))


def _texts(facts: Facts, key: str) -> tuple[str, ...]:
    mail = facts.mail
    match key:
        case "subject":
            return (mail.subject,)
        case "body":
            # A reply quotes words that were held against the rules before.
            return (mail.text if facts.on is On.NEW else mail.new_text or mail.text,)
        case "from_name":
            return tuple(author.name for author in mail.authors)
        case _:
            name = key.removeprefix("header.").lower()
            return tuple(value for header, value in mail.headers if header.lower() == name)[:ADDRESS_CAP]


def _specs(facts: Facts, key: str) -> tuple[str, ...]:
    mail = facts.mail
    match key:
        case "from":
            return tuple(author.spec for author in mail.authors)
        case "cc":
            return tuple(address.spec for address in mail.cc)
        case _:
            return (*facts.recipients, *(address.spec for address in (*mail.to, *mail.cc)))


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}..."


def _answer(reply: Reply) -> str:
    if reply.canned:
        return f'answer with the canned answer "{reply.canned}"'
    return f'answer "{_short(next(iter(reply.words.values())))}"'


def _effects(then: Then) -> str:
    values = [
        (name, getattr(then, name)) for name in ("team", "owner", "priority", "status", "sla", "language", "level")
    ]
    parts = [f"{name} {value}" for name, value in values if value is not None]
    if then.reply is not None:
        parts.append(_answer(then.reply))
    lists = (("tags", then.tags), ("cc", then.cc), ("notify", then.notify))
    parts += [f"{name} {', '.join(words)}" for name, words in lists if words]
    parts += [name for name, wish in (("quarantine", then.quarantine), ("stop", then.stop)) if wish]
    told = ", ".join(parts)
    return f'{told}, because "{next(iter(then.reason.values()))}"' if then.reason else told
