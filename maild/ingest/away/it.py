"""Words of absence: Italian."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

ITALIAN = Tongue(
    language="it",
    more_months=("genn febbr marzo apr magg giu lug ag sett ott nov dic",),
    more_days=("lun mart merc giov ven sab dom",),
    day_words="mar mer gio dom sab ven",
    ordinal="°|o|mo",
    lone_day=("giorno|fino al|sino al", "(?= (?:compreso|incluso|del mese|e)|[.,;)]|$|\\n)"),
    of="di|del|dell'anno",
    in_month="in|a|ad|nel mese di|fino ad|inizio",
    end_of="(?:la )?fine(?: del mese)?(?: di)?",
    relative=(
        ("(?:la )?fine della (?:prossima settimana|settimana prossima)", Unit.WEEK_END, 1),
        ("(?:la )?fine (?:della|di questa|di) settimana|(?:il )?fine settimana|(?:il )?weekend", Unit.WEEK_END, 0),
        ("(?:la )?fine del (?:prossimo mese|mese prossimo)", Unit.MONTH_END, 1),
        ("(?:la )?fine (?:del|di questo) mese|fine mese", Unit.MONTH_END, 0),
        ("(?:la )?fine (?:dell'|di quest')anno|fine anno", Unit.YEAR_END, 0),
        ("(?:per )?(?:tutta )?(?:la )?(?:prossima settimana|settimana prossima|settimana entrante)", Unit.WEEK, 1),
        ("(?:per )?(?:tutta )?(?:questa|la presente|l'intera) settimana|tutta la settimana", Unit.WEEK, 0),
        ("(?:per )?il resto della settimana", Unit.WEEK, 0),
        ("(?:il )?(?:prossimo mese|mese prossimo)", Unit.MONTH, 1),
        ("(?:tutto )?questo mese", Unit.MONTH, 0),
        ("dopodomani", Unit.DAY, 2),
        ("oggi|in data odierna", Unit.DAY, 0),
        ("domani", Unit.DAY, 1),
    ),
    clock="(?:di |del |in |nel |nella |al )?(?:mattin[ao]|mattinata|pomeriggio|sera|serata)|mezzogiorno|mezzanotte",
    absent=(
        (
            AWAY,
            """
            (?:in|per) (?:congedo per )?malattia|(?:sono|è) (?:\\w+ )?(?:malat[oa]|ammalat[oa]|ricoverat[oa])
            in infortunio|per motivi di salute
            """,
        ),
        (
            LEAVE,
            """
            (?:in|per) (?:congedo|maternità|paternità|aspettativa|permesso)(?: (?:di |per )?(?:\\w+ità|parentale))?
            congedo (?:di |per )?(?:maternità|paternità|parentale)|anno sabbatico|(?:giorno|giorni) di permesso
            """,
        ),
        (
            HOLIDAY,
            """
            (?:in|per|le mie|delle|nelle) (?:\\w+ )?(?:ferie|vacanz[ae])|(?:ferie|vacanze) (?:dal|fino|estive)
            (?:ferie|vacanze)(?=\\s?[:(-])
            """,
        ),
        (
            OFFICE,
            """
            fuori (?:ufficio|sede|dall'ufficio|dal lavoro)|assent[ei] dall'ufficio|lontan[oa] dall'ufficio
            non (?:sono|sarò|è|sarà) (?:\\w+ ){0,2}(?:in (?:ufficio|sede|azienda)|al lavoro)
            """,
        ),
        (
            TRAVEL,
            "in (?:viaggio|trasferta|missione)(?: di lavoro| d'affari| per lavoro)?|all'estero|sto viaggiando",
        ),
        (
            AWAY,
            """
            (?:sono|sarò|è|sarà|risulto) (?:\\w+ ){0,2}(?:assente|via|fuori)(?! (?:ufficio|sede|dall'))|{begin}assente
            assente (?:dal|dall'|fino|sino|per|il|da|oggi|nei)|mi assento|(?:la )?mia assenza
            (?:messaggio|avviso|notifica) di assenza
            (?:a|in|per|ad) un (?:corso|convegno|congresso|seminario)|in formazione|a una (?:fiera|conferenza)
            non (?:sono|sarò)(?: \\w+){0,2} (?:disponibile|raggiungibile|reperibile|presente)
            (?:non (?:ho|avrò)|senza)(?: \\w+)? accesso (?:regolare )?\
                (?:(?:alla|alle|al|a)(?: mia| mie)?\\s+|all'\\s?)(?:posta|e-?mails?|mails?|internet|casella)
            accesso (?:\\w+ )?(?:limitato|ridotto|saltuario|discontinuo)
            non (?:posso|potrò|riuscirò a) (?:leggere|rispondere|consultare|controllare)
            impossibilitat[oa] a (?:leggere|rispondere|consultare)
            """,
        ),
    ),
    weak="non (?:disponibile|raggiungibile|reperibile)|indisponibile|irreperibile",
    past="ero|era|eravamo|stat[oa]|rientrat[oa]|tornat[oa]|appena",
    left="""
        non (?:lavora|lavoro|collabora|collaboro|opera|opero) più|non (?:fa|faccio) più parte
        non (?:è|sono) più (?:un |una )?(?:dipendente|in servizio|impiegat[oa]|in azienda|collaborat\\w+|in forza)
        (?:ha|ho) lasciato (?:l'azienda|la (?:nostra )?(?:società|ditta|azienda|compagnia)|il (?:nostro )?gruppo)
        (?:ha|ho) cessato (?:il rapporto|la (?:propria |sua |mia )?(?:collaborazione|attività)|l'attività)
    """,
    closed="""
        chius[oaie]|chiusura|chiude(?:rà|remo|ranno)?|riapr\\w+|festiv\\w+|orari(?:o)? (?:di|d')\\s?(?:ufficio|apertura)
        orari di lavoro
    """,
    we="noi|nostr[oaie]|siamo|saremo|si prega|pregh\\w+|torneremo|risponderemo|riprenderemo|rientreremo",
    me="""
        io|mio|mia|miei|mie|mi|me|sono|sarò|ho|avrò|torno|tornerò|rientro|rientrerò|ritorno|ritornerò|risponderò|potrò
    """,
    habit="""
        (?:ogni|tutti i|tutte le|tutti gli) (?:{days}|settiman[ae]|giorn[oi]|mattine|pomeriggi)|settimanalmente
        (?:il|di) (?:{days})(?!,? (?:\\d|prossim|successiv|scors))|giornalmente|quotidianamente
    """,
    related="""
        rispo\\w+|riscontr\\w+|contatt\\w+|disponibil\\w+|raggiungibil\\w+|accesso|assen\\w+|rientr\\w+|ritorn\\w+
        sostitu\\w+|urgen\\w+|period\\w+|reperibil\\w+|torn\\w+
    """,
    fill="""
        il|lo|la|l'|i|di|del|al|dal|e|giorno|giorni|data|compreso|compresa|compresi|incluso|inclusa|inclusi|prossimo
        estremi|prossima|p\\.?v\\.?|c\\.?m\\.?|corrente|circa|previsto|prevista|per|inizio|in
    """,
    until="fino (?:al?|all'|alla|ad)|fino|sino (?:al?|all'|alla)|a tutto|fine(?: assenza)?|termine",
    after="dopo|passato",
    since="dal|dall'|a partire dal|a partire dall'|a partire da|a decorrere dal|a far data dal|con decorrenza|da",
    start="dal|dall'|nel periodo|periodo|nei giorni|dal giorno|date|da",
    to="al|all'|fino al|fino all'|sino al|sino all'|a|-",
    between="tra|fra",
    both="e|ed",
    on="il|l'|per|nella giornata di|nei giorni|durante|questo|questa|in data",
    back="""
        torno|tornerò|rientro|rientrerò|rientra|rientrerà|tornerà|ritorno|ritornerò|riprenderò|riprendo|di ritorno
        (?:sarò|sono|sarà) (?:di nuovo|nuovamente|disponibile|raggiungibile|reperibile|in ufficio|operativ[oa])
        (?:di nuovo|nuovamente) (?:disponibile|raggiungibile|reperibile|in ufficio|operativ[oa]|al lavoro)
        (?:data di )?rientro|(?:mio )?ritorno
    """,
    back_after="""
        torn(?:o|erò)|rientr(?:o|erò)|ritornerò|sarò (?:di nuovo|nuovamente|disponibile|raggiungibile|in ufficio)
        di nuovo|nuovamente|riprender\\w+|operativ[oa]
    """,
    back_on="il|l'|dal|dall'|a partire dal|a partire dall'|solo dal|da|e|ma|in data",
    answer="""
        rispond\\w+|risposta|legger\\w+|contatter\\w+|ricontatter\\w+|visione|esaminer\\w+|gestir\\w+|riscontr\\w+|evader\\w+
    """,
    not_before="""
        non(?: \\w+){0,6} prima (?:del|dell'|di)|(?:solo|soltanto) (?:a partire )?(?:dal|dall'|il)
        non (?:torner\\w+|rientr\\w+|riprender\\w+|risponder\\w+|potrò(?: \\w+)?|sarò di (?:ritorno|nuovo)) \
            (?:\\w+ ){0,4}(?:fino|sino) (?:al|all'|a)
    """,
    no="non|senza|nessun\\w*|impossibil\\w+|né|mai",
    stop="fino|sino|prima|contattare|contatti|non|si prega|entro|rivolgersi",
    clause="e|ma|poi|quindi|dopodiché",
)
