"""Words of absence: English."""

from __future__ import annotations

from maild.ingest.away.tongue import AWAY, HOLIDAY, LEAVE, OFFICE, TRAVEL, Tongue, Unit

ENGLISH = Tongue(
    language="en",
    month_first=True,
    more_months=("jan feb mar apr may jun jul aug sept oct nov dec",),
    more_days=("mon tues wed thurs fri sat sun", "mon tue weds thur fri sat sun"),
    ordinal="st|nd|rd|th",
    lone_day=("the|on", "st|nd|rd|th"),
    of="of",
    in_month="in|until|till",
    end_of="(?:the )?end of",
    relative=(
        ("(?:the )?end of (?:the )?next week", Unit.WEEK_END, 1),
        ("(?:the )?end of (?:the|this)? ?week", Unit.WEEK_END, 0),
        ("(?:the )?end of (?:the )?next month", Unit.MONTH_END, 1),
        ("(?:the )?end of (?:the|this)? ?month", Unit.MONTH_END, 0),
        ("(?:the )?end of (?:the|this)? ?year", Unit.YEAR_END, 0),
        ("(?:the )?(?:rest|remainder) of (?:the|this) week|(?:all|this) (?:whole )?week", Unit.WEEK, 0),
        ("(?:the )?(?:rest|remainder) of (?:the|this) month|this month", Unit.MONTH, 0),
        ("(?:the )?(?:rest|remainder) of (?:the|this|to)? ?day", Unit.DAY, 0),
        ("(?:all )?next week", Unit.WEEK, 1),
        ("next month", Unit.MONTH, 1),
        ("(?:the )?day after tomorrow", Unit.DAY, 2),
        ("today", Unit.DAY, 0),
        ("tomorrow", Unit.DAY, 1),
    ),
    clock="""
        (?:in the |at )?(?:morning|afternoon|evening|noon|midnight|lunchtime)
        (?:close|end) of (?:the )?(?:business|business day|day)|cob|eod
    """,
    absent=(
        (
            AWAY,
            """
            (?:on )?(?:an? |my )?(?:extended )?(?:sick|medical)(?:ness)? leave|(?:off|out|home) (?:sick|ill)|sick day
            (?:i am|i'm) (?:currently )?(?:sick|ill|unwell)(?! of)|(?:i am|i'm|been|currently) hospitali[sz]ed
            """,
        ),
        (
            OFFICE,
            """
            out[- ]of[- ](?:the |my )?[- ]?office(?! hours)|(?:ooo|oof|o\\.o\\.o\\.?)|out of town
            not (?:be |currently )?(?:be )?in (?:the |my |our )?office|outside (?:of )?(?:the|my|our) office(?! hours)
            away from (?:my|our) (?:office|desk|work|e-?mails?|computer|keyboard|inbox)
            away from (?:the )?(?:office|desk|work|e-?mails?|keyboard)|not (?:be )?at (?:my desk|work)
            (?:i am|i'm|i will|i'll|will) not (?:be )?(?:currently )?working|won't be working
            """,
        ),
        (
            LEAVE,
            """
            on (?:an? |my )?(?:[a-z]+ ){0,2}(?:leave|sabbatical|pto)|(?:maternity|paternity|parental|annual) leave
            (?:taking|have taken|taken|having) (?:some |a few |a )?(?:time|days?) off
            """,
        ),
        (
            HOLIDAY,
            """
            on (?!(?:public|bank|national|federal)s? )(?:[a-z]+(?:-[a-z]+)? ){0,3}(?:vacations?|holidays?|honeymoon)
            (?:during|on|for) my (?:vacation|holidays?)
            """,
        ),
        (
            TRAVEL,
            """
            (?:i am|i'm|i will be|i'll be|be|currently) (?:currently )?(?:travell?ing|abroad|overseas|on the road)
            travell?ing (?:with|(?:until|till|through|from|on)? ?{date})
            (?:i am|i'm|be|currently) on an? (?:[a-z]+ )?trip|on (?:an? )?(?:business|work) (?:trip|travel)|on travel
            """,
        ),
        (
            AWAY,
            """
            (?:i am|i'm|im|i will be|i'll be) (?:[a-z]+ ){0,2}(?:away|absent|on break)(?! from the)
            (?:is|will be) (?:currently |still |now |also )?(?:away|absent)(?! from the)
            (?:i am|i'm|i will be|i'll be|currently) (?:[a-z]+ ){0,2}(?:off|out|gone)(?=[.,;\\n]| (?:and|with|at|for))
            (?:i am|i'm|im|i will be|i'll be|currently) (?:[a-z]+ ){0,2}(?:off|out|gone) (?:[a-z]+ ){0,2}{date}
            {begin}(?:currently )?(?:away|absent|off|out|gone)(?= (?:until|till))
            {begin}(?:currently )?(?:away|absent)(?=:| for (?:an?|some|the|this|off))
            {begin}(?:currently )?(?:away|absent|off|out|gone) (?:(?:from|through|on|between|starting|the) ){0,2}{date}
            i have (?:an?|the) day off|days? off|off work|off duty|my absence|(?:on|during) my leave
            while i(?:'m| am) (?:away|gone|out|off)
            (?:very |only )?(?:limited|no|intermittent|sporadic|restricted|little|reduced) (?:or no )?access to \
                (?:my |the )?(?:[a-z]+ )?(?:e-?mails?|mailbox|inbox|internet|messages)
            (?:limited|no) (?:or no )?(?:e-?mail|internet) access
            (?:not|won't) (?:be )?(?:able to )?(?:check|read|monitor|access)(?:ing)? (?:my )?(?:work )?e?-?mails?
            i(?:'m| am| will be|'ll be) (?:[a-z]+ )?(?:unavailable|unreachable|offline)
            i(?:'m| am| will be) (?:[a-z]+ )?unable to (?:respond|reply|answer|read|check|access)
            i(?:'m| am| will|'ll) (?:currently )?not (?:be )?(?:currently )?(?:available|reachable)
            i won't be (?:available|reachable)
            (?:i am|i'm|i will be|i'll be|currently|away) (?:attending|at) an? \
                (?:[a-z]+ ){0,2}(?:conference|training|workshop|offsite|trade show|course)
            """,
        ),
    ),
    weak="""
        {begin}vacation(?=:|\\.\\n\\n)|vacation (?:reply|response|message|notice)
        unavailable (?:until|till|from|through)
    """,
    past="was|were|had been|back from (?:being )?|returned from (?:being )?|am no longer",
    left="""
        no longer (?:an employee|employed|with(?! access)|at(?! my desk)|part of|associated|a member)
        no longer work(?:s|ing)? (?:at|for|with|here|in)
        (?:has|have|'ve|'s) (?:now |recently )?left (?:the )?(?:company|firm|organi[sz]ation|business|team|our)
        (?:has|have|'ve|'s) (?:now |recently )?left [a-z&.-]+ (?:inc|ltd|llc|gmbh|corp)
    """,
    closed="closed|closure|closing|shut ?down|public holidays?|bank holidays?|office hours",
    we="we|we're|we'll|our|us|please",
    me="i|i'm|i'll|i've|my|me|myself",
    habit="""
        (?:every|each) (?:other |second )?(?:{days}|week|weekend|day|morning|afternoon)|(?:{days})s|weekends
        daily|weekly
    """,
    related="""
        repl(?:y|ies|ying)|respon[ds]e?|responding|answer(?:ing|ed)?|reach(?:ed|able)?|contact(?:ed)?|available
        unavailable
        access|absence|cover(?:s|ed|ing)?|return(?:ing)?|assist|away|stand(?:ing)? in|urgent|date
    """,
    fill="""
        and including|including|inclusive|incl\\.?|on|the|of|and|to|at|about|approximately|around|approx\\.?|this|next
        coming|following|date|is|day|early|late|after|before|week of
    """,
    until="""
        until|untill|unitl|till|'til|til|through|thru|up to|up until|up till|end(?:s|ing)?(?: date)?|last day
    """,
    after="after",
    since="from|since|starting|starts?(?: date)?|as of|as from|beginning|effective|commencing|leaving|w\\.?e\\.?f\\.?",
    start="between|dates?",
    to="to|until|untill|till|til|through|thru|up to|up until|ending|end(?: date)?|-",
    between="between",
    both="and",
    on="on|for|this|all|the week of",
    back="""
        (?:be|am|i'm|get|come|coming|getting|being|is) back(?! (?:to|with) (?:you|u))
        back (?:in|at|to(?! you)|on|from|the)|back(?! (?:to|with) (?:you|u|me|us|them))|back online|returning
        returns?|my return|available again|resume
        reachable again|again available|be (?:in|at) (?:the|my) (?:office|desk) again
    """,
    back_after="""
        (?:i|i'll|i will|i'm|i am)(?: will)? (?:be )?(?:back|return|returning|available|in the office|at my desk|resume)
    """,
    back_on="on|from|as of|as from|starting",
    answer="""
        repl(?:y|ies)|respond|answer|revert|get back to you|be back to you|attend to|read|deal with|look at|handle|check
        process(?:ed)?
    """,
    not_before="""
        (?:not|[a-z]+n't|unable|cannot)(?: [\\w'-]+){0,4}? (?:return(?:ing)?|back|reply|respond|answer|resume) \
            (?:[\\w'-]+ ){0,8}?(?:until|till|before)
        (?:not|[a-z]+n't|unable|cannot)(?: [\\w'-]+){0,4}? (?:read|access|get to) \
            (?:[\\w'-]+ ){0,8}?(?:until|till|before)
    """,
    no="not|never|cannot|unable|without|no longer|limited|[a-z]+n't",
    stop="until|till|by|contact|call|before|not|please",
    clause="and|but|so|then|however",
)
