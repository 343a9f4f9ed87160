"""Mail as people have it: what the desk sent them, and what they write."""

from __future__ import annotations

import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from benchmarks.month.operator import TRUSTED

_FOLD = re.compile(r"\r\n[ \t]+")
_PLAIN = re.compile(rb"(?i)^content-type: text/plain.*?\r\n\r\n", re.MULTILINE | re.DOTALL)
_SIGNED = re.compile(rb"[\w.]+\+[a-z2-7]{40}@[\w.]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail of the desk that the relay took: its envelope, its headers, and the hash of its bytes.

    `order` counts what the relay took; `text` is the part in plain text; `question` is the address to which `#yes`
    goes, "" where nothing is asked that one would say yes to.
    """

    order: int
    at: datetime
    row: int
    sender: str
    to: str
    headers: dict[str, str]
    digest: str
    text: str = ""
    question: str = ""

    def __getitem__(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def message_id(self) -> str:
        return self["message-id"].strip("<>")

    @property
    def notice(self) -> str:
        return self["x-maild-notice"]

    @property
    def ticket(self) -> int:
        return int(self["x-maild-ticket"] or 0)

    @property
    def status(self) -> str:
        return self["x-maild-status"]

    @property
    def owner(self) -> str:
        """The name of the contact, "" where it is a team."""
        return self["x-maild-owner"]

    @property
    def marked(self) -> bool:
        """Whether it says that a machine wrote it, so that no vacation responder answers (RFC 3834)."""
        return bool(self["auto-submitted"])


def read(content: bytes, order: int, at: datetime, row: int, sender: str, to: str) -> Letter:
    """The letter that these bytes are."""
    head, _, body = content.partition(b"\r\n\r\n")
    lines = _FOLD.sub(" ", head.decode("ascii")).split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    question = ""
    match headers.get("x-maild-notice"):
        case "absence" if b"Welcome back" not in body:
            pass  # of somebody else's absence, or of one's own while it lasts: there is nothing to say yes to
        case "absence" | "held" | "confirm":
            signed = (found.decode() for found in _SIGNED.findall(body.replace(b"=\r\n", b"")))
            question = next((one for one in signed if one != headers.get("reply-to")), "")
        case _:
            pass
    return Letter(order, at, row, sender, to, headers, hashlib.sha256(content).hexdigest(), _plain(body), question)


def _plain(body: bytes) -> str:
    """The text of the first part that is plain, as it reads."""
    found = _PLAIN.search(body)
    if found is None:
        return ""
    text = body[found.end() : body.find(b"\r\n--=_", found.end())]
    if b"quoted-printable" in found[0].lower():
        text = binascii.a2b_qp(text)
    elif b"base64" in found[0].lower():
        text = binascii.a2b_base64(text)
    return text.decode("utf-8", "replace").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class Post:
    """A mail on its way to the desk; it is handed in until the desk has answered that it is kept."""

    raw: bytes
    sender: str
    to: str

    @property
    def digest(self) -> str:
        """The hash by which the mail is known again in the inbox."""
        return hashlib.sha256(self.raw).hexdigest()


def write(
    author: str,
    to: str,
    text: str,
    now: datetime,
    message_id: str,
    *,
    subject: str = "",
    answers: Letter | None = None,
    proven: bool = True,
    machine: bool = False,
    copy: str = "",
) -> Post:
    """A mail as a person's program, or a vacation responder, puts it together; `copy` is who else it goes to."""
    spec = author.rpartition("<")[2].rstrip(">")
    lines = []
    if proven:
        lines.append(f"Authentication-Results: {TRUSTED}; dmarc=pass header.from={spec.rpartition('@')[2]}")
    lines += [f"From: {author}", f"To: {to}", f"Subject: {subject or _again(answers, machine=machine)}"]
    lines += [f"Cc: {copy}"] if copy else []
    lines += [f"Date: {format_datetime(now)}", f"Message-ID: <{message_id}>"]
    if answers is not None:
        references = f"{answers['references']} {answers['message-id']}".split()
        lines += [f"In-Reply-To: {answers['message-id']}", "References: " + "\r\n ".join(references)]
        if not machine:
            # words that are quoted ask for nothing
            text = f"{text}\r\n\r\nOn {format_datetime(answers.at)}, {answers['from']} wrote:\r\n> STATUS\r\n"
    if machine:
        lines += ["Auto-Submitted: auto-replied", "Precedence: bulk"]
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    body = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return Post(("\r\n".join(lines) + f"\r\n\r\n{body}\r\n").encode(), "" if machine else spec, to)


def _again(answers: Letter | None, *, machine: bool) -> str:
    if answers is None:
        return "A question"
    subject = answers["subject"]
    return f"Automatic reply: {subject}" if machine else subject if subject.startswith("Re: ") else f"Re: {subject}"
