"""What does not fit is told before a message fails by it: modules, fields, types; and a key that ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from odoo_far_side import FarSide

from hilum import cases
from hilum.canonical import Supplier
from hilum.connectors import odoo
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.inspecting import of_key
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.journal.endpoint_states import states
from hilum.observe import catalogue
from hilum.observe.alerts import causes
from hilum.observe.snapshot import Sampler
from hilum.postgres import Database
from hilum.runtime.endpoints import read_only_endpoints
from hilum.runtime.inspecting import look, told, users_by_endpoint
from hilum.settings import AlertSettings, Settings
from hilum.simulator.odoo import INTEGRATION_GROUPS
from hilum.simulator.odoo.orm.access import DOCUMENTATION
from support.projects import make_flow

pytestmark = pytest.mark.one_odoo

USERS = {"supplier": [make_flow(None, name="test.suppliers")]}


@pytest.mark.req("NEW-9")
async def test_a_server_that_has_everything_fits_twice(far: FarSide) -> None:
    if far.named is not None:
        await far.named.needs({model for operation in OPERATIONS.values() for model in operation.needs})
    hub = await far.open()
    first = await hub.inspect(list(OPERATIONS), {})
    assert not first.findings
    again = await hub.inspect(list(OPERATIONS), first.metadata)
    assert not again.findings
    assert again.metadata == first.metadata


@pytest.mark.req("NEW-9")
async def test_another_type_and_a_new_duty_are_told_until_they_are_accepted(far: FarSide, database: Database) -> None:
    hub: Odoo = await far.open()
    await look(database, "odoo.main", hub, USERS)
    async with database.cold() as connection:
        assert (await states(connection))["odoo.main"].metadata["res.partner"]["ref"] == ["char", False]
        await connection.execute(
            "UPDATE endpoint_state SET metadata = jsonb_set(metadata, '{res.partner,ref}', '[\"integer\", false]')"
        )
    for _ in range(2):
        found = await look(database, "odoo.main", hub, USERS)
        assert found.findings == ["res.partner.ref was integer and is char now. See what Odoo's upgrade changed."]
    async with database.cold() as connection:
        (case,) = await cases.conditions(connection)
    assert (case.category, case.owner, case.flows, case.seen) == (
        "endpoint.drift",
        "Integration",
        ["test.suppliers"],
        2,
    )
    assert case.misfits == [{"what": "res.partner.ref", "expected": "integer", "found": "char"}]
    sampler = Sampler(database, {}, 0.0)
    sample = await sampler.sample()
    assert sample.get(catalogue.ENDPOINT_FINDINGS) == {("odoo.main",): 1.0}
    firing = [cause for cause in causes(sample, AlertSettings()) if cause.firing]
    assert [cause.kind for cause in firing] == ["findings"]
    accepted = await look(database, "odoo.main", hub, USERS, anew=True, actor="eva")
    assert not accepted.findings
    async with database.cold() as connection:
        ended = await cases.case(connection, case.id)
        assert ended is not None
        assert (ended.closed_by, ended.resolution, ended.reason) == ("eva", "ended", "It was accepted as it is.")
    assert not (await look(database, "odoo.main", hub, USERS)).findings


@pytest.mark.req("NEW-9")
async def test_a_module_that_is_not_installed_is_named_with_the_operation(
    sandboxed: FarSide, database: Database
) -> None:
    assert sandboxed.sandbox is not None
    sandboxed.sandbox.change(
        lambda env: [
            env["ir.module.module"].write(row, {"state": "uninstalled"})
            for row in env.store.find("ir.module.module", ("name",), ("purchase",))
        ]
    )
    hub = await sandboxed.open()
    found = await hub.inspect(["purchase_order", "supplier"], {})
    assert any("purchase.order" in each and "the module purchase is not installed" in each for each in found.findings)
    assert all("purchase" in each for each in found.findings)
    users = {"purchase_order": [make_flow(None, name="test.orders")], **USERS}
    await look(database, "odoo.main", hub, users)
    async with database.cold() as connection:
        (case,) = await cases.conditions(connection)  # one for the module, with all models that are missed
    assert (case.category, case.title) == ("endpoint.module", "Odoo's module purchase is not installed")
    assert {each["what"] for each in case.misfits} >= {"purchase.order", "purchase.order.line"}
    assert case.flows == ["test.orders"]


@pytest.mark.req("NEW-9")
async def test_what_a_feed_reads_is_looked_at_too(sandboxed: FarSide, database: Database) -> None:
    """A field that is gone would stop the feed; that something must be written concerns only those who write."""
    assert sandboxed.sandbox is not None
    box = sandboxed.sandbox
    names = ("name", "ref", "nickname")
    feed = odoo.changes("odoo.main", models=["res.partner", "no.such"], fields={"res.partner": names})
    follows = make_flow(feed, name="test.partners")
    users = users_by_endpoint([follows, *USERS["supplier"]])["odoo.main"]
    assert users == {"odoo_changes": [follows]}
    project = Settings(endpoints={"odoo": {"main": {"url": box.url, "api_key": "x"}}})
    assert list(read_only_endpoints(project, [follows], None)) == ["odoo.main"]
    hub = await sandboxed.open()
    await look(database, "odoo.main", hub, users)
    async with database.cold() as connection:
        found = {case.category: case for case in await cases.conditions(connection)}
    assert [each["what"] for each in found["endpoint.drift"].misfits] == ["res.partner.nickname"]
    assert [each["what"] for each in found["endpoint.module"].misfits] == ["no.such"]
    assert found["endpoint.drift"].flows == ["test.partners"]
    async with database.cold() as connection:
        await connection.execute(
            "UPDATE endpoint_state SET metadata = jsonb_set(metadata, '{res.partner,name}', '[\"char\", false]')"
        )
    again = await look(database, "odoo.main", hub, users)
    assert not [finding for finding in again.findings if "required" in finding]


@pytest.mark.req("NEW-9")
async def test_a_key_that_ends_soon_is_told(far: FarSide, database: Database) -> None:
    soon = (datetime.now(UTC) + timedelta(days=5)).date()
    hub = await far.open(key_ends=soon)
    found = await hub.inspect(["supplier"], {})
    assert found.key_ends is not None
    assert found.key_ends.date() == soon
    assert f"ends on {soon}" in await hub.check()
    await look(database, "odoo.main", hub, USERS)
    async with database.cold() as connection:
        (case,) = await cases.conditions(connection)
    assert (case.category, case.due_at, case.flows) == ("endpoint.key", found.key_ends, ["test.suppliers"])
    later = await far.open(key_ends=soon + timedelta(days=60))
    await look(database, "odoo.main", later, USERS)
    async with database.cold() as connection:
        assert await cases.conditions(connection) == []
    assert "Make a new one" in of_key(found.key_ends)
    assert "Make a new one" not in of_key(found.key_ends + timedelta(days=60))
    assert of_key(None) == ""


@pytest.mark.req("NEW-9")
async def test_the_columns_of_an_upsert_are_looked_at_too(sandboxed: FarSide, database: Database) -> None:
    flow = make_flow(None, name="test.wards")
    for model, columns in {
        "res.partner": ["name", "nickname", "parent_id/id", "country_id/.id"],
        "no.such": ["x"],
    }.items():
        flow.deliver_to(odoo.upsert("odoo.main", model, columns=columns, fields=dict, key=str))
    elsewhere = make_flow(None, name="test.others")
    elsewhere.deliver_to(odoo.upsert("odoo.other", "res.partner", columns=["alias"], fields=dict, key=str))
    users = users_by_endpoint([flow, elsewhere])
    hub = await sandboxed.open()
    await look(database, "odoo.main", hub, users["odoo.main"])
    async with database.cold() as connection:
        found = {case.category: case for case in await cases.conditions(connection)}
    assert [each["what"] for each in found["endpoint.drift"].misfits] == ["res.partner.nickname"]
    assert [each["what"] for each in found["endpoint.module"].misfits] == ["no.such"]
    assert found["endpoint.drift"].flows == ["test.wards"]


@pytest.mark.req("NEW-9")
async def test_a_field_of_the_wrong_type_is_told_at_the_first_look_and_cannot_be_accepted(
    sandboxed: FarSide, database: Database
) -> None:
    """No older look says what it was: the operations say what it has to be."""
    box = sandboxed.sandbox
    assert box is not None
    box.retype("res.partner", "ref", "many2one", relation="res.country")
    box.retype("res.partner", "country_id", "many2one", relation="res.partner")
    hub = await sandboxed.open()
    wanted = {"res.partner.ref": ("char or text", "many2one to res.country")}
    wanted["res.partner.country_id"] = ("many2one to res.country", "many2one to res.partner")
    for anew in (False, True):
        found = await look(database, "odoo.main", hub, USERS, anew=anew)
        (condition,) = found.conditions
        assert {each.what: (each.expected, each.found) for each in condition.misfits} == wanted
        assert "supplier needs char or text" in condition.words
        assert all(words.endswith("Needed by test.suppliers.") for words in told(found, USERS))
    box.retype("res.partner", "ref", "char")
    box.retype("res.partner", "country_id", "many2one", relation="res.country")
    assert not (await look(database, "odoo.main", hub, USERS)).findings


@pytest.mark.req("NEW-9")
async def test_an_upgrade_that_retypes_a_field_or_drops_a_value_opens_a_case(
    sandboxed: FarSide, database: Database
) -> None:
    box = sandboxed.sandbox
    assert box is not None
    hub = await sandboxed.open()
    users = {"purchase_order": [make_flow(None, name="test.orders")], **USERS}
    assert not (await look(database, "odoo.main", hub, users)).findings
    box.retype("purchase.order", "state", "selection", selection=["draft", "sent", "approved", "cancel", "done"])
    box.retype("purchase.order.line", "product_qty", "integer")
    await look(database, "odoo.main", hub, users)
    async with database.cold() as connection:
        found = [case for case in await cases.conditions(connection) if case.category == "endpoint.drift"]
    assert {case.flows[0] for case in found if len(case.flows) == 1} == {"test.orders"}
    assert sorted((each["what"], each["expected"], each["found"]) for case in found for each in case.misfits) == [
        ("purchase.order.line.product_qty", "float or monetary", "integer"),
        ("purchase.order.state", "a selection with cancel, draft, purchase, sent", "one without purchase"),
    ]


@pytest.mark.req("NEW-9")
async def test_what_an_upsert_writes_says_what_its_fields_may_be(sandboxed: FarSide, database: Database) -> None:
    """Of the example of the business object that it writes; and a column of identifiers needs a relation."""
    box = sandboxed.sandbox
    assert box is not None

    def fields(supplier: Supplier) -> dict[str, object]:
        blocked = {"name": supplier.blocked, "is_company": True, "color": Decimal("1.5"), "city": supplier.title}
        return {**blocked, "ref": date(2026, 1, 1), "vat/id": "", "country_id/.id": 7}

    columns = ["name", "is_company", "color", "city", "ref", "vat/id", "country_id/.id"]
    flow = make_flow(None, name="test.wards")
    flow.deliver_to(odoo.upsert("odoo.main", "res.partner", columns=columns, fields=fields, key=str, writes=Supplier))
    users = users_by_endpoint([flow])["odoo.main"]
    hub = await sandboxed.open()
    found = await look(database, "odoo.main", hub, users)
    assert {(each.what, each.expected) for condition in found.conditions for each in condition.misfits} == {
        ("res.partner.name", "boolean"),
        ("res.partner.color", "char or float or html or monetary or text"),
        ("res.partner.vat", "many2many or many2one or one2many"),
    }
    assert all("test.wards" in words for words in told(found, users))


@pytest.mark.req("NEW-9")
@pytest.mark.parametrize("documented", [True, False], ids=["may read the documentation", "may not"])
async def test_metadata_are_those_of_the_documentation_where_the_user_may_read_it(
    sandboxed: FarSide, documented: bool
) -> None:
    box = sandboxed.sandbox
    assert box is not None
    groups = [*INTEGRATION_GROUPS, *([DOCUMENTATION] if documented else [])]
    hub = await sandboxed.open(api_key=box.make_key("reader", groups=groups), login="reader")
    box.retype("res.partner", "ref", "integer")
    box.calls.clear()
    found = await hub.inspect(["supplier", "item_category"], {})
    assert [each.what for condition in found.conditions for each in condition.misfits] == ["res.partner.ref"]
    asked = [name for name in box.calls.calls if name.endswith("/fields_get")]
    assert bool(asked) == (sandboxed.protocol != "json2" or not documented)
