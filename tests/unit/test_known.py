"""What a transaction has read it need not ask for again, unless it has written something else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maild.absence import Absence, Leave, Source, Stage
from maild.desk import AgentId, Desk, TeamId
from maild.store import absences, meta, tickets
from maild.store.engine import Store, Tx
from maild.ticket import Party, Role, TicketNo, fresh

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DESK = Desk("Shop", "support@shop.example", (), (), TeamId("support"))
AWAY = Absence(1, AgentId("ann"), Leave.PLANNED, NOON, NOON + timedelta(days=3), Source.COMMAND, Stage.SET)


def opened(tx: Tx) -> TicketNo:
    number = tickets.next_number(tx)
    ticket = fresh(number, "Hello", "support", "support@shop.example", "en", NOON)
    tickets.save(tx, replace(ticket, parties=(Party(1, "luc@shop.example", role=Role.REQUESTER),)), None)
    return number


def test_each_ticket_of_a_commit_has_the_next_number(store: Store) -> None:
    assert store.write(lambda tx: [opened(tx), opened(tx), opened(tx)]) == [1, 2, 3]
    assert store.write(opened) == 4


def test_the_number_of_a_ticket_that_was_taken_back_is_given_again(store: Store) -> None:
    def write(tx: Tx) -> list[TicketNo]:
        given = [opened(tx)]
        with suppress(ZeroDivisionError), tx.apart():
            given.append(opened(tx))
            raise ZeroDivisionError
        return [*given, opened(tx)]

    assert store.write(write) == [1, 2, 2]


def test_numbers_go_on_behind_those_of_a_backup(store: Store) -> None:
    store.write(lambda tx: meta.put(tx, meta.floor_of("ticket"), "100"))
    assert store.write(lambda tx: [opened(tx), opened(tx)]) == [101, 102]


def test_an_absence_counts_from_the_moment_when_it_is_written(store: Store) -> None:
    def write(tx: Tx) -> list[int]:
        before = absences.with_absences(tx, DESK)
        absences.save(tx, AWAY, NOON)
        during = absences.with_absences(tx, DESK)
        absences.save(tx, replace(AWAY, stage=Stage.ENDED), NOON)
        return [len(desk.absences) for desk in (before, during, absences.with_absences(tx, DESK))]

    assert store.write(write) == [0, 1, 0]
