"""A whole conversation over real parts: the daemon, an IMAP server, a relay, and mail as five clients write it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.house import Letter
from tests.wire.clients import CLIENTS, Client, gmail, mutt, new_mail, thunderbird
from tests.wire.imap_server import DOVECOT, DovecotServer, PymapServer, dovecot_server, pymap_server
from tests.wire.running import ANN, BEN, SUPPORT, Sink, Site, configuration, running, until

LUC, MIA = "Luc Petit <luc@customer.example>", "Mia Roth <mia@elsewhere.example>"
LUC_AT, MIA_AT = "luc@customer.example", "mia@elsewhere.example"
ANN_LEE, BEN_ODE = f"Ann Lee <{ANN}>", f"Ben Ode <{BEN}>"
needs_dovecot = pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
ImapServer = PymapServer | DovecotServer


@pytest.fixture(params=["pymap", pytest.param("dovecot", marks=needs_dovecot)])
def imap(request: pytest.FixtureRequest) -> Iterator[ImapServer]:
    with (pymap_server if request.param == "pymap" else dovecot_server)({"support": "secret"}) as server:
        yield server


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


def mailbox(server: ImapServer, folder: Path) -> str:
    """The operator's lines for a mailbox on this server."""
    (folder / "password").write_text("secret\n")
    return f"""
[[mailbox]]
name = "support"
host = "{server.host}"
port = {server.port}
tls = "none"
user = "support"
password_file = "{folder}/password"
after = "move:Filed"
address = "{SUPPORT}"
"""


def answer(desk: Site, client: Client, author: str, text: str, answers: Letter) -> None:
    """Somebody answers a mail of the desk from their own program, by SMTP."""
    spec = author.partition("<")[2].rstrip(">")
    desk.post(client(author, text, answers), spec, [answers["Reply-To"]])


def test_two_customers_and_two_agents_hold_a_conversation(tmp_path: Path, imap: ImapServer, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url, tables=mailbox(imap, tmp_path))) as desk:
        desk.post(
            new_mail(LUC, "Invoice 77 wrong", "It shows two licences, but we ordered one.", to=SUPPORT),
            LUC_AT,
            [SUPPORT],
        )
        assert sink.waits_for(LUC_AT, "received")["Subject"] == "[#1] Invoice 77 wrong"
        brief = sink.waits_for(ANN, "assigned")

        appended = new_mail(MIA, "Printer on fire", "It is the one on the third floor.", to=SUPPORT)
        imap.append("support", appended)
        assert "[#2]" in sink.waits_for(MIA_AT, "received")["Subject"]
        until(lambda: imap.folder("support", "Filed"))
        assert imap.folder("support") == []
        assert [raw.replace(b"\r\n", b"\n") for raw in imap.folder("support", "Filed")] == [
            appended.replace(b"\r\n", b"\n")
        ]
        assert desk.rows("select state, ticket from inbox where source like 'imap:support:%'") == [("ticket", 2)]

        answer(desk, gmail, ANN_LEE, "We look into it, and write tomorrow.\n\nAnn", brief)
        reply = sink.waits_for(LUC_AT, "reply")
        assert "We look into it" in reply.text
        answer(desk, thunderbird, LUC, "Here is the contract: one licence.", reply)
        replied = sink.waits_for(ANN, "customer-replied")
        assert "Here is the contract" in replied.text

        answer(desk, mutt, ANN_LEE, "#assign ben because Ben knows the contracts", replied)
        taken = sink.waits_for(BEN, "assigned")
        moved = sink.waits_for(LUC_AT, "owner-changed")
        assert (moved["X-Maild-Owner"], moved["X-Maild-Previous-Owner"]) == ("Ben Ode", "Ann Lee")
        assert "Ben knows the contracts" in moved.text

        answer(desk, gmail, BEN_ODE, "#solved\nIt is corrected; thank you for the contract.", taken)
        solved = sink.waits_for(LUC_AT, "solved")
        assert "It is corrected" in solved.text
        answer(desk, gmail, LUC, "Thanks!", solved)
        until(lambda: desk.rows("select 1 from entry where ticket = 1 and text like 'Thanks!%'"))
        until(desk.drained)
        assert desk.rows("select status, owner from ticket order by number") == [("solved", "ben"), ("open", "ann")]
        assert desk.faults() == []
    told = sorted((letter.to, letter.notice) for letter in sink.letters if letter.to in {LUC_AT, MIA_AT})
    assert told == [
        (LUC_AT, "owner-changed"),
        (LUC_AT, "received"),
        (LUC_AT, "reply"),
        (LUC_AT, "solved"),
        (MIA_AT, "received"),
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_an_agent_and_a_customer_are_understood_whatever_they_write_with(
    tmp_path: Path, sink: Sink, client: Client
) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        first = new_mail(LUC, "Invoice 77 wrong", "It shows two licences, but we ordered one.", to=SUPPORT)
        desk.post(first, LUC_AT, [SUPPORT])
        brief = sink.waits_for(ANN, "assigned")
        answer(desk, client, ANN_LEE, "#pending\nWhich contract is it?\n\nAnn", brief)
        reply = sink.waits_for(LUC_AT, "waiting")
        assert "Which contract is it?" in reply.text
        assert "#pending" not in reply.text
        answer(desk, client, LUC, "It is contract 12.\n\nLuc", reply)
        replied = sink.waits_for(ANN, "customer-replied")
        assert "It is contract 12." in replied.text
        until(desk.drained)
        entries = desk.rows("select voice, text from entry where ticket = 1 order by seq")
        assert [voice for voice, _ in entries] == ["public"] * 3
        assert [text.strip() for _, text in entries][1:] == [
            "Which contract is it?\n\nAnn",
            "It is contract 12.\n\nLuc",
        ]
        assert desk.rows("select status from ticket") == [("open",)]
        assert desk.faults() == []


def test_mail_stays_in_its_mailbox_until_it_is_kept(tmp_path: Path, sink: Sink) -> None:
    with pymap_server({"support": "secret"}) as server:
        for number in range(30):
            server.append("support", new_mail(LUC, f"Question {number}", f"What is {number}?", to=SUPPORT))
        with running(tmp_path, configuration(tmp_path, sink.url, tables=mailbox(server, tmp_path))) as desk:

            def all_filed() -> bool:
                # What moves between the two looks is seen in both folders, and must not be seen in none.
                left, filed = len(server.folder("support")), len(server.folder("support", "Filed"))
                assert filed + left >= 30
                assert len(desk.rows("select 1 from inbox")) >= filed
                return not left

            until(all_filed)
            until(desk.drained)
            assert len(desk.rows("select 1 from inbox where state = 'ticket'")) == 30
            assert desk.faults() == []
