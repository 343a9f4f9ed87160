"""Make the values of the house from the tables of the file, once nothing is wrong with them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from maild import desk as house
from maild.config.check import ONLY_TEAM, Sheet, is_loopback
from maild.config.fields import days_of, spans_of
from maild.config.tables import (
    AbsenceTable,
    AgentTable,
    DeskTable,
    HoursTable,
    KeepTable,
    LadderTable,
    LimitsTable,
    ListenTable,
    MailboxTable,
    NoticesTable,
    OAuthTable,
    OrganisationTable,
    RelayTable,
    SlaTable,
    StoreTable,
    TeamTable,
    TicketsTable,
    TimesTable,
    TrustTable,
)
from maild.config.values import Config, Door, Keep, Limits, Listen, Mailbox, Named, Relay, Store, Trust, secret
from maild.hours import Calendar
from maild.oauth import Grant
from maild.rules.match import RuleBook
from maild.ticket import Priority
from maild.typed import TableT

_SMTP_PORTS = {"smtp": 25, "smtps": 465}


def build(
    sheet: Sheet, rules: RuleBook, path: Path | None, advice: tuple[str, ...] = (), named: tuple[Named, ...] = ()
) -> Config:
    """Make the Config of a sheet that has no fault."""
    desk, store = _one(sheet, DeskTable), _one(sheet, StoreTable)
    keep, limits = _one(sheet, KeepTable), _one(sheet, LimitsTable)
    return Config(
        path=path,
        desk=_desk(sheet, desk, limits),
        rules=rules,
        store=Store(store.url, Path(store.secret_file), Path(store.folder)),
        listen=_listen(_one(sheet, ListenTable), limits),
        trust=_trust(sheet),
        mailboxes=tuple(_mailbox(mailbox) for _, mailbox in sheet.all(MailboxTable)),
        relay=_relay(_one(sheet, RelayTable)),
        keep=Keep(keep.raw, keep.quarantine),
        limits=Limits(**{field.name: getattr(limits, field.name) for field in fields(Limits)}),
        templates=Path(desk.templates) if desk.templates else None,
        advice=advice,
        named=named,
    )


def _one(sheet: Sheet, model: type[TableT]) -> TableT:
    found = sheet.one(model)
    assert found is not None
    return found


def _desk(sheet: Sheet, desk: DeskTable, limits: LimitsTable) -> house.Desk:
    trust = _one(sheet, TrustTable)
    agents = tuple(_agent(agent) for _, agent in sheet.all(AgentTable))
    teams = tuple(_team(team) for _, team in sheet.all(TeamTable)) or (_only_team(desk, agents),)
    return house.Desk(
        name=desk.name,
        address=desk.address,
        agents=agents,
        teams=teams,
        team=house.TeamId(desk.team or teams[0].id),
        aliases=tuple(desk.aliases),
        language=desk.language,
        timezone=desk.timezone,
        subaddress=desk.subaddress,
        admins=tuple(desk.admins),
        receipts=house.Receipts(desk.receipts),
        accent=desk.accent,
        trust_agents=house.TrustAgents(trust.agents),
        authserv=bool(trust.authserv_id) or any(mailbox.authserv_id for _, mailbox in sheet.all(MailboxTable)),
        forms=tuple(trust.forms),
        tickets=_ticket_policy(_one(sheet, TicketsTable)),
        settle=_one(sheet, NoticesTable).settle,
        absence=_absence_policy(_one(sheet, AbsenceTable)),
        answers=_answer_limits(limits),
        max_attachments=limits.attachments,
        calendars=tuple(_calendar(str(path[-1]), hours, desk.timezone) for path, hours in sheet.all(HoursTable)),
        organisations=tuple(_organisation(one) for _, one in sheet.all(OrganisationTable)),
        slas=tuple(_sla(str(path[-1]), sla) for path, sla in sheet.all(SlaTable)),
        ladders=tuple(house.Ladder(house.TeamId(one.team), tuple(one.rungs)) for _, one in sheet.all(LadderTable)),
    )


def _absence_policy(table: AbsenceTable) -> house.AbsencePolicy:
    return house.AbsencePolicy(table.min, house.OnReturn(table.on_return), table.tell_date, house.Learn(table.learn))


def _agent(agent: AgentTable) -> house.Agent:
    return house.Agent(
        id=house.AgentId(agent.id),
        name=agent.name,
        email=agent.email,
        also=tuple(agent.also),
        shown_as=agent.shown_as or "",
        backup=house.AgentId(agent.backup) if agent.backup else None,
        level=agent.level,
        admin=agent.admin,
        language=agent.language or "",
        timezone=agent.timezone,
        away=tuple(agent.away),
        left=agent.left,
    )


def _team(team: TeamTable) -> house.Team:
    return house.Team(
        id=house.TeamId(team.id),
        name=team.name,
        members=tuple(house.AgentId(member) for member in team.members),
        public_name=team.public_name or "",
        address=team.address or "",
        assign=house.Assign(team.assign),
        lead=house.AgentId(team.lead) if team.lead else None,
        hours=team.hours or "",
        sla=team.sla or "",
        private=team.private,
    )


def _only_team(desk: DeskTable, agents: tuple[house.Agent, ...]) -> house.Team:
    """The team of a file that names none: everybody."""
    return house.Team(house.TeamId(ONLY_TEAM), desk.name, tuple(agent.id for agent in agents))


def _ticket_policy(tickets: TicketsTable) -> house.TicketPolicy:
    return house.TicketPolicy(
        close_after=tickets.close_after,
        remind_after=tickets.remind_after,
        reminders=tickets.reminders,
        solve_after_reminders=tickets.solve_after_reminders,
    )


def _answer_limits(limits: LimitsTable) -> house.AnswerLimits:
    return house.AnswerLimits(
        unproven_hour=limits.answers_unproven_hour,
        unproven_domain_hour=limits.answers_unproven_domain_hour,
        unproven_address_week=limits.answers_unproven_address_week,
        proven_day=limits.answers_proven_day,
        ticket_hour=limits.answers_ticket_hour,
        ticket_pause=limits.answers_ticket_pause,
        wait=limits.answers_wait,
        backlog=limits.backlog,
        summary_mails=limits.summary_mails,
        summary_minutes=limits.summary_minutes,
        receipts_hour=limits.receipts_hour,
    )


def _calendar(name: str, hours: HoursTable, timezone: ZoneInfo) -> Calendar:
    days: list[tuple[tuple[int, int], ...]] = [()] * 7
    for word, spans in (hours.model_extra or {}).items():
        for day in days_of(word) or ():
            days[day] = spans_of(spans) or ()
    return Calendar(name, hours.timezone or timezone, tuple(days), tuple(hours.closed), hours.holidays)


def _sla(name: str, sla: SlaTable) -> house.Sla:
    base = _times(sla, house.Times())
    own: list[tuple[str, TimesTable | None]] = [(one.value, getattr(sla, one.value)) for one in Priority]
    return house.Sla(name, base, tuple((word, _times(table, base)) for word, table in own if table is not None))


def _times(table: TimesTable, base: house.Times) -> house.Times:
    """The times of a table; those that it leaves out are the base's."""
    return house.Times(
        first_reply=table.first_reply or base.first_reply,
        next_reply=table.next_reply or base.next_reply,
        update_every=table.update_every or base.update_every,
        solve=table.solve or base.solve,
    )


def _organisation(one: OrganisationTable) -> house.Organisation:
    team = house.TeamId(one.team) if one.team else None
    return house.Organisation(one.name, tuple(one.domains), one.language or "", team, one.sla or "")


def _listen(listen: ListenTable, limits: LimitsTable) -> Listen:
    return Listen(
        smtp=Door(*listen.smtp) if listen.smtp else None,
        smtps=Door(*listen.smtps) if listen.smtps else None,
        lmtp=Door(*listen.lmtp) if listen.lmtp else None,
        tls_cert=Path(listen.tls_cert) if listen.tls_cert else None,
        tls_key=Path(listen.tls_key) if listen.tls_key else None,
        max_size=listen.max_size or limits.message,
        metrics=Door(*listen.metrics) if listen.metrics else None,
    )


def _trust(sheet: Sheet) -> Trust:
    trust = _one(sheet, TrustTable)
    by_mailbox = {box.name: tuple(box.authserv_id) for _, box in sheet.all(MailboxTable) if box.authserv_id}
    return Trust(tuple(trust.relays), tuple(trust.authserv_id), by_mailbox)


def _mailbox(mailbox: MailboxTable) -> Mailbox:
    has_password = mailbox.password_file or mailbox.password_env
    return Mailbox(
        name=mailbox.name,
        host=mailbox.host,
        port=mailbox.port or (993 if mailbox.tls == "implicit" else 143),
        tls=mailbox.tls,
        user=mailbox.user,
        password=secret(mailbox.password_file, mailbox.password_env) if has_password else None,
        grant=_grant(mailbox.oauth2),
        folder=mailbox.folder,
        after=mailbox.after,
        address=mailbox.address or "",
        authserv_ids=tuple(mailbox.authserv_id),
        through=tuple(mailbox.through),
    )


_GOOGLE = "https://oauth2.googleapis.com/token"
_MICROSOFT = "https://login.microsoftonline.com/{}/oauth2/v2.0/token"
_OUTLOOK = "https://outlook.office.com/"
_AS_USER = f"{_OUTLOOK}IMAP.AccessAsUser.All {_OUTLOOK}SMTP.Send offline_access"
_AS_APPLICATION = "https://outlook.office365.com/.default"


def _grant(table: OAuthTable | None) -> Grant | None:
    if table is None:
        return None
    microsoft = table.provider == "microsoft"
    usual = _MICROSOFT.format(table.tenant or "organizations") if microsoft else _GOOGLE
    scope = (_AS_USER if table.refresh_token_file else _AS_APPLICATION) if microsoft else ""
    has_secret = table.client_secret_file or table.client_secret_env
    return Grant(
        url=table.token_url or usual,
        client_id=table.client_id,
        secret=secret(table.client_secret_file, table.client_secret_env) if has_secret else None,
        refresh_file=Path(table.refresh_token_file) if table.refresh_token_file else None,
        scope=table.scope or scope,
    )


def _relay(relay: RelayTable) -> Relay:
    url = urlsplit(relay.url)
    if url.scheme == "maildir":
        folder = relay.url.removeprefix("maildir:").removeprefix("//")
        return Relay(relay.url, maildir=Path(folder), pace=relay.pace)
    host = url.hostname or ""
    usual = "none" if is_loopback(host) else "starttls"
    return Relay(
        url=relay.url,
        host=host,
        port=url.port or _SMTP_PORTS[url.scheme],
        tls="implicit" if url.scheme == "smtps" else relay.tls or usual,
        user=relay.user or "",
        password=secret(relay.password_file, relay.password_env) if relay.user and not relay.oauth2 else None,
        grant=_grant(relay.oauth2),
        pace=relay.pace,
    )
