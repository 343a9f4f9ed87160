"""Words of absence: Spanish."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

SPANISH = Tongue(
    language="es",
    more_months=(
        "ene feb mar abr may jun jul ago set oct nov dic",
        "ene feb mar abr may jun jul ago setiembre oct nov dic",
    ),
    ordinal="º|o|ro|er",
    lone_day=("día", "(?!\\w)"),
    of="de|del|del año",
    in_month="en|hasta",
    end_of="(?:el )?(?:fin|final|finales) (?:de|del mes de)",
    relative=(
        (
            "(?:el )?(?:fin|final|finales) de (?:la )?(?:próxima semana|semana próxima|semana que viene)",
            Unit.WEEK_END,
            1,
        ),
        ("(?:el )?(?:fin|final|finales) de (?:la |esta )?semana", Unit.WEEK_END, 0),
        ("(?:el )?(?:fin|final|finales) del? (?:próximo mes|mes próximo|mes que viene)", Unit.MONTH_END, 1),
        ("(?:el )?(?:fin|final|finales) (?:de|del|de este) ?mes", Unit.MONTH_END, 0),
        ("(?:el )?(?:fin|final|finales) (?:de|del|de este) ?año", Unit.YEAR_END, 0),
        ("(?:toda )?(?:la )?(?:próxima semana|semana próxima|semana que viene)", Unit.WEEK, 1),
        ("(?:toda )?(?:esta|la presente) semana|toda la semana|(?:el )?resto de la semana", Unit.WEEK, 0),
        ("(?:el )?(?:próximo mes|mes próximo|mes que viene)", Unit.MONTH, 1),
        ("este mes", Unit.MONTH, 0),
        ("pasado mañana", Unit.DAY, 2),
        ("hoy", Unit.DAY, 0),
        (r"(?<!la\s)(?<!esta\s)(?<!por\s)mañana", Unit.DAY, 1),
    ),
    clock="(?:por|en|de) la (?:mañana|tarde|noche)|al? (?:mediodía|medianoche)|a primera hora|a última hora",
    absent=(
        (
            LEAVE,
            """
            (?:de )?(?:baja|permiso|licencia) (?:de |por )?(?:[mp]aternidad|[mp]aternal|parental|nacimiento)
            """,
        ),
        (
            AWAY,
            """
            (?:de |mi )baja(?: médica| laboral| por enfermedad)?|(?:por|de) enfermedad|licencia médica|incapacidad
            (?:estoy|está|me encuentro|se encuentra) (?:\\w+ )?(?:enferm[oa]|hospitalizad[oa]|indispuest[oa])
            """,
        ),
        (
            LEAVE,
            """
            de (?:permiso|licencia|excedencia)|días? (?:libres?|de asuntos propios|de descanso)|año sabático
            """,
        ),
        (
            HOLIDAY,
            """
            (?:de|en) (?:mis )?vacaciones|(?:mis|disfrutando de) vacaciones|período (?:vacacional|de vacaciones)
            """,
        ),
        (
            OFFICE,
            """
            (?:fuera|ausente) (?:de (?:la |mi |nuestra )?|del )(?:oficina|despacho|trabajo|puesto)
            no (?:estoy|estaré|me encuentro|me encontraré|está|estará)(?: \\w+)? en (?:la |mi )?oficina
            """,
        ),
        (
            TRAVEL,
            "de viaje(?: de (?:trabajo|negocios))?|en (?:un )?viaje de (?:trabajo|negocios)|(?:estoy|estaré) viajando",
        ),
        (
            AWAY,
            """
            (?:estoy|estaré|está|estará|encuentr[oa]|encontraré|actualmente) (?:\\w+ ){0,2}(?:ausente|fuera|out|ooo)
            {begin}ausente|ausente (?:del|desde|hasta|por)|fuera (?:hasta|desde|del|por vacaciones)|me ausent(?:o|aré)
            (?:mi|mensaje de|aviso de) ausencia|en (?:un |una )?(?:curso|formación|congreso|conferencia)
            no (?:estoy|estaré|voy a estar|me encuentro|me encontraré)(?: \\w+)? (?:disponible|localizable|aquí)
            acceso (?:muy )?(?:limitado|restringido|reducido) (?:al?|a mi)
            (?:no|sin)(?: \\w+)? acceso (?:al?|a mi) (?:mi )?(?:correos?|e-?mails?|internet|buzón)
            no (?:podré|puedo) (?:atender|leer|revisar|consultar|responder)
            """,
        ),
    ),
    weak="no disponible",
    past="estaba|estuve|estuvo|había estado|he estado|(?:de )?vuelta|(?:de )?regreso|volver|volví",
    left="""
        ya no (?:trabaj\\w+|formo? parte|forma parte|pertene\\w+|labor\\w+|presta|soy|es emplead[oa])
        ya no está (?:en|con) (?:la|nuestra|esta) (?:empresa|compañía|organización)|no trabaj\\w+ más|ha causado baja
        (?:ha|he) (?:dejado|abandonado) (?:la |nuestra |de )?(?:empresa|compañía|trabajar|organización)
        dej[óé] (?:la |nuestra )?(?:empresa|compañía)
    """,
    closed="cerrad[oa]s?|cierre|cerrar\\w*|cerramos|festivos?|feriados?|horario de oficina",
    we="nosotros|nuestr[oa]s?|nos|estamos|estaremos|volveremos|por favor",
    me="yo|mi|mis|me|estoy|estaré|soy|he|conmigo|volveré|vuelvo|regreso|regresaré|retomaré|tendré",
    habit="""
        (?:todos|todas) (?:los|las) (?:{days}|semanas|días|tardes|mañanas)s?|cada (?:{days}|semana)|los (?:{days})s?
    """,
    related="""
        respond\\w+|respuesta|contest\\w+|contact\\w+|disponible|acceso|ausen\\w+|regres\\w+|vuelta|sustitu\\w+|urgen\\w+
        localiz\\w+|atend\\w+|reemplaz\\w+|cubr\\w+|período
    """,
    fill="""
        el|la|los|las|del|de|día|días|al|inclusive|incluido|incluida|ambos|próximo|próxima|pasado|este|y|en
        aproximadamente|que viene
    """,
    until="hasta|fin(?: de ausencia)?|fecha de fin",
    after="después|tras|pasado",
    since="desde|a partir|a contar|del|comenzando|inicio",
    start="entre|del|de|desde|período|fechas?",
    to="al|a|hasta|-",
    between="entre",
    both="y",
    on="el|este|por|durante|los días",
    back="""
        volveré|vuelvo|volver|regreso|regresaré|regresando|regresar|(?:de|mi|a la) vuelta|(?:de|mi|fecha de) regreso
        retorno|retornaré|retomaré|(?:me )?(?:re)?incorpor(?:o|aré|ándome)|(?:mi )?(?:re)?incorporación
        (?:estaré|estoy|disponible|localizable|operativ[oa]) (?:de nuevo|nuevamente|otra vez)
        (?:de nuevo|nuevamente|otra vez) (?:disponible|localizable|en la oficina|operativ[oa])
        (?:estaré|estoy) (?:disponible|de nuevo|en la oficina)
    """,
    back_after="""
        volveré|vuelvo|regreso|regresaré|estaré (?:de|disponible|en|nuevamente)|(?:de nuevo|nuevamente|otra vez)
        me (?:re)?incorpor\\w+|retomaré
    """,
    back_on="el|desde|a partir|del|día",
    answer="""
        respond\\w+|contest\\w+|atend\\w+|leer\\w*|revis\\w+|consult\\w+|respuesta|contactar\\w*|gestion\\w+
    """,
    not_before="""
        no(?: \\w+){0,5} antes
        no (?:\\w+ )?(?:volver\\w*|vuelvo|regres\\w+|retorn\\w+|(?:re)?incorpor\\w+|estaré de vuelta) \
            (?:\\w+ ){0,4}(?:hasta|antes)
        no (?:\\w+ )?(?:responder\\w*|podré|contestar\\w*) (?:\\w+ ){0,4}(?:hasta|antes)
    """,
    no="no|sin|nunca|imposible|ni|tampoco",
    stop="hasta|antes|contactar con|contacte|no|por favor",
    clause="y|pero|luego|después|así",
)
