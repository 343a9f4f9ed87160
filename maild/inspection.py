"""What `maild inspect` prints of a mail: the desk's understanding as one JSON object."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.ingest.people import local_name
from maild.mail import Attachment, Forwarded, Mail, Undelivered


def inspect(path: Path, ours: Ours) -> dict[str, Any]:
    """Read one file and tell what is understood of it; a file that cannot be opened is told in `error`."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        return tell(str(path), reading.scan(b"", ours=ours, error=f"cannot open the file: {problem.strerror}"))
    return tell(str(path), reading.read(raw, sender=None, ours=ours))


def tell(path: str, mail: Mail) -> dict[str, Any]:
    """One line's worth of a mail (DESIGN 3.1): ids without brackets, date ISO 8601 in UTC or null."""
    return {
        "path": path,
        "kind": mail.kind.value,
        "message_id": mail.message_id,
        "references": references(mail),
        "from": ", ".join(author.spec for author in mail.authors) or _as_written(mail),
        "from_name": mail.author.name,
        "to": [address.spec for address in mail.to],
        "subject": mail.subject,
        "date": _iso(mail.date),
        "language": mail.language,
        "text": mail.text,
        "new_text": mail.new_text,
        "html": mail.html,
        "attachments": [_attachment(one) for one in mail.attachments],
        "bounce": [_undelivered(one) for one in mail.bounced] or None,
        "forwarded": _forwarded(mail.forwarded),
        "answerable": mail.answerable,
        "why": list(mail.why),
        "error": mail.error or None,
    }


def _as_written(mail: Mail) -> str:
    """The name without a domain of one who cannot be written to, which is no author (RFC 5322 section 3.4.1)."""
    lines = [value for name, value in mail.headers if name == "from"]
    return local_name(lines[0]) if len(lines) == 1 else ""


def references(mail: Mail) -> list[str]:
    """What the mail answers, oldest first: References, and of In-Reply-To what they lack."""
    lacking = [one for one in mail.in_reply_to if one not in mail.references]
    return [*mail.references, *lacking]


def _iso(date: datetime | None) -> str | None:
    return date.astimezone(UTC).isoformat() if date else None


def _attachment(one: Attachment) -> dict[str, Any]:
    return {"name": one.name, "type": one.type, "size": one.size, "sha256": one.sha256}


def _undelivered(one: Undelivered) -> dict[str, Any]:
    return {"recipient": one.recipient, "class": one.cls, "status": one.status}


def _forwarded(one: Forwarded | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"from": one.from_.spec, "subject": one.subject}
