"""Who speaks: a person or which machine, and whether a machine's answer to it could do harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maild.ingest.bounces import by_report, by_words, complaint, receipt
from maild.ingest.evidence import DAEMON, NOREPLY, ROBOT, Evidence, Verdict
from maild.ingest.origin import NOBODY
from maild.mail import Kind

_PASSED_ON = re.compile(
    r"(?:fwd?|wg|tr): ?(?:returned mail: see transcript|undelivered mail returned to sender|failure notice|"
    r"mail delivery failed: returning|delivery status notification \(failure\))",
    re.IGNORECASE,
)


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


def judge(evidence: Evidence, ours: Ours) -> Verdict:
    """Say who speaks; a bounce is looked for first, because most bounces bear the marks of an automatic reply too."""
    for look in (by_report, complaint, receipt, by_words):
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
    if evidence.origin.mute:
        return Verdict(Kind.PERSON, False, (NOBODY,))
    if _PASSED_ON.match(evidence.top.subject):
        return Verdict(Kind.PERSON, False, ("a bounce that a person passed on",))
    return Verdict(Kind.PERSON, True, ("no mark of a machine",))


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
_LISTED = re.compile(
    r"owner-.*|.*-(?:owner|request|bounces?|admin)|bounces?[-+=].*|.*[-+]bounces?(?:[-+=].*)?|.*-errors?"
)
_LIST_HEADERS = (
    *("list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-archive", "list-owner"),
    *("mailing-list", "x-mailing-list", "x-list", "x-mailman-version", "x-listname"),
)
_ROBOT_HEADERS = (
    *("feedback-id", "x-loop", "x-cron-env", "x-github-reason", "x-campaign", "x-campaignid", "x-mailgun-sid"),
    *("x-ses-outgoing", "x-sg-eid", "x-report-abuse-to", "tls-report-domain", "x-google-group-id"),
)
_GROUP_HEADERS = frozenset({"x-google-group-id", "x-loop"})


_LIST_TAG = re.compile(r"(?:[a-z]{2,3}: ?)?\[([\w.+-]{2,40})\]", re.IGNORECASE)
_DMARC_REPORT = re.compile(r"\breport[ -]domain: ?\S+ .*\bsubmitter:", re.IGNORECASE)


def _marks(evidence: Evidence, ours: Ours) -> list[_Mark]:
    """What tells a machine; what a web form or a group of the operator's adds to everybody's mail does not."""
    if evidence.origin.form:
        return [*_reply_marks(evidence), *_speaker_marks(evidence)]
    tag = () if evidence.origin.group else _tag_marks(evidence, ours)
    return [*_reply_marks(evidence), *_list_marks(evidence), *tag, *_robot_marks(evidence)]


def _tag_marks(evidence: Evidence, ours: Ours) -> Iterator[_Mark]:
    """The tag that a list puts before the subject, where it names the address that the mail was written to."""
    tag = _LIST_TAG.match(evidence.top.subject)
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
    # what stands there twice was written by another list, behind the group that people may write through
    usual = 1 if evidence.origin.group else 0
    for name in _LIST_HEADERS:
        if len(evidence.top.values(name)) > usual:
            yield _Mark(Kind.LIST, name)
    precedence = evidence.header("precedence").lower()
    if precedence in {"list", "bulk", "junk"} and not (usual and precedence != "junk"):
        yield _Mark(Kind.LIST, f"Precedence: {precedence}")
    for local in evidence.speakers:
        if _LISTED.fullmatch(local):
            yield _Mark(Kind.LIST, f"the sender's name is a list's: {local[:60]}")


def _speaker_marks(evidence: Evidence) -> Iterator[_Mark]:
    for local in evidence.speakers:
        if NOREPLY.fullmatch(local) or DAEMON.fullmatch(local) or ROBOT.fullmatch(local):
            yield _Mark(Kind.NOTIFICATION, f"the sender's name is a machine's: {local[:60]}")


def _robot_marks(evidence: Evidence) -> Iterator[_Mark]:
    submitted = evidence.header("auto-submitted").partition(";")[0].strip().lower()
    if submitted and submitted != "no":
        yield _Mark(Kind.NOTIFICATION, f"Auto-Submitted: {submitted[:40]}")
    if evidence.null_sender:
        yield _Mark(Kind.NOTIFICATION, "the envelope sender is empty")
    suppress = evidence.header("x-auto-response-suppress").lower()
    if suppress and re.search(r"\b(?:all|autoreply|oof|dr)\b", suppress):
        yield _Mark(Kind.NOTIFICATION, "X-Auto-Response-Suppress")
    for name in _ROBOT_HEADERS:
        if evidence.top.values(name) and not (evidence.origin.group and name in _GROUP_HEADERS):
            yield _Mark(Kind.NOTIFICATION, name)
    yield from _speaker_marks(evidence)
    if evidence.report_type or (evidence.root and evidence.root.type == "multipart/report"):
        yield _Mark(Kind.NOTIFICATION, "multipart/report")
    if _DMARC_REPORT.search(evidence.top.subject[:500]):
        yield _Mark(Kind.NOTIFICATION, "a DMARC report")
    if any("in a circle" in fault for fault in evidence.top.faults):
        yield _Mark(Kind.NOTIFICATION, "the mail goes in a circle")
