"""Texts of a megabyte that make a careless reader slow: each says what it repeats."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.fuzz import truths
from maild.ingest import reading

SIZE = 1_000_000
MOST = 2.0
"""Seconds of this process's own time that a megabyte may take."""

PLAIN = (
    *("a", " ", "\n", "> ", ">", "\t", "-", "_", "=", "a@", "<", "a b ", "é", "\u200b", "\u202f\n", "漢", "#"),
    *("a\n", "> a\n", "> > > a\n", "-- \n", "--\n", "____\n", "From: a@b\n", "From: a b c d e x@\n", "Subject: \n"),
    *("On 1.1.2020 10:00 a wrote:\n", "Am 1.1. schrieb ", "wrote:", "Le 1 janvier a écrit :\n", "2011/1/1 <a@b.c>\n"),
    *("----- Original Message -----\n", "---------- Forwarded message ---------\n", "begin 644 a\n", "end\n", "M\n"),
    *(
        "I am away until 7 December. ",
        "from 1 to 2 to 3 ",
        "1.1.2026 ",
        "12:00 ",
        "1/2/",
        "#assign ben because ",
        "STATUS\n",
    ),
    *("https://a.example/", "http://", "<a@b.c> ", "[image: a]\n", "[", "](", "((((", '"', "\\", "*", "Sent from my "),
    *(
        "550 5.1.1 <a@b.c>: no\n",
        "Final-Recipient: rfc822; a@b.c\n\n",
        "Action: failed\n",
        "=?utf-8?q?a?=",
        "=3D",
        "&amp;",
    ),
)
HTML = (
    *("<", "<!--", "<div>", "</div>", "<div></p>", "<p>", "<br>", "<b x='", "&", "&#", "<table>", "<td>", "<tr><td>a"),
    *(
        "<blockquote>",
        "<blockquote>a",
        "</blockquote>",
        "<ul><li>",
        "<a href='x'>a</a>",
        "<style>",
        "<script>",
        "<pre>\n",
    ),
    *(
        "<span style='display:none'>",
        "<div class=gmail_quote>",
        "<![CDATA[",
        "<font size=1>",
        "<o:p>",
        "<img src='x'>",
        "a ",
    ),
    *(
        "<hr>",
        "<div id=appendonsend></div>",
        "On 1.1.2020 a wrote:<br>",
        "<h1>a</h1>",
        "<svg><math>",
        "<?",
        "<!doctype ",
    ),
)
HEADERS = (
    "a@b, ",
    '"a" <a@b>, ',
    "<a@b>",
    "(",
    "((a) ",
    "=?utf-8?b?YQ==?= ",
    "<1@a> ",
    "a:;",
    "\\",
    '"',
    ";a*0*=b",
    "\t",
)
PARTS = (
    *("--b\n", "--b--\n", "--b\n\n", "--b\nContent-Type: multipart/mixed; boundary=b\n\n", "--b\nA: b\n"),
    *("--b\nContent-Type: message/rfc822\n\n", "--b\nContent-Type: text/html\n\n<p>\n", "\n--", "--b \n"),
)


def mails(size: int = SIZE) -> Iterator[tuple[str, bytes]]:
    """Every slow mail with its name; about `size` octets of each thing."""
    for piece in PLAIN:
        yield f"plain {piece!r}", b"From: a@b.c\nSubject: x\n\n" + _repeated(piece, size)
    for piece in HTML:
        yield f"html {piece!r}", b"From: a@b.c\nContent-Type: text/html; charset=utf-8\n\n" + _repeated(piece, size)
    for piece in HEADERS:
        for name in ("To", "Subject", "References", "Content-Type", "Authentication-Results"):
            line = _repeated(piece, min(size, 60_000))
            yield f"{name} {piece!r}", b"From: a@b.c\n" + name.encode() + b": " + line + b"\n\nwords"
    for piece in PARTS:
        yield f"parts {piece!r}", b"From: a@b.c\nContent-Type: multipart/mixed; boundary=b\n\n" + _repeated(piece, size)


def texts(size: int = SIZE) -> Iterator[tuple[str, str]]:
    """Every slow text with its name, as words that are read by themselves."""
    for piece in PLAIN:
        yield f"words {piece!r}", (piece * (size // len(piece) + 1))[:size]


def took() -> Iterator[tuple[str, float]]:
    """Seconds for each, the mails first."""
    reading.read(b"From: a@b.c\n\nwords to begin with, so that everything is loaded", sender=None)
    for name, raw in mails():
        began = time.process_time()
        reading.read(raw, sender=None)
        yield name, time.process_time() - began
    for name, text in texts():
        began = time.process_time()
        truths.speak(text, text[:2000])
        yield name, time.process_time() - began


def _repeated(piece: str, size: int) -> bytes:
    raw = piece.encode("utf-8")
    return (raw * (size // len(raw) + 1))[:size]
