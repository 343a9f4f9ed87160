"""Where each key stands in a TOML file: line and column, by tree-sitter."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from tree_sitter import Language, Node, Parser
from tree_sitter_toml import language

from maild.typed import Path


class Lines:
    """The places of a file's keys and list items. `text` must be TOML that tomllib has read."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        self._rows = self._bytes.split(b"\n")
        self._places: dict[Path, tuple[int, int]] = {}
        self._last: dict[Path, int] = {}
        tree = Parser(Language(language())).parse(self._bytes)
        for node in tree.root_node.children:
            match node.type:
                case "pair":
                    self._pair(node, ())
                case "table":
                    self._table(node, repeated=False)
                case "table_array_element":
                    self._table(node, repeated=True)

    def find(self, path: Path) -> tuple[int, int]:
        """The line and column, from 1, of a key; of the nearest table around it where it does not stand itself."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places.get(path, (1, 1))

    def _table(self, node: Node, *, repeated: bool) -> None:
        name, *rest = node.named_children
        keys = list(self._keys(name))
        path: Path = ()
        for part in keys[:-1]:
            path = self._through((*path, part))
        path = (*path, keys[-1])
        self._places.setdefault(path, self._place(node))
        if repeated:
            self._last[path] = self._last.get(path, -1) + 1
            path = (*path, self._last[path])
            self._places[path] = self._place(node)
        for pair in rest:
            if pair.type == "pair":
                self._pair(pair, path)

    def _through(self, path: Path) -> Path:
        """A table's path on the way to one below: of a repeated table, its latest."""
        return (*path, self._last[path]) if path in self._last else path

    def _pair(self, node: Node, path: Path) -> None:
        name, value = [child for child in node.named_children if child.type != "comment"][:2]
        for part in self._keys(name):
            path = (*path, part)
            self._places.setdefault(path, self._place(name))
        self._value(value, path)

    def _value(self, node: Node, path: Path) -> None:
        items = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            for pair in items:
                self._pair(pair, path)
        elif node.type == "array":
            for number, item in enumerate(items):
                self._places[(*path, number)] = self._place(item)
                self._value(item, (*path, number))

    def _keys(self, node: Node) -> Iterator[str]:
        if node.type == "dotted_key":
            for child in node.named_children:
                yield from self._keys(child)
            return
        word = (node.text or b"").decode()
        yield next(iter(tomllib.loads(f"{word} = 0"))) if node.type == "quoted_key" else word

    def _place(self, node: Node) -> tuple[int, int]:
        row, column = node.start_point
        return row + 1, len(self._rows[row][:column].decode(errors="replace")) + 1
