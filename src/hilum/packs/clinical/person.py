"""The person behind a patient account, as far as an invoice needs it: name, address, telephone, e-mail, payer."""

from __future__ import annotations

from hilum.canonical import Address, PatientAccount, PersonName
from hilum.errors import Invalid
from hilum.flow import Lookup
from hilum.formats import hl7v2 as hl7
from hilum.packs.building import make, mapped
from hilum.packs.hl7_reading import facility_of, patient_id_of, payer_of

# HL7 table 0202, telecommunication equipment type, of what is no telephone
INTERNET = frozenset({"Internet", "X.400", "NET"})


def account_from_pid(msg: hl7.Message, hub: Lookup, account: str) -> PatientAccount:
    """The account with what PID and IN1 say. Raises `Invalid` without a name, `Unmapped` for an unknown country.

    An empty field is left out: it was not sent. A field that is HL7 null is listed in `cleared` (HL7 v2.5.1 §2.5.3).
    """
    cleared = _cleared(msg)
    return make(
        PatientAccount,
        "PID",
        number=account,
        person=name_of(msg),
        patient_id=patient_id_of(msg),
        address=None if "address" in cleared else address_of(msg, hub),
        phone=phone_of(msg),
        email=email_of(msg),
        payer=payer_of(msg),
        facility=facility_of(msg),
        cleared=cleared,
    )


def name_of(msg: hl7.Message) -> PersonName:
    """The first name of PID-5. Raises `Invalid` where there is no family name and no given name."""
    family, given = msg["PID-5.1.1"], msg["PID-5.2"]
    if not (family or given):
        raise Invalid("the patient has no name there", where="PID-5")
    return make(PersonName, "PID-5", family=family or given, given=given if family else "")


def address_of(msg: hl7.Message, hub: Lookup) -> Address | None:
    """The first address of PID-11, or None where none was sent. Raises `Unmapped` for a country that is no ISO code."""
    parts = {
        "street": msg["PID-11.1.1"],
        "city": msg["PID-11.3"],
        "state": msg["PID-11.4"],
        "postal_code": msg["PID-11.5"],
        "country": _country(msg["PID-11.6"], hub),
    }
    return make(Address, "PID-11", **parts) if any(parts.values()) else None


def phone_of(msg: hl7.Message) -> str:
    """The first telephone of PID-13: as it stands in XTN.1 (to v2.6), XTN.12 (from v2.7), or put together."""
    for number in _telecoms(msg):
        if number["3"] in INTERNET:
            continue
        parts = " ".join(part for part in (number["5"], number["6"], number["7"]) if part)
        # an e-mail address in XTN.1 is found by email_of
        if "@" in number["1"]:
            continue
        if found := number["1"] or number["12"] or parts:
            return found
    return ""


def email_of(msg: hl7.Message) -> str:
    """The first e-mail address of PID-13: XTN.4, or XTN.1 of systems that put it there."""
    for contact in _telecoms(msg):
        for found in (contact["4"], contact["1"]):
            if "@" in found:
                return found
    return ""


def _telecoms(msg: hl7.Message) -> list[hl7.Repetition]:
    return [contact for pid in msg.segments("PID")[:1] for contact in pid.repetitions("13")]


def _country(sent: str, hub: Lookup) -> str:
    """An ISO 3166-1 code as it is; a name through the table `countries`."""
    return sent.upper() if len(sent) <= 3 else mapped(hub, "countries", sent)


def _cleared(msg: hl7.Message) -> tuple[str, ...]:
    found = []
    if msg.is_null("PID-11"):
        found.append("address")
    if msg.is_null("PID-13"):
        found += ["phone", "email"]  # PID-13 carries both
    if msg.is_null("IN1-3"):
        found.append("payer")
    return tuple(found)
