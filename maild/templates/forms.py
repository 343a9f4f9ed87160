"""Mails as forms: what all mails of a kind have in common is rendered once, and what differs is filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from maild.templates import page
from maild.templates.facts import Telling
from maild.templates.layout import NO_BRIEF

SHOWN = ("number", "subject", "asker", "customer", "customer_address", "organisation", "last_who", "words_by")
"""Facts that differ from ticket to ticket. The shipped frames, and what they put around a notice, show them or ask
whether they are there, and never look into them: so a blank can stand for each while they are rendered."""
TOLD_AT = ("last_at", "promised_at")
"""Moments, of which what is written counts: where it matters how fast mails are made, many have the same minute."""
LOOKED_AT = (
    *("Contact", "attachments", "contact", "customer_language", "customer_proven", "desk", "earlier", "earlier_solved"),
    *("known", "language", "last_event", "left_out", "notice", "offers", "owner"),
    *("previous", "priority", "promised", "status", "tags", "team", "tells", "to_agent", "why", "why_by", "why_code"),
    "wish",
)
"""The other facts that they read; mails that agree in them, and in what is there at all, are of one kind."""

_MOST = 512
_LOOK = itemgetter(*LOOKED_AT)
_SHOWN = itemgetter(*SHOWN)
_BLANK = re.compile("[\ue000-\uf8ff]")  # private use (Unicode, section 23.5): no mail means anything by them
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"})  # as the frames escape
_SPACES = (("« ", "«\u00a0"), (" »", "\u00a0»"))  # as the frame for HTML sets them
_MARKS = ("»", "«")

Kind = tuple[Any, ...]


def _blank(number: int) -> str:
    return chr(0xE000 + number)


@dataclass(frozen=True, slots=True)
class Filling:
    """What goes into the blanks of one mail, as text and as HTML."""

    text: tuple[str, ...]
    html: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of mail; `reason` and `closing` are said of all of it. It fits so many paragraphs at the top."""

    reason: str
    closing: str
    paragraphs: int
    text: tuple[str, ...]
    html: tuple[str, ...]


NO_FORM = Form("", "", -1, (), ())
"""For a kind of which no form can be made: it fits nothing."""


class Forms:
    """The forms of one language. A kind gets one when it is seen again."""

    def __init__(self) -> None:
        self._known: dict[Kind, Form | None] = {}

    def find(self, kind: Kind) -> Form | None:
        return self._known.get(kind)

    def seen(self, kind: Kind) -> bool:
        """Whether this kind was seen before."""
        if kind in self._known:
            return True
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[kind] = None
        return False

    def keep(self, kind: Kind, form: Form) -> None:
        self._known[kind] = form


def kind_of(telling: Telling, facts: Mapping[str, Any]) -> Kind | None:
    """The kind of a mail, None where it shows more than a form can: a conversation, pictures, a text that was kept."""
    if facts["entries"] or facts["promises"] or facts["kept_text"] or telling.pictures or facts["brief"] != NO_BRIEF:
        return None
    there = tuple(map(bool, (*_SHOWN(facts), telling.words)))
    moments = [facts["when"](at) if at else "" for at in (telling.last_at, telling.promised_at)]
    return (telling.accent, *moments, *there, *_LOOK(facts))


def filling(
    telling: Telling, facts: Mapping[str, Any], shown: Sequence[page.Block], told: str, told_html: str
) -> Filling | None:
    """What goes into the blanks, None where the HTML would not be what it is when it is rendered whole."""
    if bool(told) != bool(telling.words):
        return None
    links = [page.mailto(action) for action in telling.actions]
    text = (*map(str, _SHOWN(facts)), told, *links, *[block.text for block in shown])
    if not all(links):
        return None
    if any("«" in value or "»" in value for value in (*text, told_html)):
        if any(value.startswith(_MARKS) or value.endswith(_MARKS) for value in text):
            return None
        return Filling(text, tuple(_spaced(value) for value in _escaped(text, told_html)))
    return Filling(text, _escaped(text, told_html))


def _escaped(text: Sequence[str], told_html: str) -> tuple[str, ...]:
    return (*[value.translate(_ESCAPES) for value in text], told_html)


def _spaced(value: str) -> str:
    for plain, bound in _SPACES:
        value = value.replace(plain, bound)
    return value


def holds_blank(rendered: str) -> bool:
    """Whether a mail has a character of its own that would pass for a blank."""
    return _BLANK.search(rendered) is not None


def blank_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with a blank for each that differs."""
    return {**facts, **{name: _blank(n) for n, name in enumerate(SHOWN) if facts[name]}}


def blank_layout(laid: Mapping[str, Any], paragraphs: int) -> dict[str, Any]:
    """What the frames show, with a blank for a person's words, for each link and for each paragraph at the top."""
    first = len(SHOWN)
    links = tuple(page.Offer(label, how, _blank(first + 1 + n)) for n, (label, how, _) in enumerate(laid["offered"]))
    top = first + 1 + len(links)
    lead = tuple(page.Block(_blank(top + n)) for n in range(paragraphs))
    told = bool(laid["told"])
    return {
        **laid,
        "preheader": lead[0].text,
        "lead": lead,
        "told": _blank(first) if told else "",
        "told_html": _blank(top + paragraphs) if told else "",
        "offered": links,
    }


def form_of(around: Mapping[str, str], paragraphs: int, text: str, html: str) -> Form:
    """The form that a mail with blanks is."""
    return Form(around["reason"], around["closing"], paragraphs, _cut(text), _cut(html))


def _cut(rendered: str) -> tuple[str, ...]:
    """What stands between the blanks, and the blanks."""
    return tuple(re.split(f"({_BLANK.pattern})", rendered))


def filled(pieces: tuple[str, ...], values: Sequence[str]) -> str:
    """The mail with its blanks filled in."""
    whole = list(pieces)
    whole[1::2] = [values[ord(blank) - 0xE000] for blank in pieces[1::2]]
    return "".join(whole)
