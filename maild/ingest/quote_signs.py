"""The signs by which mail programs introduce quoted mail, in many languages: tables and what stands in them."""

from __future__ import annotations

import re

from maild.ingest.quote_labels import KIND

WROTE = re.compile(
    r"(?<!\w)(?:wrote|sent|schrieb|a écrit|a ecrit|escribió|escribio|va escriure|написал(?:а|и|\(а\))?|пишет"
    r"|писал(?:а|\(а\))?|написав|написала|пише|написа|escreveu|ha scritto|scritto|schreef|geschreven|skrev"
    r"|kirjoitti|napisał(?:a|\(a\))?|pisze|napsala?|napsal\(a\)|napísala?|yazdı|đã viết|írta|a scris|έγραψε"
    r"|kirjutas|napisa[ol]a?|написао|rašė|rakstīja|menulis|skrifaði|missatge de|idatzi du)(?!\w)"
    r"|写道|寫道|書きました|のメール|작성|כתב|كتب|كتابة|نوشت|लिखा|เขียน",
    re.IGNORECASE,
)
"""The verb of "On ..., Ann wrote:"."""

OPENER = re.compile(
    r"(?:[-—–*_]+\s*)?(?:(?:On|Am|Le|El|Em|Op|Il|Den|På|Dnia|W dniu|In data|Dne|Vào|Pada|A|Στις|U|V|В|На|Þann"
    r"|Kuupäev(?:al)?|Missatge de|בתאריך|في|در|ในวันที่)\s"
    r"|\d|在|(?:[^\W\d_]|[\u0900-\u0e7f]){2,14}[.,]{0,2}\s\d"
    r"|[^\W\d_][^<>@:\n]{0,60}<[^\s<>@]{1,64}@[^\s<>]{1,255}>)"
)
"""How the first line of an introduction starts: a known word, a date, a day's name and a date, or who wrote."""

ADDRESS = re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,255}")
CLOCK = re.compile(r"\b\d{1,2}[:.h]\d{2}\b|\b\d{1,2} ?[ap]\.?m\b|[上下]午", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|\b\d{1,2}[./]\d{1,2}[./]\d{2}\b")
SIGNED_INTRO = re.compile(r"[<(\[][^\s<>]{1,64}@[^\s<>]{1,255}[>)\]]+\s*[:：]$")
CHEVRONS = re.compile(r">>>\s[^<>]{0,100}(?:<[^<>\s]{1,300}>)?[^<>]{4,60}\s>>>$")
"""How GroupWise introduces a mail, with who wrote it and when; it marks no line of the mail."""
QUOTING = re.compile(
    r"(?:quoting(?: from)?|zitat von|mensaje citado por|citando(?: a)?|citeren|cytowanie|cytuję|cituji|citerar"
    r"|citat(?: fra)?|idézet|lainaus|цитирую)\s[^:]{1,300}:$",
    re.IGNORECASE,
)
"""How Horde introduces what it quotes, without a date."""
MIDLINE = re.compile(r"(?<=\S)(?:\s?-{2,}\s?|\s)(?=On (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w{0,6}, .{0,400} wrote:$)")
END = re.compile(
    r"[:：]\s*\*?$|wrote$|(?:wrote|sent|schrieb|écrit|escribió|написал)\s?:?\s?[-_*]{2,}$",
    re.IGNORECASE,
)
ENDINGS = (":", "：", "*", "-", "_")
"""The last sign of every line in which END is found, but for the bare "wrote"."""

DASHED = re.compile(r"[\s*]*[-_=—]{2,}\s*([^-_=—][^=—]{3,60}?)\s*[-_=—]{2,}[\s*:]*$")
ORIGINALS = frozenset(
    {
        *("original message", "original email", "original appointment", "reply message"),
        *("ursprüngliche nachricht", "originalnachricht", "ursprüngliche mail"),
        *("message d'origine", "message original", "message initial", "mensaje original"),
        *("исходное сообщение", "оригинальное сообщение", "первоначальное сообщение", "исходное письмо"),
        *("oprindelig besked", "oprindelig meddelelse", "opprinnelig melding"),
        *("ursprungligt meddelande", "originalmeddelande", "alkuperäinen viesti"),
        *("oorspronkelijk bericht", "messaggio originale", "mensagem original"),
        *("wiadomość oryginalna", "původní zpráva", "pôvodná správa", "початкове повідомлення"),
        *("eredeti üzenet", "orijinal mesaj", "原始邮件", "原始郵件", "元のメッセージ", "원본 메시지"),
        *("missatge original", "mesaj original", "mesajul original", "αρχικό μήνυμα", "оригинално съобщение"),
        *("izvorna poruka", "originalna poruka", "изворна порука", "оригинална порука", "izvirno sporočilo"),
        *("algne kiri", "algne sõnum", "sākotnējais ziņojums", "oriģinālais ziņojums", "pradinis laiškas"),
        *("originalus laiškas", "upprunaleg skilaboð", "הודעה מקורית", "الرسالة الأصلية", "رسالة أصلية", "پیام اصلی"),
        *("मूल संदेश", "ข้อความต้นฉบับ", "ต้นฉบับ", "thư gốc", "tin nhắn gốc", "pesan asli", "oryginalna wiadomość"),
        *("original-nachricht", "mensagem original", "messaggio originale", "původní e-mail", "eredeti levél"),
    }
)
"""What stands between the dashes of "-----Original Message-----"."""

HEADER = re.compile(r"[\s>|]*[*_]{0,2}([^\W\d_][^:：\n*]{0,20}?)[*_]{0,2}\s{0,2}[:：][*_]{0,2}(.*)$")


def _labels(kind: str) -> str:
    return "|".join(sorted((re.escape(word) for word, what in KIND.items() if what == kind), key=len, reverse=True))


_SENDER, _DATE = (rf"[*_]{{0,2}}(?:{_labels(kind)})[*_]{{0,2}}\s?[:：]" for kind in ("from", "date"))
HEADERS_IN_ONE = re.compile(
    rf"[\s>|]*(?:{_SENDER}.{{1,300}}?\s{_DATE}|{_DATE}.{{1,300}}?\s{_SENDER}).{{1,200}}$", re.IGNORECASE
)
"""A header block that a client put on one line."""
LABEL = re.compile(r"([^\W\d_]+)[*_]{0,2}\s?[:：](?!\S)")
LABEL_ENDS = frozenset(word.split()[-1] for word in KIND)
"""The last words before a colon in a header line, and those that it may have."""

RULES = frozenset({"--", "__", "**"})
RULE = re.compile(r"^[\s*]*[-_=—–*]{3,}[\s*]*$")
SIGNATURE = re.compile(r"^--\s?$")
LIST_FOOTER = re.compile(r"^_{2,}$")

CLOSING = re.compile(
    r"(?:(?:(?:with |my )?(?:best|kind|kindest|warm|warmest)(?: and (?:best|kind|warm))? )?(?:regards|wishes)"
    r"|(?:yours|very) (?:sincerely|faithfully|truly)(?: yours)?|sincerely(?: yours)?"
    r"|(?:mit )?(?:freundliche[nr]?|besten?|herzliche[nr]?|viele[nr]?|liebe[nr]?|schöne[nr]?) gr(?:ü|ue)(?:ß|ss)e?n?"
    r"|(?:bien )?cordialement|bien à vous|(?:sincères )?salutations(?: distinguées)?|meilleures salutations"
    r"|(?:un )?(?:cordial(?:es)? )?saludos?(?: cordial(?:es)?)?|atentamente|atenciosamente"
    r"|com os melhores cumprimentos|(?:melhores )?cumprimentos|(?:cordiali|distinti) saluti|cordialmente"
    r"|met vriendelijke groet(?:en)?|vriendelijke groet(?:en)?|mvg|groet(?:en|jes)?"
    r"|(?:med )?(?:de )?(?:venlige?|vänliga?|vennlige?|bedste?|bästa|beste|kærlige?|hjärtliga?)"
    r" (?:hilsen|hilsner|hälsning(?:ar)?)"
    r"|hilsen|hälsningar|mvh|m\.v\.h\.|dbh|v\.h\.|vh|kh|ystävällisin terveisin|terveisin"
    r"|pozdrawiam(?: serdecznie)?|z (?:poważaniem|powazaniem|wyrazami szacunku)|s pozdravem|s pozdravom"
    r"|üdvözlettel|cu (?:stimă|respect)|saygılarımla|με εκτίμηση|с (?:уважением|наилучшими пожеланиями)"
    r"|з повагою|с уважение|lep pozdrav|s poštovanjem|lugupidamisega|pagarbiai|ar cieņu)[\s,.!]{0,3}$",
    re.IGNORECASE,
)
"""The formula over the name under a letter, alone on its line: no thanks and no cheers, which may be an answer."""
NAME = re.compile(r"(?!\d)[^\W\d_][^\W\d_'’.-]{0,30}(?: [^\W\d_][\w'’.-]{0,30}){0,2}[ .]?$")
SLASHED_NAME = re.compile(r"/(?=[^\W\d_]+$)(?!.*[^\W\d_][A-Z])(?![a-zà-ÿ])\w{2,20}$")
"""A first name as a Swede signs with it."""

DEVICE = re.compile(
    r"(?<![a-z])i(?:phon|pad|pod)(?:[eu]?(?![a-z])|\w{0,8}\b)|\b(?:android\w*|samsung|galaxy|blackberry|outlook|mail|mailbox|airmail|gmail|yahoo|aol"
    r"|proton\s?mail|windows|mobil\w*|phone|téléphone|smartphone|móvil|teléfono|телефона?|смартфона?|устройства"
    r"|почты|huawei|xiaomi|redmi|oneplus|pixel|nokia|htc|sony|motorola|wiko|typeapp|acompli|sparrow|k-9|tablet"
    r"|ios|handy|superhuman|bluemail|mailspring|tuta(?:nota)?|fairemail|fairphone|shortwave)\b",
    re.IGNORECASE,
)
SENT_FROM = re.compile(
    r"^[\s(<*_]*(?:sent from|sent (?:via|with|by|using)(?! (?:e-?mail|mail|phone|mobile|post)\b(?! app| for))"
    r"|get (?!(?:my|the|your|this|that|it|e-?mails?|mails?)\b)\S+(?: mail| app)? for"
    r"|envoyé (?:depuis|de|à partir|avec)|télécharge[rz]"
    r"|gesendet (?:von|mit|via)|diese nachricht wurde von|von mein[\w/]* .{1,60} gesendet|outlook für"
    r"|enviado (?:desde|con|de|do)|obtener|отправлено (?:с|из)|скачать|inviato da"
    r"|(?:verzonden|verstuurd) (?:vanaf|met|via)"
    r"|skickat från|sendt fra|wysłan[eo] z|lähetetty|надіслано з|odesláno z|odoslané z|elküldve az?|trimis de pe"
    r"|στάλθηκε από|enviat des|saadetud minu|išsiųsta iš|nosūtīts no|poslano [siz]{1,2}|изпратено от|đã gửi từ"
    r"|dikirim dari|sent úr|sent frá|נשלח מ\S*|(?:أُ?رسلت?|تم الإرسال) من|ส่งจาก)\b"
    r"|^\s*(?:发自|發自|从我的|從我的|傳送自|나의 i(?:phone|pad)에서 보냄|i(?:phone|pad)(?:から送信|\S* gönderildi))",
    re.IGNORECASE,
)
"""The greeting that a telephone puts under a mail; together with DEVICE, and short, it is no author's words."""

SPACES = str.maketrans(
    {"\xa0": " ", "\u202f": " ", "\u2009": " ", "\u2019": "'", "\ufeff": "", "\u200b": "", "\u200e": "", "\u200f": ""}
    | dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "")
)

SPACE = re.compile(f"[{''.join(map(chr, SPACES))}]")
"""A sign that SPACES has something for: to look is faster than to translate."""


def is_original(line: str) -> bool:
    """Whether the line is "-----Original Message-----", in any language."""
    found = DASHED.match(line) if len(line) < 120 else None
    return found is not None and " ".join(found[1].casefold().split()) in ORIGINALS


def is_between_chevrons(line: str) -> bool:
    """Whether the line is ">>> Ann Lee 11/20/26 3:02 PM >>>": a quote begins, and no line of it is marked."""
    return line.endswith(">>>") and bool(CHEVRONS.match(line) and CLOCK.search(line) and YEAR.search(line))


def has_address(line: str) -> bool:
    """Whether an address stands in the line."""
    return "@" in line and bool(ADDRESS.search(line))


def is_sent_from(line: str) -> bool:
    """Whether the line is a telephone's greeting and no author's words."""
    bare = re.sub(r"[<(\[]?https?://\S*", "", line) if "://" in line else line
    return len(bare.split()) <= 9 and bool(SENT_FROM.match(bare) and DEVICE.search(bare))
