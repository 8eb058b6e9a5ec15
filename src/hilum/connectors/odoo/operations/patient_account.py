"""A patient account becomes a customer in Odoo, with no more about the person than an invoice needs.

The account number is the reference (`ref`), the external identifier comes from it. The medical record number, the
payer and the encounter's class stay out of Odoo. The sending system owns the account, so an account that is closed
there is archived here, and one that is active there is active here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hilum.canonical import PatientAccount
from hilum.connectors.odoo.operations.base import CLEAR, Needs, Upsert
from hilum.connectors.odoo.operations.partners import ADDRESS, address
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "address": ("street", "city", "zip", "state_id/.id", "country_id/.id"),
    "phone": ("phone",),
    "email": ("email",),
}
"""What is emptied when the sender deletes that part of an account. The payer is not kept in Odoo."""


class UpsertPatientAccount(Upsert):
    """PatientAccount → res.partner."""

    name: ClassVar[str] = "patient_account"
    accepts: ClassVar[tuple[type, ...]] = (PatientAccount,)
    needs: ClassVar[Needs] = {"res.partner": (*ADDRESS, "name", "ref", "is_company", "customer_rank", "active")}
    model = "res.partner"
    number = "ref"
    kind = "account"
    noun = "patient account"

    async def values(self, session: Session, thing: PatientAccount, task: Task) -> Mapping[str, Any]:
        """See `Upsert.values`."""
        return {
            "name": thing.person.full,
            "ref": thing.number,
            "is_company": False,
            "customer_rank": 1,
            "active": thing.active,
            "phone": thing.phone,
            "email": thing.email,
            **await address(session, thing.address, task),
            **{column: CLEAR for part in thing.cleared for column in _COLUMNS.get(part, ())},
        }
