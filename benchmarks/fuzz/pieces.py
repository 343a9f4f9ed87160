"""Bytes to mails: chance is spent on headers, parts and words as real mail has them, and on their damage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAMES = (
    *("From", "To", "Cc", "Reply-To", "Sender", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Language", "MIME-Version"),
    *("Auto-Submitted", "Precedence", "List-Id", "X-Failed-Recipients", "Return-Path", "Received", "Delivered-To"),
    *("Authentication-Results", "Disposition-Notification-To", "X-Loop", "X-Autoreply", "Thread-Topic"),
)
_ADDRESSES = (
    *("Luc Petit <luc@client.example>", "<>", "mailer-daemon@mx.example", '"Petit, Luc" <luc@client.example>', "a@b"),
    *(
        "=?utf-8?B?w4k=?= <e@x.example>",
        "undisclosed-recipients:;",
        "a@b, c@d, <e@f>",
        "Ann (ann) <ann@desk.example",
        "@",
    ),
    *(
        "no-reply@shop.example",
        "postmaster@x.example",
        "Пётр <p@x.example>",
        "support+a1b2c3@desk.example",
        "a@[127.0.0.1]",
    ),
)
_IDS = (
    "<1@a.example>",
    "<2@a.example>",
    "luc@client.example",
    "<no-at-sign>",
    "<<3@a>>",
    "<>",
    "<a b@c>",
    "<4@a.example",
)
_DATES = (
    *("Sat, 21 Nov 2026 14:02:00 +0000", "21 Nov 26 14:02 EST", "Sat, 31 Feb 2026 25:61:00 +9999", "0", "yesterday"),
    *("Sat, 21 Nov 99999 14:02:00", "Thu, 1 Jan 1970 00:00:00 -0000", "21 Nov 2026", "-1"),
)
_SUBJECTS = (
    *(
        "Re: Invoice 77",
        "Fwd: Re: AW: Invoice",
        "[#1042] Invoice",
        "Automatic reply: away until 7 December",
        "Tr : facture",
    ),
    *(
        "Undelivered Mail Returned to Sender",
        "=?iso-8859-1?Q?R=E9ponse?=",
        "=?x?y?z?=",
        "Delivery Status Notification (Delay)",
    ),
    *("Отсутствую до 5 января", "out of office", "", "Read: Invoice", "Accepted: meeting"),
)
_CHARSETS = (
    "utf-8",
    "iso-8859-1",
    "windows-1252",
    "utf-7",
    "iso-2022-jp",
    "koi8-r",
    "x-unknown",
    "utf-16",
    "gb18030",
    "",
)
_TYPES = (
    *(
        "text/plain",
        "text/html",
        "text/calendar",
        "application/octet-stream",
        "application/ms-tnef",
        "image/png",
        "text/",
    ),
    *("message/delivery-status", "message/feedback-report", "message/disposition-notification", "text/rfc822-headers"),
    *("application/pgp-encrypted", "application/pkcs7-mime", "text/enriched", "*/*", ""),
)
_FAMILIES = ("mixed", "alternative", "related", "report", "signed", "digest", "encrypted", "unheard-of")
_ENCODINGS = ("7bit", "8bit", "base64", "quoted-printable", "x-uuencode", "binary", "nonsense", "")
_WORDS = (
    *(
        "Hello,\n\nthe invoice is wrong.\n",
        "Thanks!\n",
        "#solved\n",
        "#assign ben because he knows\n",
        "STATUS\n",
        "> quoted\n",
    ),
    *(
        "> > twice\n",
        "On Sat, 21 Nov 2026 at 14:02, Ann Lee <ann@desk.example> wrote:\n",
        "-- \nLuc\n",
        "Sent from my iPhone\n",
    ),
    *(
        "-----Original Message-----\nFrom: Ann\nSent: Saturday\nTo: Luc\nSubject: Invoice\n\n",
        "Am 21.11.2026 schrieb Ann:\n",
    ),
    *(
        "---------- Forwarded message ---------\nFrom: a <a@b.c>\nDate: x\nSubject: y\nTo: z\n\nwords\n",
        "_____\n",
        "\u202f\u200b\n",
    ),
    *(
        "--- Please reply above this line ---\n",
        "I am away from 3 to 7 December 2026.\n",
        "Je suis absent jusqu'au 7 décembre.\n",
    ),
    *("<luc@client.example>: host mx said: 550 5.1.1 no such user\n", "Final-Recipient: rfc822; luc@client.example\n"),
    *(
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n\n",
        "Feedback-Type: abuse\n",
        "begin 644 a.txt\n#0V%T\n`\nend\n",
    ),
    *(
        "<div class=gmail_quote>a<blockquote>b</blockquote></div>",
        "<table><tr><td>a<td>b</table>",
        "<p>words<br>more",
        "<!--",
    ),
    *(
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n",
        "\x00",
        "\r",
        "\n\n",
        "é",
        "Вы писали:\n",
        "2026年11月21日 Ann <a@b.c>：\n",
    ),
)
_DEEPEST = 5


@dataclass(slots=True)
class Chance:
    """Choices that bytes make; when they are used up, every choice is the first."""

    raw: bytes
    at: int = 0

    def number(self, below: int) -> int:
        byte = self.raw[self.at] if self.at < len(self.raw) else 0
        self.at += 1
        return byte % below

    def one(self, of: Sequence[str]) -> str:
        return of[self.number(len(of))]

    def few(self, most: int) -> range:
        return range(self.number(most + 1))

    def some(self, most: int) -> bytes:
        """A few of the bytes themselves."""
        length = self.number(most + 1)
        found = self.raw[self.at : self.at + length]
        self.at += length
        return found


def mail_of(raw: bytes) -> bytes:
    """The mail that these bytes choose; its length follows theirs."""
    chance = Chance(raw)
    end = (b"\r\n", b"\n", b"\r")[chance.number(3)]
    lines = [_header(chance, chance.one(_NAMES)) for _ in chance.few(14)]
    whole = b"\n".join((*lines, _part(chance, 0)))
    return _damaged(whole, chance).replace(b"\n", end)


def _header(chance: Chance, name: str) -> bytes:
    pools: dict[str, Sequence[str]] = {
        **dict.fromkeys(("From", "To", "Cc", "Reply-To", "Sender", "Return-Path", "Delivered-To"), _ADDRESSES),
        **dict.fromkeys(("Message-ID", "In-Reply-To", "References"), _IDS),
        "Subject": _SUBJECTS,
        "Date": _DATES,
        "Content-Transfer-Encoding": _ENCODINGS,
    }
    pool = pools.get(
        name, ("auto-replied", "bulk", "attachment; filename*0*=utf-8''%e9; filename*1=b", "fr, en;q=0.5", "1")
    )
    said = " ".join(chance.one(pool) for _ in range(1 + chance.number(3)))
    odd = chance.some(6) if chance.number(8) == 7 else b""
    folded = b"\n " if chance.number(6) == 5 else b" "
    return name.encode() + b":" + folded + said.encode() + odd


def _part(chance: Chance, depth: int) -> bytes:
    shape = chance.number(8)
    if depth < _DEEPEST and shape >= 6:
        return _multipart(chance, depth)
    if depth < _DEEPEST and shape == 5:
        inner = [_header(chance, chance.one(_NAMES)) for _ in chance.few(6)]
        return b"Content-Type: message/rfc822\n\n" + b"\n".join((*inner, _part(chance, depth + 1)))
    charset = chance.one(_CHARSETS)
    kind = f"Content-Type: {chance.one(_TYPES)}; charset={charset}; format={chance.one(('flowed', 'fixed'))}\n"
    encoding = f"Content-Transfer-Encoding: {chance.one(_ENCODINGS)}\n" if chance.number(2) else ""
    placed = "Content-Disposition: attachment; filename=a.txt\n" if chance.number(4) == 3 else ""
    words = b"".join(chance.one(_WORDS).encode("utf-8") + chance.some(chance.number(9)) for _ in chance.few(12))
    return f"{kind}{encoding}{placed}\n".encode() + words


def _multipart(chance: Chance, depth: int) -> bytes:
    boundary = chance.one(("b", "b--", "", "a b", "=_1"))
    report = chance.one(("", "; report-type=delivery-status", "; report-type=feedback-report"))
    top = f'Content-Type: multipart/{chance.one(_FAMILIES)}; boundary="{boundary}"{report}\n\n'.encode()
    parts = [_part(chance, depth + 1) for _ in chance.few(4)]
    mark = f"\n--{boundary}".encode()
    whole = b"".join(mark + b"\n" + part for part in parts)
    return top + whole + (mark + b"--\n" if chance.number(4) else b"")


def _damaged(mail: bytes, chance: Chance) -> bytes:
    torn = bytearray(mail)
    for _ in chance.few(3):
        if not torn:
            break
        at = (chance.number(256) * 256 + chance.number(256)) % len(torn)
        match chance.number(3):
            case 0:
                torn[at : at + 1] = chance.some(4)
            case 1:
                del torn[at : at + 1 + chance.number(40)]
            case _:
                torn[at:at] = torn[at : at + chance.number(200)]
    return bytes(torn)
