"""What a rule looks like in the file, key by key."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from maild.rules.match import BadRegex, Bound, Regex, compile_regex
from maild.typed import (
    Id,
    Language,
    Line,
    Shown,
    Some,
    Table,
    Tag,
    address,
    duration,
    key,
    line,
    one_or_many,
    quote,
    size,
    text,
    wrong,
)

MOST_PATTERNS = 1_000
"""How many patterns one key may hold."""

_LONGEST_ANSWER = 5_000


def _patterns(value: object) -> object:
    """A text, { regex = "..." }, or a list of them."""
    items = one_or_many(value)
    assert isinstance(items, list)
    if not items or len(items) > MOST_PATTERNS:
        raise wrong(f"must hold 1 to {MOST_PATTERNS} patterns", "a list means: any of these")
    return [_pattern(item) for item in items]


def _pattern(item: object) -> str | Regex:
    if isinstance(item, dict):
        source = item.get("regex")
        if set(item) != {"regex"} or not isinstance(source, str) or not source:
            raise wrong("must be a text or { regex = '...' }", "write the regex in single quotes: { regex = '...' }")
        compiled = compile_regex(source)
        if isinstance(compiled, BadRegex):
            raise wrong(f"the regex {quote(source)} does not work: {compiled.why}", "correct it, or use plain words")
        return compiled
    word = text(item)
    if not word.strip():
        raise wrong("an empty text is in every mail", "write the words to look for, or leave the key out")
    return word


def _globs(value: object) -> object:
    patterns = _patterns(value)
    assert isinstance(patterns, list)
    for one in patterns:
        if isinstance(one, str) and "@" not in one and "*" not in one:
            raise wrong(f"{quote(one)} can fit no address", f'write "{one}@*" or "*@{one}"')
    return patterns


def _bound(measure: Callable[[object], float], example: str, bare: str = "") -> Callable[[object], object]:
    def one(value: object) -> Bound:
        found = re.fullmatch(r"\s*(>=|<=|>|<)?\s*(.*)", value, re.DOTALL) if isinstance(value, str) else None
        sign = (found[1] or bare) if found else ""
        if not found or not sign:
            raise wrong(f"{quote(value)} says neither over nor under", f"write it like {quote(example)}")
        return Bound(sign, measure(found[2].strip()), found[2].strip())

    return lambda value: [one(item) for item in _list(value)]


def _list(value: object) -> list[object]:
    items = one_or_many(value)
    assert isinstance(items, list)
    if not items:
        raise wrong("is an empty list", "leave the key out, or name something")
    return items


def _level(value: object) -> object:
    return [Bound("=", item, str(item)) if type(item) is int else _level_bound(item) for item in _list(value)]


def _level_bound(value: object) -> Bound:
    found = re.fullmatch(r"\s*(>=|<=|>|<)\s*([0-9]{1,6})\s*", value) if isinstance(value, str) else None
    if not found:
        raise wrong(f"{quote(value)} is no level", 'write a number, or a comparison like ">=2"')
    return Bound(found[1], int(found[2]), found[2])


def _reason(value: object) -> object:
    """A text, or texts by language; the text without a language stands under ""."""
    if isinstance(value, dict):
        if not value:
            raise wrong("is empty", 'write a text, or one by language: { en = "..." }')
        return {language: line(words) for language, words in value.items()}
    return {"": line(value)}


def _language_word(value: object) -> str:
    word = text(value).lower()
    if not re.fullmatch(r"[a-z]{2,3}", word):
        raise wrong(f"{quote(word)} is no language", 'write its code, like "fr"')
    return word


def _who(value: object) -> str:
    return address(value) if isinstance(value, str) and "@" in value else text(value)


def _answer(value: object) -> object:
    """Words of some lines, or such words by language; those without a language stand under ""."""
    if isinstance(value, dict):
        if not value:
            raise wrong("is empty", 'write a text, or one by language: { en = "..." }')
        return {language: _lines(words) for language, words in value.items()}
    return {"": _lines(value)}


def _lines(value: object) -> str:
    words = text(value).replace("\r\n", "\n").strip()
    if not words:
        raise wrong("is empty", "write a few words")
    if any((ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in words):
        raise wrong("holds control characters", "take them out")
    if len(words) > _LONGEST_ANSWER:
        raise wrong(f"must be at most {_LONGEST_ANSWER} characters", "shorten it")
    return words


_LIST = BeforeValidator(_list)
_MANY = BeforeValidator(one_or_many)
_WORDS = "text, { regex }, or a list"
_PATTERNS = "glob, { regex }, or a list"
TextTests = Annotated[list[str | Regex], BeforeValidator(_patterns), Shown(_WORDS)]
AddressTests = Annotated[list[str | Regex], BeforeValidator(_globs), Shown(_PATTERNS)]
NameTests = Annotated[list[str | Regex], BeforeValidator(_patterns), Shown(_PATTERNS)]
Names = Annotated[list[str], _LIST, Shown("name, or a list")]
TagTests = Annotated[list[Tag], _LIST, Shown("tag, or a list")]
Tags = Annotated[list[Tag], _MANY, Shown("tag, or a list")]
People = Annotated[list[Annotated[str, BeforeValidator(_who)]], _MANY, Shown("address or agent, or a list")]
LanguageTests = Annotated[list[Annotated[str, BeforeValidator(_language_word)]], _LIST, Shown("language, or a list")]
SizeTests = Annotated[list[Bound], BeforeValidator(_bound(size, ">1MB")), Shown('">1MB" or "<10kB"')]
_length = BeforeValidator(_bound(lambda value: duration(value).total_seconds(), "3d", ">="))
TimeTests = Annotated[list[Bound], _length, Shown('"3d" (at least) or "<1h"')]
_left = BeforeValidator(_bound(lambda value: duration(value).total_seconds(), "3d", "<="))
TimesLeft = Annotated[list[Bound], _left, Shown('"2h" (at most) or ">1d"')]
LevelTests = Annotated[list[Bound], BeforeValidator(_level), Shown('number or ">=2", or a list')]
PriorityWord = Literal["low", "normal", "high", "urgent"]
StatusWord = Literal["open", "pending", "hold", "solved", "closed"]
Statuses = Annotated[list[StatusWord], _LIST, Shown("open, pending, hold, solved, closed, or a list")]
Priorities = Annotated[list[PriorityWord], _LIST, Shown("low, normal, high, urgent, or a list")]
Events = Annotated[list[Literal["new", "reply", "timer"]], _LIST, Shown("new, reply, timer, or a list")]
Answer = Annotated[
    dict[str, str], BeforeValidator(_answer), Shown("text, a canned answer's name, or { en = text, fr = text }")
]
Reason = Annotated[dict[str, str], BeforeValidator(_reason), Shown("text, or { en = text, fr = text }")]


class WhenTable(Table):
    """What a rule asks: all keys must hold; a list means any of."""

    subject: TextTests | None = key(None, "words that the subject contains")
    body: TextTests | None = key(None, "words that the text contains (of a reply: what was newly written)")
    from_name: TextTests | None = key(None, "words that the sender's name contains")
    from_: AddressTests | None = key(None, "the sender's address", alias="from")
    to: AddressTests | None = key(None, "an address the mail was sent to (To, Cc or the envelope)")
    cc: AddressTests | None = key(None, "an address in Cc")
    header: Annotated[dict[str, TextTests], Shown("header.NAME = text")] = key({}, "words that a header contains")
    list_: NameTests | None = key(None, "the mailing list's id (List-Id)", alias="list")
    language: LanguageTests | None = key(None, "the language of the ticket, or of the mail")
    organisation: Names | None = key(None, "the name of the sender's organisation")
    team: Names | None = key(None, "the ticket's team")
    owner: Names | None = key(None, 'the ticket\'s owner, or "none"')
    status: Statuses | None = key(None, "the ticket's status")
    priority: Priorities | None = key(None, "the ticket's priority")
    tags: TagTests | None = key(None, "one of the ticket's tags")
    level: LevelTests | None = key(None, "the ticket's level")
    has_attachment: bool | None = key(None, "whether something is attached")
    attachment: NameTests | None = key(None, "the name of an attachment")
    size: SizeTests | None = key(None, "how big the whole mail is")
    hours: Names | None = key(None, 'hours that are open now, or "outside:NAME"')
    first_time: bool | None = key(None, "whether this address writes for the first time")
    silent_for: TimeTests | None = key(None, "how long nothing was said on the ticket")
    age: TimeTests | None = key(None, "how long ago the ticket was opened")
    promised_in: TimesLeft | None = key(None, "how long until the date that the customer was told")
    proven: bool | None = key(
        None, "whether the mail proved its sender's address (of a ticket: any of the requester's)"
    )
    any_: Annotated[list[WhenTable], Field(min_length=1), Shown("list of such tables")] | None = key(
        None, "one of these tables must hold", alias="any"
    )
    not_: Annotated[list[WhenTable], _LIST, Shown("such a table")] | None = key(
        None, "this table must not hold", alias="not"
    )

    @model_validator(mode="before")
    @classmethod
    def _gather_headers(cls, raw: object) -> object:
        """Take `"header.X-Spam"`, typed as one key in quotes, for what it means."""
        if not isinstance(raw, dict) or not any(str(name).startswith("header.") for name in raw):
            return raw
        headers = {name[7:]: value for name, value in raw.items() if name.startswith("header.")}
        plain = {name: value for name, value in raw.items() if not name.startswith("header.")}
        under = plain.get("header", {})
        return {**plain, "header": {**under, **headers}} if isinstance(under, dict) else plain


class ThenTable(Table):
    """What a rule does; the first rule to set a field wins, tags, cc and notify add up."""

    team: Id | None = key(None, "give the ticket to this team")
    owner: Id | None = key(None, "give it to this agent, or least-busy, round-robin, none")
    reason: Reason | None = key(None, "why it goes there, as the customer may read it; needed with team and owner")
    priority: PriorityWord | None = key(None, "set the priority")
    status: StatusWord | None = key(None, "set the status")
    tags: Tags = key([], "add these tags")
    sla: Id | None = key(None, "promise these times, instead of the organisation's or the team's")
    language: Language | None = key(None, "write to the customer in this language")
    level: Some | None = key(None, "set the level")
    cc: People = key([], "let these people take part")
    notify: People = key([], "tell these people once")
    reply: Answer | None = key(
        None, "answer with these words, or with the canned answer of this name; limited like every automatic answer"
    )
    quarantine: bool = key(False, "set the mail aside instead of opening a ticket")
    stop: bool = key(False, "look at no further rule")


class RuleTable(Table):
    """One rule."""

    name: Line = key(..., "what the rule is called, where its decisions are explained")
    on: Events = key(["new"], "what the rule looks at: new mail, replies, or tickets as time goes by (timer)")
    when: WhenTable = key({}, "the conditions; without any, every mail")
    then: ThenTable = key(..., "the effects")
