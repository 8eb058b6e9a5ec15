"""When a store needs what, and how much of it: counts and uses become needs, and needs become requisitions. Pure.

    stock = Stock(level)
    stock.counted(stock_level); stock.used(supply_consumed)
    need = stock.need()                        # none: there is enough, or enough is on its way
    stock.ordered("RPL-20260302-WARD-3-V1:1", need.quantity)
    requisitions_of([need, …], run="20260302", supplier_of=…)

What is told twice or in another order comes to the same. What was ordered counts until it came or was closed, so that
one need is never ordered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final

from hilum.canonical import Requisition, RequisitionLine, StockLevel, SupplyConsumed
from hilum.canonical.conversions import plain, six_places
from hilum.canonical.units import Pack, factor
from hilum.errors import Invalid, SettingsError

NOTHING: Final = Fraction(0)
_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How much of an item a store should have. Quantities are in `unit`."""

    location: str
    item: str
    unit: str = "EA"
    reorder_at: Decimal  # at so much or less it is ordered, besides what is used until it comes
    up_to: Decimal  # so much there should be, with what is on order
    pack: Decimal = Decimal(1)  # only whole packs of so many are ordered
    lead_days: int = 0  # from the order to the goods
    daily_use: Decimal = Decimal(0)  # what is used on a day
    minimum: Decimal = Decimal(0)  # below this somebody must know at once; 0: nobody
    watched_only: bool = False  # it is never ordered: nobody said at how much
    packs: tuple[Pack, ...] = ()  # what packages of the item hold, for counts and uses in other units

    def __post_init__(self) -> None:
        """Raises `SettingsError` where the numbers do not go together."""
        where = f"{self.location}, {self.item}"
        if self.pack <= 0:
            raise SettingsError(f"{where}: a pack holds more than 0.")
        if min(self.reorder_at, self.daily_use, self.minimum) < 0 or self.lead_days < 0:
            raise SettingsError(f"{where}: a level, a use and a time are 0 or more.")
        if self.up_to < self.reorder_at:
            raise SettingsError(f"{where}: it is filled up to {plain(self.up_to)}, less than it is ordered at.")

    @property
    def threshold(self) -> Fraction:
        """At so much or less it is ordered: the rest lasts until the goods come."""
        return Fraction(self.reorder_at) + Fraction(self.daily_use) * self.lead_days

    @property
    def target(self) -> Fraction:
        """So much there is after ordering, on the shelf and on its way."""
        return Fraction(self.up_to) + Fraction(self.daily_use) * self.lead_days

    def quantity(self, position: Fraction) -> Fraction:
        """What to order; 0: nothing.

        As many whole packs as fit below the target. One more where that would leave it at the threshold, for then it
        would be ordered again at once: so the target is passed by less than a pack, and only where packs are large.
        """
        if self.watched_only or position > self.threshold:
            return NOTHING
        pack = Fraction(self.pack)
        packs = max(floor((self.target - position) / pack), 0)
        if position + packs * pack <= self.threshold:
            packs = floor((self.threshold - position) / pack) + 1
        return packs * pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """So much of an item is to be ordered for a store."""

    location: str
    item: str
    unit: str
    quantity: Decimal
    short: bool = False  # there is less than the minimum
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Moved:
    """A use or an arrival: it counts where the store was not counted since."""

    quantity: Fraction  # what went is negative
    at: datetime
    lot: str | None


@dataclass(slots=True)
class Stock:
    """What is known of one item in one store."""

    level: Level
    _counts: dict[str | None, tuple[datetime, str, Fraction]] = field(default_factory=dict)  # by lot, the last one
    _moves: dict[str, _Moved] = field(default_factory=dict)
    _orders: dict[str, Fraction] = field(default_factory=dict)
    _came: dict[str, dict[str, Fraction]] = field(default_factory=dict)  # by order, by receipt
    _closed: set[str] = field(default_factory=set)
    _demands: dict[str, Fraction] = field(default_factory=dict)

    def counted(self, found: StockLevel) -> None:
        """A count; the last one of each lot counts, whichever is told last. Raises `Invalid` for an unknown unit."""
        told = (found.counted_at or _BEFORE_ALL, found.count, self.in_unit(found.quantity, found.unit))
        self._counts[found.lot] = max(told, self._counts.get(found.lot, told))

    def used(self, use: SupplyConsumed) -> None:
        """A use; what is given back is negative. Raises `Invalid` for an unknown unit."""
        quantity = self.in_unit(use.quantity, use.unit)
        self._moves[f"use {use.transaction}"] = _Moved(-quantity, use.used_at or _BEFORE_ALL, use.lot)

    def ordered(self, order: str, quantity: Decimal) -> None:
        """So much was ordered under this name."""
        self._orders[order] = Fraction(quantity)

    def received(
        self, order: str, receipt: str, quantity: Decimal, at: datetime, lot: str | None = None, *, unit: str = ""
    ) -> None:
        """So much of an order came: it is not on order any more, and on the shelf. Raises `Invalid`, as a count."""
        came = self.in_unit(quantity, unit or self.level.unit)
        self._came.setdefault(order, {})[receipt] = came
        self._moves[f"receipt {receipt} of {order}"] = _Moved(came, at, lot)

    def closed(self, order: str) -> None:
        """Nothing more comes of an order: it was cancelled, refused, or received for the last time."""
        self._closed.add(order)

    def planned(self, name: str, quantity: Decimal, unit: str) -> None:
        """So much will be taken for something planned; 0: it is not any more. Raises `Invalid` for an unknown unit."""
        self._demands[name] = self.in_unit(quantity, unit)

    @property
    def on_hand(self) -> Fraction:
        """What is on the shelf."""
        found = sum((quantity for _, _, quantity in self._counts.values()), NOTHING)
        return found + sum((move.quantity for move in self._moves.values() if move.at > self._since(move.lot)), NOTHING)

    @property
    def on_order(self) -> Fraction:
        """What will still come."""
        return sum((self._open(name) for name in self._orders), NOTHING)

    @property
    def demand(self) -> Fraction:
        """What is planned to be taken."""
        return sum(self._demands.values(), NOTHING)

    @property
    def position(self) -> Fraction:
        """On hand, and on order, less what is planned to be taken."""
        return self.on_hand + self.on_order - self.demand

    @property
    def short(self) -> bool:
        """Is less there than the minimum? What is only on its way does not help now."""
        return self.on_hand < self.level.minimum

    def need(self) -> Need | None:
        """What to order now; none: nothing."""
        quantity = self.level.quantity(self.position)
        if quantity <= 0:
            return None
        level = self.level
        words = (
            f"{_text(self.on_hand)} on hand, {_text(self.on_order)} on order, {_text(self.demand)} planned:"
            f" ordered at {_text(level.threshold)}, up to {_text(level.target)}"
        )
        return Need(
            location=level.location,
            item=level.item,
            unit=level.unit,
            quantity=six_places(quantity),
            short=self.short,
            words=words,
        )

    def _open(self, order: str) -> Fraction:
        if order in self._closed:
            return NOTHING
        return max(self._orders[order] - sum(self._came.get(order, {}).values(), NOTHING), NOTHING)

    def _since(self, lot: str | None) -> datetime:
        """When what is in a lot was last counted; of a lot that no count names, when anything was."""
        if lot in self._counts:
            return self._counts[lot][0]
        return max((at for at, _, _ in self._counts.values()), default=_BEFORE_ALL)

    def in_unit(self, quantity: Decimal, unit: str) -> Fraction:
        """In the unit of the level. Raises `Invalid` where nothing leads there."""
        try:
            return Fraction(quantity) * factor(unit, self.level.unit, packs=self.level.packs)[0]
        except Invalid:
            level = self.level
            words = f"{level.item} is kept in {level.unit}, and nothing says how many of these one {unit} is"
            raise Invalid(words, where=level.location) from None


def requisitions_of(
    needs: Iterable[Need],
    *,
    run: str,
    supplier_of: Callable[[Need], str | None],
    department_of: Callable[[str], str] = lambda location: location,
    requested_by: str = "replenishment",
    at: datetime | None = None,
) -> list[Requisition]:
    """One requisition for each supplier and store, whatever order the needs come in; the same run makes the same ones.

    What is short is urgent, and has a requisition of its own, so that the rest does not become urgent with it.
    `supplier_of`: who should deliver it; none: whoever has agreed a price, or the buyers say.
    """
    groups: dict[tuple[str, str, bool], list[Need]] = {}
    for need in sorted(needs, key=lambda need: (need.location, need.item)):
        groups.setdefault((need.location, supplier_of(need) or "", need.short), []).append(need)
    return [
        Requisition(
            number="-".join(filter(None, ("RPL", run, location, supplier, "U" if short else ""))),
            department=department_of(location),
            requested_by=requested_by,
            deliver_to=location,
            urgent=short,
            requested_at=at,
            lines=tuple(
                RequisitionLine(
                    number=place, item=need.item, quantity=need.quantity, unit=need.unit, supplier=supplier or None
                )
                for place, need in enumerate(group, 1)
            ),
        )
        for (location, supplier, short), group in sorted(groups.items())
    ]


def _text(quantity: Fraction) -> str:
    return plain(six_places(quantity))
