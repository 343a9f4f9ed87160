"""What the file looks like, table by table: the one source of its keys, defaults and help."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict

from maild.config.fields import (
    Accent,
    After,
    Day,
    Days,
    Door,
    Holidays,
    Host,
    Network,
    PathText,
    RelayUrl,
    Rung,
    StoreUrl,
    TokenUrl,
    WorkingTime,
    Zone,
)
from maild.typed import (
    AddressSpec,
    Count,
    DomainName,
    Duration,
    Id,
    Language,
    Line,
    Rate,
    Shown,
    Size,
    Some,
    Span,
    Table,
    Text,
    key,
)


class DeskTable(Table):
    """Who we are."""

    name: Line = key(..., "the desk's name, as customers read it")
    address: AddressSpec = key(..., "the address that customers write to")
    aliases: list[AddressSpec] = key([], "more addresses that are ours")
    language: Language = key("en", "the desk's own language: en, fr, es, ru, de or pt")
    timezone: Zone = key("UTC", "the time zone of the dates in our mails")
    subaddress: Literal["+", ""] = key("+", 'the sign before a token in an address; "" where the mailbox has none')
    admins: list[AddressSpec] = key([], "who is told when something is wrong with the desk itself")
    team: Id | None = key(None, "where mail goes that no rule sends elsewhere; the first team if left out")
    templates: PathText | None = key(None, "a folder of own templates, used over the shipped ones")
    accent: Accent = key("#0b6bcb", "the one colour of the HTML mails")
    receipts: Literal["always", "commands", "errors", "never"] = key("commands", "when agents get a receipt")


class StoreTable(Table):
    """Where everything is kept."""

    url: StoreUrl = key("sqlite:///var/maild.db", "the database; or postgresql+psycopg://maild@db/maild")
    folder: PathText = key("var", "with PostgreSQL: where this machine's spool, lock and socket are")
    secret_file: PathText = key("var/secret", "the key of our signed addresses; made on the first run")


class ListenTable(Table):
    """Where mail comes in."""

    smtp: Door = key("127.0.0.1:2525", 'where to listen for SMTP; "" for nowhere')
    smtps: Door = key("", "where to listen for SMTP that is encrypted from the first word; needs tls_cert")
    lmtp: Door = key("", "where to listen for LMTP, the way from a mail server of yours")
    tls_cert: PathText | None = key(
        None, "the certificate of the listeners, offered by STARTTLS (PEM); read again on SIGHUP"
    )
    tls_key: PathText | None = key(None, "its private key (PEM)")
    max_size: Size | None = key(None, "the biggest mail taken; limits.message if left out")
    metrics: Door = key("", "where to give figures to Prometheus, like 127.0.0.1:9525; without a password")


class TrustTable(Table):
    """Whose word we take."""

    relays: list[Network] = key(["127.0.0.1"], "peers whose Received and Authentication-Results count")
    authserv_id: list[Line] = key([], "whose Authentication-Results we believe, by name")
    agents: Literal["auto", "strict", "confirm", "token"] = key("auto", "what an agent's mail must prove")
    forms: list[AddressSpec] = key([], "senders of web forms, whose Reply-To is the requester")


class OAuthTable(Table):
    """How to get a token where no password is taken."""

    provider: Literal["google", "microsoft", "other"] = key("other", "whose account it is: google, microsoft, other")
    client_id: Line = key(..., "the id of the application that you registered there")
    client_secret_file: PathText | None = key(None, "a file that holds its secret; read at each login")
    client_secret_env: Text | None = key(None, "or an environment variable that holds it")
    refresh_token_file: PathText | None = key(
        None,
        "the file of the user's refresh token, written where the provider changes it; without it the program speaks",
    )
    tenant: Line | None = key(None, "for microsoft: the tenant's id or domain; organizations if left out")
    token_url: TokenUrl | None = key(None, "where tokens are had; known for google and microsoft")
    scope: Line | None = key(None, "what the token shall allow; known for google and microsoft")


class MailboxTable(Table):
    """An IMAP mailbox that we fetch from."""

    name: Id = key(..., "what the mailbox is called here; keep it, it marks what was fetched")
    host: Host = key(..., "the IMAP server")
    port: Annotated[int, Shown("number")] | None = key(None, "993, or 143 without implicit TLS", ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = key("implicit", "none only to this machine itself")
    user: Line = key(..., "the account's name")
    password_file: PathText | None = key(None, "a file that holds the password; read at each login")
    password_env: Text | None = key(None, "or an environment variable that holds it")
    oauth2: OAuthTable | None = key(None, "or how to get a token")
    folder: Line = key(
        "INBOX",
        "the folder to read; mail in one called Junk or Spam gets automatic answers only if its sender is known",
    )
    after: After = key("move:Filed", "what to do with a mail that is kept here")
    address: AddressSpec | None = key(None, "the address of ours that this mailbox serves")
    through: list[Line] = key([], "the List-Ids of groups that people write through to this mailbox")
    authserv_id: list[Line] = key([], "whose Authentication-Results we believe in this mailbox, by name")


class RelayTable(Table):
    """How mail goes out."""

    url: RelayUrl = key("maildir:var/sent", "smtp://host:port, smtps://host:port, or maildir:PATH")
    user: Line | None = key(None, "the account's name, where the relay asks for one")
    password_file: PathText | None = key(None, "a file that holds the password; read at each login")
    password_env: Text | None = key(None, "or an environment variable that holds it")
    oauth2: OAuthTable | None = key(None, "or how to get a token")
    tls: Literal["starttls", "none"] | None = key(None, "for smtp://; starttls if left out, none on this machine")
    pace: Rate | None = key(None, "how much may leave at most; as fast as it goes if left out")


class TicketsTable(Table):
    """What time does to a ticket."""

    close_after: Span = key("30d", "a solved ticket is closed after this")
    remind_after: Span = key("3d", "while we wait for the customer: the time before each reminder")
    reminders: Count = key(2, "how many reminders; 0 for none")
    solve_after_reminders: bool = key(True, "a ticket whose reminders brought no answer is marked as solved")


class AbsenceTable(Table):
    """What happens when an agent is away."""

    min: Duration = key("1d", "a shorter absence moves only what is promised for then, or written to")
    on_return: Literal["hand-back", "keep", "ask"] = key("ask", "what becomes of tickets whose cover wrote nothing")
    tell_date: bool = key(True, "tell customers the last day of the absence")
    learn: Literal["auto", "ask", "off"] = key("auto", "believe agents' vacation replies, ask their lead, or neither")


class NoticesTable(Table):
    """How news is told."""

    settle: Duration = key("60s", "moves of one ticket within this time are told in one mail")


class KeepTable(Table):
    """How long raw mail is kept."""

    raw: Span = key("400d", "the original of every mail")
    quarantine: Span = key("90d", "mail that was set aside")


class LimitsTable(Table):
    """The numbers that keep hostile or broken mail from harm."""

    message: Size = key("25MB", "one mail")
    headers: Size = key("256kB", "all headers of a mail")
    header: Size = key("32kB", "one header")
    header_count: Some = key(500, "headers in a mail")
    mime_depth: Some = key(20, "parts within parts")
    mime_parts: Some = key(200, "parts in a mail")
    attachments: Some = key(50, "attachments of a mail")
    authors: Some = key(1, "addresses in From")
    recipients: Some = key(200, "addresses in To and Cc together")
    received: Some = key(50, "Received headers; more is a loop")
    references: Some = key(50, "References that are read")
    rcpt: Some = key(100, "recipients of one SMTP mail")
    connections: Some = key(100, "SMTP connections at a time")
    connections_address: Some = key(10, "of them from one address")
    smtp_idle: Span = key("60s", "silence of an SMTP peer")
    smtp_data: Span = key("300s", "one mail's way in by SMTP")
    read_cpu: Span = key("10s", "processor time to read one mail")
    read_time: Span = key("15s", "time to read one mail")
    read_memory: Size = key("512MB", "memory to read one mail")
    rule: Span = key("50ms", "time for the regexes of one rule on one mail")
    imap_connect: Span = key("15s", "connecting to an IMAP server")
    imap_read: Span = key("30s", "an answer of an IMAP server")
    imap_idle: Span = key("1m", "one turn of IDLE")
    imap_retry_first: Span = key("1s", "the first wait before connecting again; it doubles")
    imap_retry_most: Span = key("1m", "the longest such wait")
    relay_connect: Span = key("15s", "connecting to the relay")
    relay_verb: Span = key("60s", "an answer of the relay")
    relay_dot: Span = key("600s", "the relay's answer to a whole mail")
    retry_first: Span = key("1m", "the first wait before a mail is sent again; it doubles")
    retry_most: Span = key("66m", "the longest such wait")
    retry_for: Span = key("5d", "a mail that could not be sent is given up after this")
    retry_told: Span = key("4h", "people are told of a delay after this")
    free_disk: Size = key("512MB", "with less free disk, no mail is taken")
    backlog: Span = key("48h", "older mail is opened without an automatic answer")
    answers_unproven_hour: Count = key(300, "automatic answers an hour to all unproven senders")
    answers_unproven_domain_hour: Count = key(30, "of them to one domain")
    answers_unproven_address_week: Count = key(3, "of them to one address, a week")
    answers_proven_day: Count = key(20, "automatic answers a day to one proven sender")
    answers_ticket_hour: Some = key(5, "automatic answers an hour to one customer on one ticket; more stops them")
    answers_ticket_pause: Span = key("24h", "for this long they stop then")
    answers_wait: Span = key("24h", "an acknowledgement waits this long for room")
    receipts_hour: Some = key(10, "receipts an hour to an agent; more are gathered")
    summary_mails: Some = key(10, "more customer mails on a ticket in summary_minutes are told in one summary")
    summary_minutes: Some = key(10, "the minutes of summary_mails")


class AgentTable(Table):
    """A person who answers."""

    id: Id = key(..., "the short name used in commands and in this file")
    name: Line = key(..., "the name that customers read")
    email: AddressSpec = key(..., "where this agent gets mail; customers never see it")
    also: list[AddressSpec] = key([], "more addresses that this agent writes from")
    backup: Id | None = key(None, "who covers in absence; then the backup's backup, the team, its lead, an admin")
    level: Some = key(1, "the level of escalation this agent works on")
    admin: bool = key(False, "may do what only admins may")
    shown_as: Line | None = key(None, "the short name in sentences; the first word of the name if left out")
    language: Language | None = key(None, "the language of mails to this agent; the desk's if left out")
    timezone: Zone | None = key(None, "the time zone of dates in them; the desk's if left out")
    away: list[Days] = key([], "days of absence, first and last day away; open tickets move at the start")
    left: Day | None = key(None, "the last day of this agent here; then open tickets move")


class TeamTable(Table):
    """People who share work."""

    id: Id = key(..., "the short name used in commands and in this file")
    name: Line = key(..., "the name that agents read")
    members: list[Id] = key([], "who is in it, by id")
    public_name: Line | None = key(None, 'the name that customers read, like "our accounts team"')
    address: AddressSpec | None = key(None, "mail to this address goes to this team")
    assign: Literal["least-busy", "round-robin", "none"] = key("least-busy", "who gets new work")
    lead: Id | None = key(None, "who leads the team")
    hours: Text | None = key(None, "its hours of work, by their name; without them its promises run day and night")
    sla: Text | None = key(None, "the times that it promises, by their name")
    private: bool = key(False, "only its members, its lead and admins see its tickets")


class LadderTable(Table):
    """Whom a team's tickets climb to."""

    team: Id = key(..., "whose tickets")
    rungs: list[Rung] = key(..., "who is next, one after the other: agents, and team:ID", min_length=1)


class HoursTable(Table):
    """Hours of work; any day or range of days is a key of its own."""

    model_config = ConfigDict(extra="allow")

    timezone: Zone | None = key(None, "whose clock counts; the desk's if left out")
    holidays: Holidays = key("", "whose public holidays are free, like FR, DE-BY or US-CA")
    closed: list[Day] = key([], "more days off")


class TimesTable(Table):
    """Times that are promised."""

    first_reply: WorkingTime | None = key(None, "until the first answer")
    next_reply: WorkingTime | None = key(None, "until each further answer")
    update_every: WorkingTime | None = key(None, "the longest silence of ours while it is not solved")
    solve: WorkingTime | None = key(None, "until it is solved")


class SlaTable(TimesTable):
    """Times that are promised, and other times by priority."""

    low: TimesTable | None = key(None, "other times for low priority; what is left out stays as above")
    normal: TimesTable | None = key(None, "other times for normal priority; what is left out stays as above")
    high: TimesTable | None = key(None, "other times for high priority; what is left out stays as above")
    urgent: TimesTable | None = key(None, "other times for urgent priority; what is left out stays as above")


class OrganisationTable(Table):
    """A customer's house."""

    name: Line = key(..., "what it is called")
    domains: list[DomainName] = key(..., "the domains of its addresses", min_length=1)
    language: Language | None = key(None, "the language of mails to its people")
    sla: Text | None = key(None, "the times promised to its proven addresses, instead of the team's")
    team: Id | None = key(None, "the team that answers it")


ONE: dict[str, type[Table]] = {
    "desk": DeskTable,
    "store": StoreTable,
    "listen": ListenTable,
    "trust": TrustTable,
    "relay": RelayTable,
    "tickets": TicketsTable,
    "absence": AbsenceTable,
    "notices": NoticesTable,
    "keep": KeepTable,
    "limits": LimitsTable,
}
MANY: dict[str, type[Table]] = {
    "mailbox": MailboxTable,
    "agent": AgentTable,
    "team": TeamTable,
    "ladder": LadderTable,
    "organisation": OrganisationTable,
}
NAMED: dict[str, type[Table]] = {"hours": HoursTable, "sla": SlaTable}
