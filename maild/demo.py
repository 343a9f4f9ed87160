"""A support day through the real daemon: mail in by SMTP and IMAP, agents who answer by mail, every mail shown."""

from __future__ import annotations

import contextlib
import email
import email.policy
import imaplib
import os
import shutil
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path

FOLDER = Path("var/demo")
PATIENCE = 30.0
"""Seconds after which the demo gives up on a mail that should have come."""

CONFIG = """\
[desk]
name = "Example Support"
address = "support@example.com"
timezone = "Europe/Paris"

[store]
url = "sqlite:///{folder}/maild.db"
secret_file = "{folder}/secret"

[listen]
smtp = "127.0.0.1:0"

[trust]
relays = ["127.0.0.1"]
authserv_id = ["mx.example.com"]

[[mailbox]]
name = "support"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "support"
password_env = "MAILD_DEMO_PASSWORD"
after = "move:Filed"
address = "support@example.com"

[relay]
url = "maildir:{folder}/sent"

[notices]
settle = "1s"

[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@example.com"
backup = "ben"

[[agent]]
id = "ben"
name = "Ben Ode"
email = "ben@example.com"

[[agent]]
id = "cleo"
name = "Cleo Roy"
email = "cleo@example.com"

[[team]]
id = "support"
name = "Support"
members = ["ann"]

[[team]]
id = "billing"
name = "Billing"
public_name = "our accounts team"
members = ["cleo"]
lead = "ben"
sla = "standard"

[[ladder]]
team = "billing"
rungs = ["ben"]

[sla.standard]
first_reply = "4h"
next_reply = "8h"
update_every = "2d"

[[rule]]
name = "billing mail"
[rule.when]
subject = ["invoice", "facture"]

[rule.then]
team = "billing"
priority = "high"
tags = ["money"]
reason = "Billing questions are answered by our accounts team."
"""


_WIRE = email.policy.SMTP
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class DemoError(Exception):
    """The demo cannot go on; the words say what did not happen."""


@dataclass
class Day:
    """The customers and agents of the day, and the folder in which the desk's mail arrives."""

    say: Callable[[str], None]
    sent: Path
    smtp: int
    imap: int
    password: str
    seen: set[str] = field(default_factory=set)
    count: int = 0

    def customer_writes(self, who: str, subject: str, text: str, *, by_imap: bool = False) -> None:
        """A customer's first mail, through the provider's SMTP or straight into the mailbox."""
        message = self._message(who, "support@example.com", subject, text)
        self.say(_heading(f"{who} writes to support@example.com" + (" (fetched by IMAP)" if by_imap else "")))
        self.say(_shown(message))
        if by_imap:
            self._append(message)
        else:
            self._send(message)

    def person_replies(self, who: str, answers: EmailMessage, text: str, to: str = "") -> None:
        """Somebody answers a mail of the desk, with the whole mail quoted below, as mail clients do."""
        message = self._message(who, to or str(answers["Reply-To"]), f"Re: {answers['Subject']}", text)
        message["In-Reply-To"] = answers["Message-ID"]
        message["References"] = f"{answers['References'] or ''} {answers['Message-ID']}".strip()
        self.say(_heading(f"{who} replies"))
        self.say(_shown(message))
        quoted = "\n".join(f"> {line}" for line in _text(answers).splitlines())
        message.set_content(f"{text}\n\nOn {answers['Date']}, {answers['From']} wrote:\n{quoted}\n")
        self._send(message)

    def responder_answers(self, who: str, to: EmailMessage, text: str) -> None:
        """Somebody's vacation responder answers a mail of the desk: to its envelope sender, marked as automatic."""
        message = self._message(who, str(to["Return-Path"]).strip("<>"), f"Automatic reply: {to['Subject']}", text)
        message["Auto-Submitted"] = "auto-replied"
        message["In-Reply-To"] = to["Message-ID"]
        self.say(_heading(f"The vacation responder of {who} answers"))
        self.say(_shown(message))
        self._send(message, sender="")

    def arrives(self, notice: str, to: str) -> EmailMessage:
        """Wait for a mail of the desk, and show it as its reader sees it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for path in sorted(self.sent.glob("new/*"), key=lambda path: int("".join(filter(str.isdigit, path.name)))):
                if path.name in self.seen:
                    continue
                message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                if not isinstance(message, EmailMessage):
                    continue
                if message["X-Maild-Notice"] == notice and message["Delivered-To"] == to:
                    self.seen.add(path.name)
                    self.say(_heading(f"{to} gets: {notice}"))
                    self.say(_shown(message))
                    return message
            time.sleep(0.05)
        raise DemoError(f'no mail "{notice}" came to {to} within {PATIENCE:.0f} seconds')

    def _message(self, who: str, to: str, subject: str, text: str) -> EmailMessage:
        self.count += 1
        spec = parseaddr(who)[1]
        message = EmailMessage()
        # what the provider of the desk's mailbox would write on top after its own checks
        message["Authentication-Results"] = f"mx.example.com; dmarc=pass header.from={spec.rpartition('@')[2]}"
        message["Received"] = f"from client by mx.example.com; {formatdate()}"
        message["From"] = who
        message["To"] = to
        message["Subject"] = subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<demo.{self.count}.{int(time.time())}@client.example>"
        message.set_content(text + "\n")
        return message

    def _send(self, message: EmailMessage, sender: str | None = None) -> None:
        envelope = parseaddr(str(message["From"]))[1] if sender is None else sender
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=PATIENCE) as client:
            client.sendmail(envelope or "<>", [parseaddr(str(message["To"]))[1]], message.as_bytes(policy=_WIRE))

    def _append(self, message: EmailMessage) -> None:
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=PATIENCE) as client:
            client.login("support", self.password)
            client.append("INBOX", "", "", message.as_bytes(policy=_WIRE))


def play(say: Callable[[str], None], folder: Path = FOLDER) -> int:
    """Play the day; 0 when every mail came, 1 where one did not."""
    try:
        from maild.demo_mailbox import mailbox  # noqa: PLC0415, RUF100  only the demo needs an IMAP server
    except ModuleNotFoundError as missing:
        say(f"The demo needs an IMAP server of its own, and {missing.name} is not here: pip install 'maild[demo]'")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    password = os.urandom(9).hex()
    try:
        with mailbox("support", password) as imap, _daemon(folder, imap, password) as smtp:
            _day(Day(say, folder / "sent", smtp, imap, password))
    except DemoError as fault:
        say(f"The demo stopped: {fault}. The daemon's log is {folder / 'log'}.")
        return 1
    say(_heading("The end of the day"))
    say(f"Every mail of the desk is in {folder / 'sent' / 'new'}. Look on with:")
    for words in ("tickets", "ticket 1", "explain 1", "outbox", "verify"):
        say(f"  {sys.argv[0] if sys.argv[0].endswith('maild') else 'maild'} -c {folder / 'config.toml'} {words}")
    return 0


def _day(day: Day) -> None:
    luc, mia = "Luc Petit <luc@customer.example>", "Mia Berg <mia@other.example>"
    ann, ben, cleo = "Ann Lee <ann@example.com>", "Ben Ode <ben@example.com>", "Cleo Roy <cleo@example.com>"
    day.customer_writes(luc, "Invoice 77 wrong", "Invoice 77 shows two licences, but we ordered one.")
    day.arrives("received", "luc@customer.example")
    brief = day.arrives("assigned", "cleo@example.com")
    day.customer_writes(mia, "Cannot log in", "Since this morning my password is refused.", by_imap=True)
    day.arrives("received", "mia@other.example")
    second = day.arrives("assigned", "ann@example.com")
    day.person_replies(cleo, brief, "I asked our bank for the payment record and write to you when it is here.\n\nCleo")
    answer = day.arrives("reply", "luc@customer.example")
    day.person_replies(ann, second, "#pending\nPlease try the link on our login page and tell me what it says.\n\nAnn")
    day.arrives("waiting", "mia@other.example")
    day.person_replies(luc, answer, "Thank you. The accounts office needs it before the 30th.")
    news = day.arrives("customer-replied", "cleo@example.com")
    day.person_replies(cleo, news, "#delay tomorrow 17:00 because the bank has not answered yet")
    delayed = day.arrives("delayed", "luc@customer.example")
    day.person_replies(luc, delayed, "STATUS")
    day.arrives("status", "luc@customer.example")
    day.person_replies(cleo, news, "#assign ben because Ben knows the contracts with the bank")
    handed = day.arrives("assigned", "ben@example.com")
    moved = day.arrives("owner-changed", "luc@customer.example")
    day.person_replies(ben, handed, "#solved\nThe invoice is corrected; the new one is on its way.\n\nBen")
    day.arrives("solved", "luc@customer.example")
    day.person_replies(luc, moved, "Thanks a lot!")
    day.arrives("customer-replied", "ben@example.com")
    _holiday(day, ann)


def _holiday(day: Day, ann: str) -> None:
    """An agent goes on holiday; the vacation responder is all that tells the desk, and the work moves by itself."""
    chloe = "Chloé Martin <chloe@client.example>"
    welcome = day.arrives("welcome", "ann@example.com")
    day.customer_writes(
        chloe, "Mot de passe", "Bonjour, je ne peux plus me connecter depuis hier. Pouvez-vous m'aider ?"
    )
    day.arrives("received", "chloe@client.example")
    brief = day.arrives("assigned", "ann@example.com")
    last = datetime.now(UTC) + timedelta(days=14)
    until = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    day.responder_answers(ann, brief, f"I am out of the office until {until} and read no mail.\n\nAnn")
    day.arrives("absence", "ann@example.com")
    day.arrives("assigned", "ben@example.com")
    day.arrives("owner-changed", "chloe@client.example")
    day.arrives("owner-changed", "mia@other.example")
    day.person_replies(ann, welcome, "#back")
    returned = day.arrives("absence", "ann@example.com")
    day.person_replies(ann, returned, "#yes", to=_confirmation(returned))
    day.arrives("owner-changed", "chloe@client.example")


def _confirmation(question: EmailMessage) -> str:
    """The address that the mail's own words give for a #yes."""
    words = _text(question).split()
    return next(word for word in words if "+" in word and "@" in word)


@contextlib.contextmanager
def _daemon(folder: Path, imap: int, password: str) -> Iterator[int]:
    """The real daemon in a process of its own; the port of its SMTP door."""
    path = folder / "config.toml"
    path.write_text(CONFIG.format(folder=folder, port=imap), "utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own interpreter, our own words
            [sys.executable, "-m", "maild", "-c", str(path), "run"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | {"MAILD_DEMO_PASSWORD": password},
            text=True,
        )
        try:
            yield _port(process)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _port(process: subprocess.Popen[str]) -> int:
    """The port in the daemon's line `maild ready smtp=127.0.0.1:PORT ...`."""
    line = process.stdout.readline() if process.stdout else ""
    for word in line.split():
        if word.startswith("smtp="):
            return int(word.rpartition(":")[2])
    raise DemoError("the daemon did not start")


def _heading(words: str) -> str:
    return f"\n{'=' * 78}\n{datetime.now(UTC).astimezone():%H:%M:%S}  {words}\n{'=' * 78}"


def _shown(message: EmailMessage) -> str:
    names = ("From", "To", "Subject", "X-Maild-Status", "X-Maild-Owner", "X-Maild-Previous-Owner", "X-Maild-Reason")
    head = "\n".join(f"{name + ':':<24}{message[name]}" for name in names if message[name])
    return f"{head}\n\n{_text(message)}"


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    return str(part.get_content()).rstrip("\n") if part else ""
