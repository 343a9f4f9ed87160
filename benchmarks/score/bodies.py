"""Every mail is read, soon, and its text is there and whole; headers and text are what another reader found."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Mapping
from email.message import Message

import mailparser

from benchmarks.score import imports
from benchmarks.score.bars import Bar, Figure, Miss, Outcome, Topic, Unit, Unmeasured, right_of, wrong_of
from benchmarks.score.corpus import Corpus, Sample, bare
from benchmarks.score.reading import Reading

_UNREAD = "could not be read"
_BROKEN = re.compile("[\ufffd\ud800-\udfff]|[ÃÂ][\u0080-\u00bf]|â€[\u0080-\u2122]|ï¿½")
"""Signs that a text was decoded wrongly: replacement characters, lone surrogates, UTF-8 decoded twice."""

BARS = (
    Bar("read", "mails read without a fault of ours", 4539, "all but 4"),
    Bar("kept", "stored bytes equal, a second pass adds nothing", 4539),
    Bar("slowest", "the slowest mail", 5, "0.1 s", ceiling=True, unit=Unit.SECONDS),
    Bar("blank", "blank though there is text", 2, "5", ceiling=True),
    Bar("mojibake", "broken characters that are not in the mail itself", 0, ceiling=True),
    Bar("mime", "labelled subject, author or text read otherwise", 2, ceiling=True),
)


def samples(corpus: Corpus) -> Iterator[Sample]:
    yield from map(corpus.mail, corpus.messages)
    yield from (corpus.mail(row["path"]) for row in corpus.rows("mime"))


def judge(corpus: Corpus, readings: Mapping[str, Reading]) -> dict[str, Outcome]:
    every = {path: readings[path] for path in corpus.messages}
    slowest = max(every, key=lambda path: every[path].seconds, default="")
    unread = [Miss(path, "no fault", error) for path, one in every.items() if _UNREAD in (error := _error(one))]
    blank = [Miss(path, "some text", "") for path, one in every.items() if not one.told["text"].strip()]
    broken = [Miss(path, "no broken character", sign) for path, one in every.items() if (sign := _sign(one))]
    return {
        "read": right_of(len(every), unread),
        "kept": imports.kept_bytes(corpus),
        "slowest": _slowest(slowest, every[slowest].seconds) if every else Unmeasured("the corpus holds no mail"),
        "blank": wrong_of(len(every), [miss for miss in blank if says_something(every[miss.path].raw)]),
        "mojibake": wrong_of(len(every), [miss for miss in broken if not inherent(every[miss.path].raw)]),
        "mime": _labelled(corpus, readings),
    }


TOPIC = Topic(BARS, samples, judge)


def _slowest(path: str, seconds: float) -> Figure:
    return Figure(seconds, None, (Miss(path, "soon", f"{seconds:.2f} s"),))


def _error(reading: Reading) -> str:
    return reading.told["error"] or ""


def _sign(reading: Reading) -> str:
    """The words around the first broken character of a text, "" where there is none."""
    text: str = reading.told["text"]
    found = _BROKEN.search(text)
    return text[max(0, found.start() - 40) : found.end() + 40] if found else ""


def _labelled(corpus: Corpus, readings: Mapping[str, Reading]) -> Outcome:
    """Subject, author and text, each a check of its own; text of a charset that troubled the labeller is no measure."""
    checks: list[tuple[str, str, str]] = []
    for row in corpus.rows("mime"):
        told = readings[row["path"]].told
        if row.get("subject") is not None:
            checks.append((row["path"], row["subject"], told["subject"]))
        if row.get("from"):
            checks.append((row["path"], ", ".join(row["from"]), told["from"]))
        if row.get("text") is not None and not row["charset_problem"]:
            checks.append((row["path"], row["text"], told["text"]))
    wrong = [Miss(path, expected, read) for path, expected, read in checks if bare(expected) != bare(read)]
    return wrong_of(len(checks), wrong)


# --- what is in the mail itself -------------------------------------------------------------------------------------


def says_something(raw: bytes) -> bool:
    """Whether a mail has words of its own to show; mail within it and attached files do not count."""
    return _says(email.message_from_bytes(raw))


def _says(part: Message) -> bool:
    if part.get_content_maintype() == "message" or part.get_content_disposition() == "attachment":
        return False
    if part.is_multipart():
        return any(_says(one) for one in part.get_payload() if isinstance(one, Message))
    if part.get_content_type() not in {"text/plain", "text/html"} or part.get_filename():
        return False
    content = part.get_payload(decode=True)
    return isinstance(content, bytes) and bool(re.search(rb"\w", re.sub(rb"<[^>]*>", b"", content)))


def inherent(raw: bytes) -> bool:
    """Whether three other readers show it broken too, as far as they show any text: so the mail itself is."""
    shown = [text for text in (_by_compat32(raw), _by_default(raw), _by_mail_parser(raw)) if text.strip()]
    return bool(shown) and all(_BROKEN.search(text) for text in shown)


def _by_compat32(raw: bytes) -> str:
    told: list[str] = []
    for part in email.message_from_bytes(raw).walk():
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(content, bytes):
            told.append(_decoded(content, part.get_content_charset("utf-8")))
    return "\n".join(told)


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _by_default(raw: bytes) -> str:
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        body = mail.get_body(("plain", "html"))
        return str(body.get_content()) if body else ""
    except (ArithmeticError, AttributeError, LookupError, ValueError):
        return _by_compat32(raw)


def _by_mail_parser(raw: bytes) -> str:
    try:
        mail = mailparser.parse_from_bytes(raw)
        return "\n".join((*mail.text_plain, *mail.text_html, *mail.text_not_managed))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return _by_compat32(raw)
