"""Words of absence: Dutch."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

DUTCH = Tongue(
    language="nl",
    more_months=("jan febr maa apr mei juni juli aug sept oct nov dec",),
    more_days=("maan dins woens dond vrij zat zon", "ma di woe don vrij zat zon"),
    day_words="vrij zon don",
    day_ends="ochtend|morgen|voormiddag|middag|namiddag|avond",
    ordinal="e|de|ste",
    lone_day=("de|op|tot", "e|de|ste"),
    in_month="in|tot|t/m|begin|half",
    end_of="(?:het )?eind(?:e)?(?: van)?(?: de maand)?",
    relative=(
        ("(?:het )?einde? van (?:de )?(?:volgende|komende) week|eind (?:volgende|komende) week", Unit.WEEK_END, 1),
        ("(?:het )?einde? van (?:de|deze) week|eind (?:deze|van de) week|het weekend", Unit.WEEK_END, 0),
        ("(?:het )?einde? van (?:de )?(?:volgende|komende) maand|eind volgende maand", Unit.MONTH_END, 1),
        ("(?:het )?einde? van (?:de|deze) maand|eind (?:deze )?maand", Unit.MONTH_END, 0),
        ("(?:het )?einde? van (?:het|dit) jaar|eind (?:dit )?jaar", Unit.YEAR_END, 0),
        ("(?:de )?(?:hele |gehele )?(?:volgende|komende) (?:hele )?week", Unit.WEEK, 1),
        ("(?:de )?(?:hele |heel )?deze (?:hele )?week|de hele week|(?:de )?rest van de(?:ze)? week", Unit.WEEK, 0),
        ("(?:de )?(?:hele )?(?:volgende|komende) maand", Unit.MONTH, 1),
        ("(?:de )?(?:hele )?deze maand", Unit.MONTH, 0),
        ("overmorgen", Unit.DAY, 2),
        ("vandaag", Unit.DAY, 0),
        (r"(?<!goede\s)(?<!in\sde\s)morgen(?:ochtend|middag|avond)?", Unit.DAY, 1),
    ),
    clock="""
        's (?:ochtends|morgens|middags|avonds)|(?:in de |deze )?(?:ochtend|voormiddag|middag|namiddag|avond)
        in de morgen|middernacht
    """,
    absent=(
        (
            AWAY,
            """
            (?:ben|is) (?:\\w+ ){0,2}ziek|ziekteverlof|ziek(?:gemeld| gemeld| thuis)|wegens ziekte|in het ziekenhuis
            """,
        ),
        (
            LEAVE,
            """
            (?:met|op|in) (?:\\w+ ){0,2}(?:\\w*verlof|sabbatical)
            heb (?:\\w+ ){0,3}(?:verlof|vrij)|verlof (?:van|tot|t/m)|(?:ben|neem) (?:ik )?(?:\\w+ ){0,3}vrij(?! om)
            (?:mijn|tijdens) (?:\\w+ )?verlof|ouderschapsverlof|zwangerschapsverlof
            """,
        ),
        (
            HOLIDAY,
            """
            (?:op|met|in) (?:\\w+ ){0,2}(?:\\w*vakantie|congé)|vakantie (?:van|tot|t/m)|vakantie(?=\\s?[:(-])
            (?:tijdens|wegens|vanwege|geniet van) (?:mijn |een )?(?:\\w+ )?vakantie
            """,
        ),
        (
            OFFICE,
            """
            niet (?:\\w+ ){0,2}(?:op|aan) (?:het |mijn |ons )?(?:kantoor|werk|werkplek|bureau)
            (?:uit|buiten) (?:het |mijn )?kantoor|afwezig op (?:het )?kantoor|niet aan het werk
            """,
        ),
        (
            TRAVEL,
            """
            op (?:een |mijn )?(?:zaken|dienst|studie|buitenlandse )?reis|onderweg voor|in het buitenland
            """,
        ),
        (
            AWAY,
            """
            afwezig|(?:mijn|tijdens|bij) afwezigheid|(?:ben|is|zal|zijn) (?:\\w+ ){0,3}weg(?! van)
            (?:ben|is) (?:ik )?(?:\\w+ ){0,2}(?:tot |t/m |tot en met )?{date} (?:\\w+ )?(?:weg|vrij|er niet)
            afwezigheids(?:bericht|melding|assistent)
            niet (?:\\w+ ){0,2}aanwezig|(?:ben|is|zal) (?:ik )?er (?:\\w+ ){0,2}niet
            (?:op|bij|naar) (?:een |de )?(?:cursus|training|congres|beurs|conferentie|seminar|opleiding)
            (?:geen|beperkte?|nauwelijks|beperkt) (?:\\w+ )?toegang tot(?: mijn| de)? \
                (?:e-?mails?|mails?|mailbox|postvak|internet|inbox|berichten)
            (?:e-?mails?|berichten|mailbox) (?:\\w+ ){0,2}niet (?:lezen|gelezen|beantwoorden|beantwoord|bekijken)
            """,
        ),
    ),
    weak="""
        niet (?:\\w+ ){0,2}(?:bereikbaar|beschikbaar|te bereiken)
        (?:beperkt|minder goed|slecht|moeilijk|verminderd) (?:\\w+ )?(?:bereikbaar|beschikbaar)
    """,
    past="was|waren|geweest|terug van|terug uit|weer terug van",
    left="""
        (?:werk|werkt|werken) (?:\\w+ ){0,3}niet (?:meer|langer)
        niet (?:meer|langer) (?:werkzaam|in dienst|bij (?:ons|onze|de)|verbonden|actief bij|aan het werk bij)
        (?:heeft|heb) (?:\\w+ ){0,3}(?:bedrijf|organisatie|firma|kantoor|dienst|ons) verlaten
        uit dienst (?:getreden|gegaan)
    """,
    closed="""
        gesloten|sluiting|sluiten|feestdag(?:en)?|openingstijden|openingsuren|kantooruren|kantoortijden|collectie(?:f|ve)
    """,
    we="wij|we|ons|onze|gelieve|alstublieft|graag",
    me="ik|mijn|mij|me|ben",
    habit="""
        (?:elke|iedere|elk|ieder) (?:tweede )?(?:{days}|week|dag|weekend|ochtend|middag)|(?:{days})en
        wekelijks|dagelijks|(?:in het|elk) weekend|part-?time|deeltijds?
    """,
    related="""
        antwoord\\w*|beantwoord\\w*|bereik\\w*|contact\\w*|beschikbaar|toegang|afwezig\\w*|vervang\\w*|terug\\w*
        dringend\\w*|spoed\\w*|waarne\\w+|neemt waar|neem (?:\\w+ )?waar|periode|reager\\w*|reactie|lees|lezen
    """,
    fill="""
        en met|met|en|op|de|het|dag|datum|inclusief|incl\\.?|aanstaande|a\\.s\\.?|as|komende|volgende|ongeveer|circa
        ca\\.?|begin|half|deze|is|rond|weer|dan|naar verwachting|waarschijnlijk|uiterlijk|ergens
    """,
    until="tot en met|t/m|t\\.e\\.m\\.?|t\\.m\\.?|tem|tot aan|tot|tem\\.?|einde?|einddatum|laatste dag",
    after="na",
    since="van|vanaf|sinds|met ingang van|m\\.i\\.v\\.?|ingaande|startdatum|begin|begindatum",
    start="van|tussen|periode|vanaf|data|datum",
    to="tot en met|t/m|t\\.e\\.m\\.?|t\\.m\\.?|tem|tot|-",
    between="tussen",
    both="en",
    on="op|aanstaande|deze|komende|gedurende",
    back="""
        (?:ben|is|zal|zijn) (?:\\w+ ){0,3}(?:terug|weer)(?! (?:te|van|uit))|terugkomst|(?:mijn )?terugkeer
        terug (?:op|vanaf|in|aan|naar)|keer (?:\\w+ ){0,2}terug|hervat|weer terug
        weer (?:\\w+ ){0,3}(?:aanwezig|bereikbaar|beschikbaar|op kantoor|aan het werk|op het werk|actief|online)
        (?:ben|is) (?:ik )?(?:\\w+ ){0,2}(?:opnieuw|terug)|opnieuw (?:aanwezig|bereikbaar|beschikbaar|op kantoor)
    """,
    back_after="""
        (?:ben|is|zal) (?:\\w+ ){0,4}(?:weer|terug|opnieuw)|weer|opnieuw
        (?<!u\\s)(?<!je\\s)(?<!jou\\s)(?<!op\\s)(?<!contact\\s)terug
    """,
    back_on="op|vanaf|per|met ingang van|ben|ben ik|kom|pas|is|ik ben",
    answer="""
        beantwoord\\w*|antwoord\\w*|reager\\w*|lees|lezen|behandel\\w*|verwerk\\w*|(?:neem|opnemen|contact)
        kom (?:\\w+ ){0,4}terug
    """,
    not_before="niet(?: \\w+){0,5} (?:voor|eerder dan)|pas(?: weer| terug| opnieuw)?(?: op| vanaf| per)?",
    no="niet|geen|zonder|nooit|nauwelijks|alleen|beperkt|slecht|moeilijk",
    stop="tot|voor|neem|niet|gelieve|kunt|t/m|na",
    clause="en|maar|daarna|dan|echter|want",
)
