"""What a person typed: units, addresses and names, and plain words for what was wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

LANGUAGES = ("en", "fr", "es", "ru", "de", "pt")

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_WITHIN = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3660)
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)

Path = tuple[str | int, ...]
"""Where in the file: keys, and the places of items in lists, from 0."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in what was typed: where it stands, what it is, and what to do."""

    path: Path
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """How a type is called in the handbook."""

    word: str


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `count` in each `seconds`."""

    count: int
    seconds: float


class Table(BaseModel):
    """A table of the file: unknown keys are errors, and no value is quietly turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, validate_default=True)


TableT = TypeVar("TableT", bound=Table)


def key(default: Any, words: str, **bounds: Any) -> Any:
    """A key with its default, as a person would type it (`...` where it must be given), and its one line of help."""
    return Field(default, description=words, **bounds)


def quote(text: object) -> str:
    """A value as it may be shown in an error: in quotes, on one line, not long."""
    shown = json.dumps(str(text), ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:56] + '..."'


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as a question, else the list of those that are known."""
    words = sorted(known)
    found = get_close_matches(word[:60].lower(), words, n=1, cutoff=0.6)
    if found:
        return f"did you mean {quote(found[0])}?"
    return "known here: " + ", ".join(words[:40]) if words else "none is known here"


def wrong(what: str, remedy: str = "") -> PydanticCustomError:
    """The error that a validator raises: pydantic carries it to the place where it happened."""
    return PydanticCustomError("typed", "{what}", {"what": what, "remedy": remedy})


def text(value: object) -> str:
    if not isinstance(value, str):
        raise wrong(f"must be a text, not {_kind(value)}", 'put it in quotes: "..."')
    return value


def duration(value: object) -> timedelta:
    """A length of time: a whole number and one of ms, s, m, h, d, w."""
    found = re.fullmatch(r"([0-9]{1,9})\s?(ms|s|m|h|d|w)", value) if isinstance(value, str) else None
    if not found:
        raise wrong(
            f"{quote(value)} is not a duration", 'write a number and a unit, like "30s", "15m", "4h", "2d" or "1w"'
        )
    seconds = int(found[1]) * _SECONDS[found[2]]
    if seconds > _LONGEST.total_seconds():
        raise wrong(f"{quote(value)} is longer than ten years", "choose a shorter time")
    return timedelta(seconds=seconds)


def span(typed: str) -> timedelta | None:
    """A length of time as a person types it at the shell, None where it is none."""
    try:
        return duration(typed)
    except PydanticCustomError:
        return None


def longer_than_nothing(value: timedelta) -> timedelta:
    if not value:
        raise wrong("must be longer than nothing", 'write "1s" or more')
    return value


def size(value: object) -> int:
    """A number of bytes: a whole number and one of B, kB, MB, GB (1 kB is 1024 bytes)."""
    found = re.fullmatch(r"([0-9]{1,9})\s?([kKmMgG]?[bB])", value) if isinstance(value, str) else None
    if not found:
        raise wrong(f"{quote(value)} is not a size", 'write a number and a unit, like "256kB" or "25MB"')
    return int(found[1]) * _SIZES[found[2].lower()]


def pace(value: object) -> Pace:
    """A pace: a number, a slash, and one of s, min, h, d."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})\s?/\s?(s|min|h|d)", value) if isinstance(value, str) else None
    if not found:
        raise wrong(f"{quote(value)} is not a pace", 'write a number, a slash and a unit, like "30/min" or "5/s"')
    return Pace(int(found[1]), _WITHIN[found[2]])


def address(value: object) -> str:
    """A plain mail address (RFC 5321 section 4.1.2, without quoted local parts and address literals)."""
    spec = text(value)
    local, at, domain = spec.rpartition("@")
    if not at or not local or not domain:
        raise wrong(f"{quote(spec)} is not a mail address", 'write it plain, like "ann@example.com"')
    if not spec.isascii():
        raise wrong(f"{quote(spec)} holds letters beyond ASCII", "write the domain in its xn-- form")
    if len(local) > 64 or len(spec) > 254:
        raise wrong(f"{quote(spec)} is too long", "64 characters before the @ and 254 in all are the most")
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise wrong(f"{quote(spec)} is not a mail address", 'write it plain, like "ann@example.com", without a name')
    return spec


def domain(value: object) -> str:
    name = text(value)
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        raise wrong(f"{quote(name)} is not a domain", 'write it like "bigcorp.example"')
    return name.lower()


def line(value: object) -> str:
    """A text that people read: one line, not empty, no control characters."""
    words = text(value).strip()
    if not words:
        raise wrong("is empty", "write a few words")
    if any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in words) or len(words) > 500:
        raise wrong("must be one line of at most 500 characters", "shorten it, and take line breaks out")
    return words


def identity(value: object) -> str:
    """An id, short and without white space, so that it can be typed in a command."""
    name = text(value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise wrong(f"{quote(name)} cannot be an id", "use letters, digits, dot, dash and underline, 64 at most")
    return name


def tag(value: object) -> str:
    name = text(value).lower()
    if not re.fullmatch(r"[^\s,#\0-\x1f\x7f]{1,50}", name):
        raise wrong(
            f"{quote(name)} cannot be a tag", "use one word without spaces, commas and #, 50 characters at most"
        )
    return name


def one_or_many(value: object) -> object:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, Shown("text")]
Line = Annotated[str, BeforeValidator(line), Shown("text")]
Id = Annotated[str, BeforeValidator(identity), Shown("id")]
Tag = Annotated[str, BeforeValidator(tag), Shown("tag")]
AddressSpec = Annotated[str, BeforeValidator(address), Shown("address")]
DomainName = Annotated[str, BeforeValidator(domain), Shown("domain")]
Duration = Annotated[timedelta, BeforeValidator(duration), Shown("duration")]
_LongerThanNothing = BeforeValidator(lambda value: longer_than_nothing(duration(value)))
Span = Annotated[timedelta, _LongerThanNothing, Shown("duration")]
Size = Annotated[int, BeforeValidator(size), Shown("size")]
Rate = Annotated[Pace, BeforeValidator(pace), Shown("pace")]
Language = Annotated[Literal["en", "fr", "es", "ru", "de", "pt"], Shown("en, fr, es, ru, de, pt")]
Count = Annotated[int, Field(ge=0, le=1_000_000), Shown("number")]
Some = Annotated[int, Field(ge=1, le=1_000_000), Shown("number")]


def read(model: type[TableT], raw: object, path: Path) -> TableT | tuple[Fault, ...]:
    """Read one table, or tell every fault in it."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = (_fault(model, found) for found in error.errors(include_url=False))
        return tuple(Fault(path + as_typed(raw, one.path), one.what, one.remedy) for one in faults)


def as_typed(raw: object, path: Path) -> Path:
    """A place without the numbers that no list in the file has (where one item was typed for a list of one)."""
    kept: list[str | int] = []
    for part in path:
        if isinstance(part, int) and not isinstance(raw, list):
            continue
        kept.append(part)
        if isinstance(raw, list) and isinstance(part, int) and part < len(raw):
            raw = raw[part]
        else:
            raw = raw.get(part) if isinstance(raw, dict) else None
    return tuple(kept)


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as they are typed."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The tables that an annotation speaks of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


_WORDS = {
    "missing": ("is missing", "add it"),
    "string_type": ("must be a text", 'put it in quotes: "..."'),
    "int_type": ("must be a whole number", "write it without quotes and without a point"),
    "bool_type": ("must be true or false", "write it in small letters, without quotes"),
    "list_type": ("must be a list", "put it in square brackets: [...]"),
    "too_short": ("is empty", "name at least one"),
    "model_type": ("must be a table", "give it keys of its own, in a section or in { }"),
    "dict_type": ("must be a table", "give it keys of its own, in a section or in { }"),
}


def _fault(model: type[BaseModel], found: ErrorDetails) -> Fault:
    place = found["loc"]
    bounds = found.get("ctx", {})
    match found["type"]:
        case "extra_forbidden":
            return Fault(place, "unknown key", nearest(str(found["loc"][-1]), _keys_at(model, found["loc"][:-1])))
        case "typed":
            return Fault(place, str(bounds["what"]), str(bounds["remedy"]))
        case "literal_error":
            choices = re.findall(r"'([^']*)'", str(bounds["expected"]))
            shown = quote(found["input"]) if isinstance(found["input"], str) else _kind(found["input"])
            remedy = nearest(str(found["input"]), choices)
            remedy = remedy if remedy.startswith("did") else "choose one of them"
            return Fault(place, f"{shown} is not one of {', '.join(map(quote, choices))}", remedy)
        case "greater_than_equal":
            return Fault(place, f"must be at least {bounds['ge']}, not {found['input']}")
        case "less_than_equal":
            return Fault(place, f"must be at most {bounds['le']}, not {found['input']}")
        case other:
            return Fault(place, *_WORDS.get(other, (found["msg"], "")))


def _keys_at(model: type[BaseModel], loc: Path) -> tuple[str, ...]:
    """The keys that the table at this place knows."""
    for part in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if isinstance(part, str) and part in fields:
            model = next(models_in(fields[part].annotation), model)
    return keys_of(model)


def _kind(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return quote(value)
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)
