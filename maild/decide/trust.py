"""What an agent's mail has to prove before its words count (DESIGN 3.6)."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from maild.commands import Name, Words
from maild.decide.situation import Situation
from maild.decision import STRICT
from maild.desk import Agent, TrustAgents
from maild.ingest.kind import is_stamp
from maild.mail import Kind, Mail


class Unproven(Enum):
    """What becomes of a mail that does not prove its sender."""

    HELD = "held"
    ASKED = "asked"  # the registered address can vouch for it


def speaks(mail: Mail) -> bool:
    """Whether a person may have written it: nothing tells a machine, or nothing but what people's mail bears too."""
    if mail.kind in {Kind.NOTIFICATION, Kind.LIST}:
        return bool(mail.why) and all(map(is_stamp, mail.why))
    return mail.kind is Kind.PERSON


def unproven(situation: Situation, agent: Agent) -> Unproven | None:
    """Judge by the operator's policy; None where the mail proves enough, or somebody has vouched for it."""
    desk = situation.desk
    if situation.mail.proof.proven or not situation.waived.isdisjoint({"proof", "operator"}):
        return None
    if situation.mail.via:
        return Unproven.HELD  # From is not that agent
    can_be_had = desk.authserv or agent.id in situation.proved
    match desk.trust_agents:
        case TrustAgents.TOKEN if desk.subaddress:
            return None
        case TrustAgents.STRICT:
            return Unproven.HELD
        case TrustAgents.CONFIRM | TrustAgents.TOKEN:
            return Unproven.ASKED
        case TrustAgents.AUTO if can_be_had:
            return Unproven.HELD
        case TrustAgents.AUTO:
            # a Message-ID is no secret token, so without one the agent is asked
            return None if desk.subaddress else Unproven.ASKED
        case _:
            assert_never(desk.trust_agents)


def needs_strict(words: Words) -> bool:
    """Whether a command asks for strict proof, whatever the operator trusts."""
    return any(command.name is Name.AWAY for command in words.commands)


def lacks_strict(situation: Situation, words: Words) -> bool:
    """Whether such a command came without that proof, and nobody has vouched for it."""
    proven = situation.mail.proof.proven or not situation.waived.isdisjoint({STRICT, "operator"})
    return needs_strict(words) and not proven
