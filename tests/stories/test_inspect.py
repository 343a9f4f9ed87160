"""`maild inspect`: an admin with a strange mail in hand reads a card."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.stories.shell import enter, on_terminal, say

HEAD = b"From: Ann Lee <ann@x.example>\nTo: support@desk.example\nSubject: Pump\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n"
REPLY = HEAD + (
    b"Message-ID: <c@x.example>\nIn-Reply-To: <b@x.example>\nReferences: <a@x.example>\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nYes, please come on Tuesday and mend the pump.\n\n"
    b"On Mon, 2 Mar 2026 at 09:00, Support <support@desk.example> wrote:\n> Shall we?\n> Or not?\n"
    b"--b\nContent-Type: text/csv; name=list.csv\n\n1,2\n--b--\n"
)
BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; x@y.example\n"
    b"Action: failed\nStatus: 5.1.1\n--b--\n"
)
AWAY = (
    HEAD.replace(b"Pump", b"Automatic reply: Pump") + b"Auto-Submitted: auto-replied\n\n"
    b"I am out of the office until 12 March 2026.\n"
)
FORWARD = HEAD.replace(b"Pump", b"Fwd: Oven") + (
    b"\nPlease see.\n\n---------- Forwarded message ---------\nFrom: Marta Oak <marta@mill.example>\n"
    b"Date: Tue, 3 Mar 2026 at 09:15\nSubject: Oven\nTo: Ann <ann@x.example>\n\nThe oven stays cold.\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(tmp_path, monkeypatch)


def card(content: bytes) -> dict[str, str]:
    """The card of a mail: what stands beside each name, and the words under ""."""
    Path("one.eml").write_bytes(content)
    result = say("inspect", "one.eml")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "one.eml"
    told: dict[str, str] = {"": ""}
    name = ""
    for line in lines[1:]:
        if found := re.match(r"  ([A-Z][A-Za-z -]{1,9}) {2,}(.+)", line):
            name = found[1].strip()
            told[name] = found[2]
        elif line.startswith(" " * 14):
            told[name] += "\n" + line[14:]
        elif line.strip():
            told[""] += line[4:] + "\n"
    return told


def test_a_reply_is_told_from_its_author_to_what_was_cut() -> None:
    told = card(REPLY)
    assert list(told) == [
        "", "From", "To", "Subject", "Date", "Kind", "Answered", "Message-ID", "Answers", "Language", "Cut", "Attached",
    ]  # fmt: skip
    assert told["From"] == "Ann Lee <ann@x.example>"
    assert told["Date"] == "Mon 2 Mar 2026, 09:00 UTC"
    assert told["Kind"] == "person: no mark of a machine"
    assert told["Answers"] == "b@x.example\na@x.example"
    assert told["Language"] == "en"
    assert told[""] == "Yes, please come on Tuesday and mend the pump.\n"
    assert told["Cut"].startswith("3 lines, quoted or a signature:\n  On Mon, 2 Mar")
    assert told["Attached"] == "list.csv (text/csv, 3 bytes)"


def test_bounces_absences_and_forwards_are_told_with_what_they_are_about() -> None:
    bounced = card(BOUNCE)
    assert bounced["Kind"].startswith("bounce: ")
    assert bounced["Bounced"] == "x@y.example  permanent 5.1.1"
    assert bounced["Answered"] == "no, never automatically"
    assert card(AWAY)["Away"].endswith("until Thu 12 Mar 2026")
    passed = card(FORWARD)["Passes on"].split("\n")
    assert passed[:2] == ["Oven", "  by Marta Oak <marta@mill.example>"]
    assert passed[-1] == "  1 line"


def test_what_is_not_there_or_not_understood_is_said() -> None:
    told = card(b"From: nobody\nDate: yesterday\n\n")
    assert told["From"] == "not understood: nobody"
    assert told["Date"] == "not understood: yesterday"
    assert told["Subject"] == told["Message-ID"] == "none"
    assert told[""] == "(no text)\n"
    assert card(HEAD + b"X: " + b"y" * 40_000 + b"\n\nhi")["Fault"].startswith("the header X is longer")


def test_what_there_is_much_of_is_cut_with_a_count() -> None:
    many = b", ".join(b"u%02d@x.example" % number for number in range(60))
    references = b" ".join(b"<%02d@x.example>" % number for number in range(20))
    lines = b"".join(b"Line %d of a long story.\n" % number for number in range(100))
    told = card(
        HEAD.replace(b"support@desk.example", many).replace(b"Pump", b"x" * 900)
        + b"References: "
        + references
        + b"\n\n"
        + lines
    )
    assert told["To"].endswith("u05@x.example and 54 more")
    assert told["Subject"].replace("\n", "").endswith("… (900 characters)")
    assert told["Answers"].split("\n")[0] == "19@x.example"
    assert told["Answers"].endswith("and 14 more")
    assert "… 60 more lines" in told[""]


def test_a_file_that_cannot_be_opened_is_one_line_and_the_others_go_on(folder: Path) -> None:
    shut = folder / "shut.eml"
    shut.write_bytes(REPLY)
    (folder / "void.eml").write_bytes(b"")
    result = say("inspect", "nowhere.eml", "void.eml", "mail.eml")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "nowhere.eml: cannot open the file: No such file or directory"
    assert "Invoice 77" in result.stdout
    assert "1 of 3 files could not be opened" in result.output
    if os.geteuid():
        shut.chmod(0)
        assert say("inspect", "shut.eml").exit_code == 1


def test_json_tells_of_a_forward_its_author_and_subject_alone(folder: Path) -> None:
    (folder / "one.eml").write_bytes(FORWARD)
    told = json.loads(say("inspect", "--json", "one.eml").stdout)
    assert told["forwarded"] == {"from": "marta@mill.example", "subject": "Oven"}


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_a_card_fits_and_steers_nothing(folder: Path, width: int) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp.exe"
    head = HEAD.replace(b"Ann Lee", b'"' + evil.encode() + b'"').replace(b"Pump", evil.encode() * 20)
    (folder / "evil.eml").write_bytes(head + b"\n" + (evil * 30 + "日本語" * 99).encode())
    text = on_terminal(width, "inspect", "evil.eml")
    assert "gnp.exe" in text
    assert not re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert max(map(cell_len, text.splitlines())) <= width
