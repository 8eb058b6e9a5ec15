"""What the tests of pages share: a working hub, its console, a browser, and people of several roles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import console_support as support
from playwright.async_api import Browser, Page

FLOW = "supply.consumption"


@dataclass
class Stand:
    """A working hub, its console, and a browser."""

    scene: support.Scene
    address: str
    browser: Browser

    async def held(self, account: str, *, item: str = "MESH9", name: str = "Fennick^Odile") -> UUID:
        """A message that is held because its item is unknown."""
        body = support.charge(account, f"CTRL-{uuid4().hex[:8]}", item=item, name=name)
        message = await self.scene.receive(FLOW, account, body)
        await self.scene.settle(message, "held")
        return message


async def give_reason(page: Page, reason: str, button: str) -> None:
    """Answer a dialog."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill(reason)
    await dialog.get_by_role("button", name=button, exact=True).click()
    await dialog.wait_for(state="hidden")
