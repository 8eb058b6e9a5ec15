"""A destination in the hub itself: posted bills are remembered until they are paid.

flow.deliver_to(owed())     # SupplierBill; also payments that others made, and bills that were reversed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hilum.canonical import BusinessObject, LedgerDocument, LedgerReversal, Payment, SupplierBill
from hilum.canonical.catalogue import read, write
from hilum.connector import ConnectorSettings, Destination, Header, Outgoing, Target, Traits
from hilum.errors import Invalid, Rejected, SettingsError
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.finance import payables
from hilum.postgres import Connection, Database

IN_THE_WAY = "payables.in_the_way"
"""Category of the case where what others did does not go together with a payment of the hub."""


class OwedSettings(ConnectorSettings):
    """Nothing to set: it is in the hub's own database."""


class Owed(Destination):
    """Keeps bills until they are paid, a batch in one transaction; the same again changes nothing."""

    Settings = OwedSettings
    kind: ClassVar[str] = "payables"
    traits: ClassVar[Traits] = Traits(batch_limit=200, deduplicates=True)
    in_hub: ClassVar[bool] = True

    def __init__(self) -> None:
        self.settings = OwedSettings()
        self._database: Database | None = None

    def __repr__(self) -> str:
        return "<owed()>"

    def over(self, database: Database) -> None:
        """Write into this one, from now on."""
        self._database = database

    async def open(self) -> None:
        """Raises `SettingsError` outside a hub."""
        self._need()

    async def close(self) -> None:
        """Nothing is open."""

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Keep each."""
        found: list[Outcome] = []
        async with self._need().transaction() as connection:
            for delivery in batch:
                try:
                    thing = read(delivery.body)
                except Invalid as error:
                    found.append(Rejected("invalid", str(error)))
                    continue
                found.append(await _keep(connection, thing))
        return found

    def _need(self) -> Database:
        if self._database is None:
            raise SettingsError("Bills that are to be paid are kept only in a hub, which has a database.")
        return self._database


def owed() -> Target:
    """Posted bills become what payment runs find due; what was paid or reversed otherwise is due no more."""
    return Target(
        endpoint="payables.owed",
        operation="keep",
        accepts=(SupplierBill, Payment, LedgerReversal),
        encode=_encode,
        connector=Owed(),
    )


def _encode(thing: BusinessObject) -> Outgoing | None:
    if isinstance(thing, SupplierBill) and not thing.post:
        return None
    if isinstance(thing, LedgerReversal) and thing.of is not LedgerDocument.SUPPLIER_BILL:
        return None
    party = thing.supplier if isinstance(thing, SupplierBill | Payment) else None
    return Outgoing(body=write(thing), headers={Header.ORDERING_KEY: party or thing.business_key})


async def _keep(connection: Connection, thing: object) -> Outcome:
    words = ""
    if isinstance(thing, SupplierBill):
        await payables.keep(connection, thing)
    elif isinstance(thing, Payment):
        words = await payables.paid_otherwise(connection, thing)
    elif isinstance(thing, LedgerReversal):
        words = await payables.taken_back(connection, thing.document)
    else:
        return Rejected("invalid", "Only bills, payments and reversals say what is owed.")
    return Rejected(IN_THE_WAY, words) if words else Delivered(reference=thing.business_key)
