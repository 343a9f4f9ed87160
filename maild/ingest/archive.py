"""Old mail in files: where each mail lies, which belong together, and in which order they are to be read."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from maild.ingest import mbox, parse
from maild.ingest.parse import Limits
from maild.ingest.trace import written_at
from maild.threading.kin import Kin

_KNOWN = frozenset(
    {"from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "delivered-to", "reply-to"}
    | {"sender", "mime-version", "content-type", "x-mozilla-status", "in-reply-to", "references"}
)
"""One of these stands in the header of every mail."""
# Mail programs (Pine, UW IMAP, Dovecot) keep numbers of their own in such a first "mail" of an mbox.
_INTERNAL = re.compile(
    rb"(?:[^\r\n]+\r?\n){0,50}?Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r?\n"
    rb"(?:[^\r\n]+\r?\n){0,50}?X-IMAP"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies: a whole file (`end` is 0), or octets of an mbox. `filed` is when it was put there."""

    path: Path
    start: int
    end: int
    filed: datetime

    def content(self) -> bytes:
        """The mail as it was before it was filed; OSError where the file is gone."""
        if not self.end:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            file.seek(self.start)
            return mbox.restored(file.read(self.end - self.start))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or a mail that is left out, and why."""

    path: Path
    because: str


@dataclass(slots=True)
class Archive:
    """Every mail that was found; `threads` gives them in the order in which they are to be read.

    A mail is known by the ids that it bears and names, of which only hashes are kept: two that are taken for one only
    make two conversations neighbours. About 400 octets of memory for a mail.
    """

    limits: Limits
    now: datetime
    seen: Callable[[int], None] = lambda _: None
    """Told how many mails were found, after each of them."""
    unreadable: list[Unreadable] = field(default_factory=list)
    _kin: Kin = field(default_factory=Kin)
    _found: list[tuple[int, datetime, Place]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._found)

    def add(self, path: Path) -> None:
        """Look at the headers of all mails in a file; what cannot be read is kept in `unreadable`."""
        try:
            if path.exists() and not path.is_file():
                self._leave(path, "the folder cannot be read" if path.is_dir() else "this is no plain file")
                return
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                filed = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                if size == 0:
                    # an mbox may hold nothing; where a mail stands alone in its file, it has been lost
                    if path.suffix.lower() == ".eml" or path.parent.name in {"cur", "new"}:
                        self._leave(path, "the file is empty")
                    return
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    self._look(path, content, filed)
        except (OSError, ValueError, OverflowError) as fault:
            self._leave(path, f"cannot open the file: {getattr(fault, 'strerror', None) or fault}")

    def threads(self) -> Iterator[Place]:
        """Every mail, thread by thread, each in the order of time; the thread that began first comes first."""
        first: dict[int, datetime] = {}
        for number, at, _ in self._found:
            group = self._kin.group(number)
            first[group] = min(at, first.get(group, at))
        order = sorted(
            range(len(self._found)),
            key=lambda n: (first[group := self._kin.group(self._found[n][0])], group, self._found[n][1], n),
        )
        return (self._found[n][2] for n in order)

    def _look(self, path: Path, content: mmap.mmap, filed: datetime) -> None:
        found = list(mbox.parts(content))  # type: ignore[arg-type]  # a mapped file is read as bytes are
        if len(found) > 1:
            for part in found:
                self._note(Place(path, part.start, part.end, part.filed or filed), content)
        else:
            # a mail in a file of its own is kept as it stands, with the envelope line that may be on top
            self._note(Place(path, 0, 0, found[0].filed or filed if found else filed), content)

    def _note(self, place: Place, content: mmap.mmap) -> None:
        end = place.end or len(content)
        if end - place.start > self.limits.message:
            self._leave(place.path, f"a mail has more than the {self.limits.message} octets that are taken")
            return
        head = parse.unwound(content[place.start : min(end, place.start + self.limits.header_block)])
        if _INTERNAL.match(head):
            return
        top = parse.sheet(head, self.limits, plainly=True)
        if not place.end and not any(line.name in _KNOWN for line in top.fields):
            self._leave(place.path, "it does not begin as a mail does")
            return
        named = (top.message_id, *top.in_reply_to, *top.references)
        ids = [hash(one) for one in named if "@" in one]
        # a mail without ids is a group of its own; no id has such a name
        number = self._kin.join(ids or [("alone", len(self._found))])
        self._found.append((number, written_at(top.date, top.headers, place.filed, self.now), place))
        self.seen(len(self._found))

    def _leave(self, path: Path, because: str) -> None:
        self.unreadable.append(Unreadable(path, because))


def mail_files(path: Path) -> list[Path]:
    """A file, or the files of a folder and of all folders in it; of a Maildir only what lies in its cur and new.

    Hidden files are left out; hidden folders are not, for so Maildirs name theirs. A folder that cannot be read stands
    for what is in it.
    """
    return sorted(_files(path)) if path.is_dir() else [path]


def _files(path: Path) -> Iterator[Path]:
    closed: list[Path] = []
    for folder, folders, names in os.walk(path, onerror=lambda fault: closed.append(Path(fault.filename))):
        if "cur" in folders and {"new", "tmp"} & set(folders):
            folders[:] = [name for name in folders if name != "tmp"]
            continue
        yield from (Path(folder) / name for name in _plain(names) if (Path(folder) / name).is_file())
    yield from closed


def _plain(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith("."))
