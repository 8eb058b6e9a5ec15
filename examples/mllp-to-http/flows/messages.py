"""Every HL7 v2 message becomes a JSON document of ten fields and is posted to one HTTP receiver."""

from __future__ import annotations

import os

from hilum.connectors import http, mllp
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7

messages = Flow(
    "messages.forward",
    version="1.0",
    summary="Every HL7 v2 message is passed on to the receiver as a small JSON document",
    owners=Owners(business="Integration", technical="Integration"),
    data_class=DataClass.PHI,
    criticality=Criticality.NORMAL,
    slo=Slo(percent=99, within="30s"),
    retention="P30D",
    source=mllp.Listener(host="127.0.0.1", port=int(os.environ.get("MLLP_PORT", "2575")), accepts=["*"]),
    order_by=hl7.field("PID-3.1"),  # what happened to one patient stays in order
    dedup_by=lambda msg: f"{msg.sender}|{msg.control_id}",  # control ids are unique for a sender only (MSH-10)
)

_SENDING_FACILITY = hl7.field("MSH-4.1")
_PATIENT_ID = hl7.field("PID-3.1")
_FAMILY_NAME = hl7.field("PID-5.1.1")
_GIVEN_NAME = hl7.field("PID-5.2")
_BIRTH_DATE = hl7.field("PID-7.1")
_ACCOUNT = hl7.field("PID-18.1")
_VISIT_NUMBER = hl7.field("PV1-19.1")
_EVENT_TIME = hl7.field("EVN-2.1")


@messages.translate
def document(msg: hl7.Message, hub: Lookup) -> dict[str, str]:
    """Ten fields as they stand in the message; the empty text where the message has none."""
    return {
        "messageType": msg.type,
        "controlId": msg.control_id,
        "sendingFacility": _SENDING_FACILITY(msg),
        "patientId": _PATIENT_ID(msg),
        "familyName": _FAMILY_NAME(msg),
        "givenName": _GIVEN_NAME(msg),
        "birthDate": _BIRTH_DATE(msg),
        "account": _ACCOUNT(msg),
        "visitNumber": _VISIT_NUMBER(msg),
        "eventTime": _EVENT_TIME(msg),
    }


messages.deliver_to(http.post("http.receiver"))
