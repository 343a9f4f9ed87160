"""What the mails say: to customers, to agents, to strangers, and with templates of the operator's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

import pytest
from jinja2 import Environment, nodes

from maild.canned import FACTS
from maild.config.canned import read_canned
from maild.decision import TO_CUSTOMERS, Notice
from maild.desk import LANGUAGES
from maild.ingest.quote import MARKERS, new_words
from maild.lines import line
from maild.reasons import Phrase
from maild.templates import page
from maild.templates.facts import Action, Picture, Said, Telling
from maild.templates.render import Templates
from maild.templates.samples import NOW, REPLY_TO, samples
from maild.vocabulary import KNOWN
from maild.wishes import Wish, word

SAMPLES = samples()
NAMES = [f"{number}-{each.notice.value}" for number, each in enumerate(SAMPLES)]
every_sample = pytest.mark.parametrize("telling", SAMPLES, ids=NAMES)
UNSAID = re.compile(
    r"!|\b(?:unfortunately|dear|sorry|valued|he|she|him|his|her|hers|sick|ill|illness|"
    r"#away|#cc|#merge|#undo|#spam)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates()


class _Reader(HTMLParser):
    """Reads HTML as a person does: the words, with an image's name in its place; and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append((tag, known))
        self._silent = tag in {"style", "title"}
        self.words.append(f" [image: {known['alt']}] " if tag == "img" else "" if tag in {"a", "b"} else " ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        self.words.append("" if tag in {"a", "b"} else " ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def seen(html: str) -> str:
    return " ".join("".join(read(html).words).split())


def first(notice: Notice, **facts: object) -> Telling:
    return next(each for each in SAMPLES if each.notice is notice)._replace(**facts)  # type: ignore[arg-type]


def row(text: str, label: str) -> str:
    return next((line.split(label, 1)[1].strip() for line in text.split("\n") if line.startswith(f"  {label}  ")), "")


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.2, relative luminance)."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(lights) / min(lights)


def actions(html: str) -> Iterator[str]:
    return (attrs["href"] for tag, attrs in read(html).tags if tag == "a" and attrs["href"].startswith("mailto:"))


# What holds for every mail


def test_every_notice_has_a_sample_and_a_template(templates: Templates) -> None:
    assert {each.notice for each in SAMPLES} == set(Notice)
    folder = Path(page.__file__).parent / "en"
    assert {path.stem for path in folder.glob("*.j2")} == {
        *map(str, Notice),
        *("around", "lines", "words", "your-help", "your-history"),
    }


@every_sample
def test_every_mail_begins_with_the_event_and_a_name_in_one_short_line(templates: Templates, telling: Telling) -> None:
    rendered = templates.render(telling)
    assert rendered.text.split("\n")[0] == rendered.preheader
    assert 40 <= len(rendered.preheader) <= 90


@every_sample
def test_text_and_html_say_the_same_words_in_the_same_order(templates: Templates, telling: Telling) -> None:
    rendered = templates.render(telling)
    text = " ".join(re.sub(r"(?m)^(?:> ?|- |-- $)", "", rendered.text).split())
    assert seen(rendered.html) == text


@every_sample
def test_no_mail_says_what_we_never_say(templates: Templates, telling: Telling) -> None:
    assert not UNSAID.search(templates.render(telling).text)


@every_sample
def test_no_sentence_of_the_lead_is_said_twice(templates: Templates, telling: Telling) -> None:
    lead = templates.render(telling).text.split(MARKERS["en"])[0]
    sentences = re.split(r"(?<=[.?])\s+", lead.strip())
    assert len(sentences) == len(set(sentences))
    assert "  " not in lead
    assert "\n\n\n" not in lead


@every_sample
def test_html_loads_nothing_and_is_read_aloud_in_order(templates: Templates, telling: Telling) -> None:
    rendered = templates.render(telling)
    tags = read(rendered.html).tags
    assert not {"script", "link", "iframe", "form", "object", "svg"} & {tag for tag, _ in tags}
    assert "url(" not in rendered.html
    for tag, attrs in tags:
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("src", "cid:").startswith("cid:")
        assert attrs.get("href", "mailto:").startswith(("mailto:", "https://", "http://"))
        assert tag != "th" or attrs["scope"] == "row"
        assert tag != "table" or attrs.get("role") == "presentation" or attrs["class"] == "rows"
    assert dict(tags)["html"]["lang"] == "en"
    assert '<meta name="color-scheme" content="light dark">' in rendered.html
    assert "prefers-color-scheme:dark" in rendered.html


@every_sample
def test_every_action_is_a_link_with_its_words_beside_it(templates: Templates, telling: Telling) -> None:
    rendered = templates.render(telling)
    assert len(list(actions(rendered.html))) == len(telling.actions)
    for action in telling.actions:
        assert f"- {action.label}: " in rendered.text


@every_sample
def test_every_customer_reads_ticket_status_contact_and_what_comes_next(templates: Templates, telling: Telling) -> None:
    text = templates.render(telling).text
    if telling.notice in TO_CUSTOMERS:
        assert row(text, "Ticket") == f"#{telling.number}"
        assert all(row(text, label) for label in ("Status", "Your contact", "Last action", "Next"))


# To customers


def test_a_new_request_is_told_who_has_it_and_why(templates: Templates) -> None:
    text = templates.render(first(Notice.RECEIVED)).text
    assert text.startswith("Cleo Roy has your message and will answer you by mail.\n")
    assert "Billing questions are answered by our accounts team.\n" in text
    assert row(text, "Last action") == "We received your message, Saturday 21 November, 15:02"
    assert row(text, "Next") == "Cleo Roy answers you"


def test_a_team_without_an_owner_begins_a_sentence_and_stands_within_one(templates: Templates) -> None:
    team = {"owned": False, "contact": "our accounts team", "contact_short": ""}
    text = templates.render(first(Notice.REOPENED, **team)).text
    assert text.startswith("Your request is open again, and our accounts team will answer you by mail.")
    assert row(text, "Your contact") == "Our accounts team"


def test_names_of_people_and_of_the_desk_stay_as_they_are_written(templates: Templates) -> None:
    person = templates.render(first(Notice.RECEIVED, contact="van Dijk", owned=True)).text
    desk = templates.render(first(Notice.RECEIVED, contact="example.com desk", desk="example.com desk", owned=False))
    assert row(person, "Your contact") == "van Dijk"
    assert row(desk.text, "Your contact") == "example.com desk"


def test_a_stranger_who_proved_nothing_reads_fixed_words_only(templates: Templates) -> None:
    theirs = {
        "subject": "QQsubject",
        "own_subject": "QQown",
        "to_name": "QQname",
        "customer": "QQcustomer",
        "customer_address": "QQ@evil.example",
        "tags": ("QQtag",),
        "said": (Said(NOW, "QQwho", note=False, text="QQtext"),),
        "attachments": (),
    }
    known, unknown = (templates.render(first(Notice.RECEIVED, known=known, **theirs)) for known in (True, False))
    assert "QQ" not in unknown.text + unknown.html
    assert "QQ" not in known.text + known.html
    assert "If that was not you, just leave it." in unknown.text


def test_a_move_is_told_with_who_why_and_who_was_before(templates: Templates) -> None:
    text = templates.render(first(Notice.OWNER_CHANGED)).text
    assert text.startswith("Ben Ode looks after your request from now on, in place of Cleo Roy.\n")
    assert "Cleo Roy is away until Monday 7 December.\n" in text
    assert "Ben has everything that you and Cleo wrote, so you don't need to explain anything again." in text
    assert row(text, "Your contact") == "Ben Ode (before: Cleo Roy)"
    assert row(text, "Why it moved") == "Cleo Roy is away until Monday 7 December"


def test_nothing_is_claimed_of_a_colleague_who_never_wrote(templates: Templates) -> None:
    text = templates.render(first(Notice.OWNER_CHANGED, previous_wrote=False)).text
    assert "Ben has everything that you wrote, so" in text


def test_a_reason_that_a_colleague_wrote_is_quoted_with_the_name(templates: Templates) -> None:
    text = templates.render(first(Notice.OWNER_CHANGED, why="it is about the VPN", why_by="Ann Lee")).text
    assert 'Ann Lee writes: "it is about the VPN."\n' in text


@pytest.mark.parametrize("code", ["absence.planned", "absence.unplanned", "left", "workload", "misrouted", "return"])
def test_a_move_without_written_words_still_tells_why(templates: Templates, code: str) -> None:
    text = templates.render(first(Notice.OWNER_CHANGED, why="", why_code=code)).text
    assert row(text, "Why it moved")


def test_health_is_never_the_reason_that_is_told(templates: Templates) -> None:
    text = templates.render(first(Notice.OWNER_CHANGED, why="", why_code="absence.unplanned")).text
    assert row(text, "Why it moved") == "Cleo Roy is away"


def test_several_news_come_in_one_mail_each_once_and_before_the_words(templates: Templates) -> None:
    tells = frozenset({"owner-changed", "reopened", "reply"})
    words = {"words": "Here it is.", "words_by": "Ben Ode"}
    text = templates.render(first(Notice.OWNER_CHANGED, tells=tells, **words)).text
    places = [text.index(each) for each in ("in place of Cleo Roy", "open again", "Ben Ode wrote:", "Here it is.")]
    assert places == sorted(places)
    assert text.count("explain anything again") == 1


def test_a_solved_request_can_be_opened_again_until_a_named_time(templates: Templates) -> None:
    text = templates.render(first(Notice.SOLVED)).text
    assert "just reply to this mail by Monday 21 December, 15:02 (Paris): the ticket opens again" in text


def test_a_time_in_another_year_names_the_year(templates: Templates) -> None:
    text = templates.render(first(Notice.SOLVED, close_at=NOW + timedelta(days=60))).text
    assert "Wednesday 20 January 2027, 15:02" in text


def test_a_question_that_waits_tells_the_customer_what_to_do(templates: Templates) -> None:
    text = templates.render(first(Notice.WAITING)).text
    assert row(text, "Status") == "Waiting for your answer"
    assert "To answer, just reply to this mail" in text
    assert "You don't need to do anything" not in text


def test_a_customer_never_sees_a_note_even_where_the_facts_hold_one(templates: Templates) -> None:
    agents = first(Notice.ASSIGNED)
    facts = {"said": agents.said, "kept_text": "QQkept", "tags": ("QQtag",), "team": "QQteam", "to_agent": True}
    for telling in SAMPLES:
        if telling.notice in TO_CUSTOMERS:
            rendered = templates.render(telling._replace(**facts))  # type: ignore[arg-type]
            assert "Asked the bank" not in rendered.text + rendered.html
            assert "QQ" not in rendered.text + rendered.html


# A person's words


def test_words_pass_on_as_they_were_written_and_are_no_markup(templates: Templates) -> None:
    words = '{{7*7}} {% raw %} <b>bold</b> & "quoted"\n\n  indented\nÜmläut 漢字 🙂\n<script>alert(1)</script>'
    rendered = templates.render(first(Notice.REPLY, words=words))
    assert words in rendered.text
    assert "{{7*7}} {% raw %} &lt;b&gt;bold&lt;/b&gt; &amp; &quot;quoted&quot;" in rendered.html
    assert "<br>\nÜmläut 漢字 🙂<br>\n&lt;script&gt;" in rendered.html


@pytest.mark.parametrize(
    "payload",
    ["{{7*7}}", "{{ ''.__class__.__mro__ }}", "{% for x in ().__class__ %}", "<img src=x onerror=alert(1)>", "${7*7}"],
)
def test_values_of_customers_are_only_ever_shown(templates: Templates, payload: str) -> None:
    facts = {"subject": payload, "customer": payload, "words": payload, "words_by": payload, "tags": (payload,)}
    rendered = templates.render(first(Notice.CUSTOMER_REPLIED, **facts))
    assert payload in rendered.text
    assert payload in seen(rendered.html)
    assert "<img src=x" not in rendered.html


def test_a_name_cannot_pass_for_a_row_a_paragraph_or_another_direction(templates: Templates) -> None:
    name = "Eve\n\nTicket\t#1\n- done\u202e\x07\u2028x"
    rendered = templates.render(first(Notice.NOTE, customer=name, words_by=name, tags=(name,)))
    assert "Eve Ticket #1 - done x" in rendered.text
    assert not re.search("[\u202e\x07\u2028]", rendered.text + rendered.html)
    assert row(rendered.text, "Ticket") == "#1042 Invoice 77 shows two licences"


def test_only_web_addresses_become_links_and_the_full_stop_stays_outside() -> None:
    html = page.html('see https://a.example/x_(y). javascript:alert(1) (http://b.example/?q=1&r="2") ftp://c.example')
    links = [attrs["href"] for tag, attrs in read(html).tags if tag == "a"]
    assert links == ["https://a.example/x_(y)", "http://b.example/?q=1&r="]


def test_pictures_stand_where_their_marker_is_and_the_others_after_the_words(templates: Templates) -> None:
    pictures = (Picture("one@x", "one.png"), Picture("two@x", 'two"><b>.png'), Picture("three@x", "three.png"))
    words = "first [image: one.png] then [cid:three@x] and [image: unknown.png]"
    rendered = templates.render(first(Notice.REPLY, words=words, pictures=pictures))
    shown = [attrs["src"] for tag, attrs in read(rendered.html).tags if tag == "img"]
    assert shown == ["cid:one@x", "cid:three@x", "cid:two@x"]
    assert "[image: unknown.png]" in rendered.html
    assert words in rendered.text
    assert '[image: two"><b>.png]' in rendered.text
    assert "<b>.png" not in rendered.html


@pytest.mark.parametrize(
    "hostile",
    ["(" * 200_000, "https://" + ")" * 400_000, "[cid:" * 100_000, " \n" * 200_000, "." * 400_000, ">" * 300_000],
    ids=["brackets", "closing", "markers", "blanks", "stops", "quotes"],
)
def test_hostile_words_are_shown_and_cost_no_more_than_their_length(templates: Templates, hostile: str) -> None:
    said = tuple(Said(NOW, "Eve", note=False, text=hostile) for _ in range(40))
    telling = first(Notice.ASSIGNED, words=hostile, words_by="Eve", said=(*said, *first(Notice.ASSIGNED).said))
    rendered = templates.render(telling)
    assert len(rendered.text) < len(hostile) + 50_000


# To agents


def test_the_brief_tells_the_question_what_happened_who_and_the_last_words(templates: Templates) -> None:
    text = templates.render(first(Notice.ASSIGNED)).text
    assert text.startswith('Luc Petit\'s ticket is yours now: #1042 "Invoice 77 shows two licences".\n')
    places = [text.index(each) for each in ("THE QUESTION", "SO FAR", "WHO ", "LAST WORDS", "in full:", "Owner")]
    assert places == sorted(places)
    assert "Cleo Roy (note): Asked the bank for the payment record." in text
    assert "Your reply to this mail goes to Luc Petit." in text


def test_a_fresh_ticket_shows_its_question_once(templates: Templates) -> None:
    question = first(Notice.ASSIGNED).said[0]
    text = templates.render(first(Notice.ASSIGNED, said=(question,))).text
    assert text.count(question.text) == 1


def test_words_that_the_mail_passes_on_are_not_shown_again_in_the_conversation(templates: Templates) -> None:
    words = first(Notice.ASSIGNED).said[-1].text
    text = templates.render(first(Notice.CUSTOMER_REPLIED, words=words, said=first(Notice.ASSIGNED).said)).text
    assert text.count("The accounts office needs the corrected invoice") == 1


def test_a_team_without_an_owner_learns_how_one_becomes_it(templates: Templates) -> None:
    text = templates.render(first(Notice.ASSIGNED, role="team", owner="")).text
    assert "Whoever of Billing sends the first public reply becomes its owner." in text
    assert row(text, "Owner") == "nobody yet"


def test_a_refusal_says_that_nothing_was_sent_and_keeps_the_text(templates: Templates) -> None:
    telling = first(Notice.REFUSED)
    rendered = templates.render(telling)
    assert rendered.text.startswith("Nothing was done and nothing was sent to Luc Petit.\n")
    assert telling.kept_text in rendered.text
    link = next(iter(actions(rendered.html)))
    address, _, query = link.removeprefix("mailto:").partition("?")
    assert unquote(address) == "support+reply@example.com"
    assert parse_qs(query)["body"] == [telling.actions[0].body.replace("\n", "\r\n")]


def test_an_action_to_another_address_names_it_for_clients_without_links(templates: Templates) -> None:
    text = templates.render(first(Notice.CONFIRM)).text
    assert 'write to support+yes@example.com with "#yes" on the first line' in text
    own = Action("Solve it", REPLY_TO, "Re: x", "#solved")
    text = templates.render(first(Notice.ASSIGNED, actions=(own,))).text
    assert '- Solve it: reply with "#solved" on the first line' in text


def test_a_link_keeps_signs_that_would_part_its_fields() -> None:
    action = Action("x", "support+tok@example.com", "50% & more? #1", "#note a&b=c+d\n\nü")
    link = page.mailto(action)
    assert link.startswith("mailto:support%2Btok@example.com?subject=50%25%20%26%20more%3F%20%231&body=%23note%20a%26b")
    assert "%0D%0A%0D%0A%C3%BC" in link
    assert not re.search(r"[+\s]", link)


def test_a_text_too_long_for_a_link_is_never_cut(templates: Templates) -> None:
    action = Action("Send it", REPLY_TO, "Re: x", "long " * 2000)
    rendered = templates.render(first(Notice.REFUSED, actions=(action,), kept_text=action.body))
    assert not list(actions(rendered.html))
    assert "- Send it: reply with your text" in rendered.text


def test_what_agents_wrote_among_themselves_never_stands_above_the_marker(templates: Templates) -> None:
    for telling in SAMPLES:
        above = templates.render(telling).text.split(MARKERS["en"])[0]
        assert not any(each.text in above for each in telling.said)
        assert not telling.words or telling.words not in above


# The marker, the colours


def test_our_marker_is_the_line_at_which_replies_are_cut(templates: Templates) -> None:
    text = templates.render(first(Notice.REPLY)).text
    assert text.count(MARKERS["en"]) == 1
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    reply = f"Thank you, that is it.\n\nOn Sat, 21 Nov 2026 at 15:02, Cleo Roy <support@example.com> wrote:\n\n{quoted}"
    assert new_words(reply) == "Thank you, that is it."
    header = (
        "From: Cleo Roy <support@example.com>\nSent: Saturday, 21 November 2026 15:02\nTo: Luc Petit <luc@example.org>"
    )
    assert new_words(f"Thank you, that is it.\n\n{header}\nSubject: Re: Invoice\n\n{text}") == "Thank you, that is it."


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_a_mail_offers_are_those_that_the_desk_reads(templates: Templates, language: str) -> None:
    helped = templates.render(first(Notice.HELP, to_agent=False, wish="help", number=7, language=language)).text
    assert [wish for wish in Wish if not re.search(rf"\b{word(wish, language)}\b", helped)] == []
    late = templates.render(first(Notice.DELAYED, above="Dana Kim", language=language)).text
    assert word(Wish.ESCALATE, language) in late


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_are_cut_at_the_marker_of_every_language(templates: Templates, language: str) -> None:
    text = templates.render(first(Notice.REPLY, language=language)).text
    assert text.count(MARKERS[language]) == 1
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    assert new_words(f"12345 67890.\n\n{quoted}") == "12345 67890."


@pytest.mark.parametrize("colour", ["#0a5", "#ffffff", "#000", "#ffff00", "red;}body{display:none", ""])
def test_any_accent_is_read_well_on_light_and_on_dark_paper(templates: Templates, colour: str) -> None:
    light, dark = page.accents(colour)
    assert re.fullmatch("#[0-9a-f]{6}", light)
    assert re.fullmatch("#[0-9a-f]{6}", dark)
    assert contrast(light, "#ffffff") >= 4.5
    assert contrast(dark, "#181a1f") >= 4.5
    assert "display:none" not in templates.render(first(Notice.REPLY, accent=colour)).html


# Templates of the operator's own


def own_template(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_an_own_template_stands_over_the_shipped_one(tmp_path: Path) -> None:
    own_template(tmp_path, "en/received.j2", "{{ Contact }} got your letter, and {{ contact_short }} writes back.\n")
    templates = Templates(tmp_path)
    assert templates.check() == ()
    assert templates.render(first(Notice.RECEIVED)).preheader == "Cleo Roy got your letter, and Cleo writes back."
    assert templates.render(first(Notice.SOLVED)) == Templates().render(first(Notice.SOLVED))


def test_the_shipped_templates_have_no_fault(tmp_path: Path) -> None:
    assert Templates().check() == ()
    assert Templates(tmp_path).check() == ()


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("Hello\n\n{% if owned %}\nyes\n", 4, "endif"),
        ("Hello\n{{ contcat }}\n", 2, "'contcat'; did you mean contact?"),
        ("{% if not owned and not known and number == 3 %}\n{{ nothing_here }}\n{% endif %}x", 2, "'nothing_here'"),
        ("Hello\n\n{{ contact.spec }}", 3, "spec"),
        ("Hello\n{{ contact | shout }}", 2, "shout"),
        ("{{ contact.__class__.__mro__ }}", 1, "unsafe"),
        ("\n\n", 1, "says nothing"),
    ],
    ids=["unclosed", "misspelt", "hidden", "attribute", "filter", "unsafe", "empty"],
)
def test_a_broken_own_template_is_told_with_file_and_line_and_the_shipped_one_speaks(
    tmp_path: Path, text: str, line: int, told: str
) -> None:
    path = own_template(tmp_path, "en/received.j2", text)
    templates = Templates(tmp_path)
    problems = templates.check()
    assert problems[0].startswith(f"{path}:{line}: ")
    assert told in problems[0]
    if "nothing_here" not in text:
        rendered = templates.render(first(Notice.RECEIVED))
        assert rendered.preheader.startswith("Cleo Roy has your message")
        assert rendered.problems[0].startswith(f"{path}:")


@pytest.mark.parametrize("hidden", ["brief.__class__", "offers[0].__init__", "said[0].__class__"])
def test_the_fields_of_a_fact_are_all_that_an_own_template_sees_of_it(tmp_path: Path, hidden: str) -> None:
    own_template(tmp_path, "en/assigned.j2", "{{ said[0].who }} asked, and {{ offers[0].label }} is what you can do.")
    asked = first(Notice.ASSIGNED)
    assert Templates(tmp_path).render(asked).preheader.startswith(f"{asked.said[0].who} asked, and ")
    own_template(tmp_path, "en/assigned.j2", f"{{{{ {hidden} }}}}")
    assert "unsafe" in Templates(tmp_path).render(asked).problems[0]


def test_what_one_template_sets_is_not_known_to_the_next(tmp_path: Path) -> None:
    own_template(tmp_path, "en/owner-changed.j2", '{% set by = "nobody" %}\n{{ Contact }} is here for you now, truly.')
    own_template(tmp_path, "en/reopened.j2", "{{ by is defined }}")
    tells = frozenset({"owner-changed", "reopened"})
    text = Templates(tmp_path).render(first(Notice.OWNER_CHANGED, tells=tells)).text
    assert "nobody" not in text
    assert "False" in text


def test_a_moment_is_told_in_the_zone_of_each_reader_though_minutes_are_kept(templates: Templates) -> None:
    said = [
        templates.render(first(Notice.SOLVED, close_at=NOW + timedelta(seconds=shift), zone=zone, zone_name=zone.key))
        for shift in (0, 1, 60)
        for zone in (ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"))
    ]
    found = [re.search(r", (\d\d:\d\d) \(([^)]*)\)", each.text) for each in said]
    assert [each.groups() for each in found if each] == [
        (f"{hour}:0{minute}", zone)
        for minute in (2, 2, 3)
        for hour, zone in (("15", "Europe/Paris"), ("15", "Europe/Berlin"), ("23", "Asia/Tokyo"))
    ]


def test_a_pattern_with_seconds_tells_each_second_and_one_with_a_zone_each_zone(tmp_path: Path) -> None:
    words = (Path(page.__file__).parent / "en" / "words.j2").read_text("utf-8")
    own_template(tmp_path, "en/words.j2", words.replace('"EEEE d MMMM, HH:mm"', '"HH:mm:ss zzzz"'))
    templates = Templates(tmp_path)
    times = (NOW, NOW + timedelta(seconds=1))
    zones = (ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo"))
    said = [templates.render(first(Notice.SOLVED, close_at=at, zone=zone)).text for at in times for zone in zones]
    told = ["15:02:00 Central European", "23:02:00 Japan", "15:02:01 Central European", "23:02:01 Japan"]
    assert all(part in text for part, text in zip(told, said, strict=True))


def test_an_own_template_that_no_mail_uses_is_told(tmp_path: Path) -> None:
    path = own_template(tmp_path, "en/recieved.j2", "Hello")
    assert Templates(tmp_path).check() == (f"{path}: no mail uses this template; did you mean en/received.j2?",)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("fr/recieved.j2", "; did you mean fr/received.j2?"),
        ("en/received.txt", "; did you mean en/received.j2?"),
        ("frame.html", "; did you mean frame.html.j2?"),
        ("nl/received.j2", "; did you mean"),
    ],
)
def test_a_file_that_no_mail_uses_is_told_in_any_folder(tmp_path: Path, name: str, near: str) -> None:
    path = own_template(tmp_path, name, "Hello")
    (problem,) = Templates(tmp_path).check()
    assert problem.startswith(f"{path}: no mail uses this template{near}")


def test_what_is_no_template_or_is_there_to_be_included_is_left_alone(tmp_path: Path) -> None:
    own_template(tmp_path, "canned/refund.en.txt", "Hello {{ requester }}")
    own_template(tmp_path, "en/.received.j2.swp", "an editor's own")
    own_template(tmp_path, "en/received.j2~", "{{ an editor's copy")
    own_template(tmp_path, "en/_hours.j2", "We are here from nine to five.")
    own_template(tmp_path, "en/received.j2", "{{ Contact }} has your letter here.\n\n{% include 'en/_hours.j2' %}")
    templates = Templates(tmp_path)
    assert templates.check() == ()
    assert "We are here from nine to five." in templates.render(first(Notice.RECEIVED)).text


def test_own_lines_that_lack_one_are_told_and_the_shipped_one_speaks(tmp_path: Path) -> None:
    shipped = (Path(page.__file__).parent / "en" / "lines.j2").read_text("utf-8")
    lost = shipped.replace("{% macro why_turn(who) %}", "{% macro why_trun(who) %}")
    other = lost.replace("{% macro why_back(who) %}{{ who }}", "{% macro why_back(name) %}{{ name }}")
    path = own_template(tmp_path, "en/lines.j2", other)
    templates = Templates(tmp_path)
    turn, back = templates.check()
    assert turn == f"{path}:1: it lacks the line why_turn(who); take it over from the shipped en/lines.j2"
    assert back.startswith(f"{path}:")
    assert back.endswith(": this line is told as why_back(who)")
    told = templates.say(line("why_turn", who="Ann"), "en", ZoneInfo("UTC"), NOW)
    assert told == "It is Ann's turn to take a new request."


def test_a_line_knows_what_it_is_told_and_no_fact_of_the_mail(tmp_path: Path) -> None:
    shipped = (Path(page.__file__).parent / "en" / "lines.j2").read_text("utf-8")
    path = own_template(tmp_path, "en/lines.j2", shipped.replace("{{ who }} is back.", "{{ who }} is {{ contact }}."))
    (problem,) = Templates(tmp_path).check()
    assert problem.startswith(f"{path}:")
    assert "no fact has the name 'contact'" in problem


def test_own_words_that_lack_one_are_told(tmp_path: Path) -> None:
    shipped = (Path(page.__file__).parent / "fr" / "words.j2").read_text("utf-8")
    path = own_template(tmp_path, "fr/words.j2", shipped.replace('  "hold":', '  "held":').replace("cut_here", "cut"))
    assert set(Templates(tmp_path).check()) == {
        f"{path}:1: it lacks cut_here, which templates ask for",
        f"{path}:1: statuses lacks hold",
        f"{path}:1: desk_statuses lacks hold",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_copy_of_every_shipped_template_is_a_sound_own_one(tmp_path: Path, language: str) -> None:
    for source in (Path(page.__file__).parent / language).glob("*.j2"):
        own_template(tmp_path, f"{language}/{source.name}", source.read_text("utf-8"))
    assert Templates(tmp_path).check() == ()


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "no such folder" in Templates(tmp_path / "nowhere").check()[0]


def test_an_own_template_reads_no_file_outside_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    path = own_template(tmp_path / "own", "en/received.j2", "Hello\n{% include '../secret' %}")
    assert Templates(tmp_path / "own").check()[0].startswith(f"{path}:2: ")


# The page on own words, and its example


DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "templates"


def test_the_example_is_sound_and_says_what_it_should() -> None:
    templates = Templates(EXAMPLE)
    assert templates.check() == ()
    mail = templates.render(first(Notice.RECEIVED, promised_at=NOW + timedelta(days=2), promised="first-reply"))
    assert mail.problems == ()
    assert mail.preheader == "Cleo Roy has your letter and writes back to you by mail."
    assert "You have our answer by Monday 23 November, 15:02 (Paris)." in mail.text
    assert "We are here from Monday to Friday, 9:00 to 17:30 (Paris)." in mail.text
    answers, problems = read_canned(EXAMPLE)
    assert problems == ()
    assert [(one.name, one.language) for one in answers] == [("refund", "en"), ("refund", "fr")]


def test_the_page_on_templates_lists_every_fact_and_shows_the_example_as_it_is() -> None:
    text = (DOCS / "templates.md").read_text("utf-8")
    mails, answers = text.split("## Canned answers")
    cells = re.findall(r"(?m)^\| (`[^|]+) \|", mails.split("## The facts")[1])
    told = {name for cell in cells for name in cell.split(", ")}
    words = set(fixed_words("en"))
    assert {name.strip("`") for name in told} == Templates()._told_names("en/received.j2") - words
    assert dict(re.findall(r"(?m)^\| `(\w+)` \| (.+) \|$", answers)) == FACTS
    for shown in ("en/received.j2", "canned/refund.en.txt"):
        assert f"\n{(EXAMPLE / shown).read_text('utf-8')}```" in text, shown


def macros(language: str) -> dict[str, tuple[str, ...]]:
    """The single lines of a language, each with the names of what it speaks of."""
    env = Environment(autoescape=False)
    tree = env.parse((Path(page.__file__).parent / language / "lines.j2").read_text("utf-8"))
    return {found.name: tuple(one.name for one in found.args) for found in tree.find_all(nodes.Macro)}


def fixed_words(language: str) -> dict[str, object]:
    env = Environment(autoescape=False)
    module = env.from_string((Path(page.__file__).parent / language / "words.j2").read_text("utf-8")).module
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_no_language_lacks_a_notice_a_line_or_a_word(language: str) -> None:
    folder = Path(page.__file__).parent
    assert {path.name for path in (folder / language).glob("*.j2")} == {
        path.name for path in (folder / "en").glob("*.j2")
    }
    assert macros(language) == macros("en")
    ours, english = fixed_words(language), fixed_words("en")
    assert english.keys() <= ours.keys()
    for name, value in english.items():
        if isinstance(value, dict):
            assert value.keys() <= ours[name].keys(), name  # type: ignore[attr-defined]  # a mapping as in English


def test_every_line_that_the_desk_says_has_words() -> None:
    said = re.compile(r"""\b(?:line|say)\(\s*["']([a-z_]+)["']""")
    code = "\n".join(path.read_text("utf-8") for path in (Path(page.__file__).parent.parent).rglob("*.py"))
    assert set(said.findall(code)) - macros("en").keys() == set()
    assert {f"why_{phrase.value}" for phrase in Phrase} <= macros("en").keys()
    assert {f"help_{known.name}" for known in KNOWN} <= macros("en").keys()


def test_a_language_that_is_not_there_is_answered_in_english(templates: Templates) -> None:
    assert templates.render(first(Notice.RECEIVED, language="fr-CA")).preheader.startswith("Cleo Roy a bien")
    for language in ("", "../../etc", "xx"):
        assert templates.render(first(Notice.RECEIVED, language=language)).preheader.startswith("Cleo Roy has")


def test_a_french_label_keeps_its_colon_on_the_line(templates: Templates) -> None:
    fr = [each._replace(language="fr") for each in SAMPLES]
    shown = [templates.render(one) for one in fr if one.actions]
    assert shown
    for each in shown:
        assert "</b>: " not in each.html
        assert re.search(r"^- [^:\n]+\u00a0: ", each.text, re.MULTILINE)


@pytest.mark.parametrize(
    ("language", "promises"),
    [
        ("en", "will answer"),
        ("de", "antwortet"),
        ("es", "le responderá"),
        ("fr", "vous répond"),
        ("pt", "responder-lhe"),
        ("ru", "вам ответит"),
    ],
)
def test_an_acknowledgement_that_waits_for_the_customer_promises_no_answer(
    templates: Templates, language: str, promises: str
) -> None:
    first = next(one for one in SAMPLES if one.notice is Notice.RECEIVED and not one.promised_at)
    waits = first._replace(language=language, status="pending")
    assert promises in templates.render(waits._replace(status="open")).text
    assert promises not in templates.render(waits).text
