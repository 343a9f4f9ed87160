"""The mails of the corpus, their labels, and how a text without headers is made a mail."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail to read: the name under which it is told, and how its bytes are had."""

    name: str
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Corpus:
    """A folder of mail, with `messages.txt` and `labels-*.jsonl` in it."""

    root: Path

    @property
    def there(self) -> bool:
        return (self.root / "messages.txt").is_file()

    @property
    def messages(self) -> list[str]:
        """The files that hold one whole mail each."""
        return (self.root / "messages.txt").read_text("utf-8").splitlines()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The labels of one kind; none where there is no such file."""
        file = self.root / f"labels-{name}.jsonl"
        if not file.is_file():
            return []
        return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]

    def content(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def text(self, path: str) -> str:
        return self.content(path).decode("utf-8", "replace")

    def mail(self, path: str) -> Sample:
        """A file that is a mail as it stands."""
        return Sample(path, partial(self.content, path))

    def dressed(self, name: str, path: str, form: str, subject: str = "") -> Sample:
        """A file that is the body of a mail, in a plain mail from a customer; `form` is text or html."""
        return Sample(name, lambda: dress(self.content(path), form, subject))


def corpus() -> Corpus:
    """The corpus that MAILD_CORPUS names, or the one beside the project."""
    return Corpus(Path(os.environ.get("MAILD_CORPUS") or BESIDE))


def dress(body: bytes, form: str, subject: str) -> bytes:
    """A mail around a body: nothing in its headers tells what the body is."""
    head = (
        "From: Ann Customer <ann@customer.example>",
        "To: support@desk.example",
        *([f"Subject: {subject}"] if subject else []),
        "Date: Mon, 02 Mar 2026 10:00:00 +0000",
        "Message-ID: <one@customer.example>",
        "MIME-Version: 1.0",
        f"Content-Type: text/{'html' if form == 'html' else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    )
    return "".join(f"{line}\n" for line in (*head, "")).encode() + body


def bare(text: str) -> str:
    """A text without its white space: in this form two texts are compared."""
    return "".join(text.split())


def words(text: str) -> str:
    """A text with single spaces for all white space."""
    return " ".join(text.split())
