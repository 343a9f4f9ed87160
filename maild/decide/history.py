"""What becomes of an old mail from elsewhere: the conversation that it belongs to, and nothing that anybody is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maild import reasons
from maild.decide.routing import teams_at
from maild.decide.situation import Earlier
from maild.decide.turn import Turn
from maild.decision import Bulletin, ClearTimer, Done, Duplicate, Post, TimerName
from maild.desk import Agent, Desk, Team
from maild.mail import Address, Kind, Mail, MessageId
from maild.threading.clues import own_words
from maild.threading.masks import for_customers
from maild.threading.tags import split_token
from maild.ticket import Entry, Event, Party, Priority, Role, Status, Ticket, TicketNo, Voice, fresh
from maild.values import replace

IMPORT = "import"
"""Who acts in the history where old mail is brought in, and how its rows in the inbox are called."""
NOT_HERE = "it answers a mail that is not here"
"""Why a machine's mail waits: it joins once that mail has come."""
_MACHINES = frozenset(
    {Kind.AUTO_REPLY, Kind.BOUNCE, Kind.DELAY, Kind.COMPLAINT, Kind.RECEIPT, Kind.NOTIFICATION},
)
_MOST_LINKS = 50


@dataclass(frozen=True, slots=True)
class Thread:
    """A ticket that an old mail leads to. `imported` says that old mail opened it, `untouched` that nothing else has
    changed it since; `asked_at` is when its customers first wrote, `answered_at` when an agent last did."""

    ticket: Ticket
    imported: bool = False
    untouched: bool = False
    asked_at: datetime | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that is known when one old mail is decided.

    `at` is when it was written, `ids` are those by which it is known from now on. `threads` are the tickets that its
    ids lead to, merges followed, `named` those that its signed addresses name. `sent` is the row of the outbox where
    the mail is one that this desk sent, 0 for none.
    """

    inbox: int
    mail: Mail
    at: datetime
    now: datetime
    desk: Desk
    number: TicketNo
    ids: tuple[MessageId, ...] = ()
    threads: tuple[Thread, ...] = ()
    named: tuple[Ticket, ...] = ()
    earlier: Earlier | None = None
    sent: int = 0

    @property
    def author(self) -> Address:
        """The first author, "" and a name for nobody."""
        return next(iter(self.mail.authors), Address("", "unknown sender"))

    @property
    def agent(self) -> Agent | None:
        """The agent who wrote it, by their address, or by the name that the desk of before put beside its own."""
        spec, name = self.author.spec, self.author.name.casefold()
        if not self.ours:
            return self.desk.agent_at(spec) if spec else None
        named = ((one, one.name.casefold()) for one in self.desk.agents)
        return next((one for one, own in named if name.startswith(own) and not name[len(own) :][:1].isalnum()), None)

    @property
    def ours(self) -> bool:
        """Whether the desk itself is the author, as in what the desk of before sent for its agents."""
        return _is_ours(self.desk, self.author.spec)


def on_old_mail(past: Past) -> Post | Duplicate | Done:
    """Decide one old mail: a value with its reasons, the same for the same situation."""
    if past.earlier is not None:
        because = f"the same mail came before as inbox mail {past.earlier.inbox}"
        return Duplicate(past.earlier.inbox, past.earlier.ticket, (because,))
    if past.sent:
        return Done((f"imported: this desk sent it itself, as outbox mail {past.sent}",))
    joins = _oldest_first(past)
    if not _speaks(past.mail):
        return _file(past, joins) if joins else _apart(past)
    return _join(past, joins) if joins else _open(past)


def _oldest_first(past: Past) -> list[Thread]:
    """The imported tickets among those found: what lives keeps its number, then the one that began first."""
    found = (thread for thread in past.threads if thread.imported)
    return sorted(found, key=lambda one: (one.untouched, one.ticket.created_at, one.ticket.number))


def _speaks(mail: Mail) -> bool:
    """Whether a person's words are in it; what the desk of before sent by itself are a machine's."""
    by_itself = any(name == "auto-submitted" and "auto-replied" in value.lower() for name, value in mail.headers)
    return mail.kind not in _MACHINES and not (mail.kind is Kind.OWN and by_itself)


def _apart(past: Past) -> Done:
    alive = next((thread.ticket.number for thread in past.threads), None)
    answers = past.mail.in_reply_to or past.mail.references or past.mail.returned_ids
    why = f"it answers #{alive}, which is no history" if alive else NOT_HERE if answers else "it answers nothing"
    return Done((f"imported {past.mail.kind.value}: {why}, and opens no ticket",))


def _file(past: Past, joins: list[Thread]) -> Post:
    """A machine's mail stands in the conversation, and changes nothing there; its ids count like anybody's."""
    turn = Turn(joins[0].ticket, past.desk, past.at, IMPORT)
    turn.because.append(f"imported {past.mail.kind.value}: its ids lead to #{turn.ticket.number}, filed")
    thread, others = _tie(past, turn, joins)
    before = turn.ticket
    turn.say(_entry(past, turn, Voice.MACHINE))
    turn.change(updated_at=before.updated_at)
    if others and thread.untouched:
        _rest(past, turn)
    return _post(past, turn, others)


def _open(past: Past) -> Post:
    address, teams = _addressed(past)
    asks = past.author if past.agent is None and not past.ours else next(iter(_outsiders(past)), past.author)
    team = _team(past.desk, teams, asks)
    turn = Turn(_blank(past, address, team), past.desk, past.at, IMPORT, opened=True)
    turn.because.append("imported: a conversation of its own")
    turn.happened("opened", text=turn.because[0], after=past.author.spec)
    turn.subject(turn.ticket.subject)
    turn.team(team.id, reasons.address(address, team.public_name or past.desk.name))
    turn.change(why=None)
    turn.priority(Priority.NORMAL)
    for other in teams:
        if other.id != team.id:
            turn.happened("also-team", after=other.id)
    turn.join(_party(past, asks, Role.REQUESTER))
    _take_part(past, turn, Thread(turn.ticket, untouched=True))
    turn.say(_entry(past, turn, _voice(past)))
    _own(past, turn, None)
    _rest(past, turn)
    _link(past, turn)
    turn.events.append(Event(past.now, "imported", IMPORT, text="history from elsewhere"))
    return _post(past, turn)


def _join(past: Past, joins: list[Thread]) -> Post:
    """The mail joins its conversation; conversations that it ties together become one."""
    turn = Turn(joins[0].ticket, past.desk, past.at, IMPORT)
    turn.because.append(f"imported: its ids lead to #{turn.ticket.number}")
    thread, others = _tie(past, turn, joins)
    _take_part(past, turn, thread)
    before = turn.ticket
    turn.say(_entry(past, turn, _voice(past)))
    turn.change(updated_at=before.updated_at)
    if thread.untouched:
        if past.at < before.created_at:
            _begin(past, turn)
        _own(past, turn, thread.answered_at)
        turn.change(created_at=min(before.created_at, past.at), updated_at=max(before.updated_at, past.at))
        _rest(past, turn)
    _link(past, turn)
    return _post(past, turn, others)


def _tie(past: Past, turn: Turn, joins: list[Thread]) -> tuple[Thread, list[Thread]]:
    """Make one of all these conversations, save for those that somebody has touched: what is known of it, and which
    tickets lead to it now."""
    thread, others = joins[0], [one for one in joins[1:] if one.untouched]
    for other in others:
        thread = _merge(past, turn, thread, other)
    return thread, others


def _merge(past: Past, turn: Turn, thread: Thread, other: Thread) -> Thread:
    """Make the other ticket lead to this one, with its people; what is known of both together."""
    number = turn.ticket.number
    inner = Turn(other.ticket, past.desk, past.now, IMPORT)
    inner.happened("merged", after=str(number))
    inner.status(Status.CLOSED, f"part of #{number}")
    inner.change(merged_into=number)
    turn.elsewhere.append((inner.ticket, tuple(inner.events)))
    turn.because.append(f"its ids lead to #{other.ticket.number}, too: it is one conversation")
    turn.link(other.ticket.number)
    for party in other.ticket.parties:
        agent = past.desk.agent(party.agent)
        if party.role is Role.AGENT and agent is not None:
            turn.party_of(agent)
        elif party.role is not Role.AGENT and turn.ticket.party_at(party.address) is None:
            turn.join(replace(party, number=0, role=Role.CC, kept=False))
    if not thread.untouched:
        return thread
    if other.asked_at is not None and (thread.asked_at is None or other.asked_at < thread.asked_at):
        _ask(past.desk, turn, other.ticket.requester)
        thread = replace(thread, asked_at=other.asked_at)
    if other.answered_at is not None and (thread.answered_at is None or other.answered_at > thread.answered_at):
        owner = past.desk.agent(other.ticket.owner)
        if owner is not None:
            turn.owner(owner.id, reasons.took_up(owner))
        thread = replace(thread, answered_at=other.answered_at)
    turn.change(
        created_at=min(turn.ticket.created_at, other.ticket.created_at),
        updated_at=max(turn.ticket.updated_at, other.ticket.updated_at),
    )
    return thread


def _take_part(past: Past, turn: Turn, thread: Thread) -> None:
    """The author takes part: an agent as one, anybody else as a customer, and who wrote first is who asked."""
    if past.agent is not None:
        turn.party_of(past.agent)
        return
    if past.ours:
        return
    party = turn.ticket.participant_at(past.author.spec) or turn.join(_party(past, past.author, Role.CC))
    if thread.untouched and (thread.asked_at is None or past.at < thread.asked_at):
        _ask(past.desk, turn, party)
        if past.mail.language in past.desk.languages:
            turn.change(language=past.mail.language)


def _ask(desk: Desk, turn: Turn, asker: Party) -> None:
    """Make somebody who takes part the one who asked."""
    before = turn.ticket.requester
    if before.key == asker.key:
        return
    turn.happened("requester", before=before.address, after=asker.address)
    if desk.agent_at(before.address) or _is_ours(desk, before.address):
        # nobody else was there to stand for the customer
        turn.change(parties=tuple(party for party in turn.ticket.parties if party is not before))
    else:
        turn.join(replace(before, role=Role.CC, kept=False))
    known = turn.ticket.participant_at(asker.address) or asker
    turn.join(replace(known, role=Role.REQUESTER, kept=True))


def _begin(past: Past, turn: Turn) -> None:
    """The conversation begins earlier than was known: with this mail's subject, and at the address that it went to."""
    address, teams = _addressed(past)
    team = _team(past.desk, teams, turn.ticket.requester)
    turn.subject(own_words(past.mail.subject))
    turn.change(address=address)
    if team.id != turn.ticket.team:
        turn.team(team.id, reasons.address(address, team.public_name or past.desk.name))


def _own(past: Past, turn: Turn, answered_at: datetime | None) -> None:
    """The agent who wrote last has it, if they still work here."""
    agent = past.agent
    if agent is None or (answered_at is not None and past.at < answered_at):
        return
    if not past.desk.works(agent, past.now):
        turn.owner(None, reasons.left(agent.name))
    elif turn.ticket.requester.key not in agent.addresses:
        turn.owner(agent.id, reasons.took_up(agent))


def _rest(past: Past, turn: Turn) -> None:
    """Nothing is expected of anybody: solved while it is fresh, else closed, by the time of the last mail."""
    last = turn.ticket.updated_at
    closes = last + past.desk.tickets.close_after
    fresh = closes > past.now
    turn.status(Status.SOLVED if fresh else Status.CLOSED, "history from elsewhere")
    turn.change(solved_at=last)
    if fresh:
        turn.set_timer(TimerName.CLOSE, closes)


def _link(past: Past, turn: Turn) -> None:
    """Tie it to the living tickets that it names; of those nothing else changes."""
    mine = turn.ticket.number
    alive = {one.number: one for one in (*(t.ticket for t in past.threads if not t.imported), *past.named)}
    for other in alive.values():
        if other.number == mine or mine in other.links or len(other.links) >= _MOST_LINKS:
            continue
        turn.link(other.number)
        turn.because.append(f"it names #{other.number}, which is no history: linked")
        event = Event(past.now, "linked", IMPORT, after=str(mine))
        turn.elsewhere.append((replace(other, links=(*other.links, mine)), (event,)))


def _post(past: Past, turn: Turn, others: Sequence[Thread] = ()) -> Post:
    turn.met = past.ids
    cleared = tuple((other.ticket.number, ClearTimer(TimerName.CLOSE)) for other in others)
    return replace(turn.post(), at=past.at, bulletin=Bulletin((), timers=cleared) if cleared else None)


def _blank(past: Past, address: str, team: Team) -> Ticket:
    return fresh(past.number, own_words(past.mail.subject), team.id, address, past.desk.language, past.at)


def _addressed(past: Past) -> tuple[str, tuple[Team, ...]]:
    """The plain address of ours that the mail went to, or came from, and the teams behind all of them."""
    mail, desk = past.mail, past.desk
    specs = (*(a.spec for a in (*mail.to, *mail.cc)), *mail.delivered_to, *(a.spec for a in mail.authors))
    ours = tuple(plain for plain in (split_token(spec)[0].lower() for spec in specs) if plain in desk.addresses)
    return next(iter(ours), desk.address), teams_at(desk, ours)


def _team(desk: Desk, teams: tuple[Team, ...], asks: Address | Party) -> Team:
    usual = desk.team_of(desk.team)
    assert usual is not None
    if teams and (teams[0] is not usual or len(teams) > 1):
        return teams[0]
    spec = asks.spec if isinstance(asks, Address) else asks.address
    organisation = desk.organisation_at(spec)
    return (desk.team_of(organisation.team) if organisation else None) or usual


def _outsiders(past: Past) -> list[Address]:
    """Those whom the mail was sent to who are neither agents nor the desk."""
    everybody = (*past.mail.to, *past.mail.cc)
    return [one for one in everybody if not (past.desk.agent_at(one.spec) or _is_ours(past.desk, one.spec))]


def _is_ours(desk: Desk, spec: str) -> bool:
    return split_token(spec)[0].lower() in desk.addresses


def _voice(past: Past) -> Voice:
    """What an agent wrote to colleagues alone is nothing for customers."""
    inside = past.agent is not None or past.ours
    return Voice.NOTE if inside and not _outsiders(past) else Voice.PUBLIC


def _party(past: Past, address: Address, role: Role) -> Party:
    machine = past.mail.kind is not Kind.PERSON and address == past.author
    return Party(0, address.spec, address.name, role, kept=role is Role.REQUESTER, machine=machine)


def _entry(past: Past, turn: Turn, voice: Voice) -> Entry:
    mail, agent = past.mail, past.agent
    inside = agent is not None or past.ours
    text = mail.new_text or mail.text
    return Entry(
        at=past.at,
        author=past.author.spec,
        name=past.author.name,
        voice=voice,
        text=for_customers(text, past.desk, turn.ticket.address) if inside else text,
        message_id=mail.message_id,
        agent=agent.id if agent is not None and voice is not Voice.MACHINE else None,
        attachments=mail.attachments,
        inbox=past.inbox,
        whole="" if inside or mail.text == text else mail.text,
    )
