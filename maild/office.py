"""What deciding and acting need, and what set a decision off."""

from __future__ import annotations

from maild.mail import MessageId
from maild.readers.scribe import Scribe
from maild.rules.match import RuleBook
from maild.store.engine import Store
from maild.telling import Press
from maild.values import dataclass


@dataclass(frozen=True, slots=True)
class Office:
    """All that deciding and acting need, built once."""

    store: Store
    press: Press
    rules: RuleBook
    scribe: Scribe | None = None
    """Who writes the letters of a decision; whoever sets it fills the outbox with what it wrote, before the commit."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a decision necessary: an inbox mail and who wrote it, or a timer; nothing where the desk itself did."""

    inbox: int | None = None
    message_id: MessageId = MessageId("")
    author: str = ""
    timer: str = ""


NO_CAUSE = Cause()
