"""The operator at the shell: who is away, who covers, what a change of the file will move, and why a ticket moved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import Result

from maild import config as configuration
from maild.absence import Absence, Leave, Source, Stage
from maild.cli.snapshot import who_asks
from maild.store import absences
from tests import databases
from tests.stories.house import House
from tests.stories.promises import broken
from tests.stories.shell import enter, say

LUC, MIA = "luc@customer.example", "mia@customer.example"
ANN, BEN, CLEO, OPS = "ann@agents.example", "ben@agents.example", "cleo@agents.example", "ops@desk.example"
FILE = """\
[desk]
name = "Example Support"
address = "support@desk.example"
admins = ["ops@desk.example"]

[store]
url = "sqlite:///maild.db"

[absence]
on_return = "hand-back"

[[agent]]
id = "ann"
name = "Ann Lee"
email = "ann@agents.example"
backup = "ben"

[[agent]]
id = "ben"
name = "Ben Ode"
email = "ben@agents.example"

[[agent]]
id = "cleo"
name = "Cleo Roy"
email = "cleo@agents.example"
admin = true

[[team]]
id = "support"
name = "Support"
members = ["ann"]
public_name = "our support team"
lead = "cleo"

[[team]]
id = "billing"
name = "Billing"
members = ["ben"]
public_name = "our accounts team"

[[rule]]
name = "money"
on = ["new"]
when = { subject = "refund" }
then = { team = "billing", reason = "Refunds are made by our accounts team." }
"""


class Place:
    """A desk with its operator's file in the folder in which the operator types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write(FILE)
        config = configuration.load(folder / "config.toml")
        self.house = House(folder, desk=config.desk, rules=config.rules)
        self.house.takes_roll()

    def write(self, text: str) -> None:
        (self.folder / "config.toml").write_text(databases.worded(text, self.folder))

    def reload(self) -> None:
        """The daemon takes the file as it stands."""
        self.house.desk = configuration.load(self.folder / "config.toml").desk
        self.house.open()
        self.house.takes_roll()

    def types(self, *words: str) -> Result:
        """A command, typed at this moment; then all that follows from it at once is done."""
        with time_machine.travel(self.house.now, tick=False):
            result = say(*words)
        self.house.works()
        return result

    def told(self, *words: str) -> Any:
        result = self.types(*words, "--json")
        assert result.exit_code in {0, 1}, result.output
        return json.loads(result.stdout)

    def asks(self, who: str = "Luc Petit <luc@customer.example>", **more: Any) -> None:
        self.house.receives("Invoice 77 shows two licences.", author=who, **more)

    def comes(self, moment: datetime) -> None:
        """It becomes this moment, and the clock wakes us up."""
        self.house.now = moment
        self.house.works()

    @property
    def absences(self) -> list[Absence]:
        """All absences that are not over."""
        with self.house.store.read() as tx:
            return list(absences.living(tx))

    def owner(self, number: int = 1) -> str | None:
        return self.house.ticket(number).owner


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    enter(tmp_path, monkeypatch)
    made = Place(tmp_path)
    yield made
    assert made.house.faults() == []
    assert broken(made.house) == []
    made.house.close()


def day(number: int, month: int = 12, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, 0, 1, tzinfo=UTC)


# --- who is there ---


def test_the_agents_are_listed_with_what_they_carry_and_who_would_cover(place: Place) -> None:
    place.asks()
    ann, ben, cleo = place.told("agents", "list")
    assert ann == {
        "id": "ann",
        "name": "Ann Lee",
        "email": ANN,
        "teams": ["support"],
        "admin": False,
        "open_tickets": 1,
        "present": True,
        "left": False,
        "away": None,
        "cover": "ben",
        "next": [],
    }
    assert (ben["cover"], cleo["cover"], cleo["admin"]) == ("cleo", "ann", True)
    assert place.told("agents") == [ann, ben, cleo]
    shown = place.types("agents").stdout
    assert "Ann Lee" in shown
    assert "there" in shown


def test_before_there_is_a_store_the_list_says_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, monkeypatch)
    text = FILE.replace('backup = "ben"', 'backup = "ben"\naway = ["2026-12-01..2026-12-07"]')
    (tmp_path / "config.toml").write_text(text)
    with time_machine.travel(day(2), tick=False):
        ann, ben, _ = json.loads(say("agents", "--json").stdout)
    assert (ann["present"], ann["away"]["last_day"], ann["cover"]) == (False, "2026-12-07", "ben")
    assert ben["present"]
    refused = say("agents", "away", "ann", "2099-01-01")
    assert refused.exit_code == 1
    assert "has not run here yet" in refused.stderr
    assert not (tmp_path / "maild.db").exists()


def test_whoever_is_out_of_the_file_and_still_has_tickets_is_listed(place: Place) -> None:
    place.asks()
    place.write(FILE.replace('id = "ann"', 'id = "dan"').replace('["ann"]', '["dan"]'))
    gone = place.told("agents")[-1]
    assert (gone["id"], gone["name"], gone["left"], gone["open_tickets"]) == ("ann", "Ann Lee", True, 1)


# --- an admin says who is away ---


def test_an_absence_that_an_admin_announces_moves_the_tickets_at_its_start_and_everybody_hears_why(
    place: Place,
) -> None:
    place.asks()
    said = place.types("agents", "away", "ann", "2026-12-01..2026-12-07", "--because", "skiing in Chamonix")
    assert said.exit_code == 0
    assert "Ann Lee is away from Tuesday 1 December to Monday 7 December." in said.stdout
    assert "One open ticket goes to Ben Ode." in said.stdout
    assert place.owner() == "ann"
    (absence,) = place.absences
    assert (absence.source, absence.leave, absence.by) == (Source.ADMIN, Leave.PLANNED, who_asks())
    assert [one["last_day"] for one in place.told("agents")[0]["next"]] == ["2026-12-07"]
    place.comes(day(1))
    assert place.owner() == "ben"
    assert "an admin told us" in place.house.last(ANN, "absence").text
    place.house.passes(minutes=2)
    heard = place.house.last(LUC, "owner-changed")
    assert heard["X-Maild-Reason"] == "absence.planned; Ann Lee is away until Monday 7 December."
    assert not [letter for letter in place.house.sent if "Chamonix" in letter.text and letter.to == LUC]
    ann = place.told("agents")[0]
    assert (ann["present"], ann["away"]["because"], ann["open_tickets"]) == (False, "skiing in Chamonix", 0)
    assert "away 2026-12-01..2026-12-07" in place.types("agents").stdout


def test_another_backup_can_be_named_for_one_absence(place: Place) -> None:
    place.asks()
    said = place.types("agents", "away", "Ann Lee", "2026-11-21", "--backup", "cleo")
    assert "Ann Lee is away on Saturday 21 November. One open ticket goes to Cleo Roy." in said.stdout
    assert place.owner() == "cleo"
    place.asks("Mia Sol <mia@customer.example>", subject="Another thing")
    assert place.owner(2) == "cleo", "the only one of the team is away, and its lead stands in"


def test_who_is_away_until_nobody_knows_when_comes_back_by_one_word(place: Place) -> None:
    place.asks()
    assert "nobody knows until when" in place.types("agents", "away", "ann", "2026-11-21..").stdout
    assert place.owner() == "ben"
    place.house.passes(hours=5)
    assert "Ann Lee is back" in place.types("agents", "back", "ann").stdout
    assert place.owner() == "ann"
    assert place.absences == []
    again = place.types("agents", "back", "ann")
    assert again.exit_code == 1
    assert "Ann Lee is not away" in again.stderr


def test_new_days_for_an_absence_under_way_take_its_place_and_what_has_moved_stays_moved(place: Place) -> None:
    place.asks()
    place.types("agents", "away", "ann", "2026-11-21..2026-11-25")
    place.house.passes(days=1)
    assert place.owner() == "ben"
    said = place.types("agents", "away", "ann", "2026-11-24..2026-11-30")
    assert "It takes the place of the absence from Saturday 21 November to Wednesday 25 November." in said.stdout
    (absence,) = place.absences
    assert (absence.stage, str(absence.last_day)) == (Stage.BEGUN, "2026-11-30")
    place.comes(day(26, 11, 12))
    assert place.owner() == "ben", "the first end does not count any more"
    place.comes(day(1, 12, 12))
    assert place.owner() == "ann", "what the first absence took comes back at the end of the second"
    place.house.passes(minutes=2)
    assert [letter.notice for letter in place.house.sent_to(LUC)].count("owner-changed") == 2


def test_new_days_for_a_planned_absence_take_its_place(place: Place) -> None:
    place.types("agents", "away", "ann", "2026-12-01..2026-12-07")
    place.types("agents", "away", "ann", "2026-12-05..2026-12-14")
    place.types("agents", "away", "ann", "24", "dec")
    assert [str(one.last_day) for one in place.absences] == ["2026-12-14", "2026-12-24"]
    place.comes(day(2))
    assert place.told("agents")[0]["present"]


def test_what_is_planned_can_be_taken_back(place: Place) -> None:
    place.asks()
    place.types("agents", "away", "ann", "2026-12-01..2026-12-07")
    refused = place.types("agents", "back", "ann")
    assert refused.exit_code == 1
    assert "maild agents back ann --planned" in refused.stderr
    said = place.types("agents", "back", "ann", "--planned")
    assert "Ann Lee is not away after all from Tuesday 1 December to Monday 7 December." in said.stdout
    place.comes(day(2))
    assert place.owner() == "ann"


def test_an_agents_last_day_ends_with_the_tickets_at_the_cover(place: Place) -> None:
    place.asks()
    place.types("agents", "away", "ann", "2026-12-24")
    said = place.types("agents", "left", "ann", "2026-11-30")
    assert "The last day of Ann Lee: Monday 30 November. One open ticket goes to Ben Ode." in said.stdout
    assert [one.leave for one in place.absences] == [Leave.LEFT], "a holiday after the last day has no sense"
    place.comes(day(30, 11, 12))
    assert place.owner() == "ann"
    place.comes(day(1))
    assert place.owner() == "ben"
    place.house.passes(minutes=2)
    assert place.house.last(LUC, "owner-changed")["X-Maild-Reason"] == "left; Ann Lee has left our desk."
    ann = place.told("agents")[0]
    assert (ann["left"], ann["present"]) == (True, False)
    assert "has left" in place.types("agents", "away", "ann", "2026-12-24").stderr
    assert place.types("agents", "back", "ann").exit_code == 0
    assert place.owner() == "ann"


def test_who_left_last_week_hands_over_at_once(place: Place) -> None:
    place.asks()
    assert place.types("agents", "left", "ann", "2026-11-13").exit_code == 0
    assert place.owner() == "ben"


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        ("away bne 2026-12-01", 1, 'there is no agent "bne"; did you mean "ben"?'),
        ("away ann 2026-11-01..2026-11-03", 1, "the absence is over already: today is 2026-11-21"),
        ("away ann 2062-12-01", 1, "begins in more than a year; check the year"),
        ("away ann 2026-12-01..2028-12-01", 1, "longer than a year; leave its end open"),
        ("away ann 2027-02-30", 1, "the calendar has no such day"),
        ("away ann 2026-12-01 --backup ann", 1, "cannot be the backup of Ann Lee"),
        ("away ann 2026-12-01 --backup clea", 1, 'did you mean "cleo"?'),
        ("away ann 2026-12-07..2026-12-01", 1, "put the earlier day first"),
        ("away ann soon", 2, "write them like 2026-12-01..2026-12-07"),
        ("away ann 7/12", 2, "can be read in two ways"),
        ("away ann", 2, "Missing argument"),
        ("left ann 1999-12-31", 1, "check the year"),
        ("left nobody", 1, 'there is no agent "nobody"'),
        ("back cleo", 1, "Cleo Roy is not away"),
        ("bak cleo", 2, "did you mean back?"),
    ],
)
def test_what_cannot_be_is_said_in_one_kind_line_and_changes_nothing(
    place: Place, words: str, code: int, kind: str
) -> None:
    result = place.types("agents", *words.split())
    assert result.exit_code == code
    assert kind in result.stderr
    assert result.stderr.count("\n") == 1
    assert place.absences == []


# --- what a change of the file will do ---


def test_check_says_who_is_new_who_leaves_and_where_the_tickets_go_and_the_reload_does_just_that(
    place: Place,
) -> None:
    for number in range(3):
        place.asks(f"Luc <luc{number}@customer.example>", subject=f"Question {number}")
    assert "With this file" not in place.types("check").stdout
    text = FILE.replace('id = "ann"', 'id = "dan"').replace("Ann Lee", "Dan Ray").replace(ANN, "dan@agents.example")
    place.write(text.replace('["ann"]', '["dan"]'))
    shown = " ".join(place.types("check").stdout.split())
    assert "Dan Ray is new and gets a welcome mail." in shown
    assert "Ann Lee is no longer in the configuration and counts as left." in shown
    assert "3 open tickets go to Dan Ray." in shown
    assert [place.owner(number) for number in (1, 2, 3)] == ["ann"] * 3, "nothing was written"
    place.reload()
    assert [place.owner(number) for number in (1, 2, 3)] == ["dan"] * 3
    assert "With this file" not in place.types("check").stdout
    for admin in (OPS, CLEO):
        (mail,) = [letter for letter in place.house.sent_to(admin) if letter.notice == "absence"]
        assert "Ann Lee is no longer in the configuration and counts as left." in mail.text
        assert "3 open tickets go to Dan Ray." in mail.text


def test_check_counts_the_loads_along_as_the_move_itself_does(place: Place) -> None:
    both = FILE.replace('backup = "ben"\n', "").replace('members = ["ann"]', 'members = ["ann", "ben", "cleo"]')
    for number in range(7):
        place.asks(f"Luc <luc{number}@customer.example>", subject=f"Question {number}")
    place.write(both.replace('name = "Ann Lee"', 'name = "Ann Lee"\nleft = 2026-11-20'))
    shown = " ".join(place.types("check").stdout.split())
    place.reload()
    owners = [place.owner(number) for number in range(1, 8)]
    assert sorted(set(map(str, owners))) == ["ben", "cleo"]
    for name, owner in (("Ben Ode", "ben"), ("Cleo Roy", "cleo")):
        assert f"{owners.count(owner)} open tickets go to {name}." in shown


def test_check_tells_of_absences_that_begin_change_end_or_never_begin(place: Place) -> None:
    def with_away(*days: str) -> str:
        return FILE.replace('backup = "ben"', f'backup = "ben"\naway = {json.dumps(list(days))}')

    def changes() -> str:
        return " ".join(place.types("check").stdout.partition("With this file")[2].split())

    place.asks()
    place.write(with_away("2026-12-01..2026-12-07"))
    assert "Ann Lee is away from Tuesday 1 December to Monday 7 December. One open ticket goes to Ben Ode." in changes()
    place.reload()
    assert changes().startswith(", and the open tickets of now: To come Ann Lee is away from Tuesday 1 December")
    assert not [letter for letter in place.house.sent_to(OPS) if letter.notice == "absence"], "nobody moved yet"
    place.write(FILE)
    assert "Ann Lee is not away after all from Tuesday 1 December to Monday 7 December." in changes()
    place.write(with_away("2026-12-01..2026-12-07"))
    place.comes(day(2))
    place.write(with_away("2026-12-01..2026-12-10"))
    assert "Ann Lee is away from Tuesday 1 December to Thursday 10 December." in changes()
    place.write(FILE)
    assert "Ann Lee is back: the absence ends now." in changes()
    place.reload()
    assert place.owner() == "ann"


def test_check_says_which_short_absence_moves_only_what_is_due(place: Place) -> None:
    place.asks()
    short = FILE.replace("[absence]", '[absence]\nmin = "3d"')
    place.write(short.replace('backup = "ben"', 'backup = "ben"\naway = ["2026-12-01"]'))
    shown = " ".join(place.types("check").stdout.split())
    assert "Ann Lee is away on Tuesday 1 December. It is short: only what is promised" in shown


def test_after_a_reload_that_moved_people_the_admins_hear_it_once_and_the_lead_too(place: Place) -> None:
    place.asks()
    text = FILE.replace('lead = "cleo"', 'lead = "ben"').replace(
        'name = "Ann Lee"', 'name = "Ann Lee"\nleft = 2026-11-20'
    )
    place.write(text)
    place.reload()
    place.reload()
    for somebody in (OPS, CLEO, BEN):
        told = [letter for letter in place.house.sent_to(somebody) if letter.notice == "absence"]
        assert len(told) == 1, somebody
    assert "One open ticket goes to Ben Ode." in place.house.last(OPS, "absence").text
    assert "no longer works at this desk" in place.house.last(BEN, "absence").text


# --- why a ticket moved ---


def test_a_ticket_shows_each_move_with_its_cause_and_by_which_mail_everybody_heard(place: Place) -> None:
    place.asks(subject="Refund for invoice 77")
    place.house.agent_replies("#assign ann because Ann knows this contract", place.house.last(BEN, "assigned"),
                              agent=place.house.desk.agents[1])  # fmt: skip
    place.house.passes(minutes=2)
    place.types("agents", "away", "ann", "2026-11-21..2026-12-07")
    place.house.passes(minutes=2)
    opened, given, covered = place.told("ticket", "1")["moves"]
    assert (opened["from"], opened["to"]) == ({"owner": None, "team": None}, {"owner": "ben", "team": "billing"})
    assert opened["reason"] == "Refunds are made by our accounts team."
    assert (opened["cause"]["mail"], opened["cause"]["rule"]) == (1, "money")
    assert (given["code"], given["by"], given["who"]) == ("other", "Ben Ode", "Ben Ode")
    assert given["cause"]["mail"] == 2
    assert (covered["from"]["owner"], covered["to"]["owner"]) == ("ann", "ben")
    assert covered["cause"]["timer"] == "move"
    cause = covered["cause"]["absence"]
    assert (cause["agent"], cause["source"], cause["last_day"]) == ("ann", "admin", "2026-12-07")
    (brief,) = covered["briefed"]
    (told,) = covered["told"]
    assert (brief["agent"], brief["state"], told["recipient"], told["state"]) == ("ben", "sent", LUC, "sent")
    sent = {one["id"]: one for one in place.told("outbox")}
    for mail in (brief, told):
        assert sent[mail["outbox"]]["message_id"] == mail["message_id"]
    shown = place.types("ticket", "1").stdout
    for words in ("new -> ben", "ben -> ann", "ann -> ben", 'rule "money"', "the words of Ben Ode",
                  "the clock (move)", "absence 1 of ann: 2026-11-21..2026-12-07, by maild agents"):  # fmt: skip
        assert words in shown, words


def test_a_move_that_was_taken_back_before_anybody_was_told_says_so(place: Place) -> None:
    place.asks()
    place.types("agents", "away", "ann", "2026-11-21..2026-12-07")
    place.types("agents", "back", "ann")
    place.house.passes(minutes=2)
    place.house.agent_replies("I look into it.", place.house.last(ANN, "assigned"), agent=place.house.desk.agents[0])
    opened, away, back = place.told("ticket", "1")["moves"]
    assert (opened["undone"], away["undone"], back["undone"]) == (False, True, True)
    assert (away["told"], back["told"]) == ([], [])
    assert (back["code"], back["cause"]["timer"], back["cause"]["absence"]["id"]) == ("return", "return", 1)
    assert "moved back before" in place.types("ticket", "1").stdout
    assert [letter.notice for letter in place.house.sent_to(LUC)] == ["received", "reply"]


def test_a_mail_is_explained_with_what_it_moved_and_a_mail_of_ours_with_what_it_tells(place: Place) -> None:
    place.asks()
    place.house.agent_replies("#assign cleo because Cleo knows this contract", place.house.last(ANN, "assigned"),
                              agent=place.house.desk.agents[0])  # fmt: skip
    place.house.passes(minutes=2)
    (explained,) = place.told("explain", "2")
    (moved,) = explained["moves"]
    assert (moved["ticket"], moved["from"]["owner"], moved["to"]["owner"]) == (1, "ann", "cleo")
    assert [mail["agent"] for mail in moved["briefed"]] == ["cleo"]
    assert [mail["recipient"] for mail in moved["told"]] == [LUC]
    assert "ann -> cleo" in place.types("explain", "2").stdout
    shown = place.types("explain", f"out:{moved['told'][0]['outbox']}").stdout
    assert "It tells of this move:" in shown
    assert "ann -> cleo" in shown


def test_a_mail_that_tells_of_an_absence_is_explained_with_the_tickets_that_the_absence_moved(place: Place) -> None:
    place.asks()
    place.asks("Mia Sol <mia@customer.example>", subject="Another thing")
    place.house.passes(minutes=1)
    brief = place.house.last(ANN, "assigned")
    place.house.agent_replies("#away today..7 dec", brief, agent=place.house.desk.agents[0])
    place.house.passes(minutes=2)
    assert [place.owner(number) for number in (1, 2)] == ["ben", "ben"]
    (explained,) = place.told("explain", "3")
    (absence,) = explained["absences"]
    assert (absence["agent"], absence["source"], absence["last_day"]) == ("ann", "command", "2026-12-07")
    assert [(one["ticket"], one["to"]["owner"]) for one in explained["moves"]] == [(1, "ben"), (2, "ben")]
    row = explained["moves"][0]["told"][0]["outbox"]
    (ours,) = place.told("explain", f"out:{row}")
    assert (ours["notice"], ours["state"], ours["moves"][0]["cause"]["absence"]["id"]) == ("owner-changed", "sent", 1)
    assert "ann away 2026-11-21..2026-12-07: begun" in place.types("explain", "3").stdout


def test_a_mail_that_finds_its_owner_away_shows_the_absence_behind_the_move(place: Place) -> None:
    place.write(FILE.replace("[absence]", '[absence]\nmin = "3d"'))
    place.reload()
    place.asks()
    received = place.house.last(LUC, "received")
    place.types("agents", "away", "ann", "2026-11-21")
    assert place.owner() == "ann"
    place.house.receives("Any news?", answers=received)
    moved = place.told("ticket", "1")["moves"][-1]
    assert (moved["to"]["owner"], moved["cause"]["mail"], moved["cause"]["absence"]["id"]) == ("ben", 2, 1)


# --- how the desk is ---


def test_status_names_who_is_away_and_the_tickets_that_nobody_would_hear_of(place: Place) -> None:
    place.asks()
    assert (place.told("status")["away"], place.told("status")["unreached"]) == ([], [])
    place.types("agents", "away", "ann", "2026-11-21..2026-11-25")
    status = place.told("status")
    assert [one["agent"] for one in status["away"]] == ["ann"]
    assert status["unreached"] == []
    assert "Ann Lee, 2026-11-21..2026-11-25" in place.types("status").stdout
    place.types("agents", "away", "ben", "2026-11-21..")
    place.types("agents", "away", "cleo", "2026-11-21..2026-11-22")
    status = place.told("status")
    assert status["unreached"] == [1]
    assert [worry for worry in status["worries"] if "everybody is away who could look after #1" in worry]
    place.types("agents", "back", "cleo")
    assert place.told("status")["unreached"] == []


def test_words_that_no_terminal_should_hand_on_are_refused_in_plain_words(place: Place) -> None:
    told = place.types("agents", "away", "ann", "2026-12-01", "--because", "\udcff")
    assert told.exit_code == 1
    assert told.stderr == "maild: because holds what is no letter of any script; write it anew\n"


def test_check_names_open_tickets_of_a_team_and_an_address_that_are_no_longer_in_the_file(place: Place) -> None:
    place.house.receives("I want my money back.", subject="refund", to="support@desk.example")
    assert "Worth a look" not in place.types("check").stdout
    kept, _, _ = FILE.partition('[[team]]\nid = "billing"')
    place.write(kept.replace("support@desk.example", "help@desk.example"))
    told = place.types("check")
    assert told.exit_code == 0
    assert (
        "support@desk.example is no address of yours in this file, and answers to 1 open ticket go there: "
        "they are refused; add it to desk.aliases" in told.stdout
    )
    assert 'team "billing" is not in this file and still has 1 open ticket; #team moves one elsewhere' in told.stdout
    place.write(FILE)
