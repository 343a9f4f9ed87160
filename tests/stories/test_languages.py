"""Everybody here reads one language: no mail to an agent or to a customer holds a sentence of English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from jinja2 import Environment

from maild.courier import Outcome, Refused
from maild.courier import Sent as Accepted
from maild.desk import LANGUAGES, Assign, Desk, TrustAgents
from maild.lines import Line, line
from maild.mail import Outgoing
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from maild.templates import page
from maild.vocabulary import KNOWN
from tests.stories import clients
from tests.stories.absent import says_yes
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, MORNING, SUPPORT, TEMPLATES, House, Letter
from tests.stories.promises import broken

LUC = "luc@client.example"
PETIT = f"Luc Petit <{LUC}>"
OPS = "ops@desk.example"
OTHERS = tuple(name for name in LANGUAGES if name != "en")

ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|be|been|you|your|it|its|of|to|and|or not|not|has|have|had|for|that|this|these|by|at|in"
    r"|with|from|who|which|when|because|went|wrote|mail|reply|status|open|solved|nothing|nobody|somebody|done|now|new)\b",
    re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-z]{2,}")
CODES = re.compile(r"\b(?:pending|hold|urgent|owner|requester|priority|receipt|follow-up|owner-changed)\b")
FORMS = sorted((known.form for known in KNOWN), key=len, reverse=True)
NAMES = frozenset(
    {"ann", "lee", "ben", "ode", "cleo", "roy", "luc", "petit", "dana", "support", "billing", "utc", "html", "dec"}
)


@dataclass(frozen=True, slots=True)
class Speech:
    """What people here write, the names that the operator gave, and how to tell English from their language.

    `own` are words that are written as English ones are, `quotes` what stands around words that somebody wrote.
    """

    desk: str
    support: str
    accounts: str
    subject: str
    question: str
    hello: str
    more: str
    note: str
    fact: str
    known: str
    which: str
    second: str
    thanks: str
    wrong: str
    again: str
    pays: str
    because: str
    tag: str
    renamed: str
    tomorrow: str
    monday: str
    word: str
    rule: str
    quotes: tuple[str, str]
    english: re.Pattern[str] = ENGLISH
    own: frozenset[str] = frozenset()


SPEECH = {
    "fr": Speech(
        desk="Service Exemple",
        support="notre équipe",
        accounts="notre équipe comptable",
        subject="Facture 77",
        question="Bonjour, la facture 77 compte deux licences et nous en avons une seule.",
        hello="Bonjour Luc, je regarde.",
        more="J'ajoute une chose.",
        note="Une note.",
        fact="La banque ne confirme rien avant jeudi, et le contrat nomme une seule licence.",
        known="Voici ce que je sais.",
        which="Quelle licence utilisez-vous ?",
        second="La seconde.",
        thanks="Merci, je corrige cela.",
        wrong="Elle est encore fausse.",
        again="Bonjour, encore une question.",
        pays="Je paie cette facture.",
        because="Ben connaît les contrats",
        tag="facture",
        renamed="Deux licences",
        tomorrow="demain",
        monday="lun 3 dec",
        word="personne",
        rule="Les factures vont à la comptabilité",
        quotes=("«", "»"),
    ),
    "es": Speech(
        desk="Servicio Ejemplo",
        support="nuestro equipo",
        accounts="nuestro equipo de facturación",
        subject="Factura 77",
        question="Buenos días, la factura 77 cuenta dos licencias y nosotros tenemos una sola.",
        hello="Buenos días, Luc, lo estoy mirando.",
        more="Quiero añadir una cosa.",
        note="Una nota.",
        fact="El banco no confirma nada antes del jueves, y el contrato nombra una sola licencia.",
        known="Esto es lo que sé.",
        which="¿Qué licencia utilizan ustedes?",
        second="La segunda.",
        thanks="Gracias, ahora lo corrijo.",
        wrong="La factura sigue mal.",
        again="Buenos días, tengo otra pregunta.",
        pays="Yo pago esta factura.",
        because="Ben conoce los contratos",
        tag="factura",
        renamed="Dos licencias",
        tomorrow="mañana",
        monday="lun 3 dic",
        word="nadie",
        rule="Las facturas van a contabilidad",
        quotes=("«", "»"),
    ),
    "ru": Speech(
        desk="Служба Пример",
        support="наша служба поддержки",
        accounts="наш отдел расчётов",
        subject="Счёт 77",
        question="Добрый день, в счёте 77 указаны две лицензии, а у нас только одна.",
        hello="Добрый день, я уже смотрю.",
        more="Хочу добавить ещё одно.",
        note="Просто заметка.",
        fact="Банк ничего не подтвердит раньше четверга, а в договоре названа одна лицензия.",
        known="Вот что мне известно.",
        which="Какой лицензией вы пользуетесь?",
        second="Мы пользуемся второй.",
        thanks="Спасибо, сейчас исправим.",
        wrong="Счёт всё ещё неверный.",
        again="Добрый день, есть ещё один вопрос.",
        pays="Этот счёт оплачиваю я.",
        because="Ben знает договоры",
        tag="счёт",
        renamed="Две лицензии",
        tomorrow="завтра",
        monday="пн 3 дек",
        word="никто",
        rule="Счетами занимается бухгалтерия",
        quotes=("«", "»"),
        english=LATIN,
        own=NAMES,
    ),
    "de": Speech(
        desk="Beispieldienst",
        support="unser Team",
        accounts="unsere Buchhaltung",
        subject="Rechnung 77",
        question="Guten Tag, die Rechnung 77 zählt zwei Lizenzen, wir haben aber nur eine.",
        hello="Guten Tag Luc, ich sehe nach.",
        more="Ich möchte noch etwas ergänzen.",
        note="Eine Notiz.",
        fact="Die Bank bestätigt nichts vor Donnerstag, und der Vertrag nennt nur eine Lizenz.",
        known="Das ist, was ich weiß.",
        which="Welche Lizenz nutzen Sie?",
        second="Wir nutzen die zweite.",
        thanks="Danke, ich berichtige das.",
        wrong="Die Rechnung ist noch immer falsch.",
        again="Guten Tag, ich habe noch eine Frage.",
        pays="Ich bezahle diese Rechnung.",
        because="Ben kennt die Verträge",
        tag="rechnung",
        renamed="Zwei Lizenzen",
        tomorrow="morgen",
        monday="mo 3. dez",
        word="niemand",
        rule="Rechnungen gehen an die Buchhaltung",
        quotes=("„", "“"),
        own=frozenset({"was", "in", "mail", "status"}),
    ),
    "pt": Speech(
        desk="Serviço Exemplo",
        support="a nossa equipa",
        accounts="a nossa equipa de faturação",
        subject="Fatura 77",
        question="Bom dia, a fatura 77 conta duas licenças e nós temos uma só, podem corrigi-la?",
        hello="Bom dia, Luc, estou a ver.",
        more="Quero acrescentar uma coisa.",
        note="Uma nota.",
        fact="O banco não confirma nada antes de quinta-feira, e o contrato refere uma só licença.",
        known="Isto é o que sei.",
        which="Que licença utilizam?",
        second="A segunda.",
        thanks="Obrigada, vou corrigir isso.",
        wrong="A fatura continua errada.",
        again="Bom dia, tenho outra pergunta.",
        pays="Sou eu que pago esta fatura.",
        because="Ben conhece os contratos",
        tag="fatura",
        renamed="Duas licenças",
        tomorrow="amanhã",
        monday="segunda-feira, 3 dez",
        word="ninguém",
        rule="As faturas vão para a contabilidade",
        quotes=("«", "»"),
    ),
}


def english(words: str, language: str) -> list[str]:
    """The words of English that are neither quoted, nor an address, nor the form of a command."""
    speech = SPEECH[language]
    for form in FORMS:
        words = words.replace(form, "")
    opens, closes = speech.quotes
    quoted = f"{opens}[^{opens}{closes}]*{closes}"
    words = re.sub(rf"{quoted}|\S+@\S+|#[a-z]+|\+[a-z2-7]{{20,}}", "", words)
    return [word for word in speech.english.findall(words) if word.casefold() not in speech.own]


def shown(letter: Letter) -> str:
    return f"{letter['Subject']}\n{letter.text}"


def where_all_read(language: str) -> Desk:
    speech = SPEECH[language]
    return replace(
        DESK,
        name=speech.desk,
        language=language,
        agents=tuple(replace(one, language=language) for one in (ANN, BEN, CLEO)),
        teams=(replace(SUPPORT, public_name=speech.support), replace(BILLING, public_name=speech.accounts)),
    )


@pytest.fixture(params=OTHERS)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def speech(language: str) -> Speech:
    return SPEECH[language]


@pytest.fixture
def house(tmp_path: Path, language: str) -> Iterator[House]:
    built = House(tmp_path, desk=where_all_read(language))
    built.takes_roll()
    yield built
    assert built.sent
    for letter in built.sent:
        assert letter["Content-Language"] == language
        assert english(shown(letter), language) == [], shown(letter)
    assert built.faults() == []
    assert broken(built) == []
    built.close()


def asks(house: House) -> Letter:
    """A new ticket; what its owner, or the team, is told of it."""
    speech = SPEECH[house.desk.language]
    house.receives(speech.question, author=PETIT, subject=speech.subject)
    house.passes(seconds=1)
    return house.last(ANN.email, "assigned")


def said(one: Line, language: str) -> str:
    """A line as the desk says it to these people."""
    words = TEMPLATES.say(one, language, ZoneInfo("UTC"), MORNING)
    assert words != TEMPLATES.say(one, "en", ZoneInfo("UTC"), MORNING), f"{one.name} is English"
    return words


def fixed(language: str, name: str) -> dict[str, str]:
    """The words of a language for each state."""
    source = (Path(page.__file__).parent / language / "words.j2").read_text("utf-8")
    words: dict[str, str] = vars(Environment(autoescape=False).from_string(source).module)[name]
    return words


def month(number: int, language: str) -> str:
    return str(Locale(language).months["format"]["wide"][number])


def test_the_search_finds_english_and_leaves_commands_and_quoted_words_alone(language: str) -> None:
    opens, closes = SPEECH[language].quotes
    assert {"Your", "went", "to"} <= set(english("Your note went to colleagues only.", language))
    assert english(f"{opens}it is done{closes}, #solved, #assign WHO because ..., the@desk.example", language) == []
    for own in (SPEECH[language].question, SPEECH[language].fact, SPEECH[language].rule):
        assert english(own, language) == []


def receipts(speech: Speech) -> dict[str, Line]:
    """Commands, each with the line of the receipt that tells what it did."""
    because = f"because {speech.because}"
    return {
        "#open": line("status_now", status="open"),
        "#pending": line("status_now", status="pending"),
        "#hold": line("status_now", status="hold"),
        "#solved": line("status_now", status="solved"),
        f"#assign ben {because}": line("owns_now", who=BEN.name, number=1),
        f"#take {because}": line("yours_now", number=1),
        f"#release {because}": line("back_with_team", number=1),
        f"#team billing {because}": line("team_has_now", team="Billing", number=1, who=BEN.name),
        f"#team support {because}": line("team_has_already", team="Support", number=1),
        "#urgent": line("priority_now", priority="urgent"),
        f"#tag {speech.tag}": line("tags_now", tags=speech.tag),
        f"#untag {speech.tag}": line("tags_now", tags=""),
        f"#subject {speech.renamed}": line("subject_now", subject=speech.renamed),
        "#away 1 dec..7 dec backup ben": line("away_from_to", first=date(2026, 12, 1), last=date(2026, 12, 7)),
    }


def each(cases: dict[str, dict[str, Line]]) -> list[object]:
    """Every case of every language, under a name that can be read in a list."""
    return [
        pytest.param(name, commands, told, id=f"{name}-{told.name}-{number}")
        for name, lines in cases.items()
        for number, (commands, told) in enumerate(lines.items())
    ]


@pytest.mark.parametrize(("language", "command", "told"), each({name: receipts(SPEECH[name]) for name in OTHERS}))
def test_a_receipt_tells_what_each_command_did(
    house: House, language: str, speech: Speech, command: str, told: Line
) -> None:
    house.agent_replies(f"{command}\n#note\n{speech.note}", asks(house))
    receipt = house.last(ANN.email, "receipt").text
    assert said(told, language) in receipt
    assert said(line("note_went_to_colleagues"), language) in receipt


def refusals(speech: Speech) -> dict[str, Line]:
    """Commands that are not carried out, each with the line that tells why."""
    known = ", ".join(agent.id for agent in (ANN, BEN, CLEO))
    return {
        "#asign ben because x": line("not_a_command", word="asign"),
        "#cc luc@autre.example": line("not_in_this_version", word="cc"),
        "#assign ben": line("reason_missing", form="#assign WHO because ..."),
        f"#away {speech.tomorrow} because": line("reason_missing_behind", word="because"),
        f"#priority {speech.word}": line("is_written", form="#priority low|normal|high|urgent"),
        f"#take {speech.word}": line("reason_missing", form="#take because ..."),
        f"#accept {speech.word}": line("stands_alone", word="accept"),
        "#open\n#solved": line("contradict", one="open", other="solved"),
        "#op\u200ben": line("hidden_character"),
        f"#tag {'x' * 2001}": line("command_too_long", most=2000),
        "\n".join(f"#tag {number}" for number in range(11)): line("too_many_commands", most=10),
        f"#away {speech.monday}": line("away_weekday"),
        f"#assign {speech.word} because x": line("unknown_agent", who=speech.word, near="", known=known),
        "#assign bn because x": line("unknown_agent", who="bn", near="ben", known=known),
        "#team suport because x": line("unknown_team", who="suport", near="support", known=""),
        "#template refund": line("unknown_template", name="refund", near="", known=""),
        "#show 99": line("no_ticket", number=99),
        "#accept": line("nobody_waits_to_join", number=1),
        "#reopen": line("nothing_to_reopen", number=1, status="open"),
        "#yes": line("no_question"),
    }


@pytest.mark.parametrize(("language", "commands", "why"), each({name: refusals(SPEECH[name]) for name in OTHERS}))
def test_a_refusal_tells_its_reason(house: House, language: str, speech: Speech, commands: str, why: Line) -> None:
    house.agent_replies(f"{commands}\n\n{speech.hello}", asks(house))
    refused = house.last(ANN.email, "refused").text
    assert said(why, language) in refused
    assert said(line("act_yes_refused"), language) in refused


def test_who_takes_a_ticket_that_has_an_owner_is_asked_for_the_reason(
    house: House, language: str, speech: Speech
) -> None:
    brief = asks(house)
    house.agent_replies(speech.hello, brief)
    house.receives("#take", author=f"Ben Ode <{BEN.email}>", subject=f"[#1] {speech.subject}")
    asked = said(line("owned_say_why", who=ANN.name, number=1), language)
    assert asked in house.last(BEN.email, "refused").text


def test_what_is_held_says_why(house: House, language: str, speech: Speech) -> None:
    brief = asks(house)
    house.agent_replies(speech.known, brief)
    house.agent_replies(f"#assign ben because {speech.because}\n#note\n{speech.fact}", brief)
    house.agent_replies(speech.fact, house.last(BEN.email, "assigned"), agent=BEN)
    held = house.last(BEN.email, "held").text
    assert said(line("quotes_a_note", who=ANN.name), language) in held
    assert said(line("act_yes_held"), language) in held


def test_an_answer_that_came_too_late_is_held(house: House, language: str, speech: Speech) -> None:
    brief = asks(house)
    house.passes(minutes=5)
    house.receives(speech.more, author=PETIT, answers=house.last(LUC))
    house.agent_replies(speech.hello, brief)
    assert said(line("written_since", who="Luc Petit"), language) in house.last(ANN.email, "held").text


def test_a_mail_that_proves_nothing_is_held_or_asked_about(house: House, language: str) -> None:
    brief = asks(house)
    house.changes(trust_agents=TrustAgents.STRICT)
    house.agent_replies("#solved", brief, proven=False)
    unproven = said(line("nothing_proves", why="|"), language).partition("|")[0]
    assert unproven in house.last(ANN.email, "held").text
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", brief, proven=False)
    confirm = house.last(ANN.email, "confirm")
    assert said(line("act_yes_confirm"), language) in confirm.text
    says_yes(house, confirm, ANN)
    assert house.ticket().status == "solved"


def test_an_address_in_other_hands_is_told(house: House, language: str) -> None:
    brief = asks(house)
    house.receives("#solved", author="Eve <eve@ailleurs.example>", answers=brief)
    held = house.last(ANN.email, "held").text
    assert said(line("came_to_your_address", who="eve@ailleurs.example", number=1), language) in held
    assert said(line("act_write", number=1), language) in held
    house.passes(hours=2)
    house.agent_replies("#solved", brief)
    assert said(line("address_no_longer_valid"), language) in house.last(ANN.email, "held").text


def test_a_mail_without_words_and_one_from_another_to_a_question_are_told(house: House, language: str) -> None:
    brief = asks(house)
    house.agent_replies("", brief)
    refused = " ".join(house.last(ANN.email, "refused").text.split())
    assert said(line("no_new_words"), language) in refused
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", brief, proven=False)
    link = next(link for link in clients.links(house.last(ANN.email, "confirm")) if link.body == "#yes")
    house.receives("#yes", author="Eve <eve@ailleurs.example>", to=link.to, subject=link.subject)
    held = " ".join(house.last(ANN.email, "held").text.split())
    assert said(line("another_answered", who="eve@ailleurs.example"), language) in held


def test_help_a_list_a_history_and_a_ticket(house: House, language: str, speech: Speech) -> None:
    brief, statuses = asks(house), fixed(language, "desk_statuses")
    house.agent_replies(speech.hello, brief)
    house.agent_replies(f"#hold\n#urgent\n#note\n{speech.note}", brief)
    house.agent_replies("#help\n#list\n#history\n#show", brief)
    helped = house.last(ANN.email, "help").text
    assert said(line("help_hold"), language) in helped
    assert len([known for known in KNOWN if not known.later and known.form in helped]) >= 20
    listed, history, shown_whole = (house.last(ANN.email, each).text for each in ("list", "history", "show"))
    assert statuses["open"] in history
    for told in (listed, history, shown_whole):
        assert statuses["hold"] in told
        assert not CODES.search(told), told


def dead(address: str) -> object:
    def answers(mail: Outgoing) -> Outcome:
        return Refused("550 5.1.1") if mail.envelope.recipient == address else Accepted("250 ok")

    return answers


def test_a_mail_that_does_not_arrive_is_told(house: House, language: str, speech: Speech) -> None:
    brief = asks(house)
    house.letterbox.answer = dead(LUC)  # type: ignore[assignment]  # as a story wants
    house.agent_replies(speech.hello, brief)
    assert said(line("which_mail", notice="reply"), language) in house.last(ANN.email, "undeliverable").text


def test_a_team_without_anybody_is_a_warning(house: House, language: str, speech: Speech) -> None:
    asks(house)
    for agent in (CLEO, BEN, ANN):
        house.agent_replies("#away today..", house.last(agent.email, "welcome"), agent=agent)
        house.passes(minutes=1)
    warning, welcome = (
        said(line("subject_of_notice", desk=speech.desk, notice=notice), language) for notice in ("warning", "welcome")
    )
    assert warning in {letter["Subject"] for letter in house.sent_to(OPS)}
    assert house.last(ANN.email, "welcome")["Subject"] == welcome


def test_a_stranger_at_the_door_is_told_and_let_in(house: House, language: str, speech: Speech) -> None:
    asks(house)
    house.agent_replies(speech.hello, house.last(ANN.email, "assigned"))
    house.receives(speech.pays, author="Dana <dana@autre.example>", answers=house.last(LUC))
    linked = house.last(ANN.email, "linked")
    assert said(line("wrote_without_a_part", who="dana@autre.example", number=1), language) in linked.text
    assert said(line("act_let_in"), language) in linked.text
    house.agent_replies("#accept", linked)
    joined = said(line("takes_part", who="dana@autre.example", number=1), language)
    assert joined in house.last(ANN.email, "receipt").text


def test_who_gets_no_acknowledgement_is_told(house: House, language: str, speech: Speech) -> None:
    for number in range(4):
        house.receives(f"{speech.question} {number}.", subject=f"{speech.subject}-{number}", author=PETIT, proven=False)
    house.passes(hours=25)
    waits = line("the_answer_waits_so_many_a_week", most=3)
    assert said(line("no_acknowledgement", who=LUC, why=(waits,)), language) in house.last(ANN.email, "note").text


def test_a_customer_hears_everything(house: House, language: str, speech: Speech) -> None:
    """Received, owner-set, reply, waiting, solved, reopened, owner-changed, follow-up: dates and states as well."""
    shared = tuple(replace(team, assign=Assign.NONE) for team in house.desk.teams)
    house.changes(teams=shared)
    brief, statuses = asks(house), fixed(language, "statuses")
    received = house.last(LUC, "received").text
    assert all(part in received for part in (statuses["open"], month(11, language), "09:00"))
    assert speech.support.casefold() in received.partition("\n")[0].casefold()
    house.agent_replies(f"#take because {speech.because}", brief)
    house.passes(minutes=5)
    assert ANN.name in house.last(LUC, "owner-set").text.partition("\n")[0]
    house.agent_replies(f"#pending\n{speech.which}", brief)
    assert statuses["pending"] in house.last(LUC, "waiting").text
    house.receives(speech.second, author=PETIT, answers=house.last(LUC))
    house.agent_replies(speech.thanks, house.last(ANN.email, "customer-replied"))
    assert ANN.name in house.last(LUC, "reply").text.partition("\n")[0]
    house.agent_replies(f"#assign ben because {speech.because}", house.last(ANN.email, "customer-replied"))
    house.passes(minutes=10)
    changed = house.last(LUC, "owner-changed").text
    assert all(name in changed.partition("\n")[0] for name in (BEN.name, ANN.name))
    assert f"{speech.quotes[0]}{speech.because}" in re.sub(r"[\s\u202f\xa0]+(?=Ben)", "", changed)
    house.agent_replies("#solved", house.last(BEN.email, "assigned"), agent=BEN)
    solved = house.last(LUC, "solved").text
    assert all(part in solved for part in (statuses["solved"], "21", month(12, language), "09:15", "(UTC)"))
    house.receives(speech.wrong, author=PETIT, answers=house.last(LUC))
    assert statuses["open"] in house.last(LUC, "reopened").text
    house.agent_replies("#solved", house.last(BEN.email, "customer-replied"), agent=BEN)
    house.passes(days=31)
    house.receives(speech.again, author=PETIT, answers=house.last(LUC))
    assert "#1" in house.last(LUC, "follow-up").text.partition("\n")[0]


def test_a_customer_who_proved_nothing_has_a_neutral_subject_in_the_language_of_the_ticket(
    house: House, language: str, speech: Speech
) -> None:
    house.receives(speech.question, author=PETIT, subject=speech.subject, proven=False)
    neutral = said(line("your_message_of", day=21, month=11), language)
    assert month(11, language) in neutral
    assert house.last(LUC)["Subject"] == f"[#1] {neutral}"


RULE = """
[[rule]]
name = "accounts"
on = "reply"
when = {{ subject = "77" }}
then = {{ team = "billing", reason = {{ en = "Invoices go to accounts", {language} = "{words}" }} }}
"""


@pytest.mark.parametrize("agent_reads", ["en", ""], ids=["en", "own"])
def test_who_had_the_ticket_hears_the_reason_of_a_rule_in_their_own_language(
    tmp_path: Path, language: str, speech: Speech, agent_reads: str
) -> None:
    known = Known(frozenset({"ann", "ben", "cleo"}), frozenset({"support", "billing"}), language=language)
    rules = load(tomllib.loads(RULE.format(language=language, words=speech.rule))["rule"], known)
    assert isinstance(rules, RuleBook)
    desk, reads = where_all_read(language), agent_reads or language
    house = House(tmp_path, desk=replace(desk, agents=(replace(ANN, language=reads), *desk.agents[1:])), rules=rules)
    house.agent_replies("#take", asks(house))
    house.receives(speech.more, author=PETIT, answers=house.last(LUC))
    reason = speech.rule if reads == language else "Invoices go to accounts"
    told = line("moved_on", who=BEN.name, number=1, why=(reason,))
    assert TEMPLATES.say(told, reads, ZoneInfo("UTC"), MORNING) in house.last(ANN.email, "note").text
    house.close()


def test_a_customer_who_was_answered_in_french_is_so_again_though_ok_tells_no_language(tmp_path: Path) -> None:
    house = House(tmp_path, now=MORNING)
    house.receives("Bonjour, la facture du mois dernier est fausse, merci de la corriger.", author=PETIT)
    assert house.ticket(1).language == "fr"
    house.receives("VPN?", author=PETIT, subject="VPN")
    assert house.ticket(2).language == "fr"
    assert house.last(LUC)["Content-Language"] == "fr"
    house.receives("VPN?", author="Dana Kim <dana@client.example>", subject="VPN")
    assert house.ticket(3).language == "en", "somebody else is remembered by nothing"
    house.receives("Hello, the last invoice is wrong, could you please have a look at it?", author=PETIT, subject="Hi")
    assert house.ticket(4).language == "en", "their own words come before what is remembered"
    house.close()
