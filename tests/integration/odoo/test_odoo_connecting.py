"""Finding out what is at an address, whether the hub may do its work there, and what it says when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from odoo_far_side import FarSide, World, deliveries

from hilum.connectors.odoo import Odoo
from hilum.errors import Down, Rejected, SettingsError, Unsure
from hilum.message import Delivered
from hilum.simulator.odoo import FaultKind, SandboxOdoo
from hilum.simulator.odoo.orm.record import Env
from hilum.simulator.odoo.orm.versions import VERSIONS
from hilum.simulator.odoo.web.rpc import SERIES


async def test_doctor_says_who_and_what(sandboxed: FarSide) -> None:
    words = await (await sandboxed.open()).check()
    assert sandboxed.sandbox is not None
    assert words.startswith(f"Odoo {sandboxed.sandbox.version} by {sandboxed.protocol}, hilum.")
    assert "not installed" not in words.lower()
    assert "external identifiers" not in words


async def test_doctor_says_what_is_lacking(sandboxed: FarSide) -> None:
    box = sandboxed.sandbox
    assert box is not None
    user = await sandboxed.open_as_user()

    def without_email(env: Env) -> None:
        (number,) = env["res.users"].find([["login", "=", "integration"]])
        env["res.users"].write(number, {"email": False})

    box.change(without_email)
    words = await user.check()
    assert "no e-mail address" in words
    assert "integration" in words
    assert "may not read external identifiers" in words


async def test_a_prefix_that_is_a_module_is_refused_at_the_start(sandboxed: FarSide) -> None:
    for prefix in ("base", "contacts", "mrp"):
        with pytest.raises(SettingsError, match="name of an Odoo module"):
            await sandboxed.connector(prefix=prefix).open()


async def test_another_prefix_is_used_in_every_identifier(sandboxed: FarSide) -> None:
    hub, world, _ = await sandboxed.stage(prefix="clinic_a")
    outcomes = await hub.deliver(deliveries([world.use(), world.order(), world.charge(), world.count("3")]))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes), outcomes
    assert sandboxed.sandbox is not None
    modules = {row["module"] for row in sandboxed.sandbox.records("ir.model.data")}
    assert "clinic_a" in modules
    assert "hilum" not in modules


async def test_protocol_and_version_must_agree() -> None:
    async with SandboxOdoo(version="18.0") as box:
        with pytest.raises(SettingsError, match="JSON-2 needs Odoo 19"):
            await Odoo(url=box.url, api_key=box.api_key, protocol="json2").open()
        with pytest.raises(SettingsError, match="`login` and `database` are needed"):
            await Odoo(url=box.url, api_key=box.api_key).open()


@pytest.mark.req("SYS-1")
async def test_a_version_that_nobody_knows_yet_is_spoken_to_as_the_newest_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(SERIES, "19.0", [20, 0, 0, "final", 0, ""])
    async with SandboxOdoo("19.0") as box:
        far = FarSide(box, "auto", None)
        hub = await far.open()
        assert "Odoo 20.0 is newer than all that this hub knows: it is spoken to as 19.0." in await hub.check()
        world = World(far)
        await world.plant(hub)
        (outcome,) = await hub.deliver(deliveries([world.order()]))
        assert isinstance(outcome, Delivered), outcome
        await far.close()


@pytest.mark.req("SYS-2")
@pytest.mark.parametrize("version", VERSIONS)
async def test_what_the_user_may_not_do_is_told_on_every_version(version: str) -> None:
    async with SandboxOdoo(version) as box:
        far = FarSide(box, "auto", None)
        assert "may not create" not in await (await far.open()).check()
        told = await (await far.open_as_user()).check()
        assert "may not create: products, vendor prices, stock locations." in told
        assert "newer than" not in told
        await far.close()


async def test_one_database_need_not_be_named_and_an_unknown_one_is_down() -> None:
    async with SandboxOdoo(other_databases=["other"]) as box:
        for database in ("nowhere", ""):
            lost = Odoo(url=box.url, api_key=box.api_key, database=database)
            await lost.open()
            with pytest.raises(Down, match="database"):
                await lost.check()
            await lost.close()
    async with SandboxOdoo() as box:
        hub = Odoo(url=box.url, api_key=box.api_key)
        await hub.open()
        assert "only database" in await hub.check()
        await hub.close()


async def test_a_refused_key_stops_the_endpoint_and_is_never_shown(
    sandboxed: FarSide, capsys: pytest.CaptureFixture[str]
) -> None:
    box = sandboxed.sandbox
    assert box is not None
    expired = box.make_key("integration", expires=datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1))
    for key in ("not-a-key-4711", expired):
        hub = await sandboxed.open(api_key=key, login="integration")
        with pytest.raises(Down) as caught:
            await hub.deliver(deliveries([World(sandboxed).account]))
        shown = f"{caught.value} {caught.value!r} {hub!r} {hub.settings!r} {capsys.readouterr()}"
        assert key not in shown
        assert "key" in str(caught.value)


async def test_an_answer_that_does_not_come_is_unsure(sandboxed: FarSide) -> None:
    hub = await sandboxed.open(timeout=0.5, short_timeout=True)
    account = World(sandboxed).account
    assert sandboxed.faults is not None
    sandboxed.faults.arm(0, FaultKind.HANG)
    (outcome,) = await hub.deliver(deliveries([account]))
    assert isinstance(outcome, Unsure)


async def test_a_hub_starts_while_odoo_hangs(sandboxed: FarSide) -> None:
    assert sandboxed.faults is not None
    hanging = sandboxed.faults.add(FaultKind.HANG, model="ir.model.data")
    hub = await sandboxed.open(connect_timeout=0.5)
    hanging.times = 0
    sandboxed.faults.release()
    (outcome,) = await hub.deliver(deliveries([World(sandboxed).account]))
    assert isinstance(outcome, Delivered)


async def test_nobody_there_is_down_and_the_hub_starts_all_the_same(unused_tcp_port: int) -> None:
    hub = Odoo(url=f"http://127.0.0.1:{unused_tcp_port}", api_key="k")
    await hub.open()
    with pytest.raises(Down, match="No connection"):
        await hub.check()
    await hub.close()
    with pytest.raises(Down, match="not open"):
        await hub.check()


async def test_a_call_that_is_too_large_is_split(sandboxed: FarSide) -> None:
    faults = sandboxed.faults
    assert faults is not None
    assert sandboxed.sandbox is not None
    version = sandboxed.sandbox.version
    async with SandboxOdoo(version=version, faults=faults, body_limit=4000) as box:
        small = FarSide(box, sandboxed.protocol, faults)
        hub = await small.open()
        account = World(small).account
        many = [account.model_copy(update={"number": small.name(f"N{n}")}) for n in range(60)]
        huge = account.model_copy(update={"number": small.name("H"), "email": "x" * 2000, "phone": "1" * 1990})
        *outcomes, last = await hub.deliver(deliveries([*many, huge]))
        assert all(isinstance(outcome, Delivered) for outcome in outcomes)
        assert isinstance(last, Rejected)
        assert last.category == "odoo.too_large"
        assert len([row for row in box.records("res.partner") if str(row["ref"]).endswith(small.unique)]) == 60
        await small.close()


@pytest.fixture
async def page() -> AsyncIterator[str]:
    """A web server that is not Odoo: every path is a page."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_what_is_not_odoo_is_said_so(page: str) -> None:
    hub = Odoo(url=page, api_key="k", login="l", database="d")
    await hub.open()
    with pytest.raises(Down, match="check `url`"):
        await hub.check()
    await hub.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "erp.example.org", "api_key": "k"}, "url"),
        ({"url": "http://x", "api_key": "k", "prefix": "Bad Prefix"}, "prefix"),
        ({"url": "http://user:secret@x", "api_key": "k"}, "must not contain a login"),
        ({"url": "http://x"}, "api_key"),
        ({"url": "http://x", "api_key": "k", "no_such_setting": 3}, "no_such_setting"),
    ],
)
def test_wrong_settings_name_the_setting(settings: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        Odoo(**settings)


async def test_calls_at_one_time_are_bounded(sandboxed: FarSide) -> None:
    """With one connection, as Odoo Online wants it, concurrent batches take turns and all arrive."""
    hub, world, _ = await sandboxed.stage(connections=1)
    batches = [deliveries([world.charge(), world.use("1")]) for _ in range(8)]
    results = await asyncio.gather(*(hub.deliver(batch) for batch in batches))
    assert all(isinstance(outcome, Delivered) for outcomes in results for outcome in outcomes)
    assert await sandboxed.stock(world.item.code, world.location.code) == -8
