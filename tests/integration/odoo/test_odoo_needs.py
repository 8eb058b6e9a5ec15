"""What operations say that they need is there on every version, and each model's module is known."""

from __future__ import annotations

import pytest
from odoo_far_side import FarSide

from hilum.connectors.odoo.dialect import dialect
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.expecting import Expected, expected
from hilum.connectors.odoo.operations.field_types import FIELD_TYPES
from hilum.connectors.odoo.operations.modules import MODULE_OF
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport


@pytest.mark.req("SYS-2")
async def test_every_field_that_an_operation_needs_is_there_and_as_it_needs_it(sandboxed: FarSide) -> None:
    settings = sandboxed.connector().settings
    assert isinstance(settings, OdooSettings)
    transport = Transport(settings)
    try:
        client = await connect(transport, settings)
        for operation in OPERATIONS.values():
            for model, fields in operation.needed(client.dialect).items():
                there = await client.metadata(model)
                assert set(fields) <= set(there), (operation.name, model)
                for field in fields:
                    own = expected(model, field, client.dialect)
                    assert own is not None, f"of which type is {model}.{field}? See operations/field_types.py"
                    assert own.misfit(there[field]) is None, (model, field)
    finally:
        await transport.close()


def test_every_model_that_an_operation_needs_has_a_module() -> None:
    models = {model for operation in OPERATIONS.values() for model in operation.needs}
    assert models <= set(MODULE_OF)
    assert all(operation.needs for operation in OPERATIONS.values() if operation.name != "upsert")


@pytest.mark.parametrize("major", [16, 17, 18, 19])
def test_units_and_lock_dates_are_among_what_is_needed(major: int) -> None:
    names = dialect((major, 0))
    needed = {name: operation.needed(names) for name, operation in OPERATIONS.items()}
    family = "category_id" if major < 19 else "relative_uom_id"
    for name in ("item", "purchase_order", "receipt", "stock_level", "stock_transfer", "supplier_bill", "agreement"):
        assert {"name", "factor", family} <= set(needed[name]["uom.uom"]), name
    hard = "hard_lock_date" if major >= 18 else "period_lock_date"
    for name in ("supplier_bill", "journal_entry", "payment", "bank_transaction", "charge"):
        assert {"fiscalyear_lock_date", hard} <= set(needed[name]["res.company"]), name
    assert ("purchase_lock_date" in needed["supplier_bill"]["res.company"]) == (major >= 18)


def test_no_type_is_kept_of_a_field_that_nothing_needs() -> None:
    needed = {
        (model, field)
        for operation in OPERATIONS.values()
        for major in (16, 17, 18, 19)
        for model, fields in operation.needed(dialect((major, 0))).items()
        for field in fields
    }
    assert needed == {(m, f) for m, types in FIELD_TYPES.items() for names in types.values() for f in names.split()}


@pytest.mark.parametrize(
    ("wanted", "facts", "misfit"),
    [
        (Expected(types=("char", "text")), {"type": "text"}, None),
        (
            Expected(types=("char", "text")),
            {"type": "many2one", "relation": "res.x"},
            ("char or text", "many2one to res.x"),
        ),
        (Expected(types=("many2one",), relation="res.x"), {"type": "many2one", "relation": "res.x"}, None),
        (Expected(types=("many2one",), relation="res.x"), {"type": "many2one"}, None),
        (
            Expected(types=("many2one",), relation="res.x"),
            {"type": "many2one", "relation": "res.y"},
            ("many2one to res.x", "many2one to res.y"),
        ),
        (
            Expected(types=("selection",), values=("a", "b")),
            {"type": "selection", "selection": [["a", "A"], ["c", "C"]]},
            ("a selection with a, b", "one without b"),
        ),
        (Expected(types=("selection",), values=("a",)), {"type": "selection"}, None),
    ],
)
def test_what_does_not_fit(wanted: Expected, facts: dict[str, object], misfit: tuple[str, str] | None) -> None:
    """What the server does not say of a field is no misfit."""
    assert wanted.misfit(facts) == misfit
