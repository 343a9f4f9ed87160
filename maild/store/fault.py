"""What can be wrong with a store as a whole."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be used; the words say why, and what to do."""


class LostError(StoreError):
    """The database does not answer now; nothing is known of a write that it was given last."""


class SchemaError(StoreError):
    """The tables have another shape than this maild can work with."""
