"""What all mappings between X12 documents and business objects share: items, units, prices, line numbers, days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal

from hilum.canonical import TradeNumbers, identifiers
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats.x12 import Partner
from hilum.formats.x12.documents import ItemId
from hilum.formats.x12.documents.parts import Identified, Ids
from hilum.packs.building import make, mapped

ItemOf = Callable[[Identified, str], str]
"""The hub's number of an item: (what has identifiers, where it stands) → number. Raises `Invalid` or `Unmapped`."""

_BASES = {
    Decimal(10): ("PN",),
    Decimal(12): ("LD", "PD", "RD", "TD", "WD"),
    Decimal(100): ("HF", "HP", "LC", "QH", "RC", "TC", "WC"),
    Decimal(1000): ("LM", "QS", "RM", "TF", "TM", "TP", "WM"),
    Decimal(10_000): ("TT",),
    Decimal(100_000): ("HT",),
}
PRICE_PER = {code: units for units, codes in _BASES.items() for code in codes}
"""Bases of unit price (data element 639) that are not the price of one: per ten, dozen, hundred, thousand, of whatever
kind the price is (catalogue, contract, quoted, retail, wholesale)."""

EACH = "EA"


def items_as_sent(partner: Partner) -> ItemOf:
    """The item is the identifier whose qualifier comes first in the partner's profile."""

    def item_of(thing: Identified, where: str) -> str:
        found = thing.id(*partner.item_qualifiers)
        if not found:
            raise Invalid(f"no product identifier of {', '.join(partner.item_qualifiers)}", where=where)
        return found

    return item_of


def items_by_lookup(partner: Partner, hub: Lookup, table: str = "items") -> ItemOf:
    """Our own number where the partner repeats it, else what the lookup table says of the partner's."""
    own = (partner.own_item_qualifier, ItemId.BUYERS_PART, ItemId.BUYERS_ITEM)
    as_sent = items_as_sent(partner)

    def item_of(thing: Identified, where: str) -> str:
        return thing.id(*own) or mapped(hub, table, as_sent(thing, where))

    return item_of


def ids_for(partner: Partner, item: str, theirs: str = "", numbers: TradeNumbers | None = None) -> Ids:
    """How an item is named in what we send."""
    numbers = numbers or TradeNumbers()
    pairs = (
        (partner.own_item_qualifier, item),
        (partner.their_item_qualifier, theirs or numbers.supplier_item),
        (ItemId.GTIN, numbers.gtin),
        (ItemId.MANUFACTURER, numbers.manufacturer),
        (ItemId.MANUFACTURERS_PART, numbers.manufacturer_item),
        (ItemId.HIBC, numbers.hibc),
        (partner.unspsc_qualifier, numbers.unspsc),
    )
    return tuple((str(code), number) for code, number in pairs if code and number)


GTINS = (ItemId.GTIN, ItemId.EAN, ItemId.UPC, ItemId.EAN8)
"""Qualifiers of a GTIN, the longest first."""


def numbers_of(thing: Identified, partner: Partner, taken: str = "") -> TradeNumbers | None:
    """What is said of an item beside the number that is taken; none: nothing.

    A GTIN or UNSPSC code that is none (a wrong check digit, another number in its place) is left out: the line is
    about the item that was taken, and this is only told of it.
    """
    return trade_numbers(
        gtin=next((number for each in GTINS if (number := gtin_in(thing.id(each)))), gtin_in(_upc(thing.id("UI")))),
        supplier_item=besides(taken, thing.id(partner.their_item_qualifier, *_SUPPLIERS)),
        manufacturer=thing.id(ItemId.MANUFACTURER),
        manufacturer_item=besides(taken, thing.id(ItemId.MANUFACTURERS_PART)),
        hibc=thing.id(ItemId.HIBC),
        unspsc=unspsc_in(thing.id(partner.unspsc_qualifier)) if partner.unspsc_qualifier else "",
    )


_SUPPLIERS = (ItemId.VENDORS_ITEM, ItemId.VENDORS_PART, ItemId.VENDORS_CATALOGUE)


def trade_numbers(**numbers: str) -> TradeNumbers | None:
    """Those that are there; none: none of them is."""
    given = {name: number for name, number in numbers.items() if number}
    return make(TradeNumbers, "the numbers of the item", **given) if given else None


def besides(taken: str, number: str) -> str:
    """The number, unless it is the one that was taken."""
    return number if number != taken else ""


def gtin_in(number: str) -> str:
    """The GTIN that a number is; empty: it is none."""
    try:
        return identifiers.gtin(number) if number else ""
    except Invalid:
        return ""


def unspsc_in(number: str) -> str:
    """The UNSPSC code that a number is; empty: it is none."""
    try:
        return identifiers.unspsc(number).code if number else ""
    except Invalid:
        return ""


def _upc(number: str) -> str:
    """A U.P.C. consumer package code of 1-5-5 digits with its check digit; others as they are."""
    return number + identifiers.check_digit(number) if len(number) == 11 and number.isdecimal() else number


def price_of_one(price: Decimal | None, basis: str) -> Decimal | None:
    """A unit price, whatever number of units it was written for."""
    return price / PRICE_PER.get(basis, Decimal(1)) if price is not None else None


def line_number(text: str, place: int) -> int:
    """The number of a line where the sender gives one as a number, else its place in the document (from 1)."""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 10**9 else place


def needed_quantity(quantity: Decimal | None, where: str) -> Decimal:
    """A quantity that must be there. Raises `Invalid`."""
    if quantity is None:
        raise Invalid("the quantity is missing", where=where)
    return quantity


def moment(day: date | None, zone: tzinfo = UTC) -> datetime | None:
    """A day as the moment at which it begins there."""
    return datetime.combine(day, time(), tzinfo=zone) if day is not None else None


def day_after(last: date | None) -> date | None:
    """The first day on which something does not hold any more, of the last on which it does."""
    return last + timedelta(days=1) if last is not None and last < date.max else None


def day_before(end: date | None) -> date | None:
    """The last day on which something holds, of the first on which it does not."""
    return end - timedelta(days=1) if end is not None else None
