"""The Odoo that tests deliver to: a sandbox of each version and protocol, or a real server; and looks at it directly.

A look never goes through the connector: at a sandbox it reads the store, at a real server it is a plain JSON-RPC call.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hilum import canonical
from hilum.canonical import (
    AgreementEnded,
    AgreementLine,
    BlanketAgreement,
    BusinessObject,
    Charge,
    ConsignmentMoved,
    Customer,
    GoodsReceipt,
    Item,
    ItemCategory,
    Location,
    Lot,
    Money,
    OrderLine,
    PatientAccount,
    PersonName,
    PurchaseOrder,
    PurchaseOrderCancelled,
    ReceiptLine,
    ReturnLine,
    StockLevel,
    StockTransfer,
    Supplier,
    SupplierPrice,
    SupplierReturn,
    SupplyConsumed,
    TransferLine,
    Warehouse,
)
from hilum.connector import Outgoing, Target
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo, external_id
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.message import Delivery, new_id
from hilum.simulator.odoo import INTEGRATION_GROUPS, FaultKind, Faults, SandboxOdoo
from hilum.simulator.odoo.faults import Fault
from hilum.testing.memory import NotePad
from support.odoo_door import OdooDoor
from support.odoo_named import NamedOdoo

Row = dict[str, Any]
BOOKED = {"account.move", "account.payment", "account.bank.statement.line"}
TARGETS: dict[type, Callable[..., Target]] = {
    PatientAccount: odoo.patient_account,
    Supplier: odoo.supplier,
    Item: odoo.item,
    Location: odoo.location,
    SupplyConsumed: odoo.stock_consumption,
    StockLevel: odoo.stock_level,
    PurchaseOrder: odoo.purchase_order,
    Charge: odoo.charge,
    ConsignmentMoved: odoo.consignment,
    Customer: odoo.customer,
    ItemCategory: odoo.item_category,
    Lot: odoo.item_lot,
    Warehouse: odoo.warehouse,
    SupplierPrice: odoo.supplier_price,
    BlanketAgreement: odoo.agreement,
    AgreementEnded: odoo.agreement_end,
    PurchaseOrderCancelled: odoo.purchase_order_cancel,
    GoodsReceipt: odoo.receipt,
    SupplierReturn: odoo.supplier_return,
    StockTransfer: odoo.stock_transfer,
}


class NthCall(Faults):
    """Faults that hit the n-th call after `arm`, and count all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._nth = -1
        self._kind = FaultKind.LOST_REPLY

    def arm(self, nth: int, kind: FaultKind) -> None:
        """Hit the n-th call from now on, from 0; -1: none."""
        self.seen.clear()
        self._nth, self._kind = nth, kind

    def draw(self, model: str, method: str) -> list[Fault]:
        """See `Faults.draw`."""
        self.seen.append(f"{model}.{method}")
        hit = [Fault(kind=self._kind)] if len(self.seen) == self._nth + 1 else []
        return hit + super().draw(model, method)


class FarSide:
    """An Odoo, what is needed to reach it, and what is in it.

    `named`: the real server instead of a sandbox; neither of them: nothing is looked at. `door`: connectors go through.
    """

    def __init__(
        self,
        sandbox: SandboxOdoo | None,
        protocol: str,
        faults: NthCall | None,
        *,
        named: NamedOdoo | None = None,
        door: OdooDoor | None = None,
    ) -> None:
        self.sandbox = sandbox
        self.named = named
        self.door = door
        self.protocol = protocol
        self.faults = faults
        self.patience = 20.0 if named is None else 60.0  # seconds that a call may take
        self.currency = named.facts.currency if named else "EUR"
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        self.day = yesterday.isoformat() if named else "2026-11-20"  # on which documents are dated
        self.unique = uuid.uuid4().hex[:8]
        self.count = itertools.count(1)  # of the names of all worlds, so that each world is a new one
        self.notes: NotePad | None = NotePad()  # as connectors of one hub share them; none: nobody remembers
        self._opened: list[Odoo] = []

    @property
    def bank(self) -> str | None:
        """The journal for payments, where it must be said."""
        return self.named.facts.bank or None if self.named else None

    def since(self, major: int) -> bool:
        """Is it this version, or a later one?"""
        if self.named is not None:
            return major <= self.named.facts.major
        assert self.sandbox is not None
        return major <= self.sandbox.engine.registry.major

    async def needs(self, *things: BusinessObject | type[BusinessObject]) -> None:
        """Skip where a real server has not the modules of these, or nothing can be booked in it."""
        if self.named is None:
            return
        kinds = [each if isinstance(each, type) else type(each) for each in things]
        operations = [OPERATIONS[TARGETS[kind]("odoo.main").operation] for kind in kinds]
        models = {model for each in operations for model in each.needs}
        await self.named.needs(models)
        for model in {str(each.model) for each in operations if hasattr(each, "model")}:
            await self.named.needs_right(model)
        if models & BOOKED:
            self.named.needs_books()

    @property
    def stored(self) -> Row:
        """The values of a product of which stock is kept."""
        return {"is_storable": True} if self.since(18) else {"type": "product", "detailed_type": "product"}

    @property
    def went(self) -> str:
        """The field of a move that says what went."""
        return "quantity" if self.since(17) else "quantity_done"

    @property
    def line_went(self) -> str:
        """The same of a detailed line."""
        return "quantity" if self.since(17) else "qty_done"

    def connector(self, **settings: Any) -> Odoo:
        """A connector of the far side's administrator; not open."""
        given = self.reached_by()
        return Odoo(**{**given, "protocol": self.protocol, "timeout": self.patience, "short_timeout": True, **settings})

    def reached_by(self) -> dict[str, Any]:
        """Address, database, login and key of the administrator."""
        if self.sandbox is not None:
            box = self.sandbox
            given = {"url": box.url, "database": box.database, "login": box.login, "api_key": box.api_key}
        else:
            assert self.named is not None
            given = self.named.settings
        return given | ({"url": self.door.url} if self.door else {})

    async def open(self, **settings: Any) -> Odoo:
        """A connector, open; closed at the end of the test."""
        made = self.connector(**settings)
        if self.notes is not None:
            made.take_notes(self.notes)
        await made.open()
        self._opened.append(made)
        return made

    async def stage(self, **settings: Any) -> tuple[Odoo, World, SandboxOdoo]:
        """A connector, open; a world whose master data is in Odoo; and the sandbox, for tests that change it."""
        assert self.sandbox is not None
        hub, world = await self.open(**settings), World(self)
        await world.plant(hub)
        return hub, world, self.sandbox

    async def open_as_user(self, **settings: Any) -> Odoo:
        """A connector of a least-privileged user: contacts, purchase, stock, invoicing."""
        assert self.sandbox is not None
        key = self.sandbox.make_key("integration", groups=INTEGRATION_GROUPS)
        return await self.open(api_key=key, login="integration", **settings)

    async def close(self) -> None:
        """Close what was opened, and end hanging calls."""
        if self.faults is not None:
            self.faults.release()
        for made in self._opened:
            await made.close()

    def name(self, text: str) -> str:
        """A business key that no other test has."""
        return f"{text}-{self.unique}"

    async def rows(self, model: str, **where: Any) -> list[Row]:
        """Records of a model whose fields have these values; many2one values as ids."""
        if self.sandbox is not None:
            return [row for row in self.sandbox.records(model) if all(row.get(k) == v for k, v in where.items())]
        assert self.named is not None
        return await self.named.rows(model, **where)

    async def known_as(self, model: str, kind: str, key: str) -> list[Row]:
        """The records behind the hub's external identifier: none, one, or (a defect) more."""
        xml_id = external_id(kind, key)
        if self.sandbox is not None:
            return [row for row in self.sandbox.records(model) if xml_id in row["external_ids"]]
        assert self.named is not None
        return await self.named.known_as(model, xml_id)

    async def product(self, code: str) -> Row:
        """The product of an item, with what Odoo keeps on its template."""
        (variant,) = await self.known_as("product.product", "item", code)
        (template,) = await self.rows("product.template", id=variant["product_tmpl_id"])
        return {**template, **variant}

    async def stock(self, item: str, location: str) -> Decimal:
        """The stock of an item at a location that the hub has made."""
        (product,) = await self.known_as("product.product", "item", item)
        (place,) = await self.known_as("stock.location", "location", location)
        quants = await self.rows("stock.quant", product_id=product["id"], location_id=place["id"])
        return sum((Decimal(str(quant["quantity"])) for quant in quants), Decimal(0))


def delivery(thing: BusinessObject, *, key: str = "", attempt: int = 1) -> Delivery:
    """The delivery that a flow would make of this object."""
    target = TARGETS[type(thing)]("odoo.main")
    outgoing = target.encode(thing)
    assert isinstance(outgoing, Outgoing)
    assert target.takes(thing)
    return Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="test",
        destination=target.endpoint,
        operation=target.operation,
        body=outgoing.body,
        key=key,
        idempotency_key=f"{thing.name}:{thing.business_key}",
        attempt=attempt,
    )


def deliveries(things: Sequence[BusinessObject]) -> list[Delivery]:
    """One delivery of each, with no ordering key in common."""
    return [delivery(thing) for thing in things]


class World:
    """Business objects that belong together, under names that no other test has."""

    def __init__(self, far: FarSide) -> None:
        self.far = far
        self.item = Item(code=far.name("GLV"), title="Gloves, nitrile")
        self.tracked = Item(code=far.name("IMP"), title="Implant", tracking=canonical.Tracking.LOT)
        self.location = Location(code=far.name("OR1"), title="Theatre 1")
        self.other = Location(code=far.name("WARD"), title="Ward 3")
        self.supplier = Supplier(code=far.name("SUP"), title="Sample Supplies Ltd")
        self.account = PatientAccount(number=far.name("ACC"), person=PersonName(family="Sample", given="Ada"))

    async def plant(self, connector: Odoo) -> None:
        """Bring the master data into Odoo."""
        things = [self.item, self.tracked, self.location, self.other, self.supplier, self.account]
        await self.far.needs(*things)
        outcomes = await connector.deliver(deliveries(things))
        assert [type(each).__name__ for each in outcomes] == ["Delivered"] * len(things), outcomes

    def number(self, text: str) -> str:
        """A new document number."""
        return self.far.name(f"{text}{next(self.far.count)}")

    def use(self, quantity: str = "2", **more: Any) -> SupplyConsumed:
        """Gloves used in the theatre."""
        values = {"transaction": self.number("T"), "item": self.item.code, "location": self.location.code}
        return SupplyConsumed(quantity=Decimal(quantity), **{**values, **more})

    def count(self, quantity: str, **more: Any) -> StockLevel:
        """Gloves counted in the theatre."""
        values = {"count": self.number("C"), "item": self.item.code, "location": self.location.code}
        return StockLevel(quantity=Decimal(quantity), **{**values, **more})

    def order(self, *lines: tuple[str, str | None], **more: Any) -> PurchaseOrder:
        """Gloves ordered; each line is (quantity, price)."""
        made = tuple(
            OrderLine(
                number=number,
                item=self.item.code,
                quantity=Decimal(quantity),
                needed_by=date(2026, 12, 1),
                unit_price=Decimal(price) if price else None,
            )
            for number, (quantity, price) in enumerate(lines or (("10", "1.25"), ("5", "1.5")), start=1)
        )
        return PurchaseOrder(**{"number": self.number("PO"), "supplier": self.supplier.code, "lines": made, **more})

    def receipt(self, order: PurchaseOrder, *lines: tuple[int | None, str], **more: Any) -> GoodsReceipt:
        """Gloves came; each line is (order line, quantity)."""
        came = tuple(
            ReceiptLine(item=self.item.code, quantity=Decimal(quantity), order_line=number)
            for number, quantity in lines
        )
        return GoodsReceipt(**{"number": self.number("GR"), "order": order.number, "lines": came, **more})

    def goes_back(self, order: PurchaseOrder, quantity: str, **more: Any) -> SupplierReturn:
        """Gloves go back to the supplier."""
        line = ReturnLine(number=1, item=self.item.code, quantity=Decimal(quantity))
        return SupplierReturn(**{"number": self.number("RT"), "order": order.number, "lines": (line,), **more})

    def moved(self, target: Location, *quantities: str, **more: Any) -> StockTransfer:
        """Gloves go from the theatre to another place."""
        lines = tuple(
            TransferLine(number=n, item=self.item.code, quantity=Decimal(quantity))
            for n, quantity in enumerate(quantities or ("3",), start=1)
        )
        values = {"number": self.number("TR"), "source": self.location.code, "target": target.code, "lines": lines}
        return StockTransfer(**{**values, **more})

    def consigned(self, quantity: str = "3", **more: Any) -> ConsignmentMoved:
        """Gloves of the supplier that lie in the theatre."""
        values = {"number": self.number("CS"), "item": self.item.code, "location": self.location.code}
        return ConsignmentMoved(**{"supplier": self.supplier.code, "quantity": Decimal(quantity), **values, **more})

    def agreed(self, price: str = "4.75", **more: Any) -> BlanketAgreement:
        """Gloves at a price."""
        line = AgreementLine(number=1, item=self.item.code, quantity=Decimal(100), unit_price=Decimal(price))
        values = {"number": self.number("BA"), "supplier": self.supplier.code, "lines": (line,)}
        return BlanketAgreement(**{**values, **more})

    def price(self, amount: str = "5.25", **more: Any) -> SupplierPrice:
        """What the supplier asks for gloves."""
        money = Money(amount=Decimal(amount), currency=self.far.currency)
        return SupplierPrice(**{"supplier": self.supplier.code, "item": self.item.code, "price": money, **more})

    def charge(self, quantity: str = "2", price: str = "12.50", **more: Any) -> Charge:
        """Gloves charged to the account."""
        values = {
            "transaction": self.number("X"),
            "account": self.account.number,
            "item": self.item.code,
            "description": "Gloves",
            "currency": self.far.currency,
            "service_date": self.far.day,
        }
        return Charge(quantity=Decimal(quantity), unit_price=Decimal(price), **{**values, **more})
