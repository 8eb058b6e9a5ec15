"""Captured records of Odoo become business objects: keys, codes, what is of interest, and words for what is wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from odoo_changes import EACH, EUR, GLOVE, VENDOR, contact, envelope, line, order, told

from hilum.canonical import (
    AgreementEnded,
    BlanketAgreement,
    BusinessObject,
    CloudEvent,
    Customer,
    Encounter,
    Item,
    Lot,
    PatientAccount,
    PurchaseOrder,
    PurchaseOrderCancelled,
    Supplier,
    SupplierPrice,
    Tracking,
    Unit,
)
from hilum.connector import Outgoing, Target
from hilum.connectors.odoo import external_id
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.errors import Invalid, SettingsError, Unmapped
from hilum.flow import DataClass, Flow, Lookup
from hilum.packs import odoo
from hilum.packs.odoo import buying
from hilum.packs.odoo.conventions import UNITS
from hilum.packs.odoo.objects import CAPTURED, NOT_CAPTURED
from hilum.packs.procurement.order_rules import STATES

# ---- orders


def test_an_order_of_the_hub_comes_back() -> None:
    (found,) = told(order())
    assert isinstance(found, PurchaseOrder)
    assert (found.number, found.supplier, found.currency, found.confirm, found.revision) == (
        "PO-7",
        "V1",
        "EUR",
        True,
        0,
    )
    (ordered,) = found.lines
    assert (ordered.item, ordered.quantity, ordered.unit, ordered.unit_price) == (
        "G-1",
        Decimal(12),
        "EA",
        Decimal("3.4"),
    )
    assert ordered.needed_by == date(2026, 12, 1)
    assert str(ordered.quantity) == "12"


def test_an_order_of_odoos_own_has_odoos_number_and_its_source_document_is_what_asked_for_it() -> None:
    (found,) = told(order("", origin="REQ-1", partner_ref="their offer"))
    assert isinstance(found, PurchaseOrder)
    assert (found.number, found.requisition) == ("P00012", "REQ-1")


def test_an_awkward_number_is_found_by_its_hash_also_after_a_revision() -> None:
    xml_id = external_id("order", "PO 7/2026")
    (found,) = told(order(xml_id, origin="PO 7/2026 rev. 3"))
    assert isinstance(found, PurchaseOrder)
    assert (found.number, found.revision) == ("PO 7/2026", 3)
    with pytest.raises(Invalid, match=r"purchase\.order 12, origin: was changed in Odoo"):
        told(order(xml_id, origin="something else"))


def test_lines_keep_the_hubs_numbers_and_new_ones_get_free_ones() -> None:
    lines = [line(31, external_id("orderline", "PO-7/20")), line(32), line(33, external_id("orderline", "PO-7/10"))]
    lines += [line(34), line(35, product_id=None), line(36, product_qty=0.0)]
    (found,) = told(order(order_line=lines))
    assert isinstance(found, PurchaseOrder)
    assert [each.number for each in found.lines] == [20, 21, 10, 11]


def test_a_cancelled_order_is_told_as_such() -> None:
    (found,) = told(order(state="cancel"))
    (before,) = told(order())
    assert isinstance(before, PurchaseOrder)
    assert found == PurchaseOrderCancelled(number="PO-7", supplier=before.supplier, ordered_at=before.ordered_at)


def test_18_calls_the_unit_of_a_line_otherwise() -> None:
    each = line(31)
    each["product_uom"] = each.pop("product_uom_id")
    (found,) = told(order(order_line=[each]))
    assert isinstance(found, PurchaseOrder)
    assert found.lines[0].unit == "EA"


@pytest.mark.parametrize(
    ("state", "made"),
    [
        ("draft", BlanketAgreement),
        ("confirmed", BlanketAgreement),
        ("done", AgreementEnded),
        ("cancel", AgreementEnded),
    ],
)
def test_an_agreement_counts_until_it_ends(state: str, made: type[BusinessObject]) -> None:
    values = {"name": "BA-1", "state": state, "requisition_type": "blanket_order", "vendor_id": VENDOR}
    values |= {"currency_id": EUR, "date_start": "2026-01-01", "date_end": "2026-12-31", "line_ids": [line(1)]}
    (found,) = told(envelope("purchase.requisition", "hilum.agreement_BA-1", **values))
    assert type(found) is made
    if isinstance(found, BlanketAgreement):
        assert (found.confirm, found.valid_to) == (state == "confirmed", date(2027, 1, 1))
    if isinstance(found, AgreementEnded):
        assert found.cancelled == (state == "cancel")
    template = envelope("purchase.requisition", "", **values | {"requisition_type": "purchase_template"})
    assert told(template) == []


def test_a_state_that_odoo_does_not_have_itself_is_not_guessed() -> None:
    """A module of somebody's own has added one: neither a draft nor confirmed, as far as the hub knows."""
    with pytest.raises(Invalid, match=r"purchase\.order 12, state: the hub does not know"):
        told(order(state="second approval"))
    values = {"name": "BA-1", "state": "second approval", "requisition_type": "blanket_order", "vendor_id": VENDOR}
    values |= {"currency_id": EUR, "date_start": "2026-01-01", "date_end": "2026-12-31", "line_ids": [line(1)]}
    with pytest.raises(Invalid, match=r"state: the hub does not know"):
        told(envelope("purchase.requisition", "hilum.agreement_BA-1", **values))
    for state in buying.ORDER_STATES:
        (found,) = told(order(state=state))
        assert isinstance(found, PurchaseOrderCancelled if state == "cancel" else PurchaseOrder)
    assert set(STATES.outside["odoo"]) == buying.CONFIRMED | {"cancel"}, "a draft is no order yet"


# ---- contacts


def test_one_contact_may_be_supplier_and_customer() -> None:
    found = told(contact(ref="C-1", supplier_rank=1, customer_rank=2))
    assert {type(each): each.business_key for each in found} == {Supplier: "C-1", Customer: "C-1"}
    assert told(contact(ref="C-1", customer_rank=1)) == [Customer(code="C-1", title="Gloves Ltd")]
    assert told(contact(ref="C-1")) == []
    assert told(contact(ref="C-1", customer_rank=1, is_company=False)) == []


def test_a_patient_account_is_one_that_the_hub_has_written() -> None:
    (found,) = told(contact("hilum.account_A-1", name="Ada Sample", customer_rank=1, is_company=False))
    assert isinstance(found, PatientAccount)
    assert (found.number, found.person.full) == ("A-1", "Ada Sample")


def test_a_supplier_without_a_number_is_told_of_with_model_record_and_field() -> None:
    with pytest.raises(Invalid, match=r"^res\.partner 12, ref: has no number: give it one in Odoo$"):
        told(contact(supplier_rank=1))


def test_what_people_write_into_the_reference_does_not_change_the_hubs_number() -> None:
    (found,) = told(contact("hilum.supplier_V1", ref="by hand", supplier_rank=1))
    assert found.business_key == "V1"


def test_another_prefix_is_another_hub() -> None:
    change = contact("north.supplier_V1", ref="V-9", supplier_rank=1)
    assert [each.business_key for each in told(change)] == ["V-9"]
    assert [each.business_key for each in told(change, prefix="north")] == ["V1"]


@pytest.mark.parametrize(
    "fields", [{"purchase_warn": "block", "purchase_warn_msg": "Recall"}, {"purchase_warn_msg": "Blocked. Recall"}]
)
def test_a_block_and_its_reason(fields: dict[str, str]) -> None:
    (found,) = told(contact("hilum.supplier_V1", supplier_rank=1, **fields))
    assert isinstance(found, Supplier)
    assert (found.blocked, found.block_reason) == (True, "Recall")


def test_address_and_bank_accounts() -> None:
    bank = {"id": 3, "external_id": "", "acc_number": "BE68 5390 0754 7034", "bank_id": None, "currency_id": EUR}
    country = {"id": 20, "name": "Belgium", "external_id": "base.be", "code": "BE"}
    (found,) = told(contact("hilum.supplier_V1", supplier_rank=1, street="Quay 7", country_id=country, bank_ids=[bank]))
    assert isinstance(found, Supplier)
    assert found.address is not None
    assert found.address.country == "BE"
    assert found.bank_accounts is not None
    assert [(each.compact, each.currency) for each in found.bank_accounts] == [("BE68539007547034", "EUR")]


# ---- items and units


def product(**values: Any) -> dict[str, Any]:
    made = {"default_code": "G-1", "name": "Glove", "barcode": None, "tracking": "lot", "uom_id": EACH, "active": True}
    made |= {"categ_id": {"id": 2, "name": "Goods / Gloves", "external_id": "", "code": ""}, "is_storable": True}
    return envelope("product.product", "", **made | {"standard_price": 0.0625, "list_price": 0.0, **values})


def test_a_product_comes_back_as_item() -> None:
    (found,) = told(product(), currency="EUR")
    assert isinstance(found, Item)
    assert (found.code, found.category, found.tracking, found.unit) == ("G-1", "Goods / Gloves", Tracking.LOT, "EA")
    assert found.cost is not None
    assert (found.cost.amount, found.price) == (Decimal("0.0625"), None)


def packed(name: str, qty: float, barcode: str | None) -> dict[str, Any]:
    return {"id": 7, "external_id": "", "name": name, "qty": qty, "barcode": barcode}


def test_packings_that_others_can_know_come_back_smallest_first() -> None:
    """One without a GTIN, and one in a unit that nobody knows, does not hold the item."""
    lines = [
        packed("BX 100", 100.0, "14006381333938"),
        packed("Big box", 50.0, "14006381333938"),
        packed("DZN 12", 12.0, "own-4711"),
    ]
    (found,) = told(product(barcode="4006381333931", packaging_ids=lines), currency="EUR")
    assert isinstance(found, Item)
    levels = [(each.gtin, each.unit, each.quantity) for each in found.packings or ()]
    assert levels == [("04006381333931", "EA", Decimal(1)), ("14006381333938", "BX", Decimal(100))]


def test_an_amount_without_currency_is_refused_unless_the_flow_knows_the_companys() -> None:
    with pytest.raises(Invalid, match=r"product\.product 12, standard_price: Odoo gives no currency"):
        told(product())
    assert told(product(currency_id=EUR))


def unit(name: str, xml_id: str = "") -> dict[str, Any]:
    return envelope("uom.uom", xml_id, name=name, active=True)


@pytest.mark.parametrize(
    ("name", "xml_id", "code"),
    [
        ("Einheiten", "uom.product_uom_unit", "EA"),
        ("kg", "uom.product_uom_kgm", "KGM"),
        ("BX", "", "BX"),
        ("mL", "", "mL"),
    ],
)
def test_units_have_codes_again(name: str, xml_id: str, code: str) -> None:
    assert told(unit(name, xml_id)) == [Unit(code=code, title=name)]


def test_a_unit_of_ones_own_is_in_the_lookup_table_or_unmapped(tmp_path: Path) -> None:
    with pytest.raises(Unmapped, match=r"^uom\.uom 12, name: The lookup table 'odoo_units' has no row") as error:
        told(unit("Box of 50"))
    assert (error.value.table, error.value.code) == (UNITS, "Box of 50")
    (tmp_path / "odoo_units.csv").write_text("unit,code\nBox of 50,BX\nUnits,C62\n")
    lookup = Lookup(tmp_path)
    assert told(unit("Box of 50"), hub=lookup) == [Unit(code="BX", title="Box of 50")]
    assert told(unit("Units", "uom.product_uom_unit"), hub=lookup) == [Unit(code="C62", title="Units")]
    assert told(unit("kg", "uom.product_uom_kgm"), hub=lookup) == [Unit(code="KGM", title="kg")]


@pytest.mark.parametrize("number", ["G-1", "G 1/a"])
def test_the_template_of_a_price_is_named_after_its_product(number: str) -> None:
    """As `load` does it on a server: the identifier of the product, with the name of the model behind it."""
    xml_id = f"{external_id('item', number)}_product_template"
    template = {"id": 5, "name": "Glove", "external_id": xml_id, "code": "G 1/a"}
    values = {"partner_id": VENDOR, "product_id": None, "product_tmpl_id": template, "price": 0.0, "currency_id": EUR}
    values |= {"min_qty": 0.0, "delay": 1, "date_start": None, "date_end": None, "product_code": None}
    (found,) = told(envelope("product.supplierinfo", "", **values, product_name=None))
    assert isinstance(found, SupplierPrice)
    assert (found.item, found.supplier, found.price.amount) == (number, "V1", 0)


def test_the_expiry_of_a_lot_is_the_day_at_the_companys_place() -> None:
    change = envelope("stock.lot", "", name="L1", product_id=GLOVE, expiration_date="2028-02-28T23:30:00Z")
    assert told(change) == [Lot(item="G-1", lot="L1", expires_on=date(2028, 2, 28))]
    assert told(change, zone="Europe/Brussels") == [Lot(item="G-1", lot="L1", expires_on=date(2028, 2, 29))]


# ---- what is wrong


def test_a_bare_id_a_field_that_was_not_read_and_no_number() -> None:
    with pytest.raises(Invalid, match=r"purchase\.order 12, partner_id: is a bare id"):
        told(order(partner_id=82))
    change = order()
    del change["values"]["currency_id"]
    with pytest.raises(Invalid, match=r"purchase\.order 12, currency_id: was not read"):
        told(change)
    with pytest.raises(Invalid, match=r"purchase\.order\.line 31, price_unit: is no number"):
        told(order(order_line=[line(31, price_unit="much")]))
    with pytest.raises(Invalid, match=r"order_line: the hub's user in Odoo may not read purchase\.order\.line"):
        told(order(order_line=None))
    (hidden,) = told(contact(ref="V", supplier_rank=1, bank_ids=None))
    assert isinstance(hidden, Supplier)
    assert hidden.bank_accounts is None, "none is not the same as none that may be seen"
    with pytest.raises(Invalid, match="not a captured change"):
        odoo.record_of({"model": "res.partner"})


# ---- the table and the flow


@pytest.mark.req("SYS-1")
def test_everything_that_odoo_takes_is_in_the_table() -> None:
    taken = {kind for each in OPERATIONS.values() for kind in each.accepts if issubclass(kind, BusinessObject)}
    assert taken - {each.object for each in CAPTURED} == set(NOT_CAPTURED)
    for each in CAPTURED:
        names = {name.partition(".")[0] for name in (*each.lost, *each.filled)}
        assert names <= set(each.object.model_fields), each.object


def flow(target: Target, **more: Any) -> Flow:
    return odoo.changed(to=[target], odoo="", url="http://127.0.0.1:9", api_key="k", **more)


def test_a_flow_tells_of_what_it_is_asked_for_and_counts_the_rest(anything: Target) -> None:
    made = flow(anything, objects=[Supplier, PurchaseOrder])
    assert made.problems() == []
    assert made.left_out(order()) == ""
    assert (
        made.left_out(contact(customer_rank=1, ref="C")) == "This record of res.partner is none of the flow's objects."
    )
    assert "deleted" in made.left_out(contact() | {"kind": "deleted", "values": {}})
    assert made.left_out(contact(supplier_rank=1)) == "", "what cannot be told is held by the translation"
    with pytest.raises(Invalid):
        list(made.run(contact(supplier_rank=1), Lookup()))


def test_events_are_cloud_events_and_a_repetition_has_the_same_id(anything: Target) -> None:
    made = flow(anything, objects=[PurchaseOrder])
    (first,), (again,), (other,) = (
        [each.thing for each in made.run(change, Lookup())] for change in (order(), order(), order(state="draft"))
    )
    assert isinstance(first, CloudEvent)
    assert (first.type, first.subject, first.source) == ("hilum.purchase.order.v1", "PO-7", "/hilum/flows/odoo.changed")
    assert first == again
    assert first.id != other.id
    plain = flow(Target(endpoint="t", encode=lambda _: Outgoing(body=b"")), objects=[PurchaseOrder], events=False)
    assert [type(each.thing) for each in plain.run(order(), Lookup())] == [PurchaseOrder]


def test_a_flow_says_what_it_cannot_tell_and_who_may_see_it(anything: Target) -> None:
    with pytest.raises(SettingsError, match="No record of Odoo tells of Encounter"):
        flow(anything, objects=[Encounter])
    assert flow(anything, objects=[Supplier]).data_class is DataClass.CONFIDENTIAL
    assert flow(anything, objects=[PatientAccount]).data_class is DataClass.PHI
    everything = flow(anything)
    assert everything.data_class is DataClass.PHI
    assert everything.left_out(contact("hilum.account_A-1")) != "", "of patients nothing is told unless it is asked for"
