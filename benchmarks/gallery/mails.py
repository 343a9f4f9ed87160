"""Sample facts to whole mails, as they leave: every header, every signed address, text, HTML and files."""

from __future__ import annotations

import hashlib
import mimetypes
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from benchmarks.gallery import png
from benchmarks.gallery.facts import spoken
from maild import letters
from maild.abreast import Steps
from maild.compose import Unfit
from maild.decision import Draft, Notice
from maild.desk import Agent, AgentId, Desk, Team, TeamId
from maild.lines import Line
from maild.mail import Attachment, MessageId, Outgoing
from maild.telling import Material, Press
from maild.templates.facts import Telling
from maild.templates.render import Rendered, Templates
from maild.templates.samples import NOW, REPLY_TO, samples
from maild.threading.tags import Keyring, split_token, with_token
from maild.ticket import Code, Entry, Party, Priority, Reason, Role, Status, Ticket, TicketNo, Use, Voice

_AGENTS = tuple(
    Agent(AgentId(name.split()[0].lower()), name, f"{name.split()[0].lower()}@agents.example")
    for name in ("Ann Lee", "Ben Ode", "Cleo Roy", "Dana Kim")
)
_TEAM = Team(TeamId("billing"), "Billing", tuple(agent.id for agent in _AGENTS), public_name="our accounts team")
DESK = Desk(
    name="Example Support",
    address=split_token(REPLY_TO)[0],
    agents=_AGENTS,
    teams=(_TEAM,),
    team=_TEAM.id,
    timezone=ZoneInfo("Europe/Paris"),
)
_KEYRING = Keyring(DESK.domain, ((1, bytes(range(32))),))
_CUSTOMER = Party(1, "luc@example.org", "Luc Petit", Role.REQUESTER)
_READER = Party(2, "ben@agents.example", "Ben Ode", Role.AGENT, proven=True, agent="ben")
_ROOT = MessageId("2026112114.7a2f@mail.example.org")
_SUBJECT = "Invoice 77 shows two licences"
_PICTURE = png.plain(900, 100, (11, 107, 203))
_FILE = b"%PDF-1.4\n% a file that somebody attached\n%%EOF\n"


class UnfitError(Exception):
    """A mail that must not leave, and why."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A mail and what its reader sees: the parts as they are read back from its bytes.

    `number` counts the samples of one notice, `to_customer` tells who reads it; `pictures` are the images of the HTML,
    by Content-ID.
    """

    notice: str
    number: int
    to_customer: bool
    language: str
    outgoing: Outgoing
    head: tuple[tuple[str, str], ...]
    text: str
    html: str
    pictures: tuple[tuple[str, bytes], ...]

    @property
    def name(self) -> str:
        """What tells the samples of all languages apart."""
        return f"{self.language}/{self.notice}-{self.number}"


class _Speaker(Templates):
    """Puts a sample's facts into words in place of those of the draft, whose signed addresses they get."""

    def __init__(self, templates: Templates, sample: Telling, row: int) -> None:
        self._templates = templates
        self._sample = sample
        self._row = row

    def rendering(self, telling: Telling) -> Steps[Rendered]:
        return self._templates.rendering(addressed(self._sample, telling, self._row))

    def say(self, said: Line, language: str, zone: ZoneInfo, now: datetime) -> str:
        return self._templates.say(said, language, zone, now)


def addressed(sample: Telling, telling: Telling, row: int) -> Telling:
    """The sample with the addresses of a mail that leaves, in place of those that only look like such, and with the
    ways that the desk offers to a customer, where the sample names none."""
    reply_to = telling.reply_to
    confirm = with_token(DESK.address, _KEYRING.make(Use.CONFIRM, row, _READER.number, NOW))
    actions = tuple(replace(one, to=reply_to if one.to == REPLY_TO else confirm) for one in sample.actions)
    offered = actions if sample.to_agent or actions else telling.actions
    return sample._replace(reply_to=reply_to, actions=offered)


def named(sample: Telling) -> str:
    """The notice; where customers get another mail under the name of an agent's, `your-` stands before it."""
    theirs = not sample.to_agent and not sample.notice.to_customers
    return f"your-{sample.notice.value}" if theirs else sample.notice.value


def sights(language: str, templates: Templates, chosen: tuple[Telling, ...] | None = None) -> list[Sight]:
    """Every sample as a mail in this language, in the order of the samples; UnfitError where one may not leave."""
    seen: Counter[str] = Counter()
    made = []
    for row, sample in enumerate(samples() if chosen is None else chosen, 1):
        notice = named(sample)
        seen[notice] += 1
        told = spoken(sample, language)._replace(language=language)
        made.append(_sight(seen[notice], notice, told, mail(told, templates, row)))
    return made


def mail(sample: Telling, templates: Templates, row: int) -> Outgoing:
    """The mail that tells these facts, as it leaves; UnfitError where it may not."""
    agents, teams = spoken(DESK.agents, sample.language), spoken(DESK.teams, sample.language)
    desk = replace(DESK, name=sample.desk, language=sample.language, accent=sample.accent, agents=agents, teams=teams)
    press = Press(desk, _KEYRING, _Speaker(templates, sample, row))
    draft = _draft(sample)
    ticket = _ticket(sample, draft, press) if sample.number else None
    ids = (_KEYRING.message_id(sample.number, draft.to.number, row + 1000, NOW),) if sample.number else ()
    cause = MessageId("") if sample.to_agent and sample.notice is not Notice.CUSTOMER_REPLIED else _ROOT
    written = letters.write(draft, Material(ticket, ids=ids, cause=cause), press, row, NOW)
    if isinstance(written, Unfit):
        raise UnfitError(f"{sample.language}/{sample.notice.value}: {written.reason}")
    return written


def _draft(sample: Telling) -> Draft:
    theirs = not sample.to_agent
    uses = {True: Use.CUSTOMER, False: Use.REPLY if sample.number else Use.PERSONAL}
    speaks = sample.notice.value in {"assigned", "customer-replied", "note", "linked"} or bool(sample.words)
    entry = Entry(
        NOW, _CUSTOMER.address, sample.words_by, Voice.PUBLIC, sample.words, _ROOT, agent=_id(sample, sample.words_by)
    )
    return Draft(
        to=spoken(replace(_CUSTOMER, proven=sample.known) if theirs else _READER, sample.language),
        tells=frozenset(one for one in map(Notice, sample.tells) if theirs or not one.to_customers),
        reply_use=uses[theirs],
        auto=not speaks,
        answers=sample.notice in {Notice.RECEIVED, Notice.FOLLOW_UP},
        entry=entry if sample.words else None,
        attachments=(*map(_file, sample.attachments), *(_inline(one.content_id, one.name) for one in sample.pictures)),
        null_sender=sample.notice is Notice.UNDELIVERABLE,
        proven=sample.known or not theirs,
        above=sample.above,
    )


def _ticket(sample: Telling, draft: Draft, press: Press) -> Ticket:
    why = Reason(Code(sample.why_code or "routing"), sample.why, sample.why_by) if sample.why else None
    ticket = Ticket(
        number=TicketNo(sample.number),
        subject=spoken(_SUBJECT, sample.language),
        shown="",
        status=Status(sample.status),
        owner=_id(sample, sample.contact) if sample.owned else None,
        team=_TEAM.id,
        priority=Priority(sample.priority),
        level=1,
        address=DESK.address,
        language=sample.language,
        created_at=NOW,
        updated_at=NOW,
        parties=spoken((replace(_CUSTOMER, proven=sample.known), _READER), sample.language),
        root=_ROOT,
        why=why,
        previous_owner=_id(sample, sample.previous),
    )
    return replace(ticket, shown=letters.shown_subject(ticket, press, person=not draft.auto))


def _id(sample: Telling, name: str) -> str | None:
    return next((agent.id for agent in spoken(_AGENTS, sample.language) if agent.name == name), None)


def _file(name: str) -> Attachment:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Attachment(name, kind, len(_FILE), hashlib.sha256(_FILE).hexdigest(), _FILE)


def _inline(content_id: str, name: str) -> Attachment:
    digest = hashlib.sha256(_PICTURE).hexdigest()
    return Attachment(name, "image/png", len(_PICTURE), digest, _PICTURE, content_id=content_id, inline=True)


def _sight(number: int, notice: str, sample: Telling, outgoing: Outgoing) -> Sight:
    message = message_from_bytes(outgoing.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = {kind: part for kind in ("plain", "html") if (part := message.get_body((kind,))) is not None}
    pictures = tuple(
        (str(part["Content-ID"]).strip("<>"), bytes(part.get_content()))
        for part in message.walk()
        if part["Content-ID"]
    )
    head = tuple((field, str(value)) for field, value in message.items() if field in _HEAD or field in _OURS)
    text, html = (str(parts[kind].get_content()) for kind in ("plain", "html"))
    return Sight(notice, number, not sample.to_agent, sample.language, outgoing, head, text, html, pictures)


_HEAD = ("From", "To", "Subject")
_OURS = ("X-Maild-Notice", "X-Maild-Reason", "X-Maild-Previous-Owner")
