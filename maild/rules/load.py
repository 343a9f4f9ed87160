"""Read the operator's rules: every table checked, every pattern compiled, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from maild.canned import named
from maild.rules.conditions import (
    address_condition,
    all_of,
    any_of,
    name_condition,
    none_of,
    number_condition,
    text_condition,
    truth_condition,
    value_condition,
)
from maild.rules.match import Bound, Condition, Rule, RuleBook
from maild.rules.model import Anchor, Facts, On, Reply, Then
from maild.rules.tables import RuleTable, ThenTable, WhenTable
from maild.typed import LANGUAGES, Fault, Path, as_typed, nearest, quote, read

NOBODY = "none"
CHOOSERS = ("least-busy", "round-robin", NOBODY)
_OF_MAIL = frozenset({"body", "to", "cc", "header", "list", "has_attachment", "attachment", "size", "first_time"})
DEEPEST = 8
"""How deep tables of conditions may stand in one another."""


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may speak of: ids and names, the desk's own language, and our plain addresses in lower case."""

    agents: frozenset[str]
    teams: frozenset[str]
    language: str = "en"
    slas: frozenset[str] = frozenset()
    hours: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    rule_seconds: float = 0.05


def load(tables: list[object], known: Known) -> RuleBook | tuple[Fault, ...]:
    """Compile all `[[rule]]` tables, or tell every fault; the paths of faults start at the rule's number, from 0."""
    faults: list[Fault] = list(_check_names(tables))
    rules: list[Rule] = []
    for place, raw in enumerate(tables):
        table = read(RuleTable, raw, (place,))
        if isinstance(table, tuple):
            faults += (*table, *_check_parts(raw, known, (place,)))
            continue
        faults += _check_when(table.when, known, (place, "when"))
        faults += _check_then(table.then, known, (place, "then"))
        faults += _check_timer(table, (place,))
        if not faults:
            rules.append(_rule(table, known))
    if faults:
        return tuple(Fault(as_typed(tables, one.path), one.what, one.remedy) for one in faults)
    return RuleBook(tuple(rules), known.addresses, known.rule_seconds)


def _check_names(tables: list[object]) -> Iterable[Fault]:
    places: dict[str, int] = {}
    for place, raw in enumerate(tables):
        name = raw.get("name") if isinstance(raw, dict) else None
        if isinstance(name, str) and name in places:
            what = f"{quote(name)} is also the name of rule {places[name] + 1}"
            yield Fault((place, "name"), what, "give each rule a name of its own")
        elif isinstance(name, str):
            places[name] = place


def _check_parts(raw: object, known: Known, path: Path) -> Iterable[Fault]:
    """What else is wrong in a rule that cannot be read as a whole."""
    if not isinstance(raw, dict):
        return
    when = read(WhenTable, raw.get("when", {}), path)
    if isinstance(when, WhenTable):
        yield from _check_when(when, known, (*path, "when"))
    then = read(ThenTable, raw.get("then"), path)
    if isinstance(then, ThenTable):
        yield from _check_then(then, known, (*path, "then"))


def _check_when(when: WhenTable, known: Known, path: Path, depth: int = 1) -> Iterable[Fault]:
    if depth > DEEPEST:
        yield Fault(path, f"is nested more than {DEEPEST} deep", "make two rules of it")
        return
    hours = [name.removeprefix("outside:") for name in when.hours or ()]
    yield from _unknown(path, "team", when.team, known.teams)
    yield from _unknown(path, "owner", when.owner, known.agents | {NOBODY})
    yield from _unknown(path, "organisation", when.organisation, known.organisations)
    yield from _unknown(path, "hours", hours, known.hours)
    for word, nested in (("any", when.any_), ("not", when.not_)):
        for place, inner in enumerate(nested or ()):
            below = (*path, word, place)
            if not inner.model_fields_set:
                yield Fault(below, "is an empty table", "name a condition in it")
            yield from _check_when(inner, known, below, depth + 1)


def _check_then(then: ThenTable, known: Known, path: Path) -> Iterable[Fault]:
    if not then.model_fields_set - {"reason"}:
        yield Fault(path, "does nothing", 'say what the rule does, like priority = "high"')
    yield from _unknown(path, "team", _some(then.team), known.teams)
    yield from _unknown(path, "owner", _some(then.owner), known.agents | set(CHOOSERS))
    yield from _unknown(path, "sla", _some(then.sla), known.slas)
    for word, people in (("cc", then.cc), ("notify", then.notify)):
        yield from _unknown(path, word, [who for who in people if "@" not in who], known.agents)
        if {who.lower() for who in people} & known.addresses:
            what = "holds an address of this desk, which would write to itself"
            yield Fault((*path, word), what, "name a person's address, or an agent")
    if (then.team or then.owner) and not then.reason:
        what = "is missing: a rule that sets team or owner must say why"
        yield Fault((*path, "reason"), what, 'add reason = "..."; the customer reads it')
    for key, words in (("reason", then.reason), ("reply", then.reply)):
        if words and "" not in words:
            yield from _unknown(path, key, words, frozenset(LANGUAGES))
            if known.language not in words:
                what = f"has no words in the desk's own language, {quote(known.language)}"
                yield Fault((*path, key), what, "add them; they are used where a language is missing")
    yield from _check_reply(then.reply or {}, (*path, "reply"))


def _check_reply(reply: Mapping[str, str], path: Path) -> Iterable[Fault]:
    """A canned answer has languages of its own, so that a name by language would be sent as a word."""
    for language, words in reply.items():
        if language and named(words):
            what = f"{quote(words)} is one word, and so the name of a canned answer"
            yield Fault((*path, language), what, f"write reply = {quote(words)}, or a sentence in each language")


def _check_timer(table: RuleTable, path: Path) -> Iterable[Fault]:
    """A timer has a ticket and no mail, and must know for what it waits."""
    if On.TIMER not in map(On, table.on):
        return
    if table.then.quarantine:
        yield Fault((*path, "then", "quarantine"), "a timer has no mail to set aside", 'take "timer" out of `on`')
    asked = set(_asked(table.when))
    for word in sorted(asked & _OF_MAIL):
        remedy = f'take "timer" out of `on`, or {word} out of `when`'
        yield Fault((*path, "when", word), "asks for a mail, and a timer has none", remedy)
    if asked.isdisjoint(Anchor):
        what = "does not say for what the timer waits"
        yield Fault((*path, "when"), what, 'add silent_for, age or promised_in, like silent_for = "2d"')


def _asked(when: WhenTable) -> Iterable[str]:
    """The keys that are asked for, nested ones too."""
    for word in when.model_fields_set:
        yield WhenTable.model_fields[word].alias or word
    for inner in (*(when.any_ or ()), *(when.not_ or ())):
        yield from _asked(inner)


def _unknown(path: Path, word: str, names: Iterable[str] | None, known: frozenset[str]) -> Iterable[Fault]:
    for name in names or ():
        if name not in known:
            yield Fault((*path, word), f"{quote(name)} is not known", nearest(name, known))


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value is not None else ()


def _rule(table: RuleTable, known: Known) -> Rule:
    then = table.then
    effects = Then(
        team=then.team,
        owner=then.owner,
        priority=then.priority,
        status=then.status,
        tags=tuple(then.tags),
        sla=then.sla,
        language=then.language,
        level=then.level,
        cc=tuple(then.cc),
        notify=tuple(then.notify),
        reply=_reply(then.reply, known) if then.reply else None,
        quarantine=then.quarantine,
        stop=then.stop,
        reason=_by_language(then.reason, known),
    )
    return Rule(table.name, frozenset(map(On, table.on)), tuple(_conditions(table.when)), effects)


def _reply(reply: Mapping[str, str], known: Known) -> Reply:
    """A text of one word is a canned answer's name; every other text is sent as it stands."""
    name = named(reply.get("", ""))
    return Reply(canned=name) if name else Reply(words=_by_language(reply, known))


def _by_language(words: Mapping[str, str] | None, known: Known) -> dict[str, str]:
    """Words without a language are in the desk's own."""
    return {language or known.language: one for language, one in (words or {}).items()}


def _conditions(when: WhenTable) -> Iterable[Condition]:
    """The conditions of a table, in the order of the handbook."""
    for name, texts in (("subject", when.subject), ("body", when.body), ("from_name", when.from_name)):
        if texts is not None:
            yield text_condition(name, texts)
    for name, wanted in (("from", when.from_), ("to", when.to), ("cc", when.cc)):
        if wanted is not None:
            yield address_condition(name, wanted)
    for header, texts in when.header.items():
        yield text_condition(f"header.{header}", texts)
    if when.list_ is not None:
        yield name_condition("list", when.list_, lambda facts: (facts.mail.list_id,) if facts.mail.list_id else ())
    if when.attachment is not None:
        yield name_condition("attachment", when.attachment, lambda facts: (one.name for one in facts.mail.attachments))
    yield from _value_conditions(when)
    yield from _measured_conditions(when)
    if when.any_ is not None:
        yield any_of(tuple(all_of(tuple(_conditions(inner))) for inner in when.any_))
    for inner in when.not_ or ():
        yield none_of(all_of(tuple(_conditions(inner))))


def _value_conditions(when: WhenTable) -> Iterable[Condition]:
    asked: tuple[tuple[str, Sequence[str] | None, Callable[[Facts], Iterable[str]]], ...] = (
        ("language", when.language, _languages),
        ("organisation", when.organisation, lambda facts: (facts.organisation,)),
        ("team", when.team, lambda facts: (facts.team,)),
        ("owner", when.owner, lambda facts: (facts.owner or NOBODY,)),
        ("status", when.status, lambda facts: (facts.status,)),
        ("priority", when.priority, lambda facts: (facts.priority,)),
        ("tags", when.tags, lambda facts: facts.tags),
    )
    for name, wanted, found in asked:
        if wanted is not None:
            yield value_condition(name, wanted, found)
    if when.hours is not None:
        shut = {f"outside:{name.removeprefix('outside:')}" for name in when.hours}
        yield value_condition("hours", when.hours, lambda facts: _hours(facts, shut), lasts=False)


def _measured_conditions(when: WhenTable) -> Iterable[Condition]:
    truths: tuple[tuple[str, bool | None, Callable[[Facts], bool]], ...] = (
        ("has_attachment", when.has_attachment, lambda facts: bool(facts.mail.attachments)),
        ("first_time", when.first_time, lambda facts: facts.first_time),
        ("proven", when.proven, lambda facts: facts.mail.proof.proven),
    )
    for name, wish, is_so in truths:
        if wish is not None:
            yield truth_condition(name, wish, is_so)
    numbers: tuple[tuple[str, Sequence[Bound] | None, Callable[[Facts], float]], ...] = (
        ("size", when.size, lambda facts: facts.mail.size),
        ("silent_for", when.silent_for, lambda facts: facts.silent_for),
        ("age", when.age, lambda facts: facts.age),
        ("promised_in", when.promised_in, lambda facts: facts.promised_in),
        ("level", when.level, lambda facts: facts.level),
    )
    for name, bounds, measure in numbers:
        if bounds is not None:
            yield number_condition(name, bounds, measure)


def _languages(facts: Facts) -> tuple[str, ...]:
    """The language by its main code: "fr-CA" counts as "fr"."""
    return ((facts.language or facts.mail.language).partition("-")[0],)


def _hours(facts: Facts, shut: set[str]) -> tuple[str, ...]:
    return (*facts.hours, *(name for name in shut if name.removeprefix("outside:") not in facts.hours))
