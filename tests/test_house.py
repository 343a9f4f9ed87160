"""The house keeps its own rules: floors, doors, purity, and pages that say what the code does."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

PURE = (
    *(
        "abreast",
        "absence",
        "hours",
        "promise",
        "offers",
        "wishes",
        "moments",
        "public_holidays",
        "lines",
        "canned",
        "reasons",
        "mail",
        "values",
        "ticket",
        "desk",
        "decision",
        "decide",
        "commands",
        "dates",
        "vocabulary",
        "retry",
        "compose",
        "headers",
        "mime",
        "readback",
    ),
    *(
        "letters",
        "telling",
        "templates",
        "rules",
        "threading",
        "typed",
        "ingest.attachments",
        "ingest.auto_signs",
        "ingest.bounces",
        "ingest.charsets",
    ),
    *(
        "ingest.encodings",
        "ingest.evidence",
        "ingest.html_tags",
        "ingest.html_text",
        "ingest.ids",
        "ingest.journal",
        "ingest.kind",
        "ingest.origin",
        "ingest.language",
    ),
    *("ingest.calendar", "ingest.remarks", "ingest.rtf", "ingest.smime", "ingest.tnef"),
    *("ingest.mailbox", "ingest.mbox", "ingest.parse", "ingest.parts", "ingest.people", "ingest.proof"),
    *("ingest.quote", "ingest.quote_end", "ingest.quote_heads", "ingest.quote_labels", "ingest.trace"),
    *("ingest.quote_html", "ingest.quote_signs", "ingest.reading", "ingest.away", "ingest.vacation"),
)
"""The floors from `decide` and `letters` down."""

REACHES_OUT = {
    "asyncio", "ctypes", "fcntl", "glob", "imaplib", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "resource", "secrets", "select", "selectors", "shutil", "signal", "smtplib", "socket", "ssl", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
ASKS_THE_CLOCK = {"now", "utcnow", "today", "fromtimestamp"}
EXEMPT = {
    ("ingest.parse", "logging"): "it silences mail-parser, which writes what stands in a mail to its log",
    ("ingest.bounces", "logging"): "it silences flufl.bounce",
    ("ingest.language", "threading"): "the model is loaded once, whichever thread asks first",
    ("rules.match", "time"): "a pattern has a time limit, and what it took is counted",
    ("templates.render", "pathlib"): "templates are read once, when they are compiled",
}

WITHOUT_A_DOOR = {"tzdata": "Python finds it by itself"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "maild").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "maild").with_suffix("").parts)
        yield name.removesuffix("__init__").removesuffix("."), path


def is_pure(name: str) -> bool:
    return any(name == floor or name.startswith(f"{floor}.") for floor in PURE)


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def contract(name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in project()["tool"]["importlinter"]["contracts"] if one["id"] == name)
    return found


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]


# --- the code -------------------------------------------------------------------------------------------------------


def test_every_module_says_in_one_line_what_it_is() -> None:
    told = {path: ast.get_docstring(ast.parse(path.read_text("utf-8"))) for _, path in modules()}
    assert not [str(path) for path, line in told.items() if not line or "\n" in line.strip()]


def test_every_module_stands_on_a_floor() -> None:
    floors = re.findall(r"[\w.]+", " ".join(contract("floors")["layers"]))
    lost = {name for name, _ in modules() if name and not any(f"{name}.".startswith(f"{floor}.") for floor in floors)}
    parts_of_quote = {f"ingest.quote_{part}" for part in ("end", "heads", "html", "labels", "signs")}
    parts_of_a_door = {"ingest", "ingest.smtp_session", *parts_of_quote}
    assert lost <= parts_of_a_door, f"say in pyproject.toml on which floor they stand: {sorted(lost - parts_of_a_door)}"


def test_from_judgement_down_there_is_no_clock_no_chance_no_log_and_no_file() -> None:
    found = {(name, what) for name, path in modules() if is_pure(name) for what in reached_for(path)}
    assert sorted(found - EXEMPT.keys()) == []
    assert sorted(EXEMPT.keys() - found) == [], "these need no exemption any more"


def reached_for(path: Path) -> Iterator[str]:
    """What a module uses of the world outside its arguments."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                yield from ({name.name for name in names} & REACHES_OUT)
            case ast.ImportFrom(module=str(module)) if module in REACHES_OUT:
                yield module
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=attribute) if attribute in ASKS_THE_CLOCK:
                yield f"datetime.{attribute}"
            case ast.Call(func=ast.Name(id="open" | "print" | "input" as name)):
                yield name
            case _:
                pass


def test_a_planted_clock_log_or_file_would_be_found(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(
        "import logging\nfrom random import choice\n\ndef f():\n    open('x')\n    return datetime.now()\n"
    )
    assert set(reached_for(planted)) == {"logging", "random", "open", "datetime.now"}


def test_every_library_has_its_door() -> None:
    known = set(contract("one-door")["forbidden_modules"])
    wanted = {re.split(r"[^\w.-]", line)[0].lower().replace(".", "-") for line in project()["project"]["dependencies"]}
    offered: dict[str, set[str]] = {}
    for module, libraries in packages_distributions().items():
        for library in libraries:
            offered.setdefault(library.lower().replace(".", "-").replace("_", "-"), set()).add(module)
    doorless = {name for name in wanted - WITHOUT_A_DOOR.keys() if not offered.get(name, set()) & known}
    assert not doorless, "add each to the contract one-door, with the one module that may import it"


def test_nothing_is_left_for_later() -> None:
    words = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:")))
    folders = [path for name in ("maild", "tests", "benchmarks", "docs") for path in (ROOT / name).rglob("*.*")]
    texts = [*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "Makefile", *folders]
    texts = [path for path in texts if path.suffix in {"", ".py", ".md", ".toml", ".j2"}]
    assert not [str(path) for path in texts if words.search(path.read_text("utf-8"))]


# --- the lock -------------------------------------------------------------------------------------------------------


def test_the_lock_names_versions_and_hashes_and_no_place() -> None:
    lock = (ROOT / "requirements-dev.txt").read_text("utf-8")
    assert not re.search(r"://|^-|file:|@ ", lock, re.MULTILINE)
    pinned = re.split(r"^(?=[a-z])", lock, flags=re.MULTILINE)[1:]
    assert not [line for line in pinned if not re.match(r"[a-z0-9-]+==\S+ .*\\\n +--hash=sha256:[0-9a-f]{64}", line)]


def test_the_lock_holds_every_library_that_the_project_names() -> None:
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.txt").read_text("utf-8"), re.MULTILINE))
    named = [*project()["project"]["dependencies"], *project()["dependency-groups"]["dev"]]
    wanted = {re.split(r"[^\w.-]", line)[0].lower().replace(".", "-").replace("_", "-") for line in named}
    assert sorted(wanted - pinned) == [], "run: make lock"


# --- the pages ------------------------------------------------------------------------------------------------------

_RFC = re.compile(r"RFC (\d{3,5})((?:(?:, |-| and )\d{4,5}(?![\d.]))*)")


def test_every_standard_that_the_code_names_is_in_the_list() -> None:
    listed = {number for row in rfc_rows() for number in row[0].split(", ")}
    named = {
        number
        for _, path in modules()
        for found in _RFC.finditer(path.read_text("utf-8"))
        for number in (found[1], *re.findall(r"\d+", found[2]))
    }
    assert sorted(named - listed) == [], "say in docs/rfc.md what we do of them"


def test_every_standard_that_is_done_names_files_that_are_there() -> None:
    for number, _, what, where, done in rfc_rows():
        files = re.findall(r"`([^`]+)`", where)
        assert done in {"yes", "partly", "no"}, number
        assert what, number
        assert files or done == "no", number
        assert all((ROOT / file).is_file() for file in files), f"RFC {number}: {files}"


def rfc_rows() -> list[list[str]]:
    lines = (DOCS / "rfc.md").read_text("utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| \d", line)]


def test_the_tour_and_the_tables_name_only_what_the_code_has() -> None:
    tops = {name.split(".")[0] for name, _ in modules() if name}
    for page in (DOCS / "flow.md", DOCS / "states.md", *sorted((DOCS / "decisions").glob("*.md"))):
        spans = re.findall(r"`([a-z_]+(?:\.\w+)+)`", page.read_text("utf-8"))
        assert not [span for span in spans if span.split(".")[0] in tops and not exists(span)], page.name


def exists(name: str) -> bool:
    """Whether `maild.NAME` is a module, or a thing of a module, or a thing of that; files count as well."""
    if name.endswith(".py"):
        return (ROOT / "maild" / name).is_file()
    words = name.split(".")
    for cut in range(len(words), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(("maild", *words[:cut])))
        except ModuleNotFoundError:
            continue
        for word in words[cut:]:
            if word not in dir(found) and word not in getattr(found, "__annotations__", {}):
                return False
            found = getattr(found, word, None)
        return True
    return False


def test_decisions_are_numbered_without_a_gap_and_say_why() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    for number, record in enumerate(records, 1):
        text = record.read_text("utf-8")
        assert re.match(rf"{number:03}-[a-z-]+\.md$", record.name), record.name
        assert text.startswith(f"# {number:03} "), record.name
        heads = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
        assert heads == ["Context", "Decision", "Why", "Cost"], record.name


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for page in pages():
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        assert not [link for link in links if not (page.parent / link).exists()], page.name


def test_the_changelog_begins_with_what_is_not_released_yet() -> None:
    heads = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heads[:1] == ["Unreleased"]
