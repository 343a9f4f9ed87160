"""Real IMAP servers on loopback for our stories: pymap in a thread of this process, Dovecot from a private folder."""

from __future__ import annotations

import asyncio
import imaplib
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, TypeVar

from pymap.backend.dict import Config
from pymap.imap import IMAPServer

from maild.demo_mailbox import Talks, configure

Result = TypeVar("Result")
_HUNDRED = 20_000 + os.getpid() % 120 * 100
_PORTS = cycle(range(_HUNDRED, _HUNDRED + 100))


@dataclass
class Server:
    """A running IMAP server and its users (name to password), with the hands of a person who looks in."""

    host: str
    port: int
    users: Mapping[str, str]

    @contextmanager
    def client(self, user: str, folder: str = "INBOX", *, readonly: bool = False) -> Iterator[imaplib.IMAP4]:
        """Another mail program of this user, with the folder selected."""
        with imaplib.IMAP4(self.host, self.port, timeout=10) as client:
            client.login(user, self.users[user])
            answer, _ = client.select(f'"{folder}"', readonly=readonly)
            if answer != "OK":
                raise FileNotFoundError(folder)
            yield client

    def append(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into a folder, as a delivery would; raises `imaplib.IMAP4.error` where the server refuses it."""
        with imaplib.IMAP4(self.host, self.port, timeout=10) as client:
            client.login(user, self.users[user])
            answer, words = client.append(f'"{folder}"', "", "", raw)
            if answer != "OK":
                raise imaplib.IMAP4.error(words)

    def folder(self, user: str, name: str = "INBOX") -> list[bytes]:
        """The mails of a folder in their order; none where the folder is not there."""
        return [raw for _, raw in self._fetch(user, name, "BODY.PEEK[]")]

    def uids(self, user: str, name: str = "INBOX") -> list[int]:
        """The UIDs of a folder."""
        return [int(found[1]) for line, _ in self._fetch(user, name, "") if (found := re.search(rb"UID (\d+)", line))]

    def seen(self, user: str, name: str = "INBOX") -> list[bool]:
        """Whether each mail of a folder is marked as seen."""
        return [b"\\Seen" in line for line, _ in self._fetch(user, name, "FLAGS")]

    def remove(self, user: str, uid: int, folder: str = "INBOX") -> None:
        """Delete one mail, as a person with another mail program would."""
        with self.client(user, folder) as client:
            client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
            client.expunge()

    def _fetch(self, user: str, folder: str, what: str) -> list[tuple[bytes, bytes]]:
        try:
            with self.client(user, folder, readonly=True) as client:
                _, answers = client.uid("FETCH", "1:*", f"(UID {what})".replace(" )", ")"))
        except FileNotFoundError:
            return []
        return [one if isinstance(one, tuple) else (one, b"") for one in answers if one and one != b")"]


class _Config(Config):
    lacking: frozenset[bytes] = frozenset()

    @property
    def login_capability(self) -> Sequence[bytes]:
        return [word for word in super().login_capability if word not in self.lacking]


@dataclass
class PymapServer(Server):
    """pymap, in memory: it can cut its connections, and renumber a folder."""

    config: _Config
    loop: asyncio.AbstractEventLoop
    talks: Talks

    def cut(self) -> None:
        """Cut every connection, as a restart or a firewall would."""
        self._do(self._cut())

    def renumber(self, user: str) -> None:
        """Give the INBOX a new UIDVALIDITY, as a restored or rebuilt mailbox has."""
        self._do(self._renumber(user))

    def lacks(self, *capabilities: bytes) -> None:
        """Stop offering these capabilities to whoever logs in from now on."""
        self.config.lacking = frozenset(capabilities)

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=10)

    async def _cut(self) -> None:
        self.talks.cut()

    async def _renumber(self, user: str) -> None:
        mailboxes, _ = self.config.set_cache[user]
        inbox = await mailboxes.get_mailbox("INBOX")
        inbox._uid_validity += 1


@contextmanager
def pymap_server(
    users: Mapping[str, str], *, host: str = "127.0.0.1", port: int = 0, certificate: Path | None = None
) -> Iterator[PymapServer]:
    """Run pymap in a thread, on a free port unless one is given; with a certificate (and key) it speaks TLS."""
    started: list[PymapServer | BaseException] = []
    ready, over = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(users, host, port, certificate, started, ready, over)), name="pymap"
    )
    thread.start()
    ready.wait()
    try:
        match started[0]:
            case PymapServer() as server:
                yield server
            case error:
                raise error
    finally:
        over.set()
        thread.join()


async def _serve(
    users: Mapping[str, str],
    host: str,
    port: int,
    certificate: Path | None,
    started: list[PymapServer | BaseException],
    ready: threading.Event,
    over: threading.Event,
) -> None:
    """Serve until `over` is set."""
    pool = ThreadPoolExecutor(1)
    try:
        config, login = await configure(users, pool, _Config)
        talks = Talks(IMAPServer(login, config))
        server = PymapServer(host, port, users, config, asyncio.get_running_loop(), talks)
        listener = await asyncio.start_server(talks.talk, host, port, ssl=_tls(certificate))
        server.port = listener.sockets[0].getsockname()[1]
        started.append(server)
        ready.set()
        await asyncio.to_thread(over.wait)
        listener.close()
        await talks.end()
    except BaseException as error:
        started.append(error)
        raise
    finally:
        ready.set()
        pool.shutdown()


def _tls(certificate: Path | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def make_certificate(folder: Path) -> Path:
    """A certificate for localhost that nobody has signed, with its key, in one file."""
    path = folder / "localhost.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    words += (
        f" -keyout {path} -out {path} -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:TRUE"
    )
    subprocess.run(words.split(), check=True, capture_output=True)
    return path


_FOLDERS = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
DOVECOT, DOVEADM = shutil.which("dovecot", path=_FOLDERS), shutil.which("doveadm", path=_FOLDERS)


@dataclass
class DovecotServer(Server):
    """Dovecot: it can be killed and started again, and its folders renumbered."""

    home: Path
    start: Callable[[], None]
    stop: Callable[[], None]

    def cut(self) -> None:
        """Kill the server, connections and all, and start it again on the same port."""
        self.stop()
        self.start()

    def renumber(self, user: str) -> None:
        """Give the INBOX a new UIDVALIDITY, as a restored or rebuilt mailbox has."""
        self._doveadm("mailbox", "update", "-u", user, "--uid-validity", "777", "INBOX")

    def _doveadm(self, *words: str) -> None:
        subprocess.run([str(DOVEADM), "-c", str(self.home / "dovecot.conf"), *words], check=True, capture_output=True)


@contextmanager
def dovecot_server(
    users: Mapping[str, str], *, certificate: Path | None = None, judge: str = "", lmtp: tuple[int, str] | None = None
) -> Iterator[DovecotServer]:
    """Run Dovecot from a private folder on a free port; with a certificate it offers STARTTLS.

    With the URL of a `judge` of access tokens (RFC 7662) it takes those too, by XOAUTH2. `lmtp` is a port where it
    takes mail for its users at any domain, and more lines of its configuration.
    """
    # Its control sockets need a short path, which the folders of the tests are not.
    with tempfile.TemporaryDirectory(prefix="dovecot") as folder:
        home = Path(folder)
        home.chmod(0o755)
        port = free_port()
        _write_config(home, port, users, certificate)
        if judge:
            _take_tokens(home, judge)
        if lmtp:
            _take_mail(home, *lmtp)
        running: list[subprocess.Popen[str]] = []

        def start() -> None:
            said = ""
            # What a killed server leaves may take a moment to die; until then a new one refuses to start, at once.
            for _ in range(50):
                shutil.rmtree(home / "run", ignore_errors=True)
                command = [str(DOVECOT), "-F", "-c", str(home / "dovecot.conf")]
                process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
                running.append(process)
                assert process.stderr
                first = process.stderr.readline()
                if "starting up" in first:
                    return
                said = first + process.stderr.read()
                stop()
            raise AssertionError(f"Dovecot does not start: {said}")

        def stop() -> None:
            # All its processes at once: asked politely, it waits half a minute for clients that idle.
            with running.pop() as process:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                assert process.stderr
                process.stderr.read()

        start()
        try:
            yield DovecotServer("127.0.0.1", port, users, home, start, stop)
        finally:
            stop()


def _take_tokens(home: Path, judge: str) -> None:
    lines = f"introspection_mode = post\nintrospection_url = {judge}\nusername_attribute = username\n"
    (home / "oauth2.conf").write_text(f"{lines}active_attribute = active\nactive_value = true\n")
    with (home / "dovecot.conf").open("a") as file:
        file.write(
            "auth_mechanisms = plain xoauth2\n"
            f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {home}/oauth2.conf\n}}\n"
        )


def _take_mail(home: Path, port: int, more: str) -> None:
    with (home / "dovecot.conf").open("a") as file:
        file.write(
            f"protocols = imap lmtp\nauth_username_format = %n\n{more}\n"
            f"service lmtp {{\n  inet_listener lmtp {{\n    port = {port}\n  }}\n}}\n"
        )


def free_port() -> int:
    """A port that stays ours while the server is down: none of those that the kernel gives to callers.

    Each run has a hundred of its own, and goes round in them, so that runs side by side don't take each other's.
    """
    for port in islice(_PORTS, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise OSError("no port is free")


def _write_config(home: Path, port: int, users: Mapping[str, str], certificate: Path | None) -> None:
    """Write a configuration that knows only this folder; started as root, it serves mail as an unprivileged user."""
    me = pwd.getpwuid(os.getuid())
    keeper = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
    mail = home / "mail"
    mail.mkdir()
    os.chown(mail, keeper.pw_uid, keeper.pw_gid)
    names = "" if me.pw_uid == 0 else f"default_login_user = {me.pw_name}\ndefault_internal_user = {me.pw_name}\n"
    tls = f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}\n" if certificate else "ssl = no\n"
    (home / "users").write_text("".join(f"{user}:{{PLAIN}}{password}\n" for user, password in users.items()))
    (home / "dovecot.conf").write_text(
        f"""{names}{tls}base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:{mail}/%u
passdb {{
  driver = passwd-file
  args = {home}/users
}}
userdb {{
  driver = static
  args = uid={keeper.pw_uid} gid={keeper.pw_gid} home={mail}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
    )
