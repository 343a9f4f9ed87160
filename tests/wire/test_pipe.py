"""Stories of the pipe's door: what `maild accept` writes is taken in once, whatever breaks in between."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from maild.ingest.pipe import Taken, sweep, take, write
from maild.mail import Arrival

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RAW = b"Subject: printer\r\n\r\nIt \x00burns\xff.\n"


class Inbox:
    def __init__(self) -> None:
        self.mails: dict[str, Arrival] = {}
        self.portions: list[int] = []
        self.after_commit: Callable[[], object] = lambda: None
        self.full = False

    def kept(self, sources: Sequence[str]) -> set[str]:
        return {source for source in sources if source in self.mails}

    def keep(self, arrivals: Sequence[Arrival]) -> None:
        if self.full:
            raise OSError("no space left on device")
        for arrival in arrivals:
            assert arrival.source not in self.mails, "a mail was kept twice"
            self.mails[arrival.source] = arrival
        self.portions.append(len(arrivals))
        self.after_commit()


class CrashError(BaseException):
    """The process is gone: nothing of ours catches this."""


def spool_one(spool: Path, name: str = "1", raw: bytes = RAW) -> Path:
    return write(spool, raw, "ann@example.org", ["support@example.com"], NOON, name)


def waiting(spool: Path) -> list[str]:
    return sorted(path.name for path in (spool / "new").iterdir())


def test_a_mail_from_the_pipe_comes_out_as_it_went_in(tmp_path: Path) -> None:
    spool, inbox = tmp_path / "spool", Inbox()
    paris = timezone(timedelta(hours=1))
    path = write(spool, RAW, "анна@example.org", ["a@example.com", "b@example.com"], NOON.astimezone(paris), "7.eml")
    assert path == spool / "new" / "7.eml"
    assert take(spool, inbox) == Taken(1)
    (mail,) = inbox.mails.values()
    assert mail == Arrival("pipe:7.eml", RAW, "анна@example.org", ("a@example.com", "b@example.com"), NOON)
    assert mail.received_at.tzinfo is UTC
    assert waiting(spool) == []
    assert list((spool / "tmp").iterdir()) == []


def test_a_bounce_without_a_sender_and_an_empty_mail_are_mails_too(tmp_path: Path) -> None:
    inbox = Inbox()
    write(tmp_path, b"", "", [], NOON, "1")
    assert take(tmp_path, inbox) == Taken(1)
    assert inbox.mails["pipe:1"] == Arrival("pipe:1", b"", "", (), NOON)


def test_mails_are_taken_oldest_first_and_many_in_one_commit(tmp_path: Path) -> None:
    inbox = Inbox()
    names = [str(number) for number in range(120, 0, -1)]
    for place, name in enumerate(names):
        os.utime(spool_one(tmp_path, name), ns=(place, place))
    assert take(tmp_path, inbox) == Taken(120)
    assert list(inbox.mails) == [f"pipe:{name}" for name in names]
    assert inbox.portions == [50, 50, 20]


def test_large_mails_are_kept_in_small_portions(tmp_path: Path) -> None:
    inbox = Inbox()
    for name in "123":
        spool_one(tmp_path, name, b"x" * 1_900_000)
    assert take(tmp_path, inbox) == Taken(3)
    assert inbox.portions == [2, 1]


def test_one_call_takes_no_more_than_it_is_asked(tmp_path: Path) -> None:
    inbox = Inbox()
    for name in "12345":
        spool_one(tmp_path, name)
    assert [take(tmp_path, inbox, most=2).kept for _ in range(4)] == [2, 2, 1, 0]


def test_an_empty_or_missing_spool_is_no_trouble(tmp_path: Path) -> None:
    assert take(tmp_path / "nowhere", Inbox()) == Taken()


def test_when_the_inbox_fails_the_mail_waits_in_the_spool(tmp_path: Path) -> None:
    inbox = Inbox()
    spool_one(tmp_path)
    inbox.full = True
    with pytest.raises(OSError, match="no space left"):
        take(tmp_path, inbox)
    assert waiting(tmp_path) == ["1"]
    inbox.full = False
    assert take(tmp_path, inbox) == Taken(1)


def test_a_crash_after_the_commit_doubles_nothing(tmp_path: Path) -> None:
    inbox = Inbox()
    spool_one(tmp_path)

    def crash() -> None:
        raise CrashError

    inbox.after_commit = crash
    with pytest.raises(CrashError):
        take(tmp_path, inbox)
    assert waiting(tmp_path) == ["1"]
    inbox.after_commit = lambda: None
    spool_one(tmp_path, "2")
    assert take(tmp_path, inbox) == Taken(1)
    assert list(inbox.mails) == ["pipe:1", "pipe:2"]
    assert waiting(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "link", "unlink"])
def test_a_crash_while_writing_leaves_a_whole_mail_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    for folder in ("new", "tmp"):
        (tmp_path / folder).mkdir()

    def crash(*_: object, **__: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch:
        # After a crash nobody tidies up either.
        patch.setattr(os, "unlink", crash)
        patch.setattr(os, call, crash)
        with pytest.raises(CrashError):
            spool_one(tmp_path)
    inbox = Inbox()
    taken = take(tmp_path, inbox)
    assert taken in {Taken(0), Taken(1)}
    assert [mail.raw for mail in inbox.mails.values()] == [RAW] * taken.kept
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == ["1"]
    written = (tmp_path / "tmp" / "1").stat().st_mtime
    assert sweep(tmp_path, datetime.fromtimestamp(written - 1, UTC)) == 0
    assert sweep(tmp_path, datetime.fromtimestamp(written + 1, UTC)) == 1


def test_a_name_that_is_taken_never_replaces_the_mail_that_has_it(tmp_path: Path) -> None:
    spool_one(tmp_path)
    with pytest.raises(FileExistsError):
        spool_one(tmp_path, raw=b"another")
    inbox = Inbox()
    take(tmp_path, inbox)
    assert inbox.mails["pipe:1"].raw == RAW


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "..", "a\nb"])
def test_a_name_that_leaves_the_spool_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a file"):
        spool_one(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sender", ["a\nb@example.org", "a\0b", "ann\udcff@example.org", "x" * 1001])
def test_an_envelope_that_no_mail_can_have_is_refused(tmp_path: Path, sender: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        write(tmp_path, RAW, sender, ["support@example.com"], NOON, "1")


def test_too_many_recipients_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give fewer recipients"):
        write(tmp_path, RAW, "", ["x" * 900] * 100, NOON, "1")


def cut_short(whole: bytes) -> bytes:
    return whole[:-1]


def grown(whole: bytes) -> bytes:
    return whole + b"x"


def with_recipients(recipients: object) -> Callable[[bytes], bytes]:
    def change(whole: bytes) -> bytes:
        head, _, raw = whole.partition(b"\n")
        return json.dumps(json.loads(head) | {"recipients": recipients}).encode() + b"\n" + raw

    return change


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        grown,
        with_recipients("support@example.com"),
        with_recipients([1]),
        with_recipients(["a\nb"]),
        lambda _whole: b"",
        lambda _whole: b"null\n",
        lambda _whole: b"[" * 60_000,
        lambda _whole: b"x" * 100_000,
        lambda whole: whole.replace(b"2026", b"0000", 1),
        lambda whole: whole.replace(b"2026-11-21T12:00:00+00:00", b"0001-01-01T00:00:00+23:59", 1),
        lambda whole: b"\xff" + whole,
    ],
)
def test_a_damaged_file_is_set_aside_and_told_and_the_others_go_on(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    broken = spool_one(tmp_path, "1")
    broken.write_bytes(damage(broken.read_bytes()))
    spool_one(tmp_path, "2")
    inbox = Inbox()
    taken = take(tmp_path, inbox)
    assert taken.kept == 1
    assert taken.bad[0].startswith("1: ")
    assert "spool file 1 is set aside" in caplog.text
    assert list(inbox.mails) == ["pipe:2"]
    assert (tmp_path / "bad" / "1").exists()
    assert waiting(tmp_path) == []


def test_a_mail_over_the_limit_is_set_aside(tmp_path: Path) -> None:
    spool_one(tmp_path, raw=b"x" * 1001)
    assert take(tmp_path, Inbox(), size=1000) == Taken(0, ("1: its mail has more than 1000 octets",))


def test_a_link_in_the_spool_is_not_followed(tmp_path: Path) -> None:
    real = spool_one(tmp_path / "other")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").symlink_to(real)
    inbox = Inbox()
    assert take(tmp_path, inbox) == Taken(0, ("1: it is no plain file",))
    assert not inbox.mails
