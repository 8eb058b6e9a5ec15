"""Every bank file of the sample collection that HILUM_SAMPLES names is read, or refused for the reason in its notes."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hilum.errors import Invalid
from hilum.formats import bai2, iso20022, mt940
from hilum.formats.banking import Report, StatementKind

FOLDER = Path(os.environ.get("HILUM_SAMPLES", ""))
READERS: dict[str, Callable[[bytes], Any]] = {"iso20022": iso20022.read, "mt940": mt940.read, "bai2": bai2.read}
FILES = (
    sorted(path.relative_to(FOLDER).as_posix() for name in READERS for path in (FOLDER / name).rglob("*.*"))
    if "HILUM_SAMPLES" in os.environ
    else []
)
# Other messages, fragments for tests of single fields, and files with something cut off.
REFUSED = {
    "iso20022/moov-iso20022/pain008-musterfile.xml": "pain.008 is not read",
    "iso20022/moov-iso20022/valid_camt_v09.xml": "camt.055 is not read",
    "iso20022/moov-iso20022/valid_remt_v04.xml": "remt.001 is not read",
    "mt940/mt940/account_identification.sta": "line 1, :20:: the opening balance (:60F:)",
    "mt940/mt940/amount_formats.sta": "line 1: a field stands outside",
    "mt940/mt940/empty_86.sta": "line 1: a field stands outside",
    "mt940/mt940/empty_non_swift.sta": "line 1: a field stands outside",
    "mt940/mt940/gv_codes.sta": "line 1, :20:: the closing balance (:62F:)",
    "mt940/mt940/multiline.sta": "line 38: a field stands outside",
    "mt940/mt940/sparkassen.sta": "line 1: a field stands outside",
    "mt940/mt940/statement_details.sta": "line 1: a field stands outside",
}
# Files whose totals or balances disagree, most because somebody shortened or changed them.
DISAGREE = {
    *(f"iso20022/camt/camt053.v2.{name}.xml" for name in ("all-balance-types", "minimal", "with-account-name")),
    *(f"iso20022/camt/camt053.{name}.xml" for name in ("v2.with-party-ids", "v3", "v4", "v8")),
    "iso20022/moov-iso20022/camt.053_P_CH2909000000250094239_1110092698_0_2020112503071366.xml",
    "iso20022/moov-iso20022/musterfile_pain.001_Nov2020.xml",
    "iso20022/pain001/pain.001.001.03_pain.001.001.03.xml",
    *(f"iso20022/pain001/pain.001.001.0{version}.xml" for version in (5, 8, 9)),
    *(f"mt940/mt940/{name}.sta" for name in ("details_60-63", "ing", "knab", "malformed_details", "postfinance")),
    "mt940/mt940/sepa_snippet.sta",
    "bai2/moov-bai2/sample4-continuations-newline-delimited.txt",
    "bai2/moov-bai2/sample5-issue113.txt",
}

pytestmark = [
    pytest.mark.skipif("HILUM_SAMPLES" not in os.environ, reason="set HILUM_SAMPLES to the sample collection"),
    pytest.mark.req("SYS-15"),
    pytest.mark.req("MOD-3"),
]


def reading(name: str) -> Any:
    return READERS[name.partition("/")[0]]((FOLDER / name).read_bytes())


def test_the_collection_is_there() -> None:
    assert len(FILES) == 41 + 24 + 4
    assert {*REFUSED, *DISAGREE} <= set(FILES)


@pytest.mark.parametrize("name", sorted(set(FILES) - set(REFUSED)))
def test_it_is_read_and_what_disagrees_is_told(name: str) -> None:
    found = reading(name)
    assert bool(found.problems()) == (name in DISAGREE)
    if isinstance(found, Report):
        assert found.statements
        assert all(statement.account and statement.currency for statement in found.statements)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        reading(name)
    assert REFUSED[name] in str(caught.value)


def test_entries_of_a_batch_have_their_payments() -> None:
    name = "200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179.xml"
    entry = reading(f"iso20022/moov-iso20022/{name}").statements[0].entries[0]
    assert entry.amount == Decimal("1537.00") == sum(detail.amount for detail in entry.details)
    assert entry.details_add_up
    assert entry.details[0].party.name == "Bernasconi Maria"
    assert entry.details[0].remittance.references == ("120000000000234478943216899",)


def test_a_rejected_payment_says_why() -> None:
    name = "pain002-epo_p_ch2909000000250094239_1109800799_0_2018032612092784.xml"
    status = reading(f"iso20022/moov-iso20022/{name}").of("EndToEndId-006-01-01", "PmtInfId-006-01")
    assert status.standing is iso20022.Standing.REJECTED
    assert status.words == "rejected: the account number is wrong (AC01): 1301813;Konto ungültig"


def test_an_interim_report_is_none_of_a_day() -> None:
    assert reading("mt940/mt940/mBank_mt942.sta").statements[0].kind is StatementKind.REPORT


def test_dialects_of_field_86() -> None:
    german = reading("mt940/mt940/sepa_mt9401.sta").statements[0].entries
    assert (german[0].details[0].end_to_end_id, german[0].details[0].return_code) == ("TFNR 40005 00005", "914")
    assert german[5].amount == Decimal("-204.88") and german[5].reversal
    dutch = reading("mt940/mt940/rabobank-iban.sta").statements[0].entries
    assert (dutch[1].details[0].party.name, dutch[1].words) == ("JOHN DOE", "Reference 201301234")
    wrapped = reading("mt940/mt940/wrapped_timestamp.sta").statements[0].entries[0]
    assert (str(wrapped.value_on), str(wrapped.booked_on)) == ("2016-02-29", "2016-03-01")
    assert "T16:26:37" in wrapped.details[0].party.identity + wrapped.words


def test_texts_of_continuations() -> None:
    statements = reading("bai2/moov-bai2/sample5-issue113.txt").statements
    entry = statements[1].entries[1]
    assert entry.amount == Decimal("1435.00")
    assert entry.details[0].end_to_end_id == "GSQ4FBGFDGWGKY"
    assert entry.details[0].party.name == "SAMPLE INC"
    assert entry.details[0].remittance.texts == ("ACH- Test - Addenda Record",)
