"""The listeners of a running desk: LMTP from a mail server, TLS by STARTTLS and from the first word."""

from __future__ import annotations

import hashlib
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import SIGHUP

import pytest

from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import make_certificate
from tests.wire.running import ANN, OPS, PATIENCE, SUPPORT, Sink, Site, configuration, running, site, until

SWAKS = shutil.which("swaks")
LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
LMTP = 'lmtp = "127.0.0.1:0"'


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as relay:
        yield relay


class Lmtp(smtplib.LMTP):
    """The library's client, and what it leaves out: one answer for each recipient (RFC 2033 section 4.2)."""

    def __init__(self, desk: Site) -> None:
        super().__init__("localhost", desk.doors["lmtp"], timeout=PATIENCE)

    def hands_in(self, raw: bytes, *recipients: str, sender: str = LUC_AT) -> dict[str, int]:
        """Give a mail to these; the last answer for each."""
        self.ehlo_or_helo_if_needed()
        assert self.mail(sender, [f"SIZE={len(raw)}"])[0] == 250
        codes = {recipient: self.rcpt(recipient)[0] for recipient in recipients}
        taken = [recipient for recipient, code in codes.items() if code == 250]
        first, *more = [self.data(raw)[0], *(self.getreply()[0] for _ in taken[1:])]
        return {**codes, **dict(zip(taken, (first, *more), strict=True))}


def question(number: int = 1) -> bytes:
    return new_mail(LUC, f"Question {number}", f"What about {number}?", to=SUPPORT, message_id=f"<{number}@c.example>")


# --- LMTP ---


def test_a_mail_by_lmtp_opens_a_ticket_and_each_recipient_has_an_answer(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url, listen=LMTP)) as desk:
        nobody, postmaster = "nobody@desk.example", "postmaster@desk.example"
        with Lmtp(desk) as line:
            answers = line.hands_in(question(), SUPPORT, nobody, postmaster)
            assert answers == {SUPPORT: 250, nobody: 550, postmaster: 250}
            received = sink.waits_for(LUC_AT, "received")
            assert line.hands_in(gmail(LUC, "More.", received), received["Reply-To"]) == {received["Reply-To"]: 250}
        until(lambda: desk.rows("select count(*) from entry where voice = 'public'") == [(2,)])
        until(desk.drained)
        assert desk.rows("select count(*) from inbox") == [(2,)], "one mail for all of its recipients"
        assert desk.rows("select source from inbox")[0][0].startswith("lmtp:")
        assert desk.rows("select count(*) from ticket") == [(1,)]
        assert desk.faults() == []


@pytest.mark.skipif(SWAKS is None, reason="swaks is not installed")
def test_swaks_hands_in_a_mail_by_lmtp(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url, listen=LMTP)) as desk:
        words = ("--protocol", "LMTP", "--server", f"127.0.0.1:{desk.doors['lmtp']}", "--from", LUC_AT, "--to", SUPPORT)
        said = subprocess.run(
            [str(SWAKS), *words, "--header", "Subject: By swaks"], capture_output=True, text=True, check=False
        )
        assert said.returncode == 0, said.stdout
        assert "<-  250 2.0.0 Kept" in said.stdout
        sink.waits_for(ANN, "assigned", "By swaks")


def test_a_mail_that_is_too_big_is_refused_by_lmtp_for_each_recipient(tmp_path: Path, sink: Sink) -> None:
    listen = f'{LMTP}\nmax_size = "64kB"'
    with (
        running(tmp_path, configuration(tmp_path, sink.url, listen=listen)) as desk,
        socket.create_connection(("127.0.0.1", desk.doors["lmtp"]), PATIENCE) as wire,
        wire.makefile("rb") as answers,
    ):
        wire.sendall(b"LHLO c\r\n")
        while (answer := answers.readline())[3:4] != b" " or answer[:3] == b"220":
            pass
        wire.sendall(f"MAIL FROM:<{LUC_AT}> SIZE=70000\r\n".encode())
        assert answers.readline().startswith(b"552 5.3.4 ")
        wire.sendall(f"MAIL FROM:<{LUC_AT}>\r\nRCPT TO:<{SUPPORT}>\r\nRCPT TO:<postmaster>\r\nDATA\r\n".encode())
        assert [answers.readline()[:3] for _ in range(4)] == [b"250", b"250", b"250", b"354"]
        wire.sendall(question() + b"x" * 70_000 + b"\r\n.\r\n")
        assert [answers.readline()[:9] for _ in range(2)] == [b"552 5.3.4"] * 2
        wire.sendall(b"QUIT\r\n")
        assert answers.readline().startswith(b"221")
        assert desk.rows("select count(*) from inbox") == [(0,)]


def test_the_null_sender_of_lmtp_is_known_as_one_and_is_never_answered(tmp_path: Path, sink: Sink) -> None:
    with running(tmp_path, configuration(tmp_path, sink.url, listen=LMTP)) as desk:
        with Lmtp(desk) as line:
            line.ehlo()
            assert line.hands_in(question(), SUPPORT, sender="<>") == {SUPPORT: 250}
        sink.waits_for(ANN, "assigned")
        until(desk.drained)
        assert sink.to(LUC_AT) == []


def test_a_server_that_heard_no_answer_sends_again_and_that_is_a_duplicate(tmp_path: Path, sink: Sink) -> None:
    raw = question()
    with running(tmp_path, configuration(tmp_path, sink.url, listen=LMTP)) as desk:
        with socket.create_connection(("127.0.0.1", desk.doors["lmtp"]), PATIENCE) as wire:
            wire.sendall(f"LHLO c\r\nMAIL FROM:<{LUC_AT}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode() + raw + b".\r\n")
            until(lambda: desk.rows("select count(*) from inbox") == [(1,)])
            desk.kill()
        desk.start()
        with Lmtp(desk) as line:
            assert line.hands_in(raw, SUPPORT) == {SUPPORT: 250}
        until(lambda: desk.rows("select count(*) from inbox where state = 'duplicate'") == [(1,)])
        until(desk.drained)
        assert desk.rows("select count(*) from ticket") == [(1,)]
        assert len(sink.to(LUC_AT, "received")) == 1
        assert desk.faults() == []


# --- TLS ---


def sealed(folder: Path, more: str = "") -> str:
    """What the file says of listeners with a certificate."""
    return f'smtps = "127.0.0.1:0"\ntls_cert = "{folder}/tls.pem"\ntls_key = "{folder}/tls.pem"\n{more}'


def certify(folder: Path) -> ssl.SSLContext:
    """Put a new certificate where the file says, and give a client that trusts nothing else."""
    (folder / "new").mkdir(exist_ok=True)
    shutil.copy(make_certificate(folder / "new"), folder / "tls.pem")
    return ssl.create_default_context(cafile=str(folder / "tls.pem"))


def shown(desk: Site, context: ssl.SSLContext) -> str:
    """The certificate that the sealed door shows to a client with this trust, as its hash."""
    with (
        socket.create_connection(("127.0.0.1", desk.doors["smtps"]), PATIENCE) as wire,
        context.wrap_socket(wire, server_hostname="localhost") as secure,
    ):
        return hashlib.sha256(secure.getpeercert(binary_form=True) or b"").hexdigest()


def test_a_mail_comes_in_by_starttls_and_by_a_sealed_door(tmp_path: Path, sink: Sink) -> None:
    trust = certify(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url, listen=sealed(tmp_path, LMTP))) as desk:
        with smtplib.SMTP("localhost", desk.port, timeout=PATIENCE) as line:
            line.starttls(context=trust)
            line.sendmail(LUC_AT, [SUPPORT], question(1))
        with smtplib.SMTP_SSL("localhost", desk.doors["smtps"], timeout=PATIENCE, context=trust) as line:
            line.ehlo()
            assert not line.has_extn("starttls")
            line.sendmail(LUC_AT, [SUPPORT], question(2) + b"x" * 200_000)
        with Lmtp(desk) as line:
            line.starttls(context=trust)
            line.hands_in(question(3), SUPPORT)
        for number in (1, 2, 3):
            sink.waits_for(LUC_AT, "received", f"Question {number}")
        until(desk.drained)
        assert "Traceback" not in desk.log


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_tls_before_1_2_is_refused(tmp_path: Path, sink: Sink) -> None:
    certify(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url, listen=sealed(tmp_path))) as desk:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert shown(desk, old)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            shown(desk, old)
        assert "Traceback" not in desk.log


def test_a_renewed_certificate_is_shown_after_sighup_and_a_bad_one_is_not(tmp_path: Path, sink: Sink) -> None:
    first = certify(tmp_path)
    with running(tmp_path, configuration(tmp_path, sink.url, listen=sealed(tmp_path))) as desk:
        before = shown(desk, first)
        second = certify(tmp_path)
        assert shown(desk, first) == before, "until it is told"
        desk.signal(SIGHUP)
        until(lambda: "the configuration is applied" in desk.log)
        assert shown(desk, second) != before
        (tmp_path / "tls.pem").write_text("spoilt")
        desk.signal(SIGHUP)
        told = " ".join(sink.waits_for(OPS, "warning").text.split())
        assert f"{tmp_path}/tls.pem: listen.tls_cert holds no certificate" in told
        assert shown(desk, second), "the good one stays"


def test_a_peer_that_says_no_word_of_tls_holds_nobody_up(tmp_path: Path, sink: Sink) -> None:
    trust = certify(tmp_path)
    limits = 'free_disk = "1MB"\nsmtp_idle = "2s"'
    with running(tmp_path, configuration(tmp_path, sink.url, listen=sealed(tmp_path), limits=limits)) as desk:
        place = ("127.0.0.1", desk.doors["smtps"])
        with socket.create_connection(place, PATIENCE) as mute, socket.create_connection(place, PATIENCE) as rude:
            rude.sendall(b"EHLO plain\r\n" * 20)
            with smtplib.SMTP_SSL("localhost", place[1], timeout=PATIENCE, context=trust) as line:
                line.sendmail(LUC_AT, [SUPPORT], question())
            for wire in (rude, mute):
                with suppress(ConnectionError):
                    while wire.recv(1000):
                        pass
        with socket.create_connection(place, PATIENCE) as mute:
            assert desk.stop(20) == 0, "and at the end nobody waits for it"
        assert "Traceback" not in desk.log


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("gone", "tls.pem: listen.tls_cert cannot be read: No such file or directory"),
        ("words", "tls.pem: listen.tls_cert holds no certificate"),
        ("stranger", "key.pem: listen.tls_key is not the key of"),
        ("locked", "key.pem: listen.tls_key holds no key that can be used"),
    ],
)
def test_check_and_run_name_the_file_and_the_key_of_a_bad_certificate(
    tmp_path: Path, sink: Sink, fault: str, words: str
) -> None:
    certify(tmp_path)
    key = tmp_path / "key.pem"
    match fault:
        case "gone":
            (tmp_path / "tls.pem").unlink()
            key.write_text("")
        case "words":
            (tmp_path / "tls.pem").write_text("these are words")
            key.write_text("")
        case "stranger":
            (tmp_path / "other").mkdir()
            shutil.copy(make_certificate(tmp_path / "other"), key)
        case _:
            words_of = ("openssl", "pkey", "-in", str(tmp_path / "tls.pem"), "-aes256", "-passout", "pass:secret")
            subprocess.run([*words_of, "-out", str(key)], check=True, capture_output=True)
    listen = sealed(tmp_path).replace(f'tls_key = "{tmp_path}/tls.pem"', f'tls_key = "{key}"')
    with site(tmp_path, configuration(tmp_path, sink.url, listen=listen)) as desk:
        checked = desk.does("check")
        assert checked.returncode == 78
        assert words in checked.stdout + checked.stderr
        refused = desk.does("run")
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
