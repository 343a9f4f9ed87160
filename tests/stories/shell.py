"""The operator's shell: a folder with a configuration in it, and ways to say a verb."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
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


def plainly(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Say a verb as somebody whom the rights of files bind; root, too, is bound here."""
    bound = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    verb = [*bound, sys.executable, "-P", "-m", "maild", *words]
    return subprocess.run(verb, input=stdin, capture_output=True, timeout=60)


def on_terminal(width: int, *words: str) -> str:
    """What a verb shows on a terminal of so many columns, without its colours; it must end well."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    clean = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    run = subprocess.Popen([sys.executable, "-P", "-m", "maild", *words], stdout=theirs, env=clean | {"TERM": "xterm"})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:
        pass  # so a terminal on Linux tells its end
    finally:
        os.close(ours)
    assert run.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")
