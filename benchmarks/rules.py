"""What one mail costs under 10, 100, 1,000 and 10,000 rules, in turns of one run: `python -m benchmarks.rules`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import quantiles

from maild.mail import Address, Kind, Mail, MessageId, Proof
from maild.rules.load import Known, load
from maild.rules.match import RuleBook, match
from maild.rules.model import Facts, On

COUNTS = (10, 100, 1_000, 10_000)
BAR = 1.3
"""10,000 rules that can be indexed cost at most so many times what 10 of them cost."""
_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_ONSETS = (*"bcdfghlmnprstvw", "br", "ch", "cl", "cr", "dr", "fl", "fr", "gr", "pl", "pr", "qu", "sh", "st", "th")
_RHYMES = (*"aeiou", "ai", "ea", "ou", "an", "en", "in", "on", "ar", "er", "or", "al", "el", "as", "ent", "ing")
_TURNS = 60
_VOCABULARY = 8_000
_MAILS = 20


def main() -> int:
    """Measure each kind of rule in turns, and judge those that can be indexed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--turns", type=int, default=_TURNS, metavar="N")
    turns = parser.parse_args().turns
    print(f"{'microseconds a mail':24}" + "".join(f"{count:>10,}" for count in COUNTS) + "     ratio")
    slow = False
    for name, (asks, judged) in KINDS.items():
        books = {count: book(asks, count) for count in COUNTS if judged or count <= 1_000}
        spent = measured(books, turns)
        ratio = spent[max(books)] / spent[10]
        cells = "".join(f"{spent[count]:>10.1f}" if count in spent else f"{'':>10}" for count in COUNTS)
        print(f"{name:24}{cells}{ratio:>10.2f}{f'   (at most {BAR})' if judged else '   (not indexed)'}")
        slow = slow or (judged and ratio > BAR)
    return int(slow)


def measured(books: dict[int, RuleBook], turns: int) -> dict[int, float]:
    """Microseconds that one mail takes under each book: the quick tenth of many turns, each of which
    tries all books, so that what else runs on the machine counts little."""
    spent: dict[int, list[float]] = {count: [] for count in books}
    for turn in range(turns):
        mails = [facts(random.Random(turn * _MAILS + seed)) for seed in range(_MAILS)]
        for count, rules in books.items():
            start = time.perf_counter()
            for one in mails:
                match(rules, one)
            spent[count].append((time.perf_counter() - start) / len(mails) * 1e6)
    return {count: quantiles(times, n=10)[0] for count, times in spent.items()}


def book(asks: Callable[[int], dict[str, object]], count: int) -> RuleBook:
    """So many rules, each with a condition of its own."""
    tables: list[object] = [
        {"name": f"rule {number}", "when": asks(number), "then": {"tags": ["hit"]}} for number in range(count)
    ]
    found = load(tables, Known(frozenset(), frozenset()))
    if not isinstance(found, RuleBook):
        raise SystemExit(f"these rules cannot be read: {found[:3]}")
    return found


def facts(chance: random.Random) -> Facts:
    """A mail of about 3 kB, for which none of the rules looks; one word of ten was never seen before."""
    common = [word(chance.randrange(_VOCABULARY)) for _ in range(243)]
    text = " ".join([*common, *(f"{word(chance.randrange(_VOCABULARY))}{chance.randrange(10**9)}" for _ in range(27))])
    mail = Mail(
        kind=Kind.PERSON,
        message_id=MessageId("1@customer.example"),
        in_reply_to=(),
        references=(),
        authors=(Address("luc@customer.example", "Luc Petit"),),
        reply_to=(),
        to=(Address("support@example.com"),),
        cc=(),
        delivered_to=(),
        subject=" ".join(word(chance.randrange(_VOCABULARY)) for _ in range(7)),
        date=_NOW,
        text=text,
        new_text=text,
        html="",
        attachments=(),
        headers=(),
        fingerprint="",
        sha256="",
        size=len(text),
        proof=Proof(),
        language="en",
    )
    return Facts(mail=mail, recipients=("support@example.com",), on=On.NEW, now=_NOW)


def word(number: int) -> str:
    """A word that stands for a number, of three or four syllables; the first are of mails, the others of rules."""
    chance = random.Random(number)
    stem = "".join(chance.choice(_ONSETS) + chance.choice(_RHYMES) for _ in range(chance.choice((3, 3, 4))))
    return stem if number < _VOCABULARY else f"{stem}k"


KINDS: dict[str, tuple[Callable[[int], dict[str, object]], bool]] = {
    "from an address": (lambda number: {"from": f"jo{number}@customer.example"}, True),
    "from a domain": (lambda number: {"from": f"*@customer{number}.example"}, True),
    "a word of the subject": (lambda number: {"subject": word(_VOCABULARY + number)}, True),
    "a word of the text": (lambda number: {"body": word(_VOCABULARY + number)}, True),
    "address and text": (lambda number: {"to": "support@*", "body": word(_VOCABULARY + number)}, True),
    "a regex a rule": (lambda number: {"subject": {"regex": rf"\b{word(_VOCABULARY + number)}\b"}}, False),
}

if __name__ == "__main__":
    sys.exit(main())
