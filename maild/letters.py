"""From a draft to a finished mail: what it says, under which names, with which signed addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from maild.commands import KNOWN
from maild.compose import Letter, Unfit, compose
from maild.decision import Draft, Notice
from maild.desk import Desk
from maild.headers import spec_of
from maild.lines import Line, line
from maild.mail import Address, Attachment, Envelope, MessageId, Outgoing
from maild.reasons import Phrase
from maild.templates.facts import Action, Command, Happened, Picture, Row, Said, Telling
from maild.templates.render import Templates
from maild.threading.masks import bytes_without_tokens, for_customers, tokens_in, without_tokens
from maild.threading.tags import Keyring, with_token
from maild.ticket import Entry, Event, Party, Reason, Ticket, Use, Voice

AGENT_ATTACHMENTS = 10 * 1024 * 1024
"""Bytes of attachments that a mail to an agent carries; what is left out is said."""

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\[\]:-]+")


@dataclass(frozen=True, slots=True)
class Material:
    """What is known when a draft gets its words: the ticket as it will stand, and what was said and done on it.

    `ids` are our earlier Message-IDs to this reader, `cause` the Message-ID of the mail that this one answers, where
    the reader wrote it. `about` is the ticket that `#show` or `#history` asked for, `listed` what `#list` found.
    """

    ticket: Ticket | None
    entries: tuple[Entry, ...] = ()
    ids: tuple[MessageId, ...] = ()
    cause: str = ""
    about: Ticket | None = None
    about_entries: tuple[Entry, ...] = ()
    history: tuple[Event, ...] = ()
    listed: tuple[Ticket, ...] = ()
    originals: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """What every mail is made with."""

    desk: Desk
    keyring: Keyring
    templates: Templates


def shown_subject(ticket: Ticket, desk: Desk, *, person: bool) -> str:
    """The subject of all mails of this ticket: the customer's own words only where they were proven, or a person
    writes first; never an address or a link, 100 characters at most."""
    words = " ".join(_LINK.sub("", ticket.subject).split())[:100].strip()
    if not (ticket.requester.proven or person) or not words:
        local = ticket.created_at.astimezone(desk.timezone)
        words = f"Your message of {local.day} {_MONTHS[local.month - 1]}"
    return f"[#{ticket.number}] {words}"


def write(draft: Draft, material: Material, press: Press, row: int, now: datetime) -> Outgoing | Unfit:
    """The finished mail of a draft; the same for the same arguments."""
    desk, keyring, ticket = press.desk, press.keyring, material.ticket
    base = ticket.address if ticket else desk.address
    number = ticket.number if ticket else 0
    attachments, left_out = _attached(draft)
    reply_to = _reply_to(draft, base, number, press, now)
    telling = _telling(draft, material, press, row, now, left_out, reply_to)
    rendered = press.templates.render(telling)
    if _holds_foreign(f"{rendered.text}\n{rendered.html}", draft, number, row, keyring):
        return Unfit("it would show a signed address that belongs to somebody else")
    message_id = keyring.message_id(number, draft.to.number, row, now)
    ids = tuple(one for one in material.ids if _bears(one, draft.to, keyring))
    references = tuple(dict.fromkeys((*_root(ticket), *ids[-8:], *_cause(material))))
    named = Address(draft.to.address, draft.to.name if draft.to.agent or draft.proven else "")
    return compose(
        Letter(
            message_id=message_id,
            date=now,
            from_=Address(base, _from_name(draft, desk)),
            to=(named,),
            reply_to=reply_to,
            subject=_subject(draft, ticket, desk),
            in_reply_to=next(iter((*_cause(material), *ids[-1:])), MessageId("")),
            references=references,
            extra=tuple(_extra(draft, ticket, telling)),
            text=rendered.text,
            html=rendered.html,
            attachments=attachments,
            sender=_sender(draft, base, row, press),
            recipient=draft.to.address,
        )
    )


def addressed(draft: Draft, ticket: Ticket | None, press: Press, row: int, now: datetime) -> Outgoing:
    """The mail that `write` will make of a draft, with its name and its envelope, and without its content."""
    base = ticket.address if ticket else press.desk.address
    message_id = press.keyring.message_id(ticket.number if ticket else 0, draft.to.number, row, now)
    return Outgoing(message_id, Envelope(spec_of(_sender(draft, base, row, press)), spec_of(draft.to.address)), b"")


def _holds_foreign(text: str, draft: Draft, number: int, row: int, keyring: Keyring) -> bool:
    """Whether a signed address that is not the reader's own stands in the text: what must never leave (DESIGN 3.3)."""
    mine = {(number, draft.to.number), *((fresh.ticket, fresh.party) for fresh in draft.fresh)}
    for found in tokens_in(text):
        token = keyring.read(found)
        if token is None:
            continue
        own = token.ticket == row if token.use in {Use.CONFIRM, Use.BOUNCE} else (token.ticket, token.party) in mine
        if not own:
            return True
    return False


def _bears(one: MessageId, reader: Party, keyring: Keyring) -> bool:
    """Whether an id of ours bears the number that the reader has now; one that is void is not repeated."""
    ours = keyring.read_id(one)
    return ours is not None and ours.token.party == reader.number


def _root(ticket: Ticket | None) -> tuple[MessageId, ...]:
    return (MessageId(ticket.root),) if ticket and ticket.root else ()


def _cause(material: Material) -> tuple[MessageId, ...]:
    """The one thing of a stranger's that we repeat: an id of dot-atom characters, 200 octets at most."""
    cause = material.cause
    return (MessageId(cause),) if cause and len(cause) <= 200 and _DOT_ATOM.fullmatch(cause) else ()


def _from_name(draft: Draft, desk: Desk) -> str:
    entry = draft.entry
    if entry is None or draft.auto:
        return desk.name
    if draft.to.agent is None:
        agent = desk.agent(entry.agent)
        return f"{agent.name} ({desk.name})" if agent else desk.name
    who = entry.name or entry.author
    return f"{who} (via {desk.name})"


def _subject(draft: Draft, ticket: Ticket | None, desk: Desk) -> str:
    if ticket is None:
        return f"{desk.name}: {draft.notice.value}"
    if draft.to.agent is None and draft.to.number:
        return ticket.shown
    return f"[#{ticket.number}] {without_tokens(ticket.subject)}"


def _reply_to(draft: Draft, base: str, number: int, press: Press, now: datetime) -> str:
    if not press.desk.subaddress or not draft.to.number:
        return base
    return with_token(base, press.keyring.make(draft.reply_use, number, draft.to.number, now))


def _sender(draft: Draft, base: str, row: int, press: Press) -> str:
    if draft.null_sender:
        return ""
    return with_token(base, press.keyring.make_bounce(row)) if press.desk.subaddress else base


def _extra(draft: Draft, ticket: Ticket | None, telling: Telling) -> list[tuple[str, str]]:
    extra: list[tuple[str, str]] = []
    if ticket is not None:
        extra.append(("X-Maild-Ticket", str(ticket.number)))
        extra.append(("X-Maild-Status", ticket.status.value))
        if telling.owned:
            extra.append(("X-Maild-Owner", telling.contact))
    extra.append(("X-Maild-Notice", draft.notice.value))
    if ticket is not None and telling.why and draft.tells & _MOVES:
        if telling.previous and Notice.OWNER_CHANGED in draft.tells:
            extra.append(("X-Maild-Previous-Owner", telling.previous))
        extra.append(("X-Maild-Reason", f"{telling.why_code}; {telling.why}"))
    if draft.auto:
        extra.append(("Auto-Submitted", "auto-replied" if draft.answers else "auto-generated"))
        extra.append(("X-Auto-Response-Suppress", "All"))
    elif draft.to.agent is not None:
        extra.append(("X-Auto-Response-Suppress", "DR, RN, NRN"))
    extra.append(("Content-Language", telling.language))
    return extra


_MOVES = frozenset({Notice.OWNER_CHANGED, Notice.OWNER_SET, Notice.RECEIVED, Notice.FOLLOW_UP, Notice.ASSIGNED})


def _attached(draft: Draft) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    clean = _masked(draft.attachments)
    if draft.to.agent is None:
        return clean, ()
    taken: list[Attachment] = []
    left: list[str] = []
    room = AGENT_ATTACHMENTS
    for attachment in clean:
        if attachment.size <= room:
            room -= attachment.size
            taken.append(attachment)
        else:
            left.append(attachment.name)
    return tuple(taken), tuple(left)


@lru_cache(maxsize=1)
def _masked(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """The attachments with the signed addresses in them blotted out; the same ones go to everybody who is told."""
    clean = []
    for one in attachments:
        content = bytes_without_tokens(one.content)
        clean.append(one if content is one.content else replace(one, content=content, size=len(content)))
    return tuple(clean)


def _telling(
    draft: Draft, material: Material, press: Press, row: int, now: datetime, left_out: tuple[str, ...], reply_to: str
) -> Telling:
    desk, ticket = press.desk, material.ticket
    reader = desk.agent(draft.to.agent)
    zone = (reader.timezone if reader else None) or desk.timezone
    language = _language(draft, ticket, desk)
    common: dict[str, Any] = {
        "notice": draft.notice,
        "tells": frozenset(notice.value for notice in draft.tells),
        "language": language,
        "zone": zone,
        "zone_name": _city(zone),
        "now": now,
        "desk": desk.name,
        "accent": desk.accent,
        "to_agent": draft.to.agent is not None or not draft.to.number,
        "to_name": draft.to.name if draft.to.agent or draft.proven else "",
        "known": draft.proven or not draft.auto or draft.to.agent is not None,
        "lines": tuple(without_tokens(_says(one, press, language, zone, now)) for one in draft.lines),
        "kept_text": without_tokens(draft.kept_text),
        "recipient": draft.recipient,
        "reply_to": reply_to,
        "attachments": tuple(a.name for a in draft.attachments if not a.inline and a.name not in left_out),
        "left_out": left_out,
        "pictures": tuple(Picture(a.content_id, a.name) for a in draft.attachments if a.inline and a.content_id),
    }
    if ticket is None:
        asked = (_yes(draft, desk.address, _subject(draft, None, desk), press, row, now),) if draft.question else ()
        rows = tuple(_row(one, desk) for one in material.listed)
        return Telling(**common, commands=_help() if draft.notice is Notice.HELP else (), rows=rows, actions=asked)
    before = ticket.previous_owner
    wrote = before is not None and any(e.agent == before and e.voice is Voice.PUBLIC for e in material.entries)
    common["previous_wrote"] = wrote
    facts = (
        common
        | _state(ticket, desk)
        | {"why": _why(ticket.why, press, language, zone, now)}
        | _last(draft, material, desk)
        | _words(draft)
    )
    if draft.to.agent is not None or not draft.to.number:
        facts |= _inside(draft, material, press, row, now, language, zone)
    else:
        facts["why"] = for_customers(facts["why"], desk, ticket.address)
        if ticket.solved_at is not None:
            facts["close_at"] = ticket.solved_at + desk.tickets.close_after
    return Telling(**facts)


def _language(draft: Draft, ticket: Ticket | None, desk: Desk) -> str:
    """The language of the reader: an agent's own, a customer's ticket's, else the desk's."""
    if draft.to.agent is not None or not draft.to.number:
        reader = desk.agent(draft.to.agent)
        return (reader.language if reader else "") or desk.language
    return (ticket.language if ticket else "") or desk.language


def _says(one: str | Line, press: Press, language: str, zone: ZoneInfo, now: datetime) -> str:
    return one if isinstance(one, str) else press.templates.say(one, language, zone, now)


def _why(reason: Reason | None, press: Press, language: str, zone: ZoneInfo, now: datetime) -> str:
    """The reason's words in the reader's language: our own phrases, else a rule's text by language, else as written."""
    match reason:
        case None:
            return ""
        case Reason(phrase=Phrase.ADDRESS):
            plain, _, team = reason.who.partition("\t")
            return _says(line("why_address", plain=plain, team=team), press, language, zone, now)
        case Reason(phrase=Phrase.AWAY_UNTIL):
            return _says(line("why_away_until", who=reason.who, until=reason.until), press, language, zone, now)
        case Reason(phrase=str() as phrase) if phrase:
            return _says(line(f"why_{phrase}", who=reason.who), press, language, zone, now)
        case _:
            return dict(reason.texts).get(language) or reason.text


def _state(ticket: Ticket, desk: Desk) -> dict[str, Any]:
    owner, previous = desk.agent(ticket.owner), desk.agent(ticket.previous_owner)
    contact = desk.contact(ticket.owner, ticket.team)
    moved = ticket.why is not None
    return {
        "number": ticket.number,
        "subject": ticket.shown,
        "own_subject": ticket.subject,
        "status": ticket.status.value,
        "owned": owner is not None,
        "contact": contact,
        "contact_short": owner.short if owner else contact,
        "previous": previous.name if previous and moved and previous != owner else "",
        "previous_short": previous.short if previous and moved and previous != owner else "",
        "why_by": ticket.why.by if ticket.why else "",
        "why_code": ticket.why.code.value if ticket.why else "",
        "links": tuple(ticket.links),
    }


def _last(draft: Draft, material: Material, desk: Desk) -> dict[str, Any]:
    """The last public thing that was said, as the reader of this mail would tell it."""
    public = [entry for entry in material.entries if entry.voice is Voice.PUBLIC]
    if not public:
        return {}
    entry = public[-1]
    agent = desk.agent(entry.agent)
    mine = entry.author.lower() == draft.to.key
    who = agent.name if agent else "" if mine else (entry.name or entry.author) if draft.proven else ""
    return {"last_at": entry.at, "last_who": who, "last_event": "wrote" if agent else "received"}


def _words(draft: Draft) -> dict[str, Any]:
    entry = draft.entry
    if entry is None:
        return {}
    return {"words": without_tokens(entry.text), "words_by": entry.name or entry.author}


def _inside(
    draft: Draft, material: Material, press: Press, row: int, now: datetime, language: str, zone: ZoneInfo
) -> dict[str, Any]:
    """What only colleagues see."""
    desk, ticket = press.desk, material.ticket
    if ticket is None:
        return {}
    seen, entries = ticket, material.entries
    if material.about is not None and draft.notice in {Notice.SHOW, Notice.HISTORY}:
        seen, entries = material.about, material.about_entries
    requester = seen.requester
    team = desk.team_of(seen.team)
    owner = desk.agent(seen.owner)
    said = tuple(_said(entry, desk) for entry in entries) if draft.notice in _WITH_CONVERSATION else ()
    if draft.notice is Notice.HELD:
        said = tuple(one for one in said if draft.since is not None and one.at > draft.since)
    facts = {
        "subject": without_tokens(seen.subject),
        "customer": requester.name or requester.address,
        "customer_address": requester.address,
        "customer_proven": requester.proven,
        "team": team.name if team else seen.team,
        "owner": owner.name if owner else "",
        "priority": seen.priority.value,
        "tags": seen.tags,
        "role": _role(draft.to, seen),
        "said": said,
        "happened": tuple(
            Happened(e.at, e.event, e.who, without_tokens(_told(e, press, language, zone, now)), e.before, e.after)
            for e in material.history
        ),
        "rows": tuple(_row(one, desk) for one in material.listed),
        "commands": _help() if draft.notice is Notice.HELP else (),
        "actions": tuple(_actions(draft, ticket, press, row, now)),
    }
    if seen is not ticket:
        facts["why"] = _why(seen.why, press, language, zone, now)
        return _state(seen, desk) | facts
    return facts


def _told(event: Event, press: Press, language: str, zone: ZoneInfo, now: datetime) -> str:
    return _why(event.why, press, language, zone, now) if event.why else event.text


def _role(reader: Party, ticket: Ticket) -> str:
    if ticket.owner is None:
        return "team"
    return "owner" if reader.agent == ticket.owner else "colleague"


_WITH_CONVERSATION = frozenset(
    {
        *(Notice.ASSIGNED, Notice.CUSTOMER_REPLIED, Notice.NOTE, Notice.LINKED),
        *(Notice.SHOW, Notice.HELD, Notice.CONFIRM, Notice.REFUSED),
    }
)
"""Mails that need what was said; a receipt is read in a second."""


def _said(entry: Entry, desk: Desk) -> Said:
    agent = desk.agent(entry.agent)
    who = agent.name if agent else entry.name or entry.author
    text = without_tokens(entry.text)
    return Said(entry.at, who, entry.voice is Voice.NOTE, text, machine=entry.voice is Voice.MACHINE)


def _row(ticket: Ticket, desk: Desk) -> Row:
    owner = desk.agent(ticket.owner)
    requester = ticket.requester
    return Row(
        ticket.number,
        without_tokens(ticket.subject),
        ticket.status.value,
        owner.name if owner else "",
        requester.name or requester.address,
        ticket.updated_at,
    )


def _help() -> tuple[Command, ...]:
    return tuple(Command(known.form, known.help) for known in KNOWN if not known.later)


def _actions(draft: Draft, ticket: Ticket, press: Press, row: int, now: datetime) -> Sequence[Action]:
    """What an agent can do with one reply; each is a mailto with the words beside it."""
    if not draft.to.number or not press.desk.subaddress:
        return ()
    keyring, party = press.keyring, draft.to.number
    reply = with_token(ticket.address, keyring.make(Use.REPLY, ticket.number, party, now))
    subject = f"[#{ticket.number}] {without_tokens(ticket.subject)}"
    match draft.notice:
        case Notice.ASSIGNED | Notice.CUSTOMER_REPLIED:
            pass_on = Action("Pass on", reply, subject, "#assign WHO because …")
            solve = Action("Mark as solved", reply, subject, "#solved")
            return (pass_on, solve) if ticket.status.active else (pass_on,)
        case Notice.LINKED:
            note = with_token(ticket.address, keyring.make(Use.NOTE, ticket.number, party, now))
            return (Action("Let them take part", note, subject, "#accept"),)
        case Notice.REFUSED | Notice.HELD | Notice.CONFIRM | Notice.ABSENCE if draft.question is not None:
            return (_yes(draft, ticket.address, subject, press, row, now), *_fresh_ways(draft, keyring, now))
        case _:
            return tuple(_fresh_ways(draft, keyring, now))


def _yes(draft: Draft, base: str, subject: str, press: Press, row: int, now: datetime) -> Action:
    """The one word that does what the mail asks, at an address that does nothing else."""
    signed = with_token(base, press.keyring.make(Use.CONFIRM, row, draft.to.number, now))
    to = signed if press.desk.subaddress else base
    deed = draft.question.deed.partition(":")[0] if draft.question else ""
    return Action(_DEEDS.get(deed) or _YES[draft.notice], to, subject, "#yes")


_DEEDS = {
    "apply": "Yes, move the tickets",
    "undo": "No, I am here: take it back",
    "hand-back": "Take back those that nobody else has answered",
}
_YES = {
    Notice.REFUSED: "Send the text without commands",
    Notice.HELD: "Send it anyway",
    Notice.CONFIRM: "Yes, it was me",
}


def _fresh_ways(draft: Draft, keyring: Keyring, now: datetime) -> Iterator[Action]:
    """New addresses for replies, in place of those that are void."""
    for fresh in draft.fresh:
        to = with_token(fresh.address, keyring.make(Use.REPLY, fresh.ticket, fresh.party, now))
        subject = f"[#{fresh.ticket}] {without_tokens(fresh.subject)}"
        yield Action(f"Write to the customer of #{fresh.ticket}", to, subject, "")


def _city(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")
