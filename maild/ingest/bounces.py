"""Mail that tells what became of another: bounces, delays, receipts, complaints; the only user of flufl.bounce."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import flufl.bounce

from maild.ingest.charsets import decode
from maild.ingest.evidence import DAEMON, NOREPLY, ROBOT, Evidence, Verdict, local_part
from maild.ingest.ids import message_id
from maild.ingest.parse import Limits, fields_of, first
from maild.ingest.parts import Part, payload
from maild.mail import Kind, MessageId, Undelivered

# It tells its log of every mail that it looks at.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

_BOUNCE_WORDS = (
    r"undeliver|un-?deliver|non-?deliver|not delivered|could not be delivered|mail could not be|mail delivery|"
    r"delivery (?:status|failure|failed|notification|problem|error|report|has failed|unsuccess|delayed)|failed mail|"
    r"returned (?:mail|e-?mail|to sender)|failure notice|mail system (?:fail|error)|bounced? (?:mail|message)|"
    r"mail ?er[ -]?(?:daemon|error)|permanent (?:fatal )?error|address unknown|user unknown|unknown (?:user|address)|"
    r"warning: could not send|rejected|mailbox (?:full|unavailable)|quota|error sending|smtp error|"
    r"unzustellbar|nicht zugestellt|nachricht nicht|r[ée]exp[ée]di|non remis|non d[ée]liv|devuelto|"
    r"no se (?:pudo|puede|ha podido) entregar|недоставл|не доставлено|не может быть доставлено|отклонено|エラー|配信"
)
_BOUNCE_SUBJECT = re.compile(_BOUNCE_WORDS, re.IGNORECASE)
_BOUNCE_SUBJECT_LOWER = re.compile(_BOUNCE_WORDS)
_MACHINE, _REPORT, _SUBJECT = "sent by a machine", "a delivery report", "the subject of a bounce"
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon|system|administrator)|postmaster|mail delivery", re.IGNORECASE
)
_COMPLAINT = re.compile(r"complaint about message from \d+\.")
_RETURNED_TYPES = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822", "message/global")
_REACHED = frozenset({"delivered", "relayed", "expanded"})
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")


def by_report(evidence: Evidence) -> Verdict | None:
    """What status parts say, the surest source (RFC 3464)."""
    notices = [notice for part in evidence.parts if part.type in _STATUS_TYPES for notice in _notices(evidence, part)]
    if not notices:
        return None
    late = [notice.about for notice in notices if notice.action == "delayed"]
    failed = [notice.about for notice in notices if notice.action not in {"delayed", *_REACHED}]
    if failed or late:
        kind = Kind.BOUNCE if failed else Kind.DELAY
        return _undelivered(evidence, kind, failed or late, "a delivery status notification (RFC 3464)")
    return Verdict(Kind.RECEIPT, False, ("a notice of delivery (RFC 3464)",), returned_ids=_returned(evidence))


def complaint(evidence: Evidence) -> Verdict | None:
    """A complaint about a mail (RFC 5965), or None."""
    if evidence.report_type == "feedback-report" or evidence.has("message/feedback-report"):
        why = ("a feedback report (RFC 5965)",)
        return Verdict(Kind.COMPLAINT, False, why, returned_ids=_returned(evidence))
    if _COMPLAINT.match(evidence.top.subject) and evidence.has("message/rfc822"):
        why = ("a complaint with the mail that it is about",)
        return Verdict(Kind.COMPLAINT, False, why, returned_ids=_returned(evidence))
    return None


def receipt(evidence: Evidence) -> Verdict | None:
    """A receipt of reading (RFC 8098), or None."""
    if evidence.report_type == "disposition-notification" or evidence.has("message/disposition-notification"):
        return Verdict(
            Kind.RECEIPT, False, ("a disposition notification (RFC 8098)",), returned_ids=_returned(evidence)
        )
    return None


def by_words(evidence: Evidence) -> Verdict | None:
    """What the words of the many other mail systems say; words alone make a bounce only where they name somebody."""
    named = _addresses_in(evidence.header("x-failed-recipients"))
    subject = _is_bounce_subject(evidence.top.subject)
    signs = _bounce_signs(evidence, subject=subject)
    if not (named or signs or subject):
        return None
    lasting, passing = ([], []) if named else _others(evidence, _by_flufl(evidence))
    if not (named or lasting or passing) and len(signs) > 1:
        lasting = _by_lines(evidence)
    failed = [Undelivered(spec, _class_in(evidence.text)) for spec in named or lasting]
    if not failed and passing and signs:
        late = [Undelivered(spec, "transient") for spec in passing]
        return _undelivered(evidence, Kind.DELAY, late, "words of a delayed delivery")
    if failed and (named or signs or subject):
        return _undelivered(evidence, Kind.BOUNCE, failed, "; ".join(signs) or "it names who was not reached")
    if signs and signs[0] != _MACHINE and signs[-1] in {_SUBJECT, _REPORT}:
        return _undelivered(evidence, Kind.BOUNCE, [], "; ".join(signs))
    return None


def _undelivered(evidence: Evidence, kind: Kind, about: Sequence[Undelivered], why: str) -> Verdict:
    unique = {one.recipient.lower(): one for one in reversed(about)}
    ordered = tuple(reversed(list(unique.values())))[:100]
    return Verdict(kind, False, (why,), bounced=ordered, returned_ids=_returned(evidence))


def _is_bounce_subject(subject: str) -> bool:
    # six times as fast as to search whatever the case, and with ASCII alone the same
    found = _BOUNCE_SUBJECT_LOWER.search(subject.lower()) if subject.isascii() else _BOUNCE_SUBJECT.search(subject)
    return found is not None


def _bounce_signs(evidence: Evidence, *, subject: bool) -> list[str]:
    """What makes a mail without a readable status part look like a bounce; `subject` tells that its subject does."""
    signs = []
    sender = evidence.header("from")
    if any(DAEMON.fullmatch(local) for local in evidence.speakers) or _DAEMON_NAME.search(sender):
        signs.append("sent by a mail system")
    if evidence.null_sender:
        signs.append("the envelope sender is empty")
    if evidence.report_type == "delivery-status" or evidence.has(*_STATUS_TYPES):
        signs.append(_REPORT)
    if subject and (signs or _by_machine(evidence)):
        signs += [_SUBJECT] if signs else [_MACHINE, _SUBJECT]
    return signs


def _by_machine(evidence: Evidence) -> bool:
    automatic = evidence.header("auto-submitted").lower().startswith("auto-") or not evidence.top.authors
    return automatic or any(NOREPLY.fullmatch(local) or ROBOT.fullmatch(local) for local in evidence.speakers)


# --- who was not reached --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Notice:
    action: str
    about: Undelivered


_MOST = 200_000
_MOST_LINES = 5_000
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.)+[A-Za-z0-9\-]{2,63}")


def _notices(evidence: Evidence, part: Part) -> Iterator[_Notice]:
    """What a status part says of each recipient (RFC 3464 section 2.3)."""
    content = payload(evidence.raw, part)[:_MOST].replace(b"\r\n", b"\n")
    for group in re.split(rb"\n[ \t]*\n", content)[:300]:
        fields, _, _ = fields_of(group.strip() + b"\n", 0, len(group) + 1, Limits())
        said = {line.name: decode(line.raw) for line in reversed(fields)}
        recipient = _recipient(said.get("final-recipient", "")) or _recipient(said.get("original-recipient", ""))
        if recipient:
            action = said.get("action", "").partition("(")[0].strip().lower()
            yield _Notice(action, _about(recipient, action, said))


def _recipient(value: str) -> str:
    kind, mark, rest = value.partition(";")
    text = (rest if mark else kind).strip().strip("<>").strip()
    text = re.sub(r"\+([0-9A-F]{2})(?=[^@]*@)", lambda hexed: chr(int(hexed[1], 16)), text) if "+40" in text else text
    found = _ADDRESS.search(text)
    return found[0] if found else ""


def _about(recipient: str, action: str, said: dict[str, str]) -> Undelivered:
    status = re.search(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b", said.get("status", ""))
    code = re.search(r"\b([45])(?:\d\d\b|\.\d{1,3}\.\d{1,3})", said.get("diagnostic-code", ""))
    digit = status[1] if status else code[1] if code else ""
    cls = {"5": "permanent", "4": "transient"}.get(digit, "transient" if action == "delayed" else "other")
    return Undelivered(recipient, cls, status[0] if status else "")


def _addresses_in(text: str) -> list[str]:
    return list(dict.fromkeys(_ADDRESS.findall(text[:_MOST])))[:100]


_PASSING = re.compile(r"retry timeout|deferred|temporar|timed out", re.IGNORECASE)


def _class_in(text: str) -> str:
    """Whether a failure lasts, by the first status or reply code in the notice (RFC 3463), else by its words."""
    notice = _CUT.split(text[:20_000], maxsplit=1)[0]
    code = re.search(r"\b([45])\.\d{1,3}\.\d{1,3}\b|\b([45])[0-5]\d[ -](?=[#<A-Za-z\d])", notice)
    if code:
        return {"5": "permanent", "4": "transient"}[code[1] or code[2]]
    return "transient" if _PASSING.search(notice) else "permanent"


def _by_flufl(evidence: Evidence) -> tuple[list[str], list[str]]:
    """Whom the many forms of old mail systems name: lasting and passing failures."""
    content = b"\n".join(evidence.raw[:_MOST].split(b"\n", _MOST_LINES)[:_MOST_LINES])
    if content.count(b"\n--") > 1000 or content.count(b"rfc822") > 50:
        return [], []
    try:
        passing, lasting = flufl.bounce.all_failures(email.message_from_bytes(content))
    except Exception:  # noqa: BLE001  its many readers were written for kind mail; one that stumbles has found nothing
        return [], []
    return _known(lasting), _known(passing)


# Where a notice ends and the mail that came back begins.
_CUT = re.compile(
    r"^(?:[ \t>-]{0,60}(?:below (?:this line )?is a copy|this is a copy|"
    r"(?:original|unsent|returned|undelivered) message|message header|begin(?:ning)? of)|received: |return-path: )",
    re.IGNORECASE | re.MULTILINE,
)
_LINES = (
    re.compile(
        rf"^[ \t>]{{0,10}}(?:<({_ADDRESS.pattern})>|({_ADDRESS.pattern})(?:[ ]?<[^<>\n]{{1,200}}>)?)"
        r"[ \t]{0,20}(?:$|[:;,(]|\d{3})",
        re.MULTILINE,
    ),
    re.compile(rf"^[ \t>]{{0,10}}[45]\d\d[ -][^\n<]{{0,60}}<({_ADDRESS.pattern})>()", re.MULTILINE),
    re.compile(
        r"(?:delivered to:?|recipients?[^\n:<]{0,40}:|final-recipient: ?rfc822;|rcpt to:|user:?|mailbox|"
        rf"address(?:es)?:?)[ \t]{{0,20}}<?({_ADDRESS.pattern})()",
        re.IGNORECASE,
    ),
)


def _by_lines(evidence: Evidence) -> list[str]:
    """Addresses that stand where a notice names them; if nobody is named, to whom the returned mail was written."""
    whole = "\n".join([evidence.text[:50_000], *_more_texts(evidence)])
    notice = _CUT.split(whole, maxsplit=1)[0]
    ours = {address.key for address in (*evidence.top.authors, *evidence.top.to, *evidence.top.cc)}
    for lines in _LINES:
        named = [one or other for one, other in lines.findall(notice)]
        good = [
            spec for spec in dict.fromkeys(named) if spec.lower() not in ours and not DAEMON.fullmatch(local_part(spec))
        ]
        if good:
            return good[:20]
    returned = re.search(r"^[> \t]{0,4}to:([^\n]{3,300})", whole[len(notice) :] or whole, re.IGNORECASE | re.MULTILINE)
    written = _addresses_in(returned[1]) if returned else []
    return written if len(written) == 1 else []


def _more_texts(evidence: Evidence) -> list[str]:
    kinds = (*_RETURNED_TYPES, *_STATUS_TYPES, "text/plain")
    parts = [part for part in evidence.parts if part.type in kinds][:5]
    return [decode(payload(evidence.raw, part)[:20_000]).replace("\r\n", "\n") for part in parts]


def _others(evidence: Evidence, found: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    """The same without what only looks like a recipient: Message-IDs, and the two ends of the notice itself."""
    ids = re.findall(rb"message-id:[ \t]{0,5}(?:\r?\n[ \t])?<([^<>\s]{3,250})>", evidence.raw[:_MOST], re.IGNORECASE)
    ends = {address.key for address in (*evidence.top.authors, *evidence.top.to)} if sum(map(len, found)) > 1 else set()
    not_people = ends | {decode(one).lower() for one in ids}
    lasting, passing = ([spec for spec in specs if spec.lower() not in not_people] for specs in found)
    return lasting, passing


def _known(found: frozenset[bytes]) -> list[str]:
    return [spec for one in sorted(found) if (spec := _recipient(decode(bytes(one))))]


def _returned(evidence: Evidence) -> tuple[MessageId, ...]:
    """The Message-IDs of the mail that came back: from its own part, else from the words of the notice."""
    found: list[MessageId] = []
    for part in evidence.parts:
        if part.type in _RETURNED_TYPES:
            content = payload(evidence.raw, part)[: 256 * 1024].lstrip()
            fields, _, _ = fields_of(content, 0, len(content), Limits())
            found.append(message_id(first(fields, "message-id")))
    lines = re.findall(r"^[> \t]*message-id:\s*<([^<>\s]{3,250})>", evidence.text[:_MOST], re.IGNORECASE | re.MULTILINE)
    return tuple(MessageId(one) for one in dict.fromkeys([*found, *lines]) if one)[:20]
