"""The operator's files: the configuration, mail from a pipe, mail in folders, and the rules."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from maild import config as configuration
from maild.cli import main, place
from maild.cli.door import read_door
from maild.ingest import pipe
from maild.mail import Arrival
from maild.store.engine import Store
from tests.stories.shell import CONFIG, MAIL, enter, plainly, say, shell, told

pytestmark = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(tmp_path, monkeypatch)


def spooled() -> list[dict[str, Any]]:
    paths = sorted(Path("spool/new").iterdir()) if Path("spool/new").is_dir() else []
    return [json.loads(path.read_bytes().partition(b"\n")[0]) for path in paths]


# --- the file ---


def test_the_file_may_be_named_before_or_after_the_verb_or_in_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder / "other.toml"
    other.write_text(CONFIG.replace("Example Support", "Other Desk"))
    (folder / "config.toml").write_text(CONFIG.replace("Example Support", "Usual Desk"))
    assert "Usual Desk" in say("check").stdout
    assert "Other Desk" in say("-c", str(other), "check").stdout
    assert "Other Desk" in say("check", "-c", str(other)).stdout
    monkeypatch.setenv("MAILD_CONFIG", str(other))
    assert "Other Desk" in say("check").stdout
    assert "Usual Desk" in say("check", "--config", "config.toml").stdout
    assert say("outbox", "retry", "1", "-c", "config.toml").exit_code == 1
    monkeypatch.delenv("MAILD_CONFIG")
    (folder / "config.toml").unlink()
    assert "built-in example" in say("check").stdout


def test_a_wrong_file_is_told_with_line_and_remedy_and_ends_in_78(folder: Path) -> None:
    (folder / "config.toml").write_text(CONFIG.replace("timezone", "timezon").replace('"ann"', '"a n"'))
    for verb in ("check", "tickets", "run", "status"):
        result = shell(verb)
        assert result.returncode == 78
        assert result.stdout == b""
        assert b"config.toml:4:" in result.stderr
        assert b"timezone" in result.stderr
        assert b"Traceback" not in result.stderr
    assert say("check", "-c", "nowhere.toml").exit_code == 78


def test_every_verb_takes_the_file_behind_it(folder: Path) -> None:
    for verb in main.commands:
        assert say(verb, "-c", "config.toml", "--help").exit_code == 0, verb


def test_a_folder_that_is_shut_is_named_with_what_to_do(folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir()
    (folder / "config.toml").write_text(CONFIG.replace("sqlite:///", "sqlite:///shut/"))
    (folder / "secret.eml").write_bytes(MAIL)
    (folder / "secret.eml").chmod(0)
    shut.chmod(0o555)
    for words, code, wanted in (
        (("run",), 1, "shut: maild must write in this folder, and cannot (Permission denied): change its rights"),
        (("import", "mail.eml"), 1, "shut: maild must write in this folder"),
        (("accept", "mail.eml"), 75, "mail.eml: it could not be kept: the folder shut/spool takes no file"),
        (("accept", "-c", "nowhere.toml", "mail.eml"), 75, "nowhere.toml: No such file or directory; try: maild check"),
    ):
        refused = plainly(*words)
        assert refused.returncode == code, words
        assert wanted in refused.stderr.decode()
        assert b"Errno" not in refused.stderr
        assert b"Traceback" not in refused.stderr
    shut.chmod(0o755)
    unread = plainly("accept", "secret.eml", "mail.eml")
    assert unread.returncode == 75, "a mail server must keep its mail"
    assert unread.stderr == b"maild: secret.eml: it cannot be read: Permission denied; change its rights\n"
    assert len(list(Path("shut/spool/new").iterdir())) == 1, "the other one is kept"


def test_a_backup_into_a_folder_that_is_missing_or_shut_names_that_folder(folder: Path) -> None:
    Store("sqlite:///maild.db").create()
    missing = plainly("backup", "gone/today.backup")
    assert (missing.returncode, missing.stdout) == (1, b"")
    assert missing.stderr == b"maild: gone: there is no such folder; make it, or name FILE in another folder\n"
    (folder / "shut").mkdir(mode=0o555)
    assert plainly("backup", "shut/today.backup").stderr.startswith(b"maild: shut: you may not write there;")
    assert plainly("backup", "today.backup").returncode == 0


def test_an_import_into_a_store_that_is_shut_says_so_in_a_line(folder: Path) -> None:
    Store("sqlite:///maild.db").create()
    Path("maild.db").chmod(0o444)
    refused = plainly("import", "mail.eml")
    assert refused.returncode == 1
    assert b"maild.db" in refused.stderr
    assert b"Traceback" not in refused.stderr


def test_check_finds_what_the_file_names_and_the_machine_lacks(folder: Path) -> None:
    more = """
[relay]
url = "smtp://relay.example:587"
user = "support"
password_file = "nowhere"

[[mailbox]]
name = "box"
host = "imap.example"
user = "support"
password_env = "MAILD_TEST_UNSET"
"""
    (folder / "var").mkdir()
    secret = folder / "var" / "secret"
    secret.write_text("{}")
    (folder / "own").mkdir()
    (folder / "own" / "en").mkdir()
    (folder / "own" / "en" / "received.j2").write_text("{% if %}")
    (folder / "own" / "canned").mkdir()
    (folder / "own" / "canned" / "refund.en.txt").write_text("Hello\n{{ requestor }}")
    (folder / "config.toml").write_text(CONFIG.replace("[store]", 'templates = "own"\n\n[store]') + more)
    result = say("check")
    assert result.exit_code == 78
    assert result.stdout == ""
    for part in ("nowhere", "MAILD_TEST_UNSET", str(Path("var/secret")), "received.j2:1", "refund.en.txt:2:1"):
        assert part in result.stderr, result.stderr


def test_check_says_every_way_in_and_what_a_token_lacks(folder: Path) -> None:
    more = """
[trust]
forms = ["form@website.example"]

[[mailbox]]
name = "box"
host = "imap.example"
user = "support"
folder = "[Gmail]/Spam"
through = ["team.desk.example"]

[mailbox.oauth2]
provider = "google"
client_id = "c"
refresh_token_file = "refresh.token"
"""
    lmtp = '[listen]\nlmtp = "127.0.0.1:2424"'
    (folder / "config.toml").write_text(CONFIG.replace("[listen]", lmtp) + more)
    lacking = say("check")
    assert lacking.exit_code == 78
    assert "refresh.token: mailbox box, oauth2.refresh_token_file cannot be read" in lacking.stderr
    (folder / "refresh.token").write_text("x")
    shown = " ".join(say("check").stdout.split())
    assert "LMTP on 127.0.0.1:2424" in shown
    assert "[Gmail]/Spam, taken as mail that a filter took for spam, through team.desk.example" in shown
    assert "web forms: form@website.example" in shown


def test_check_says_what_auto_means(folder: Path) -> None:
    assert "auto means token" in say("check").stdout
    (folder / "config.toml").write_text(f'{CONFIG}\n[trust]\nauthserv_id = ["mx.desk.example"]\n')
    assert "auto means strict" in say("check").stdout


def test_init_writes_a_file_that_check_likes_and_never_writes_over_one(folder: Path) -> None:
    (folder / "config.toml").unlink()
    made = shell("init")
    assert made.returncode == 0
    assert b"maild check" in made.stdout
    assert stat.S_IMODE((folder / "var" / "secret").stat().st_mode) == 0o600
    assert shell("check").returncode == 0
    before = (folder / "config.toml").read_bytes()
    again = shell("init")
    assert again.returncode == 1
    assert b"config.toml" in again.stderr
    assert (folder / "config.toml").read_bytes() == before


def test_verify_finds_that_the_row_of_a_mail_is_gone(folder: Path) -> None:
    assert say("import", "mail.eml").exit_code == 0
    assert say("verify").exit_code == 0
    with contextlib.closing(sqlite3.connect("maild.db")) as store:
        store.execute("DELETE FROM inbox")
        store.commit()
    broken = say("verify")
    assert broken.exit_code == 1
    assert "inbox 1: its bytes or its words are kept, and its row is gone" in broken.output


@pytest.mark.sqlite
@pytest.mark.parametrize("spared", [0, 1], ids=["all of it", "all but its schema"])
def test_a_damaged_database_is_named_with_what_to_do_in_one_line(folder: Path, spared: int) -> None:
    assert say("import", "mail.eml").exit_code == 0
    with contextlib.closing(sqlite3.connect("maild.db")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = [root for (root,) in store.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table'")]
        (size,) = store.execute("PRAGMA page_size").fetchone()
    whole = bytearray((folder / "maild.db").read_bytes())
    for page in pages[spared:]:
        whole[(page - 1) * size : (page - 1) * size + 100] = b"\xff" * 100
    (folder / "maild.db").write_bytes(whole)
    for words in (
        "tickets",
        "ticket 1",
        "outbox",
        "status",
        "verify",
        "backup b.backup",
        "check",
        "run",
        "outbox retry 1",
    ):
        broken = shell(*words.split())
        assert broken.returncode == 1, words
        assert broken.stderr.count(b"\n") == 1, (words, broken.stderr)
        assert b"the database is damaged" in broken.stderr
        assert b"bring the newest backup back: maild restore FILE" in broken.stderr


# --- the door for a pipe ---


def test_a_mail_server_pipes_a_mail_in_and_it_is_kept(folder: Path) -> None:
    sent = shell("accept", "--from", "<luc@customer.example>", "--to", "support+x@desk.example", stdin=MAIL)
    assert (sent.returncode, sent.stdout, sent.stderr) == (0, b"", b"")
    [envelope] = spooled()
    assert envelope["sender"] == "luc@customer.example"
    assert envelope["recipients"] == ["support+x@desk.example"]
    assert say("accept", "mail.eml", "mail.eml").exit_code == 0
    assert say("accept", "--to", "lost@elsewhere.example", stdin=MAIL).exit_code == 0
    *_, usual, again, strange = spooled()
    assert usual["recipients"] == again["recipients"] == ["support@desk.example"]
    assert strange["recipients"] == ["lost@elsewhere.example", "support@desk.example"]

    class Journal:
        taken: list[Arrival]

        def kept(self, sources: object) -> set[str]:
            return set()

        def keep(self, arrivals: Any) -> None:
            self.taken = [*arrivals]

    journal = Journal()
    assert pipe.take(place.spool("sqlite:///maild.db", Path("var")), journal).kept == 4
    assert {arrival.raw for arrival in journal.taken} == {MAIL}


def test_a_dash_is_the_pipe_and_a_name_before_an_address_stays_outside(folder: Path) -> None:
    assert say("accept", "--from", "Luc Petit <luc@customer.example>", "-", stdin=MAIL).exit_code == 0
    [envelope] = spooled()
    assert envelope["sender"] == "luc@customer.example"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_an_empty_one(folder: Path, closed: str) -> None:
    for verb, code in ((f"accept {closed}", 65 if "<" in closed else 0), (f"tickets {closed}", 0)):
        told = subprocess.run(
            ["/bin/sh", "-c", f"{sys.executable} -P -m maild {verb}"], input=MAIL, capture_output=True, timeout=60
        )
        assert told.returncode == code, (verb, told.stderr)
        assert b"Traceback" not in told.stderr


def test_what_no_second_try_would_help_is_65(folder: Path) -> None:
    (folder / "config.toml").write_text(f'{CONFIG}\n[limits]\nmessage = "1kB"\n')
    for words, stdin in (
        ((), b""),
        ((), b" \r\n"),
        ((), MAIL + b"x" * 1024),
        (("nowhere.eml",), b""),
        (("--from", "a\nb"), MAIL),
    ):
        result = say("accept", *words, stdin=stdin)
        assert result.exit_code == 65, words
        assert result.stderr.count("\n") == 1
    assert spooled() == []


def test_what_may_pass_is_75_so_that_the_server_keeps_its_mail(folder: Path) -> None:
    (folder / "spool").write_text("in the way")
    assert say("accept", stdin=MAIL).exit_code == 75
    (folder / "spool").unlink()
    good = (folder / "config.toml").read_text()
    for bad in (
        "[",
        'desk = "x"',
        good + '\n[limits]\nfree_disk = "much"\n',
        good + '\n[limits]\nfree_disk = "999999GB"\n',
    ):
        (folder / "config.toml").write_text(bad)
        result = shell("accept", stdin=MAIL)
        assert result.returncode == 75, bad
        assert b"Traceback" not in result.stderr
    assert spooled() == []


def test_accept_reads_the_file_lightly_and_understands_it_all_the_same(folder: Path) -> None:
    example = Path(configuration.__file__).parents[2] / "config.example.toml"
    (folder / "more.toml").write_text(
        CONFIG.replace('"127.0.0.1:0"', '"127.0.0.1:0"\nmax_size = "3MB"')
        + '\n[limits]\nmessage = "30 mB"\nfree_disk = "1GB"\n\n[[team]]\nid = "x"\nname = "X"\nmembers = ["ann"]\n'
        + 'address = "X@desk.example"\n'
    )
    for path in (None, Path("config.toml"), Path("more.toml"), example):
        config, door = configuration.load(path), read_door(path)
        assert door.address == config.desk.address
        assert door.ours == config.desk.addresses
        assert (door.size, door.free) == (config.listen.max_size, config.limits.free_disk)
        assert door.spool == place.spool(config.store.url, config.store.folder)
    light = "import sys, maild.__main__, maild.ingest.pipe; print(*sys.modules)"
    loaded = (
        subprocess.run([sys.executable, "-P", "-c", light], capture_output=True, check=True).stdout.decode().split()
    )
    assert not {"sqlmodel", "sqlalchemy", "pydantic", "jinja2", "mailparser", "rich", "regex"} & set(loaded)


# --- rules and reading ---


def test_rules_are_told_in_words_and_tried_on_a_mail(folder: Path) -> None:
    assert "zebra" in say("rules", "show").stdout
    assert [one["name"] for one in told("rules", "show")] == ["money", "zebras"]
    [tried] = told("rules", "test", "mail.eml")
    money, zebras = tried["rules"]
    assert money == {"rule": "money", "matched": True, "held": ['subject contains "invoice"'], "failed": None}
    assert (zebras["matched"], zebras["failed"]) == (False, 'body contains "zebra"')
    assert tried["then"][0]["priority"] == "high"
    shown = say("rules", "test", "mail.eml").stdout
    assert 'not so: body contains "zebra"' in shown
    assert say("rules", "test", "nowhere.eml").exit_code == 1
    assert not (folder / "maild.db").exists()


def test_rules_say_which_canned_answer_they_send(folder: Path) -> None:
    answer = folder / "own" / "canned" / "invoice.en.txt"
    answer.parent.mkdir(parents=True)
    answer.write_text("Hello {{ requester }},\n\nit is on its way.")
    text = CONFIG.replace("[store]", 'templates = "own"\n\n[store]')
    (folder / "config.toml").write_text(text.replace('tags = ["money"]', 'reply = "invoice"'))
    assert "all is well" in say("check").stdout
    assert 'priority high, answer with the canned answer "invoice"' in say("rules", "show").stdout
    assert told("rules", "show")[0]["then"] == {"priority": "high", "canned": "invoice"}
    assert 'the canned answer "invoice" (en)' in " ".join(say("rules", "test", "mail.eml").stdout.split())
    answer.unlink()
    assert 'the canned answer "invoice" (there is none)' in " ".join(say("rules", "test", "mail.eml").stdout.split())


def test_check_tells_a_rule_that_names_no_canned_answer_with_its_line(folder: Path) -> None:
    text = CONFIG.replace('then = { priority = "low" }', 'then = { reply = "invoise" }')
    line = text[: text.index("invoise")].count("\n") + 1
    (folder / "config.toml").write_text(text)
    lacking = say("check")
    assert lacking.exit_code == 78
    assert f'config.toml:{line}:10: rule 2, then.reply: "invoise" is one word, and no canned' in lacking.stderr
    assert "name the FOLDER as desk.templates, or answer in a whole sentence" in lacking.stderr
    answers = folder / "own" / "canned"
    answers.mkdir(parents=True)
    (folder / "config.toml").write_text(text.replace("[store]", 'templates = "own"\n\n[store]'))
    (answers / "invoice.fr.txt").write_text("Elle arrive.")
    near = say("check").stderr
    assert f'config.toml:{line + 2}:10: rule 2, then.reply: "invoise" is one word' in near
    assert 'did you mean "invoice"? Else write own/canned/invoise.en.txt, or answer in a whole sentence' in near
    (answers / "invoise.fr.txt").write_text("Elle arrive.")
    assert '"invoise" is a canned answer in fr alone; write own/canned/invoise.en.txt' in say("check").stderr
    (answers / "invoise.en.txt").write_text("It comes, {{ requestor }}.")
    faulty = say("check").stderr
    assert "invoise.en.txt:1:1" in faulty
    assert "config.toml" not in faulty, "one fault is told once"
    (answers / "invoise.en.txt").write_text("It comes, {{ requester }}.")
    assert say("check").exit_code == 0


def test_mail_is_inspected_from_files_folders_and_lists_in_their_order(folder: Path) -> None:
    box = folder / "box" / "new"
    box.mkdir(parents=True)
    for number in range(20):
        (box / f"{number:02}.eml").write_bytes(MAIL.replace(b"77", str(number).encode()))
    (folder / "list.txt").write_text("mail.eml\n\nbox/new/03.eml\n")
    result = say("inspect", "--json", "mail.eml", "box", "@list.txt")
    assert result.exit_code == 0
    seen = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["path"] for one in seen] == [
        "mail.eml",
        *(f"box/new/{number:02}.eml" for number in range(20)),
        "mail.eml",
        "box/new/03.eml",
    ]
    assert [one["subject"] for one in seen[1:21]] == [f"Invoice {number}" for number in range(20)]
    assert "person" in say("inspect", "mail.eml").stdout


def test_a_file_that_cannot_be_opened_is_told_and_the_others_are_inspected(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    result = say("inspect", "--json", "nowhere.eml", "pipe", "mail.eml")
    assert result.exit_code == 1
    lost, fifo, read = [json.loads(line) for line in result.stdout.splitlines()]
    assert "cannot open" in lost["error"]
    assert "no plain file" in fifo["error"]
    assert read["error"] is None
    assert say("inspect", "@nowhere.txt").exit_code == 1
