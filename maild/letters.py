"""From a draft to a finished mail: what it says, under which names, with which signed addresses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from maild.abreast import Steps, alone
from maild.compose import Letter, Unfit, composing
from maild.decision import Draft, Notice
from maild.desk import Desk
from maild.headers import spec_of
from maild.lines import line
from maild.mail import Address, Attachment, Envelope, MessageId, Outgoing
from maild.telling import Material, Press, subject_of, tell
from maild.templates.facts import Telling
from maild.threading.masks import bytes_without_tokens, tokens_in, without_token, without_tokens
from maild.threading.tags import Keyring, split_token, with_token
from maild.ticket import Party, Ticket, Use

AGENT_ATTACHMENTS = 10 * 1024 * 1024
"""Bytes of attachments that a mail to an agent carries; what is left out is said."""

_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+", re.IGNORECASE)
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\[\]:-]+")


class Names(NamedTuple):
    """What a mail is called, and the address that its bounces come back to; "" is the null sender."""

    message_id: MessageId
    sender: str


def shown_subject(ticket: Ticket, press: Press, *, person: bool) -> str:
    """The subject of all mails of this ticket: the customer's own words only where they were proven, or a person
    writes first; never an address or a link, 100 characters at most."""
    words = " ".join(_LINK.sub("", ticket.subject).split())[:100].strip()
    if not (ticket.requester.proven or person) or not words:
        zone, at = press.desk.timezone, ticket.created_at
        local = at.astimezone(zone)
        named = line("your_message_of", day=local.day, month=local.month)
        words = press.templates.say(named, ticket.language or press.desk.language, zone, at)
    return f"[#{ticket.number}] {words}"


def write(
    draft: Draft, material: Material, press: Press, row: int, now: datetime, names: Names | None = None
) -> Outgoing | Unfit:
    """`writing` in one go."""
    return alone(writing(draft, material, press, row, now, names))


def writing(
    draft: Draft, material: Material, press: Press, row: int, now: datetime, names: Names | None = None
) -> Steps[Outgoing | Unfit]:
    """The finished mail of a draft; the same for the same arguments. `names` are those that `names_of` gives."""
    desk, keyring, ticket = press.desk, press.keyring, material.ticket
    base = ticket.address if ticket else desk.address
    number = ticket.number if ticket else 0
    message_id, sender = names or names_of(draft, ticket, press, row, now)
    attachments, left_out = _attached(draft, material.originals)
    reply_to = _reply_to(draft, base, number, press, now)
    yield
    telling = tell(draft, material, press, row, now, left_out, reply_to)
    yield
    rendered = yield from press.templates.rendering(telling)
    yield
    texts = _without_foreign((rendered.text, rendered.html), draft, number, row, press, reply_to)
    yield
    ids = tuple(one for one in material.ids if _bears(one, draft.to, keyring))
    references = tuple(dict.fromkeys((*_root(ticket), *ids[-8:], *_cause(material))))
    named = Address(draft.to.address, without_tokens(draft.to.name) if draft.to.agent or draft.proven else "")
    letter = Letter(
        message_id=message_id,
        date=now,
        from_=Address(base, _from_name(draft, desk)),
        to=(named,),
        reply_to=reply_to,
        subject=subject_of(draft, ticket, press, now),
        in_reply_to=next(iter((*_cause(material), *ids[-1:])), MessageId("")),
        references=references,
        extra=tuple(_extra(draft, ticket, telling)),
        text=texts[0],
        html=texts[1],
        attachments=attachments,
        sender=sender,
        recipient=draft.to.address,
    )
    yield
    return (yield from composing(letter))


def names_of(draft: Draft, ticket: Ticket | None, press: Press, row: int, now: datetime) -> Names:
    """The names that a mail has before it has any content."""
    base = ticket.address if ticket else press.desk.address
    message_id = press.keyring.message_id(ticket.number if ticket else 0, draft.to.number, row, now)
    return Names(message_id, _sender(draft, base, row, press))


def addressed(names: Names, draft: Draft) -> Outgoing:
    """The mail that `write` will make of a draft, with its name and its envelope, and without its content."""
    return Outgoing(names.message_id, Envelope(spec_of(names.sender), spec_of(draft.to.address)), b"")


def _without_foreign(
    texts: tuple[str, str], draft: Draft, number: int, row: int, press: Press, reply_to: str
) -> tuple[str, str]:
    """The texts with no signed address but the reader's own: no other ever leaves, in whatever name or word of a
    stranger's it came (DESIGN 3.3)."""
    mine = {(number, draft.to.number), *((fresh.ticket, fresh.party) for fresh in draft.fresh)}
    for found in frozenset().union(*map(tokens_in, texts)) - {split_token(reply_to)[1]}:
        token = press.keyring.read(found)
        if token is None:
            continue
        own = token.ticket == row if token.use in {Use.CONFIRM, Use.BOUNCE} else (token.ticket, token.party) in mine
        if not own:
            texts = (without_token(texts[0], found), without_token(texts[1], found))
    return texts


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
    who = without_tokens(entry.name or entry.author)
    return f"{who} (via {desk.name})"


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


_MOVES = frozenset(
    {Notice.OWNER_CHANGED, Notice.ESCALATED, Notice.OWNER_SET, Notice.RECEIVED, Notice.FOLLOW_UP, Notice.ASSIGNED}
)


def _attached(draft: Draft, originals: tuple[Attachment, ...]) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """What a mail carries, and the names of what is too much for a mail to an agent; the newest mails go first."""
    clean = _masked(draft.attachments)
    if draft.to.agent is None:
        return clean, ()
    taken: list[Attachment] = []
    left: list[str] = []
    room = AGENT_ATTACHMENTS
    for attachment in (*clean, *reversed(originals)):
        if attachment.size <= room:
            room -= attachment.size
            taken.append(attachment)
        else:
            left.append(attachment.name)
    files = sorted((one for one in taken if one in originals), key=lambda one: one.name)
    return (*(one for one in taken if one not in originals), *files), tuple(left)


@lru_cache(maxsize=1)
def _masked(attachments: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    """The attachments with the signed addresses in them blotted out; the same ones go to everybody who is told."""
    clean = []
    for one in attachments:
        content, name = bytes_without_tokens(one.content), without_tokens(one.name)
        same = content is one.content and name == one.name
        clean.append(one if same else replace(one, name=name, content=content, size=len(content)))
    return tuple(clean)
