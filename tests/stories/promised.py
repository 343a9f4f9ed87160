"""What the stories of promises have in common: desks that keep hours, and what can be seen of their ledgers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from maild.decision import TimerName
from maild.desk import Ladder, Sla, TeamId, Times
from maild.hours import Calendar, Work
from maild.promise import Clock, Promise, Standing, promised_at
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from maild.store import promises, timers
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, SUPPORT, House, Letter
from tests.stories.promises import broken

LUC = "luc@customer.example"
PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
NINE_TO_HALF_PAST_FIVE = (((540, 1050),),) * 5 + ((), ())
OFFICE = Calendar("office", PARIS, NINE_TO_HALF_PAST_FIVE, holidays="FR")
NEW_YORK_OFFICE = Calendar("new-york", NEW_YORK, NINE_TO_HALF_PAST_FIVE, holidays="US")
THURSDAY = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
"""10:00 in Paris."""


def hours(count: float) -> Work:
    return Work(time=timedelta(hours=count))


STANDARD = Sla("standard", Times(hours(4), hours(8), Work(days=2), Work(days=5)))
TEAM = replace(SUPPORT, hours="office", sla="standard", members=(ANN.id, BEN.id))
KEEPS_TIME = replace(DESK, timezone=PARIS, teams=(TEAM, BILLING), calendars=(OFFICE, NEW_YORK_OFFICE), slas=(STANDARD,))
WITH_LADDER = replace(KEEPS_TIME, ladders=(Ladder(TeamId("support"), (CLEO.id,)),))


def played(house: House) -> Iterator[House]:
    """A house for one story; when the story is over, all that holds of any house must hold of it."""
    yield house
    assert house.faults() == []
    assert broken(house) == []
    assert unkept(house) == []
    house.close()


def with_sla(times: Times, *urgencies: tuple[str, Times]) -> tuple[Sla, ...]:
    """The team's SLA with these times, in place of its usual ones."""
    return (Sla("standard", times, urgencies),)


def at(day: int, clock: str, month: int = 11, zone: ZoneInfo = PARIS, year: int = 2026) -> datetime:
    """What a clock on the wall shows, as the moment in UTC."""
    hour, minute = map(int, clock.split(":"))
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


def asks(house: House, text: str = "The invoice is wrong.", **more: object) -> Letter:
    """Luc writes; the brief that Ann gets."""
    house.receives(text, **more)  # type: ignore[arg-type]  # as written
    return house.last(ANN.email, "assigned")


def ruled(house: House, *rules: dict[str, object]) -> None:
    """The operator writes rules, and the daemon reloads."""
    known = Known(
        frozenset(agent.id for agent in house.desk.agents),
        frozenset(team.id for team in house.desk.teams),
        slas=frozenset(sla.name for sla in house.desk.slas),
    )
    book = load([{"name": f"rule {place}", **rule} for place, rule in enumerate(rules)], known)
    assert isinstance(book, RuleBook), book
    house.rules = book
    house.open()


def ledger(house: House, number: int = 1) -> tuple[Promise, ...]:
    with house.store.read() as tx:
        return promises.ledger(tx, number)


def standing(house: House, number: int = 1) -> list[tuple[str, str]]:
    return [(one.clock.value, one.standing.value) for one in ledger(house, number)]


def due(house: House, clock: Clock, number: int = 1) -> datetime:
    """By when the newest promise of a clock is to be kept."""
    found = [one.due_at for one in ledger(house, number) if one.clock is clock]
    assert found, f"{clock} was never promised: {standing(house, number)}"
    return found[-1]


def broken_ones(house: House, number: int = 1) -> list[Promise]:
    return [one for one in ledger(house, number) if one.standing is Standing.BROKEN]


def runs_until(house: House, moment: datetime) -> None:
    """Time goes by as it does for a daemon that runs: each timer is looked at when it is due."""
    while True:
        with house.store.read() as tx:
            next_due = timers.next_due(tx)
        if next_due is None or next_due > moment:
            break
        house.now = max(house.now, next_due)
        house.works()
    house.now = moment
    house.works()


def runs(house: House, **span: float) -> None:
    runs_until(house, house.now + timedelta(**span))


def left_at(letter: Letter) -> datetime:
    return parsedate_to_datetime(letter["Date"]).astimezone(UTC)


def notices(house: House, address: str = LUC) -> list[str]:
    return [letter.notice for letter in house.sent_to(address)]


def row(letter: Letter, label: str) -> str:
    """A row of the status block."""
    found = [line.strip() for line in letter.text.splitlines() if line.startswith(f"  {label} ")]
    assert found, f"no row {label} in {letter.text}"
    return found[-1].removeprefix(label).strip()


def unkept(house: House) -> list[str]:
    """What is wrong with the ledgers now: a running promise that no timer looks at, a date that is not theirs."""
    faults = []
    with house.store.read() as tx:
        for ticket in house.tickets:
            running = [one for one in ticket.promises if one.standing is Standing.OPEN]
            if running and not timers.set_for(tx, ticket.number, TimerName.PROMISE):
                faults.append(f"#{ticket.number}: no timer looks at {[one.clock.value for one in running]}")
            if ticket.promised_at != promised_at(promises.standing_of(tx, ticket.number)):
                faults.append(f"#{ticket.number}: promised_at is not what its ledger says")
    return faults
