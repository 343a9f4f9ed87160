"""Several mailboxes of one desk: a group in front of one, a junk folder beside another."""

from __future__ import annotations

import imaplib
from pathlib import Path

import pytest

from tests.stories.house import ANN
from tests.wire.clients import new_mail
from tests.wire.imap_server import DOVECOT, dovecot_server
from tests.wire.running import SUPPORT, Sink, configuration, running, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
BOX = """
[[mailbox]]
name = "{name}"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password_file = "{folder}/password"
address = "{address}"
authserv_id = ["mx.desk.example"]
{more}
"""


@pytest.mark.skipif(DOVECOT is None, reason="Dovecot is not installed")
def test_two_mailboxes_a_group_and_a_junk_folder_are_served_side_by_side(tmp_path: Path) -> None:
    users = {"support": "secret", "group": "secret"}
    (tmp_path / "password").write_text("secret\n")
    with dovecot_server(users) as imap, Sink() as sink:
        with imaplib.IMAP4("127.0.0.1", imap.port) as client:
            client.login("support", "secret")
            client.create("Junk")

        def box(name: str, user: str, more: str) -> str:
            return BOX.format(name=name, port=imap.port, user=user, folder=tmp_path, address=SUPPORT, more=more)

        tables = (
            box("support", "support", "")
            + box("junk", "support", 'folder = "Junk"\nafter = "keep"')
            + box("group", "group", 'through = ["support.desk.example"]\nafter = "seen"')
        )
        with running(tmp_path, configuration(tmp_path, sink.url, tables=tables)) as desk:
            imap.append("support", new_mail(LUC, "Straight", "Hello.", to=SUPPORT))
            sink.waits_for(LUC_AT, "received")
            spam = new_mail("Win <win@spam.example>", "Win!", "Buy now.", to=SUPPORT)
            imap.append("support", spam.replace(b"Authentication-Results", b"X-Nothing", 1), "Junk")
            group = b"List-ID: <support.desk.example>\r\nX-Original-From: Mia Roth <mia@else.example>\r\n"
            through = new_mail("'Mia Roth' via Support <support@desk.example>", "Group", "Hi.", to=SUPPORT)
            imap.append("group", group + through)
            sink.waits_for("mia@else.example", "received")
            until(lambda: desk.rows("select count(*) from ticket") == [(3,)])
            until(desk.drained)
            sink.waits_for(ANN.email, "assigned", "Win!")
            assert sink.to("win@spam.example") == []
            assert len(imap.folder("support", "Junk")) == 1
            assert imap.seen("group") == [True]
            assert until(lambda: len(imap.folder("support", "Filed")) == 1)
            assert desk.faults() == []
