"""The addresses in a header: From by a strict grammar, all others as they can be had."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Sequence
from inspect import signature

from maild.ingest.charsets import clean_line, composed
from maild.ingest.encodings import unwrap
from maild.mail import Address

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_LABEL = r"[A-Za-z0-9_\-\u00a1-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]{{2,45}}\]|\[IPv6:[0-9A-Fa-f:.]{{2,45}}\])"
SPEC = re.compile(rf'(?!=\?)(?:(?:{_ATEXT}|\.)+|"(?:{_ATEXT}|[. ])+")@{_DOMAIN}')
"""A plain address, as a whole."""
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*"'
_NAMED = re.compile(
    rf'\s*({_QUOTED}|[^<>"\x00-\x08\x0e-\x1f]*?)\s*<\s*([^<>\s"]+|"[^"<>\\]*"@[^<>\s"]+)\s*>\s*(\([^()<>@]*\))?\s*'
)
_BARE = re.compile(r"\s*([^\s<>()\",;:]+)\s*(?:\(([^()<>@]*)\))?\s*")
_COMMENT = re.compile(r"\([^()]*\)")
_LONE = re.compile(r"[^<>@\"()]*<\s*([^<>\s\"()]+)\s*>[\s,;]*|\s*([^\s<>()\",;:]+)[\s,;]*")
_LOCAL = re.compile(rf"[^<>@]{{0,200}}<((?:{_ATEXT}|\.){{1,64}})>\s*")
_LENIENT = {"strict": False} if "strict" in signature(email.utils.getaddresses).parameters else {}
"""Newer Pythons give nothing of a header in which one address is odd, as a domain literal is, unless told otherwise."""
_LONGEST_SPEC = 320
_LONGEST_FROM = 4_000


def authors(values: Sequence[str]) -> tuple[Address, ...]:
    """The addresses of all From lines by a strict grammar: a plain address is one, a trick is none or several.

    What a checking server could read otherwise than we do is not one author (RFC 5322 section 3.6.2).
    """
    found: list[Address] = []
    for value in values[:20]:
        value = " ".join(value.split())
        one = (_strict(value) or _only(value)) if len(value) < _LONGEST_FROM else None
        found.extend([one] if one else _loose(value))
    return tuple(found)[:20]


def _strict(value: str) -> Address | None:
    if named := _NAMED.fullmatch(value):
        name, spec = named[1], named[2]
        if not name.startswith('"') and _ambiguous(name, spec):
            return None
    elif bare := _BARE.fullmatch(value):
        name, spec = bare[2] or "", bare[1]
    else:
        return None
    if len(spec) > _LONGEST_SPEC or not SPEC.fullmatch(spec):
        return None
    return Address(composed(spec), _name(name))


def _only(value: str) -> Address | None:
    """The author of a line that many clients write, with one address in it for every reader: `Petit, Luc <luc@...>`,
    `John "Jack" Doe <...>`, a comment within a comment, a group of one, a separator at the end."""
    if value.count("@") != 1 or "\\" in value:
        return None
    bare = re.sub(_QUOTED, " ", value)
    while bare != (outer := _COMMENT.sub(" ", bare)):
        bare = outer
    found = _LONE.fullmatch(bare)
    if found is None or len(spec := found[1] or found[2]) > _LONGEST_SPEC or not SPEC.fullmatch(spec):
        return None
    if found[1] is None:
        return Address(composed(spec), _name(value[value.find("(") + 1 : max(value.rfind(")"), 0)]))
    name = value.partition("<")[0]
    _, colon, member = name.rpartition(":")
    name = member if colon and value.endswith(";") else name
    return Address(composed(spec), _name(name.replace('"', "")))


def _ambiguous(name: str, spec: str) -> bool:
    """Whether a name outside quotes could be read as an address of its own."""
    bare = name.strip(" '")
    if bare.lower() == spec.lower():
        return False
    return any(mark in name for mark in "@,;:\\") or name.count("(") != name.count(")")


def _name(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = re.sub(r"\\(.)", r"\1", text[1:-1])
    name = clean_line(unwrap(text)).strip("\"' ")[:200]
    return name if any(map(_is_seen, name)) else ""


_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing (Unicode, Default_Ignorable_Code_Point, and the blank Braille pattern)."""


def _is_seen(mark: str) -> bool:
    return mark.isprintable() and not mark.isspace() and mark not in _FILLERS


def _loose(value: str) -> list[Address]:
    """Every address that any reader might see in a From line that is not plain: two or more, else none."""
    specs = [match[0] for match in re.finditer(r"[^\s<>()\",;:\\\[\]]{1,200}@[^\s<>()\",;:\\\[\]]{1,200}", value)]
    good = dict.fromkeys(composed(spec) for spec in specs if SPEC.fullmatch(spec))
    return [Address(spec) for spec in good] if len(good) > 1 else []


def local_name(value: str) -> str:
    """What a From line with no address in it has in its brackets, to be shown and never written to; else ""."""
    found = _LOCAL.fullmatch(value)
    return found[1] if found else ""


def pairs_of(value: str) -> list[tuple[str, str]]:
    """The names and addresses of a header as the standard library reads them; none where that fails."""
    if "@" not in value or value.count("(") > 10:
        return []
    try:
        return email.utils.getaddresses([value], **_LENIENT)
    except (ValueError, IndexError, RecursionError, TypeError):
        return []


def addresses_of(pairs: Sequence[tuple[str, str]]) -> tuple[Address, ...]:
    """The well-formed of these names and addresses, each address once."""
    found: dict[str, Address] = {}
    for name, spec in pairs:
        if len(spec) <= _LONGEST_SPEC and SPEC.fullmatch(spec):
            found.setdefault(spec.lower(), Address(composed(spec), _name(str(name))))
    return tuple(found.values())
