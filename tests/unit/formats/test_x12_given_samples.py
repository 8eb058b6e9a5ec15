"""Every X12 file of the sample collection that HILUM_SAMPLES names is read, answered, and given back byte for byte."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from hilum.formats import x12

WITHOUT = "set HILUM_SAMPLES to the folder of the sample collection"
FOLDER = Path(os.environ.get("HILUM_SAMPLES", "")) / "x12"
FILES = (
    sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")) if "HILUM_SAMPLES" in os.environ else []
)
PARTNER = x12.Partner(name="any", ours=x12.Party(id="HILUM"), theirs=x12.Party(id="THEM"))
SEVERAL = {
    "x12-parser/x12_multiple_st.txt": 2,
    "x12-parser/x12_multiple_isa.txt": 2,
    "staedi/invoice810_po850_dual.edi": 3,
    "moov-x12/example_4010_810_sample.txt": 2,
    "staedi/simple810.edi": 2,
    "staedi/sample837-small.edi": 2,
}
# Supply-chain documents that nothing is wrong with, and what is wrong with the others, as code by place.
CLEAN = {
    "edi-engine/856.Crossdock.OK.edi", "edi-net/x12.810a.edi", "edi-net/x12.810b.edi", "edi-net/x12.810c.edi",
    "edi-net/x12.820.issue140.edi", "edi-net/x12.850.edi", "moov-x12/example_4010_810_sample.txt",
    "staedi/simple810.edi", "staedi/simple997.edi", "staedi/simple999.edi",
    "pyx12/834_ls_le_ls_5010.999.txt", "x12-parser/x12_999_accepted.txt", "staedi/optionalInterchangeServices.edi",
}  # fmt: skip
FAULTS = {
    "edi-net/x12.832.edi": {"SE-01": "4"},
    "staedi/invoice810_po850_dual.edi": {"N1-04": "2"},
    "edi-net/x12.850a.edi": {"N4-02": "5"},
    "staedi/invalid997.edi": {"AK1-01": "5", "AK4-02": "6"},
    "staedi/empty997.edi": {"AK1": "3", "AK9": "3"},
    "x12-parser/x12_valid.txt": {"SE-01": "4"},
    "x12-parser/x270.txt": {"SE-01": "4", "SE-02": "3"},
    "lfh-x12/managed-care.835": {"BPR-16": "8"},
}

pytestmark = [
    pytest.mark.skipif("HILUM_SAMPLES" not in os.environ, reason=WITHOUT),
    pytest.mark.req("MOD-3"),
    pytest.mark.req("SYS-10"),
]


def interchanges_of(name: str) -> list[x12.Interchange]:
    return list(x12.interchanges((FOLDER / name).read_bytes()))


def test_the_collection_is_there() -> None:
    assert len(FILES) == 100
    assert {*SEVERAL, *CLEAN, *FAULTS} <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_bytes_come_back(name: str) -> None:
    found = interchanges_of(name)
    assert b"".join(each.encode() for each in found) == (FOLDER / name).read_bytes()
    sets = [each for interchange in found for each in interchange.sets]
    assert len(sets) == SEVERAL.get(name, 1)
    for each in sets:
        control_number, lines = each["ST-02"], [segment.line for segment in each]
        each["ST-02"] = "changed"
        assert each.body() != each.raw
        each["ST-02"] = control_number
        again = x12.read(each.encode())
        # an edit counts the segments anew, and touches nothing else
        assert [segment.line for segment in again][:-1] == lines[:-1]
        assert again.integer("SE-01") == len(again) == len(lines)


@pytest.mark.parametrize("name", FILES)
def test_every_group_is_answered_and_the_answer_is_read(name: str) -> None:
    for interchange in interchanges_of(name):
        verdicts = [x12.judge(group) for group in interchange.groups]
        for form in ("997", "999"):
            drafts = [x12.acknowledge(each, form) for each in verdicts]
            made = x12.build(PARTNER, drafts, numbers=x12.Numbers(1, 1), at=datetime(2026, 3, 4, 10, 11))
            again = x12.parse(made.encode())
            assert not again.problems()
            assert [x12.check(each) for each in again.sets] == [[] for _ in verdicts]
            for each, verdict in zip(again.sets, verdicts, strict=True):
                read = x12.read_acknowledgement(each)
                assert (read.verdict, read.received, read.accepted) == (
                    verdict.verdict,
                    verdict.received,
                    verdict.accepted,
                )
                assert [one.verdict for one in read.sets] == [one.verdict for one in verdict.sets]


@pytest.mark.parametrize("name", sorted(CLEAN))
def test_clean_documents_have_no_fault(name: str) -> None:
    for interchange in interchanges_of(name):
        assert [str(problem) for each in interchange.sets for problem in x12.check(each)] == []


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_faults_are_found_where_they_are(name: str) -> None:
    for interchange in interchanges_of(name):
        found = {
            problem.where.partition(" ")[0]: problem.code for each in interchange.sets for problem in x12.check(each)
        }
        assert found == FAULTS[name]
