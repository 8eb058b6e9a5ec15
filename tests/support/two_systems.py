"""Two systems in memory that both have suppliers, the flows between them, and a matrix that says who owns what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hilum.canonical import Supplier
from hilum.connector import Target
from hilum.connectors.encoding import encode
from hilum.flow import Flow
from hilum.testing import eventually
from support.doubles import Feed, Receiver
from support.projects import make_flow
from support.waits import Start

SYSTEMS = """
[systems]
ODOO = ["memory.odoo"]
SRM = ["memory.srm"]
"""

_OWNED = """
[[owned]]
object = "hilum.supplier"
owner = "SRM"
others = "{others}"

[[owned]]
object = "hilum.supplier"
fields = ["phone"]
owner = "ODOO"
others = "ignore"
"""


class TwoSystems:
    """SRM owns suppliers, Odoo their phone numbers; `more` is said of both flows."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.srm, self.odoo = Receiver(), Receiver()
        self.from_srm, self.from_odoo = Feed("srm"), Feed("odoo")
        self.flows = [
            self._flow(self.from_srm, "SRM", self.odoo, self.srm, **more),
            self._flow(self.from_odoo, "ODOO", self.srm, self.odoo, **more),
        ]
        self._folder = folder
        self._count = 0

    @staticmethod
    def _flow(feed: Feed, system: str, there: Receiver, here: Receiver, **more: Any) -> Flow:
        made = make_flow(feed, name=f"test.from_{system.lower()}", translate=_supplier, system=system, **more)
        other = {"SRM": "memory.odoo", "ODOO": "memory.srm"}[system]
        own = {"SRM": "memory.srm", "ODOO": "memory.odoo"}[system]
        made.deliver_to(Target(endpoint=other, accepts=(Supplier,), encode=encode, connector=there))
        made.correct_to(Target(endpoint=own, accepts=(Supplier,), encode=encode, connector=here))
        return made

    def govern(self, others: str = "") -> None:
        """What becomes of changes of others to what SRM owns; empty: nobody owns anything."""
        text = SYSTEMS + (_OWNED.format(others=others) if others else "")
        (self._folder / "ownership.toml").write_text(text, encoding="utf-8")

    async def begin(self, hub: Start, others: str = "", **supplier: Any) -> None:
        """Start a hub where that holds. SRM has told of a supplier, and Odoo has it."""
        self.govern(others)
        await hub(*self.flows)
        await self.say(self.from_srm, **{"title": "Gloves Ltd", **supplier})
        await eventually(lambda: len(self.odoo.taken) == 1)

    async def say(self, feed: Feed, **values: Any) -> None:
        """A system tells of its supplier S-1."""
        self._count += 1
        await feed.send({"id": f"{feed.name}-{self._count}", "key": "S-1", "code": "S-1", **values})


def _supplier(parsed: Any, _: Any) -> Supplier:
    return Supplier(**{name: value for name, value in parsed.items() if name not in ("id", "key")})
