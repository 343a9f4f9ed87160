"""What must hold of all mail that a story sent, whatever the story was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.stories.house import House, Letter

from maild.threading.tags import OurId, Token
from maild.ticket import Use

_LOOKS_SIGNED = re.compile(r"(?<![a-z2-7])[a-z2-7]{40}(?![a-z2-7])", re.IGNORECASE)
_ASKED_FOR = frozenset({"list", "show", "history", "help", "confirm", "held", "warning", "digest"})


def broken(house: House) -> list[str]:
    """Every promise that a sent mail breaks."""
    return [fault for letter in house.sent for fault in _faults(house, letter)] + list(_twice(house))


def _faults(house: House, letter: Letter) -> Iterator[str]:
    where = f"{letter.notice} to {letter.to}"
    ours = house.keyring.read_id(letter["Message-ID"].strip("<>"))
    if ours is None:
        yield f"{where}: its Message-ID is not ours"
        return
    for name, text in _texts(letter):
        for word in dict.fromkeys(_LOOKS_SIGNED.findall(text)):
            token = house.keyring.read(word)
            if token is not None and not _may_read(token, ours):
                yield f"{where}: {name} holds a token of somebody else: {token}"
    yield from _thread(house, letter, where)
    if letter["X-Maild-Ticket"] and letter["X-Maild-Ticket"] != str(ours.token.ticket):
        yield f"{where}: X-Maild-Ticket and Message-ID name different tickets"
    for spec in (agent.email for agent in house.desk.agents):
        if house.desk.agent_at(letter.to) is None and spec in f"{letter.message.items()}{letter.text}{letter.html}":
            yield f"{where}: it shows the agent's address {spec}"


def _may_read(token: Token, reader: OurId) -> bool:
    match token.use:
        case Use.MESSAGE:
            return token.ticket == reader.token.ticket and token.party in {0, reader.token.party}
        case Use.CONFIRM:
            return token.ticket == reader.row and token.party == reader.token.party
        case _:
            return (token.ticket, token.party) == (reader.token.ticket, reader.token.party)


def _texts(letter: Letter) -> Iterator[tuple[str, str]]:
    for name, value in letter.message.items():
        yield name, str(value)
    yield "envelope", letter.outgoing.envelope.sender
    for part in letter.message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            yield part.get_content_type(), content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _thread(house: House, letter: Letter, where: str) -> Iterator[str]:
    """One root for everybody, less than 2 kB, and an In-Reply-To that the reader knows."""
    references = letter["References"].split()
    if len(letter["References"]) >= 2048:
        yield f"{where}: its References are {len(letter['References'])} octets"
    number = letter["X-Maild-Ticket"]
    if number and (not references or references[0].strip("<>") != house.ticket(int(number)).root):
        yield f"{where}: its References do not begin with the root of #{number}"
    answered = letter["In-Reply-To"].strip("<>")
    mine = {other["Message-ID"].strip("<>") for other in house.sent_to(letter.to)}
    if answered and answered not in mine and answered not in house.written_by(letter.to):
        yield f"{where}: its In-Reply-To {answered} is nothing that its reader wrote or has"


def _twice(house: House) -> Iterator[str]:
    """At most one mail to one person for one cause; an answer to a question of theirs is another cause."""
    rows = (row for row in house.outbox if row.inbox is not None and row.notice not in _ASKED_FOR)
    for (inbox, recipient), count in Counter((row.inbox, row.recipient.lower()) for row in rows).items():
        if count > 1:
            notices = [row.notice for row in house.outbox if (row.inbox, row.recipient.lower()) == (inbox, recipient)]
            yield f"inbox mail {inbox} sent {recipient} {count} mails: {notices}"
