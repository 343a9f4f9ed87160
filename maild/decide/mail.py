"""What becomes of one mail: which ticket, who speaks, and what follows (DESIGN 3.5, 3.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from maild.decide import agent, customer, learn, personal, question, robots, void, wish
from maild.decide.routing import addressed, teams_at
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Decision, Done, Duplicate, SetAside
from maild.mail import Kind
from maild.threading.clues import same_words
from maild.ticket import Party, Status, Ticket, Use
from maild.values import dataclass

_RECEIVED_MOST = 50
_PROBE = re.compile(r"<?probe\.[0-9a-f]{32}@[^@\s>]+>?")
"""A mail that `maild check --connect` sends to ourselves. Whoever writes one like it gets nothing of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ticket that a clue names, and how; `door` tells a token or an id of ours from what anybody could write."""

    ticket: Ticket
    because: str
    door: bool = False


def on_mail(situation: Situation) -> Decision:
    """Decide one mail: a value with its reasons, the same for the same situation."""
    mail = situation.mail
    if situation.earlier is not None:
        return _duplicate(situation)
    if [name for name, _ in mail.headers].count("received") >= _RECEIVED_MOST and not situation.vouched:
        return _aside(f"it went through {_RECEIVED_MOST} servers or more: a loop")
    if situation.clues.token(Use.CONFIRM) is not None and not situation.waived:
        return question.on_yes(situation)
    match mail.kind:
        case Kind.BOUNCE | Kind.DELAY:
            filed = robots.file_bounce(situation)
            return _without_clue(situation) if isinstance(filed, SetAside) and situation.vouched else filed
        case Kind.OWN:
            if _PROBE.fullmatch(mail.message_id):
                return Done(("a probe of maild check: it arrived",))
            # not even the operator can make a ticket of it: its answers would come back as mail of our own
            return _aside("own: it says that it comes from this desk itself")
        case Kind.AUTO_REPLY | Kind.COMPLAINT | Kind.RECEIPT:
            return _from_machine(situation)
        case Kind.NOTIFICATION | Kind.LIST if situation.agent is not None:
            # an agent's words are never sent by a machine, and a machine is not told that its mail is held
            stamped = personal.on_personal_mail(situation) or agent.on_stamped_mail(situation)
            return stamped or _from_machine(situation)
        case _:
            pass
    spoken = personal.on_personal_mail(situation) or agent.on_agent_mail(situation)
    return personal.with_revoked(situation, void.with_void(situation, spoken or _from_outside(situation)))


def _from_machine(situation: Situation) -> Decision:
    """An automatic answer, a receipt, a complaint: kept where it belongs, changes nothing there.

    An agent's own may tell of an absence; one that belongs to no ticket is then a word to the desk, and opens none.
    """
    mail = situation.mail
    learnt = learn.on_reply(situation)
    found = find(situation) or next(iter(_returned(situation)), None)
    if found is not None:
        return robots.file_machine(situation, found.ticket, found.because, learnt)
    if learnt is not None:
        return Done(learnt.because, bulletin=learnt)
    if mail.kind in {Kind.COMPLAINT, Kind.RECEIPT} and not situation.vouched:
        return _aside(f"{mail.kind.value}: belongs to no mail of ours")
    return _without_clue(situation)


def _returned(situation: Situation) -> Iterator[Found]:
    """The ticket of a mail of ours that a report brings back."""
    for ours in situation.clues.returned:
        if ours.token.ticket in situation.tickets:
            yield Found(situation.tickets[ours.token.ticket], f"it returns a mail of #{ours.token.ticket}")


def _from_outside(situation: Situation) -> Decision:
    mail = situation.mail
    found = find(situation)
    if found is None:
        return personal.astray(situation) or _without_clue(situation)
    ticket, because = found.ticket, (found.because,)
    party = ticket.participant_at(mail.author.spec) if mail.author.spec else None
    if party is None:
        return _stranger(situation, found)
    asking = wish.asked(situation, ticket, party, door=found.door)
    if asking is not None:
        return wish.grant(situation, ticket, party, asking, because)
    if not situation.clues.replies and not ticket.status.active:
        told = f"it answers nothing, and #{ticket.number} is {ticket.status}"
        return customer.open_ticket(situation, because=(*because, told), linked=ticket)
    if ticket.status is Status.CLOSED:
        return customer.open_ticket(situation, because=(*because, f"#{ticket.number} is closed"), follows=ticket)
    return customer.append(situation, ticket, party, because)


def find(situation: Situation) -> Found | None:
    """The strongest clue that leads to a ticket; weaker ones are followed only for a participant (DESIGN 3.5)."""
    clues, tickets = situation.clues, situation.tickets
    for token in clues.tokens:
        if token.use in {Use.CUSTOMER, Use.REPLY, Use.NOTE} and token.ticket in tickets:
            return Found(tickets[token.ticket], f"signed address of #{token.ticket}", door=True)
    for ours in clues.own:
        if ours.token.ticket in tickets:
            return Found(tickets[ours.token.ticket], f"our Message-ID of #{ours.token.ticket}", door=True)
    for row in (situation.sent.get(token.ticket) for token in clues.tokens if token.use is Use.BOUNCE):
        if row is not None and row.ticket is not None and row.ticket in tickets:
            return Found(tickets[row.ticket], f"envelope address of outbox mail {row.row}", door=True)
    for message_id, number in situation.met:
        ticket = tickets.get(number)
        if ticket is not None and _takes_part(situation, ticket) and _same_subject(situation, ticket):
            return Found(ticket, f"Message-ID {message_id} stands on #{ticket.number}")
    tagged = _of(situation, clues.tag)
    if tagged is not None and situation.mail.proof.proven and _takes_part(situation, tagged):
        return Found(tagged, f"subject tag of #{tagged.number}, address proven")
    same = _of(situation, situation.same_id)
    if same is not None and _takes_part(situation, same):
        return Found(same, f"same Message-ID as a mail of #{same.number}, other words")
    return None


def _same_subject(situation: Situation, ticket: Ticket) -> bool:
    """Whether the mail bears the ticket's subject: the one that agents see, or the one that customers have seen."""
    return any(same_words(situation.mail.subject, known) for known in (ticket.subject, ticket.shown) if known)


def _of(situation: Situation, number: int | None) -> Ticket | None:
    return situation.tickets.get(number) if number is not None else None


def _takes_part(situation: Situation, ticket: Ticket) -> Party | None:
    author = situation.mail.author.spec
    return ticket.participant_at(author) if author else None


def _without_clue(situation: Situation) -> Decision:
    bad = situation.clues.bad
    forged = (f"{bad} signed addresses" if bad > 1 else "a signed address") + " that no key of ours made"
    seen = (forged,) if bad else ()
    weak = _weak(situation)
    if weak is None:
        return customer.open_ticket(situation, because=(*seen, "no clue: a new ticket"))
    stranger = _takes_part(situation, weak.ticket) is None
    return customer.open_ticket(situation, because=(*seen, weak.because), linked=weak.ticket, tell_owner=stranger)


def _weak(situation: Situation) -> Found | None:
    """A clue that joins nothing and still deserves a link."""
    for _message_id, met in situation.met:
        if met in situation.tickets:
            return Found(situation.tickets[met], f"it names a mail of #{met}, but cannot join it")
    for token in situation.clues.expired:
        if token.use in {Use.CUSTOMER, Use.REPLY, Use.NOTE} and token.ticket in situation.tickets:
            return Found(situation.tickets[token.ticket], f"its signed address of #{token.ticket} is too old")
    for number in (situation.clues.tag, situation.same_id):
        ticket = _of(situation, number)
        if ticket is not None:
            return Found(ticket, f"it names #{ticket.number}, but nothing proves that it belongs there")
    return None


def _stranger(situation: Situation, found: Found) -> Decision:
    because = (found.because, f"{situation.mail.author.spec or 'nobody'} takes no part in #{found.ticket.number}")
    # a list that writes itself into From passes a person's words on
    knocks = found.door and situation.mail.kind in {Kind.PERSON, Kind.LIST}
    return customer.open_ticket(situation, because=because, linked=found.ticket, stranger=knocks)


def _duplicate(situation: Situation) -> Decision:
    """The same mail again; a team that only this copy addresses is added to the ticket."""
    earlier = situation.earlier
    if earlier is None:
        raise AssertionError("a duplicate has an earlier mail")
    because = (f"the same mail came before as inbox mail {earlier.inbox}",)
    ticket = situation.tickets.get(earlier.ticket) if earlier.ticket is not None else None
    if ticket is None:
        return Duplicate(earlier.inbox, earlier.ticket, because)
    history = situation.history.get(ticket.number, ())
    known = {event.after for event in history if event.event in {"team", "also-team"}}
    known |= {team.id for team in teams_at(situation.desk, earlier.recipients)}
    teams = tuple(team for team in addressed(situation) if team.id not in known)
    if not teams:
        return Duplicate(earlier.inbox, earlier.ticket, because)
    turn = Turn(ticket, situation.desk, situation.now, "desk")
    customer.also_teams(turn, situation, teams)
    return Duplicate(earlier.inbox, earlier.ticket, (*because, *turn.because), turn.post())


def _aside(because: str) -> Decision:
    return SetAside((because,))
