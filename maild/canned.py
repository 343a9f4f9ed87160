"""Canned answers: texts that agents put into a reply by their name, with a few facts in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

FACTS = {
    "requester": "the name of who asked, as that person writes it",
    "number": "the number of the ticket",
    "subject": "the ticket's subject",
    "agent": "your name, as customers read it",
    "agent_short": "your first name, or what the file calls it",
    "team": "the name of the ticket's team, as customers read it",
    "desk": "the name of the desk",
}
"""What a canned answer may tell, each written `{{ name }}`; the page on templates lists them with these words."""

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_NEAR = 3

_FACT = re.compile(r"\{\{[ \t]*([A-Za-z_]{1,40})[ \t]*\}\}")
_PLACED = re.compile(r"([ \t]?)" + _FACT.pattern)
_ODD = re.compile(r"\{\{|\}\}|\{%|\{#")


@dataclass(frozen=True, slots=True)
class Canned:
    """One text in one language (RFC 5646, its primary subtag); the same name has one text for each language."""

    name: str
    language: str
    text: str


def named(text: str) -> str:
    """Return the name that a text is: one word, as `#template` takes it, in small letters; "" for words to be sent."""
    name = text.casefold()
    return name if NAME.fullmatch(name) else ""


def wrong(text: str) -> Iterator[tuple[int, str]]:
    """Say what is wrong with a text, each with its line from 1: a fact that does not exist, braces that hold none."""
    for number, line in enumerate(text.split("\n"), 1):
        for found in _FACT.finditer(line):
            if found[1] not in FACTS:
                near = get_close_matches(found[1], FACTS, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(FACTS)}"
                yield number, f"no fact has the name {found[1]!r}{hint}"
        if odd := _ODD.search(_FACT.sub("", line)):
            yield number, f"{odd[0]} holds no fact; a fact is written like {{{{ requester }}}}"


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Put the facts into a text that has no fault; a fact that is not known goes with the space before it."""
    return _PLACED.sub(lambda found: found[1] + facts[found[2]] if facts[found[2]] else "", text)


def choose(answers: Iterable[Canned], name: str, languages: Iterable[str]) -> Canned | None:
    """Return the text of this name in the first of these languages that has one, None where none has."""
    named = {one.language: one for one in answers if one.name == name.casefold()}
    wanted = (language.partition("-")[0].lower() for language in languages)
    return next((named[one] for one in wanted if one in named), None)


def languages_of(answers: Iterable[Canned], name: str) -> tuple[str, ...]:
    """Return the languages that have a text of this name."""
    return tuple(one.language for one in answers if one.name == name.casefold())


def names(answers: Iterable[Canned]) -> tuple[str, ...]:
    """Return every name once, in order."""
    return tuple(sorted({one.name for one in answers}))


def nearest(answers: Iterable[Canned], name: str) -> tuple[str, ...]:
    """Return the names that are nearest to this one, three at most."""
    return tuple(get_close_matches(name.casefold(), names(answers), _NEAR, cutoff=0.4))
