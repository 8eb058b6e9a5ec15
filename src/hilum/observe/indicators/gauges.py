"""The indicators as metrics: what each comes to in the last 30 days."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hilum.observe import catalogue
from hilum.observe.indicators.catalogue import INDICATORS, Measure
from hilum.observe.indicators.counting import Calendar
from hilum.observe.indicators.reading import About, figures
from hilum.observe.snapshot import Sample, Values
from hilum.postgres import Connection

DAYS: Final = 30
_EVERY: Final = 60.0
"""Seconds between two readings: figures are of days, and change slowly."""

_METRICS: Final = {
    Measure.SHARE: catalogue.BUSINESS_SHARE,
    Measure.DURATION: catalogue.BUSINESS_DURATION,
    Measure.MONEY: catalogue.BUSINESS_AMOUNT,
}


class Gauges:
    """Puts them into samples. Of one process."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._read_at = 0.0
        self._values: dict[Measure, Values] = {}

    async def measure(self, connection: Connection, sample: Sample) -> None:
        """The values of each metric, by indicator and currency, up to today."""
        if sample.at - self._read_at >= _EVERY:
            self._values = await self._read(connection)
            self._read_at = sample.at
        for measure, values in self._values.items():
            sample.set(_METRICS[measure], values)

    async def _read(self, connection: Connection) -> dict[Measure, Values]:
        today = self._calendar.today()
        found: dict[Measure, Values] = {measure: {} for measure in _METRICS}
        for each in await figures(connection, About(since=today - timedelta(days=DAYS - 1), until=today)):
            measure = INDICATORS[each.indicator].measure
            labels = (each.indicator,) if measure is Measure.DURATION else (each.indicator, each.currency)
            if each.value is not None:
                found[measure][labels] = float(each.value)
        return found
