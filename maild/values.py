"""Values: what nobody changes once it is made, so that what is to be different is made anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass, replace  # these are known to tell what may be set, and which fields there are
else:

    def dataclass(*, frozen: bool, slots: bool) -> Any:
        """The library's `dataclass` for what is frozen, which only the type checker holds us to.

        Were the interpreter to guard it as well, each field would be many times as dear to set: a tenth of what it
        takes to decide a mail.
        """
        assert frozen, "what may change is a dataclass of the library's"
        return dataclasses.dataclass(slots=slots, unsafe_hash=True)

    def replace(thing: Any, /, **changes: Any) -> Any:
        """The library's `replace`, in a third of the time: a mail's way through the desk is a dozen of these."""
        kind = type(thing)
        places, values_of = _fields(kind)
        values = [*values_of(thing)]
        for name, value in changes.items():
            values[places[name]] = value
        return kind(*values)


@cache
def _fields(kind: type[Any]) -> tuple[Mapping[str, int], Callable[[Any], tuple[Any, ...]]]:
    """The place of each value with which a thing of this kind is made, and what reads them all from such a thing."""
    names = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    places = {name: place for place, name in enumerate(names)}
    if len(names) == 1:
        return places, lambda thing: (getattr(thing, names[0]),)
    return places, attrgetter(*names)


__all__ = ["dataclass", "replace"]
