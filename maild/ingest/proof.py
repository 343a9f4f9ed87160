"""Whether a trusted server proved the author's address: Authentication-Results, read with distrust."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network

import authres

from maild.mail import Address, Proof

MOST_FIELDS = 20  # trusted instances read; more is no honest server
_LONGEST = 16_000  # characters of all of them
_DEEPEST = 10  # comments within comments
_MOST_RESULTS = 60


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe about this mail: IP addresses or networks of relays, authserv-ids, and how the mail came.

    `peer` is the IP address that handed the mail to us, "" where there was none; `mailbox` names the mailbox it was
    fetched from. `hops` is how many Received fields our side wrote; None means one for a relay, none for a mailbox.
    `forms` are the addresses of web forms, `through` the ids of mailing groups that people write through, both in lower
    case; `junk` tells that it was fetched from a folder of mail that a filter took for spam.
    """

    relays: tuple[str, ...]
    authserv_ids: tuple[str, ...]
    peer: str
    mailbox: str
    hops: int | None = None
    forms: frozenset[str] = frozenset()
    through: frozenset[str] = frozenset()
    junk: bool = False


@dataclass(frozen=True, slots=True)
class _Result:
    """One method's result: `properties` are (type, name, value); `clear` is False for what cannot be read."""

    method: str
    result: str
    properties: tuple[tuple[str, str, str], ...] = ()
    clear: bool = True


def prove(headers: Sequence[tuple[str, str]], author: Address, trust: Trust) -> Proof:
    """Tell whether a trusted Authentication-Results field proves that the author owns the address (RFC 8601, 7489).

    Which instances count: the sender can write any header, but only beneath what later hops put on top. So in a mail
    that was fetched from a mailbox only what stands above the first Received field counts. A relay of ours writes one
    Received, and its results over it or right under it: over it nobody else can write; under it we read only where
    nothing stands over it, and only up to the first field that an author's program writes, for from there on all is
    the sender's; and there the relay must delete what bears its name, as RFC 8601 section 5 demands. With `hops`
    the same holds for so many Received fields of ours. Where a trusted relay hands over a mail with no Received at
    all, there is no border to look for: its word counts wherever it stands, for it must delete what is not its own.

    Of each method the worst result of all counting instances wins. An instance of ours that cannot be read proves
    nothing and spoils what others say. `dmarc=pass` for exactly the author's domain proves, or `dkim=pass` of a
    domain that is the author's, above it or beneath it; any other DMARC verdict but "none" unproves.
    """
    fields = [(name.lower(), value) for name, value in headers]
    found = _counting(fields, trust)
    if not found:
        return Proof(because=_unseen(trust))
    if not _sole(fields, author):
        return Proof(seen=True, because="no single, plain From address")
    if len(found) > MOST_FIELDS or sum(map(len, found)) > _LONGEST:
        return Proof(seen=True, because="too much in the Authentication-Results fields")
    results: list[_Result] = []
    for value in found:
        results += _read(value)
    return _judge(results, _domain(author.domain))


# Which instances count


_Fields = Sequence[tuple[str, str]]
"""Header lines: names in lower case, and values."""


def _counting(fields: _Fields, trust: Trust) -> list[str]:
    """The values of the Authentication-Results fields that the sender cannot have written and that bear our name."""
    hops = _hops(trust)
    if hops is None:
        return []
    ours = frozenset(name.casefold() for name in trust.authserv_ids if name)
    over, under = _block(fields, hops)
    above = [value for value in _results_in(over) if _server(value) in ours]
    return above or [value for value in _results_in(under) if _server(value) in ours]


def _hops(trust: Trust) -> int | None:
    """How many Received fields are ours; None where nothing of the header counts."""
    if trust.peer:
        relayed = any(_within(trust.peer, relay) for relay in trust.relays)
        return (1 if trust.hops is None else max(trust.hops, 0)) if relayed else None
    if trust.mailbox:
        return max(trust.hops or 0, 0)
    return None


@lru_cache(maxsize=256)
def _within(peer: str, relay: str) -> bool:
    try:
        address, network = ip_address(peer.strip()), ip_network(relay.strip(), strict=False)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address in network or (mapped is not None and mapped in network)


def _block(fields: _Fields, hops: int) -> tuple[_Fields, _Fields]:
    """The fields over the last Received of ours, and those right under it that may still be ours."""
    received = [n for n, (name, _) in enumerate(fields) if name == "received"]
    if not received and hops:
        return fields, ()
    if len(received) < max(hops, 1):
        return (), ()
    if hops == 0:
        return fields[: received[0]], ()
    last = received[hops - 1]
    below = fields[last + 1 : received[hops] if len(received) > hops else len(fields)]
    return fields[:last], below[: _first_of_the_author(below)]


_AUTHORS = frozenset(
    {
        *("from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to"),
        *("references", "mime-version", "dkim-signature", "user-agent", "x-mailer", "auto-submitted", "precedence"),
    }
)


def _first_of_the_author(fields: _Fields) -> int:
    return next((n for n, (name, _) in enumerate(fields) if _by_author(name)), len(fields))


def _by_author(name: str) -> bool:
    return name in _AUTHORS or name.startswith(("content-", "list-", "resent-"))


def _results_in(fields: _Fields) -> list[str]:
    return [value for name, value in fields if name == "authentication-results"]


def _sole(fields: _Fields, author: Address) -> bool:
    """One From field, and an address of one @ and a domain of two labels at least, without tricks."""
    if [name for name, _ in fields].count("from") != 1:
        return False
    return author.spec.count("@") == 1 and bool(_SPEC.fullmatch(author.spec)) and bool(_domain(author.domain))


_SPEC = re.compile(r"[^\s\x00-\x20\x7f()<>,:;\\\"\[\]@]{1,64}@[^\s\x00-\x20\x7f()<>,:;\\\"\[\]@]{1,253}")


def _unseen(trust: Trust) -> str:
    if not any(trust.authserv_ids):
        return "no authserv_id is set whose Authentication-Results could be believed"
    if trust.peer and _hops(trust) is None:
        return f"{trust.peer} is not one of the trusted relays"
    return "no trusted Authentication-Results"


# What an instance says


def _read(value: str) -> list[_Result]:
    """The results of one instance; what cannot be read is a result too, which spoils its method or all of them."""
    pieces = _pieces(value)
    if pieces is None or len(pieces) > _MOST_RESULTS:
        return [_Result("*", "unreadable", clear=False)]
    head = pieces[0].split()
    if len(head) > 2 or (len(head) == 2 and head[1] != "1"):
        return [_Result("*", "unreadable", clear=False)]
    return [_result(piece) for piece in pieces[1:] if piece.strip() and piece.strip().lower() != "none"]


def _server(value: str) -> str:
    """The authserv-id, also of an instance that cannot be read further; "" where there is none (Microsoft 365)."""
    pieces = _pieces(value)
    first = (pieces[0] if pieces else _rough(value)).split()
    if not first or "=" in first[0]:
        return ""
    return _unquote(first[0]).casefold()


def _rough(value: str) -> str:
    """What stands before the first semicolon where comments or quotes do not close."""
    return re.split(r"[;(]", value[:_LONGEST], maxsplit=1)[0]


@lru_cache(maxsize=16)  # each value is asked twice, for its server and for its results
def _pieces(value: str) -> tuple[str, ...] | None:
    """The parts between semicolons, comments taken out and quoted strings whole; None where it is not well formed.

    RFC 5322 section 3.2.2: comments nest, a backslash guards the next character, quotes inside comments mean nothing.
    """
    if len(value) > _LONGEST:
        return None
    if not _MARKED.search(value) and value.isprintable():
        return tuple(value.split(";"))
    pieces, depth, guarded, quoted = [""], 0, False, False
    out: list[str] = []
    for character in value:
        if guarded:
            guarded = False
        elif character == "\\" and (depth or quoted):
            guarded = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
            if depth > _DEEPEST:
                return None
            out.append(" ")
            continue
        elif character == ")" and depth:
            depth -= 1
            continue
        elif character == ";" and not depth and not quoted:
            pieces[-1] = "".join(out)
            pieces.append("")
            out = []
            continue
        if not depth:
            out.append(_printable(character))
    pieces[-1] = "".join(out)
    return None if depth or quoted or guarded else tuple(pieces)


_MARKED = re.compile(r'[\\"()]')


def _printable(character: str) -> str:
    if character in "\r\n\t":
        return " "
    return character if character.isprintable() else "\x00"


_WORD = r"[A-Za-z0-9][A-Za-z0-9-]*"
_CLEAR = re.compile(
    rf"(?P<method>{_WORD})(?:/1)?=(?P<result>{_WORD})"
    r'(?P<rest>(?: (?:[A-Za-z0-9-]+\.)?[A-Za-z0-9_-]+=(?:"(?:[^"\\\x00]|\\[^\x00])*"(?:@[^\s"\x00]*)?|[^\s"()\x00]*))*)'
)


@lru_cache(maxsize=256)  # the same few servers vouch for most mail
def _result(piece: str) -> _Result:
    """One result. A plain one is read with stand-ins for its values: that form is the same in all mail of a server."""
    plain = piece.strip()
    if not _PLAIN.fullmatch(plain):
        return _checked(_tight(piece))
    form = _checked(_VALUE.sub(rf"\1{_STAND_IN}", plain))
    values = [value for _, value in _VALUE.findall(plain)]
    if not form.clear or len(values) != len(form.properties):
        return _checked(plain)
    named = zip(form.properties, values, strict=True)
    properties = tuple((kind, name, form_of.replace(_STAND_IN, value)) for (kind, name, form_of), value in named)
    return _Result(form.method, form.result, properties)


# In such a result a value reaches to the next space and no sign in it means anything to authres, so any other can
# stand for it. What may begin or end a value is chosen so that _tight would leave the result as it is.
_PLAIN_VALUE = r"(?:[A-Za-z0-9_-](?:[A-Za-z0-9._@+/=-]*[A-Za-z0-9._@+-])?|@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)"
_PLAIN = re.compile(
    rf"(?:dmarc|dkim)=[a-z]+(?: action=[a-z]+)?(?: (?:smtp|header|body|policy)\.[a-z-]+={_PLAIN_VALUE})*"
)
_VALUE = re.compile(r"(?<= )([a-z]+\.[a-z-]+=@?)([^ ]+)")
_STAND_IN = "a.example"


@lru_cache(maxsize=256)
def _checked(plain: str) -> _Result:
    """One result, read by authres once its form is checked: authres mends what is broken, and that is a risk here."""
    method = _method_of(plain)
    unreadable = _Result(method, "unreadable", clear=False)
    found = _CLEAR.fullmatch(plain)
    if not found or method not in _PROVING:
        return unreadable
    try:
        header = authres.parse_value(f"checked; {_ascii(plain)}")
    except authres.AuthResError:
        return unreadable
    if [(one.method, one.result) for one in header.results] != [(method, found["result"].lower())]:
        return unreadable
    properties = tuple((str(one.type), str(one.name), str(one.value or "")) for one in header.results[0].properties)
    names = [name.lower() for name in _HEADER_NAME.findall(_STRING.sub('""', found["rest"]))]
    if names != [name for kind, name, _ in properties if kind == "header"]:
        return unreadable
    return _Result(method, found["result"].lower(), properties)


_PROVING = frozenset({"dmarc", "dkim"})
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLAIN_STRING = re.compile(r'(?<==)"([A-Za-z0-9._@-]+)"(?= |$)')
_HEADER_NAME = re.compile(r"(?<= )header\.([A-Za-z0-9_-]+)=", re.IGNORECASE)


def _method_of(plain: str) -> str:
    """The method of a broken result, or "*" where it cannot be told: it may be about anything."""
    found = re.match(rf"({_WORD})(?:/\d+)?=", plain)
    return found[1].lower() if found else "*"


def _tight(piece: str) -> str:
    """One space between words, none around "=" and "/" (RFC 8601 allows it there), no quotes without need."""
    parts = re.split(f"({_STRING.pattern})", piece)
    for n in range(0, len(parts), 2):
        parts[n] = re.sub(r" *([=/]) *", r"\1", re.sub(r"\s+", " ", parts[n]))
    return _PLAIN_STRING.sub(r"\1", "".join(parts).strip())


def _ascii(text: str) -> str:
    """Servers write domains in their ASCII form: what is not ASCII can only stand in what we do not compare."""
    return "".join(character if character.isascii() else "?" for character in text)


def _unquote(word: str) -> str:
    if len(word) >= 2 and word[0] == word[-1] == '"':
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return word


# What it comes to


_NO_VERDICT = frozenset({"none", "bestguesspass"})


def _judge(results: Sequence[_Result], domain: str) -> Proof:
    if any(one.method == "*" for one in results):
        return Proof(seen=True, because="a trusted Authentication-Results field cannot be read")
    dmarc = [one for one in results if one.method == "dmarc"]
    verdicts = [one for one in dmarc if one.result not in _NO_VERDICT]
    for one in verdicts:
        if one.result != "pass" or not one.clear:
            return Proof(seen=True, because=f"dmarc={one.result}")
        if _values(one, "from") - {domain}:
            return Proof(seen=True, because="dmarc=pass is about another domain")
    if dmarc and dmarc == verdicts:
        return Proof(proven=True, seen=True, because=f"dmarc=pass for {domain}")
    return _judge_dkim([one for one in results if one.method == "dkim"], domain)


def _judge_dkim(results: Sequence[_Result], domain: str) -> Proof:
    """The worst of the results that name the author's domain, or none at all."""
    signed = ""
    for one in results:
        signer = _signer(one)
        if signer and not _aligned(signer, domain):
            continue
        if one.result != "pass" or not one.clear or not signer:
            return Proof(seen=True, because=f"dkim={one.result} for {signer or 'an unnamed domain'}")
        signed = signer
    if signed:
        return Proof(proven=True, seen=True, because=f"dkim=pass for {signed}")
    return Proof(seen=True, because=f"neither dmarc=pass nor an aligned dkim=pass for {domain}")


def _signer(one: _Result) -> str:
    """The signing domain: header.d, and header.i within it; "" where it is missing or they contradict each other."""
    named, identity = _values(one, "d"), _values(one, "i")
    if len(named) > 1 or len(identity) > 1:
        return ""
    d, i = "".join(named), "".join(identity)
    if d and i and not (i == d or i.endswith(f".{d}")):
        return ""
    return d or i


def _values(one: _Result, name: str) -> set[str]:
    """The domains of the properties header.NAME; one that is no domain stands as itself and equals none."""
    found = [value for kind, key, value in one.properties if kind == "header" and key == name]
    return {_domain(value.rpartition("@")[2]) or f"!{value}" for value in found}


def _aligned(signer: str, domain: str) -> bool:
    """The same domain, or one beneath the other on the border of a label (RFC 7489 section 3.1, no suffix list)."""
    return signer == domain or domain.endswith(f".{signer}") or signer.endswith(f".{domain}")


_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


@lru_cache(maxsize=256)
def _domain(text: str) -> str:
    """A domain in its ASCII form, lower case; "" for what is none or has a single label."""
    try:
        name = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    sound = len(labels) >= 2 and len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return name if sound else ""
