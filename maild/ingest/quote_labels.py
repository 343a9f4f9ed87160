"""The labels of the header lines that clients put over a mail they quote or pass on, in many languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def folded(words: str) -> str:
    """Words by which to look one up: lower case, single spaces, composed."""
    folded = " ".join(words.casefold().split())
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


LABELS = {
    # language: from, date, to, subject, cc
    "en": (
        "from",
        "date|sent|sent at|received",
        "to|recipient",
        "subject",
        "cc|bcc|reply-to|reply to|importance|attachments",
    ),
    "ar": ("من", "التاريخ|تاريخ|تم الإرسال|أرسلت|تاريخ الإرسال", "إلى|الى", "الموضوع|موضوع", "نسخة|نسخة إلى"),
    "be": ("ад|ад каго", "дата|адпраўлена", "каму", "тэма", "копія"),
    "bg": ("от|подател", "дата|изпратено", "до|за|получател", "относно|тема", "копие|як"),
    "ca": ("de|remitent", "data|enviat|enviat el", "a|per a|per", "assumpte|tema", "a/c|còpia"),
    "cs": ("od|odesílatel", "datum|odesláno", "komu|pro|příjemce", "předmět|věc", "kopie|skrytá"),
    "cy": ("oddi wrth", "dyddiad|anfonwyd", "at", "pwnc", "copi"),
    "da": ("fra|afsender", "dato|sendt", "til|modtager", "emne", "kopi|kopi til"),
    "de": (
        "von|absender",
        "datum|gesendet|gesendet am|gesendet um|verschickt",
        "an|empfänger",
        "betreff",
        "kopie|kopie (cc)|kopie an",
    ),
    "el": ("από|αποστολέας", "ημερομηνία|στάλθηκε|εστάλη", "προς|παραλήπτης", "θέμα", "κοιν.|κοιν|κοινοποίηση"),
    "es": (
        "de|remitente|desde",
        "fecha|enviado|enviado el|enviada|enviado a las",
        "para|destinatario",
        "asunto",
        "copia",
    ),
    "et": ("saatja|kellelt", "kuupäev|saadetud|saatmisaeg", "saaja|adressaat|kellele", "teema", "koopia"),
    "eu": ("nork|igorlea|nondik", "data|bidalita|bidaltze-data", "nori|nora|hartzailea", "gaia", "kopia"),
    "fa": ("از|فرستنده", "تاریخ|ارسال شده", "به|گیرنده", "موضوع", "رونوشت"),
    "fi": ("lähettäjä|keneltä", "päivä|päivämäärä|lähetetty|pvm", "vastaanottaja|kenelle", "aihe|otsikko", "kopio"),
    "fr": (
        "de|expéditeur|émetteur",
        "date|envoyé|envoyé le|date d'envoi|message du",
        "à|a|pour|destinataire|destinataires",
        "objet|sujet",
        "copie à|copie|cci",
    ),
    "he": ("מאת|מ", "תאריך|נשלח|בתאריך", "אל|עבור", "נושא|הנדון", "עותק|העתק"),
    "hi": ("प्रेषक|से|की ओर से", "दिनांक|तारीख|भेजा गया", "प्रति|को|प्राप्तकर्ता", "विषय", "प्रतिलिपि"),
    "hr": (
        "šalje|od|pošiljatelj",
        "datum|poslano|slanje",
        "prima|za|primatelj|kome",
        "predmet|naslov",
        "kopija|kopija za",
    ),
    "hu": (
        "feladó|küldő|kitől",
        "dátum|küldve|elküldve|küldés ideje",
        "címzett|címzettek|kinek",
        "tárgy",
        "másolat|másolatot kap|titkos másolat",
    ),
    "id": ("dari|pengirim", "tanggal|dikirim|terkirim|tgl", "kepada|ke|untuk", "perihal|subjek|judul|hal", "tembusan"),
    "is": ("frá|sendandi", "dagsetning|dags.|dags", "til|viðtakandi", "efni", "afrit"),
    "it": (
        "da|mittente",
        "data|inviato|inviata|data invio|data di invio",
        "a|destinatario|per",
        "oggetto",
        "copia|ccn|p.c.",
    ),
    "ja": (
        "差出人|送信者|送信元|発信者",
        "日付|日時|送信日時|送信日|送信",
        "宛先|送信先|受信者",
        "件名|題名|表題",
        "写し",
    ),
    "ko": (
        "보낸 사람|보낸사람|발신|발신자|보낸이",
        "날짜|보낸 날짜|보낸날짜|보낸 시간|보냄|일시|발송일",
        "받는 사람|받는사람|수신|수신자|받는이",
        "제목",
        "참조",
    ),
    "lt": ("nuo|siuntėjas", "data|išsiųsta|siųsta", "kam|gavėjas|iki", "tema", "kopija"),
    "lv": ("no|sūtītājs", "datums|nosūtīts|sūtīts", "kam|adresāts", "temats|tēma", "kopija"),
    "ms": ("daripada", "tarikh|dihantar", "kepada", "perkara|tajuk|subjek", "salinan"),
    "nl": (
        "van|afzender",
        "datum|verzonden|verzonden op|verstuurd",
        "aan|naar|ontvanger",
        "onderwerp|betreft",
        "kopie",
    ),
    "no": ("fra|avsender", "dato|sendt", "til|mottaker", "emne", "kopi"),
    "pl": (
        "od|nadawca",
        "data|wysłano|wysłane|wysłana|data wysłania",
        "do|adresat|odbiorca",
        "temat|dotyczy",
        "dw|kopia|udw|do wiadomości",
    ),
    "pt": (
        "de|remetente",
        "data|enviado|enviada|enviado em|enviada em|enviado a|envio",
        "para|destinatário",
        "assunto",
        "cópia|com cópia|cco",
    ),
    "ro": (
        "de la|expeditor|expeditorul|din partea",
        "data|dată|trimis|trimisă",
        "către|catre|la|destinatar",
        "subiect|subiectul",
        "copie",
    ),
    "ru": (
        "от|от кого|отправитель",
        "дата|отправлено|отправлен|отправленные|дата отправки|когда",
        "кому|получатель",
        "тема|тема сообщения",
        "копия|копии|скрытая копия|важность",
    ),
    "sk": ("od|odosielateľ", "dátum|odoslané|poslané", "komu|pre|príjemca|adresát", "predmet|vec", "kópia"),
    "sl": ("od|pošiljatelj", "datum|poslano", "za|prejemnik", "zadeva", "kp|kopija|v vednost"),
    "sr": (
        "od|šalje|од|шаље|pošiljalac|пошиљалац",
        "datum|poslato|датум|послато",
        "za|за|коме",
        "naslov|tema|наслов|тема|предмет",
        "копија",
    ),
    "sv": ("från|avsändare", "datum|skickat|skickades|sänt", "till|mottagare", "ämne|rubrik", "kopia|kopia till"),
    "th": ("จาก|ผู้ส่ง", "วันที่|ส่งเมื่อ|ส่ง", "ถึง|ผู้รับ", "เรื่อง|หัวเรื่อง|หัวข้อ", "สำเนา|สำเนาถึง"),
    "tr": (
        "kimden|gönderen|gonderen",
        "tarih|gönderilen|gönderildi|gönderme tarihi|gönderilme tarihi",
        "kime|alıcı",
        "konu",
        "bilgi",
    ),
    "uk": ("від|від кого|відправник", "дата|надіслано|відправлено", "кому|одержувач|до", "тема", "копія"),
    "vi": (
        "từ|người gửi",
        "ngày|đã gửi|gửi|vào lúc|thời gian",
        "đến|tới|người nhận|gửi đến",
        "chủ đề|tiêu đề",
        "đồng gửi",
    ),
    "zh": (
        "发件人|寄件者|寄件人|發件人|发信人|发送人|寄信人",
        "日期|发送时间|发送日期|时间|寄件日期|傳送日期|傳送時間|發送時間|發送日期|寄件時間",
        "收件人|收件者|收信人",
        "主题|主旨|主題|标题|標題",
        "抄送|副本|抄送人|密件副本",
    ),
}  # fmt: skip
"""The labels of a header block; those of one kind are parted by "|"."""

KINDS = ("from", "date", "to", "subject", "cc")

_IN = {
    language: [(folded(word), kind) for kind, words in zip(KINDS, row, strict=True) for word in words.split("|")]
    for language, row in LABELS.items()
}

KIND = {word: kind for labels in _IN.values() for word, kind in labels}
"""Every label in lower case, and what it names."""

_LANGUAGES: dict[str, set[str]] = {}
for _language, _labels in _IN.items():
    for _word, _ in _labels:
        _LANGUAGES.setdefault(_word, set()).add(_language)
_OTHER_WORDS = frozenset({"no", "at", "per", "pro", "la", "hal", "ke", "nora", "gaia", "prima", "kam", "vec", "se"})
"""Labels of one language that may stand before a colon in a form or a talk in another."""


def of_one_language(words: Sequence[str]) -> bool:
    """Whether labels (not those of copies) can stand together: a word that means something else too needs its own."""
    if _OTHER_WORDS.isdisjoint(words):
        return True
    return bool(set.intersection(*(_LANGUAGES[word] for word in words)))
