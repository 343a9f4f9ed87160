"""What a mail says, whatever it is made of."""

from __future__ import annotations

import base64
import codecs
import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.ingest import reading
from maild.ingest.attachments import attachment_name
from maild.ingest.charsets import clean, decode
from maild.ingest.html_text import text_of_html
from maild.ingest.kind import Ours
from maild.ingest.parse import Limits
from maild.mail import UNREADABLE, Address, Kind, Mail

OURS = Ours(frozenset({"support@example.com"}))

PLAIN = (
    b"From: Zo\xc3\xab <zoe@example.org>\r\nTo: Support <support@example.com>\r\n"
    b"Subject: =?utf-8?q?caf=C3=A9?=\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <one@example.org>\r\n\r\n"
    b"The printer is on fire.\r\n"
)


def read(raw: bytes, sender: str | None = "zoe@example.org") -> Mail:
    return reading.read(raw, sender=sender, ours=OURS)


def with_headers(*lines: bytes, body: bytes = b"words") -> Mail:
    return read(b"\r\n".join(lines) + b"\r\n\r\n" + body)


def test_a_plain_mail_says_who_when_and_what() -> None:
    mail = read(PLAIN)
    assert mail.author == Address("zoe@example.org", "Zoë")
    assert mail.to == (Address("support@example.com", "Support"),)
    assert mail.subject == "café"
    assert mail.date == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert mail.message_id == "one@example.org"
    assert mail.text == "The printer is on fire.\n"
    assert mail.kind is Kind.PERSON
    assert mail.answerable
    assert not mail.error


def test_nothing_at_all_is_still_a_mail() -> None:
    mail = read(b"")
    assert (mail.message_id, mail.authors, mail.text, mail.subject) == ("", (), "", "")


# --- who wrote it


@pytest.mark.parametrize(
    ("value", "spec", "name"),
    [
        ("ann@example.com", "ann@example.com", ""),
        ("<ann@example.com>", "ann@example.com", ""),
        ("Ann Lee <ann@example.com>", "ann@example.com", "Ann Lee"),
        ('"Lee, Ann" <ann@example.com>', "ann@example.com", "Lee, Ann"),
        ("ann@example.com (Ann Lee)", "ann@example.com", "Ann Lee"),
        ("ann@example.com <ann@example.com>", "ann@example.com", "ann@example.com"),
        ("=?utf-8?b?w4lyaWM=?= <e@example.com>", "e@example.com", "Éric"),
        ("=?utf-8?q?a=40b=2Ec=2C?= <e@example.com>", "e@example.com", "a@b.c,"),
        ("a..b.@docomo.example", "a..b.@docomo.example", ""),
        ("иван@почта.рф", "иван@почта.рф", ""),
        ("a@[192.0.2.1]", "a@[192.0.2.1]", ""),
        ("Lee, Ann <ann@example.com>", "ann@example.com", "Lee, Ann"),
        ("Ann Lee, Inc. <ann@example.com>", "ann@example.com", "Ann Lee, Inc."),
        ('Ann "Annie" Lee <ann@example.com>', "ann@example.com", "Ann Annie Lee"),
        ("Ann (at work (Paris)) Lee <ann@example.com>", "ann@example.com", "Ann (at work (Paris)) Lee"),
        ("ann@example.com (Ann (at work) Lee)", "ann@example.com", "Ann (at work) Lee"),
        ("Sales: Ann Lee <ann@example.com>;", "ann@example.com", "Ann Lee"),
        ("Sales: Paris <ann@example.com>", "ann@example.com", "Sales: Paris"),
        ("Ann Lee <ann@example.com>,", "ann@example.com", "Ann Lee"),
        ("ann@example.com;", "ann@example.com", ""),
        ("\u200b\u3164 \u2800 <ann@example.com>", "ann@example.com", ""),
        ("Ann\u200b Lee <ann@example.com>", "ann@example.com", "Ann\u200b Lee"),
    ],
)
def test_one_plain_address_is_one_author(value: str, spec: str, name: str) -> None:
    assert with_headers(b"From: " + value.encode()).authors == (Address(spec, name),)


@pytest.mark.parametrize(
    "value",
    [
        "a@corp.example)b@evil.example",
        "<agent@corp.example>@evil.example",
        "agent@corp.example <b@evil.example>",
        "agent@corp.example, b@evil.example",
        "<agent@corp.example> <b@evil.example>",
        "team: agent@corp.example, b@evil.example;",
        "agent@corp.example\\,b@evil.example",
        '"agent@corp.example" b@evil.example',
        "=?utf-8?q?agent=40corp.example?=",
        "<@a.example,@b.example:agent@corp.example>",
        "agent@corp.example:b@evil.example",
        "agent@corp.example\x00b@evil.example",
        "(" * 5000 + "agent@corp.example",
        "(Ann <agent@corp.example>)",
        '"Ann <agent@corp.example>" <eve>',
        '"Ann <agent@corp.example>',
        "Ann ) <agent@corp.example> (",
        '"agent@corp.example" <eve>',
        "agent@corp.example <eve>",
        "Ann <agent@corp.example> <eve>",
        "agent",
        "",
    ],
)
def test_a_from_line_that_two_readers_could_read_in_two_ways_is_nobodys(value: str) -> None:
    assert with_headers(b"From: " + value.encode()).author == Address("")


def test_two_from_lines_are_two_authors() -> None:
    mail = with_headers(b"From: ann@example.com", b"From: eve@example.net")
    assert [author.spec for author in mail.authors] == ["ann@example.com", "eve@example.net"]
    assert mail.author == Address("")
    assert not mail.answerable


def test_an_undisclosed_list_of_recipients_names_nobody() -> None:
    assert with_headers(b"From: a@b.example", b"To: undisclosed-recipients:; (hidden)").to == ()


def test_groups_and_repeated_lines_of_recipients_are_all_read() -> None:
    mail = with_headers(b"To: team: a@x.example, B <b@x.example>;", b"To: c@x.example", b"Cc: D d <d@x.example>")
    assert [one.spec for one in mail.to] == ["a@x.example", "b@x.example", "c@x.example"]
    assert mail.cc == (Address("d@x.example", "D d"),)


def test_more_recipients_than_the_limit_are_not_read() -> None:
    mail = with_headers(b"To: " + b", ".join(b"u%d@x.example" % n for n in range(300)))
    assert len(mail.to) == 200
    assert "more than 200 recipients" in mail.error


# --- which mail it answers


def test_ids_are_told_without_brackets_and_white_space_oldest_first() -> None:
    mail = with_headers(
        b"Message-ID: <n\r\n ew@x.example>",
        b"In-Reply-To: <b@x.example>",
        b"References: <a@x.example>\r\n <b@x.ex\r\n ample>",
    )
    assert mail.message_id == "new@x.example"
    assert mail.in_reply_to == ("b@x.example",)
    assert mail.references == ("a@x.example", "b@x.example")


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ('Message from Ann <ann@x.example> of "Thu, 1 Jan" <id@x.example>', ("id@x.example",)),
        ("<id@x.example> (Ann's message of Thu)", ("id@x.example",)),
        ("Your message of Thu, from <ann@x.example> today", ()),
        (
            "Message from Ann <ann@x.example> of Mon, 5 Jan 2026 10:00:12 PST <id@x.example> <7@x.example>",
            ("id@x.example", "7@x.example"),
        ),
        ("Message-Id <id.17@x.example> of Mon, Jan 5 10:00:12 2026", ("id.17@x.example",)),
        ("Ann's note of 5 Jan 2026 <id@x.example> as I said", ("id@x.example",)),
        ("Mon, 5 Jan 2026 10:00 Ann Lee <ann@x.example>", ()),
        ("Message from Ann Lee <ann.lee80@x.example>", ()),
        ("Message from Wu <31415926@x.example> of today", ()),
        ("my note <20260105.9A1@x.example> of today", ("20260105.9A1@x.example",)),
        ("ann@x.example", ()),
        ("<>", ()),
        ("<yes> < > <@> <id@x.example>", ("id@x.example",)),
    ],
)
def test_addresses_in_a_phrase_are_no_ids(value: str, ids: tuple[str, ...]) -> None:
    assert with_headers(b"In-Reply-To: " + value.encode()).in_reply_to == ids


def test_an_address_of_the_mail_itself_is_no_id_of_another() -> None:
    mail = with_headers(
        b"From: ann@x.example",
        b"To: Support <S2026.11@desk.example>",
        b"In-Reply-To: <s2026.11@desk.example>",
        b"References: <ann@x.example> <id@x.example>",
    )
    assert mail.in_reply_to == ()
    assert mail.references == ("id@x.example",)


def test_an_endless_phrase_around_an_address_is_read_at_once() -> None:
    began = time.perf_counter()
    mail = with_headers(b"In-Reply-To: " + b"word " * 2000 + b"<" + b"ab." * 5000 + b"@x.example>" + b"10:00 " * 1000)
    assert mail.in_reply_to == ()
    assert time.perf_counter() - began < 2


def test_the_newest_fifty_references_are_kept() -> None:
    mail = with_headers(b"References: " + b" ".join(b"<%d@x.example>" % n for n in range(80)))
    assert mail.references == tuple(f"{n}@x.example" for n in range(30, 80))


# --- words


@pytest.mark.parametrize(
    ("charset", "content", "words"),
    [
        ("iso-8859-1", "schön “so”".encode("cp1252"), "schön “so”"),
        ("iso-8859-1", "schön".encode(), "schön"),
        ("x-unknown", "привет, это письмо".encode(), "привет, это письмо"),
        ("windows-1251", "привет".encode("cp1251"), "привет"),
        ("iso-2022-jp", "日本語".encode("iso2022_jp"), "日本語"),
        ("", "日本語".encode("iso2022_jp"), "日本語"),
        ("utf-7", b"+AOk-t+AOk-", "été"),
        ("gb2312", "鎔基".encode("gb18030"), "鎔基"),
        ("us-ascii", "naïve".encode(), "naïve"),
        ("utf-16le", "abc".encode("utf-16-le"), "abc"),
        ("punycode", b"abc", "abc"),
        ("a\x00b", b"abc", "abc"),
        ("zlib", b"abc", "abc"),
        ("utf-8", b"caf\xe9 cr\xe8me br\xfbl\xe9e", "café crème brûlée"),
        ("utf8", "été".encode(), "été"),
        ("us-ascii (plain)", "été".encode("cp1252"), "été"),
        ("us-ascii", "“so”, he said".encode("cp1252"), "“so”, he said"),
        ("unknown-8bit", "Здравствуйте, где заказ?".encode("koi8-r"), "Здравствуйте, где заказ?"),
        ("iso-8859-1", "Здравствуйте, где заказ?".encode("koi8-r"), "Здравствуйте, где заказ?"),
        ("windows-1252", "Здравствуйте, где заказ?".encode("cp1251"), "Здравствуйте, где заказ?"),
        ("iso-8859-1", "שלום, איפה ההזמנה שלי".encode("cp1255"), "שלום, איפה ההזמנה שלי"),
        ("iso-8859-1", "ÜÄÖÜ ÄÖ!".encode("cp1252"), "ÜÄÖÜ ÄÖ!"),
        ("gb18030", "订单在哪里？".encode("gb18030"), "订单在哪里？"),
        ("iso-2022-jp", b"\x1b$B-!\x1b(B \x1b$B8+@Q-j\x1b(B.", "① 見積㈱."),
        ("iso-2022-jp", b"\x1b$B8+@\x1b(B off", "見\ufffd off"),
    ],
)
def test_words_are_read_in_the_charset_that_they_are_in(charset: str, content: bytes, words: str) -> None:
    mail = with_headers(
        b'Content-Type: text/plain; charset="' + charset.encode() + b'"',
        b"Content-Transfer-Encoding: base64",
        body=base64.encodebytes(content),
    )
    assert mail.text == words


def test_html_may_name_its_charset_itself() -> None:
    html = "<html><head><meta charset='koi8-r'></head><body>Ок</body></html>"
    for charset in ("koi8-r", "utf-8"):
        assert with_headers(b"Content-Type: text/html", body=html.encode(charset)).text == "Ок"


@pytest.mark.parametrize(
    ("date", "read_as"),
    [
        (b"yesterday", None),
        (b"", None),
        (b"Mon, 99 Mar 2026 10:00:00 +0100", None),
        (b"Mon, 2 Mar 99999 10:00:00 +0100", None),
        (b"2 Mar 2026 10:00:00 +0100 (at noon)", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        (b"Mon, 2 Mar 26 10:00 EST", datetime(2026, 3, 2, 15, tzinfo=UTC)),
    ],
)
def test_a_mail_is_read_whatever_its_date_and_its_id_are(date: bytes, read_as: datetime | None) -> None:
    mail = with_headers(b"Date: " + date, b"Message-ID: <>", b"MIME-Version: 7.x", b"Content-Type: ;;", body=b"Hi")
    assert (mail.date, mail.message_id, mail.text) == (read_as, "", "Hi")


def test_a_letter_split_over_two_encoded_words_is_one_letter() -> None:
    assert with_headers(b"Subject: =?utf-8?b?w4k=?= =?utf-8?q?a=C3?=\r\n =?utf-8?q?=A9b?= c").subject == "Éaéb c"


def test_raw_eight_bit_headers_are_kept() -> None:
    assert (
        with_headers("Subject: été".encode("latin-1"), b"Content-Type: text/plain; charset=iso-8859-1").subject == "été"
    )
    assert with_headers("Subject: привет".encode()).subject == "привет"
    assert with_headers("Subject: naïve señor".encode("latin-1")).subject == "naïve señor"


@pytest.mark.parametrize(
    ("charset", "words"),
    [
        ("shift_jis", "見積書の件"),
        ("euc-kr", "주문"),
        ("gb2312", "订单问题"),
        ("iso-8859-2", "Załącznik"),
        ("utf-8", "주문"),
    ],
)
def test_raw_eight_bit_headers_are_in_the_charset_of_the_first_part_that_names_one(charset: str, words: str) -> None:
    raw = words.encode(charset)
    mail = with_headers(
        b"From: " + raw + b" <ann@example.org>",
        b"To: " + raw + b" <bob@example.org>",
        b"Subject: " + raw,
        b"Content-Type: multipart/mixed; boundary=b",
        body=b"--b\r\nContent-Type: text/plain; charset=" + charset.encode() + b"\r\n\r\n" + raw + b"\r\n--b\r\n"
        b'Content-Type: application/pdf; name="' + raw + b'.pdf"\r\n\r\nx\r\n--b\r\n'
        b'Content-Disposition: attachment; filename="' + raw + b'.doc"\r\n\r\nx\r\n--b--',
    )
    assert mail.subject == mail.author.name == mail.to[0].name == mail.text == words
    assert [one.name for one in mail.attachments] == [f"{words}.pdf", f"{words}.doc"]


def test_an_encoded_line_break_in_a_subject_is_a_space() -> None:
    mail = with_headers(b"Subject: =?utf-8?q?a=0D=0ABcc:_x=40y.example=00=E2=80=A8z?=")
    assert mail.subject == "a Bcc: x@y.example z"
    assert not any("\n" in value or "\r" in value for _, value in mail.headers)


def test_flowed_lines_are_joined_by_depth_and_a_signature_stays() -> None:
    text = "one \r\ntwo\r\n> q \r\n> r\r\n>> s\r\n space\r\n-- \r\nAnn"
    mail = with_headers(b"Content-Type: text/plain; format=flowed", body=text.encode())
    assert mail.text == "one two\n> q r\n>> s\nspace\n-- \nAnn"
    mail = with_headers(b"Content-Type: text/plain; format=flowed; delsp=yes", body=b"o \r\nne")
    assert mail.text == "one"


def test_texts_are_fit_for_a_database() -> None:
    mail = with_headers(b"Content-Type: text/plain; charset=utf-8", body="a\x00b\x1b[31mc e\u0301\r\nd\re".encode())
    assert mail.text == "ab[31mc é\nd\ne"


@pytest.mark.parametrize("mark", ["\u0301", "\u0f39", "\U0001e130"])
def test_a_pile_of_marks_on_one_letter_is_cut_to_thirty(mark: str) -> None:
    assert clean("q" + mark * 100 + "r") == "q" + mark * 30 + "r"
    assert clean("Пиши" + mark * 3) == "Пиши" + mark * 3


# --- parts


def alternative(plain: str, html: str) -> bytes:
    return (
        b"From: ann@example.org\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + plain.encode() + b"\r\n"
        b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html.encode() + b"\r\n--b--\r\n"
    )


def test_of_two_alternatives_the_plain_one_is_the_text() -> None:
    mail = read(alternative("Hello *Bob*", "<p>Hello <b>Bob</b></p>"))
    assert (mail.text, mail.plain, mail.ambiguous) == ("Hello *Bob*", True, False)
    assert "<b>Bob</b>" in mail.html


def test_alternatives_that_start_with_different_words_are_ambiguous() -> None:
    assert read(alternative("#close", "<p>I like it</p>")).ambiguous
    assert read(alternative("#close", "<p>#close</p><p>and more</p>")).ambiguous


def test_html_alone_becomes_text() -> None:
    mail = with_headers(
        b"Content-Type: text/html; charset=utf-8",
        body=b"<style>p{}</style><p>Hello<br>there</p><ul><li>one<li>two</ul><p style='display:none'>hidden</p>",
    )
    assert not mail.plain
    assert mail.text.split() == ["Hello", "there", "*", "one", "*", "two"]


@pytest.mark.parametrize(
    "html", ["<div>" * 5000 + "deep words", "<b>" * 300 + "deep words", "<a " * 9000 + ">deep words"]
)
def test_words_deep_in_html_are_not_lost(html: str) -> None:
    assert "deep words" in text_of_html(html, 500_000)


def test_lists_and_tables_of_html_can_be_read_as_text() -> None:
    html = (
        b"<p>We need:</p><ul><li>oil<ul><li>2 l</li></ul></li><li>water</li></ul><ol><li>open</li><li>close</li></ol>"
        b"<table><tr><th>Hall</th><th>Pump</th></tr><tr><td>2</td><td>leaks</td></tr></table>"
        b"<p style='display:none'>hidden</p><script>x()</script><style>p{}</style><pre>a  b\nc</pre>"
    )
    lines = [line for line in with_headers(b"Content-Type: text/html", body=html).text.split("\n") if line.strip()]
    assert [" ".join(line.split()) for line in lines] == [
        "We need:", "* oil", "* 2 l", "* water", "1. open", "2. close", "Hall Pump", "2 leaks", "a b", "c",
    ]  # fmt: skip
    assert lines[-2] == "a  b"
    assert lines[6].index("Pump") == lines[7].index("leaks")


def test_a_mail_passed_on_is_an_attachment_and_its_words_and_ids_stay_inside() -> None:
    mail = read(
        b"From: ann@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <inner@x.example>\r\nReferences: <r@x.example>\r\n\r\n"
        b"inner words\r\n--b--"
    )
    assert mail.text == "see below"
    assert mail.references == ()
    assert [(one.name, one.type) for one in mail.attachments] == [("part-1.eml", "message/rfc822")]
    assert b"inner words" in mail.attachments[0].content


def test_a_mail_passed_on_is_a_file_whatever_it_is_called_and_however_it_is_packed() -> None:
    inner = b"From: x@y.example\r\nSubject: [#1042]\r\n\r\n#solved"
    part = b"--b\r\nContent-Type: message/rfc822; name=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s\r\n"
    parts = part % (b"old", b"7bit", inner) + part % (b"new.msg", b"base64", base64.b64encode(inner))
    mail = with_headers(
        b"Content-Type: multipart/digest; boundary=b", body=parts + b"--b\r\n\r\n" + inner + b"\r\n--b--"
    )
    assert [(one.name, one.content) for one in mail.attachments] == [
        ("old.eml", inner), ("new.msg", inner), ("part-3.eml", inner)
    ]  # fmt: skip
    assert (mail.text, mail.new_text, mail.references) == ("", "", ())


def test_pictures_in_the_text_are_kept_with_the_name_by_which_it_shows_them() -> None:
    mail = with_headers(
        b"Content-Type: multipart/related; boundary=b; type=multipart/alternative",
        body=b"--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n"
        b"\r\nSee [image: pump.png]\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>See <img src=cid:pump@x></p>\r\n"
        b"--a--\r\n--b\r\nContent-Type: image/png; name=pump.png\r\nContent-ID: <pump@x>\r\n"
        b"Content-Disposition: inline\r\n\r\npng\r\n--b--",
    )
    assert mail.text == "See [image: pump.png]"
    [picture] = mail.attachments
    assert (picture.name, picture.content_id, picture.inline, picture.content) == ("pump.png", "pump@x", True, b"png")


def test_a_drawing_with_a_program_in_it_is_a_file_and_no_picture_in_the_text() -> None:
    mail = with_headers(
        b"Content-Type: multipart/related; boundary=b",
        body=b"--b\r\nContent-Type: text/html\r\n\r\n<p>See <img src=cid:pump@x></p>\r\n"
        b"--b\r\nContent-Type: image/svg+xml; name=pump.svg\r\nContent-ID: <pump@x>\r\n"
        b"Content-Disposition: inline\r\n\r\n<svg/>\r\n--b--",
    )
    [drawing] = mail.attachments
    assert (drawing.name, drawing.type, drawing.inline) == ("pump.svg", "image/svg+xml", False)


def test_a_part_without_a_name_gets_one_that_stays_the_same() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"%PDF") + b"\r\n--b\r\n"
        b"Content-Type: image/png\r\nContent-ID: <logo>\r\n\r\npng\r\n--b--"
    )
    first, second = read(raw).attachments, read(raw).attachments
    assert first == second
    assert [one.name for one in first] == ["part-1.pdf", "part-2.png"]
    assert first[0].content == b"%PDF"
    assert (first[1].content_id, first[1].inline) == ("logo", True)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\report.pdf", "report.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        (".ht\u200baccess", "htaccess"),
        ("a\r\nb\x00.txt", "a b.txt"),
        ("con.txt", "_con.txt"),
        ("..", ""),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_the_name_of_an_attachment_is_safe_to_show(given: str, kept: str) -> None:
    assert attachment_name(given) == kept


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename*=utf-8''%E2%82%AC%20rates", "€ rates"),
        ("attachment; filename*1*=%20b.txt; filename*0*=utf-8'en'a", "a b.txt"),
        ('attachment; filename="=?utf-8?q?=C3=A9t=C3=A9=2Etxt?="', "été.txt"),
        ("attachment; filename=plain name.txt", "plain name.txt"),
        ("attachment", "part-1.bin"),
        ("attachment; filename*0*=iso-8859-1''%E9t; filename*1*=%E9; filename*2=.txt", "été.txt"),
        ("attachment; filename*0=very; filename*1=-long; filename*2=.txt", "very-long.txt"),
        ("attachment; filename*=x-nobody-knows''%E2%82%AC.txt", "€.txt"),
        ("attachment; filename=short.txt; filename*=utf-8''l%C3%B6ng.txt", "löng.txt"),
        ('attachment; filename="=?iso-2022-jp?b?GyRCOCtAUT1xGyhC?=.pdf"', "見積書.pdf"),
        ('attachment; filename="\u898b\u7a4d.pdf"', "見積.pdf"),
        ('attachment; filename="a;b \\"c\\".txt"', "a_b _c_.txt"),
    ],
)
def test_the_name_of_an_attachment_is_read_in_each_of_the_ways_it_is_written(header: str, name: str) -> None:
    mail = with_headers(b"Content-Type: application/octet-stream", b"Content-Disposition: " + header.encode())
    assert mail.attachments[0].name == name


def test_a_multipart_without_its_boundary_is_not_lost() -> None:
    assert "words" in with_headers(b"Content-Type: multipart/mixed", body=b"some words").text
    other = with_headers(
        b"Content-Type: multipart/mixed; boundary=x",
        body=b"--real\r\nContent-Type: text/plain\r\n\r\nwords\r\n--real--",
    )
    assert other.text.strip() == "words"


def test_a_boundary_counts_only_where_it_is_a_line_by_itself() -> None:
    mail = with_headers(
        b"Content-Type: multipart/mixed; boundary=b",
        body=b"--b \t\r\n\r\nsee --b\r\n--by the way\r\n--b--not yet\r\n--b--",
    )
    assert mail.text == "see --b\n--by the way\n--b--not yet"
    assert mail.attachments == ()


def test_an_end_that_stands_behind_the_last_word_is_no_part_of_the_text() -> None:
    words = b"--cut\r\n\r\nThe pump leaks.--cut--"
    assert with_headers(b"Content-Type: multipart/mixed; boundary=cut", body=words + b"\r\n").text == "The pump leaks."
    later = with_headers(b"Content-Type: multipart/mixed; boundary=cut", body=words + b" I said\r\n--cut--")
    assert later.text == "The pump leaks.--cut-- I said"


def test_a_boundary_within_may_be_named_like_the_end_of_the_outer_one() -> None:
    inner = b'--cut\r\nContent-Type: multipart/mixed; boundary="cut--"\r\n\r\n'
    inner += b"--cut--\r\n\r\nThe pump leaks.\r\n--cut----\r\n"
    mail = with_headers(b"Content-Type: multipart/mixed; boundary=cut", body=inner + b"--cut\r\n\r\nToo.\r\n--cut--")
    assert mail.text.split("\n") == ["The pump leaks.", "Too."]


def test_a_multipart_that_is_called_a_text_too_is_what_its_body_shows() -> None:
    types = (b"Content-Type: multipart/mixed; boundary=cut", b"Content-Type: text/plain")
    whole = with_headers(*types, body=b"This is a multi-part message.\r\n--cut\r\n\r\nThe pump leaks.\r\n--cut--")
    assert whole.text == "The pump leaks."
    torn = with_headers(*types, body=b"The pump leaks.\r\n--cut\r\nContent-Type: text/html\r\n\r\n<p>Yes</p>\r\n")
    assert torn.text.startswith("The pump leaks.\n--cut")
    assert "<p>Yes</p>" in torn.text
    closed = with_headers(
        *reversed(types),
        body=b"The pump leaks.\r\n--cut\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n--cut--\r\n",
    )
    assert closed.text == "The pump leaks."
    assert [(one.name, one.content) for one in closed.attachments] == [("a.csv", b"1,2")]


def test_old_macintosh_line_ends_are_read() -> None:
    assert read(PLAIN.replace(b"\r\n", b"\r")).subject == "café"


def test_a_byte_order_mark_before_the_mail_is_no_part_of_it() -> None:
    assert read(b"\xef\xbb\xbf" + PLAIN).author.spec == "zoe@example.org"


def test_headers_that_only_we_may_write_are_dropped_and_the_rest_is_kept_in_order() -> None:
    mail = with_headers(b"X-Maild-Ticket: 7", b"X-One: =?utf-8?q?=C3=A9?=", b"Received: from a", b"X-One: two")
    assert mail.headers == (("x-one", "é"), ("received", "from a"), ("x-one", "two"))


def test_an_encoded_word_in_a_servers_verdict_stays_encoded() -> None:
    mail = with_headers(b"Authentication-Results: mx; none reason==?utf-8?q?x=3B_dmarc=3Dpass?=")
    assert mail.headers[0][1] == "mx; none reason==?utf-8?q?x=3B_dmarc=3Dpass?="


# --- the same mail twice


def test_two_deliveries_of_one_mail_have_one_fingerprint() -> None:
    again = b"Received: from elsewhere\nX-Spam: no\nAuthentication-Results: mx; none\n" + PLAIN.replace(b"\r\n", b"\n")
    assert read(again).fingerprint == read(PLAIN).fingerprint
    assert read(again).sha256 != read(PLAIN).sha256


@pytest.mark.parametrize(
    "change", [(b"fire", b"ice"), (b"one@", b"two@"), (b"zoe@", b"joe@"), (b"10:00", b"10:01"), (b"caf", b"cof")]
)
def test_another_mail_has_another_fingerprint(change: tuple[bytes, bytes]) -> None:
    assert read(PLAIN.replace(*change)).fingerprint != read(PLAIN).fingerprint


# --- limits and hostile mail


def test_what_is_over_a_limit_is_read_as_far_as_it_goes_and_told() -> None:
    many = with_headers(
        b"Content-Type: multipart/mixed; boundary=b", body=b"--b\r\n\r\nwords\r\n" + b"--b\r\n\r\n" * 100_000
    )
    assert many.text.startswith("words")
    assert "more than 200 parts" in many.error
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
    assert "nested deeper than 20" in read(deep).error
    assert "more than 500 header lines" in read(b"From: a@b.example\r\n" + b"A: b\r\n" * 600 + b"\r\nhi").error
    assert "header block" in read(b"From: a@b.example\r\n" + (b"A: " + b"b" * 30_000 + b"\r\n") * 20 + b"\r\nhi").error
    assert "longer than 32768" in with_headers(b"Subject: " + b"x" * 40_000).error


def test_a_mail_that_is_too_large_is_told_by_its_header_lines() -> None:
    limits = Limits(message=100)
    mail = reading.read(PLAIN, sender="", ours=OURS, limits=limits)
    assert mail.text == UNREADABLE
    assert mail.author.spec == "zoe@example.org"
    assert mail.message_id == "one@example.org"
    assert "more than the 100" in mail.error


def test_a_mail_that_went_in_a_circle_is_not_answered() -> None:
    mail = with_headers(b"From: zoe@example.org", *[b"Received: from a by b"] * 51)
    assert "circle" in mail.error
    assert not mail.answerable


def test_the_scan_says_as_much_of_a_mail_as_its_header_lines_do() -> None:
    whole, scanned = read(PLAIN), reading.scan(PLAIN, sender="zoe@example.org", ours=OURS)
    for name in ("message_id", "authors", "to", "subject", "date", "headers", "sha256", "size", "fingerprint", "kind"):
        assert getattr(scanned, name) == getattr(whole, name)
    assert scanned.text == scanned.new_text == UNREADABLE
    assert scanned.error


CHARSETS = st.sampled_from(
    ["utf-8", "iso-2022-jp", "utf-7", "x-unknown", "utf-16", "big5", "hz", "cp037", "\x00", "unicode_escape"]
)
LINES = st.sampled_from(
    rb"""From: a@b.example
From: \xff <a@b>
To: (((
Date: 99 Foo 99999999999
Subject: =?x?b?=?=
Subject: =?utf-8?q?=
Content-Type: multipart/mixed; boundary=b
Content-Type: multipart/alternative; boundary="b
Content-Type: message/rfc822
Content-Type: multipart/report; report-type=delivery-status; boundary=b
Content-Type: message/delivery-status
Content-Type: text/html
Content-Type: /;=;*0=
Content-Transfer-Encoding: base64
Content-Transfer-Encoding: x-uuencode
Content-Transfer-Encoding: quoted-printable
Content-Disposition: attachment; filename*1*=%
References: <<>> <
Final-Recipient: rfc822;
Action: failed
begin 644 a
--b
--b--
 folded
<html><table><td>
> quoted
""".replace(rb"\xff", b"\x00\xff").split(b"\n")
)


def sound(mail: Mail) -> None:
    json.dumps([mail.text, mail.new_text, mail.html, mail.subject, mail.headers, mail.why, mail.error]).encode("utf-8")
    for text in (
        mail.text,
        mail.new_text,
        mail.html,
        mail.subject,
        mail.error,
        *(name.name for name in mail.attachments),
    ):
        assert "\x00" not in text
        assert "\r" not in text
        text.encode("utf-8")
    assert all(one.name and len(one.name) <= 120 for one in mail.attachments)
    assert mail.date is None or mail.date.tzinfo is not None


@given(raw=st.binary(max_size=400), sender=st.sampled_from(["", None, "a@b.example"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_can_be_read(raw: bytes, sender: str | None) -> None:
    sound(read(raw, sender))
    sound(reading.scan(raw, sender=sender))


@given(lines=st.lists(LINES, max_size=25), end=st.sampled_from([b"\r\n", b"\n", b"\r"]))
@settings(max_examples=250, deadline=None)
def test_any_heap_of_broken_mail_can_be_read(lines: list[bytes], end: bytes) -> None:
    sound(read(end.join(lines)))


@given(content=st.binary(max_size=200), charset=CHARSETS)
@settings(max_examples=100, deadline=None)
def test_any_bytes_in_any_charset_are_words(content: bytes, charset: str) -> None:
    clean(decode(content, charset)).encode("utf-8")


def test_every_charset_that_python_knows_is_harmless() -> None:
    for name in ("rot13", "hex", "base64", "idna", "mbcs", "undefined", "utf-8-sig", "uu", "charmap"):
        assert isinstance(decode(b"a\xffb" * 50, name), str)
    assert codecs.lookup("utf-8").name == "utf-8"
