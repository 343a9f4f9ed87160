"""What a spam filter holds against each mail: SpamAssassin with its own rules, and nothing that asks the network."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

from benchmarks.gallery.mails import DESK, Sight
from maild.mail import Outgoing
from maild.templates.samples import NOW

_SCORES = re.compile(r"^X-Spam-Maild: \[(.*)\]\r?$", re.MULTILINE)
_SETTINGS = (
    "use_bayes 0",
    "use_auto_welcomelist 0",
    "fold_headers 0",
    "clear_trusted_networks",
    "add_header all Maild [_TESTSSCORES(;)_]",
)
_PATIENCE = 900.0

SET_ASIDE = {
    "HTML_MESSAGE": "says that a mail has an HTML part, which is no fault; 0.001 is the least that SpamAssassin shows",
}
"""Rules that are left out of the sum, each with its reason."""
AMONG_US = {
    "MIXED_ES": "finds Cyrillic letters beside many a Latin e: those of the commands and the signed addresses",
}
"""Those that are left out of the sums of agents' mails alone."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one mail got: the sum of the rules that count, and every rule that spoke."""

    points: float
    rules: tuple[tuple[str, float], ...]


class FilterError(Exception):
    """SpamAssassin is there, and cannot be asked."""


def found() -> str | None:
    """Where SpamAssassin is, None where there is none."""
    return shutil.which("spamassassin")


def against(sight: Sight, score: Score) -> str:
    """What is wrong with a mail that scores, "" where nothing is."""
    rules = ", ".join(f"{name} {points:g}" for name, points in score.rules if name not in _aside(sight))
    return f"{sight.name}: {score.points:g} points of spam: {rules}" if score.points > 0 else ""


def weigh(path: str, sights: Sequence[Sight], folder: Path) -> list[Score]:
    """The scores of these mails, each as its reader's server has it."""
    files = []
    for number, sight in enumerate(sights):
        file = folder / f"{number:04}.eml"
        file.write_bytes(arrived(sight.outgoing))
        files.append(str(file))
    settings = [f"--cf={line}" for line in _SETTINGS]
    asked = [path, "--local", "--nocreate-prefs", f"--prefspath={folder / 'none.cf'}", *settings, *files]
    (folder / "none.cf").touch()
    run = subprocess.run(asked, capture_output=True, timeout=_PATIENCE, check=False, env={"HOME": str(folder)})
    told = _SCORES.findall(run.stdout.decode("utf-8", "replace"))
    if len(told) != len(sights):
        raise FilterError(run.stderr.decode("utf-8", "replace").strip().split("\n")[-1] or "it judged too few mails")
    return [_score(line, _aside(sight)) for sight, line in zip(sights, told, strict=True)]


def arrived(outgoing: Outgoing) -> bytes:
    """The mail with the lines that a relay and the reader's server put above it (RFC 5321 section 4.4)."""
    recipient, domain, at = outgoing.envelope.recipient, DESK.domain, format_datetime(NOW)
    hops = (("relay", "2001:db8::25", "mx.reader.example"), ("desk", "2001:db8::10", f"relay.{domain}"))
    trace = [f"Return-Path: <{outgoing.envelope.sender}>"]
    for host, address, by in hops:
        whence = f"{host}.{domain} ({host}.{domain} [IPv6:{address}])"
        trace.append(f"Received: from {whence} by {by} (Postfix) with ESMTPS id 4Dk7Qz for <{recipient}>; {at}")
    return "\r\n".join(trace).encode() + b"\r\n" + outgoing.content


def _aside(sight: Sight) -> Collection[str]:
    return SET_ASIDE if sight.to_customer else {**SET_ASIDE, **AMONG_US}


def _score(line: str, aside: Collection[str]) -> Score:
    """Read `RULE=points;...`."""
    rules = []
    for one in filter(None, line.split(";")):
        name, _, points = one.partition("=")
        if points:
            rules.append((name, float(points)))
    counted = sum(points for name, points in rules if name not in aside)
    return Score(round(counted, 3), tuple(rules))
