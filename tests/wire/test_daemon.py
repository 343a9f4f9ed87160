"""The daemon as an operator knows it: it starts or says why not, stops well, reloads, and outlives its neighbours."""

from __future__ import annotations

import signal
import smtplib
import socket
import stat
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM

import pytest

from maild import control
from maild.daemon import heed_signals
from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import free_port, pymap_server
from tests.wire.relay import Silence
from tests.wire.running import ANN, MAILBOX, OPS, SUPPORT, Sink, Site, configuration, running, site, until

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
ANN_LEE = f"Ann Lee <{ANN}>"
STOPS_WITHIN = 30.0


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


def question(number: int = 1, author: str = LUC) -> bytes:
    return new_mail(author, f"Question {number}", f"What about {number}?", to=SUPPORT)


def ask(desk: Site, number: int = 1) -> None:
    """Luc writes to the desk."""
    desk.post(question(number), LUC_AT, [SUPPORT])


# --- it starts, or says why not ---


def test_a_second_daemon_on_the_same_store_refuses_in_one_line(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        second = desk.does("run")
        assert second.returncode == 1
        assert second.stdout == ""
        assert "another maild works on" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        ask(desk)
        sink.waits_for(LUC_AT, "received")


def test_a_wrong_configuration_ends_it_with_78_and_names_the_line(tmp_path: Path) -> None:
    text = configuration(tmp_path, "maildir:sent").replace('address = "', 'adress = "', 1)
    with site(tmp_path, text) as desk:
        refused = desk.does("run")
        assert refused.returncode == 78
        assert refused.stdout == ""
        assert f"{desk.file}:3:" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_secret_that_is_gone_is_not_made_anew_once_mail_was_signed_with_it(tmp_path: Path, sink: Sink) -> None:
    with site(tmp_path, configuration(tmp_path, sink.url)) as desk:
        desk.start()
        until(lambda: desk.rows("select 1 from outbox"))
        assert desk.stop() == 0
        secret = desk.var / "secret"
        copy = secret.rename(tmp_path / "copy")
        for words, code in (("run", 1), ("check", 78)):
            told = desk.does(words)
            assert told.returncode == code
            assert "secret: there is no such file, and the store holds mail that was signed with it" in told.stderr
            assert "restore it from your copy" in told.stderr
        assert not secret.exists()
        copy.rename(secret)
        desk.start()
        assert desk.does("check").returncode == 0


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        assert stat.S_IMODE((desk.var / "secret").stat().st_mode) == 0o600
        assert desk.stop() == 0
        (desk.var / "secret").chmod(0o644)
        refused = desk.does("run")
        assert refused.returncode == 1
        assert "chmod 600" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


def test_a_door_that_is_taken_is_told_in_one_line(tmp_path: Path, sink: Sink) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = configuration(tmp_path, sink.url).replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"')
        with site(tmp_path, text) as desk:
            refused = desk.does("run")
            assert refused.returncode == 1
            assert [line for line in refused.stderr.splitlines() if line.startswith("maild: ")] != []
            assert "Traceback" not in refused.stderr


# --- it stops well ---


def test_sigterm_under_load_ends_it_well_and_loses_nothing(tmp_path: Path, sink: Sink) -> None:
    acknowledged: list[int] = []
    over = threading.Event()

    def writes(desk: Site, lane: int) -> None:
        number = lane
        while not over.is_set():
            try:
                ask(desk, number)
            except (OSError, smtplib.SMTPException):
                return
            acknowledged.append(number)
            number += 4

    with running(tmp_path, configuration(tmp_path, sink.url)) as desk, ThreadPoolExecutor(4) as people:
        lanes = [people.submit(writes, desk, lane) for lane in range(4)]
        sink.waits_for(LUC_AT, "received")
        until(lambda: len(acknowledged) > 40)
        assert desk.stop(STOPS_WITHIN) == 0
        over.set()
        for lane in lanes:
            lane.result()
        assert "Traceback" not in desk.log
        kept = {subject for (subject,) in desk.rows("select subject from ticket")}
        desk.start()
        until(desk.drained)
        kept |= {subject for (subject,) in desk.rows("select subject from ticket")}
        assert {f"Question {number}" for number in acknowledged} - kept == set()
        assert desk.rows("select max(uncertain) from outbox") == [(0,)]
        assert desk.faults() == []


def test_a_signal_in_the_middle_of_another_keeps_nobody_waiting() -> None:
    stop, reload = threading.Event(), threading.Event()
    before = {number: signal.getsignal(number) for number in (SIGHUP, SIGTERM, SIGINT)}
    try:
        heed_signals(stop, reload)
        # another thread is in the middle of setting both
        with reload._cond, stop._cond:  # type: ignore[attr-defined]  # what Event.set holds
            for number in (SIGHUP, SIGTERM, SIGHUP):
                signal.raise_signal(number)
        assert reload.wait(10)
        assert stop.wait(10)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_storm_of_sighups_is_heeded_and_sigterm_ends_it_still(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        for _ in range(500):
            desk.signal(SIGHUP)
        before = desk.log.count("the configuration is applied")
        desk.signal(SIGHUP)
        until(lambda: desk.log.count("the configuration is applied") > before)
        for _ in range(50):
            desk.signal(SIGTERM)
        assert desk.ended() == 0


def test_sigterm_ends_it_although_the_relay_is_silent(tmp_path: Path) -> None:
    script = {"DOT": [Silence()]}
    with Sink(script) as sink, running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        ask(desk)
        until(lambda: len(sink._script["DOT"]) == 0)
        assert desk.stop(STOPS_WITHIN) == 0
        desk.start()
        sink.waits_for(LUC_AT, "received")
        sink.waits_for(ANN, "assigned")
        until(desk.drained)
        assert desk.rows("select max(uncertain) from outbox") == [(1,)]


def test_customers_who_hang_up_before_the_answer_harm_nobody(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        for number in range(40):
            with socket.create_connection(("127.0.0.1", desk.port)) as line, line.makefile("rb") as answers:
                for words in ("EHLO c", f"MAIL FROM:<{LUC_AT}>", f"RCPT TO:<{SUPPORT}>", "DATA"):
                    while answers.readline()[3:4] == b"-":
                        pass
                    line.sendall(words.encode() + b"\r\n")
                assert answers.readline().startswith(b"354")
                # the connection is torn down, not closed, while the mail is being kept
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                line.sendall(question(number) + b".\r\n")
        desk.post(question(1000, "Mia Roth <mia@elsewhere.example>"), "mia@elsewhere.example", [SUPPORT])
        sink.waits_for("mia@elsewhere.example", "received", "Question 1000")
        until(desk.drained)
        assert "Traceback" not in desk.log
        assert desk.faults() == []


# --- its neighbours fail ---


def test_mail_waits_for_a_relay_that_is_down_and_leaves_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, configuration(tmp_path, f"smtp://127.0.0.1:{port}")) as desk:
        ask(desk)
        until(lambda: "the relay takes no mail" in desk.log)
        # the log speaks before the rows are given back
        until(lambda: set(desk.rows("select state, tries from outbox")) == {("waiting", 0)})
        status = desk.does("status")
        assert status.returncode == 1
        assert "the relay takes no mail" in status.stdout
        with Sink(port=port) as sink:
            ((row,), *_) = desk.rows("select id from outbox where state = 'waiting' order by id")
            assert desk.does("outbox", "retry", str(row)).returncode == 0, "then the relay is tried for all of them"
            sink.waits_for(LUC_AT, "received")
            sink.waits_for(ANN, "assigned")
            until(desk.drained)
        assert desk.faults() == []


def test_a_recipient_that_the_relay_refuses_is_told_to_the_owner_and_on_the_ticket(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        ask(desk)
        brief = sink.waits_for(ANN, "assigned")
        sink.waits_for(LUC_AT, "received")
        until(desk.drained)
        sink._script["RCPT"] = [b"550 5.1.1 no such user\r\n"]
        desk.post(gmail(ANN_LEE, "We look into it.", brief), ANN, [brief["Reply-To"]])
        told = sink.waits_for(ANN, "undeliverable")
        assert "no such user" in told.text
        assert desk.rows("select recipient, state from outbox where notice = 'reply'") == [(LUC_AT, "refused")]
        assert desk.rows("select after from history where event = 'undelivered'") == [(LUC_AT,)]
        assert desk.faults() == []


def test_a_mailbox_whose_server_comes_up_later_is_fetched_then(tmp_path: Path, sink: Sink) -> None:
    port = free_port()
    (tmp_path / "password").write_text("secret\n")
    tables = MAILBOX.format(port=port, folder=tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url, tables=tables)) as desk:
        until(lambda: "mailbox support" in desk.does("status").stdout)
        ask(desk, 1)
        sink.waits_for(LUC_AT, "received", "Question 1")
        with pymap_server({"support": "secret"}, port=port) as server:
            server.append("support", question(2))
            sink.waits_for(LUC_AT, "received", "[#2]")
            until(lambda: server.folder("support", "Filed"))
            assert desk.stop() == 0


def test_a_full_disk_is_answered_452_and_what_was_kept_still_leaves(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        ask(desk, 1)
        sink.waits_for(LUC_AT, "received")
        brief = sink.waits_for(ANN, "assigned")
        assert desk.stop() == 0
        desk.file.write_text(configuration(tmp_path, sink.url, limits='free_disk = "100000000GB"'), "utf-8")
        desk.start()
        with pytest.raises(smtplib.SMTPException) as refused:
            desk.post(gmail(ANN_LEE, "We look into it.", brief), ANN, [brief["Reply-To"]])
        assert "452" in str(refused.value)
        assert desk.rows("select count(*) from inbox") == [(1,)]


def test_mail_that_was_accepted_while_the_daemon_was_down_is_taken_in_at_its_start(tmp_path: Path, sink: Sink) -> None:
    with site(tmp_path, configuration(tmp_path, sink.url)) as desk:
        mails = []
        for number in range(3):
            mails.append(tmp_path / f"{number}.eml")
            mails[-1].write_bytes(question(number))
        accepted = desk.does("accept", "--from", LUC_AT, "--to", SUPPORT, *map(str, mails))
        assert accepted.returncode == 0, accepted.stderr
        desk.start()
        for number in range(3):
            sink.waits_for(LUC_AT, "received", f"[#{number + 1}]")
        until(desk.drained)
        assert list((desk.var / "spool" / "new").iterdir()) == []
        verified = desk.does("verify")
        assert verified.returncode == 0, verified.stdout
        assert desk.stop() == 0


# --- it reloads ---


def test_a_bad_file_keeps_the_old_one_and_the_admins_are_told(tmp_path: Path, sink: Sink) -> None:
    text = configuration(tmp_path, sink.url)
    with running(tmp_path, text) as desk:
        desk.file.write_text(text.replace('name = "Support"', 'nam = "Support"'), "utf-8")
        desk.signal(SIGHUP)
        assert "stays as it was" in sink.waits_for(OPS, "warning").text
        ask(desk)
        assert "Example Support" in sink.waits_for(LUC_AT, "received")["From"]


def test_own_words_with_a_fault_are_told_with_their_line_and_the_old_ones_speak_on(tmp_path: Path, sink: Sink) -> None:
    own = tmp_path / "words"
    (own / "en").mkdir(parents=True)
    (own / "canned").mkdir()
    greeting = own / "en" / "received.j2"
    greeting.write_text("{{ Contact }} has your letter, and {{ contact_short }} writes back.\n", "utf-8")
    text = configuration(tmp_path, sink.url).replace("[desk]\n", f'[desk]\ntemplates = "{own}"\n')
    with running(tmp_path, text) as desk:
        greeting.write_text("{{ Contact }} has it.\n\n{{ contcat }}\n", "utf-8")
        desk.signal(SIGHUP)
        told = " ".join(sink.waits_for(OPS, "warning").text.split())
        assert f"{greeting}:3: no fact has the name 'contcat'; did you mean contact?" in told
        ask(desk)
        assert "has your letter" in sink.waits_for(LUC_AT, "received").text
        greeting.unlink()
        answer = own / "canned" / "refund.en.txt"
        answer.write_text("Hello\n{{ requestor }}\n", "utf-8")
        desk.signal(SIGHUP)
        until(lambda: f"{answer}:2:1: no fact has the name 'requestor'" in desk.log)
        assert "the configuration is applied" not in desk.log
        answer.write_text("Hello {{ requester }},\n\nit comes.\n", "utf-8")
        desk.signal(SIGHUP)
        until(lambda: "the configuration is applied" in desk.log)
        desk.post(
            gmail(ANN_LEE, "#template refund", sink.waits_for(ANN, "assigned")),
            ANN,
            [sink.waits_for(ANN, "assigned")["Reply-To"]],
        )
        assert "Hello Luc" in sink.waits_for(LUC_AT, "reply").text


def test_a_canned_answer_that_a_rule_names_and_that_vanishes_is_told_and_the_old_one_speaks_on(
    tmp_path: Path, sink: Sink
) -> None:
    answer = tmp_path / "words" / "canned" / "hours.en.txt"
    answer.parent.mkdir(parents=True)
    answer.write_text("We are open from 9 to 5, {{ requester }}.", "utf-8")
    text = configuration(tmp_path, sink.url).replace("[desk]\n", f'[desk]\ntemplates = "{tmp_path / "words"}"\n')
    text += '\n[[rule]]\nname = "hours"\nthen = { reply = "hours" }\n'
    with running(tmp_path, text) as desk:
        answer.unlink()
        desk.signal(SIGHUP)
        told = " ".join(sink.waits_for(OPS, "warning").text.split())
        assert "The configuration stays as it was." in told
        assert 'rule 1, then.reply: "hours" is one word, and no canned answer has this name' in told
        ask(desk)
        assert "We are open from 9 to 5" in sink.waits_for(LUC_AT, "received").text
    out = "such canned answers are left out, and so are the answers of rules that name them"
    with running(tmp_path, text):
        until(lambda: any(out in " ".join(letter.text.split()) for letter in sink.to(OPS, "warning")))


def test_a_changed_file_is_applied_once_it_is_still(tmp_path: Path, sink: Sink) -> None:
    text = configuration(tmp_path, sink.url)
    with running(tmp_path, text) as desk:
        desk.file.write_text(text.replace("Example Support", "The Workshop"), "utf-8")
        until(lambda: "the configuration is applied" in desk.log)
        ask(desk)
        assert "The Workshop" in sink.waits_for(LUC_AT, "received")["From"]


def test_a_file_without_an_agent_is_applied_only_when_asked(tmp_path: Path, sink: Sink) -> None:
    text = configuration(tmp_path, sink.url)
    without = text.replace('[[agent]]\nid = "ben"\nname = "Ben Ode"\nemail = "ben@agents.example"\n', "")
    assert without != text
    with running(tmp_path, text) as desk:
        desk.file.write_text(without, "utf-8")
        until(lambda: "agent ben vanished" in desk.log)
        assert "the configuration is applied" not in desk.log
        desk.signal(SIGHUP)
        until(lambda: "the configuration is applied" in desk.log)


def test_a_secret_that_was_spoilt_does_not_stop_a_running_desk(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url)) as desk:
        ask(desk, 1)
        brief = sink.waits_for(ANN, "assigned")
        (desk.var / "secret").chmod(0o644)
        desk.signal(SIGHUP)
        until(lambda: "chmod 600" in desk.log)
        assert "Traceback" not in desk.log
        desk.post(gmail(ANN_LEE, "We look into it.", brief), ANN, [brief["Reply-To"]])
        sink.waits_for(LUC_AT, "reply")
        answer = control.ask(desk.var, {"do": "status"})
        assert answer is not None
        assert answer["ok"], answer
