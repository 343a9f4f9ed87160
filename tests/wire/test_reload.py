"""The operator's file breaks in every way while the desk runs: it is applied whole or not at all, and admins hear."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from signal import SIGHUP

import pytest

from maild import config as configuration
from maild.config import Config, ConfigError
from maild.daemon import Daemon
from maild.store import outbox
from maild.store.engine import Store
from tests.wire.clients import new_mail
from tests.wire.running import OPS, SUPPORT, Sink, Site, running, until
from tests.wire.running import configuration as written

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
FULL = re.sub(r"(?m)^#(?=[A-Za-z\[])", "", EXAMPLE)
FULL = re.sub(r"(?m)^\[\w+\.oauth2\].*\n(?:\w+ = .*\n)*", "", FULL)
FULL = re.sub(r'(?m)^(password_env|oauth2|templates|smtps|tls_cert|tls_key|tls = "starttls").*\n', "", FULL)
BREAKS = 500
LUC = "luc@customer.example"

Break = Callable[[bytes, random.Random], bytes | None]


def flip_bytes(content: bytes, chance: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(chance.randrange(1, 9)):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def cut_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    start = chance.randrange(len(lines))
    del lines[start : start + chance.randrange(1, 6)]
    return b"".join(lines)


def cut_off(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def swap_keys(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    keys = [place for place, line in enumerate(lines) if b"=" in line and not line.startswith(b"#")]
    one, other = chance.sample(keys, 2)
    (a, _, rest_a), (b, _, rest_b) = lines[one].partition(b"="), lines[other].partition(b"=")
    lines[one], lines[other] = b + b"=" + rest_a, a + b"=" + rest_b
    return b"".join(lines)


def change_type(content: bytes, chance: random.Random) -> bytes:
    values = [
        "0",
        "-1",
        "1e400",
        "nan",
        "true",
        '""',
        "[]",
        "{}",
        "[[[]]]",
        "2026-02-30",
        "1979-05-27T07:32:00Z",
        "'\\'",
    ]
    values += [
        '"9999999999d"',
        '"-5m"',
        '["", ""]',
        "99999999999999999999",
        '"\\u0000"',
        '"sqlite:///"',
        '"../../x"',
        "{ regex = '(' }",
    ]
    lines = content.splitlines(keepends=True)
    keys = [place for place, line in enumerate(lines) if b"=" in line and not line.startswith(b"#")]
    for place in chance.sample(keys, chance.randrange(1, 3)):
        lines[place] = lines[place].partition(b"=")[0] + b"= " + chance.choice(values).encode() + b"\n"
    return b"".join(lines)


def double_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    place, more = chance.randrange(len(lines)), chance.choice(lines)
    return b"".join([*lines[:place], more, *lines[place:]])


def not_utf8(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return (
        content[:place] + chance.choice([b"\xff\xfe", b"\x00", b"\xc3", b"\xed\xa0\x80", b"\x1b[2J"]) + content[place:]
    )


def other_words(content: bytes, chance: random.Random) -> bytes:
    """A file that is as good as the one before, and says something else."""
    return content.replace(b'"invoice"', f'"invoice {chance.randrange(10**6)}"'.encode())


def odd_file(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        [b"", b"\n\n", b"# nothing\n", b"[" * 5000, b"\xef\xbb\xbf" + content, content * 2, b"x" * 5_000_000]
    )


def gone(content: bytes, chance: random.Random) -> None:
    return None


WAYS: tuple[Break, ...] = (
    *(flip_bytes, cut_lines, cut_off, swap_keys, change_type, change_type),
    *(double_lines, not_utf8, other_words, odd_file, gone),
)


def put(file: Path, content: bytes | None, chance: random.Random) -> None:
    """Let the file be what it is now: other words, or no file that can be read."""
    if file.is_symlink() or not file.is_dir():
        file.unlink(missing_ok=True)
    else:
        shutil.rmtree(file)
    if content is not None:
        file.write_bytes(content)
        return
    match chance.randrange(4):
        case 0:
            file.mkdir()
        case 1:
            file.symlink_to(file)
        case 2:
            os.mkfifo(file)
        case _:
            pass


def told(store: Store) -> int:
    """How many warnings have been written to the admins."""
    with store.read() as tx:
        return sum(1 for one in outbox.listing(tx) if one.notice == "warning")


def read_whole(file: Path) -> Config | None:
    if file.exists() and not file.is_file():
        return None
    with contextlib.suppress(ConfigError):
        return configuration.load(file)
    return None


@pytest.mark.timeout(600)
def test_five_hundred_broken_files_stop_nothing_and_none_is_applied_by_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = FULL.encode()
    file = tmp_path / "maild.toml"
    file.write_bytes(good)
    config = configuration.load(file)
    daemon = Daemon(config, Store("sqlite:///var/maild.db"))
    daemon.store.create()
    chance = random.Random(20261122)
    applied = kept = 0
    for number in range(BREAKS):
        way = WAYS[number % len(WAYS)]
        put(file, way(good, chance), chance)
        before, office, warned = daemon.config, daemon.office, told(daemon.store)
        fresh = read_whole(file)
        daemon._reload(asked=True)
        if daemon.config is before:
            kept += 1
            assert daemon.office is office, way
            assert told(daemon.store) > warned or not office.press.desk.admins, way
            assert fresh is None or not fresh.store.secret_file.exists(), way
            assert daemon.historian.office is office
        else:
            applied += 1
            assert fresh is not None, way
            assert repr(daemon.config) == repr(fresh), way
            assert daemon.office.press.desk.agents is daemon.config.desk.agents
            assert daemon.office.rules is daemon.config.rules
            assert daemon.historian.office is daemon.office
            assert daemon.office.press.keyring.domain == daemon.config.desk.domain
    assert kept > BREAKS // 3
    assert applied > BREAKS // 20
    put(file, good, chance)
    daemon._reload(asked=True)
    assert repr(daemon.config) == repr(config)
    daemon.historian.close()
    daemon.store.close()


@pytest.mark.timeout(600)
def test_a_running_desk_outlives_twenty_broken_files(tmp_path: Path) -> None:
    with Sink() as sink:
        rules = '[[rule]]\nname = "bills"\nwhen = { subject = "invoice" }\nthen = { tags = ["money"] }\n'
        text = written(tmp_path, sink.url, tables=rules)
        good, chance = text.encode(), random.Random(7)
        with running(tmp_path, text) as desk:
            for number in range(20):
                put(desk.file, WAYS[number % len(WAYS)](good, chance), chance)
                desk.signal(SIGHUP)
                until(partial(more_answers, desk, number))
            put(desk.file, good.replace(b"Example Support", b"The Workshop"), chance)
            seen = answers(desk.log)
            desk.signal(SIGHUP)
            until(partial(more_answers, desk, seen))
            desk.post(new_mail(f"Luc <{LUC}>", "Invoice 77", "It is wrong.", to=SUPPORT), LUC, [SUPPORT])
            assert "The Workshop" in sink.waits_for(LUC, "received")["From"]
            assert len(sink.to(OPS, "warning")) > 10
            assert "Traceback" not in desk.log


def more_answers(desk: Site, before: int) -> bool:
    """Whether the desk has said more often than before what came of a file."""
    return answers(desk.log) > before


def answers(log: str) -> int:
    return log.count("stays as it was") + log.count("the configuration is applied")
