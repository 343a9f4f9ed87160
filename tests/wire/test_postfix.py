"""A real Postfix in front of a desk by LMTP and behind it as relay, with the lines of docs/install/postfix.md."""

from __future__ import annotations

import os
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import free_port
from tests.wire.postfix_server import POSTFIX, PostfixServer, postfix_server
from tests.wire.running import ANN, PATIENCE, SUPPORT, Sink, Site, configuration, site, until

pytestmark = [
    pytest.mark.skipif(POSTFIX is None, reason="Postfix is not installed (apt-get install postfix)"),
    pytest.mark.skipif(os.getuid() != 0, reason="Postfix starts as root only"),
]
LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
ANN_LEE = f"Ann Lee <{ANN}>"
PAGE = Path(__file__).parents[2] / "docs" / "install" / "postfix.md"


def pasted() -> tuple[str, dict[str, str]]:
    """The lines that the page says to paste: those of main.cf, and the two maps."""
    page = PAGE.read_text("utf-8").replace("example.com", "desk.example").partition("## Postfix")[2]
    main, transport, mailboxes, *_ = re.findall(r"(?s)```\n(.*?)```", page)
    return main, {"transport": transport, "mailboxes": mailboxes}


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[PostfixServer, Site, Sink]]:
    """Postfix, a desk that does not run yet, and the world that the desk's answers go to."""
    lmtp = free_port()
    with Sink() as world, postfix_server(lmtp, world.port, *pasted()) as postfix:
        listen = f'lmtp = "127.0.0.1:{lmtp}"'
        text = configuration(folder, postfix.url, listen=listen).replace('smtp = "127.0.0.1:0"', 'smtp = ""')
        with site(folder, text) as desk:
            yield postfix, desk, world


def send(postfix: PostfixServer, raw: bytes, sender: str, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE) as line:
        assert line.sendmail(sender, list(recipients), raw) == {}


def test_a_conversation_through_postfix_both_ways(tmp_path: Path) -> None:
    with mail_server(tmp_path) as (postfix, desk, world):
        desk.start()
        send(postfix, new_mail(LUC, "Printer", "It is on fire.", to=SUPPORT), LUC_AT, SUPPORT)
        received = world.waits_for(LUC_AT, "received")
        assert "status=sent (250 2.0.0 Kept)" in postfix.log
        brief = world.waits_for(ANN, "assigned")
        send(postfix, gmail(LUC, "Out again.", received), LUC_AT, received["Reply-To"])
        world.waits_for(ANN, "customer-replied")
        reply = gmail(ANN_LEE, "We are glad.", brief).replace(b"Authentication-Results", b"X-None", 1)
        send(postfix, reply, ANN, brief["Reply-To"])
        envelopes = desk.rows("select recipients from inbox order by id desc limit 1")
        assert "support+" in str(envelopes), "the signed address comes along"
        until(lambda: len(desk.rows("select 1 from inbox where state != 'waiting'")) == 3)
        until(desk.drained)
        assert desk.rows("select count(*) from ticket") == [(1,)]
        with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE) as line:
            line.ehlo()
            line.mail(LUC_AT)
            assert line.rcpt("nobody@desk.example")[0] == 550, "who is not there is refused at the door"
        assert desk.faults() == []
        assert desk.stop() == 0


def test_what_postfix_holds_while_the_desk_is_down_comes_later_and_once(tmp_path: Path) -> None:
    many = 40
    with mail_server(tmp_path) as (postfix, desk, world):
        for number in range(many):
            author = f"c{number}@customer{number}.example"
            send(postfix, new_mail(author, f"Question {number}", "?", to=SUPPORT), author, SUPPORT)
        until(lambda: postfix.log.count("status=deferred") >= many)
        desk.start()
        postfix.does("postqueue", "-f")
        until(lambda: desk.rows("select count(*) > 5 from inbox") == [(1,)])
        desk.kill()
        until(lambda: "status=deferred (conn" in postfix.log)
        desk.start()
        until(lambda: desk.rows("select count(*) from ticket") == [(many,)])
        until(desk.drained)
        until(lambda: len({letter.to for letter in world.letters if letter.notice == "received"}) == many)
        assert desk.rows("select count(*) from ticket") == [(many,)]
        assert "status=bounced" not in postfix.log
        assert desk.faults() == []
        assert desk.stop() == 0


def test_where_the_domain_is_postfixs_own_the_line_of_the_page_lets_the_desk_in(tmp_path: Path) -> None:
    main, maps = pasted()
    (line,) = re.findall(r"`(local_recipient_maps = .*)`", PAGE.read_text("utf-8"))
    kept = [one for one in main.splitlines() if not one.startswith("virtual_")]
    lines = "\n".join([*kept, "mydestination = desk.example", line])
    with postfix_server(free_port(), 9, lines, maps) as postfix:
        with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE) as client:
            client.ehlo()
            client.mail(LUC_AT)
            said = [client.rcpt(f"{local}@desk.example")[0] for local in ("support", "support+token", "stranger")]
        assert said == [250, 250, 550]
