"""Where the pages are: the areas on the left in their order, and the tabs of an area that has several pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.console.links import COMPARISONS, DESK, RUNS, TASKS
from hilum.console.markup import Html, join, tag
from hilum.console.words import number
from hilum.security import Permission, User


@dataclass(frozen=True, slots=True)
class Place:
    """A page that navigation leads to. `needs`: who may not do this does not see it."""

    label: str
    path: str
    needs: Permission | None = None
    also: str = ""  # where pages are that belong to it, besides below it

    def has(self, path: str) -> bool:
        """Is that the path of this page, or of one that belongs to it?"""
        if path == self.path:
            return True
        return any(place not in ("", "/") and path.startswith(f"{place}/") for place in (self.path, self.also))


@dataclass(frozen=True, slots=True)
class Area:
    """Pages that belong together. One of a single page is called as its page."""

    label: str
    places: tuple[Place, ...]


MASTER = "/master"
"""Below it are the pages of master data."""

AREAS: tuple[Area, ...] = (
    Area("Overview", (Place("Overview", "/"),)),
    Area("Exceptions", (Place("Desk", DESK, also=TASKS), Place("Cases", "/exceptions"))),
    Area("Messages", (Place("Search", "/messages"), Place("Replays", "/replays"))),
    Area("Flows", (Place("Flows", "/flows"),)),
    Area("Workflows", (Place("Workflows", RUNS),)),
    Area(
        "Master data",
        (
            Place("Crosswalk", f"{MASTER}/crosswalk"),
            Place("Matches to review", f"{MASTER}/matches"),
            Place("Ownership", f"{MASTER}/ownership"),
            Place("Lookups", f"{MASTER}/lookups"),
            Place("Change sets", f"{MASTER}/published"),
            Place("Data quality", f"{MASTER}/quality"),
            Place("Onboarding", f"{MASTER}/onboarding"),
        ),
    ),
    Area("Reconciliation", (Place("Reconciliation", COMPARISONS),)),
    Area("Governance", (Place("Approvals", "/approvals"),)),
    Area("Business", (Place("Business", "/business"),)),
    Area("Operations", (Place("Operations", "/operations"), Place("Trading partners", "/partners"))),
    Area("Audit", (Place("Audit", "/audit"),)),
    Area("Settings", (Place("Users", "/users", Permission.MANAGE_USERS),)),
)
"""All of them, in the order of the navigation."""


def side(path: str, user: User, counts: Mapping[str, int]) -> Html:
    """The list on the left. `counts`: what waits, by the path of a page."""
    items = []
    for area in AREAS:
        places = _seen(area, user)
        if not places:
            continue
        current = next((place for place in places if place.has(path)), None)
        label = area.label if len(area.places) > 1 else places[0].label
        target = (current or next((place for place in places if counts.get(place.path)), places[0])).path
        here = "page" if current is not None and len(places) == 1 else "true" if current is not None else None
        link = tag(
            "a", label, _count(sum(counts.get(place.path, 0) for place in places)), href=target, aria_current=here
        )
        items.append(tag("li", link))
    return tag("nav", tag("ul", items), aria_label="Pages")


def tabs(path: str, user: User, counts: Mapping[str, int]) -> Html:
    """The pages of the area that this path lies in; nothing where there is only one."""
    for area in AREAS:
        places = _seen(area, user)
        if len(places) > 1 and any(place.has(path) for place in places):
            links = [
                tag("a", place.label, _count(counts.get(place.path, 0)), href=place.path,
                    aria_current="page" if place.has(path) else None)
                for place in places
            ]  # fmt: skip
            return tag("nav", join(*links), class_="tabs", aria_label=area.label)
    return Html("")


def _seen(area: Area, user: User) -> list[Place]:
    return [place for place in area.places if place.needs is None or user.may(place.needs)]


def _count(count: int) -> Html | None:
    return tag("span", number(count), class_="count") if count else None
