"""A mail to ourselves: whether it arrives, by which way, whether sub-addresses do, and whose clock is right."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from maild import terms
from maild.config import Config
from maild.courier import Sent
from maild.ingest.imap_session import look_for
from maild.ingest.mailbox import Mailbox
from maild.mail import Envelope, MessageId, Outgoing
from maild.store import inbox
from maild.store.engine import Store
from maild.trial import Tried, relay_of

SKEW = timedelta(minutes=2)
"""Clocks that differ by more are told: promises, tokens and the order of mails hang on them."""
_MOST = 1_000_000
_RECEIVED = re.compile(rb"^received:((?:[^\n]|\n[ \t])*)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Probe:
    """A mail to ourselves: to the plain address, or to one with a detail behind the sign of sub-addresses."""

    recipient: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a probe arrived, its bytes (the head is enough), and when we saw it."""

    where: str
    raw: bytes
    at: datetime


def probes(config: Config) -> tuple[Probe, ...]:
    """One for the plain address, and one for a sub-address where the file says that there are some."""
    desk = config.desk
    local, _, domain = desk.address.rpartition("@")
    marks = [secrets.token_hex(16) for _ in range(2)]
    details = ["", f"{desk.subaddress}probe.{marks[1]}"] if desk.subaddress else [""]
    return tuple(
        Probe(f"{local}{detail}@{domain}", f"probe.{mark}@{desk.domain}")
        for detail, mark in zip(details, marks, strict=False)
    )


def letter(config: Config, probe: Probe, now: datetime) -> Outgoing:
    """The probe as the relay gets it; it says that a machine sent it, so that nobody answers."""
    address = config.desk.address
    lines = (
        f"From: <{address}>",
        f"To: <{probe.recipient}>",
        "Subject: A probe of maild check",
        f"Date: {now.strftime('%a, %d %b %Y %H:%M:%S +0000')}",
        f"Message-ID: <{probe.message_id}>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "maild check --connect sent this mail to see whether it arrives. Nobody need do anything.",
        "",
    )
    return Outgoing(MessageId(probe.message_id), Envelope(address, probe.recipient), "\r\n".join(lines).encode("ascii"))


def send(config: Config, sent: Sequence[Probe], now: datetime) -> dict[Probe, str]:
    """Hand the probes to the relay; those that it did not take, with its answer."""
    relay = relay_of(config)
    try:
        outcomes = {probe: relay.send(letter(config, probe, now), 0) for probe in sent}
    finally:
        relay.close()
    return {probe: one.answer for probe, one in outcomes.items() if not isinstance(one, Sent)}


def wait_for(
    sent: Sequence[Probe], looks: Sequence[Callable[[Probe], Seen | None]], seconds: float
) -> dict[Probe, Seen]:
    """Look for the probes in every place until all are found or the time is over."""
    found: dict[Probe, Seen] = {}
    until = time.monotonic() + seconds
    while True:
        for probe in sent:
            seen = None if probe in found else next(filter(None, (look(probe) for look in looks)), None)
            if seen is not None:
                found[probe] = seen
        if len(found) == len(sent) or time.monotonic() > until:
            return found
        time.sleep(min(1.0, seconds / 10))


def in_mailboxes(config: Config) -> list[Callable[[Probe], Seen | None]]:
    """Ways to look into the mailboxes ourselves, for when no daemon fetches them."""

    def look_into(name: str, mailbox: Mailbox) -> Callable[[Probe], Seen | None]:
        def look(probe: Probe) -> Seen | None:
            raw = look_for(mailbox, probe.message_id)
            return None if raw is None else Seen(f"mailbox {name}", raw, datetime.now(UTC))

        return look

    return [look_into(box.name, terms.mailbox(config, box)) for box in config.mailboxes]


def in_store(store: Store) -> Callable[[Probe], Seen | None]:
    """The way to look into the inbox of a daemon that runs."""

    def look(probe: Probe) -> Seen | None:
        with store.read() as tx:
            kept = next(iter(inbox.named(tx, probe.message_id)), None)
            raw = b"" if kept is None else inbox.original(tx, kept.id, most=_MOST) or b""
        if kept is None:
            return None
        door = kept.source.partition(":")[0]
        where = f"mailbox {kept.mailbox}" if kept.mailbox else f"listen.{door}" if door != "pipe" else "maild accept"
        return Seen(where, raw, datetime.now(UTC))

    return look


def judged(
    sent: Sequence[Probe], refused: Mapping[Probe, str], found: Mapping[Probe, Seen], seconds: float
) -> Iterator[Tried]:
    """What the probes tell of the way of a mail and of sub-addresses; the first is the one to the plain address."""
    plain, *others = sent
    way = "arrival"
    if plain in refused:
        yield Tried(
            way, f"the relay refuses a mail to {plain.recipient}: {refused[plain]}", "ask whoever runs the relay"
        )
    elif plain in found:
        yield Tried(way, f"a mail to {plain.recipient} arrived by {found[plain].where}")
    else:
        remedy = "let your mail server hand mail for it to a listener or a mailbox of this file; is the daemon running?"
        yield Tried(way, f"a mail to {plain.recipient} did not arrive within {seconds:g} s", remedy)
    for probe in others:
        yield _of_subaddress(probe, refused.get(probe), found.get(probe), plain in found, seconds)


def _of_subaddress(probe: Probe, refused: str | None, seen: Seen | None, plain: bool, seconds: float) -> Tried:
    name = "sub-addressing"
    remedy = 'let your mail server deliver them (Postfix: recipient_delimiter = +), or set desk.subaddress = ""'
    if refused is not None:
        return Tried(name, f"the relay refuses a mail to {probe.recipient}: {refused}", remedy)
    if seen is not None:
        return Tried(name, f"a mail to {probe.recipient} arrived by {seen.where}")
    if plain:
        return Tried(
            name, f"a mail to {probe.recipient} did not arrive within {seconds:g} s, the plain one did", remedy
        )
    return Tried(name, f"a mail to {probe.recipient} did not arrive within {seconds:g} s either", "see arrival")


def of_clock(sent_at: datetime, found: Mapping[Probe, Seen]) -> Tried | None:
    """Our clock beside that of the last server that wrote a Received line; None where no such time was seen."""
    for seen in found.values():
        stamped = last_received(seen.raw)
        if stamped is None:
            continue
        if stamped < sent_at - SKEW or stamped > seen.at + SKEW:
            off = stamped - (sent_at if stamped < sent_at else seen.at)
            words = f"the mail server's clock says {stamped.astimezone(UTC):%H:%M:%S}, ours {seen.at:%H:%M:%S} (UTC)"
            remedy = "let both follow a time server (timedatectl set-ntp true)"
            return Tried("clock", f"{words}: {abs(off.total_seconds()):.0f} s apart", remedy)
        return Tried("clock", f"ours and the mail server's agree within {SKEW.seconds} s")
    return None


def last_received(raw: bytes) -> datetime | None:
    """The time in the newest Received line (RFC 5321 section 4.4); None where there is none that can be read."""
    head = raw[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    for line in _RECEIVED.findall(head):
        words = line.decode("ascii", "replace").rpartition(";")[2].strip()
        try:
            at = parsedate_to_datetime(" ".join(words.split()))
        except (ValueError, IndexError, OverflowError):
            continue
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return None
