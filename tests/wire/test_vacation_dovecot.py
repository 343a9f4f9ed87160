"""An agent's mailbox answers by itself: Dovecot's Pigeonhole, for real, and what the desk makes of it."""

from __future__ import annotations

import email
import email.policy
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.stories.house import Letter
from tests.wire.clients import new_mail
from tests.wire.running import ANN, BEN, OPS, SUPPORT, Sink, configuration, running, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
_FOLDERS = "/usr/lib/dovecot:/usr/libexec/dovecot:/usr/local/libexec/dovecot"
LDA = shutil.which("dovecot-lda", path=_FOLDERS)
PIGEONHOLE = shutil.which("sievec")

pytestmark = pytest.mark.skipif(
    LDA is None or PIGEONHOLE is None,
    reason="Dovecot's Pigeonhole is not installed (apt-get install dovecot-sieve)",
)

_SCRIPT = """\
require ["vacation"];
vacation :days 1 :addresses ["{address}"] "{words}";
"""
_SENDMAIL = """\
#!/bin/sh
printf '%s\\n' "$*" > {home}/sent/$$.to
cat > {home}/sent/$$.eml
"""
_CONFIG = """\
base_dir = {home}/run
log_path = {home}/log
mail_location = maildir:{home}/mail
postmaster_address = postmaster@agents.example
hostname = mail.agents.example
sendmail_path = {home}/sendmail
ssl = no
protocol lda {{
  mail_plugins = sieve
}}
plugin {{
  sieve = file:{home}/vacation.sieve
}}
"""


@dataclass(frozen=True)
class Answer:
    """What a mailbox has sent by itself: the recipient of its envelope, and the bytes."""

    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        message = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass(frozen=True)
class Mailbox:
    """An agent's mailbox with a vacation script, filled by Dovecot's delivery agent."""

    home: Path
    address: str

    def vacation(self, words: str) -> None:
        """The agent switches the responder on."""
        script = _SCRIPT.format(address=self.address, words=words)
        (self.home / "vacation.sieve").write_text(script, "utf-8")

    def takes(self, letter: Letter) -> Answer | None:
        """A mail is delivered; what the mailbox answers."""
        sent = self.home / "sent"
        before = set(sent.glob("*.eml"))
        envelope = letter.outgoing.envelope
        config = str(self.home / "dovecot.conf")
        command = [str(LDA), "-c", config, "-e", "-f", envelope.sender, "-a", envelope.recipient]
        # for root it would ask for the users of the whole server
        nobody = pwd.getpwnam("nobody")
        root = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        home = {"HOME": str(self.home), "USER": "ann", "PATH": os.defpath}
        subprocess.run(command, input=letter.outgoing.content, env=home, check=True, timeout=60, **root)  # type: ignore[call-overload]
        fresh = set(sent.glob("*.eml")) - before
        if not fresh:
            return None
        (one,) = fresh
        return Answer(
            one.with_suffix(".to").read_text().split()[-1], b"\r\n".join(one.read_bytes().splitlines()) + b"\r\n"
        )

    @property
    def delivered(self) -> int:
        return len(list((self.home / "mail" / "new").iterdir()))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    # whoever delivers is no root, and may not look into the folders of the tests
    with tempfile.TemporaryDirectory(prefix="pigeonhole") as folder:
        home = Path(folder)
        (home / "sent").mkdir()
        (home / "dovecot.conf").write_text(_CONFIG.format(home=home))
        (home / "sendmail").write_text(_SENDMAIL.format(home=home))
        (home / "sendmail").chmod(0o755)
        for each in (home, home / "sent"):
            each.chmod(0o777)
        yield Mailbox(home, ANN)


def day_of(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


def test_a_sieve_vacation_reply_to_the_brief_moves_the_ticket_and_the_customer_is_told(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    last = (datetime.now(UTC) + timedelta(days=12)).date()
    mailbox.vacation(f"I am away until {day_of(last)}. In urgent cases write to the desk.")
    with Sink() as sink, running(tmp_path, configuration(tmp_path, sink.url, tables='lead = "ben"')) as desk:
        desk.post(new_mail(LUC, "Invoice 77 wrong", "It shows two licences.", to=SUPPORT), LUC_AT, [SUPPORT])
        answer = mailbox.takes(sink.waits_for(ANN, "assigned"))
        assert answer is not None, "Pigeonhole answers our brief"
        assert answer.message["Auto-Submitted"].startswith("auto-replied")

        desk.post(answer.raw, "", [answer.to])
        brief = sink.waits_for(BEN, "assigned")
        assert f"away until {last:%A} {last.day} {last:%B}" in brief.text
        moved = sink.waits_for(LUC_AT, "owner-changed")
        assert (moved["X-Maild-Owner"], moved["X-Maild-Previous-Owner"]) == ("Ben Ode", "Ann Lee")
        assert moved["X-Maild-Reason"].startswith("absence.unplanned; Ann Lee is away until")
        news = sink.waits_for(ANN, "absence")
        assert mailbox.takes(news) is None, "it answers no machine text"
        until(desk.drained)
        assert desk.rows("select owner from ticket") == [("ben",)]
        assert desk.rows("select agent, source, stage, last_day from absence") == [
            ("ann", "reply", "begun", last.isoformat())
        ]
        assert desk.faults() == []
    assert mailbox.delivered == 2
    assert len(sink.to(LUC_AT, "owner-changed")) == 1
    assert sink.to(OPS) == []


def test_what_the_desk_sends_to_agents_as_a_machine_is_not_answered_by_sieve(tmp_path: Path, mailbox: Mailbox) -> None:
    mailbox.vacation("I am away until Monday.")
    with Sink() as sink, running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        assert mailbox.takes(sink.waits_for(ANN, "welcome")) is None
        until(desk.drained)
    assert mailbox.delivered == 1
