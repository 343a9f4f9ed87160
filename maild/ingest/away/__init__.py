"""What tells of an absence in an automatic reply: words, dates and cues. A language is one module and one line here."""

from __future__ import annotations

from maild.ingest.away.de import GERMAN
from maild.ingest.away.en import ENGLISH
from maild.ingest.away.es import SPANISH
from maild.ingest.away.fr import FRENCH
from maild.ingest.away.it import ITALIAN
from maild.ingest.away.nl import DUTCH
from maild.ingest.away.pl import POLISH
from maild.ingest.away.pt import PORTUGUESE
from maild.ingest.away.ru import RUSSIAN

TONGUES = (ENGLISH, FRENCH, SPANISH, RUSSIAN, GERMAN, DUTCH, ITALIAN, PORTUGUESE, POLISH)
