"""The files an operator deploys: systemd's own tools like the unit, and what they call is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.stories.shell import say

DEPLOY = Path(__file__).parents[2] / "deploy"
UNIT = DEPLOY / "maild.service"
ANALYZE = shutil.which("systemd-analyze")
with_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def analyzed(*words: str) -> str:
    told = subprocess.run([str(ANALYZE), *words, str(UNIT)], capture_output=True, text=True, check=False)
    return told.stdout + told.stderr


@with_systemd
def test_systemd_understands_every_line_of_the_unit() -> None:
    complaints = [line for line in analyzed("verify").splitlines() if "/opt/maild/bin/maild" not in line]
    assert complaints == []


@with_systemd
def test_the_unit_leaves_little_open() -> None:
    told = analyzed("security", "--offline=true")
    found = re.search(r"exposure level for maild.service: ([0-9.]+)", told)
    assert found, told
    assert float(found[1]) < 1.5


def test_what_unit_and_container_call_is_there() -> None:
    unit, container = UNIT.read_text("utf-8"), (DEPLOY / "Containerfile").read_text("utf-8")
    assert re.search(r"^Type=notify$", unit, re.MULTILINE)
    assert re.search(r"^WatchdogSec=\d+$", unit, re.MULTILINE)
    assert re.search(r"^ExecStart=/opt/maild/bin/maild -c \S+ run$", unit, re.MULTILINE)
    health = re.search(r'HEALTHCHECK .* CMD \["maild", "status", "(--\w+)"\]', container)
    assert health
    assert health[1] in say("status", "--help").stdout
    assert re.search(r"^USER \d+$", container, re.MULTILINE)
