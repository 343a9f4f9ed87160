"""`maild inspect`: what the desk understands of a mail, without a store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from maild.cli import screen
from maild.cli.choice import Failure, load, wants_json, with_config, with_json
from maild.cli.words import clean, clip

if TYPE_CHECKING:
    from maild.mail import Address, Mail

_MOST = 6  # of anything that there are many of
_LONGEST = 200  # characters of one thing
_LINES = 40  # of the words
_NOTHING = ("(no text)", "(nothing new: all of the text is quoted or a signature)")
_CUT = 3  # lines of what was cut that are shown

Pairs = Iterator[tuple[str, object]]


@click.command()
@with_config
@with_json
@click.argument("paths", nargs=-1, required=True)
def inspect(paths: tuple[str, ...]) -> None:
    """Tell what the desk understands of mail in files.

    PATHS are files, folders, and @list.txt with a path a line. With --json one object a line.
    """
    from maild.cli.reading import files_in, mails_in, was_opened
    from maild.inspection import tell

    config = load()
    try:
        files = files_in(paths)
    except OSError as fault:
        raise Failure(f"{fault.filename}: the list cannot be read: {fault.strerror}") from None
    unopened = 0
    for path, mail in mails_in(files, config):
        unopened += not was_opened(mail)
        if wants_json():
            screen.tell_json_line(tell(str(path), mail))
        elif was_opened(mail):
            _card(path, mail)
        else:
            screen.line(f"{path}: {mail.error}")
    if unopened:
        raise Failure(f"{unopened} of {len(files)} files could not be opened")


def _card(path: Path, mail: Mail) -> None:
    screen.heading(str(path))
    screen.fields(_level(_head(mail)))
    screen.line()
    words = mail.new_text if mail.new_text.strip() else _NOTHING[bool(mail.text.strip())]
    screen.passage(re.sub(r"\n\s*\n", "\n\n", words), _LINES)
    foot = list(_foot(mail))
    if any(told for _, told in foot):
        screen.line()
        screen.fields(_level(foot))
    screen.line()


def _level(pairs: Iterable[tuple[str, object]]) -> Pairs:
    """The names in one width, so that what stands above the words and below them lines up."""
    return ((f"{name:<10}", told) for name, told in pairs)


# --- above the words ------------------------------------------------------------------------------------------------


def _head(mail: Mail) -> Pairs:
    from maild.inspection import references

    yield "From", _people(mail.authors) or _unread(mail, "from")
    yield "Reply to", _people(mail.reply_to)
    yield "To", _people(mail.to)
    yield "Cc", _people(mail.cc)
    yield "Subject", _short(mail.subject) or "none"
    date_ = mail.date.astimezone(UTC) if mail.date else None
    yield "Date", f"{_day(date_)}, {date_:%H:%M} UTC" if date_ else _unread(mail, "date")
    yield "Kind", f"{mail.kind.value}: {'; '.join(mail.why)}" if mail.why else mail.kind.value
    yield "Answered", "yes, as far as kind and header lines go" if mail.answerable else "no, never automatically"
    yield "Message-ID", _short(mail.message_id) or "none"
    yield "Answers", _several(references(mail)[::-1])
    yield "Language", mail.language


def _people(told: Sequence[Address]) -> str:
    shown = _several([_person(one) for one in told])
    return f"{', '.join(shown[:_MOST])} {' '.join(shown[_MOST:])}".strip()


def _person(one: Address) -> str:
    return f"{one.name} <{one.spec}>" if one.name else one.spec


def _unread(mail: Mail, name: str) -> str:
    """A header line that is not understood, as it was written."""
    written = [value for field, value in mail.headers if field == name]
    return f"not understood: {_short(' | '.join(written))}" if any(written) else "none"


# --- below them -----------------------------------------------------------------------------------------------------


def _foot(mail: Mail) -> Pairs:
    yield "Cut", _cut(mail.text, mail.new_text)
    yield "Attached", _several([f"{one.name} ({one.type}, {_size(one.size)})" for one in mail.attachments])
    yield "Bounced", _several([f"{one.recipient}  {one.cls} {one.status}" for one in mail.bounced])
    yield "Returned", _several(mail.returned_ids)
    yield "Passes on", _passed_on(mail)
    yield "Away", _away(mail)
    yield "Listed as", _short(mail.list_id)
    yield "Fault", _several(mail.error.split("; ") if mail.error else ())


def _cut(text: str, new_text: str) -> list[str]:
    """What of the text is not new: how many lines, and the first of them."""
    kept = Counter(_bare(new_text))
    gone: list[str] = []
    for line in _bare(text):
        if kept[line]:
            kept[line] -= 1
        else:
            gone.append(line)
    if not gone:
        return []
    counted = "1 line, quoted or a signature:" if len(gone) == 1 else f"{len(gone):,} lines, quoted or a signature:"
    return [counted, *(f"  {_short(line, 100)}" for line in gone[:_CUT]), *(["  …"] if len(gone) > _CUT else [])]


def _bare(text: str) -> Iterable[str]:
    return filter(None, (" ".join(line.split()) for line in text.splitlines()))


def _size(octets: int) -> str:
    for unit in ("bytes", "kB"):
        if octets < 10_000:
            return f"{octets:,} {unit}"
        octets = round(octets / 1000)
    return f"{octets:,} MB"


def _passed_on(mail: Mail) -> list[str]:
    one = mail.forwarded
    if one is None:
        return []
    lines = len(one.text.strip().splitlines())
    return [
        _short(one.subject) or "no subject",
        f"  by {_person(one.from_) if one.from_.spec or one.from_.name else 'nobody that is named'}",
        *([f"  of {_short(one.date)}"] if one.date else []),
        *([f"  {lines:,} {'line' if lines == 1 else 'lines'}"] if lines else []),
    ]


def _away(mail: Mail) -> str:
    told = mail.vacation
    if told is None:
        return ""
    if told.left:
        return f"{told.phrase} ({told.language}), and does not come back"
    days = [f"{word} {_day(day)}" for word, day in (("from", told.since), ("until", told.until)) if day]
    return f"{told.phrase} ({told.language}), {' '.join(days) or 'without a date'}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


# --- not too much ---------------------------------------------------------------------------------------------------


def _several(told: Sequence[str]) -> list[str]:
    """The first few, a line each, and how many there are more."""
    shown = [_short(one) for one in told[:_MOST]]
    return [*shown, f"and {len(told) - _MOST:,} more"] if len(told) > _MOST else shown


def _short(text: str, most: int = _LONGEST) -> str:
    """A line, or its beginning and how long it is."""
    line = clean(text)
    return line if len(line) <= most else f"{clip(line, most)} ({len(line):,} characters)"
