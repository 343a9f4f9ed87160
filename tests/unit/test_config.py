"""The operator's file: what a person may write, and what they are told when it is wrong."""

from __future__ import annotations

import random
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from maild import terms
from maild.config import Config, ConfigError, Pace, Problem, describe, handbook, load, parse, secret
from maild.config.lines import Lines
from maild.desk import (
    LANGUAGES,
    AbsencePolicy,
    Desk,
    Ladder,
    Learn,
    OnReturn,
    Receipts,
    Sla,
    TeamId,
    TicketPolicy,
    Times,
    TrustAgents,
)
from maild.hours import Work
from maild.rules.match import RuleBook

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "config.example.toml").read_text(encoding="utf-8")
UNCOMMENTED = re.sub(r"(?m)^#(?=[A-Za-z\[])", "", EXAMPLE)

BASE = """\
[desk]
name = "Example Support"
address = "support@example.com"
[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@example.com"
[[agent]]
id = "ben"
name = "Ben Ray"
email = "ben@example.com"
"""
TEAM = '[[team]]\nid = "billing"\nname = "Billing"\nmembers = ["ben"]\n'
MAILBOX = '[[mailbox]]\nname = "support"\nhost = "imap.example.com"\nuser = "u"\n'


def read(more: str = "", base: str = BASE) -> Config:
    return parse(base + more, Path("config.toml"))


def desk(keys: str) -> str:
    """The base with more keys in [desk]."""
    return BASE.replace("[[agent]]", keys + "\n[[agent]]", 1)


def problems(more: str = "", base: str = BASE) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(more, base)
    return [str(problem) for problem in caught.value.problems]


def problem(more: str = "", base: str = BASE) -> str:
    found = problems(more, base)
    assert len(found) == 1, found
    return found[0]


def test_without_a_file_the_built_in_default_is_used() -> None:
    config = load(None)
    assert config.path is None
    assert config.desk.name == "Example Support"
    assert config.desk.address == "support@example.com"
    assert [agent.id for agent in config.desk.agents] == ["ann", "ben"]
    assert [team.id for team in config.desk.teams] == ["support"]
    assert config.store.url == "sqlite:///var/maild.db"
    assert config.store.secret_file == Path("var/secret")
    assert config.listen.smtp is not None
    assert (config.listen.smtp.host, config.listen.smtp.port) == ("127.0.0.1", 2525)
    assert config.relay.maildir == Path("var/sent")
    assert config.rules == RuleBook(ours=frozenset({"support@example.com"}))


def test_the_example_file_loads_as_it_stands() -> None:
    config = load(ROOT / "config.example.toml")
    assert [rule.name for rule in config.rules.rules] == ["invoices"]


def test_every_key_stands_in_the_example_file_and_none_that_is_unknown() -> None:
    # These say the same as a key above them in another way, so no file can hold both.
    alternatives = r'(?m)^(?:(?:password_env|tls = "starttls").*\n|\[(?:mailbox|relay)\.oauth2\].*\n(?:.+\n)+)'
    config = parse(re.sub(alternatives, "", UNCOMMENTED), Path("full.toml"))
    assert len(config.rules.rules) == 3
    raw = tomllib.loads(UNCOMMENTED)
    missing = [row.key for row in describe() if not _stands(raw, row.key)]
    assert missing == []


def _stands(raw: object, key: str) -> bool:
    """Whether a key of the handbook is in the file, in any of the tables of its kind."""
    tables = [raw]
    for part in key.replace("[]", "").split("."):
        named = part == "NAME"
        found = [table for table in tables if isinstance(table, dict)]
        below = [value for table in found for word, value in table.items() if named or word == part]
        tables = [item for value in below for item in (value if isinstance(value, list) else [value])]
        if not below:
            return False
    return True


def test_the_example_shows_the_default_of_every_key_that_has_one() -> None:
    raw = tomllib.loads(UNCOMMENTED)
    limits = {row.key.removeprefix("limits."): row.default for row in describe() if row.key.startswith("limits.")}
    assert {
        word: f'"{value}"' if isinstance(value, str) else str(value) for word, value in raw["limits"].items()
    } == limits


def test_the_handbook_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert page == handbook(), (
        "write it anew: python -c 'from maild.config import handbook; print(handbook(), end=\"\")'"
    )


def test_every_key_has_its_line_of_help() -> None:
    assert [row.key for row in describe() if not row.help or not row.type] == []
    assert len({row.key for row in describe()}) == len(describe())


def test_an_unknown_key_is_told_with_its_line_and_the_nearest_one() -> None:
    rule = '[[rule]]\nname = "a"\nthen = { stop = true }\n[[rule]]\nname = "b"\nthen = { stop = true }\n[rule.when]\n'
    assert (
        problem(rule + 'subjct = "x"\n')
        == 'config.toml:19:1: rule 2, when.subjct: unknown key; did you mean "subject"?'
    )


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        '[limits]\nmesage = "1MB"\nrule = "fast"\n[relay]\nurl = "ftp://x"\npace = "many"\n[nothing]\n',
        desk('timezone = "Mars/Phobos"'),
    )
    assert [line.split(": ")[1] for line in found] == [
        "desk.timezone", "limits.mesage", "limits.rule", "relay.url", "relay.pace", "nothing",
    ]  # fmt: skip


def test_a_fault_of_one_agent_hides_no_fault_of_another() -> None:
    found = problems(
        'level = "two"\n[[agent]]\nid = "cleo"\nname = "Cleo"\nemail = "cleo@example.com"\nbackup = "dan"\n'
    )
    assert len(found) == 2
    assert "agent 2, level: must be a whole number" in found[0]
    assert 'agent 3, backup: "dan" is not known' in found[1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[desk]\nname = ", "2:8"),
        ('[desk]\nname = "x', "2:10"),
        ("[desk]\nname = x\n", "2:8"),
        ('[desk]\n[desk]\nname = "x"', "2:6"),
    ],
)
def test_a_file_that_is_not_toml_is_told_with_line_and_column(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=f"^config.toml:{place}: is not TOML: "):
        parse(text, Path("config.toml"))


def test_a_file_that_is_not_there_or_not_text_is_told_kindly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.toml: cannot be read: No such file or directory; check the path"):
        load(tmp_path / "none.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'[desk]\nname = "Caf\xe9"\n')
    with pytest.raises(ConfigError, match=r"latin.toml:2:12: is not UTF-8 here; save the file as UTF-8"):
        load(latin)
    big = tmp_path / "big.toml"
    big.write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="is bigger than 4 MB"):
        load(big)


def test_a_file_saved_with_a_byte_order_mark_and_dos_line_ends_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode())
    assert load(path).desk.name == "Example Support"


def test_brackets_without_end_are_told_and_never_a_crash() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        parse("a = " + "[" * 100_000, Path("config.toml"))


def test_a_file_damaged_anywhere_is_an_error_or_a_config_and_never_a_crash() -> None:
    chance = random.Random(7)
    for _ in range(150):
        text = list(UNCOMMENTED)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(text))
            text[place : place + chance.choice((0, 1, 40))] = chance.choice(
                ('"', "[", "]", "=", "", "é", "7", "{", "\n", "x")
            )
        assert all(problem.what for problem in _found("".join(text)))


def _found(text: str) -> tuple[Problem, ...]:
    try:
        parse(text, Path("config.toml"))
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("word", ["15m", "4h", "2d", "1w", "30s"])
def test_durations_are_a_number_and_a_unit(word: str) -> None:
    seconds = {"15m": 900, "4h": 14400, "2d": 172800, "1w": 604800, "30s": 30}[word]
    assert read(f'[notices]\nsettle = "{word}"\n').desk.settle == timedelta(seconds=seconds)


@pytest.mark.parametrize("word", ['"15"', '"m"', '"-1d"', '"1.5h"', "60", '"1y"', '"99999w"', '"٣d"'])
def test_what_is_no_duration_is_refused(word: str) -> None:
    assert "config.toml:13:1: notices.settle: " in problem(f"[notices]\nsettle = {word}\n")


def test_sizes_count_in_1024s() -> None:
    config = read('[limits]\nmessage = "30MB"\nheader = "8 kB"\n')
    assert config.limits.message == 30 * 1024 * 1024
    assert config.limits.header == 8192
    assert config.listen.max_size == config.limits.message
    assert "is not a size" in problem('[limits]\nmessage = "huge"\n')


def test_a_pace_is_a_number_within_a_time() -> None:
    assert read('[relay]\npace = "30/min"\n').relay.pace == Pace(30, 60)
    assert "is not a pace" in problem('[relay]\npace = "0/min"\n')


@pytest.mark.parametrize("spec", ["a@b.test", "ann@localhost", "ann.lee+x@mail.big-corp.example", "A@EXAMPLE.COM"])
def test_addresses_of_all_kinds_of_domain_are_taken(spec: str) -> None:
    assert read(base=desk(f'admins = ["{spec}"]')).desk.admins == (spec,)


@pytest.mark.parametrize(
    "spec", ["ann", "@example.com", "ann@", "Ann <ann@example.com>", "ann @example.com", "a..b@x.test", "ann@-x.test",
             "ann@x_y.test", "é@x.test", "a\\tb@x.test", "a@b@c.test", f"{'a' * 65}@x.test", f"a@{'b.' * 130}test"]
)  # fmt: skip
def test_what_is_no_address_is_refused(spec: str) -> None:
    assert "config.toml:4:11: desk.admins 1: " in problem(base=desk(f'admins = ["{spec}"]'))


def test_where_to_listen_is_a_host_and_a_port() -> None:
    config = read('[listen]\nsmtp = "[::1]:25"\n')
    assert config.listen.smtp is not None
    assert (config.listen.smtp.host, config.listen.smtp.port) == ("::1", 25)
    assert read('[listen]\nsmtp = ""\n').listen.smtp is None
    for wrong in ("localhost", ":25", "localhost:99999", "a b:25"):
        assert "is not a host and a port" in problem(f'[listen]\nsmtp = "{wrong}"\n')


def test_a_mailbox_s_host_has_no_port_and_a_name_to_believe_is_not_empty() -> None:
    password = 'password_env = "WORD"\n'
    for host in ("imap.example.com", "192.0.2.1", "2001:db8::1"):
        assert read(MAILBOX.replace("imap.example.com", host) + password).mailboxes[0].host == host
    for host in ("imap.example.com:993", "192.0.2.1:993", "[2001:db8::1]", ":25"):
        assert "is not a host" in problem(MAILBOX.replace("imap.example.com", host) + password)
    assert "trust.authserv_id 1: is empty" in problem('[trust]\nauthserv_id = [""]\n')
    assert "through 1: is empty" in problem(MAILBOX + password + 'through = [""]\n')


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x", "postgresql://x", "var/maild.db"])
def test_a_store_that_maild_does_not_know_is_refused_without_showing_a_password(url: str) -> None:
    said = problem(f'[store]\nurl = "{url}"\n')
    assert "store.url: is not the address of a store that maild knows" in said
    assert "mysql" not in said


def test_the_relay_is_smtp_smtps_or_a_maildir() -> None:
    relay = read('[relay]\nurl = "smtp://mail.example.com:587"\nuser = "u"\npassword_file = "p"\n').relay
    assert (relay.host, relay.port, relay.tls, relay.user) == ("mail.example.com", 587, "starttls", "u")
    relay = read('[relay]\nurl = "smtps://mail.example.com"\n').relay
    assert (relay.port, relay.tls, relay.password) == (465, "implicit", None)
    assert read('[relay]\nurl = "smtp://127.0.0.1:2526"\n').relay.tls == "none"
    assert read('[relay]\nurl = "smtp://127.0.0.1:2526"\ntls = "starttls"\n').relay.tls == "starttls"
    assert read('[relay]\nurl = "maildir:/srv/sent"\n').relay.maildir == Path("/srv/sent")


def test_a_relay_url_with_a_password_is_refused_and_not_repeated() -> None:
    said = problem('[relay]\nurl = "smtp://u:hunter2@mail.example.com"\n')
    assert "holds a user or a password; give them in user and password_file" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('user = "u"', "is a user without a password"),
        ('password_file = "p"', "is a password without a user"),
        ('user = "u"\npassword_file = "p"\npassword_env = "P"', "is a second password"),
        ('user = "u"\npassword_file = "p"\ntls = "none"', "would cross the network unprotected"),
    ],
)
def test_a_relay_whose_keys_contradict_each_other_is_refused(keys: str, said: str) -> None:
    assert said in problem(f'[relay]\nurl = "smtp://mail.example.com"\n{keys}\n')


def test_a_mailbox_knows_its_port_and_reads_its_password_when_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "password"
    config = read(f'{MAILBOX}password_file = "{path}"\naddress = "Support@example.com"\nauthserv_id = ["mx"]\n')
    (mailbox,) = config.mailboxes
    assert (mailbox.port, mailbox.tls, mailbox.folder, mailbox.after) == (993, "implicit", "INBOX", "move:Filed")
    assert mailbox.password is not None
    with pytest.raises(FileNotFoundError):
        mailbox.password()
    path.write_text("first\n")
    assert mailbox.password() == "first"
    path.write_text("second\r\nno part of it")
    assert mailbox.password() == "second"
    assert config.trust.ids_for("support") == ("mx",)
    assert config.trust.ids_for("") == ()
    assert config.desk.authserv


def test_a_password_may_stand_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    password = secret(None, "MAILD_TEST_PASSWORD")
    with pytest.raises(OSError, match="MAILD_TEST_PASSWORD holds no password"):
        password()
    monkeypatch.setenv("MAILD_TEST_PASSWORD", "secret")
    assert password() == "secret"


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("", "needs exactly one of password_file, password_env and oauth2"),
        ('password_file = "p"\npassword_env = "P"', "needs exactly one of"),
        ('password_file = "p"\ntls = "none"', "would cross the network unprotected to imap.example.com"),
        ('password_file = "p"\naddress = "other@example.com"', "is no address of the desk"),
        ('password_file = "p"\nafter = "move:INBOX"', "moves mail to where it is"),
        ('password_file = "p"\nafter = "delete"', "is nothing that can be done after"),
        ('password_file = "p"\nport = 0', "must be at least 1"),
    ],
)
def test_a_mailbox_that_cannot_work_is_refused(keys: str, said: str) -> None:
    assert said in problem(f"{MAILBOX}{keys}\n")


def test_a_mailbox_on_this_machine_may_go_without_tls() -> None:
    local = MAILBOX.replace("imap.example.com", "127.0.0.1") + 'password_env = "P"\ntls = "none"\n'
    assert read(local).mailboxes[0].port == 143


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (TEAM + 'lead = "bne"\n', 'team 1, lead: "bne" is not known; did you mean "ben"?'),
        (TEAM.replace('["ben"]', '["ann", "eve"]'), '15:19: team 1, members 2: "eve" is not known'),
        (TEAM + 'hours = "office"\n', 'team 1, hours: "office" is not known; none is known here'),
        (TEAM + 'sla = "gold"\n', 'team 1, sla: "gold" is not known'),
        ('[[ladder]]\nteam = "x"\nrungs = ["ben"]\n', 'ladder 1, team: "x" is not known'),
        ('[[ladder]]\nteam = "support"\nrungs = ["ben", "team:x"]\n', 'ladder 1, rungs 2: "x" is not known'),
        ('[[organisation]]\nname = "B"\ndomains = ["b.test"]\nteam = "x"\n', 'organisation 1, team: "x" is not known'),
        ('[[organisation]]\nname = "B"\ndomains = ["b.test"]\nsla = "x"\n', 'organisation 1, sla: "x" is not known'),
        ('[[rule]]\nname = "r"\nthen = { owner = "cleo", reason = "x" }\n', 'rule 1, then.owner: "cleo" is not known'),
        ('backup = "ben"\n', "agent 2, backup: is the agent themselves"),
        ('backup = "cleo"\n', 'agent 2, backup: "cleo" is not known'),
    ],
)
def test_a_name_that_nobody_has_is_told(more: str, said: str) -> None:
    assert said in problem(more)


def test_two_agents_may_cover_for_each_other() -> None:
    config = read(
        'backup = "ann"\n', BASE.replace('email = "ann@example.com"\n', 'email = "ann@example.com"\nbackup = "ben"\n')
    )
    assert [agent.backup for agent in config.desk.agents] == ["ben", "ann"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[agent]]\nid = "Ann"\nname = "A"\nemail = "x@example.com"\n', 'agent 3, id: "Ann" stands twice'),
        ('also = ["ANN@example.com"]\n', 'agent 2, also 1: "ANN@example.com" stands twice'),
        ('also = ["support@example.com"]\n', "is an address of the desk; an agent needs a mailbox of their own"),
        (TEAM + TEAM, 'team 2, id: "billing" stands twice'),
        (TEAM + 'address = "b@x.test"\n' + TEAM.replace("billing", "b2") + 'address = "B@x.test"\n', "stands twice"),
        (f'{MAILBOX}password_env = "P"\n' * 2, 'mailbox 2, name: "support" stands twice'),
        ('[[rule]]\nname = "r"\nthen.stop = true\n' * 2, 'rule 2, name: "r" is also the name of rule 1'),
    ],
)
def test_what_stands_twice_is_told(more: str, said: str) -> None:
    assert said in problem(more)


def test_mail_is_not_asked_for_at_an_address_with_a_plus_where_tokens_stand_behind_it() -> None:
    assert "has a + before the @" in problem(TEAM + 'address = "support+billing@example.com"\n')
    own = BASE.replace("support@example.com", "support+desk@example.com")
    assert "has a + before the @" in problem(base=own)
    assert read(base=own.replace("[desk]", '[desk]\nsubaddress = ""')).desk.address == "support+desk@example.com"


def test_an_address_of_ours_leaves_room_for_a_token() -> None:
    long = "a" * 24 + "@example.com"
    assert "has more than 23 characters before the @" in problem(base=desk(f'aliases = ["{long}"]'))
    assert "has more than 23 characters" in problem(TEAM + f'address = "{long}"\n')
    config = read(base=desk(f'aliases = ["{long}"]\nsubaddress = ""'))
    assert config.desk.subaddress == ""


def test_without_subaddresses_a_token_alone_can_be_no_proof() -> None:
    said = problem('[trust]\nagents = "token"\n', desk('subaddress = ""'))
    assert 'trust.agents: "token" needs addresses with tokens' in said
    assert read('[trust]\nagents = "token"\n').desk.trust_agents is TrustAgents.TOKEN


def test_the_desk_does_not_write_to_itself() -> None:
    assert "is an address of the desk" in problem(base=desk('admins = ["support@example.com"]'))


def test_a_language_that_is_not_shipped_is_refused() -> None:
    told = problem(base=desk('language = "it"'))
    assert 'desk.language: "it" is not one of "en", "fr", "es", "ru", "de", "pt"' in told


def test_days_of_absence_are_ranges_or_single_days() -> None:
    agent = read('away = ["2026-12-01..2026-12-07", "2026-12-24"]\nleft = 2027-01-31\n').desk.agents[1]
    assert agent.away == ((date(2026, 12, 1), date(2026, 12, 7)), (date(2026, 12, 24), date(2026, 12, 24)))
    assert agent.left == date(2027, 1, 31)
    assert "ends before it begins" in problem('away = ["2026-12-07..2026-12-01"]\n')
    assert "is not a date" in problem('away = ["2026-13-01"]\n')
    assert "is not a date" in problem("left = 2027-01-31T10:00:00\n")


def test_hours_open_and_close_on_the_clock_of_their_place() -> None:
    config = read(
        '[hours.office]\nmon-fri = ["09:00-12:00", "13:00-17:30"]\ntimezone = "Europe/Paris"\nclosed = ["2026-12-24"]\n'
    )
    (calendar,) = config.desk.calendars
    assert calendar.is_open(datetime(2026, 12, 23, 8, 0, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 12, 23, 7, 59, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 12, 23, 11, 30, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 12, 24, 8, 0, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 12, 26, 8, 0, tzinfo=UTC))
    assert config.desk.open_hours(datetime(2026, 7, 1, 15, 29, tzinfo=UTC)) == ("office",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('mon-fry = "09:00-17:30"', 'hours.office.mon-fry: unknown key; did you mean "mon-fri"?'),
        ('mon = "17:00-09:00"', "are no hours"),
        ('mon-fri = "09:00-17:30"\nwed = "09:00-12:00"', "speaks of a day that has its hours already"),
        ('timezone = "Europe/Paris"', "12:1: hours.office: is never open; say when people work, like mon-fri ="),
        ("mon-fri = []\nsat = []", "12:1: hours.office: is never open"),
    ],
)
def test_hours_that_cannot_be_are_refused(line: str, said: str) -> None:
    assert said in problem(f"[hours.office]\n{line}\n")


def test_public_holidays_are_free() -> None:
    (calendar,) = read('[hours.office]\nmon-fri = "09:00-17:30"\nholidays = "DE-BY"\n').desk.calendars
    assert calendar.holidays == "DE-BY"
    assert calendar.is_open(datetime(2026, 1, 5, 10, 0, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 1, 6, 10, 0, tzinfo=UTC))
    assert read('[hours.office]\nmon = "09:00-17:30"\nholidays = ""\n').desk.calendars[0].holidays == ""


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("fr", 'did you mean "FR"?'),
        ("France", 'did you mean "FR"?'),
        ("US-Calif", 'did you mean "US-CA"?'),
        ("CH-Z", 'did you mean "CH-ZH", "CH-ZG" or "CH-SZ"?'),
        ("Q7", 'write the two letters of a country, like "FR", or a part of one, like "DE-BY" or "US-CA"'),
    ],
)
def test_a_country_that_nobody_knows_is_told_with_the_nearest_codes(code: str, remedy: str) -> None:
    said = problem(f'[hours.office]\nmon = "09:00-17:30"\nholidays = "{code}"\n')
    assert said == f'config.toml:14:1: hours.office.holidays: "{code}" is no code of a country\'s holidays; {remedy}'


SLA = '[sla.gold]\nfirst_reply = "4h"\n'
HOURS = '[hours.office]\nmon-fri = "09:00-17:30"\n'


def test_a_team_promises_times_within_its_hours_and_other_times_where_it_is_urgent() -> None:
    config = read(
        f'{TEAM}hours = "office"\nsla = "gold"\nlead = "ann"\n{HOURS}{SLA}next_reply = "90m"\nupdate_every = "2d"\n'
        'solve = "1w"\nurgent = { first_reply = "1h", solve = "1d" }\nlow = { update_every = "2w" }\n'
    )
    usual = Times(Work(time=timedelta(hours=4)), Work(time=timedelta(minutes=90)), Work(2), Work(5))
    urgent = Times(Work(time=timedelta(hours=1)), Work(time=timedelta(minutes=90)), Work(2), Work(1))
    low = Times(Work(time=timedelta(hours=4)), Work(time=timedelta(minutes=90)), Work(10), Work(5))
    sla = config.desk.sla("gold")
    assert sla == Sla("gold", usual, (("low", low), ("urgent", urgent)))
    assert (sla.at("urgent"), sla.at("normal"), sla.at("low")) == (urgent, usual, low)
    hours = config.desk.hours_of("billing")
    assert hours is not None
    assert hours.name == "office"
    assert config.advice == ()


def test_an_organisation_and_a_rule_may_have_times_of_their_own() -> None:
    config = read(
        f'{SLA}[[organisation]]\nname = "B"\ndomains = ["b.test"]\nsla = "gold"\n'
        '[[rule]]\nname = "r"\nthen = { sla = "gold" }\n'
    )
    assert [one.sla for one in config.desk.organisations] == ["gold"]
    assert [rule.then.sla for rule in config.rules.rules] == ["gold"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0h", 'must be longer than nothing; write "30m" or more; what is left out is not promised'),
        ("30s", 'is too fine for a promise; write minutes or more, like "30m", "4h" or "2d"'),
        ("50ms", "is too fine for a promise"),
        ("soon", "is not a duration"),
        ("53w", 'is more than a year of work; choose a shorter time, "52w" or "2000h" at most'),
        ("261d", "is more than a year of work"),
        ("2001h", "is more than a year of work"),
    ],
)
def test_a_time_that_cannot_be_promised_is_refused(typed: str, said: str) -> None:
    found = problem(f'[sla.gold]\nurgent = {{ solve = "{typed}" }}\n')
    assert found.startswith("config.toml:13:12: sla.gold.urgent.solve: ")
    assert said in found


def test_a_year_of_work_can_be_promised() -> None:
    sla = read('[sla.slow]\nsolve = "52w"\nupdate_every = "260d"\nnext_reply = "2000h"\n').desk.sla("slow")
    assert sla is not None
    assert (sla.times.solve, sla.times.update_every) == (Work(260), Work(260))
    assert sla.times.next_reply == Work(time=timedelta(hours=2000))


def test_a_ladder_is_climbed_from_rung_to_rung() -> None:
    config = read(f'{TEAM}[[ladder]]\nteam = "billing"\nrungs = ["ben", "team:billing", "ann"]\n')
    assert config.desk.ladders == (Ladder(TeamId("billing"), ("ben", "team:billing", "ann")),)
    assert config.desk.ladder("billing") == ("ben", "team:billing", "ann")
    assert config.desk.ladder("support") == ()


LADDER = '[[ladder]]\nteam = "support"\nrungs = ["ben"]\n'


@pytest.mark.parametrize(
    ("rungs", "said"),
    [
        ('["ben", "ann", "ben"]', '14:24: ladder 1, rungs 3: "ben" stands twice; keep it in one place'),
        ('["team:support", "team:support"]', 'ladder 1, rungs 2: "team:support" stands twice'),
        ('["bne"]', '14:10: ladder 1, rungs 1: "bne" is not known; did you mean "ben"?'),
        ('["support"]', 'ladder 1, rungs 1: "support" is a team; write "team:support"'),
        ('["team:suport"]', 'ladder 1, rungs 1: "suport" is not known; did you mean "support"?'),
        ('["ask:x@partner.test"]', 'side threads; until then write an agent\'s id or "team:ID"'),
        ('["the boss"]', 'is no rung; write an agent\'s id or "team:ID"'),
        ("[]", "ladder 1, rungs: is empty; name at least one"),
    ],
)
def test_a_rung_that_nobody_can_stand_on_is_refused(rungs: str, said: str) -> None:
    assert said in problem(LADDER.replace('["ben"]', rungs))


def test_a_team_has_one_ladder() -> None:
    said = problem(LADDER + LADDER)
    assert said == 'config.toml:16:1: ladder 2, team: "support" has a ladder already; put all its rungs into one ladder'


def test_a_team_that_promises_day_and_night_is_told_so() -> None:
    (said,) = read(f'{TEAM}lead = "ann"\nsla = "gold"\n{SLA}').advice
    assert said.startswith("config.toml:17:1: team 1, sla: the promises of Billing run day and night")
    assert 'give it hours = "NAME"' in said


def test_a_team_whose_broken_promises_nobody_gets_is_told_so() -> None:
    both = TEAM.replace('["ben"]', '["ann", "ben"]')
    team = f'{both}hours = "office"\nsla = "gold"\n{HOURS}{SLA}'
    (said,) = read(team).advice
    assert "team 1, sla: nobody gets what Billing does not keep: it has neither a ladder nor a lead" in said
    assert 'add a [[ladder]] with team = "billing", or name a lead' in said
    assert read(team + LADDER.replace("support", "billing")).advice == ()


def test_reminders_are_in_this_version() -> None:
    config = read('[tickets]\nremind_after = "2d"\nreminders = 0\nsolve_after_reminders = false\n')
    assert config.desk.tickets == TicketPolicy(remind_after=timedelta(days=2), reminders=0, solve_after_reminders=False)


def test_an_organisation_is_known_by_its_domain() -> None:
    config = read('[[organisation]]\nname = "Big Corp"\ndomains = ["BigCorp.example"]\nlanguage = "en"\n')
    found = config.desk.organisation_at("Jo@bigcorp.EXAMPLE")
    assert found is not None
    assert found.name == "Big Corp"
    assert config.desk.organisation_at("jo@corp.example") is None


def test_without_teams_everybody_is_in_one() -> None:
    assert [(team.id, team.members) for team in read().desk.teams] == [("support", ("ann", "ben"))]
    assert read(TEAM).desk.team == "billing"


def test_a_desk_without_people_is_refused() -> None:
    assert "there is no agent" in problem(base='[desk]\nname = "x"\naddress = "a@x.test"\n')
    assert "nobody is in this team" in problem('[[team]]\nid = "t"\nname = "T"\n')
    assert [line.split(": ")[1] for line in problems(base="")] == ["desk.name", "desk.address", "agent"]


def test_single_and_double_brackets_are_told_apart() -> None:
    found = problems('[[store]]\n[mailbox]\nname = "x"\n[hours]\nmon = "09:00-12:00"\n')
    assert [line.split("; ")[1] for line in found] == [
        "write [store], in single brackets", "write [[mailbox]], in double brackets", "write [hours.NAME]",
    ]  # fmt: skip


def test_every_language_that_ships_may_be_the_desks() -> None:
    for language in LANGUAGES:
        assert read(base=desk(f'language = "{language}"')).desk.language == language


def test_absence_and_cover_are_in_this_version() -> None:
    config = read(
        'backup = "ann"\naway = ["2026-12-24"]\nleft = 2027-01-31\nlanguage = "fr"\n'
        '[absence]\nmin = "2d"\non_return = "hand-back"\ntell_date = false\nlearn = "ask"\n'
    )
    policy = AbsencePolicy(min=timedelta(days=2), on_return=OnReturn.HAND_BACK, tell_date=False, learn=Learn.ASK)
    assert config.desk.absence == policy


@pytest.mark.parametrize(
    ("more", "base"),
    [
        ("", BASE),
        ('backup = "ann"\n', BASE),
        (TEAM + 'lead = "ann"\n', BASE.replace('"ann@example.com"\n', '"ann@example.com"\nbackup = "ben"\n')),
        ('admin = true\nbackup = "ann"\n' + TEAM, BASE),
    ],
)
def test_whoever_has_a_backup_a_colleague_a_lead_or_an_admin_is_covered(more: str, base: str) -> None:
    assert read(more, base).advice == ()


def test_an_agent_whom_nobody_would_cover_is_told_kindly_and_refuses_nothing() -> None:
    alone = read(TEAM).advice
    assert [line.split(": ")[0] for line in alone] == ["config.toml:4:1", "config.toml:8:1"]
    assert "agent 2: nobody covers Ben Ray in absence" in alone[1]
    assert "name a backup" in alone[1]
    gone = read("left = 2027-01-31\n").advice
    assert len(gone) == 1, "a colleague who leaves covers nobody"
    assert "Ann Lee" in gone[0]


def test_the_desk_takes_its_policies_from_the_file() -> None:
    config = read(
        '[trust]\nagents = "strict"\nauthserv_id = ["mx.example.com"]\nrelays = ["10.0.0.0/8"]\n'
        '[limits]\nanswers_unproven_hour = 7\nbacklog = "1d"\nattachments = 3\n[tickets]\nclose_after = "7d"\n',
        desk('receipts = "always"\ntimezone = "Europe/Paris"\ntemplates = "own"'),
    )
    found = config.desk
    assert (found.trust_agents, found.authserv, found.receipts) == (TrustAgents.STRICT, True, Receipts.ALWAYS)
    assert (found.answers.unproven_hour, found.answers.backlog, found.max_attachments) == (7, timedelta(days=1), 3)
    assert (found.tickets.close_after, found.timezone.key) == (timedelta(days=7), "Europe/Paris")
    assert (config.templates, config.trust.relays) == (Path("own"), ("10.0.0.0/8",))


def test_the_defaults_of_the_file_are_those_of_the_desk() -> None:
    fresh = load(None).desk
    assert fresh == Desk("Example Support", "support@example.com", fresh.agents, fresh.teams, TeamId("support"))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("a b", "c"), (1, 1)),
        (("list", 1), (2, 14)),
        (("list", 2, "x"), (3, 4)),
        (("rule", 0, "name"), (6, 1)),
        (("rule", 1, "when", "header", "X"), (9, 14)),
        (("rule", 1, "when", "nothing"), (9, 1)),
        (("rule", 1, "any", 1, "k"), (14, 1)),
        (("rule", 7), (5, 1)),
        (("none",), (1, 1)),
    ],
)
def test_lines_knows_where_everything_stands(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    text = (
        '"a b".c = 1\nlist = ["é", 2, # words\n { x = 1 }]\n\n[[rule]]\nname = 1\n[[rule]]\n\n'
        "when = {e=1, header.X = 2}\n[[rule.any]]\nk = 1\n[[rule.any]]\n\nk = 2\n"
    )
    tomllib.loads(text)
    assert Lines(text).find(path) == place


def test_what_a_certificate_a_form_or_a_port_contradicts_is_told() -> None:
    text = (
        '[listen]\nsmtps = "127.0.0.1:4465"\nlmtp = "127.0.0.1:25"\n'
        '[trust]\nforms = ["Support@example.com", "ann@example.com", "form@example.com"]\n'
    )
    with pytest.raises(ConfigError) as wrong:
        read(text)
    assert [problem.key for problem in wrong.value.problems] == [
        "listen.smtps", "listen.lmtp", "trust.forms 1", "trust.forms 2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "junk"),
    [
        *((name, True) for name in ("Junk", "[Gmail]/Spam", "INBOX.spam", "Junk Email", "Courrier indésirable")),
        *((name, False) for name in ("INBOX", "Spamming complaints", "Filed")),
    ],
)
def test_a_folder_of_junk_is_known_by_its_name(folder: str, junk: bool) -> None:
    assert terms.is_junk(folder) is junk


OAUTH = '[[mailbox]]\nname = "support"\nhost = "imap.example.com"\nuser = "u"\n[mailbox.oauth2]\nclient_id = "c"\n'


def test_what_google_and_microsoft_want_for_a_token_is_known() -> None:
    google = read(f'{OAUTH}provider = "google"\nrefresh_token_file = "r"').mailboxes[0]
    assert google.password is None
    assert google.grant is not None
    assert (google.grant.url, google.grant.scope) == ("https://oauth2.googleapis.com/token", "")
    user = read(f'{OAUTH}provider = "microsoft"\nrefresh_token_file = "r"').mailboxes[0].grant
    assert user is not None
    assert user.url == "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"
    assert user.scope.split()[-1] == "offline_access"
    own = read(f'{OAUTH}provider = "microsoft"\ntenant = "example.com"\nclient_secret_file = "s"').mailboxes[0].grant
    assert own is not None
    assert own.url == "https://login.microsoftonline.com/example.com/oauth2/v2.0/token"
    assert own.scope == "https://outlook.office365.com/.default"
    relay = '[relay]\nurl = "smtp://smtp.example.com:587"\nuser = "u"\n[relay.oauth2]\nprovider = "google"\n'
    sending = read(f'{relay}client_id = "c"\nrefresh_token_file = "r"').relay
    assert sending.password is None
    assert sending.grant is not None


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ('refresh_token_file = "r"', "mailbox 1, oauth2.token_url: is missing"),
        ('provider = "google"\nclient_secret_file = "s"', "mailbox 1, oauth2.refresh_token_file: is missing"),
        ('provider = "microsoft"', "the application itself must have a secret"),
        ('provider = "google"\nrefresh_token_file = "r"\ntenant = "x"', "is no tenant of Microsoft's"),
        ('refresh_token_file = "r"\ntoken_url = "http://login.example.com/t"', "is not where tokens can be had"),
        ('provider = "googel"', "oauth2.provider"),
        (
            'provider = "google"\nclient_secret = "s"\nrefresh_token_file = "r"',
            'unknown key; did you mean "client_secret_env"?',
        ),
    ],
)
def test_what_is_wrong_with_a_way_to_a_token_is_told(keys: str, fault: str) -> None:
    assert any(fault in problem for problem in problems(f"{OAUTH}{keys}\n"))
