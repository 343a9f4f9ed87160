"""Stories of letters that become bytes, and of those that must not."""

from __future__ import annotations

import email
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage, Message
from hashlib import sha256
from random import Random
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maild.compose import Letter, Unfit, compose
from maild.headers import LONGEST_REFERENCES
from maild.mail import Address, Attachment, MessageId, Outgoing
from maild.mime import has_good_lines, written
from maild.readback import difference_in

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefgh"
LETTER = Letter(
    message_id=MessageId(f"m.{TOKEN}.17@example.com"),
    date=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
    from_=Address("support@example.com", "Ann Lee (Example Support)"),
    to=(Address("bob@customer.example", "Bob"),),
    reply_to=f"support+{TOKEN}@example.com",
    subject="[#1042] The printer burns",
    in_reply_to=MessageId("CAF+=x_1@mail.customer.example"),
    references=(MessageId(f"m.{TOKEN}.0@example.com"), MessageId("CAF+=x_1@mail.customer.example")),
    extra=(("X-Maild-Ticket", "1042"), ("X-Maild-Status", "open"), ("Auto-Submitted", "auto-generated")),
    text="Dear Bob,\n\nwe are looking at it.\n",
    html="<p>Dear Bob,</p>\n<p>we are looking at it.</p>\n",
    sender="support+b@example.com",
    recipient="bob@customer.example",
)
HOSTILE = [
    "a\r\nBcc: victim@example.org",
    "a\nb",
    "a\rb",
    "a\x00b",
    "a\x85b\u2028c\u2029d",
    "=?utf-8?q?a=0D=0ABcc:_x?=",
    "=?utf-8?b?DQo=?=",
    "=?",
    "?=",
    "x" * 1200,
    "\u202egnp.exe",
    "\ud800 alone",
    '"quoted" \\ and <angled>, (commented) @;',
    "  two  spaces \t and a tab ",
    "é" * 300,
    "👩‍👩‍👧‍👦" * 40,
    "",
]
EMBEDDING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
NAMES = st.text(max_size=120) | st.sampled_from(HOSTILE)


def composed(letter: Letter) -> Outgoing:
    outcome = compose(letter)
    assert isinstance(outcome, Outgoing), outcome
    return outcome


def read(mail: Outgoing) -> EmailMessage:
    return email.message_from_bytes(mail.content, policy=policy.default)


def file(name: str, content: bytes, type_: str = "application/pdf", **more: object) -> Attachment:
    attachment = Attachment(name, type_, len(content), sha256(content).hexdigest(), content)
    return replace(attachment, **more)  # type: ignore[arg-type]


def on_one_line(value: str) -> str:
    """What a header may say of a value: written again here, in other words than the program's."""
    kept = []
    for character in value[:1000]:
        if character in " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029":
            kept.append(" ")
        elif (
            unicodedata.category(character) not in {"Cc", "Cs"}
            and unicodedata.bidirectional(character) not in EMBEDDING
            and character not in "\u200e\u200f\u061c\ufeff\ufff9\ufffa\ufffb"
        ):
            kept.append(character)
    return re.sub(" +", " ", unicodedata.normalize("NFC", "".join(kept))).strip(" ")


def text_of(part: Message | None) -> str:
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


# A letter that leaves


def test_a_notice_reads_as_it_was_meant() -> None:
    mail = composed(LETTER)
    seen = read(mail)
    assert mail.message_id == LETTER.message_id
    assert (mail.envelope.sender, mail.envelope.recipient) == (LETTER.sender, LETTER.recipient)
    assert [name for name, _ in seen.items()] == [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
        "X-Maild-Ticket", "X-Maild-Status", "Auto-Submitted", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert seen["From"] == '"Ann Lee (Example Support)" <support@example.com>'
    assert seen["Subject"] == LETTER.subject
    assert seen["Date"].datetime == LETTER.date
    assert seen["References"].split() == [f"<{one}>" for one in LETTER.references]
    assert seen.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in seen.iter_parts()] == ["text/plain", "text/html"]
    assert text_of(seen.get_body(("plain",))) == LETTER.text
    assert text_of(seen.get_body(("html",))) == LETTER.html


def test_the_same_letter_always_gives_the_same_bytes() -> None:
    assert compose(LETTER) == compose(replace(LETTER))


def test_a_letter_without_html_is_plain_text_alone() -> None:
    seen = read(composed(replace(LETTER, html="")))
    assert seen.get_content_type() == "text/plain"
    assert text_of(seen) == LETTER.text


def test_a_bounce_notice_leaves_with_the_null_sender() -> None:
    assert composed(replace(LETTER, sender="")).envelope.sender == ""


@settings(deadline=None)
@given(st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.text(max_size=200), max_size=8))
def test_any_text_arrives_as_it_was_written(end: str, lines: list[str]) -> None:
    text = end.join(re.sub("[\r\n]", "", line) for line in lines)
    seen = read(composed(replace(LETTER, text=text, html=f"<p>{text}</p>")))
    meant = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "", text.replace("\r\n", "\n").replace("\r", "\n"))
    assert text_of(seen.get_body(("plain",))) == (meant if meant.endswith("\n") else meant + "\n")
    assert text_of(seen.get_body(("html",))) == f"<p>{meant}</p>\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain words\n", "7bit"),
        (".\n..\nFrom here\n-- \nAnn\n", "7bit"),
        ("x" * 998 + "\n", "7bit"),
        ("x" * 999 + "\n", "quoted-printable"),
        ("Grüße aus Köln, wo alles sonst in Ordnung ist\n", "quoted-printable"),
        ("принтер горит\n" * 50, "base64"),
        ("\u2028\n", "base64"),
    ],
)
def test_a_text_takes_the_smallest_form_that_every_relay_passes(text: str, encoding: str) -> None:
    mail = composed(replace(LETTER, text=text, html=""))
    assert read(mail)["Content-Transfer-Encoding"] == encoding
    assert text_of(read(mail)) == text
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998


# Headers


@settings(deadline=None)
@given(NAMES, NAMES, NAMES)
@example("Grüße, \U0001f600 " * 20, '"Ben" \\ <b@x>', "=?utf-8?q?x?=")
def test_any_subject_name_and_reason_is_read_as_it_was_meant_and_adds_no_field(
    subject: str, name: str, reason: str
) -> None:
    letter = replace(
        LETTER,
        subject=subject,
        from_=Address("support@example.com", name),
        to=(Address("bob@customer.example", name), Address("eve@customer.example")),
        extra=(("X-Maild-Reason", reason),),
    )
    mail = composed(letter)
    seen = read(mail)
    assert len(seen.items()) == 11
    assert str(seen["Subject"]) == on_one_line(subject)
    assert str(seen["X-Maild-Reason"]) == on_one_line(reason)
    old = email.message_from_bytes(mail.content)
    for field, specs in (("From", ["support@example.com"]), ("To", ["bob@customer.example", "eve@customer.example"])):
        assert [address.addr_spec for address in seen[field].addresses] == specs
        pairs = email.utils.getaddresses([str(old[field])])
        assert str(email.header.make_header(email.header.decode_header(pairs[0][0]))) == on_one_line(name)
    assert not seen.defects


def test_three_thousand_random_subjects_all_come_back() -> None:
    chance = Random(20261121)
    alphabets = [
        "abc =?_.",
        "éàüßçñ aeiou",
        "привет мир ",
        "漢字かな交じり文",
        "😀👍🏽👩‍👧 x",
        "שלום עולם",
        "a\u0301e\u0300 ",
    ]
    for _ in range(3000):
        letters = "".join(chance.sample(alphabets, chance.randint(1, 3)))
        subject = "".join(chance.choices(letters, k=chance.randint(0, 160)))
        mail = composed(replace(LETTER, subject=subject))
        assert str(read(mail)["Subject"]) == on_one_line(subject)
        words = re.findall(rb"=\?utf-8\?[bq]\?[^?\s]*\?=", mail.content.partition(b"\r\nDate")[0])
        assert all(len(word) <= 75 for word in words)
        for word in words:  # each word is whole characters, so that a reader may decode one alone
            str(email.header.make_header(email.header.decode_header(word.decode())))


def test_a_subject_beyond_all_measure_is_cut() -> None:
    seen = read(composed(replace(LETTER, subject="word " * 5000, cc=(Address("c@x.example", "é" * 9999),))))
    assert seen["Subject"] == ("word " * 200).strip()
    assert seen["Cc"].addresses[0].addr_spec == "c@x.example"


@settings(deadline=None)
@given(NAMES)
def test_header_lines_are_short_and_none_is_empty(value: str) -> None:
    mail = composed(replace(LETTER, subject=value, cc=(Address("cc@customer.example", value),)))
    lines = mail.content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert all(line.strip() for line in lines)
    assert all(len(line) <= 76 for line in lines if b"=?utf-8?" in line)
    assert all(len(line) <= 998 for line in lines)


def test_many_recipients_are_folded_between_addresses() -> None:
    to = tuple(Address(f"person{n}@customer.example", f"Person, {n}") for n in range(60))
    seen = read(composed(replace(LETTER, to=to)))
    assert [(one.addr_spec, one.display_name) for one in seen["To"].addresses] == [(a.spec, a.name) for a in to]


def test_references_are_never_encoded_and_keep_the_first_and_the_last() -> None:
    ids = tuple(MessageId(f"{n:03}.{'x' * 90}@mail.customer.example") for n in range(100))
    mail = composed(replace(LETTER, references=ids))
    field = re.search(rb"^References: [^\r]*(?:\r\n [^\r]*)*", mail.content, re.MULTILINE)
    assert field
    assert len(field[0]) <= LONGEST_REFERENCES
    assert b"=?" not in field[0]
    kept = [one.strip("<>") for one in field[0].decode().removeprefix("References:").split()]
    assert kept == [ids[0], *ids[-len(kept) + 1 :]]
    assert len(kept) > 10
    assert all(line.count(b"<") == 1 for line in field[0].split(b"\r\n"))


def test_a_strangers_message_id_is_repeated_only_in_its_harmless_form() -> None:
    bad = ("a b@x", "a@x\r\nBcc: v@x", "<a@x>", "=?utf-8?q?a?=@x", "a@" + "x" * 300, "no-at", "ü@x", "")
    letter = replace(
        LETTER,
        in_reply_to=MessageId(bad[1]),
        references=tuple(MessageId(one) for one in (LETTER.references[0], *bad, "a@[192.0.2.1]")),
    )
    seen = read(composed(letter))
    assert "In-Reply-To" not in seen
    assert seen["References"] == f"<{LETTER.references[0]}> <a@[192.0.2.1]>"


def test_a_domain_in_any_script_is_written_as_a_labels() -> None:
    mail = composed(replace(LETTER, to=(Address("bob@bücher.example"),), recipient="bob@bücher.example"))
    assert mail.envelope.recipient == "bob@xn--bcher-kva.example"
    assert read(mail)["To"].addresses[0].addr_spec == "bob@xn--bcher-kva.example"


@pytest.mark.parametrize("spec", ['"a b, c"@x.example', "a..b@docomo.example", "x@[192.0.2.1]", "o'neil+1@x.example"])
def test_unusual_addresses_are_written_as_they_are(spec: str) -> None:
    mail = composed(replace(LETTER, to=(Address(spec, "Somebody"), Address(spec)), recipient=spec))
    assert mail.envelope.recipient == spec
    pairs = email.utils.getaddresses([str(email.message_from_bytes(mail.content)["To"])])
    assert pairs == [("Somebody", spec), ("", spec)]


# Parts


def test_files_lie_outside_and_images_beside_the_html() -> None:
    logo = file("logo.png", b"\x89PNG" * 50, "image/png", content_id="logo@1", inline=True)
    letter = replace(LETTER, html='<img src="cid:logo@1">', attachments=(file("bill.pdf", b"%PDF" * 999), logo))
    seen = read(composed(letter))
    shape = [part.get_content_type() for part in seen.walk()]
    assert shape == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    image, pdf = [part for part in seen.walk() if part.get_filename()]
    assert image["Content-ID"] == "<logo@1>"
    assert image.get_content_disposition() == "inline"
    assert (image.get_content(), pdf.get_content()) == (logo.content, b"%PDF" * 999)
    assert pdf.get_content_disposition() == "attachment"


NAMED_FILES = [
    "bill.pdf",
    "Rechnung März.pdf",
    "счёт.pdf",
    'a"b\\c;d.txt',
    "漢" * 80 + ".pdf",
    "=?utf-8?q?x?=.exe",
    "a; b",
]


@pytest.mark.parametrize("name", NAMED_FILES)
def test_a_file_keeps_its_name_in_any_script(name: str) -> None:
    mail = composed(replace(LETTER, attachments=(file(name, b"content"),)))
    [part] = read(mail).iter_attachments()
    assert part.get_filename() == name
    [_, old] = cast("list[Message]", email.message_from_bytes(mail.content).get_payload())
    assert email.utils.collapse_rfc2231_value(old.get_filename() or "") == name
    assert max(map(len, mail.content.split(b"\r\n"))) <= 100


@settings(deadline=None)
@given(
    st.text(max_size=60),
    st.binary(max_size=400),
    st.text(max_size=30).filter(lambda type_: type_.lower() != "message/rfc822"),
)
def test_any_file_arrives_whole(name: str, content: bytes, type_: str) -> None:
    mail = composed(replace(LETTER, attachments=(file(name, content, type_), file("b", content, "text/csv"))))
    first, second = read(mail).iter_attachments()
    assert first.get_payload(decode=True) == second.get_payload(decode=True) == content
    assert (first.get_filename() or "") == on_one_line(name).strip()


def test_a_mail_that_every_relay_passes_is_attached_as_a_mail() -> None:
    inner = b"From: a@x.example\r\nSubject: inside\r\n\r\nhello\r\n"
    [part] = read(
        composed(replace(LETTER, attachments=(file("first.eml", inner, "message/rfc822"),)))
    ).iter_attachments()
    assert part.get_content_type() == "message/rfc822"
    assert part.get_content()["Subject"] == "inside"


@pytest.mark.parametrize("inner", [b"Subject: \xc3\xa9\r\n\r\n", b"Subject: x\n\nbare\n", b"A: b\r\n\r\n" + b"x" * 999])
def test_a_mail_that_a_relay_might_alter_is_attached_as_a_file(inner: bytes) -> None:
    [part] = read(composed(replace(LETTER, attachments=(file("first", inner, "message/rfc822"),)))).iter_attachments()
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_filename() == "first.eml"
    assert part.get_payload(decode=True) == inner


def test_a_type_that_would_open_the_mails_structure_is_sent_as_octets() -> None:
    for type_ in ("multipart/mixed", "message/partial", "message/external-body", "text/html; x=y", "", "a\r\nB: c/d"):
        [part] = read(composed(replace(LETTER, attachments=(file("x", b"--x", type_),)))).iter_attachments()
        assert part.get_content_type() == "application/octet-stream"


def test_a_text_that_holds_our_boundary_gets_another_one() -> None:
    boundary = read(composed(LETTER)).get_boundary()
    assert boundary
    inside = replace(LETTER, text=f"--{boundary}--\n\n--{boundary[:-1]}\n")
    assert text_of(read(composed(inside)).get_body(("plain",))) == inside.text


def test_a_text_that_holds_every_boundary_is_held() -> None:
    texts = ["=_" + sha256(f"{n}.{LETTER.message_id}".encode()).hexdigest()[:24] for n in range(8)]
    assert isinstance(compose(replace(LETTER, text="\n".join(texts))), Unfit)


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"x", b"y" * 499, b"z" * 998, b"\r\n", b"\r", b"\n"]), max_size=12).map(b"".join))
@example(b"x" * 998 + b"\r\n" + b"x" * 998)
@example(b"x" * 999 + b"\r\n")
@example(b"x\r\n" * 400 + b"x" * 999)
def test_good_lines_end_with_crlf_and_hold_998_octets(content: bytes) -> None:
    lines = content.split(b"\r\n")
    bare = any(b"\r" in line or b"\n" in line for line in lines)
    assert has_good_lines(content) is (not bare and max(map(len, lines)) <= 998)


# A letter that must not leave


@pytest.mark.parametrize(
    ("letter", "word"),
    [
        (replace(LETTER, to=()), "recipient"),
        (replace(LETTER, recipient=""), "recipient"),
        (replace(LETTER, recipient="jörg@customer.example"), "SMTPUTF8"),
        (replace(LETTER, to=(Address("a@x.example\r\nBcc: v@x.example"),)), "address"),
        (replace(LETTER, to=(Address("a@x.example, b@x.example"),)), "address"),
        (replace(LETTER, cc=(Address(""),)), "address"),
        (replace(LETTER, reply_to="nobody"), "nobody"),
        (replace(LETTER, sender="a b@x.example"), "address"),
        (replace(LETTER, recipient="a@" + "ü" * 400), "address"),
        (replace(LETTER, recipient="a@\u2488com.example"), "address"),
        (replace(LETTER, message_id=MessageId("a@x>\r\nBcc: <v@x")), "Message-ID"),
        (replace(LETTER, extra=(("Bcc", "v@x.example"),)), "Bcc"),
        (replace(LETTER, extra=(("content-type", "text/html"),)), "content-type"),
        (replace(LETTER, extra=(("X-A\r\nBcc", "v@x.example"),)), "header field"),
        (replace(LETTER, extra=(("", "x"),)), "header field"),
    ],
)
def test_a_letter_that_cannot_be_said_safely_is_unfit_and_says_why(letter: Letter, word: str) -> None:
    outcome = compose(letter)
    assert isinstance(outcome, Unfit)
    assert word in outcome.reason


def test_a_thousand_hostile_recipients_are_judged_without_delay() -> None:
    to = tuple(Address("a" * 5000 + f"{n}@" + "x." * 5000, "(" * 3000) for n in range(1000))
    assert isinstance(compose(replace(LETTER, to=to)), Unfit)


# What the reading back would catch


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: ", b"Bcc: v@x.example\r\nSubject: "),
        (b"Auto-Submitted: auto-generated\r\n", b""),
        (b"printer", b"plotter"),
        (b"printer", b"printer\n"),
        (b"printer", b"printer\r"),
        (b"Dear Bob,\r\n", b"Dear Bob,\r\r\n"),
        (b'"Ann Lee (Example', b'"Eve Lee (Example'),
        (b'"Ann Lee (Example', b'Ann Lee" (Example'),
        (b"printer", "prïnter".encode()),
        (b"looking at it", b"looking away"),
        (b"Dear", b"x" * 999 + b"Dear"),
        (b"<bob@customer.example>", b"<eve@customer.example>"),
        (b"X-Maild-Status: open\r\n", b"X-Maild-Status: open\r\nX-Maild-Status: open\r\n"),
    ],
)
def test_bytes_that_say_something_else_are_seen(before: bytes, after: bytes) -> None:
    from maild import compose as module

    letter = replace(LETTER, html="")
    content = composed(letter).content
    [leaf] = module._leaves_of(letter)
    head = (*module._head(letter), ("MIME-Version", "1.0"), *written(leaf).fields)
    assert difference_in(content, head, [leaf]) == ""
    assert before in content
    assert difference_in(content.replace(before, after, 1), head, [leaf])
