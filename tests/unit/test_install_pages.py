"""The pages on installing: what they say to paste is a file that maild takes, and they tell how to see it work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from maild.config import DEFAULT, parse

FOLDER = Path(__file__).parents[2] / "docs" / "install"
PAGES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "README.md")
STORE, *_ = re.findall(r"(?s)```toml\n(.*?)```", (FOLDER / "README.md").read_text("utf-8"))


def pasted(page: str) -> str:
    """The lines of a page's part on maild, put into a file that says who is there."""
    (lines,) = re.findall(r"(?s)```toml\n(.*?)```", (FOLDER / page).read_text("utf-8"))
    people = DEFAULT[DEFAULT.index("[[agent]]") :]
    desk = "" if "[desk]" in lines else DEFAULT[: DEFAULT.index("[[agent]]")]
    given = lines.replace("[desk]\n", '[desk]\nname = "Example Support"\n')
    return "\n".join((desk, given, re.sub(r"(?m)^   ", "", STORE), people))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_to_paste_is_a_whole_file_by_which_mail_comes_in_and_goes_out(page: str) -> None:
    config = parse(pasted(page), None)
    assert config.mailboxes or config.listen.lmtp
    assert config.relay.maildir is None, "mail leaves the machine"
    assert config.store.secret_file == Path("/var/lib/maild/secret")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_tells_how_to_see_that_it_works_from_the_file_to_the_answer(page: str) -> None:
    seen = (FOLDER / page).read_text("utf-8").partition("## See that it works")[2]
    for command in ("maild check", "maild check --connect", "maild inbox", "maild outbox"):
        assert f"$ {command}" in seen, command


def test_the_first_page_leads_to_each_of_the_others() -> None:
    first = (FOLDER / "README.md").read_text("utf-8")
    assert [page for page in PAGES if f"({page})" not in first] == []
