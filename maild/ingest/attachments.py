"""Parts as attachments, under names that are safe to show, to store and to write; those of Outlook are opened."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maild.ingest import rtf, tnef
from maild.ingest.charsets import clean_line, decode, decode_line
from maild.ingest.parse import Limits
from maild.ingest.parts import Part, payload
from maild.mail import Attachment

_ENDINGS = {
    "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf",
    "message/rfc822": ".eml", "application/zip": ".zip", "application/ms-tnef": ".dat", "text/rfc822-headers": ".txt",
    "message/delivery-status": ".txt", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
    "application/pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
    "application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "audio/mpeg": ".mp3",
    "application/rtf": ".rtf", "application/x-pkcs7-mime": ".p7m", "message/global": ".eml",
}  # fmt: skip
_TYPES = {ending: type_ for type_, ending in reversed(_ENDINGS.items()) if not type_.startswith("message/")}
_TOLD_BY_THEIR_ENDING = {"message/rfc822", "message/global", "text/calendar"}
_ENDED = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")
_LONGEST_NAME = 120
_NAME_MARKS = str.maketrans(dict.fromkeys('"<>|?*:;', "_"))
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_DRAWINGS = {"image/svg+xml", "image/svg"}  # pages of their own, with scripts and links: nothing to show in a text
_WINMAIL = re.compile(r"winmail\d*\.dat", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Held:
    """What the parts that are not the text hold: attachments, and the words in those of Outlook, as text or HTML."""

    attachments: tuple[Attachment, ...] = ()
    text: str = ""
    html: str = ""
    faults: tuple[str, ...] = ()


def held(raw: bytes, parts: Sequence[Part], limits: Limits) -> Held:
    """The attachments that these parts are, those in a winmail.dat in its place; a broken one stays too."""
    found: list[Attachment] = []
    faults: list[str] = []
    text = html = ""
    for part in parts:
        if len(found) >= limits.attachments:
            faults.append(too_many(limits))
            break
        whole = attachment_of(raw, part, len(found) + 1)
        if part.type not in _TNEF and not _WINMAIL.fullmatch(whole.name):
            found.append(whole)
            continue
        box = tnef.opened(whole.content, files=limits.attachments - len(found))
        found += [_file(one, number) for number, one in enumerate(box.files, start=len(found) + 1)]
        said = ("", "") if text or html else _words(box, limits)
        text, html = (text, html) if text or html else said
        if box.fault:
            faults.append(f"{whole.name} could not be opened whole: {box.fault}")
        if box.fault or not (box.files or any(said)):
            found.append(whole)
    return Held(tuple(found[: limits.attachments]), text, html, tuple(faults))


def too_many(limits: Limits) -> str:
    return f"more than {limits.attachments} attachments: the rest is in the original alone"


def _words(box: tnef.Winmail, limits: Limits) -> tuple[str, str]:
    """The words in a TNEF part, as text or else as HTML."""
    if box.html:
        return "", decode(box.html[: limits.html * 2], box.charset)
    if box.text.strip() or not box.rtf:
        return box.text[: limits.text], ""
    told = rtf.text_of_rtf(rtf.unpacked(box.rtf, limits.html * 2), limits.html * 2)
    return ("", told.text) if told.html else (told.text, "")


def _file(one: tnef.File, number: int) -> Attachment:
    name = attachment_name(one.name)
    type_ = one.type if re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}", one.type) else ""
    type_ = type_ or _TYPES.get(f".{name.rpartition('.')[2].lower()}", "application/octet-stream")
    return _attachment(name or _made_up(type_, number), type_, one.content, clean_line(one.content_id)[:200])


def uuencoded_files(files: Sequence[tuple[bytes, bytes]], charset: str, start: int) -> list[Attachment]:
    """The uuencoded files of a text as attachments, the first of them the `start`th of the mail."""
    return [
        _file(tnef.File(decode_line(name, charset), content), number)
        for number, (name, content) in enumerate(files, start=start)
    ]


def attachment_of(raw: bytes, part: Part, number: int) -> Attachment:
    """The part as an attachment; `number` names one that has no name."""
    name = attachment_name(part.filename) or _made_up(part.type, number)
    ending = _ENDINGS.get(part.type, "")
    if part.type in _TOLD_BY_THEIR_ENDING and not _ENDED.search(name):
        name = attachment_name(name[: _LONGEST_NAME - len(ending)] + ending)
    cid = clean_line(part.content_id)[:200]
    return _attachment(name, part.type[:100], payload(raw, part), cid, inline=part.disposition != "attachment")


def _attachment(name: str, type_: str, content: bytes, cid: str, *, inline: bool = True) -> Attachment:
    return Attachment(
        name=name,
        type=type_,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        content_id=cid,
        inline=inline and bool(cid) and type_.startswith("image/") and type_ not in _DRAWINGS,
    )


def _made_up(type_: str, number: int) -> str:
    return f"part-{number}{_ENDINGS.get(type_, '.bin')}"


def attachment_name(given: str) -> str:
    """A file name that is safe to show, to store and to write in a header; "" if nothing of it is left.

    Paths and invisible characters go first, so that what they hide is judged after (RFC 2183 section 2.3).
    """
    seen = "".join(mark for mark in clean_line(given) if mark.isprintable())
    last = re.split(r"[/\\]", seen)[-1].translate(_NAME_MARKS)
    name = clean_line(last).strip(" .")
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        return name[:_LONGEST_NAME].strip(" .")
    return f"{stem[: _LONGEST_NAME - len(ending) - 1].rstrip(' .')}.{ending}"
