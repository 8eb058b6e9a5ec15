"""The sandbox that charges what a measured server takes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hilum.simulator.odoo import SandboxOdoo
from hilum.simulator.odoo.timings import Timings, total
from hilum.simulator.odoo.web.common import Call

pytestmark = pytest.mark.req("UX-5")
SIZES = ((1, 45.0), (10, 7.9), (100, 2.4), (1000, 2.0))


@pytest.mark.parametrize(
    ("records", "milliseconds"), [(0, 0), (1, 45), (10, 79), (55, 159.5), (100, 240), (1000, 2000), (2000, 4000)]
)
def test_a_call_costs_what_was_measured_and_in_between_in_proportion(records: int, milliseconds: float) -> None:
    assert total(SIZES, records) == pytest.approx(milliseconds)


def nothing(bound: Any, target: Any) -> None:
    """What such a call would do."""


def cost(
    major: int, model: str, method: str, records: Any, *, protocol: str = "rpc", result: Any = True, **context: Any
) -> float:
    call = Call(uid=1, model=model, method=method, bind=nothing, context=context, records=records, protocol=protocol)
    return Timings(major).cost(call, result)


def test_what_is_charged() -> None:
    partners, lines = [{}] * 100, [["hilum.order_1", "a"], ["", "b"], ["", "c"]] * 100
    assert cost(19, "res.partner", "create", partners, protocol="json2") == pytest.approx(240)
    assert cost(19, "res.partner", "create", partners, protocol="json2", tracking_disable=True) == pytest.approx(135)
    assert cost(18, "res.partner", "create", partners, tracking_disable=True) == pytest.approx(290)
    assert cost(19, "purchase.order", "load", lines) == pytest.approx(3100), "three rows are one order"
    assert cost(16, "purchase.order", "load", lines) == cost(18, "purchase.order", "load", lines)
    assert cost(19, "res.partner", "search_read", None, protocol="json2", result=[{}] * 1000) == pytest.approx(48.6)
    assert cost(19, "res.partner", "write", [1] * 1000, protocol="json2") == pytest.approx(208.6)
    assert cost(19, "purchase.order", "button_confirm", [1], protocol="json2") == 8.6


async def test_a_call_takes_as_long_as_it_is_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asserted about the clock: what the server waits for is what it charges."""
    charged: list[float] = []

    async def charge(self: Timings, milliseconds: float, began: float) -> None:
        charged.append(milliseconds)

    monkeypatch.setattr(Timings, "charge", charge)
    async with SandboxOdoo("19.0", timings=True) as box, httpx.AsyncClient(verify=False) as http:
        headers = {"Authorization": f"bearer {box.api_key}"}
        body = {"vals_list": [{"name": "A"}] * 10}
        reply = await http.post(f"{box.url}/json/2/res.partner/create", json=body, headers=headers)
        assert len(reply.json()) == 10
    assert charged == [pytest.approx(79)]
