"""Signed addresses and Message-IDs: what we hand out, and what comes back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product

from maild.mail import MessageId
from maild.ticket import Use
from maild.values import dataclass

VERSION = 1
TOKEN_LENGTH = 40
BOUNCE_LENGTH = 24
_PAIRS = tuple(map("".join, product("abcdefghijklmnopqrstuvwxyz234567", repeat=2)))
"""What ten bits are in base32; two letters at a time take a third less than `base64` needs."""
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_TOKEN = re.compile(r"[a-z2-7]{40}\Z", re.IGNORECASE | re.ASCII)
_BOUNCE = re.compile(r"[a-z2-7]{24}\Z", re.IGNORECASE | re.ASCII)
_OUR_ID = re.compile(r"m\.([a-z2-7]{40})\.([0-9]{1,12})\Z", re.IGNORECASE | re.ASCII)


_LASTS: Mapping[Use, timedelta | None] = {
    Use.CUSTOMER: timedelta(days=400),
    Use.PERSONAL: timedelta(days=400),
    Use.REPLY: timedelta(days=30),
    Use.NOTE: timedelta(days=30),
    Use.SIDE: timedelta(days=30),
    Use.CONFIRM: timedelta(days=7),
    Use.MESSAGE: None,
    Use.BOUNCE: None,
}


@dataclass(frozen=True, slots=True)
class Token:
    """What a verified token says. For `v` and `b`, `ticket` holds the outbox row; `day` counts from 2020-01-01."""

    use: Use
    ticket: int
    party: int = 0
    day: int = 0

    def expired(self, now: datetime) -> bool:
        lasts = _LASTS[self.use]
        return lasts is not None and now > _EPOCH + timedelta(days=self.day + 1) + lasts


@dataclass(frozen=True, slots=True)
class OurId:
    """A Message-ID that we made: whose copy it was, and the outbox row (0 is the root of the thread)."""

    token: Token
    row: int


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secrets by key id, newest last: the newest signs, the last three verify (DESIGN 3.4)."""

    domain: str
    keys: tuple[tuple[int, bytes], ...] = field(repr=False)
    _derived: dict[tuple[int, Use], bytes] = field(default_factory=dict, repr=False, compare=False)
    _opening: bytes = field(init=False, repr=False, compare=False)
    """What stands before everything that is signed."""

    def __post_init__(self) -> None:
        domain = self.domain.encode("ascii" if self.domain.isascii() else "idna")
        object.__setattr__(self, "_opening", b"maild/1\0" + domain + b"\0")

    def make(self, use: Use, ticket: int, party: int, now: datetime) -> str:
        """A token of 40 characters, signed with the newest key."""
        kid = self.keys[-1][0]
        day = (now - _EPOCH).days
        payload = bytes((VERSION, ord(use), kid)) + ticket.to_bytes(5) + party.to_bytes(3) + day.to_bytes(2)
        return _encode(payload + self._mac(kid, use, payload)[:12])

    def make_bounce(self, row: int) -> str:
        """The short token of an envelope sender: 24 characters, for forwarders that rewrite senders."""
        kid = self.keys[-1][0]
        payload = bytes((ord(Use.BOUNCE), kid)) + row.to_bytes(5)
        return _encode(payload + self._mac(kid, Use.BOUNCE, payload)[:8])

    def read(self, text: str) -> Token | None:
        """The token that `text` is, or None where no key of ours signed it; nothing is read before the MAC holds."""
        if _TOKEN.match(text):
            return self._read_long(_decode(text))
        if _BOUNCE.match(text):
            return self._read_bounce(_decode(text))
        return None

    def message_id(self, ticket: int, party: int, row: int, created_at: datetime) -> MessageId:
        """Our Message-ID `m.TOKEN.N@domain`, N the outbox row; the same for the same arguments."""
        return MessageId(f"m.{self.make(Use.MESSAGE, ticket, party, created_at)}.{row}@{self.domain}")

    def read_id(self, message_id: str) -> OurId | None:
        """What one of our own Message-IDs says, or None for anybody else's."""
        local, _, domain = message_id.rpartition("@")
        if domain.lower() != self.domain:
            return None
        found = _OUR_ID.match(local)
        token = self.read(found[1]) if found else None
        if found is None or token is None or token.use is not Use.MESSAGE:
            return None
        return OurId(token, int(found[2]))

    def _read_long(self, decoded: bytes) -> Token | None:
        payload, mac = decoded[:13], decoded[13:]
        use = _use_of(payload[1])
        if payload[0] != VERSION or use is None or use is Use.BOUNCE or not self._holds(payload[2], use, payload, mac):
            return None
        return Token(
            use,
            ticket=int.from_bytes(payload[3:8]),
            party=int.from_bytes(payload[8:11]),
            day=int.from_bytes(payload[11:13]),
        )

    def _read_bounce(self, decoded: bytes) -> Token | None:
        payload, mac = decoded[:7], decoded[7:]
        if _use_of(payload[0]) is not Use.BOUNCE or not self._holds(payload[1], Use.BOUNCE, payload, mac):
            return None
        return Token(Use.BOUNCE, ticket=int.from_bytes(payload[2:7]))

    def _holds(self, kid: int, use: Use, payload: bytes, mac: bytes) -> bool:
        if kid not in {known for known, _ in self.keys[-3:]}:
            return False
        return hmac.compare_digest(self._mac(kid, use, payload)[: len(mac)], mac)

    def _mac(self, kid: int, use: Use, payload: bytes) -> bytes:
        return _signature(self._key(kid, use), self._opening + payload)

    def _key(self, kid: int, use: Use) -> bytes:
        known = self._derived.get((kid, use))
        if known is None:
            known = derive(dict(self.keys)[kid], f"maild/1/{use.value}".encode("ascii"))
            self._derived[kid, use] = known
        return known


@lru_cache(maxsize=64)
def _signature(key: bytes, text: bytes) -> bytes:
    """The HMAC of a text; kept for a moment, because one letter needs its reader's own several times."""
    return hmac.digest(key, text, hashlib.sha256)


def derive(secret: bytes, purpose: bytes) -> bytes:
    """32 bytes for one purpose: HKDF-SHA256 with an empty salt and one block (RFC 5869 section 2)."""
    extracted = hmac.digest(b"\0" * 32, secret, hashlib.sha256)
    return hmac.digest(extracted, purpose + b"\x01", hashlib.sha256)


def with_token(base: str, token: str) -> str:
    """`support+TOKEN@example.com` for `support@example.com` (RFC 5233)."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{token}@{domain}"


def split_token(address: str) -> tuple[str, str]:
    """The plain address and what stands after its first "+", "" where nothing does."""
    local, _, domain = address.rpartition("@")
    base, _, detail = local.partition("+")
    return f"{base}@{domain}", detail


def _use_of(code: int) -> Use | None:
    try:
        return Use(chr(code))
    except ValueError:
        return None


def _encode(octets: bytes) -> str:
    """Base32 in lower case, of whole groups of five octets."""
    number = int.from_bytes(octets)
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(len(octets) * 8 - 10, -1, -10)])


def _decode(text: str) -> bytes:
    try:
        return base64.b32decode(text.upper())
    except binascii.Error:
        return b"\0" * 25
