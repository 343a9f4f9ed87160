"""What holds of every mail, whatever it is: nothing escapes, and what is said of it can be said again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from maild import commands, dates, inspection, moments, wishes
from maild.ingest import quote, reading
from maild.ingest.html_text import text_of_html
from maild.ingest.parse import Limits
from maild.ingest.vacation import read_vacation
from maild.mail import Kind, Mail
from maild.threading.clues import clues
from maild.threading.tags import Keyring

NOW = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)
BASES = frozenset({"support@desk.example"})
KEYRING = Keyring("desk.example", ((1, bytes(range(32))),))
_LIMITS = Limits()


class UntrueError(AssertionError):
    """Something that must hold of every mail does not."""


def judge(raw: bytes) -> Mail:
    """Read a mail in every way that the desk does; UntrueError where what must hold does not."""
    mail = reading.read(raw, sender=None)
    _require(mail == reading.read(raw, sender=None), "it is read otherwise the second time")
    told = json.loads(json.dumps(inspection.tell("it", mail), ensure_ascii=False).encode("utf-8"))
    sound(mail)
    for one in (told["message_id"], *told["references"]):
        _require(not set(one) & set("<> \t\r\n\x00"), f"an id holds what none may: {one!r}")
    found = clues(mail, ("support+x@desk.example",), KEYRING, BASES, NOW)
    _require(not found.tokens and not found.own, "it found a signature of ours that nobody made")
    speak(mail.new_text, mail.subject)
    scanned = reading.scan(raw, sender="")
    _require(scanned.sha256 == mail.sha256, "the scan is of another mail")
    return mail


def sound(mail: Mail) -> None:
    """UntrueError where what a mail says of itself cannot be."""
    _sizes(mail)
    _words(mail)
    _verdict(mail)


def speak(text: str, subject: str) -> None:
    """Read words as commands, wishes, dates and moments are read."""
    reply = quote.divide(text)
    _require(len(quote.new_words(text)) <= len(text), "there are more new words than words")
    for said in (text, reply.words):
        commands.read(said)
        wishes.read(said, name="Luc")
    for one in (*text.split("\n")[:20], subject):
        dates.read(one)
        moments.read(one)
    found = read_vacation(text, subject, NOW, ZoneInfo("Europe/Paris"))
    if found is not None and found.since is not None and found.until is not None:
        _require(found.since <= found.until, "an absence ends before it begins")


def page(html: str) -> None:
    """Read HTML as the desk does."""
    text_of_html(html, _LIMITS.html)
    quote.new_words_of_html(html)


def _sizes(mail: Mail) -> None:
    _require(len(mail.text) <= _LIMITS.text and len(mail.html) <= _LIMITS.text, "a text is longer than the limit")
    _require(len(mail.attachments) <= _LIMITS.attachments, "more attachments than the limit")
    for one in mail.attachments:
        _require(one.size == len(one.content), f"{one.name} is of another size")
        _require(0 < len(one.name) <= 120 and one.name.isprintable(), f"the name {one.name!r}")
        _require(not set(one.name) & set('/\\"<>|?*:'), f"the name {one.name!r}")


def _words(mail: Mail) -> None:
    shown = (mail.text, mail.new_text, mail.html, mail.subject, mail.error, *mail.why, *(a.name for a in mail.authors))
    for text in shown:
        text.encode("utf-8")
        _require("\x00" not in text and "\r" not in text, "a control character is left in a text")
    _require("\n" not in mail.subject, "the subject has two lines")
    _require(mail.date is None or mail.date.utcoffset() is not None, "the date has no zone")


def _verdict(mail: Mail) -> None:
    _require(bool(mail.why), "the verdict has no reason")
    returned = mail.kind in {Kind.BOUNCE, Kind.DELAY}
    _require(returned or not mail.bounced, "recipients who bounced, in a mail that is no bounce")
    _require(not (mail.answerable and mail.kind is not Kind.PERSON), f"{mail.kind.value} would be answered")


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise UntrueError(otherwise)
