"""Accounts of patients out of HL7 v2; what each message says counts as ownership.toml has it."""

from __future__ import annotations

import os

from hilum.canonical import Address, PatientAccount, PersonName
from hilum.connectors import http, mllp
from hilum.flow import DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7

accounts = Flow(
    "bench.accounts",
    version="1.0",
    summary="Accounts of patients reach billing",
    owners=Owners(business="Bench", technical="Bench"),
    data_class=DataClass.PHI,
    slo=Slo(percent=99, within="1d"),
    retention="P1D",
    system="EHR",
    source=mllp.Listener(host="127.0.0.1", port=int(os.environ["MLLP_PORT"]), accepts=["*"]),
    order_by=hl7.field("PID-18.1"),
    dedup_by=lambda msg: msg.control_id,
)


@accounts.translate
def account(msg: hl7.Message, hub: Lookup) -> PatientAccount:
    return PatientAccount(
        number=msg["PID-18.1"],
        person=PersonName(family=msg["PID-5.1.1"], given=msg["PID-5.2"]),
        patient_id=msg["PID-3.1"],
        address=Address(street=msg["PID-11.1"], city=msg["PID-11.3"]),
        phone=msg["PID-13.1"],
        facility=msg["MSH-4.1"],
    )


accounts.deliver_to(http.post("http.receiver"))
