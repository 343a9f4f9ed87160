"""The words by which mail programs show that a mail was passed on, in many languages: tables and what reads them."""

from __future__ import annotations

import re
from enum import Enum

from maild.ingest.quote_labels import KIND, folded
from maild.ingest.quote_signs import ORIGINALS, SPACE, SPACES

_HEADINGS = (
    # between dashes
    *("forwarded message", "forwarded mail", "forwarded email", "forwarded e-mail", "forwarded", "forward"),
    *("forward message", "forwarded note", "fwd message", "forwarded letter"),
    *("weitergeleitete nachricht", "weitergeleitete mail", "weitergeleitete e-mail", "weitergeleitet"),
    *("message transféré", "message transmis", "message réexpédié", "courriel transféré", "e-mail transféré"),
    *("mensaje reenviado", "correo reenviado", "missatge reenviat", "mensaxe reenviada", "birbidalitako mezua"),
    *("messaggio inoltrato", "mensagem encaminhada", "mensagem reencaminhada", "email encaminhado"),
    *("doorgestuurd bericht", "doorgestuurde e-mail", "vidarebefordrat meddelande", "vidarebefordrat mejl"),
    *("videresendt meddelelse", "videresendt besked", "videresendt mail", "videresendt melding"),
    *("videresendt e-post", "välitetty viesti", "välitetty viesti / fwd.msg", "edelleenlähetetty viesti"),
    *("framsend skilaboð", "áframsend skilaboð", "edastatud kiri", "edastatud sõnum", "edasisaadetud kiri"),
    *("pārsūtīta vēstule", "pārsūtītais ziņojums", "pārsūtīts ziņojums", "persiųstas laiškas"),
    *("persiunčiamas laiškas", "persiųsta žinutė", "przekazana wiadomość", "wiadomość przekazana"),
    *("treść przekazanej wiadomości", "wiadomość przesłana dalej", "przesłana wiadomość"),
    *("přeposlaná zpráva", "přeposlaný e-mail", "předaná zpráva", "preposlaná správa", "posredovano sporočilo"),
    *("proslijeđena poruka", "prosleđena poruka", "прослеђена порука", "препратена порака"),
    *("továbbított üzenet", "továbbított levél", "mesaj redirecționat", "mesaj redirecţionat"),
    *("mesaj transmis", "mesaj transmis mai departe", "mesaj înaintat", "препратено съобщение"),
    *("пересылаемое сообщение", "пересланное сообщение", "перенаправленное сообщение", "пересланное письмо"),
    *("переадресованное сообщение", "пересылаемое письмо", "переслане повідомлення", "пераслане паведамленне"),
    *("перенаправлене повідомлення", "переадресоване повідомлення", "пересланий лист", "перасланае паведамленне"),
    *("προωθημένο μήνυμα", "προωθούμενο μήνυμα", "iletilen ileti", "iletilmiş mesaj", "iletilen mesaj"),
    *("yönlendirilen ileti", "yönlendirilmiş mesaj", "pesan yang diteruskan", "pesan terusan", "diteruskan"),
    *("mesej dimajukan", "mesej yang dimajukan", "thư đã chuyển tiếp", "tin nhắn đã chuyển tiếp"),
    *("thư được chuyển tiếp", "ข้อความที่ส่งต่อ", "転送メッセージ", "転送されたメッセージ", "転送メール"),
    *("メッセージを転送", "전달된 메시지", "전달된 메일", "전달 메시지", "转发邮件", "转发的邮件", "转发信息"),
    *("转发邮件信息", "已转发邮件", "轉寄郵件", "轉寄的郵件", "轉寄訊息", "轉寄的訊息", "已轉寄的郵件", "轉發郵件"),
    *("رسالة معاد توجيهها", "رسالة مُعاد توجيهها", "رسالة مُحوّلة", "הודעה שהועברה", "הודעה מועברת"),
    *("پیام هدایت شده", "پیام فوروارد شده", "अग्रेषित संदेश", "neges wedi'i hanfon ymlaen"),
    # above a quoted mail, with a colon
    *("begin forwarded message", "begin forwarded text"),
    *("anfang der weitergeleiteten nachricht", "beginn der weitergeleiteten nachricht"),
    *("anfang der weitergeleiteten e-mail", "début du message réexpédié", "début du message transféré"),
    *("début de l'e-mail transféré", "inicio del mensaje reenviado", "inici del missatge reenviat"),
    *("inizio messaggio inoltrato", "inizio del messaggio inoltrato", "início da mensagem reencaminhada"),
    *("início da mensagem encaminhada", "begin doorgestuurd bericht", "start på videresendt besked"),
    *("starten på den videresendte meddelelse", "start videresendt melding", "start på videresendt melding"),
    *("vidarebefordrat brev", "börja vidarebefordrat meddelande", "välitetty viesti alkaa"),
    *("początek przekazywanej wiadomości", "początek przekazanej wiadomości", "začátek přeposílané zprávy"),
    *("začátek přeposlané zprávy", "začiatok preposlanej správy", "továbbított levél kezdete"),
    *("továbbított üzenet kezdete", "începe mesajul redirecționat", "început mesaj redirecționat"),
    *("započni proslijeđenu poruku", "početak proslijeđene poruke", "začetek posredovanega sporočila"),
    *("начало переадресованного сообщения", "начало переадресованного письма", "начало пересылаемого сообщения"),
    *("початок листа, що пересилається", "початок пересланого повідомлення", "начало на препратено съобщение"),
    *("έναρξη προωθημένου μηνύματος", "αρχή προωθημένου μηνύματος", "ileti başlangıcı"),
    *("iletilen mesajın başlangıcı", "i̇letilen mesaj"),
    *("i̇leti başlangıcı", "i̇letilmiş mesaj", "i̇letilen ileti", "mulai pesan yang diteruskan"),
    *("mulai mesej dimajukan", "bắt đầu thư được chuyển tiếp", "bắt đầu thư đã chuyển tiếp", "เริ่มข้อความที่ส่งต่อ"),
    *("転送されたメッセージの始まり", "転送するメッセージ", "전달된 메시지 시작"),
    *("下面是被转发的邮件", "开始转发的邮件"),
    *("以下是被轉寄的郵件", "開始轉寄郵件"),
    *("以下是轉寄的郵件", "بدء الرسالة المعاد توجيهها", "תחילת ההודעה שהועברה"),
)  # fmt: skip
HEADINGS = frozenset(map(folded, _HEADINGS))
"""The line above a mail that was passed on, without dashes and colon, in lower case."""

FORWARDED_BY = re.compile(
    r"(?:forwarded (?:message from|by)|weitergeleitet von|transféré par|réexpédié par|reenviado por|inoltrato da"
    r"|encaminhado por|doorgestuurd door|videresendt af|vidarebefordrat av|przesłane przez|пере(?:слано|адресовано))\b",
    re.IGNORECASE,
)
"""How such a line begins that also says who passed the mail on (Lotus Notes), or who wrote it (mutt)."""

END = re.compile(r"[-_=—–\s]{2,40}end (?:of )?forwarded (?:message|mail|text)\b", re.IGNORECASE)


class Way(Enum):
    """What the beginning of a subject says: passed on, answered, one of both by language, or nothing."""

    FORWARD = "forward"
    REPLY = "reply"
    EITHER = "either"
    NEITHER = "neither"


_FORWARDS = (
    "fw fwd wg wtr tr rv i enc pd vb vl videresend videresendt redir doorst doorgestuurd i̇lt ilt trs πρθ пересл"
    " переслано пер fs továbbítás tov vidarebefordrat forwarded 转发 轉寄 转寄 轉發 転送 전달 הועבר ส่งต่อ ct"
)
_REPLIES = (
    "re aw antw antwort sv vá res rif r ref odp ynt απ σχετ ответ отв на bls 回复 回覆 答复 答覆 返信 회신 답장"
    " תגובה رد ตอบ atb svar vast"
)
_WAYS = {
    **dict.fromkeys(_FORWARDS.split(), Way.FORWARD),
    **dict.fromkeys(_REPLIES.split(), Way.REPLY),
    **dict.fromkeys(("إعادة توجيه", "chuyển tiếp"), Way.FORWARD),
    **dict.fromkeys(("trả lời",), Way.REPLY),
    "vs": Way.EITHER,  # "videresendt" in Danish and Norwegian, "vastaus" in Finnish
}
_TAGS = re.compile(r"\s*(?:\[[^\[\]:]{0,80}\]\s*)*+")
_PREFIX = re.compile(r"([^\W\d_][^:：\[\](){}\n]{0,16}?)\.?\s?(?:\[\d{1,3}\]|\(\d{1,3}\)|\d{1,3})?\s?[:：]\s*")
_ENCLOSED = re.compile(r"\s*\[fwd?: ?(.*)\]\s*$", re.IGNORECASE)
_ENDS_FWD = re.compile(r"\(fwd\)\s*$", re.IGNORECASE)


def way_of(subject: str) -> Way:
    """What the outermost sign of a subject says; tags in brackets before it do not count."""
    subject = subject[:1000]
    if _ENCLOSED.match(subject):
        return Way.FORWARD
    found = _PREFIX.match(subject, _end_of_tags(subject))
    way = _WAYS.get(folded(found[1]), Way.NEITHER) if found else Way.NEITHER
    return Way.FORWARD if way is Way.NEITHER and _ENDS_FWD.search(subject) else way


def bare_subject(subject: str) -> str:
    """A subject without the signs that it was passed on or answered."""
    enclosed = _ENCLOSED.match(subject[:1000])
    subject = _ENDS_FWD.sub("", (enclosed[1] if enclosed else subject)[:1000])
    at = _end_of_tags(subject)
    for _ in range(20):
        found = _PREFIX.match(subject, at)
        if not found or folded(found[1]) not in _WAYS:
            break
        at = found.end()
    return subject[at:].strip()


def _end_of_tags(subject: str) -> int:
    found = _TAGS.match(subject)
    return found.end() if found else 0


_DASHED = re.compile(r"([-_=~—–]{2,40}+)[ \t]*+([^-_=~—–\s].{2,160}?)(?<=\S)[ \t]*+([-_=~—–]{2,40}+|$)")


_OPEN_XCHANGE = 10
"""The dashes on either side of "Original Message" where Open-Xchange (IONOS and others) passes a mail on."""


def heading(line: str) -> tuple[str, str] | None:
    """Whether a line stands above a mail that was passed on: its words, and what follows them on the line."""
    if "--" not in line and "__" not in line and "==" not in line and "—" not in line and "~~" not in line:
        bare = line.rstrip(" \t\r*").rstrip()
        if not bare.endswith((":", "：")) or len(bare) > 90:
            return None
        words = folded(plain(bare).strip(" \t>|*:："))
        return (words, "") if words in HEADINGS else None
    bare = plain(line[:600]).lstrip(" \t>|*")
    found = _DASHED.match(bare)
    if not found:
        return None
    words = folded(found[2].strip("*: "))
    if words in HEADINGS or (words in ORIGINALS and len(found[1]) == len(found[3]) == _OPEN_XCHANGE):
        return words, bare[found.end() :].strip()
    return (found[2], "") if FORWARDED_BY.match(found[2]) else None


def is_passed_on(line: str) -> bool:
    """Whether a line stands above a mail that was passed on, and above no reply."""
    head = heading(line)
    return head is not None and head[0] not in ORIGINALS


def plain(line: str) -> str:
    """A line with plain spaces and quotes, without marks that nobody sees."""
    return line if line.isascii() or not SPACE.search(line) else line.translate(SPACES)


_LABELLED = re.compile(r"[ \t]*[*_]{0,2}([^\W\d_][^:：\n*_|<>@\"]{0,30}?)[*_]{0,2}[ \t]{0,3}[:：][*_]{0,2}[ \t]*(.*)$")
_CLOSE = 3
"""Up to so many letters, a label may be the end of another word."""


def labelled(line: str) -> tuple[str, str] | None:
    """A line "Label: value": what its label names ("" where nobody knows), and the value."""
    found = _LABELLED.match(plain(line))
    return (KIND.get(folded(found[1]), ""), found[2].strip()) if found else None


def glued(line: str) -> dict[str, str]:
    """The values of labels that stand one after the other on a line, with no space before the next (Yahoo)."""
    line = plain(line[:4000])
    places: list[tuple[int, int, str]] = []
    for found in re.finditer(r"[:：]", line):
        end = found.start()
        place = _label_before(line, end, places[-1][1] if places else 0)
        if place is not None:
            places.append((place[0], found.end(), place[1]))
    values: dict[str, str] = {}
    for n, (_, start, kind) in enumerate(places):
        values.setdefault(kind, line[start : places[n + 1][0] if n + 1 < len(places) else len(line)].strip())
    return values


def _label_before(line: str, end: int, after: int) -> tuple[int, str] | None:
    """The longest label that ends before `end`: where it begins, and its kind."""
    for start in range(max(after, end - 30), end):
        kind = KIND.get(folded(line[start:end]))
        apart = start == 0 or not line[start - 1].isalpha()
        longer = end - start > _CLOSE and not line[start].islower()
        if kind and not line[start].isspace() and (apart or longer):
            return start, kind
    return None
