from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.commands import MOST_COMMANDS, Command, Fault, Name, Words, nearest, read
from maild.dates import Ahead, Day, Span, Weekday
from maild.lines import line
from maild.moments import Moment
from maild.vocabulary import KNOWN

WEEK = Span(Day(1, 12), Day(7, 12))

RIGHT = {
    "#reply": Command(Name.REPLY),
    "#public": Command(Name.REPLY),
    "#note": Command(Name.NOTE),
    "#note the bank has not answered": Command(Name.NOTE, text="the bank has not answered"),
    "#note: see #1042": Command(Name.NOTE, text="see #1042"),
    "#internal": Command(Name.NOTE),
    "#private between us": Command(Name.NOTE, text="between us"),
    "#open": Command(Name.OPEN),
    "#active": Command(Name.OPEN),
    "#pending": Command(Name.PENDING),
    "#hold": Command(Name.HOLD),
    "#reopen": Command(Name.REOPEN),
    "#solved": Command(Name.SOLVED),
    "#solved the invoice was sent again": Command(Name.SOLVED, text="the invoice was sent again"),
    "#close": Command(Name.SOLVED),
    "#close.": Command(Name.SOLVED),
    "#CLOSED!": Command(Name.SOLVED),
    "#done": Command(Name.SOLVED),
    "#resolve": Command(Name.SOLVED),
    "#resolved": Command(Name.SOLVED),
    "#status closed": Command(Name.SOLVED),
    "#status solved by a refund": Command(Name.SOLVED, text="by a refund"),
    "#status: Pending": Command(Name.PENDING),
    "#assign ben because he knows the contract": Command(Name.ASSIGN, who="ben", because="he knows the contract"),
    "#assign Ben Ode because Ben knows it": Command(Name.ASSIGN, who="Ben Ode", because="Ben knows it"),
    "#assign @ben, because of the bank": Command(Name.ASSIGN, who="ben", because="of the bank"),
    "#assignee ben@example.com Because why not": Command(Name.ASSIGN, who="ben@example.com", because="why not"),
    "#agent ben parce que Ben connaît le dossier": Command(Name.ASSIGN, who="ben", because="Ben connaît le dossier"),
    "#owner ben parce qu'il parle russe": Command(Name.ASSIGN, who="ben", because="il parle russe"),
    "#assign ben car Ben parle russe": Command(Name.ASSIGN, who="ben", because="Ben parle russe"),
    "#assign ben porque conoce el caso": Command(Name.ASSIGN, who="ben", because="conoce el caso"),
    "#assign ben потому что знает договор": Command(Name.ASSIGN, who="ben", because="знает договор"),
    "#assign ben, weil Ben den Vertrag kennt": Command(Name.ASSIGN, who="ben", because="Ben den Vertrag kennt"),
    "#assign carlos car il sait": Command(Name.ASSIGN, who="carlos", because="il sait"),
    "#take": Command(Name.TAKE),
    "#take because Cleo is away": Command(Name.TAKE, because="Cleo is away"),
    "#mine": Command(Name.TAKE),
    "#me": Command(Name.TAKE),
    "#release because it is about money": Command(Name.RELEASE, because="it is about money"),
    "#unassign because: wrong person": Command(Name.RELEASE, because="wrong person"),
    "#team billing because it is about money": Command(Name.TEAM, who="billing", because="it is about money"),
    "#group billing because money": Command(Name.TEAM, who="billing", because="money"),
    "#queue billing weil Geld": Command(Name.TEAM, who="billing", because="Geld"),
    "#department billing because money": Command(Name.TEAM, who="billing", because="money"),
    "#priority high": Command(Name.PRIORITY, words=("high",)),
    "#priority Urgent!": Command(Name.PRIORITY, words=("urgent",)),
    "#low": Command(Name.PRIORITY, words=("low",)),
    "#normal": Command(Name.PRIORITY, words=("normal",)),
    "#high": Command(Name.PRIORITY, words=("high",)),
    "#urgent": Command(Name.PRIORITY, words=("urgent",)),
    "#tag money Refund, money": Command(Name.TAG, words=("money", "refund")),
    "#label #vip": Command(Name.TAG, words=("vip",)),
    "#untag money": Command(Name.UNTAG, words=("money",)),
    "#subject Two licences, one order": Command(Name.SUBJECT, text="Two licences, one order"),
    "#accept": Command(Name.ACCEPT),
    "#show 1042": Command(Name.SHOW, number=1042),
    "#show #1042.": Command(Name.SHOW, number=1042),
    "#history 7": Command(Name.HISTORY, number=7),
    "#history": Command(Name.HISTORY),
    "#list": Command(Name.LIST),
    "#list mine": Command(Name.LIST, words=("mine",)),
    "#list Late.": Command(Name.LIST, words=("late",)),
    "#away 1 dec..7 dec": Command(Name.AWAY, span=WEEK),
    "#away: 1 dec – 7 dec.": Command(Name.AWAY, span=WEEK),
    "@away today": Command(Name.AWAY, span=Span(Ahead(0), Ahead(0))),
    "/ooo today..": Command(Name.AWAY, span=Span(Ahead(0), None)),
    "# vacation du 1er au 7 décembre": Command(Name.AWAY, span=WEEK),
    "#away 1..7 dec backup ben": Command(Name.AWAY, who="ben", span=WEEK),
    "#away 1..7 dec, backup: @ben": Command(Name.AWAY, who="ben", span=WEEK),
    "#away 1..7 dec Backup Ben Ode because I walk": Command(Name.AWAY, who="Ben Ode", because="I walk", span=WEEK),
    "#away 1..7 dec because ben is my backup": Command(Name.AWAY, because="ben is my backup", span=WEEK),
    "#away du 1 au 7 décembre, remplaçante Zoé, parce que je marche": Command(
        Name.AWAY, who="Zoé", because="je marche", span=WEEK
    ),
    "#away 1 al 7 de diciembre suplente ben porque camino": Command(Name.AWAY, who="ben", because="camino", span=WEEK),
    "#away с 1 по 7 декабря замена ben потому что отпуск": Command(Name.AWAY, who="ben", because="отпуск", span=WEEK),
    "#away vom 1. bis 7. Dezember Vertretung durch ben, weil ich wandere": Command(
        Name.AWAY, who="ben", because="ich wandere", span=WEEK
    ),
    "#escalate because it is late": Command(Name.ESCALATE, because="it is late"),
    "#esc weil es eilt": Command(Name.ESCALATE, because="es eilt"),
    "#escalate 3 because it is late": Command(Name.ESCALATE, because="it is late", number=3),
    "#escalate level 3, because it is late": Command(Name.ESCALATE, because="it is late", number=3),
    "#escalate niveau 2 parce que c'est urgent": Command(Name.ESCALATE, because="c'est urgent", number=2),
    "#escalate уровень 12 потому что срочно": Command(Name.ESCALATE, because="срочно", number=12),
    "#delay friday because the part is late": Command(
        Name.DELAY, because="the part is late", moment=Moment(day=Weekday(4))
    ),
    "#eta tomorrow 17:00, because of the bank": Command(
        Name.DELAY, because="of the bank", moment=Moment(day=Ahead(1), at=time(17))
    ),
    "#delay jeudi 26 novembre à 12h parce que la banque répond jeudi": Command(
        Name.DELAY, because="la banque répond jeudi", moment=Moment(day=Day(26, 11, None, 3), at=time(12))
    ),
    "#delay bis 26.11. 14 Uhr, weil die Bank antwortet": Command(
        Name.DELAY, because="die Bank antwortet", moment=Moment(day=Day(26, 11), at=time(14))
    ),
    "#snooze 2h": Command(Name.SNOOZE, moment=Moment(span=timedelta(hours=2))),
    "#snooze: until friday.": Command(Name.SNOOZE, moment=Moment(day=Weekday(4))),
    "/snooze 3d because the part comes then": Command(
        Name.SNOOZE, because="the part comes then", moment=Moment(span=timedelta(days=3))
    ),
    "#back": Command(Name.BACK),
    "#Back.": Command(Name.BACK),
    "#help": Command(Name.HELP),
    "#yes": Command(Name.YES),
    "#Yes.": Command(Name.YES),
    "  #close  ": Command(Name.SOLVED),
    "#priority\xa0high": Command(Name.PRIORITY, words=("high",)),
    "\t#tag\u3000a\u202fb\r": Command(Name.TAG, words=("a", "b")),
    "@close": Command(Name.SOLVED),
    "/close": Command(Name.SOLVED),
    "# close": Command(Name.SOLVED),
    "#\xa0priority low": Command(Name.PRIORITY, words=("low",)),
    "/assign ben because of money": Command(Name.ASSIGN, who="ben", because="of money"),
}


@pytest.mark.parametrize("line", RIGHT)
def test_a_line_that_is_a_command_is_read(line: str) -> None:
    assert read(f"{line}\n\nHello Luc,\nit is sent.") == Words((RIGHT[line],), "Hello Luc,\nit is sent.", ())


@pytest.mark.parametrize(
    "line",
    [
        "Hello Luc,",
        "#1042 is yours",
        "#",
        "##close",
        "# A heading of a list",
        "# 1 apple",
        "@ann please look",
        "@",
        "/usr/bin/close",
        "/etc",
        "/",
        "@close/reopen",
        "please #close",
        "> #close",
        "* #close",
        "- #close",
        "-- ",
        "“#close”",
        "\\#close",
        "close",
        "!close",
        "👩\u200d💻 hello",
        "\u200eHello",
    ],
)
def test_any_other_line_is_text_and_ends_the_block(line: str) -> None:
    text = f"{line}\n#close"
    assert read(text) == Words((), text, ())


WRONG = {
    "#asign ben because he knows": (Fault.UNKNOWN, "assign"),
    "#clsoe": (Fault.UNKNOWN, "solved"),
    "#prioritaet high": (Fault.UNKNOWN, "priority"),
    "#xyzzy": (Fault.UNKNOWN, ""),
    "#c++": (Fault.UNKNOWN, ""),
    "#open/close": (Fault.UNKNOWN, "solved"),
    "#с\u043bose": (Fault.UNKNOWN, "solved"),
    "#\uff43lose": (Fault.UNKNOWN, "solved"),
    "\uff03close": (Fault.HIDDEN, "solved"),
    "\uff0fclose": (Fault.HIDDEN, "solved"),
    "\u200b#close": (Fault.HIDDEN, "solved"),
    "#\u200bclose": (Fault.HIDDEN, "solved"),
    "#clo\xadse": (Fault.HIDDEN, "solved"),
    "\u202e#close": (Fault.HIDDEN, "solved"),
    "#note hello\u2028#assign ben because x": (Fault.HIDDEN, "note"),
    "#close\x00": (Fault.HIDDEN, "solved"),
    "#esc": (Fault.REASON, "escalate"),
    "#escalate 3": (Fault.REASON, "escalate"),
    "#escalate because": (Fault.REASON, "escalate"),
    "#escalate it is late": (Fault.WORDS, "escalate"),
    "#escalate 0 because it is late": (Fault.WORDS, "escalate"),
    "#escalate level 100 because it is late": (Fault.WORDS, "escalate"),
    "#escalate ben because it is late": (Fault.WORDS, "escalate"),
    "#delay": (Fault.WORDS, "delay"),
    "#delay because it is late": (Fault.WORDS, "delay"),
    "#delay friday": (Fault.REASON, "delay"),
    "#delay friday because": (Fault.REASON, "delay"),
    "#delay friday, the part is late": (Fault.REASON, "delay"),
    "#delay soon because it is late": (Fault.DATES, "delay"),
    "#delay mon..fri because it is late": (Fault.DATES, "delay"),
    "#eta 3/4 because it is late": (Fault.TWO_WAYS, "delay"),
    "#snooze": (Fault.WORDS, "snooze"),
    "#snooze soon": (Fault.DATES, "snooze"),
    "#snooze 12h": (Fault.TWO_WAYS, "snooze"),
    "#snooze friday because": (Fault.REASON, "snooze"),
    "#cc luc@example.org": (Fault.LATER, "cc"),
    "#fwd luc@example.org": (Fault.LATER, "new"),
    "#macro": (Fault.WORDS, "template"),
    "#template two words": (Fault.WORDS, "template"),
    "#assign": (Fault.WORDS, "assign"),
    "#assign ben": (Fault.REASON, "assign"),
    "#assign ben because": (Fault.REASON, "assign"),
    "#assign because he knows": (Fault.WORDS, "assign"),
    "#assign the one who sits next to me because he knows": (Fault.WORDS, "assign"),
    "#team billing": (Fault.REASON, "team"),
    "#release": (Fault.REASON, "release"),
    "#release I am going home": (Fault.REASON, "release"),
    "#take this one": (Fault.REASON, "take"),
    "#priority": (Fault.WORDS, "priority"),
    "#priority medium": (Fault.WORDS, "priority"),
    "#urgent please": (Fault.ALONE, "priority"),
    "#reply Hello Luc": (Fault.ALONE, "reply"),
    "#open it": (Fault.ALONE, "open"),
    "#status": (Fault.WORDS, "status"),
    "#status unknown": (Fault.WORDS, "status"),
    "#status note": (Fault.WORDS, "status"),
    "#tag": (Fault.WORDS, "tag"),
    "#tag " + "a" * 51: (Fault.WORDS, "tag"),
    "#subject": (Fault.WORDS, "subject"),
    "#show me": (Fault.WORDS, "show"),
    "#show 12345678901": (Fault.WORDS, "show"),
    "#show ١٢": (Fault.WORDS, "show"),
    "#list everything": (Fault.WORDS, "list"),
    "#yes we can": (Fault.ALONE, "yes"),
    "#away": (Fault.DATES, "away"),
    "#ooo soon": (Fault.DATES, "away"),
    "#away 1 dec..7 dec see you": (Fault.DATES, "away"),
    "#vacation 7/12": (Fault.TWO_WAYS, "away"),
    "#away today backup": (Fault.WORDS, "away"),
    "#away today backup the one who sits next to me": (Fault.WORDS, "away"),
    "#away today because": (Fault.REASON, "away"),
    "#back tomorrow": (Fault.ALONE, "back"),
    "#note " + "a" * 2_000: (Fault.TOO_LONG, "note"),
}


@pytest.mark.parametrize("line", WRONG)
def test_a_line_that_is_no_good_is_named_with_the_nearest_command(line: str) -> None:
    words = read(f"{line}\n\nHello Luc")
    assert words.commands == ()
    assert words.rest == "Hello Luc"
    assert [(one.fault, one.nearest) for one in words.wrong] == [WRONG[line]]
    assert words.wrong[0].line == line.strip()[:200]


def test_a_missing_reason_is_asked_for_with_an_example() -> None:
    assert read("#assign ben").wrong[0].reason == line("reason_missing", form="#assign WHO because ...")
    assert read("#release").wrong[0].reason == line("reason_missing", form="#release because ...")


def test_a_date_that_cannot_be_read_is_quoted_with_examples() -> None:
    assert read("#snooze soon").wrong[0].reason == line("wrong_moment", written="#snooze soon")
    assert read("#snooze 12h").wrong[0].reason == line("moment_two_ways", written="#snooze 12h")
    assert read("#delay soon").wrong[0].reason == line("reason_missing", form="#delay DATE because ...")


def test_a_promise_and_a_quiet_until_then_go_together() -> None:
    words = read("#delay friday because the part is late\n#snooze thursday\n\nHello Luc")
    assert [command.name for command in words.commands] == [Name.DELAY, Name.SNOOZE]
    assert words.wrong == ()


def test_a_block_may_hold_blank_lines_and_the_first_other_line_ends_it() -> None:
    words = read("\n#tag money\n\n \n#priority high\nHello Luc\n#close\n")
    assert [command.name for command in words.commands] == [Name.TAG, Name.PRIORITY]
    assert words.rest == "Hello Luc\n#close\n"


def test_a_mail_of_commands_alone_has_no_rest() -> None:
    assert read("#take\n#close\n\n").rest == ""
    assert read("#close").rest == ""


def test_a_signature_is_text() -> None:
    assert read("#close\n-- \nAnn").rest == "-- \nAnn"


def test_a_text_without_commands_is_left_as_it_is() -> None:
    text = "\n\n  Hello Luc,\n#close"
    assert read(text) == Words((), text, ())
    assert read("") == Words((), "", ())


@pytest.mark.parametrize(
    "block",
    [
        "#close\n#pending",
        "#open\n#status hold",
        "#solved\n#solved because it works",
        "#reply\n#note",
        "#note a\n#note b",
        "#assign ben because x\n#release because y",
        "#take\n#assign ben because x",
        "#assign ben because x\n#assign cleo because x",
        "#team a because x\n#team b because x",
        "#high\n#priority low",
        "#subject a\n#subject b",
        "#away today\n#back",
        "#away today\n#away tomorrow",
        "#escalate because x\n#assign ben because x",
        "#escalate because x\n#escalate 2 because x",
        "#delay friday because x\n#eta monday because x",
        "#snooze friday\n#snooze monday",
    ],
)
def test_commands_that_contradict_each_other_are_wrong(block: str) -> None:
    words = read(f"{block}\n\nHello")
    assert [one.fault for one in words.wrong] == [Fault.CONFLICT]
    assert len(words.commands) == 1


def test_the_same_command_twice_is_done_once() -> None:
    assert read("#close\n#done\n#close").commands == (Command(Name.SOLVED),)


def test_more_than_ten_commands_are_too_many() -> None:
    assert not read("#tag a\n" * MOST_COMMANDS).wrong
    words = read("#tag a\n" * (MOST_COMMANDS + 1) + "Hello")
    assert [one.fault for one in words.wrong] == [Fault.TOO_MANY]
    assert len(read("#x\n" * 100_000).wrong) == MOST_COMMANDS + 1


def test_each_wrong_line_is_named_and_the_good_ones_are_seen() -> None:
    words = read("#asign ben\n#close\n#prio\n\nHello Luc")
    assert [one.word for one in words.wrong] == ["asign", "prio"]
    assert words.commands == (Command(Name.SOLVED),)


def test_a_reason_that_the_mail_program_broke_in_two_is_read_whole() -> None:
    block = "#assign ben because Ben negotiated the contract with Big Corp and knows\nthe discount in it"
    words = read(f"{block}\n\nHello Luc")
    assert words.commands == (
        Command(Name.ASSIGN, "ben", because="Ben negotiated the contract with Big Corp and knows the discount in it"),
    )
    assert words.rest == "Hello Luc"


def test_a_short_reason_does_not_swallow_the_text_under_it() -> None:
    assert read("#assign ben because Ben knows it\nHello Luc").rest == "Hello Luc"
    assert read("#close\nHello Luc").rest == "Hello Luc"


def test_a_full_reason_does_not_swallow_the_next_command() -> None:
    line = "#assign ben because Ben negotiated the contract with Big Corp and knows"
    assert [one.name for one in read(f"{line}\n#close\nHello").commands] == [Name.ASSIGN, Name.SOLVED]


def test_every_known_word_has_one_meaning_and_a_form() -> None:
    words = [word for known in KNOWN for word in (known.name, *known.aliases)]
    assert len(words) == len(set(words))
    for known in KNOWN:
        assert known.form.startswith(f"#{known.name}")
        assert known.later or known.name == "status" or Name(known.name)
    assert {known.name for known in KNOWN if not known.later} == {*Name, "status"}


def test_the_nearest_word_is_found_from_a_slip_and_none_from_noise() -> None:
    assert nearest("asign") == "assign"
    assert nearest("Resolvd") == "solved"
    assert nearest("qqqq") == ""
    assert nearest("a" * 100_000) == ""


SIGNS = st.sampled_from(["#", "@", "/", "\n", " ", "close", "assign ben because ", "\u200b", "\uff03", "\r", ".", "x"])


@given(st.lists(SIGNS | st.text(max_size=8)).map("".join))
def test_any_text_is_read_and_the_rest_is_its_end(text: str) -> None:
    words = read(text)
    assert text.endswith(words.rest)
    assert len(words.commands) + len(words.wrong) <= MOST_COMMANDS + 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["#a" + "." * 10**6 + "x", "#note " + "because " * 10**5, "\n" * 10**6, "# " * 10**6])
def test_a_hostile_text_is_read_in_bounded_time(text: str) -> None:
    assert text.endswith(read(text).rest)
