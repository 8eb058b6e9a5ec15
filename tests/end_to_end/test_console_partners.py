"""The page of trading partners: what is not acknowledged comes first, in words, with links to its message and flow."""

from __future__ import annotations

import console_support as support
import pytest
from console_stand import Stand
from playwright.async_api import expect

from hilum.message import new_id
from hilum.partners import Profile, register

pytestmark = [pytest.mark.req("SYS-10"), pytest.mark.asyncio(loop_scope="session")]

PARTY = {"ours": {"id": "HILLTOP"}, "theirs": {"id": "GLOVECO"}}


async def test_what_a_partner_has_not_acknowledged_is_listed(stand: Stand) -> None:
    database, address, browser = stand.scene.database, stand.address, stand.browser
    profile = Profile.model_validate({"key": "gloveco", "name": "Gloves Ltd", "format": "x12", "x12": PARTY})
    for number, age in (("PO-7", "26 hours"), ("PO-8", "1 minute")):
        name = new_id()
        content = register.Content(code="850", number="0001", document=number, functional_id="PO")
        async with database.transaction() as connection:
            await register.draw(
                connection, profile, message_id=name, ordinal=0, flow="purchasing.orders", contents=[content], groups=1
            )
            await register.note_sent(connection, profile, name, 0)
            await connection.execute(
                f"UPDATE partner_interchange SET sent_at = now() - interval '{age}' WHERE message_id = %s", [name]
            )
            await connection.execute(
                "UPDATE partner_document d SET due_at = i.sent_at + interval '24 hours' FROM partner_interchange i"
                " WHERE i.id = d.interchange_id"
            )
    async with support.visit(browser, address, "vera") as page:
        await page.goto("/partners")
        await expect(page.get_by_text("1 document not acknowledged in time; 1 within their time.")).to_be_visible()
        table = page.get_by_role("table", name="Not acknowledged")
        await expect(table).to_contain_text("Order PO-7 sent to gloveco 26 h ago was not acknowledged.")
        await expect(table.get_by_role("row", name="Overdue")).to_contain_text("PO-7")
        await expect(table.get_by_role("row", name="Waiting")).to_contain_text("PO-8")
        await table.get_by_role("link", name="gloveco").first.click()
        await expect(page).to_have_url(f"{address}/partners?partner=gloveco")
        await expect(page.get_by_role("table", name="Not acknowledged")).to_contain_text("PO-7")
