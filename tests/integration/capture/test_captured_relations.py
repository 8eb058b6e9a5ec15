"""What captured records are related to: archived, hidden, renamed, or not for the hub's user; of every protocol."""

from __future__ import annotations

from typing import Any

import pytest
from documents_odoo import LINE, People, heard, shown
from followed_odoo import Followed

from hilum.connectors.odoo.capture.documents import DOCUMENTS
from hilum.connectors.odoo.capture.feed import Feed
from hilum.connectors.odoo.capture.shapes import shape_of
from hilum.connectors.odoo.probe import connect
from hilum.connectors.odoo.settings import OdooSettings
from hilum.connectors.odoo.transport import Transport
from hilum.simulator.odoo.orm.access import BILLING, INTEGRATION_GROUPS, rights
from hilum.simulator.odoo.orm.record import Env
from hilum.testing import eventually
from hilum.testing.memory import Notebooks

pytestmark = pytest.mark.req("NEW-3")

ORDER = "purchase.order"


@pytest.fixture
def people(followed: Followed) -> People:
    found = People(followed)
    found.begin()
    return found


def orders(people: People, **settings: Any) -> Feed:
    return people.followed.changes(models=[ORDER], fields={}, **settings)


def least(people: People, *without: str) -> dict[str, Any]:
    """The least-privileged user: it may not read ir.model.data, and has none of these groups."""
    groups = INTEGRATION_GROUPS - {*without}
    return {"login": "integration", "api_key": people.followed.sandbox.make_key("integration", groups=groups)}


def closed(people: People, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    """Only administrators may read this model."""
    found = people.followed.sandbox.engine.registry.models[model]
    monkeypatch.setattr(found, "rights", rights(read=BILLING, change=BILLING))


async def test_an_archived_partner_is_named_as_any_other(people: People) -> None:
    order = people.order((people.glove, 1.0, 1.0))
    people.write("res.partner", people.supplier, active=False)
    async with heard(orders(people)) as hearing:
        told = await hearing.told(ORDER, order, "created")
    supplier = {"id": people.supplier, "name": "Gloves Ltd", "external_id": "hilum.supplier_V1", "code": "V1"}
    assert told["values"]["partner_id"] == supplier


async def test_a_new_code_is_told_with_the_next_change_and_is_none_itself(people: People) -> None:
    first, second = (people.order((people.glove, 1.0, 1.0)) for _ in range(2))
    async with heard(orders(people)) as hearing:
        await hearing.told(ORDER, second, "created")
        people.write("res.partner", people.supplier, ref="V2")
        people.put(ORDER, second, origin="PO-8")
        told = await hearing.told(ORDER, second, "created", "changed")
        assert told["values"]["partner_id"]["code"] == "V2"
        assert len(hearing.of(ORDER, first)) == 1


async def test_a_user_who_may_not_list_external_ids_is_told_them_all_the_same(people: People) -> None:
    """The hub's own before others, too; one call for each model."""

    def work(env: Env) -> None:
        other = {"module": "a_module", "name": "gloves", "model": "res.partner", "res_id": people.supplier}
        env["ir.model.data"].create(other)

    people.followed.change(work)
    order = people.order((people.glove, 1.0, 1.0))
    people.followed.sandbox.calls.clear()
    async with heard(orders(people, **least(people))) as hearing:
        values = (await hearing.told(ORDER, order, "created"))["values"]
        assert values["partner_id"]["external_id"] == "hilum.supplier_V1"
        assert values["order_line"][0]["product_id"]["external_id"] == "hilum.item_G-1"
        again = people.order((people.glove, 1.0, 1.0))
        await hearing.told(ORDER, again, "created")
    assert people.followed.sandbox.calls.calls["ir.model.data/search_read"] == 1


async def test_a_related_model_that_may_not_be_read_is_said_and_stops_nothing(
    people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    closed(people, monkeypatch, "product.product")
    order = people.order((people.glove, 1.0, 1.0))
    async with heard(orders(people, **least(people, BILLING))) as hearing:
        told = await hearing.told(ORDER, order, "created")
        await hearing.told(ORDER, people.order((people.glove, 2.0, 1.0)), "created")
    told_by = "" if people.followed.protocol == "xmlrpc" else "hilum.item_G-1"  # XML cannot carry Odoo's answer
    glove = {"id": people.glove, "name": "[G-1] Glove", "external_id": told_by, "code": ""}
    assert told["values"]["order_line"][0]["product_id"] == glove
    assert caplog.text.count("product.product is told without codes") == 1


async def test_a_related_record_that_is_hidden_has_no_code(people: People) -> None:
    order = people.order((people.glove, 1.0, 1.0))
    people.followed.sandbox.hide("res.partner", people.supplier)
    async with heard(orders(people)) as hearing:
        told = await hearing.told(ORDER, order, "created")
    assert told["values"]["partner_id"] == {
        "id": people.supplier, "name": "Gloves Ltd", "external_id": "hilum.supplier_V1", "code": "",
    }  # fmt: skip


async def test_lines_that_may_not_be_read_are_null(
    people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the right is lost while the feed runs; when it is back, nothing is told for that alone."""
    order = people.order((people.glove, 1.0, 1.0))
    books, user = Notebooks(), least(people, BILLING)
    async with heard(orders(people, compare=3600, verify=0, **user), books) as hearing:
        assert shown(await hearing.told(ORDER, order, "created")) == [1.0]
        people.followed.clock.push(minutes=1)  # what was written just now is told when other fields are read
        for _ in range(3):  # the third one is found by a look that began after the push
            await hearing.told(ORDER, people.order((people.glove, 2.0, 1.0)), "created")
        closed(people, monkeypatch, LINE)
        await eventually(lambda: "purchase.order is told without these lines" in caplog.text)
        people.put(ORDER, order, origin="PO-8")
        told = await hearing.told(ORDER, order, "created", "changed")
        assert (told["values"]["order_line"], told["values"]["origin"]) == (None, "PO-8")
    monkeypatch.undo()
    people.followed.clock.push(minutes=1)
    async with heard(orders(people, **user), books) as hearing:
        (line,) = people.lines(LINE, order_id=order)
        people.put(LINE, line["id"], product_qty=3.0)
        assert shown(await hearing.told(ORDER, order, "changed")) == [3.0]


async def test_shares_of_costs_name_their_accounts(followed_19: Followed) -> None:
    def work(env: Env) -> tuple[int, int]:
        plan = env["account.analytic.plan"].create({"name": "Wards"}).id
        ward = env["account.analytic.account"].create({"name": "Ward 3", "code": "W3", "plan_id": plan}).id
        account = env["account.account"].find([["account_type", "=", "expense"]], limit=1)[0]
        shares = {"analytic_distribution": {str(ward): 100.0}}
        lines = [
            (0, 0, {"account_id": account, "debit": 5.0, **shares}),
            (0, 0, {"account_id": account, "credit": 5.0}),
        ]
        return int(ward), env["account.move"].create({"move_type": "entry", "line_ids": lines}).id

    ward, entry = followed_19.change(work)
    async with heard(followed_19.changes(models=["account.move"], fields={})) as hearing:
        told = await hearing.told("account.move", entry, "created")
    first, second = told["values"]["line_ids"]
    assert first["analytic_distribution"] == {str(ward): 100.0}
    assert first["analytic_accounts"] == [{"id": ward, "name": "[W3] Ward 3", "external_id": "", "code": "W3"}]
    assert (second["analytic_distribution"], second["analytic_accounts"]) == (None, [])
    assert told["values"]["journal_id"]["code"]


async def test_lines_that_a_flow_names_are_told_and_watched(people: People) -> None:
    """A new bank account does not move the `write_date` of its partner."""
    fields = {"res.partner": ["name", "bank_ids.acc_number"]}
    source = people.followed.changes(models=["res.partner"], fields=fields, compare=3600, verify=0)
    async with heard(source) as hearing:
        told = await hearing.told("res.partner", people.supplier, "created")
        assert told["values"] == {"name": "Gloves Ltd", "bank_ids": [], "active": True}
        account = {"acc_number": "BE71096123456769", "partner_id": people.supplier}
        number = people.followed.change(lambda env: env["res.partner.bank"].create(account).id)
        told = await hearing.told("res.partner", people.supplier, "created", "changed")
    assert told["values"]["bank_ids"] == [{"id": number, "external_id": "", "acc_number": "BE71096123456769"}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "purchase.order of this Odoo has no field nothing"),
        ("order_line.nothing", "purchase.order.line of this Odoo has no field nothing"),
        ("order_line.nothing", "(`order_line.nothing` in the fields of purchase.order)"),
        ("partner_id.ref", "fields of purchase.order: `partner_id` has no lines"),
    ],
)
async def test_a_field_that_is_not_there_is_said_with_its_place(
    followed_19: Followed, caplog: pytest.LogCaptureFixture, name: str, words: str
) -> None:
    async with heard(followed_19.changes(models=[ORDER], fields={ORDER: ["name", name]})):
        await eventually(lambda: words in caplog.text, lambda: caplog.text)


async def test_each_version_has_the_usual_fields_of_lines(followed: Followed) -> None:
    """An item, a quantity and a unit in each line of goods, whatever they are called; both sides of an entry."""
    box = followed.sandbox
    settings = OdooSettings(url=box.url, api_key=box.api_key, database=box.database, login=box.login)
    transport = Transport(settings, None)
    try:
        client = await connect(transport, settings)
        shapes = {
            line.shape.model: line for name in DOCUMENTS for line in (await shape_of(client, name, ())).every_line()
        }
    finally:
        await transport.close()
    for model, line in shapes.items():
        kinds = line.shape.kinds
        assert line.readable and line.watched and line.document not in kinds
        assert any(name.endswith(("uom", "uom_id")) for name in kinds), model
        assert any("qty" in name or "quantity" in name for name in kinds), model
        assert "product_id" in kinds or model == "stock.move.line"
    assert {"debit", "credit", "account_id"} <= set(shapes["account.move.line"].shape.kinds)
    assert "lot_id" in shapes["stock.move.line"].shape.kinds
    since_19 = box.version == "19.0"
    assert ("tax_ids" in shapes[LINE].shape.kinds, "taxes_id" in shapes[LINE].shape.kinds) == (since_19, not since_19)


@pytest.mark.parametrize("right", ["administrator", "least"])
async def test_documents_are_whole_by_xml_rpc(followed_19: Followed, right: str) -> None:
    """It has no null, and no numbers as keys."""
    people = People(followed_19)
    people.begin()
    order = people.order((people.glove, 12.0, 3.4))
    user = least(people) if right == "least" else {}
    async with heard(orders(people, protocol="xmlrpc", **user)) as hearing:
        told = await hearing.told(ORDER, order, "created")
        assert told["values"]["partner_id"]["external_id"] == "hilum.supplier_V1"
        assert told["values"]["origin"] == "PO-7"
        (line,) = people.lines(LINE, order_id=order)
        people.put(LINE, line["id"], product_qty=13.0)
        assert shown(await hearing.told(ORDER, order, "created", "changed")) == [13.0]
        people.drop_line(line["id"])
        assert shown(await hearing.told(ORDER, order, "created", "changed", "changed")) == []
