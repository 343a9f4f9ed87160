"""One mail, read once: what it says, who speaks, what is new in it and what it proves. Total for any bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import islice

from maild.abreast import Steps, alone
from maild.ingest import forwards, kind, parse, proof, quote
from maild.ingest.attachments import Held, attachment_of, held, too_many, uuencoded_files
from maild.ingest.charsets import clean, decode, decode_line
from maild.ingest.encodings import uu_files
from maild.ingest.evidence import Evidence
from maild.ingest.html_text import Page, page, stripped, text_of_html, text_of_page
from maild.ingest.kind import Ours
from maild.ingest.language import language_of
from maild.ingest.origin import BY_FORM, BY_GROUP, Origin, origin_of, shown_by
from maild.ingest.parse import Limits
from maild.ingest.parts import Part, leaves, payload
from maild.ingest.proof import Trust
from maild.ingest.remarks import IS_ENCRYPTED, is_encrypted, remark
from maild.ingest.smime import unsealed
from maild.ingest.vacation import read_vacation
from maild.mail import NOTHING_SAID, UNREADABLE, Address, Attachment, Kind, Mail, Proof, Vacation

NO_TRUST = Trust(relays=(), authserv_ids=(), peer="", mailbox="")
NOBODY = Ours()
LIMITS = Limits()


def read(
    raw: bytes, *, sender: str | None, ours: Ours = NOBODY, trust: Trust = NO_TRUST, limits: Limits = LIMITS
) -> Mail:
    """`reading` in one go."""
    return alone(reading(raw, sender=sender, ours=ours, trust=trust, limits=limits))


def reading(
    raw: bytes, *, sender: str | None, ours: Ours = NOBODY, trust: Trust = NO_TRUST, limits: Limits = LIMITS
) -> Steps[Mail]:
    """Read a mail; never raises. `sender` is the reverse path ("" is the null one, None is not known).

    What could not be read is said in `error`; everything else is then still as good as it could be had.
    """
    if len(raw) > limits.message:
        fault = f"the mail is {len(raw)} octets, more than the {limits.message} that are read"
        return scan(raw, sender=sender, ours=ours, trust=trust, limits=limits, error=fault)
    try:
        return (yield from _reading(raw, sender, ours, trust, limits))
    except Exception as problem:  # noqa: BLE001  whatever a mail does to us, its ticket still opens
        fault = f"the parts could not be read ({type(problem).__name__})"
        return scan(raw, sender=sender, ours=ours, trust=trust, limits=limits, error=fault)


def scan(
    raw: bytes,
    *,
    sender: str | None = None,
    ours: Ours = NOBODY,
    trust: Trust = NO_TRUST,
    limits: Limits = LIMITS,
    error: str = "this mail could not be read",
) -> Mail:
    """Read the header lines alone, cheaply; never raises. The text says that the original is kept."""
    head = parse.unwound(raw[: limits.header_block + limits.header])
    try:
        top = parse.sheet(head, limits, plainly=True)
        origin = origin_of(top, ours.addresses, trust)
        top = shown_by(top, origin)
        evidence = Evidence(top=top, raw=head, parts=(), root=None, text="", sender=sender, origin=origin)
        mail = alone(_finishing(raw, evidence, _Words("", "", True, False), (), ours, trust))
    except Exception:  # noqa: BLE001  the last net: what it holds back must still be a mail
        mail = _blank(raw)
    fault = "; ".join(dict.fromkeys(filter(None, (error, mail.error))))
    return replace(mail, text=UNREADABLE, new_text=UNREADABLE, plain=False, error=fault)


def _reading(raw: bytes, sender: str | None, ours: Ours, trust: Trust, limits: Limits) -> Steps[Mail]:
    content = parse.unwound(raw)
    top = yield from parse.filling(content, limits)
    yield
    mail = unsealed(content, top, limits)
    content, top, parts = mail.content, mail.top, tuple(leaves(mail.root))
    shown = _shown(mail.root)
    told = {part.start for part in shown.all_}
    beside = held(content, [part for part in parts if part.start not in told], limits)
    yield
    said = _words(content, shown, parts, limits, beside)
    if not said.text.strip():
        said = _remarked(said, content, parts, encrypted=mail.encrypted)
    seal = (attachment_of(mail.sealed, mail.seal, 1),) if mail.seal else ()
    attachments = (*beside.attachments, *said.files, *seal)
    faults = (*mail.faults, *beside.faults, *said.faults)
    if len(attachments) > limits.attachments:
        attachments, faults = attachments[: limits.attachments], (*faults, too_many(limits))
    if mail.encrypted or is_encrypted(said.text, parts):
        faults = (*faults, IS_ENCRYPTED)
    if faults:
        top = replace(top, faults=(*top.faults, *faults))
    yield
    origin = origin_of(top, ours.addresses, trust)
    top = shown_by(top, origin)
    evidence = Evidence(top=top, raw=content, parts=parts, root=mail.root, text=said.text, sender=sender, origin=origin)
    return (yield from _finishing(raw, evidence, said, attachments, ours, trust))


def _finishing(
    raw: bytes, evidence: Evidence, said: _Words, attachments: tuple[Attachment, ...], ours: Ours, trust: Trust
) -> Steps[Mail]:
    top = evidence.top
    verdict = kind.judge(evidence, ours)
    yield
    new_text = _new_words(said)
    yield
    language = language_of(new_text.removeprefix(said.ours).strip(), top.headers)
    yield
    author = top.authors[0] if len(top.authors) == 1 else Address("")
    proven = _proof(evidence.origin, top, author, trust)
    yield
    forwarded = forwards.passed_on(verdict.kind, evidence)
    vacation = _vacation(verdict.kind, said.text, top)
    fingerprint = parse.fingerprint(evidence.raw, top)
    yield
    return Mail(
        kind=verdict.kind,
        message_id=top.message_id,
        in_reply_to=top.in_reply_to,
        references=top.references,
        authors=top.authors,
        reply_to=top.reply_to,
        to=top.to,
        cc=top.cc,
        delivered_to=top.delivered_to,
        subject=top.subject,
        date=top.date,
        text=said.text,
        new_text=new_text,
        html=said.html,
        attachments=attachments,
        headers=top.headers,
        fingerprint=fingerprint,
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        proof=proven,
        language=language,
        list_id=top.list_id,
        plain=said.plain,
        ambiguous=said.ambiguous,
        answerable=verdict.answerable,
        bounced=verdict.bounced,
        returned_ids=verdict.returned_ids,
        forwarded=forwarded,
        vacation=vacation,
        via=evidence.origin.via,
        junk=trust.junk,
        why=verdict.why,
        error="; ".join(dict.fromkeys(top.faults)),
    )


def _proof(origin: Origin, top: parse.Sheet, author: Address, trust: Trust) -> Proof:
    """What proves the author; where From is another's, whatever proves that one says nothing of the author."""
    if origin.via:
        return Proof(because=BY_FORM if origin.form else BY_GROUP)
    return proof.prove(top.headers, author, trust)


def _vacation(who: Kind, text: str, top: parse.Sheet) -> Vacation | None:
    """The absence that an automatic reply tells of; one without a Date cannot say what its "Monday" means."""
    if who is not Kind.AUTO_REPLY or top.date is None:
        return None
    return read_vacation(text, top.subject, top.date, UTC)


def _new_words(said: _Words) -> str:
    if said.plain or not said.html:
        return quote.new_words(said.text)  # lines of a text that is clean
    words = quote.new_words_of_page(said.page) if said.page else quote.new_words_of_html(said.html)
    return quote.new_words(said.text) if words is None else clean(words)


def _blank(raw: bytes) -> Mail:
    digest = hashlib.sha256(raw).hexdigest()
    return replace(NOTHING_SAID, fingerprint=digest, sha256=digest, size=len(raw), answerable=False)


# --- which parts are the text ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shown:
    """The parts that make up the text, told once in plain words and once in HTML (RFC 8621 section 4.1.4)."""

    plain: tuple[Part, ...]
    html: tuple[Part, ...]

    @property
    def all_(self) -> tuple[Part, ...]:
        return (*self.plain, *self.html)


def _shown(root: Part) -> _Shown:
    if not root.children:
        return _Shown((root,), (root,)) if _is_words(root, first=True, related=False) else _Shown((), ())
    if root.type == "multipart/alternative":
        return _alternative(root)
    plain: list[Part] = []
    html: list[Part] = []
    related = root.type == "multipart/related"
    for n, child in enumerate(root.children):
        if not child.children and not _is_words(child, first=n == 0, related=related):
            continue
        inner = _shown(child) if child.children else _Shown((child,), (child,))
        plain += inner.plain
        html += inner.html
    return _Shown(tuple(plain), tuple(html))


def _alternative(root: Part) -> _Shown:
    plain: list[Part] = []
    html: list[Part] = []
    for child in root.children:
        if child.children:
            inner = _shown(child)
            plain += [part for part in inner.plain if part.type == "text/plain"] if html or plain else inner.plain
            html += [part for part in inner.html if part.type == "text/html"]
        elif child.disposition != "attachment" and child.type in {"text/plain", "text/html"}:
            (plain if child.type == "text/plain" else html).append(child)
    return _Shown(tuple(plain or html), tuple(html or plain))


def _is_words(part: Part, *, first: bool, related: bool) -> bool:
    if part.disposition == "attachment" or part.type not in {"text/plain", "text/html"}:
        return False
    return first or (not related and not part.filename)


# --- the text -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    text: str
    html: str
    plain: bool
    ambiguous: bool
    faults: tuple[str, ...] = ()
    page: Page | None = None
    files: tuple[Attachment, ...] = ()
    ours: str = ""
    """A line that stands before the words, and is not the writer's."""


def _remarked(said: _Words, raw: bytes, parts: Sequence[Part], *, encrypted: bool) -> _Words:
    """The words of a mail without any: what we say of it instead."""
    told = remark(raw, parts, encrypted=encrypted)
    return replace(said, text=str(told), plain=False, html="", ours=told.line) if told.line else said


def _html_alone(raw: bytes, shown: _Shown, limits: Limits) -> _Words | None:
    """The words of a mail that is one page and no more, which is then read once; None where it needs another look."""
    if len(shown.all_) != 2 or shown.plain != shown.html or shown.html[0].type != "text/html":
        return None
    html = clean(_decoded(raw, shown.html[0])[: limits.text])
    found = page(html[: limits.html])
    text = clean(text_of_page(found))
    fits = len(html) < limits.text and 0 < len(text) <= limits.text
    return _Words(text, html, plain=False, ambiguous=False, page=found) if fits else None


def _words(raw: bytes, shown: _Shown, parts: Sequence[Part], limits: Limits, beside: Held) -> _Words:
    alone = _html_alone(raw, shown, limits)
    if alone is not None:
        return alone
    html = "\n".join(_decoded(raw, part) for part in shown.html if part.type == "text/html")
    told = [_told(raw, part, limits) for part in shown.plain]
    files: list[Attachment] = []
    for part, (_, found) in zip(shown.plain, told, strict=True):
        files += uuencoded_files(found, part.params.get("charset", ""), len(beside.attachments) + len(files) + 1)
    plain = bool(shown.plain) and shown.plain[0].type == "text/plain"
    text = "\n".join(one for one, _ in told)
    if not text.strip() and not html.strip():
        text, html, plain = beside.text, beside.html, False
    if not text.strip() and html.strip():
        text, plain = text_of_html(html, limits.html), False
    if not text.strip():
        text, plain = _last_resort(raw, parts, limits), plain and not html
    both = plain and bool(html) and bool(shown.html) and shown.html[0].type == "text/html"
    text, html = clean(text[: limits.text * 2]), clean(html[: limits.text * 2])
    faults = (f"the text is longer than {limits.text} characters: it is cut",) if len(text) > limits.text else ()
    return _Words(
        text=text[: limits.text],
        html=html[: limits.text],
        plain=plain,
        ambiguous=both and _differ(text, html),
        faults=faults,
        files=tuple(files),
    )


_META = re.compile(rb"<meta\b[^<>]{0,200}?\bcharset=[\"' ]*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


def _decoded(raw: bytes, part: Part) -> str:
    """A part's words; HTML whose part names no charset may name it itself."""
    content, charset = payload(raw, part), part.params.get("charset", "")
    if charset or part.type != "text/html" or content.isascii():
        return decode(content, charset)
    named = _META.search(content, 0, 4000)
    return decode_line(content, named[1].decode("ascii") if named else "")


def _told(raw: bytes, part: Part, limits: Limits) -> tuple[str, list[tuple[bytes, bytes]]]:
    """A part as text, and the names and octets of the files that were uuencoded in it."""
    if part.type == "text/html":
        return text_of_html(_decoded(raw, part), limits.html), []
    content, files = payload(raw, part), list[tuple[bytes, bytes]]()
    if b"begin " in content:
        content, files = uu_files(content)
    return _unwrapped(decode(content, part.params.get("charset", "")), part), files


def _unwrapped(text: str, part: Part) -> str:
    if part.params.get("format", "").lower() == "flowed":
        return unflowed(text, deleted_space=part.params.get("delsp", "").lower() == "yes")
    return text


def _last_resort(raw: bytes, parts: Sequence[Part], limits: Limits) -> str:
    """Words from where a text does not belong (an odd type, behind a picture), when the mail has no better ones."""
    for part in parts:
        if part.disposition == "attachment" or not part.type.startswith("text/") or part.type == "text/calendar":
            continue
        said, _ = _told(raw, part, limits)
        if part.type in {"text/enriched", "text/richtext"}:
            said = re.sub(r"</?[a-zA-Z][^<>]{0,60}>", "", said)
        if said.strip():
            return said
    return ""


def unflowed(text: str, *, deleted_space: bool = False) -> str:
    """Join the soft line ends of format=flowed, each depth of quotation by itself (RFC 3676 section 4)."""
    told: list[str] = []
    flowing = ""
    pieces: list[str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        rest = line.lstrip(">")
        depth = line[: len(line) - len(rest)]
        rest = rest.removeprefix(" ")
        soft = rest.endswith(" ") and rest != "-- "
        if pieces and (depth != flowing or rest == "-- "):
            told.append(_quoted(flowing, pieces))
            pieces = []
        flowing = depth
        pieces.append(rest[:-1] if soft and deleted_space else rest)
        if not soft:
            told.append(_quoted(flowing, pieces))
            pieces = []
    if pieces:
        told.append(_quoted(flowing, pieces))
    return "\n".join(told)


def _quoted(depth: str, pieces: Sequence[str]) -> str:
    joined = "".join(pieces)
    return f"{depth} {joined}" if depth else joined


_LEADING = 8
_LOOKED_AT = (1000, 4000, 20_000)  # characters: mostly the first few tell
_LOOKED_AHEAD = 600  # characters by which the pattern tells that something is no word: its longest tag, and some
_TOKEN_OR_MARK = re.compile(
    r"<[^<>\n]{0,500}>|\[[^\[\]\n]{0,300}\]|\bhttps?://\S{1,2000}|^[ \t]*(?:[*+o•·-]|\d+\.)[ \t]+"
    r"|([#@/]?(?!\bhttps?://\S)[^\W_]+)",
    re.MULTILINE,
)


def _differ(text: str, html: str) -> bool:
    """Whether the plain and the HTML part open with different words."""
    return _leading(iter((text,))) != _leading(islice(stripped(html[:200_000]), 2000))


def _leading(pieces: Iterator[str]) -> list[str]:
    """The first words of a text that comes in pieces, of which no more are taken than are needed."""
    text, words = "", list[re.Match[str]]()
    for most in _LOOKED_AT:
        text = "".join((text, *_as_many(pieces, most - len(text))))
        found = (one for one in _TOKEN_OR_MARK.finditer(text, 0, most) if one[1])
        words = list(islice(found, _LEADING))
        if len(words) == _LEADING and words[-1].end() < most - _LOOKED_AHEAD:
            break
    return [word[1].casefold() for word in words]


def _as_many(pieces: Iterator[str], characters: int) -> Iterator[str]:
    """Pieces of at least so many characters together."""
    while characters > 0 and (piece := next(pieces, None)) is not None:
        characters -= len(piece)
        yield piece
