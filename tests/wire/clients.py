"""Mail as people's programs write it: a first mail, and replies in the shapes of five mail clients."""

from __future__ import annotations

import html
import itertools
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Protocol

from tests.stories.house import Letter

_numbers = itertools.count(1)
SAID = "On Sat, Nov 21, 2026 at 9:05 AM"


def proven(author: str) -> str:
    """What our own MX writes on top of a mail whose author's domain vouches for it."""
    return f"mx.desk.example; dmarc=pass header.from={parseaddr(author)[1].rpartition('@')[2]}"


def new_mail(author: str, subject: str, text: str, *, to: str, message_id: str = "") -> bytes:
    """A first mail."""
    message = _headed(author, to, subject, message_id)
    message.set_content(text)
    return message.as_bytes(policy=SMTP)


def gmail(author: str, text: str, answers: Letter, message_id: str = "") -> bytes:
    """Gmail: text and HTML, the quotation in a `gmail_quote`."""
    name, spec = parseaddr(answers["From"])
    intro = f"{SAID} {name} <{spec}> wrote:"
    message = _reply(author, answers, message_id)
    message.set_content(f"{text}\n\n{intro}\n\n{_quoted(answers)}\n")
    message.add_alternative(
        f'<div dir="ltr">{_lines(text)}</div><br><div class="gmail_quote gmail_quote_container">'
        f'<div dir="ltr" class="gmail_attr">{html.escape(intro)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 0.8ex">{_lines(answers.text)}</blockquote></div>',
        subtype="html",
    )
    return message.as_bytes(policy=SMTP)


def outlook(author: str, text: str, answers: Letter, message_id: str = "") -> bytes:
    """Outlook: text and HTML, the earlier mail below a line and a block of headers, unmarked."""
    block = (
        f"From: {answers['From']}",
        "Sent: Saturday, November 21, 2026 9:05 AM",
        f"To: {answers['To']}",
        f"Subject: {answers['Subject']}",
    )
    message = _reply(author, answers, message_id, prefix="RE:")
    message["Thread-Topic"] = answers["Subject"]
    message["X-Mailer"] = "Microsoft Outlook 16.0"
    message.set_content(f"{text}\n\n" + "\n".join(block) + f"\n\n{answers.text}")
    message.add_alternative(
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang="EN-GB"><div class="WordSection1">'
        + "".join(f'<p class="MsoNormal">{html.escape(line) or "&nbsp;"}</p>' for line in text.splitlines())
        + '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
        + "<br>".join(
            f"<b>{html.escape(key)}:</b>{html.escape(rest)}" for key, _, rest in (b.partition(":") for b in block)
        )
        + f'</p></div><p class="MsoNormal">{_lines(answers.text)}</p></div></body></html>',
        subtype="html",
    )
    return message.as_bytes(policy=SMTP)


def apple_mail(author: str, text: str, answers: Letter, message_id: str = "") -> bytes:
    """Apple Mail: text and HTML, the quotation in a `blockquote type=cite`."""
    intro = f"On 21 Nov 2026, at 09:05, {parseaddr(answers['From'])[0]} <{parseaddr(answers['From'])[1]}> wrote:"
    message = _reply(author, answers, message_id)
    message["X-Mailer"] = "Apple Mail (2.3826.400.131)"
    message.set_content(f"{text}\n\n> {intro}\n> \n{_quoted(answers)}\n")
    message.add_alternative(
        '<html><body style="overflow-wrap: break-word; -webkit-nbsp-mode: space;">'
        f'{_lines(text)}<br><div><br><blockquote type="cite"><div>{html.escape(intro)}</div><br><div>'
        f"{_lines(answers.text)}</div></blockquote></div></body></html>",
        subtype="html",
    )
    return message.as_bytes(policy=SMTP)


def thunderbird(author: str, text: str, answers: Letter, message_id: str = "") -> bytes:
    """Thunderbird: plain text, flowed, with an introduction that names nobody's address."""
    message = _reply(author, answers, message_id)
    message["User-Agent"] = "Mozilla Thunderbird"
    message.set_content(
        f"{text}\n\nOn 21/11/2026 09:05, {parseaddr(answers['From'])[0]} wrote:\n{_quoted(answers)}\n",
        params={"format": "flowed"},
    )
    return message.as_bytes(policy=SMTP)


def mutt(author: str, text: str, answers: Letter, message_id: str = "") -> bytes:
    """Mutt: plain text, a signature under dashes, and no References but what it answers."""
    message = _reply(author, answers, message_id)
    del message["References"]
    message["User-Agent"] = "Mutt/2.2.12 (2023-09-09)"
    intro = f"On Sat, Nov 21, 2026 at 09:05:11AM +0000, {parseaddr(answers['From'])[0]} wrote:"
    message.set_content(f"{text}\n\n{intro}\n{_quoted(answers)}\n\n-- \n{parseaddr(author)[0]}\n")
    return message.as_bytes(policy=SMTP)


class Client(Protocol):
    """A mail program that answers a mail."""

    def __call__(self, author: str, text: str, answers: Letter, message_id: str = "") -> bytes: ...


CLIENTS: tuple[Client, ...] = (gmail, outlook, apple_mail, thunderbird, mutt)


def _headed(author: str, to: str, subject: str, message_id: str) -> EmailMessage:
    message = EmailMessage()
    message["Authentication-Results"] = proven(author)
    message["From"] = author
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Sat, 21 Nov 2026 09:10:00 +0000"
    message["Message-ID"] = message_id or f"<{next(_numbers)}.client@{parseaddr(author)[1].rpartition('@')[2]}>"
    return message


def _reply(author: str, answers: Letter, message_id: str, prefix: str = "Re:") -> EmailMessage:
    message = _headed(author, answers["Reply-To"], f"{prefix} {answers['Subject']}", message_id)
    message["In-Reply-To"] = answers["Message-ID"]
    message["References"] = f"{answers['References']} {answers['Message-ID']}".strip()
    return message


def _quoted(answers: Letter) -> str:
    return "\n".join(f"> {line}".rstrip() for line in answers.text.splitlines())


def _lines(text: str) -> str:
    return "<br>\n".join(html.escape(line) for line in text.splitlines())
