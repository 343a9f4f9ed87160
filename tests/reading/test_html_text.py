"""HTML as text: what a reader sees of lists, tables, paragraphs and what is hidden, and that no page is slow."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.html_text import text_of_html
from maild.ingest.quote import new_words_of_html


def shown(html: str) -> str:
    return text_of_html(html, 500_000)


PAGES = {
    "paragraphs stand apart": ("<p>One\n  two</p><p>Three</p>", "One two\n\nThree"),
    "divs do not": ("<div>One</div>\n<div>Two</div>", "One\nTwo"),
    "gmail's empty line": ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
    "outlook's empty line": ("<div>One</div><div>&nbsp;</div><div>Two</div>", "One\n\nTwo"),
    "a line end at the end of a block": ("<div>One<br></div><div>Two</div>", "One\nTwo"),
    "two line ends": ("One<br><br/>Two", "One\n\nTwo"),
    "words in bold with a space between": ("<b>One</b> <i>two</i><b>three</b>", "One twothree"),
    "a heading and a rule": ("<h1>Order</h1>42<hr>Thanks", "Order\n\n42\n\nThanks"),
    "entities": ("&lt;b&gt; caf&eacute;&nbsp;&amp; &euro;5", "<b> café & €5"),
    "a quotation": ("He said <q>no</q>.", 'He said "no".'),
    "a link's words": ("See <a href='https://example.org/x'>our page</a>.", "See our page. <https://example.org/x>"),
    "an address in angle brackets": ("From: Ann <ann@example.org><br>x", "From: Ann <ann@example.org>\nx"),
    "signs that are no tags": ("if 1 < 2 and 3 > 2 <3 you", "if 1 < 2 and 3 > 2 <3 you"),
    "a list": ("We need:<ul><li>a pump<li>two valves</ul>Thanks", "We need:\n\n  * a pump\n  * two valves\n\nThanks"),
    "a list that counts": ("<ol start=3><li>three</li><li>four</li></ol>", " 3. three\n 4. four"),
    "a list in a list": (
        "<ul><li>one<ul><li>one a</li></ul></li><li>two</li></ul>",
        "  * one\n      * one a\n  * two",
    ),
    "two lines of an item": ("<ul><li>one<br>more</li><li>two</li></ul>", "  * one\n    more\n  * two"),
    "paragraphs in items": ("<ul><li><p>one</p></li>\n<li><p>two</p></li></ul>", "  * one\n  * two"),
    "preformatted lines": ("<pre>\nif x:\n    y\n\nz</pre>after", "if x:\n    y\n\nz\nafter"),
    "preformatted by style": (
        "<div style='white-space: pre-wrap'>one\n  two</div><div>three\nfour</div>",
        "one\n  two\nthree four",
    ),
    "a table": (
        "<table><tr><th>Item<th>Price</tr>\n<tr><td>Pump<td>10</tr><tr><td>Valve, small</td><td>2</td></table>",
        "Item          Price\nPump          10\nValve, small  2",
    ),
    "a table as outlook writes it": (
        "<table><tr><td><p>Pump</p></td><td><p>10</p></td></tr>\n<tr><td><p>Valves</p></td><td>2<br></td></tr></table><p>x",
        "Pump    10\nValves  2\n\nx",
    ),
    "an empty cell": (
        "<table><tr><td></td><td>May</td><td>June</td></tr><tr><td>Ann</td><td>1</td><td>2</td></tr></table>",
        "     May  June\nAnn  1    2",
    ),
    "a table that only lays a page out": (
        "<table><tr><td><p>Dear Ann,</p><p>it is sent.</p></td><td>Shop</td></tr><tr><td>Bye</td></tr></table>",
        "Dear Ann,\n\nit is sent.\nShop\nBye",
    ),
    "a table in a table": (
        "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>",
        "a  b  c",
    ),
    "a table of long cells": (
        f"<table><tr><td>{'one ' * 20}</td><td>{'two ' * 20}</td></tr><tr><td>a</td><td>b</td></tr></table>",
        f"{'one ' * 20} {'two ' * 20}".rstrip() + "\na  b",
    ),
    "scripts, styles and titles": ("<title>t</title><style>p > a {}</style><script>if (a<b) x()</script>One", "One"),
    "comments": ("One<!-- <p>no</p> --><!--[if mso]>no<![endif]--><![if !mso]> two<![endif]>", "One two"),
    "what a reader does not see": (
        "<div style='display:none'>no <div>no</div> no</div>yes<p style='DISPLAY: none'>no<p>and yes",
        "yes\n\nand yes",
    ),
    "words behind the end of the page": ("<html><body>One</body></html>\n-- \nList", "One\n-- List"),
    "brackets in a value": ("<img alt='a > b' src=x>One <a title=\"x < y\">two</a>", "One two"),
    "a tag that is not ended": ("One <br <b>two</b><font color=red One", "One\ntwo<font color=red One"),
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_read_as_a_person_sees_it(kind: str) -> None:
    html, text = PAGES[kind]
    assert shown(html) == text


def test_words_that_are_all_hidden_or_never_end_are_not_lost() -> None:
    assert shown("<div style='display:none'>only words</div>") == "only words"
    assert "more" in shown("words<div style='display:none'>hidden<p>more")
    assert "more" in shown("words<title>never ended<p>more")


def test_a_reply_keeps_its_lists_and_tables() -> None:
    page = (
        "<p>We need</p><ul><li>a pump</li></ul><table><tr><td>Pump</td><td>1</td></tr></table>"
        "<blockquote type=cite>What do you need?</blockquote>"
    )
    assert new_words_of_html(page) == "We need\n\n  * a pump\n\nPump  1"


PIECES = (
    *("<", "<!", "<!--", "<a ", '<a "', "<a x=\"'>", "<a'\"'", "<br ", "<x@y.z>", '<a b="<">', '<a b="<"', '=<a ="'),
    *("<p>", "<div>", "</div>", "<div></p>", "<b>a</b> ", "<br>", "<hr>", "<q>", "<td>", "<td>a", "a<td>", "<td>a<br>"),
    *("<tr><td>a", "<table>", "</table>", "<table><tr><td>", "<ul><li>", "<li>a", "<li><br>", "<ol><li>a", "<dt>a"),
    *("<pre>", "<pre>\n", "</pre>", "<pre>a\n", "<style>", "</style>", "<style></style>", "<title>", "<script>"),
    *("<p style='display:none'>", "<div style='display:none'>a", "<span style='white-space:pre'>\n", "&", "&#"),
    *("<blockquote>a", "<div class=gmail_quote>", "<div class=gmail_attr>a</div>", "<a href='mailto:a@b'>From: x</a>"),
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=60).map("".join))
def test_any_page_is_read(html: str) -> None:
    assert isinstance(shown(html), str)
    assert isinstance(new_words_of_html(html), str | None)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "html",
    [
        *(piece * (200_000 // len(piece)) for piece in PIECES),
        "<table><tr>" + "<td>a" * 40_000,
        "<table>" + ("<tr>" + "<td>a" * 1000) * 40,
        "".join(f"<div id={n}>" for n in range(16_000)),
        f'<a title="{"<" * 200_000}">t</a>',
        f"<a title='{'>' * 200_000}'>t</a>",
        "<a " + " ".join(f"a{n}='x'" for n in range(20_000)) + ">t",
        "".join(random.Random(1).choices(PIECES, k=30_000)),
    ],
    ids=lambda html: html[:20],
)
def test_no_page_takes_long(html: str) -> None:
    began = time.process_time()
    shown(html)
    new_words_of_html(html)
    assert time.process_time() - began < 2
