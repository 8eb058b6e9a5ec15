"""Every HL7 v2 message of the facility is forwarded to the centre as it is."""

from __future__ import annotations

import os

from hilum.connectors import federation, mllp
from hilum.flow import Criticality, DataClass, Flow, Owners, Slo
from hilum.formats import hl7v2 as hl7

updates = Flow(
    "north.hl7",
    version="1.0",
    summary="HL7 v2 messages of the northern facility go to the centre",
    owners=Owners(business="Admissions", technical="Integration"),
    data_class=DataClass.PHI,
    criticality=Criticality.VITAL,
    slo=Slo(percent=99, within="30s"),
    retention="P30D",
    source=mllp.Listener(host="127.0.0.1", port=int(os.environ.get("MLLP_PORT", "2575")), accepts=["*"]),
    order_by=hl7.field("PID-3.1"),  # what happened to one patient stays in order, here and at the centre
    dedup_by=lambda msg: f"{msg.sender}|{msg.control_id}",
)

updates.translate(federation.unchanged)
updates.deliver_to(federation.forward("nats.central"))
