"""A flow that lacks something does not start and says what; a code without a row is never guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hilum.connector import Outgoing, Target
from hilum.errors import Invalid, SettingsError, Unmapped
from hilum.flow import Flow, Lookup, Owners, Slo, load_project
from support.doubles import Receiver
from support.projects import make_flow, write_lookup

COMPLETE = """
from hilum.connector import Outgoing, Target
from hilum.flow import DataClass, Flow, Owners, Slo
flow = Flow("a.b", version="1.0", summary="s", owners=Owners(business="b", technical="t"),
    data_class=DataClass.PUBLIC, slo=Slo(percent=99, within="5s"), retention="P1Y")
flow.translate(lambda parsed, hub: parsed)
flow.deliver_to(Target(endpoint="memory.main", encode=lambda thing: Outgoing(body=b"")))
"""


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Has Capitals"}, "small letters"),
        ({"summary": " "}, "summary is empty"),
        ({"owners": Owners(business="", technical="t")}, "business owner"),
        ({"retention": "7 years"}, "'P7Y'"),
        ({"retention": "P"}, "'P7Y'"),
        ({"slo": Slo(percent=100, within="5s")}, "between 0 and 100"),
        ({"slo": Slo(percent=99, within="soon")}, "'30s'"),
        ({"format": "morse"}, "format 'morse' is unknown"),
    ],
)
def test_a_flow_says_what_keeps_it_from_starting(wrong: dict[str, Any], words: str) -> None:
    [problem] = make_flow(None, Receiver(), **wrong).problems()
    assert words in problem


def test_a_flow_needs_a_translation_and_a_target() -> None:
    bare = make_flow(None)
    assert [problem.partition(":")[0] for problem in bare.problems()] == ["no target"]
    with pytest.raises(SettingsError, match="no translation"):
        list(_without_translation().run({}, Lookup()))


def _without_translation() -> Flow:
    whole = make_flow(None, Receiver())
    return Flow(
        whole.name, version="1", summary="s", owners=whole.owners, data_class=whole.data_class, slo=whole.slo,
        retention="P1Y",
    )  # fmt: skip


def test_what_no_target_takes_is_a_defect_and_does_not_disappear() -> None:
    flow = make_flow(None)
    flow.deliver_to(Target(endpoint="memory.main", accepts=(str,), encode=lambda thing: Outgoing(body=b"")))
    assert [made.index for made in flow.run("text", Lookup())] == [0]
    with pytest.raises(SettingsError, match="yields a dict, which none of its targets takes"):
        list(flow.run({}, Lookup()))


@pytest.mark.req("MSG-2")
def test_a_repetition_may_have_a_new_header_segment_but_not_new_content() -> None:
    flow = make_flow(None, Receiver(), format="hl7v2")
    first = flow.fingerprint(b"MSH|^~\\&|A|B|C|D|20260101\rPID|1||7\r")
    assert flow.fingerprint(b"MSH|^~\\&|A|B|C|D|20260102\rPID|1||7\r") == first
    assert flow.fingerprint(b"MSH|^~\\&|A|B|C|D|20260101\rPID|1||8\r") != first
    plain = make_flow(None, Receiver(), format="bytes")
    assert plain.fingerprint(b"a\rb") != plain.fingerprint(b"c\rb")


def test_a_message_without_the_part_has_an_empty_key() -> None:
    flow = make_flow(None, Receiver(), order_by=lambda parsed: parsed["a"]["b"], dedup_by=None)
    assert flow.ordering_key({}) == flow.ordering_key({"a": None}) == flow.dedup_key({}) == ""
    assert flow.ordering_key({"a": {"b": 7}}) == "7"

    def broken(parsed: Any) -> str:
        raise Invalid("no such field")

    assert make_flow(None, Receiver(), order_by=broken).ordering_key({}) == ""


@pytest.mark.req("MOD-4")
def test_a_code_without_a_row_or_a_value_is_never_guessed(tmp_path: Path) -> None:
    write_lookup(tmp_path, "items", "code,item,unit\nG1,GLOVE-M,EA\nG2,,\n")
    lookup = Lookup(tmp_path / "lookups")
    assert lookup.item(" G1 ") == "GLOVE-M"
    assert lookup.value("items", "G1", "unit") == "EA"
    assert lookup.row("items", "G2")["item"] == ""
    for code in ("g1", "G2", "", "X"):
        with pytest.raises(Unmapped) as caught:
            lookup.item(code)
        assert (caught.value.table, caught.value.code) == ("items", code)
    with pytest.raises(Unmapped, match=r"items\.colour"):
        lookup.value("items", "G1", "colour")
    with pytest.raises(SettingsError, match=r"put places\.csv into"):
        lookup.value("places", "1")


@pytest.mark.req("MOD-4")
@pytest.mark.parametrize(
    ("text", "words"),
    [("code\n1\n", "at least two columns"), ("c,v\n1,a\n1,b\n", "line 3: the code '1' is there twice")],
)
def test_a_table_that_cannot_be_right_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    write_lookup(tmp_path, "items", "c,v\n1,a\n")
    lookup = Lookup(tmp_path / "lookups")
    write_lookup(tmp_path, "items", text)
    with pytest.raises(SettingsError, match=r"items\.csv") as caught:
        lookup.refresh()
    assert words in str(caught.value)
    assert lookup.item("1") == "a", "the former rows stay"
    write_lookup(tmp_path, "items", "c,v\n1,bb\n")
    assert lookup.refresh() == ["items"]
    assert lookup.item("1") == "bb"
    (tmp_path / "lookups" / "items.csv").unlink()
    with pytest.raises(SettingsError):
        lookup.refresh()
    assert lookup.item("1") == "bb"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.py": "x = 1\nraise KeyError('k')"}, "a.py, line 2: KeyError"),
        ({"a.py": COMPLETE, "b.py": COMPLETE}, "a flow named a.b is already there"),
        ({"a.py": COMPLETE.replace('retention="P1Y"', 'retention="1"')}, "flow a.b cannot start: retention"),
    ],
)
def test_a_project_that_cannot_start_says_in_which_file(tmp_path: Path, files: dict[str, str], words: str) -> None:
    (tmp_path / "flows").mkdir()
    for name, text in files.items():
        (tmp_path / "flows" / name).write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_project(tmp_path)
    assert words in str(caught.value)


def test_a_project_has_the_flows_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "a.py").write_text(COMPLETE + "again = flow\n")
    assert list(load_project(tmp_path).flows) == ["a.b"]
    with pytest.raises(SettingsError, match="hilum init"):
        load_project(tmp_path / "nowhere")
