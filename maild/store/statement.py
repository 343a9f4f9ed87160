"""A statement that is built once: what runs for every mail goes to the driver without being put together anew."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, BindParameter, Boolean, Dialect, bindparam

from maild.store.engine import Tx
from maild.store.tables import Utc

Row = Any
"""A named tuple of the columns that a statement yields."""

_TOGETHER = range(4, 17)
"""How many rows are inserted at once; SQLite guards such a statement as a whole, which fewer do not pay for."""
_VALUES = re.compile(r"(?<= VALUES )(\((?:\?, )*\?\))")

_Process = Callable[[Any], Any] | None


def given(name: str) -> BindParameter[Any]:
    """A value that each run of a statement is given anew."""
    return bindparam(name, None)


class Statement:
    """A statement of SQLAlchemy's core, compiled once a dialect and then run by the driver itself.

    What changes from run to run is `given` or, in an insert without values, one of `columns`; columns of an insert
    that are left out get their scalar default. Lists of changing length are not for here. `written` are columns of JSON
    whose values come as the text that they are kept as.
    """

    def __init__(self, core: Any, columns: Iterable[str] = (), *, written: Iterable[str] = ()) -> None:  # noqa: ANN401, RUF100  any sort of statement
        self._core = core
        self._columns = tuple(columns)
        self._written = frozenset(written)
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, tx: Tx, **values: Any) -> list[Row]:
        """Run it, and return all that it yields."""
        compiled = self._for(tx)
        cursor = tx.driver.execute(compiled.text, compiled.bound(values))
        return list(map(compiled.row, cursor.fetchall()))

    def one(self, tx: Tx, **values: Any) -> Row | None:
        """Run it, and return the first row of what it yields."""
        found = self.rows(tx, **values)
        return found[0] if found else None

    def scalar(self, tx: Tx, **values: Any) -> Any:
        """Run it, and return the first value of the first row, None where there is no row."""
        found = self.rows(tx, **values)
        return found[0][0] if found else None

    def run(self, tx: Tx, **values: Any) -> int:
        """Run it for what it changes: how many rows."""
        compiled = self._for(tx)
        return int(tx.driver.execute(compiled.text, compiled.bound(values)).rowcount)

    def each(self, tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of the rows."""
        if rows:
            compiled = self._for(tx)
            tx.driver.cursor().executemany(compiled.text, [compiled.bound(row) for row in rows])

    def add(self, tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
        """Insert these rows, each with its values in the order of `columns`."""
        if not rows:
            return
        compiled = self._for(tx)
        bound = [compiled.in_order(row) for row in rows]
        if together := compiled.together(len(rows)):
            tx.driver.execute(together, [*chain.from_iterable(bound)])
        else:
            tx.driver.cursor().executemany(compiled.text, bound)

    def _for(self, tx: Tx) -> _Compiled:
        dialect = tx.connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            core = self._core(dialect) if callable(self._core) else self._core
            compiled = self._compiled[dialect.name] = _Compiled(core, self._columns, self._written, dialect)
        return compiled


class _Compiled:
    """The text of a statement in one dialect, and how its values go in and come out."""

    def __init__(self, core: Any, columns: tuple[str, ...], written: frozenset[str], dialect: Dialect) -> None:
        more: Any = {"column_keys": list(columns)} if columns else {}
        compiled: Any = core.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}, **more)
        self.text = str(compiled)
        types = {name: bind.type for name, bind in compiled.binds.items() if name not in written}
        into = {name: into for name, kind in types.items() if (into := _into(kind, dialect))}
        defaults = {column.key: column.default.arg for column in compiled.insert_prefetch if column.default is not None}
        asked = {name for name, bind in compiled.binds.items() if bind.required or bind.value is None}
        fixed = {name: value for name, value in compiled.params.items() if name not in asked} | defaults
        self._named = compiled.positiontup is None
        self._order = tuple(compiled.positiontup or compiled.params)
        self._into = tuple((name, process) for name, process in into.items() if name not in fixed)
        self._fixed = {name: _through(into.get(name), value) for name, value in fixed.items()}
        self._size = len(self._fixed.keys() | set(self._order))
        self._ordered = _getter(self._order)
        self._row_names = (*columns, *self._fixed)
        self._row_into = tuple((columns.index(name), process) for name, process in self._into if name in columns)
        self._row_ordered = _getter([self._row_names.index(name) for name in self._order if name in self._row_names])
        self._row, self._out = _yielded(core, dialect)
        self._together: dict[int, str] = {}

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them; a name too many or too few is a bug, and a KeyError."""
        taken = {**self._fixed, **values}
        if len(taken) != self._size:
            raise KeyError(*(taken.keys() ^ {*self._fixed, *self._order}))
        for name, into in self._into:
            taken[name] = into(taken[name])
        return taken if self._named else self._ordered(taken)

    def in_order(self, row: Sequence[Any]) -> Any:
        """The values of a row, which come in the order of the columns, as the driver takes them."""
        values = [*row, *self._fixed.values()]
        if len(values) != self._size:
            raise ValueError(f"a row of {len(row)} values for {self._size - len(self._fixed)} columns")
        for place, into in self._row_into:
            values[place] = into(values[place])
        return dict(zip(self._row_names, values, strict=True)) if self._named else self._row_ordered(values)

    def together(self, count: int) -> str:
        """The text that inserts so many rows at once, "" where that is not for this statement.

        The driver lets other threads run after each row and each statement, and waits for them to let it go on.
        """
        if count not in self._together:
            fits = not self._named and count in _TOGETHER
            text, found = _VALUES.subn(", ".join([r"\1"] * count), self.text) if fits else ("", 0)
            self._together[count] = text if found else ""
        return self._together[count]

    def row(self, found: Sequence[Any]) -> Row:
        if not self._out:
            return self._row._make(found)
        values = list(found)
        for place, out in self._out:
            values[place] = out(values[place])
        return self._row._make(values)


def _getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the values under these keys, however few they are."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)


def _through(process: _Process, value: Any) -> Any:
    return value if process is None else process(value)


def _into(kind: Any, dialect: Dialect) -> _Process:
    process: _Process = kind.dialect_impl(dialect).bind_processor(dialect)
    match kind:
        case Utc() if dialect.name == "sqlite":
            return _as_text
        case JSON() if process is not None:
            return partial(_json, process, process(None))
        case Boolean() if process is not None:
            return lru_cache(maxsize=4)(process)
        case _:
            return process


def _out(kind: Any, dialect: Dialect) -> _Process:
    if isinstance(kind, Utc) and dialect.name == "sqlite":
        return _from_text
    process: _Process = kind.dialect_impl(dialect).result_processor(dialect, None)
    return process


@lru_cache(maxsize=64)  # the same few moments are written again and again
def _as_text(value: datetime | None) -> str | None:
    """A moment as SQLAlchemy keeps it in SQLite; its own way there is five times as long, and each mail has many."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be kept")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(kept).replace(tzinfo=UTC)


def _json(process: Callable[[Any], Any], nothing: Any, value: Any) -> Any:
    if value is None:
        return nothing
    return "[]" if value == [] else process(value)  # the usual list is an empty one


def _yielded(core: Any, dialect: Dialect) -> tuple[Any, tuple[tuple[int, Callable[[Any], Any]], ...]]:
    """What a row is called, and the places of the columns that do not come out as they went in."""
    columns = list(getattr(core, "exported_columns", ()))
    names = [column.key for column in columns]
    named = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024  the columns are known at run time
    out = (_out(column.type, dialect) for column in columns)
    return named, tuple((place, process) for place, process in enumerate(out) if process is not None)
