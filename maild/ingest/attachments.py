"""A part as an attachment, under a name that is safe to show, to store and to write."""

from __future__ import annotations

import hashlib
import re

from maild.ingest.charsets import clean_line
from maild.ingest.parts import Part, payload
from maild.mail import Attachment

_ENDINGS = {
    "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv", "text/vcard": ".vcf",
    "message/rfc822": ".eml", "application/zip": ".zip", "application/ms-tnef": ".dat", "text/rfc822-headers": ".txt",
    "message/delivery-status": ".txt", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
    "application/pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s",
    "application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "audio/mpeg": ".mp3",
}  # fmt: skip
_LONGEST_NAME = 120
_NAME_MARKS = str.maketrans(dict.fromkeys('"<>|?*:;', "_"))
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def attachment_of(raw: bytes, part: Part, number: int) -> Attachment:
    """The part as an attachment; `number` names one that has no name."""
    content = payload(raw, part)
    cid = clean_line(part.content_id)[:200]
    return Attachment(
        name=attachment_name(part.filename) or _made_up(part.type, number),
        type=part.type[:100],
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        content_id=cid,
        inline=bool(cid) and part.disposition != "attachment" and part.type.startswith("image/"),
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
