"""Where the examples of the catalogue come from: a message, and what reads it; or they are made by hand.

The messages are invented, in the shape of real ones, and lie beside the examples; `scripts/derive_examples.py` makes
the examples of them by the flows that hospitals use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final

BY_HAND: Final = "made by hand"


@dataclass(frozen=True, slots=True)
class Origin:
    """The message that an example was made of."""

    message: str  # its file
    format: str  # what it is, in words
    by: str  # the ready-made flow, or the function of a pack, that reads it

    @property
    def words(self) -> str:
        """For people."""
        return f"made of {self.message} ({self.format}) by {self.by}"

    def text(self) -> str:
        """The message; segments that end with a carriage return have a line each."""
        found = files(__package__).joinpath("examples", "messages", self.message).read_bytes().decode()
        return found.replace("\r\n", "\n").replace("\r", "\n")


_ADMISSION = Origin("admission.hl7", "HL7 v2 ADT^A01", "clinical.admissions")
_USED = Origin("used.hl7", "HL7 v2 DFT^P03 with the label of a device", "inventory.consumption")
_REQUISITION = Origin("requisition.hl7", "HL7 v2 ORM^O01", "procurement.requisitions")
_STATEMENT = Origin("statement.mt940", "SWIFT MT940", "finance.bank_statements")

ORIGINS: Final[Mapping[str, Origin]] = MappingProxyType(
    {
        "hilum.bank.statement": _STATEMENT,
        "hilum.bank.transaction": _STATEMENT,
        "hilum.charge": _USED,
        "hilum.contract": Origin("contract.edi", "X12 845", "x12_prices.contracts_from_x12"),
        "hilum.encounter": _ADMISSION,
        "hilum.item": Origin("items.csv", "rows", "inventory.items"),
        "hilum.location": Origin("locations.csv", "rows", "inventory.locations"),
        "hilum.order.acknowledgement": Origin("answer.edi", "X12 855", "x12_orders.answer_from_x12"),
        "hilum.patient.account": _ADMISSION,
        "hilum.payment": Origin("remittance.edi", "X12 820", "x12_bills.payment_from_x12"),
        "hilum.purchase.order": _REQUISITION,
        "hilum.requisition": _REQUISITION,
        "hilum.ship.notice": Origin("ship_notice.edi", "X12 856", "x12_shipping.ship_notice_from_x12"),
        "hilum.stock.level": Origin("counts.csv", "rows", "inventory.counts"),
        "hilum.supplier": Origin("suppliers.csv", "rows", "procurement.suppliers"),
        "hilum.supplier.bill": Origin("invoice.edi", "EDIFACT INVOIC", "edifact_documents.bill_from_edifact"),
        "hilum.supplier.price": Origin("catalogue.edi", "X12 832", "x12_prices.prices_from_x12"),
        "hilum.supply.consumed": _USED,
    }
)
"""By the name of the object; those that are not here are made by hand."""


def told_origin(name: str) -> str:
    """Where the example of this object comes from, in words."""
    origin = ORIGINS.get(name)
    return origin.words if origin is not None else BY_HAND
