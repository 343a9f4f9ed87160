"""How five mail programs write a reply, in the shapes that people's mail has."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from itertools import count
from urllib.parse import parse_qs, unquote, urlsplit

from maild.desk import Agent
from tests.stories.house import ANN, House, Letter

PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody writes in answer to a letter; `picture` stands below the words where their program can."""

    author: str
    answers: Letter
    words: str
    at: datetime
    picture: bool = False
    cc: Sequence[str] = field(default=())

    @property
    def intro(self) -> str:
        return f"{self.at:%a, %b %d, %Y at %H:%M}"

    @property
    def quoted(self) -> str:
        return "\n".join(f"> {line}".rstrip() for line in self.answers.text.splitlines())

    @property
    def paragraphs(self) -> list[str]:
        return [html.escape(line) for line in self.words.splitlines()]


def gmail(reply: Reply) -> EmailMessage:
    name, spec = parseaddr(reply.answers["From"])
    intro = f"On {reply.intro} {name} <{spec}> wrote:"
    body = "".join(f"<div>{line or '<br>'}</div>" for line in reply.paragraphs)
    image = '<div><img src="cid:ii_gm1" alt="pixel.png" width="1"></div>' if reply.picture else ""
    text = reply.words + ("\n[image: pixel.png]" if reply.picture else "")
    quote = f'<div dir="ltr" class="gmail_attr">{html.escape(intro)}<br></div><blockquote class="gmail_quote">'
    whole = f'<div dir="ltr">{body}{image}</div><br><div class="gmail_quote gmail_quote_container">{quote}'
    whole += f"{_inner(reply)}</blockquote></div>"
    return _mail(reply, f"{text}\n\n{intro}\n\n{reply.quoted}\n", whole, "ii_gm1", "<CAF{}@mail.gmail.example>")


def outlook(reply: Reply) -> EmailMessage:
    name, spec = parseaddr(reply.answers["From"])
    lines = [
        ("From:", f"{name} <{spec}>"),
        ("Sent:", f"{reply.at:%A, %B %d, %Y %H:%M}"),
        ("To:", reply.author),
        ("Subject:", reply.answers["Subject"]),
    ]
    text = "\n".join(f"{label} {value}" for label, value in lines)
    head = "<br>".join(f"<b>{label}</b> {html.escape(value)}" for label, value in lines)
    body = "".join(f'<p class="MsoNormal">{line or "&nbsp;"}<o:p></o:p></p>' for line in reply.paragraphs)
    image = '<p class="MsoNormal"><img src="cid:image001.png@01DC"></p>' if reply.picture else ""
    border = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in"
    whole = f'<html><body><div class="WordSection1">{body}{image}<div style="{border}">'
    whole += f'<p class="MsoNormal">{head}</p></div>{_inner(reply)}</div></body></html>'
    plain = reply.words.replace("\n", "\n\n") + ("\n\n[cid:image001.png@01DC]" if reply.picture else "")
    ident = "<PH0PR01MB{}@PH0PR01MB1.prod.outlook.example>"
    return _mail(reply, f"{plain}\n\n{text}\n\n{reply.answers.text}", whole, "image001.png@01DC", ident)


def apple(reply: Reply) -> EmailMessage:
    name, spec = parseaddr(reply.answers["From"])
    intro = f"On {reply.at:%b %d, %Y, at %H:%M}, {name} <{spec}> wrote:"
    body = "".join(f"<div>{line or '<br>'}</div>" for line in reply.paragraphs)
    image = '<img apple-inline="yes" src="cid:5E-PIX" alt="pixel.png">' if reply.picture else ""
    whole = f'<html><body style="overflow-wrap: break-word;">{body}{image}<div><br><blockquote type="cite">'
    whole += f"<div>{html.escape(intro)}</div><br><div>{_inner(reply)}</div></blockquote></div></body></html>"
    marked = "\n".join(f"> {line}".rstrip() for line in ("", *reply.answers.text.splitlines()))
    return _mail(reply, f"{reply.words}\n\n> {intro}\n{marked}\n", whole, "5E-PIX", "<5E{}-0000@icloud.example>")


def thunderbird(reply: Reply) -> EmailMessage:
    name, _ = parseaddr(reply.answers["From"])
    intro = f"On {reply.at:%d/%m/%Y %H:%M}, {name} wrote:"
    body = "".join(f"<p>{line or '<br>'}</p>" for line in reply.paragraphs)
    image = '<p><img moz-do-not-send="false" src="cid:part1.Pix@desk" alt=""></p>' if reply.picture else ""
    whole = f'<html><body>{body}{image}<div class="moz-cite-prefix">{html.escape(intro)}<br></div>'
    whole += f'<blockquote type="cite" cite="mid:x">{_inner(reply)}</blockquote></body></html>'
    ident = "<{}-6a1e@thunderbird.example>"
    return _mail(reply, f"{reply.words}\n\n{intro}\n{reply.quoted}\n", whole, "part1.Pix@desk", ident)


def mutt(reply: Reply) -> EmailMessage:
    """Plain text only; what is to be seen is attached."""
    name, _ = parseaddr(reply.answers["From"])
    intro = f"On {reply.at:%a, %b %d, %Y at %H:%M:%S +0000}, {name} wrote:"
    signature = f"\n\n-- \n{parseaddr(reply.author)[0]}, on a terminal"
    return _mail(reply, f"{reply.words}\n\n{intro}\n{reply.quoted}{signature}\n", "", "", "<aR{}@terminal.example>")


PROGRAMS: tuple[Callable[[Reply], EmailMessage], ...] = (gmail, outlook, apple, thunderbird, mutt)


def posts(house: House, message: EmailMessage) -> int:
    """The mail leaves its writer's program and comes in at the desk, proven."""
    spec = parseaddr(message["From"])[1]
    verdict = f"mx.desk.example; dmarc=pass header.from={spec.rpartition('@')[2]}"
    raw = f"Authentication-Results: {verdict}\r\n".encode() + message.as_bytes(policy=SMTP)
    return house.takes(raw, spec, (parseaddr(message["To"])[1],))


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a letter that opens a new mail."""

    to: str
    subject: str
    body: str


def links(letter: Letter) -> list[Link]:
    """Every mailto of a letter, as a reader's program opens it."""
    found = []
    for url in re.findall(r'href="(mailto:[^"]+)"', letter.html):
        parts = urlsplit(html.unescape(url))
        fields = parse_qs(parts.query)
        found.append(Link(unquote(parts.path), *(fields.get(name, [""])[0] for name in ("subject", "body"))))
    return found


def follows(house: House, letter: Letter, body: str, agent: Agent = ANN, text: str = "", **more: object) -> int:
    """An agent opens the link of a letter whose body begins so, and sends what stands there."""
    link = next(link for link in links(letter) if link.body.startswith(body))
    author = f"{agent.name} <{agent.email}>"
    words = "\n".join(part for part in (link.body, text) if part)
    return house.receives(words, author=author, to=link.to, subject=link.subject, **more)  # type: ignore[arg-type]


def _inner(reply: Reply) -> str:
    found = re.search(r"<body[^>]*>(.*)</body>", reply.answers.html, re.DOTALL)
    return found[1] if found else reply.answers.html


def _mail(reply: Reply, text: str, whole: str, cid: str, ident: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = reply.author
    message["To"] = reply.answers["Reply-To"]
    if reply.cc:
        message["Cc"] = ", ".join(reply.cc)
    subject = reply.answers["Subject"]
    message["Subject"] = subject if subject.startswith("Re:") else f"Re: {subject}"
    message["Date"] = reply.at
    message["Message-ID"] = ident.format(f"{next(_numbers):06d}")
    message["In-Reply-To"] = reply.answers["Message-ID"]
    message["References"] = f"{reply.answers['References']} {reply.answers['Message-ID']}".strip()
    message.set_content(text)
    if whole:
        message.add_alternative(whole, subtype="html")
        if reply.picture:
            part = message.get_payload()[1]  # type: ignore[index]  # the HTML alternative
            part.add_related(PIXEL, "image", "png", cid=f"<{cid}>", filename="pixel.png", disposition="inline")  # type: ignore[union-attr]
    elif reply.picture:
        message.add_attachment(PIXEL, maintype="image", subtype="png", filename="pixel.png")
    return message
