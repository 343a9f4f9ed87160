"""The facts that a draft is put into words with, for its reader and from its ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from maild import reasons, wishes
from maild.canned import names
from maild.decision import Draft, Notice
from maild.desk import Desk
from maild.lines import Line, line
from maild.mail import Attachment, MessageId
from maild.offers import steps_of, wishes_for
from maild.promise import Promise, shown, told
from maild.templates.facts import Action, Command, Happened, Picture, Promised, Row, Said, Step, Telling
from maild.templates.render import Templates
from maild.threading.masks import for_customers, without_tokens
from maild.threading.tags import Keyring, with_token
from maild.ticket import Code, Entry, Event, Party, Reason, Ticket, Use, Voice
from maild.vocabulary import KNOWN, Takes


@dataclass(frozen=True, slots=True)
class Material:
    """What is known when a draft gets its words: the ticket as it will stand, and what was said and done on it.

    `ids` are our earlier Message-IDs to this reader, `cause` the Message-ID of the mail that this one answers, where
    the reader wrote it. `about` is the ticket that `#show` or `#history` asked for, `listed` what `#list` found.
    `dates_read` are the dates that earlier mails gave the reader of a mail about a date, oldest first; `date_known`
    says for a brief that the customer has read the date that is promised, `move_told` that a mail of the same turn
    tells the customer of the move. `solved_by` is who marked as solved a ticket
    that a customer reads of, as its history names them.
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
    earlier: tuple[int, int] = (0, 0)
    dates_read: tuple[datetime, ...] = ()
    date_known: bool = False
    move_told: bool = False
    solved_by: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """What every mail is made with."""

    desk: Desk
    keyring: Keyring
    templates: Templates


@dataclass(frozen=True, slots=True)
class _Reader:
    """Whom the mail speaks to: in which language, in which zone, and when; and whether a colleague's last day away may
    be told."""

    press: Press
    language: str
    zone: ZoneInfo
    now: datetime
    dated: bool = True

    def hears(self, one: str | Line) -> str:
        """A line in the reader's words."""
        return one if isinstance(one, str) else self.press.templates.say(one, self.language, self.zone, self.now)


def subject_of(draft: Draft, ticket: Ticket | None, press: Press, now: datetime) -> str:
    """The subject of the mail: a customer's never changes, an agent's shows what colleagues call the ticket."""
    if ticket is None:
        reader = _reader(draft, None, press, now)
        return reader.hears(line("subject_of_notice", desk=press.desk.name, notice=draft.notice.value))
    if draft.to.agent is None and draft.to.number:
        return ticket.shown
    return f"[#{ticket.number}] {without_tokens(ticket.subject)}"


def tell(
    draft: Draft, material: Material, press: Press, row: int, now: datetime, left_out: tuple[str, ...], reply_to: str
) -> Telling:
    """Everything that the mail may say; `left_out` are attachments that were too large, `reply_to` its own Reply-To.

    A mail of no ticket may tell of one: of the one that its reader asked to see.
    """
    desk = press.desk
    reader = _reader(draft, material.ticket, press, now)
    seen, entries = material.ticket, material.entries
    if material.about is not None and draft.notice in {Notice.SHOW, Notice.HISTORY}:
        seen, entries = material.about, material.about_entries
    facts = _common(draft, reader) | _words(draft)
    facts |= {
        "late_at": draft.late.due_at if draft.late and draft.late.due_at in material.dates_read else None,
        "reply_to": reply_to,
        "attachments": tuple(a.name for a in draft.attachments if not a.inline and a.name not in left_out),
        "left_out": left_out,
        "files": sum(one.name not in left_out for one in material.originals),
        "pictures": tuple(Picture(a.content_id, a.name) for a in draft.attachments if a.inline and a.content_id),
    }
    if seen is not None:
        facts |= _state(seen, desk) | _last(draft, entries, seen, desk, material.solved_by)
        read, due_at = material.dates_read, seen.promised_at
        facts["later"] = not read or due_at is None or due_at > read[-1]
        facts["why"] = _why(seen.why, reader)
        before = seen.previous_owner
        facts["previous_wrote"] = before is not None and any(
            entry.agent == before and entry.voice is Voice.PUBLIC for entry in entries
        )
    if draft.to.agent is not None or not draft.to.number:
        facts |= _inside(draft, material, reader)
        facts["actions"] = tuple(_actions(draft, material.ticket, reader, row, reply_to))
        return Telling(**facts | (_about(draft, seen, entries, material, reader) if seen is not None else {}))
    facts["actions"] = tuple(_ways(draft, material.ticket, reader, reply_to))
    if seen is not None:
        facts["steps"] = _steps(draft, material, seen, reader) if draft.notice is Notice.HISTORY else ()
        facts["why"] = for_customers(facts["why"], desk, seen.address)
        facts["close_at"] = None if seen.solved_at is None else seen.solved_at + desk.tickets.close_after
    return Telling(**facts)


def _reader(draft: Draft, ticket: Ticket | None, press: Press, now: datetime) -> _Reader:
    """An agent's own language and zone, else those of the desk; a customer's language is the ticket's."""
    desk = press.desk
    agent = desk.agent(draft.to.agent)
    zone = (agent.timezone if agent else None) or desk.timezone
    if draft.to.agent is not None or not draft.to.number:
        return _Reader(press, (agent.language if agent else "") or desk.language, zone, now)
    language = draft.language if draft.language in desk.languages else ""
    language = language or (ticket.language if ticket else "") or desk.language
    return _Reader(press, language, zone, now, dated=desk.absence.tell_date)


def _common(draft: Draft, reader: _Reader) -> dict[str, Any]:
    desk = reader.press.desk
    return {
        "notice": draft.notice,
        "tells": frozenset(notice.value for notice in draft.tells),
        "language": reader.language,
        "zone": reader.zone,
        "zone_name": _city(reader.zone),
        "now": reader.now,
        "desk": desk.name,
        "accent": desk.accent,
        "to_agent": draft.to.agent is not None or not draft.to.number,
        "to_name": draft.to.name if draft.to.agent or draft.proven else "",
        "known": draft.proven or not draft.auto or draft.to.agent is not None,
        "lines": tuple(without_tokens(reader.hears(one)) for one in draft.lines),
        "kept_text": without_tokens(draft.kept_text),
        "recipient": draft.recipient,
        "minutes": _minutes(draft),
        "above": draft.above,
        "done_by": draft.done_by,
        "reminder": draft.reminder,
        "until": draft.until,
        "wish": draft.wish,
    }


def _minutes(draft: Draft) -> int:
    """How long a question waits for its answer, where that is no more than an hour; 0 for days."""
    lasts = draft.question.lasts if draft.question is not None else timedelta(days=1)
    return lasts // timedelta(minutes=1) if lasts <= timedelta(hours=1) else 0


def _why(reason: Reason | None, reader: _Reader) -> str:
    """The reason's words in the reader's language, "" where there is none."""
    return reader.hears(reasons.words(reason, dated=reader.dated)) if reason is not None else ""


def _state(ticket: Ticket, desk: Desk) -> dict[str, Any]:
    owner, previous = desk.agent(ticket.owner), desk.agent(ticket.previous_owner)
    contact = desk.contact(ticket.owner, ticket.team)
    moved = ticket.why is not None
    promise = told(ticket.promises)
    return {
        "promised_at": ticket.promised_at,
        "promised": promise.clock.value if promise else "",
        "promised_by": promise.by if promise else "",
        "promised_words": promise.text if promise else "",
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


def _last(draft: Draft, entries: Sequence[Entry], ticket: Ticket, desk: Desk, solved_by: str) -> dict[str, Any]:
    """The last public thing that was said, as the reader of this mail would tell it; or that it was marked as solved,
    where nobody has written since."""
    public = [entry for entry in entries if entry.voice is Voice.PUBLIC]
    solved_at = None if ticket.status.active else ticket.solved_at
    if solved_at is not None and (not public or public[-1].at <= solved_at):
        by = next((agent.name for agent in desk.agents if agent.name == solved_by), "")
        return {"last_at": solved_at, "last_who": by, "last_event": "solved"}
    if not public:
        return {}
    entry = public[-1]
    agent = desk.agent(entry.agent)
    if agent is not None:
        return {"last_at": entry.at, "last_who": agent.name, "last_event": "wrote"}
    if entry.author.lower() == draft.to.key:
        return {"last_at": entry.at, "last_event": "received"}
    # who proved nothing reads no name of theirs
    who = (entry.name or entry.author) if draft.proven else ""
    return {"last_at": entry.at, "last_who": who, "last_event": "message"}


def _words(draft: Draft) -> dict[str, Any]:
    entry = draft.entry
    if entry is None:
        return {}
    return {"words": without_tokens(entry.text), "words_by": entry.name or entry.author}


def _inside(draft: Draft, material: Material, reader: _Reader) -> dict[str, Any]:
    """What only colleagues see, of whatever ticket."""
    return {
        "happened": tuple(
            Happened(e.at, e.event, e.who, without_tokens(_told(e, reader)), *_from_to(e, reader))
            for e in material.history
        ),
        "rows": tuple(_row(one, reader.press.desk) for one in material.listed),
        "commands": _help(reader) if draft.notice is Notice.HELP else (),
    }


def _about(draft: Draft, seen: Ticket, entries: Sequence[Entry], material: Material, reader: _Reader) -> dict[str, Any]:
    """What only colleagues see of the ticket that the mail tells of."""
    desk = reader.press.desk
    organisation = desk.organisation_at(seen.requester.address)
    requester = seen.requester
    team = desk.team_of(seen.team)
    owner = desk.agent(seen.owner)
    said = tuple(_said(entry, desk) for entry in entries) if draft.notice in _WITH_CONVERSATION else ()
    if draft.notice is Notice.HELD:
        said = tuple(one for one in said if draft.since is not None and one.at > draft.since)
    return {
        "subject": without_tokens(seen.subject),
        "customer": requester.name or requester.address,
        "customer_address": requester.address,
        "customer_proven": requester.proven,
        "customer_language": seen.language if seen.language != reader.language else "",
        "organisation": organisation.name if organisation else "",
        "covers": seen.why is not None and seen.why.code in _COVERED,
        "customer_heard": material.date_known,
        "customer_told": material.move_told or (bool(seen.told_team) and seen.told_owner != seen.owner),
        "earlier": material.earlier[0],
        "earlier_solved": material.earlier[1],
        "team": team.name if team else seen.team,
        "owner": owner.name if owner else "",
        "priority": seen.priority.value,
        "tags": seen.tags,
        "role": _role(draft.to, seen),
        "promises": tuple(Promised(one.due_at, one.clock.value, one.by, one.text) for one in _open(seen)),
        "said": said,
    }


def _open(ticket: Ticket) -> Sequence[Promise]:
    return sorted((one for one in ticket.promises if shown(one)), key=lambda one: one.due_at)


def _told(event: Event, reader: _Reader) -> str:
    return _why(event.why, reader) if event.why else event.text


def _from_to(event: Event, reader: _Reader) -> tuple[str, str]:
    """What an event changed; the dates of promises as the reader writes them."""
    if event.event != "delayed" and not event.event.startswith("promise"):
        return event.before, event.after
    dates = (datetime.fromisoformat(at) if at else None for at in (event.before, event.after))
    before, after = (reader.hears(line("moment_told", at=at)) if at else "" for at in dates)
    return before, after


def _role(reader: Party, ticket: Ticket) -> str:
    if ticket.owner is None:
        return "team"
    return "owner" if reader.agent == ticket.owner else "colleague"


_COVERED = frozenset({Code.ABSENCE_PLANNED, Code.ABSENCE_UNPLANNED, Code.LEFT})
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
        ticket.promised_at,
    )


def _help(reader: _Reader) -> tuple[Command, ...]:
    """Every word of this version; the one for canned answers names them, and is left out where there are none."""
    texts = ", ".join(names(reader.press.desk.canned))
    said = []
    for known in KNOWN:
        if known.takes is Takes.NAME and texts:
            said.append(Command(known.form, reader.hears(line(f"help_{known.name}", names=texts))))
        elif known.takes is not Takes.NAME and not known.later:
            said.append(Command(known.form, reader.hears(line(f"help_{known.name}"))))
    return tuple(said)


def _actions(draft: Draft, ticket: Ticket | None, reader: _Reader, row: int, reply_to: str) -> Sequence[Action]:
    """What an agent can do with one reply; each is a mailto with the words beside it."""
    press, now = reader.press, reader.now
    if ticket is None:
        apart = subject_of(draft, None, press, now)
        return (_yes(draft, press.desk.address, apart, reader, row),) if draft.question else ()
    if not draft.to.number or not press.desk.subaddress:
        return ()
    keyring, party = press.keyring, draft.to.number
    reply = reply_to
    if draft.reply_use is not Use.REPLY:
        reply = with_token(ticket.address, keyring.make(Use.REPLY, ticket.number, party, now))
    subject = f"[#{ticket.number}] {without_tokens(ticket.subject)}"
    match draft.notice:
        case Notice.ASSIGNED | Notice.CUSTOMER_REPLIED:
            pass_on = Action(reader.hears(line("act_pass_on")), reply, subject, "#assign WHO because ...")
            solve = Action(reader.hears(line("act_solve")), reply, subject, "#solved")
            ways = (pass_on, solve) if ticket.status.active else (pass_on,)
            return (*ways, *_fresh_ways(draft, reader, but=ticket.number))  # a reply to this mail has its own
        case Notice.WARNING:
            answer = Action(reader.hears(line("act_answer", who=_asker(ticket))), reply, subject, "")
            return (answer, Action(reader.hears(line("act_delay")), reply, subject, "#delay DATE because ..."))
        case Notice.LINKED:
            note = with_token(ticket.address, keyring.make(Use.NOTE, ticket.number, party, now))
            return (Action(reader.hears(line("act_let_in")), note, subject, "#accept"), *_fresh_ways(draft, reader))
        case Notice.REFUSED | Notice.HELD | Notice.CONFIRM | Notice.ABSENCE if draft.question is not None:
            return (_yes(draft, ticket.address, subject, reader, row), *_fresh_ways(draft, reader))
        case _:
            return tuple(_fresh_ways(draft, reader))


def _ways(draft: Draft, ticket: Ticket | None, reader: _Reader, reply_to: str) -> Iterator[Action]:
    """What a customer can do with one word in reply."""
    for wish in wishes_for(draft, ticket):
        word = wishes.word(wish, reader.language)
        yield Action(reader.hears(line(f"act_{wish.value}")), reply_to, f"Re: {ticket.shown}" if ticket else "", word)


def _steps(draft: Draft, material: Material, seen: Ticket, reader: _Reader) -> tuple[Step, ...]:
    """The story of the request, with its reasons in the reader's language."""
    desk = reader.press.desk
    passed = steps_of(material.entries, material.history, draft.to.key, desk, proven=draft.proven)
    return tuple(
        Step(
            one.at,
            one.kind,
            one.who,
            for_customers(_why(one.why, reader) if one.why else without_tokens(one.text), desk, seen.address),
            one.due_at,
            one.why.by if one.why else "",
        )
        for one in passed
    )


def _asker(ticket: Ticket) -> str:
    return ticket.requester.name or ticket.requester.address


def _yes(draft: Draft, base: str, subject: str, reader: _Reader, row: int) -> Action:
    """The one word that does what the mail asks, at an address that does nothing else."""
    press = reader.press
    signed = with_token(base, press.keyring.make(Use.CONFIRM, row, draft.to.number, reader.now))
    to = signed if press.desk.subaddress else base
    deed = draft.question.deed.partition(":")[0] if draft.question else ""
    label = line(f"act_{deed.replace('-', '_')}") if deed else line(f"act_yes_{draft.notice.value}")
    return Action(reader.hears(label), to, subject, "#yes")


def _fresh_ways(draft: Draft, reader: _Reader, but: int = 0) -> Iterator[Action]:
    """New addresses for replies, in place of those that are void; none for the ticket `but`."""
    for fresh in (one for one in draft.fresh if one.ticket != but):
        made = reader.press.keyring.make(Use.REPLY, fresh.ticket, fresh.party, reader.now)
        subject = f"[#{fresh.ticket}] {without_tokens(fresh.subject)}"
        label = reader.hears(line("act_write", number=fresh.ticket))
        yield Action(label, with_token(fresh.address, made), subject, "")


def _city(zone: ZoneInfo) -> str:
    return zone.key.rpartition("/")[2].replace("_", " ")
