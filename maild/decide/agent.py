"""An agent's mail: whether it may speak, and what its words do (DESIGN 3.4, 3.6, 3.7)."""

from __future__ import annotations

from typing import assert_never

from maild.commands import Fault, Name, Words, Wrong, read
from maild.decide import effects, learn, robots
from maild.decide.absence import draft_to
from maild.decide.authority import SPOKEN, Authority, Denied, Gone, Leaked, authority, own_token
from maild.decide.holds import Hold, kept_of, torn
from maild.decide.people import visible
from maild.decide.plan import Ready, Refused, plan, says, without_commands
from maild.decide.question import on_yes, question_of
from maild.decide.situation import Situation
from maild.decide.trust import lacks_strict, needs_strict, speaks
from maild.decide.turn import Turn
from maild.decide.void import revoke, turn_away
from maild.decision import STRICT, Asked, Bulletin, Decision, Fresh, Notice, Post, SetAside
from maild.desk import Agent
from maild.ingest.quote import divide
from maild.lines import Line, line, plain
from maild.mail import Kind, Mail
from maild.threading.tags import TOKEN_LENGTH, split_token
from maild.ticket import Event, Role, Ticket, Use
from maild.values import replace

_KEPT = 4_000


def on_agent_mail(situation: Situation) -> Decision | None:
    """Decide a mail that speaks as an agent; None where nothing in it does, so that it is a customer's."""
    if question_of(situation) is not None and not situation.waived:
        return on_yes(situation)
    match authority(situation):
        case None:
            return None
        case Leaked(party=party, agent=agent, ticket=ticket):
            return revoke(situation, party, agent, ticket)
        case Gone(name=name, ticket=ticket):
            return turn_away(situation, name, ticket)
        case Authority() as granted if situation.mail.kind is not Kind.PERSON:
            return robots.file_machine(situation, granted.ticket, granted.because)
        case Denied() as denied if situation.mail.kind is not Kind.PERSON:
            return robots.file_machine(situation, denied.ticket, denied.because)
        case Authority(agent=agent, ticket=ticket) | Denied(agent=agent, ticket=ticket) if _is_shut(
            situation, ticket, agent
        ):
            return _shut_out(situation, ticket, agent)
        case Denied() as denied:
            return _hold(situation, denied)
        case Authority() as granted:
            return learn.on_word(granted.agent, situation, _speak(situation, granted))
        case unexpected:
            assert_never(unexpected)


def on_stamped_mail(situation: Situation) -> Decision | None:
    """Hold an agent's mail that bears marks of a machine which people's mail bears too, until its writer says `#yes`.

    None where it is a machine's, or nothing in it speaks as an agent. Some companies' servers mark all their mail so.
    """
    if not speaks(situation.mail):
        return None
    if question_of(situation) is not None and not situation.waived:
        return on_yes(situation)
    match authority(situation):
        case Authority(agent=agent, ticket=ticket) | Denied(agent=agent, ticket=ticket) if _is_shut(
            situation, ticket, agent
        ):
            return _shut_out(situation, ticket, agent)
        case Denied() as denied:
            return _hold(situation, denied)
        case Authority() as granted if not situation.waived.isdisjoint({"machine", "operator"}):
            return learn.on_word(granted.agent, situation, _speak(situation, granted))
        case Authority(agent=agent, ticket=ticket):
            marks = line("bears_marks", marks=", ".join(situation.mail.why[:3]))
            return _hold(situation, Denied(agent, ticket, marks, waives="machine"))
        case _:
            return None


def _is_shut(situation: Situation, ticket: Ticket, agent: Agent) -> bool:
    """Whether the ticket has come to a private team of others, whatever addresses of it the agent still has.

    A team that its customer wrote to as well stays in.
    """
    if visible(situation.desk, ticket, agent) or "operator" in situation.waived:
        return False
    events = situation.history.get(ticket.number, ())
    invited = (situation.desk.team_of(event.after) for event in events if event.event == "also-team")
    return not any(team is not None and agent.id in team.members for team in invited)


def _shut_out(situation: Situation, ticket: Ticket, agent: Agent) -> SetAside:
    """Nothing is done, and the agent hears so in a mail that shows nothing of the ticket."""
    because = (f"held: {agent.id} may not see #{ticket.number}",)
    draft = draft_to(agent, situation.absence_facts, Notice.REFUSED, (line("no_ticket", number=ticket.number),))
    draft = replace(draft, kept_text=kept_of(situation.mail)[:_KEPT])
    return SetAside(because, bulletin=Bulletin(because, drafts=(draft,)))


def _begin(situation: Situation, ticket: Ticket, agent: Agent) -> tuple[Turn, tuple[Fresh, ...]]:
    """The turn of an agent's mail; a signed address that stands beside a customer's is void from now on."""
    turn = Turn(ticket, situation.desk, situation.now, agent.name)
    mail = situation.mail
    seen = [address.spec for address in (*mail.to, *mail.cc)]
    party = next((p for p in ticket.parties if p.agent == agent.id and p.role is Role.AGENT), None)
    signed = any(len(split_token(spec)[1]) == TOKEN_LENGTH for spec in seen)
    if party is None or not signed or not any(ticket.participant_at(spec) for spec in seen):
        return turn, ()
    if situation.clues.token(Use.REPLY, Use.NOTE) is None or situation.waived:
        return turn, ()
    fresh = turn.renumber(party)
    return turn, (Fresh(ticket.number, fresh.number, ticket.address, ticket.subject),)


def _speak(situation: Situation, granted: Authority) -> Decision:
    mail, agent = situation.mail, granted.agent
    if (unread := torn(mail)) is not None:
        return _hold_torn(situation, granted, unread)
    if mail.ambiguous and situation.waived.isdisjoint({"difference", "operator"}):
        return _hold(situation, Denied(agent, granted.ticket, line("begins_differently"), waives="difference"))
    words = read(_written(mail))
    turn, fresh = _begin(situation, granted.ticket, agent)
    turn.because.append(granted.because)
    turn.proved = agent.id if mail.proof.proven else None
    turn.met = (mail.message_id,)
    if "commands" in situation.waived:
        words = without_commands(words)
    elif words.wrong:
        return refuse(turn, situation, agent, tuple(map(amiss, words.wrong)), words, fresh)
    _link_others(turn, situation)
    if not says(words, mail) and not _does(words):
        return refuse(turn, situation, agent, (line("no_new_words"),), words, fresh)
    match plan(situation, granted.ticket, agent, words, note=granted.note):
        case Refused(reasons):
            return refuse(turn, situation, agent, reasons, words, fresh)
        case Hold(because, waives, since):
            return _hold(situation, Denied(agent, granted.ticket, because, waives=waives, since=since))
        case Ready() if lacks_strict(situation, words):
            away_unproven = line("away_unproven", who=agent.name)
            return _hold(situation, Denied(agent, granted.ticket, away_unproven, waives=STRICT, confirm=True))
        case Ready():
            return effects.carry_out(turn, situation, agent, words, note=granted.note, fresh=fresh)
        case unexpected:
            assert_never(unexpected)


def _does(words: Words) -> bool:
    """Whether any command does something by itself; who is to read a text does nothing without one."""
    return any(command.name not in {Name.REPLY, Name.NOTE} for command in words.commands)


def _written(mail: Mail) -> str:
    """The newest words with their closing: what an agent signs with goes out, though the reading leaves it aside."""
    if not mail.plain:
        return mail.new_text
    words = divide(mail.text, closing=True).words
    return words if words.startswith(mail.new_text.rstrip()) else mail.new_text


def _link_others(turn: Turn, situation: Situation) -> None:
    """Further tickets whose addresses of this agent's the mail bears as well, as a colleague's or as a customer's."""
    mine = turn.ticket.number
    own = (one.ticket for one in situation.clues.tokens if one.use in SPOKEN and own_token(situation, one))
    for number in dict.fromkeys(own):
        other = situation.tickets[number]
        if other.number == mine or mine in other.links:
            continue
        turn.link(other.number)
        event = Event(situation.now, "linked", turn.who, after=str(mine))
        turn.elsewhere.append((replace(other, links=(*other.links, mine)), (event,)))


def amiss(wrong: Wrong) -> Line:
    """What was wrong with one line, as the refusal says it."""
    if wrong.fault in {Fault.DATES, Fault.TWO_WAYS}:
        return wrong.reason  # it quotes the line itself
    nearest = wrong.nearest if wrong.fault is Fault.UNKNOWN else ""
    return line("wrong_line", written=wrong.line, why=(wrong.reason,), nearest=nearest)


def refuse(
    turn: Turn,
    situation: Situation,
    agent: Agent,
    reasons: tuple[Line, ...],
    words: Words,
    fresh: tuple[Fresh, ...],
) -> Post:
    """Nothing runs and nothing goes to the customer; the agent hears why, and can send the text without commands."""
    for reason in reasons:
        turn.explain(reason, "refused: ")
    turn.happened_because("refused", line("joined", words=reasons))
    question = None
    if says(without_commands(words), situation.mail):
        question = Asked(situation.inbox, agent.id, tuple(sorted(situation.waived | {"commands"})))
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.tell_agent(
        agent,
        Notice.REFUSED,
        Use.NOTE,
        auto=True,
        lines=(*reasons, *seen),
        kept_text=words.rest.strip(),
        question=question,
        fresh=fresh,
    )
    return turn.post()


def _hold(situation: Situation, denied: Denied) -> SetAside:
    """Keep the mail back, and tell the registered address, never the one that the mail claims to come from."""
    agent, unread = denied.agent, torn(situation.mail)
    if unread is not None:
        denied = replace(denied, waives="", confirm=False)  # nobody can say yes to what was not read
    turn, fresh = _begin(situation, denied.ticket, agent)
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.happened_because("held", denied.because)
    question = None
    if denied.waives:
        # who vouches for a mail that needs strict proof as well is not asked twice
        strict = {STRICT} if denied.confirm and needs_strict(read(situation.mail.new_text)) else set()
        question = Asked(situation.inbox, agent.id, tuple(sorted(situation.waived | {denied.waives} | strict)))
    if denied.fresh and not fresh:
        party = turn.party_of(agent)
        fresh = (Fresh(turn.ticket.number, party.number, turn.ticket.address, turn.ticket.subject),)
    turn.tell_agent(
        agent,
        Notice.CONFIRM if denied.confirm else Notice.HELD,
        Use.NOTE,
        auto=True,
        lines=(denied.because, *((unread,) if unread is not None else ()), *seen),
        kept_text=kept_of(situation.mail)[:_KEPT],
        question=question,
        since=denied.since,
        fresh=fresh,
    )
    return SetAside((f"held: {plain(denied.because)}",), turn.post())


def _hold_torn(situation: Situation, granted: Authority, unread: Line) -> SetAside:
    """Keep back a mail that was not read whole: no `#yes` sends what nobody has seen, so its writer sends it again."""
    because = (f"held: {plain(unread)}",)
    if situation.vouched:
        return SetAside(because, lines=(unread,))  # its writer has been told
    turn, fresh = _begin(situation, granted.ticket, granted.agent)
    seen = (line("own_address_void", number=turn.ticket.number),) if fresh else ()
    turn.happened_because("held", unread)
    turn.tell_agent(granted.agent, Notice.REFUSED, Use.NOTE, auto=True, lines=(unread, *seen), fresh=fresh)
    return SetAside(because, turn.post())
