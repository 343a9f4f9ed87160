"""The operator's shell: a folder with a configuration in it, and ways to say a verb."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from maild.cli import main
from tests import databases

CONFIG = """\
[desk]
name = "Example Support"
address = "support@desk.example"
timezone = "Europe/Paris"

[store]
url = "sqlite:///maild.db"

[listen]
smtp = "127.0.0.1:0"

[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@agents.example"

[[rule]]
name = "money"
on = ["new"]
when = { subject = "invoice" }
then = { priority = "high", tags = ["money"] }

[[rule]]
name = "zebras"
on = ["new"]
when = { subject = "invoice", body = "zebra" }
then = { priority = "low" }
"""
MAIL = b"From: Luc <luc@customer.example>\nTo: support@desk.example\nSubject: Invoice 77\n\nIt is wrong.\n"


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an operator's folder, with the configuration in its usual place."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MAILD_CONFIG", raising=False)
    (folder / "config.toml").write_text(databases.worded(CONFIG, folder))
    (folder / "mail.eml").write_bytes(MAIL)
    return folder


def say(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, words, input=stdin)


def told(*words: str) -> Any:
    """What a verb answers in JSON; nothing else may stand on its stdout."""
    result = say(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def shell(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-P", "-m", "maild", *words], input=stdin, capture_output=True, timeout=60)
