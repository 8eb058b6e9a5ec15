"""Matching: what is taken for one thing, what is asked, and how often that is right on labelled sets."""

from __future__ import annotations

import pytest

from bench.lookalikes import labelled
from bench.matching import HELD_OUT, TRAINING, quality
from hilum.errors import SettingsError
from hilum.masterdata.matching import KINDS, Matcher, Record, Thresholds, Verdict, kind_of, read_records, thresholds_of
from hilum.settings import MatchingSettings

pytestmark = pytest.mark.req("MD-3")


def record(system: str, number: int = 1, /, **values: str) -> Record:
    return Record(system=system, identifier=f"{system}{number}", values=values)


MEYER = {"name": "Meyer Medizintechnik GmbH", "tax_id": "DE123456789", "city": "Hamburg", "postal_code": "20095",
         "street": "Lindenallee 12", "country": "DE"}  # fmt: skip


@pytest.mark.parametrize(
    ("object_", "precision", "alone", "recall"),
    [
        ("supplier", 0.99, 0.93, 0.97),
        ("item", 0.99, 0.70, 0.93),
        ("patient_account", 0.997, 0.75, 0.99),
        ("employee", 0.99, 0.85, 0.99),
    ],
)
def test_labelled_sets_are_told_apart(object_: str, precision: float, alone: float, recall: float) -> None:
    found = quality(labelled(object_, 1_500, seed=HELD_OUT[0]), object_)
    assert found["precision"] >= precision, found
    assert found["alone"] >= alone, found
    assert found["recall"] >= recall, found
    assert found["asked"] <= 0.15, found


@pytest.mark.parametrize(
    "change",
    [
        {"name": "MEYER MED. TECHNIK AG", "tax_id": ""},
        {"name": "Medizintechnik Meier", "street": "Lindenallee 12"},
        {"name": "Meyer Medizintechnik", "street": "Ringstr. 4", "city": "Kiel", "postal_code": "24103"},
        {"tax_id": "DE123456798"},
    ],
    ids=["abbreviated", "swapped and misspelt", "moved", "transposed"],
)
def test_a_supplier_is_known_again(change: dict[str, str]) -> None:
    (pair,) = Matcher(KINDS["supplier"]).between([record("A", **MEYER)], [record("B", **(MEYER | change))])
    assert pair.verdict is Verdict.SAME


def test_another_tax_number_keeps_two_branches_apart() -> None:
    other = MEYER | {"tax_id": "DE987654321", "name": "Meyer Catering GmbH"}
    pair = Matcher(KINDS["supplier"]).compare(record("A", **MEYER), record("B", **other))
    assert pair.verdict is Verdict.DIFFERENT


def test_what_is_missing_says_nothing() -> None:
    pair = Matcher(KINDS["supplier"]).compare(record("A", **MEYER), record("B", name=MEYER["name"]))
    said = {each.field: each for each in pair.evidence}
    assert said["tax_id"].likeness is None
    assert said["tax_id"].bits == 0
    assert said["name"].likeness == 1
    assert pair.bits == KINDS["supplier"].prior + sum(each.bits for each in pair.evidence)


def test_twins_are_asked_about_or_apart_never_joined() -> None:
    one = {"family_name": "Novak", "given_name": "Anna", "birth_date": "2020-02-02", "sex": "F", "postal_code": "20095",
           "street": "Feldweg 1", "phone": "+49 40 1234567"}  # fmt: skip
    for given in ("Hanna", "Elena"):
        pair = Matcher(KINDS["patient_account"]).compare(
            record("A", **one), record("B", **(one | {"given_name": given}))
        )
        assert pair.verdict is not Verdict.SAME


def test_one_that_is_like_two_is_a_question() -> None:
    pairs = list(
        Matcher(KINDS["supplier"]).between([record("A", **MEYER)], [record("B", 1, **MEYER), record("B", 2, **MEYER)])
    )
    assert [pair.verdict for pair in pairs] == [Verdict.ASK, Verdict.ASK]


def test_two_that_are_like_one_are_questions() -> None:
    pairs = list(
        Matcher(KINDS["supplier"]).between([record("A", 1, **MEYER), record("A", 2, **MEYER)], [record("B", **MEYER)])
    )
    assert [pair.verdict for pair in pairs] == [Verdict.ASK, Verdict.ASK]


def test_one_to_one_joins_the_best_and_asks_about_no_other() -> None:
    poor = {"name": MEYER["name"], "city": "Hamburg", "postal_code": "20095", "street": "Lindenallee 12"}
    left, right = [record("A", 1, **MEYER), record("A", 2, **poor)], [record("B", **MEYER)]
    (pair,) = Matcher(KINDS["supplier"], one_to_one=True).between(left, right)
    assert (pair.left.identifier, pair.verdict) == ("A1", Verdict.SAME)
    assert {pair.verdict for pair in Matcher(KINDS["supplier"]).between(left, right)} == {Verdict.ASK}


def test_one_to_one_asks_where_none_is_ahead() -> None:
    left, right = [record("A", 1, **MEYER), record("A", 2, **MEYER)], [record("B", **MEYER)]
    pairs = list(Matcher(KINDS["supplier"], one_to_one=True).between(left, right))
    assert [pair.verdict for pair in pairs] == [Verdict.ASK, Verdict.ASK]


def test_a_cluster_of_three_systems_is_joined_only_where_all_are_the_same() -> None:
    same = [record(system, **MEYER) for system in "ABC"]
    assert {pair.verdict for pair in Matcher(KINDS["supplier"]).within(same)} == {Verdict.SAME}
    # A and C have numbers that contradict each other, and B, which has none, is like both
    records = [record("A", **MEYER), record("B", **(MEYER | {"tax_id": ""})),
               record("C", **(MEYER | {"tax_id": "DE987654321"}))]  # fmt: skip
    pairs = list(Matcher(KINDS["supplier"]).within(records))
    assert len(pairs) >= 2
    assert {pair.verdict for pair in pairs} == {Verdict.ASK}


@pytest.mark.parametrize("field", ["national_id", "sex"])
def test_two_patients_that_contradict_each_other_are_never_joined_alone(field: str) -> None:
    one = {"family_name": "Novak", "given_name": "Anna", "birth_date": "2020-02-02", "sex": "F", "postal_code": "20095",
           "street": "Feldweg 1", "phone": "+49 40 1234567", "national_id": "65432198701"}  # fmt: skip
    other = one | {field: "M" if field == "sex" else "11223344556"}
    pair = Matcher(KINDS["patient_account"]).compare(record("A", **one), record("B", **other))
    assert pair.verdict is Verdict.ASK
    assert Matcher(KINDS["patient_account"]).compare(record("A", **one), record("B", **one)).verdict is Verdict.SAME


def test_no_seed_is_trained_on_and_reported() -> None:
    assert not set(TRAINING) & set(HELD_OUT)


def test_doubles_in_one_list_are_found_once() -> None:
    records = [record("A", 1, **MEYER), record("A", 2, **MEYER), record("A", 3, name="Rossi Textil", city="Turin")]
    (pair,) = Matcher(KINDS["supplier"]).within(records)
    assert {pair.left.identifier, pair.right.identifier} == {"A1", "A2"}


def test_thresholds_are_settings() -> None:
    kind = kind_of("supplier")
    strict = thresholds_of(kind, MatchingSettings(same=0.9999999, ask=0.9))
    pair = Matcher(kind, strict).compare(record("A", **MEYER), record("B", name=MEYER["name"], city="Hamburg"))
    assert pair.verdict is not Verdict.SAME
    assert thresholds_of(kind, None) == Thresholds(same=kind.same, ask=kind.ask)
    with pytest.raises(SettingsError, match="ask must be above 0"):
        thresholds_of(kind, MatchingSettings(same=0.5, ask=0.9))


def test_records_show_no_values() -> None:
    assert "Meyer" not in repr(Matcher(KINDS["supplier"]).compare(record("A", **MEYER), record("B", **MEYER)))


def test_a_file_says_where_it_is_wrong() -> None:
    kind = kind_of("supplier")
    (one,) = read_records(kind, ["system,identifier,name,shoe\n", "A,1,Meyer,43\n"], "a.csv")
    assert one.values == {"name": "Meyer"}
    with pytest.raises(SettingsError, match=r"a.csv, line 3: 1 of A is there twice"):
        read_records(kind, ["system,identifier,name\n", "A,1,x\n", "A,1,y\n"], "a.csv")
    with pytest.raises(SettingsError, match="head line must begin"):
        read_records(kind, ["id,name\n"], "a.csv")
