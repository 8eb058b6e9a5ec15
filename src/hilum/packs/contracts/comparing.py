"""All contracts of the CLM against what the hub has heard of them: what was lost is found, told, and shown.

    compared.translate(clm.all_of_clm)
    compared.deliver_to(compare(life))

The last word that a run has heard of its contract is compared with what the CLM says now. Where they differ, the run is
told what the CLM says, as by a webhook: it follows by its own rules. That is a case until the next comparison finds
both the same. A contract in force that the CLM does not have any more is a case, too; nothing is done about it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

import orjson
from pydantic import ValidationError

from hilum import cases
from hilum.connector import Condition, Header, HubDestination, Misfit, Outgoing, Target
from hilum.errors import Rejected
from hilum.flow import Owners
from hilum.journal.audit import record
from hilum.journal.payloads import Damaged
from hilum.message import Delivered, Delivery, Outcome
from hilum.packs.contracts.contract_rules import IN_FORCE, ContractsListed, ContractTold
from hilum.postgres import Connection
from hilum.processes import Process, store
from hilum.processes.periods import Period, duration

CATEGORY: Final = "process.missed"

_WORDS: Final = 50  # of a run, from the last on, in which the word that counts is looked for


def compare(process: Process, *, under_way: Period = "PT15M") -> Target:
    """The target of a flow that lists the contracts of a CLM for the process that follows them.

    `under_way`: what has changed in the CLM so shortly before may still be on its way, and is left to webhook and poll.
    """
    return Target(
        endpoint=f"contracts.compared.{process.name}",
        operation="compare",
        accepts=(ContractsListed,),
        encode=_encode,
        connector=Comparing(process.name, process.owners, duration(under_way)),
    )


def _encode(listed: ContractsListed) -> Outgoing:
    # one comparison after the other: an older one must not come last
    return Outgoing(body=listed.model_dump_json().encode(), headers={Header.ORDERING_KEY: "contracts of the CLM"})


class Comparing(HubDestination):
    """Compares, tells, and keeps the cases."""

    kind: ClassVar[str] = "contracts"
    needs: ClassVar[str] = "Contracts are compared"

    def __init__(self, process: str, owners: Owners, under_way: timedelta) -> None:
        super().__init__()
        self._process = process
        self._owners = owners
        self._under_way = under_way

    def __repr__(self) -> str:
        return f"<compare {self._process}>"

    async def deliver(self, batch: Sequence[Delivery]) -> Sequence[Outcome]:
        """Each listing by itself, in a transaction."""
        return [await self._deliver(each) for each in batch]

    async def _deliver(self, delivery: Delivery) -> Outcome:
        try:
            listed = ContractsListed.model_validate(orjson.loads(delivery.body))
        except ValidationError:
            return Rejected("invalid", "It is no list of contracts.")
        found: list[Condition] = []
        async with self.database.transaction() as connection:
            for told in listed.contracts:
                found += await self._compare(connection, listed.at, told, delivery)
            there = {told.contract.number for told in listed.contracts} | set(listed.unread)
            found += [
                _gone(key, state) for key, state in await self._in_force(connection, listed.at) if key not in there
            ]
            place = f"contracts.compared.{self._process}"
            await cases.settle(
                connection, place, found, {}, owners=self._owners, reason="The CLM and the hub say the same."
            )
        return Delivered(words=f"{len(listed.contracts)} contracts compared, {len(found)} differ")

    async def _compare(
        self, connection: Connection, at: datetime, told: ContractTold, delivery: Delivery
    ) -> list[Condition]:
        key = told.contract.number
        run = await store.run_of(connection, self._process, key)
        heard = await self._last(connection, run) if run is not None else None
        if heard is not None and _same(heard, told):
            return []
        if told.at > at - self._under_way or (heard is not None and heard.at >= at):
            return []
        # its own moment, so that a webhook that comes late says nothing new; else that of the comparison
        moment = told.at if heard is None or told.at > heard.at else at
        said = told.model_copy(update={"at": moment})
        item = store.NewItem(
            process=self._process,
            key=key,
            kind=store.EVENT,
            topic=ContractTold.name,
            content=orjson.loads(said.model_dump_json()),
            dedup=f"{delivery.idempotency_key} {key}",
            message_id=delivery.message_id,
            correlation=delivery.correlation_id,
        )
        if await store.put(connection, item) is not None:
            words = f"contract {key}: {_differ(heard, told)}"
            await record(connection, actor="hub", action="contract_told", flow=delivery.flow, words=words)
        return [_missed(key, heard, told)]

    async def _last(self, connection: Connection, run: store.RunRow) -> ContractTold | None:
        """The word of the CLM that counts: of those that the run was told, the one of the latest moment."""
        return max([each async for each in _words(connection, run)], key=lambda told: told.at, default=None)

    async def _in_force(self, connection: Connection, at: datetime) -> list[tuple[str, str]]:
        """Contracts in force since before that moment."""
        cursor = await connection.execute(
            "SELECT key, state FROM process_run WHERE process = %s AND ended_at IS NULL AND state = ANY(%s)"
            " AND since < %s ORDER BY key",
            [self._process, list(IN_FORCE), at - self._under_way],
        )
        return [(str(key), str(state)) for key, state in await cursor.fetchall()]


async def _words(connection: Connection, run: store.RunRow) -> AsyncIterator[ContractTold]:
    cursor = await connection.execute(
        "SELECT id FROM process_item WHERE process = %s AND key = %s AND topic = %s AND kind = 'event'"
        " AND (run_id = %s OR run_id IS NULL) ORDER BY seq DESC LIMIT %s",
        [run.process, run.key, ContractTold.name, run.id, _WORDS],
    )
    for (id,) in await cursor.fetchall():
        try:
            yield ContractTold.model_validate(await store.content(connection, id))
        except (Damaged, ValidationError):
            continue  # its retention has passed, or an earlier version of the hub took it


def _same(one: ContractTold, other: ContractTold) -> bool:
    return _said(one) == _said(other)


def _said(told: ContractTold) -> Mapping[str, object]:
    """All that matters of it: not the moment, nor how it was heard, nor the status that does not count."""
    said = told.model_dump(exclude={"at", "seen"})
    del said["contract"]["status"]
    return said


def _differ(heard: ContractTold | None, told: ContractTold) -> str:
    """The difference, in words."""
    now = f"{told.state}, revision {told.contract.revision}"
    if heard is None:
        return f"the CLM has it ({now}), and the hub had not heard of it"
    before = f"{heard.state}, revision {heard.contract.revision}"
    what = f"now {now}; the hub had heard {before}" if before != now else f"with other terms under {now}"
    return f"in the CLM it is {what}"


def _missed(key: str, heard: ContractTold | None, told: ContractTold) -> Condition:
    words = f"Contract {key}: {_differ(heard, told)}. The hub was told so now."
    before = heard.state if heard is not None else "nothing"
    misfit = Misfit(what=key, expected=told.state, found=before, words=words)
    return Condition(
        category=CATEGORY, subject=key, title=f"A word of the CLM on contract {key} was lost", misfits=(misfit,)
    )


def _gone(key: str, state: str) -> Condition:
    words = f"Contract {key} is {state} here, and the CLM does not have it any more."
    misfit = Misfit(what=key, expected="listed by the CLM", found="not listed", words=words)
    return Condition(
        category=CATEGORY,
        subject=key,
        title=f"Contract {key} is gone from the CLM",
        misfits=(misfit,),
        advice="If it has ended, have the CLM say so (terminated). If it is there, see what the list leaves out.",
    )
