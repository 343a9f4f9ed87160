"""What of a person's mail reaches others: words, pictures and files; never markup, nor what a mail within it says."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from maild.ingest.remarks import ENCRYPTED
from tests.stories.house import ANN, House, Letter

LUC = "luc@customer.example"
PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(60)


def mail_of(author: str, subject: str = "Pump 7", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["Authentication-Results"] = f"mx.desk.example; dmarc=pass header.from={author.rpartition('@')[2]}"
    message["From"] = author
    message["To"] = headers.pop("to", "support@desk.example")
    message["Subject"] = subject
    message["Message-ID"] = f"<{(author + subject).encode().hex()}@client.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return message


def takes(house: House, message: EmailMessage, to: str = "support@desk.example") -> None:
    message["Date"] = house.now
    house.takes(message.as_bytes(policy=SMTP), message["From"].addresses[0].addr_spec, (to,))


def trap(told: Letter) -> EmailMessage:
    """A mail that would do much, were it not only passed on within another."""
    inner = mail_of(LUC, "Re: [#1] Pump 7", In_Reply_To=told["Message-ID"], References=told["Message-ID"])
    inner.set_content("#solved\nCLOSE\nDone with it.")
    return inner


def test_a_mail_within_a_customers_mail_joins_nothing_and_closes_nothing(house: House) -> None:
    house.receives("The pump leaks.", subject="Pump 7")
    message = mail_of(LUC, "Another thing")
    message.set_content("Please look at this.")
    message.add_attachment(trap(house.last(LUC)))
    takes(house, message)
    assert [(one.number, one.status) for one in house.tickets] == [(1, "open"), (2, "open")]
    assert len(house.entries(1)) == 1
    assert "#solved" not in house.entries(2)[0].text
    assert [one.type for one in house.entries(2)[0].attachments] == ["message/rfc822"]


def test_a_mail_within_an_agents_answer_gives_no_command(house: House) -> None:
    house.receives("The pump leaks.", subject="Pump 7")
    brief = house.last(ANN.email)
    message = mail_of(ANN.email, "Re: Pump 7", to=brief["Reply-To"], In_Reply_To=brief["Message-ID"])
    message.add_attachment(trap(brief))
    takes(house, message, brief["Reply-To"])
    assert house.ticket().status == "open"
    assert "#solved" not in "".join(letter.text for letter in house.sent_to(LUC))


def test_of_html_only_the_words_are_passed_on(house: House) -> None:
    message = mail_of(LUC)
    message.set_content(
        "<style>.x{display:none}</style><script>steal()</script><h1>The pump leaks</h1>"
        "<ul><li>oil</li><li>water</li></ul><table><tr><td>Hall</td><td>2</td></tr></table>"
        "<p onclick=steal()>See <a href='https://x.example/plan'>the plan</a></p>"
        "<img src='https://spy.example/pixel.gif'><form action=https://x.example><input></form><iframe src=x></iframe>",
        subtype="html",
    )
    takes(house, message)
    brief = house.last(ANN.email)
    for unwanted in ("steal", "spy.example", "<script", "<form", "<iframe", "onclick", "display:none}"):
        assert unwanted not in brief.html
        assert unwanted not in brief.text
    for wanted in ("The pump leaks", "oil", "water", "Hall", "the plan"):
        assert wanted in brief.html
        assert wanted in brief.text


def test_a_picture_in_the_text_and_a_file_are_passed_on(house: House) -> None:
    message = mail_of(LUC)
    message.set_content("See the leak: [cid:leak@x]")
    message.add_alternative("<p>See the leak: <img src='cid:leak@x'></p>", subtype="html")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(PIXEL, "image", "png", cid="<leak@x>", filename="leak.png", disposition="inline")  # type: ignore[union-attr]
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="plan.pdf")
    takes(house, message)
    brief = house.last(ANN.email)
    parts = {part.get_filename(): part for part in brief.message.walk() if part.get_filename()}
    assert parts["leak.png"].get_payload(decode=True) == PIXEL
    assert parts["leak.png"]["Content-ID"] == "<leak@x>"
    assert parts["plan.pdf"].get_payload(decode=True) == b"%PDF-1"
    assert 'src="cid:leak@x"' in brief.html


def test_an_encrypted_mail_opens_a_ticket_that_says_so(house: House) -> None:
    message = mail_of(LUC)
    message.set_content("x")
    raw = message.as_bytes(policy=SMTP).partition(b"Content-Type")[0] + (
        b"Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
        b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\nhidden\r\n--b--\r\n"
    )
    house.takes(raw, LUC, ("support@desk.example",))
    brief = house.last(ANN.email)
    assert ENCRYPTED in brief.text
    names = [part.get_filename() for part in brief.message.walk() if part.get_filename()]
    assert "encrypted.asc" in names
