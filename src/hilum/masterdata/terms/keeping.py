"""Destinations in the hub itself: what was agreed, and what was checked, is kept as dated facts.

flow.deliver_to(terms.keep())     # contracts (845, a CLM) and prices of catalogues (832, spreadsheets)
flow.deliver_to(terms.record())   # price checks of requisitions, orders and bills
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from hilum.canonical import BusinessObject, Contract, PriceCheck, SupplierPrice
from hilum.canonical.catalogue import read, write
from hilum.connector import ConnectorSettings, Destination, Header, Outgoing, Target, Traits
from hilum.errors import Invalid, Rejected, SettingsError
from hilum.masterdata.terms import checks, store
from hilum.message import Delivered, Delivery, Outcome
from hilum.postgres import Connection, Database


class TermsSettings(ConnectorSettings):
    """Nothing to set: it is in the hub's own database."""


class InHub(Destination, ABC):
    """Writes business objects into the hub's database, a batch in one transaction."""

    Settings = TermsSettings
    kind: ClassVar[str] = "terms"
    traits: ClassVar[Traits] = Traits(batch_limit=200, deduplicates=True)
    in_hub: ClassVar[bool] = True

    def __init__(self) -> None:
        self.settings = TermsSettings()
        self._database: Database | None = None

    def over(self, database: Database) -> None:
        """Write into this one, from now on."""
        self._database = database

    async def open(self) -> None:
        """Raises `SettingsError` outside a hub."""
        self._need()

    async def close(self) -> None:
        """Nothing is open."""

    def _need(self) -> Database:
        if self._database is None:
            raise SettingsError("This is kept only in a hub, which has a database.")
        return self._database

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """One that says what is known already, or less than a later message, changes nothing."""
        found: list[Outcome] = []
        async with self._need().transaction() as connection:
            for delivery in batch:
                try:
                    thing = read(delivery.body)
                except Invalid as error:
                    found.append(Rejected("invalid", str(error)))
                    continue
                found.append(await self.keep(connection, thing, delivery))
        return found

    @abstractmethod
    async def keep(self, connection: Connection, thing: object, delivery: Delivery) -> Outcome:
        """Within the transaction of the batch."""


class Agreed(InHub):
    """Keeps contracts and prices of catalogues."""

    def __repr__(self) -> str:
        return "<terms.keep()>"

    async def keep(self, connection: Connection, thing: object, delivery: Delivery) -> Outcome:
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


class Checks(InHub):
    """Keeps what lines cost, and what they should have cost."""

    def __repr__(self) -> str:
        return "<terms.record()>"

    async def keep(self, connection: Connection, thing: object, delivery: Delivery) -> Outcome:
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
