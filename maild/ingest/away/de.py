"""Words of absence: German."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

GERMAN = Tongue(
    language="de",
    more_months=(
        "jän feb mrz apr mai jun jul aug sept okt nov dez",
        "jänner feber maerz april mai juni juli august sep oktober november dezember",
        "jaenner feber märz april mai juni juli august sep oktober november dezember",
    ),
    day_ends="morgen|vormittag|mittag|nachmittag|abend|früh",
    ordinal=r"\.",
    lone_day=("zum|bis|am|ab|dem", r"\.(?= [a-z]|$|\n)"),
    of="des monats|im",
    in_month="im|bis",
    end_of="ende(?: des monats)?",
    relative=(
        ("ende (?:der )?(?:nächster|nächsten|kommender|kommenden) woche", Unit.WEEK_END, 1),
        (r"ende (?:der|dieser|d\.)? ?woche|(?:zum )?wochenende", Unit.WEEK_END, 0),
        ("ende (?:des )?(?:nächsten|kommenden) monats", Unit.MONTH_END, 1),
        ("ende (?:des|dieses)? ?monats|monatsende", Unit.MONTH_END, 0),
        ("ende (?:des|dieses)? ?jahres|jahresende", Unit.YEAR_END, 0),
        ("(?:die |der |in der )?(?:ganze )?(?:nächste|kommende)[rn]? woche", Unit.WEEK, 1),
        ("(?:die ganze |in )?diese[rn]? (?:ganze )?woche|(?:die )?ganze woche|den rest der woche", Unit.WEEK, 0),
        ("(?:nächsten|kommenden) monat", Unit.MONTH, 1),
        ("diese[nm]? monat", Unit.MONTH, 0),
        ("übermorgen", Unit.DAY, 2),
        ("heute", Unit.DAY, 0),
        (r"(?<!guten\s)(?<!schonen\s)morgen", Unit.DAY, 1),
    ),
    clock="morgens|vormittags?|mittags?|nachmittags?|abends?|früh|mitternacht",
    absent=(
        (
            AWAY,
            """
            krank|krankheitsbedingt|krankheitshalber|krankgeschrieben|krankgemeldet|krankheit|erkrankt|erkrankung
            im krankenhaus|in (?:der )?reha|auf kur
            """,
        ),
        (
            LEAVE,
            """
            (?:in|im|auf) (?:meiner |meinem |der |dem )?(?:elternzeit|mutterschutz|\\w+schaftsurlaub)
            (?:in|im|auf) (?:meiner |meinem |der |dem )?(?:elternurlaub|karenz|sabbatical|bildungsurlaub|sonderurlaub)
            freizeitausgleich|überstunden(?:abbau|frei)|habe (?:\\w+ ){0,2}frei
            """,
        ),
        (
            HOLIDAY,
            """
            (?:im|in|auf|meine[sm]?) (?:\\w+ ){0,2}(?:\\w*urlaub(?:es|s)?|ferien)|habe urlaub
            urlaub (?:bis|vom|ab|von)|urlaub(?=\\s?[:(-])|urlaubsbedingt|ferienabwesend|ferienhalber
            """,
        ),
        (
            OFFICE,
            """
            (?:nicht|kaum) (?:\\w+ ){0,2}(?:im (?:büro|hause?|dienst|office)|am (?:arbeits)?(?:platz|schreibtisch))
            (?:nicht|kaum) (?:\\w+ ){0,2}in der (?:firma|arbeit|kanzlei|praxis)
            außer haus(?:e)?|außerhalb des büros|nicht (?:mehr )?vor ort
            """,
        ),
        (TRAVEL, "auf (?:einer |meiner )?(?:dienst|geschäfts)?reisen?|dienstreise|geschäftsreise|unterwegs|verreist"),
        (
            AWAY,
            """
            (?:auf|bei|in) (?:einer |einem )?(?:fortbildung|schulung|seminar|tagung|messe)
            nicht (?:\\w+ ){0,2}(?:anwesend|da)|abwesend|abwesenheit(?:en)?
            abwesenheits(?:notiz|meldung|nachricht|assistent|benachrichtigung|info|mail)
            (?:keinen|kaum|keinerlei|kein|eingeschränkten|begrenzten|beschränkten) (?:\\w+ )?zugriff (?:auf|zu) \
                (?:\\w+ )?(?:e-?mails?|mails?|postfach|nachrichten)
            (?:meine )?e-?mails? (?:\\w+ ){0,2}nicht (?:gelesen|bearbeitet|abgerufen|lesen|abrufen)
            """,
        ),
    ),
    weak="""
        nicht (?:\\w+ ){0,2}(?:erreichbar|verfügbar|zu erreichen|besetzt)
        (?:eingeschränkt|bedingt|schlecht|schwer|begrenzt|sporadisch) (?:\\w+ ){0,2}erreichbar
    """,
    past="war|waren|gewesen|zurück (?:aus|von)",
    left="""
        arbeite[tn]? (?:\\w+ ){0,3}nicht (?:mehr|länger)|ausgeschieden|scheide\\w* (?:\\w+ ){0,4}aus
        nicht (?:mehr|länger) (?:bei|für|im unternehmen|in (?:unserem|unserer|diesem|der)|tätig|beschäftigt)
        nicht (?:mehr|länger) (?:angestellt|teil)|nicht (?:mehr|länger) mitarbeiter\\w*
        (?:unternehmen|firma|gesellschaft|uns) (?:\\w+ ){0,2}verlassen
    """,
    closed="""
        geschlossen|betriebsferien|betriebsurlaub|betriebsruhe|betriebsbedingt|schließ\\w+|feiertage?n?|hotline
        geschäftszeiten|bürozeiten|öffnungszeiten
    """,
    we="wir|unser\\w*|uns|bitte",
    me="ich|mein\\w*|mich|mir|bin|meld\\w+",
    habit="""
        jede[nr]? (?:zweiten )?(?:{days}|woche|tag|morgen|nachmittag)|(?:{days})s|immer (?:am )?(?:{days})
        an (?:{days})en|wöchentlich|täglich|werktags
    """,
    related="""
        antwort\\w*|beantwort\\w*|erreich\\w*|kontakt\\w*|verfüg\\w*|zugriff|abwesen\\w*|vertret\\w*|vertritt
        rückkehr|dring\\w*
        bearbeit\\w*|wend\\w+|zeitraum
    """,
    fill="""
        einschließlich|einschl\\.?|inklusive|inkl\\.?|incl\\.?|zum|zu|am|den|dem|der|die|kommenden|kommende|nächsten
        nächste|und mit|voraussichtlich|ca\\.?|etwa|mit|auf|diesen|ungefähr|datum|einem|auch
    """,
    until="bis|ende|einschließlich",
    after="nach",
    since="ab|seit|vom|von|beginnend|beginn",
    start="vom|von|zwischen|zeitraum|datum|ab|von dem",
    to="bis|-",
    between="zwischen",
    both="und",
    on="am|an|diesen|den",
    back="""
        wieder|zurück|zurückkehren?|zurückkomm\\w*|kehre|meine[rn]? rückkehr|rückkehr|wiederkommen
        erst (?:wieder )?(?:am|ab)
    """,
    back_after="wieder|zurück|zurückkehren|zurückkommen|rückkehr",
    back_on="am|ab|seit|zum|vom",
    answer="""
        beantwort\\w*|antwort\\w*|bearbeit\\w*|melde\\w*|lese\\w*|kümmer\\w*|abruf\\w*|zur verfügung|im büro|für sie da
        erreichbar
    """,
    not_before="nicht(?: \\w+){0,3} vor|(?:frühestens|erst)(?: wieder)?(?: ab| am| zum)?",
    no="nicht|kein\\w*|ohne|nie|nur|kaum|eingeschränkt|bedingt|schlecht|begrenzt",
    stop="bis|vor|wenden|nicht|bitte|kontaktieren",
    clause="und|aber|danach|dann|jedoch|sowie",
)
