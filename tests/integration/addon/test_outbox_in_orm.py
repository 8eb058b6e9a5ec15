"""The Python of the addon `hilum_outbox` on a stand-in of Odoo's ORM and a real PostgreSQL. No Odoo is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.odoo_standin import AccessError, Env, Odoo

ADDON = Path(__file__).parents[3] / "addons" / "hilum_outbox"
HUB = "hilum_outbox.group_hub"
PARAMETER = "hilum_outbox.models"

pytestmark = pytest.mark.req("NEW-3")


@pytest.fixture
def server(request: pytest.FixtureRequest, empty_postgres_url: str) -> Iterator[Odoo]:
    """An Odoo with the addon installed; of version 19 unless the test says another."""
    with Odoo(getattr(request, "param", 19), empty_postgres_url, ADDON).loaded() as made:
        made.install()
        yield made


def watch(server: Odoo, models: str) -> None:
    """What an administrator sets."""
    with server.transaction() as env:
        env["ir.config_parameter"].create([{"key": PARAMETER, "value": models}])


def watched(server: Odoo) -> set[str]:
    """The tables that have the trigger."""
    with server.transaction() as env:
        env.cr.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'hilum_outbox_%'")
        return {row[0] for row in env.cr.fetchall()}


def pulled(server: Odoo) -> list[dict[str, Any]]:
    """What the hub gets."""
    with server.transaction(HUB) as env:
        found: list[dict[str, Any]] = env["hilum.outbox"].pull(models=["res.partner"], limit=100, after=[0, 0])
        return found


def parameter(env: Env) -> Any:
    env.cr.execute("SELECT id FROM ir_config_parameter")
    return env.registry["ir.config_parameter"](env, [row[0] for row in env.cr.fetchall()])


def test_changes_are_noted_pulled_and_acknowledged(server: Odoo) -> None:
    watch(server, "res.partner")
    with server.transaction() as env:
        partner = env["res.partner"].create([{"name": "Gloves", "active": True}, {"name": "Masks", "active": True}])
    with server.transaction() as env:
        env.registry["res.partner"](env, partner.ids[:1]).write({"active": False})
        env.registry["res.partner"](env, partner.ids[1:]).unlink()
    notes = pulled(server)
    assert [(each["res_id"], each["kind"]) for each in notes] == [
        (1, "created"), (2, "created"), (1, "archived"), (2, "deleted"),
    ]  # fmt: skip
    assert all(set(each) == {"id", "xid", "model", "res_id", "kind", "write_date"} for each in notes)
    assert notes[0]["write_date"] is False, "as Odoo shows a date that is empty"
    assert len(notes[2]["write_date"]) == len("2026-11-21 10:00:00")
    with server.transaction(HUB) as env:
        assert env["hilum.outbox"].acknowledge(notes=[each["id"] for each in notes[:3]])
        assert env["hilum.outbox"].refuse(note=notes[3]["id"], words="no flow takes it")
        assert env["hilum.outbox"].acknowledge(notes=[])
        assert env["hilum.outbox"].pull(models=[], limit=1, after=[0, 0]) == []
    assert pulled(server) == []
    with server.transaction() as env:
        env.cr.execute("SELECT res_id, refusal FROM hilum_outbox")
        assert env.cr.fetchall() == [(2, "no flow takes it")]


def test_only_the_hub_may(server: Odoo) -> None:
    calls: dict[str, tuple[Any, ...]] = {
        "pull": (["res.partner"], 1, [0, 0]),
        "acknowledge": ([1],),
        "refuse": (1, "no"),
    }
    for method, arguments in calls.items():
        with pytest.raises(AccessError, match="integration hub"), server.transaction("base.group_system") as env:
            getattr(env["hilum.outbox"], method)(*arguments)


def test_triggers_follow_the_parameter(server: Odoo) -> None:
    assert watched(server) == set()
    watch(server, "res.partner, sale.report some.wizard;no.such.model")
    assert watched(server) == {"res_partner"}, "not what has no table of its own, what is passing, or unknown"
    with server.transaction() as env:
        parameter(env).write({"value": ""})
    assert watched(server) == set()
    with server.transaction() as env:
        parameter(env).write({"value": "res.partner"})
    assert watched(server) == {"res_partner"}
    with server.transaction() as env:
        parameter(env).write({"key": "another.key"})
    assert watched(server) == set()
    with server.transaction() as env:
        parameter(env).write({"key": PARAMETER})
    assert watched(server) == {"res_partner"}
    with server.transaction() as env:
        parameter(env).unlink()
    assert watched(server) == set()


def test_the_lines_of_documents_are_watched_with_them(server: Odoo) -> None:
    watch(server, "purchase.order")
    assert watched(server) == {"purchase_order", "purchase_order_line"}
    with server.transaction() as env:
        order = env["purchase.order"].create([{"name": "P00001"}])
        line = env["purchase.order.line"].create([{"name": "Gloves", "order_id": order.ids[0]}])
    with server.transaction() as env:
        env.registry["purchase.order.line"](env, line.ids).write({"name": "Masks"})
    with server.transaction() as env:
        env.registry["purchase.order.line"](env, line.ids).unlink()
    with server.transaction(HUB) as env:
        notes = env["hilum.outbox"].pull(models=["purchase.order"], limit=100, after=[0, 0])
    assert [(each["model"], each["kind"]) for each in notes] == [
        ("purchase.order", "created"),
        ("purchase.order", "changed"),
        ("purchase.order", "changed"),
    ]
    with server.transaction() as env:
        parameter(env).write({"value": "purchase.order.line"})
    assert watched(server) == {"purchase_order_line"}


def test_new_files_before_the_upgrade_of_the_module_do_no_harm(server: Odoo) -> None:
    """The function that notes lines is made by the upgrade."""
    with server.transaction() as env:
        env.cr.execute("DROP FUNCTION hilum_outbox_line()")
    watch(server, "purchase.order")
    server.start()
    assert watched(server) == {"purchase_order"}
    server.upgrade()
    assert watched(server) == {"purchase_order", "purchase_order_line"}


def test_what_is_rolled_back_changes_no_trigger(server: Odoo) -> None:
    class Stop(Exception):
        """Something else in the transaction failed."""

    with pytest.raises(Stop), server.transaction() as env:
        env["ir.config_parameter"].create([{"key": PARAMETER, "value": "res.partner"}])
        raise Stop
    assert watched(server) == set()


def test_a_start_and_an_upgrade_keep_everything(server: Odoo) -> None:
    """An upgrade lets the number of the transaction be null, because it is no field; the default gives it still."""
    watch(server, "res.partner")
    with server.transaction() as env:
        env["res.partner"].create([{"name": "Gloves"}])
    server.start()
    server.upgrade()
    server.upgrade()
    assert watched(server) == {"res_partner"}
    with server.transaction() as env:
        env["res.partner"].create([{"name": "Masks"}])
    notes = pulled(server)
    assert [each["res_id"] for each in notes] == [1, 2]
    assert all(each["xid"] for each in notes)


@pytest.mark.parametrize("server", [16, 17], indirect=True, ids=["cursor and registry", "environment"])
def test_it_goes_without_a_trace(server: Odoo) -> None:
    watch(server, "res.partner")
    server.uninstall()
    assert watched(server) == set()
    with server.transaction() as env:
        env["res.partner"].create([{"name": "Gloves"}])
        env.cr.execute("SELECT count(*) FROM pg_proc WHERE proname = 'hilum_outbox_note'")
        assert env.cr.fetchone() == (0,)
