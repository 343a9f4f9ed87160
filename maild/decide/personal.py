"""An agent's personal address: a few commands about the agent, without a ticket (DESIGN 3.4, 3.6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from maild.absence import Absence
from maild.commands import Command, Name, Words, read
from maild.decide import away, learn
from maild.decide.absence import draft_to
from maild.decide.agent import amiss
from maild.decide.holds import kept_of, torn
from maild.decide.people import active, visible
from maild.decide.plan import says
from maild.decide.question import question_of
from maild.decide.situation import Situation
from maild.decide.trust import Unproven, lacks_strict, needs_strict, speaks, unproven
from maild.decision import (
    STRICT,
    Asked,
    Bulletin,
    Decision,
    Done,
    Draft,
    Duplicate,
    Notice,
    SetAside,
    SetTimer,
)
from maild.desk import Agent, Receipts
from maild.lines import Line, line, plain
from maild.mail import Kind
from maild.threading.tags import split_token
from maild.ticket import TicketNo, Use
from maild.values import replace

_KEPT = 4_000
_WITH_LINES = frozenset({Notice.RECEIPT, Notice.REFUSED, Notice.HELD, Notice.CONFIRM, Notice.ABSENCE})


def on_personal_mail(situation: Situation) -> Decision | None:
    """Decide a mail of an agent's to the personal address.

    None where it is no such mail, answers a question of ours, or bears a ticket's address as well, which then leads.
    """
    if not speaks(situation.mail) or not situation.desk.subaddress:
        return None
    if question_of(situation) is not None and not situation.waived:
        return None
    token = situation.clues.token(Use.REPLY, Use.NOTE)
    agent = situation.agent
    if agent is None or not active(agent, situation.desk, situation.now):
        return None
    if token is not None and token.ticket in situation.tickets:
        return None
    numbers = [one.party for one in situation.clues.tokens if one.use is Use.PERSONAL]
    if numbers and situation.mail.kind is not Kind.PERSON and situation.waived.isdisjoint({"machine", "operator"}):
        return _hold(situation, agent, line("bears_marks", marks=", ".join(situation.mail.why[:3])), waives="machine")
    if situation.absence_facts.number(agent.id) in numbers:
        return learn.on_word(agent, situation, _speak(situation, agent))
    if any(number in _holders(situation) for number in numbers):
        return _hold(situation, agent, line("personal_not_yours"), renewed=True)
    void = bool(numbers) or any(one.use is Use.PERSONAL for one in situation.clues.expired)
    if void and situation.waived:
        return learn.on_word(agent, situation, _speak(situation, agent))
    return _hold(situation, agent, line("personal_void"), renewed=True) if void else None


def astray(situation: Situation) -> SetAside | None:
    """Hold an agent's mail to a signed address that is none, and that nothing else ties to a ticket (DESIGN 3.4)."""
    agent, clues = situation.agent, situation.clues
    broken = clues.bad or any(old.use in {Use.REPLY, Use.NOTE} for old in clues.expired)
    if agent is None or not active(agent, situation.desk, situation.now):
        return None
    if not broken or situation.waived or situation.mail.kind is not Kind.PERSON:
        return None
    return _hold(situation, agent, line("address_no_longer_valid"), renewed=True, at="a broken address")


def with_revoked(situation: Situation, decision: Decision) -> Decision:
    """The decision, and with it the end of every personal address that the mail showed to others; its agent gets a
    fresh one."""
    if situation.waived or situation.mail.kind is not Kind.PERSON or isinstance(decision, Duplicate):
        return decision
    seen = tuple(_seen(situation))
    if not seen:
        return decision
    before = decision.bulletin or Bulletin(())
    drafts = list(before.drafts)
    for agent, told, _ in seen:
        _tell_revoked(drafts, agent, told, situation)
    because = tuple(f"the personal address of {agent.id} is void: {why}" for agent, _, why in seen)
    revoked = tuple(agent.id for agent, _, _ in seen)
    bulletin = replace(before, drafts=tuple(drafts), revoked=revoked)
    return replace(decision, because=(*decision.because, *because), bulletin=bulletin)


def _seen(situation: Situation) -> Iterator[tuple[Agent, Line, str]]:
    """Whose personal address came from another address, or stands beside that of somebody outside; with what the agent
    is told, and what the operator."""
    mail, holders = situation.mail, _holders(situation)
    numbers = dict.fromkeys(one.party for one in situation.clues.tokens if one.use is Use.PERSONAL)
    for holder in (holders[number] for number in numbers if number in holders):
        if mail.author.key not in holder.addresses:
            who = mail.author.spec
            yield holder, line("personal_from_another", who=who), f"it came from {who or 'an unknown sender'}"
        elif outsider := _outsider(situation):
            yield holder, line("personal_beside", who=outsider), f"it stood beside {outsider}"


def _outsider(situation: Situation) -> str:
    """An address in To or Cc that is neither the desk's nor a colleague's, "" where there is none."""
    desk = situation.desk
    ours = desk.addresses | frozenset(spec.lower() for spec in desk.admins)
    for address in (*situation.mail.to, *situation.mail.cc):
        plain_spec, _ = split_token(address.spec.lower())
        if not ours & {plain_spec, address.key} and desk.agent_at(address.spec) is None:
            return address.spec
    return ""


def _tell_revoked(drafts: list[Draft], agent: Agent, told: Line, situation: Situation) -> None:
    """Put the fresh address into the mail that the agent gets anyway, else into one of its own."""
    for place, draft in enumerate(drafts):
        if draft.to.agent == agent.id and draft.notice in _WITH_LINES:
            drafts[place] = replace(draft, tells=draft.tells | {Notice.WELCOME}, lines=(*draft.lines, told))
            return
    drafts.append(draft_to(agent, situation.absence_facts, Notice.WELCOME, (told,)))


def _holders(situation: Situation) -> dict[int, Agent]:
    """The agents who work here, by the number that their personal address carries now."""
    desk = situation.desk
    known = ((number, desk.agent(one)) for one, number in situation.absence_facts.numbers)
    return {number: agent for number, agent in known if agent is not None and active(agent, desk, situation.now)}


# --- what the agent's words do --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Answer:
    """What one mail does and is answered with; local to one decision."""

    lines: list[str | Line] = field(default_factory=list)
    because: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    timers: list[tuple[TicketNo, SetTimer]] = field(default_factory=list)
    question: Asked | None = None


def _speak(situation: Situation, agent: Agent) -> Decision:
    mail = situation.mail
    words = read(mail.new_text)
    doubted = unproven(situation, agent)
    if doubted is not None:
        nothing_proves = line("nothing_proves", why=mail.proof.because)
        return _hold(
            situation, agent, nothing_proves, waives="proof" if doubted is Unproven.ASKED else "", confirm=True
        )
    if (unread := torn(mail)) is not None:
        return _refuse(situation, agent, (unread,))
    if mail.ambiguous and situation.waived.isdisjoint({"difference", "operator"}):
        return _hold(situation, agent, line("begins_differently"), waives="difference")
    reasons = tuple(map(amiss, words.wrong)) or tuple(_against(situation, agent, words))
    if reasons:
        return _refuse(situation, agent, reasons)
    if lacks_strict(situation, words):
        return _hold(situation, agent, line("away_unproven", who=agent.name), waives=STRICT, confirm=True)
    return _carry_out(situation, agent, words)


def _against(situation: Situation, agent: Agent, words: Words) -> Iterator[Line]:
    """Why these words cannot be carried out here; nothing where they can."""
    if not words.commands:
        yield line("personal_takes")
        yield line("personal_text")
    for command in words.commands:
        match command.name:
            case Name.AWAY | Name.BACK:
                if refused := away.against(situation, agent, command):
                    yield refused
            case Name.SHOW | Name.HISTORY if command.number is None:
                yield line("personal_number", word=command.name.value)
            case Name.SHOW | Name.HISTORY:
                seen = situation.tickets.get(command.number or 0)
                if seen is None or not visible(situation.desk, seen, agent):
                    yield line("no_ticket", number=command.number)
            case Name.LIST | Name.HELP:
                pass
            case Name.YES:
                yield line("no_question")
            case _:
                yield line("personal_elsewhere", word=command.name.value)
                yield line("personal_takes")


def _carry_out(situation: Situation, agent: Agent, words: Words) -> Done:
    """Run every command, answer those that ask, and say what was done."""
    answer = _Answer()
    for command in words.commands:
        _run(answer, situation, agent, command)
    lost = says(words, situation.mail)
    if lost:
        answer.lines.append(line("personal_text_lost"))
    told = draft_to(agent, situation.absence_facts, Notice.RECEIPT, tuple(answer.lines), answer.question)
    if answer.question is not None:
        told = replace(told, tells=frozenset({Notice.ABSENCE}))
    if answer.question is not None or lost or (answer.lines and _receipts(situation)):
        answer.drafts.insert(0, replace(told, kept_text=words.rest.strip()[:_KEPT] if lost else ""))
    bulletin = Bulletin(
        tuple(answer.because),
        absences=tuple(answer.absences),
        timers=tuple(answer.timers),
        drafts=tuple(answer.drafts),
        proved=agent.id if situation.mail.proof.proven else None,
    )
    named = " ".join(f"#{command.name.value}" for command in words.commands)
    return Done((f"{named} at the personal address of {agent.id}", *answer.because), bulletin=bulletin)


def _run(answer: _Answer, situation: Situation, agent: Agent, command: Command) -> None:
    match command.name:
        case Name.AWAY | Name.BACK:
            leaves = command.name is Name.AWAY
            owned = situation.absence_facts.owned
            told = away.leave(situation, agent, command, owned) if leaves else away.come_back(situation, agent)
            answer.because.extend(told.because)
            answer.absences.extend(told.absences)
            answer.timers.extend(told.timers)
            answer.lines.extend(told.lines)
            answer.question = told.question
        case Name.LIST:
            which = command.words[0] if command.words else "mine"
            scope = f"team:{','.join(_teams(situation, agent))}" if which == "team" else f"{which}:{agent.id}"
            _show(answer, situation, agent, Notice.LIST, scope=scope)
        case Name.HELP:
            _show(answer, situation, agent, Notice.HELP, scope="help")
        case _:
            notice = Notice.SHOW if command.name is Name.SHOW else Notice.HISTORY
            _show(answer, situation, agent, notice, scope=notice.value, about=command.number)


def _show(
    answer: _Answer, situation: Situation, agent: Agent, notice: Notice, *, scope: str, about: int | None = None
) -> None:
    draft = draft_to(agent, situation.absence_facts, notice)
    answer.drafts.append(replace(draft, scope=scope, about=about))


def _teams(situation: Situation, agent: Agent) -> list[str]:
    return [team.id for team in situation.desk.teams if agent.id in {*team.members, team.lead}]


def _receipts(situation: Situation) -> bool:
    return situation.desk.receipts in {Receipts.ALWAYS, Receipts.COMMANDS}


# --- what is not carried out ----------------------------------------------------------------------------------------


def _refuse(situation: Situation, agent: Agent, reasons: Sequence[str | Line]) -> Done:
    """Nothing runs; the agent hears why, and gets the text back."""
    draft = draft_to(agent, situation.absence_facts, Notice.REFUSED, tuple(dict.fromkeys(reasons)))
    draft = replace(draft, kept_text=kept_of(situation.mail)[:_KEPT])
    because = tuple(f"refused at the personal address of {agent.id}: {plain(reason)}" for reason in reasons)
    lines = tuple(reason for reason in reasons if isinstance(reason, Line))
    return Done(because, bulletin=Bulletin(because, drafts=(draft,)), lines=lines)


def _hold(
    situation: Situation,
    agent: Agent,
    why: Line,
    *,
    waives: str = "",
    confirm: bool = False,
    renewed: bool = False,
    at: str = "the personal address",
) -> SetAside:
    """Keep the mail back, and tell the registered address; `renewed` brings a fresh personal address."""
    question = None
    if waives:
        strict = {STRICT} if confirm and needs_strict(read(situation.mail.new_text)) else set()
        question = Asked(situation.inbox, agent.id, tuple(sorted(situation.waived | {waives} | strict)))
    notice = Notice.CONFIRM if confirm and question is not None else Notice.HELD
    draft = draft_to(agent, situation.absence_facts, notice, (why,), question)
    draft = replace(
        draft,
        tells=draft.tells | ({Notice.WELCOME} if renewed else frozenset()),
        kept_text=kept_of(situation.mail)[:_KEPT],
    )
    because = f"held: at {at} of {agent.id}: {plain(why)}"
    return SetAside((because,), bulletin=Bulletin((because,), drafts=(draft,)), lines=(why,))
