"""The words by which an automatic reply is known where no header tells it (RFC 3834 came late), in many languages."""

from __future__ import annotations

import re

# What mail systems put before the subject that they answer: said so, nobody else says it.
_SAID = (
    r"auto(?:mat(?:ic|ed))?[ -]?(?:reply|response|answer|antwort)",
    r"auto(?:svar|odpowied[źz]|responder|respuesta|risposta|resposta|r[ée]ponse)",
    r"out of (?:the )?office",
    r"auto:(?=\w)",
    r"automatische (?:antwort|reactie|r[üu]ckantwort)|automatisch (?:antwoord|bericht)",
    r"abwesenheits?(?:notiz|meldung|assistent|nachricht|benachrichtigung)",
    r"afwezigheids?(?:bericht|melding|assistent)",
    r"r[ée]ponse automatique|absente?(?:\(e\))? du bureau|absence du bureau|(?:message|notification|avis) d['’]absence",
    r"(?:respuesta|contestaci[óo]n) autom[áa]tica|(?:mensaje|aviso) de ausencia|fuera de (?:la )?oficina",
    r"автоматический ответ|автоответ(?:чик)?|автоматична відповідь|автоматичен отговор",
    r"risposta automatica|(?:messaggio|avviso|notifica) di assenza|assenza dall['’]ufficio",
    r"resposta autom[áa]tica|resposta autom[àa]tica|(?:mensagem|aviso) de aus[êe]ncia|aus[êe]ncia (?:do|tempor[áa]ria)",
    r"(?:automatyczna odpowied[źz]|odpowied[źz] automatyczna)|(?:wiadomo[śs][ćc]|powiadomienie) o nieobecno[śs]ci",
    r"automatiskt? svar|automaattinen vastaus|automaatvastus|automatinis atsakymas|autom[āa]tisk[āa] atbilde",
    r"automatick[áa] odpov[ěe][ďd]|automatick[áa] odpove[ďd]|automatikus v[áa]lasz|r[ăa]spuns automat",
    r"automatski odgovor|samodejni odgovor|αυτόματη απάντηση|otomatik (?:yan[ıi]t|cevap)|balasan otomatis",
    r"自动(?:答复|回复)|自動(?:回覆|回復|応答|返信|答覆)|자동 ?(?:회신|응답)",
    r"תשובה אוטומטית|رد تلقائي|tr[ảa] lời tự động|ตอบกลับอัตโนมัติ|การตอบกลับอัตโนมัติ",
)

# Words of absence that may begin another subject too: they count alone, before a colon, or before a day.
_AWAY = (
    r"(?:on )?vacation(?: (?:reply|response|message|notice))?|on (?:annual )?leave|ooo",
    r"(?:i am |i['’]m )?away(?: from (?:the |my )?(?:office|desk|mail|e-?mail))?",
    r"(?:ich bin )?nicht im (?:b[üu]ro|hause?)|(?:ich bin )?im urlaub|abwesend|abwesenheit|au(?:ß|ss)er haus",
    r"absente?|absence|(?:je suis )?en (?:cong[ée]s?|vacances)|hors (?:du )?bureau",
    r"ausente|ausencia|de vacaciones",
    r"(?:я )?в отпуске|вне офиса|нет на (?:рабочем )?месте|отсутств(?:ую|ие)(?: на рабочем месте)?",
    r"afwezig|afwezigheid|(?:ik ben )?niet op kantoor|(?:ik ben )?(?:op|met) vakantie|uit kantoor",
    r"fuori (?:ufficio|sede)|assent[ei]|assenza|(?:sono )?in ferie",
    r"(?:estou )?fora do escrit[óo]rio|aus[êe]ncia|(?:estou )?de f[ée]rias",
    r"poza biurem|nieobecn(?:[yae]|o[śs][ćc])(?: w (?:biurze|pracy))?|(?:jestem )?na urlopie",
)
_UNTIL = (
    r"until|till|til|through|from|bis|ab|vom|jusqu['’]\w+|du|le|hasta|del?|desde|до|с|по|tot(?: en met)?|t/m|van"
    r"|fino (?:al?|all['’])|dal?|il|at[ée]|a partir de|do|od|w"
)

_SUBJECT = re.compile(
    r"\s*(?:\[(?!auto|out of)[^\[\]]{0,80}\]\s*)?\[?"
    rf"(?:(?:{'|'.join(_SAID)})(?:(?!\w)|(?<=auto:))"
    rf"|(?:{'|'.join(_AWAY)})(?=\s*(?:$|[:：!.\])])|\s+(?:{_UNTIL})\s*[^:]{{0,12}}\d))",
    re.IGNORECASE,
)

_GREETING = r"(?:[^\n.:]{1,60}[,!.]\s{0,5}\n\s{0,20})?"
_OPENING = re.compile(
    rf"\s{{0,20}}{_GREETING}(?:"
    r"this is an auto(?:mat(?:ed|ic)|matically generated|[ -]?)\s?(?:e-?mail )?(?:response|reply|answer|message)"
    r"|d(?:ies|as) ist eine? automati(?:sche|sch (?:erzeugte|generierte|erstellte))"
    r" (?:antwort|nachricht|e-?mail|abwesenheitsnotiz)"
    r"|ceci est une? (?:r[ée]ponse|message|courriel) automatique"
    r"|[ée]st[ae] es una? (?:respuesta|mensaje|correo) autom[áa]tic[ao]"
    r"|это (?:автоматический ответ|автоматическое (?:сообщение|уведомление))"
    r"|dit is een automatische? (?:gegenereerde? )?(?:antwoord|bericht|reactie|e-?mail)"
    r"|quest[oa] (?:è|e['’]) una? (?:risposta|messaggio|e-?mail) automatic[ao]"
    r"|est[ae] [ée] uma? (?:resposta|mensagem|e-?mail) autom[áa]tic[ao]"
    r"|(?:to|ta) (?:jest )?automatyczna (?:odpowied[źz]|wiadomo[śs][ćc])"
    r"|(?:to|ta) (?:jest )?(?:odpowied[źz]|wiadomo[śs][ćc]) automatyczna"
    r")",
    re.IGNORECASE,
)


def is_auto_subject(subject: str) -> bool:
    """Whether a responder wrote the subject: it begins with the name of such a reply, or with where somebody is not."""
    return bool(_SUBJECT.match(subject[:300]))


def is_auto_opening(text: str) -> bool:
    """Whether a text begins with saying that it is an automatic reply, after a greeting at most."""
    return bool(_OPENING.match(text[:300]))
