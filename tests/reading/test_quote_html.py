from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.quote import MARKER, new_words_of_html

WORDS = "The invoice is still wrong.\n\nPlease look at line 3 again."
DESK = "support@example.com"
NOTICE = "Ann Lee has your message.\n\n  Ticket        #1042"

NEW = "<div>The invoice is <b>still</b> wrong.<br></div><p>Please look at line&nbsp;3 again.</p>"

AS_HTML = {
    "gmail": f'<div dir="ltr">{NEW}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Mar 2, '
    f"2026 at 10:00 AM Ann &lt;<a href='mailto:{DESK}'>{DESK}</a>&gt; wrote:<br></div><blockquote class='gmail_quote'"
    f' style="x"><p>{MARKER}</p>Hello</blockquote></div>',
    "thunderbird": f'{NEW}<div class="moz-cite-prefix">On 3/2/26 10:00, Ann Lee wrote:<br></div>'
    '<blockquote type="cite" cite="mid:x@example.com"><p>Hello</p><div>never closed</blockquote>',
    "apple mail": f'{NEW}<div><blockquote type="cite"><div>On 2 Mar 2026, at 10:00, Ann Lee &lt;{DESK}&gt; wrote:</div>'
    "<br><div>Hello</div></blockquote></div>",
    "outlook": f'{NEW}<hr tabindex="-1"><div id="divRplyFwdMsg"><font><b>From:</b> Ann Lee &lt;{DESK}&gt;<br>'
    "<b>Sent:</b> Monday, March 2, 2026 10:00<br><b>To:</b> Luc<br><b>Subject:</b> Re: x</font></div><div>Hello</div>",
    "yahoo": f'{NEW}<div id="ydp1" class="yahoo_quoted"><div>On Monday, March 2, 2026 at 10:00:00 AM GMT+1, '
    f"Ann Lee &lt;{DESK}&gt; wrote:</div><div>Hello</div></div>",
}


@pytest.mark.parametrize("client", AS_HTML)
def test_a_reply_in_html_gives_its_own_words(client: str) -> None:
    page = f"<html><head><style>p {{}}</style></head><body><!-- > -->{AS_HTML[client]}</body></html>"
    assert new_words_of_html(page) == WORDS


def test_words_between_quotes_of_html_are_kept() -> None:
    cite = '<blockquote type="cite">Which one?</blockquote>'
    assert new_words_of_html(f"{cite}<p>That of March.</p>{cite}") == "> Which one?\n\nThat of March.\n\n> Which one?"


def test_html_that_nobody_typed_is_left_to_the_text() -> None:
    assert new_words_of_html("<p>a</p>" * 600_000) is None
    assert new_words_of_html("<p> </p>") is None


def test_an_authors_own_blockquote_is_kept() -> None:
    assert new_words_of_html("<p>Your terms say:</p><blockquote>free returns</blockquote>") == (
        "Your terms say:\n\nfree returns"
    )


INTRODUCED = f"On Mon, 2 Mar 2026 at 10:00, Ann Lee &lt;{DESK}&gt; wrote:"

PLAINLY_QUOTED = {
    "an introduction over it": f"{NEW}<p>On 3/2/26 10:00, Ann wrote:</p><blockquote>Which?</blockquote>",
    "an introduction that begins it": f"{NEW}<blockquote>{INTRODUCED}<br>Which?</blockquote>",
    "an introduction, and lines that were joined": f"{NEW}<blockquote>On 3/2/26 10:00, Ann wrote:\n> Which?\n> Hello"
    "</blockquote>",
    "header lines over it": f"{NEW}<p>From: Ann &lt;{DESK}&gt;<br>Sent: Monday, March 2, 2026 10:00<br>To: Luc<br>"
    "Subject: x</p><blockquote>Which?</blockquote>",
    "gmail's kind, by another client": f'{NEW}{INTRODUCED}<br><blockquote class="gmail_quote">Which?</blockquote>',
    "gmail's kind in a language that we do not know": f"{NEW}<div class='gmail_quote'>Ann Lee igorleak idatzi du"
    "<blockquote class='gmail_quote'>Which?</blockquote></div>",
    "windows mail, with names alone": f"{NEW}<div><b>From:</b>&nbsp;<a href='mailto:{DESK}'>Ann Lee</a><br><b>Sent:</b>"
    "&nbsp;Monday, 2 March 2026 10:00<br><b>To:</b> <a href='mailto:luc@example.org'>Luc</a></div><div>Which?</div>",
    "windows mail in russian": f"{NEW}<div><b>От:</b>&nbsp;<a href='mailto:{DESK}'>Ann Lee</a><br><b>Отправлено:</b>"
    "&nbsp;\u200e2\u200e \u200eмарта\u200e 2026 г. \u200e10\u200e:\u200e00<br><b>Кому:</b> Luc</div><div>Which?</div>",
    "header lines on one": f"{NEW}<hr><div><b>From: {DESK}</b> <b>Date: Mon, 2 Mar 2026 10:00</b></div><p>Which?</p>",
}


UNKNOWN = "2026ko martxoaren 2a, Ann Lee igorleak hau idatzi du"

IN_ANY_LANGUAGE = {
    "gmail": f'{NEW}<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{UNKNOWN}<br></div><blockquote '
    'class="gmail_quote"><div>Which?</div></blockquote></div>',
    "thunderbird": f'{NEW}<div class="moz-cite-prefix">{UNKNOWN}<br></div><blockquote type="cite">Which?</blockquote>',
}


@pytest.mark.parametrize("client", IN_ANY_LANGUAGE)
def test_an_introduction_of_a_language_that_we_do_not_know_is_known_by_its_tag(client: str) -> None:
    assert new_words_of_html(IN_ANY_LANGUAGE[client]) == WORDS


def test_a_mail_that_was_passed_on_in_html_keeps_everything() -> None:
    head = f"---------- Forwarded message ---------<br>From: Ann Lee &lt;{DESK}&gt;<br>Subject: x<br>"
    page = f'{NEW}<div class="gmail_quote"><div class="gmail_attr">{head}</div><p>Which?</p></div>'
    assert str(new_words_of_html(page)).endswith("Which?")


@pytest.mark.parametrize("client", PLAINLY_QUOTED)
def test_a_quote_in_html_is_known_by_its_head_where_no_tag_tells_of_it(client: str) -> None:
    words = new_words_of_html(PLAINLY_QUOTED[client])
    assert words is not None
    assert words.startswith(WORDS)
    assert "Which?" not in words


def test_words_that_the_author_indents_or_quotes_by_a_button_are_kept() -> None:
    page = (
        '<p>The terms are these.</p><blockquote class="gmail_quote"><div>Free returns.</div></blockquote><p>Right?</p>'
    )
    assert str(new_words_of_html(page)).split("\n\n") == ["The terms are these.", "Free returns.", "Right?"]


def test_an_exchange_that_the_author_quotes_hides_no_words_under_it() -> None:
    page = (
        f"<p>My bank writes.</p><blockquote>It is paid.<div>{INTRODUCED}</div><div>Is it?</div></blockquote><p>So?</p>"
    )
    words = str(new_words_of_html(page))
    assert words.endswith("So?")
    assert "Is it?" in words


def test_an_exchange_of_which_our_notice_is_a_part_still_ends_above_it() -> None:
    page = f"{NEW}<blockquote>Good morning<p>{MARKER}</p><p>{NOTICE}</p></blockquote>"
    assert "1042" not in str(new_words_of_html(page))


def test_answers_between_the_parts_of_a_plain_blockquote_are_kept_with_it() -> None:
    page = f"<p>{INTRODUCED}</p><blockquote>Which one?</blockquote><p>That of March.</p><blockquote>Thanks</blockquote>"
    assert str(new_words_of_html(page)).split("\n\n")[-3:] == ["Which one?", "That of March.", "Thanks"]


def test_a_reply_in_html_without_new_words_is_empty() -> None:
    assert new_words_of_html(f"{INTRODUCED}<blockquote>#close</blockquote>") == ""
    assert new_words_of_html(f"<blockquote type='cite'>{INTRODUCED}<p>Hello</p></blockquote>") == ""
    assert new_words_of_html(f"<blockquote type='cite'><p>{MARKER}</p>Hello</blockquote>") == ""


def test_a_page_that_is_all_quoted_by_nobody_is_kept_as_a_quote() -> None:
    assert new_words_of_html("<blockquote type='cite'>#close</blockquote>") == "> #close"


def test_a_closing_stays_in_html() -> None:
    assert str(new_words_of_html(f"{NEW}<p>Kind regards,<br>Luc</p>")).endswith("Kind regards,\nLuc")


def test_preformatted_words_keep_their_lines() -> None:
    assert str(new_words_of_html("<pre>one\ntwo</pre><p>a\nb</p>")).split() == ["one", "two", "a", "b"]
    assert new_words_of_html("<pre>one\ntwo</pre>") == "one\ntwo"


@given(st.text(st.sampled_from("<>/!-divblockquote p='\" \n&#;") | st.characters(), max_size=200))
def test_any_html_is_read(page: str) -> None:
    assert isinstance(new_words_of_html(page), str | None)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<!--", "<div>", "</div>", "<div></p>", "<style>", "&", "<a ", "<p>", "<!", "<b x='", "&#"),
        *("<blockquote>a", "<blockquote>a:</blockquote>", "<blockquote>On 1.1.2020 10:00 a wrote:<br>"),
        *(
            "a<blockquote class=gmail_quote>b</blockquote>",
            "<a href='mailto:a@b'>From: x</a>",
            "<blockquote type=cite>",
        ),
    ],
)
def test_hostile_html_is_read_in_bounded_time(piece: str) -> None:
    assert isinstance(new_words_of_html(piece * (10**6 // len(piece))), str | None)


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ('See <a href="https://x.example/a?b=1&amp;c=2">the plan</a>.', "See the plan. <https://x.example/a?b=1&c=2>"),
        ('See <a href="https://x.example/">x.example</a>.', "See x.example."),
        ('Ask <a href="mailto:ann@x.example">Ann</a>.', "Ask Ann."),
        ('<a href="https://x.example/logo"><img src="cid:a"></a><p>Hello</p>', "Hello"),
        ("<ul><li><a href='https://x.example/1'>one</a><li>two</ul>", "* one <https://x.example/1>\n  * two"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ("Yes<div><a href='https://gmx.example/app'>Gesendet mit der GMX Mail App</a></div>", "Yes"),
    ],
)
def test_the_page_behind_a_link_is_told_at_the_end_of_its_line(html: str, words: str) -> None:
    assert new_words_of_html(html) == words
