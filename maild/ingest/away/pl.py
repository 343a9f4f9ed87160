"""Words of absence: Polish."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

POLISH = Tongue(
    language="pl",
    more_months=(
        "styczniu lutym marcu kwietniu maju czerwcu lipcu sierpniu wrześniu październiku listopadzie grudniu",
        "stycz lut mar kwiec maj czerw lip sierp wrzes pazdz list grudz",
        "stycznia ii iii iv maja vi vii viii ix pazdziernika xi xii",
    ),
    more_days=(
        "poniedziałku wtorku środy czwartku piątku soboty niedzieli",
        "poniedziałek wtorek środę czwartek piątek sobotę niedzielę",
        "pon wt śr czw pt sob nd",
    ),
    ordinal="-?go|-?ego|-?tego|-?ty|\\.",
    lone_day=("dnia|do dnia|od dnia", "(?!\\w)(?!\\s?[.,:/]\\d)"),
    after_year=r"roku|rok|r\.?",
    in_month="w|we|do|początku",
    end_of="(?:do )?(?:końca|koniec)(?: miesiąca)?",
    relative=(
        ("(?:końca|koniec) (?:przyszłego|następnego|nadchodzącego) tygodnia", Unit.WEEK_END, 1),
        ("(?:końca|koniec) (?:tego |bieżącego )?tygodnia|końca weekendu", Unit.WEEK_END, 0),
        ("(?:końca|koniec) (?:przyszłego|następnego) miesiąca", Unit.MONTH_END, 1),
        ("(?:końca|koniec) (?:tego |bieżącego )?miesiąca", Unit.MONTH_END, 0),
        ("(?:końca|koniec) (?:tego |bieżącego )?roku", Unit.YEAR_END, 0),
        ("(?:cały |przez cały )?(?:przyszły|następny|przyszłego|następnego) ty(?:dzień|godnia)", Unit.WEEK, 1),
        ("(?:przyszłym|następnym|nadchodzącym) tygodniu", Unit.WEEK, 1),
        ("(?:tym|bieżącym) tygodniu|(?:przez )?(?:cały |ten )tydzień|reszt[ęy] tygodnia", Unit.WEEK, 0),
        ("(?:przyszłym|następnym) miesiącu|(?:przyszłego|następnego) miesiąca", Unit.MONTH, 1),
        ("(?:tym|bieżącym) miesiącu", Unit.MONTH, 0),
        ("pojutrza|pojutrze", Unit.DAY, 2),
        ("dzisiaj|dziś|dnia dzisiejszego|dniu dzisiejszym", Unit.DAY, 0),
        ("jutra|jutro|jutrzejszego dnia", Unit.DAY, 1),
    ),
    clock="rano|rana|przed południem|po południu|południa|południe|wieczorem|wieczora|północy",
    absent=(
        (
            AWAY,
            """
            na (?:zwolnieniu(?: lekarskim)?|l4|chorobowym)|zwolnieni\\w+ lekarski\\w+|z powodu choroby
            (?:jestem|jest) (?:\\w+ )?chor[ya]|choruj[ęe]|w szpitalu
            """,
        ),
        (
            LEAVE,
            """
            na urlopie (?:macierzyńskim|rodzicielskim|ojcowskim|tacierzyńskim|wychowawczym|bezpłatnym|okolicznościowym)
            urlop\\w* (?:macierzyńsk|rodzicielsk|ojcowsk|wychowawcz|bezpłatn|okolicznościow)\\w+
            (?:mam|biorę|będę mia[łl]a?) (?:\\w+ )?(?:dzień )?woln[eya]
            """,
        ),
        (
            HOLIDAY,
            """
            na (?:\\w+ )?urlopie|na wakacjach|na feriach|urlop(?=\\s?[:(-])|urlop (?:do|od|w)
            (?:moj\\w+|podczas|trakcie|czasie) (?:\\w+ )?urlopu|(?:mam|na) urlop
            """,
        ),
        (
            OFFICE,
            """
            poza (?:biurem|miejscem pracy|firmą|pracą)|nieobecn\\w+ w (?:biurze|pracy|firmie)
            nie (?:ma mnie|będzie mnie|jestem|będę|ma|będzie)(?: \\w+){0,2} (?:w (?:biurze|pracy|firmie)|przy biurku)
            """,
        ),
        (
            TRAVEL,
            """
            w (?:podróży(?: służbowej)?|delegacji)|na (?:wyjeździe|delegacji)(?: służbowym| służbowej)?|za granicą
            """,
        ),
        (
            AWAY,
            """
            (?:jestem|będę|jest|będzie|pozostaję) (?:\\w+ ){0,2}(?:nieobecn[yae]|niedostępn[ya]|nieosiągaln[ya])
            {begin}(?:obecnie )?nieobecn\\w+|nieobecn[yae] (?:od|do|w)|(?:moj\\w+|podczas|trakcie|czasie|czas) \
                (?:\\w+ )?nieobecnoś\\w+
            mnie nie (?:ma|będzie)|nie (?:ma|będzie) mnie|na (?:szkoleniu|konferencji|targach|kursie)
            nie (?:mam|będę mia[łl]a?) (?:\\w+ )?dostępu do (?:\\w+ )?(?:poczty|e-?maili|maili|internetu|skrzynki)
            (?:ograniczon\\w+|utrudnion\\w+|brak|bez) dostęp\\w* do (?:\\w+ )?(?:poczty|e-?maili|maili|skrzynki)
            nie (?:mogę|będę móg[łl]|będę mog[łl]a|odbieram) (?:odpowia\\w+|odpisywać|czytać|sprawdzać|poczty)
            """,
        ),
    ),
    weak="niedostępn[ya]|nieosiągaln[ya]",
    past="był[ay]?m?|byłem|byłam|wróci[łl]em z|wróciłam z|po powrocie z|powrocie z",
    left="""
        już nie pracuj(?:e|ę|ą)|nie pracuj(?:e|ę) już|nie (?:jest|jestem) już (?:\\w+ )?(?:pracownikiem|zatrudnion[ya])
        zakończył(?:a|em|am)? (?:\\w+ )?(?:pracę|współpracę)|odszed[łl](?:em)? z|odeszł(?:a|am) z (?:firmy|pracy|naszej)
        nie jest (?:już )?(?:naszym |naszą )?pracownikiem
    """,
    closed="""
        zamknięt\\w+|nieczynn\\w+|świąteczn\\w+|święt\\w+|dni wolne|godzin(?:y|ach) (?:pracy|otwarcia)
    """,
    we="my|nasz\\w*|nas|nam|prosimy|jesteśmy|będziemy|wracamy|wrócimy|odpowiemy|proszę",
    me="""
        ja|mnie|mi|mój|moj\\w+|jestem|będę|wracam|wrócę|przebywam|odpowiem|odpiszę|mam|powracam|powrócę|zapoznam|mogę
    """,
    habit="""
        (?:w |we )?każd(?:y|ą|e|ego|ej) (?:{days}|tydzień|tygodnia|dzień|weekend)|co (?:tydzień|{days})|codziennie
        w (?:poniedziałki|wtorki|środy|czwartki|piątki|soboty|niedziele|weekendy)|we (?:wtorki|środy|czwartki)
    """,
    related="""
        odpowi\\w+|odpis\\w+|kontakt\\w*|skontakt\\w+|dostęp\\w*|nieobecno\\w+|zastęp\\w+|powrót|powroc\\w+|powrotu|piln\\w+
        okres\\w*|osiągaln\\w+|wrac\\w+
    """,
    fill="""
        dnia|dniu|dniem|dniach|włącznie|roku|r\\.?|br\\.?|b\\.r\\.?|najbliższ\\w+|przyszł\\w+|około|ok\\.?|i|w|we|to|planowan\\w+
        początku
    """,
    until="do|aż do|do dnia|koniec|data zakończenia|zakończenie",
    after="po",
    since="od|od dnia|począwszy od|poczynając od|początek|data rozpoczęcia|z dniem",
    start="od|w dniach|dniach|okresie|w okresie od|terminie|w terminie od|między|pomiędzy|okres|termin|daty",
    to="do|-",
    between="między|pomiędzy",
    both="a|i|oraz",
    on="w|we|w dniu|w dniach|dnia|przez",
    back="""
        (?:wracam|wrócę|powracam|powrócę|wraca|wróci|powrót)(?: do (?:biura|pracy|firmy|kraju|domu))?|data powrotu
        ponownie|z powrotem
        będ(?:ę|zie) (?:\\w+ ){0,2}(?:z powrotem|ponownie|znów|znowu|dostępn[ya]|osiągaln[ya]|w biurze|w pracy|w firmie)
        jestem (?:ponownie|znów|znowu|z powrotem)
    """,
    back_after="""
        wracam|wrócę|powracam|powrócę|będę (?:\\w+ ){0,2}(?:dostępn[ya]|w biurze|w pracy|osiągaln[ya]|z powrotem)
        ponownie|znów|znowu|z powrotem
    """,
    back_on="od|w|we|w dniu|dnia|z dniem|dopiero|i|a|ale",
    answer="""
        odpowiem|odpowiadać|odpowiadam|odpiszę|odpowiedź|odpowiedzi|odpowiedzieć|przeczytam|odczytam|zajmę się|zapoznam
        skontaktuję|odezwę
    """,
    not_before="""
        nie (?:\\w+ ){0,5}(?:wcześniej|prędzej) niż|nie (?:\\w+ ){0,6}przed
        dopiero(?: \\w+){0,2}? (?:w|we|od|dnia|z dniem)
        dopiero
    """,
    no="nie|bez|ani|brak|tylko|ograniczon\\w+|utrudnion\\w+",
    stop="do|po|proszę|prosimy|nie|przed",
    clause="i|ale|a|oraz|następnie|potem|lecz",
)
