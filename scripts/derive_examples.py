"""Examples of business objects are made of messages by the real flows: `python scripts/derive_examples.py` writes them.

Messages and lookup tables are in src/hilum/canonical/examples/messages, what comes from which of them is said in
`hilum.canonical.origins`. tests/unit/packs/test_derived_examples.py fails where an example is another one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import orjson

from hilum import canonical
from hilum.canonical import BusinessObject, PaymentDirection
from hilum.connector import ConnectorSettings, Outgoing, Received, Source, Target
from hilum.flow import Flow, Lookup
from hilum.formats import edifact, x12
from hilum.formats.x12 import documents as x12_documents
from hilum.packs import clinical, finance, inventory, procurement
from hilum.packs.procurement import edifact_documents, x12_bills, x12_orders, x12_prices, x12_shipping

EXAMPLES = Path(__file__).parents[1] / "src" / "hilum" / "canonical" / "examples"
MESSAGES = EXAMPLES / "messages"

SUPPLIER = "SUP-MEDQ"
PARTNER = x12.Partner(name="Medquarry", ours=x12.Party(id="HILLSIDE"), theirs=x12.Party(id="MEDQUARRY"), currency="EUR")


class _Nowhere(Source):
    """Flows have a source; these are given their messages."""

    Settings = ConnectorSettings
    kind: ClassVar[str] = "nowhere"
    default_format: ClassVar[str] = "row"
    address = "nowhere"  # type: ignore[assignment]

    def wants(self, received: Received) -> bool:
        return False

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def receive(self) -> list[Received]:
        return []


def _run(pack: Callable[..., Flow], body: bytes, **settings: Any) -> Iterator[BusinessObject]:
    everything = Target(endpoint="example", encode=lambda thing: Outgoing(body=b""))
    flow = pack(source=_Nowhere(), odoo=None, also=[everything], **settings)
    yield from (made.thing for made in flow.run(flow.read(body), Lookup(MESSAGES / "lookups")))


def _rows(pack: Callable[..., Flow], body: bytes) -> Iterator[BusinessObject]:
    for row in csv.DictReader(body.decode().splitlines()):
        yield from _run(pack, orjson.dumps(row))


def _x12(body: bytes) -> x12.TransactionSet:
    return x12.read(body)


Made = Callable[[bytes], Iterable[BusinessObject]]

OF: dict[str, Made] = {
    "clinical.admissions": lambda body: _run(clinical.admissions, body),
    "inventory.consumption": lambda body: _run(inventory.consumption, body, accounts=False),
    "procurement.requisitions": lambda body: _run(procurement.requisitions, body, currency="EUR"),
    "inventory.items": lambda body: _rows(inventory.items, body),
    "inventory.locations": lambda body: _rows(inventory.locations, body),
    "inventory.counts": lambda body: _rows(inventory.counts, body),
    "procurement.suppliers": lambda body: _rows(procurement.suppliers, body),
    "finance.bank_statements": lambda body: _run(finance.bank_statements, body, format="mt940"),
    "x12_orders.answer_from_x12": lambda body: [
        x12_orders.answer_from_x12(x12_documents.read_answer(_x12(body)), PARTNER, supplier=SUPPLIER)
    ],
    "x12_shipping.ship_notice_from_x12": lambda body: [
        x12_shipping.ship_notice_from_x12(x12_documents.read_ship_notice(_x12(body)), PARTNER, supplier=SUPPLIER)
    ],
    "x12_prices.prices_from_x12": lambda body: reversed(
        x12_prices.prices_from_x12(x12_documents.read_catalogue(_x12(body)), PARTNER, supplier=SUPPLIER)
    ),
    "x12_prices.contracts_from_x12": lambda body: x12_prices.contracts_from_x12(
        x12_documents.read_authorisation(_x12(body)), PARTNER, supplier=SUPPLIER
    ),
    "x12_bills.payment_from_x12": lambda body: [
        x12_bills.payment_from_x12(
            x12_documents.read_remittance(_x12(body)), PARTNER, direction=PaymentDirection.SENT, supplier=SUPPLIER
        )
    ],
    "edifact_documents.bill_from_edifact": lambda body: [
        edifact_documents.bill_from_edifact(edifact.read_document(edifact.read(body)), supplier=SUPPLIER)
    ],
}
"""What reads the messages, by the name that people see."""


def derived() -> Iterator[BusinessObject]:
    """The example of each object that a message exists for: the first of its kind that is made of it."""
    for name, origin in canonical.ORIGINS.items():
        body = (MESSAGES / origin.message).read_bytes()
        yield next(thing for thing in OF[origin.by](body) if thing.name == name)


def main() -> None:
    """Write them."""
    for thing in derived():
        text = orjson.dumps(orjson.loads(canonical.write(thing)), option=orjson.OPT_INDENT_2)
        (EXAMPLES / f"{thing.name}.json").write_bytes(text + b"\n")
        print(f"{thing.name}.json")


if __name__ == "__main__":
    main()
