"""ADT messages become patient accounts and encounters, with no more about the person than billing needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from hilum.canonical import Encounter, EncounterStatus, PatientAccount
from hilum.connector import Source, Target
from hilum.connectors import odoo as to_odoo
from hilum.errors import Refused
from hilum.flow import Criticality, DataClass, Flow, Lookup, Owners, Slo
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import make, targets_in, zone_of
from hilum.packs.clinical.person import account_from_pid
from hilum.packs.hl7_reading import account_of, dedup_key, encounter_of, facility_of, required_account

OWNERS = Owners(business="Patient accounting", technical="Integration")

# What a trigger event (HL7 table 0003) says of the encounter. None: nothing, its state is read from PV1.
STATUS_AFTER: dict[str, EncounterStatus | None] = {
    "A01": EncounterStatus.IN_PROGRESS,  # admit
    "A02": EncounterStatus.IN_PROGRESS,  # transfer
    "A03": EncounterStatus.FINISHED,  # discharge
    "A04": EncounterStatus.IN_PROGRESS,  # register an outpatient
    "A05": EncounterStatus.PLANNED,  # pre-admit
    "A06": EncounterStatus.IN_PROGRESS,  # outpatient becomes inpatient
    "A07": EncounterStatus.IN_PROGRESS,  # inpatient becomes outpatient
    "A08": None,  # update
    "A11": EncounterStatus.CANCELLED,  # cancel admit
    "A12": EncounterStatus.IN_PROGRESS,  # cancel transfer
    "A13": EncounterStatus.IN_PROGRESS,  # cancel discharge
    "A14": EncounterStatus.PLANNED,  # pending admit
    "A27": EncounterStatus.CANCELLED,  # cancel pending admit
    "A38": EncounterStatus.CANCELLED,  # cancel pre-admit
}

# The person only; there is something to do where the message names an account.
PERSON_ONLY = frozenset({"A28", "A31"})

# Two become one, or are confused with each other: a wrong merge cannot be undone, so a person decides.
MERGES = frozenset(
    {"A17", "A18", "A24", "A30", "A34", "A35", "A36", "A37", "A39", "A40", "A41", "A42", "A43", "A44"}
    | {"A45", "A46", "A47", "A48", "A49", "A50", "A51"}
)

# Nothing that billing needs: bed status, leave of absence, pending moves, doctors, allergies, tracking.
IGNORED = frozenset(
    {"A09", "A10", "A15", "A16", "A19", "A20", "A21", "A22", "A23", "A25", "A26", "A29", "A32", "A33"}
    | {"A52", "A53", "A54", "A55", "A60", "A61", "A62"}
)


def admissions(
    *,
    source: Source,
    odoo: str | None = "odoo.main",
    name: str = "clinical.admissions",
    owners: Owners = OWNERS,
    timezone: str = "UTC",
    also: Sequence[Target] = (),
) -> Flow:
    """ADT → `PatientAccount` and `Encounter`.

    `timezone` is that of times without an offset. What the hub does with each event:

    | event | effect |
    |---|---|
    | A01–A08, A11–A14, A27, A38 | the account is written, and the encounter where the message has a visit number |
    | A28, A31 | the account is written where the message names one |
    | A17, A18, A24, A30, A34–A37, A39–A51 | `Refused`: patients or accounts are merged by a person |
    | bed status, leave, doctors, allergies, tracking | nothing: billing does not need it |
    | any other | `Refused`: nobody decided yet what it means here |

    What the message leaves empty stays as it is in Odoo; what it sends as HL7 null (`""`) is cleared there.
    """
    zone = zone_of(timezone)
    flow = Flow(
        name,
        version="1.0",
        summary="Admissions, transfers and discharges keep the patient's account in Odoo up to date",
        owners=owners,
        data_class=DataClass.PHI,
        criticality=Criticality.HIGH,
        slo=Slo(percent=99.5, within="1m"),
        retention="P1Y",
        source=source,
        format="hl7v2",
        order_by=account_of,
        dedup_by=dedup_key,
        identify_by=(encounter_of,),
        runbook="The case names the field. Correct it in the patient administration system and let that send an A08.",
    )

    @flow.translate
    def account_and_encounter(msg: hl7.Message, hub: Lookup) -> Iterator[PatientAccount | Encounter]:
        yield from _translated(msg, hub, zone)

    flow.deliver_to(*targets_in(odoo, (to_odoo.patient_account, to_odoo.encounter), also))
    return flow


def _translated(msg: hl7.Message, hub: Lookup, zone: tzinfo) -> Iterator[PatientAccount | Encounter]:
    event = _event_of(msg)
    if event in IGNORED:
        return
    if event in MERGES:
        raise Refused(
            f"ADT {event} merges or links patients or accounts. The hub does not do that by itself: "
            "merge them in Odoo, then discard this message."
        )
    if event not in STATUS_AFTER and event not in PERSON_ONLY:
        raise Refused(f"ADT {event or '(no event)'} is not known to this flow; decide what it shall do, or discard it.")
    if event in PERSON_ONLY and not account_of(msg):
        return  # a person without an account owes nothing
    account = required_account(msg)
    yield account_from_pid(msg, hub, account)
    if event in STATUS_AFTER and (number := encounter_of(msg)):
        yield _encounter(msg, number, account, STATUS_AFTER[event], zone)


def _event_of(msg: hl7.Message) -> str:
    """The trigger event; before v2.3.1 MSH-9 may have the code only, and the event is in EVN-1. Raises `Refused`."""
    if msg.code != "ADT":
        raise Refused(f"{msg.type or 'a message without a type'} is no ADT message; this flow takes ADT only.")
    return msg.trigger or msg["EVN-1"]


def _encounter(msg: hl7.Message, number: str, account: str, status: EncounterStatus | None, zone: tzinfo) -> Encounter:
    started, ended = msg.timestamp("PV1-44", zone=zone), msg.timestamp("PV1-45", zone=zone)
    if status is None:
        status = EncounterStatus.FINISHED if ended else EncounterStatus.IN_PROGRESS
    if status is EncounterStatus.FINISHED and ended is None:
        # PV1-45 is optional; the time of the event is when the discharge happened (EVN-6), or was recorded (EVN-2)
        ended = msg.timestamp("EVN-6", zone=zone) or msg.timestamp("EVN-2", zone=zone)
    return make(
        Encounter,
        "PV1",
        number=number,
        account=account,
        status=status,
        patient_class=msg["PV1-2.1"],
        facility=facility_of(msg),
        location=msg["PV1-3.1"],
        started_at=started,
        ended_at=ended if status is EncounterStatus.FINISHED else None,
    )
