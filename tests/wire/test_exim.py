"""A real Exim in front of a desk by LMTP and behind it as relay, with the lines of docs/install/exim.md."""

from __future__ import annotations

import os
import re
import shutil
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.wire.clients import gmail, new_mail
from tests.wire.imap_server import free_port
from tests.wire.postfix_server import tethered
from tests.wire.running import ANN, PATIENCE, SUPPORT, Sink, Site, configuration, site, until

EXIM = shutil.which("exim4", path=os.environ.get("PATH", "") + ":/usr/sbin")
pytestmark = [
    pytest.mark.skipif(EXIM is None, reason="Exim is not installed (apt-get install exim4-daemon-light)"),
    pytest.mark.skipif(os.getuid() != 0, reason="Exim starts as root only"),
]
LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
PAGE = Path(__file__).parents[2] / "docs" / "install" / "exim.md"
_CONFIG = """\
exim_path = {exim}
keep_environment =
primary_hostname = mx.desk.example
spool_directory = {home}/spool
log_file_path = {home}/spool/log/%slog
pid_file_path = {home}/pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
domainlist local_domains = desk.example
tls_advertise_hosts =
rfc1413_hosts =
acl_smtp_rcpt = check
queue_run_max = 2
begin acl
check:
  require verify = recipient
  accept
begin routers
{router}
world:
  driver = manualroute
  domains = ! +local_domains
  route_list = * 127.0.0.1
  self = send
  transport = world
begin transports
{transport}
world:
  driver = smtp
  port = {world}
  allow_localhost
begin retry
* * F,1h,1s
"""


@contextmanager
def exim(lmtp: int, world: int) -> Iterator[tuple[int, Path]]:
    """Run Exim until the end of the block; its port, and its log."""
    pieces = re.findall(r"(?s)```\n(maild.*?)```", PAGE.read_text("utf-8").replace("example.com", "desk.example"))
    router, transport = (piece.replace("2424", str(lmtp)) for piece in pieces)
    # It gives up its rights and must still reach its folder, which those of the tests do not allow.
    with tempfile.TemporaryDirectory(prefix="exim") as folder:
        home, port = Path(folder), free_port()
        home.chmod(0o755)
        file, log = home / "exim.conf", home / "spool" / "log" / "mainlog"
        facts = {"exim": EXIM, "home": home, "port": port, "world": world}
        file.write_text(_CONFIG.format(**facts, router=router, transport=transport))
        told = subprocess.run(
            [str(EXIM), "-C", str(file), "-bP", "exim_user"], capture_output=True, text=True, check=True
        )
        for made in (home / "spool", log.parent):
            made.mkdir(exist_ok=True)
            shutil.chown(made, told.stdout.split()[-1])
        with (home / "said").open("wb") as said, tethered(str(EXIM), "-C", str(file), "-bdf", "-q1s", said=said):
            until(lambda: log.exists() and "daemon started" in log.read_text())
            yield port, log


def send(port: int, raw: bytes, sender: str, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as line:
        assert line.sendmail(sender, list(recipients), raw) == {}


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[int, Path, Site, Sink]]:
    lmtp = free_port()
    with Sink() as world, exim(lmtp, world.port) as (port, log):
        listen = f'lmtp = "127.0.0.1:{lmtp}"'
        text = configuration(folder, f"smtp://127.0.0.1:{port}", listen=listen)
        with site(folder, text.replace('smtp = "127.0.0.1:0"', 'smtp = ""')) as desk:
            yield port, log, desk, world


def test_a_conversation_through_exim_both_ways_and_what_waits_comes_once(tmp_path: Path) -> None:
    with mail_server(tmp_path) as (port, log, desk, world):
        send(port, new_mail(LUC, "Printer", "It is on fire.", to=SUPPORT), LUC_AT, SUPPORT)
        until(lambda: "Connection refused" in log.read_text())
        desk.start()
        received = world.waits_for(LUC_AT, "received")
        assert 'C="250 2.0.0 Kept"' in log.read_text()
        send(port, gmail(LUC, "Out again.", received), LUC_AT, received["Reply-To"], "postmaster@desk.example")
        world.waits_for(ANN, "customer-replied")
        until(desk.drained)
        ((recipients,),) = desk.rows("select recipients from inbox order by id desc limit 1")
        assert received["Reply-To"] in recipients, "the signed address comes along"
        assert "postmaster@desk.example" in recipients, "one mail for both"
        assert desk.rows("select count(*) from ticket") == [(1,)]
        assert desk.rows("select count(*) from inbox") == [(2,)]
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as line:
            line.ehlo()
            line.mail(LUC_AT)
            assert line.rcpt("nobody@desk.example")[0] == 550
        assert desk.faults() == []
        assert desk.stop() == 0
