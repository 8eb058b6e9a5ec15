"""Every business object that the Odoo destination takes goes into Odoo, is captured there, and comes back as it was.

What Odoo does not keep, or fills in by itself, is said in the table of the pack, member by member with the reason
(`hilum.packs.odoo.objects.CAPTURED`); everything else has to be equal. All cases go through one Odoo and one hub, one
after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from round_trip_cases import ORDER, Case, cases

from hilum import canonical
from hilum.canonical import BusinessObject
from hilum.connector import Outgoing, Target
from hilum.connectors.odoo import Odoo
from hilum.connectors.odoo.client import OdooClient
from hilum.connectors.odoo.dialect import dialect
from hilum.connectors.odoo.operations import OPERATIONS
from hilum.message import Delivered, Delivery, new_id
from hilum.packs import odoo
from hilum.packs.odoo.captured import Captured
from hilum.packs.odoo.elsewhere import ELSEWHERE
from hilum.packs.odoo.objects import CAPTURED, NOT_CAPTURED
from hilum.postgres import Database
from hilum.runtime import Hub
from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from support.doubles import Receiver
from support.projects import make_project
from support.servers import Databases

CASES = {case.name: case for case in cases()}
CHANGED_LATER = {
    "hilum.purchase.agreement",
    "an agreement that stays a draft",
    "a count by weight",
}
"""Cases whose object a later one changes: they are looked at first."""
PATIENCE = 120.0  # seconds for all cases together; only where one fails it takes so long
LOOK_AGAIN = 0.5  # seconds after which the feed is told once more that there is something to see
SOMETIMES = {
    ("hilum.supplier", "bank_accounts.bic"): "of a bank that Odoo lists",
    ("hilum.item", "category"): "by its code",
    ("hilum.item", "purchase_unit"): "before 19",
    ("hilum.supplier.price", "unit"): "from 19 on",
    ("hilum.service.case", "status"): "solved or open",
    ("hilum.service.case", "due_at"): "from 17 on",
}
"""What the table calls lost, and some Odoo or some value keeps."""
WHERE_IT_IS_THERE = {
    *(f"res.partner.{each}" for each in ("purchase_warn", "purchase_warn_msg", "sale_warn", "sale_warn_msg")),
    *("stock.lot.expiration_date", "stock.move.line.expiration_date"),
    *("maintenance.equipment.location", "maintenance.equipment.location_id"),
    "purchase.order.picking_type_id",  # brought by purchase_stock
    "purchase.order.requisition_id",  # of orders that name an agreement, which is looked for first
}
"""Written where this Odoo has the field, so nothing fails without it."""


@dataclass(slots=True)
class Crossing:
    """What was told of each case."""

    version: str
    told: dict[str, BusinessObject | None] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)  # by model: the fields that the hub wrote


class Hospital:
    """A sandbox Odoo, the real destination into it, and the feed out of it through a hub."""

    def __init__(self, version: str, folder: Path, postgres_url: str) -> None:
        self.box = SandboxOdoo(version)
        self.database = Database(postgres_url)
        self.receiver = Receiver()
        self.found = Crossing(version)
        self.things: list[BusinessObject] = []  # that were told
        self._folder = folder

    async def run(self) -> Crossing:
        async with self.box:
            self.box.change(_equip)
            reach = {"url": self.box.url, "database": self.box.database}
            reach |= {"login": self.box.login, "api_key": self.box.api_key}
            self.odoo = Odoo(**reach, cases_project="Service desk")
            flow = odoo.changed(
                to=[Target(endpoint="memory.main", encode=_as_written, connector=self.receiver)],
                odoo="",
                objects=[each.object for each in CAPTURED],
                events=False,
                conventions=odoo.Conventions(currency="EUR"),
                begin="all",
                poll=3600.0,  # it looks when it is told that there is something to see
                compare=3600.0,
                **reach,
            )
            self.feed: Any = flow.source
            lookups = {"odoo_units": "unit,code\nPack of 6,P6\n"}
            hub = Hub(make_project(self._folder, flow, lookups=lookups), self.database)
            await self.odoo.open()
            await self.database.open()
            try:
                await hub.start()
                with pytest.MonkeyPatch.context() as patch:
                    self._listen(patch)
                    await self._cross()
            finally:
                await hub.stop()
                await self.database.close()
                await self.odoo.close()
        return self.found

    def _listen(self, patch: pytest.MonkeyPatch) -> None:
        """Note which fields are written: columns of `load`, values of `create` and `write`."""
        load, create, write = OdooClient.load, OdooClient.create, OdooClient.write
        touched = self.found.touched

        async def loaded(client: OdooClient, model: str, fields: Sequence[str], *others: Any, **more: Any) -> Any:
            touched.setdefault(model, set()).update({each.partition("/")[0] for each in fields} - {"id"})
            return await load(client, model, fields, *others, **more)

        async def created(client: OdooClient, model: str, values: Sequence[Mapping[str, Any]], **more: Any) -> Any:
            touched.setdefault(model, set()).update(*values)
            return await create(client, model, values, **more)

        async def written(client: OdooClient, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
            touched.setdefault(model, set()).update(values)
            await write(client, model, ids, values)

        patch.setattr(OdooClient, "load", loaded)
        patch.setattr(OdooClient, "create", created)
        patch.setattr(OdooClient, "write", written)

    async def _cross(self) -> None:
        self.until = asyncio.get_running_loop().time() + PATIENCE
        for case in CASES.values():
            for each in (*case.before, case.thing):
                await self._write(case, each)
            if case.name in CHANGED_LATER:
                await self._wait(case)
        for case in CASES.values():
            if case.name not in CHANGED_LATER:
                await self._wait(case)

    async def _write(self, case: Case, thing: BusinessObject) -> None:
        operation = next(each for each in OPERATIONS.values() if type(thing) in each.accepts)
        delivery = Delivery(
            message_id=new_id(),
            ordinal=0,
            flow="test",
            destination="odoo.main",
            operation=operation.name,
            body=canonical.write(thing),
            idempotency_key=str(new_id()),
        )
        (outcome,) = await self.odoo.deliver([delivery])
        if not isinstance(outcome, Delivered):
            self.found.refused[case.name] = f"{thing.name} {thing.business_key}: {outcome}"

    async def _wait(self, case: Case) -> None:
        """Until it is told as it was written, or no more is to be expected."""
        thing, line, clock = case.thing, line_of(case.thing), asyncio.get_running_loop().time
        self.found.told[case.name] = None
        if case.name in self.found.refused:
            return
        look_at, until = 0.0, max(self.until, clock() + LOOK_AGAIN)
        while clock() < until:
            same = [each for each in self._heard(type(thing)) if _is_same(thing, each)]
            if same:
                self.found.told[case.name] = same[-1]
                if not differences(thing, same[-1], line):
                    return
            if clock() >= look_at:
                self.feed.hint(line.model, None)
                look_at = clock() + LOOK_AGAIN
            await asyncio.sleep(0.01)

    def _heard(self, kind: type[BusinessObject]) -> list[Any]:
        taken = self.receiver.taken
        self.things += (canonical.read(each.body) for each in taken[len(self.things) :])
        return [each for each in self.things if isinstance(each, kind)]


def _as_written(thing: BusinessObject) -> Outgoing:
    return Outgoing(body=canonical.write(thing))


def _equip(env: Env) -> None:
    """What a hospital's own people have set up before the hub comes."""
    unit: dict[str, Any] = {"name": "BX"}
    if env.since(19):
        unit |= {"relative_factor": 100.0, "relative_uom_id": env.ref("uom.product_uom_unit")}
    else:
        unit |= {"category_id": env.ref("uom.product_uom_categ_unit"), "factor": 0.01, "uom_type": "bigger"}
    env["uom.uom"].create(unit)
    env["res.country.state"].create({"name": "West Flanders", "code": "VWV", "country_id": env.ref("base.be")})
    env["project.project"].create({"name": "Service desk"})
    env["res.bank"].create({"name": "A listed bank", "bic": "GKCCBEBB"})


def line_of(thing: BusinessObject) -> Captured:
    return next(each for each in CAPTURED if each.object is type(thing))


def _is_same(written: BusinessObject, read: BusinessObject) -> bool:
    """Is it the thing that was written? A stock level is known by what it is of: Odoo does not keep the count. An
    account is known by its code: the chart is that of the hub user's company."""
    if isinstance(written, canonical.StockLevel) and isinstance(read, canonical.StockLevel):
        return (written.item, written.location, written.lot) == (read.item, read.location, read.lot)
    if isinstance(written, canonical.LedgerAccount) and isinstance(read, canonical.LedgerAccount):
        return written.code == read.code
    return written.business_key == read.business_key


def differences(written: BusinessObject, read: BusinessObject, line: Captured) -> list[str]:
    """The members that came back otherwise, and that the table does not excuse."""
    return [
        f"{path}: {mine!r} came back as {theirs!r}"
        for path, mine, theirs, was_sent in compared(written, read)
        if mine != theirs and not _covers(line.lost, path) and (was_sent or not _covers(line.filled, path))
    ]


def _covers(table: Mapping[str, str], path: str) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in table)


def compared(mine: Any, theirs: Any, path: str = "") -> Iterator[tuple[str, Any, Any, bool]]:
    """Member, as it was written, as it was read, and whether it was written at all."""
    for name, about in type(mine).model_fields.items():
        one, other = getattr(mine, name), getattr(theirs, name)
        left, right = _parts(one), _parts(other)
        if left and len(left) == len(right):
            for each, its_twin in zip(left, right, strict=True):
                yield from compared(each, its_twin, f"{path}{name}.")
        else:
            yield f"{path}{name}", one, other, one != about.default


def _parts(value: Any) -> list[BaseModel]:
    return [each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, BaseModel)]


@pytest.fixture(
    scope="module", params=["19.0", "18.0", *(pytest.param(old, marks=pytest.mark.long) for old in ("17.0", "16.0"))]
)
def crossing(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Crossing:
    with databases.migrated() as url:
        return asyncio.run(Hospital(request.param, tmp_path_factory.mktemp("hub"), url).run())


@pytest.mark.req("SYS-1", "SYS-2")
@pytest.mark.parametrize("name", CASES)
def test_what_is_written_comes_back(crossing: Crossing, name: str) -> None:
    assert name not in crossing.refused, crossing.refused[name]
    written, told = CASES[name].thing, crossing.told[name]
    assert told is not None, f"{name} did not come back"
    line = line_of(written)
    assert differences(written, told, line) == []
    kept = {path for path, mine, theirs, was_sent in compared(written, told) if was_sent and mine == theirs}
    idle = [member for member in line.lost if member in kept and (written.name, member) not in SOMETIMES]
    assert idle == [], "Odoo keeps these: take them out of the table"


@pytest.mark.req("SYS-1")
def test_the_bank_of_an_account_comes_back_where_odoo_lists_it(crossing: Crossing) -> None:
    """The table says when it does not, so the comparison would not notice."""
    told = crossing.told["a supplier whose bank Odoo lists"]
    assert isinstance(told, canonical.Supplier)
    assert [each.bic for each in told.bank_accounts or ()] == ["GKCCBEBB"]


@pytest.mark.req("NEW-9")
def test_what_the_hub_writes_it_says_that_it_needs(crossing: Crossing) -> None:
    """Else an upgrade of Odoo could take a field away, and messages would say so first."""
    names = dialect((int(crossing.version.partition(".")[0]), 0))
    needed: dict[str, set[str]] = {}
    for operation in OPERATIONS.values():
        for model, fields in operation.needed(names).items():
            needed.setdefault(model, set()).update(fields)
    unsaid = {
        f"{model}.{name}" for model, fields in crossing.touched.items() for name in fields - needed.get(model, set())
    }
    assert "name" in crossing.touched["res.partner"]
    assert unsaid - WHERE_IT_IS_THERE == set()


@pytest.mark.req("SYS-1")
def test_no_object_is_forgotten() -> None:
    taken = {kind.name for each in OPERATIONS.values() for kind in each.accepts if issubclass(kind, BusinessObject)}
    assert taken == {f"hilum.{each}" for each in ORDER} | {kind.name for kind in NOT_CAPTURED}
    assert {each.object.name for each in CAPTURED} == {f"hilum.{each}" for each in ORDER}


@pytest.mark.req("SYS-1", "MOD-1")
def test_of_each_business_object_it_is_said_whether_odoo_has_it() -> None:
    said = [*(each.object for each in CAPTURED), *NOT_CAPTURED, *ELSEWHERE]
    assert sorted(kind.name for kind in said) == sorted(canonical.BY_NAME)


@pytest.mark.req("SYS-1")
@pytest.mark.parametrize("name", ORDER)
def test_every_member_crosses_in_some_case_or_the_table_says_why_not(name: str) -> None:
    kind = canonical.BY_NAME[f"hilum.{name}"]
    things = [case.thing for case in CASES.values() if type(case.thing) is kind]
    sent = {path for thing in things for path, *_, was_sent in compared(thing, thing) if was_sent}
    line = line_of(things[0])
    assert {path for path in _members(kind) if path not in sent and not _covers(line.lost, path)} == set()


def _members(kind: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, about in kind.model_fields.items():
        inner = _model_in(about.annotation)
        if inner is None:
            yield f"{path}{name}"
        else:
            yield from _members(inner, f"{path}{name}.")


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_in(part))), None)
