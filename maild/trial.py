"""Whether all that the file names works: each is tried as the daemon would use it, and nobody gets mail of it."""

from __future__ import annotations

import errno
import shutil
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from maild import courier, terms
from maild.config import Config, Door
from maild.ingest.imap_session import try_out

EXPIRES = timedelta(days=14)
"""A certificate that ends sooner is told."""
_LISTENERS = ("smtp", "smtps", "lmtp", "metrics")


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried. `remedy` is what to do where it does not work, "" where it does."""

    what: str
    words: str
    remedy: str = ""


def try_relay(config: Config) -> Tried:
    """Greet the relay, with TLS and the login, and send nothing."""
    relay = config.relay
    if relay.maildir is not None:
        return Tried("relay", f"mail goes into the folder {relay.maildir} and leaves this machine nowhere")
    outcome = relay_of(config).greet()
    place = f"{relay.host}:{relay.port}"
    if isinstance(outcome, courier.Sent):
        return Tried("relay", f"{place} is ready for mail ({outcome.answer})")
    return Tried("relay", f"{place}: {outcome.answer}", _relay_remedy(outcome.answer))


def relay_of(config: Config) -> courier.Relay:
    """The relay as the daemon's couriers use it; not for a Maildir."""
    relay = config.relay
    tls: Any = relay.tls
    return courier.Relay(relay.url, relay.user, relay.password, tls, terms.timeouts(config), name=config.desk.domain)


def _relay_remedy(answer: str) -> str:
    said = answer.lower()
    if "certificate" in said:
        return "write the name that its certificate bears in relay.url; for a CA of your own set SSL_CERT_FILE"
    if "starttls" in said or "wrong version" in said:
        return 'smtp:// means STARTTLS, smtps:// TLS from the first word; tls = "none" is for this machine only'
    if said[:3] in {"454", "530", "534", "535", "538"} or said.startswith("at auth"):
        return "check relay.user and its password; some providers want a password made for programs"
    if said.startswith(("at connecting", "at the greeting")):
        return "check host and port of relay.url, that the relay runs, and that a firewall lets us out"
    return "ask whoever runs the relay what it wants of this machine"


def try_mailboxes(config: Config) -> Iterator[Tried]:
    """Log in to each mailbox, open its folder, and look for the one that mail is moved to."""
    for box in config.mailboxes:
        mailbox = terms.mailbox(config, box)
        name = f"mailbox {box.name}"
        if mailbox is None:
            yield Tried(name, "there is no way to log in", "give it password_file or password_env")
            continue
        wrong, remedy = try_out(mailbox)
        if wrong:
            yield Tried(name, wrong, remedy)
        else:
            moves = f", mail is moved to {mailbox.target}" if mailbox.target else ""
            yield Tried(name, f"{box.host}:{box.port}: {box.user} reads {box.folder}{moves}")


def try_listeners(config: Config, serving: Sequence[str]) -> Iterator[Tried]:
    """Whether each address to listen on is free, or is served by our own daemon, which listens at `serving`."""
    for word in _LISTENERS:
        door: Door | None = getattr(config.listen, word, None)
        if door is None:
            continue
        place = f"{door.host}:{door.port}"
        if any(one.startswith(f"{word}=") and one.endswith(f":{door.port}") for one in serving):
            yield Tried(f"listen.{word}", f"our daemon listens on {place}")
            continue
        fault = _bound(door)
        if fault is None:
            yield Tried(f"listen.{word}", f"{place} is free")
        elif fault.errno == errno.EADDRINUSE:
            remedy = "stop the program that has it (ss -ltnp shows which), or choose another port"
            yield Tried(f"listen.{word}", f"{place} is taken by another program", remedy)
        elif fault.errno == errno.EACCES:
            remedy = "choose one from 1024 on, and let the mail server forward to it"
            yield Tried(f"listen.{word}", f"the port of {place} is for root only", remedy)
        else:
            remedy = "give an address that this machine has, like 127.0.0.1"
            yield Tried(f"listen.{word}", f"{place}: {fault.strerror or fault}", remedy)


def _bound(door: Door) -> OSError | None:
    """Why nobody can listen there now; None where it is free."""
    try:
        family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
        socket.create_server((door.host, door.port), family=family).close()
    except OSError as fault:
        return fault
    return None


def try_certificate(config: Config, now: datetime) -> Tried | None:
    """Whether the certificate of the listeners and its key can be used, and for how long; None where there is none."""
    certificate, key = config.listen.tls_cert, config.listen.tls_key
    if certificate is None or key is None:
        return None
    name = "listen.tls_cert"
    try:
        ends = _ends(certificate, key)
    except ssl.SSLCertVerificationError as fault:
        return Tried(name, f"{certificate}: {fault.verify_message}", "renew it, then send the daemon SIGHUP")
    except (OSError, ValueError) as fault:
        said = getattr(fault, "strerror", None) or getattr(fault, "reason", None) or fault
        return Tried(
            name, f"{certificate}, {key}: {said}", "check the paths, the rights, and that they belong together"
        )
    left = (ends - now).days
    if ends - now < EXPIRES:
        return Tried(name, f"{certificate} ends in {left} days, on {ends.date()}", "renew it, and see why nobody did")
    return Tried(name, f"{certificate} holds for {left} days")


def _ends(certificate: Path, key: Path) -> datetime:
    """When a certificate ends: a handshake in memory, with a client that takes this certificate for its root."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate, key, password="")  # a password would be asked for at the terminal
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    theirs.check_hostname = False
    theirs.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    theirs.load_verify_locations(certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = theirs.wrap_bio(back, there), ours.wrap_bio(there, back, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for one in list(waiting):
            try:
                one.do_handshake()
                waiting.remove(one)
            except ssl.SSLWantReadError:
                continue
    told: Any = client.getpeercert() or {}
    if "notAfter" not in told:
        raise ValueError("it does not say when it ends")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)


def try_disk(config: Config, folder: Path) -> Tried:
    """Whether the disk of the store has the room without which no mail is taken."""
    free, floor = shutil.disk_usage(folder).free, config.limits.free_disk
    words = f"{free // 2**20} MB are free at {folder}"
    if free < floor:
        return Tried("disk", f"{words}, less than limits.free_disk: no mail is taken", "make room")
    return Tried("disk", words)
