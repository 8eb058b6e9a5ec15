"""Fact tables become files in a folder or on an SFTP server, where analytics tools read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hilum.connector import Target
from hilum.connectors import files
from hilum.facts import KINDS
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.observe.indicators.table_source import FactTables

OWNERS = Owners(business="Analytics", technical="Integration")


def fact_tables(
    endpoint: str = "files.analytics",
    *,
    tables: Sequence[str] = tuple(KINDS),
    quiet_minutes: float = 10.0,
    poll: float = 30.0,
    also: Sequence[Target] = (),
    name: str = "analytics.fact_tables",
    owners: Owners = OWNERS,
) -> Flow:
    """The flow: each version of a closed day of these tables is written once to the directory of `endpoint`.

    Files are called `order_lines-s1-2026-03-01-v0001.parquet`: table, version of its schema, day, version of the day.
    `also`: further targets of the same bytes.
    """
    flow = Flow(
        name,
        version="1.0",
        summary="Facts of each closed day as Parquet files for analytics",
        owners=owners,
        data_class=DataClass.CONFIDENTIAL,
        criticality=Criticality.LOW,
        slo=Slo(percent=99, within="1h"),
        retention="P30D",
        source=FactTables(tables=list(tables), quiet_minutes=quiet_minutes, poll=poll),
        format="bytes",
    )

    @flow.translate
    def passed_on(body: Any, _: Lookup) -> bytes:
        return bytes(body)

    flow.deliver_to(files.write(endpoint, name="{key}.parquet"))
    for target in also:
        flow.deliver_to(target)
    return flow
