"""Who wrote a mail that a web form or a mailing group of the operator's hands on: not always the address in From."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from maild.ingest.parse import Sheet
from maild.ingest.people import addresses_of, pairs_of
from maild.ingest.proof import Trust
from maild.mail import Address

BY_FORM = "a web form wrote it for the address in Reply-To, which nothing proves"
BY_GROUP = "a mailing group wrote itself into From, so nothing proves the author"
NOBODY = "a web form wrote it, and names nobody to answer"


@dataclass(frozen=True, slots=True)
class Origin:
    """How a mail came: by a `form`, or by a `group` that it may come through; `author` is set where From is not theirs.

    `mute` tells that a form named nobody who could be answered.
    """

    form: str = ""
    group: str = ""
    author: Address | None = None
    mute: bool = False

    @property
    def direct(self) -> bool:
        return not (self.form or self.group)

    @property
    def via(self) -> str:
        """Who stands in From in the author's place, "" where the author does."""
        return (self.form or self.group) if self.author or self.mute else ""


DIRECT = Origin()


def origin_of(top: Sheet, ours: frozenset[str], trust: Trust) -> Origin:
    """Tell who wrote a mail by the operator's word on forms and groups; `ours` are our plain addresses, lower case.

    Whoever is found is a claim and no proof: anybody can write a Reply-To, an X-Original-From or a List-Id.
    """
    if len(top.authors) != 1:
        return DIRECT
    sender = top.authors[0]
    if sender.key in trust.forms:
        author = _stranger(top.reply_to, {sender.key}, ours)
        # many forms put the name that was typed into From
        named = replace(author, name=author.name or sender.name) if author else None
        return Origin(form=sender.spec, author=named, mute=named is None)
    if top.list_id and top.list_id in trust.through:
        return Origin(group=top.list_id, author=_behind(top, sender, ours))
    return DIRECT


def shown_by(top: Sheet, origin: Origin) -> Sheet:
    """The header block with its true author."""
    return replace(top, authors=(origin.author,)) if origin.author else top


_VIA = re.compile(r"\s+(?:via|über|par|через|a través de)\s.*", re.IGNORECASE | re.DOTALL)


def _behind(top: Sheet, sender: Address, ours: frozenset[str]) -> Address | None:
    """The author whom a group replaced in From, None where it replaced nobody.

    Google Groups tells X-Original-From and X-Original-Sender, Mailman a Reply-To, as others do.
    """
    group = {sender.key, *_posted_to(top)}
    told = [addresses_of(pairs_of(value)) for value in top.values("x-original-from")]
    if found := _stranger(next(iter(told), ()), group, ours):
        return found
    local, _, domain = sender.key.partition("@")
    if sender.key not in ours and sender.key not in _posted_to(top) and top.list_id != f"{local}.{domain}":
        return None
    name = _VIA.sub("", sender.name).strip("'\" ")
    for people in (*map(addresses_of, map(pairs_of, top.values("x-original-sender"))), top.reply_to):
        if found := _stranger(people, group, ours):
            return replace(found, name=found.name or name)
    return None


def _posted_to(top: Sheet) -> frozenset[str]:
    """The address that mail for the group is written to (RFC 2369 section 3.4)."""
    posts = (
        found[1].lower() for value in top.values("list-post") for found in re.finditer(r"mailto:([^>?\s]+)", value)
    )
    return frozenset(posts)


def _stranger(people: tuple[Address, ...], but: Collection[str], ours: frozenset[str]) -> Address | None:
    """The one person here who is neither of these nor ours; None where there are several, or nobody."""
    found = [one for one in people if one.domain and not {one.key, _plain(one.key)} & {*but, *ours}]
    return found[0] if len(found) == 1 else None


def _plain(key: str) -> str:
    """An address without what follows a plus, which may be a token of ours."""
    local, _, domain = key.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
