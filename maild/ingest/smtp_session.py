"""What one SMTP session may say and hold: its limits, its paths and parameters, and the body of a mail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

CRLF = b"\r\n"
_END = b"\r\n.\r\n"
_SMALL = 64 * 1024
"""Octets of each body that the shared memory need not grant, so that big mails never crowd out small ones."""

TOO_BIG = "552 5.3.4 This mail is larger than we take; please send large files another way"
BUSY = "452 4.3.1 We have no room for this mail just now; please try again later"
BARE = "550 5.6.0 Lines of a mail must end in CR LF; this one has a CR or an LF alone"
LOOP = "554 5.4.6 This mail has come round too often (too many Received fields): it is in a loop"
MANY_FIELDS = "550 5.6.0 The header of this mail has too many fields"
LONG_FIELD = "550 5.6.0 A header field of this mail is too long"
LONG_HEADER = "550 5.6.0 The header of this mail is too long"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the door takes: sizes in octets, times in seconds; over them a peer is refused, in words.

    `size` is what SIZE announces (RFC 1870). `received` fields are still fine, one more is a loop. `commands` is how
    many replies a session may have without bringing us a mail that we keep, its recipients aside. `idle` runs from
    command to command and from block to block, `whole` for one DATA. `memory` is shared by the bodies of all
    sessions; a body of 64 kB or less needs none of it, and one mail of `size` always fits.
    """

    size: int = 25 * 1024 * 1024
    header_block: int = 256 * 1024
    header: int = 32 * 1024
    headers: int = 500
    received: int = 50
    recipients: int = 100
    connections: int = 100
    per_address: int = 10
    commands: int = 200
    idle: float = 60.0
    whole: float = 300.0
    memory: int = 128 * 1024 * 1024


@dataclass(slots=True)
class Transaction:
    """One mail as it is being announced: from MAIL to the reply to DATA."""

    sender: str | None = None
    smtp_utf8: bool = False
    recipients: list[str] = field(default_factory=list)


class Memory:
    """The octets that the bodies of all sessions may still claim together."""

    __slots__ = ("free",)

    def __init__(self, size: int) -> None:
        self.free = size

    def claim(self, octets: int) -> bool:
        if octets > self.free:
            return False
        self.free -= octets
        return True

    def give_back(self, octets: int) -> None:
        self.free += octets


class Body:
    """The mail between DATA and its final dot, block by block: finds the end, and lets go of what is too much.

    Only CRLF.CRLF ends it (RFC 5321 section 4.1.1.4). Each octet is looked at a fixed number of times, however the
    blocks are cut. After a `fault` (a reply) four octets are held, to see the end. Call `let_go` when done with it.
    """

    __slots__ = ("_claimed", "_held", "_memory", "_size", "_stuffed", "fault", "seen")

    def __init__(self, size: int, memory: Memory) -> None:
        self._size = size
        self._memory = memory
        # The line end of the DATA command itself: a first line may be the final dot.
        self._held = bytearray(CRLF)
        self._claimed = self._stuffed = 0
        self.seen = 0
        self.fault = ""

    def take(self, block: bytes) -> bytes | None:
        """Add a block; what follows the final dot in it, or None as long as the dot has not come."""
        held, before = self._held, len(self._held)
        held += block
        self.seen += len(block)
        end = held.find(_END, max(0, before - len(_END) + 1))
        stop = len(held) if end < 0 else end + len(_END)
        # The final dot is no line of the mail, and yet counted: it is not known to be the end before it is found.
        self._stuffed += held.count(b"\r\n.", before - 2, stop)
        rest = None
        if end >= 0:
            rest = bytes(held[stop:])
            del held[end + len(CRLF) :]
        if not self.fault:
            self.fault = self._excess()
        if self.fault:
            # Given back at once, so that of many big mails at a time some get through.
            self._give_back()
            if rest is None:
                del held[: -len(_END) + 1]
        return rest

    def _excess(self) -> str:
        """The reply to a body that is too big for us or for now, or ""; what it grows by is claimed."""
        # The last octets may be the final dot's; `fault_in` counts exactly.
        if len(self._held) - len(CRLF) - self._stuffed > self._size + len(_END):
            return TOO_BIG
        growth = len(self._held) - _SMALL - self._claimed
        if growth > 0:
            if not self._memory.claim(growth):
                return BUSY
            self._claimed += growth
        return ""

    @property
    def held(self) -> int:
        """How many octets are in memory now."""
        return len(self._held)

    @property
    def endless(self) -> bool:
        """Whether the peer has sent so much over the limit that waiting for the final dot makes no sense."""
        return self.seen > 2 * self._size + _SMALL

    @property
    def bare(self) -> bool:
        """Whether a CR or an LF stands alone in what is held (RFC 5321 section 2.3.8)."""
        return self._held.replace(b"\r", b"").replace(b"\n", CRLF) != self._held

    def raw(self) -> bytes:
        """The mail as it was sent: without the dots of transparency (RFC 5321 section 4.5.2), nothing added."""
        with memoryview(self._held) as held:
            text = bytes(held[len(CRLF) :])
        self._held = bytearray()
        return text.replace(b"\r\n.", CRLF).removeprefix(b".")

    def let_go(self) -> None:
        """Give the memory back; may be called more than once."""
        self._give_back()
        self._held = bytearray()

    def _give_back(self) -> None:
        self._memory.give_back(self._claimed)
        self._claimed = 0


_FIELD = re.compile(rb"([!-9;-~]{1,998})[ \t]*:")


def fault_in(raw: bytes, limits: Limits) -> str:
    """The reply that refuses this mail for its size or its header, or "" where nothing is wrong with it.

    The header ends at an empty line or at the first line that is none of it (RFC 5322 section 2.2).
    """
    if len(raw) > limits.size:
        return TOO_BIG
    if _is_modest(raw[: raw.find(_BLANK, 0, min(limits.header, limits.header_block)) + 1], limits):
        return ""
    at = field = fields = received = 0
    while (end := raw.find(CRLF, at)) > at:
        if raw[at] not in b" \t":
            name = _FIELD.match(raw, at, end)
            if name is None:
                break
            field, fields = at, fields + 1
            received += name[1].lower() == b"received"
        if fields > limits.headers:
            return MANY_FIELDS
        if end - field > limits.header:
            return LONG_FIELD
        if end > limits.header_block:
            return LONG_HEADER
        at = end + len(CRLF)
    return LOOP if received > limits.received else ""


_BLANK = b"\r\n\r\n"


def _is_modest(head: bytes, limits: Limits) -> bool:
    """Whether a header, short enough for any of its fields, has too few lines to break a limit: so most mails do."""
    few = head.count(CRLF) < limits.headers
    return bool(head) and few and head.lower().count(b"received") <= limits.received


_PLAIN_PATH = re.compile(r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@[A-Za-z0-9.-]+)?)?>(?: (.*))?")


def read_plain_path(text: str) -> tuple[str, str] | None:
    """The address ("" for `<>`) and the parameters of `<local@domain> ...`; None for any rarer form."""
    if found := _PLAIN_PATH.fullmatch(text):
        return found[1] or "", found[2] or ""
    return None


def read_parameters(text: str) -> dict[str, str]:
    """ESMTP parameters by keyword in capitals, "" where one has no value (RFC 5321 section 4.1.2)."""
    pairs = (word.partition("=") for word in text.split())
    return {keyword.upper(): value for keyword, _, value in pairs}


_MAIL_PARAMETERS = {"SIZE", "BODY", "SMTPUTF8"} | {"RET", "ENVID", "AUTH"}  # the latter three: taken, and not used
_RCPT_PARAMETERS = {"NOTIFY", "ORCPT"}


def fault_in_mail_parameters(parameters: dict[str, str], size: int) -> str:
    """The reply that refuses these parameters of MAIL, or "" (RFC 1870 section 6, RFC 6152, RFC 6531)."""
    if parameters.keys() - _MAIL_PARAMETERS:
        return "555 5.5.4 We do not know a parameter of this MAIL command"
    if parameters.get("BODY", "7BIT").upper() not in ("7BIT", "8BITMIME"):
        return "501 5.5.4 BODY is 7BIT or 8BITMIME"
    if parameters.get("SMTPUTF8"):
        return "501 5.5.4 SMTPUTF8 takes no value"
    octets = parameters.get("SIZE", "0")
    if not (octets.isascii() and octets.isdigit() and len(octets) <= 20):  # RFC 1870 section 4
        return "501 5.5.4 SIZE is a number of octets"
    return TOO_BIG if int(octets) > size else ""


def fault_in_rcpt_parameters(parameters: dict[str, str]) -> str:
    """The reply that refuses these parameters of RCPT, or ""; those of RFC 3461 are taken, and not used."""
    if parameters.keys() - _RCPT_PARAMETERS:
        return "555 5.5.4 We do not know a parameter of this RCPT command"
    return ""


_WORDS = {
    "250 OK": "250 2.0.0 OK",
    "221 Bye": "221 2.0.0 Bye",
    "220 Ready to start TLS": "220 2.0.0 Ready to start TLS",
    "500": "500 5.5.2 This is not a command that we know",
    "501": "501 5.5.4 This command is not complete, or has too much",
    "503": "503 5.5.1 This command comes too early: greet first, then MAIL, RCPT, DATA",
}
_ENHANCED = re.compile(r"[245]\d\d[ -][245]\.\d")


def with_status(reply: str) -> str:
    """The library's reply in our words, with an enhanced status code and no echo of the peer (RFC 2034)."""
    if _ENHANCED.match(reply):
        return reply
    return _WORDS.get(reply) or _WORDS.get(reply[:3], reply)


def neighbourhood(peer: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that a single IPv6 host commonly has to itself."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer
    if address.version == 4:
        return peer
    return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
