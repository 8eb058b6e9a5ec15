"""Two flows that do the same, with different priorities."""

from __future__ import annotations

import os
from typing import Any

from hilum.connectors import http, mllp
from hilum.flow import DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7
from hilum.message import Priority

_PATIENT_ID = hl7.field("PID-3.1")
_FAMILY_NAME = hl7.field("PID-5.1.1")
_VISIT_NUMBER = hl7.field("PV1-19.1")
_COMMON: dict[str, Any] = {
    "version": "1.0",
    "owners": Owners(business="Bench", technical="Bench"),
    "data_class": DataClass.PHI,
    "slo": Slo(percent=99, within="1d"),
    "retention": "P1D",
    "order_by": _PATIENT_ID,
    "dedup_by": lambda msg: msg.control_id,
}


def document(msg: hl7.Message, hub: Lookup) -> dict[str, str]:
    return {
        "controlId": msg.control_id,
        "patientId": _PATIENT_ID(msg),
        "familyName": _FAMILY_NAME(msg),
        "visitNumber": _VISIT_NUMBER(msg),
    }


urgent = Flow(
    "bench.urgent",
    summary="Is waited for",
    priority=Priority.URGENT,
    source=mllp.Listener(host="127.0.0.1", port=int(os.environ["MLLP_PORT"]), accepts=["*"]),
    **_COMMON,
)
bulk = Flow("bench.bulk", summary="Can wait", priority=Priority.BULK, format="hl7v2", **_COMMON)

for flow in (urgent, bulk):
    flow.translate(document)
    flow.deliver_to(http.post("http.receiver"))
