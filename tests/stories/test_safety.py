"""What must never leave, and what is held until its writer has looked again."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial

import pytest

from maild.desk import TrustAgents
from maild.ingest import reading
from maild.ingest.kind import Ours
from maild.ingest.proof import Trust
from maild.mail import UNREADABLE, Arrival
from maild.readers import Read, Unread
from maild.store import inbox
from tests.stories import clients
from tests.stories.house import ANN, BEN, CLEO, RELAY, House, InlineReaders, Letter

LUC = "luc@customer.example"
TAG = "Re: [#1] Invoice 77 wrong"


def asks(house: House, text: str = "Invoice 77 shows two licences.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email)


def anns_answer(brief: Letter, message_id: str) -> EmailMessage:
    """The head of an answer of Ann's to a brief; what it says is up to the story."""
    message = EmailMessage()
    message["Authentication-Results"] = "mx.desk.example; dmarc=pass header.from=agents.example"
    message["From"] = f"Ann Lee <{ANN.email}>"
    message["To"] = brief["Reply-To"]
    message["Subject"] = f"Re: {brief['Subject']}"
    message["Message-ID"] = message_id
    message["In-Reply-To"] = brief["Message-ID"]
    return message


def test_a_reply_to_an_overtaken_brief_is_held_with_what_was_said_since(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("Forget it, I found it myself.", answers=house.last(LUC))
    before = len(house.sent_to(LUC))
    row = house.agent_replies("Send me the contract.", brief)
    assert house.mail(row).state == "quarantine"
    held = house.last(ANN.email)
    assert held.notice == "held"
    assert "Forget it, I found it myself." in held.text
    assert "two licences" not in held.text
    assert "Send me the contract." in held.text
    assert len(house.sent_to(LUC)) == before
    for _ in range(2):
        clients.follows(house, held, "#yes")
        assert len(house.sent_to(LUC)) == before + 1
    assert "Send me the contract." in house.last(LUC).text


def test_a_reply_is_held_where_the_customer_wrote_again_in_a_rush_that_was_decided_at_one_moment(house: House) -> None:
    house.receives("Invoice 77 shows two licences.", message_id="<first@customer.example>")
    raws = [
        f"From: Luc Petit <{LUC}>\r\nTo: support@desk.example\r\nSubject: Re: Invoice 77 wrong\r\n"
        f"Message-ID: <rush{count}@customer.example>\r\nIn-Reply-To: <first@customer.example>\r\n\r\n{words}\r\n"
        for count, words in enumerate(("It is urgent.", "Forget it, I found it myself."))
    ]
    for count, raw in enumerate(raws):
        came = house.now + timedelta(seconds=count)
        arrival = Arrival(f"smtp:rush{count}", raw.encode(), LUC, ("support@desk.example",), came, peer=RELAY)
        house.store.write(partial(inbox.keep, arrival=arrival))
    house.passes(minutes=5)
    first, second = [letter for letter in house.sent_to(ANN.email) if letter.notice == "customer-replied"]
    assert "It is urgent." in first.text
    house.agent_replies("Send me the contract.", first)
    held = house.last(ANN.email)
    assert held.notice == "held"
    assert "> Forget it, I found it myself." in held.text
    assert "> It is urgent." not in held.text
    house.agent_replies("All the better.", second)
    assert "All the better." in house.last(LUC).text


def test_a_reply_is_held_where_a_colleague_answered_meanwhile(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("I know this.", author=f"Cleo <{CLEO.email}>", subject=TAG)
    house.agent_replies("So do I.", brief)
    assert house.last(ANN.email).notice == "held"
    assert "I know this." in house.last(ANN.email).text
    assert "Cleo" in house.last(ANN.email).text


def test_a_reply_is_held_where_another_agent_took_the_ticket(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("#take because I lead", author=f"Cleo <{CLEO.email}>", subject=TAG)
    house.agent_replies("I look into it.", brief)
    assert house.last(ANN.email).notice == "held"
    assert "Cleo Roy took the ticket" in house.last(ANN.email).text


def test_notes_and_commands_are_never_stale(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("One thing more.", answers=house.last(LUC))
    house.agent_replies("#note\nHe writes a lot.", brief)
    house.agent_replies("#urgent", brief)
    assert house.entries()[-1].text == "He writes a lot."
    assert house.ticket().priority == "urgent"


def test_ones_own_words_and_notes_make_nothing_stale(house: House) -> None:
    brief = asks(house)
    house.agent_replies("First.", brief)
    house.passes(minutes=1)
    house.receives("#note\nI watch.", author=f"Cleo <{CLEO.email}>", subject=TAG)
    house.agent_replies("Second.", brief)
    assert "Second." in house.last(LUC).text


def test_yes_to_a_held_reply_from_somebody_else_sends_nothing(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("Forget it.", answers=house.last(LUC))
    house.agent_replies("Send me the contract.", brief)
    before = len(house.sent_to(LUC))
    held = house.last(ANN.email)
    clients.follows(house, held, "#yes", agent=BEN)
    assert len(house.sent_to(LUC)) == before


def test_a_held_reply_carries_its_attachments_when_it_goes(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=1)
    house.receives("Hurry.", answers=house.last(LUC))
    house.agent_replies("Here.", brief, attach=("invoice.pdf", b"%PDF"))
    clients.follows(house, house.last(ANN.email, "held"), "#yes")
    assert [part.get_filename() for part in house.last(LUC).message.iter_attachments()] == ["invoice.pdf"]


def test_plain_and_html_that_begin_with_different_words_are_held(house: House) -> None:
    brief = asks(house)
    message = anns_answer(brief, "<two@client.example>")
    message.set_content("Yes, we refund everything to you at once.")
    message.add_alternative("<p>No, nothing will be refunded to you ever.</p>", subtype="html")
    before = len(house.sent_to(LUC))
    house.takes(message.as_bytes(policy=SMTP), ANN.email, (brief["Reply-To"],))
    held = house.last(ANN.email)
    assert held.notice == "held"
    assert len(house.sent_to(LUC)) == before
    clients.follows(house, held, "#yes")
    assert "we refund everything" in house.last(LUC).text


@pytest.mark.parametrize(
    "quote",
    [
        "Luc pays late and his boss is our shareholder, so be careful.",
        "> Luc pays late and his boss is our\n> shareholder, so be careful.",
        "As Ann says: pays late and his boss is our shareholder, so be kind.",
    ],
)
def test_a_quoted_note_is_held_and_the_agent_is_asked(house: House, quote: str) -> None:
    brief = asks(house)
    house.agent_replies("#note\nLuc pays late and his boss is our shareholder, so be careful.", brief)
    before = len(house.sent_to(LUC))
    house.agent_replies(f"Dear Luc,\n{quote}\nGood bye.", brief)
    assert house.last(ANN.email).notice == "held"
    assert "note" in house.last(ANN.email).text
    assert len(house.sent_to(LUC)) == before


def test_answers_between_the_lines_of_a_brief_are_held(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#note\nBoss.", brief)
    lines = brief.text.splitlines()
    between = "\n".join([*(f"> {line}" for line in lines[:8]), "This I answer here.", *(f"> {x}" for x in lines[8:])])
    message = anns_answer(brief, "<between@client.example>")
    message.set_content(f"On Friday, Example Support wrote:\n{between}\n")
    before = len(house.sent_to(LUC))
    house.takes(message.as_bytes(policy=SMTP), ANN.email, (brief["Reply-To"],))
    assert house.last(ANN.email).notice == "held"
    assert len(house.sent_to(LUC)) == before


def test_a_mail_as_an_attachment_is_held_since_it_may_be_internal(house: House) -> None:
    brief = asks(house)
    message = anns_answer(brief, "<eml@client.example>")
    message.set_content("See the attached mail.")
    message.add_attachment(brief.message)
    house.takes(message.as_bytes(policy=SMTP), ANN.email, (brief["Reply-To"],))
    held = house.last(ANN.email)
    assert held.notice == "held"
    clients.follows(house, held, "#yes")
    assert "See the attached mail." in house.last(LUC).text
    signed = brief["Reply-To"].partition("+")[2].partition("@")[0]
    assert signed not in house.last(LUC).outgoing.content.decode()


def test_an_agents_address_and_a_signed_one_never_reach_a_customer(house: House) -> None:
    brief = asks(house)
    signed = brief["Reply-To"]
    house.agent_replies(f"Write to ann@agents.example or BEN@agents.example or {signed}.", brief)
    reply = house.last(LUC)
    assert "agents.example" not in reply.text.lower()
    assert signed not in reply.text
    assert "Write to support@desk.example" in reply.text


def test_a_text_file_with_a_signed_address_is_held_and_never_shows_it(house: House) -> None:
    brief = asks(house)
    house.agent_replies("See the file.", brief, attach=("log.txt", f"to {brief['Reply-To']}\n".encode()))
    held = house.last(ANN.email)
    assert held.notice == "held"
    clients.follows(house, held, "#yes")
    (part,) = house.last(LUC).message.iter_attachments()
    assert brief["Reply-To"].encode() not in part.get_payload(decode=True)


def test_signed_addresses_in_a_customers_words_are_not_passed_to_agents(house: House) -> None:
    asks(house)
    ack = house.last(LUC)
    house.receives(f"I wrote to {ack['Reply-To']} <{ack['Message-ID']}>.", answers=ack)
    told = house.last(ANN.email)
    assert told.notice == "customer-replied"
    assert ack["Reply-To"] not in told.text
    assert "support@desk.example" in told.text


def secret_of(letter: Letter) -> str:
    """What signs the Reply-To of a mail of the desk."""
    return letter["Reply-To"].partition("+")[2].partition("@")[0]


@pytest.mark.parametrize("place", ["name", "file"])
def test_a_signed_address_in_a_name_is_passed_on_to_nobody_and_keeps_no_brief_back(house: House, place: str) -> None:
    asks(house)
    signed = house.last(LUC)["Reply-To"]
    author = f'"{signed}" <eve@elsewhere.example>' if place == "name" else "eve@elsewhere.example"
    attach = (f"Mail to {signed}.txt", b"Good morning.") if place == "file" else None
    house.receives("May I ask you something?", author=author, attach=attach)
    told = house.last(ANN.email)
    assert told["X-Maild-Ticket"] == "2"
    assert "May I ask you something?" in told.text
    shown = [*map(str, told.message.values()), told.text, told.html]
    assert all(secret_of(house.last(LUC)) not in one for one in shown)
    assert all(
        str(part.get_filename()) == "Mail to support@desk.example.txt" for part in told.message.iter_attachments()
    )


def passed_on(signed: str, encoding: str) -> bytes:
    """A mail of the desk as a program saves it, with its signed address in an encoded part and an encoded subject."""
    inner = EmailMessage()
    inner["From"] = "support@desk.example"
    inner["Subject"] = f"Für Sie: {signed} und mehr"
    inner.set_content(f"Schreiben Sie an {signed}, wenn Sie möchten.\n" * 3, cte=encoding)
    content = inner.as_bytes(policy=SMTP)
    return content.replace(signed.encode(), signed.replace("+", "=2B").replace("@", "=40").encode())


def read_whole(content: bytes) -> str:
    """What a mail shows, nothing encoded."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    parts = (part.get_payload(decode=True) for part in message.walk() if not part.is_multipart())
    return "\n".join([*map(str, message.values()), *(part.decode() for part in parts if isinstance(part, bytes))])


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("type_", ["message/rfc822", "application/octet-stream"])
def test_a_signed_address_that_an_encoding_hides_in_an_attached_mail_is_blotted_out(
    house: House, encoding: str, type_: str
) -> None:
    asks(house)
    signed = house.last(LUC)["Reply-To"]
    inner = passed_on(signed, encoding)
    assert signed in read_whole(inner)
    main, _, sub = type_.partition("/")
    message = EmailMessage()
    message["From"] = "Eve <eve@elsewhere.example>"
    message["To"] = "support@desk.example"
    message["Subject"] = "Passed on"
    message.set_content("Is this mail yours?")
    if main == "message":
        message.add_attachment(email.message_from_bytes(inner, policy=email.policy.default))
    else:
        message.add_attachment(inner, maintype=main, subtype=sub, filename="mail.eml")
    house.takes(message.as_bytes(policy=SMTP), "eve@elsewhere.example", ("support@desk.example",))
    (part,) = house.last(ANN.email).message.iter_attachments()
    payload = part.get_content() if main == "message" else part.get_payload(decode=True)
    shown = read_whole(payload if isinstance(payload, bytes) else payload.as_bytes())
    assert secret_of(house.last(LUC)) not in shown
    assert shown.count("Schreiben Sie an") == 3, "and nothing else is lost"
    assert "und mehr" in shown
    assert "wenn Sie möchten." in shown


def test_a_signed_address_that_encoded_words_share_is_in_no_copy_of_a_brief(house: House) -> None:
    brief = asks(house)
    ack = house.last(LUC)
    house.receives("Here it is.", answers=ack, headers=[("X-Thread", f"Größe {ack['Reply-To']} und mehr")])
    house.agent_replies("#assign ben because he knows", brief)
    copies = [str(part.get_content()) for part in house.last(BEN.email, "assigned").message.iter_attachments()]
    assert len(copies) == 2
    assert all(secret_of(ack) not in read_whole(copy.encode()) for copy in copies)
    assert "Größe support+" in read_whole(copies[1].encode())


@pytest.mark.parametrize("name", ["brief.msg", "Brief.EML"])
def test_a_saved_mail_is_held_as_an_attached_one_is(house: House, name: str) -> None:
    brief = asks(house)
    house.agent_replies("See the attached mail.", brief, attach=(name, "+abc@".encode("utf-16-le")))
    assert house.last(ANN.email).notice == "held"
    assert name in house.last(ANN.email).text


@pytest.mark.parametrize(
    "words", ["", "#note\n\n-- \nAnn Lee\nExample Support", "> two licences\n> The contract is enough.", "#note"]
)
def test_an_agent_whose_mail_has_no_words_of_its_own_hears_that_nothing_was_sent(house: House, words: str) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    house.agent_replies(words, brief)
    assert len(house.sent_to(LUC)) == before
    assert len(house.entries()) == 1
    told = house.last(ANN.email)
    assert told.notice == "refused"
    assert "Your mail has no new words" in told.text


def test_a_file_or_a_command_needs_no_words_beside_it(house: House) -> None:
    brief = asks(house)
    house.agent_replies("", brief, attach=("contract.pdf", b"%PDF-1.7"))
    reply = house.last(LUC, "reply")
    assert [part.get_filename() for part in reply.message.iter_attachments()] == ["contract.pdf"]
    house.agent_replies("#solved", brief)
    assert house.ticket().status == "solved"
    assert all(letter.notice != "refused" for letter in house.sent)


def test_the_same_mail_twice_is_sent_once(house: House) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    for _ in range(2):
        house.agent_replies("We look.", brief, message_id="<same@client.example>")
    assert len(house.sent_to(LUC)) == before + 1


class FailingReaders(InlineReaders):
    """Readers that get no further than the header lines: the reading raises, or its child dies."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def submit(self, key: int, raw: bytes, *, sender: str | None, ours: Ours, trust: Trust) -> None:
        if self.way == "raises":
            fault = "the parts could not be read (ValueError)"
            mail = reading.scan(raw, sender=sender, ours=ours, trust=trust, error=fault)
            self.finished.append((key, Read(mail)))
        else:
            self.finished.append((key, Unread("the reader died (signal 9)")))


def fails_to_read(house: House, way: str) -> None:
    house.clerk.readers = FailingReaders(way)  # type: ignore[assignment]  # the same verbs, in this process


@pytest.mark.parametrize("words", ["Here are the pages.", "#note\nHere are the pages."])
def test_an_agents_mail_that_is_over_a_limit_of_the_reading_is_held_and_never_sent_cut(
    house: House, words: str
) -> None:
    answer = anns_answer(asks(house), "<pages@agents.example>")
    answer.set_content(words)
    for page in range(60):
        answer.add_attachment(b"%d" % page, maintype="application", subtype="pdf", filename=f"{page}.pdf")
    before = len(house.sent_to(LUC))
    row = house.takes(answer.as_bytes(policy=SMTP), ANN.email, (str(answer["To"]),))
    told = house.last(ANN.email)
    assert told.notice == "refused"
    assert "Only a part of your mail could be read (more than 50 attachments" in " ".join(told.text.split())
    assert "#yes" not in told.text
    assert house.releases(row)["ok"]  # an admin cannot send what was not read either
    assert house.mail(row).state == "quarantine"
    assert len(house.sent_to(LUC)) == before
    assert len(house.entries()) == 1


@pytest.mark.parametrize("way", ["raises", "dies"])
def test_an_agents_mail_of_which_only_the_header_lines_were_read_is_held_and_nobody_gets_a_placeholder(
    house: House, way: str
) -> None:
    brief = asks(house)
    before = len(house.sent_to(LUC))
    fails_to_read(house, way)
    row = house.agent_replies("Send me the contract.", brief)
    assert house.mail(row).state == "quarantine"
    assert len(house.entries()) == 1
    told = house.last(ANN.email, "refused")
    assert "only its header lines" in " ".join(told.text.split())
    assert "#yes" not in told.text
    house.open()
    assert house.releases(row)["ok"]  # what can be read now goes on
    assert len(house.sent_to(LUC)) == before + 1
    assert "Send me the contract." in house.last(LUC).text
    assert all(UNREADABLE not in letter.text for letter in house.sent)


def test_an_unproven_mail_that_was_not_read_is_held_without_a_question(house: House) -> None:
    brief = asks(house)
    house.changes(trust_agents=TrustAgents.CONFIRM)
    fails_to_read(house, "raises")
    house.agent_replies("Send me the contract.", brief, proven=False)
    held = house.last(ANN.email)
    assert held.notice == "held"
    assert "only its header lines" in " ".join(held.text.split())
    assert "#yes" not in held.text
    assert UNREADABLE not in held.text
    assert len(house.entries()) == 1


@pytest.mark.parametrize("way", ["raises", "dies"])
@pytest.mark.parametrize(
    ("author", "headers"),
    [
        ("Luc Petit <luc@customer.example>", []),
        ("Shop <orders@shop.example>", [("Auto-Submitted", "auto-generated")]),
        (f"Ann Lee <{ANN.email}>", []),
    ],
)
def test_a_ticket_of_which_only_the_header_lines_were_read_bears_its_original(
    house: House, author: str, headers: list[tuple[str, str]], way: str
) -> None:
    fails_to_read(house, way)
    house.receives("Look at this.", author=author, headers=headers)
    (entry,) = house.entries()
    assert entry.text == UNREADABLE
    assert [one.name for one in entry.attachments] == ["original.eml"]
    assert all("original.eml" not in letter.message.as_string() for letter in house.sent if letter.to == LUC)
