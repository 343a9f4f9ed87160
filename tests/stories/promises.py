"""What must hold of all mail that a story sent, whatever the story was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage

from maild.threading.tags import OurId, Token
from maild.ticket import Use
from tests.stories.house import House, Letter

_LOOKS_SIGNED = re.compile(r"(?<![a-z2-7])[a-z2-7]{40}(?![a-z2-7])", re.IGNORECASE)
_ASKED_FOR = frozenset({"list", "show", "history", "help", "confirm", "held", "warning", "digest", "welcome"})


def broken(house: House) -> list[str]:
    """Every promise that a sent mail breaks."""
    letters = house.sent
    ids: dict[str, set[str]] = {}
    for letter in letters:
        ids.setdefault(letter.to, house.written_by(letter.to)).add(letter.outgoing.message_id)
    return [fault for letter in letters for fault in _faults(house, letter, ids[letter.to])] + list(_twice(house))


def _faults(house: House, letter: Letter, known: set[str]) -> Iterator[str]:
    where = f"{letter.notice} to {letter.to}"
    message = letter.message
    ours = house.keyring.read_id(letter.outgoing.message_id)
    if ours is None or str(message["Message-ID"]).strip("<>") != letter.outgoing.message_id:
        yield f"{where}: its Message-ID is not ours"
        return
    texts = dict(_texts(message)) | {"envelope": letter.outgoing.envelope.sender}
    for name, text in texts.items():
        for word in dict.fromkeys(_LOOKS_SIGNED.findall(text)):
            token = house.keyring.read(word)
            if token is not None and not _may_read(token, ours) and not _of_same_agent(house, token, letter):
                yield f"{where}: {name} holds a token of somebody else: {token}"
    yield from _thread(house, message, where, known)
    if message["X-Maild-Ticket"] and message["X-Maild-Ticket"] != str(ours.token.ticket):
        yield f"{where}: X-Maild-Ticket and Message-ID name different tickets"
    if house.desk.agent_at(letter.to) is None and letter.to not in house.desk.admins:
        whole = " ".join(texts.values())
        yield from (f"{where}: it shows {agent.email}" for agent in house.desk.agents if agent.email in whole)


def _may_read(token: Token, reader: OurId) -> bool:
    match token.use:
        case Use.MESSAGE:
            return token.ticket == reader.token.ticket and token.party in {0, reader.token.party}
        case Use.CONFIRM:
            return token.ticket == reader.row and token.party == reader.token.party
        case _:
            return (token.ticket, token.party) == (reader.token.ticket, reader.token.party)


def _of_same_agent(house: House, token: Token, letter: Letter) -> bool:
    """An agent who is told of several tickets in one mail gets an address of their own for each."""
    if token.use not in {Use.REPLY, Use.NOTE}:
        return False
    party = house.ticket(token.ticket).party(token.party)
    return party is not None and party.agent is not None and party.address == letter.to


def _texts(message: EmailMessage) -> Iterator[tuple[str, str]]:
    for name, value in message.items():
        yield name, str(value)
    for place, part in enumerate(message.walk()):
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            yield f"part {place}", content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _thread(house: House, message: EmailMessage, where: str, known: set[str]) -> Iterator[str]:
    """One root for everybody, less than 2 kB, and an In-Reply-To that the reader knows."""
    references = str(message["References"] or "")
    if len(references) >= 2048:
        yield f"{where}: its References are {len(references)} octets"
    number = message["X-Maild-Ticket"]
    if number and references.partition(" ")[0].strip("<>") != house.ticket(int(number)).root:
        yield f"{where}: its References do not begin with the root of #{number}"
    answered = str(message["In-Reply-To"] or "").strip("<>")
    if answered and answered not in known:
        yield f"{where}: its In-Reply-To {answered} is nothing that its reader wrote or has"


def _twice(house: House) -> Iterator[str]:
    """At most one mail to one person for one cause; an answer to a question of theirs is another cause."""
    rows = (row for row in house.outbox if row.inbox is not None and row.notice not in _ASKED_FOR)
    for (inbox, recipient), count in Counter((row.inbox, row.recipient.lower()) for row in rows).items():
        if count > 1:
            notices = [row.notice for row in house.outbox if (row.inbox, row.recipient.lower()) == (inbox, recipient)]
            yield f"inbox mail {inbox} sent {recipient} {count} mails: {notices}"
