"""`maild rules replay`: what other rules would have made of the mail that came."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine

from maild import config as configuration
from tests import databases
from tests.stories.house import House
from tests.stories.shell import enter, say, told

FILE = """\
[desk]
name = "Example Support"
address = "support@desk.example"
admins = ["ops@desk.example"]
[store]
url = "sqlite:///maild.db"
[trust]
authserv_id = ["mx.desk.example"]
[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@agents.example"
[[agent]]
id = "ben"
name = "Ben Ode"
email = "ben@agents.example"
[[team]]
id = "support"
name = "Support"
members = ["ann"]
[[team]]
id = "billing"
name = "Billing"
members = ["ben"]
public_name = "our accounts team"
"""
RULES = """
[[rule]]
name = "money"
when = { subject = "invoice" }
then = { priority = "high", tags = ["money"] }
[[rule]]
name = "spam"
when = { subject = "viagra" }
then = { quarantine = true }
[[rule]]
name = "again"
on = "reply"
when = { status = "open", body = "urgent" }
then = { priority = "urgent" }
"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A desk to which five mails came, three of which rules looked at with success."""
    enter(tmp_path, monkeypatch)
    Path("config.toml").write_text(databases.worded(FILE + RULES, tmp_path))
    config = configuration.load(Path("config.toml"))
    house = House(tmp_path, desk=config.desk, rules=config.rules)
    house.receives("It is wrong.", subject="Invoice 77")
    house.receives("This is urgent!", answers=house.last("luc@customer.example"))
    house.receives("Cheap.", subject="Viagra", author="Spam <spam@bad.example>")
    house.receives("A parcel is lost.", subject="Parcel", author="Eva <eva@elsewhere.example>")
    house.agent_replies("We look for it.", house.last("ann@agents.example"))
    return house


def typed(house: House, *words: str) -> dict[str, Any]:
    with time_machine.travel(house.now, tick=False):
        answer: dict[str, Any] = told("rules", "replay", *words)
    return answer


def test_the_same_rules_decide_the_same(house: House) -> None:
    found = typed(house)
    assert (found["mails"], found["otherwise"], found["lost"]) == (4, 0, 0)
    assert found["rules"] == [{"name": name, "before": 1, "after": 1} for name in ("again", "money", "spam")]


def test_a_canned_answer_in_place_of_words_is_told(house: House) -> None:
    Path("new.toml").write_text(FILE + RULES.replace('tags = ["money"]', 'tags = ["money"], reply = "refund"'))
    found = typed(house, "--with", "new.toml")
    (one,) = found["differences"]
    assert one["changed"] == {"canned": {"from": None, "to": "refund"}}
    with time_machine.travel(house.now, tick=False):
        shown = say("rules", "replay", "--with", "new.toml").stdout
    assert "(nothing) -> refund" in shown


def test_another_file_is_tried_before_it_goes_live(house: House) -> None:
    more = RULES.replace('"viagra"', '"casino"').replace('status = "open", ', 'status = "solved", ')
    more += '[[rule]]\nname = "parcels"\nwhen = { subject = "parcel" }\n'
    more += 'then = { team = "billing", reason = "Ben knows the postman." }\n'
    Path("new.toml").write_text(FILE + more)
    found = typed(house, "--with", "new.toml")
    assert (found["mails"], found["otherwise"]) == (4, 3)
    assert [(one["id"], one["changed"]) for one in found["differences"]] == [
        (
            house_mail(house, "This is urgent!"),
            {"rules": {"from": ["again"], "to": None}, "priority": {"from": "urgent", "to": None}},
        ),
        (
            house_mail(house, "Viagra"),
            {"rules": {"from": ["spam"], "to": None}, "quarantine": {"from": True, "to": None}},
        ),
        (
            house_mail(house, "Parcel"),
            {
                "rules": {"from": None, "to": ["parcels"]},
                "team": {"from": None, "to": "billing"},
                "reason": {"from": None, "to": {"en": "Ben knows the postman."}},
            },
        ),
    ]
    with time_machine.travel(house.now, tick=False):
        words = say("rules", "replay", "--since", "1d", "--with", "new.toml").stdout
    assert "4 mails since" in words
    assert "3 would be decided otherwise" in words
    assert 'rule "parcels": 0 -> 1 (+1)' in words
    assert "(nothing) -> billing" in words


def house_mail(house: House, words: str) -> int:
    """The number of the mail with these words."""
    from maild.store import inbox

    with house.store.read() as tx:
        return next(
            one.id for one in inbox.listing(tx) if words.encode() in (inbox.original(tx, one.id, most=10**6) or b"")
        )


def test_rules_that_changed_since_are_held_against_what_was_decided(house: House) -> None:
    changed = RULES.replace('"invoice"', '"bill"').replace('"money"\n', '"bills"\n')
    Path("config.toml").write_text(databases.worded(FILE + changed, house.folder))
    found = typed(house)
    assert found["otherwise"] == 1
    [one] = found["differences"]
    assert one["changed"]["rules"] == {"from": ["money"], "to": None}


def test_a_replay_looks_back_as_far_as_it_is_told_and_writes_nothing(house: House) -> None:
    before = (house.outbox, house.tickets)
    house.now = house.now.replace(day=25)
    assert typed(house, "--since", "1d")["mails"] == 0
    assert typed(house, "--since", "7d")["mails"] == 4
    assert (house.outbox, house.tickets) == before
    assert say("rules", "replay", "--since", "soon").exit_code == 2
    assert say("rules", "replay", "--with", "nowhere.toml").exit_code == 78


def test_a_mail_that_is_kept_no_more_is_counted(house: House) -> None:
    from datetime import timedelta

    from maild.store import inbox

    later = house.now + timedelta(days=1)
    house.store.write(lambda tx: inbox.expire(tx, later, later))
    found = typed(house)
    assert (found["mails"], found["lost"]) == (0, 4)


def test_without_a_store_there_is_nothing_to_replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(tmp_path, monkeypatch)
    assert "0 mails since" in say("rules", "replay").stdout
    assert not (tmp_path / "maild.db").exists()
