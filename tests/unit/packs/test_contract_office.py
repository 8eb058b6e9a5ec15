"""The simulated CLM: its contracts are as REST shows them, and whatever goes wrong on the way, they come to one end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from hilum.connectors.http.reading import BadRequest, check_signature
from hilum.flow import Lookup
from hilum.packs.contracts import clm
from hilum.packs.contracts.contract_rules import ContractTold
from hilum.packs.contracts.progress import Progress
from hilum.simulator.contracts import ContractOffice, Troubles

pytestmark = pytest.mark.req("SYS-11", "SYS-13")

SECRET = "opensesame"
LATE = timedelta(hours=1)


class Door:
    """Where webhooks are posted to: takes those that are signed."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.url = ""

    async def post(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = request.headers["X-Signature-Timestamp"].encode() + b"." + body
        try:
            check_signature([SECRET.encode()], request.headers["X-Signature"], signed)
        except BadRequest:
            return web.Response(status=401)
        self.taken.append((request.path, orjson.loads(body)))
        return web.Response(status=202)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made, application = Door(), web.Application()
    application.router.add_post("/{name}", made.post)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def office(door: Door, **more: Any) -> ContractOffice:
    return ContractOffice(clm=f"{door.url}/clm", esignature=f"{door.url}/esignature", secret=SECRET, **more)


async def test_it_is_the_same_for_the_same_seed_and_rest_shows_it(door: Door) -> None:
    async with office(door, seed=7) as made, aiohttp.ClientSession() as session:
        assert [each.shown for each in made.contracts] == [each.shown for each in office(door, seed=7).contracts]
        assert [each.shown for each in made.contracts] != [each.shown for each in office(door, seed=8).contracts]
        first = made.contracts[0]
        await made.tell(first, "in_review")
        async with session.get(f"{made.url}/contracts?state=in_review") as answer:
            assert (await answer.json())["contracts"] == [first.shown]
        async with session.get(f"{made.url}/contracts/{first.number}") as answer:
            assert await answer.json() == first.shown
        async with session.get(f"{made.url}/contracts/C-0") as answer:
            assert answer.status == 404


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_goes_wrong_on_the_way_a_contract_comes_to_one_end(door: Door, seed: int) -> None:
    troubles = Troubles(doubled=0.4, overtaken=0.4, forged=0.4)
    async with office(door, seed=seed, troubles=troubles) as made:
        contract = made.contracts[0]
        await made.live(contract)
        made.amend(contract, Decimal("0.9"))
        await made.live(contract, until="signed")
        await made.flush()
    ids = [body["id"] for _, body in door.taken]
    assert not [each for each in ids if each.startswith("forged")]
    assert len(set(ids)) == 11
    assert made.answers[202] == len(ids)
    progress = comes_to(door.taken)
    assert (progress.state, progress.contract.revision, progress.strange) == ("active", 2, "")
    assert not [*progress.deadlines(LATE)], "something still waits for what was overtaken"
    now, then = progress.kept.prices[0].tiers[0].unit_price, contract.contract["prices"][0]["tiers"][0]["unit_price"]
    assert now == Decimal(then)


async def test_it_doubles_overtakes_and_forges(door: Door) -> None:
    async with office(door, troubles=Troubles(doubled=1, overtaken=0.5, forged=1)) as made:
        await made.live(made.contracts[0])
    ids = [body["id"] for _, body in door.taken]
    assert len(ids) > len(set(ids))
    assert made.answers[401] == 6
    assert [int(each.partition("-")[2]) for each in dict.fromkeys(ids)] != [1, 2, 3, 4, 5, 6]


def comes_to(taken: list[tuple[str, dict[str, Any]]]) -> Progress:
    told = [
        clm.told_by_clm(b, Lookup()) if path == "/clm" else clm.told_by_esignature(b, Lookup()) for path, b in taken
    ]
    first = next(each for each in told if isinstance(each, ContractTold))
    progress = Progress.begun(first, first.at)
    for each in told:
        if isinstance(each, ContractTold):
            progress.hear(each, first.at)
        else:
            progress.sign(each)
        progress.take(first.at, LATE)
        for version in progress.versions:
            version.cleared = True
        progress.begin(signature=True)
    return progress
