"""Laboratory reports of some hundred results: each is read, converted exactly into another unit, and judged."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import Any

from hilum.canonical.units import convert
from hilum.connectors import http, mllp
from hilum.flow import DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7

reports = Flow(
    "bench.reports",
    version="1.0",
    summary="Reports become documents with all their results",
    owners=Owners(business="Bench", technical="Bench"),
    data_class=DataClass.PHI,
    slo=Slo(percent=99, within="1d"),
    retention="P1D",
    source=mllp.Listener(host="127.0.0.1", port=int(os.environ["MLLP_PORT"]), accepts=["*"]),
    order_by=hl7.field("PID-3.1"),
    dedup_by=lambda msg: msg.control_id,
)


def observation(segment: hl7.Segment) -> dict[str, Any]:
    unit = segment["6.1"]
    low, high = (convert(Decimal(bound), unit, "g/L").quantity for bound in segment["7"].split("-"))
    value = convert(Decimal(segment["5"]), unit, "g/L").quantity
    return {
        "code": segment["3.1"],
        "text": segment["3.2"],
        "value": str(value),
        "unit": "g/L",
        "low": str(low),
        "high": str(high),
        "interpretation": "H" if value > high else "L" if value < low else "N",
        "status": segment["11"],
    }


@reports.translate
def document(msg: hl7.Message, hub: Lookup) -> dict[str, Any]:
    return {
        "controlId": msg.control_id,
        "patientId": msg["PID-3.1"],
        "observations": [observation(segment) for segment in msg.segments("OBX")],
    }


reports.deliver_to(http.post("http.receiver"))
