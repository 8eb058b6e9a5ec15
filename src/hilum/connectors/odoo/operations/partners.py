"""People and companies in Odoo's contacts: what patient accounts and suppliers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hilum.canonical import Address
from hilum.connectors.odoo.countries import alpha_2
from hilum.connectors.odoo.operations.base import found
from hilum.connectors.odoo.references import MISSING
from hilum.connectors.odoo.session import Session
from hilum.connectors.odoo.work import Task
from hilum.errors import Rejected

ADDRESS: Final = ("phone", "email", "street", "city", "zip", "state_id", "country_id")
"""The fields of a contact that everybody fills."""


async def address(session: Session, given: Address | None, task: Task) -> Mapping[str, Any]:
    """The columns of a postal address. A state that Odoo does not list is left out, with a remark."""
    if given is None:
        return {}
    values: dict[str, Any] = {"street": given.street, "city": given.city, "zip": given.postal_code}
    if given.country:
        code = alpha_2(given.country)
        if code is None:
            raise Rejected(MISSING, "The country of the address is no ISO 3166-1 code. Correct it, then replay.")
        country = found(await session.country(code))
        values["country_id/.id"] = country
        if given.state:
            values["state_id/.id"] = await session.state(country, given.state)
            if values["state_id/.id"] is None:
                task.remarks.append("Odoo does not list the state of the address; it was left out.")
    return values
