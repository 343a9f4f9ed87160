"""The operator's numbers, as each room of the house takes them."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from maild import courier
from maild.config import Config
from maild.config import Mailbox as MailboxTable
from maild.ingest import parse, smtp_session
from maild.ingest.kind import Ours
from maild.ingest.mailbox import Mailbox
from maild.ingest.proof import Trust
from maild.oauth import Tokens
from maild.readers import Share
from maild.retry import Patience


def ours(config: Config) -> Ours:
    """Which addresses are the desk's."""
    return Ours(config.desk.addresses, config.desk.subaddress)


def trust(config: Config, peer: str, mailbox: str) -> Trust:
    """Whose Authentication-Results count for a mail that came by this peer or from this mailbox."""
    box = next((box for box in config.mailboxes if box.name == mailbox), None)
    return Trust(
        config.trust.relays,
        tuple(config.trust.ids_for(mailbox)),
        peer,
        mailbox,
        forms=frozenset(spec.lower() for spec in config.desk.forms),
        through=frozenset(name.strip("<>").lower() for name in box.through) if box else frozenset(),
        junk=box is not None and is_junk(box.folder),
    )


_JUNK = re.compile(
    r"(?:.*[/.])?(?:junk|spam|bulk)(?:[- ]?e?-?mail)?|(?:.*[/.])?(?:courrier ind[ée]sirable|pourriels?|"
    r"correo (?:no deseado|basura)|spamverdacht|unerw[üu]nscht|нежелательная почта|спам)",
    re.IGNORECASE,
)


def is_junk(folder: str) -> bool:
    """Whether a folder's name says that a filter puts there what it takes for spam."""
    return _JUNK.fullmatch(folder.strip()) is not None


def share(config: Config) -> Share:
    """What the reading of one mail may use."""
    limits = config.limits
    return Share(int(limits.read_cpu.total_seconds()), int(limits.read_time.total_seconds()), limits.read_memory)


def reading_limits(config: Config) -> parse.Limits:
    """How much of one mail is read."""
    limits = config.limits
    return parse.Limits(
        message=limits.message,
        header_block=limits.headers,
        header=limits.header,
        headers=limits.header_count,
        depth=limits.mime_depth,
        parts=limits.mime_parts,
        attachments=limits.attachments,
        recipients=limits.recipients,
        received=limits.received,
        references=limits.references,
    )


def door_limits(config: Config) -> smtp_session.Limits:
    """What a listener takes."""
    limits = config.limits
    return smtp_session.Limits(
        size=config.listen.max_size,
        header_block=limits.headers,
        header=limits.header,
        headers=limits.header_count,
        received=limits.received,
        recipients=limits.rcpt,
        connections=limits.connections,
        per_address=limits.connections_address,
        idle=limits.smtp_idle.total_seconds(),
        whole=limits.smtp_data.total_seconds(),
    )


class CertificateError(Exception):
    """The certificate of the listeners cannot be used; the message names the file, what is wrong, and what to do."""


def tls(config: Config) -> ssl.SSLContext | None:
    """The certificate of the listeners as its files are now, None where none is set; TLS 1.2 at least (RFC 8996)."""
    certificate, key = config.listen.tls_cert, config.listen.tls_key
    if certificate is None or key is None:
        return None
    for word, file in (("tls_cert", certificate), ("tls_key", key)):
        try:
            file.read_bytes()
        except OSError as fault:
            said = fault.strerror or fault
            raise CertificateError(
                f"{file}: listen.{word} cannot be read: {said}; check the path and the rights"
            ) from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        ssl.create_default_context(cafile=str(certificate))
    except ssl.SSLError:
        remedy = "give the certificate and those between it and its root, as PEM"
        raise CertificateError(f"{certificate}: listen.tls_cert holds no certificate; {remedy}") from None
    try:
        # A password would be asked for at the terminal, where a daemon has none.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as fault:
        raise CertificateError(_key_trouble(key, certificate, fault)) from None
    return context


def _key_trouble(key: Path, certificate: Path, fault: ssl.SSLError) -> str:
    if fault.reason == "KEY_VALUES_MISMATCH":
        return f"{key}: listen.tls_key is not the key of {certificate}; give the one that was made with it"
    return f"{key}: listen.tls_key holds no key that can be used; give it as PEM, without a password"


def timeouts(config: Config) -> courier.Timeouts:
    """How long the relay may take."""
    limits = config.limits
    return courier.Timeouts(
        limits.relay_connect.total_seconds(), limits.relay_verb.total_seconds(), limits.relay_dot.total_seconds()
    )


def patience(config: Config) -> Patience:
    """How long a mail is tried, and when its people hear that it is late."""
    limits = config.limits
    return Patience(limits.retry_first, limits.retry_most, limits.retry_for, limits.retry_told)


def mailbox(config: Config, box: MailboxTable) -> Mailbox:
    """A mailbox to fetch from."""
    limits = config.limits
    return Mailbox(
        name=box.name,
        host=box.host,
        port=box.port,
        tls=box.tls,
        user=box.user,
        password=box.password or str,
        token=Tokens(box.grant) if box.grant else None,
        folder=box.folder,
        after=box.after,
        address=box.address,
        connect=limits.imap_connect.total_seconds(),
        read=limits.imap_read.total_seconds(),
        idle=limits.imap_idle.total_seconds(),
        reconnect_first=limits.imap_retry_first.total_seconds(),
        reconnect_most=limits.imap_retry_most.total_seconds(),
        size=config.listen.max_size,
    )
