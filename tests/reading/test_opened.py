"""What lies within the parts of a mail: files of Outlook, uuencoded files, signed mail, invitations."""

from __future__ import annotations

import base64
import binascii
import os
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.ingest import reading, rtf, smime, tnef
from maild.ingest.calendar import event_of
from maild.ingest.encodings import uu_files
from maild.ingest.kind import Ours
from maild.ingest.remarks import ENCRYPTED, IS_ENCRYPTED
from maild.mail import Mail

OURS = Ours(frozenset({"support@example.com"}))
HEAD = (
    b"From: Ann Lee <ann@example.org>\r\nTo: support@example.com\r\nSubject: Pump\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0100\r\n"
)


def read(*lines: bytes, body: bytes) -> Mail:
    return reading.read(HEAD + b"\r\n".join(lines) + b"\r\n\r\n" + body, sender="ann@example.org", ours=OURS)


def mixed(*parts: bytes) -> Mail:
    whole = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return read(b"Content-Type: multipart/mixed; boundary=b", body=whole)


def packed(content: bytes, *lines: bytes) -> bytes:
    head = b"\r\n".join((*lines, b"Content-Transfer-Encoding: base64"))
    return head + b"\r\n\r\n" + base64.encodebytes(content)


# --- Outlook's winmail.dat


def attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*told: tuple[int, int, bytes]) -> bytes:
    lines = [struct.pack("<I", len(told))]
    for type_, tag, value in told:
        lines.append(struct.pack("<HH", type_, tag))
        if type_ in {0x1E, 0x1F, 0x0D, 0x102}:
            lines += [struct.pack("<II", 1, len(value)), value, b"\0" * (-len(value) % 4)]
        else:
            lines.append(value)
    return b"".join(lines)


def file(name: bytes, content: bytes, *more: tuple[int, int, bytes]) -> bytes:
    told = attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x0006800F, content)
    told += attribute(2, 0x00018010, name + b"\0")
    return told + (attribute(2, 0x00069005, properties(*more)) if more else b"")


def winmail(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def outlook(content: bytes, *, words: bytes = b"See the file.", type_: bytes = b"application/ms-tnef") -> Mail:
    part = packed(content, b"Content-Type: " + type_ + b"; name=winmail.dat")
    return mixed(b"Content-Type: text/plain\r\n\r\n" + words, part)


def test_the_files_in_a_winmail_dat_are_attachments() -> None:
    long = (0x1F, 0x3707, "Rechnung März.pdf\0".encode("utf-16-le"))
    picture = file(b"logo.png", b"PNG", (0x1E, 0x370E, b"image/png\0"), (0x1E, 0x3712, b"logo@x\0"))
    mail = outlook(winmail(file(b"RECHNU~1.PDF", b"%PDF-1", long), picture, file(b"list.csv", b"1,2\0")))
    assert [(one.name, one.type, one.content) for one in mail.attachments] == [
        ("Rechnung März.pdf", "application/pdf", b"%PDF-1"),
        ("logo.png", "image/png", b"PNG"),
        ("list.csv", "text/csv", b"1,2\0"),
    ]
    assert (mail.attachments[1].content_id, mail.attachments[1].inline) == ("logo@x", True)
    assert mail.text.strip() == "See the file."
    assert not mail.error


def test_a_winmail_dat_is_known_by_its_name_too() -> None:
    mail = outlook(winmail(file(b"a.txt", b"a")), type_=b"application/octet-stream")
    assert [one.name for one in mail.attachments] == ["a.txt"]


@pytest.mark.parametrize(
    ("told", "html"),
    [
        ((0x1F, 0x1000, "The pump leaks, Zoë.".encode("utf-16-le")), False),
        ((0x102, 0x1013, b"<html><body><p>The pump leaks, Zo&euml;.</p></body></html>\0"), True),
        (
            (
                0x102,
                0x1009,
                struct.pack("<II4sI", 60, 46, b"MELA", 0) + rb"{\rtf1\ansicpg1252 The pump leaks, Zo\'eb.\par}",
            ),
            False,
        ),
    ],
)
def test_the_words_in_a_winmail_dat_are_those_of_a_mail_that_has_no_others(
    told: tuple[int, int, bytes], html: bool
) -> None:
    box = winmail(attribute(1, 0x00069003, properties(told)))
    mail = outlook(box, words=b" ")
    assert mail.text.strip() == mail.new_text.strip() == "The pump leaks, Zoë."
    assert bool(mail.html) is html
    assert mail.attachments == ()
    assert outlook(box, words=b"Hello.").text.strip() == "Hello."


def test_a_mail_within_a_winmail_dat_gives_its_files_and_its_words() -> None:
    inner = winmail(
        attribute(1, 0x00018004, "Old pump, münch\0".encode("cp1252")),
        attribute(1, 0x0002800C, b"#solved says the old mail\0"),
        file(b"plan.txt", b"plan"),
    )
    iid = bytes.fromhex("0703020000000000c000000000000046")
    mail = outlook(winmail(file(b"mail", b"", (0x0D, 0x3701, iid + inner))))
    old, plan = mail.attachments
    assert (old.name, old.type) == ("Old pump, münch.eml", "message/rfc822")
    assert (plan.name, plan.content) == ("plan.txt", b"plan")
    within = reading.read(old.content, sender=None)
    assert (within.subject, within.text.strip()) == ("Old pump, münch", "#solved says the old mail")
    assert "solved" not in mail.text


@pytest.mark.parametrize("cut", [3, 5, 20, 60])
def test_a_torn_winmail_dat_stays_an_attachment_and_is_told(cut: int) -> None:
    whole = winmail(file(b"a.txt", b"first"), file(b"b.txt", b"second" * 20))
    mail = outlook(whole[:-cut])
    assert mail.attachments[-1].name == "winmail.dat"
    assert mail.attachments[-1].content == whole[:-cut]
    assert "winmail.dat could not be opened whole" in mail.error
    assert mail.text.strip() == "See the file."


@pytest.mark.timeout(30)
def test_an_endless_winmail_dat_is_opened_as_far_as_the_limits_go() -> None:
    mail = outlook(winmail(*(file(b"%d.txt" % n, b"x") for n in range(80))))
    assert len(mail.attachments) == 50
    assert "it holds more than 50 files" in mail.error
    deep = winmail(file(b"end.txt", b"end"))
    for _ in range(30):
        iid = bytes.fromhex("0703020000000000c000000000000046")
        deep = winmail(file(b"mail", b"", (0x0D, 0x3701, iid + deep)))
    assert len(outlook(deep).attachments) <= 2
    assert not tnef.opened(winmail(b"\x01\0\0\0\0\0\0\0\0\0\0" * 1_000_000), files=50).files


RICH = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial;}}{\*\generator x}{\stylesheet{\s0 Normal;}}"
    rb"\f0 Zo\'eb \endash{} {\b bold}\tab end\par\f1 \'cf\'f0\'e8\'e2\'e5\'f2\f0\line\u8364?5 \u-10179?\u-8704? "
    rb"\{a\}\~b{\pict 00ff}{\*\shppict{\pict ff}}{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}\par}"
)


def test_rich_text_is_read_with_its_letters_and_without_its_tools() -> None:
    told = rtf.text_of_rtf(RICH, 10_000)
    assert told.text == "Zoë – bold\tend\nПривет\n€5 😀 {a} blink\n"
    assert not told.html


def test_html_that_rich_text_wraps_is_html() -> None:
    wrapped = (
        rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf \par \htmlrtf0 Yes {\*\htmltag84 <b>}"
        rb"\htmlrtf {\b \htmlrtf0 now\htmlrtf }\htmlrtf0 {\*\htmltag92 </b>}{\*\htmltag72 </p>}}"
    )
    told = rtf.text_of_rtf(wrapped, 10_000)
    assert told.html
    assert told.text == "<p>Yes <b>now</b></p>"


def test_packed_rich_text_is_unpacked() -> None:
    # the two examples of [MS-OXRTFCP] section 4
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf.unpacked(simple, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf.unpacked(crossing, 1000) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


CORPUS = Path(os.environ.get("MAILD_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "mimekit" / "tnef"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus beside the project")
def test_real_winmail_dats_give_the_files_that_others_found() -> None:
    known = {"MAPI_OBJECT", "winmail", "christmas"}  # theirs keeps a frame around an object, and mail within it shut
    for path in sorted(CORPUS.glob("*.tnef")):
        box = tnef.opened(path.read_bytes(), files=50)
        assert box.fault == "", path
        folder = path.with_suffix("")
        if path.stem in known or not folder.is_dir():
            continue
        expected = {one.read_bytes().replace(b"\r\n", b"\n") for one in folder.iterdir() if "message." not in one.name}
        assert expected <= {one.content.replace(b"\r\n", b"\n") for one in box.files}, path


# --- uuencoded files


def uuencoded(name: bytes, content: bytes) -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin 644 " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def test_a_uuencoded_file_is_taken_out_of_the_text() -> None:
    content = bytes(range(256)) * 3
    text = b"See below.\n\n" + uuencoded(b"plan b.pdf", content) + b"\n" + uuencoded(b"b.txt", b"b") + b"Thanks\n"
    mail = read(b"Content-Type: text/plain", body=text.replace(b"\n", b"\r\n"))
    assert mail.text.split() == ["See", "below.", "Thanks"]
    assert [(one.name, one.type, one.content) for one in mail.attachments] == [
        ("plan b.pdf", "application/pdf", content),
        ("b.txt", "text/plain", b"b"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 the work now\nand see\n",
        b"begin 644 a.txt\n" + binascii.b2a_uu(b"cut off"),
        b"> begin 644 a.txt\n> " + binascii.b2a_uu(b"quoted") + b"> `\n> end\n",
        b"begin 644 a.txt\nend\n",
    ],
)
def test_what_only_begins_like_a_uuencoded_file_stays_in_the_text(text: bytes) -> None:
    mail = read(b"Content-Type: text/plain", body=text)
    assert mail.text == text.decode()
    assert mail.attachments == ()


# --- signed and encrypted mail


def der(tag: int, *content: bytes) -> bytes:
    whole = b"".join(content)
    size = len(whole)
    return bytes([tag]) + (bytes([size]) if size < 128 else b"\x83" + size.to_bytes(3, "big")) + whole


def ber(tag: int, *content: bytes) -> bytes:
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


OID = bytes.fromhex("06092a864886f70d0107")


def signed(entity: bytes, *, in_pieces: bool = False) -> bytes:
    make = ber if in_pieces else der
    octets = (
        ber(0x24, *(der(4, entity[at : at + 40]) for at in range(0, len(entity), 40))) if in_pieces else der(4, entity)
    )
    inside = make(0x30, OID + b"\x01", make(0xA0, octets))
    return make(0x30, OID + b"\x02", make(0xA0, make(0x30, der(2, b"\1"), der(0x31), inside, der(0x31))))


ENTITY = (
    b"Content-Type: multipart/mixed; boundary=in\r\nFrom: Eve <eve@example.net>\r\nAuto-Submitted: auto-replied\r\n\r\n"
    b"--in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe pump l\xc3\xa4uft.\r\n--in\r\n"
    b"Content-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n"
    b"--in--\r\n"
)
P7M = b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize("type_", [P7M, b"Content-Type: application/octet-stream; name=smime.p7m"])
def test_a_mail_that_is_only_signed_is_read_and_its_seal_is_kept(in_pieces: bool, type_: bytes) -> None:
    seal = signed(ENTITY, in_pieces=in_pieces)
    mail = read(type_, b"Content-Transfer-Encoding: base64", body=base64.encodebytes(seal))
    assert mail.text.strip() == "The pump läuft."
    assert [(one.name, one.content) for one in mail.attachments] == [("a.csv", b"1,2"), ("smime.p7m", seal)]
    assert [one.spec for one in mail.authors] == ["ann@example.org"]
    assert mail.kind == "person"
    assert mail.subject == "Pump"
    assert ("from", "Eve <eve@example.net>") not in mail.headers
    assert not mail.error


def test_a_signed_part_below_others_and_one_signed_twice_are_read_too() -> None:
    twice = b"Content-Type: application/pkcs7-mime\r\n\r\n" + signed(ENTITY)
    mail = mixed(packed(signed(twice), P7M), b"Content-Type: text/plain\r\n\r\nA list's footer.")
    assert "The pump läuft." in mail.text
    assert "A list's footer." in mail.text
    assert [one.name for one in mail.attachments] == ["a.csv", "smime.p7m"]


def test_a_signature_beside_the_words_is_kept_as_a_file() -> None:
    body = b"--b\r\nContent-Type: text/plain\r\n\r\nYes.\r\n--b\r\n"
    body += b"Content-Type: application/pgp-signature\r\n\r\nsig\r\n--b--"
    mail = read(b"Content-Type: multipart/signed; boundary=b; protocol=application/pgp-signature", body=body)
    assert mail.text == "Yes."
    assert [(one.name, one.content) for one in mail.attachments] == [("part-1.asc", b"sig")]
    assert not mail.error


def test_an_encrypted_mail_says_that_it_is_encrypted() -> None:
    pgp = b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
    pgp += b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--"
    shut = der(0x30, OID + b"\x03", der(0xA0, b"???"))
    mails = [
        read(b"Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=b", body=pgp),
        read(P7M, b"Content-Transfer-Encoding: base64", body=base64.encodebytes(shut)),
    ]
    for mail, kept in zip(mails, ["encrypted.asc", "smime.p7m"], strict=True):
        assert mail.text == mail.new_text == ENCRYPTED
        assert mail.error == IS_ENCRYPTED
        assert mail.language == ""
        assert mail.attachments[-1].name == kept
    inline = read(
        b"Content-Type: text/plain", body=b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----"
    )
    assert "hQEM" in inline.text
    assert inline.error == IS_ENCRYPTED


def test_a_broken_seal_stays_an_attachment() -> None:
    mail = read(P7M, body=b"0\x80\x06")
    assert [one.name for one in mail.attachments] == ["smime.p7m"]
    assert mail.text == ""


# --- invitations


def calendar(*lines: str, method: str = "REQUEST") -> bytes:
    whole = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
    ]
    return "\r\n".join(
        (*whole, *lines, "BEGIN:VALARM", "DESCRIPTION:Ring", "END:VALARM", "END:VEVENT", "END:VCALENDAR")
    ).encode()


WHEN = ("DTSTART;TZID=Europe/Paris:20260302T100000", "DTEND;TZID=Europe/Paris:20260302T110000")


@pytest.mark.parametrize(
    ("method", "lines", "line"),
    [
        (
            "REQUEST",
            ("SUMMARY:Pump\\, again", *WHEN, "LOCATION:Hall 2", 'ORGANIZER;CN="Lee, Ann":mailto:ann@example.org'),
            "Invitation: Pump, again, 2 March 2026, 10:00 to 11:00 (Europe/Paris), Hall 2, from Lee, Ann",
        ),
        (
            "REPLY",
            ("SUMMARY:Pu\r\n mp", *WHEN, "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ben Ode:mailto:ben@example.org"),
            "Accepted: Pump, 2 March 2026, 10:00 to 11:00 (Europe/Paris), from Ben Ode",
        ),
        (
            "REPLY",
            ("SUMMARY:Pump", "ATTENDEE;PARTSTAT=DECLINED:mailto:b@x.example"),
            "Declined: Pump, from b@x.example",
        ),
        (
            "CANCEL",
            ("SUMMARY:Pump", "DTSTART:20260302T230000Z", "DTEND:20260303T010000Z"),
            "Cancelled: Pump, 2 March 2026, 23:00 to 3 March 2026, 01:00 (UTC)",
        ),
        (
            "PUBLISH",
            ("SUMMARY:Fair", "DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260305"),
            "Event: Fair, 2 March 2026 to 4 March 2026",
        ),
        ("REQUEST", ("DTSTART:never",), "Invitation: an event without a title"),
    ],
)
def test_an_invitation_alone_is_told_in_one_line(method: str, lines: tuple[str, ...], line: str) -> None:
    content = calendar(*lines, method=method)
    mail = read(b"Content-Type: text/calendar; charset=utf-8; method=" + method.encode(), body=content)
    assert mail.text == line
    assert mail.kind == "person"
    assert mail.language == ""
    assert [(one.name, one.content) for one in mail.attachments] == [("part-1.ics", content)]


def test_the_words_of_an_invitation_follow_its_line_and_tell_the_language() -> None:
    words = "Guten Tag\\, wir möchten gern am Montag über die kaputte Pumpe sprechen.\\n#solved"
    mail = read(b"Content-Type: text/calendar", body=calendar("SUMMARY:Pumpe", f"DESCRIPTION:{words}"))
    assert mail.text.split("\n")[0] == "Invitation: Pumpe"
    assert "Guten Tag, wir möchten" in mail.new_text
    assert mail.language == "de"


def test_beside_words_an_invitation_is_a_file_and_no_more() -> None:
    mail = mixed(
        b"Content-Type: text/plain\r\n\r\nShall we?", b"Content-Type: text/calendar; name=Meeting\r\n\r\n" + calendar()
    )
    assert mail.text == "Shall we?"
    assert [one.name for one in mail.attachments] == ["Meeting.ics"]


def test_an_answer_that_a_calendar_sends_by_itself_is_an_automatic_reply() -> None:
    body = calendar("SUMMARY:Pump", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@x.example", method="REPLY")
    mail = read(b"Content-Type: text/calendar; method=REPLY", b"Auto-Submitted: auto-replied", body=body)
    assert mail.kind == "auto-reply"
    assert not mail.answerable


# --- whatever comes


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400), st.binary(max_size=8))
def test_any_octets_can_be_opened(noise: bytes, at: int, change: bytes) -> None:
    whole = winmail(
        file(b"a.txt", b"first", (0x1F, 0x3707, b"a\0b\0")), attribute(1, 0x00069003, properties((0x102, 0x1009, RICH)))
    )
    changed = whole[:at] + change + whole[at + len(change) :]
    for content in (noise, winmail(noise), changed):
        assert len(tnef.opened(content, files=3).files) <= 3
    for content in (noise, signed(ENTITY)[:at] + noise, signed(ENTITY, in_pieces=True)[:at] + change):
        smime.unwrapped(content)
    for content in (noise, b"\0" * 8 + b"LZFu" + b"\0" * 4 + noise):
        assert len(rtf.text_of_rtf(rtf.unpacked(content, 1000), 1000).text) <= 4000
    assert isinstance(uu_files(b"begin 644 a\n" + noise)[0], bytes)
    event_of("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + noise.decode("latin-1"))
    assert isinstance(outlook(changed), Mail)


@pytest.mark.timeout(60)
def test_none_of_it_takes_long() -> None:
    for content in (b"{" * 1_000_000, b"\\'e9" * 250_000, b"{\\*\\a" * 200_000, b"}" * 1_000_000):
        rtf.text_of_rtf(content, 1_000_000)
    rtf.unpacked(b"\0" * 8 + b"LZFu" + b"\0" * 4 + b"\xff\x00\x0f" * 400_000, 1_000_000)
    assert uu_files(b"begin 644 a\n" * 100_000)[1] == []
    uu_files(b"begin 644 a\n" + b"M" + b"A" * 60 + b"\n" + b"begin 644 a\nMAAAA\n" * 50_000)
    event_of("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + ("A" + ";A=B" * 500 + "\n") * 2000)
    event_of("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY" + ';A="' * 50_000)
