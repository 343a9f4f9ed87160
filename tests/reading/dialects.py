"""Mail of every kind as the usual systems write it, all made up.

Every bounce is about a mail to bob@shop.example with the id <m.token.7@example.com>, unless its system returns none.
"""

from __future__ import annotations

from dataclasses import dataclass

from maild.mail import Kind


@dataclass(frozen=True, slots=True)
class Sample:
    """A mail, whom it names and how it is classed, whether the bounced mail's id stands in it, and a word of `why`."""

    head: str
    body: str
    kind: Kind
    why: str
    sender: str = ""
    named: tuple[tuple[str, str], ...] = ()
    returned: bool = False


BOB = "bob@shop.example"
_PERMANENT = ((BOB, "permanent"),)
_TRANSIENT = ((BOB, "transient"),)
_RETURNED = (
    "Message-ID: <m.token.7@example.com>\nFrom: Support <support@example.com>\nTo: bob@shop.example\nSubject: Hi\n"
)


def _report(kind: str, *parts: tuple[str, str]) -> tuple[str, str]:
    """The head line and the body of a report."""
    body = "".join(f"--=_b\nContent-Type: {type_}\n\n{text}\n" for type_, text in parts) + "--=_b--\n"
    return f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="=_b"\n', body


def _dsn(
    head: str, text: str, fields: str, *, reporter: str = "dns; mx.example", returned: str = _RETURNED
) -> tuple[str, str]:
    status = f"Reporting-MTA: {reporter}\nArrival-Date: Tue, 24 Nov 2026 10:00:00 +0000\n\n{fields}"
    line, body = _report(
        "delivery-status",
        ("text/plain; charset=us-ascii", text),
        ("message/delivery-status", status),
        ("message/rfc822", f"{returned}\nThe words that came back.\n"),
    )
    return head + line, body


_GONE = (
    f"Final-Recipient: rfc822; {BOB}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
)
_FULL = (
    f"Final-Recipient: rfc822; {BOB}\nAction: failed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 4.2.2 mailbox full\n"
)
_LATE = (
    f"Final-Recipient: rfc822; {BOB}\nAction: delayed\nStatus: 4.4.1\n"
    "Will-Retry-Until: Sun, 29 Nov 2026 10:00:00 +0000\n"
)

BOUNCES = {
    "postfix": Sample(
        *_dsn(
            "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n"
            "Auto-Submitted: auto-replied\n",
            "This is the mail system at host mx.example.\n\n"
            "I'm sorry to have to inform you that your message could not\n"
            f"be delivered to one or more recipients.\n\n<{BOB}>: host mx.shop.example said: 550 5.1.1\n"
            "    no such user",
            _GONE,
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
    "exim": Sample(
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\n"
        "Subject: Mail delivery failed: returning message to sender\n"
        f"X-Failed-Recipients: {BOB}\nAuto-Submitted: auto-replied\n",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        f"delivered to one or more of its\nrecipients. This is a permanent error.\n\n  {BOB}\n"
        "    SMTP error from remote "
        "mail server after RCPT TO:\n    550 5.1.1 no such user\n\n------ This is a copy of the message. ------\n\n"
        + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "sendmail": Sample(
        *_dsn(
            "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\n"
            "Subject: Returned mail: see transcript for details\n"
            "Auto-Submitted: auto-generated (failure)\n",
            f"   ----- The following addresses had permanent fatal errors -----\n<{BOB}>\n"
            "    (reason: 550 no such user)",
            f"Final-Recipient: RFC822; {BOB}\nAction: failed\nStatus: 5.1.1\nRemote-MTA: DNS; mx.shop.example\n",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
    "sendmail of old": Sample(
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: User unknown\n",
        f"   ----- The following addresses have delivery notifications -----\n{BOB}  (unrecoverable error)\n\n"
        f"   ----- Transcript of session follows -----\n550 {BOB}... User unknown\n\n"
        "   ----- Original message follows -----\n\n" + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "qmail": Sample(
        "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n",
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the "
        "following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{BOB}>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 no such user\nGiving up on 192.0.2.1.\n\n"
        "--- Below this line is a copy of the message.\n\n" + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "exchange": Sample(
        *_dsn(
            "From: Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shop.example>\n"
            "Subject: Undeliverable: Hi\nX-MS-Exchange-Message-Is-Ndr:\nAuto-Submitted: auto-replied\n",
            f"Delivery has failed to these recipients or groups:\n\nBob ({BOB})\n"
            "The e-mail address you entered couldn't "
            "be found.\n\nDiagnostic information for administrators:\n#550 5.1.1 RESOLVER.ADR.RecipNotFound ##",
            _GONE,
            reporter="dns;EX01.shop.example",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
    "exchange of old": Sample(
        "From: System Administrator <postmaster@shop.example>\nSubject: Undeliverable: Hi\n",
        "Your message\n\n  To:      bob@shop.example\n  Subject: Hi\n  Sent:    Tue, 24 Nov 2026 10:00:00 +0000\n\n"
        f"did not reach the following recipient(s):\n\n{BOB} on Tue, 24 Nov 2026 10:00:05 +0000\n"
        "    The recipient name "
        "is not recognized\n    <EX01.shop.example #5.1.1>\n",
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
    ),
    "gmail": Sample(
        *_dsn(
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
            "Subject: Delivery Status Notification (Failure)\n"
            f"X-Failed-Recipients: {BOB}\nAuto-Submitted: auto-replied\n",
            f"** Address not found **\n\nYour message wasn't delivered to {BOB} because the address couldn't "
            "be found.\n",
            _GONE,
            reporter="dns; googlemail.com",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
    "outlook.com": Sample(
        *_dsn(
            "From: postmaster@outlook.com\nSubject: Undeliverable: Hi\n",
            f"Delivery has failed to these recipients or groups:\n{BOB}\nThe recipient's mailbox is full.",
            _FULL,
            reporter="dns;AM0EUR02.outlook.com",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_TRANSIENT,
        returned=True,
    ),
    "yahoo": Sample(
        "From: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice\n",
        f"Sorry, we were unable to deliver your message to the following address.\n\n<{BOB}>:\n554: delivery error: dd "
        "This user doesn't have a yahoo.com account [0] - mta1007.mail.yahoo.com\n\n"
        "--- Below this line is a copy of the "
        "message.\n\n" + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "lotus": Sample(
        *_dsn(
            "From: Postmaster@shop.example\nSubject: DELIVERY FAILURE: User bob (bob@shop.example) not "
            "listed in Domino "
            "Directory\n",
            "Your message\n\n  Subject: Hi\n\nwas not delivered to:\n\n  bob@shop.example\n\nbecause:\n\n  User bob "
            "(bob@shop.example) not listed in Domino Directory\n",
            f"Final-Recipient: rfc822;{BOB}\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: X-Notes; User bob not listed\n",
            reporter="dns;domino.shop.example",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
    "gmx": Sample(
        "From: GMX Mailer Daemon <mailer-daemon@gmx.net>\nSubject: Mail delivery failed: returning message to sender\n",
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"
        f'"{BOB}":\nSMTP error from remote server for RCPT TO command, host: mx.shop.example\n'
        "reason: 550 no such user\n\n"
        "--- The header of the original message is following. ---\n\n" + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "t-online": Sample(
        "From: Mail Delivery System <mailer-daemon@t-online.de>\nSubject: Unzustellbare Nachricht / Undelivered Mail\n",
        f"Ihre Nachricht konnte nicht zugestellt werden.\n\n<{BOB}>:\n550 5.1.1 unknown recipient\n\n" + _RETURNED,
        Kind.BOUNCE,
        "sent by a mail system",
        named=_PERMANENT,
        returned=True,
    ),
    "icloud": Sample(
        *_dsn(
            "From: postmaster@icloud.com\nSubject: Undeliverable\nAuto-Submitted: auto-replied\n",
            f"{BOB}: user is over quota",
            f"Original-Recipient: rfc822;{BOB}\nFinal-Recipient: rfc822;{BOB}\nAction: failed\n"
            "Status: 5.2.2 (over quota)\n",
        ),
        Kind.BOUNCE,
        "delivery status notification",
        named=_PERMANENT,
        returned=True,
    ),
}

DELAYS = {
    "postfix": Sample(
        *_dsn(
            "From: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Delayed Mail (still being retried)\n"
            "Auto-Submitted: auto-replied\n",
            "THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE.",
            _LATE,
        ),
        Kind.DELAY,
        "delivery status notification",
        named=_TRANSIENT,
        returned=True,
    ),
    "exim": Sample(
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\n"
        "Subject: Warning: message 1abc-DEF-00 delayed 24 hours\n"
        "Auto-Submitted: auto-replied\n",
        "This message was created automatically by mail delivery software.\nA message that you sent has not yet been "
        "delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\n"
        "The message "
        "identifier is:     1abc-DEF-00\n\nThe address to which the message has not yet been delivered is:\n"
        f"\n  {BOB}\n\n"
        "No action is required on your part. Delivery attempts will continue for\nsome time.\n",
        Kind.DELAY,
        "delayed",
        named=_TRANSIENT,
    ),
    "sendmail": Sample(
        *_dsn(
            "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\n"
            "Subject: Warning: could not send message for past 4 hours\n"
            "Auto-Submitted: auto-generated (warning-timeout)\n",
            "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **",
            _LATE,
        ),
        Kind.DELAY,
        "delivery status notification",
        named=_TRANSIENT,
        returned=True,
    ),
    "gmail": Sample(
        *_dsn(
            "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\n"
            "Subject: Delivery Status Notification (Delay)\n",
            f"** Delivery incomplete **\n\nThere was a temporary problem delivering your message to {BOB}.",
            _LATE,
        ),
        Kind.DELAY,
        "delivery status notification",
        named=_TRANSIENT,
        returned=True,
    ),
    "exchange": Sample(
        *_dsn(
            "From: Microsoft Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shop.example>\n"
            "Subject: Delivery delayed: Hi\n",
            f"Delivery is delayed to these recipients or groups:\n{BOB}\nThis message hasn't been delivered yet.",
            _LATE,
        ),
        Kind.DELAY,
        "delivery status notification",
        named=_TRANSIENT,
        returned=True,
    ),
}

_FEEDBACK = (
    "Feedback-Type: abuse\nUser-Agent: SomeProvider/1.0\nVersion: 1\nOriginal-Mail-From: <support@example.com>\n"
)
_READ = (
    f"Reporting-UA: shop.example; Mail\nFinal-Recipient: rfc822;{BOB}\nOriginal-Message-ID: <m.token.7@example.com>\n"
)

_ARF = _report(
    "feedback-report",
    ("text/plain", "This is an email abuse report."),
    ("message/feedback-report", _FEEDBACK),
    ("message/rfc822", _RETURNED),
)
_ARF_HEADERS = _report(
    "feedback-report", ("message/feedback-report", _FEEDBACK), ("text/rfc822-headers", _RETURNED.removesuffix("\n"))
)
_MDN = _report(
    "disposition-notification",
    ("text/plain", "Your message was read on Tuesday, 24 November 2026."),
    (
        "message/disposition-notification",
        f"{_READ}Disposition: manual-action/MDN-sent-manually; displayed\n",
    ),
)
_MDN_DELETED = _report(
    "disposition-notification",
    ("text/plain", "Your message was deleted without being read."),
    ("message/disposition-notification", f"{_READ}Disposition: automatic-action/MDN-sent-automatically; deleted\n"),
)
_RELAYED = _dsn(
    "From: MAILER-DAEMON@mx.example\nSubject: Successful Mail Delivery Report\n",
    "Your message was successfully delivered.",
    f"Final-Recipient: rfc822; {BOB}\nAction: relayed\nStatus: 2.0.0\n",
)
_FROM_BOB = f"From: Bob <{BOB}>\nTo: support@example.com\n"

OTHERS = {
    "a complaint": Sample(
        f"From: feedback@provider.example\nSubject: Abuse report\n{_ARF[0]}",
        _ARF[1],
        Kind.COMPLAINT,
        "feedback report",
        returned=True,
    ),
    "a complaint with the headers alone": Sample(
        f"From: staff@hotmail.example\nSubject: complaint\n{_ARF_HEADERS[0]}",
        _ARF_HEADERS[1],
        Kind.COMPLAINT,
        "feedback report",
        sender="staff@hotmail.example",
        returned=True,
    ),
    "a complaint of Microsoft's": Sample(
        "From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.7\nContent-Type: multipart/mixed; "
        'boundary="=_b"\n',
        f"--=_b\nContent-Type: message/rfc822\n\n{_RETURNED}\n--=_b--\n",
        Kind.COMPLAINT,
        "complaint",
        returned=True,
    ),
    "a receipt of Outlook's": Sample(f"{_FROM_BOB}Subject: Read: Hi\n{_MDN[0]}", _MDN[1], Kind.RECEIPT, "disposition"),
    "a receipt for what was not read": Sample(
        f"{_FROM_BOB}Subject: Not read: Hi\nAuto-Submitted: auto-replied\n{_MDN_DELETED[0]}",
        _MDN_DELETED[1],
        Kind.RECEIPT,
        "disposition",
    ),
    "a notice that it arrived": Sample(*_RELAYED, Kind.RECEIPT, "notice of delivery", returned=True),
    "a Mailman list": Sample(
        f"{_FROM_BOB}Subject: [users] Hi\nList-Id: <users.lists.example>\nPrecedence: list\n",
        "Hello all",
        Kind.LIST,
        "list-id",
        sender="users-bounces@lists.example",
    ),
    "a Google group": Sample(
        f"{_FROM_BOB}Subject: Hi\nMailing-list: list users@googlegroups.com; contact users+owners@googlegroups.com\n",
        "Hello all",
        Kind.LIST,
        "mailing-list",
        sender=BOB,
    ),
    "a list of LISTSERV's": Sample(
        f"{_FROM_BOB}Sender: Users <owner-users@lists.example>\nSubject: Hi\n",
        "Hello all",
        Kind.LIST,
        "list's",
        sender="owner-users@lists.example",
    ),
    "a newsletter": Sample(
        "From: News <news@brand.example>\nSubject: Our autumn offers\nList-Unsubscribe: <https://brand.example/u>\n"
        "Precedence: bulk\n",
        "Buy now",
        Kind.LIST,
        "list-unsubscribe",
        sender="b-12@brand.example",
    ),
    "a shop's robot": Sample(
        "From: Shop <no-reply@shop.example>\nSubject: Your order 77\n",
        "Thank you",
        Kind.NOTIFICATION,
        "machine's: no-reply",
        sender="no-reply@shop.example",
    ),
    "a cron job": Sample(
        "From: root@host.example (Cron Daemon)\nSubject: Cron <root@host> backup\nX-Cron-Env: <SHELL=/bin/sh>\n",
        "done",
        Kind.NOTIFICATION,
        "x-cron-env",
        sender="root@host.example",
    ),
    "a tracker": Sample(
        "From: Ann <notifications@github.example>\nSubject: Re: [org/repo] Bug (#7)\nX-GitHub-Reason: mention\n"
        "Auto-Submitted: auto-generated\n",
        "Ann closed this.",
        Kind.NOTIFICATION,
        "Auto-Submitted: auto-generated",
        sender="noreply@github.example",
    ),
    "a report of DMARC": Sample(
        "From: DMARC <dmarc@provider.example>\nSubject: Report domain: example.com Submitter: provider.example "
        "Report-ID: <1>\n",
        "attached",
        Kind.NOTIFICATION,
        "DMARC",
        sender="dmarc@provider.example",
    ),
    "a monitor": Sample(
        "From: Nagios <nagios@host.example>\nSubject: PROBLEM: disk\n",
        "full",
        Kind.NOTIFICATION,
        "machine's: nagios",
        sender="nagios@host.example",
    ),
    "a mail of our own": Sample(
        "From: Support <support+t1042@example.com>\nSubject: [#1042] Hi\nAuto-Submitted: auto-generated\n",
        "Thank you",
        Kind.OWN,
        "address of ours",
        sender="support@example.com",
    ),
    "a person": Sample(
        f"{_FROM_BOB}Subject: It does not work\n", "Please help", Kind.PERSON, "no mark of a machine", sender=BOB
    ),
    "a person who quotes a bounce": Sample(
        f"{_FROM_BOB}Subject: Re: my mail to Carl\n",
        "I got this:\n\n> From: MAILER-DAEMON@mx.example\n> Subject: Undelivered Mail Returned to Sender\n>\n"
        "> <carl@shop.example>: 550 5.1.1 no such user\n",
        Kind.PERSON,
        "no mark of a machine",
        sender=BOB,
    ),
}
"""All that is no bounce, delay or automatic reply."""

AUTO_REPLIES = {
    # language: subjects where there is no other sign, and how words begin that say so themselves
    "en": (
        ("Automatic reply: Hi", "Out of Office: Hi", "Out of the office Re: Hi", "[Auto-Reply] Hi", "Autoreply: Hi"),
        ("This is an automatic reply.", "Hello,\n\nThis is an automated response to your mail."),
    ),
    "fr": (
        ("Réponse automatique : Hi", "Absence du bureau : Hi", "Message d'absence : Hi", "Absent du bureau : Hi"),
        ("Ceci est une réponse automatique.", "Bonjour,\n\nCeci est un message automatique."),
    ),
    "es": (
        ("Respuesta automática: Hi", "Fuera de la oficina: Hi", "Ausente: Hi", "Mensaje de ausencia: Hi"),
        ("Esta es una respuesta automática.", "Hola,\n\nEste es un mensaje automático."),
    ),
    "ru": (
        ("Автоматический ответ: Hi", "Автоответ: Hi", "Вне офиса: Hi", "Нет на рабочем месте: Hi"),
        ("Это автоматический ответ.", "Здравствуйте!\n\nЭто автоматическое сообщение."),
    ),
    "de": (
        ("Automatische Antwort: Hi", "Abwesenheitsnotiz: Hi", "Nicht im Büro: Hi", "Abwesend bis 7.12.: Hi"),
        ("Dies ist eine automatische Antwort.", "Guten Tag,\n\ndas ist eine automatisch erzeugte Antwort."),
    ),
    "nl": (
        ("Automatisch antwoord: Hi", "Afwezigheidsbericht: Hi", "Niet op kantoor: Hi", "Afwezig: Hi"),
        ("Dit is een automatisch antwoord.", "Beste,\n\nDit is een automatisch gegenereerd bericht."),
    ),
    "it": (
        ("Risposta automatica: Hi", "Fuori ufficio: Hi", "Assente: Hi", "Messaggio di assenza: Hi"),
        ("Questa è una risposta automatica.", "Buongiorno,\n\nquesto è un messaggio automatico."),
    ),
    "pt": (
        ("Resposta automática: Hi", "Fora do escritório: Hi", "Ausente: Hi", "Ausência do escritório: Hi"),
        ("Esta é uma resposta automática.", "Olá,\n\nEsta é uma mensagem automática."),
    ),
    "pl": (
        ("Odpowiedź automatyczna: Hi", "Automatyczna odpowiedź: Hi", "Poza biurem: Hi", "Nieobecność w biurze: Hi"),
        ("To jest automatyczna odpowiedź.", "Dzień dobry,\n\nto jest wiadomość automatyczna."),
    ),
}

AUTO_SUBJECTS = (
    # what Exchange and others write before the subject, in languages beside those nine
    *("Automatiskt svar: Hi", "Automatisk svar: Hi", "Automaattinen vastaus: Hi", "Automatická odpověď: Hi"),
    *("Automatická odpoveď: Hi", "Automatikus válasz: Hi", "Răspuns automat: Hi", "Αυτόματη απάντηση: Hi"),
    *("Otomatik yanıt: Hi", "Автоматична відповідь: Hi", "Автоматичен отговор: Hi", "Automatski odgovor: Hi"),
    *("Samodejni odgovor: Hi", "Automaatvastus: Hi", "Automatinis atsakymas: Hi", "Automātiskā atbilde: Hi"),
    *(
        "自动答复: Hi",
        "自动回复：Hi",
        "自動回覆: Hi",
        "自動応答: Hi",
        "자동 회신: Hi",
        "תשובה אוטומטית: Hi",
        "رد تلقائي: Hi",
    ),
    *("Trả lời tự động: Hi", "ตอบกลับอัตโนมัติ: Hi", "Resposta automàtica: Hi", "Balasan otomatis: Hi"),
)

PEOPLE = (
    # what a person may write of such things
    *("Automatic doors do not open", "Your automatic reply", "Office hours?", "Absent fields in the form"),
    *("Question sur une réponse automatique", "Ausente en el pedido", "Afwezige onderdelen", "Vacation days of Ann"),
    *("Assenza di corrente", "Nieobecność w pracy - wniosek", "Ausência de resposta", "Abwesende Kollegin"),
    *("Автоматические ворота", "Autorisation d'absence", "Urlaub im Dezember", "Fuori servizio"),
    *("Auto: Ölwechsel", "Automatic replying to orders", "Away team shirt"),
)
