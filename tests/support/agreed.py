"""A price that a supplier has agreed."""

from __future__ import annotations

from datetime import date

from hilum.canonical import Contract
from hilum.masterdata import terms
from hilum.message import new_id
from hilum.postgres import Database


async def agree(database: Database, *, supplier: str = "V1", item: str = "GLV", unit: str = "EA") -> None:
    """From 2026 on 38 EUR, by contract C-7."""
    prices = [{"item": item, "unit": unit, "tiers": [{"unit_price": "38"}]}]
    agreed = Contract.model_validate(
        {"number": "C-7", "title": "x", "supplier": supplier, "currency": "EUR", "valid_from": date(2026, 1, 1),
         "prices": prices}
    )  # fmt: skip
    async with database.transaction() as connection:
        await terms.keep_contract(connection, agreed, terms.Origin(flow="clm", message_id=new_id()))
