"""What the facilities forwarded becomes a small JSON document for one receiver."""

from __future__ import annotations

import os

from hilum.connectors import federation, http
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7

updates = Flow(
    "group.hl7",
    version="1.0",
    summary="HL7 v2 messages of all facilities reach the group's registry",
    owners=Owners(business="Admissions", technical="Integration"),
    data_class=DataClass.PHI,
    criticality=Criticality.VITAL,
    slo=Slo(percent=99, within="30s"),
    retention="P1Y",
    # neither order_by nor dedup_by: the edge's keys count
    source=federation.arrive(
        servers=[os.environ.get("NATS_URL", "nats://127.0.0.1:4222")],
        stream="HOSPITAL",
        durable="central",
        subjects=["hospital.*.>"],
        format="hl7v2",
    ),
)

_PATIENT_ID = hl7.field("PID-3.1")


@updates.translate
def document(msg: hl7.Message, hub: Lookup) -> dict[str, str]:
    """Who it is about, and what it was."""
    return {"messageType": msg.type, "controlId": msg.control_id, "patientId": _PATIENT_ID(msg)}


updates.deliver_to(http.post("http.receiver"))
