"""Accounts, suppliers, items, locations and records of any model: written once, updated ever after."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from odoo_far_side import FarSide, World, deliveries, delivery

from hilum.canonical import (
    Address,
    Encounter,
    EncounterStatus,
    Item,
    Location,
    Money,
    PatientAccount,
    PersonName,
    Supplier,
)
from hilum.connector import Target
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected, SettingsError
from hilum.message import Delivered, Delivery, new_id

COUNTRY = {False: "Belgium", True: "Nowhere"}


def made(target: Target, thing: object) -> Delivery:
    """The delivery of any object to a target."""
    outgoing = target.encode(thing)
    assert outgoing is not None
    return Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="test",
        destination=target.endpoint,
        operation=target.operation,
        body=outgoing.body,
        idempotency_key=str(thing),
    )


def code(far: FarSide) -> Callable[[int], str]:
    """Business keys by number."""
    return lambda n: far.name(f"B{n:02}")


async def test_an_account_becomes_a_customer_and_is_updated(far: FarSide, hub: Odoo) -> None:
    account = PatientAccount(
        number=far.name("A 1/é"),
        person=PersonName(family="Sample", given="Bo"),
        address=Address(street="1 Sample Road", city="Ghent", postal_code="9000", country="BEL"),
        email="bo@example.org",
    )
    (outcome,) = await hub.deliver(deliveries([account]))
    assert isinstance(outcome, Delivered)
    (row,) = await far.known_as("res.partner", "account", account.number)
    assert (row["name"], row["ref"], row["city"], row["customer_rank"]) == ("Bo Sample", account.number, "Ghent", 1)
    assert row["is_company"] is False
    assert outcome.reference == f"res.partner:{row['id']} {account.number}"
    assert "Sample" not in outcome.words

    closed = account.model_copy(update={"active": False, "email": "", "phone": "+32 9 000 00 00"})
    (outcome,) = await hub.deliver(deliveries([closed]))
    assert isinstance(outcome, Delivered)
    (row,) = await far.known_as("res.partner", "account", account.number)
    assert row["active"] is False
    assert row["phone"] == "+32 9 000 00 00"
    assert row["email"] == "bo@example.org"  # what the sender left out is left alone

    deleted = account.model_copy(update={"email": "", "address": None, "cleared": ("email", "address", "payer")})
    (outcome,) = await hub.deliver(deliveries([deleted]))
    assert isinstance(outcome, Delivered)
    (row,) = await far.known_as("res.partner", "account", account.number)
    assert not any(row[name] for name in ("email", "street", "city", "zip", "country_id"))
    assert row["phone"] == "+32 9 000 00 00"


async def test_an_unknown_country_is_refused_in_words_without_the_address(far: FarSide, hub: Odoo) -> None:
    account = PatientAccount(
        number=far.name("A2"),
        person=PersonName(family="Sample"),
        address=Address(street="Secret Street 9", country="ZZZ"),
    )
    (outcome,) = await hub.deliver(deliveries([account]))
    assert isinstance(outcome, Rejected)
    assert outcome.category == "odoo.missing_reference"
    assert "Secret" not in str(outcome)
    assert await far.known_as("res.partner", "account", account.number) == []


@pytest.mark.req("MOD-5")
@pytest.mark.every_odoo
async def test_an_item_becomes_a_product_with_exact_prices_and_one_vendor_price(far: FarSide, hub: Odoo) -> None:
    supplier = Supplier(code=far.name("S"), title="Sample Supplies Ltd", tax_id="")
    item = Item(
        code=far.name("I.1"),
        title="Suture 3-0",
        barcode=far.name("0401"),
        cost=Money(amount=Decimal("2.35"), currency=far.currency),
        price=Money(amount=Decimal("4.10"), currency=far.currency),
        supplier=supplier.code,
    )
    for _ in range(2):
        outcomes = await hub.deliver(deliveries([item, supplier]))  # suppliers go first, whatever the order
        assert [type(each) for each in outcomes] == [Delivered, Delivered], outcomes
    row = await far.product(item.code)
    assert (row["default_code"], row["barcode"]) == (item.code, item.barcode)
    assert row.items() >= far.stored.items()
    assert Decimal(str(row["standard_price"])) == Decimal("2.35")
    template = row["product_tmpl_id"]
    (price,) = await far.rows("product.supplierinfo", product_tmpl_id=template)
    assert Decimal(str(price["price"])) == Decimal("2.35")


async def test_a_price_in_another_currency_and_an_unknown_unit_are_refused(sandboxed: FarSide) -> None:
    far, hub = sandboxed, await sandboxed.open()
    dollars = Item(code=far.name("I2"), title="Drape", cost=Money(amount=Decimal(1), currency="USD"))
    boxes = Item(code=far.name("I3"), title="Drape", unit="XQ")
    foreign, unknown = await hub.deliver(deliveries([dollars, boxes]))
    assert isinstance(foreign, Rejected)
    assert foreign.category == "odoo.currency"
    assert isinstance(unknown, Rejected)
    assert "XQ" in str(unknown)


async def test_units_of_the_sender_can_be_named_in_the_settings(far: FarSide) -> None:
    hub = await far.open(units={"XQ": "uom.product_uom_dozen"})
    item = Item(code=far.name("I4"), title="Drape", unit="XQ")
    (outcome,) = await hub.deliver(deliveries([item]))
    assert isinstance(outcome, Delivered)
    row = await far.product(item.code)
    (unit,) = await far.rows("uom.uom", id=row["uom_id"])
    assert "ozen" in unit["name"]


async def test_a_location_goes_below_its_parent(far: FarSide, hub: Odoo) -> None:
    ward = Location(code=far.name("W1"), title="Ward 1")
    cupboard = Location(code=far.name("W1C"), title="Cupboard", parent=ward.code)
    for things in ([ward], [cupboard]):
        (outcome,) = await hub.deliver(deliveries(things))
        assert isinstance(outcome, Delivered), outcome
    (parent,) = await far.known_as("stock.location", "location", ward.code)
    (row,) = await far.known_as("stock.location", "location", cupboard.code)
    assert row["location_id"] == parent["id"]
    assert row["usage"] == "internal"


async def test_a_location_of_a_warehouse_that_odoo_does_not_have_says_where_it_was_put(far: FarSide, hub: Odoo) -> None:
    code = far.name("nowhere")
    (outcome,) = await hub.deliver(deliveries([Location(code=far.name("W3"), title="Ward 3", facility=code)]))
    assert isinstance(outcome, Delivered), outcome
    assert f"Odoo has no warehouse {code}: the location was put under" in outcome.words


async def test_an_encounter_is_delivered_when_its_account_is_there(far: FarSide, hub: Odoo, world: World) -> None:
    def visit(account: str) -> Delivery:
        thing = Encounter(number=far.name("V"), account=account, status=EncounterStatus.IN_PROGRESS)
        return made(odoo.encounter("odoo.main"), thing)

    there, missing = await hub.deliver([visit(world.account.number), visit("nobody")])
    assert isinstance(there, Delivered)
    assert isinstance(missing, Rejected)
    assert missing.category == "odoo.missing_reference"


async def test_any_model_can_be_written_by_business_key(far: FarSide, hub: Odoo) -> None:
    target = odoo.upsert(
        "odoo.main",
        "res.partner",
        columns=["name", "is_company", "comment"],
        fields=lambda thing: {"name": thing["name"], "is_company": True, "comment": None},
        key=lambda thing: str(thing["code"]),
        kind="facility",
        accepts=(dict,),
    )

    facility = far.name("F1")
    for title in ("North Clinic", "North Hospital"):
        (outcome,) = await hub.deliver([made(target, {"code": facility, "name": title})])
        assert isinstance(outcome, Delivered)
    (row,) = await far.known_as("res.partner", "facility", facility)
    assert row["name"] == "North Hospital"


def test_a_kind_that_odoo_could_not_tell_apart_is_refused() -> None:
    with pytest.raises(SettingsError, match="lower-case"):
        odoo.upsert("odoo.main", "res.partner", columns=["name"], fields=dict, key=str, kind="Not Good")


@pytest.mark.req("MSG-10")
@pytest.mark.req("NEW-2")
@pytest.mark.parametrize("bad", [{17}, {0, 31, 49}])
async def test_bad_records_of_fifty_are_set_apart_and_the_others_are_written_once(
    sandboxed: FarSide, bad: set[int]
) -> None:
    hub = await sandboxed.open()
    target = odoo.upsert(
        "odoo.main",
        "res.partner",
        columns=["name", "country_id"],
        fields=lambda n: {"name": f"C{n}", "country_id": COUNTRY[n in bad]},
        key=code(sandboxed),
    )
    batch = [made(target, n) for n in range(50)]
    assert sandboxed.faults is not None
    outcomes = await hub.deliver(batch)
    assert {n for n, outcome in enumerate(outcomes) if isinstance(outcome, Rejected)} == bad
    assert sum(isinstance(outcome, Delivered) for outcome in outcomes) == 50 - len(bad)
    for n in range(50):
        assert len(await sandboxed.known_as("res.partner", "respartner", code(sandboxed)(n))) == (n not in bad)
        if n in bad:
            assert code(sandboxed)(n) in str(outcomes[n])
    # all at once, the good ones, and each bad one for a message of its own
    assert sandboxed.faults.seen.count("res.partner.load") == 2 + len(bad)


async def test_later_deliveries_of_a_key_do_not_overtake_a_refused_one(far: FarSide, hub: Odoo) -> None:
    bad = PatientAccount(number=far.name("K1"), person=PersonName(family=""))
    good = PatientAccount(number=far.name("K2"), person=PersonName(family="Sample"))
    free = PatientAccount(number=far.name("K3"), person=PersonName(family="Sample"))
    first, behind, other = await hub.deliver(
        [delivery(bad, key="one"), delivery(good, key="one"), delivery(free, key="two")]
    )
    assert isinstance(first, Rejected)
    assert type(behind).__name__ == "TryAgain"
    assert isinstance(other, Delivered)
    assert await far.known_as("res.partner", "account", good.number) == []


async def test_the_last_of_several_versions_in_one_batch_wins(far: FarSide, hub: Odoo) -> None:
    number = far.name("V1")
    versions = [PatientAccount(number=number, person=PersonName(family=f"Name {n}")) for n in range(4)]
    versions[2] = versions[2].model_copy(update={"phone": "1"})  # other columns, so another call
    outcomes = await hub.deliver([delivery(version, key=number) for version in versions])
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    (row,) = await far.known_as("res.partner", "account", number)
    assert row["name"] == "Name 3"


async def test_a_body_that_is_not_the_operation_s_is_rejected_without_a_call(far: FarSide, hub: Odoo) -> None:
    good = delivery(PatientAccount(number=far.name("Z"), person=PersonName(family="Sample")))
    wrong = Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="t",
        destination="o",
        operation="charge",
        body=good.body,
        idempotency_key="1",
    )
    unknown = Delivery(
        message_id=new_id(), ordinal=0, flow="t", destination="o", operation="nope", body=b"{}", idempotency_key="2"
    )
    first, second, third = await hub.deliver([wrong, unknown, good])
    assert isinstance(first, Rejected)
    assert first.category == "odoo.invalid"
    assert isinstance(second, Rejected)
    assert second.category == "odoo.unknown_operation"
    assert isinstance(third, Delivered)
