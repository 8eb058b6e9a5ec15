"""What the pages of indicators share: which part of them an address asks for, and addresses of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from hilum.console.components.bars import Bar
from hilum.console.links import with_query
from hilum.console.shell import Lookout
from hilum.facts import Fact, Onboarding
from hilum.observe.indicators import About, By, Calendar, Figure, calendar_of
from hilum.observe.indicators.words import value_words

BUSINESS: Final = "/business"
NOWHERE: Final = "~"
"""In an address: where nobody says the facility, supplier or category."""

PERIODS: Final[Mapping[int, str]] = MappingProxyType(
    {7: "7 days", 30: "30 days", 90: "90 days", 365: "a year", 731: "two years"}
)
_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A part of the indicators, and how its address says it."""

    about: About
    days: int
    day: str = ""  # the only one, where the address names one
    chosen: bool  # the address says the period

    def query(self, by: By) -> str:
        """As the address says it."""
        value: str | None = getattr(self.about, by)
        return "" if value is None else value or NOWHERE

    def link(self, path: str, **more: str) -> str:
        """This part, of that page."""
        said = {"days": str(self.days) if self.chosen else "", "facility": self.query("facility"),
                "supplier": self.query("supplier"), "category": self.query("category"),
                "currency": self.about.currency or "", "day": self.day}  # fmt: skip
        return with_query(path, **said | more)

    def only(self, by: By, value: str) -> Asked:
        """The same of this one only."""
        return replace(self, about=_narrowed(self.about, by, value))

    def without(self, by: By) -> Asked:
        """The same of all."""
        return replace(self, about=_narrowed(self.about, by, None))


def asked(page: Lookout) -> Asked:
    """What the address asks for; what it says wrongly counts as not said."""
    said = page.query("days")
    days = int(said) if said.isdecimal() and int(said) in PERIODS else _DAYS
    project = page.context.project
    today = (calendar_of(project.settings) if project is not None else Calendar()).today()
    one = _date(page.query("day"))
    about = About(
        since=one or today - timedelta(days=days - 1),
        until=one or today,
        facility=_value(page.query("facility")),
        supplier=_value(page.query("supplier")),
        category=_value(page.query("category")),
        currency=page.query("currency").replace("\x00", "") or None,
    )
    return Asked(about=about, days=days, day=one.isoformat() if one else "", chosen=days != _DAYS)


def shown_document(page: Lookout, fact: Fact) -> str:
    """What a fact is of, as this user may see it: registrations of suppliers are confidential."""
    return page.masker("")(fact.document) if isinstance(fact, Onboarding) else fact.document


def indicator_link(name: str, wanted: Asked, **more: str) -> str:
    """The page of an indicator."""
    return wanted.link(f"{BUSINESS}/{name}", **more)


def by_day(wanted: Asked, found: Sequence[Figure], currency: str) -> list[Bar]:
    """A bar for each day of the part, also where nothing was counted."""
    known = {each.of[0]: each for each in found}
    span = (wanted.about.until - wanted.about.since).days + 1
    made = []
    for at in range(span):
        day = (wanted.about.since + timedelta(days=at)).isoformat()
        each = known.get(day)
        value = each.value if each is not None else None
        href = indicator_link(each.indicator, wanted, day=day, currency=currency) if each is not None else ""
        words = value_words(each) if each is not None else ""
        made.append(Bar(day, float(value) if value is not None else None, words, href))
    return made


def _narrowed(about: About, by: By, value: str | None) -> About:
    match by:
        case "facility":
            return replace(about, facility=value)
        case "supplier":
            return replace(about, supplier=value)
        case "category":
            return replace(about, category=value)
    return about


def _value(said: str) -> str | None:
    said = said.replace("\x00", "")
    return None if not said else "" if said == NOWHERE else said


def _date(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return None
