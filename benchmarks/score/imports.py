"""What `maild import` makes of the corpus: the real command, on a store of its own that is thrown away."""

from __future__ import annotations

import contextlib
import hashlib
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from benchmarks.score.bars import Miss, Outcome, right_of, wrong_of
from benchmarks.score.corpus import Corpus
from maild import config
from maild.cli import main
from maild.furnishing import open_historian, open_office
from maild.history import TOGETHER, Ended
from maild.ingest.bundle import Letter
from maild.store import inbox
from maild.store.engine import Store, Tx
from maild.store.tickets import get

SEEDS = (1, 2, 3)
RUNS = 6
"""A shuffled order comes in so many runs of the command: it puts the files of one run into order itself."""
_FILE = """\
[desk]
name = "Score"
address = "support@desk.example"

[store]
url = "sqlite:///{folder}/maild.db"

[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@agents.example"
"""
_WORTH_A_RUN = 50
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class FailedError(Exception):
    """The command failed; what it said."""


def conversations(corpus: Corpus, paths: Sequence[str], runs: int = 1) -> dict[str, set[str]]:
    """The mails that share a ticket with each mail, itself among them, once all were brought in in so many runs."""
    with _desk() as (file, store):
        runs = min(runs, -(-len(paths) // _WORTH_A_RUN))
        for run in range(runs):
            _bring(file, corpus, paths[run::runs])
        with store.read() as tx:
            tickets = {kept.sha256: _ticket(tx, kept) for kept in inbox.listing(tx)}
    found: dict[object, set[str]] = defaultdict(set)
    ended = {path: tickets.get(_digest(corpus, path)) or path for path in paths}
    for path, ticket in ended.items():
        found[ticket].add(path)
    return {path: found[ticket] for path, ticket in ended.items()}


def shuffled(paths: Sequence[str], seed: int) -> list[str]:
    mixed = list(paths)
    random.Random(seed).shuffle(mixed)
    return mixed


def kept_bytes(corpus: Corpus) -> Outcome:
    """Every mail of the corpus as it stands, twice: how many are there byte for byte, where nothing is there twice."""
    paths = corpus.messages
    if not paths:
        return right_of(0, ())
    with _desk() as (file, store):
        default = config.load(file)
        historian = open_historian(default, open_office(default, store), partial(datetime.now, UTC), lambda: True)
        with contextlib.closing(historian):
            for _ in range(2):
                ended: list[Ended] = []
                for start in range(0, len(paths), TOGETHER):
                    part = paths[start : start + TOGETHER]
                    ended += historian.take([Letter(corpus.content(path), _WHEN) for path in part])
        with store.read() as tx:
            rows = {kept.sha256: kept.id for kept in inbox.listing(tx)}
            held = {digest: hashlib.sha256(inbox.bytes_of(tx, row)).hexdigest() for digest, row in rows.items()}
    again = {path: one for path, one in zip(paths, ended, strict=True) if one is not Ended.DUPLICATE}
    misses = [
        Miss(path, "its bytes, once", again.get(path, "other bytes, or none"))
        for path in paths
        if path in again or held.get(digest := _digest(corpus, path)) != digest
    ]
    return right_of(len(paths), misses)


def forged(corpus: Corpus, tags: Mapping[str, str]) -> Outcome:
    """Strangers write under each subject with a tag, and with the number of its ticket as our own tag: who joins it?"""
    if not tags:
        return wrong_of(0, ())
    with _desk() as (file, store), tempfile.TemporaryDirectory() as folder:
        _bring(file, corpus, list(tags))
        with store.read() as tx:
            tickets = {kept.sha256: _ticket(tx, kept) for kept in inbox.listing(tx)}
        letters: dict[str, str] = {}
        for path, subject in tags.items():
            ticket = tickets.get(_digest(corpus, path)) or 1
            for form, words in (("theirs", subject), ("ours", f"Re: [#{ticket}] {subject}")):
                raw = _forgery(words, f"{form}.{len(letters)}")
                letters[hashlib.sha256(raw).hexdigest()] = path
                (Path(folder) / f"{len(letters)}.eml").write_bytes(raw)
        _say(file, folder)
        with store.read() as tx:
            ended = {kept.sha256: _ticket(tx, kept) for kept in inbox.listing(tx)}
    known = set(tickets.values())
    misses = [
        Miss(path, "a ticket of its own", f"#{ended[one]}") for one, path in letters.items() if ended[one] in known
    ]
    return wrong_of(len(letters), misses)


@contextlib.contextmanager
def _desk() -> Iterator[tuple[Path, Store]]:
    """A desk in a folder of its own: its file, and its store."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "maild.toml"
        file.write_text(_FILE.format(folder=folder), "utf-8")
        store = Store(f"sqlite:///{folder}/maild.db")
        store.create()
        with contextlib.closing(store):
            yield file, store


def _bring(file: Path, corpus: Corpus, paths: Iterable[str]) -> None:
    listed = file.parent / "list.txt"
    listed.write_text("".join(f"{corpus.root / path}\n" for path in paths), "utf-8")
    _say(file, f"@{listed}")


def _say(file: Path, *paths: str) -> None:
    said = CliRunner().invoke(main, ["import", "-c", str(file), "--json", *paths])
    if said.exit_code:
        raise FailedError(said.output)


def _ticket(tx: Tx, kept: inbox.Kept) -> int | None:
    found = get(tx, kept.ticket) if kept.ticket is not None else None
    return found.number if found is not None else None


def _digest(corpus: Corpus, path: str) -> str:
    return hashlib.sha256(corpus.content(path)).hexdigest()


def _forgery(subject: str, name: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Mallory <mallory@stranger.example>"
    mail["To"] = "support@desk.example"
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = _WHEN
    mail["Message-ID"] = f"<forged.{name}@stranger.example>"
    mail.set_content("This is mine now.\n")
    return mail.as_bytes()
