"""Names of HL7 v2 segments and fields, as people look for them (HL7 v2.5.1, chapters 2, 3, 4, 6, 7, 10, 13).

Only common segments are here; the others are shown by number. `OPEN_FIELDS` are those that say nothing of a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_TABLE = """
MSH Message header|Field separator|Encoding characters|Sending application|Sending facility|Receiving application
 |Receiving facility|Date and time|Security|Message type|Control ID|Processing ID|Version|Sequence number
 |Continuation pointer|Accept acknowledgement|Application acknowledgement|Country|Character set|Principal language
 |Alternate character set|Profile
EVN Event|Event type|Recorded|Planned|Reason|Operator|Occurred|Facility
PID Patient|Set ID|Patient ID (external)|Patient identifiers|Alternate patient ID|Name|Mother's maiden name
 |Date of birth|Sex|Alias|Race|Address|County|Phone (home)|Phone (work)|Language|Marital status|Religion
 |Account number|SSN|Driver's licence|Mother's identifier|Ethnic group|Birth place|Multiple birth|Birth order
 |Citizenship|Veteran status|Nationality|Date and time of death|Death indicator
PD1 Additional patient data|Living dependency|Living arrangement|Primary facility|Primary care provider
NK1 Next of kin|Set ID|Name|Relationship|Address|Phone|Business phone|Contact role|Start|End
MRG Merge|Prior identifiers|Prior alternate ID|Prior account number|Prior patient ID|Prior visit number
 |Prior alternate visit ID|Prior name
PV1 Visit|Set ID|Class|Location|Admission type|Preadmit number|Prior location|Attending doctor|Referring doctor
 |Consulting doctor|Hospital service|Temporary location|Preadmit test|Readmission|Admit source|Ambulatory status
 |VIP|Admitting doctor|Patient type|Visit number|Financial class|Charge price|Courtesy code|Credit rating
 |Contract code|Contract effective|Contract amount|Contract period|Interest code|Bad debt code|Bad debt date
 |Bad debt agency|Bad debt amount|Recovery amount|Delete account|Delete date|Discharge disposition
 |Discharged to|Diet|Servicing facility|Bed status|Account status|Pending location|Prior temporary location
 |Admitted|Discharged|Balance|Charges|Adjustments|Payments|Alternate visit ID
PV2 Additional visit data|Prior pending location|Accommodation code|Admit reason|Transfer reason|Valuables
AL1 Allergy|Set ID|Type|Allergen|Severity|Reaction|Identified
DG1 Diagnosis|Set ID|Coding method|Code|Description|Date and time|Type
GT1 Guarantor|Set ID|Guarantor number|Name|Spouse|Address|Phone (home)|Phone (work)|Date of birth|Sex|Type
 |Relationship|SSN
IN1 Insurance|Set ID|Plan|Company ID|Company|Company address|Contact|Company phone|Group number|Group name
 |Insured's group employer ID|Insured's group employer|Plan effective|Plan expires|Authorisation|Plan type
 |Name of insured|Relationship|Date of birth|Address of insured
FT1 Financial transaction|Set ID|Transaction ID|Batch ID|Transaction date|Posting date|Transaction type
 |Transaction code|Description|Alternate description|Quantity|Extended amount|Unit amount|Department|Plan
 |Insurance amount|Location|Fee schedule|Patient type|Diagnosis|Performed by|Ordered by|Unit cost
 |Filler order number|Entered by|Procedure|Procedure modifier|Advance beneficiary notice|Medical necessity
 |NDC|Payment reference|Transaction reference key
PR1 Procedure|Set ID|Coding method|Code|Description|Date and time|Functional type|Minutes
ORC Common order|Control|Placer order number|Filler order number|Placer group number|Status|Response flag
 |Quantity and timing|Parent|Transaction time|Entered by|Verified by|Ordering provider|Entering location
 |Call-back phone|Effective|Control reason|Entering organisation|Entering device|Action by
OBR Observation request|Set ID|Placer order number|Filler order number|Service|Priority|Requested|Observed
 |Observation end|Collection volume|Collector|Specimen action|Danger code|Clinical information|Specimen received
 |Specimen source|Ordering provider|Call-back phone|Placer field 1|Placer field 2|Filler field 1|Filler field 2
 |Reported|Charge to practice|Diagnostic service|Result status|Parent result
OBX Observation|Set ID|Value type|Observation|Sub-ID|Value|Units|Reference range|Abnormal flags|Probability
 |Nature of abnormality|Status|Range effective|Access checks|Observed|Producer|Observer|Method
NTE Note|Set ID|Source|Comment|Comment type
RQD Requisition detail|Line|Item (internal)|Item (external)|Item (hospital)|Quantity|Unit|Cost centre
 |Natural account|Deliver to|Needed by
RQ1 Requisition detail 1|Anticipated price|Manufacturer|Manufacturer's catalogue|Vendor|Vendor catalogue|Taxable
 |Substitute allowed
SCH Scheduling|Placer appointment ID|Filler appointment ID|Occurrence|Placer group|Schedule ID|Event reason
 |Appointment reason|Appointment type|Duration|Duration units|Timing|Placer contact|Placer phone|Placer address
 |Placer location|Filler contact
AIS Appointment service|Set ID|Action|Service|Start|Offset|Offset units|Duration|Duration units
AIL Appointment location|Set ID|Action|Location|Type|Group|Start
AIP Appointment person|Set ID|Action|Person|Role|Group|Start
MSA Acknowledgement|Code|Control ID|Text|Expected sequence number|Delayed|Error condition
ERR Error|Code and location (old)|Location|HL7 error|Severity|Application error|Parameter|Diagnostic|User message
TXA Document|Set ID|Type|Presentation|Activity time|Primary provider|Origination|Transcription|Edited|Originator
RXE Encoded order|Quantity and timing|Give code|Give amount (least)|Give amount (most)|Give units|Dosage form
RXD Dispense|Counter|Code|Dispensed|Amount|Units|Dosage form|Prescription number|Refills
"""


def _read(table: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {}
    for line in table.replace("\n |", "|").strip().splitlines():
        head, *fields = line.split("|")
        code, _, name = head.partition(" ")
        found[code] = (name, tuple(fields))
    return found


SEGMENTS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(_read(_TABLE))
"""Segment → its name and the names of its fields from 1."""

OPEN_FIELDS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "MSH": frozenset({1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 16, 17, 18}),
        "EVN": frozenset({1}),
        "PV1": frozenset({1, 2}),
        "FT1": frozenset({1, 6, 7, 10, 11, 12, 13}),
        "RQD": frozenset({1, 2, 3, 4, 5, 6, 7, 8}),
        "RQ1": frozenset({1, 2, 3, 4, 5}),
        "OBX": frozenset({1, 2, 11}),
        "ORC": frozenset({1, 5}),
        "MSA": frozenset({1, 2}),
    }
)
"""Shown although the payload is masked: what the message is, and which items and amounts; nothing that names a person,
a day of care, a place of care or a finding (the minimum necessary, 45 CFR 164.502(b))."""


def segment_name(code: str) -> str:
    """`Patient` for `PID`; empty where it is not in the table."""
    return SEGMENTS[code][0] if code in SEGMENTS else ""


def field_name(code: str, number: int) -> str:
    """`Account number` for `PID`, 18; empty where it is not in the table."""
    names = SEGMENTS[code][1] if code in SEGMENTS else ()
    return names[number - 1] if 0 < number <= len(names) else ""
