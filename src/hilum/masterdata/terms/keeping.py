"""Destinations in the hub itself: what was agreed, and what was checked, is kept as dated facts.

flow.deliver_to(terms.keep())     # contracts (845, a CLM) and prices of catalogues (832, spreadsheets)
flow.deliver_to(terms.record())   # price checks of requisitions, orders and bills
"""

from __future__ import annotations

from typing import ClassVar

from hilum.canonical import BusinessObject, Contract, PriceCheck, SupplierPrice
from hilum.canonical.catalogue import write
from hilum.connector import Header, Outgoing, Target
from hilum.errors import Rejected
from hilum.masterdata.keeping import Keeper
from hilum.masterdata.terms import checks, store
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Connection


class Agreed(Keeper):
    """Keeps contracts and prices of catalogues."""

    kind: ClassVar[str] = "terms"
    needs: ClassVar[str] = "Terms are kept"

    def __repr__(self) -> str:
        return "<terms.keep()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        origin = store.Origin(flow=delivery.flow, message_id=delivery.message_id)
        await store.lock(connection)
        if isinstance(thing, Contract):
            kept = await store.keep_contract(connection, thing, origin)
            return Delivered(reference=f"contract {thing.number}", words=kept.words)
        if isinstance(thing, SupplierPrice):
            kept = await store.keep_price(connection, thing, origin)
            return Delivered(reference=thing.business_key, words=kept.words)
        return Rejected("invalid", "Only contracts and prices of suppliers can be kept as terms.")


class Checks(Keeper):
    """Keeps what lines cost, and what they should have cost."""

    kind: ClassVar[str] = "terms"
    needs: ClassVar[str] = "Price checks are kept"

    def __repr__(self) -> str:
        return "<terms.record()>"

    async def keep(self, connection: Connection, thing: BusinessObject, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""
        if not isinstance(thing, PriceCheck):
            return Rejected("invalid", "Only price checks are recorded here.")
        await checks.note(connection, [(thing, delivery.message_id)])
        return Delivered(reference=thing.business_key)


def keep() -> Target:
    """Contracts and prices of catalogues become what lines are compared with, within a second in every hub."""
    return Target(
        endpoint="terms.agreed", operation="keep", accepts=(Contract, SupplierPrice), encode=_encode, connector=Agreed()
    )


def record() -> Target:
    """Price checks are kept, for the list of leaks and for what-ifs."""
    return Target(
        endpoint="terms.checks", operation="record", accepts=(PriceCheck,), encode=_encode, connector=Checks()
    )


def _encode(thing: BusinessObject) -> Outgoing:
    key = thing.number if isinstance(thing, Contract) else thing.business_key
    return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: key})
