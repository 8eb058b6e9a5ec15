"""The price of a charge line: what the sender says, else what the table `items` says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from hilum.errors import Invalid, Unmapped
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import decimal_in

UNIT_PRICE, EXTENDED_PRICE = "12", "11"  # fields of FT1


@dataclass(frozen=True, slots=True)
class Price:
    """What is charged: `quantity` times `unit_price` is exactly the amount that was meant."""

    quantity: Decimal
    unit_price: Decimal
    currency: str
    lot: bool = False  # the price is that of all pieces together, and the quantity counts as one


def price_of(line: hl7.Segment, quantity: Decimal, facts: Mapping[str, str], currency: str) -> Price:
    """The price of an FT1 segment; `facts` is its row in `items`, `currency` that of the flow.

    FT1-12 is the price of one, FT1-11 that of all. FT1-11 is divided by the quantity where that comes out even to the
    places it was sent with (12.75 for 3 is 4.25 each); else the line is charged as one lot at that amount, because a
    rounded unit price would charge another total. The amounts of credits come with either sign: the quantity has it.
    Raises `Invalid` naming the field, `Unmapped` where nobody gives a price.
    """
    code = facts.get("currency", "") or currency
    unit = line.decimal(f"{UNIT_PRICE}.1.1")
    if unit is not None:
        return Price(quantity, abs(unit), _currency(line, UNIT_PRICE, code))
    total = line.decimal(f"{EXTENDED_PRICE}.1.1")
    if total is not None:
        return _divided(abs(total), quantity, _currency(line, EXTENDED_PRICE, code))
    if not facts.get("price"):
        raise Unmapped("items.price", line["7.1"] or line["29.1"])
    return Price(quantity, decimal_in(facts, "price", "lookup table items"), _currency(line, UNIT_PRICE, code))


def _divided(total: Decimal, quantity: Decimal, currency: str) -> Price:
    places = max(-int(total.as_tuple().exponent), 0)
    unit = Fraction(total) / Fraction(abs(quantity)) * 10**places  # exact, however small the quantity is
    if unit.denominator == 1:
        return Price(quantity, Decimal((0, tuple(map(int, str(unit.numerator))), -places)), currency)
    return Price(Decimal(1).copy_sign(quantity), total, currency, lot=True)


def _currency(line: hl7.Segment, field: str, otherwise: str) -> str:
    """The currency of the amount, the second part of MO (HL7 v2.5.1 §2.A.41); old versions send a plain number."""
    code = line[f"{field}.1.2"] or otherwise
    if not code:
        where = f"{line}-{field}"
        raise Invalid("the amount has no currency, and neither the table items nor the flow gives one", where=where)
    return code.upper()
