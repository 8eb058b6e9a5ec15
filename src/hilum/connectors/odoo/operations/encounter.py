"""A stay or visit, for which Odoo's community modules have no place.

Decision: nothing is written. What billing needs of an encounter is its number on the invoices, and each charge carries
it there (`invoice_origin`). A comment on the contact would be free text about a patient's stay, seen by everybody who
sees contacts; an analytic account for each stay needs rights that an integration user should not have. So the
operation only makes sure that the account of the encounter is in Odoo, and holds the encounter when it is not: then
charges of it would fail too, and the reason is seen early.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hilum.canonical import Encounter
from hilum.connectors.odoo.operations.base import Needs, Operation, found, prepare
from hilum.connectors.odoo.references import ACCOUNT
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Unsure
from hilum.message import Delivered


class CheckEncounter(Operation):
    """Encounter → its account is in Odoo."""

    name: ClassVar[str] = "encounter"
    accepts: ClassVar[tuple[type, ...]] = (Encounter,)
    needs: ClassVar[Needs] = {"res.partner": ("ref",)}

    async def landed(self, session: Session, task: Task) -> Delivered | Unsure | None:
        """See `Operation.landed`: nothing is written, so nothing has landed; it is looked at again."""
        return None

    async def run(self, session: Session, tasks: Sequence[Task]) -> None:
        """See `Operation.run`."""
        accounts = await session.references.find(ACCOUNT, [task.thing.account for task in tasks])

        async def check(task: Task) -> None:
            number = found(accounts[task.thing.account])["id"]
            words = "Odoo keeps no encounters; the account is there, and invoices carry the encounter's number."
            task.deliver(f"res.partner:{number} {task.thing.account}", words)

        await prepare(tasks, check)
