"""Everybody here reads French: no mail to an agent or to a customer holds a sentence of English."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maild.courier import Outcome, Refused
from maild.courier import Sent as Accepted
from maild.desk import Assign, TrustAgents
from maild.mail import Outgoing
from maild.rules.load import Known, load
from maild.rules.match import RuleBook
from maild.vocabulary import KNOWN
from tests.stories.absent import says_yes
from tests.stories.house import ANN, BEN, BILLING, CLEO, DESK, SUPPORT, House, Letter
from tests.stories.promises import broken

LUC = "luc@client.example"
PETIT = f"Luc Petit <{LUC}>"
OPS = "ops@desk.example"
QUESTION = "Bonjour, la facture 77 compte deux licences et nous en avons une seule."
NOTE = "La banque ne confirme rien avant jeudi, et le contrat nomme une seule licence."

ENGLISH = re.compile(
    r"\b(?:the|is|are|was|were|be|been|you|your|it|its|of|to|and|or not|not|has|have|had|for|that|this|these|by|at|in"
    r"|with|from|who|which|when|because|went|wrote|mail|reply|status|open|solved|nothing|nobody|somebody|done|now|new)\b",
    re.IGNORECASE,
)
FORMS = sorted((known.form for known in KNOWN), key=len, reverse=True)
FRENCH = replace(
    DESK,
    name="Service Exemple",
    language="fr",
    agents=tuple(replace(one, language="fr") for one in (ANN, BEN, CLEO)),
    teams=(replace(SUPPORT, public_name="notre équipe"), replace(BILLING, public_name="notre équipe comptable")),
)


def english(words: str) -> list[str]:
    """The words of English that are neither quoted, nor an address, nor the form of a command."""
    for form in FORMS:
        words = words.replace(form, "")
    words = re.sub(r"«[^»]*»|\S+@\S+|#[a-z]+|\+[a-z2-7]{20,}", "", words)
    return ENGLISH.findall(words)


def shown(letter: Letter) -> str:
    return f"{letter['Subject']}\n{letter.text}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path, desk=FRENCH)
    built.takes_roll()
    yield built
    assert built.sent
    for letter in built.sent:
        assert letter["Content-Language"] == "fr"
        assert english(shown(letter)) == [], shown(letter)
    assert built.faults() == []
    assert broken(built) == []
    built.close()


def asks(house: House) -> Letter:
    """A new ticket; what its owner, or the team, is told of it."""
    house.receives(QUESTION, author=PETIT, subject="Facture 77")
    house.passes(seconds=1)
    return house.last(ANN.email, "assigned")


def test_the_search_finds_english_and_leaves_commands_and_quoted_words_alone() -> None:
    assert english("Your note went to colleagues only.") == ["Your", "went", "to"]
    assert english("C'est fait : « it is done », #solved, #assign WHO because ..., the@desk.example") == []


COMMANDS = {
    "#open": "Statut : ouvert.",
    "#pending": "Statut : en attente du client.",
    "#hold": "Statut : en attente d'un tiers.",
    "#solved": "Statut : résolu.",
    "#assign ben because Ben connaît les contrats": "Ben Ode a maintenant la responsabilité de #1.",
    "#take because je connais le contrat": "#1 est à vous.",
    "#release because cela revient à tous": "#1 est rendu à l'équipe.",
    "#team billing because cela concerne une facture": "L'équipe Billing a maintenant #1, confié à Ben Ode.",
    "#team support because cela concerne un contrat": "L'équipe Support a déjà #1.",
    "#urgent": "Priorité : urgente.",
    "#tag facture": "Étiquettes : facture.",
    "#untag facture": "Étiquettes : aucune.",
    "#subject Deux licences": "Sujet, pour les collègues : Deux licences.",
    "#away 1 dec..7 dec backup ben": "Votre absence va du mardi 1er décembre au lundi 7 décembre.",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_receipt_tells_in_french_what_each_command_did(house: House, command: str) -> None:
    house.agent_replies(f"{command}\n#note\nUne note.", asks(house))
    receipt = house.last(ANN.email, "receipt").text
    assert COMMANDS[command] in receipt
    assert "Votre note n'est allée qu'à vos collègues." in receipt


REFUSED = {
    "#asign ben because x": "« #asign ben because x » : « #asign » n'est pas une commande connue. Vouliez-vous dire",
    "#cc luc@autre.example": "« #cc » n'existe pas dans cette version.",
    "#assign ben": "il manque la raison : écrivez « #assign WHO because ... ».",
    "#away demain because": "il manque la raison : écrivez-la après « because », ou enlevez ce mot.",
    "#priority bientôt": "cela s'écrit « #priority low|normal|high|urgent ».",
    "#take ceci": "il manque la raison : écrivez « #take because ... ».",
    "#accept maintenant": "« #accept » reste seul sur sa ligne ; écrivez votre texte en dessous.",
    "#open\n#solved": "« #open » et « #solved » se contredisent ; gardez l'un des deux.",
    "#op\u200ben": "la ligne contient un caractère invisible ; tapez-la de nouveau.",
    f"#tag {'x' * 2001}": "une commande a 2000 caractères au plus.",
    "\n".join(f"#tag {number}" for number in range(11)): "un message contient 10 commandes au plus.",
    "#away lun 3 dec": "Le nom du jour ne correspond pas à la date.",
    "#assign personne because x": "Personne ici ne s'appelle « personne ». Possibles : ann, ben, cleo.",
    "#assign bn because x": "Personne ici ne s'appelle « bn ». Vouliez-vous dire « ben » ?",
    "#team suport because x": "Aucune équipe ne s'appelle « suport ». Vouliez-vous dire « support » ?",
    "#show 99": "Il n'y a pas de ticket #99 que vous puissiez voir.",
    "#accept": "Personne n'attend de prendre part à un ticket par #1.",
    "#reopen": "#1 est ouvert : il n'y a rien à rouvrir.",
    "#yes": "Il n'y a pas de question à laquelle ce #yes réponde.",
}


@pytest.mark.parametrize("commands", REFUSED)
def test_a_refusal_tells_its_reason_in_french(house: House, commands: str) -> None:
    house.agent_replies(f"{commands}\n\nBonjour Luc.", asks(house))
    refused = house.last(ANN.email, "refused").text
    assert REFUSED[commands] in refused
    assert "Envoyer le texte sans les commandes" in refused


def test_who_takes_a_ticket_that_has_an_owner_is_asked_for_the_reason_in_french(house: House) -> None:
    brief = asks(house)
    house.agent_replies("Bonjour Luc, je regarde.", brief)
    house.receives("#take", author=f"Ben Ode <{BEN.email}>", subject="[#1] Facture 77")
    said = "Ann Lee a déjà #1 : dites pourquoi vous le prenez, comme dans « #take because ... »."
    assert said in house.last(BEN.email, "refused").text


def test_what_is_held_says_why_in_french(house: House) -> None:
    brief = asks(house)
    house.agent_replies("#assign ben because Ben connaît les contrats\n#note\n" + NOTE, brief)
    house.agent_replies("Voici ce que je sais.", brief)
    house.agent_replies(NOTE, house.last(BEN.email, "assigned"), agent=BEN)
    held = house.last(BEN.email, "held").text
    assert "Il cite une note interne d'Ann Lee." in held
    assert "L'envoyer quand même" in held


def test_an_answer_that_came_too_late_is_held_in_french(house: House) -> None:
    brief = asks(house)
    house.passes(minutes=5)
    house.receives("J'ajoute une chose.", author=PETIT, answers=house.last(LUC))
    house.agent_replies("Bonjour Luc.", brief)
    said = "Luc Petit a écrit depuis le message auquel vous avez répondu."
    assert said in house.last(ANN.email, "held").text


def test_a_mail_that_proves_nothing_is_held_or_asked_about_in_french(house: House) -> None:
    brief = asks(house)
    house.changes(trust_agents=TrustAgents.STRICT)
    house.agent_replies("#solved", brief, proven=False)
    assert "Rien ne prouve qui l'a envoyé" in house.last(ANN.email, "held").text
    house.changes(trust_agents=TrustAgents.CONFIRM)
    house.agent_replies("#solved", brief, proven=False)
    confirm = house.last(ANN.email, "confirm")
    assert "Oui, c'était moi" in confirm.text
    says_yes(house, confirm, ANN)
    assert house.ticket().status == "solved"


def test_an_address_in_other_hands_is_told_in_french(house: House) -> None:
    brief = asks(house)
    house.receives("#solved", author="Eve <eve@ailleurs.example>", answers=brief)
    held = house.last(ANN.email, "held").text
    assert "Un message de eve@ailleurs.example est arrivé à votre adresse personnelle pour #1." in held
    assert "Écrire au client de #1" in held
    house.passes(hours=2)
    house.agent_replies("#solved", brief)
    assert "L'adresse à laquelle il est arrivé n'est plus valable." in house.last(ANN.email, "held").text


def test_help_a_list_a_history_and_a_ticket_are_in_french(house: House) -> None:
    brief = asks(house)
    house.agent_replies("Bonjour Luc, je regarde.", brief)
    house.agent_replies("#hold\n#urgent\n#note\nUne note.", brief)
    house.agent_replies("#help\n#list\n#history\n#show", brief)
    helped = house.last(ANN.email, "help").text
    assert "nous attendons un tiers" in helped
    assert len([known for known in KNOWN if not known.later and known.form in helped]) >= 20
    assert "Un ticket est sur votre liste" in house.last(ANN.email, "list").text
    history = house.last(ANN.email, "history").text
    assert "statut de « ouvert » à « en attente d'un tiers »" in history
    assert "priorité de « normale » à « urgente »" in history
    assert "en attente d'un tiers" in house.last(ANN.email, "show").text


def dead(address: str) -> object:
    def answers(mail: Outgoing) -> Outcome:
        return Refused("550 5.1.1") if mail.envelope.recipient == address else Accepted("250 ok")

    return answers


def test_a_mail_that_does_not_arrive_is_told_in_french(house: House) -> None:
    brief = asks(house)
    house.letterbox.answer = dead(LUC)  # type: ignore[assignment]  # as a story wants
    house.agent_replies("Bonjour Luc, je regarde.", brief)
    assert "Il s'agit du message « réponse »." in house.last(ANN.email, "undeliverable").text


def test_a_team_without_anybody_is_a_warning_in_french(house: House) -> None:
    asks(house)
    for agent in (CLEO, BEN, ANN):
        house.agent_replies("#away today..", house.last(agent.email, "welcome"), agent=agent)
        house.passes(minutes=1)
    assert "Service Exemple : à vérifier" in {letter["Subject"] for letter in house.sent_to(OPS)}
    assert house.last(ANN.email, "welcome")["Subject"] == "Service Exemple : bienvenue"


def test_a_stranger_at_the_door_is_told_and_let_in_in_french(house: House) -> None:
    asks(house)
    house.agent_replies("Bonjour Luc, je regarde.", house.last(ANN.email, "assigned"))
    house.receives("Je paie cette facture.", author="Dana <dana@autre.example>", answers=house.last(LUC))
    linked = house.last(ANN.email, "linked")
    assert "dana@autre.example a écrit à #1 sans y prendre part." in linked.text
    assert "Laisser participer" in linked.text
    house.agent_replies("#accept", linked)
    assert "dana@autre.example prend désormais part à #1." in house.last(ANN.email, "receipt").text


def test_who_gets_no_acknowledgement_is_told_in_french(house: House) -> None:
    for number in range(4):
        house.receives(f"Question {number}.", subject=f"Question {number}", author=PETIT, proven=False)
    house.passes(hours=25)
    told = house.last(ANN.email, "note").text
    assert f"Aucun accusé de réception n'est parti à {LUC} : la réponse attend, au plus 3 par semaine" in told


def test_a_customer_hears_everything_in_french(house: House) -> None:
    """Received, owner-set, reply, waiting, solved, reopened, owner-changed, follow-up: dates and states as well."""
    shared = tuple(replace(team, assign=Assign.NONE) for team in house.desk.teams)
    house.changes(teams=shared)
    brief = asks(house)
    received = " ".join(house.last(LUC, "received").text.split())
    assert "Dernière action Nous avons reçu votre message, samedi 21 novembre à 09:00" in received
    assert "Statut Ouvert, nous y travaillons" in received
    house.agent_replies("#take because Ann connaît ce contrat", brief)
    house.passes(minutes=5)
    assert "Ann Lee s'occupe maintenant de votre demande" in house.last(LUC, "owner-set").text
    house.agent_replies("#pending\nQuelle licence utilisez-vous ?", brief)
    assert "En attente de votre réponse" in house.last(LUC, "waiting").text
    house.receives("La seconde.", author=PETIT, answers=house.last(LUC))
    house.agent_replies("Merci, je corrige cela.", house.last(ANN.email, "customer-replied"))
    assert "Ann Lee vous a répondu." in house.last(LUC, "reply").text
    house.agent_replies("#assign ben because Ben tient les comptes", house.last(ANN.email, "customer-replied"))
    house.passes(minutes=10)
    changed = house.last(LUC, "owner-changed")
    assert "Ben Ode s'occupe désormais de votre demande, à la place d'Ann Lee." in changed.text
    assert "Ann Lee écrit : « Ben tient les comptes. »" in changed.text
    house.agent_replies("#solved", house.last(BEN.email, "assigned"), agent=BEN)
    assert "avant le lundi 21 décembre à 09:15 (UTC)" in house.last(LUC, "solved").text
    house.receives("Elle est encore fausse.", author=PETIT, answers=house.last(LUC))
    assert "Votre demande est de nouveau ouverte" in house.last(LUC, "reopened").text
    house.agent_replies("#solved", house.last(BEN.email, "customer-replied"), agent=BEN)
    house.passes(days=31)
    house.receives("Bonjour, encore une question.", author=PETIT, answers=house.last(LUC))
    assert "prend la suite du ticket #1" in house.last(LUC, "follow-up").text


def test_a_customer_who_proved_nothing_has_a_neutral_subject_in_the_language_of_the_ticket(house: House) -> None:
    house.receives(QUESTION, author=PETIT, subject="Facture 77", proven=False)
    assert house.last(LUC)["Subject"] == "[#1] Votre message du 21 novembre"


RULE = """
[[rule]]
name = "comptes"
on = "reply"
when = { subject = "facture" }
then = { team = "billing", reason = { en = "Invoices go to accounts", fr = "Les factures vont à la comptabilité" } }
"""


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Ben Ode has #1 now: Invoices go to accounts"),
        ("fr", "Ben Ode s'occupe maintenant de #1 : Les factures vont à la comptabilité"),
    ],
)
def test_who_had_the_ticket_hears_the_reason_of_a_rule_in_their_own_language(
    tmp_path: Path, language: str, told: str
) -> None:
    known = Known(frozenset({"ann", "ben", "cleo"}), frozenset({"support", "billing"}), language="fr")
    rules = load(tomllib.loads(RULE)["rule"], known)
    assert isinstance(rules, RuleBook)
    agents = (replace(ANN, language=language), *FRENCH.agents[1:])
    house = House(tmp_path, desk=replace(FRENCH, agents=agents), rules=rules)
    house.agent_replies("#take", asks(house))
    house.receives("J'ajoute une chose.", author=PETIT, answers=house.last(LUC))
    assert told in house.last(ANN.email, "note").text
    house.close()
