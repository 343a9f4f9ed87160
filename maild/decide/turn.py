"""One turn of a ticket: what changes, what is told, what time will do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from maild.absence import Absence
from maild.decision import Asked, Bulletin, ClearTimer, Draft, Fresh, Notice, Post, SetTimer, TimerName, leading
from maild.desk import Agent, Desk
from maild.hours import opening
from maild.lines import Line, plain
from maild.mail import Attachment, MessageId
from maild.promise import Promise, Standing, promised_at, told
from maild.ticket import Entry, Event, Origin, Party, Priority, Reason, Role, Status, Ticket, TicketNo, Use
from maild.values import replace


@dataclass(slots=True)
class Turn:
    """A ticket on its way from one state to the next.

    Local to one decision and never handed out: `post()` makes the value. `who` is the name that the history shows,
    `question` what the receipt asks beside what it tells, `late` the promise that an agent's date took the place of,
    `above` who takes the ticket up if the customer cannot wait for it.
    """

    ticket: Ticket
    desk: Desk
    now: datetime
    who: str
    opened: bool = False
    events: list[Event] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    timers: dict[TimerName, SetTimer | ClearTimer] = field(default_factory=dict)
    because: list[str] = field(default_factory=list)
    entry: Entry | None = None
    met: tuple[MessageId, ...] = ()
    elsewhere: list[tuple[Ticket, tuple[Event, ...]]] = field(default_factory=list)
    proved: str | None = None
    absences: list[Absence] = field(default_factory=list)
    bulletin: Bulletin | None = None
    question: Asked | None = None
    lines: list[Line] = field(default_factory=list)
    ended: list[Promise] = field(default_factory=list)
    late: Promise | None = None
    above: str = ""
    slow: list[str] = field(default_factory=list)
    first: Ticket = field(init=False)
    """The ticket as it was when the turn began."""

    def __post_init__(self) -> None:
        self.first = self.ticket

    @contextmanager
    def by(self, who: str) -> Iterator[None]:
        """Let the history name somebody else as the one who acts."""
        before, self.who = self.who, who
        try:
            yield
        finally:
            self.who = before

    def change(self, **fields: Any) -> None:
        """Give fields of the ticket new values; a ticket that would stay the same is not made anew."""
        changed = {name: value for name, value in fields.items() if getattr(self.ticket, name) != value}
        if changed:
            self.ticket = replace(self.ticket, **changed)

    def happened(
        self,
        event: str,
        *,
        code: str = "",
        text: str = "",
        before: str = "",
        after: str = "",
        why: Reason | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.events.append(Event(self.now, event, self.who, code, text, before, after, why, origin))

    def happened_because(self, event: str, line: str | Line) -> None:
        """Record an event whose text is a line; the history says it in English."""
        if isinstance(line, Line):
            self.lines.append(line)
        self.happened(event, text=plain(line))

    def explain(self, because: str | Line, lead: str = "") -> None:
        """Put a reason of the decision into words; a line is said in English there, behind `lead`."""
        if isinstance(because, Line):
            self.lines.append(because)
            because = f"{lead}{plain(because)}"
        self.because.append(because)

    def status(self, status: Status, text: str = "") -> None:
        before = self.ticket.status
        if status is before and not self.opened:
            return
        self.happened("status", text=text, before="" if self.opened else before.value, after=status.value)
        solved_at = self.now if status is Status.SOLVED else self.ticket.solved_at if not status.active else None
        self.change(status=status, solved_at=solved_at)
        if status is Status.PENDING:
            self.set_timer(TimerName.REMIND, self._remind_at(), "0")
        elif before is Status.PENDING:
            self.clear_timer(TimerName.REMIND)
        if status is Status.SOLVED:
            self.timers[TimerName.CLOSE] = SetTimer(TimerName.CLOSE, self.now + self.desk.tickets.close_after)
        elif before is Status.SOLVED:
            self.timers[TimerName.CLOSE] = ClearTimer(TimerName.CLOSE)

    def _remind_at(self) -> datetime:
        """When the customer is reminded: once they had their time, at an hour at which people work."""
        hours = self.desk.hours_of(self.ticket.team) or self.desk.daytime
        return opening(hours, self.now + self.desk.tickets.remind_after)

    def remind_again(self, count: int) -> datetime:
        """Look again later whether the customer has answered; when that will be."""
        due_at = self._remind_at()
        self.set_timer(TimerName.REMIND, due_at, str(count))
        return due_at

    def promise(self, promise: Promise) -> None:
        """Put a promise into the ledger."""
        self._hold((*self.ticket.promises, promise))
        self.happened("promised", text=promise.clock.value, after=promise.due_at.isoformat())

    def resume(self, promise: Promise, changed: Promise) -> None:
        """Write a promise that stands anew: warned of, paused, or running again with a later date."""
        self._hold(tuple(changed if one is promise else one for one in self.ticket.promises))
        if changed.standing is not promise.standing:
            event = "promise-paused" if changed.standing is Standing.PAUSED else "promise-resumed"
            due, was = changed.due_at.isoformat(), promise.due_at.isoformat()
            self.happened(event, text=promise.clock.value, before=was, after=due)

    def end(self, promise: Promise, standing: Standing, text: str = "") -> None:
        """Close a line of the ledger: kept, moved, broken or dropped."""
        self._hold(tuple(one for one in self.ticket.promises if one is not promise))
        self.ended.append(replace(promise, standing=standing, ended_at=self.now))
        said = f"{promise.clock.value}: {text}" if text else promise.clock.value
        self.happened(f"promise-{standing.value}", text=said, before=promise.due_at.isoformat())

    def _hold(self, promises: tuple[Promise, ...]) -> None:
        self.ticket = replace(self.ticket, promises=promises, promised_at=promised_at(promises))
        self.rearm()

    def rearm(self) -> None:
        """Have the clock look at the ledger when the next promise wants it."""
        looks = [at for one in self.ticket.promises if (at := one.looks_at) is not None]
        if looks:
            self.set_timer(TimerName.PROMISE, min(looks))
        else:
            self.clear_timer(TimerName.PROMISE)

    def owner(self, owner: str | None, reason: Reason, behind: Origin | None = None) -> None:
        """Give the ticket to somebody, or to its team; `behind` is the absence or the rule that makes it move."""
        before = self.ticket.owner
        if owner == before:
            return
        self._moves("owner", before or "", owner or "", reason, behind)
        self.ticket = replace(self.ticket, owner=owner, why=reason, previous_owner=before)

    def team(self, team: str, reason: Reason, behind: Origin | None = None) -> None:
        before = self.ticket.team
        if team == before and not self.opened:
            return
        self._moves("team", "" if self.opened else before, team, reason, behind)
        # the contact of before stays, and so does the reason why it is theirs
        self.ticket = replace(self.ticket, team=team, why=self.ticket.why if self.stays() else reason)

    def stays(self) -> bool:
        """Whether the ticket has the owner whom it had before, so that no customer hears of another contact."""
        return self.first.owner is not None and self.first.owner == self.ticket.owner

    def _moves(self, field: str, before: str, after: str, reason: Reason, behind: Origin | None) -> None:
        self.happened(field, code=reason.code, text=reason.text, before=before, after=after, why=reason, origin=behind)

    def priority(self, priority: Priority) -> None:
        if priority is self.ticket.priority and not self.opened:
            return
        before = "" if self.opened else self.ticket.priority.value
        self.happened("priority", before=before, after=priority.value)
        self.change(priority=priority)

    def level(self, level: int) -> None:
        if level != self.ticket.level:
            self.happened("level", before=str(self.ticket.level), after=str(level))
            self.ticket = replace(self.ticket, level=level)

    def subject(self, subject: str) -> None:
        before = "" if self.opened else self.ticket.subject
        self.happened("subject", before=before, after=subject)
        self.change(subject=subject)

    def tags(self, tags: tuple[str, ...]) -> None:
        kept = tuple(sorted(dict.fromkeys(tags)))
        if kept != self.ticket.tags:
            self.happened("tags", before=" ".join(self.ticket.tags), after=" ".join(kept))
            self.ticket = replace(self.ticket, tags=kept)

    def say(self, entry: Entry) -> None:
        """Add to the conversation; act adds the event that counts it."""
        self.entry = entry
        self.change(updated_at=self.now)

    def link(self, number: TicketNo) -> None:
        if number not in self.ticket.links:
            self.ticket = replace(self.ticket, links=(*self.ticket.links, number))
            self.happened("linked", after=str(number))

    def join(self, party: Party) -> Party:
        """Add a person, or say again what is known of them; the number is the next free one where none is given."""
        known = self.ticket.participant_at(party.address)
        if known is None:
            number = max((p.number for p in self.ticket.parties), default=0) + 1
            party = replace(party, number=number)
            self.ticket = replace(self.ticket, parties=(*self.ticket.parties, party))
            if party.role is not Role.AGENT:
                self.happened("joined", text=party.role.value, after=party.address)
            return party
        changed = replace(party, number=known.number)
        others = tuple(changed if p is known else p for p in self.ticket.parties)
        self.ticket = replace(self.ticket, parties=others)
        return changed

    def renumber(self, party: Party) -> Party:
        """Give a person whose token was seen in other hands a new number, so that the old one is void."""
        fresh = replace(party, number=max(p.number for p in self.ticket.parties) + 1)
        self.ticket = replace(self.ticket, parties=tuple(fresh if p is party else p for p in self.ticket.parties))
        self.happened("revoked", after=party.agent or party.address)
        return fresh

    def party_of(self, agent: Agent) -> Party:
        """The agent's place on this ticket, made where there is none."""
        known = next((p for p in self.ticket.parties if p.agent == agent.id and p.role is Role.AGENT), None)
        if known is not None and known.address == agent.email:
            return known
        if known is not None:
            moved = replace(known, address=agent.email, name=agent.name)
            self.ticket = replace(self.ticket, parties=tuple(moved if p is known else p for p in self.ticket.parties))
            return moved
        number = max((p.number for p in self.ticket.parties), default=0) + 1
        party = Party(number, agent.email, agent.name, Role.AGENT, proven=True, kept=True, agent=agent.id)
        self.ticket = replace(self.ticket, parties=(*self.ticket.parties, party))
        return party

    def set_timer(self, timer: TimerName, due_at: datetime, detail: str = "") -> None:
        self.timers[timer] = SetTimer(timer, due_at, detail)

    def clear_timer(self, timer: TimerName) -> None:
        self.timers[timer] = ClearTimer(timer)

    def moved(self) -> frozenset[Notice]:
        """What a mail to the customer tells of the contact, compared with what the customer was last told."""
        ticket, desk = self.ticket, self.desk
        if not ticket.told_team:
            return frozenset()
        told, present = desk.contact(ticket.told_owner, ticket.told_team), desk.contact(ticket.owner, ticket.team)
        if told == present and ticket.told_owner == ticket.owner:
            return frozenset()
        return frozenset({Notice.OWNER_CHANGED if ticket.told_owner else Notice.OWNER_SET})

    def news(self) -> frozenset[Notice]:
        """What a mail about the contact alone would tell; somebody who was told nothing yet hears who has it now."""
        never_told = not self.ticket.told_team and self.ticket.owner is not None
        return frozenset({Notice.OWNER_SET}) if never_told else self.moved()

    def tell_customers(
        self,
        notice: Notice,
        *,
        auto: bool,
        answers: bool = False,
        attachments: tuple[Attachment, ...] = (),
        skip: frozenset[str] = frozenset(),
        also: frozenset[Notice] = frozenset(),
        after_brief: bool = False,
        late: Promise | None = None,
        reminder: int = 0,
        until: datetime | None = None,
        wish: str = "",
        above: str = "",
        said: Entry | None = None,
    ) -> bool:
        """Draft one mail to everybody on the customer's side who is sent mail; machine text never goes to a machine,
        nor to somebody who wants none, unless it tells of a new contact. `said` are an operator's words."""
        moved = self.moved()
        tells = frozenset({notice}) | also | moved
        after_brief = after_brief or Notice.OWNER_CHANGED in moved
        people = [p for p in self.ticket.participants if p.kept or p.role is Role.REQUESTER]
        stopped = auto and tells.isdisjoint({Notice.OWNER_CHANGED, Notice.OWNER_SET})
        readers = [party for party in people if party.key not in skip and not (auto and party.machine)]
        readers = [party for party in readers if not (stopped and party.stopped)]
        if moved and not readers and skip:
            # they have these words already, but not from us: the move is still to be told
            self.later_tell_move()
            return False
        if moved:
            self.tell_move_now()
        recorded = any(event.event == "delayed" for event in self.events)
        if Notice.DELAYED in tells and self.ticket.promised_at is not None and not recorded:
            date = told(self.ticket.promises)
            words = date.text if date and date.by == self.who else ""
            self.happened("delayed", text=words, after=self.ticket.promised_at.isoformat())
        done_by = next((agent.name for agent in self.desk.agents if agent.name == self.who), "")
        for party in readers:
            self.drafts.append(
                Draft(
                    to=party,
                    tells=tells,
                    reply_use=Use.CUSTOMER,
                    auto=auto,
                    answers=answers,
                    entry=said or (self.entry if not auto else None),
                    attachments=attachments,
                    after_brief=after_brief,
                    proven=party.proven,
                    late=late,
                    reminder=reminder,
                    until=until,
                    wish=wish,
                    above=above,
                    done_by=done_by,
                )
            )
        self.change(told_owner=self.ticket.owner, told_team=self.ticket.team)
        if self.timers.get(TimerName.TELL) is not None or not self.opened:
            self.clear_timer(TimerName.TELL)
        return bool(readers)

    def tell_agent(
        self,
        agent: Agent,
        notice: Notice,
        use: Use,
        *,
        auto: bool = False,
        entry: Entry | None = None,
        attachments: tuple[Attachment, ...] = (),
        lines: tuple[str | Line, ...] = (),
        kept_text: str = "",
        recipient: str = "",
        about: int | None = None,
        scope: str = "",
        question: Asked | None = None,
        null_sender: bool = False,
        since: datetime | None = None,
        fresh: tuple[Fresh, ...] = (),
        gathered: bool = False,
    ) -> None:
        """Draft one mail to one agent; a second notice of the same turn to the same agent joins the first."""
        party = self.party_of(agent)
        for place, draft in enumerate(self.drafts):
            if draft.to.agent == agent.id and not draft.scope and not scope:
                leads = leading(draft.tells | {notice}) is notice
                self.drafts[place] = replace(
                    draft,
                    tells=draft.tells | {notice},
                    reply_use=use if leads else draft.reply_use,
                    auto=draft.auto and auto,
                    entry=draft.entry or entry,
                    attachments=draft.attachments or attachments,
                    lines=(*draft.lines, *lines),
                    fresh=(*draft.fresh, *fresh),
                    about=about if draft.about is None else draft.about,
                )
                return
        self.drafts.append(
            Draft(
                to=party,
                tells=frozenset({notice}),
                reply_use=use,
                auto=auto,
                entry=entry,
                attachments=attachments,
                lines=lines,
                kept_text=kept_text,
                recipient=recipient,
                about=about,
                scope=scope,
                question=question,
                null_sender=null_sender,
                proven=True,
                since=since,
                fresh=fresh,
                gathered=gathered,
            )
        )

    def tell_move_now(self) -> None:
        """The mail of this turn tells the customer who has the ticket: no later one needs to."""
        self.change(previous_owner=self.ticket.told_owner, told_owner=self.ticket.owner, told_team=self.ticket.team)
        if self.timers.get(TimerName.TELL) is not None or not self.opened:
            self.clear_timer(TimerName.TELL)

    def later_tell_move(self) -> None:
        """Tell the customer of a move once the settle window is over; the window starts with the first move."""
        if self.news():
            self.timers[TimerName.TELL] = SetTimer(TimerName.TELL, self.now + self.desk.settle, first=True)

    def post(self) -> Post:
        return Post(
            ticket=self.ticket,
            events=tuple(self.events),
            because=tuple(self.because),
            opened=self.opened,
            entry=self.entry,
            drafts=tuple(self.drafts),
            timers=tuple(self.timers.values()),
            met=self.met,
            elsewhere=tuple(self.elsewhere),
            proved=self.proved,
            absences=tuple(self.absences),
            bulletin=self.bulletin,
            lines=tuple(self.lines),
            slow=tuple(self.slow),
            promises=(*self.ended, *(one for one in self.ticket.promises if one not in self.first.promises)),
        )
