"""The words that an agent can write to the desk; the help mail is made from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Takes(StrEnum):
    """What may stand after the word."""

    NOTHING = "nothing"
    TEXT = "text"
    NEEDED_TEXT = "needed-text"
    WHO_BECAUSE = "who-because"
    BECAUSE = "because"
    MAYBE_BECAUSE = "maybe-because"
    LEVEL = "level"
    TAGS = "tags"
    NUMBER = "number"
    NAME = "name"
    WHICH = "which"
    SPAN = "span"
    RUNG_BECAUSE = "rung-because"
    MOMENT_BECAUSE = "moment-because"
    MOMENT_MAYBE_BECAUSE = "moment-maybe-because"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Known:
    """A word that the desk knows: its form, and whether it comes in a later version; `help_...` in the lines tells what
    it does."""

    name: str
    aliases: tuple[str, ...]
    form: str
    takes: Takes = Takes.NOTHING
    later: bool = False


LEVELS = ("low", "normal", "high", "urgent")
LISTS = ("mine", "team", "late")
_SOLVED = ("close", "closed", "done", "resolve", "resolved")

KNOWN = (
    Known("reply", ("public",), "#reply"),
    Known("note", ("internal", "private"), "#note [text]", Takes.TEXT),
    Known("open", ("active",), "#open"),
    Known("pending", (), "#pending"),
    Known("hold", (), "#hold"),
    Known("solved", _SOLVED, "#solved [cause]", Takes.TEXT),
    Known("reopen", (), "#reopen"),
    Known("assign", ("assignee", "agent", "owner"), "#assign WHO because ...", Takes.WHO_BECAUSE),
    Known("take", ("mine", "me"), "#take [because ...]", Takes.MAYBE_BECAUSE),
    Known("release", ("unassign",), "#release because ...", Takes.BECAUSE),
    Known("team", ("group", "queue", "department"), "#team TEAM because ...", Takes.WHO_BECAUSE),
    Known("escalate", ("esc",), "#escalate [LEVEL] because ...", Takes.RUNG_BECAUSE),
    Known("delay", ("eta",), "#delay DATE because ...", Takes.MOMENT_BECAUSE),
    Known("snooze", (), "#snooze DATE", Takes.MOMENT_MAYBE_BECAUSE),
    Known("priority", LEVELS, "#priority low|normal|high|urgent", Takes.LEVEL),
    Known("tag", ("label",), "#tag a b", Takes.TAGS),
    Known("untag", (), "#untag a b", Takes.TAGS),
    Known("subject", (), "#subject WORDS", Takes.NEEDED_TEXT),
    Known("accept", (), "#accept"),
    Known("template", ("canned", "macro"), "#template NAME", Takes.NAME),
    Known("show", (), "#show [N]", Takes.NUMBER),
    Known("history", (), "#history [N]", Takes.NUMBER),
    Known("list", (), "#list [mine|team|late]", Takes.WHICH),
    Known("away", ("ooo", "vacation"), "#away FROM..TO [backup WHO]", Takes.SPAN),
    Known("back", (), "#back"),
    Known("help", (), "#help", Takes.TEXT),
    Known("yes", (), "#yes"),
    Known("status", (), "#status open|pending|hold|solved", Takes.STATUS),
    Known("cc", ("ccs",), "#cc ADDRESS", later=True),
    Known("uncc", (), "#uncc ADDRESS", later=True),
    Known("follow", (), "#follow", later=True),
    Known("unfollow", (), "#unfollow", later=True),
    Known("requester", (), "#requester ADDRESS", later=True),
    Known("language", (), "#language LANGUAGE", later=True),
    Known("new", ("fwd",), "#new ADDRESS", later=True),
    Known("merge", (), "#merge N", later=True),
    Known("link", (), "#link N", later=True),
    Known("split", (), "#split", later=True),
    Known("ask", (), "#ask ADDRESS", later=True),
    Known("who", (), "#who WHO", later=True),
    Known("undo", (), "#undo", later=True),
    Known("spam", (), "#spam", later=True),
)
"""Every word that the desk knows; the help mail is made from it."""

BECAUSE = re.compile(
    r"(?<!\S)(?:because|parce que|parce qu['’](?=\w)|car|porque|потому,? что|weil)(?:(?<=['’])|[:,]?(?:\s|$))",
    re.IGNORECASE,
)
"""The word before a reason, in each shipped language."""

BACKUP = re.compile(
    r"(?<!\S)(?:backup|cover(?:ed by)?|remplaçante?|remplacée? par|suppléante?|suplente|sustitut[oa]|reemplazo"
    r"|substitut[oa]|substituíd[oa] por"
    r"|замена|заместитель|замещает|vertretung(?: durch)?|vertreter(?:in)?|vertreten durch|ersatz)(?:[:,]?\s|$)",
    re.IGNORECASE,
)
"""The word before who stands in, in each shipped language."""

RUNG = re.compile(r"(?:level|niveau|nivel|nível|уровень|уровня|stufe|ebene)?\s*([1-9][0-9]?)", re.IGNORECASE)
"""A step of the ladder by its level, with or without the word for it in each shipped language."""
