"""Facts and words in the order in which a mail shows them; what only colleagues may see is let in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from maild.decision import Notice
from maild.templates import page
from maild.templates.facts import Action, Telling

_SAYS_WHO = frozenset({Notice.REPLY, Notice.CUSTOMER_REPLIED, Notice.NOTE})
_WITH_BRIEF = frozenset({Notice.ASSIGNED})
_NO_BRIEF = page.Brief(None, (), None, ())
_NOTHING_FOR_AGENTS: dict[str, Any] = {
    "to_agent": False,
    "brief": _NO_BRIEF,
    "said": (),
    "happened": (),
    "rows": (),
    "commands": (),
    "promises": (),
    "entries": (),
    "kept_text": "",
    "tags": (),
    **dict.fromkeys(("subject", "customer", "customer_address", "team", "recipient"), ""),
}
_WHOLE = frozenset({Notice.SHOW, Notice.HELD})
_MOST_ENTRIES = {True: 100, False: 3}
_MOST_WORDS = {True: 20_000, False: 6_000}
_MOST_ROWS = 200


# What templates are told of the conversation


def is_for_customers(telling: Telling) -> bool:
    """Whether a customer reads it; what only customers get is theirs, whatever facts came with it."""
    return telling.notice.to_customers or not telling.to_agent


def for_agents(telling: Telling) -> dict[str, Any]:
    """The conversation and what is made of it: never in a mail to a customer, whatever facts came with it."""
    if is_for_customers(telling):
        return _NOTHING_FOR_AGENTS
    brief = page.brief(telling.said, telling.words, telling.customer) if telling.notice in _WITH_BRIEF else _NO_BRIEF
    return {
        "to_agent": True,
        "brief": brief,
        "happened": tuple(tidy_fields(each) for each in telling.happened[-_MOST_ROWS:]),
        "rows": tuple(tidy_fields(each) for each in telling.rows[:_MOST_ROWS]),
        "commands": telling.commands,
        "promises": tuple(tidy_fields(each) for each in telling.promises) if telling.notice in _WITH_BRIEF else (),
        "entries": _entries(telling, brief),
    }


def _entries(telling: Telling, brief: page.Brief) -> tuple[Any, ...]:
    whole = telling.notice in _WHOLE
    if telling.notice in _WITH_BRIEF:
        return brief.in_full
    told = telling.words.strip()
    shown = (each for each in telling.said if whole or not (each.machine or each.text.strip() == told))
    return tuple(shown)[-_MOST_ENTRIES[whole] :]


def tidy_fields(item: Any) -> Any:
    return replace(item, **{f.name: page.tidy(v) for f in fields(item) if isinstance(v := getattr(item, f.name), str)})


def offered(action: Action, telling: Telling) -> page.Offered:
    """An action in the words of its mail: a reply to the mail itself needs no address."""
    to = "" if action.to == telling.reply_to else action.to
    return _offered(action.label, to, action.body, is_for_customers(telling))


@lru_cache(maxsize=64)
def _offered(label: str, to: str, body: str, to_customer: bool) -> page.Offered:
    first, _, more = page.words(body).partition("\n")
    command = first.startswith("#") or to_customer
    to_fill_in = " ..." if first.endswith(" ") else ""
    return page.Offered(
        label=page.tidy(label),
        to=page.tidy(to),
        first=page.tidy(first) + to_fill_in if command else "",
        more=bool(more.strip() if command else first),
    )


# What the frames show


def laid_out(
    telling: Telling, facts: Mapping[str, Any], around: Mapping[str, Any], shown: tuple[page.Block, ...]
) -> dict[str, Any]:
    """The parts of the mail in the frames' order; all that other people wrote stands below the marker."""
    whole = telling.notice in _WHOLE
    told, kept = page.words(telling.words), page.words(facts["kept_text"])
    first_table = next((n for n, block in enumerate(shown) if block.rows), len(shown))
    light, dark = page.accents(telling.accent)
    return {
        "preheader": shown[0].text,
        "lead": shown[:first_table],
        "intro": around["intro"] if told and telling.notice not in _SAYS_WHO else "",
        "told": told,
        "told_html": page.html(told, telling.pictures),
        "beside": tuple(block.text for block in page.blocks(around["beside"])),
        "unmarked": page.unmarked(told, telling.pictures),
        "tables": (*shown[first_table:], *page.blocks(around["brief_rows"])),
        "entries_head": around["entries_head"],
        "quoted": tuple(_quoted(facts, each, whole) for each in facts["entries"]),
        "state": page.blocks(around["state"]),
        "colon": facts["colon"],
        "offered": _offers(telling, around["actions"]),
        "kept": kept,
        "kept_html": page.html(kept),
        "kept_head": around["kept_head"],
        "footer": around["footer"],
        "title": around["title"],
        "light": light,
        "dark": dark,
    }


def _quoted(facts: Mapping[str, Any], entry: Any, whole: bool) -> page.Quoted:
    text = page.words(entry.text, _MOST_WORDS[whole], facts["cut_here"])
    head = facts["entry_head"](page.tidy(entry.who), facts["stamp"](entry.at), entry.note).strip()
    return page.Quoted(head, "\n".join(f"> {line}".rstrip() for line in text.split("\n")), page.html(text))


def _offers(telling: Telling, rows: str) -> tuple[page.Offer, ...]:
    hows = [row for block in page.blocks(rows) for row in block.rows]
    return tuple(
        page.Offer(row.label, row.value, page.mailto(action)) for row, action in zip(hows, telling.actions, strict=True)
    )
