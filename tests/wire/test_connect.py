"""`maild check --connect`: what works, and for each thing that does not, what it is and what to do."""

from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.stories.shell import say
from tests.wire.imap_server import PymapServer, make_certificate, pymap_server
from tests.wire.relay import Drop, Script, ScriptedRelay, Silence, _Talk
from tests.wire.running import SUPPORT, configuration, running, until

PASSWORD = "correct-horse"


class Carrier(ScriptedRelay):
    """A relay that delivers what it takes: it stamps it with its clock, and hands it on to whoever is told."""

    deliver: Callable[[str, bytes], None] | None = None
    fast: timedelta = timedelta()

    def _take(self, talk: _Talk) -> None:
        count = len(self.taken)
        super()._take(talk)
        for taken in self.taken[count:]:
            stamp = format_datetime(datetime.now(UTC) + self.fast)
            for recipient in taken.recipients:
                if self.deliver is not None:
                    self.deliver(recipient, f"Received: by mx.example;\r\n {stamp}\r\n".encode() + taken.content)


@pytest.fixture
def server() -> Iterator[PymapServer]:
    with pymap_server({"desk": PASSWORD}) as one:
        yield one


def mailbox(place: Path, port: int, **more: str) -> str:
    """The table of a mailbox on this machine; `more` takes the place of what is usual."""
    (place / "box.password").write_text(PASSWORD)
    keys = {
        "name": "box",
        "host": "127.0.0.1",
        "port": str(port),
        "tls": "none",
        "user": "desk",
        "password_file": str(place / "box.password"),
        "address": SUPPORT,
    }
    told = "\n".join(f'{key} = "{word}"' for key, word in (keys | more).items())
    return f"[[mailbox]]\n{told}\n".replace(f'"{port}"', str(port))


def check(folder: Path, relay: str, *, wait: float = 20, **more: Any) -> Result:
    """What the command says of a file with this relay."""
    (folder / "maild.toml").write_text(configuration(folder, relay, **more), "utf-8")
    return say("-c", str(folder / "maild.toml"), "check", "--connect", "--wait", str(wait))


def lines(result: Result) -> Mapping[str, str]:
    """Each line by what was tried."""
    return {line[6:].partition(":")[0]: line for line in result.stdout.splitlines() if line.startswith(("ok ", "FAIL"))}


def failed(result: Result, what: str) -> str:
    """What is said of the one thing that does not work."""
    told = lines(result)
    assert [name for name, line in told.items() if line.startswith("FAIL")] == [what], result.output
    assert result.exit_code == 1
    assert "; " in told[what], "it must say what to do"
    return told[what]


# --- all is well ---


def test_everything_works_with_a_relay_a_mailbox_and_no_daemon(
    tmp_path: Path, server: PymapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    (tmp_path / "relay.password").write_text("relay-secret")
    with Carrier(starttls=context, logins={"desk": "relay-secret"}) as relay:
        relay.deliver = lambda _, raw: server.append("desk", raw)
        login = f'tls = "starttls"\nuser = "desk"\npassword_file = "{tmp_path}/relay.password'
        url = f'smtp://localhost:{relay.port}"\n{login}'
        told = check(tmp_path, url, tables=mailbox(tmp_path, server.port))
    assert told.exit_code == 0, told.output
    assert list(lines(told)) == [
        *("relay", "mailbox box", "listen.smtp", "disk", "arrival", "sub-addressing", "clock"),
    ]
    assert "STARTTLS, EHLO, AUTH" in lines(told)["relay"]
    assert "arrived by mailbox box" in lines(told)["sub-addressing"]
    assert told.stdout.endswith("Everything works.\n")
    assert "relay-secret" not in told.output
    assert PASSWORD not in told.output


def test_a_running_daemon_takes_the_probes_in_and_nobody_hears_of_them(tmp_path: Path) -> None:
    with Carrier() as relay, running(tmp_path, configuration(tmp_path, relay.url)) as desk:
        until(lambda: len(relay.taken) == 2)  # the agents' welcome

        def deliver(recipient: str, raw: bytes) -> None:
            with smtplib.SMTP("127.0.0.1", desk.port) as line:
                line.sendmail(SUPPORT, [recipient], raw)

        relay.deliver = deliver
        text = desk.file.read_text("utf-8").replace('smtp = "127.0.0.1:0"', f'smtp = "127.0.0.1:{desk.port}"')
        (tmp_path / "same.toml").write_text(text, "utf-8")
        told = say("-c", str(tmp_path / "same.toml"), "check", "--connect", "--wait", "20")
        assert told.exit_code == 0, told.output
        assert "our daemon listens" in lines(told)["listen.smtp"]
        assert "arrived by listen.smtp" in lines(told)["sub-addressing"]
        until(desk.drained)
        assert desk.rows("select state, ticket from inbox") == [("done", None), ("done", None)]
        assert len(relay.taken) == 4
        assert desk.rows("select count(*) from ticket") == [(0,)]


# --- the relay ---

RELAYS: Mapping[str, tuple[Script, str]] = {
    "it hangs up": ({"GREETING": [Drop()]}, "firewall"),
    "it wants none of us": ({"GREETING": [b"554 go away\r\n"]}, "554 go away; ask whoever runs the relay"),
    "it says nothing": ({"EHLO": [Silence()]}, "no answer within 1 s"),
    "the login is wrong": ({"AUTH": [b"535 5.7.8 no\r\n"] * 2}, "check relay.user and its password"),
    "the login fails for now": ({"AUTH": [b"454 4.7.0 later\r\n"] * 2}, "check relay.user and its password"),
    "it babbles": ({"EHLO": [b"hello there\r\n"]}, "an answer that is none"),
}


@pytest.mark.parametrize("fault", RELAYS)
def test_a_relay_that_does_not_work_is_told_with_what_to_do_and_gets_no_mail(tmp_path: Path, fault: str) -> None:
    script, words = RELAYS[fault]
    (tmp_path / "relay.password").write_text("x")
    with Carrier(script, logins={"desk": "x"}) as relay:
        url = f'{relay.url}"\nuser = "desk"\npassword_file = "{tmp_path}/relay.password'
        told = check(tmp_path, url, limits='free_disk = "1MB"\nrelay_verb = "1s"')
    assert words in failed(told, "relay")
    assert relay.taken == []


def test_a_relay_that_is_not_there_or_has_no_starttls_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert "check host and port" in failed(check(tmp_path, f"smtp://127.0.0.1:{port}"), "relay")
    with Carrier() as relay:
        told = check(tmp_path, f'{relay.url}"\ntls = "starttls')
    assert "smtps:// TLS from the first word" in failed(told, "relay")


def test_a_certificate_of_the_relay_that_does_not_fit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with Carrier(tls=context) as relay:
        told = check(tmp_path, f"smtps://localhost:{relay.port}")
        assert "certificate does not hold" in failed(told, "relay")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        told = check(tmp_path, f"smtps://127.0.0.1:{relay.port}")  # it is for localhost
        assert "write the name that its certificate bears" in failed(told, "relay")


# --- mailboxes, listeners, certificate, disk ---


def test_mailboxes_that_cannot_be_read_are_told_with_what_to_do(tmp_path: Path, server: PymapServer) -> None:
    out = f"maildir:{tmp_path}/sent"
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert "nobody listens" in failed(check(tmp_path, out, tables=mailbox(tmp_path, port)), "mailbox box")
    told = check(tmp_path, out, tables=mailbox(tmp_path, server.port, user="nobody"))
    assert "check user and password" in failed(told, "mailbox box")
    told = check(tmp_path, out, tables=mailbox(tmp_path, server.port, folder="Elsewhere"))
    assert "there is no folder Elsewhere; check folder" in failed(told, "mailbox box")
    with pymap_server({"desk": PASSWORD}, certificate=make_certificate(tmp_path)) as sealed:
        told = check(tmp_path, out, tables=mailbox(tmp_path, sealed.port, host="localhost", tls="implicit"))
    assert "is not trusted" in failed(told, "mailbox box")


def test_a_listener_that_is_taken_or_is_no_address_of_ours_is_told(tmp_path: Path) -> None:
    out = f"maildir:{tmp_path}/sent"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = check(tmp_path, out, listen=f'metrics = "127.0.0.1:{port}"')
    assert "taken by another program; stop the program" in failed(told, "listen.metrics")
    told = check(tmp_path, out, listen='metrics = "192.0.2.1:9"')
    assert "an address that this machine has" in failed(told, "listen.metrics")


def made(folder: Path, days: int) -> tuple[Path, Path]:
    """A certificate that holds for so many days, or has ended so many days ago, and its key."""
    folder.mkdir()
    cert, key, wish = folder / "cert.pem", folder / "key.pem", folder / "wish.pem"
    words = "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=mx.desk.example"
    asked = ["openssl", *words.split(), "-keyout", str(key), "-out", str(wish)]
    signed = ["openssl", *f"x509 -req -in {wish} -key {key} -days {days} -out {cert}".split()]
    for command in (asked, signed):
        subprocess.run(command, check=True, capture_output=True)
    return cert, key


def test_a_certificate_that_ends_soon_or_is_of_no_use_is_told(tmp_path: Path) -> None:
    out = f"maildir:{tmp_path}/sent"

    def told(cert: Path, key: Path) -> Result:
        return check(tmp_path, out, listen=f'tls_cert = "{cert}"\ntls_key = "{key}"')

    good, good_key = made(tmp_path / "good", 90)
    assert "holds for 89 days" in lines(told(good, good_key))["listen.tls_cert"]
    assert "ends in 12 days" in failed(told(*made(tmp_path / "soon", 13)), "listen.tls_cert")
    assert "certificate has expired; renew it" in failed(told(*made(tmp_path / "over", -1)), "listen.tls_cert")


def test_a_disk_without_room_is_told(tmp_path: Path) -> None:
    told = check(tmp_path, f"maildir:{tmp_path}/sent", limits='free_disk = "999999GB"')
    assert "no mail is taken; make room" in failed(told, "disk")


# --- the way of a mail ---


def test_sub_addresses_that_are_lost_or_refused_are_told_apart_from_mail_that_does_not_arrive(
    tmp_path: Path, server: PymapServer
) -> None:
    tables = mailbox(tmp_path, server.port)
    with Carrier() as relay:
        relay.deliver = lambda to, raw: None if "+" in to else server.append("desk", raw)
        told = check(tmp_path, relay.url, tables=tables, wait=2)
        assert "the plain one did; let your mail server deliver them" in failed(told, "sub-addressing")
        told = check(tmp_path, relay.url, tables=tables, wait=2, desk='subaddress = ""')
        assert told.exit_code == 0, told.output
        assert "sub-addressing" not in lines(told)
        relay.deliver = None
        told = check(tmp_path, relay.url, tables=tables, wait=1)
        assert [name for name, line in lines(told).items() if line.startswith("FAIL")] == ["arrival", "sub-addressing"]
        assert "2 things do not work" in told.stderr
    with Carrier({"RCPT": [b"250 ok\r\n", b"550 5.1.1 unknown\r\n"]}) as relay:
        relay.deliver = lambda _, raw: server.append("desk", raw)
        told = check(tmp_path, relay.url, tables=tables)
        assert "the relay refuses" in failed(told, "sub-addressing")


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_differs_from_the_mail_servers_is_told(tmp_path: Path, server: PymapServer, hours: int) -> None:
    with Carrier() as relay:
        relay.deliver, relay.fast = (lambda _, raw: server.append("desk", raw)), timedelta(hours=hours)
        told = check(tmp_path, relay.url, tables=mailbox(tmp_path, server.port))
    words = failed(told, "clock")
    apart = int(words.partition(" s apart")[0].rpartition(" ")[2])
    assert abs(apart - 3600) < 60
