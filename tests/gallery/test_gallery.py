"""Every mail is looked at in a browser and weighed by a spam filter; each fault is shown to be one that is found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.gallery import chromium, looks, spam
from benchmarks.gallery.mails import DESK, Sight, sights
from benchmarks.gallery.pages import Folder
from maild.decision import Notice
from maild.desk import LANGUAGES
from maild.lines import line
from maild.templates.facts import Command, Telling
from maild.templates.render import Templates
from maild.templates.samples import NOW, samples
from maild.vocabulary import KNOWN

TEMPLATES = Templates()
ROOT = Path(__file__).parents[2]
NARROW = tuple(view for view in looks.MEASURED if view.width < 400 and not view.dark)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

needs_chromium = pytest.mark.skipif(chromium.found() is None, reason="there is no Chromium here")
needs_spamassassin = pytest.mark.skipif(spam.found() is None, reason="there is no SpamAssassin here")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Browser]:
    path = chromium.found()
    assert path is not None
    with chromium.browser(path, tmp_path_factory.mktemp("browser")) as page:
        yield page


def first(notice: Notice, **facts: object) -> Telling:
    return next(one for one in samples() if one.notice is notice)._replace(**facts)  # type: ignore[arg-type]


def seen(*chosen: Telling, language: str = "en") -> list[Sight]:
    return sights(language, TEMPLATES, chosen)


# --- whole mails ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sample_leaves_as_a_whole_mail(language: str) -> None:
    shown = sights(language, TEMPLATES)
    assert [one.notice.removeprefix("your-") for one in shown] == [one.notice.value for one in samples()]
    assert len({one.name for one in shown}) == len(shown)
    for one in shown:
        assert ("X-Maild-Notice", one.notice.removeprefix("your-")) in one.head
        assert one.to_customer == ("luc@example.org" in dict(one.head)["To"])
        assert DESK.address in dict(one.head)["From"]
        assert one.text.strip()
        assert one.html.startswith("<!doctype html>")
        assert "sample@" not in one.text + one.html


def test_french_quotation_marks_stay_with_their_words_and_the_plain_text_is_plain() -> None:
    (mail,) = seen(first(Notice.OWNER_CHANGED, why="the VPN is what Ben knows best", why_by="Ann Lee"), language="fr")
    assert "« the VPN is what Ben knows best. »" in mail.text
    assert "«\u00a0the VPN is what Ben knows best.\u00a0»" in mail.html
    assert "« " not in mail.html


def test_the_same_samples_give_the_same_bytes() -> None:
    once, again = (sights("en", Templates()) for _ in range(2))
    assert [one.outgoing for one in once] == [one.outgoing for one in again]


def test_without_browser_and_filter_the_texts_are_written_and_nothing_fails(tmp_path: Path) -> None:
    place = tmp_path / "mails"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.gallery", "--folder", str(place)],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "There is no Chromium here" in run.stdout
    assert {file.name for file in (place / "en").iterdir()} >= {f"{notice.value}.txt" for notice in Notice}
    assert {folder.name for folder in place.iterdir() if folder.is_dir()} == set(LANGUAGES)
    assert "](en/received.txt)" in (place / "README.md").read_text("utf-8")


def test_a_file_is_written_once_and_taken_away_when_nothing_makes_it_any_more(tmp_path: Path) -> None:
    first_run = Folder(tmp_path)
    first_run.put("en/old.txt", b"old")
    first_run.put("en/kept.txt", b"kept")
    second_run = Folder(tmp_path)
    second_run.put("en/kept.txt", b"kept")
    second_run.clear("en/*.txt")
    assert [file.name for file in (tmp_path / "en").iterdir()] == ["kept.txt"]
    assert (first_run.written, second_run.written) == (2, 1)


# --- in a browser ---------------------------------------------------------------------------------------------------


@needs_chromium
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reader_stumbles_over_a_mail(language: str, browser: chromium.Browser, tmp_path: Path) -> None:
    whole = language == LANGUAGES[0]  # the others differ in their words alone: where room is short
    shown = [one for one in sights(language, TEMPLATES) if whole or one.number <= 3]
    views = looks.MEASURED if whole else NARROW
    found = [fault for one in shown for fault in looks.look(one, browser, tmp_path, views).faults]
    assert found == []


@needs_chromium
def test_long_words_and_loud_colours_are_read_as_well(browser: chromium.Browser, tmp_path: Path) -> None:
    named = {"template": {"names": "refund, steps"}}
    help_ = tuple(
        Command(one.form, TEMPLATES.say(line(f"help_{one.name}", **named.get(one.name, {})), "en", DESK.timezone, NOW))
        for one in KNOWN
        if not one.later
    )
    name = {"contact": LONG, "contact_short": LONG, "owner": LONG, "customer": LONG, "team": LONG, "subject": LONG}
    chosen = [first(Notice.HELP, commands=help_)]
    chosen += [first(notice, **name, tags=(LONG, LONG)) for notice in (Notice.RECEIVED, Notice.REPLY, Notice.ASSIGNED)]
    chosen += [first(Notice.REPLY, accent=colour) for colour in ("#ffff00", "#000000", "#00ff00", "#888")]
    found = [fault for one in seen(*chosen) for fault in looks.look(one, browser, tmp_path).faults]
    assert found == []


SPOILT = {
    "contrast 1.07": ('<p class="first">', '<p class="first" style="background:#ff0!important;color:#fff">'),
    "12 px letters": ('<p class="first">', '<p class="first" style="font-size:12px">'),
    "px too wide": ('<p class="first">', '<p class="first" style="width:900px">'),
    "not to be seen": ('<p class="first">', '<p class="first" style="display:none">'),
    "a row has no header of its own": ('<th scope="row"', "<th"),
    "a layout table has headers": ('<table class="rows"', '<table class="rows" role="presentation"'),
    "its language is not told": (' lang="en"', ""),
    "the page has no title": ("<title>Ticket #1042, Example Support</title>", ""),
    "an image has no alt": ("</body>", '<img src="cid:x"></body>'),
    "it loads http://tracker.example/p.png": ("</body>", '<img alt="" src="http://tracker.example/p.png"></body>'),
    "src http://tracker.example/p.png": ("</body>", '<img alt="" src="http://tracker.example/p.png"></body>'),
    "a style loads something": ("</style>", "p{background:url(http://tracker.example/p.png)}</style>"),
    "href /style.css": ("</style>", '</style><link rel="stylesheet" href="/style.css">'),
    "href javascript:x()": ("</body>", '<a href="javascript:x()">Yes</a></body>'),
    "a link says other words": ("</body>", '<a href="https://evil.example/">https://bank.example/</a></body>'),
    "a link is not underlined": ("</style>", "a{text-decoration:none}</style>"),
    "body has onload": ("<body", '<body onload="x()"'),
}


@needs_chromium
@pytest.mark.parametrize("fault", SPOILT)
def test_each_fault_is_found(fault: str, browser: chromium.Browser, tmp_path: Path) -> None:
    (mail,) = seen(first(Notice.REPLY))
    sound, spoilt = SPOILT[fault]
    assert sound in mail.html
    found = looks.look(replace(mail, html=mail.html.replace(sound, spoilt)), browser, tmp_path).faults
    assert [one for one in found if fault in one], found


@needs_chromium
def test_a_fault_of_the_dark_paper_alone_is_found_there(browser: chromium.Browser, tmp_path: Path) -> None:
    (mail,) = seen(first(Notice.RECEIVED))
    spoilt = replace(mail, html=mail.html.replace("color:#e6e8eb!important", "color:#333"))
    found = looks.look(spoilt, browser, tmp_path).faults
    assert found
    assert all("dark: contrast" in one for one in found), found


@needs_chromium
def test_a_picture_is_as_tall_as_its_mail_and_the_same_each_time(browser: chromium.Browser, tmp_path: Path) -> None:
    (mail,) = seen(first(Notice.RECEIVED))
    drawn = dict(looks.draw(mail, browser, tmp_path))
    looks.look(mail, browser, tmp_path, (looks.View("zoomed", 180, dark=False, zoom=2),))
    assert drawn == dict(looks.draw(mail, browser, tmp_path))
    assert set(drawn) == {f"received-{view.name}" for view in looks.DRAWN}
    sizes = {name: [int.from_bytes(png[n : n + 4]) for n in (16, 20)] for name, png in drawn.items()}
    assert [sizes[f"received-{view.name}"][0] for view in looks.DRAWN] == [view.width for view in looks.DRAWN]
    assert sizes["received-360-light"][1] > sizes["received-800-light"][1] > 300
    assert len(set(drawn.values())) == len(drawn)


# --- by a spam filter -----------------------------------------------------------------------------------------------


@needs_spamassassin
def test_no_notice_looks_like_spam(tmp_path: Path) -> None:
    path = spam.found()
    assert path is not None
    shown = [one for one in sights("en", TEMPLATES) if one.number == 1]
    scores = spam.weigh(path, shown, tmp_path)
    assert [fault for one, score in zip(shown, scores, strict=True) if (fault := spam.against(one, score))] == []


@needs_spamassassin
def test_spam_looks_like_spam(tmp_path: Path) -> None:
    path = spam.found()
    assert path is not None
    loud = "Dear winner,\n\nyou have been selected to receive ten million dollars. Act now, this is no spam."
    mark = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    shown = seen(first(Notice.REPLY, words=loud), first(Notice.REPLY, words=mark))
    scores = spam.weigh(path, shown, tmp_path)
    assert all(score.points > 0 for score in scores), scores
    assert "GTUBE" in spam.against(shown[1], scores[1])
