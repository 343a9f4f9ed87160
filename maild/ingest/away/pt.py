"""Words of absence: Portuguese, of Portugal and of Brazil."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

PORTUGUESE = Tongue(
    language="pt",
    more_months=("jan fev mar abr mai jun jul ago set out nov dez",),
    more_days=(
        "segunda terça quarta quinta sexta sábado domingo",
        "2ª-feira 3ª-feira 4ª-feira 5ª-feira 6ª-feira sáb dom",
    ),
    day_words="seg ter qua qui sex dom",
    day_ends="[ -]feira",
    ordinal="º|°|o|ª|a",
    lone_day=("dia|ao|até", "(?!\\w)(?!\\s?(?:%|horas|h |de |[.,:/]\\d))"),
    of="de|do|do ano de",
    in_month="em|até|no mês de|início de",
    end_of="(?:o |ao )?(?:fim|final|finais) (?:de|do mês de)",
    relative=(
        ("(?:o |ao )?(?:fim|final) da (?:próxima semana|semana que vem|semana próxima)", Unit.WEEK_END, 1),
        ("(?:o |ao )?(?:fim|final) (?:da|desta|dessa) semana|(?:o )?fim[ -]de[ -]semana", Unit.WEEK_END, 0),
        ("(?:o |ao )?(?:fim|final) do (?:próximo mês|mês que vem)", Unit.MONTH_END, 1),
        ("(?:o |ao )?(?:fim|final) (?:do|deste|desse) mês", Unit.MONTH_END, 0),
        ("(?:o |ao )?(?:fim|final) (?:do|deste|desse) ano", Unit.YEAR_END, 0),
        ("(?:toda )?(?:a )?(?:próxima semana|semana que vem)", Unit.WEEK, 1),
        ("(?:toda )?(?:n?esta|n?essa) semana|toda a semana|a semana toda|o resto da semana", Unit.WEEK, 0),
        ("(?:o )?(?:próximo mês|mês que vem)", Unit.MONTH, 1),
        ("(?:todo )?(?:n?este|n?esse) mês", Unit.MONTH, 0),
        ("depois de amanhã", Unit.DAY, 2),
        ("(?:no dia de )?hoje", Unit.DAY, 0),
        ("amanhã", Unit.DAY, 1),
    ),
    clock="(?:de|da|pela|à|na|durante a) (?:manhã|tarde|noite)|(?:ao )?meio-dia|(?:à )?meia-noite|fim do dia",
    absent=(
        (
            AWAY,
            """
            (?:de|em|por|com) (?:baixa|atestado|licença) (?:médic[ao]|(?:por|de) doença)|de baixa|por doença
            licença médica|(?:estou|está) (?:\\w+ )?(?:doente|hospitalizad[oa]|internad[oa])
            afastad[oa] por (?:doença|motivos? de saúde|licença médica)|licença[- ]saúde
            """,
        ),
        (
            LEAVE,
            """
            (?:de|em|por) licença|licença[- ](?:de )?(?:maternidade|paternidade|parental)|(?:de|em) folga
            dias? de folga|ano sabático
            """,
        ),
        (
            HOLIDAY,
            """
            (?:de|em|minhas|nas|das|gozo de|gozando) (?:\\w+ )?férias|férias (?:de|até|do)|férias(?=\\s?[:(-])
            """,
        ),
        (
            OFFICE,
            """
            (?:fora|ausente) (?:do|da|de|d[oa] (?:meu|minha|nosso)) (?:escritório|trabalho|empresa|gabinete|serviço)
            não (?:estou|estarei|me encontro|vou estar|está|estará)(?: \\w+){0,2} \
                n[oa] (?:escritório|trabalho|empresa|gabinete)
            """,
        ),
        (
            TRAVEL,
            """
            em (?:viagem|deslocação|missão)(?: de (?:trabalho|negócios|serviço)| a trabalho)?|a viajar|viajando
            no estrangeiro|no exterior
            """,
        ),
        (
            AWAY,
            """
            (?:estou|estarei|está|estará|encontro|encontra|encontrarei|vou estar|fico|ficarei)(?: \\w+){0,2} \
                (?:ausente|fora)(?! d[aeo] )
            {begin}ausente|ausente (?:de|do|desde|até|no|por|entre|a partir|hoje)|fora (?:até|de)
            (?:minha|mensagem de|aviso de|notificação de) ausência|ausentar-me-ei|vou ausentar-me
            (?:em|num|no|numa) (?:formação|curso|congresso|treinamento|conferência|seminário)
            acesso (?:muito )?(?:limitado|restrito|reduzido|condicionado) (?:ao?|à)
            (?:não|sem)(?: \\w+){0,2} acesso (?:ao?|à)(?: \\w+)? ?(?:e-?mails?|correio|internet|caixa|mensagens)
            não (?:estou|estarei|me encontro)(?: \\w+)? (?:disponível|contactável|contatável|acessível)
            não (?:poderei|posso|consigo|conseguirei) (?:responder|ler|aceder|acessar|atender|consultar)
            """,
        ),
    ),
    weak="indisponível|não disponível|incontactável",
    past="estava|estive|esteve|estávamos|voltei|regressei|voltou|regressou",
    left="""
        já não (?:trabalh\\w+|faz parte|faço parte|colabor\\w+|pertence|integr\\w+|se encontra n\\w+ empresa)
        não (?:trabalh[ao]|faz parte|faço parte|integr[ao]|pertence|colabor[ao]) mais
        não (?:é|sou) mais (?:um |uma )?(?:funcionári[oa]|colaborador[a]?)
        não (?:trabalh[ao]|está) mais (?:n[oa]|conosco)
        (?:deixou|deixei) (?:de (?:trabalhar|colaborar|fazer parte|pertencer)|a (?:nossa )?(?:empresa|companhia|equipa))
        (?:se desligou|desligou-se|foi desligad[oa]) da|saiu da (?:nossa )?(?:empresa|companhia)
    """,
    closed="""
        fechad[oa]s?|encerrad[oa]s?|encerramento|encerra\\w*|feriados?|recesso|reabr\\w+
        horário de (?:funcionamento|expediente|atendimento|trabalho)
    """,
    we="nós|noss[oa]s?|nos|estamos|estaremos|voltaremos|por favor|queira|responderemos|retornaremos",
    me="""
        eu|meu|minha|meus|minhas|me|mim|comigo|estou|estarei|volto|voltarei|regresso|regressarei|retorno|retornarei
        responderei|terei|encontro|encontro-me|poderei
    """,
    habit="""
        (?:todas? as|tod[ao]s os|cada|toda) (?:{days}|semanas?|dias|manhãs|tardes|segundas|terças|quartas|quintas)
        (?:todas? as|todos os) (?:sextas|sábados|domingos)
        (?:às|nas) (?:segundas|terças|quartas|quintas|sextas)(?:-feiras)?|aos (?:sábados|domingos)|semanalmente
        (?:segundas|terças|quartas|quintas|sextas)-feiras|diariamente
    """,
    related="""
        respo\\w+|contact\\w+|contat\\w+|disponível|acesso|ausên\\w+|ausen\\w+|regress\\w+|retorn\\w+|volt\\w+
        substitu\\w+|urg\\w+|período|atend\\w+
    """,
    fill="""
        o|a|os|as|de|do|da|dia|dias|no|na|ao|à|próximo|próxima|que vem|inclusive|inclusivé|incluído|incluindo|este|esta
        e|em|data|cerca|previsto|prevista|para|início
    """,
    until="até|até ao|até à|até o|fim(?: da ausência)?|término|termo|data de fim|data final|último dia",
    after="após|depois|passado",
    since="desde|a partir|a contar|início|com início|data de início",
    start="entre|de|do|desde|no período|período|datas?|dos dias|nos dias",
    to="a|ao|à|até|até ao|até o|-",
    between="entre",
    both="e",
    on="no|na|nesta|neste|em|nos dias|este|esta|durante|o|pelo",
    back="""
        (?:volto|voltarei|voltará|volta)(?! a \\w+[aei]r)|voltar(?:ei)? a (?:trabalhar|estar)|regress(?:o|arei|ará|ar)
        (?:retorno|retornarei|retornará)(?! (?:o |a |ao |seu |sua |ao seu )*(?:contat|contac|ligaç|e-?mail|mensag))
        voltando|regressando|retornando|(?:de|meu|minha) (?:volta|regresso|retorno)|data de (?:regresso|retorno)
        (?:estarei|estou|estará) (?:de volta|novamente|de novo|disponível|no escritório|contactável)
        (?:novamente|de novo) (?:disponível|contactável|no escritório|ao serviço)|retomo|retomarei
    """,
    back_after="""
        volto(?! a \\w+[aei]r)|voltarei(?! a \\w+[aei]r)|estarei (?:de|novamente|disponível|no|na)|regress(?:o|arei)
        retornarei|retomarei|retomo|de volta|novamente|de novo
    """,
    back_on="no|na|em|a|ao|à|desde|a partir|a contar|dia|e|só|apenas|somente",
    answer="""
        respond\\w+|resposta|ler|lerei|leitura|atend\\w+|contact\\w+|contat\\w+|tratar\\w*|retornarei|analis\\w+
    """,
    not_before="""
        não(?: \\w+){0,6} antes|(?:só|apenas|somente)(?: \\w+){0,3} (?:a partir|em|no|na|ao|à)
        não (?:volt\\w+|regress\\w+|retorn\\w+|estarei de volta|responderei|poderei)(?: \\w+){0,4} até
    """,
    no="não|sem|nunca|impossível|nem|jamais",
    stop="até|antes|contacte|contate|contactar|não|por favor|favor",
    clause="e|mas|depois|então|ou",
)
