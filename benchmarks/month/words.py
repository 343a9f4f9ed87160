"""What the customers of the month write, in six languages: their questions, and the words that the desk answers."""

from __future__ import annotations

LANGUAGES = ("en", "fr", "es", "de", "ru", "pt")

FIRST = {
    "en": (
        "We ordered one and got two. Could you please look at it? Our accounts office needs it before the 30th.",
        "It worked until last week. Since then nothing happens when I press the button, whatever I try.",
        "I cannot find it in my account, and the page says that I should write to you.",
        "Nobody has told us anything since Monday. When can we expect it? The address is the same as before.",
    ),
    "fr": (
        "Bonjour, la facture montre deux licences, mais nous n'en avons commandé qu'une. Pouvez-vous la corriger ?",
        "Bonjour, notre commande n'est pas encore arrivée. Quand pouvons-nous l'attendre ? Cordialement.",
    ),
    "es": (
        "Hola, la factura muestra dos licencias, pero solo pedimos una. ¿Pueden corregirla, por favor? Gracias.",
        "Buenos días, nuestro pedido todavía no ha llegado. ¿Cuándo lo podemos esperar? Un saludo.",
    ),
    "de": (
        "Guten Tag, auf der Rechnung stehen zwei Lizenzen, wir haben aber nur eine bestellt. Können Sie das ändern?",
        "Guten Tag, unsere Bestellung ist noch nicht angekommen. Wann können wir damit rechnen? Vielen Dank.",
    ),
    "ru": (
        "Здравствуйте, в счёте указаны две лицензии, а мы заказывали только одну. Исправьте его, пожалуйста.",
        "Добрый день, наш заказ ещё не пришёл. Когда мы можем его ожидать? Заранее спасибо.",
    ),
    "pt": (
        "Bom dia, a fatura indica duas licenças, mas só encomendámos uma. Podem corrigi-la, por favor? Obrigado.",
        "Boa tarde, a nossa encomenda ainda não chegou. Quando podemos contar com ela? Com os melhores cumprimentos.",
    ),
}

WISHES = {
    "status": {"en": "STATUS", "fr": "Statut", "es": "Estado", "de": "Stand", "ru": "Статус", "pt": "Estado"},
    "history": {
        "en": "History",
        "fr": "historique",
        "es": "HISTORIAL",
        "de": "Verlauf",
        "ru": "История",
        "pt": "HISTÓRICO",
    },
    "who": {"en": "Who?", "fr": "Qui ?", "es": "¿Quién?", "de": "wer?", "ru": "Кто", "pt": "Quem?"},
    "help": {"en": "HELP", "fr": "aide", "es": "Ayuda", "de": "Hilfe", "ru": "помощь", "pt": "ajuda"},
    "escalate": {
        "en": "Escalate",
        "fr": "ESCALADER",
        "es": "escalar",
        "de": "Eskalieren",
        "ru": "эскалация",
        "pt": "Escalar",
    },
    "close": {"en": "close", "fr": "Fermer", "es": "CERRAR", "de": "schließen", "ru": "закрыть", "pt": "Fechar"},
    "reopen": {
        "en": "REOPEN",
        "fr": "rouvrir",
        "es": "Reabrir",
        "de": "wiederöffnen",
        "ru": "Возобновить",
        "pt": "reabrir",
    },
    "stop": {"en": "Stop", "fr": "STOP", "es": "parar", "de": "Abbestellen", "ru": "стоп", "pt": "Parar"},
}

OFTEN = ("status", "status", "status", "history", "history", "who", "help", "escalate", "escalate", "close", "stop")
"""What people ask while their request is open, as often as they do."""
