"""Who speaks: a person or which machine, and whether a machine's answer to it could do harm."""

from __future__ import annotations

import email
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import flufl.bounce

from maild.ingest import parse
from maild.ingest.parse import Part, Sheet
from maild.mail import Kind, MessageId, Undelivered

# It tells its log of every mail that it looks at.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our plain addresses in lower case, and the sign that parts them from a token ("" where there is none)."""

    addresses: frozenset[str] = frozenset()
    subaddress: str = "+"

    def holds(self, spec: str) -> bool:
        """Whether an address is ours, with or without a token."""
        local, _, domain = spec.lower().rpartition("@")
        stem = local.partition(self.subaddress)[0] if self.subaddress else local
        return bool({f"{local}@{domain}", f"{stem}@{domain}"} & self.addresses)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a mail is, and the reasons; `answerable` judges kind and headers alone (RFC 3834 section 2)."""

    kind: Kind
    answerable: bool
    why: tuple[str, ...]
    bounced: tuple[Undelivered, ...] = ()
    returned_ids: tuple[MessageId, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict is made from. `sender` is the reverse path: "" is the null one, None is not known."""

    top: Sheet
    raw: bytes
    parts: tuple[Part, ...]
    root: Part | None
    text: str
    sender: str | None

    def header(self, name: str) -> str:
        return " ".join(self.top.values(name)).strip()

    @property
    def null_sender(self) -> bool:
        paths = self.top.values("return-path")
        return self.sender == "" if self.sender is not None or not paths else paths[0].strip() in {"<>", ""}

    @property
    def speakers(self) -> tuple[str, ...]:
        """The local parts that may tell a machine: From, Sender, envelope and Return-Path, in lower case."""
        specs = [address.spec for address in self.top.authors]
        specs += [self.sender or "", *self.top.values("return-path"), *self.top.values("sender")]
        return tuple(local for spec in specs if (local := _local(spec)))

    @property
    def report_type(self) -> str:
        root = self.root
        return root.params.get("report-type", "").lower() if root and root.type == "multipart/report" else ""

    def has(self, *types: str) -> bool:
        return any(part.type in types for part in self.parts)


def judge(evidence: Evidence, ours: Ours) -> Verdict:
    """Say who speaks; a bounce is looked for first, because most bounces bear the marks of an automatic reply too."""
    for look in (_by_report, _complaint, _receipt, _by_words):
        if verdict := look(evidence):
            return verdict
    reasons = _marks(evidence, ours)
    if any(ours.holds(author.spec) for author in evidence.top.authors):
        return Verdict(Kind.OWN, False, ("From is an address of ours", *_texts(reasons)))
    for kind in (Kind.AUTO_REPLY, Kind.LIST, Kind.NOTIFICATION):
        if any(mark.kind is kind for mark in reasons):
            return Verdict(kind, False, _texts(reasons))
    if len(evidence.top.authors) != 1:
        why = "no address in From" if not evidence.top.authors else "more than one address in From"
        return Verdict(Kind.PERSON, False, (why,))
    if _PASSED_ON.match(evidence.top.subject):
        return Verdict(Kind.PERSON, False, ("a bounce that a person passed on",))
    return Verdict(Kind.PERSON, True, ("no mark of a machine",))


def _local(spec: str) -> str:
    inside = re.search(r"<([^<>]*)>", spec)
    return (inside[1] if inside else spec).strip().rpartition("@")[0].lower()


# --- the marks of machines ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mark:
    kind: Kind
    text: str


def _texts(marks: Sequence[_Mark]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark.text for mark in marks))[:10]


_AUTO_SUBJECT = re.compile(
    r"\s*(?:\[[^\[\]]{0,80}\]\s*)?(?:auto(?:matic)?[ -]?(?:reply|response|antwort)|out of (?:the )?office|auto:|"
    r"automatische (?:antwort|reactie)|abwesenheits?(?:notiz|meldung|assistent)|(?:ich bin )?nicht im b[üu]ro|vacation|"
    r"r[ée]ponse automatique|absence du bureau|message d'absence|respuesta autom[áa]tica|fuera de (?:la )?oficina|"
    r"автоматический ответ|автоответ|risposta automatica|automatyczna odpowied[źz]|resposta autom[áa]tica|otomatik|"
    r"automatiskt? svar)\b",
    re.IGNORECASE,
)
_AUTO_OPENING = re.compile(
    r"\s*(?:this is an automat(?:ed|ic) (?:response|reply)|d(?:ies|as) ist eine automatische (?:antwort|nachricht)|"
    r"ceci est une r[ée]ponse automatique|[ée]sta es una respuesta autom[áa]tica|это автоматический ответ)",
    re.IGNORECASE,
)
_NOREPLY = re.compile(
    r"(?:do[-_.]?)?(?:no|not)[-_.]?reply.*|.*[-_.+](?:do[-_.]?)?no[-_.]?reply|noresponse|no[-_.]response"
)
_DAEMON = re.compile(r"mailer[-_.]?daemon.*|mail[-_.]?daemon|postmaster|mailerdaemon|mdaemon|autoreply|auto-reply")
_LISTED = re.compile(
    r"owner-.*|.*-(?:owner|request|bounces?|admin)|bounces?[-+=].*|.*[-+]bounces?(?:[-+=].*)?|.*-errors?"
)
_ROBOT = re.compile(
    r"(?:(?:auto)?notif(?:y|ications?|ier)|robot|bot|cron(?:daemon)?|daemon|root|alerts?|monitor(?:ing)?|nagios|newsletters?|"
    r"mailings?|listserv|majordomo|lists?erver|noc-alert|wwwrun|www-data|apache|nobody|rssfeeds|www-run|ndr|.*anti[-_]?virus)(?:[-_.+].*)?"
)
_LIST_HEADERS = (
    *("list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-archive", "list-owner"),
    *("mailing-list", "x-mailing-list", "x-list", "x-mailman-version", "x-listname"),
)
_ROBOT_HEADERS = (
    *("feedback-id", "x-loop", "x-cron-env", "x-github-reason", "x-campaign", "x-campaignid", "x-mailgun-sid"),
    *("x-ses-outgoing", "x-sg-eid", "x-report-abuse-to", "tls-report-domain", "x-google-group-id"),
)


def _marks(evidence: Evidence, ours: Ours) -> list[_Mark]:
    return [*_reply_marks(evidence), *_list_marks(evidence), *_tag_marks(evidence, ours), *_robot_marks(evidence)]


def _tag_marks(evidence: Evidence, ours: Ours) -> Iterator[_Mark]:
    """The tag that a list puts before the subject, where it names the address that the mail was written to."""
    tag = re.match(r"(?:[a-z]{2,3}: ?)?\[([\w.+-]{2,40})\]", evidence.top.subject, re.IGNORECASE)
    name = tag[1] if tag else ""
    for address in (*evidence.top.to, *evidence.top.cc):
        if name and address.local.lower() == name.lower() and not ours.holds(address.spec):
            yield _Mark(Kind.LIST, f"the subject bears the name of a list: {name}")


def _reply_marks(evidence: Evidence) -> Iterator[_Mark]:
    submitted = evidence.header("auto-submitted").partition(";")[0].strip().lower()
    if submitted.startswith("auto-replied"):
        yield _Mark(Kind.AUTO_REPLY, "Auto-Submitted: auto-replied")
    if _AUTO_SUBJECT.match(evidence.top.subject):
        yield _Mark(Kind.AUTO_REPLY, "the subject of an automatic reply")
    if _AUTO_OPENING.match(evidence.text[:300]):
        yield _Mark(Kind.AUTO_REPLY, "it says that it is an automatic reply")
    for name in ("x-autoreply", "x-autorespond", "x-autoresponse", "x-auto-reply", "x-autogenerated", "x-vacation"):
        value = evidence.header(name).lower()
        if value and value not in {"no", "false"}:
            yield _Mark(Kind.AUTO_REPLY, name)
    if evidence.header("precedence").lower() in {"auto_reply", "auto-reply"}:
        yield _Mark(Kind.AUTO_REPLY, "Precedence: auto_reply")


def _list_marks(evidence: Evidence) -> Iterator[_Mark]:
    for name in _LIST_HEADERS:
        if evidence.top.values(name):
            yield _Mark(Kind.LIST, name)
    precedence = evidence.header("precedence").lower()
    if precedence in {"list", "bulk", "junk"}:
        yield _Mark(Kind.LIST, f"Precedence: {precedence}")
    for local in evidence.speakers:
        if _LISTED.fullmatch(local):
            yield _Mark(Kind.LIST, f"the sender's name is a list's: {local[:60]}")


def _robot_marks(evidence: Evidence) -> Iterator[_Mark]:
    submitted = evidence.header("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        yield _Mark(Kind.NOTIFICATION, f"Auto-Submitted: {submitted[:40]}")
    if evidence.null_sender:
        yield _Mark(Kind.NOTIFICATION, "the envelope sender is empty")
    suppress = evidence.header("x-auto-response-suppress").lower()
    if re.search(r"\b(?:all|autoreply|oof|dr)\b", suppress):
        yield _Mark(Kind.NOTIFICATION, "X-Auto-Response-Suppress")
    for name in _ROBOT_HEADERS:
        if evidence.top.values(name):
            yield _Mark(Kind.NOTIFICATION, name)
    for local in evidence.speakers:
        if _NOREPLY.fullmatch(local) or _DAEMON.fullmatch(local) or _ROBOT.fullmatch(local):
            yield _Mark(Kind.NOTIFICATION, f"the sender's name is a machine's: {local[:60]}")
    if evidence.report_type or (evidence.root and evidence.root.type == "multipart/report"):
        yield _Mark(Kind.NOTIFICATION, "multipart/report")
    if re.search(r"\breport[ -]domain: ?\S+ .*\bsubmitter:", evidence.top.subject[:500], re.IGNORECASE):
        yield _Mark(Kind.NOTIFICATION, "a DMARC report")
    if any("in a circle" in fault for fault in evidence.top.faults):
        yield _Mark(Kind.NOTIFICATION, "the mail goes in a circle")


# --- reports --------------------------------------------------------------------------------------------------------


def _complaint(evidence: Evidence) -> Verdict | None:
    if evidence.report_type == "feedback-report" or evidence.has("message/feedback-report"):
        why = ("a feedback report (RFC 5965)",)
        return Verdict(Kind.COMPLAINT, False, why, returned_ids=_returned(evidence))
    if re.match(r"complaint about message from \d+\.", evidence.top.subject) and evidence.has("message/rfc822"):
        why = ("a complaint with the mail that it is about",)
        return Verdict(Kind.COMPLAINT, False, why, returned_ids=_returned(evidence))
    return None


def _receipt(evidence: Evidence) -> Verdict | None:
    if evidence.report_type == "disposition-notification" or evidence.has("message/disposition-notification"):
        return Verdict(
            Kind.RECEIPT, False, ("a disposition notification (RFC 8098)",), returned_ids=_returned(evidence)
        )
    return None


_BOUNCE_SUBJECT = re.compile(
    r"undeliver|un-?deliver|non-?deliver|not delivered|could not be delivered|mail could not be|mail delivery|"
    r"delivery (?:status|failure|failed|notification|problem|error|report|has failed|unsuccess|delayed)|failed mail|"
    r"returned (?:mail|e-?mail|to sender)|failure notice|mail system (?:fail|error)|bounced? (?:mail|message)|"
    r"mail ?er[ -]?(?:daemon|error)|permanent (?:fatal )?error|address unknown|user unknown|unknown (?:user|address)|"
    r"warning: could not send|rejected|mailbox (?:full|unavailable)|quota|error sending|smtp error|"
    r"unzustellbar|nicht zugestellt|nachricht nicht|r[ée]exp[ée]di|non remis|non d[ée]liv|devuelto|"
    r"no se (?:pudo|puede|ha podido) entregar|недоставл|не доставлено|не может быть доставлено|отклонено|エラー|配信",
    re.IGNORECASE,
)
_MACHINE, _REPORT, _SUBJECT = "sent by a machine", "a delivery report", "the subject of a bounce"
_PASSED_ON = re.compile(
    r"(?:fwd?|wg|tr): ?(?:returned mail: see transcript|undelivered mail returned to sender|failure notice|"
    r"mail delivery failed: returning|delivery status notification \(failure\))",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon|system|administrator)|postmaster|mail delivery", re.IGNORECASE
)
_RETURNED_TYPES = ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822", "message/global")
_REACHED = frozenset({"delivered", "relayed", "expanded"})
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")


def _by_report(evidence: Evidence) -> Verdict | None:
    """What status parts say, the surest source (RFC 3464)."""
    notices = [notice for part in evidence.parts if part.type in _STATUS_TYPES for notice in _notices(evidence, part)]
    late = [notice.about for notice in notices if notice.action == "delayed"]
    failed = [notice.about for notice in notices if notice.action not in {"delayed", *_REACHED}]
    if failed or late:
        kind = Kind.BOUNCE if failed else Kind.DELAY
        return _undelivered(evidence, kind, failed or late, "a delivery status notification (RFC 3464)")
    if notices:
        return Verdict(Kind.RECEIPT, False, ("a notice of delivery (RFC 3464)",), returned_ids=_returned(evidence))
    return None


def _by_words(evidence: Evidence) -> Verdict | None:
    """What the words of the many other mail systems say; words alone make a bounce only where they name somebody."""
    named = _addresses_in(evidence.header("x-failed-recipients"))
    signs = _bounce_signs(evidence)
    subject = bool(_BOUNCE_SUBJECT.search(evidence.top.subject))
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


def _bounce_signs(evidence: Evidence) -> list[str]:
    """What makes a mail without a readable status part look like a bounce."""
    signs = []
    sender = evidence.header("from")
    if any(_DAEMON.fullmatch(local) for local in evidence.speakers) or _DAEMON_NAME.search(sender):
        signs.append("sent by a mail system")
    if evidence.null_sender:
        signs.append("the envelope sender is empty")
    if evidence.report_type == "delivery-status" or evidence.has(*_STATUS_TYPES):
        signs.append(_REPORT)
    automatic = evidence.header("auto-submitted").lower().startswith("auto-") or not evidence.top.authors
    machine = automatic or any(_NOREPLY.fullmatch(local) or _ROBOT.fullmatch(local) for local in evidence.speakers)
    if _BOUNCE_SUBJECT.search(evidence.top.subject) and (signs or machine):
        signs += [_SUBJECT] if signs else [_MACHINE, _SUBJECT]
    return signs


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
    content = parse.payload(evidence.raw, part)[:_MOST].replace(b"\r\n", b"\n")
    for group in re.split(rb"\n[ \t]*\n", content)[:300]:
        fields, _, _ = parse.fields_of(group.strip() + b"\n", 0, len(group) + 1, parse.Limits())
        said = {line.name: parse.decode(line.raw) for line in reversed(fields)}
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
            spec for spec in dict.fromkeys(named) if spec.lower() not in ours and not _DAEMON.fullmatch(_local(spec))
        ]
        if good:
            return good[:20]
    returned = re.search(r"^[> \t]{0,4}to:([^\n]{3,300})", whole[len(notice) :] or whole, re.IGNORECASE | re.MULTILINE)
    written = _addresses_in(returned[1]) if returned else []
    return written if len(written) == 1 else []


def _more_texts(evidence: Evidence) -> list[str]:
    kinds = (*_RETURNED_TYPES, *_STATUS_TYPES, "text/plain")
    parts = [part for part in evidence.parts if part.type in kinds][:5]
    return [parse.decode(parse.payload(evidence.raw, part)[:20_000]).replace("\r\n", "\n") for part in parts]


def _others(evidence: Evidence, found: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    """The same without what only looks like a recipient: Message-IDs, and the two ends of the notice itself."""
    ids = re.findall(rb"message-id:[ \t]{0,5}(?:\r?\n[ \t])?<([^<>\s]{3,250})>", evidence.raw[:_MOST], re.IGNORECASE)
    ends = {address.key for address in (*evidence.top.authors, *evidence.top.to)} if sum(map(len, found)) > 1 else set()
    not_people = ends | {parse.decode(one).lower() for one in ids}
    lasting, passing = ([spec for spec in specs if spec.lower() not in not_people] for specs in found)
    return lasting, passing


def _known(found: frozenset[bytes]) -> list[str]:
    return [spec for one in sorted(found) if (spec := _recipient(parse.decode(bytes(one))))]


def _returned(evidence: Evidence) -> tuple[MessageId, ...]:
    """The Message-IDs of the mail that came back: from its own part, else from the words of the notice."""
    found: list[MessageId] = []
    for part in evidence.parts:
        if part.type in _RETURNED_TYPES:
            content = parse.payload(evidence.raw, part)[: 256 * 1024].lstrip()
            fields, _, _ = parse.fields_of(content, 0, len(content), parse.Limits())
            found.append(parse.message_id(parse.first(fields, "message-id")))
    lines = re.findall(r"^[> \t]*message-id:\s*<([^<>\s]{3,250})>", evidence.text[:_MOST], re.IGNORECASE | re.MULTILINE)
    return tuple(MessageId(one) for one in dict.fromkeys([*found, *lines]) if one)[:20]
