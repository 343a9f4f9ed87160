"""Mail from files, read by children with the limits of the file, in the order in which it was named."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, assert_never

if TYPE_CHECKING:
    from maild.config import Config
    from maild.ingest.kind import Ours
    from maild.ingest.proof import Trust
    from maild.mail import Mail
    from maild.readers import Outcome, Readers
    from maild.store.inbox import Kept

Name = TypeVar("Name")
_AHEAD = 16
_FEW = 8
_PATIENCE = 3600.0


def mails_in(paths: Sequence[Path], config: Config) -> Iterator[tuple[Path, Mail]]:
    """Each file and the mail in it; one that cannot be opened is told in the mail's `error`."""
    from maild.ingest import reading

    most = config.limits.message
    with _pool(1 if len(paths) < _FEW else 2, config) as pool:
        flying: dict[int, bytes] = {}
        read: dict[int, Mail] = {}
        upcoming = 0
        for place, path in enumerate(paths):
            while place not in read:
                while upcoming < len(paths) and upcoming < place + _AHEAD:
                    content = _content(paths[upcoming], most)
                    if isinstance(content, str):
                        read[upcoming] = reading.scan(b"", ours=ours_of(config), error=content)
                    else:
                        flying[upcoming] = content
                        pool.submit(upcoming, content, sender=None, ours=ours_of(config), trust=trust_of(config))
                    upcoming += 1
                for key, outcome in pool.wait(_PATIENCE) if flying and place not in read else ():
                    read[key] = _mail(outcome, flying.pop(key), config)
            yield path, read.pop(place)


def was_opened(mail: Mail) -> bool:
    """Whether there was a file to read this mail from; an empty one has no fault."""
    return bool(mail.size) or not mail.error


def read_one(raw: bytes, config: Config) -> Mail:
    """The mail in these bytes."""
    with _pool(1, config) as pool:
        pool.submit(0, raw, sender=None, ours=ours_of(config), trust=trust_of(config))
        [(_, outcome)] = pool.wait(_PATIENCE)
        return _mail(outcome, raw, config)


def read_kept(mails: Sequence[tuple[Kept, bytes]], config: Config) -> Iterator[tuple[int, Mail]]:
    """Mails of the store read again, each as it came; in any order, by their numbers in the inbox."""
    from maild import terms
    from maild.process import sender_of

    if not mails:
        return
    raws = {kept.id: raw for kept, raw in mails}
    with _pool(1 if len(mails) < _FEW else 2, config) as pool:
        for kept, raw in mails:
            trust = terms.trust(config, kept.peer, kept.mailbox)
            pool.submit(kept.id, raw, sender=sender_of(kept), ours=ours_of(config), trust=trust)
        while raws:
            for key, outcome in pool.wait(_PATIENCE):
                yield key, _mail(outcome, raws.pop(key), config)


def files_in(names: Sequence[str], within: Callable[[Path], list[Path]] | None = None) -> list[Path]:
    """The files that a person means: files, folders with all that is in them, and `@list.txt` with a path a line.

    `within` says what counts of a folder, where that is not all.
    """
    found: list[Path] = []
    walk = within or _walk
    for name in names:
        if name.startswith("@"):
            written = Path(name[1:]).read_text("utf-8", "surrogateescape").splitlines()
            found += [path for line in written if line.strip() for path in walk(Path(line.strip()))]
        else:
            found += walk(Path(name))
    return found


def ours_of(config: Config) -> Ours:
    from maild import terms

    return terms.ours(config)


def trust_of(config: Config) -> Trust:
    """A file is judged as if our relay had handed it over: it says nothing of how it came."""
    from maild import terms

    return terms.trust(config, next((relay for relay in config.trust.relays if "/" not in relay), ""), "")


def _walk(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(
        Path(folder) / name
        for folder, _, names in os.walk(path)
        for name in names
        if not name.startswith(".") and (Path(folder) / name).is_file()
    )


def _content(path: Path, most: int) -> bytes | str:
    """The bytes of a file, one more than are read at most; or why they cannot be had."""
    try:
        if path.exists() and not path.is_file():
            return "this is no plain file"
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as fault:
        return f"cannot open the file: {getattr(fault, 'strerror', None) or fault}"


def _mail(outcome: Outcome, raw: bytes, config: Config) -> Mail:
    from maild.ingest import reading
    from maild.readers import Read, Unread

    match outcome:
        case Read(mail):
            return mail
        case Unread(reason):
            return reading.scan(raw, ours=ours_of(config), trust=trust_of(config), error=reason)
        case unexpected:
            assert_never(unexpected)


def _pool(children: int, config: Config) -> Readers:
    from maild import terms
    from maild.readers import Readers

    return Readers(children, terms.share(config), terms.reading_limits(config))
