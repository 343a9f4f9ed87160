"""An agent's signed address in other hands: void from now on, and its agent gets a fresh one (DESIGN 3.3)."""

from __future__ import annotations

from maild.decide.assign import people_of
from maild.decide.people import active, visible
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Decision, Draft, Fresh, Notice, Post, SetAside
from maild.desk import Agent
from maild.lines import line
from maild.mail import Kind
from maild.ticket import Party, Role, Ticket, Use
from maild.values import replace


def revoke(situation: Situation, party: Party, agent: Agent, ticket: Ticket) -> SetAside:
    """The token is void, and the mail of somebody who takes no part is held."""
    desk, author = situation.desk, situation.mail.author
    turn = Turn(ticket, desk, situation.now, "desk")
    fresh = turn.renumber(party)
    way = (Fresh(ticket.number, fresh.number, ticket.address, ticket.subject),)
    who = author.spec or "an unknown sender"
    told = line("came_to_your_address", who=author.spec, number=ticket.number)
    turn.tell_agent(agent, Notice.HELD, Use.NOTE, auto=True, lines=(told,), fresh=way)
    other = situation.agent
    if other is not None and active(other, desk, situation.now) and visible(desk, ticket, other):
        own = turn.party_of(other)
        way = (Fresh(ticket.number, own.number, ticket.address, ticket.subject),)
        told = line("went_to_anothers_address", who=agent.name, number=ticket.number)
        turn.tell_agent(other, Notice.HELD, Use.NOTE, auto=True, lines=(told,), fresh=way)
    return SetAside((f"held: it came from {who} to the address of {agent.id} for #{ticket.number}",), turn.post())


def turn_away(situation: Situation, name: str, ticket: Ticket) -> SetAside:
    """Words to the address of somebody who has left are kept aside, and those who have the ticket now are told."""
    who = situation.mail.author.spec or "an unknown sender"
    turn = Turn(ticket, situation.desk, situation.now, "desk")
    because = f"it came from {who} to the address of {name}, who is no longer an agent here"
    turn.happened("held", text=because)
    told = line("came_to_an_old_address", who=situation.mail.author.spec, name=name, number=ticket.number)
    for person in people_of(situation.desk, ticket.owner, ticket.team, situation.now):
        turn.tell_agent(person, Notice.HELD, Use.NOTE, auto=True, lines=(told,))
    return SetAside((f"held: {because}",), turn.post())


def with_void(situation: Situation, decision: Decision) -> Decision:
    """The decision, and with it the end of every agent's address for a ticket that the mail of somebody else bore."""
    if situation.mail.kind is not Kind.PERSON:
        return decision
    match decision:
        case Post():
            return _voided(situation, decision)
        case SetAside(post=Post() as post):
            return replace(decision, post=_voided(situation, post))
        case _:
            return decision


def _voided(situation: Situation, post: Post) -> Post:
    tokens = (token for token in situation.clues.tokens if token.use in {Use.REPLY, Use.NOTE})
    for number, place in dict.fromkeys((token.ticket, token.party) for token in tokens):
        ticket = _present(situation, post, number)
        party = ticket.party(place) if ticket is not None else None
        holder = situation.desk.agent(party.agent) if party is not None and party.role is Role.AGENT else None
        if ticket is None or party is None or holder is None or not active(holder, situation.desk, situation.now):
            continue
        if situation.mail.author.key not in holder.addresses:
            post = _void(situation, post, ticket, party, holder)
    return post


def _present(situation: Situation, post: Post, number: int) -> Ticket | None:
    """The ticket as the decision leaves it; None for one that went into another, where its numbers mean nothing."""
    states = (post.ticket, *(ticket for ticket, _ in post.elsewhere), situation.tickets.get(number))
    return next((one for one in states if one is not None and one.number == number), None)


def _void(situation: Situation, post: Post, ticket: Ticket, party: Party, holder: Agent) -> Post:
    """Give the holder a new number on the ticket, and tell of it in the mail that the holder gets anyway, or a note."""
    who = situation.mail.author.spec
    turn = Turn(ticket, situation.desk, situation.now, "desk")
    fresh = turn.renumber(party)
    because = f"it bore the address of {holder.id} for #{ticket.number}, which is void now"
    post = replace(post, because=(*post.because, because))
    if ticket.number == post.ticket.number:
        mine = (holder.id, party.number)
        drafts = tuple(replace(one, to=fresh) if (one.to.agent, one.to.number) == mine else one for one in post.drafts)
        post = replace(post, ticket=turn.ticket, events=(*turn.events, *post.events), drafts=drafts)
    else:
        others = [one for one in post.elsewhere if one[0].number != ticket.number]
        happened = next((events for one, events in post.elsewhere if one.number == ticket.number), ())
        post = replace(post, elsewhere=(*others, (turn.ticket, (*happened, *turn.events))))
    way = Fresh(ticket.number, fresh.number, ticket.address, ticket.subject)
    told = Draft(
        fresh,
        frozenset({Notice.NOTE}),
        Use.NOTE,
        auto=True,
        lines=(line("came_to_your_address", who=who, number=ticket.number),),
        fresh=(way,),
    )
    return _telling(situation, post, holder, told)


def _telling(situation: Situation, post: Post, holder: Agent, told: Draft) -> Post:
    """The post with the holder told; who may not see its ticket finds the new address in the next mail of their own."""
    drafts = list(post.drafts)
    for place, draft in enumerate(drafts):
        if draft.to.agent == holder.id and not draft.scope:
            drafts[place] = replace(draft, lines=(*draft.lines, *told.lines), fresh=(*draft.fresh, *told.fresh))
            return replace(post, drafts=tuple(drafts))
    if not visible(situation.desk, post.ticket, holder):
        return post
    turn = Turn(post.ticket, situation.desk, situation.now, "desk")
    own = turn.party_of(holder)
    return replace(post, ticket=turn.ticket, drafts=(*drafts, replace(told, to=own, proven=True)))
