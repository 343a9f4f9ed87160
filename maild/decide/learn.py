"""What is learnt of an agent's absence from mail that nobody wrote, and what of it is believed (DESIGN 3.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from maild.absence import Absence, Leave, Source, Stage
from maild.decide.absence import (
    ANSWER_WITHIN,
    DOUBT_FOR,
    PROBE_AFTER,
    Facts,
    call_off,
    declare,
    learn,
    replacing,
    start_of,
    zone_of,
)
from maild.decide.situation import Situation
from maild.decision import Bulletin, Decision, Done, Post, Sent
from maild.desk import Agent, Desk, Learn
from maild.lines import Line, line
from maild.mail import Kind, Undelivered, Vacation
from maild.ticket import Role, Use
from maild.values import replace

ANSWERS_WITHIN = timedelta(days=3)
"""How long after a notice an automatic reply to it is believed without proof."""
ONCE_IN = timedelta(days=7)
"""Within this time one absence, no more, is learnt without proof."""
FURTHEST = timedelta(days=92)
"""How far ahead the last day of a reply may lie: a quarter. Who is away for longer arranges it beforehand, and what was
misread or forged mostly lies further off."""
NO_MAILBOX = frozenset({"5.1.1", "5.1.6", "5.1.10", "5.2.1"})
"""Statuses that say that an address takes no mail for good (RFC 3463 sections 3.2 and 3.3, RFC 7505 section 6)."""

_STATUS = re.compile(r"5\d\d[ -](5\.\d{1,3}\.\d{1,3})\b")


class Doubt(StrEnum):
    """Why a reply is not believed without the lead's word: in English, and with `_` the name of its wording."""

    LEFT = "only an automatic reply says so"
    NO_DAY = "the reply names no last day"
    BACKWARDS = "the reply ends before it begins"
    PAST = "the last day of the reply is past"
    FAR = "the last day of the reply is far ahead"
    POLICY = "every reply is asked about"
    UNPROVEN = "nothing proves the sender of the reply"
    AGAIN = "another reply was believed of late"

    @property
    def wording(self) -> str:
        return self.value.replace(" ", "_")


@dataclass(frozen=True, slots=True)
class _Heard:
    """An automatic reply of this agent's to a signed address of theirs; `noticed_at` is when the newest mail of ours
    that it answers was written, None where it does not say which."""

    agent: Agent
    noticed_at: datetime | None


# --- automatic replies ----------------------------------------------------------------------------------------------


def on_reply(situation: Situation) -> Bulletin | None:
    """What an agent's automatic reply does; None where nothing shows that it is an agent's answer to a mail of ours."""
    heard = _heard(situation)
    if heard is None:
        return None
    agent, policy, vacation = heard.agent, situation.desk.absence.learn, situation.mail.vacation
    if policy is Learn.OFF or vacation is None:
        why = "it tells of no absence" if vacation is None else "absence.learn is off"
        return Bulletin((f"automatic reply of {agent.id}: {why}",))
    told = _told(situation, agent, vacation)
    if not vacation.left and (known := _known(situation.living, told)):
        return Bulletin((f"automatic reply of {agent.id}: {known}",))
    doubt = _doubt(situation, heard, vacation, told)
    if doubt is None:
        return _believe(situation, agent, told)
    if any(one.stage is Stage.ASKED for one in situation.living):
        return Bulletin((f"automatic reply of {agent.id}: {doubt}; the lead has been asked already",))
    return _ask(situation, agent, vacation, told, doubt)


def _heard(situation: Situation) -> _Heard | None:
    """Who answers, where the reply came to an address that only this agent was given (DESIGN 3.4, 3.6)."""
    mail, agent, clues = situation.mail, situation.agent, situation.clues
    if mail.kind is not Kind.AUTO_REPLY or agent is None or not situation.desk.works(agent, situation.now):
        return None
    bounced = [token.ticket for token in clues.tokens if token.use is Use.BOUNCE]
    named = [ours.row for ours in clues.own]
    mine = {row.row: row.created_at for row in situation.sent.values() if row.agent == agent.id}
    # without sub-addresses our Message-ID has to do
    signed = bounced if situation.desk.subaddress else named
    if mine.keys().isdisjoint(signed) and not _signed(situation, agent):
        return None
    answered = (mine[row] for row in (*bounced, *named) if row in mine)
    return _Heard(agent, max(answered, default=None))


def _signed(situation: Situation, agent: Agent) -> bool:
    """Whether the reply came to an address for replies or notes of the agent's, or to the personal one."""
    for token in situation.clues.tokens:
        if token.use is Use.PERSONAL and token.party == situation.absence_facts.number(agent.id):
            return True
        ticket = situation.tickets.get(token.ticket) if token.use in {Use.REPLY, Use.NOTE} else None
        party = ticket.party(token.party) if ticket is not None and ticket.number == token.ticket else None
        if party is not None and party.role is Role.AGENT and party.agent == agent.id:
            return True
    return False


def _told(situation: Situation, agent: Agent, vacation: Vacation) -> Absence:
    """The absence that the reply tells of, as if it were believed."""
    desk, now = situation.desk, situation.now
    zone = zone_of(agent, desk)
    later = vacation.since is not None and vacation.since > now.astimezone(zone).date()
    return declare(
        situation.absence_facts.fresh,
        agent,
        desk,
        first=start_of(vacation.since, zone) if vacation.since is not None and later else now,
        last_day=vacation.until,
        leave=Leave.PLANNED if later else Leave.UNPLANNED,
        source=Source.REPLY,
        because=vacation.phrase,
        key=f"mail:{situation.inbox}",
    )


def _known(living: Sequence[Absence], told: Absence) -> str:
    """Why the reply is no news, "" where it is."""
    for one in living:
        if _overlaps(one, told) and _lasts(one, told):
            return f"away already, as absence {one.id} says"
        if _called_off(one) and told.last_day is not None and one.last_day == told.last_day:
            return f"absence {one.id}, which was to last until that day, was called off"
    return ""


def _overlaps(one: Absence, told: Absence) -> bool:
    """Whether an absence stands on the first day of what is told."""
    return one.stage.stands and one.since <= told.since and (one.until is None or told.since < one.until)


def _lasts(one: Absence, told: Absence) -> bool:
    """Whether it lasts until the day that is told, or no day is told."""
    return one.until is None or told.until is None or told.until <= one.until


def _called_off(one: Absence) -> bool:
    """Whether it was believed and is over: a responder that nobody switched off does not bring it back."""
    believed = one.source in {Source.COMMAND, Source.ADMIN} or one.learnt_at is not None
    return believed and one.stage in {Stage.ENDED, Stage.WITHDRAWN}


def _doubt(situation: Situation, heard: _Heard, vacation: Vacation, told: Absence) -> Doubt | None:
    """Why the reply alone moves nothing."""
    now, mail = situation.now, situation.mail
    if vacation.left:
        return Doubt.LEFT
    if told.until is None:
        return Doubt.NO_DAY
    if told.until <= now:
        return Doubt.PAST
    if told.until <= told.since:
        return Doubt.BACKWARDS
    if told.until > now + FURTHEST:
        return Doubt.FAR
    if situation.desk.absence.learn is Learn.ASK:
        return Doubt.POLICY
    if mail.proof.proven:
        return None
    if heard.noticed_at is None or situation.received_at - heard.noticed_at > ANSWERS_WITHIN:
        return Doubt.UNPROVEN
    if any(one.learnt_at is not None and now - one.learnt_at < ONCE_IN for one in situation.living):
        return Doubt.AGAIN
    return None


def _believe(situation: Situation, agent: Agent, told: Absence) -> Bulletin:
    """The absence is set, or one that stands lasts longer; the clock begins it, and then its people are told.

    One that the operator's file names is not changed: a new one takes its place.
    """
    now, told = situation.now, replace(told, learnt_at=situation.now)
    asked = tuple(call_off(one, now) for one in situation.living if one.stage is Stage.ASKED)
    shorter = next((one for one in situation.living if _overlaps(one, told)), None)
    if shorter is None:
        because = f"{agent.id} is away until {told.last_day}, says an automatic reply"
        return Bulletin((because,), absences=(told, *asked))
    because = f"absence {shorter.id} of {agent.id} lasts until {told.last_day}, says an automatic reply"
    if shorter.source is Source.FILE:
        return Bulletin((because,), absences=(*replacing(told, (shorter,), now), *asked))
    longer = replace(
        shorter,
        until=told.until,
        last_day=told.last_day,
        source=Source.REPLY,
        stage=Stage.SET,
        key=told.key,
        look_at=max(shorter.since, now),
        learnt_at=now,
    )
    return Bulletin((because,), absences=(longer, *asked))


def _ask(situation: Situation, agent: Agent, vacation: Vacation, told: Absence, doubt: Doubt) -> Bulletin:
    """Put the reply before the lead; a last day that cannot be true is left out of what a yes would do."""
    asked = replace(told, stage=Stage.ASKED, look_at=situation.now + ANSWER_WITHIN)
    if doubt is Doubt.LEFT:
        asked = replace(asked, leave=Leave.LEFT, until=None, last_day=None)
    elif doubt in {Doubt.PAST, Doubt.BACKWARDS}:
        asked = replace(asked, until=None, last_day=None)
    why = _why(doubt, vacation)
    return learn(asked, situation.desk, situation.absence_facts, why, f"automatic reply of {agent.id}: {doubt}")


def _why(doubt: Doubt, vacation: Vacation) -> Line:
    match doubt:
        case Doubt.PAST | Doubt.BACKWARDS:
            return line(doubt.wording, until=vacation.until)
        case Doubt.FAR:
            return line(doubt.wording, days=FURTHEST.days)
        case _:
            return line(doubt.wording)


# --- mail that comes back -------------------------------------------------------------------------------------------


def on_failure(
    row: Sent, status: str, living: Sequence[Absence], desk: Desk, facts: Facts, now: datetime
) -> Bulletin | None:
    """What it tells that a mail of ours to an agent failed for good with this status; None where it tells nothing.

    The first such failure is a doubt, after which the clock writes to the agent again; a second mail that fails so an
    hour later, or more, is believed. `living` are the agent's absences.
    """
    agent = desk.agent(row.agent)
    if agent is None or status not in NO_MAILBOX or row.recipient.lower() not in agent.addresses:
        return None
    known = f"{row.recipient} takes no mail ({status})"
    if any(one.stage.stands and one.until is None for one in living):
        return Bulletin((f"{known}: {agent.id} is away already",))
    doubted = next((one for one in living if one.stage is Stage.DOUBTED), None)
    key = f"row:{row.row}"
    if doubted is None or now - doubted.since >= DOUBT_FOR:
        number = facts.fresh if doubted is None else doubted.id
        return Bulletin((f"{known}: {agent.id} is in doubt",), absences=(_doubted(number, agent, desk, key, now),))
    if doubted.key == key or now - doubted.since < PROBE_AFTER:
        return Bulletin((f"{known}: {agent.id} is in doubt already",))
    gone = replace(doubted, stage=Stage.SET, since=now, look_at=now, key=key, learnt_at=now)
    return Bulletin((f"{known}, the second mail in an hour or more: {agent.id} is away",), absences=(gone,))


def _doubted(number: int, agent: Agent, desk: Desk, key: str, now: datetime) -> Absence:
    first = declare(number, agent, desk, first=now, last_day=None, leave=Leave.UNPLANNED, source=Source.BOUNCE, key=key)
    return replace(first, stage=Stage.DOUBTED, look_at=now + PROBE_AFTER)


def status_in(answer: str) -> str:
    """The enhanced status of a relay's refusal, "" where it bears none (RFC 2034 section 4)."""
    found = _STATUS.match(answer)
    return found[1] if found else ""


def status_of(bounced: Sequence[Undelivered], row: Sent) -> str:
    """The status that a report gives for the recipient of a mail of ours, "" where it says nothing lasting of them."""
    of_row = (one for one in bounced if one.cls == "permanent" and one.recipient.lower() == row.recipient.lower())
    return next((one.status for one in of_row), "")


# --- an agent who writes is there -----------------------------------------------------------------------------------


def on_word(agent: Agent, situation: Situation, decision: Decision) -> Decision:
    """What was decided about the mail of an agent who wrote, and what that ends: a doubt about the agent's address, or
    an absence that only its refusals told of."""
    if not isinstance(decision, Post | Done):
        return decision
    bulletin = decision.bulletin or Bulletin(())
    carried = decision.absences if isinstance(decision, Post) else ()
    touched = {one.id for one in (*carried, *bulletin.absences)}
    mine = [one for one in situation.living if one.agent == agent.id and one.id not in touched]
    over = tuple(call_off(one, situation.now) for one in mine if _by_refusals(one))
    if not over:
        return decision
    ended = replace(bulletin, absences=(*bulletin.absences, *over))
    return replace(decision, because=(*decision.because, f"{agent.id} writes, so the address is good"), bulletin=ended)


def _by_refusals(one: Absence) -> bool:
    return one.source is Source.BOUNCE and (one.stage.stands or one.stage is Stage.DOUBTED)
