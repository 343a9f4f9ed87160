"""Mails that have nothing to do with one another: what becomes of one is nothing that the next is decided by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maild.desk import Desk
from maild.mail import Kind, Mail
from maild.threading.clues import Clues

Ties = frozenset[str]
"""The people whom a mail names, its Message-ID and the mark of its words."""

_NO_CLUES = Clues()


def ties_of(mail: Mail, found: Clues, desk: Desk) -> Ties | None:
    """What may tie a new mail of a proven customer to another; None where it may have to do with anything at all."""
    if mail.kind is not Kind.PERSON or not mail.proof.proven or found != _NO_CLUES:
        return None
    people = {one.key for one in (mail.author, *mail.reply_to, *mail.to, *mail.cc)} - desk.addresses
    if any(desk.agent_at(one) is not None for one in people):
        return None
    return frozenset((*people, f"id {mail.message_id}", f"words {mail.fingerprint}"))


def runs(ties: Sequence[Ties | None], most: int) -> Iterator[range]:
    """The places of mails, in runs of so many at most in which no mail has a tie to another."""
    first, met = 0, set[str]()
    for place, one in enumerate(ties):
        if place > first and (one is None or met & one or place - first == most):
            yield range(first, place)
            first, met = place, set()
        if one is None:
            yield range(place, place + 1)
            first = place + 1
        else:
            met |= one
    if first < len(ties):
        yield range(first, len(ties))
