"""What a hub writes into Odoo: for each kind of object one case, and the proof that it is there once and whole."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo_far_side import TARGETS, FarSide, World, delivery

from hilum.canonical import (
    AcknowledgedLine,
    AgreementEnded,
    BankAccount,
    BusinessObject,
    Document,
    GoodsReceipt,
    Item,
    LineAnswer,
    Money,
    OrderAcknowledgement,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Supplier,
    SupplierReturn,
)
from hilum.canonical.papers import RecordKey
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.errors import Down, TryAgain, Unsure
from hilum.message import Delivered, Delivery, Outcome

TARGETS.update({OrderAcknowledgement: odoo.order_acknowledgement, Document: odoo.document})

ATTEMPTS = 12
PAPER = b"%PDF-1.7 a certificate"


async def until_delivered(hub: Odoo, thing: BusinessObject) -> tuple[Delivered, list[Outcome]]:
    """Deliver as the hub's runtime does: again after `TryAgain`, `Unsure` and `Down`. The outcomes before it too."""
    before: list[Outcome] = []
    for attempt in range(1, ATTEMPTS + 1):
        outcome = await one(hub, delivery(thing, attempt=attempt))
        if isinstance(outcome, Delivered):
            return outcome, before
        assert isinstance(outcome, TryAgain | Unsure | Down), outcome
        before.append(outcome)
    raise AssertionError(f"not delivered in {ATTEMPTS} attempts: {before[-1]}")


async def one(hub: Odoo, what: Delivery) -> Outcome:
    try:
        (outcome,) = await hub.deliver([what])
    except (TryAgain, Unsure, Down) as failure:
        return failure
    return outcome


async def fresh(far: FarSide) -> tuple[Odoo, World]:
    """A connector and a world of their own."""
    hub = await far.open()
    world = World(far)
    for name in ("item", "tracked", "location", "other", "supplier", "account"):
        thing = getattr(world, name)
        field = "number" if name == "account" else "code"
        setattr(world, name, thing.model_copy(update={field: world.number(name)}))
    await world.plant(hub)
    return hub, world


@dataclass(frozen=True)
class Case:
    """An object, and the proof that it is in Odoo once and whole."""

    make: Callable[..., BusinessObject]  # of the world, and of what is in Odoo already
    proof: Callable[[FarSide, World, BusinessObject], Awaitable[None]]
    before: Callable[[World], list[BusinessObject]] = lambda world: []  # what has to be in Odoo already, in order


async def one_account(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert len(await far.rows("res.partner", ref=thing.business_key)) == 1


async def one_item(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert len(await far.rows("product.product", default_code=thing.business_key)) == 1
    row = await far.product(thing.business_key)
    assert len(await far.rows("product.supplierinfo", product_tmpl_id=row["product_tmpl_id"])) == 1


async def one_use(far: FarSide, world: World, thing: BusinessObject) -> None:
    (picking,) = await far.rows("stock.picking", origin=thing.business_key)
    assert picking["state"] == "done"
    assert len(await far.rows("stock.move", picking_id=picking["id"])) == 1
    assert await far.stock(world.item.code, world.location.code) == -2


async def one_count(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert await far.stock(world.item.code, world.location.code) == 10
    (product,) = await far.known_as("product.product", "item", world.item.code)
    assert len(await far.rows("stock.quant", product_id=product["id"])) <= 2  # here, and at the inventory loss
    assert len(await far.rows("stock.move", product_id=product["id"], state="done")) == 1


async def one_order(far: FarSide, world: World, thing: BusinessObject) -> None:
    (order,) = await far.rows("purchase.order", origin=thing.business_key)
    assert order["state"] == "purchase"
    lines = await far.rows("purchase.order.line", order_id=order["id"])
    assert sorted(line["product_qty"] for line in lines) == [5, 10]
    assert len(await far.rows("stock.picking", origin=order["name"])) == 1


async def one_invoice(far: FarSide, world: World, thing: BusinessObject) -> None:
    (move,) = await far.rows("account.move", ref=thing.business_key)
    assert move["state"] == "posted"
    assert len(await far.rows("account.move.line", move_id=move["id"], display_type="product")) == 1
    assert move["amount_untaxed"] == 25


async def one_receipt(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert isinstance(thing, GoodsReceipt)
    assert await arrived(far, thing.order) == [4]
    (picking,) = [
        row
        for row in await far.rows("stock.picking")
        if str(row["origin"]).endswith(f" {thing.number}") and row["state"] == "done"
    ]
    assert len(await far.rows("stock.move", picking_id=picking["id"])) == 1


async def arrived(far: FarSide, order: str) -> list[float]:
    (row,) = await far.known_as("purchase.order", "order", order)
    lines = await far.rows("purchase.order.line", order_id=row["id"])
    done = [await far.rows("stock.move", purchase_line_id=line["id"], state="done") for line in lines]
    return [sum(move[far.went] for move in moves) for moves in done]


async def one_return(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert isinstance(thing, SupplierReturn)
    assert await arrived(far, thing.order) == [10 + 3]  # a move in, and one move back
    (picking,) = await far.rows("stock.picking", origin=thing.number)
    assert picking["state"] == "done"


async def one_transfer(far: FarSide, world: World, thing: BusinessObject) -> None:
    (picking,) = await far.rows("stock.picking", origin=thing.business_key)
    assert picking["state"] == "done"
    assert await far.stock(world.item.code, world.location.code) == -3


async def one_consignment(far: FarSide, world: World, thing: BusinessObject) -> None:
    (picking,) = await far.rows("stock.picking", origin=thing.business_key)
    assert picking["state"] == "done"
    assert await far.stock(world.item.code, world.location.code) == 3


async def one_agreement(far: FarSide, world: World, thing: BusinessObject) -> None:
    (agreement,) = await far.rows("purchase.requisition", name=thing.business_key)
    assert agreement["state"] == ("confirmed" if far.since(18) else "ongoing")
    assert agreement["reference" if far.since(18) else "origin"] == thing.business_key
    assert len(await far.rows("purchase.requisition.line", requisition_id=agreement["id"])) == 1
    assert await priced(far, world) == [4.75]


async def priced(far: FarSide, world: World) -> list[float]:
    row = await far.product(world.item.code)
    return [x["price"] for x in await far.rows("product.supplierinfo", product_tmpl_id=row["product_tmpl_id"])]


async def no_agreement(far: FarSide, world: World, thing: BusinessObject) -> None:
    (agreement,) = await far.rows("purchase.requisition", name=thing.business_key)
    assert agreement["state"] == "done"
    assert await priced(far, world) == []


async def one_price(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert await priced(far, world) == [5.25]


async def one_revision(far: FarSide, world: World, thing: BusinessObject) -> None:
    (row,) = await far.known_as("purchase.order", "order", thing.business_key)
    assert row["state"] == "purchase"
    lines = await far.rows("purchase.order.line", order_id=row["id"])
    assert sorted(line["product_qty"] for line in lines) == [0, 7, 12]
    asked = [x for line in lines for x in await far.rows("stock.move", purchase_line_id=line["id"])]
    assert sum(move["product_uom_qty"] for move in asked if move["state"] != "cancel") == 19


async def one_cancelled(far: FarSide, world: World, thing: BusinessObject) -> None:
    (row,) = await far.known_as("purchase.order", "order", thing.business_key)
    assert row["state"] == "cancel"


async def one_supplier(far: FarSide, world: World, thing: BusinessObject) -> None:
    (row,) = await far.rows("res.partner", ref=thing.business_key)
    assert len(await far.rows("res.partner.bank", partner_id=row["id"], active=True)) == 1


async def one_answer(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert isinstance(thing, OrderAcknowledgement)
    (row,) = await far.known_as("purchase.order", "order", thing.order)
    notes = await far.rows("mail.message", res_id=row["id"])
    ours = [note for note in notes if note["model"] == "purchase.order" and thing.number in str(note["body"])]
    assert len(ours) == 1
    (line,) = await far.rows("purchase.order.line", order_id=row["id"])
    assert str(line["date_planned"])[:10] == "2026-12-24"


async def one_document(far: FarSide, world: World, thing: BusinessObject) -> None:
    assert isinstance(thing, Document)
    (there,) = await far.rows("ir.attachment", name=thing.title)
    (row,) = await far.known_as("purchase.order", "order", thing.about[0])
    assert (there["res_model"], there["res_id"]) == ("purchase.order", row["id"])
    assert there["file_size"] == len(PAPER)


def answered(world: World, order: PurchaseOrder) -> OrderAcknowledgement:
    line = AcknowledgedLine(
        number=1, answer=LineAnswer.ACCEPTED, quantity=Decimal(10), delivery_date=date(2026, 12, 24)
    )
    return OrderAcknowledgement(
        number=world.number("A"), order=order.number, supplier=world.supplier.code, lines=(line,)
    )


def filed(world: World, order: PurchaseOrder) -> Document:
    return Document(
        number=world.number("CERT"),
        title=world.number("Certificate"),
        document_type="certificate",
        place="certificates/1.pdf",
        about=(order.number,),
        belongs_to=RecordKey(object="hilum.purchase.order", key=order.number),
        content=b64encode(PAPER).decode(),
    )


def priced_item(world: World) -> Item:
    cost = Money(amount=Decimal("2.35"), currency="EUR")
    return Item(code=world.number("I"), title="Suture", cost=cost, supplier=world.supplier.code)


def bought(world: World) -> list[BusinessObject]:
    return [world.order(("10", "1.25"))]


def came(world: World) -> list[BusinessObject]:
    order = world.order(("10", "1.25"))
    return [order, world.receipt(order, (1, "10"))]


def two_lines(world: World) -> list[BusinessObject]:
    return [world.order(("10", "1.25"), ("5", "1.5"))]


def revision(world: World, order: PurchaseOrder) -> PurchaseOrder:
    first = order.lines[0]
    kept = first.model_copy(update={"quantity": Decimal(12)})
    new = first.model_copy(update={"number": 3, "quantity": Decimal(7)})
    return order.model_copy(update={"revision": 1, "lines": (kept, new)})


def with_bank(world: World) -> Supplier:
    account = BankAccount(number=world.number("BE68"))
    return Supplier(code=world.number("S"), title="Sutures Ltd", bank_accounts=(account,))


CASES = {
    "account": Case(lambda w: w.account.model_copy(update={"number": w.number("A")}), one_account),
    "item with vendor price": Case(priced_item, one_item),
    "supplier with bank account": Case(with_bank, one_supplier),
    "vendor price": Case(lambda w: w.price(), one_price),
    "use": Case(lambda w: w.use("2"), one_use),
    "transfer": Case(lambda w: w.moved(w.other, "3"), one_transfer),
    "consigned stock": Case(lambda w: w.consigned("3"), one_consignment),
    "count": Case(lambda w: w.count("10"), one_count),
    "agreement": Case(lambda w: w.agreed(), one_agreement),
    "agreement ended": Case(
        lambda w, agreement: AgreementEnded(number=agreement.number), no_agreement, before=lambda w: [w.agreed()]
    ),
    "order": Case(lambda w: w.order(("10", "1.25"), ("5", "1.5")), one_order),
    "order with and without prices": Case(lambda w: w.order(("10", "1.25"), ("5", None)), one_order),
    "order changed": Case(revision, one_revision, before=two_lines),
    "order cancelled": Case(lambda w, order: PurchaseOrderCancelled(number=order.number), one_cancelled, before=bought),
    "receipt": Case(lambda w, order: w.receipt(order, (1, "4")), one_receipt, before=bought),
    "return": Case(lambda w, order, receipt: w.goes_back(order, "3"), one_return, before=came),
    "charge": Case(lambda w: w.charge("2", "12.50"), one_invoice),
    "answer of a supplier": Case(answered, one_answer, before=bought),
    "document": Case(filed, one_document, before=bought),
}


async def prepared(case: Case, hub: Odoo, world: World) -> BusinessObject:
    """The object of a case; what has to be before it is in Odoo."""
    before = case.before(world)
    wanted = case.make(world, *before)
    await world.far.needs(*before, wanted)
    for thing in before:
        await until_delivered(hub, thing)
    return wanted
