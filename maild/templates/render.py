"""Facts to mails: one template a notice tells what happened, one frame each makes it text and HTML."""

from __future__ import annotations

import re
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from maild.abreast import Steps, alone
from maild.decision import Notice
from maild.lines import Line, Value
from maild.templates import page
from maild.templates.compiled import Compiled
from maild.templates.facts import Command, Happened, Promised, Row, Said, Step, Telling
from maild.templates.layout import for_agents, is_for_customers, laid_out, offered, tidy_fields
from maild.templates.samples import samples
from maild.templates.times import Usage, usage_of

_HERE = Path(__file__).parent
_DEFAULT = "en"
_WORDS = "words"  # the fixed words of a language: date patterns, names of states and reasons
_AROUND = "around"  # what stands around every notice: the contact, the state, the actions, the footer
_LINES = "lines"  # single lines that are said within a mail, each a macro
CANNED = "canned"
"""The folder of canned answers, which are no templates."""
_FRAMES = ("frame.txt.j2", "frame.html.j2")
_TO_CUSTOMERS = {Notice.HISTORY: "your-history", Notice.HELP: "your-help"}
"""What answers agents and customers alike, and says something else to customers."""
_TYPES = get_type_hints(Telling)
_ONE_LINE = tuple(n for n, kind in _TYPES.items() if kind is str and n not in {"words", "kept_text"})
_MANY_LINES = tuple(n for n, kind in _TYPES.items() if kind == tuple[str, ...])
_ORDER = tuple(Notice)
_COMPILED = Compiled()
_FIELDS: dict[type, frozenset[str]] = {
    page.Offered: frozenset(page.Offered._fields),
    **{
        kind: frozenset(f.name for f in fields(kind))
        for kind in (page.Brief, Command, Happened, Promised, Row, Said, Step)
    },
}
_FAULTS = (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail in words: `preheader` is its first line; `problems` tell where the shipped words had to stand in."""

    text: str
    html: str
    preheader: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Tongue:
    """All templates of one language, compiled, and its fixed words."""

    language: str
    usage: Usage
    pages: Mapping[str, Template]
    words: Mapping[str, Any]
    lines: Mapping[str, Any]


class _Shelf:
    """The templates of one set of folders; each language is compiled once, when it is first asked for."""

    def __init__(self, *folders: Path) -> None:
        self.env = _environment(*folders)
        self.listed = frozenset(self.env.list_templates(extensions=["j2"]))
        self._tongues: dict[str, _Tongue] = {}

    def tongue(self, language: str) -> _Tongue:
        if language in self._tongues:
            return self._tongues[language]
        name = next((each for each in _fallbacks(language) if f"{each}/{_AROUND}.j2" in self.listed), _DEFAULT)
        if name not in self._tongues:
            self._tongues[name] = _compiled(name, self.env)
        return self._tongues[name]


class Templates:
    """Puts facts into words; `own` is a folder whose templates stand over the shipped ones (`en/received.j2`)."""

    def __init__(self, own: Path | None = None) -> None:
        self._own = own
        self._shipped = _Shelf(_HERE)
        self._shelf = self._shipped if own is None else _Shelf(own, _HERE)

    def __reduce__(self) -> tuple[type[Templates], tuple[Path | None]]:
        return Templates, (self._own,)  # another process compiles its own

    def render(self, telling: Telling) -> Rendered:
        """Return the mail that says these facts: `rendering` in one go."""
        return alone(self.rendering(telling))

    def rendering(self, telling: Telling) -> Steps[Rendered]:
        """Return the mail that says these facts; where an own template fails on them, the shipped ones speak."""
        try:
            return (yield from _put_into_words(telling, self._shelf))
        except _FAULTS as fault:
            if self._own is None:
                raise
            rendered = yield from _put_into_words(telling, self._shipped)
            return replace(rendered, problems=(self._problem(fault),))

    def say(self, said: Line, language: str, zone: ZoneInfo, now: datetime) -> str:
        """Return one line in a language; a day or a moment is told in the reader's zone.

        Where own words fail on it, the shipped ones speak.
        """
        try:
            return _line(said, self._shelf.tongue(language), zone, now)
        except _FAULTS:
            if self._own is None:
                raise
            return _line(said, self._shipped.tongue(language), zone, now)

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the own templates, each with its file and line; nothing where all is well."""
        own = self._own
        if own is None:
            return ()
        if not own.is_dir():
            return (f"{own}: there is no such folder; make it, or take `templates` out of the file",)
        problems: list[str] = []
        for path in sorted(path for path in own.rglob("*") if path.is_file()):
            name = path.relative_to(own).as_posix()
            if not _is_apart(name):
                problems += self._problems_of(path, name)
        return tuple(problems) or tuple(dict.fromkeys(self._problems_with_samples()))

    # What is wrong with own templates

    def _problems_of(self, path: Path, name: str) -> Iterator[str]:
        shipped = self._shipped.listed
        if name not in shipped and not path.name.startswith("_"):
            near = get_close_matches(name, shipped, 1)
            yield f"{path}: no mail uses this template" + (f"; did you mean {near[0]}?" if near else "")
            return
        try:
            tree = self._shelf.env.parse(path.read_text("utf-8"), name, str(path))
            self._shelf.env.compile(tree, name, str(path))
        except (TemplateError, UnicodeDecodeError, OSError) as fault:
            yield self._problem(fault, str(path))
            return
        if path.name == f"{_LINES}.j2":
            yield from _lacking(path, tree, self._shipped.env, name)
        if path.name == f"{_WORDS}.j2":
            yield from self._wordless(path, name)
        own = {each.name for each in tree.find_all(nodes.Name) if each.ctx == "store"}  # set in one branch, used in it
        unknown = find_undeclared_variables(tree) - self._told_names(name) - own
        for each in tree.find_all(nodes.Name):
            if each.ctx == "load" and each.name in unknown:
                near = get_close_matches(each.name, self._told_names(name), 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield f"{path}:{each.lineno}: no fact has the name {each.name!r}{hint}"

    def _wordless(self, path: Path, name: str) -> Iterator[str]:
        """The fixed words that templates ask for and that own words do not have."""
        try:
            own = vars(self._shelf.env.get_template(name).module)
        except _FAULTS as fault:
            yield self._problem(fault, str(path))
            return
        for key, value in self._shipped.tongue(name.partition("/")[0]).words.items():
            if key not in own:
                yield f"{path}:1: it lacks {key}, which templates ask for"
            elif isinstance(value, dict) and isinstance(own[key], dict) and value.keys() - own[key].keys():
                lost = ", ".join(sorted(value.keys() - own[key].keys()))
                yield f"{path}:1: {key} lacks {lost}"

    def _told_names(self, name: str) -> frozenset[str]:
        """The names that a template may use: the facts, in a frame also what was laid out; lines are told theirs."""
        if name.rpartition("/")[2] in {f"{_LINES}.j2", f"{_WORDS}.j2"}:
            return frozenset()
        telling = samples()[0]
        language = name.partition("/")[0]
        tongue = self._shipped.tongue(language)
        facts = _facts(telling, tongue)
        with suppress(*_FAULTS):  # words that cannot be read are told of by themselves
            words = vars(self._shelf.env.get_template(f"{language}/{_WORDS}.j2").module)
            facts |= {key: value for key, value in words.items() if not key.startswith("_")}
        if name in _FRAMES:
            facts |= laid_out(telling, facts, _around(tongue, facts), page.blocks("x"))
        return frozenset(facts) | {"reason", "leads"}

    def _problems_with_samples(self) -> Iterator[str]:
        languages = sorted({name.partition("/")[0] for name in self._shelf.listed if name.endswith(f"/{_AROUND}.j2")})
        for language in languages:
            for sample in samples():
                try:
                    alone(_put_into_words(sample._replace(language=language), self._shelf))
                except _FAULTS as fault:
                    yield self._problem(fault)

    def _problem(self, fault: Exception, path: str = "") -> str:
        """One line: which own template failed, where, and why."""
        if isinstance(fault, TemplateSyntaxError):
            return f"{fault.filename or path}:{fault.lineno}: {fault.message}"
        frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.endswith(".j2")]
        where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else path or str(self._own)
        return f"{where}: {f'there is no template {fault.name}' if isinstance(fault, TemplateNotFound) else fault}"


def _is_apart(name: str) -> bool:
    """Whether a file of the folder is no template: a canned answer, or what an editor keeps beside its file."""
    parts = name.split("/")
    return parts[0] == CANNED or name.endswith("~") or any(part.startswith(".") for part in parts)


def _lacking(path: Path, tree: nodes.Template, env: Environment, name: str) -> Iterator[str]:
    """The lines that the desk says and that own lines do not have, or take other values for."""
    own = {one.name: one for one in tree.find_all(nodes.Macro)}
    for wanted in env.parse((_HERE / name).read_text("utf-8")).find_all(nodes.Macro):
        form = f"{wanted.name}({', '.join(one.name for one in wanted.args)})"
        found = own.get(wanted.name)
        if found is None:
            yield f"{path}:1: it lacks the line {form}; take it over from the shipped {name}"
        elif [one.name for one in found.args] != [one.name for one in wanted.args]:
            yield f"{path}:{found.lineno}: this line is told as {form}"


def _put_into_words(telling: Telling, shelf: _Shelf) -> Steps[Rendered]:
    tongue = shelf.tongue(telling.language)
    facts = _facts(telling, tongue)
    yield
    around = _around(tongue, facts)
    facts["reason"] = around["reason"]
    yield
    leads = [
        _spoken(tongue.pages[_page(telling, one)], facts | {"leads": one is telling.notice}) for one in _told(telling)
    ]
    if not leads[0].strip():
        raise TemplateSyntaxError(
            "the template says nothing", 1, filename=tongue.pages[_page(telling, telling.notice)].filename
        )
    yield
    shown = page.blocks("\n\n".join((*leads, around["closing"])))
    facts |= laid_out(telling, facts, around, shown)
    spoken = []
    for frame in _FRAMES:
        yield
        spoken.append(_spoken(tongue.pages[frame], facts))
    text, html = spoken
    return Rendered(text, html, shown[0].text)


def _spoken(template: Template, facts: dict[str, Any]) -> str:
    """What a template says of the facts."""
    try:
        return str(template.environment.concat(template.root_render_func(_context(template, facts))))
    except _FAULTS:
        template.environment.handle_exception()  # raises it again, with the template's own lines in its traceback


def _defined(template: Template, facts: dict[str, Any]) -> Mapping[str, Any]:
    """What a template sets, by name."""
    context = _context(template, facts)
    try:
        deque(template.root_render_func(context), maxlen=0)
    except _FAULTS:
        template.environment.handle_exception()
    return context.get_exported()


def _context(template: Template, facts: dict[str, Any]) -> Context:
    """The facts as a template reads them; `Template.new_context` would copy them all, for every template of a mail."""
    return Context(template.environment, facts, template.name, template.blocks)


def _page(telling: Telling, notice: Notice) -> str:
    return _TO_CUSTOMERS.get(notice, notice.value) if is_for_customers(telling) else notice.value


def _told(telling: Telling) -> tuple[Notice, ...]:
    """The notices whose words the mail bears, its own first."""
    lead = telling.notice
    if len(telling.tells) < 2:
        return (lead,)
    also = (each for each in _ORDER if each in telling.tells and each.to_customers is lead.to_customers)
    return (lead, *(each for each in also if each is not lead))


class _Sandbox(ImmutableSandboxedEnvironment):
    """A sandbox that knows the fields of our own facts; it would judge each of them anew whenever it is read."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the field of a fact, and of anything else what the sandbox allows."""
        return getattr(obj, attribute) if attribute in _FIELDS.get(type(obj), ()) else super().getattr(obj, attribute)


def _environment(*folders: Path) -> Environment:
    env = _Sandbox(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        bytecode_cache=_COMPILED,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=False,
    )
    env.globals = {}  # they would be copied for every template that speaks
    env.filters |= {
        "stopped": page.stopped,
        "unstopped": page.unstopped,
        "unparted": page.unparted,
        "fit": page.fitted,
        "gist": _gist,
        "first_sentence": page.first_sentence,
    }
    return env


def _gist(text: str) -> str:
    return page.gist(text)[0]


def _fallbacks(language: str) -> tuple[str, ...]:
    """The language, then the one without its country: fr-CA, fr."""
    plain = language.lower() if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", language) else _DEFAULT
    return plain, plain.partition("-")[0]


def _compiled(language: str, env: Environment) -> _Tongue:
    names = (_WORDS, _AROUND, *Notice, *_TO_CUSTOMERS.values())
    pages = {str(name): env.get_template(f"{language}/{name}.j2") for name in names}
    spoken = {key: value for key, value in vars(pages[_WORDS].module).items() if not key.startswith("_")}
    usage = usage_of(str(spoken.get("locale", language)), spoken["patterns"])
    lines = vars(env.get_template(f"{language}/{_LINES}.j2").module)
    pages |= {name: env.get_template(name) for name in _FRAMES}
    return _Tongue(language, usage, pages, spoken, lines)


def _around(tongue: _Tongue, facts: dict[str, Any]) -> dict[str, str]:
    """The parts that stand around a notice, by name."""
    exported = _defined(tongue.pages[_AROUND], facts).items()
    return {name: value.strip("\n ") for name, value in exported if isinstance(value, str)}


# Facts to a template's names


def _facts(telling: Telling, tongue: _Tongue) -> dict[str, Any]:
    facts = {**tongue.words, **telling._asdict()}
    for name in _ONE_LINE:
        if facts[name]:
            facts[name] = page.tidy(facts[name])
    for name in _MANY_LINES:
        if facts[name]:
            facts[name] = tuple(map(page.tidy, facts[name]))
    contact, short = facts["contact"], facts["contact_short"] or facts["contact"]
    named = telling.owned or contact == facts["desk"]
    asker = "" if is_for_customers(telling) else facts["customer"] or facts["customer_address"]
    return facts | {
        **_times(telling, tongue),
        **for_agents(telling),
        "steps": tuple(map(tidy_fields, telling.steps)),
        "tab": "\t",
        "zone_name": tongue.usage.city(telling.zone.key) or facts["zone_name"],
        "language_name": tongue.usage.language,
        "contact_short": short,
        "Contact": contact if named else page.capital(contact),
        "Short": short if named else page.capital(short),
        "asker": asker,
        "offers": tuple([offered(action, telling) for action in telling.actions]),
    }


def _times(telling: Telling, tongue: _Tongue) -> dict[str, Callable[[datetime], str]]:
    """The ways to write a time in the reader's zone; the year is told where it is another one."""
    this_year = telling.now.astimezone(telling.zone).year

    def written(name: str) -> Callable[[datetime], str]:
        return lambda at: tongue.usage.write(name, at.astimezone(telling.zone), this_year)

    return {name: written(name) for name in ("when", "day", "stamp")}


def _line(said: Line, tongue: _Tongue, zone: ZoneInfo, now: datetime) -> str:
    if all(type(value) is str for _, value in said.values):
        return _of_words(said, tongue)

    def written(value: Value) -> Any:
        match value:
            case datetime():
                return tongue.usage.write("when", value.astimezone(zone), now.astimezone(zone).year)
            case date():
                return tongue.usage.write("day", value, now.astimezone(zone).year)
            case tuple():
                return " ".join(_line(one, tongue, zone, now) if isinstance(one, Line) else one for one in value)
            case _:
                return value

    return _of_values(said.name, tongue, {name: written(value) for name, value in said.values})


@lru_cache(maxsize=256)
def _of_words(said: Line, tongue: _Tongue) -> str:
    """A line in which no time stands; labels of actions and reasons come again and again."""
    return _of_values(said.name, tongue, dict(said.values))


def _of_values(name: str, tongue: _Tongue, values: Mapping[str, Any]) -> str:
    return " ".join(str(tongue.lines[name](**values)).split())
