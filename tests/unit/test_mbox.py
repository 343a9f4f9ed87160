"""Old mail in files: an mbox is cut where its mails begin, a Maildir is walked, and threads come in their order."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest import bundle
from maild.ingest.archive import Archive, mail_files
from maild.ingest.bundle import Letter
from maild.ingest.mbox import Part, parts, restored
from maild.ingest.parse import Limits
from maild.ingest.trace import moment, written_at
from maild.threading.kin import Kin

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ONE = b"From: luc@customer.example\nSubject: one\nMessage-ID: <1@x>\n\nFirst.\n"
TWO = b"From: mia@customer.example\nSubject: two\nMessage-ID: <2@x>\nIn-Reply-To: <1@x>\n\nSecond.\n"
LINE = b"From luc@customer.example Tue Mar  2 10:00:00 2021\n"
AT = datetime(2021, 3, 2, 10, 0, tzinfo=UTC)


def cut(content: bytes) -> list[bytes]:
    return [content[part.start : part.end] for part in parts(content)]


def archive(*paths: Path) -> Archive:
    found = Archive(Limits(), NOON)
    for path in paths:
        found.add(path)
    return found


# --- an mbox ---


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_gives_its_mails_as_they_were(end: bytes) -> None:
    content = (LINE + ONE + b"\n" + LINE + TWO + b"\n").replace(b"\n", end)
    assert cut(content) == [ONE.replace(b"\n", end), TWO.replace(b"\n", end)]
    assert [part.filed for part in parts(content)] == [AT, AT]


def test_the_last_mail_may_lack_the_empty_line_and_the_first_may_have_some_before_it() -> None:
    assert cut(b"\n \n" + LINE + ONE + b"\n" + LINE + TWO) == [ONE, TWO]


@pytest.mark.parametrize(
    "line",
    [b"From luc@customer.example\n", b"From - Tue Mar 02 10:00:00 2021\n", b"From ??? Tue Mar 2 10:00 2021 +0100\n"],
)
def test_other_envelope_lines_begin_a_mail_too(line: bytes) -> None:
    assert cut(line + ONE + b"\n" + line + TWO) == [ONE, TWO]


@pytest.mark.parametrize(
    "body",
    [
        b"\nFrom now on: it works.\n",
        b"\nFrom here\nit: works\n",
        b"\nFrom luc at 10:00 in 2021\nit works\n",
        b"words\nFrom luc@customer.example at 10:00:00 in 2021\nSubject: one\n",
    ],
)
def test_a_sentence_that_begins_with_from_begins_no_mail(body: bytes) -> None:
    assert cut(LINE + ONE + body + b"\n" + LINE + TWO) == [ONE + body, TWO]


def test_some_programs_leave_the_empty_line_out() -> None:
    assert cut(LINE + ONE + LINE + TWO) == [ONE, TWO]


def test_a_patch_in_a_mail_begins_no_mail_but_one_among_patches_does() -> None:
    patch = b"From fc88cba7f1f37b9cf3b296eace2422dd0e173502 Mon Sep 17 00:00:00 2001\n"
    assert cut(LINE + ONE + b"\n" + patch + TWO) == [ONE + b"\n" + patch + TWO]
    assert cut(patch + ONE + b"\n" + patch + TWO) == [ONE, TWO]


def test_what_does_not_begin_as_an_mbox_is_none() -> None:
    assert cut(ONE + b"\n" + LINE + TWO) == []
    assert cut(b"") == []


def test_a_line_that_never_ends_costs_little() -> None:
    assert cut(b"From " + b"10:00 " * 200_000) == []
    assert cut(LINE + ONE + b"\nFrom " + b"1:11 1:11" * 100_000 + b"\nA: b\n")[0].startswith(ONE)


@pytest.mark.parametrize(
    ("filed", "written"),
    [
        (b"a\n>From b\n", b"a\nFrom b\n"),
        (b"a\n>>From b\n", b"a\n>From b\n"),
        (b">From b\n", b"From b\n"),
        (b"a\n> From b\n>a\n >From c\n", b"a\n> From b\n>a\n >From c\n"),
        (b"a>From b\n", b"a>From b\n"),
    ],
)
def test_lines_that_were_escaped_are_as_they_were(filed: bytes, written: bytes) -> None:
    assert restored(filed) == written


@given(st.lists(st.text(alphabet="From >:a@1\n ", max_size=60).map(str.encode), min_size=1, max_size=5))
def test_whatever_people_write_comes_out_of_an_mbox_as_it_went_in(bodies: list[bytes]) -> None:
    mails = [b"Subject: one\n\n" + body + b"\n" for body in bodies]
    escaped = [re.sub(rb"^(>*From )", rb">\1", mail, flags=re.MULTILINE) for mail in mails]
    assert [restored(one) for one in cut(b"".join(LINE + one + b"\n" for one in escaped))] == mails


@given(st.binary(max_size=300))
def test_no_bytes_are_too_odd_for_an_mbox(content: bytes) -> None:
    places = [(part.start, part.end) for part in parts(LINE + content)]
    assert all(start <= end for start, end in places)
    assert places == sorted(places)


def test_a_part_knows_when_it_was_filed_or_does_not() -> None:
    assert list(parts(b"From luc@customer.example\n" + ONE)) == [Part(26, 26 + len(ONE), None)]
    assert moment("Tue, 2 Mar 2021 11:00:00 +0100") == moment("Tue Mar  2 10:00:00 2021") == AT
    assert moment("soon") is None
    assert written_at(None, (), None, NOON) == NOON


# --- files ---


def test_a_file_with_one_mail_is_kept_as_it_stands_and_an_mbox_is_cut(tmp_path: Path) -> None:
    single, box = tmp_path / "one.eml", tmp_path / "box"
    single.write_bytes(LINE + ONE.replace(b"First", b">From the first"))
    box.write_bytes(LINE + ONE.replace(b"First", b">From the first") + b"\n" + LINE + TWO)
    assert [one.content() for one in archive(single).threads()] == [single.read_bytes()]
    assert [one.content() for one in archive(box).threads()] == [ONE.replace(b"First", b"From the first"), TWO]


def test_of_a_maildir_only_mail_is_taken_and_its_folders_are_walked(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (box / folder).mkdir(parents=True)
        (box / folder / "1:2,S").write_bytes(ONE)
    for name in ("dovecot-uidlist", "subscriptions", ".hidden"):
        (box / name).write_text("no mail")
    (tmp_path / "letters" / "more").mkdir(parents=True)
    (tmp_path / "letters" / "more" / "a.eml").write_bytes(ONE)
    found = [str(path.relative_to(tmp_path)) for path in mail_files(tmp_path)]
    taken = [f"Maildir/{folder}/1:2,S" for folder in (".Sent/cur", ".Sent/new", "cur", "new")]
    assert found == sorted([*taken, "letters/more/a.eml"])
    assert mail_files(tmp_path / "nothing") == [tmp_path / "nothing"]


def test_what_is_no_mail_is_named_with_its_reason(tmp_path: Path) -> None:
    picture, empty, long = tmp_path / "a.gif", tmp_path / "empty.eml", tmp_path / "long"
    picture.write_bytes(b"GIF89a\x10\x00")
    empty.write_bytes(b"")
    long.write_bytes(ONE + b"x" * 2000)
    os.mkfifo(tmp_path / "pipe")
    found = Archive(Limits(message=1000), NOON)
    for path in (picture, empty, long, tmp_path / "gone", tmp_path / "pipe"):
        found.add(path)
    assert len(found) == 0
    assert [one.because for one in found.unreadable] == [
        "it does not begin as a mail does",
        "the file is empty",
        "a mail has more than the 1000 octets that are taken",
        "cannot open the file: No such file or directory",
        "this is no plain file",
    ]


def test_an_mbox_without_a_mail_is_no_fault_and_an_empty_file_of_one_mail_is(tmp_path: Path) -> None:
    (tmp_path / "cur").mkdir()
    found = Archive(Limits(), NOON)
    for name in ("Inbox", "old.mbox", "letter.eml", "cur/1:2,S"):
        (tmp_path / name).write_bytes(b"")
        found.add(tmp_path / name)
    assert len(found) == 0
    assert [str(one.path.relative_to(tmp_path)) for one in found.unreadable] == ["letter.eml", "cur/1:2,S"]


def test_what_a_mail_program_keeps_for_itself_is_no_mail(tmp_path: Path) -> None:
    (tmp_path / "mbox").write_bytes(
        b"From MAILER-DAEMON Fri Jul  8 12:08:34 2011\nDate: 08 Jul 2011 12:08:34 -0400\n"
        b"From: Mail System Internal Data <MAILER-DAEMON@imap.example>\n"
        b"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1310141314 0000000008\n\n"
        b"This text is part of the internal format of your mail folder, and is not\na real message.\n\n"
        b"From luc@customer.example Fri Jul  8 12:09:00 2011\nFrom: luc@customer.example\nSubject: Hello\n\nHi\n"
    )
    found = archive(tmp_path / "mbox")
    assert len(found) == 1
    assert found.unreadable == []


def test_conversations_come_one_after_the_other_each_in_the_order_of_time(tmp_path: Path) -> None:
    mails = {
        "c": b"Subject: c\nDate: Thu, 4 Mar 2021 10:00:00 +0000\nMessage-ID: <c@x>\nReferences: <lost@x>\n\n",
        "b": b"Subject: b\nDate: Wed, 3 Mar 2021 10:00:00 +0000\nMessage-ID: <b@x>\n\n",
        "a": b"Subject: a\nDate: Tue, 2 Mar 2021 10:00:00 +0000\nMessage-ID: <a@x>\nIn-Reply-To: <lost@x>\n\n",
        "d": b"Subject: d\nDate: Fri, 5 Mar 2021 10:00:00 +0000\n\n",
        "e": b"Subject: e\nDate: Sat, 6 Mar 2021 10:00:00 +0000\n\n",
    }
    for name, raw in mails.items():
        (tmp_path / name).write_bytes(raw)
    found = archive(*(tmp_path / name for name in "edcba"))
    assert [one.path.name for one in found.threads()] == ["a", "c", "b", "d", "e"]


def test_names_that_meet_are_one_group() -> None:
    kin = Kin()
    first, second, third = kin.join(["a", "b"]), kin.join(["c"]), kin.join(["d", "e"])
    assert kin.group(first) != kin.group(second)
    kin.join(["e", "a"])
    assert kin.group(first) == kin.group(third) != kin.group(second)


# --- on the way ---


def test_a_bundle_comes_out_as_it_went_in_and_half_of_one_is_refused(tmp_path: Path) -> None:
    path = bundle.place(tmp_path, "import-1.a")
    letters = [Letter(ONE, AT), Letter(b"", NOON), Letter(b'{"size": 1}\n', AT)]
    bundle.write(path, letters)
    assert list(bundle.read(path)) == letters
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="not whole"):
        list(bundle.read(path))


@pytest.mark.parametrize("name", ["../new/1", "import-../x", "/etc/passwd", "import-", "other-1"])
def test_a_name_that_leads_elsewhere_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a bundle"):
        bundle.place(tmp_path, name)
