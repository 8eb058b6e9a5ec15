"""A change of a line is a change of its document, also where the document's own `write_date` stands still."""

from __future__ import annotations

import random
from typing import Any

import httpx
import orjson
import pytest
from documents_odoo import LINE, Hearing, People, heard, shown
from followed_odoo import Followed

from hilum.connectors.odoo.capture.feed import Feed
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from hilum.testing.memory import Notebooks

pytestmark = pytest.mark.req("NEW-3")

ORDER = "purchase.order"
PICKING = "stock.picking"


@pytest.fixture
def people(followed: Followed) -> People:
    found = People(followed)
    found.begin()
    return found


def orders(people: People, **settings: Any) -> Feed:
    return people.followed.changes(models=[ORDER], fields={}, **settings)


async def long_ago(people: People, hearing: Hearing, model: str = ORDER) -> None:
    """What there is was written days ago: no look reads it any more for its own date.

    The third one is found by a look that began after the clock was pushed.
    """
    people.followed.clock.push(days=2)
    for _ in range(3):
        made = people.order((people.glove, 1.0, 1.0)) if model == ORDER else people.receive(people.glove, 1.0)
        await hearing.told(model, made, "created")


async def test_a_line_alone_is_written(people: People) -> None:
    """Its order is told once, with the date of the line. No comparison helps here."""
    order = people.order((people.glove, 12.0, 3.4), (people.mesh, 1.0, 90.0))
    line, _ = people.lines(LINE, order_id=order)
    async with heard(orders(people, compare=3600, verify=0)) as hearing:
        first = await hearing.told(ORDER, order, "created")
        await long_ago(people, hearing)
        people.put(LINE, line["id"], date_planned="2027-01-05 08:00:00")
        told = await hearing.told(ORDER, order, "created", "changed")
        assert told["values"]["order_line"][0]["date_planned"] == "2027-01-05T08:00:00Z"
        assert told["write_date"] > first["write_date"]
        people.put(LINE, line["id"], date_planned="2027-01-05 08:00:00")  # nothing differs
        people.put(ORDER, order, origin="PO-8")
        told = await hearing.told(ORDER, order, "created", "changed", "changed")
        assert told["values"]["origin"] == "PO-8"
    assert len(set(hearing.keys)) == len(hearing.keys)


@pytest.mark.parametrize("longest", [86_400, 60])
async def test_a_line_that_is_committed_late(people: People, longest: int) -> None:
    """It is older than what was seen long ago, its id is lower: found by looking back, or by comparing."""
    settings = {"compare": 3600} if longest > 3600 else {"longest": 60}
    order = people.order((people.glove, 12.0, 3.4))
    async with heard(orders(people, verify=0, **settings)) as hearing:
        await hearing.told(ORDER, order, "created")
        await long_ago(people, hearing)
        held = people.followed.sandbox.hold()
        late = held.take(LINE)
        people.followed.clock.push(minutes=20)
        after = people.order((people.glove, 1.0, 1.0))
        await hearing.told(ORDER, after, "created")
        held.commit(lambda env: people.add_line(env, order, 5.0, late))
        people.followed.clock.push(hours=2)
        assert shown(await hearing.told(ORDER, order, "created", "changed")) == [12.0, 5.0]


@pytest.mark.parametrize("begin", ["all", "new"])
async def test_a_line_is_deleted(people: People, begin: str) -> None:
    """Its order is not written. Where it is not known what the order was (`new`), it is told all the same."""
    order = people.order((people.glove, 12.0, 3.4), (people.glove, 7.0, 3.4))
    other = people.order((people.glove, 1.0, 1.0))
    people.followed.clock.push(minutes=1)
    line, _ = people.lines(LINE, order_id=order)
    books = Notebooks()
    async with heard(orders(people, begin=begin, verify=0), books) as hearing:
        before = ["created"] if begin == "all" else []
        await eventually(lambda: "state" in "".join(name for page in books.pages.values() for name in page))
        await eventually(lambda: [each["kind"] for each in hearing.of(ORDER, other)] == before)
        people.drop_line(line["id"])
        assert shown(await hearing.told(ORDER, order, *before, "changed")) == [7.0]
        people.put(ORDER, other, origin="PO-9")
        await hearing.told(ORDER, other, *before, "changed")
    assert len(hearing.of(ORDER, order)) == len(before) + 1


async def test_lines_that_change_while_no_hub_runs(people: People) -> None:
    books = Notebooks()
    kept, edited, shortened = (people.order((people.glove, 12.0, 3.4), (people.glove, 7.0, 3.4)) for _ in range(3))
    async with heard(orders(people), books) as hearing:
        for order in (kept, edited, shortened):
            await hearing.told(ORDER, order, "created")
    people.followed.clock.push(minutes=10)
    people.put(LINE, people.lines(LINE, order_id=edited)[0]["id"], product_qty=13.0)
    people.drop_line(people.lines(LINE, order_id=shortened)[1]["id"])
    async with heard(orders(people), books) as hearing:
        assert shown(await hearing.told(ORDER, edited, "changed")) == [13.0, 7.0]
        assert shown(await hearing.told(ORDER, shortened, "changed")) == [12.0]
    assert hearing.of(ORDER, kept) == []


async def test_a_line_is_moved_to_another_document(people: People) -> None:
    """Both are told, though neither is written."""
    here, there = people.order((people.glove, 12.0, 3.4)), people.order((people.glove, 7.0, 3.4))
    (line,) = people.lines(LINE, order_id=here)
    async with heard(orders(people, verify=0)) as hearing:
        await hearing.told(ORDER, there, "created")
        await long_ago(people, hearing)
        people.put(LINE, line["id"], order_id=there)
        assert shown(await hearing.told(ORDER, there, "created", "changed")) == [12.0, 7.0]
        assert shown(await hearing.told(ORDER, here, "created", "changed")) == []


async def test_a_lot_is_added_to_a_receipt_that_is_done(people: People) -> None:
    picking = people.receive(people.mesh, 4.0, "L-1")
    (line,) = people.lines("stock.move.line", picking_id=picking)
    source = people.followed.changes(models=[PICKING], fields={}, compare=3600, verify=0)
    async with heard(source) as hearing:
        told = await hearing.told(PICKING, picking, "created")
        (move,) = told["values"]["move_ids"]
        (part,) = move["move_line_ids"]
        assert (told["values"]["state"], move["product_id"]["code"]) == ("done", "M-1")
        assert (part["lot_id"]["name"], part["lot_id"]["code"]) == ("L-1", "L-1")
        await long_ago(people, hearing, PICKING)
        assert part["quantity" if "quantity" in part else "qty_done"] == 4.0

        def work(env: Env) -> None:
            number = env["stock.lot"].create({"name": "L-2", "product_id": people.mesh}).id
            env["stock.move.line"].put(line["id"], {"lot_id": number})

        people.followed.change(work)
        told = await hearing.told(PICKING, picking, "created", "changed")
    assert told["values"]["move_ids"][0]["move_line_ids"][0]["lot_id"]["code"] == "L-2"


async def test_a_hint_of_a_line_is_followed(people: People) -> None:
    """Odoo 18 sends it before the commit: until then nothing shows."""
    order = people.order((people.glove, 12.0, 3.4))
    source = orders(people, poll=60, hint_port=0)
    async with heard(source) as hearing:
        await hearing.told(ORDER, order, "created")
        held = people.followed.sandbox.hold()
        late = held.take(LINE)
        reads = people.followed.sandbox.calls.calls
        before = reads[f"{LINE}/search_read"]
        async with httpx.AsyncClient() as http:
            place = f"http://127.0.0.1:{source.hint_port}/odoo-changed"
            assert (await http.post(place, json={"_model": LINE, "_id": late})).status_code == 200
        await eventually(lambda: reads[f"{LINE}/search_read"] > before + 2)
        held.commit(lambda env: people.add_line(env, order, 5.0, late))
        assert shown(await hearing.told(ORDER, order, "created", "changed")) == [12.0, 5.0]


# ---- what was remembered before documents were whole


def as_before(books: Notebooks) -> None:
    """The memory as the version before wrote it: fields without lines, and nothing of lines."""
    for page in books.pages.values():
        for name in [name for name in page if name.startswith("lines/")]:
            del page[name]
        state = orjson.loads(page["state"])
        del state["lines"], state["left"]
        state["fields"] = {name: kind for name, kind in state["fields"].items() if not name.startswith("order_line")}
        page["state"] = orjson.dumps(state)


async def test_the_first_start_after_an_upgrade_tells_nothing_but_what_changed(people: People) -> None:
    books = Notebooks()
    kept, edited, late = (people.order((people.glove, 12.0, 3.4)) for _ in range(3))
    people.followed.clock.push(minutes=5)
    people.put(LINE, people.lines(LINE, order_id=kept)[0]["id"], date_planned="2027-01-05 08:00:00")
    people.followed.clock.push(minutes=5)
    async with heard(orders(people), books) as hearing:
        await hearing.told(ORDER, late, "created")
    as_before(books)
    people.followed.clock.push(minutes=5)
    people.put(LINE, people.lines(LINE, order_id=edited)[0]["id"], product_qty=13.0)
    async with heard(orders(people), books) as hearing:
        assert shown(await hearing.told(ORDER, edited, "changed")) == [13.0]
        people.followed.clock.push(minutes=5)
        people.put(LINE, people.lines(LINE, order_id=late)[0]["id"], product_qty=14.0)
        assert shown(await hearing.told(ORDER, late, "changed")) == [14.0]
        people.drop_line(people.lines(LINE, order_id=late)[0]["id"])
        assert shown(await hearing.told(ORDER, late, "changed", "changed")) == []
    assert hearing.of(ORDER, kept) == []


async def test_a_record_without_lines_is_not_told_anew_for_its_relations(followed_19: Followed) -> None:
    """Its hash is the one of the version before: of relations the ids count, as they did."""
    books = Notebooks()
    settings = {"models": ["res.partner"], "fields": {"res.partner": ["name", "country_id", "category_id"]}}
    country, partner = followed_19.change(
        lambda env: (
            env.ref("base.be"),
            env["res.partner"].create({"name": "Gloves", "country_id": env.ref("base.be")}).id,
        )
    )
    async with heard(followed_19.changes(**settings), books) as hearing:
        told = await hearing.told("res.partner", partner, "created")
    assert told["values"]["country_id"] == {"id": country, "name": "Belgium", "external_id": "base.be", "code": "BE"}
    async with heard(followed_19.changes(**settings), books) as hearing:
        followed_19.change(lambda env: env["res.country"].write(country, {"name": "Belgique"}))
        other = followed_19.change(lambda env: env["res.partner"].create({"name": "After"}).id)
        await hearing.told("res.partner", other, "created")
    assert hearing.of("res.partner", partner) == []


# ---- whatever is done


class Busy:
    """People who do anything to orders and their lines, mostly behind the back of the order."""

    def __init__(self, people: People, seed: int) -> None:
        self.people = people
        self.chance = random.Random(seed)
        self.orders = [people.order((people.glove, 1.0, 1.0), (people.glove, 2.0, 1.0)) for _ in range(5)]

    def act(self) -> None:
        self.chance.choice([self.buy, self.write, self.write, self.add, self.drop, self.move, self.cancel])()
        if self.chance.random() < 0.3:
            self.people.followed.clock.push(seconds=self.chance.choice([1, 5, 60, 400]))

    def line(self) -> int | None:
        rows = self.people.followed.sandbox.records(LINE)
        return int(self.chance.choice(rows)["id"]) if rows else None

    def buy(self) -> None:
        self.orders.append(self.people.order((self.people.glove, self.quantity(), 1.0)))

    def write(self) -> None:
        if (line := self.line()) is not None:
            self.people.put(LINE, line, product_qty=self.quantity())

    def add(self) -> None:
        order, quantity = self.chance.choice(self.orders), self.quantity()
        self.people.followed.change(lambda env: self.people.add_line(env, order, quantity))

    def drop(self) -> None:
        if (line := self.line()) is not None:
            self.people.drop_line(line)

    def move(self) -> None:
        if (line := self.line()) is not None:
            self.people.put(LINE, line, order_id=self.chance.choice(self.orders))

    def cancel(self) -> None:
        if len(self.orders) > 3:
            order = self.orders.pop(self.chance.randrange(len(self.orders)))

            def work(env: Env) -> None:
                env[ORDER].put(order, {"state": "cancel"})
                env[ORDER].unlink(order)

            self.people.followed.change(work)

    def quantity(self) -> float:
        return float(self.chance.randint(1, 1000))


def agreed(hearing: Hearing, busy: Busy) -> bool:
    """Does who heard all events know what is there?"""
    known: dict[int, list[float]] = {}
    for each in hearing.events:
        known.pop(each["id"], None)
        if each["kind"] != "deleted":
            known[each["id"]] = shown(each)
    return known == {order: busy.people.quantities(order) for order in busy.orders}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 8))])
async def test_random_histories_of_lines_end_in_agreement(followed_19: Followed, seed: int) -> None:
    people = People(followed_19)
    people.begin()
    busy, books, hearing = Busy(people, seed), Notebooks(), Hearing()
    for _ in range(6):
        async with heard(orders(people, verify=0), books, hearing):
            for _ in range(15):
                busy.act()
                if busy.chance.random() < 0.3:
                    await eventually(lambda: agreed(hearing, busy), lambda: hearing.events[-3:])
        busy.act()  # while no hub runs
    async with heard(orders(people, verify=0), books, hearing):
        await eventually(lambda: agreed(hearing, busy), lambda: hearing.events[-3:])


# ---- by the addon's outbox


def outbox(people: People, *models: str) -> Feed:
    people.followed.install_outbox(*models)
    return people.followed.outbox(models=list(models), fields={})


async def test_the_outbox_tells_the_document_of_a_line(people: People) -> None:
    """Written, added late, deleted, moved: each is told once, in the order of the transactions."""
    source = outbox(people, ORDER)
    async with heard(source) as hearing:
        order, other = (people.order((people.glove, 12.0, 3.4), (people.mesh, 1.0, 90.0)) for _ in range(2))
        await hearing.told(ORDER, other, "created")
        first, second = (row["id"] for row in people.lines(LINE, order_id=order))
        people.put(LINE, first, product_qty=13.0)
        assert shown(await hearing.told(ORDER, order, "created", "changed")) == [13.0, 1.0]
        held = people.followed.sandbox.hold()
        late = held.take(LINE)
        held.commit(lambda env: people.add_line(env, order, 5.0, late))
        assert shown(await hearing.told(ORDER, order, "created", "changed", "changed")) == [13.0, 1.0, 5.0]
        people.drop_line(second)
        told = await hearing.told(ORDER, order, "created", "changed", "changed", "changed")
        assert shown(told) == [13.0, 5.0]
        people.put(LINE, late, order_id=other)
        assert shown(await hearing.told(ORDER, other, "created", "changed")) == [12.0, 1.0, 5.0]
        assert shown(await hearing.told(ORDER, order, "created", *["changed"] * 4)) == [13.0]
        people.followed.change(lambda env: (env[ORDER].put(other, {"state": "cancel"}), env[ORDER].unlink(other)))
        await hearing.told(ORDER, other, "created", "changed", "deleted")
    assert {each["model"] for each in hearing.events} == {ORDER}


async def test_the_outbox_tells_the_receipt_of_a_lot(people: People) -> None:
    source = outbox(people, PICKING)
    async with heard(source) as hearing:
        picking = people.receive(people.mesh, 4.0, "L-1")
        told = await hearing.told(PICKING, picking, "created")
        assert told["values"]["move_ids"][0]["move_line_ids"][0]["lot_id"]["code"] == "L-1"
        (line,) = people.lines("stock.move.line", picking_id=picking)
        people.put("stock.move.line", line["id"], lot_id=None)
        told = await hearing.told(PICKING, picking, "created", "changed")
        assert told["values"]["move_ids"][0]["move_line_ids"][0]["lot_id"] is None
