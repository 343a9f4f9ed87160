"""Mail that a person passes on: who wrote it first, its subject, date and words. Total for any bytes, and linear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from textwrap import dedent

from maild.ingest import parse
from maild.ingest.charsets import clean, clean_line, decode
from maild.ingest.evidence import Evidence
from maild.ingest.forward_signs import END, FORWARDED_BY, Way, bare_subject, glued, heading, labelled, plain, way_of
from maild.ingest.html_text import text_of_html
from maild.ingest.parse import Limits, first
from maild.ingest.parts import Part, leaves, payload, tree
from maild.ingest.quote_signs import CLOCK, ORIGINALS, WROTE, YEAR, is_original
from maild.mail import Address, Forwarded, Kind

_PERSONAL = frozenset({Kind.PERSON, Kind.LIST})
_MOST_LINES = 3_000
_WIDEST = 600
_TALLEST = 40  # lines of a header block: long lists of recipients are wrapped
_MOST_HEADINGS = 5
_LIMITS = Limits()


def passed_on(who: Kind, evidence: Evidence) -> Forwarded | None:
    """The mail that a person passes on, in the text or attached (RFC 2046 section 5.2.1); None where there is none.

    A reply that quotes the mail it answers passes nothing on, and what a machine sends back is told elsewhere.
    """
    if who not in _PERSONAL:
        return None
    found = in_text(evidence.top.subject, evidence.text)
    return found or (_attached(evidence) if who is Kind.PERSON else None)


def in_text(subject: str, text: str) -> Forwarded | None:
    """The mail that is passed on in a text, by the first sign of quoted mail in it; `subject` is the outer mail's.

    A line such as "Forwarded message" over the quoted headers is proof; a header block, "Original Message" or
    "Ann wrote:" stands over a reply too, and passes a mail on only where the subject says so.
    """
    way = way_of(subject)
    lines = text.split("\n")
    heads = dict(_headings(lines, way, ruled=any(sign in text for sign in "-=_—")))
    if not heads and way not in {Way.FORWARD, Way.EITHER}:
        return None
    quoted = False
    for n, line in enumerate(lines[:_MOST_LINES]):
        depth, bare = _undressed(line)
        if not bare:
            continue
        if n in heads:
            if depth and (quoted or way is Way.REPLY):
                return None
            if block := _headed(lines, n, *heads[n]):
                return _told(block, subject, lines)
        if block := _over_a_reply(lines, n, bare):
            if not _agrees(way, block):
                return None
            if block.values or block.others:
                return _told(block, subject, lines)
        quoted = quoted or depth > 0
    return None


@dataclass(slots=True)
class _Block:
    """What the lines above a quoted mail say, the depth of quotation at which they stand, and the line after them."""

    values: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    labels: int = 0
    depth: int = 0
    end: int = 0
    finnish: bool = False

    @property
    def sender(self) -> Address:
        if "from" in self.values:
            return _address(self.values["from"])
        return next((one for value in self.others if (one := _address(value)).spec), Address(""))


_ENDS = frozenset(":：* \r")


def _headings(lines: Sequence[str], way: Way, *, ruled: bool) -> list[tuple[int, tuple[str, str]]]:
    found: list[tuple[int, tuple[str, str]]] = []
    for n, line in enumerate(lines[:_MOST_LINES]):
        # most lines are spared a closer look
        if line[-1:] in _ENDS or (ruled and ("--" in line or "==" in line or "__" in line or "—" in line)):
            head = heading(line)
            if head and not (way is Way.REPLY and head[0] in ORIGINALS):
                found.append((n, head))
    return found[:_MOST_HEADINGS]


def _agrees(way: Way, block: _Block) -> bool:
    """Whether the subject says that the block belongs to a mail passed on; "VS:" is a reply in Finnish alone."""
    return way is Way.FORWARD or (way is Way.EITHER and not block.finnish)


def _told(block: _Block, subject: str, lines: Sequence[str]) -> Forwarded:
    about = block.values.get("subject")
    return Forwarded(
        from_=block.sender,
        subject=clean_line(bare_subject(subject) if about is None else _unstarred(about)),
        date=clean_line(_unstarred(block.values.get("date", "")))[:200],
        text=_body(lines[block.end :], block.depth),
    )


# --- under a line that says so --------------------------------------------------------------------------------------


def _headed(lines: Sequence[str], n: int, words: str, rest: str) -> _Block | None:
    """The block under a line such as "Forwarded message"; None where nothing tells who wrote the mail."""
    on_line = glued(rest) if rest else {}
    if "from" in on_line:
        return _Block(on_line, depth=_undressed(lines[n])[0], end=n + 1)
    block = _block(lines, n + 1)
    if words in ORIGINALS:
        # so Open-Xchange writes over what is passed on; others, which have the date second, over a reply
        return block if block and list(block.values)[:2] == ["from", "to"] else None
    by = FORWARDED_BY.match(words)
    if block and (block.sender != Address("") or {"date", "subject"} <= block.values.keys()):
        if "from" not in block.values and by and _address(words).spec:
            block.values["from"] = words[by.end() :]
        return block
    return _unlabelled(lines, n, words[by.end() :]) if by else None


def _unlabelled(lines: Sequence[str], n: int, by: str) -> _Block | None:
    """The sender of a mail without "From:": named in the heading, or on the first line below it (Lotus Notes)."""
    if "@" in by and (sender := _address(by)).spec:
        return _Block({"from": f"{sender.name} <{sender.spec}>"}, depth=_undressed(lines[n])[0], end=n + 1)
    block = _Block(depth=_undressed(lines[n])[0], end=n + 1)
    for at in range(n + 1, min(n + 20, len(lines))):
        _, bare = _undressed(lines[at][:_WIDEST])
        said = labelled(bare)
        if said and said[0]:
            block.values.setdefault(said[0], said[1])
            block.end = at + 1
        elif bare and "from" not in block.values:
            block.values["from"] = bare
        elif bare and "subject" in block.values:
            break
    return block if "from" in block.values else None


# --- the lines "From: ..., Sent: ..." -------------------------------------------------------------------------------


def _over_a_reply(lines: Sequence[str], n: int, bare: str) -> _Block | None:
    """What stands over a quoted mail, a reply's or one that is passed on: header lines, or "Ann wrote:"."""
    if is_original(bare):
        return _block(lines, n + 1) or _Block(end=n + 1)
    if ":" in bare[:40] or "：" in bare[:40]:
        block = _block(lines, n)
        if block and _is_head(block):
            return block
    return _introduction(lines, n, bare)


def _is_head(block: _Block) -> bool:
    """Whether these are a mail's header lines, and not a form that somebody filled in."""
    known = block.values.keys()
    if "from" in known:
        address = bool(block.sender.spec)
        if {"date", "subject"} <= known or ("to" in known and known & {"date", "subject"}):
            return True
        return address and bool(known & {"date", "subject"})
    stamped = any(CLOCK.search(value) and YEAR.search(value) for value in (*block.others, *block.values.values()))
    return block.labels >= 4 and stamped and bool(block.sender.spec)


def _block(lines: Sequence[str], n: int) -> _Block | None:
    """The header lines from line n on, or after a few blank ones; what was told already begins the quoted words."""
    block = _Block(end=n)
    last, blank = "", 0
    for at in range(n, min(n + _TALLEST, len(lines))):
        depth, bare = _undressed(lines[at][:_WIDEST])
        if not bare:
            blank += 1
            if blank > (1 if block.labels else 3):
                break
            continue
        said = labelled(bare)
        first_of_kind = said is not None and (said[0] == "cc" or said[0] not in block.values)
        if said and first_of_kind and (said[0] or not (blank and block.labels)):
            last = _add(block, *said, bare, depth)
        elif last and not blank and _continues(block, last, lines, at, bare):
            block.values[last] += f" {bare}"
        else:
            break
        block.end, blank = at + 1, 0
    return block if block.labels else None


def _add(block: _Block, kind: str, value: str, line: str, depth: int) -> str:
    if not block.labels:
        block.depth = depth
    block.labels += 1
    block.finnish = block.finnish or plain(line).strip("*_ ").casefold().startswith(("lähettäjä", "aihe", "lähetetty"))
    if kind:
        block.values[kind] = value
    else:
        block.others.append(value)
    return kind


def _continues(block: _Block, last: str, lines: Sequence[str], at: int, line: str) -> bool:
    """Whether a line without a label goes on with the value before it, which a client wrapped."""
    before = block.values[last]
    if last in {"from", "to", "cc"} and ("@" in line or before.endswith((",", ";", "<"))):
        return len(line) < 400 and ("@" not in before or last != "from")
    after = labelled(_undressed(lines[at + 1][:_WIDEST])[1]) if at + 1 < len(lines) else None
    if after and after[0] and after[0] not in block.values:
        return True
    return last == "subject" and len(before) > 55 and at + 1 < len(lines) and not _undressed(lines[at + 1])[1]


_INTRODUCED = 4


def _introduction(lines: Sequence[str], n: int, bare: str) -> _Block | None:
    """ "On Monday Ann <ann@example.org> wrote:", also wrapped, as what begins on line n."""
    if not (CLOCK.search(bare) or YEAR.search(bare) or "@" in bare):
        return None
    joined = ""
    for at in range(n, min(n + _INTRODUCED, len(lines))):
        part = _undressed(lines[at][:_WIDEST])[1]
        if not part:
            break
        joined = f"{joined}{'' if joined.endswith('<') else ' '}{part}"
        if part.endswith((":", "：")) or part.lower().endswith("wrote"):
            break
    if not WROTE.search(joined[-400:]) or not joined.endswith((":", "：", "wrote")):
        return None
    stamp = CLOCK.search(joined) or YEAR.search(joined)
    if not stamp or not (_ADDRESS.search(joined) or (CLOCK.search(joined) and YEAR.search(joined))):
        return None
    sender = _NAMED.search(joined)
    name = _last_words(joined[: sender.start()]) if sender else ""
    value = f"{name} <{sender[1]}>" if sender else joined if _ADDRESS.search(joined) else ""
    return _Block({"from": value, "date": _stamp(joined)}, end=at + 1)


def _stamp(introduction: str) -> str:
    """The date and time in an introduction, from the first to the last number that is not the address's."""
    found = re.search(r"\d.*\d", _ADDRESS.sub(" ", introduction))
    return found[0] if found else ""


_NAMED = re.compile(r"[<(\[](?:mailto:)?([^\s@<>()\[\],;:\"]{1,64}@[^\s@<>()\[\],;:\"]{1,255})[>)\]]")


def _last_words(text: str) -> str:
    """The name before an address in an introduction: what stands in quotes, or after the last digit or comma."""
    quoted = re.search(r"[\"«„“']\s*([^\"«»„“”]{1,100}?)\s*[\"»”']\s*$", text[-120:])
    if quoted:
        return quoted[1]
    words = re.split(r"[\d,:]", text[-120:])[-1].split()
    names = list(dropwhile(str.islower, words)) or words
    return " ".join(names)


# --- an attached mail -----------------------------------------------------------------------------------------------


def _attached(evidence: Evidence) -> Forwarded | None:
    """The first mail that is attached, unless it is the one that this mail answers."""
    part = next((one for one in evidence.parts if _is_mail(one)), None)
    if part is None or (evidence.root and evidence.root.type == "multipart/digest"):
        return None
    raw = parse.unwound(payload(evidence.raw, part)[: _LIMITS.message])
    top = parse.sheet(raw, _LIMITS)
    if not top.authors and not top.subject:
        return None
    if way_of(evidence.top.subject) is Way.REPLY and _answered(evidence.top, top):
        return None
    return Forwarded(
        from_=top.authors[0] if top.authors else Address(""),
        subject=top.subject,
        date=next(iter(top.values("date")), "")[:200],
        text=_words_of(raw, top),
    )


def _is_mail(part: Part) -> bool:
    if part.type in {"message/rfc822", "message/global"}:
        return bool(first(part.fields, "content-type"))  # those of a digest bear no type of their own
    return part.type == "application/octet-stream" and part.filename.lower().endswith(".eml")


def _answered(top: parse.Sheet, inner: parse.Sheet) -> bool:
    if inner.message_id and (top.in_reply_to or top.references):
        return inner.message_id in {*top.in_reply_to, *top.references}
    return bare_subject(top.subject).casefold() == bare_subject(inner.subject).casefold()


def _words_of(raw: bytes, top: parse.Sheet) -> str:
    """The text of an attached mail: its first plain part, else its first HTML as text."""
    root, _ = tree(raw, top, _LIMITS)
    texts = [part for part in leaves(root) if part.type.startswith("text/") and part.disposition != "attachment"]
    for type_ in ("text/plain", "text/html"):
        for part in texts:
            if part.type == type_:
                text = decode(payload(raw, part), part.params.get("charset", ""))
                text = text_of_html(text, _LIMITS.html) if type_ == "text/html" else clean(text)
                return text[: _LIMITS.text].strip("\n")
    return ""


# --- words ----------------------------------------------------------------------------------------------------------

_DRESS = re.compile(r"[ \t>|\ufeff\u200b]*")
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"'«»]{1,64}@[^\s@<>()\[\],;:\"'«»]{1,255}")
_BEHALF = re.compile(
    r"\b(?:on behalf of|im auftrag von|de la part de|en nombre de|em nome de|per conto di|namens|от имени)\b(.*)$",
    re.IGNORECASE,
)


def _undressed(line: str) -> tuple[int, str]:
    """The depth of quotation of a line, and the line without its marks."""
    line = plain(line[:_WIDEST])
    dress = _DRESS.match(line)
    end = dress.end() if dress else 0
    return line.count(">", 0, end), line[end:].rstrip(" \t\r")


def _address(value: str) -> Address:
    """The mailbox in a value of a header block, whatever brackets it wears; where there is no address, the name."""
    value = _unstarred(value.replace("mailto:", ""))[:1000]
    behalf = _BEHALF.search(value)
    if behalf and _ADDRESS.search(behalf[1]):
        value = behalf[1]
    found = _ADDRESS.search(value)
    if not found:
        return Address("", _name(value.partition("<")[0]))
    spec = found[0].rstrip(".")
    name = _name(value[: found.start()]) or _name(value[found.end() :].partition("(")[2].partition(")")[0])
    return Address(clean_line(spec), "" if name.casefold() == spec.casefold() else name)


def _name(text: str) -> str:
    return clean_line(text).strip(" \t\"'<>()[]«»„“”*,;:")[:200]


def _unstarred(value: str) -> str:
    """A value without the asterisks of bold print around it."""
    value = value.strip()
    return value.strip("*").strip() if value.startswith("*") and value.endswith("*") else value


def _body(lines: Sequence[str], depth: int) -> str:
    """The words of the mail passed on, without the quotation and indentation in which it was shown."""
    said: list[str] = []
    for line in lines:
        bare = _shallower(line, depth).rstrip("\r")
        if END.match(bare[:200]):
            break
        said.append(bare)
    common = min((_undressed(line)[0] for line in said if line.strip()), default=0)
    if common:
        said = [_shallower(line, common) for line in said]
    return dedent("\n".join(said)).replace("\ufeff", "").strip("\n ")


_QUOTE_MARK = re.compile(r"[ \t]*+> ?")


def _shallower(line: str, depth: int) -> str:
    at = 0
    for _ in range(min(depth, 20)):
        mark = _QUOTE_MARK.match(line, at)
        if not mark:
            break
        at = mark.end()
    return line[at:]
