"""A portal with made-up companies, one without its document, one on the list; and the list itself.

Run it beside `hilum serve --project examples/supplier-onboarding`; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from hilum.simulator.supplier_portal import PortalTroubles, SupplierPortal

LIST = Path("in/leie/excluded.csv")
PRACTICE = "practice"  # secret and token of the simulated portal


def publish(body: bytes) -> None:
    """Put the list where the hub takes it from."""
    LIST.parent.mkdir(parents=True, exist_ok=True)
    LIST.write_bytes(body)


async def main() -> None:
    """Publish the list, let companies register, and have the first that is active change its bank."""
    troubles = PortalTroubles(incomplete=0.3, listed=0.3)
    portal = SupplierPortal(
        hub="http://127.0.0.1:8094/bank-changes", secret=PRACTICE, token=PRACTICE, listen=8099, count=5,
        troubles=troubles,
    )  # fmt: skip
    publish(portal.leie())
    async with portal:
        sys.stdout.write(f"{len(portal.companies)} companies have registered; see `hilum processes tasks`.\n")
        active = await portal.first_active()
        status = await portal.change_bank(active)
        sys.stdout.write(f"{active.supplier} has another account (answer {status}): call it back. Ctrl-C ends.\n")
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
