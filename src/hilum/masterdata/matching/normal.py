"""Normal forms: what two spellings of one name, number or address have in common. Pure, no I/O."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_FORMS = (
    "gmbh mbh ag kg kgaa ohg ug ev eg gbr se co inc incorporated corp corporation ltd limited llc llp plc"
    " sa sas sarl srl spa sl bv nv ab oy as aps kft sro sp zoo cie company compagnie"
)
LEGAL_FORMS: Final = frozenset(_FORMS.split())
"""Words that say what sort of company it is, and nothing of which one."""

ABBREVIATIONS: Final = {
    "str": "strasse", "st": "strasse", "street": "strasse", "rd": "road", "ave": "avenue", "av": "avenue",
    "blvd": "boulevard", "pl": "platz", "med": "medical", "medizin": "medical", "tech": "technik",
    "intl": "international", "int": "international", "mfg": "manufacturing", "svc": "services", "svcs": "services",
    "service": "services", "hosp": "hospital", "lab": "laboratory", "labs": "laboratory", "labor": "laboratory",
    "pharm": "pharma", "univ": "university", "dist": "distribution", "grp": "group", "gruppe": "group",
    "dr": "doktor", "pkg": "pack", "pk": "pack", "pck": "pack", "pcs": "pieces", "pc": "pieces", "stk": "pieces",
    "ster": "sterile", "steril": "sterile", "lg": "large", "sm": "small", "m": "medium", "l": "large", "s": "small",
    "bx": "box", "ea": "each", "w": "with", "wo": "without", "disp": "disposable",
}  # fmt: skip
"""Short forms, and the word that each is read as on both sides."""

_WORD = re.compile(r"[a-z0-9]+")
_STRASSE = re.compile(r"(\w{3,})str(?:asse)?\b")
_COMPOUND = re.compile(r"\bmedizin(?=\w)")
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}")


def fold(text: str) -> str:
    """Small letters without accents; `Müller`, `Mueller` and `MULLER` become one."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return plain.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@lru_cache(maxsize=200_000)
def words(text: str) -> tuple[str, ...]:
    """The words of a name in their order: folded, short forms written out, legal forms left out."""
    plain = _DOTTED.sub(lambda found: found[0].replace(".", ""), fold(text))
    found = _WORD.findall(_STRASSE.sub(r"\1 strasse", _COMPOUND.sub("medical ", plain)))
    kept = tuple(ABBREVIATIONS.get(word, word) for word in found if word not in LEGAL_FORMS)
    return kept or tuple(found)


def name(text: str) -> str:
    """The words of a name, sorted: swapped words do not count."""
    return " ".join(sorted(words(text)))


def code(text: str) -> str:
    """Letters and digits only, in capitals: a tax number, an IBAN, a catalogue number."""
    return "".join(letter for letter in text.upper() if letter.isalnum())


def digits(text: str) -> str:
    """The last nine digits, without leading zeros: a telephone number with or without its prefixes."""
    return "".join(letter for letter in text if letter.isdigit())[-9:].lstrip("0")


def lower(text: str) -> str:
    """Small letters without surrounding white space."""
    return text.strip().casefold()
