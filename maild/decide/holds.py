"""Why an agent's public words are kept back until their writer has looked again (DESIGN 3.3, 3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.commands import Words
from maild.decide.situation import Situation
from maild.decision import Sent
from maild.desk import Agent
from maild.ingest.quote import MARKERS
from maild.ingest.remarks import IS_ENCRYPTED
from maild.lines import Line, line
from maild.mail import UNREADABLE, Mail
from maild.threading.masks import holds_token
from maild.ticket import Entry, Ticket, Voice

_QUOTED_AT_LEAST = 40
_QUOTED_WORDS = 8
_WHOLE_NOTE = 20
_COMPARED = 100_000  # characters
_MAILS = frozenset({"message/rfc822", "message/global", "application/vnd.ms-outlook"})
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """The mail would do harm as it is: a person looks first; `waives` is what their `#yes` sets aside."""

    because: Line
    waives: str
    since: datetime | None = None


def stale(situation: Situation, ticket: Ticket, agent: Agent) -> Hold | None:
    """What happened since the notice that this reply answers, None where nothing that matters did."""
    rows = [situation.sent[ours.row] for ours in situation.clues.own if ours.row in situation.sent]
    answered = next((row for row in rows if row.ticket == ticket.number), None)
    if answered is None:
        return None
    since, desk = answered.created_at, situation.desk
    events = situation.history.get(ticket.number, ())
    spoken = [event.at for event in events if event.event == "entry" and event.at >= since]
    entries = zip(reversed(spoken), reversed(situation.entries.get(ticket.number, ())), strict=False)
    newer = [entry for at, entry in entries if at > since or _came_after(entry, answered)]
    for entry in reversed(newer):
        if entry.voice is Voice.PUBLIC and entry.agent != agent.id:
            # a mail that waited to be decided came in before the notice was written
            shown = min(since, *(one.at - _MOMENT for one in newer))
            return Hold(line("written_since", who=entry.name or entry.author), "stale", shown)
    for event in events:
        by_another = event.event == "owner" and event.at > since and event.who != agent.name
        if by_another and event.after not in {"", agent.id}:
            return Hold(line("taken_since", who=desk.contact(event.after, ticket.team)), "stale", since)
    return None


def _came_after(entry: Entry, notice: Sent) -> bool:
    """Whether the entry's mail is newer than the one that the notice tells of: many are decided at one moment."""
    return entry.inbox is not None and notice.inbox is not None and entry.inbox > notice.inbox


def torn(mail: Mail) -> Line | None:
    """Why a mail of which not all was read goes to nobody; what is encrypted was read as far as it can be."""
    if mail.text == UNREADABLE and mail.error:
        return line("read_heads_alone")
    faults = [fault for fault in mail.error.split("; ") if fault not in {"", IS_ENCRYPTED}]
    return line("read_in_part", why="; ".join(faults)) if faults else None


def kept_of(mail: Mail) -> str:
    """What was written, to be shown to its writer; of a mail whose header lines alone were read, nothing."""
    return "" if mail.text == UNREADABLE and mail.error else mail.new_text.strip()


def leak(situation: Situation, ticket: Ticket, words: Words) -> Hold | None:
    """What of the mail is not for a customer's eyes, as far as it can be told."""
    text = _plain(words.rest)
    notes = [entry for entry in situation.entries.get(ticket.number, ()) if entry.voice is Voice.NOTE]
    if any(_plain(marker) in text for marker in MARKERS.values()):
        return Hold(line("quotes_a_mail_of_ours"), "leak")
    if notes and len(text) > _COMPARED:
        return Hold(line("too_long_to_compare"), "leak")
    runs = _runs(text) if notes else frozenset()
    for entry in notes:
        if _quotes(text, runs, entry.text):
            return Hold(line("quotes_a_note", who=entry.name), "leak")
    for attachment in situation.mail.attachments:
        if attachment.type in _MAILS or attachment.name.lower().endswith((".eml", ".msg")):
            return Hold(line("attaches_a_mail", name=attachment.name), "leak")
        if holds_token(attachment.content):
            return Hold(line("attaches_a_signed_address", name=attachment.name), "leak")
    return None


def _plain(text: str) -> str:
    """The words alone, in lower case: however they were wrapped and marked as a quote."""
    lines = (line.lstrip("> |\t") for line in text.lower().splitlines())
    return " ".join(" ".join(lines).split())


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of words in the text that is long enough to be no chance."""
    words = text.split()
    return frozenset(tuple(words[at : at + _QUOTED_WORDS]) for at in range(len(words) - _QUOTED_WORDS + 1))


def _quotes(text: str, runs: frozenset[tuple[str, ...]], note: str) -> bool:
    said = _plain(note[:_COMPARED])
    if len(said) >= _WHOLE_NOTE and f" {said} " in f" {text} ":
        return True
    return any(len(" ".join(run)) >= _QUOTED_AT_LEAST for run in runs & _runs(said))
