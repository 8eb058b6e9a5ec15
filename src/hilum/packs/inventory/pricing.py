"""The price of a charge line: what the sender says, else what the table `items` says."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hilum.errors import Invalid, Unmapped
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import decimal_in

# Places of a unit price that is derived from an extended amount; the canonical amounts have six.
SIXTH_PLACE = Decimal("0.000001")


def price_of(line: hl7.Segment, quantity: Decimal, facts: Mapping[str, str], currency: str) -> tuple[Decimal, str]:
    """Unit price and ISO 4217 currency of an FT1 segment; `facts` is its row in `items`.

    FT1-12 is the price of one, FT1-11 that of all: it is divided by the quantity, to six places, so that the rounded
    total is again what was sent. The amounts of credits come with either sign: the quantity has it. Raises `Invalid`
    naming the field, `Unmapped` where nobody gives a price.
    """
    for field in ("12", "11"):
        # CP.1 is MO: amount and currency (HL7 v2.5.1 §2.A.13); before v2.3 the field is a plain number
        amount = line.decimal(f"{field}.1.1")
        if amount is not None:
            unit = amount if field == "12" else (amount / abs(quantity)).quantize(SIXTH_PLACE)
            return abs(unit), _currency(
                line[f"{field}.1.2"] or facts.get("currency", "") or currency, f"{line}-{field}"
            )
    if not facts.get("price"):
        raise Unmapped("items.price", line["7.1"] or line["29.1"])
    price = decimal_in(facts, "price", "lookup table items")
    return price, _currency(facts.get("currency", "") or currency, f"{line}-12")


def _currency(code: str, where: str) -> str:
    if not code:
        raise Invalid("the amount has no currency, and neither the table items nor the flow gives one", where=where)
    return code.upper()
