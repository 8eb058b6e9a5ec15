"""What a break of an operation is about, side by side: what was used, known, ordered, billed and charged. Pure.

Names of members are numbers of lines and words of ours: whose operation it was stands only in what is masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from hilum.canonical.conversions import plain, priced, to_decimal
from hilum.cases.side_by_side import Member, SideBySide, member
from hilum.packs.implants.case import Case, Of, Order
from hilum.packs.implants.uses import Use


def beside_break(case: Case, of: Of) -> SideBySide | None:
    """The documents of a break; none: there is but one side."""
    kind, name = of
    if kind == "bill":
        return case.bills.beside(name)
    if kind in ("unbilled", "unused"):
        return _order(case, case.orders[name])
    if kind == "taken back":
        return _stray(case, name)
    return _use(case.uses[name]) if name in case.uses else None


def _use(use: Use) -> SideBySide:
    """What was told of it | what the hub knows of it | what is bought | what is charged."""
    told, known = use.told, use.known
    device = told.device
    recalls = "; ".join(known.recalls)
    price, charge = use.buying(), use.charging()
    expires = device.expires_on if device is not None else None
    late = expires is not None and expires < told.used_on
    bought = f"{priced(price.unit_price)} {price.currency}" if price is not None else "nobody knows"
    charged = f"{priced(charge[0])} {charge[1]}" if charge is not None else "nobody knows"
    members = (
        member("Item", told.item or told.code or "", f"{known.item} {known.title}".strip() or "none that is known", "",
               "", marked=() if known.item else (0, 1)),
        member("Device", f"{device.device} ({device.issuer.value})" if device is not None else "", "", "", ""),
        member("Lot", told.lot or "", "", "", ""),
        member("Quantity", f"{plain(use.left)} {told.unit}", "", plain(use.ordered) if use.ordered else "",
               plain(use.charged) if use.charged else ""),
        member("Expires", str(expires or ""), f"used on {told.used_on}", "", "", marked=(0, 1) if late else ()),
        member("Recalls", "", recalls or "none is known", "", "", marked=(1,) if recalls else ()),
        member("Whose it was", "", known.whose or "nobody says", "", "", marked=() if known.whose else (1,)),
        member("Supplier", "", known.supplier, price.supplier if price is not None else "", ""),
        member("Price for one", "", known.words, "nothing: it is the hospital's" if use.is_own else bought, charged,
               marked=_missing(use)),
    )  # fmt: skip
    return SideBySide(documents=("Used", "Known", "Bought", "Charged"), members=members)


def _missing(use: Use) -> tuple[int, ...]:
    buying = () if use.is_own or use.buying() is not None else (2,)
    return (*buying, *(() if use.charging() is not None else (3,)))


def _order(case: Case, order: Order) -> SideBySide:
    """What was used | what is ordered | what was billed and accepted, line by line."""
    number = order.head.number
    still, over = case.bills.open_of(number), case.bills.beyond_use(number)
    return SideBySide(
        documents=("Used", f"Order {number}", "Billed and accepted"),
        members=tuple(_line(use, still, over) for use in order.uses),
    )


def _line(use: Use, still: Mapping[int, Fraction], over: Mapping[int, Decimal]) -> Member:
    missing, beyond = to_decimal(still.get(use.line, Fraction(0)), 6)[0], over.get(use.line, Decimal(0))
    billed = use.ordered - missing + beyond
    unit = use.told.unit
    return member(f"Line {use.line}, {use.known.item}: quantity, {unit}", plain(use.left), plain(use.ordered),
                  plain(billed), marked=(0, 2) if missing or beyond else ())  # fmt: skip


def _stray(case: Case, name: str) -> SideBySide:
    """What is taken back | the uses of this operation that it may be of."""
    stray = case.strays[name][0]
    uses = [use for use in case.uses.values() if use.left][:4]

    def row(what: str, mine: str, others: Iterator[str]) -> Member:
        said = [*others]
        return member(what, mine, *said, marked=[at for at, each in enumerate(said, start=1) if mine and each != mine])

    members = (
        row("Item", stray.item or stray.code or "", (use.told.item or use.told.code or "" for use in uses)),
        row("Lot", stray.lot or "", (use.told.lot or "" for use in uses)),
        row("Quantity", plain(-stray.quantity), (plain(use.left) for use in uses)),
        row("Day", str(stray.used_on), (str(use.told.used_on) for use in uses)),
    )
    heads = [f"Use {at}" for at in range(1, len(uses) + 1)]
    return SideBySide(documents=("Taken back", *heads), members=members)
