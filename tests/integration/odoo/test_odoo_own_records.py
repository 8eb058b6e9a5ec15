"""A record that Odoo has under a number of its own is changed, and none is made beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace

import pytest

from hilum.canonical import BusinessObject, Supplier, partial
from hilum.connector import Header
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.errors import Rejected, TryAgain
from hilum.message import Delivered, Delivery, new_id
from hilum.simulator.odoo import SandboxOdoo

pytestmark = [pytest.mark.req("MD-2"), pytest.mark.req("MOD-1")]

PARTNER = "res.partner"


@pytest.fixture
async def box() -> AsyncIterator[SandboxOdoo]:
    """A simulated Odoo."""
    async with SandboxOdoo("19.0", "hilum") as running:
        yield running


@pytest.fixture
async def hub(box: SandboxOdoo) -> AsyncIterator[Odoo]:
    """The hub's link to it."""
    made = Odoo(url=box.url, database=box.database, login=box.login, api_key=box.api_key)
    await made.open()
    yield made
    await made.close()


def told(thing: BusinessObject, *, receiver: object = "", formerly: str = "", key: str = "") -> Delivery:
    """A delivery of a supplier, with what is known of its record."""
    outgoing = odoo.supplier("odoo.main").encode(thing)
    assert outgoing is not None
    headers = {Header.RECEIVER_ID: str(receiver), Header.FORMERLY: formerly}
    return Delivery(
        message_id=new_id(),
        ordinal=0,
        flow="test",
        destination="odoo.main",
        operation="supplier",
        body=outgoing.body,
        headers={name: value for name, value in headers.items() if value},
        key=key,
        idempotency_key=str(new_id()),
    )


def upserted(
    thing: BusinessObject, *, receiver: object = "", formerly: str = "", fills: Collection[str] = ()
) -> Delivery:
    """The same by `odoo.upsert`, in columns of Odoo's `load`; `fills`: what may only fill an empty field."""
    target = odoo.upsert(
        "odoo.main",
        PARTNER,
        columns=["ref", "name", "phone", "country_id/id", "supplier_rank"],
        fields=lambda one: {
            "ref": one.code,
            "name": one.title,
            "phone": one.phone,
            "country_id/id": "base.be" if one.email else None,
            "supplier_rank": 1,
        },
        key=lambda one: one.code,
        kind="supplier",
        writes=Supplier,
    )
    assert target.to_fill is not None
    outgoing = target.to_fill(thing, fills) if fills else target.encode(thing)
    assert outgoing is not None
    return replace(told(thing, receiver=receiver, formerly=formerly), operation="upsert", body=outgoing.body)


def by_hand(box: SandboxOdoo, **values: object) -> int:
    """Somebody makes a vendor in Odoo."""
    made = box.change(lambda env: env[PARTNER].create({"name": "By hand", "supplier_rank": 1, **values}))
    return int(made.id)


def vendors(box: SandboxOdoo) -> dict[int, tuple[str, str, str]]:
    """Reference, name and telephone number by id."""
    return {
        each["id"]: (each["ref"] or "", each["name"], each["phone"] or "")
        for each in box.records(PARTNER)
        if each["supplier_rank"]
    }


async def done(hub: Odoo, *batch: Delivery) -> Sequence[object]:
    outcomes = await hub.deliver(batch)
    assert [type(each) for each in outcomes] == [Delivered] * len(batch), outcomes
    return outcomes


ROSSI = Supplier(code="S-9", title="Rossi", phone="1", email="")


async def test_a_record_of_a_person_gets_its_number_and_stays_the_one(hub: Odoo, box: SandboxOdoo) -> None:
    made = by_hand(box, phone="0")
    await done(hub, told(partial(ROSSI, ()), receiver=made))
    assert vendors(box) == {made: ("S-9", "By hand", "0")}, "what is not told stays"
    for _ in range(2):
        await done(hub, told(ROSSI, receiver=made))
    assert vendors(box) == {made: ("S-9", "Rossi", "1")}
    await done(hub, told(partial(Supplier(code="S-9", title="x", phone=""), ["phone"]), receiver=made))
    assert vendors(box) == {made: ("S-9", "Rossi", "")}, "an empty text that is told is a deletion"


async def test_what_the_hub_wrote_is_written_by_its_identifier_as_ever(hub: Odoo, box: SandboxOdoo) -> None:
    await done(hub, told(ROSSI))
    (made,) = vendors(box)
    loads = box.calls.calls[f"{PARTNER}/load"]
    await done(hub, told(ROSSI.model_copy(update={"phone": "2"}), receiver=made))
    assert vendors(box) == {made: ("S-9", "Rossi", "2")}
    assert box.calls.calls[f"{PARTNER}/load"] == loads + 1


async def test_what_is_numbered_later_is_found_by_the_name_it_had(hub: Odoo, box: SandboxOdoo) -> None:
    await done(hub, told(ROSSI.model_copy(update={"code": "supplier-4"})))
    (made,) = vendors(box)
    for _ in range(2):
        await done(hub, told(ROSSI, formerly="supplier-4"))
    assert vendors(box) == {made: ("S-9", "Rossi", "1")}


async def test_a_record_that_was_deleted_is_made_again(hub: Odoo, box: SandboxOdoo) -> None:
    made = by_hand(box)
    box.change(lambda env: env[PARTNER].unlink(made))
    await done(hub, told(ROSSI, receiver=made))
    assert [each[:2] for each in vendors(box).values()] == [("S-9", "Rossi")]


async def test_the_order_of_a_key_is_kept_between_records_of_both_sorts(hub: Odoo, box: SandboxOdoo) -> None:
    made = by_hand(box)
    batch = [
        told(Supplier(code="S-1", title="One"), key="k"),
        told(ROSSI, receiver=made, key="k"),
        told(ROSSI.model_copy(update={"phone": "3"}), receiver=made, key="k"),
        told(Supplier(code="S-1", title="One again"), key="k"),
    ]
    await done(hub, *batch)
    assert sorted(vendors(box).values()) == [("S-1", "One again", ""), ("S-9", "Rossi", "3")]
    refused = replace(batch[0], body=told(Supplier(code="S-2", title="")).body)
    outcomes = await hub.deliver([refused, batch[1]])
    assert [type(each) for each in outcomes] == [Rejected, TryAgain]


@pytest.mark.req("MSG-3")
async def test_after_a_lost_answer_it_is_seen_that_it_has_landed(hub: Odoo, box: SandboxOdoo) -> None:
    made = by_hand(box)
    delivery = told(ROSSI, receiver=made)
    assert await hub.landed(delivery) is None
    await done(hub, delivery)
    assert isinstance(await hub.landed(delivery), Delivered)


async def test_a_block_that_is_not_told_stays() -> None:
    async with SandboxOdoo("18.0", "hilum") as box:
        hub = Odoo(url=box.url, database=box.database, login=box.login, api_key=box.api_key)
        await hub.open()
        made = by_hand(box, purchase_warn="block", purchase_warn_msg="In court")
        await done(hub, told(partial(ROSSI, ["phone"]), receiver=made))
        await hub.close()
        (found,) = [each for each in box.records(PARTNER) if each["id"] == made]
    assert (found["purchase_warn"], found["purchase_warn_msg"], found["phone"]) == ("block", "In court", "1")


@pytest.mark.parametrize("active", [True, False])
async def test_an_upsert_changes_the_record_that_odoo_has(hub: Odoo, box: SandboxOdoo, active: bool) -> None:
    made = by_hand(box, active=active)
    delivery = upserted(ROSSI, receiver=made)
    assert await hub.landed(delivery) is None
    for _ in range(2):
        await done(hub, delivery, upserted(Supplier(code="S-1", title="One"), receiver=""))
    assert isinstance(await hub.landed(delivery), Delivered)
    assert vendors(box)[made] == ("S-9", "Rossi", "1")
    assert sorted(each[0] for each in vendors(box).values()) == ["S-1", "S-9"]
    (kept,) = [each for each in box.records(PARTNER) if each["id"] == made]
    assert kept["active"] is active


async def test_an_upsert_finds_what_was_numbered_later(hub: Odoo, box: SandboxOdoo) -> None:
    await done(hub, upserted(ROSSI.model_copy(update={"code": "supplier-4"})))
    (made,) = vendors(box)
    for _ in range(2):
        await done(hub, upserted(ROSSI, formerly="supplier-4"))
    assert vendors(box) == {made: ("S-9", "Rossi", "1")}


@pytest.mark.req("MD-1")
async def test_an_upsert_fills_only_what_is_empty(hub: Odoo, box: SandboxOdoo) -> None:
    """Also in a column that is a relation by external identifier."""
    there = by_hand(box, phone="0")
    new = Supplier(code="S-9", title="Rossi", phone="1", email="a@rossi.example")
    for receiver in (there, there):
        (outcome,) = await done(hub, upserted(new, receiver=receiver, fills=["phone", "email"]))
        assert isinstance(outcome, Delivered)
        assert "Odoo has " in outcome.words
    assert vendors(box) == {there: ("S-9", "Rossi", "0")}
    (kept,) = [each for each in box.records(PARTNER) if each["id"] == there]
    assert kept["country_id"], "it was empty, and is filled"
    await done(hub, upserted(new.model_copy(update={"code": "S-10"}), fills=["phone"]))
    assert ("S-10", "Rossi", "1") in vendors(box).values(), "a new record has all of it"
    await done(hub, upserted(new.model_copy(update={"phone": "2"}), receiver=there))
    assert vendors(box)[there] == ("S-9", "Rossi", "2")
