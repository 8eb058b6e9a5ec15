"""Loading a list of excluded parties: it replaces the former issue, and suppliers that it touches are screened again.

    flow.deliver_to(lists.keep(LEIE))

The flow gives `ListIssue`, the file as it is. All of it is loaded in one transaction, or nothing; in the same one
the runs of registrations that share a name, however misspelt, with what came or left are told to look again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from typing import ClassVar, Final

from pydantic import BaseModel, Field

from hilum.connector import Header, HubDestination, Outgoing, Source, Target, Traits
from hilum.errors import Invalid, Rejected
from hilum.flow import Flow, Lookup, Owners, Pattern
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.suppliers import register
from hilum.packs.suppliers.layouts import Layout, entries, newest
from hilum.packs.suppliers.register import Issue
from hilum.packs.suppliers.rules import ONBOARDING
from hilum.postgres import Connection
from hilum.processes import store

LEAST: Final = 0.8
"""Of the entries of the issue before: a list with fewer is cut off, until somebody says that it is not."""

_ISSUED: Final = "screening-issued"  # header of a delivery


class ListIssue(BaseModel):
    """A file of a publisher."""

    issued_on: date | None = None  # none: the newest date that it names
    body: bytes = Field(repr=False)


class Rescreen(BaseModel):
    """A list has changed in a way that may concern a registration."""

    called: ClassVar[str] = "change of a list of excluded parties"

    registration: str
    list: str
    issued_on: date


class Lists(HubDestination):
    """Loads the issues of one list."""

    kind: ClassVar[str] = "screening"
    traits: ClassVar[Traits] = Traits(batch_limit=1, deduplicates=True)
    needs: ClassVar[str] = "Screening lists are kept"

    def __init__(self, layout: Layout, process: str, least: float) -> None:
        super().__init__()
        self._layout = layout
        self._process = process
        self._least = least

    def __repr__(self) -> str:
        return f"<Lists {self._layout.name}>"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Each replaces the issue before; one that is older than what is loaded, or came before, changes nothing."""
        return [await self._load(delivery) for delivery in batch]

    async def _load(self, delivery: Delivery) -> Outcome:
        try:
            found = await asyncio.to_thread(entries, self._layout, delivery.body)
            said = delivery.headers.get(_ISSUED, "")
            issued_on = date.fromisoformat(said) if said else newest(found)
        except Invalid as error:
            return Rejected("invalid", str(error))
        digest = sha256(delivery.body).hexdigest()
        issue = Issue(list=self._layout.name, issued_on=issued_on, digest=digest)
        async with self.database.transaction() as connection:
            await register.lock_alone(connection)
            refused = await self._refused(connection, issue, len(found))
            if refused is not None:
                return refused
            loaded = await register.replace(connection, issue, found, delivery.message_id)
            for number in loaded.registrations:
                await self._tell(connection, issue, number, delivery)
        return Delivered(reference=f"{issue.list} of {issue.issued_on}", words=loaded.words)

    async def _refused(self, connection: Connection, issue: Issue, count: int) -> Outcome | None:
        reference = f"{issue.list} of {issue.issued_on}"
        if await register.was_loaded(connection, issue):
            return Delivered(reference=reference, words="it is loaded already")
        former = await register.latest(connection, issue.list)
        if former is None:
            return None
        before, entries_before = former
        if issue.issued_on < before.issued_on:
            return Delivered(reference=reference, words=f"the issue of {before.issued_on} is loaded, which is newer")
        if count < self._least * entries_before:
            return Rejected(
                "screening.short",
                f"{count} are on it, {entries_before} were on the one of {before.issued_on}: it looks cut off. The"
                " former one stays. If it is right, load it with a smaller `least`.",
            )
        return None

    async def _tell(self, connection: Connection, issue: Issue, number: str, delivery: Delivery) -> None:
        content = Rescreen(registration=number, list=issue.list, issued_on=issue.issued_on)
        item = store.NewItem(
            process=self._process,
            key=number,
            kind=store.EVENT,
            topic=Rescreen.__name__,
            content=content.model_dump(mode="json"),
            dedup=f"{issue.list} {issue.digest} {number}",
            message_id=delivery.message_id,
            correlation=delivery.correlation_id,
        )
        await store.put(connection, item)


def keep(layout: Layout, *, process: str = ONBOARDING, least: float = LEAST) -> Target:
    """The target of a flow that brings `ListIssue`. `least`: the part of the former entries that it must have."""

    def encode(thing: ListIssue) -> Outgoing:
        headers = {Header.ORDERING_KEY: layout.name}
        if thing.issued_on is not None:
            headers[_ISSUED] = thing.issued_on.isoformat()
        return Outgoing(body=thing.body, headers=headers)

    return Target(
        endpoint="screening.lists",
        operation=layout.name.casefold().replace(" ", "_"),
        accepts=(ListIssue,),
        encode=encode,
        connector=Lists(layout, process, least),
    )


def screening_list(
    layout: Layout, *, source: Source, name: str, owners: Owners, process: str = ONBOARDING, least: float = LEAST
) -> Flow:
    """The flow that loads each file of a source; a file that is no such list is held, and the former issue stays."""
    flow = Flow(
        name,
        version="1.0",
        summary=f"The list {layout.name} is loaded, and suppliers are screened against what is new",
        owners=owners,
        pattern=Pattern.MASTER_DATA,
        source=source,
        format="bytes",
        order_by=lambda _: layout.name,
    )

    @flow.translate
    def issue(body: bytes, _: Lookup) -> ListIssue:
        return ListIssue(body=body)

    flow.deliver_to(keep(layout, process=process, least=least))
    return flow
