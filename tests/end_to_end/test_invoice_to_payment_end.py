"""The example `invoice-to-payment`: from 810, UBL and PDF to payments, statement and advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from hilum.formats import x12
from hilum.postgres import Database
from hilum.simulator.odoo import SandboxOdoo
from support.invoice_to_payment import PayablesHub

pytestmark = pytest.mark.req("WF-2", "WF-12", "SYS-14", "SYS-15")


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_invoices_are_matched_paid_booked_and_told_to_their_suppliers(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    await database.open()
    async with SandboxOdoo("19.0", "hilum") as box:
        work = PayablesHub(database, postgres_url, tmp_path, box)
        await work.hub.start()
        try:
            await work.know()
            await work.decided("Call", 3, by="fiona", confirmed=True, spoke_with="their accountant")
            await work.order()
            work.bill()
            await work.decided("Look at bill L-1", 1, by="ada", decision="take")
            await work.decided("Bill G-205", 1, by="bert", decision="accept")
            await work.owed(4)
            await work.ask_to_pay()
            await work.decided("Approve payment run", 1, by="ada", approve=True)
            await work.decided("Release payment run", 1, by="bob", release=True)
            await work.bank_works()
            assert await work.ended() == "settled: 3 booked; 3 payments, 501.30 EUR"
            await work.everything_is_paid_once()
            await work.quiet()
            (advice,) = (tmp_path / "edi/gloveco/to").glob("*.edi")
            (told,) = x12.parse(advice.read_bytes()).sets
            assert told.code == "820"
            assert await work.hub.stop() == 0, "\n".join(work.hub.output[-30:])
        finally:
            if work.hub.running:
                await work.hub.stop()
            await database.close()
