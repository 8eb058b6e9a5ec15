"""What FHIR R4 says that resources and datatypes have: element, type, `*` where it is a list, `!` where it must be.

The resources that a hospital's supply chain, access and money touch (https://hl7.org/fhir/R4/resourcelist.html); of all
others the general rules of JSON in FHIR are checked. A type with a point is a part of its resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

ANY_RESOURCE: Final = "Resource"

_TYPES: Final[dict[str, str]] = {
    # Datatypes
    "Meta": "versionId:id lastUpdated:instant source:uri profile:canonical* security:Coding* tag:Coding*",
    "Narrative": "status:code! div:xhtml!",
    "Coding": "system:uri version:string code:code display:string userSelected:boolean",
    "CodeableConcept": "coding:Coding* text:string",
    "Identifier": "use:code type:CodeableConcept system:uri value:string period:Period assigner:Reference",
    "Reference": "reference:string type:uri identifier:Identifier display:string",
    "Period": "start:dateTime end:dateTime",
    "HumanName": "use:code text:string family:string given:string* prefix:string* suffix:string* period:Period",
    "Address": (
        "use:code type:code text:string line:string* city:string district:string state:string postalCode:string"
        " country:string period:Period"
    ),
    "ContactPoint": "system:code value:string use:code rank:positiveInt period:Period",
    "Quantity": "value:decimal comparator:code unit:string system:uri code:code",
    "Money": "value:decimal currency:code",
    "Range": "low:Quantity high:Quantity",
    "Ratio": "numerator:Quantity denominator:Quantity",
    "Annotation": "author[Reference|string] time:dateTime text:markdown!",
    "Attachment": (
        "contentType:code language:code data:base64Binary url:url size:unsignedInt hash:base64Binary title:string"
        " creation:dateTime"
    ),
    # People and places
    "Patient": (
        "identifier:Identifier* active:boolean name:HumanName* telecom:ContactPoint* gender:code birthDate:date"
        " deceased[boolean|dateTime] address:Address* maritalStatus:CodeableConcept multipleBirth[boolean|integer]"
        " photo:Attachment* contact:Patient.contact* communication:Patient.communication*"
        " generalPractitioner:Reference* managingOrganization:Reference link:Patient.link*"
    ),
    "Patient.contact": (
        "relationship:CodeableConcept* name:HumanName telecom:ContactPoint* address:Address gender:code"
        " organization:Reference period:Period"
    ),
    "Patient.communication": "language:CodeableConcept! preferred:boolean",
    "Patient.link": "other:Reference! type:code!",
    "Practitioner": (
        "identifier:Identifier* active:boolean name:HumanName* telecom:ContactPoint* address:Address* gender:code"
        " birthDate:date photo:Attachment* qualification:Practitioner.qualification* communication:CodeableConcept*"
    ),
    "Practitioner.qualification": "identifier:Identifier* code:CodeableConcept! period:Period issuer:Reference",
    "Organization": (
        "identifier:Identifier* active:boolean type:CodeableConcept* name:string alias:string* telecom:ContactPoint*"
        " address:Address* partOf:Reference contact:Organization.contact* endpoint:Reference*"
    ),
    "Organization.contact": "purpose:CodeableConcept name:HumanName telecom:ContactPoint* address:Address",
    "Location": (
        "identifier:Identifier* status:code operationalStatus:Coding name:string alias:string* description:string"
        " mode:code type:CodeableConcept* telecom:ContactPoint* address:Address physicalType:CodeableConcept"
        " position:Location.position managingOrganization:Reference partOf:Reference"
        " hoursOfOperation:Location.hoursOfOperation* availabilityExceptions:string endpoint:Reference*"
    ),
    "Location.position": "longitude:decimal! latitude:decimal! altitude:decimal",
    "Location.hoursOfOperation": "daysOfWeek:code* allDay:boolean openingTime:time closingTime:time",
    # Care, as far as resources and money follow from it
    "Encounter": (
        "identifier:Identifier* status:code! statusHistory:Encounter.statusHistory* class:Coding!"
        " classHistory:Encounter.classHistory* type:CodeableConcept* serviceType:CodeableConcept"
        " priority:CodeableConcept subject:Reference episodeOfCare:Reference* basedOn:Reference*"
        " participant:Encounter.participant* appointment:Reference* period:Period length:Quantity"
        " reasonCode:CodeableConcept* reasonReference:Reference* diagnosis:Encounter.diagnosis* account:Reference*"
        " hospitalization:Encounter.hospitalization location:Encounter.location* serviceProvider:Reference"
        " partOf:Reference"
    ),
    "Encounter.statusHistory": "status:code! period:Period!",
    "Encounter.classHistory": "class:Coding! period:Period!",
    "Encounter.participant": "type:CodeableConcept* period:Period individual:Reference",
    "Encounter.diagnosis": "condition:Reference! use:CodeableConcept rank:positiveInt",
    "Encounter.hospitalization": (
        "preAdmissionIdentifier:Identifier origin:Reference admitSource:CodeableConcept reAdmission:CodeableConcept"
        " dietPreference:CodeableConcept* specialCourtesy:CodeableConcept* specialArrangement:CodeableConcept*"
        " destination:Reference dischargeDisposition:CodeableConcept"
    ),
    "Encounter.location": "location:Reference! status:code physicalType:CodeableConcept period:Period",
    "Appointment": (
        "identifier:Identifier* status:code! cancelationReason:CodeableConcept serviceCategory:CodeableConcept*"
        " serviceType:CodeableConcept* specialty:CodeableConcept* appointmentType:CodeableConcept"
        " reasonCode:CodeableConcept* reasonReference:Reference* priority:unsignedInt description:string"
        " supportingInformation:Reference* start:instant end:instant minutesDuration:positiveInt slot:Reference*"
        " created:dateTime comment:string patientInstruction:string basedOn:Reference*"
        " participant:Appointment.participant*! requestedPeriod:Period*"
    ),
    "Appointment.participant": "type:CodeableConcept* actor:Reference required:code status:code! period:Period",
    "ServiceRequest": (
        "identifier:Identifier* instantiatesCanonical:canonical* instantiatesUri:uri* basedOn:Reference*"
        " replaces:Reference* requisition:Identifier status:code! intent:code! category:CodeableConcept* priority:code"
        " doNotPerform:boolean code:CodeableConcept orderDetail:CodeableConcept* quantity[Quantity|Ratio|Range]"
        " subject:Reference! encounter:Reference occurrence[dateTime|Period|Timing] asNeeded[boolean|CodeableConcept]"
        " authoredOn:dateTime requester:Reference performerType:CodeableConcept performer:Reference*"
        " locationCode:CodeableConcept* locationReference:Reference* reasonCode:CodeableConcept*"
        " reasonReference:Reference* insurance:Reference* supportingInfo:Reference* specimen:Reference*"
        " bodySite:CodeableConcept* note:Annotation* patientInstruction:string relevantHistory:Reference*"
    ),
    "Coverage": (
        "identifier:Identifier* status:code! type:CodeableConcept policyHolder:Reference subscriber:Reference"
        " subscriberId:string beneficiary:Reference! dependent:string relationship:CodeableConcept period:Period"
        " payor:Reference*! class:Coverage.class* order:positiveInt network:string"
        " costToBeneficiary:Coverage.costToBeneficiary* subrogation:boolean contract:Reference*"
    ),
    "Coverage.class": "type:CodeableConcept! value:string! name:string",
    "Coverage.costToBeneficiary": (
        "type:CodeableConcept value[Quantity|Money] exception:Coverage.costToBeneficiary.exception*"
    ),
    "Coverage.costToBeneficiary.exception": "type:CodeableConcept! period:Period",
    # Supplies and devices
    "Device": (
        "identifier:Identifier* definition:Reference udiCarrier:Device.udiCarrier* status:code"
        " statusReason:CodeableConcept* distinctIdentifier:string manufacturer:string manufactureDate:dateTime"
        " expirationDate:dateTime lotNumber:string serialNumber:string deviceName:Device.deviceName* modelNumber:string"
        " partNumber:string type:CodeableConcept specialization:Device.specialization* version:Device.version*"
        " property:Device.property* patient:Reference owner:Reference contact:ContactPoint* location:Reference url:uri"
        " note:Annotation* safety:CodeableConcept* parent:Reference"
    ),
    "Device.udiCarrier": (
        "deviceIdentifier:string issuer:uri jurisdiction:uri carrierAIDC:base64Binary carrierHRF:string entryType:code"
    ),
    "Device.deviceName": "name:string! type:code!",
    "Device.specialization": "systemType:CodeableConcept! version:string",
    "Device.version": "type:CodeableConcept component:Identifier value:string!",
    "Device.property": "type:CodeableConcept! valueQuantity:Quantity* valueCode:CodeableConcept*",
    "SupplyDelivery": (
        "identifier:Identifier* basedOn:Reference* partOf:Reference* status:code patient:Reference type:CodeableConcept"
        " suppliedItem:SupplyDelivery.suppliedItem occurrence[dateTime|Period|Timing] supplier:Reference"
        " destination:Reference receiver:Reference*"
    ),
    "SupplyDelivery.suppliedItem": "quantity:Quantity item[CodeableConcept|Reference]",
    "SupplyRequest": (
        "identifier:Identifier* status:code category:CodeableConcept priority:code item[CodeableConcept|Reference]!"
        " quantity:Quantity! parameter:SupplyRequest.parameter* occurrence[dateTime|Period|Timing] authoredOn:dateTime"
        " requester:Reference supplier:Reference* reasonCode:CodeableConcept* reasonReference:Reference*"
        " deliverFrom:Reference deliverTo:Reference"
    ),
    "SupplyRequest.parameter": "code:CodeableConcept value[CodeableConcept|Quantity|Range|boolean]",
    # What they come in
    "Bundle": (
        "identifier:Identifier type:code! timestamp:instant total:unsignedInt link:Bundle.link* entry:Bundle.entry*"
        " signature:Signature"
    ),
    "Bundle.link": "relation:string! url:uri!",
    "Bundle.entry": (
        "link:Bundle.link* fullUrl:uri resource:Resource search:Bundle.entry.search request:Bundle.entry.request"
        " response:Bundle.entry.response"
    ),
    "Bundle.entry.search": "mode:code score:decimal",
    "Bundle.entry.request": (
        "method:code! url:uri! ifNoneMatch:string ifModifiedSince:instant ifMatch:string ifNoneExist:string"
    ),
    "Bundle.entry.response": "status:string! location:uri etag:string lastModified:instant outcome:Resource",
    "OperationOutcome": "issue:OperationOutcome.issue*!",
    "OperationOutcome.issue": (
        "severity:code! code:code! details:CodeableConcept diagnostics:string location:string* expression:string*"
    ),
}  # fmt: skip

_OF_DOMAIN: Final = "text:Narrative contained:Resource* extension:Extension* modifierExtension:Extension*"
_OF_RESOURCE: Final = "id:id meta:Meta implicitRules:uri language:code"
_OF_PART: Final = "id:string extension:Extension* modifierExtension:Extension*"

CODES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Patient.gender": frozenset({"male", "female", "other", "unknown"}),
        "Practitioner.gender": frozenset({"male", "female", "other", "unknown"}),
        "Encounter.status": frozenset(
            {
                "planned",
                "arrived",
                "triaged",
                "in-progress",
                "onleave",
                "finished",
                "cancelled",
                "entered-in-error",
                "unknown",
            }
        ),
        "Appointment.status": frozenset(
            {
                "proposed",
                "pending",
                "booked",
                "arrived",
                "fulfilled",
                "cancelled",
                "noshow",
                "entered-in-error",
                "checked-in",
                "waitlist",
            }
        ),
        "ServiceRequest.status": frozenset(
            {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"}
        ),
        "Coverage.status": frozenset({"active", "cancelled", "draft", "entered-in-error"}),
        "Device.status": frozenset({"active", "inactive", "entered-in-error", "unknown"}),
        "SupplyDelivery.status": frozenset({"in-progress", "completed", "abandoned", "entered-in-error"}),
        "SupplyRequest.status": frozenset(
            {"draft", "active", "suspended", "cancelled", "completed", "entered-in-error", "unknown"}
        ),
        "Bundle.type": frozenset(
            {
                "document",
                "message",
                "transaction",
                "transaction-response",
                "batch",
                "batch-response",
                "history",
                "searchset",
                "collection",
            }
        ),
        "Bundle.entry.request.method": frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}),
    }
)
"""Elements whose codes are fixed by R4 (required bindings)."""


@dataclass(frozen=True, slots=True)
class Element:
    """What an element of a type may be."""

    type: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A type: its elements by their names in JSON, and those of which one must be there."""

    elements: Mapping[str, Element]
    needed: tuple[tuple[str, ...], ...] = ()


def _defined(name: str, words: str) -> Definition:
    more = (
        f"{_OF_RESOURCE} {_OF_DOMAIN if name != 'Bundle' else ''}" if name in RESOURCES
        else "id:string extension:Extension*" if "." not in name else _OF_PART
    )  # fmt: skip
    elements: dict[str, Element] = {}
    needed = []
    for word in f"{words} {more}".split():
        text = word.rstrip("*!")
        many, must = "*" in word, word.endswith("!")
        if "[" in text:
            stem, _, types = text.rstrip("]").partition("[")
            found = {f"{stem}{each[0].upper()}{each[1:]}": Element(each) for each in types.split("|")}
        else:
            stem, _, kind = text.partition(":")
            found = {stem: Element(kind, many)}
        elements |= found
        if must:
            needed.append(tuple(found))
    return Definition(MappingProxyType(elements), tuple(needed))


RESOURCES: Final = frozenset(
    name for name in _TYPES if "." not in name
    and name not in {
        "Meta", "Narrative", "Coding", "CodeableConcept", "Identifier", "Reference", "Period", "HumanName", "Address",
        "ContactPoint", "Quantity", "Money", "Range", "Ratio", "Annotation", "Attachment",
    }
)  # fmt: skip
"""The resources whose elements are known."""

DEFINITIONS: Final[Mapping[str, Definition]] = MappingProxyType(
    {name: _defined(name, words) for name, words in _TYPES.items()}
)
