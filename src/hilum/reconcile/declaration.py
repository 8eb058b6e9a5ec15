"""A comparison, declared as data beside the flows of a project.

orders = Comparison(
    "procurement.orders",
    summary="Purchase orders in Odoo are those that the hub sent",
    owners=Owners(business="Purchasing", technical="Integration"),
    here=Sent("odoo.main", [order_row]),
    there=odoo.InOdoo("odoo.main", PurchaseOrder, row=order_row),
    fields=[Field("amount", within=Decimal("0.01"), summed=True), Field("supplier")],
    period_days=60,
    when=Calendar("0 5 * * *", zone="Europe/Brussels"),
)
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from hilum.connector import Destination
from hilum.errors import SettingsError
from hilum.flow import Calendar, DataClass, Owners, Project
from hilum.postgres import Database
from hilum.reconcile.fields import Field, PacksOf, Rates, Yardstick, no_packs, no_rates
from hilum.reconcile.rows import Row
from hilum.runtime.endpoints import build_endpoint, build_endpoints
from hilum.runtime.server_turns import Servers

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
MARGIN: Final = timedelta(days=31)
"""Days before the period that sides read too: one of them may know another day of the same document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a side is asked for, and what it may use."""

    database: Database
    project: Project
    since: date | None = None  # the first day; none: from the beginning
    until: date | None = None  # the first day that does not count any more; none: to the end

    def endpoint(self, name: str) -> Destination:
        """The endpoint of this name, not open, within the same call budget as the flows. Raises `SettingsError`."""
        settings, servers = self.project.settings, Servers(self.database)
        named = [flow for flow in self.project.flows.values() if any(t.endpoint == name for t in flow.every_target)]
        if named:
            return build_endpoints(settings.model_copy(update={"destinations": {}}), named, servers)[name]
        return build_endpoint(settings, name)


class Side(ABC):
    """Where rows come from. It is read once for each run, from one task, to the end or until the reader gives up."""

    called: str = ""  # for people: `the hub`, `Odoo`
    tells_the_way: bool = False  # its rows say whether something is on its way; else messages about the key are asked

    @abstractmethod
    def rows(self, asked: Asked) -> AsyncIterator[Sequence[Row]]:
        """All rows of these days, in any order, some at a time; rows of other days do no harm.

        Raises a `Failure` or `SettingsError` where it cannot be read: nothing is then concluded from the run.
        """

    def needs(self, project: Project) -> None:  # noqa: B027 — most sides need nothing of a project
        """Raises `SettingsError` where the project lacks what it reads from."""


@dataclass(frozen=True, kw_only=True)
class _Declared:
    """What a comparison says of itself."""

    name: str
    version: str
    summary: str
    owners: Owners
    here: Side = field(repr=False)
    there: Side = field(repr=False)
    yardstick: Yardstick = field(repr=False)
    period_days: int
    settles_minutes: float
    when: Calendar | None
    case_after: int


class Comparison(_Declared):
    """Two sides, compared by key and fields.

    `fields`: what is compared; `rates` and `packs_of` turn currencies and units into those of this side. `period_days`:
    how far back a run looks; 0: everything. `settles_minutes`: what changed so lately is still on its way, and no
    difference. `when`: its calendar; none: it runs when somebody asks. `case_after`: in so many runs one after the
    other a difference is seen before it becomes a case; 0: never.

    Differences are kept with both values in plain words, for all who see the hub: data that not all of them may see,
    as that of patients, cannot be compared. Whoever changes what is compared raises the `version`.
    """

    def __init__(
        self,
        name: str,
        *,
        summary: str,
        owners: Owners,
        here: Side,
        there: Side,
        fields: Sequence[Field],
        version: str = "1.0",
        data_class: DataClass = DataClass.INTERNAL,
        rates: Rates = no_rates,
        packs_of: PacksOf = no_packs,
        period_days: int = 0,
        settles_minutes: float = 10.0,
        when: Calendar | None = None,
        case_after: int = 2,
    ) -> None:
        """Raises `SettingsError`."""
        where = f"the comparison {name}"
        if not _NAME.fullmatch(name):
            raise SettingsError(f"A comparison cannot be called “{name}”: write small letters, digits, _ and dots.")
        if not data_class.open:
            raise SettingsError(f"{where}: differences are kept in plain words, so {data_class.value} cannot be.")
        if min(case_after, period_days, settles_minutes) < 0:
            raise SettingsError(f"{where}: case_after, period_days and settles_minutes are 0 or more.")
        try:
            yardstick = Yardstick(fields=tuple(fields), rates=rates, packs_of=packs_of)
        except SettingsError as error:
            raise SettingsError(f"{where}: {error}.") from None
        super().__init__(
            name=name, version=version, summary=summary, owners=owners, here=here, there=there, yardstick=yardstick,
            period_days=period_days, settles_minutes=settles_minutes, when=when, case_after=case_after,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Comparison {self.name} {self.version}>"

    __hash__ = object.__hash__
    __eq__ = object.__eq__

    @property
    def sides(self) -> tuple[str, str]:
        """What people call the two."""
        return self.here.called or "here", self.there.called or "there"


def comparisons_of(project: Project) -> list[Comparison]:
    """Those that the files of a project have as module-level names, each once.

    Raises `SettingsError` where two have one name, or one lacks what it reads from.
    """
    found = list(dict.fromkeys(value for value in project.declared if isinstance(value, Comparison)))
    names = [each.name for each in found]
    for each in found:
        if names.count(each.name) > 1:
            raise SettingsError(f"Two comparisons are called {each.name}.")
        each.here.needs(project)
        each.there.needs(project)
        if each.when is not None:
            each.when.bind(project.lookup)
    return found
