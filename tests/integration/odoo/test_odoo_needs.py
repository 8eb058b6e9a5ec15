"""What operations say that they need is there on every version, and each model's module is known."""

from __future__ import annotations

import pytest
from odoo_far_side import FarSide

from hilum.connectors.odoo.operations import OPERATIONS
from hilum.connectors.odoo.operations.modules import MODULE_OF
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport


@pytest.mark.req("SYS-2")
async def test_every_field_that_an_operation_needs_is_there(sandboxed: FarSide) -> None:
    settings = sandboxed.connector().settings
    assert isinstance(settings, OdooSettings)
    transport = Transport(settings)
    try:
        client = await connect(transport, settings)
        for operation in OPERATIONS.values():
            for model, fields in operation.needed(client.dialect).items():
                there = await client.fields_get(model)
                assert set(fields) <= set(there), (operation.name, model)
    finally:
        await transport.close()


def test_every_model_that_an_operation_needs_has_a_module() -> None:
    models = {model for operation in OPERATIONS.values() for model in operation.needs}
    assert models <= set(MODULE_OF)
    assert all(operation.needs for operation in OPERATIONS.values() if operation.name != "upsert")
