"""A real Postfix in a folder of its own: it hands mail for the desk on by LMTP, and sends what the desk says."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.wire.imap_server import free_port
from tests.wire.running import until

_FOLDERS = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
POSTFIX = shutil.which("postfix", path=_FOLDERS)
_SERVICES = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""
# The last lines are those of docs/install/postfix.md; a test holds both together. After less than three seconds a mail
# can be looked at again while its last try still holds it, and then it lies for minutes.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {home}/log
maillog_file_prefixes = {home}
myhostname = mx.desk.example
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{world}
smtp_dns_support_level = disabled
lmtp_dns_support_level = disabled
smtpd_peername_lookup = no
minimal_backoff_time = 3s
maximal_backoff_time = 3s
queue_run_delay = 1s
{pasted}
"""


@dataclass
class PostfixServer:
    """Its port takes mail from this machine; `log` is all that it said."""

    home: Path
    port: int
    daemons: str
    _life: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        starts = self.log.count("daemon started")
        self._life.enter_context(tethered(f"{self.daemons}/master", "-c", str(self.home / "etc"), "-d"))
        until(lambda: self.log.count("daemon started") > starts)

    def stop(self) -> None:
        """As `postfix stop` does: its programs finish what they have in hand."""
        self._life.close()

    def is_set(self, name: str, value: str) -> None:
        """Change a line of main.cf; after a mere reload, what was just being delivered would lie for some minutes."""
        self.stop()
        self.does("postconf", "-e", f"{name}={value}")
        self.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        path = self.home / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def does(self, *words: str) -> str:
        command = shutil.which(words[0], path=_FOLDERS) or words[0]
        done = subprocess.run(
            [command, "-c", str(self.home / "etc"), *words[1:]], capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout


_TETHER = 'setsid "$@" & server=$!; read -r _; kill "$server"; wait "$server"'


@contextmanager
def tethered(*command: str, said: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[None]:
    """Run a server as long as the block, and not longer than we live: it ends where a test run is killed, too."""
    words = ["sh", "-c", _TETHER, "sh", *command]
    # at the end of the block its input is closed, for which the shell waits
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True):
        yield


@contextmanager
def postfix_server(lmtp: int, world: int, pasted: str, maps: dict[str, str]) -> Iterator[PostfixServer]:
    """Run Postfix until the end of the block; `pasted` are lines of main.cf, `maps` files beside it.

    Mail for the desk goes to the port `lmtp`, everybody else's to the port `world`.
    """
    assert POSTFIX is not None
    # It gives up its rights and must still reach its folder, which those of the tests do not allow.
    with tempfile.TemporaryDirectory(prefix="postfix") as folder:
        home = Path(folder)
        home.chmod(0o755)
        port = free_port()
        (home / "etc").mkdir()
        (home / "queue").mkdir()
        (home / "data").mkdir()
        shutil.chown(home / "data", "postfix")
        daemons = subprocess.run(
            [str(shutil.which("postconf", path=_FOLDERS)), "-dh", "daemon_directory"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        main = _MAIN.format(home=home, daemons=daemons, world=world, pasted=pasted)
        (home / "etc" / "main.cf").write_text(main.replace("/etc/postfix", f"{home}/etc").replace("2424", str(lmtp)))
        (home / "etc" / "master.cf").write_text(_SERVICES.format(port=f"127.0.0.1:{port}"))
        for name, text in maps.items():
            (home / "etc" / name).write_text(text.replace("2424", str(lmtp)))
            subprocess.run(
                [str(shutil.which("postmap", path=_FOLDERS)), "-c", str(home / "etc"), f"hash:{home}/etc/{name}"],
                check=True,
                capture_output=True,
            )
        server = PostfixServer(home, port, daemons)
        server.does("postfix", "check")
        server.start()
        try:
            yield server
        finally:
            server.stop()
