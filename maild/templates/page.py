"""What a mail shows, laid out twice: plain text and HTML made from the same values, so that they cannot differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from maild.templates.facts import Action, Picture, Said

LONGEST_FACT = 1000
"""Characters of one fact in a sentence or a row; what is longer is cut, and ends in "…"."""
LONGEST_LINK = 1800
"""Octets of a mailto link: above it clients cut the body, so the words beside it stand alone."""
LONGEST_GIST = 300
"""Characters of a person's words in a row of the brief."""

_ODD_SPACE = re.compile(r"[^\S ]|^ | $|  ")
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_PLAIN = b"\t\n" + bytes(range(32, 127))
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)]*\s")
_FOUND = re.compile(r"https?://[^\s<>\"\x00-\x1f]{1,2000}|\[(?:cid:|image: ?)([^\[\]\n]{1,300})\]", re.IGNORECASE)
_INDENT = re.compile(r"(?m)^[ \t]+")
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_PERCENTS = {safe: {code: quote(chr(code), safe=safe) for code in range(128)} for safe in ("", "@")}
_PLAIN_ACCENT = "#0b6bcb"
_PAPER = {False: (255, 255, 255), True: (24, 26, 31)}


class Line(NamedTuple):
    """One row of a table: its label, its value, and the lines under it."""

    label: str
    value: str
    more: tuple[str, ...] = ()


class Block(NamedTuple):
    """A paragraph, a list of lines, or a table; `text` is its plain form."""

    text: str
    lines: tuple[str, ...] = ()
    rows: tuple[Line, ...] = ()


class Quoted(NamedTuple):
    """One entry of the conversation as it is shown: its heading, and the words in both forms."""

    head: str
    text: str
    html: str


class Offer(NamedTuple):
    """An action as it is shown: its label, its words, and the mailto link, "" where it would be too long."""

    label: str
    how: str
    href: str


class Offered(NamedTuple):
    """An action as templates read it: its label, where its reply goes, the command that begins it, and if more is
    written below that."""

    label: str
    to: str
    first: str
    more: bool


@dataclass(frozen=True, slots=True)
class Brief:
    """What a conversation comes to; `in_full` are the entries that the rows do not show whole."""

    question: Said | None
    so_far: tuple[Said, ...]
    last: Said | None
    in_full: tuple[Said, ...]


@lru_cache(maxsize=512)
def tidy(fact: str, most: int = LONGEST_FACT) -> str:
    """Return a fact on one line, without control characters, so that no value can pass for a row or a paragraph."""
    if fact.isascii() and fact.isprintable() and len(fact) <= most and "  " not in fact and fact.strip(" ") == fact:
        return fact  # as nearly all are; the patterns below take five times as long to say so
    if len(fact) > most:
        fact = fact[: most - 1] + "…"
    if _ODD_SPACE.search(fact):
        fact = " ".join(fact.split())
    return _UNSEEN.sub("", fact) if not fact.isascii() or not fact.isprintable() else fact


def words(text: str, most: int | None = None, cut: str = "") -> str:
    """Return a person's words as they stand, without control characters; what is over `most` gives way to `cut`."""
    if most is not None and len(text) > most:
        text = f"{text[:most]}\n{cut}"
    text = text.replace("\r\n", "\n").strip("\n")
    odd = text.encode("utf-8", "surrogatepass").translate(None, _PLAIN)  # few characters; the pattern takes its time
    return _NOT_TEXT.sub("", text).strip("\n") if odd else text


def capital(phrase: str) -> str:
    """Return the phrase as it begins a sentence."""
    return phrase[:1].upper() + phrase[1:]


def stopped(phrase: str) -> str:
    """Return the phrase with a full stop, unless it ends a sentence already."""
    return phrase if phrase.endswith((".", "!", "?", "…")) else phrase + "."


def unstopped(phrase: str) -> str:
    """Return a sentence as a row of a table shows it: without its full stop."""
    return phrase.removesuffix(".")


def fitted(phrase: str, most: int) -> str:
    """Return the phrase cut to `most` characters, at a word where there is one."""
    if len(phrase) <= most:
        return phrase
    head, space, _ = phrase[:most].rpartition(" ")
    return (head if space and len(head) > most // 2 else phrase[: most - 1]).rstrip(" ,.;:") + "…"


def gist(text: str) -> tuple[str, bool]:
    """Return the first sentences of a person's words on one line, and whether that line is all there was."""
    flat = " ".join(_ungreeted(text[: 4 * LONGEST_GIST]).split())
    if len(text) <= 4 * LONGEST_GIST and len(flat) <= LONGEST_GIST:
        return flat, "\n" not in text.strip()
    ends = [found.end() for found in _SENTENCE.finditer(flat[: LONGEST_GIST + 1])]
    return (flat[: ends[-1]].rstrip() if ends and ends[-1] > 40 else fitted(flat, LONGEST_GIST)), False


def first_sentence(text: str, most: int = 120) -> str:
    """Return the first sentence of a person's words on one line."""
    flat = " ".join(_ungreeted(text[: 4 * most]).split())
    found = _SENTENCE.search(flat)
    return fitted(flat[: found.end()].rstrip() if found else flat, most)


def _ungreeted(text: str) -> str:
    """The words without a short first line that ends in a comma, as greetings do in most languages."""
    first, _, more = text.lstrip().partition("\n")
    return more if more.strip() and len(first) <= 40 and first.rstrip().endswith(",") else text


# A template's lines to blocks


def blocks(page: str) -> tuple[Block, ...]:
    """Read what a template yields: blocks between blank lines, none twice; `- ` begins a list, a tab parts a row."""
    page = page.strip("\n ")
    if not page:
        return ()
    return tuple(dict.fromkeys([_block(part) for part in _BLANK.split(page) if part.strip()]))


@lru_cache(maxsize=128)
def _block(part: str) -> Block:
    lines = [line.rstrip() for line in part.split("\n") if line and not line.isspace()]
    if "\t" in part:
        pairs = [(label.strip(), value.strip()) for label, _, value in [line.partition("\t") for line in lines]]
        return Block(_aligned(pairs), rows=_rows(pairs))
    if lines[0].startswith("- "):
        return Block("\n".join(lines), lines=tuple(line.removeprefix("- ") for line in lines))
    return Block(" ".join(line.strip() for line in lines))


def _rows(pairs: Sequence[tuple[str, str]]) -> tuple[Line, ...]:
    """The rows; one without a label carries on the row above."""
    labels = [label for label, _ in pairs]
    if all(labels):
        return tuple([Line(label, value) for label, value in pairs])
    starts = [n for n, label in enumerate(labels) if label or n == 0]
    ends = (*starts[1:], len(pairs))
    return tuple(
        Line(*pairs[start], tuple(value for _, value in pairs[start + 1 : end]))
        for start, end in zip(starts, ends, strict=True)
    )


def _aligned(rows: Sequence[tuple[str, str]]) -> str:
    width = min(max([len(label) for label, _ in rows]), 34) + 2
    return "\n".join([f"  {label.ljust(width)}{value}".rstrip() for label, value in rows])


# A person's words to HTML


def html(text: str, pictures: Sequence[Picture] = ()) -> str:
    """Return a person's words escaped, with paragraphs, line breaks, links and the pictures that they mark.

    Pictures without a marker follow the words. Only http and https become links, and no address but a picture's own
    Content-ID is ever loaded (RFC 2392).
    """
    known = {mark.casefold(): picture for picture in pictures for mark in (picture.name, picture.content_id) if mark}
    shown: set[str] = set()
    pieces: list[str] = []
    at = 0
    for found in _FOUND.finditer(text) if known or "://" in text else ():
        piece = _picture(found, known, shown) if found[1] else _link(found[0])
        if piece:
            source = found[0] if found[1] else _without_stops(found[0])
            pieces += [escape(text[at : found.start()]), piece]
            at = found.start() + len(source)
    pieces.append(escape(text[at:]))
    if not text and not pictures:
        return ""
    parts = map(_indented, _BLANK.split("".join(pieces)))
    rest = (_image(picture) for picture in pictures if picture.content_id not in shown)
    return "".join(f"<p>{part}</p>" for part in (*parts, *rest) if part).replace("\n", "<br>\n")


def unmarked(text: str, pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Return the names of the pictures that no marker in the words shows."""
    marks = {found[1].strip().casefold() for found in _FOUND.finditer(text) if found[1]} if pictures else set()
    return tuple(p.name for p in pictures if not marks & {p.name.casefold(), p.content_id.casefold()})


def unparted(shown: str) -> str:
    """Return HTML in which no line ends between a guillemet and its words."""
    return str(shown).replace("« ", "«\u00a0").replace(" »", "\u00a0»")


def _picture(found: re.Match[str], known: Mapping[str, Picture], shown: set[str]) -> str:
    picture = known.get(found[1].strip().casefold())
    if picture is None:
        return ""
    shown.add(picture.content_id)
    return _image(picture)


def _image(picture: Picture) -> str:
    source = quote(picture.content_id, safe="@.!$&'*+-=^_{|}~")
    return f'<img src="cid:{escape(source)}" alt="{escape(tidy(picture.name))}" style="max-width:100%;height:auto">'


def _link(address: str) -> str:
    if len(address) > LONGEST_LINK:
        return ""
    address = _without_stops(address)
    return f'<a href="{escape(address)}">{escape(address)}</a>' if len(address) > len("https://") else ""


def _without_stops(address: str) -> str:
    """The address without the punctuation that belongs to the sentence around it."""
    address = address.rstrip(".,;:!?'*_")
    over = address.count(")") - address.count("(")
    if over > 0 and address.endswith(")"):
        closing = len(address) - len(address.rstrip(")"))
        address = address[: -min(over, closing)].rstrip(".,;:!?'*_")
    return address


def _indented(part: str) -> str:
    indented = part.startswith((" ", "\t")) or "\n " in part or "\n\t" in part  # the pattern looks at every line
    return _INDENT.sub(_kept_indent, part) if indented else part


def _kept_indent(found: re.Match[str]) -> str:
    return "&nbsp;" * min(len(found[0].expandtabs(4)), 40)


# Actions and colours


def mailto(action: Action) -> str:
    """Return the mailto link of an action (RFC 6068), "" where clients would cut it."""
    if len(action.body) > LONGEST_LINK:
        return ""
    fields = (("subject", tidy(action.subject)), ("body", words(action.body).replace("\n", "\r\n")))
    query = "&".join([f"{name}={_quoted(value, '')}" for name, value in fields if value])
    link = f"mailto:{_quoted(tidy(action.to), '@')}{'?' if query else ''}{query}"
    return link if len(link) <= LONGEST_LINK else ""


@lru_cache(maxsize=64)
def _quoted(value: str, safe: str) -> str:
    """The value with percents; the actions of one mail have most of theirs in common."""
    return value.translate(_PERCENTS[safe]) if value.isascii() else quote(value, safe=safe)


@lru_cache(maxsize=64)
def accents(colour: str) -> tuple[str, str]:
    """Return the accent for light and for dark paper, each moved until it is read well (WCAG 2.2, 1.4.3: 4.5 to 1)."""
    given = colour if _HEX.fullmatch(colour) else _PLAIN_ACCENT
    digits = given[1:] if len(given) == 7 else "".join(2 * digit for digit in given[1:])
    red, green, blue = (int(digits[n : n + 2], 16) for n in (0, 2, 4))
    return _legible((red, green, blue), dark=False), _legible((red, green, blue), dark=True)


def _legible(colour: tuple[int, int, int], *, dark: bool) -> str:
    towards = 255 if dark else 0
    for step in range(21):
        red, green, blue = (round(part + (towards - part) * step / 20) for part in colour)
        lights = sorted((_luminance((red, green, blue)), _luminance(_PAPER[dark])))
        if (lights[1] + 0.05) / (lights[0] + 0.05) >= 4.5:
            break
    return f"#{red:02x}{green:02x}{blue:02x}"


def _luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (
        part / 3294.6 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour
    )  # sRGB to light: the straight part ends at 0.04045 of 255
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


# What a conversation comes to


def brief(said: Sequence[Said], told: str, customer: str, recent: int = 3, steps: int = 8) -> Brief:
    """Return the question, the steps since (newest first), the customer's last words, and what is shown in full.

    `told` are the words that the mail shows already, `customer` the requester's name.
    """
    told = told.strip()
    people = [each for each in said if not each.machine and each.text.strip() not in {"", told}]
    theirs = [each for each in people if each.who == customer and not each.note]
    question = next(iter(theirs or people), None) if said and said[0].text.strip() != told else None
    last = theirs[-1] if theirs and theirs[-1] is not question else None
    so_far = tuple(each for each in reversed(people) if each is not question and each is not last)[:steps]
    whole = tuple(each for each in (question, last) if each and gist(each.text)[1])
    return Brief(question, so_far, last, tuple(each for each in people[-recent:] if each not in whole))
