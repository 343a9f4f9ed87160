"""Words of absence: French."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

FRENCH = Tongue(
    language="fr",
    more_months=("jan fév mars avr mai juin juil août sep oct nov déc",),
    ordinal="er|ère|e|ème",
    lone_day=("jusqu'au|le|au", "(?:er|ème|e)?(?= (?:inclus|au soir|au matin)|[.!])"),
    of="de",
    in_month="en|jusqu'en|début",
    end_of="(?:la )?fin (?:du mois )?(?:de |d')?",
    relative=(
        ("(?:la )?fin de (?:la )?semaine prochaine", Unit.WEEK_END, 1),
        ("(?:la )?fin de (?:la |cette )?semaine", Unit.WEEK_END, 0),
        ("(?:la )?fin du mois prochain", Unit.MONTH_END, 1),
        ("(?:la )?fin (?:du|de ce) mois", Unit.MONTH_END, 0),
        ("(?:la )?fin de l'année|(?:la )?fin d'année", Unit.YEAR_END, 0),
        ("toute la semaine prochaine|(?:la )?semaine prochaine", Unit.WEEK, 1),
        ("(?:toute )?cette semaine|toute la semaine", Unit.WEEK, 0),
        ("(?:le )?mois prochain", Unit.MONTH, 1),
        ("ce mois(?:-ci)?", Unit.MONTH, 0),
        ("après-demain", Unit.DAY, 2),
        ("aujourd'hui|ce jour", Unit.DAY, 0),
        ("demain", Unit.DAY, 1),
    ),
    clock="(?:au |dans la |dans l')?(?:matin|matinée|soir|soirée|midi|après-midi|minuit)",
    absent=(
        (
            AWAY,
            """
            (?:en )?(?:arrêt|congés?) (?:de |pour )?(?:maladie|travail)
            (?:suis|est) (?:\\w+ )?(?:malade|souffrante?|hospitalisée?)
            """,
        ),
        (
            LEAVE,
            """
            (?:en )?congés? (?:de |pour )?(?:maternité|paternité|parental|sabbatique|naissance|sans solde|formation)
            en (?:récupération|rtt|récup)|je (?:prends|suis en) (?:quelques jours de )?(?:repos|rtt)
            """,
        ),
        (HOLIDAY, "en congés?(?: annuels?| payés)?|en vacances|(?:mes|de) congés|mes vacances"),
        (
            OFFICE,
            """
            absente?(?:\\(e\\))? (?:du|de mon|de nos|des) bureaux?|(?:hors|en dehors) (?:du|de mon|de nos) bureaux?
            absence du bureau|(?:pas|plus) (?:\\w+ )?(?:au|à mon|dans (?:mon|les|nos)) bureaux?
            (?:pas|plus) (?:\\w+ )?à mon poste
            """,
        ),
        (TRAVEL, "en (?:déplacements?|voyage|mission)(?: d'affaires| professionnels?)?"),
        (
            AWAY,
            """
            (?:suis|serai|est|sera|être|sommes|serons|m'être) (?:\\w+ ){0,2}absent(?:e?s?|\\(e\\)|[.·-]e)
            {begin}(?:actuellement )?absent(?:e?|\\(e\\)|[.·-]e)|je m'absente|je (?:ne )?(?:suis|serai) pas là
            absent(?:e?|\\(e\\)|[.·-]e) (?:du|jusqu\\w*|pour|le|de|aujourd'hui)
            (?:mon|message d'|notification d') ?absence|(?:suis|serai|actuellement) en (?:formation|séminaire|réunion)
            (?:pas|ni|peu|difficilement) (?:\\w+ )?(?:joignable|disponible|présente?)
            (?:pas|ni|peu|difficilement) (?:\\w+ )?consulter mes (?:e-?mails|courriels|messages|mails)
            d?'?accès (?:très |plutôt )?(?:limité|restreint|réduit|intermittent)
            (?:pas|aucun|sans) (?:d')?accès (?:à|aux) (?:ma messagerie|mes (?:e-?mails|courriels|messages)|ma boîte)
            je (?:suis|serai) (?:\\w+ )?(?:indisponible|injoignable)
            """,
        ),
    ),
    weak="(?:actuellement |momentanément )?(?:indisponible|injoignable)",
    past="étais|était|étions|ai été|a été|de retour (?:de|après|d')|retour de|n'est plus|ne suis plus",
    left="""
        (?:ne |n')(?:travaill\\w+|exerc\\w+) plus
        n'est plus (?:employée?|salariée?|en poste|en fonction|dans|parmi|chez|collaborat\\w+|membre)
        n'est plus joignable à cette adresse|ne (?:fait|fais) plus partie
        ne suis plus (?:employée?|salariée?|en poste|chez|dans|collaborat\\w+)
        (?:a|ai) (?:définitivement )?quitté (?!le bureau)(?:l'|la |notre |ses |mes |le |son |mon )?\\w+
    """,
    closed="""
        fermée?s?|fermeture|ferment?|fermerons|jours? fériés?
        (?:société|entreprise|agence|cabinet|magasin|atelier|bureaux|services)(?: \\w+){0,4} en (?:congés?|vacances)
    """,
    we="nous|notre|nos|on|veuillez|merci de",
    me="je|j'\\w*|mon|ma|mes|moi|m'\\w+",
    habit="""
        (?:tous|toutes) les (?:{days}|semaines|jours|matins|après-midis?)s?|chaque (?:{days}|semaine)|les (?:{days})s
        le (?:{days}) de chaque semaine
    """,
    related="""
        répon\\w*|joign\\w+|joindre|contact\\w*|disponible|indisponible|accès|absence|remplac\\w+|retour|urgen\\w+
        absente?|suppléan\\w+|assur\\w+|période
    """,
    fill="au|à|le|la|du|inclus|compris|y compris|date|prochain|prochaine|ce|soit|environ|et|en principe",
    until="jusqu'au|jusqu'à|jusqu'|jusque|jusqu au|jusqu à|fin(?: d'absence)?",
    after="après|passé",
    since="à partir|à compter|depuis|dès|à dater|début|du",
    start="entre|du|de|période|dates?|des",
    to="au|à|jusqu'au|jusqu'à|jusqu au|-",
    between="entre",
    both="et",
    on="le|ce|pour|la journée du|en",
    back="""
        (?:de|mon|date de|prévu de|prévue de) retour|retour(?: prévu| au bureau| le)?|je reviens|reviendrai(?! vers)
        reprends|reprendrai|reprise|rentre|rentrerai|(?:joignable|disponible|présente?|là) (?:à|de) nouveau
        (?:de|à) nouveau (?:joignable|disponible|présente?|au bureau|là|opérationnel\\w*)
        (?:serai|suis) (?:joignable|disponible|présente?|au bureau|là) (?:à partir|à compter|dès)
    """,
    back_after="""
        de retour|(?:à|de) nouveau|je reviens|je reviendrai|reprendrai|serai (?:joignable|disponible|présente?|là)
    """,
    back_on="le|dès|à partir|à compter|dès le|que le|qu'à partir",
    answer="""
        répon\\w+|traite\\w*|prendr\\w+ connaissance|lirai|consulte\\w*|recontacte\\w*|reviendrai vers vous
        reviens vers vous|prise? en compte|étudie\\w*
    """,
    not_before="(?:pas|plus|rien|ni)(?: \\w+){0,5} avant",
    no="pas|sans|impossible|aucun\\w*|plus|ni|jamais",
    stop="jusqu'au|jusqu'à|avant|contacter|contactez|au plus tard|pas",
    clause="et|mais|puis|donc|ou",
)
