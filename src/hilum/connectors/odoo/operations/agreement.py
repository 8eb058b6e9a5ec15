"""A blanket order: agreed quantities and prices of a supplier, which purchase orders then draw on.

Odoo's button for confirming writes a vendor price for each line, and does so once more each time it is pressed: two
hubs that press it at the same moment double the prices, because the server repeats the second one after the first.
So the hub does not press it. It sets the state, and writes the vendor price of each line with an external identifier of
its own, which makes each of them one; lines that have their price already, from a buyer's button, are left alone.
The Odoo user needs Purchase/Administrator and Products/Create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from hilum.canonical import AgreementLine, BlanketAgreement
from hilum.connectors.odoo.client import Row
from hilum.connectors.odoo.dialect import Dialect
from hilum.connectors.odoo.loading import Record
from hilum.connectors.odoo.operations.base import Needs, found, joined
from hilum.connectors.odoo.operations.documents import DocumentOperation, Plan, same_lines
from hilum.connectors.odoo.operations.purchase_order import with_blocks
from hilum.connectors.odoo.references import ITEM, SUPPLIER
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.units import units_needed
from hilum.connectors.odoo.work import Task, cell
from hilum.errors import Rejected


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    items: Mapping[str, Row | Rejected]
    suppliers: Mapping[str, Row | Rejected]


class AgreePrices(DocumentOperation):
    """BlanketAgreement → purchase.requisition, with its vendor prices."""

    name: ClassVar[str] = "agreement"
    accepts: ClassVar[tuple[type, ...]] = (BlanketAgreement,)
    needs: ClassVar[Needs] = {
        "purchase.requisition": ("name", "state", "vendor_id", "currency_id", "date_end", "line_ids"),
        "purchase.requisition.line": ("requisition_id", "product_id", "product_qty", "price_unit"),
        "product.supplierinfo": (
            "partner_id",
            "product_id",
            "product_tmpl_id",
            "price",
            "currency_id",
            "date_start",
            "date_end",
            "purchase_requisition_line_id",
        ),
    }
    model = "purchase.requisition"
    kind = "agreement"
    fields = ("name", "state", "vendor_id", "currency_id")
    reference_field = "name"
    line_model = "purchase.requisition.line"
    line_parent = "requisition_id"
    line_fields = ("product_id", "product_qty", "price_unit")

    def needed(self, names: Dialect) -> Needs:
        """See `Operation.needed`."""
        kind = names.agreement_kind[0].partition("/")[0]
        return joined(
            self.needs, {self.model: (names.agreement_start, names.agreement_reference, kind)}, units_needed(names)
        )

    async def look_up(self, session: Session, tasks: Sequence[Task]) -> _Known:
        """See `DocumentOperation.look_up`."""
        agreements: list[BlanketAgreement] = [task.thing for task in tasks]
        suppliers = await session.references.find(SUPPLIER, [each.supplier for each in agreements])
        return _Known(
            items=await session.references.find(ITEM, [line.item for each in agreements for line in each.lines]),
            suppliers=await with_blocks(session, suppliers),
        )

    async def plan(self, session: Session, task: Task, known: _Known) -> Plan:
        """See `DocumentOperation.plan`."""
        thing: BlanketAgreement = task.thing
        names = session.client.dialect
        about = f"agreement {thing.number}"
        vendor = found(known.suppliers[thing.supplier])["id"]
        currency = found(await session.currency(thing.currency)) if thing.currency else await session.company_currency()
        head = {
            "name": thing.number,
            "vendor_id/.id": cell(vendor),
            names.agreement_reference: thing.number,
            "currency_id/.id": cell(currency),
            **dict([names.agreement_kind]),
            **({names.agreement_start: cell(thing.valid_from)} if thing.valid_from else {}),
            **({"date_end": _deadline(thing.valid_to, names)} if thing.valid_to else {}),
        }
        lines = [await self._line(session, thing, line, found(known.items[line.item])) for line in thing.lines]
        cells = [
            {
                "line_ids/id": session.xml_id("agreementline", f"{thing.number}/{line.number}"),
                "line_ids/product_id/.id": cell(wanted["product_id"]),
                "line_ids/product_qty": cell(line.quantity),
                "line_ids/price_unit": cell(line.unit_price),
            }
            for line, wanted in zip(thing.lines, lines, strict=True)
        ]
        xml_id = session.xml_id("agreement", thing.number)
        wanted = {"partner": vendor, "currency": currency, "lines": lines, "confirmed": names.agreement_confirmed}
        return Plan(
            task=task,
            xml_id=xml_id,
            reference=thing.number,
            about=about,
            records=[Record(task=task, xml_id=xml_id, head=head, lines=cells, about=about)],
            wanted={**wanted, "templates": {line["product_id"]: line.pop("template") for line in lines}},
            act=thing.confirm,
        )

    @staticmethod
    async def _line(session: Session, thing: BlanketAgreement, line: AgreementLine, item: Row) -> dict[str, Any]:
        unit = found(await session.units.find(line.unit))
        if unit != item["uom_id"]:
            kept = session.units.name(item["uom_id"])
            words = f"Agreement {thing.number}, line {line.number}: item {line.item} is kept in {kept} in Odoo, and"
            raise Rejected("odoo.unit", f"{words} agreed prices there are for that unit. Convert it in the flow.")
        return {
            "product_id": item["id"],
            "product_qty": line.quantity,
            "price_unit": line.unit_price,
            "template": item["product_tmpl_id"],
        }

    def differences(self, plan: Plan) -> str:
        """See `DocumentOperation.differences`."""
        if plan.row.get("state") == "cancel":
            return "it was cancelled"
        wanted, row = plan.wanted, plan.row
        parts = {
            "supplier": row.get("vendor_id") == wanted["partner"],
            "currency": row.get("currency_id") == wanted["currency"],
            "lines (items, quantities or prices)": same_lines(wanted["lines"], plan.lines),
        }
        return ", ".join(words for words, same in parts.items() if not same)

    async def act(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.act`. The state first: then no buyer's button writes the prices a second time."""
        numbers = [plan.number for plan in plans if plan.number is not None]
        await session.client.write(self.model, numbers, {"state": session.client.dialect.agreement_confirmed})

    async def finish(self, session: Session, plans: Sequence[Plan]) -> None:
        """See `DocumentOperation.finish`. The vendor prices of confirmed agreements that are not there yet."""
        confirmed = [plan for plan in plans if plan.act and plan.row.get("state") == plan.wanted["confirmed"]]
        missing = await self._unpriced(session, confirmed)
        if not missing:
            return
        names = await session.client.external_ids(self.line_model, missing)
        records = [
            self._price(session, plan, line, names[line["id"]])
            for plan in confirmed
            for line in plan.lines
            if line["id"] in names
        ]
        await session.master_data("product.supplierinfo").load(records, [plan.task for plan in confirmed])

    async def finished(self, session: Session, plan: Plan) -> bool:
        """See `DocumentOperation.finished`: the state alone does not say that all prices are there."""
        return plan.row.get("state") != plan.wanted["confirmed"] or not await self._unpriced(session, [plan])

    @staticmethod
    async def _unpriced(session: Session, confirmed: Sequence[Plan]) -> list[int]:
        """The lines that have no vendor price yet."""
        lines = [line["id"] for plan in confirmed for line in plan.lines]
        if not lines:
            return []
        domain = [["purchase_requisition_line_id", "in", lines]]
        rows = await session.client.search_read("product.supplierinfo", domain, ["purchase_requisition_line_id"])
        priced = {row["purchase_requisition_line_id"] for row in rows}
        return [line for line in lines if line not in priced]

    @staticmethod
    def _price(session: Session, plan: Plan, line: Row, name: str) -> Record:
        thing: BlanketAgreement = plan.task.thing
        head = {
            "partner_id/.id": cell(plan.wanted["partner"]),
            "product_id/.id": cell(line["product_id"]),
            "product_tmpl_id/.id": cell(plan.wanted["templates"][line["product_id"]]),
            "price": cell(line["price_unit"]),
            "currency_id/.id": cell(plan.wanted["currency"]),
            "purchase_requisition_line_id/.id": cell(line["id"]),
            **({"date_start": cell(thing.valid_from)} if thing.valid_from else {}),
            **({"date_end": cell(last_day(thing.valid_to))} if thing.valid_to else {}),
        }
        xml_id = session.xml_id("agreedprice", name.partition(".")[2])
        return Record(task=plan.task, xml_id=xml_id, head=head, about=f"price of the {plan.about}")

    def settle(self, plan: Plan) -> None:
        """See `DocumentOperation.settle`."""
        title, state = plan.row.get("name") or plan.number, plan.row.get("state")
        words = {
            "draft": f"The {plan.about} is a draft for a buyer in Odoo: {title}.",
            plan.wanted["confirmed"]: f"The {plan.about} is confirmed in Odoo, and its prices count: {title}.",
            "done": f"The {plan.about} is closed in Odoo: {title}.",
        }
        if state not in words or (plan.act and state == "draft"):
            text = f"The {plan.about} is in Odoo as {title} but could not be confirmed; look at it there."
            plan.task.fail(Rejected("odoo.not_done", text))
        else:
            plan.task.deliver(f"{self.model}:{plan.number} {title}", words[state])


def _deadline(end: date, names: Dialect) -> str:
    """The last day that counts; noon in UTC, where Odoo keeps a time, is the same day in nearly every time zone."""
    day = last_day(end)
    return f"{day:%Y-%m-%d} 12:00:00" if names.agreement_ends_at else cell(day)


def last_day(end: date) -> date:
    """Odoo names the last day that counts, the hub the first one that does not."""
    return end - timedelta(days=1)
