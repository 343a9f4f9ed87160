"""What no table can see alone: names that nobody has, things that stand twice, choices that contradict."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from maild.config.fields import days_of, spans_of
from maild.config.tables import (
    MANY,
    NAMED,
    ONE,
    AgentTable,
    DeskTable,
    HoursTable,
    LadderTable,
    LimitsTable,
    ListenTable,
    MailboxTable,
    OAuthTable,
    OrganisationTable,
    RelayTable,
    TeamTable,
    TrustTable,
)
from maild.rules.load import CHOOSERS
from maild.typed import Fault, Path, Table, TableT, nearest, quote, read

LONGEST_BASE = 23
"""Octets before the @ of an address of ours, so that a token fits behind it (RFC 5321 section 4.5.3.1.1)."""
ONLY_TEAM = "support"
"""The team of a file that names none: everybody is in it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The file's tables that could be read, each with its place, and every name that the file gives."""

    tables: tuple[tuple[Path, Table], ...]
    agents: frozenset[str]
    teams: frozenset[str]
    hours: frozenset[str]
    slas: frozenset[str]
    organisations: frozenset[str]
    ours: frozenset[str]

    def all(self, model: type[TableT]) -> list[tuple[Path, TableT]]:
        return [(path, table) for path, table in self.tables if type(table) is model]

    def one(self, model: type[TableT]) -> TableT | None:
        return next((table for _, table in self.all(model)), None)


def read_sheet(raw: Mapping[str, object]) -> tuple[Sheet, tuple[Fault, ...]]:
    """Read every table of the file for itself, so that one bad table hides no fault of another."""
    found: list[tuple[Path, Table]] = []
    faults: list[Fault] = []
    for path, model, table in _tables(raw, faults):
        result = read(model, table, path)
        if isinstance(result, tuple):
            faults += result
        else:
            found.append((path, result))
    known = {*ONE, *MANY, *NAMED, "rule"}
    faults += [Fault((name,), "unknown table", nearest(name, known)) for name in raw if name not in known]
    return _sheet(raw, tuple(found)), tuple(faults)


def check(sheet: Sheet) -> Iterator[Fault]:
    """Tell what is wrong between the tables."""
    yield from _check_desk(sheet)
    yield from _check_people(sheet)
    yield from _check_teams(sheet)
    yield from _check_work(sheet)
    yield from _check_doors(sheet)


def _tables(raw: Mapping[str, object], faults: list[Fault]) -> Iterator[tuple[Path, type[Table], object]]:
    for name, model in ONE.items():
        table = raw.get(name, {})
        if isinstance(table, list):
            faults.append(Fault((name,), "must stand only once", f"write [{name}], in single brackets"))
        else:
            yield (name,), model, table
    for name, model in MANY.items():
        tables = raw.get(name, [])
        if isinstance(tables, list):
            yield from (((name, place), model, table) for place, table in enumerate(tables))
        else:
            faults.append(Fault((name,), "is a list of tables", f"write [[{name}]], in double brackets"))
    for name, model in NAMED.items():
        under = raw.get(name, {})
        if isinstance(under, dict) and all(isinstance(table, dict) for table in under.values()):
            yield from (((name, word), model, table) for word, table in under.items())
        else:
            faults.append(Fault((name,), "needs a name for each table", f"write [{name}.NAME]"))


def _sheet(raw: Mapping[str, object], tables: tuple[tuple[Path, Table], ...]) -> Sheet:
    # Names are taken from what was typed, also from tables with a fault, so that one fault is not told as many.
    teams = frozenset(_words(raw, "team", "id")) if raw.get("team") else frozenset({ONLY_TEAM})
    desk = raw.get("desk")
    own = [desk.get("address"), *_listed(desk.get("aliases"))] if isinstance(desk, dict) else []
    ours = [*own, *_words(raw, "team", "address")]
    return Sheet(
        tables,
        agents=frozenset(_words(raw, "agent", "id")),
        teams=teams,
        hours=frozenset(_keys(raw, "hours")),
        slas=frozenset(_keys(raw, "sla")),
        organisations=frozenset(_words(raw, "organisation", "name")),
        ours=frozenset(spec.lower() for spec in ours if isinstance(spec, str)),
    )


def _words(raw: Mapping[str, object], name: str, word: str) -> list[str]:
    tables = [table for table in _listed(raw.get(name)) if isinstance(table, dict)]
    return [table[word] for table in tables if isinstance(table.get(word), str)]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _keys(raw: Mapping[str, object], name: str) -> list[str]:
    under = raw.get(name)
    return list(under) if isinstance(under, dict) else []


def _check_desk(sheet: Sheet) -> Iterator[Fault]:
    desk = sheet.one(DeskTable)
    trust = sheet.one(TrustTable)
    if desk is None:
        return
    yield from _unknown(("desk", "team"), desk.team, sheet.teams)
    if trust:
        yield from _check_forms(trust, sheet)
    for place, spec in enumerate(desk.admins):
        if spec.lower() in sheet.ours:
            remedy = "name an address of a person, so that the desk does not write to itself"
            yield Fault(("desk", "admins", place), f"{quote(spec)} is an address of the desk", remedy)
    if desk.subaddress:
        teams = [((*path, "address"), team.address) for path, team in sheet.all(TeamTable) if team.address]
        aliases = [(("desk", "aliases", place), spec) for place, spec in enumerate(desk.aliases)]
        own: list[tuple[Path, str]] = [(("desk", "address"), desk.address), *aliases, *teams]
        for path, spec in own:
            if len(spec.rpartition("@")[0]) > LONGEST_BASE:
                what = f"{quote(spec)} has more than {LONGEST_BASE} characters before the @, so that no token fits"
                yield Fault(path, what, 'use a shorter address, or desk.subaddress = ""')
            if "+" in spec and path[-1] == "address":
                what = f"{quote(spec)} has a + before the @, behind which our tokens stand"
                yield Fault(path, what, 'use an address without it, or desk.subaddress = ""')
    elif trust and trust.agents == "token":
        what = '"token" needs addresses with tokens, and desk.subaddress is ""'
        yield Fault(("trust", "agents"), what, 'choose "strict" or "confirm"')


def _check_forms(trust: TrustTable, sheet: Sheet) -> Iterator[Fault]:
    agents = {spec.lower() for _, agent in sheet.all(AgentTable) for spec in (agent.email, *agent.also)}
    for place, spec in enumerate(trust.forms):
        whose = "the desk" if spec.lower() in sheet.ours else "an agent" if spec.lower() in agents else ""
        if whose:
            remedy = "let the form send from an address of its own, like form@example.com"
            yield Fault(("trust", "forms", place), f"{quote(spec)} is an address of {whose}", remedy)


def _check_people(sheet: Sheet) -> Iterator[Fault]:
    agents = sheet.all(AgentTable)
    if not sheet.agents:
        yield Fault(("agent",), "there is no agent", "add an [[agent]] with id, name and email")
    yield from _twice(((*path, "id"), agent.id) for path, agent in agents)
    yield from _twice(
        (place, spec)
        for path, agent in agents
        for place, spec in [
            ((*path, "email"), agent.email),
            *(((*path, "also", n), a) for n, a in enumerate(agent.also)),
        ]
    )
    for path, agent in agents:
        if agent.id in CHOOSERS:
            yield Fault((*path, "id"), f"{quote(agent.id)} has a meaning of its own in rules", "choose another id")
        for word, spec in [("email", agent.email), *(("also", also) for also in agent.also)]:
            if spec.lower() in sheet.ours:
                remedy = "an agent needs a mailbox of their own"
                yield Fault((*path, word), f"{quote(spec)} is an address of the desk", remedy)
        yield from _unknown((*path, "backup"), agent.backup, sheet.agents)
        if agent.backup == agent.id:
            yield Fault((*path, "backup"), "is the agent themselves", "name somebody else")


def _check_teams(sheet: Sheet) -> Iterator[Fault]:
    teams = sheet.all(TeamTable)
    yield from _twice(((*path, "id"), team.id) for path, team in teams)
    yield from _twice(((*path, "address"), team.address) for path, team in teams if team.address)
    for path, team in teams:
        for place, member in enumerate(team.members):
            yield from _unknown((*path, "members", place), member, sheet.agents)
        yield from _twice(((*path, "members", place), member) for place, member in enumerate(team.members))
        yield from _unknown((*path, "lead"), team.lead, sheet.agents)
        yield from _unknown((*path, "hours"), team.hours, sheet.hours)
        yield from _unknown((*path, "sla"), team.sla, sheet.slas)
        if not team.members and not team.lead:
            yield Fault((*path, "members"), "nobody is in this team", 'name agents, like members = ["ann"]')


def _check_work(sheet: Sheet) -> Iterator[Fault]:
    yield from _check_ladders(sheet)
    organisations = sheet.all(OrganisationTable)
    yield from _twice(((*path, "name"), one.name) for path, one in organisations)
    yield from _twice(
        ((*path, "domains", n), name) for path, one in organisations for n, name in enumerate(one.domains)
    )
    for path, organisation in organisations:
        yield from _unknown((*path, "team"), organisation.team, sheet.teams)
        yield from _unknown((*path, "sla"), organisation.sla, sheet.slas)
    for path, hours in sheet.all(HoursTable):
        yield from _check_hours(path, hours)


def _check_ladders(sheet: Sheet) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, ladder in sheet.all(LadderTable):
        yield from _unknown((*path, "team"), ladder.team, sheet.teams)
        if ladder.team in seen:
            what = f"{quote(ladder.team)} has a ladder already"
            yield Fault((*path, "team"), what, "put all its rungs into one ladder")
        seen.add(ladder.team)
        for place, rung in enumerate(ladder.rungs):
            yield from _check_rung((*path, "rungs", place), rung, sheet)
        yield from _twice(((*path, "rungs", place), rung) for place, rung in enumerate(ladder.rungs))


def _check_rung(path: Path, rung: str, sheet: Sheet) -> Iterator[Fault]:
    if rung.startswith("team:"):
        yield from _unknown(path, rung.removeprefix("team:"), sheet.teams)
    elif rung in sheet.teams and rung not in sheet.agents:
        yield Fault(path, f"{quote(rung)} is a team", f"write {quote('team:' + rung)}")
    else:
        yield from _unknown(path, rung, sheet.agents)


def _check_hours(path: Path, hours: HoursTable) -> Iterator[Fault]:
    seen: set[int] = set()
    for word, spans in (hours.model_extra or {}).items():
        days = days_of(word)
        if days is None:
            known = ["timezone", "holidays", "closed", "mon-fri", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            yield Fault((*path, word), "unknown key", nearest(word, known))
        elif spans_of(spans) is None:
            yield Fault(
                (*path, word), f"{quote(spans)} are no hours", 'write them like "09:00-17:30", or a list of such'
            )
        elif seen & set(days):
            yield Fault((*path, word), "speaks of a day that has its hours already", "name each day once")
        seen |= set(days or ())
    if not any(spans_of(spans) != () for spans in (hours.model_extra or {}).values()):
        yield Fault(path, "is never open", 'say when people work, like mon-fri = "09:00-17:30"')


def _check_doors(sheet: Sheet) -> Iterator[Fault]:
    mailboxes = sheet.all(MailboxTable)
    yield from _twice(((*path, "name"), mailbox.name) for path, mailbox in mailboxes)
    for path, mailbox in mailboxes:
        yield from _check_mailbox(path, mailbox, sheet.ours)
    relay = sheet.one(RelayTable)
    if relay:
        yield from _check_relay(relay)
    listen, limits = sheet.one(ListenTable), sheet.one(LimitsTable)
    if listen and bool(listen.tls_cert) != bool(listen.tls_key):
        given, other = ("tls_cert", "tls_key") if listen.tls_cert else ("tls_key", "tls_cert")
        yield Fault(("listen", given), f"needs {other} beside it", f"give {other} too, or leave both out")
    if listen and listen.smtps and not listen.tls_cert:
        yield Fault(("listen", "smtps"), "needs a certificate", "give tls_cert and tls_key")
    if listen and listen.lmtp and listen.lmtp[1] == 25:  # RFC 2033 section 5
        yield Fault(("listen", "lmtp"), "is the port of SMTP", "choose another, like 127.0.0.1:2424")
    if listen and limits and (listen.max_size or 0) > limits.message:
        yield Fault(("listen", "max_size"), "is more than limits.message", "raise limits.message too")
    if limits:
        for first, most in (("imap_retry_first", "imap_retry_most"), ("retry_first", "retry_most")):
            if getattr(limits, first) > getattr(limits, most):
                yield Fault(("limits", first), f"is longer than {most}", "make it shorter")


def _check_mailbox(path: Path, mailbox: MailboxTable, ours: frozenset[str]) -> Iterator[Fault]:
    ways = [mailbox.password_file, mailbox.password_env, mailbox.oauth2]
    if sum(way is not None for way in ways) != 1:
        what = "needs exactly one of password_file, password_env and oauth2"
        yield Fault((*path, "password_file"), what, 'for example password_file = "/etc/maild/support.password"')
    if mailbox.oauth2:
        yield from _check_oauth((*path, "oauth2"), mailbox.oauth2)
    if mailbox.tls == "none" and not is_loopback(mailbox.host):
        what = f"the password would cross the network unprotected to {mailbox.host}"
        yield Fault((*path, "tls"), what, 'choose "implicit" or "starttls"; "none" is for this machine itself')
    if mailbox.address and mailbox.address.lower() not in ours:
        what = f"{quote(mailbox.address)} is no address of the desk"
        yield Fault((*path, "address"), what, "add it to desk.aliases or to a team")
    if mailbox.after == f"move:{mailbox.folder}":
        yield Fault((*path, "after"), "moves mail to where it is", "name another folder")


def _check_oauth(path: Path, table: OAuthTable) -> Iterator[Fault]:
    if table.provider == "other" and not table.token_url:
        yield Fault(
            (*path, "token_url"), "is missing", 'say where tokens are had, or name a provider: "google", "microsoft"'
        )
    if table.client_secret_file and table.client_secret_env:
        yield Fault(
            (*path, "client_secret_env"), "is a second secret", "keep one of client_secret_file and client_secret_env"
        )
    if table.tenant and (table.provider != "microsoft" or not re.fullmatch(r"[A-Za-z0-9.-]+", table.tenant)):
        yield Fault(
            (*path, "tenant"), "is no tenant of Microsoft's", 'with provider = "microsoft" give its id or domain'
        )
    if not table.refresh_token_file and table.provider == "google":
        yield Fault(
            (*path, "refresh_token_file"), "is missing", "Google gives a token only for a user who gave consent"
        )
    if not table.refresh_token_file and not (table.client_secret_file or table.client_secret_env):
        what = "without a refresh token the application itself must have a secret"
        yield Fault((*path, "client_secret_file"), what, "give refresh_token_file, or client_secret_file")


def _check_relay(relay: RelayTable) -> Iterator[Fault]:
    if relay.oauth2:
        yield from _check_oauth(("relay", "oauth2"), relay.oauth2)
    ways = [word for word in ("password_file", "password_env", "oauth2") if getattr(relay, word)]
    if len(ways) > 1:
        remedy = "keep one of password_file, password_env and oauth2"
        yield Fault(("relay", ways[1]), "is a second password", remedy)
    if ways and not relay.user:
        yield Fault(("relay", ways[0]), "is a password without a user", "add user")
    if relay.user and not ways:
        yield Fault(("relay", "user"), "is a user without a password", "add password_file, password_env or oauth2")
    url = urlsplit(relay.url)
    if relay.tls and url.scheme != "smtp":
        yield Fault(("relay", "tls"), f"means nothing with {url.scheme}:", "leave it out")
    elif relay.tls == "none" and relay.user and not is_loopback(url.hostname or ""):
        what = f"the password would cross the network unprotected to {url.hostname}"
        yield Fault(("relay", "tls"), what, 'choose "starttls", or a url with smtps://')


def is_loopback(host: str) -> bool:
    """Whether this host is this machine itself, judged by its name alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _unknown(path: Path, name: str | None, known: frozenset[str]) -> Iterator[Fault]:
    if name is not None and name not in known:
        yield Fault(path, f"{quote(name)} is not known", nearest(name, known))


def _twice(words: Iterable[tuple[Path, str]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for path, word in words:
        if word.lower() in seen:
            yield Fault(path, f"{quote(word)} stands twice", "keep it in one place")
        seen.add(word.lower())
