"""What a verdict on who speaks is made from, and the verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from maild.ingest.origin import DIRECT, Origin
from maild.ingest.parse import Sheet
from maild.ingest.parts import Part
from maild.mail import Kind, MessageId, Undelivered

# Local parts that tell a machine.
NOREPLY = re.compile(
    r"(?:do[-_.]?)?(?:no|not)[-_.]?reply.*|.*[-_.+](?:do[-_.]?)?no[-_.]?reply|noresponse|no[-_.]response"
)
DAEMON = re.compile(r"mailer[-_.]?daemon.*|mail[-_.]?daemon|postmaster|mailerdaemon|mdaemon|autoreply|auto-reply")
ROBOT = re.compile(
    r"(?:(?:auto)?notif(?:y|ications?|ier)|robot|bot|cron(?:daemon)?|daemon|root|alerts?|monitor(?:ing)?|nagios|newsletters?|"
    r"mailings?|listserv|majordomo|lists?erver|noc-alert|wwwrun|www-data|apache|nobody|rssfeeds|www-run|ndr|.*anti[-_]?virus)(?:[-_.+].*)?"
)


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
    """What a verdict is made from. `sender` is the reverse path: "" is the null one, None is not known.

    `speakers` are the local parts that may tell a machine, in lower case: From, Sender, envelope and Return-Path; of a
    mail that a form or a group hands on, the author's alone.
    """

    top: Sheet
    raw: bytes
    parts: tuple[Part, ...]
    root: Part | None
    text: str
    sender: str | None
    origin: Origin = DIRECT
    speakers: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        specs = [address.spec for address in self.top.authors]
        if self.origin.direct:
            specs += [self.sender or "", *self.top.values("return-path"), *self.top.values("sender")]
        # mostly they are all the same, and each is held against many patterns
        object.__setattr__(self, "speakers", tuple(dict.fromkeys(filter(None, map(local_part, specs)))))

    def header(self, name: str) -> str:
        values = self.top.named.get(name)
        return " ".join(values).strip() if values else ""

    @property
    def null_sender(self) -> bool:
        paths = self.top.values("return-path")
        return self.sender == "" if self.sender is not None or not paths else paths[0].strip() in {"<>", ""}

    @property
    def report_type(self) -> str:
        root = self.root
        return root.params.get("report-type", "").lower() if root and root.type == "multipart/report" else ""

    def has(self, *types: str) -> bool:
        return any(part.type in types for part in self.parts)


_BRACKETED = re.compile(r"<([^<>]*)>")


def local_part(spec: str) -> str:
    """The part of an address before its last @, in lower case; with or without angle brackets."""
    inside = _BRACKETED.search(spec) if "<" in spec else None
    return (inside[1] if inside else spec).strip().rpartition("@")[0].lower()
