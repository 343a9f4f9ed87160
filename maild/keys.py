"""The desk's secret: a file that only the daemon reads, made on the first run."""

from __future__ import annotations

import json
import os
from pathlib import Path

from maild.threading.tags import Keyring

SECRET_BYTES = 32


class SecretError(Exception):
    """The secret file cannot serve; the words say which file, why, and what to do."""


def load(path: Path, domain: str) -> Keyring:
    """The keyring of a secret file: one line of JSON a key, `{"id": 1, "secret": "<hex>"}`, newest last."""
    try:
        mode = path.stat().st_mode & 0o777
        lines = path.read_text("ascii").splitlines()
        keys = tuple((int(key["id"]), bytes.fromhex(key["secret"])) for key in map(json.loads, filter(None, lines)))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise SecretError(f"{path}: the secret cannot be read ({fault}); restore it from your backup") from fault
    if not keys or any(len(secret) < SECRET_BYTES or not 0 < kid < 256 for kid, secret in keys):
        raise SecretError(f"{path}: the secret is damaged; restore it from your backup")
    if mode & 0o077:
        raise SecretError(f"{path}: others may read the secret (mode {mode:04o}); run: chmod 600 {path}")
    return Keyring(domain, keys)


def load_or_make(path: Path, domain: str, fresh: bytes) -> Keyring:
    """The keyring; a missing file is made with the `fresh` random bytes, mode 0600, durably."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(json.dumps({"id": 1, "secret": fresh.hex()}) + "\n")
            file.flush()
            os.fsync(file.fileno())
    return load(path, domain)
