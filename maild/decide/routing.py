"""Where a mail goes, by its addresses, its organisation and the operator's rules, each step with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from maild import reasons
from maild.decide import prepared
from maild.decide.assign import choose, named, people_of
from maild.decide.cover import cover_of
from maild.decide.moves import tell_new_owner
from maild.decide.situation import Situation
from maild.decide.turn import Turn
from maild.decision import Draft, Loads, Notice
from maild.desk import Agent, AgentId, Desk, Team
from maild.lines import line
from maild.mail import Attachment, MessageId
from maild.rules.model import Facts, On, Reply, Verdict
from maild.threading.tags import split_token
from maild.ticket import Code, Entry, Origin, Party, Priority, Reason, Role, Status, Ticket, Use, Voice
from maild.values import replace

DESK = "desk"
"""Who acts in the history where the desk's own rules do."""


def facts(situation: Situation, on: On, team: str, ticket: Ticket | None) -> Facts:
    """What the rules may look at: the mail, and its ticket as it stands or would be opened."""
    mail, now = situation.mail, situation.now
    organisation = situation.desk.organisation_at(mail.author.spec)
    return Facts(
        mail=mail,
        recipients=situation.recipients,
        on=on,
        now=now,
        team=team,
        owner=ticket.owner if ticket else None,
        status=ticket.status.value if ticket else "open",
        priority=ticket.priority.value if ticket else "normal",
        level=ticket.level if ticket else 1,
        tags=ticket.tags if ticket else (),
        organisation=organisation.name if organisation else "",
        language=ticket.language if ticket else mail.language,
        first_time=situation.first_time,
        silent_for=(now - ticket.updated_at).total_seconds() if ticket else 0.0,
        age=(now - ticket.created_at).total_seconds() if ticket else 0.0,
        promised_in=left(ticket, now),
        hours=situation.desk.open_hours(now),
    )


def left(ticket: Ticket | None, now: datetime) -> float:
    """Seconds until the date that the customer was told; not a number where there is none."""
    return (ticket.promised_at - now).total_seconds() if ticket and ticket.promised_at else math.nan


def addressed(situation: Situation) -> tuple[Team, ...]:
    """The teams that the mail was sent to, each once: To and Cc in their order, then the envelope.

    Where none of these is ours, it was forwarded or a blind copy: then where servers say that they delivered it.
    """
    mail, desk = situation.mail, situation.desk
    ours = _ours(desk, [*(one.spec for one in (*mail.to, *mail.cc)), *situation.recipients])
    return _teams(desk, ours or _ours(desk, mail.delivered_to))


def teams_at(desk: Desk, specs: Iterable[str]) -> tuple[Team, ...]:
    """The teams behind these addresses, each once, in their order."""
    return _teams(desk, _ours(desk, specs))


def _ours(desk: Desk, specs: Iterable[str]) -> list[str]:
    """Our own among these addresses, plain, each once."""
    plain = dict.fromkeys(split_token(spec)[0].lower() for spec in specs)
    return [one for one in plain if one in desk.addresses]


def _teams(desk: Desk, ours: Iterable[str]) -> tuple[Team, ...]:
    """The teams behind these addresses of ours; the desk's own and its aliases lead to the usual team."""
    teams = (desk.team_at(plain) or desk.team_of(desk.team) for plain in ours)
    return tuple({team.id: team for team in teams if team is not None}.values())


def team_of(situation: Situation, before: Ticket | None, teams: tuple[Team, ...]) -> Team:
    """The team that a new ticket goes to before the rules speak; a ticket that goes on keeps the team of the last.

    `teams` are those that the mail was sent to.
    """
    desk = situation.desk
    if before is not None and (kept := desk.team_of(before.team)):
        return kept
    usual = desk.team_of(desk.team)
    if usual is None:
        raise AssertionError("the configuration names a team that it does not define")
    if teams and (teams[0] is not usual or len(teams) > 1):
        return teams[0]
    organisation = desk.organisation_at(situation.mail.author.spec)
    theirs = desk.team_of(organisation.team) if organisation else None
    return theirs or usual


def settle_fields(turn: Turn, situation: Situation, verdict: Verdict, team: Team, before: Ticket | None) -> None:
    """Subject, team, owner, priority, status, tags and language of a new ticket; `before` is the one that goes on."""
    turn.happened("opened", text="; ".join(turn.because), after=situation.mail.author.spec)
    turn.subject(turn.ticket.subject)
    with turn.by(DESK):
        _place(turn, situation, verdict, team, before)
        turn.status(Status(verdict.status) if verdict.status else Status.OPEN)
        turn.priority(Priority(verdict.priority) if verdict.priority else Priority.NORMAL)
        turn.tags(verdict.tags)
        if verdict.level is not None:
            turn.level(verdict.level)
        if verdict.sla:
            turn.change(sla=verdict.sla)
    organisation = situation.desk.organisation_at(situation.mail.author.spec)
    said = situation.mail.language if situation.mail.language in situation.desk.languages else ""
    theirs = organisation.language if organisation else ""
    language = verdict.language or theirs or said or situation.remembered or turn.ticket.language
    turn.change(language=language)
    _explain(turn, verdict)


def change_fields(turn: Turn, loads: Loads, verdict: Verdict) -> None:
    """What the rules make of a ticket that stands: its fields, and a move with its reason."""
    with turn.by(DESK):
        if verdict.status:
            turn.status(Status(verdict.status), "a rule says so")
        if verdict.priority:
            turn.priority(Priority(verdict.priority))
        if verdict.tags:
            turn.tags((*turn.ticket.tags, *verdict.tags))
        if verdict.level is not None:
            turn.level(verdict.level)
        if verdict.sla:
            turn.change(sla=verdict.sla)
        if verdict.language:
            turn.ticket = replace(turn.ticket, language=verdict.language)
        _move(turn, loads, verdict)
    _explain(turn, verdict)


def invite(turn: Turn, verdict: Verdict) -> None:
    """Let the people take part whom a rule names; a colleague needs no place among the customers."""
    for who in verdict.cc:
        if turn.desk.agent(who) is None and turn.desk.agent_at(who) is None:
            known = turn.ticket.participant_at(who)
            if known is None:
                turn.join(Party(0, who, role=Role.CC, kept=True))
            elif known.role is Role.CC and not known.kept:
                turn.join(replace(known, kept=True))


def notify(turn: Turn, verdict: Verdict, author: str = "", attachments: tuple[Attachment, ...] = ()) -> None:
    """Tell the people once whom a rule names, and the colleagues whom it copies in; not the author of the mail."""
    desk = turn.desk
    colleagues = [who for who in verdict.cc if desk.agent(who) or desk.agent_at(who)]
    told: set[str] = {author}
    for who in (*verdict.notify, *colleagues):
        agent = desk.agent(who) or desk.agent_at(who)
        spec = agent.email if agent else who
        if spec.lower() in told or spec.lower() in desk.addresses:
            continue
        told.add(spec.lower())
        turn.because.append(f"a rule tells {spec}")
        if agent is not None:
            turn.tell_agent(agent, Notice.NOTE, Use.NOTE, entry=turn.entry, attachments=attachments)
        else:
            # number 0 has no place on the ticket: a mail without a signed address
            outsider = Party(0, spec, role=Role.AGENT)
            turn.drafts.append(
                Draft(outsider, frozenset({Notice.NOTE}), Use.NOTE, auto=False, entry=turn.entry, proven=True)
            )


def _place(turn: Turn, situation: Situation, verdict: Verdict, team: Team, before: Ticket | None) -> None:
    """Team and owner; a ticket that goes on stays where it was, so that nobody explains twice."""
    desk = situation.desk
    not_to = frozenset({situation.mail.author.key})
    chosen = team if before is not None else desk.team_of(verdict.team) or team
    how = reasons.address(turn.ticket.address, chosen.public_name or desk.name)
    said = _reason(verdict.team_reason, desk.language) if before is None else None
    turn.team(chosen.id, said or how, _rule(verdict, "team") if said else None)
    kept = desk.agent(before.owner) if before is not None else None
    if kept is not None and not kept.addresses & not_to:
        # a stranger is told nothing of the ticket before, not even that its owner is theirs too
        takes_part = before is not None and before.participant_at(situation.mail.author.spec) is not None
        why = reasons.knows_earlier(kept) if takes_part else how
        turn.owner(*_present(turn, situation.loads, kept, why, not_to), _absence(desk, kept, turn))
        return
    owner, reason = _owner(turn, situation.loads, verdict, chosen, said, not_to)
    if owner is not None and reason is not None:
        turn.owner(owner.id, reason, _behind(turn, verdict))
    elif said is None:
        # an unowned ticket in the usual team has not moved: there is nothing to explain to the customer
        turn.ticket = replace(turn.ticket, why=None)


def _owner(
    turn: Turn, loads: Loads, verdict: Verdict, team: Team, said: Reason | None, not_to: frozenset[str]
) -> tuple[Agent | None, Reason | None]:
    desk = turn.desk
    if verdict.owner is not None:
        owner, against = named(desk, verdict.owner, team, loads, not_to, turn.now)
        if against:
            turn.because.append(against)
        words = _reason(verdict.owner_reason, desk.language)
        if owner is not None and words is not None and not desk.there(owner, turn.now):
            covering, words = _present(turn, loads, owner, words, not_to)
            return desk.agent(covering), words
        return owner, words
    owner, reason = choose(desk, team, team.assign, loads, not_to, turn.now)
    return owner, said if said is not None and reason is not None else reason


def _present(
    turn: Turn, loads: Loads, agent: Agent, reason: Reason, not_to: frozenset[str]
) -> tuple[str | None, Reason]:
    """This agent and this reason, or the cover of an agent who is away, and why."""
    desk = turn.desk
    if desk.there(agent, turn.now):
        return agent.id, reason
    absence = desk.away(agent, turn.now)
    cover = cover_of(desk, turn.ticket.team, not_to, agent.id, absence, loads, turn.now)
    turn.because.append(f"{agent.id} is away: {'; '.join(cover.because)}")
    why = reasons.absent(agent.name, absence) if absence is not None else reasons.left(agent.name)
    return cover.owner.id if cover.owner else None, why


def _move(turn: Turn, loads: Loads, verdict: Verdict) -> None:
    """A rule moves a ticket that stands; its people and the customer are told of it."""
    desk, before = turn.desk, turn.ticket
    team = desk.team_of(verdict.team or before.team)
    if team is None or not (verdict.team or verdict.owner):
        return
    said = _reason(verdict.team_reason, desk.language) or Reason(Code.ROUTING, "")
    if team.id != before.team:
        turn.team(team.id, said, _rule(verdict, "team"))
    if verdict.owner is not None or (team.id != before.team and before.owner not in team.members):
        not_to = frozenset({before.requester.key})
        owner, reason = _owner(turn, loads, verdict, team, said, not_to)
        if owner is not None or (verdict.owner == "none" and before.owner):
            turn.owner(owner.id if owner else None, reason or said, _behind(turn, verdict))
        elif verdict.owner is None:
            turn.owner(None, said, _rule(verdict, "team"))
    if (turn.ticket.owner, turn.ticket.team) != (before.owner, before.team):
        turn.later_tell_move()


def _behind(turn: Turn, verdict: Verdict) -> Origin | None:
    """What gave the ticket its owner: the rule that names one, and the absence of the one whom it names."""
    named = turn.desk.agent(AgentId(verdict.owner or ""))
    away = _absence(turn.desk, named, turn) if named is not None else None
    rule = _rule(verdict, "owner") or _rule(verdict, "team")
    return replace(rule, absence=away.absence) if rule and away else rule or away


def _rule(verdict: Verdict, field: str) -> Origin | None:
    """The rule that set this field, None where none did."""
    hit = next((one for one in verdict.hits if getattr(one.then, field) is not None), None)
    return Origin(rule=hit.rule) if hit else None


def _absence(desk: Desk, agent: Agent, turn: Turn) -> Origin | None:
    """The absence that keeps this agent away now."""
    away = desk.away(agent, turn.now)
    return Origin(absence=away.id) if away else None


def reply_of(turn: Turn, rule: str, reply: Reply | None) -> Entry | None:
    """The words with which a rule answers, in the ticket's language or the desk's own; None where there are none."""
    text = _words(turn, rule, reply) if rule and reply is not None else ""
    desk = turn.desk
    return Entry(turn.now, desk.address, desk.name, Voice.MACHINE, text, MessageId("")) if text else None


def _words(turn: Turn, rule: str, reply: Reply) -> str:
    """A rule's own words, or the canned answer that it names; a name alone is never sent."""
    if not reply.canned:
        words, language = reply.words, turn.ticket.language
        return words.get(language) or words.get(turn.desk.language) or next(iter(words.values()), "")
    found = prepared.of_rule(turn.desk, turn.ticket, reply.canned)
    if found is None:
        turn.because.append(f'rule "{rule}" does not answer: there is no canned answer "{reply.canned}" to send')
        return ""
    turn.because.append(f'rule "{rule}" answers with the canned answer "{found.name}" ({found.language})')
    return found.text


def answering(verdict: Verdict) -> str:
    """The name of the rule whose answer is sent, "" where none answers."""
    return next((hit.rule for hit in verdict.hits if hit.then.reply is not None), "")


def tell_successor(turn: Turn, before: Ticket) -> None:
    """After a move by a rule: the work goes to the new owner or team, and the owner before hears of it."""
    if (turn.ticket.owner, turn.ticket.team) == (before.owner, before.team):
        return
    people = people_of(turn.desk, turn.ticket.owner, turn.ticket.team, turn.now)
    for agent in people:
        if agent.addresses.isdisjoint({turn.ticket.requester.key}):
            tell_new_owner(turn, agent)
    old = turn.desk.agent(before.owner)
    # who is away reads of it on returning, in one mail
    if old is not None and old not in people and turn.desk.there(old, turn.now):
        contact = turn.desk.contact(turn.ticket.owner, turn.ticket.team)
        why = reasons.words(turn.ticket.why) if turn.ticket.why else ""
        told = line("moved_on", who=contact, number=turn.ticket.number, why=(why,))
        turn.tell_agent(old, Notice.NOTE, Use.NOTE, auto=True, lines=(told,))


def _explain(turn: Turn, verdict: Verdict) -> None:
    turn.because.extend(f'rule "{hit.rule}": {hit.because}' for hit in verdict.hits)
    turn.because.extend(f'rule "{rule}" ran over its time' for rule in verdict.slow)
    turn.slow.extend(verdict.slow)


def _reason(reason: Mapping[str, str], language: str) -> Reason | None:
    """A rule's reason: its words in every language that it has, and in the desk's for the history; None without one."""
    text = reason.get(language) or next(iter(reason.values()), "")
    return Reason(Code.ROUTING, text, texts=tuple(reason.items())) if text else None
