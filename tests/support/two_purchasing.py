"""Two purchasing systems that tell of the same suppliers, and what the hub asked a steward about them."""

from __future__ import annotations

from typing import Any

from hilum import cases
from hilum.canonical import Address, Supplier
from hilum.cases.arrivals import answer_and_release
from hilum.connector import Target
from hilum.flow import Flow, Matching
from hilum.journal.rules import rules_of
from hilum.masterdata import matching
from hilum.postgres import Database
from support.doubles import Feed
from support.looks import rows
from support.projects import make_flow

MEYER = {"name": "Meyer Medizintechnik GmbH", "tax": "DE123456789", "phone": "+49 731 1234567", "city": "Ulm"}
UNSURE = {**MEYER, "name": "Meyer Medizintechnik AG", "tax": "", "phone": "+49 731 1234568"}
"""Perhaps the same: neither the number nor the tax number says so."""
ROSSI = {"name": "Rossi Textil Vertrieb", "city": "Kassel", "phone": "", "tax": ""}


def supplier(parsed: Any, _: Any) -> Supplier:
    """What both systems tell, each under its own number."""
    return Supplier(
        code=parsed["code"],
        title=parsed["name"],
        tax_id=parsed["tax"],
        phone=parsed["phone"],
        address=Address(city=parsed["city"]),
    )


class Systems:
    """Two purchasing systems that both have suppliers, and one place to which they go."""

    def __init__(self, *targets: Target, **matching_: Any) -> None:
        self.feeds = {"SRM": Feed("srm"), "ERP": Feed("erp")}
        self.targets = targets
        self._matching = Matching(kind=Supplier, **matching_)
        self._count = 0

    def flows(self) -> list[Flow]:
        """One for each system."""
        return [self._flow(system, feed) for system, feed in self.feeds.items()]

    def _flow(self, system: str, feed: Feed) -> Flow:
        made = make_flow(
            feed,
            name=f"suppliers.{system.lower()}",
            translate=supplier,
            system=system,
            order_by=lambda m: m["code"],
            matches=[self._matching],
        )
        made.deliver_to(*self.targets)
        return made

    async def say(self, system: str, code: str, about: dict[str, str], **more: str) -> None:
        """A system tells of a supplier of its own number."""
        self._count += 1
        await self.feeds[system].send({"id": f"{system}-{self._count}", "code": code, **about, **more})


async def asked(database: Database) -> list[matching.Arrival]:
    async with database.cold() as connection:
        return await matching.arrivals(connection)


async def answer(database: Database, number: int, same_as: int | None) -> None:
    """What a steward's answer does, in the console and on the command line."""
    async with database.transaction() as connection:
        await answer_and_release(
            connection, number, same_as=same_as, by="mia", reason="called them", policy=cases.Policy()
        )


async def rules(database: Database, flow: str) -> list[str]:
    ids = await rows(database, "SELECT id FROM message WHERE flow = %s", [flow])
    async with database.cold() as connection:
        return [each.words for (number,) in ids for each in await rules_of(connection, number)]
