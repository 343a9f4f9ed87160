"""The first conversations once more, through the running daemon: by SMTP, by LMTP, through the pipe, and by IMAP."""

from __future__ import annotations

import re
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from signal import SIGHUP

import pytest

from tests.stories.house import Letter
from tests.wire.clients import Client, gmail, mutt, new_mail, outlook, thunderbird
from tests.wire.imap_server import Server, pymap_server
from tests.wire.running import ANN, BEN, MAILBOX, PATIENCE, SUPPORT, Sink, Site, configuration, running, until

ANN_LEE, BEN_ODE = f"Ann Lee <{ANN}>", f"Ben Ode <{BEN}>"
TO_CUSTOMERS = {"received", "reply", "owner-changed", "solved", "reopened", "follow-up"}
PROVING = 'authserv_id = ["mx.desk.example"]\n'
"""Whose verdicts on senders count. Through the pipe no mail is proven: there an agent is known by the address alone."""


@dataclass(frozen=True)
class Street:
    """A desk that serves, the people around it, and the only door that their mail takes."""

    door: str
    desk: Site
    sink: Sink
    carry: Callable[[bytes, str, str], None]
    """Hands a mail in, from an envelope sender to a recipient."""

    @property
    def proves(self) -> bool:
        """Whether mail that takes this door proves whose it is."""
        return self.door != "pipe"

    def hands_in(self, raw: bytes, recipient: str = SUPPORT) -> str:
        """A mail of its author's takes the door; the Message-ID under which it is found."""
        message = message_from_bytes(raw, policy=policy.default)
        self.carry(raw, parseaddr(message["From"])[1], recipient)
        return str(message["Message-ID"]).strip("<>")

    def asks(self, author: str, subject: str, text: str) -> Letter:
        """A customer writes for the first time, and is acknowledged."""
        self.hands_in(new_mail(author, subject, text, to=SUPPORT))
        received = self.sink.waits_for(parseaddr(author)[1], "received")
        assert (subject in received["Subject"]) == self.proves, "who proves nothing is shown nothing of the mail"
        return received

    def answers(self, client: Client, author: str, text: str, letter: Letter) -> str:
        """Somebody answers a mail of the desk from their own program."""
        return self.hands_in(client(author, text, letter), letter["Reply-To"])

    def became(self, message_id: str) -> list[tuple[str, int | None]]:
        """What has become of the mails of this name, as soon as all are decided."""

        def decided() -> list[tuple[str, int | None]]:
            found = self.desk.rows("select state, ticket from inbox where message_id = ? order by id", message_id)
            return [] if "waiting" in {state for state, _ in found} else found

        return until(decided)

    def status(self, number: int) -> str:
        ((status,),) = self.desk.rows("select status from ticket where number = ?", number)
        return str(status)

    def told(self, address: str) -> list[str]:
        """What somebody was told, in order, once nothing is left to say."""
        until(self.desk.drained)
        return [letter.notice for letter in self.sink.to(address)]


@pytest.fixture(scope="module", params=["smtp", "lmtp", "pipe", "imap"])
def street(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases_of_module: None
) -> Iterator[Street]:
    """One desk for all conversations of a door; at the end all is said, and nothing is amiss or came otherwise."""
    door, folder = str(request.param), tmp_path_factory.mktemp("desk")
    with Sink() as sink, way_in(door, folder) as (listen, tables, carry):
        text = configuration(folder, sink.url, listen=listen, tables=tables)
        with running(folder, text if door != "pipe" else text.replace(PROVING, "")) as desk:
            yield Street(door, desk, sink, lambda raw, sender, recipient: carry(desk, raw, sender, recipient))
            until(desk.drained)
            sources = {source.split(":")[0] for (source,) in desk.rows("select source from inbox")}
            assert sources == {door}
            assert desk.faults() == []
        assert "Traceback" not in desk.log


Carry = Callable[[Site, bytes, str, str], None]


@contextmanager
def way_in(door: str, folder: Path) -> Iterator[tuple[str, str, Carry]]:
    """A door: what the operator's file says of it under [listen] and in tables, and how mail is carried there."""
    if door == "imap":
        (folder / "password").write_text("secret\n")
        with pymap_server({"support": "secret"}) as server:
            yield "", MAILBOX.format(port=server.port, folder=folder), appending(server)
            assert server.folder("support") == [], "what is kept is moved"
    else:
        yield 'lmtp = "127.0.0.1:0"', "", {"smtp": by_smtp, "lmtp": by_lmtp, "pipe": through_the_pipe}[door]


def by_smtp(desk: Site, raw: bytes, sender: str, recipient: str) -> None:
    desk.post(raw, sender, [recipient])


def by_lmtp(desk: Site, raw: bytes, sender: str, recipient: str) -> None:
    with smtplib.LMTP("127.0.0.1", desk.doors["lmtp"], timeout=PATIENCE) as line:
        assert line.sendmail(sender, [recipient], raw) == {}


def through_the_pipe(desk: Site, raw: bytes, sender: str, recipient: str) -> None:
    words = desk.command("accept", "--from", sender, "--to", recipient)
    done = subprocess.run(words, input=raw, capture_output=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def appending(server: Server) -> Carry:
    """Mail lies in the mailbox as its server put it there: below its verdict stands how it came."""
    came = b"\\1Received: from mail by mx.desk.example; Sat, 21 Nov 2026 09:10:00 +0000\\r\\n"
    top = re.compile(rb"\A(Authentication-Results:.*?\r\n)(?=\S)", re.DOTALL)
    return lambda desk, raw, sender, recipient: server.append("support", top.sub(came, raw))


def number_of(letter: Letter) -> int:
    """The ticket that a mail of the desk is about."""
    return int(letter["Subject"].partition("[#")[2].partition("]")[0])


# --- the first story ---


def test_a_conversation_from_the_question_over_another_agent_to_the_solution_and_back(street: Street) -> None:
    sink, luc, luc_at = street.sink, "Luc Petit <luc@conversing.example>", "luc@conversing.example"
    received = street.asks(luc, "Invoice 77 wrong", "It shows two licences, but we ordered one.")
    number = number_of(received)
    brief = sink.waits_for(ANN, "assigned", "Invoice 77 wrong")
    assert "two licences" in brief.text
    street.answers(outlook, ANN_LEE, "We look into it, and write tomorrow.\n\nAnn", brief)
    reply = sink.waits_for(luc_at, "reply")
    assert "We look into it" in reply.text
    street.answers(thunderbird, luc, "Here is the contract: one licence.", reply)
    replied = sink.waits_for(ANN, "customer-replied", "Invoice 77 wrong")
    assert "Here is the contract" in replied.text
    street.became(street.answers(gmail, ANN_LEE, "#note\nHe is a friend of the boss.", replied))
    street.answers(mutt, ANN_LEE, "#assign ben because Ben knows the contracts", replied)
    taken = sink.waits_for(BEN, "assigned", "Invoice 77 wrong")
    assert "He is a friend of the boss." in taken.text
    moved = sink.waits_for(luc_at, "owner-changed")
    assert (moved["X-Maild-Owner"], moved["X-Maild-Previous-Owner"]) == ("Ben Ode", "Ann Lee")
    assert "Ben knows the contracts" in moved.text
    street.answers(gmail, BEN_ODE, "#solved\nIt is corrected; thank you for the contract.", taken)
    solved = sink.waits_for(luc_at, "solved")
    assert "It is corrected" in solved.text
    street.answers(outlook, luc, "Sorry, it still shows two licences.", solved)
    sink.waits_for(luc_at, "reopened")
    again = sink.waits_for(BEN, "customer-replied", "Invoice 77 wrong")
    assert "still shows two" in again.text
    assert street.told(luc_at) == ["received", "reply", "owner-changed", "solved", "reopened"]
    assert not [one for one in sink.to(luc_at) if "friend of the boss" in one.outgoing.content.decode("utf-8")]
    assert street.desk.rows("select status, owner from ticket where number = ?", number) == [("open", "ben")]
    voices = street.desk.rows("select voice from entry where ticket = ? order by seq", number)
    assert [voice for (voice,) in voices] == ["public", "public", "public", "note", "public", "public"]


def test_a_reply_to_a_closed_ticket_opens_a_follow_up_with_owner_and_brief(street: Street) -> None:
    desk, sink = street.desk, street.sink
    mia, mia_at = "Mia Roth <mia@following.example>", "mia@following.example"
    received = street.asks(mia, "Printer on fire", "It is the one on the third floor.")
    closes_after(desk, "1s")
    brief = sink.waits_for(ANN, "assigned", "Printer on fire")
    street.answers(gmail, ANN_LEE, "#solved\nThe firemen were there.", brief)
    solved = sink.waits_for(mia_at, "solved")
    until(lambda: street.status(number_of(received)) == "closed")
    closes_after(desk, "30d")
    street.answers(mutt, mia, "It burns again.", solved)
    follow_up = sink.waits_for(mia_at, "follow-up")
    fresh = number_of(follow_up)
    assert fresh != number_of(received)
    briefed = sink.waits_for(ANN, "assigned", f"[#{fresh}]")
    assert "It burns again." in briefed.text
    assert "The firemen were there." in briefed.text
    assert street.told(mia_at) == ["received", "solved", "follow-up"]
    tickets = desk.rows("select status, owner from ticket where number in (?, ?) order by number", fresh - 1, fresh)
    assert ("open", "ann") in tickets
    assert street.status(number_of(received)) == "closed"


def closes_after(desk: Site, span: str) -> None:
    """The operator changes how long a solved ticket waits, and has the file read."""
    lines = desk.file.read_text("utf-8").partition("\n[tickets]")[0]
    desk.file.write_text(f'{lines}\n[tickets]\nclose_after = "{span}"\n', "utf-8")
    before = desk.log.count("the configuration is applied")
    desk.signal(SIGHUP)
    until(lambda: desk.log.count("the configuration is applied") > before)


# --- what is no conversation ---


def test_the_same_mail_twice_is_one_ticket_and_one_answer(street: Street) -> None:
    raw = new_mail("Noa Lind <noa@twice.example>", "Sent twice", "By a server that was unsure.", to=SUPPORT)
    name = street.hands_in(raw)
    received = street.sink.waits_for("noa@twice.example", "received")
    street.hands_in(raw)
    until(lambda: len(street.became(name)) == 2)
    assert street.became(name) == [("ticket", number_of(received)), ("duplicate", number_of(received))]
    assert street.told("noa@twice.example") == ["received"]
    assert len([one for one in street.sink.to(ANN, "assigned") if "Sent twice" in one["Subject"]]) == 1


def test_an_automatic_answer_is_kept_on_its_ticket_and_nobody_answers_it(street: Street) -> None:
    author, spec = "Ole Dahl <ole@away.example>", "ole@away.example"
    received = street.asks(author, "Before I leave", "Is it there?")
    away = message_from_bytes(gmail(author, "I am away until Monday.", received), policy=policy.default)
    away["Auto-Submitted"] = "auto-replied"
    name = street.hands_in(away.as_bytes(policy=policy.SMTP), received["Reply-To"])
    assert street.became(name) == [("ticket", number_of(received))]
    alarm = message_from_bytes(new_mail("Alarm <alarm@away.example>", "Disk full", "98 %", to=SUPPORT))
    alarm["Auto-Submitted"] = "auto-generated"
    ((state, opened),) = street.became(street.hands_in(alarm.as_bytes(policy=policy.SMTP)))
    assert (state, opened != number_of(received)) == ("ticket", True)
    assert street.told(spec) == ["received"]
    assert street.told("alarm@away.example") == []


def test_a_stranger_with_the_address_of_a_ticket_sees_nothing_of_it_and_its_owner_is_told(street: Street) -> None:
    received = street.asks("Ida Berg <ida@passed-on.example>", "My salary", "It is 4711 a month.")
    name = street.answers(gmail, "Eve Dole <eve@stranger.example>", "Ida forwarded me this.", received)
    ((state, number),) = street.became(name)
    assert (state, number != number_of(received)) == ("ticket", True)
    knock = street.sink.waits_for(ANN, "linked")
    assert "#accept" in knock.text
    told = street.sink.waits_for("eve@stranger.example", "received")
    assert "4711" not in told.text + told.html
    assert "Ida" not in told.text + told.html
    assert street.told("ida@passed-on.example") == ["received"]
    entries = street.desk.rows("select count(*) from entry where ticket = ?", number_of(received))
    assert entries == [(1,)]


# --- what mail carries ---

PICTURE = bytes(range(256)) * 64
LINES = b".\r\n..\r\nFrom here on\r\n.hidden\r\n\r\n.\r\n"


def with_files(raw: bytes) -> bytes:
    """The same mail with two files: every octet that there is, and lines that begin with dots."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    message.add_attachment(PICTURE, maintype="image", subtype="x-raw", filename="picture.raw")
    message.add_attachment(LINES, maintype="application", subtype="x-lines", filename="lines", cte="7bit")
    return message.as_bytes(policy=policy.SMTP)


def files_of(letter: Letter) -> dict[str | None, object]:
    return {part.get_filename(): part.get_payload(decode=True) for part in letter.message.iter_attachments()}


def test_files_reach_the_agent_and_the_customer_octet_by_octet(street: Street) -> None:
    author, spec = "Kim Park <kim@files.example>", "kim@files.example"
    street.hands_in(with_files(new_mail(author, "Two files", "Here they are.", to=SUPPORT)))
    brief = street.sink.waits_for(ANN, "assigned", "Two files")
    assert files_of(brief) == {"picture.raw": PICTURE, "lines": LINES}
    street.hands_in(with_files(gmail(ANN_LEE, "Here they are again.", brief)), brief["Reply-To"])
    reply = street.sink.waits_for(spec, "reply")
    assert files_of(reply) == {"picture.raw": PICTURE, "lines": LINES}
    assert street.told(spec) == ["received", "reply"]
