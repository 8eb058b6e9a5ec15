"""ADT messages become patient accounts and encounters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from packs_support import things

from hilum.canonical import Encounter, EncounterStatus, PatientAccount
from hilum.connectors import mllp
from hilum.errors import Invalid, Refused, SettingsError, Unmapped
from hilum.formats import hl7v2 as hl7
from hilum.packs import clinical

LISTENER = mllp.Listener(port=0, accepts=["ADT^*"])


@pytest.fixture
def flow(anything):
    return clinical.admissions(source=LISTENER, odoo=None, also=[anything])


@pytest.mark.req("SYS-3")
@pytest.mark.req("MOD-1")
def test_an_admission_becomes_an_account_and_an_encounter(flow, sample, lookup):
    account, encounter = things(flow, sample("admit.hl7"), lookup)
    assert isinstance(account, PatientAccount)
    assert account.number == "AC20031"
    assert account.person.full == "Odile Fennick"
    assert account.patient_id == "MR10007"
    assert account.address is not None
    assert (account.address.street, account.address.city, account.address.country) == ("12 Quarry Lane", "Marlow", "BE")
    assert account.phone == "+32 2 555 01 10"
    assert account.email == "odile.fennick@mail.example"
    assert account.payer == "MUT-300"
    assert account.cleared == ()
    assert isinstance(encounter, Encounter)
    assert encounter.number == "V30031"
    assert encounter.account == "AC20031"
    assert encounter.status is EncounterStatus.IN_PROGRESS
    assert encounter.started_at == datetime(2026, 3, 2, 8, 10, tzinfo=UTC)
    assert encounter.ended_at is None


def test_a_discharge_ends_the_encounter(flow, sample, lookup):
    _, encounter = things(flow, sample("discharge.hl7"), lookup)
    assert encounter.status is EncounterStatus.FINISHED
    assert encounter.ended_at == datetime(2026, 3, 5, 9, 55, tzinfo=UTC)


def test_a_discharge_without_its_time_takes_that_of_the_event(flow, edited, lookup):
    _, encounter = things(flow, edited("discharge.hl7", {"PV1-45": ""}), lookup)
    assert encounter.ended_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


@pytest.mark.req("SYS-3")
def test_what_an_update_does_not_send_stays(flow, sample, lookup):
    account, _ = things(flow, sample("update.hl7"), lookup)
    assert account.phone == "" and account.email == "" and account.payer == ""
    assert account.cleared == ()
    assert account.address.street == "14 Quarry Lane"


@pytest.mark.req("SYS-3")
def test_what_an_update_sends_as_null_is_cleared(flow, sample, lookup):
    account, _ = things(flow, sample("clear.hl7"), lookup)
    assert set(account.cleared) == {"address", "phone", "email"}
    assert account.address is None and account.phone == ""


def test_the_account_may_be_among_the_identifiers(flow, sample, lookup):
    body = sample("no-pid18.hl7")
    (account,) = things(flow, body, lookup)
    assert account.number == "AC20032" and account.patient_id == "MR10008"
    assert flow.ordering_key(flow.read(body)) == "AC20032"


def test_the_visit_number_stands_in_for_a_missing_account(flow, edited, lookup):
    account, encounter = things(flow, edited("admit.hl7", {"PID-18": ""}), lookup)
    assert account.number == encounter.number == "V30031"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("A02", "in-progress"),
        ("A04", "in-progress"),
        ("A05", "planned"),
        ("A11", "cancelled"),
        ("A13", "in-progress"),
        ("A38", "cancelled"),
    ],
)
def test_each_event_says_where_the_encounter_is(flow, edited, lookup, event, status):
    _, encounter = things(flow, edited("discharge.hl7", {"MSH-9.2": event}), lookup)
    assert encounter.status == status
    assert encounter.ended_at is None


@pytest.mark.parametrize(("discharged", "status"), [("", "in-progress"), ("20260305095500", "finished")])
def test_an_update_leaves_the_encounter_where_its_times_say(flow, edited, lookup, discharged, status):
    body = edited("admit.hl7", {"MSH-9.2": "A08", "PV1-45": discharged})
    assert things(flow, body, lookup)[1].status == status


def test_an_update_of_the_person_writes_the_account_only(flow, edited, lookup):
    assert [type(thing) for thing in things(flow, edited("admit.hl7", {"MSH-9.2": "A31"}), lookup)] == [PatientAccount]
    nothing_to_bill = {"MSH-9.2": "A28", "PID-18": "", "PV1-19": ""}
    assert things(flow, edited("admit.hl7", nothing_to_bill), lookup) == []


def test_allergies_are_no_business_of_billing(flow, edited, lookup):
    assert things(flow, edited("admit.hl7", {"MSH-9.2": "A60"}), lookup) == []


def test_a_merge_waits_for_a_person(flow, sample, lookup):
    with pytest.raises(Refused, match=r"A40 merges .* merge them in Odoo"):
        things(flow, sample("merge.hl7"), lookup)


@pytest.mark.parametrize("changes", [{"MSH-9.2": "A99"}, {"MSH-9.1": "ORU"}, {"MSH-9.2": ""}])
def test_an_unknown_event_is_refused(flow, edited, lookup, changes):
    with pytest.raises(Refused):
        things(flow, edited("admit.hl7", changes), lookup)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"PID-18": "", "PV1-19": ""}, "PID-18"),
        ({"PID-5": ""}, "PID-5"),
        ({"PV1-44": "yesterday"}, "PV1-44"),
        ({"PID-18.1": "9" * 200}, "PID"),
    ],
)
def test_what_is_wrong_is_named(flow, edited, lookup, changes, where):
    with pytest.raises(Invalid) as caught:
        things(flow, edited("admit.hl7", changes), lookup)
    assert caught.value.where == where
    assert not any(value in str(caught.value) for value in changes.values() if value)


def test_a_country_that_is_no_code_needs_a_row(flow, edited, lookup):
    with pytest.raises(Unmapped, match="countries"):
        things(flow, edited("admit.hl7", {"PID-11.6": "Belgium"}), lookup)


def test_times_without_an_offset_are_in_the_zone_of_the_flow(anything, sample, lookup):
    flow = clinical.admissions(source=LISTENER, odoo=None, also=[anything], timezone="Europe/Brussels")
    _, encounter = things(flow, sample("admit.hl7"), lookup)
    assert encounter.started_at == datetime(2026, 3, 2, 7, 10, tzinfo=UTC)
    with pytest.raises(SettingsError, match="time zone"):
        clinical.admissions(source=LISTENER, odoo=None, timezone="Brussels time")


def test_the_same_control_id_of_another_sender_is_another_message(flow, sample, edited):
    one, other = flow.read(sample("admit.hl7")), flow.read(edited("admit.hl7", {"MSH-4": "LAKESIDE"}))
    assert flow.dedup_key(one) != flow.dedup_key(other)


def test_before_v231_the_event_is_in_evn(flow, edited, lookup):
    account, _ = things(flow, edited("admit.hl7", {"MSH-9": "ADT", "EVN-1": "A01"}), lookup)
    assert account.number == "AC20031"
    assert hl7.parse(edited("admit.hl7", {"MSH-9": "ADT"})).trigger == ""


@pytest.mark.parametrize(
    ("field", "phone", "email"),
    [
        ("(02)555-0110", "(02)555-0110", ""),
        ("^PRN^PH^^32^2^5550110", "32 2 5550110", ""),
        ("^PRN^PH^^^^^^^^^+3225550110", "+3225550110", ""),
        ("o.fennick@mail.example^NET^Internet", "", "o.fennick@mail.example"),
        ("^NET^Internet^o.f@mail.example~022^PRN^PH", "022", "o.f@mail.example"),
    ],
)
def test_telephones_are_read_from_every_version(flow, edited, lookup, field, phone, email):
    body = edited("admit.hl7", {"PID-13": hl7.Encoded(field)})
    account = things(flow, body, lookup)[0]
    assert (account.phone, account.email) == (phone, email)
