"""Small rules of the sandbox: rounding, registry, speed of thought where it matters to load tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.business import MODELS, quantities
from hilum.simulator.odoo.orm.fields import rounded
from hilum.simulator.odoo.orm.record import SUPERUSER, Env
from hilum.simulator.odoo.orm.registry import Registry
from hilum.simulator.odoo.orm.store import Store
from hilum.simulator.odoo.orm.versions import VERSIONS
from hilum.simulator.odoo.seed import plant
from hilum.simulator.odoo.sowing import sow

pytestmark = pytest.mark.req("UX-5")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1.005, 1.01),
        (-1.005, -1.01),
        (2.675, 2.68),
        (0.1 + 0.2, 0.3),
        (1.004999, 1.0),
        (0.0, 0.0),
        (1e9 + 0.005, 1e9 + 0.01),
    ],
)
def test_amounts_round_half_away_from_zero(number: float, expected: float) -> None:
    assert rounded(number, 2) == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_every_relation_leads_to_a_model(version: str) -> None:
    registry = Registry(version, MODELS)
    for model, fields in registry.fields.items():
        for name, field in fields.items():
            if field.comodel:
                assert field.comodel in registry.models, f"{model}.{name}"
            if field.inverse:
                assert field.inverse in registry.fields[field.comodel], f"{model}.{name}"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_sown_is_what_would_be_planted_at_that_moment(version: str) -> None:
    registry = Registry(version, MODELS)

    def after(work: Callable[[Env], None], day: int) -> Store:
        store = Store(registry.indexed())
        work(Env(registry, store, uid=SUPERUSER, now=datetime(2026, 3, day, 10, 30, tzinfo=UTC)))
        return store

    for day in (1, 2):  # the first one is not remembered for the second
        sown, planted = after(sow, day), after(plant, day)
        assert sown.tables == planted.tables
        assert sown.counters == planted.counters
        assert sown._indices == planted._indices
        assert sown.changes() == planted.changes()


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_model_reads_all_its_fields(version: str) -> None:
    """A new record of every model that allows it can be read whole: no computed field breaks on empty values."""
    async with SandboxOdoo(version) as sandbox:
        env = sandbox.engine.env()
        for name in env.registry.models:
            model = env[name]
            for record_id in list(model.table):
                for field in model.fields:
                    model.value(record_id, field)


async def test_units_convert_in_every_version() -> None:
    """A dozen ordered is twelve pieces in stock, though the factors of 18 and 19 have inverse meanings."""
    for version in VERSIONS:
        async with SandboxOdoo(version) as sandbox:
            unit = "product_uom_id" if version == "19.0" else "product_uom"

            def buy(env, unit=unit):
                stored = {"is_storable": True} if env.since(18) else {"detailed_type": "product"}
                product = env["product.product"].create({"name": "Syringe", **stored})
                vendor = env["res.partner"].create({"name": "V"})
                line = {"product_id": product.id, "product_qty": 2, unit: env.ref("uom.product_uom_dozen")}
                order = env["purchase.order"].create({"partner_id": vendor.id, "order_line": [(0, 0, line)]})
                env["purchase.order"].button_confirm([order.id])
                for move in order.many("picking_ids")[0].many("move_ids"):
                    quantities.set_done(move, 2)
                env["stock.picking"].button_validate(order["picking_ids"])
                return product["qty_available"], order.many("order_line")[0]["qty_received"]

            assert sandbox.change(buy) == (24.0, 2.0)


@pytest.mark.parametrize(("term", "finds"), [([1, "=", 1], True), ([0, "=", 1], False), (["ref", "=", ""], True)])
async def test_terms_that_no_index_serves(term: list[object], finds: bool) -> None:
    """The always-true and always-false terms, and an empty text on an indexed field, which means "not set"."""
    async with SandboxOdoo() as sandbox:
        partners = sandbox.engine.env()["res.partner"]
        assert bool(partners.find([term])) is finds
