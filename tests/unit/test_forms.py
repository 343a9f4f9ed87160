"""Stories of mails that are filled in: they read as if they had been rendered whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from maild import templates
from maild.desk import LANGUAGES
from maild.templates import forms
from maild.templates.facts import Telling
from maild.templates.layout import facts_of
from maild.templates.render import Templates
from maild.templates.samples import samples

SHIPPED = Path(templates.__file__).parent
AGREED = {*forms.SHOWN, *forms.TOLD_AT, *forms.LOOKED_AT, "words"}
FIXED = {"tab", "when", "language_name"}
APART = {"brief", "promises", "entries", "said", "stamp"}
"""What only mails without a form show."""
NAMES = ("subject", "customer", "words_by", "last_who", "organisation")
ASKS = nodes.If | nodes.And | nodes.Or | nodes.Not | nodes.CondExpr
ODD = (
    "- a list of one", "» begins", "ends «", "« within »", "<b>&amp; \"it's\"", "é…", "x" * 300, "a  b\tc\nd", "\ue000",
    "at \ue003 and \ue008", "Luc", "", "Reply above this line", "\u202egnp", "a, b (c)",
)  # fmt: skip
WORDS = ("", "\n", "One.\n\n- two\n- three", "« a », https://example.org/« and »", "\ue009", "<p>", "  in\n\tby\n")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Templates whose frames are the operator's own, so that nothing is ever filled in; they say the same words."""
    own = tmp_path_factory.mktemp("own")
    for frame in SHIPPED.glob("frame.*.j2"):
        shutil.copy(frame, own)
    return Templates(own)


def variants(sample: Telling, turn: int) -> Iterator[Telling]:
    """The same kind of mail for other people and other tickets."""
    for n in range(turn, turn + 3):
        odd: dict[str, Any] = {name: ODD[(n + 2 * at) % len(ODD)] for at, name in enumerate(NAMES)}
        number, words = sample.number and n, sample.words and WORDS[n % len(WORDS)]
        yield replace(sample, **odd, number=number, words=words, customer_address=f"o'luc{n}@customer.example")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_that_is_filled_in_is_the_one_that_would_be_rendered(language: str, whole: Templates) -> None:
    pressed = Templates()
    for turn, sample in enumerate(samples()):
        told = replace(sample, language=language)
        luc: dict[str, Any] = dict.fromkeys(NAMES, "Luc")
        plain = replace(told, **luc)
        for one in (told, told, plain, plain, *variants(told, turn)):
            assert pressed.render(one) == whole.render(one)


def test_a_kind_that_is_seen_again_gets_a_form_that_serves_other_tickets() -> None:
    pressed = Templates()
    received = replace(samples()[0], last_who="Luc Petit")
    known = pressed._shelf.tongue(received.language).forms
    assert known is not None
    first, second, third = (kind_of(replace(received, number=n, last_who=f"Luc {n}")) for n in (7, 8, 9))
    assert first == second == third
    assert known.find(first) is None
    pressed.render(received)
    assert known.find(first) is None
    pressed.render(replace(received, number=88888))
    form = known.find(first)
    assert form is not None
    assert form.paragraphs > 0
    assert "88888" not in "".join(form.text + form.html)


def kind_of(telling: Telling) -> forms.Kind:
    tongue = Templates()._shelf.tongue(telling.language)
    kind = forms.kind_of(telling, facts_of(telling, tongue.words, tongue.usage))
    assert kind is not None
    return kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_around_a_notice_never_looks_into_what_forms_leave_blank(language: str) -> None:
    tree = Environment(autoescape=True).parse((SHIPPED / language / "around.j2").read_text("utf-8"))
    own = {one.name for one in tree.find_all(nodes.Name) if one.ctx != "load"}
    own |= {one.name for one in tree.find_all(nodes.Macro)} | {"loop"}
    read = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "load"}
    words = Templates()._shelf.tongue(language).words.keys()  # the same for all mails of a language
    assert read - own - words <= AGREED | FIXED | APART
    for made in tree.find_all((nodes.Assign, nodes.AssignBlock)):
        assert isinstance(made, nodes.Assign | nodes.AssignBlock)
        if isinstance(made.target, nodes.Name) and made.target.name in read:
            assert not {one.name for one in made.find_all(nodes.Name)} & {*forms.SHOWN}, made.target.name
    for parent, name in uses(tree):
        if name in forms.SHOWN:
            assert isinstance(parent, nodes.Output | nodes.Concat | ASKS), f"{name} in line {parent.lineno}"
        if name == "words":
            assert isinstance(parent, ASKS), f"{name} in line {parent.lineno}"


def uses(node: nodes.Node) -> Iterator[tuple[nodes.Node, str]]:
    """Every name that a template reads, with what stands around it."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Name) and child.ctx == "load":
            yield node, child.name
        yield from uses(child)
