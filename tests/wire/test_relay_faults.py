"""A relay whose machine vanishes, or that says nothing more, at every moment of a mail: told, sent twice at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.config import parse
from maild.control import ask
from maild.courier import Deferred, Outcome, Relay, Sent, Timeouts, Uncertain
from maild.deliver import SLOW
from maild.mail import Outgoing
from maild.terms import timeouts
from tests.wire.between import Between, End
from tests.wire.clients import new_mail
from tests.wire.relay import ScriptedRelay
from tests.wire.running import SUPPORT, Sink, configuration, hurried, running, until
from tests.wire.test_courier import MAIL
from tests.wire.test_vitals import served

LUC, LUC_AT = "Luc Petit <luc@customer.example>", "luc@customer.example"
PATIENT = Timeouts(connect=1, verb=2, dot=100)
"""Whoever waits for the dot's answer as long as this waits for a machine that lives; the stories end long before."""
BIG = replace(MAIL, content=MAIL.content + b"Much more.\r\n" * 800_000)
END = b"\r\n.\r\n"


def given(between: Between, mail: Outgoing = MAIL, patience: Timeouts = PATIENT) -> Outcome:
    courier = Relay(f"smtp://127.0.0.1:{between.port}", tls="none", timeouts=patience)
    try:
        return courier.send(mail, 17)
    finally:
        courier.close()


@pytest.fixture
def relay() -> Iterator[ScriptedRelay]:
    with ScriptedRelay() as one:
        yield one


def test_a_machine_that_is_gone_before_we_call_is_the_relays_fault(relay: ScriptedRelay) -> None:
    with Between(relay.port) as between:
        between.fails(End.VANISH)
        assert given(between) == Deferred("at connecting: no answer within 1 s", relay=True)
        between.heals()
        assert isinstance(given(between), Sent)


def test_a_machine_that_vanishes_amid_a_mail_is_noticed_long_before_the_time_of_the_dot(relay: ScriptedRelay) -> None:
    gone = "its machine is gone: it acknowledged nothing for 2 s"
    with Between(relay.port) as between:
        between.fails_after(1_000_000, End.VANISH, side="client")
        assert given(between, BIG) == Deferred(f"at the text of the mail: {gone}")
        between.heals()
        assert relay.taken == []
        assert isinstance(given(between, BIG), Sent)
        assert len(relay.taken) == 1


def test_a_machine_that_vanishes_after_the_dot_leaves_us_uncertain_long_before_the_time_of_the_dot(
    relay: ScriptedRelay,
) -> None:
    gone = "its machine is gone: it acknowledged nothing for 2 s"
    with Between(relay.port) as between:
        between.fails_at(END, End.VANISH)
        assert given(between) == Uncertain(f"at the end of the mail: {gone}")
        until(lambda: len(relay.taken) == 1)


def test_a_relay_that_lives_and_thinks_is_waited_for(relay: ScriptedRelay) -> None:
    with Between(relay.port) as between:
        between.fails_at(END, End.SILENCE)
        patience = Timeouts(connect=1, verb=1, dot=4)
        assert given(between, MAIL, patience) == Uncertain("at the end of the mail: no answer within 4 s")


@pytest.mark.parametrize("then", [End.RESET, End.SILENCE])
@pytest.mark.parametrize("octets", [0, 10, 60, 130])
def test_a_relay_that_breaks_or_falls_silent_amid_its_words_sends_nothing_and_may_be_tried_again(
    relay: ScriptedRelay, octets: int, then: End
) -> None:
    with Between(relay.port) as between:
        between.fails_after(octets, then)
        outcome = given(between, MAIL, replace(PATIENT, verb=1, dot=1))
        assert isinstance(outcome, Deferred | Uncertain), outcome
        assert len(relay.taken) <= isinstance(outcome, Uncertain)
        between.heals()
        assert isinstance(given(between), Sent)


def test_a_desk_whose_relay_vanishes_tells_it_and_sends_twice_at_most_and_only_what_may_not_have_arrived(
    tmp_path: Path,
) -> None:
    limits = 'free_disk = "1MB"\nrelay_connect = "1s"\nrelay_verb = "2s"\nretry_first = "1s"\nretry_most = "1s"'
    with Sink() as sink, Between(sink.port) as between:
        url = f"smtp://127.0.0.1:{between.port}"
        with running(tmp_path, configuration(tmp_path, url, limits=limits)) as desk:
            until(desk.drained)
            for moment in (b"DATA\r\n", b"Subject: ", END):
                between.fails_at(moment, End.VANISH)
                desk.post(new_mail(LUC, f"Question after {moment!r}", "?", to=SUPPORT), LUC_AT, [SUPPORT])
                until(lambda: "the relay takes no mail" in str(ask(desk.var, {"do": "status"})))
                between.heals()
                # its machine is back, says somebody; else all of this happens by itself within a minute
                until(lambda: hurried(desk))
                until(lambda: not ask(desk.var, {"do": "status"})["troubles"])  # type: ignore[index]
            copies = Counter(letter["Message-ID"].strip("<>") for letter in sink.letters)
            unsure = dict(desk.rows("select message_id, uncertain from outbox"))
            assert copies.keys() == unsure.keys()
            assert all(copies[name] <= 1 + times for name, times in unsure.items())
            assert {letter.outgoing.content for letter in sink.letters} == {
                bytes(content) for (content,) in desk.rows("select content from outbox")
            }
            assert desk.rows("select count(*) from outbox where uncertain > 1") == [(0,)]
            assert desk.faults() == []


def test_a_relay_that_keeps_a_mail_and_says_nothing_is_told_within_two_minutes(tmp_path: Path) -> None:
    limits = 'free_disk = "1MB"\nrelay_dot = "5s"'
    with Sink() as sink, Between(sink.port) as between:
        between.fails_at(END, End.SILENCE)
        text = configuration(tmp_path, f"smtp://127.0.0.1:{between.port}", limits=limits)
        with served(tmp_path, text) as daemon:
            since = min(until(lambda: [at for at in daemon.relay.asked.values() if at is not None]))
            assert daemon.relay.worry(since + SLOW) == ""
            told = daemon.relay.worry(since + SLOW + timedelta(seconds=1))
            assert told == "the relay has had a mail for 91 s without an answer"
            until(lambda: set(daemon.relay.asked.values()) == {None})
            assert daemon.relay.worry(since + timedelta(days=1)) == ""


def test_with_the_usual_limits_a_relay_that_is_gone_is_in_the_status_within_two_minutes() -> None:
    example = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")
    usual = timeouts(parse(example, None))
    # at worst it vanishes as a mail is given to it, and is tried by the next one
    assert usual.verb + usual.connect < 120
    assert timedelta(minutes=2) > SLOW > timedelta(seconds=usual.verb)
