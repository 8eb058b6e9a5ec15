"""A hub with its telemetry, and what it says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from hilum import desk
from hilum.flow import Flow
from hilum.observe import Telemetry
from hilum.observe.indicators.counting import Calendar
from hilum.observe.indicators.gauges import Gauges
from hilum.settings import AlertSettings, TelemetrySettings
from support.waits import Start

Scraped = dict[str, dict[tuple[str, ...], float]]
"""Series → values of the labels in the order of their names → value."""


class Measured:
    """A running hub with telemetry at `url`."""

    def __init__(self, telemetry: Telemetry, url: str) -> None:
        self.telemetry = telemetry
        self.url = url

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text."""
        return await get(f"{self.url}{path}", **headers)

    async def scrape(self) -> Scraped:
        """All series, as Prometheus reads them."""
        status, text = await self.get("/metrics")
        assert status == 200, text
        return parse(text)


async def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of an address."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


def parse(text: str) -> Scraped:
    """A scrape by series and labels; labels in the order of their names."""
    found: Scraped = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            values = found.setdefault(sample.name, {})
            assert labels not in values, f"{sample.name} {labels} is there twice"
            values[labels] = sample.value
    return found


@asynccontextmanager
async def measured(
    hub: Start, *flows: Flow, settings: dict[str, Any] | None = None, alerts: dict[str, Any] | None = None
) -> AsyncIterator[Measured]:
    """Start a hub of these flows, with telemetry on a free port."""
    telemetry = Telemetry(
        TelemetrySettings(**{"port": 0, "refresh_seconds": 0.2, "trace_ratio": 1, **(settings or {})}),
        AlertSettings(**(alerts or {})),
        hub="test",
        readers=[desk.measure, Gauges(Calendar()).measure],
    )
    started = await hub(*flows, observer=telemetry.observer)
    url = await telemetry.start(started)
    assert url is not None
    try:
        yield Measured(telemetry, url)
    finally:
        await telemetry.stop()
